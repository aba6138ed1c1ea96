"""Built-in functions of machine code for arrays and floats: calls of little work, whose time was mostly Python's.

A call makes the objects of its result first: that can run the garbage collector, and so a finalizer that calls the same
function. (By row they are as long as an argument, which is looked at before, and again.) From the first look at its arguments
on nothing of Python's runs, and the interpreter's lock is kept, so that all calls may share one frame. Arguments that do not
fit, and calls over very many rows, are left to the long way.

What may be much work without rows gives the lock away while it runs. The frame is marked as busy then: a call in another
thread, or in a signal's handler, takes the long way. An array of as many rows as the call finds is made after it: an
array is nothing that the collector tracks, so that making one does not run it.
"""

import ctypes
from collections.abc import Callable
from itertools import accumulate, chain
from math import prod
from typing import Any

import numpy as np

from autograd.compiler.call.built_in import (
    KNOWN_LAYOUT,
    LENGTH_AT,
    LIST_ITEMS_AT,
    NUMBER_AT,
    TYPE_AT,
    Lines,
    c_api,
    pointer_to,
    print_built_in,
)
from autograd.compiler.call.signature import Argument, Part, Signature
from autograd.compiler.run import frame
from autograd.compiler.run.symbols import with_symbols

MOST_WORK = 1 << 19  # operations times rows: what is longer is called so that other threads run meanwhile
WANTED_FLAGS = 0x101  # C-contiguous, aligned
_HEAD = "attributes #0 = { nounwind }\ndeclare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
TUPLE_ITEMS_AT = tuple.__basicsize__  # in a tuple, its items
MOST_PLACES = 64  # numbers, arrays, and lists of numbers among the arguments: each has lines of its own
NEW_ARRAY, DOUBLE = 93, 12  # NumPy's C API: where it has PyArray_New, and its number for float64


def _finds_items() -> bool:
    """Whether a tuple and a list keep their items, and how many they are, there."""
    item = object()
    a_tuple, a_list = (item, item), [item, item]
    items = id(a_tuple) + TUPLE_ITEMS_AT, ctypes.c_size_t.from_address(id(a_list) + LIST_ITEMS_AT).value
    lengths = [ctypes.c_size_t.from_address(id(several) + LENGTH_AT).value for several in (a_tuple, a_list)]
    return lengths == [2, 2] and all((ctypes.c_size_t * 2).from_address(place)[:] == [id(item)] * 2 for place in items)


def _new_array() -> int:
    """The address of NumPy's PyArray_New."""
    api = getattr(np, "_core", None) or np.core
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = pointer(api._multiarray_umath._ARRAY_API, None)
    return ctypes.c_size_t.from_address(table + ctypes.sizeof(ctypes.c_void_p) * NEW_ARRAY).value


TRACKED = 1 << 14  # the flag of types whose objects the collector tracks
KNOWN = KNOWN_LAYOUT and frame.KNOWN_ARRAYS and _finds_items() and not np.ndarray.__flags__ & TRACKED


def has_arrays_entry(signature: Signature) -> bool:
    """Whether there is a built-in function for such calls: not for dicts."""
    places = list(chain.from_iterable(map(_places, signature.arguments)))
    fits = 0 < len(places) <= MOST_PLACES and all(x.kind in (None, "array", "rows", list, tuple) for x in places)
    return KNOWN and fits and not signature.result.has_dict


def _places(argument: Argument) -> list[Argument]:
    """The numbers, arrays and lists of numbers in an argument."""
    if argument.kind not in (list, tuple) or not argument.parts:
        return [argument]
    return list(chain.from_iterable(map(_places, argument.parts)))


def _arrays(signature: Signature) -> list[Part]:
    """The parts of a result that are arrays."""
    found, parts = [], [signature.result]
    while parts:
        part = parts.pop()
        parts += part.parts
        if part.kind == "array" or (part.kind is None and signature.by_row):
            found.append(part)
    return found


