"""root, fixed_point, minimize: closed forms and SciPy, eager and compiled to the same bits, errors with the residual."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import autograd as ag
from autograd import (
    SolveError,
    Value,
    derivative,
    fixed_point,
    fori_loop,
    grad,
    gradients,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    linear_algebra,
    minimize,
    root,
)


def kepler(e: Any, eccentricity: Any, mean: Any) -> Any:
    """Kepler's equation."""
    return e - eccentricity * ag.sin(e) - mean


def anomaly(v: Any) -> Any:
    """Its solution."""
    return root(kepler, v[1], v[0], v[1])


def chain(x: Any, p: Any) -> Any:
    """A nonlinear system of the size of x."""
    left, right = [0.0, *x[:-1]], [*x[1:], 1.0]
    return [b * (3.0 - p * b) - a - 0.5 * c + 1.0 for a, b, c in zip(left, x, right, strict=True)]


@given(st.floats(0.0, 0.9), st.floats(-3.0, 3.0))
def test_keplers_equation(eccentricity: float, mean: float) -> None:
    """dE/dM = 1 / (1 - e cos E), dE/de = sin E dE/dM, and second derivatives."""
    at = [eccentricity, mean]
    found = anomaly(at)
    assert found - eccentricity * math.sin(found) == pytest.approx(mean, abs=1e-14)
    slope = 1.0 / (1.0 - eccentricity * math.cos(found))
    for way in (jacrev, jacfwd):
        assert way(anomaly)(at) == pytest.approx([math.sin(found) * slope, slope], rel=1e-9, abs=1e-12)
    curvature = -eccentricity * math.sin(found) * slope**3
    assert hessian(anomaly)(at)[1][1] == pytest.approx(curvature, rel=1e-8, abs=1e-10)


