"""Embedding and PositionalEncoding."""

import math
import re
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, grad, jit, sum_, value_and_grad
from nn import Embedding, PositionalEncoding, functional_call
from tests.nn.layers.comparing import CASES, close, flat, total


def test_as_pytorch() -> None:
    """The rows, and their gradients; that of padding_idx gets none."""
    case = CASES["Embedding"]
    embedding = Embedding(num_embeddings=5, embedding_dim=3, padding_idx=1, rng=0)
    assert flat(embedding.weight[1]) == [0.0] * 3
    nn.export.load_torch_state_dict(embedding, case["state"])
    out = embedding([[0, 1], [4, 0]])
    assert close([x.data for x in flat(out)], case["outputs"])
    total(out).backward()
    assert close([x.grad for x in embedding.parameters()], flat(case["gradients"]["weight"]))


@pytest.mark.parametrize("padding", [None, 0, 1])
def test_compiled(padding: int | None) -> None:
    """The number may be the run's: the same bits, and gradients to the row alone; nan beyond the rows."""
    embedding = Embedding(4, 3, padding_idx=padding, rng=0)
    numbers = [p.data for p in embedding.parameters()]

    def loss(parameters: Any, xs: Any) -> Any:
        return total(functional_call(embedding, parameters, xs))

    step, eager = jit(value_and_grad(loss)), value_and_grad(loss)
    for xs in ([1, 2, 0], [3, 3, 3], [0, 0, 1]):
        assert step(numbers, xs) == eager(numbers, xs)
    assert math.isnan(jit(embedding)(4)[0].data)
    assert [x.data for x in jit(embedding)(np.array(2))] == [x.data for x in embedding(2)]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Embedding(4, 2)(4), IndexError, "Embedding(4, 2) has rows 0 to 3, and was asked for 4"),
        (lambda: Embedding(4, 2)(-1), IndexError, "was asked for -1"),
        (lambda: Embedding(4, 2)(0.5), TypeError, "Embedding takes whole numbers, not 0.5"),
        (lambda: Embedding(4, 2)("a"), TypeError, "not 'a'"),
        (lambda: Embedding(0, 2), ValueError, "num_embeddings must be a whole number of at least 1, not 0"),
        (lambda: PositionalEncoding(2, max_len=1)([[0.0, 0.0]] * 2), ValueError, "takes sequences of up to 1 vectors"),
        (lambda: PositionalEncoding(2)([[0.0]]), ValueError, "takes vectors of 2 numbers; x[0] has 1"),
    ],
)  # fmt: skip
def test_bad_input(make: Any, error: type[Exception], message: str) -> None:
    """What failed, and the fix."""
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_rows_are_the_parameters() -> None:
    """What it gives are the parameters themselves, of any kind of whole number."""
    embedding = Embedding(3, 2, rng=0)
    for x in (1, 1.0, Value(1.0), np.int64(1), np.float64(1.0)):
        assert all(a is b for a, b in zip(embedding(x), embedding.weight[1], strict=True))
    assert repr(Embedding(3, 2, padding_idx=0)) == "Embedding(3, 2, padding_idx=0)"


def test_positions() -> None:
    """Sines and cosines, of an odd size too; a slope of 1."""
    waves = PositionalEncoding(3, dropout=0.0)([[0.0] * 3] * 6)
    for t, wave in enumerate(waves):
        assert wave == pytest.approx([math.sin(t), math.cos(t), math.sin(t / 10000 ** (2 / 3))], rel=1e-12, abs=1e-15)
    encoding = PositionalEncoding(2, dropout=0.0)
    assert flat(grad(lambda x: total(encoding(x)))([[1.0, 2.0]])) == [0.5, 0.6]


def test_padding_by_functional_call() -> None:
    """Parameters may be floats; their gradients are floats, 0 for the padding, compiled too."""
    embedding = Embedding(4, 2, padding_idx=1, rng=0)
    given = [p.item() for p in embedding.parameters()]
    assert nn.functional_call(embedding, [0.5] * 8, [1]) == [[0.5, 0.5]]

    def f(parameters: Any) -> Any:
        return sum_([x * x for row in nn.functional_call(embedding, parameters, [1, 3]) for x in row])

    wanted = [0.0] * 6 + [2.0 * x for x in given[6:]]
    assert grad(f)(given) == wanted
    assert jit(grad(f))(given) == wanted
