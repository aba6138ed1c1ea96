"""Executors: tasks sent again with what is missing, processes that end, and what is no executor."""

from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from nn.training import executors
from nn.training.executors import ATTEMPTS, Cluster, Pool, opened, placed
from nn.training.shards import Task
from tests.names import shown


class Scripted(Executor):
    """Answers tasks, which are text here, by a function."""

    def __init__(self, reply: Any) -> None:
        self.reply, self.asked, self.cancelled, self.closed = reply, [], [], False

    def submit(self, _function: Any, task: Any, /, *_args: Any, **_options: Any) -> Any:
        self.asked.append(task)
        future: Future[Any] = Future()
        future.cancel = lambda: self.cancelled.append(task)  # type: ignore[assignment,func-returns-value]
        try:
            future.set_result(self.reply(task))
        except Exception as error:  # noqa: BLE001 - as executors do
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.closed = True


def whole(i: int, missing: set[str]) -> Any:
    """A task with what was missing."""
    return f"{i} with {'+'.join(sorted(missing))}"


def test_a_task_is_sent_again_with_all_that_was_missing_so_far() -> None:
    """Another process may lack what the first one had."""
    replies = {"b": frozenset({"data"}), "1 with data": frozenset({"code"}), "a": 10.0, "1 with code+data": 20.0}
    executor = Scripted(replies.__getitem__)
    assert Pool(executor).answers({0: "a", 1: "b"}, whole) == {0: 10.0, 1: 20.0}  # type: ignore[dict-item]  # text for tasks
    assert executor.asked == ["a", "b", "1 with data", "1 with code+data"]


def test_an_error_stops_the_other_tasks() -> None:
    """Nobody waits for them any more."""

    def reply(task: str) -> None:
        raise ZeroDivisionError(task)

    executor = Scripted(reply)
    with pytest.raises(ZeroDivisionError, match="a"):
        Pool(executor).answers({0: "a", 1: "b"}, whole)  # type: ignore[dict-item]  # as above
    assert executor.cancelled == ["a", "b"]


def test_processes_that_end_are_replaced_if_there_is_a_function() -> None:
    """All tasks of the batch are sent to the new ones."""
    made = [Scripted(lambda task: 1.0) for _ in range(2)]

    def breaks(task: str) -> None:
        raise BrokenProcessPool("abrupt")

    first = Scripted(breaks)
    pool = Pool(first, made.pop)
    last = made[-1]
    assert pool.answers({3: "a", 5: "b"}, whole) == {3: 1.0, 5: 1.0}  # type: ignore[dict-item]  # as above
    assert (first.closed, last.closed, last.asked) == (True, False, ["a", "b"])
    pool.close()
    assert last.closed


@pytest.mark.parametrize("again", [False, True])
def test_processes_that_keep_ending(again: bool) -> None:
    """The error says what to do, and that the parameters are whole."""
    count = [0]

    def breaks(task: str) -> None:
        count[0] += 1
        raise BrokenProcessPool("abrupt")

    pool = Pool(Scripted(breaks), (lambda: Scripted(breaks)) if again else None)
    way = "train by smaller batches" if again else r"executor=lambda: ProcessPoolExecutor\(2\)"
    with pytest.raises(BrokenExecutor, match=f"as the last whole step left them.*{way}"):
        pool.answers({0: "a"}, whole)  # type: ignore[dict-item]  # as above
    assert count == [ATTEMPTS if again else 1]


