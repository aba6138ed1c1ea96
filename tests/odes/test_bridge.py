"""solve_ivp: SciPy's results, with derivatives by sensitivities."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp as by_scipy

import autograd as ag
from autograd import Value, derivative, grad, hessian, jacfwd, jacrev, jit, jvp, odeint, solve_ivp

from .test_integration import P, lotka_volterra


def final(p: Any, method: str = "DOP853") -> Any:
    """Prey at the end."""
    fun = lambda t, y, p: lotka_volterra(y, t, p)  # noqa: E731
    return solve_ivp(fun, (0.0, 2.0), [1.0, p[3]], method, [0.0, 2.0], args=(p,), rtol=1e-9, atol=1e-9).y[0, -1]


def test_floats_give_what_scipy_gives() -> None:
    """To the bit, with its own result object."""
    fun = lambda t, y: lotka_volterra(y, t, P)  # noqa: E731
    mine, theirs = solve_ivp(fun, (0.0, 3.0), [1.0, 1.0]), by_scipy(fun, (0.0, 3.0), [1.0, 1.0])
    assert np.array_equal(mine.y, theirs.y)
    assert np.array_equal(mine.t, theirs.t)
    assert mine.nfev == theirs.nfev


@pytest.mark.parametrize("method", ["RK45", "DOP853", "LSODA"])
def test_gradients_are_those_of_odeint(method: str) -> None:
    """In both modes, to y0 and args."""
    other = lambda p: odeint(lotka_volterra, [1.0, p[3]], [0.0, 2.0], p, rtol=1e-10, atol=1e-10)[-1][0]  # noqa: E731
    expected = jit(grad(other))(P)
    assert jacrev(lambda p: final(p, method))(P) == pytest.approx(expected, rel=1e-5)
    assert jvp(lambda p: final(p, method), (P,), (P,))[1] == pytest.approx(np.dot(expected, P), rel=1e-5)


def test_second_derivatives() -> None:
    """Sensitivities of sensitivities: exp(-k)."""
    f = lambda k: solve_ivp(lambda t, y, k: [-k * y[0]], (0.0, 1.0), [1.0], args=(k,), rtol=1e-9, atol=1e-10).y[0, -1]  # noqa: E731
    assert derivative(f, 2)(2.0) == pytest.approx(math.exp(-2.0), rel=1e-7)
    assert jacfwd(grad(f))(2.0) == pytest.approx(math.exp(-2.0), rel=1e-7)
    assert hessian(lambda v: f(v[0]) * v[1])([2.0, 3.0])[0][1] == pytest.approx(-math.exp(-2.0), rel=1e-7)


def test_values_and_times() -> None:
    """y holds Values where an argument does, at the times that SciPy chose; ag's functions in fun."""
    k = Value(1.0)
    found = solve_ivp(lambda t, y, k: [-k * ag.sin(y[0])], (0.0, 1.0), [1.0], args=(k,))
    assert found.y.shape == (1, len(found.t))
    found.y[0, -1].backward()
    end = found.y[0, -1].data
    assert k.grad == pytest.approx(-math.sin(end), rel=1e-3)


def test_in_jit_it_is_refused() -> None:
    """With what to do instead."""
    with pytest.raises(TypeError, match="use odeint in jit"):
        jit(final)(P)
