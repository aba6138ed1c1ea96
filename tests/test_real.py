"""Real numbers of any type as Python floats; and what is not one is named, with what to pass instead."""

import decimal
import fractions
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, grad
from autograd.compiler.trace.symbol import Symbol
from autograd.real import REAL_TYPES, any_node, as_float, check_condition, is_node, shown
from tests.compiler.comparison import in_another_process


@given(st.floats())
def test_a_float_is_returned_as_it_is(x: float) -> None:
    """The very object: -0.0, nan and all."""
    assert as_float(x, "x") is x


class Half(float):
    """A float of a user's class."""


NUMBERS: dict[str, tuple[Any, float]] = {
    "int": (3, 3.0),
    "bool": (True, 1.0),
    "Fraction": (fractions.Fraction(1, 3), 1 / 3),
    "Decimal": (decimal.Decimal("0.1"), 0.1),
    "Decimal of infinity": (decimal.Decimal("-Infinity"), -math.inf),
    "subclass of float": (Half(0.5), 0.5),
    "float16": (np.float16(0.5), 0.5),
    "float32": (np.float32(0.1), 0.10000000149011612),
    "float64": (np.float64(0.1), 0.1),
    "longdouble": (np.longdouble(0.25), 0.25),
    "uint8": (np.uint8(255), 255.0),
    "bool_": (np.bool_(True), 1.0),
    "2**53 + 1, which rounds to even": (2**53 + 1, 2.0**53),
    "the largest int that rounds to a double": (int(1.7976931348623157e308), 1.7976931348623157e308),
    "too large an int": (10**400, math.inf),
    "too small an int": (-(10**400), -math.inf),
    "too large a Fraction": (fractions.Fraction(10**400), math.inf),
    "too small a Fraction": (fractions.Fraction(-(10**400), 3), -math.inf),
}


@pytest.mark.parametrize(("number", "wanted"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_of_other_types(number: Any, wanted: float) -> None:
    """Rounded once, to a plain float."""
    for _ in range(2):  # when its type is met, and when it is known
        found = as_float(number, "x")
        assert type(found) is float
        assert found == wanted
    x = Value(2.0)
    for made in (x + number, number + x, x * number, number - x, x - number, x**number):
        assert type(made) is Value
        assert all(type(operand) in (float, Value) for operand in made.operands)
    assert (x**number).data == (x**wanted).data


def test_types_that_may_go_are_not_kept() -> None:
    """A type that arithmetic takes without asking again is one that lives as long as the interpreter."""

    class Passing(float):
        pass

    assert (Value(2.0) * Passing(3.0)).data == 6.0
    assert Passing not in REAL_TYPES
    assert Half not in REAL_TYPES
    assert (Value(2.0) * np.float32(3.0)).data == 6.0
    assert {int, np.float32} <= REAL_TYPES
    with pytest.raises(TypeError, match="timedelta64"):
        as_float(np.timedelta64(3, "s"), "x")
    assert np.timedelta64 not in REAL_TYPES


class Tensor:
    """A tensor without axes, as PyTorch and JAX have them."""

    shape = ()

    def __init__(self, number: Any) -> None:
        self.number = number

    def item(self) -> Any:
        return self.number

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.number, dtype=dtype)


def test_a_tensor_without_axes_is_its_number() -> None:
    """As `item()` gives it: for a Value, an operator on either side, a function and a transform; its class is no number."""
    x = Value(2.0)
    assert as_float(Tensor(3), "x") == 3.0
    assert [(x * Tensor(0.5)).data, (Tensor(0.5) - x).data, (x ** Tensor(3)).data] == [1.0, -1.5, 8.0]
    assert grad(lambda x: x * x)(Tensor(3.0)) == 6.0
    with pytest.raises(TypeError, match="x must be one real number, not the complex number 1j"):
        as_float(Tensor(1j), "x")
    with pytest.raises(TypeError, match="x must be one real number, not a type"):
        as_float(Tensor, "x")


def test_tensors_of_pytorch_itself() -> None:
    """One number in a tensor without axes; of several, or with an axis, the error says what to pass."""
    torch = pytest.importorskip("torch")
    for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool):
        assert as_float(torch.tensor(1, dtype=dtype), "x") == 1.0
    assert as_float(torch.tensor(2.0, requires_grad=True), "x") == 2.0
    assert (torch.tensor(2.0) * Value(3.0)).data == 6.0
    with pytest.raises(TypeError, match=r"not a Tensor: pass its elements one by one"):
        as_float(torch.tensor([1.0]), "x")


