"""The compiled engine against the eager one: the same trainings, number by number."""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import autograd.compiler.node
from autograd import Value
from nn import (
    LBFGS,
    MLP,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    AvgPool2d,
    Callback,
    Conv2d,
    CosineAnnealingLR,
    CrossEntropyLoss,
    Dropout,
    EarlyStopping,
    Flatten,
    History,
    LambdaLR,
    Linear,
    Module,
    MSELoss,
    Optimizer,
    ReLU,
    RMSprop,
    Sequential,
    StepLR,
    Tanh,
    clip_grad_norm_,
    cross_entropy,
    fit,
    mse_loss,
)
from tests.nn.training.runs import ENGINES, numbers

RNG = random.Random(0)
X = [[RNG.uniform(-1, 1) for _ in range(3)] for _ in range(37)]
Y = [[x[0] * x[1] + 0.5] for x in X]
TARGETS = [y[0] for y in Y]
PAIRS = [[x[0] - x[1], x[2] * x[2]] for x in X]
CLASSES = [int(x[0] > 0) + int(x[1] > 0.2) for x in X]
IMAGES = [[[[RNG.uniform(0, 1) for _ in range(6)] for _ in range(6)]] for _ in range(12)]
EPOCHS = 50


def plain(outputs: int = 1) -> Module:
    """A smooth network."""
    return Sequential(Linear(3, 5, rng=0), Tanh(), Linear(5, outputs, rng=1))


def dropping() -> Module:
    """One with kinks, some of whose units are dead, and with masks."""
    model = Sequential(Linear(3, 6, rng=0), ReLU(), Dropout(0.3), Linear(6, 4, rng=2), Dropout(0.2, rng=5), Linear(4, 1, rng=1))
    model[0].neurons[0].bias.data = -100.0
    return model


def picture() -> Module:
    """A small convolutional network."""
    return Sequential(Conv2d(1, 2, 3, rng=0), Tanh(), AvgPool2d(2), Flatten(), Linear(8, 3, rng=1))


class Skewed(SGD):
    """A user's optimizer that changes gradients by `math` and a branch, on top of another one."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        if gradient > 0.1:
            gradient = 0.1 + math.log1p(gradient - 0.1)
        return super().update(number, gradient, state)


class Signs(Optimizer):
    """A user's optimizer with a state of its own: a count, and what decays, in a dict."""

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        state = state or {"count": 0, "sizes": [0.0]}
        size = max(0.9 * state["sizes"][0], abs(gradient))
        count = state["count"] + 1
        sign = 1.0 if gradient > 0.0 else -1.0 if gradient < 0.0 else 0.0
        return number - self.lr * sign * math.sqrt(size) / count, {"count": count, "sizes": [size]}


class Own(SGD):
    """An optimizer with a step of its own."""

    def step(self, closure: Any = None) -> Any:
        for parameter in self.parameters[::2]:
            parameter.grad *= 0.5
        return super().step(closure)


class Clipping(Callback):
    """Clips in the hook that is there for it."""

    def on_before_optimizer_step(self, model: Module, history: History) -> None:
        clip_grad_norm_(model.parameters(), 0.05)


def penalised(outputs: Any, targets: Any) -> Any:
    """A loss of one's own, with a constant part."""
    return mse_loss(outputs, targets) * 2.0 + 0.25


def groups(model: Any) -> Any:
    """Options by layer."""
    return Adam(
        [{"params": model[0].parameters(), "lr": 0.02}, {"params": model[2].parameters(), "weight_decay": 0.1}], lr=0.01
    )


def mixed_groups(model: Any) -> Any:
    """States of different kinds."""
    return SGD([{"params": model[0].parameters(), "momentum": 0.9}, {"params": model[2].parameters()}], lr=0.1)


def of_all(kind: Any, **options: Any) -> Callable[[Any], Any]:
    """An optimizer of all parameters."""
    return lambda model: kind(model.parameters(), **options)


