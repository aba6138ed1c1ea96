"""Rows of arrays of which only the run knows how many numbers they have: as many in each turn of a loop."""

from autograd.compiler.emit.arrays import Array, Room, copy_rows
from autograd.compiler.emit.function import Function
from autograd.compiler.run.frame import CELL


def window(f: Function, room: Room, array: Array, count: int | str) -> tuple[Array, str]:
    """The part of an array that a turn reads, and its size: the numbers of all lanes. A cell points to it, turn after turn."""
    cell = room.take(CELL)
    some = f.new(f"select i1 {f.new(f'icmp sgt i64 {count}, 0')}, i64 {count}, i64 1")
    rows = f.new(f"udiv i64 {array.count(f)}, {some}")
    f.lines.append(f"  store i64 {rows}, ptr {f.offset('%uniform', cell + 1)}, align 8")
    numbers = f.new(f"mul i64 {rows}, {array.width * array.lanes}")
    return Array(array.width, None, cell=cell, owned=False, lanes=array.lanes), numbers


def show(f: Function, part: Array, pointer: str) -> Array:
    """The part that begins where the pointer points."""
    f.lines.append(f"  store ptr {pointer}, ptr {f.offset('%uniform', part.cell or 0)}, align 8")
    return part


def begin(f: Function, room: Room, width: int) -> Array:
    """A new array without rows, for the turns to fill."""
    given = room.growing(width, f.lanes)
    room.make_room(f, given, "0")
    f.lines.append(f"  store i64 0, ptr {f.offset('%uniform', (given.cell or 0) + 1)}, align 8")
    return given


def give(f: Function, room: Room, given: Array, array: Array, counter: str, count: int | str | None) -> None:
    """Copy what a turn gives to its place. The first turn makes room for all; without a count, each makes room for itself."""
    turn = f.new(f"fptosi double {counter} to i64")
    turns, rows = f.new(f"add i64 {turn}, 1") if count is None else count, array.count(f)
    numbers = f.new(f"mul i64 {rows}, {given.width * given.lanes}")
    room.make_room(f, given, f.new(f"mul i64 {numbers}, {turns}"))
    total = f.new(f"mul i64 {rows}, {turns}")
    f.lines.append(f"  store i64 {total}, ptr {f.offset('%uniform', (given.cell or 0) + 1)}, align 8")
    place = f.new(f"mul i64 {numbers}, {turn}")
    target = f.new(f"getelementptr double, ptr {given.pointer(f)}, i64 {place}")
    copy_rows(f, target, given.lanes, array, array.numbers(f))
