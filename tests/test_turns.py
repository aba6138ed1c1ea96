"""Sequences taken apart turn by turn, and put together."""

from collections import deque, namedtuple
from typing import Any

import numpy as np
import pytest

from autograd import Value
from autograd.turns import described, length_of, stacked, turn

Pair = namedtuple("Pair", "left right")  # noqa: PYI024 - any named tuple


@pytest.mark.parametrize(
    ("thing", "second"),
    [
        ([1.0, 2.0], 2.0),
        (np.array([1.0, 2.0]), 2.0),
        (deque([1.0, 2.0]), 2.0),
        ([[1.0], (2.0, 3.0)], (2.0, 3.0)),
        (([1.0, 2.0], [3.0, 4.0]), (2.0, 4.0)),
        ({"a": [1.0, 2.0], "b": ([3.0, 4.0],)}, {"a": 2.0, "b": (4.0,)}),
        (Pair([1.0, 2.0], [3.0, 4.0]), Pair(2.0, 4.0)),
        (([1.0, 2.0], None), (2.0, None)),
    ],
    ids=["list", "array", "deque", "nested", "tuple", "dict", "named", "none"],
)
def test_turns(thing: Any, second: Any) -> None:
    """What a turn gets has the structure that holds the sequences."""
    assert length_of(thing, "x") == 2
    assert turn(thing, 1) == second
    assert type(turn(thing, 1)) is type(second)


def test_rows_of_arrays_stay_arrays() -> None:
    """And single numbers are Python's, which overflow without a warning."""
    assert turn(np.array([[1.0, 2.0], [3.0, 4.0]]), 1).tolist() == [3.0, 4.0]
    assert turn(np.array([1e308, 1e308]), 0) * 10.0 == float("inf")


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0]),
        ([(1.0, [2.0]), (3.0, [4.0])], ([1.0, 3.0], [[2.0], [4.0]])),
        ([{"a": (1.0,)}, {"a": (2.0,)}], {"a": ([1.0, 2.0],)}),
        ([None, None], None),
        ([], []),
    ],
    ids=["numbers", "tuples", "dicts", "none", "empty"],
)
def test_stacked(turns: Any, expected: Any) -> None:
    """A structure of each turn becomes a structure of sequences, which `turn` takes apart again."""
    assert stacked(turns, "y") == expected
    if turns:
        assert [turn(expected, i) for i in range(len(turns))] == turns


def test_arrays_are_stacked_as_arrays() -> None:
    """Of Values too."""
    assert stacked([np.ones(2), np.zeros(2)], "y").tolist() == [[1.0, 1.0], [0.0, 0.0]]
    x = Value(1.0)
    assert stacked([np.array([x]), np.array([2.0])], "y")[0, 0] is x


@pytest.mark.parametrize(
    "turns",
    [[1.0, (1.0,)], [(1.0,), (1.0, 2.0)], [[1.0], [1.0, 2.0]], [None, 1.0], [np.ones(2), np.ones(3)], [np.ones(2), [1.0, 2.0]]],
    ids=map(str, range(6)),
)
def test_turns_must_be_alike(turns: Any) -> None:
    """The error shows both structures, and the turn."""
    with pytest.raises(TypeError, match=r"f gave .* in its first turn and .* in turn 1") as error:
        stacked(turns, "f")
    assert described(turns[0]) in str(error.value)
    assert described(turns[1]) in str(error.value)


def test_lengths() -> None:
    """Unequal ones are refused, and what has none."""
    assert length_of(None, "x") is None
    with pytest.raises(ValueError, match=r"x\[0\] has 1 turns, x\[1\] has 2"):
        length_of(([1.0], [1.0, 2.0]), "x")
    for thing in (1.0, Value(1.0), (1.0, 2.0), np.array(1.0)):
        with pytest.raises(TypeError, match=r"x.*each turn needs an element"):
            length_of(thing, "x")
