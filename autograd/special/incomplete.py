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
from autograd.special.betas import LARGE, digamma_rise, gamma_of_next, stirling
from autograd.special.elementary import fabs
from autograd.special.gammas import ASYMPTOTIC, digamma, polygamma
from autograd.special.shared import at_order, polynomial, to_260_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

Table = list[list[Any]]
"""The derivatives of a function of two parameters: [i][j] is that by the first i times and by the second j times."""

STEP = 0.125
_POINTS = [math.exp(-math.exp(-k * STEP) + k * STEP) for k in range(-30, 53)]
_WEIGHTS = [STEP * (1.0 + math.exp(-k * STEP)) * s for k, s in zip(range(-30, 53), _POINTS, strict=True)]
NODES = tuple(zip(_POINTS, _WEIGHTS, strict=True))


def _moments(scale: float, at: Callable[[float], tuple[Any, Any, Any]], i: int, j: int) -> Table:
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


def _of_exponential(value: float, slope: Callable[[int, int], Any], i: int, j: int) -> Table:
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


def _of_product(f: Table, g: Table) -> Any:
    """The last derivative of a product, by Leibniz's rule."""
    i, j = len(f) - 1, len(f[0]) - 1
    total = 0.0
    for k in range(i + 1):
        for m in range(j + 1):
            total = total + math.comb(i, k) * math.comb(j, m) * f[k][m] * g[i - k][j - m]
    return total


def _differences(mp: Any, f: Any, a: Any, b: Any, i: int, j: int) -> Any:
    """A derivative for references, by central differences with steps of 1e-30: right to some 60 digits."""
    h = mp.mpf(10) ** -30
    total = mp.zero
    for k in range(i + 1):
        for m in range(j + 1):
            sign = (-1) ** (k + m) * math.comb(i, k) * math.comb(j, m)
            total += sign * f(a + (mp.mpf(i) / 2 - k) * h, b + (mp.mpf(j) / 2 - m) * h)
    return total / h ** (i + j)


def _whole(n: Any) -> int:
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


def _gamma_factors(a: float, x: float, n: int) -> list[Any]:
    """The derivatives by a of x**a exp(-x) / Gamma(a + 1), up to the n-th."""

    def slope(k: int, _: int) -> Any:
        """Those of its logarithm; log(a) - digamma(a + 1) by its asymptotic series where log(x) would cancel."""
        if k > 1:
            return -polygamma(k - 1.0, a + 1.0)
        large = where(a < LARGE, LARGE, a)
        square = 1.0 / large / large
        near = log1p((x - large) / large) + (polynomial(ASYMPTOTIC, square) * square - 0.5 / large)
        return where((a < LARGE) | (fabs(x - a) > 0.5 * a), log(x) - digamma(a + 1.0), near)

    return [row[0] for row in _of_exponential(_gamma_factor(a, x), slope, n, 0)]


def _times_a(a: float, f: list[Any]) -> list[Any]:
    """The derivatives of a f(a), by those of f."""
    return [a * f[k] + (k * f[k - 1] if k else 0.0) for k in range(len(f))]


def _lower(a: float, x: float, n: int) -> Any:
    """P(a, x) = c(a) + P(a + 1, x), c the factor."""
    scale = truediv(1.0, fabs(a + 1.0 - x) + sqrt(x))
    integrals = _moments(scale, lambda s: (x * exp(-(a + 1.0) * s - x * expm1(-s)), -s, 0.0), n, 0)
    integrals[0][0] = 1.0 + integrals[0][0]
    return _of_product([[f] for f in _gamma_factors(a, x, n)], integrals)


def _upper(a: float, x: float, n: int) -> Any:
    """Q(a, x), its integral over t = x + s."""
    scale = where(x < 1.0, sqrt(x), x / (where(x > a, x - a, 0.0) + sqrt(x)))

    def at(s: float) -> tuple[Any, Any, Any]:
        above = log1p(s / x)
        return exp((a - 1.0) * above - s) / x, above, 0.0

    return _of_product([[f] for f in _times_a(a, _gamma_factors(a, x, n))], _moments(scale, at, n, 0))


def _incomplete_gamma(a: float, x: float, n: int, *, upper: bool) -> Any:
    """The n-th derivative by a of P(a, x), or of Q: of these two the smaller one, and for n = 0 and a < 1 the one asked for."""
    if (a > 0.0) & (x > 0.0) & (a < inf) & (x < inf):
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
    if (a > 0.0) & (x > 0.0) & (a < inf) & (x < inf):
        return _times_a(a, _gamma_factors(a, x, n))[n] / x
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
    reference=to_260_digits(
        lambda mp, a, x, n: _differences(
            mp, lambda t, _: mp.power(x, t - 1) * mp.exp(-x) / mp.gamma(t), a, mp.zero, _whole(n), 0
        )
    ),
    doc="""The derivative by a, n times, of the gamma distribution's density x**(a - 1) exp(-x) / Gamma(a).
    >>> gamma_density(1.0, 0.0, 0.0)
    1.0""",
)


