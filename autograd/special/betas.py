"""The gamma and beta functions themselves, and what their derivatives are made of."""

import math
from typing import Any

from autograd.definition import Interval, Primitive
from autograd.primitives import ORDER, SQRT_2_PI, c_pow, exp, expm1, inf, log, log1p, nan, sin, sqrt, truediv, where
from autograd.special.elementary import rint
from autograd.special.gammas import ASYMPTOTIC, NEAR_2, OVER_FACTORIALS, SHIFT, STIRLING, digamma, polygamma
from autograd.special.shared import at_order, polynomial, to_enough_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

MOST_STEPS = 19
FROM_STIRLING = 20.0
LARGE = 10.0
SHAPE = Interval(0.001, 1e3, special=(0.5, 12.0), transition=(0.1, 20.0))


def stirling(x: float) -> Any:
    """What log Gamma(x) has beyond (x - 1/2) log x - x + log sqrt(2 pi), for x from 10 on."""
    return polynomial(STIRLING, truediv(1.0, x) / x) / x


def gamma_of_next(x: float) -> Any:
    """Gamma(x + 1) for x from 0 to 20: by the recurrence from its logarithm's series at 1 or 2."""
    y, product = x + 1.0, 1.0
    for _ in range(MOST_STEPS):
        over = y > 2.5
        y = where(over, y - 1.0, y)
        product = where(over, product * y, product)
    near_1 = y < 1.5
    z = where(near_1, where(x < 0.5, x, y - 1.0), y - 2.0)
    return product * (exp(polynomial(NEAR_2, z)) / where(near_1, 1.0 + z, 1.0))


def _gamma_of_positive(x: float) -> Any:
    if x < FROM_STIRLING:
        return truediv(gamma_of_next(x), x)
    root = c_pow(x, 0.5 * x - 0.25)
    return where(x > 172.0, inf, (root * exp(-x)) * root * (SQRT_2_PI * exp(stirling(x))))


def _gamma(x: float) -> Any:
    """By reflection below 0."""
    whole = rint(x)
    sine = where(0.5 * whole == rint(0.5 * whole), 1.0, -1.0) * sin(math.pi * (x - whole))
    positive = _gamma_of_positive(where(x > 0.0, x, where(x < 0.0, 1.0 - x, 1.0)))
    reflected = where(x == whole, nan, truediv(math.pi, sine * positive))
    return where(x > 0.0, positive, where(x == 0.0, truediv(1.0, x), reflected))


gamma: Primitive = primitive(
    "gamma",
    evaluate=_gamma,
    partials=(lambda r, x: r * digamma(x),),
    domain=Interval(0.0, 170.0, special=(0.5, 1.0, 2.0, 3.5), transition=(0.05, 25.0)),
    reference=to_enough_digits(lambda mp, x: mp.gamma(x)),
    doc="""The gamma function, (x - 1)! for whole x; slope Gamma(x) digamma(x). inf at 0, nan at -1, -2 and so on.
    >>> gamma(5.0), gamma(172.0)
    (24.0, inf)""",
)

# --- the beta function ------------------------------------------------------------------------------------------------


def _beta_parts(a: float, b: float) -> tuple[Any, Any]:
    """A factor and an exponent: B(a, b) is factor * exp(exponent)."""
    total = a + b
    small, large = where(a < b, a, b), where(a < b, b, a)
    if (large < LARGE) & (small < 1.0):
        w = large + float(SHIFT + 1)
        exponent = small - small * log(w + small) - (w - 0.5) * log1p(small / w) + (stirling(w) - stirling(w + small))
        for k in range(SHIFT):
            exponent = exponent + log1p(small / (large + float(k + 1)))
        return truediv(truediv(total, large), small) * gamma_of_next(small), exponent
    if large < LARGE:
        return total / large / small * (gamma_of_next(small) * gamma_of_next(large) / gamma_of_next(total)), 0.0
    if small < LARGE:
        factor = truediv(1.0, small) * sqrt(total / large) * c_pow(total, -small) * gamma_of_next(small)
        return factor, small - large * log1p(small / large) + stirling(large) - stirling(total)
    exponent = -(large * log1p(small / large)) - small * log1p(large / small)
    return SQRT_2_PI * sqrt(total / large / small), exponent + (stirling(small) + stirling(large) - stirling(total))


