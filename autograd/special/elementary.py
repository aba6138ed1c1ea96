"""Whole parts and remainders, logarithms, powers, angles, inverse hyperbolic functions and sinc."""

import math
from typing import Any

from autograd import primitives
from autograd.definition import Interval, Primitive
from autograd.native import CFunction
from autograd.primitives import (
    ORDER,
    POSITIVE,
    as_in_c,
    cos,
    hypot,
    ieee,
    inf,
    log,
    log1p,
    nan,
    one_minus_square,
    sin,
    sqrt,
    truediv,
    where,
)
from autograd.special.shared import at_order, to_enough_digits
from autograd.table import primitive

# ruff: noqa: A001 - `round` is the name users look for
# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

LOG_2 = math.log(2.0)
LOG_10 = math.log(10.0)
ALL_WHOLE = 2.0**52  # from here on every float is a whole number
NEAR = Interval(-4.0, 4.0, special=(0.5, 1.5, -2.5, -0.25), transition=(-4.0, 4.0))  # farther out a step looks like a slope
DIVISOR = Interval(1.0, 4.0, special=(1.5, 2.0, 3.0), transition=(1.0, 4.0))
OPEN_UNIT = Interval(-1.0, 1.0, special=(0.5, -0.5, 0.25), transition=(-0.9, 0.9))

# --- whole numbers and remainders -------------------------------------------------------------------------------------


def _floor(x: float) -> Any:
    return x // 1.0 if -ALL_WHOLE < x < ALL_WHOLE else x


def _round(x: float) -> Any:
    return math.copysign((math.fabs(x) + ALL_WHOLE) - ALL_WHOLE, x) if math.fabs(x) < ALL_WHOLE else x


def _fmod(x: float, y: float) -> Any:
    try:
        return math.fmod(x, y)
    except ValueError:
        return nan


def _whole_row(name: str, doc: str, **fields: Any) -> Primitive:
    step: dict[str, Any] = {"partials": (0.0,), "domain": NEAR, "torch": f"torch.{name}({{}})"}
    return primitive(name, **{**step, **fields}, doc=doc)


floor: Primitive = _whole_row(
    "floor",
    evaluate=_floor,
    kink=lambda x: x == _floor(x),
    reference=lambda mp, x: mp.floor(x.real),
    native=CFunction("floor", intrinsic=True),
    latex=(r"\lfloor {:sum} \rfloor", "atom"),
    onnx="Floor",
    doc="""The largest whole number up to x, a float; slope 0 everywhere. `math.floor` of a Value is this.
    >>> floor(2.5), floor(-2.5)
    (2.0, -3.0)""",
)

ceil: Primitive = _whole_row(
    "ceil",
    evaluate=lambda x: -_floor(-x),
    kink=lambda x: x == _floor(x),
    reference=lambda mp, x: mp.ceil(x.real),
    native=CFunction("ceil", intrinsic=True),
    latex=(r"\lceil {:sum} \rceil", "atom"),
    onnx="Ceil",
    doc="""The smallest whole number from x on, a float; slope 0 everywhere. `math.ceil` of a Value is this.
    >>> ceil(2.5), ceil(-2.5)
    (3.0, -2.0)""",
)

trunc: Primitive = _whole_row(
    "trunc",
    evaluate=lambda x: math.copysign(_floor(math.fabs(x)), x),
    kink=lambda x: x == _floor(x),
    reference=lambda mp, x: mp.sign(x.real) * mp.floor(abs(x.real)),
    native=CFunction("trunc", intrinsic=True),
    doc="""x without its fraction, a float; slope 0 everywhere. `math.trunc` of a Value is this.
    >>> trunc(2.5), trunc(-2.5)
    (2.0, -2.0)""",
)

