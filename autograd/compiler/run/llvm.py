"""The backend that makes machine code: rows of arrays, or numbers computed alike, in the lanes of vectors."""

import ctypes
import zlib
from collections.abc import Sequence
from typing import Any

from autograd.compiler.call.arrays import ArraysEntry, has_arrays_entry
from autograd.compiler.call.built_in import KNOWN_LAYOUT, QUICK, built_in
from autograd.compiler.call.reader import short_way
from autograd.compiler.call.signature import Signature
from autograd.compiler.emit.entries import print_mapped, print_single
from autograd.compiler.emit.printer import QUICKLY_COMPILED
from autograd.compiler.lower import lower
from autograd.compiler.run.frame import ARRAYS, COUNT, INPUTS, Frames, Sizes
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
        self._frames = Frames(Sizes(self.inputs, self.outputs, *self._places, len(widths), self.lanes, self.by_row))

    @property
    def code_size(self) -> int:
        """The bytes of the machine code, with its constants."""
        return object_size(zlib.decompress(self._text).decode(), self._host, self._level)

    def built_in(self, name: str, owner: Any) -> Any:
        """The function of floats as a built-in one, which leaves other arguments to its owner; None if it has no such form."""
        return built_in(name, self._code.address("entry"), [self._code], owner) if self._is_quick else None

    def built_in_of_arrays(self, name: str, owner: Any, result: Structure, arguments: Sequence[tuple[Structure, bool]]) -> Any:
        """The function of floats and arrays likewise."""
        signature = self._signature(result, arguments)
        if signature is None or not has_arrays_entry(signature, self.operations):
            return None
        entry = ArraysEntry(signature, self._code.address("run"), self.operations, self._frames.take())
        code = Code(entry.text, self._host, 1)
        return built_in(name, code.address("entry"), [code, self._code, *entry.kept], owner)

    def short_way(self, result: Structure, arguments: Sequence[tuple[Structure, bool]], no: Any) -> Any:
        """A function of arguments of these structures, which answers `no` to others; None if there is none."""
        signature = self._signature(result, arguments)
        return signature and short_way(signature, self.entry, self._frames, no)

    def _signature(self, result: Structure, arguments: Sequence[tuple[Structure, bool]]) -> Signature | None:
        return Signature.of(result, arguments, self.inputs, by_row=self.by_row)

    def run(self, numbers: Sequence[float], rows: Any) -> Any:
        """The outputs: floats, or where rows are not reduced an array with a row for each output."""
        frame = self._frames.take()
        frame.inputs[:] = numbers
        frame.slots[INPUTS] = frame.own_inputs
        frame.slots[COUNT] = rows.count
        for i, array in enumerate(rows.arrays[: self._frames.sizes.arrays]):
            frame.point(ARRAYS + i, array)
        out = frame.by_row(rows.count) if self.by_row else None
        self.entry(frame.address)
        found = list(frame.out) if out is None else out[:, : rows.count]
        self._frames.give_back(frame)
        return found
