"""Dask arrays as mapped arguments: the bits of NumPy's in the same chunks, lazily by row, each program compiled once."""

import random
from typing import Any

import pytest

da = pytest.importorskip("dask.array", reason="needs the extra distributed")

import dask  # noqa: E402 - after it is known to be there
import numpy as np  # noqa: E402

from autograd import Value, detect_anomaly, dot, exp, grad, hessian, jit, no_grad, sin, sum_, value_and_grad  # noqa: E402
from autograd.compiler import distributed  # noqa: E402
from autograd.compiler.distributed import Parcel, Programs, any_chunked, is_chunked  # noqa: E402
from tests.compiler.comparison import bits  # noqa: E402

RNG = random.Random(0)
ROWS = 2500
X = np.array([[RNG.uniform(-1, 1) for _ in range(3)] for _ in range(ROWS)])
Y = np.array([RNG.uniform(-1, 1) for _ in range(ROWS)])
P = np.array([0.5, -1.0, 2.0])
BLOCKS = (1024, 1024, 452)
"""The chunks that are the blocks of so many rows."""


def loss(p: Any, x: Any, t: Any) -> Any:
    """A loss of one row."""
    return sin(dot(p, x) - t) * exp(x[0])


def flat(result: Any) -> list[int]:
    """The bits of a value and its gradient."""
    value, gradient = result
    return [bits(float(x)) for x in (value, *gradient)]


@pytest.fixture(autouse=True)
def _in_threads() -> Any:
    """Dask's threads of this process, unless a test has a cluster."""
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


# --- what comes out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("chunks", [BLOCKS, (2500,), (1, 2499), (1000, 0, 1500), (70,) * 35 + (50,)], ids=str)
def test_chunks_are_calls_whose_sums_are_added_in_order(chunks: tuple[int, ...], fast: bool, reduce: str) -> None:
    """A mean is divided once, by the number of all rows."""
    each = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce="sum", fast=fast)
    ends = np.cumsum(chunks)
    sums = [each(P, X[end - n : end], Y[end - n : end]) for end, n in zip(ends, chunks, strict=True) if n]
    wanted = [sum_([float(x) for x in column]) for column in zip(*[(v, *g) for v, g in sums], strict=True)]
    wanted = [x / ROWS for x in wanted] if reduce == "mean" else wanted
    step = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce=reduce, fast=fast)
    found = step(P, da.from_array(X, chunks=(chunks, 2)), da.from_array(Y, chunks=(chunks,)))
    assert flat(found) == [bits(x) for x in wanted]
    assert type(found[0]) is float
    assert type(found[1]) is np.ndarray


def test_chunks_that_are_the_blocks_give_the_bits_of_one_array() -> None:
    """As many rows at once, in NumPy, are summed in the same blocks."""
    step = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean")
    assert flat(step(P, da.from_array(X, chunks=1024), da.from_array(Y, chunks=1024))) == flat(step(P, X, Y))
    assert flat(step(P, da.from_array(X, chunks=1024), Y)) == flat(step(P, X, Y))  # NumPy's is cut likewise
    assert flat(step(P, X, Y)) == flat(step(P, X, da.from_array(Y, chunks=BLOCKS)))


def test_by_row() -> None:
    """Lazy arrays in the structure of one row's result, whichever axis has the rows, with the bits of NumPy's."""

    def results(q: Any, scale: Any) -> Any:
        return {"a": q["a"] * scale, "b": [q["b"][0] + q["a"], q["b"]]}

    given = {"a": Y[:10], "b": X[:10].T}
    mapped = jit(results, in_axes=(-1, None))
    lazy = mapped({"a": da.from_array(given["a"], chunks=4), "b": da.from_array(given["b"], chunks=(2, 4))}, 3.0)
    wanted = mapped(given, 3.0)
    assert list(lazy) == ["a", "b"]
    for one, other in zip([lazy["a"], *lazy["b"]], [wanted["a"], *wanted["b"]], strict=True):
        assert is_chunked(one)
        assert one.chunks[0] == (4, 4, 2)
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        assert one.compute().tobytes() == other.tobytes()


