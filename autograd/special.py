"""More primitives of the table: whole parts and remainders, inverse hyperbolic functions, error, gamma and Bessel functions.

They are stated as those of `autograd.primitives` are, and in terms of these. Loops have a fixed number of turns, so that
`evaluate` can be compiled. Names are NumPy's and SciPy's.
"""

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd import primitives
from autograd.definition import CFunction, Interval, Primitive
from autograd.primitives import (
    ORDER,
    POSITIVE,
    SQRT_2_PI,
    SQRT_HALF,
    as_in_c,
    c_pow,
    cos,
    erf,
    erfc,
    exp,
    hypot,
    ieee,
    log,
    log1p,
    one_minus_square,
    sign,
    sin,
    sqrt,
    truediv,
    where,
)
from autograd.primitives import abs as abs_
from autograd.table import TABLE, close_built_in, primitive

# ruff: noqa: A001 - `round` is the name users look for
# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use


_BEFORE = {*TABLE}

inf, nan = math.inf, math.nan
LOG_2, LOG_10, LOG_PI = math.log(2.0), math.log(10.0), math.log(math.pi)
LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)
EULER = 0.5772156649015329
HALF_SQRT_PI = 0.5 * math.sqrt(math.pi)
ALL_WHOLE = 2.0**52  # from here on every float is a whole number

NEAR = Interval(-4.0, 4.0, special=(0.5, 1.5, -2.5, -0.25), transition=(-4.0, 4.0))  # farther out a step looks like a slope
DIVISOR = Interval(1.0, 4.0, special=(1.5, 2.0, 3.0), transition=(1.0, 4.0))
OPEN_UNIT = Interval(-1.0, 1.0, special=(0.5, -0.5, 0.25), transition=(-0.9, 0.9))


def _to_260_digits(reference: Any) -> Any:
    """A reference that takes too long to be evaluated at 800 digits."""

    def shorter(mp: Any, *operands: Any) -> Any:
        with mp.workdps(260):
            return reference(mp, *operands)

    return shorter


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
fabs = abs_

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


def _at_order(function: Any, x: float, n: float) -> Any:
    """A function of a whole number n; where that is not known yet, which only tests ask for, of a small one."""
    if type(n) is float:
        found: float = function(x, int(n)) if 0.0 <= n < 64.0 and n % 1.0 == 0.0 else nan
        return found
    found = nan
    for k in range(4):
        found = where(n == float(k), function(x, k), found)
    return found


sinc_slope: Primitive = primitive(
    "sinc_slope",
    internal=True,
    evaluate=lambda x, n: _at_order(lambda y, k: math.pi**k * _sinc_derivative(math.pi * y, k), x, n),
    partials=(lambda r, x, n: sinc_slope(x, n + 1.0), 0.0),
    domain=(Interval(-60.0, 60.0, special=(0.0, 0.5, -1.5)), ORDER),
    reference=_to_260_digits(lambda mp, x, n: _sinc_slope_reference(mp, x, int(n.real + 0.5))),
    doc="""The derivative of `sinc` of order n.
    >>> sinc_slope(0.0, 1.0) == 0.0
    True""",
)


def _sinc_slope_reference(mp: Any, x: Any, n: int) -> Any:
    """pi**n times the integral of s**n cos(pi x s + n pi/2) from 0 to 1, by Kummer's function of either sign of i."""
    parts = [turn**n * mp.hyp1f1(n + 1, n + 2, turn * mp.pi * x) for turn in (1j, -1j)]
    return mp.pi**n * (parts[0] + parts[1]).real / (2 * (n + 1))


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

# --- the normal distribution ------------------------------------------------------------------------------------------

_GILES = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164)
_GILES_CENTRAL = (*_GILES, 0.246640727, 1.50140941)
_GILES_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047),
    *(1.00167406, 2.83297682),
)


