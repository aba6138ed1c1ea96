# ruff: noqa: B008, B039, D103, PLW0108 - a case is what its name says, written as users write it
"""Where captured Values are found: every way in which Python code can get at one, with another Value put there later."""

import collections
import contextvars
import copy
import dataclasses
import functools
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from autograd import Value, grad, jit, sum_, tanh
from autograd.compiler.trace import origins as module
from autograd.compiler.trace.origins import origins
from nn import MLP
from tests.compiler.comparison import Counted

Case = Callable[[], tuple[Any, Callable[[Any], Any]]]
CASES: list[Any] = []
SPACE = globals()


def case(traces: int = 0) -> Callable[[Case], Case]:
    """A function, and how to put another Value in the place of one that it captures; how often that must be traced anew."""

    def add(make: Case) -> Case:
        CASES.append(pytest.param(make, traces, id=make.__name__))
        return make

    return add


def attribute(thing: Any, name: str = "w") -> Callable[[Any], Any]:
    """Sets that attribute."""
    return functools.partial(setattr, thing, name)


def item(thing: Any, key: Any = "w") -> Callable[[Any], Any]:
    """Sets that item."""
    return functools.partial(thing.__setitem__, key)


# --- variables --------------------------------------------------------------------------------------------------------


@case()
def cell() -> Any:
    w = Value(1.0)

    def put(value: Any) -> None:
        nonlocal w
        w = value

    return lambda x: w * x, put


@case()
def global_variable() -> Any:
    SPACE["W"] = Value(1.0)
    return lambda x: SPACE["W"] * x, item(SPACE, "W")


W = Value(1.0)
in_module = types.ModuleType("in_module")
sys.modules["in_module"] = in_module
exec("from autograd import Value\nw = Value(1.0)\ndef times(x):\n    return w * x\n", vars(in_module))


def helper(x: Any) -> Any:
    """Calls another one."""
    return second(x) + 1.0


def second(x: Any) -> Any:
    """Takes a global variable."""
    return W * x


@case()
def global_variable_of_a_function_that_it_calls() -> Any:
    return helper, item(SPACE, "W")


@case()
def found_by_globals() -> Any:
    return lambda x: globals()["W"] * x, item(SPACE, "W")


@case()
def variable_of_a_module() -> Any:
    return lambda x: in_module.w * x, attribute(in_module)


@case()
def function_of_a_module() -> Any:
    return lambda x: in_module.times(x), attribute(in_module)


@case()
def module_imported_inside() -> Any:
    def f(x: Any) -> Any:
        import in_module as found  # type: ignore[import-not-found]  # made above

        return found.w * x

    return f, attribute(in_module)


@case()
def imported_inside() -> Any:
    def f(x: Any) -> Any:
        from in_module import w

        return w * x

    return f, attribute(in_module)


@case()
def context_variable() -> Any:
    variable = contextvars.ContextVar("variable", default=Value(1.0))
    return lambda x: variable.get() * x, variable.set


@case()
def variable_of_the_thread() -> Any:
    local = threading.local()
    local.w = Value(1.0)
    return lambda x: local.w * x, attribute(local)


# --- functions --------------------------------------------------------------------------------------------------------


@case()
def default_by_keyword() -> Any:
    def f(x: Any, *, w: Any = Value(1.0)) -> Any:
        return w * x

    return f, item(f.__kwdefaults__)


@case()
def mutable_default() -> Any:
    def f(x: Any, held: Any = {"w": Value(1.0)}) -> Any:  # noqa: B006 - the case
        return held["w"] * x

    return f, item(f.__defaults__[0])  # type: ignore[index]  # it has some


@case()
def partial() -> Any:
    f = functools.partial(lambda x, w: w * x, w=Value(1.0))
    return f, item(f.keywords)


