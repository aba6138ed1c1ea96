"""The incomplete gamma and beta functions, with all derivatives, those by their parameters too.

Each is a product. The first factor has a logarithm whose derivatives are known: those of log Gamma. The second is an integral
of a positive function over s = -log(t/x) from 0 to inf; each derivative by a parameter puts a logarithm under the integral.
It is summed by the double exponential rule for integrands that decay exponentially (Takahasi and Mori, 1974): at equal steps
of u, where s = exp(u - exp(-u)). With 83 points that is right to the last digits.
"""

import math
from collections.abc import Callable
from typing import Any

from autograd.definition import Interval, Primitive
from autograd.primitives import ORDER, SQRT_2_PI, c_pow, exp, expm1, inf, log, log1p, nan, sqrt, truediv, where
from autograd.special.betas import LARGE, gamma_of_next, stirling
from autograd.special.elementary import fabs
from autograd.special.gammas import ASYMPTOTIC, digamma, polygamma
from autograd.special.shared import at_order, polynomial, to_enough_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

Table = list[list[Any]]
"""The derivatives of a function of two parameters: [i][j] is that by the first i times and by the second j times."""

STEP = 0.125
_POINTS = [math.exp(-math.exp(-k * STEP) + k * STEP) for k in range(-30, 53)]
_WEIGHTS = [STEP * (1.0 + math.exp(-k * STEP)) * s for k, s in zip(range(-30, 53), _POINTS, strict=True)]
NODES = tuple(zip(_POINTS, _WEIGHTS, strict=True))


def moments(scale: float, at: Callable[[float], tuple[Any, Any, Any]], i: int, j: int) -> Table:
    """The integral of f p**k q**l from 0 to inf for all k up to i and l up to j, where at(s) gives f, p and q."""
    totals: Table = [[0.0] * (j + 1) for _ in range(i + 1)]
    for s, weight in NODES:
        f, p, q = at(scale * s)
        part = scale * weight * f
        for k in range(i + 1):
            term = part
            for m in range(j + 1):
                totals[k][m] = totals[k][m] + term
                term = term * q
            part = part * p
    return totals


def of_exponential(value: float, slope: Callable[[int, int], Any], i: int, j: int) -> Table:
    """The derivatives of exp(g), of which `value` is the value, by those of g."""
    found: Table = [[0.0] * (j + 1) for _ in range(i + 1)]
    found[0][0] = value
    for m in range(j):
        for q in range(m + 1):
            found[0][m + 1] = found[0][m + 1] + math.comb(m, q) * slope(0, q + 1) * found[0][m - q]
    for k in range(i):
        for m in range(j + 1):
            for p in range(k + 1):
                for q in range(m + 1):
                    term = math.comb(k, p) * math.comb(m, q) * slope(p + 1, q) * found[k - p][m - q]
                    found[k + 1][m] = found[k + 1][m] + term
    return found


def of_product(f: Table, g: Table) -> Any:
    """The last derivative of a product, by Leibniz's rule."""
    i, j = len(f) - 1, len(f[0]) - 1
    total = 0.0
    for k in range(i + 1):
        for m in range(j + 1):
            total = total + math.comb(i, k) * math.comb(j, m) * f[k][m] * g[i - k][j - m]
    return total


def differences(mp: Any, f: Any, a: Any, b: Any, i: int, j: int) -> Any:
    """A derivative for references, by central differences with steps of 1e-30: right to some 60 digits."""
    h = mp.mpf(10) ** -30
    total = mp.mpf(0)
    for k in range(i + 1):
        for m in range(j + 1):
            sign = (-1) ** (k + m) * math.comb(i, k) * math.comb(j, m)
            total += sign * f(a + (mp.mpf(i) / 2 - k) * h, b + (mp.mpf(j) / 2 - m) * h)
    return total / h ** (i + j)


def whole(n: Any) -> int:
    """A whole number that a reference gets as an mpmath number."""
    return int(n.real + 0.5)


# --- the incomplete gamma function ------------------------------------------------------------------------------------