def _polynomial(coefficients: tuple[float, ...], x: float) -> Any:
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def _erfinv(x: float) -> Any:
    """Giles's approximation in single precision (GPU Computing Gems, 2011) or the asymptotic one; two steps of Halley's method.

    The residual is that of erf near 0 and of erfc elsewhere, which keeps its digits: 1 - abs x is exact there.
    """
    size = math.fabs(x)
    if not size < 1.0:
        return where(size == 1.0, inf * x, nan)
    w = -log((1.0 - size) * (1.0 + size))
    root = sqrt(where(w > 5.0, w, 5.0))
    y = size * where(w < 5.0, _polynomial(_GILES_CENTRAL, w - 2.5), _polynomial(_GILES_TAIL, root - 3.0))
    far = where(w > 16.0, -log((1.0 - size) * math.sqrt(math.pi)), 16.0)
    y = where(w > 16.0, sqrt(far - 0.5 * log(far)), y)
    for _ in range(2):
        residual = where(size < 0.5, erf(y) - size, (1.0 - size) - erfc(y))
        step = residual * (HALF_SQRT_PI * exp(y * y))
        y = y - step / (1.0 + y * step)
    return where(x < 0.0, -y, y)


erfinv: Primitive = primitive(
    "erfinv",
    evaluate=_erfinv,
    partials=(lambda r, x: HALF_SQRT_PI * exp(r * r),),
    domain=OPEN_UNIT,
    reference=_to_260_digits(lambda mp, x: mp.erfinv(x)),
    torch="torch.erfinv({})",
    doc="""Inverse of the error function; slope sqrt(pi)/2 exp(erfinv(x)**2); inf at 1, -inf at -1; nan with slope nan outside.
    >>> abs_(erfinv(erf(0.25)) - 0.25) < 1e-15, erfinv(1.0)
    (True, inf)""",
)

ndtr: Primitive = primitive(
    "ndtr",
    evaluate=lambda x: 0.5 * erfc(-SQRT_HALF * x),
    partials=(lambda r, x: where((x <= -40.0) | (x >= 40.0), 0.0, exp(-0.5 * (x * x)) / SQRT_2_PI),),
    reference=lambda mp, x: mp.erfc(-x / mp.sqrt(2)) / 2,
    torch="torch.special.ndtr({})",
    doc="""Distribution function of the standard normal, Phi(x) = erfc(-x / sqrt 2) / 2; slope its density (SciPy's name).
    >>> ndtr(0.0)
    0.5""",
)

TAIL = -2.0
DEPTH = 80


def _mills_tail(x: float, k: float) -> Any:
    """k/(y + (k + 1)/(y + (k + 2)/(y + ...))), y = -x: Laplace's continued fraction."""
    n = k + DEPTH
    found = 0.5 * (sqrt(x * x + 4.0 * n) + x)  # which would repeat for ever, were n the same
    for _ in range(DEPTH + 1):
        found = truediv(n, found - x)
        n = n - 1.0
    return found


def _density_ratio(x: float) -> Any:
    return where((x <= -40.0) | (x >= 40.0), 0.0, exp(-0.5 * (x * x)) / SQRT_2_PI) / (0.5 * erfc(-SQRT_HALF * x))


def _mills(x: float) -> Any:
    return -x + _mills_tail(x, 1.0) if x < TAIL else _density_ratio(x)


def _log_ndtr(x: float) -> Any:
    if x < TAIL:
        return -0.5 * (x * x) - (LOG_SQRT_2_PI + log(_mills(x)))
    return log(0.5 * erfc(-SQRT_HALF * x)) if x < 0.0 else log1p(-0.5 * erfc(SQRT_HALF * x))


mills_tail: Primitive = primitive(
    "mills_tail",
    internal=True,
    evaluate=lambda x, k: _at_order(_mills_tail, x, k),
    partials=(lambda r, x, k: r * (mills_tail(x, k + 1.0) - r), 0.0),
    domain=(Interval(-1e3, TAIL, special=(-3.0,), transition=(-10.0, TAIL)), ORDER),
    reference=lambda mp, x, k: _mills_tail_reference(mp, x, int(k.real + 0.5)),
    doc="""For x below -2, phi(x)/Phi(x) + x for k = 1, and what its derivatives are made of for k from 2 on.
    >>> 0.37 < mills_tail(-2.0, 1.0) < 0.38
    True""",
)