@case()
def attribute_of_a_function() -> Any:
    def f(x: Any) -> Any:
        return f.w * x  # type: ignore[attr-defined]  # functions take what they are given

    f.w = Value(1.0)  # type: ignore[attr-defined]  # as above
    return f, attribute(f)


@case()
def wrapped() -> Any:
    held = {"w": Value(1.0)}

    def twice(g: Any) -> Any:
        @functools.wraps(g)
        def f(x: Any) -> Any:
            return g(x) * 2.0

        return f

    return twice(lambda x: held["w"] * x), item(held)


@case()
def kept_by_a_cache() -> Any:
    held = {"w": Value(1.0)}
    cached = functools.lru_cache(lambda: held)
    return lambda x: cached()["w"] * x, item(held)


@case()
def registered() -> Any:
    registry, held = {}, {"w": Value(1.0)}
    registry["f"] = lambda x: held["w"] * x
    return lambda x: registry["f"](x), item(held)


@case()
def compiled_inside() -> Any:
    held = {"w": Value(1.0)}
    inner = jit(lambda x: held["w"] * x)
    return lambda x: inner(x) * 2.0, item(held)


@case()
def differentiated_inside() -> Any:
    held = {"w": Value(1.0)}
    return jit(grad(lambda x: held["w"] * x * x)), item(held)


@case(traces=1)
def function_replaced() -> Any:
    w = Value(1.0)
    held = types.SimpleNamespace(f=lambda x: w * x)

    def put(value: Any) -> None:
        held.f = lambda x: value * x * 2.0

    return lambda x: held.f(x), put


# --- instances --------------------------------------------------------------------------------------------------------


class Line:
    """Has a Value, in ways of all kinds."""

    def __init__(self) -> None:
        self.w = Value(1.0)

    def __call__(self, x: Any) -> Any:
        return self.w * x

    @property
    def seen(self) -> Any:
        return self.w

    def at(self, x: Any) -> Any:
        return self.w * x

    @jit(static_argnums=0)
    def compiled(self, x: Any) -> Any:
        return self.w * x


@case()
def attribute_of_an_instance() -> Any:
    line = Line()
    return lambda x: line.w * x, attribute(line)


@case()
def callable_instance() -> Any:
    line = Line()
    return line, attribute(line)


@case()
def bound_method() -> Any:
    line = Line()
    return line.at, attribute(line)


@case()
def bound_method_in_a_list() -> Any:
    methods = [(line := Line()).at]
    return lambda x: methods[0](x), attribute(line)


@case()
def compiled_method() -> Any:
    line = Line()
    return lambda x: line.compiled(x), attribute(line)


@case()
def property_of_an_instance() -> Any:
    line = Line()
    return lambda x: line.seen * x, attribute(line)


@case()
def attributes_as_a_dict() -> Any:
    line = Line()
    return lambda x: vars(line)["w"] * x, attribute(line)


@case(traces=1)
def all_attributes_replaced() -> Any:
    line = Line()
    line.kind = "any"  # type: ignore[attr-defined]  # the dict has more than Values

    def put(value: Any) -> None:
        line.__dict__ = {"w": value, "kind": "any"}

    return lambda x: line.w * x, put


@case()
def delegated() -> Any:
    class Delegating:
        def __init__(self) -> None:
            object.__setattr__(self, "held", {"w": Value(1.0)})

        def __getattr__(self, name: str) -> Any:
            return self.held[name]

        def __setattr__(self, name: str, value: Any) -> None:
            self.held[name] = value

    thing = Delegating()
    return lambda x: thing.w * x, attribute(thing)


@case()
def descriptor() -> Any:
    class Described:
        def __set_name__(self, _owner: type, name: str) -> None:
            self.name = f"_{name}"

        def __get__(self, instance: Any, _owner: type) -> Any:
            return vars(instance)[self.name]

        def __set__(self, instance: Any, value: Any) -> None:
            vars(instance)[self.name] = value

    class Thing:
        w = Described()

    thing = Thing()
    thing.w = Value(1.0)
    return lambda x: thing.w * x, attribute(thing)


