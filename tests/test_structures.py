"""Structures: flatten and unflatten, values and grads."""

import argparse
import operator
import pickle
from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import (
    Value,
    grad,
    grads,
    hessian,
    jacobian,
    jit,
    jvp,
    register_structure,
    tree_leaves,
    value_and_grad,
    values,
    vjp,
    vmap,
)
from autograd.structures import as_array, flatten, outline, unflatten


class Pair(NamedTuple):
    """A named tuple."""

    first: Any
    second: Any


NUMBERS = st.floats(allow_nan=False)
STRUCTURES = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.builds(Pair, inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.dictionaries(st.integers(), inner, max_size=3).map(OrderedDict),
    ),
    max_leaves=8,
)


@given(STRUCTURES)
def test_apart_and_together_is_the_same(structure: Any) -> None:
    """For any nesting, types included; the shape is hashable and counts the numbers."""
    numbers, outline = flatten(structure, "it")
    again = unflatten(outline, numbers, as_array)
    assert again == structure
    assert repr(again) == repr(structure)
    assert outline.size == len(numbers)
    assert hash(outline) == hash(flatten(structure, "it")[1])


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0, 3)])
def test_arrays_apart_and_together(shape: tuple[int, ...]) -> None:
    """Numbers come in C order, whatever the array's order in memory."""
    array = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape).copy(order="F")
    numbers, outline = flatten({"a": array}, "it")
    assert numbers == array.ravel().tolist()
    again = unflatten(outline, numbers, as_array)["a"]
    assert again.shape == shape
    np.testing.assert_array_equal(again, array)


def test_values_and_grads_of_structures() -> None:
    """They are plain numbers in the structure of the Values; object arrays work too."""
    x, y = Value(2.0), Value(3.0)
    (x * y).backward()
    nested = {"w": [x, 1.0], "b": (y, Pair(x, 4))}
    assert values(nested) == {"w": [2.0, 1.0], "b": (3.0, Pair(2.0, 4.0))}
    assert grads(nested) == {"w": [3.0, 0.0], "b": (2.0, Pair(3.0, 0.0))}
    array = np.array([[x, y]], dtype=object)
    for found, wanted in ((values(array), [[2.0, 3.0]]), (grads(array), [[3.0, 2.0]])):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, wanted)
    assert values(x * y) == 6.0
    assert grads(Value(1.0)) == 0.0
    assert type(values(np.float64(1.0))) is float


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (None, "the argument of values must be one real number, not None"),
        ([1.0, "a"], r"the argument of values\[1\] must be one real number, not the string 'a'"),
        ((x for x in [1.0]), r"numbers in lists, tuples, dicts or arrays, not a generator: pass list\(...\)"),
        ({1.0}, "not a set"),
        (range(3), "not a range"),
    ],
)
def test_what_is_not_a_number(thing: Any, message: str) -> None:
    """The message names it and its place."""
    with pytest.raises(TypeError, match=message):
        values(thing)


@dataclass
class Weights:
    """A plain dataclass, with a default and a method."""

    w: Any
    b: Any = 0.0

    def line(self, x: Any) -> Any:
        """w x + b."""
        return self.w * x + self.b


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """One that cannot be changed."""

    w: Any
    b: Any


@dataclass
class Derived:
    """One that computes an attribute from the others."""

    w: Any
    b: Any
    both: Any = field(init=False)

    def __post_init__(self) -> None:
        self.both = self.w * self.b


