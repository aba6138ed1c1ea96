"""Plans: every native primitive, every program, in the bits of eager Values; the kernel, its cases, and its order."""

import math
import pickle
import random
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

pytest.importorskip("llvmlite", reason="needs the jit extra")

import numpy as np

from autograd import Value, add, exp, fori_loop, jit, mul, primitives, sin, sum_, tanh, value_and_grad
from autograd.compiler.emit.kernel import CALL_VECTORS, FIRST_CASE, case_of
from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.run.plan import FEWEST, PlanExecutable, _arranged, _vector_address, kernel_for
from autograd.compiler.run.python import PythonExecutable
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.tracer import with_partials
from autograd.definition import Primitive
from autograd.native import Comparison
from autograd.program import Program
from autograd.table import TABLE
from autograd.testing import Expression, expressions
from tests.compiler.comparison import bits, columns, edges, in_another_process, near

NATIVE = [known for known in TABLE.values() if known.native is not None]


def drawn(operations: int, inputs: int, seed: int = 0, near_ones: int = 50) -> Program:
    """A random program: each step takes two of the latest results, by a primitive of fixed arity; all ends are added."""
    rng = random.Random(seed)
    choices = [
        known for known in vars(primitives).values() if isinstance(known, Primitive) and known.differentiable and known.arity
    ]
    steps: list[Any] = []
    for i in range(inputs, inputs + operations):
        known = rng.choice(choices)
        whole = [at.low == at.high for at in known.domain_of(known.arity or 0)]  # an order, which a program must know
        steps.append(
            (known, tuple([rng.choice((0.0, 1.0, 2.0)) if it else rng.randrange(max(0, i - near_ones), i) for it in whole]))
        )
    steps.append((sum_, tuple(range(inputs + operations - near_ones, inputs + operations))))
    return Program(inputs, tuple(steps), (inputs + operations, inputs + operations - 1))


def run(program: Program, numbers: Sequence[float]) -> list[float]:
    """What a plan of the program gives."""
    return PlanExecutable(lower(program)).run(numbers, NO_ROWS)


# --- the same bits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", NATIVE, ids=lambda known: known.name)
def test_every_native_primitive(known: Primitive) -> None:
    """Alone and in a group of several, at edges, the bits of `evaluate`."""
    arity = known.arity or 0
    points = edges(known, 300)
    steps = tuple([(known, tuple(range(i * arity, (i + 1) * arity))) for i in range(len(points))])
    count = arity * len(points)
    together = Program(count, steps, tuple(range(count, count + len(points))))
    executable = PlanExecutable(lower(together))
    assert executable.plan.groups == 1
    wanted = [known.evaluate(*point) for point in points]
    assert bits(executable.run([x for point in points for x in point], NO_ROWS)) == bits(wanted)
    alone = PlanExecutable(lower(Program(arity, ((known, tuple(range(arity))),), (arity,))))
    assert bits([alone.run(point, NO_ROWS)[0] for point in points]) == bits(wanted)


@pytest.mark.parametrize("count", [1, FEWEST - 1, FEWEST, 7, 8, 9, 20])
@pytest.mark.parametrize("known", [known for known in NATIVE if _vector_address(known)], ids=lambda known: known.name)
def test_groups_by_functions_of_vectors(known: Primitive, count: int) -> None:
    """Several numbers of a group are computed at once, and what follows is not touched."""
    points = [x for (x,) in edges(known, 300)][-count:]
    steps = [*[(known, (i,)) for i in range(count)], *[(add, (count + i, i)) for i in range(count)]]
    executable = PlanExecutable(lower(Program(count, tuple(steps), tuple(range(count, 3 * count)))))
    first = [known.evaluate(x) for x in points]
    assert bits(executable.run(points, NO_ROWS)) == bits([*first, *map(add.evaluate, first, points)])
    given = 5  # words before the first group: outputs, inputs, constants
    assert (executable.plan.code[given] == CALL_VECTORS) == (count >= FEWEST)


@pytest.mark.parametrize("known", [known for known in TABLE.values() if known.differentiable], ids=lambda known: known.name)
def test_every_primitive_with_its_partials(known: Primitive) -> None:
    """Also those that are lowered, at edges, the bits of Values."""
    points = edges(known, 40)
    fixed = known.orders(points[0])

    def both(*xs: Any) -> Any:
        def value(ys: Any) -> Any:
            return known.at(*[x if order is None else order for x, order in zip(ys, fixed, strict=True)])

        return value_and_grad(value)(list(xs))

    compiled = jit(both, backend="plan")
    for point in points:
        assert bits(compiled(*point)) == bits(both(*point)), point
    assert compiled.stats(*points[0]).backend == "plan"


