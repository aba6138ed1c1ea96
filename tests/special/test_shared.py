"""What special functions share."""

import math

import mpmath
import pytest

from autograd.special.shared import at_order, polynomial, to_enough_digits


def test_a_polynomial_by_horner() -> None:
    """The coefficient of the highest power comes first."""
    assert polynomial((2.0, -3.0, 0.5), 4.0) == 2.0 * 16.0 - 3.0 * 4.0 + 0.5
    assert polynomial((), 4.0) == 0.0


@pytest.mark.parametrize("n", [-1.0, 0.5, 64.0, math.inf, math.nan])
def test_no_order_but_whole_numbers(n: float) -> None:
    """nan for those below 0, between two, or too large."""
    assert at_order(lambda x, k: x**k, 3.0, 2.0) == 9.0
    assert math.isnan(at_order(lambda x, k: x, 3.0, n))


@pytest.mark.parametrize(
    ("operands", "digits"), [((1.0,), 320), ((-40.0, 0.0), 320), ((1e-20,), 400), ((-1e-60, 2.0), 560), ((1e-256,), 800)]
)
def test_digits_of_a_reference(operands: tuple[float, ...], digits: int) -> None:
    """As many as its smallest operand but 0 asks for, but no more than are in force around it, which stay; and 260 anyway."""
    asked = []
    third = to_enough_digits(lambda mp, *xs: (asked.append(mp.dps), xs[0] / 3)[1])
    for around in (800, 50):
        with mpmath.workdps(around):
            found = third(mpmath.mp, *map(mpmath.mpf, operands))
            assert asked.pop() == max(260, min(digits, around))
            assert mpmath.mp.dps == around
            assert abs(found - mpmath.mpf(operands[0]) / 3) <= abs(found) * mpmath.mpf(10) ** (1 - min(digits, around))
