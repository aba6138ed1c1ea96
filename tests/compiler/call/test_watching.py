"""Machine code that looks into cells, lists and dicts before a quick call."""

import functools
import gc
import weakref
from types import CellType
from typing import Any

import pytest

from autograd import Value, exp, jit
from autograd.compiler.call import watching
from autograd.compiler.call.built_in import KNOWN_LAYOUT, LongWay
from autograd.compiler.call.watching import Watch
from tests.compiler.comparison import Counted

pytestmark = pytest.mark.skipif(not KNOWN_LAYOUT, reason="this Python keeps its objects elsewhere")


class Holder:
    """Has a number."""

    def __init__(self) -> None:
        self.k = 2.0


def in_a_cell() -> Any:
    """A function, how to put something there, and how to remove it."""
    k: Any = 2.0

    def put(thing: Any) -> None:
        nonlocal k
        k = thing

    def remove() -> None:
        nonlocal k
        del k

    return lambda x: x * k, put, remove


def in_a_list() -> Any:
    """Likewise."""
    held = [1.0, 2.0]
    return lambda x: x * held[1], lambda thing: held.__setitem__(1, thing), held.clear


def in_a_dict() -> Any:
    """Likewise."""
    held = {"k": 2.0}
    return lambda x: x * held["k"], lambda thing: held.__setitem__("k", thing), held.clear


def in_an_instance() -> Any:
    """Likewise."""
    held = Holder()
    return lambda x: x * held.k, lambda thing: setattr(held, "k", thing), lambda: delattr(held, "k")


def in_a_default() -> Any:
    """Likewise."""

    def f(x: Any, k: Any = 2.0) -> Any:
        return x * k

    def put(thing: Any) -> None:
        f.__defaults__ = (thing,)

    return lambda x: f(x), put, lambda: setattr(f, "__defaults__", None)  # noqa: PLW0108 - what counts is the default of f


def in_a_default_by_keyword() -> Any:
    """Likewise, of the compiled function itself."""

    def f(x: Any, *, k: Any = 2.0) -> Any:
        return x * k

    return f, functools.partial(f.__kwdefaults__.__setitem__, "k"), lambda: setattr(f, "__kwdefaults__", None)


def in_a_class() -> Any:
    """Likewise."""

    class Kind:
        k: Any = 2.0

    held = Kind()
    return lambda x: x * held.k, lambda thing: setattr(Kind, "k", thing), lambda: delattr(Kind, "k")


def in_a_global_variable() -> Any:
    """Likewise."""
    space = globals()
    space["NUMBER"] = 2.0
    return lambda x: x * NUMBER, lambda thing: space.__setitem__("NUMBER", thing), lambda: space.__delitem__("NUMBER")  # noqa: F821 - set above


SPOTS = [
    in_a_cell,
    in_a_list,
    in_a_dict,
    in_an_instance,
    in_a_default,
    in_a_default_by_keyword,
    in_a_class,
    in_a_global_variable,
]


@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: spot.__name__)
def test_quick_calls_see_what_changes(spot: Any) -> None:
    """Another number, a Value, nothing at all: each is what counts, and calls are quick again; equal ones change nothing."""
    f, put, remove = spot()
    counted = Counted(f)
    compiled = jit(counted)

    def quick() -> bool:
        return not isinstance(compiled.__call__, LongWay)

    assert (compiled(3.0), compiled(3.0), quick()) == (6.0, 6.0, True)
    for number in (5.0, 2, True, -0.0):
        put(number)
        assert str(compiled(3.0)) == str(compiled(3.0)) == str(f(3.0) * 1.0)
        assert quick()
    calls = counted.calls
    assert calls == 5
    put(float("-0.0"))
    assert compiled(3.0) == 0.0
    assert (quick(), counted.calls) == (True, calls)
    put(Value(7.0))
    assert compiled(3.0).data == 21.0
    assert not quick()
    put(2.0)
    assert compiled(3.0) == 6.0
    remove()
    with pytest.raises((NameError, IndexError, KeyError, AttributeError, TypeError)):
        compiled(3.0)


def test_a_call_taken_before_sees_it_too() -> None:
    """The built-in function itself looks."""
    f, put, _ = in_a_cell()
    compiled = jit(f)
    for _ in range(2):
        compiled(1.0)
    call = compiled.__call__
    assert not isinstance(call, LongWay)
    put(5.0)
    assert (call(1.0), compiled(1.0), call(1.0)) == (5.0, 5.0, 5.0)


def test_arrays() -> None:
    """As for floats."""
    import numpy as np

    f, put, _ = in_a_dict()
    compiled = jit(lambda x: [f(x[0]), exp(x[1])])
    x = np.array([3.0, 0.0])
    for _ in range(3):
        assert compiled(x) == [6.0, 1.0]
    assert not isinstance(compiled.__call__, LongWay)
    put(4.0)
    for _ in range(3):
        assert compiled(x) == [12.0, 1.0]
    put(Value(5.0))
    assert compiled(x)[0].data == 15.0


def test_python_looks_where_machine_code_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slots, keys that are no strings, too many spots: such calls take the long way, and see changes too."""

    class Slotted:
        __slots__ = ("k",)

    slotted, held = Slotted(), {1: 2.0}
    slotted.k = 2.0  # type: ignore[attr-defined]  # its slot
    for f, put in (
        (lambda x: x * slotted.k, lambda thing: setattr(slotted, "k", thing)),  # type: ignore[attr-defined]  # as above
        (lambda x: x * held[1], lambda thing: held.__setitem__(1, thing)),
    ):
        compiled = jit(f)
        assert [compiled(3.0), compiled(3.0)] == [6.0, 6.0]
        assert isinstance(compiled.__call__, LongWay)
        put(5.0)
        assert [compiled(3.0), compiled([3.0][0])] == [15.0, 15.0]
    monkeypatch.setattr(watching, "MANY", 0)
    compiled = jit(in_a_cell()[0])
    assert compiled(3.0) == 6.0
    assert isinstance(compiled.__call__, LongWay)


def test_what_is_expected_is_kept_alive() -> None:
    """So that nothing else can come to lie at its address; and no longer than it is expected."""

    class Thing(float):
        pass

    watch, cell, one, other = Watch(), CellType(), Thing(1.0), Thing(2.0)
    gone = [weakref.ref(one), weakref.ref(other)]
    watch.update([(cell, 0)], [one], [])
    assert watch.expected[0] == id(one)
    del one
    gc.collect()
    assert gone[0]() is not None
    expected = watch.expected
    watch.update([(cell, 0)], [other], [])
    assert watch.expected is expected
    assert expected[0] == id(other)
    assert gone[0]() is None
    assert watch.possible
