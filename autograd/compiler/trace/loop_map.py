"""Loops differentiated: the body's program is, by the rules that there are, and becomes the body of another loop.

The partials of all turns are one loop, in the order of the loop itself; a sweep is another one, in reverse for adjoints. What
these need of each turn's numbers, the loop gives beside its results, as arrays: its tape.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autograd.compiler.trace.derivation import (
    ALWAYS,
    NEVER,
    SOMETIMES,
    Arriving,
    Mapped,
    arrived_at,
    arrives_at,
    element,
    filled,
    given,
    indices_of,
    is_compound,
    joined,
    status_of,
    sum_of,
    sweep_back,
    sweep_forward,
    taken,
)
from autograd.compiler.trace.loops import Body, loop_node, widths
from autograd.compiler.trace.masked import Masked
from autograd.compiler.trace.several import Several, record_form
from autograd.compiler.trace.symbol import TRUTH, Symbol, is_condition
from autograd.forms import Load, Loop, Result, Row
from autograd.graph import tick
from autograd.primitives import logical_and, logical_not, logical_or, not_equal, where

Times = Callable[[Any, Any], Any]


class Source(NamedTuple):
    """An array that each turn reads a row of, and the nodes of the body that the row holds."""

    array: Any
    content: list[Any]
    shape: Row


def identical(x: Any) -> Any:
    """The node itself: the sweep is recorded at the level of the loop."""
    return x


def row_inputs(body: Body, shape: Row) -> list[Any]:
    """New inputs for a row."""
    if shape.columns:
        return [body.array(shape.width // shape.columns, shape.columns)]
    return [body.number() for _ in range(shape.width)]


def row_of(array: Several) -> Row:
    """An array as the row of another one."""
    if type(array.length) is not int:
        raise NotImplementedError("a loop whose number of turns changes from turn to turn of another loop has no derivative yet")
    return Row(array.length * array.width, array.width)


def refs_of(partials: Any) -> list[Any]:
    """The nodes that partials are made of."""
    if isinstance(partials, LoopMap):
        return partials.refs()
    found: list[Any] = []
    for x in partials:
        if isinstance(x, Masked):
            found += [y for y in (x.raw, x.mask) if type(y) is not float]
        elif x is not None and type(x) is not float:
            found.append(x)
    return found


class LoopMap:
    """The linear map of a loop: its partials recorded, and its sweeps."""

    def __init__(
        self, node: Several, reached: Any, partials_in: Callable[..., dict[Any, Any]], times: tuple[Times, Times], tracer: Any
    ) -> None:
        self.node, self.tracer, self.times = node, tracer, times
        loop: Any = node.primitive
        self.reverse: bool = loop.reverse
        count, self.carry, self.xs, self.shared = loop.parts(node.operands)
        self.wanted = {x for x in node.operands if type(x) is not float and x in reached}
        with Body(tracer) as body:
            self.counter = body.number("i")
            self.carried = [_input_like(body, x, width) for x, width in zip(self.carry, loop.carry, strict=True)]
            self.rows = [row_inputs(body, row) for row in loop.xs]
            self.taken = [_input_like(body, x, width) for x, width in zip(self.shared, loop.shared, strict=True)]
            outputs = loop.body(*body.inputs)
            self.following = outputs[: len(self.carry)]
            rest = iter(outputs[len(self.carry) :])
            self.given = [[next(rest) for _ in range(1 if y.columns else y.width)] for y in loop.ys]
            self.order, self.inside = self._order(body, outputs)
            self.later = tick()
            self.known = partials_in(self.order, self.inside)
        self._record(body, outputs, count)

    def _order(self, body: Body, outputs: Sequence[Any]) -> tuple[list[Any], set[Any]]:
        """The nodes of a turn that depend on what is wanted, inputs first, in the order of making; and a set of them."""
        body.program(outputs)
        nodes = sorted(body.nodes, key=lambda node: node.made)
        wanted = self.wanted
        inside = {x for x, outer in zip(self.carried, self.carry, strict=True) if type(outer) is not float and outer in wanted}
        inside |= {x for row, outer in zip(self.rows, self.xs, strict=True) for x in row if outer in wanted}
        inside |= {x for x, outer in zip(self.taken, self.shared, strict=True) if type(outer) is not float and outer in wanted}
        before = -1
        while len(inside) != before:
            before = len(inside)
            for node in nodes:
                if not inside.isdisjoint([x for x in node.operands if type(x) is not float]):
                    inside.add(node)
            inside |= {x for x, y in zip(self.carried, self.following, strict=True) if type(y) is not float and y in inside}
        inputs = [*self.carried, *[x for row in self.rows for x in row], *self.taken]
        return [x for x in [*inputs, *nodes] if x in inside], inside

    # --- what the partials are made of: the tape, and a loop of their own

    def refs(self) -> list[Any]:
        """The nodes of the loop's level that its sweeps read."""
        count = [self.count] if isinstance(self.count, Symbol) else []
        return [*[source.array for source in self.sources], *[outer for _, outer in self.passed], *count]

    def _record(self, body: Body, outputs: Sequence[Any], count: Any) -> None:
        refs = list(dict.fromkeys([x for partials in self.known.values() for x in refs_of(partials)]))
        refs = list(dict.fromkeys([*refs, *[x for node in self.order if is_compound(node) for x in indices_of(node)]]))
        made = [x for x in refs if x.made > self.later]
        there = dict.fromkeys([x for x in refs if x.made <= self.later])
        stack, found = list(made), set()
        while stack:  # what the partials' loop reads of a turn
            node = stack.pop()
            if type(node) is float or node in found:
                continue
            found.add(node)
            if node.made <= self.later:
                there[node] = None
            else:
                stack += node.operands
        inputs = {self.counter, *[x for row in self.rows for x in row], *self.taken}
        taped = [x for x in there if x not in inputs and x.made > body.start]
        tape = self._taped(body, outputs, taped)
        loop: Any = self.node.primitive
        if loop.test is not None:
            count = record_form(Result(len(loop.carry)), (self.node,))
        self.count = loop.turns if count is None else count
        self.sources = [
            Source(array, row, shape)
            for array, row, shape in zip(self.xs, self.rows, loop.xs, strict=False)
            if any(x in there for x in row)
        ]
        self.sources += tape
        pairs = [(x, outer) for x, outer in zip(self.taken, self.shared, strict=True) if x in there]
        self.passed = [(x, outer) for x, outer in pairs if type(outer) is not float]
        self.constants = {x: outer for x, outer in pairs if type(outer) is float}
        if made:
            self._loop_of_partials(body, made)

    def _taped(self, body: Body, outputs: Sequence[Any], taped: list[Any]) -> list[Source]:
        """Have the loop give these numbers and arrays of each turn too."""
        if not taped:
            return []
        loop: Any = self.node.primitive
        rows = in_rows(taped)
        program = body.program([*outputs, *[x for content, _ in rows for x in content]])
        first = loop.first_array + len(loop.ys)
        if body.shared:  # arrays of constants, in partials
            self.node.operands = (*self.node.operands, *body.shared)
        ys = (*loop.ys, *[shape for _, shape in rows])
        self.node.primitive = replace(loop, body=program, ys=ys, shared=(*loop.shared, *widths(body.shared)))  # type: ignore[assignment]
        return [
            Source(record_form(Result(first + i), (self.node,)), content, shape) for i, (content, shape) in enumerate(rows)
        ]

    def _loop_of_partials(self, body: Body, made: list[Any]) -> None:
        rows = in_rows(made)
        with Body(self.tracer) as own:
            own.start = body.start
            content = [x for source in self.sources for x in source.content]
            own.inputs = [self.counter, *content, *[x for x, _ in self.passed], *self.constants]
        program = own.program([x for content, _ in rows for x in content])
        operands = [*[outer for _, outer in self.passed], *self.constants.values(), *own.shared]
        shapes = tuple([shape for _, shape in rows])
        _, arrays = self._loop(program, [], self.sources, shapes, operands, reverse=self.reverse)
        self.sources += [Source(array, content, shape) for array, (content, shape) in zip(arrays, rows, strict=True)]

    def _loop(
        self,
        program: Any,
        carry: Sequence[Any],
        sources: Sequence[Source],
        ys: tuple[Row, ...],
        shared: Sequence[Any],
        *,
        reverse: bool,
        outer: Mapped = identical,
    ) -> tuple[list[Any], list[Any]]:
        """Another loop of as many turns. The sources and what is shared are those of the level where it is recorded."""
        turns = self.count if type(self.count) is int else None
        xs = tuple([source.shape for source in sources])
        loop = Loop(program, widths(carry), xs, ys, widths(shared), turns, reverse)
        count = [] if turns is not None else [outer(self.count)]
        return loop_node(loop, [*count, *carry, *[source.array for source in sources], *shared])

    def _turn(self, body: Body, outer: Mapped) -> tuple[Mapped, Callable[[Any], Any], list[Source], list[Any]]:
        """New inputs of a body for what partials are made of: how nodes and partials become those; what they stand for."""
        mapping: dict[Any, Any] = {self.counter: body.inputs[0], **self.constants}
        sources = [Source(outer(source.array), row_inputs(body, source.shape), source.shape) for source in self.sources]
        for source, now in zip(self.sources, sources, strict=True):
            mapping.update(zip(source.content, now.content, strict=True))
        shared = [outer(x) for _, x in self.passed]
        mapping.update({x: _input_like(body, y, y.width if isinstance(y, Several) else 0) for (x, _), y in zip(self.passed, shared, strict=True)})

        for x, y in mapping.items():
            if is_condition(x):
                y.whole = TRUTH

        def mapped(x: Any) -> Any:
            return mapping.get(x, x)

        def partials(node: Any) -> Any:
            known = self.known[node]
            if isinstance(known, LoopMap):
                return known
            return [_mapped_partial(x, mapped) for x in known]

        return mapped, partials, sources, shared

    # --- the sweeps

    def pull(self, adjoints: dict[Any, Any], outer: Mapped) -> None:
        """Bring the adjoints of the results to the operands."""
        loop: Any = self.node.primitive
        results = self.node.results or {}
        finals = [arrived(adjoints, results.get(j)) for j in range(len(self.carry))]
        ys = [arrived(adjoints, results.get(loop.first_array + k)) for k in range(len(self.given))]
        if any(x is not None for x in [*finals, *ys]):
            _Pull(self, adjoints, outer, finals, ys).bring()

    def push(self, tangents: dict[Any, Any], outer: Mapped) -> None:
        """Bring the tangents of the operands to the results."""
        _push(self, tangents, outer)