def _smaller_gamma(mp: Any, t: Any, x: Any, a: Any) -> Any:
    """P(t, x) or -Q(t, x), whichever is smaller at a: they differ by 1."""
    return mp.gammainc(t, 0, x, regularized=True) if x < a else -mp.gammainc(t, x, mp.inf, regularized=True)


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
    reference=to_260_digits(
        lambda mp, a, x, n: _differences(mp, lambda t, _: _smaller_gamma(mp, t, x, a), a, mp.zero, _whole(n), 0)
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
    reference=to_260_digits(lambda mp, a, x: mp.gammainc(a, 0, x, regularized=True)),
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
    reference=to_260_digits(lambda mp, a, x: mp.gammainc(a, x, mp.inf, regularized=True)),
    doc="""Q(a, x) = 1 - P(a, x), which keeps its digits where P is nearly 1 (SciPy's name); see `gammainc`.
    >>> gammaincc(1.0, 0.0), gammaincc(1.0, 100.0) == exp(-100.0)
    (1.0, True)""",
)

# --- the incomplete beta function -------------------------------------------------------------------------------------


def _binomial(a: float, b: float, x: float, y: float) -> Any:
    """x**a y**b Gamma(a + b + 1) / (Gamma(a + 1) Gamma(b + 1)) for x + y = 1."""
    n = a + b
    if (a < LARGE) & (b < LARGE):
        return c_pow(x, a) * c_pow(y, b) * (gamma_of_next(n) / gamma_of_next(a) / gamma_of_next(b))
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


def _binomials(a: float, b: float, x: float, y: float, i: int, j: int) -> Table:
    """Its derivatives by a and b."""

    def slope(k: int, m: int) -> Any:
        if k == 1 and m == 0:
            return where(x < 0.5, log(x), log1p(-y)) + digamma_rise(0.0, a + 1.0, b)
        if k == 0 and m == 1:
            return where(y < 0.5, log(y), log1p(-x)) + digamma_rise(0.0, b + 1.0, a)
        order = k + m - 1.0
        if k and m:
            return polygamma(order, a + b + 1.0)
        return digamma_rise(order, a + 1.0, b) if k else digamma_rise(order, b + 1.0, a)

    return _of_exponential(_binomial(a, b, x, y), slope, i, j)


def _times_b(b: float, f: Table) -> Table:
    """The derivatives of b f(a, b), by those of f."""
    return [_times_a(b, row) for row in f]


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

    integrals = _times_b(b, _moments(scale, at, i, j))
    first = _of_share(b, a, j, i)
    terms = [[first[m][k] + integrals[k][m] for m in range(j + 1)] for k in range(i + 1)]
    return _of_product(_binomials(a, b, x, y, i, j), terms)


def _incomplete_beta(a: float, b: float, x: float, i: int, j: int) -> Any:
    """The derivative of I_x(a, b): where that is the larger part, of -I_(1 - x)(b, a), from which it differs by 1."""
    y = 1.0 - x
    if (a > 0.0) & (b > 0.0) & (x > 0.0) & (x < 1.0) & (a < inf) & (b < inf):
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
    if (a > 0.0) & (b > 0.0) & (x > 0.0) & (x < 1.0) & (a < inf) & (b < inf):
        return _of_product(_times_b(b, _binomials(a, b, x, y, i, j)), _of_share(a, b, i, j)) / x / y
    edge = where(x == 0.0, a, b)
    at_edge = where(edge < 1.0, inf, where(edge == 1.0, where(x == 0.0, b, a), 0.0)) if i == j == 0 else 0.0
    return where((a > 0.0) & (b > 0.0) & (x >= 0.0) & (x <= 1.0), at_edge, nan)


def _at_orders(function: Any, a: float, b: float, x: float, i: float, j: float) -> Any:
    return at_order(lambda c, k: at_order(lambda d, m: function(c, d, x, k, m), b, j), a, i)


SHARE = Interval(0.0, 1.0, special=(0.5, 0.875), transition=(0.01, 0.99))

beta_density: Primitive = primitive(
    "beta_density",
    internal=True,
    evaluate=lambda a, b, x, i, j: _at_orders(_beta_density, a, b, x, i, j),
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
    reference=to_260_digits(
        lambda mp, a, b, x, i, j: _differences(
            mp, lambda s, t: mp.power(x, s - 1) * mp.power(1 - x, t - 1) / mp.beta(s, t), a, b, _whole(i), _whole(j)
        )
    ),
    doc="""The derivative, i times by a and j times by b, of the beta distribution's x**(a - 1) (1 - x)**(b - 1) / B(a, b).
    >>> beta_density(1.0, 1.0, 0.0, 0.0, 0.0)
    1.0""",
)


betainc_slope: Primitive = primitive(
    "betainc_slope",
    internal=True,
    evaluate=lambda a, b, x, i, j: _at_orders(_incomplete_beta, a, b, x, i, j),
    partials=(
        lambda r, a, b, x, i, j: betainc_slope(a, b, x, i + 1.0, j),
        lambda r, a, b, x, i, j: betainc_slope(a, b, x, i, j + 1.0),
        lambda r, a, b, x, i, j: beta_density(a, b, x, i, j),
        0.0,
        0.0,
    ),
    domain=(SHAPE, SHAPE, SHARE, ORDER, ORDER),
    reference=to_260_digits(
        lambda mp, a, b, x, i, j: _differences(
            mp, lambda s, t: _smaller_beta(mp, s, t, x, x * (a + b) < a), a, b, _whole(i), _whole(j)
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
    reference=to_260_digits(lambda mp, a, b, x: mp.betainc(a, b, 0, x, regularized=True)),
    doc="""I_x(a, b), the integral of t**(a - 1) (1 - t)**(b - 1) / B(a, b) from 0 to x: the beta distribution's (SciPy's name).

    Slopes to x, a and b; nan unless a and b are above 0, and x from 0 to 1.
    >>> betainc(1.0, 1.0, 0.25), betainc(2.0, 3.0, 1.0)
    (0.25, 1.0)""",
)
