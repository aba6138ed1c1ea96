"""Loops that go through what another loop gives, row by row: they become part of it.

A reverse sweep gives what arrives at an array, and a mask; the loop after it puts 0 where nothing arrived. As one loop, it
gives products in a form in which they can be told from other numbers, and an array less lies in memory. Maps one after another
are one map, whose numbers between stay in registers.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from autograd.compiler.emit.levels import MOST_IN_REGISTERS, carried_by, ssa_of
from autograd.forms import Call, Form, Loop, Result, Row
from autograd.program import Place, Program

Fits = Callable[[Loop, Loop], bool]
"""Whether a loop may become part of the one that gives it rows, in as many turns."""
LONGEST = 100  # steps of a map with others in it: some become several operations, and of too many none goes in vectors


def fused(program: Program, fits: Fits) -> Program:
    """The same program, with loops that take rows that another gives in the same turns in that one, where they fit."""
    return _fused(program, fits, {})


def carries_nothing(_: Loop, loop: Loop) -> bool:
    """Whether a loop fits into any that gives it rows."""
    return not loop.carry


def are_maps(one: Loop, other: Loop) -> bool:
    """Whether two loops of primitives read and give a number in each turn, and are short together.

    They carry what is delayed at most; where only the run knows how many turns there are, the second one sums too.
    """
    short = len(one.body.steps) + len(other.body.steps) <= LONGEST and len(one.carry) + len(other.carry) <= MOST_IN_REGISTERS
    return short and _is_map(one) and _is_map(other, sums=other.turns is None)


def _is_map(loop: Loop, *, sums: bool = False) -> bool:
    if any(row != Row(1) for row in (*loop.xs, *loop.ys)) or any(loop.carry) or any(loop.shared):
        return False
    carried = carried_by(ssa_of(loop.body), len(loop.carry))
    return carried is not None and (sums or not carried.chains) and not any(isinstance(form, Form) for form in loop.body.forms)


class _Given(NamedTuple):
    """A result of a loop: which of what it carries, or of the arrays that it gives, of whose places more may come."""

    is_array: bool
    which: int


def _fused(program: Program, fits: Fits, known: dict[int, Any]) -> Program:
    if not any(isinstance(form, Loop) for form in program.forms):
        return program
    fusion = _Fusion(program, fits, known)
    found = fusion.program()
    return found if fusion.changed else program


class _Fusion:
    """A program rewritten so, step after step."""

    def __init__(self, old: Program, fits: Fits, known: dict[int, Any]) -> None:
        self.old, self.inputs, self.fits, self.known = old, old.inputs, fits, known
        self.steps: list[Any] = []
        self.places: list[int] = [*range(old.inputs)]  # of each old number, where it is now
        self.into: dict[int, tuple[int, int]] = {}  # of loops that went into another, what that carried and gave before
        self.changed = False

    def program(self) -> Program:
        """The whole of it."""
        for at, (form, operands) in enumerate(self.old.steps, self.inputs):
            now = self._moved(operands)
            if isinstance(form, Result):
                self._step(self._moved_result(form, operands[0]), now)
            elif isinstance(form, Loop):
                self._loop(at, self._with_body(form), now)
            else:
                self._step(form, now)
        steps = [(self._result(form, operands), operands) for form, operands in self.steps]
        return Program(self.inputs, tuple(steps), self._moved(self.old.outputs))

    def _moved_result(self, form: Result, group: Any) -> Any:
        """Which result it is of the loop that has it now."""
        of: Any = self.old.steps[group - self.inputs][0]
        if not _is_plain(of):
            return form
        carried, given = self.into.get(group, (0, 0))
        is_array = form.place >= of.first_array
        return _Given(is_array, form.place - of.first_array + given if is_array else form.place + carried)

    def _moved(self, operands: Iterable[Place]) -> tuple[Place, ...]:
        return tuple([self.places[x] if type(x) is int else x for x in operands])

    def _step(self, form: Any, operands: tuple[Place, ...]) -> None:
        self.places.append(self.inputs + len(self.steps))
        self.steps.append((form, operands))

    def _result(self, form: Any, operands: tuple[Place, ...]) -> Any:
        if not isinstance(form, _Given):
            return form
        return Result(form.which + (self._at(operands[0])[0].first_array if form.is_array else 0))

    def _at(self, place: Any) -> Any:
        return self.steps[place - self.inputs]

    def _with_body(self, loop: Loop) -> Loop:
        """The loop, with what its body has become."""
        if id(loop) not in self.known:
            body = _fused(loop.body, self.fits, self.known)
            self.known[id(loop)] = loop if body is loop.body else replace(loop, body=body)
        found: Loop = self.known[id(loop)]
        self.changed |= found is not loop
        return found

    def _loop(self, at: int, loop: Loop, operands: tuple[Place, ...]) -> None:
        giver = self._giver(loop, operands)
        if giver is None:
            self._step(loop, operands)
            return
        there = self._at(giver)[0]
        self.into[at] = len(there.carry), len(there.ys)
        self.steps[giver - self.inputs] = self._together(giver, loop, operands)
        self.places.append(giver)
        self.changed = True

    def _given(self, place: Any) -> tuple[int, _Given] | None:
        """The loop that gives an array, and which of its results that is."""
        if type(place) is not int or place < self.inputs:
            return None
        form, operands = self._at(place)
        return (operands[0], form) if isinstance(form, _Given) else None

    def _giver(self, loop: Loop, operands: tuple[Place, ...]) -> int | None:
        """The place of the loop that gives rows to this one, which can be part of it."""
        if not _is_plain(loop):
            return None
        count, carry, xs, shared = loop.parts(operands)
        found = [self._given(x) for x in xs]
        groups = [x[0] for x in found if x is not None]
        if not groups:
            return None
        group = max(groups)
        there, before = self._at(group)
        both_carry = there.carry and loop.carry
        same_turns = there.turns == loop.turns and there.parts(before)[0] == count
        if not same_turns or (both_carry and there.reverse != loop.reverse):
            return None
        for x, of, row in zip(xs, found, loop.xs, strict=True):
            if of is not None and of[0] == group:
                if not of[1].is_array or row.columns or there.ys[of[1].which] != row:
                    return None
            elif type(x) is int and x > group:
                return None
        later = any(type(x) is int and x > group for x in (*carry, *shared))
        return None if later or not self.fits(there, loop) else group

    def _together(self, group: int, loop: Loop, operands: tuple[Place, ...]) -> Any:
        """Both loops as one: what the second one carries and gives comes after that of the first."""
        there, before = self._at(group)
        _, carry, xs, shared = there.parts(before)
        _, more_carry, more_xs, more_shared = loop.parts(operands)
        taken = [self._given(x) for x in more_xs]
        first_row = 1 + len(carry)
        there_too = _places(zip(xs, there.xs, strict=True), first_row + len(more_carry))
        new = [
            k
            for k, (x, row, of) in enumerate(zip(more_xs, loop.xs, taken, strict=True))
            if (of is None or of[0] != group) and (x, row) not in there_too
        ]
        first_shared = there.body.inputs - len(shared)
        carries, width = len(more_carry), sum([loop.xs[k].places for k in new])
        inputs = there.body.inputs + carries + width
        total = inputs + len(more_shared)

        def of_first(x: Any) -> Any:
            if type(x) is not int or x < first_row:
                return x
            if x >= there.body.inputs:
                return x - there.body.inputs + total
            return x + carries + (width if x >= first_shared else 0)

        steps = [(form, tuple([of_first(x) for x in places])) for form, places in there.body.steps]
        outputs = [of_first(x) for x in there.body.outputs]
        known: list[Place] = [0, *range(first_row, first_row + carries)]
        at = first_shared + carries
        for x, row, of in zip(more_xs, loop.xs, taken, strict=True):
            if of is None or of[0] != group:
                place = there_too.get((x, row), at)
                known += range(place, place + row.places)
                at += row.places if place == at else 0
            else:
                start = len(carry) + sum([y.places for y in there.ys[: of[1].which]])
                known += outputs[start : start + row.width]
        known += range(inputs, total)
        for form, places in loop.body.steps:
            steps.append((form, tuple([known[x] if type(x) is int else x for x in places])))
            known.append(total + len(steps) - 1)
        more = [known[x] if type(x) is int else x for x in loop.body.outputs]
        outputs[len(carry) : len(carry)] = more[:carries]
        found = replace(
            there,
            body=Program(total, tuple(steps), (*outputs, *more[carries:])),
            carry=(*there.carry, *loop.carry),
            xs=(*there.xs, *[loop.xs[k] for k in new]),
            ys=(*there.ys, *loop.ys),
            shared=(*there.shared, *loop.shared),
            reverse=there.reverse if there.carry else loop.reverse if loop.carry else there.reverse,
        )
        count = before[: len(before) - len(carry) - len(xs) - len(shared)]
        return found, (*count, *carry, *more_carry, *xs, *[more_xs[k] for k in new], *shared, *more_shared)


def _is_plain(form: Any) -> bool:
    return isinstance(form, Loop) and not isinstance(form, Call) and form.test is None


def _places(rows: Iterable[tuple[Place, Row]], place: int) -> dict[tuple[Place, Row], int]:
    """Where the numbers of each row are among the inputs of a body, from a place on."""
    found: dict[tuple[Place, Row], int] = {}
    for key in rows:
        found.setdefault(key, place)
        place += key[1].places
    return found
