"""What functions of vectors state."""

import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

import math

from autograd.compiler.elementary.definition import FUNCTIONS, fine, halfway
from autograd.compiler.elementary.family import at_hand


def test_each_states_itself() -> None:
    """By the name that it has in the C library, with points where its steps are taken."""
    assert {*at_hand()} <= {*FUNCTIONS}
    for name, known in FUNCTIONS.items():
        assert known.steps.__name__ == name
        assert callable(getattr(math, name))
        points = known.points()
        assert len(points) > 64 * len(known.ranges)
        assert known.low <= points.min() < points.max() <= known.high


def test_numbers_that_tell() -> None:
    """In steps of 2**-30; and between the multiples of a step."""
    assert fine(1 << 29, -1) == (0.5, -(2.0**-30))
    assert halfway(4.0, 0, -1, 7) == (0.125, -0.125, 1.875)
