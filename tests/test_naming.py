"""Names of functions that are made of others."""

import functools
import inspect

from autograd import grad
from autograd.naming import derived, name_of


def test_a_callable_object_bears_the_name_of_its_class() -> None:
    """A function has a name of its own; `partial` has none."""
    assert (name_of(abs), name_of(functools.partial(abs))) == ("abs", "partial")


def test_what_is_derived_tells_what_of() -> None:
    """Name, docstring, module and parameters are those of f."""

    def square(x: float, scale: float = 1.0) -> float:
        """x**2, scaled."""
        return x * x * scale

    made = derived("twice", square, lambda *args: 2.0 * square(*args))
    assert (made.__name__, made.__module__, made(3.0)) == ("twice_square", __name__, 18.0)
    for found in (made, grad(square)):
        assert "x**2, scaled." in (found.__doc__ or "")
        assert str(inspect.signature(found)) == "(x: float, scale: float = 1.0) -> float"
