"""The quickest call with arrays: a built-in function made of machine code."""

import gc
import math
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograd import Value, dot, exp, jit, sum_, value_and_grad
from autograd.compiler.call import arrays
from autograd.compiler.call.arrays import KNOWN
from autograd.compiler.call.built_in import LongWay
from tests.compiler.comparison import bits, in_another_process

pytestmark = pytest.mark.skipif(not KNOWN, reason="this Python or NumPy keeps numbers elsewhere")


def loss(weights: Any, scale: Any, x: Any, t: Any) -> Any:
    """A loss of one row: shared arrays and numbers, an array and a number by row."""
    return (exp(-scale) * dot(list(weights), list(x)) - t) ** 2


def one_shared(weights: Any, x: Any) -> Any:
    """Nothing is shared by all rows but one array."""
    return loss(weights, 0.5, x, 1.0)


def weights_of(a: Any, b: Any) -> Any:
    """Results of every kind, nested."""
    return a[0] * b, [b, (sum_(list(a)), a)], np.array([[x * b for x in a]] * 2)


def by_row_of_every_kind(x: Any, a: Any, t: Any) -> Any:
    """Results by row, nested: many numbers, arrays, what is empty or does not depend on the row."""
    return [t * a, *x], (), ([x * a, (t,)], np.array([[x[0], 1.0]]), np.zeros((0, 2))), [a] * 20


RNG = np.random.default_rng(0)
W, X, T = RNG.normal(size=3), RNG.normal(size=(9, 3)), RNG.normal(size=9)
STEP: Any = {"in_axes": (None, None, 0, 0), "reduce": "mean"}
CALLS: dict[str, tuple[Callable[[], Any], tuple[Any, ...]]] = {
    "a number of rows": (lambda: jit(loss, **STEP), (W, 0.5, X, T)),
    "a value and gradients": (lambda: jit(value_and_grad(loss, argnums=(0, 1)), **STEP), (W, 0.5, X, T)),
    "one shared array": (lambda: jit(value_and_grad(one_shared), in_axes=(None, 0), reduce="sum"), (W, X)),
    "no rows": (lambda: jit(weights_of), (W, 2.0)),
    "one array": (lambda: jit(lambda a: (a[0][0] + a[0][1], a)), (X[:1],)),
    "numbers by row": (lambda: jit(loss, in_axes=(None, None, 0, 0)), (W, 0.5, X, T)),
    "arrays by row": (lambda: jit(lambda x: np.array([[q * q, q] for q in x]), in_axes=0), (X,)),
    "a value and gradients by row": (
        lambda: jit(value_and_grad(loss, argnums=(0, 1, 2, 3)), in_axes=(None, None, 0, 0)),
        (W, 0.5, X, T),
    ),
    "gradients of numbers by row": (
        lambda: jit(value_and_grad(lambda a, b, c: a * exp(b) - c, argnums=(0, 1, 2)), in_axes=0),
        (T, X[:, 0].copy(), X[:, 1].copy()),
    ),
    "lists by row": (lambda: jit(by_row_of_every_kind, in_axes=(0, None, 0)), (X, 0.5, T)),
    "one tuple by row": (lambda: jit(lambda t: (t,), in_axes=0), (T,)),
    "lists alike": (lambda: jit(lambda x: [[q * k, q] for q in x[0] for k in (1.0, 2.0, -3.0)]), (X,)),
    "lists alike in lists alike": (
        lambda: jit(lambda x: ([[[q * k, q]] * 2 for q in x[0]] for k in (1.0, 2.0)).__next__()),
        (X,),
    ),
    "three levels": (lambda: jit(lambda x: [([(q, q * k), (k, q)], q) for q in x[1] for k in (1.0, 2.0, -3.0)]), (X,)),
    "alike but for one": (lambda: jit(lambda x: [[x[0][0], x[0][1]], [x[1][0], x[1][1]], [x[2][0]], x[2][1]]), (X,)),
    "arrays alike": (lambda: jit(lambda x: tuple([np.array([q, q * k]), [k]] for q in x[0] for k in (2.0, 3.0))), (X,)),
    "lists alike by row": (lambda: jit(lambda x: [[(q * k, q), k] for q in x for k in (1.0, 2.0)], in_axes=0), (X,)),
    "arrays alike by row": (lambda: jit(lambda x: [(np.array([q, q * q]), q) for q in x] * 2, in_axes=0), (X,)),
    "lists of none": (lambda: jit(lambda x: [x[0][0], [[], []], [(), ()]]), (X,)),
    "floats alone": (lambda: jit(value_and_grad(lambda x, y: x * y, argnums=(0, 1))), (2.0, 3.0)),
}


