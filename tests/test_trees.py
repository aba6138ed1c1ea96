"""Trees: leaves, maps over them, and numbers in flat lists."""

import operator
from typing import Any

import numpy as np
import pytest

from autograd import jit, ravel, tree_leaves, tree_map
from tests.test_structures import every_container, listed


@every_container
def test_leaves_and_maps_of_containers(given: Any, numbers_of: Any) -> None:
    """`tree_map` makes a container of the same class, `ravel` a list and the way back."""
    doubled = tree_map(lambda x: 2.0 * x, given)
    assert type(doubled) is type(given)
    assert listed(doubled) == [4.0, 6.0]
    assert listed(tree_map(lambda x, y: x + y, given, doubled)) == [6.0, 9.0]
    assert np.ravel(tree_leaves(given)).tolist() == [2.0, 3.0]
    flat, unravel = ravel(given)
    assert flat == [2.0, 3.0]
    again = unravel(np.array(flat))
    assert type(again) is type(given)
    assert np.all(again == given)
    assert listed(jit(lambda xs: unravel([x * x for x in xs]))(flat)) == [4.0, 9.0]


def test_tree_map_as_in_jax() -> None:
    """Arrays are leaves, and strings; beside a leaf of the first tree, others may have any structure; keys in any order."""
    shapes = tree_map(np.shape, {"w": np.zeros((2, 3)), "b": [np.zeros(4), 0.0]})
    assert shapes == {"w": (2, 3), "b": [(4,), ()]}
    assert tree_map(lambda x, y: (x, y), {"a": 1, "b": "two"}, {"b": [1.0], "a": {}}) == {"a": (1, {}), "b": ("two", [1.0])}
    assert tree_leaves([]) == []
    with pytest.raises(TypeError, match=r"tree 1 beside the tree\['a'\] must be a list of 2, not a list of 1"):
        tree_map(operator.add, {"a": [1.0, 2.0]}, {"a": [1.0]})
    endless: list[Any] = []
    endless.append(endless)
    for call in (tree_leaves, lambda x: tree_map(abs, x), ravel):
        with pytest.raises(ValueError, match="contains itself"):
            call(endless)


def test_unravel_of_another_length() -> None:
    """It names both lengths."""
    _, unravel = ravel({"w": np.ones((2, 2)), "b": 1.0})
    assert unravel(range(5) and [0.0, 1.0, 2.0, 3.0, 4.0])["w"].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    with pytest.raises(ValueError, match="unravel takes 5 numbers, as ravel found them, not 4"):
        unravel([1.0] * 4)
