"""The compiled engine: where it gives way to the eager one, what callbacks change on its way, threads and forks, Ctrl-C."""

import copy
import math
import multiprocessing
import pickle
import re
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest

import nn.training.compiled
from autograd import TraceError, Value, maximum, minimum, sum_
from autograd import abs as absolute
from nn import (
    MLP,
    SGD,
    Adam,
    Callback,
    Dropout,
    History,
    Linear,
    Module,
    Optimizer,
    RMSprop,
    Sequential,
    Tanh,
    cross_entropy,
    fit,
    mse_loss,
    predict,
)
from nn.training.compiled import Outputs
from tests.nn.training.runs import CLASSES, ENGINES, X, Y, interrupted, numbers
from tests.nn.training.test_changes import At


class Branching(Module):
    """A line that branches on its input's number: it cannot be traced."""

    def __init__(self) -> None:
        self.weight, self.branches = Value(1.0), True

    def forward(self, x: Any) -> Any:
        return self.weight * x[0] if not self.branches or x[0] > 0.0 else self.weight * x[1]


def worst(outputs: Any, targets: Any) -> Any:
    """A loss that is no mean: the largest error."""
    found = absolute(outputs[0] - targets[0])
    for output, target in zip(outputs[1:], targets[1:], strict=True):
        found = found.maximum(absolute(output - target))
    return found


