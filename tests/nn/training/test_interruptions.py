"""What ends training before its time: Ctrl-C at any moment, numbers that are not finite, and early stopping."""

import math
import signal
import sys
from types import FrameType
from typing import Any

import pytest

from autograd import AnomalyError, Value, exp, log, sqrt
from autograd.modes import MODE
from nn import MLP, SGD, Adam, EarlyStopping, History, Module, fit, l1_loss, mse_loss
from tests.nn.training.test_fit import X, Y, numbers

# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def run(model: Module, **options: Any) -> History:
    """Two epochs of two batches."""
    optimizer = Adam(model.parameters(), lr=0.1)
    defaults: dict[str, Any] = {"loss": mse_loss, "epochs": 2, "batch_size": 2, "seed": 0, "progress": False}
    return fit(model, X[:4], Y[:4], optimizer=optimizer, **defaults | options)


TRAINING = ["nn/trainer.py", "nn/optim.py", "nn/callbacks.py", "nn/history.py"]


class Interrupt:
    """A trace function that raises KeyboardInterrupt at the n-th instruction that runs in these files of the package."""

    def __init__(self, at: int, files: list[str] = TRAINING) -> None:
        self.left, self.files = at, tuple(files)
        sys._getframe().f_trace_opcodes = True  # without which Python 3.12 tells of no instruction at all

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.endswith(self.files):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def after_each_step() -> list[list[float]]:
    """The parameters before training and after each step of `run`."""
    model = MLP(2, [1], rng=0)
    found = [numbers(model)]

    class Noting(EarlyStopping):
        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            found.append(numbers(model))

    run(model, callbacks=[Noting(9, monitor="loss", restore_best=False)])
    return [*found[:1], *found[2:], numbers(model)]


def test_an_interrupt_at_any_instruction() -> None:
    """The parameters are those after some whole step, or of the best epoch, and the history's lists are of one length."""
    wanted = after_each_step()
    assert len(wanted) == 5
    returned = 0
    for at in range(1, 100_000, 7):
        model = MLP(2, [1], rng=0)
        model.eval()
        traced = sys.gettrace()
        interrupt = Interrupt(at)
        sys.settrace(interrupt)
        try:
            history = run(model, validation_data=(X[:2], Y[:2]), callbacks=[EarlyStopping(9, mode="max")])
        except KeyboardInterrupt:  # before the first epoch, or after the last
            history = None
            MODE.set(None)  # it may have come while the modes were being restored
        finally:
            sys.settrace(traced)
        assert numbers(model) in wanted
        if history is not None and interrupt.left <= 0:
            returned += 1
            assert history.interrupted
            assert len(history.loss) == len(history.val_loss) == len(history) <= 2
            assert not model.training
            assert MODE.get() is None
        if interrupt.left > 0:
            break
    assert interrupt.left > 0
    assert returned > 50


def test_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    """The signal itself: the history so far, a word on stderr, and training goes on from there if it is asked to."""
    model = MLP(2, [3, 1], rng=0)
    signals = iter([False, False, True])

    def stop(model: Module, history: History) -> None:
        if next(signals):
            signal.raise_signal(signal.SIGINT)

    history = run(model, epochs=100, callbacks=[stop])
    assert history.interrupted
    assert len(history) == 3
    assert repr(history).endswith("interrupted=True)")
    assert "fit was interrupted after 3 of 100 epochs: the history has these, and the model is as" in capsys.readouterr().err
    assert not run(model, epochs=1).interrupted


# --- numbers that are not finite --------------------------------------------------------------------------------------


class Line(Module):
    """slope * x, through a function."""

    def __init__(self, function: Any, slope: float = 1.0) -> None:
        self.slope, self.function = Value(slope), function
        self.label_parameters()

    def forward(self, x: Any) -> Any:
        return self.function(self.slope * x)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    ("function", "x", "message"),
    [
        (
            log,
            [1.0, 2.0, -1.0],
            r"the loss is nan in epoch 1, batch 3 \(samples 2\): log gave nan from finite operands",
        ),
        (exp, [1.0, 800.0, 1.0], r"the loss is inf in epoch 1, batch 2 \(samples 1\): exp gave inf from finite operands"),
        (sqrt, [1.0, 0.0], r"the gradient of slope is nan in epoch 1, batch 2 \(samples 1\): the derivative of sqrt .* is inf"),
    ],
    ids=["nan", "inf", "gradient"],
)
def test_a_loss_or_gradient_that_is_not_finite(function: Any, x: list[float], message: str, jit: bool) -> None:
    """Names epoch, batch and operation; the parameters are those before that batch, and no gradient is left."""
    model, good = Line(function), Line(function)
    options: dict[str, Any] = {"loss": l1_loss, "epochs": 1, "batch_size": 1, "shuffle": False, "progress": False, "jit": jit}
    until = next(i for i, number in enumerate(x) if number not in (1.0, 2.0))
    fit(good, x[:until], [0.5] * until, optimizer=SGD(good.parameters(), lr=0.01), **options)
    with pytest.raises(AnomalyError, match=message) as caught:
        fit(model, x, [0.5] * len(x), optimizer=SGD(model.parameters(), lr=0.01), **options)
    assert isinstance(caught.value, ArithmeticError)
    assert "The parameters are those before this batch: try a smaller lr" in str(caught.value)
    assert model.slope.data == good.slope.data
    assert not model.slope.has_grad


