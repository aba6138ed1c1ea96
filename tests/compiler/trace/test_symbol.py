"""Symbols: what they record, and what they refuse, with the place, the reason and the fix."""

import copy
import functools
import heapq
import math
import operator
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import TraceError, Value, grad, jit, sin, where
from autograd.compiler.trace.symbol import Symbol, _nonzero
from autograd.table import TABLE
from autograd.value import assign
from tests.names import shown

HERE = Path(__file__).name


def whileloop(x: Any) -> Any:
    """A loop that ends by the number."""
    while x < 10.0:
        x = x * 2.0
    return x


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "if x > 0": (lambda x: x if x > 0.0 else -x, "branches on a number"),
    "if x": (lambda x: 1.0 if x else 0.0, "branches on a number"),
    "if x == 0": (lambda x: 1.0 if x == 0.0 else 0.0, "branches on a number"),
    "not x": (lambda x: not x, "branches on a number"),
    "x > 0 and x < 1": (lambda x: where(x > 0.0 and x < 1.0, x, 0.0), "branches on a number"),
    "0 < x < 1": (lambda x: where(0.0 < x < 1.0, x, 0.0), "branches on a number"),
    "x in a list": (lambda x: 1.0 if x in [1.0, 2.0] else x, "branches on a number"),
    "max": (lambda x: max([x, 0.0]), "branches on a number"),
    "min": (lambda x: min(x, 0.0), "branches on a number"),
    "sorted": (lambda x: sorted([x, 2.0 * x])[1], "branches on a number"),
    "while": (whileloop, "branches on a number"),
    "float": (lambda x: float(x), "asks for a number as a float"),  # noqa: PLW0108 - its line is what is looked for
    "math.sin": (lambda x: math.sin(x), "asks for a number as a float"),  # noqa: PLW0108 - likewise
    "complex": (lambda x: complex(x).real, "asks for a number as a"),
    "int": (lambda x: int(x) * 1.0, "asks for a number as an integer"),
    "range": (lambda x: sum(1.0 for _ in range(x)), "asks for a number as an integer"),
    "list index": (lambda x: [1.0, 2.0][x], "asks for a number as an integer"),
    "repetition": (lambda x: [1.0] * 2 and sum([1.0] * x.__index__()), "asks for a number as an integer"),
    ".item()": (lambda x: x.item() * 2.0, "item()"),
    ".data": (lambda x: x.data * 2.0, "reads .data of a number"),
    ".grad": (lambda x: x.grad * 2.0, "reads .grad of a number"),
    "~": (lambda x: ~x, "uses the bits of a number"),
    "^": (lambda x: (x > 0.0) ^ (x < 1.0), "uses the bits of a number"),
    "np.max": (lambda x: np.max(np.array([x, 1.0])), "branches on a number"),
    "heapq": (lambda x: heapq.nlargest(1, [x, 1.0])[0], "branches on a number"),
    ".backward()": (lambda x: (x * x).backward(), "calls backward()"),
}


@pytest.mark.parametrize(("f", "what"), REFUSED.values(), ids=REFUSED)
def test_what_needs_the_number_is_refused(f: Any, what: str) -> None:
    """With file and line of the user's code, what it does, why that cannot be, and what to do instead."""
    line = f.__code__.co_firstlineno + (2 if f is whileloop else 0)
    with pytest.raises(TraceError) as error:
        jit(f)(0.5)
    message = str(error.value)
    assert f"{HERE}:{line}: {f.__name__} " in message
    assert what in message
    assert "Symbol(" in message
    assert "a traced function runs" in message or "where(condition" in message
    assert "static_argnums" in message
    if what.startswith("branches"):
        assert "autograd.where" in message


@pytest.mark.parametrize(("f", "what"), REFUSED.values(), ids=REFUSED)
def test_static_argnums_let_it_pass(f: Any, what: str) -> None:
    """An argument left out of tracing is the number itself, as far as the function works with plain numbers."""
    number = 1 if "integer" in what else 0.5
    try:
        wanted = f(number)
    except (AttributeError, TypeError):
        pytest.skip("asks for what no plain number has")
    assert jit(f, static_argnums=0)(number) == wanted


