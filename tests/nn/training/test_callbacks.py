"""Callbacks: when they are called, and early stopping."""

import math
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import (
    MLP,
    SGD,
    Adam,
    Callback,
    Dropout,
    EarlyStopping,
    History,
    Linear,
    Module,
    MSELoss,
    Neuron,
    Sequential,
    Tanh,
    clip_grad_norm_,
    fit,
    mse_loss,
    predict,
)
from nn.serialization import is_plain
from nn.training.callbacks import Best, has_state
from tests.nn.training.runs import ENGINES, X, Y, numbers, run, trained


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_are_called_in_order(engine: str) -> None:
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

    history, _ = trained(
        callbacks=[Noting(), lambda model, history: calls.append("function")], batch_size=12, epochs=5, engine=engine
    )
    steps = [("step", True)] * 2
    assert calls == [("begin", 0), *steps, ("epoch", 1), "function", *steps, ("epoch", 2), "function", ("end", 2)]
    assert len(history) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_may_be_clipped(engine: str) -> None:
    """By a callback, before the step: one of length lr at most."""

    class Clipping(Callback):
        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            clip_grad_norm_(model.parameters(), 1e-3)

    model = MLP(2, [3, 1], rng=1)
    before = numbers(model)
    optimizer = SGD(model.parameters(), lr=1.0)
    options: Any = {"epochs": 1, "batch_size": None, "callbacks": [Clipping()], "progress": False, "engine": engine}
    fit(model, X, Y, loss=mse_loss, optimizer=optimizer, **options)
    assert math.dist(before, numbers(model)) == pytest.approx(1e-3, rel=1e-2)


# --- early stopping ---------------------------------------------------------------------------------------------------


