"""Samples: data of any kind as plain numbers, and what is wrong with other data."""

import math
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn import MLP, SGD, Callback, Linear, Sequential, accuracy, fit, mse_loss, predict
from nn.training.samples import Samples, samples_in
from tests.names import shown
from tests.nn.training.runs import CLASSES, ENGINES, X, Y, numbers, refused, trained


def test_samples_are_nested_lists_of_plain_numbers() -> None:
    """Lists, tuples, arrays and ranges alike; integers, which may be class numbers, stay integers."""
    for inputs in ([[1.0, 2.0], [3.0, 4.0]], ((1.0, 2.0), np.array([3.0, 4.0])), np.array([[1.0, 2.0], [3.0, 4.0]])):
        data = Samples.of(inputs, np.array([0, 1]), ("X", "y"))
        assert list(data.inputs) == [[1.0, 2.0], [3.0, 4.0]]
        assert (list(data.targets), [type(target) for target in data.targets]) == ([0, 1], [int, int])
        assert (data.input_shape, data.target_shape, len(data)) == ((2,), (), 2)
    assert Samples.of([range(3), iter([3, 4, 5])], [np.float32(0.5), True], ("X", "y")).inputs == [[0, 1, 2], [3, 4, 5]]
    assert Samples.of([np.array([[1.0]])], [[2.0]], ("X", "y")).input_shape == (1, 1)


def test_samples_are_copies() -> None:
    """The caller's lists may change afterwards."""
    inputs = [[1.0, 2.0]]
    data = Samples.of(inputs, [0.0], ("X", "y"))
    inputs[0][0] = 5.0
    assert list(data.inputs) == [[1.0, 2.0]]


def test_samples_as_arrays() -> None:
    """Floats, with a row for each sample, made once."""
    data = Samples.of([[[1, 2]], [[3, 4]]], [0, 1], ("X", "y"))
    inputs, targets = data.arrays
    assert (inputs.shape, inputs.dtype, inputs.tolist()) == ((2, 1, 2), float, [[[1.0, 2.0]], [[3.0, 4.0]]])
    assert (targets.shape, targets.dtype, targets.tolist()) == ((2,), float, [0.0, 1.0])
    assert data.arrays[0] is inputs


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (0.5, "put it in a list"),
        (np.float64(0.5), "put it in a list"),
        (np.array(0.5), "put it in a list"),
        ("12", "give numbers"),
        (b"12", "give numbers"),
        (None, "give numbers"),
        ({1.0}, r"list\(outputs\)"),
        (iter([1.0]), r"list\(outputs\)"),
        ((x for x in [1.0]), r"list\(outputs\)"),
        (range(3), r"list\(outputs\)"),
        (deque([1.0]), r"list\(outputs\)"),
        ({"a": 1.0}, r"list\(outputs.values\(\)\)"),
        ({"a": [1.0], "b": (2.0,)}, r"list\(zip\(\*outputs.values\(\)\)\)"),
        ({"a": np.array([1.0])}, r"list\(zip\(\*outputs.values\(\)\)\)"),
    ],
)
def test_samples_are_a_list_tuple_or_array(data: Any, remedy: str) -> None:
    """Nothing else: an iterator would be used up, and the others have no order or no numbers; the remedy is one."""
    with pytest.raises(TypeError, match=rf"outputs must be a list, tuple or array of samples, not a \w+: {remedy}$"):
        samples_in(data, "outputs")


class Frame:
    """A table as pandas and polars have it: iterating it gives the names of its columns."""

    def __init__(self, **columns: list[Any]) -> None:
        self.columns = columns

    def __iter__(self) -> Any:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        words = any(isinstance(x, str) for column in self.columns.values() for x in column)
        return np.array(list(self.columns.values()), dtype=object if words else dtype).T


class Tensor:
    """An array of a library that is not NumPy's."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers

    def tolist(self) -> Any:
        return self.numbers


FIRST, SECOND = zip(*X, strict=True)


def tables(library: str) -> tuple[Any, Any]:
    """X and Y as that library's table and column."""
    if library == "stand-in":
        return Frame(a=list(FIRST), b=list(SECOND)), Tensor(Y)
    frames = pytest.importorskip(library)
    return frames.DataFrame({"a": FIRST, "b": SECOND}), frames.Series(Y)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("library", ["stand-in", "pandas", "polars"])
