"""The gamma and beta functions against mpmath and at their edges."""

import math

import mpmath
import pytest

import autograd as ag
from autograd import derivative, grad, jit
from autograd.special.betas import digamma_rise
from autograd.testing.battery import same_bits

COMPILED = [jit(ag.gamma), jit(grad(ag.gamma))]


@pytest.mark.parametrize("x", [1e-3, 0.3, 1.0, 1.46, 7.5, 19.9, 20.1, 99.0, 170.5, -0.01, -0.5, -2.6, -7.001])
def test_gamma_at_60_digits(x: float) -> None:
    """Value and slope, on both sides of the poles; above 0 the second derivative; compiled to the same bits."""
    for order in range(3 if x > 0.0 else 2):
        with mpmath.workdps(60):
            right = mpmath.diff(mpmath.gamma, mpmath.mpf(x), order)
        found = derivative(ag.gamma, order=order)(x)
        assert found == pytest.approx(float(right), rel=2e-13)
        assert order == 2 or same_bits(COMPILED[order](x), found)


def test_gamma_at_its_edges() -> None:
    """Factorials are exact, poles as SciPy has them."""
    assert [ag.gamma(float(n + 1)) for n in range(8)] == [float(math.factorial(n)) for n in range(8)]
    assert (ag.gamma(0.0), ag.gamma(-0.0), ag.gamma(180.0), ag.gamma(math.inf)) == (math.inf, -math.inf, math.inf, math.inf)
    assert math.isnan(ag.gamma(-3.0))
    assert math.isnan(ag.gamma(-math.inf))


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1e-3, 7.0), (3.0, 9.9), (0.2, 40.0), (15.0, 400.0), (1.0, 1e6)])
def test_beta_and_its_slopes_at_60_digits(a: float, b: float) -> None:
    """Where a and b are of different size, digamma(a) - digamma(a + b) is not their difference."""
    with mpmath.workdps(60):
        x, y = mpmath.mpf(a), mpmath.mpf(b)
        value = mpmath.beta(x, y)
        slopes = [value * (mpmath.psi(0, z) - mpmath.psi(0, x + y)) for z in (x, y)]
        mixed = mpmath.diff(mpmath.beta, (x, y), (1, 1))
    assert ag.beta(a, b) == pytest.approx(float(value), rel=4e-15)
    assert ag.beta(a, b) == pytest.approx(ag.beta(b, a), rel=1e-15)
    assert grad(ag.beta, argnums=(0, 1))(a, b) == pytest.approx(tuple(map(float, slopes)), rel=6e-15)
    assert grad(grad(ag.beta), argnums=1)(a, b) == pytest.approx(float(mixed), rel=1e-12)


def test_beta_at_its_edges() -> None:
    """inf at 0, nan below."""
    assert (ag.beta(0.0, 2.0), ag.beta(2.0, math.inf)) == (math.inf, 0.0)
    assert math.isnan(ag.beta(-0.5, 2.0))


def test_a_rise_of_digamma_keeps_its_digits() -> None:
    """Between numbers next to each other too."""
    assert digamma_rise(0.0, 1e3, 1e-6) == pytest.approx(1e-6 * float(mpmath.psi(1, 1e3)), rel=1e-8)
    assert digamma_rise(1.0, 5.0, 2.0) == pytest.approx(-1.0 / 25.0 - 1.0 / 36.0, rel=1e-15)
    assert math.isnan(digamma_rise(0.0, 1.0, -2.0))
