"""A loop taken to parts: its operands, its body, what that reads; and what is left of it when something is taken away."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from autograd.compiler.emit.accumulations import Leaf, added
from autograd.compiler.emit.levels import ssa_of, uses_of
from autograd.compiler.simplify import SSA
from autograd.forms import Loop, Pack, Row


class LoopParts:
    """A loop with its operands and its body, taken to parts."""

    def __init__(self, loop: Loop, operands: Sequence[int]) -> None:
        self.loop = loop
        self.count, self.carry, self.xs, self.shared = loop.parts(operands)
        self.counted = [self.count] if loop.turns is None else []
        self.body = ssa_of(loop.body)
        self.uses = uses_of(self.body)
        self.starts: list[int] = []  # where in the inputs of the body each row begins
        self.first_shared = 1 + len(loop.carry)
        for row in loop.xs:
            self.starts.append(self.first_shared)
            self.first_shared += row.places

    def given(self, place: int) -> range:
        """Where in the outputs of the body a row is."""
        sizes = [row.places for row in self.loop.ys[: place + 1]]
        first = len(self.loop.carry) + sum(sizes[:-1])
        return range(first, first + sizes[-1])

    def columns(self, numbers: Sequence[int]) -> tuple[int, int, int] | None:
        """Inputs of the body as columns of a row: which row, the first column, how far apart they are, 0 or 1."""
        first = numbers[0]
        step = 0 if len({*numbers}) == 1 else 1
        for n, (start, row) in enumerate(zip(self.starts, self.loop.xs, strict=True)):
            if not row.columns and start <= first < start + row.width:
                inside = first + step * (len(numbers) - 1) < start + row.width
                alike = inside and all(x == first + step * k for k, x in enumerate(numbers))
                return (n, first - start, step) if alike else None
        return None

    def leaf(self, ssa: SSA, numbers: Sequence[int], *, across: bool) -> tuple[int, Leaf] | None:
        """The array and the leaf of inputs of the body: of neighbouring columns of sums, if it goes `across`, else of turns.

        None where they do not lie alike.
        """
        found = self.columns(numbers)
        if found is not None:
            n, column, step = found
            width = self.loop.xs[n].width
            if across:
                return self.xs[n], Leaf(0, column, by_turn=width, by_column=step)
            return self.xs[n], Leaf(0, column, by_turn=step, by_row=width)
        if min(numbers) < self.first_shared:
            return None
        shared = [self.shared[x - self.first_shared] for x in numbers]
        if any(self.loop.shared[x - self.first_shared] for x in numbers):
            return None
        step = 0 if len({*shared}) == 1 else 1
        array = added(ssa, Pack(1), shared if step else shared[:1])
        return array, Leaf(0, 0, by_column=step) if across else Leaf(0, 0, by_turn=step)


class Taking(NamedTuple):
    """What is left of a loop, and for each result of the whole its number, or -1 - its place among those of what is left."""

    loop: Loop
    operands: Sequence[int]
    found: Sequence[int]

    def results(self, rest: Sequence[int]) -> list[int]:
        """The results of the whole, by those of the rest."""
        return [x if x >= 0 else rest[-1 - x] for x in self.found]


def left_of(parts: LoopParts, body: SSA, stays: Sequence[int], more: Sequence[tuple[Row, int]] = ()) -> tuple[Loop, list[int]]:
    """What is left of a loop, and its operands: with a new body, some of what is carried, and `more` rows after the others.

    Inputs of the body are those of the loop, then those of the rows. What it does not read, the loop does not take.
    """
    loop = parts.loop
    read = {x for operands in [*body.operands, body.outputs] for x in operands}
    rows = [(row, x, start) for row, x, start in zip(loop.xs, parts.xs, parts.starts, strict=True)]
    at = parts.body.inputs
    for row, x in more:
        rows.append((row, x, at))
        at += row.width
    rows = [each for each in rows if not read.isdisjoint(range(each[2], each[2] + each[0].places))]
    shared = [k for k in range(len(parts.shared)) if parts.first_shared + k in read]
    order = [0, *[1 + j for j in stays]]
    for row, _, start in rows:
        order += range(start, start + row.places)
    order += [parts.first_shared + k for k in shared]
    moved = {x: place for place, x in enumerate(order)}
    new = SSA(len(order))
    for i in range(body.inputs, len(body.primitives)):
        primitive = body.primitives[i]
        if primitive is None:
            moved[i] = new.constant(body.constants[i])
        else:
            moved[i] = added(new, primitive, [moved[x] for x in body.operands[i]])
    new.outputs = [moved[x] for x in body.outputs]
    left = replace(
        loop,
        body=new.program(),
        carry=tuple([loop.carry[j] for j in stays]),
        xs=tuple([row for row, _, _ in rows]),
        shared=tuple([loop.shared[k] for k in shared]),
    )
    carry = [parts.carry[j] for j in stays]
    return left, [*parts.counted, *carry, *[x for _, x, _ in rows], *[parts.shared[k] for k in shared]]


def with_outputs(body: SSA, outputs: Sequence[int]) -> SSA:
    """A body that gives something else."""
    new = SSA(body.inputs)
    new.primitives, new.operands, new.constants, new.outputs = body.primitives, body.operands, body.constants, list(outputs)
    return new.pruned()
