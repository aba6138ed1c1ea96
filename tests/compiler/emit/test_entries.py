"""The text of programs: what is in it that pays, and is not where it does not."""

import random
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, sin, sum_, tanh, value_and_grad, where
from autograd.compiler.emit.entries import Emitted, emit
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.run.machine import Host
from autograd.compiler.schedule.scheduling import schedule
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.tracer import trace
from autograd.structures import flatten

AVX = Host("haswell", "+avx,+avx2,+fma,+bmi2")


def emitted(f: Any, count: int, options: Options | None = None) -> Emitted:
    """A function of a list of `count` numbers, emitted for a processor with four lanes."""
    options = options or Options()
    program, _, _ = trace(lambda xs: (flatten(f(xs), "a result")[0], None), [""] * count)
    return emit(schedule(lower(simplify(program)), options), options, AVX)


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


def test_long_sums_that_lie_anywhere_are_loops() -> None:
    """By a table of the terms' places."""
    order = random.Random(0).sample(range(300), 300)
    text = emitted(lambda xs: sum_([xs[i] for i in order]), 300).text
    assert "[300 x i32]" in text
    assert text.count("fadd") == 1


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


def test_several_sums_at_once() -> None:
    """A loop over neurons computes four of them in each turn, in vectors where rows are in the lanes."""
    text = emitted(lambda xs: [dot(xs[8 + 40 * i : 48 + 40 * i], xs[8:48]) for i in range(8)], 328, Options((0,) * 328)).text
    assert len(re.findall(r"= fadd <4 x double>", text)) == 4


def test_sums_over_rows_are_transposed() -> None:
    """Outputs side by side: vectors hold the rows of four of them."""
    text = emitted(lambda xs: [tanh(x) for x in xs], 8, Options((0,) * 8, "sum")).text
    assert text.count("shufflevector <4 x double>") >= 4


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


def test_sizes() -> None:
    """What a frame must hold, and how many floats the entry of floats takes."""
    found = emitted(lambda xs: xs[0] * xs[1] + 1.0, 2)
    assert found.scalar == 2
    assert (found.sizes.inputs, found.sizes.outputs, found.sizes.lanes, found.sizes.arrays) == (2, 1, 1, 0)
    step = value_and_grad(lambda xs: tanh(dot(xs[:2], xs[2:])))
    found = emitted(step, 4, Options((None, None, 0, 0), "sum"))
    assert found.scalar is None
    assert (found.sizes.inputs, found.sizes.outputs, found.sizes.lanes, found.sizes.arrays) == (2, 5, 4, 1)
    assert found.sizes.rows % 4 == 0
    assert np.isfinite(found.operations)
