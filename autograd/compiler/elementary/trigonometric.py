"""sin and cos as glibc has them since 2.28, from IBM's accurate library, on processors with FMA by FMA: up to 10**8.

Both are sin or cos of a number near 0, of which a second number says what rounding left: by a table at its nearest multiple of
1 / 128, and short polynomials for the rest.
"""

import functools
import itertools

from autograd.compiler.elementary.definition import elementary, fine, halfway
from autograd.compiler.elementary.lanes import Number, Word, exact, number_of, word_of

SIN = exact("-0x1.5555555555555p-3 0x1.1111111110ecep-7 -0x1.a01a019db08b8p-13 0x1.71de27b9a7ed9p-19 -0x1.addffc2fcdf59p-26")
SIN_OF_REST = -1.66666666666664880952546298448555e-01, 8.33333214285722277379541354343671e-03
COS_OF_REST = 0.5, -4.16666666666664434524222570944589e-02, 1.38888874007937613028114285595617e-03
NEAREST = 1.5 * 2.0**45  # a sum with it is a multiple of 1 / 128
WHOLE = 1.5 * 2.0**52
PER_RIGHT_ANGLE = float.fromhex("0x1.45f306dc9c883p-1")
RIGHT_ANGLE = exact("0x1.921fb54442d18p+0 0x1.1a62633145c07p-54")
MINUS_RIGHT_ANGLE = exact("-0x1.921fb58p+0 0x1.dde973cp-27 0x1.cb3b398p-55 0x1.d747f23e32ed7p-83")
ONE_BIT = number_of(1)
# where second numbers in glibc's table, found with fewer digits, are larger in their last digit, and by how much
OFF = {9: 1, 41: 1, 93: 39, 107: 1, 109: 1, 133: 1, 137: 1, 145: 1, 161: -2, 179: 1, 283: 1, 301: 1, 303: -2, 319: 1, 341: 1}
OFF |= {361: -2, 377: 1, 429: 1}


@elementary(
    (-1e8, 1e8),
    ((-1e8, 1e8), (-100.0, 100.0), (-8.0, 8.0), (-2.5, 2.5), (-0.9, 0.9), (-0.13, 0.13)),
    (
        *halfway(PER_RIGHT_ANGLE, 793, 8651, 9102, 57118321),
        *fine(-90949377591, -26853117704, 315937879, 601011928, 33849326278, 57454342313, 74085332971),
    ),
    "38d8809dee7816e5",
)
def sin(x: Number) -> Number:
    """The sine: near 0 of itself, then as a cosine of what is missing to a right angle, then of the rest by right angles."""
    a, da, n = _rest(x)
    near, middle = x.upper_below(0x3FEB6000), x.upper_below(0x400368FD)
    a = near.choose(x, middle.choose(RIGHT_ANGLE[0] - abs(x), a))
    da = near.choose(0.0, middle.choose(RIGHT_ANGLE[1], da))
    n = near.choose(0.0, middle.choose((x.word >> 62 & 2 | 1).number, n.number)).word
    return x.upper_below(0x3E500000).choose(x, _turned(a, da, n))


@elementary(
    (-1e8, 1e8),
    ((-1e8, 1e8), (-100.0, 100.0), (-8.0, 8.0), (-2.5, 2.5), (-0.9, 0.9), (1.44, 1.7)),
    (
        *halfway(PER_RIGHT_ANGLE, 2445, 3947, 7253, 59682461),
        *fine(-86150609656, -86139429549, -1761935537, -556302168, -171879764, 1784943120),
    ),
    "81ba8202e4066667",
)
def cos(x: Number) -> Number:
    """The cosine, likewise."""
    a, da, n = _rest(x)
    near, middle = x.upper_below(0x3FEB6000), x.upper_below(0x400368FD)
    missing = RIGHT_ANGLE[0] - abs(x)
    most = missing + RIGHT_ANGLE[1]
    a = near.choose(x, middle.choose(most, a))
    da = near.choose(0.0, middle.choose(missing - most + RIGHT_ANGLE[1], da))
    return _turned(a, da, near.choose(ONE_BIT, middle.choose(0.0, (n + 1).number)).word)


def _rest(x: Number) -> tuple[Number, Number, Word]:
    """What is left of a number by right angles, in two parts, and how many of these it has."""
    rounded = x.times(PER_RIGHT_ANGLE, WHOLE)
    n = rounded - WHOLE
    one, two, three, four = MINUS_RIGHT_ANGLE
    y = n.times(two, n.times(one, x))
    most = n.times(three, y)
    a = n.times(four, most)
    return a, n.times(three, y - most) + n.times(four, most - a), rounded.word


def _turned(a: Number, da: Number, n: Word) -> Number:
    """The sine of a + da and n right angles."""
    odd = n & 1
    is_sin = odd < 1
    near = abs(a) + NEAREST
    place = (near.word & 127) << 1
    rest = abs(a) - (near - NEAREST)
    d = (da.word ^ (a.word & 1 << 63)).number
    r, d = is_sin.choose(rest, rest + d), is_sin.choose(d, 0.0)
    square = r * r
    cube, line = r * square, square.times(SIN_OF_REST[1], SIN_OF_REST[0])
    s = is_sin.choose(cube.times(line, d) + r, cube.times(line, r))
    c = d.times(r, square.times(square.times(COS_OF_REST[2], COS_OF_REST[1]), COS_OF_REST[0]) * square)
    value, value_low = (word.number for word in a.f.pairs(table(), place + odd))
    slope, slope_low = ((word ^ (odd << 63)).number for word in a.f.pairs(table(), place + 1 - odd))
    found = value + s.times(slope, (-c).times(value, s.times(slope_low, value_low)))
    square = a * a
    series = square.times(square.times(square.times(square.times(SIN[4], SIN[3]), SIN[2]), SIN[1]), SIN[0])
    small = a + square.times(a.times(series, -(da * 0.5)), da)
    sine = (abs(a) < 0.126).choose(small, found.sign_of(a))
    return (is_sin.choose(sine, found).word ^ (n & 2) << 62).number


@functools.cache
def table() -> list[int]:
    """For each k the words of the sine of k / 128 and of its cosine, each as two numbers."""
    found, bits = list[int](), 256
    for k, first in itertools.product(range(110), (1, 0)):
        power, total, term = first, 0, (1 << bits) * k**first // 128**first
        while term:
            total += term
            power += 2
            term = -term * k * k // (128 * 128 * power * (power - 1))
        high = total / (1 << bits)
        found += [word_of(high), word_of((total - int(high * 2**64) * (1 << bits - 64)) / (1 << bits))]
    return [word + OFF.get(i, 0) for i, word in enumerate(found)]
