"""Lowering: rows as native rows, by running what they evaluate on Symbols, for every way through its branches."""

import gc
import math
import operator
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograd import Value, add, grad, hypot, jit, logsumexp, maximum, primitive, relu
from autograd.compiler.lower import NotCompilableError, lower, recording
from autograd.compiler.simplify import SSA
from autograd.compiler.trace.tracer import trace
from autograd.primitives import sech2
from autograd.program import Program
from autograd.table import TABLE
from tests.compiler.comparison import EDGES, bits, edges
from tests.compiler.test_simplify import run


def alone(row: Any, point: Sequence[float], inputs: Sequence[int]) -> Program:
    """A row of which these operands are inputs, and the others constants."""
    count = len(inputs)
    operands = tuple([inputs.index(i) if i in inputs else x for i, x in enumerate(point)])
    return Program(count, ((row, operands),), (count,))


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_row_has_a_formula_of_native_rows(row: Any) -> None:
    """And that formula gives its bits, at the edges too, also where some operands are constants."""
    points = edges(row, 150)
    free = [i for i, order in enumerate(row.orders(points[0])) if order is None]
    lowered = lower(alone(row, points[0], free))
    assert all(found is None or found.native is not None for found in lowered.primitives)
    for point in points:
        assert bits(run(lowered, *[point[i] for i in free])) == bits(row.evaluate(*point)), f"at {point}"
    for point in points[:12]:
        for fixed in free:
            inputs = [i for i in free if i != fixed]
            partly = lower(alone(row, point, inputs))
            assert bits(run(partly, *[point[i] for i in inputs])) == bits(row.evaluate(*point))


def branching(x: float, y: float) -> float:
    """Branches within branches, a loop, a helper, functions of `math`, an early return."""
    if x != x or y != y:  # noqa: PLR0124 - nan is not
        return y
    total = 0.0
    for k in range(3):
        total += x * k - y
    total = bounded(total)
    if not x < 0.0 and y:
        return math.exp(-math.fabs(total)) if total else math.atan2(x, y)
    return max(x, y, -1.0) + (total if 0.0 < y < 2.0 else math.tanh(y))


def bounded(x: float, most: float = 1.0) -> float:
    """A helper with a branch and a default."""
    return most if x > most else x


def by_keyword(x: float, y: float) -> float:
    """Calls a helper by keyword."""
    return bounded(x, most=0.5) * y


def by_primitives(x: float, y: float) -> float:
    """Calls primitives that have formulas themselves."""
    return logsumexp(x, relu(y)) - hypot(x, y)


SIN = math.sin


def by_name(x: float, y: float) -> float:
    """A function of `math` under another name, and one as a default."""
    return SIN(x) + abs(y)


COMPILE: list[Callable[..., Any]] = [
    branching,
    by_keyword,
    by_name,
    by_primitives,
    lambda x, y: x * x + 3 * y - 1,
    lambda x, y: 1 if x > y else 0,
    lambda x, y: x > y,
    lambda x, y: (x + y + 1) / 4,
    lambda x, y: [x, y][1] - min(x, y),
    lambda x, y: 7.5,
]


@pytest.mark.parametrize("evaluate", COMPILE, ids=[getattr(f, "__name__", "") + str(i) for i, f in enumerate(COMPILE)])
def test_primitives_of_the_user_compile(evaluate: Any, backend: str) -> None:
    """What only calculates and branches: the same bits as the function itself, value and partials."""
    row = primitive("own", evaluate=evaluate, partials=(lambda r, x, y: r + y, lambda r, x, y: r * x))
    compiled = jit(row, in_axes=0, backend=backend)
    slopes = jit(grad(row, argnums=(0, 1)), backend=backend)
    points = list(product([x for x in EDGES if abs(x) < 700.0], repeat=2))  # elsewhere functions of `math` raise

    found = compiled(*np.array(points).T)
    for point, x in zip(points, found, strict=True):
        assert bits(x) == bits(row(*point)), f"at {point}"
    for point in points[::17]:
        assert bits(slopes(*point)) == bits(grad(row, argnums=(0, 1))(*point))