def _mills_tail_reference(mp: Any, x: Any, k: int) -> Any:
    tail = mp.sqrt(2 / mp.pi) * mp.exp(-x * x / 2) / mp.erfc(-x / mp.sqrt(2)) + x
    for j in range(1, k):
        tail = j / tail + x
    return tail


mills: Primitive = primitive(
    "mills",
    internal=True,
    evaluate=_mills,
    partials=(lambda r, x: -r * where(x < TAIL, mills_tail(x, 1.0), r + x),),
    domain=Interval(0.0, 30.0, special=(0.5, 1.0, 2.5)),  # between -2 and 0 its slope may be off by six ulp
    reference=lambda mp, x: mp.sqrt(2 / mp.pi) * mp.exp(-x * x / 2) / mp.erfc(-x / mp.sqrt(2)),
    doc="""phi(x)/Phi(x), the inverse of Mills's ratio at -x, and the slope of `log_ndtr`.
    >>> mills(0.0) == math.sqrt(2.0 / math.pi)
    True""",
)

log_ndtr: Primitive = primitive(
    "log_ndtr",
    evaluate=_log_ndtr,
    partials=(lambda r, x: mills(x),),
    domain=Interval(-1e3, 30.0, special=(0.0, 1.0, -1.0, -2.5)),
    reference=lambda mp, x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2),
    torch="torch.special.log_ndtr({})",
    doc="""log Phi(x), with all digits in the lower tail, where Phi(x) underflows; slope phi(x)/Phi(x) (SciPy's name).
    >>> log_ndtr(-1e10)
    -5e+19""",
)

# --- the gamma function and its relatives -----------------------------------------------------------------------------


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _zeta_less_1(k: int) -> Any:
    """1/2**k + 1/3**k + ...: the first terms, and Euler and Maclaurin's sum of the rest."""
    n = 40.0
    rest, rising = n / (k - 1.0) + 0.5, 1.0
    for j, bernoulli in enumerate(_BERNOULLI[:6]):
        rising *= (k + 2.0 * j - 1.0) * (k + 2.0 * j) if j else k
        rest += bernoulli / math.factorial(2 * j + 2) * rising / n ** (2.0 * j + 1.0)
    return math.fsum([*[float(m) ** -k for m in range(2, int(n))], rest * n**-k])


_ZETAS = tuple([(-1.0) ** k * _zeta_less_1(k) for k in range(32, 1, -1)])
_NEAR_2 = (*[zeta / k for zeta, k in zip(_ZETAS, range(32, 1, -1), strict=True)], 1.0 - EULER, 0.0)
_STIRLING = tuple([b / ((2 * k + 2) * (2 * k + 1)) for k, b in reversed([*enumerate(_BERNOULLI)])])
_ASYMPTOTIC = tuple([b / (2 * k + 2) for k, b in reversed([*enumerate(_BERNOULLI)])])
LARGE = 10.0


def _steps_down(x: float, total: float, join: Any) -> tuple[Any, Any]:
    """x in 1.5 .. 10 lessened to 1.5 .. 2.5 by steps of 1, and what `join` makes of the numbers passed."""
    for _ in range(8):
        over = x > 2.5
        x = where(over, x - 1.0, x)
        total = where(over, join(total, x), total)
    return x, total


def _lgamma_of_positive(x: float) -> Any:
    if x < 0.5:
        return (_polynomial(_NEAR_2, x) - log1p(x)) - log(x)
    if x < 1.5:
        return _polynomial(_NEAR_2, x - 1.0) - log1p(x - 1.0)
    if x < LARGE:
        base, product = _steps_down(x, 1.0, lambda total, y: total * y)
        return _polynomial(_NEAR_2, base - 2.0) + log(product)
    return (x - 0.5) * (log(x) - 1.0) + (LOG_SQRT_2_PI - 0.5 + _polynomial(_STIRLING, 1.0 / x / x) / x)


