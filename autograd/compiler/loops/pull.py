"""Reverse mode through a loop: a loop in the other direction, which carries adjoints.

What each number that is carried brings back goes to the turn before; what turns share sums up; what is read row by row is given
row by row. Everything is added in the order in which the turns, one after another, would add it. Only where one number comes in
by two ways, carried at the start and shared, the sums of both are added at the end.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd.compiler.loops.arriving import (
    ALWAYS,
    NEVER,
    SOMETIMES,
    Arriving,
    Mapped,
    add_at_elements,
    adds_up,
    arrived,
    arrived_at,
    arrives_at,
    chosen,
    either,
    element,
    elements_at,
    filled,
    first_of,
    given,
    identical,
    input_like,
    joined,
    like_of,
    most_of,
    nothing_at,
    nothing_in,
    part_at,
    put,
    read,
    status_of,
    taken,
)
from autograd.compiler.loops.body import Body
from autograd.compiler.loops.recorded import RecordedLoop, Source, row_arriving, shape_of
from autograd.compiler.loops.several import Several, length_of
from autograd.compiler.loops.sweeps import sweep_back
from autograd.compiler.trace.masked import Masked, nothing_yet
from autograd.graph import Node
from autograd.primitives import logical_and, logical_not, logical_or, not_equal, where

STARTED = "started"  # of a sum: nothing had arrived before, and in every turn something does


class Pull:
    """One reverse sweep through a loop: `finals` and `ys` have arrived at its results."""

    def __init__(self, of: RecordedLoop, adjoints: dict[Any, Any], outer: Mapped, finals: list[Any], ys: list[Any]) -> None:
        self.of, self.adjoints, self.outer, self.finals, self.ys = of, adjoints, outer, finals, ys
        self.count = of.count if type(of.count) is int else outer(of.count)
        inside = of.inside
        self.slots = [j for j, x in enumerate(of.carried) if x in inside]
        self.shared = [(x, y) for x, y in zip(of.taken, of.shared, strict=True) if x in inside]
        self.columns = [(row, array) for row, array in zip(of.rows, of.xs, strict=True) if array in of.wanted]
        self.twice = self._met_twice()
        self.sums_known = [self._known(y) for _, y in self.shared]
        self.columns_known = [self._known(array) for _, array in self.columns]
        self.first_known = [self._known(of.carry[j]) for j in self.slots]
        self.before = self._carried_ys()
        self.starts = [self._start(j) for j in self.slots]

    def _met_twice(self) -> set[Any]:
        """Operands with numbers that others have too, or that go on to arrays: what arrives there is added at the end."""
        seen: set[Any] = set()
        found: set[Any] = set()
        for node in [*[y for _, y in self.shared], *[x for _, x in self.columns], *[self.of.carry[j] for j in self.slots]]:
            if type(node) is float:
                continue
            elements = node.elements if isinstance(node, Several) else None
            there = [x for x in elements or [node] if type(x) is not float]
            if adds_up(self.adjoints, there) or not seen.isdisjoint(there):
                found.add(node)
            seen.update(there)
        return found

    def _known(self, node: Any) -> Any:
        """What has arrived at an operand before."""
        return None if type(node) is float or node in self.twice else arrived(self.adjoints, node)

    def _carried_ys(self) -> dict[int, tuple[int, int]]:
        """By what is carried on, the place among the ys of the same number: what arrived there comes before what turns add."""
        of = self.of
        found: dict[int, tuple[int, int]] = {}
        for k, row in enumerate(of.given):
            for column, node in enumerate(row):
                slots = [j for j in self.slots if of.following[j] is node]
                if self.ys[k] is not None and len(slots) == 1:
                    found.setdefault(slots[0], (k, column))
        return found

    def _start(self, j: int) -> Any:
        """What has arrived at what is carried at the end."""
        if j not in self.before:
            return self.finals[j]
        k, column = self.before[j]
        count = self.count
        if isinstance(self.of.carried[j], Several):
            last = part_at(self.ys[k], self.rows_of(j), 0.0 if self.of.reverse else count - 1.0)
            return first_of(last if type(count) is int else chosen(count > 0.0, last, None), self.finals[j])
        if type(count) is int:
            found = element(self.ys[k], 0.0 if self.of.reverse else count - 1.0, column)
        else:
            x = element(self.ys[k], 0.0 if self.of.reverse else count - 1.0, column)
            raw, there = (x.raw, x.mask) if isinstance(x, Masked) else (x, True)
            found = Masked(raw, logical_and(count > 0.0, there))
        return first_of(found, self.finals[j])

    def rows_of(self, j: int) -> Any:
        """How many rows an array has that is carried."""
        rows = length_of(self.of.carry[j])
        return rows if type(rows) is float else self.outer(rows)

    def bring(self) -> None:
        """Record the loop of the sweep, and put what it brings where it belongs."""
        of = self.of
        statuses = [status_of(x) for x in self.starts]
        sums: list[Any] = [None if x is None else status_of(x) for x in self.sums_known]
        alike = self._alike(statuses, sums)
        statuses, sums = of.tracer.settled_sweeps.get(alike, (statuses, sums))
        while True:  # until what a turn brings is what it was taken to get: more arrives each time
            turn = _Turn(self, statuses, sums)
            following = [joined(a, b) for a, b in zip(statuses, turn.statuses, strict=True)]
            if following == statuses and all(map(_as_taken, sums, turn.sums)):
                break
            settled = following == statuses
            sums = [None if s == NEVER and not settled else s for s in turn.sums]
            statuses = following
        of.tracer.settled_sweeps[alike] = statuses, turn.sums
        carry = [given(x, s, of.carry[j], self.outer) for x, s, j in zip(self.starts, statuses, self.slots, strict=True)]
        for known, s, (_, y) in zip(self.sums_known, turn.sums, self.shared, strict=True):
            carry.append(_sum_start(known, s, y, self.outer))
        program = turn.body.program(turn.outputs)
        shared = [*turn.shared, *turn.body.shared]
        last, arrays = of.loop(
            program, by_kind(carry), turn.sources, tuple(turn.shapes), shared, reverse=not of.reverse, outer=self.outer
        )
        found = [x for pieces in by_carry(last, [len(pieces) for pieces in carry]) for x in pieces]
        self._deliver(iter(found), iter(arrays), turn, statuses)

    def _alike(self, statuses: list[int], sums: list[Any]) -> Any:
        """The same for sweeps through equal loops, as layers have them, at whose results the same is known to arrive."""
        of = self.of
        known = [*self.columns_known, *self.first_known, *self.ys]
        there = [[x in of.inside for x in of.taken], [x in of.wanted for x in of.xs]]
        arrived_there = [None if x is None else status_of(x) for x in known]
        return of.node.primitive, str((self.slots, there, statuses, sums, arrived_there, self.before))

    def _deliver(self, last: Iterator[Any], arrays: Iterator[Any], turn: "_Turn", statuses: list[int]) -> None:
        of = self.of
        later: list[tuple[Any, Any]] = []
        at_inits = [read(last, s, of.carried[j]) for s, j in zip(statuses, self.slots, strict=True)]
        for s, (x, node) in zip(turn.sums, self.shared, strict=True):
            self._put(node, self._sum_end(last, s, x), later)
        for s, (_, array) in zip(turn.rows, self.columns, strict=True):
            found = [next(arrays) for _ in range(s)]
            self._put(array, Arriving(*found) if found else None, later)
        for j, x, known, start in zip(self.slots, at_inits, self.first_known, self.starts, strict=True):
            total = x
            if known is not None and type(self.count) is not int:  # without turns, none took in what is known
                total = either(self.count > 0.0, x, first_of(known, start))
            self._put(of.carry[j], total, later)
        for node, x in later:
            self._add(node, x)

    def _put(self, node: Any, x: Any, later: list[tuple[Any, Any]]) -> None:
        """What has arrived at an operand by now."""
        if x is None or type(node) is float:
            return
        if node in self.twice:
            later.append((node, x))
        elif isinstance(node, Several):
            if node in self.adjoints or node.elements is not None:
                arrives_at(self.adjoints, node, x)
        elif node in self.adjoints:
            put(self.adjoints, node, x)

    def _add(self, node: Any, x: Any) -> None:
        """More has arrived at an operand."""
        adjoints = self.adjoints
        if isinstance(node, Several) and elements_at(adjoints, node) is not None:
            add_at_elements(adjoints, node, x)
        elif node in adjoints and isinstance(node, Several):
            arrives_at(adjoints, node, first_of(arrived_at(adjoints, node), x))
        elif node in adjoints:
            adjoints[node] = first_of(adjoints[node], x)

    def _sum_end(self, last: Iterator[Any], status: Any, like: Any) -> Any:
        """What all turns brought to something shared."""
        if status != STARTED:
            return read(last, status, like)
        raw = next(last)
        if type(self.count) is int:
            return Arriving(raw) if isinstance(like, Several) else raw
        there = self.count > 0.0
        return Arriving(raw, filled(raw, where(there, 1.0, 0.0))) if isinstance(like, Several) else Masked(raw, there, raw)


class _Passed(NamedTuple):
    """Something of the level of the loop, as an input of a body."""

    mine: Any
    outer: Any


class _Turn:
    """One turn of the sweep, as a body: `statuses` and `sums` say what is known of what arrives, before it, then after it."""

    def __init__(self, pull: Pull, statuses: list[int], sums: list[Any]) -> None:
        self.pull, self.of = pull, pull.of
        self.passed: list[_Passed] = []
        self.outputs: list[Any] = []
        self.shapes: list[Any] = []
        self.sources: list[Source] = []
        of = self.of
        with Body(of.tracer) as self.body:
            counter = self.body.number("i")
            incoming = [taken(self.body, s, of.carried[j]) for s, j in zip(statuses, pull.slots, strict=True)]
            totals = [_sum_input(self.body, s, x) for s, (x, _) in zip(sums, pull.shared, strict=True)]
            self.body.inputs[1:] = by_kind([inputs_of(x) for x in [*incoming, *totals]])
            seeds, mapped, partials, self.shared = self._seeds(counter, incoming, totals)
            adjoints = sweep_back(of.order, seeds, partials, of.times[0], mapped)
            self._give(adjoints, statuses, incoming, totals, sums)
        self.shared = [*self.shared, *[x.outer for x in self.passed]]

    def _seeds(self, counter: Any, incoming: Sequence[Any], totals: Sequence[Any]) -> Any:  # noqa: C901 - each way in
        """What has arrived when the turn begins: first what came from outside of the loop, then what later turns brought."""
        pull, of, body = self.pull, self.of, self.body
        ys = {k: row_arriving(body, y, of.given[k], self.sources) for k, y in enumerate(pull.ys) if y is not None}
        rows = [
            [None] * len(row) if known is None else row_arriving(body, known, row, self.sources)
            for known, (row, _) in zip(pull.columns_known, pull.columns, strict=True)
        ]
        mapped, partials, sources, shared = of.turn(body, pull.outer)
        self.sources += sources
        seeds: dict[Any, Any] = {}

        def seed(node: Any, x: Any) -> None:
            if x is not None and type(node) is not float and node in of.inside:
                seeds[node] = first_of(seeds.get(node), x)

        for j, known in zip(pull.slots, pull.first_known, strict=True):
            seed(of.carried[j], self._from_outside(j, known, counter))
        for (x, _), total in zip(pull.shared, totals, strict=True):
            seed(x, total)
        for found, (nodes, _) in zip(rows, pull.columns, strict=True):
            for node, x in zip(nodes, found, strict=True):
                seed(node, x)
        for k, found in ys.items():
            for column, (node, x) in enumerate(zip(of.given[k], found, strict=True)):
                if (k, column) not in pull.before.values():
                    seed(node, x)
        for j, x in zip(pull.slots, incoming, strict=True):
            seed(of.following[j], x)
        return seeds, mapped, partials, shared

    def _pass(self, x: Any) -> Any:
        """Something of the level of the loop as an input; a number as it is."""
        if type(x) in (float, int, bool):
            return float(x)
        mine = input_like(self.body, x, x.width if isinstance(x, Several) else 0)
        self.passed.append(_Passed(mine, x))
        return mine

    def _pass_arriving(self, x: Arriving) -> Arriving:
        """What arrives at an array of that level."""
        return Arriving(self._pass(x.raw), self._pass(x.mask) if isinstance(x.mask, Several) else x.mask)

    def _from_outside(self, j: int, known: Any, counter: Any) -> Any:
        """What has arrived from outside at the number that this turn takes for what is carried.

        It came with a y, where the turn before gave that number as one; in the first turn, to what was there at the start.
        """
        pull, of = self.pull, self.of
        if j not in pull.before and known is None:
            return None
        is_first = counter == (self._pass(pull.count) - 1.0 if of.reverse else 0.0)
        if isinstance(of.carried[j], Several):
            return self._array_from_outside(j, known, is_first, counter)
        number, first = -0.0, is_first
        if known is not None:
            number = self._pass(known.number if isinstance(known, Masked) else known)
            if isinstance(known, Masked):  # by its number: a sum in the making, in a loop around, is one without a mask
                first = logical_and(is_first, not_equal(self._pass(known.mask), 0.0))
        if j not in pull.before:
            return Masked(number, first, where(is_first, number, -0.0))
        k, column = pull.before[j]
        found = element(self._pass_arriving(pull.ys[k]), counter + 1.0 if of.reverse else counter - 1.0, column)
        raw, later = found, logical_not(is_first)
        if isinstance(found, Masked):
            raw, later = found.raw, logical_and(later, found.mask)
        if known is None:
            return Masked(raw, later)
        raw = where(is_first, number, raw)
        if not isinstance(found, Masked) and not isinstance(known, Masked):
            return raw
        return Masked(raw, logical_or(first, later), raw)

    def _array_from_outside(self, j: int, known: Any, is_first: Any, counter: Any) -> Arriving:
        """The same of an array."""
        pull = self.pull
        first, later = known and self._pass_arriving(known), None
        if j in pull.before:
            there = self._pass_arriving(pull.ys[pull.before[j][0]])
            later = part_at(there, self._pass(pull.rows_of(j)), counter + 1.0 if self.of.reverse else counter - 1.0)
        return chosen(is_first, nothing_in(later.raw, identical) if first is None and later else first, later)

    def _give(
        self, adjoints: dict[Any, Any], statuses: list[int], incoming: Sequence[Any], totals: Sequence[Any], sums: list[Any]
    ) -> None:
        """What the turn brings: on to the turn before, to what is shared, to its rows."""
        pull, of = self.pull, self.of
        found = [arrived(adjoints, of.carried[j]) for j in pull.slots]
        self.statuses = [status_of(x) for x in found]
        carry = [
            given(x, joined(before, after), like_of(y, of.carried[j]))
            for x, before, after, y, j in zip(found, statuses, self.statuses, incoming, pull.slots, strict=True)
        ]
        self.sums = []
        for (node, _), total, status in zip(pull.shared, totals, sums, strict=True):
            x = arrived(adjoints, node)
            self.sums.append(_sum_status(x, total, status))
            carry.append(_sum_output(x, self.sums[-1], node))
        self.outputs += by_kind(carry)
        self.rows = []
        for nodes, _ in pull.columns:
            row = [arrived(adjoints, node) for node in nodes]
            self.rows.append(most_of(row))
            pieces = [given(x, self.rows[-1], node) for x, node in zip(row, nodes, strict=True)]
            for i in range(self.rows[-1]):
                self.outputs += [piece[i] for piece in pieces]
                self.shapes.append(shape_of(nodes))


# --- what is carried: all numbers, then all masks, so that those of a list lie side by side ------------------------------


def by_kind(pieces: Sequence[Sequence[Any]]) -> list[Any]:
    """The first of each, then the second."""
    return [x[k] for k in range(2) for x in pieces if len(x) > k]


def by_carry(flat: Sequence[Any], counts: Sequence[int]) -> list[list[Any]]:
    """Undo `by_kind`: pieces of these lengths."""
    rest = iter(flat)
    pieces: list[list[Any]] = [[] for _ in counts]
    for k in range(2):
        for piece, count in zip(pieces, counts, strict=True):
            if count > k:
                piece.append(next(rest))
    return pieces


def inputs_of(x: Any) -> list[Any]:
    """What `taken` made the inputs of a body."""
    if x is None:
        return []
    return [y for y in (x.raw, x.mask) if isinstance(y, Node)] if isinstance(x, Masked | Arriving) else [x]


# --- sums that go through all turns: a status, STARTED, or None where it is not known yet -------------------------------


def _sum_start(known: Any, status: Any, like: Any, mapped: Mapped) -> list[Any]:
    if status != STARTED:
        return given(known, status, like, mapped)
    return [filled(like, -0.0, mapped) if isinstance(like, Several) else -0.0]


def _sum_input(body: Body, status: Any, like: Any) -> Any:
    if status is not None and status != STARTED:
        return taken(body, status, like)
    x = taken(body, ALWAYS, like)
    return nothing_at(x.raw) if isinstance(x, Arriving) else nothing_yet(x)


def _as_taken(before: Any, after: Any) -> bool:
    """Whether a turn leaves a sum as it was taken to be; what is not known yet is taken as STARTED is."""
    return bool(after == (STARTED if before is None else before))


def _sum_status(x: Any, total: Any, before: Any) -> Any:
    """What is known of a sum after a turn."""
    if before == NEVER:
        return NEVER
    if before is not None and before != STARTED:
        return joined(before, status_of(x))
    if x is total or x is None or (isinstance(x, Arriving) and x.raw is total.raw):
        return NEVER
    return SOMETIMES if status_of(x) == SOMETIMES else STARTED


def _sum_output(x: Any, status: Any, like: Any) -> list[Any]:
    if status != STARTED:
        return given(x, status, like)
    return [x.raw if isinstance(x, Arriving) else x]
