"""Loops in which numbers that are always the same are one: carried numbers, and columns of arrays.

The numbers that say whether an adjoint arrives are such, one for each parameter: all of a neuron arrive, or none.

Two numbers of a program are the same if they are the same step of the same numbers. Two that a loop carries are if they begin
the same, and each turn makes the same of them while they are; two columns of an array if each row gets the same number in both.
So all are taken for the same as far as they begin so, until a turn tells them apart.

A partition says of each column of an array which is the first that is the same. Where an array comes from one place with
columns that are the same, and from another with columns that are not, it has these columns apart everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

from autograd.forms import AddAt, Call, Fill, Form, Length, Load, Loop, Pack, Result, Row, Transpose
from autograd.program import Place, Program, Step

Partition = tuple[int, ...]


def merged(program: Program, arrays: Sequence[int] = (), outputs: Sequence[int] = ()) -> Program:
    """The same program, whose loops carry and give each number once.

    `arrays` has the columns of each input, 0 for a number; `outputs` likewise.
    """
    if not any(isinstance(form, Loop) for form in program.forms):
        return program
    given = {i: tuple(range(width)) for i, width in enumerate(arrays) if width}
    wanted = {i: tuple(range(width)) for i, width in enumerate(outputs) if width}
    study = _studied(program, list(range(program.inputs)), given, wanted, {})
    return _rebuilt(program, study, list(range(program.inputs)), program.inputs)


def _same(study: "_Study", place: Place) -> Any:
    """The same for the same number: of a constant it and its sign, as a place that no number has."""
    return study.same[place] if type(place) is int else (place or str(place),)


def _all_same(study: "_Study", places: Sequence[Place]) -> tuple[Any, ...]:
    """The same for the same numbers."""
    same = study.same
    return tuple([same[x] if type(x) is int else (x or str(x),) for x in places])


def _meet(*partitions: Partition) -> Partition:
    """The coarsest that is as fine as each of these."""
    first: dict[tuple[int, ...], int] = {}
    return tuple([first.setdefault(key, column) for column, key in enumerate(zip(*partitions, strict=True))])


@lru_cache(1024)
def _kept(partition: Partition) -> dict[int, int]:
    """The columns that are kept, and where each is then."""
    return {column: place for place, column in enumerate(sorted(set(partition)))}


def _in_rows(partition: Partition, width: int) -> Partition:
    """A partition of an array's columns as one of the columns of an array with that array in each row."""
    columns = len(partition)
    return tuple([row + column for row in range(0, width, columns) for column in partition])


def _of_row(partition: Partition, columns: int) -> Partition:
    """The other way: the columns that are the same in all rows of the array in each row."""
    return _meet(*[partition[row : row + columns] for row in range(0, len(partition), columns)])


@dataclass
class _Study:
    """What is known of a program: of each number which is the first that is the same, of each array its partition."""

    same: list[int]
    arrays: dict[int, Partition]
    loops: dict[int, "_LoopStudy"] = field(default_factory=dict)
    wanted: dict[int, Partition] = field(default_factory=dict)  # of arrays among the inputs, where it must be finer


@dataclass
class _LoopStudy:
    """What is known of a loop."""

    body: _Study
    slots: list[int]  # of each number that is carried the first slot that is the same
    carry: dict[int, Partition]
    xs: list[Partition]
    ys: list[Partition]
    shared: dict[int, Partition]

    def result(self, place: int, first_array: int) -> Partition | None:
        """The partition of an array among the results."""
        return self.ys[place - first_array] if place >= first_array else self.carry.get(place)

    def key(self, place: int, loop: Loop, group: int) -> Any:
        """The same for ys whose rows have the same numbers in every turn."""
        y = place - loop.first_array
        if y < 0 or isinstance(loop, Call):
            return group, place
        row, start = loop.ys[y], len(loop.carry) + sum(row.places for row in loop.ys[:y])
        numbers = loop.body.outputs[start : start + row.places]
        return group, row, self.ys[y], _all_same(self.body, numbers)

    def moved(self, place: int) -> int:
        """Which result is the one at a place when each number is carried once. Asked when all is known."""
        place = self.slots[place] if place < len(self.slots) else place
        return place - self._left_out[min(place, len(self.slots))]

    @cached_property
    def _left_out(self) -> list[int]:
        """How many slots are left out before each."""
        return [0, *accumulate([slot != first for slot, first in enumerate(self.slots)])]


_Known = dict[Any, "_Study"]
"""Studies of bodies, by the loop and what is known of its inputs: one is studied again and again, and layers have the same."""


