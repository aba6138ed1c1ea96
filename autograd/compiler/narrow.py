"""Loops with what is needed of them alone: results that nobody reads are neither carried nor given.

Calls of one function stay calls of one function. Where they save too little, each becomes the function's steps.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from autograd.forms import Call, Load, Loop, Pack, Result, RuleCall, operations_in
from autograd.program import Place, Program, Step, with_bodies

WORTH = 2_000  # operations that calls of one function must save


def inlined(program: Program) -> Program:
    """The same numbers, by the steps of calls that have derivatives of their own, and of functions called too seldom."""
    every = with_bodies([program])
    if not any(isinstance(form, Call | RuleCall) for each in every for form in each.forms):
        return program
    steps: list[tuple[Any, Any]] = [step for each in every for step in each.steps]
    called = Counter([form for form, _ in steps if isinstance(form, Call)])
    sizes: dict[Call, int] = {}
    saved = {call: (times - 1) * operations_in(call.body, sizes) for call, times in called.items()}
    seldom = {call for call in called if saved[call] < WORTH and not _has_arrays_in_rows(call)}
    if not seldom and not any(isinstance(form, RuleCall) for each in every for form in each.forms):
        return program
    return _inlined(program, seldom, {})


def _has_arrays_in_rows(call: Call) -> bool:
    return any(row.columns for row in (*call.xs, *call.ys))


class _Inlining:
    """A program rewritten so: `add` takes over the steps of a program into it."""

    def __init__(self, inputs: int, seldom: set[Call], calls: dict[Call, Call]) -> None:
        self.steps: list[Step] = []
        self.inputs, self.seldom, self.calls = inputs, seldom, calls

    def add(self, program: Program, known: list[Any]) -> tuple[Place, ...]:
        """Take over the steps of a program, given where its inputs are; returns where its outputs are."""

        def at(places: Iterable[Place]) -> tuple[Place, ...]:
            return tuple([known[place] if type(place) is int else place for place in places])

        steps: Iterable[tuple[Any, Any]] = program.steps
        for form, operands in steps:
            if isinstance(form, RuleCall):
                known.append(self.add(form.primal, list(at(operands))))
            elif form in self.seldom:
                known.append(self._taken_over(form, at(operands)))
            elif isinstance(form, Result) and type(known[operands[0]]) is tuple:
                known.append(known[operands[0]][form.place])
            else:
                known.append(self._step(self._loop(form) if isinstance(form, Loop) else form, at(operands)))
        return at(program.outputs)

    def _step(self, form: Any, operands: tuple[Place, ...]) -> int:
        self.steps.append((form, operands))
        return self.inputs + len(self.steps) - 1

    def _taken_over(self, call: Call, operands: tuple[Place, ...]) -> tuple[Place, ...]:
        """The arrays that a call gives, packed."""
        _, _, xs, shared = call.parts(operands)
        rows = [self._step(Load(row.width, k), (x, 0.0)) for x, row in zip(xs, call.xs, strict=True) for k in range(row.width)]
        outputs = iter(self.add(call.body, [0.0, *rows, *shared]))
        return tuple([self._step(Pack(row.width), tuple([next(outputs) for _ in range(row.width)])) for row in call.ys])

    def _loop(self, loop: Loop) -> Loop:
        if isinstance(loop, Call):
            if loop not in self.calls:
                self.calls[loop] = replace(loop, body=self._body(loop.body))
            return self.calls[loop]
        return replace(loop, body=self._body(loop.body), test=None if loop.test is None else self._body(loop.test))

    def _body(self, body: Program) -> Program:
        return _inlined(body, self.seldom, self.calls)


def _inlined(program: Program, seldom: set[Call], calls: dict[Call, Call]) -> Program:
    rewritten = _Inlining(program.inputs, seldom, calls)
    outputs = rewritten.add(program, list(range(program.inputs)))
    return Program(program.inputs, tuple(rewritten.steps), outputs)


_NarrowedLoop = tuple[Loop, list[int], list[int], list[int], dict[int, int]]
Narrowed = dict[Any, _NarrowedLoop]
"""Loops that were narrowed before, by what is read of them and constants that they take: a model's layers have the same."""


