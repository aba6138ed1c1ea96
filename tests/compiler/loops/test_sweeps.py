"""Sweeps through arrays: elements whose index only the run knows."""

from typing import Any

import numpy as np
import pytest

from autograd import Value, dot, exp, fori_loop, grad, hessian, jit, jvp, scan, take, vmap, where
from autograd.forms import Transpose


@pytest.mark.parametrize("index", [0.0, 1.0, 2.0, -1.0])
def test_gradients_go_to_the_element(index: float) -> None:
    """Also where the same element is read by its place, and within a loop."""

    def f(xs: Any, i: Any) -> Any:
        table = vmap(lambda x: x * x)(xs)
        return take(table, i) * table[1] + fori_loop(0, 3, lambda j, c: c + take(xs, i) * j, 0.0)

    xs = [1.5, -2.0, 0.5]
    expected = [x.item() for x in grad(f)([Value(x) for x in xs], index)]
    assert jit(grad(f))(xs, index) == expected
    assert jit(hessian(f))(xs, index) == hessian(f)(xs, index)


def test_a_loop_scatters_into_an_array() -> None:
    """Each turn adds to another element, some of them twice: a histogram's gradient."""

    def f(weights: Any, places: Any) -> Any:
        return scan(lambda c, i: (c + take(weights, i) ** 2.0, None), 0.0, places)[0]

    weights, places = [1.0, 2.0, 3.0, 4.0], [0.0, 2.0, 2.0, 3.0, -1.0]
    assert jit(grad(f))(weights, places) == grad(f)(weights, places) == [2.0, 0.0, 12.0, 16.0]


def test_nothing_arrives_beyond_a_choice() -> None:
    """What was not selected gets nothing, across turns: no 0 * inf."""

    def f(x: Any) -> Any:
        return fori_loop(0, 5, lambda _, c: where(c > 0.0, c**0.5, c * 1.0), x)

    assert jit(grad(f))(0.0) == grad(f)(0.0) == 1.0


def test_an_array_that_is_kept_and_read_by_its_elements() -> None:
    """In a loop derived twice: what arrives at the array's tape counts beside what arrives at an element."""

    def f(w: Any, xs: Any) -> Any:
        def outer(x: Any) -> Any:
            ys = vmap(lambda z: w * z)(xs)
            return scan(lambda d, y: (d + y * y, None), 0.0, ys)[0] + ys[1] * x

        return sum(vmap(outer)(xs))

    second = grad(grad(f))
    assert jit(second)(0.5, [0.5, 2.0]) == second(0.5, [0.5, 2.0]) == 17.0


@pytest.mark.parametrize("x", [-1.0, 1.0])
def test_an_array_of_numbers_that_come_from_another(x: float) -> None:
    """One of them twice, and one an element of an array by an index that only the run knows: all of it arrives."""

    def f(x: Any) -> Any:
        d = take([x], where(x < 0.5, 0.0, -1.0))
        return take([d, x], where(d < 0.5, 0.0, -1.0)) * d + take([d, d * x, d], where(x < 0.5, 0.0, 2.0)) ** 2.0

    for derived in (grad(f), grad(grad(f))):
        assert jit(derived)(x) == derived(x)


def columns(xs: Any) -> Any:
    """A matrix that a loop gives, read by rows and by columns; a choice decides what arrives."""
    rows = vmap(lambda x: [x, x * x, exp(-x)])(xs)
    turned = [list(column) for column in zip(*rows, strict=True)]
    sums = vmap(lambda column: dot(column, column))(turned)
    chosen = scan(lambda c, column: (c + where(column[0] > 0.5, column[1], column[-1] * c), None), 0.0, turned)[0]
    return sums[0] + sums[1] * sums[2] + chosen + rows[1][2] + sum(vmap(lambda row: row[0] * row[1])(rows))


@pytest.mark.parametrize("count", [2, 3, 7, 8, 9])
def test_columns_of_a_matrix(count: int) -> None:
    """They are rows of the transposed one, by one step of the program; derivatives of any kind go through it."""
    xs = [0.25 * i - 0.5 for i in range(count)]
    f = jit(columns)
    assert f(xs) == columns(xs)
    program = f._calls.latest.compiled.program
    (form,) = [form for form, _ in program.steps if isinstance(form, Transpose)]
    assert form == Transpose(3, count)
    for backend in ("llvm", "python"):
        assert jit(grad(columns), backend=backend)(xs) == grad(columns)(xs)
        assert jit(lambda xs: jvp(columns, [xs], [xs]), backend=backend)(xs) == jvp(columns, [xs], [xs])
        np.testing.assert_allclose(jit(hessian(columns), backend=backend)(xs), hessian(columns)(xs), rtol=1e-13)
        values = [Value(x) for x in xs]
        jit(columns, backend=backend)(values).backward()
        assert [x.grad for x in values] == grad(columns)(xs)


@pytest.mark.parametrize("reduce", [None, "sum"])
def test_columns_of_matrices_by_row(reduce: Any) -> None:
    """In lanes: each row of data has a matrix of its own."""
    data = np.array([[0.1 * i + 0.2 * j - 0.5 for j in range(4)] for i in range(11)])
    found = jit(grad(columns), in_axes=0, reduce=reduce, loops=True)(data)
    wanted = np.array([grad(columns)(row) for row in data.tolist()])
    np.testing.assert_allclose(found, wanted if reduce is None else wanted.sum(0), rtol=1e-13)


def test_columns_of_a_matrix_in_each_turn() -> None:
    """A matrix that a turn makes, and one that lies outside of it."""

    def f(xs: Any) -> Any:
        rows = vmap(lambda x: [x, x * x])(xs)

        def turn(x: Any) -> Any:
            mine = vmap(lambda y: [x * y, x + y, x - y])(xs)
            outside = vmap(lambda column: dot(column, xs))([list(column) for column in zip(*rows, strict=True)])
            inside = vmap(lambda column: dot(column, xs))([list(column) for column in zip(*mine, strict=True)])
            return dot(outside, inside[:2]) * inside[2]

        return sum(vmap(turn)(xs))

    xs = [0.5, -1.25, 2.0, 0.75]
    assert jit(f)(xs) == f(xs)
    assert jit(grad(f))(xs) == pytest.approx(grad(f)(xs), rel=1e-13)
