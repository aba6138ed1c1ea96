"""How a program is compiled: one record that every pass is given."""

from dataclasses import dataclass
from typing import Any

from autograd.compiler.blocks import BLOCK


@dataclass(frozen=True, slots=True)
class Options:
    """How a program is compiled."""

    varying: tuple[int | None, ...] | None = None  # for each input its array of rows, None if all rows share it; None: no rows
    reduce: str | None = None  # "sum" or "mean" over the rows
    fast: bool = False  # sums may be added in any order, and C's functions may be a few ulp off
    backend: str = "auto"  # "llvm", "plan", "python", or "auto" for what is best of these
    gathered: bool = False  # a call has row numbers, and its rows are those of the arrays
    threads: int | None = None  # the most at once; None for as many as pay
    block: int = BLOCK  # rows that are summed apart, at least
    parts: tuple[int, ...] | None = (
        None  # by row: how many outputs each array of the result takes; None: one array has a row for each
    )
    arrays: tuple[int, ...] = ()  # for each input the columns of an array whose length a call decides, 0 for a number
    results: tuple[int, ...] = ()  # for each output likewise, if there is one
    weight: int | None = None  # which input is a row's weight in the mean, if rows have any; then there are loops in each

    @property
    def of_code(self) -> tuple[Any, ...]:
        """Those on which machine code depends: threads run any."""
        return self.varying, self.reduce, self.fast, self.gathered, self.block, self.arrays, self.results, self.parts

    @property
    def mapped(self) -> bool:
        """Whether there are rows."""
        return self.varying is not None

    @property
    def by_row(self) -> bool:
        """Whether each output is a number for each row."""
        return self.mapped and self.reduce is None

    @property
    def summed(self) -> bool:
        """Whether outputs are summed over the rows lane by lane, and the lanes only at the end."""
        return self.mapped and self.reduce is not None and self.fast

    @property
    def widths(self) -> list[int]:
        """How many inputs come from each array."""
        arrays = [array for array in self.varying or () if array is not None]
        return [arrays.count(i) for i in range(max(arrays, default=-1) + 1)]
