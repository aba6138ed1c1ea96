"""The linearization of a function at a point: its call recorded as a graph, and the graph's two sweeps.

The sweeps run on floats, unless their results must have derivatives too: an operand is a Value, as it is inside another
transform, or the function captured one. Then the sweeps run on Values and are recorded like any other arithmetic.
"""

import operator
from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial
from types import FunctionType
from typing import Any, TypeVar
from weakref import WeakSet

from autograd.graph import MANY, forward_sweep, recorded_partials, reverse_sweep, topological_order
from autograd.hooks import ALIVE, sweep_with_hooks
from autograd.modes import Mode, changed_mode, check_products, current_mode, in_mode
from autograd.past import Period, changed, number_at
from autograd.primitives import identity
from autograd.real import is_array_node, is_node, number_of
from autograd.structures import flatten, map_nodes
from autograd.value import Underivable, Value, recorded

T = TypeVar("T")


class Linearization:
    """A recorded call of a function: its outputs, and the linear map from small changes of the inputs to those of the outputs.

    `operands` are floats and nodes of outer graphs. For each, the function gets a new node, which no other call shares, so that
    derivatives of nested calls are never confused. It returns (result, anything beside it). The linearization is `open` if an
    operand is a node, or if the graph has leaves, which the function captured from outside. Then outputs and derivatives are
    Values with a history that reaches those.

    Operands that are the call's `own`, nodes that no other call shares, are given to the function as they are.
    """

    def __init__(
        self, f: Callable[[list[Any]], tuple[Any, Any]], operands: Sequence[Any], what: str, *, own: bool = False
    ) -> None:
        self._recording = current_mode().recording
        self._period: Period | None = Period()
        self._tracer = tracer = current_mode().tracer
        own = own or (tracer is not None and tracer.owned(operands))
        with changed_mode(recording=True):
            self.inputs = list(operands) if own else [own_input(x) for x in operands]
            try:
                result, self._beside = f(self.inputs)
            finally:
                self._period.close()
                for node, x in zip(self.inputs, () if own else operands, strict=not own):
                    if node._first is not x and len(node.operands) < 2:  # else of a sequence
                        node.operands = (x,)  # for all later calls it is a constant, or an outer node
                    if isinstance(node, Value):
                        node.local_partials.ended = True
        self._outputs, self.structure = flatten(result, what, opened=True)
        order = topological_order(*filter(is_node, self._outputs), above=self.inputs)
        captures = not all(node.operands for node in order)
        self.open = captures or any(map(is_node, operands)) or tracer is not None
        if not self.open:
            self._period = None  # the recorded partials are all that its sweeps read
        else:
            inputs = set(self.inputs)
            self._outputs = [x if type(x) is float or x.operands or x in inputs else identity(x) for x in self._outputs]
            self._reached = reached = with_dependents(self.inputs, order)
            order = [node for node in order if node in reached]
            self._known: dict[Any, Sequence[Any]] | None = None  # not yet computed
        self._order = [*self.inputs, *order]

    @property
    def _partials(self) -> Callable[[Any], Sequence[Any]]:
        if not self.open:
            return recorded_partials
        known = self._known
        if known is None:
            with in_mode(None if self._tracer is None else Mode(tracer=self._tracer)):  # its operations are not the user's
                self._known = known = self._reached_partials()
        if current_mode().tracer is not self._tracer:  # a sweep in a trace: later calls must not read other numbers
            return lambda node: [_fixed(partial, node.made) for partial in known[node]]
        if changed():
            return lambda node: [as_it_was(partial, node.made) for partial in known[node]]  # a partial may be an operand
        return known.__getitem__

    def _reached_partials(self) -> dict[Any, Sequence[Any]]:
        """The partials of all nodes to those of their operands that depend on the inputs, for all sweeps.

        They are computed together before the first of these: when they are made must not depend on what a choice selects. Where
        nothing can ever arrive, they are not computed.
        """
        known: dict[Any, Any] = dict.fromkeys(self.inputs, (None,))
        order, arrives = self._order[len(self.inputs) :], self._arrives()
        for node in order:
            if node not in arrives:
                known[node] = (None,) * len(node.operands)
        found = [node for node in order if node in arrives]
        if self._recording or self._tracer is not None:
            return known | partials_in(found, self._reached, self._tracer)
        for node in found:
            if not node.primitive.differentiable:
                known[node] = Underivable(node.primitive)
            else:
                wanted = [type(operand) is not float and operand in self._reached for operand in node.operands]
                known[node] = [node.local_partials[i] if want else None for i, want in enumerate(wanted)]
        return known

    def _arrives(self) -> set[Any]:
        """The nodes at which a sweep may arrive: all, but what lies behind what was not selected."""
        order = self._order[len(self.inputs) :]
        if self._tracer is not None or not any(node.primitive.selective for node in order):
            return self._reached
        found = set(filter(is_node, self._outputs))
        for node in reversed(order):
            if node in found:
                partials = node.local_partials if node.primitive.differentiable else (0.0,) * len(node.operands)
                found.update([x for i, x in enumerate(node.operands) if type(x) is not float and partials[i] is not None])
        return found

    @property
    def graph(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The inputs, what the function returned, and all nodes between them, inputs first, in the order of making."""
        return self.inputs, self._outputs, self._order

    @property
    def shape(self) -> tuple[int, int]:
        """How many outputs and inputs the map has. NotImplementedError if only the run knows, because one is a sequence."""
        if any(map(is_array_node, (*self.inputs, *self._outputs))):
            raise NotImplementedError(
                "a matrix with a row or a column for each number of a sequence whose length only the run knows "
                "(dynamic_argnums): take its products with vectors by grad, vjp, jvp or hvp, or leave it out of dynamic_argnums"
            )
        return len(self._outputs), len(self.inputs)

    @property
    def outputs(self) -> list[Any]:
        """The numbers in the result, as nodes if the linearization is open."""
        if self.open:
            return [as_node(output) for output in self._outputs]
        return list(map(number_of, self._outputs))

    def beside(self) -> Any:
        """What the function returned beside its result, with numbers in the place of nodes that lead to no outer graph."""
        nodes: list[Any] = []

        def found(node: Any) -> Any:
            nodes.append(node)
            return node

        try:
            map_nodes(self._beside, found)
        except RecursionError:
            raise ValueError("what the function returns beside its value is nested too deeply, or contains itself") from None
        order = topological_order(*nodes, above=[] if self.open else self.inputs)
        tied = with_dependents((node for node in order if not node.operands), order)
        return map_nodes(self._beside, lambda node: as_node(node) if self.open or node in tied else node.item())

    def pullback(self, cotangents: Iterable[Any]) -> list[Any]:
        """For each input, the sum of the outputs' derivatives times their cotangents (None: left out): one reverse sweep."""
        found = self.adjoints(cotangents)
        if self._tracer is not None and current_mode().recording:  # there are as many as a network has parameters
            settled = self._tracer.all_settled(found, self.inputs)
            return [as_node(number) if type(number) is float else number for number in settled]
        return list(map(self.derivative, found, self.inputs))

    def adjoints(self, cotangents: Iterable[Any]) -> list[Any]:
        """The adjoint that the sweep of `pullback` brings to each input, before `derivative`; None where nothing arrives."""
        seeds: dict[Any, Any] = {}
        for output, cotangent in zip(self._outputs, cotangents, strict=True):
            if cotangent is not None and is_node(output):
                seed = cotangent if type(cotangent) is float else identity(cotangent)  # each edge has a node of its own
                seed = seed if self._tracer is None else self._tracer.arriving(seed, output)
                seeds[output] = seeds[output] + seed if output in seeds else seed
        with changed_mode(checking=False):  # the check below names the operation
            back = sweep_with_hooks if ALIVE else reverse_sweep
            sweep = back if self._tracer is None else partial(self._tracer.sweep_back, inputs=len(self.inputs))
            adjoints = sweep(self._order, seeds, self._partials, times_back if self.open else operator.mul)
        if current_mode().checking:
            check_products(reversed(self._order), self._partials, lambda node, _: adjoints[node], "adjoint")
        return [adjoints[x] for x in self.inputs]

    def pushforward(self, tangents: Iterable[Any]) -> list[Any]:
        """The outputs' changes when the inputs change by the tangents (None: not at all): one forward sweep."""
        with changed_mode(checking=False):
            sweep = forward_sweep if self._tracer is None else self._tracer.sweep_forward
            given = dict(zip(self.inputs, tangents, strict=True))
            if self._tracer is not None:
                given = {node: self._tracer.arriving(x, node) for node, x in given.items()}
            changes = sweep(self._order, given, self._partials, times_forward)
        if current_mode().checking:
            check_products(self._used(), self._partials, lambda _, operand: changes.get(operand), "tangent")
        return [self.derivative(changes.get(output) if is_node(output) else None, output) for output in self._outputs]

    def derivative(self, number: Any, like: Any = None) -> Any:
        """What a sweep brought (None: 0) to a node like that as a float, or as a node if the linearization is open."""
        if self._tracer is not None:
            number = self._tracer.settled(number, like)
        elif number is None:
            number = 0.0
        return as_node(number) if self.open else number

    def _used(self) -> list[Any]:
        """The nodes whose changes reach an output; nodes that lose against another one in a selection do not."""
        used = set(filter(is_node, self._outputs))
        for node in reversed(self._order):
            if node in used:
                pairs = zip(node.operands, self._partials(node), strict=True)
                used.update([operand for operand, partial in pairs if partial is not None])
        return [node for node in self._order if node in used]


def partials_in(order: Sequence[Any], reached: Container[Any], tracer: Any = None) -> dict[Any, Any]:
    """The partials, as nodes, of these nodes to the operands that are reached; of a loop in a trace its linear map."""
    known: dict[Any, Any] = {}
    for node in order:
        if node.primitive is None or not hasattr(node.primitive, "wanted_partials"):
            known[node] = tracer.linear_map(node, reached, partials_in, (times_back, times_forward))
            continue
        wanted = [type(operand) is not float and operand in reached for operand in node.operands]
        edges = getattr(node.primitive, "edges", None)  # of a call with a rule of its own
        if edges is not None:
            known[node] = edges(node, wanted)
        elif not node.primitive.differentiable:
            known[node] = Underivable(node.primitive)
        else:
            known[node] = _without_products_by_1(node, wanted, differentiable_partials(node, wanted))
    return known


def with_dependents(nodes: Iterable[Any], order: Iterable[Any]) -> set[Any]:
    """The nodes, and those of the order that depend on one of them."""
    reached = set(nodes)
    for node in order:
        first, second = node._first, node._second
        for operand in first if second is MANY else (first, second):
            if operand.__class__ is not float and operand in reached:
                reached.add(node)
                break
    return reached


def _selected(partial: Any) -> Any:
    """The partial of a selective primitive: None for 0, because an operand that was not selected gets nothing at all."""
    return partial._unless_zero() if is_node(partial) else partial or None


def differentiable_partials(node: Any, wanted: Sequence[bool] | None = None) -> tuple[Any, ...]:
    """A node's local partials as Values, which have derivatives, at the numbers with which it was made.

    To the `wanted` operands, by default to all but constants.
    """
    primitive, operands, result = node.primitive, node.operands, node
    if primitive is None:
        return ()
    if wanted is None:
        wanted = [type(operand) is not float for operand in operands]
    if changed():
        result, *operands = [as_it_was(x, node.made) for x in (node, *operands)]
    partials = primitive.wanted_partials(primitive.rules, result, operands, wanted)
    return tuple(map(_selected, partials)) if primitive.selective else partials


def as_it_was(x: Any, time: float) -> Any:
    """A Value with the number that it had at that time; anything else as it is."""
    number = number_at(x, time) if isinstance(x, Value) else None
    return x if number is None else recorded(number, identity, (x,), (1.0,))


def _fixed(x: Any, time: float) -> Any:
    """A Value as it was, and as it stays whatever is set later; anything else as it is."""
    if not isinstance(x, Value):
        return x
    number = number_at(x, time)
    return recorded(x._data if number is None else number, identity, (x,), (1.0,))


class InputPartials(tuple[float | None, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """The local partials of an input of a transform, and so the mark of one: `ended` is true from the end of the call on."""

    ended = False


_OWNERS: WeakSet[Any] = WeakSet()


def owning(transform: T) -> T:
    """The function, noted as one that only linearizes by its arguments: in a trace of it they are its own already."""
    _OWNERS.add(transform)
    return transform


def owns_arguments(f: Any) -> bool:
    """Whether a function was noted so."""
    return type(f) is FunctionType and f in _OWNERS


def own_input(x: Any) -> Any:
    """A new node for one argument of one call. For a float it has a leaf below it, so that inner calls see it captured."""
    node = type(x)._apply_primitive(identity, (x,)) if is_node(x) else identity(Value(x))
    if isinstance(node, Value):
        node._record(identity, node.operands, InputPartials(node.local_partials if is_node(x) else (None,)))
    return node


def as_node(number: Any) -> Any:
    """A number as a node: a float as a constant, a node as it is, but without its history inside `no_grad()`."""
    if type(number) is float:
        return Value._apply_primitive(identity, (number,))
    return number if current_mode().recording else number.detach()


# A product with the constant 1, as half of all partials are, is spared where that changes no order of further derivatives. What
# an edge brings must be a node that no other edge uses: if two passed the same one on, its adjoint would sum what arrives from
# both, in an order that depends on what else each of them met. So in reverse only a node's last edge may pass the adjoint on,
# and forward only an edge that is alone, whatever a choice selects. Both are told from other floats by being these objects.
_ALONE, _LAST = float("1.0"), float("1.0")


def _without_products_by_1(node: Any, wanted: Sequence[bool], partials: tuple[Any, ...]) -> tuple[Any, ...]:
    """The partials of a node, with these marks."""
    last = len(wanted) - 1
    while not wanted[last]:
        last -= 1
    if type(partials[last]) is not float or partials[last] != 1.0:
        return partials
    each = node.primitive.rules.each
    stated = each is not None and not callable(each[last])
    return (*partials[:last], _ALONE if stated and sum(wanted) == 1 else _LAST, *partials[last + 1 :])


def times_back(adjoint: Any, partial: Any) -> Any:
    """The product in a reverse sweep through what `partials_in` gave."""
    return adjoint if partial is _LAST or partial is _ALONE else adjoint * partial


def times_forward(partial: Any, tangent: Any) -> Any:
    """The product in a forward sweep."""
    return tangent if partial is _ALONE else partial * tangent