def test_a_parameter_that_is_not_finite() -> None:
    """Is named: no operation of the batch is at fault."""
    model = Line(lambda z: z, slope=math.inf)
    with pytest.raises(AnomalyError, match=r"epoch 1, batch 1 .*: the parameter slope is inf"):
        fit(model, [1.0], [0.0], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=1, progress=False)


def test_a_rate_that_is_too_large() -> None:
    """The usual way to inf: it names the epoch in which it came to that."""
    model = Line(lambda z: z)
    with pytest.raises(AnomalyError, match=r"the loss is inf in epoch \d+, batch 1 .* gave inf from finite operands"):
        fit(model, [3.0, 1.0], [0.0, 1.0], loss=mse_loss, optimizer=SGD(model.parameters(), lr=9.0), epochs=500, progress=False)
    assert math.isfinite(model.slope.data)


# --- early stopping ---------------------------------------------------------------------------------------------------


class Told(Module):
    """A model whose one number is set by what it is told, epoch by epoch, to be monitored."""

    def __init__(self, losses: list[float]) -> None:
        self.number, self.losses = Value(0.0), losses

    def forward(self, x: Any) -> Any:
        return self.number + x

    def run(self, stopping: EarlyStopping, monitor: str = "told") -> History:
        """An epoch for each of the losses, unless it is stopped."""
        rest = iter([0.0, *self.losses])  # the first is asked for before training, to see whether it can be
        return fit(
            self, [0.0], [1.0], loss=mse_loss, optimizer=SGD(self.parameters(), lr=0.1), epochs=len(self.losses),
            metrics={monitor: lambda outputs, targets: next(rest)}, callbacks=[stopping], progress=False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("losses", "options", "epochs", "best"),
    [
        ([3.0, 2.0, 2.5, 2.0, 1.0], {"patience": 2}, 4, 2),
        ([3.0, 2.0, 2.5, 1.5, 1.6, 1.7], {"patience": 2}, 6, 4),
        ([3.0, 2.9, 2.8, 2.7, 2.0], {"patience": 3, "min_delta": 0.5}, 4, 1),
        ([3.0, 2.9, 2.4, 2.3], {"patience": 2, "min_delta": 0.5}, 4, 3),
        ([0.5, 0.7, 0.6, 0.7, 0.8], {"patience": 2, "mode": "max"}, 4, 2),
        ([3.0, math.nan, math.nan, 1.0], {"patience": 2}, 3, 1),
        ([math.nan, 2.0, 3.0, 4.0], {"patience": 2}, 4, 2),
        ([math.inf, 2.0, 3.0], {"patience": 5}, 3, 2),
        ([3.0, 2.0, 1.0], {"patience": 1}, 3, 3),
    ],
)
@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping(losses: list[float], options: dict[str, Any], epochs: int, best: int, restore: bool) -> None:
    """When it stops, which epoch was the best, and that the model has its parameters then; again when it is used again."""
    stopping = EarlyStopping(monitor="told", restore_best=restore, **options)
    for _ in range(2):
        model = Told(losses)
        history = model.run(stopping)
        assert len(history) == epochs
        assert stopping.best is not None
        assert (stopping.best.epoch, stopping.best.number) == (best, losses[best - 1])
        after = best if restore else epochs
        assert model.number.data == pytest.approx(1.0 - 0.8**after)


def test_early_stopping_without_a_best_epoch() -> None:
    """Where all are nan it stops, and restores nothing."""
    model = Told([math.nan] * 5)
    stopping = EarlyStopping(2, monitor="told")
    assert len(model.run(stopping)) == 2
    assert stopping.best is None
    assert model.number.data == pytest.approx(1.0 - 0.8**2)


def test_early_stopping_on_validation_loss() -> None:
    """The default; where the model learns noise, the best parameters are not the last but those of the least loss."""
    model = MLP(2, [8, 1], rng=3)
    history = fit(
        model, X[:8], [y + (-1) ** i * 0.3 for i, y in enumerate(Y[:8])], loss=mse_loss, epochs=300, batch_size=None,
        optimizer=Adam(model.parameters(), lr=0.05), validation_data=(X[8:], Y[8:]), callbacks=[EarlyStopping(10)],
        progress=False, jit=True,
    )  # fmt: skip
    assert len(history) < 300
    assert len(history) - 10 == history.val_loss.index(min(history.val_loss)) + 1
    assert mse_loss([model(x) for x in X[8:]], Y[8:]).item() == min(history.val_loss)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(0), "patience must be a whole number of at least 1, not 0"),
        (lambda: EarlyStopping(1, min_delta=-0.1), "min_delta must be finite and not negative, not -0.1"),
        (lambda: EarlyStopping(1, mode="least"), 'mode must be "min" or "max", not \'least\''),
        (
            lambda: run(MLP(2, [1]), callbacks=[EarlyStopping(1)]),
            "monitors 'val_loss', .* has 'loss': give validation_data",
        ),
        (
            lambda: run(MLP(2, [1]), callbacks=[EarlyStopping(1, monitor="right")]),
            "monitors 'right', .*: give it as a metric",
        ),
    ],
)
def test_what_early_stopping_refuses(make: Any, message: str) -> None:
    """Options that are none, and a monitor that this training does not have, before its first epoch."""
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_raised_in_training_is_raised() -> None:
    """An error that is no interrupt comes through, and the modes are restored."""
    model = MLP(2, [1], rng=0)
    model.eval()

    def fail(model: Module, history: History) -> None:
        raise RuntimeError("of the callback")

    with pytest.raises(RuntimeError, match="of the callback"):
        run(model, callbacks=[fail])
    assert not model.training
