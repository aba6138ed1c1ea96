"""How a program is compiled: one record that every pass is given."""

from dataclasses import dataclass, replace
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
    arrays: tuple[int, ...] = ()  # for each input the columns of an array, 0 for a number
    rows: tuple[int, ...] = ()  # likewise how many rows it has; without these a call decides
    results: tuple[int, ...] = ()  # for each output the columns, if there are arrays
    result_rows: tuple[int, ...] = ()
    result_places: tuple[tuple[int, int], ...] = ()  # where the first is, and how far rows are apart; else one after another
    rolled: bool = False  # rows go side by side through loops in each, whose products are sums for the most part
    weight: int | None = None  # the place of a row's weight in the mean, if rows have any; then there are loops in each

    @property
    def of_code(self) -> tuple[Any, ...]:
        """Those on which machine code depends: threads run any."""
        arrays = self.arrays, self.rows, self.results, self.result_rows, self.result_places
        return self.varying, self.reduce, self.fast, self.gathered, self.block, *arrays, self.parts

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

    @property
    def open_results(self) -> tuple[int, ...]:
        """For each output the columns of an array whose length a call decides, if there is one."""
        return () if self.result_rows else self.results

    def places_of(self, outputs: int) -> int:
        """How many places outputs take, whose arrays have known lengths."""
        return sum(map(size_of, self.results, self.result_rows)) if self.result_rows else outputs

    @property
    def by_place(self) -> "Options":
        """The same for the numbers that lie in arrays of known length, one by one."""
        if not self.rows and not self.result_rows:
            return self
        varying = self.varying
        if varying is not None and self.rows:
            sizes = map(size_of, self.arrays, self.rows)
            varying = tuple([array for array, size in zip(varying, sizes, strict=True) for _ in range(size)])
        return replace(self, varying=varying, arrays=(), rows=(), results=(), result_rows=(), result_places=())


def size_of(columns: int, rows: int) -> int:
    """How many numbers an array of known length has; 1 for a number, which has no columns."""
    return columns * rows or 1
