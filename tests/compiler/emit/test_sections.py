"""Sections: the items of a schedule as functions of bounded size that hand each other their numbers through memory."""

import random
import re
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, sin, sum_, tanh
from autograd.compiler.emit.sections import LARGEST_FUNCTION, Sections
from autograd.compiler.options import Options
from autograd.compiler.schedule.loops import Loop
from tests.compiler.comparison import bits
from tests.compiler.emit.code import Written, memory_of, outputs_of, planned, put_table
from tests.compiler.emit.test_entries import emitted


def test_functions_are_of_bounded_size() -> None:
    """Straight-line code is cut: no function has much more than its share."""
    text = emitted(lambda xs: chain(xs, 3000), 4).text
    bodies = re.findall(r"define internal void @uniform.*?\n\}", text, re.DOTALL)
    assert len(bodies) >= 12
    assert max(body.count("\n") for body in bodies) < 1000


def chain(xs: list[Any], steps: int) -> Any:
    """Irregular: each number from two at random."""
    rng = random.Random(1)
    found = list(xs)
    for _ in range(steps):
        found.append(sin(rng.choice(found[-40:])) * rng.choice(found[-40:]) + rng.choice(found))
    return found[-1] + sum_(found[-50:-1])


def test_large_programs_are_compiled_quickly() -> None:
    """From 20,000 operations on, straight-line code is not optimised; loops and small programs are."""
    small, large = emitted(lambda xs: chain(xs, 500), 4), emitted(lambda xs: chain(xs, 25_000), 4)
    assert (small.level, large.level) == (2, 1)
    assert not re.search(r"^define .*#1 \{", small.text, re.MULTILINE)
    assert re.search(r"^define .*#1 \{", large.text, re.MULTILINE)


def called(f: Any, names: list[str]) -> None:
    """Calls of functions, one after another."""
    f.lines += [f"  call void {name}(ptr %shared, ptr %uniform, ptr %rows)" for name in names]


PROGRAMS: dict[str, tuple[Any, int]] = {
    "straight-line code": (lambda xs: chain(xs, 700), 4),
    "loops": (lambda xs: [tanh(dot(xs[8 * i : 8 * i + 8], xs[:8])) for i in range(16)], 128),
    "a sum of many terms": (lambda xs: sum_(random.Random(0).sample(xs, 100)) * xs[0], 100),
    "outputs that are copied": (lambda xs: [xs[1], sin(xs[0]), sin(xs[0]), 3.0, xs[0]], 2),
}


@pytest.mark.parametrize(("f", "count"), PROGRAMS.values(), ids=PROGRAMS)
def test_functions_called_in_order_compute_the_program(f: Any, count: int) -> None:
    """To the bits of the function itself; every output is in its place."""
    plan = planned(f, count)
    written = Written()
    put_table(written.module, plan)
    sections = Sections(written.module, plan)
    g = written.function()
    called(g, [*sections.of_items(plan.uniform, 1, "uniform"), *sections.of_copies(1)])
    xs = [random.Random(i).gauss(0.0, 1.0) for i in range(count)]
    found = outputs_of(plan, written.run(g, memory_of(plan, xs)))
    wanted = f(xs)
    assert bits(found) == bits(wanted if isinstance(wanted, list) else [wanted])


@pytest.mark.parametrize("lanes", [1, 4])
def test_items_by_row_read_uniform_ones(lanes: int) -> None:
    """What is the same for all rows is computed first, and kept for them; each lane has a row."""
    plan = planned(lambda xs: [sin(xs[0]) * 3.0 * xs[1] - x for x in xs[2:]], 5, Options((None, 0, 0, 0, 0)))
    written = Written()
    sections = Sections(written.module, plan)
    f = written.function()
    called(f, sections.of_items(plan.uniform, 1, "uniform"))
    called(f, [*sections.of_items(plan.by_row, lanes, "rows"), *sections.of_copies(lanes)])
    rows = [[0.5 * lane - 1.0, 2.0, -float(lane), 0.25] for lane in range(lanes)]
    found = outputs_of(plan, written.run(f, memory_of(plan, [0.75], rows, lanes)), lanes)
    assert bits(found) == bits([[sin(0.75) * 3.0 * row[0] - row[k] for row in rows] for k in (1, 2, 3)])


def test_where_functions_end() -> None:
    """As many operations as one may have, and names in order; copies are cut alike."""
    plan = planned(lambda xs: chain(xs, 900), 4)
    names = Sections(Written().module, plan).of_items(plan.uniform, 1, "uniform")
    assert len(names) > 900 // LARGEST_FUNCTION
    assert names == [f"@uniform{i}" for i in range(len(names))]
    inputs = planned(lambda xs: xs, 2 * LARGEST_FUNCTION + 1)
    assert Sections(Written().module, inputs).of_copies(1) == ["@copies0", "@copies1", "@copies2"]
    assert Sections(Written().module, inputs).of_items([], 1, "uniform") == []


def test_which_items_are_loops_in_the_code() -> None:
    """Loops, and sums of many terms; these read memory."""
    sections = Sections(Written().module, planned(lambda xs: [sum_(random.Random(0).sample(xs, 100)), sin(xs[0])], 100))
    assert sorted(sections.has_loop(item) for item in sections.schedule.uniform) == [False, True]
    loops = planned(lambda xs: [sin(x) for x in xs], 40)
    assert all(Sections(Written().module, loops).has_loop(item) for item in loops.uniform if isinstance(item, Loop))
