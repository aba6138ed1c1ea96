"""The incomplete gamma function against mpmath, by its parameter too; at edges; compiled."""

import math
from typing import Any

import mpmath
import pytest

import autograd as ag
from autograd import grad, hessian, jit
from autograd.testing.battery import same_bits

GAMMA = [(0.05, 0.02), (0.4, 3.0), (2.5, 0.1), (3.0, 3.4), (9.99, 15.0), (10.01, 2.0), (60.0, 61.0), (95.0, 60.0)]


def derivatives(f: Any, at: tuple[float, ...]) -> tuple[list[float], list[list[float]]]:
    """The gradient and the Hessian of an mpmath function."""
    count = len(at)
    ones = [tuple(int(k == i) for k in range(count)) for i in range(count)]
    pairs = [[tuple(x + y for x, y in zip(one, two, strict=True)) for two in ones] for one in ones]
    with mpmath.workdps(30):
        point = tuple(map(mpmath.mpf, at))
        return [float(mpmath.diff(f, point, n)) for n in ones], [
            [float(mpmath.diff(f, point, n)) for n in row] for row in pairs
        ]


@pytest.mark.parametrize("at", GAMMA)
def test_incomplete_gamma_and_its_derivatives(at: tuple[float, float]) -> None:
    """Both functions, to a few units in the last place; the gradient and all second derivatives, by a too."""

    def lower(a: Any, x: Any) -> Any:  # the smaller of the two parts has all its digits
        if at[1] > at[0]:
            return 1 - mpmath.gammainc(a, x, mpmath.inf, regularized=True)
        return mpmath.gammainc(a, 0, x, regularized=True)

    gradient, matrix = derivatives(lower, at)
    with mpmath.workdps(40):
        p, q = mpmath.gammainc(at[0], 0, at[1], regularized=True), mpmath.gammainc(at[0], at[1], mpmath.inf, regularized=True)
    assert ag.gammainc(*at) == pytest.approx(float(p), rel=5e-15)
    assert ag.gammaincc(*at) == pytest.approx(float(q), rel=5e-15)
    assert list(grad(ag.gammainc, argnums=(0, 1))(*at)) == pytest.approx(gradient, rel=2e-14)
    assert list(grad(ag.gammaincc, argnums=(0, 1))(*at)) == pytest.approx([-x for x in gradient], rel=2e-14)
    found = hessian(lambda p: ag.gammainc(*p))(list(at))
    assert [*found[0], *found[1]] == pytest.approx([*matrix[0], *matrix[1]], rel=1e-12)


def test_edges() -> None:
    """0 and 1 where the interval is empty or all; nan for what is no parameter."""
    inf = math.inf
    assert (ag.gammainc(2.0, 0.0), ag.gammainc(2.0, inf), ag.gammainc(0.0, 2.0), ag.gammainc(inf, 2.0)) == (0.0, 1.0, 1.0, 0.0)
    assert (ag.gammaincc(2.0, 0.0), ag.gammaincc(2.0, inf), ag.gammaincc(2.0, 900.0) > 0.0) == (1.0, 0.0, False)
    assert all(map(math.isnan, (ag.gammainc(-1.0, 2.0), ag.gammaincc(2.0, -1.0), ag.gammainc(0.0, 0.0))))
    assert grad(ag.gammainc, argnums=(0, 1))(1.0, 0.0) == (0.0, 1.0)


def test_compiled_to_the_same_bits() -> None:
    """Value and slopes."""
    gamma = jit(ag.value_and_grad(ag.gammainc, argnums=(0, 1)))
    for at in GAMMA[1:7]:
        value, slopes = ag.value_and_grad(ag.gammainc, argnums=(0, 1))(*at)
        found, compiled = gamma(*at)
        assert all(map(same_bits, (found, *compiled), (value, *slopes)))
