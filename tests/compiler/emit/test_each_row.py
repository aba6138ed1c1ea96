"""Rows by a program with loops: the code that fetches them, and adds up what comes out."""

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd.compiler.emit import each_row
from autograd.compiler.run.machine import this_host


@pytest.mark.parametrize("name", each_row.WORKS)
def test_numbers_are_moved_in_vectors(name: str) -> None:
    """As many at once as a register holds, then what is left."""
    text = each_row.loop_text(name)
    assert f"<{this_host().lanes} x double>" in text
    assert "<" not in text.partition("last:")[2]


def test_a_mean_over_one_row_divides_nothing() -> None:
    """x / 1 is x: a batch of one sample costs no division for each parameter."""
    assert "%matters = fcmp une double %weight_sum, 1.0" in each_row.TEXT


def test_a_block_begins_with_its_first_row() -> None:
    """One row is copied where its sums are to be, once: no zeros are written for it, and nothing is added."""
    (alone, _), _ = each_row.ADDS
    assert "@copy(ptr %found, ptr %target" in alone
    before, _, after = each_row.TEXT.partition("compute:")
    assert "@fill" not in before
    assert "%target = phi ptr [ %out, %share ]" in before
    assert after.count("@add(") == 2  # of later blocks
