"""Gradients of a graph that is recorded already, as numbers or as graph."""

import math
from collections.abc import Sequence
from typing import Any

from autograd.graph import reverse_sweep, topological_order
from autograd.hooks import sweep_with_hooks
from autograd.linearization import as_node, partials_in, times_back, with_dependents
from autograd.modes import changed_mode, check_products, current_mode, in_mode
from autograd.past import changed
from autograd.primitives import identity
from autograd.real import is_node, number_of, shown
from autograd.recorded import add_to_grads
from autograd.structures import as_array, flatten, unflatten
from autograd.value import Value


def gradients(y: Any, xs: Any, create_graph: bool = False, *, grad_outputs: Any = None) -> Any:  # noqa: FBT001, FBT002 - PyTorch's
    """The derivatives of y to each of xs, in the graph that is recorded below y. PyTorch's `torch.autograd.grad`.

        d sum(weight * result for each result in y) / d x

    No `.grad` changes. Gradients have the structure of xs; 0.0 where y does not depend on x.

    Args:
        y: a Value, or several in nested lists, tuples, dicts and arrays.
        xs: the Values to differentiate by, leaves or computed ones, in any structure.
        create_graph: the gradients are Values with a history, to be differentiated again, or drawn.
        grad_outputs: a weight for each result, in the structure of y; 1.0 each by default.

    Raises:
        TypeError: xs holds a plain number, or y or grad_outputs anything but numbers.
        RuntimeError: with create_graph, where a number that a further derivative reads was set after it was used.

    >>> x = Value(3.0)
    >>> y = x * x * x
    >>> (slope,) = gradients(y, [x], create_graph=True)
    >>> slope.data, gradients(slope, [x]), x.has_grad
    (27.0, [18.0], False)
    """
    results, structure = flatten(y, "gradients: y")
    inputs, shape = flatten(xs, "gradients: xs")
    for x in inputs:
        if not is_node(x):
            raise TypeError(f"gradients: xs must hold Values, not the number {shown(x)}: compute y from x = Value({shown(x)})")
    weights = [1.0] * len(results)
    if grad_outputs is not None:
        weights, _ = flatten(grad_outputs, "gradients: grad_outputs", structure)
    return unflatten(shape, gradients_of(results, inputs, weights, create_graph=create_graph), as_array)


def gradients_of(results: Sequence[Any], inputs: Sequence[Any], weights: Sequence[Any], *, create_graph: bool) -> list[Any]:
    """The gradients as a flat list: floats, or nodes where they have a history: in a trace always."""
    tracer = current_mode().tracer
    if tracer is not None:
        results, inputs = ([tracer(x) if isinstance(x, Value) else x for x in several] for several in (results, inputs))
    elif not create_graph:
        found = _on_floats(results, inputs, weights)
        return [0.0 if found.get(x) is None else found[x] for x in inputs]
    with changed_mode(recording=True):
        adjoints = _as_graph(results, inputs, weights, tracer)
        brought = [adjoints.get(x) for x in inputs]
        if tracer is not None:
            brought = [tracer.settled(x) for x in brought]
        return [as_node(0.0 if x is None else x) for x in brought]


def _seeds(results: Sequence[Any], weights: Sequence[Any]) -> dict[Any, Any]:
    seeds: dict[Any, Any] = {}
    for result, weight in zip(results, weights, strict=True):
        if is_node(result):
            seed = weight if type(weight) is float else identity(weight)  # each edge has a node of its own
            seeds[result] = seeds[result] + seed if result in seeds else seed
    return seeds


def _below(results: Sequence[Any], inputs: Sequence[Any]) -> tuple[list[Any], set[Any]]:
    """The nodes of a sweep, those that depend on the inputs, in the order of making; and a set of them."""
    order = topological_order(*dict.fromkeys(filter(is_node, results)))
    reached = with_dependents(inputs, order)
    return [node for node in order if node in reached], reached


def _on_floats(results: Sequence[Any], inputs: Sequence[Any], weights: Sequence[Any]) -> dict[Any, Any]:
    order, reached = _below(results, inputs)
    seeds = {node: x for node, x in _seeds(results, list(map(number_of, weights))).items() if node in reached}

    def partials(node: Any) -> Sequence[Any]:
        slopes = node.local_partials
        return [slopes[i] if type(x) is not float and x in reached else None for i, x in enumerate(node.operands)]

    adjoints = sweep_with_hooks(order, seeds, partials)
    if current_mode().checking:
        check_products(reversed(order), partials, lambda node, _: adjoints[node], "adjoint")
    return adjoints


