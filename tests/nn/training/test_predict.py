"""predict: the model's own outputs, bit for bit, whether compiled or not, and what it refuses."""

import copy
import gc
import pickle
import random
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn.training.predict as module
from autograd import AnomalyError, TraceError, Value, detect_anomaly, log, no_grad, tanh, values
from nn import (
    MLP,
    SGD,
    Adam,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    Module,
    ReLU,
    Sequential,
    Softmax,
    accuracy,
    cross_entropy,
    fit,
    mse_loss,
    predict,
)
from tests.nn.training.runs import CLASSES, X, Y

MANY = [[random.Random(i).uniform(-2, 2), random.Random(-i).uniform(-2, 2)] for i in range(500)]


class Way:
    """How many samples the model itself was given, and how many machine code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.eager = self.compiled = 0
        run = module.Outputs.__call__

        def counted(outputs: Any, inputs: Any) -> Any:
            self.compiled += len(inputs)
            return run(outputs, inputs)

        def counted_values(output: Any) -> Any:
            self.eager += 1
            return values(output)

        monkeypatch.setattr(module.Outputs, "__call__", counted)
        monkeypatch.setattr(module, "values", counted_values)


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Way:
    """Of the calls in a test."""
    return Way(monkeypatch)


def test_predict() -> None:
    """Numbers or lists of them, those of the model; no gradient, no history."""
    for outputs in (1, 3):
        model = MLP(2, [3, outputs], rng=0)
        for engine in ("auto", "compiled", "eager"):
            found = predict(model, np.array(X), engine=engine)
            assert found == predict(model, X, engine=engine) == [values(model(x)) for x in X]
            assert predict(model, [], engine=engine) == []
        assert not any(p.has_grad for p in model.parameters())
    with no_grad():
        assert predict(model, X[:1]) == found[:1]


class Several(Module):
    """A model with outputs of several kinds in one structure."""

    def __init__(self) -> None:
        self.weight = Value(0.5)

    def forward(self, x: Any) -> Any:
        return {"a": (self.weight * x[0], [tanh(x[1])]), "b": np.array([self.weight * x[1], self.weight * x[0] * x[1]]), "c": 2}


MODELS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "number": (MLP(2, [5, 1], rng=0), (2,)),
    "list": (MLP(3, [5, 4], rng=0), (3,)),
    "one in a list": (Linear(2, 1, rng=0), (2,)),
    "image": (Sequential(Conv2d(1, 2, 2, rng=0), ReLU(), Flatten(), Linear(8, 3, rng=1), Softmax()), (1, 3, 3)),
    "dropout": (Sequential(Linear(2, 3, rng=0), Dropout(0.5), Linear(3, 2, rng=1)), (2,)),
    "several": (Several(), (2,)),
    "one number": (Sequential(Linear(1, 1, rng=0)), (1,)),
}


@pytest.mark.parametrize(("model", "shape"), MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "lists", "mixed lists", "blocks"])
def test_compiled_outputs_are_the_models(
    model: Module, shape: tuple[int, ...], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, in the same structure, from samples of any kind."""
    array: Any = np.random.default_rng(0).normal(scale=3.0, size=(50, *shape))
    if kind in ("float32", "int64"):
        array = array.astype(kind)
    if kind == "blocks":
        monkeypatch.setattr(module.blocks, "__defaults__", (7,))
    samples = array.tolist() if "lists" in kind else array
    if kind == "mixed lists":
        samples[3] = array[3].astype(int).tolist()
    found, wanted = predict(model, samples, engine="compiled"), predict(model, samples, engine="eager")
    assert len(found) == 50
    assert all(map(module._same, found, wanted))
    assert repr(found) == repr(wanted)


# --- when it compiles -------------------------------------------------------------------------------------------------


