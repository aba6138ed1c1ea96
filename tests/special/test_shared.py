"""What special functions share."""

import math

import mpmath
import pytest

from autograd.special.shared import at_order, polynomial, to_260_digits


def test_a_polynomial_by_horner() -> None:
    """The coefficient of the highest power comes first."""
    assert polynomial((2.0, -3.0, 0.5), 4.0) == 2.0 * 16.0 - 3.0 * 4.0 + 0.5
    assert polynomial((), 4.0) == 0.0


@pytest.mark.parametrize("n", [-1.0, 0.5, 64.0, math.inf, math.nan])
def test_no_order_but_whole_numbers(n: float) -> None:
    """nan for those below 0, between two, or too large."""
    assert at_order(lambda x, k: x**k, 3.0, 2.0) == 9.0
    assert math.isnan(at_order(lambda x, k: x, 3.0, n))


def test_a_reference_at_fewer_digits() -> None:
    """Whatever the precision around it."""
    with mpmath.workdps(800):
        third = to_260_digits(lambda mp, x: x / 3)(mpmath, mpmath.mpf(1))
        assert mpmath.mpf(10) ** -262 < abs(third - mpmath.mpf(1) / 3) < mpmath.mpf(10) ** -259