class Told(Module):
    """A model whose one number is set by what it is told, epoch by epoch, to be monitored."""

    def __init__(self, losses: list[float]) -> None:
        self.number, self.losses = Value(0.0), losses

    def forward(self, x: Any) -> Any:
        return self.number + x

    def run(self, stopping: EarlyStopping, engine: str, monitor: str = "told") -> History:
        """An epoch for each of the losses, unless it is stopped."""
        rest = iter([0.0, *self.losses])  # the first is asked for before training, to see whether it can be
        return fit(
            self, [0.0], [1.0], loss=mse_loss, optimizer=SGD(self.parameters(), lr=0.1), epochs=len(self.losses),
            metrics={monitor: lambda outputs, targets: next(rest)}, callbacks=[stopping], progress=False, engine=engine,
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
@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping(
    losses: list[float], options: dict[str, Any], epochs: int, best: int, restore: bool, engine: str
) -> None:
    """When it stops, which epoch was the best, and that the model has its parameters then; again when it is used again."""
    stopping = EarlyStopping(monitor="told", restore_best=restore, **options)
    for _ in range(2):
        model = Told(losses)
        history = model.run(stopping, engine)
        assert len(history) == epochs
        assert stopping.best is not None
        assert (stopping.best.epoch, stopping.best.number) == (best, losses[best - 1])
        after = best if restore else epochs
        assert model.number.data == pytest.approx(1.0 - 0.8**after)


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_without_a_best_epoch(engine: str) -> None:
    """Where all are nan it stops, and restores nothing."""
    model = Told([math.nan] * 5)
    stopping = EarlyStopping(2, monitor="told")
    assert len(model.run(stopping, engine)) == 2
    assert stopping.best is None
    assert model.number.data == pytest.approx(1.0 - 0.8**2)


def test_early_stopping_on_validation_loss() -> None:
    """The default; where the model learns noise, the best parameters are not the last but those of the least loss."""
    model = MLP(2, [8, 1], rng=3)
    history = fit(
        model, X[:8], [y + (-1) ** i * 0.3 for i, y in enumerate(Y[:8])], loss=mse_loss, epochs=300, batch_size=None,
        optimizer=Adam(model.parameters(), lr=0.05), validation_data=(X[8:], Y[8:]), callbacks=[EarlyStopping(10)],
        progress=False, engine="compiled",
    )  # fmt: skip
    assert len(history) < 300
    assert len(history) - 10 == history.val_loss.index(min(history.val_loss)) + 1
    assert mse_loss([model(x) for x in X[8:]], Y[8:]).item() == pytest.approx(min(history.val_loss), rel=1e-14)


# losses that a larger step or a smaller batch makes better and worse again, with and without dropout
RUNS: dict[str, dict[str, Any]] = {
    "all samples": {"batch_size": None, "lr": 2.5},
    "batches": {"batch_size": 4, "lr": 1.2},
    "a sum": {"loss": MSELoss(reduction="sum"), "batch_size": 4, "lr": 0.25},
    "the last is the best": {"batch_size": 4, "lr": 0.01},
    "dropout": {"batch_size": 4, "lr": 0.5, "dropout": True},
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_restored_parameters_have_the_loss_that_is_named(options: dict[str, Any], mode: str, engine: str) -> None:
    """The loss of the training data, in eval mode, bit for bit; the history's loss stays the mean of the batches."""
    hidden = [Dropout(0.3)] if options.get("dropout") else []
    model = Sequential(Linear(2, 6, rng=3), Tanh(), *hidden, Linear(6, 1, rng=4), lambda xs: xs[0])
    loss, losses, after = options.get("loss", mse_loss), [], []

    def note(model: Module, history: History) -> None:
        losses.append(mse_loss(predict(model, X), Y))
        after.append(numbers(model))

    training: dict[str, Any] = {"loss": loss, "epochs": 12, "batch_size": options["batch_size"], "seed": 1, "progress": False}
    optimizer = SGD(model.parameters(), lr=options["lr"])
    state = model.state_dict()
    stopping = EarlyStopping(12, monitor="loss", mode=mode)
    history = fit(model, X, Y, optimizer=optimizer, callbacks=[note, stopping], engine=engine, **training)
    best = (min if mode == "min" else max)(range(12), key=losses.__getitem__)
    assert stopping.best is not None
    assert (stopping.best.epoch, stopping.best.parameters) == (best + 1, after[best])
    assert numbers(model) == after[best]
    assert stopping.best.number == pytest.approx(losses[best], rel=1e-15)
    assert mse_loss(predict(model, X), Y) == pytest.approx(stopping.best.number, rel=1e-15)
    model.load_state_dict(state)
    again = fit(model, X, Y, optimizer=SGD(model.parameters(), lr=options["lr"]), engine=engine, **training)
    assert again.loss == history.loss


def test_no_loss_is_measured_in_vain() -> None:
    """Only where a callback monitors it: the loss is not called more often otherwise, by the eager engine."""
    counts = []
    for callbacks in ([], [EarlyStopping(9, monitor="m")], [EarlyStopping(9, monitor="loss")]):
        calls: list[int] = []

        def loss(outputs: Any, targets: Any, calls: list[int] = calls) -> Any:
            calls.append(len(targets))
            return mse_loss(outputs, targets)

        metrics = {"m": lambda outputs, targets: 1.0}
        run(MLP(2, [1], rng=0), loss=loss, callbacks=callbacks, metrics=metrics, engine="eager")
        counts.append(len(calls))
    assert counts[0] == counts[1] == counts[2] - 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_has_got_other_parameters(engine: str) -> None:
    """The best ones cannot be restored to it: refused in the end, with the epoch, and the history is there."""

    def replace(model: Any, history: History) -> None:
        model.layers[0].neurons[0].bias = Value(0.0)

    stopping = EarlyStopping(9, monitor="loss")
    with pytest.raises(ValueError, match=r"cannot restore the parameters of epoch \d: the model has got others") as caught:
        run(MLP(2, [1], rng=0), callbacks=[stopping, replace], engine=engine)
    assert len(caught.value.history) == 2  # type: ignore[attr-defined]
    kept = EarlyStopping(9, monitor="loss", restore_best=False)
    assert len(run(MLP(2, [1], rng=0), callbacks=[kept, replace], engine=engine)) == 2


# --- states -----------------------------------------------------------------------------------------------------------


def test_a_callback_has_no_state() -> None:
    """Unless its class defines one."""
    callback = Callback()
    assert callback.state_dict() == {}
    callback.load_state_dict({})
    assert not has_state(callback)
    assert has_state(EarlyStopping(3))
    assert not has_state(lambda model, history: None)  # type: ignore[arg-type]  # as users pass it


@pytest.mark.parametrize("epochs", range(6))
def test_early_stopping_goes_on(epochs: int) -> None:
    """With the best epoch so far, in a training that has these epochs; in a new one it forgets it."""
    losses = [0.5, 0.4, 0.6, 0.45, 0.3, 0.4, 0.5, 0.6]

    def run(stopping: EarlyStopping, model: Module, history: History, losses: list[float]) -> list[bool]:
        stopping.on_fit_begin(model, history)
        answers = []
        for loss in losses:
            model.bias.data = loss * 10.0
            history.append({"loss": loss})
            answers.append(stopping.on_epoch_end(model, history))
        return answers

    whole, model, history = EarlyStopping(3, monitor="loss"), Neuron(1, rng=0), History(["loss"])
    wanted = run(whole, model, history, losses)
    first, second = EarlyStopping(3, monitor="loss"), EarlyStopping(3, monitor="loss")
    part = History(["loss"])
    answers = run(first, model, part, losses[:epochs])
    state = first.state_dict()
    assert is_plain(state)
    second.load_state_dict(state)
    assert answers + run(second, model, part, losses[epochs:]) == wanted
    assert second.best == whole.best
    second.on_fit_end(model, part)
    assert model.bias.data == 3.0
    if state["best"] is not None:
        state["best"]["parameters"].append(1.0)
        assert first.state_dict() != state
    second.on_fit_begin(model, History(["loss"]))
    assert second.best is None


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "not the state of an EarlyStopping .KeyError: 'monitor'"),
        (
            {"monitor": "loss", "mode": "min", "best": None},
            "has monitor='loss' and mode='min', and this one 'val_loss' and 'min': gi",
        ),
        ({"monitor": "val_loss", "mode": "max", "best": None}, "has monitor='val_loss' and mode='max'"),
        (
            {"monitor": "val_loss", "mode": "min", "best": {"epoch": 1}},
            "not the state of an EarlyStopping .KeyError: 'parameters'",
        ),
        (
            {"monitor": "val_loss", "mode": "min", "best": {"epoch": 1, "number": "a", "parameters": []}},
            "number must be one real number",
        ),
    ],
)
def test_a_state_that_does_not_fit(state: Any, message: str) -> None:
    """Is refused, and the best epoch stays."""
    stopping = EarlyStopping(3)
    stopping.best = best = Best(1, 0.5, [1.0])
    with pytest.raises(ValueError, match=message):
        stopping.load_state_dict(state)
    assert stopping.best is best


