"""The graph as a text tree, for terminals: a result, below it the operands of its operation, and so on."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.graph import topological_order
from autograd.pictures.options import check_precision, check_whole, several
from autograd.pictures.places import places_of
from autograd.pictures.text import number, shortened, visible
from autograd.value import Value

LONGEST_LABEL = 60  # characters


class _Branch(NamedTuple):
    """A line to come: its node, or a text in place of several; the strokes left of it and of the lines below; its depth."""

    node: Any
    stem: str = ""
    below: str = ""
    level: int = 0


def tree(
    results: Value | Sequence[Value], *, depth: int = 12, width: int = 10, max_nodes: int = 200, precision: int = 6
) -> str:
    """The graph that computed a result, or several, as a text tree: each value's operation and number, its operands below it.

    A value with several uses is shown once; arrows at its other uses name it by its label or its place in the topological order
    (v2, its id in pictures). Gradients are shown once a backward pass has arrived. The tree says how many values it leaves out.
    Raises TypeError for anything but Values, ValueError for an option that is not a whole number from 1 on.

    Args:
        depth: leave out values deeper than this.
        width: leave out an operation's operands beyond this many.
        max_nodes: leave out values beyond this many.
        precision: the significant digits of numbers.

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
    """What values are called: by modules and labels; by their places, leaves and shared ones without a name that is unique."""
    uses = Counter(operand for node in order for operand in node.operands if type(operand) is not float) + Counter(results)
    labels = {node: shortened(visible(str(place)), LONGEST_LABEL) for node, place in places_of(order).items()}
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
    """The text of a value: name, operation, number, gradient."""
    operation = "" if node.primitive is None else visible(node.primitive.symbol)
    made = ": ".join(filter(None, (name, operation)))
    gradient = f" (grad {number(node.grad, precision)})" if node.has_grad else ""
    return f"{made} = {number(node.data, precision)}{gradient}"


def _branches(items: Sequence[Any], parent: _Branch) -> list[_Branch]:
    """The lines below a line, the last one first, ready for the stack."""
    branches = [_Branch(item, f"{parent.below}├─ ", f"{parent.below}│  ", parent.level + 1) for item in items[:-1]]
    branches += [_Branch(item, f"{parent.below}└─ ", f"{parent.below}   ", parent.level + 1) for item in items[-1:]]
    return branches[::-1]
