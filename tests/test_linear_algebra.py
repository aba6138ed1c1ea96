"""linear_solve: against NumPy and closed forms, eager and compiled to the same bits; a derivative costs one solve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import SolveError, Value, derivative, grad, gradients, hessian, jacfwd, jacrev, jit, linear_solve
from autograd import linear_algebra as module


def system(seed: int, n: int) -> tuple[list[list[float]], list[float]]:
    """A matrix that needs pivots, and a right-hand side."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    a[0, 0] = 0.0
    return a.tolist(), rng.normal(size=n).tolist()


@given(st.integers(0, 10**6), st.integers(2, 7))
def test_against_numpy(seed: int, n: int) -> None:
    """Vectors, and matrices of several right-hand sides, as lists and arrays."""
    a, b = system(seed, n)
    if np.linalg.cond(a) > 1e6:
        return
    expected = np.linalg.solve(a, b)
    assert np.allclose(linear_solve(a, b), expected, rtol=1e-8, atol=1e-8)
    several = np.stack([b, np.arange(float(n))], axis=1)
    found = linear_solve(np.array(a), several)
    assert found.shape == (n, 2)
    assert np.allclose(found, np.linalg.solve(a, several), rtol=1e-8, atol=1e-8)


@given(st.integers(0, 10**6))
def test_derivatives_against_closed_forms(seed: int) -> None:
    """d (c x) = c A^-1 (d b - d A x), in both modes."""
    a, b = system(seed, 4)
    if np.linalg.cond(a) > 1e4:
        return
    c = [1.0, -2.0, 0.5, 3.0]
    f = lambda a, b: ag.dot(c, linear_solve(a, b))  # noqa: E731
    x, adjoint = np.linalg.solve(a, b), np.linalg.solve(np.transpose(a), c)
    for way in (jacrev, jacfwd):
        to_a, to_b = way(f, argnums=(0, 1))(a, b)
        assert np.allclose(to_b, adjoint, rtol=1e-7, atol=1e-7)
        assert np.allclose(to_a, -np.outer(adjoint, x), rtol=1e-6, atol=1e-6)


def test_orders_and_bits() -> None:
    """To third order against a closed form: x = 1 / (a - 1) solves [[a, 1], [1, 1]] x = [1, 0]; the same bits compiled."""
    f = lambda a: linear_solve([[a, 1.0], [1.0, 1.0]], [1.0, 0.0])[0]  # noqa: E731
    for order, expected in enumerate([1.0, -1.0, 2.0, -6.0]):
        assert derivative(f, order)(2.0) == pytest.approx(expected, rel=1e-14)
        assert jit(derivative(f, order))(2.0) == derivative(f, order)(2.0)
    a, b = system(1, 5)
    g = lambda a, b: ag.sum_([x * x for x in linear_solve(a, b)])  # noqa: E731
    assert jit(linear_solve)(a, b) == linear_solve(a, b)
    assert jit(grad(g, argnums=(0, 1)))(a, b) == grad(g, argnums=(0, 1))(a, b)
    assert jit(hessian(g, argnums=1))(a, b) == hessian(g, argnums=1)(a, b)


def test_a_derivative_costs_one_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: one for the value, one for a gradient to all of A and b, one for a tangent."""
    solves: list[int] = []
    plain = module.solution_or_nan
    monkeypatch.setattr(module, "solution_or_nan", lambda *args, **named: (solves.append(1), plain(*args, **named))[1])
    a, b = system(2, 6)
    values = [[Value(x) for x in row] for row in a]
    total = ag.sum_(linear_solve(values, b))
    assert len(solves) == 1
    gradients(total, values)
    assert len(solves) == 2
    ag.jvp(lambda b: linear_solve(a, b), (b,), (b,))
    assert len(solves) == 4


def test_in_a_map_over_rows() -> None:
    """Rows whose pivots lie elsewhere."""
    rows = np.array([[0.0, 2.0], [5.0, 1.0], [1.0, -4.0]])
    f = lambda v: linear_solve([[v[0], v[1]], [1.0, 1.0]], [1.0, 2.0])  # noqa: E731
    found = jit(f, in_axes=0)(rows)
    assert [list(x) for x in zip(*found, strict=True)] == [f(row) for row in rows.tolist()]


def test_errors() -> None:
    """Shapes, and singular matrices; compiled code gives nan or inf."""
    with pytest.raises(SolveError, match="singular: after 1 steps of elimination no pivot is left"):
        linear_solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0])
    with pytest.raises(ValueError, match="A must be 3 x 3 for a b of 3 rows"):
        linear_solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="for one equation, b / A"):
        linear_solve(2.0, 1.0)
    with pytest.raises(ValueError, match="rows differ in length"):
        linear_solve([[1.0, 2.0], [3.0]], [1.0, 1.0])
    assert not np.isfinite(jit(linear_solve)([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0])).all()