def _lgamma(x: float) -> Any:
    """Near 1 and 2 its series in zetas, beyond 10 Stirling's, by the recurrence between, by reflection below 0."""
    size = math.fabs(x)
    if size == inf:
        return inf
    positive = _lgamma_of_positive(where(x > 0.0, x, where(x == 0.0, 1.0, 1.0 - x)))
    below = floor(x)
    reflected = LOG_PI - log(math.fabs(sin(math.pi * (x - below)))) - positive
    return where(x > 0.0, positive, where(x == below, inf, reflected))


def _digamma_of_positive(x: float) -> Any:
    if x < 0.5:
        return (_polynomial(_ZETAS, x) * x + (1.0 - EULER) - 1.0 / (1.0 + x)) - truediv(1.0, x)
    if x < 1.5:
        y = x - 1.0
        return (_polynomial(_ZETAS, y) * y + (1.0 - EULER)) - 1.0 / x
    if x < LARGE:
        base, total = _steps_down(x, 0.0, lambda total, y: total + 1.0 / y)
        y = base - 2.0
        return (_polynomial(_ZETAS, y) * y + (1.0 - EULER)) + total
    square = 1.0 / x / x
    return log(x) - (0.5 / x + _polynomial(_ASYMPTOTIC, square) * square)


def _digamma(x: float) -> Any:
    if math.fabs(x) == inf:
        return where(x > 0.0, inf, nan)
    below = floor(x)
    positive = _digamma_of_positive(where(x > 0.0, x, where(x == 0.0, 1.0, 1.0 - x)))
    angle = math.pi * (x - below)
    reflected = positive - math.pi * truediv(cos(angle), sin(angle))
    return where(x > 0.0, positive, where(x == 0.0, truediv(-1.0, x), where(x == below, nan, reflected)))


MOST_ORDER = 30.0
SHIFT = 12


def _polygamma(n: float, x: float) -> Any:
    """(-1)**(n + 1) n! zeta(n + 1, x): the first terms of Hurwitz's zeta function, Euler and Maclaurin's sum of the rest."""
    if n == 0.0:
        return digamma(x)
    s = n + 1.0
    w = x + float(SHIFT)
    power = c_pow(w, -s)
    rest, factor = 0.0, 1.0
    terms = []
    factor = s / w
    for j in range(8):
        terms.append(_OVER_FACTORIALS[j] * factor)
        factor = factor * ((s + (2.0 * j + 1.0)) / w) * ((s + (2.0 * j + 2.0)) / w)
    for term in reversed(terms):
        rest = rest + term
    total = (rest + 0.5) * power + power * truediv(w, n)
    for k in range(SHIFT - 1, -1, -1):
        total = total + c_pow(x + float(k), -s)
    factorial = 1.0
    for k in range(2, 31):
        factorial = where(n >= float(k), factorial * float(k), factorial)
    valid = (x >= 0.0) & (n > 0.0) & (n <= MOST_ORDER) & (n == floor(n))
    return where(valid, where(0.5 * n == floor(0.5 * n), -factorial, factorial) * where(x == inf, 0.0, total), nan)


_OVER_FACTORIALS = tuple([b / math.factorial(2 * k + 2) for k, b in enumerate(_BERNOULLI)])

lgamma: Primitive = primitive(
    "lgamma",
    evaluate=_lgamma,
    partials=(lambda r, x: digamma(x),),
    domain=Interval(0.0, 1e8, special=(0.5, 1.25, 1.5, 3.0), transition=(0.01, 12.0)),
    reference=_to_260_digits(lambda mp, x: mp.loggamma(x)),
    torch="torch.lgamma({})",
    doc="""log abs Gamma(x); slope digamma(x). inf at 0, -1, -2 and so on, and at -inf and inf. SciPy's `gammaln`.
    >>> lgamma(1.0), lgamma(2.0), exp(lgamma(5.0)) - 24.0 < 1e-13
    (0.0, 0.0, True)""",
)

gammaln = lgamma

