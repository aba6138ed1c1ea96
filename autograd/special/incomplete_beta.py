"""The incomplete beta function, with all derivatives, as a product and an integral: see `autograd.special.incomplete`."""

import math
from typing import Any

from autograd.definition import Interval, Primitive
from autograd.primitives import ORDER, SQRT_2_PI, at_orders, c_pow, exp, expm1, inf, log, log1p, nan, sqrt, truediv, where
from autograd.special.betas import LARGE, digamma_rise, gamma_of_next, stirling
from autograd.special.elementary import fabs
from autograd.special.gammas import polygamma
from autograd.special.incomplete import (
    SHAPE,
    Table,
    beyond_log,
    differences,
    moments,
    of_exponential,
    of_product,
    times_a,
    whole,
)
from autograd.special.shared import to_enough_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use


def _binomial(a: float, b: float, x: float, y: float) -> Any:
    """x**a y**b Gamma(a + b + 1) / (Gamma(a + 1) Gamma(b + 1)) for x + y = 1."""
    n = a + b
    if (a < LARGE) & (b < LARGE):
        powers = where(x < 0.5, c_pow(x, a), exp(a * log1p(-y))) * where(y < 0.5, c_pow(y, b), exp(b * log1p(-x)))
        return powers * (gamma_of_next(n) / gamma_of_next(a) / gamma_of_next(b))
    if (a >= LARGE) & (b >= LARGE):
        off = x * b - y * a
        of_a = where(fabs(off) < 0.5 * a, log1p(off / a), log(x * n / a))
        of_b = where(fabs(off) < 0.5 * b, log1p(-off / b), log(y * n / b))
        exponent = a * of_a + b * of_b + (stirling(n) - stirling(a) - stirling(b))
        return sqrt(n / a / b) / SQRT_2_PI * exp(exponent)
    first = a < b
    small, large = where(first, a, b), where(first, b, a)
    of_small, of_large = where(first, x, y), where(first, y, x)
    logarithm = where(of_large < 0.5, log(of_large), log1p(-of_small))
    exponent = large * (logarithm + log1p(small / large)) - small + (stirling(n) - stirling(large))
    return c_pow(of_small * n, small) * exp(exponent) * sqrt(n / large) / gamma_of_next(small)


def _binomial_slope(a: float, b: float, x: float, y: float) -> Any:
    """That of its logarithm by a: log(x) + digamma(a + b + 1) - digamma(a + 1), which nearly cancel where a is large."""
    large = where(a < LARGE, LARGE, a)
    off = (x * b - y * large) / large
    near = log1p(off) + (beyond_log(large + b) - beyond_log(large))
    far = where(x < 0.5, log(x), log1p(-y)) + digamma_rise(0.0, a + 1.0, b)
    return where((a < LARGE) | (fabs(off) > 0.5), far, near)


def _binomials(a: float, b: float, x: float, y: float, i: int, j: int) -> Table:
    """Its derivatives by a and b."""

    def slope(k: int, m: int) -> Any:
        if k + m == 1:
            return _binomial_slope(a, b, x, y) if k else _binomial_slope(b, a, y, x)
        order = k + m - 1.0
        if k and m:
            return polygamma(order, a + b + 1.0)
        return digamma_rise(order, a + 1.0, b) if k else digamma_rise(order, b + 1.0, a)

    return of_exponential(_binomial(a, b, x, y), slope, i, j)


def _times_b(b: float, f: Table) -> Table:
    """The derivatives of b f(a, b), by those of f."""
    return [times_a(b, row) for row in f]


def _of_share(a: float, b: float, i: int, j: int) -> Table:
    """The derivatives of a / (a + b), by a and b."""
    n = a + b
    found: Table = [[a / n] * (j + 1) for _ in range(i + 1)]
    for k in range(i + 1):
        for m in range(j + 1):
            if k + m:
                power = (-1.0) ** (k + m) * math.factorial(k + m - 1) * c_pow(n, -(k + m + 1.0))
                found[k][m] = power * (m * n - (k + m) * b if k else (k + m) * a)
    return found


def _beta_share(a: float, b: float, x: float, y: float, i: int, j: int) -> Any:
    """The derivative of I_x(a, b), i times by a and j times by b, from I_x(a, b) = x**a y**b / (a B(a, b)) + I_x(a + 1, b)."""
    odds = x / y
    rate = a + 1.0
    balance = truediv(1.0, fabs(rate - (b - 1.0) * odds) + sqrt(where(b < 1.0, 0.0, b - 1.0) * odds / y))
    near = sqrt(y * rate)
    scale = where(b < 1.0, where(near < 0.06, 0.06, where(near > 1.0, 1.0, near)) / rate, balance)

    def at(s: float) -> tuple[Any, Any, Any]:
        above = log1p(-odds * expm1(-s))
        return odds * exp((b - 1.0) * above - rate * s), -s, above

    integrals = _times_b(b, moments(scale, at, i, j))
    first = _of_share(b, a, j, i)
    terms = [[first[m][k] + integrals[k][m] for m in range(j + 1)] for k in range(i + 1)]
    return of_product(_binomials(a, b, x, y, i, j), terms)


