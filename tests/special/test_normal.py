"""The normal distribution against mpmath at 60 digits, tails included."""

import math
from typing import Any

import mpmath
import pytest

import autograd as ag
from autograd import derivative, grad


def test_inverse_of_the_error_function_in_the_tails() -> None:
    """Where 1 - x has few digits the result has all."""
    for x in (1e-300, 1e-9, 0.5, 0.9, 1.0 - 1e-9, 1.0 - 2.0**-53, -(1.0 - 2.0**-53)):
        with mpmath.workdps(60):
            right = mpmath.erfinv(mpmath.mpf(x))
        assert ag.erfinv(x) == pytest.approx(float(right), rel=1e-15)
        assert ag.erf(ag.erfinv(x)) == pytest.approx(x, rel=1e-15)
    assert (ag.erfinv(1.0), ag.erfinv(-1.0), grad(ag.erfinv)(1.0)) == (math.inf, -math.inf, math.inf)
    assert math.isnan(grad(ag.erfinv)(1.5))


@pytest.mark.parametrize("order", range(5))
def test_log_ndtr_in_the_tails(order: int) -> None:
    """All derivatives keep their digits, where Phi underflows and where 1 - Phi does."""
    for x in (-1e6, -1e3, -40.0, -5.0, -2.01, -1.99, 0.0, 1.0, 6.0):
        with mpmath.workdps(80):
            truth = lambda t: mpmath.log(mpmath.erfc(-t / mpmath.sqrt(2)) / 2)  # noqa: E731 - one line
            if abs(x) > 100.0:  # Laplace's asymptotic series, for mpmath's erfc has its limits

                def series(t: Any) -> Any:
                    terms = [(-1) ** k * mpmath.fac2(2 * k - 1) / t ** (2 * k) for k in range(9)]
                    return -t * t / 2 - mpmath.log(-t) - mpmath.log(2 * mpmath.pi) / 2 + mpmath.log(mpmath.fsum(terms))

                right = mpmath.diff(series, mpmath.mpf(x), order)
            else:
                right = mpmath.diff(truth, mpmath.mpf(x), order)
        assert derivative(ag.log_ndtr, order=order)(x) == pytest.approx(float(right), rel=1e-11), x


def test_second_derivatives_of_log_ndtr_where_two_terms_nearly_cancel() -> None:
    """Between -2 and 0, to seven units in the last place."""
    for x in (-1.99, -1.75, -1.2, -1.01, -0.99, -0.3):
        with mpmath.workdps(60):
            right = mpmath.diff(lambda t: mpmath.log(mpmath.erfc(-t / mpmath.sqrt(2)) / 2), mpmath.mpf(x), 2)
        assert derivative(ag.log_ndtr, order=2)(x) == pytest.approx(float(right), rel=1.6e-15), x
