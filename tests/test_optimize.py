"""`objective` with every gradient method of SciPy."""

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from autograd import Value, jacobian, objective, sum_

START = np.array([1.3, 1.4, 1.9])


def rosenbrock(x: Any, a: float = 1.0) -> Any:
    """Rosenbrock's function of any number of variables; for a = 1 its minimum is at (1, 1, ...)."""
    return sum_([100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (a - x[i]) ** 2 for i in range(len(x) - 1)])


METHODS = [
    "CG",
    "BFGS",
    "Newton-CG",
    "L-BFGS-B",
    "TNC",
    "SLSQP",
    "dogleg",
    "trust-ncg",
    "trust-krylov",
    "trust-exact",
    "trust-constr",
]
BY_HESSIAN = {"Newton-CG", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr"}


@pytest.mark.parametrize("method", METHODS)
def test_every_gradient_method_finds_the_minimum(method: str) -> None:
    """Given the gradient, and the Hessian if the method takes it."""
    fun = objective(rosenbrock)
    options = {"maxfun": 1_000} if method == "TNC" else {}
    hess = {"hess": fun.hess} if method in BY_HESSIAN else {}
    found = optimize.minimize(fun, START, jac=True, method=method, options=options, **hess)
    assert found.success, found.message
    np.testing.assert_allclose(found.x, 1.0, atol=2e-3)


@pytest.mark.parametrize("method", sorted(set(BY_HESSIAN) - {"dogleg", "trust-exact"}))
def test_methods_that_take_products_with_the_hessian(method: str) -> None:
    """Given `hessp` instead of the Hessian."""
    fun = objective(rosenbrock)
    found = optimize.minimize(fun, START, jac=True, hessp=fun.hessp, method=method)
    assert found.success
    np.testing.assert_allclose(found.x, 1.0, atol=2e-3)


def test_derivatives_are_those_published() -> None:
    """They agree with SciPy's own gradient, Hessian and product of the same function, as floats and float64 arrays."""
    fun = objective(rosenbrock)
    value, gradient = fun(START)
    assert type(value) is float
    assert gradient.dtype == fun.hess(START).dtype == np.float64
    assert value == pytest.approx(optimize.rosen(START), rel=1e-14)
    np.testing.assert_allclose(gradient, optimize.rosen_der(START), rtol=1e-13)
    np.testing.assert_allclose(fun.hess(START), optimize.rosen_hess(START), rtol=1e-13)
    p = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(fun.hessp(START, p), optimize.rosen_hess_prod(START, p), rtol=1e-12)


def test_further_arguments_and_captured_values() -> None:
    """`args=` are passed on; with a captured Value, results are still plain numbers."""
    fun = objective(rosenbrock)
    found = optimize.minimize(fun, [1.5, 3.0], args=(2.0,), jac=True, hess=fun.hess, method="trust-exact")
    np.testing.assert_allclose(found.x, [2.0, 4.0], rtol=1e-4)
    center = Value(3.0)
    fun = objective(lambda x: (x[0] - center) ** 2)
    assert optimize.minimize(fun, [0.0], jac=True).x == pytest.approx([3.0])
    value, gradient = fun([0.0])
    assert (type(value), gradient.dtype, fun.hess([0.0]).dtype, fun.hessp([0.0], [1.0]).dtype) == (float, *[np.float64] * 3)


def test_least_squares_and_root_take_the_jacobian() -> None:
    """`jacobian(f)` of arrays has the form that they take."""

    def residuals(x: Any) -> Any:
        return np.array([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])

    assert optimize.least_squares(residuals, [-1.2, 1.0], jac=jacobian(residuals)).x == pytest.approx([1.0, 1.0])
    assert optimize.root(residuals, [-1.2, 1.0], jac=jacobian(residuals)).x == pytest.approx([1.0, 1.0])


def test_an_objective_can_be_pickled() -> None:
    """SciPy's workers need it."""
    fun = pickle.loads(pickle.dumps(objective(rosenbrock)))
    assert fun(START)[0] == rosenbrock(START)


def test_errors() -> None:
    """Of a function's result, of the shape of x, of what is not a function."""
    with pytest.raises(TypeError, match="must return one number, but it returned an array"):
        objective(lambda x: x)(START)
    with pytest.raises(ValueError, match=r"x must be an array of shape \(n,\), not \(1, 3\)"):
        objective(rosenbrock)(START[None])
    with pytest.raises(TypeError, match="takes a function"):
        objective(3.0)  # type: ignore[arg-type]