round: Primitive = _whole_row(
    "round",
    evaluate=_round,
    kink=lambda x: x - 0.5 == _floor(x),
    reference=lambda mp, x: mp.nint(x.real),
    native=CFunction("rint", intrinsic=True),
    onnx="Round",
    doc="""The nearest whole number, the even one of two, a float; slope 0 everywhere. `round(x)` of a Value is this.
    >>> round(2.5), round(3.5), round(-0.75)
    (2.0, 4.0, -1.0)""",
)

rint = round

fmod: Primitive = primitive(
    "fmod",
    evaluate=_fmod,
    partials=(1.0, lambda r, x, y: -trunc(truediv(x - r, y))),
    domain=(NEAR, DIVISOR),
    kink=lambda x, y: _fmod(x, y) == 0.0,
    reference=lambda mp, x, y: x - y * _toward_zero(mp, (x / y).real),
    native=CFunction("fmod"),
    torch="torch.fmod({}, {})",
    doc="""The rest of x / y with the sign of x, as in C; partials 1 and -trunc(x / y). nan for y = 0. `mod` has the sign of y.
    >>> fmod(-7.0, 3.0)
    -1.0""",
)


def _toward_zero(mp: Any, x: Any) -> Any:
    return mp.sign(x) * mp.floor(abs(x))


def _mod(x: float, y: float) -> Any:
    rest = fmod(x, y)
    if rest == 0.0:
        return 0.0 if y > 0.0 else -0.0
    return rest + y if (y < 0.0) != (rest < 0.0) else rest


def _floor_divide(x: float, y: float) -> Any:
    if y == 0.0:
        return truediv(x, y)
    rest = fmod(x, y)
    quotient = (x - rest) / y
    quotient = where((rest != 0.0) & ((y < 0.0) != (rest < 0.0)), quotient - 1.0, quotient)
    below = floor(quotient)
    whole = where(quotient - below > 0.5, below + 1.0, below)
    return where(quotient == 0.0, 0.0 * truediv(x, y), whole)


mod: Primitive = primitive(
    "mod",
    symbol="%",
    operator="mod",
    evaluate=_mod,
    partials=(1.0, lambda r, x, y: -floor_divide(x, y)),
    domain=(NEAR, DIVISOR),
    kink=lambda x, y: _fmod(x, y) == 0.0,
    reference=lambda mp, x, y: x - y * mp.floor((x / y).real),
    latex=(r"{:product} \bmod {:power}", "product"),
    torch="torch.remainder({}, {})",
    doc="""x % y, the rest of x / y with the sign of y, as Python and NumPy have it; partials 1 and -(x // y). nan for y = 0.
    >>> mod(-7.0, 3.0)
    2.0""",
)

remainder = mod
fabs = primitives.abs

floor_divide: Primitive = primitive(
    "floor_divide",
    symbol="//",
    operator="floordiv",
    evaluate=_floor_divide,
    partials=(0.0, 0.0),
    domain=(NEAR, DIVISOR),
    kink=lambda x, y: _fmod(x, y) == 0.0,
    reference=lambda mp, x, y: mp.floor((x / y).real),
    latex=(r"\lfloor \frac{{{:sum}}}{{{:sum}}} \rfloor", "atom"),
    torch="torch.floor_divide({}, {})",
    doc="""x // y, the largest whole number up to x / y; slopes 0. For y = 0 the quotient x / y, inf or nan.
    >>> floor_divide(-7.0, 3.0)
    -3.0""",
)

# --- logarithms, powers and angles ------------------------------------------------------------------------------------

log2: Primitive = primitive(
    "log2",
    evaluate=ieee(math.log2, pole=0.0),
    partials=(lambda r, x: truediv(where(x < 0.0, nan, 1.0 / LOG_2), x),),
    domain=POSITIVE,
    reference=lambda mp, x: mp.log(x) / mp.log(2),
    native=CFunction("log2"),
    torch="torch.log2({})",
    doc="""Logarithm to base 2; slope 1/(x log 2). log2(0) is -inf with slope inf, log2(-1) nan with slope nan.
    >>> log2(8.0)
    3.0""",
)

