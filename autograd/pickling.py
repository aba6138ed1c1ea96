"""Graphs are copied and pickled without recursion: a graph travels as a flat list of its nodes, operands before results.

Each inner node names its operands by their places in that list. Leaves travel one by one, and the list is one object too: nodes
that are pickled or copied together go on sharing what they shared.
"""

import operator
import weakref
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from autograd.collector import collector_at_rest
from autograd.graph import tick, topological_order

LONG = 1 << 62
"""What arrives from a pickle was made so long ago, before all that is made here, in the order in which it was made there."""


def restored(
    kind: type[Any],
    data: float,
    grad: float | None,
    label: str,
    primitive: Any,
    operands: Any,
    partials: Any,
    made: int | None = None,
) -> Any:
    """A node of this class with these contents, made now, or at its place in the order of making."""
    node: Any = kind.__new__(kind)  # type: ignore[call-overload]  # mypy takes it for a class of classes
    node._data = data
    node._grad = grad
    if label:
        node._label = label
    node._record(primitive, operands, partials)
    node.made = tick() if made is None else made
    return node


def _grad(node: Any) -> Any:
    return getattr(node, "_grad", None)


def copied(node: Any) -> Any:
    """`copy.copy`: another node with the same operands, at the same place in the order of making."""
    made = restored(
        type(node), node._data, _grad(node), node.label, node.primitive, node.operands, node.local_partials, node.made
    )
    if hasattr(node, "__dict__"):  # of a subclass
        vars(made).update(vars(node))
    return made


def deeply_copied(node: Any, memo: dict[int, Any]) -> Any:
    """`copy.deepcopy`: the node with its whole graph."""
    with collector_at_rest():
        for inner in topological_order(node, above=_nearest(node, memo.__contains__)):
            if id(inner) not in memo:
                memo[id(inner)] = copy = copied(inner)
                if hasattr(inner, "__dict__"):
                    vars(copy).update(deepcopy(vars(inner), memo))
                copy.operands = _moved(inner.operands, lambda operand: memo[id(operand)])
    return memo[id(node)]


def reduced(node: Any) -> tuple[Any, ...]:
    """For pickle: how to rebuild the node with its whole graph, or to find it in one that travels already."""
    if not node.operands:
        made = type(node), node._data, _grad(node), node.label, None, (), (), node.made - LONG
        return restored, made, getattr(node, "__dict__", None) or None  # attributes of a subclass
    graph = _graph_of(id(node)) or _Graph(node)
    return operator.getitem, (graph, graph.places[id(node)])


class _Graph:
    """The inner nodes below a result that do not travel in another graph yet; when it is unpickled, a list of them.

    A pickler keeps it as long as it works: meanwhile the nodes that are pickled after it are found in it.
    """

    def __init__(self, result: Any) -> None:
        below = topological_order(result, above=_nearest(result, _graph_of))
        self.nodes = [node for node in below if node.operands]
        self.places = {id(node): i for i, node in enumerate(self.nodes)}
        _TRAVELLING.update(dict.fromkeys(self.places, weakref.ref(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        mine = self.places
        with collector_at_rest():
            others = {id(o): o for node in self.nodes for o in node.operands if type(o) is not float and id(o) not in mine}
            place = {key: i for i, key in enumerate([*others, *mine])}
            records = [
                (
                    *(type(n), n._data, _grad(n), n.label, n.primitive, _moved(n.operands, lambda o: place[id(o)])),
                    *(n.local_partials, n.made - LONG),
                )
                for n in self.nodes
            ]
        return _unpacked, (list(others.values()), records)

    def __del__(self) -> None:
        for key in self.places:
            if _graph_of(key) in (None, self):
                _TRAVELLING.pop(key, None)


_TRAVELLING: dict[int, weakref.ref[_Graph]] = {}  # by the node's id: its graph keeps the node


def _graph_of(key: int) -> _Graph | None:
    known = _TRAVELLING.get(key)
    return None if known is None else known()


def _nearest(result: Any, known: Callable[[int], Any]) -> list[Any]:
    """The nearest nodes below a result, or itself, whose ids are known."""
    found, seen, stack = [], set[Any](), [result]
    while stack:
        node = stack.pop()
        if type(node) is not float and node not in seen:
            seen.add(node)
            if known(id(node)):
                found.append(node)
            else:
                stack += node.operands
    return found


def _unpacked(others: list[Any], records: list[tuple[Any, ...]]) -> list[Any]:
    nodes = list(others)
    with collector_at_rest():
        for kind, data, grad, label, primitive, places, partials, made in records:
            nodes.append(restored(kind, data, grad, label, primitive, _moved(places, nodes.__getitem__), partials, made))
    return nodes[len(others) :]


def _moved(operands: tuple[Any, ...], to: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple([operand if type(operand) is float else to(operand) for operand in operands])
