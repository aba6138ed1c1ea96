"""Functions of lists of numbers, which is how the checks see every function; their Jacobians, and their rounding."""

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.compiler.node import CompiledPrimitive
from autograd.definition import Primitive
from autograd.graph import reverse_sweep, topological_order
from autograd.linearization import own_input
from autograd.primitives import mul, truediv
from autograd.real import is_node, number_of
from autograd.testing.stencil import EPSILON
from autograd.transforms import jacfwd, jacrev

Flat = Callable[[list[Any]], list[Any]]
"""A function of a list of numbers that returns one."""

JACOBIANS: dict[str, Callable[..., Any]] = {"fwd": jacfwd, "rev": jacrev}


def alone(primitive: Primitive) -> Flat:
    """A primitive as such a function of its operands."""
    return lambda xs: [primitive.at(*xs)]


def flat_jacobian(flat: Flat, mode: str) -> Flat:
    """The Jacobian by a mode, flat, row after row."""
    jacobian = JACOBIANS[mode](flat)
    return lambda xs: [x for row in jacobian(xs) for x in row]


def recorded(flat: Flat, at: Sequence[float]) -> tuple[list[Any], list[Any], list[Any]]:
    """The inputs, the operations that depend on them in topological order, and the outputs of a call.

    What does not depend on an input is a constant, such as a captured Value with all its history. A compiled function counts as
    the operations that it is made of.
    """
    inputs = [own_input(x) for x in at]
    outputs = flat(inputs)
    remade: dict[Any, Any] = {x: x for x in inputs}
    for node in topological_order(*filter(is_node, outputs), above=inputs):
        operands = [_remade(x, remade) for x in node.operands]
        if not any(map(is_node, operands)):
            remade[node] = node.item()
        elif isinstance(node.primitive, CompiledPrimitive):
            remade[node] = node.primitive.apart(operands)
        elif all(map(operator.is_, operands, node.operands)):
            remade[node] = node
        else:
            remade[node] = node.primitive.at(*operands)
            remade[node].label = node.label
    outputs = [_remade(output, remade) for output in outputs]
    return inputs, topological_order(*filter(is_node, outputs), above=inputs), outputs


def _remade(x: Any, remade: dict[Any, Any]) -> Any:
    return remade[x] if is_node(x) else x


class Rounding(NamedTuple):
    """The effect of rounding on a function at a point."""

    outputs: list[float]  # the noise of each
    moving: list[list[float]]  # the part of each output's noise that comes from numbers which depend on an input
    derivatives: list[float]  # the noise of each
    values: list[float]  # the outputs themselves
    out_of_range: bool  # a number on the way over- or underflows


def rounding(flat: Flat, at: Sequence[float]) -> Rounding:
    """A few last places for each operation, weighted by the size of all its paths to the output."""
    inputs, nodes, outputs = recorded(flat, at)
    order = [*inputs, *nodes]
    depends = {x: 1 << i for i, x in enumerate(inputs)}  # on which inputs, a bit for each
    for node in nodes:
        depends[node] = functools.reduce(operator.or_, [depends[x] for x in node.operands if is_node(x)], 0)
    found = Rounding([], [], [], list(map(number_of, outputs)), any(map(_out_of_range, nodes)))
    for output in outputs:
        sizes = reverse_sweep(order, {output: 1.0} if is_node(output) else {}, absolute_partials)
        noise = {x: EPSILON * size * abs(x.item()) for x, size in sizes.items() if size and math.isfinite(x.item())}
        found.outputs.append(sum(noise.values()))
        found.moving.append([sum([part for x, part in noise.items() if depends[x] >> i & 1]) for i in range(len(inputs))])
        found.derivatives.extend([32.0 * EPSILON * (len(order) + 8) * (sizes[x] or 0.0) + 1e-300 for x in inputs])
    return found


def is_linear(primitive: Primitive) -> bool:
    """Whether its partials are constants, so that nothing can cancel inside it."""
    return primitive.rules.each is not None and not any(map(callable, primitive.rules.each))


def _out_of_range(node: Any) -> bool:
    number = abs(node.item())
    if number in (0.0, math.inf):
        operands = list(map(number_of, node.operands))
        multiplies = node.primitive is mul or node.primitive is truediv
        return multiplies and all(operands) and all(map(math.isfinite, operands))
    return bool(number < 1e-290 or number > 1e290)


def absolute_partials(node: Any) -> list[Any]:
    """The sizes of a node's partials, for sums of paths that do not cancel."""
    return [None if partial is None or math.isnan(partial) else abs(partial) for partial in node.local_partials]
