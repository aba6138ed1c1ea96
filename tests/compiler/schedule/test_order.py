"""Levels and order: each number after those it reads."""

import random

import pytest

pytest.importorskip("numpy", reason="needs the jit extra")

from autograd.compiler.schedule.order import in_levels, in_order
from tests.compiler.schedule.test_scheduling import PROGRAMS, scheduled


@pytest.mark.parametrize(("f", "count"), PROGRAMS.values(), ids=PROGRAMS)
def test_levels(f: object, count: int) -> None:
    """Every root is in one, later than what it reads."""
    trees = scheduled(f, count).trees  # type: ignore[arg-type]
    roots = trees.roots(by_row=False)
    levels = in_levels(trees, roots, trees.kinds(roots, ()))
    level_of = {i: n for n, level in enumerate(levels) for i in level}
    assert sorted(level_of) == roots
    assert all(level_of.get(x, -1) < level_of[i] for i in roots for x in trees.reads(i))


def test_order() -> None:
    """Groups follow what they read, and else stand as they were traced."""
    reads = {4: [0, 1], 5: [4], 6: [2], 7: [5, 6], 8: [4], 9: [3]}
    groups = [[7], [4], [5, 8], [6], [9]]
    for _ in range(10):
        random.Random(0).shuffle(groups)
        order = [groups[n] for n in in_order(groups, reads.__getitem__)]
        assert order == [[4], [6], [5, 8], [7], [9]]
    assert in_order([[3], [1], [2]], lambda i: []) == [1, 2, 0]
