"""The numbers of a schedule in one function: each read or computed once, kept where it is wanted, long sums by a table."""

import math
import random
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, exp, sin, sum_, where
from autograd.compiler.emit.numbers import LONG_SUM, Numbers
from autograd.compiler.options import Options
from autograd.compiler.schedule.loops import roots_of
from tests.compiler.comparison import bits
from tests.compiler.emit.code import Written, found_at, memory_of, planned
from tests.compiler.emit.test_entries import emitted


def test_long_sums_that_lie_anywhere_are_loops() -> None:
    """By a table of the terms' places."""
    order = random.Random(0).sample(range(300), 300)
    text = emitted(lambda xs: sum_([xs[i] for i in order]), 300).code
    assert "[300 x i32]" in text
    assert text.count("fadd") == 1


COUNT = 2 * LONG_SUM
ORDER = random.Random(1).sample(range(COUNT), COUNT)

FUNCTIONS: dict[str, tuple[Any, int]] = {
    "operations": (lambda xs: (sin(xs[0]) * xs[1] - exp(xs[1])) / (sin(xs[0]) + 2.0), 2),
    "a short sum": (lambda xs: sum_([x * x for x in xs[:8]]), 8),
    "a long sum in another order": (lambda xs: sum_([xs[i] for i in ORDER]), COUNT),
    "a long sum of products": (lambda xs: dot([xs[i] for i in ORDER], [xs[COUNT + i] for i in ORDER]), 2 * COUNT),
    "guarded products": (lambda xs: sum_([where(xs[i] > 0.0, xs[i] * xs[COUNT + i], -0.0) for i in ORDER]), 2 * COUNT),
    "products guarded otherwise": (
        lambda xs: sum_([where(xs[i] > 0.0, -0.0, xs[i] * xs[COUNT + i]) for i in ORDER]),
        2 * COUNT,
    ),
    "products guarded in both ways": (
        lambda xs: sum_(
            [
                where(xs[i] > 0.0, *((xs[i] * xs[COUNT + i], -0.0) if k // 8 % 2 else (-0.0, xs[i] * xs[COUNT + i])))
                for k, i in enumerate(ORDER)
            ]
        ),
        2 * COUNT,
    ),
    "constants among the terms": (lambda xs: sum_([xs[i] * (0.5 + i % 3) if i % 5 else xs[i] for i in ORDER]), COUNT),
    "a long disjunction": (
        lambda xs: where(_any_of([xs[i] > 1.5 for i in ORDER]), xs[0], 7.0),
        COUNT,
    ),
}


def _any_of(conditions: list[Any]) -> Any:
    found = conditions[0]
    for condition in conditions[1:]:
        found = found | condition
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("high", [1.0, 4.0])
def test_one_item_after_another(name: str, lanes: int, high: float) -> None:
    """All in one function, each kept in memory: the bits of the function itself, in every lane."""
    f, count = FUNCTIONS[name]
    plan = planned(f, count, Options((0,) * count) if lanes > 1 else None)
    if "guarded" in name:
        (fold,) = plan.trees.folds.values()
        assert {len(term.reads) for term in fold.terms} == {3}
    written = Written()
    g = written.function(lanes)
    numbers = Numbers(g, plan)
    for item in [*plan.uniform, *plan.by_row]:
        for root in roots_of(item):
            numbers.compute(root, kept=True)
    rng = random.Random(0)
    rows = [[rng.uniform(-1.0, high) for _ in range(count)] for _ in range(lanes)]
    memory = memory_of(plan, rows[0], rows, lanes) if lanes > 1 else memory_of(plan, rows[0])
    found = found_at(plan, written.run(g, memory), plan.memory.address[plan.ssa.outputs[0]], lanes)
    assert bits(found) == bits([f(row) for row in rows])


def test_what_is_known_is_not_read_again() -> None:
    """An input is loaded once, a computed number never, a constant has no place at all."""
    plan = planned(lambda xs: [sin(xs[0]) * xs[0], sin(xs[0]) * 2.0], 1)
    f = Written().function()
    numbers = Numbers(f, plan)
    for item in plan.uniform:
        assert isinstance(item, int)
        numbers.compute(item, kept=False)
    text = "\n".join(f.lines)
    assert text.count("= load") == 1
    assert "store" not in text
    for x in plan.ssa.constants:
        assert numbers.value(x) == (f.constant(plan.ssa.constants[x]), False)


def test_kept_at_another_address_too() -> None:
    """As outputs are that are an input, or that stand twice; a sum over rows is added to what is there."""
    plan = planned(lambda xs: [xs[0], sin(xs[0]), sin(xs[0])], 1)
    written = Written()
    f = written.function()
    numbers = Numbers(f, plan)
    for item in plan.uniform:
        assert isinstance(item, int)
        numbers.compute(item, kept=True)
    for number, address in plan.memory.copies:
        numbers.keep(number, address)
    found = written.run(f, memory_of(plan, [0.5]))
    assert bits(found["uniform"][:3]) == bits([0.5, sin(0.5), sin(0.5)])
    plan = planned(lambda xs: [sin(xs[0])], 1, Options((0,), "sum", fast=True))
    written = Written()
    f = written.function()
    (root,) = plan.ssa.outputs
    Numbers(f, plan).compute(root, kept=True)
    memory = memory_of(plan, [], [[0.5]])
    memory["rows"][plan.memory.address[root] % (1 << 40)] = 10.0
    assert found_at(plan, written.run(f, memory), plan.memory.address[root]) == [10.0 + sin(0.5)]


def test_truth_values_side_by_side_are_joined_in_vectors() -> None:
    """Wherever a long disjunction has them: their order makes no difference."""
    order = random.Random(0).sample(range(300), 300)

    def f(xs: list[Any]) -> Any:
        found = xs[0] > 1.0
        conditions = [x > 1.0 for x in xs]
        for i in order:
            found = found | conditions[i]
        return [sum_([where(condition, 1.0, 0.0) for condition in conditions]), where(found, 1.0, 2.0)]

    assert "call i1 @llvm.vector.reduce.or.v4i1" in emitted(f, 300).code


def any_true(xs: list[float], order: list[int]) -> float:
    """Whether any number of `xs` in an order is true, by a disjunction of truth values that lie in memory as numbers."""
    plan = planned(lambda inputs: where(_any_of([inputs[i] != 0.0 for i in order]), 1.0, 0.0), len(xs))
    written = Written()
    f = written.function()
    numbers = Numbers(f, plan)
    for item in plan.uniform:
        for root in roots_of(item):
            numbers.compute(root, kept=True)
    (out,) = plan.ssa.outputs
    return found_at(plan, written.run(f, memory_of(plan, xs)), plan.memory.address[out])[0]


@pytest.mark.parametrize("count", [32, 33, 95])
def test_any_of_many_truth_values(count: int) -> None:
    """One is enough, wherever it lies, and nan is true; joined in vectors and beyond the last whole one."""
    order = random.Random(count).sample(range(count), count)
    assert any_true([0.0, -0.0] * count, order) == 0.0
    for i in range(count):
        xs = [0.0] * 3 * count
        xs[i] = (1.0, math.nan, 5e-324)[i % 3]
        assert any_true(xs, order) == 1.0


def test_what_is_apart_and_what_is_not_asked() -> None:
    """Every second of the numbers, and runs between gaps: the others do not matter."""
    xs = [1.0, 0.0] * 100
    assert any_true(xs, [*range(1, 200, 2)]) == 0.0
    assert any_true(xs, [*range(1, 150, 2), 100]) == 1.0
    for hole in (0, 50, 199):
        zeros = [0.0] * 200
        zeros[hole] = 1.0
        assert any_true(zeros, [i for i in range(200) if i != hole]) == 0.0
