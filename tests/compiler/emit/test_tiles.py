"""Tiles of sums: the bits of terms added one after another, whatever is left over of rows, columns and turns."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from autograd.compiler.emit.function import Function
from autograd.compiler.emit.tiles import AT_ONCE, Read, Tiles, applied, pieces, print_tiles
from autograd.compiler.run.machine import this_host
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
