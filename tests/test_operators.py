"""Operators: any class gets the table's primitives as methods and Python's operators, now and later, on either side."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import add, exp, mul, primitive
from autograd.definition import Primitive
from autograd.operators import Operators, install, operate
from autograd.real import is_node
from autograd.table import TABLE


class Word(Operators):
    """A formula as text: the simplest thing that can be an operand."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        texts = [operand.text if isinstance(operand, Word) else repr(operand) for operand in operands]
        return Word(f"{primitive.name}({', '.join(texts)})")


def through(primitive: Primitive, slow: Callable[..., Any]) -> Callable[..., Any]:
    """A method that leaves everything to `slow`."""
    return lambda *operands, **named: slow(primitive, *operands, **named)


install(Word, through)

BUILT_IN = list(TABLE.values())
every_primitive = pytest.mark.parametrize("known", BUILT_IN, ids=lambda known: known.name)


@every_primitive
def test_every_primitive_is_a_method(known: Primitive) -> None:
    """By its name, with the first line of its docstring; an internal primitive becomes no method."""
    method = getattr(Word, known.name, None)
    if known.internal:
        assert method is None
        return
    assert method is not None
    assert (method.__name__, method.__qualname__) == (known.name, f"Word.{known.name}")
    assert method.__doc__ == (known.__doc__ or "").splitlines()[0]
    if known.arity is not None:
        words = [Word(letter) for letter in "abc"[: known.arity]]
        assert method(*words).text == f"{known.name}({', '.join('abc'[: known.arity])})"


@every_primitive
def test_a_call_on_an_instance_is_recorded_by_its_class(known: Primitive) -> None:
    """Also for internal primitives, and wherever among the operands the instance stands."""
    arity = known.arity or 4
    for i in range(arity):
        operands = [Word("w") if j == i else float(j) for j in range(arity)]
        wanted = f"{known.name}({', '.join('w' if j == i else repr(float(j)) for j in range(arity))})"
        assert known.at(*operands).text == wanted
        if known.arity is not None:
            assert known(*operands).text == wanted


@pytest.mark.parametrize("known", [known for known in BUILT_IN if known.operator], ids=lambda known: known.name)
def test_every_operator_of_python(known: Primitive) -> None:
    """With an instance on either side, and a number on the other."""
    a = Word("a")
    if known.arity == 1:
        assert getattr(a, f"__{known.operator}__")().text == f"{known.name}(a)"
        return
    assert known.operator is not None
    import operator

    apply = getattr(operator, known.operator)
    assert apply(a, Word("b")).text == f"{known.name}(a, b)"
    assert apply(a, 2.0).text == f"{known.name}(a, 2.0)"
    assert apply(2.0, a).text == f"{known.name}(2.0, a)"
    assert apply(3, a).text == f"{known.name}(3, a)"


def test_plus_is_the_operand_itself() -> None:
    """+x records nothing."""
    a = Word("a")
    assert (+a) is a


def test_what_is_not_a_number_decides_itself() -> None:
    """An operator returns NotImplemented for it: an array goes through its elements; a string is Python's own TypeError."""
    a = Word("a")
    assert a.__add__("1") is NotImplemented
    assert a.__radd__([1.0]) is NotImplemented
    numbers = np.array([1.0, 2.0], dtype=object)
    assert [item.text for item in a * numbers] == ["mul(a, 1.0)", "mul(a, 2.0)"]
    assert [item.text for item in numbers - a] == ["sub(1.0, a)", "sub(2.0, a)"]
    with pytest.raises(TypeError, match="unsupported operand"):
        a + "1"


def test_operate() -> None:
    """A primitive as an operator: of numbers of any type, of nodes, and NotImplemented for all else."""
    assert operate(mul, 2, np.float32(0.5)) == 1.0
    assert operate(add, Word("a"), 1).text == "add(a, 1)"
    assert operate(add, 1.0, None) is NotImplemented
    assert operate(add, "1", Word("a")) is NotImplemented
    assert operate(add, 1j, 1.0) is NotImplemented


def test_a_call_by_name_says_which_operand_is_wrong() -> None:
    """Where no operand's class takes it."""
    with pytest.raises(TypeError, match=r"operand 0 of exp must be one real number.*the string 'a'"):
        exp("a")
    assert Word("a").leaky_relu().text == "leaky_relu(a, 0.01)"
    assert Word("a").clip(hi=2.0).text.startswith("clip(a, ")
    with pytest.raises(TypeError, match=r"exp.*too many positional"):
        Word("a").exp(1.0)


def test_later_primitives_become_methods_too() -> None:
    """Also again, when they are defined again."""
    primitive("later_test", evaluate=lambda x, y=2.0: x * y)
    assert Word("a").later_test().text == "later_test(a, 2.0)"
    primitive("later_test", evaluate=lambda x: x, doc="The number itself.\n\nAnd more.")
    assert Word("a").later_test().text == "later_test(a)"
    assert Word.later_test.__doc__ == "The number itself."
    primitive("hidden_test", evaluate=lambda x: x, internal=True)
    assert not hasattr(Word, "hidden_test")


def test_names_of_attributes_are_taken() -> None:
    """A primitive does not replace what a class has by itself, and is not added to the table."""
    with pytest.raises(ValueError, match=r"primitive name 'text' is taken: Word.text exists. Choose another name"):
        primitive("text", evaluate=lambda x: x)
    assert "text" not in TABLE
    assert Word("a").text == "a"


def test_its_instances_are_nodes() -> None:
    """By `_apply_primitive`; the class alone and numbers are not."""
    assert is_node(Word("a"))
    assert not is_node(1.0)
    assert not is_node(np.ones(2))