def is_quick(f: Any) -> bool:
    """Whether its call is a built-in function."""
    return type(f.__call__).__name__ == "builtin_function_or_method"


def warm(make: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
    """The function when it has found its quick way: what is called once may never be called again."""
    f = make()
    f(*arguments)
    assert not is_quick(f)
    f(*arguments)
    assert is_quick(f)
    return f


def flat_bits(result: Any) -> Any:
    """A result's structure, with every number's bits."""
    if isinstance(result, np.ndarray):
        return result.shape, result.dtype, [bits(x) for x in result.ravel().tolist()]
    return type(result), [flat_bits(part) for part in result] if isinstance(result, list | tuple) else bits(result)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_as_by_the_long_way(name: str) -> None:
    """The same structure, types and bits; results are new objects each time, and what was passed stays as it was."""
    make, arguments = CALLS[name]
    f = warm(make, arguments)
    kept = [np.copy(x) for x in arguments]
    first, expected = f(*arguments), f.call(*arguments)
    again = f(*[-x for x in arguments])
    assert flat_bits(first) == flat_bits(expected)
    assert flat_bits(again) == flat_bits(f.call(*[-x for x in arguments]))
    assert all(np.array_equal(x, y) for x, y in zip(arguments, kept, strict=True))


@pytest.mark.parametrize("name", ["a value and gradients", "a value and gradients by row"])
@pytest.mark.parametrize("rows", [1, 7, 8, 9, 1000])
def test_rows(rows: int, name: str) -> None:
    """Any number of them, other than in the first call too."""
    f = warm(*CALLS[name])
    x, t = RNG.normal(size=(rows, 3)), RNG.normal(size=rows)
    assert flat_bits(f(W, 0.5, x, t)) == flat_bits(f.call(W, 0.5, x, t)) == flat_bits(f._calls._call((W, 0.5, x, t), {}))
    assert is_quick(f)


def flat(structure: Any) -> list[Any]:
    """The numbers in lists, tuples and arrays, in order."""
    if isinstance(structure, np.ndarray):
        return structure.ravel().tolist()  # type: ignore[no-any-return]
    if isinstance(structure, list | tuple):
        return [number for part in structure for number in flat(part)]
    return [structure]


def weighted(*arguments: Any) -> tuple[Any, Any]:
    """Each number takes part by its place, and goes into the results too."""
    numbers = flat(arguments)
    return dot([k * q for k, q in enumerate(numbers, 1)], numbers), [numbers, (numbers[0], numbers[-1])]


LISTS: dict[str, tuple[Any, ...]] = {
    "a list": ([1.0, 2.0, 3.0], 0.5),
    "a tuple": (0.5, (1.0, 2.0, 3.0)),
    **{f"{n} numbers": ([float(k) for k in range(1, n + 1)],) for n in (1, 2, 7, 8, 9, 300)},
    "arrays in a tuple": ((W, X), T),
    "arrays in a list": (W, [T, X[0]]),
    "of every kind": ([W, 2.0, (3.0, [4.0, 5.0], (X,))], (T, 6.0)),
    "matrices": ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], ((7.0, 8.0), (9.0, 10.0))),
    "arrays of one number": ((np.array(2.0), [np.array([[3.0]])]),),
}


def changed(structure: Any, x: float) -> Any:
    """The same structure with other numbers."""
    if isinstance(structure, list | tuple):
        return type(structure)([changed(part, x) for part in structure])
    return np.array(structure * x) if isinstance(structure, np.ndarray) else structure * x


@pytest.mark.parametrize("name", LISTS)
def test_lists_and_tuples(name: str) -> None:
    """Numbers, arrays and lists in them are read where they lie: the bits are those of Values, and nothing is leaked."""
    arguments = LISTS[name]
    f = warm(lambda: jit(weighted), arguments)
    counts = [sys.getrefcount(x) for x in arguments]
    for x in (1.0, -0.3):
        others = changed(arguments, x)
        expected = f.call(*others)
        found = f(*others)
        assert flat_bits(found) == flat_bits(expected)
        assert bits(found[0]) == bits(weighted(*changed(arguments, x))[0])
    assert is_quick(f)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            f(*arguments)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()
    assert [sys.getrefcount(x) for x in arguments] == counts


