"""A sequence whose length only the run knows, used as a list is: its elements, its parts, what primitives make of it.

Its elements are what `take` gives, other sequences what `scan` and `vmap` give. So derivatives need nothing more, but where a
primitive has a derivative of its own: that is a rule.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.applied import Rule
from autograd.control import scan, take, vmap
from autograd.modes import current_mode
from autograd.primitives import maximum, minimum, where
from autograd.real import is_node, shown
from autograd.special.elementary import ceil
from autograd.structures import Structure, rebuild
from autograd.traced import element_at, recorded
from autograd.turns import OpenSequence, length_of


def in_trace(structure: Structure, arrays: Sequence[Any], count: Any) -> Any:
    """What stands in a trace for an argument whose elements have this structure: a sequence, or a tuple or dict of such."""
    found = [OpenSequence(x, count, part) for x, part in zip(arrays, structure.parts(), strict=True)]
    return found[0] if structure.kind in (None, "array") else rebuild(structure, found)


# --- elements and parts -----------------------------------------------------------------------------------------------


def _item(xs: OpenSequence, index: Any) -> Any:
    """`xs[index]`: a slice, or an element, which is nan beyond the ends as in `take`."""
    known = type(xs.count) is int
    if isinstance(index, slice):
        start, stop, step = [None if x is None else operator.index(x) for x in (index.start, index.stop, index.step)]
        if step == 0:
            raise ValueError("slice step cannot be zero")
        return [xs[i] for i in range(xs.count)[start:stop:step]] if known else _slice(xs, start, stop, step or 1)
    if is_node(index) or not known:
        return take(xs, index if is_node(index) else operator.index(index))
    i = operator.index(index)
    if not -xs.count <= i < xs.count:
        raise IndexError(f"element {i} of {xs.count}")
    return element_at(xs.array, xs.structure, float(i % xs.count))


class _End(NamedTuple):
    """An end of a slice of n elements: `min(places, n)` from their start, or `max(n - places, 0)` if it is `counted_back`."""

    counted_back: bool
    places: int

    def at(self, n: Any) -> Any:
        """Where it is."""
        return maximum(n - float(self.places), 0.0) if self.counted_back else minimum(float(self.places), n)


_START, _STOP = _End(counted_back=False, places=0), _End(counted_back=True, places=0)


def _end(bound: int | None, default: _End, after: int) -> _End:
    """The end that a bound of a slice means, moved by `after` places; `default` without a bound."""
    if bound is None:
        return default
    return _End(counted_back=True, places=-bound - after) if bound < 0 else _End(counted_back=False, places=bound + after)


def _slice(xs: OpenSequence, start: int | None, stop: int | None, step: int) -> Any:
    """Every element from `start` to before `stop`, in steps."""
    bounds, after = ((start, stop), 0) if step > 0 else ((stop, start), 1)
    low, high = _end(bounds[0], _START, after), _end(bounds[1], _STOP, after)
    if (low, high, step) == (_START, _STOP, 1):
        return xs
    tracer: Any = current_mode().tracer
    key, span = _span(low, high)

    def length(n: Any) -> Any:
        return ceil(maximum(span(n), 0.0) / float(abs(step))) if abs(step) > 1 else maximum(span(n), 0.0)

    # slices that are always as long have one node for it, by which it is known that they belong together
    count = xs.count if (key, abs(step)) == (0, 1) else tracer.once(xs.count, (key, abs(step)), length)
    first = low.at(xs.count) if step > 0 else high.at(xs.count) - 1.0

    def element(i: Any, nothing: None, _: None) -> Any:
        return nothing, element_at(xs.array, xs.structure, first + float(step) * i)

    found: Any = recorded(element, None, None, count, "a slice")  # a trace records it: it is not None
    return found[1]


def _span(low: _End, high: _End) -> tuple[Any, Callable[[Any], Any]]:
    """How many elements of n are between these ends, or less than 0; and what tells that from others."""
    if low.counted_back == high.counted_back:
        less, most = (high.places, low.places) if low.counted_back else (low.places, high.places)
        return (less, most), lambda n: minimum(n, float(most)) - float(less)
    if high.counted_back:
        less = low.places + high.places
        return less, lambda n: n - float(less)
    return (low, high), lambda n: high.at(n) - low.at(n)


# --- primitives of a sequence -----------------------------------------------------------------------------------------


def _mapped(xs: OpenSequence, f: Callable[..., Any], *others: Any) -> Any:
    """See `primitives.mapped`."""
    return vmap(f)(xs, *others)


def _reduced(xs: OpenSequence, choose: Callable[..., Any], start: Any, *others: OpenSequence) -> Any:
    """`functools.reduce`, of several sequences of one length row by row."""
    return scan(lambda total, row: (choose(total, *row), None), start, (xs, *others))[0]


def _running(xs: OpenSequence, add: Callable[[Any, Any], Any]) -> Any:
    """`itertools.accumulate` for sums."""

    def step(total: Any, x: Any) -> Any:
        after = add(total, x)
        return after, after

    return scan(step, -0.0, xs)[1]  # to which the first number is added as it is


def _folded(_: OpenSequence, primitive: Any, sequences: Sequence[Any]) -> Any:
    """A primitive of sequences of which one has a length that only the run knows."""
    for sequence in sequences:
        if not isinstance(sequence, OpenSequence):
            raise TypeError(
                f"{primitive.name} takes a sequence whose length only the run knows (dynamic_argnums), and {shown(sequence)}, "
                "whose length is known: give sequences of one length"
            )
        sequence.check_flat(primitive.name)
    length_of(tuple(sequences), primitive.name)
    value, partials = primitive.sequence
    if partials is None:
        return value(*sequences)
    rule = _OfSequences(primitive, sequences)
    return rule.at([xs.array for xs in sequences], lambda arrays: ([value(*rule.of(arrays))], None))[0]


class _OfSequences(Rule):
    """The derivative of a primitive of one sequence, or several of one length, by the partials that the table states."""

    count, reads_results = 1, True

    def __init__(self, primitive: Any, like: Sequence[OpenSequence]) -> None:
        self.name, self.primitive, self.like = primitive.name, primitive, like

    def of(self, arrays: Sequence[Any]) -> list[OpenSequence]:
        """Sequences like those of the call, of other numbers."""
        return [like.of(array) for like, array in zip(self.like, arrays, strict=True)]

    def _partials(self, inputs: Sequence[Any], results: Sequence[Any]) -> list[OpenSequence]:
        _, partials = self.primitive.sequence
        found = partials(results[0], *self.of(inputs))
        return list(found) if isinstance(found, tuple) else [found]

    def pull(self, inputs: Any, results: Any, cotangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """See `Rule.pull`."""
        tracer: Any = current_mode().tracer
        (cotangent,), selective = cotangents, self.primitive.selective
        partials = self._partials(inputs, results)
        brought = [_mapped(each, lambda partial: cotangent * partial).array for each in partials]
        return [tracer.selected(x, each.array) if selective else x for x, each in zip(brought, partials, strict=True)]

    def push(self, inputs: Any, results: Any, tangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """See `Rule.push`: one sequence after the other, as where each number is an operand."""
        tracer: Any = current_mode().tracer
        selective = self.primitive.selective

        def term(total: Any, partial: Any, tangent: Any) -> Any:
            product = partial * tangent
            return total + (where(partial != 0.0, product, -0.0) if selective else product)

        total, every = -0.0, self._partials(inputs, results)  # to -0.0 the first term is added as it is
        for partials, tangent in zip(every, self.of(tangents), strict=True):
            total = _reduced(partials, term, total, tangent)
        if not selective:
            return [tracer.masked(total, self.like[0].count > 0.0)]
        there = [tracer.mask_of(tracer.selected(partials.array, partials.array)) for partials in every]
        return [tracer.masked(total, functools.reduce(operator.or_, there))]


for _name, _method in {
    "__getitem__": _item,
    "mapped": _mapped,
    "reduced": _reduced,
    "running": _running,
    "folded": _folded,
}.items():
    setattr(OpenSequence, _name, _method)
