"""The table's primitives, each stated once. Nothing else in the project knows any calculus.

`evaluate` gives a primitive's value on floats, as IEEE prescribes; it never raises. `partials` gives its local partials: `r` is
the result, and they are written with primitives, so that they run on floats, Values and Symbols alike. At kinks, ties and
poles PyTorch's policy holds (the subgradient of minimum norm); each primitive's docstring states the decision.
"""

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from autograd.definition import REALS, Interval, Primitive
from autograd.native import CFunction, Comparison, Instruction, Logical, Select
from autograd.real import is_open
from autograd.table import TABLE, primitive

# ruff: noqa: A001 - `abs` and `pow` are the names users look for, and this module calls neither built-in
# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use
# ruff: noqa: PLR0124 - x != x is the test for nan that Symbols can compile

inf, nan = math.inf, math.nan
SQRT_HALF = math.sqrt(0.5)
SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
SQRT_2_PI = math.sqrt(2.0 * math.pi)
TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)
SMALLEST_NORMAL = 2.0**-1022
LARGEST = math.ldexp(1.0 - 2.0**-53, 1024)  # of the finite numbers
MOST_QUOTIENTS = 16.0  # by which an exponent is lessened; beyond, y - k is rounded

POSITIVE = Interval(0.0, special=(0.5, 1.0, 2.0), transition=(0.01, 10.0))
NONZERO = Interval(special=(1.0, -1.0, 0.5))
WIDE = Interval(transition=(-40.0, 40.0))
ORDER = Interval(1.0, 1.0, special=(1.0,), transition=(1.0, 1.0))  # of whole numbers: each makes another function
UNIT = Interval(-1.0, 1.0, special=(0.0, 0.5, -0.5), transition=(-1.0, 1.0))


def ieee(function: Callable[[float], float], pole: float = nan, *, even: bool = False) -> Callable[[float], float]:
    """A function of `math` with IEEE results where `math` raises: inf on overflow, -inf at the pole, nan outside the domain."""

    def evaluate(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return inf if even else math.copysign(inf, x)
        except ValueError:
            return -inf if x == pole else nan

    evaluate.quick = function  # type: ignore[attr-defined]  # which gives the same, or raises
    return evaluate


def as_in_c(name: str, onnx: str | None = None, operands: str = "{}") -> dict[str, Any]:
    """The fields of a function that the C library, mpmath and PyTorch know by one name."""
    return {"native": CFunction(name), "reference": name, "torch": f"torch.{name}({operands})", "onnx": onnx}


# --- arithmetic -------------------------------------------------------------------------------------------------------


def _truediv(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)


def _c_pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError) as error:
        if x < 0.0 and y % 1.0 != 0.0:
            return nan
        size = inf if isinstance(error, OverflowError) or x == 0.0 else nan
        return math.copysign(size, x) if y % 2.0 == 1.0 else size


def _pow(x: float, y: float) -> float:
    return x * x if y == 2.0 else _c_pow(x, y)


add: Primitive = primitive(
    "add",
    symbol="+",
    operator="add",
    evaluate=operator.add,
    partials=(1.0, 1.0),
    reference=lambda mp, x, y: x + y,
    native=Instruction("fadd", commutative=True, contracts=True),
    latex=("{:sum} + {:product}", "sum"),
    onnx="Add",
    doc="""Sum x + y; partials 1 and 1.
    >>> add(2.0, 3.0)
    5.0""",
)

sub: Primitive = primitive(
    "sub",
    symbol="-",
    operator="sub",
    evaluate=operator.sub,
    partials=(1.0, -1.0),
    reference=lambda mp, x, y: x - y,
    native=Instruction("fsub", contracts=True),
    latex=("{:sum} - {:product}", "sum"),
    onnx="Sub",
    doc="""Difference x - y; partials 1 and -1.
    >>> sub(2.0, 3.0)
    -1.0""",
)

mul: Primitive = primitive(
    "mul",
    symbol="*",
    operator="mul",
    evaluate=operator.mul,
    partials=(lambda r, x, y: y, lambda r, x, y: x),
    reference=lambda mp, x, y: x * y,
    native=Instruction("fmul", commutative=True, contracts=True),
    latex=(r"{:product} \cdot {:power}", "product"),
    onnx="Mul",
    doc="""Product x * y; partials y and x. nan * 0 and inf * 0 are nan, in both passes.
    >>> mul(2.0, 3.0)
    6.0""",
)

truediv: Primitive = primitive(
    "truediv",
    symbol="/",
    operator="truediv",
    evaluate=_truediv,
    partials=(lambda r, x, y: truediv(1.0, y), lambda r, x, y: -truediv(r, y)),
    domain=(REALS, NONZERO),
    kink=lambda x, y: y == 0.0,
    reference=lambda mp, x, y: x / y,
    native=Instruction("fdiv"),
    latex=(r"\frac{{{:sum}}}{{{:sum}}}", "power"),
    onnx="Div",
    doc="""Quotient x / y; partials 1/y and -(x/y)/y. Division by zero gives IEEE's inf or nan.
    >>> truediv(1.0, 0.0)
    inf""",
)

div = truediv

neg: Primitive = primitive(
    "neg",
    operator="neg",
    evaluate=operator.neg,
    partials=(-1.0,),
    reference=lambda mp, x: -x,
    native=Instruction("fneg"),
    latex=("-{:product}", "negation"),
    onnx="Neg",
    doc="""Negative -x; partial -1.
    >>> neg(2.0)
    -2.0""",
)


def _pow_less(x: float, y: float, k: float) -> float:
    """x**(y - k) for a whole number k, without rounding y - k."""
    if y == k:
        return 1.0
    if y - k == 1.0:
        return x
    power = _pow(x, y)
    if x == 0.0 or not k <= MOST_QUOTIENTS or not SMALLEST_NORMAL <= math.fabs(power) < inf:
        less = y - k
        return nan if (less + k != y) & (x < 0.0) & (power != power) else _pow(x, less)
    shift = 0.0
    while shift < k:
        power /= x
        shift += 1.0
    return power


