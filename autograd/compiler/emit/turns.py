"""The turns of a loop in machine code: what is carried in registers, rows by pointers, lanes where turns are apart."""

from collections.abc import Callable
from typing import Any

from autograd.compiler.emit.arrays import Array, Room, copy, copy_numbers
from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.emit.nested import LONGEST_BODY, POINTERS, Level, operations_of, ssa_of, work_of
from autograd.compiler.options import Options
from autograd.compiler.schedule.memory import SHARED, SPACE, UNIFORM
from autograd.compiler.simplify import SSA
from autograd.forms import Form, Row

WORDS = 2  # of an array among the inputs: its pointer, and how many rows it has
MOST_IN_REGISTERS = 16  # numbers that are carried, or shared
LONG = 1 << 20  # operations of a loop, from which it looks now and then whether to stop
EACH_LOOK = 1 << 23  # operations between two looks


def print_program(module: LLVMModule, options: Options, ssa: SSA) -> tuple[Function, Room]:
    """The function that computes a program with loops: its inputs are at `%shared`, its outputs the first of `%uniform`."""
    room = Room(len(ssa.outputs))
    level = Level(module, options, room, ssa, print_loop)
    place = 0
    for i, width in enumerate(options.arrays or (0,) * ssa.inputs):
        if width:
            level.arrays[i] = Array(width, None, cell=place, owned=False, base="%shared")
        else:
            level.address[i] = SHARED * SPACE + place
        place += WORDS if width else 1
    f = Function(module, 1)
    level.print_staged(f)
    sources = [ssa.constants[x] if x in ssa.constants else level.address[x] for x in ssa.outputs]
    copy_numbers(f, "%uniform", sources)
    run = Function(module, 1)
    run.names = f.names
    room.begin(run)
    run.lines += f.lines
    room.end(run)
    return run, room


def print_loop(level: Level, f: Function, i: int, *, staged: bool) -> list[Any]:
    """A loop; returns its results: arrays, and numbers by their names, or in a staged level by their addresses."""
    if not staged:
        return _Printer(level, f, i).results()
    name = level.module.unique("@loop")
    g = Function(level.module, 1)
    printer = _Printer(level, g, i)
    found = printer.results()
    results: list[Any] = []
    for x in found:
        if isinstance(x, Array | int):
            results.append(x)
            continue
        address = UNIFORM * SPACE + level.room.take(1)
        g.store(x, g.pointer_to(address)[0])
        results.append(address)
    level.module.define(f"internal void {name}({POINTERS})", g.lines, attributes=int(printer.long))
    f.lines.append(f"  call void {name}({POINTERS})")
    return results