@pytest.mark.parametrize(
    "branch",
    [
        lambda w: w if w > 0.0 else -w,
        lambda w: w or 0.0,
        lambda w: w * 1.0 if w == 2.0 else 0.0,
        lambda w: float(w) * w,
        lambda w: w.item() * w,
        lambda w: max([w, 0.0]),
        lambda w: w * [1.0, 2.0][int(w)],
    ],
)
def test_numbers_of_captured_values_are_not_known_either(branch: Callable[[Any], Any]) -> None:
    """They are read at each call, so that a branch on one would be fixed for all calls."""
    w = Value(2.0, label="w")
    with pytest.raises(TraceError, match=rf"{HERE}:\d+: .*Symbol") as error:
        jit(lambda x: branch(w) * x)(1.0)
    assert "Value from outside" in str(error.value) or "branches" in str(error.value)


def test_the_place_is_the_users_where_functions_of_the_project_call() -> None:
    """Not a line of the project, through which the function was called; the innermost line of the user's."""

    def inner(x: Any) -> Any:
        return x if x > 0.0 else -x

    def outer(x: Any) -> Any:
        return grad(inner)(x)

    with pytest.raises(TraceError, match=rf"{HERE}:{inner.__code__.co_firstlineno + 1}: inner"):
        jit(outer)(1.0)


def test_a_file_of_the_user_beside_the_package() -> None:
    """A path that begins as the package's is the user's all the same."""
    names: dict[str, Any] = {}
    path = str(Path(ag.__file__).parent) + "_experiments/branches.py"
    exec(compile("def f(x):\n    return 1.0 if x > 0.0 else 0.0\n", path, "exec"), names)
    with pytest.raises(TraceError, match=r"branches\.py:2: f branches on a number"):
        jit(names["f"])(1.0)


def test_a_failed_trace_leaves_nothing_behind() -> None:
    """The next call traces anew, and outside no mode is left in force."""
    fine = False

    def f(x: Any) -> Any:
        return x * 2.0 if fine or x > 0.0 else x

    compiled = jit(f)
    with pytest.raises(TraceError):
        compiled(1.0)
    assert (Value(1.0) * 2.0).data == 2.0
    fine = True
    assert compiled(1.0) == 2.0


def leaked() -> Any:
    """A Symbol kept after its trace."""
    kept: list[Any] = []
    jit(lambda x: (kept.append(x * 2.0), x)[1])(1.0)
    return kept[0]