def middle(outputs: Any, targets: Any) -> Any:
    """The median of the errors."""
    errors = sorted((absolute(o - t) for o, t in zip(outputs, targets, strict=True)), key=lambda error: error.item())
    return errors[len(errors) // 2]


def median(outputs: Any, targets: Any) -> Any:
    """The median of up to three errors, without a branch; then the mean."""
    errors = [absolute(o - t) for o, t in zip(outputs, targets, strict=True)]
    if len(errors) != 3:
        return sum_(errors) / len(errors)
    a, b, c = errors
    return maximum(minimum(a, b), minimum(maximum(a, b), c))


def centred(outputs: Any, targets: Any) -> Any:
    """A loss that asks for outputs of mean 0."""
    return mse_loss(outputs, targets) + (sum_(outputs) / len(outputs)) ** 2


class Shaky(Module):
    """A line with a noise of its own, which a trace draws once for all samples."""

    def __init__(self) -> None:
        self.weight, self.random = Value(1.0), Random(0)

    def forward(self, x: Any) -> Any:
        return self.weight * (x[0] + self.random.random())


def product(outputs: Any, targets: Any) -> Any:
    """The product of the errors."""
    found = Value(1.0)
    for output, target in zip(outputs, targets, strict=True):
        found = found * (1.0 + (output - target) ** 2)
    return found


FALLS: dict[str, tuple[Callable[[], Module], Any, str, type[Exception]]] = {
    "a branch": (Branching, mse_loss, "forward branches on a number that jit is tracing", TraceError),
    "max": (lambda: MLP(2, [1], rng=0), worst, "takes the mean over samples of their losses", ValueError),
    "median": (lambda: MLP(2, [1], rng=0), middle, r"asks for \.item\(\) of a number", TraceError),
    "median of three": (lambda: MLP(2, [1], rng=0), median, "takes the mean over samples of their losses", ValueError),
    "centred": (lambda: MLP(2, [1], rng=0), centred, "takes the mean over samples of their losses", ValueError),
    "product": (lambda: MLP(2, [1], rng=0), product, "takes the mean over samples of their losses", ValueError),
}


@pytest.mark.parametrize(("make", "loss", "message", "error"), FALLS.values(), ids=FALLS)
def test_auto_trains_eagerly_what_cannot_be_compiled(
    make: Any, loss: Any, message: str, error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    """With one line that says why, and the bits of the eager engine; "compiled" refuses, and has moved nothing."""
    results = []
    for engine in ("eager", "auto"):
        model = make()
        options: Any = {"loss": loss, "optimizer": Adam(model.parameters(), lr=0.1), "batch_size": 4, "seed": 1}
        history = fit(model, X, Y, epochs=3, progress=False, engine=engine, **options)
        results.append((history.loss, numbers(model)))
    said = capsys.readouterr().err
    assert results[0] == results[1]
    assert said.count("\n") == 1
    assert said.startswith("fit runs eagerly, and slower: ")
    assert re.search(message, said)
    model = make()
    before = numbers(model)
    for options in ({"engine": "compiled"}, {"jit": True}):
        with pytest.raises(error, match=message):
            fit(model, X, Y, loss=loss, optimizer=Adam(model.parameters()), epochs=3, progress=False, **options)
    assert numbers(model) == before
    assert capsys.readouterr().err == ""


def test_auto_says_nothing_where_it_compiles(capsys: pytest.CaptureFixture[str]) -> None:
    """And gives the compiled engine's bits, as jit=True does; jit=False gives those of the eager one."""
    results = {}
    for name, options in {
        "auto": {}, "compiled": {"engine": "compiled"}, "jit": {"jit": True}, "both": {"engine": "compiled", "jit": True},
        "eager": {"engine": "eager"}, "no jit": {"jit": False}, "neither": {"engine": "eager", "jit": False},
    }.items():  # fmt: skip
        model = MLP(2, [3, 1], rng=0)
        optimizer = SGD(model.parameters(), lr=0.1)
        chosen: Any = options
        results[name] = fit(model, X, Y, loss=mse_loss, optimizer=optimizer, epochs=4, seed=0, progress=False, **chosen).loss
    assert results["auto"] == results["compiled"] == results["jit"] == results["both"]
    assert results["eager"] == results["no jit"] == results["neither"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("hook", "at"), [("on_epoch_end", 2), ("on_before_optimizer_step", 5), ("on_fit_begin", 1)])
def test_a_model_that_becomes_untraceable(hook: str, at: int, capsys: pytest.CaptureFixture[str]) -> None:
    """By a callback: "auto" goes on eagerly from there, in mid-epoch too; "compiled" raises, with the history so far."""

    def trained(engine: str) -> tuple[Any, ...]:
        model = Branching()
        model.branches = False
        optimizer = Adam(model.parameters(), lr=0.1)
        callbacks = [At(hook, at, lambda model: setattr(model, "branches", True))]
        options: Any = {"loss": mse_loss, "optimizer": optimizer, "epochs": 4, "batch_size": 3, "seed": 0, "progress": False}
        validation = (X[8:12], Y[8:12])
        history = fit(model, X[:8], Y[:8], validation_data=validation, callbacks=callbacks, engine=engine, **options)
        return history.loss, history.val_loss, numbers(model), next(iter(optimizer._states.values()))

    eager, auto = trained("eager"), trained("auto")
    assert "forward branches on a number" in capsys.readouterr().err
    for found, wanted in zip(auto, eager, strict=True):
        assert found == pytest.approx(wanted, rel=1e-12)
    with pytest.raises(TraceError, match="forward branches on a number") as caught:
        trained("compiled")
    assert len(caught.value.history) == (2 if hook == "on_epoch_end" else 1 if hook == "on_before_optimizer_step" else 0)  # type: ignore[attr-defined]


class Counting(SGD):
    """An optimizer that counts its updates: no two of them are the same program."""

    def __init__(self, parameters: Any, lr: Any) -> None:
        super().__init__(parameters, lr)
        self.updates = 0

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        self.updates += 1
        return number - self.lr * gradient / self.updates, state


def test_an_optimizer_that_cannot_be_traced(capsys: pytest.CaptureFixture[str]) -> None:
    """Its steps run eagerly, with a word that says why; the gradients stay compiled, so "compiled" goes on too."""
    results = []
    for engine in ("eager", "auto", "compiled"):
        model = MLP(2, [2, 1], rng=0)
        optimizer = Counting(model.parameters(), lr=0.5)
        history = fit(model, X, Y, loss=mse_loss, optimizer=optimizer, epochs=3, seed=0, progress=False, engine=engine)
        results.append((*history.loss, *numbers(model), optimizer.updates))
        said = capsys.readouterr().err
        assert ("Counting.update changes an attribute of the optimizer at every call" in said) == (engine != "eager")
    for result in results[1:]:
        assert result == pytest.approx(results[0], rel=1e-12)


def taking_lists(outputs: Any, targets: Any) -> Any:
    """A mean of one's own that takes a batch, as `fit` says, and nothing else."""
    return sum(((o - t) ** 2 for o, t in zip(outputs, targets, strict=True)), start=Value(0.0)) / len(outputs)


def test_a_loss_that_takes_only_lists() -> None:
    """Is compiled: it is called with batches in a trace too."""
    results = []
    for engine in ENGINES:
        model = MLP(2, [3, 1], rng=0)
        history = fit(model, X, Y, loss=taking_lists, optimizer=SGD(model.parameters(), lr=0.1), epochs=3, seed=0,
                      progress=False, engine=engine)  # fmt: skip
        results.append([*history.loss, *numbers(model)])
    assert results[1] == pytest.approx(results[0], rel=1e-12)


# --- what callbacks change of the optimizer ---------------------------------------------------------------------------


def add_a_group(model: Any, optimizer: Any) -> None:
    """A parameter that was left out joins."""
    held = set(map(id, optimizer.parameters))
    rest = [p for p in model.parameters() if id(p) not in held]
    if rest:
        optimizer.add_param_group({"params": rest, "lr": 0.03})


def load(model: Any, optimizer: Any) -> None:
    """The state, with other numbers in it."""
    state = optimizer.state_dict()
    state["param_groups"][0]["lr"] = 0.004
    for kept in state["state"].values():
        assert kept is not None
    optimizer.load_state_dict(state)


OF_THE_OPTIMIZER: dict[str, Callable[[Any, Any], Any]] = {
    "lr": lambda model, optimizer: setattr(optimizer, "lr", 0.002),
    "lr of zero": lambda model, optimizer: setattr(optimizer, "lr", 0.0),
    "group's lr": lambda model, optimizer: setattr(optimizer.groups[0], "lr", 0.002),
    "betas": lambda model, optimizer: [setattr(group, "betas", (0.5, 0.6)) for group in optimizer.groups],
    "eps": lambda model, optimizer: [setattr(group, "eps", 0.1) for group in optimizer.groups],
    "weight decay": lambda model, optimizer: [setattr(group, "weight_decay", 0.5) for group in optimizer.groups],
    "group's option": lambda model, optimizer: setattr(optimizer.groups[-1], "weight_decay", 0.5),
    "states cleared": lambda model, optimizer: optimizer._states.clear(),
    "one state cleared": lambda model, optimizer: optimizer._states.pop(optimizer.parameters[1], None),
    "one state changed": lambda model, optimizer: optimizer._states.update({optimizer.parameters[0]: (7, 0.25, 0.5)}),
    "states loaded": load,
    "a group added": add_a_group,
}


@pytest.mark.parametrize(("hook", "at"), [("on_epoch_end", 2), ("on_before_optimizer_step", 5), ("on_fit_begin", 1)])
@pytest.mark.parametrize("grouped", [False, True], ids=["one group", "groups"])
@pytest.mark.parametrize("change", OF_THE_OPTIMIZER.values(), ids=OF_THE_OPTIMIZER)
def test_what_a_callback_changes_of_the_optimizer(change: Any, grouped: bool, hook: str, at: int) -> None:
    """Counts from then on, as in eager training: losses, parameters, gradients and states."""
    results = []
    for engine in ENGINES:
        model = Sequential(Linear(2, 3, rng=0), Tanh(), Linear(3, 1, rng=1), lambda xs: xs[0])
        first, last = model[0].parameters(), model[2].parameters()
        left_out = change is add_a_group
        parameters: Any = (
            [{"params": first, "lr": 0.02}, {"params": last[left_out:]}] if grouped else [*first, *last[left_out:]]
        )
        optimizer = Adam(parameters, lr=0.01)
        callbacks = [At(hook, at, lambda model, optimizer=optimizer: change(model, optimizer))]
        options: Any = {"loss": mse_loss, "optimizer": optimizer, "epochs": 4, "batch_size": 3, "seed": 0, "progress": False}
        history = fit(model, X[:8], Y[:8], callbacks=callbacks, engine=engine, **options)
        states = [optimizer._states.get(p) or () for p in model.parameters()]
        results.append([*history.loss, *numbers(model), *(p.grad for p in model.parameters()), *sum(states, ())])
    assert results[1] == pytest.approx(results[0], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_the_first_step_is_machine_codes(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an update takes a state of zeros for none: that of 200,000 parameters one by one is a second."""
    models = [MLP(2, [3, 1], rng=0) for _ in range(2)]
    wanted = one(models[0], "eager", optimizer=kind(models[0].parameters(), lr=0.02))
    monkeypatch.setattr(Optimizer, "step", lambda *_: pytest.fail("a step of Python's"))
    optimizer = kind(models[1].parameters(), lr=0.02)
    found = one(models[1], optimizer=optimizer)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-12)
    assert numbers(models[1]) == pytest.approx(numbers(models[0]), rel=1e-12)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_momentum_switched_on(name: str) -> None:
    """States of another structure from then on."""
    results = []
    for engine in ENGINES:
        model = MLP(2, [2, 1], rng=0)
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.0 if name == "momentum" else 0.5)
        value = 0.9 if name == "momentum" else True
        callbacks = [At("on_epoch_end", 2, lambda model, o=optimizer, value=value: setattr(o, name, value))]
        options: Any = {"loss": mse_loss, "optimizer": optimizer, "epochs": 5, "batch_size": 6, "seed": 0, "progress": False}
        history = fit(model, X, Y, callbacks=callbacks, engine=engine, **options)
        results.append([*history.loss, *numbers(model), *optimizer._states.values()])
    assert results[1] == pytest.approx(results[0], rel=1e-9)


@pytest.mark.parametrize("kept", ["copy", "pickle"])
@pytest.mark.parametrize("hook", ["on_epoch_end", "on_before_optimizer_step"])
def test_model_and_optimizer_are_in_step_inside_callbacks(hook: str, kept: str) -> None:
    """A copy or pickle of both, taken there, has the numbers and states of then, and trains on by itself."""
    results = []
    for engine in ENGINES:
        model = MLP(2, [2, 1], rng=0)
        optimizer = RMSprop(model.parameters(), lr=0.01, momentum=0.5)
        found: list[Any] = []

        def note(model: Any, optimizer: Any = optimizer, found: list[Any] = found) -> None:
            taken: Any = copy.deepcopy((model, optimizer)) if kept == "copy" else pickle.loads(pickle.dumps((model, optimizer)))
            other, its = taken
            found.extend(numbers(other) + [x for state in its._states.values() for x in state])
            mse_loss([other(x) for x in X[:3]], Y[:3]).backward()
            its.step()
            found.extend(numbers(other))

        options: Any = {"loss": mse_loss, "optimizer": optimizer, "epochs": 3, "batch_size": 12, "seed": 0, "progress": False}
        fit(model, X, Y, callbacks=[At(hook, 3, note)], engine=engine, **options)
        results.append(found + numbers(model))
    assert len(results[0]) > 30
    assert results[1] == pytest.approx(results[0], rel=1e-9)


class Failing(Module):
    """A line whose forward raises when it is told to."""

    def __init__(self) -> None:
        self.weight, self.fails = Value(1.0), False

    def forward(self, x: Any) -> Any:
        if self.fails:
            raise RuntimeError("of forward")
        return self.weight * x[0]


@pytest.mark.parametrize("engine", [*ENGINES, "auto"])
def test_an_error_in_forward(engine: str) -> None:
    """In mid-training it comes through, with the history, and the model is as the last whole step left it."""
    model = Failing()
    optimizer = Adam(model.parameters(), lr=0.1)
    options: Any = {
        "loss": mse_loss,
        "optimizer": optimizer,
        "epochs": 9,
        "batch_size": 12,
        "progress": False,
        "engine": engine,
    }
    with pytest.raises(RuntimeError, match="of forward") as caught:
        fit(model, X, Y, callbacks=[At("on_epoch_end", 3, lambda model: setattr(model, "fails", True))], **options)
    assert len(caught.value.history) == 3  # type: ignore[attr-defined]
    assert optimizer._states[model.weight][0] == 6
    assert model.training


# --- several trainings ------------------------------------------------------------------------------------------------


def one(model: Module, engine: str = "compiled", epochs: int = 4, **options: Any) -> History:
    """A training of these samples."""
    chosen: Any = {"batch_size": 4, "seed": 0, "progress": False, "optimizer": Adam(model.parameters(), lr=0.02)} | options
    return fit(model, X, Y, loss=mse_loss, epochs=epochs, engine=engine, **chosen)


def test_a_fit_inside_a_fit() -> None:
    """A callback trains another model, and this one too: as in eager training."""
    results = []
    for engine in ENGINES:
        model, other = MLP(2, [2, 1], rng=0), MLP(2, [3, 1], rng=1)

        def inside(model: Any, engine: str = engine, other: Any = other) -> None:
            one(other, engine)
            one(model, engine, epochs=2)

        history = one(model, engine, epochs=5, callbacks=[At("on_epoch_end", 2, inside)])
        results.append([*history.loss, *numbers(model), *numbers(other)])
    assert results[1] == pytest.approx(results[0], rel=1e-9)


def test_trainings_in_threads() -> None:
    """Of models of their own, at the same time: each as if it were alone."""
    wanted = [numbers(m) for m in (MLP(2, [2, 1], rng=i) for i in range(4)) if one(m)]
    models, errors = [MLP(2, [2, 1], rng=i) for i in range(4)], []

    def train(model: Module) -> None:
        try:
            one(model)
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)

    threads = [threading.Thread(target=train, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert [numbers(model) for model in models] == wanted


def test_one_model_in_two_trainings_at_once() -> None:
    """Both end, with finite numbers and whole histories; which numbers is nobody's promise."""
    model, histories, both = MLP(2, [2, 1], rng=0), [], threading.Barrier(2)
    begun = At("on_fit_begin", 1, lambda model: both.wait(60)), At("on_fit_begin", 1, lambda model: both.wait(60))
    threads = [
        threading.Thread(target=lambda begun=begun: histories.append(one(model, epochs=20, callbacks=[begun])))
        for begun in begun
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(history) for history in histories] == [20, 20]
    assert all(map(math.isfinite, numbers(model)))


def _in_a_child(results: Any) -> None:
    model = MLP(2, [2, 1], rng=0)
    one(model)
    results.put(numbers(model))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")
def test_a_fit_in_a_forked_child() -> None:
    """After a fit in the parent: the same bits."""
    model = MLP(2, [2, 1], rng=0)
    one(model)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_in_a_child, args=(results,))
    child.start()
    found = results.get(timeout=120)
    child.join()
    assert found == numbers(model)


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 4, None])
@pytest.mark.parametrize("progress", [False, True])
def test_python_has_its_turn(batch_size: int | None, progress: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of machine code makes as many steps as the last one's speed allows in LOOK_AROUND, of several epochs too."""
    look_around, calls = 0.002, []
    original = nn.training.compiled.Binding.run

    def timed(self: Any, rows: Any, begins: Any, losses: Any, doing: int = 3, rates: Any = None) -> int:
        start = time.perf_counter()
        made = original(self, rows, begins, losses, doing, rates)
        calls.append((made, time.perf_counter() - start))
        return made

    monkeypatch.setattr(nn.training.compiled, "LOOK_AROUND", look_around)
    monkeypatch.setattr(nn.training.compiled.Binding, "run", timed)
    one(MLP(2, [2, 1], rng=0), epochs=2_000, batch_size=batch_size, progress=progress)
    assert sum(made for made, _ in calls) >= 2_000
    assert max(made for made, _ in calls) > 30
    for (before, seconds), (made, _) in pairwise(calls):
        assert made <= max(1.0, look_around / (seconds / before))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3])
