"""The loop against one by hand, eager and compiled; modes and progress; Ctrl-C at any moment; numbers that are not finite."""

import math
import random
import re
import signal
import sys
from typing import Any

import numpy as np
import pytest

import autograd as ag
import autograd.compiler.descent
import nn.training.binding
import nn.training.compiled
import nn.training.fit
from autograd import AnomalyError, Value, exp, log, sqrt
from autograd.modes import MODE
from autograd.value import assign
from nn import (
    MLP,
    SGD,
    Adam,
    CrossEntropyLoss,
    EarlyStopping,
    History,
    Module,
    MSELoss,
    accuracy,
    cross_entropy,
    fit,
    huber_loss,
    l1_loss,
    mse_loss,
    predict,
)
from tests.nn.interrupt import Interrupt
from tests.nn.training.runs import CLASSES, ENGINES, X, Y, interrupted, numbers, run, trained

# --- the loop ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shuffle", [True, False])
def test_fit_is_the_loop_by_hand(shuffle: bool, engine: str) -> None:
    """Batches, the last of them smaller, in the order that the seed gives; the loss is the mean over samples.

    The eager engine gives the same bits, the compiled one adds in another order.
    """
    model = MLP(2, [3, 1], rng=1)
    optimizer = SGD(model.parameters(), lr=0.2, momentum=0.5)
    rng, order, losses = random.Random(7), list(range(len(X))), []
    for _ in range(3):
        if shuffle:
            rng.shuffle(order)
        total = 0.0
        for start in range(0, len(order), 5):
            batch = order[start : start + 5]
            loss = mse_loss([model(X[i]) for i in batch], [Y[i] for i in batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(X))
    history, fitted = trained(shuffle=shuffle, engine=engine)
    error = 0.0 if engine == "eager" else 1e-12
    assert history.loss == pytest.approx(losses, rel=error, abs=0.0)
    assert numbers(fitted) == pytest.approx(numbers(model), rel=error, abs=error)
    assert history.epochs == [1, 2, 3]
    assert (history.val_loss, history.metrics, history.interrupted) == ([], {}, False)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [None, 23, 100])
def test_all_samples_as_one_batch(batch_size: int | None, engine: str) -> None:
    """One step an epoch; each loss is of the epoch's begin."""
    history, _ = trained(batch_size=batch_size, shuffle=False, epochs=2, engine=engine)
    model = MLP(2, [3, 1], rng=1)
    wanted = mse_loss([model(x) for x in X], Y).item()
    assert history.loss[0] == (wanted if engine == "eager" else pytest.approx(wanted, rel=1e-14))
    assert history.loss[1] < history.loss[0]


BOTH = [
    (mse_loss, Y, 1),
    (MSELoss(reduction="sum"), [0.01 * y for y in Y], 1),
    (huber_loss, [[y, -y] for y in Y], 2),
    (cross_entropy, CLASSES, 3),
    (CrossEntropyLoss(), np.array(CLASSES), 3),
    (lambda outputs, targets: mse_loss([ag.exp(o) for o in outputs], targets) if isinstance(outputs, list) else
     mse_loss(ag.exp(outputs), targets), Y, 1),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "y", "outputs"), BOTH, ids=["mse", "sum", "two outputs", "classes", "object", "function"])
