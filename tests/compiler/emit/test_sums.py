"""Sums over rows: each output's rows added from the first to the last, or lane by lane and the lanes in the end."""

import itertools
import random
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from hypothesis import given
from hypothesis import strategies as st

from autograd import tanh
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.sums import (
    Run,
    print_last_rows,
    print_mean,
    print_set_aside,
    print_sums,
    print_totals,
    print_zeros,
    runs_of,
)
from autograd.compiler.options import Options
from tests.compiler.comparison import bits
from tests.compiler.emit.code import ran
from tests.compiler.emit.test_entries import emitted


def test_sums_over_rows_are_transposed() -> None:
    """Outputs side by side: vectors hold the rows of four of them."""
    text = emitted(lambda xs: [tanh(x) for x in xs], 8, Options((0,) * 8, "sum")).code
    assert text.count("shufflevector <4 x double>") >= 4


@given(st.sets(st.integers(0, 60)).map(sorted))
def test_runs(outputs: list[int]) -> None:
    """Together they are the outputs, in order; each is even and as long as it can be."""
    runs = [*runs_of(outputs)]
    members = [[run.first + i * run.stride for i in range(run.length)] for run in runs]
    assert [*itertools.chain(*members)] == outputs
    for (run, mine), (_, following) in itertools.pairwise(zip(runs, members, strict=True)):
        assert following[0] != mine[-1] + run.stride or run.length == 1
    assert [*runs_of([])] == []
    assert [*runs_of([0, 1, 2, 10, 20, 30])] == [Run(0, 3, 1), Run(10, 3, 10)]


def numbers(count: int, seed: int) -> list[float]:
    """Numbers whose sums depend on the order."""
    rng = random.Random(seed)
    return [rng.choice([1.0, -1e16, 1e16, 0.1, -0.3, rng.gauss(0.0, 1.0)]) for _ in range(count)]


def rows_at_hand(f: Function, lanes: int) -> None:
    """What the code around has: how many rows are `%left`, and whether they fill the lanes."""
    f.lines += [
        "  %rows_left = load double, ptr %count, align 8",
        "  %left = fptosi double %rows_left to i64",
        f"  %whole = icmp sge i64 %left, {lanes}",
    ]


RUNS = {"all": [Run(0, 11, 1)], "every second": [Run(0, 6, 2)], "one": [Run(3, 1, 1)], "several": [Run(0, 4, 1), Run(5, 3, 3)]}


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize(("lanes", "left"), [(1, 1), (4, 4), (4, 1), (4, 3), (8, 8), (8, 5), (4, 100)])
def test_row_after_row(lanes: int, left: int, runs: list[Run]) -> None:
    """An output's lanes are added to its sum from the first to the last that has a row; other outputs stay."""
    found, out = numbers(12 * lanes, 1), numbers(12, 2)

    def write(f: Function) -> None:
        rows_at_hand(f, lanes)
        print_sums(f, "%found", runs, "%out")

    wanted = list(out)
    for run in runs:
        for output in range(run.first, run.first + run.length * run.stride, run.stride):
            for lane in range(min(left, lanes)):
                wanted[output] += found[output * lanes + lane]
    after = ran(write, {"found": found, "out": out, "count": [float(left)]}, lanes=lanes)
    assert bits(after["out"]) == bits(wanted)
    assert after["found"] == found


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("count", [1, 5])
def test_zeros(lanes: int, count: int) -> None:
    """In every lane of `count` sums, and nowhere else."""
    found = ran(lambda f: print_zeros(f, "%target", count), {"target": [7.0] * lanes * 6}, lanes=lanes)["target"]
    assert bits(found) == bits([0.0] * lanes * count + [7.0] * lanes * (6 - count))


@pytest.mark.parametrize(("lanes", "left"), [(1, 1), (4, 4), (4, 1), (4, 3), (8, 7), (8, 9)])
def test_the_last_rows_are_added_apart(lanes: int, left: int) -> None:
    """Where rows do not fill the lanes, only lanes with a row come to the sums; full ones are added where they are."""
    outputs = 3
    sums, brought = numbers(outputs * lanes, 3), numbers(outputs * lanes, 4)

    def write(f: Function) -> None:
        rows_at_hand(f, lanes)
        print_set_aside(f, "%sums", "%kept", outputs)
        for i in range(outputs):  # the rows at hand
            pointer = f.offset("%sums", i * lanes)
            f.store((f.new(f"fadd {f.kind} {f.load(pointer)}, {f.load(f.offset('%brought', i * lanes))}"), False), pointer)
        f.lines += ["  br label %after", "after:"]
        print_last_rows(f, "%sums", "%kept", outputs)

    memory = {"sums": sums, "kept": [0.5] * outputs * lanes, "brought": brought, "count": [float(left)]}
    found = ran(write, memory, lanes=lanes)["sums"]
    assert found == [total + (x if i % lanes < left else 0.0) for i, (total, x) in enumerate(zip(sums, brought, strict=True))]


@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_totals(lanes: int) -> None:
    """What there is, and each sum from its lanes, in any order: exact for whole numbers."""
    sums = [float(random.Random(i).randrange(1000)) for i in range(6 * lanes)]
    found = ran(
        lambda f: print_totals(f, "%sums", [Run(0, 2, 1), Run(3, 2, 2)], "%out"), {"sums": sums, "out": [-1.0] * 6}, lanes=lanes
    )
    wanted = [sum(sums[i * lanes : (i + 1) * lanes]) - 1.0 if i in (0, 1, 3, 5) else -1.0 for i in range(6)]
    assert found["out"] == wanted


@pytest.mark.parametrize("stride", [0, 3])
def test_means(stride: int) -> None:
    """Each sum divided by the number of rows; blocks' sums that are kept apart are not."""

    def write(f: Function) -> None:
        f.lines += ["  %rows_all = load double, ptr %rows, align 8", "  %count = fptosi double %rows_all to i64"]
        f.lines += [f"  %stride = add i64 0, {stride}"]
        print_mean(f, 3)

    wanted = [1.0, -2.0, 0.5, 4.0] if stride else [1.0 / 7.0, -2.0 / 7.0, 0.5 / 7.0, 4.0]
    assert ran(write, {"rows": [7.0], "out": [1.0, -2.0, 0.5, 4.0]})["out"] == wanted


def test_sums_of_programs() -> None:
    """The text of a program by row has none of them."""

    def f(xs: list[Any]) -> Any:
        return [tanh(x) for x in xs]

    for options, sums in ((Options((0,) * 4), 0), (Options((0,) * 4, "sum", fast=True), 1)):
        assert ("@llvm.vector.reduce.fadd" in emitted(f, 4, options).code) is bool(sums)
