"""Graphs are copied and pickled without recursion: a graph travels as a flat list of its nodes, operands before results.

Each inner node names its operands by their places in that list. Leaves are pickled one by one, so that several graphs in a
pickle go on sharing them.
"""

from collections.abc import Callable
from typing import Any

from autograd.graph import topological_order


def restored(kind: type, data: float, grad: float | None, label: str, primitive: Any, operands: Any, partials: Any) -> Any:
    """A node of this class with these contents."""
    node: Any = object.__new__(kind)
    node._data = data
    node._grad = grad
    node.label = label
    node.primitive = primitive
    node.operands = operands
    node.local_partials = partials
    return node


def copied(node: Any) -> Any:
    """`copy.copy`: another node with the same operands."""
    return restored(type(node), node._data, node._grad, node.label, node.primitive, node.operands, node.local_partials)


def deeply_copied(node: Any, memo: dict[int, Any]) -> Any:
    """`copy.deepcopy`: the node with its whole graph."""
    for inner in topological_order(node):
        if id(inner) not in memo:
            memo[id(inner)] = copy = copied(inner)
            copy.operands = _moved(inner.operands, lambda operand: memo[id(operand)])
    return memo[id(node)]


def reduced(node: Any) -> tuple[Any, ...]:
    """For pickle: how to rebuild the node with its whole graph."""
    kind = type(node)
    if not node.operands:
        return restored, (kind, node._data, node._grad, node.label, None, (), ())
    order = topological_order(node)
    leaves, inner = [n for n in order if not n.operands], [n for n in order if n.operands]
    place = {n: i for i, n in enumerate([*leaves, *inner])}
    records = [(n._data, n._grad, n.label, n.primitive, _moved(n.operands, place.__getitem__), n.local_partials) for n in inner]
    return _restored_graph, (kind, leaves, records)


def _restored_graph(kind: type, leaves: list[Any], records: list[tuple[Any, ...]]) -> Any:
    nodes = list(leaves)
    for data, grad, label, primitive, places, partials in records:
        nodes.append(restored(kind, data, grad, label, primitive, _moved(places, nodes.__getitem__), partials))
    return nodes[-1]


def _moved(operands: tuple[Any, ...], to: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple([operand if type(operand) is float else to(operand) for operand in operands])
