"""Operators: any class gets the table's primitives as methods and Python's operators, now and later, on either side."""

import math
import re
import statistics
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, add, exp, grad, jit, mul, no_grad, primitive
from autograd.compiler.trace.symbol import Symbol
from autograd.definition import Primitive
from autograd.operators import METHODS, Operators, install, operate
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


UNDEFINED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "v @ v": (lambda v: v @ v, r"@ is not defined.*dot\(xs, ys\)"),
    "v & v": (lambda v: v & v, r"& is not defined.*logical_and\(x, y\)"),
    "v | v": (lambda v: v | v, r"\| is not defined.*logical_or\(x, y\)"),
    "True & v": (lambda v: True & v, r"& is not defined"),
    "v << 1": (lambda v: v << 1, r"<< is not defined.*write x \* 2\.0\*\*n"),
    "v >> 1": (lambda v: v >> 1, r">> is not defined"),
    "pow(v, 2, 5)": (lambda v: pow(v, 2, 5), r"pow of three numbers is not defined.*write pow\(x, y\)"),
    "statistics.mean": (lambda v: statistics.mean([v, v]), r"as_integer_ratio is not defined.*sum_\(xs\) / float\(len\(xs\)\)"),
}
for_every_kind = pytest.mark.parametrize("kind", ["Value", "Symbol"])


def called(f: Callable[[Any], Any], kind: str) -> Any:
    """The function at 2.5, a Value or a number that is traced."""
    return f(Value(2.5)) if kind == "Value" else jit(f)(2.5)


@for_every_kind
@pytest.mark.parametrize(("f", "message"), UNDEFINED.values(), ids=UNDEFINED)
def test_operators_and_functions_without_a_primitive(f: Callable[[Any], Any], message: str, kind: str) -> None:
    """A TypeError that says what to write instead, not one of Python's or NumPy's."""
    with pytest.raises(TypeError, match=message):
        called(f, kind)


@for_every_kind
@pytest.mark.parametrize("sign", ["~", "^"])
def test_bits(sign: str, kind: str) -> None:
    """Neither has any: what is meant is `logical_not`, `!=` or `**`."""
    f = {"~": lambda v: ~v, "^": lambda v: v ^ v}[sign]
    with pytest.raises(TypeError, match=r"logical_not\(" if sign == "~" else "!="):
        called(f, kind)


UFUNCS = {name: known for name, known in vars(np).items() if isinstance(known, np.ufunc) and known.signature is None}
NO_LOOP = "not supported for the input types|only defined for np.datetime64"
"""NumPy's own words for functions that take no objects whatever: no word of ours can replace them."""


@pytest.mark.parametrize("ufunc", UFUNCS.values(), ids=UFUNCS)
@pytest.mark.filterwarnings("ignore::autograd.GradientLostWarning")  # the numbers alone are compared
def test_every_function_of_numpy(ufunc: np.ufunc) -> None:
    """Of arrays of Values: gives NumPy's own numbers, or an error of ours, or NumPy's that it takes no objects."""
    points = np.array([[0.75, 0.25], [0.5, 2.0]])[: ufunc.nin] + ufunc.__name__.endswith("ccosh")
    objects = np.array([[Value(x) for x in row] for row in points], dtype=object)
    try:
        found = ufunc(*objects)
    except TypeError as error:
        assert re.search(rf"is not defined for a Value, because .*: write |{NO_LOOP}", str(error)), error  # noqa: PT017 - or not
        return
    if ufunc.__name__ in ("gcd", "lcm"):
        return  # of floats NumPy has none
    wanted = np.asarray(ufunc(*points))
    numbers = [float(bool(x) if wanted.dtype == bool else x) for x in np.ravel(found)]
    np.testing.assert_allclose(numbers, wanted.astype(float), rtol=1e-14)


