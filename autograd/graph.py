"""The graph: nodes with operands, its one order and its two sweeps. Plain floats among the operands are constants.

The order is that of making: each node gets a running number when it is recorded, after its operands. What decides the order of
a sum of adjoints is therefore neither what a choice selected, nor how a comparison was spelled, nor whether code is traced.

A node may be a Value, or a Symbol of the compiler: nothing here depends on which. A sweep multiplies partials with adjoints or
tangents and adds the products, whatever their type: floats give numbers, Values give differentiable gradients, Symbols code.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar


class Node(Protocol):
    """What a graph is made of: a node knows the operands that it was computed from, and when; a leaf has no operands."""

    operands: tuple[Any, ...]
    made: int


N = TypeVar("N", bound=Node)

tick: Callable[[], int] = itertools.count(1).__next__
"""The next number in the order of making, for all threads."""
_made = operator.attrgetter("made")


def topological_order(*results: N, above: Iterable[N] = ()) -> list[N]:
    """Every node that the results depend on, once each, in the order in which they were made: so after all its operands.

    Leaves out the nodes in `above`, and what only they depend on. Iterative; memory is linear in the graph, and so is time, but
    for sorting numbers that are nearly in order.

    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> [node.data for node in topological_order(a * Value(3.0) + a)]
    [2.0, 3.0, 6.0, 8.0]
    """
    seen: set[N] = set(above)
    found = [node for node in dict.fromkeys(results) if node not in seen]
    seen.update(found)
    add, append = seen.add, found.append
    for node in found:  # which grows meanwhile
        for operand in node.operands:
            if type(operand) is not float and operand not in seen:
                add(operand)
                append(operand)
    found.sort(key=_made)
    return found


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
    for node in reversed(order):
        adjoint = adjoints[node]
        if adjoint is None:
            continue
        slopes = partials(node)
        i = 0  # counted by hand: zip and enumerate cost more than the arithmetic
        for operand in node.operands:
            partial = slopes[i]
            i += 1  # noqa: SIM113 - see above
            if partial is not None:
                known = adjoints[operand]
                adjoints[operand] = times(adjoint, partial) if known is None else known + times(adjoint, partial)
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