def _log_polynomial(y: Any, logarithm: Any, i: int, j: int) -> Any:
    """What x**(y - i) is multiplied by in the derivative of x**y, i times to x and j times to y; a polynomial in log x."""
    terms = [1.0]  # of t**m in the product of all y + t - n, n < i, which are its derivatives to y over m!
    for n in range(i):
        terms = [term * (y - n) + lower for term, lower in zip([*terms, 0.0], [0.0, *terms], strict=True)]
    total = terms[0]
    for m in range(1, j + 1):
        part = 0.0 if logarithm == 0.0 else total * logarithm  # a total beyond 1e308 too
        total = part + (math.perm(j, m) * terms[m] if m <= i else 0.0)
    return total


def at_orders(function: Callable[..., float], operands: tuple[float, ...], orders: tuple[float, ...], most: float = inf) -> Any:
    """A function of whole numbers up to `most`, else nan. A trace must know them: code for all of them would be too much."""
    if not all(type(n) is float for n in orders):
        raise TypeError("the order must be known when the function is traced: give a number, or name it in static_argnums")
    valid = all(0.0 <= n <= most and n % 1.0 == 0.0 for n in orders)
    return function(*operands, *map(int, orders)) if valid else nan


def _pow_slope(x: float, y: float, i: int, j: int) -> float:
    power = _pow_less(x, y, float(i))
    if j == 0:
        factor = _log_polynomial(y, 0.0, i, 0)
        return 0.0 if factor == 0.0 else factor * power + 0.0
    if i == 0 and (x == 0.0) & (y == 0.0):
        return 0.0
    power = _choose(x == 0.0, _choose(y > float(i), 0.0, inf), power)
    if (power == 0.0) & (x >= 0.0):
        return 0.0
    polynomial: float = _log_polynomial(y, _maximum(log(x), -1e300), i, j)  # of log 0 the sign alone matters
    return polynomial * power


def _d_base(r: Any, x: Any, y: Any) -> Any:
    """`pow_slope`, and a short way to its bits where the power is a normal float."""
    if type(r) is float and x != 0.0 != y and SMALLEST_NORMAL <= math.fabs(r) < inf:
        return y * (x if y == 2.0 else r / x) + 0.0
    return pow_slope(x, y, 1.0, 0.0)


def _d_exponent(r: Any, x: Any, y: Any) -> Any:
    """`pow_slope`, and a short way to its bits where the power is a positive float."""
    return log(x) * r if type(r) is float and x > 0.0 and 0.0 < r < inf else pow_slope(x, y, 0.0, 1.0)


pow: Primitive = primitive(
    "pow",
    symbol="**",
    operator="pow",
    evaluate=_pow,
    partials=(_d_base, _d_exponent),
    domain=(POSITIVE, Interval(special=(0.0, 0.5, 1.0, 2.0, 3.0, -1.0))),
    reference=lambda mp, x, y: mp.power(x, y),
    latex=("{:atom}^{{{:sum}}}", "power"),
    onnx="Pow",
    doc="""Power x**y, x**2 as x * x; partials y x**(y - 1) (0 for y = 0) and x**y log x (at x = 0: 0 for y >= 0, else -inf).
    A negative base with a fractional exponent gives nan, never a complex number; nan**0 = 1.
    >>> pow(2.0, 3.0), pow(-8.0, 1 / 3)
    (8.0, nan)""",
)

c_pow: Primitive = primitive(
    "c_pow",
    internal=True,
    evaluate=_c_pow,
    partials=(_d_base, _d_exponent),
    domain=(POSITIVE, Interval(special=(0.0, 0.5, 1.0, 2.0, 3.0, -1.0))),
    reference=lambda mp, x, y: mp.power(x, y),
    native=CFunction("pow"),
    torch="torch.pow({}, {})",
    onnx="Pow",
    doc="""x**y by the C library's function, whatever y is: what `pow` is made of.
    >>> c_pow(2.0, 3.0)
    8.0""",
)

pow_slope: Primitive = primitive(
    "pow_slope",
    internal=True,
    evaluate=lambda x, y, i, j: at_orders(_pow_slope, (x, y), (i, j)),
    partials=(
        lambda r, x, y, i, j: pow_slope(x, y, i + 1.0, j),
        lambda r, x, y, i, j: pow_slope(x, y, i, j + 1.0),
        0.0,
        0.0,
    ),
    domain=(POSITIVE, Interval(special=(0.0, 0.5, 1.0, 2.0, 3.0, -1.0)), ORDER, ORDER),
    reference=lambda mp, x, y, i, j: _pow_slope_reference(mp, x, y, round(i.real), round(j.real)),
    doc="""The derivative of x**y, i times to x and j times to y, of any order; at x = 0 its limit from above, but 0 for
    i = 0 and y >= 0, as the partial of `pow` there.
    >>> pow_slope(3.0, 2.0, 1.0, 0.0), pow_slope(0.0, 1.0, 1.0, 1.0)
    (6.0, -inf)""",
)


def _pow_slope_reference(mp: Any, x: Any, y: Any, i: int, j: int) -> Any:
    return mp.power(x, y - i) * _log_polynomial(y, mp.log(x), i, j)


# --- exponentials and logarithms --------------------------------------------------------------------------------------

exp: Primitive = primitive(
    "exp",
    evaluate=ieee(math.exp),
    partials=(lambda r, x: r,),
    domain=Interval(transition=(-30.0, 30.0)),
    **as_in_c("exp", "Exp"),
    latex=("e^{{{:sum}}}", "power"),
    doc="""Exponential, which is its own slope. exp(710) is inf with slope inf, exp(-1000) is 0 with slope 0.
    >>> round(exp(1.0), 6)
    2.718282""",
)

expm1: Primitive = primitive(
    "expm1",
    evaluate=ieee(math.expm1),
    partials=(lambda r, x: exp(x),),
    **as_in_c("expm1"),
    doc="""exp(x) - 1 without cancellation near 0; slope exp(x).
    >>> expm1(1e-20)
    1e-20""",
)


def _d_log(_: Any, x: Any) -> Any:
    """1/x, nan below 0, and a short way to it for positive floats."""
    return 1.0 / x if type(x) is float and x > 0.0 else truediv(where(x < 0.0, nan, 1.0), x)


log: Primitive = primitive(
    "log",
    evaluate=ieee(math.log, pole=0.0),
    partials=(_d_log,),
    domain=POSITIVE,
    **as_in_c("log", "Log"),
    doc="""Natural logarithm; slope 1/x. log(0) is -inf with slope inf, log(-1) nan with slope nan.
    >>> log(0.0)
    -inf""",
)