@pytest.mark.parametrize(("name", "instead"), METHODS.items(), ids=METHODS)
def test_what_the_messages_say_to_write_is_right(name: str, instead: str) -> None:
    """The code gives NumPy's number, on a Value."""
    ufunc = UFUNCS.get(name)
    code = instead.partition(" for ")[0]
    if ufunc is None or name == "bit_count":
        pytest.skip("advice in words")
    x, y = 0.75, 0.5
    found = eval(code, {**vars(autograd), "math": math, "x": Value(x), "y": y})
    assert autograd.values(found) == pytest.approx(float(ufunc(*(x, y)[: ufunc.nin])), rel=1e-15)


STATISTICS: dict[str, Callable[[Any], Any]] = {
    "var": np.var,
    "std": np.std,
    "mean": np.mean,
    "sum": np.sum,
    "prod": np.prod,
    "linalg.norm": np.linalg.norm,
    "vdot": lambda xs: np.vdot(xs, xs),
    "dot": lambda xs: np.dot(xs, xs),
    "conjugate": lambda xs: np.sum(np.conjugate(xs)),
    "ddof": lambda xs: np.var(xs, ddof=1),
    "cumsum": lambda xs: np.cumsum(xs)[-1],
    "trapezoid": lambda xs: np.trapezoid(xs) if hasattr(np, "trapezoid") else np.trapz(xs),
}


@pytest.mark.parametrize("f", STATISTICS.values(), ids=STATISTICS)
def test_statistics_of_arrays(f: Callable[[Any], Any]) -> None:
    """NumPy's functions that only calculate give its number and its slopes, for arrays and lists of Values, compiled too."""
    point = [0.5, 2.0, 3.5, -1.0]
    wanted = pytest.approx(float(f(np.array(point))), rel=1e-15)
    slopes = pytest.approx(approx_gradient(f, point), rel=1e-6)
    assert autograd.values(f(np.array([*map(Value, point)], dtype=object))) == wanted
    assert autograd.values(f([*map(Value, point)])) == wanted
    assert grad(f)(np.array(point)).tolist() == slopes
    assert jit(f)(np.array(point)) == wanted
    assert jit(grad(f))(np.array(point)).tolist() == slopes


def approx_gradient(f: Callable[[Any], Any], point: list[float], step: float = 1e-6) -> list[float]:
    """By central differences, of NumPy's own numbers."""
    moved = [
        [np.array([x + sign * step * (i == j) for j, x in enumerate(point)]) for sign in (1, -1)] for i in range(len(point))
    ]
    return [float(f(up) - f(down)) / (2.0 * step) for up, down in moved]


NUMBERS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "complex": complex,
    "math.sin": math.sin,
}


