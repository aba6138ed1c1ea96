"""Descent: batch after batch, a program's gradient over rows and a step of each trained number, in machine code.

Numbers, their states, gradients and losses lie in flat arrays. A call goes through as many batches as it is told, and leaves
the interpreter to other threads meanwhile. Where a loss or a gradient is not finite, it ends before that step.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.blocks import block_length
from autograd.compiler.emit.descent import GRADIENT, STEP, Work, descend
from autograd.compiler.node import Compiled, known
from autograd.compiler.options import Options
from autograd.compiler.run.frame import ARRAYS, COUNT, INDEX, INPUTS, OUT, STRIDE, Frame
from autograd.compiler.run.threads import ENOUGH
from autograd.program import Program

SLACK = 16  # doubles: results by row are written in whole lanes


class Rule(NamedTuple):
    """What a step does with the numbers from `start` to before `stop` of those that are trained.

    `each` computes, from shared numbers, then a number, its gradient and what else is kept for it, the next number and the next
    of what is kept. `shared` computes, from the shared numbers, the next of all but the first, which is set from outside.
    """

    start: int
    stop: int
    each: Program
    shared: Program

    @property
    def columns(self) -> int:
        """How many numbers are kept for each that is trained."""
        return len(self.each.outputs) - 1


class Clip(NamedTuple):
    """What becomes of a gradient g before the step, with m the largest absolute one: `changed` of (factor, g).

    The factor is `factor` of (s, m), for the sum s of `term` of (m, g) over all.
    """

    term: Program
    factor: Program
    changed: Program


class Descent:
    """One training: its memory, and the machine code that works there.

    `gradient` gives the loss, and its partials to `fixed` numbers and then to the trained ones; it reads these in that order.
    """

    def __init__(
        self, gradient: Compiled, arrays: Sequence[Any], fixed: int, trained: int, rules: Sequence[Rule], clips: Sequence[Clip]
    ) -> None:
        self._kept: list[Any] = [gradient.executable, descend(), *arrays]
        self._block = gradient.options.block
        self._fixed, self._trained, self._rules = fixed, trained, rules
        self._buffers = np.zeros((2, 1 + max([0, *[rule.columns for rule in rules]]), fixed + trained + SLACK))
        self._found = np.zeros(1 + fixed + trained + SLACK)
        self._totals, self._sum_and_largest = np.zeros(fixed), np.zeros(2)
        self._work = np.zeros(len(Work), dtype=np.int64)
        self._shared = [np.zeros(rule.each.inputs - rule.columns - 2) for rule in rules]
        self._machine = gradient.executable.machine
        self._check = getattr(gradient.executable, "check", None)  # whether a signal stopped a loop
        self._prepare = getattr(gradient.executable, "prepare", None)  # for batches of these sizes
        self._descend = descend().function("descend", None, [ctypes.c_void_p])
        self.frame = gradient.executable.new_frame()
        self._inputs = self._point(self.frame, INPUTS, self._buffers[0, 0])
        self._point(self.frame, OUT, self._found)
        for i, array in enumerate(arrays):
            self._point(self.frame, ARRAYS + i, array)
        work = self._work
        work[Work.GRADIENT_RUN], work[Work.GRADIENT_FRAME] = gradient.executable.address, self.frame.address
        work[Work.FOUND], work[Work.FIXED], work[Work.TRAINED] = _at(self._found), fixed, trained
        work[Work.TOTALS], work[Work.LARGEST] = _at(self._totals), _at(self._sum_and_largest) + 8
        work[Work.INPUTS] = ctypes.addressof(self._inputs)
        work[Work.NUMBERS], work[Work.OTHER_NUMBERS] = _at(self._buffers[0, 0]), _at(self._buffers[1, 0])
        self._list(Work.CLIPS, Work.CLIP_COUNT, [entry for clip in clips for entry in self._clip(clip)])
        steps, copies = [], []
        for rule, shared in zip(rules, self._shared, strict=True):
            steps.append(self._step(rule, shared))
            if rule.shared.outputs:
                step, made = self._run_of(rule.shared, Options())
                self._point(made, INPUTS, shared)
                steps.append((step, made.address, made.address))
                copies.append((_at(shared) + 8, ctypes.addressof(made.out), len(rule.shared.outputs)))
        self._list(Work.STEPS, Work.STEP_COUNT, steps)
        self._list(Work.COPIES, Work.COPY_COUNT, copies)
        self._list(Work.RATE_PLACES, Work.RATE_COUNT, [[_at(shared)] for shared in self._shared])

    # --- how it is put together ---------------------------------------------------------------------------------------

    def _point(self, frame: Frame, slot: int, numbers: Any) -> Any:
        """Let a slot give the numbers of an array, or at an address; returns the pointer in between."""
        pointer = ctypes.c_int64(numbers if isinstance(numbers, int) else _at(numbers))
        frame.slots[slot] = ctypes.addressof(pointer)
        self._kept += [pointer, numbers]
        return pointer

    def _list(self, place: Work, count: Work, entries: Sequence[Sequence[int]]) -> None:
        listed = np.array([x for entry in entries for x in entry], dtype=np.int64)
        self._kept.append(listed)
        self._work[place], self._work[count] = _at(listed), len(entries)

    def _run_of(self, program: Program, options: Options) -> tuple[int, Frame]:
        """The address of a program's machine code, and a frame."""
        executable = known(program, replace(options, backend="llvm"), "step").executable
        if not hasattr(executable, "address"):
            raise ValueError("a loop whose turns only the run counts does not go with rows in machine code")
        made = executable.new_frame()
        self._kept += [executable, made]
        return executable.address, made

    def _over(self, frame: Frame, shared: Any, arrays: Sequence[Any], out: Any) -> Frame:
        """A frame over the rows of arrays of one column."""
        self._point(frame, INPUTS, shared)
        self._point(frame, OUT, out)
        for i, array in enumerate(arrays):
            self._point(frame, ARRAYS + i, array)
        frame.all_rows(len(arrays[0]))
        return frame

    def _step(self, rule: Rule, shared: Any) -> tuple[int, int, int]:
        """The entry of a rule, and its frame for each buffer that it reads."""
        start, stop = self._fixed + rule.start, self._fixed + rule.stop
        options = Options(varying=(*[None] * len(shared), *range(2 + rule.columns)))
        executable = known(rule.each, options, "step").executable
        frames = []
        for read, written in (self._buffers, self._buffers[::-1]):
            columns = [read[0, start:stop], self.gradients[rule.start : rule.stop]]
            columns += [read[1 + i, start:stop] for i in range(rule.columns)]
            frames.append(self._over(executable.new_frame(), shared, columns, written[0, start:]))
            frames[-1].slots[STRIDE] = written.shape[1]
        self._kept += [executable, *frames]
        return executable.address, frames[0].address, frames[1].address

    def _clip(self, clip: Clip) -> list[tuple[int, int]]:
        """The entries that change the gradients, each with its frame."""
        term, terms = self._run_of(clip.term, Options(varying=(None, 0), reduce="sum", block=max(1, self._trained)))
        self._over(terms, _at(self._sum_and_largest) + 8, [self.gradients], _at(self._sum_and_largest))
        factor, alone = self._run_of(clip.factor, Options())
        self._point(alone, INPUTS, self._sum_and_largest)
        changed, over = self._run_of(clip.changed, Options(varying=(None, 0)))
        self._over(over, ctypes.addressof(alone.out), [self.gradients], _at(self.gradients))
        over.slots[STRIDE] = self._trained + SLACK
        return [(term, terms.address), (factor, alone.address), (changed, over.address)]

    # --- its memory ---------------------------------------------------------------------------------------------------

    @property
    def _now(self) -> Any:
        """The buffer with the numbers of now."""
        return self._buffers[int(self._work[Work.BUFFER])]

    @property
    def inputs(self) -> Any:
        """All numbers at which the gradient is taken: the fixed ones, then those that are trained."""
        return self._now[0, : self._fixed + self._trained]

    @property
    def numbers(self) -> Any:
        """The numbers that are trained, to be read and set."""
        return self._now[0, self._fixed : self._fixed + self._trained]

    @property
    def gradients(self) -> Any:
        """The partials of the latest batch's loss to these, clipped."""
        return self._found[1 + self._fixed : 1 + self._fixed + self._trained]

    @property
    def found(self) -> Any:
        """The latest batch's loss, its partials to the fixed numbers, and to those that are trained: to be read and set."""
        return self._found[: 1 + self._fixed + self._trained]

    @property
    def fixed_totals(self) -> Any:
        """The partials to the fixed numbers, summed over all steps since they were set."""
        return self._totals

    @property
    def loss(self) -> float:
        """That of the latest batch."""
        return float(self._found[0])

    @property
    def done(self) -> int:
        """How many batches there were in all: to know how far a call has come that Ctrl-C ended."""
        return int(self._work[Work.DONE])

    @property
    def fixed_partials(self) -> Any:
        """The partials of the latest batch's loss to the fixed numbers."""
        return self._found[1 : 1 + self._fixed]

    def set_fixed(self, numbers: Sequence[float]) -> None:
        """Set the fixed numbers."""
        self._buffers[:, 0, : self._fixed] = numbers

    def shared(self, rule: int) -> Any:
        """The shared numbers of a rule."""
        return self._shared[rule]

    def columns(self, i: int) -> Any:
        """What is kept for each number of a rule: an array of shape (columns, numbers), to be read and set."""
        rule = self._rules[i]
        return self._now[1 : 1 + rule.columns, self._fixed + rule.start : self._fixed + rule.stop]

    # --- work ---------------------------------------------------------------------------------------------------------

    def run(
        self, index: Any, starts: Any, losses: Any, doing: int = GRADIENT | STEP, rates: Any = None, usual: int | None = None
    ) -> int:
        """Go through batches: batch i has the rows index[starts[i]] to before index[starts[i + 1]], and gives losses[i].

        rates[i] are the first shared numbers of all rules, for its step; without them, those that were set are for all. The
        code is that for batches of these sizes, or of the `usual` one.

        Returns how many steps were made: fewer than there are batches if the next one's loss or gradient is not finite.
        """
        counts = np.diff(starts)
        if self._prepare is not None and doing & GRADIENT:
            self._prepare(self.frame, int(usual or counts.min()), int(usual or counts.max()))
        blocks = np.array([block_length(int(count), self._block) for count in counts], dtype=np.int64)
        self.frame.slots[INDEX] = _at(index)
        if doing & GRADIENT and int(counts.max()) * self._machine.operations >= ENOUGH:
            return self._run_shared_out(starts, blocks, losses, doing, rates)
        return self._go(starts, blocks, losses, doing, rates)

    def _go(self, starts: Any, blocks: Any, losses: Any, doing: int, rates: Any) -> int:
        """Go through batches in one call of machine code."""
        work, before = self._work, self.done
        work[Work.DOING], work[Work.BATCHES] = doing, len(losses)
        work[Work.STARTS], work[Work.BLOCKS], work[Work.LOSSES] = _at(starts), _at(blocks), _at(losses)
        work[Work.RATES], work[Work.RATE_COUNT] = (0, 0) if rates is None else (_at(rates), len(self._rules))
        self._descend(_at(work))
        if self._check is not None:
            self._check(self.frame)
        return self.done - before

    def _run_shared_out(self, starts: Any, blocks: Any, losses: Any, doing: int, rates: Any) -> int:
        """Likewise, with the rows of each batch shared out to threads: they are much work."""
        before = self.done
        for i in range(len(losses)):
            first, last = int(starts[i]), int(starts[i + 1])
            self.frame.slots[COUNT:INDEX] = last - first, first, last, int(blocks[i]), 0, 0, 0
            self._machine.run(self.frame, self._kept)
            self._totals += self.fixed_partials
            losses[i] = self._found[0]
            here = slice(i, i + 1)
            if not doing & STEP:
                self._work[Work.DONE] += 1
            elif not self._go(starts[i : i + 2], blocks[here], losses[here], STEP, None if rates is None else rates[here]):
                break
        return self.done - before


