"""jit: traces and their cache, arguments and results of every structure, threads, pickles, errors."""

import copy
import dataclasses
import functools
import math
import pickle
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd as ag
from autograd import TraceError, Value, exp, grad, jit, sin, tanh
from tests.compiler.comparison import ROOT, Counted, bits, in_another_process
from tests.names import shown


class Point(NamedTuple):
    """A named tuple among the arguments."""

    x: Any
    y: Any


# --- the cache --------------------------------------------------------------------------------------------------------


def test_traced_once_for_each_structure(backend: str) -> None:
    """Numbers of any kind are one structure; another length, key, kind or shape is another."""
    f = Counted(lambda x: sum(x.values()) if isinstance(x, dict) else sum(x) if hasattr(x, "__len__") else x)
    compiled = jit(f, backend=backend)
    groups: list[list[Any]] = [
        [1.0, 2, True, np.float32(3.0), np.float64(4.0), np.int8(5)],
        [[1.0, 2.0], [3, 4]],
        [[1.0, 2.0, 3.0]],
        [(1.0, 2.0)],
        [{"a": 1.0}, {"a": 7}],
        [{"b": 1.0}],
        [{"a": 1.0, "b": 1.0}],
        [np.ones(2), np.zeros(2, dtype=int), np.ones(4)[::2]],
        [np.ones(3)],
        [Point(1.0, 2.0)],
    ]
    for i, group in enumerate(groups):
        for argument in group:
            assert compiled(argument) == f.f(argument)
        assert f.calls == i + 1
    for group in groups:
        compiled(group[0])
    assert f.calls == len(groups)


def test_values_use_the_same_trace() -> None:
    """As floats do, whatever is differentiated."""
    f = Counted(lambda x: tanh(x))  # noqa: PLW0108 - it is counted
    compiled = jit(f)
    compiled(1.0)
    compiled(Value(1.0)).backward()
    grad(compiled)(0.5)
    ag.hessian(compiled)(0.5)
    assert f.calls == 1


def test_static_arguments_by_value() -> None:
    """Each value is compiled once; equal ones of other types, and zeros of other signs, are others."""
    f = Counted(lambda x, n: x * math.copysign(2.0, n) if isinstance(n, float) else x * n)
    compiled = jit(f, static_argnums=1)
    assert [compiled(1.0, n) for n in (3, 3, 4, 3.0, True)] == [3.0, 3.0, 4.0, 2.0, 1.0]
    assert f.calls == 4
    assert compiled(1.0, 0.0) == 2.0
    assert compiled(1.0, -0.0) == -2.0


def test_static_arguments_inside_of_tuples_by_value() -> None:
    """1, 1.0 and True are equal to Python, and not the same to a function."""
    compiled = jit(lambda x, options: x * {int: 2.0, float: 3.0, bool: 4.0}[type(options[0])], static_argnums=1)
    assert [compiled(1.0, (n,)) for n in (1, 1.0, True)] == [2.0, 3.0, 4.0]


@dataclasses.dataclass(frozen=True)
class Options:
    """A static argument as users have it."""

    rate: Any


@pytest.mark.parametrize(
    "make", [Options, lambda x: (x, Options(x)), lambda x: frozenset([x]), lambda x: Options(frozenset([(x,)]))], ids=shown
)
def test_static_arguments_that_are_equal_but_not_the_same(make: Any) -> None:
    """Wherever 1, 1.0, True and Decimals of 1 lie, or zeros of both signs, each has its own trace, and only one."""
    calls = 0

    @functools.partial(jit, static_argnums=1)
    def f(x: Any, options: Any) -> Any:
        nonlocal calls
        calls += 1
        while not isinstance(options, int | float | Decimal):
            options = options.rate if isinstance(options, Options) else next(iter(options))
        return x * KINDS[str(options)]

    for _ in range(2):
        for i, number in enumerate([1, 1.0, True, Decimal("1.00"), 0.0, -0.0, Decimal("-0"), 0]):
            assert f(2.0, make(number)) == 2.0 * i
    assert calls == 8


KINDS = {str(number): float(i) for i, number in enumerate([1, 1.0, True, Decimal("1.00"), 0.0, -0.0, Decimal("-0"), 0])}


def test_dict_keys_that_are_equal_but_not_the_same() -> None:
    """{1: x}, {1.0: x} and {True: x} are other structures, also inside of others."""
    f = jit(lambda x: next(y * len(str(key)) for key, y in (x[0] if isinstance(x, list) else x).items()))
    for _ in range(2):
        assert [f({key: 2.0}) for key in (1, 1.0, True, "a", 0.0, -0.0)] == [2.0, 6.0, 8.0, 2.0, 6.0, 8.0]
        assert [f([{key: 2.0}]) for key in (1, 1.0, True)] == [2.0, 6.0, 8.0]
    assert grad(f)({True: 2.0}) == {True: 4.0}


