"""Loops with what is needed of them alone: results that nobody reads are neither carried nor given."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autograd.forms import Loop, Result, RuleCall
from autograd.program import Place, Program, Step, with_bodies


def inlined(program: Program) -> Program:
    """The same numbers, by the steps of calls that have derivatives of their own: a compiled program needs none of these."""
    if not any(isinstance(form, RuleCall) for each in with_bodies([program]) for form in each.forms):
        return program
    steps: list[Step] = []

    def add(each: Program, known: list[Any]) -> tuple[Place, ...]:
        """Take over the steps of a program, given where its inputs are; returns where its outputs are."""

        def at(places: Iterable[Place]) -> tuple[Place, ...]:
            return tuple([known[place] if type(place) is int else place for place in places])

        for form, operands in each.steps:
            if isinstance(form, RuleCall):
                known.append(add(form.primal, list(at(operands))))
            elif isinstance(form, Result) and type(known[operands[0]]) is tuple:
                known.append(known[operands[0]][form.place])
            else:
                if isinstance(form, Loop):
                    test = None if form.test is None else inlined(form.test)
                    form = replace(form, body=inlined(form.body), test=test)  # noqa: PLW2901
                steps.append((form, at(operands)))
                known.append(program.inputs + len(steps) - 1)
        return at(each.outputs)

    outputs = add(program, list(range(program.inputs)))
    return Program(program.inputs, tuple(steps), outputs)


def narrowed(program: Program) -> Program:
    """The same program, its loops without what none of its outputs depends on, and constants where they are read."""
    if not any(isinstance(form, Loop) for form in program.forms):
        return program
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
            steps[i], moved[at] = narrow(form, operands, read.get(at, set()))
            operands = steps[i][1]
        for place in operands:
            if place.__class__ is int:
                needed.add(place)
    for i, (form, operands) in enumerate(steps):
        if isinstance(form, Result) and operands[0] in moved and program.inputs + i in needed:
            steps[i] = Result(moved[operands[0]][form.place]), operands
    return Program(program.inputs, tuple(steps), program.outputs).pruned()  # what is left names results that are gone


def narrow(loop: Loop, operands: Iterable[Place], read: set[int]) -> tuple[Step, dict[int, int]]:
    """A loop that gives these of its results alone, and where each is now."""
    count, carry, xs, shared = loop.parts(list(operands))
    body, test = loop.body, loop.test
    carries, first_array = len(carry), loop.first_array
    given, place = [], carries
    for row in loop.ys:
        width = 1 if row.columns else row.width
        given.append(range(place, place + width))
        place += width
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
        width = 1 if row.columns else row.width
        rows.append(range(place, place + width))
        place += width
    arrays = [k for k in range(len(xs)) if not reached.isdisjoint(rows[k])]
    tested = set() if test is None else {p - 1 - carries for p in _inputs_of(test, [0]) if p > carries}
    others = [k for k in range(len(shared)) if (place + k in reached or k in tested) and type(shared[k]) is int]
    constants = {k: x for k, x in enumerate(shared) if type(x) is not int}
    inputs = [0, *[1 + j for j in kept], *[p for k in arrays for p in rows[k]], *[place + k for k in others]]
    new_body = _part(body, inputs, [*kept, *outputs], {place + k: x for k, x in constants.items()})
    new_test = None
    if test is not None:
        start = 1 + carries
        wanted = [0, *[1 + j for j in kept], *[start + k for k in others]]
        new_test = narrowed(_part(test, wanted, [0], {start + k: x for k, x in constants.items()}))
    new = replace(
        loop,
        body=narrowed(new_body),
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
    start_of_operands = [] if loop.turns is not None or test is not None else [count]
    chosen = [*start_of_operands, *[carry[j] for j in kept], *[xs[k] for k in arrays], *[shared[k] for k in others]]
    return (new, tuple(chosen)), places  # type: ignore[return-value]


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