class Parameters(dict):  # type: ignore[type-arg]  # of anything
    """A dict whose keys are attributes."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(name)
        return self[name]


class Floats(list):  # type: ignore[type-arg]  # likewise
    """A list with a method."""

    def total(self) -> Any:
        """Its sum."""
        return sum(self)


class Line:
    """A class that is no structure until it is registered, with a name beside its numbers."""

    def __init__(self, w: Any, b: Any, name: str) -> None:
        self.w, self.b, self.name = w, b, name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and vars(self) == vars(other)

    __hash__ = object.__hash__


register_structure(Line, lambda line: ([line.w, line.b], line.name), lambda name, parts: Line(*parts, name))


class Couple(tuple):  # type: ignore[type-arg]  # likewise
    """A tuple of a class of its own."""

    __slots__ = ()


CONTAINERS: dict[str, tuple[Any, Callable[[Any], list[Any]]]] = {
    "list": ([2.0, 3.0], list),
    "tuple": ((2.0, 3.0), list),
    "named tuple": (Pair(2.0, 3.0), list),
    "dict": ({"w": 2.0, "b": 3.0}, lambda x: [x["w"], x["b"]]),
    "OrderedDict": (OrderedDict(w=2.0, b=3.0), lambda x: [x["w"], x["b"]]),
    "defaultdict": (defaultdict(float, {"w": 2.0, "b": 3.0}), lambda x: [x["w"] + x["other"], x["b"]]),
    "Counter": (Counter({"w": 2.0, "b": 3.0}), lambda x: [x["w"], x["b"] + x["other"]]),
    "mappingproxy": (MappingProxyType({"w": 2.0, "b": 3.0}), lambda x: [x["w"], x["b"]]),
    "UserDict": (UserDict({"w": 2.0, "b": 3.0}), lambda x: [x["w"], x["b"]]),
    "ChainMap": (ChainMap({"w": 2.0, "b": 3.0}), lambda x: [x["w"], x["b"]]),
    "subclass of dict": (Parameters(w=2.0, b=3.0), lambda x: [x.w, x.b]),
    "subclass of list": (Floats([2.0, 3.0]), lambda x: [x.total() - x[1], x[1]]),
    "subclass of tuple": (Couple([2.0, 3.0]), list),
    "deque": (deque([2.0, 3.0], maxlen=2), list),
    "namespace": (SimpleNamespace(w=2.0, b=3.0), lambda x: [x.w, x.b]),
    "dataclass": (Weights(2.0, 3.0), lambda x: [x.line(1.0) - x.b, x.b]),
    "frozen dataclass": (Frozen(w=2.0, b=3.0), lambda x: [x.w, x.b]),
    "derived attributes": (Derived(2.0, 3.0), lambda x: [x.both / x.b, x.b]),
    "registered class": (Line(2.0, 3.0, "steep"), lambda x: [x.w, x.b]),
    "array": (np.array([2.0, 3.0]), list),
}
every_container = pytest.mark.parametrize(("given", "numbers_of"), CONTAINERS.values(), ids=CONTAINERS)


def listed(thing: Any) -> list[float]:
    """The numbers in a container, each a plain float."""
    numbers, _ = flatten(thing, "it")
    assert {*map(type, numbers)} <= {float}
    return numbers


@every_container
def test_containers_are_made_again_by_their_own_class(given: Any, numbers_of: Any) -> None:
    """Subclasses of lists, tuples and dicts, other mappings, deques, dataclasses and namespaces: equal, of the same class."""
    numbers, structure = flatten(given, "it")
    again = unflatten(structure, numbers, as_array)
    assert type(again) is type(given)
    assert np.all(again == given)
    assert getattr(again, "maxlen", None) == getattr(given, "maxlen", None)
    assert getattr(again, "default_factory", None) is getattr(given, "default_factory", None)
    assert hash(structure) == hash(flatten(given, "it")[1])


@every_container
def test_transforms_of_containers(given: Any, numbers_of: Callable[[Any], list[Any]]) -> None:
    """A function finds the container that was given, with its methods; a derivative has its class and keys."""

    def f(p: Any) -> Any:
        assert type(p) is type(given)
        w, b = numbers_of(p)
        return w * w * b

    for transformed in (grad(f), jit(grad(f)), grad(jit(f)), lambda p: vjp(f, p)[1](1.0)[0]):
        found = transformed(given)
        assert type(found) is type(given)
        assert listed(found) == [12.0, 4.0]
    assert jit(f)(given) == 12.0
    rows = jacobian(lambda p: [f(p), numbers_of(p)[1]])(given)
    assert [listed(row) for row in rows] == [[12.0, 4.0], [0.0, 1.0]]
    assert jvp(f, (given,), (given,)) == (12.0, 36.0)
    if isinstance(given, Derived):
        with pytest.raises(TypeError, match="unsupported operand") as caught:  # a Derived of Deriveds cannot multiply them
            hessian(f)(given)
        assert any("pass vars(x)" in note for note in caught.value.__notes__)
    elif not isinstance(given, np.ndarray):
        assert [listed(row) for row in leaves(hessian(f)(given), type(given))] == [[6.0, 4.0], [4.0, 0.0]]


def leaves(container: Any, kind: type) -> list[Any]:
    """What a container of that class holds."""
    assert type(container) is kind
    return outline(container)[1]


@every_container
def test_results_in_containers(given: Any, numbers_of: Callable[[Any], list[Any]]) -> None:
    """What a function returns keeps its class, its numbers, and their order; beside a value, too."""
    numbers, structure = flatten(given, "it")

    def f(x: Any) -> Any:
        return unflatten(structure, [number * x for number in numbers], as_array)

    for found in (jit(f)(10.0), vjp(f, 10.0)[0], grad(lambda x: (x, f(x)), has_aux=True)(10.0)[1]):
        assert type(found) is type(given)
        assert listed(found) == [20.0, 30.0]
    assert listed(jacobian(f)(1.0)) == [2.0, 3.0]
    assert listed(values(f(Value(10.0)))) == [20.0, 30.0]


@pytest.mark.parametrize(
    "name",
    ["dict", "defaultdict", "mappingproxy", "namespace", "dataclass", "list", "deque", "named tuple", "registered class"],
)
def test_containers_of_rows(name: str) -> None:
    """in_axes maps over the arrays in any of them."""
    given, numbers_of = CONTAINERS[name]
    structure = flatten(given, "it")[1]
    arrays = unflatten(structure, [np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])], as_array)
    f = jit(lambda p: numbers_of(p)[0] * numbers_of(p)[1], in_axes=0)
    assert f(arrays).tolist() == [4.0, 10.0, 18.0]
    short = unflatten(structure, [np.array([1.0, 2.0, 3.0]), np.array([4.0])], as_array)
    with pytest.raises(ValueError, match="arrays of 3 and 1 rows"):
        f(short)


def test_keys_in_any_order_and_plain_dicts_for_mappings() -> None:
    """A cotangent or tangent of a mapping may be a plain dict; of a dataclass it is a dataclass."""
    given = defaultdict(float, {"w": 2.0, "b": 3.0})
    assert jvp(lambda p: p["w"] * p["b"], (given,), ({"b": 0.0, "w": 1.0},))[1] == 3.0
    with pytest.raises(TypeError, match=r"must be a Weights with the attributes \['w', 'b'\], not a tuple of 2"):
        jvp(lambda p: p.w * p.b, (Weights(1.0, 2.0),), ((1.0, 2.0),))
    with pytest.raises(
        TypeError, match=r"tangents\[0\] must be a defaultdict with the keys \['w', 'b'\], not a dict with the keys"
    ):
        jvp(lambda p: p["w"] * p["b"], (given,), ({"w": 1.0},))


def test_the_place_of_what_is_no_number() -> None:
    """As code, for every way down."""
    wrong = {"layers": [Weights(1.0, SimpleNamespace(scale="big"))]}
    with pytest.raises(TypeError, match=r"argument 0\['layers'\]\[0\]\.b\.scale must be one real number, not the string 'big'"):
        grad(lambda p: 1.0)(wrong)


def test_a_class_that_takes_no_other_numbers() -> None:
    """Its own error comes out, with a note that says what was tried and what to pass."""

    @dataclass
    class Positive:
        scale: Any

        def __post_init__(self) -> None:
            if self.scale < 0.0:
                raise ValueError("scale must be positive")

    with pytest.raises(ValueError, match="scale must be positive") as caught:
        grad(lambda p: -p.scale)(Positive(1.0))
    assert any("A Positive is made again by its class, from other numbers" in note for note in caught.value.__notes__)
    assert grad(lambda p: -p["scale"])(vars(Positive(1.0))) == {"scale": -1.0}


class Scalar:
    """A tensor without dimensions, of another library."""

    ndim = 0

    def item(self) -> float:
        """Its number."""
        return 2.0

    def __float__(self) -> float:
        return 2.0


class Bare:
    """The same, without a word about dimensions."""

    item = Scalar.item


class Tensor(Scalar):
    """A tensor of another library."""

    ndim = 1

    def tolist(self) -> list[float]:
        """Its numbers."""
        return [1.0, 2.0]

    def __iter__(self) -> Iterator[Scalar]:
        return iter([Scalar(), Scalar()])


class Frame:
    """A table like pandas's: iterating gives the names of columns."""

    def to_numpy(self) -> Any:
        """Its numbers."""
        return np.ones((2, 2))

    def __iter__(self) -> Iterator[str]:
        return iter("ab")


