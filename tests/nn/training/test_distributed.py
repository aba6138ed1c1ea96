"""fit(executor=...): the bits of one process, whoever computes, whoever dies; what travels, and what is refused."""

import os
import pickle
import signal
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import AnomalyError, log
from autograd.compiler.distributed import Programs
from nn import (
    LBFGS,
    MLP,
    SGD,
    Callback,
    Dropout,
    Linear,
    Module,
    MSELoss,
    Sequential,
    accuracy,
    cross_entropy,
    fit,
    mse_loss,
)
from nn.training import distributed, executors, shards
from nn.training.shards import Kept, Task, Work
from tests.nn.interrupt import Interrupt
from tests.nn.training.runs import CLASSES, X, Y, numbers, refused, trained


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has no program and no rows from another test."""
    monkeypatch.setattr(shards, "KEPT", Kept())
    monkeypatch.setattr(shards, "PROGRAMS", Programs())


class Threads(Executor):
    """Threads that do as told between tasks: `before(number of the task, task)`."""

    def __init__(self, before: Any) -> None:
        self._executor, self._before, self.count = ThreadPoolExecutor(2), before, 0

    def submit(self, function: Any, task: Any, /, *args: Any, **options: Any) -> Any:
        self.count += 1
        self._before(self.count, task)
        return self._executor.submit(function, task, *args, **options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait, cancel_futures=cancel_futures)


def result(**options: Any) -> tuple[list[float], list[float]]:
    """Losses and parameters after a small training."""
    history, model = trained(**options)
    return history.loss, numbers(model)


class AtStep(Callback):
    """Does something before the n-th step."""

    def __init__(self, n: int, action: Any) -> None:
        self.left, self.action = n, action

    def on_before_optimizer_step(self, model: Module, history: Any) -> None:
        self.left -= 1
        if not self.left:
            self.action()


# --- the same bits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": None},
        {"accumulate": 2, "clip_grad_norm": 0.1},
        {"clip_grad_value": 0.01, "callbacks": [Callback(), AtStep(3, lambda: None)], "shuffle": False},
        {"loss": MSELoss(reduction="sum"), "epochs": 2},
        {"loss": cross_entropy, "y": CLASSES, "outputs": 3, "metrics": [accuracy], "validation_data": (X[:5], CLASSES[:5])},
    ],
    ids="+".join,
)
def test_one_shard_gives_the_bits_of_the_compiled_engine(options: dict[str, Any]) -> None:
    """And several agree with it to 1e-12."""
    wanted = result(engine="compiled", **options)
    with ThreadPoolExecutor(2) as two:
        assert result(executor=two, shards=1, **options) == wanted
        apart = result(executor=two, shards=6, **options)
    assert apart[0] == pytest.approx(wanted[0], rel=1e-12)
    assert apart[1] == pytest.approx(wanted[1], rel=1e-12)


def test_any_number_of_workers_gives_the_same_bits() -> None:
    """As many groups as workers, or shards, or in between."""
    found = []
    for workers in (1, 2, 3, 9):
        with ThreadPoolExecutor(workers) as executor:
            found.append(result(executor=executor, shards=6))
    assert found[1:] == found[:1] * 3


def test_more_shards_than_samples() -> None:
    """One for each sample, and 16 if nothing is said."""
    with ThreadPoolExecutor(2) as two:
        assert result(executor=two, shards=1000) == result(executor=two, shards=len(X))
        assert result(executor=two) == result(executor=two, shards=16)


def test_dropout() -> None:
    """What it draws is drawn here, and travels."""
    found = []
    with ThreadPoolExecutor(2) as two:
        for options in ({"engine": "compiled"}, {"executor": two, "shards": 1}):
            model = Sequential(Linear(2, 4, rng=0), Dropout(0.5), Linear(4, 1, rng=1))
            fit(model, X, [[y] for y in Y], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=3, batch_size=5,
                seed=1, progress=False, **options)  # fmt: skip
            found.append(numbers(model))
    assert found[0] == found[1]


def test_an_optimizer_with_a_step_of_its_own() -> None:
    """LBFGS asks for gradients as it goes."""
    found = []
    with ThreadPoolExecutor(2) as two:
        for options in ({"engine": "compiled"}, {"executor": two, "shards": 1}):
            model = MLP(2, [3, 1], rng=0)
            fit(model, X, Y, loss=mse_loss, optimizer=LBFGS(model.parameters()), epochs=2, batch_size=None, progress=False,
                **options)  # fmt: skip
            found.append(numbers(model))
    assert found[0] == found[1]


def test_parameters_left_out_of_the_optimizer() -> None:
    """Their gradients add up over the steps, as in one process."""
    found = []
    with ThreadPoolExecutor(2) as two:
        for options in ({"engine": "compiled"}, {"executor": two, "shards": 1}):
            model = MLP(2, [3, 1], rng=0)
            optimizer = SGD(model.layers[1].parameters(), lr=0.1)
            fit(model, X, Y, loss=mse_loss, optimizer=optimizer, epochs=2, batch_size=5, seed=0, progress=False, **options)
            found.append([(parameter.data, parameter.grad) for parameter in model.parameters()])
    assert found[0] == found[1]
    assert any(gradient for _, gradient in found[0][:9])


class Scaled(Module):
    """A model with a number that callbacks change."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.scale = MLP(2, [2, 1], rng=0), 1.0

    def forward(self, x: Any) -> Any:
        return self.inner(x) * self.scale


