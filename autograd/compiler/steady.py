"""What all turns of a loop find as it was: numbers carried on unchanged, and rows that are the same in every turn.

A sweep back through a sum is such a loop: it gives each turn what arrives at the sum. As numbers that turns share they are
neither carried nor written, and turns that carry nothing else go side by side.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograd.compiler.emit.levels import MOST_IN_REGISTERS
from autograd.forms import Call, Fill, Loop, Result
from autograd.program import Place, Program, Step


def steadied(program: Program) -> Program:
    """The same numbers, by loops that share what their turns leave as it is."""
    return _steadied(program, {})


_Known = dict[int, Any]
"""What became of loops, by the identity of each: calls of one function stay calls of one function."""


def _steadied(program: Program, known: _Known) -> Program:
    if not any(isinstance(form, Loop) for form in program.forms):
        return program
    made = _Steadied(program, known)
    found = made.program()
    return found.pruned() if made.changed else program


class _Steadied:
    """A program rewritten so, step after step."""

    def __init__(self, old: Program, known: _Known) -> None:
        self.old, self.inputs, self.known = old, old.inputs, known
        self.steps: list[Any] = []
        self.places: list[Place] = [*range(old.inputs)]  # of each old number, where it is now; of a loop with `results` 0
        self.results: dict[int, dict[int, Place]] = {}  # of old loops, where each result is now
        self.filled: dict[Place, Place] = {}  # of arrays, the number that is all there is in them
        self.changed = False

    def program(self) -> Program:
        """The whole of it."""
        for at, (form, operands) in enumerate(self.old.steps, self.inputs):
            moved = self._moved(operands)
            if isinstance(form, Result) and operands[0] in self.results:
                self.places.append(self.results[operands[0]][form.place])  # a loop's place is no constant
            elif isinstance(form, Loop) and form.test is None and not isinstance(form, Call):
                self.results[at] = self._loop(self._with_body(form), moved)
                self.places.append(0)
            else:
                self.places.append(self._step(self._with_body(form) if isinstance(form, Loop) else form, moved))
        return Program(self.inputs, tuple(self.steps), self._moved(self.old.outputs))

    def _moved(self, places: Sequence[Place]) -> tuple[Place, ...]:
        return tuple([self.places[x] if type(x) is int else x for x in places])

    def _step(self, form: Any, operands: tuple[Place, ...]) -> Place:
        at = self.inputs + len(self.steps)
        self.steps.append((form, operands))
        if isinstance(form, Fill):
            self.filled[at] = operands[1]
        return at

    def _with_body(self, loop: Loop) -> Loop:
        """The loop, with what its body has become."""
        if id(loop) not in self.known:
            body = _steadied(loop.body, self.known)
            self.known[id(loop)] = loop if body is loop.body else replace(loop, body=body)
        found: Loop = self.known[id(loop)]
        self.changed |= found is not loop
        return found

    def _loop(self, loop: Loop, operands: tuple[Place, ...]) -> dict[int, Place]:
        """Add a loop; returns where its results are."""
        body = loop.body
        count, carry, xs, shared = loop.parts(operands)
        turns = float(loop.turns) if loop.turns is not None else count
        few = loop.carry.count(0) <= MOST_IN_REGISTERS
        steady = [j for j, width in enumerate(loop.carry) if few and not width and _is_place(body.outputs[j], 1 + j)]
        # of what lies in the rows of a turn: where in the body it begins, its array, and the number that this is full of
        rows, place = [], 1 + len(carry)
        for x, row in zip(xs, loop.xs, strict=True):
            rows.append((place, row, x, None if row.columns else self.filled.get(x)))
            place += row.places
        outside: dict[int, Place] = {1 + j: carry[j] for j in steady}  # of inputs that turns share, what they are
        outside |= {at + k: full for at, row, _, full in rows if full is not None for k in range(row.width)}
        outside |= {place + k: x for k, (x, width) in enumerate(zip(shared, loop.shared, strict=True)) if not width}
        given: dict[int, tuple[int, int, Place | None]] = {}
        first = len(carry)
        for k, row in enumerate(loop.ys):
            end = first + row.places
            number = None if row.columns else _only(body.outputs[first:end])
            given[k] = first, end, outside.get(number) if type(number) is int else number
            first = end
        if not steady and all(row[3] is None for row in rows) and all(full is None for _, _, full in given.values()):
            group = self._step(loop, operands)
            return {k: self._step(Result(k), (group,)) for k in range(loop.first_array + len(loop.ys))}
        self.changed = True
        return self._lighter(loop, operands, turns, steady, rows, given)

    def _lighter(
        self, loop: Loop, operands: tuple[Place, ...], turns: Place, steady: Sequence[int], rows: Sequence[Any], given: Any
    ) -> dict[int, Place]:
        """Add a loop without what its turns leave as it is; returns where its results are."""
        body = loop.body
        count, carry, _, shared = loop.parts(operands)
        kept = [j for j in range(len(carry)) if j not in steady]
        first_shared = body.inputs - len(shared)
        taken = [(at, row, x) for at, row, x, full in rows if full is None]
        full = [(at, row, number) for at, row, _, number in rows if number is not None]
        order = [0, *[1 + j for j in kept]]
        order += [at + k for at, row, _ in taken for k in range(row.places)]
        order += [*range(first_shared, body.inputs), *[1 + j for j in steady], *[at for at, _, _ in full]]
        new: dict[int, int] = {old: place for place, old in enumerate(order)}
        new |= {at + k: new[at] for at, row, _ in full for k in range(row.width)}
        inputs = len(order)

        def at(places: Sequence[Place]) -> tuple[Place, ...]:
            return tuple([x if type(x) is not int else new.get(x, x - body.inputs + inputs) for x in places])

        steps: tuple[Step, ...] = tuple([(form, at(places)) for form, places in body.steps])
        ys = [k for k, (_, _, number) in given.items() if number is None]
        outputs = [body.outputs[j] for j in kept] + [x for k in ys for x in body.outputs[given[k][0] : given[k][1]]]
        found: dict[int, Place] = {j: carry[j] for j in steady}
        if kept or ys:
            lighter = replace(
                loop,
                body=Program(inputs, steps, at(outputs)),
                carry=tuple([loop.carry[j] for j in kept]),
                xs=tuple([row for _, row, _ in taken]),
                ys=tuple([loop.ys[k] for k in ys]),
                shared=(*loop.shared, *[0] * (len(steady) + len(full))),
            )
            more = [*[carry[j] for j in steady], *[number for _, _, number in full]]
            start = [] if loop.turns is not None else [count]
            all_operands = (*start, *[carry[j] for j in kept], *[x for _, _, x in taken], *shared, *more)
            group = self._step(lighter, all_operands)
            results = [*kept, *[loop.first_array + k for k in ys]]
            found |= {k: self._step(Result(place), (group,)) for place, k in enumerate(results)}
        for k, (_, _, number) in given.items():
            if number is not None:
                found[loop.first_array + k] = self._step(Fill(loop.ys[k].width), (turns, number))
        return found


def _is_place(x: Place, place: int) -> bool:
    """Whether it is that one: a constant may be equal to a place."""
    return type(x) is int and x == place


def _only(numbers: Sequence[Place]) -> Place | None:
    """The number that all of these are, constants to the bit; None if there are several."""
    return numbers[0] if len({x if type(x) is int else repr(x) for x in numbers}) == 1 else None
