"""Rows of what is carried, turn by turn, kept once where several arrays have them, as a tape does.

A scan over lists reads neighbours: all but the last of a list, all but the first, and a derivative needs both; it needs what a
turn carries on, too, which is what the next one begins with. So these arrays are windows of one, whose rows have all of it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.compiler.emit.arrays import LINE, Array, Room, copy_numbers
from autograd.compiler.emit.function import Function
from autograd.compiler.simplify import SSA
from autograd.forms import Call, Loop, Pack, Result


class Window(NamedTuple):
    """A row that a turn gives: numbers side by side among those carried, before the turn or after it."""

    y: int
    first: int  # the address of the first
    width: int
    after: bool


class Kept:
    """An array whose rows are what is carried, from an address on, before each turn; after the last one too, if it is read."""

    def __init__(self, windows: Sequence[Window], turns: int, room: Room) -> None:
        self.first = min(window.first for window in windows)
        self.width = max(window.first + window.width for window in windows) - self.first
        self.last = any(window.after for window in windows)
        stride = self.width + -self.width % LINE
        at = room.address((turns + self.last) * stride)
        self.end_at = at + turns * stride
        self.before = {window.y: window.first - self.first + window.after * stride for window in windows}
        self.arrays = {
            window.y: Array(window.width, turns, at + self.before[window.y], owned=False, stride=stride) for window in windows
        }

    def give(self, f: Function, pointers: Sequence[str]) -> None:
        """What is carried into a turn; each y's pointer leads to its row."""
        y, before = next(iter(self.before.items()))
        copy_numbers(f, f.offset(pointers[y], -before), range(self.first, self.first + self.width))

    def end(self, f: Function) -> None:
        """What is carried out of the last turn."""
        if self.last:
            copy_numbers(f, f.pointer_to(self.end_at)[0], range(self.first, self.first + self.width))


def row_of(body: SSA, loop: Loop, y: int) -> list[int]:
    """The numbers of a row that a turn gives; of an array those it is made of, if it is known."""
    place = len(loop.carry) + sum(row.places for row in loop.ys[:y])
    row = loop.ys[y]
    numbers = body.outputs[place : place + row.places]
    if row.columns:
        return list(body.operands[numbers[0]]) if isinstance(body.primitives[numbers[0]], Pack) else []
    return numbers


def kept_of(outer: SSA, i: int, body: SSA, memory: dict[int, int], room: Room) -> list[Kept]:
    """Which ys of the loop i are windows of what it carries in memory: at least two of the same."""
    loop: Any = outer.primitives[i]
    if loop.turns is None or loop.test is not None or loop.reverse:
        return []
    read = _read_by_rows(outer, i)
    following: dict[int, int] = {}
    for j in memory:
        following.setdefault(body.outputs[j], j)
    found = []
    for y, row in enumerate(loop.ys):
        if row.width > 1 and loop.first_array + y in read:
            numbers = row_of(body, loop, y)
            for after, slots in ((False, [x - 1 for x in numbers]), (True, [following.get(x, -1) for x in numbers])):
                places = [memory.get(j, -1) for j in slots]
                if places and places[0] >= 0 and places == list(range(places[0], places[0] + row.width)):
                    found.append(Window(y, places[0], row.width, after))
                    break
    return [Kept(windows, loop.turns, room) for windows in _together(found) if len(windows) > 1]


def _together(windows: Sequence[Window]) -> list[list[Window]]:
    """Windows that overlap."""
    groups: list[list[Window]] = []
    end = -1
    for window in sorted(windows, key=lambda window: window.first):
        if window.first < end:
            groups[-1].append(window)
        else:
            groups.append([window])
        end = max(end, window.first + window.width)
    return groups


def _read_by_rows(outer: SSA, i: int) -> set[int]:
    """Which arrays among the results of the loop i are read row by row alone, by loops that go turn by turn."""
    made: Any = outer.primitives[i]
    places: dict[int, int] = {}
    for r in range(i + 1, len(outer.primitives)):
        form: Any = outer.primitives[r]
        if isinstance(form, Result) and outer.operands[r] == (i,) and form.place >= made.first_array:
            places[r] = form.place
    left = set(places).difference(outer.outputs)
    for primitive, operands in zip(outer.primitives[i:], outer.operands[i:], strict=True):
        if left.isdisjoint(operands):
            continue
        others = list(operands)
        if isinstance(primitive, Loop) and not isinstance(primitive, Call) and primitive.carry and primitive.test is None:
            _, _, xs, _ = primitive.parts(operands)
            begin = operands.index(xs[0]) if xs else 0
            rows = [made.ys[places[x] - made.first_array].width if x in left else 0 for x in xs]
            fits = [x for x, row, width in zip(xs, primitive.xs, rows, strict=True) if row.width == width]
            others = [x for k, x in enumerate(operands) if not begin <= k < begin + len(xs) or x not in fits]
        left.difference_update(others)
    return {places[r] for r in left}