def test_the_best_epoch_of_another_model() -> None:
    """Is refused when training begins."""
    stopping, history = EarlyStopping(3, monitor="loss"), History(["loss"])
    history.append({"loss": 0.5})
    stopping.load_state_dict({"monitor": "loss", "mode": "min", "best": {"epoch": 1, "number": 0.5, "parameters": [1.0]}})
    with pytest.raises(ValueError, match="the best epoch that EarlyStopping resumes from has 1 parameters, and the model 2"):
        stopping.on_fit_begin(Neuron(1), history)


# --- answers, interrupts and errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [True, np.True_, np.bool_(1)])
def test_true_ends_the_training(answer: Any) -> None:
    """Python's or NumPy's."""
    assert len(run(MLP(2, [1], rng=0), epochs=5, callbacks=[lambda model, history: answer])) == 1


@pytest.mark.parametrize("answer", [None, False, np.False_])
def test_other_answers_go_on(answer: Any) -> None:
    """None, as of a function that returns nothing, and False."""
    assert len(run(MLP(2, [1], rng=0), epochs=5, callbacks=[lambda model, history: answer])) == 5


class Answering(Callback):
    """A callback that gives an answer at each epoch's end."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def on_epoch_end(self, model: Module, history: History) -> Any:
        return self.answer


def answering(answer: Any) -> Any:
    """The same as a function."""

    def my_function(model: Module, history: History) -> Any:
        return answer

    return my_function


ANSWERS = [
    np.array([True, False]),
    np.array([]),
    np.array(True),
    [],
    [True],
    0,
    1,
    0.5,
    "stop",
    {},
    Value(1.0),
    object(),
    math.nan,
]


@pytest.mark.parametrize("make", [Answering, answering])
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_answers_that_are_neither_yes_nor_no(answer: Any, make: Any) -> None:
    """Are refused with callback and hook, whatever their truth; the history is there."""
    name = "Answering" if make is Answering else r"answering\.<locals>\.my_function"
    message = rf"the callback {name} returned a {type(answer).__name__}, .*, from on_epoch_end: return True to end the training"
    with pytest.raises(TypeError, match=message) as caught:
        run(MLP(2, [1], rng=0), callbacks=[make(answer)])
    assert len(caught.value.history) == 1  # type: ignore[attr-defined]


HOOKS = ["on_fit_begin", "on_before_optimizer_step", "on_epoch_end", "on_fit_end"]
EPOCHS = dict(zip(HOOKS, [0, 1, 2, 4], strict=True))  # after the 7th step of three an epoch, the second epoch, and all


class Raising(Callback):
    """Raises in one of the hooks, at some call of it."""

    def __init__(self, hook: str, error: BaseException) -> None:
        calls: list[int] = []

        def call(model: Module, history: History) -> None:
            calls.append(1)
            if len(calls) == {"on_before_optimizer_step": 4, "on_epoch_end": 2}.get(hook, 1):
                raise error

        setattr(self, hook, call)


class Noting(Callback):
    """Notes the parameters before each step, and whether it was told of the end."""

    def __init__(self) -> None:
        self.before: list[list[float]] = []
        self.ended = 0

    def on_before_optimizer_step(self, model: Module, history: History) -> None:
        self.before.append(numbers(model))

    def on_fit_end(self, model: Module, history: History) -> None:
        self.ended += 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_in_any_hook(hook: str, order: int, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The history of whole epochs is returned, the model is as the last whole step left it; others are told of the end."""
    model, noting = MLP(2, [1], rng=0), Noting()
    model.eval()
    callbacks = [noting, Raising(hook, KeyboardInterrupt())][::order]
    history = fit(
        model, X[:9], Y[:9], loss=mse_loss, optimizer=Adam(model.parameters(), lr=0.1), epochs=4, batch_size=3, seed=0,
        progress=False, callbacks=callbacks, engine=engine,
    )  # fmt: skip
    assert history.interrupted
    assert len(history) == len(history.loss) == EPOCHS[hook]
    assert noting.ended == (hook != "on_fit_begin" or order == 1)
    steps = {"on_fit_begin": 0, "on_before_optimizer_step": 3, "on_epoch_end": 6, "on_fit_end": 12}[hook]
    assert numbers(model) == after_steps(steps, engine)
    assert f"fit was interrupted after {EPOCHS[hook]} of 4 epochs" in capsys.readouterr().err
    assert not model.training