log1p: Primitive = primitive(
    "log1p",
    evaluate=ieee(math.log1p, pole=-1.0),
    partials=(lambda r, x: truediv(where(x < -1.0, nan, 1.0), 1.0 + x),),
    domain=Interval(-1.0, special=(0.0, 1.0), transition=(-0.99, 5.0)),
    **as_in_c("log1p"),
    doc="""log(1 + x) without cancellation near 0; slope 1/(1 + x).
    >>> log1p(1e-20)
    1e-20""",
)

sqrt: Primitive = primitive(
    "sqrt",
    evaluate=ieee(math.sqrt),
    partials=(lambda r, x: truediv(0.5, r),),
    domain=POSITIVE,
    reference="sqrt",
    native=CFunction("sqrt", intrinsic=True),
    latex=(r"\sqrt{{{:sum}}}", "atom"),
    torch="torch.sqrt({})",
    onnx="Sqrt",
    doc="""Square root; slope 1/(2 sqrt(x)), inf at 0; nan with slope nan below 0.
    >>> sqrt(9.0)
    3.0""",
)

# --- trigonometric and hyperbolic functions ---------------------------------------------------------------------------

sin: Primitive = primitive(
    "sin",
    evaluate=ieee(math.sin),
    partials=(lambda r, x: cos(x),),
    **as_in_c("sin", "Sin"),
    doc="""Sine of x in radians; slope cos(x). sin(inf) is nan with slope nan.
    >>> round(sin(0.5), 6)
    0.479426""",
)

cos: Primitive = primitive(
    "cos",
    evaluate=ieee(math.cos),
    partials=(lambda r, x: -sin(x),),
    **as_in_c("cos", "Cos"),
    doc="""Cosine of x in radians; slope -sin(x).
    >>> cos(0.0)
    1.0""",
)

tan: Primitive = primitive(
    "tan",
    evaluate=ieee(math.tan),
    partials=(lambda r, x: 1.0 + r * r,),
    domain=Interval(-1.5, 1.5, transition=(-1.5, 1.5)),
    **as_in_c("tan", "Tan"),
    doc="""Tangent of x in radians; slope 1 + tan(x)**2.
    >>> round(tan(0.5), 6)
    0.546302""",
)

arcsin: Primitive = primitive(
    "arcsin",
    evaluate=ieee(math.asin),
    partials=(lambda r, x: truediv(1.0, sqrt(one_minus_square(x))),),
    domain=UNIT,
    **as_in_c("asin", "Asin"),
    doc="""Arc sine in radians; slope 1/sqrt(1 - x**2), inf at -1 and 1; nan with slope nan outside.
    >>> round(arcsin(1.0), 6)
    1.570796""",
)

arccos: Primitive = primitive(
    "arccos",
    evaluate=ieee(math.acos),
    partials=(lambda r, x: truediv(-1.0, sqrt(one_minus_square(x))),),
    domain=UNIT,
    **as_in_c("acos", "Acos"),
    doc="""Arc cosine in radians; slope -1/sqrt(1 - x**2), -inf at -1 and 1; nan with slope nan outside.
    >>> arccos(1.0)
    0.0""",
)

arctan: Primitive = primitive(
    "arctan",
    evaluate=math.atan,
    partials=(lambda r, x: inversion(1.0, x),),
    **as_in_c("atan", "Atan"),
    doc="""Arc tangent in radians; slope 1/(1 + x**2), in which x**2 never overflows.
    >>> round(arctan(1.0), 6)
    0.785398""",
)

arctan2: Primitive = primitive(
    "arctan2",
    evaluate=math.atan2,
    partials=(lambda r, y, x: inversion(x, y), lambda r, y, x: -inversion(y, x)),
    domain=(NONZERO, NONZERO),
    kink=lambda y, x: y == 0.0 and x <= 0.0,
    **as_in_c("atan2", operands="{}, {}"),
    doc="""Angle of the point (x, y) in radians; partials x/(x**2 + y**2) to y and -y/(x**2 + y**2) to x, nan at (0, 0).
    >>> round(arctan2(1.0, 1.0), 6)
    0.785398""",
)


def _scale(x: float, y: float) -> float:
    """A power of 2 that brings the larger of the two so near to 1 that its square neither overflows nor underflows."""
    largest = _maximum(math.fabs(x), math.fabs(y))
    return 2.0**-600 if largest > 2.0**500 else 2.0**600 if largest < 2.0**-400 else 1.0


def _square(x: float) -> tuple[float, float]:
    """x * x and its rounding error (Dekker, 1971)."""
    shifted = 134217729.0 * x
    high = shifted - (shifted - x)
    low = x - high
    square = x * x
    return square, ((high * high - square) + 2.0 * high * low) + low * low


def _hypot(x: float, y: float) -> float:
    if math.fabs(x) == inf or math.fabs(y) == inf:
        return inf
    scale = _scale(x, y)
    (xx, x_rest), (yy, y_rest) = _square(x * scale), _square(y * scale)
    total = xx + yy
    of_y = total - xx
    rest = ((xx - (total - of_y)) + (yy - of_y)) + (x_rest + y_rest)
    length = math.sqrt(total)
    if length == 0.0:
        return 0.0
    square, square_rest = _square(length)
    return (length + (((total - square) - square_rest) + rest) / (2.0 * length)) / scale


hypot: Primitive = primitive(
    "hypot",
    evaluate=_hypot,
    partials=(lambda r, x, y: unit(x, y), lambda r, x, y: unit(y, x)),
    domain=(NONZERO, NONZERO),
    kink=lambda x, y: x == y == 0.0,
    reference="hypot",
    torch="torch.hypot({}, {})",
    doc="""Length sqrt(x**2 + y**2) without overflow; partials x/r and y/r, 0 and 0 at the origin (minimum norm).
    >>> hypot(3.0, 4.0)
    5.0""",
)


def _unit(x: float, y: float) -> float:
    if math.fabs(x) == inf and math.fabs(y) < inf:
        return 1.0 if x > 0.0 else -1.0
    scale = _scale(x, y)  # unscaled, the length of finite numbers may overflow
    length = _hypot(x * scale, y * scale)
    return 0.0 if length == 0.0 else x * scale / length