def _at(array: Any) -> int:
    return int(array.ctypes.data)


def shuffled(order: Any, rng: Random, times: int = 1) -> Any:
    """An array of row numbers, int64, in the order to which `rng.shuffle` brings a list of them, and quicker.

    Shuffled several times, all these orders, one after another in one array.

    >>> wanted = list(range(10))
    >>> Random(0).shuffle(wanted)
    >>> shuffled(np.arange(10), Random(0)).tolist() == wanted
    True
    """
    count, before = len(order), rng.getstate()
    words = 3 * count * times + 64  # each place takes less than two in the mean
    shuffle = descend().function("shuffle", ctypes.c_int64, [ctypes.c_void_p, ctypes.c_int64] * 2)
    while True:
        drawn = np.frombuffer(rng.getrandbits(32 * words).to_bytes(4 * words, "little"), dtype="<u4")
        rng.setstate(before)
        found = np.empty((times, count), dtype=np.int64)
        first, row, used, last = _at(drawn), _at(found), 0, order
        for i in range(times):
            found[i] = last
            taken = shuffle(first + 4 * used, words - used, row + found.strides[0] * i, count)
            if taken < 0:
                break
            used, last = used + taken, found[i]
        else:
            break
        words *= 2  # by chance they were not enough
    if used:
        rng.getrandbits(32 * used)
    return found.reshape(-1)
