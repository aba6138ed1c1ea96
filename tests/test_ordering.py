"""sort, argsort, argmax, argmin, cumsum, amax and amin: NumPy's results, gradients that move along, the same bits compiled."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, grad, hessian, jacobian, jit, jvp, take, values
from autograd.ordering import _network

LISTS = st.lists(
    st.one_of(st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf]), st.floats()), min_size=1, max_size=9
)


@given(LISTS)
@example([1.0, 1.0, 0.0, 1.0])
@example([math.nan, 2.0, math.nan, -1.0])
def test_as_numpy_has_them(xs: list[float]) -> None:
    """On floats and on Values."""
    array = np.array(xs)
    for numbers in (xs, [*map(Value, xs)]):
        np.testing.assert_array_equal(values(ag.sort(numbers)), np.sort(array))
        assert ag.argsort(numbers) == np.argsort(array, stable=True).tolist()
        assert (ag.argmax(numbers), ag.argmin(numbers)) == (np.argmax(array), np.argmin(array))
        np.testing.assert_array_equal(values([ag.amax(numbers), ag.amin(numbers)]), [np.amax(array), np.amin(array)])
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(values(ag.cumsum(numbers)), np.cumsum(array))


@pytest.mark.parametrize("count", range(12))
def test_the_network_sorts_all_zeros_and_ones(count: int) -> None:
    """Then it sorts everything (Knuth, volume 3, theorem Z)."""
    for bits in range(2**count):
        xs = [bits >> i & 1 for i in range(count)]
        for i, j in _network(count):
            xs[i], xs[j] = min(xs[i], xs[j]), max(xs[i], xs[j])
        assert xs == sorted(xs)


def weighted(xs: Any) -> Any:
    """Of a sorted list, of the extremes and of running sums, each with another weight."""
    total = sum(float(k + 1) * x * x for k, x in enumerate(ag.sort(xs)))
    total = total + 10.0 * take(xs, ag.argmax(xs)) * xs[0] + 20.0 * take(xs, ag.argmin(xs))
    return total + 100.0 * ag.amax(xs) - 1000.0 * ag.amin(xs) + sum(y * x for x, y in zip(xs, ag.cumsum(xs), strict=True))


POINTS = [[3.0, 1.0, 2.0, -4.0, 0.5], [2.0, 2.0, 1.0, 2.0, 1.0], [0.0, -0.0, 0.0, 5.0, -1.0]]


def test_derivatives_compiled_to_the_same_bits() -> None:
    """Value, gradient, Hessian and a directional derivative, at ties too."""
    transforms: list[Any] = [
        weighted,
        grad(weighted),
        hessian(weighted),
        lambda xs: jvp(weighted, (xs,), ([1.0, -2.0, 0.5, 3.0, 1.0],)),
        lambda xs: [ag.sort(xs), ag.argsort(xs), ag.argmax(xs), ag.argmin(xs)],
    ]
    for transform in transforms:
        compiled = jit(transform)
        for point in POINTS:
            assert compiled(point) == transform(point)


def test_gradients_are_those_of_the_permutation() -> None:
    """Each gradient moves with its number; equal numbers keep their order; the largest of equals share theirs."""
    assert grad(lambda xs: ag.sort(xs)[1])([3.0, 1.0, 2.0]) == [0.0, 0.0, 1.0]
    assert jacobian(ag.sort)(np.array([3.0, 1.0, 3.0])).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert grad(ag.amax)([2.0, 5.0, 5.0, 1.0]) == [0.0, 0.5, 0.5, 0.0]
    assert grad(ag.amin)([2.0, 1.0, 1.0, 1.0]) == pytest.approx([0.0, 1 / 3, 1 / 3, 1 / 3])
    assert all(map(math.isnan, grad(ag.amax)([1.0, math.nan])))
    assert jacobian(ag.cumsum)([1.0, 2.0, 3.0]) == [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]


def test_structures() -> None:
    """The result is like the argument; a place is an integer."""
    assert ag.sort((2.0, 1.0)) == (1.0, 2.0)
    assert ag.sort(np.array([2.0, 1.0])).tolist() == [1.0, 2.0]
    assert type(ag.argmax([Value(1.0), Value(2.0)])) is int
    assert ag.sort([]) == ag.argsort([]) == ag.cumsum([]) == []


def test_errors() -> None:
    """What is no flat sequence, and what has no largest number."""
    for name in ("sort", "argsort", "argmax", "argmin", "cumsum"):
        with pytest.raises(TypeError, match=f"{name} takes a flat sequence of numbers, not an array of shape"):
            getattr(ag, name)(np.ones((2, 2)))
        with pytest.raises(TypeError, match="not one number"):
            getattr(ag, name)(2.0)
    for name in ("argmax", "argmin"):
        with pytest.raises(ValueError, match=f"{name} of no numbers"):
            getattr(ag, name)([])
    for name in ("amax", "amin"):
        with pytest.raises(ValueError, match="of no numbers none is the largest"):
            getattr(ag, name)([])
