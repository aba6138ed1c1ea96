"""Built-in functions of machine code for arrays and floats: calls of little work, whose time was mostly Python's.

Like `entry`, of which they are made: whatever looks different, or is much work, is left to the long way. They keep the
interpreter's lock, and so share one frame.
"""

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.compiler.call.built_in import KNOWN_LAYOUT, NUMBER_AT, TYPE_AT, Lines, pointer_to, print_built_in
from autograd.structures import Structure

MOST_WORK = 1 << 19  # operations times rows: what is longer is called so that other threads run meanwhile

DATA_AT = object.__basicsize__  # in an array, PyArrayObject: its numbers, dimensions, shape, dtype and flags
COUNT_AT, SHAPE_AT, DTYPE_AT, FLAGS_AT = DATA_AT + 8, DATA_AT + 16, DATA_AT + 40, DATA_AT + 48
WANTED_FLAGS = 0x101  # C-contiguous, aligned
FLOAT64 = np.dtype(float)


def _known_arrays() -> bool:
    """Whether an array's fields lie where they are looked for."""
    array = np.zeros((2, 3), order="F")
    start = id(array)
    shape = ctypes.c_size_t.from_address(start + SHAPE_AT).value
    return (
        ctypes.c_size_t.from_address(start + DATA_AT).value == array.ctypes.data
        and ctypes.c_int.from_address(start + COUNT_AT).value == 2
        and (ctypes.c_int64 * 2).from_address(shape)[:] == [2, 3]
        and ctypes.c_size_t.from_address(start + DTYPE_AT).value == id(FLOAT64)
        and ctypes.c_int.from_address(start + FLAGS_AT).value == array.flags.num
    )


KNOWN_ARRAYS = KNOWN_LAYOUT and _known_arrays()


