"""tanh, expm1 and log1p as glibc has them from Sun's fdlibm, on processors with FMA by FMA.

By branches there, by choices here; where two formulas give the same, there is one.
"""

import math

from autograd.compiler.elementary.definition import elementary, fine
from autograd.compiler.elementary.lanes import Number, exact

LN2 = exact("0x1.62e42feep-1 0x1.a39ef35793c76p-33")
PER_LN2 = float.fromhex("0x1.71547652b82fep+0")
EXPM1 = (
    *(1.0, -3.33333333333331316428e-02, 1.58730158725481460165e-03),
    *(-7.93650757867487942473e-05, 4.00821782732936239552e-06, -2.01099218183624371326e-07),
)
LOG1P = (
    *(6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01),
    *(1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01),
)


def _power(k: Number) -> Number:
    """2.0**k, of integers."""
    return ((k + (1.5 * 2.0**52 + 1023.0)).word << 52).number


@elementary(
    (-math.inf, math.inf),
    ((-23.0, 23.0), (-5.0, 5.0), (-1.2, 1.2), (-0.2, 0.2)),
    fine(-911463912, -550108859, -548682756, -216407333, -183682859, -179311966, 129447707, 244676000),
    "cd9bc039fa9942c2",
)
def tanh(x: Number) -> Number:
    """The hyperbolic tangent, by expm1(2|x|), or expm1(-2|x|) below 1; it is 1 from 22 on."""
    size = (abs(x) < 22.0).choose(abs(x), 22.0)
    large = size >= 1.0
    y = expm1(size * large.choose(2.0, -2.0))
    share = large.choose(2.0, -y) / (y + 2.0)
    return large.choose(1.0 - share, share).sign_of(x)


@elementary(
    (-700.0, 700.0),
    ((-700.0, 700.0), (-50.0, 50.0), (-1.2, 1.2), (-0.2, 0.2)),
    fine(-1164343427, -1025488909, -391079375, -365666733, -352710854, 363847271, 379065394, 391994039, 1140241682),
    "46f8a280e8e30c49",
)
def expm1(x: Number) -> Number:
    """e**x - 1: that of r, where x is k * ln 2 + r, by a quotient of polynomials; then by what k is."""
    several = x.upper_below(0x3FF0A2B2).choose(1.0, abs(x) * PER_LN2 + 0.5).truncated()
    small = x.upper_below(0x3FD62E43)
    k = small.choose(0.0, several).sign_of(x)
    high, low = x - k * LN2[0], k * LN2[1]
    r = high - low
    lost = high - r - low
    half = 0.5 * r
    z = r * half
    square = z * z
    rest = square.times(z.times(EXPM1[3], EXPM1[2]), z.times(EXPM1[1], EXPM1[0]))
    rest = (square * square).times(z.times(EXPM1[5], EXPM1[4]), rest)
    t = half.times(-rest, 3.0)
    e = z * ((rest - t) / r.times(-t, 6.0))
    less = small.choose(r.times(e, -z), r.times(e - lost, -lost) - z)
    minus = less - r
    power, inverse = _power(k), _power(-k)
    far, once = (k <= -2.0) | (k >= 57.0), k <= -1.0
    most = far.choose(1.0, once.choose(0.0, 1.0 - inverse))
    found = (most - minus) * power - far.choose(1.0, once.choose(0.5, 0.0))
    found = ((k >= 20.0) & (k <= 56.0)).choose((r - (less + inverse) + 1.0) * power, found)
    near = (r < -0.25).choose(-2.0 * (less - (r + 0.5)), 1.0 + 2.0 * (r - less))
    return ((k >= 1.0) & (k <= 1.0)).choose(near, found).sign_of(x)


@elementary(
    (2.0**-53 - 1.0, 2.0**52),
    ((0.0, 1e15), (0.0, 1000.0), (-0.999, 3.0), (-0.3, 0.5), (-1e-8, 1e-8), (1.0 - 1e-6, 1.0 + 1e-6)),
    fine(-691007599, -314638259, 382231332, 394331129, 445234303),
    "54929782ee3e4d8d",
)
def log1p(x: Number) -> Number:
    """log(1 + x): k * ln 2 + log(1 + f), where 1 + x, and what rounding leaves of it, is 2**k * (1 + f)."""
    direct = x.upper_below(0x3FD2BEC4) | (x.upper_below(0x3FDA827A) & (x >= 0.0))
    u = 1.0 + x
    digits = u.word & (1 << 52) - 1
    lower = digits < 0x6A09E << 32
    scaled = (digits | 0x3FF << 52).number
    f = direct.choose(x, lower.choose(scaled, scaled * 0.5) - 1.0)
    k = direct.choose(0.0, u.word.exponent() - lower.choose(1023.0, 1022.0))
    lost = (u < 2.0).choose(x - (u - 1.0), 1.0 - (u - x)) / u
    low = k.times(LN2[1], direct.choose(0.0, lost))
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    square = z * z
    fourth = square * square
    rest = z.times(LOG1P[0], square * z.times(LOG1P[2], LOG1P[1]))
    rest = (square * fourth).times(z.times(LOG1P[6], LOG1P[5]), fourth.times(z.times(LOG1P[4], LOG1P[3]), rest))
    usual = half - (s * (half + rest) + low)
    is_small = digits + (3 << 32) & (1 << 52) - 1 < 4 << 32
    minus = direct.choose(usual, is_small.choose(half * f.times(-2.0 / 3.0, 1.0) - low, usual))
    return x.upper_below(0x3E200000).choose(x - x * x * 0.5, k.times(LN2[0], f - minus))
