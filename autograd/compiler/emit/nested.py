"""Programs with loops in machine code: level in level, numbers in registers where a level is short, else in memory.

A level is a program, or the body of a loop. Where it is long, its straight stretches are scheduled like any program, as
functions on memory; between them come the loops, each a function of its own. Where it is short, it is one piece of code.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from autograd.compiler.emit.accumulations import Accumulation
from autograd.compiler.emit.arrays import Array, Room, copy_numbers, copy_rows, move_numbers, pointer_to, transposed
from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.levels import readers_of, uses_of
from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.emit.natives import apply
from autograd.compiler.emit.sections import Sections
from autograd.compiler.emit.tiles import begun_sums, print_accumulation
from autograd.compiler.options import Options
from autograd.compiler.schedule.memory import BY_ROW, SPACE, UNIFORM, Part
from autograd.compiler.schedule.scheduling import schedule
from autograd.compiler.simplify import SSA
from autograd.forms import AddAt, Fill, Form, Length, Load, Loop, Pack, Result, Transpose

PrintLoop = Callable[..., list[Any]]
"""Prints a loop: `print_loop(level, f, i, staged=...)` returns its results."""
POINTERS = "ptr %shared, ptr %uniform, ptr %rows"


class Level:
    """One level in the making: of each number its name in the code, or its address; of each array where it is."""

    def __init__(self, module: LLVMModule, options: Options, room: Room, ssa: SSA, print_loop: PrintLoop) -> None:
        self.module, self.options, self.room, self.ssa, self.print_loop = module, options, room, ssa, print_loop
        self.varies: Sequence[Any] = ()  # where rows go side by side: of each number whether they differ in it
        self.in_one_piece = False  # so that a name holds from where it is given to the end
        self.known: dict[int, Known] = {}
        self.address: dict[int, int] = {}
        self.lazy: dict[int, tuple[str, int, int]] = {}  # of a row: a pointer to it, the place there, and to the next lane's
        self.arrays: dict[int, Array] = {}
        self.groups: dict[int, list[Any]] = {}
        self.apart: set[int] = set()  # numbers that are not printed, and what is made of them is not
        self.homes: dict[int, int] = {}  # the addresses where numbers are to be
        self.targets: dict[tuple[int, int], Array] = {}  # where an array goes that a loop gives: by the loop, and which it is
        self.ends: dict[tuple[int, int], Array] = {}  # likewise, where it stays: nothing else lies there
        self.packs: dict[int, Array] = {}  # where arrays are put, by the form; some of their numbers are there at once
        self.functions: set[int] = set()  # calls and loops whose function is printed here
        self.counts = Counter(primitive for primitive in ssa.primitives if isinstance(primitive, Loop))
        self.uses = uses_of(ssa)
        self.begun = begun_sums(ssa, self.uses)

    def value(self, f: Function, i: int) -> Known:
        """A number in the code."""
        if i in self.ssa.constants:
            return f.constant(self.ssa.constants[i]), False
        if i in self.known:
            return self.known[i]
        if i in self.lazy:
            pointer, place, stride = self.lazy[i]
            self.known[i] = (
                f.gather(f.offset(pointer, place), stride) if f.lanes > 1 else f.load(f.offset(pointer, place)),
                False,
            )
            return self.known[i]
        address = self.address[i]
        found = f.load(pointer_to(f, address, self.room.lanes), single=address // SPACE != BY_ROW), False
        if self.in_one_piece:
            self.known[i] = found
        return found

    def together(self, f: Function, numbers: Sequence[int]) -> str:
        """Several numbers as one vector."""
        wide, first = f.view(len(numbers)), numbers[0]
        if len(set(numbers)) == 1 and first in self.ssa.constants:
            return wide.constant(self.ssa.constants[first])
        places = [self.address.get(x) for x in numbers]
        if places[0] is not None and places == list(range(places[0], places[0] + len(numbers))):
            return wide.load(wide.pointer_to(places[0])[0])
        rows = [self.lazy.get(x) for x in numbers]
        if rows[0] is not None and rows == [(rows[0][0], rows[0][1] + k, 0) for k in range(len(numbers))]:
            return wide.load(wide.offset(*rows[0][:2]))
        total = "poison"
        for lane, x in enumerate(numbers):
            total = wide.inserted(total, f.as_number(self.value(f, x)), lane)
        return total

    def alone(self, f: Function, i: int) -> str:
        """The name of a number that all rows share, outside of the lanes."""
        if f.lanes == 1:
            return f.as_number(self.value(f, i))
        one = f.view(1)
        if i in self.ssa.constants:
            return one.constant(self.ssa.constants[i])
        if i in self.known:
            return f.lane(f.as_number(self.known[i]), 0)
        if i in self.lazy:
            return one.load(one.offset(*self.lazy[i][:2]))
        return one.load(pointer_to(one, self.address[i], self.room.lanes))

    def turns(self, f: Function, i: int) -> str:
        """How many turns a number counts, as an i64."""
        x = self.alone(f, i)
        one = f.view(1)
        some = one.new(f"fcmp ogt double {x}, {number_text(0.0)}")
        return one.new(f"select i1 {some}, i64 {one.new(f'fptosi double {x} to i64')}, i64 0")

    def is_laned(self, f: Function, i: int) -> bool:
        """Whether there is one for each row, of a number or an array."""
        if i in self.arrays:
            return self.arrays[i].lanes > 1
        if i in self.address and i not in self.known:
            return self.address[i] // SPACE == BY_ROW
        return self.by_lane(f, i)

    def by_lane(self, f: Function, i: int) -> bool:
        """Whether rows differ in a number."""
        return f.lanes > 1 and bool(self.varies[i])

    def index(self, f: Function, x: str, count: str) -> tuple[str, str]:
        """A number as the index of a row, 0 beyond the ends, and whether it is inside; in f's lanes."""
        lanes = "" if f.lanes == 1 else f"<{f.lanes} x "
        whole = f"{lanes}i64{lanes and '>'}"
        low = f.new(f"fcmp oge {f.kind} {x}, {f.zero}")
        high = f.new(f"fcmp olt {f.kind} {x}, {f.splat(f.new(f'sitofp i64 {count} to double'))}")
        inside = f.new(f"and {f.truth} {low}, {high}")
        at = f.new(f"fptosi {f.kind} {x} to {whole}")
        nothing = "0" if f.lanes == 1 else "zeroinitializer"
        return f.new(f"select {f.truth} {inside}, {whole} {at}, {whole} {nothing}"), inside

    def place(self, f: Function, there: Array, index: int, form: Load | AddAt) -> tuple[str, str]:
        """Where a number of an array lies, by its index: a pointer, and whether it is inside; else to a place for scratch.

        Where rows differ in the index, a pointer for each lane.
        """
        one, count, lanes = f.view(1), there.count(f), there.lanes
        if not self.by_lane(f, index):
            at, inside = self.index(one, self.alone(f, index), count)
            place = f.new(f"add i64 {f.new(f'mul i64 {at}, {form.width * lanes}')}, {form.column * lanes}")
            found = f.new(f"getelementptr double, ptr {there.pointer(f)}, i64 {place}")
            return f.new(f"select i1 {inside}, ptr {found}, ptr {f.offset('%uniform', self.room.scratch)}"), inside
        at, inside = self.index(f, f.as_number(self.value(f, index)), count)
        whole = f"<{f.lanes} x i64>"
        first = [form.column * lanes + lane * (lanes > 1) for lane in range(f.lanes)]
        scaled = f.new(f"mul {whole} {at}, splat (i64 {form.width * lanes})")
        place = f.new(f"add {whole} {scaled}, <{', '.join([f'i64 {x}' for x in first])}>")
        return f.new(f"getelementptr double, ptr {there.pointer(f)}, {whole} {place}"), inside

    # --- forms

    def form(self, f: Function, i: int, *, staged: bool) -> None:
        """Print one, at its place."""
        form: Any = self.ssa.primitives[i]
        operands = self.ssa.operands[i]
        if staged and f.lanes > 1 and not any(self.is_laned(f, x) for x in operands):
            f = f.view(1)
        if isinstance(form, Loop):
            self.groups[i] = self.print_loop(self, f, i, staged=staged)
        elif isinstance(form, Result):
            self._result(i, self.groups[operands[0]][form.place])
        elif isinstance(form, Pack):
            self.arrays[i] = self._packed(f, i, form.width, operands, staged=staged)
        elif isinstance(form, Fill):
            self._fill(f, i, form.width, *operands)
        elif isinstance(form, Accumulation):
            self._accumulate(f, i, form, operands)
        elif isinstance(form, Transpose):
            self.arrays[i] = transposed(f, self.room, self.arrays[operands[0]])
        elif isinstance(form, AddAt):
            self._add_at(f, i, form, *operands)
        elif isinstance(form, Length):
            count = self.arrays[operands[0]].count(f)
            self.put(f, i, (f.splat(f.new(f"sitofp i64 {count} to double")), False), staged=staged)
        else:
            self._load(f, i, form, *operands, staged=staged)

    def _result(self, i: int, found: Any) -> None:
        if isinstance(found, Array):
            self.arrays[i] = found
        elif isinstance(found, int):
            self.address[i] = found
        else:
            self.known[i] = found

    def put(self, f: Function, i: int, value: Known, *, staged: bool) -> None:
        """Keep a number that a form gave."""
        if not staged:
            self.known[i] = value
            return
        self.address[i] = self.room.address(1, f.lanes)
        f.store(value, f.pointer_to(self.address[i])[0])

    def _load(self, f: Function, i: int, form: Load, array: int, index: int, *, staged: bool) -> None:
        there, row = self.arrays[array], self.ssa.constants.get(index)
        if row is not None and there.length is not None:
            if there.at is not None and staged:
                self.address[i] = there.at + int(row) * form.width + form.column
                return
            pointer = f.offset(there.pointer(f), (int(row) * form.width + form.column) * there.lanes)
            self.put(f, i, (f.load(pointer, single=there.lanes == 1), False), staged=staged)
            return
        source, inside = self.place(f, there, index, form)
        nothing = f.constant(float("nan"))
        if self.by_lane(f, index):
            x = f.masked("gather", f.kind, f"<{f.lanes} x ptr> {source}", inside, f"{f.kind} {nothing}")
        else:
            found = f.load(source, single=there.lanes == 1)
            x = f.new(f"select i1 {inside}, {f.kind} {found}, {f.kind} {nothing}")
        self.put(f, i, (x, False), staged=staged)

    def _packed(self, f: Function, i: int, width: int, operands: Sequence[int], *, staged: bool) -> Array:
        length = len(operands) // width
        if staged:
            sources = [self.source(f, x) for x in operands]
            first = sources[0]
            if i in self.packs:
                move_numbers(f, sources, self.packs[i].at or 0)
                return self.packs[i]
            if type(first) is int and sources == list(range(first, first + len(sources))):
                return Array(width, length, first, owned=False, lanes=self.room.lanes if first // SPACE == BY_ROW else 1)
            array = self.room.array(f, length, width, f.lanes)
            copy_numbers(f, array.pointer(f), sources)
            return array
        laned = any(self.is_laned(f, x) for x in operands)
        array = self.room.array(f, length, width, f.lanes if laned else 1)
        pointer = array.pointer(f)
        for place, x in enumerate(operands):
            self.give(f, x, f.offset(pointer, place * array.lanes), array.lanes)
        return array

    def give(self, f: Function, i: int, pointer: str, lanes: int) -> None:
        """Put a number where the pointer points: those of all rows, or what they share."""
        if lanes == f.lanes:
            f.store(self.value(f, i), pointer)
        else:
            f.view(1).store((self.alone(f, i), False), pointer)

    def _fill(self, f: Function, i: int, width: int, length: int, number: int) -> None:
        if i in self.begun:
            return
        known = self.ssa.constants.get(length)
        count = f.new(f"fptosi double {self.alone(f, length)} to i64") if known is None else int(known)
        numbers = str(count * width) if isinstance(count, int) else f.new(f"mul i64 {count}, {width}")
        g = f if self.is_laned(f, number) else f.view(1)
        array = self.arrays[i] = self.room.array(f, count, width, g.lanes)
        x = self.value(f, number) if g is f else (self.alone(f, number), False)

        def one(names: list[str]) -> list[str]:
            g.store(x, names[0])
            return [f.offset(names[0], g.lanes)]

        f.loop_while(numbers, [("ptr", array.pointer(f))], one)

    def owned(self, f: Function, i: int) -> Array:
        """An array in f's lanes that may be changed in place: the one there, if nothing else reads it, else a copy."""
        array = self.arrays[i]
        if array.owned and self.uses[i] == 1 and array.lanes == f.lanes:
            return array
        new = self.room.array(f, array.length if array.length is not None else array.count(f), array.width, f.lanes)
        copy_rows(f, new.pointer(f), new.lanes, array, array.numbers(f))
        return new

    def _add_at(self, f: Function, i: int, form: AddAt, array: int, index: int, number: int) -> None:
        there = self.arrays[i] = self.owned(f, array)
        target, inside = self.place(f, there, index, form)
        x = f.as_number(self.value(f, number))
        if self.by_lane(f, index):
            pointers = f"<{f.lanes} x ptr> {target}"
            before = f.masked("gather", f.kind, pointers, inside, f"{f.kind} {f.zero}")
            f.masked("scatter", "void", pointers, inside, f"{f.kind} {f.new(f'fadd {f.kind} {before}, {x}')}")
        else:
            f.store((f.new(f"fadd {f.kind} {f.load(target)}, {x}"), False), target)

    def _accumulate(self, f: Function, i: int, form: Accumulation, operands: Sequence[int]) -> None:
        count, sums, arrays = form.parts(operands)
        turns = str(count) if form.turns is not None else self.turns(f, count)
        read, start = [self.arrays[x] for x in arrays], self.begun.get(sums)
        there = self.owned(f, sums) if start is None else self.room.array(f, form.rows, form.width, f.lanes)
        self.arrays[i] = there
        print_accumulation(f, form, self.room.functions, turns, there.pointer(f), read, start)

    # --- a level

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        """See `readers_of`."""
        return readers_of(self.ssa)

    def print(self, f: Function) -> None:
        """The whole of a short level, in the order of the program."""
        self.print_some(f, range(self.ssa.inputs, len(self.ssa.primitives)))

    def print_some(self, f: Function, numbers: Iterable[int]) -> None:
        """These numbers of a short level, in the order of the program, but for those that are known."""
        self.in_one_piece = True
        for i in numbers:
            primitive = self.ssa.primitives[i]
            if i in self.known:
                continue
            if not self.apart.isdisjoint(self.ssa.operands[i]):
                self.apart.add(i)
            elif isinstance(primitive, Form):
                self.form(f, i, staged=False)
            elif primitive is not None:
                self.known[i] = apply(f, primitive, [self.value(f, x) for x in self.ssa.operands[i]])

    def print_in_pieces(self, f: Function) -> None:
        """The whole of a long level in functions, which find its inputs in memory: what has only a name is put there."""
        for i in range(self.ssa.inputs):
            if i in self.known:
                self.in_memory(f, i)
        self.known.clear()
        for place, array in self.arrays.items():
            if array.name is not None:
                self.arrays[place] = self.room.kept(f, array)
        self.print_staged(f)

    def print_staged(self, f: Function) -> None:
        """The whole of a long level: stretches of primitives, and the forms between."""
        stage, stretches, forms, read = self.stages
        outputs: dict[int, list[int]] = {}
        for x in read:
            outputs.setdefault(stage[x], []).append(x)
        for at in range(max(stage) + 1):
            if at in stretches:
                self._stretches(f, stretches[at], outputs.get(at, []))
            for i in forms.get(at, ()):
                self.form(f, i, staged=True)

    @cached_property
    def stages(self) -> tuple[list[int], dict[int, list[int]], dict[int, list[int]], dict[int, None]]:
        """The stage of each number; by stage the primitives, and the forms after them; what is read outside of its stretch."""
        ssa = self.ssa
        stage = [0] * len(ssa.primitives)
        stretches: dict[int, list[int]] = defaultdict(list)
        forms: dict[int, list[int]] = defaultdict(list)
        alone = {primitive: isinstance(primitive, Form) for primitive in dict.fromkeys(ssa.primitives)}
        read = dict.fromkeys(ssa.outputs)
        stage_of = stage.__getitem__
        for i, (primitive, operands) in enumerate(zip(ssa.primitives, ssa.operands, strict=True)):
            if primitive is None:
                continue
            at = max(map(stage_of, operands), default=0)
            if alone[primitive]:
                stage[i] = at + 1
                forms[at].append(i)
                for x in operands:
                    read[x] = None
                continue
            stage[i] = at
            stretches[at].append(i)
            for x in operands:
                if stage[x] != at:
                    read[x] = None
        return stage, stretches, forms, read

    def _stretches(self, f: Function, numbers: list[int], read: list[int]) -> None:
        """Primitives one after another: those that all rows share, then those by row."""
        if f.lanes == 1:
            self._stretch(f, numbers, read)
            return
        inside, by_row = set(numbers), set[int]()
        for i in numbers:
            if any((x in by_row) if x in inside else self.is_laned(f, x) for x in self.ssa.operands[i]):
                by_row.add(i)
        shared = [i for i in numbers if i not in by_row]
        rest = [i for i in numbers if i in by_row]
        if shared:
            self._stretch(f.view(1), shared, list(dict.fromkeys([*read, *[x for i in rest for x in self.ssa.operands[i]]])))
        if rest:
            self._stretch(f, rest, read)

    def _stretch(self, f: Function, numbers: list[int], read: list[int]) -> None:
        """Primitives one after another, scheduled for themselves; some of them are read outside."""
        ssa, inside = self.ssa, set(numbers)
        new: dict[int, int] = {}
        inputs = list(
            dict.fromkeys([x for i in numbers for x in ssa.operands[i] if x not in inside and x not in ssa.constants])
        )
        part = SSA(len(inputs))
        new.update({x: k for k, x in enumerate(inputs)})
        for i in numbers:
            for x in ssa.operands[i]:
                if x in ssa.constants and x not in new:
                    new[x] = part.constant(ssa.constants[x])
            new[i] = len(part.primitives)
            part.primitives.append(ssa.primitives[i])
            part.operands.append(tuple([new[x] for x in ssa.operands[i]]))
        outputs = [i for i in read if i in inside]
        part.outputs = [new[i] for i in outputs]
        places = [self.in_memory(f, x) for x in inputs]
        varying = tuple([0 if place // SPACE == BY_ROW else None for place in places]) if f.lanes > 1 else None
        homes = [self.homes.get(i) for i in outputs]
        homes = [home if home is not None and (home // SPACE == BY_ROW) == (f.lanes > 1) else None for home in homes]
        memory = Part(places, self.room.places, self.room.table, homes, self.room.by_row)
        planned = schedule(part, replace(self.options, parts=None, varying=varying), memory)
        self.room.places = planned.memory.places[UNIFORM]
        if f.lanes > 1:
            self.room.by_row = planned.memory.places[BY_ROW]
        for i in outputs:
            self.address[i] = planned.memory.address[new[i]]
        sections = Sections(self.module, planned)
        items = planned.by_row if f.lanes > 1 else planned.uniform
        names = sections.of_items(items, f.lanes, self.module.unique("part") + "_")
        assert not planned.memory.copies  # noqa: S101 - an output is computed here, and is given once
        f.lines += [f"  call void {name}({POINTERS})" for name in names]

    def source(self, f: Function, i: int) -> int | float:
        """A number of a long level as `copy_numbers` takes it: a constant, or its address."""
        return self.ssa.constants[i] if i in self.ssa.constants else self.in_memory(f, i)

    def in_memory(self, f: Function, i: int) -> int:
        """The address of a number; what has only a name is put into memory."""
        if i not in self.address and (f.lanes == 1 or self.varies[i]):
            self.put(f, i, self.value(f, i), staged=True)
        elif i not in self.address:
            self.put(f.view(1), i, (self.alone(f, i), False), staged=True)
        return self.address[i]