def test_by_row_computes_nothing_before_it_is_asked() -> None:
    """And then the chunks that are asked for."""
    made: list[int] = []

    def chunk(i: int) -> Any:
        made.append(i)
        return np.full(3, float(i))

    chunks = [da.from_delayed(dask.delayed(chunk)(i), (3,), dtype=float) for i in range(4)]
    found = jit(lambda x: x * 2.0, in_axes=0)(da.concatenate(chunks))
    assert made == []
    assert found[7].compute() == 4.0
    assert made == [2]


def test_unknown_lengths() -> None:
    """Chunks whose number of rows is known when they are computed."""
    some = X[:, 0] > 0.0
    chunked, targets = da.from_array(X, chunks=1000), da.from_array(Y, chunks=1000)
    given = chunked[chunked[:, 0] > 0.0], targets[chunked[:, 0] > 0.0]
    step = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean")
    value, gradient = step(P, *given)
    wanted = step(P, X[some], Y[some])
    assert (value, gradient.tolist()) == (pytest.approx(wanted[0], rel=1e-13), pytest.approx(wanted[1].tolist(), rel=1e-13))
    by_row = jit(loss, in_axes=(None, 0, 0))
    assert by_row(P, *given).compute().tobytes() == by_row(P, X[some], Y[some]).tobytes()
    with pytest.raises(ValueError, match="unequal numbers of rows"):
        step(P, chunked[chunked[:, 0] > 0.0], targets[targets > 0.0])


def test_integers_are_converted() -> None:
    """As NumPy's are."""
    total = jit(lambda x: x / 2.0, in_axes=0, reduce="sum")
    assert total(da.from_array(np.arange(5), chunks=2)) == 5.0


def test_without_llvm() -> None:
    """The Python backend gives the same bits."""
    few = slice(0, 40)
    step = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean", backend="python")
    assert flat(step(P, da.from_array(X[few], chunks=40), Y[few])) == flat(step(P, X[few], Y[few]))


# --- Values -----------------------------------------------------------------------------------------------------------


def test_values_get_exact_partials() -> None:
    """Captured ones and arguments: one node, whose partials the chunks give; the second derivatives too."""
    chunked, targets = da.from_array(X, chunks=1024), da.from_array(Y, chunks=1024)
    scale = Value(1.5, label="scale")
    gradients = []
    for x, t in ((X, Y), (chunked, targets)):
        weights = [Value(w) for w in P]
        found = jit(lambda p, x, t: scale * loss(p, x, t), in_axes=(None, 0, 0), reduce="mean")(weights, x, t)
        scale.grad = 0.0
        found.backward()
        gradients.append([bits(y) for y in (found.data, scale.grad, *[w.grad for w in weights])])
        assert set(map(id, found.operands)) == {id(scale), *map(id, weights)}
    assert gradients[0] == gradients[1]
    total = jit(loss, in_axes=(None, 0, 0), reduce="sum")
    assert grad(lambda p: total(p, chunked, targets))(P).tobytes() == grad(lambda p: total(p, X, Y))(P).tobytes()
    assert hessian(lambda p: total(p, chunked, targets))(P).tobytes() == hessian(lambda p: total(p, X, Y))(P).tobytes()


def test_values_by_row() -> None:
    """No lazy array holds Values: refused, but under no_grad their numbers count."""
    scale = Value(1.5)
    mapped = jit(lambda x: scale * x, in_axes=0)
    chunked = da.from_array(Y, chunks=1000)
    with pytest.raises(TypeError, match=r"each row of its result would be a Value.*no_grad"):
        mapped(chunked)
    with no_grad():
        assert mapped(chunked).compute().tolist() == (1.5 * Y).tolist()


def test_detect_anomaly_looks_at_the_result() -> None:
    """As it does for rows in one array."""
    scale = Value(1.0)
    total = jit(lambda x: scale / x, in_axes=0, reduce="sum")
    with detect_anomaly(), pytest.raises(ArithmeticError, match="gave inf from finite operands"):
        total(da.from_array(np.array([1.0, 0.0, 2.0]), chunks=2))


