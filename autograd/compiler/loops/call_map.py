"""Sweeps through a call: its derivative is a function that is called too, recorded once for all calls that are alike.

A sweep goes through the operations of the function one by one, in the order in which it would go through them without the
call, and begins with what has arrived at each operand before. So it adds the same numbers in the same order.

What it needs of the function's numbers the call gives beside its results, as a row: its tape.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograd.compiler.loops.arriving import (
    ALWAYS,
    SOMETIMES,
    Arriving,
    Mapped,
    arrived,
    arrived_at,
    arrives_at,
    elements_at,
    first_of,
    given,
    identical,
    most_of,
    put,
    read,
    status_of,
    taken,
)
from autograd.compiler.loops.call import Apart, Function
from autograd.compiler.loops.recorded import (
    Compound,
    Source,
    Times,
    in_rows,
    is_open,
    refs_of,
    row_arriving,
    row_inputs,
    shape_of,
)
from autograd.compiler.loops.several import Several, record_form
from autograd.compiler.loops.sweeps import is_compound, read_at, sweep_back, sweep_forward
from autograd.compiler.trace.symbol import Symbol
from autograd.forms import Call, Pack, Result, Row
from autograd.graph import making, tick

PartialsIn = Callable[..., dict[Any, Any]]


@dataclass
class Derivative:
    """A sweep as a function; by operand or row of results what arrives there: of numbers a list, of a row one for all of it."""

    function: Function
    statuses: list[Any]


class RecordedCall:
    """A function with its partials recorded, for calls that are wanted to the same operands.

    The partials are a function too, called before any sweep, as partials are computed before sweeps elsewhere. It reads the
    tape, and so do the sweeps, which read the partials beside.
    """

    def __init__(
        self, call: Call, wanted: Sequence[bool], partials_in: PartialsIn, times: tuple[Times, Times], tracer: Any
    ) -> None:
        self.times, self.tracer = times, tracer
        self.derivatives: dict[Any, Derivative] = {}
        with Apart(tracer) as body:
            body.number("i")
            self.rows = [row_inputs(body, row) for row in call.xs]
            self.numbers = [body.number() for _ in call.shared]
            outputs = call.body(*body.inputs)
            rest = iter(outputs)
            self.given = [[next(rest) for _ in range(y.places)] for y in call.ys]
            body.program(outputs)
            nodes = sorted(body.nodes, key=making)
            self.start = body.start
            self.inputs = [*self.rows, *[[x] for x in self.numbers]]  # by operand
            self.inside = {x for row, want in zip(self.inputs, wanted, strict=True) if want for x in row}
            for node in nodes:
                if not self.inside.isdisjoint([x for x in node.operands if type(x) is not float]):
                    self.inside.add(node)
            self.order = [x for x in [*[x for row in self.inputs for x in row], *nodes] if x in self.inside]
            later = tick()
            self.known = partials_in(self.order, self.inside)
            self._record(body, call, outputs, later)

    def _record(self, body: Apart, call: Call, outputs: Sequence[Any], later: float) -> None:
        """The call that gives too what partials and sweeps need, and the function of the partials."""
        refs = [x for partials in self.known.values() for x in refs_of(partials)]
        refs += [x for node in self.order if is_compound(node) for x in read_at(node)]
        inputs = set(body.inputs)
        by_sweeps = self._needed(refs, inputs)
        made = sorted([x for x in by_sweeps if x.made > later], key=making)
        by_partials = self._needed(made, inputs, later)
        there = {x: None for x in (*by_partials, *by_sweeps) if x.made <= later}
        known = {x for row in self.given if not there.keys().isdisjoint(row) for x in row}
        taped = in_rows(sorted([x for x in there if x not in inputs and x not in known], key=making), apart=False)
        self.call = call
        if taped:
            program = body.program([*outputs, *[x for content, _ in taped for x in content]])
            self.call = replace(call, body=program, ys=(*call.ys, *[shape for _, shape in taped]))
        self.given += [content for content, _ in taped]
        self.partials = in_rows(made, apart=False)
        self.read = Read(self, by_sweeps)
        if made:
            self.read_by_partials = Read(self, by_partials)
            with Apart(self.tracer) as own:
                self.of_partials = self.function(own, self.read_by_partials, [], [], [], self.partials)

    def _needed(self, refs: Sequence[Any], inputs: set[Any], later: float | None = None) -> dict[Any, None]:
        """The numbers and arrays from which these are computed: none made later, if that is given."""
        there: dict[Any, None] = {}
        seen: set[Any] = set()
        stack = list(refs)
        while stack:
            node = stack.pop()
            if type(node) is float or node in seen or node.made < self.start:
                continue
            seen.add(node)
            if node not in inputs and (is_open(node) or (later is not None and node.made > later)):
                stack += node.operands
            else:
                there[node] = None
        return there

    def function(
        self,
        own: Apart,
        read: "Read",
        sources: Sequence[Source],
        numbers: Sequence[Any],
        single: Sequence[Any],
        rows: Sequence[tuple[list[Any], Row]],
    ) -> Function:
        """What computes numbers and rows from what is read of the call, from further sources and numbers."""
        own.start = self.start
        contents = [*[self.given[k] for k in read.tape], *[self.rows[j] for j in read.rows]]
        shapes = [*[self.call.ys[k] for k in read.tape], *[self.call.xs[j] for j in read.rows]]
        if read.partials:
            contents += [content for content, _ in self.partials]
            shapes += [shape for _, shape in self.partials]
        contents += [source.content for source in sources]
        shapes += [source.shape for source in sources]
        seen: set[Any] = set()  # a row may have a constant, or a number twice
        own.inputs = [Symbol("i")]
        for x in [*[x for row in contents for x in row], *[self.numbers[j] for j in read.numbers], *numbers]:
            own.inputs.append(Symbol() if type(x) is float or x in seen else x)
            seen.add(x)
        outputs = [*single, *[x for row, _ in rows for x in row]]
        program = own.program(outputs)
        return Function(self.tracer, program, outputs, own.shared, shapes, [shape for _, shape in rows])

    def is_visible(self) -> bool:
        """Whether what it takes from outside can be read in the bodies that are recorded now."""
        return not self.partials or self.of_partials.is_visible(self.tracer)

    def derivative(self, key: Any, make: Callable[[Apart, list[Source]], Any]) -> Derivative:
        """The sweep for what arrives as the key says: `make(body, sources)` records it, and its sources, in its body.

        It returns numbers that are further inputs, the numbers that it gives, its rows with their shapes, and statuses.
        """
        found = self.derivatives.get(key)
        if found is not None and found.function.is_visible(self.tracer):
            return found
        with Apart(self.tracer) as own:
            sources: list[Source] = []
            numbers, single, rows, statuses = make(own, sources)
            function = self.function(own, self.read, sources, numbers, single, rows)
        found = self.derivatives[key] = Derivative(function, statuses)
        return found


class Read:
    """What is read of a call: rows of its tape, rows and numbers among its operands, all of its partials."""

    def __init__(self, of: RecordedCall, there: dict[Any, None]) -> None:
        found = there.keys()
        self.tape = [k for k, row in enumerate(of.given) if not found.isdisjoint(row)]
        self.rows = [j for j, row in enumerate(of.rows) if not found.isdisjoint(row)]
        self.numbers = [j for j, x in enumerate(of.numbers) if x in found]
        self.partials = any(not found.isdisjoint(row) for row, _ in of.partials)


class CallMap(Compound):
    """The linear map of one call."""

    def __init__(self, node: Several, reached: Any, partials_in: PartialsIn, times: tuple[Times, Times], tracer: Any) -> None:
        self.node = node
        call: Any = node.primitive
        self.wanted = tuple([type(x) is not float and x in reached for x in node.operands])
        key = call, self.wanted
        if key not in tracer.functions or not tracer.functions[key].is_visible():
            tracer.functions[key] = RecordedCall(call, self.wanted, partials_in, times, tracer)
        self.of: RecordedCall = tracer.functions[key]
        node.primitive = self.of.call
        self.partials: list[Several] = []
        if self.of.partials:
            arrays, numbers = self._read(self.of.read_by_partials, identical)
            self.partials = self.of.of_partials(arrays, numbers)[1]

    def _read(self, read: Read, outer: Mapped) -> tuple[list[Any], list[Any]]:
        """What a function reads of this call: arrays and numbers."""
        operands, first = self.node.operands, len(self.of.rows)
        arrays = [*[record_form(Result(k), (self.node,)) for k in read.tape], *[operands[j] for j in read.rows]]
        arrays += self.partials if read.partials else []
        numbers = [operands[first + j] for j in read.numbers]
        return list(map(outer, arrays)), [x if type(x) is float else outer(x) for x in numbers]

    def refs(self) -> list[Any]:
        """See `Compound.refs`."""
        arrays, numbers = self._read(self.of.read, identical)
        return [*arrays, *[x for x in numbers if type(x) is not float]]

    def pull(self, adjoints: dict[Any, Any], outer: Mapped) -> None:
        """See `Compound.pull`."""
        of = self.of
        arriving = [_at_result(adjoints, x) for x in self._results()]
        if all(x is None for x in arriving):
            return
        operands = [x for x, want in zip(self.node.operands, self.wanted, strict=True) if want]
        inputs = [row for row, want in zip(of.inputs, self.wanted, strict=True) if want]
        twice = _met_twice(operands)
        known = [None if x in twice else arrived(adjoints, x) for x in operands]

        def make(body: Apart, sources: list[Source]) -> Any:
            numbers: list[Any] = []
            seeds: dict[Any, Any] = {}
            for x, row in [*zip(known, inputs, strict=True), *zip(arriving, of.given, strict=True)]:
                for node, seed in zip(row, _inputs(body, x, row, sources, numbers), strict=True):
                    if seed is not None and node in of.inside:
                        seeds[node] = first_of(seeds.get(node), seed)
            found = sweep_back(of.order, seeds, of.known.__getitem__, of.times[0], identical)
            apart = [not isinstance(x, Several) for x in operands]
            return numbers, *_outputs([[arrived(found, x) for x in row] for row in inputs], inputs, apart)

        last, arrays, statuses = self._called("pull", [*known, *arriving], make, outer)
        for node, status in zip(operands, statuses, strict=True):
            x = _read(last, arrays, status if isinstance(node, Several) else status[0], node)
            if x is not None:
                (_add if node in twice else _bring)(adjoints, node, x)

    def push(self, tangents: dict[Any, Any], outer: Mapped) -> None:
        """See `Compound.push`."""
        of = self.of
        brought = [arrived(tangents, x) if want else None for x, want in zip(self.node.operands, self.wanted, strict=True)]
        if all(x is None for x in brought):
            return
        results = self._results()
        elements = [None if x is None else elements_at(tangents, x) for x in results]
        rows = [k for k, x in enumerate(results) if x is not None]

        def make(body: Apart, sources: list[Source]) -> Any:
            numbers: list[Any] = []
            seeds: dict[Any, Any] = {}
            for x, row in zip(brought, of.inputs, strict=True):
                arriving = zip(row, _inputs(body, x, row, sources, numbers), strict=True)
                seeds.update({node: seed for node, seed in arriving if seed is not None})
            known = sweep_forward(of.order, seeds, of.known.__getitem__, of.times[1], identical)
            found = [[arrived(known, x) for x in of.given[k]] for k in rows]
            return numbers, *_outputs(found, [of.given[k] for k in rows], [elements[k] is not None for k in rows])

        kinds = tuple([(k, elements[k] is not None) for k in rows])
        last, arrays, statuses = self._called(("push", kinds), brought, make, outer)
        for k, status in zip(rows, statuses, strict=True):
            if isinstance(status, list):
                for node, one in zip(elements[k] or (), status, strict=True):
                    x = _read(last, arrays, one, node)
                    if x is not None and node in tangents:
                        tangents[node] = x
            else:
                x = _read(last, arrays, status, results[k])
                if x is not None:
                    arrives_at(tangents, results[k], x)

    def _results(self) -> list[Any]:
        """The rows of the call that anything reads."""
        results = self.node.results or {}
        return [results.get(k) for k in range(len(self.of.given))]

    def _called(self, which: Any, arriving: Sequence[Any], make: Any, outer: Mapped) -> tuple[Any, Any, list[Any]]:
        """The numbers and rows of a call of the sweep, and what arrives where."""
        derivative = self.of.derivative((which, tuple([_key(x) for x in arriving])), make)
        arrays, numbers = self._read(self.of.read, outer)
        for x in arriving:
            if isinstance(x, Arriving):
                arrays += [x.raw] if _columns(x) is not None or not isinstance(x.mask, Several) else [x.raw, x.mask]
            else:
                for one in x if isinstance(x, list) else [x]:
                    numbers += given(one, status_of(one), None)
        found, rows = derivative.function(arrays, numbers)
        return iter(found), iter(rows), derivative.statuses


def _at_result(adjoints: dict[Any, Any], array: Any) -> Any:
    """What has arrived at a row that a call gives: of its numbers a list, if each has an entry of its own."""
    if array is None:
        return None
    elements = elements_at(adjoints, array)
    if elements is None:
        return arrived_at(adjoints, array)
    found = [arrived(adjoints, x) for x in elements]
    return None if all(x is None for x in found) else found


def _columns(x: Arriving) -> tuple[bool, ...] | None:
    """At which columns of a row something arrives, if that is known."""
    if x.mask is None or x.mask is False:
        return (x.mask is None,) * x.raw.width
    packed = isinstance(x.mask, Several) and isinstance(x.mask.primitive, Pack) and {*map(type, x.mask.operands)} == {float}
    return tuple([number != 0.0 for number in x.mask.operands]) if packed else None  # type: ignore[union-attr]


def _key(x: Any) -> Any:
    """What a function must know of what arrives."""
    if isinstance(x, list):
        return tuple(map(status_of, x))
    return ("row", _columns(x), x.mask is False) if isinstance(x, Arriving) else status_of(x)


def _inputs(body: Apart, x: Any, row: list[Any], sources: list[Source], numbers: list[Any]) -> list[Any]:
    """What arrives at a row of nodes, as new inputs."""
    if x is None:
        return [None] * len(row)
    if isinstance(x, Arriving):
        columns = _columns(x)
        if columns is None or x.mask is False:
            return row_arriving(body, x, row, sources)
        arriving = row_arriving(body, Arriving(x.raw), row, sources)
        if isinstance(row[0], Several):
            mask = None if all(columns) else record_form(Pack(row[0].width), tuple(map(float, columns)))
            return [Arriving(arriving[0].raw, mask)]
        return [y if there else None for y, there in zip(arriving, columns, strict=True)]
    before = len(body.inputs)
    found = [taken(body, status_of(one), None) for one in (x if isinstance(x, list) else [x])]
    numbers += body.inputs[before:]
    return found


def _outputs(
    found: Sequence[Sequence[Any]], nodes: Sequence[Sequence[Any]], apart: Sequence[bool]
) -> tuple[list[Any], list[tuple[list[Any], Row]], list[Any]]:
    """What arrives at rows of nodes as numbers that a function gives, where they go `apart`, and rows with shapes; statuses."""
    single: list[Any] = []
    rows: list[tuple[list[Any], Row]] = []
    statuses: list[Any] = []
    for xs, row, is_apart in zip(found, nodes, apart, strict=True):
        each = list(map(status_of, xs))
        if is_apart:
            single += [z for x, status in zip(xs, each, strict=True) for z in given(x, status, None)]
            statuses.append(each)
            continue
        status = most_of(xs)
        if status == SOMETIMES and SOMETIMES not in each:  # it is known at which of them something arrives
            rows.append(([-0.0 if x is None else x for x in xs], shape_of(row)))
            statuses.append(tuple([float(one == ALWAYS) for one in each]))
            continue
        pieces = [given(x, status, node) for x, node in zip(xs, row, strict=True)]
        rows += [([piece[i] for piece in pieces], shape_of(row)) for i in range(status)]
        statuses.append(status)
    return single, rows, statuses


def _read(numbers: Any, arrays: Any, status: Any, node: Any) -> Any:
    """What a function gave for a node."""
    if isinstance(status, tuple):
        return Arriving(next(arrays), record_form(Pack(len(status)), status))
    return read(arrays if isinstance(node, Several) else numbers, status, node)


def _met_twice(operands: Sequence[Any]) -> set[Any]:
    """Operands with numbers that others have too: what arrives there is added at the end."""
    seen: set[Any] = set()
    found: set[Any] = set()
    for x in operands:
        there = x.elements or [x] if isinstance(x, Several) else [x]
        if not seen.isdisjoint(there):
            found.add(x)
        seen.update([y for y in there if type(y) is not float])
    return found


def _bring(adjoints: dict[Any, Any], node: Any, x: Any) -> None:
    """All that has arrived at an operand by now."""
    if not isinstance(node, Several):
        if node in adjoints:
            put(adjoints, node, x)
    elif node in adjoints or node.elements is not None:
        arrives_at(adjoints, node, x)


def _add(adjoints: dict[Any, Any], node: Any, x: Any) -> None:
    """More has arrived at an operand."""
    known = arrived(adjoints, node)
    if isinstance(node, Several):
        arrives_at(adjoints, node, first_of(known, x))
    elif node in adjoints:
        adjoints[node] = first_of(adjoints[node], x)
