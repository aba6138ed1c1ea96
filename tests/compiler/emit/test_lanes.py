"""Turns in the lanes of vectors: rows of any width, to and fro."""

import math
from typing import Any

import pytest

from autograd import jit, vmap, where
from autograd.compiler.run.machine import this_host
from tests.compiler.emit.test_turns import text_of


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 16, 17])
@pytest.mark.parametrize("turns", [8, 13])
def test_rows_of_any_width(width: int, turns: int) -> None:
    """Squares of neighbours, and what is left of them: all columns, few of them, in another order."""

    def f(rows: Any) -> Any:
        return vmap(lambda row: [where(row[0] < x, x * row[-1], 0.5) for x in reversed(row)])(rows)

    def few(rows: Any) -> Any:
        return vmap(lambda row: row[0] - row[-1])(rows)

    rows = [[math.sin(k * j + 0.5 * k) for j in range(width)] for k in range(turns)]
    assert jit(f)(rows) == f(rows)
    assert jit(few)(rows) == few(rows)


def test_only_enough_turns_go_side_by_side() -> None:
    """As many as a vector has lanes."""
    lanes = this_host().lanes
    vector = f"fmul <{lanes} x double>"
    assert vector in text_of(vmap(lambda x: x * x), [1.0] * lanes)
    assert vector not in text_of(vmap(lambda x: x * x), [1.0] * (lanes - 1))