@pytest.mark.parametrize(
    "other",
    [
        ((W, 2.0, (3.0, [4.0, 5.0], (X,))), (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, 5.0], (X,))], [T, 6.0]),
        ([W, 2.0, (3.0, [4.0, 5.0, 5.5], (X,))], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0], (X,))], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, 5], (X,))], (T, 6.0)),
        ([W, 2, (3.0, [4.0, 5.0], (X,))], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, 5.0], (X, X))], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, 5.0], ())], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, 5.0], (np.asfortranarray(X),))], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, 5.0], (X.tolist(),))], (T, 6.0)),
        ([W, 2.0, (3.0, [4.0, np.float64(5.0)], (X,))], (T, 6.0)),
        ([W, 2.0, (3.0, type("Mine", (list,), {})([4.0, 5.0]), (X,))], (T, 6.0)),
        ([W, 2.0, (3.0, np.array([4.0, 5.0]), (X,))], (T, 6.0)),
    ],
)
def test_other_lists_take_the_long_way(other: tuple[Any, ...]) -> None:
    """Another length or type anywhere is left to it, before anything is read."""
    f = warm(lambda: jit(weighted), LISTS["of every kind"])
    called: list[Any] = []
    replaced(f, lambda *arguments: called.append(arguments))
    f(*other)
    assert [[id(x) for x in arguments] for arguments in called] == [[id(x) for x in other]]


def test_very_many_lists_take_the_long_way() -> None:
    """Each would have lines of its own."""
    many = [[float(i), 1.0] for i in range(arrays.MOST_PLACES + 1)]
    f = jit(weighted)
    for _ in range(3):
        f(many)
    assert not is_quick(f)
    assert is_quick(warm(lambda: jit(weighted), (many[1:],)))


def test_lists_of_numbers_beside_rows() -> None:
    """What all rows share may be a list."""
    given: Any = ([0.5, 1.5, 2.5], (0.5, [W]), X, T)
    f = warm(lambda: jit(lambda w, s, x, t: loss(w, s[0], x, t * s[1][0][2]), **STEP), given)
    assert flat_bits(f(*given)) == flat_bits(f.call(*given))
    assert f(*given) != f([0.5, 1.5, 2.75], *given[1:])


OTHER: dict[str, tuple[Any, ...]] = {
    "a list": (W.tolist(), 0.5, X, T),
    "lists of rows": (W, 0.5, X.tolist(), T.tolist()),
    "single precision": (W, 0.5, X.astype(np.float32), T),
    "another order of bytes": (W, 0.5, X.astype(">f8"), T),
    "integers": (W, 1, X, T),
    "NumPy's float": (W, np.float64(0.5), X, T),
    "not contiguous": (W, 0.5, np.repeat(X, 2, axis=0)[::2], T),
    "Fortran's order": (W, 0.5, np.asfortranarray(X), T),
    "backwards": (W[::-1], 0.5, X, T),
    "not aligned": (W, 0.5, X, np.frombuffer(b"\0" + T.tobytes(), np.uint8)[1:].view(float)),
    "a subclass": (W.view(type("Mine", (np.ndarray,), {})), 0.5, X, T),
    "read-only": (np.frombuffer(W.tobytes()), 0.5, X, T),
}


@pytest.mark.parametrize("of", ["a number of rows", "a value and gradients by row"])
@pytest.mark.parametrize("name", OTHER)
def test_other_arguments_take_the_long_way(name: str, of: str) -> None:
    """And give what they always gave."""
    make = CALLS[of][0]
    f = warm(*CALLS[of])
    assert flat_bits(f(*OTHER[name])) == flat_bits(make()(*OTHER[name]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((W, 0.5, X, T[:5]), r"argument 't' has 5 rows, argument 'x' has 9"),
        ((W, 0.5, X[:0], T[:0]), "no rows"),
        ((W, 0.5, X, T[:, None, None][0, 0]), "has 1 rows"),
        ((W, 0.5, X[0], T), r"argument 't' has 9 rows, argument 'x' has 3"),
    ],
)
def test_what_does_not_fit_is_told_as_ever(arguments: tuple[Any, ...], message: str) -> None:
    """By the long way, with the arguments' names."""
    f = warm(*CALLS["a number of rows"])
    with pytest.raises(ValueError, match=message):
        f(*arguments)
    with pytest.raises(ValueError, match="for 4 arguments, 3 were given"):
        f(W, 0.5, X)


