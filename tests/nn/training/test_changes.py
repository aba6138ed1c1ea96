"""What a callback changes in compiled training: the same results as in eager training, and nothing compiled in vain."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import autograd.compiler.calls
import autograd.compiler.node
import autograd.compiler.pipeline
from autograd import Value, jit, relu, tanh
from nn import (
    MLP,
    SGD,
    Callback,
    Dropout,
    History,
    HuberLoss,
    Linear,
    Module,
    MSELoss,
    Sequential,
    fit,
    mse_loss,
)
from tests.nn.training.runs import ENGINES, X, Y, numbers


@dataclass
class Config:
    """Attributes of an ordinary object."""

    scale: float = 1.0


@dataclass(slots=True)
class Slots:
    """An object without a dict."""

    scale: float = 1.0


class Part(Module):
    """A module in the module."""

    def __init__(self) -> None:
        self.rate = 1.0

    def forward(self, x: Any) -> Any:
        return x * self.rate if self.training else x * 0.5


def scaled_by(scale: list[float]) -> Any:
    """A function with a closure."""
    return lambda x: x * scale[0]


FACTORS = {"of the module": 1.0}
FACTOR = 1.0


def by_a_global(x: Any) -> Any:
    """A function that reads globals, one of them in a function inside it."""

    def inside() -> float:
        return FACTORS["of the module"]

    return x * FACTOR * inside() * Settings.scale


class Settings:
    """Numbers kept in a class."""

    scale = 1.0


class Changing(Module):
    """A network whose output depends on an attribute of each kind."""

    of_class: ClassVar[float] = 1.0
    shift = staticmethod(lambda x: x)
    doubled = property(lambda model: 1.0)

    def __init__(self) -> None:
        self.network = MLP(2, [2, 1], rng=1)
        self.scale, self.flag, self.activation, self.name, self.nothing = 1.0, False, tanh, "plain", None
        self.listed, self.nested, self.chosen = [1.0, 2.0], {"a": ([1.0],)}, {1}
        self.array, self.objects, self.queue = np.ones(2), np.array([1.0, None], dtype=object), deque([1.0])
        self.namespace, self.config, self.slots, self.part = SimpleNamespace(scale=1.0), Config(), Slots(), Part()
        self.factors = [1.0]
        self.closure, self.partial, self.method = scaled_by(self.factors), partial(pow, 1.0), self.config.__eq__
        self.offset: Any = Value(0.5)
        self.compiled = jit(scaled_by([1.0]))
        self.extra: list[Any] = []

    def forward(self, x: Any) -> Any:
        out = self.network(x) * self.scale * self.of_class * self.part(1.0) + self.offset
        out = out * self.listed[0] * self.nested["a"][0][0] * len(self.chosen) * float(self.array[0]) * self.objects[0]
        out = out * self.queue[0] * self.namespace.scale * self.config.scale * self.slots.scale
        out = self.compiled(self.shift(self.closure(self.activation(out)))) * self.partial(2.0)
        out = self.doubled * by_a_global(out * out if self.flag else out)
        out = -out if self.name == "negative" or self.nothing is not None else out
        for layer in self.extra:
            out = layer([out])[0]
        return out


def set_to(name: str, value: Any) -> Callable[[Changing], None]:
    """A change of an attribute."""
    return lambda model: setattr(model, name, value)


def new_parameter(model: Changing) -> None:
    """Another Value with the same number, and then another number."""
    model.offset = Value(model.offset.data)
    model.offset.data += 1.0


CHANGES: dict[str, Callable[[Any], Any]] = {
    "number": set_to("scale", 2.0),
    "zero": lambda model: setattr(model, "scale", 0.0),
    "flag": set_to("flag", True),
    "activation": set_to("activation", relu),
    "string": set_to("name", "negative"),
    "None": set_to("nothing", 0),
    "integer for a bool": set_to("scale", 2),
    "list": lambda model: model.listed.__setitem__(0, 2.0),
    "list replaced": set_to("listed", [2.0, 1.0]),
    "nested": lambda model: model.nested["a"][0].__setitem__(0, 2.0),
    "set": lambda model: model.chosen.add(2),
    "array": lambda model: model.array.__setitem__(0, 2.0),
    "array of objects": lambda model: model.objects.__setitem__(0, 2.0),
    "deque": lambda model: model.queue.appendleft(2.0),
    "namespace": lambda model: setattr(model.namespace, "scale", 2.0),
    "object": lambda model: setattr(model.config, "scale", 2.0),
    "slots": lambda model: setattr(model.slots, "scale", 2.0),
    "closure": lambda model: model.factors.__setitem__(0, 2.0),
    "global": lambda model: globals().update(FACTOR=2.0),
    "in a global": lambda model: FACTORS.update({"of the module": 2.0}),
    "in a class": lambda model: setattr(Settings, "scale", 2.0),
    "property of the class": lambda model: setattr(type(model), "doubled", property(lambda model: 2.0)),
    "partial": set_to("partial", partial(pow, 2.0)),
    "of the class": lambda model: setattr(type(model), "of_class", 2.0),
    "method of the class": lambda model: setattr(type(model), "shift", staticmethod(lambda x: x + 1.0)),
    "part": lambda model: setattr(model.part, "rate", 2.0),
    "mode": lambda model: model.eval(),
    "parameter replaced": new_parameter,
    "parameter frozen": lambda model: setattr(model, "offset", model.offset.data + 1.0),
    "layer added": lambda model: model.extra.append(Linear(1, 1, rng=5)),
    "layer replaced": lambda model: setattr(model, "network", MLP(2, [3, 1], rng=2)),
    "weights replaced": lambda model: setattr(model.network.layers[0].neurons[0], "weights", [Value(1.0), Value(-1.0)]),
}


class At(Callback):
    """Makes a change at the n-th call of one of the hooks."""

    def __init__(self, hook: str, at: int, change: Callable[[Any], Any]) -> None:
        self.calls = 0

        def call(model: Any, _: History) -> None:
            self.calls += 1
            if self.calls == at:
                change(model)

        setattr(self, hook, call)


def trained(change: Callable[[Any], Any], hook: str, at: int, *, engine: str, loss: Any = mse_loss) -> tuple[Any, ...]:
    """All numbers that a training leaves."""
    kind = type("Changing", (Changing,), {})  # a class of its own, to be changed
    globals().update(FACTOR=1.0)
    FACTORS["of the module"] = Settings.scale = 1.0
    model = kind()
    history = fit(
        model, X[:8], Y[:8], loss=loss, optimizer=SGD(model.parameters(), lr=0.05),
        epochs=4, batch_size=3, seed=0, engine=engine,
        validation_data=(X[8:12], Y[8:12]), metrics={"sum": lambda o, t: math.fsum(o)}, progress=False,
        callbacks=[At(hook, at, change)],
    )  # fmt: skip
    return history.loss, history.val_loss, history["sum"], numbers(model), fit_mode(model)


def fit_mode(model: Module) -> list[bool]:
    """The modes of all modules."""
    return [module.training for module in model.modules()]


def flat(results: tuple[Any, ...]) -> list[float]:
    """All of them in one list."""
    return [float(x) for result in results for x in result]


@pytest.mark.parametrize(("hook", "at"), [("on_epoch_end", 2), ("on_before_optimizer_step", 5), ("on_fit_begin", 1)])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_callback_changes_counts(change: Callable[[Any], Any], hook: str, at: int) -> None:
    """From then on, as in eager training: in losses, metrics, validation and parameters."""
    eager, compiled = (trained(change, hook, at, engine=engine) for engine in ENGINES)
    assert flat(compiled) == pytest.approx(flat(eager), rel=1e-9, abs=1e-9)
    unchanged = trained(lambda model: None, hook, at, engine="compiled")
    if change is not CHANGES["mode"] or hook == "on_before_optimizer_step":
        assert flat(unchanged) != pytest.approx(flat(compiled), rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "change"),
    [
        (HuberLoss(delta=10.0), lambda loss: setattr(loss, "delta", 0.01)),
        (MSELoss(), lambda loss: setattr(loss, "reduction", "sum")),
    ],
    ids=["delta", "reduction"],
)
def test_what_a_callback_changes_of_the_loss(loss: Any, change: Any) -> None:
    """An option of it."""
    results = []
    for engine in ENGINES:
        fresh = type(loss)(**loss.chosen())
        results.append(flat(trained(lambda _, fresh=fresh: change(fresh), "on_epoch_end", 2, engine=engine, loss=fresh)))
    assert results[1] == pytest.approx(results[0], rel=1e-9)
    assert results[1] != pytest.approx(flat(trained(lambda _: None, "on_epoch_end", 2, engine="compiled", loss=loss)), rel=1e-6)


def test_a_dropout_switched_on() -> None:
    """Draws from then on, and one switched off draws no more: the same masks, of the same generator, in both engines."""
    results = []
    for engine in ENGINES:
        model = Sequential(Linear(2, 3, rng=0), Dropout(0.0, rng=4), Linear(3, 1, rng=1))
        callbacks = [
            At("on_epoch_end", n, lambda model, p=p: setattr(model[1], "p", p)) for n, p in ((2, 0.5), (4, 0.0), (6, 0.3))
        ]
        history = fit(
            model, X[:8], [[y] for y in Y[:8]], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=8, seed=0,
            batch_size=3, engine=engine, progress=False, callbacks=callbacks,
        )  # fmt: skip
        results.append([*history.loss, *numbers(model), model[1].rng.random()])
    assert results[1] == pytest.approx(results[0], rel=1e-9)


# --- nothing in vain --------------------------------------------------------------------------------------------------


def work_of(changes: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often a training traces and compiles while a callback makes these changes after each epoch."""
    counts = {"trace": 0, "executable_of": 0}
    for module, name in ((autograd.compiler.calls, "trace"), (autograd.compiler.pipeline, "executable_of")):
        original = vars(module)[name]

        def counting(*args: Any, name: str = name, original: Any = original, **named: Any) -> Any:
            counts[name] += 1
            return original(*args, **named)

        monkeypatch.setattr(module, name, counting)
    model = Changing()
    fit(
        model, X[:8], Y[:8], loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.05),
        epochs=5, engine="compiled", progress=False,
        validation_data=(X[8:12], Y[8:12]), callbacks=[changes],
    )  # fmt: skip
    monkeypatch.undo()
    return counts


