"""The gamma function's logarithm and its derivatives."""

import math
from typing import Any

from autograd.definition import Interval, Primitive
from autograd.primitives import ORDER, c_pow, cos, inf, log, log1p, nan, sin, truediv, where
from autograd.special.elementary import floor
from autograd.special.shared import LOG_SQRT_2_PI, polynomial, to_enough_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

LOG_PI = math.log(math.pi)
EULER = 0.5772156649015329

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
NEAR_2 = (*[zeta / k for zeta, k in zip(_ZETAS, range(32, 1, -1), strict=True)], 1.0 - EULER, 0.0)
STIRLING = tuple([b / ((2 * k + 2) * (2 * k + 1)) for k, b in reversed([*enumerate(_BERNOULLI)])])
ASYMPTOTIC = tuple([b / (2 * k + 2) for k, b in reversed([*enumerate(_BERNOULLI)])])
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
        return (polynomial(NEAR_2, x) - log1p(x)) - log(x)
    if x < 1.5:
        return polynomial(NEAR_2, x - 1.0) - log1p(x - 1.0)
    if x < LARGE:
        base, product = _steps_down(x, 1.0, lambda total, y: total * y)
        return polynomial(NEAR_2, base - 2.0) + log(product)
    return (x - 0.5) * (log(x) - 1.0) + (LOG_SQRT_2_PI - 0.5 + polynomial(STIRLING, 1.0 / x / x) / x)


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
        return (polynomial(_ZETAS, x) * x + (1.0 - EULER) - 1.0 / (1.0 + x)) - truediv(1.0, x)
    if x < 1.5:
        y = x - 1.0
        return (polynomial(_ZETAS, y) * y + (1.0 - EULER)) - 1.0 / x
    if x < LARGE:
        base, total = _steps_down(x, 0.0, lambda total, y: total + 1.0 / y)
        y = base - 2.0
        return (polynomial(_ZETAS, y) * y + (1.0 - EULER)) + total
    square = 1.0 / x / x
    return log(x) - (0.5 / x + polynomial(ASYMPTOTIC, square) * square)


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
        terms.append(OVER_FACTORIALS[j] * factor)
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


OVER_FACTORIALS = tuple([b / math.factorial(2 * k + 2) for k, b in enumerate(_BERNOULLI)])

lgamma: Primitive = primitive(
    "lgamma",
    evaluate=_lgamma,
    partials=(lambda r, x: digamma(x),),
    domain=Interval(0.0, 1e8, special=(0.5, 1.25, 1.5, 3.0), transition=(0.01, 12.0)),
    reference=to_enough_digits(lambda mp, x: mp.loggamma(x)),
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
    reference=to_enough_digits(lambda mp, x: mp.psi(0, x)),
    torch="torch.digamma({})",
    doc="""Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x).
    >>> digamma(1.0)
    -0.5772156649015329""",
)

psi = digamma

polygamma: Primitive = primitive(
    "polygamma",
    evaluate=_polygamma,
    partials=(0.0, lambda r, n, x: polygamma(n + 1.0, x)),
    domain=(ORDER, Interval(0.0, 1e8, special=(0.5, 1.25, 1.5, 3.0), transition=(0.01, 12.0))),
    reference=to_enough_digits(lambda mp, n, x: mp.psi(int(n.real + 0.5), x)),
    doc="""The derivative of `digamma` of order n, a whole number up to 30, for x > 0, else nan; slope to x polygamma(n + 1, x).
    >>> polygamma(1.0, 1.0) == math.pi**2 / 6.0
    True""",
)
