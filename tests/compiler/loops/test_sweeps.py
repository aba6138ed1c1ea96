"""Sweeps through arrays: elements whose index only the run knows."""

from typing import Any

import pytest

from autograd import Value, fori_loop, grad, hessian, jit, scan, take, vmap, where


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
