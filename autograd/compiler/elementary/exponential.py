"""exp and log as glibc computes them since 2.28, on processors with FMA: by tables of 128 numbers and polynomials.

Their source is Szabolcs Nagy's code in ARM's optimized routines. What a table has follows from mathematics, except where its
author chose numbers near the middles of its parts.
"""

import math
import sys

from autograd.compiler.elementary.definition import elementary, fine, halfway
from autograd.compiler.elementary.lanes import Number, exact, number_of, word_of

EXP_STEPS = 128 / math.log(2.0)
EXP_ROUND = 1.5 * 2.0**52  # a sum with it has no digits behind the point
EXP_STEP = exact("-0x1.62e42fefa0000p-8 -0x1.cf79abc9e3b39p-47")  # -ln 2 / 128
EXP = exact("0x1.ffffffffffdbdp-2 0x1.555555555543cp-3 0x1.55555cf172b91p-5 0x1.1111167a4d017p-7")
BETWEEN = 367, 630, 696, 3226, 7154, 10475, 47949, 89331, 2050, -289, -1384, -2843, -5509, -6337, -20410, -66580, -76552


@elementary(
    (-511.0, 511.0),
    ((-511.0, 511.0), (-20.0, 20.0), (-2.0, 2.0), (-0.1, 0.1)),
    (*halfway(EXP_STEPS, *BETWEEN), *fine(-7823913114, -7115251767, -3559818077, -2340999647)),
    "1d965434373c72d8",
)
def exp(x: Number) -> Number:
    """The exponential: 2**(k/128) * e**r, where k is x * 128 / ln 2 rounded, and r the rest; the first by the table."""
    rounded = x.times(EXP_STEPS, EXP_ROUND)
    k, whole = rounded.word, rounded - EXP_ROUND
    r = whole.times(EXP_STEP[1], whole.times(EXP_STEP[0], x))
    tail, power = x.f.pairs(exp_table(), k & 127)
    scale = (power + (k << 45)).number
    square = r * r
    low = r.times(EXP[1], EXP[0]).times(square, tail.number + r)
    return scale.times((square * square).times(r.times(EXP[3], EXP[2]), low), scale)


def exp_table() -> list[int]:
    """For each k the words of 2**(k/128): as a share what rounding it leaves; the rounded number, less k in its exponent."""
    one = 1 << 256
    root = 2 * one
    for _ in range(7):
        root = math.isqrt(root * one)
    found, power = [], one
    for k in range(128):
        near = power / one
        rounded = int(near * 2.0**52) << 204
        found += [word_of((power - rounded) / rounded), word_of(near) - (k << 45)]
        power = power * root // one
    return found


LN2 = exact("0x1.62e42fefa3800p-1 0x1.ef35793c76730p-45")
LOG_START = 0x3FE6000000000000  # the bits of 0.6875: the table has 128 parts of there to twice as much
NEAR_1 = word_of(1.0 - 2.0**-4), word_of(1.0 + 265 * 2.0**-12)
LOG = exact("-0x1.0000000000001p-1 0x1.555555551305bp-2 -0x1.fffffffeb4590p-3 0x1.999b324f10111p-3 -0x1.55575e506c89fp-3")
LOG_NEAR = exact(
    "0x1.5555555555577p-2 -0x1.ffffffffffdcbp-3 0x1.999999995dd0cp-3 -0x1.55555556745a7p-3 0x1.24924a344de30p-3"
    " -0x1.fffffa4423d65p-4 0x1.c7184282ad6cap-4 -0x1.999eb43b068ffp-4 0x1.78182f7afd085p-4 -0x1.5521375d145cdp-4"
)
# how far the reciprocals in the table lie above those of the parts' middles, plus 2**30: their logarithms are nearly round
LOG_APART = (
    "3e9ee0123c906d16320855893891c41c41229a9438a63bfa2220db095469d436320463e6436c2d805e9d2e5031a449aa4513964d41b54dce"
    "50ee5127546b18f13bebfc952b5e40383aa0f91a2457923c5101fbf422d213e7566a244042d33bb426bfcca53071a18a5408960d5ab79faa"
    "49308f4b5ab24f884e60d72326ed97d632fb12963a39c77433bb342e2a0e0bea2b6dc0fa2195ad2a5cb721934c7a3730599726f640ec5931"
    "5a5dc61927185aa6445cb08b5eb5d3a85e473a9844fe7e0b53b1a7e049092e8c5683eb4c4bd1dc894ccd8fbf2b611aac553a9e234cd86c06"
    "324c0918382644e24cd3e632244fffd92c298a1456fe8b282823392e4f456d0b5c83242f549b461147a83fbd4cf706e7365756a951974a1c"
    "31f08fd93bdd81fd45953e192fbc7c1e457a83a641bac7cb4f6e65ad570208c03198f9114413b115570719fa585ff06243e0bd7938cba318"
    "4b4b85e53e11afc03d05bbb7492e7f422b5eba3848d79dce285e11792685ea1c4662838322266d074ca5ad1b523b7e2b2c500e7e3a8cff70"
    "406659b450535846216d4b05223050275cf181bd2f440da6465e5f2041d851a52ea2774e27a0e94148e62e87399252b74d6fd3ee5b72a0b6"
    "25090d3022c0d3c75e4c1b525d65c211540ea05e5f69014224bd39722d6285422a3b93f426e299b55593ea5a5286540c25aeb4313be0ec37"
    "207c404a59d49d9f"
)


