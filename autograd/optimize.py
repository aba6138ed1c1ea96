"""Functions in the forms that SciPy's optimizers take: objectives, constraints and residuals, on floats and float64 arrays."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from autograd.extras import needed
from autograd.primitives import dot
from autograd.structures import flatten, values
from autograd.transforms import hessian, hvp, jacobian, value_and_grad


class objective:  # noqa: N801 - used like a function, as SciPy's own minimize is
    """f for `scipy.optimize.minimize(fun, x0, jac=True)`: fun(x) returns the value, a float, and the gradient, a float64 array.

    `fun.hess` is the Hessian, an array of shape (n, n), for `hess=`; `fun.hessp` the Hessian times a vector, for `hessp=`. x is
    an array of shape (n,), in which f finds Values. Further arguments (`args=` of minimize) are passed on unchanged. Needs
    NumPy, and SciPy for `sparse=True`, with which `fun.hess` is a sparse array, as trust-constr takes it. Raises TypeError if f
    does not return one number, and ValueError if x has another shape.

    >>> fun = objective(lambda x: (x[0] - 1.0) ** 2 + x[1] ** 2)
    >>> fun([3.0, 0.5])
    (4.25, array([4., 1.]))
    >>> fun.hess([3.0, 0.5])
    array([[2., 0.],
           [0., 2.]])
    """

    def __init__(self, f: Callable[..., Any], *, sparse: bool = False) -> None:
        self.f, self.sparse = f, sparse
        self._value_and_grad = value_and_grad(f)
        self._hessian = hessian(f, sparse=sparse)

    def __call__(self, x: Any, *args: Any) -> tuple[float, Any]:
        """The value and the gradient."""
        value, gradient = values(self._value_and_grad(_vector(x), *args))
        return value, gradient

    def hess(self, x: Any, *args: Any) -> Any:
        """The Hessian."""
        return _numbers(self._hessian(_vector(x), *args))

    def hessp(self, x: Any, p: Any, *args: Any) -> Any:
        """The Hessian times p, without computing the Hessian."""
        return values(hvp(lambda x: self.f(x, *args), (_vector(x),), (_vector(p),)))

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(objective, sparse=self.sparse), (self.f,)


class residuals:  # noqa: N801 - likewise
    """f for `scipy.optimize.least_squares(fun, x0, jac=fun.jac)`: fun(x) is the array of all numbers that f(x) returns.

    `fun.jac` is their Jacobian, an array of shape (m, n), or with `sparse=True` a sparse one; `fun.hess(x, v)` is the Hessian
    of v @ fun(x), as constraints need it. f may return any structure of numbers. Further arguments, needs and errors are those
    of `objective`.

    >>> fun = residuals(lambda x: [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])
    >>> fun([2.0, 1.0]), fun.jac([2.0, 1.0]).tolist()
    (array([-30.,  -1.]), [[-40.0, 10.0], [-1.0, 0.0]])
    """

    def __init__(self, f: Callable[..., Any], *, sparse: bool = False) -> None:
        self.f, self.sparse = f, sparse
        self._jacobian = jacobian(self._flat, sparse=sparse)
        self._hessian = hessian(lambda x, v, *args: dot(v, self._flat(x, *args)), sparse=sparse)

    def _flat(self, x: Any, *args: Any) -> list[Any]:
        return flatten(self.f(x, *args), "what the function returns")[0]

    def __call__(self, x: Any, *args: Any) -> Any:
        """The numbers."""
        np = needed("numpy", "objective", "'chainrule[jit]'")

        return np.array(values(self._flat(_vector(x), *args)), dtype=float)

    def jac(self, x: Any, *args: Any) -> Any:
        """Their Jacobian."""
        np = needed("numpy", "objective", "'chainrule[jit]'")

        found = _numbers(self._jacobian(_vector(x), *args))
        return found if self.sparse else np.array(found, dtype=float).reshape(-1, len(x))

    def hess(self, x: Any, v: Any, *args: Any) -> Any:
        """The Hessian of v @ fun(x)."""
        return _numbers(self._hessian(_vector(x), _vector(v).tolist(), *args))

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(residuals, sparse=self.sparse), (self.f,)


def constraint(
    f: Callable[..., Any], lb: Any = -math.inf, ub: Any = math.inf, *, sparse: bool = False, hess: bool = True
) -> Any:
    """The constraint lb <= f(x) <= ub, with f's Jacobian and Hessians: a `scipy.optimize.NonlinearConstraint`.

    `minimize(..., constraints=[...])` takes it with the methods SLSQP, COBYQA and trust-constr; lb and ub are numbers or
    arrays, equal for an equation. f may return any structure of numbers. With `sparse`, all matrices are sparse arrays, which
    trust-constr takes. SLSQP and COBYQA use no Hessians, and warn of them: for these, `hess=False`. Needs SciPy.

    >>> inside = constraint(lambda x: x[0] ** 2 + x[1] ** 2, ub=25.0)
    >>> inside.jac([3.0, 4.0]), inside.ub
    (array([[6., 8.]]), 25.0)
    """
    from scipy.optimize import NonlinearConstraint

    fun = residuals(f, sparse=sparse)
    return NonlinearConstraint(fun, lb, ub, jac=fun.jac, **({"hess": fun.hess} if hess else {}))


def _numbers(found: Any) -> Any:
    """Derivatives as plain numbers; sparse ones keep their places."""
    if not hasattr(found, "indptr"):
        return values(found)
    if found.data.dtype == object:
        np = needed("numpy", "objective", "'chainrule[jit]'")

        found.data = np.array(values(list(found.data)), dtype=float)
    return found


def _vector(x: Any) -> Any:
    np = needed("numpy", "objective", "'chainrule[jit]'")

    vector = np.asarray(x, dtype=float)
    if vector.ndim != 1:
        raise ValueError(
            f"x must be an array of shape (n,), not {vector.shape}: pass x.ravel(), and reshape it in the function"
        )
    return vector
