"""Turns of a loop in the lanes of vectors, where nothing is carried from one to the next."""

from typing import Any

from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.emit.nested import LONGEST_BODY, Level, operations_of
from autograd.forms import Form, Row


def is_wide(printer: Any) -> bool:
    """Whether turns can go side by side. The printer is that of the loop (`turns`)."""
    loop, body = printer.loop, printer.body
    plain = not any(isinstance(p, Form) for p in body.primitives)
    rows = not any(row.columns for row in [*loop.xs, *loop.ys])
    few = loop.turns is None or loop.turns >= printer.f.module.host.lanes
    return plain and rows and few and not any(loop.shared) and operations_of(body) <= LONGEST_BODY


def print_in_lanes(printer: Any, count: int | str) -> None:
    """All turns, as many at once as a vector has lanes; then those that are left."""
    f, loop, level = printer.f, printer.loop, printer.level
    wide = f.view(f.module.host.lanes)
    lanes = wide.lanes
    whole: Any = count // lanes if isinstance(count, int) else f.new(f"udiv i64 {count}, {lanes}")
    shapes: list[Row] = [*loop.xs, *loop.ys]
    starts = [array.pointer(f) for array in [*[level.arrays[x] for x in printer.xs], *printer.given]]
    several = {k: wide.splat(f.as_number(x)) for k, x in printer.shared_now.items()}
    steps = [number_text(float(lane)) for lane in range(lanes)]
    ramp = f"<{', '.join([f'double {x}' for x in steps])}>"
    squares = Squares(printer, wide)

    def group(names: list[str]) -> list[str]:
        counter, pointers = names[0], names[1:]
        now = wide.new(f"fadd {wide.kind} {wide.splat(counter)}, {ramp}")
        inner = Level(level.module, level.options, printer.room, printer.body, level.print_loop)
        inner.known[0] = now, False
        place = 1
        for pointer, row in zip(pointers, loop.xs, strict=False):
            squares.read(inner, place, pointer, row.width)
            place += row.width
        for k, x in enumerate(printer.shared):
            if k in several:
                inner.known[place] = several[k], False
            else:
                inner.address[place] = level.address[x]
            place += 1
        inner.print(wide)
        outputs = iter(printer.body.outputs)
        for pointer, row in zip(pointers[len(loop.xs) :], loop.ys, strict=True):
            squares.give([inner.value(wide, next(outputs)) for _ in range(row.width)], pointer)
        after = f.new(f"fadd double {counter}, {number_text(float(lanes))}")
        return [after, *[f.offset(p, lanes * row.width) for p, row in zip(pointers, shapes, strict=True)]]

    carried = [("double", number_text(0.0)), *[("ptr", p) for p in starts]]
    names = f.loop_while(str(whole), carried, group)

    def single(names: list[str]) -> list[str]:
        printer.one(f, names[0], [], names[1:])
        after = f.new(f"fadd double {names[0]}, {number_text(1.0)}")
        return [after, *[f.offset(p, row.width) for p, row in zip(names[1:], shapes, strict=True)]]

    rest: Any = count % lanes if isinstance(count, int) else f.new(f"urem i64 {count}, {lanes}")
    if rest != 0:
        f.loop_while(str(rest), [("double", names[0]), *[("ptr", p) for p in names[1:]]], single)


class Squares:
    """Rows of as many turns as there are lanes, into the lanes and back: squares of neighbours at once."""

    def __init__(self, printer: Any, wide: Function) -> None:
        self.room, self.wide = printer.room, wide
        self.square: int | None = None  # places for a square of numbers

    def read(self, inner: Level, place: int, pointer: str, width: int) -> None:
        """The numbers of a row, from a place on, those of a turn in each lane."""
        wide, lanes = self.wide, self.wide.lanes
        for first in range(0, width, lanes):
            columns = range(first, min(first + lanes, width))
            if len(columns) == lanes and sum(inner.uses[place + column] > 0 for column in columns) > lanes // 2:
                starts = [wide.offset(pointer, lane * width + first) for lane in range(lanes)]
                for column, name in zip(columns, wide.transposed(starts), strict=True):
                    inner.known[place + column] = name, False
            else:
                inner.lazy |= {place + column: (pointer, column, width) for column in columns}

    def give(self, row: list[Known], pointer: str) -> None:
        """A row of each lane's turn to where it belongs, by way of memory of their own."""
        wide, lanes, width = self.wide, self.wide.lanes, len(row)
        for first in range(0, width, lanes):
            part = row[first : first + lanes]
            if len(part) < lanes:
                for column, x in enumerate(part, first):
                    wide.scatter(x, wide.offset(pointer, column), width)
                continue
            if self.square is None:
                self.square = self.room.take(lanes * lanes)
            there = [wide.offset("%uniform", self.square + k * lanes) for k in range(lanes)]
            for x, at in zip(part, there, strict=True):
                wide.store(x, at)
            for lane, name in enumerate(wide.transposed(there)):
                wide.store((name, False), wide.offset(pointer, lane * width + first))