class Entry:
    """The text of `entry` for arguments of these structures (and whether they have rows), and what it must keep alive."""

    def __init__(self, result: Structure, arguments: Sequence[tuple[Structure, bool]], executable: Any, frame: Any) -> None:
        self.kept: list[Any] = [frame, FLOAT64, executable]
        self._frame = frame
        self._tests = Lines()
        self._inputs, self._results = self._tests.more(), self._tests.more()
        self._rows: str | None = None
        self._fill: list[Callable[[], None]] = []
        start = block = 0
        for i, (structure, by_row) in enumerate(arguments):
            if by_row:
                self._read_rows(i, structure, block)
            else:
                self._read(i, structure, start, alone=structure.size == executable.inputs)
            start += 0 if by_row else structure.size
            block += by_row
        most = MOST_WORK // max(1, executable.operations)
        if self._rows is not None:
            self._tests.must(self._tests.new(f"icmp sge i64 {self._rows}, 1"))
            self._tests.must(self._tests.new(f"icmp sle i64 {self._rows}, {most}"))
        self._inputs.store("i64", self._rows or "1", self._cell(4))
        made, lines = self._made(result, 0), self._results
        lines.lines.append(f"  call void {pointer_to(executable.address)}(ptr {pointer_to(frame.address)})")
        for fill in self._fill:
            fill()
        if made is None:
            made = self._number(0)
        body = [*self._tests.lines, *self._inputs.lines, *lines.lines, f"  ret ptr {made}", "failed:", "  ret ptr null"]
        self.text = "\n".join([_HEAD, print_built_in(len(arguments), body)])

    def _cell(self, i: int) -> str:
        return pointer_to(self._frame.address + 8 * i)

    # --- arguments ----------------------------------------------------------------------------------------------------

    def _array(self, i: int, shape: Sequence[int], *, rows: bool) -> None:
        """Go on where an argument is an array of that shape; with rows before it, of as many as other arguments have."""
        lines, array = self._tests, f"%object{i}"
        lines.must_be("i64", lines.load("i64", array, TYPE_AT), id(np.ndarray))
        lines.must_be("i64", lines.load("i64", array, DTYPE_AT), id(FLOAT64))
        lines.must_be("i32", lines.new(f"and i32 {lines.load('i32', array, FLAGS_AT)}, {WANTED_FLAGS}"), WANTED_FLAGS)
        lines.must_be("i32", lines.load("i32", array, COUNT_AT), len(shape) + rows)
        if not shape and not rows:
            return
        lengths = lines.load("ptr", array, SHAPE_AT)
        if rows:
            count = lines.load("i64", lengths)
            if self._rows is None:
                self._rows = count
            else:
                lines.must_be("i64", count, self._rows)
        for k, length in enumerate(shape):
            lines.must_be("i64", lines.load("i64", lengths, 8 * (k + rows)), length)

    def _read_rows(self, i: int, structure: Structure, block: int) -> None:
        self._array(i, structure.keys, rows=True)
        self._point(i, 5 + block)

    def _point(self, i: int, cell: int) -> None:
        """An array's own numbers are what the call reads."""
        self._inputs.store("ptr", self._inputs.at(f"%object{i}", DATA_AT), self._cell(cell))

    def _read(self, i: int, structure: Structure, start: int, *, alone: bool) -> None:
        place = pointer_to(ctypes.addressof(self._frame.inputs) + 8 * start)
        lines = self._inputs
        if not (alone and structure.kind == "array"):
            lines.store("i64", str(self._frame.own_inputs), self._cell(0))
        if structure.kind is None:
            self._tests.must_be_float(i)
            lines.store("double", lines.load("double", f"%object{i}", NUMBER_AT), place)
            return
        self._array(i, structure.keys, rows=False)
        if alone:
            self._point(i, 0)
        else:
            _copy(lines, place, lines.load("ptr", f"%object{i}", DATA_AT), structure.size)

    # --- results ------------------------------------------------------------------------------------------------------

    def _made(self, structure: Structure, start: int) -> str | None:
        """An object for a result, to be filled after the run: arrays and tuples; None for a number, which is made then."""
        lines = self._results
        if structure.kind is None:
            return None
        if structure.kind == "array":
            array = self._empty(structure.keys)
            place = pointer_to(ctypes.addressof(self._frame.out) + 8 * start)
            self._fill.append(lambda: _copy(lines, lines.load("ptr", array, DATA_AT), place, structure.size))
            return array
        kind = "Tuple" if structure.kind is tuple else "List"
        whole = lines.call("ptr", f"Py{kind}_New", f"i64 {len(structure.children)}")
        _must_be_made(lines, whole)
        for i, child in enumerate(structure.children):
            part = self._made(child, start)
            if part is not None:
                lines.call("i32", f"Py{kind}_SetItem", f"ptr {whole}", f"i64 {i}", f"ptr {part}")
            else:
                self._fill.append(self._setter(kind, whole, i, start))
            start += child.size
        return whole

    def _setter(self, kind: str, whole: str, i: int, start: int) -> Callable[[], None]:
        def fill() -> None:
            number = self._number(start)
            self._results.call("i32", f"Py{kind}_SetItem", f"ptr {whole}", f"i64 {i}", f"ptr {number}")

        return fill

    def _number(self, start: int) -> str:
        lines = self._results
        number = lines.load("double", pointer_to(ctypes.addressof(self._frame.out) + 8 * start))
        made = lines.call("ptr", "PyFloat_FromDouble", f"double {number}")
        _must_be_made(lines, made)
        return made

    def _empty(self, shape: tuple[int, ...]) -> str:
        """A new array, as `np.empty` makes it."""
        wanted = (shape,)
        given = (ctypes.c_void_p * 1)(id(wanted[0]))
        self.kept += [wanted, given, np.empty]
        lines = self._results
        operands = f"ptr {pointer_to(id(np.empty))}", f"ptr {pointer_to(ctypes.addressof(given))}", "i64 1", "ptr null"
        array = lines.call("ptr", "PyObject_Vectorcall", *operands)
        _must_be_made(lines, array)
        return array


_HEAD = "attributes #0 = { nounwind }\ndeclare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"


def _copy(lines: Lines, to: str, source: str, count: int) -> None:
    """So many numbers from one place to another."""
    lines.lines.append(f"  call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {8 * count}, i1 false)")


def _must_be_made(lines: Lines, made: str) -> None:
    """Go on where there was memory for an object; else Python's error is set already."""
    lines.must(lines.new(f"icmp ne ptr {made}, null"), "failed")


def print_arrays_entry(result: Structure, arguments: Sequence[tuple[Structure, bool]], executable: Any) -> Entry | None:
    """The entry for such arguments and results; None where there is none: other structures, or a result by row."""
    simple = all(structure.kind is None or (structure.kind == "array" and structure.size) for structure, _ in arguments)
    if not KNOWN_ARRAYS or not arguments or executable.by_row or not simple or not _is_simple(result):
        return None
    if not any(by_row for _, by_row in arguments) and executable.operations > MOST_WORK:
        return None
    return Entry(result, arguments, executable, executable.frame())


def _is_simple(structure: Structure) -> bool:
    if structure.kind in (list, tuple):
        return all(map(_is_simple, structure.children))
    return structure.kind is None or (structure.kind == "array" and math.prod(structure.keys) > 0)