def test_values_take_the_long_way() -> None:
    """The result is a node then."""
    f = warm(*CALLS["a number of rows"])
    scale = Value(0.5)
    result = f(W, scale, X, T)
    assert bits(result.item()) == bits(f(W, 0.5, X, T))
    result.backward()
    assert scale.grad != 0.0


def test_other_shapes_are_traced_anew() -> None:
    """A longer array is another function, and then both are told apart by the long way."""
    f = warm(lambda: jit(lambda a: sum_(list(a))), (W,))
    assert f(np.ones(5)) == 5.0
    assert isinstance(f.__call__, LongWay)
    assert bits(f(W)) == bits(sum_(W.tolist()))
    assert f(np.ones((3, 1)).ravel()) == 3.0


def replaced(f: Any, call: Callable[..., Any]) -> None:
    """Let another function be the long way that the built-in one of f takes."""
    f.__call__.__self__._calls = SimpleNamespace(call=call)


def test_much_work_lets_other_threads_run() -> None:
    """From so many rows on, the call is the one that releases the interpreter's lock."""
    f = warm(*CALLS["a number of rows"])
    rows = arrays.MOST_WORK
    called: list[int] = []
    replaced(f, lambda *_: called.append(1))
    f(W, 0.5, np.ones((2, 3)), np.ones(2))
    assert not called
    f(W, 0.5, np.ones((rows, 3)), np.ones(rows))
    assert called


def test_threads() -> None:
    """Many calls at once share their memory, one after the other."""
    f = warm(*CALLS["a value and gradients"])
    inputs = [X * k for k in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda x: flat_bits(f(W, 0.5, x, T)), inputs))
    assert found == [flat_bits(f.call(W, 0.5, x, T)) for x in inputs]


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_leaked(name: str) -> None:
    """Neither arguments nor results, in 10,000 calls; nor the function itself."""
    make, arguments = CALLS[name]
    f = warm(make, arguments)
    gc.collect()
    counts = [sys.getrefcount(x) for x in arguments]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10_000):
            f(*arguments)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()
    assert [sys.getrefcount(x) for x in arguments] == counts


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_leaked_where_arguments_do_not_fit(name: str) -> None:
    """The result that was made for them goes before the long way is taken."""
    make, arguments = CALLS[name]
    f = warm(make, arguments)
    replaced(f, lambda *_: None)
    others = *arguments[:-1], None
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10_000):
            assert f(*others) is None
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()


NO_MEMORY = """
import _testcapi
from autograd import jit
from tests.compiler.call.test_arrays import A, flat_bits, sized
f = jit(sized(150))
f(A, 2.0), f(A, 2.0)
expected = flat_bits(f(A, 2.0))
failed = 0
for place in range(600):
    _testcapi.set_nomemory(place, place + 1)
    try:
        result = f(A, 2.0)
    except MemoryError:
        result = None
    finally:
        _testcapi.remove_mem_hooks()
    failed += result is None
    assert result is None or flat_bits(result) == expected
    assert flat_bits(f(A, 2.0)) == expected
print(failed)
"""


def test_where_there_is_no_memory() -> None:
    """Wherever it lacks: MemoryError, and the next call is right."""
    pytest.importorskip("_testcapi", reason="a part of Python for tests alone")
    assert int(in_another_process(NO_MEMORY)) > 100


