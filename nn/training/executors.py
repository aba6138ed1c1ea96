"""Who computes a training's tasks: any `concurrent.futures.Executor`, a function that makes one, or a Dask client.

A task is answered by its result, or by what the worker lacks for it: then it is sent again, with that. So a worker that died
and another one in its place are no special case: the new one lacks everything.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import contextmanager
from time import monotonic
from typing import Any, Protocol

from nn.training.shards import Task, answer

ATTEMPTS = 3  # for the same tasks, each time with new processes
REFRESH = 2.0  # seconds after which to ask a cluster who its workers are
LARGE = 1 << 20  # bytes of numbers that go from worker to worker, and not with each task

Tasks = Mapping[int, Task]
"""By the numbers of their groups."""
Complete = Callable[[int, set[str]], Task]
"""The task of a group, with these parts that were missing for it."""


class Workers(Protocol):
    """Those who compute tasks."""

    @property
    def parallel(self) -> int:
        """How many tasks they do at once."""

    def answers(self, tasks: Tasks, complete: Complete) -> dict[int, Any]:
        """The answer to each task; or the error that it raised, or that came of the loss of processes."""


class Pool:
    """Has tasks done by an executor."""

    def __init__(self, executor: Executor, make: Callable[[], Executor] | None = None) -> None:
        self._executor, self._make = executor, make

    @property
    def parallel(self) -> int:
        """How many tasks can be done at once."""
        return int(getattr(self._executor, "_max_workers", None) or os.cpu_count() or 1)

    def answers(self, tasks: Tasks, complete: Complete) -> dict[int, Any]:
        """The answer to each task. After BrokenExecutor, by another executor if there is a function that makes one."""
        for left in range(ATTEMPTS - 1, -1, -1):
            try:
                return _answers(lambda _, task: self._executor.submit(answer, task), _each, tasks, complete)
            except BrokenExecutor as error:
                whole = "the parameters are as the last whole step left them"
                if self._make is None:
                    raise type(error)(
                        f"a process that computed a part of a batch has ended, and its executor with it; {whole}. Give fit a "
                        "function that makes another one, such as executor=lambda: ProcessPoolExecutor(2), or a Dask client"
                    ) from error
                if not left:
                    raise type(error)(
                        f"processes that computed parts of a batch have ended, {ATTEMPTS} times one after another, for example "
                        f"for want of memory; {whole}. Let fewer processes share the machine, or train by smaller batches"
                    ) from error
                self._executor.shutdown(wait=False)
                self._executor = self._make()
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Stop the processes that were made here."""
        if self._make is not None:
            self._executor.shutdown()


class Cluster:
    """Has tasks done by a Dask client's workers: those of a group by the same one, as long as there is that one."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._places: list[str] = []  # the worker of each group
        self._refreshed = -REFRESH

    @property
    def parallel(self) -> int:
        """How many tasks can be done at once."""
        return sum(self._client.nthreads().values()) or 1

    def answers(self, tasks: Tasks, complete: Complete) -> dict[int, Any]:
        """The answer to each task. Dask itself has another worker do what one leaves undone."""
        from distributed import KilledWorker

        for left in range(ATTEMPTS - 1, -1, -1):
            self._refresh(max(tasks) + 1)
            try:
                return _answers(self._submitter(next(iter(tasks.values())).numbers), self._client.gather, tasks, complete)
            except (CancelledError, KilledWorker):  # what was sent to a worker has gone with it
                if not left:
                    raise
                self._refreshed = -REFRESH
        raise AssertionError("the last attempt returns or raises")

    def _submitter(self, numbers: Any) -> Callable[[int, Task], Any]:
        large = self._sent(numbers, []) if numbers.nbytes > LARGE else None

        def submit(i: int, task: Task) -> Any:
            place = self._places[i : i + 1]
            data = None if task.data is None else self._sent(task.data, place)
            task = task._replace(numbers=task.numbers if large is None else None, data=None)
            where = {"workers": place, "allow_other_workers": True} if place else {}
            return self._client.submit(answer, task, large, data, pure=False, **where)

        return submit

    def _sent(self, thing: Any, place: Sequence[str]) -> Any:
        """Something large on its way by itself, and not with a task; to a worker, or to any if that is not there."""
        try:
            return self._client.scatter([thing], hash=False, workers=place or None)[0]
        except (KeyError, OSError):  # that of a scheduler which does not know the worker, or of a connection
            return self._client.scatter([thing], hash=False)[0]

    def _refresh(self, groups: int) -> None:
        """Look who is there, now and then."""
        if monotonic() - self._refreshed > REFRESH or groups > len(self._places):
            self._places = placed(self._places, sorted(self._client.nthreads()), max(groups, len(self._places)))
            self._refreshed = monotonic()


def _each(futures: Sequence[Any]) -> list[Any]:
    return [future.result() for future in futures]


def placed(before: Sequence[str], workers: Sequence[str], groups: int) -> list[str]:
    """A worker for each group: the one it had, if that is there and has not more groups than its share.

    >>> placed([], ["a", "b"], 3), placed(["a", "b", "a"], ["b", "c"], 3)
    (['a', 'b', 'a'], ['c', 'b', 'b'])
    """
    if not workers:
        return []
    share = -(-groups // len(workers))
    loads: Counter[str] = Counter()
    found: dict[int, str] = {}
    for i, worker in enumerate(before[:groups]):
        if worker in workers and loads[worker] < share:
            found[i] = worker
            loads[worker] += 1
    for i in range(groups):
        if i not in found:
            found[i] = min(workers, key=loads.__getitem__)
            loads[found[i]] += 1
    return [found[i] for i in range(groups)]


def _answers(
    submit: Callable[[int, Task], Any], results: Callable[[list[Any]], list[Any]], tasks: Tasks, complete: Complete
) -> dict[int, Any]:
    """The answer to each task, sent again with what is missing until nothing is."""
    found: dict[int, Any] = {}
    missing: dict[int, set[str]] = {i: set() for i in tasks}
    futures: dict[int, Any] = {}
    try:
        for i, task in tasks.items():
            futures[i] = submit(i, task)
        while futures:
            replies = dict(zip(futures, results([*futures.values()]), strict=True))
            futures = {}
            for i, reply in replies.items():
                if isinstance(reply, frozenset):
                    missing[i] |= reply
                    futures[i] = submit(i, complete(i, missing[i]))
                else:
                    found[i] = reply
    except BaseException:
        for future in futures.values():
            future.cancel()
        raise
    return found


@contextmanager
def opened(executor: Any) -> Iterator[Workers]:
    """The workers for `fit(executor=...)`; a function's executors are made and shut down here. TypeError for anything else."""
    distributed = sys.modules.get("distributed")
    if distributed is not None and isinstance(executor, distributed.Client):
        if executor.asynchronous:
            raise ValueError("fit waits for its workers, and this Dask client is asynchronous: Client(asynchronous=False)")
        yield Cluster(executor)
    elif isinstance(executor, Executor):
        yield Pool(executor)
    else:
        made = executor() if callable(executor) else None
        if not isinstance(made, Executor):
            raise TypeError(
                "executor must be a concurrent.futures.Executor, a function that makes one, or a Dask client, not "
                f"{executor!r}: ProcessPoolExecutor(2), for example"
            )
        pool = Pool(made, executor)
        try:
            yield pool
        finally:
            pool.close()