def test_static_arguments_of_any_kind() -> None:
    """Strings, None, functions, negative places, several; loops over a static count."""

    def f(kind: Any, x: Any, g: Any) -> Any:
        for _ in range(3 if kind is None else len(kind)):
            x = g(x)
        return x

    compiled = jit(f, static_argnums=(0, -1))
    assert compiled("ab", 0.5, sin) == math.sin(math.sin(0.5))
    assert compiled(None, 0.5, sin) == math.sin(math.sin(math.sin(0.5)))
    assert compiled("a", 0.5, exp) == math.exp(0.5)
    assert jit(lambda x, n: x * n, static_argnums=[1])(2.0, 3) == 6.0
    assert jit(lambda x, n: x * n, static_argnums=np.int64(1))(2.0, 3) == 6.0


def test_static_arguments_that_cannot_be_told_apart() -> None:
    """The message names the argument and its type, and what to pass."""
    for thing, kind in (([1], "list"), ({"a": 1}, "dict"), (np.ones(2), "ndarray")):
        with pytest.raises(TypeError, match=f"static argument 'n' is a {kind}.*pass a tuple"):
            jit(lambda x, n: x, static_argnums=1)(1.0, thing)


def test_eight_threads_at_once_trace_once() -> None:
    """A fresh function called by eight threads at once is traced once, and each gets its own result."""

    def slow(x: Any) -> Any:
        time.sleep(0.05)
        return sin(x) * x

    f = Counted(slow)
    compiled, barrier, found = jit(f), threading.Barrier(8), {}

    def work(k: int) -> None:
        barrier.wait()
        found[k] = [compiled(float(k)), grad(compiled)(float(k)), compiled([k, k + 1.0][0])]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert f.calls == 1
    for k in range(8):
        assert found[k] == [slow(float(k)), grad(slow)(float(k)), slow(float(k))]


def test_a_trace_in_one_thread_is_no_other_threads() -> None:
    """While one thread traces, another computes with Values as always."""
    inside, done = threading.Event(), threading.Event()

    def f(x: Any) -> Any:
        inside.set()
        done.wait(5.0)
        return x * 2.0

    thread = threading.Thread(target=lambda: jit(f)(1.0))
    thread.start()
    inside.wait(5.0)
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6.0
    done.set()
    thread.join()


# --- structures -------------------------------------------------------------------------------------------------------


def test_arguments_and_results_of_every_structure(backend: str) -> None:
    """Come as they are, nested in any way, and go as they are: floats and float64 arrays."""

    @jit(backend=backend)
    def f(point: Any, *rest: Any, scale: Any, **more: Any) -> Any:
        assert isinstance(point, Point)
        assert rest[0].shape == (2, 3)
        return OrderedDict(
            point=Point(point.y * scale, [point.x]), array=rest[0] * more["w"]["a"][0], tuple=(rest[1], 2, True), empty=[{}, ()]
        )

    found = f(Point(1.0, 2), np.arange(6).reshape(2, 3), 7.0, scale=10, w={"a": (3.0,)})
    assert isinstance(found, OrderedDict)
    assert found["point"] == Point(20.0, [1.0])
    assert type(found["point"]) is Point
    assert found["array"].dtype == np.float64
    assert found["array"].tolist() == [[0.0, 3.0, 6.0], [9.0, 12.0, 15.0]]
    assert found["tuple"] == (7.0, 2.0, 1.0)
    assert found["empty"] == [{}, ()]
    assert all(type(x) is float for x in (*found["tuple"], found["point"].x))


def test_no_arguments_no_numbers_nothing_computed(backend: str) -> None:
    """Functions of nothing, of nothing but constants, and with nothing in their result."""
    assert jit(lambda: exp(2.0), backend=backend)() == math.exp(2.0)
    assert jit(list, backend=backend)() == []
    assert jit(lambda x: {"a": ()}, backend=backend)(1.0) == {"a": ()}
    assert jit(lambda x: x, backend=backend)(-0.0).hex() == "-0x0.0p+0"
    assert jit(lambda x: [x, x, 1.0, x], backend=backend)(3.0) == [3.0, 3.0, 1.0, 3.0]
    assert jit(lambda xs: xs, backend=backend)([]) == []
    assert jit(lambda x: np.zeros((0, 2)), backend=backend)(1.0).shape == (0, 2)


