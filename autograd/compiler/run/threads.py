"""Rows shared out to threads: a call's rows in pieces, which the calling thread and some others take one after another.

Where rows are summed a piece is some of their blocks, whose sums stay apart until all are there, and are then added in order:
so the result does not depend on who took what. The caller takes pieces like the others, and waits only for those that are
being computed: calls in several threads, or inside one another, cannot wait for each other. Long calls are in pieces even in
one thread, so that an interrupt (Ctrl-C) comes through after the piece at hand.
"""

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.run.frame import BEGUN, BLOCK, COUNT, FIRST, KNOWN, LAST, OUT, SLOT, STRIDE, Frame, Frames
from autograd.locks import Lock

ENOUGH = 1 << 21  # operations times rows: there two threads were a third quicker than one; for less no other is awakened
LONG = 1 << 27  # likewise: about what an interrupt may have to wait for
EACH = 8  # pieces for each thread: who is early takes one more
AT_ONCE = 1 << 17  # numbers that are converted at a time


def cores() -> int:
    """How many processors this process may use."""
    count = getattr(os, "process_cpu_count", None)  # from Python 3.13 on
    if count is not None:
        return count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Piece(NamedTuple):
    """The rows from `first` to before `last`, and the address of the first one's sums, if they are summed."""

    first: int
    last: int
    out: int