@example(before=["a", "a", "a", "b"], workers={"a", "b", "c"}, groups=3)
@given(st.lists(st.sampled_from("abcdef"), max_size=9), st.sets(st.sampled_from("abcdef")), st.integers(1, 12))
def test_places(before: list[str], workers: set[str], groups: int) -> None:
    """Groups lie with workers that are there, evenly, and stay where they were if that fits."""
    found = placed(before, sorted(workers), groups)
    if not workers:
        assert found == []
        return
    assert len(found) == groups
    assert set(found) <= workers
    share = -(-groups // len(workers))
    assert max(map(found.count, workers)) <= share
    if len(before) == groups and set(before) <= workers and max(map(before.count, workers)) <= share:
        assert found == before


def test_opened() -> None:
    """Executors and functions that make them, which are shut down in the end; whoever opened an executor closes it."""
    with ThreadPoolExecutor(3) as executor:
        with opened(executor) as workers:
            assert isinstance(workers, Pool)
            assert workers.parallel == 3
        assert executor.submit(int).result() == 0
    made = Scripted(None)
    with opened(lambda: made) as workers:
        assert workers.parallel >= 1
    assert made.closed


@pytest.mark.parametrize("wrong", [2, "processes", lambda: None, ThreadPoolExecutor.__mro__[-1]()], ids=shown)
def test_what_is_no_executor(wrong: Any) -> None:
    """With one that is, as code."""
    with (
        pytest.raises(TypeError, match=r"executor must be a concurrent.futures.Executor.*ProcessPoolExecutor\(2\)"),
        opened(wrong),
    ):
        raise AssertionError


class Scheduler:
    """Stands in for a Dask client whose worker "dead" has gone without anybody knowing yet."""

    def __init__(self) -> None:
        self.there, self.sent, self.lost = {"dead": 1, "live": 2}, [], 1

    def nthreads(self) -> dict[str, int]:
        return self.there

    def scatter(self, things: list[Any], *, workers: Any = None, **_: Any) -> list[Any]:
        if workers == ["dead"]:
            raise KeyError("dead")
        self.sent.append((things[0], workers))
        return things

    def submit(self, _function: Any, task: Task, *sent: Any, pure: bool, workers: Any, allow_other_workers: bool) -> Any:
        assert allow_other_workers
        assert not pure
        return SimpleNamespace(found=(task.code_key, workers, *sent), cancel=lambda: None)

    def gather(self, futures: Any) -> list[Any]:
        if self.lost:
            self.lost -= 1
            raise CancelledError("what was sent has gone with its worker")
        return [frozenset({"data"}) if future.found[-1] is None else future.found for future in futures]


@pytest.mark.parametrize("large", [False, True])
def test_rows_for_a_worker_that_has_gone(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go to any other; a batch of which something was lost on the way is asked for again."""
    numbers = np.zeros(3)
    monkeypatch.setattr(executors, "LARGE", 8 if large else 24)
    task = Task(range(4), "training", "code", "data", numbers, range(2), (0, 2))
    client = Scheduler()
    workers = Cluster(client)
    assert workers.parallel == 3
    found = workers.answers({0: task, 1: task}, lambda i, missing: task._replace(data=(f"rows {i}",)))
    shared = numbers if large else None
    assert [client.sent.pop(0)[0] is numbers for _ in range(2 * large)] == [True] * (2 * large)  # again, as the first is lost
    assert client.sent == [(("rows 0",), None), (("rows 1",), ["live"])]
    assert [(found[i][1], found[i][2] is shared, found[i][3]) for i in (0, 1)] == [
        (["dead"], True, ("rows 0",)), (["live"], True, ("rows 1",)),
    ]  # fmt: skip


def test_what_keeps_getting_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some attempts the error is the caller's."""
    client = Scheduler()
    client.lost = ATTEMPTS
    task = Task(range(4), "training", "code", "data", np.zeros(3), range(2), (0, 2))
    with pytest.raises(CancelledError, match="gone with its worker"):
        Cluster(client).answers({0: task}, lambda i, missing: task)


def test_a_dask_client(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers of one thread each do two tasks at once; an asynchronous client is refused."""
    with opened(cluster) as workers:
        assert isinstance(workers, Cluster)
        assert workers.parallel == 2
    monkeypatch.setattr(type(cluster), "asynchronous", True)
    with pytest.raises(ValueError, match=r"Client\(asynchronous=False\)"), opened(cluster):
        raise AssertionError
