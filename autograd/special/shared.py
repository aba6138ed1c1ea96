"""What the statements of special functions share."""

import math
from typing import Any

from autograd.primitives import at_orders

LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)
FEWEST_DIGITS = 260


def at_order(function: Any, x: float, n: float) -> Any:
    """A function of x and a whole number n up to 63, else nan; see `at_orders`."""
    return at_orders(function, (x,), (n,), most=63.0)


def polynomial(coefficients: tuple[float, ...], x: float) -> Any:
    """Its value at x by Horner's rule; the coefficient of the highest power comes first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def to_enough_digits(reference: Any) -> Any:
    """A reference that takes too long to be evaluated at 800 digits everywhere.

    How many it takes depends on the smallest operand. Third differences, by steps of 1e-60 of an operand, whose own changes by
    1e-100 of it are seen, take 280 digits, and 40 more to be right. Beside a number that does not vanish with x, what such a
    step changes shrinks as x**4 in a third difference, and as x**2 in a first. Where fewer are in force, as for a complex step,
    references that are differences themselves take more.
    """

    def shorter(mp: Any, *operands: Any) -> Any:
        sizes = [abs(float(x.real)) for x in operands if x != 0]
        decades = max([-math.log10(size) if size else 330 for size in sizes], default=0)
        with mp.workdps(max(FEWEST_DIGITS, min(mp.dps, 320 + 4 * max(int(decades), 0)))):
            return reference(mp, *operands)

    return shorter
