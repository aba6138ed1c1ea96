"""Loops of a schedule as code: the numbers of plain Python, wherever they lie, by step, by run, by row and in sums."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, exp, sin, sum_, tanh, where
from autograd.compiler.emit.loops import print_any_steps, print_loop
from autograd.compiler.emit.numbers import Numbers
from autograd.compiler.options import Options
from autograd.compiler.schedule.loops import Loop, roots_of
from tests.compiler.comparison import bits
from tests.compiler.emit.code import Written, found_at, memory_of, outputs_of, planned, put_table
from tests.compiler.emit.test_entries import emitted


def test_several_sums_at_once() -> None:
    """A loop over neurons computes four of them in each turn, in vectors where rows are in the lanes."""
    text = emitted(lambda xs: [dot(xs[8 + 40 * i : 48 + 40 * i], xs[8:48]) for i in range(8)], 328, Options((0,) * 328)).code
    assert len(re.findall(r"= fadd <4 x double>", text)) == 4


LOOPS: dict[str, tuple[Callable[[list[Any]], Any], int]] = {
    "side by side": (lambda xs: [sin(x) * 2.0 for x in xs], 21),
    "backwards": (lambda xs: [exp(x) - y for x, y in zip(xs[:13], xs[:12:-1], strict=True)], 26),
    "by a stride": (lambda xs: [xs[3 * i] / (xs[3 * i + 1] + 9.0) for i in range(11)], 33),
    "one number for all": (lambda xs: [xs[0] * x - xs[1] for x in xs[2:]], 19),
    "runs of steps": (lambda xs: [tanh(xs[i] * xs[6 + j]) for i in range(6) for j in range(9)], 15),
    "constants that differ": (lambda xs: [x * (0.1 + i * i) for i, x in enumerate(xs)], 17),
    "choices": (lambda xs: [where(x > y, x, y * 0.5) for x, y in zip(xs[:12], xs[12:], strict=True)], 24),
    "sums of products": (lambda xs: [dot(xs[:7], xs[7 + 7 * i : 14 + 7 * i]) for i in range(9)], 70),
    "long sums of products": (lambda xs: [dot(xs[:40], xs[40 + 40 * i : 80 + 40 * i]) for i in range(5)], 240),
    "sums with gaps": (lambda xs: [sum_([x for k, x in enumerate(xs[i : i + 30]) if k % 10 != 3]) for i in range(8)], 38),
    "sums that start somewhere": (
        lambda xs: [xs[i] + xs[i + 1] + xs[i + 2] * xs[i + 3] + xs[i + 4] + xs[i + 5] for i in range(9)],
        14,
    ),
    "guarded terms": (
        lambda xs: [
            sum_([where(x > 0.0, x * y, -0.0) for x, y in zip(xs[:10], xs[10 + i : 20 + i], strict=True)]) for i in range(8)
        ],
        28,
    ),
    "terms guarded otherwise": (
        lambda xs: [
            sum_([where(x > 0.0, -0.0, x * y) for x, y in zip(xs[:10], xs[10 + i : 20 + i], strict=True)]) for i in range(8)
        ],
        28,
    ),
}


def numbers(count: int, seed: int) -> list[float]:
    """Some, zeros of both signs among them."""
    rng = random.Random(seed)
    return [rng.choice([0.0, -0.0, rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)]) for _ in range(count)]


@pytest.mark.parametrize(("f", "count"), LOOPS.values(), ids=LOOPS)
def test_without_rows(f: Callable[[list[Any]], Any], count: int) -> None:
    """Recognised as loops alone, whose steps fill the lanes: the bits of the function itself."""
    plan = planned(f, count)
    written = Written()
    put_table(written.module, plan)
    g = written.function()
    for item in plan.uniform:
        assert isinstance(item, Loop)
        print_loop(g, plan, item)
    assert g.loops
    xs = numbers(count, 0)
    assert bits(outputs_of(plan, written.run(g, memory_of(plan, xs)))) == bits(f(xs))


@pytest.mark.parametrize(("f", "count"), LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("lanes", [1, 4])
def test_by_row(f: Callable[[list[Any]], Any], count: int, lanes: int) -> None:
    """Rows fill the lanes, and every second input is the same for all of them."""
    varying = tuple([None if i % 2 else 0 for i in range(count)])
    plan = planned(f, count, Options(varying))
    written = Written()
    put_table(written.module, plan)
    g, single = written.function(lanes), written.function()
    for item in plan.uniform:
        for root in roots_of(item):
            Numbers(single, plan).compute(root, kept=True)
    written.module.define("internal void @uniform(ptr %shared, ptr %uniform, ptr %rows)", single.lines)
    g.lines.append("  call void @uniform(ptr %shared, ptr %uniform, ptr %rows)")
    for item in plan.by_row:
        if isinstance(item, Loop):
            print_loop(g, plan, item)
        else:
            Numbers(g, plan).compute(item, kept=True)
    for number, address in plan.memory.copies:
        Numbers(g, plan).keep(number, address)
    points = [numbers(count, lane) for lane in range(lanes)]
    for point in points:
        point[1::2] = points[0][1::2]
    memory = memory_of(plan, points[0][1::2], [point[::2] for point in points], lanes)
    found = outputs_of(plan, written.run(g, memory), lanes)
    assert bits(found) == bits([list(column) for column in zip(*[f(point) for point in points], strict=True)])


@pytest.mark.parametrize("lanes", [1, 4])
def test_added_to_sums_over_rows(lanes: int) -> None:
    """In fast mode each lane's number is added to what lies in its output's place."""
    plan = planned(
        lambda xs: [sin(x) * y for x, y in zip(xs[:8], xs[8:], strict=True)], 16, Options((0,) * 16, "sum", fast=True)
    )
    written = Written(fast=False)
    g = written.function(lanes)
    (loop,) = plan.by_row
    assert isinstance(loop, Loop)
    print_loop(g, plan, loop)
    points = [numbers(16, lane) for lane in range(lanes)]
    memory = memory_of(plan, [], points, lanes)
    start = plan.memory.out % (1 << 40) * lanes
    memory["rows"][start : start + 8 * lanes] = [100.0] * 8 * lanes
    found = outputs_of(plan, written.run(g, memory), lanes)
    assert bits(found) == bits([[100.0 + sin(point[i]) * point[8 + i] for point in points] for i in range(8)])


@pytest.mark.parametrize("count", [0, 1, 3, 8, 13, 21])
def test_any_number_of_steps(count: int) -> None:
    """From pointers to its streams on, a loop goes as many steps as it is told, no further."""
    plan = planned(lambda xs: [sin(x) * xs[21] - y for x, y in zip(xs[:21], xs[22:], strict=True)], 43)
    (loop,) = plan.uniform
    assert isinstance(loop, Loop)
    written = Written()
    f = written.function()
    f.lines += ["  %steps = load double, ptr %turns, align 8", "  %count = fptosi double %steps to i64"]
    xs, factor, ys = numbers(21, 1), 3.0, numbers(21, 2)
    values = {0: xs, 21: [factor], 22: ys}
    streams = {f"stream{i}": list(values.get(x, [])) for i, x in enumerate([*plan.trees.reads(loop.roots[0]), None])}
    streams[f"stream{len(loop.reads) - 1}"] = [7.0] * 21
    print_any_steps(f, plan, loop)
    found = written.run(f, {**streams, "turns": [float(count)]})[f"stream{len(loop.reads) - 1}"]
    assert bits(found) == bits([sin(x) * factor - y for x, y in zip(xs, ys, strict=True)][:count] + [7.0] * (21 - count))


def test_every_number_has_its_place() -> None:
    """Not the outputs alone: what a loop computes for a later one is in memory."""
    plan = planned(lambda xs: [dot([sin(x) for x in xs], xs[i:] + xs[:i]) for i in range(12)], 12)
    written = Written()
    f = written.function()
    loops = [item for item in plan.uniform if isinstance(item, Loop)]
    assert loops == plan.uniform
    for loop in loops:
        print_loop(f, plan, loop)
    xs = numbers(12, 3)
    memory = written.run(f, memory_of(plan, xs))
    sines = [i for i, primitive in enumerate(plan.ssa.primitives) if primitive is sin]
    assert bits([found_at(plan, memory, plan.memory.address[i]) for i in sines]) == bits([[sin(x)] for x in xs])