class Plain:
    """An object with numbers for attributes."""

    def __init__(self) -> None:
        self.w = 2.0


WITH_ADVICE: dict[str, tuple[Any, str, str]] = {
    "scalar tensor": (Scalar(), r"not a Scalar: pass .*x\.item\(\)", "x.item()"),
    "anything with an item()": (Bare(), r"not a Bare: pass its number, x\.item\(\)", "x.item()"),
    "tensor": (Tensor(), r"not a Tensor: pass x\.tolist\(\)", "x.tolist()"),
    "array.array": (array("d", [1.0]), r"not a array: pass x\.tolist\(\)", "x.tolist()"),
    "memoryview": (memoryview(array("d", [1.0])), r"not a memoryview: pass x\.tolist\(\)", "x.tolist()"),
    "data frame": (Frame(), r"not a Frame: pass x\.to_numpy\(\)", "x.to_numpy()"),
    "set": ({1.0}, r"not a set: pass list\(\.\.\.\)", "list(x)"),
    "frozenset": (frozenset({1.0}), r"not a frozenset: pass list\(\.\.\.\)", "list(x)"),
    "range": (range(3), r"not a range: pass list\(\.\.\.\)", "list(x)"),
    "keys": ({1.0: 2.0}.keys(), r"not a dict_keys: pass list\(\.\.\.\)", "list(x)"),
    "values": ({1.0: 2.0}.values(), r"not a dict_values: pass list\(\.\.\.\)", "list(x)"),
    "generator": ((x for x in [1.0]), r"not a generator: pass list\(\.\.\.\)", "list(x)"),
    "map": (map(float, [1]), r"not a map: pass list\(\.\.\.\)", "list(x)"),
    "object": (Plain(), r"not a Plain: pass vars\(x\)", "vars(x)"),
    "Namespace": (argparse.Namespace(w=1.0), r"not a Namespace: pass vars\(x\)", "vars(x)"),
    "model": (
        nn.Linear(1, 1, rng=0),
        r"not a Layer: pass x\.state_dict\(\), and call the model by nn\.functional_call",
        "x.state_dict()",
    ),
    "array without dimensions": (np.array("a"), "not of dtype <U1", ""),
}
TAKERS: dict[str, Callable[[Any], Any]] = {
    "grad": grad(lambda x: 1.0),
    "value_and_grad": value_and_grad(lambda x: 1.0),
    "jacobian": jacobian(lambda x: 1.0),
    "hessian": hessian(lambda x: 1.0),
    "vjp": lambda x: vjp(lambda y: 1.0, x),
    "jvp": lambda x: jvp(lambda y: 1.0, (x,), (1.0,)),
    "jit": jit(lambda x: 1.0),
    "nested": lambda x: jit(lambda y: 1.0)({"a": [x]}),
    "result": lambda x: grad(lambda y: x)(1.0),
    "values": values,
    "grads": grads,
}