def after_steps(count: int, engine: str) -> list[float]:
    """The parameters after this number of steps of that training."""
    model, noting = MLP(2, [1], rng=0), Noting()
    fit(
        model, X[:9], Y[:9], loss=mse_loss, optimizer=Adam(model.parameters(), lr=0.1), epochs=5, batch_size=3, seed=0,
        progress=False, callbacks=[noting], engine=engine,
    )  # fmt: skip
    return noting.before[count]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_error_in_any_hook(hook: str, order: int, engine: str) -> None:
    """It comes through with the history; the parameters are of the last whole step; at the end, all are told first."""
    model, noting = MLP(2, [1], rng=0), Noting()
    optimizer = Adam(model.parameters(), lr=0.1)
    model.eval()
    callbacks = [noting, Raising(hook, RuntimeError("of the callback"))][::order]
    with pytest.raises(RuntimeError, match="of the callback") as caught:
        fit(
            model, X[:9], Y[:9], loss=mse_loss, optimizer=optimizer, epochs=4, batch_size=3, seed=0, progress=False,
            callbacks=callbacks, engine=engine,
        )  # fmt: skip
    history = caught.value.history  # type: ignore[attr-defined]
    assert (len(history), history.interrupted) == (EPOCHS[hook], False)
    steps = {"on_fit_begin": 0, "on_before_optimizer_step": 3, "on_epoch_end": 6, "on_fit_end": 12}[hook]
    assert numbers(model) == after_steps(steps, engine)
    assert {state[0] for state in optimizer._states.values()} == ({steps} if steps else set())
    assert noting.ended == (hook == "on_fit_end")
    assert not model.training


@pytest.mark.parametrize("engine", ENGINES)
def test_errors_of_several_callbacks_in_the_end(engine: str) -> None:
    """The first is raised and mentions the others; the best parameters are restored all the same."""
    model = MLP(2, [1], rng=0)
    stopping = EarlyStopping(9, monitor="loss", mode="max")
    callbacks = [Raising("on_fit_end", RuntimeError("first")), Raising("on_fit_end", ValueError("second")), stopping]
    with pytest.raises(RuntimeError, match="first") as caught:
        run(model, callbacks=callbacks, engine=engine)
    assert caught.value.__notes__ == ["and on_fit_end of another callback: ValueError('second')"]
    assert stopping.best is not None
    assert numbers(model) == stopping.best.parameters


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