def test_data_may_be_tables(library: str, engine: str) -> None:
    """A DataFrame's rows are samples, a Series holds targets: in fit, validation, predict, losses and metrics."""
    table, column = tables(library)
    history, model = trained(X=table, y=column, engine=engine, validation_data=(table, column), metrics=[mse_loss])
    wanted, _ = trained(X=X, y=Y, engine=engine, validation_data=(X, Y), metrics=[mse_loss])
    assert (history.loss, history.val_loss, history.metrics) == (wanted.loss, wanted.val_loss, wanted.metrics)
    assert predict(model, table) == predict(model, X)
    assert mse_loss(column, Y) == 0.0
    assert mse_loss(table, X) == 0.0
    assert accuracy(table, [0] * len(X)) == sum(a >= b for a, b in X) / len(X)
    with pytest.raises(TypeError, match=r"and was given a batch of 23: model.batch\(X\)"):
        model(table)


@pytest.mark.parametrize("library", ["stand-in", "pandas", "polars"])
def test_a_table_with_words_in_it(library: str) -> None:
    """The word is named with its place: row and column."""
    columns = {"a": [1.0, 2.0], "b": ["one", "two"]}
    table = Frame(**columns) if library == "stand-in" else pytest.importorskip(library).DataFrame(columns)
    with pytest.raises(TypeError, match=r"X\[0\]\[1\] must be one real number, not the string 'one'"):
        Samples.of(table, [0, 1], ("X", "y"))


@pytest.mark.parametrize("library", ["stand-in", "pandas", "polars"])
def test_a_table_with_a_gap(library: str) -> None:
    """What is not finite is named with its place, and a note has the names of the columns; nothing is trained."""
    columns = {"age": [1.0, 2.0], "height": [0.5, math.nan]}
    table = Frame(**columns) if library == "stand-in" else pytest.importorskip(library).DataFrame(columns)
    with pytest.raises(ValueError, match=r"X\[1\]\[1\] is nan, and samples must be finite") as caught:
        Samples.of(table, [0, 1], ("X", "y"))
    assert "[0] is 'age', [1] is 'height'" in caught.value.__notes__[0]