def _input_like(body: Body, x: Any, width: int) -> Any:
    return body.array(x.length if type(x.length) is int else None, width) if width else body.number()


def in_rows(nodes: Sequence[Any]) -> list[tuple[list[Any], Row]]:
    """Nodes as rows: the numbers together, and each array."""
    numbers, arrays = [x for x in nodes if not isinstance(x, Several)], [x for x in nodes if isinstance(x, Several)]
    rows = [(numbers, Row(len(numbers)))] if numbers else []
    return [*rows, *[([x], row_of(x)) for x in arrays]]


def _mapped_partial(x: Any, mapped: Mapped) -> Any:
    if x is None or type(x) is float:
        return x
    if isinstance(x, Masked):
        return Masked(mapped(x.raw), mapped(x.mask))
    return mapped(x)


def arrived(adjoints: dict[Any, Any], node: Any) -> Any:
    """What has arrived at a node, number or array; None for no node."""
    if node is None or type(node) is float:
        return None
    return arrived_at(adjoints, node) if isinstance(node, Several) else adjoints.get(node)


def first_of(x: Any, other: Any) -> Any:
    """The sum of what arrives, in this order."""
    if x is None or other is None:
        return other if x is None else x
    return sum_of(x, other) if isinstance(x, Arriving) else x + other