class Slotted:
    """Has slots, one of them private."""

    __slots__ = ("__w",)

    def __init__(self) -> None:
        self.put(Value(1.0))

    def put(self, value: Any) -> None:
        self.__w = value

    def at(self, x: Any) -> Any:
        return self.__w * x


@case()
def slot() -> Any:
    thing = Slotted()
    return lambda x: thing.at(x), thing.put


@dataclasses.dataclass
class Data:
    """Holds a Value and a plain number."""

    w: Any
    n: int = 2


@case(traces=1)
def dataclass_replaced() -> Any:
    held = [Data(Value(1.0))]

    def put(value: Any) -> None:
        held[0] = dataclasses.replace(held[0], w=value)

    return lambda x: held[0].w * x * held[0].n, put


# --- classes ----------------------------------------------------------------------------------------------------------


@case()
def attribute_of_a_class() -> Any:
    class Thing:
        w = Value(1.0)

        @classmethod
        def by_class(cls, x: Any) -> Any:
            return cls.w * x

        @staticmethod
        def by_name(x: Any) -> Any:
            return Thing.w * x

    return lambda x: Thing.by_class(x) + Thing().by_name(x), attribute(Thing)


@case()
def inherited() -> Any:
    class Above:
        w = Value(1.0)

    class Below(Above):
        pass

    thing = Below()
    return lambda x: thing.w * x, attribute(Above)


@case(traces=1)
def hidden_by_an_instance() -> Any:
    class Thing:
        w = Value(1.0)

    thing = Thing()
    return lambda x: thing.w * x, attribute(thing)


@case(traces=1)
def hidden_by_a_class() -> Any:
    class Above:
        w = Value(1.0)

    class Below(Above):
        pass

    thing = Below()
    return lambda x: thing.w * x, attribute(Below)


@case()
def class_of_a_class() -> Any:
    class Kind(type):
        w = Value(1.0)

    class Thing(metaclass=Kind):
        pass

    return lambda x: Thing.w * x, attribute(Kind)


# --- containers -------------------------------------------------------------------------------------------------------


@case()
def item_of_a_dict() -> Any:
    held = {"w": Value(1.0), "n": 3.0, "other": Value(2.0)}
    return lambda x: held["w"] * x * held["n"], item(held)


@case()
def item_of_a_list() -> Any:
    held = [Value(1.0), Value(2.0)]
    return lambda x: sum_([w * x for w in held]), item(held, 1)


@case()
def dict_replaced() -> Any:
    held = types.SimpleNamespace(p={"w": Value(1.0), "list": [Value(2.0), (Value(3.0),)]})

    def put(value: Any) -> None:
        held.p = {"w": value, "list": [Value(2.0), (Value(5.0),)]}

    return lambda x: held.p["w"] * x + held.p["list"][1][0], put


@case(traces=1)
def dict_replaced_by_one_with_another_number() -> Any:
    held = types.SimpleNamespace(p={"w": Value(1.0), "n": 2.0})

    def put(value: Any) -> None:
        held.p = {"w": value, "n": held.p["n"] + 1.0}

    return lambda x: held.p["w"] * x * held.p["n"], put


class Pair(NamedTuple):
    """A named tuple of two."""

    w: Any
    b: Any


@case()
def named_tuple_replaced() -> Any:
    held = [Pair(Value(1.0), Value(2.0))]

    def put(value: Any) -> None:
        held[0] = held[0]._replace(w=value)

    return lambda x: held[0].w * x + held[0].b, put


@case()
def array() -> Any:
    held = np.array([Value(1.0), Value(2.0)])
    return lambda x: (held * x).sum(), item(held, 0)


@case()
def array_replaced() -> Any:
    held = [np.array([[Value(1.0), Value(2.0)]])]

    def put(value: Any) -> None:
        held[0] = np.array([[value, Value(3.0)]])

    return lambda x: (held[0] * x).sum(), put


