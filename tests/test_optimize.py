"""`objective` with every gradient method of SciPy."""

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from autograd import Value, constraint, jacobian, objective, residuals, sum_

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


def terms(x: Any) -> Any:
    """Rosenbrock's function is the sum of their squares."""
    return {"steep": [10.0 * (x[i + 1] - x[i] ** 2) for i in range(len(x) - 1)], "flat": (1.0 - x[0], 1.0 - x[1])}


@pytest.mark.parametrize("sparse", [False, True])
def test_residuals_of_any_structure(sparse: bool) -> None:
    """Numbers, Jacobian and weighted Hessians; `least_squares` finds the minimum."""
    fun = residuals(terms, sparse=sparse)
    jac, hess = fun.jac(START), fun.hess(START, [1.0, 2.0, 3.0, 4.0])
    if sparse:
        assert (type(jac).__name__, type(hess).__name__) == ("csr_array", "csr_array")
        jac, hess = jac.toarray(), hess.toarray()
    x, y, _ = START
    np.testing.assert_allclose(fun(START), [*terms(START)["steep"], *terms(START)["flat"]])
    np.testing.assert_allclose(jac, [[-20 * x, 10, 0], [0, -20 * y, 10], [-1, 0, 0], [0, -1, 0]])
    np.testing.assert_allclose(hess, np.diag([-20.0, -40.0, 0.0]), atol=1e-300)
    assert optimize.least_squares(fun, START, jac=fun.jac).x == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_constraints(method: str, sparse: bool) -> None:
    """Rosenbrock's function in a ball and on a plane, against the solution by the other method without derivatives."""
    if sparse and method == "SLSQP":
        pytest.skip("SLSQP takes no sparse arrays")
    second = method == "trust-constr"
    fun = objective(rosenbrock, sparse=sparse)
    limits = [
        constraint(lambda x: x[0] ** 2 + x[1] ** 2 + x[2] ** 2, ub=2.0, sparse=sparse, hess=second),
        constraint(lambda x: [x[0] - 2.0 * x[1]], 0.0, 0.0, sparse=sparse, hess=second),
    ]
    found = optimize.minimize(
        fun, [0.5, 0.2, 0.1], jac=True, hess=fun.hess if second else None, constraints=limits, method=method
    )
    plain = optimize.minimize(
        rosenbrock,
        [0.5, 0.2, 0.1],
        method="SLSQP",
        constraints=[
            {"type": "ineq", "fun": lambda x: 2.0 - sum(x**2)},
            {"type": "eq", "fun": lambda x: x[0] - 2.0 * x[1]},
        ],
    )
    np.testing.assert_allclose(found.x, plain.x, atol=2e-3)
    assert found.fun == pytest.approx(plain.fun, abs=1e-4)


def test_sparse_derivatives_with_a_captured_value() -> None:
    """They are plain numbers, as dense ones are."""
    center = Value(3.0)
    fun = objective(lambda x: (x[0] - center) ** 2 * x[1], sparse=True)
    found = fun.hess([0.0, 1.0])
    assert found.dtype == np.float64
    assert found.toarray().tolist() == [[2.0, -6.0], [-6.0, 0.0]]
    assert residuals(lambda x: [center * x[0]], sparse=True).jac([1.0]).toarray().tolist() == [[3.0]]


def test_an_objective_can_be_pickled() -> None:
    """SciPy's workers need it."""
    fun = pickle.loads(pickle.dumps(objective(rosenbrock)))
    assert fun(START)[0] == rosenbrock(START)
    again = pickle.loads(pickle.dumps(residuals(terms, sparse=True)))
    assert again.jac(START).shape == (4, 3)
    assert pickle.loads(pickle.dumps(objective(rosenbrock, sparse=True))).hess(START).shape == (3, 3)


def test_errors() -> None:
    """Of a function's result, of the shape of x, of what is not a function."""
    with pytest.raises(TypeError, match="must return one number, but it returned an array"):
        objective(lambda x: x)(START)
    with pytest.raises(ValueError, match=r"x must be an array of shape \(n,\), not \(1, 3\)"):
        objective(rosenbrock)(START[None])
    with pytest.raises(TypeError, match="takes a function"):
        objective(3.0)  # type: ignore[arg-type]
