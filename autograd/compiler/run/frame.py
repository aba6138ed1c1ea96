"""The frame of a call: its memory, and the slots by which machine code finds it: addresses, and which rows.

`INPUTS`, `OUT` and the arrays, from `ARRAYS` on, are given by the address of a pointer to their numbers: an array object of
NumPy's has such a pointer, so that arrays are read where they lie. `INDEX` is the address of row numbers, int64, where rows
are gathered; otherwise it is not read.

A call computes the rows from `FIRST` to before `LAST`; `COUNT` is how many there are in all. Where rows are reduced, they are
summed in blocks of `BLOCK` rows from `FIRST` on. With a `STRIDE` of 0 the blocks' sums are added, and a mean is divided by
`COUNT`; else they stay apart, undivided, those of each block `STRIDE` numbers after the last one's. `BEGUN` is 1 if the first
block's sums are there already, but for these rows. `KNOWN` is 1 if what all rows share was computed by the frame's last call.

By row, each array of the result has a slot after those of the arguments. Where there is one array for all outputs, it is `OUT`,
and `STRIDE` is how many numbers each output has room for: at least `COUNT`, in whole lanes, of which the last may be written
beyond `LAST`.
"""

import ctypes
import sys
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler import blocks
from autograd.compiler.run.machine import address_of

INPUTS, OUT, UNIFORM, ROWS, COUNT, FIRST, LAST, BLOCK, STRIDE, KNOWN, BEGUN, INDEX, ARRAYS = range(13)
SLOT = 8  # bytes of a slot
CELL = 3  # places of an array whose length the run decides: its pointer, how many rows, how many numbers there is room for
FLOAT64 = np.dtype(float)
# where an array object (PyArrayObject) keeps its numbers, how many dimensions it has, its shape, dtype and flags
DATA_AT = object.__basicsize__
DIMENSIONS_AT, SHAPE_AT, DTYPE_AT, FLAGS_AT = DATA_AT + 8, DATA_AT + 16, DATA_AT + 40, DATA_AT + 48


def _finds_arrays() -> bool:
    """Whether an array object keeps all of these there."""
    array = np.zeros((2, 3), order="F")
    start = id(array)
    return (
        ctypes.c_size_t.from_address(start + DATA_AT).value == array.ctypes.data
        and ctypes.c_int.from_address(start + DIMENSIONS_AT).value == 2
        and (ctypes.c_int64 * 2).from_address(ctypes.c_size_t.from_address(start + SHAPE_AT).value)[:] == [2, 3]
        and ctypes.c_size_t.from_address(start + DTYPE_AT).value == id(FLOAT64)
        and ctypes.c_int.from_address(start + FLAGS_AT).value == array.flags.num
    )


KNOWN_ARRAYS = sys.implementation.name == "cpython" and _finds_arrays()


class Sizes(NamedTuple):
    """What the frames of a program hold: how many doubles for each purpose, how many arrays of rows, and rows at a time."""

    inputs: int
    outputs: int  # where a program has no rows at all, the first of `uniform`
    uniform: int
    rows: int
    arrays: int
    lanes: int
    by_row: bool  # each call brings arrays for the outputs
    mean: bool = False  # sums are divided
    block: int = blocks.BLOCK  # the option, as
    parts: tuple[int, ...] | None = None
    stopped: int | None = (
        None  # where in `uniform` code says that it stopped before the end, by which exception; None: it never does
    )
    cells: tuple[int, ...] = ()  # where in `uniform` arrays are told of whose memory code takes, for later calls too