def _studied(
    program: Program, numbers: list[int], arrays: dict[int, Partition], wanted: dict[int, Partition], known: _Known
) -> _Study:
    """Study a program; its outputs that are arrays must be as fine as `wanted`, by their place among the outputs."""
    finer: dict[Any, Partition] = {}
    while True:
        one_pass = _Pass(program, _Study(list(numbers), dict(arrays)), finer, known)
        one_pass.run()
        for k, partition in wanted.items():
            one_pass.want(program.outputs[k], partition)  # type: ignore[arg-type]  # an array
        if not one_pass.more:
            return one_pass.study
        finer |= one_pass.more


class _Pass:
    """Goes through a program once, and notes where arrays must be finer."""

    def __init__(self, program: Program, study: _Study, finer: dict[Any, Partition], known: _Known) -> None:
        self.program, self.study, self.finer, self.known = program, study, finer, known
        self.more: dict[Any, Partition] = {}  # by place, or by loop and result
        self.read: set[Place] = set()  # arrays that steps before this one take as they are

    def want(self, place: int, partition: Partition) -> None:
        """Have an array at least as fine as that."""
        there = self.study.arrays[place]
        finer = _meet(there, partition)
        if finer == there:
            return
        if place < self.program.inputs:
            self.study.wanted[place] = _meet(finer, self.study.wanted.get(place, finer))
            return
        form, operands = self.program.steps[place - self.program.inputs]
        if isinstance(form, AddAt):
            self.want(operands[0], finer)
            return
        key = (operands[0], form.place) if isinstance(form, Result) else place
        if key == place and place not in self.read:
            self.study.arrays[place] = self.finer[place] = finer
            return
        self.more[key] = _meet(finer, self.more.get(key, finer))

    def run(self) -> None:
        """Go through the steps."""
        known: dict[Any, int] = {}
        same, arrays = self.study.same, self.study.arrays
        for at, (form, operands) in enumerate(self.program.steps, self.program.inputs):
            key: Any = at
            if not isinstance(form, Form):
                key = form, _all_same(self.study, operands)
            elif isinstance(form, Loop):
                self.study.loops[at] = self.loop(form, operands, at)
            elif isinstance(form, Result):
                place, group = form.place, operands[0]
                loop: Any = self.program.steps[group - self.program.inputs][0]
                found = self.study.loops[group]
                partition = found.result(place, loop.first_array)
                if partition is not None:
                    arrays[at] = partition
                    key = found.key(place, loop, group)
                else:
                    key = group, found.slots[place] if place < len(found.slots) else place
            elif isinstance(form, Load):
                key = "load", operands[0], form.width, _same(self.study, operands[1]), arrays[operands[0]][form.column]
            elif isinstance(form, Length):
                key = "length", operands[0]
            else:
                arrays[at] = self.array(form, operands, at)
            same.append(known.setdefault(key, at))
            if isinstance(form, Form) and not isinstance(form, Result):
                self.read.update(operands)

    def array(self, form: Any, operands: Sequence[Place], at: int) -> Partition:
        """The partition of an array that a form makes."""
        finer: Partition = self.finer.get(at, (0,) * form.width)
        if isinstance(form, Fill):
            return finer
        if isinstance(form, Transpose):  # takes and gives arrays as they are
            self.want(operands[0], tuple(range(form.columns)))  # type: ignore[arg-type]
            return tuple(range(form.width))
        if isinstance(form, Pack):
            width = form.width
            rows = [_all_same(self.study, operands[row : row + width]) for row in range(0, len(operands), width)]
            return _meet(finer, *rows) if rows else tuple(range(width))
        there = self.study.arrays[operands[0]]  # type: ignore[index]
        apart = _meet(there, tuple([column == form.column for column in range(form.width)]))
        self.want(operands[0], apart)  # type: ignore[arg-type]
        return apart

    def loop(self, loop: Loop, operands: Sequence[Place], at: int) -> _LoopStudy:
        """Study a loop."""
        _, carry, xs, shared = loop.parts(operands)
        arrays = self.study.arrays
        apart = loop.test is not None  # which is told nothing
        self.read.update([x for x in operands if type(x) is int and operands.count(x) > 1])
        if isinstance(loop, Call):
            return self.call(loop, xs)
        found = _LoopStudy(
            body=_Study([], {}),
            slots=_first([slot if apart else _same(self.study, x) for slot, x in enumerate(carry)], loop.carry),
            carry={j: self.as_fine(carry[j], (at, j), apart=apart) for j, width in enumerate(loop.carry) if width},
            xs=[arrays[x] for x in xs],
            ys=[self.finer.get((at, loop.first_array + k), (0,) * row.across) for k, row in enumerate(loop.ys)],
            shared={k: self.as_fine(shared[k], None, apart=apart) for k, width in enumerate(loop.shared) if width},
        )
        for k, row in enumerate(loop.xs):
            if row.columns:
                found.xs[k] = _in_rows(_of_row(found.xs[k], row.columns), row.across)
        keys = _all_same(self.study, shared)
        while self.turn(loop, keys, found):
            pass
        for j, partition in found.carry.items():
            self.want(carry[j], partition)
        for k, partition in enumerate(found.xs):
            self.want(xs[k], partition)
        for k, partition in found.shared.items():
            self.want(shared[k], partition)
        return found

    def call(self, call: Call, xs: Sequence[int]) -> _LoopStudy:
        """A call, of a function that is studied alone: it takes and gives arrays as they are."""
        rows, given = ([tuple(range(row.width)) for row in several] for several in (call.xs, call.ys))
        for x, row in zip(xs, rows, strict=True):
            self.want(x, row)
        return _LoopStudy(_Study([], {}), [], {}, rows, given, {})

    def as_fine(self, place: int, key: Any, *, apart: bool) -> Partition:
        """The partition of an operand, as fine as what is wanted of the result by that key."""
        there = self.study.arrays[place]
        return tuple(range(len(there))) if apart else _meet(there, self.finer.get(key, there))

    def turn(self, loop: Loop, shared: Sequence[Any], found: _LoopStudy) -> bool:
        """Study a turn as far as is known; whether it told apart what was taken for the same."""
        inputs, arrays, origin = self.inputs(loop, shared, found)
        wanted, place = dict(found.carry), len(loop.carry)
        for row, partition in zip(loop.ys, found.ys, strict=True):
            if row.columns:
                wanted[place] = _of_row(partition, row.columns)
            place += row.places
        key = loop, *inputs, *arrays.items(), *wanted.items()
        if key not in self.known:
            self.known[key] = _studied(loop.body, inputs, arrays, wanted, self.known)
        found.body = self.known[key]
        before = found.slots, dict(found.carry), list(found.xs), list(found.ys), dict(found.shared)
        for first, partition in found.body.wanted.items():
            kind, k = origin[first]
            if kind == "xs":
                found.xs[k] = _in_rows(partition, loop.xs[k].across)
            else:
                (found.carry if kind == "carry" else found.shared)[k] = partition
        self.outputs(loop, found)
        return before != (found.slots, found.carry, found.xs, found.ys, found.shared)

    @staticmethod
    def inputs(
        loop: Loop, shared: Sequence[Any], found: _LoopStudy
    ) -> tuple[list[int], dict[int, Partition], dict[int, tuple[str, int]]]:
        """The inputs of a turn: which numbers are the same, arrays, and what each of these is to the loop."""
        inputs = [0]
        arrays: dict[int, Partition] = {}
        origin: dict[int, tuple[str, int]] = {}

        def array(kind: str, k: int, partition: Partition) -> None:
            arrays[len(inputs)], origin[len(inputs)] = partition, (kind, k)
            inputs.append(len(inputs))

        for j, slot in enumerate(found.slots):
            if j in found.carry:
                array("carry", j, found.carry[j])
            else:
                inputs.append(1 + slot)
        for k, (row, partition) in enumerate(zip(loop.xs, found.xs, strict=True)):
            if row.columns:
                array("xs", k, _of_row(partition, row.columns))
            else:
                inputs += [len(inputs) + column for column in partition]
        known: dict[Any, int] = {}
        for k, key in enumerate(shared):
            if k in found.shared:
                array("shared", k, found.shared[k])
            else:
                inputs.append(known.setdefault(key, len(inputs)))
        return inputs, arrays, origin

    @staticmethod
    def outputs(loop: Loop, found: _LoopStudy) -> None:
        """Tell apart what a turn has told apart."""
        body, outputs, carries = found.body, loop.body.outputs, len(loop.carry)
        keys = zip(found.slots, _all_same(body, outputs[:carries]), strict=True)
        found.slots = _first(list(keys), loop.carry)
        for j, partition in found.carry.items():
            found.carry[j] = _meet(partition, body.arrays[outputs[j]])  # type: ignore[index]
        place = carries
        for k, row in enumerate(loop.ys):
            if row.columns:
                found.ys[k] = _in_rows(body.arrays[outputs[place]], row.across)  # type: ignore[index]
            else:
                found.ys[k] = _meet(found.ys[k], _all_same(body, outputs[place : place + row.width]))
            place += row.places


