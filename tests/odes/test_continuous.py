"""The continuous adjoint: no memory of steps, one integration back for each interval."""

import math
from typing import Any

import pytest

from autograd import Value, derivative, grad, odeint, topological_order


def decay(k: Any, adjoint: str = "continuous") -> Any:
    """exp(-k)."""
    return odeint(lambda y, t, k: -k * y, 1.0, [0.0, 0.4, 1.0], k, adjoint=adjoint)[-1]


def test_the_graph_is_one_call() -> None:
    """Whatever the number of steps."""
    assert len(topological_order(decay(Value(2.0)))) == 3
    assert len(topological_order(decay(Value(2.0), "discrete"))) > 100


def test_three_orders() -> None:
    """The adjoint equation is solved by the same rule."""
    for order in (1, 2, 3):
        assert derivative(decay, order)(1.5) == pytest.approx((-1.0) ** order * math.exp(-1.5), rel=1e-6)


def test_cotangents_join_where_they_belong() -> None:
    """A sum over all ts, the first among them."""
    f = lambda y0: sum(odeint(lambda y, t: -y * t, y0, [0.0, 0.5, 1.0], adjoint="continuous"))  # noqa: E731
    assert grad(f)(1.0) == pytest.approx(1.0 + math.exp(-0.125) + math.exp(-0.5), rel=1e-7)