def summed(x: float, y: float) -> float:
    """The built-in sum, which from Python 3.12 on keeps what rounding leaves off."""
    return sum([x, y, -x, 1.0])


def caught(x: float, y: float) -> float:
    """A quotient that says itself what it is at 0."""
    try:
        return x / y
    except ZeroDivisionError:
        return 0.0


def caught_in_math(x: float, y: float) -> float:
    """A logarithm and an exponential that say themselves what they are where `math` raises."""
    try:
        return math.log(x)
    except ValueError:
        try:
            return math.exp(y)
        except OverflowError:
            return -1.0


def helped(x: float, y: float) -> float:
    """The same, one call further in."""
    return caught(y, x) + 1.0


def by_numpy(x: float, y: float) -> Any:
    """A function of another library, which has its own idea of the last bit."""
    with np.errstate(all="ignore"):
        return np.exp(x) * y


def by_decimal(x: float, y: float) -> float:
    """A function of another library."""
    from decimal import Decimal

    return float(Decimal(x) * Decimal(y))


def rounded(x: float, y: float) -> float:
    """The built-in round, which gives ints, and decimal digits as nobody else does."""
    return round(x) * y + round(y, 1)


OTHERS = [
    rounded,
    summed,
    caught,
    caught_in_math,
    helped,
    by_numpy,
    by_decimal,
    lambda x, y: float(x) * y,
    lambda x, y: math.floor(x) + y,
]


@pytest.mark.parametrize("evaluate", OTHERS, ids=lambda f: f.__name__)
def test_what_a_primitive_of_the_user_gives_is_what_counts(evaluate: Any) -> None:
    """Compiled or called: whatever its evaluate does, by its own exceptions and other libraries too, has the same bits."""
    row = primitive("own", evaluate=evaluate, partials=(0.0, 0.0))
    compiled = jit(row)
    for x, y in product([0.0, -0.0, 1.0, -1.0, 2.5, 710.0, 1e3, -3.7, 0.1, 0.7, 1.3, -8.9, 3.3, 4.1], repeat=2):
        try:
            wanted = row(x, y)
        except (OverflowError, ValueError, ArithmeticError):
            continue
        assert bits(compiled(x, y)) == bits(wanted), f"at {x, y}"


@pytest.mark.parametrize(
    "evaluate",
    [by_decimal, rounded, lambda x, y: float(x) * y, lambda x, y: math.floor(x) + y, lambda x, y: operator.index(3) + int(x)],
)
def test_what_cannot_be_compiled(evaluate: Any) -> None:
    """By "llvm" an error that names the row, the reason and the fix; by "auto" and "python" it works."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    row = primitive("foreign", evaluate=evaluate, partials=(1.0, 2.0))
    with pytest.raises(NotCompilableError, match=r"primitive 'foreign' cannot be compiled.*does not run on Symbols.*backend="):
        jit(lambda x, y: row(x, y) * 2.0, backend="llvm")(1.5, 2.0)
    for name in ("auto", "python"):
        f = jit(lambda x, y: row(x, y) * 2.0, backend=name)
        assert f(1.5, 2.0) == row(1.5, 2.0) * 2.0
        assert f.stats().backend == "python"
        x, y = Value(1.5), Value(2.0)
        f(x, y).backward()
        assert (x.grad, y.grad) == (2.0, 4.0)


def test_a_lowered_graph_leaves_no_circle() -> None:
    """What it was made of is freed at once: of many operations, memory that the collector must look through."""
    program = Program(2, ((maximum, (0, 1)), (sech2, (2,)), (add, (3, -0.0))), (4,))
    lower(program)
    gc.collect()
    gc.disable()
    try:
        before = [thing for thing in gc.get_objects() if isinstance(thing, SSA)]  # another test's

        def new() -> list[SSA]:
            graphs = [thing for thing in gc.get_objects() if isinstance(thing, SSA)]
            return [thing for thing in graphs if not any(thing is old for old in before)]

        kept = lower(program)
        assert all(thing is kept for thing in new())
        del kept
        assert not new()
    finally:
        gc.enable()


def test_too_many_ways() -> None:
    """A function of hundreds of branches is not compiled, and says so."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")

    def many(x: float) -> float:
        for k in range(100):
            x = x - 1.0 if x > k else x + 1.0
        return x

    row = primitive("many_ways", evaluate=many, partials=(1.0,))
    with pytest.raises(NotCompilableError, match="64"):
        jit(row, backend="llvm")(1.0)
    assert jit(row)(1.0) == many(1.0)


