"""The numbers of one pass forward and one back through a graph, in the engine's own order, for a page to show step by step."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.graph import reverse_sweep
from autograd.value import Value, recorded_partials

Numbers = list[float | None]
"""One for each operand of a node; None where nothing passes: to a constant, or to an operand not selected."""


class Pass(NamedTuple):
    """The numbers of every node of a topological order after the two sweeps, and those that passed along every edge."""

    title: str
    data: list[float]
    adjoints: Numbers  # None where nothing arrived
    partials: list[Numbers]
    contributions: list[Numbers]  # [n][i]: the adjoint of n times its partial for operand i
    totals: list[Numbers]  # [n][i]: the operand's adjoint once that contribution is added
    refusal: str = ""  # the engine's message if a primitive has no partials: then every adjoint is None


def passes(order: Sequence[Value], title: str = "") -> Pass:
    """Sweep back through the topological order of a result, and keep every number. No `.grad` changes.

    >>> a = Value(3.0)
    >>> both = passes([a, a * a])
    >>> both.adjoints, both.contributions[1], both.totals[1]
    ([6.0, 1.0], [3.0, 3.0], [3.0, 6.0])
    """
    data = [node.data for node in order]
    products: list[float] = []

    def times(adjoint: float, partial: float) -> float:
        products.append(adjoint * partial)
        return products[-1]

    nothing: list[Numbers] = [[None] * len(node.operands) for node in order]
    try:
        adjoints = reverse_sweep(order, {order[-1]: 1.0}, recorded_partials, times)
    except NotImplementedError as error:
        return Pass(title, data, [None] * len(order), nothing, nothing, nothing, str(error))
    partials: list[Numbers] = [_partials(node) for node in order]
    contributions, totals = [list(numbers) for numbers in nothing], nothing
    total: dict[Any, float | None] = {**dict.fromkeys(order), order[-1]: 1.0}
    product = iter(products)
    for n in reversed(range(len(order))):
        if adjoints[order[n]] is None:
            continue
        for i, operand in enumerate(order[n].operands):
            if partials[n][i] is not None:
                contributions[n][i] = arrived = next(product)
                total[operand] = totals[n][i] = arrived if (known := total[operand]) is None else known + arrived
    return Pass(title, data, [adjoints[node] for node in order], partials, contributions, totals)


def _partials(node: Value) -> Numbers:
    if node.primitive is not None and not node.primitive.differentiable:
        return [None] * len(node.operands)
    slopes = node.local_partials
    return [slopes[i] for i in range(len(node.operands))]  # by place: local partials promise no more than that