def test_where_arrays_lie_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another NumPy the same results, by another way."""
    monkeypatch.setattr(arrays, "KNOWN", False)
    make, arguments = CALLS["a value and gradients"]
    f = make()
    assert flat_bits(f(*arguments)) == flat_bits(f(*arguments)) == flat_bits(f(*arguments))
    assert isinstance(f.__call__, LongWay)


# --- another call in between ------------------------------------------------------------------------------------------


def sized(n: int) -> Callable[..., Any]:
    """A function of an array and a number, whose result has that many numbers beside one another, and in arrays."""

    def f(a: Any, s: Any) -> Any:
        numbers = [a[i % 3] * s for i in range(n)]
        return tuple(numbers), [numbers, (np.array(numbers), s * 2.0)], np.array([numbers, numbers])

    return f


BETWEEN: dict[str, Callable[..., Any]] = {
    "a number": lambda a, s: a[0] * s,
    "an array": lambda a, s: np.array([x * s for x in a]),
    "a list": lambda a, s: [x * s for x in a],
    "a long tuple": lambda a, s: tuple([a[i % 3] * s for i in range(25)]),
    "more than any free list holds": lambda a, s: tuple([a[i % 3] * s for i in range(400)]),
    "small and nested": sized(3),
    "large and nested": sized(150),
    "an empty list": lambda a, s: ([], (), [a[0] * s, []]),
    "an empty array": lambda a, s: (a[0] * s, np.zeros((0, 3)), [s]),
}
A, B = np.array([1.0, 2.0, 3.0]), np.array([100.0, 200.0, 300.0])


class Node:
    """Garbage that only the collector finds, and that then calls a function with other numbers."""

    def __init__(self, f: Any) -> None:
        self.me = self
        self.f = f

    def __del__(self) -> None:
        self.f(B, 7.0)


@pytest.mark.parametrize("name", BETWEEN)
def test_a_finalizer_that_calls_the_function(name: str) -> None:
    """Wherever the collector runs, a call returns its own numbers."""
    f = warm(lambda: jit(BETWEEN[name]), (A, 2.0))
    expected = flat_bits(f.call(A, 2.0))
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(200):
            Node(f)
            assert flat_bits(f(A, 2.0)) == expected
    finally:
        gc.set_threshold(*threshold)


def test_a_finalizer_at_each_place() -> None:
    """The collector is let run after one object more each time."""
    f = warm(lambda: jit(BETWEEN["a long tuple"]), (A, 2.0))
    expected = f.call(A, 2.0)
    threshold = gc.get_threshold()
    try:
        for after in range(300):
            Node(f)
            gc.collect(0)
            Node(f)
            gc.set_threshold(after % 60 + 1, 1000, 1000)
            assert f(A, 2.0) == expected
            gc.set_threshold(*threshold)
    finally:
        gc.set_threshold(*threshold)


BY_ROW: dict[str, Callable[..., Any]] = {
    "a number by row": lambda a, s: a * s,
    "a tuple by row": lambda a, s: (a * s, [a + s, (s, a)]),
    "arrays by row": lambda a, s: tuple([np.array([a * s, a + k]) for k in range(30)]),
}


@pytest.mark.parametrize("name", BY_ROW)
def test_a_finalizer_that_calls_the_function_with_other_rows(name: str) -> None:
    """More or fewer of them: each call returns its own, of its own size."""
    f = warm(lambda: jit(BY_ROW[name], in_axes=(0, None)), (A, 2.0))
    rows = np.arange(1.0, 12.0)
    expected = flat_bits(f.call(rows, 2.0))

    class Other(Node):
        def __del__(self) -> None:
            self.f(B[: len(rows) % 3 + 1], 7.0)

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(200):
            Other(f)
            assert flat_bits(f(rows, 2.0)) == expected
    finally:
        gc.set_threshold(*threshold)


@pytest.mark.parametrize("shape", [(2, 6), (6,), (3,)])
def test_a_finalizer_that_changes_the_arguments_shape(shape: tuple[int, ...]) -> None:
    """After the room for the result was made: the call looks again."""
    f = warm(lambda: jit(BY_ROW["a tuple by row"], in_axes=(0, None)), (A, 2.0))
    threshold, seen = gc.get_threshold(), set()
    for after in range(1, 40):
        rows = np.arange(12.0)
        numbers = rows[:: 12 // math.prod(shape)].copy().reshape(shape)

        class Changing:
            def __init__(self, rows: Any, numbers: Any) -> None:
                self.me, self.rows, self.numbers = self, rows, numbers

            def __del__(self) -> None:
                self.rows.resize(shape, refcheck=False)
                self.rows[...] = self.numbers

        Changing(rows, numbers)
        gc.set_threshold(after, 1000, 1000)
        try:
            found = f(rows, 2.0)
        finally:
            gc.set_threshold(*threshold)
        gc.collect()
        seen.add(len(found[0]))
        wanted = f._calls._call((np.arange(12.0) if len(found[0]) == 12 else numbers, 2.0), {})
        assert flat_bits(found) == flat_bits(wanted)
    assert 12 in seen


@pytest.mark.parametrize("name", ["a number", "a long tuple", "large and nested"])
def test_threads_that_change_at_every_instruction(name: str) -> None:
    """Each with its own numbers, and garbage that calls the function in between."""
    f = warm(lambda: jit(BETWEEN[name]), (A, 2.0))
    interval = sys.getswitchinterval()
    expected = [flat_bits(f.call(A, float(k))) for k in range(4)]

    def wrong(k: int) -> int:
        found = 0
        for _ in range(100):
            Node(f)
            found += flat_bits(f(A, float(k))) != expected[k]
        return found

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(wrong, range(4))) == [0] * 4
    finally:
        sys.setswitchinterval(interval)
