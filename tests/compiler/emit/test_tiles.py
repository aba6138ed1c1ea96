"""Tiles of sums: the bits of terms added one after another, whatever is left over of rows, columns and turns."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from autograd.compiler.emit.accumulations import Accumulation, Leaf, added
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.levels import uses_of
from autograd.compiler.emit.tiles import AT_ONCE, Read, Tiles, applied, begun_sums, pieces, print_tiles
from autograd.compiler.node import NO_ROWS
from autograd.compiler.options import Options
from autograd.compiler.pipeline import executable_of
from autograd.compiler.run.machine import this_host
from autograd.compiler.simplify import SSA
from autograd.forms import Fill, Load, Pack
from autograd.primitives import add, mul
from autograd.program import Program
from tests.compiler.emit.code import ran

LANES = this_host().lanes
PRODUCT = Program(3, ((mul, (1, 2)), (add, (0, 3))), (4,))


def numbers(count: int, seed: float) -> list[float]:
    """Numbers of either sign."""
    return [math.sin(seed + 1.3 * k) for k in range(count)]


def wanted(rows: int, columns: int, count: int, a: Sequence[float], b: Sequence[float], sums: Sequence[float]) -> list[float]:
    """By Python."""
    found = list(sums)
    for t in range(count):
        for i in range(rows):
            for j in range(columns):
                found[i * columns + j] += a[t * rows + i] * b[t * columns + j]
    return found


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, AT_ONCE, AT_ONCE + 1])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 16), (5, 17), (9, 8), (17, 1), (1, 70), (2, 39), (8, 64)], ids=str)
def test_sums_of_products(shape: tuple[int, int], count: int) -> None:
    """In rows and columns that fill tiles, and such that do not; turns forwards and backwards."""
    rows, columns = shape
    a, b, sums = numbers(rows * count, 0.3), numbers(columns * count, 0.7), numbers(rows * columns, 1.1)
    for back in (False, True):
        step = -1 if back else 1

        def write(f: Function, back: bool = back, step: int = step) -> None:
            last = max(0, count - 1) if back else 0
            reads = [Read(step * rows, 1, 0), Read(step * columns, 0, 1)]
            tiles = Tiles(rows, columns, columns, reads, partial(applied, PRODUCT))
            print_tiles(f, tiles, str(count), "%sums", [f.offset("%a", last * rows), f.offset("%b", last * columns)])

        found = ran(write, {"sums": sums, "a": a or [0.0], "b": b or [0.0]})["sums"]
        turns = range(count)[::-1] if back else range(count)
        ordered = [[x for t in turns for x in xs[t * n : (t + 1) * n]] for xs, n in ((a, rows), (b, columns))]
        assert found == wanted(rows, columns, count, *ordered, sums)


@pytest.mark.parametrize("groups", [0, 1, 3, AT_ONCE // LANES, AT_ONCE // LANES + 1])
def test_turns_in_groups(groups: int) -> None:
    """One factor lies in groups of turns, row after row, with a turn in each lane; forwards and backwards."""
    rows, columns, count = 5, 2 * LANES + 3, groups * LANES
    a, b = numbers(rows * count, 0.3), numbers(columns * count, 0.7)
    grouped = [a[(g * LANES + lane) * rows + i] for g in range(groups) for i in range(rows) for lane in range(LANES)]
    for back in (False, True):
        step = -1 if back else 1

        def write(f: Function, back: bool = back, step: int = step) -> None:
            last = max(0, count - 1) if back else 0
            first = (groups - 1) * rows * LANES + LANES - 1 if back and groups else 0
            reads = [Read(step * rows, LANES, 0, inside=step), Read(step * columns, 0, 1)]
            tiles = Tiles(rows, columns, columns, reads, partial(applied, PRODUCT))
            print_tiles(f, tiles, str(count), "%sums", [f.offset("%a", first), f.offset("%b", last * columns)])

        found = ran(write, {"sums": [0.5] * (rows * columns), "a": grouped or [0.0], "b": b or [0.0]})["sums"]
        turns = range(count)[::-1] if back else range(count)
        ordered = [[x for t in turns for x in xs[t * n : (t + 1) * n]] for xs, n in ((a, rows), (b, columns))]
        assert found == wanted(rows, columns, count, *ordered, [0.5] * (rows * columns))


@pytest.mark.skipif(LANES == 1, reason="a processor without vectors")
@pytest.mark.parametrize("count", [1, 7, 9])
@pytest.mark.parametrize("shape", [(1, 21), (17, 1), (5, 6)], ids=str)
def test_rows_in_the_lanes(shape: tuple[int, int], count: int) -> None:
    """Each lane has sums of its own; one factor is there for each, the other one for all."""
    rows, columns = shape
    a, b = numbers(rows * count, 0.3), numbers(columns * count * LANES, 0.7)
    sums = numbers(rows * columns * LANES, 1.1)

    def write(f: Function) -> None:
        reads = [Read(rows, 1, 0), Read(columns * LANES, 0, LANES, single=False)]
        tiles = Tiles(rows, columns, columns * LANES, reads, partial(applied, PRODUCT))
        print_tiles(f, tiles, str(count), "%sums", ["%a", "%b"])

    found = ran(write, {"sums": sums, "a": a, "b": b}, lanes=LANES)["sums"]
    for lane in range(LANES):
        assert found[lane::LANES] == wanted(rows, columns, count, a, b[lane::LANES], sums[lane::LANES])


def test_terms_that_a_guard_lets_through() -> None:
    """What a sum is made of may be anything: a program of it and of what is read."""
    keep: Any = Program(2, ((mul, (0, 0.5)), (add, (2, 1))), (3,))

    def write(f: Function) -> None:
        tiles = Tiles(1, 11, 11, [Read(11, 0, 1)], partial(applied, keep))
        print_tiles(f, tiles, "3", "%sums", ["%a"])

    a, sums = numbers(33, 0.1), numbers(11, 0.2)
    expected = list(sums)
    for t in range(3):
        expected = [x * 0.5 + a[t * 11 + j] for j, x in enumerate(expected)]
    assert ran(write, {"sums": sums, "a": a})["sums"] == expected


def test_pieces() -> None:
    """All numbers, in vectors of fewer and fewer lanes."""
    assert list(pieces(13, 8)) == [(0, 8), (8, 4), (12, 1)]
    assert list(pieces(2, 4)) == [(0, 2)]
    assert list(pieces(0, 4)) == []


def test_sums_that_start_from_a_number_are_not_read() -> None:
    """What lies there before does not matter."""
    a, b = numbers(3 * 9, 0.3), numbers(21 * 9, 0.7)

    def write(f: Function) -> None:
        tiles = Tiles(3, 21, 21, [Read(3, 1, 0), Read(21, 0, 1)], partial(applied, PRODUCT), 0.5)
        print_tiles(f, tiles, "9", "%sums", ["%a", "%b"])

    found = ran(write, {"sums": [math.nan] * 63, "a": a, "b": b})["sums"]
    assert found == wanted(3, 21, 9, a, b, [0.5] * 63)


@pytest.mark.parametrize(("turns", "again", "begun"), [(9, False, True), (9, True, False), (AT_ONCE + 1, False, False)])
def test_an_array_for_sums_alone_is_not_filled(turns: int, again: bool, begun: bool) -> None:
    """Where nothing else reads it, and the sums' turns are few."""
    form = Accumulation(2, 3, turns, reverse=False, leaves=(Leaf(0, 0, 1),), term=Program(2, ((add, (0, 1)),), (2,)))
    ssa = SSA(turns)
    two, start = ssa.constant(2.0), ssa.constant(-0.0)
    filled, packed = added(ssa, Fill(3), (two, start)), added(ssa, Pack(1), range(turns))
    found = added(ssa, form, (filled, packed))
    ssa.outputs = [added(ssa, Load(3, 1), (x, ssa.constant(0.0))) for x in ([found, filled] if again else [found])]
    known = begun_sums(ssa, uses_of(ssa))
    assert list(known) == ([filled] if begun else [])
    assert all(str(x) == "-0.0" for x in known.values())
    given = [0.5 + k for k in range(turns)]
    executable = executable_of(ssa.program(), Options(backend="llvm"))
    assert list(executable.run(given, NO_ROWS)) == [sum(given), *([-0.0] if again else [])]