@pytest.mark.parametrize(
    "changes",
    [
        lambda model, history: [p.__setattr__("data", p.data * 0.5) for p in model.parameters()] and None,
        lambda model, history: model.load_state_dict(model.state_dict()) and None,
        lambda model, history: model.eval() and None,
        lambda model, history: setattr(model, "seen", len(history)),
        lambda model, history: setattr(model, "best", [p.data for p in model.parameters()]),
        lambda model, history: setattr(model, "history", history),
    ],
    ids=["numbers", "loaded", "mode", "a counter", "notes", "history"],
)
def test_only_another_program_is_compiled(changes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of parameters cost nothing, notes that a callback keeps on the model two traces; another rate is compiled."""
    quiet = work_of(lambda model, history: None, monkeypatch)
    found = work_of(changes, monkeypatch)
    assert found["executable_of"] == quiet["executable_of"]
    assert found["trace"] <= quiet["trace"] + 2
    rate = work_of(lambda model, history: setattr(model, "scale", 1.0 + len(history) // 2), monkeypatch)
    assert rate["executable_of"] > quiet["executable_of"]
    assert rate["trace"] - quiet["trace"] <= 6


def test_what_forward_notes_itself() -> None:
    """A list that grows with each call of forward does not make the program another one."""

    class Noting(Module):
        def __init__(self) -> None:
            self.w, self.seen = Value(1.0), []

        def forward(self, x: Any) -> Any:
            self.seen.append(len(self.seen))
            return self.w * x[0]

    histories = []
    for engine in ENGINES:
        model = Noting()
        options: Any = {"loss": mse_loss, "optimizer": SGD(model.parameters(), lr=0.1), "engine": engine, "metrics": [mse_loss]}
        histories.append(fit(model, X[:4], Y[:4], epochs=3, seed=0, progress=False, **options))
    assert histories[1].loss == pytest.approx(histories[0].loss, rel=1e-12)
    assert histories[1]["mse_loss"] == pytest.approx(histories[0]["mse_loss"], rel=1e-12)
