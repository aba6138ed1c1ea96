"""The backend that makes machine code: rows of arrays, or numbers computed alike, in the lanes of vectors."""

import ctypes
import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from autograd.compiler.call.arrays import ArraysEntry, has_arrays_entry
from autograd.compiler.call.built_in import KNOWN_LAYOUT, QUICK, built_in
from autograd.compiler.call.reader import rows_at, short_way
from autograd.compiler.call.signature import WORDS, Given, Signature
from autograd.compiler.call.watching import Watch, print_watching
from autograd.compiler.emit.entries import Emitted
from autograd.compiler.run.frame import ARRAYS, INDEX, INPUTS, SLOT, UNIFORM, Frame, Frames
from autograd.compiler.run.machine import Code
from autograd.compiler.run.threads import Machine
from autograd.structures import Structure


def _raising(entry: Callable[[int], Any], place: int) -> Callable[[int], None]:
    """The entry of code that stops where a signal's handler raises: it raises that exception."""
    word = ctypes.c_int64
    restore = ctypes.PYFUNCTYPE(None, *[ctypes.c_void_p] * 3)(("PyErr_Restore", ctypes.pythonapi))

    def run(call: int) -> None:
        entry(call)
        at = word.from_address(call + SLOT * UNIFORM).value + 8 * place
        if word.from_address(at).value:
            restore(*[word.from_address(at + 8 * i).value or None for i in (1, 2, 3)])

    return run


def _with_arrays(numbers: Sequence[Any]) -> list[float]:
    """Numbers, and for each array among them its pointer and how many rows it has, as doubles with the same bits."""
    found: list[float] = []
    for x in numbers:
        if type(x) is float:
            found.append(x)
        else:
            found += struct.unpack("2d", struct.pack("2q", x.ctypes.data, len(x)))
    return found


def _taken(out: Any, results: Sequence[int]) -> list[Any]:
    """The outputs: numbers, and arrays of rows, which lie where the next call may write."""
    if not results:
        return list(out)
    places = accumulate([WORDS if width else 1 for width in results], initial=0)
    return [rows_at(out, place, (width,)) if width else out[place] for place, width in zip(places, results, strict=False)]


class LLVMExecutable:
    """Runs what was emitted as machine code. Calls release the interpreter's lock and may run in several threads."""

    backend = "llvm"

    def __init__(
        self,
        emitted: Emitted,
        threads: int | None = None,
        keep: Callable[[bytes], Any] | None = None,
        results: Sequence[int] = (),
    ) -> None:
        self._results = results  # for each output the columns of an array, or 0 for a number, if there is an array
        self.operations, self.sizes, self._host = emitted.operations, emitted.sizes, emitted.host
        self.from_disk = isinstance(emitted.code, bytes)
        made = [emitted.code] if isinstance(emitted.code, bytes) else []
        self._code = Code(emitted.code, emitted.host, emitted.level, emitted.symbols, made.append)
        self.code_size = len(made[0])  # of the machine code, with its constants, in bytes
        if keep is not None:
            keep(made[0])
        self.entry = self._code.function("run", None, [ctypes.c_void_p])
        if emitted.sizes.stopped is not None:
            self.entry = _raising(self.entry, emitted.sizes.stopped)
        self.scalar: Any = None
        if emitted.scalar is not None:
            self.scalar = self._code.function("scalar", ctypes.c_double, [ctypes.c_double] * emitted.scalar)
        self._is_quick = bool(emitted.scalar) and KNOWN_LAYOUT and self.operations <= QUICK
        self.frames = Frames(emitted.sizes)
        shared = emitted.sizes.outputs and emitted.sizes.lanes > 1  # there are rows, and something to compute for them
        self.machine = Machine(self.entry, self.frames, max(1, self.operations) if shared else 0, threads)

    @property
    def address(self) -> int:
        """Where the entry lies that runs the program in a frame."""
        return self._code.address("run")

    def new_frame(self) -> Frame:
        """A frame for its owner alone."""
        return Frame(self.frames.sizes)

    def built_in(self, name: str, calls: Any, watch: Watch) -> Any:
        """The function of floats as a built-in one; others take the long way; None if it has no such form.

        So do calls after something else has come to lie in a spot of the `watch`.
        """
        return self._built_in(name, self._code.address("entry"), [], calls, watch) if self._is_quick else None

    def built_in_of_arrays(self, name: str, calls: Any, watch: Watch, result: Structure, arguments: Sequence[Given]) -> Any:
        """The function of floats and arrays likewise."""
        signature = self._signature(result, arguments)
        stops_by_row = self.sizes.stopped is not None and self.sizes.arrays
        if signature is None or stops_by_row or not has_arrays_entry(signature):
            return None
        entry = ArraysEntry(signature, self.address, self.operations, self.frames.take(), self.sizes.stopped)
        code = Code(entry.text, self._host, 1)
        return self._built_in(name, code.address("entry"), [code, *entry.kept], calls, watch)

    def _built_in(self, name: str, address: int, kept: list[Any], calls: Any, watch: Watch) -> Any:
        if watch.spots or watch.sizes:
            if not watch.possible:
                return None
            watching = Code(print_watching(watch, address), self._host, 1)
            address = watching.address("entry")
            kept = [watching, watch, watch.expected, *kept]
        return built_in(name, address, [self._code, *kept], calls)

    def short_way(self, result: Structure, arguments: Sequence[Given], no: Any) -> Any:
        """A function of arguments of these structures, which answers `no` to others; or None."""
        signature = self._signature(result, arguments)
        return signature and short_way(signature, self.machine.run, self.frames, no)

    def _signature(self, result: Structure, arguments: Sequence[Given]) -> Signature | None:
        if self.sizes.by_row and self.sizes.parts is None:
            return None
        return Signature.of(result, arguments, self.sizes.inputs, by_row=self.sizes.by_row)

    def run(self, numbers: Sequence[float], rows: Any) -> Any:
        """The outputs: floats, or where rows are not reduced a sequence of arrays, one for each output."""
        found = self.run_parts(numbers, rows)
        return found if self.sizes.parts is None else [column for array in found for column in array.T]

    def run_parts(self, numbers: Sequence[float], rows: Any) -> Any:
        """The outputs as floats; by row an array of shape (rows, width) for each part, or one with a row for each output."""
        frame = self.frames.take()
        frame.inputs[:] = numbers if len(numbers) == len(frame.inputs) else _with_arrays(numbers)
        frame.slots[INPUTS] = frame.own_inputs
        frame.all_rows(rows.count)
        if rows.index is not None:
            frame.slots[INDEX] = rows.index.ctypes.data
        sources = []
        for slot, array in enumerate(rows.arrays[: self.sizes.arrays], ARRAYS):
            if isinstance(array, np.ndarray):
                frame.point(slot, array)
            else:
                sources.append((slot, array))
        out = frame.by_row(rows.count) if self.sizes.by_row else None
        self.machine.run(frame, (rows, out), sources)
        found = (
            _taken(frame.out, self._results) if out is None else out if self.sizes.parts is not None else out[:, : rows.count]
        )
        self.frames.give_back(frame)
        return found