def narrowed(program: Program, known: Narrowed | None = None) -> Program:
    """The same program, its loops without what none of its outputs depends on, and constants where they are read."""
    if not any(isinstance(form, Loop) for form in program.forms):
        return program
    known = {} if known is None else known
    steps: list[Step] = list(program.steps)
    needed = {place for place in program.outputs if type(place) is int}
    read: dict[int, set[int]] = {}
    moved: dict[int, dict[int, int]] = {}
    for i in range(len(steps) - 1, -1, -1):
        at = program.inputs + i
        if at not in needed:
            continue
        form, operands = steps[i]
        if isinstance(form, Result):
            read.setdefault(operands[0], set()).add(form.place)
        elif isinstance(form, Loop):
            steps[i], moved[at] = narrow(form, operands, read.get(at, set()), known)
            operands = steps[i][1]
        for place in operands:
            if place.__class__ is int:
                needed.add(place)
    for i, (form, operands) in enumerate(steps):
        if isinstance(form, Result) and operands[0] in moved and program.inputs + i in needed:
            steps[i] = Result(moved[operands[0]][form.place]), operands
    return Program(program.inputs, tuple(steps), program.outputs).pruned()  # what is left names results that are gone


def narrow(loop: Loop, operands: Iterable[Place], read: set[int], known: Narrowed | None = None) -> tuple[Step, dict[int, int]]:
    """A loop that gives these of its results alone, and where each is now."""
    if isinstance(loop, Call):
        return _narrow_call(loop, tuple(operands), frozenset(read))
    known = {} if known is None else known
    count, carry, xs, shared = loop.parts(list(operands))
    constants = {k: x for k, x in enumerate(shared) if type(x) is not int}
    key = loop, frozenset(read), tuple([(k, float(x).hex()) for k, x in constants.items()])
    if key not in known:
        known[key] = _narrowed_loop(loop, constants, read, known)
    new, kept, arrays, others, places = known[key]
    start = [] if loop.turns is not None or loop.test is not None else [count]
    chosen = [*start, *[carry[j] for j in kept], *[xs[k] for k in arrays], *[shared[k] for k in others]]
    return (new, tuple(chosen)), places  # type: ignore[return-value]


def _narrowed_loop(loop: Loop, constants: dict[int, Any], read: set[int], known: Narrowed) -> _NarrowedLoop:
    """The new loop; what of the carry, the arrays and what is shared it takes; and where each result is now."""
    body, test = loop.body, loop.test
    carries, first_array = len(loop.carry), loop.first_array
    given, place = [], carries
    for row in loop.ys:
        given.append(range(place, place + row.places))
        place += row.places
    ys = [k for k in range(len(loop.ys)) if first_array + k in read]
    outputs = [i for k in ys for i in given[k]]
    slots = {j for j in read if j < carries}
    if test is not None:
        slots |= {place - 1 for place in _inputs_of(test, [0]) if 1 <= place <= carries}
    while True:
        reached = _inputs_of(body, [*slots, *outputs])
        more = {place - 1 for place in reached if 1 <= place <= carries} - slots
        if not more:
            break
        slots |= more
    kept = sorted(slots)
    rows, place = [], 1 + carries
    for row in loop.xs:
        rows.append(range(place, place + row.places))
        place += row.places
    arrays = [k for k in range(len(loop.xs)) if not reached.isdisjoint(rows[k])]
    tested = set() if test is None else {p - 1 - carries for p in _inputs_of(test, [0]) if p > carries}
    others = [k for k in range(len(loop.shared)) if (place + k in reached or k in tested) and k not in constants]
    inputs = [0, *[1 + j for j in kept], *[p for k in arrays for p in rows[k]], *[place + k for k in others]]
    new_body = _part(body, inputs, [*kept, *outputs], {place + k: x for k, x in constants.items()})
    new_test = None
    if test is not None:
        start = 1 + carries
        wanted = [0, *[1 + j for j in kept], *[start + k for k in others]]
        new_test = narrowed(_part(test, wanted, [0], {start + k: x for k, x in constants.items()}), known)
    new = replace(
        loop,
        body=narrowed(new_body, known),
        test=new_test,
        carry=tuple([loop.carry[j] for j in kept]),
        xs=tuple([loop.xs[k] for k in arrays]),
        ys=tuple([loop.ys[k] for k in ys]),
        shared=tuple([loop.shared[k] for k in others]),
    )
    places = {j: i for i, j in enumerate(kept)}
    if test is not None:
        places[carries] = len(kept)
    places |= {first_array + k: new.first_array + i for i, k in enumerate(ys)}
    return new, kept, arrays, others, places