log10: Primitive = primitive(
    "log10",
    evaluate=ieee(math.log10, pole=0.0),
    partials=(lambda r, x: truediv(where(x < 0.0, nan, 1.0 / LOG_10), x),),
    domain=POSITIVE,
    reference=lambda mp, x: mp.log(x) / mp.log(10),
    native=CFunction("log10"),
    torch="torch.log10({})",
    doc="""Logarithm to base 10; slope 1/(x log 10). log10(0) is -inf with slope inf, log10(-1) nan with slope nan.
    >>> log10(1000.0)
    3.0""",
)

exp2: Primitive = primitive(
    "exp2",
    evaluate=ieee(math.exp2),
    partials=(lambda r, x: LOG_2 * r,),
    domain=Interval(transition=(-30.0, 30.0)),
    reference=lambda mp, x: mp.exp(x * mp.log(2)),
    native=CFunction("exp2"),
    torch="torch.exp2({})",
    doc="""2**x; slope log(2) 2**x. exp2(1024) is inf.
    >>> exp2(10.0)
    1024.0""",
)

cbrt: Primitive = primitive(
    "cbrt",
    evaluate=math.cbrt,
    partials=(lambda r, x: truediv(1.0, 3.0 * (r * r)),),
    domain=Interval(special=(1.0, -8.0, 0.001)),
    kink=lambda x: x == 0.0,
    reference=lambda mp, x: mp.sign(x.real) * mp.exp(mp.log(mp.sign(x.real) * x) / 3),
    native=CFunction("cbrt"),
    doc="""Cube root, of negative numbers too; slope 1/(3 cbrt(x)**2), inf at 0.
    >>> cbrt(-8.0)
    -2.0""",
)

arcsinh: Primitive = primitive(
    "arcsinh",
    evaluate=ieee(math.asinh),
    partials=(lambda r, x: truediv(1.0, hypot(x, 1.0)),),
    **as_in_c("asinh"),
    doc="""Inverse hyperbolic sine; slope 1/sqrt(1 + x**2), in which x**2 never overflows.
    >>> arcsinh(0.0)
    0.0""",
)

arccosh: Primitive = primitive(
    "arccosh",
    evaluate=ieee(math.acosh),
    partials=(lambda r, x: truediv(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),),
    domain=Interval(1.0, special=(1.5, 2.0), transition=(1.0, 5.0)),
    **as_in_c("acosh"),
    doc="""Inverse hyperbolic cosine; slope 1/sqrt(x**2 - 1), inf at 1; nan with slope nan below 1.
    >>> arccosh(1.0)
    0.0""",
)

_atanh: Any = ieee(math.atanh)

arctanh: Primitive = primitive(
    "arctanh",
    evaluate=lambda x: math.copysign(inf, x) if math.fabs(x) == 1.0 else _atanh(x),
    partials=(lambda r, x: truediv(where((x < -1.0) | (x > 1.0), nan, 1.0), one_minus_square(x)),),
    domain=OPEN_UNIT,
    reference="atanh",
    native=CFunction("atanh"),
    torch="torch.atanh({})",
    doc="""Inverse hyperbolic tangent; slope 1/(1 - x**2); inf at 1, -inf at -1; nan with slope nan outside.
    >>> arctanh(0.0), arctanh(1.0)
    (0.0, inf)""",
)


def _logit(x: float) -> Any:
    return 2.0 * arctanh(2.0 * x - 1.0) if 0.25 <= x <= 0.75 else log(x) - log1p(-x)


logit: Primitive = primitive(
    "logit",
    evaluate=_logit,
    partials=(lambda r, x: truediv(where((x < 0.0) | (x > 1.0), nan, 1.0), x * (1.0 - x)),),
    domain=Interval(0.0, 1.0, special=(0.5, 0.25, 0.75), transition=(0.01, 0.99)),
    reference=lambda mp, x: mp.log(x) - mp.log1p(-x),
    torch="torch.logit({})",
    doc="""log(x / (1 - x)), the inverse of `sigmoid`; slope 1/(x (1 - x)); -inf at 0, inf at 1; nan with slope nan outside.
    >>> logit(0.5), logit(1.0)
    (0.0, inf)""",
)