def test_compiled_where_it_pays(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two samples if the rest takes long, not for few; the second time after one; also when numbers changed."""
    monkeypatch.setattr(module, "SECONDS", 0.0)
    monkeypatch.setattr(module, "CALL", 0.0)
    model = MLP(2, [4, 1], rng=0)
    wanted = predict(model, MANY, engine="eager")
    assert (way.eager, way.compiled) == (500, 0)
    assert predict(model, MANY[:90]) == wanted[:90]
    assert (way.eager, way.compiled) == (590, 0)
    assert predict(model, MANY) == wanted
    assert (way.eager, way.compiled) == (592, 500)
    assert predict(model, MANY[:10]) == wanted[:10]
    assert (way.eager, way.compiled) == (593, 510)
    model.parameters()[0].data += 1.0
    changed = predict(model, MANY)
    assert (way.eager, way.compiled) == (594, 1010)
    assert changed != wanted
    assert changed == predict(model, MANY, engine="eager")
    monkeypatch.setattr(module, "SECONDS", 1e9)
    other = copy.deepcopy(model)
    before = way.compiled
    assert predict(other, MANY) == changed
    assert way.compiled == before


def test_fit_and_predict_share_the_code(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose metrics were measured by compiled code has it already."""
    monkeypatch.setattr(module, "CALL", 0.0)
    model = MLP(2, [3, 3], rng=0)
    fit(model, X, CLASSES, loss=cross_entropy, optimizer=SGD(model.parameters(), lr=0.1), epochs=2, progress=False,
        engine="compiled", metrics=[accuracy])  # fmt: skip
    before = way.compiled
    found = predict(model, X)
    assert way.compiled == before + len(X)
    assert found == [values(model(x)) for x in X]


def test_the_code_goes_with_the_model() -> None:
    """And is no part of its state, its copies or its pickle."""
    model = MLP(2, [3, 1], rng=0)
    state, pickled = list(vars(model)), pickle.dumps(model.eval())
    wanted = predict(model, X, engine="compiled")
    assert list(vars(model)) == [*state, *(["training"] if "training" not in state else [])]
    assert pickle.dumps(model) == pickled
    assert predict(pickle.loads(pickled), X, engine="compiled") == wanted
    gone = weakref.ref(model)
    traces = len(module._OUTPUT._calls.traces)
    del model
    gc.collect()
    assert gone() is None
    assert len(module._OUTPUT._calls.traces) < traces


class Branching(Module):
    """A model that cannot be traced."""

    def __init__(self) -> None:
        self.weight = Value(2.0)

    def forward(self, x: Any) -> Any:
        return self.weight * x[0] if x[0] > 0.0 else self.weight * x[1]


class Noisy(Module):
    """A model whose trace would draw once for all."""

    def __init__(self) -> None:
        self.weight, self.rng = Value(2.0), random.Random(0)

    def forward(self, x: Any) -> Any:
        return self.weight * x[0] + self.rng.random()


def test_models_that_are_not_compiled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Eagerly in silence, unless machine code was asked for: then it says why not."""
    monkeypatch.setattr(module, "SECONDS", 0.0)
    model = Branching()
    assert predict(model, MANY) == [2.0 * max(x[0], x[1] if x[0] <= 0.0 else x[0]) for x in MANY]
    with pytest.raises(TraceError, match="forward branches on a number that jit is tracing"):
        predict(model, MANY, engine="compiled")
    noisy, rng = Noisy(), random.Random(0)
    found = predict(noisy, MANY)
    noisy.rng = random.Random(0)
    assert len(set(np.subtract(found, [2.0 * x[0] for x in MANY]).round(9))) > 400
    with pytest.raises(ValueError, match="it depends on something that changes from call to call; predict"):
        predict(noisy, MANY, engine="compiled")
    assert rng.random() < 1.0
    assert capsys.readouterr() == ("", "")


def test_samples_that_are_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of different shapes, or of things that are not numbers: a model may take them, eagerly."""
    monkeypatch.setattr(module, "SECONDS", 0.0)

    class Length(Module):
        def forward(self, x: Any) -> Any:
            return float(len(x))

    for samples in ([[1.0] * (i % 3) for i in range(200)], ["ab"] * 200, [{"a": 1.0}] * 200):
        assert predict(Length(), samples) == [float(len(x)) for x in samples]
        with pytest.raises(ValueError, match="compiled code takes samples of plain numbers, all of one shape"):
            predict(Length(), samples, engine="compiled")


@pytest.mark.parametrize("missing", ["llvmlite", "numpy"])
def test_without_llvmlite(missing: str, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eagerly, or an error that names the command."""
    monkeypatch.setattr(module, "SECONDS", 0.0)
    model = MLP(2, [3, 1], rng=0)
    wanted = [values(model(x)) for x in MANY]
    monkeypatch.setitem(sys.modules, missing, None)
    assert predict(model, MANY) == wanted
    assert way.compiled == 0
    with pytest.raises(ModuleNotFoundError, match=rf'need {missing}: pip install "chainrule\[jit\]", or engine="eager"'):
        predict(model, MANY, engine="compiled")


def test_anomalies_are_looked_for_operation_by_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled code does not look at each."""
    monkeypatch.setattr(module, "SECONDS", 0.0)

    class Logarithm(Module):
        def forward(self, x: Any) -> Any:
            return log(Value(x[0])) * 0.0

    with detect_anomaly(), pytest.raises(AnomalyError, match="log"):
        predict(Logarithm(), [[1.0]] * 400 + [[-1.0]])


# --- modes, files, refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["auto", "compiled", "eager"])
def test_modes_stay(engine: str) -> None:
    """Dropout leaves nothing out, and each module is in its mode again in the end, after errors too."""
    model = Sequential(Linear(2, 3, rng=0), Dropout(0.5), Linear(3, 1, rng=1))
    model.layers[1].training = False
    modes = [part.training for part in model.modules()]
    assert predict(model, X, engine=engine) == predict(model, X, engine=engine)
    with pytest.raises((TypeError, ValueError)):
        predict(model, [[1.0, 2.0, 3.0]], engine=engine)
    assert [part.training for part in model.modules()] == modes


def test_a_file_of_samples(tmp_path: Path) -> None:
    """A memmap is read where it lies."""
    samples: Any = np.memmap(tmp_path / "samples", dtype=np.float32, mode="w+", shape=(300, 2))
    samples[:] = MANY[:300]
    model = MLP(2, [3, 1], rng=0)
    wanted = [values(model(x)) for x in samples.tolist()]
    for engine in ("auto", "compiled", "eager"):
        assert predict(model, samples, engine=engine) == wanted


def test_predict_after_each_epoch() -> None:
    """In a callback of a compiled training: the parameters are those of now."""
    model = MLP(2, [3, 1], rng=0)
    seen = []

    def look(model: Any, _history: Any) -> None:
        seen.append(predict(model, X, engine="compiled"))
        assert seen[-1] == predict(model, X, engine="eager")

    fit(model, X, Y, loss=mse_loss, optimizer=Adam(model.parameters(), lr=0.1), epochs=3, progress=False, engine="compiled",
        callbacks=[look])  # fmt: skip
    assert seen[0] != seen[1] != seen[2]


def test_what_predict_refuses() -> None:
    """Anything but a model, and anything but samples."""
    model = MLP(2, [1], rng=0)
    with pytest.raises(TypeError, match="X must be a list, tuple or array of samples, not a generator"):
        predict(model, (x for x in X))
    with pytest.raises(TypeError, match="predict takes a Module, not"):
        predict(lambda x: x, X)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"MLP takes a sequence of 2 inputs, not 1.0: put it in a list"):
        predict(model, [1.0, 2.0])
    with pytest.raises(ValueError, match=r'engine must be "auto", "compiled" or "eager", not .fast'):
        predict(model, X, engine="fast")