@case(traces=1)
def array_of_another_shape() -> Any:
    held = [np.array([[Value(1.0), Value(2.0)]])]

    def put(value: Any) -> None:
        held[0] = np.array([value, Value(3.0)])

    return lambda x: (held[0] * x).sum() * float(held[0].ndim), put


@case()
def default_dict() -> Any:
    held = collections.defaultdict(lambda: Value(9.0), w=Value(1.0))
    return lambda x: held["w"] * x, item(held)


@case()
def user_dict() -> Any:
    held = collections.UserDict(w=Value(1.0))
    return lambda x: held["w"] * x, item(held)


@case()
def member_of_a_set() -> Any:
    held = {Value(1.0)}

    def put(value: Any) -> None:
        held.clear()
        held.add(value)

    return lambda x: sum(held) * x, put


@case(traces=1)
def deque_grown() -> Any:
    held = collections.deque([Value(1.0)])
    return lambda x: held[0] * x, held.appendleft


@case(traces=1)
def list_grown() -> Any:
    held = [Value(1.0)]
    return lambda x: held[-1] * x, held.append


@case()
def swapped() -> Any:
    held = {"a": Value(1.0), "w": Value(2.0)}

    def put(value: Any) -> None:
        held["a"], held["w"] = held["w"], value

    return lambda x: held["a"] * x - held["w"], put


@case(traces=1)
def two_names_of_one_part() -> Any:
    w = Value(1.0)
    held = {"a": w, "w": w}
    return lambda x: held["a"] * x - held["w"], item(held)


@case()
def two_become_one() -> Any:
    held = {"a": Value(1.0), "w": Value(2.0)}
    return lambda x: held["a"] * x - held["w"], lambda value: held.update(a=value, w=value)


@case(traces=1)
def weak_reference() -> Any:
    kept = [Value(1.0)]
    held = {"w": weakref.ref(kept[0])}

    def put(value: Any) -> None:
        kept.append(value)
        held["w"] = weakref.ref(value)

    return lambda x: held["w"]() * x, put


@case(traces=1)
def weak_dict() -> Any:
    kept = [Value(1.0)]
    held = weakref.WeakValueDictionary(w=kept[0])

    def put(value: Any) -> None:
        kept.append(value)
        held["w"] = value

    return lambda x: held["w"] * x, put


@case()
def parameter_of_a_model() -> Any:
    model = MLP(1, [2, 1], rng=0)
    return lambda x: model([x]), item(model.layers[0].neurons[0].weights, 0)


@case(traces=1)
def model_replaced() -> Any:
    models = [MLP(1, [2, 1], rng=0)]

    def put(value: Any) -> None:
        models[0] = MLP(1, [2, 1], rng=1)
        models[0].layers[0].neurons[0].bias = value

    return lambda x: models[0]([x]), put


@case()
def object_in_a_row_of_data() -> Any:
    rows = [[types.SimpleNamespace(w=Value(1.0)), (i, "row")] for i in range(100)]
    return lambda x: rows[70][0].w * x, attribute(rows[70][0])


@case()
def cell_of_a_function_in_rows_in_rows() -> Any:
    held = {"w": Value(1.0)}
    rows = [(i, (abs, [lambda x: held["w"] * x, i])) for i in range(100)]
    return lambda x: rows[70][1][1][0](x), item(held)  # type: ignore[index]  # it is a list


@case(traces=1)
def row_of_data_replaced() -> Any:
    rows: list[Any] = [(types.SimpleNamespace(w=Value(1.0)), i) for i in range(100)]
    return lambda x: rows[70][0].w * x, lambda value: rows.__setitem__(70, (types.SimpleNamespace(w=value), 70))


# --- a Value where a number was ---------------------------------------------------------------------------------------