ADAM = of_all(Adam, lr=0.01)
TRAININGS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "SGD": (plain, of_all(SGD, lr=0.1), {}),
    "SGD dampened": (plain, of_all(SGD, lr=0.1, momentum=0.5, dampening=0.3), {}),
    "SGD nesterov": (plain, of_all(SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01), {}),
    "Adam": (plain, ADAM, {}),
    "Adam decayed": (plain, of_all(Adam, lr=0.01, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1), {}),
    "AdamW, dropout": (dropping, of_all(AdamW, lr=0.01), {}),
    "RMSprop": (plain, of_all(RMSprop, lr=0.01), {}),
    "RMSprop centered": (plain, of_all(RMSprop, lr=0.01, momentum=0.5, centered=True, weight_decay=0.01), {}),
    "Adagrad": (plain, of_all(Adagrad, lr=0.1, lr_decay=0.1, initial_accumulator_value=0.1), {}),
    "LBFGS": (plain, of_all(LBFGS), {"batch_size": None, "epochs": 3}),  # its line search doubles rounding at each turn
    "clip both": (plain, ADAM, {"clip_grad_norm": 0.1, "clip_grad_value": 0.05}),
    "clip norm": (plain, of_all(SGD, lr=0.1), {"clip_grad_norm": 0.1}),
    "clip value": (plain, of_all(SGD, lr=0.1), {"clip_grad_value": 0.01}),
    "clip nothing": (plain, of_all(SGD, lr=0.1), {"clip_grad_norm": math.inf, "clip_grad_value": math.inf}),
    "accumulate": (plain, ADAM, {"accumulate": 3}),
    "accumulate a sum": (plain, ADAM, {"accumulate": 3, "loss": MSELoss(reduction="sum")}),
    "accumulate, clip": (dropping, ADAM, {"accumulate": 2, "clip_grad_norm": 0.1}),
    "groups": (plain, groups, {}),
    "mixed groups": (plain, mixed_groups, {}),
    "frozen": (plain, lambda model: Adam(model[2].parameters(), lr=0.01), {}),
    "callback": (plain, ADAM, {"callbacks": [Clipping()]}),
    "user's": (plain, of_all(Skewed, lr=0.1, momentum=0.9), {}),
    "user's states": (plain, of_all(Signs, lr=0.1), {}),
    "user's step": (plain, of_all(Own, lr=0.1), {}),
    "sum": (plain, of_all(SGD, lr=0.01), {"loss": MSELoss(reduction="sum")}),
    "own loss": (plain, ADAM, {"loss": penalised}),
    "schedule": (plain, ADAM, {"scheduler": lambda optimizer: StepLR(optimizer, 2)}),
    "schedule of groups": (plain, groups, {"scheduler": lambda optimizer: CosineAnnealingLR(optimizer, 7)}),
    "validation": (
        dropping,
        ADAM,
        {"validation_data": (X[:9], Y[:9]), "metrics": {"sum": lambda o, t: sum(x[0] for x in o)}, "epochs": 20},
    ),
    "full batch": (plain, ADAM, {"batch_size": None}),
    "in order": (plain, ADAM, {"shuffle": False}),
    "two outputs": (lambda: plain(2), ADAM, {"y": PAIRS}),
    "classes": (lambda: plain(3), ADAM, {"y": CLASSES, "loss": cross_entropy}),
    "class object": (lambda: plain(3), ADAM, {"y": np.array(CLASSES), "loss": CrossEntropyLoss()}),
    "images": (picture, ADAM, {"X": IMAGES, "y": CLASSES[:12], "loss": cross_entropy, "epochs": 10}),
}


def flat(thing: Any) -> Iterator[Any]:
    """The numbers of a state, and what else is in it."""
    if isinstance(thing, dict):
        yield from thing
        thing = list(thing.values())
    if isinstance(thing, tuple | list):
        for part in thing:
            yield from flat(part)
    else:
        yield thing