digamma: Primitive = primitive(
    "digamma",
    evaluate=_digamma,
    partials=(lambda r, x: polygamma(1.0, x),),
    domain=Interval(0.0, 1e8, special=(0.5, 1.25, 1.5, 3.0), transition=(0.01, 12.0)),
    reference=_to_260_digits(lambda mp, x: mp.psi(0, x)),
    torch="torch.digamma({})",
    doc="""Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x).
    >>> digamma(1.0)
    -0.5772156649015329""",
)

polygamma: Primitive = primitive(
    "polygamma",
    evaluate=_polygamma,
    partials=(0.0, lambda r, n, x: polygamma(n + 1.0, x)),
    domain=(ORDER, Interval(0.0, 1e8, special=(0.5, 1.25, 1.5, 3.0), transition=(0.01, 12.0))),
    reference=_to_260_digits(lambda mp, n, x: mp.psi(int(n.real + 0.5), x)),
    doc="""The derivative of `digamma` of order n, a whole number up to 30, for x > 0, else nan; slope to x polygamma(n + 1, x).
    >>> polygamma(1.0, 1.0) == math.pi**2 / 6.0
    True""",
)

# --- Bessel functions of whole order ----------------------------------------------------------------------------------

MILLER = 70  # where the recurrence starts


def _bessel_series(half: float, n: int) -> Any:
    total = 1.0
    for k in range(14, 0, -1):
        total = 1.0 - half * half / float(k * (k + n)) * total
    for k in range(n):
        total = total * (half / (k + 1.0))
    return total


def _bessel_miller(x: float, n: int) -> Any:
    """The recurrence downwards, in which J_n(x) dominates, scaled so that J_0 + 2 J_2 + 2 J_4 + ... = 1."""
    above, here, total, found = 0.0, 1.0, 0.0, 0.0
    for k in range(MILLER, 0, -1):
        above, here = here, 2.0 * k / x * here - above
        found = here if k - 1 == n else found
        total = total + (2.0 * here if k % 2 and k > 1 else 0.0)
    return found / (total + here)


def _bessel_hankel(x: float, n: int) -> Any:
    """Hankel's asymptotic series."""
    p = q = 0.0
    factor = 1.0
    for k in range(20):
        if k % 2:
            q = q + (-factor if k % 4 == 3 else factor)
        else:
            p = p + (-factor if k % 4 == 2 else factor)
        factor = factor * ((4.0 * n * n - (2.0 * k + 1.0) ** 2) / (8.0 * (k + 1.0))) / x
    s, c = sin(x), cos(x)
    turned = (c + s, s - c, -c - s, c - s)  # sqrt(2) cos(x - pi/4 - n pi/2)
    return (p * turned[n % 4] - q * turned[(n + 1) % 4]) / sqrt(math.pi * x)


def _bessel_j(x: float, n: int) -> Any:
    size = math.fabs(x)
    if size < 2.0:
        found = _bessel_series(0.5 * size, n)
    elif size < 25.0:
        found = _bessel_miller(size, n)
    else:
        found = where(size == inf, 0.0, _bessel_hankel(size, n))
    return where(x < 0.0, -found, found) if n % 2 else found


jn: Primitive = primitive(
    "jn",
    evaluate=lambda n, x: _at_order(_bessel_j, x, n),
    partials=(0.0, lambda r, n, x: 0.5 * (where(n == 0.0, -1.0, 1.0) * jn(abs_(n - 1.0), x) - jn(n + 1.0, x))),
    domain=(ORDER, Interval(-60.0, 60.0)),
    reference=_to_260_digits(lambda mp, n, x: mp.besselj(int(n.real + 0.5), x)),
    doc="""Bessel function of the first kind J_n(x) of whole order n >= 0; slope (J_(n-1) - J_(n+1))/2 (SciPy's name).
    >>> jn(2.0, 0.0)
    0.0""",
)

j0: Primitive = primitive(
    "j0",
    evaluate=lambda x: _bessel_j(x, 0),
    partials=(lambda r, x: -j1(x),),
    domain=Interval(-60.0, 60.0),
    torch="torch.special.bessel_j0({})",
    reference=_to_260_digits(lambda mp, x: mp.besselj(0, x)),
    doc="""Bessel function of the first kind of order 0; slope -j1(x) (SciPy's name).
    >>> j0(0.0)
    1.0""",
)