unit: Primitive = primitive(
    "unit",
    internal=True,
    evaluate=_unit,
    partials=(
        lambda r, x, y: unit(y, x) * truediv(unit(y, x), hypot(x, y)),
        lambda r, x, y: -r * truediv(unit(y, x), hypot(x, y)),
    ),
    domain=(NONZERO, NONZERO),
    kink=lambda x, y: x == y == 0.0,
    reference=lambda mp, x, y: x / mp.hypot(x, y),
    doc="""x / hypot(x, y), the first coordinate on the unit circle, 0 at the origin: the slope of `hypot`.
    >>> unit(3.0, 4.0)
    0.6""",
)


inversion: Primitive = primitive(
    "inversion",
    internal=True,
    evaluate=lambda x, y: _truediv(_unit(x, y), _hypot(x, y)) if x or y else nan,
    partials=(lambda r, x, y: inversion_slope(x, y, 1.0, 0.0), lambda r, x, y: inversion_slope(x, y, 1.0, 1.0)),
    domain=(NONZERO, NONZERO),
    kink=lambda x, y: x == y == 0.0,
    reference=lambda mp, x, y: x / (x * x + y * y),
    doc="""x / (x**2 + y**2), the first coordinate of the point mirrored in the unit circle: the slope of `arctan2`.
    >>> inversion(3.0, 4.0)
    0.12""",
)


def _derivative_of_reciprocal(real: Any, imaginary: Any, n: int, turns: int) -> Any:
    """The real part of i**turns (-1)**n n! z**(n + 1), for a complex z; near an axis no term is much larger than their sum."""
    x, y = real, imaginary
    for _ in range(n):
        real, imaginary = real * x - imaginary * y, real * y + imaginary * x
    part = imaginary if turns % 2 else real
    return float(math.factorial(n)) * (-part if (turns % 4 in (1, 2)) != (n % 2 == 1) else part)


def _inversion_slope(x: float, y: float, n: int, turns: int) -> float:
    slope: float = _derivative_of_reciprocal(_unit(x, y), -_unit(y, x), n, turns)
    length = _hypot(x, y)
    for _ in range(n + 1):
        slope = _truediv(slope, length)
    return slope


inversion_slope: Primitive = primitive(
    "inversion_slope",
    internal=True,
    evaluate=lambda x, y, n, turns: at_orders(_inversion_slope, (x, y), (n, turns)),
    partials=(
        lambda r, x, y, n, turns: inversion_slope(x, y, n + 1.0, turns),
        lambda r, x, y, n, turns: inversion_slope(x, y, n + 1.0, turns + 1.0),
        0.0,
        0.0,
    ),
    domain=(NONZERO, NONZERO, ORDER, ORDER),
    kink=lambda x, y, n, turns: x == y == 0.0,
    reference=lambda mp, x, y, n, turns: _derivative_of_reciprocal(
        x / (x * x + y * y), -y / (x * x + y * y), round(n.real), round(turns.real)
    ),
    doc="""The derivative of `inversion`, `turns` times to y and n - turns times to x, of any order. It is the real part of 1/z,
    z = x + iy, of whose derivatives each to y is i times that to x.
    >>> inversion_slope(2.0, 0.0, 1.0, 0.0), inversion_slope(2.0, 0.0, 2.0, 2.0)
    (-0.25, -0.25)""",
)

one_minus_square: Primitive = primitive(
    "one_minus_square",
    internal=True,
    evaluate=lambda x: (1.0 - x) * (1.0 + x),
    partials=(lambda r, x: -2.0 * x,),
    domain=UNIT,
    reference=lambda mp, x: 1 - x * x,
    doc="""1 - x**2 without cancellation near 1; for the slopes of `arcsin` and `arccos`.
    >>> one_minus_square(0.5)
    0.75""",
)

sinh: Primitive = primitive(
    "sinh",
    evaluate=ieee(math.sinh),
    partials=(lambda r, x: cosh(x),),
    **as_in_c("sinh", "Sinh"),
    doc="""Hyperbolic sine; slope cosh(x).
    >>> round(sinh(1.0), 6)
    1.175201""",
)


cosh: Primitive = primitive(
    "cosh",
    evaluate=ieee(math.cosh, even=True),
    partials=(lambda r, x: sinh(x),),
    **as_in_c("cosh", "Cosh"),
    doc="""Hyperbolic cosine; slope sinh(x).
    >>> round(cosh(1.0), 6)
    1.543081""",
)

tanh: Primitive = primitive(
    "tanh",
    evaluate=math.tanh,
    partials=(lambda r, x: sech2(x),),
    **as_in_c("tanh", "Tanh"),
    doc="""Hyperbolic tangent; slope sech2(x), which keeps its digits in the tails where 1 - tanh(x)**2 loses them all.
    >>> round(tanh(0.5), 6)
    0.462117""",
)


def _sech2(x: float) -> float:
    e = math.exp(-2.0 * math.fabs(x))
    return 4.0 * (e / ((1.0 + e) * (1.0 + e)))


sech2: Primitive = primitive(
    "sech2",
    internal=True,
    latex=(r"1 - \operatorname{{tanh}}\left({:sum}\right)^{{2}}", "sum"),
    evaluate=_sech2,
    partials=(lambda r, x: -2.0 * tanh(x) * r,),
    reference=lambda mp, x: mp.sech(x) ** 2,
    doc="""1 / cosh(x)**2 as 4 e/(1 + e)**2, e = exp(-2 abs x): the slope of `tanh`, and of `sigmoid` at half the argument.
    >>> sech2(0.0)
    1.0""",
)

erf: Primitive = primitive(
    "erf",
    evaluate=math.erf,
    partials=(lambda r, x: _within(x, 30.0, TWO_OVER_SQRT_PI * exp(-(x * x))),),
    **as_in_c("erf", "Erf"),
    doc="""Error function; slope 2/sqrt(pi) exp(-x**2).
    >>> round(erf(0.5), 6)
    0.5205""",
)

erfc: Primitive = primitive(
    "erfc",
    evaluate=math.erfc,
    partials=(lambda r, x: _within(x, 30.0, -TWO_OVER_SQRT_PI * exp(-(x * x))),),
    **as_in_c("erfc"),
    doc="""Complementary error function 1 - erf(x), which keeps its digits in the upper tail; slope -2/sqrt(pi) exp(-x**2).
    >>> erfc(10.0) < 1e-44
    True""",
)