@case(traces=1)
def none_before() -> Any:
    held = {"w": None, "other": Value(1.0)}
    return lambda x: held["other"] * x if held["w"] is None else held["w"] * x, item(held)


@case(traces=1)
def nothing_before() -> Any:
    line = Line()
    return lambda x: line.w * x + getattr(line, "b", 0.0), attribute(line, "b")


@case(traces=1)
def a_number_before() -> Any:
    held = [1.0]
    return lambda x: held[0] * x, item(held, 0)


@case(traces=1)
def a_number_of_the_class_before() -> Any:
    class Thing:
        w = 1.0

    thing = Thing()
    return lambda x: thing.w * x, attribute(thing)


@case(traces=1)
def a_global_number_before() -> Any:
    SPACE["NUMBER"] = 1.0
    return lambda x: NUMBER * x, item(SPACE, "NUMBER")  # noqa: F821 - set above


@case(traces=1)
def a_number_in_a_slot_before() -> Any:
    thing = Slotted()
    thing.put(1.0)
    return lambda x: thing.at(x), thing.put


@case(traces=1)
def a_number_in_a_cell_before() -> Any:
    w: Any = 1.0

    def put(value: Any) -> None:
        nonlocal w
        w = value

    return lambda x: w * x, put


# --- anything else ----------------------------------------------------------------------------------------------------


def changing(**pairs: tuple[Any, Any]) -> Any:
    """Things in a cell, an attribute, a dict, a list and a global variable; each with another one that changes the result."""
    return pytest.mark.parametrize(("before", "after"), list(pairs.values()), ids=list(pairs))


def by(thing: Any, x: Any) -> Any:
    """Any use of a thing."""
    if callable(thing):
        return thing(x)
    if thing is None or isinstance(thing, str):
        return x * (2.0 if thing is None else float(len(thing)))
    return sum(by(inner, x) for inner in thing) if isinstance(thing, list | tuple) else x * float(thing)


@pytest.mark.parametrize("where", ["cell", "attribute", "dict", "list", "global variable", "default", "class"])
@changing(
    number=(1.0, 2.0),
    sign=(0.0, -0.0),
    truth=(True, False),
    text=("a", "aa"),
    none=(None, 1.0),
    tuples=((1.0, 2.0), (1.0, 3.0)),
    lists=([1.0, 2.0], [1.0, 3.0]),
    functions=(tanh, lambda x, k=7.0: x * k),
    arrays=(np.float64(2.0), np.float32(3.0)),
)
def test_what_else_a_function_takes(where: str, before: Any, after: Any) -> None:
    """Numbers, text, functions: another one is seen at the next call, an equal one changes nothing, whatever the way."""
    thing = before
    line: Any = Line()
    line.thing = before
    held: dict[str, Any] = {"thing": before}
    few = [before]
    SPACE["THING"] = before

    class Kind:
        thing: Any = before

    def use_default(x: Any, thing: Any = before) -> Any:
        return by(thing, x)

    def put(new: Any) -> None:
        nonlocal thing
        thing = line.thing = held["thing"] = few[0] = Kind.thing = new
        use_default.__defaults__ = (new,)
        SPACE["THING"] = new

    ways: dict[str, Callable[[Any], Any]] = {
        "cell": lambda x: by(thing, x),
        "attribute": lambda x: by(line.thing, x),
        "dict": lambda x: by(held["thing"], x),
        "list": lambda x: by(few[0], x),
        "global variable": lambda x: by(THING, x),  # type: ignore[name-defined]  # noqa: F821 - set above
        "default": lambda x: use_default(x),
        "class": lambda x: by(Kind.thing, x),
    }
    f = ways[where]
    compiled, rows, counted = jit(f), jit(lambda x: [f(y) for y in x]), 0

    def counting(x: Any) -> Any:
        nonlocal counted
        counted += 1
        return f(x)

    twice = jit(counting)
    for new in (before, after, before, after):
        put(new)
        for x in (3.0, -3.0):
            expected = repr(f(x) * 1.0)
            assert repr(compiled(x)) == repr(compiled(x)) == expected
            assert repr(rows([x, x])[1]) == repr(rows([x, x])[1]) == expected
            assert repr(twice(x)) == expected
    before_copies = counted
    if isinstance(after, float | str | tuple):
        put(copy.copy(after) if isinstance(after, tuple) else type(after)(str(after)))
        assert repr(twice(3.0)) == repr(f(3.0) * 1.0)
        assert counted == before_copies


