"""The graph: nodes with operands, plain floats (constants) among them; its one topological order and its two sweeps.

Nothing here asks what a node is: a Value today, a Symbol for a compiler. A sweep multiplies and adds partials and adjoints or
tangents of whatever kind it is given: floats give numbers, Values give differentiable gradients, Symbols give code.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar


class Node(Protocol):
    """What a graph is made of: a node knows the operands it was computed from, none for a leaf."""

    operands: tuple[Any, ...]


N = TypeVar("N", bound=Node)


def topological_order(*results: N, above: Iterable[N] = ()) -> list[N]:
    """Every node that the results depend on, once each, after all its operands; the same graph gives the same order.

    Not the nodes in `above`, nor what only they depend on. Iterative, in time and memory linear in the graph.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> product = a * b
    >>> [node.data for node in topological_order(product + a)]
    [2.0, 3.0, 6.0, 8.0]
    """
    order: list[N] = []
    seen: set[N] = set(above)
    stack: list[Any] = list(reversed(results))
    push, pop, extend = stack.append, stack.pop, stack.extend
    while stack:
        node = pop()
        if node is None:  # the node below was entered before, and by now all its operands are in order
            order.append(pop())
        elif type(node) is not float and node not in seen:
            seen.add(node)
            operands = node.operands
            if operands:
                push(node)
                push(None)
                extend(operands[::-1])
            else:
                order.append(node)
    return order


def reverse_sweep(
    order: Sequence[N],
    seeds: Mapping[N, Any],
    partials: Callable[[N], Sequence[Any]],
    times: Callable[[Any, Any], Any] = operator.mul,
) -> dict[N, Any]:
    """The adjoint of every node of a topological order, given those of the results; None where nothing arrived.

    `partials(node)` gives the local partials of a node, one an operand, None for an operand that gets nothing.
    Each edge costs one product and at most one sum.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> result = a * b + a
    >>> adjoints = reverse_sweep(topological_order(result), {result: 1.0}, lambda node: node.local_partials)
    >>> adjoints[a], adjoints[b]
    (4.0, 2.0)
    """
    adjoints: dict[N, Any] = dict.fromkeys(order)
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
) -> dict[N, Any]:
    """The tangent of every node of a topological order, given those of the inputs; None where nothing arrived.

    The same partials as for `reverse_sweep`, in the other direction.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> result = a * b + a
    >>> forward_sweep(topological_order(result), {a: 1.0}, lambda node: node.local_partials)[result]
    4.0
    """
    known: dict[N, Any] = dict.fromkeys(order)
    known.update(tangents)
    for node in order:
        total = known[node]
        if total is not None:
            continue  # an input
        slopes: Sequence[Any] | None = None
        for i, operand in enumerate(node.operands):
            tangent = None if type(operand) is float else known.get(operand)
            if tangent is not None:
                slopes = slopes or partials(node)
                if slopes[i] is not None:
                    total = times(slopes[i], tangent) if total is None else total + times(slopes[i], tangent)
        known[node] = total
    return known
