"""Machine code: any processor's features, fast mode, large graphs, memory given back."""

import math
import platform
import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import dot, exp, grad, jit, sin, sum_, tanh, value_and_grad
from autograd.compiler.blocks import blocks_of
from autograd.compiler.lower import lower
from autograd.compiler.node import NO_ROWS, Rows
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code
from autograd.compiler.run.frame import ARRAYS, FIRST, INDEX, LAST, OUT, STRIDE, Frame
from autograd.compiler.run.machine import Host, this_host
from autograd.compiler.run.python import PythonExecutable
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.tracer import trace, with_partials
from autograd.primitives import add, mul, neg, sub
from autograd.program import Program
from autograd.table import TABLE
from autograd.testing import Expression, expressions
from autograd.testing.flat import rounding
from tests.compiler.comparison import bits, near

X86 = platform.machine().lower() in ("x86_64", "amd64")
HOSTS = {
    "baseline": Host("x86-64", ""),
    "AVX": Host("x86-64", "+avx"),
    "AVX2 and FMA": Host("haswell", "+avx,+avx2,+fma,+bmi2"),
    "this": this_host(),
}


# --- hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@given(expression=expressions(max_ops=20, inputs=3), count=st.integers(1, 19))
@settings(max_examples=6)
def test_hosts(host: Any, reduce: Any, expression: Expression, count: int) -> None:
    """Fewer features, fewer lanes, the same bits: value and gradient, over rows and without."""
    if host is not HOSTS["this"] and (
        not X86 or not set(host.features.split(",")) - {""} <= set(this_host().features.split(","))
    ):
        pytest.skip("another processor")
    at = near(expression.at, count)
    table = np.array(at)[:, :2].copy()
    program = with_partials(expression.program, [True, True, True])[0]
    ssa = simplify(program)
    wanted = PythonExecutable(ssa, Options((0, 0, None), reduce)).run([0.75], Rows(count, (table,)))
    found = as_machine_code(program, Options((0, 0, None), reduce), host).run([0.75], Rows(count, (table,)))
    assert [bits(list(map(float, np.ravel(x)))) for x in found] == [bits(list(map(float, np.ravel(x)))) for x in wanted]
    single = as_machine_code(program, Options(), host).run(list(at[0]), NO_ROWS)
    assert bits(list(map(float, single))) == bits(PythonExecutable(ssa, Options()).run(list(at[0]), NO_ROWS))


# --- some of the rows ---------------------------------------------------------------------------------------------------

SUMMANDS = [1.0, -1e16, 1e16, 0.1, -0.3, 3.7]


def programs(reduce: Any, *, fast: bool = False, gathered: bool = False, block: int = 16) -> Any:
    """The executable of a program with sums of every kind: outer products, shared numbers, numbers by row."""
    program, _, _ = trace(
        lambda xs: ([xs[0] * xs[8], xs[1], *[x * y for x in xs[:4] for y in xs[4:8]], sin(xs[8])], None), [""] * 9
    )
    return as_machine_code(program, Options((*(0,) * 4, *(1,) * 4, None), reduce, fast, "llvm", gathered=gathered, block=block))


def tables(count: int) -> list[Any]:
    """Two arrays of rows whose sums depend on the order."""
    rng = random.Random(count)
    return [np.array([[rng.choice(SUMMANDS) for _ in range(4)] for _ in range(count)]).reshape(-1, 4) for _ in range(2)]


