"""The numbers of one pass forward and one back through a graph, in the engine's own order, for a page to show step by step."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.bundles import Edge
from autograd.graph import recorded_partials, reverse_sweep
from autograd.pictures.sketch import few_alike
from autograd.value import Value

Numbers = list[float | None]
"""One for each operand of a value that is told; None where nothing passes: to a constant, or to an operand not selected."""

FIRST = 12  # operands of a value that are told in any case: as many as a page's formula writes out


class Part:
    """The part of a graph that a page tells: some values by their places in the order, or all.

    `operands` are, for each value told, the places among its operands of those that are told too. A value among these that is
    not itself in the part is in `outside`: the page knows its number alone. `unseen` counts the uses of each value told by
    values that are not.
    """

    def __init__(self, order: Sequence[Value], places: Sequence[int] | None = None) -> None:
        self.order = order
        self.whole = places is None
        self.places: Sequence[int] = range(len(order)) if places is None else places
        self.at = {place: n for n, place in enumerate(self.places)}
        self.index = {order[place]: n for n, place in enumerate(self.places)}
        self.operands: list[list[int]] = []
        self.outside: dict[Value, int] = {}
        for place in self.places:
            operands = order[place].operands
            told = list(range(len(operands)))
            if places is not None:
                told = [i for i in few_alike(operands) if i < FIRST or type(operands[i]) is float or operands[i] in self.index]
            self.operands.append(told)
            for i in told:
                if type(operands[i]) is not float and operands[i] not in self.index:
                    self.outside.setdefault(operands[i], len(self.outside))
        self.unseen = [0] * len(self.places)
        if len(self.places) < len(order):
            for place, node in enumerate(order):
                if place not in self.at:
                    for n in {
                        self.index[operand] for operand in node.operands if type(operand) is not float and operand in self.index
                    }:
                        self.unseen[n] += 1


class Pass(NamedTuple):
    """The numbers of every value told after the two sweeps through the whole graph, and those that passed along every edge."""

    part: Part
    title: str
    data: list[float]
    outside: list[float]
    adjoints: Numbers  # None where nothing arrived
    partials: list[Numbers]
    contributions: list[Numbers]  # [n][i]: the adjoint of n times its partial for the i-th operand told
    known: list[Numbers]  # [n][i]: the operand's adjoint before that contribution is added
    totals: list[Numbers]  # [n][i]: ... and after
    refusal: str = ""  # the engine's message if a primitive has no partials: then every adjoint is None


def passes(
    order: Sequence[Value],
    title: str = "",
    part: Part | None = None,
    data: Sequence[float] | None = None,
    partials: Callable[[Any], Sequence[Any]] = recorded_partials,
) -> Pass:
    """Sweep back through the topological order of a result, and keep every number of a part, or of all. No `.grad` changes.

    The numbers and partials are those recorded in the graph, unless others are given.

    >>> a = Value(3.0)
    >>> both = passes([a, a * a])
    >>> both.adjoints, both.contributions[1], both.totals[1]
    ([6.0, 1.0], [3.0, 3.0], [3.0, 6.0])
    """
    part = Part(order) if part is None else part
    numbers = [order[place].data if data is None else data[place] for place in part.places]
    places = {node: place for place, node in enumerate(order) if node in part.outside} if part.outside else {}
    outside = [node.data if data is None else data[places[node]] for node in part.outside]
    contributions, known, totals, slopes = [[_nothing(told) for told in part.operands] for _ in range(4)]
    nothing = _nothing(part.places)
    try:
        adjoints = reverse_sweep(order, {order[-1]: 1.0}, partials)
    except NotImplementedError as error:
        return Pass(part, title, numbers, outside, nothing, slopes, contributions, known, totals, str(error))
    total: dict[Any, float | None] = {**dict.fromkeys(part.index), order[-1]: 1.0}
    for place in reversed(range(len(order))):
        node, n = order[place], part.at.get(place)
        told = {} if n is None else {i: k for k, i in enumerate(part.operands[n])}
        adjoint, its = adjoints[node], None
        for i, operand in enumerate(node.operands):
            if i not in told and (type(operand) is float or operand not in total):
                continue
            its = partials(node) if its is None else its
            partial = None if node.primitive is not None and not node.primitive.differentiable else its[i]
            if n is not None and i in told:
                slopes[n][told[i]] = None if isinstance(partial, Edge) else partial
            if adjoint is None or partial is None:
                continue
            contribution = adjoint * partial
            before = total.get(operand)
            if operand in total:
                total[operand] = contribution if before is None else before + contribution
            if n is not None and i in told:
                contributions[n][told[i]] = contribution
                known[n][told[i]], totals[n][told[i]] = before, total.get(operand)
    return Pass(part, title, numbers, outside, [adjoints[node] for node in part.index], slopes, contributions, known, totals)


def _nothing(told: Sequence[int]) -> Numbers:
    return [None] * len(told)
