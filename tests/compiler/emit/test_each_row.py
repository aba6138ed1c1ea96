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
