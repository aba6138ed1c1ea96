"""The short way of a call: arguments that fit go straight into a frame."""

import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import dot, jit, scan, value_and_grad
from autograd.compiler import traces
from autograd.compiler.call import reader
from autograd.compiler.run import frame
from tests.compiler.call.test_arrays import T, W, X, flat_bits
from tests.compiler.comparison import bits

CALLS: dict[str, tuple[Callable[[], Any], tuple[Any, ...]]] = {
    "a list": (lambda: jit(lambda x, y: [q * y for q in x]), ([1.0, 2.0, 3.0], 2.0)),
    "a tuple": (lambda: jit(lambda x: x[0] * x[1]), ((2.0, 3.0),)),
    "an array alone": (lambda: jit(lambda x: x), (X,)),
    "an array and a number": (lambda: jit(lambda x, y: (x[0], [x[1] * y, x])), (W, 2.0)),
    "a dict of arrays": (
        lambda: jit(value_and_grad(lambda p, x: dot(list(p["w"]), list(x)) * p["b"][0] + p["s"])),
        ({"w": W, "b": [2.0, np.array([1.0])], "s": 0.5}, W),
    ),
    "rows": (lambda: jit(value_and_grad(lambda w, x: dot(list(w), list(x))), in_axes=(None, 0), reduce="sum"), (W, X)),
    "by row": (lambda: jit(lambda w, x: dot(list(w), list(x)), in_axes=(None, 0)), (W, X)),
    "arrays by row": (lambda: jit(lambda w, x: np.array([[w * q, q] for q in x]), in_axes=(None, 0)), (2.0, X)),
    "a gradient by row": (
        lambda: jit(value_and_grad(lambda w, x: dot(list(w), list(x)), argnums=(0, 1)), in_axes=(None, 0)),
        (W, X),
    ),
    "a list by row": (lambda: jit(lambda x: [x[0], (x[1] * x[2], np.array([x, x])), []], in_axes=0), (X,)),
    "a sequence": (
        lambda: jit(value_and_grad(lambda w, xs: scan(lambda c, x: (c * w[0] + x, None), w[1], xs)[0]), dynamic_argnums=1),
        (W, T),
    ),
    "sequences together": (
        lambda: jit(lambda both, w: scan(lambda c, x: (c * w + dot(x[0], x[0]) * x[1], None), 0.0, both)[0], dynamic_argnums=0),
        ((X, T), 0.5),
    ),
    "an empty array": (lambda: jit(lambda x: (x[0], np.zeros((2, 0)))), ([1.0],)),
}


def way_of(name: str) -> tuple[Any, Any, tuple[Any, ...]]:
    """The short way of a function that was compiled, the function, and its arguments."""
    make, arguments = CALLS[name]
    f = make()
    f(*arguments)
    f(*arguments)
    return f._calls.short_way[0], f, arguments


