"""What is known of what arrives."""

import pytest

from autograd.compiler.loops.arriving import ALWAYS, NEVER, SOMETIMES, joined, most_of, status_of
from autograd.compiler.trace.masked import Masked, nothing_yet


def test_statuses() -> None:
    """Of numbers."""
    assert status_of(None) == NEVER
    assert status_of(1.0) == ALWAYS
    assert status_of(nothing_yet(-0.0)) == status_of(Masked(1.0, mask=True)) == SOMETIMES
    assert most_of([None, None]) == NEVER
    assert most_of([1.0, 2.0]) == ALWAYS
    assert most_of([1.0, None]) == SOMETIMES


@pytest.mark.parametrize("one", [NEVER, ALWAYS, SOMETIMES])
@pytest.mark.parametrize("other", [NEVER, ALWAYS, SOMETIMES])
def test_joined(one: int, other: int) -> None:
    """Only what always arrives both ways always arrives."""
    assert joined(one, other) == joined(other, one) == (one if one == other else SOMETIMES)
