"""The backend that makes machine code: rows of arrays, or numbers computed alike, in the lanes of vectors."""

import ctypes
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.call.arrays import print_arrays_entry
from autograd.compiler.call.built_in import KNOWN_LAYOUT, QUICK, built_in
from autograd.compiler.call.reader import short_way
from autograd.compiler.emit.entries import print_mapped, print_single
from autograd.compiler.emit.printer import QUICKLY_COMPILED
from autograd.compiler.lower import lower
from autograd.compiler.run.machine import Code, Host, object_size, this_host
from autograd.compiler.schedule.plan import BY_ROW, UNIFORM, Plan
from autograd.compiler.simplify import SSA
from autograd.structures import Structure


class LLVMExecutable:
    """Runs a program as machine code. A call releases the interpreter's lock, and may go on in several threads at once.

    Raises NotCompilableError for a row without a formula to compile.
    """

    backend = "llvm"

    def __init__(
        self, ssa: SSA, varying: tuple[int | None, ...] | None, reduce: str | None, *, fast: bool, host: Host | None = None
    ) -> None:
        host = host or this_host()
        mapped = varying is not None
        plan = Plan(lower(ssa), varying, summed=mapped and reduce is not None and fast)
        blocks = [block for block in varying or () if block is not None]
        widths = [blocks.count(b) for b in range(max(blocks, default=-1) + 1)]
        self.operations = plan.ssa.operations
        self.outputs = len(ssa.outputs)
        self.inputs = ssa.inputs - len(blocks)
        self.by_row = mapped and reduce is None
        self.lanes = host.lanes if mapped else 1
        self._blocks = len(widths)
        has_scalar = False
        if mapped:
            text = print_mapped(plan, host, self.lanes, widths, reduce, fast=fast)
        else:
            text, has_scalar = print_single(plan, host, fast=fast)
        self._places = plan.places[UNIFORM], plan.places[BY_ROW] * self.lanes
        self._text, self._host, self._level = (
            zlib.compress(text.encode(), 1),
            host,
            2 if len(plan.ssa.rows) < QUICKLY_COMPILED else 1,
        )
        self._code = Code(text, host, self._level)
        self.entry = self._code.function("run", None, [ctypes.c_void_p])
        self.scalar: Any = None
        if has_scalar:
            self.scalar = self._code.function("scalar", ctypes.c_double, [ctypes.c_double] * ssa.inputs)
        self._is_quick = has_scalar and KNOWN_LAYOUT and ssa.inputs > 0 and self.operations <= QUICK
        self.frames: list[Frame] = []  # not in use: no two calls at once have the same

    @property
    def code_size(self) -> int:
        """The bytes of the machine code, with its constants."""
        return object_size(zlib.decompress(self._text).decode(), self._host, self._level)

    def frame(self) -> "Frame":
        """Memory for a call, which then goes back to `frames`: no two calls at once have the same."""
        try:
            return self.frames.pop()
        except IndexError:
            pass
        return Frame(self.inputs, 0 if self.by_row else self.outputs, *self._places, self._blocks, single=self.lanes == 1)

    def built_in(self, name: str, owner: Any) -> Any:
        """The function of floats as a built-in one, which leaves other arguments to its owner; None if it has no such form."""
        return built_in(name, self._code.address("entry"), [self._code], owner) if self._is_quick else None

    def built_in_of_arrays(self, name: str, owner: Any, result: Structure, arguments: Sequence[tuple[Structure, bool]]) -> Any:
        """The function of floats and arrays likewise."""
        entry = print_arrays_entry(result, arguments, self)
        if entry is None:
            return None
        code = Code(entry.text, self._host, 1)
        return built_in(name, code.address("entry"), [code, *entry.kept], owner)

    @property
    def address(self) -> int:
        """Where the machine code is."""
        address: int = self._code.address("run")
        return address

    def short_way(self, result: Structure, arguments: Sequence[tuple[Structure, bool]], no: Any) -> Any:
        """A function of arguments of these structures, see `short_way`."""
        return short_way(self, result, arguments, no)

    def by_row_result(self, frame: "Frame", count: int) -> Any:
        """An array for outputs by row, which the call will write."""
        out = np.empty((self.outputs, -(-count // self.lanes) * self.lanes))
        frame.call[1] = frame.cell(out, 1)
        return out

    def run(self, numbers: Sequence[float], rows: Any) -> Any:
        """The outputs: floats, or where rows are not reduced an array with a row for each output."""
        frame = self.frame()
        frame.inputs[:] = numbers
        frame.call[0] = frame.own_inputs
        frame.call[4] = rows.count
        for i, block in enumerate(rows.arrays[: self._blocks]):
            frame.call[5 + i] = frame.cell(block, 2 + i)
        out = self.by_row_result(frame, rows.count) if self.by_row else None
        self.entry(frame.address)
        found = list(frame.out) if out is None else out[:, : rows.count]
        self.frames.append(frame)
        return found


class Frame:
    """The memory of one call, and the array of pointers that the machine code gets.

    `inputs` and `out` are arrays of C's doubles, `in_view` and `out_view` the same as NumPy's.
    """

    def __init__(self, inputs: int, outputs: int, uniform: int, rows: int, blocks: int, *, single: bool) -> None:
        sizes = [-(-n // 8) * 8 for n in (inputs, outputs, uniform, rows)]  # whole lines of the cache
        memory = np.empty(sum(sizes) + 8)
        skipped = -memory.ctypes.data % 64 // 8
        starts = [skipped + sum(sizes[:i]) for i in range(4)]
        first = memory.ctypes.data
        self._memory = memory
        self.in_view = memory[starts[0] : starts[0] + inputs]
        where = starts[2] if single else starts[1]
        self.out_view = memory[where : where + outputs]
        self.inputs: Any = (ctypes.c_double * inputs).from_address(first + 8 * starts[0])
        self.out: Any = (ctypes.c_double * outputs).from_address(first + 8 * where)
        self.count = 1
        self._cells: Any = (ctypes.c_int64 * (3 + blocks))(first + 8 * starts[0], first + 8 * where)
        cells = ctypes.addressof(self._cells)
        self.own_inputs = cells
        self.call: Any = (ctypes.c_int64 * (5 + blocks))(cells, cells + 8, first + 8 * starts[2], first + 8 * starts[3], 1)
        self.address = ctypes.addressof(self.call)

    def cell(self, array: Any, i: int) -> int:
        """Where a pointer to an array's numbers lies: in the array object itself, or else in a cell of this frame."""
        if DATA_IN_ARRAY:
            return id(array) + DATA_IN_ARRAY
        i %= len(self._cells)
        self._cells[i] = array.ctypes.data
        return ctypes.addressof(self._cells) + 8 * i


def _data_in_array() -> int:
    """How far into NumPy's array object its pointer to the numbers lies (PyArrayObject's `data`); 0 if it does not there."""
    array = np.zeros(3)
    place = object.__basicsize__
    return place if ctypes.c_size_t.from_address(id(array) + place).value == array.ctypes.data else 0


DATA_IN_ARRAY = _data_in_array()