def _first(keys: Sequence[Any], widths: Sequence[int]) -> list[int]:
    """Of each slot for a number the first with the same key; of one for an array itself."""
    known: dict[Any, int] = {}
    return [slot if width else known.setdefault(key, slot) for slot, (key, width) in enumerate(zip(keys, widths, strict=True))]


def _rebuilt(program: Program, study: _Study, places: list[int], inputs: int) -> Program:
    """The program with each number once; `places` are where its inputs are among the new ones, which are `inputs`."""
    steps: list[Step] = []
    places = list(places)
    kept_of = cache(lambda place: _kept(study.arrays[place]))  # a wide array is asked for column by column

    def new(operands: Sequence[Place]) -> list[Place]:
        return [places[study.same[x]] if type(x) is int else x for x in operands]

    for at, (form, operands) in enumerate(program.steps, program.inputs):
        if study.same[at] != at:
            places.append(-1)
            continue
        moved, where = form, new(operands)
        if isinstance(form, Loop):
            moved, where = _rebuilt_loop(form, study.loops[at], where)
        elif isinstance(form, Result):
            moved = Result(study.loops[operands[0]].moved(form.place))
        elif isinstance(form, Load):
            kept = kept_of(operands[0])
            moved = Load(len(kept), kept[study.arrays[operands[0]][form.column]])
        elif isinstance(form, Form) and not isinstance(form, Length | Transpose):
            partition, kept = study.arrays[at], kept_of(at)
            if isinstance(form, Pack):
                where = [where[row + column] for row in range(0, len(where), form.width) for column in kept]
            column = (kept[partition[form.column]],) if isinstance(form, AddAt) else ()
            moved = type(form)(len(kept), *column)
        elif isinstance(form, Length):
            moved = Length(len(kept_of(operands[0])))
        places.append(inputs + len(steps))
        steps.append((moved, tuple(where)))
    return Program(inputs, tuple(steps), tuple(new(program.outputs)))