@elementary(
    (2.0**-1022, sys.float_info.max),
    ((0.0, 1e300), (0.0, 1e-300), (0.0, 1000.0), (0.5, 4.0), (0.9375, 1.0647), (0.99, 1.01)),
    fine(549731840, 1010733690, 1011037636, 1014817650, 1015468525, 2264741007),
    "8cee71f67bbb4619",
)
def log(x: Number) -> Number:
    """The logarithm: that of 2**k * c * (1 + r), where c is near x / 2**k, which lies in the range of the table."""
    word = x.word
    above = word - LOG_START
    inverse, log_c = x.f.pairs(log_table(), above >> 45 & 127)
    z, k = (word - (above & 0xFFF << 52)).number, above.exponent()
    r = z.times(inverse.number, -1.0)
    most = k.times(LN2[0], log_c.number)
    high = most + r
    low = k.times(LN2[1], most - high + r)
    square = r * r
    rest = r.times(LOG[4], LOG[3]).times(square, r.times(LOG[2], LOG[1]))
    far = (r * square).times(rest, square.times(LOG[0], low)) + high
    return x.f.where(word - NEAR_1[0] < NEAR_1[1] - NEAR_1[0], lambda: _log_near(x), far)


def _log_near(x: Number) -> Number:
    """Near 1, where the result is small: a polynomial in x - 1, its first two terms summed in two parts."""
    r = x - 1.0
    square = r * r
    cube = r * square

    def terms(i: int) -> Number:
        return square.times(LOG_NEAR[i + 2], r.times(LOG_NEAR[i + 1], LOG_NEAR[i]))

    rest = cube.times(cube.times(cube.times(LOG_NEAR[9], terms(6)), terms(3)), terms(0))
    high = r.times(-(2.0**27), r.times(2.0**27, r))  # half of its digits
    half = high * high
    most = half.times(-0.5, r)
    left = ((r - high) * -0.5).times(high + r, half.times(-0.5, r - most))
    return cube.times(rest, left) + most


def log_table() -> list[int]:
    """For each part of the range the words of 1 / c, and of log(c) to 43 binary digits."""
    found = []
    for i in range(128):
        middle = 1.0 / number_of(LOG_START + (2 * i + 1 << 44))
        inverse = number_of(word_of(middle) + int(LOG_APART[8 * i : 8 * i + 8], 16) - (1 << 30))
        found += [word_of(inverse), word_of(-_log_of(inverse) / 2.0**43)]
    return found


def _log_of(x: float) -> int:
    """log(x) * 2**43 as the nearest integer: 2 * atanh((x - 1) / (x + 1)), by its series in integers."""
    number, one = int(x * 2.0**53), 1 << 53
    power = share = (number - one << 128) // (number + one)
    square, total = share * share >> 128, 0
    for i in range(1, 64, 2):
        total += power // i
        power = power * square >> 128
    return (total >> 83) + 1 >> 1
