"""Loops as one step of a trace: what they are taken apart into."""

import pytest

from autograd import Value
from autograd.structures import NUMBER, Structure
from autograd.traced import columns_of, flat, is_recorded, recorded, whole_again


def test_structures_come_apart_and_together() -> None:
    """None too, which carries nothing."""
    for thing in ({"a": 1.0, "b": [2.0, 3.0]}, (1.0, [2.0]), 4.0, None):
        numbers, structure = flat(thing, "a thing")
        assert whole_again(structure, numbers) == thing


def test_columns() -> None:
    """The numbers of each sequence, turn after turn, if all its elements have one structure."""
    assert columns_of(([1.0, 2.0], [[3.0, 4.0], [5.0, 6.0]]), range(2), "xs") == [
        ([1.0, 2.0], NUMBER),
        ([3.0, 4.0, 5.0, 6.0], Structure(list, (), (NUMBER, NUMBER))),
    ]
    assert columns_of([[1.0], [2.0, 3.0]], range(2), "xs") is None
    assert columns_of(None, range(2), "xs") == []


@pytest.mark.parametrize("x", [1.0, Value(1.0)], ids=["float", "Value"])
def test_without_a_trace_nothing_is_recorded(x: object) -> None:
    """Then the loop is Python's."""
    assert not is_recorded(10)
    assert recorded(lambda _, c, x: (c, x), x, [x, x], 2, "a loop") is None