class Result:
    """What a training leaves."""

    def __init__(self, make: Any, optimizer_of: Any, engine: str, options: dict[str, Any]) -> None:
        self.model = make()
        self.optimizer = optimizer_of(self.model)
        given = dict(options)
        if "scheduler" in given:
            given["scheduler"] = given["scheduler"](self.optimizer)
        inputs, targets = given.pop("X", X), given.pop("y", Y)
        defaults: Any = {"loss": mse_loss, "epochs": EPOCHS, "batch_size": 5, "seed": 3, "progress": False}
        chosen = defaults | given
        self.history = fit(self.model, inputs, targets, optimizer=self.optimizer, engine=engine, **chosen)
        self.parameters = self.model.parameters()
        self.numbers = [p.data for p in self.parameters]
        self.grads = [p.grad for p in self.parameters]
        self.reached = [p.has_grad for p in self.parameters]
        self.states = list(flat([self.optimizer._states.get(p) for p in self.parameters]))
        self.drawn = [module.rng.random() for module in self.model.modules() if isinstance(module, Dropout)]
        self.lr = self.optimizer.lr

    def numbers_in_states(self) -> list[float]:
        """Those in it."""
        return [x for x in self.states if isinstance(x, int | float)]


def pair(make: Any, optimizer_of: Any, options: dict[str, Any]) -> list[Result]:
    """Both engines' results."""
    return [Result(make, optimizer_of, engine, options) for engine in ENGINES]


def agree(eager: Result, compiled: Result, error: float) -> None:
    """All that can be compared: losses to 1e-9, all else to `error`."""
    assert compiled.history.names == eager.history.names
    assert len(compiled.history) == len(eager.history)
    for name in eager.history.names:
        assert compiled.history[name] == pytest.approx(eager.history[name], rel=1e-9, abs=1e-15)
    assert compiled.reached == eager.reached
    assert [type(x) for x in compiled.states] == [type(x) for x in eager.states]
    assert compiled.numbers == pytest.approx(eager.numbers, rel=error, abs=error)
    assert compiled.grads == pytest.approx(eager.grads, rel=error, abs=error)
    assert compiled.numbers_in_states() == pytest.approx(eager.numbers_in_states(), rel=error, abs=error)
    assert [x for x in compiled.states if isinstance(x, str)] == [x for x in eager.states if isinstance(x, str)]
    assert compiled.drawn == eager.drawn
    assert compiled.lr == eager.lr