# --- activations ------------------------------------------------------------------------------------------------------


def _sigmoid(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return e / (1.0 + e) if x < 0.0 else 1.0 / (1.0 + e)


def _within(x: Any, bound: float, term: Any) -> Any:
    """The term where abs(x) < bound, else 0: there it has underflowed, and at inf it would be inf * 0. nan stays nan."""
    return where((x <= -bound) | (x >= bound), 0.0, term)


sigmoid: Primitive = primitive(
    "sigmoid",
    symbol="σ",  # noqa: RUF001 - the letter that is meant
    evaluate=_sigmoid,
    partials=(lambda r, x: 0.25 * sech2(0.5 * x),),
    domain=WIDE,
    reference=lambda mp, x: 1 / (1 + mp.exp(-x)),
    torch="torch.sigmoid({})",
    onnx="Sigmoid",
    doc="""Logistic function 1/(1 + exp(-x)), by the branch that does not overflow; slope e/(1 + e)**2, e = exp(-abs x).
    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)""",
)

softplus: Primitive = primitive(
    "softplus",
    evaluate=lambda x: (x if x > 0.0 else 0.0) + math.log1p(math.exp(-math.fabs(x))),
    partials=(lambda r, x: sigmoid(x),),
    domain=WIDE,
    reference=lambda mp, x: mp.log1p(mp.exp(x)),
    torch="F.softplus({}, threshold=40.0)",  # from there on x itself is exact
    onnx="Softplus",
    doc="""log(1 + exp(x)) as max(x, 0) + log1p(exp(-abs x)), without a threshold; slope sigmoid(x).
    >>> softplus(1000.0), 4e-18 < softplus(-40.0) < 5e-18
    (1000.0, True)""",
)


def _selected(chosen: Any, passed_over: Any) -> Any:
    """1 where the first condition holds, 0 where the second does, nan where neither does (at a nan)."""
    return where(passed_over, 0.0, where(chosen, 1.0, nan))


relu: Primitive = primitive(
    "relu",
    evaluate=lambda x: 0.0 if x <= 0.0 else x,
    partials=(lambda r, x: heaviside(x),),
    kink=lambda x: x == 0.0,
    selective=True,
    reference=lambda mp, x: max(x, mp.mpf(0)),
    torch="torch.relu({})",
    onnx="Relu",
    doc="""max(x, 0); slope 1 above 0, and 0 at 0 and below (unlike `maximum(x, 0)`, which is 1/2 at 0). relu(nan) is nan.
    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)""",
)

leaky_relu: Primitive = primitive(
    "leaky_relu",
    evaluate=lambda x, negative_slope=0.01: x if x > 0.0 else negative_slope * x,
    partials=(
        lambda r, x, negative_slope: where(x > 0.0, 1.0, where(x <= 0.0, negative_slope, nan)),
        lambda r, x, negative_slope: where(x > 0.0, 0.0, x),
    ),
    domain=(REALS, Interval(special=(0.01, 0.5), transition=(0.0, 1.0))),
    kink=lambda x, negative_slope: x == 0.0,
    reference=lambda mp, x, negative_slope: x if x > 0 else negative_slope * x,
    torch="F.leaky_relu({}, {})",
    onnx="LeakyRelu(alpha)",
    doc="""x above 0, else negative_slope * x (0.01 unless given); at 0 the left slope.
    >>> leaky_relu(-2.0), leaky_relu(-2.0, negative_slope=0.5)
    (-0.02, -1.0)""",
)

elu: Primitive = primitive(
    "elu",
    evaluate=lambda x, alpha=1.0: x if x > 0.0 else alpha * math.expm1(x),
    partials=(
        lambda r, x, alpha: where((x > 0.0) | ((x == 0.0) & (alpha >= 1.0)), 1.0, alpha * exp(x)),
        lambda r, x, alpha: where(x > 0.0, 0.0, expm1(x)),
    ),
    domain=(REALS, Interval(special=(1.0, 0.5), transition=(0.1, 2.0))),
    kink=lambda x, alpha: x == 0.0,
    reference=lambda mp, x, alpha: x if x > 0 else alpha * mp.expm1(x),
    torch="F.elu({}, {})",
    onnx="Elu(alpha)",
    doc="""x above 0, else alpha * (exp(x) - 1), alpha 1 unless given; at 0 the slope min(alpha, 1).
    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)""",
)

silu: Primitive = primitive(
    "silu",
    evaluate=lambda x: -0.0 if x == -inf else x * _sigmoid(x),
    partials=(lambda r, x: sigmoid(x) + _within(x, 800.0, 0.25 * x * sech2(0.5 * x)),),
    domain=WIDE,
    reference=lambda mp, x: x / (1 + mp.exp(-x)),
    torch="F.silu({})",
    doc="""x sigmoid(x) (swish); slope sigmoid(x) + x sigmoid'(x), 1 at inf and 0 at -inf.
    >>> silu(0.0), silu(-math.inf)
    (0.0, -0.0)""",
)

gelu: Primitive = primitive(
    "gelu",
    evaluate=lambda x: -0.0 if x == -inf else 0.5 * x * math.erfc(-SQRT_HALF * x),
    partials=(lambda r, x: 0.5 * erfc(-SQRT_HALF * x) + _within(x, 40.0, x * (exp(-0.5 * (x * x)) / SQRT_2_PI)),),
    reference=lambda mp, x: x / 2 * mp.erfc(-x / mp.sqrt(2)),
    torch="F.gelu({})",
    doc="""x Phi(x) = x/2 erfc(-x/sqrt 2), the erf form; slope Phi(x) + x phi(x), 1 at inf and 0 at -inf. arXiv:1606.08415
    >>> round(gelu(1.0), 6)
    0.841345""",
)


def _gelu_exponent(x: Any) -> Any:
    return 2.0 * SQRT_2_OVER_PI * (x + 0.044715 * (x * x * x))


gelu_tanh: Primitive = primitive(
    "gelu_tanh",
    evaluate=lambda x: -0.0 if x == -inf else x * _sigmoid(_gelu_exponent(x)),
    partials=(
        lambda r, x: (
            sigmoid(_gelu_exponent(clip(x, -40.0, 40.0)))
            + _within(x, 40.0, x * (0.5 * SQRT_2_OVER_PI * (1.0 + 3.0 * 0.044715 * (x * x))) * sech2(0.5 * _gelu_exponent(x)))
        ),
    ),
    reference=lambda mp, x: x / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3))),
    torch='F.gelu({}, approximate="tanh")',
    doc="""x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x**3), the tanh form of `gelu`. arXiv:1606.08415
    >>> round(gelu_tanh(1.0), 6)
    0.841192""",
)

