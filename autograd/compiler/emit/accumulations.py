"""Arrays of sums as one step: each sum gets a term in every turn, from what goes by the turn, its row and its column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from autograd.compiler.simplify import SSA
from autograd.forms import Apply, Form
from autograd.primitives import add, where
from autograd.program import Place, Program

MOST_OF_A_TERM = 8  # operations


class Leaf(NamedTuple):
    """What terms read: an array, the first number there, and how far those of a turn, a row, a column lie apart."""

    array: int
    first: int
    by_turn: int = 0
    by_row: int = 0
    by_column: int = 0


@dataclass(frozen=True, eq=False)
class Accumulation(Form):
    """An array of sums after all turns. Operands: how many turns, where `turns` is None; the sums before; what leaves read.

    `term` takes a sum and the leaves, and gives the sum after one turn more.
    """

    rows: int
    width: int
    turns: int | None
    reverse: bool
    leaves: tuple[Leaf, ...]
    term: Program
    name: ClassVar[str] = "accumulation"

    def parts(self, operands: Sequence[Any]) -> tuple[Any, Any, Sequence[Any]]:
        """How many turns, the sums before, and the arrays."""
        if self.turns is None:
            return operands[0], operands[1], operands[2:]
        return self.turns, operands[0], operands[1:]

    def as_one_row(self) -> "Accumulation":
        """The same, with the rows as columns where each has one sum: neighbours are vectors."""
        if self.width > 1 or any(leaf.by_row not in (0, 1) for leaf in self.leaves):
            return self
        leaves = tuple([leaf._replace(by_row=0, by_column=leaf.by_row) for leaf in self.leaves])
        return replace(self, rows=1, width=self.rows, leaves=leaves)

    def run(self, operands: Sequence[Any], apply: Apply) -> list[Any]:
        """See `Form.run`."""
        count, sums, arrays = self.parts(operands)
        found = list(sums)
        order = range(max(0, int(count)))
        for turn in reversed(order) if self.reverse else order:
            for place in range(self.rows * self.width):
                i, j = divmod(place, self.width)
                leaves = [arrays[x.array][x.first + turn * x.by_turn + i * x.by_row + j * x.by_column] for x in self.leaves]
                (found[place],) = self.term.run([found[place], *leaves], apply)
        return found


def added(ssa: SSA, primitive: Any, operands: Sequence[int]) -> int:
    """The index of a primitive or form that is added to a level as it is."""
    ssa.primitives.append(primitive)
    ssa.operands.append(tuple(operands))
    return len(ssa.primitives) - 1


Shape = list[tuple[str, Any]]
"""A number as a tree, from the top: steps with how many operands they have, leaves by their places, constants as text."""


def shape_of(ssa: SSA, uses: Sequence[int], out: int, before: int) -> tuple[Shape, list[int]] | None:
    """How a number is made of the one before it, leaf 0, and of inputs, which are the other leaves.

    None if it is not small, or if anything else reads what is made of the one before on the way.
    """
    places = {before: 0}
    shape: Shape = []
    stack: list[tuple[int, bool]] = [(out, True)]  # and whether nothing else reads it, nor what it is on the way to
    count = 0
    while stack:
        x, alone = stack.pop()
        if x == before and not alone:
            return None
        primitive = ssa.primitives[x]
        if x in ssa.constants and x != before:
            shape.append(("constant", ssa.constants[x].hex()))
        elif x == before or primitive is None:
            shape.append(("leaf", places.setdefault(x, len(places))))
        elif isinstance(primitive, Form) or count == MOST_OF_A_TERM:
            return None
        else:
            count += 1
            shape.append(("step", (primitive, len(ssa.operands[x]))))
            stack += [(y, alone and (y == before or uses[y] == 1)) for y in ssa.operands[x][::-1]]
    if not count or shape.count(("leaf", 0)) != 1:
        return None
    return shape, [*places][1:]


def term_of(shape: Shape) -> Program:
    """A program of the number before and of the leaves."""
    inputs = 1 + max([x for kind, x in shape if kind == "leaf"])
    steps: list[Any] = []
    stack: list[Any] = []
    for kind, x in shape[::-1]:  # operands before what is made of them
        if kind == "step":
            primitive, arity = x
            operands = tuple([stack.pop() for _ in range(arity)])
            stack.append(_masked(inputs, steps, operands) if primitive is add else _step(inputs, steps, primitive, operands))
        else:
            stack.append(x if kind == "leaf" else float.fromhex(x))
    return Program(inputs, tuple(steps), tuple(stack))


def _step(inputs: int, steps: list[Any], primitive: Any, operands: tuple[Place, ...]) -> Place:
    steps.append((primitive, operands))
    return inputs + len(steps) - 1


def _masked(inputs: int, steps: list[Any], operands: tuple[Place, ...]) -> Place:
    """A sum; where it adds a number or else -0.0, which changes no bit, a choice of sums: processors add under a mask."""
    for x, y in (operands, operands[::-1]):
        if type(y) is not int or y < inputs or steps[y - inputs][0] is not where:
            continue
        choices = steps[y - inputs][1]
        if type(choices[2]) is float and choices[2].hex() == "-0x0.0p+0":
            return _step(inputs, steps, where, (choices[0], _step(inputs, steps, add, (x, choices[1])), x))
    return _step(inputs, steps, add, operands)