class Frame:
    """The memory of one call: `inputs` and `out` are C's doubles, `in_view` and `out_view` the same as NumPy's arrays."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        outputs = 0 if sizes.by_row else sizes.outputs
        lengths = [-(-n // 8) * 8 for n in (sizes.inputs, outputs, sizes.uniform, sizes.rows)]  # whole lines of the cache
        memory = np.empty(sum(lengths) + 8)
        start = memory.ctypes.data
        skipped = -start % 64 // 8
        inputs, out, uniform, rows = (skipped + sum(lengths[:i]) for i in range(4))
        if sizes.lanes == 1:
            out = uniform
        self._memory = memory
        if sizes.cells:
            cells = memory[uniform : uniform + sizes.uniform].view(np.int64)
            for cell in sizes.cells:
                cells[cell : cell + CELL] = 0
            weakref.finalize(self, _free, cells, sizes.cells).atexit = False
        self.in_view, self.out_view = memory[inputs : inputs + sizes.inputs], memory[out : out + outputs]
        self.inputs: Any = (ctypes.c_double * sizes.inputs).from_address(start + 8 * inputs)
        self.out: Any = (ctypes.c_double * outputs).from_address(start + 8 * out)
        self.count = 1  # the reader's
        self.kept: dict[Any, Any] = {}  # what must live as long as the slots that point to it
        self._own: Any = (ctypes.c_int64 * 2)(start + 8 * inputs, start + 8 * out)
        self.results = ARRAYS + sizes.arrays  # the slots of the result's arrays
        slots = ctypes.c_int64 * (self.results + len(sizes.parts or ()))
        self._pointers: Any = slots()  # to arrays, where their objects have none
        self.own_inputs = ctypes.addressof(self._own)
        self._own_slots = self.own_inputs, self.own_inputs + 8, start + 8 * uniform, start + 8 * rows
        self.slots: Any = slots(*self._own_slots)
        self.address = ctypes.addressof(self.slots)
        self.all_rows(1)

    @property
    def most_in_short_blocks(self) -> int:
        """How many rows there may be in all without blocks growing longer."""
        return blocks.MOST * self._sizes.block

    def all_rows(self, count: int) -> None:
        """Let a call compute all of `count` rows."""
        block = self._sizes.block if count <= self._sizes.block else blocks.block_length(count, self._sizes.block)
        self.slots[COUNT:INDEX] = count, 0, count, block, 0, 0, 0

    def point(self, slot: int, array: Any) -> None:
        """Let a slot give an array's numbers. The array must live until the call is over."""
        if KNOWN_ARRAYS:
            self.slots[slot] = id(array) + DATA_AT
        else:
            self.point_at(slot, array.ctypes.data)

    def point_at(self, slot: int, address: int) -> None:
        """Let a slot give the numbers at an address."""
        self._pointers[slot] = address
        self.slots[slot] = ctypes.addressof(self._pointers) + SLOT * slot

    def follow(self, slots: Sequence[int] | None) -> None:
        """Have the slots of another frame, but for memory to compute in; without them, those of its own again."""
        self.slots[:] = [
            *(self._own_slots[:2] if slots is None else slots[:UNIFORM]),
            *self._own_slots[2:],
            *self.slots[COUNT:],
        ]
        if slots is not None:
            self.slots[COUNT:] = slots[COUNT:]

    def by_row(self, count: int) -> Any:
        """New arrays for a result by row, which the call fills: one for each part, or one with a row for each output."""
        lanes, parts = self._sizes.lanes, self._sizes.parts
        if parts is not None:
            arrays = [np.empty((count, width)) for width in parts]
            for slot, array in enumerate(arrays, self.results):
                self.point(slot, array)
            return arrays
        out = np.empty((self._sizes.outputs, -(-count // lanes) * lanes))
        self.point(OUT, out)
        self.slots[STRIDE] = out.shape[1]
        return out


def _free(uniform: Any, cells: Sequence[int]) -> None:
    """Give back the memory that code took."""
    free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address_of("c.free"))
    for cell in cells:
        free(int(uniform[cell]))


class Frames:
    """Frames for calls: no two calls at once have the same."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self._idle: list[Frame] = []
        self.give_back = self._idle.append

    def take(self) -> Frame:
        """A frame that no other call has, until it is given back."""
        try:
            return self._idle.pop()
        except IndexError:
            return Frame(self.sizes)
