"""A model on a batch; functions of each place of a sequence."""

import re
from typing import Any

import numpy as np
import pytest

import nn
from autograd import jit, sum_, vmap
from autograd.structures import values
from nn import GRU, LSTM, MLP, Linear, Sequential, Tanh
from nn.mapping import affine, each

X = np.random.default_rng(0).normal(size=(4, 2))


@pytest.mark.parametrize("rows", [X, X.tolist(), tuple(map(tuple, X)), [*X]], ids=["array", "lists", "tuples", "arrays"])
def test_a_batch(rows: Any) -> None:
    """The outputs of all samples, as `vmap` gives them too."""
    for model in (MLP(2, [3, 1], rng=0), MLP(2, [2], rng=0), Sequential(Linear(2, 3, rng=0), Tanh())):
        wanted = values([model(x) for x in X])
        assert values(model.batch(rows)) == wanted
        if not isinstance(rows, tuple):
            assert values(vmap(model)(rows)) == wanted


def test_compiled_batches_are_one_loop() -> None:
    """The same bits, by a program that does not grow with the batch."""
    model = MLP(2, [8, 1], rng=0)
    batch = jit(model.batch)
    assert values(batch(X)) == values(model.batch(X))
    one = batch.stats().operations_traced
    batch(np.random.default_rng(1).normal(size=(64, 2)))
    assert batch.stats().operations_traced < one + 200


def test_results_of_several_parts() -> None:
    """A tuple of lists, eager and compiled; sequences in a batch may differ in length."""
    model = LSTM(2, 3, rng=0)
    sequences = np.random.default_rng(0).normal(size=(3, 5, 2))
    outputs, (h, c) = model.batch(sequences)
    for i, x in enumerate(sequences):
        wanted = model(x)
        assert values((outputs[i], (h[i], c[i]))) == values(wanted)
    compiled = jit(model.batch)(sequences)
    assert values(compiled) == values((outputs, (h, c)))
    ragged = [sequences[0], sequences[1][:2]]
    found = [model(x)[0] for x in ragged]

    class Outputs(nn.Module):
        def forward(self, x: Any) -> Any:
            return model(x)[0]

    assert values(Outputs().batch(ragged)) == values(found)


def test_several_inputs() -> None:
    """Batches of equal length go together."""
    cell = nn.RNNCell(2, 3, rng=0)
    states = np.random.default_rng(0).normal(size=(4, 3))
    assert values(cell.batch(X, states)) == values([cell(x, h) for x, h in zip(X, states, strict=True)])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MLP(2, [1])(np.zeros((4, 2))), TypeError, "inputs of one sample, and was given a batch of 4: model.batch(X)"),
        (lambda: MLP(2, [1])(np.zeros((2, 2))), TypeError, "given a batch of 2"),
        (lambda: Linear(2, 1)([[0.0, 0.0]]), TypeError, "given a batch of 1"),
        (lambda: nn.Neuron(2)([np.zeros(2)] * 3), TypeError, "given a batch of 3"),
        (lambda: GRU(2, 1)(np.zeros((3, 4, 2))), TypeError, "input[0] is of shape (4, 2), so this is a batch: model.batch(X)"),
        (lambda: GRU(2, 1)([0.0, 1.0]), TypeError, "GRU takes vectors of 2 numbers; input[0] is 0.0"),
        (lambda: GRU(2, 1)([]), ValueError, "GRU was given an empty sequence"),
        (lambda: GRU(2, 1)(1.0), TypeError, "GRU takes a sequence, a list of vectors, not 1.0"),
        (lambda: nn.GRUCell(2, 1)([[0.0, 1.0]]), TypeError, "so this is a batch"),
        (lambda: MLP(2, [1]).batch(1.0), TypeError, "MLP.batch takes a batch, a list or array of samples, not 1.0"),
        (lambda: MLP(2, [1]).batch([]), ValueError, "MLP.batch was given no samples"),
        (lambda: MLP(2, [1]).batch(), TypeError, "MLP.batch takes a batch of samples"),
        (lambda: nn.RNNCell(2, 1).batch(X, X[:2]), ValueError, "batches of one length, was given [4, 2] samples"),
        (lambda: MLP(2, [1]).batch([0.0, 1.0]), TypeError, "MLP takes a sequence of 2 inputs, not 0.0"),
        (lambda: MLP(3, [1])([0.0, 1.0]), ValueError, "MLP takes 3 inputs, was given 2"),
    ],
)  # fmt: skip
def test_a_sample_is_no_batch(call: Any, error: type[Exception], message: str) -> None:
    """Neither is taken for the other."""
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_matrices_in_loops() -> None:
    """In the body of a loop a large matrix is a loop; the bits stay."""
    rng = np.random.default_rng(0)
    w, b, xs = rng.normal(size=(20, 20)).tolist(), rng.normal(size=20).tolist(), rng.normal(size=(3, 20)).tolist()

    def f(xs: Any) -> Any:
        return sum_([y for row in each(lambda x: affine(w, b, x), xs) for y in row])

    compiled = jit(f)
    assert compiled(xs) == f(xs)
    assert compiled.stats().operations_traced < 600
    assert each(lambda x, y: (x + y, [x]), [1.0, 2.0], [3.0, 4.0]) == ([4.0, 6.0], [[1.0], [2.0]])