def _gamma_factor(a: float, x: float) -> Any:
    """x**a exp(-x) / Gamma(a + 1)."""
    if a < LARGE:
        near = where(x < 1e5, x, 1e5)
        half = exp(-0.5 * near)
        power = c_pow(near, a)
        return where(x < 700.0, power * exp(-near), power * half * half) / gamma_of_next(a)
    off = (x - a) / a
    bend = where(fabs(off) < 0.5, log1p(off), log(x / a)) - off
    return exp(a * bend - stirling(a)) / (SQRT_2_PI * sqrt(a))


def beyond_log(a: float) -> Any:
    """digamma(a + 1) - log(a), for a from 10 on."""
    square = 1.0 / a / a
    return 0.5 / a - polynomial(ASYMPTOTIC, square) * square


def _gamma_factors(a: float, x: float, n: int) -> list[Any]:
    """The derivatives by a of x**a exp(-x) / Gamma(a + 1), up to the n-th."""

    def slope(k: int, _: int) -> Any:
        """Those of its logarithm; log(a) - digamma(a + 1) by its asymptotic series where log(x) would cancel."""
        if k > 1:
            return -polygamma(k - 1.0, a + 1.0)
        large = where(a < LARGE, LARGE, a)
        near = log1p((x - large) / large) - beyond_log(large)
        return where((a < LARGE) | (fabs(x - a) > 0.5 * a), log(x) - digamma(a + 1.0), near)

    return [row[0] for row in of_exponential(_gamma_factor(a, x), slope, n, 0)]


def times_a(a: float, f: list[Any]) -> list[Any]:
    """The derivatives of a f(a), by those of f."""
    return [a * f[k] + (k * f[k - 1] if k else 0.0) for k in range(len(f))]


def _lower(a: float, x: float, n: int) -> Any:
    """P(a, x) = c(a) + P(a + 1, x), c the factor."""
    scale = truediv(1.0, fabs(a + 1.0 - x) + sqrt(x))
    integrals = moments(scale, lambda s: (x * exp(-(a + 1.0) * s - x * expm1(-s)), -s, 0.0), n, 0)
    integrals[0][0] = 1.0 + integrals[0][0]
    return of_product([[f] for f in _gamma_factors(a, x, n)], integrals)


def _upper(a: float, x: float, n: int) -> Any:
    """Q(a, x), its integral over t = x + s."""
    scale = where(x < 1.0, sqrt(x), x / (where(x > a, x - a, 0.0) + sqrt(x)))

    def at(s: float) -> tuple[Any, Any, Any]:
        above = log1p(s / x)
        return exp((a - 1.0) * above - s) / x, above, 0.0

    return of_product([[f] for f in times_a(a, _gamma_factors(a, x, n))], moments(scale, at, n, 0))


def _incomplete_gamma(a: float, x: float, n: int, *, upper: bool) -> Any:
    """The n-th derivative by a of P(a, x), or of Q: of these two the smaller one, and for n = 0 and a < 1 the one asked for."""
    if 0.0 < a < inf and 0.0 < x < inf:  # constants outside the domain skip the integral, so that no trace has it
        below = x < a + 0.5
        if upper and n == 0:
            below = below & (a >= 1.0)
        if below:
            found = _lower(a, x, n)
            return found if not upper else 1.0 - found if n == 0 else -found
        found = _upper(a, x, n)
        return found if upper else 1.0 - found if n == 0 else -found
    valid = (a >= 0.0) & (x >= 0.0) & ((a < inf) | (x < inf)) & ((a > 0.0) | (x > 0.0))
    one = (a == 0.0) | (x == inf)
    return where(valid, where(one, 0.0 if upper else 1.0, 1.0 if upper else 0.0) if n == 0 else 0.0, nan)


def _gamma_density(a: float, x: float, n: int) -> Any:
    """The n-th derivative by a of x**(a - 1) exp(-x) / Gamma(a)."""
    if 0.0 < a < inf and 0.0 < x < inf:  # constants outside the domain skip the integral, so that no trace has it
        return times_a(a, _gamma_factors(a, x, n))[n] / x
    at_0 = where(a < 1.0, inf, where(a == 1.0, 1.0, 0.0)) if n == 0 else 0.0
    return where((a > 0.0) & (x >= 0.0), where(x == 0.0, at_0, 0.0), nan)