j1: Primitive = primitive(
    "j1",
    evaluate=lambda x: _bessel_j(x, 1),
    partials=(lambda r, x: 0.5 * (j0(x) - jn(2.0, x)),),
    domain=Interval(-60.0, 60.0),
    torch="torch.special.bessel_j1({})",
    reference=_to_260_digits(lambda mp, x: mp.besselj(1, x)),
    doc="""Bessel function of the first kind of order 1; slope (J_0 - J_2)/2 (SciPy's name).
    >>> j1(0.0)
    0.0""",
)


@cache
def _kummer_coefficients(a: float, b: float) -> tuple[float, ...]:
    """Those of M(a, b, 64 y) as a series in y, for halves of whole numbers a and b, the last one first: correctly rounded."""
    above = below = 1
    found = [1.0]
    for k in range(132):
        above *= 64 * (int(2.0 * a) + 2 * k)
        below *= (int(2.0 * b) + 2 * k) * (k + 1)
        found.append(above / below)
    return tuple(found[::-1])


def _kummer(z: float, a: float, b: float) -> Any:
    """exp(-z) M(a, b, z) for z >= 0 and Kummer's M with 0 < a < b: its series, of positive terms, or the asymptotic one."""
    if z < 50.0:
        return exp(-z) * _polynomial(_kummer_coefficients(a, b), z / 64.0)
    total = 0.0
    for k in range(48, -1, -1):
        total = 1.0 + total * ((k + 1.0 - a) * (b - a + k) / (k + 1.0) / z)
    return math.gamma(b) / math.gamma(a) * c_pow(z, a - b) * total


def _bessel_i(x: float, n: int) -> Any:
    """exp(-abs x) I_n(x)."""
    size = math.fabs(x)
    found = _kummer(2.0 * size, n + 0.5, 2.0 * n + 1.0)
    for k in range(n):
        found = found * (0.5 * size / (k + 1.0))
    return where(x < 0.0, -found, found) if n % 2 else found


def _i0e_part(x: float, m: int) -> Any:
    factor = 1.0
    for k in range(m):
        factor *= 2.0 * (k + 0.5) / (k + 1.0)
    return factor * _kummer(2.0 * math.fabs(x), 0.5, 1.0 + m)


def _i1e_part(x: float, m: int) -> Any:
    factor = 0.5
    for k in range(m):
        factor *= 2.0 * (k + 1.5) / (k + 3.0)
    return factor * _kummer(2.0 * math.fabs(x), 1.5, 3.0 + m)


def _part_reference(mp: Any, a: float, b: int, x: Any, m: int) -> Any:
    """(-1)**m times the m-th derivative of M(a, b, -2x)."""
    return 2**m * mp.rf(a, m) / mp.rf(b, m) * mp.hyp1f1(a + m, b + m, -2 * x)


i0e_part: Primitive = primitive(
    "i0e_part",
    internal=True,
    evaluate=lambda x, m: _at_order(_i0e_part, x, m),
    partials=(lambda r, x, m: -i0e_part(x, m + 1.0), 0.0),
    domain=(Interval(0.0, 60.0, special=(1.0,)), ORDER),
    reference=_to_260_digits(lambda mp, x, m: _part_reference(mp, 0.5, 1, x, int(m.real + 0.5))),
    doc="""For x >= 0, (-1)**m times the m-th derivative of `i0e`, which is positive.
    >>> i0e_part(0.0, 1.0)
    1.0""",
)

i1e_part: Primitive = primitive(
    "i1e_part",
    internal=True,
    evaluate=lambda x, m: _at_order(_i1e_part, x, m),
    partials=(lambda r, x, m: -i1e_part(x, m + 1.0), 0.0),
    domain=(Interval(0.0, 60.0, special=(1.0,)), ORDER),
    reference=_to_260_digits(lambda mp, x, m: _part_reference(mp, 1.5, 3, x, int(m.real + 0.5)) / 2),
    doc="""For x >= 0, (-1)**m times the m-th derivative of i1e(x)/x, which is positive.
    >>> i1e_part(0.0, 0.0)
    0.5""",
)