def _as_graph(results: Sequence[Any], inputs: Sequence[Any], weights: Sequence[Any], tracer: Any) -> dict[Any, Any]:
    order, reached = _below(results, inputs)
    seeds = {node: x for node, x in _seeds(results, weights).items() if node in reached}
    checking = current_mode().checking
    with changed_mode(checking=False):
        if tracer is None:
            with in_mode(None):  # these operations are not the user's
                known = _partials(order, reached)
            _check_numbers_of_then(order, known)
        else:
            known = _partials(order, reached, tracer)
        sweep = sweep_with_hooks if tracer is None else tracer.sweep_back
        adjoints: dict[Any, Any] = sweep(order, seeds, known.__getitem__, times_back)
    if checking:
        check_products(reversed(order), known.__getitem__, lambda node, _: adjoints[node], "adjoint")
    return adjoints


def _partials(order: Sequence[Any], reached: set[Any], tracer: Any = None) -> dict[Any, Any]:
    """`partials_in`, with nothing for those of the inputs that depend on no other one."""
    inner = [node for node in order if any(type(x) is not float and x in reached for x in node.operands)]
    return {node: (None,) * len(node.operands) for node in order} | partials_in(inner, reached, tracer)


def _check_numbers_of_then(order: Sequence[Any], known: dict[Any, Sequence[Any]]) -> None:
    """Raise RuntimeError where a partial is another one now: a Value was set after it was used.

    Numbers are kept for transforms alone, which know beforehand that they will ask for them.
    """
    if changed():
        return  # they are kept, and were read
    for node in order:
        for now, then in zip(known[node], node.local_partials, strict=False):
            if is_node(now) and type(then) is float and not _same(now.data, then):
                leaves = dict.fromkeys([x for x in node.operands if type(x) is not float and not x.operands])
                names = [x.label or repr(x.data) for x in leaves]
                raise RuntimeError(
                    f"the derivative of {node.primitive.name} is {now.data} now, and was {then} when it was recorded: one of "
                    f"its operands, {', '.join(names) or 'a computed Value'}, was set since. Take the derivative with "
                    f"create_graph=True before you set .data, as an optimizer's step does, or compute the result again"
                )


def _same(x: float, y: float) -> bool:
    return x == y or (math.isnan(x) and math.isnan(y))


def rows_of(results: Sequence[Any], inputs: Sequence[Any], *, create_graph: bool) -> list[list[Any]]:
    """For each result the derivatives to the inputs, all others held fixed, whatever the inputs are made of; None for none.

    Floats, or in a trace and with `create_graph` nodes.
    """
    tracer = current_mode().tracer
    nodes = list(dict.fromkeys(filter(is_node, inputs)))
    above = topological_order(*dict.fromkeys(filter(is_node, results)), above=nodes)
    reached = with_dependents(nodes, above)
    above = [node for node in above if node in reached]
    known: dict[Any, Any] = {node: (None,) * len(node.operands) for node in nodes}
    if tracer is None and not create_graph:
        for node in above:
            slopes = node.local_partials
            known[node] = [slopes[i] if type(x) is not float and x in reached else None for i, x in enumerate(node.operands)]
    else:
        known |= partials_in(above, reached, tracer)
    sweep = reverse_sweep if tracer is None else tracer.sweep_back
    rows = []
    for result in results:
        seeds = {result: 1.0} if is_node(result) and result in reached else {}
        adjoints = sweep([*nodes, *above], seeds, known.__getitem__, times_back)
        row = [adjoints.get(x) if is_node(x) else None for x in inputs]
        rows.append(row if tracer is None else list(map(tracer.settled, row, inputs)))
    return rows


def _backward_as_graph(result: Value) -> None:
    """`backward(create_graph=True)`."""
    if current_mode().tracer is not None:
        result._refuse_in_trace(0.0)
    with changed_mode(recording=True):
        order = topological_order(result)
        with in_mode(None):
            known = _partials(order, set(order))
        _check_numbers_of_then(order, known)
        adjoints = sweep_with_hooks(order, {result: 1.0}, known.__getitem__, times_back)
        found = {node: x if x is None else as_node(x) for node, x in adjoints.items()}
        leaves = {node: found.pop(node) for node in order if not node.operands}
        add_to_grads(found, found.values(), leaves)


Value.backward_as_graph = _backward_as_graph