def test_what_gives_no_number() -> None:
    """Is no formula."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    row = primitive("pair", evaluate=lambda x: (x, x), partials=(1.0,))
    with pytest.raises(NotCompilableError, match="pair"):
        jit(row, backend="llvm")(1.0)


def test_names_of_a_module_as_they_are_now() -> None:
    """A notebook's global that was set anew is read anew by the primitives stated after."""
    names: dict[str, Any] = {"math": math, "SCALE": 2.0}
    exec("def first(x): return SCALE * x\ndef second(x): return SCALE * math.sin(x)\ndef third(x): return later(x)", names)
    first = primitive("first", evaluate=names["first"], partials=(1.0,))
    assert jit(first)(1.0) == 2.0
    names["SCALE"] = 3.0
    second = primitive("second", evaluate=names["second"], partials=(1.0,))
    assert jit(second)(1.0) == second(1.0) == 3.0 * math.sin(1.0)
    exec("def later(x): return x + 1.0", names)
    third = primitive("third", evaluate=names["third"], partials=(1.0,))
    assert jit(third)(1.0) == third(1.0) == 2.0


def test_evaluate_runs_on_floats_as_before() -> None:
    """A trace changes nothing in the module of the function."""
    row = primitive("own", evaluate=branching, partials=(1.0, 1.0))
    jit(row)(1.0, 2.0)
    assert math.exp(1.0) == math.e
    assert branching(1.0, 0.5) == row.evaluate(1.0, 0.5)


def written_for_floats(x: float, state: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Branches, `math`, a helper, and several results in tuples, lists and dicts."""
    if x > state["limit"]:
        x = math.sqrt(x) if x > 2.0 else -x
    found = helped(x) + max(x, 0.5)
    return found, {"limit": state["limit"] * 0.5, "all": [found, (x, 1)]}


def helped(x: float) -> float:
    """Another branch, by `and`."""
    return math.exp(x) if -1.0 < x < 1.0 else x * x


def test_a_function_of_floats_that_records() -> None:
    """Its program gives its bits on every way through it, whatever structure it returns; on floats it is itself."""
    recorded = recording(written_for_floats)

    def flat(symbols: Any) -> Any:
        found, state = recorded(symbols[0], {"limit": symbols[1]})
        first, (second, count) = state["all"]
        assert count == 1
        return [found, state["limit"], first, second], None

    program = trace(flat, ["x", "limit"])[0]
    for x, limit in product([-2.0, -0.5, 0.0, 0.75, 1.0, 3.0, math.inf], [-1.0, 0.5, 10.0]):
        found, state = written_for_floats(x, {"limit": limit})
        assert bits(program(x, limit)) == bits([found, state["limit"], state["all"][0], state["all"][1][0]])
        assert recorded(x, {"limit": limit}) == (found, state)


def test_most_steps_are_added_without_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of native primitives without constants, for which no rule knows anything: large programs are made of them."""
    calls: list[Any] = []
    apply = SSA.apply
    monkeypatch.setattr(SSA, "apply", lambda self, *args: calls.append(args) or apply(self, *args))
    table = {row.name: row for row in TABLE.values()}
    program = Program(2, ((table["mul"], (0, 1)), (table["add"], (2, 0)), (table["sin"], (3,)), (table["add"], (4, 1.0))), (5,))
    assert len(lower(program).primitives) == 7
    assert len(calls) == 1


def test_what_no_output_needs_is_not_lowered() -> None:
    """So it need not have a formula."""
    table = {row.name: row for row in TABLE.values()}
    opaque = primitive("opaque_to_lower", evaluate=lambda x: float(str(x)))
    try:
        program = Program(1, ((opaque, (0,)), (table["sin"], (0,))), (2,))
        assert lower(program).operations == 1
        with pytest.raises(NotCompilableError):
            lower(Program(1, program.steps, (1,)))
    finally:
        del TABLE["opaque_to_lower"]