def test_columns_of_mixed_and_nullable_types() -> None:
    """pandas' integers, bools, floats, nullable and object columns are numbers all; words in a category are not."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": [True, False], "c": [0.5, 0.25]})
    wanted = [[1.0, 1.0, 0.5], [2.0, 0.0, 0.25]]
    for found in (table, table.convert_dtypes(), table.astype(object), table.set_index(pandas.Index([7, 8]))):
        assert [list(map(float, row)) for row in Samples.of(found, pandas.Series([1, 0]), ("X", "y")).inputs] == wanted
    with pytest.raises(TypeError, match="must be one real number, not the string 'u'"):
        Samples.of(table.assign(b=pandas.Categorical(["u", "v"])), [0, 1], ("X", "y"))
    gap = table.convert_dtypes()
    gap.loc[0, "a"] = pandas.NA
    with pytest.raises((TypeError, ValueError), match=r"X\[0\]\[0\]"):
        Samples.of(gap, [0, 1], ("X", "y"))


def test_a_lazy_table_is_collected_first() -> None:
    """The remedy for a LazyFrame is `collect()`."""
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=r"not a LazyFrame: X\.collect\(\)"):
        Samples.of(polars.DataFrame({"a": [1.0]}).lazy(), [0], ("X", "y"))


@pytest.mark.parametrize(
    ("model", "targets", "message"),
    [
        (MLP(2, [1], rng=0), [[t] for t in Y], r"Give each target as one number, as the model does: y\[:, 0\]"),
        (Sequential(Linear(2, 1, rng=0)), Y, r"Give each target in a list, as the model does: y\.reshape\(-1, 1\)"),
    ],
    ids=["a list too many", "a list too few"],
)
def test_one_output_alone_or_in_a_list(model: Any, targets: Any, message: str) -> None:
    """Where model and targets differ in that, the error says what to write."""
    with pytest.raises(ValueError, match=message):
        fit(model, X, targets, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=1, progress=False)


def test_data_may_be_lists_tuples_and_arrays() -> None:
    """All the same numbers, eager and compiled; integers too."""
    for engine in ENGINES:
        wanted = trained(engine=engine)[0].loss
        for inputs in (np.array(X), tuple(map(tuple, X)), [np.array(x) for x in X]):
            for y in (np.array(Y), tuple(Y)):
                assert trained(X=inputs, y=y, engine=engine)[0].loss == wanted
    assert trained(X=[[1, 0], [0, 1]], y=[1, 0])[0].loss == trained(X=np.eye(2), y=np.array([True, False]))[0].loss


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (refused(X=[]), ValueError, "X is empty: give at least one sample"),
        (refused(y=np.array([])), ValueError, "y is empty"),
        (refused(X=X[:5]), ValueError, "X has 5 samples, y has 23: give a target for every sample"),
        (refused(X=[*X[:-1], [1.0]]), ValueError, r"X\[0\] is of shape \(2,\), X\[22\] is of shape \(1,\)."),
        (refused(X=[[[1.0, 2.0], [3.0]]] * 23), ValueError,
         r"X\[0\] is ragged: X\[0\]\[0\] is of shape \(2,\), X\[0\]\[1\] is of shape \(1,\)\. Give"),
        (refused(X=[[]] * 23), ValueError, r"X has samples without numbers, of shape \(0,\)"),
        (refused(X=[*X[:-1], [1.0, math.nan]]), ValueError, r"X\[22\]\[1\] is nan, and samples must be finite numbers"),
        (refused(X=[[math.inf, 0], *X[1:]]), ValueError, r"X\[0\]\[0\] is inf"),
        (refused(y=[*CLASSES[:-1], math.nan]), ValueError, r"y\[22\] is nan"),
        (refused(X=[[10**400, 1]] * 23), ValueError, r"X\[0\]\[0\] is inf"),
        (refused(X=[["1", "2"]] * 23), TypeError, r"X\[0\]\[0\] must be one real number, not the string '1'"),
        (refused(X=[[None, 2]] * 23), TypeError, r"X\[0\]\[0\] must be one real number, not None"),
        (refused(X=iter(X)), TypeError, r"X must be a list, tuple or array of samples, not a list_iterator: list\("),
    ],
)  # fmt: skip
def test_samples_that_fit_refuses(call: Any, error: type[Exception], message: str) -> None:
    """Before any training: no parameter has moved."""
    with pytest.raises(error, match=message):
        call()


# --- data as machine code reads them, and data larger than memory -----------------------------------------------------

ENGINES = ["eager", "compiled"]


def stored(folder: Path, kind: str) -> tuple[Any, Any]:
    """X and Y in files, read as memmaps, or in arrays that machine code cannot read where they lie."""
    if kind == "columns":
        return np.asfortranarray(np.array(X)), np.array(Y)
    dtype = {"float64": "<f8", "bytes in the other order": ">f8", "mixed": "<f8"}[kind]
    xs: Any = np.memmap(folder / "X", dtype=dtype, mode="w+", shape=(23, 2))
    ys: Any = np.memmap(folder / "y", dtype=">f8" if kind == "mixed" else dtype, mode="w+", shape=(23,))
    xs[:], ys[:] = X, Y
    xs.flush()
    return np.memmap(folder / "X", dtype=dtype, mode="r", shape=(23, 2)), ys


def test_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are looked at one by one, with the same result."""
    wanted = [trained(engine="eager", metrics=[mse_loss], validation_data=(X, Y))[0].state_dict()]
    wanted += [trained(X=[(X, Y), (X[:7], Y[:7])], y=None, engine="eager")[0].state_dict()]
    many = Samples.of(X * 100, Y * 100, ("X", "y"))
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert trained(metrics=[mse_loss], validation_data=(X, Y))[0].state_dict() == wanted[0]
    assert trained(X=[(X, Y), (X[:7], Y[:7])], y=None)[0].state_dict() == wanted[1]
    found = Samples.of(X * 100, Y * 100, ("X", "y"))
    assert (list(found.inputs), found.target_list) == (list(many.inputs), many.target_list)
    with pytest.raises(ValueError, match=r"X\[1\]\[0\] is nan"):
        Samples.of([[1.0], [math.nan]] * 1000, [1.0] * 2000, ("X", "y"))


