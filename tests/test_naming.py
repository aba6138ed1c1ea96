"""Names of functions that are made of others."""

import functools
import inspect
import math
import operator
from types import BuiltinFunctionType, ModuleType

import pytest

from autograd import grad
from autograd.naming import derived, name_of, signature_of


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


@pytest.mark.parametrize("module", [math, operator], ids=lambda module: module.__name__)
def test_built_in_functions_have_the_signature_that_inspect_finds(module: ModuleType) -> None:
    """Though `inspect`, whose tokenizer takes long to load, is not asked."""
    compared = 0
    for function in [thing for thing in vars(module).values() if isinstance(thing, BuiltinFunctionType)]:
        try:
            wanted = [(p.name, p.kind) for p in inspect.signature(function).parameters.values()]
            found = signature_of(function).parameters.values()
        except ValueError:  # it tells no signature
            continue
        assert [(p.name, p.kind) for p in found] == wanted
        compared += 1
    assert compared > 20


def test_inspect_is_not_asked_for_the_signature_of_a_built_in_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would load a tokenizer, in each process that imports the table."""
    monkeypatch.setattr(inspect, "signature", None)
    assert str(signature_of(math.atan2)) == "(y, x, /)"
    assert str(signature_of(operator.add)) == "(a, b, /)"
