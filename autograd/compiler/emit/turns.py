"""The turns of a loop in machine code: what is carried in registers, rows by pointers, lanes where turns are apart."""

from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from autograd.compiler.emit import open_rows
from autograd.compiler.emit.abreast import print_abreast
from autograd.compiler.emit.arrays import Array, copy, copy_numbers, copy_rows, move_arrays, move_numbers
from autograd.compiler.emit.bundles import BundledLevel, Bundles, Chunk, truths_of
from autograd.compiler.emit.calls import print_call
from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.lanes import print_in_lanes
from autograd.compiler.emit.levels import LONG, LONGEST_BODY, MOST_IN_REGISTERS, in_place, ssa_of, work_of
from autograd.compiler.emit.llvm_module import number_text
from autograd.compiler.emit.looks import GoesOn, Starts, Turn, looking
from autograd.compiler.emit.nested import POINTERS, Level
from autograd.compiler.emit.places import carried_places, print_long
from autograd.compiler.emit.repeated import is_repeated, print_repeated
from autograd.compiler.emit.varying import in_turns, varying
from autograd.compiler.emit.ways import Way, grouped_of, way_of
from autograd.compiler.emit.windows import Kept, kept_of
from autograd.compiler.schedule.memory import SPACE, UNIFORM
from autograd.compiler.simplify import SSA
from autograd.forms import Call, Row


def print_loop(level: Level, f: Function, i: int, *, staged: bool) -> list[Any]:
    """A loop; returns its results: arrays, and numbers by their names, or in a staged level by their addresses."""
    if isinstance(level.ssa.primitives[i], Call) and i not in level.functions:
        return print_call(level, f, i, print_loop)
    if not staged:
        return _Printer(level, f, i).results()
    if is_repeated(level, i):
        return print_repeated(level, f, i, _as_function)
    name, results = _as_function(level, f, i)
    f.lines.append(f"  call void {name}({POINTERS})")
    return results


def _as_function(level: Level, f: Function, i: int, parameters: str = "") -> tuple[str, list[Any]]:
    """A loop as a function: its name, and the results, of which numbers lie at addresses."""
    name = level.module.unique("@loop")
    g = Function(level.module, f.lanes)
    printer = _Printer(level, g, i)
    found = printer.results()
    for k, x in enumerate(found):
        if not isinstance(x, Array | int):
            found[k] = level.room.address(1, g.lanes)
            g.store(x, g.pointer_to(found[k])[0])
    head = ", ".join(filter(None, [POINTERS, parameters]))
    level.module.define(f"internal void {name}({head})", g.lines, attributes=int(printer.long))
    return name, found


class Register(NamedTuple):
    """What is carried in one: the numbers of these slots, as truth values or as numbers."""

    slots: tuple[int, ...]
    truth: bool