def test_arrays_stay_where_they_lie(tmp_path: Path) -> None:
    """Float64 in C's order is not copied; anything else once, unless it is large."""
    for xs in (np.array(X), stored(tmp_path, "float64")[0]):
        data = Samples.of(xs, Y, ("X", "y"))
        assert data.arrays is not None
        assert np.shares_memory(data.arrays[0], xs)
    for xs in (np.array(X, dtype=np.float32), np.asfortranarray(np.array(X)), np.array(X)[:, ::-1]):
        data = Samples.of(xs, Y, ("X", "y"))
        assert data.arrays is not None
        assert data.arrays[0].flags.c_contiguous
        assert data.arrays[0].tolist() == list(data.inputs)


class EachStep(Callback):
    """Wants to see each step, which is then made alone."""

    def on_before_optimizer_step(self, model: Any, history: Any) -> None:
        """Look."""


@pytest.mark.parametrize("kind", ["float64", "bytes in the other order", "mixed", "columns"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "options",
    [{}, {"shuffle": False, "accumulate": 2}, {"batch_size": None}, {"callbacks": [EachStep()]}, {"clip_grad_norm": 0.1}],
    ids=shown,
)
def test_large_data_give_the_same_bits(
    kind: str, engine: str, options: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read where they lie, or some batches at a time: in training, validation and metrics."""
    wanted, model = trained(engine=engine, validation_data=(X, Y), metrics=[mse_loss], **options)
    monkeypatch.setattr("nn.training.samples.CONVERTED", 0)
    monkeypatch.setattr("nn.training.compiled.BUFFERED", 3 * 11)
    xs, ys = stored(tmp_path, kind)
    history, other = trained(X=xs, y=ys, engine=engine, validation_data=(xs, ys), metrics=[mse_loss], **options)
    assert (history.loss, history.metrics, numbers(other)) == (wanted.loss, wanted.metrics, numbers(model))
    assert history.val_loss == pytest.approx(wanted.val_loss, rel=1e-14)


def test_numbers_in_files_are_checked(tmp_path: Path) -> None:
    """Also the last block's."""
    xs: Any = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=(300_000, 2))
    xs[299_999, 1] = math.inf
    with pytest.raises(ValueError, match=r"X\[299999\]\[1\] is inf, and samples must be finite numbers"):
        Samples.of(xs, xs[:, 0], ("X", "y"))


LARGE = """
import sys, tracemalloc
import numpy as np
import nn.training.compiled
from nn import SGD, Linear, fit, mse_loss, predict

folder, dtype, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(0)
shapes = {"X": (rows, 64), "y": (rows, 1)}
arrays = [np.memmap(f"{folder}/{name}", dtype=dtype, mode="w+", shape=shape) for name, shape in shapes.items()]
for first in range(0, rows, 10_000):
    arrays[0][first : first + 10_000] = rng.normal(size=(10_000, 64))
    arrays[1][first : first + 10_000] = arrays[0][first : first + 10_000, :1]
model = Linear(64, 1, rng=0)
tracemalloc.start()
history = fit(model, *arrays, loss=mse_loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=2, batch_size=1000, seed=0,
              progress=False, engine="compiled")
trained = tracemalloc.get_traced_memory()[1]
tracemalloc.reset_peak()
predict(model, arrays[0][:20_000], engine="compiled")
print(arrays[0].nbytes, trained, tracemalloc.get_traced_memory()[1], history.loss[-1] < 0.01)
"""


@pytest.mark.parametrize(("dtype", "rows"), [("float64", 400_000), ("float32", 800_000)])
def test_memory_is_bounded(dtype: str, rows: int, tmp_path: Path) -> None:
    """200 MB in a file: a training has some batches in memory, and a few numbers for each sample."""
    command = [sys.executable, "-c", LARGE, str(tmp_path), dtype, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    size, training, predicting, learned = done.stdout.split()
    assert int(size) > 200e6
    assert int(training) < 0.3 * int(size)
    assert int(predicting) < 0.1 * int(size)
    assert learned == "True"
