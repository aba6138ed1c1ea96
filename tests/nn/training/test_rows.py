"""Arrays of samples: what is read from them, block by block, and the targets that tell of all."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.training import rows
from nn.training.rows import MOST, Rows, Telling, array_of, array_of_lists, blocks, floats_of_lists, not_finite

ARRAYS = [
    np.arange(6.0).reshape(3, 2), np.arange(6).reshape(3, 2), np.array([True, False]), np.arange(3, dtype=np.float32) / 3,
    np.arange(24.0).reshape(2, 3, 4).T, np.arange(6, dtype=">f8").reshape(3, 2), np.arange(4, dtype=np.uint8),
]  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
@pytest.mark.parametrize("at_once", [1, 3, 1 << 18])
def test_rows_are_what_tolist_gives(array: Any, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One, several or all, with the types of Python's numbers, whatever the blocks are."""
    monkeypatch.setattr(blocks, "__defaults__", (at_once,))
    found, wanted = Rows(array), array.tolist()
    assert repr(list(found)) == repr(found.tolist()) == repr(wanted)
    assert [found[i] for i in range(len(found))] == wanted
    assert found[1:] == wanted[1:]
    assert len(found) == len(wanted)


def test_which_arrays_machine_code_can_read() -> None:
    """Float64 in C's order, aligned, in the machine's order of bytes; nothing else."""
    bytes_ = np.zeros(8 * 4 + 1, dtype=np.uint8)
    odd = bytes_[1:].view(float)
    square = np.zeros((4, 4))
    assert [Rows(array).ready for array in [*ARRAYS, odd, square[::2], square[:, :2], square[1:]]] == [
        True, False, False, False, False, False, False, False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_the_first_number_that_is_not_finite(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any block, by its place."""
    monkeypatch.setattr(blocks, "__defaults__", (at_once,))
    for place in np.ndindex(4, 2, 3):
        for number in (math.nan, math.inf, -math.inf):
            array = np.zeros((4, 2, 3))
            array[place] = array[3, 1, 2] = number
            assert not_finite(array) == place
    assert not_finite(np.zeros((4, 2))) is None
    assert not_finite(np.zeros(4, dtype=int)) is None


def test_arrays_of_things() -> None:
    """Of real numbers in up to 64 bits; others are looked at number by number."""
    assert array_of(ARRAYS[0]) is ARRAYS[0]
    for thing in (
        np.array(1.0),
        np.array([1j]),
        np.array(["1"]),
        np.array([None]),
        np.ma.array([1.0]),
        [1.0],
        1.0,
        np.longdouble([1]),
    ):
        assert array_of(thing) is None

    class Elsewhere:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("on another device")

    assert array_of(Elsewhere()) is None


NUMBERS = st.lists(st.floats() | st.integers(), min_size=2, max_size=2)


@given(st.lists(NUMBERS | st.tuples(st.integers(), st.integers()), min_size=1, max_size=4))
def test_arrays_of_lists(lists: Any) -> None:
    """Numbers of one type give an array that has them exactly; others do not."""
    array = array_of_lists(lists)
    kinds = {type(x) for row in lists for x in row}
    fits = all(-(2**63) <= x < 2**63 for row in lists for x in row if type(x) is int)
    assert (array is not None) is (len(kinds) == 1 and fits)
    if array is not None:
        assert repr(array.tolist()) == repr([list(row) for row in lists])


def test_lists_that_are_no_arrays() -> None:
    """Ragged ones, those that hold themselves, and few of them where NumPy is not loaded."""
    endless: list[Any] = []
    endless.append(endless)
    for data in (endless, [[1.0], [1.0, 2.0]], [[1.0], 1.0], [], [[]], [["1"]], [{}]):
        assert array_of_lists(data) is None
    assert floats_of_lists([[1, 2.5], [True, 0]]).tolist() == [[1.0, 2.5], [1.0, 0.0]]


def test_lists_of_arrays() -> None:
    """Alike they are one; others are looked at one by one."""
    images = [np.arange(4).reshape(2, 2) + i for i in range(3)]
    assert array_of_lists(images).tolist() == [image.tolist() for image in images]
    assert array_of_lists([tuple(images), images]).tolist() == [[image.tolist() for image in images]] * 2
    others: list[Any] = [images[0] * 1.0, np.arange(3), np.array([None] * 4).reshape(2, 2), 1.0, np.ma.array(images[0])]
    for other in others:
        assert array_of_lists([images[0], other]) is None
    assert array_of_lists(others[-1:]) is None


def test_few_lists_do_not_load_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than they do."""
    monkeypatch.delitem(rows.sys.modules, "numpy")
    assert array_of_lists([1.0, 2.0]) is None
    monkeypatch.setitem(rows.sys.modules, "numpy", None)
    assert array_of_lists([1.0] * 2000) is None


# --- targets that tell ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, np.array, lambda xs: [[x] for x in xs], lambda xs: np.array(xs)[:, None]])
def test_the_first_target_of_each_kind_tells(kind: Any) -> None:
    """With its number, whatever the parts are in which they come."""
    targets = kind([1, 1, 0, 2, 1, 0, 7, 2])
    for cut in range(len(targets)):
        telling = Telling()
        for first, part in ((0, targets[:cut]), (cut, targets[cut:])):
            telling.add(first, Rows(part) if isinstance(part, np.ndarray) and len(part) else part)
        numbers = [i for i, _ in telling.chosen]
        assert numbers == [0, 2, 3, 6]
        plain = targets.tolist() if isinstance(targets, np.ndarray) else targets
        assert repr(telling.chosen) == repr([(i, plain[i]) for i in numbers])


def test_types_tell_too() -> None:
    """1.0 is no class number, and 1 is one."""
    telling = Telling()
    telling.add(0, [1, 1.0, True, 1, 0.5])
    assert telling.chosen == [(0, 1), (1, 1.0), (2, True), (4, 0.5)]


@pytest.mark.parametrize("as_array", [False, True])
def test_of_many_kinds_the_extreme_ones_tell(as_array: bool) -> None:
    """And as many others as are quickly tried."""
    targets = [(7 * i) % 10_007 / 10_007 for i in range(1, 10_007)]
    targets[5_000], targets[9_000] = -3.0, 4.0
    telling = Telling()
    telling.add(0, Rows(np.array(targets)) if as_array else targets)
    found = telling.chosen
    assert len(found) == MOST + 2
    assert {(5_000, -3.0), (9_000, 4.0)} <= set(found)
    assert all(targets[i] == x for i, x in found)


def test_wide_targets_are_few() -> None:
    """Each takes long to try."""
    array = np.random.default_rng(0).normal(size=(500, 700))
    array[400, 3], array[450, 4] = 50.0, -50.0
    telling = Telling()
    telling.add(0, Rows(array))
    assert len(telling.chosen) == 18
    assert {400, 450} <= {i for i, _ in telling.chosen}
