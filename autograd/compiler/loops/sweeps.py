"""Sweeps through graphs that have loops and arrays in them."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.loops.arriving import (
    Arriving,
    arrived_at,
    arrives_at,
    arriving_mask,
    element,
    nothing_in,
    sum_of,
    with_elements,
)
from autograd.compiler.loops.several import Several, record_form
from autograd.compiler.trace.masked import Masked
from autograd.forms import AddAt, Load, Loop, RuleCall
from autograd.graph import forward_sweep, reverse_sweep

Mapped = Callable[[Any], Any]


class Forward:
    """The adjoint of an element whose index only the run knows: what arrives goes to the array at once."""

    def __init__(self, adjoints: dict[Any, Any], node: Any, index: Any, known: Any) -> None:
        self.adjoints, self.array, self.form, self.index = adjoints, node.operands[0], node.primitive, index
        if known is not None:
            self + known

    def __add__(self, x: Any) -> "Forward":
        known = arrived_at(self.adjoints, self.array) or nothing_in(self.array)
        form = AddAt(self.form.width, self.form.column)
        number, mask = x.number if isinstance(x, Masked) else x, arriving_mask(x)
        raw = record_form(form, (known.raw, self.index, number))
        masks = None if known.mask is None else record_form(form, (known.masks, self.index, mask))
        arrives_at(self.adjoints, self.array, Arriving(raw, masks))
        return self


def is_free(node: Any) -> bool:
    """Whether it is an element whose index only the run knows."""
    return isinstance(node.primitive, Load) and (type(node.operands[1]) is not float or node.operands[0].elements is None)


def is_compound(node: Any) -> bool:
    """Whether a sweep does not go through it by partials."""
    return isinstance(node.primitive, Loop | AddAt) or is_free(node)


def indices_of(node: Any) -> list[Any]:
    """The indices by which a sweep reads an array there."""
    return [] if isinstance(node.primitive, Loop) else [x for x in node.operands[1:2] if type(x) is not float]


def sweep_back(
    order: Sequence[Any],
    seeds: dict[Any, Any],
    partials: Callable[[Any], Any],
    times: Callable[[Any, Any], Any],
    mapped: Mapped = lambda x: x,
) -> dict[Any, Any]:
    """`reverse_sweep` through forms: a loop's `partials` are its LinearMap. `mapped` finds a node where this is recorded."""
    compounds = [i for i, node in enumerate(order) if is_compound(node)]
    if not compounds:
        return reverse_sweep(order, seeds, partials, times)
    adjoints: dict[Any, Any] = with_elements(order, dict.fromkeys(order))
    adjoints.update(seeds)
    for i in compounds:
        node = order[i]
        if is_free(node) and node.operands[0] in adjoints:
            adjoints[node] = Forward(adjoints, node, mapped(node.operands[1]), adjoints[node])
    end = len(order)
    for i in reversed(compounds):
        reverse_sweep(order[i + 1 : end], adjoints, partials, times, adjoints)
        end = i
        node = order[i]
        if isinstance(node.primitive, Loop):
            partials(node).pull(adjoints, mapped)
        elif isinstance(node.primitive, AddAt):
            _pull_of_add_at(node, adjoints, mapped)
    reverse_sweep(order[:end], adjoints, partials, times, adjoints)
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
        known = arrived_at(adjoints, array)
        arrives_at(adjoints, array, found if known is None else sum_of(known, found))


def sweep_forward(
    order: Sequence[Any],
    tangents: dict[Any, Any],
    partials: Callable[[Any], Any],
    times: Callable[[Any, Any], Any],
    mapped: Mapped = lambda x: x,
) -> dict[Any, Any]:
    """`forward_sweep` through forms."""
    known: dict[Any, Any] = with_elements(order, dict.fromkeys(order))
    known.update(tangents)
    start = 0
    for i, node in enumerate(order):
        if not (is_compound(node) or isinstance(node, Several)) or isinstance(node.primitive, RuleCall):
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
    found = found or nothing_in(node)
    number, mask = x.number if isinstance(x, Masked) else x, arriving_mask(x)
    index = mapped(index)
    masks = None if found.mask is None else record_form(node.primitive, (found.masks, index, mask))
    return Arriving(record_form(node.primitive, (found.raw, index, number)), masks)
