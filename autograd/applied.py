"""Rules: calls with a derivative of their own, recorded as one step among Values and in traces.

A rule says what a sweep does at the call: `pull` takes the cotangents of the results to those of the inputs, `push` tangents
the other way. Both are written with primitives, so that they run on Values and Symbols, and have derivatives themselves.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, reduce
from typing import Any, ClassVar

from autograd.bundles import Port, Slot
from autograd.definition import Primitive
from autograd.linearization import Linearization, as_it_was
from autograd.modes import changed_mode, current_mode
from autograd.past import changed
from autograd.real import is_array_node, is_node, number_of
from autograd.structures import Structure, as_argument, flatten, map_nodes, unflatten
from autograd.value import Value, recorded

Numbers = Sequence[Any]


class Rule:
    """The derivative of a call with `count` results. `reads_results`: it needs these beside the inputs."""

    name: str
    count: int
    reads_results: ClassVar[bool] = False

    def pull(self, inputs: Numbers, results: Numbers, cotangents: Numbers, kept: Any) -> Numbers:
        """The cotangents of the inputs (None: 0), given those of all results. `kept` is from the call, or None."""
        raise NotImplementedError

    def push(self, inputs: Numbers, results: Numbers, tangents: Numbers, kept: Any) -> Numbers:
        """The tangents of the results, given those of all inputs."""
        raise NotImplementedError

    def at(self, inputs: Numbers, evaluate: Callable[[list[Any]], tuple[list[Any], Any]]) -> list[Any]:
        """The results at these inputs, of which one is a node: `evaluate(inputs)` gives them, and what is kept.

        What happens inside of `evaluate` is not recorded.
        """
        tracer, recording = current_mode().tracer, current_mode().recording
        if tracer is not None and not recording:
            return evaluate(list(inputs))[0]
        if tracer is not None:
            return tracer.record_rule(self, inputs, lambda numbers: evaluate(numbers)[0])
        with changed_mode(recording=False):
            found, kept = evaluate([x if type(x) is float else x.detach() for x in inputs])
        numbers = list(map(number_of, found))
        return self.of_values(inputs, numbers, kept) if recording else list(map(Value, numbers))

    def of_values(self, inputs: Numbers, numbers: Sequence[float], kept: Any = None) -> list[Any]:
        """The results among Values: nodes with these numbers, whose history is this call."""
        application = Applied(self, inputs, numbers, kept, on_floats=True)
        edges = tuple([None if type(x) is float else Port(application, i) for i, x in enumerate(inputs)])
        primitive = RulePrimitive(self, tuple(numbers))
        return primitive.results(recorded(numbers[0] if numbers else 0.0, primitive, tuple(inputs), edges))


class Applied:
    """A rule at its inputs: nodes, or `on_floats` the numbers that they had. See `bundles.Application`."""

    def __init__(self, rule: Rule, inputs: Numbers, results: Numbers, kept: Any = None, *, on_floats: bool = False) -> None:
        self.rule, self.kept, self.on_floats = rule, kept, on_floats
        self.inputs = [x if type(x) is float or not on_floats else x.detach() for x in inputs]
        self.results = list(results) if rule.reads_results or any(map(is_array_node, results)) else []

    def pull(self, cotangents: dict[int, Any]) -> list[Any]:
        """The cotangents of the inputs, given those of some results."""
        return self._brought(self.rule.pull, cotangents, self.results or [0.0] * self.rule.count, self.inputs)

    def push(self, tangents: dict[int, Any]) -> list[Any]:
        """The tangents of the results, given those of some inputs."""
        return self._brought(self.rule.push, tangents, self.inputs, self.results or [0.0] * self.rule.count)

    def refs(self) -> list[Any]:
        """The nodes that the rule reads."""
        return [x for x in (*self.inputs, *self.results) if type(x) is not float]

    def mapped(self, to: Callable[[Any], Any]) -> "Applied":
        """The same at other nodes."""
        at = [[x if type(x) is float else to(x) for x in several] for several in (self.inputs, self.results)]
        return Applied(self.rule, *at)

    def _brought(self, how: Callable[..., Numbers], arriving: dict[int, Any], before: Numbers, after: Numbers) -> list[Any]:
        """What `how` makes of what arrives at the nodes `before`, for those `after`."""
        if self.on_floats:
            given = [Value(arriving.get(i, 0.0)) for i in range(len(before))]
            with changed_mode(recording=False):
                found = how(self.inputs, list(map(Value, self.results)), given, self.kept)
                return [0.0 if x is None else number_of(x) for x in found]
        tracer = current_mode().tracer
        if tracer is None:
            given = [arriving.get(i, 0.0) for i in range(len(before))]
            return [0.0 if x is None else x for x in how(self.inputs, self.results, given, self.kept)]
        masks = [tracer.mask_of(x) for x in arriving.values()]  # beyond choices that the run of a program decides
        given = [tracer.settled(arriving.get(i), like) for i, like in enumerate(before)]
        found = how(self.inputs, self.results, given, self.kept)
        mask = None if any(x is None for x in masks) else reduce(operator.or_, masks)
        brought = [tracer.filled(like, 0.0) if x is None else x for x, like in zip(found, after, strict=True)]
        return [tracer.masked(x, mask) for x in brought]


class Recomputed(Rule):
    """A program as one call: its derivative runs it again, where the sweep is, so that nothing of it is kept meanwhile."""

    def __init__(self, program: Callable[..., list[Any]], count: int, name: str) -> None:
        self.program, self.count, self.name = program, count, name

    def _linear(self, inputs: Numbers) -> Linearization:
        return Linearization(lambda nodes: (self.program(*nodes), None), inputs, self.name)

    def pull(self, inputs: Numbers, results: Numbers, cotangents: Numbers, kept: Any) -> Numbers:  # noqa: ARG002
        """See `Rule.pull`."""
        return self._linear(inputs).pullback(cotangents)

    def push(self, inputs: Numbers, results: Numbers, tangents: Numbers, kept: Any) -> Numbers:  # noqa: ARG002
        """See `Rule.push`."""
        return self._linear(inputs).pushforward(tangents)


def constants_like(nodes: Numbers, number: float) -> list[Any]:
    """That number for each of these, as often as it has numbers."""
    tracer = current_mode().tracer
    return [number if tracer is None else tracer.filled(x, number) for x in nodes]


def plus(x: Any, y: Any) -> Any:
    """The sum of two numbers, or of two sequences element by element."""
    tracer = current_mode().tracer
    return x + y if tracer is None else tracer.elementwise(operator.add, x, y)


def in_loop() -> bool:
    """Whether the body of a loop is being traced."""
    tracer = current_mode().tracer
    return bool(getattr(tracer, "starts", None) or getattr(tracer, "around", None))


def recomputed(f: Callable[[list[Any]], list[Any]], inputs: Numbers, name: str) -> list[Any]:
    """f(inputs) in a trace, recorded as one call that derivatives compute again."""
    tracer: Any = current_mode().tracer
    program, outside = tracer.as_program(f, inputs)
    every = [*inputs, *outside]
    if not any(map(is_node, every)):
        return f(list(inputs))
    return Recomputed(program, len(program.outputs), name).at(every, lambda numbers: (program(*numbers), None))


class Arguments:
    """The arguments of a call: the numbers of those that hold Values or Symbols; all others stay what they are."""

    def __init__(self, args: Sequence[Any], places: Iterable[int], who: str) -> None:
        self.args = args
        self.inputs: list[Any] = []
        self.structures: dict[int, Structure] = {}
        for i in places:
            if holds_nodes(args[i]):
                numbers, self.structures[i] = flatten(args[i], f"{who}: argument {i}", opened=True)
                self.inputs += numbers

    def at(self, numbers: Iterable[Any]) -> list[Any]:
        """All arguments, with these numbers."""
        rest, known = iter(numbers), self.structures
        return [unflatten(known[i], rest, as_argument) if i in known else x for i, x in enumerate(self.args)]


def holds_nodes(thing: Any) -> bool:
    """Whether it is a Value or a Symbol, or a structure with some in it."""
    found = False

    def seen(node: Any) -> Any:
        nonlocal found
        found = True
        return node

    if is_node(thing):
        return True
    map_nodes(thing, seen)
    return found


def ports(rule: Rule, inputs: Numbers, results: Numbers, wanted: Sequence[bool]) -> tuple[Port | None, ...]:
    """The edges to the wanted inputs, for sweeps on nodes."""
    application = Applied(rule, inputs, results)
    return tuple([Port(application, i) if want else None for i, want in enumerate(wanted)])


class RulePrimitive(Primitive):
    """A rule as the primitive of a call among Values, which gave these numbers."""

    def __init__(self, rule: Rule, numbers: tuple[float, ...]) -> None:
        vars(self).update(vars(_any_operands(rule.name)))
        self.rule, self.numbers = rule, numbers

    def results(self, group: Value) -> list[Any]:
        """The results of the call, as nodes."""
        return [recorded(x, _result(i), (group,), (Slot(i),)) for i, x in enumerate(self.numbers)]

    def edges(self, node: Value, wanted: Sequence[bool]) -> tuple[Any, ...]:
        """The edges to the operands, for sweeps on Values, at the numbers of then."""
        operands = [as_it_was(x, node.made) for x in node.operands] if changed() else node.operands
        return ports(self.rule, operands, self.results(node) if self.rule.reads_results else (), wanted)

    def __reduce__(self) -> tuple[Any, ...]:
        return RulePrimitive, (self.rule, self.numbers)


class ResultPrimitive(Primitive):
    """What is one result of such a call."""

    def __init__(self, place: int) -> None:
        vars(self).update(vars(_any_operands("result")))
        self.place = place

    def edges(self, node: Value, _: Sequence[bool]) -> tuple[Any, ...]:
        """The edge to the call."""
        return node.local_partials  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return _result, (self.place,)


@lru_cache(maxsize=1024)
def _result(place: int) -> ResultPrimitive:
    return ResultPrimitive(place)


@lru_cache
def _any_operands(name: str) -> Primitive:
    """A primitive of that name that takes any number of operands, for all fields that a rule's shares with others."""
    made = Primitive("rule", evaluate=lambda *operands: 0.0 * len(operands), partials=lambda *_: (), doc=f"{name}.")
    made.name = made.symbol = made.__name__ = made.__qualname__ = name
    return made
