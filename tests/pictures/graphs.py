"""Graphs to draw."""

from typing import Any

import autograd as ag
from autograd import Value


def small() -> Value:
    """tanh(a b + 2), differentiated."""
    a, b = Value(2.0, label="a"), Value(-0.5, label="b")
    result = ag.tanh(a * b + 2.0)
    result.label = "y"
    result.backward()
    return result


def loss_of(model: Any, samples: int = 1) -> Value:
    """A differentiated loss of a model of two inputs and one output."""
    loss = ag.sum_([(model([0.5 * i, 1.0]) - 1.0) ** 2 for i in range(samples)])
    loss.backward()
    return loss