def run_on(
    executable: Any, arrays: list[Any], bounds: tuple[int, int], stride: int, room: int, index: Any = None
) -> list[float]:
    """What a call over rows of these arrays from a first to before a last one puts into an array for its outputs."""
    at = Frame(executable.sizes)
    at.inputs[:] = [0.5]
    at.all_rows(len(arrays[0]) if index is None else len(index))
    for i, array in enumerate(arrays):
        at.point(ARRAYS + i, array)
    out = np.full(room, 7.0)
    at.point(OUT, out)
    at.slots[FIRST], at.slots[LAST] = bounds
    at.slots[STRIDE] = stride
    if index is not None:
        at.slots[INDEX] = index.ctypes.data
    executable.entry(at.address)
    return out.tolist()


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("count", [1, 7, 16, 17, 32, 45, 64 * 16, 64 * 16 + 5, 2500])
def test_blocks_apart(count: int, fast: bool) -> None:
    """Each block's sums are those of a call over its rows alone, wherever it begins; their sum, divided, is the mean."""
    sums, mean, alone = (programs(reduce, fast=fast, block=n) for reduce, n in (("sum", 16), ("mean", 16), ("sum", 4096)))
    arrays, outputs = tables(count), 19
    bounds = blocks_of(count, 16)
    apart = run_on(mean, arrays, (0, count), outputs + 1, (outputs + 1) * len(bounds))
    total = [0.0] * outputs
    for i, (first, last) in enumerate(bounds):
        found = apart[i * (outputs + 1) : (i + 1) * (outputs + 1)]
        assert found.pop() == 7.0
        assert bits(found) == bits(alone.run([0.5], Rows(last - first, tuple(x[first:last] for x in arrays))))
        assert bits(found) == bits(run_on(mean, arrays, (first, last), outputs, outputs))
        total = [x + y for x, y in zip(total, found, strict=True)]
    assert bits(total) == bits(sums.run([0.5], Rows(count, tuple(arrays))))
    assert bits([x / count for x in total]) == bits(mean.run([0.5], Rows(count, tuple(arrays))))


@pytest.mark.parametrize("stride", [0, 19])
def test_none_of_the_rows(stride: int) -> None:
    """Sums of nothing; no block, so that nothing is kept apart."""
    assert run_on(programs("sum"), tables(40), (32, 32), stride, 20) == [0.0] * 19 + [7.0]
    assert run_on(programs(None), tables(40), (32, 32), 40, 20) == [7.0] * 20


@pytest.mark.parametrize("fast", [False, True])
def test_rows_of_a_range(fast: bool) -> None:
    """Whole lanes of rows are put where they belong, and nowhere else."""
    executable, arrays = programs(None, fast=fast), tables(45)
    found = np.array(run_on(executable, arrays, (16, 32), 48, 19 * 48)).reshape(19, 48)
    wanted = executable.run([0.5], Rows(45, tuple(arrays)))
    assert bits(found[:, 16:32].ravel().tolist()) == bits(wanted[:, 16:32].ravel().tolist())
    assert (found[:, :16] == 7.0).all()
    assert (found[:, 32:] == 7.0).all()


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize("fast", [False, True])
@given(index=st.lists(st.integers(0, 29), min_size=1, max_size=50))
@settings(max_examples=10)
def test_gathered_rows(reduce: Any, fast: bool, index: list[int]) -> None:
    """Row numbers, in any order and repeated, are as good as a copy of these rows; plain Python agrees."""
    arrays, numbers = tuple(tables(30)), np.array(index)
    found = programs(reduce, fast=fast, gathered=True).run([0.5], Rows(len(index), arrays, numbers))
    wanted = programs(reduce, fast=fast).run([0.5], Rows(len(index), tuple(x[numbers] for x in arrays)))
    assert bits(np.array(found).ravel().tolist()) == bits(np.array(wanted).ravel().tolist())
    if not fast:
        program, _, _ = trace(lambda xs: ([x * y for x in xs[:4] for y in xs[4:8]], None), [""] * 8)
        plain = PythonExecutable(simplify(program), Options((*(0,) * 4, *(1,) * 4), reduce, block=16)).run(
            [], Rows(len(index), arrays, numbers)
        )
        assert bits(np.array(plain).ravel().tolist()) == bits(np.array(wanted)[2:-1].ravel().tolist())


def test_gathered_rows_of_a_range() -> None:
    """The first and last row count along the row numbers."""
    arrays, index = tables(30), np.random.default_rng(0).integers(0, 30, 45)
    copies = [x[index] for x in arrays]
    found = run_on(programs("sum", gathered=True), arrays, (16, 45), 0, 19, index)
    assert bits(found) == bits(run_on(programs("sum"), copies, (16, 45), 0, 19))


