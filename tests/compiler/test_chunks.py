"""Rows that come in chunks: what one call with all of them gives."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import Value, dot, jit, tanh, value_and_grad
from autograd.compiler.blocks import BLOCK
from tests.compiler.comparison import bits

RNG = np.random.default_rng(0)
W, X, T = RNG.normal(size=3), RNG.normal(size=(3 * BLOCK + 5, 3)), RNG.normal(size=3 * BLOCK + 5)


def loss(w: Any, x: Any, t: Any) -> Any:
    """Of one row."""
    return (tanh(dot(list(w), list(x))) - t) ** 2


def chunks(length: int) -> Iterator[tuple[Any, ...]]:
    """The rows, so many at a time, and an empty chunk."""
    for first in range(0, len(X), length):
        yield W, X[first : first + length], T[first : first + length]
        yield W, X[:0], T[:0]


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_the_same_as_in_one_call(reduce: str, backend: str) -> None:
    """In chunks of a block the same bits; in others up to the order of the sum. The function is as it was after it."""
    f = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce, backend=backend)
    wanted = f(W, X, T)
    for _ in range(2):
        assert bits(f.over(chunks(BLOCK))) == bits(wanted)
        value, gradient = f.over(chunks(777))
        assert value == pytest.approx(wanted[0], rel=1e-12)
        assert gradient == pytest.approx(wanted[1], rel=1e-12)
    assert bits(f(W, X, T)) == bits(wanted)
    assert bits(f.over([(W, X, T)])) == bits(wanted)


def test_values() -> None:
    """The result is one Value, with the gradient of all rows."""
    f = jit(loss, in_axes=(None, 0, 0), reduce="mean")
    gradients = []
    for call in (lambda w: f(w, X, T), lambda w: f.over((w, x, t) for _, x, t in chunks(BLOCK))):
        w = [Value(x) for x in W]
        call(w).backward()
        gradients.append([x.grad for x in w])
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-12)


def test_one_argument() -> None:
    """It needs no tuple; one chunk at a time is asked for."""
    seen: list[int] = []

    def read() -> Iterator[Any]:
        for i in range(5):
            seen.append(i)
            yield np.arange(4.0) + 4.0 * i

    f = jit(lambda x: x * 0.5, in_axes=0, reduce="sum")
    found = f.over(read())
    assert found == sum(range(20)) * 0.5
    assert seen == [*range(5)]


def test_refusals() -> None:
    """Nothing to add up, or nothing that can be; a chunk that does not fit is told as in a call."""
    with pytest.raises(ValueError, match=r'loss.over adds up.*does not reduce.*reduce="mean"'):
        jit(loss, in_axes=(None, 0, 0)).over(chunks(10))
    f = jit(loss, in_axes=(None, 0, 0), reduce="sum")
    for nothing in ([], [(W, X[:0], T[:0])]):
        with pytest.raises(ValueError, match=r"loss\.over was given no rows"):
            f.over(nothing)
    with pytest.raises(ValueError, match="argument 't' has 3 rows, argument 'x' has 4"):
        f.over([(W, X[:4], T[:3])])
