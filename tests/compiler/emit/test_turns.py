"""Turns in machine code: lanes and rows."""

import math
import re
from typing import Any

import pytest

from autograd import exp, fori_loop, grad, jit, scan, sin, vmap, where
from autograd.compiler.emit.entries import emit_nested
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.run.machine import this_host


@pytest.mark.parametrize("turns", [*range(2, 19), 64, 1001])
def test_lanes(turns: int) -> None:
    """Turns side by side, and those that are left: numbers by number of turn, rows of several, what is shared, choices."""

    def f(rows: Any, w: Any) -> Any:
        return vmap(lambda row: [row[0] * w + row[2], where(row[1] < w, exp(row[1]), 1.0)])(rows)

    rows = [[math.sin(k), math.cos(k), 0.1 * k] for k in range(turns)]
    assert jit(f)(rows, 0.25) == f(rows, 0.25)
    wide = [[math.sin(k * j) for j in range(19)] for k in range(turns)]
    assert jit(vmap(lambda row: [x * row[3] for x in row[:17]]))(wide) == [[x * row[3] for x in row[:17]] for row in wide]
    counted = fori_loop(0, turns, lambda i, c: c + i * 0.5, 0.0)
    assert jit(lambda: 0.0 + fori_loop(0, turns, lambda i, c: c + i * 0.5, 0.0))() == counted


@pytest.mark.parametrize("reverse", [False, True])
def test_rows_in_both_directions(reverse: bool) -> None:
    """Read, and given."""

    def f(x: Any, xs: Any) -> Any:
        return scan(lambda c, z: (c * x + z[0] * z[1], [c, z[1]]), x, xs, reverse=reverse)

    xs = [[math.sin(k), math.cos(k)] for k in range(11)]
    assert jit(f)(0.5, xs) == f(0.5, xs)


def test_a_million_turns_backwards() -> None:
    """The gradient too."""
    f = jit(grad(lambda x: fori_loop(0, 1_000_000, lambda _, c: c * 0.999 + x, x)))
    assert f(1.0) == pytest.approx(1000.0, rel=1e-6)


def text_of(f: Any, *args: Any) -> str:
    """The text of the machine code of a call, without fast mode."""
    jitted = jit(f)
    jitted(*args)
    emitted = emit_nested(lower(jitted._calls.latest.compiled.program), Options(), this_host())
    assert isinstance(emitted.code, str)
    return emitted.code


def test_turns_that_are_apart_go_in_vectors() -> None:
    """Where nothing is carried; else one after another."""
    vector = f"fmul <{this_host().lanes} x double>"
    assert vector in text_of(vmap(lambda x: x * x), [1.0] * 64)
    assert vector not in text_of(lambda xs: scan(lambda c, x: (c * x, None), 1.0, xs)[0], [1.0] * 64)


def test_neighbours_of_a_row_are_read_and_written_together() -> None:
    """Not number by number into and out of the lanes."""
    width = 2 * this_host().lanes
    text = text_of(vmap(lambda row: [x * row[0] for x in row]), [[1.0] * width] * 64)
    assert text.count("insertelement") < width
    assert text.count("extractelement") < width


def test_few_numbers_are_carried_in_registers() -> None:
    """Many lie in memory, which is as quick and compiles in no time."""

    def differing(xs: Any) -> Any:
        return scan(lambda c, z: ([a * z if i % 2 else a + z for i, a in enumerate(c)], None), xs, [1.0, 2.0])[0]

    assert text_of(differing, [1.0] * 4).count("phi double") > 4
    assert text_of(differing, [1.0] * 200).count("phi double") < 4


@pytest.mark.parametrize("by", [0, 1, 39])
def test_numbers_that_change_places(by: int) -> None:
    """Carried in memory: none is overwritten before it is read; a list is copied at once."""

    def f(xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            ys = vmap(lambda y: y * 0.5)(c)
            return [*c[by:-1], *c[:by], ys[3] * x], [ys[0], c[-1]]

        return scan(step, xs, xs[:5])

    xs = [math.sin(1.0 + k) for k in range(40)]
    assert jit(f)(xs) == f(xs)


def test_a_list_that_is_carried_is_copied_at_once() -> None:
    """Not number by number, where a loop gave it."""

    def f(xs: Any) -> Any:
        return scan(lambda c, x: (vmap(lambda y: y * x)(c), None), xs, xs[:9])[0]

    text = text_of(f, [0.5] * 400)
    assert text.count("memmove") < 12
    assert text.count("store double") < 100


def test_only_long_loops_look_for_signals() -> None:
    """A short one ends before anyone waits."""
    assert "@look" in text_of(lambda x: fori_loop(0, 10_000_000, lambda _, c: c * 0.5 + x, x), 1.0)
    assert "@look" not in text_of(lambda x: fori_loop(0, 100, lambda _, c: c * 0.5 + x, x), 1.0)


def test_what_lies_between_the_pieces_of_a_long_body_is_not_optimised() -> None:
    """It only moves numbers; the pieces are."""

    def f(x: Any, xs: Any) -> Any:
        def step(c: Any, z: Any) -> Any:
            found = [sin(c * (k + 1.0)) * z for k in range(400)]
            return sum(found[::2]) + scan(lambda d, y: (d * 0.5 + y, None), c, found)[0], None

        return scan(step, x, xs)[0]

    attributes = re.findall(r"^define .*@(\w+)\(.*\) #(\d)", text_of(f, 0.5, [1.0, 2.0]), re.MULTILINE)
    kinds = dict(attributes)
    assert kinds["run"] == "1"
    assert {kind for name, kind in kinds.items() if name.startswith("loop")} == {"0", "1"}
