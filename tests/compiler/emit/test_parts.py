"""Results by row in the arrays where they belong."""

import ctypes
import random

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd.compiler.emit.parts import print_parts
from autograd.compiler.run.machine import Code
from tests.compiler.emit.code import Written

WIDTHS = [(1,), (1, 1, 1), (4,), (3, 3), (8,), (9, 1), (2, 0, 17, 17, 1, 1, 1, 5), (0,), (64, 1)]


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize(("lanes", "left"), [(1, 1), (2, 1), (4, 4), (4, 3), (8, 1), (8, 8), (8, 30)])
def test_each_number_is_put_in_its_place(lanes: int, left: int, widths: tuple[int, ...]) -> None:
    """A row of each part's array for each lane that has a row; all else stays as it was."""
    slot, row = 3, 5
    rng = random.Random(0)
    found = np.array([rng.random() for _ in range(lanes * (sum(widths) + 1))])
    arrays = [np.full((row + lanes + 2, width), -1.0) for width in widths]
    cells = (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
    slots = (ctypes.c_void_p * (slot + len(arrays)))()
    for i in range(len(arrays)):
        slots[slot + i] = ctypes.addressof(cells) + 8 * i

    written = Written()
    f = written.function(lanes)
    f.lines += [f"  %row = add i64 0, {row}", f"  %left = add i64 0, {left}", f"  %whole = icmp sge i64 %left, {lanes}"]
    print_parts(f, "%found", widths, slot)
    written.module.define("void @written(ptr %call, ptr %found)", f.lines)
    call = Code(written.module.text(), written.module.host, 1).function("written", None, [ctypes.c_void_p] * 2)
    call(ctypes.addressof(slots), found.ctypes.data)

    first = 0
    for width, array in zip(widths, arrays, strict=True):
        wanted = np.full(array.shape, -1.0)
        for lane in range(min(left, lanes)):
            wanted[row + lane] = found[[(first + i) * lanes + lane for i in range(width)]]
        assert array.tolist() == wanted.tolist()
        first += width
