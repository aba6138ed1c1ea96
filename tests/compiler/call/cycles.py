"""Ways in which a compiled function can hold itself: a program that lets the garbage collector take each of them."""

import gc
import random
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value, jit

ARRAY = np.array([1.0, 2.0, 3.0])
taken: list[Any] = []
junk: list[Any] = []


def allocate() -> None:
    """Take what memory is free by now."""
    junk[:] = [[random.random() for _ in range(50)], np.ones(40), b"x" * 40, bytearray(64)]


def compiled(h: Callable[[Any], Any], x: Any) -> Any:
    """A function that has found its built-in call, for a float or an array; memory is taken as soon as its notes are freed."""
    f = jit(h if x is not ARRAY else lambda a: [h(a[0]), h(a[1]), a, (h(a[2]),)])
    for _ in range(3):
        f(x)
    assert type(f.__call__).__name__ == "builtin_function_or_method"
    f.notes = [np.ones(1)]
    weakref.finalize(f.notes[0], allocate).atexit = False
    return f


def triple(x: Any) -> Any:
    """Any function."""
    return x * 3.0


class Model:
    """Holds a compiled function."""

    k = 3.0
    step: Any


def attribute_of_a_model_it_closes_over(x: Any) -> None:
    """The ordinary way."""
    model = Model()
    model.step = compiled(lambda x: x * model.k, x)


def its_own_attribute(x: Any) -> None:
    """In its `__dict__`."""
    f = compiled(triple, x)
    f.me = f


def captured_list(x: Any) -> None:
    """In a list it closes over."""
    held: list[Any] = [3.0]
    held.append(compiled(lambda x: x * held[0], x))


def attribute_of_what_it_wraps(x: Any) -> None:
    """By `__wrapped__`."""

    def wrapped(x: Any) -> Any:
        return x * 3.0

    f = compiled(wrapped, x)
    wrapped.compiled = f  # type: ignore[attr-defined]  # functions take what they are given


def call_without_its_owner(x: Any) -> None:
    """The built-in call in a cycle, its owner gone before."""
    ring = [compiled(triple, x).__call__]
    ring.append(ring)


def call_with_its_owner(x: Any) -> None:
    """The built-in call and its owner in one cycle."""
    f = compiled(triple, x)
    f.call_of_it = f.__call__
    f.me = f


def method(x: Any) -> None:
    """Bound to an instance that holds it."""
    model = Model()
    f = compiled(triple, x)
    f.model = model
    model.step = f.__get__(model)


def method_of_a_class(x: Any) -> None:
    """Compiled in the body of a class."""

    class Stepping:
        step = compiled(triple, x)

    Stepping.step.owner = Stepping
    Stepping.step.bound = Stepping().step


def global_variable(x: Any) -> None:
    """The function holds the namespace that holds it."""
    space: dict[str, Any] = {}
    space["f"] = f = compiled(triple, x)
    f.space = space
    globals()["f"] = f


def called_by_a_finalizer(x: Any) -> None:
    """As long as it is there."""
    f = compiled(triple, x)
    f.me = f

    def call(alive: Any) -> None:
        if alive() is not None:
            taken.append(alive()(x))

    for called in (f, f.__call__):
        weakref.finalize(f.notes[0], call, weakref.ref(called)).atexit = False


def called_by_what_holds_it(x: Any) -> None:
    """In its `__del__`, which runs when weak references are dead, but nothing else is."""

    class Ending(Model):
        def __del__(self) -> None:
            allocate()
            taken.append(self.step(x))

    model = Ending()
    model.step = compiled(lambda x: x * model.k, x)


def called_the_long_way_by_what_holds_it(x: Any) -> None:
    """With numbers of another type than before, and with a captured Value."""
    scale = Value(3.0)

    class Ending(Model):
        def __del__(self) -> None:
            allocate()
            taken.extend([self.step(x.astype(int) if x is ARRAY else 1), self.captures(1.0).data])

    model = Ending()
    model.step = compiled(lambda x: x * model.k, x)
    model.captures = jit(lambda x: x * scale if model else x)
    model.captures(1.0)


WAYS: list[Callable[[Any], None]] = [
    attribute_of_a_model_it_closes_over, its_own_attribute, captured_list, attribute_of_what_it_wraps, call_without_its_owner,
    call_with_its_owner, method, method_of_a_class, global_variable, called_by_a_finalizer, called_by_what_holds_it,
    called_the_long_way_by_what_holds_it,
]  # fmt: skip


def run(repeats: int) -> None:
    """Make cycles in each way, for floats and arrays, and have them collected."""
    for way in WAYS:
        print(way.__name__, file=sys.stderr, flush=True)
        for x in (1.0, ARRAY):
            for _ in range(repeats):
                way(x)
                way(x)
                gc.collect()
    numbers = [result if isinstance(result, float) else result[0] for result in taken]
    assert len(numbers) >= 4 * repeats
    assert set(numbers) == {3.0}
    print("survived")
