"""Sequences taken apart turn by turn, and put together."""

from collections import deque, namedtuple
from typing import Any

import numpy as np
import pytest

from autograd import Value
from autograd.structures import NUMBER, Structure, as_array, flatten, open_widths, unflatten
from autograd.turns import Opening, OpenSequence, described, length_of, stacked, turn

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


def test_sequences_of_open_length_as_nodes() -> None:
    """Where it is asked for, one is one node in a structure; of the rows of a call an array or a list is made."""
    count, other, node = Value(3.0), Value(3.0), Value(0.0)
    pair = Structure(list, (), (NUMBER, NUMBER))
    xs, ys = OpenSequence(node, count, NUMBER), OpenSequence(node, count, pair)
    numbers, structure = flatten({"x": xs, "one": 1.0, "y": ys}, "it", opened=True)
    assert numbers == [node, 1.0, node]
    assert numbers[0] is node
    assert structure.size == 3
    assert open_widths(structure) == (1, 0, 2)
    assert open_widths(NUMBER) == ()
    found = unflatten(structure, numbers, as_array)
    assert (type(found["x"]), found["y"].array, found["y"].count) == (OpenSequence, node, count)
    rows = np.array([[1.0], [2.0]])
    given = unflatten(structure, [rows, 5.0, np.array([[1.0, 2.0]])], as_array)
    assert given["x"].tolist() == [1.0, 2.0]
    assert given["y"] == [[1.0, 2.0]]
    assert unflatten(OpenSequence(node, count, Structure("array", (1,))).opening, [rows], as_array).shape == (2, 1)
    assert xs.opening == OpenSequence(other.detach(), count, NUMBER).opening != OpenSequence(node, other, NUMBER).opening
    assert hash(xs.opening) == hash(OpenSequence(other, count, NUMBER).opening)
    assert Opening(count, pair) != pair
    assert flatten(xs, "it", xs.opening, opened=True)[0][0] is node
    with pytest.raises(TypeError, match="must be a sequence of a length that only the run knows, of one number each"):
        flatten(ys, "it", xs.opening, opened=True)
    with pytest.raises(TypeError, match="only the run knows its length"):
        flatten(xs, "it")