def _valid(a: float, b: float) -> Any:
    return (a >= 0.0) & (b >= 0.0)


def _beta(a: float, b: float) -> Any:
    factor, exponent = _beta_parts(where(a > 0.0, a, 1.0), where(b > 0.0, b, 1.0))
    found = where((a == inf) | (b == inf), 0.0, factor * exp(exponent))
    return where((a > 0.0) & (b > 0.0), found, where(_valid(a, b), inf, nan))


def _digamma_rise(n: int, a: float, b: float) -> Any:
    """Term by term as Hurwitz's zeta function is summed: no two numbers of like size are subtracted."""
    s = n + 1.0
    w = a + float(SHIFT)
    rise = log1p(truediv(b, w))
    total = 0.0
    if n == 0:
        for j, coefficient in enumerate(reversed(ASYMPTOTIC)):
            total = total - coefficient * (c_pow(w, -2.0 * (j + 1.0)) * expm1(-2.0 * (j + 1.0) * rise))
        total = rise + 0.5 * truediv(truediv(b, w), w + b) + total
        for k in range(SHIFT - 1, -1, -1):
            total = total + truediv(truediv(b, a + float(k)), (a + b) + float(k))
        return where((a >= 0.0) & (a + b >= 0.0), total, nan)
    factor = 1.0
    for j, coefficient in enumerate(OVER_FACTORIALS):
        factor = factor * (s if j == 0 else (s + (2.0 * j - 1.0)) * (s + 2.0 * j))
        order = s + (2.0 * j + 1.0)
        total = total + coefficient * factor * (c_pow(w, -order) * expm1(-order * rise))
    total = total + 0.5 * (c_pow(w, -s) * expm1(-s * rise)) + c_pow(w, -float(n)) * expm1(-n * rise) / float(n)
    for k in range(SHIFT - 1, -1, -1):
        total = total + c_pow(a + float(k), -s) * expm1(-s * log1p(truediv(b, a + float(k))))
    return where((a >= 0.0) & (a + b >= 0.0), (-1.0) ** (n + 1) * math.factorial(n) * total, nan)


digamma_rise: Primitive = primitive(
    "digamma_rise",
    internal=True,
    evaluate=lambda n, a, b: at_order(lambda x, k: _digamma_rise(k, x, b), a, n),
    partials=(
        0.0,
        lambda r, n, a, b: digamma_rise(n + 1.0, a, b),
        lambda r, n, a, b: polygamma(n + 1.0, a + b),
    ),
    domain=(ORDER, SHAPE, SHAPE),
    reference=to_enough_digits(lambda mp, n, a, b: mp.psi(int(n.real + 0.5), a + b) - mp.psi(int(n.real + 0.5), a)),
    doc="""polygamma(n, a + b) - polygamma(n, a) without cancellation, for a and a + b above 0; the slopes of `beta` need it.
    >>> digamma_rise(0.0, 1.0, 1.0)
    1.0""",
)

beta: Primitive = primitive(
    "beta",
    evaluate=_beta,
    partials=(lambda r, a, b: -r * digamma_rise(0.0, a, b), lambda r, a, b: -r * digamma_rise(0.0, b, a)),
    domain=(SHAPE, SHAPE),
    reference=to_enough_digits(lambda mp, a, b: mp.beta(a, b)),
    doc="""Gamma(a) Gamma(b) / Gamma(a + b) for a, b > 0, else nan, and inf at 0 (SciPy's name).
    >>> beta(1.0, 1.0), beta(1.0, 4.0)
    (1.0, 0.25)""",
)
