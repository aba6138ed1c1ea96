"""Built-in functions of what may be much work: sequences of any length, long loops. They give the interpreter's lock away."""

import gc
import math
import signal
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from autograd import dot, fori_loop, jit, scan, sin, sum_, take, value_and_grad, vmap
from autograd.compiler.call.arrays import KNOWN, TRACKED
from tests.compiler.call.test_arrays import Node, flat_bits, is_quick, replaced, warm

pytestmark = pytest.mark.skipif(not KNOWN, reason="this Python or NumPy keeps numbers elsewhere")
RNG = np.random.default_rng(0)
W = RNG.normal(size=3)


def loss(w: Any, both: Any, k: float) -> Any:
    """Over sequences of one length."""
    return scan(lambda c, x: (c * w[0] + dot(x[0], w) * x[1] * k, None), w[1], both)[0]


def gradients() -> Any:
    """By what all turns share."""
    return jit(value_and_grad(loss, argnums=(0, 2)), dynamic_argnums=1)


def arguments(rows: int) -> tuple[Any, ...]:
    """Sequences of that length."""
    return W, (RNG.normal(size=(rows, 3)), RNG.normal(size=rows)), 0.5


def as_lists(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same for eager code."""
    w, both, k = given
    return w.tolist(), tuple(x.tolist() for x in both), k


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 1000])
def test_sequences(rows: int) -> None:
    """The bits of the long way, and of Values; nothing is leaked."""
    f = warm(gradients, arguments(3))
    given = arguments(rows)
    found = f(*given)
    assert is_quick(f)
    assert flat_bits(found) == flat_bits(f.call(*given))
    value, (gradient, slope) = value_and_grad(loss, argnums=(0, 2))(*as_lists(given))
    assert flat_bits(found) == flat_bits((value, (np.array(gradient), slope)))
    counts = [sys.getrefcount(x) for x in (*given, *given[1])]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            f(*given)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()
    assert [sys.getrefcount(x) for x in (*given, *given[1])] == counts


X, T = arguments(5)[1]


@pytest.mark.parametrize(
    "both",
    [(X, T[:4]), (X[:0], T[:0]), (X[:, :2].copy(), T), (X, T[:, None]), (X[::-1], T), [X, T], (X.astype(np.float32), T), (X,)],
)
def test_other_sequences_take_the_long_way(both: Any) -> None:
    """Of other lengths than each other, of none, of other rows, not contiguous."""
    f = warm(gradients, arguments(3))
    called: list[Any] = []
    replaced(f, lambda *given: called.append(given))
    f(W, both, 0.5)
    assert len(called) == 1
    assert called[0][1] is both


def test_sequences_apart_may_differ_in_length() -> None:
    """Those of one argument may not."""

    def f(xs: Any, ys: Any) -> Any:
        first = scan(lambda c, x: (c + x, None), 0.0, xs)[0]
        return scan(lambda c, y: (c * 0.5 + y, None), first, ys)[0]

    g = warm(lambda: jit(f, dynamic_argnums=(0, 1)), (T, T))
    found = g(T[:2], T)
    assert is_quick(g)
    assert flat_bits(found) == flat_bits(f(T[:2].tolist(), T.tolist()))


def swinging(x: Any, turns: int = 3_000_000) -> Any:
    """Some tenths of a second."""
    return fori_loop(0, turns, lambda _, c: sin(c) + x, x)


def test_other_threads_run_meanwhile() -> None:
    """And may call the same function: each call has memory of its own."""
    f = warm(lambda: jit(lambda x, y: (swinging(x), y)), (0.1, 0.0))
    expected = {x: f.call(x, 1.0) for x in (0.1, 0.2, 0.3, 0.4)}
    found: dict[float, Any] = {}
    threads = [threading.Thread(target=lambda x=x: found.update({x: f(x, 1.0)})) for x in expected]
    for thread in threads:
        thread.start()
    counted = 0
    while any(thread.is_alive() for thread in threads):
        counted += 1
        time.sleep(0.0005)
    assert found == expected
    assert counted > 2
    assert is_quick(f)


@contextmanager
def handled(handler: Any) -> Iterator[None]:
    """With a handler for a signal that comes soon."""
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def test_a_handler_that_calls_the_function() -> None:
    """While it is at work."""
    f = warm(lambda: jit(lambda x, turns: (fori_loop(0, turns, lambda _, c: sin(c) + x, x), x)), (0.1, 5.0))
    expected, inside = f.call(0.1, 30_000_000.0), f.call(0.7, 9.0)
    found: list[Any] = []
    with handled(lambda *_: found.append(f(0.7, 9.0))):
        assert f(0.1, 30_000_000.0) == expected
    assert found == [inside]
    assert is_quick(f)


class TooLong(Exception):  # noqa: N818 - not an error
    """What the handler of a signal raises."""


def test_a_handler_that_raises() -> None:
    """Its exception comes out of the call, and the next call is right."""
    f = warm(lambda: jit(lambda x, turns: (fori_loop(0, turns, lambda _, c: sin(c) + x, x), x)), (0.1, 5.0))
    raised = TooLong()

    def handler(*_: object) -> None:
        raise raised

    for _ in range(2):
        with handled(handler), pytest.raises(TooLong) as caught:
            f(0.1, 1e12)
        assert caught.value is raised
        assert f(0.1, 5.0) == (fori_loop(0, 5, lambda _, c: math.sin(c) + 0.1, 0.1), 0.1)
    assert is_quick(f)


def every(of: Any) -> Any:
    """A function whose results are as long as its argument."""
    return lambda xs, k: of(vmap(lambda x: sum_([a * k for a in x]))(xs), vmap(lambda x: np.array([a + k for a in x]))(xs), k)


def in_arrays(found: Any) -> Any:
    """Rows in an array, as a call returns them."""
    if not isinstance(found, list | tuple):
        return found
    rows = isinstance(found, list) and len({np.shape(x) for x in found}) == 1 and not isinstance(found[0], list)
    return np.array(found) if rows else type(found)(map(in_arrays, found))


LONG_RESULTS: dict[str, Any] = {
    "numbers": every(lambda sums, _rows, _k: sums),
    "rows": every(lambda _sums, rows, _k: rows),
    "beside others": every(lambda sums, rows, k: (k, sums, np.array([k, 2.0 * k]), [rows, sums])),
    "alike": every(lambda sums, rows, _k: ([sums, sums], (rows, rows, rows))),
}


@pytest.mark.parametrize("name", LONG_RESULTS)
def test_results_as_long_as_arguments(name: str) -> None:
    """Shorter and longer ones have the bits of plain Python, by a built-in function and by the long way."""
    plain = LONG_RESULTS[name]
    f = warm(lambda: jit(plain, dynamic_argnums=0), (X, 2.0))
    kept = []
    for rows in (5, 1, 1000, 9, 40_000, 2):
        xs = RNG.normal(size=(rows, 3))
        found = f(xs, 0.5)
        expected = flat_bits(in_arrays(plain([np.array(row) for row in xs], 0.5)))
        assert is_quick(f)
        assert flat_bits(found) == expected == flat_bits(f.call(xs, 0.5))
        kept.append((found, expected))
    assert all(flat_bits(found) == expected for found, expected in kept)  # no call writes where another's result lies


@pytest.mark.parametrize("name", LONG_RESULTS)
def test_long_results_are_not_leaked(name: str) -> None:
    """Nor are they lost where the collector runs, and a finalizer calls the function: an array that is made does not run it."""
    assert not np.ndarray.__flags__ & TRACKED
    assert list.__flags__ & TRACKED
    f = warm(lambda: jit(LONG_RESULTS[name], dynamic_argnums=0), (X, 2.0))
    expected = flat_bits(f.call(X, 2.0))
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(200):
            Node(lambda *_: f(X[:3], 7.0))
            assert flat_bits(f(X, 2.0)) == expected
    finally:
        gc.set_threshold(*threshold)
    assert is_quick(f)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            f(X, 2.0)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()


def test_long_results_from_many_threads() -> None:
    """Each call returns its own: the others take the long way."""
    f = warm(lambda: jit(LONG_RESULTS["beside others"], dynamic_argnums=0), (X, 2.0))
    inputs = [np.full((1 + k % 50, 3), float(k)) for k in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda x: flat_bits(f(x, 0.5)), inputs))
    assert found == [flat_bits(f.call(x, 0.5)) for x in inputs]


def test_a_handler_that_raises_before_a_long_result() -> None:
    """Its exception comes out of the call, and the next call is quick again."""

    def slow(xs: Any, turns: Any) -> Any:
        end = fori_loop(0, turns, lambda _, c: sin(c) + take(xs, 0), 0.0)
        return vmap(lambda x: x * end)(xs)

    f = warm(lambda: jit(slow, dynamic_argnums=0), (T, 5.0))

    def handler(*_: object) -> None:
        raise TooLong

    for _ in range(2):
        with handled(handler), pytest.raises(TooLong):
            f(T, 1e12)
        assert flat_bits(f(T, 5.0)) == flat_bits(f.call(T, 5.0))
    called: list[Any] = []
    replaced(f, lambda *given: called.append(given))
    f(T, 5.0)
    assert not called