def test_what_a_callback_changes_counts() -> None:
    """Another program is sent, and once to each."""
    found = []
    sent: list[int] = []
    threads = Threads(lambda n, task: sent.append(n) if task.code is not None else None)
    for options in ({"engine": "compiled"}, {"executor": threads, "shards": 1}):
        model = Scaled()

        def change(model: Any = model) -> None:
            model.scale *= 2.0

        fit(model, X, Y, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=4, batch_size=10, seed=0,
            callbacks=[AtStep(5, change)], progress=False, **options)  # fmt: skip
        found.append(numbers(model))
    threads.shutdown()
    assert found[0] == found[1]
    assert len(sent) <= 2


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_not_finite() -> None:
    """The error names epoch, batch and operation; the parameters are those before that batch."""
    found = []
    with ThreadPoolExecutor(2) as two:
        for options in ({"engine": "compiled"}, {"executor": two, "shards": 4}):
            model = Logarithm()
            with pytest.raises(AnomalyError, match=r"the loss is nan in epoch 2, batch 3 .*log") as caught:
                fit(model, X, Y, loss=mse_loss, optimizer=SGD(model.parameters(), lr=1e-3), epochs=9, batch_size=5, seed=0,
                    progress=False, callbacks=[AtStep(7, model.spoil)], **options)  # fmt: skip
            assert model.inner.parameters()[-1].data == pytest.approx(-100.0, abs=0.1)
            found.append(str(caught.value))
    assert found[0] == found[1]


class Logarithm(Module):
    """The logarithm of a sum, until somebody makes that negative."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = MLP(2, [1], rng=0)

    def forward(self, x: Any) -> Any:
        return log(10.0 + self.inner(x))

    def spoil(self) -> None:
        """Make the sum negative."""
        self.inner.parameters()[-1].data = -100.0


def test_an_error_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes through, with the samples of the shard, the history, and parameters as the last whole step left them."""
    sums = Work.sums
    count = [0]

    def fails(work: Work, task: Task) -> Any:
        count[0] += 1
        if count[0] == 8:
            raise MemoryError("no room")
        return sums(work, task)

    monkeypatch.setattr(Work, "sums", fails)
    model = MLP(2, [3, 1], rng=1)
    with ThreadPoolExecutor(1) as one, pytest.raises(MemoryError, match="no room") as caught:
        fit(model, X, Y, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.2, momentum=0.5), epochs=3, batch_size=5, seed=7,
            executor=one, shards=1, progress=False)  # fmt: skip
    assert caught.value.__notes__ == ["in the part of a batch's gradient that the samples 0 to 22 give"]
    assert len(caught.value.history) == 1  # type: ignore[attr-defined]
    assert numbers(model) == trajectory()[7]


def trajectory() -> list[list[float]]:
    """The parameters before each step of five samples, by the compiled engine."""
    found: list[list[float]] = []

    class Seen(Callback):
        def on_before_optimizer_step(self, model: Module, history: Any) -> None:
            found.append(numbers(model))

    trained(engine="compiled", callbacks=[Seen()])
    return found


@pytest.mark.parametrize("at", [1, 2, 3, 9])
def test_an_interrupt(at: int) -> None:
    """Ctrl-C while a task is sent: the history so far, and whole steps."""

    def interrupt(count: int, task: Task) -> None:
        if count == at + 1:  # the first task is sent twice, for want of rows
            raise KeyboardInterrupt

    threads = Threads(interrupt)
    model = MLP(2, [3, 1], rng=1)
    history = fit(model, X, Y, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.2, momentum=0.5), epochs=3, batch_size=5,
                  seed=7, executor=threads, shards=1, progress=False)  # fmt: skip
    threads.shutdown()
    assert history.interrupted
    assert numbers(model) == trajectory()[at - 1]
    assert len(history) == (at - 1) // 5


