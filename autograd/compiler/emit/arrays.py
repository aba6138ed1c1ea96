"""Arrays in machine code: where they lie, and numbers copied together."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograd.compiler.emit.function import SPACES, Function
from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.run.frame import CELL
from autograd.compiler.run.machine import c_symbol
from autograd.compiler.schedule.memory import BY_ROW, SPACE, UNIFORM

LINE = 8  # numbers of a line of the processor's cache: a vector that lies across two takes twice as long to read
FEW = 8  # numbers that are copied one by one
STOPPED = 4  # places: 1 if a loop was left before its end, and the exception: its type, value and traceback
SCRATCH = 1  # a place for what is written beyond the ends of arrays


@dataclass(eq=False)
class Array:
    """An array of `width` columns: at an address, or where a cell points, or where a name does.

    `owned`: nothing else lies there, so that it may be changed in place.
    """

    width: int
    length: int | None = None  # None: `rows` or the cell has it
    at: int | None = None
    cell: int | None = None
    name: str | None = None
    rows: str | None = None  # the name of the length
    owned: bool = True
    base: str = "%uniform"  # where the cell is
    lanes: int = 1  # how many numbers lie in each place, one for each row; 1: all rows share it
    stride: int | None = None  # from a row to the next, where other numbers lie between
    grouped: bool = False  # whether rows lie in groups, one in each lane, column after column

    def pointer(self, f: Function) -> str:
        """A pointer to its first number."""
        if self.name is not None:
            return self.name
        if self.at is not None:
            return pointer_to(f, self.at, self.lanes)
        return f.new(f"load ptr, ptr {f.offset(self.base, self.cell or 0)}, align 8")

    def count(self, f: Function) -> str:
        """How many rows it has, as an i64."""
        if self.length is not None or self.rows is not None:
            return self.rows or str(self.length)
        return f.new(f"load i64, ptr {f.offset(self.base, (self.cell or 0) + 1)}, align 8")

    def named(self, f: Function) -> "Array":
        """The same where it is known where it lies and how long it is, as long as that stays: by names in the code."""
        return self if self.length is not None else replace(self, name=self.pointer(f), rows=self.count(f))

    def numbers(self, f: Function) -> int | str:
        """How many numbers it has, those of all lanes."""
        width = self.width * self.lanes
        return self.length * width if self.length is not None else f.new(f"mul i64 {self.count(f)}, {width}")


class Room:
    """The memory that a program takes, as it is given away: places for numbers, cells of arrays."""

    def __init__(self, first: int, lanes: int = 1, by_row: int = 0) -> None:
        self.lanes = lanes  # how many rows go at once
        self.scratch = first
        self.places = first + SCRATCH * lanes
        self.by_row = by_row  # places for numbers of each row
        self.stopped: int | None = None  # where it says that a loop was left, and by which exception
        self.cells: list[int] = []
        self.table: list[float] = []
        self.functions: dict[Any, Any] = {}  # that several places call
        self.ways: dict[Any, Any] = {}  # in which loops go

    def take(self, count: int) -> int:
        """Give away `count` places; returns the first."""
        self.places += count
        return self.places - count

    def address(self, count: int, lanes: int = 1) -> int:
        """The first address of `count` new places, for numbers that rows share, or for one in each lane."""
        if lanes == 1:
            if count >= LINE:
                self.places += -self.places % LINE
            return UNIFORM * SPACE + self.take(count)
        self.by_row += count
        return BY_ROW * SPACE + self.by_row - count

    def array(self, f: Function, length: int | str, width: int, lanes: int = 1) -> Array:
        """A new array of `length` rows. Where that is a name in the code, the code makes the room."""
        if isinstance(length, int):
            return Array(width, length, self.address(max(1, length * width), lanes), lanes=lanes)
        array = self.growing(width, lanes)
        f.lines.append(f"  store i64 {length}, ptr {f.offset('%uniform', (array.cell or 0) + 1)}, align 8")
        self.make_room(f, array, f.new(f"mul i64 {length}, {width * lanes}"))
        return array

    def kept(self, f: Function, array: Array) -> Array:
        """An array that a name points to, with its pointer kept in memory."""
        cell = self.take(1)
        f.lines.append(f"  store ptr {array.pointer(f)}, ptr {f.offset('%uniform', cell)}, align 8")
        return Array(array.width, array.length, cell=cell, owned=array.owned, lanes=array.lanes)

    def growing(self, width: int, lanes: int = 1) -> Array:
        """A new array without rows."""
        cell = self.take(CELL)
        self.cells.append(cell)
        return Array(width, None, cell=cell, lanes=lanes)

    def make_room(self, f: Function, array: Array, numbers: str) -> None:
        """Make room for at least this many numbers."""
        realloc = f"@{c_symbol('realloc')}"
        head = "internal void @make_room(ptr %cell, i64 %numbers)"
        f.module.define_once(
            "@make_room",
            head,
            [
                "  %at = getelementptr i64, ptr %cell, i64 2",
                "  %there = load i64, ptr %at, align 8",
                "  %enough = icmp slt i64 %numbers, %there",
                "  br i1 %enough, label %done, label %more",
                "more:",
                "  %twice = shl i64 %numbers, 1",
                "  %wanted = add i64 %twice, 64",
                "  %bytes = shl i64 %wanted, 3",
                "  %old = load ptr, ptr %cell, align 8",
                f"  %new = call ptr {realloc}(ptr %old, i64 %bytes)",
                "  store ptr %new, ptr %cell, align 8",
                "  store i64 %wanted, ptr %at, align 8",
                "  br label %done",
                "done:",
            ],
        )
        f.lines.append(f"  call void @make_room(ptr {f.offset('%uniform', array.cell or 0)}, i64 {numbers})")

    def look(self, f: Function) -> str:
        """The function that tells whether to stop: because it was told to, or if it `looks`, because of a signal (Ctrl-C).

        It is a signal's handler that raises an exception, in the main thread. The exception is kept, for the caller to raise.
        """
        if self.stopped is None:
            self.stopped = self.take(STOPPED)
        at = f"  %at = getelementptr double, ptr %uniform, i64 {self.stopped}"
        lines = [at, "  %now = load i64, ptr %at, align 8", "  %already = icmp ne i64 %now, 0"]
        lines += ["  %enough = select i1 %already, i1 true, i1 %known", "  br i1 %enough, label %done, label %more", "more:"]
        lines += ["  %state = call i32 @p.PyGILState_Ensure()", "  %failed = call i32 @p.PyErr_CheckSignals()"]
        lines += ["  %raised = icmp ne i32 %failed, 0", "  br i1 %raised, label %keep, label %release", "keep:"]
        lines += [f"  %e{i} = getelementptr i64, ptr %at, i64 {i}" for i in (1, 2, 3)]
        lines += ["  call void @p.PyErr_Fetch(ptr %e1, ptr %e2, ptr %e3)", "  store i64 1, ptr %at, align 8"]
        lines += [
            "  br label %release",
            "release:",
            "  call void @p.PyGILState_Release(i32 %state)",
            "  br label %done",
            "done:",
        ]
        lines += ["  %told = load i64, ptr %at, align 8", "  %stop = icmp ne i64 %told, 0"]
        lines.insert(0, "  %known = xor i1 %looks, true")
        f.module.define_once("@look", "internal i1 @look(ptr %uniform, i1 %looks)", lines, "i1 %stop")
        return "@look"

    def begin(self, f: Function) -> None:
        """Mark that nothing was left. What cells point to is the frame's, which keeps it for the next call."""
        if self.stopped is not None:
            f.lines.append(f"  store i64 0, ptr {f.offset('%uniform', self.stopped)}, align 8")