@pytest.mark.parametrize("takes", TAKERS.values(), ids=TAKERS)
@pytest.mark.parametrize(("thing", "message", "code"), WITH_ADVICE.values(), ids=WITH_ADVICE)
def test_what_is_refused_and_what_to_pass(takes: Callable[[Any], Any], thing: Any, message: str, code: str) -> None:
    """Wherever it is given, the message says what it is, and what to pass."""
    with pytest.raises(TypeError, match=message):
        takes(thing)


@pytest.mark.parametrize(("thing", "message", "code"), WITH_ADVICE.values(), ids=WITH_ADVICE)
def test_the_advice_works(thing: Any, message: str, code: str) -> None:
    """What the message says to pass is taken."""
    if code:
        flatten(eval(code, {"x": thing}), "it")


def test_the_advice_for_a_model_works() -> None:
    """Its numbers as a dict, and the call that takes them."""
    model = nn.Linear(1, 1, rng=0)
    found = grad(lambda p: nn.functional_call(model, p, [3.0])[0])(model.state_dict())
    assert found == {"neurons.0.bias": 1.0, "neurons.0.weights.0": 3.0} or sorted(found.values()) == [1.0, 3.0]


def test_a_compiled_function_of_a_container_travels() -> None:
    """Its structures are pickled with it."""
    f = jit(operator.itemgetter("w"))
    f(defaultdict(float, {"w": 2.0}))
    assert pickle.loads(pickle.dumps(f))(defaultdict(float, {"w": 3.0})) == 3.0
    of_a_view = jit(operator.itemgetter("w"))
    of_a_view(MappingProxyType({"w": 2.0}))
    pickle.dumps(of_a_view)  # a mappingproxy does not travel: its trace stays behind


