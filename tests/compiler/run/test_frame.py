"""The frame of a call."""

import ctypes
import gc
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import dot, jit, scan, vmap
from autograd.compiler import blocks
from autograd.compiler.node import NO_ROWS
from autograd.compiler.run import frame
from autograd.compiler.run.frame import ARRAYS, COUNT, INDEX, INPUTS, OUT, ROWS, SLOT, STRIDE, UNIFORM, Frame, Frames, Sizes

SIZES = Sizes(inputs=3, outputs=5, uniform=7, rows=11, arrays=2, lanes=4, by_row=False)


def numbers(address: int, count: int) -> list[float]:
    """Doubles in memory."""
    return list((ctypes.c_double * count).from_address(address))


def pointed(at: Frame, slot: int, count: int) -> list[float]:
    """The doubles that a slot gives by the address of a pointer."""
    return numbers(ctypes.c_size_t.from_address(at.slots[slot]).value, count)


def test_slots() -> None:
    """Inputs and results lie where the slots tell, each on its own lines of the cache."""
    one = Frame(SIZES)
    one.inputs[:] = [1.0, 2.0, 3.0]
    one.out[:] = [4.0] * 5
    assert pointed(one, INPUTS, 3) == one.in_view.tolist() == [1.0, 2.0, 3.0]
    assert pointed(one, OUT, 5) == one.out_view.tolist() == [4.0] * 5
    assert one.slots[COUNT:INDEX] == [1, 0, 1, blocks.BLOCK, 0, 0, 0]
    assert one.slots[INPUTS] == one.own_inputs
    assert len(one.slots) == ARRAYS + 2
    starts = [ctypes.addressof(one.inputs), ctypes.addressof(one.out), one.slots[UNIFORM], one.slots[ROWS]]
    assert all(start % 64 == 0 for start in starts)
    assert all(b - a >= 64 for a, b in pairwise(starts))
    assert ctypes.c_int64.from_address(one.address + SLOT * COUNT).value == 1


def test_results_of_a_function_without_rows() -> None:
    """They are the first numbers in `uniform`."""
    one = Frame(SIZES._replace(lanes=1))
    assert ctypes.addressof(one.out) == one.slots[UNIFORM]


@pytest.mark.parametrize("known", [frame.KNOWN_ARRAYS, False])
def test_arrays(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each slot gives its array's numbers, and the frame's own inputs stay to be given again."""
    monkeypatch.setattr(frame, "KNOWN_ARRAYS", known)
    one = Frame(SIZES)
    arrays = [np.arange(4.0) * k for k in (1, 2, 3)]
    for slot, array in zip((INPUTS, ARRAYS, ARRAYS + 1), arrays, strict=True):
        one.point(slot, array)
    assert [pointed(one, slot, 4) for slot in (INPUTS, ARRAYS, ARRAYS + 1)] == [x.tolist() for x in arrays]
    one.inputs[:] = [7.0] * 3
    one.slots[INPUTS] = one.own_inputs
    assert pointed(one, INPUTS, 3) == [7.0] * 3


def test_outputs_by_row() -> None:
    """A new array each time, its rows as long as whole lanes."""
    one = Frame(SIZES._replace(by_row=True))
    out = one.by_row(5)
    assert out.shape == (5, one.slots[STRIDE]) == (5, 8)
    out[0] = range(8)
    assert pointed(one, OUT, 8) == list(range(8))
    assert one.by_row(5) is not out
    assert len(one.out) == 0


def test_rows() -> None:
    """All of them, in blocks of a length that depends on how many they are."""
    one = Frame(SIZES._replace(block=10))
    for count, block in ((0, 10), (10, 10), (640, 10), (641, 20)):
        one.all_rows(count)
        assert one.slots[COUNT:INDEX] == [count, 0, count, block, 0, 0, 0]
    assert one.most_in_short_blocks == 640


def test_no_two_calls_have_the_same() -> None:
    """A frame is taken again only after it was given back."""
    frames = Frames(SIZES)
    one, two = frames.take(), frames.take()
    assert one is not two
    frames.give_back(one)
    assert frames.take() is one
    assert frames.take() is not two


def test_where_arrays_lie_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another NumPy the same results."""
    monkeypatch.setattr(frame, "KNOWN_ARRAYS", False)
    x = np.arange(12.0).reshape(4, 3)
    f = jit(lambda w, x: dot(list(w), list(x)), in_axes=(None, 0))
    assert f(x[1], x).tolist() == f(x[1], x).tolist() == (x @ x[1]).tolist()
    g = jit(lambda w: w[0] * w[2])
    assert g(x[1]) == g(x[1]) == 15.0


def executable_of(f: Any) -> Any:
    """What runs a function of one sequence."""
    f(np.ones(2))
    return next(iter(f._calls.traces.values())).compiled.executable


def cells_of(executable: Any) -> tuple[list[int], list[int]]:
    """Where the arrays of the idle frame lie, and how many numbers each has room for."""
    (one,) = executable.frames._idle
    words = (ctypes.c_int64 * executable.sizes.uniform).from_address(one.slots[UNIFORM])
    cells = executable.sizes.cells
    return [words[cell] for cell in cells], [words[cell + 2] for cell in cells]


def test_memory_of_arrays_is_kept() -> None:
    """Shorter sequences lie where longer ones lay, so that a call need not ask for memory."""
    f = jit(lambda xs: scan(lambda c, x: (c + x, c * x), 0.0, vmap(lambda x: x * x)(xs)), dynamic_argnums=0)
    executable = executable_of(f)
    executable.run([np.ones(50_000)], NO_ROWS)
    before = cells_of(executable)
    assert before[0]
    assert min(before[1]) >= 50_000
    for count in (3, 50_000, 1):
        executable.run([np.ones(count)], NO_ROWS)
        assert cells_of(executable) == before


def test_memory_of_arrays_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the frame."""
    freed: list[int] = []
    free = frame._free

    def noting(words: Any, cells: Any) -> None:
        freed.extend(int(words[cell]) for cell in cells)
        free(words, cells)

    monkeypatch.setattr(frame, "_free", noting)
    f = jit(vmap(lambda x: x * x), dynamic_argnums=0)
    executable = executable_of(f)
    there, _ = cells_of(executable)
    del f, executable
    gc.collect()
    assert all(there)
    assert freed == there
