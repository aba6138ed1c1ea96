"""How a program is compiled: what follows from the options."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from autograd.compiler.options import Options


@pytest.mark.parametrize(
    ("options", "mapped", "by_row", "summed"),
    [
        (Options(), False, False, False),
        (Options(fast=True), False, False, False),
        (Options((0,)), True, True, False),
        (Options((None,)), True, True, False),
        (Options(()), True, True, False),
        (Options((0,), fast=True), True, True, False),
        (Options((0,), "sum"), True, False, False),
        (Options((0,), "mean"), True, False, False),
        (Options((0,), "sum", fast=True), True, False, True),
        (Options((None, 0), "mean", fast=True), True, False, True),
    ],
    ids=str,
)
def test_what_follows(options: Options, mapped: bool, by_row: bool, summed: bool) -> None:
    """Rows there are where inputs may vary; outputs are by row, or reduced; lane by lane only in fast mode."""
    assert (options.mapped, options.by_row, options.summed) == (mapped, by_row, summed)


@pytest.mark.parametrize(
    ("varying", "widths"),
    [
        (None, []),
        ((), []),
        ((None, None), []),
        ((None, 0, 0, 1), [2, 1]),
        ((1, None, 0, 1, 1), [1, 3]),
        ((2,), [0, 0, 1]),
    ],
    ids=str,
)
def test_widths(varying: Any, widths: list[int]) -> None:
    """How many inputs come from each array; an array that gives none counts too."""
    assert Options(varying).widths == widths


def test_one_record_for_all_passes() -> None:
    """None of them can change it; equal options are one key."""
    options = Options((0, None), "sum")
    with pytest.raises(FrozenInstanceError):
        options.fast = True  # type: ignore[misc]
    assert {options: 1}[replace(options)] == 1
    assert options != replace(options, reduce="mean")
