"""A function in the form that SciPy's optimizers take: on floats and float64 arrays, with gradient, Hessian and products."""

from collections.abc import Callable
from typing import Any

from autograd.structures import values
from autograd.transforms import hessian, hvp, value_and_grad


class objective:  # noqa: N801 - used like a function, as SciPy's own minimize is
    """f for `scipy.optimize.minimize(fun, x0, jac=True)`: fun(x) returns the value, a float, and the gradient, a float64 array.

    `fun.hess` is the Hessian, an array of shape (n, n), for `hess=`; `fun.hessp` the Hessian times a vector, for `hessp=`. x is
    an array of shape (n,), in which f finds Values. Further arguments (`args=` of minimize) are passed on unchanged. Needs
    NumPy, but not SciPy. Raises TypeError if f does not return one number, and ValueError if x has another shape.

    >>> fun = objective(lambda x: (x[0] - 1.0) ** 2 + x[1] ** 2)
    >>> fun([3.0, 0.5])
    (4.25, array([4., 1.]))
    >>> fun.hess([3.0, 0.5])
    array([[2., 0.],
           [0., 2.]])
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self._value_and_grad = value_and_grad(f)
        self._hessian = hessian(f)

    def __call__(self, x: Any, *args: Any) -> tuple[float, Any]:
        """The value and the gradient."""
        value, gradient = values(self._value_and_grad(_vector(x), *args))
        return value, gradient

    def hess(self, x: Any, *args: Any) -> Any:
        """The Hessian."""
        return values(self._hessian(_vector(x), *args))

    def hessp(self, x: Any, p: Any, *args: Any) -> Any:
        """The Hessian times p, without computing the Hessian."""
        return values(hvp(lambda x: self.f(x, *args), (_vector(x),), (_vector(p),)))

    def __reduce__(self) -> tuple[Any, ...]:
        return objective, (self.f,)


def _vector(x: Any) -> Any:
    import numpy as np

    vector = np.asarray(x, dtype=float)
    if vector.ndim != 1:
        raise ValueError(
            f"x must be an array of shape (n,), not {vector.shape}: pass x.ravel(), and reshape it in the function"
        )
    return vector
