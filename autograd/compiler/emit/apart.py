"""Sums apart from the loops in which they get their terms, as accumulations: tiles of them stay in registers for all turns.

Three kinds, each recognized by terms that are computed alike:

- numbers that a loop carries, many of them: each gets a term in every turn;
- arrays that a loop carries, to whose numbers a loop inside adds as it goes through the rows: a network's weights get their
  gradients so. The loop keeps what terms are computed from;
- long sums of a row in every turn, where turns of another loop, or rows of data, are in the lanes: a matrix times vectors.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograd.compiler.emit.accumulations import Accumulation, Leaf, added, shape_of, term_of
from autograd.compiler.emit.carried_rows import carried_rows
from autograd.compiler.emit.levels import MOST_IN_REGISTERS, ssa_of
from autograd.compiler.emit.loop_parts import LoopParts, Taking, left_of, with_outputs
from autograd.compiler.simplify import SSA
from autograd.forms import Call, Fill, Load, Loop, Pack, Result, Row
from autograd.primitives import add

SHORTEST_SUM = 8  # terms


def with_sums_apart(ssa: SSA, *, lanes: bool) -> SSA:
    """The same program with its sums apart; `lanes` says that other turns, or rows, are in the lanes."""
    return _Pass(lanes=lanes).level(ssa)


class _Pass:
    """Goes through all levels."""

    def __init__(self, *, lanes: bool) -> None:
        self.takes = [_carried, carried_rows, *([_rows_summed] if lanes else [])]
        self.made: dict[Loop, Loop] = {}

    def level(self, ssa: SSA) -> SSA:
        """A level, and those inside of it."""
        if not any(isinstance(p, Loop) for p in ssa.primitives):
            return ssa
        new = SSA(ssa.inputs)
        known = list(range(ssa.inputs))
        results: dict[int, list[int]] = {}  # of loops of which something was taken
        for i in range(ssa.inputs, len(ssa.primitives)):
            primitive, before = ssa.primitives[i], ssa.operands[i]
            if primitive is None:
                known.append(new.constant(ssa.constants[i]))
                continue
            if isinstance(primitive, Result) and before[0] in results:
                known.append(results[before[0]][primitive.place])
                continue
            operands = [known[x] for x in before]
            if isinstance(primitive, Loop):
                primitive = self.inside(primitive)
                found = self.taken(new, primitive, operands)
                if found is not None:
                    results[i] = found
                    known.append(-1)
                    continue
            known.append(added(new, primitive, operands))
        new.outputs = [known[x] for x in ssa.outputs]
        return new.pruned()

    def inside(self, loop: Loop) -> Loop:
        """A loop with the same done in its body."""
        if loop not in self.made:
            body = ssa_of(loop.body)
            found = self.level(body)
            self.made[loop] = loop if found is body else replace(loop, body=found.program())
        return self.made[loop]

    def taken(self, ssa: SSA, loop: Loop, operands: Sequence[int]) -> list[int] | None:
        """The results of a loop of which something is taken, in a level; None if nothing is."""
        if loop.test is not None or isinstance(loop, Call) or loop.turns in (0, 1):
            return None
        for take in self.takes:
            taking = take(ssa, LoopParts(loop, operands))
            if taking is not None:
                return taking.results(self._rest(ssa, taking.loop, taking.operands))
        return None

    def _rest(self, ssa: SSA, loop: Loop, operands: Sequence[int]) -> list[int]:
        """The results of what is left of a loop."""
        if not loop.carry and not loop.ys:
            return []
        found = self.taken(ssa, loop, operands)
        if found is None:
            group = added(ssa, loop, operands)
            found = [added(ssa, Result(place), (group,)) for place in range(len(loop.carry) + len(loop.ys))]
        return found


def _array_of(ssa: SSA, numbers: Sequence[int]) -> int:
    """A new array of one row of numbers."""
    if len({*numbers}) == 1:
        return added(ssa, Fill(len(numbers)), (ssa.constant(1.0), numbers[0]))
    return added(ssa, Pack(len(numbers)), numbers)


def _read(
    ssa: SSA, parts: LoopParts, rows: Sequence[Sequence[int]], *, across: bool
) -> tuple[list[int], tuple[Leaf, ...]] | None:
    """The arrays and the leaves of terms, by what each of these reads; None if they do not lie alike."""
    found = [parts.leaf(ssa, numbers, across=across) for numbers in zip(*rows, strict=True)]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    return [array for array, _ in known], tuple([leaf._replace(array=n) for n, (_, leaf) in enumerate(known)])


def _carried(ssa: SSA, parts: LoopParts) -> Taking | None:
    """Numbers that a loop carries: neighbours that get terms alike are a row of sums."""
    loop, body = parts.loop, parts.body
    if loop.carry.count(0) <= MOST_IN_REGISTERS:
        return None
    runs: list[tuple[Any, list[int], list[list[int]]]] = []
    for j, width in enumerate(loop.carry):
        out = body.outputs[j]
        if width or parts.uses[1 + j] != 1 or parts.uses[out] != 1 or out < body.inputs:
            continue
        found = shape_of(body, parts.uses, out, 1 + j)
        if found is None:
            continue
        shape, leaves = found
        if runs and runs[-1][0] == shape and _goes_on(runs[-1][2], leaves):
            runs[-1][1].append(j)
            runs[-1][2].append(leaves)
        else:
            runs.append((shape, [j], [leaves]))
    taken: dict[int, int] = {}  # what is carried, and the result
    if max([len(slots) for _, slots, _ in runs], default=0) <= MOST_IN_REGISTERS:
        return None
    for shape, slots, rows in runs:
        read = _read(ssa, parts, rows, across=True)
        if read is None or not any(leaf.by_turn for leaf in read[1]):  # without rows, only a signal may end it
            continue
        form = Accumulation(1, len(slots), loop.turns, loop.reverse, read[1], term_of(shape))
        sums = _array_of(ssa, [parts.carry[j] for j in slots])
        found_at = added(ssa, form, [*parts.counted, sums, *read[0]])
        zero = ssa.constant(0.0)
        taken |= {j: added(ssa, Load(len(slots), k), (found_at, zero)) for k, j in enumerate(slots)}
    if not taken:
        return None
    stays = [j for j in range(len(loop.carry)) if j not in taken]
    many = len(loop.carry)
    rest = with_outputs(body, [*[body.outputs[j] for j in stays], *body.outputs[many:]])
    places = iter(range(len(stays) + len(loop.ys)))
    found_all = [taken[j] if j in taken else -1 - next(places) for j in range(many)]
    return Taking(*left_of(parts, rest, stays), [*found_all, *[-1 - place for place in places]])


def _goes_on(rows: list[list[int]], leaves: list[int]) -> bool:
    """Whether leaves go on as those of the columns before do: each is the same, or the next one."""
    last = rows[-1]
    return all(
        y - x in (0, 1) and (len(rows) == 1 or y - x == x - z) for x, y, z in zip(last, leaves, rows[-2:][0], strict=True)
    )


def _rows_summed(ssa: SSA, parts: LoopParts) -> Taking | None:
    """A long sum in every turn, of a row and of what turns share: a column of sums, a row of which each turn then takes."""
    loop, body = parts.loop, parts.body
    if loop.turns is None:
        return None
    for out in range(len(body.primitives) - 1, body.inputs - 1, -1):
        found = _long_sum(parts, out)
        if found is None:
            continue
        shape, start, rows = found
        if start not in body.constants:
            continue
        read = _read(ssa, parts, rows, across=False)
        if read is None:
            continue
        form = Accumulation(loop.turns, 1, len(rows), reverse=False, leaves=read[1], term=term_of(shape))
        sums = added(ssa, Fill(1), (ssa.constant(float(loop.turns)), ssa.constant(body.constants[start])))
        column = added(ssa, form, [sums, *read[0]])
        stays = range(len(loop.carry))
        if body.outputs == [out] and loop.ys == (Row(1),):
            return Taking(replace(loop, ys=()), [], [column])
        rest = _with_input(body, out)
        left = left_of(parts, rest, stays, [(Row(1), column)])
        return Taking(*left, [-1 - place for place in range(len(loop.carry) + len(loop.ys))])
    return None


def _long_sum(parts: LoopParts, out: int) -> tuple[Any, int, list[list[int]]] | None:
    """A number as a long sum of terms alike: their shape, where it starts, and of each term its leaves."""
    body, uses = parts.body, parts.uses
    shape: Any = None
    rows: list[list[int]] = []
    x = out
    while body.primitives[x] is add and (x == out or uses[x] == 1):
        sums = [y for y in body.operands[x] if body.primitives[y] is add and uses[y] == 1]
        sums = sums or [y for y in body.operands[x] if body.primitives[y] is None]
        if len(sums) != 1:
            return None
        found = shape_of(body, uses, x, sums[0])
        if found is None or (rows and found[0] != shape):
            return None
        shape = found[0]
        rows.append(found[1])
        x = sums[0]
    return (shape, x, rows[::-1]) if len(rows) >= SHORTEST_SUM else None


def _with_input(body: SSA, number: int) -> SSA:
    """A body in which a number is one more input, the last."""
    new = SSA(body.inputs + 1)
    known = list(range(body.inputs))
    for i in range(body.inputs, len(body.primitives)):
        primitive = body.primitives[i]
        if i == number:
            known.append(body.inputs)
        elif primitive is None:
            known.append(new.constant(body.constants[i]))
        else:
            known.append(added(new, primitive, [known[x] for x in body.operands[i]]))
    new.outputs = [known[x] for x in body.outputs]
    return new.pruned()