def test_many_arguments(backend: str) -> None:
    """Beyond those that go in registers."""
    for count in (1, 8, 9, 31, 32, 33, 64):
        f = jit(lambda *xs: sum(xs[1:], xs[0] * 2.0), backend=backend)
        assert f(*map(float, range(1, count + 1))) == count * (count + 1) / 2.0 + 1.0


def test_keywords_and_defaults() -> None:
    """Arguments by keyword are traced too; defaults that are not given stay what they are."""

    @jit
    def f(x: Any, y: Any = 2.0, *, n: Any = 3) -> Any:
        return sum(x * y for _ in range(n))

    assert f(1.0) == 6.0
    assert f(1.0, y=5.0) == f(y=5.0, x=1.0) == f(1.0, 5.0) == 15.0
    with pytest.raises(TraceError, match="integer"):
        f(1.0, n=4)


def test_floats_give_floats_and_values_give_values() -> None:
    """As every function of the project does."""
    f = jit(lambda x, y: [x * y, 1.0])
    assert [type(x) for x in f(1.0, 2)] == [float, float]
    assert type(f(np.float64(1.0), 2.0)[0]) is float
    assert isinstance(f(Value(1.0), 2.0)[0], Value)


def test_calls_on_floats_agree_with_other_calls() -> None:
    """The short way of floats gives what the long way gives, also after other structures were called."""
    f = jit(lambda x, y: x / y if not isinstance(x, list) else x[0] - y)
    for x, y in ((1.0, 0.0), (-0.0, 5.0), (math.nan, 1.0), (1e308, 1e-308)):
        assert bits(f(x, y)) == bits(f(np.float64(x), y)) == bits(f(Value(x), y))
        assert f([x], y) == x - y or math.isnan(x)


# --- a function like others -------------------------------------------------------------------------------------------


@jit
def decorated(x: Any, y: Any) -> Any:
    """The documentation."""
    return x * exp(-y)


def test_what_it_looks_like() -> None:
    """Name, documentation, signature and module of the function."""
    import inspect

    assert decorated.__name__ == "decorated"
    assert "The documentation." in decorated.__doc__
    assert decorated.__module__ == __name__
    assert decorated.__wrapped__(1.0, 0.0) == 1.0
    assert list(inspect.signature(decorated).parameters) == ["x", "y"]
    assert repr(decorated) == "<jit decorated>"
    assert copy.copy(decorated) is copy.deepcopy(decorated) is decorated


def test_methods() -> None:
    """Bound by static_argnums=0: self is compiled for, and its Values are captured."""

    class Line:
        def __init__(self, slope: float) -> None:
            self.slope, self.kind = Value(slope), "line"

        @functools.partial(jit, static_argnums=0)
        def at(self, x: Any) -> Any:
            return self.slope * x if self.kind == "line" else x

        @jit(static_argnums=0)
        def half(self, x: Any) -> Any:
            return self.at(x) / 2.0

    one, two = Line(2.0), Line(3.0)
    assert (one.at(5.0).data, two.at(5.0).data, two.half(5.0).data) == (10.0, 15.0, 7.5)
    one.slope.data = 7.0
    result = one.half(2.0)
    result.backward()
    assert (result.data, one.slope.grad, two.slope.grad) == (7.0, 1.0, 0.0)
    assert Line.at(one, 1.0).data == 7.0


def test_callable_objects() -> None:
    """Modules, partials, built-in rows; whatever their attributes are called."""
    from nn import MLP

    class Odd:
        def __init__(self) -> None:
            self._name, self._traces, self._f, self._options = "odd", 5, None, {}

        def __call__(self, x: Any) -> Any:
            return x * 2.0

    assert jit(Odd())(3.0) == 6.0
    assert jit(functools.partial(decorated, y=0.0))(3.0) == 3.0
    assert jit(ag.tanh)(0.5) == math.tanh(0.5)
    assert jit(ag.hypot)(3.0, 4.0) == 5.0
    model = MLP(2, [3, 1], rng=0)
    assert bits(jit(model)([0.5, -0.5])) == bits(model([0.5, -0.5]))


def test_jit_of_jit() -> None:
    """Inlines: the inner function is traced with the outer one; options are the outer's."""
    inner = Counted(lambda x: x * x)
    f = jit(inner)
    outer = jit(lambda x: f(x) + f(2.0 * x))
    assert outer(3.0) == 45.0
    assert outer.stats().operations <= 4
    assert inner.calls == 2
    assert jit(f, backend="python").stats(1.0).backend == "python"
    assert jit(jit(lambda x: x * x, in_axes=0), backend="python")([1.0, 2.0]).tolist() == [1.0, 4.0]
    assert jit(jit(lambda x: x * x, in_axes=0), backend="python").stats([1.0]).backend == "python"


