"""Parameter: a leaf with attributes of its own."""

import copy
import pickle
from random import Random

import numpy as np
import pytest

import nn
from autograd import Value, dot, grad, jit
from nn import MLP, Parameter
from nn.parameter import parameters_of_shape


def test_attributes_travel() -> None:
    """Set by an optimizer of one's own; copies and pickles take them along, also in a model and in a graph."""
    model = MLP(2, [2, 1], rng=0)
    for i, p in enumerate(model.parameters()):
        p.m, p.seen = float(i), [i]
    first = model.parameters()[0]
    for again in (copy.copy(first), copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        assert type(again) is Parameter
        assert (again.m, again.seen, again.data, again.label) == (0.0, [0], first.data, first.label)
    assert copy.copy(first).seen is first.seen
    assert copy.deepcopy(first).seen is not first.seen
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert [p.m for p in other.parameters()] == [p.m for p in model.parameters()]
    result = first * 2.0
    for other in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert type(other) is Value
        assert other.operands[0].m == 0.0


def test_every_layer_has_parameters() -> None:
    """All that our layers train are such."""
    layers = [nn.Neuron(2), nn.Linear(2, 2), nn.Conv2d(1, 1, 2), nn.Embedding(2, 2), nn.LayerNorm(2), nn.LSTM(2, 2)]
    layers += [nn.MultiheadAttention(2, 1), nn.TransformerDecoderLayer(2, 1, 2)]
    for layer in layers:
        assert {type(p) for p in layer.parameters()} == {Parameter}


@pytest.mark.parametrize("other", [Value(3.0), Parameter(3.0), 3.0, 3, np.float64(3.0)], ids=lambda x: type(x).__name__)
def test_arithmetic_is_that_of_values(other: object) -> None:
    """On either side, with any kind of number; results are Values."""
    for compute in (
        lambda a, b: a * b, lambda a, b: b * a, lambda a, b: a - b, lambda a, b: b / a, lambda a, b: a**b, lambda a, b: b**a,
        lambda a, b: dot([a, 2.0], [b, a]),
    ):  # fmt: skip
        p, v = Parameter(2.0), Value(2.0)
        found, wanted = compute(p, other), compute(v, other)
        assert type(found) is Value
        found.backward()
        wanted.backward()
        assert (found.data, p.grad) == (wanted.data, v.grad)
    assert Parameter(2.0) < 3.0 <= Parameter(3.0)


def test_derivatives_and_jit() -> None:
    """Captured and passed, as Values are."""
    p = Parameter(2.0, label="p")
    f = jit(lambda x: x * p)
    result = f(3.0)
    result.backward()
    assert (result.data, p.grad) == (6.0, 3.0)
    assert grad(lambda x: x * x)(Parameter(3.0)).item() == 6.0
    assert jit(lambda x: x * x)(Parameter(3.0)).data == 9.0


def test_an_optimizer_as_in_tutorials() -> None:
    """Momentum kept with each parameter gives SGD's numbers."""
    ours, theirs = MLP(2, [3, 1], rng=0), MLP(2, [3, 1], rng=0)
    sgd = nn.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    for p in ours.parameters():
        p.m = 0.0
    rng = Random(0)
    for _ in range(5):
        x = [rng.random(), rng.random()]
        for model in (ours, theirs):
            model.zero_grad()
            ((model(x) - 1.0) ** 2).backward()
        sgd.step()
        for p in ours.parameters():
            p.m = 0.9 * p.m + p.grad
            p.data -= 0.1 * p.m
        assert [p.data for p in ours.parameters()] == pytest.approx([p.data for p in theirs.parameters()], rel=1e-14)


def test_what_it_is_not() -> None:
    """A plain Value takes no attributes; a list is no number."""
    with pytest.raises(AttributeError):
        Value(1.0).m = 0.0  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="data must be one real number"):
        Parameter([1.0, 2.0])
    assert repr(Parameter(1.0, label="w")) == "Parameter(data=1.0, grad=0.0, label='w')"
    assert [len(row) for row in parameters_of_shape(lambda: 1.0, 2, 3)] == [3, 3]
