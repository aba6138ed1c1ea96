"""A loop recorded for its derivatives: the partials of all its turns, and what they are made of.

The partials are one loop, in the order of the loop itself. What they need of each turn's numbers, the loop gives beside its
results, as arrays: its tape.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any, NamedTuple

from autograd.bundles import Edge, Port, Slot
from autograd.compiler.loops.arriving import Arriving, Mapped, identical, input_like
from autograd.compiler.loops.body import Body, loop_node, widths
from autograd.compiler.loops.several import Several, record_form
from autograd.compiler.loops.sweeps import is_compound, read_at
from autograd.compiler.narrow import narrow
from autograd.compiler.trace.masked import Masked, nothing_yet
from autograd.compiler.trace.symbol import TRUTH, Symbol, is_condition
from autograd.forms import Form, Length, Loop, Result, Row
from autograd.graph import making, tick
from autograd.native import CFunction
from autograd.primitives import not_equal

CHEAP = 24  # operations of a turn
FEW = 8  # numbers of a turn that get arrays of their own
Times = Callable[[Any, Any], Any]


class Source(NamedTuple):
    """An array that each turn reads a row of, and the nodes of the body that the row holds."""

    array: Any
    content: list[Any]
    shape: Row


def is_quick(primitive: Any) -> bool:
    """Whether a primitive is an instruction, or chooses between numbers."""
    native = primitive.native
    by_instruction = native is not None and (not isinstance(native, CFunction) or native.intrinsic)
    return by_instruction or primitive.selective


def is_open(node: Any) -> bool:
    """Whether it is a loop, or an array whose length only the run knows."""
    return isinstance(node, Several) and type(node.length) is not int


def row_inputs(body: Body, shape: Row) -> list[Any]:
    """New inputs for a row."""
    if shape.columns:
        return [body.array(None if shape.is_open else shape.width // shape.columns, shape.columns)]
    return [body.number() for _ in range(shape.width)]


def row_of(array: Several) -> Row:
    """An array as the row of another one."""
    return Row(array.length * array.width if type(array.length) is int else 0, array.width)


def refs_of(partials: Any) -> list[Any]:
    """The nodes that partials are made of."""
    if isinstance(partials, Compound):
        return partials.refs()
    found: list[Any] = []
    for x in partials:
        if isinstance(x, Port):
            found += x.application.refs()
        elif isinstance(x, Masked):
            found += [y for y in (x.raw, x.mask) if type(y) not in (float, bool)]
        elif x is not None and type(x) is not float and not isinstance(x, Edge):
            found.append(x)
    return found


Computed = tuple[Any, Any, tuple[Any, ...]]
"""A node, and the primitive and operands by which it is computed again."""


def _computed(wanted: Sequence[Any], start: float, ends: Callable[[Any], bool]) -> tuple[list[Computed], dict[Any, None]]:
    """What is computed on the way to these nodes, in the order of making; loops give what is read of them alone.

    It begins with nodes for which `ends` holds, which are given too, or made before the `start`.
    """
    found: list[Computed] = []
    first: dict[Any, None] = {}
    read: dict[Any, set[int]] = {}
    moved: dict[Any, dict[int, int]] = {}
    seen: set[Any] = set()
    left: list[tuple[float, int, Any]] = []

    def need(nodes: Sequence[Any]) -> None:
        for node in nodes:
            if type(node) is not float and node not in seen and node.made >= start:
                seen.add(node)
                heappush(left, (-node.made, len(seen), node))

    need(wanted)
    while left:  # the latest first: so that all is known that is read of a loop
        node = heappop(left)[2]
        if ends(node):
            first[node] = None
            continue
        primitive, operands = node.primitive, node.operands
        if isinstance(primitive, Result):
            read.setdefault(operands[0], set()).add(primitive.place)
        elif isinstance(primitive, Loop):
            primitive, operands, moved[node] = _narrow(primitive, operands, read.get(node, set()))
        found.append((node, primitive, operands))
        need(operands)
    return [(node, _moved(primitive, operands, moved), operands) for node, primitive, operands in reversed(found)], first


def _narrow(loop: Loop, operands: tuple[Any, ...], read: set[int]) -> tuple[Loop, tuple[Any, ...], dict[int, int]]:
    given: list[int | float] = [x if type(x) is float else i for i, x in enumerate(operands)]
    (new, chosen), places = narrow(loop, given, read)
    return new, tuple([operands[x] if type(x) is int else x for x in chosen]), places  # type: ignore[return-value]


def _moved(primitive: Any, operands: tuple[Any, ...], moved: dict[Any, dict[int, int]]) -> Any:
    is_moved = isinstance(primitive, Result) and operands[0] in moved
    return Result(moved[operands[0]][primitive.place]) if is_moved else primitive


def _is_cheap(computed: Sequence[Computed]) -> bool:
    """Whether it takes no longer to compute these again than to keep them: few, by instructions alone."""
    return len(computed) <= CHEAP and all(is_quick(primitive) for _, primitive, _ in computed)


class Compound:
    """A step with its partials recorded, through which a sweep goes by a step of its own."""

    def refs(self) -> list[Any]:
        """The nodes of the step's level that its sweeps read."""
        raise NotImplementedError

    def pull(self, adjoints: dict[Any, Any], outer: Mapped) -> None:
        """Bring the adjoints of the results to the operands. `outer` finds nodes of the step's level where this is recorded."""
        raise NotImplementedError

    def push(self, tangents: dict[Any, Any], outer: Mapped) -> None:
        """Bring the tangents of the operands to the results."""
        raise NotImplementedError


