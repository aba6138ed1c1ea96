"""Sequences of different lengths."""

from random import Random
from typing import Any

import numpy as np
import pytest

import nn
from autograd import jit, scan, sum_
from autograd.compiler import pipeline
from autograd.compiler.calls import Calls
from nn import Adam, CrossEntropyLoss, Module, fit
from nn.training.ragged import common_shape, extremes, filled, wants_loops, weights_of


class Language(Module):
    """Tokens in, scores of the next token at each place out; `both` ways it would read beyond an end."""

    def __init__(self, *, both: bool = False) -> None:
        self.tokens, self.rnn = nn.Embedding(5, 4, rng=0), nn.GRU(4, 4, bidirectional=both, rng=1)
        self.head = nn.Linear(8 if both else 4, 5, rng=2)
        self.label_parameters()

    def forward(self, xs: Any) -> Any:
        """The scores."""
        return self.head.batch(self.rnn(self.tokens(xs))[0])


def sentences(count: int, seed: int = 0) -> tuple[list[list[int]], list[list[int]]]:
    """Counting upwards from any token, for some places."""
    rng = Random(seed)
    starts = [(rng.randrange(5), rng.randint(2, 6)) for _ in range(count)]
    return [[(a + i) % 5 for i in range(n)] for a, n in starts], [[(a + i + 1) % 5 for i in range(n)] for a, n in starts]


@pytest.mark.parametrize("size", [1, 5])
def test_both_engines_give_the_same(size: int) -> None:
    """Losses, also of validation, and parameters; the model learns."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    found = []
    for engine in ("compiled", "eager"):
        model = Language()
        history = fit(
            model, *sentences(12), loss=CrossEntropyLoss(), optimizer=Adam(model.parameters(), lr=0.02), epochs=3,
            batch_size=size, seed=0, validation_data=sentences(4, seed=1), engine=engine, progress=False,
        )  # fmt: skip
        found.append([*history.loss, *history.val_loss, *[p.data for p in model.parameters()]])
    assert found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-12)
    assert found[0][2] < found[0][0]


def test_the_mean_is_over_places(capsys: pytest.CaptureFixture[str]) -> None:
    """A batch's gradient is that of the loss of all its places, whatever their lengths."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    xs, ys = sentences(6)
    model, other = Language(), Language()
    fit(
        model,
        xs,
        ys,
        loss=CrossEntropyLoss(),
        optimizer=nn.SGD(model.parameters(), lr=0.5),
        epochs=1,
        batch_size=None,
        progress=False,
    )
    assert capsys.readouterr().err == ""  # it was compiled
    sgd = nn.SGD(other.parameters(), lr=0.5)
    nn.cross_entropy([other(x) for x in xs], ys).backward()
    sgd.step()
    assert [p.data for p in model.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-12)


def test_a_model_that_reads_beyond_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Is trained sample by sample, and says so; asked to compile it, `fit` refuses."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    model = Language(both=True)
    options: Any = {"loss": CrossEntropyLoss(), "optimizer": Adam(model.parameters()), "epochs": 1, "progress": False}
    fit(model, *sentences(4), **options)
    assert "fit runs eagerly, and slower: samples differ in length, and this model reads beyond" in capsys.readouterr().err
    with pytest.raises(ValueError, match="reads beyond their ends"):
        fit(model, *sentences(4), engine="compiled", **options)


def test_one_target_for_a_sequence() -> None:
    """Eagerly too: the last output is of the sequence as it is."""

    class Last(Module):
        def __init__(self) -> None:
            self.rnn, self.head = nn.RNN(1, 3, rng=0), nn.Linear(3, 2, rng=1)

        def forward(self, xs: Any) -> Any:
            return self.head(self.rnn(xs)[0][-1])

    model = Last()
    xs, ys = [[[0.5]], [[0.5], [-1.0]], [[1.0], [0.25], [0.0]]], [0, 1, 1]
    options: Any = {"loss": CrossEntropyLoss(), "optimizer": Adam(model.parameters(), lr=0.1), "epochs": 20}
    history = fit(model, xs, ys, engine="eager", progress=False, **options)
    assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize(
    ("xs", "message"),
    [
        ([[0.0, 1.0], [0.0]], r"X is ragged: X\[0\] is of shape \(2,\), X\[1\] is of shape \(1,\)"),
        ([[[0.0], [1.0]], [[0.0, 1.0]]], "X"),
        ([[0.0, 1.0], []], "X"),
    ],
)
def test_data_that_no_model_takes(xs: Any, message: str) -> None:
    """Of different lengths by mistake: refused before training."""
    model = nn.MLP(2, [1])
    with pytest.raises(ValueError, match=message):
        fit(model, xs, [0.0, 1.0], loss=nn.mse_loss, optimizer=nn.SGD(model.parameters(), lr=0.1), epochs=1, progress=False)


def test_parts() -> None:
    """Shapes, filled arrays, weights, and when loops stay loops."""
    assert common_shape([[1, 2], [3]], "X") == (2,)
    assert common_shape([1, [2]], "X") is None
    assert filled([[1], [2, 3]], (2,), -100).tolist() == [[1.0, -100.0], [2.0, 3.0]]
    assert filled([[1], [2, 3]], (2,), -100).dtype == np.float64
    assert extremes([[1, 2], [3], [4, 5, 6]]) == [1, 2]
    targets = [[1, 2, -100], [0]]
    assert weights_of(CrossEntropyLoss(), targets) == [2.0, 1.0]
    assert weights_of(CrossEntropyLoss(ignore_index=1), targets[:1] * 2) is None
    assert weights_of(nn.cross_entropy, targets) == [2.0, 1.0]
    assert weights_of(CrossEntropyLoss(reduction="sum"), targets) is None
    assert weights_of(nn.mse_loss, targets) is None
    assert not wants_loops(_program(sum_, np.ones(4000)))
    gru = nn.GRU(2, 2, rng=0)
    assert not wants_loops(_program(lambda xs: sum_(gru(xs)[0][-1]), np.ones((5, 2))))
    assert wants_loops(_program(lambda xs: sum_(gru(xs)[0][-1]), np.ones((100, 2))))