def others(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of the same structure with other numbers."""

    def negated(x: Any) -> Any:
        if isinstance(x, dict):
            return {key: negated(part) for key, part in x.items()}
        return type(x)(map(negated, x)) if isinstance(x, list | tuple) else -x

    return tuple(map(negated, arguments))


@pytest.mark.parametrize("name", CALLS)
def test_the_same_as_by_the_long_way(name: str) -> None:
    """The same structure, types and bits, one call after another."""
    way, f, arguments = way_of(name)
    for given in (arguments, others(arguments), arguments):
        assert flat_bits(way(given)) == flat_bits(f._calls._call(given, {}))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("a list", ([1.0, 2.0], 2.0)),
        ("a list", ([1.0, 2.0, 3], 2.0)),
        ("a list", ((1.0, 2.0, 3.0), 2.0)),
        ("a list", ([1.0, 2.0, 3.0], 2)),
        ("a list", ([1.0, 2.0, 3.0],)),
        ("an array alone", (X.T,)),
        ("an array alone", (X.astype(np.float32),)),
        ("an array alone", (X.tolist(),)),
        ("a sequence", (W, T[:0])),
        ("a sequence", (W, X)),
        ("a sequence", (W, T[::-1])),
        ("a sequence", (W, T.tolist())),
        ("a sequence", (W, T.astype(object))),
        ("sequences together", ((X, T[:8]), 0.5)),
        ("sequences together", ((X[:, :2], T), 0.5)),
        ("sequences together", ((X, T.tolist()), 0.5)),
        ("sequences together", ([X, T], 0.5)),
        ("rows", (W, X[:0])),
        ("rows", (W, X[0])),
        ("rows", (W, X[:, :2])),
        ("rows", (W, X[:, ::-1])),
    ],
)
def test_what_does_not_fit(name: str, arguments: tuple[Any, ...]) -> None:
    """It says so, and the next call is right."""
    way, f, fitting = way_of(name)
    expected = flat_bits(f._calls._call(fitting, {}))
    assert way(arguments) is sys.modules["autograd.compiler.traces"].NO
    assert flat_bits(way(fitting)) == expected


def test_sequences_of_every_length() -> None:
    """One way for all: it reads where an array lies, and how long it is, in each call; two that belong together are of one."""
    way, f, ((xs, ts), w) = way_of("sequences together")
    for count in (1, 2, 5, 9, 4):
        given = (xs[:count], ts[:count]), w
        assert flat_bits(way(given)) == flat_bits(f._calls._call(given, {}))
        assert flat_bits(f(*given)) == flat_bits(way(given))
    with pytest.raises(ValueError, match="9"):
        f((xs, ts[:8]), w)


# --- another call in between ------------------------------------------------------------------------------------------


class Between:
    """Calls something before the n-th instruction that the files of the short way run, for as long as it is entered."""

    def __init__(self, n: int, do: Callable[[], Any]) -> None:
        self.left = n
        self.do = do
        sys._getframe().f_trace_opcodes = True  # without which Python 3.12 tells of no instruction at all
        self.files = {reader.__file__, frame.__file__}

    def __call__(self, of: Any, event: str, _: Any) -> Any:
        if of.f_code.co_filename not in self.files:
            return None
        of.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if not self.left:
                sys.settrace(None)
                self.do()
        return self

    def __enter__(self) -> None:
        self.before = sys.gettrace()
        sys.settrace(self)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self.before)


def interrupt() -> None:
    """As a signal handler does."""
    raise KeyboardInterrupt


def test_parts_that_do_not_fit() -> None:
    """A dict with other keys, or the same in another order; lists of another length; what is in them of another kind."""
    way, f, (parts, w) = way_of("a dict of arrays")
    turned = dict(reversed(parts.items()))
    for other in (turned, parts | {"more": 1.0}, {"w": W, "s": 0.5}, parts | {"b": [2.0]}, parts | {"s": 1}, [1.0], 2.0):
        assert way((other, w)) is traces.NO
    assert bits(f(turned, w)[0]) == bits(f(parts, w)[0])


@pytest.mark.parametrize("name", CALLS)
def test_another_call_at_every_instruction(name: str) -> None:
    """What a finalizer, a signal handler or another thread does in between: neither call gets the other's numbers."""
    way, f, arguments = way_of(name)
    expected, other = flat_bits(f._calls._call(arguments, {})), flat_bits(f._calls._call(others(arguments), {}))
    for n in range(1, 10_000):
        found: list[Any] = []
        between = Between(n, lambda found=found: found.append(way(others(arguments))))  # type: ignore[misc]
        with between:
            result = way(arguments)
        assert flat_bits(result) == expected
        assert all(flat_bits(x) == other for x in found)
        if between.left > 0:
            break
    assert n > 30


@pytest.mark.parametrize("name", CALLS)
def test_an_exception_at_every_instruction(name: str) -> None:
    """A frame may be lost by it, but no two calls get the same."""
    way, f, arguments = way_of(name)
    frames = f._calls.latest.compiled.executable.frames
    expected = flat_bits(f._calls._call(arguments, {}))
    for n in range(1, 10_000):
        between = Between(n, interrupt)
        with between, suppress(KeyboardInterrupt):
            way(arguments)
        assert flat_bits(way(arguments)) == expected
        assert len(set(map(id, frames._idle))) == len(frames._idle) <= 2
        if between.left > 0:
            break
    assert n > 30


def test_a_finalizer_that_calls_the_function() -> None:
    """Wherever the collector runs."""
    way, f, arguments = way_of("a list")
    expected = bits(f._calls._call(arguments, {}))

    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            way(others(arguments))

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            Node()
            assert bits(way(arguments)) == expected
    finally:
        gc.set_threshold(*threshold)