def test_compiled_training_is_eager_training(loss: Any, y: Any, outputs: int) -> None:
    """The same losses, of training and validation, metrics and parameters, to rounding."""
    options: dict[str, Any] = {"validation_data": (X[:4], y[:4]), "metrics": {"size": lambda o, t: len(o) + np.sum(o)}}
    eager, model = trained(loss, y, outputs, engine="eager", **options)
    compiled, other = trained(loss, y, outputs, engine="compiled", **options)
    assert compiled.names == eager.names == ("loss", "size", "val_loss", "val_size")
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-12)
    assert compiled.val_loss == pytest.approx(eager.val_loss, rel=1e-12)
    assert compiled.metrics["size"] == pytest.approx(eager.metrics["size"], rel=1e-12)
    assert numbers(other) == pytest.approx(numbers(model), rel=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_that_adds_is_shown_as_a_mean(engine: str) -> None:
    """Over samples, in training and validation."""
    options: dict[str, Any] = {"validation_data": (X, Y), "epochs": 1, "batch_size": None, "shuffle": False, "engine": engine}
    history, model = trained(MSELoss(reduction="sum"), **options)
    before = MLP(2, [3, 1], rng=1)
    assert history.loss == pytest.approx([mse_loss(predict(before, X), Y)])
    assert history.val_loss == pytest.approx([mse_loss(predict(model, X), Y)])


def test_a_loss_with_more_in_it_than_the_samples() -> None:
    """Compiled too, where it is the same for each of them: a penalty on the parameters."""
    histories = []
    for engine in ENGINES:
        model = MLP(2, [3, 1], rng=1)

        def loss(outputs: Any, targets: Any, model: Module = model) -> Any:
            return mse_loss(outputs, targets) + 0.01 * ag.sum_([p * p for p in model.parameters()])

        optimizer = Adam(model.parameters(), lr=0.05)
        options: Any = {"loss": loss, "optimizer": optimizer, "epochs": 2, "seed": 0, "progress": False, "engine": engine}
        histories.append(fit(model, X, Y, **options).loss)
    assert histories[0] == pytest.approx(histories[1], rel=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_metrics_and_validation_are_of_the_epochs_end(engine: str) -> None:
    """By functions' names or a dict's, of all the data, with the parameters that the epoch left."""

    def error(outputs: list[float], targets: list[float]) -> float:
        return max(abs(o - t) for o, t in zip(outputs, targets, strict=True))

    history, model = trained(metrics=[error], validation_data=(X[:6], Y[:6]), engine=engine)
    outputs = predict(model, X)
    assert list(history.metrics) == ["error", "val_error"]
    assert history.metrics["error"][-1] == error(outputs, Y)
    assert history.metrics["val_error"][-1] == error(outputs[:6], Y[:6])
    assert history.val_loss[-1] == pytest.approx(mse_loss(outputs[:6], Y[:6]), rel=0.0 if engine == "eager" else 1e-14)
    assert len(history.val_loss) == 3
    history, _ = trained(cross_entropy, CLASSES, 3, metrics={"right": accuracy}, epochs=80, engine="compiled")
    assert history.metrics["right"][-1] > 0.8 > history.metrics["right"][0]


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


TRAINING = {
    "eager": (nn.training.job, nn.training.eager),
    "compiled": (nn.training.compiled, nn.training.binding, nn.training.order, autograd.compiler.descent),
}
IN_BOTH = (nn.training.fit, nn.training.trainer, nn.optim.optimizers, nn.training.callbacks, nn.training.history, assign)


def after_each_step(engine: str) -> list[list[float]]:
    """The parameters before training and after each step of `run`."""
    model = MLP(2, [1], rng=0)
    found = [numbers(model)]

    class Noting(EarlyStopping):
        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            found.append(numbers(model))

    run(model, callbacks=[Noting(9, monitor="loss", restore_best=False)], engine=engine)
    return [*found[:1], *found[2:], numbers(model)]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupt_at_any_instruction(engine: str) -> None:
    """The parameters are those after some whole step, or of the best epoch, and the history's lists are of one length."""
    wanted = after_each_step(engine)
    assert len(wanted) == 5
    returned = lost = 0
    at = 1
    while True:
        model = MLP(2, [1], rng=0)
        model.eval()
        optimizer = Adam(model.parameters(), lr=0.1)
        traced = sys.gettrace()
        interrupt = Interrupt(at, *IN_BOTH, *TRAINING[engine])
        sys.settrace(interrupt)
        try:
            history = run(
                model,
                optimizer=optimizer,
                validation_data=(X[:2], Y[:2]),
                callbacks=[EarlyStopping(9, mode="max", restore_best=False)],
                engine=engine,
            )
        except KeyboardInterrupt:  # before the first epoch, or after the last
            history = None
            lost += numbers(model) != wanted[0]
            MODE.set(None)  # it may have come while the modes were being restored
        finally:
            sys.settrace(traced)
        steps = wanted.index(numbers(model))
        assert [state[0] for state in optimizer._states.values()] == [steps] * (3 if steps else 0)
        if history is not None and interrupt.left <= 0:
            returned += 1
            assert history.interrupted
            assert len(history.loss) == len(history.val_loss) == len(history) <= 2
            assert 2 * len(history) <= steps <= 2 * len(history) + 2
            assert not model.training
            assert MODE.get() is None
        if interrupt.left > 0:
            break
        at += 7 if engine == "eager" else 97
    assert returned > 50
    assert lost <= (12 if engine == "eager" else 2)  # of so many instructions: while the modes are restored, and fit returns


def test_an_interrupt_while_many_epochs_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comes when all that machine code did are in the history."""
    append = History.append

    def noting(self: History, *numbers: Any, **options: Any) -> None:
        append(self, *numbers, **options)
        if len(self) == 60:  # in the midst of a call's
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(History, "append", noting)
    model = MLP(2, [2, 1], rng=0)
    optimizer = Adam(model.parameters(), lr=0.01)
    history = fit(
        model, X[:8], Y[:8], loss=mse_loss, optimizer=optimizer, batch_size=4, epochs=10**6, progress=False, engine="compiled"
    )
    assert history.interrupted
    assert len(history) > 60
    assert {state[0] for state in optimizer._states.values()} == {2 * len(history)}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_history_has_all_whole_epochs(engine: str) -> None:
    """After Ctrl-C at any time: as many as the optimizer made steps for, where machine code goes through many at once."""
    lengths = set()
    for delay in (0.0, 0.05, 0.11, 0.17, 0.5, 2.0, 8.0):  # until a loaded machine gets beyond the first epoch
        if delay > 0.2 and max(lengths) > 0:
            break
        model = MLP(2, [2, 1], rng=0)
        optimizer = Adam(model.parameters(), lr=0.01)
        options: Any = {"loss": mse_loss, "optimizer": optimizer, "batch_size": 4, "progress": False, "engine": engine}
        with interrupted(optimizer, delay):
            history = fit(model, X[:8], Y[:8], epochs=10**9, **options)
        assert history.interrupted
        steps = {state[0] for state in optimizer._states.values()} or {0}
        assert len(steps) == 1
        assert len(history.loss) == len(history)
        assert steps.pop() // 2 - len(history) in (0, 1)  # it may come between a step and its note in the history
        lengths.add(len(history))
    assert max(lengths) > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The signal itself: the history so far, a word on stderr, and training goes on from there if it is asked to."""
    model = MLP(2, [3, 1], rng=0)
    signals = iter([False, False, True])

    def stop(model: Module, history: History) -> None:
        if next(signals):
            signal.raise_signal(signal.SIGINT)

    history = run(model, epochs=100, callbacks=[stop], engine=engine)
    assert history.interrupted
    assert len(history) == 3
    assert repr(history).endswith("interrupted=True)")
    assert "fit was interrupted after 3 of 100 epochs: the history has these, and the model is as" in capsys.readouterr().err
    assert not run(model, epochs=1, engine=engine).interrupted


# --- numbers that are not finite --------------------------------------------------------------------------------------


class Line(Module):
    """slope * x, through a function."""

    def __init__(self, function: Any, slope: float = 1.0) -> None:
        self.slope, self.function = Value(slope), function
        self.label_parameters()

    def forward(self, x: Any) -> Any:
        return self.function(self.slope * x)


@pytest.mark.parametrize("engine", ENGINES)
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
def test_a_loss_or_gradient_that_is_not_finite(function: Any, x: list[float], message: str, engine: str) -> None:
    """Names epoch, batch and operation; the parameters are those before that batch, and no gradient is left."""
    model, good = Line(function), Line(function)
    options: dict[str, Any] = {"loss": l1_loss, "epochs": 1, "batch_size": 1, "shuffle": False, "progress": False}
    options["engine"] = engine
    until = next(i for i, number in enumerate(x) if number not in (1.0, 2.0))
    fit(good, x[:until], [0.5] * until, optimizer=SGD(good.parameters(), lr=0.01), **options)
    with pytest.raises(AnomalyError, match=message) as caught:
        fit(model, x, [0.5] * len(x), optimizer=SGD(model.parameters(), lr=0.01), **options)
    assert isinstance(caught.value, ArithmeticError)
    assert "The parameters are those before this batch: try a smaller lr" in str(caught.value)
    assert model.slope.data == good.slope.data
    assert not model.slope.has_grad


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_that_is_not_finite(engine: str) -> None:
    """Is named: no operation of the batch is at fault."""
    model = Line(lambda z: z, slope=math.inf)
    options: Any = {"optimizer": SGD(model.parameters(), lr=0.1), "epochs": 1, "progress": False, "engine": engine}
    with pytest.raises(AnomalyError, match=r"epoch 1, batch 1 .*: the parameter slope is inf"):
        fit(model, [1.0], [0.0], loss=mse_loss, **options)


def test_a_rate_that_is_too_large() -> None:
    """The usual way to inf: both engines name the epoch in which it came to that, and have the epochs before it."""
    messages, lengths, slopes = set(), set(), set()
    for engine in ENGINES:
        model = Line(lambda z: z)
        options: Any = {"optimizer": SGD(model.parameters(), lr=9.0), "epochs": 500, "progress": False, "engine": engine}
        with pytest.raises(AnomalyError, match=r"the loss is inf in epoch \d+, batch 1 .* gave inf from finite op") as caught:
            fit(model, [3.0, 1.0], [0.0, 1.0], loss=mse_loss, shuffle=False, **options)
        assert math.isfinite(model.slope.data)
        messages.add(str(caught.value))
        lengths.add(len(caught.value.history))  # type: ignore[attr-defined]
        slopes.add(model.slope.data)
    assert len(messages) == len(lengths) == len(slopes) == 1
    assert f"in epoch {lengths.pop() + 1}, batch 1" in messages.pop()


# --- modes and progress -----------------------------------------------------------------------------------------------


class Watched(Module):
    """A line that notes the mode in which it is called, and holds modules in their own modes."""

    def __init__(self) -> None:
        self.slope, self.parts, self.seen = Value(0.0), [Module(), Module()], []

    def forward(self, x: Any) -> Any:
        self.seen.append(self.training)
        return self.slope * x[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_modes(engine: str) -> None:
    """Training in batches, eval mode while measuring; in the end every module has its own mode again, after errors too.

    Compiled code calls the model only to trace it.
    """
    model = Watched()
    model.parts[1].training = False

    def modes() -> list[bool]:
        return [model.training, *(part.training for part in model.parts)]

    optimizer = SGD(model.parameters(), lr=0.1)
    inside: list[list[bool]] = []
    model.seen.clear()
    fit(
        model, X[:2], Y[:2], loss=mse_loss, optimizer=optimizer, epochs=1, progress=False, validation_data=(X[:3], Y[:3]),
        callbacks=[lambda model, history: inside.append(modes())], engine=engine,
    )  # fmt: skip
    if engine == "eager":
        assert model.seen[-5:] == [True, True, False, False, False]
        assert not any(model.seen[:-5])
    else:
        assert set(model.seen) == {True, False}
    assert inside == [[True, True, True]]
    assert modes() == [True, True, False]
    model.eval()
    model.parts[0].training = True
    for call in (
        lambda: predict(model, X[:1]),
        lambda: predict(model, [1.0]),
        lambda: fit(model, [[1.0]], [1.0], loss=mse_loss, optimizer=optimizer, epochs=1, progress=False, engine=engine),
        lambda: fit(model, [1.0], [1.0], loss=mse_loss, optimizer=optimizer, epochs=1, progress=False, engine=engine),
    ):
        try:
            call()
        except (TypeError, ValueError):
            assert modes() == [False, True, False]
    assert modes() == [False, True, False]


@pytest.mark.parametrize("callbacks", [[], [lambda model, history: None]], ids=["no callback", "a callback"])
@pytest.mark.parametrize("engine", ENGINES)
def test_progress(engine: str, callbacks: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A bar on stderr with epoch and loss, all batches counted; nothing without."""
    trained(progress=True, epochs=2, engine=engine, callbacks=callbacks)
    shown = capsys.readouterr()
    assert re.search(r"epoch [12]/2: 100%.* 10/10 .*batch.*loss 0\.", shown.err)
    assert "epoch 2/2" in shown.err
    assert shown.out == ""
    trained(progress=False, engine=engine)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_raised_in_training_is_raised(engine: str) -> None:
    """Any error but an interrupt comes through, and the modes are restored."""
    model = MLP(2, [1], rng=0)
    model.eval()

    def fail(model: Module, history: History) -> None:
        raise RuntimeError("of the callback")

    with pytest.raises(RuntimeError, match="of the callback"):
        run(model, callbacks=[fail], engine=engine)
    assert not model.training


def test_metrics_are_tried_before_training() -> None:
    """A metric that cannot take the targets is refused with its name, and the model is as it was."""
    model = MLP(2, [3, 1], rng=0)
    before = numbers(model)
    for options in ({"y": [0, 1, 2, 0]}, {"y": [0, 1, 1, 0], "validation_data": (X[:2], [0, 2])}):
        y = options.pop("y")
        with pytest.raises(ValueError, match=r"the metric 'accuracy' does not take the model's outputs.*target 2|target 1"):
            fit(
                model,
                X[:4],
                y,
                loss=mse_loss,
                optimizer=SGD(model.parameters(), lr=0.1),
                epochs=1,
                metrics=[accuracy],
                progress=False,
                **options,
            )
        assert numbers(model) == before
