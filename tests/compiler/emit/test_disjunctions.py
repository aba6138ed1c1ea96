"""Truth values side by side joined in vectors: whichever of them is true, in whatever order they are joined."""

import math
import random
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import sum_, where
from autograd.compiler.emit.disjunctions import join_side_by_side
from autograd.compiler.schedule.folds import Term
from autograd.compiler.schedule.loops import SHORTEST_LOOP
from tests.compiler.emit.code import Written, memory_of, planned
from tests.compiler.emit.test_entries import emitted


def test_truth_values_side_by_side_are_joined_in_vectors() -> None:
    """Wherever a long disjunction has them: their order makes no difference."""
    order = random.Random(0).sample(range(300), 300)

    def f(xs: list[Any]) -> Any:
        found = xs[0] > 1.0
        conditions = [x > 1.0 for x in xs]
        for i in order:
            found = found | conditions[i]
        return [sum_([where(condition, 1.0, 0.0) for condition in conditions]), where(found, 1.0, 2.0)]

    assert "call i1 @llvm.vector.reduce.or.v4i1" in emitted(f, 300).text


def joined(xs: list[float], order: list[int], start: float = 0.0) -> tuple[float, list[int]]:
    """The disjunction of the numbers of `xs` in an order, as far as they are joined; and which are left."""
    plan = planned(lambda inputs: inputs[0] * 1.5, len(xs))
    written = Written()
    f = written.function()
    total = f.as_truth((f.constant(start), False))
    total, left = join_side_by_side(f, plan.memory, total, [Term((i,)) for i in order])
    f.store((total, True), "%out")
    found = written.run(f, {**memory_of(plan, xs), "out": [9.0]})["out"]
    return found[0], [term.factors[0] for term in left]


LANES = Written().module.host.lanes
LONG = LANES * SHORTEST_LOOP


@pytest.mark.parametrize("count", [LONG, LONG + 1, 3 * LONG - 1])
def test_any_of_them(count: int) -> None:
    """One is enough, wherever it lies, and nan is true; those that fill no vector are left."""
    order = random.Random(count).sample(range(count), count)
    whole = count // LANES * LANES
    assert joined([0.0, -0.0] * count, order)[0] == 0.0
    for true in (1.0, math.nan, 5e-324):
        for i in sorted({0, 1, LANES, whole // 2, whole - 1}):
            xs = [0.0] * 3 * count
            xs[i] = true
            found, left = joined(xs, order)
            assert found == 1.0
            assert sorted(left) == [*range(whole, count)]
    assert joined([0.0] * 3 * count, order, start=1.0)[0] == 1.0


def test_what_lies_apart_is_left() -> None:
    """So are runs that are too short, and constants; the numbers themselves do not matter."""
    xs = [1.0] * 4 * LONG
    apart = [*range(0, 4 * LONG, 2)]
    assert joined(xs, apart) == (0.0, apart)
    assert joined(xs, [*range(LONG - 1)]) == (0.0, [*range(LONG - 1)])
    found, left = joined(xs, [5, *range(10, 10 + LONG), 3 * LONG])
    assert (found, sorted(left)) == (1.0, [5, 3 * LONG])
    assert joined(xs, [10_000, *range(LONG)]) == (1.0, [10_000])  # a number without a place
