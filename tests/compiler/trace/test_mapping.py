"""Rows of arrays: what may be mapped, how, and what is said of what may not."""

from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, dot, grad, jit, sum_, tanh, value_and_grad
from tests.compiler.comparison import bits


class Pair(NamedTuple):
    """A named tuple among the arguments."""

    a: Any
    b: Any


def weighted(p: Any, x: Any) -> Any:
    """A number of parameters and a row."""
    return tanh(dot(list(p), list(x)))


X = np.random.default_rng(3).normal(size=(6, 4))
P = [0.1, -0.2, 0.3, -0.4]
BY_ROW = [weighted(P, row.tolist()) for row in X]


# --- axes and forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        X,
        X.tolist(),
        tuple(map(tuple, X.tolist())),
        np.asfortranarray(X),
        np.repeat(X, 2, axis=0)[::2],
        X[::-1][::-1],
        np.ascontiguousarray(X.T).T,
        X.astype(">f8"),
        X.astype(object),
        np.frombuffer(X.tobytes()).reshape(X.shape),
        X.view(),
        np.concatenate([X.ravel(), [0.0]])[:-1].reshape(X.shape),
        np.frombuffer(b"x" + X.tobytes(), dtype=np.uint8)[1:].view(float).reshape(X.shape),
    ],
    ids=[
        "contiguous", "lists", "tuples", "Fortran order", "every other row", "reversed", "transposed", "big-endian",
        "objects", "read-only", "view", "slice", "not aligned",
    ],
)  # fmt: skip
def test_arrays_of_every_form(form: Any, backend: str) -> None:
    """However the numbers lie in memory, and whoever may write to them."""
    f = jit(weighted, in_axes=(None, 0), backend=backend)
    if isinstance(form, np.ndarray) and form is X:
        form.setflags(write=False)
    assert bits(f(P, form)) == bits(BY_ROW)
    assert bits(jit(weighted, in_axes=(None, 0), reduce="sum", backend=backend)(P, form)) == bits(sum_(BY_ROW))


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8, np.uint8, bool, np.longdouble, object])
def test_other_dtypes_are_converted(dtype: Any, backend: str) -> None:
    """To float64, like numbers everywhere."""
    whole = np.abs(np.round(X)).astype(dtype)
    wanted = [weighted(P, [float(x) for x in row]) for row in whole]
    assert bits(jit(weighted, in_axes=(None, 0), backend=backend)(P, whole)) == bits(wanted)
    assert bits(jit(weighted, backend=backend)(P, whole[0])) == bits(wanted[0])


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_any_axis(axis: int, backend: str) -> None:
    """Negative ones count from the last; a row is an array without that axis."""
    cube = np.random.default_rng(0).normal(size=(3, 4, 5))
    rows = np.moveaxis(cube, axis, 0)
    f = jit(lambda x: (x @ np.arange(float(x.shape[1]))).sum() + x[0, 1], in_axes=axis, backend=backend)
    assert bits(f(cube)) == bits([sum_list(row) for row in rows])


def sum_list(row: Any) -> float:
    """The same on floats, in the order in which NumPy adds objects."""
    objects = row.astype(object)
    return float((objects @ np.arange(float(row.shape[1]))).sum() + objects[0, 1])


def test_structures_are_mapped_array_by_array(backend: str) -> None:
    """Each array in them over its rows: dicts, lists, tuples and named tuples, arguments and results."""

    def f(d: Any, pair: Any) -> Any:
        assert isinstance(d, dict)
        assert isinstance(pair, Pair)
        return OrderedDict(x=d["x"][0] * pair.a, rest=[pair.b, (d["x"], 1.0)])

    pairs = np.arange(12.0).reshape(6, 2)
    found = jit(f, in_axes=0, backend=backend)({"x": pairs}, Pair(np.arange(6.0), np.ones((6, 2, 3))))
    assert isinstance(found, OrderedDict)
    assert found["x"].tolist() == [y[0] * i for i, y in enumerate(pairs)]
    assert found["rest"][0].shape == (6, 2, 3)
    assert found["rest"][1][0].tolist() == pairs.tolist()
    assert found["rest"][1][1].tolist() == [1.0] * 6
    reduced = jit(f, in_axes=0, reduce="sum", backend=backend)({"x": pairs}, Pair(np.arange(6.0), np.ones((6, 2, 3))))
    assert reduced["rest"][0].tolist() == [[6.0] * 3] * 2
    assert reduced["rest"][1][1] == 6.0


