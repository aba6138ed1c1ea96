"""Rows of what is carried are kept once, where several arrays have them. The bits: `tests/compiler/emit/test_places.py`."""

from typing import Any

import pytest

from autograd import grad, jit, maximum, scan, sum_, vmap
from autograd.compiler.emit.arrays import LINE, Room
from autograd.compiler.emit.windows import Kept, Window

WIDTH, TURNS = 311, 50


def memory_of(step: Any) -> int:
    """How many numbers the gradient through a scan takes room for."""

    def f(xs: Any) -> Any:
        return sum_(scan(lambda c, _: (step(c), None), xs, None, TURNS)[0])

    compiled = jit(grad(f))
    xs = [0.5 + 0.001 * k for k in range(WIDTH)]
    compiled(xs)
    return compiled._calls.latest.compiled.executable.sizes.uniform  # type: ignore[no-any-return]


def test_a_tape_has_what_is_carried_once() -> None:
    """The list without its first number, the list without its last, and the next turn's list share one array."""

    def neighbours(xs: Any) -> Any:
        return [*vmap(lambda x, y: maximum(x * y, y - x))(xs[:-1], xs[1:]), xs[-1]]

    def after(xs: Any) -> Any:
        new = vmap(lambda x: x * x)(xs)
        return vmap(lambda n, x: n * x * n)(new, xs)

    assert memory_of(neighbours) < 1.7 * TURNS * WIDTH
    assert memory_of(after) < 3.7 * TURNS * WIDTH


def test_windows_of_one_array() -> None:
    """Where each lies, before turns and after them; the row after the last turn is there if it is read."""
    room = Room(0)
    kept = Kept([Window(0, 100, 8, after=False), Window(1, 101, 9, after=True)], 5, room)
    first, second = kept.arrays[0], kept.arrays[1]
    assert (first.stride, second.stride) == (16, 16)
    assert (second.at or 0) - (first.at or 0) == 17
    assert room.places >= 96
    alone = Kept([Window(0, 100, 8, after=False), Window(2, 104, 4, after=False)], 5, room)
    assert (alone.arrays[2].at or 0) - (alone.arrays[0].at or 0) == 4
    assert alone.end_at - (alone.arrays[0].at or 0) == 40
    assert (alone.arrays[0].at or 0) % LINE == 0


@pytest.mark.parametrize("turns", [1, 2, 9])
def test_a_list_of_which_others_have_parts(turns: int) -> None:
    """What is read of it otherwise, too, keeps it apart: the bits are those of eager code."""

    def f(xs: Any, k: float) -> Any:
        def step(c: Any, _: Any) -> Any:
            new = [*vmap(lambda x, y: x * 0.5 + y * k)(c[:-1], c[1:]), c[0]]
            return new, [c[:-1], c[1:], new]

        last, rows = scan(step, xs, None, turns)
        again = scan(lambda c, row: (c + row[0][3] * row[1][2], row[2][1]), 0.0, rows)
        return [*last, again[0], *again[1], *rows[0][2], *rows[-1][1]]

    xs = [0.5 + 0.001 * k for k in range(WIDTH)]
    compiled = jit(f)
    assert [float(x) for x in compiled(xs, 0.25)] == [float(x) for x in f(xs, 0.25)]
    assert [float(x) for x in compiled(xs, 0.5)] == [float(x) for x in f(xs, 0.5)]