def _either(condition: Any, x: Any, y: Any) -> Any:
    """What arrives by one of two ways."""
    x, y = (-0.0 if z is None else z for z in (x, y)) if x is None or y is None else (x, y)
    raws = [z.number if isinstance(z, Masked) else z for z in (x, y)]
    raw = where(condition, *raws)
    if not isinstance(x, Masked) and not isinstance(y, Masked):
        return raw
    one, other = (z.mask if isinstance(z, Masked) else True for z in (x, y))
    return Masked(raw, logical_or(logical_and(condition, one), logical_and(logical_not(condition), other)), raw)


class _Pull:
    """One reverse sweep through a loop."""

    def __init__(self, of: LoopMap, adjoints: dict[Any, Any], outer: Mapped, finals: list[Any], ys: list[Any]) -> None:
        self.of, self.adjoints, self.outer, self.finals, self.ys = of, adjoints, outer, finals, ys
        inside = of.inside
        self.slots = [j for j, x in enumerate(of.carried) if x in inside]
        self.shared = [(x, y) for x, y in zip(of.taken, of.shared, strict=True) if x in inside]
        self.columns = [(row, array) for row, array in zip(of.rows, of.xs, strict=True) if array in of.wanted]
        self.twice = self._met_twice()
        self.shared_known = [self._claimed(y) for _, y in self.shared]
        self.columns_known = [self._claimed(array) for _, array in self.columns]
        self.first_known = [self._claimed(of.carry[j]) for j in self.slots]

    def _met_twice(self) -> set[Any]:
        """Operands that share numbers with others: what arrives there is added at the end."""
        seen: set[Any] = set()
        found: set[Any] = set()
        for node in [*[y for _, y in self.shared], *[x for _, x in self.columns], *[self.of.carry[j] for j in self.slots]]:
            if type(node) is float:
                continue
            there = [x for x in node.elements if type(x) is not float] if isinstance(node, Several) and node.elements else [node]
            if len(set(there)) < len(there) or not seen.isdisjoint(there):
                found.add(node)
            seen.update(there)
        return found

    def _claimed(self, node: Any) -> Any:
        return None if type(node) is float or node in self.twice else arrived(self.adjoints, node)

    def bring(self) -> None:
        """Record the loop of the sweep, and put what it brings where it belongs."""
        of = self.of
        self.before = self._injections()
        starts = self.starts = [self._start(j) for j in self.slots]
        statuses = [status_of(x) for x in starts]
        flagged = [status_of(x) if x is not None else None for x in self.shared_known]
        while True:
            body, outputs, out_statuses, out_flags, row_statuses, operands = self._body(statuses, flagged)
            following = [joined(a, b) for a, b in zip(statuses, out_statuses, strict=True)]
            if following == statuses and out_flags == flagged:
                break
            if following != statuses:  # more may arrive
                out_flags = [None if flag == NEVER else flag for flag in out_flags]
            statuses, flagged = following, out_flags
        carry = [x for start, s, j in zip(starts, statuses, self.slots, strict=True) for x in given(start, s, of.carried[j])]
        for known, flag, (_, y) in zip(self.shared_known, flagged, self.shared, strict=True):
            carry += _accumulator(known, flag, self.outer(y))
        sources, shared, ys = operands
        program = body.program(outputs, ())
        last, arrays = of._loop(program, carry, sources, ys, [*shared, *body.shared], reverse=not of.reverse, outer=self.outer)
        self._deliver(iter(last), iter(arrays), statuses, flagged, row_statuses)

    def _injections(self) -> dict[int, tuple[int, int]]:
        """By slot, the place among the ys of the number that the turn before carried on."""
        of, found = self.of, {}
        for k, row in enumerate(of.given):
            if self.ys[k] is None:
                continue
            for column, node in enumerate(row):
                slots = [j for j in self.slots if of.following[j] is node]
                if len(slots) == 1 and slots[0] not in found and not isinstance(node, Several):
                    found[slots[0]] = k, column
        return found

    def _start(self, j: int) -> Any:
        """What arrives at what is carried at the end."""
        final = self.finals[j]
        if j not in self.before:
            return final
        k, column = self.before[j]
        count = self.of.count if type(self.of.count) is int else self.outer(self.of.count)
        last = 0.0 if self.of.reverse else float(count - 1) if type(count) is int else count - 1.0
        found = element(self.ys[k], last, column)
        if type(count) is not int:
            raw, mask = (found.raw, found.mask & (count > 0.0)) if isinstance(found, Masked) else (found, count > 0.0)
            found = Masked(raw, mask)
        return first_of(found, final)

    def _body(self, statuses: list[int], flagged: list[Any]) -> Any:
        of = self.of
        with Body(of.tracer) as body:
            counter = body.number("i")
            incoming = [taken(body, s, of.carried[j], "") for s, j in zip(statuses, self.slots, strict=True)]
            sums = [_accumulator_input(body, flag, x) for flag, (x, _) in zip(flagged, self.shared, strict=True)]
            y_rows, y_sources = {}, []
            for k, y in enumerate(self.ys):
                if y is not None:
                    y_rows[k] = self._row(body, y, of.given[k], y_sources)
            x_rows, x_sources = [], []
            for known, (row, _) in zip(self.columns_known, self.columns, strict=True):
                x_rows.append([None] * len(row) if known is None else self._row(body, known, row, x_sources))
            mapped, partials, sources, shared = of._turn(body, self.outer)
            seeds: dict[Any, Any] = {}

            def seed(node: Any, x: Any) -> None:
                if x is not None and type(node) is not float and node in of.inside:
                    seeds[node] = first_of(seeds.get(node), x)

            previous = counter + 1.0 if of.reverse else counter - 1.0
            extra: list[Any] = []
            for place, j in enumerate(self.slots):
                seed(of.carried[j], self._injected(body, j, self.first_known[place], counter, previous, extra))
            for (x, _), total in zip(self.shared, sums, strict=True):
                seed(x, total)
            for row, (nodes, _) in zip(x_rows, self.columns, strict=True):
                for node, x in zip(nodes, row, strict=True):
                    seed(node, x)
            for k, row in y_rows.items():
                for column, (node, x) in enumerate(zip(of.given[k], row, strict=True)):
                    if (k, column) not in self.before.values():
                        seed(node, x)
            for j, x in zip(self.slots, incoming, strict=True):
                seed(of.following[j], x)
            adjoints = sweep_back(of.order, seeds, partials, of.times[0], mapped)
            outs = [arrived(adjoints, of.carried[j]) for j in self.slots]
            out_statuses = [status_of(x) for x in outs]
            outputs: list[Any] = []
            for x, s, t, j in zip(outs, statuses, out_statuses, self.slots, strict=True):
                outputs += given(x, joined(s, t), of.carried[j])
            out_flags = []
            for (x, _), total, flag in zip(self.shared, sums, flagged, strict=True):
                found = arrived(adjoints, x)
                out_flags.append(_flag_after(found, total, flag))
                outputs += _accumulated(found, out_flags[-1], x)
            row_statuses, ys = [], []
            for nodes, _ in self.columns:
                found_row = [arrived(adjoints, node) for node in nodes]
                status = NEVER if all(x is None for x in found_row) else max(joined(ALWAYS, status_of(x)) for x in found_row)
                row_statuses.append(status)
                shape = row_of(nodes[0]) if isinstance(nodes[0], Several) else Row(len(nodes))
                pieces = [given(x, status, node) for x, node in zip(found_row, nodes, strict=True)]
                for i in range(status):
                    outputs += [piece[i] for piece in pieces]
                    ys.append(shape)
        operands = ([*y_sources, *x_sources, *sources], [*shared, *[x for _, x in extra]], tuple(ys))
        return body, outputs, out_statuses, out_flags, row_statuses, operands

    def _row(self, body: Body, x: Arriving, nodes: list[Any], sources: list[Source]) -> list[Any]:
        """A turn's row of what arrives at an array, as new inputs."""
        single = isinstance(nodes[0], Several)
        shape = row_of(nodes[0]) if single else Row(x.raw.width)
        raw = row_inputs(body, shape)
        sources.append(Source(x.raw, raw, shape))
        if x.mask is None or x.mask is False:
            if single:
                return [Arriving(raw[0], x.mask)]
            return raw if x.mask is None else [Masked(a, False, a) for a in raw]
        mask = row_inputs(body, shape)
        sources.append(Source(x.mask, mask, shape))
        return [Arriving(raw[0], mask[0])] if single else [Masked(a, not_equal(b, 0.0), a) for a, b in zip(raw, mask, strict=True)]

    def _injected(self, body: Body, j: int, known: Any, counter: Any, previous: Any, extra: list[Any]) -> Any:
        """What has arrived, before this turn, at the number that it takes for what is carried: from a y, or at the first one."""
        of = self.of

        def passed(x: Any) -> Any:
            """Something of the outer level, shared."""
            if type(x) is float or type(x) is int:
                return float(x)
            mine = _input_like(body, x, x.width if isinstance(x, Several) else 0)
            extra.append((mine, x))
            return mine

        if (j not in self.before and known is None) or isinstance(known, Arriving):
            return None  # an array is added at the end
        count = of.count if type(of.count) is int else self.outer(of.count)
        is_first = counter == (passed(count) - 1.0 if of.reverse else 0.0)
        if known is not None:
            number, knows = passed(known.number if isinstance(known, Masked) else known), True
            if isinstance(known, Masked):
                knows = not_equal(passed(known.mask), 0.0)
        if j not in self.before:
            return Masked(number, is_first if knows is True else logical_and(is_first, knows))
        k, column = self.before[j]
        y = self.ys[k]
        mask = y.mask if y.mask is None or y.mask is False else passed(y.mask)
        found = element(Arriving(passed(y.raw), mask), previous, column)
        raw, there = (found.raw, found.mask) if isinstance(found, Masked) else (found, True)
        later = logical_not(is_first) if there is True else logical_and(logical_not(is_first), there)
        if known is None:
            return Masked(raw, later)
        raw = where(is_first, number, raw)
        if there is True and knows is True:
            return raw
        return Masked(raw, logical_or(is_first if knows is True else logical_and(is_first, knows), later))

    def _deliver(
        self, last: Any, arrays: Any, statuses: list[int], flagged: list[Any], row_statuses: list[int]
    ) -> None:
        of, adjoints = self.of, self.adjoints
        later: list[tuple[Any, Any]] = []
        at_inits = [_read(last, s, of.carried[j]) for s, j in zip(statuses, self.slots, strict=True)]
        for flag, (x, node) in zip(flagged, self.shared, strict=True):
            found = self._total(last, flag, x)
            self._put(node, found, later)
        for status, (_, array) in zip(row_statuses, self.columns, strict=True):
            found = [next(arrays) for _ in range(status)]
            if found:
                self._put(array, Arriving(*found), later)
        for j, x, known, start in zip(self.slots, at_inits, self.first_known, self.starts, strict=True):
            node = of.carry[j]
            if isinstance(known, Arriving):
                x = first_of(known, x)
            elif known is not None and type(of.count) is not int:  # where there was no turn, none took what is known in
                x = _either(self.outer(of.count) > 0.0, x, first_of(known, start))
            self._put(node, x, later)
        for node, x in later:
            if isinstance(node, Several) and node.elements is not None:
                for i, element_node in enumerate(node.elements):
                    if type(element_node) is not float and element_node in adjoints:
                        part = element(x, float(i // node.width), i % node.width)
                        adjoints[element_node] = first_of(adjoints[element_node], part)
            else:
                adjoints[node] = first_of(adjoints.get(node), x)

    def _put(self, node: Any, x: Any, later: list[tuple[Any, Any]]) -> None:
        if x is None or type(node) is float:
            return
        if node in self.twice:
            later.append((node, x))
        elif isinstance(node, Several):
            if node in self.adjoints or node.elements is not None:
                arrives_at(self.adjoints, node, x)
        elif node in self.adjoints:
            self.adjoints[node] = x

    def _total(self, last: Any, flag: Any, like: Any) -> Any:
        """What a loop brought to something shared."""
        if flag is None or flag == NEVER:
            return None
        if flag == STARTED:
            raw, count = next(last), self.of.count
            if type(count) is int:
                return Arriving(raw) if isinstance(like, Several) else raw
            there = self.outer(count) > 0.0
            if isinstance(like, Several):
                return Arriving(raw, filled(raw, where(there, 1.0, 0.0)))
            return Masked(raw, there, raw)
        return _read(last, flag, like)


STARTED = "started"  # of an accumulator: nothing has arrived before, and something does in every turn


def _accumulator_input(body: Body, flag: Any, like: Any) -> Any:
    """A sum that goes through all turns, as new inputs; `flag` says what is known of it."""
    if isinstance(like, Several):
        if flag is None or flag == STARTED:
            return Arriving(taken(body, ALWAYS, like, "").raw, False)
        return taken(body, flag, like, "")
    if flag is None or flag == STARTED:
        raw = body.number()
        return Masked(raw, False, raw)
    return taken(body, flag, like, "")


def _accumulator(known: Any, flag: Any, like: Any) -> list[Any]:
    """Its start."""
    if flag == NEVER:
        return []
    if flag == STARTED:
        return [filled(like, -0.0) if isinstance(like, Several) else -0.0]
    return given(known, flag, like)


def _flag_after(found: Any, total: Any, flag: Any) -> Any:
    """What is known of a sum after a turn; None where it is not known yet."""
    if flag == NEVER:
        return NEVER
    if isinstance(total, Arriving) and flag in (None, STARTED):
        return NEVER if found is None or found.raw is total.raw else STARTED if found.mask is None else SOMETIMES
    if flag in (None, STARTED):
        return NEVER if found is total else 2 if isinstance(found, Masked) else STARTED
    return joined(flag, status_of(found))


def _accumulated(found: Any, flag: Any, like: Any) -> list[Any]:
    if flag == NEVER:
        return []
    if flag == STARTED:
        return [found.raw if isinstance(found, Arriving) else found.number if isinstance(found, Masked) else found]
    return given(found, flag, like)


def _read(last: Any, status: int, like: Any) -> Any:
    """What `given` gave, after a loop."""
    if status == NEVER:
        return None
    found = [next(last) for _ in range(status)]
    if isinstance(like, Several):
        return Arriving(*found)
    return found[0] if status == ALWAYS else Masked(found[0], not_equal(found[1], 0.0), found[0])


def _push(of: LoopMap, tangents: dict[Any, Any], outer: Mapped) -> None:
    """One forward sweep through a loop."""
    loop: Any = of.node.primitive
    starts = [arrived(tangents, x) for x in of.carry]
    columns = [(row, arrived(tangents, array)) for row, array in zip(of.rows, of.xs, strict=False)]
    shared = [(x, arrived(tangents, y)) for x, y in zip(of.taken, of.shared, strict=True)]
    if all(x is None for x in [*starts, *[x for _, x in columns], *[x for _, x in shared]]):
        return
    statuses = [status_of(x) for x in starts]
    while True:
        with Body(of.tracer) as body:
            body.number("i")
            incoming = [taken(body, s, x, "") for s, x in zip(statuses, of.carried, strict=True)]
            sources: list[Source] = []
            seeds: dict[Any, Any] = {}
            for (row, x) in columns:
                if x is not None:
                    seeds.update(zip(row, _Pull._row(None, body, x, row, sources), strict=True))  # type: ignore[arg-type]
            mapped, partials, own, own_shared = of._turn(body, outer)
            extra = []
            for node, x in shared:
                if x is not None:
                    mine = taken(body, status_of(x), node, "")
                    seeds[node] = mine
                    extra += given(x, status_of(x), node)
            seeds.update({node: x for node, x in zip(of.carried, incoming, strict=True) if x is not None})
            known = sweep_forward(of.order, seeds, partials, of.times[1], mapped)
            outs = [arrived(known, y) for y in of.following]
            after = [joined(s, status_of(x)) for s, x in zip(statuses, outs, strict=True)]
            outputs = [z for x, s, like in zip(outs, after, of.carried, strict=True) for z in given(x, s, like)]
            ys, y_statuses = [], []
            for row in of.given:
                found = [arrived(known, node) for node in row]
                status = NEVER if all(x is None for x in found) else max(joined(ALWAYS, status_of(x)) for x in found)
                y_statuses.append(status)
                single = isinstance(row[0], Several)
                pieces = [given(x, status, node) for x, node in zip(found, row, strict=True)]
                for i in range(status):
                    outputs += [piece[i] for piece in pieces]
                    ys.append(row_of(row[0]) if single else Row(len(row)))
        if after == statuses:
            break
        statuses = after
    program = body.program(outputs)
    carry = [z for x, s, like in zip(starts, statuses, of.carried, strict=True) for z in given(x, s, like)]
    last, arrays = of._loop(
        program, carry, [*sources, *own], tuple(ys), [*own_shared, *extra, *body.shared], reverse=of.reverse, outer=outer
    )
    rest, found_arrays = iter(last), iter(arrays)
    results = of.node.results or {}
    for j, s in enumerate(statuses):
        x = _read(rest, s, of.carried[j])
        node = results.get(j)
        if x is not None and node is not None and node in tangents:
            tangents[node] = x
    for k, status in enumerate(y_statuses):
        found = [next(found_arrays) for _ in range(status)]
        node = results.get(loop.first_array + k)
        if found and node is not None:
            arrives_at(tangents, node, Arriving(*found))