def test_a_function_that_wraps_a_compiled_one() -> None:
    """functools.wraps copies attributes; what is compiled is the wrapper all the same."""
    inner = jit(lambda x: x * x)

    @functools.wraps(inner)
    def wrapper(x: Any) -> Any:
        return inner(x) + 1.0

    assert jit(wrapper)(3.0) == 10.0


# --- pickles ----------------------------------------------------------------------------------------------------------


def test_pickles_travel(tmp_path: Path) -> None:
    """To another process: a lambda's graph, captured Values with their numbers, a decorated function by its name."""
    (tmp_path / "travelling.py").write_text(
        "from autograd import Value, jit, exp\nw = Value(3.0, 'w')\n"
        "@jit\ndef decorated(x, y):\n    return x * exp(-y)\n"
        "class Scale:\n    @jit\n    def by(x, n):\n        return x * n\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        import travelling  # type: ignore[import-not-found]  # made here
    finally:
        sys.path.remove(str(tmp_path))
    w = Value(3.0, "w")
    unnamed = jit(lambda x: tanh(w * x) * x)
    rows = jit(lambda p, x: p * x * x, in_axes=(None, 0), reduce="mean")
    static = jit(lambda x, kind: x * 2.0 if kind == "a" else x, static_argnums=1)
    unnamed(0.5)
    rows(2.0, [1.0, 2.0])
    static(1.0, "a")
    travelling.decorated(1.0, 2.0)
    result = unnamed(0.25)
    sent = pickle.dumps([unnamed, rows, static, travelling.decorated, travelling.Scale.by, w, result, [unnamed, w]])
    code = (
        "import pickle, sys\n"
        "unnamed, rows, static, decorated, by, w, result, (again, v) = pickle.loads(sys.stdin.buffer.read())\n"
        "y = unnamed(0.5)\ny.backward()\n"
        "print(repr(y.data), repr(w.grad), v is w)\n"
        "print(rows(2.0, [1.0, 2.0]), static(1.0, 'a'), repr(decorated(1.0, 2.0)), decorated([1.0][0], 0.0), by(2.0, 4.0))\n"
        "w.grad = None\nresult.backward()\nprint(repr(w.grad))\n"
        "from autograd import grad\nprint(repr(grad(decorated)(1.0, 2.0)), unnamed.source().count('def '))\n"
        "try:\n    unnamed([1.0])\nexcept ValueError as e:\n    print(e)\n"
    )
    first, second, third, fourth, refused = in_another_process(code, given=sent, paths=[tmp_path]).splitlines()
    y = unnamed(0.5)
    w.grad = None
    y.backward()
    assert first == f"{y.data!r} {w.grad!r} True"
    assert second == f"5.0 2.0 {math.exp(-2.0)!r} 1.0 8.0"
    w.grad = None
    result.backward()
    assert third == repr(w.grad)
    assert fourth == f"{math.exp(-2.0)!r} 2"
    assert "was unpickled with the programs" in refused
    assert "<lambda>" in refused


def test_pickles_are_made_while_others_call() -> None:
    """And in the same process they share nothing but the function."""
    f = jit(lambda x: x * 2.0)
    f(1.0)
    again = pickle.loads(pickle.dumps(f))
    assert again(4.0) == 8.0
    assert repr(again) == "<jit <lambda>>"
    assert again.stats().operations == 1
    assert pickle.loads(pickle.dumps(again))(5.0) == 10.0
    named = pickle.loads(pickle.dumps(decorated))
    assert named([2.0][0], 0.0) == 2.0


def test_a_pool_of_processes(tmp_path: Path) -> None:
    """A compiled function is sent to workers as any other."""
    (tmp_path / "pooled.py").write_text(
        "from concurrent.futures import ProcessPoolExecutor\nfrom multiprocessing import get_context\n"
        "from autograd import jit\n@jit\ndef f(x):\n    return x * x\n"
        "if __name__ == '__main__':\n    f(1.0)\n"
        "    with ProcessPoolExecutor(2, get_context('spawn')) as pool:\n        print(list(pool.map(f, [1.0, 2.0, 3.0])))\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, tmp_path / "pooled.py"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.strip() == "[1.0, 4.0, 9.0]", done.stderr


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "returned None: does it lack a return"),
        ("a", "what the function returns must be one real number, not the string 'a'"),
        ({1.0}, "not a set"),
        (1j, "complex"),
        (iter([1.0]), "not a list_iterator"),
        ([1.0, None], r"what the function returns\[1\]"),
        ({"a": {"b": "text"}}, r"\['a'\]\['b'\]"),
        (np.array(["a"]), "dtype <U1"),
        (np.ones(2) * 1j, "dtype complex128"),
    ],
)
def test_results_that_are_no_numbers(result: Any, message: str) -> None:
    """The message says where, and what it is."""
    with pytest.raises(TypeError, match=message):
        jit(lambda x: result)(1.0)


