"""The tracer: a function is called once on Symbols, and the graph that it leaves between them becomes a flat program."""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import compress
from operator import add, mul
from typing import Any

from autograd.bundles import Slot
from autograd.collector import collector_at_rest
from autograd.compiler.loops.arriving import Arriving, Element, arriving_mask, filled, settled, settled_whole
from autograd.compiler.loops.body import Body, elementwise, part_of, traced_loop, traced_while, widths
from autograd.compiler.loops.several import Several, elements_of, length_of, packed, record_form, symbols
from autograd.compiler.loops.sweeps import sweep_back, sweep_forward
from autograd.compiler.trace.masked import Masked
from autograd.compiler.trace.symbol import Symbol, TraceError
from autograd.forms import Call, Load, Loop, Result, RuleCall
from autograd.graph import MANY, making
from autograd.linearization import Linearization
from autograd.modes import Mode, in_mode
from autograd.primitives import not_equal, where
from autograd.program import Program, Step
from autograd.value import Value


class Tracer:
    """What a trace knows beside its Symbols: which of them stand for Values from outside. See `modes.Tracer`."""

    def __init__(self, *, loops: bool = False, rolled: bool = False) -> None:
        self.loops = loops
        self.rolled = rolled
        self.captured: dict[Value, Symbol] = {}
        self.refused = False  # a Symbol was asked for its number
        self.own: frozenset[int] = frozenset()  # inputs that belong to the function traced, a transform, by their identities
        self.owner = object()  # its Symbols refuse to be used elsewhere
        self.tape: list[Any] = []  # its nodes, each after its operands
        self.starts: list[float] = []  # when the bodies began that are being traced
        self.around: tuple[float, ...] = ()  # when those began that the function is called in, which is being traced apart
        self.functions: dict[Any, Any] = {}  # what is called several times, and the derivatives of that
        self.in_place: set[Any] = set()  # what is called, and with how many numbers, where calls do not pay
        self.packs: dict[Any, Several] = {}  # what was packed before them
        self.lengths: dict[Any, Any] = {}  # of parts of sequences
        self.settled_sweeps: dict[Any, Any] = {}  # what sweeps through loops bring, by what these and their results are

    def owned(self, numbers: Sequence[Any]) -> bool:
        """Whether these are the inputs of a transform that is traced. It asks first, and only once they are its own."""
        own, self.own = self.own, frozenset()
        return bool(own) and own.issuperset(map(id, numbers))

    record = staticmethod(Symbol._apply_primitive)
    record_form = staticmethod(record_form)
    sweep_back, sweep_forward = staticmethod(sweep_back), staticmethod(sweep_forward)
    decide: Callable[[Any], bool] | None = None  # a branch on a Symbol is refused

    def loop(self, step: Any, carry: Any, columns: Any, turns: Any, *, reverse: bool, recompute: bool) -> Any:
        """A loop recorded as one step."""
        return traced_loop(self, step, carry, columns, turns, reverse=reverse, recompute=recompute)

    def while_loop(self, test: Any, step: Any, carry: Any) -> Any:
        """Likewise one whose turns only the run counts."""
        return traced_while(self, test, lambda numbers: (step(numbers), []), carry)[0]

    def elementwise(self, f: Callable[..., Any], *operands: Any) -> Any:
        """f of numbers, or of each number in arrays of one length."""
        return elementwise(self, f, *operands) if isinstance(operands[0], Several) else f(*operands)

    def added_up(self, total: Any, f: Callable[..., Any], *arrays: Any) -> Any:
        """A number and f of each number in arrays of one length, from left to right."""

        def step(_: Any, carry: list[Any], rows: list[list[Any]]) -> Any:
            return [reduce(add, map(f, *rows), carry[0])], []

        turns = length_of(arrays[0])
        columns = [(array, array.width) for array in arrays]
        return traced_loop(self, step, [total], columns, int(turns) if type(turns) is float else turns)[0][0]

    def record_rule(self, rule: Any, inputs: Any, evaluate: Any) -> list[Any]:
        """A call that has a derivative of its own, recorded as one step."""
        operands = [self(x) if isinstance(x, Value) else x for x in inputs]
        with Body(self) as body:
            mine = [body.carried(x) for x in operands]
            found = evaluate([y if type(y) is float else x for x, y in zip(mine, operands, strict=True)])
        program = body.program(found)
        group = record_form(RuleCall(rule, program, len(operands), widths(found)), [*operands, *body.shared])
        return [record_form(Result(i), (group,)) for i in range(len(found))]

    def as_program(self, f: Callable[[list[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[Program, list[Any]]:
        """Trace a function of numbers and arrays like these: its program, and what it captures, as further inputs."""
        with Body(self) as body:
            found = f([body.carried(x) for x in inputs])
        return body.program(found), body.shared

    def while_rows(self, test: Any, step: Any, carry: Any) -> tuple[list[Any], Any, Any]:
        """A loop whose turns only the run counts, and give rows: the array of these, and how many there are."""
        return traced_while(self, test, step, carry)

    def once(self, node: Any, key: Any, f: Callable[[Any], Any]) -> Any:
        """What f makes of a node: one number for each key."""
        if (node, key) not in self.lengths:
            self.lengths[node, key] = f(node)
        return self.lengths[node, key]

    def load(self, numbers: Any, width: int, index: Any) -> list[Any]:
        """The row of an array of numbers that the run decides."""
        array = numbers
        if not isinstance(numbers, Several):
            array = packed([self(x) if isinstance(x, Value) else x for x in numbers], width, self)
        return [Load(width, column).at(array, index) for column in range(width)]

    def part(self, array: Any, count: Any, index: Any) -> Any:
        """So many rows of an array, of which the run decides."""
        return part_of(self, array, count, index)

    def linear_map(self, node: Any, reached: Any, partials_in: Any, times: Any) -> Any:
        """The linear map of a loop; of what else is no primitive, nothing, for sweeps go another way."""
        form = node.primitive
        if isinstance(form, RuleCall):
            inputs, others = node.operands[: form.inputs], node.operands[form.inputs :]
            wanted = [type(x) is not float and x in reached for x in inputs]
            reads = form.rule.reads_results or any(form.ys)
            results = [record_form(Result(i), (node,)) for i in range(form.rule.count)] if reads else []
            from autograd.applied import ports  # where there are rules

            return (*ports(form.rule, inputs, results, wanted), *[None] * len(others))
        if isinstance(form, Result) and isinstance(node.operands[0].primitive, RuleCall):
            return (Slot(form.place),)
        if not isinstance(form, Loop):
            return (None,) * len(node.operands)
        from autograd.compiler.loops.call_map import CallMap  # where there are loops
        from autograd.compiler.loops.linear_map import LinearMap

        if isinstance(form, Call):
            return CallMap(node, reached, partial(partials_in, tracer=self), times, self)
        return LinearMap(node, reached, partial(partials_in, tracer=self), times, self)

    def settled(self, number: Any, like: Any = None) -> Any:
        """The number, or the array like that one, 0 where nothing arrived."""
        if isinstance(number, Masked):
            return number.settled()
        return settled(number, like) if isinstance(like, Several) else 0.0 if number is None else number

    def all_settled(self, numbers: Sequence[Any], likes: Sequence[Any]) -> list[Any]:
        """The same of as many as a network has parameters, most of them elements of a few arrays."""
        if not self.rolled:
            return list(map(self.settled, numbers, likes))
        found: list[Any] = []
        of, elements = None, list[Any]()
        for number, like in zip(numbers, likes, strict=True):
            if number.__class__ is not Element:
                found.append(self.settled(number, like))
                continue
            if number.of is not of:
                of, elements = number.of, elements_of(settled_whole(number.of))
            found.append(elements[number.place])
        return found

    def arriving(self, number: Any, like: Any) -> Any:
        """A cotangent or tangent as a sweep takes it, of a number or an array."""
        if not isinstance(like, Several) or number is None:
            return number
        if type(number) is float:
            number = filled(like, number)
        return Arriving(number)

    def filled(self, like: Any, number: float) -> Any:
        """That number, or an array like that one, of this number."""
        return filled(like, number) if isinstance(like, Several) else number

    def mask_of(self, number: Any) -> Any:
        """Whether anything arrives, as a condition; None if it always does."""
        if not isinstance(number, Arriving):
            return number.mask if isinstance(number, Masked) else None
        if not isinstance(number.mask, Several):
            return number.mask
        return self.added_up(0.0, lambda x: not_equal(x, 0.0), number.mask) != 0.0

    def selected(self, array: Any, there: Any) -> Any:
        """What arrives at an array only where another one is not 0."""
        raw = elementwise(self, lambda x, y: where(not_equal(y, 0.0), x, -0.0), array, there)
        return Arriving(raw, elementwise(self, lambda y: not_equal(y, 0.0), there))

    def masked(self, number: Any, mask: Any) -> Any:
        """The adjoint or tangent that arrives only where a condition holds; None: always."""
        if isinstance(number, Several):
            number = Arriving(number)
        if mask is None:
            return number
        if isinstance(number, Masked):
            return Masked(number.raw, number.mask & mask)
        if not isinstance(number, Arriving):
            return Masked(number, mask)
        masks = filled(number.raw, where(mask, 1.0, 0.0))
        raw = elementwise(self, lambda x: where(mask, x, -0.0), number.raw)
        return Arriving(raw, masks if number.mask is None else elementwise(self, mul, number.masks, masks))

    def __call__(self, value: Value) -> Symbol:
        """The Symbol that stands for a Value, and was made when that was: before any body that takes it."""
        symbol = self.captured.get(value)
        if symbol is None:
            symbol = self.captured[value] = Symbol(value)
            symbol.made = value.made
        return symbol

    def program(
        self, inputs: Sequence[Any], outputs: Sequence[Any], captured: Sequence[Any] = ()
    ) -> tuple[Program, Sequence[bool]]:
        """The graph between nodes of this trace as a program, and which of those captured it needs: its last inputs.

        TraceError for a node of another trace. The tape has each node after its operands, so that nothing is sought: it is
        looked through backwards for what the outputs need, and forwards for the steps.
        """
        for node in outputs:
            if node.__class__ is not float and node.owner is not self.owner:
                raise _strange(node)
        needed = _needed(self.tape, outputs)
        asked = [needed[node.place] > 0 for node in captured]
        inputs = [*inputs, *compress(captured, asked)]
        for node in inputs:
            needed[node.place] = 0
        inner = list(compress(self.tape, needed))
        inner.sort(key=making)  # in order already, but for what belongs to an earlier node
        for place, node in enumerate(inputs):
            node.place = place
        steps = _steps(inner, len(inputs))
        return Program(len(inputs), steps, tuple([x if type(x) is float else x.place for x in outputs])), asked


def _needed(tape: Sequence[Any], outputs: Sequence[Any]) -> bytearray:
    """For each node of the tape, which gets its place there, 1 if an output depends on it, else 0."""
    for place, node in enumerate(tape):
        node.place = place
    needed = bytearray(len(tape))
    for x in outputs:
        if x.__class__ is not float:
            needed[x.place] = 1
    for node in reversed(tape):
        if needed[node.place]:
            first, second = node._first, node._second
            if first is None:
                continue
            for x in first if second is MANY else (first, second):
                if x is not None and x.__class__ is not float:
                    needed[x.place] = 1
    return needed


def _steps(nodes: Sequence[Any], first_place: int) -> tuple[Step, ...]:
    """The nodes as steps, in order; each gets its place in the program."""
    steps: list[Step] = []
    append = steps.append
    for place, node in enumerate(nodes, first_place):
        node.place = place
        primitive, x, y = node.primitive, node._first, node._second
        if primitive is None:
            raise _strange(node)
        if y is MANY:
            append((primitive, tuple([z if z.__class__ is float else z.place for z in x])))
        elif y is not None:  # most nodes
            append((primitive, (x if x.__class__ is float else x.place, y if y.__class__ is float else y.place)))
        else:
            append((primitive, () if x is None else (x if x.__class__ is float else x.place,)))
    return tuple(steps)


def _strange(node: Any) -> TraceError:
    return TraceError(
        f"{node!r} belongs to another call that was traced: it was kept after that trace. "
        f"Return what you need from the function instead of storing it"
    )


@collector_at_rest()
def trace(
    f: Callable[[list[Any]], tuple[Sequence[Any], Any]],
    labels: Sequence[str],
    *,
    loops: bool = False,
    rolled: bool = False,
    arrays: Sequence[int] = (),
    rows: Sequence[int] = (),
    own: bool = False,
) -> tuple[Program, tuple[Value, ...], Any]:
    """Call f with a Symbol for each label: the program of its numbers, the captured Values, and what f returned beside.

    `loops`: what `autograd.control` offers is one step of the program, not one for each turn. `rolled`: so is a layer.
    `arrays`: for each label the columns of an array, or 0 for a number; `rows` how many rows that has, if a trace knows. `own`:
    f is a transform by its arguments, which nothing else has.
    """
    tracer = Tracer(loops=loops, rolled=rolled)
    with in_mode(Mode(tracer=tracer)):
        inputs: list[Any] = _inputs(labels, arrays, rows) if any(arrays) else symbols(labels)
        tracer.own = frozenset(map(id, inputs)) if own else frozenset()
        outputs, beside = f(inputs)
        outputs = [tracer(x) if isinstance(x, Value) else x for x in outputs]
        for x in outputs:
            if x.__class__ is not float and x.owner is not tracer.owner:
                x.check_owner()
    program, needed = tracer.program(inputs, outputs, list(tracer.captured.values()))
    return program, tuple(compress(tracer.captured, needed)), beside


def _inputs(labels: Sequence[str], arrays: Sequence[int], rows: Sequence[int]) -> list[Any]:
    """Inputs of which some are arrays: see `trace`."""
    lengths: Sequence[int | None] = rows or [None] * len(labels)
    return [Several(None, (), n, w) if w else Symbol(x) for x, w, n in zip(labels, arrays, lengths, strict=True)]


def with_partials(
    program: Program, wanted: Sequence[bool], arrays: Sequence[int] = (), rows: Sequence[int] = (), *, rolled: bool = False
) -> tuple[Program, dict[int, list[int]]]:
    """The program that gives the outputs, then each one's partials to the wanted inputs; and by output which get nothing.

    `arrays`, `rows` and `rolled` are as for `trace`.
    """

    def derived(inputs: list[Symbol]) -> tuple[list[Any], dict[int, list[int]]]:
        linear, adjoints = _adjoints(program, inputs, wanted)
        idle: dict[int, list[int]] = {}
        for i, adjoint in enumerate(adjoints):
            if adjoint is None:  # the output does not depend on it
                output, operand = divmod(i, sum(wanted))
                idle.setdefault(output, []).append(operand)
        asked = list(compress(inputs, wanted)) * len(linear.outputs)
        return [*linear.outputs, *map(linear.derivative, adjoints, asked)], idle

    found, _, idle = trace(derived, [""] * program.inputs, arrays=arrays, rows=rows, rolled=rolled)
    return found, idle


def with_arrivals(program: Program, wanted: Sequence[bool], arrays: Sequence[int] = ()) -> Program:
    """The program that gives for each of these partials 1 where anything arrives, 0 where a choice let nothing through."""

    def derived(inputs: list[Symbol]) -> tuple[list[Any], None]:
        _, adjoints = _adjoints(program, inputs, wanted)
        return [arriving_mask(x) for x in adjoints], None

    return trace(derived, [""] * program.inputs, arrays=arrays)[0]


def _adjoints(program: Program, inputs: list[Symbol], wanted: Sequence[bool]) -> tuple[Linearization, list[Any]]:
    """For each output what arrives at the wanted inputs."""
    linear = Linearization(lambda nodes: (program(*nodes), None), inputs, "a program", own=True)
    count = len(program.outputs)
    jacobian = [linear.adjoints([1.0 if i == j else None for j in range(count)]) for i in range(count)]
    return linear, [adjoint for row in jacobian for adjoint, want in zip(row, wanted, strict=True) if want]
