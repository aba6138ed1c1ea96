"""Where the numbers of a long turn are put: at once where the next turn reads them, or where an array has them.

What a turn carries on may take the place of what was carried into it as soon as nothing reads that any more. A loop inside may
even write where it reads, as long as it reads each number before it writes there.
"""

from collections.abc import Collection, Sequence
from typing import Any

from autograd.compiler.emit.arrays import LINE, Array, Room, copy, copy_numbers, pointer_to
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.levels import LONGEST_BODY, operations_of, ssa_of
from autograd.compiler.emit.nested import Level
from autograd.compiler.emit.windows import row_of
from autograd.compiler.simplify import SSA
from autograd.forms import Call, Form, Load, Loop, Pack, Result

Position = tuple[int, int, int]  # in the order of the work: the stage, 0 for primitives and 1 for forms, and which form
BEGIN, END = (-1, 0, 0), (1 << 60, 0, 0)


def carried_places(body: SSA, slots: Sequence[int], room: Room, lanes: int) -> dict[int, int]:
    """An address for each number that is carried in these slots: side by side, but lists read as arrays each from a line on."""
    if lanes > 1:
        first = room.address(len(slots), lanes)
        return {j: first + k for k, j in enumerate(slots)}
    there = set(slots)
    ends: dict[int, int] = {}
    for primitive, operands in zip(body.primitives, body.operands, strict=True):
        if isinstance(primitive, Pack) and len(operands) >= LINE:
            first = operands[0] - 1
            if there.issuperset(x - 1 for x in operands) and operands == tuple(range(first + 1, first + 1 + len(operands))):
                ends[first] = max(ends.get(first, 0), first + len(operands))
    starts, end = set[int](), -1
    for first, beyond in sorted(ends.items()):
        if first >= end:
            starts.add(first)
        end = max(end, beyond)
    found, place = {}, 0
    for j in slots:
        place += -place % LINE if j in starts else 0
        found[j] = place
        place += 1
    begin = room.address(place)
    return {j: begin + place for j, place in found.items()}