def test_results_of_rows_are_arrays() -> None:
    """float64, contiguous, the caller's own."""
    f = jit(lambda x: [x, {"a": np.array([x, 2.0 * x])}], in_axes=0)
    first, second = f(np.arange(9.0)), f(np.arange(9.0) + 1.0)
    assert first[0].tolist() == list(range(9))
    assert second[0].tolist() == list(range(1, 10))
    assert first[1]["a"].shape == (9, 2)
    assert all(x.dtype == np.float64 and x.flags.c_contiguous and x.flags.writeable for x in (first[0], first[1]["a"]))


def test_the_arguments_are_not_changed(backend: str) -> None:
    """Nor do results share memory with them."""
    x = np.arange(5.0)
    found = jit(lambda x: x, in_axes=0, backend=backend)(x)
    found[0] = 100.0
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


@given(st.integers(0, 30), st.integers(0, 5), st.sampled_from([None, "sum", "mean"]))
@settings(max_examples=20)
def test_any_shape(count: int, width: int, reduce: Any) -> None:
    """No rows, no columns, one: sums of nothing are 0, means of nothing an error."""
    x = np.arange(float(count * width)).reshape(count, width)
    f = jit(lambda x: [sum_(list(x)), 1.0], in_axes=0, reduce=reduce)
    if count == 0 and reduce == "mean":
        with pytest.raises(ValueError, match="argument 'x' has no rows, and the mean of no rows is undefined"):
            f(x)
        return
    by_row = x.sum(axis=1), np.ones(count)
    found = f(x)
    for y, wanted in zip(found, by_row, strict=True):
        assert np.array_equal(y, wanted if reduce is None else wanted.sum() if reduce == "sum" else wanted.mean())


@pytest.mark.parametrize("fast", [False, True])
def test_no_rows(fast: bool, backend: str) -> None:
    """Sums are 0, of Values too; results by row are empty arrays of the right shape."""
    none: Any = np.zeros((0, 3))
    w = Value(2.0)
    f = jit(lambda x: w * x[0], in_axes=0, reduce="sum", fast=fast, backend=backend)(none)
    assert f.data == 0.0
    f.backward()
    assert w.grad == 0.0
    gradient = jit(value_and_grad(weighted), in_axes=(None, 0), reduce="sum", fast=fast, backend=backend)(P[:3], none)
    assert gradient == (0.0, [0.0, 0.0, 0.0])
    found = jit(lambda x: [x, x[0]], in_axes=0, fast=fast, backend=backend)(none)
    assert [y.shape for y in found] == [(0, 3), (0,)]
    with pytest.raises(ValueError, match="no rows"):
        jit(lambda x: x[0], in_axes=0, reduce="mean", fast=fast, backend=backend)(none)


def test_shared_arguments_and_keywords(backend: str) -> None:
    """None is an argument that all rows share, of any structure; so are arguments by keyword."""

    def f(x: Any, p: Any, *, scale: Any = 1.0) -> Any:
        return (p["w"] * x + p["b"][1]) * scale

    mapped = jit(f, in_axes=(0, None), backend=backend)
    assert mapped([1.0, 2.0], {"w": 3.0, "b": np.array([1.0, 2.0])}).tolist() == [5.0, 8.0]
    assert mapped([1.0, 2.0], {"w": 3.0, "b": [1.0, 2.0]}, scale=10.0).tolist() == [50.0, 80.0]


def test_two_mapped_arguments_and_one_axis_for_all() -> None:
    """in_axes=0 is the axis of every argument; in_axes=(0, 1) one each."""
    f = jit(lambda x, y: x * y[0], in_axes=0)
    assert f([1.0, 2.0], [[3.0], [4.0]]).tolist() == [3.0, 8.0]
    g = jit(lambda x, y: x * y[0], in_axes=(0, 1))
    assert g([1.0, 2.0], [[3.0, 4.0]]).tolist() == [3.0, 8.0]


@pytest.mark.parametrize("reduce", [None, "sum"])
def test_a_result_that_no_row_has_a_part_in(reduce: Any, backend: str) -> None:
    """Is there for each row, and is summed once for each, from left to right."""
    f = jit(lambda w, x: [w * 0.1, x, 0.1], in_axes=(None, 0), reduce=reduce, backend=backend)
    found = f(3.0, np.arange(7.0))
    wanted = [[3.0 * 0.1] * 7, list(range(7)), [0.1] * 7]
    assert bits(found) == bits(wanted if reduce is None else [sum_(map(float, column)) for column in wanted])


