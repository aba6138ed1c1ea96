"""fit and predict: the loop against one by hand, compiled, reproducible, and in order with modes and progress."""

import math
import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, no_grad, values
from nn import (
    MLP,
    SGD,
    Adam,
    Callback,
    CrossEntropyLoss,
    Dropout,
    History,
    Linear,
    Module,
    MSELoss,
    Sequential,
    StepLR,
    accuracy,
    clip_grad_norm_,
    cross_entropy,
    fit,
    huber_loss,
    mse_loss,
    predict,
)

RNG = random.Random(0)
X = [[RNG.uniform(-1, 1), RNG.uniform(-1, 1)] for _ in range(23)]
Y = [x[0] * x[1] + 0.5 for x in X]
CLASSES = [int(x[0] > 0) + int(x[1] > 0.2) for x in X]


def numbers(model: Module) -> list[float]:
    """The model's parameters as they are now."""
    return [parameter.data for parameter in model.parameters()]


def trained(loss: Any = mse_loss, y: Any = Y, outputs: int = 1, **options: Any) -> tuple[History, MLP]:
    """A small network after a few epochs."""
    model = MLP(2, [3, outputs], rng=1)
    defaults: dict[str, Any] = {"epochs": 3, "batch_size": 5, "seed": 7, "progress": False}
    optimizer = SGD(model.parameters(), lr=0.2, momentum=0.5)
    inputs = options.pop("X", X)
    return fit(model, inputs, y, loss=loss, optimizer=optimizer, **defaults | options), model


# --- the loop ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [True, False])
def test_fit_is_the_loop_by_hand(shuffle: bool) -> None:
    """Batches, the last of them smaller, in the order that the seed gives; the loss is the mean over samples; bit for bit."""
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
    history, fitted = trained(shuffle=shuffle)
    assert history.loss == losses
    assert numbers(fitted) == numbers(model)
    assert history.epochs == [1, 2, 3]
    assert (history.val_loss, history.metrics, history.interrupted) == ([], {}, False)


def test_the_same_seed_gives_the_same_bits() -> None:
    """Another one does not; and no seed is another order each time."""
    histories = [trained(seed=seed)[0].loss for seed in (7, 7, np.int64(7), 8, None, None)]
    assert histories[0] == histories[1] == histories[2]
    assert len(set(map(tuple, histories))) == 4


def test_data_may_be_lists_tuples_and_arrays() -> None:
    """All the same numbers, eager and compiled; integers too."""
    for jit in (False, True):
        wanted = trained(jit=jit)[0].loss
        for inputs in (np.array(X), tuple(map(tuple, X)), [np.array(x) for x in X]):
            for y in (np.array(Y), tuple(Y)):
                assert trained(X=inputs, y=y, jit=jit)[0].loss == wanted
    assert trained(X=[[1, 0], [0, 1]], y=[1, 0])[0].loss == trained(X=np.eye(2), y=np.array([True, False]))[0].loss


@pytest.mark.parametrize("batch_size", [None, 23, 100])
def test_all_samples_as_one_batch(batch_size: int | None) -> None:
    """One step an epoch; each loss is of the epoch's begin."""
    history, _ = trained(batch_size=batch_size, shuffle=False, epochs=2)
    model = MLP(2, [3, 1], rng=1)
    assert history.loss[0] == mse_loss([model(x) for x in X], Y).item()


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
    eager, model = trained(loss, y, outputs, **options)
    compiled, other = trained(loss, y, outputs, jit=True, **options)
    assert compiled.names == eager.names == ("loss", "size", "val_loss", "val_size")
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-12)
    assert compiled.val_loss == pytest.approx(eager.val_loss, rel=1e-12)
    assert compiled.metrics["size"] == pytest.approx(eager.metrics["size"], rel=1e-12)
    assert numbers(other) == pytest.approx(numbers(model), rel=1e-10)


def test_a_loss_that_adds_is_shown_as_a_mean() -> None:
    """Over samples, in training and validation."""
    history, model = trained(MSELoss(reduction="sum"), validation_data=(X, Y), epochs=1, batch_size=None, shuffle=False)
    before = MLP(2, [3, 1], rng=1)
    assert history.loss == pytest.approx([mse_loss(predict(before, X), Y)])
    assert history.val_loss == pytest.approx([mse_loss(predict(model, X), Y)])


def test_a_loss_with_more_in_it_than_the_samples() -> None:
    """Compiled too, where it is the same for each of them: a penalty on the parameters."""
    histories = []
    for jit in (False, True):
        model = MLP(2, [3, 1], rng=1)

        def loss(outputs: Any, targets: Any, model: Module = model) -> Any:
            return mse_loss(outputs, targets) + 0.01 * ag.sum_([p * p for p in model.parameters()])

        optimizer = Adam(model.parameters(), lr=0.05)
        histories.append(fit(model, X, Y, loss=loss, optimizer=optimizer, epochs=2, seed=0, progress=False, jit=jit).loss)
    assert histories[0] == pytest.approx(histories[1], rel=1e-12)