class _Printer:
    """Prints one loop into a function."""

    def __init__(self, level: Level, f: Function, i: int) -> None:
        self.level, self.f, self.room = level, f, level.room
        self.loop: Any = level.ssa.primitives[i]
        operands = level.ssa.operands[i]
        self.count_at, self.carry, self.xs, self.shared = self.loop.parts(operands)
        self.long = False  # the body is in pieces: what is between needs no optimising
        self.square: int | None = None  # places for a square of numbers
        self.body, self.test = ssa_of(self.loop.body), None if self.loop.test is None else ssa_of(self.loop.test)

    def results(self) -> list[Any]:
        """Print it; what is carried at the end, how many turns there were if there is a test, and arrays."""
        f, loop, level = self.f, self.loop, self.level
        numbers = [j for j, width in enumerate(loop.carry) if not width]
        self.memory: dict[int, int] = {}  # where there are many, the address of each number that is carried
        if len(numbers) > MOST_IN_REGISTERS:
            first = UNIFORM * SPACE + self.room.take(len(numbers))
            self.memory = {j: first + k for k, j in enumerate(numbers)}
        self.buffers = {j: level.owned(f, self.carry[j]) for j, width in enumerate(loop.carry) if width}
        there = [k for k, width in enumerate(loop.shared) if not width]
        if len(there) > MOST_IN_REGISTERS:
            there = [k for k in there if self.shared[k] not in level.address]
        self.shared_now = {k: level.value(f, self.shared[k]) for k in there}
        if self.memory:
            self._keep({j: level.value(f, self.carry[j]) for j in numbers})
            numbers = []
        starts = [f.as_number(level.value(f, self.carry[j])) for j in numbers]
        if loop.test is not None:
            return self._while(numbers, starts)
        count = self._count()
        self.given = [self.room.array(f, count, row.width) for row in loop.ys]
        if not loop.carry and self._is_wide():
            self._in_lanes(count)
            return list(self.given)
        last = self._turns(count, numbers, starts)
        return [*self._carried(numbers, last), *self.given]

    def _carried(self, numbers: list[int], last: list[str]) -> list[Any]:
        names = {j: (name, False) for j, name in zip(numbers, last, strict=True)}
        found: dict[int, Any] = names | self.memory | self.buffers
        return [found[j] for j in range(len(self.loop.carry))]

    def _keep(self, numbers: dict[int, Known]) -> None:
        """Put what is carried into memory. All of it is known by name: nothing is read there after this."""
        for j, x in numbers.items():
            self.f.store(x, self.f.pointer_to(self.memory[j])[0])

    def _count(self) -> int | str:
        if self.loop.turns is not None:
            return int(self.loop.turns)
        f = self.f
        if self.count_at in self.level.ssa.constants:
            return max(0, int(self.level.ssa.constants[self.count_at]))
        x = f.as_number(self.level.value(f, self.count_at))
        some = f.new(f"fcmp ogt double {x}, {number_text(0.0)}")
        return f.new(f"select i1 {some}, i64 {f.new(f'fptosi double {x} to i64')}, i64 0")

    def _turns(self, count: int | str, numbers: list[int], starts: list[str]) -> list[str]:
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
        for array, row in [*[(self.level.arrays[x], row) for x, row in rows], *zip(self.given, loop.ys, strict=True)]:
            pointer = array.pointer(f)
            if isinstance(last, int):
                pointer = f.offset(pointer, last * row.width)
            else:
                pointer = f.new(f"getelementptr double, ptr {pointer}, i64 {f.new(f'mul i64 {last}, {row.width}')}")
            carried.append(("ptr", pointer))
        carried += [("double", x) for x in starts]
        many = len(rows) + len(self.given)
        shapes: list[Row] = [*loop.xs, *loop.ys]

        def turn(names: list[str]) -> list[str]:
            counter, pointers, now = names[0], names[1 : 1 + many], names[1 + many :]
            following = self._one(f, counter, dict(zip(numbers, now, strict=True)), pointers)
            after = f.new(f"fadd double {counter}, {number_text(float(step))}")
            moved = [f.offset(p, step * row.width) for p, row in zip(pointers, shapes, strict=True)]
            return [after, *moved, *following]

        if isinstance(count, int) and count * work_of(self.body) <= LONG:
            found = f.loop(count, carried, turn) if count else [x for _, x in carried]
            return found[1 + many :]

        def goes_on(index: str, _: list[str]) -> str:
            return f.new(f"icmp slt i64 {index}, {count}")

        return self._looking(carried, goes_on, lambda _, names: turn(names))[0][1 + many :]

    def _looking(
        self,
        carried: list[tuple[str, str]],
        goes_on: Callable[[str, list[str]], str],
        turn: Callable[[str, list[str]], list[str]],
    ) -> tuple[list[str], str]:
        """Turns as long as `goes_on(number of the turn, carried)`, with a look now and then whether to stop.

        Returns what is carried at the end, and how many turns there were.
        """
        f, room = self.f, self.room
        every = max(1, EACH_LOOK // max(1, work_of(self.body)))
        broken = f.new(f"call i1 {room.look(f)}(ptr %uniform, i1 false)")
        first = f.new(f"select i1 {broken}, i64 1, i64 {every}")
        before, head, some, due, last, end = (f.label() for _ in range(6))
        f.lines += [f"  br label %{before}", f"{before}:", f"  br label %{head}", f"{head}:"]
        at = len(f.lines)
        index, left, stop = (f"%n{next(f.names)}" for _ in range(3))
        names = [f"%p{next(f.names)}" for _ in carried]
        wanted = f.new(f"and i1 {goes_on(index, names)}, {f.new(f'xor i1 {stop}, true')}")
        f.lines += [f"  br i1 {wanted}, label %{some}, label %{end}", f"{some}:"]
        truths = f.truths()  # beyond here not every line is reached
        following = turn(index, names)
        f.truths(truths)
        more, fewer = f.new(f"add i64 {index}, 1"), f.new(f"sub i64 {left}, 1")
        turned = f.label()
        f.lines += [f"  br label %{turned}", f"{turned}:"]
        f.lines += [f"  br i1 {f.new(f'icmp eq i64 {fewer}, 0')}, label %{due}, label %{last}", f"{due}:"]
        found = f.new(f"call i1 {room.look(f)}(ptr %uniform, i1 true)")
        f.lines += [f"  br label %{last}", f"{last}:"]
        again = f.new(f"phi i64 [ {fewer}, %{turned} ], [ {every}, %{due} ]")
        stopping = f.new(f"phi i1 [ false, %{turned} ], [ {found}, %{due} ]")
        f.lines += [f"  br label %{head}", f"{end}:"]
        phis = [(index, "i64", "0", more), (left, "i64", first, again), (stop, "i1", "false", stopping)]
        phis += [(name, kind, start, then) for name, (kind, start), then in zip(names, carried, following, strict=True)]
        f.lines[at:at] = [f"  {n} = phi {kind} [ {x}, %{before} ], [ {then}, %{last} ]" for n, kind, x, then in phis]
        return names, index

    def _one(self, f: Function, counter: str, carried: dict[int, str], pointers: list[str]) -> list[str]:
        """One turn: returns what is carried on."""
        loop = self.loop
        inner = self._inputs(self.body, counter, carried, pointers[: len(loop.xs)], loop.xs)
        self.long = operations_of(self.body) - _inside(self.body) > LONGEST_BODY
        if self.long:
            self._print_long(f, inner, pointers)
        else:
            inner.print(f)
        outputs = iter(self.body.outputs)
        found = [next(outputs) for _ in loop.carry]
        numbers = {j: (f.as_number(inner.value(f, x)), False) for j, x in enumerate(found) if not loop.carry[j]}
        following = [name for name, _ in numbers.values()]
        for pointer, row in zip(pointers[len(loop.xs) :], loop.ys, strict=True):
            if row.columns:
                copy(f, pointer, inner.arrays[next(outputs)].pointer(f), row.width)
            elif self.long:
                copy_numbers(f, pointer, [inner.source(f, next(outputs)) for _ in range(row.width)])
            else:
                for column in range(row.width):
                    f.store(inner.value(f, next(outputs)), f.offset(pointer, column))
        for j, buffer in self.buffers.items():
            array = inner.arrays[found[j]]
            if array is not buffer:
                copy(f, buffer.pointer(f), array.pointer(f), buffer.numbers(f))
        if self.memory:
            self._keep(numbers)
            return []
        return following

    def _print_long(self, f: Function, inner: Level, pointers: list[str]) -> None:
        """A body in pieces: functions, which find its inputs in memory."""
        place = 1 + len(self.loop.carry)
        for pointer, row in zip(pointers, self.loop.xs, strict=False):
            if not row.columns:
                at = self.room.take(row.width)
                copy(f, f.offset("%uniform", at), pointer, row.width)
                inner.address |= {place + column: UNIFORM * SPACE + at + column for column in range(row.width)}
            place += 1 if row.columns else row.width
        inner.lazy.clear()
        for i in range(self.body.inputs):
            if i in inner.known:
                inner.in_memory(f, i)
        inner.known.clear()
        for place, array in inner.arrays.items():
            if array.name is not None:
                inner.arrays[place] = self.room.kept(f, array)
        inner.print_staged(f)

    def _inputs(self, ssa: SSA, counter: str, carried: dict[int, str], pointers: list[str], xs: tuple[Row, ...]) -> Level:
        """A level with its inputs: the counter, what is carried, rows, what is shared."""
        outer, loop = self.level, self.loop
        inner = Level(outer.module, outer.options, outer.room, ssa, print_loop)
        inner.known[0] = counter, False
        for place, j in enumerate(range(len(loop.carry)), 1):
            if j in self.memory:
                inner.address[place] = self.memory[j]
            elif j in carried:
                inner.known[place] = carried[j], False
            else:
                inner.arrays[place] = self.buffers[j]
        self._share(inner, self._read(inner, 1 + len(loop.carry), pointers, xs))
        return inner

    @staticmethod
    def _read(inner: Level, place: int, pointers: list[str], xs: tuple[Row, ...]) -> int:
        """The rows of a turn as inputs, from a place on; returns the next place."""
        for pointer, row in zip(pointers, xs, strict=True):
            if row.columns:
                inner.arrays[place] = Array(row.columns, row.width // row.columns, name=pointer, owned=False)
                place += 1
                continue
            for column in range(row.width):
                inner.lazy[place] = pointer, column, 0
                place += 1
        return place

    def _share(self, inner: Level, place: int) -> None:
        """What turns share as inputs, from a place on."""
        outer, loop = self.level, self.loop
        for k, x in enumerate(self.shared):
            if x in outer.address:
                inner.address[place] = outer.address[x]
            if k in self.shared_now:
                inner.known[place] = self.shared_now[k]
            elif loop.shared[k]:
                there = outer.arrays[x]
                inner.arrays[place] = Array(
                    there.width, there.length, there.at, there.cell, there.name, owned=False, base=there.base
                )
            place += 1

    # --- turns in the lanes of vectors

    def _is_wide(self) -> bool:
        """Whether turns can go side by side."""
        loop = self.loop
        plain = not any(isinstance(p, Form) for p in self.body.primitives)
        rows = not any(row.columns for row in [*loop.xs, *loop.ys])
        few = loop.turns is None or loop.turns >= self.f.module.host.lanes
        return plain and rows and few and not any(loop.shared) and operations_of(self.body) <= LONGEST_BODY

    def _in_lanes(self, count: int | str) -> None:
        f, loop = self.f, self.loop
        wide = f.view(f.module.host.lanes)
        lanes = wide.lanes
        whole: Any = count // lanes if isinstance(count, int) else f.new(f"udiv i64 {count}, {lanes}")
        shapes: list[Row] = [*loop.xs, *loop.ys]
        starts = [array.pointer(f) for array in [*[self.level.arrays[x] for x in self.xs], *self.given]]
        several = {k: wide.splat(f.as_number(x)) for k, x in self.shared_now.items()}
        steps = [number_text(float(lane)) for lane in range(lanes)]
        ramp = f"<{', '.join([f'double {x}' for x in steps])}>"

        def group(names: list[str]) -> list[str]:
            counter, pointers = names[0], names[1:]
            now = wide.new(f"fadd {wide.kind} {wide.splat(counter)}, {ramp}")
            inner = Level(self.level.module, self.level.options, self.room, self.body, print_loop)
            inner.known[0] = now, False
            place = 1
            for pointer, row in zip(pointers, loop.xs, strict=False):
                self._rows_in_lanes(wide, inner, place, pointer, row.width)
                place += row.width
            for k, x in enumerate(self.shared):
                if k in several:
                    inner.known[place] = several[k], False
                else:
                    inner.address[place] = self.level.address[x]
                place += 1
            inner.print(wide)
            outputs = iter(self.body.outputs)
            for pointer, row in zip(pointers[len(loop.xs) :], loop.ys, strict=True):
                self._give_in_lanes(wide, [inner.value(wide, next(outputs)) for _ in range(row.width)], pointer)
            after = f.new(f"fadd double {counter}, {number_text(float(lanes))}")
            return [after, *[f.offset(p, lanes * row.width) for p, row in zip(pointers, shapes, strict=True)]]

        carried = [("double", number_text(0.0)), *[("ptr", p) for p in starts]]
        names = f.loop_while(str(whole), carried, group)

        def single(names: list[str]) -> list[str]:
            self._one(f, names[0], {}, names[1:])
            after = f.new(f"fadd double {names[0]}, {number_text(1.0)}")
            return [after, *[f.offset(p, row.width) for p, row in zip(names[1:], shapes, strict=True)]]

        rest: Any = count % lanes if isinstance(count, int) else f.new(f"urem i64 {count}, {lanes}")
        if rest != 0:
            f.loop_while(str(rest), [("double", names[0]), *[("ptr", p) for p in names[1:]]], single)

    @staticmethod
    def _rows_in_lanes(wide: Function, inner: Level, place: int, pointer: str, width: int) -> None:
        """The numbers of a row, from a place on, those of a turn in each lane: squares of neighbours are read at once."""
        lanes = wide.lanes
        for first in range(0, width, lanes):
            columns = range(first, min(first + lanes, width))
            if len(columns) == lanes and sum(inner.uses[place + column] > 0 for column in columns) > lanes // 2:
                starts = [wide.offset(pointer, lane * width + first) for lane in range(lanes)]
                for column, name in zip(columns, wide.transposed(starts), strict=True):
                    inner.known[place + column] = name, False
            else:
                inner.lazy |= {place + column: (pointer, column, width) for column in columns}

    def _give_in_lanes(self, wide: Function, row: list[Known], pointer: str) -> None:
        """A row of each lane's turn to where it belongs: squares of neighbours by way of memory of their own."""
        lanes, width = wide.lanes, len(row)
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

    # --- turns that a test counts

    def _while(self, numbers: list[int], starts: list[str]) -> list[Any]:
        f, loop = self.f, self.loop
        assert self.test is not None  # noqa: S101 - a loop with a test
        self.given = [self.room.growing(row.width) for row in loop.ys]
        for array in self.given:
            self.room.make_room(f, array, "0")
        test = self.test

        def goes_on(_: str, names: list[str]) -> str:
            tested = self._inputs(test, names[0], dict(zip(numbers, names[1:], strict=True)), [], ())
            tested.print(f)
            return f.as_truth(tested.value(f, test.outputs[0]))

        def turn(index: str, names: list[str]) -> list[str]:
            pointers = []
            for array in self.given:
                place = f.new(f"mul i64 {index}, {array.width}")
                self.room.make_room(f, array, f.new(f"add i64 {place}, {array.width}"))
                pointers.append(f.new(f"getelementptr double, ptr {array.pointer(f)}, i64 {place}"))
            following = self._one(f, names[0], dict(zip(numbers, names[1:], strict=True)), pointers)
            return [f.new(f"fadd double {names[0]}, {number_text(1.0)}"), *following]

        carried = [("double", number_text(0.0)), *[("double", x) for x in starts]]
        (counter, *names), index = self._looking(carried, goes_on, turn)
        for array in self.given:
            f.lines.append(f"  store i64 {index}, ptr {f.offset('%uniform', (array.cell or 0) + 1)}, align 8")
        return [*self._carried(numbers, names), (counter, False), *self.given]


def _inside(ssa: SSA) -> int:
    """How many operations are in the loops of a body."""
    return operations_of(ssa) - sum(p is not None and not isinstance(p, Form) for p in ssa.primitives)