# --- piecewise --------------------------------------------------------------------------------------------------------


def _maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


def _minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


abs: Primitive = primitive(
    "abs",
    operator="abs",
    evaluate=math.fabs,
    partials=(lambda r, x: sign(x),),
    kink=lambda x: x == 0.0,
    reference="fabs",
    native=CFunction("fabs", intrinsic=True, mask=2**63 - 1),
    latex=(r"\left|{:sum}\right|", "atom"),
    torch="abs({})",
    onnx="Abs",
    doc="""Absolute value; slope sign(x), 0 at 0 (minimum norm).
    >>> abs(-2.0)
    2.0""",
)

sign: Primitive = primitive(
    "sign",
    evaluate=lambda x: 1.0 if x > 0.0 else -1.0 if x < 0.0 else x + 0.0,
    partials=(0.0,),
    kink=lambda x: x == 0.0,
    reference="sign",
    doc="""-1, 0 or 1; slope 0 everywhere.
    >>> sign(-2.0)
    -1.0""",
)

heaviside: Primitive = primitive(
    "heaviside",
    evaluate=lambda x: 0.0 if x <= 0.0 else 1.0 if x > 0.0 else nan,
    partials=(0.0,),
    kink=lambda x: x == 0.0,
    reference=lambda mp, x: mp.mpf(x > 0),
    doc="""The unit step, 0 up to and including 0, 1 above; slope 0 everywhere. It is the slope of `relu`.
    >>> heaviside(-2.0), heaviside(3.0)
    (0.0, 1.0)""",
)


def _choose(condition: float, x: float, y: float) -> float:
    return x if condition else y


where: Primitive = primitive(
    "where",
    evaluate=_choose,
    partials=(
        0.0,
        lambda r, condition, x, y: where(condition, 1.0, 0.0),
        lambda r, condition, x, y: where(condition, 0.0, 1.0),
    ),
    domain=(Interval(special=(0.0, 1.0), transition=(0.0, 1.0)), REALS, REALS),
    kink=lambda condition, x, y: condition == 0.0,
    selective=True,
    conditions=1,
    reference=lambda mp, condition, x, y: x if condition else y,
    native=Select(),
    torch="torch.where({}, {}, {})",
    onnx="Where",
    doc="""x where the condition holds (is not 0), else y; the other one gets no gradient at all.
    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0""",
)


def _where_bool(condition: Any, x: Any, y: Any) -> Any:
    if type(x) is float and type(y) is float:
        return where.evaluate(condition, x, y)
    return where.at(1.0 if condition else 0.0, x, y)


where.specialise(bool, _where_bool)  # the condition is mostly a comparison's bool: partials should not pay to convert it


def _share(loses: Any, r: Any, x: Any, y: Any) -> Any:
    """The slope to an operand: 0 if it loses, 1 if it is the result, 1/2 at a tie, nan where either is nan."""
    return where(loses, 0.0, where(x == y, 0.5, where(r == r, 1.0, nan)))


maximum: Primitive = primitive(
    "maximum",
    symbol="max",
    evaluate=_maximum,
    partials=(lambda r, x, y: _share(x < y, r, x, y), lambda r, x, y: _share(y < x, r, x, y)),
    kink=lambda x, y: x == y,
    selective=True,
    reference=lambda mp, x, y: max(x, y),
    torch="torch.maximum({}, {})",
    onnx="Max",
    doc="""The larger; at a tie each gets 1/2, so that maximum(x, x) has slope 1. nan if either is nan.
    >>> maximum(1.0, 2.0)
    2.0""",
)

minimum: Primitive = primitive(
    "minimum",
    symbol="min",
    evaluate=_minimum,
    partials=(lambda r, x, y: _share(x > y, r, x, y), lambda r, x, y: _share(y > x, r, x, y)),
    kink=lambda x, y: x == y,
    selective=True,
    reference=lambda mp, x, y: min(x, y),
    torch="torch.minimum({}, {})",
    onnx="Min",
    doc="""The smaller; at a tie each gets 1/2, so that minimum(x, x) has slope 1. nan if either is nan.
    >>> minimum(1.0, 2.0)
    1.0""",
)

clip: Primitive = primitive(
    "clip",
    evaluate=lambda x, lo=-inf, hi=inf: _minimum(_maximum(x, lo), hi),
    partials=(
        lambda r, x, lo, hi: _selected((x >= lo) & (x <= hi) & (lo < hi), (x < lo) | (x > hi) | ((x == hi) & (lo == hi))),
        lambda r, x, lo, hi: _selected((x < lo) & (lo <= hi), (x >= lo) | (lo > hi)),
        lambda r, x, lo, hi: _selected(
            (x > hi) | (lo > hi) | ((x == hi) & (lo == hi)), ((x <= hi) & (lo < hi)) | ((x < hi) & (lo == hi))
        ),
    ),
    domain=(REALS, Interval(special=(-1.0,), transition=(-2.0, 0.0)), Interval(special=(1.0,), transition=(0.0, 2.0))),
    kink=lambda x, lo, hi: lo in (x, hi) or x == hi,
    selective=True,
    reference=lambda mp, x, lo, hi: min(max(x, lo), hi),
    doc="""x held between lo and hi (unbounded unless given); slope 1 on the closed interval, where the bounds get nothing.
    If lo = hi, the result does not depend on x, and the slope is 0.
    >>> clip(5.0, 0.0, 1.0)
    1.0""",
)

stop_gradient: Primitive = primitive(
    "stop_gradient",
    evaluate=lambda x: x,
    partials=(0.0,),
    selective=True,
    torch="{}.detach()",
    onnx="Identity",
    doc="""x itself, but no gradient flows back through it (JAX's name; PyTorch: detach).
    >>> stop_gradient(2.0)
    2.0""",
)