class Swept(Module):
    """A layer that a loop calls for each row of a sample."""

    def __init__(self) -> None:
        self.layer = nn.Linear(16, 16, rng=0)

    def forward(self, xs: Any) -> Any:
        """The sums of all rows."""
        return scan(lambda total, row: ([x + y for x, y in zip(total, self.layer(row), strict=True)], None), [0.0] * 16, xs)[0]


@pytest.mark.parametrize(
    ("build", "rolled"),
    [
        (lambda: nn.MLP(16, [32, 16, 4], activation="relu", rng=0), True),
        (lambda: nn.Sequential(nn.Linear(16, 32, rng=0), nn.ReLU(), nn.Dropout(0.3, rng=1), nn.Linear(32, 4, rng=2)), True),
        (lambda: nn.Sequential(nn.Linear(16, 20, bias=False, rng=0), nn.LayerNorm(20), nn.Linear(20, 4, rng=2)), False),
        (lambda: nn.Sequential(lambda x: [x[:8], x[8:]], lambda xs: [[*x, *x] for x in xs], Swept()), False),
    ],
)
def test_large_models_of_layers(build: Any, rolled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer is a loop in the program of a sample, with the bits of all engines; others are compiled as they were."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    rng = np.random.default_rng(0)
    inputs, classes = rng.normal(size=(50, 16)), rng.integers(0, 4, 50)
    found, compiled = [], []
    known = pipeline.by_row
    for many in (1 << 40, 1):
        monkeypatch.setattr("nn.training.ragged.MANY", many)
        made: list[Any] = []
        monkeypatch.setattr(pipeline, "by_row", lambda *which, made=made: made.append(known(*which)) or made[-1])
        model = build()
        optimizer = nn.SGD(model.parameters(), lr=0.1, momentum=0.9)
        history = fit(model, inputs, classes, loss=nn.cross_entropy, optimizer=optimizer, epochs=3, batch_size=16, seed=0,
            progress=False, engine="compiled")  # fmt: skip
        found.append([*history.loss, *[p.data.hex() for p in model.parameters()]])
        compiled.append(made)
    assert found[0] == found[1]
    assert not compiled[0]
    assert (len(compiled[1]) > 1) is rolled  # the loss, and its gradient; or one that was tried
    assert not rolled or None not in compiled[1]


def test_loops_are_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace that tells whether there are any is that of the training; with Dropout, whose draws belong to a trace, not."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")

    class Last(Module):
        def __init__(self, p: float) -> None:
            more = [nn.Dropout(p, rng=1)] if p else []
            self.rnn, self.head = nn.GRU(2, 2, rng=0), nn.Sequential(nn.Linear(2, 1, rng=1), *more)

        def forward(self, xs: Any) -> Any:
            return self.head(self.rnn(xs)[0][-1])

    traces: list[float] = []
    trace = Calls._trace
    monkeypatch.setattr(Calls, "_trace", lambda calls, *args: traces.append(p) or trace(calls, *args))
    rng = np.random.default_rng(0)
    xs, ys = rng.random((3, 100, 2)), rng.random((3, 1))
    for p in (0.0, 0.5):
        model = Last(p)
        options: Any = {"epochs": 1, "engine": "compiled", "progress": False, "batch_size": 3}
        fit(model, xs, ys, loss=nn.mse_loss, optimizer=Adam(model.parameters()), **options)
    assert traces.count(0.0) == 1
    assert traces.count(0.5) > 1


def test_a_second_training_of_loops_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model with loops, traced anew, is the program that it was: it goes on with the code of the first training."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    rng, executed = np.random.default_rng(1), list[Any]()
    xs, ys = rng.random((3, 100, 2)), rng.random((3, 2))
    for _ in range(2):
        model = nn.GRU(2, 2, rng=0)
        loss = lambda outputs, targets: nn.mse_loss([o[0][-1] for o in outputs], targets)  # noqa: E731 - another one each time
        options: Any = {"epochs": 1, "engine": "compiled", "progress": False, "batch_size": 3}
        fit(model, xs, ys, loss=loss, optimizer=Adam(model.parameters()), **options)
        monkeypatch.setattr(pipeline, "merged", lambda program, arrays: executed.append(program) or program)
    assert not executed


def _program(f: Any, xs: Any) -> Any:
    compiled = jit(f, backend="python")
    return compiled._calls.traced_with(xs)[0].compiled.program


def test_dropout_in_a_loop_is_traced_turn_by_turn() -> None:
    """Each turn has draws of its own, so that both engines give the same."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    found = []
    for engine in ("compiled", "eager"):
        block = nn.TransformerEncoderLayer(2, 1, 3, dropout=0.5)
        for p, x in zip(block.parameters(), np.random.default_rng(0).normal(size=len(block.parameters())), strict=True):
            p.data = x
        xs, ys = np.random.default_rng(1).normal(size=(2, 6, 3, 2)).tolist()
        sgd = nn.SGD(block.parameters(), lr=0.1)
        history = fit(
            block, xs, ys, loss=nn.mse_loss, optimizer=sgd, epochs=2, batch_size=1, seed=0, engine=engine, progress=False
        )
        found.append(history.loss)
    assert found[0] == pytest.approx(found[1], rel=1e-9)
