"""Checkpoints: a training goes on with the bits of one that never stopped; any other file is refused, and nothing changes."""

import json
import math
import re
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest

from autograd import Value
from nn import (
    MLP,
    SGD,
    Adam,
    Callback,
    Checkpoint,
    Dropout,
    EarlyStopping,
    History,
    LambdaLR,
    Linear,
    Neuron,
    Sequential,
    StepLR,
    fit,
    load_checkpoint,
    mse_loss,
    save_checkpoint,
)
from nn.training.checkpoints import Training, resume
from tests.nn.training.resumable import EPOCHS, OPTIMIZERS, all_of, made, train
from tests.nn.training.runs import X, Y


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a file, in its own folder."""
    return tmp_path / "run.json"


def rng_of(kind: str, seed: int) -> Any:
    """A generator for dropout."""
    return Random(seed) if kind == "Random" else pytest.importorskip("numpy").random.default_rng(seed)


# --- resumed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rng", ["Random", "NumPy"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_training_ends_with_the_same_bits(optimizer: str, rng: str, path: Path) -> None:
    """After whatever epoch it stopped: parameters, states, rates, history, best epoch and generators."""
    wanted = all_of(train(made(optimizer=optimizer, rng=rng_of(rng, 5))))
    for epochs in range(1, EPOCHS + 1):
        stopped = made(path, optimizer=optimizer, rng=rng_of(rng, 5))
        train(stopped, epochs)
        resumed = made(path, seed=99, optimizer=optimizer, rng=rng_of(rng, 99))
        assert resume(resumed, path) == epochs
        assert all_of(train(resumed, done=epochs)) == wanted
    assert list(path.parent.iterdir()) == [path]


def test_it_may_be_resumed_again_and_again(path: Path) -> None:
    """Each time for one epoch."""
    train(made(path), 1)
    for epochs in range(1, EPOCHS):
        training = made(path, seed=epochs)
        train(training, epochs + 1, done=resume(training, path))
    assert all_of(training) == all_of(train(made()))


def test_a_training_that_a_callback_ended_stays_ended(path: Path) -> None:
    """It is written, also between the epochs that are to be, and resumed only to its end."""
    training = made(path, patience=3)
    next(callback for callback in training.callbacks if isinstance(callback, Checkpoint)).every = 100
    wanted = all_of(train(training))
    assert training.ended
    assert training.history is not None
    assert len(training.history) < EPOCHS
    resumed = made(path, seed=99, patience=3)
    done = resume(resumed, path)
    assert (done, resumed.ended) == (len(training.history), True)
    assert all_of(train(resumed, done=done)) == wanted


def test_checkpoints_come_last(path: Path) -> None:
    """So that they hold what the other callbacks noted of the epoch."""
    training = made(path)
    assert [type(callback) for callback in training.callbacks] == [EarlyStopping, Checkpoint]
    train(training, 3)
    found = [json.loads(path.read_text())["parts"]["callback 0: EarlyStopping"]["best"]["epoch"]]
    stopping = training.callbacks[0]
    assert isinstance(stopping, EarlyStopping)
    assert stopping.best is not None
    assert found == [stopping.best.epoch]


@pytest.mark.parametrize("every", [1, 3])
def test_every_kth_epoch(every: int, path: Path) -> None:
    """And at no other."""
    epochs: list[Any] = []

    class Looking(Callback):
        def on_epoch_end(self, model: Any, history: History) -> None:
            epochs.append(json.loads(path.read_text())["epoch"] if path.exists() else None)

    training = made()
    train(Training(training.model, training.optimizer, training.scheduler, training.rng, training.history,
                   [Looking(), Checkpoint(path, every=every)]), 7)  # fmt: skip
    assert epochs == {1: [None, 1, 2, 3, 4, 5, 6], 3: [None, None, None, 3, 3, 3, 6]}[every]


def test_an_interrupted_history_goes_on_uninterrupted(path: Path) -> None:
    """Ctrl-C ended the run that was saved, not this one."""
    training = train(made(), 2)
    assert training.history is not None
    training.history.interrupted = True
    save_checkpoint(
        path, training.model, training.optimizer, training.scheduler, rng=training.rng, history=training.history,
        callbacks=training.callbacks,
    )  # fmt: skip
    assert load_checkpoint(path, training.model).history.interrupted  # type: ignore[union-attr]
    resumed = made(seed=1)
    resume(resumed, path)
    assert resumed.history is not None
    assert not resumed.history.interrupted


# --- loops of one's own -----------------------------------------------------------------------------------------------


def test_a_loop_of_ones_own(path: Path) -> None:
    """Saves and loads what it has: without history and callbacks, and with any generator."""

    def steps(model: Any, optimizer: Any, schedule: Any, rng: Random, first: int, last: int) -> None:
        for epoch in range(first, last + 1):
            i = rng.randrange(len(X))
            optimizer.zero_grad()
            mse_loss([model(X[i])], [Y[i]]).backward()
            optimizer.step()
            schedule.step()
            save_checkpoint(path, model, optimizer, schedule, epoch=epoch, rng=rng)

    def parts(seed: int) -> tuple[Any, ...]:
        model = MLP(2, [3, 1], rng=seed)
        optimizer = Adam(model.parameters(), lr=0.1)
        return model, optimizer, LambdaLR(optimizer, lambda epoch: 1.0 / (1 + epoch)), Random(seed)

    whole, stopped, resumed = parts(0), parts(0), parts(1)
    steps(*whole, 1, 6)
    steps(*stopped, 1, 3)
    found = load_checkpoint(str(path), *resumed[:3], rng=resumed[3])
    assert found == (3, None, False)
    steps(*resumed, found.epoch + 1, 6)
    assert resumed[0].state_dict() == whole[0].state_dict()
    assert resumed[1].state_dict() == whole[1].state_dict()
    assert resumed[3].getstate() == whole[3].getstate()


def test_a_checkpoint_is_read_for_less(path: Path) -> None:
    """The model alone, for predictions, and the history to look at."""
    training = train(made(path), 2)
    other = made(seed=1)
    found = load_checkpoint(path, other.model)
    assert other.model.state_dict() == json.loads(path.read_text())["parameters"]
    assert (found.epoch, found.ended) == (2, False)
    assert found.history is not None
    assert training.history is not None
    assert found.history.loss == training.history.loss
    assert other.optimizer is not None
    assert other.optimizer.state_dict()["state"] == {}
    history = History(["loss"])
    load_checkpoint(path, other.model, history=history)
    assert history.loss == training.history.loss


def test_the_file_is_plain_json(path: Path) -> None:
    """In the format of a model's file, with numbers by name and states by part; nan and inf as text in their places."""
    neuron = Neuron(1, rng=0)
    neuron.weights[0].data, neuron.bias.data = math.inf, -0.0
    optimizer = SGD(neuron.parameters(), lr=0.5, momentum=0.5)
    for parameter in neuron.parameters():
        parameter.grad = math.inf
    optimizer.step()
    neuron.weights[0].data = math.nan
    history = History(["loss", "accuracy"])
    history.append({"loss": 0.5, "accuracy": math.nan})
    save_checkpoint(path, neuron, optimizer, StepLR(optimizer, 3), history=history, callbacks=[EarlyStopping(3), Callback()])

    def refused(constant: str) -> Any:
        raise AssertionError(constant)

    options = {"momentum": 0.5, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    assert json.loads(path.read_text(), parse_constant=refused) == {
        "format": "chainrule",
        "version": 1,
        "kind": "checkpoint",
        "epoch": 1,
        "ended": False,
        "parameters": {"weights.0": "nan", "bias": "-inf"},
        "parts": {
            "optimizer": {
                "class": "SGD",
                "state": {"$items": [[0, {"$float": "inf"}], [1, {"$float": "inf"}]]},
                "param_groups": [{"lr": 0.5, **options, "params": [0, 1]}],
            },
            "scheduler": {"class": "StepLR", "step_size": 3, "gamma": 0.1, "base_lrs": [0.5], "last_epoch": 0},
            "history": {
                "names": ["loss", "accuracy"],
                "epochs": [[0.5, {"$float": "nan"}]],
                "loss_at_end": None,
                "interrupted": False,
            },
            "callback 0: EarlyStopping": {"monitor": "val_loss", "mode": "min", "best": None},
        },
    }


def test_any_scheduler_with_a_state_will_do(path: Path) -> None:
    """Also one that is no LRScheduler."""

    class Counting:
        count = 0

        def step(self) -> None:
            self.count += 1

        def state_dict(self) -> Any:
            return (self.count,)

        def load_state_dict(self, state: Any) -> None:
            (self.count,) = state

    schedule, other = Counting(), Counting()
    schedule.step()
    save_checkpoint(path, Neuron(1), scheduler=schedule)
    load_checkpoint(path, Neuron(1), scheduler=other)
    assert other.count == 1


# --- what cannot be saved ---------------------------------------------------------------------------------------------


class Lambda(Callback):
    """A callback whose state is no data."""

    def state_dict(self) -> Any:
        return {"inner": [abs]}


class Stateful(SGD):
    """An optimizer that keeps a Value."""

    def update(self, number: Any, gradient: Any, state: Any) -> Any:
        return number, (Value(1.0),)


def stepped() -> Stateful:
    """One that has."""
    optimizer = Stateful([Value(1.0)])
    optimizer.parameters[0].grad = 1.0
    optimizer.step()
    return optimizer


UNSAVEABLE: dict[str, tuple[Any, str]] = {
    "a callback": (
        lambda: {"callbacks": [Lambda()]},
        r"the state of the callback 0: Lambda\['inner'\]\[0\] is <built-in function abs>, a builtin_function_or_method, which",
    ),
    "an optimizer": (
        lambda: {"optimizer": stepped()},
        r"the state of the optimizer\['state'\]\[0\]\[0\] is Value.*, a Value, which a file cannot hold: keep plain numbers",
    ),
    "a scheduler": (lambda: {"scheduler": object()}, r"the scheduler, <object .*, has no state_dict\(\), so that a checkpoint"),
    "a generator": (
        lambda: {"rng": SystemRandom()},
        "rng is <.*SystemRandom.*, whose state cannot be saved: take a random.Random",
    ),
    "dropout": (
        lambda: {"model": Sequential(Linear(2, 1), Dropout(rng=SystemRandom()))},
        "layers.1.rng is <.*, whose state cannot be saved",
    ),
}


@pytest.mark.parametrize("name", UNSAVEABLE)
def test_what_cannot_be_saved(name: str, path: Path) -> None:
    """Is named, when training begins, and no file is written."""
    make, message = UNSAVEABLE[name]
    parts = {"model": Neuron(1, rng=0)} | make()
    with pytest.raises(TypeError, match=message):
        save_checkpoint(path, **parts)
    checkpoint = Checkpoint(path)
    training = Training(**parts | {"callbacks": [*parts.get("callbacks", ()), checkpoint], "history": History(["loss"])})
    with pytest.raises(TypeError, match=message):
        checkpoint.on_fit_begin(training.model, History(["loss"]))
    assert not path.exists()


def test_what_checkpoint_refuses(path: Path) -> None:
    """When it is made; and outside fit."""
    with pytest.raises(ValueError, match="every must be a whole number of at least 1, not 0"):
        Checkpoint(path, every=0)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere; make it first"):
        Checkpoint(path.parent / "nowhere" / "run.json")
    with pytest.raises(ValueError, match=r"a callback of fit's: in a loop of your own, call save_checkpoint\(path, model"):
        Checkpoint(path).on_epoch_end(Neuron(1), History([]))
    with pytest.raises(ValueError, match="epoch must be a whole number of at least 0, not -1"):
        save_checkpoint(path, Neuron(1), epoch=-1)
    training = train(made(path), 1)
    assert [callback.training for callback in training.callbacks if isinstance(callback, Checkpoint)] == [None]


def test_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the last checkpoint whole."""
    train(made(path), 1)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="the disk is full"):
        train(made(path), 2)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_file_cut_off_anywhere(path: Path) -> None:
    """Is refused, and nothing has changed."""
    train(made(path), 1)
    whole = path.read_bytes()
    training = train(made(seed=1), 2)
    before = all_of(training)
    training.model[2].rng = Random(3)  # type: ignore[index]  # all_of draws from it
    before = all_of(training)
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="not whole JSON"):
            resume(training, path)
    training.model[2].rng = Random(3)  # type: ignore[index]
    assert all_of(training) == before


def edited(path: Path, *keys: Any, to: Any) -> None:
    """The file, with another thing at this place."""
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    path.write_text(json.dumps(content))


STATE = ("parts", "optimizer", "state", "$items")
BEST = ("parts", "callback 0: EarlyStopping", "best")
DAMAGED: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "another kind": (
        ("kind",),
        "state_dict",
        r"holds 'state_dict', not 'checkpoint': give .*, or read this one by model.load\(path",
    ),
    "an unknown kind": (
        ("kind",),
        "graph",
        r"holds 'graph', not 'checkpoint': give a file that save_checkpoint\(path, model, ...\) wr",
    ),
    "another format": (("format",), "torch", r'JSON without "format": "chainrule": give a file that save_checkpoint'),
    "newer": (("version",), 2, "newer than this chainrule"),
    "an epoch of text": (("epoch",), "3", "is damaged: epoch '3' and ended False are not a whole number and true or false"),
    "an epoch below 0": (("epoch",), -1, "is damaged: epoch -1"),
    "other epochs than the history's": (
        ("epoch",),
        7,
        "cannot be resumed by fit: it was saved without the history of its 7 epochs",
    ),
    "ended": (("ended",), 1, "is damaged: epoch 2 and ended 1"),
    "no parts": (("parts",), None, "is damaged: its parts are None"),
    "no parameters": (("parameters",), [], r"is damaged: its parameters are \[\], not numbers by name"),
    "a parameter of text": (("parameters", "layers.0.bias.0"), "1", "the parameter 'layers.0.bias.0' is '1', not a number"),
    "another model": (
        ("parameters", "layers.0.bias.7"),
        1.0,
        "does not fit the model: unexpected 'layers.0.bias.7' in the state",
    ),
    "another optimizer": (
        ("parts", "optimizer", "class"),
        "SGD",
        "does not fit the optimizer: the state is of SGD, and this is Adam",
    ),
    "an option of the optimizer": (
        ("parts", "optimizer", "param_groups", 0, "lr"),
        -1.0,
        "the optimizer: lr must be finite and not",
    ),
    "a number of its state": (
        (*STATE, 0, 1, "$tuple", 1),
        "a",
        r"the optimizer: the state of parameter 0 is \(6, 'a', .*does not",
    ),
    "a number too large": ((*STATE, 0, 1, "$tuple", 1), 1e999, "Infinity is not JSON"),
    "a short state": ((*STATE, 0, 1, "$tuple"), [1], r"the state of parameter 0 is \(1,\), which Adam.update does not take"),
    "an unknown mark": ((*STATE, 0, 1), {"$set": [1]}, "is damaged: .'.set': .1.. is no number, tuple or dict of chainrule's"),
    "a mark of nothing": ((*STATE, 0, 1), {"$float": "1.0"}, "is no number, tuple or dict of chainrule's format"),
    "keys that are none": ((*STATE, 0, 0), [1], "is no number, tuple or dict of chainrule's format"),
    "the scheduler": (
        ("parts", "scheduler", "last_epoch"),
        None,
        "does not fit the scheduler: last_epoch must be a whole number",
    ),
    "the generator": (("parts", "rng", "state", "$tuple", 1), [1, 2], "does not fit the rng: not the state of a Random"),
    "another generator": (
        ("parts", "rng", "class"),
        "Generator",
        "the state is of a generator Generator, and this is a Random",
    ),
    "dropout's": (
        ("parts", "generator layers.2.rng", "state"),
        3,
        "does not fit the generator layers.2.rng: not the state of a Ra",
    ),
    "the history": (
        ("parts", "history", "epochs", 0),
        [1.0, 2.0],
        "is damaged: its history is none .*an epoch must have 1 numbers",
    ),
    "other metrics": (
        ("parts", "history", "names"),
        ["accuracy"],
        r"fit the history: the saved history has \['accuracy'\], and this",
    ),
    "the best epoch": ((*BEST, "epoch"), 0, "does not fit the callback 0: EarlyStopping: epoch must be a whole number"),
    "the best parameters": ((*BEST, "parameters"), "a", "not the state of an EarlyStopping"),
    "another monitor": (
        ("parts", "callback 0: EarlyStopping", "monitor"),
        "val_loss",
        "monitor='val_loss' and mode='max', and this",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_resume_refuses(name: str, path: Path) -> None:
    """A ValueError that begins with the file's name; every part is as it was, also those before the one that does not fit."""
    keys, to, message = DAMAGED[name]
    train(made(path), 2)
    edited(path, *keys, to=to)
    training = train(made(seed=1), 3)
    before = all_of_without_drawing(training)
    with pytest.raises(ValueError, match=message) as caught:
        resume(training, path)
    assert str(caught.value).startswith(str(path))
    assert all_of_without_drawing(training) == before


def all_of_without_drawing(training: Training) -> str:
    """Every number of the training; dropout's generator stays where it is."""
    state = training.model[2].rng.getstate()  # type: ignore[index]
    found = all_of(training)
    training.model[2].rng.setstate(state)  # type: ignore[index]
    return found + repr(state)


def test_a_models_file_is_no_checkpoint(path: Path) -> None:
    """And the other way round: each error names the call that reads the file."""
    model = Neuron(1, rng=0)
    model.save(path)
    with pytest.raises(ValueError, match=r"holds 'state_dict', not 'checkpoint'.*read this one by model.load\(path\)"):
        load_checkpoint(path, model)
    save_checkpoint(path, model)
    with pytest.raises(
        ValueError, match=r"holds 'checkpoint', not 'state_dict'.*read this one by load_checkpoint\(path, model"
    ):
        model.load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_checkpoint(path.parent / "nowhere.json", model)


def test_other_parts_than_the_saved_ones(path: Path) -> None:
    """What is asked for must be there; a whole training must have all that the file has."""
    model = MLP(2, [1], rng=0)
    optimizer = SGD(model.parameters(), lr=0.5)
    save_checkpoint(path, model)
    with pytest.raises(ValueError, match=r"it has no optimizer, and no rng\. Make the training .*, with nothing but the model"):
        load_checkpoint(path, model, optimizer, rng=Random(0))
    history = History(["loss"])
    save_checkpoint(path, model, optimizer, StepLR(optimizer, 3), history=history, callbacks=[EarlyStopping(3)])
    with pytest.raises(ValueError, match="it has a scheduler too, and a callback 0: EarlyStopping too"):
        resume(Training(model, optimizer, history=history), path)
    with pytest.raises(ValueError, match="it has no callback 1: EarlyStopping"):
        load_checkpoint(path, model, callbacks=[EarlyStopping(3), EarlyStopping(3)])
    with pytest.raises(ValueError, match=r"it has no generator layers\.1\.rng"):
        load_checkpoint(path, Sequential(model, Dropout()))
    save_checkpoint(path, Sequential(Linear(2, 1), Dropout()))
    with pytest.raises(ValueError, match=r"it has a generator layers\.1\.rng too"):
        load_checkpoint(path, Sequential(Linear(2, 1)))


def test_nesting_without_end(path: Path) -> None:
    """Is a ValueError too, not a RecursionError."""
    model = Neuron(1)
    save_checkpoint(path, model, rng=Random(0))
    text = path.read_text()
    for depth in (500, 990, 100_000):
        edited_text = re.sub(r'"state": .*', '"state": ' + "[" * depth + "]" * depth + "}}}", text)
        path.write_text(edited_text)
        with pytest.raises(ValueError, match=re.escape(str(path))):
            load_checkpoint(path, model, rng=Random(0))


@pytest.mark.parametrize("error", [RuntimeError("of the callback"), KeyboardInterrupt()])
def test_an_error_on_the_way(error: BaseException, path: Path) -> None:
    """Of a callback's own, or Ctrl-C: all parts get their own states back."""

    class Failing(Callback):
        def __init__(self) -> None:
            self.loads = 0

        def state_dict(self) -> dict[str, Any]:
            return {"loads": self.loads}

        def load_state_dict(self, state: Any) -> None:
            self.loads = state["loads"]
            if state["loads"] == 5:
                raise error

    def model_and_optimizer(seed: int) -> tuple[Any, Any]:
        model = MLP(2, [1], rng=seed)
        return model, SGD(model.parameters(), lr=0.5 + seed)

    saved, failing = model_and_optimizer(0), Failing()
    failing.loads = 5
    save_checkpoint(path, *saved, callbacks=[failing])
    model, optimizer = model_and_optimizer(1)
    before, callback = model.state_dict(), Failing()
    with pytest.raises(ValueError if isinstance(error, Exception) else KeyboardInterrupt, match=r"of the callback|^$"):
        load_checkpoint(path, model, optimizer, callbacks=[callback])
    assert (model.state_dict(), optimizer.lr, callback.loads) == (before, 1.5, 0)


def test_fit_leaves_callbacks_a_state(path: Path) -> None:
    """What a checkpoint of a training of fit's holds: early stopping goes on with its best epoch."""
    model = MLP(2, [2, 1], rng=0)
    stopping = EarlyStopping(9, monitor="loss")
    history = fit(
        model, X[:6], Y[:6], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=3, seed=0, progress=False,
        callbacks=[stopping],
    )  # fmt: skip
    save_checkpoint(path, model, history=history, callbacks=[stopping])
    other = EarlyStopping(9, monitor="loss")
    found = load_checkpoint(path, model, callbacks=[other])
    assert other.best == stopping.best
    assert found.history is not None
    assert found.history.at_end == history.at_end