@given(expression=expressions(max_ops=30, inputs=3))
@settings(max_examples=60)
def test_random_expressions(expression: Expression) -> None:
    """Values and partials, in the bits of straight-line Python."""
    program = with_partials(expression.program, [True, True, True])[0]
    python, planned = PythonExecutable(simplify(program), Options()), PlanExecutable(lower(program))
    for point in near(expression.at, 4):
        assert bits(planned.run(list(point), NO_ROWS)) == bits(python.run(list(point), NO_ROWS))


@pytest.mark.parametrize("near_ones", [1, 3, 50, 400])
def test_large_programs(near_ones: int) -> None:
    """Narrow ones, whose groups are short, and wide ones."""
    program = drawn(2_000, 5, near_ones, near_ones)
    numbers = [0.3, -1.2, 0.0, -0.0, 2.5]
    assert bits(run(program, numbers)) == bits(program(*numbers))


@pytest.mark.parametrize(
    "program",
    [
        Program(0, (), ()),
        Program(2, (), ()),
        Program(2, (), (1, 0, 1, 3.5, -0.0, math.nan)),
        Program(0, ((mul, (2.0, 3.0)),), (0, 0)),
        Program(1, ((add, (0, -1.5)), (mul, (1, 1))), (2, 0, 1, 7.0, 2)),
    ],
    ids=str,
)
def test_outputs_of_every_kind(program: Program) -> None:
    """Inputs, constants, the same twice, none."""
    numbers = [2.25, -0.0][: program.inputs]
    assert bits(run(program, numbers)) == bits(program(*numbers))


# --- the kernel -------------------------------------------------------------------------------------------------------


def test_one_kernel_for_all_programs() -> None:
    """Functions of the C library that users name need no other one."""
    own = Primitive("own_root", evaluate=math.cbrt, native="cbrt")
    assert kernel_for([]) is kernel_for([own, add])
    assert bits(run(Program(1, ((own, (0,)), (own, (1,))), (1, 2)), [-27.0])) == bits(
        [math.cbrt(-27.0), math.cbrt(math.cbrt(-27.0))]
    )


def test_a_new_instruction_makes_another_kernel() -> None:
    """What a primitive of users' own brings after the kernel was made."""
    before = kernel_for([])
    own = Primitive("own_greater", evaluate=lambda x, y: float(x > y), native=Comparison("ogt"))
    assert case_of(own) not in before.cases
    assert kernel_for([own]) is not before
    program = Program(2, ((own, (0, 1)), (own, (1, 0)), (add, (2, 3))), (2, 3, 4))
    for point in ([1.0, 2.0], [2.0, 1.0], [math.nan, 1.0], [0.0, -0.0]):
        assert run(program, point) == program(*point)
    assert min(before.cases.values()) == FIRST_CASE


def test_a_function_that_is_missing() -> None:
    """By "plan" an error that names it."""
    own = Primitive("own_missing", evaluate=lambda x: x, native="no_such_function")
    with pytest.raises(NotCompilableError, match="the C library has no function 'no_such_function'"):
        run(Program(1, ((own, (0,)),), (1,)), [1.0])


def test_it_comes_from_disk(tmp_path: Path) -> None:
    """A second process finds the kernel of the first."""
    code = "from autograd.compiler.run.plan import kernel_for; kernel_for([])"
    variables = {"CHAINRULE_CACHE": str(tmp_path)}
    in_another_process(code, variables=variables)
    (first,) = tmp_path.iterdir()
    made = first.read_bytes()
    in_another_process(f"from autograd.compiler.run import disk; disk.write = None; {code}", variables=variables)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [made]


@pytest.mark.parametrize("near_ones", [1, 20, 300])
def test_the_order_of_the_work(near_ones: int) -> None:
    """Every number once, after its operands; each group of one kind; the longest chain is never kept waiting for nothing."""
    ssa = lower(drawn(500, 3, near_ones, near_ones))
    natives = {known: i for i, known in enumerate(dict.fromkeys(ssa.primitives), -1)}
    kinds = np.array([natives[known] for known in ssa.primitives], dtype=np.int32)
    starts = np.cumsum([0, *map(len, ssa.operands)], dtype=np.int32)
    operands = np.array([x for each in ssa.operands for x in each], dtype=np.int32)
    given = ssa.inputs + len(ssa.constants)
    order, ends = _arranged(kernel_for([]), kinds, starts, operands, given, len(natives) - 1)
    assert sorted(order.tolist()) == list(range(len(kinds)))
    assert ends[0] == given
    assert ends[-1] == len(kinds)
    group = np.empty(len(kinds), dtype=int)
    group[order] = np.repeat(np.arange(len(ends)), np.diff([0, *ends]))
    for i, each in enumerate(ssa.operands):
        assert all(group[x] < group[i] for x in each)
    for first, last in pairwise(ends.tolist()):
        assert len(set(kinds[order[first:last]].tolist())) == 1
        assert first < last