# --- fast mode --------------------------------------------------------------------------------------------------------


def slack(program: Program, at: Any) -> list[float]:
    """How far 4 ulp in every native operation may move each output of a program."""
    native = lower(program)

    def flat(xs: list[Any]) -> list[Any]:
        found = list(xs)
        for i in range(native.inputs, len(native.primitives)):
            row = native.primitives[i]
            found.append(native.constants[i] if row is None else row.at(*[found[operand] for operand in native.operands[i]]))
        return [found[output] for output in native.outputs]

    return [4.0 * noise + 1e-300 for noise in rounding(flat, at).outputs]


@given(
    expression=expressions(max_ops=20, inputs=3),
    reduce=st.sampled_from([None, "sum", "mean"]),
    host=st.sampled_from(list(HOSTS)),
)
@settings(max_examples=25)
def test_fast_mode(expression: Expression, reduce: Any, host: str) -> None:
    """Row by row within 4 ulp of every operation; sums within as many ulp of their terms' sizes as they have terms."""
    if host != "this" and (not X86 or not set(HOSTS[host].features.split(",")) - {""} <= set(this_host().features.split(","))):
        return
    program = with_partials(expression.program, [True, True, True])[0]
    at = near(expression.at, 11, spread=1e-3)
    ssa, table = simplify(program), np.array(at)
    exact = np.array(PythonExecutable(ssa, Options((0, 0, 0))).run([], Rows(11, (table,))))
    found = np.array(as_machine_code(program, Options((0, 0, 0), reduce, fast=True), HOSTS[host]).run([], Rows(11, (table,))))
    allowed = np.array([slack(program, point) for point in at]).T
    if reduce is not None:
        allowed = allowed.sum(axis=1) + 11 * 2.0**-52 * np.abs(exact).sum(axis=1)
        exact = np.array([sum_(column) for column in exact.tolist()])
        if reduce == "mean":
            exact, allowed = exact / 11, allowed / 11 + 2.0**-52 * np.abs(exact)
    with np.errstate(invalid="ignore"):
        near_enough = (np.abs(found - exact) <= allowed) | (found == exact) | (np.isnan(found) & np.isnan(exact))
    assert near_enough.all() or not np.isfinite(allowed).all(), f"{found} not {exact} within {allowed}"


@pytest.mark.parametrize(
    "row", [row for row in TABLE.values() if row.arity == 1 and row.differentiable], ids=lambda row: row.name
)
def test_rows_in_fast_mode(row: Any) -> None:
    """Rows of one number, over their transition region, in every lane: within 4 ulp of each native operation."""
    low, high = row.domain[0].transition
    xs = np.linspace(low, high, 203)[1:-1]
    program = Program(1, ((row, (0,)),), (1,))
    found = jit(lambda x: row(x), in_axes=0, fast=True)(xs)  # noqa: PLW0108 - a row itself names its operand as it likes
    for x, y in zip(xs.tolist(), found.tolist(), strict=True):
        exact = row(x)
        assert abs(y - exact) <= slack(program, [x])[0] or y == exact, f"at {x}: {y!r} not {exact!r}"


def test_fast_sums_of_many_rows() -> None:
    """Within n ulp of the sum of absolute terms, however many rows, left over lanes included."""
    rng = np.random.default_rng(0)
    for count in (1, 7, 8, 9, 1000, 1003):
        x = rng.normal(size=count) * 1e3
        found = jit(lambda x: x * x * x, in_axes=0, reduce="sum", fast=True)(x)
        assert abs(found - math.fsum(x * x * x)) <= (count + 4) * 2.0**-52 * math.fsum(np.abs(x * x * x))
    assert jit(lambda x: x, in_axes=0, reduce="sum", fast=True)([]) == 0.0


