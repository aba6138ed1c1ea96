"""The graph as a text tree, for terminals: a result, below it the operands of its operation, and so on."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.graph import topological_order
from autograd.pictures.draw import check_precision, check_whole, several
from autograd.pictures.text import number, shortened, visible
from autograd.value import Value

LONGEST_LABEL = 60  # characters


class _Branch(NamedTuple):
    """A line to come: a node, or a text that stands for several; what is left of it and of what is below; how deep it is."""

    node: Any
    stem: str = ""
    below: str = ""
    level: int = 0


def tree(
    results: Value | Sequence[Value], *, depth: int = 12, width: int = 10, max_nodes: int = 200, precision: int = 6
) -> str:
    """The graph that computed a result, or several, as a text tree: each value's operation and number, its operands below it.

    A value that is used several times is shown once, and referred to with an arrow from its other uses, by its label or its
    place in the topological order (v2, its id in pictures). What is deeper than `depth`, beyond the first `width` operands of
    an operation, or beyond `max_nodes` values is left out, and counted; gradients are shown once a backward pass has arrived.
    Raises TypeError for what is no Value, ValueError for an option that is no whole number from 1 on.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b
    >>> print(tree(c + c * 0.5))
    + = -9
    ├─ v2: * = -6
    │  ├─ a = 2
    │  └─ b = -3
    └─ * = -3
       ├─ ↑ v2
       └─ 0.5
    """
    found = several(results, "tree", "show")
    for name, limit in (("depth", depth), ("width", width), ("max_nodes", max_nodes)):
        check_whole(name, limit, least=1)
    check_precision(precision)
    order = topological_order(*found)
    names = _names(order, found)
    shown: set[Value] = set()
    lines: list[str] = []
    stack = [_Branch(result) for result in reversed(found)]
    while stack:
        branch = stack.pop()
        node = branch.node
        if isinstance(node, str):
            lines.append(branch.stem + node)
        elif node in shown:
            lines.append(f"{branch.stem}↑ {names[node]}")
        elif len(shown) == max_nodes:
            lines.append(f"{branch.stem}…")
            break
        else:
            shown.add(node)
            lines.append(branch.stem + _described(node, names.get(node, ""), precision))
            items: list[Any] = [o if isinstance(o, Value) else number(o, precision) for o in node.operands[:width]]
            if len(node.operands) > width:
                items.append(f"… {len(node.operands) - width:,} more")
            stack += _branches(items if branch.level < depth else ["…"] * bool(items), branch)
    if len(shown) < len(order):
        lines.append(f"({len(order) - len(shown):,} of {len(order):,} values are not shown)")
    return "\n".join(lines)


def _names(order: Sequence[Value], results: Sequence[Value]) -> dict[Value, str]:
    """What values are called: their labels; leaves, and what is used several times, have their places where that is unclear."""
    uses = Counter(operand for node in order for operand in node.operands if type(operand) is not float) + Counter(results)
    labels = {node: shortened(visible(str(node.label)), LONGEST_LABEL) for node in order if node.label}
    bearers = Counter(labels.values())
    names = {}
    for i, node in enumerate(order):
        label = labels.get(node, "")
        if uses[node] > 1 and bearers[label] > 1:
            label = f"{label} (v{i})"
        elif not label and (uses[node] > 1 or not node.operands):
            label = f"v{i}"
        if label:
            names[node] = label
    return names


def _described(node: Value, name: str, precision: int) -> str:
    """A value's line: name, operation, number, gradient."""
    operation = "" if node.primitive is None else visible(node.primitive.symbol)
    made = ": ".join(filter(None, (name, operation)))
    gradient = f" (grad {number(node.grad, precision)})" if node.has_grad else ""
    return f"{made} = {number(node.data, precision)}{gradient}"


def _branches(items: Sequence[Any], parent: _Branch) -> list[_Branch]:
    """The lines below a line, the last one first, as a stack wants them."""
    branches = [_Branch(item, f"{parent.below}├─ ", f"{parent.below}│  ", parent.level + 1) for item in items[:-1]]
    branches += [_Branch(item, f"{parent.below}└─ ", f"{parent.below}   ", parent.level + 1) for item in items[-1:]]
    return branches[::-1]