def test_counting_calls_changes_nothing() -> None:
    """What a function changes itself while it is traced does not count, however it is kept, for any number of traces."""
    calls, kept = 0, {"n": 0}
    seen: list[Any] = []
    w = Value(2.0)

    class Holder:
        n = 0

    holder = Holder()

    def f(x: Any) -> Any:
        nonlocal calls
        calls += 1
        kept["n"] += 1
        holder.n += 1
        seen.append(w)
        SPACE["COUNT"] = SPACE.get("COUNT", 0) + 1
        return (x[0] if isinstance(x, list) else x) * 2.0 * w

    compiled = jit(f)
    for _ in range(3):
        for x in (1.0, [1.0], [1.0, 2.0]):
            assert compiled(x).data == 4.0
    assert calls == kept["n"] == holder.n == len(seen) == 3


def test_methods_that_are_not_called_do_not_count() -> None:
    """What a trainer counts in other methods is no business of the compiled one."""

    class Trainer:
        def __init__(self) -> None:
            self.w, self.step_count, self.losses = Value(1.0), 0, [0.0]

        def loss(self, x: Any) -> Any:
            TRACED[0] += 1
            return self.w * x

        def step(self) -> None:
            self.step_count += 1
            self.losses.append(compiled(2.0).data)
            self.w = Value(self.w.data - 0.1)

    trainer = Trainer()
    compiled = jit(trainer.loss)
    for _ in range(5):
        trainer.step()
    assert TRACED[0] == 1
    assert trainer.losses[1:] == pytest.approx([2.0, 1.8, 1.6, 1.4, 1.2])


TRACED = [0]


def test_names_of_other_things_do_not_count() -> None:
    """A variable that bears the name of an attribute, one that is only written, one of another function."""
    line, traced = Line(), [0]
    line.written = 0  # type: ignore[attr-defined]  # the case

    def f(x: Any) -> Any:
        traced[0] += 1
        line.written = 5  # type: ignore[attr-defined]  # as above
        return x * line.w.data

    def other() -> Any:
        return OTHER  # type: ignore[name-defined]  # noqa: F821 - set below

    compiled = jit(f)
    for i in range(3):
        SPACE["data"], SPACE["w"], SPACE["OTHER"] = np.ones(i), float(i), i
        line.unread = i  # type: ignore[attr-defined]  # as above
        assert compiled(2.0).data == 2.0
        assert other() == i
        line.written = i  # type: ignore[attr-defined]  # as above
    assert traced[0] <= 2  # for the attribute that was new


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "traces"), CASES)
def test_another_value_in_each_place(make: Case, traces: int) -> None:
    """What lies there now is what counts, for the result and for the gradient, at each of several calls."""
    f, put = make()
    counted = Counted(f)
    compiled = jit(counted)
    assert number(compiled(3.0)) == number(compiled(3.0)) == number(f(3.0))
    calls = counted.calls
    for i in range(3):
        value = Value(7.0 + i)
        put(value)
        gradients = []
        for result in (compiled(3.0), f(3.0), compiled(3.0)):
            value.grad = None
            result.backward()
            gradients.append((result.data, value.grad))
        assert gradients[0] == gradients[1] == gradients[2]
        assert gradients[0][1] != 0.0
        if i == 0:
            assert counted.calls - calls == traces


def number(result: Any) -> float:
    """Of a Value, or a number."""
    return result.data if isinstance(result, Value) else result


