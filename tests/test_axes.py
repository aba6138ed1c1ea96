"""Axes of nested sequences."""

from typing import Any

import numpy as np
import pytest

from autograd.axes import by_axes, joined, moved_in, moved_out
from autograd.turns import turn


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_axes_of_nested_lists_are_those_of_arrays(axis: int) -> None:
    """In and out."""
    array = np.arange(24.0).reshape(2, 3, 4)
    assert moved_in(array.tolist(), axis, "x") == np.moveaxis(array, axis, 0).tolist()
    assert moved_out(array.tolist(), axis, "x") == np.moveaxis(array, 0, axis).tolist()
    assert moved_in((array, {"a": array.tolist()}), axis, "x")[1]["a"] == moved_in(array, axis, "x").tolist()


@pytest.mark.parametrize("thing", [[1.0], 1.0, np.ones(2), ([1.0],)], ids=["list", "number", "array", "tuple"])
def test_an_axis_that_is_not_there(thing: Any) -> None:
    """It is named."""
    with pytest.raises(ValueError, match="no axis 1"):
        moved_in(thing, 1, "x")


def test_arguments_by_axes() -> None:
    """What is mapped and what is shared are told apart, and join again turn by turn."""
    args = {"w": [1.0, 2.0], "b": 5.0}, [[3.0, 4.0], [5.0, 6.0]], 7.0
    mapped, shared = by_axes(args, ({"w": 0, "b": None}, 1, None), ["a", "b", "c"])
    assert joined(shared, turn(mapped, 1)) == ({"w": 2.0, "b": 5.0}, [4.0, 6.0], 7.0)
    with pytest.raises(TypeError, match="an axis is an integer or None"):
        by_axes(args, ("x", 0, None), ["a", "b", "c"])
    with pytest.raises(ValueError, match="2 axes for 3 parts"):
        by_axes(args, (0, 0), ["a", "b", "c"])
