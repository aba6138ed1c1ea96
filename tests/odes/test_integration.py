"""Integration: steps as long as the error allows, refused where they must be, and what a loop of them records."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp as by_scipy

import autograd as ag
from autograd import SolveError, Value, jit, odeint, topological_order
from autograd.odes.integration import Dense, Options, first_step


def lotka_volterra(y: Any, t: Any, p: Any) -> Any:
    """Prey and predators."""
    return [p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]]


P = [1.5, 1.0, 3.0, 1.0]
TS = [0.0, 0.3, 1.0, 2.2, 4.0]


@pytest.mark.parametrize("method", ["dopri5", "tsit5", "rosenbrock"])
@pytest.mark.parametrize("tolerance", [1e-5, 1e-8, 1e-10])
def test_the_error_follows_the_tolerance(method: str, tolerance: float) -> None:
    """Against SciPy's DOP853 at 1e-13, at points between steps too."""
    truth = by_scipy(lambda t, y: lotka_volterra(y, t, P), (0.0, 4.0), [1.0, 1.0], "DOP853", TS, rtol=1e-13, atol=1e-13)
    found = odeint(lotka_volterra, [1.0, 1.0], TS, P, rtol=tolerance, atol=tolerance, method=method)
    assert np.abs(np.array(found) - truth.y.T).max() < 300.0 * tolerance


def test_it_takes_about_as_many_steps_as_scipy() -> None:
    """Calls of f at the same tolerance, method for method."""
    calls = [0]

    def f(y: Any, t: Any) -> Any:
        calls[0] += 1
        return lotka_volterra(y, t, P)

    odeint(f, [1.0, 1.0], [0.0, 10.0], rtol=1e-6, atol=1e-6)
    found = by_scipy(lambda t, y: lotka_volterra(y, t, P), (0.0, 10.0), [1.0, 1.0], "RK45", rtol=1e-6, atol=1e-6)
    assert calls[0] < 1.2 * found.nfev


def test_stiff_equations_take_few_implicit_steps() -> None:
    """Robertson's problem: a hundred steps, where an explicit method needs thousands."""
    calls = [0]

    def robertson(y: Any, t: Any) -> Any:
        calls[0] += 1
        a, b = 0.04 * y[0], 1e4 * y[1] * y[2]
        c = 3e7 * y[1] * y[1]
        return [b - a, a - b - c, c]

    found = odeint(robertson, [1.0, 0.0, 0.0], [0.0, 40.0], method="rosenbrock", rtol=1e-6, atol=1e-10)[-1]
    assert calls[0] < 700
    assert found == pytest.approx([0.7158270687, 9.185534765e-6, 0.2841637458], rel=1e-4)


def test_only_accepted_steps_are_recorded() -> None:
    """The graph has as many nodes as the accepted steps need."""
    w = Value(1.0)
    y = odeint(lambda y, t: -w * y, 1.0, [0.0, 1.0], rtol=1e-4, atol=1e-4)[-1]
    assert len(topological_order(y)) < 800


def test_rows_of_dense() -> None:
    """There and back."""
    dense = Dense(1.0, 0.5, [2.0, 3.0], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    assert Dense.of(dense.row(), 2) == dense
    assert dense.at(1.0) == [2.0, 3.0]
    assert dense.at(1.5) == [18.0, 23.0]


def test_the_first_step_is_hairers() -> None:
    """For y' = y from 1: a step whose error is about the tolerance."""
    h = first_step(lambda y, t: [y[0]], 0.0, [1.0], [1.0], 5, Options(1e-6, 1e-6, "dopri5", 100, None))
    assert 0.005 < h < 0.1


def square(y: Any, t: Any) -> Any:
    """A pole at t = 1 / y(0)."""
    return y * y


@pytest.mark.parametrize(
    ("solve", "message"),
    [
        (
            lambda: odeint(lambda y, t: y * y, 1.0, [0.0, 2.0]),
            r"became too small, .* at t = 1\.0000.*: has the solution a pole",
        ),
        (
            lambda: odeint(lambda y, t: y, 1.0, [0.0, 9.0], max_steps=3),
            r"after max_steps=3 steps the end is not reached",
        ),
        (lambda: odeint(lambda y, t: ag.sqrt(-y), 1.0, [0.0, 1.0]), "became too small"),
    ],
)
def test_refusals(solve: Any, message: str) -> None:
    """Poles, too many steps, nan; compiled code gives nan."""
    with pytest.raises(SolveError, match=message):
        solve()
    assert np.isnan(jit(lambda y: odeint(lambda y, t: y * y, y, [0.0, 2.0])[-1])(1.0))