def test_fast_networks_train() -> None:
    """Value and gradient of a network, near those of exact mode."""
    rng = np.random.default_rng(1)
    table = rng.normal(size=(37, 5))

    def loss(p: Any, x: Any) -> Any:
        hidden = [tanh(dot(p[5 * i : 5 * i + 5], x) + p[45 + i]) for i in range(9)]
        return dot(hidden, p[:9])

    p = rng.normal(size=54)
    options: dict[str, Any] = {"in_axes": (None, 0), "reduce": "mean"}
    value, slopes = jit(value_and_grad(loss), fast=True, **options)(p, table)
    exact, exact_slopes = jit(value_and_grad(loss), **options)(p, table)
    assert value == pytest.approx(exact, rel=1e-13, abs=1e-14)
    assert slopes == pytest.approx(exact_slopes, rel=1e-12, abs=1e-13)


# --- size -------------------------------------------------------------------------------------------------------------


def random_graph(operations: int) -> Program:
    """Sums, differences, products and now and then a function, of recent numbers, none of which grows."""
    rng = random.Random(operations)
    steps: list[Any] = []
    for i in range(operations):
        kind = rng.random()
        places = [max(0, 2 + i - rng.randint(1, 50)), rng.randint(0, 1 + i)]
        if kind < 0.05:
            steps.append((rng.choice([sin, tanh, exp if i < 3 else sin]), (places[0],)))
        elif kind < 0.1:
            steps.append((neg, (places[0],)))
        elif kind < 0.5:
            steps.append((mul, (places[0], rng.choice([0.5, -0.25, 0.75]))))
        else:
            steps.append(
                (rng.choice([add, sub]), tuple(places)) if kind < 0.6 else (mul, (places[0], rng.choice([places[1], 0.9])))
            )
        if i % 5 == 4:
            steps[-1] = (sin, (1 + i,))
    return Program(2, tuple(steps), (2 + len(steps) - 1,))


@pytest.mark.parametrize("operations", [20_000, 100_000])
def test_large_random_graphs(operations: int) -> None:
    """Compile without recursion, to the same bits as the rows one by one."""
    program = random_graph(operations)
    f = jit(lambda x, y: program(x, y)[0])
    assert bits(f(0.3, -0.7)) == bits(program(0.3, -0.7))
    assert f.stats().operations > operations // 5


def test_the_gradient_of_a_large_random_graph() -> None:
    """Of 5,000 operations, in both arguments."""
    program = random_graph(5_000)

    def f(x: Any, y: Any) -> Any:
        return program(x, y)[0]

    assert bits(jit(grad(f, argnums=(0, 1)))(0.3, -0.7)) == bits(grad(f, argnums=(0, 1))(0.3, -0.7))


def test_a_long_chain(backend: str) -> None:
    """Each operation of the last one's result."""

    def chain(x: Any) -> Any:
        for _ in range(20_000 if backend == "llvm" else 10_000):
            x = x * 0.999 + 0.25
            x = x - x * x * 0.001
        return x

    assert bits(jit(chain, backend=backend)(0.5)) == bits(chain(0.5))


# --- calls ------------------------------------------------------------------------------------------------------------


def test_one_executable_in_many_threads() -> None:
    """Calls at once, each with its own numbers, have nothing in common; and the interpreter's lock is free meanwhile."""
    f = jit(lambda p, x: dot(p, [tanh(x + q) for q in p]), in_axes=(None, 0), reduce="sum")
    g = jit(lambda x, y: sum_([tanh(x * i) for i in range(1, 60)]) * y)
    table = [np.linspace(0.0, k, 3000) for k in range(8)]
    wanted = [(f([0.1, 0.2, k], table[k]), g(0.01 * k, 2.0)) for k in range(8)]
    wrong: list[Any] = []

    def work(k: int) -> None:
        for _ in range(30):
            found = f([0.1, 0.2, k], table[k]), g(0.01 * k, 2.0)
            if found != wanted[k]:
                wrong.append((k, found))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_subnormal_numbers_are_kept() -> None:
    """In every lane, in sums, in both modes."""
    tiny = np.full(20, 5e-324)
    for fast in (False, True):
        assert jit(lambda x: x * 1.0 + x, in_axes=0, fast=fast)(tiny).tolist() == [1e-323] * 20
        assert jit(lambda x: x, in_axes=0, reduce="sum", fast=fast)(tiny) == 1e-322
    assert jit(lambda x: x * 0.5)(1e-320) == 5e-321