@pytest.mark.parametrize("f", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("number", [2.25, -2.5, 0.0, 1e20])
def test_numbers_alone(f: Callable[[Any], Any], number: float) -> None:
    """What Python makes of a float it makes of a Value, with a warning where that loses a gradient, at the user's line."""
    with no_grad():
        assert f(Value(number)) == f(number)
        assert type(f(Value(number))) is type(f(number))
    with warnings.catch_warnings(record=True) as of_leaf:
        warnings.simplefilter("always")
        f(Value(number))
    assert len(of_leaf) == (f in (float, complex, math.sin))  # the others have slope 0
    with pytest.warns(autograd.GradientLostWarning) as caught:
        f(Value(number) * 1.0)
    assert [Path(w.filename).name for w in caught] == [Path(__file__).name] * len(caught)
    with pytest.raises(TypeError, match="jit is tracing"):
        jit(f)(number)


ODDITIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "v[0]": (lambda v: v[0], "'Value' object is not subscriptable"),
    "iterating": (lambda v: [*v], "Value"),
    "sum(v)": (sum, "'Value' object is not iterable"),
    "len(v)": (len, "object of type 'Value' has no len"),
    "1 in v": (lambda v: 1 in v, "'Value'"),
    "v + 'a'": (lambda v: v + "a", "'Value' and 'str'"),
    "v + None": (lambda v: v + None, "'Value' and 'NoneType'"),
    "v // None": (lambda v: v // None, "'Value' and 'NoneType'"),
    "v < None": (lambda v: v < None, "'Value' and 'NoneType'"),
    "v * 1j": (lambda v: v * 1j, "'Value' and 'complex'"),
    "index": (lambda v: [1.0][v], "not Value"),
    "exp(1.0)": (lambda v: v.exp(1.0), r"Value\.exp\(\) takes 1 positional argument but 2 were given"),
}


@pytest.mark.parametrize(("f", "message"), ODDITIES.values(), ids=ODDITIES)
def test_what_no_number_can_do(f: Callable[[Any], Any], message: str) -> None:
    """Python's TypeErrors name the class."""
    with pytest.raises(TypeError, match=message):
        f(Value(2.0))


def test_none_is_no_number() -> None:
    """v == None is False, as for floats; sum of a list of Values is their sum."""
    v = Value(2.0)
    assert (v == None) is False  # noqa: E711 - that is the question
    assert (v != None) is True  # noqa: E711 - likewise
    assert sum([v, v]) == 4.0
    assert np.sum([v, v]) == 4.0


def test_users_may_define_what_is_missing() -> None:
    """A primitive of that name takes the place of the refusal, for NumPy too."""
    primitive("logical_xor", evaluate=lambda x, y: float((x != 0.0) != (y != 0.0)), partials=(0.0, 0.0))
    try:
        found = np.logical_xor(np.array([Value(8.0)], dtype=object), np.array([Value(0.0)], dtype=object))[0]
        assert found == 1.0
        assert Value(8.0).logical_xor(0.0) == 1.0
    finally:
        for kind in (Value, Symbol):
            del kind.logical_xor  # type: ignore[attr-defined]  # made by the table


WRONG: dict[str, tuple[Any, str]] = {
    "string": ("1.5", r"must be one real number, not the string '1\.5': convert it with float\(\.\.\.\)"),
    "word": ("a", r"must be one real number, not the string 'a': convert it "),
    "None": (None, "must be one real number, not None: pass a number such as 0.0"),
    "complex": (1j, r"must be one real number, not the complex number 1j: pass its \.real or \.imag"),
    "object": (object(), "must be one real number, not a object: pass a float"),
}
TAKERS: dict[str, Callable[[Any], Any]] = {
    "Value": Value,
    "a primitive": autograd.exp,
    "its second operand": lambda x: autograd.maximum(1.0, x),
    "a Value's method": lambda x: Value(1.0).maximum(x),
    "sum_": lambda x: autograd.sum_([1.0, x]),
    "where": lambda x: autograd.where(x, 1.0, 2.0),
    "grad": grad(lambda y: y),
    "jacobian, nested": lambda x: autograd.jacobian(lambda y: y)({"a": [x]}),
    "jvp": lambda x: autograd.jvp(lambda y: y, (x,), (1.0,)),
    "jit": jit(lambda y: y),
    "values": autograd.values,
    "the result": lambda x: grad(lambda y: x)(1.0) if x is not None else Value(x),
}


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("takes", TAKERS.values(), ids=TAKERS)
def test_what_is_not_a_number_is_refused_alike_everywhere(takes: Callable[[Any], Any], wrong: Any, message: str) -> None:
    """One message, with the same advice."""
    with pytest.raises(TypeError, match=message):
        takes(wrong)


@pytest.mark.parametrize("takes", [take for name, take in TAKERS.items() if name != "the result"])
def test_bools_are_numbers_everywhere(takes: Callable[[Any], Any]) -> None:
    """As in Python."""
    takes(True)


@pytest.mark.parametrize(("name", "ours"), [("_prev", "operands"), ("_op", "primitive"), ("_backward", "local_partials")])
def test_what_code_for_micrograd_asks_for(name: str, ours: str) -> None:
    """The AttributeError names ours, for reading and for setting; `hasattr` says no, and no other attribute is slowed."""
    for thing in (Value(1.0) * 2.0, Symbol("x")):
        with pytest.raises(AttributeError, match=f"has no {name}, as micrograd's has: here it is {ours}"):
            getattr(thing, name)
        with pytest.raises(AttributeError, match=f"here it is {ours}"):
            setattr(thing, name, None)
        assert not hasattr(thing, name)
    assert not hasattr(Value, "__getattr__")  # which would be asked for every attribute that a class looks up slowly
