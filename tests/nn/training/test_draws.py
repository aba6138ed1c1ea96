"""Draws: what Dropout draws in a trace is an input, and comes from the same generators in the same order."""

import random
from typing import Any

import numpy as np
import pytest

from autograd import TraceError, Value, jit
from nn import Dropout, Linear, Sequential
from nn.training.draws import Draws, fixed_draws


def model_of(*rngs: Any) -> Sequential:
    """Masks between lines."""
    layers = [layer for rng in rngs for layer in (Linear(3, 3, rng=0), Dropout(0.5, rng=rng))]
    return Sequential(*layers)


def test_each_draw_is_a_value() -> None:
    """In the order of the forward pass, with the module it belongs to; nothing is drawn; outside the context all is as ever."""
    model, draws = model_of(1, 2), Draws()
    states = [model[i].rng.getstate() for i in (1, 3)]
    with draws.recorded():
        model([1.0, 2.0, 3.0])
    assert draws.modules == [model[1]] * 3 + [model[3]] * 3
    assert len({id(value) for value in draws.values}) == 6
    assert all(isinstance(value, Value) for value in draws.values)
    assert [model[i].rng.getstate() for i in (1, 3)] == states
    model([1.0, 2.0, 3.0])
    assert [model[i].rng.getstate() for i in (1, 3)] != states
    assert len(draws.values) == 6


def generators(kind: str) -> list[Any]:
    """For two modules: their own, or one for both; of Python or NumPy."""
    make = random.Random if "python" in kind else np.random.default_rng
    shared = make(3)
    return [shared, shared] if "shared" in kind else [make(3), make(4)]


@pytest.mark.parametrize("kind", ["python", "python shared", "numpy", "numpy shared"])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_the_numbers_are_those_of_forward_passes(kind: str, count: int) -> None:
    """Sample after sample, with generators of each kind, shared or not; the generators are where these passes leave them."""
    model, other, draws = model_of(*generators(kind)), model_of(*generators(kind)), Draws()
    x = [0.5, -1.0, 2.0]
    with draws.recorded():
        model(x)
    table = draws.next(count)
    assert table.shape == (count, 6)
    for row in table.tolist():
        with fixed_draws(iter(row)):
            found = model(x)
        assert [y.data for y in found] == [y.data for y in other(x)]
    assert [model[i].rng.random() for i in (1, 3)] == [other[i].rng.random() for i in (1, 3)]


def test_a_model_without_masks_draws_nothing() -> None:
    """And costs nothing."""
    draws = Draws()
    with draws.recorded():
        Sequential(Linear(2, 1, rng=0), Dropout(0.0), Dropout(0.5).eval())([1.0, 2.0])
    assert draws.values == []
    assert draws.next(4).shape == (4, 0)


def test_an_error_ends_the_context() -> None:
    """Draws are drawn again after it, and a trace outside of `fit` refuses them."""
    dropout = Dropout(0.5, rng=0)
    with pytest.raises(RuntimeError), Draws().recorded():
        raise RuntimeError
    assert set(dropout([1.0] * 20)) == {0.0, 2.0}
    with pytest.raises(TraceError, match="in training cannot be compiled"):
        jit(lambda x: dropout([x])[0], backend="python")(1.0)
