"""The compiled engine of `fit` with the gradients computed elsewhere: in shards, by the workers of an executor.

Per step go out the numbers of now and which rows of a shard belong to the batch, and sums of loss and partials come back; the
step itself is made here. Rows and program travel only to a worker that lacks them.
"""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import numpy as np

from autograd.compiler.emit.descent import GRADIENT, STEP
from autograd.compiler.node import Compiled as CompiledProgram
from nn.training.binding import Binding
from nn.training.compiled import Compiled
from nn.training.executors import Workers
from nn.training.job import Job
from nn.training.shards import CODE, DATA, Span, Task, added, spans

SHARDS = 16  # unless told otherwise


class Distributed(Compiled):
    """Trains a job by the gradients that workers compute, in machine code there and here.

    Raises as `Compiled` does, and ValueError for samples that are read some at a time.
    """

    def __init__(self, job: Job, workers: Workers, shards: int | None) -> None:
        arrays = job.data.arrays
        if arrays is None:
            raise ValueError(
                "samples that are read some at a time cannot be handed to the workers of an executor: give X and y as whole "
                "arrays of float64, also in a file, np.load(path, mmap_mode='r') for example"
            )
        self._shards = Shards(arrays, min(shards or SHARDS, len(job.data)), workers)
        super().__init__(job, strict=True)

    def _bind(self, *parts: Any) -> Binding:
        return DistributedBinding(self._shards, *parts)


class DistributedBinding(Binding):
    """A binding whose gradients the shards give."""

    def __init__(self, shards: "Shards", *parts: Any) -> None:
        super().__init__(*parts)
        self._shards = shards
        gradient = self._gradient
        code = CompiledProgram(
            gradient.program, replace(gradient.options, reduce="sum", threads=self.job.threads or 1), gradient.name
        )
        self._code = pickle.dumps(code)
        self._code_key = _key(self._code)
        self._table: Any = None

    def prepare(self, arrays: Sequence[Any]) -> None:
        """As `Binding.prepare`."""
        self._table = arrays[2] if self.drawn else None
        super().prepare(arrays)

    def run(self, rows: Any, begins: Any, losses: Any, doing: int = GRADIENT | STEP) -> int:
        """Go through batches as `Descent.run`, with each one's gradient from the shards."""
        if doing == STEP:
            return super().run(rows, begins, losses, STEP)
        descent = self.descent
        for i, (begin, end) in enumerate(zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True)):
            found = self._shards.sums(self._code_key, self._code, descent.inputs.copy(), rows[begin:end], self._table)
            if not self.job.sums:
                found = found / float(end - begin)
            descent.found[:] = found
            descent.fixed_totals[:] += descent.fixed_partials
            losses[i] = descent.loss
            self._moved = True
            if doing & STEP and not super().run(rows, begins[i : i + 2], losses[i : i + 1], STEP):
                return i
        return len(begins) - 1


class Shards:
    """All samples in shards, in the order of their numbers, and those who compute sums over them."""

    def __init__(self, arrays: Sequence[Any], count: int, workers: Workers) -> None:
        self._arrays, self._workers = arrays, workers
        samples = len(arrays[0])
        self._bounds = np.array([samples * i // count for i in range(count + 1)], dtype=np.int64)
        self._of = np.repeat(np.arange(count, dtype=np.min_scalar_type(count)), np.diff(self._bounds))  # of each sample
        self._training = uuid4().hex
        self._groups: dict[Span, tuple[range, str]] = {}  # the samples of each, and the key of their rows
        for span in spans(0, count, workers.parallel):
            first, last = (int(self._bounds[place]) for place in span)
            self._groups[span] = range(first, last), _key(*[array[first:last] for array in arrays])

    def sums(self, code_key: str, code: bytes, numbers: Any, batch: Any, table: Any) -> Any:
        """The sums of loss and partials over a batch, by a program that is compiled where it is computed."""
        rows, starts = self._sorted(batch)
        tasks = {
            i: self._task(span, code_key, numbers, rows, starts, table)
            for i, span in enumerate(self._groups)
            if starts[span[0]] < starts[span[1]]
        }

        def complete(i: int, missing: set[str]) -> Task:
            samples = tasks[i].samples
            data = tuple([array[samples.start : samples.stop] for array in self._arrays]) if DATA in missing else None
            return tasks[i]._replace(code=code if CODE in missing else None, data=data)

        answers = self._workers.answers(tasks, complete)
        return added({span: answers.get(i) for i, span in enumerate(self._groups)}, 0, len(self._bounds) - 1)

    def _sorted(self, batch: Any) -> tuple[Any, Any]:
        """The rows of a batch by their shards, those of each in the batch's order, and where each shard's begin."""
        if bool(np.all(batch[1:] > batch[:-1])):
            return batch, np.searchsorted(batch, self._bounds)
        shards = self._of[batch]
        counts = np.bincount(shards, minlength=len(self._bounds) - 1)
        return batch[np.argsort(shards, kind="stable")], np.concatenate([[0], np.cumsum(counts)])

    def _task(self, span: Span, code_key: str, numbers: Any, rows: Any, starts: Any, table: Any) -> Task:
        samples, data_key = self._groups[span]
        mine = rows[starts[span[0]] : starts[span[1]]]
        here = starts[span[0] : span[1] + 1] - starts[span[0]]
        own: Any = mine - samples.start
        if len(own) == own[-1] - own[0] + 1 and bool(np.all(own[1:] > own[:-1])):
            own = range(int(own[0]), int(own[-1]) + 1)
        else:
            own = own.astype(np.min_scalar_type(len(samples)))
        draws = None if table is None else table[mine]
        return Task(samples, self._training, code_key, data_key, numbers, own, here, draws)


def _key(*contents: Any) -> str:
    """What tells these bytes and arrays from others."""
    found = blake2b(digest_size=16)
    for content in contents:
        found.update(repr(getattr(content, "shape", None)).encode())
        found.update(np.ascontiguousarray(content).data if isinstance(content, np.ndarray) else content)
    return found.hexdigest()