identity: Primitive = primitive(
    "identity",
    symbol="id",
    evaluate=lambda x: x,
    partials=(1.0,),
    reference=lambda mp, x: x,
    doc="""x itself, as another node (TensorFlow's name); slope 1. `grad` wraps its arguments in it.
    >>> identity(2.0)
    2.0""",
)

# --- comparisons ------------------------------------------------------------------------------------------------------

_COMPARED: dict[str, Any] = {"partials": (0.0, 0.0), "selective": True, "kink": lambda x, y: x == y}
_COMBINED: dict[str, Any] = {
    "partials": (0.0, 0.0),
    "selective": True,
    "kink": lambda x, y: x == 0.0 or y == 0.0,
    "conditions": 2,
}

less: Primitive = primitive(
    "less",
    symbol="<",
    evaluate=lambda x, y: 1.0 if x < y else 0.0,
    **_COMPARED,
    reference=lambda mp, x, y: mp.mpf(x < y),
    native=Comparison("olt"),
    onnx="Less",
    doc="""1 where x < y, else 0 (also where either is nan); slope 0. In compiled code, `<`.
    >>> less(2.0, 3.0)
    1.0""",
)

less_equal: Primitive = primitive(
    "less_equal",
    symbol="<=",
    evaluate=lambda x, y: 1.0 if x <= y else 0.0,
    **_COMPARED,
    reference=lambda mp, x, y: mp.mpf(x <= y),
    native=Comparison("ole"),
    onnx="LessOrEqual",
    doc="""1 where x <= y, else 0 (also where either is nan); slope 0. In compiled code, `<=`.
    >>> less_equal(2.0, 3.0)
    1.0""",
)

equal: Primitive = primitive(
    "equal",
    symbol="==",
    evaluate=lambda x, y: 1.0 if x == y else 0.0,
    **_COMPARED,
    reference=lambda mp, x, y: mp.mpf(x == y),
    native=Comparison("oeq", commutative=True),
    onnx="Equal",
    doc="""1 where x == y, else 0 (also where either is nan); slope 0. In compiled code, `==`.
    >>> equal(2.0, 3.0)
    0.0""",
)

not_equal: Primitive = primitive(
    "not_equal",
    symbol="!=",
    evaluate=lambda x, y: 1.0 if x != y else 0.0,
    **_COMPARED,
    reference=lambda mp, x, y: mp.mpf(x != y),
    native=Comparison("une", commutative=True),
    doc="""1 where x != y (also where either is nan), else 0; slope 0. In compiled code, `!=`.
    >>> not_equal(2.0, 3.0)
    1.0""",
)

logical_and: Primitive = primitive(
    "logical_and",
    symbol="&",
    evaluate=lambda x, y: 1.0 if x and y else 0.0,
    **_COMBINED,
    reference=lambda mp, x, y: mp.mpf(x != 0 and y != 0),
    native=Logical("and"),
    torch="torch.logical_and({}, {})",
    onnx="And",
    doc="""1 where both hold (are not 0), else 0; slope 0. In compiled code, `&` between comparisons.
    >>> logical_and(1.0, 0.0)
    0.0""",
)

logical_or: Primitive = primitive(
    "logical_or",
    symbol="|",
    evaluate=lambda x, y: 1.0 if x or y else 0.0,
    **_COMBINED,
    reference=lambda mp, x, y: mp.mpf(x != 0 or y != 0),
    native=Logical("or"),
    torch="torch.logical_or({}, {})",
    onnx="Or",
    doc="""1 where x or y holds (is not 0), else 0; slope 0. In compiled code, `|` between comparisons.
    >>> logical_or(1.0, 0.0)
    1.0""",
)

logical_not: Primitive = primitive(
    "logical_not",
    symbol="not",
    evaluate=lambda x: 0.0 if x else 1.0,
    partials=(0.0,),
    kink=lambda x: x == 0.0,
    selective=True,
    conditions=1,
    reference=lambda mp, x: mp.mpf(x == 0),
    torch="torch.logical_not({})",
    onnx="Not",
    doc="""1 where x does not hold (is 0), else 0 (also where it is nan); slope 0. `not x`, for functions that jit compiles.
    >>> logical_not(1.0)
    0.0""",
)

# --- any number of operands -------------------------------------------------------------------------------------------


def spread(*xs: Any) -> Iterable[Any]:
    return xs[0] if len(xs) == 1 and isinstance(xs[0], Iterable) else xs


def several(*xs: Any) -> Any:
    """The numbers, or those of one iterable, as a list; a sequence whose length only the run knows as it is."""
    found = spread(*xs)
    return found if is_open(found) else list(found)


def mapped(f: Callable[..., Any], xs: Any, *others: Any) -> Any:
    """f of each number, of sequences of one length."""
    return xs.mapped(f, *others) if is_open(xs) else list(map(f, xs, *others))


def _extreme(choose: Callable[[Any, Any], Any], xs: Any, of_none: float) -> Any:
    """The largest or the smallest of a sequence."""
    if is_open(xs):
        return xs.reduced(choose, of_none)
    return reduce(choose, xs) if xs else of_none


def _pair(xs: Iterable[Any], ys: Iterable[Any]) -> Iterable[Any]:
    xs, ys = tuple(xs), tuple(ys)
    if len(xs) != len(ys):
        raise ValueError(f"dot needs two sequences of equal length, not {len(xs)} and {len(ys)} numbers: dot(xs[:n], ys[:n])")
    return xs + ys


def _dot(*operands: float) -> float:
    half = len(operands) // 2
    return reduce(operator.add, map(operator.mul, operands[:half], operands[half:]), 0.0)


def exponentials(xs: Any, valid: Any = True) -> tuple[Any, Any, Any, Any, Any]:  # noqa: FBT002 - a condition
    """The maximum m; exp(x - m) for each x; half of their sum; and the sum, and the sum without one that is more than half.

    All are nan unless `valid`.
    """
    shift = minimum(_extreme(maximum, xs, -inf), LARGEST)  # beside inf, all else is 0
    shift = stop_gradient(shift if valid is True else where(valid, shift, nan))
    each = mapped(lambda x: exp(x - shift), xs)
    total = sum_(each)
    half = 0.5 * total
    return shift, each, half, total, sum_(mapped(lambda e: where(e > half, 0.0, e), each))


