"""What the statements of special functions share."""

import math
from typing import Any

from autograd.primitives import nan, where

LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)


def at_order(function: Any, x: float, n: float) -> Any:
    """A function of a whole number n; where that is not known yet, which only tests ask for, of a small one."""
    if type(n) is float:
        found: float = function(x, int(n)) if 0.0 <= n < 64.0 and n % 1.0 == 0.0 else nan
        return found
    found = nan
    for k in range(4):
        found = where(n == float(k), function(x, k), found)
    return found


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
