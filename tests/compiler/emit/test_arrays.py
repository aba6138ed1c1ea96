"""Arrays in memory: numbers put side by side, from wherever they are; memory that grows and is freed."""

import random
from typing import Any

import pytest

from autograd import jit, scan, take, value_and_grad, vmap, while_loop
from autograd.compiler.emit.arrays import LINE, Room


@pytest.mark.parametrize("count", [2, 9, 70, 300])
@pytest.mark.parametrize("order", ["as they are", "reversed", "mixed", "with constants"])
def test_numbers_side_by_side(count: int, order: str) -> None:
    """In runs, one by one, and by a table."""
    draw = random.Random(count)

    def f(xs: Any, i: Any) -> Any:
        found = list(xs)
        if order == "reversed":
            found.reverse()
        elif order == "mixed":
            draw.seed(count)
            draw.shuffle(found)
        elif order == "with constants":
            found = [x if k % 3 else float(k) for k, x in enumerate(found)]
        return vmap(lambda x: x * 2.0)([take(found, i), *found])

    xs = [1.0 / (1.0 + k) for k in range(count)]
    expected = f(xs, 1.0)
    assert jit(f)(xs, 1.0) == expected


def test_long_arrays_begin_with_a_line() -> None:
    """So that no vector of theirs lies across two; short ones follow one another."""
    room = Room(0)
    room.take(3)
    assert room.address(1) == room.address(2) - 1
    long = room.address(LINE)
    assert long % LINE == 0
    assert room.address(2 * LINE + 1) == long + LINE
    assert room.address(LINE) == long + 4 * LINE


def test_a_tape_grows() -> None:
    """As long as the loop goes on; each call anew."""
    f = jit(value_and_grad(lambda x, n: while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1.0, c[1] * x), (0.0, 1.0))[1]))
    for n in (0.0, 1.0, 1000.0, 100_000.0, 3.0):
        value, slope = f(1.00001, n)
        assert value == pytest.approx(1.00001**n)
        assert slope == pytest.approx(n * 1.00001 ** (n - 1.0))


def test_memory_does_not_grow_from_call_to_call() -> None:
    """What a call took is freed at its end."""
    resource = pytest.importorskip("resource")
    f = jit(value_and_grad(lambda x, n: while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1.0, c[1] * x), (0.0, 1.0))[1]))
    f(1.0, 1e5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(50):
        f(1.0, 1e5)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes: 50 tapes are 80,000


def test_rows_of_arrays() -> None:
    """A loop in a loop, over rows of arrays that a third one gives."""

    def f(rows: Any) -> Any:
        table = vmap(vmap(lambda x: x * x))(rows)
        return scan(lambda c, row: (scan(lambda d, x: (d * 0.5 + x, None), c, row)[0], c), 0.0, table)

    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert jit(f)(rows) == f(rows)
