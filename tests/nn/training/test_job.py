"""Jobs: batches and losses, clipping, what is tried before training, numbers that are not finite, and modes."""

import math
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from autograd import AnomalyError, Value, no_grad
from autograd.modes import MODE, current_mode
from nn import MLP, SGD, Callback, History, Module, MSELoss, Sequential, cross_entropy, fit, mse_loss
from nn.training.job import Job, modes_kept
from nn.training.order import Order
from nn.training.samples import Samples
from tests.nn.training.runs import CLASSES, X, Y


def job_of(model: Any = None, loss: Any = mse_loss, y: Any = Y, **options: Any) -> Job:
    """A job of these samples."""
    model = model or MLP(2, [2, 1], rng=0)
    data = Samples.of(X, y, ("X", "y"))
    optimizer = options.pop("optimizer", None) or SGD(model.parameters(), lr=0.1)
    return Job(
        model, loss, data, optimizer, options.pop("batch_size", 5), Order(len(X), Random(0)), History(["loss"]), **options
    )


@pytest.mark.parametrize(("size", "batches"), [(1, 23), (5, 5), (22, 2), (23, 1), (10**9, 1)])
def test_batches(size: int, batches: int) -> None:
    """As many as the samples need, the last perhaps smaller."""
    assert job_of(batch_size=size).batches == batches


def test_losses() -> None:
    """Of a batch as the loss gives it; the mean over samples also for one that adds, which says so."""
    mean, added = job_of(), job_of(loss=MSELoss(reduction="sum"))
    assert (mean.sums, added.sums) == (False, True)
    outputs = [mean.model(X[i]) for i in (3, 1)]
    assert mean.eager_loss([3, 1]).data == mse_loss(outputs, [Y[3], Y[1]]).data
    assert added.mean_loss(outputs, [Y[3], Y[1]]).data == pytest.approx(mse_loss(outputs, [Y[3], Y[1]]).data)
    assert mean.mean_loss(outputs, [Y[3], Y[1]]).data == mse_loss(outputs, [Y[3], Y[1]]).data


class Seeing(Callback):
    """Wants each step."""

    def on_before_optimizer_step(self, model: Module, history: History) -> None:
        """Look."""


def test_who_sees_each_step() -> None:
    """Callbacks whose class, or who themselves, have the hook; no others."""
    own, plain, seeing = Callback(), Callback(), Seeing()
    own.on_before_optimizer_step = lambda model, history: None  # type: ignore[method-assign]
    assert job_of(callbacks=[own, plain, seeing]).before_step == [own, seeing]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, [3.0, -4.0]),
        ({"clip_norm": 1.0}, [0.6, -0.8]),
        ({"clip_norm": 10.0}, [3.0, -4.0]),
        ({"clip_value": 3.5}, [3.0, -3.5]),
        ({"clip_norm": 2.5, "clip_value": 1.75}, [1.5, -1.75]),
    ],
)
def test_clipping(options: Any, wanted: list[float]) -> None:
    """By norm, then by value, of the parameters that the optimizer holds."""
    model = Sequential(lambda x: x)
    held, other = [Value(0.0), Value(0.0)], Value(0.0)
    job = job_of(model, optimizer=SGD(held, lr=0.1), **options)
    held[0].grad, held[1].grad, other.grad = 3.0, -4.0, 100.0
    job.clip()
    assert [p.grad for p in held] == pytest.approx(wanted, rel=1e-5)
    assert other.grad == 100.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_gradients_that_are_not_finite(bad: float) -> None:
    """Are named with their parameter, epoch and samples, and forgotten."""
    job = job_of()
    for parameter in job.model.parameters():
        parameter.grad = 1.0
    job.check_gradients([0, 1], "epoch 3, batch 2")
    parameter = job.model.parameters()[1]
    parameter.label, parameter.grad = "mine", bad
    with pytest.raises(
        AnomalyError, match=rf"the gradient of mine is {bad} in epoch 3, batch 2 \(samples 0, 1, 2, 3, 4, \.\.\.\)"
    ):
        job.check_gradients(list(range(7)), "epoch 3, batch 2")
    assert not any(p.has_grad for p in job.model.parameters())


def test_a_cause_that_is_gone() -> None:
    """Is admitted: the batch runs again, and all is well."""
    assert "no operation did so when the batch was run again" in str(job_of().anomaly("the loss is nan", [0], "epoch 1"))


def test_trying_out_moves_nothing() -> None:
    """Neither parameters nor gradients, modes or the mode of autograd."""
    job = job_of()
    job.model.eval()
    before = job.model.state_dict()
    job.try_out(None, {"m": lambda o, t: 1.0})
    assert job.model.state_dict() == before
    assert not job.model.training
    assert not any(p.has_grad for p in job.model.parameters())
    with pytest.raises(ValueError, match=r"the metric 'm' does not take the model's outputs, such as .*: of the metric"):
        job.try_out(None, {"m": _refusing})
    with pytest.raises(ValueError, match=r"the loss does not take the model's outputs"):
        job_of(loss=cross_entropy, y=CLASSES).try_out(None, {})
    assert not job.model.training


def _refusing(outputs: Any, targets: Any) -> float:
    raise ValueError("of the metric")


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_modes_are_kept(error: Any) -> None:
    """Of all modules and of autograd, whatever ends the block."""
    model = MLP(2, [2, 1], rng=0)
    model.layers[0].training = False
    modes = [module.training for module in model.modules()]
    with suppress(RuntimeError, KeyboardInterrupt), modes_kept(model), no_grad():
        model.train()
        if error is not None:
            raise error
    assert [module.training for module in model.modules()] == modes
    assert MODE.get() is None


class Watched(Module):
    """Notes in which modes it runs on numbers."""

    def __init__(self) -> None:
        self.inner = MLP(2, [1], rng=0)
        self.modes: list[bool] = []

    def forward(self, x: Any) -> Any:
        """The inner one's output."""
        mode = current_mode()
        if mode.tracer is None:
            self.modes.append(mode.recording)
        return self.inner(x)


@pytest.mark.parametrize("engine", ["compiled", "auto", "eager"])
def test_nothing_is_recorded_that_no_engine_needs(engine: str) -> None:
    """A model that is trained in machine code is tried out, and compared with it, on numbers alone."""
    model = Watched()
    options: Any = {"epochs": 1, "batch_size": 23, "engine": engine, "progress": False}
    fit(model, X, Y, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), **options)
    assert all(model.modes) if engine == "eager" else (model.modes and not any(model.modes))


@pytest.mark.parametrize("engine", ["compiled", "auto", "eager"])
def test_a_gradient_of_zero_is_no_independence(engine: str) -> None:
    """A loss that is flat where it is trained; one that takes its outputs' numbers alone is refused, by all engines."""
    model = Watched()
    options: Any = {"epochs": 1, "engine": engine, "progress": False}
    optimizer = SGD(model.parameters(), lr=0.1)

    def flat(outputs: Any, targets: Any) -> Any:
        return mse_loss(outputs, targets) * 0.0

    def cut(outputs: Any, targets: Any) -> Any:
        return mse_loss([output.detach() for output in outputs], targets)

    before = [p.data for p in model.parameters()]
    fit(model, X, Y, loss=flat, optimizer=optimizer, **options)
    assert [p.data for p in model.parameters()] == before
    assert any(model.modes)
    with pytest.raises(ValueError, match="does not depend on any parameter that the optimizer holds"):
        fit(model, X, Y, loss=cut, optimizer=optimizer, **options)