_NarrowedCall = tuple[Call | None, list[int], dict[int, int]]
_NARROWED: WeakKeyDictionary[Call, dict[frozenset[int], _NarrowedCall]] = WeakKeyDictionary()


def _narrow_call(call: Call, operands: tuple[Place, ...], read: frozenset[int]) -> tuple[Step, dict[int, int]]:
    """The same of a call: the same one for all of which the same is read, whatever they take."""
    known = _NARROWED.setdefault(call, {})
    if read not in known:
        known[read] = _narrowed_call(call, read)
    new, kept, places = known[read]
    return (new or call, tuple([operands[j] for j in kept])), places  # type: ignore[return-value]


def _narrowed_call(call: Call, read: frozenset[int]) -> _NarrowedCall:
    """The new call, None for the same, which operands it takes, and where each result is now."""
    given, place = [], 0
    for k, row in enumerate(call.ys):
        given += list(range(place, place + row.places)) if k in read else []
        place += row.places
    reached = _inputs_of(call.body, given)
    rows, place = [], 1
    for width in [*[row.places for row in call.xs], *[1] * len(call.shared)]:
        rows.append(range(place, place + width))
        place += width
    kept = [j for j, row in enumerate(rows) if not reached.isdisjoint(row)]
    places = {k: i for i, k in enumerate(sorted(read))}
    body = narrowed(call.body.part([0, *[x for j in kept for x in rows[j]]], given))
    if len(kept) == len(rows) and len(read) == len(call.ys) and body == call.body:
        return None, kept, places
    xs = [call.xs[j] for j in kept if j < len(call.xs)]
    return Call.of(body, xs, [call.ys[k] for k in sorted(read)]), kept, places


def _inputs_of(program: Program, outputs: Iterable[int]) -> set[int]:
    """The inputs on which these outputs depend."""
    needed = {place for place in (program.outputs[i] for i in outputs) if type(place) is int}
    for i in range(len(program.steps) - 1, -1, -1):
        if program.inputs + i in needed:
            needed.update(place for place in program.steps[i][1] if type(place) is int)
    return {place for place in needed if place < program.inputs}


def _part(program: Program, inputs: list[int], outputs: list[int], constants: dict[int, Any]) -> Program:
    """These outputs as a function of these inputs, others being constants."""
    wanted = [program.outputs[i] for i in outputs]
    needed = {place for place in wanted if type(place) is int}
    for i in range(len(program.steps) - 1, -1, -1):
        if program.inputs + i in needed:
            needed.update(place for place in program.steps[i][1] if type(place) is int)
    new: dict[int, Place] = {place: i for i, place in enumerate(inputs)} | constants

    def at(places: Iterable[Place]) -> tuple[Place, ...]:
        return tuple([new[place] if type(place) is int else place for place in places])

    steps: list[Step] = []
    for i, (primitive, places) in enumerate(program.steps, program.inputs):
        if i in needed:
            steps.append((primitive, at(places)))
            new[i] = len(inputs) + len(steps) - 1
    return Program(len(inputs), tuple(steps), at(wanted))