# --- what is refused --------------------------------------------------------------------------------------------------

CHUNKED = da.from_array(X, chunks=1000)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (P, CHUNKED, da.from_array(Y, chunks=500)),
            ValueError,
            r"'x' has its rows in chunks of \(1000, 1000, 500\), .*'t' in",
        ),
        ((P, CHUNKED, Y[:5]), ValueError, "'t' has 5 rows in an array"),
        ((P, CHUNKED, np.array([Value(y) for y in Y])), ValueError, "the same number of plain numbers"),
        ((da.from_array(P), CHUNKED, Y), TypeError, r"argument 'p' must be numbers.*pass x.compute\(\)"),
        ((P, CHUNKED.astype(complex), Y), TypeError, "must be a Dask array of real numbers, not of dtype complex128"),
        ((P, CHUNKED, da.from_array(np.array(1.0))), ValueError, "'t' is mapped over axis 0, which needs an array"),
        ((P, CHUNKED[:0], Y[:0]), ValueError, "'x' has no rows, and the mean of no rows is undefined"),
        ((P, CHUNKED, ["a"] * ROWS), TypeError, "'t' must be an array of real numbers"),
    ],
)
def test_refused(arguments: Any, error: type[Exception], message: str) -> None:
    """With the names of arguments, why, and what to write instead."""
    with pytest.raises(error, match=message):
        jit(loss, in_axes=(None, 0, 0), reduce="mean")(*arguments)


def test_not_in_a_trace() -> None:
    """A trace has no place for a lazy array."""
    total = jit(lambda p, x: p * x, in_axes=(None, 0), reduce="sum")
    with pytest.raises(TypeError, match="while another function is traced"):
        jit(lambda p: total(p, da.from_array(Y, chunks=1000)))(2.0)


# --- how it travels ---------------------------------------------------------------------------------------------------


def test_a_process_compiles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chunks and calls there are."""
    known = Programs()
    monkeypatch.setattr(distributed, "PROGRAMS", known)
    step = jit(loss, in_axes=(None, 0, 0), reduce="sum")
    for _ in range(3):
        step(P, CHUNKED, Y)
    (compiled,) = known._known.values()
    assert compiled is Parcel(compiled).opened()
    assert compiled._executable is not None


def test_a_process_keeps_some_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those used last."""
    monkeypatch.setattr(distributed, "KEPT", 2)
    known = Programs()
    parcels = []
    for constant in (1.0, 2.0, 3.0):
        f = jit(lambda x, constant=constant: x * constant)
        f(1.0)
        parcels.append(Parcel(f._calls.latest.compiled))
    assert known.get(parcels[0].key) is None
    first, _ = (known.get(parcel.key, parcel.code) for parcel in parcels[:2])
    assert known.get(parcels[0].key) is first  # now the second is the one not used for longest
    known.get(parcels[2].key, parcels[2].code)
    assert [parcel.key in known for parcel in parcels] == [True, False, True]


def test_arguments_without_dask_are_no_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask is not imported to find out."""
    assert any_chunked([[X, {"a": CHUNKED}]])
    assert not any_chunked([[X, {"a": X}]])
    monkeypatch.delitem(distributed.sys.modules, "dask.array")
    assert not any_chunked([CHUNKED])


def test_on_a_cluster(cluster: Any) -> None:
    """Two worker processes give the bits that this one gives, and code of the user's need not be importable there."""
    step = jit(value_and_grad(loss), in_axes=(None, 0, 0), reduce="mean")
    targets = da.from_array(Y, chunks=1000)
    here = flat(step(P, CHUNKED, targets))
    by_row = jit(lambda x: [sin(x[0]), x], in_axes=0)
    wanted = by_row(X)
    with dask.config.set(scheduler=None), cluster.as_current():
        assert flat(step(P, CHUNKED, targets)) == here
        found = by_row(CHUNKED)
        assert [x.compute().tobytes() for x in found] == [x.tobytes() for x in wanted]
