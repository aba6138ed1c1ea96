"""Derivatives by differences: six points, many steps, and an honest estimate of the error of each.

The six-point stencil (45 (f(h) - f(-h)) - 9 (f(2h) - f(-2h)) + f(3h) - f(-3h)) / 60h has truncation error h**6. The
samples tell how far to trust it: the distance from the four-point stencil bounds the truncation, and the sixth difference,
which is next to nothing for a smooth function, shows the noise.

Source: B. Fornberg, Generation of finite difference formulas on arbitrarily spaced grids, Math. Comp. 51 (1988) 699-706.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

EPSILON = 2.0**-52
UNDERFLOW = 1e-290  # smaller numbers may have lost all their digits on the way
EXPONENTS = (-7, -9, -5, -11, -3, -13, -15, -17, -19, -22, -25, -28, -31, -34, -37, -40)  # of the steps, the likely ones first


class Estimate(NamedTuple):
    """A derivative by one step, its error, the slopes of the two sides, and how far the function moves in a step.

    `height` is the largest number that went into it, `noise` the rounding error of each on the way, `length` the largest
    over which f may bend.
    """

    slope: float
    error: float
    left: float
    right: float
    step: float
    jump: float
    height: float
    noise: float
    length: float

    @property
    def is_flat(self) -> bool:
        """Whether the error is next to nothing beside the slope that such a height allows, so that 0 means 0."""
        return self.error * self.length <= 1e-9 * self.height + 1e10 * UNDERFLOW


def estimates(
    f: Callable[[float], Sequence[float]], sizes: Sequence[float], noise: Sequence[float], smallest: float
) -> Iterator[list[Estimate | None]]:
    """Estimates of f'(0) for each number that f returns, one list a step; None where f is not finite.

    `sizes` are lengths over which f may bend: each step is a power of two below one of them, and at least `smallest`.
    `noise` bounds the rounding error of each number.
    """
    here = f(0.0)
    for step in dict.fromkeys(math.ldexp(1.0, math.frexp(size)[1] + exponent) for exponent in EXPONENTS for size in sizes):
        if step >= max(smallest, 1e-300):
            samples = {k: f(k * step) for k in (1, -1, 2, -2, 3, -3)}
            yield [
                _estimate([samples[k][i] for k in (-3, -2, -1, 1, 2, 3)], here[i], step, max(sizes), noise[i])
                for i in range(len(noise))
            ]


def _estimate(around: list[float], here: float, step: float, length: float, rounding: float) -> Estimate | None:
    f_3, f_2, f_1, f1, f2, f3 = around
    height = max(map(abs, [*around, here]))
    if not all(map(math.isfinite, [*around, 100.0 * height / step])):
        return None
    four = (8.0 * (f1 - f_1) - (f2 - f_2)) / (12.0 * step)
    six = (45.0 * (f1 - f_1) - 9.0 * (f2 - f_2) + (f3 - f_3)) / (60.0 * step)
    noise = EPSILON * height + rounding
    seen = abs(f3 - 6.0 * f2 + 15.0 * f1 - 20.0 * here + 15.0 * f_1 - 6.0 * f_2 + f_3) / 20.0
    error = abs(six - four) + 2.0 * (seen + noise + UNDERFLOW) / step
    left = (11.0 * here - 18.0 * f_1 + 9.0 * f_2 - 2.0 * f_3) / (6.0 * step)
    right = (-11.0 * here + 18.0 * f1 - 9.0 * f2 + 2.0 * f3) / (6.0 * step)
    return Estimate(six, error, left, right, step, max(abs(f1 - here), abs(f_1 - here)), height, noise, length)
