"""Rows one after another, by what computes one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from autograd.compiler.blocks import in_blocks
from autograd.compiler.options import Options
from autograd.primitives import sum_, truediv


def over_rows(
    call: Callable[..., Sequence[float]], count: int, numbers: Sequence[float], rows: Any, options: Options
) -> list[Any]:
    """The `count` outputs of a function of all inputs, for each row a list of floats, or reduced."""
    shared, varying = iter(numbers), options.varying or ()
    inputs = [nan if array is not None else next(shared) for array in varying]
    places = [i for i, array in enumerate(varying) if array is not None]
    found = []
    for row in range(rows.count):
        for place, x in zip(places, rows.of(row), strict=True):
            inputs[place] = float(x)
        found.append(call(*inputs))
    columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in range(count)]
    if options.reduce is None:
        return columns
    sums = [in_blocks(lambda terms: sum_.evaluate(*terms), column, options.block) for column in columns]
    return [truediv.evaluate(x, float(rows.count)) for x in sums] if options.reduce == "mean" else sums


@dataclass(frozen=True, slots=True)
class NoRows:
    """The rows of a call that has none."""

    count: int = 1
    arrays: tuple[Any, ...] = ()
    index: Any = None


class RowByRow:
    """Runs machine code of one row for each: of a program with loops whose turns only the run counts."""

    def __init__(self, of_one: Any, options: Options, outputs: int) -> None:
        self._of_one, self._options, self._outputs = of_one, options, outputs
        self.backend, self.from_disk = of_one.backend, of_one.from_disk
        self.operations, self.code_size = of_one.operations, of_one.code_size

    def run(self, numbers: Sequence[float], rows: Any) -> list[Any]:
        """The outputs, each a float, or by row a list of floats."""

        def call(*inputs: float) -> Any:
            return self._of_one.run(inputs, NoRows())

        return over_rows(call, self._outputs, numbers, rows, self._options)