USES: dict[str, Callable[[Any], Any]] = {
    "s * 2": lambda s: s * 2.0,
    "2 * s": lambda s: 2 * s,
    "s + s": lambda s: s + s,
    "-s": lambda s: -s,
    "abs": abs,
    "s ** 2": lambda s: s**2,
    "s > 0": lambda s: s > 0.0,
    "s == s": lambda s: s == s,  # noqa: PLR0124 - compared with itself
    "tanh": ag.tanh,
    ".tanh()": lambda s: s.tanh(),
    "where": lambda s: where(True, s, 1.0),
    "sum_": lambda s: ag.sum_([s, 1.0]),
    "stop_gradient": ag.stop_gradient,
    "detach": lambda s: s.detach(),
    "no_grad": ag.no_grad()(lambda s: s * 2.0),
    "array": lambda s: np.array([s, 1.0]) * 2.0,
    "float": float,
    "bool": bool,
    "int": int,
    ".data": lambda s: s.data,
    "math": math.sin,
    "with a Value": lambda s: s + Value(1.0),
    "a Value with it": lambda s: Value(1.0) * s,
    "compared with a Value": lambda s: Value(1.0) < s,
    "grad": lambda s: grad(lambda x: x * s)(2.0),
    "another jit": lambda s: jit(lambda x: x * s)(2.0),
    "alone in another jit": lambda s: jit(lambda x: s * 2.0)(2.0),
    "compared in another jit": lambda s: jit(lambda x: where(s > 0.0, x, 1.0))(2.0),
    "returned": lambda s: jit(lambda x: [x, s])(2.0),
    "returned where nothing is an input": lambda s: jit(lambda: s)(),
    "grad in another jit": lambda s: jit(grad(lambda x: x * s))(2.0),
    "as an argument": lambda s: jit(lambda x: x * 2.0)(s),  # noqa: PLW0108 - plainly
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_symbols_do_not_leak(use: Callable[[Any], Any]) -> None:
    """One that was kept after the trace that made it is refused by its first operation, wherever that is."""
    with pytest.raises(TraceError, match=r"traced .*kept after its trace.*return what you need from the function"):
        use(leaked())


SETTERS: dict[str, Callable[[Value], Any]] = {
    "data": lambda v: setattr(v, "data", 5.0),
    "data by a Symbol": lambda v: setattr(v, "data", v.data * 0.5),
    "grad": lambda v: setattr(v, "grad", 1.0),
    "no grad": lambda v: setattr(v, "grad", None),
    "an optimizer": lambda v: nn.SGD([v], 0.1).step(),
    "zero_grad": lambda v: nn.SGD([v], 0.1).zero_grad(),
    "assign": lambda v: assign([v], [5.0]),
}


@pytest.mark.parametrize("set_number", SETTERS.values(), ids=SETTERS)
def test_nothing_is_set_in_a_trace(set_number: Callable[[Value], Any]) -> None:
    """It would be set once, not at each call: the Value stays as it was."""
    v = Value(2.0)
    (v * 3.0).backward()

    def f(x: Any) -> Any:
        y = v * x
        set_number(v)
        return y

    with pytest.raises(TraceError, match=r"sets \.data or \.grad|reads \.grad"):
        jit(f)(3.0)
    assert (v.data, v.grad) == (2.0, 3.0)
    assert f(3.0) == 6.0


def test_a_kept_symbol_still_prints() -> None:
    """So that a message can name it."""
    assert repr(leaked()) == str(leaked()) == "Symbol(mul)"


def test_a_symbol_kept_from_one_trace_for_the_next() -> None:
    """A function that remembers a number from its previous call: the second trace refuses it."""
    memory: list[Any] = [0.0]

    @jit
    def remembers(xs: list[Any]) -> Any:
        last, memory[0] = memory[0], xs[0] * 2.0
        return xs[0] + last

    assert remembers([1.0]) == 1.0
    with pytest.raises(TraceError, match="kept after its trace"):
        remembers([1.0, 2.0])


def test_a_symbol_in_another_thread() -> None:
    """Neither a thread without a trace, nor one with its own, may compute with it, also while it is being traced."""
    refused: list[str] = []

    def attempt(use: Callable[[], Any]) -> None:
        with pytest.raises(TraceError, match="another thread"):
            use()
        refused.append("yes")

    def f(x: Any) -> Any:
        for use in (lambda: x * 2.0, lambda: jit(lambda y: y * x)(1.0), lambda: x > 0.0):
            thread = threading.Thread(target=attempt, args=(use,))
            thread.start()
            thread.join()
        return x * 3.0

    assert jit(f)(2.0) == 6.0
    assert refused == ["yes"] * 3


def test_symbols_of_two_threads_tracing_at_once() -> None:
    """Each trace has its own, whichever runs in between."""
    meet = threading.Barrier(2)
    found: dict[float, float] = {}

    def work(number: float) -> None:
        @jit
        def f(x: Any) -> Any:
            for _ in range(20):
                x = x + number
                meet.wait()
            return x

        found[number] = f(0.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1.0, 2.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1.0: 20.0, 2.0: 40.0}


def test_compiled_functions_within_a_trace_share_its_symbols() -> None:
    """A jit inside a jit is inlined; transforms, closures and modes inside use what is outside of them."""
    inner = jit(lambda y: y * y)

    @jit
    def outer(x: Any) -> Any:
        with ag.no_grad():
            fixed = x * 2.0
        return inner(x) + jit(lambda y: y * x)(fixed) + grad(lambda y: inner(y) * x)(x)

    assert outer(3.0) == 9.0 + 18.0 + 18.0


def test_comparisons_join() -> None:
    """Comparisons are numbers to choose by, joined by & and |, with plain bools too."""

    @jit
    def f(x: Any, y: Any) -> Any:
        inside = (x > 0.0) & (x < 1.0) & True
        return [
            where(inside | (y == 2.0), 1.0, 0.0),
            where((x != y) & (x <= y), 1.0, 0.0),
            where((x >= y) | False, 1.0, 0.0),
            where(True & (x > 0.0), x, y),
        ]

    def eager(x: float, y: float) -> list[float]:
        return [
            float(0.0 < x < 1.0 or y == 2.0),
            float(x != y and x <= y),
            float(x >= y),
            x if x > 0.0 else y,
        ]

    for x in (-1.0, 0.0, 0.5, 1.0, 2.0, math.inf):
        for y in (-1.0, 0.5, 2.0, -math.inf):
            assert f(x, y) == eager(x, y)
    nans = f(math.nan, math.nan)
    assert nans[:3] == [0.0, 0.0, 0.0]
    assert math.isnan(nans[3])


def test_numbers_do_not_join_by_and() -> None:
    """Only conditions do, as among floats."""
    with pytest.raises(TypeError, match="&"):
        jit(lambda x, y: x & y)(1.0, 2.0)
    with pytest.raises(TypeError, match=r"\|"):
        jit(lambda x: (x > 0.0) | 3.5)(1.0)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_row_is_a_method(row: Any) -> None:
    """As of a Value, with the same name, unless it is internal; and as an operator, where it is one."""
    symbol, other = Symbol("x"), Symbol("y")
    assert hasattr(symbol, row.name) is not row.internal
    if row.arity in (1, 2) and not row.internal:
        found = getattr(symbol, row.name)(*[other] * (row.arity - 1))
        assert found.primitive is row
        assert found.operands == (symbol, other)[: row.arity]
        if row.operator is not None:
            assert getattr(symbol, f"__{row.operator}__")(*[other] * (row.arity - 1)).primitive is row


def test_copies_are_itself() -> None:
    """So that structures that hold Symbols may be copied within a traced function."""
    f = jit(lambda x: copy.deepcopy([x, x * 2.0])[1] + copy.copy(x))
    assert f(2.0) == 6.0


def test_names() -> None:
    """A Symbol prints as its argument's name or its operation's, with any format."""
    seen = []

    @jit
    def f(speed: Any) -> Any:
        seen.extend([repr(speed), f"{speed * 2.0:.3f}", str([speed])])
        return speed

    f(1.0)
    assert seen == ["Symbol(speed)", "Symbol(mul)", "[Symbol(speed)]"]


def test_python_sums_and_reductions() -> None:
    """sum(), abs(), functools.reduce, numpy's @ on arrays of Symbols: whatever only calculates."""
    import numpy as np

    f = jit(lambda xs: [sum(xs), abs(xs[0]), functools.reduce(lambda a, b: a * b, xs), np.array(xs) @ np.array(xs)])
    assert f([-1.0, 2.0, 3.0]) == [4.0, 1.0, -6.0, 14.0]


def test_a_value_of_a_symbol() -> None:
    """Value(x) is refused: a Symbol is used as it is."""
    with pytest.raises(TypeError, match="Symbol"):
        jit(lambda x: Value(x))(1.0)  # noqa: PLW0108 - a function that does this


@pytest.mark.parametrize("wrong", ["a", None, [1.0], 1j, object()], ids=shown)
def test_operands_that_are_no_numbers(wrong: Any) -> None:
    """A TypeError, as with Values."""
    with pytest.raises(TypeError, match=r"unsupported operand|asks for a number as an integer"):
        jit(lambda x: x * wrong)(1.0)
    with pytest.raises(TypeError):
        jit(lambda x: ag.maximum(x, wrong))(1.0)


@pytest.mark.parametrize(
    ("operation", "most"),
    [(operator.mul, 1), (lambda x, _: x + 2.0, 2), (lambda x, y: x - (y / x), 3)],
)
def test_arithmetic_is_recorded_by_one_call(operation: Any, most: int) -> None:
    """Half of a trace are such numbers."""
    calls: list[str] = []

    def f(x: Any, y: Any) -> Any:
        sys.setprofile(lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None)
        try:
            return operation(x, y)
        finally:
            sys.setprofile(None)

    assert jit(f)(1.0, 2.0) == operation(1.0, 2.0)
    assert len(calls) <= most, calls


def test_choices_in_choices_are_looked_at_once() -> None:
    """A partial is a choice of choices between constants: whether it is 0 is asked of each once."""
    calls: list[str] = []

    def f(x: Any) -> Any:
        partial = where(x > 0.5, 0.0, functools.reduce(lambda inner, i: where(x > float(i), 2.0, inner), range(7), 1.0))
        sys.setprofile(lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None)
        condition = _nonzero(partial)
        sys.setprofile(None)
        return where(condition, 3.0, 4.0)

    assert [jit(f)(x) for x in (0.25, 0.75)] == [3.0, 4.0]
    assert len(calls) <= 8 * 7, calls


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, y, _: x * y,
        lambda x, y, _: x < y,
        lambda x, y, c: c & c,
        lambda x, y, c: where(c, x, y),
        lambda x, *_: sin(x),
        lambda x, *_: -x,
    ],
)
def test_recording_takes_few_calls(operation: Any) -> None:
    """A trace records most of its numbers by at most four calls of Python functions below the user's own."""
    calls: list[str] = []

    def f(x: Any, y: Any) -> Any:
        condition = x < y
        sys.setprofile(lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None)
        try:
            result = operation(x, y, condition)
        finally:
            sys.setprofile(None)
        return where(condition, result, y)

    jit(f)(1.0, 2.0)
    assert len(calls) <= 5, calls