def _incomplete_beta(a: float, b: float, x: float, i: int, j: int) -> Any:
    """The derivative of I_x(a, b): where that is the larger part, of -I_(1 - x)(b, a), from which it differs by 1."""
    y = 1.0 - x
    if 0.0 < a < inf and 0.0 < b < inf and 0.0 < x < 1.0:
        below = (x * (a + b + 1.0) < a + 0.5) | (b < 1.0) if i == j == 0 else x * (a + b) < a
        if below:
            return _beta_share(a, b, x, y, i, j)
        found = _beta_share(b, a, y, x, j, i)
        return 1.0 - found if i == j == 0 else -found
    valid = (a > 0.0) & (b > 0.0) & (a < inf) & (b < inf) & (x >= 0.0) & (x <= 1.0)
    return where(valid, x if i == j == 0 else 0.0, nan)


def _beta_density(a: float, b: float, x: float, i: int, j: int) -> Any:
    """The derivative of x**(a - 1) (1 - x)**(b - 1) / B(a, b)."""
    y = 1.0 - x
    if 0.0 < a < inf and 0.0 < b < inf and 0.0 < x < 1.0:
        return of_product(_times_b(b, _binomials(a, b, x, y, i, j)), _of_share(a, b, i, j)) / x / y
    edge = where(x == 0.0, a, b)
    at_edge = where(edge < 1.0, inf, where(edge == 1.0, where(x == 0.0, b, a), 0.0)) if i == j == 0 else 0.0
    return where((a > 0.0) & (b > 0.0) & (x >= 0.0) & (x <= 1.0), at_edge, nan)


SHARE = Interval(0.0, 1.0, special=(0.5, 0.875), transition=(0.01, 0.99))

beta_density: Primitive = primitive(
    "beta_density",
    internal=True,
    evaluate=lambda a, b, x, i, j: at_orders(_beta_density, (a, b, x), (i, j), most=63.0),
    partials=(
        lambda r, a, b, x, i, j: beta_density(a, b, x, i + 1.0, j),
        lambda r, a, b, x, i, j: beta_density(a, b, x, i, j + 1.0),
        lambda r, a, b, x, i, j: (
            (truediv(a - 1.0, x) - truediv(b - 1.0, 1.0 - x)) * r
            + where(i == 0.0, 0.0, truediv(i, x) * beta_density(a, b, x, fabs(i - 1.0), j))
            - where(j == 0.0, 0.0, truediv(j, 1.0 - x) * beta_density(a, b, x, i, fabs(j - 1.0)))
        ),
        0.0,
        0.0,
    ),
    domain=(SHAPE, SHAPE, SHARE, ORDER, ORDER),
    reference=to_enough_digits(
        lambda mp, a, b, x, i, j: differences(
            mp, lambda s, t: mp.power(x, s - 1) * mp.power(1 - x, t - 1) / mp.beta(s, t), a, b, whole(i), whole(j)
        )
    ),
    doc="""The derivative, i times by a and j times by b, of the beta distribution's x**(a - 1) (1 - x)**(b - 1) / B(a, b).
    >>> beta_density(1.0, 1.0, 0.0, 0.0, 0.0)
    1.0""",
)


betainc_slope: Primitive = primitive(
    "betainc_slope",
    internal=True,
    evaluate=lambda a, b, x, i, j: at_orders(_incomplete_beta, (a, b, x), (i, j), most=63.0),
    partials=(
        lambda r, a, b, x, i, j: betainc_slope(a, b, x, i + 1.0, j),
        lambda r, a, b, x, i, j: betainc_slope(a, b, x, i, j + 1.0),
        lambda r, a, b, x, i, j: beta_density(a, b, x, i, j),
        0.0,
        0.0,
    ),
    domain=(SHAPE, SHAPE, SHARE, ORDER, ORDER),
    reference=to_enough_digits(
        lambda mp, a, b, x, i, j: differences(
            mp, lambda s, t: _smaller_beta(mp, s, t, x, x * (a + b) < a), a, b, whole(i), whole(j)
        )
    ),
    doc="""The derivative of `betainc`, i times by a and j times by b.
    >>> betainc_slope(2.0, 3.0, 0.0, 1.0, 0.0)
    0.0""",
)


def _smaller_beta(mp: Any, a: Any, b: Any, x: Any, below: bool) -> Any:  # noqa: FBT001 - which one
    """I_x(a, b), or it less 1."""
    if below:
        return mp.betainc(a, b, 0, x, regularized=True)
    return -mp.betainc(b, a, 0, 1 - x, regularized=True)


betainc: Primitive = primitive(
    "betainc",
    evaluate=lambda a, b, x: _incomplete_beta(a, b, x, 0, 0),
    partials=(
        lambda r, a, b, x: betainc_slope(a, b, x, 1.0, 0.0),
        lambda r, a, b, x: betainc_slope(a, b, x, 0.0, 1.0),
        lambda r, a, b, x: beta_density(a, b, x, 0.0, 0.0),
    ),
    domain=(SHAPE, SHAPE, SHARE),
    reference=to_enough_digits(lambda mp, a, b, x: mp.betainc(a, b, 0, x, regularized=True)),
    doc="""I_x(a, b), the integral of t**(a - 1) (1 - t)**(b - 1) / B(a, b) from 0 to x: the beta distribution's (SciPy's name).

    Slopes to x, a and b; nan unless a and b are above 0, and x from 0 to 1.
    >>> betainc(1.0, 1.0, 0.25), betainc(2.0, 3.0, 1.0)
    (0.25, 1.0)""",
)
