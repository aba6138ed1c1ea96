"""Loops that go through what another loop gives, row by row: they become part of it.

A reverse sweep gives what arrives at an array, and a mask; the loop after it puts 0 where nothing arrived. As one loop, it
gives products in a form in which they can be told from other numbers, and an array less lies in memory.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograd.forms import Call, Loop, Result
from autograd.program import Place, Program, Step


def fused(program: Program) -> Program:
    """The same program, with loops that carry nothing, and take rows that another gives in the same turns, in that one."""
    steps: list[Any] = []
    places: list[Any] = [*range(program.inputs)]
    into: dict[int, tuple[int, int]] = {}  # loops that went into another, by their places: that one's, and their first result

    def moved(operands: Sequence[Place]) -> tuple[Place, ...]:
        return tuple([places[x] if type(x) is int else x for x in operands])

    for at, (form, operands) in enumerate(program.steps, program.inputs):
        if isinstance(form, Result) and operands[0] in into:
            group, first = into[operands[0]]
            places.append(program.inputs + len(steps))
            steps.append((Result(first + form.place), (group,)))
            continue
        now = moved(operands)
        giver = _giver(program.inputs, steps, form, now) if isinstance(form, Loop) else None
        if giver is None:
            places.append(program.inputs + len(steps))
            steps.append((form, now))
        else:
            there = steps[giver - program.inputs]
            into[at] = giver, there[0].first_array + len(there[0].ys)
            steps[giver - program.inputs] = _together(program.inputs, steps, giver, form, now)
            places.append(giver)
    return Program(program.inputs, tuple(steps), moved(program.outputs))


def _is_plain(form: Any) -> bool:
    return isinstance(form, Loop) and not isinstance(form, Call) and form.test is None and form.turns is not None


def _result_of(inputs: int, steps: Sequence[Step], place: Any) -> tuple[int, int] | None:
    """The loop, and which of its results it is."""
    if type(place) is not int or place < inputs:
        return None
    form, operands = steps[place - inputs]
    return (operands[0], form.place) if isinstance(form, Result) else None


def _giver(inputs: int, steps: Sequence[Any], loop: Loop, operands: Sequence[Place]) -> int | None:
    """The place of the loop that gives rows to this one, which can be part of it."""
    if not _is_plain(loop) or loop.carry:
        return None
    _, _, xs, shared = loop.parts(operands)
    found = [_result_of(inputs, steps, x) for x in xs]
    groups = [x[0] for x in found if x is not None]
    if not groups:
        return None
    group = max(groups)
    there: Any = steps[group - inputs][0]
    if not _is_plain(there) or there.turns != loop.turns:
        return None
    for x, of, row in zip(xs, found, loop.xs, strict=True):
        if of is not None and of[0] == group:
            place = of[1] - there.first_array
            if place < 0 or row.columns or there.ys[place] != row:
                return None
        elif type(x) is int and x > group:
            return None
    return None if any(type(x) is int and x > group for x in shared) else group


def _together(inputs: int, steps: Sequence[Any], group: int, loop: Loop, operands: Sequence[Place]) -> Step:
    """Both loops as one: the rows that the second one gives come after those of the first."""
    there, before = steps[group - inputs]
    _, carry, xs, shared = there.parts(before)
    _, _, more_xs, more_shared = loop.parts(operands)
    taken = [_result_of(inputs, steps, x) for x in more_xs]
    new = [k for k, of in enumerate(taken) if of is None or of[0] != group]
    first_shared = there.body.inputs - len(shared)
    width = sum([1 if loop.xs[k].columns else loop.xs[k].width for k in new])
    total = there.body.inputs + width + len(more_shared)

    def of_first(x: Place) -> Place:
        if type(x) is not int or x < first_shared:
            return x
        return x + width if x < there.body.inputs else x - there.body.inputs + total

    body_steps = [(form, tuple([of_first(x) for x in places])) for form, places in there.body.steps]
    outputs = [of_first(x) for x in there.body.outputs]
    known: list[Place] = [0]
    at = first_shared
    for of, row in zip(taken, loop.xs, strict=True):
        if of is None or of[0] != group:
            many = 1 if row.columns else row.width
            known += range(at, at + many)
            at += many
        else:
            place = of[1] - there.first_array
            start = len(carry) + sum([1 if y.columns else y.width for y in there.ys[:place]])
            known += outputs[start : start + row.width]
    known += range(total - len(more_shared), total)
    for form, places in loop.body.steps:
        body_steps.append((form, tuple([known[x] if type(x) is int else x for x in places])))
        known.append(total + len(body_steps) - 1)
    outputs += [known[x] if type(x) is int else x for x in loop.body.outputs]
    found = replace(
        there,
        body=Program(total, tuple(body_steps), tuple(outputs)),
        xs=(*there.xs, *[loop.xs[k] for k in new]),
        ys=(*there.ys, *loop.ys),
        shared=(*there.shared, *loop.shared),
    )
    return found, (*carry, *xs, *[more_xs[k] for k in new], *shared, *more_shared)
