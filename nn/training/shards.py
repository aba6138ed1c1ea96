"""Shards: the samples in parts, whose sums are computed where somebody has their rows; and what such a worker does and keeps.

A batch's gradient is a sum over its samples: over those of each shard first, and over the shards then, as halves of halves. So
its bits depend on how many shards there are, and neither on who computed what nor on how many workers there were. A group is a
half of a half of ... all shards: what one task computes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.descent import Descent
from autograd.compiler.distributed import PROGRAMS
from autograd.compiler.emit.descent import GRADIENT
from autograd.locks import Lock

CODE, DATA = "code", "data"
"""What a worker may lack."""
TRAININGS = 2  # whose rows a process keeps: those of the latest

Span = tuple[int, int]
"""Some shards: from the first to before the last."""


class Task(NamedTuple):
    """A group's part of one batch: all that travels to whoever computes it. What it may have already is named by a key."""

    samples: range  # the group's, among all
    training: str
    code_key: str  # of the gradient's program
    data_key: str  # of the group's rows
    numbers: Any  # at which the gradient is taken
    rows: Any  # the numbers of the batch's rows among the group's, those of each shard after those of the last one
    starts: Any  # where each shard's begin there, and where the last one's end
    draws: Any = None  # a row for each of these: what the model draws at random
    code: bytes | None = None
    data: tuple[Any, ...] | None = None  # the group's rows: arrays


def middle(first: int, last: int) -> int:
    """Where the shards of a span are parted.

    >>> middle(0, 4), middle(0, 5)
    (2, 3)
    """
    return first + (last - first + 1) // 2


def spans(first: int, last: int, count: int) -> list[Span]:
    """The shards from first to before last in `count` groups, or up to twice as many; one shard is not parted.

    >>> spans(0, 8, 2), spans(0, 5, 4), spans(0, 2, 4)
    ([(0, 4), (4, 8)], [(0, 2), (2, 3), (3, 4), (4, 5)], [(0, 1), (1, 2)])
    """
    found = [(first, last)]
    while len(found) < count and any(end - start > 1 for start, end in found):
        halves = [[(start, middle(start, end)), (middle(start, end), end)] for start, end in found]
        found = [span for pair in halves for span in pair if span[0] < span[1]]
    return found


def added(found: Mapping[Span, Any], first: int, last: int) -> Any:
    """The sum over these shards: of one half and of the other, by what was found for spans; None is a span without rows.

    >>> added({(0, 1): 1.0, (1, 2): None, (2, 4): 5.0}, 0, 4)
    6.0
    """
    if (first, last) in found:
        return found[first, last]
    half = middle(first, last)
    one, other = added(found, first, half), added(found, half, last)
    return other if one is None else one if other is None else one + other


class Work:
    """A gradient's program over a group's rows: the memory in which it runs, for one at a time."""

    def __init__(self, code: Any, data: tuple[Any, ...], drawn: int) -> None:
        self._lock = Lock(rank=0)
        arrays = [np.require(array, float, ["C", "A"]) for array in data]
        self._table = np.zeros((len(arrays[0]), drawn))
        self._descent = Descent(code, [*arrays, *([self._table] if drawn else [])], 0, sum(code.shared), (), ())

    def sums(self, task: Task) -> Any:
        """The sums over the group's rows: of the loss and of its partials; None if there are none."""
        descent, starts = self._descent, np.asarray(task.starts, dtype=np.int64)
        index = np.arange(task.rows.start, task.rows.stop) if isinstance(task.rows, range) else task.rows.astype(np.int64)
        found: dict[Span, Any] = {}
        with self._lock:
            descent.numbers[:] = task.numbers
            if task.draws is not None:
                self._table[index] = task.draws
            for shard in range(len(starts) - 1):
                here = starts[shard : shard + 2]
                found[shard, shard + 1] = None
                if here[0] < here[1]:
                    descent.run(index, here, np.empty(1), GRADIENT)
                    found[shard, shard + 1] = descent.found.copy()
        return added(found, 0, len(found))


class Kept:
    """What a process keeps between tasks: the rows of the latest trainings, and the memory in which programs run over them."""

    def __init__(self) -> None:
        self._lock = Lock(rank=0)
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._work: dict[tuple[str, str], Work] = {}
        self._trainings: OrderedDict[str, set[str]] = OrderedDict()  # the rows of each, the latest last

    def work(self, task: Task) -> Work | frozenset[str]:
        """Where a task can be computed; or what is missing for it."""
        code, data = task.code_key, task.data_key
        with self._lock:
            if task.data is not None:
                self._rows.setdefault(data, task.data)
            program = PROGRAMS.get(code, task.code)
            missing = ([CODE] if program is None else []) + ([DATA] if data not in self._rows else [])
            if missing:
                return frozenset(missing)
            self._trainings.setdefault(task.training, set()).add(data)
            self._trainings.move_to_end(task.training)
            self._forget()
            if (code, data) not in self._work:
                drawn = 0 if task.draws is None else task.draws.shape[1]
                self._work[code, data] = Work(program, self._rows[data], drawn)
            return self._work[code, data]

    def _forget(self) -> None:
        while len(self._trainings) > TRAININGS:
            self._trainings.popitem(last=False)
        wanted = set().union(*self._trainings.values())
        for key in [key for key in self._rows if key not in wanted]:
            del self._rows[key]
        for code, data in [*self._work]:
            if code not in PROGRAMS or data not in self._rows:
                del self._work[code, data]


KEPT = Kept()
"""What this process keeps."""


def answer(task: Task, *sent: Any) -> Any:
    """The sums that a task asks for, an array; None for no rows; or a frozenset of what is missing here to compute it.

    `sent` are the task's numbers and data, if they came another way.
    """
    for name, thing in zip(("numbers", "data"), sent, strict=False):
        task = task if thing is None else task._replace(**{name: thing})
    try:
        work = KEPT.work(task)
        return work if isinstance(work, frozenset) else work.sums(task)
    except Exception as error:
        error.add_note(f"in the part of a batch's gradient that the samples {task.samples[0]} to {task.samples[-1]} give")
        raise
