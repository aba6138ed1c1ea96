"""Products of a matrix and a vector, whose numbers are kept under `no_grad()`: always those of `dot`, row by row."""

import gc
import math
import sys
import weakref
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from autograd import AnomalyError, Value, detect_anomaly, dot, no_grad, values
from autograd.modes import MODE
from autograd.products import FEWEST, Matrices, products, side_by_side
from nn import Linear, Parameter, functional_call
from tests.compiler.comparison import bits

EDGES = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -1e308, 1e308]


def matrix(rows: int, size: int, rng: Random, edges: float = 0.0) -> list[list[Value]]:
    """Values at random; as many of them as `edges` says are unusual numbers."""

    def number() -> float:
        return rng.choice(EDGES) if rng.random() < edges else rng.gauss(0.0, 10.0 ** rng.uniform(-9.0, 9.0))

    return [[Parameter(number()) for _ in range(size)] for _ in range(rows)]


def assert_as_dot(rows: Any, xs: Any) -> None:
    """Leaves with the bits of `dot`."""
    found = products(rows, xs)
    wanted = [dot(row, xs) for row in rows]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert type(one) is type(other)
        assert bits(values(one)) == bits(values(other))


@pytest.mark.parametrize("edges", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (1, 300), (2, 300), (300, 1), (7, 129)])
def test_the_bits_are_those_of_dot(shape: tuple[int, int], edges: float) -> None:
    """At any numbers, zeros of either sign and what overflows among them; for floats, Values and both as a vector."""
    rng = Random(f"{shape} {edges}")
    with no_grad():
        for _ in range(5):
            rows = matrix(*shape, rng, edges)
            for x in matrix(3, shape[1], rng, edges):
                assert_as_dot(rows, x)
                assert_as_dot(rows, values(x))
                assert_as_dot(rows, [v if i % 2 else v.data for i, v in enumerate(x)])


def test_a_matrix_is_taken_once() -> None:
    """And again for the next mode; nothing of it is left then."""
    rows = matrix(16, 16, Random(0))
    with no_grad():
        matrices = Matrices(np)
        assert matrices.columns(rows) is matrices.columns(list(rows))
        assert matrices.columns(rows) is not Matrices(np).columns(rows)
        products(rows, [1.0] * 16)
        mode = MODE.get()
        assert mode is not None
        kept = mode.matrices._known[id(rows[0])][2]
        products(rows, [2.0] * 16)
        assert mode.matrices._known[id(rows[0])][2] is kept
    first = weakref.ref(rows[0][0])
    del mode, rows, matrices
    gc.collect()
    assert first() is None


def in_place(rows: list[list[Value]]) -> None:
    """A Value."""
    rows[3][5] = Parameter(7.0)


def by_data(rows: list[list[Value]]) -> None:
    """A number of one."""
    rows[3][5].data = 7.0


def by_another_row(rows: list[list[Value]]) -> None:
    """A row."""
    rows[3] = [Parameter(7.0) for _ in rows[3]]


def by_state(rows: list[list[Value]]) -> None:
    """All numbers at once."""
    layer = Linear(len(rows[0]), len(rows), bias=False)
    layer.weight = rows
    layer.load_state_dict(dict.fromkeys(layer.state_dict(), 7.0))


def by_turns(rows: list[list[Value]]) -> None:
    """The order of rows."""
    rows.reverse()


def in_first(rows: list[list[Value]]) -> None:
    """That of the first row's Values."""
    rows[0].reverse()


def by_an_array(rows: list[list[Value]]) -> None:
    """A number of NumPy's."""
    rows[3][5] = np.float64(7.0)  # type: ignore[assignment]


def by_a_float(rows: list[list[Value]]) -> None:
    """A row of floats."""
    rows[3] = [2.0] * len(rows[3])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "change",
    [in_place, by_data, by_another_row, by_state, by_turns, in_first, by_an_array, by_a_float],
    ids=lambda f: f.__name__,
)
def test_what_changes_meanwhile_counts(change: Callable[[Any], None]) -> None:
    """Numbers set, Values and rows put in the place of others."""
    rows = matrix(16, 16, Random(1))
    x = matrix(1, 16, Random(2))[0]
    with no_grad():
        assert_as_dot(rows, x)
        change(rows)
        assert_as_dot(rows, x)
        assert_as_dot(rows, values(x))
        rows[1][2].data = 3.0
        assert_as_dot(rows, x)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_zero_in_the_place_of_the_other(zero: float) -> None:
    """They are equal as numbers, and give other bits: -0 * inf is as undefined, but 1 / (-0 * x) is not 1 / (0 * x)."""
    rows = [[Parameter(zero) for _ in range(FEWEST)]]
    with no_grad():
        assert_as_dot(rows, [-1.0] * FEWEST)
        rows[0][:] = [Parameter(-zero) for _ in range(FEWEST)]
        assert_as_dot(rows, [-1.0] * FEWEST)
        assert Matrices(np).columns([[Parameter(zero)]]).tolist() == [[zero]]


def test_a_functional_call_has_its_own_numbers() -> None:
    """Which are put into the model's lists for its time."""
    layer = Linear(16, 16, rng=0)
    state = {name: 0.5 * number for name, number in layer.state_dict().items()}
    x = [float(i) for i in range(16)]
    with no_grad():
        before = values(layer(x))
        other = values(functional_call(layer, state, x))
        assert other == [0.5 * y for y in before]
        assert values(layer(x)) == before


def test_what_is_recorded_or_checked_goes_row_by_row() -> None:
    """With its partials, or its error; so do rows of floats, rows that are no lists, and few numbers."""
    rows, x = matrix(16, 16, Random(3)), matrix(1, 16, Random(4))[0]
    assert products(rows, x)[0].operands == (*rows[0], *x)
    with no_grad(), detect_anomaly(), pytest.raises(AnomalyError, match="dot gave nan"):
        products(rows, [1e308] * 16)
    with no_grad():
        assert_as_dot(values(rows), values(x))
        assert_as_dot([tuple(row) for row in rows], x)
        assert_as_dot(rows[:2], x)
        assert not side_by_side(FEWEST - 1)
        assert side_by_side(FEWEST)
        with pytest.raises(ValueError, match="dot needs two sequences of equal length"):
            products(rows, x[:-1] * 3)
        with pytest.raises(ValueError, match="dot needs two sequences of equal length"):
            products([*rows, rows[0][:3]], x)
    assert not side_by_side(FEWEST)


def test_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row."""
    rows, x = matrix(16, 16, Random(5)), matrix(1, 16, Random(6))[0]
    monkeypatch.setitem(sys.modules, "numpy", None)
    with no_grad():
        assert_as_dot(rows, x)


def test_a_layer_gives_the_same_recorded_or_not() -> None:
    """Bias and activation included."""
    layer, x = Linear(16, 20, activation="tanh", rng=0), [math.sin(i) for i in range(16)]
    wanted = values(layer(x))
    with no_grad():
        assert bits(values(layer(x))) == bits(wanted)


def test_matrices_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is bounded, even if each call makes new lists."""
    monkeypatch.setattr("autograd.products.MOST", 1000)
    matrices, rng = Matrices(np), Random(7)
    held = [matrix(16, 16, rng) for _ in range(20)]
    for rows in held:
        matrices.columns(rows)
        assert len(matrices._known) <= 4