class Machine(NamedTuple):
    """Machine code that runs over rows: its entry, its frames, the operations of a row, and how many threads it may take."""

    entry: Callable[[int], Any]
    frames: Frames
    operations: int
    threads: int | None = None  # as many as there are cores

    def run(self, frame: Frame, kept: Any = None, sources: Sequence[tuple[int, Any]] = ()) -> None:
        """Run it over the rows of a frame, as its slots say, and in several threads where that pays.

        `kept` is what the slots point to: it lives until the last thread is done, come what may. `sources` are arrays that a
        slot cannot give, with their slots: `source.rows(first, last)` gives some rows as they must be.
        """
        first, last = frame.slots[FIRST:BLOCK]
        work = self.operations * (last - first)
        if work < ENOUGH and not sources:
            self.entry(frame.address)
            return
        threads = 1 if work < ENOUGH else cores() if self.threads is None else self.threads
        if threads == 1 and work < LONG and not sources:
            self.entry(frame.address)
        elif self.frames.sizes.by_row:
            lanes = self.frames.sizes.lanes
            length = -(-(last - first) // (lanes * _pieces(work, threads))) * lanes
            bounds = [Piece(at, min(at + length, last), 0) for at in range(first, last, max(1, length))]
            Call(self, frame, bounds, frame.slots[STRIDE], kept, sources).run(threads)
        else:
            self._sum(frame, threads, kept, sources)

    def _sum(self, frame: Frame, threads: int, kept: Any, sources: Sequence[tuple[int, Any]]) -> None:
        """Likewise where rows are summed."""
        first, last, block, stride = frame.slots[FIRST : STRIDE + 1]
        outputs, count = self.frames.sizes.outputs, -(-(last - first) // block)
        target = ctypes.c_size_t.from_address(frame.slots[OUT]).value
        sums, out, apart = np.empty(0), target, stride
        if not stride:
            sums = np.empty((count, outputs))
            out, apart = sums.ctypes.data, outputs
        size = -(-count // _pieces(self.operations * (last - first), threads))
        bounds = [
            Piece(first + i * block, min(first + (i + size) * block, last), out + SLOT * apart * i)
            for i in range(0, count, max(1, size))
        ]
        Call(self, frame, bounds, apart, (kept, sums), sources).run(threads)
        if not stride:
            total = np.ctypeslib.as_array((ctypes.c_double * outputs).from_address(target))
            total[:] = 0.0
            with np.errstate(all="ignore"):
                for of_block in sums:
                    total += of_block
                if self.frames.sizes.mean:
                    total /= float(frame.slots[COUNT])


def _pieces(work: int, threads: int) -> int:
    return max(EACH * threads if threads > 1 else 1, work // LONG, 1)


class Call:
    """One call, whose pieces any thread may take."""

    def __init__(
        self,
        machine: Machine,
        frame: Frame,
        pieces: Sequence[Piece],
        stride: int,
        kept: Any,
        sources: Sequence[tuple[int, Any]],
    ) -> None:
        self._machine, self._frame, self._kept, self._sources = machine, frame, kept, sources
        self._slots, self._stride = list(frame.slots), stride
        self._pieces = deque(pieces)
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()  # for each piece that another thread took

    def run(self, threads: int) -> None:
        """Take pieces, with some threads more, until all are done."""
        wanted = min(threads, len(self._pieces)) - 1
        left = len(self._pieces)
        try:
            if wanted > 0:
                POOL.ask(self._help, wanted)
            for piece in self._taken():
                left -= 1
                self._compute(self._frame, piece)
            for _ in range(left):
                failed = self._done.get()
                if failed is not None:
                    raise failed
            self._kept = None  # threads that come too late need nothing
        finally:
            self._pieces.clear()  # others stop after the pieces that they have
            self._frame.slots[:] = self._slots

    def _taken(self) -> Iterator[Piece]:
        while True:
            try:
                yield self._pieces.popleft()
            except IndexError:
                return

    def _help(self) -> None:
        """What another thread does."""
        if not self._pieces:
            return
        try:
            frame = self._machine.frames.take()
        except MemoryError:
            return  # the caller takes all pieces that others do not
        frame.follow(self._slots)
        for piece in self._taken():
            failed = None
            try:
                self._compute(frame, piece)
            except BaseException as error:  # noqa: BLE001 - the caller raises it
                failed = error
            self._done.put(failed)
            del failed
        frame.follow(None)
        self._machine.frames.give_back(frame)

    def _compute(self, frame: Frame, piece: Piece) -> None:
        """Run the machine code over a piece, or where arrays are converted over as few rows at a time as have room."""
        slots, (first, last, out) = frame.slots, piece
        if out:
            slots[STRIDE] = self._stride
        if not self._sources:
            self._enter(frame, first, last, out)
            return
        width = sum(source.width for _, source in self._sources)
        step = max(64, AT_ONCE // max(1, width) // 64 * 64)  # whole lanes
        block = slots[BLOCK] if out else last - first
        for i, begin in enumerate(range(first, last, block)):
            end = min(begin + block, last)
            for at in range(begin, end, step):
                until = min(at + step, end)
                kept = []
                for slot, source in self._sources:
                    rows = source.rows(at, until)
                    frame.point_at(slot, rows.ctypes.data - rows.itemsize * source.width * at)
                    kept.append(rows)
                slots[BEGUN] = bool(out and at > begin)
                self._enter(frame, at, until, out + SLOT * self._stride * i if out else 0)

    def _enter(self, frame: Frame, first: int, last: int, out: int) -> None:
        frame.slots[FIRST], frame.slots[LAST] = first, last
        if out:
            frame.point_at(OUT, out)
        self._machine.entry(frame.address)
        frame.slots[KNOWN] = 1


class Pool:
    """Threads that wait for work: none until there is some, and none while this process forks. They keep no process alive."""

    def __init__(self) -> None:
        self._lock = Lock(rank=6)
        self.forget()

    def forget(self) -> None:
        """Begin anew: in the child of a fork there are no other threads."""
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def ask(self, work: Callable[[], None], count: int) -> None:
        """Have up to so many threads do this as soon as they are free."""
        with self._lock:
            try:
                while len(self._threads) < count:
                    thread = threading.Thread(target=_serve, args=(self._work,), name="chainrule", daemon=True)
                    thread.start()
                    self._threads.append(thread)
            except RuntimeError:  # no thread can be made: others, or the caller alone, will do
                pass
            for _ in range(min(count, len(self._threads))):
                self._work.put(work)

    def rest(self) -> None:
        """End the threads, after the work that they have; more work makes others."""
        with self._lock:
            ended, work = self._threads, self._work
            self.forget()
        for _ in ended:
            work.put(None)
        for thread in ended:
            if thread is not threading.current_thread():
                thread.join(1.0)


def _serve(work: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (do := work.get()) is not None:
        do()
        del do


POOL = Pool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=POOL.rest, after_in_child=POOL.forget)
