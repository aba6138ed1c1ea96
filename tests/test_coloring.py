"""Colourings: right by their definitions, and with few colours."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from autograd.coloring import column_colors, star_colors, transposed


def random_rows(seed: int, shape: tuple[int, int], density: float) -> list[list[int]]:
    """A random pattern, of which some rows and columns are empty."""
    mask = np.random.default_rng(seed).random(shape) < density
    return [np.flatnonzero(row).tolist() for row in mask]


def symmetric_rows(seed: int, count: int, density: float) -> list[list[int]]:
    """The neighbours in a random graph."""
    upper = np.triu(np.random.default_rng(seed).random((count, count)) < density, 1)
    return [np.flatnonzero(row).tolist() for row in upper | upper.T]


@pytest.mark.parametrize("seed", range(12))
def test_columns_of_one_colour_share_no_row(seed: int) -> None:
    """Whatever the pattern; each column with entries has a colour, and no other; as many as the fullest row at least."""
    rows = random_rows(seed, (30, 25), 0.03 + 0.02 * seed)
    colors = column_colors(rows, 25)
    for row in rows:
        assert len({colors[j] for j in row}) == len(row)
    assert [color >= 0 for color in colors] == [bool(groups) for groups in transposed(rows, 25)]
    assert max(map(len, rows)) <= max(colors) + 1 <= 25
    assert colors == column_colors(rows, 25)


def paths_of_four(neighbours: list[list[int]]) -> Any:
    """All paths of four vertices."""
    for b, near in enumerate(neighbours):
        for a, c in combinations(near, 2):
            for first, last in ((a, c), (c, a)):
                yield from ((first, b, last, d) for d in neighbours[last] if d not in (first, b))


@pytest.mark.parametrize("seed", range(12))
def test_star_colourings(seed: int) -> None:
    """Neighbours differ, and no path of four vertices has two colours alone."""
    neighbours = symmetric_rows(seed, 24, 0.02 + 0.02 * seed)
    colors = star_colors(neighbours)
    assert min(colors) >= 0
    assert all(colors[i] != colors[j] for i, near in enumerate(neighbours) for j in near)
    assert all(len({colors[i] for i in path}) > 2 for path in paths_of_four(neighbours))


def test_known_numbers_of_colours() -> None:
    """Bands, arrows, trees and full matrices need what is known of them."""
    band = [[j for j in range(i - 2, i + 3) if 0 <= j < 100] for i in range(100)]
    assert max(column_colors(band, 100)) + 1 == 5
    assert max(star_colors([[j for j in row if j != i] for i, row in enumerate(band)])) + 1 <= 5
    arrow = [list(range(1, 50)), *[[0]] * 49]
    assert max(star_colors(arrow)) + 1 == 2  # Powell and Toint's example, for which columns alone need 50
    assert max(column_colors([[0, i] if i else list(range(50)) for i in range(50)], 50)) + 1 == 50
    path = [[j for j in (i - 1, i + 1) if 0 <= j < 99] for i in range(99)]
    assert max(star_colors(path)) + 1 == 3
    assert max(star_colors([[j for j in range(6) if j != i] for i in range(6)])) + 1 == 6
    assert column_colors([], 3) == [-1, -1, -1]
    assert star_colors([[], []]) == [0, 0]


def test_an_order_can_save_colours() -> None:
    """On a crown graph the natural order needs half as many colours as there are columns; another order needs two."""
    half = 8
    edges = [[2 * i, 2 * j + 1] for i in range(half) for j in range(half) if i != j]
    assert max(column_colors(edges, 2 * half)) + 1 == 2
