"""Sections: the items of a schedule as functions of bounded size that hand each other their numbers through memory."""

import itertools
import math
import random
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, sin, sum_, tanh, where
from autograd.compiler.emit.entries import emit
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.sections import LARGEST_FUNCTION, OFTEN, Sections
from autograd.compiler.lower import lower
from autograd.compiler.node import Rows
from autograd.compiler.options import Options
from autograd.compiler.pipeline import as_machine_code, as_python
from autograd.compiler.run.machine import this_host
from autograd.compiler.schedule.loops import Loop
from autograd.compiler.schedule.scheduling import schedule
from autograd.compiler.trace.tracer import trace
from tests.compiler.comparison import bits
from tests.compiler.emit.code import Written, found_at, memory_of, outputs_of, planned, put_table
from tests.compiler.emit.test_entries import emitted


def test_functions_are_of_bounded_size() -> None:
    """Straight-line code is cut: no function has much more than its share."""
    text = emitted(lambda xs: chain(xs, 3000), 4).code
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
    assert not re.search(r"^define .*#1 \{", small.code, re.MULTILINE)
    assert re.search(r"^define .*#1 \{", large.code, re.MULTILINE)


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


# --- loops that share a function ---------------------------------------------------------------------------------------


def lattice(xs: list[Any]) -> Any:
    """Layers one number shorter each, all computed alike."""
    while len(xs) > 1:
        xs = [where(a > b, 0.6 * a + 0.4 * b, 0.1 * a) for a, b in pairwise(xs)]
    return xs[0]


def test_loops_that_come_often_share_a_function() -> None:
    """Which is called, and does not stand in the code again and again."""
    few, many = emitted(lattice, 30).code, emitted(lattice, 60).code
    assert few.count("define internal void @repeated") == many.count("define internal void @repeated") == 1
    assert many.count("call void @repeated0") > 40
    assert len(many) < 1.6 * len(few)


def steps_of(width: int, count: int) -> Any:
    """`count` loops of shrinking numbers of steps, each on what the loop before it computed."""

    def f(xs: list[Any]) -> Any:
        for _ in range(count):
            xs = [where(a > b, 0.6 * a + 0.4 * b, 0.1 * a) for a, b in pairwise(xs)]
        return xs

    return f


def loops_of(f: Any, count: int) -> tuple[Any, list[Loop]]:
    """The schedule of a function, and its loops."""
    plan = planned(f, count)
    return plan, [item for item in plan.uniform if isinstance(item, Loop)]


def is_call(sections: Sections, loop: Loop) -> bool:
    """Whether a loop is a call of a function that it shares."""
    f = Function(sections.module, 1)
    sections.print_loop(f, loop)
    return "call void @repeated" in f.lines[-1]


@pytest.mark.parametrize("width", [20, 33])
def test_each_call_computes_its_loop(width: int) -> None:
    """One function for all of them, called where a loop lies, for as many steps as it has: whole vectors and the rest."""
    plan, loops = loops_of(steps_of(width, 9), width)
    written = Written()
    sections = Sections(written.module, plan)
    shared_ones = [loop for loop in loops if is_call(sections, loop)]
    assert len(shared_ones) >= OFTEN
    put_table(written.module, plan)
    f = written.function()
    for loop in shared_ones:
        sections.print_loop(f, loop)
    assert written.module.text().count("define internal void @repeated") == 1
    xs = [math.sin(3.0 * i) for i in range(width)]
    memory = memory_of(plan, xs)
    known = dict(enumerate(xs)) | plan.ssa.constants
    for i in range(plan.ssa.inputs, len(plan.ssa.primitives)):
        primitive = plan.ssa.primitives[i]
        if primitive is not None:
            known[i] = primitive.evaluate(*[known[operand] for operand in plan.ssa.operands[i]])
    there = {root for loop in shared_ones for root in loop.roots}
    for i, address in plan.memory.address.items():
        if i >= plan.ssa.inputs and i not in there:  # computed elsewhere
            memory["uniform"][address % (1 << 40)] = known[i]
    found = written.run(f, memory)
    for i in there:
        assert bits(found_at(plan, found, plan.memory.address[i])) == bits([known[i]])


def test_few_loops_share_nothing() -> None:
    """From a certain number on they do."""
    for count, shares in ((OFTEN - 1, False), (OFTEN + 3, True)):
        plan, loops = loops_of(steps_of(30, count), 30)
        sections = Sections(Written().module, plan)
        assert any(is_call(sections, loop) for loop in loops) is shares


def test_loops_that_differ_in_a_constant_share_nothing() -> None:
    """Nor do those of other operations; each kind has a function."""

    def f(xs: list[Any]) -> Any:
        for factor in itertools.islice(itertools.cycle((0.25, 0.75)), 12):
            xs = [a * factor - b for a, b in pairwise(xs)]
        return xs

    plan, loops = loops_of(f, 40)
    written = Written()
    sections = Sections(written.module, plan)
    assert written.module.text().count("define internal void @repeated") == 2
    g = written.function()
    for loop in loops:
        if is_call(sections, loop):
            sections.print_loop(g, loop)
    called = {line.split("(")[0] for line in g.lines if "call void" in line}
    assert called == {"  call void @repeated0", "  call void @repeated1"}


def levels(step: Any, count: int) -> Any:
    """`count` levels of four numbers, alike from the level before; all are outputs. 16 inputs are shared."""

    def f(inputs: list[Any]) -> list[Any]:
        weights, xs = inputs[:16], inputs[16:]
        found: list[Any] = []
        for n in range(count):
            xs = [step(n, x, weights[4 * i : 4 * i + 4], xs) for i, x in enumerate(xs)]
            found += xs
        return found

    return f


TREES = levels(lambda _n, x, w, _xs: tanh(w[0] * x + 0.5), 6)
SUMS = levels(lambda _n, _x, w, xs: dot(w, xs), 6)
OF_THEIR_OWN = levels(lambda n, x, w, _xs: tanh(w[0] * x + float(n + 2)), 6)


@pytest.mark.parametrize(("f", "shared"), [(TREES, 1), (SUMS, 1), (OF_THEIR_OWN, 0)], ids=["trees", "sums", "constants"])
@pytest.mark.parametrize("reduce", [None, "sum"])
@pytest.mark.parametrize("fast", [False, True])
def test_loops_by_row_share_functions(f: Any, shared: int, reduce: Any, fast: bool) -> None:
    """Those alike but for their places, if they come often; they compute what each for itself computes."""
    options = Options((*[None] * 16, 0, 0, 0, 0), reduce, fast=fast)
    program, _, _ = trace(lambda xs: (f(xs), None), [""] * 20)
    text = emit(schedule(lower(program), options), options, this_host()).code
    assert text.count("define internal void @shared") == shared
    assert text.count("call void @shared0") >= (OFTEN if shared else 0)
    weights = [math.sin(3.0 * i) for i in range(16)]
    rows = Rows(13, (np.cos(np.arange(52.0)).reshape(13, 4),))
    found, wanted = (make(program, options).run(weights, rows) for make in (as_machine_code, as_python))
    assert np.allclose(found, wanted, rtol=1e-12, atol=0.0)
    assert fast or bits(np.ravel(found).tolist()) == bits(np.ravel(wanted).tolist())
