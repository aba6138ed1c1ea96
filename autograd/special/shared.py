"""What the statements of special functions share."""

import math
from typing import Any

from autograd.primitives import at_orders

LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)


def at_order(function: Any, x: float, n: float) -> Any:
    """A function of x and a whole number n up to 63, else nan; see `at_orders`."""
    return at_orders(function, (x,), (n,), most=63.0)


def polynomial(coefficients: tuple[float, ...], x: float) -> Any:
    """Its value at x by Horner's rule; the coefficient of the highest power comes first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def to_260_digits(reference: Any) -> Any:
    """A reference that takes too long to be evaluated at 800 digits."""

    def shorter(mp: Any, *operands: Any) -> Any:
        with mp.workdps(260):
            return reference(mp, *operands)

    return shorter