# --- Values among rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_values_among_the_rows(reduce: Any, backend: str) -> None:
    """Mapped one by one, and each gets its gradient."""
    leaves = [Value(float(i)) for i in range(3)]
    f = jit(lambda x, y: x * x * y, in_axes=0, reduce=reduce, backend=backend)
    found = f(leaves, [1.0, 2.0, 3.0])
    total = sum_(list(found)) if reduce is None else found
    total.backward()
    scale = 3.0 if reduce == "mean" else 1.0
    assert [leaf.grad for leaf in leaves] == pytest.approx([2.0 * i * (i + 1.0) / scale for i in range(3)])
    assert f(np.arange(3.0), [1.0, 2.0, 3.0]) is not found


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_captured_values(reduce: Any, backend: str) -> None:
    """Each result is one Value, by row or reduced, whose operands are the parameters, with the gradients of eager Values."""
    w, b = Value(0.7, "w"), Value(-0.2, "b")

    def f(x: Any) -> Any:
        return tanh(w * x[0] + b) * x[1]

    mapped = jit(f, in_axes=0, reduce=reduce, backend=backend)
    found = mapped(X)
    by_row = [f(row.tolist()) for row in X]
    results = list(found) if reduce is None else [found]
    assert all(isinstance(r, Value) and {*r.operands} == {w, b} for r in results)
    wanted = by_row if reduce is None else [sum_(by_row) / (1.0 if reduce == "sum" else float(len(X)))]
    assert [r.data for r in results] == [r.data for r in wanted]
    for result, eager in zip(results, wanted, strict=True):
        w.grad = b.grad = None
        result.backward()
        compiled = w.grad, b.grad
        w.grad = b.grad = None
        eager.backward()
        assert compiled == pytest.approx((w.grad, b.grad), rel=1e-13)


def test_inside_of_a_trace_and_under_transforms(backend: str) -> None:
    """A mapped function within a jitted one, and differentiated: to the parameters, and to the rows."""
    mapped = jit(weighted, in_axes=(None, 0), reduce="sum", backend=backend)

    def eager(p: Any) -> Any:
        return sum_([weighted(p, row.tolist()) for row in X])

    assert bits(grad(mapped)(P, X)) == bits(grad(lambda p: mapped(p, X))(P))
    assert grad(mapped)(P, X) == pytest.approx(grad(eager)(P), rel=1e-13)
    assert bits(jit(grad(eager), backend=backend)(P)) == bits(grad(eager)(P))
    assert bits(jit(lambda p: mapped(p, X) * 2.0, backend=backend)(P)) == bits(eager(P) * 2.0)
    to_rows = grad(lambda x: mapped(P, x))(X)
    assert to_rows.shape == X.shape
    assert bits(to_rows) == bits(np.array([grad(weighted, argnums=1)(P, row.tolist()) for row in X]))
    found = ag.hessian(mapped)(P, X)
    wanted = ag.hessian(eager)(P)
    assert np.allclose(found, wanted, rtol=1e-12, atol=1e-13)


def test_the_rows_of_the_call_are_what_is_differentiated(backend: str) -> None:
    """A buffer that is filled anew between a call and backward() changes no gradient."""
    w = Value(2.0)
    f = jit(lambda x: [w * x, w * w * x], in_axes=0, reduce="sum", backend=backend)
    batch = np.ones(3)
    _, result = f(batch)
    batch[:] = 100.0
    result.backward()
    assert w.grad == 12.0
    g = jit(lambda x: w * w * w * x, in_axes=0, reduce="sum", backend=backend)
    batch[:] = 1.0
    result = g(batch)
    gradient = grad(lambda s: result * s)
    batch[:] = 100.0
    w.grad = None
    gradient(1.0).backward()
    assert w.grad == 36.0