SHAPE = Interval(0.01, 100.0, special=(0.5, 12.0), transition=(0.1, 20.0))

gamma_density: Primitive = primitive(
    "gamma_density",
    internal=True,
    evaluate=lambda a, x, n: at_order(lambda b, k: _gamma_density(b, x, k), a, n),
    partials=(
        lambda r, a, x, n: gamma_density(a, x, n + 1.0),
        lambda r, a, x, n: (
            (truediv(a - 1.0, x) - 1.0) * r + where(n == 0.0, 0.0, truediv(n, x) * gamma_density(a, x, fabs(n - 1.0)))
        ),
        0.0,
    ),
    domain=(SHAPE, SHAPE, ORDER),
    reference=to_enough_digits(
        lambda mp, a, x, n: differences(
            mp, lambda t, _: mp.power(x, t - 1) * mp.exp(-x) / mp.gamma(t), a, mp.mpf(0), whole(n), 0
        )
    ),
    doc="""The derivative by a, n times, of the gamma distribution's density x**(a - 1) exp(-x) / Gamma(a).
    >>> gamma_density(1.0, 0.0, 0.0)
    1.0""",
)


def _smaller_gamma(mp: Any, t: Any, x: Any, a: Any) -> Any:
    """P(t, x) or -Q(t, x), whichever is smaller at a: they differ by 1."""
    return mp.gammainc(t, 0, x, regularized=True) if x < a else -mp.gammainc(t, x, mp.mpf("inf"), regularized=True)


gammainc_slope: Primitive = primitive(
    "gammainc_slope",
    internal=True,
    evaluate=lambda a, x, n: at_order(lambda b, k: _incomplete_gamma(b, x, k, upper=False), a, n),
    partials=(
        lambda r, a, x, n: gammainc_slope(a, x, n + 1.0),
        lambda r, a, x, n: gamma_density(a, x, n),
        0.0,
    ),
    domain=(SHAPE, SHAPE, ORDER),
    reference=to_enough_digits(
        lambda mp, a, x, n: differences(mp, lambda t, _: _smaller_gamma(mp, t, x, a), a, mp.mpf(0), whole(n), 0)
    ),
    doc="""The derivative of `gammainc` by a, n times.
    >>> -0.5 < gammainc_slope(1.0, 1.0, 1.0) < -0.4
    True""",
)

gammainc: Primitive = primitive(
    "gammainc",
    evaluate=lambda a, x: _incomplete_gamma(a, x, 0, upper=False),
    partials=(lambda r, a, x: gammainc_slope(a, x, 1.0), lambda r, a, x: gamma_density(a, x, 0.0)),
    domain=(SHAPE, SHAPE),
    reference=to_enough_digits(lambda mp, a, x: mp.gammainc(a, 0, x, regularized=True)),
    doc="""P(a, x), the integral of t**(a - 1) exp(-t) / Gamma(a) from 0 to x (SciPy's name): the gamma distribution's.

    Slopes to x and to a; nan unless a and x are 0 or more.
    >>> gammainc(1.0, 0.0), fabs(gammainc(1.0, 2.0) + expm1(-2.0)) < 1e-15
    (0.0, True)""",
)

gammaincc: Primitive = primitive(
    "gammaincc",
    evaluate=lambda a, x: _incomplete_gamma(a, x, 0, upper=True),
    partials=(lambda r, a, x: -gammainc_slope(a, x, 1.0), lambda r, a, x: -gamma_density(a, x, 0.0)),
    domain=(SHAPE, SHAPE),
    reference=to_enough_digits(lambda mp, a, x: mp.gammainc(a, x, mp.mpf("inf"), regularized=True)),
    doc="""Q(a, x) = 1 - P(a, x), which keeps its digits where P is nearly 1 (SciPy's name); see `gammainc`.
    >>> gammaincc(1.0, 0.0), 3.7e-44 < gammaincc(1.0, 100.0) < 3.8e-44
    (1.0, True)""",
)
