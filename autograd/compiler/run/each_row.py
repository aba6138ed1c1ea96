"""Rows by machine code with loops, one after another or in lanes, and their sums."""

import ctypes
import itertools
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from autograd.compiler.call.reader import short_way
from autograd.compiler.call.signature import Given, Signature
from autograd.compiler.emit.each_row import WORK, each_row
from autograd.compiler.emit.varying import RowsApartError
from autograd.compiler.options import Options
from autograd.compiler.run.frame import ARRAYS, COUNT, INDEX, INPUTS, ROWS, SLOT, UNIFORM, Frame, Frames, Sizes
from autograd.compiler.run.machine import this_host
from autograd.compiler.run.threads import Machine
from autograd.locks import Lock
from autograd.structures import Structure

NEVER = 1 << 62  # rows


class EachRow:
    """Runs a program's machine code over rows, and adds up what comes out: `reduce` is "sum" or "mean".

    Machine code is made when a call needs it: for rows one by one, or for as many at once as a vector has lanes, where their
    loops have the same turns. Where rows have weights, the number of an input says it, the mean's divisor is their sum. Calls
    run in one thread each.
    """

    backend = "llvm"

    def __init__(self, machine_code: Callable[..., Any], options: Options, outputs: int) -> None:
        self._machine_code, self._options, self._outputs = machine_code, options, outputs
        self._made: dict[bool, Any] = {}  # by whether it is for rows in lanes: the executable; None if there can be none
        self._lock = Lock(rank=3)
        varying = options.varying or ()
        shared = sum(array is None for array in varying)
        mean = options.reduce == "mean"
        widths = options.widths
        self.sizes = Sizes(shared, outputs, 0, 0, len(widths), 2, by_row=False, mean=mean, block=options.block)
        self._copies = {in_lanes: _copies(varying, widths, in_lanes=in_lanes) for in_lanes in (False, True)}
        self.seconds = 0.0  # in which machine code was made
        self.frames: Frames = _Frames(self)
        self._code = each_row()
        self.entry = self._code.function("each_row", None, [ctypes.c_void_p])
        self.machine = Machine(self.entry, self.frames, 0)

    @property
    def from_disk(self) -> bool:
        """Whether all of the machine code that was needed was made by another process."""
        return bool(self._known) and all(made.from_disk for made in self._known)

    @property
    def code_size(self) -> int:
        """How many bytes of machine code there are by now."""
        return sum(made.code_size for made in self._known)

    @property
    def _known(self) -> list[Any]:
        return [made for made in self._made.values() if made is not None]

    @property
    def address(self) -> int:
        """Where the entry lies that runs the program over the rows of a frame."""
        return self._code.address("each_row")

    def made(self, *, in_lanes: bool) -> Any:
        """The machine code for rows one by one, or in lanes: None where each row has turns of its own."""
        with self._lock:
            if in_lanes not in self._made:
                start = perf_counter()
                try:
                    self._made[in_lanes] = self._machine_code(in_lanes=in_lanes)
                except RowsApartError:
                    self._made[in_lanes] = None
                self.seconds += perf_counter() - start
            return self._made[in_lanes]

    def new_frame(self) -> Frame:
        """A frame for its owner alone, to be prepared for calls."""
        made = Frame(self.sizes)
        record = np.zeros(1 + 2 * len(WORK), dtype=np.int64)
        record[0] = NEVER
        made.slots[ROWS] = record.ctypes.data
        made.kept["record"] = record
        return made

    def prepare(self, call: Frame, fewest: int, most: int) -> None:
        """Make ready for calls of this frame with between `fewest` and `most` rows."""
        kept = call.kept
        record, least = kept["record"], max(2, this_host().lanes // 2)
        if most >= least and True not in kept:
            made = self.made(in_lanes=True)
            kept[True] = made and self._work(made, record, in_lanes=True)
        if (fewest < least or not kept.get(True)) and False not in kept:
            kept[False] = self._work(self.made(in_lanes=False), record, in_lanes=False)
        record[0] = NEVER if not kept.get(True) else least if False in kept else 0  # one way does what the other could

    def _work(self, made: Any, record: Any, *, in_lanes: bool) -> tuple[Any, ...]:
        """Fill a way's part of the record; returns what it keeps: at last where code says that it was stopped."""
        own, lanes, options = made.new_frame(), made.sizes.lanes, self._options
        varying = options.varying or ()
        sums, nothing = np.zeros(self._outputs), np.zeros(1, dtype=np.int64)
        stopped = made.sizes.stopped
        word = nothing.ctypes.data if stopped is None else own.slots[UNIFORM] + SLOT * stopped
        ctypes.c_int64.from_address(word).value = 0
        shared, by_row = self._copies[in_lanes]
        inputs, weight = ctypes.addressof(own.inputs), options.weight
        if in_lanes and weight is not None:
            weight = sum(array is not None for array in varying[:weight])
        rows = own.slots[ROWS] if in_lanes else inputs
        work = {
            "run": made.address, "frame": own.address, "inputs": inputs, "row_inputs": rows,
            "found": rows + SLOT * lanes * sum(options.widths) if in_lanes else ctypes.addressof(own.out),
            "outputs": self._outputs, "shared_copies": shared.ctypes.data, "shared_count": len(shared) // 3,
            "row_copies": by_row.ctypes.data, "row_count": len(by_row) // 5, "sums": sums.ctypes.data,
            "averaged": int(self.sizes.mean), "stopped": word, "gathered": int(options.gathered),
            "weight": -1 if weight is None else weight,
        }  # fmt: skip
        first = 1 + in_lanes * len(WORK)
        record[first : first + len(WORK)] = [work[name] for name in WORK]
        return self, made, own, sums, nothing, word

    def check(self, call: Frame) -> None:
        """Raise what a signal's handler raised in a loop of the latest call, which left the rest undone."""
        for in_lanes in (False, True):
            kept = call.kept.get(in_lanes)
            word = kept and kept[-1]
            if word and ctypes.c_int64.from_address(word).value:
                restore = ctypes.PYFUNCTYPE(None, *[ctypes.c_void_p] * 3)(("PyErr_Restore", ctypes.pythonapi))
                parts = [ctypes.c_int64.from_address(word + SLOT * i).value or None for i in (1, 2, 3)]
                ctypes.c_int64.from_address(word).value = 0
                restore(*parts)

    def short_way(self, result: Structure, arguments: Sequence[Given], no: Any) -> Any:
        """A function of arguments of these structures, which answers `no` to others; or None."""
        signature = Signature.of(result, arguments, self.sizes.inputs, by_row=False)
        return signature and short_way(signature, self._run, self.frames, no)

    def built_in_of_arrays(self, *_: Any) -> None:
        """None: rows through loops are much work, beside which the short way takes little."""

    def _run(self, call: Frame, _: Any = None) -> None:
        """Run a frame that has its arguments."""
        count = call.slots[COUNT]
        self.prepare(call, count, count)
        self.entry(call.address)
        self.check(call)

    def run(self, numbers: Sequence[float], rows: Any) -> list[float]:
        """The outputs, each a float."""
        call = self.frames.take()
        call.inputs[:] = numbers
        call.slots[INPUTS] = call.own_inputs
        call.all_rows(rows.count)
        if rows.index is not None:
            call.slots[INDEX] = rows.index.ctypes.data
        kept = [
            array if isinstance(array, np.ndarray) else array.rows(0, rows.count) for array in rows.arrays[: self.sizes.arrays]
        ]
        for slot, array in enumerate(kept, ARRAYS):
            call.point(slot, array)
        self._run(call)
        found = list(call.out)
        self.frames.give_back(call)
        return found


class _Frames(Frames):
    """Frames of such a program."""

    def __init__(self, of: EachRow) -> None:
        super().__init__(of.sizes)
        self._of = of

    def take(self) -> Frame:
        try:
            return self._idle.pop()
        except IndexError:
            return self._of.new_frame()


def _copies(varying: Sequence[int | None], widths: Sequence[int], *, in_lanes: bool) -> tuple[Any, Any]:
    """What goes to a row's inputs: of shared numbers (to, from, how many), of rows (to, slot, column, how many, width).

    Inputs that follow one another come from one place. In lanes, those of rows lie apart from those that are shared.
    """
    shared: list[int] = []
    by_row: list[int] = []
    used, columns, place = 0, [0] * len(widths), 0
    for array, group in itertools.groupby(varying):
        width = len(list(group))
        if array is None:
            shared += [used if in_lanes else place, used, width]
            used += width
        else:
            by_row += [sum(columns) if in_lanes else place, ARRAYS + array, columns[array], width, widths[array]]
            columns[array] += width
        place += width
    return np.array(shared, dtype=np.int64), np.array(by_row, dtype=np.int64)
