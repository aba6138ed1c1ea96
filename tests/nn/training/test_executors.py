"""Executors: tasks sent again with what is missing, processes that end, and what is no executor."""

from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy", reason="needs the jit extra")

from nn.training.executors import ATTEMPTS, Cluster, Pool, opened, placed


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


@pytest.mark.parametrize("wrong", [2, "processes", lambda: None, ThreadPoolExecutor.__mro__[-1]()], ids=repr)
def test_what_is_no_executor(wrong: Any) -> None:
    """With one that is, as code."""
    with (
        pytest.raises(TypeError, match=r"executor must be a concurrent.futures.Executor.*ProcessPoolExecutor\(2\)"),
        opened(wrong),
    ):
        raise AssertionError


def test_a_dask_client(cluster: Any) -> None:
    """Its workers compute; numbers beyond a size go from worker to worker."""
    with opened(cluster) as workers:
        assert isinstance(workers, Cluster)
        assert workers.parallel == 2
