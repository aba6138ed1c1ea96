"""Inputs: one form for nested numbers of every kind, their shapes, and what they reject."""

from collections import deque
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from autograd.compiler.trace.symbol import Symbol
from nn import Neuron, ReLU
from nn.inputs import described, each_number, features, image, listed, number, numbers, shape_of

NEURON = Neuron(2)


def test_sequences_are_listed() -> None:
    """Lists and tuples as they are, arrays by `tolist`, others by iteration."""
    same = [[1.0], (1.0, 2.0), 3.0, "12", b"12", {1.0}, frozenset({1.0}), {"a": 1.0}, None, Value(1.0)]
    assert all(listed(thing) is thing for thing in same)
    for thing in (np.array([1, 2]), range(1, 3), iter([1, 2]), deque([1, 2]), {1: 0, 2: 0}.keys()):
        assert listed(thing) == [1, 2]
    assert type(listed(np.float32(0.5))) is float
    assert type(listed(np.array([1.0]))[0]) is float


def test_each_number_keeps_the_nesting() -> None:
    """Whatever the kinds of sequences; a number alone stays alone."""
    assert each_number(lambda x: 2 * x, [1, (2, np.array([3, 4])), iter([5])]) == [2, [4, [6, 8]], [10]]
    assert each_number(abs, -1.0) == 1.0
    assert each_number(abs, []) == []


def test_numbers_are_floats_and_nodes() -> None:
    """Values and Symbols themselves, any other real number as a float."""
    value, float_ = Value(1.0), 2.0
    assert number("f", value) is value
    assert number("f", float_) is float_
    assert type(number("f", np.int64(3))) is type(number("f", True)) is float
    assert numbers("f", [value, [2], np.array([[3.0, 4.0]])])[0] is value
    assert numbers("f", [0, [2], np.array([[3.0, 4.0]])]) == [0.0, 2.0, 3.0, 4.0]
    assert numbers("f", 5) == [5.0]


def test_symbols_are_nodes_too() -> None:
    """They pass where a trace has put them."""
    seen: list[Any] = []

    def f(x: Any) -> Any:
        seen.extend(numbers("f", [[x], x]))
        return number("f", x) * 2.0

    from autograd import jit

    assert jit(f, backend="python")(3.0) == 6.0
    assert all(isinstance(x, Symbol) for x in seen)
    assert seen


def test_shapes() -> None:
    """From the outside in; of a list without elements too."""
    assert shape_of(3.0, "x") == ()
    assert shape_of([], "x") == (0,)
    assert shape_of([[], []], "x") == (2, 0)
    assert shape_of([[[1.0], [2.0]]], "x") == (1, 2, 1)
    assert shape_of(((1.0, 2.0), [3.0, Value(4.0)]), "x") == (2, 2)
    assert (described(()), described((2, 3))) == ("one number", "of shape (2, 3)")


