"""Bessel functions of whole order, as they are and scaled."""

import math
from functools import cache
from typing import Any

from autograd.definition import Interval, Primitive
from autograd.primitives import ORDER, c_pow, cos, exp, inf, nan, sign, sin, sqrt, where
from autograd.special.elementary import fabs
from autograd.special.shared import at_order, polynomial, to_enough_digits
from autograd.table import primitive

# ruff: noqa: ARG005 - a primitive's functions name all its operands, whichever they use

RIGHT_HALF = Interval(0.0, 60.0, special=(1.0,), transition=(0.01, 10.0))
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
    evaluate=lambda n, x: at_order(_bessel_j, x, n),
    partials=(0.0, lambda r, n, x: 0.5 * (where(n == 0.0, -1.0, 1.0) * jn(fabs(n - 1.0), x) - jn(n + 1.0, x))),
    domain=(ORDER, Interval(-60.0, 60.0)),
    reference=to_enough_digits(lambda mp, n, x: mp.besselj(int(n.real + 0.5), x)),
    doc="""Bessel function of the first kind J_n(x) of whole order n >= 0; slope (J_(n-1) - J_(n+1))/2 (SciPy's name).
    >>> jn(2.0, 0.0)
    0.0""",
)

j0: Primitive = primitive(
    "j0",
    evaluate=lambda x: _bessel_j(x, 0),
    partials=(lambda r, x: -j1(x),),
    domain=Interval(-60.0, 60.0),
    reference=to_enough_digits(lambda mp, x: mp.besselj(0, x)),
    doc="""Bessel function of the first kind of order 0; slope -j1(x) (SciPy's name).
    >>> j0(0.0)
    1.0""",
)

j1: Primitive = primitive(
    "j1",
    evaluate=lambda x: _bessel_j(x, 1),
    partials=(lambda r, x: 0.5 * (j0(x) - jn(2.0, x)),),
    domain=Interval(-60.0, 60.0),
    reference=to_enough_digits(lambda mp, x: mp.besselj(1, x)),
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
        return exp(-z) * polynomial(_kummer_coefficients(a, b), z / 64.0)
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
    return factor * _kummer(2.0 * x, 0.5, 1.0 + m)


def _i1e_part(x: float, m: int) -> Any:
    factor = 0.5
    for k in range(m):
        factor *= 2.0 * (k + 1.5) / (k + 3.0)
    return factor * _kummer(2.0 * x, 1.5, 3.0 + m)


def _part_reference(mp: Any, a: float, b: int, x: Any, m: int) -> Any:
    """(-1)**m times the m-th derivative of M(a, b, -2x)."""
    return 2**m * mp.rf(a, m) / mp.rf(b, m) * mp.hyp1f1(a + m, b + m, -2 * x)


i0e_part: Primitive = primitive(
    "i0e_part",
    internal=True,
    evaluate=lambda x, m: where(x < 0.0, nan, at_order(_i0e_part, x, m)),
    partials=(lambda r, x, m: -i0e_part(x, m + 1.0), 0.0),
    domain=(RIGHT_HALF, ORDER),
    reference=to_enough_digits(lambda mp, x, m: _part_reference(mp, 0.5, 1, x, int(m.real + 0.5))),
    doc="""For x >= 0, (-1)**m times the m-th derivative of `i0e`, which is positive; nan for x < 0.
    >>> i0e_part(0.0, 1.0)
    1.0""",
)

i1e_part: Primitive = primitive(
    "i1e_part",
    internal=True,
    evaluate=lambda x, m: where(x < 0.0, nan, at_order(_i1e_part, x, m)),
    partials=(lambda r, x, m: -i1e_part(x, m + 1.0), 0.0),
    domain=(RIGHT_HALF, ORDER),
    reference=to_enough_digits(lambda mp, x, m: _part_reference(mp, 1.5, 3, x, int(m.real + 0.5)) / 2),
    doc="""For x >= 0, (-1)**m times the m-th derivative of i1e(x)/x, which is positive; nan for x < 0.
    >>> i1e_part(0.0, 0.0)
    0.5""",
)

i0e: Primitive = primitive(
    "i0e",
    evaluate=lambda x: _bessel_i(x, 0),
    partials=(lambda r, x: -sign(x) * i0e_part(fabs(x), 1.0),),
    domain=Interval(-60.0, 60.0, special=(1.0, -1.0)),
    kink=lambda x: x == 0.0,
    torch="torch.special.i0e({})",
    reference=to_enough_digits(lambda mp, x: mp.besseli(0, x) * mp.exp(-abs(x))),
    doc="""exp(-abs x) I_0(x), I_0 the modified Bessel function of order 0; slope 0 at its kink (SciPy's name).
    >>> i0e(0.0)
    1.0""",
)

i1e: Primitive = primitive(
    "i1e",
    evaluate=lambda x: _bessel_i(x, 1),
    partials=(
        lambda r, x: where(
            (x < -1.75) | (x > 1.75),
            i0e_part(fabs(x), 2.0) - i0e_part(fabs(x), 1.0),
            i1e_part(fabs(x), 0.0) - fabs(x) * i1e_part(fabs(x), 1.0),
        ),
    ),
    domain=Interval(-60.0, 60.0, special=(1.0, -1.0)),
    kink=lambda x: x == 0.0,
    torch="torch.special.i1e({})",
    reference=to_enough_digits(lambda mp, x: mp.besseli(1, x) * mp.exp(-abs(x))),
    doc="""exp(-abs x) I_1(x), I_1 the modified Bessel function of order 1; slope 1/2 at 0 (SciPy's name).
    >>> i1e(0.0)
    0.0""",
)

iv: Primitive = primitive(
    "iv",
    evaluate=lambda n, x: at_order(_bessel_i, x, n) * exp(math.fabs(x)),
    partials=(0.0, lambda r, n, x: 0.5 * (iv(fabs(n - 1.0), x) + iv(n + 1.0, x))),
    domain=(ORDER, Interval(-60.0, 60.0)),
    reference=to_enough_digits(lambda mp, n, x: mp.besseli(int(n.real + 0.5), x)),
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
    reference=to_enough_digits(lambda mp, x: mp.besseli(0, x)),
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
    reference=to_enough_digits(lambda mp, x: mp.besseli(1, x)),
    doc="""Modified Bessel function of the first kind of order 1; slope (I_0 + I_2)/2 (SciPy's name).
    >>> i1(0.0)
    0.0""",
)
