"""The order of samples: shuffled by one generator, in lists and in arrays."""

import random
from typing import Any

import numpy as np
import pytest

from autograd.compiler.descent import shuffled
from nn.training.order import Order

KINDS = ["lists", "arrays"]


def made(kind: str, count: int, seed: int | None) -> Any:
    """An order of one kind."""
    order: Any = Order(count, None if seed is None else random.Random(seed))
    if kind == "arrays":
        order.compiled(shuffled)
    return order


def listed(rows: Any) -> list[int]:
    """As a list."""
    return [int(row) for row in rows]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_each_epoch_is_shuffled_once_more(kind: str, count: int) -> None:
    """From the order before, by the same generator; what was given out before stays as it was."""
    order, rng, wanted, before = made(kind, count, 3), random.Random(3), list(range(count)), []
    for _ in range(4):
        rng.shuffle(wanted)
        found = order.next()
        assert listed(found) == wanted
        before.append((found, list(wanted)))
    assert all(listed(found) == then for found, then in before)


@pytest.mark.parametrize("seed", [3, None])
@pytest.mark.parametrize("epochs", [1, 2, 7])
def test_epochs_at_once(seed: int | None, epochs: int) -> None:
    """Are those that come one by one, and so are the next."""
    order, single = made("arrays", 11, seed), made("arrays", 11, seed)
    for _ in range(2):
        assert order.arrays(epochs).tolist() == [row for _ in range(epochs) for row in listed(single.next())]
    assert listed(order.next()) == listed(single.next())


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_generator(kind: str) -> None:
    """They stay in order."""
    order = made(kind, 4, None)
    assert [listed(order.next()) for _ in range(2)] == [[0, 1, 2, 3]] * 2


def test_from_lists_to_arrays_and_back() -> None:
    """At any time, and the next orders are the same."""
    changing, plain = made("lists", 20, 1), made("lists", 20, 1)
    for change in (lambda: None, lambda: changing.compiled(shuffled), lambda: None, changing.eager, lambda: None):
        change()
        found = changing.next()
        assert listed(found) == plain.next()
    assert type(found) is list
    assert {type(row) for row in found} == {int}


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_a_state_goes_on(first: str, second: str) -> None:
    """In an order of either kind, at each epoch."""
    order, resumed = made(first, 9, 5), made(second, 9, 6)
    for _ in range(3):
        order.next()
        state = order.state_dict()
        assert all(type(row) is int for row in state["rows"])
        resumed.load_state_dict(state)
        probe = made(second, 9, 0)
        probe.load_state_dict(state)
        assert listed(probe.next()) == listed(resumed.next())
        resumed.load_state_dict(state)
    assert listed(order.next()) == listed(resumed.next())


@pytest.mark.parametrize(
    ("kind", "count", "seed", "message"),
    [
        ("lists", 4, 0, "it has the order of 5 samples, and this training has 4"),
        ("arrays", 4, 0, "it has the order of 5 samples, and this training has 4"),
        ("lists", 5, None, "one of both shuffles its samples, and the other does not: give the same shuffle="),
    ],
)
def test_a_state_that_does_not_fit(kind: str, count: int, seed: int | None, message: str) -> None:
    """Other samples, or one that is not shuffled: refused, and the order stays."""
    order, saved = made(kind, count, seed), made("lists", 5, 0)
    before = listed(order.rows)
    with pytest.raises(ValueError, match=message):
        order.load_state_dict(saved.state_dict())
    assert listed(order.rows) == before


def test_arrays_are_of_whole_numbers() -> None:
    """As machine code reads them."""
    assert made("arrays", 3, 0).next().dtype == np.int64