@pytest.mark.parametrize(
    ("xs", "message"),
    [
        ([[1.0], [1.0, 2.0]], r"^x is ragged: x\[0\] is of shape \(1,\), x\[1\] is of shape \(2,\)\. Give all the same shape$"),
        ([1.0, [2.0]], r"^x is ragged: x\[0\] is one number, x\[1\] is of shape \(1,\)"),
        ([[[1.0]], [[2.0], 3.0]], r"^x\[1\] is ragged: x\[1\]\[0\] is of shape \(1,\), x\[1\]\[1\] is one number"),
        ([[], [1.0]], r"x\[0\] is of shape \(0,\), x\[1\] is of shape \(1,\)"),
    ],
)
def test_ragged_lists(xs: Any, message: str) -> None:
    """The first neighbours that differ are named, with their places."""
    with pytest.raises(ValueError, match=message):
        shape_of(xs, "x")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (partial(number, "Dropout", "1"), TypeError, "an input of Dropout must be one real number, not the string '1'"),
        (partial(number, "l1_loss", None, "a target"), TypeError, "^a target of l1_loss must be one real number, not None"),
        (partial(numbers, "Flatten", [[1.0], ["1"]]), TypeError, "an input of Flatten must be one real number"),
        (partial(features, NEURON, 2, 3.0), TypeError, "Neuron takes a sequence of 2 inputs, not 3.0: put it in a list"),
        (partial(features, NEURON, 2, {1.0, 2.0}), TypeError, "Neuron takes a sequence of 2 inputs"),
        (partial(features, NEURON, 2, [1.0]), ValueError, "Neuron takes 2 inputs, was given 1"),
        (partial(features, NEURON, 2, [[1.0], [2.0]]), TypeError, r"one sample: \[model\(x\) for x in xs\] for several"),
        (partial(image, ReLU(), [[1.0]]), TypeError, r"not of shape \(1, 1\): \[image\] if there is but one channel"),
        (partial(image, ReLU(), [[[]]]), ValueError, r"at least one channel, row and column, not one of shape \(1, 1, 0\)"),
        (partial(image, ReLU(), [[[1.0], [2.0, 3.0]]]), ValueError, r"^ReLU's image\[0\] is ragged"),
    ],
)
def test_what_inputs_refuse(call: Any, error: type[Exception], message: str) -> None:
    """Named by the module or function that was given them."""
    with pytest.raises(error, match=message):
        call()


def test_an_image() -> None:
    """Channels of rows of numbers, from lists and arrays."""
    assert image(ReLU(), np.ones((1, 2, 3))) == image(ReLU(), [[(1, 1, 1), iter([1, 1, 1])]]) == [[[1.0] * 3] * 2]


def deep(thing: Any) -> Any:
    """A thing in 1,200 lists."""
    for _ in range(1_200):
        thing = [thing]
    return thing


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize("thing", [deep(1.0), deep(Value(1.0)), CIRCLE], ids=["numbers", "Values", "itself"])
@pytest.mark.parametrize(
    "use",
    [
        lambda xs: each_number(abs, xs),
        lambda xs: numbers("f", xs),
        nn.Tanh(),
        nn.Dropout(0.0),
        nn.Softmax(),
        nn.Flatten(),
        nn.Conv2d(1, 1, 1),
        lambda xs: nn.mse_loss(xs, xs),
        lambda xs: nn.l1_loss([1.0, xs], [1.0, xs]),
        lambda xs: nn.fit(NEURON, xs, [1.0], loss=nn.mse_loss, optimizer=nn.SGD(NEURON.parameters(), lr=0.1), epochs=1),
        lambda xs: nn.accuracy(xs, xs),
    ],
)
def test_what_is_nested_too_deeply(use: Any, thing: Any) -> None:
    """Is refused in words, not by Python's stack."""
    with pytest.raises(ValueError, match="nested too deeply, or contain"):
        use(thing)


@pytest.mark.parametrize("thing", [[deep(1.0)], [CIRCLE]], ids=["numbers", "itself"])
@pytest.mark.parametrize(
    "use",
    [
        lambda xs: nn.SGD(xs, lr=0.1),
        lambda xs: nn.clip_grad_norm_(xs, 1.0),
        lambda xs: nn.cross_entropy(xs, [0]),
        nn.MLP(2, [1]),
        lambda xs: nn.functional_call(NEURON, {"bias": xs}, [1.0, 2.0]),
        lambda xs: nn.functional_call(NEURON, xs, [1.0, 2.0]),
        NEURON.load_state_dict,
        lambda xs: NEURON.load_state_dict(dict.fromkeys(NEURON.state_dict(), xs)),
        lambda xs: ag.jit(abs, in_axes=xs),
    ],
)
def test_what_a_message_cannot_show(use: Any, thing: Any) -> None:
    """The message has its type instead of its repr."""
    with pytest.raises((TypeError, ValueError)):
        use(thing)