def pointer_to(f: Function, address: int, lanes: int) -> str:
    """A pointer to a number that rows share, or to the numbers of the rows at hand, one in each of `lanes` lanes."""
    space, place = divmod(address, SPACE)
    return f.offset(SPACES[space], place * (lanes if space == BY_ROW else 1))


def copy_rows(f: Function, target: str, lanes: int, array: Array, numbers: int | str) -> None:
    """Copy numbers of an array, counted as `array.numbers` does, to `lanes` lanes: what rows share goes to each."""
    source = array.pointer(f)
    if array.lanes == lanes:
        copy(f, target, source, numbers)
        return
    assert array.lanes == 1  # noqa: S101 - a target that rows share takes nothing in which they differ
    wide = f.view(lanes)

    def one(names: list[str]) -> list[str]:
        wide.store((wide.load(names[0], single=True), False), names[1])
        return [f.offset(names[0], 1), f.offset(names[1], lanes)]

    f.loop_while(str(numbers), [("ptr", source), ("ptr", target)], one)


def move_arrays(f: Function, room: Room, pairs: Sequence[tuple[Array, Array]]) -> None:
    """Copy arrays to where others are: first apart, what lies where another goes."""
    targets = {id(target) for _, target in pairs}
    sources = []
    for array, target in pairs:
        source = array
        if array is not target and id(array) in targets:
            source = room.array(f, array.count(f) if array.length is None else array.length, array.width, array.lanes)
            copy_rows(f, source.pointer(f), source.lanes, array, array.numbers(f))
        sources.append(source)
    for source, (_, target) in zip(sources, pairs, strict=True):
        if source is not target:
            copy_rows(f, target.pointer(f), target.lanes, source, source.numbers(f))