@given(st.integers())
def test_integers_of_any_size(number: int) -> None:
    """To the nearest double, by an exact reference."""
    try:
        wanted = float(fractions.Fraction(number))
    except OverflowError:
        wanted = math.copysign(math.inf, number)
    assert struct.pack("<d", as_float(number, "x")) == struct.pack("<d", wanted)


NOT_ONE: dict[str, tuple[Any, str]] = {
    "str": ("1.5", r"the string '1.5': convert it with float\(...\)"),
    "a word": ("cat", r"the string 'cat': convert it to a number, words.index\(...\) in a list of all words"),
    "a long str": ("x" * 1000, rf"the string '{'x' * 40}': convert"),
    "complex": (1 + 2j, r"the complex number \(1\+2j\): pass its .real or .imag"),
    "complex64": (np.complex64(1j), r"the complex number 1j: pass its .real"),
    "None": (None, r"None: pass a number such as 0.0"),
    "list": ([1.0], r"a list: pass its elements one by one, as in \[f\(x\) for x in xs\]"),
    "generator": ((x for x in "a"), "a generator: pass its elements"),
    "array": (np.ones(1), "a ndarray: pass its elements"),
    "array without dimensions": (np.array(1.0), "a ndarray: pass its elements"),
    "timedelta64": (np.timedelta64(3, "s"), "a timedelta64: pass"),
    "datetime64": (np.datetime64("2020-01-01"), "a datetime64: pass"),
    "object": (object(), "a object: pass a float"),
    "type": (float, "a type: pass a float"),
    "Value": (Value(1.0), r"a Value: use it as it is, or pass its number, v.item\(\)"),
    "Symbol": (Symbol("x"), "a Symbol: use it as it is$"),
    "bytes": (b"1", "a bytes: pass its elements"),
}


@pytest.mark.parametrize(("thing", "message"), NOT_ONE.values(), ids=NOT_ONE)
def test_what_is_not_one_real_number(thing: Any, message: str) -> None:
    """The TypeError names it as the caller does, tells its kind, and shows the fix."""
    with pytest.raises(TypeError, match=f"^operand 3 of f must be one real number, not {message}"):
        as_float(thing, "operand 3 of f")


def test_without_numpy() -> None:
    """NumPy is not imported to see whether a number is one of its own."""
    code = (
        "import sys\nfrom autograd.real import as_float\n"
        "assert as_float(3, 'x') == 3.0\n"
        "try: as_float('3', 'x')\n"
        "except TypeError: print('numpy' in sys.modules)"
    )
    assert in_another_process(code) == "False"


def test_nodes() -> None:
    """Values and Symbols are, by their class; numbers, classes and instances that only look like one are not."""
    look_alike = type("Thing", (), {})()
    look_alike._apply_primitive = None
    assert is_node(Value(1.0))
    assert is_node(Symbol("x"))
    assert not any(map(is_node, (1.0, 3, "x", None, np.ones(2), look_alike)))


@pytest.mark.parametrize("number", [-1, -2, np.int64(-2), np.int8(-1)])
def test_what_tilde_makes_of_a_bool(number: Any) -> None:
    """It is refused for a condition, with what it is and what to write."""
    with pytest.raises(
        TypeError, match=rf"condition of f is {number}, which is what ~ makes of {number == -2}.*`not condition`"
    ):
        check_condition(number, "f")


@pytest.mark.parametrize(
    "condition", [True, False, 0, 1, 2, -3, -1.0, -2.0, Value(-1.0), np.bool_(True), None, "a", np.ones(2)]
)
def test_other_conditions(condition: Any) -> None:
    """Anything else passes: whether it is a number is asked later."""
    check_condition(condition, "f")


def test_what_a_message_quotes() -> None:
    """A repr of bounded length; of what is nested too deeply for a repr, the type."""

    class Nested(list):  # type: ignore[type-arg]
        def __repr__(self) -> str:
            raise RecursionError

    assert shown([1.0, "a"]) == "[1.0, 'a']"
    assert len(shown("x" * 10_000)) == 200
    assert shown(Nested()) == "a Nested nested too deeply to be shown"


def test_a_node_among_many_numbers() -> None:
    """It is found by the types that there are: the class of a node is asked once, however many numbers there are."""
    asked: list[str] = []

    class Counting(type(Value)):  # type: ignore[misc]  # whatever it is
        def __getattribute__(cls, name: str) -> Any:
            asked.append(name)
            return super().__getattribute__(name)

    class Number(float, metaclass=Counting):
        pass

    assert not any_node([1.0, 2, True])
    assert any_node([1.0, Value(1.0)])
    many = [Number(1.0)] * 1000
    asked.clear()
    assert not any_node(many)
    assert len(asked) <= 1