@pytest.mark.parametrize(("make", "optimizer_of", "options"), TRAININGS.values(), ids=TRAININGS)
def test_both_engines_agree(make: Any, optimizer_of: Any, options: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Losses to 1e-9 over 50 epochs; parameters, gradients, states and their types, generators; nothing was said."""
    agree(*pair(make, optimizer_of, options), 1e-7)
    assert capsys.readouterr().err == ""


BITS = [name for name, (_, _, options) in TRAININGS.items() if not {"batch_size", "accumulate"} & set(options)]


@pytest.mark.parametrize("name", [name for name in BITS if not name.startswith("clip")])
def test_batches_of_one_give_the_same_bits(name: str) -> None:
    """No sum over samples, so no order of one: history, parameters, gradients, states are the same but for a zero's sign."""
    make, optimizer_of, options = TRAININGS[name]
    eager, compiled = pair(make, optimizer_of, {**options, "batch_size": 1, "epochs": 3})
    for results in ("numbers", "grads", "states", "drawn", "reached"):
        assert getattr(compiled, results) == getattr(eager, results), results
    assert compiled.history.loss == eager.history.loss


LAYERS = st.lists(st.sampled_from(["tanh", "relu", "dropout", "linear"]), min_size=1, max_size=4)
OPTIMIZERS: dict[str, Any] = {
    "SGD": (SGD, {"momentum": st.sampled_from([0.0, 0.9]), "weight_decay": st.sampled_from([0.0, 0.1])}),
    "Adam": (Adam, {"betas": st.sampled_from([(0.9, 0.999), (0.0, 0.5)]), "weight_decay": st.sampled_from([0.0, 0.1])}),
    "AdamW": (AdamW, {"eps": st.sampled_from([1e-8, 0.1])}),
    "RMSprop": (RMSprop, {"centered": st.booleans(), "momentum": st.sampled_from([0.0, 0.5]), "eps": st.just(1e-3)}),
    "Adagrad": (Adagrad, {"lr_decay": st.sampled_from([0.0, 0.5])}),
    "Signs": (Signs, {}),
}


@settings(max_examples=20)
@given(st.data())
def test_any_training_agrees(data: st.DataObject) -> None:
    """Small networks, optimizers, batch sizes from one to more than there are, accumulation, clipping and seeds, at random."""
    kinds, seed = data.draw(LAYERS), data.draw(st.integers(0, 99))
    kind, strategies = OPTIMIZERS[data.draw(st.sampled_from(list(OPTIMIZERS)))]
    chosen = {name: data.draw(strategy, name) for name, strategy in strategies.items()}
    count = data.draw(st.integers(1, 13))

    def make() -> Module:
        layers: list[Any] = [Linear(3, 4, rng=seed)]
        for i, name in enumerate(kinds):
            layers.append({"tanh": Tanh, "relu": ReLU, "dropout": Dropout}.get(name, lambda i=i: Linear(4, 4, rng=i))())
        return Sequential(*layers, Linear(4, 1, rng=seed + 1))

    options: dict[str, Any] = {
        "X": X[:count], "y": Y[:count], "epochs": data.draw(st.integers(1, 4)), "seed": seed,
        "batch_size": data.draw(st.one_of(st.none(), st.integers(1, 16))), "accumulate": data.draw(st.integers(1, 4)),
        "clip_grad_norm": data.draw(st.sampled_from([None, 0.1, 10.0])),
        "clip_grad_value": data.draw(st.sampled_from([None, 0.05])),
        "shuffle": data.draw(st.booleans()),
    }  # fmt: skip
    agree(*pair(make, lambda model: kind(model.parameters(), lr=0.01, **chosen), options), 1e-7)


# --- odd numbers ------------------------------------------------------------------------------------------------------


class Powers(Module):
    """Parameters to be read in several ways."""

    def __init__(self, *numbers: float) -> None:
        self.all = [Value(number) for number in numbers]

    def forward(self, x: Any) -> Any:
        return ag.sum_([p * z for p, z in zip(self.all, x, strict=True)])


@pytest.mark.parametrize(
    ("numbers", "inputs", "options"),
    [
        ((0.0, -0.0), [[-0.0, 0.0], [0.0, -0.0]], {}),
        ((1e-308, 5e-324), [[1e-10, 1.0], [5e-324, 1e-300]], {"lr": 1.0}),
        ((1.0, 1.0), [[1e-320, -1e-320]], {"clip_grad_norm": 1e-321, "lr": 1.0}),
        ((0.5, 0.25), [[1e100, 1.0]], {"clip_grad_norm": 1.0}),
        ((1.0, 2.0), [[2.0**60, 3.0]], {"clip_grad_value": 1.0}),
    ],
    ids=["signed zeros", "subnormal", "subnormal clip", "large clip", "large clip value"],
)
def test_odd_numbers(numbers: Any, inputs: Any, options: Any) -> None:
    """Signed zeros, subnormal and huge gradients make the same numbers; a sum over rows has no -0.0."""
    given = {"X": inputs, "y": [0.0] * len(inputs), "batch_size": 1, "epochs": 3, **options}
    lr = given.pop("lr", 0.125)
    eager, compiled = pair(lambda: Powers(*numbers), of_all(SGD, lr=lr), given)
    assert compiled.numbers == eager.numbers
    assert compiled.grads == eager.grads


@pytest.mark.parametrize("options", [{}, {"clip_grad_norm": 1.0}, {"clip_grad_value": 1.0}, {"accumulate": 2}], ids=str)
def test_a_gradient_that_is_infinite(options: Any) -> None:
    """Is refused before it is clipped, with the same words by both engines, and leaves the same numbers."""
    found = []
    for engine in ENGINES:
        model = Powers(1.0, 1.0)
        with pytest.raises(ArithmeticError, match="epoch 1, batch 2") as caught:
            fit(
                model, [[1.0, 1.0], [1e200, 1e200]], [0.0, 1e200], loss=lambda o, t: mse_loss(o, t) * 1e-100, batch_size=1,
                optimizer=SGD(model.parameters(), lr=0.25), epochs=1, shuffle=False, progress=False, engine=engine, **options,
            )  # fmt: skip
        found.append((str(caught.value), [p.data for p in model.all], [p.has_grad for p in model.all]))
    assert found[0] == found[1]


# --- models and data of other kinds -----------------------------------------------------------------------------------


def test_a_parameter_in_two_modules() -> None:
    """Trained as one, and gets the sum of both gradients."""

    def make() -> Module:
        shared = Linear(5, 5, rng=4)
        tied = Sequential(Linear(3, 5, rng=0), Tanh(), shared, Tanh(), shared, Linear(5, 1, rng=1))
        assert len(tied.parameters()) < sum(len(layer.parameters()) for layer in tied.layers)
        return tied

    agree(*pair(make, ADAM, {"epochs": 5}), 1e-9)


def test_values_of_a_closure() -> None:
    """A Value that the loss takes from outside is fixed, and gets its gradients all the same, as in eager training."""
    results = []
    for engine in ENGINES:
        weight, model = Value(0.5), plain()
        options: Any = {"loss": lambda o, t, weight=weight: weight * mse_loss(o, t), "optimizer": ADAM(model)}
        history = fit(model, X, Y, epochs=3, batch_size=5, seed=1, progress=False, engine=engine, **options)
        results.append((history.loss, weight.grad, weight.data))
    assert results[0][1] != 0.0
    assert results[1][0] == pytest.approx(results[0][0], rel=1e-12)
    assert results[1][1:] == pytest.approx(results[0][1:], rel=1e-12)


@pytest.mark.parametrize("targets", [[1, 0, 2, 3], [True, False, True, True], np.array([0, 1, 2, 3], dtype=np.int8)])
def test_integer_targets(targets: Any) -> None:
    """Count as numbers."""
    agree(*pair(lambda: MLP(3, [2, 1], rng=0), ADAM, {"X": X[:4], "y": targets, "epochs": 4}), 1e-12)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 10**9, None])
