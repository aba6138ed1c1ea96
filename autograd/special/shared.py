"""What the statements of special functions share."""

import math
from typing import Any

from autograd.primitives import UNKNOWN_ORDER, nan

LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)


def at_order(function: Any, x: float, n: float) -> Any:
    """A function of a whole number n from 0 to 63, else nan; a trace must know n."""
    if type(n) is not float:
        raise TypeError(UNKNOWN_ORDER)
    return function(x, int(n)) if 0.0 <= n < 64.0 and n % 1.0 == 0.0 else nan


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