def test_metrics_and_validation_are_of_the_epochs_end() -> None:
    """By functions' names or a dict's, of all the data, with the parameters that the epoch left."""

    def error(outputs: list[float], targets: list[float]) -> float:
        return max(abs(o - t) for o, t in zip(outputs, targets, strict=True))

    history, model = trained(metrics=[error], validation_data=(X[:6], Y[:6]))
    outputs = predict(model, X)
    assert list(history.metrics) == ["error", "val_error"]
    assert history.metrics["error"][-1] == error(outputs, Y)
    assert history.metrics["val_error"][-1] == error(outputs[:6], Y[:6])
    assert history.val_loss[-1] == mse_loss(outputs[:6], Y[:6])
    assert len(history.val_loss) == 3
    history, _ = trained(cross_entropy, CLASSES, 3, metrics={"right": accuracy}, epochs=80, jit=True)
    assert history.metrics["right"][-1] > 0.8 > history.metrics["right"][0]


def test_a_schedule_steps_after_each_epoch() -> None:
    """The rate of the third epoch is that of the schedule."""
    model = MLP(2, [1], rng=0)
    optimizer = SGD(model.parameters(), lr=0.8)
    schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    rates: list[float] = []
    fit(
        model, X, Y, loss=mse_loss, optimizer=optimizer, epochs=4, scheduler=schedule, progress=False,
        callbacks=[lambda model, history: rates.append(optimizer.lr)],
    )  # fmt: skip
    assert rates == [0.8, 0.4, 0.4, 0.2]


def test_parameters_may_be_left_out_of_the_optimizer() -> None:
    """They stay as they are: fine-tuning."""
    model = MLP(2, [3, 1], rng=0)
    first, last = model.layers
    before = numbers(model)
    for jit in (False, True):
        fit(model, X, Y, loss=mse_loss, optimizer=SGD(last.parameters(), lr=0.1), epochs=1, progress=False, jit=jit)
    assert numbers(first) == before[: len(first.parameters())]
    assert all(new != old for new, old in zip(numbers(last), before[-4:], strict=True))


# --- modes, callbacks, progress ---------------------------------------------------------------------------------------


class Watched(Module):
    """A line that notes the mode in which it is called, and has parts in modes of their own."""

    def __init__(self) -> None:
        self.slope, self.parts, self.seen = Value(0.0), [Module(), Module()], []

    def forward(self, x: Any) -> Any:
        self.seen.append(self.training)
        return self.slope * x[0]


def test_modes() -> None:
    """Training in batches, not in what is measured; in the end all parts are in their own modes again, after an error too."""
    model = Watched()
    model.parts[1].training = False

    def modes() -> list[bool]:
        return [model.training, *(part.training for part in model.parts)]

    optimizer = SGD(model.parameters(), lr=0.1)
    inside: list[list[bool]] = []
    model.seen.clear()
    fit(
        model, X[:2], Y[:2], loss=mse_loss, optimizer=optimizer, epochs=1, progress=False, validation_data=(X[:3], Y[:3]),
        callbacks=[lambda model, history: inside.append(modes())],
    )  # fmt: skip
    assert model.seen[-5:] == [True, True, False, False, False]
    assert not any(model.seen[:-5])
    assert inside == [[True, True, True]]
    assert modes() == [True, True, False]
    model.eval()
    model.parts[0].training = True
    for call in (
        lambda: predict(model, X[:1]),
        lambda: predict(model, [1.0]),
        lambda: fit(model, [[1.0]], [1.0], loss=mse_loss, optimizer=optimizer, epochs=1, progress=False),
        lambda: fit(model, [1.0], [1.0], loss=mse_loss, optimizer=optimizer, epochs=1, progress=False),
    ):
        try:
            call()
        except (TypeError, ValueError):
            assert modes() == [False, True, False]
    assert modes() == [False, True, False]


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


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar on stderr with epoch and loss; nothing without."""
    trained(progress=True, epochs=2)
    shown = capsys.readouterr()
    assert "epoch 2/2" in shown.err
    assert "loss 0." in shown.err
    assert shown.out == ""
    trained(progress=False)
    assert capsys.readouterr() == ("", "")


# --- predict ----------------------------------------------------------------------------------------------------------


def test_predict() -> None:
    """Numbers or lists of them, those of the model; no gradient, no history."""
    for outputs in (1, 3):
        model = MLP(2, [3, outputs], rng=0)
        found = predict(model, np.array(X))
        assert found == predict(model, X) == [values(model(x)) for x in X]
        assert not any(p.has_grad for p in model.parameters())
    assert predict(model, []) == []
    with no_grad():
        assert predict(model, X[:1]) == found[:1]


def test_what_predict_refuses() -> None:
    """What is no model, and no samples."""
    model = MLP(2, [1], rng=0)
    with pytest.raises(TypeError, match="X must be a list, tuple or array of samples, not a generator"):
        predict(model, (x for x in X))
    with pytest.raises(TypeError, match="predict takes a Module, not"):
        predict(lambda x: x, X)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"MLP takes a sequence of 2 inputs, not 1.0: put it in a list"):
        predict(model, [1.0, 2.0])


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


def test_the_seed_is_dropouts_too() -> None:
    """A Dropout without a generator of its own draws by fit's seed: the same bits again, and others for another seed."""

    def trained(seed: int) -> list[float]:
        model = Sequential(Linear(2, 8, rng=0), Dropout(0.5), Linear(8, 1, rng=1))
        fit(model, X[:4], [[t] for t in Y[:4]], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=3, seed=seed,
            progress=False)  # fmt: skip
        return numbers(model)

    assert trained(0) == trained(0)
    assert trained(0) != trained(1)
