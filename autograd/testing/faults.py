"""The search for the operation at fault: at kinks, near by, and one operation after the other."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.graph import topological_order
from autograd.modes import listed
from autograd.primitives import identity
from autograd.real import number_of
from autograd.testing.comparison import Comparison, Wrong, estimates_along, ties
from autograd.testing.flat import alone
from autograd.testing.verdict import jumps, outside_of_sides


def check(comparison: Comparison, orders: Iterable[int], *, nearby: bool = False) -> None:
    """Check the derivatives of these orders, kinks first; raises `Wrong`, or ValueError where the function is not finite.

    A wrong derivative may be right at this very point, as 3x for x**2 is at 0. So the second order begins with a point near by.
    """
    comparison.check_values()
    _check_kinks(comparison)
    for k in orders:
        comparison.go_to(k)
        if k == 2 and not nearby:
            _check_nearby(comparison, orders)
        comparison.check_order(k)


def at_fault(comparison: Comparison, order: int) -> str | None:
    """The operation whose own derivatives up to that order are wrong, in words; None if all are right."""
    bent = _bent(comparison.nodes)
    for node in comparison.nodes:
        primitive = node.primitive
        if primitive is identity or node in bent:
            continue
        numbers = list(map(number_of, node.operands))
        paths = [f"operand {i}" for i in range(len(numbers))]
        try:
            check(Comparison(alone(primitive), numbers, paths, comparison.modes, comparison.rtol), range(1, order + 1))
        except Wrong as wrong:
            return f"at fault: {_call(node)}, checked alone: {wrong}"
        except ValueError:
            continue  # not finite
    return None


def _check_nearby(comparison: Comparison, orders: Iterable[int]) -> None:
    near = [x + (abs(x) or 1.0) * 2.0**-7 * (-1.0) ** i for i, x in enumerate(comparison.at)]
    try:
        moved = Comparison(comparison.flat, near, comparison.paths, comparison.modes, comparison.rtol)
        check(moved, orders, nearby=True)
    except Wrong as wrong:
        raise Wrong(2, f"near by, at {near}, {wrong}", wrong.fault) from None
    except Exception:  # noqa: BLE001 - outside its domain f may raise what it likes
        return


def _check_kinks(comparison: Comparison) -> None:
    """Check the operations at a kink by its two sides, then all others alone; leave out the inputs that lead to a kink."""
    bent = _bent(comparison.nodes)
    for node in bent:
        _check_kink(node)
        comparison.kinks[_call(node)] = None
    if bent and len(comparison.nodes) > 1:
        fault = at_fault(comparison, 2)
        if fault is not None:
            raise Wrong(1, "there is a kink, so the operations were checked one by one", fault)
    below = set(topological_order(*bent))
    comparison.bent = {i for i, x in enumerate(comparison.inputs) if x in below}


def _call(node: Any) -> str:
    """An operation with its operands and labels, for messages."""
    return f"{node.primitive.name}({listed(node.operands)})" + (f" labelled {node.label!r}" if node.label else "")


def _bent(nodes: Iterable[Any]) -> dict[Any, None]:
    """The nodes at a kink that their operands can leave by moving, in order; not where a branch is not finite."""
    still: set[Any] = set()  # what stays as it is when the inputs move a little
    found: dict[Any, None] = {}
    for node in nodes:
        primitive = node.primitive
        moving = [type(operand) is not float and operand not in still for operand in node.operands]
        if primitive.kink is not None and math.isfinite(node.item()) and _leaves_kink(node, moving):
            found[node] = None
        elif not any(moving) or (primitive.rules.each is not None and not any(primitive.rules.each)):  # constant in pieces
            still.add(node)
    return found


def _leaves_kink(node: Any, moving: Sequence[bool]) -> bool:
    """Whether the operands are at a kink that they leave when those that can move do."""
    numbers = list(map(number_of, node.operands))
    moved = [x + (i + 1) * 1e-3 * (abs(x) or 1.0) if moving[i] else x for i, x in enumerate(numbers)]
    return bool(node.primitive.kink(*numbers)) and not node.primitive.kink(*moved)


def _check_kink(node: Any) -> None:
    """At a kink, the derivative in every direction must lie between the slopes of the two sides."""
    primitive, numbers = node.primitive, list(map(number_of, node.operands))
    partials = primitive.partials(primitive.evaluate(*numbers), *numbers)
    moving = [type(operand) is not float for operand in node.operands]
    groups = [*[[i] for i, moves in enumerate(moving) if moves], *ties(numbers, moving)]
    directions = [[float(i in group) for i in range(len(numbers))] for group in groups]
    gathered = [
        [step[0] for step in estimates_along(alone(primitive), numbers, direction, [0.0]) if step[0] is not None]
        for direction in directions
    ]
    if any(map(jumps, gathered)):
        return  # where it is not even continuous, there is nothing to hold on to
    for direction, along in zip(directions, gathered, strict=True):
        slope = sum([(p or 0.0) * d for p, d in zip(partials, direction, strict=True) if d])
        sides = outside_of_sides(slope, along)
        if sides is not None:
            raise Wrong(
                1,
                f"at a kink, the derivative along the direction {tuple(direction)} is wrong: found {slope!r}, "
                f"expected between {sides[0]:.6g} and {sides[1]:.6g}, the slopes of the two sides",
                f"at fault: {_call(node)}, whose partials there are {tuple(partials)}",
            )