@pytest.mark.parametrize(
    "argument", ["a", None, 1j, object(), b"b", {1.0}, range(3), np.array(["a"]), np.ones(2) * 1j], ids=shown
)
def test_arguments_that_are_no_numbers(argument: Any) -> None:
    """The message names the argument, and says that it may be left out of tracing."""

    @jit
    def f(x: Any, y: Any) -> Any:
        return x

    with pytest.raises(TypeError, match=r"f: argument 'y'.*static_argnums=1"):
        f(1.0, argument)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"in_axes": "a"}, TypeError, "in_axes must be an axis, or a tuple of axes and None.*'a'"),
        ({"in_axes": (0, "a")}, TypeError, "in_axes must be"),
        ({"in_axes": 0.0}, TypeError, "in_axes must be"),
        ({"in_axes": {0}}, TypeError, "in_axes must be"),
        ({"in_axes": (None, None)}, ValueError, "maps no argument over rows"),
        ({"in_axes": ()}, ValueError, "maps no argument over rows"),
        ({"in_axes": 0, "reduce": "max"}, ValueError, "reduce must be .*'max'"),
        ({"reduce": "sum"}, ValueError, "no argument has rows: give in_axes"),
        ({"backend": "cuda"}, ValueError, "backend must be .*'cuda'"),
        ({"backend": None}, ValueError, "backend must be"),
        ({"static_argnums": "a"}, TypeError, "static_argnums must be .*'a'"),
        ({"static_argnums": 0.5}, TypeError, "static_argnums must be"),
        ({"static_argnums": None}, TypeError, "static_argnums must be"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], error: Any, message: str) -> None:
    """Are refused at once, before any call."""
    with pytest.raises(error, match=message):
        jit(lambda x, y: x, **options)
    with pytest.raises(error, match=message):
        jit(**options)


def test_what_is_no_function() -> None:
    """Is refused, with what to pass."""
    with pytest.raises(TypeError, match=r"jit compiles a function, not a float: pass f itself, not f\(x\)"):
        jit(decorated(1.0, 2.0))


def test_wrong_calls_are_the_functions_own_errors() -> None:
    """Too many arguments, and unknown keywords."""
    with pytest.raises(TypeError, match="argument"):
        decorated(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="unknown"):
        decorated(1.0, 2.0, unknown=3.0)
    with pytest.raises(ZeroDivisionError):
        jit(lambda x: x * (1 / 0))(1.0)


@pytest.mark.parametrize("static", [1, -1, (1,)])
def test_a_static_argument_by_keyword(static: Any, backend: str) -> None:
    """By position or by name, it is the same argument; -1 is the function's last one, also where it is not given."""
    f = jit(lambda x, mode=2: x if mode == "as it is" else x * mode, static_argnums=static, backend=backend)
    assert f(3.0, mode="as it is") == f(3.0, "as it is") == f(x=3.0, mode="as it is") == f(mode="as it is", x=3.0) == 3.0
    assert f(3.0, mode=4) == 12.0
    assert f(3.0) == 6.0
    g = jit(lambda x, y=1.0, mode=None: x * y if mode is None else x, static_argnums=2, backend=backend)
    assert g(3.0, mode="given, but not y") == 3.0


def test_rows_by_keyword(backend: str) -> None:
    """An argument given by name is mapped as by position."""
    f = jit(lambda x, y: x * y, in_axes=(0, None), backend=backend)
    assert f(np.ones(2), y=3.0).tolist() == f(y=3.0, x=np.ones(2)).tolist() == [3.0, 3.0]


def test_static_functions_travel() -> None:
    """A trace for a static function is pickled with it; one for what cannot be pickled stays behind."""
    f = jit(apply_static, static_argnums=1)
    assert f(0.5, math.fabs) == 0.5
    assert f(0.5, lambda x: -x) == -0.5
    arrived = pickle.loads(pickle.dumps(f))
    assert arrived(-0.5, math.fabs) == -0.5
    assert len(arrived._calls.traces) == 1


def apply_static(x: Any, function: Any) -> Any:
    """A function of a function, to be found by its name."""
    return x if function is math.fabs else function(x)
