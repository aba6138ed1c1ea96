"""The graph: nodes with operands, its one order and its two sweeps. Plain floats among the operands are constants.

The order is that of making: each node gets a running number when it is recorded, after its operands. What decides the order of
a sum of adjoints is therefore neither what a choice selected, nor how a comparison was spelled, nor whether code is traced.

A node may be a Value, or a Symbol of the compiler: nothing here depends on which. A sweep multiplies partials with adjoints or
tangents and adds the products, whatever their type: floats give numbers, Values give differentiable gradients, Symbols code.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar


class Many:
    """Stands in the second place of a node whose first has a tuple of all operands."""


MANY = Many()


class Node:
    """What a graph is made of: a node knows the operands that it was computed from, and when; a leaf has no operands.

    One or two operands, as nearly all nodes have, lie in the node itself: a graph then has a third of the objects that it has
    with tuples, which is what building it costs, and what Python's collector looks at again and again. These fields are slots
    of each kind of node.
    """

    __slots__: tuple[str, ...] = ()

    _first: Any  # the first operand; None in a leaf; with MANY in `_second`, the tuple of all
    _second: Any  # the second operand, or None
    made: float  # its place in the order of making

    @property
    def operands(self) -> tuple[Any, ...]:
        """What it was computed from: nodes, and floats for constants."""
        first, second = self._first, self._second
        if second is None:
            return () if first is None else (first,)
        return first if second is MANY else (first, second)

    @operands.setter
    def operands(self, operands: tuple[Any, ...]) -> None:
        if len(operands) > 2 or getattr(self, "_second", None) is MANY:
            self._first, self._second = operands, MANY
        else:
            self._first, self._second = (*operands, None, None)[:2]


N = TypeVar("N", bound=Node)

MAKING = itertools.count(1)
"""The numbers in the order of making, for all threads: `next(MAKING)`, which costs half of what a call of its method does."""
tick: Callable[[], int] = MAKING.__next__
"""The next one."""
making = operator.attrgetter("made")
"""A node's place in the order of making."""
recorded_partials = operator.attrgetter("local_partials")
"""A node's partials as they were computed when it was recorded."""


def topological_order(*results: N, above: Iterable[N] = ()) -> list[N]:
    """Every node that the results depend on, once each, in the order in which they were made: so after all its operands.

    Leaves out the nodes in `above`, and what only they depend on. Iterative; memory is linear in the graph, and so is time, but
    for sorting numbers that are nearly in order.

    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> [node.data for node in topological_order(a * Value(3.0) + a)]
    [2.0, 3.0, 6.0, 8.0]
    """
    inner, leaves, _ = reached(*results, above=above)
    inner += leaves
    inner.sort(key=making)
    return inner


def reached(*results: N, above: Iterable[N] = ()) -> tuple[list[N], list[N], dict[N, Any]]:
    """What the results depend on, but not through the nodes `above`: those with operands, the leaves, and all as keys of None.

    Those with operands come nearly in the order of making, which is then quick to sort.
    """
    seen: dict[N, Any] = dict.fromkeys(above)
    inner: list[N] = []
    leaves: list[N] = []
    rest: list[N] = []
    pop, push, append, leaf = rest.pop, rest.append, inner.append, leaves.append
    for node in results:
        if node not in seen:
            seen[node] = None
            (leaf if node._first is None else push)(node)
    while rest:
        node = pop()  # the operand that was made last comes first: nearly backwards
        append(node)
        operand, second = node._first, node._second
        if second is MANY:
            more = [x for x in dict.fromkeys(node.operands) if x.__class__ is not float and x not in seen]
            seen.update(dict.fromkeys(more))
            for operand in more:
                (leaf if operand._first is None else push)(operand)
            continue
        if operand.__class__ is not float and operand not in seen:
            seen[operand] = None
            if operand._first is None:
                leaf(operand)
            else:
                push(operand)
        if second is not None and second.__class__ is not float and second not in seen:
            seen[second] = None
            if second._first is None:
                leaf(second)
            else:
                push(second)
    inner.reverse()
    return inner, leaves, seen


def reverse_sweep(
    order: Sequence[N],
    seeds: Mapping[N, Any],
    partials: Callable[[N], Sequence[Any]],
    times: Callable[[Any, Any], Any] = operator.mul,
    adjoints: dict[N, Any] | None = None,
) -> dict[N, Any]:
    """The adjoint of every node of a topological order, given those of the results; None where nothing arrived.

        adjoint of an operand = sum over its uses of (adjoint of the node that uses it) * (that node's partial to it)

    `partials(node)` returns one local partial per operand; an operand with partial None gets nothing. Each edge costs one
    product and at most one sum. `adjoints` are those found by a sweep that this one continues.

    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> result = a * Value(3.0) + a
    >>> reverse_sweep(topological_order(result), {result: 1.0}, lambda node: node.local_partials)[a]
    4.0
    """
    if adjoints is None:
        adjoints = dict.fromkeys(order)
        adjoints.update(seeds)
    recorded = partials is recorded_partials and times is operator.mul
    for node in reversed(order):
        adjoint = adjoints[node]
        if adjoint is None or node._first is None:
            continue
        second: Any = node._second
        if recorded and second is not MANY:  # what `backward` does at nearly all nodes, without a call or a loop
            slope = node._to_first  # type: ignore[attr-defined]  # a Value's
            if slope is not None:
                first = node._first
                known = adjoints[first]
                adjoints[first] = adjoint * slope if known is None else known + adjoint * slope
            if second is not None:
                slope = node._to_second  # type: ignore[attr-defined]
                if slope is not None:
                    known = adjoints[second]
                    adjoints[second] = adjoint * slope if known is None else known + adjoint * slope
            continue
        slopes = partials(node)
        i = 0  # counted by hand: zip and enumerate cost more than the arithmetic
        for operand in node.operands:
            slope = slopes[i]
            i += 1  # noqa: SIM113 - see above
            if slope is not None:
                known = adjoints[operand]
                adjoints[operand] = times(adjoint, slope) if known is None else known + times(adjoint, slope)
    return adjoints


def forward_sweep(
    order: Sequence[N],
    tangents: Mapping[N, Any],
    partials: Callable[[N], Sequence[Any]],
    times: Callable[[Any, Any], Any] = operator.mul,
    known: dict[N, Any] | None = None,
) -> dict[N, Any]:
    """The tangent of every node of a topological order, given those of the inputs; None where nothing arrived.

        tangent of a node = sum over its operands of (the node's partial to the operand) * (tangent of the operand)

    `partials` is as for `reverse_sweep`; `known` are the tangents found by a sweep that this one continues.

    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> result = a * Value(3.0) + a
    >>> forward_sweep(topological_order(result), {a: 1.0}, lambda node: node.local_partials)[result]
    4.0
    """
    if known is None:
        known = dict.fromkeys(order)
        known.update(tangents)
    for node in order:
        if known[node] is not None:
            continue  # an input
        total: Any = None
        slopes: Sequence[Any] | None = None
        for i, operand in enumerate(node.operands):
            tangent = None if type(operand) is float else known.get(operand)
            if tangent is not None:
                slopes = slopes or partials(node)
                if slopes[i] is not None:
                    total = times(slopes[i], tangent) if total is None else total + times(slopes[i], tangent)
        known[node] = total
    return known
