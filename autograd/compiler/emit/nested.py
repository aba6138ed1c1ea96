"""Programs with loops in machine code: level in level, numbers in registers where a level is short, else in memory.

A level is a program, or the body of a loop. Where it is long, its straight stretches are scheduled like any program, as
functions that read and write memory; between them come the loops, each a function of its own. Where it is short, everything is
one piece of code, in the order of the program.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from autograd.compiler.emit.arrays import Array, Room, copy, copy_numbers
from autograd.compiler.emit.function import Function, Known
from autograd.compiler.emit.llvm_module import LLVMModule, number_text
from autograd.compiler.emit.natives import apply
from autograd.compiler.emit.sections import Sections
from autograd.compiler.options import Options
from autograd.compiler.schedule.memory import SPACE, UNIFORM, Part
from autograd.compiler.schedule.scheduling import schedule
from autograd.compiler.simplify import SSA
from autograd.forms import AddAt, Fill, Form, Length, Load, Loop, Pack, Result
from autograd.native import CFunction
from autograd.program import Program

LONGEST_BODY = 300  # operations of a body that are one piece of code
UNKNOWN = 1 << 30  # turns
LONG = 1 << 20  # operations of a loop, from which it looks now and then whether to stop
OF_A_CALL = 8  # operations that take about as long as a function of the C library
PrintLoop = Callable[..., list[Any]]
"""Prints a loop: `print_loop(level, f, i, staged=...)` returns its results."""
POINTERS = "ptr %shared, ptr %uniform, ptr %rows"


def ssa_of(program: Program) -> SSA:
    """A program that is simplified already, as it is."""
    ssa = SSA(program.inputs)
    known = list(range(program.inputs))
    for primitive, places in program.steps:
        operands = tuple([known[x] if type(x) is int else ssa.constant(x) for x in places])
        known.append(len(ssa.primitives))
        ssa.primitives.append(primitive)
        ssa.operands.append(operands)
    ssa.outputs = [known[x] if type(x) is int else ssa.constant(x) for x in program.outputs]
    return ssa


def operations_of(ssa: SSA) -> int:
    """How many primitives, those of bodies once."""
    loops = [p for p in ssa.primitives if isinstance(p, Loop)]
    inside = sum(operations_of(ssa_of(body)) for p in loops for body in (p.body, p.test) if body is not None)
    return sum(p is not None and not isinstance(p, Form) for p in ssa.primitives) + inside


def work_of(ssa: SSA) -> int:
    """About how many operations it takes, in all turns of its loops: a very large number where only the run knows."""
    total = 0
    for primitive in ssa.primitives:
        if isinstance(primitive, Loop):
            turns = UNKNOWN if primitive.turns is None else primitive.turns
            total += turns * max(1, work_of(ssa_of(primitive.body)))
        elif primitive is not None and not isinstance(primitive, Form):
            total += OF_A_CALL if isinstance(primitive.native, CFunction) and not primitive.native.intrinsic else 1
    return min(total, UNKNOWN**2)


def uses_of(ssa: SSA) -> list[int]:
    """How often each number is read, as an output too."""
    uses = [0] * len(ssa.primitives)
    for operands in [*ssa.operands, ssa.outputs]:
        for x in operands:
            uses[x] += 1
    return uses


def in_place(body: SSA, loop: Loop) -> dict[tuple[int, int], int]:
    """The arrays of ys that may lie where a carried array lies, by the loop of the body and the y; which is carried there.

    A loop reads that array row by row, nothing else reads it, and gives its next rows: each lies where it was read.
    """
    found: dict[tuple[int, int], int] = {}
    uses = uses_of(body)
    for j, width in enumerate(loop.carry):
        out, before = body.outputs[j], 1 + j
        result: Any = body.primitives[out]
        if not width or not isinstance(result, Result) or uses[out] != 1 or uses[before] != 1:
            continue
        (group,) = body.operands[out]
        inner: Any = body.primitives[group]
        k = result.place - inner.first_array
        _, _, arrays, _ = inner.parts(body.operands[group])
        reads = [row for x, row in zip(arrays, inner.xs, strict=True) if x == before]
        if k < 0 or inner.turns is None or reads != [inner.ys[k]]:
            continue
        if all(x >= inner.body.inputs for x in inner.body.outputs if type(x) is int):  # read before anything is given
            found[group, k] = j
    return found


class Level:
    """One level in the making: of each number its name in the code, or its address; of each array where it is."""

    def __init__(self, module: LLVMModule, options: Options, room: Room, ssa: SSA, print_loop: PrintLoop) -> None:
        self.module, self.options, self.room, self.ssa, self.print_loop = module, options, room, ssa, print_loop
        self.in_one_piece = False  # so that a name holds from where it is given to the end
        self.known: dict[int, Known] = {}
        self.address: dict[int, int] = {}
        self.lazy: dict[int, tuple[str, int, int]] = {}  # of a row: a pointer to it, the place there, and to the next lane's
        self.arrays: dict[int, Array] = {}
        self.groups: dict[int, list[Any]] = {}
        self.apart: set[int] = set()  # numbers that are not printed, and what is made of them is not
        self.targets: dict[tuple[int, int], Array] = {}  # where an array goes that a loop gives: by the loop, and which it is
        self.uses = uses_of(ssa)

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
        pointer, single = f.pointer_to(self.address[i])
        found = f.load(pointer, single=single), False
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

    def index(self, f: Function, i: int, count: str) -> tuple[str, str]:
        """A number as the index of a row, 0 beyond the ends, and whether it is inside."""
        x = f.as_number(self.value(f, i))
        low = f.new(f"fcmp oge double {x}, {number_text(0.0)}")
        high = f.new(f"fcmp olt double {x}, {f.new(f'sitofp i64 {count} to double')}")
        inside = f.new(f"and i1 {low}, {high}")
        return f.new(f"select i1 {inside}, i64 {f.new(f'fptosi double {x} to i64')}, i64 0"), inside

    # --- forms

    def form(self, f: Function, i: int, *, staged: bool) -> None:
        """Print one, at its place."""
        form: Any = self.ssa.primitives[i]
        operands = self.ssa.operands[i]
        if isinstance(form, Loop):
            self.groups[i] = self.print_loop(self, f, i, staged=staged)
        elif isinstance(form, Result):
            found = self.groups[operands[0]][form.place]
            if isinstance(found, Array):
                self.arrays[i] = found
            elif isinstance(found, int):
                self.address[i] = found
            else:
                self.known[i] = found
        elif isinstance(form, Pack):
            self.arrays[i] = self._packed(f, form.width, operands, staged=staged)
        elif isinstance(form, Fill):
            self._fill(f, i, form.width, *operands)
        elif isinstance(form, AddAt):
            self._add_at(f, i, form, *operands)
        elif isinstance(form, Length):
            count = self.arrays[operands[0]].count(f)
            self.put(f, i, (f.new(f"sitofp i64 {count} to double"), False), staged=staged)
        else:
            self._load(f, i, form, *operands, staged=staged)

    def put(self, f: Function, i: int, value: Known, *, staged: bool) -> None:
        """Keep a number that a form gave."""
        if not staged:
            self.known[i] = value
            return
        self.address[i] = UNIFORM * SPACE + self.room.take(1)
        f.store(value, f.pointer_to(self.address[i])[0])

    def _load(self, f: Function, i: int, form: Load, array: int, index: int, *, staged: bool) -> None:
        there, row = self.arrays[array], self.ssa.constants.get(index)
        if row is not None and there.length is not None:
            if there.at is not None and staged:
                self.address[i] = there.at + int(row) * form.width + form.column
                return
            pointer = f.offset(there.pointer(f), int(row) * form.width + form.column)
            self.put(f, i, (f.load(pointer), False), staged=staged)
            return
        count = there.count(f)
        at, inside = self.index(f, index, count)
        place = f.new(f"add i64 {f.new(f'mul i64 {at}, {form.width}')}, {form.column}")
        source = f.new(f"getelementptr double, ptr {there.pointer(f)}, i64 {place}")
        source = f.new(f"select i1 {inside}, ptr {source}, ptr {f.offset('%uniform', self.room.scratch)}")
        x = f.new(f"select i1 {inside}, double {f.load(source)}, double {number_text(float('nan'))}")
        self.put(f, i, (x, False), staged=staged)

    def _packed(self, f: Function, width: int, operands: Sequence[int], *, staged: bool) -> Array:
        length = len(operands) // width
        if staged:
            sources = [self.source(f, x) for x in operands]
            first = sources[0]
            if type(first) is int and sources == list(range(first, first + len(sources))):
                return Array(width, length, first, owned=False)
            array = self.room.array(f, length, width)
            copy_numbers(f, array.pointer(f), sources)
            return array
        array = self.room.array(f, length, width)
        pointer = array.pointer(f)
        for place, x in enumerate(operands):
            f.store(self.value(f, x), f.offset(pointer, place))
        return array

    def _fill(self, f: Function, i: int, width: int, length: int, number: int) -> None:
        count: int | str
        if length in self.ssa.constants:
            count = int(self.ssa.constants[length])
            numbers = str(count * width)
        else:
            count = f.new(f"fptosi double {f.as_number(self.value(f, length))} to i64")
            numbers = f.new(f"mul i64 {count}, {width}")
        array = self.arrays[i] = self.room.array(f, count, width)
        x = self.value(f, number)

        def one(names: list[str]) -> list[str]:
            f.store(x, names[0])
            return [f.offset(names[0], 1)]

        f.loop_while(numbers, [("ptr", array.pointer(f))], one)

    def owned(self, f: Function, i: int) -> Array:
        """An array that may be changed in place: the one there, if nothing else reads it, else a copy."""
        array = self.arrays[i]
        if array.owned and self.uses[i] == 1:
            return array
        new = self.room.array(f, array.length if array.length is not None else array.count(f), array.width)
        copy(f, new.pointer(f), array.pointer(f), array.numbers(f))
        return new

    def _add_at(self, f: Function, i: int, form: AddAt, array: int, index: int, number: int) -> None:
        there = self.arrays[i] = self.owned(f, array)
        at, inside = self.index(f, index, there.count(f))
        place = f.new(f"add i64 {f.new(f'mul i64 {at}, {form.width}')}, {form.column}")
        target = f.new(f"getelementptr double, ptr {there.pointer(f)}, i64 {place}")
        target = f.new(f"select i1 {inside}, ptr {target}, ptr {f.offset('%uniform', self.room.scratch)}")
        total = f.new(f"fadd double {f.load(target)}, {f.as_number(self.value(f, number))}")
        f.store((total, False), target)

    # --- a level

    def print(self, f: Function) -> None:
        """The whole of a short level, in the order of the program."""
        self.in_one_piece = True
        for i in range(self.ssa.inputs, len(self.ssa.primitives)):
            primitive = self.ssa.primitives[i]
            if not self.apart.isdisjoint(self.ssa.operands[i]):
                self.apart.add(i)
            elif isinstance(primitive, Form):
                self.form(f, i, staged=False)
            elif primitive is not None:
                self.known[i] = apply(f, primitive, [self.value(f, x) for x in self.ssa.operands[i]])

    def print_staged(self, f: Function) -> None:
        """The whole of a long level: stretches of primitives, and the forms between."""
        stage, stretches, forms, read = self._stages()
        outputs: dict[int, list[int]] = {}
        for x in read:
            outputs.setdefault(stage[x], []).append(x)
        for at in range(max(stage) + 1):
            if at in stretches:
                self._stretch(f, stretches[at], outputs.get(at, []))
            for i in forms.get(at, ()):
                self.form(f, i, staged=True)

    def _stages(self) -> tuple[list[int], dict[int, list[int]], dict[int, list[int]], dict[int, None]]:
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
        memory = Part([self.in_memory(f, x) for x in inputs], self.room.places, self.room.table)
        planned = schedule(part, replace(self.options, parts=None), memory)
        self.room.places = planned.memory.places[UNIFORM]
        for k, i in enumerate(outputs):
            self.address[i] = planned.memory.out + k
        sections = Sections(self.module, planned)
        names = sections.of_items(planned.uniform, 1, self.module.unique("part") + "_")
        assert not planned.memory.copies  # noqa: S101 - an output is computed here, and is given once
        f.lines += [f"  call void {name}({POINTERS})" for name in names]

    def source(self, f: Function, i: int) -> int | float:
        """A number of a long level as `copy_numbers` takes it: a constant, or its address."""
        return self.ssa.constants[i] if i in self.ssa.constants else self.in_memory(f, i)

    def in_memory(self, f: Function, i: int) -> int:
        """The address of a number; what has only a name is put into memory."""
        if i not in self.address:
            self.address[i] = UNIFORM * SPACE + self.room.take(1)
            f.store(self.value(f, i), f.pointer_to(self.address[i])[0])
        return self.address[i]