def _above_maximum(xs: Any) -> tuple[Any, Any]:
    """The maximum m, and logsumexp(x) - m, which is never below 0."""
    shift, _, half, _, rest = exponentials(xs)
    return shift, log1p(where(rest < half, rest, rest - 1.0))  # the maximum's own term is the 1 in log1p


def _logsumexp(xs: Any) -> Any:
    shift, above = _above_maximum(xs)
    return where(shift == -inf, shift, shift + above)


def shares(xs: Any) -> Any:
    """exp(x_i) / sum of all exp(x_j); a share above one half is 1 - rest / sum, whose slope keeps its digits."""
    _, each, half, total, rest = exponentials(xs)
    largest = 1.0 - truediv(rest, total)
    return mapped(lambda e: where(e > half, largest, truediv(e, total)), each)


def _surprisal(*operands: Any) -> Any:
    which, *xs = operands
    shift, above = _above_maximum(xs)
    right = nan
    for j, x in enumerate(xs):
        right = where(which == float(j), x, right)
    return (shift - right) + above


def _surprisal_partials(which: Any, *xs: Any) -> list[Any]:
    """The shares, less 1 for the one in question, without cancellation; nan if there is no such number."""
    hits = [which == float(j) for j in range(len(xs))]
    _, each, half, total, rest = exponentials(xs, reduce(operator.or_, hits, False))  # noqa: FBT003 - a condition
    others = truediv(rest, total)
    right = [where(hit, 1.0, 0.0) for hit in hits]
    return [0.0, *[where(e > half, (1.0 - x) - others, truediv(e, total) - x) for e, x in zip(each, right, strict=True)]]


sum_: Primitive = primitive(
    "sum_",
    symbol="sum",
    arguments=spread,
    sequence=(lambda xs: xs.reduced(operator.add, 0.0), None),
    evaluate=lambda *xs: reduce(operator.add, xs, 0.0),
    partials=lambda r, *xs: [1.0] * len(xs),
    reference=lambda mp, *xs: mp.fsum(xs),
    doc="""x_1 + ... + x_n, strictly left to right in plain double arithmetic; takes the numbers or one iterable of them.
    >>> sum_([1.0, 2.0, 3.0])
    6.0""",
)

dot: Primitive = primitive(
    "dot",
    arguments=_pair,
    sequence=(lambda xs, ys: xs.reduced(lambda total, x, y: total + x * y, 0.0, ys), lambda r, xs, ys: (ys, xs)),
    evaluate=_dot,
    partials=lambda r, *operands: operands[len(operands) // 2 :] + operands[: len(operands) // 2],
    reference=lambda mp, *operands: mp.fdot(zip(operands[: len(operands) // 2], operands[len(operands) // 2 :], strict=True)),
    doc="""x_1 y_1 + ... + x_n y_n of two sequences, strictly left to right; partials y and x. Operands: the x, then the y.
    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0""",
)


def _extreme_partials(r: Any, xs: Any) -> Any:
    """Equal shares for all that are the result; nan where it is nan."""
    hits = mapped(lambda x: x == r, xs)
    share = truediv(1.0, sum_(mapped(lambda hit: where(hit, 1.0, 0.0), hits)))
    return mapped(lambda hit: where(hit, share, where(r == r, 0.0, nan)), hits)


def _largest(xs: Any) -> Any:
    return _extreme(maximum, xs, -inf)


def _smallest(xs: Any) -> Any:
    return _extreme(minimum, xs, inf)


def _some(*xs: Any) -> Iterable[Any]:
    numbers = tuple(spread(*xs))
    if not numbers:
        raise ValueError("of no numbers none is the largest or the smallest: give amax or amin one at least")
    return numbers


_EXTREME: dict[str, Any] = {
    "arguments": _some,
    "partials": lambda r, *xs: _extreme_partials(r, xs),
    "kink": lambda *xs: len({*xs}) < len(xs),
    "selective": True,
}

amax: Primitive = primitive(
    "amax",
    evaluate=lambda *xs: _largest(xs),
    sequence=(_largest, _extreme_partials),
    **_EXTREME,
    reference=lambda mp, *xs: max(xs),
    doc="""The largest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name).
    nan if one is nan.
    >>> amax([1.0, 3.0, 2.0])
    3.0""",
)

amin: Primitive = primitive(
    "amin",
    evaluate=lambda *xs: _smallest(xs),
    sequence=(_smallest, _extreme_partials),
    **_EXTREME,
    reference=lambda mp, *xs: min(xs),
    doc="""The smallest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name).
    nan if one is nan.
    >>> amin([1.0, 3.0, 2.0])
    1.0""",
)

logsumexp: Primitive = primitive(
    "logsumexp",
    arguments=spread,
    evaluate=lambda *xs: _logsumexp(xs),
    sequence=(_logsumexp, lambda r, xs: shares(xs)),
    partials=lambda r, *xs: shares(xs),
    domain=WIDE,
    reference=lambda mp, *xs: mp.log(mp.fsum([mp.exp(x) for x in xs])),
    doc="""log(exp(x_1) + ... + exp(x_n)), shifted by the maximum m; partials exp(x - m) / sum. All -inf: -inf.
    >>> round(logsumexp([1000.0, 1000.0]), 6)
    1000.693147""",
)

surprisal: Primitive = primitive(
    "surprisal",
    internal=True,
    evaluate=_surprisal,
    partials=lambda r, *operands: _surprisal_partials(*operands),
    domain=(Interval(0.0, 0.0, special=(0.0,), transition=(0.0, 0.0)), WIDE),
    reference=lambda mp, which, *xs: _surprisal_reference(mp, max(0, min(int(which.real), len(xs) - 1)), xs),
    doc="""-log softmax(x)[which], with all digits wherever x[which] lies; slopes softmax(x), less 1 for x[which]. The number
    `which` is an operand, so that a program may learn it when it runs; nan unless it is one of 0, 1, and so on.
    >>> round(surprisal(1.0, 0.0, 0.0), 6)
    0.693147""",
)


def _surprisal_reference(mp: Any, which: int, xs: Sequence[Any]) -> Any:
    return mp.log(mp.fsum([mp.mpf(1), *[mp.exp(x - xs[which]) for j, x in enumerate(xs) if j != which]]))


if not TYPE_CHECKING:  # a type checker sees the primitives themselves
    __all__ = ["div", *[name for name, known in TABLE.items() if not known.internal]]  # noqa: PLE0604 - these are strings