i0e: Primitive = primitive(
    "i0e",
    evaluate=lambda x: _bessel_i(x, 0),
    partials=(lambda r, x: -sign(x) * i0e_part(abs_(x), 1.0),),
    domain=Interval(-60.0, 60.0, special=(1.0, -1.0)),
    kink=lambda x: x == 0.0,
    torch="torch.special.i0e({})",
    reference=_to_260_digits(lambda mp, x: mp.besseli(0, x) * mp.exp(-abs(x))),
    doc="""exp(-abs x) I_0(x), I_0 the modified Bessel function of order 0; slope 0 at its kink (SciPy's name).
    >>> i0e(0.0)
    1.0""",
)

i1e: Primitive = primitive(
    "i1e",
    evaluate=lambda x: _bessel_i(x, 1),
    partials=(
        lambda r, x: where(
            (x < -4.0) | (x > 4.0),
            i0e_part(abs_(x), 2.0) - i0e_part(abs_(x), 1.0),
            i1e_part(abs_(x), 0.0) - abs_(x) * i1e_part(abs_(x), 1.0),
        ),
    ),
    domain=Interval(-60.0, 60.0, special=(1.0, -1.0)),
    kink=lambda x: x == 0.0,
    torch="torch.special.i1e({})",
    reference=_to_260_digits(lambda mp, x: mp.besseli(1, x) * mp.exp(-abs(x))),
    doc="""exp(-abs x) I_1(x), I_1 the modified Bessel function of order 1; slope 1/2 at 0 (SciPy's name).
    >>> i1e(0.0)
    0.0""",
)

iv: Primitive = primitive(
    "iv",
    evaluate=lambda n, x: _at_order(_bessel_i, x, n) * exp(math.fabs(x)),
    partials=(0.0, lambda r, n, x: 0.5 * (iv(abs_(n - 1.0), x) + iv(n + 1.0, x))),
    domain=(ORDER, Interval(-60.0, 60.0)),
    reference=_to_260_digits(lambda mp, n, x: mp.besseli(int(n.real + 0.5), x)),
    doc="""Modified Bessel function of the first kind I_n(x) of whole order n >= 0; slope (I_(n-1) + I_(n+1))/2 (SciPy's name).
    >>> iv(2.0, 0.0)
    0.0""",
)

i0: Primitive = primitive(
    "i0",
    evaluate=lambda x: _bessel_i(x, 0) * exp(math.fabs(x)),
    partials=(lambda r, x: i1(x),),
    domain=Interval(-60.0, 60.0),
    torch="torch.special.i0({})",
    reference=_to_260_digits(lambda mp, x: mp.besseli(0, x)),
    doc="""Modified Bessel function of the first kind of order 0; slope i1(x) (NumPy's and SciPy's name).
    >>> i0(0.0)
    1.0""",
)

i1: Primitive = primitive(
    "i1",
    evaluate=lambda x: _bessel_i(x, 1) * exp(math.fabs(x)),
    partials=(lambda r, x: 0.5 * (i0(x) + iv(2.0, x)),),
    domain=Interval(-60.0, 60.0),
    torch="torch.special.i1({})",
    reference=_to_260_digits(lambda mp, x: mp.besseli(1, x)),
    doc="""Modified Bessel function of the first kind of order 1; slope (I_0 + I_2)/2 (SciPy's name).
    >>> i1(0.0)
    0.0""",
)

close_built_in(vars(primitives), globals())

ALIASES = {name: thing.name for name, thing in globals().items() if isinstance(thing, Primitive) and name != thing.name}
"""Other names of primitives, such as NumPy's `rint` and SciPy's `gammaln`."""
del ALIASES["abs_"]

if not TYPE_CHECKING:  # a type checker sees the primitives themselves
    __all__ = [*ALIASES, *[name for name, known in TABLE.items() if not known.internal and name not in _BEFORE]]  # noqa: PLE0604 - these are strings
