"""A program: what a traced function computes, rows in the order of their work; flat, so that it travels without recursion."""

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd.compiler.trace.symbol import Symbol, TraceError
from autograd.graph import topological_order
from autograd.linearization import Linearization, Masked
from autograd.modes import Mode, in_mode
from autograd.program import Place, Program, Step
from autograd.real import is_node
from autograd.value import Value


class Tracer:
    """What a trace knows beside its Symbols: which of them stand for Values captured from outside."""

    def __init__(self) -> None:
        self.captured: dict[Value, Symbol] = {}
        self.refused = False  # a Symbol was asked for its number
        self.conditions: list[Symbol] = []  # which eager code has as bools: no part of the graph between numbers

    record = staticmethod(Symbol._apply_primitive)  # on Symbols, for Values

    def __call__(self, value: Value) -> Symbol:
        """The Symbol that stands for a Value."""
        symbol = self.captured.get(value)
        if symbol is None:
            symbol = self.captured[value] = Symbol(value.label)
        return symbol


def trace(
    f: Callable[[list[Symbol]], tuple[Sequence[Any], Any]], labels: Sequence[str]
) -> tuple[Program, tuple[Value, ...], Any]:
    """Call f with a Symbol for each label: the program that gives its numbers, the Values captured, and what f says beside.

    The captured Values are the program's last inputs, in the order in which f came upon them.
    """
    tracer = Tracer()
    inputs = [Symbol(label) for label in labels]
    with collector_at_rest(), in_mode(Mode(tracer=tracer)):
        outputs, beside = f(inputs)
        outputs = [tracer(x) if isinstance(x, Value) else x for x in outputs]
    reached = {node for node in topological_order(*filter(is_node, outputs)) if not node.operands}
    captured = [(value, symbol) for value, symbol in tracer.captured.items() if symbol in reached]
    program = flat([*inputs, *[symbol for _, symbol in captured]], outputs)
    return program, tuple([value for value, _ in captured]), beside


_RESTING = threading.Lock()
_resting: list[bool] = []  # one for each thread that traces: the first says whether the collector was on


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Without the cyclic garbage collector for a while: it would look through a growing graph again and again, in vain."""
    with _RESTING:
        _resting.append(gc.isenabled() if not _resting else _resting[0])
        gc.disable()
    try:
        yield
    finally:
        with _RESTING:
            if _resting.pop() and not _resting:
                gc.enable()


def flat(inputs: Sequence[Any], outputs: Sequence[Any]) -> Program:
    """The graph between Symbols as a program. TraceError for one that belongs to another trace."""
    places: dict[Any, int] = {symbol: i for i, symbol in enumerate(inputs)}
    steps: list[Step] = []

    def at(operand: Any) -> Place:
        return operand if type(operand) is float else places[operand]

    for node in topological_order(*filter(is_node, outputs)):
        if node in places:
            continue
        if node.primitive is None:
            raise TraceError(
                f"{node!r} belongs to another call that was traced: it was kept after that trace. "
                f"Return what you need from the function instead of storing it"
            )
        places[node] = len(inputs) + len(steps)
        steps.append((node.primitive, tuple([at(operand) for operand in node.operands])))
    return Program(len(inputs), tuple(steps), tuple([at(output) for output in outputs]))


def with_partials(program: Program, wanted: Sequence[bool]) -> tuple[Program, dict[int, list[int]]]:
    """The program that gives the outputs, and after them for each output its partial derivatives to the wanted inputs.

    And by output those of the wanted inputs on which it does not depend: the partial is 0, and nothing arrives there.
    """

    def derived(inputs: list[Symbol]) -> tuple[list[Any], dict[int, list[int]]]:
        linear, adjoints = _adjoints(program, inputs, wanted)
        idle: dict[int, list[int]] = {}
        for i, adjoint in enumerate(adjoints):
            if adjoint is None:
                output, operand = divmod(i, sum(wanted))
                idle.setdefault(output, []).append(operand)
        return [*linear.outputs, *map(linear.derivative, adjoints)], idle

    found, _, idle = trace(derived, [""] * program.inputs)
    return found, idle


def with_arrivals(program: Program, wanted: Sequence[bool]) -> Program:
    """The program that gives, for each of these partials, 1 where something arrives, 0 where a choice let nothing through."""

    def derived(inputs: list[Symbol]) -> tuple[list[Any], None]:
        _, adjoints = _adjoints(program, inputs, wanted)
        return [0.0 if x is None else x.mask if isinstance(x, Masked) else 1.0 for x in adjoints], None

    return trace(derived, [""] * program.inputs)[0]


def _adjoints(program: Program, inputs: list[Symbol], wanted: Sequence[bool]) -> tuple[Linearization, list[Any]]:
    """For each output what arrives at the wanted inputs."""
    linear = Linearization(lambda nodes: (program(*nodes), None), inputs, "a program")
    count = len(program.outputs)
    rows = [linear.adjoints([1.0 if i == j else None for j in range(count)]) for i in range(count)]
    return linear, [adjoint for row in rows for adjoint, want in zip(row, wanted, strict=True) if want]