_CALLS: WeakKeyDictionary[Call, Call | None] = WeakKeyDictionary()  # None where merging changes nothing


def _merged_call(call: Call) -> Call:
    """The call of the function merged: one for all its calls."""
    if call not in _CALLS:
        xs, ys = (
            [x for row in rows for x in ([row.columns] if row.columns else [0] * row.width)] for rows in (call.xs, call.ys)
        )
        body = merged(call.body, [0, *xs, *call.shared], ys)
        _CALLS[call] = None if body is call.body else replace(call, body=body)
    return _CALLS[call] or call


def _kept_row(row: Row, partition: Partition) -> Row:
    """A row with each column once."""
    columns = len(_kept(_of_row(partition, row.columns))) if row.columns else 0
    return Row(0 if row.is_open else len(_kept(partition)), columns)


def _rebuilt_loop(loop: Loop, found: _LoopStudy, operands: Sequence[Place]) -> tuple[Loop, list[Place]]:
    """A loop that carries and gives each number once, and its operands."""
    if isinstance(loop, Call):
        return _merged_call(loop), list(operands)
    slots = [j for j, first in enumerate(found.slots) if first == j]
    _, carry, xs, shared = loop.parts(operands)
    count = operands[: len(operands) - len(carry) - len(xs) - len(shared)]
    places, new = [0, *[-1] * len(loop.carry)], 1
    for j in slots:
        places[1 + j], new = new, new + 1
    rows = []
    for row, partition in zip(loop.xs, found.xs, strict=True):
        kept = {0: 0} if row.columns else _kept(partition)
        rows.append(_kept_row(row, partition))
        places += [new + kept.get(column, -1 - new) for column in range(row.places)]
        new += len(kept)
    places += range(new, new + len(shared))
    body = _rebuilt(loop.body, found.body, places, new + len(shared))
    outputs, given, place = [body.outputs[j] for j in slots], [], len(loop.carry)
    for row, partition in zip(loop.ys, found.ys, strict=True):
        given.append(_kept_row(row, partition))
        outputs += [body.outputs[place + column] for column in ({0: 0} if row.columns else _kept(partition))]
        place += row.places
    moved = replace(
        loop,
        body=Program(body.inputs, body.steps, tuple(outputs)),
        carry=tuple([len(_kept(found.carry[j])) if loop.carry[j] else 0 for j in slots]),
        xs=tuple(rows),
        ys=tuple(given),
        shared=tuple([len(_kept(found.shared[k])) if width else 0 for k, width in enumerate(loop.shared)]),
    )
    return moved, [*count, *[carry[j] for j in slots], *xs, *shared]
