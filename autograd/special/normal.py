"""The normal distribution: the inverse error function, the distribution function and its logarithm."""

import math
from typing import Any

from autograd.definition import Interval, Primitive
from autograd.primitives import ORDER, SQRT_2_PI, SQRT_HALF, clip, erf, erfc, exp, inf, log, log1p, nan, sqrt, truediv, where
from autograd.special.elementary import OPEN_UNIT
from autograd.special.incomplete import moments
from autograd.special.shared import LOG_SQRT_2_PI, at_order, polynomial, to_enough_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

HALF_SQRT_PI = 0.5 * math.sqrt(math.pi)

_GILES = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164)
_GILES_CENTRAL = (*_GILES, 0.246640727, 1.50140941)
_GILES_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047),
    *(1.00167406, 2.83297682),
)


def _erfinv(x: float) -> Any:
    """Giles's approximation in single precision (GPU Computing Gems, 2011) or the asymptotic one; two steps of Halley's method.

    The residual is that of erf near 0 and of erfc elsewhere, which keeps its digits: 1 - abs x is exact there.
    """
    size = math.fabs(x)
    if not size < 1.0:
        return where(size == 1.0, inf * x, nan)
    w = -log((1.0 - size) * (1.0 + size))
    root = sqrt(where(w > 5.0, w, 5.0))
    y = size * where(w < 5.0, polynomial(_GILES_CENTRAL, w - 2.5), polynomial(_GILES_TAIL, root - 3.0))
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
    reference=to_enough_digits(lambda mp, x: mp.erfinv(x)),
    torch="torch.erfinv({})",
    doc="""Inverse of the error function; slope sqrt(pi)/2 exp(erfinv(x)**2); inf at 1, -inf at -1; nan with slope nan outside.
    >>> fabs(erfinv(erf(0.25)) - 0.25) < 1e-15, erfinv(1.0)
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
NEAR_0 = -1.0  # up to here phi/Phi and x nearly cancel
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


def _mills_moment(x: float, n: int) -> Any:
    scale = 1.0 / (1.0 + where(x < 0.0, -x, 0.0))
    return moments(scale, lambda t: (exp(t * (x - 0.5 * t)), t, 0.0), n, 0)[n][0]


def _mills(x: float) -> Any:
    if x < TAIL:
        return -x + _mills_tail(x, 1.0)
    return 1.0 / _mills_moment(x, 0) if x < NEAR_0 else _density_ratio(x)


def _log_ndtr(x: float) -> Any:
    if x < TAIL:
        return -0.5 * (x * x) - (LOG_SQRT_2_PI + log(_mills(x)))
    return log(0.5 * erfc(-SQRT_HALF * x)) if x < 0.0 else log1p(-0.5 * erfc(SQRT_HALF * x))


mills_tail: Primitive = primitive(
    "mills_tail",
    internal=True,
    evaluate=lambda x, k: at_order(_mills_tail, x, k),
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


mills_moment: Primitive = primitive(
    "mills_moment",
    internal=True,
    evaluate=lambda x, n: at_order(_mills_moment, x, n),
    partials=(lambda r, x, n: mills_moment(x, n + 1.0), 0.0),
    domain=(Interval(-10.0, NEAR_0, special=(-1.5,), transition=(-4.0, NEAR_0)), ORDER),
    reference=lambda mp, x, n: _mills_moment_reference(mp, x, int(n.real + 0.5)),
    doc="""The integral of t**n exp(x t - t**2/2) for t from 0 to inf, for x up to -1. For n = 0 it is Phi(x)/phi(x), so that
    phi(x)/Phi(x) + x is that for n = 1 over that for n = 0.
    >>> 0.34 < mills_moment(-1.0, 1.0) < 0.35
    True""",
)


def _mills_moment_reference(mp: Any, x: Any, n: int) -> Any:
    below, here = mp.mpf(1), mp.sqrt(mp.pi / 2) * mp.exp(x * x / 2) * mp.erfc(-x / mp.sqrt(2))
    for k in range(n):
        below, here = here, (k * below if k else 1) + x * here
    return here


mills: Primitive = primitive(
    "mills",
    internal=True,
    evaluate=_mills,
    partials=(
        lambda r, x: (
            -r * where(x < TAIL, mills_tail(x, 1.0), where(x < NEAR_0, r * mills_moment(clip(x, TAIL, NEAR_0), 1.0), r + x))
        ),
    ),
    domain=Interval(0.0, 30.0, special=(0.5, 1.0, 2.5)),  # between -2 and 0 its slope may be off by seven ulp
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
