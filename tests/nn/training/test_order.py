"""The order of samples: that of Python's shuffle, chunk by chunk, as lists and as arrays."""

import random
from typing import Any

import numpy as np
import pytest

from autograd.compiler.descent import shuffled
from nn.training.order import Order, begins


@pytest.mark.parametrize("lengths", [(), (23,), (10, 1, 12), (1, 22)])
@pytest.mark.parametrize("compiled", [False, True])
def test_each_chunk_is_shuffled_within(lengths: tuple[int, ...], compiled: bool) -> None:
    """Once more for each epoch, from the order of the one before."""
    order, rng, wanted = Order(23, random.Random(3), lengths), random.Random(3), list(range(23))
    if compiled:
        order.compiled(shuffled)
    for _ in range(3):
        first = 0
        for length in lengths or (23,):
            part = wanted[first : first + length]
            rng.shuffle(part)
            wanted[first : first + length] = part
            first += length
        before = order.rows
        found = order.next()
        assert list(found) == wanted
        assert found is not before


@pytest.mark.parametrize("compiled", [False, True])
def test_without_a_generator(compiled: bool) -> None:
    """In order, and from an array to a list and back."""
    order = Order(5, None, (2, 3))
    if compiled:
        order.compiled(shuffled)
        assert order.next().dtype == np.int64
    assert list(order.next()) == list(order.next()) == [0, 1, 2, 3, 4]
    order.eager()
    assert order.next() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("lengths", [(), (3, 4)])
@pytest.mark.parametrize("begun", [0, 2])
def test_an_order_goes_on(lengths: Any, begun: int) -> None:
    """From its state, in lists and arrays; not from that of other samples."""
    first = Order(7, random.Random(0), lengths)
    for _ in range(begun):
        first.next()
    state = first.state_dict()
    wanted = [list(first.next()) for _ in range(3)]
    for compiled in (False, True):
        other = Order(7, random.Random(9), lengths)
        if compiled:
            other.compiled(shuffled)
        other.load_state_dict(state)
        assert [list(other.next()) for _ in range(3)] == wanted
    with pytest.raises(ValueError, match="the order of 7 samples, and this training has 8"):
        Order(8, random.Random(0)).load_state_dict(state)
    with pytest.raises(ValueError, match="one of both shuffles its samples"):
        Order(7, None).load_state_dict(state)


def test_batches_end_with_their_chunk() -> None:
    """In any sizes."""
    assert begins([7], 3) == [0, 3, 6, 7]
    assert begins([6], 3) == [0, 3, 6]
    assert begins([2, 5, 1], 4) == [0, 2, 6, 7, 8]