@pytest.mark.parametrize("count", [1, 4])
def test_batches_of_any_size(count: int, size: int | None) -> None:
    """One sample, one batch, and a size far beyond what there is."""
    agree(*pair(plain, ADAM, {"X": X[:count], "y": Y[:count], "batch_size": size, "epochs": 4}), 1e-12)


def test_early_stopping_stops_alike() -> None:
    """At the same epoch, with the parameters of the same one."""
    options = {"validation_data": (X[:9], PAIRS[:9]), "y": PAIRS, "callbacks": [EarlyStopping(2)]}
    eager, compiled = pair(lambda: plain(2), of_all(SGD, lr=2.0), options)
    assert len(eager.history) < EPOCHS
    agree(eager, compiled, 1e-7)


@pytest.mark.parametrize("groups", [False, True])
def test_rates_of_a_schedule_within_a_call_of_machine_code(groups: bool) -> None:
    """A schedule alone ends no call: each epoch's steps have its rate, and schedule and optimizer are in step after."""
    found = []
    for engine in ENGINES:
        model = MLP(3, [3, 1], rng=1)
        first, last = (layer.parameters() for layer in model.layers)
        parameters: Any = [{"params": first, "lr": 0.01}, {"params": last}] if groups else model.parameters()
        optimizer = SGD(parameters, lr=0.3, momentum=0.5)
        schedule = LambdaLR(optimizer, lambda epoch: 1.0 / (1.0 + epoch))
        history = fit(
            model, X, TARGETS, loss=mse_loss, optimizer=optimizer, epochs=60, batch_size=6, seed=3, scheduler=schedule,
            engine=engine, progress=False,
        )  # fmt: skip
        found.append((history.loss, numbers(model), optimizer.lr, schedule.last_epoch, schedule.get_last_lr()))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-9)
    assert found[1][1] == pytest.approx(found[0][1], rel=1e-9)
    assert found[1][2:] == found[0][2:]


def test_a_second_training_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a process has compiled are kept: a network like the last one trains at once, and to the same bits."""
    compiled: list[Any] = []
    original = autograd.compiler.pipeline.executable_of

    def counting(*arguments: Any) -> Any:
        compiled.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(autograd.compiler.pipeline, "executable_of", counting)
    autograd.compiler.node.known.cache_clear()
    losses, counts = [], []
    for _ in range(2):
        model = MLP(3, [3, 1], rng=1)
        losses.append(
            fit(model, X, TARGETS, loss=mse_loss, optimizer=Adam(model.parameters()), epochs=3, seed=0, progress=False).loss
        )
        counts.append(len(compiled))
    assert losses[0] == losses[1]
    assert counts[0] == counts[1] > 0
