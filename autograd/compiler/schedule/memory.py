"""Where every number lies: inputs, outputs and what is computed between, in four kinds of memory."""

from collections.abc import Sequence
from typing import NamedTuple

from autograd.compiler.schedule.folds import Trees

SPACE = 1 << 40  # addresses in different kinds of memory are that far apart
SHARED, UNIFORM, BY_ROW, TABLE = range(4)  # kinds of memory: shared inputs, what is the same for all rows, by row, constants


class Part(NamedTuple):
    """What is known of memory where a graph is part of a larger one."""

    inputs: list[int]  # the address of each
    first: int  # the first free place for what is the same for all rows
    table: list[float]
    outputs: Sequence[int | None]  # for each the address where it is to be; None: anywhere
    first_by_row: int = 0  # the first free place by row


class Memory:
    """The `address` of each number that has one: constants, and what lies inside a tree, have none. Outputs begin at `out`."""

    def __init__(self, trees: Trees, *, mapped: bool, summed: bool, part: Part | None = None) -> None:
        """Outputs `summed` over the rows lane by lane are never read where they lie."""
        ssa = trees.ssa
        self.trees = trees
        self.table: list[float] = [] if part is None else part.table  # constants of loops
        self.address: dict[int, int] = {}
        self.copies: list[tuple[int, int]] = []  # numbers, and the addresses of outputs that they are computed apart from
        self.summed = summed
        inputs = {SHARED: 0, BY_ROW: 0}
        for i in range(ssa.inputs):
            kind = BY_ROW if trees.varies[i] else SHARED
            self.address[i] = kind * SPACE + inputs[kind] if part is None else part.inputs[i]
            inputs[kind] += 1
        kind = BY_ROW if mapped else UNIFORM
        self.places = {
            UNIFORM: 0 if part is None else part.first,
            BY_ROW: inputs[BY_ROW] if part is None else part.first_by_row,
        }
        self.out = kind * SPACE + self.places[kind]
        homes = [None] * len(ssa.outputs) if part is None else part.outputs
        for output, home in zip(ssa.outputs, homes, strict=True):
            at = kind * SPACE + self.places[kind] if home is None else home
            self.places[kind] += home is None
            free = output not in self.address and output not in ssa.constants and trees.varies[output] == mapped
            if free and not (summed and trees.uses[output] > 1):
                self.address[output] = at
            else:  # an input, a constant, or one that has a place already
                self.copies.append((output, at))
        self.set_aside = self.places[BY_ROW]  # room for sums while the last rows are added
        self.places[BY_ROW] += len(ssa.outputs) * summed

    def place_alike(self, numbers: Sequence[int], kinds: dict[int, int], *, by_row: bool) -> None:
        """A place for each number that has none: what is alike lies together, whenever it is computed."""
        kind = BY_ROW if by_row else UNIFORM
        order = {kind: n for n, kind in enumerate(dict.fromkeys(kinds[i] for i in numbers))}
        for i in sorted([i for i in numbers if i not in self.address], key=lambda i: order[kinds[i]]):
            self.address[i] = kind * SPACE + self.places[kind]
            self.places[kind] += 1

    def tabled(self, numbers: Sequence[float]) -> int:
        """The address of these constants, side by side in the table."""
        self.table += numbers
        return TABLE * SPACE + len(self.table) - len(numbers)

    def is_output(self, address: int) -> bool:
        """Whether an output lies there."""
        return self.out <= address < self.out + len(self.trees.ssa.outputs)

    def is_summed(self, address: int) -> bool:
        """Whether a number is not kept in its place, but added to what is there."""
        return self.summed and self.is_output(address)
