"""Callbacks: when they are called, and early stopping."""

import math
from typing import Any

import pytest

from autograd import Value
from nn import MLP, SGD, Adam, Callback, EarlyStopping, History, Module, clip_grad_norm_, fit, mse_loss
from tests.nn.training.runs import X, Y, numbers, run, trained


def test_callbacks_are_called_in_order() -> None:
    """Begin, each step, each epoch, end; a true result ends the training after all of them were called."""
    calls: list[Any] = []

    class Noting(Callback):
        def on_fit_begin(self, model: Module, history: History) -> None:
            calls.append(("begin", len(history)))

        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            calls.append(("step", any(p.has_grad for p in model.parameters())))

        def on_epoch_end(self, model: Module, history: History) -> Any:
            calls.append(("epoch", len(history)))
            return len(history) == 2

        def on_fit_end(self, model: Module, history: History) -> None:
            calls.append(("end", len(history)))

    history, _ = trained(callbacks=[Noting(), lambda model, history: calls.append("function")], batch_size=12, epochs=5)
    steps = [("step", True)] * 2
    assert calls == [("begin", 0), *steps, ("epoch", 1), "function", *steps, ("epoch", 2), "function", ("end", 2)]
    assert len(history) == 2


def test_gradients_may_be_clipped() -> None:
    """By a callback, before the step: one of length lr at most."""

    class Clipping(Callback):
        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            clip_grad_norm_(model.parameters(), 1e-3)

    model = MLP(2, [3, 1], rng=1)
    before = numbers(model)
    optimizer = SGD(model.parameters(), lr=1.0)
    fit(model, X, Y, loss=mse_loss, optimizer=optimizer, epochs=1, batch_size=None, callbacks=[Clipping()], progress=False)
    assert math.dist(before, numbers(model)) == pytest.approx(1e-3, rel=1e-2)


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
    """Wrong options, and a monitor that this training lacks, before its first epoch."""
    with pytest.raises(ValueError, match=message):
        make()