SOLVED: dict[str, tuple[Any, list[float]]] = {
    "one root": (anomaly, [0.4, 1.3]),
    "system": (lambda v: ag.sum_(root(chain, [-0.7] * 5, v[0] * v[1])), [1.5, 1.3]),
    "fixed point": (lambda v: fixed_point(lambda x, a, b: [ag.cos(a * x[1]), b * x[0]], [1.0, 1.0], *v)[0], [0.8, 0.9]),
    "minimum": (
        lambda v: minimize(lambda x, a, b: (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], *v)[1],
        [1.1, 9.0],
    ),
    "minimum from a known start": (
        lambda v: minimize(lambda y, a, b: (a - y) ** 2 + (b - y) ** 2 + (2.5 - y) ** 2 + (0.7 - y) ** 2, 0.1, *v),
        [0.3, -1.2],
    ),
    "roots in a loop": (
        lambda v: fori_loop(0, 3, lambda i, c: root(lambda x, a: x**3 + x - a, 1.0, c + v[0]), v[1]),
        [0.5, 0.2],
    ),
    "a root in an equation": (
        lambda v: root(lambda y, b: root(lambda x, a: x**3 + x - a, 1.0, y) - b * v[0], 1.0, v[1]),
        [1.1, 0.7],
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_compiled_as_eager_bit_for_bit(name: str) -> None:
    """Value, gradient, and second derivatives where they are compiled in reasonable time."""
    f, at = SOLVED[name]
    assert jit(f)(at) == f(at)
    assert jit(grad(f))(at) == grad(f)(at)
    assert grad(jit(f))(at) == pytest.approx(grad(f)(at), rel=1e-12)
    if name in ("one root", "system"):
        assert jit(hessian(f))(at) == hessian(f)(at)


@pytest.mark.parametrize("name", SOLVED)
def test_derivatives_are_those_of_the_solution(name: str) -> None:
    """By differences of solutions; both modes agree, and so do second derivatives by different ways."""
    f, at = SOLVED[name]
    h = 1e-5
    moved = [[x + s * h * (i == j) for i, x in enumerate(at)] for j in range(2) for s in (1.0, -1.0)]
    numeric = [(f(moved[2 * j]) - f(moved[2 * j + 1])) / (2.0 * h) for j in range(2)]
    assert grad(f)(at) == pytest.approx(numeric, rel=1e-7, abs=1e-8)
    assert jacfwd(f)(at) == pytest.approx(grad(f)(at), rel=1e-10)
    assert np.allclose(hessian(f)(at), jacrev(grad(f))(at), rtol=1e-8, atol=1e-10)


def test_minimize_finds_what_scipy_finds() -> None:
    """Rosenbrock's function of five unknowns, from afar."""
    f = lambda x: ag.sum_([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])  # noqa: E731
    assert minimize(f, [1.2, 1.0, 0.5, -0.5, 1.5]) == pytest.approx([1.0] * 5, rel=1e-10)
    booth = lambda x: (x[0] + 2.0 * x[1] - 7.0) ** 2 + (2.0 * x[0] + x[1] - 5.0) ** 2  # noqa: E731
    assert minimize(booth, np.array([0.0, 0.0])) == pytest.approx(optimize.minimize(booth, [0.0, 0.0]).x, abs=1e-6)


def test_structures_and_values_from_outside() -> None:
    """Dicts and arrays of unknowns; Values that f takes from a closure."""
    w = Value(2.0)
    found = root(lambda x, p: {"a": x["a"] * x["a"] - w, "b": [x["b"][0] - p * x["a"]]}, {"a": 1.0, "b": [0.0]}, 3.0)
    assert gradients(found["b"][0], w) == pytest.approx(3.0 * 0.5 / math.sqrt(2.0))
    compiled = jit(lambda: root(lambda x: x * x - w, 1.0))
    assert gradients(compiled(), w) == pytest.approx(0.5 / math.sqrt(2.0))
    assert root(lambda x, a: x - a, np.array([0.0, 0.0]), np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert type(root(lambda x: x - 1.0, 0.0)) is float
    assert grad(lambda x0: root(lambda x: x * x - 2.0, x0))(1.0) == 0.0


def test_a_pass_back_solves_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many iterations there were, and unknowns."""
    solves: list[int] = []
    plain = linear_algebra.solution_or_nan
    monkeypatch.setattr(linear_algebra, "solution_or_nan", lambda *a, **k: (solves.append(1), plain(*a, **k))[1])
    p = Value(1.95)
    total = ag.sum_(root(chain, [-0.7] * 8, p))
    assert not solves  # Newton's own are another name's
    total.backward()
    assert len(solves) == 1


def test_steps_are_halved_where_newton_overshoots() -> None:
    """arctan from 3: undamped steps diverge."""
    assert root(ag.arctan, 3.0) == pytest.approx(0.0, abs=1e-12)
    assert jit(lambda x0: root(ag.arctan, x0))(3.0) == root(ag.arctan, 3.0)


@pytest.mark.parametrize(
    ("solve", "message"),
    [
        (
            lambda: root(lambda x: x * x + 1.0, 1.0),
            r"root of <lambda>: the Jacobian is singular at x = 0\.0, .* residual is 1\.0",
        ),
        (
            lambda: root(ag.exp, 0.0, max_steps=20),
            r"did not converge: after 20 evaluations the largest residual is",
        ),
        (lambda: root(lambda x: [x[0] + x[1], 2.0 * x[0] + 2.0 * x[1] - 1.0], [0.0, 0.0]), "fewer independent equations"),
        (lambda: fixed_point(lambda x: 2.0 * x + 1.0, 1.0), "fixed_point of <lambda> did not converge"),
        (lambda: minimize(lambda x: x, 1.0), "minimize of <lambda> did not converge"),
        (lambda: root(ag.log, -1.0), r"the largest residual is"),
    ],
)
def test_no_solution_is_an_error_with_the_residual(solve: Any, message: str) -> None:
    """Not converged, singular, without a real root."""
    with pytest.raises(SolveError, match=message):
        solve()


def test_other_errors() -> None:
    """What f returns, and methods that there are not. Compiled code gives nan where eager code raises."""
    with pytest.raises(TypeError, match="must return as many numbers as x has, 1"):
        root(lambda x: [x, x], 1.0)
    with pytest.raises(TypeError, match="complex"):
        root(lambda x: complex(1.0, x.item()), 1.0)
    with pytest.raises(TypeError, match="must return one number"):
        minimize(lambda x: [x], 1.0)
    with pytest.raises(ValueError, match="method must be 'newton'"):
        root(lambda x: x, 1.0, method="magic")
    with pytest.raises(SolveError, match="has no derivative"):
        grad(lambda a: root(lambda x, a: (x - a) ** 2, 0.0, a))(0.0)
    assert math.isnan(jit(lambda a: root(lambda x, a: x * x - a, 1.0, a))(-1.0))
    assert jit(lambda a: root(lambda x, a: x * x - a, 1.0, a), in_axes=0)(np.array([1.0, 4.0])).tolist() == [1.0, 2.0]
    assert derivative(lambda a: root(lambda x, a: x * x - a, 1.0, a), 3)(4.0) == pytest.approx(0.375 * 4.0**-2.5)
    slopes = jacobian(lambda p: root(chain, [-0.7] * 3, p))
    assert jit(slopes)(2.0) == slopes(2.0)