def test_maps_of_maps(backend: str) -> None:
    """Over the rows of matrices, and inside over the numbers of a row."""
    inner = jit(lambda x: x * x, in_axes=0, reduce="sum", backend=backend)
    matrix = np.arange(6.0).reshape(2, 3)
    assert jit(lambda row: inner(row) + 0.0, in_axes=0, backend=backend)(matrix).tolist() == [5.0, 50.0]
    assert jit(inner, in_axes=0, backend=backend)(matrix).tolist() == [5.0, 50.0]
    assert jit(inner)(matrix[0]) == 5.0


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        pytest.param(
            lambda f: f(P, X[0, 0]), ValueError, r"'x' is mapped over axis 0.*at least 1 dim.*shape \(\)", id="number"
        ),
        pytest.param(lambda f: f(P), ValueError, r"in_axes=\(None, 0\) is for 2 arguments, 1 were given", id="too few"),
        pytest.param(lambda f: f(P, [[1.0], [1.0, 2.0]]), ValueError, "'x' .*unequal lengths", id="ragged"),
        pytest.param(lambda f: f(P, X.astype(complex)), TypeError, "'x' must be .*real.*complex128", id="complex"),
        pytest.param(lambda f: f(P, [["a"]]), TypeError, "'x' must be .*real.*<U1", id="strings"),
        pytest.param(lambda f: f(P, [[1j]]), TypeError, "'x' must be .*real.*complex128", id="complex lists"),
        pytest.param(
            lambda f: f(P, np.array(["2020"], dtype="M8[Y]")), TypeError, "'x' must be .*real.*datetime64", id="dates"
        ),
        pytest.param(lambda f: f(P, [[None]]), TypeError, "'x'.*element 0", id="None"),
        pytest.param(lambda f: f(P, None), (TypeError, ValueError), "'x'", id="None for rows"),
        pytest.param(lambda f: f(P, np.ma.masked_array(X)), TypeError, "'x' .*masked", id="masked"),
        pytest.param(lambda f: f(P, {1.0, 2.0}), (TypeError, ValueError), "'x'", id="set"),
        pytest.param(lambda f: f("a", X), TypeError, "'p' must be one real number, not the string 'a'", id="shared string"),
    ],
)
def test_rows_that_are_none(call: Any, error: Any, message: str) -> None:
    """The message names the argument, what was wanted and what was given."""
    with pytest.raises(error, match=message):
        call(jit(weighted, in_axes=(None, 0)))


def test_rows_that_do_not_fit_each_other() -> None:
    """Both arguments are named, with their numbers of rows; of arrays in one argument, both numbers."""
    f = jit(lambda x, y: x * y, in_axes=0)
    with pytest.raises(ValueError, match=r"'y' has 4 rows, argument 'x' has 3: .* shape \(4,\), .*\(3,\) wants \(3,\)"):
        f(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match=r"'x' holds arrays of 2 and 3 rows: 'a' has shape \(2,\), 'b' \(3,\)"):
        f({"a": np.ones(2), "b": np.ones(3)}, np.ones(2))
    with pytest.raises(ValueError, match=r"axis 2, which needs an array of at least 3 dimensions; it was given shape \(3,\)"):
        jit(lambda x: x, in_axes=2)(np.ones(3))
    with pytest.raises(ValueError, match=r"axis -2, which needs an array of at least 2 dimensions"):
        jit(lambda x: x, in_axes=-2)(np.ones(3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: jit(lambda: 1.0, in_axes=0)(),  # noqa: PLW0108 - plainly
        lambda: jit(lambda *, x: x, in_axes=0)(x=np.ones(3)),
        lambda: jit(lambda x: 1.0, in_axes=0)({}),
        lambda: jit(lambda n: 1.0, in_axes=0, static_argnums=0)(3),
    ],
    ids=["no argument", "by keyword only", "an empty dict", "static alone"],
)
def test_nothing_that_has_rows(call: Any) -> None:
    """An error that says so, not a StopIteration, which would end a loop around it in silence."""
    with pytest.raises((TypeError, ValueError), match="row"):
        call()


@pytest.mark.parametrize(("axis", "shape"), [(0, (2, 2)), (1, (2, 2)), (-1, (2, 2)), (-2, (2, 2)), (2, (2, 2, 2)), (-1, (2,))])
def test_every_call_maps_over_the_same_axis(axis: int, shape: tuple[int, ...]) -> None:
    """Calls after the first, which are quicker, take rows along the axis too."""
    array = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)

    def first_and_last(x: Any) -> Any:
        numbers = np.ravel(x)
        return numbers[0] - 10.0 * numbers[-1]

    f = jit(first_and_last, in_axes=axis)
    wanted = [first_and_last(row) for row in np.moveaxis(array, axis, 0)]
    assert [f(array).tolist() for _ in range(3)] == [wanted] * 3
