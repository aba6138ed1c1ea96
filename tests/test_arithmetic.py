"""Arithmetic at the least cost: what the operators give, whatever the class of the operands; `test_methods.py` has the bits."""

from typing import Any

import pytest

from autograd import Value
from autograd.arithmetic import Arithmetic
from nn import Parameter


class Own(Value):
    """A class of one's own, with operators of its own."""

    __slots__ = ()

    def __radd__(self, other: Any) -> Any:
        return "mine"


OPERATIONS = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a ** 2": lambda a, _: a**2,
    "2 * a": lambda a, _: 2 * a,
    "2 + a": lambda a, _: 2.0 + a,
    "True - a": lambda a, _: True - a,
    "-a": lambda a, _: -a,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("kinds", [(Value, Value), (Value, Parameter), (Parameter, Value), (Parameter, Parameter)])
def test_results_are_values(operation: Any, kinds: tuple[type[Value], type[Value]]) -> None:
    """Whatever leaves they are of: a node has no room for attributes; operands are those that were given."""
    a, b = kinds[0](3.0), kinds[1](4.0)
    result = operation(a, b)
    assert type(result) is Value
    assert [x for x in result.operands if isinstance(x, Value)] in ([a], [a, b])
    assert result.data == operation(3.0, 4.0)


def test_a_class_has_operators_of_its_own() -> None:
    """Python asks a subclass on the right first."""
    assert Value(1.0) + Own(2.0) == "mine"
    assert 1.0 + Own(2.0) == "mine"
    assert (Own(2.0) + Value(1.0)).data == 3.0


@pytest.mark.parametrize("wrong", [None, "1", 1j, [1.0], object()])
@pytest.mark.parametrize("operation", ["__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__pow__"])
def test_what_is_no_number_decides_for_itself(operation: str, wrong: Any) -> None:
    """The method leaves the operand to its class, as Python's own numbers do."""
    assert getattr(Value(1.0), operation)(wrong) is NotImplemented


def test_operators_are_found_on_the_class() -> None:
    """They can be called by the class, as those of Python's numbers."""
    assert Arithmetic.__add__(Value(1.0), 2.0).data == 3.0
    assert Value.__mul__(Value(2.0), Value(3.0)).data == 6.0
