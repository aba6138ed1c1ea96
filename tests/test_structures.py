"""Structures: flatten and unflatten, values and grads."""

from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, grads, values
from autograd.structures import as_array, flatten, unflatten


class Pair(NamedTuple):
    """A named tuple."""

    first: Any
    second: Any


NUMBERS = st.floats(allow_nan=False)
STRUCTURES = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.builds(Pair, inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.dictionaries(st.integers(), inner, max_size=3).map(OrderedDict),
    ),
    max_leaves=8,
)


@given(STRUCTURES)
def test_apart_and_together_is_the_same(structure: Any) -> None:
    """For any nesting, types included; the shape is hashable and counts the numbers."""
    numbers, outline = flatten(structure, "it")
    again = unflatten(outline, numbers, as_array)
    assert again == structure
    assert repr(again) == repr(structure)
    assert outline.size == len(numbers)
    assert hash(outline) == hash(flatten(structure, "it")[1])


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0, 3)])
def test_arrays_apart_and_together(shape: tuple[int, ...]) -> None:
    """Numbers come in C order, whatever the array's order in memory."""
    array = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape).copy(order="F")
    numbers, outline = flatten({"a": array}, "it")
    assert numbers == array.ravel().tolist()
    again = unflatten(outline, numbers, as_array)["a"]
    assert again.shape == shape
    np.testing.assert_array_equal(again, array)


def test_values_and_grads_of_structures() -> None:
    """They are plain numbers in the structure of the Values; object arrays work too."""
    x, y = Value(2.0), Value(3.0)
    (x * y).backward()
    nested = {"w": [x, 1.0], "b": (y, Pair(x, 4))}
    assert values(nested) == {"w": [2.0, 1.0], "b": (3.0, Pair(2.0, 4.0))}
    assert grads(nested) == {"w": [3.0, 0.0], "b": (2.0, Pair(3.0, 0.0))}
    array = np.array([[x, y]], dtype=object)
    for found, wanted in ((values(array), [[2.0, 3.0]]), (grads(array), [[3.0, 2.0]])):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, wanted)
    assert values(x * y) == 6.0
    assert grads(Value(1.0)) == 0.0
    assert type(values(np.float64(1.0))) is float


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (None, "the argument of values must be one real number, not None"),
        ([1.0, "a"], r"the argument of values\[1\] must be one real number, not the string 'a'"),
        ((x for x in [1.0]), r"numbers in lists, tuples, dicts or arrays, not a generator: pass list\(...\)"),
        ({1.0}, "not a set"),
        (range(3), "not a range"),
    ],
)
def test_what_is_not_a_number(thing: Any, message: str) -> None:
    """The message names it and its place."""
    with pytest.raises(TypeError, match=message):
        values(thing)


def test_keys_of_dicts_are_told_apart_by_type() -> None:
    """{1: x}, {1.0: x} and {True: x} are three structures; as `like` for each other they serve all the same."""
    structures = [flatten({key: 2.0, "a": 1.0}, "it")[1] for key in (1, 1.0, True)]
    assert len({*structures}) == 3
    assert len({flatten([{key: 2.0}], "it")[1] for key in (1, 1.0, True, 1)}) == 3
    assert flatten({True: 5.0, "a": 6.0}, "it", structures[0]) == ([5.0, 6.0], structures[0])
    assert type(flatten({"a": 1.0}, "it")[1].keys) is tuple
