"""implicit: solvers of one's own, SciPy's among them, with the derivatives of the implicit function."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import autograd as ag
from autograd import SolveError, Value, derivative, grad, gradients, hessian, implicit, jacfwd, jacobian, jacrev, jit, no_grad


@implicit(lambda x, a: x**3.0 + x - a)
def cubic(x0: float, a: float) -> Any:
    """By bisection, on plain floats."""
    assert type(a) is float
    return optimize.brentq(lambda x: x**3.0 + x - a, -10.0, 10.0, xtol=1e-15)


def circle(x: Any, p: Any) -> Any:
    """Where a circle meets a line."""
    return [x["u"] * x["u"] + x["v"] * x["v"] - p[0] * p[0], x["u"] - p[1] * x["v"]]


@implicit(circle)
def meeting(x0: Any, p: Any) -> Any:
    """By SciPy's root, on arrays."""
    assert p.dtype == float
    found = optimize.root(lambda x: circle({"u": x[0], "v": x[1]}, p), [x0["u"], x0["v"]], tol=1e-13)
    return {"u": found.x[0], "v": found.x[1]}


def test_scipys_brentq_to_third_order() -> None:
    """x'(a) = 1 / (3 x**2 + 1) at x = 1, and its derivatives: -6 x x'**3, ..."""
    f = lambda a: cubic(0.0, a)  # noqa: E731
    assert derivative(f, 1)(2.0) == pytest.approx(0.25, rel=1e-12)
    assert derivative(f, 2)(2.0) == pytest.approx(-6.0 / 64.0, rel=1e-12)
    assert derivative(f, 3)(2.0) == pytest.approx(-6.0 / 4.0**4 + 108.0 / 4.0**5, rel=1e-12)
    assert jacfwd(f)(2.0) == pytest.approx(0.25, rel=1e-12)


def test_scipys_root_with_structures() -> None:
    """u = r k / sqrt(1 + k**2), v = r / sqrt(1 + k**2) in dicts, with arrays as arguments; both modes; hessians."""
    closed = lambda p: {"u": p[0] * p[1] / ag.sqrt(1.0 + p[1] ** 2), "v": p[0] / ag.sqrt(1.0 + p[1] ** 2)}  # noqa: E731
    f = lambda p: meeting({"u": 1.0, "v": 1.0}, p)  # noqa: E731
    p = np.array([2.0, 0.7])
    for way in (jacrev, jacfwd):
        found, expected = way(f)(p), way(closed)(p)
        assert all(np.allclose(found[k], expected[k], rtol=1e-10) for k in "uv")
    found, expected = hessian(lambda p: f(p)["u"])(p), hessian(lambda p: closed(p)["u"])(p)
    assert np.allclose(found, expected, rtol=1e-8)


def test_linprog_by_its_active_constraints() -> None:
    """min -x - y under x + 2 y <= a, 3 x + y <= b: both bind."""

    @implicit(lambda x, a, b: [x[0] + 2.0 * x[1] - a, 3.0 * x[0] + x[1] - b])
    def vertex(x0: Any, a: float, b: float) -> Any:
        return optimize.linprog([-1.0, -1.0], A_ub=[[1.0, 2.0], [3.0, 1.0]], b_ub=[a, b]).x

    assert np.allclose(jacobian(lambda a: vertex([0.0, 0.0], a, 6.0))(4.0), [-0.2, 0.6])


def test_values_from_outside_count() -> None:
    """Those that optimality takes from a closure get derivatives too, of any order."""
    w, scale = Value(3.0), Value(2.0)
    inner = scale * scale

    @implicit(lambda x: x * x - w * inner)
    def f(x0: Any) -> Any:
        return (w.data * inner.data) ** 0.5

    y = f(1.0)
    assert gradients(y, [w, scale]) == pytest.approx([12.0**0.5 / 6.0, 12.0**0.5 / 2.0])
    first = gradients(y, w, create_graph=True)
    assert gradients(first, w) == pytest.approx(-(12.0**0.5) / 36.0)
    assert grad(lambda v: implicit(lambda x: x * x - v)(lambda x0: v.data**0.5)(1.0))(9.0) == pytest.approx(1.0 / 6.0)


def test_a_traceable_solver_in_jit() -> None:
    """The solution is one step of the program; the same bits."""

    @implicit(lambda x, a: x * x - a)
    def root_of(x0: Any, a: Any) -> Any:
        return ag.fori_loop(0, 30, lambda i, x: 0.5 * (x + a / x), x0)

    for order in (0, 1, 2):
        f = derivative(lambda a: root_of(1.0, a), order)
        assert jit(f)(2.0) == f(2.0)
    f = lambda a: root_of(1.0, a) * a  # noqa: E731
    assert grad(jit(f))(2.0) == grad(f)(2.0)
    assert derivative(jit(f), 2)(2.0) == pytest.approx(derivative(f, 2)(2.0), rel=1e-14)


def test_the_solver_is_never_differentiated() -> None:
    """It runs once a call, and a pass back calls neither it nor optimality again."""
    calls = {"g": 0, "solver": 0}

    def g(x: Any, a: Any) -> Any:
        calls["g"] += 1
        return x - a * a

    @implicit(g)
    def solver(x0: Any, a: float) -> float:
        calls["solver"] += 1
        return a * a

    a = Value(3.0)
    y = solver(0.0, a)
    before = dict(calls)
    y.backward()
    assert a.grad == 6.0
    assert calls == before == {"g": 1, "solver": 1}


def test_numbers_of_then() -> None:
    """What is set after the call changes no derivative."""
    a, w = Value(4.0), Value(1.0)
    y = implicit(lambda x, a: w * x * x - a)(lambda x0, a: a**0.5)(1.0, a)
    a.data, w.data = 100.0, 100.0
    assert gradients(y, [a, w]) == [0.25, -1.0]


def test_plain_numbers_and_no_grad() -> None:
    """Floats give floats; inside no_grad a Value without history."""
    assert cubic(0.0, 2.0) == pytest.approx(1.0)
    with no_grad():
        assert cubic(0.0, Value(2.0)).operands == ()


def test_errors() -> None:
    """What is no function, systems of the wrong size, singular ones."""
    with pytest.raises(TypeError, match=r"implicit takes the function optimality\(x, \*args\)"):
        implicit(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="decorates a solver"):
        implicit(circle)(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must return as many numbers as x has, 1, but it returned a list of 2"):
        implicit(lambda x, a: [x, a])(lambda x0, a: a)(1.0, Value(1.0))
    double = implicit(lambda x, a: (x - a) ** 2)(lambda x0, a: a)(1.0, Value(1.0))
    with pytest.raises(
        SolveError, match=r"the solution \[1\.0\] has no derivative, because the equations' Jacobian is singular"
    ):
        double.backward()
    with pytest.raises(TypeError, match="the solution must have the structure of x0, one number, but it is a list"):
        implicit(lambda x, a: x - a)(lambda x0, a: [a, a])(1.0, Value(1.0))