class RecordedLoop(Compound):
    """A loop with its partials recorded."""

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
            self.carried = [input_like(body, x, width) for x, width in zip(self.carry, loop.carry, strict=True)]
            self.rows = [row_inputs(body, row) for row in loop.xs]
            self.taken = [input_like(body, x, width) for x, width in zip(self.shared, loop.shared, strict=True)]
            outputs = loop.body(*body.inputs)
            self.following = outputs[: len(self.carry)]
            rest = iter(outputs[len(self.carry) :])
            self.given = [[next(rest) for _ in range(y.places)] for y in loop.ys]
            self.order, self.inside = self._order(body, outputs)
            self.later = tick()
            self.known = partials_in(self.order, self.inside)
        self._record(body, outputs, count)

    def _order(self, body: Body, outputs: Sequence[Any]) -> tuple[list[Any], set[Any]]:
        """The nodes of a turn that depend on what is wanted, inputs first, in the order of making; and a set of them."""
        body.program(outputs)
        nodes = sorted(body.nodes, key=making)
        wanted = self.wanted
        inside = {x for x, outer in zip(self.carried, self.carry, strict=True) if type(outer) is not float and outer in wanted}
        inside |= {x for row, outer in zip(self.rows, self.xs, strict=True) for x in row if outer in wanted}
        inside |= {x for x, outer in zip(self.taken, self.shared, strict=True) if type(outer) is not float and outer in wanted}
        more = inside
        while more:
            inside |= more
            for node in nodes:
                if not inside.isdisjoint([x for x in node.operands if type(x) is not float]):
                    inside.add(node)
            carried = zip(self.carried, self.following, strict=True)
            more = {x for x, y in carried if type(y) is not float and y in inside and x not in inside}
        inputs = [*self.carried, *[x for row in self.rows for x in row], *self.taken]
        return [x for x in [*inputs, *nodes] if x in inside], inside

    # --- what the partials are made of: the tape, and a loop of their own

    def refs(self) -> list[Any]:
        """See `Compound.refs`."""
        count = [self.count] if isinstance(self.count, Symbol) else []
        return [*[source.array for source in self.sources], *[outer for _, outer in self.passed], *count]

    def _record(self, body: Body, outputs: Sequence[Any], count: Any) -> None:
        refs = list(dict.fromkeys([x for partials in self.known.values() for x in refs_of(partials)]))
        refs = list(dict.fromkeys([*refs, *[x for node in self.order if is_compound(node) for x in read_at(node)]]))
        given = set(body.inputs)

        numbers, arrays = {*self.taken}, {*self.carried, *self.taken, *[x for row in self.rows for x in row]}

        def is_loose(x: Any) -> bool:
            """Whether it is a loop, or an array whose length may differ from turn to turn."""
            if not is_open(x) or x.length is None:
                return is_open(x)
            of_input = isinstance(x.length.primitive, Length) and x.length.operands[0] in arrays
            return not (of_input or x.length in numbers or x.length.made < body.start)

        # what each turn of a sweep computes: partials by instructions, and arrays for which no tape has rows
        self.copied, ends = _computed(
            refs, body.start, lambda x: x in given or not (is_loose(x) or (x.made > self.later and is_quick(x.primitive)))
        )
        made = [x for x in ends if x.made > self.later]
        there = dict.fromkeys([x for x in ends if x.made <= self.later])
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
        inputs = given.difference(self.carried)
        loop: Any = self.node.primitive
        again = _computed(refs, body.start, lambda x: x in given)
        kept = len(made) + sum(x not in inputs and x.made > body.start for x in there)
        more = len(set(again[1]) - {*there, self.counter, *self.taken})
        if loop.recompute or (more <= kept and _is_cheap(again[0])):
            self.copied, there = again
            made = []
        taped = sorted([x for x in there if x not in inputs and x.made > body.start], key=making)
        tape = self._taped(body, outputs, taped)
        loop = self.node.primitive
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
        rows = in_rows(taped, apart=not loop.carry)
        program = body.program([*outputs, *[x for content, _ in rows for x in content]])
        first = loop.first_array + len(loop.ys)
        if body.shared:  # arrays of constants, in partials
            self.node.operands = (*self.node.operands, *body.shared)
        ys = (*loop.ys, *[shape for _, shape in rows])
        self.node.primitive = replace(loop, body=program, ys=ys, shared=(*loop.shared, *widths(body.shared)))
        return [Source(record_form(Result(first + i), (self.node,)), content, shape) for i, (content, shape) in enumerate(rows)]

    def _loop_of_partials(self, body: Body, made: list[Any]) -> None:
        rows = in_rows(made, apart=not self.carry)
        with Body(self.tracer) as own:
            own.start = body.start
            content = [x for source in self.sources for x in source.content]
            own.inputs = [self.counter, *content, *[x for x, _ in self.passed], *self.constants]
        program = own.program([x for content, _ in rows for x in content])
        operands = [*[outer for _, outer in self.passed], *self.constants.values(), *own.shared]
        shapes = tuple([shape for _, shape in rows])
        _, arrays = self.loop(program, [], self.sources, shapes, operands, reverse=self.reverse)
        self.sources += [Source(array, content, shape) for array, (content, shape) in zip(arrays, rows, strict=True)]

    def loop(
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

    def turn(self, body: Body, outer: Mapped) -> tuple[Mapped, Callable[[Any], Any], list[Source], list[Any]]:
        """New inputs of a body for what partials are made of: how nodes and partials become those; what they stand for."""
        mapping: dict[Any, Any] = {self.counter: body.inputs[0], **self.constants}
        sources = [Source(outer(source.array), row_inputs(body, source.shape), source.shape) for source in self.sources]
        for source, now in zip(self.sources, sources, strict=True):
            mapping.update(zip(source.content, now.content, strict=True))
        shared = [outer(x) for _, x in self.passed]
        mapping.update(
            {
                x: input_like(body, y, y.width if isinstance(y, Several) else 0)
                for (x, _), y in zip(self.passed, shared, strict=True)
            }
        )

        for x, y in mapping.items():
            if is_condition(x):
                y.whole = TRUTH
        for node, primitive, operands in self.copied:
            is_form = isinstance(primitive, Form)
            record = record_form if is_form else type(node)._apply_primitive
            mapping[node] = record(primitive, tuple([mapping.get(x, x) for x in operands]))
            if not is_form:
                mapping[node].whole = node.whole

        def mapped(x: Any) -> Any:
            return mapping.get(x, x)

        def partials(node: Any) -> Any:
            known = self.known[node]
            if isinstance(known, Compound):
                return known
            return [_mapped_partial(x, mapped) for x in known]

        return mapped, partials, sources, shared


def shape_of(nodes: Sequence[Any]) -> Row:
    """Nodes as a row: numbers, or one array."""
    return row_of(nodes[0]) if isinstance(nodes[0], Several) else Row(len(nodes))


def in_rows(nodes: Sequence[Any], *, apart: bool) -> list[tuple[list[Any], Row]]:
    """Nodes as rows: each array, and the numbers together; a few `apart`, of turns that may go side by side."""
    numbers, arrays = [x for x in nodes if not isinstance(x, Several)], [x for x in nodes if isinstance(x, Several)]
    apart = apart and len(numbers) <= FEW
    rows = [([x], Row(1)) for x in numbers] if apart else [(numbers, Row(len(numbers)))] if numbers else []
    return [*rows, *[([x], row_of(x)) for x in arrays]]


def _mapped_partial(x: Any, mapped: Mapped) -> Any:
    if x is None or type(x) is float or isinstance(x, Slot):
        return x
    if isinstance(x, Port):
        return Port(x.application.mapped(mapped), x.place)
    if isinstance(x, Masked):
        return Masked(mapped(x.raw), mapped(x.mask))
    return mapped(x)


def row_arriving(body: Body, x: Arriving, nodes: list[Any], sources: list[Source]) -> list[Any]:
    """A turn's row of what arrives at an array, as new inputs."""
    single = isinstance(nodes[0], Several)
    shape = row_of(nodes[0]) if single else Row(x.raw.width)
    raw = row_inputs(body, shape)
    sources.append(Source(x.raw, raw, shape))
    if x.mask is None or x.mask is False:
        if single:
            return [Arriving(raw[0], x.mask)]
        return raw if x.mask is None else [nothing_yet(a) for a in raw]
    mask = row_inputs(body, shape)
    sources.append(Source(x.mask, mask, shape))
    return [Arriving(raw[0], mask[0])] if single else [Masked(a, not_equal(b, 0.0), a) for a, b in zip(raw, mask, strict=True)]
