"""Loops alike share a function: fewer lines of code, the same numbers wherever they lie and however many steps they have."""

import itertools
import math
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import where
from autograd.compiler.emit.repeated import OFTEN, Repeated
from autograd.compiler.schedule.loops import Loop
from tests.compiler.comparison import bits
from tests.compiler.emit.code import Written, found_at, memory_of, planned, put_table
from tests.compiler.emit.test_entries import emitted


def lattice(xs: list[Any]) -> Any:
    """Layers one number shorter each, all computed alike."""
    while len(xs) > 1:
        xs = [where(a > b, 0.6 * a + 0.4 * b, 0.1 * a) for a, b in pairwise(xs)]
    return xs[0]


def test_loops_that_come_often_share_a_function() -> None:
    """Which is called, and does not stand in the code again and again."""
    few, many = emitted(lattice, 30).text, emitted(lattice, 60).text
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


@pytest.mark.parametrize("width", [20, 33])
def test_each_call_computes_its_loop(width: int) -> None:
    """One function for all of them, called where a loop lies, for as many steps as it has: whole vectors and the rest."""
    plan, loops = loops_of(steps_of(width, 9), width)
    written = Written()
    repeated = Repeated(written.module, plan)
    shared_ones = [loop for loop in loops if loop in repeated]
    assert len(shared_ones) >= OFTEN
    put_table(written.module, plan)
    f = written.function()
    for loop in shared_ones:
        repeated.print_call(f, loop)
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
        repeated = Repeated(Written().module, plan)
        assert any(loop in repeated for loop in loops) is shares


def test_loops_that_differ_in_a_constant_share_nothing() -> None:
    """Nor do those of other operations; each kind has a function."""

    def f(xs: list[Any]) -> Any:
        for factor in itertools.islice(itertools.cycle((0.25, 0.75)), 12):
            xs = [a * factor - b for a, b in pairwise(xs)]
        return xs

    plan, loops = loops_of(f, 40)
    written = Written()
    repeated = Repeated(written.module, plan)
    assert written.module.text().count("define internal void @repeated") == 2
    g = written.function()
    for loop in loops:
        if loop in repeated:
            repeated.print_call(g, loop)
    called = {line.split("(")[0] for line in g.lines if "call void" in line}
    assert called == {"  call void @repeated0", "  call void @repeated1"}