def copy(f: Function, target: str, source: str, numbers: int | str) -> None:
    """Copy `numbers` numbers from the source to the target, which may overlap."""
    count = f.new(f"shl i64 {numbers}, 3") if isinstance(numbers, str) else str(8 * numbers)
    f.new(f"call ptr @{c_symbol('memmove')}(ptr {target}, ptr {source}, i64 {count})")


def copy_numbers(f: Function, target: str, sources: Sequence[int | float]) -> None:
    """Numbers, from addresses or constants, put side by side; those of all lanes."""
    place, lanes = 0, f.lanes
    for is_run, run in _runs(sources):
        there = f.offset(target, place * lanes)
        if is_run and len(run) >= FEW:
            array = Array(len(run), 1, int(run[0]), lanes=lanes if run[0] // SPACE == BY_ROW else 1)
            copy_rows(f, there, lanes, array, len(run) * array.lanes)
        elif len(run) >= FEW * FEW:
            _copy_by_table(f, there, run)
        else:
            for i, x in enumerate(run):
                if type(x) is float:
                    name = f.constant(x)
                else:
                    pointer, single = f.pointer_to(int(x))
                    name = f.load(pointer, single=single)
                f.store((name, False), f.offset(there, i * lanes))
        place += len(run)


def move_numbers(f: Function, sources: Sequence[int | float], address: int) -> None:
    """The same, to an address and on, for those that are not there."""
    for moved, group in itertools.groupby(enumerate(sources, address), lambda pair: pair[0] != pair[1]):
        pairs = list(group)
        if moved:
            copy_numbers(f, f.pointer_to(pairs[0][0])[0], [source for _, source in pairs])


def _runs(sources: Sequence[int | float]) -> list[tuple[bool, list[int | float]]]:
    """Sources as runs of consecutive addresses, and of others."""
    pieces: list[list[int | float]] = []
    for x in sources:
        if pieces and type(x) is int and type(pieces[-1][-1]) is int and x == pieces[-1][-1] + 1:
            pieces[-1].append(x)
        else:
            pieces.append([x])
    found: list[tuple[bool, list[int | float]]] = []
    for long, group in itertools.groupby(pieces, lambda piece: len(piece) >= FEW):
        together = list(group)
        found += [(True, piece) for piece in together] if long else [(False, [x for piece in together for x in piece])]
    return found


def _copy_by_table(f: Function, target: str, sources: Sequence[int | float]) -> None:
    """Many numbers that lie anywhere, by a table of their places."""
    for space in sorted({x // SPACE for x in sources if type(x) is int}):
        pairs = [(i, x % SPACE) for i, x in enumerate(sources) if type(x) is int and x // SPACE == space]
        _copy_pairs(f, target, f.pointer_to(int(space) * SPACE)[0], pairs, single=space != BY_ROW)
    constants = [(i, x) for i, x in enumerate(sources) if type(x) is float]
    if constants:
        table = f.module.constants("double", [number_text(x) for _, x in constants])
        _copy_pairs(f, target, table, [(i, k) for k, (i, _) in enumerate(constants)], single=True)


def _copy_pairs(f: Function, target: str, source: str, pairs: Sequence[tuple[int, int | float]], *, single: bool) -> None:
    scale = 1 if single else f.lanes
    table = f.module.constants("i32", [str(x) for i, place in pairs for x in (i * f.lanes, int(place) * scale)])

    def one(names: list[str]) -> list[str]:
        (at,) = names
        places = []
        for i in range(2):
            place = f.new(f"load i32, ptr {f.new(f'getelementptr i32, ptr {at}, i64 {i}')}, align 4")
            places.append(f.new(f"zext i32 {place} to i64"))
        x = f.load(f.new(f"getelementptr double, ptr {source}, i64 {places[1]}"), single=single)
        f.store((x, False), f.new(f"getelementptr double, ptr {target}, i64 {places[0]}"))
        return [f.new(f"getelementptr i32, ptr {at}, i64 2")]

    f.loop(len(pairs), [("ptr", table)], one)


def transposed(f: Function, room: Room, array: Array) -> Array:
    """A new array that has the columns of one of known length as rows."""
    g, rows, columns = f.view(array.lanes), array.length or 0, array.width
    new = room.array(f, columns, rows, g.lanes)

    def column(names: list[str]) -> list[str]:
        def number(names: list[str]) -> list[str]:
            g.store((g.load(names[0]), False), names[1])
            return [g.offset(names[0], columns * g.lanes), g.offset(names[1], g.lanes)]

        end = g.loop(rows, [("ptr", name) for name in names], number)[1]
        return [g.offset(names[0], g.lanes), end]

    g.loop(columns, [("ptr", array.pointer(f)), ("ptr", new.pointer(f))], column)
    return new
