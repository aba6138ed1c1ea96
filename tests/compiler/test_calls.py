"""Calls: what a compiled function knows, apart from the function itself."""

import functools
import gc
import pickle
import weakref
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from autograd import Value, jit, maximum, primitive, sin, sum_, vmap, where
from autograd.compiler import pipeline
from autograd.compiler.call.built_in import LongWay
from autograd.compiler.calls import Calls
from autograd.compiler.trace.arguments import MANY, JitOptions
from autograd.compiler.trace.symbol import Symbol
from autograd.traced import rolling
from tests.compiler.comparison import bits


def decorator(f: Any) -> Any:
    """Adds 1."""

    @functools.wraps(f)
    def wrapper(x: Any) -> Any:
        return f(x) + 1.0

    return wrapper


@decorator
def decorated(x: Any) -> Any:
    """A function that a name leads to, and that wraps another one."""
    return x * 2.0


@jit
def compiled(x: Any) -> Any:
    """One that is compiled."""
    return x * 3.0


def test_calls_outlive_their_function() -> None:
    """A call that was taken from a function goes on when the function is gone, whatever the arguments, by the same traces."""
    traced = 0

    @jit
    def f(x: Any, y: Any) -> Any:
        nonlocal traced
        traced += 1
        return x * y

    way = f.__call__
    assert f(2.0, 3.0) == 6.0
    quick, gone = f.__call__, weakref.ref(f)
    assert isinstance(way, LongWay)
    del f
    assert gone() is None
    assert way(2.0, 4.0) == quick(2.0, 4.0) == way(2, 4) == quick(2, y=4) == 8.0
    assert way([2.0][0], Value(4.0)).data == 8.0
    assert traced == 1


def test_nothing_of_the_function_is_kept_by_its_calls() -> None:
    """Attributes that users give it are freed with it."""

    class Note:
        pass

    f = jit(lambda x: x)
    f(1.0)
    f.note = note = Note()
    call, gone = f.__call__, weakref.ref(note)
    gc.disable()
    try:
        del f, note
        assert gone() is None
        assert call(2) == 2.0
    finally:
        gc.enable()


@pytest.mark.parametrize("way", ["a float", "an integer", "a Value", "captured"])
def test_a_finalizer_calls_what_it_holds(way: str) -> None:
    """In a cycle that the collector takes, `__del__` may call the function by any way: weak references are dead by then."""
    found: list[Any] = []

    class Holder:
        f: Any

        def __del__(self) -> None:
            argument: Any = {"an integer": 2, "a Value": Value(2.0)}.get(way, 2.0)
            found.append(self.f(argument))

    def make() -> None:
        scale, holder = Value(3.0), Holder()
        holder.f = jit(lambda x: x * (scale if way == "captured" else 3.0) if holder else x)
        holder.f(1.0)

    make()
    gc.collect()
    (result,) = found
    assert (result.data if isinstance(result, Value) else result) == 6.0


def test_found_by_name() -> None:
    """What was unpickled finds the function that was compiled, not one that it wraps."""
    for f, wanted in ((jit(decorated), 7.0), (compiled, 9.0)):
        again = pickle.loads(pickle.dumps(f))
        assert again([3.0][0]) == again(3) == wanted
        twice = pickle.loads(pickle.dumps(again))
        assert twice(3.0) == wanted


def test_the_function_is_pickled_as_one_with_its_calls() -> None:
    """References to it stay the same one; calls alone travel too."""
    f = jit(lambda x: x * 2.0)
    f(1.0)
    one, other = pickle.loads(pickle.dumps([f, f]))
    assert one is other
    calls = pickle.loads(pickle.dumps(f._calls))
    assert isinstance(calls, Calls)
    assert calls.call(4.0) == 8.0
    assert calls.options == JitOptions()


def test_what_a_function_knows() -> None:
    """Only what it was traced for, as long as that holds."""
    scale = [2.0]

    def f(x: Any) -> Any:
        return x * scale[0]

    calls = jit(f)._calls
    assert not calls.knows(1.0)
    calls.on_numbers(1.0)
    assert calls.knows(3.0)
    assert not calls.knows([1.0])
    scale[0] = 3.0
    assert not calls.knows(1.0)
    assert calls.on_numbers(1.0) == 3.0
    assert calls.knows(1.0)


def test_traced_with_and_on_numbers() -> None:
    """The trace that a call runs, with what it captures now; plain numbers where Values are captured, nothing recorded."""
    weight = Value(2.0)
    f = jit(lambda x: weight * x + 1.0)
    traced, captured, arguments = f._calls.traced_with(3.0)
    assert captured == (weight,) or [value is weight for value in captured] == [True]
    assert len(arguments) == 1
    found = f._calls.on_numbers(3.0)
    assert (type(found), found) == (float, 7.0)
    weight.data = 5.0
    assert f._calls.on_numbers(3.0) == 16.0
    assert f._calls.traced_with(4.0)[0] is traced
    assert isinstance(f(3.0), Value)
    assert not weight.has_grad


def test_the_first_call_does_not_wait_for_machine_code() -> None:
    """A small function of floats answers by the table's own functions, to the same bits; the second call compiles it."""
    f = jit(lambda x, y: [sin(x) / y, maximum(x, y) ** 3.0, where(x < y, x, -y)])
    first = f(0.3, -0.0)
    (traced,) = f._calls.traces.values()
    assert traced.compiled._executable is None
    second, third = f(0.3, -0.0), f(0.3, -0.0)
    assert traced.compiled._executable is not None
    assert bits(first) == bits(second) == bits(third)
    assert f.stats().backend == "llvm"


@pytest.mark.parametrize("options", [{"fast": True}, {"backend": "llvm"}, {"in_axes": 0}])
def test_who_asks_for_machine_code_gets_it_at_once(options: Any) -> None:
    """By another backend, with other bits, or over rows."""
    f = jit(lambda x: x * 2.0, **options)
    assert f([1.0] if "in_axes" in options else 1.0) in (2.0, [2.0])
    (traced,) = f._calls.traces.values()
    assert traced.compiled._executable is not None


def test_what_is_the_users_own_is_compiled_at_once() -> None:
    """Python would raise where machine code gives nan."""
    inverse = primitive("inverse_for_calls", evaluate=lambda x: 1.0 / x if x else 0.0, partials=lambda r, x: -r * r)
    f = jit(lambda x: inverse(x) + 1.0)
    f(2.0)
    (traced,) = f._calls.traces.values()
    assert traced.compiled._executable is not None


@pytest.mark.parametrize("loops", [True, False])
def test_a_program_that_cannot_go_through_layers(loops: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loops stay where they are wanted; else it is traced again, without any."""
    asked: list[Any] = []
    monkeypatch.setattr(pipeline, "by_row", lambda *_: asked.append(1))
    w, x = np.sin(np.arange(float(MANY))), np.linspace(-1.0, 1.0, 5)
    traced = []

    def f(w: Any, x: Any) -> Any:
        traced.append(1)
        with rolling() if isinstance(x, Symbol) else nullcontext():  # as a layer does
            return sum_(vmap(lambda a: a * x)(list(w)))

    found = jit(f, in_axes=(None, 0), reduce="sum", loops=loops)(w, x)
    assert len(traced) == (1 if loops else 2)
    assert len(asked) == 1
    assert found == jit(f, in_axes=(None, 0), reduce="sum", loops=loops, backend="python")(w, x)
