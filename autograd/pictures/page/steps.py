"""The numbers of one pass forward and one back through a graph, in the engine's own order: what a page shows step by step."""

from typing import Any, NamedTuple

from autograd.graph import reverse_sweep, topological_order
from autograd.value import Value, recorded_partials

Numbers = list[float | None]
"""One for each operand of a node; None where nothing passes: to a constant, or to what a selective row left out."""


class Pass(NamedTuple):
    """What every node of a topological order holds after the two sweeps, and what passed along every edge on the way.

    `contributions[n][i]` is adjoint of n * partial of n to its operand i; `totals[n][i]` the operand's adjoint once that has
    been added. `adjoints[n]` is None where nothing arrived. `refusal` is the engine's word where a row has no partials: then
    there is no way back, and every adjoint is None.
    """

    title: str
    data: list[float]
    adjoints: Numbers
    partials: list[Numbers]
    contributions: list[Numbers]
    totals: list[Numbers]
    refusal: str = ""


def passes(result: Value, title: str = "") -> Pass:
    """Sweep back through the graph of a result, and keep every number; nobody's `.grad` is changed.

    >>> a = Value(3.0)
    >>> both = passes(a * a)
    >>> both.adjoints, both.contributions[1], both.totals[1]
    ([6.0, 1.0], [3.0, 3.0], [3.0, 6.0])
    """
    order = topological_order(result)
    data = [node.data for node in order]
    products: list[float] = []

    def times(adjoint: float, partial: float) -> float:
        products.append(adjoint * partial)
        return products[-1]

    nothing: list[Numbers] = [[None] * len(node.operands) for node in order]
    try:
        adjoints = reverse_sweep(order, {result: 1.0}, recorded_partials, times)
    except NotImplementedError as error:
        return Pass(title, data, [None] * len(order), nothing, nothing, nothing, str(error))
    partials: list[Numbers] = [_partials(node) for node in order]
    contributions, totals = [list(row) for row in nothing], nothing
    total: dict[Any, float | None] = {**dict.fromkeys(order), result: 1.0}
    product = iter(products)
    for n in reversed(range(len(order))):
        if adjoints[order[n]] is None:
            continue
        for i, operand in enumerate(order[n].operands):
            if partials[n][i] is not None:
                contributions[n][i] = arrived = next(product)
                known = total[operand]
                total[operand] = totals[n][i] = arrived if known is None else known + arrived
    return Pass(title, data, [adjoints[node] for node in order], partials, contributions, totals)


def _partials(node: Value) -> Numbers:
    if node.primitive is not None and not node.primitive.differentiable:
        return [None] * len(node.operands)
    slopes = node.local_partials
    return [slopes[i] for i in range(len(node.operands))]  # by place: they need be no more than a sequence
