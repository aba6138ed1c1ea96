"""The incomplete beta function against mpmath, by its parameters too; at edges; compiled."""

import math
from typing import Any

import mpmath
import pytest

import autograd as ag
from autograd import grad, hessian, jit
from autograd.testing.battery import same_bits
from tests.special.test_incomplete import derivatives

BETA = [(0.3, 0.6, 0.5), (2.0, 0.05, 0.999), (3.0, 5.5, 0.9), (12.0, 0.7, 0.96), (0.02, 40.0, 0.001), (30.0, 50.0, 0.4)]


@pytest.mark.parametrize("at", BETA)
def test_incomplete_beta_and_its_derivatives(at: tuple[float, float, float]) -> None:
    """To a few units in the last place, as far as 1 - x has its digits; the gradient and all second derivatives."""
    swapped = at[2] > at[0] / (at[0] + at[1])

    def share(a: Any, b: Any, x: Any) -> Any:
        if swapped:
            return 1 - mpmath.betainc(b, a, 0, 1 - x, regularized=True)
        return mpmath.betainc(a, b, 0, x, regularized=True)

    gradient, matrix = derivatives(share, at)
    with mpmath.workdps(40):
        value = float(mpmath.betainc(at[0], at[1], 0, at[2], regularized=True))
    assert ag.betainc(*at) == pytest.approx(value, rel=3e-14)
    assert list(grad(ag.betainc, argnums=(0, 1, 2))(*at)) == pytest.approx(gradient, rel=1e-13)
    found = hessian(lambda p: ag.betainc(*p))(list(at))
    assert [x for row in found for x in row] == pytest.approx([x for row in matrix for x in row], rel=2e-12)


def test_edges() -> None:
    """0 and 1 where the interval is empty or all; nan for what is no parameter."""
    assert (ag.betainc(2.0, 3.0, 0.0), ag.betainc(2.0, 3.0, 1.0)) == (0.0, 1.0)
    assert all(map(math.isnan, (ag.betainc(0.0, 1.0, 0.5), ag.betainc(1.0, 1.0, 1.5), ag.betainc(1.0, 1.0, -0.5))))
    assert grad(ag.betainc, argnums=2)(1.0, 3.0, 0.0) == 3.0


def test_compiled_to_the_same_bits() -> None:
    """Value and slope."""
    beta = jit(ag.value_and_grad(lambda x: ag.betainc(2.5, 0.75, x)))
    for x in (0.01, 0.5, 0.99):
        assert all(map(same_bits, beta(x), ag.value_and_grad(lambda x: ag.betainc(2.5, 0.75, x))(x)))