def test_keys_of_dicts_are_told_apart_by_type() -> None:
    """{1: x}, {1.0: x} and {True: x} are three structures; as `like` for each other they serve all the same."""
    structures = [flatten({key: 2.0, "a": 1.0}, "it")[1] for key in (1, 1.0, True)]
    assert len({*structures}) == 3
    assert len({flatten([{key: 2.0}], "it")[1] for key in (1, 1.0, True, 1)}) == 3
    assert flatten({True: 5.0, "a": 6.0}, "it", structures[0]) == ([5.0, 6.0], structures[0])
    assert type(flatten({"a": 1.0}, "it")[1].keys) is tuple


def test_what_a_registered_class_keeps_beside_its_numbers() -> None:
    """It is there in the function and in the result; a compiled function is traced for each."""
    seen: list[str] = []

    def f(line: Line) -> Line:
        seen.append(line.name)
        return Line(line.w * line.b, line.b, line.name + "!")

    compiled = jit(f)
    assert compiled(Line(2.0, 3.0, "one")) == Line(6.0, 3.0, "one!")
    assert compiled(Line(4.0, 3.0, "one")) == Line(12.0, 3.0, "one!")
    assert compiled(Line(4.0, 3.0, "two")) == Line(12.0, 3.0, "two!")
    assert seen == ["one", "two"]
    assert vmap(lambda line: line.w * line.b)(Line([1.0, 2.0], [3.0, 4.0], "many")) == [3.0, 8.0]
    assert grad(lambda p: p["lines"][0].w * p["lines"][0].b)({"lines": [Line(2.0, 5.0, "in")]})["lines"] == [
        Line(5.0, 2.0, "in")
    ]
    with pytest.raises(TypeError, match=r"argument 0\[1\] must be one real number, not the string 'x'"):
        grad(lambda line: line.w)(Line(1.0, "x", "bad"))


def test_classes_that_cannot_be_registered() -> None:
    """And flattens that do not fit; a class that is not registered is named in the error."""

    class Bad:
        """One whose flatten returns its parts alone, later with a list beside."""

    with pytest.raises(TypeError, match=r"takes a class that holds numbers, not 3"):
        register_structure(3, list, list)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a dict is a structure already"):
        register_structure(dict, list, list)  # type: ignore[arg-type]
    assert register_structure(Bad, lambda _: [1.0], lambda _, parts: Bad()) is Bad  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match=r"flatten of Bad must return \(parts, extra\), not \[1.0\]"):
        tree_leaves(Bad())
    register_structure(Bad, lambda _: ([1.0], []), lambda _, parts: Bad())
    with pytest.raises(TypeError, match=r"returned \[\] beside the parts, which has no hash"):
        grad(lambda _: 1.0)(Bad())