expit = primitives.sigmoid

deg2rad: Primitive = primitive(
    "deg2rad",
    evaluate=lambda x: x * (math.pi / 180.0),
    partials=(math.pi / 180.0,),
    reference=lambda mp, x: x * mp.pi / 180,
    torch="torch.deg2rad({})",
    doc="""Degrees as radians: x pi / 180.
    >>> deg2rad(180.0) == math.pi
    True""",
)

rad2deg: Primitive = primitive(
    "rad2deg",
    evaluate=lambda x: x * (180.0 / math.pi),
    partials=(180.0 / math.pi,),
    reference=lambda mp, x: x * 180 / mp.pi,
    torch="torch.rad2deg({})",
    doc="""Radians as degrees: x 180 / pi.
    >>> rad2deg(math.pi)
    180.0""",
)

radians, degrees = deg2rad, rad2deg

# --- the sine of pi x over pi x ---------------------------------------------------------------------------------------


def _sinc_derivative(t: float, n: int) -> Any:
    """The n-th derivative of sin(t)/t: near 0 its Maclaurin series, elsewhere t f_n + n f_(n-1) = sin^(n) t."""
    series = 0.0
    for k in range(n // 2 + 16, (n + 1) // 2 - 1, -1):
        power = 2 * k - n
        coefficient = (-1.0) ** k / ((2 * k + 1) * math.factorial(power))
        series = series * (t * t) + coefficient
    series = series * t if n % 2 else series
    s, c = sin(t), cos(t)
    turns = (s, c, -s, -c)
    found = truediv(s, t)
    for k in range(1, n + 1):
        found = truediv(turns[k % 4] - k * found, t)
    return where(math.fabs(t) < 2.0 + 0.5 * n, series, where(math.fabs(t) == inf, 0.0, found))


sinc_slope: Primitive = primitive(
    "sinc_slope",
    internal=True,
    evaluate=lambda x, n: at_order(lambda y, k: math.pi**k * _sinc_derivative(math.pi * y, k), x, n),
    partials=(lambda r, x, n: sinc_slope(x, n + 1.0), 0.0),
    domain=(Interval(-60.0, 60.0, special=(0.0, 0.5, -1.5)), ORDER),
    reference=to_enough_digits(lambda mp, x, n: _sinc_slope_reference(mp, x, int(n.real + 0.5))),
    doc="""The derivative of `sinc` of order n.
    >>> sinc_slope(0.0, 1.0) == 0.0
    True""",
)


def _sinc_slope_reference(mp: Any, x: Any, n: int) -> Any:
    """pi**n times the integral of s**n cos(pi x s + n pi/2) from 0 to 1, by its series in (pi x / 2)**2."""
    odd = n % 2
    half = mp.mpf(n + odd + 1) / 2
    series = mp.hyp1f2(half, mp.mpf(1) / 2 + odd, half + 1, -((mp.pi * x / 2) ** 2))
    return (-1) ** ((n + odd) // 2) * mp.pi**n * (mp.pi * x if odd else 1) / (n + odd + 1) * series


sinc: Primitive = primitive(
    "sinc",
    evaluate=lambda x: _sinc_derivative(math.pi * x, 0),
    partials=(lambda r, x: sinc_slope(x, 1.0),),
    domain=Interval(-60.0, 60.0, special=(0.0, 0.5, -1.5)),
    reference=lambda mp, x: mp.sin(mp.pi * x) / (mp.pi * x) if x != 0 else 1 + 0 * x,
    torch="torch.sinc({})",
    doc="""sin(pi x) / (pi x), 1 at 0 (NumPy's name).
    >>> sinc(0.0), sinc(0.5) == 2.0 / math.pi
    (1.0, True)""",
)