# --- what is not searched ---------------------------------------------------------------------------------------------


@pytest.fixture
def w() -> Value:
    """A Value that is sought."""
    return Value(1.0)


def test_made_inside(w: Value) -> None:
    """No place leads to what the function made itself, or has from an iterator: it is kept, as it was."""
    values = iter(lambda: w, None)
    assert origins([w], [lambda x: next(values) * x]).leading == []
    f = jit(lambda x: Value(2.0, label="made") * x)
    assert [f(float(x)).data for x in range(3)] == [0.0, 2.0, 4.0]


def test_other_peoples_variables_are_left_alone(w: Value, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library's, NumPy's, and those of this package."""
    import logging

    monkeypatch.setattr(logging, "w", w, raising=False)
    monkeypatch.setattr(np, "w", w, raising=False)
    monkeypatch.setattr(module, "w", w, raising=False)
    assert origins([w], [lambda x: (logging.w, np.w, module.w, logging.getLogger())]).leading == []  # type: ignore[attr-defined]


def test_rows_of_data_are_looked_into_together() -> None:
    """Each by itself, they would take longer than a trace of what they are for; where they lead to Values, they are."""
    twice = Counted(lambda x: 2.0 * x)
    rows = [(twice, (i, str(i))) for i in range(10_000)]
    assert len(module._Found([lambda x: rows[3][0](x)]).contents) < 20
    rows.append((lambda x: W * x, (7, "7")))
    leading = origins([W], [lambda x: rows[-1][0](x)]).leading
    assert any(origin.container is rows for origin in leading)


def test_large_data_comes_last(w: Value, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is found beside more rows than are looked into."""
    monkeypatch.setattr(module, "MOST", 100)
    rows = [({"row": i}, [1.0]) for i in range(5_000)]
    held = {"a": {"b": [[{"c": w}]]}}
    found, *_ = origins([w], [lambda x: (rows, held)])
    assert [origin.keys for origin in found if origin.keys][-1] == ("c",)


def test_things_that_contain_themselves(w: Value) -> None:
    """And each other: every container once, after one that leads to it."""
    a: list[Any] = [w]
    b = {"a": a, "w": w}
    a += [a, b]
    found, *_ = origins([w], [lambda: b])
    known = [id(origin.container) for origin in found]
    assert len(set(known)) == len(known)
    assert [len(origin.things) for origin in found] == [1, 2, 3]


def test_roots_are_not_kept_alive() -> None:
    """A static argument can go while its places are known."""

    class Thing:
        kind: ClassVar = Line()
        __slots__ = ("__weakref__", "s", "w")

        def __init__(self) -> None:
            self.w = self.s = Value(1.0)

    thing = Thing()
    gone = weakref.ref(thing)
    found = origins([thing.w, Thing.kind.w], [helper, thing])
    assert [origin.keys for origin in found[0] if "w" in origin.keys]
    del thing
    assert gone() is None


@pytest.mark.parametrize("trouble", ["__getattribute__", "__iter__", "__len__", "items", "__class__"])
def test_things_that_raise(trouble: str, w: Value) -> None:
    """Are passed over; what lies beside them is found."""

    def refuse(*_: Any) -> Any:
        raise RuntimeError("leave me alone")

    kinds = [
        type("Refusing", (base,), {trouble: property(refuse) if trouble == "__class__" else refuse})
        for base in (list, dict, object)
    ]
    things = [kind() for kind in kinds]
    assert origins([w], [lambda: (things, w)]).leading


def test_lists_of_values_are_reached_by_names() -> None:
    """Each of thousands is known to be read, though nothing further is sought in it."""
    weights = [Value(float(i)) for i in range(100)]
    found = module._Found([lambda x: x * weights[0]])
    found.read(weights)
    assert {id(weights), *map(id, weights)} <= found._by_names
    assert not found._by_all