class Places:
    """Of a body: `homes` of numbers, `targets` of the arrays that its loops give, `packs` that these lie in.

    `memory` has the address of each number that is carried, `stage` of each number the stage in which it is computed. `early`
    has the outputs that are given before the turn begins.
    """

    def __init__(self, ssa: SSA, memory: dict[int, int], stage: Sequence[int], early: Collection[int], room: Room) -> None:
        self.ssa, self.memory, self.stage, self.room = ssa, memory, stage, room
        self.homes: dict[int, int] = {}
        self.targets: dict[tuple[int, int], Array] = {}
        self.packs: dict[int, Array] = {}
        for i, primitive in enumerate(ssa.primitives):
            if isinstance(primitive, Pack) and self._is_mixed(ssa.operands[i]):
                self._pack(i)
        self._last = self._last_reads(early)
        self._slots: dict[int, int] = {}  # by the number that is carried on in one
        for j in memory:
            self._slots.setdefault(ssa.outputs[j], j)
        self._of_loops = self._found()
        for i, j in self._slots.items():
            primitive = ssa.primitives[i]
            free = primitive is not None and not isinstance(primitive, Form)
            if free and self._last[1 + j] < self._position(i):
                self.homes[i] = memory[j]

    def _is_mixed(self, numbers: Sequence[int]) -> bool:
        """Whether some of these are carried, and not all side by side: then an array of them is no view of what is there."""
        places = [self.memory.get(x - 1) for x in numbers]
        first = next((place for place in places if place is not None), None)
        return first is not None and places != list(range(first, first + len(places)))

    def _pack(self, i: int) -> Array:
        """Where an array is put, apart from its numbers."""
        if i not in self.packs:
            primitive: Any = self.ssa.primitives[i]
            count, width = len(self.ssa.operands[i]), primitive.width
            self.packs[i] = Array(width, count // width, self.room.address(count))
        return self.packs[i]

    def _position(self, i: int) -> Position:
        """When something is computed."""
        if isinstance(self.ssa.primitives[i], Form):
            return self.stage[i] - 1, 1, i
        return self.stage[i], 0, 0

    def _last_reads(self, early: Collection[int]) -> list[Position]:
        """When each number is read for the last time where it lies."""
        ssa = self.ssa
        last = [BEGIN] * len(ssa.primitives)
        for place, x in enumerate(ssa.outputs):
            if place not in early:
                last[x] = END
        for i in range(len(ssa.primitives) - 1, ssa.inputs - 1, -1):
            if ssa.primitives[i] is None:
                continue
            now = self._position(i)
            if isinstance(ssa.primitives[i], Pack) and i not in self.packs:
                now = max(now, last[i])  # as long as what is there is viewed
            for x in ssa.operands[i]:
                last[x] = max(last[x], now)
        return last

    def _found(self) -> dict[tuple[int, int], dict[int, int]]:
        """The numbers that are taken out of the arrays that loops give, by their places."""
        ssa = self.ssa
        arrays: dict[int, tuple[int, int]] = {}
        found: dict[tuple[int, int], dict[int, int]] = {}
        for i in range(ssa.inputs, len(ssa.primitives)):
            form: Any = ssa.primitives[i]
            if isinstance(form, Result):
                (group,) = ssa.operands[i]
                loop: Any = ssa.primitives[group]
                k = form.place - loop.first_array if isinstance(loop, Loop) else -1
                if k >= 0 and loop.turns is not None and not isinstance(loop, Call) and not loop.ys[k].columns:
                    arrays[i] = group, k
            elif isinstance(form, Load) and ssa.operands[i][0] in arrays:
                row = self.ssa.constants.get(ssa.operands[i][1])
                if row is not None:
                    found.setdefault(arrays[ssa.operands[i][0]], {})[int(row) * form.width + form.column] = i
        return found

    def place_arrays(self) -> None:
        """Find out where loops put the arrays that they give."""
        packed = self._packed()
        for (group, k), numbers in self._of_loops.items():
            loop: Any = self.ssa.primitives[group]
            size = loop.turns * loop.ys[k].width
            first = self._first_home(group, k, [numbers.get(place) for place in range(size)])
            if first is None and numbers.keys() == set(range(size)):
                pack, at = packed.get(numbers[0], (-1, 0))
                if pack >= 0 and self.ssa.operands[pack][at : at + size] == tuple([numbers[place] for place in range(size)]):
                    first = (self._pack(pack).at or 0) + at
            if first is not None:
                self.targets[group, k] = Array(loop.ys[k].width, loop.turns, first, owned=False)

    def _packed(self) -> dict[int, tuple[int, int]]:
        """Of numbers the first array that they are put in, unless that has no others, and the place there."""
        found: dict[int, tuple[int, int]] = {}
        for i, primitive in enumerate(self.ssa.primitives):
            if isinstance(primitive, Pack):
                for at, x in enumerate(self.ssa.operands[i]):
                    found.setdefault(x, (i, at))
        return found

    def _first_home(self, group: int, k: int, numbers: Sequence[int | None]) -> int | None:
        """Where all numbers of an array that a loop gives are to be carried on, side by side, if they may be put there."""
        slots = [-1 if i is None else self._slots.get(i, -1) for i in numbers]
        if not slots or min(slots) < 0:
            return None
        first, now = self.memory[slots[0]], self._position(group)
        if [self.memory[j] for j in slots] != list(range(first, first + len(slots))):
            return None
        if all(self._last[1 + j] < now for j in slots):
            return first
        fits = all(self._last[1 + j] <= now for j in slots) and self._reads_before(group, k, first, len(slots))
        return first if fits else None

    def _reads_before(self, group: int, k: int, first: int, size: int) -> bool:
        """Whether a loop, which writes an array there, has read each number that lies there before."""
        ssa = self.ssa
        loop: Any = ssa.primitives[group]
        body = ssa_of(loop.body)
        plain = not any(isinstance(primitive, Form) for primitive in body.primitives)
        short = plain and operations_of(body) <= LONGEST_BODY
        if not short or any(row.columns for row in loop.xs) or min(body.outputs) < body.inputs:
            return False
        _, carry, xs, shared = loop.parts(ssa.operands[group])
        places = {self.memory[j]: 1 + j for j in self.memory}
        there = {places[at] for at in range(first, first + size)}
        if not there.isdisjoint([*carry, *shared]):
            return False
        for x, row in zip(xs, loop.xs, strict=True):
            if not isinstance(ssa.primitives[x], Pack) or there.isdisjoint(ssa.operands[x]):
                continue
            offsets = {self.memory.get(y - 1, -1) - first - at for at, y in enumerate(ssa.operands[x])}
            offset = min(offsets)
            if len(offsets) > 1 or row != loop.ys[k] or offset < 0 or (offset and loop.reverse):
                return False
        return True


def print_long(printer: Any, f: Function, inner: Level, pointers: list[str]) -> Collection[int]:
    """A body in pieces, for the loop's printer: functions, which find its inputs in memory. Returns the ys that are given."""
    loop, level, room = printer.loop, printer.level, printer.room
    place = 1 + len(loop.carry)
    for pointer, row, x in zip(pointers, loop.xs, printer.xs, strict=False):
        if not row.columns:
            lanes = level.arrays[x].lanes
            at = room.address(row.width, lanes)
            copy(f, pointer_to(f, at, lanes), pointer, row.width * lanes)
            inner.address |= {place + column: at + column for column in range(row.width)}
        place += row.places
    inner.lazy.clear()
    early: dict[int, list[int]] = {}
    if printer.memory and f.lanes == 1:
        early = _give_early(printer, f, pointers[len(loop.xs) :])
        given = {x for outputs in early.values() for x in outputs}
        places = Places(printer.body, printer.memory, inner.stages[0], given, room)
        places.place_arrays()
        inner.homes, inner.packs, inner.targets = places.homes, places.packs, inner.targets | places.targets
    inner.print_in_pieces(f)
    return early


def _give_early(printer: Any, f: Function, pointers: list[str]) -> dict[int, list[int]]:
    """Give what is carried into a turn, before anything takes its place: by the y which outputs that are."""
    loop, memory = printer.loop, printer.memory
    found: dict[int, list[int]] = {}
    for kept in printer.kept:
        kept.give(f, pointers)
    windows = {y for kept in printer.kept for y in kept.arrays}
    place = len(loop.carry)
    for y, (pointer, row) in enumerate(zip(pointers, loop.ys, strict=True)):
        numbers = row_of(printer.body, loop, y)
        apart = (printer.index, y) not in printer.level.targets  # else a row is read there in this turn
        carried = apart and len(numbers) == row.width and all(x - 1 in memory for x in numbers)
        width = row.places
        if carried or y in windows:
            found[y] = list(range(place, place + width))
        if carried and y not in windows:
            copy_numbers(f, pointer, [memory[x - 1] for x in numbers])
        place += width
    return found
