"""Sweeps through graphs that have loops and arrays in them."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.loops.arriving import (
    Arriving,
    Forward,
    Mapped,
    add_at_elements,
    adds_up,
    arrived_at,
    arrives_at,
    arriving_mask,
    element,
    elements_at,
    first_of,
    identical,
    nothing_in,
    with_elements,
)
from autograd.compiler.loops.several import Several, length_of, record_form
from autograd.compiler.trace.masked import Masked
from autograd.forms import AddAt, Form, Load, Loop, Result, RuleCall
from autograd.graph import forward_sweep, reverse_sweep


def is_free(node: Any) -> bool:
    """Whether it is an element whose index only the run knows."""
    return isinstance(node.primitive, Load) and (type(node.operands[1]) is not float or node.operands[0].elements is None)


def is_compound(node: Any) -> bool:
    """Whether a sweep does not go through it by partials."""
    return isinstance(node.primitive, Loop | AddAt) or is_free(node)


def is_of_rule(node: Any) -> bool:
    """Whether it is a call with a derivative of its own, or a result of one: sweeps go through it by edges, also of arrays."""
    form = node.primitive
    return isinstance(form, RuleCall) or (isinstance(form, Result) and isinstance(node.operands[0].primitive, RuleCall))


def read_at(node: Any) -> list[Any]:
    """What a sweep reads there beside partials: the index in an array, and how long arrays are."""
    indices = [] if isinstance(node.primitive, Loop) else list(node.operands[1:2])
    lengths = [length_of(x) for x in node.operands if isinstance(x, Several)]
    return [x for x in [*indices, *lengths] if type(x) is not float]


def sweep_back(
    order: Sequence[Any],
    seeds: dict[Any, Any],
    partials: Callable[[Any], Any],
    times: Callable[[Any, Any], Any],
    mapped: Mapped = identical,
    inputs: int = 0,
) -> dict[Any, Any]:
    """`reverse_sweep` through forms: a loop's `partials` are its LinearMap. `mapped` finds a node where this is recorded.

    Nothing goes on from the first nodes of the order, as many as there are `inputs`.
    """
    compounds = [i for i, node in enumerate(order) if isinstance(node.primitive, Form) and is_compound(node)]
    if not compounds:
        return reverse_sweep(order, seeds, partials, times)
    adjoints: dict[Any, Any] = with_elements(order, dict.fromkeys(order))
    for node, x in seeds.items():
        if not isinstance(x, Arriving):
            adjoints[node] = first_of(adjoints.get(node), x)
        elif elements_at(adjoints, node) is not None:
            add_at_elements(adjoints, node, x)
        else:
            arrives_at(adjoints, node, first_of(arrived_at(adjoints, node), x))
    for i in compounds:
        node = order[i]
        if is_free(node) and node.operands[0] in adjoints:
            adjoints[node] = Forward(adjoints, node, mapped, adjoints[node])
    end = len(order)
    for i in reversed(compounds):
        reverse_sweep(order[i + 1 : end], adjoints, partials, times, adjoints)
        end = i
        node = order[i]
        if isinstance(node.primitive, Loop):
            partials(node).pull(adjoints, mapped)
        elif isinstance(node.primitive, AddAt):
            _pull_of_add_at(node, adjoints, mapped)
    reverse_sweep(order[inputs:end], adjoints, partials, times, adjoints)
    return adjoints


def _pull_of_add_at(node: Any, adjoints: dict[Any, Any], mapped: Mapped) -> None:
    found = arrived_at(adjoints, node)
    if found is None:
        return
    array, index, number = node.operands
    if type(number) is not float and number in adjoints:
        x = element(found, mapped(index), node.primitive.column)
        known = adjoints[number]
        adjoints[number] = x if known is None else known + x
    if array in adjoints:
        if adds_up(adjoints, elements_at(adjoints, array) or ()):
            add_at_elements(adjoints, array, found)
            return
        known = arrived_at(adjoints, array)
        arrives_at(adjoints, array, first_of(known, found))


def sweep_forward(
    order: Sequence[Any],
    tangents: dict[Any, Any],
    partials: Callable[[Any], Any],
    times: Callable[[Any, Any], Any],
    mapped: Mapped = identical,
) -> dict[Any, Any]:
    """`forward_sweep` through forms."""
    known: dict[Any, Any] = with_elements(order, dict.fromkeys(order))
    known.update(tangents)
    start = 0
    for i, node in enumerate(order):
        if not (is_compound(node) or isinstance(node, Several)) or is_of_rule(node):
            continue
        forward_sweep(order[start:i], known, partials, times, known)
        start = i + 1
        if known[node] is not None:
            continue
        if isinstance(node.primitive, Loop):
            partials(node).push(known, mapped)
        elif isinstance(node.primitive, AddAt):
            found = _push_of_add_at(node, known, mapped)
            if found is not None:
                arrives_at(known, node, found)
        elif is_free(node):
            there = arrived_at(known, node.operands[0])
            if there is not None:
                known[node] = element(there, mapped(node.operands[1]), node.primitive.column)
    forward_sweep(order[start:], known, partials, times, known)
    return known


def _push_of_add_at(node: Any, known: dict[Any, Any], mapped: Mapped) -> Arriving | None:
    array, index, number = node.operands
    found = arrived_at(known, array)
    x = None if type(number) is float else known.get(number)
    if x is None:
        return found
    found = found or nothing_in(node, mapped)
    number, mask = x.number if isinstance(x, Masked) else x, arriving_mask(x)
    index = mapped(index)
    masks = None if found.mask is None else record_form(node.primitive, (found.masks, index, mask))
    return Arriving(record_form(node.primitive, (found.raw, index, number)), masks)