def test_a_signal_ends_a_long_training(seconds: float) -> None:
    """It is looked for between calls of machine code; the history has all whole epochs, and the model what follows them."""
    model = MLP(2, [4, 1], rng=0)
    optimizer = Adam(model.parameters(), lr=0.02)
    with interrupted(optimizer, seconds):
        history = one(model, epochs=10**9, optimizer=optimizer)
    assert history.interrupted
    whole, rest = divmod(optimizer._states[model.parameters()[0]][0], 6)
    assert len(history) == whole
    again = MLP(2, [4, 1], rng=0)
    if whole:
        assert one(again, epochs=whole).loss == history.loss
    if not rest:
        assert numbers(again) == numbers(model)


# --- measuring --------------------------------------------------------------------------------------------------------


def test_outputs() -> None:
    """A model's outputs for rows of an array, nested as it nests them."""
    import numpy as np

    for outputs in (1, 3):
        model = MLP(2, [3, outputs], rng=0)
        found = Outputs(model)(np.array(X))
        wanted = predict(model, X)
        assert [np.shape(x) for x in found] == [np.shape(x) for x in wanted]
        assert np.ravel(found) == pytest.approx(np.ravel(wanted), rel=1e-14)


def test_classes_and_dropout_are_measured_in_eval_mode() -> None:
    """Validation and metrics of a model with masks: nothing is left out, and nothing is drawn."""
    results = []
    for engine in ENGINES:
        model = Sequential(Linear(2, 6, rng=0), Tanh(), Dropout(0.5, rng=3), Linear(6, 3, rng=1))
        options: Any = {"loss": cross_entropy, "optimizer": SGD(model.parameters(), lr=0.1), "epochs": 3, "seed": 0}
        measured: Any = {"validation_data": (X, CLASSES), "metrics": {"first": lambda o, t: o[0][0]}}
        history = fit(model, X, CLASSES, progress=False, engine=engine, **options, **measured)
        assert history["first"][-1] == pytest.approx(predict(model, X[:1])[0][0], rel=1e-12)
        results.append([*history.loss, *history.val_loss, *history["val_first"], model[2].rng.random()])
    assert results[1] == pytest.approx(results[0], rel=1e-12)


