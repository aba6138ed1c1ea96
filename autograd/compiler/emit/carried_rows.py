"""Arrays that a loop carries, to whose rows a loop inside adds: a network's weights get their gradients so.

The outer loop keeps what terms are computed from: rows that it reads anyway, or gives now.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autograd.compiler.emit.accumulations import Accumulation, Leaf, added, shape_of, term_of
from autograd.compiler.emit.loop_parts import LoopParts, Taking, left_of, with_outputs
from autograd.compiler.simplify import SSA
from autograd.forms import Call, Fill, Loop, Pack, Result, Row
from autograd.program import Program

MOST_KEPT = 1 << 20  # numbers that all turns keep for terms, where it is known how many turns there are
SHARE = 4  # else as many times what the turns read of rows


class _Recurrence(NamedTuple):
    """An array that a loop carries as sums alone: which it is, and the loop inside that goes through its rows."""

    slot: int
    group: int
    place: int  # among the rows that the loop inside gives
    row: int  # and among those that it takes
    term: Program
    leaves: list[list[int] | tuple[int, Row, int]]  # numbers of the body, by column; or of rows: array, shape, and column


def _recurrences(parts: LoopParts) -> list[_Recurrence]:
    """All such arrays of a loop."""
    body, uses, found = parts.body, parts.uses, []
    for j, width in enumerate(parts.loop.carry):
        out, before = body.outputs[j], 1 + j
        if not width or not isinstance(body.primitives[out], Result) or uses[out] != 1 or uses[before] != 1:
            continue
        (group,) = body.operands[out]
        inner: Any = body.primitives[group]
        place = body.primitives[out].place - inner.first_array
        if place < 0 or not inner.turns or isinstance(inner, Call):
            continue
        inside = LoopParts(inner, body.operands[group])
        rows = [n for n, x in enumerate(inside.xs) if x == before]
        if len(rows) != 1 or inner.xs[rows[0]] != inner.ys[place] or inner.ys[place] != Row(width):
            continue
        term = _term(inside, place, rows[0])
        if term is not None:
            found.append(_Recurrence(j, group, place, rows[0], *term))
    return found


def _term(inside: LoopParts, place: int, row: int) -> tuple[Program, list[Any]] | None:
    """What a turn makes of each sum, and what that reads; None if columns are not computed alike, from such numbers alone."""
    ssa = inside.body
    rows: list[list[int]] = []
    shape: Any = None
    for column, at in enumerate(inside.given(place)):
        out, before = ssa.outputs[at], inside.starts[row] + column
        if inside.uses[before] != 1 or inside.uses[out] != 1 or out < ssa.inputs:
            return None
        found = shape_of(ssa, inside.uses, out, before)
        if found is None or (rows and found[0] != shape):
            return None
        shape = found[0]
        rows.append(found[1])
    leaves: list[Any] = []
    for numbers in zip(*rows, strict=True):
        if min(numbers) >= inside.first_shared:
            if any(inside.loop.shared[x - inside.first_shared] for x in numbers):
                return None
            leaves.append([inside.shared[x - inside.first_shared] for x in numbers])
            continue
        found_at = inside.columns(numbers)
        if found_at is None or len({*numbers}) > 1 or found_at[0] == row:
            return None
        n, at, _ = found_at
        leaves.append((inside.xs[n], inside.loop.xs[n], at))
    return term_of(shape), leaves


class _Kept:
    """What the turns of a loop keep for terms: rows that it reads anyway, and others that it gives."""

    def __init__(self, parts: LoopParts) -> None:
        self.parts = parts
        self.rows: dict[Any, int] = {}  # those that it gives: numbers or an array of the body, and which of them it is
        self.shapes: list[Row] = []

    @property
    def numbers(self) -> int:
        """How many numbers a turn keeps."""
        return sum(row.width for row in self.shapes)

    def leaf(self, of: Any, rows: int) -> Leaf:
        """A leaf whose array is one that the loop takes, or counted on from there, one that it gives."""
        if isinstance(of, list):
            return self._of_numbers(of, by_row=False)
        array, row, column = of
        body, loop = self.parts.body, self.parts.loop
        if isinstance(body.primitives[array], Pack):
            return self._of_numbers([body.operands[array][i * row.width + column] for i in range(rows)], by_row=True)
        for n, (start, taken) in enumerate(zip(self.parts.starts, loop.xs, strict=True)):
            if start == array:  # a row that is an array
                return Leaf(n, column, taken.width, row.width)
        return Leaf(self._given(array, Row(rows * row.width, row.width)), column, rows * row.width, row.width)

    def _of_numbers(self, numbers: list[int], *, by_row: bool) -> Leaf:
        found = self.parts.columns(numbers)
        if found is not None:
            n, first, step = found
            leaf = Leaf(n, first, self.parts.loop.xs[n].width)
        else:
            step = 0 if len({*numbers}) == 1 else 1
            several = numbers if step else numbers[:1]
            leaf = Leaf(self._given(tuple(several), Row(len(several))), 0, len(several))
        return leaf._replace(by_row=step) if by_row else leaf._replace(by_column=step)

    def _given(self, key: Any, row: Row) -> int:
        if key not in self.rows:
            self.rows[key] = len(self.shapes)
            self.shapes.append(row)
        return len(self.parts.xs) + self.rows[key]


def carried_rows(ssa: SSA, parts: LoopParts) -> Taking | None:
    """Arrays that a loop carries as sums alone: it keeps what their terms read."""
    loop, body = parts.loop, parts.body
    kept, sums = _Kept(parts), []
    for found in _recurrences(parts) if any(loop.carry) else ():
        rows = body.primitives[found.group].turns
        sums.append((found, rows, [kept.leaf(of, rows) for of in found.leaves]))
    read = sum(row.width for row in loop.xs)
    too_many = kept.numbers > SHARE * read if loop.turns is None else kept.numbers * loop.turns > MOST_KEPT
    if not sums or too_many:
        return None
    removed = {found.slot for found, _, _ in sums}
    stays = [j for j in range(len(loop.carry)) if j not in removed]
    outputs = [body.outputs[j] for j in stays] + body.outputs[len(loop.carry) :]
    for key in kept.rows:
        outputs += key if isinstance(key, tuple) else [key]
    rest = _without(body, outputs, [found for found, _, _ in sums])
    left, operands = left_of(parts, rest, stays)
    left = replace(left, ys=(*loop.ys, *kept.shapes))
    arrays = list(parts.xs)
    if left.carry or left.ys:
        group = added(ssa, left, operands)
        results = [added(ssa, Result(place), (group,)) for place in range(len(left.carry) + len(left.ys))]
        arrays += results[len(stays) + len(loop.ys) :]
    found_all = [-1] * (len(loop.carry) + len(loop.ys))
    for place, j in enumerate([*stays, *range(len(loop.carry), len(found_all))]):
        found_all[j] = results[place]
    for found, rows, leaves in sums:
        read_by = list(dict.fromkeys(leaf.array for leaf in leaves))
        placed = tuple([leaf._replace(array=read_by.index(leaf.array)) for leaf in leaves])
        form = Accumulation(rows, loop.carry[found.slot], loop.turns, loop.reverse, placed, found.term)
        before = parts.carry[found.slot]
        if isinstance(ssa.primitives[before], Fill):
            before = added(ssa, ssa.primitives[before], ssa.operands[before])  # its own, to be changed in place
        operands = [*parts.counted, before, *[arrays[n] for n in read_by]]
        found_all[found.slot] = added(ssa, form, operands)
    return Taking(replace(loop, carry=(), ys=()), [], found_all)


def _without(body: SSA, outputs: Sequence[int], sums: Sequence[_Recurrence]) -> SSA:
    """A body that gives these outputs, without these sums; its inputs are the same."""
    new = SSA(body.inputs)
    known = list(range(body.inputs))
    groups = {found.group: [other for other in sums if other.group == found.group] for found in sums}
    for i in range(body.inputs, len(body.primitives)):
        primitive: Any = body.primitives[i]
        if primitive is None:
            known.append(new.constant(body.constants[i]))
            continue
        operands: Sequence[int] = body.operands[i]
        if i in groups:
            primitive, operands = _rows_without(LoopParts(primitive, operands), groups[i])
        elif isinstance(primitive, Result) and operands[0] in groups:
            before = body.primitives[operands[0]].first_array
            places = {found.place + before for found in groups[operands[0]]}
            if primitive.place in places:
                known.append(-1)
                continue
            primitive = Result(primitive.place - len([p for p in places if p < primitive.place]))
        known.append(added(new, primitive, [known[x] for x in operands]))
    new.outputs = [known[x] for x in outputs]
    return new.pruned()


def _rows_without(parts: LoopParts, sums: Sequence[_Recurrence]) -> tuple[Loop, list[int]]:
    """A loop that goes through the rows of sums, without these; and its operands."""
    given = {found.place for found in sums}
    dropped = {at for place in given for at in parts.given(place)}
    outputs = [x for at, x in enumerate(parts.body.outputs) if at not in dropped]
    left, operands = left_of(parts, with_outputs(parts.body, outputs), range(len(parts.carry)))
    return replace(left, ys=tuple([row for place, row in enumerate(parts.loop.ys) if place not in given])), operands