def test_an_interrupt_at_any_instruction() -> None:
    """Of what sends tasks and joins answers: whole steps, and a history of whole epochs."""
    wanted = trajectory()[:11]
    seen: set[int] = set()
    at = 1
    while True:
        model = MLP(2, [3, 1], rng=1)
        traced = sys.gettrace()
        interrupt = Interrupt(at, distributed, executors)
        with ThreadPoolExecutor(1) as one:
            sys.settrace(interrupt)
            try:
                history = fit(
                    model, X, Y, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.2, momentum=0.5), epochs=2, batch_size=5,
                    seed=7, executor=one, shards=1, progress=False, callbacks=[Callback()],
                )  # fmt: skip
            except KeyboardInterrupt:  # before the training, or after it
                history = None
            finally:
                sys.settrace(traced)
        if interrupt.left > 0:
            break
        steps = wanted.index(numbers(model))
        seen.add(steps)
        if history is not None:
            assert history.interrupted
            assert len(history) == steps // 5
        at += 1 + at // 3
    assert len(seen) > 4


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"executor": 2}, TypeError, "executor must be a concurrent.futures.Executor"),
        ({"executor": ThreadPoolExecutor, "jit": False}, ValueError, "compute in machine code"),
        ({"executor": ThreadPoolExecutor, "engine": "eager"}, ValueError, "compute in machine code"),
        ({"executor": ThreadPoolExecutor, "shards": 0}, ValueError, "shards must be"),
        ({"executor": ThreadPoolExecutor, "X": [(X, [c % 2 for c in CLASSES])], "y": None}, ValueError, "read some at a time"),
        ({"shards": 4}, ValueError, "shards=4 are for workers: give an executor too"),
        ({"executor": ThreadPoolExecutor, "loss": lambda *pair: cross_entropy(*pair) ** 2}, ValueError, "mean over samples"),
    ],
)
def test_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    """Before any training."""
    with pytest.raises(error, match=message):
        refused(**options)()


# --- other processes --------------------------------------------------------------------------------------------------


def test_what_travels() -> None:
    """Rows and program once; then numbers, and which rows: a range where they follow one another."""
    sizes: list[int] = []
    threads = Threads(lambda n, task: sizes.append(len(pickle.dumps(task))))
    parameters = len(trained(executor=threads, shards=1, shuffle=False, epochs=2)[1].parameters())
    threads.shutdown()
    assert len(sizes) == 2 * 5 + 1  # the first one again, with rows and program
    assert max(sizes[:1] + sizes[2:]) < 8 * parameters + 900
    assert sizes[1] > 8 * 3 * len(X) + 900


@pytest.mark.parametrize("threads", [None, 3])
def test_threads_of_a_task(threads: int | None) -> None:
    """One, as executors have many tasks at once, unless told otherwise."""
    found: list[Any] = []
    executor = Threads(lambda n, task: found.extend([] if task.code is None else [pickle.loads(task.code).options.threads]))
    trained(executor=executor, threads=threads, epochs=1)
    executor.shutdown()
    assert set(found) == {threads or 1}


@pytest.mark.parametrize("made_by_fit", [True, False])
def test_a_process_is_killed(made_by_fit: bool) -> None:
    """In mid-epoch: with a function that makes another pool nothing is lost; without one the last whole step is left."""
    with ThreadPoolExecutor(2) as two:
        wanted = result(executor=two)
    pools: list[ProcessPoolExecutor] = []

    def make() -> ProcessPoolExecutor:
        pools.append(ProcessPoolExecutor(2 if made_by_fit else 1, mp_context=get_context("spawn")))
        return pools[-1]

    def kill() -> None:
        os.kill(next(iter(pools[0]._processes)), signal.SIGKILL)
        while not pools[0]._broken:
            time.sleep(0.01)

    if made_by_fit:
        assert result(executor=make, callbacks=[AtStep(7, kill)]) == wanted
        assert len(pools) == 2
    else:
        with make() as pool, pytest.raises(BrokenExecutor, match="as the last whole step left them") as caught:
            trained(executor=pool, callbacks=[AtStep(7, kill)])
        assert len(caught.value.history) == 1  # type: ignore[attr-defined]


def test_a_worker_of_a_cluster_is_killed(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In mid-epoch: the other one goes on, with the same bits; so do the two when it has been started again."""
    with ThreadPoolExecutor(2) as two:
        wanted = result(executor=two)
    assert result(executor=cluster) == wanted
    assert result(executor=cluster.get_executor()) == wanted
    before = cluster.run(os.getpid)

    def kill() -> None:
        os.kill(next(iter(before.values())), signal.SIGKILL)

    assert result(executor=cluster, callbacks=[AtStep(7, kill)]) == wanted
    assert cluster.run(os.getpid) != before
    cluster.wait_for_workers(2)
    monkeypatch.setattr(executors, "LARGE", 8)  # numbers as a message of their own, which is lost with a worker
    assert result(executor=cluster) == wanted