class ArraysEntry:
    """The text of `entry` for such calls of `run`, the machine code at an address, and what it must keep alive."""

    def __init__(self, signature: Signature, run: int, operations: int, own: frame.Frame, stopped: int | None) -> None:
        busy = ctypes.c_int64(0)
        self._busy = pointer_to(ctypes.addressof(busy))
        self.kept: list[Any] = [own, busy]
        self._frame = own
        own.all_rows(1)
        self._lines = lines = Lines("unfit")
        self._stopped: list[str] = []
        self._count: str | None = None  # of rows
        self._lengths_like: dict[int | None, str] = {}  # how long sequences are, of those as long
        self._most = min(MOST_WORK // max(1, operations), own.most_in_short_blocks)
        self._lengths: dict[tuple[int, ...], str] = {}  # of new arrays, by their shape without rows
        self._by_row = signature.by_row
        if signature.by_row:
            self._count_rows(next(i for i, argument in enumerate(signature.arguments) if argument.array is not None))
        for shape in {part.shape: None for part in _arrays(signature)}:
            self._lengths[shape] = self._length(shape)
        made = self._make(signature.result)
        self._test_all(signature)
        at_work = operations > MOST_WORK or stopped is not None
        released = at_work and all(argument.array is None for argument in signature.arguments)
        if released:
            lines.must_be("i64", lines.load("i64", self._busy), 0)
            lines.store("i64", "1", self._busy)
        for i, argument in enumerate(signature.arguments):
            self._read(argument, f"%object{i}")
        if signature.by_row:
            self._point(signature.result, made, self._frame.results)
        self._call(f"  call void {pointer_to(run)}(ptr {pointer_to(own.address)})", released=released)
        if stopped is not None:
            self._raise(pointer_to(own.slots[frame.UNIFORM] + 8 * stopped))
        found = made if signature.by_row else self._filled(signature.result, made)
        forget = f"  call void {c_api('Py_DecRef')}(ptr {made})"  # which takes null, too
        lines.lines += [f"  ret ptr {found}", *self._stopped]
        lines.lines += ["failed:", forget, "  ret ptr null", "unfit:", forget, "  br label %other"]
        self.text = with_symbols("\n".join([_HEAD, print_built_in(len(signature.arguments), lines.lines)]))

    def _test_all(self, signature: Signature) -> None:
        """Go on where all arguments fit, with rows that are neither none nor too many."""
        for i, argument in enumerate(signature.arguments):
            self._test(argument, f"%object{i}")
        if self._count is not None:
            if not signature.by_row:
                self._check_count(None)
            for slot in (frame.COUNT, frame.LAST):  # the others are as the frame was made
                self._lines.store("i64", self._count, self._slot(slot))

    def _call(self, line: str, *, released: bool) -> None:
        """The call, with the interpreter's lock, or without it."""
        lines = self._lines
        if not released:
            lines.lines.append(line)
            return
        state = lines.call("ptr", "PyEval_SaveThread")
        lines.lines += [line, f"  call void {c_api('PyEval_RestoreThread')}(ptr {state})"]
        lines.store("i64", "0", self._busy)

    def _raise(self, stopped: str) -> None:
        """Go on where the code came to its end; else the exception is kept there that stopped it."""
        lines = self._lines
        exception = [lines.load("ptr", stopped, 8 * i) for i in (1, 2, 3)]
        lines.must_be("i64", lines.load("i64", stopped), 0, "stopped")
        self._stopped = [
            "stopped:",
            f"  call void {c_api('PyErr_Restore')}({', '.join([f'ptr {x}' for x in exception])})",
            "  br label %failed",
        ]

    def _slot(self, i: int) -> str:
        return pointer_to(self._frame.address + frame.SLOT * i)

    def _copy(self, to: str, source: str, count: str) -> None:
        size = self._lines.new(f"shl i64 {count}, 3")
        self._lines.lines.append(f"  call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {size}, i1 false)")

    def _check_count(self, other: str | None) -> None:
        """Go on where there are rows, and not too many."""
        lines = self._lines
        lines.must(lines.new(f"icmp sge i64 {self._count}, 1"), other)
        lines.must(lines.new(f"icmp sle i64 {self._count}, {self._most}"), other)

    def _count_rows(self, i: int) -> None:
        """How many rows an argument has, if it is an array: before anything is made."""
        lines, thing = self._lines, f"%object{i}"
        lines.must_be("i64", lines.load("i64", thing, TYPE_AT), id(np.ndarray), "other")
        lines.must(lines.new(f"icmp sge i32 {lines.load('i32', thing, frame.DIMENSIONS_AT)}, 1"), "other")
        self._count = lines.load("i64", lines.load("ptr", thing, frame.SHAPE_AT))
        self._check_count("other")

    def _length(self, shape: tuple[int, ...]) -> str:
        """A pointer to the lengths of a new array, in the memory of this call."""
        lines = self._lines
        lengths = [*([self._count] if self._by_row else []), *shape]
        found = lines.new(f"alloca i64, i64 {max(1, len(lengths))}")
        for k, length in enumerate(lengths):
            lines.store("i64", str(length), lines.at(found, 8 * k))
        return found

    def _test(self, argument: Argument, thing: str, _first: str = "0") -> None:
        """Go on where an argument fits; if it has rows, where it has as many as others."""
        lines, rows = self._lines, argument.array is not None or argument.kind == "rows"
        if argument.kind is None and not rows:
            lines.must_be_float(thing)
            return
        if argument.kind in (list, tuple):
            lines.must_be("i64", lines.load("i64", thing, TYPE_AT), id(argument.kind))
            lines.must_be("i64", lines.load("i64", thing, LENGTH_AT), len(argument.parts) or argument.end - argument.start)
            self._each_of(argument, thing, self._test)
            return
        lines.must_be("i64", lines.load("i64", thing, TYPE_AT), id(np.ndarray))
        lines.must_be("i64", lines.load("i64", thing, frame.DTYPE_AT), id(frame.FLOAT64))
        lines.must_be("i32", lines.new(f"and i32 {lines.load('i32', thing, frame.FLAGS_AT)}, {WANTED_FLAGS}"), WANTED_FLAGS)
        lines.must_be("i32", lines.load("i32", thing, frame.DIMENSIONS_AT), len(argument.shape) + rows)
        if not argument.shape and not rows:
            return
        lengths = lines.load("ptr", thing, frame.SHAPE_AT)
        if rows:
            count = lines.load("i64", lengths)
            known = self._lengths_like.get(argument.like) if argument.array is None else self._count
            if known is not None:
                lines.must_be("i64", count, known)
            elif argument.array is None:
                lines.must(lines.new(f"icmp sge i64 {count}, 1"))
                self._lengths_like[argument.like] = count
            else:
                self._count = count
        for k, length in enumerate(argument.shape):
            lines.must_be("i64", lines.load("i64", lengths, 8 * (k + rows)), length)

    def _read(self, argument: Argument, thing: str, first: str = "0") -> None:
        """Copy a number, `first` places after its start, or an array; point to an array that is alone, or has rows."""
        lines = self._lines
        if argument.kind in (list, tuple):
            self._each_of(argument, thing, self._read)
            return
        if argument.array is not None or argument.alone:
            slot = frame.INPUTS if argument.array is None else frame.ARRAYS + argument.array
            lines.store("ptr", lines.at(thing, frame.DATA_AT), self._slot(slot))
            return
        place = pointer_to(ctypes.addressof(self._frame.inputs) + 8 * argument.start)
        if argument.kind is None:
            place = lines.new(f"getelementptr double, ptr {place}, i64 {first}")
            lines.store("double", lines.load("double", thing, NUMBER_AT), place)
        elif argument.kind == "rows":
            lines.store("ptr", lines.load("ptr", thing, frame.DATA_AT), place)
            lines.store("i64", lines.load("i64", lines.load("ptr", thing, frame.SHAPE_AT)), lines.at(place, 8))
        else:
            self._copy(place, lines.load("ptr", thing, frame.DATA_AT), str(argument.end - argument.start))

    def _each_of(self, whole: Argument, thing: str, do: Callable[..., None]) -> None:
        """Lines for what a list or tuple has in it; numbers are one loop, in which `do` gets how many come before."""
        lines, items = self._lines, self._items(whole.kind, thing)
        if whole.parts:
            for k, part in enumerate(whole.parts):
                do(part, lines.load("ptr", items, 8 * k))
            return
        number = Argument(None, (), whole.start, whole.end, None, alone=False)
        lines.loop(
            whole.end - whole.start,
            lambda i: do(number, lines.load("ptr", lines.new(f"getelementptr ptr, ptr {items}, i64 {i}")), i),
        )

    def _items(self, kind: Any, thing: str) -> str:
        """A pointer to the items of a list or tuple."""
        lines = self._lines
        return lines.at(thing, TUPLE_ITEMS_AT) if kind is tuple else lines.load("ptr", thing, LIST_ITEMS_AT)

    def _make(self, part: Part) -> str:
        """A new object for a part, whose numbers are still to come; none yet where these decide how long it is."""
        lines = self._lines
        if part.kind == "rows":
            return "null"
        if part.kind == "array" or (part.kind is None and self._by_row):
            made = self._empty(len(part.shape) + self._by_row, self._lengths[part.shape])
        elif part.kind is None:
            made = lines.call("ptr", "PyFloat_FromDouble", "double 0.0")
        else:
            made = lines.call("ptr", f"Py{part.kind.__name__.title()}_New", f"i64 {len(part.parts)}")
        lines.must(lines.new(f"icmp ne ptr {made}, null"), "failed")  # else there is no memory: Python's error is set
        self._each(part, made, lambda child, place, _k, _i: lines.store("ptr", self._make(child), place))
        return made

    def _empty(self, dimensions: int, lengths: str) -> str:
        """A new array, as `np.empty` makes it."""
        operands = [f"ptr {pointer_to(id(np.ndarray))}", f"i32 {dimensions}", f"ptr {lengths}"]
        operands += [f"i32 {DOUBLE}", "ptr null", "ptr null", "i32 0", "i32 0", "ptr null"]
        return self._lines.new(f"call ptr {pointer_to(_new_array())}({', '.join(operands)})")

    def _point(self, part: Part, made: str, slot: int, first: str = "0") -> None:
        """Have slots from `slot + first` on give the arrays of a part."""
        lines = self._lines
        if part.kind is None or part.kind == "array":
            place = lines.new(f"getelementptr i64, ptr {self._slot(slot)}, i64 {first}")
            lines.store("ptr", lines.at(made, frame.DATA_AT), place)
            return
        before = [0, *accumulate(child.leaves for child in part.parts)]

        def point(child: Part, place: str, k: int, i: str) -> None:
            self._point(child, lines.load("ptr", place), slot + before[k], self._advanced(first, i, child.leaves))

        self._each(part, made, point)

    def _filled(self, part: Part, made: str, first: str = "0") -> str:
        """A part with its outputs. Of parts all alike, the one at hand is `first` numbers after the first."""
        lines = self._lines
        out = lines.at(pointer_to(ctypes.addressof(self._frame.out)), 8 * part.start)
        if part.kind not in (list, tuple):
            out = lines.new(f"getelementptr double, ptr {out}, i64 {first}")
        if part.kind is None:
            lines.store("double", lines.load("double", out), lines.at(made, NUMBER_AT))
        elif part.kind == "array":
            self._copy(lines.load("ptr", made, frame.DATA_AT), out, str(part.end - part.start))
        elif part.kind == "rows":
            return self._rows(part.shape, out)
        else:

            def fill(child: Part, place: str, _: int, i: str) -> None:
                made = "null" if child.kind == "rows" else lines.load("ptr", place)
                found = self._filled(child, made, self._advanced(first, i, child.end - child.start))
                if child.kind == "rows":
                    lines.store("ptr", found, place)

            self._each(part, made, fill)
        return made

    def _rows(self, shape: tuple[int, ...], out: str) -> str:
        """A new array of the rows that two words of the outputs point to and count."""
        lines, count = self._lines, self._lines.load("i64", out, 8)
        lengths = (ctypes.c_int64 * (1 + len(shape)))(0, *shape)  # for all calls, as the frame is
        self.kept.append(lengths)
        lines.store("i64", count, pointer_to(ctypes.addressof(lengths)))
        made = self._empty(1 + len(shape), pointer_to(ctypes.addressof(lengths)))
        lines.must(lines.new(f"icmp ne ptr {made}, null"), "failed")
        self._copy(lines.load("ptr", made, frame.DATA_AT), lines.load("ptr", out), lines.new(f"mul i64 {count}, {prod(shape)}"))
        return made

    def _advanced(self, first: str, i: str, size: int) -> str:
        """first + i * size."""
        if i == "0":
            return first
        return self._lines.new(f"add i64 {first}, {self._lines.new(f'mul i64 {i}, {size}')}")

    def _each(self, whole: Part, made: str, do: Callable[[Part, str, int, str], None]) -> None:
        """Lines for the parts of a list or tuple, each with its place there, and its number; those alike are one loop.

        `do` gets a part, its place, which of the parts it is, and in a loop, where that is the first, how many come before.
        """
        if not whole.parts:
            return
        lines, items = self._lines, self._items(whole.kind, made)
        if whole.alike and len(whole.parts) > 1:
            first = whole.parts[0]
            lines.loop(len(whole.parts), lambda i: do(first, lines.new(f"getelementptr ptr, ptr {items}, i64 {i}"), 0, i))
        else:
            for k, part in enumerate(whole.parts):
                do(part, lines.at(items, 8 * k), k, "0")
