"""The graph: nodes with operands, plain floats (constants) among them; its one topological order and its one reverse sweep.

Nothing here asks what a node is: a Value today, a Symbol for a compiler. The sweep multiplies and adds adjoints and partials
of whatever kind it is given: floats give numbers, Values give differentiable gradients, Symbols give code.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar


class Node(Protocol):
    """What a graph is made of: a node knows the operands it was computed from, none for a leaf."""

    operands: tuple[Any, ...]


N = TypeVar("N", bound=Node)


def topological_order(*results: N) -> list[N]:
    """Every node that the results depend on, once each, after all its operands; the same graph gives the same order.

    Iterative, in time and memory linear in the graph.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> product = a * b
    >>> [node.data for node in topological_order(product + a)]
    [2.0, 3.0, 6.0, 8.0]
    """
    order: list[N] = []
    seen: set[N] = set()
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


def reverse_sweep(result: N, seed: Any, partials: Callable[[N], Sequence[Any]]) -> dict[N, Any]:
    """The adjoint d result / d node of every node below the result, operands first; None where nothing arrived.

    `partials(node)` gives the local partials of a node, one an operand, None for an operand that gets nothing.
    Each edge costs one product and at most one sum.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> adjoints = reverse_sweep(a * b + a, 1.0, lambda node: node.local_partials)
    >>> adjoints[a], adjoints[b]
    (4.0, 2.0)
    """
    order = topological_order(result)
    adjoints: dict[N, Any] = dict.fromkeys(order)
    adjoints[result] = seed
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
                adjoints[operand] = adjoint * partial if known is None else known + adjoint * partial
    return adjoints