class Quiet(Callback):
    """Does nothing."""


def test_a_callback_without_a_hook_before_steps_costs_no_single_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one that wants to see each step gets each step by itself: all others after the first step of all go in one call."""

    def calls_with(callback: Callback) -> list[int]:
        counts: list[int] = []
        original = nn.training.compiled.Binding.run

        def noted(self: Any, rows: Any, begins: Any, losses: Any, doing: int = 3, rates: Any = None) -> int:
            counts.append(len(begins) - 1)
            return original(self, rows, begins, losses, doing, rates)

        monkeypatch.setattr(nn.training.compiled.Binding, "run", noted)
        one(MLP(2, [2, 1], rng=0), callbacks=[callback], batch_size=2)
        monkeypatch.undo()
        return counts

    class Seeing(Callback):
        def on_before_optimizer_step(self, model: Module, history: History) -> None:
            pass

    assert max(calls_with(Quiet())) > 3
    assert max(calls_with(Seeing())) == 1


def test_a_model_with_a_noise_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Is trained eagerly, and says why: each sample has a draw of its own there."""
    model = Shaky()
    options: Any = {"loss": mse_loss, "optimizer": Adam(model.parameters()), "epochs": 1, "progress": False}
    fit(model, X, Y, **options)
    assert "in machine code, for which the model runs once, for all samples" in capsys.readouterr().err
    with pytest.raises(ValueError, match="depend on nothing that changes from call to call"):
        fit(model, X, Y, engine="compiled", **options)


def test_the_model_runs_seldom_before_the_training() -> None:
    """On one sample to compare, and on symbols, with loops and without: a large model takes a second for each."""

    class Counting(MLP):
        calls = 0

        def forward(self, xs: Any) -> Any:
            type(self).calls += 1
            return super().forward(xs)

    model = Counting(2, [2, 2], rng=0)
    fit(model, X, X, loss=mse_loss, optimizer=Adam(model.parameters()), epochs=2, engine="compiled", progress=False)
    assert Counting.calls <= 3
