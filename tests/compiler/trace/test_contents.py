"""What things contain, and which names and functions a search follows."""

import dis
import functools
import threading
import weakref
from collections import deque
from types import CodeType, FunctionType, MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograd import Value, jit, tanh
from autograd.compiler.trace import contents as module
from autograd.compiler.trace.contents import FEW, Search, names_of
from nn import Neuron
from tests.names import shown

A, B = Value(1.0), Value(2.0)
VARIABLE = 3.0


def held(thing: Any, search: Search | None = None) -> dict[Any, Any]:
    """All that a search finds in a thing, by key."""
    found: dict[Any, Any] = {}
    for contents in (search or Search([held])).contents(thing):
        found |= contents.things
    return found


@pytest.mark.parametrize(
    ("thing", "wanted"),
    [
        ([A, 1.0], {0: A, 1: 1.0}),
        ((A, B), {0: A, 1: B}),
        (deque([A]), {0: A}),
        ({"a": A, 2: B}, {"a": A, 2: B}),
        (MappingProxyType({"a": A}), {"a": A}),
        (frozenset([A]), {0: A}),
        (np.array([[A, B]]), {0: A, 1: B}),
        (functools.partial(max, A, key=B), {"func": max, "args": (A,), "keywords": {"key": B}, "__dict__": {}}),
        (SimpleNamespace(a=A), {"__dict__": {"a": A}, "a": A}),
        (weakref.ref(A), {"": A}),
        (property(tanh), {"fget": tanh}),
        (1.0, {}),
        ("text", {}),
        (np.ones(3), {np.ones(3).tobytes(): True}),
        (np.ones(5_000), {}),
        (np, {}),
        (tanh, {}),
        ([1.0] * (FEW + 1), {}),
        ([[1.0, "a"], (2.0,)] * FEW, {}),
    ],
    ids=shown,
)
def test_contents(thing: Any, wanted: dict[Any, Any]) -> None:
    """By the keys by which Python code gets them; nothing in modules, numbers, and large data."""
    found = held(thing)
    assert found.keys() == wanted.keys()
    assert all(found[key] is inner or not isinstance(inner, Value) for key, inner in wanted.items())
    for contents in filter(lambda contents: contents.things, Search([held]).contents(thing)):  # as they are read at a call
        read = list(contents.way(tuple(contents.things))(contents.container))
        assert all(one is other for one, other in zip(contents.things.values(), read, strict=False))


def test_functions() -> None:
    """Their cells by name, their defaults, the variables that their code names, also in functions inside of them."""
    a = 1.0

    def f(x: Any, y: Any = A, *, z: Any = B) -> Any:
        def inner() -> Any:
            return VARIABLE * a

        return inner, x, y, z

    search = Search([f])
    found = search.contents(f)
    assert [contents.name for contents in found if "cell_contents" in contents.things] == ["a"]
    everything = held(f)
    assert everything["__defaults__"] == (A,)
    assert everything["__kwdefaults__"] == {"z": B}
    assert everything["VARIABLE"] == 3.0
    assert "Value" not in everything
    assert names_of(f).variables == {"Any", "VARIABLE"}
    assert names_of(lambda x: globals()["a"] + x.b).variables == {"globals", "a", "b"}
    assert names_of(lambda x: (x.b, x["c"], A)) == (frozenset({"A"}), frozenset({"b", "c"}))
    assert names_of(tanh) == (frozenset(), frozenset())


LONG = compile("\n".join(f"x{i}.y{i}.z{i}()" for i in range(70_000)), "a long one", "exec")
CODE = [
    LONG,
    *[thing.__code__ for m in (module, dis, functools) for thing in vars(m).values() if isinstance(thing, FunctionType)],
]


@pytest.mark.parametrize("code", CODE, ids=lambda code: code.co_name)
def test_names_are_those_that_dis_finds(code: CodeType) -> None:
    """Of variables and attributes, in every Python; also those whose number takes several bytes."""
    wanted: dict[str, set[str]] = {"variables": set(), "attributes": set()}
    stack = [code]
    for each in stack:
        stack += [inner for inner in each.co_consts if isinstance(inner, CodeType)]
        wanted["attributes"].update(text for text in each.co_consts if isinstance(text, str))
        for instruction in dis.get_instructions(each):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                wanted["variables"].add(instruction.argval)
            elif instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_NAME", "IMPORT_FROM")):
                wanted["attributes"].add(instruction.argval)
    assert module._names_in(code)._asdict() == wanted


def test_functions_of_others() -> None:
    """Of their variables nothing, of their cells all: a wrapper of the standard library has a user's function in one."""
    assert not held(functools.wraps)
    assert held(functools.lru_cache(held))["__wrapped__"] is held
    assert held(jit(held)) == {"__wrapped__": held}


def test_instances() -> None:
    """Their attributes, those that could hide one of the class, slots, and the class."""

    class Above:
        hidden, also = 1.0, A

    class Thing(Above):
        __slots__ = ("slot",)

        def method(self) -> None:
            """It cannot be hidden by a number."""

    thing = Thing()
    thing.slot, thing.own = B, 2.0  # type: ignore[attr-defined]  # its slot, and its dict
    found = held(thing)
    assert {name: found[name] for name in ("hidden", "also", "own", "slot", 0)} == {
        "hidden": None, "also": None, "own": 2.0, "slot": B, 0: Thing,
    }  # fmt: skip
    assert "method" not in found
    assert {"weights", "bias", "training", 0} <= set(held(Neuron(1)))


def test_what_is_each_threads_own() -> None:
    """Is read from the thing itself."""
    local = threading.local()
    local.a = A
    (contents,) = Search([held]).contents(local)
    assert contents.container is local
    assert contents.things == {"a": A}


def test_whose_variables_are_searched() -> None:
    """Those of modules of the user's own, of nn, and of the package that the function is from."""
    search = Search([held])
    assert search.is_users(__name__)
    assert search.is_users("__main__")
    assert search.is_users("nn.module")
    assert search.is_users("made.up")
    assert search.is_users(None)


def test_functions_of_no_module() -> None:
    """As `exec` makes them: one that another one names is looked at."""
    scope: dict[str, Any] = {"jit": jit}
    exec("def inner(x): return x * 2.0\ndef outer(x): return inner(x) + inner(x)\nf = jit(outer)", scope)
    assert scope["f"](3.0) == 12.0
    exec("def inner(x): return x * 3.0", scope)
    assert scope["f"](3.0) == 18.0


def test_whose_variables_are_not_searched() -> None:
    """Those of Python, and of packages that are installed."""
    search = Search([held])
    for name in ("autograd.value", "numpy", "logging", "builtins", "math", "hypothesis"):
        assert not search.is_users(name), name
    assert Search([pytest.approx]).is_users("_pytest.python_api")
    assert not Search([tanh]).is_users("autograd.value")
    assert module.FEW == 64