def test_groups_are_few() -> None:
    """In a narrow graph a third fewer than there are kinds in its levels: what can wait does, for others of its kind."""
    ssa = lower(drawn(2_000, 5, near_ones=20))
    level = [0] * len(ssa.primitives)
    for i, operands in enumerate(ssa.operands):
        level[i] = 1 + max([level[x] for x in operands], default=-1)
    by_level = {(level[i], known) for i, known in enumerate(ssa.primitives) if known is not None}
    assert PlanExecutable(ssa).plan.groups < 0.7 * len(by_level)


@pytest.mark.parametrize(
    ("program", "low", "high"),
    [
        (Program(101, tuple((mul, (i, i + 1)) for i in range(100)), tuple(range(101, 201))), 0.95, 1.0),
        (Program(2, tuple((mul, (max(0, i - 3), i - 1)) for i in range(2, 102)), (101,)), 0.0, 0.0),
        (drawn(1_000, 5, near_ones=200), 0.0, 0.4),
        (Program(1, (), (0,)), 1.0, 1.0),
    ],
    ids=["side by side", "one after another", "random", "nothing"],
)
def test_how_regular(program: Program, low: float, high: float) -> None:
    """The share of numbers whose operands lie where strides of the last ones lead."""
    assert low <= PlanExecutable(lower(program)).plan.regular <= high


# --- calls ------------------------------------------------------------------------------------------------------------


def test_calls_of_every_kind() -> None:
    """The first call, the short way of the next, other arguments, arrays, and Values with partials."""

    def f(xs: Any, y: Any) -> Any:
        return [tanh(xs[0] * y) + exp(xs[1]), {"a": sin(y)}]

    compiled = jit(f, backend="plan")
    for arguments in (([0.5, 2.0], 3.0), ([0.25, -2.0], 1.0), ((0.5, 1.0), -0.0), ([1, 2], 3), (np.array([0.5, 2.0]), 3.0)):
        assert bits(compiled(*arguments)) == bits(f(*arguments))
        assert bits(compiled(*arguments)) == bits(f(*arguments))
    found, wanted = ([Value(0.5), Value(2.0)] for _ in range(2))
    compiled(found, 3.0)[0].backward()
    f(wanted, 3.0)[0].backward()
    assert [x.grad for x in found] == [x.grad for x in wanted]
    many = jit(lambda x: [x * k for k in (1.0, 2.0, 3.0)], backend="plan")
    assert [many(2.0), many(3.0), many(4.0), many(5.0)] == [[x, 2.0 * x, 3.0 * x] for x in (2.0, 3.0, 4.0, 5.0)]


def test_it_travels() -> None:
    """Pickled and read, it is planned again."""
    compiled = pickle.loads(pickle.dumps(jit(math_of, backend="plan")))
    assert compiled(0.5) == math_of(0.5)
    assert compiled.stats().backend == "plan"


def math_of(x: Any) -> Any:
    """A function that pickle finds by its name."""
    return sin(x) * x


def test_calls_in_threads() -> None:
    """Each has memory of its own."""
    program = drawn(3_000, 1, 5)
    executable = PlanExecutable(lower(program))
    points = [i / 10.0 for i in range(16)]
    wanted = [bits(executable.run([x], NO_ROWS)) for x in points]
    found: list[Any] = [None] * len(points)

    def work(i: int) -> None:
        for _ in range(20):
            found[i] = bits(executable.run([points[i]], NO_ROWS))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(points))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted


def test_over_rows_there_is_none() -> None:
    """By `jit` an error that says what to do instead."""
    with pytest.raises(ValueError, match=r'backend="plan" computes one call at a time.*leave backend out, or give "llvm"'):
        jit(lambda x: x, in_axes=0, backend="plan")
    points = [(0.5,), (1.5,)]
    assert jit(lambda x: x + 1.0, in_axes=0)(*columns(points)).tolist() == [1.5, 2.5]


def test_loops_are_no_plan() -> None:
    """The error says what to do."""
    with pytest.raises(NotCompilableError, match='leave backend="plan" out'):
        jit(lambda x: fori_loop(0, 3, lambda _, c: c * x, x), backend="plan")(1.0)
