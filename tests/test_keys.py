"""Keys: no two things that may act differently have one; copies have the same; things are not kept alive."""

import copy
import dataclasses
import datetime as dt
import enum
import functools
import gc
import math
import pickle
import weakref
from collections import OrderedDict, namedtuple
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, tanh
from autograd.keys import Keys, Same, key_of, key_of_contents, references


@dataclasses.dataclass(frozen=True)
class Options:
    """Compared by its fields but one."""

    rate: Any
    note: Any = dataclasses.field(default=None, compare=False)


class Named(NamedTuple):
    """A tuple by another name."""

    rate: Any


class ByName:
    """Equal to whatever bears its name, whatever else it is."""

    def __init__(self, name: str, factor: Any) -> None:
        self.name, self.factor = name, factor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByName) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


class Slotted(ByName):
    """The same with a slot."""

    __slots__ = ("more",)

    def __init__(self, name: str, more: Any) -> None:
        super().__init__(name, 0)
        self.more = more


class Level(enum.IntEnum):
    """Numbers with names."""

    LOW = 1


class Whole(int):
    """A number of a class of the user's own."""


ZEROS: list[Any] = [0.0, -0.0, 0, False, Decimal(0), Decimal("-0"), Decimal("0.0"), Fraction(0), 0j, complex(-0.0, 0.0)]
ZEROS += [np.float64(0.0), np.float32(0.0), np.float32(-0.0), np.int64(0), np.int32(0), np.bool_(False), Whole(0)]
ONES: list[Any] = [
    1,
    1.0,
    True,
    Decimal(1),
    Decimal("1.0"),
    Fraction(1),
    1 + 0j,
    np.float64(1.0),
    np.int64(1),
    Level.LOW,
    Whole(1),
]
INSIDE: dict[str, Any] = {
    "itself": lambda x: x,
    "tuple": lambda x: (x,),
    "tuple of tuples": lambda x: ((2, (x, "a")),),
    "named tuple": Named,
    "other named tuple": namedtuple("Other", "rate"),  # noqa: PYI024 - the plain kind
    "frozenset": lambda x: frozenset([x]),
    "frozen dataclass": Options,
    "field that is not compared": lambda x: Options(1, note=x),
    "partly mutable": lambda x: Options(1, note=[x, {"a": x, x: 2}, {x}]),
    "attribute that is not compared": lambda x: ByName("a", x),
    "slot that is not compared": lambda x: Slotted("a", x),
    "range": lambda x: (range(3), x),
}


@pytest.mark.parametrize("numbers", [ZEROS, ONES], ids=["zeros", "ones"])
@pytest.mark.parametrize("inside", INSIDE)
def test_equal_numbers_are_told_apart(inside: str, numbers: list[Any]) -> None:
    """Of other types, or another sign of 0, wherever they lie; copies, and what was pickled, have the same key."""
    make = INSIDE[inside]
    keys = [key_of(make(number)) for number in numbers]
    assert len({*keys}) == len(numbers)
    for number, key in zip(numbers, keys, strict=True):
        for again in (make(number), copy.deepcopy(make(number))):
            assert key_of(again) == key
            assert hash(key_of(again)) == hash(key)
        if inside != "other named tuple":
            assert key_of(pickle.loads(pickle.dumps(make(number)))) == key


@pytest.mark.parametrize("number", [1, 1.0], ids=repr)
def test_containers_are_told_apart(number: Any) -> None:
    """Whatever they hold."""
    assert len({key_of(make(number)) for make in INSIDE.values()}) == len(INSIDE)


@given(st.floats(), st.floats())
def test_floats_by_their_bits(x: float, y: float) -> None:
    """Any two, nan and the infinities among them."""
    same = repr(x) == repr(y)
    assert (key_of(x) == key_of(y)) is (key_of((x, "a")) == key_of((y, "a"))) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 2), (2, 1)),
        ("1", b"1"),
        (None, "None"),
        (frozenset(), ()),
        ((), ((),)),
        (("a", "b"), ("ab",)),
        (dt.timedelta(1), dt.timedelta(2)),
        (dt.datetime(2020, 1, 1, 1, tzinfo=dt.UTC), dt.datetime(2020, 1, 1, 1, fold=1, tzinfo=dt.UTC)),
        (
            dt.datetime(2020, 1, 1, 1, tzinfo=dt.UTC),
            dt.datetime(2020, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        ),
        (PurePosixPath("a"), "a"),
        (np.dtype("f4"), np.dtype("f8")),
        (np.datetime64(1, "D"), np.datetime64(24, "h")),
        (int, float),
        (math.sin, math.cos),
        (range(0), range(1, 1)),
        (Level.LOW, Level),
    ],
    ids=repr,
)
def test_other_things_are_told_apart(one: Any, other: Any) -> None:
    """Whether Python calls them equal or not; each is the same as itself."""
    assert key_of(one) == key_of(one)
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    "make", [object, lambda: lambda: 0, lambda: functools.partial(int), lambda: Value(1.0), lambda: type("A", (), {})]
)
def test_things_without_an_equality_are_themselves_alone(make: Any) -> None:
    """And their keys say no more of them: objects, functions, Values, classes."""
    one, other = make(), make()
    assert key_of(one) == key_of(one)
    assert key_of(Options(one)) == key_of(Options(one))
    assert key_of(one) != key_of(other)
    assert key_of(Options(one)) != key_of(Options(other))