class _Printer:
    """Prints one loop into a function."""

    def __init__(self, level: Level, f: Function, i: int) -> None:
        self.level, self.f, self.room, self.index = level, f, level.room, i
        self.loop: Any = level.ssa.primitives[i]
        operands = level.ssa.operands[i]
        self.count_at, self.carry, self.xs, self.shared = self.loop.parts(operands)
        self.long = False  # the body is in pieces: what is between needs no optimising
        self.bundles: Bundles | None = None
        self.turns: int | str | None = None  # if they are known before
        self.windows: dict[int, Array] = {}  # of the xs that are open rows, a turn's part
        self.kept: list[Kept] = []
        self.body, self.test = ssa_of(self.loop.body), None if self.loop.test is None else ssa_of(self.loop.test)
        self.varies = in_turns(self.loop, [bool(level.varies[x]) for x in operands]) if f.lanes > 1 else []

    def results(self) -> list[Any]:
        """Print it; what is carried at the end, how many turns there were if there is a test, and arrays."""
        f, loop, level = self.f, self.loop, self.level
        free = f.lanes == 1  # its lanes are not taken by rows
        self.bundles, carried, abreast = way_of(self.room, loop, f.module.host) if free else Way()
        units = self.bundles.units if self.bundles else sum(p is not None for p in self.body.primitives)
        self.long = units > LONGEST_BODY
        truths = truths_of(self.body, loop)
        vectors = [tuple([x - 1 for x in chunk]) for chunk, _ in (self.bundles.carried if self.bundles else ())]
        apart = {j for slots in vectors for j in slots}
        numbers = [j for j, width in enumerate(loop.carry) if not width and j not in apart]
        self.memory: dict[int, int] = {}  # where there are many, the address of each number that is carried
        if len(numbers) - len(truths.intersection(numbers)) > MOST_IN_REGISTERS:
            self.memory = carried_places(self.body, numbers, self.room, f.lanes)
        self.owned = {j: level.owned(f, self.carry[j]) for j, width in enumerate(loop.carry) if width}
        self.buffers = self.owned if self.long else {j: array.named(f) for j, array in self.owned.items()}
        arrays = {x: level.arrays[x] for k, x in enumerate(self.shared) if loop.shared[k]}
        self.shared_arrays = arrays if self.long else {x: array.named(f) for x, array in arrays.items()}
        there = [k for k, width in enumerate(loop.shared) if not width]
        if len(there) > MOST_IN_REGISTERS:
            there = [k for k in there if self.shared[k] not in level.address]
        self.shared_now = {k: level.value(f, self.shared[k]) for k in there}
        if self.memory:
            self._keep(level, [self.carry[j] for j in numbers], staged=not level.in_one_piece)
            numbers = []
        self.registers = [Register((j,), j in truths) for j in numbers]
        self.registers += [Register(slots, truths.issuperset(slots)) for slots in vectors]
        self.shared_vectors = self._shared_vectors()
        starts = [self._start(register) for register in self.registers]
        if loop.test is not None:
            return self._while(starts)
        count = self._count()
        self.given = self._arrays_given(count)
        if abreast:
            print_abreast(self, count)
            return list(self.given)
        last = self._turns(count, starts) if carried is None else print_in_lanes(self, count, carried, starts)
        return [*self._carried(last), *self.given]

    def _arrays_given(self, count: int | str) -> list[Array]:
        """Where the ys are: windows of what is carried, where another array lay, or new."""
        f, room, there = self.f, self.room, self.level.targets | self.level.ends
        if self.long and self.memory and f.lanes == 1:
            self.kept = kept_of(self.level.ssa, self.index, self.body, self.memory, room)
        windows = {y: array for kept in self.kept for y, array in kept.arrays.items()}
        return [
            open_rows.begin(f, room, row.columns)
            if row.is_open
            else windows.get(y)
            or there.get((self.index, y))
            or replace(room.array(f, count, row.width, f.lanes), grouped=grouped)
            for y, (row, grouped) in enumerate(zip(self.loop.ys, grouped_of(self.level, f, self.index), strict=True))
        ]

    def _start(self, register: Register) -> tuple[str, str]:
        """The kind of a register, and what it has before the first turn."""
        f, level = self.f, self.level
        view = self._view(f, register)
        if len(register.slots) == 1:
            known = level.value(f, self.carry[register.slots[0]])
        else:
            known = level.together(f, [self.carry[j] for j in register.slots]), False
        return (view.truth, view.as_truth(known)) if register.truth else (view.kind, view.as_number(known))

    @staticmethod
    def _view(f: Function, register: Register) -> Function:
        """The function to write a register in: one number, or one for each row, or several side by side."""
        return f if len(register.slots) == 1 else f.view(len(register.slots))

    def _shared_vectors(self) -> dict[Chunk, Known]:
        """The vectors of what is shared, by their places in the body."""
        if self.bundles is None:
            return {}
        first = self.body.inputs - len(self.shared)
        chunks = [chunk for chunk in self.bundles.inputs if chunk[0] >= first]
        return {c: (self.level.together(self.f, [self.shared[x - first] for x in c]), False) for c in chunks}

    def _carried(self, last: list[str]) -> list[Any]:
        """What is carried at the end."""
        for kept in self.kept:
            kept.end(self.f)
        found: dict[int, Any] = self.memory | self.owned
        for register, name in zip(self.registers, last, strict=True):
            if len(register.slots) == 1:
                found[register.slots[0]] = name, register.truth
            else:
                view = self.f.view(len(register.slots))
                first = UNIFORM * SPACE + self.room.take(view.lanes)
                view.store((name, register.truth), view.pointer_to(first)[0])
                found |= {j: first + k for k, j in enumerate(register.slots)}
        return [found[j] for j in range(len(self.loop.carry))]

    def _keep(self, level: Level, numbers: list[int], *, staged: bool) -> None:
        """Put the numbers of a level that are carried into memory; none is read there after this."""
        f, places = self.f, list(self.memory.values())
        if not staged:
            names = [(f.as_number(level.value(f, x)), False) for x in numbers]
            for place, name in zip(places, names, strict=True):
                f.store(name, f.pointer_to(place)[0])
            return
        sources = [level.source(f, x) for x in numbers]
        runs = [[k for k, _ in run] for _, run in groupby(enumerate(places), lambda pair: pair[1] - pair[0])]
        there = set(places)
        if any(x in there and x != place for x, place in zip(sources, places, strict=True)):  # one goes to another's place
            apart = f.pointer_to(self.room.address(len(places), f.lanes))[0]
            copy_numbers(f, apart, sources)
            for run in runs:
                copy(f, f.pointer_to(places[run[0]])[0], f.offset(apart, run[0] * f.lanes), len(run) * f.lanes)
        else:
            for run in runs:
                move_numbers(f, sources[run[0] : run[-1] + 1], places[run[0]])

    def _count(self) -> int | str:
        if self.loop.turns is not None:
            return int(self.loop.turns)
        if self.count_at in self.level.ssa.constants:
            return max(0, int(self.level.ssa.constants[self.count_at]))
        return self.level.turns(self.f, self.count_at)

    def _turns(self, count: int | str, starts: list[tuple[str, str]]) -> list[str]:
        """All turns one after another; returns what is carried at the end."""
        f, loop = self.f, self.loop
        rows = [*zip(self.xs, loop.xs, strict=True)]
        back = loop.reverse
        step = -1 if back else 1
        carried: list[tuple[str, str]] = []
        last: Any = 0
        if back:
            last = count - 1 if isinstance(count, int) else f.new(f"sub i64 {count}, 1")
        first = number_text(float(last)) if isinstance(last, int) else f.new(f"sitofp i64 {last} to double")
        carried.append(("double", first))
        self.turns = count
        strides: list[int | str] = []
        for array, row in [*[(self.level.arrays[x], row) for x, row in rows], *zip(self.given, loop.ys, strict=True)]:
            pointer, stride = array.pointer(f), array.stride or row.width * array.lanes
            if row.is_open and len(strides) < len(rows):
                self.windows[len(strides)], stride = open_rows.window(f, self.room, array, count)
            strides.append(stride)
            known = isinstance(last, int) and isinstance(stride, int)
            carried.append(("ptr", f.offset(pointer, last * stride if known else f.new(f"mul i64 {last}, {stride}"))))
        carried += starts
        many = len(strides)
        steps = [step * by if isinstance(by, int) else f.new(f"mul i64 {step}, {by}") for by in strides]

        def turn(names: list[str]) -> list[str]:
            counter, pointers, now = names[0], names[1 : 1 + many], names[1 + many :]
            following = self.one(f, counter, now, pointers)
            after = f.new(f"fadd double {counter}, {number_text(float(step))}")
            moved = [f.offset(p, by) for p, by in zip(pointers, steps, strict=True)]
            return [after, *moved, *following]

        if isinstance(count, int) and not self.is_long(count):
            found = f.loop(count, carried, turn) if count else [x for _, x in carried]
            return found[1 + many :]
        return self.turned(count, carried, turn)[1 + many :]

    def is_long(self, count: int | str) -> bool:
        """Whether the loop takes so long that it must look for a signal."""
        return isinstance(count, str) or count * work_of(self.body) > LONG

    def turned(self, count: int | str, carried: Starts, turn: Callable[[list[str]], list[str]]) -> list[str]:
        """So many turns, with a look now and then; returns what is carried at the end."""

        def goes_on(index: str, _: list[str]) -> str:
            return self.f.new(f"icmp slt i64 {index}, {count}")

        return self.looking(carried, goes_on, lambda _, names: turn(names))[0]

    def looking(self, carried: Starts, goes_on: GoesOn, turn: Turn) -> tuple[list[str], str]:
        """Turns as long as `goes_on`, with a look now and then: what is carried at the end, and how many there were."""
        return looking(self.f, self.room, work_of(self.body), carried, goes_on, turn)

    def one(self, f: Function, counter: str, carried: list[str], pointers: list[str]) -> list[str]:
        """One turn: returns what is carried on, register by register."""
        loop = self.loop
        inner = self._inputs(f, self.body, counter, carried, pointers[: len(loop.xs)], loop.xs)
        inner.targets = {key: self.buffers[j] for key, j in in_place(self.body, loop).items()}
        bundled = inner if isinstance(inner, BundledLevel) else None
        early: Collection[int] = ()
        if self.long:
            early = print_long(self, f, inner, pointers)
        else:
            inner.print(f)
        outputs = iter(self.body.outputs)
        found = [next(outputs) for _ in loop.carry]
        following = []
        for register in self.registers:
            view, slots = self._view(f, register), register.slots
            known = inner.value(f, found[slots[0]])
            if len(slots) > 1:
                assert bundled is not None  # noqa: S101 - which has vectors
                known = bundled.chunk(f, tuple([found[j] for j in slots])) or known
            following.append(view.as_truth(known) if register.truth else view.as_number(known))
        for y, (pointer, row) in enumerate(zip(pointers[len(loop.xs) :], loop.ys, strict=True)):
            numbers = [next(outputs) for _ in range(row.places)]
            if row.is_open:
                open_rows.give(f, self.room, self.given[y], inner.arrays[numbers[0]], counter, self.turns)
            elif y not in early:
                self._give(f, inner, numbers, row, pointer)
        move_arrays(f, self.room, [(inner.arrays[found[j]], buffer) for j, buffer in self.buffers.items()])
        if self.memory:
            self._keep(inner, [found[j] for j in self.memory], staged=self.long)
        return following

    def _give(self, f: Function, inner: Level, row: list[int], shape: Row, pointer: str) -> None:
        """Put a row where it belongs: an array, or numbers, and vectors where there are any."""
        if shape.columns:
            now = inner.arrays[row[0]]
            copy_rows(f, pointer, f.lanes, now, shape.width * now.lanes)
            return
        if self.long:
            copy_numbers(f, pointer, [inner.source(f, x) for x in row])
            return
        left = dict(enumerate(row))
        if isinstance(inner, BundledLevel):
            for chunk in inner.bundles.rows_of(row):
                known = inner.chunk(f, tuple([row[column] for column in chunk]))
                if known is not None:
                    f.view(len(chunk)).store(known, f.offset(pointer, chunk[0]))
                    for column in chunk:
                        del left[column]
        for column, x in left.items():
            f.store(inner.value(f, x), f.offset(pointer, column * f.lanes))

    def _inputs(
        self, f: Function, ssa: SSA, counter: str, registers: list[str], pointers: list[str], xs: tuple[Row, ...]
    ) -> Level:
        """A level with its inputs: the counter, what is carried, rows, what is shared."""
        outer, loop = self.level, self.loop
        made = (outer.module, outer.options, outer.room, ssa, print_loop)
        inner = Level(*made) if self.bundles is None else BundledLevel(*made)
        inner.varies = varying(ssa, self._varies_in(ssa)) if f.lanes > 1 else ()
        inner.known[0] = f.splat(counter), False
        carried, vectors = {}, dict(self.shared_vectors)
        for register, name in zip(self.registers, registers, strict=True):
            if len(register.slots) == 1:
                carried[register.slots[0]] = name, register.truth
            else:
                vectors[tuple([1 + j for j in register.slots])] = name, register.truth
        for place, j in enumerate(range(len(loop.carry)), 1):
            if j in self.memory:
                inner.address[place] = self.memory[j]
            elif j in carried:
                inner.known[place] = carried[j]
            elif j in self.buffers:
                inner.arrays[place] = self.buffers[j]
        self.share(inner, self._read(f, inner, 1 + len(loop.carry), pointers, xs), self.shared_now)
        if isinstance(inner, BundledLevel) and self.bundles is not None:
            inner.start(f, self.bundles, vectors)
        return inner

    def _varies_in(self, ssa: SSA) -> list[bool]:
        """The inputs of the body, or of the test, in which rows differ."""
        if ssa is self.body:
            return self.varies
        many = 1 + len(self.loop.carry)
        return [*self.varies[:many], *self.varies[self.body.inputs - len(self.shared) :]]

    def _read(self, f: Function, inner: Level, place: int, pointers: list[str], xs: tuple[Row, ...]) -> int:
        """The rows of a turn as inputs, from a place on; returns the next place."""
        for k, (pointer, row, x) in enumerate(zip(pointers, xs, self.xs if xs else (), strict=True)):
            lanes = self.level.arrays[x].lanes
            if row.is_open:
                inner.arrays[place] = open_rows.show(f, self.windows[k], pointer)
            elif row.columns:
                inner.arrays[place] = Array(row.columns, row.width // row.columns, name=pointer, owned=False, lanes=lanes)
            else:
                inner.lazy |= {place + column: (pointer, column * lanes, int(lanes > 1)) for column in range(row.width)}
            place += row.places
        return place

    def share(self, inner: Level, place: int, known: dict[int, Known]) -> None:
        """What turns share as inputs, from a place on; some of it has names."""
        outer, loop = self.level, self.loop
        for k, x in enumerate(self.shared):
            if x in outer.address:
                inner.address[place] = outer.address[x]
            if k in known:
                inner.known[place] = known[k]
            elif loop.shared[k]:
                inner.arrays[place] = replace(self.shared_arrays[x], owned=False)
            place += 1

    # --- turns that a test counts

    def _while(self, starts: list[tuple[str, str]]) -> list[Any]:
        f, loop = self.f, self.loop
        assert self.test is not None  # noqa: S101 - a loop with a test
        self.given = [open_rows.begin(f, self.room, row.across) for row in loop.ys]
        test = self.test

        def goes_on(_: str, names: list[str]) -> str:
            tested = self._inputs(f, test, names[0], names[1:], [], ())
            tested.print(f)
            if f.lanes > 1:
                return f.view(1).as_truth((tested.alone(f, test.outputs[0]), False))
            return f.as_truth(tested.value(f, test.outputs[0]))

        def turn(index: str, names: list[str]) -> list[str]:
            pointers = []
            for array, row in zip(self.given, loop.ys, strict=True):
                width = row.width * array.lanes
                place = f.new(f"mul i64 {index}, {width}")
                self.room.make_room(f, array, f.new(f"add i64 {place}, {width}"))
                pointers.append(f.new(f"getelementptr double, ptr {array.pointer(f)}, i64 {place}"))
            following = self.one(f, names[0], names[1:], pointers)
            return [f.new(f"fadd double {names[0]}, {number_text(1.0)}"), *following]

        carried = [("double", number_text(0.0)), *starts]
        (counter, *names), index = self.looking(carried, goes_on, turn)
        for array in [array for array, row in zip(self.given, loop.ys, strict=True) if not row.is_open]:
            f.lines.append(f"  store i64 {index}, ptr {f.offset('%uniform', (array.cell or 0) + 1)}, align 8")
        return [*self._carried(names), (f.splat(counter), False), *self.given]