def test_bound_methods_by_what_they_are_bound_to() -> None:
    """Python makes one at each look."""
    one, other = ByName("a", 1), ByName("a", 2)
    assert key_of(one.__hash__) == key_of(one.__hash__)
    assert key_of(one.__hash__) != key_of(other.__hash__)
    assert key_of(tanh.at) == key_of(tanh.at)


@pytest.mark.parametrize("thing", [[1], {}, set(), ([1],), np.ones(2), Options([1]), Decimal("sNaN")], ids=repr)
def test_what_has_no_hash_has_no_key(thing: Any) -> None:
    """TypeError, as `hash` raises it."""
    with pytest.raises(TypeError):
        key_of(thing)


def test_things_that_contain_themselves_or_refuse() -> None:
    """A key all the same: of what refuses to be pickled by itself alone."""

    class Stubborn(ByName):
        def __reduce_ex__(self, _protocol: Any) -> Any:
            raise RuntimeError("stays here")

    one, other = Stubborn("a", 1), Stubborn("a", 1)
    assert key_of(one) == key_of(one) != key_of(other)
    circle = ByName("a", [])
    circle.factor.append(circle)
    assert key_of(circle) == key_of(circle)
    again = ByName("a", [])
    again.factor.append(again)
    assert key_of(again) == key_of(circle)


def test_keys_keep_nothing_alive() -> None:
    """What they stand for goes; then they are equal to no key but themselves, though another thing lie where it lay."""

    class Thing:
        pass

    thing = Thing()
    key, gone = key_of((thing, Options(thing))), weakref.ref(thing)
    found = references(key)
    assert sum(reference is gone for reference in found) == 2
    del thing
    gc.collect()
    assert gone() is None
    assert key == key  # noqa: PLR0124 - dicts ask
    assert all(key_of((other := Thing(), Options(other))) != key for _ in range(100))
    assert Same(gone) == Same(gone)
    assert Same(3) != 3
    strong = Same((1, 2))
    assert strong.thing() == (1, 2)
    assert references((strong, "a")) == []


def test_keys_travel() -> None:
    """With what they stand for."""
    for thing in (int, math.fabs, Options(ByName("a", int)), (Level.LOW, 1.0)):
        assert pickle.loads(pickle.dumps(key_of(thing))) == key_of(thing)
    here = lambda: 0  # noqa: E731 - what cannot be pickled
    for key in (key_of(here), key_of(lambda: 0)):  # there, and gone
        with pytest.raises((pickle.PicklingError, AttributeError)):
            pickle.dumps(key)


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_keys_of_a_dict(kind: Any) -> None:
    """1, 1.0 and True are other keys, in any order of others; a plain tuple of the same ones is equal."""
    found = [Keys(kind([(number, 0.0), ("a", 0.0)])) for number in (1, 1.0, True)]
    assert len({*found}) == 3
    for keys in found:
        assert keys == tuple(keys)
        assert not keys != Keys(keys)  # noqa: SIM202 - the method
        assert pickle.loads(pickle.dumps(keys)) == keys
    assert found[0] != found[1]
    assert found[0] != 5


def test_a_key_of_contents() -> None:
    """Lists and dicts among the things count by what they hold, in order and by bits; other things by themselves."""
    thing = object()
    one = [1, [0.5, {"a": (1.0, thing)}], "text"]
    assert key_of_contents(one) == key_of_contents([1, [0.5, {"a": (1.0, thing)}], "text"])
    for other in ([1, [0.5, {"a": (1.0, object())}], "text"], [1.0, *one[1:]], one[:2], [one[1], 1, "text"],
                  [1, [-0.5, {"a": (1.0, thing)}], "text"], [1, [0.5, {"b": (1.0, thing)}], "text"]):  # fmt: skip
        assert key_of_contents(other) != key_of_contents(one)
    assert key_of_contents([0.0]) != key_of_contents([-0.0])
    assert key_of_contents([float("nan")]) == key_of_contents([float("nan")])
