"""What arrives in a sweep at numbers and arrays: always, never, or where the run decides. How bodies take and give it."""

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd.compiler.loops.body import Body, elementwise, part_of
from autograd.compiler.loops.several import Several, elements_of, length_of, packed, record_form
from autograd.compiler.trace.masked import Masked, nothing_yet
from autograd.compiler.trace.symbol import TRUTH
from autograd.forms import AddAt, Fill, Load, Pack, Transpose
from autograd.modes import current_mode
from autograd.primitives import logical_and, logical_not, logical_or, not_equal, where

Mapped = Callable[[Any], Any]  # finds a node where a sweep is recorded
NEVER, ALWAYS, SOMETIMES = range(3)  # whether an adjoint or a tangent arrives


def identical(x: Any) -> Any:
    """The node itself: the sweep is recorded at its level."""
    return x


class Arriving(NamedTuple):
    """The adjoint or tangent of an array: -0.0 where nothing arrived, and there `mask`, if there is one, is 0.

    A mask of False is 0 throughout.
    """

    raw: Several
    mask: Several | bool | None = None

    @property
    def masks(self) -> Several:
        """The mask as an array."""
        return self.mask if isinstance(self.mask, Several) else filled(self.raw, 1.0 if self.mask is None else 0.0)

    def __add__(self, other: Any) -> "Arriving":  # not one tuple of both: as sweeps add numbers
        added, tracer = operator.add, current_mode().tracer
        masks = None if self.mask is None or other.mask is None else elementwise(tracer, added, self.masks, other.masks)
        return Arriving(elementwise(tracer, added, self.raw, other.raw), masks)


# --- what arrives, as inputs and outputs of bodies --------------------------------------------------------------------


def status_of(x: Any) -> int:
    """Whether it arrives."""
    if x is None:
        return NEVER
    masked = isinstance(x, Masked) or (isinstance(x, Arriving) and x.mask is not None)
    return SOMETIMES if masked else ALWAYS


def most_of(row: Iterable[Any]) -> int:
    """What holds for all of a row: NEVER if nothing arrives."""
    found = {status_of(x) for x in row}
    return found.pop() if len(found) == 1 else SOMETIMES


def joined(one: int, other: int) -> int:
    """What holds for both."""
    return one if one == other else SOMETIMES


def taken(body: Body, status: int, like: Any) -> Any:
    """What arrives, as new inputs of a body."""
    if status == NEVER:
        return None
    if isinstance(like, Several):
        return Arriving(*[input_like(body, like, like.width) for _ in range(status)])
    raw = body.number()
    if status == ALWAYS:
        return raw
    mask = body.number()
    mask.whole = TRUTH
    return Masked(raw, mask, raw)


def input_like(body: Body, x: Any, width: int) -> Any:
    """A new input of a body: an array of `width` columns, or for a width of 0 a number."""
    return body.array(x.length if type(x.length) is int else None, width) if width else body.number()


def given(x: Any, status: int, like: Any, mapped: Mapped = identical) -> list[Any]:
    """What arrives, as the numbers and arrays that `taken` takes. `mapped` finds how long `like` is where this is recorded."""
    if status == NEVER:
        return []
    if isinstance(like, Several):
        x = nothing_in(like, mapped) if x is None else x
        if status == ALWAYS:
            return [x.raw]
        return [x.raw, x.masks]
    if isinstance(x, Masked):
        return [x.number, arriving_mask(x)][:status]
    return ([-0.0, 0.0] if x is None else [x, 1.0])[:status]


def like_of(x: Any, like: Any) -> Any:
    """An array like it where a body is recorded: what arrives there itself, if it does."""
    return x.raw if isinstance(x, Arriving) else like


def filled(like: Several, number: float, mapped: Mapped = identical) -> Several:
    """An array of that length, of one number."""
    return record_form(Fill(like.width), (mapped(length_of(like)), number))  # type: ignore[no-any-return]


def nothing_in(like: Several, mapped: Mapped) -> Arriving:
    """An array at which nothing arrived."""
    return nothing_at(filled(like, -0.0, mapped))


def nothing_at(raw: Several) -> Arriving:
    """An array of -0.0, at which nothing arrived."""
    return Arriving(raw, mask=False)


def all_of(found: Sequence[Any], width: int) -> Arriving | None:
    """What arrives at the elements of an array, as an array."""
    if all(x is None for x in found):
        return None
    raw = packed([-0.0 if x is None else x.number if isinstance(x, Masked) else x for x in found], width)
    if all(status_of(x) == ALWAYS for x in found):
        return Arriving(raw)
    return Arriving(raw, packed([arriving_mask(x) for x in found], width))


def arriving_mask(x: Any) -> Any:
    """Whether it arrives, as a number."""
    if x is None or not isinstance(x, Masked):
        return 0.0 if x is None else 1.0
    return float(x.mask) if type(x.mask) is bool else x.mask


def element(x: Arriving, row: Any, column: int) -> Any:
    """What arrives at one element."""
    if isinstance(x.mask, Several) and type(row) is float and type(x.raw.length) is int and 0 <= row < x.raw.length:
        return Element(x, int(row) * x.raw.width + column)
    raw = record_form(Load(x.raw.width, column), (x.raw, row))
    if x.mask is None or x.mask is False:
        return raw if x.mask is None else nothing_yet(raw)
    return Masked(raw, not_equal(record_form(Load(x.raw.width, column), (x.mask, row)), 0.0), raw)


class Element(Masked):
    """What arrives at one element of an array of known length, by its place: recorded where it is asked for."""

    __slots__ = ("of", "place")

    def __init__(self, of: Arriving, place: int) -> None:
        self.of, self.place, self._settled = of, place, None

    def _at(self, array: Any) -> Any:
        if array.primitive is not None:
            return elements_of(array)[self.place]
        row, column = divmod(self.place, array.width)
        return record_form(Load(array.width, column), (array, float(row)))

    @property
    def raw(self) -> Any:
        """See Masked."""
        return self._at(self.of.raw)

    @property
    def number(self) -> Any:
        """See Masked."""
        return self.raw

    @property
    def mask(self) -> Any:  # type: ignore[override]  # likewise
        """See Masked."""
        mask = self._at(self.of.mask)
        if type(mask) is float:
            return bool(mask)
        mask.whole = TRUTH  # a row that is there, so no nan
        return mask

    def settled(self) -> Any:
        """See Masked; an array that is given whole is settled whole."""
        tracer: Any = current_mode().tracer
        return self._at(settled_whole(self.of)) if tracer.rolled else super().settled()


def settled_whole(x: Arriving) -> Several:
    """What arrives at an array, settled once for all its elements."""
    if x.raw.settled is None:
        x.raw.settled = settled(x, x.raw)
    return x.raw.settled


def with_elements(order: Iterable[Any], arrived: dict[Any, Any]) -> dict[Any, Any]:
    """With an entry for every element of an array of which there is one for any: else what arrives at it has one for all."""
    for node in order:
        elements = node.elements if isinstance(node, Several) and not isinstance(node.primitive, Pack) else None
        if elements is not None and any(x in arrived for x in elements):
            for x in elements:
                arrived.setdefault(x, None)
    return arrived


def elements_at(arrived: dict[Any, Any], array: Several) -> list[Any] | None:
    """The elements of an array, if what arrives at it has an entry for each."""
    elements = array.elements
    if isinstance(array.primitive, Transpose):  # a view: what arrives there arrives at the array that it shows
        found = elements_at(arrived, array.operands[0])
        return None if found is None else [x for i in range(array.length) for x in found[i :: array.length]]
    if elements is None or (elements[0] not in arrived and not isinstance(array.primitive, Pack)):
        return None
    return elements


class Forward:
    """The adjoint of an element whose index only the run knows: what arrives goes to the array at once."""

    def __init__(self, adjoints: dict[Any, Any], node: Any, mapped: Mapped, known: Any) -> None:
        self.adjoints, self.array, self.form, self.mapped = adjoints, node.operands[0], node.primitive, mapped
        self.index = mapped(node.operands[1])
        if known is not None:
            self + known

    def __add__(self, x: Any) -> "Forward":
        several = adds_up(self.adjoints, elements_at(self.adjoints, self.array) or ())
        known = (None if several else arrived_at(self.adjoints, self.array)) or nothing_in(self.array, self.mapped)
        form = AddAt(self.form.width, self.form.column)
        number, mask = x.number if isinstance(x, Masked) else x, arriving_mask(x)
        raw = record_form(form, (known.raw, self.index, number))
        masks = None if known.mask is None else record_form(form, (known.masks, self.index, mask))
        (add_at_elements if several else arrives_at)(self.adjoints, self.array, Arriving(raw, masks))
        return self


def adds_up(adjoints: dict[Any, Any], nodes: Iterable[Any]) -> bool:
    """Whether what arrives at one of these may arrive at another too: it is there twice, or goes on to an array."""
    there = [x for x in nodes if type(x) is not float]
    return len(set(there)) < len(there) or Forward in map(type, map(adjoints.get, there))


def arrived_at(adjoints: dict[Any, Any], array: Several) -> Arriving | None:
    """What has arrived at an array."""
    elements = elements_at(adjoints, array)
    if elements is None and isinstance(array.primitive, Transpose):
        there = arrived_at(adjoints, array.operands[0])
        return there and transposed(there, array.operands[0])
    if elements is None:
        return adjoints.get(array)
    found = [None if x.__class__ is float else adjoints.get(x) for x in elements]
    return all_of([None if x.__class__ is Forward else x for x in found], array.width)


def arrives_at(adjoints: dict[Any, Any], array: Several, x: Arriving) -> None:
    """Put what has arrived at an array where it belongs."""
    elements = elements_at(adjoints, array)
    if elements is None and isinstance(array.primitive, Transpose):
        arrives_at(adjoints, array.operands[0], transposed(x, array))
        return
    if elements is None:
        adjoints[array] = x
        return
    whole = isinstance(x.mask, Several) and type(x.raw.length) is int
    for i, node in enumerate(elements):
        if node.__class__ is not float and node in adjoints:
            found = Element(x, i) if whole else element(x, float(i // array.width), i % array.width)
            if isinstance(adjoints[node], Forward):
                found = adjoints[node] + found
            adjoints[node] = found


def transposed(x: Arriving, like: Several) -> Arriving:
    """What arrives at an array like that one, with its columns as rows."""

    def turned(array: Several) -> Several:
        if isinstance(array.primitive, Transpose):
            return array.operands[0]  # type: ignore[no-any-return]  # an array
        return record_form(Transpose(like.width, like.length), (array,))  # type: ignore[no-any-return]

    return Arriving(turned(x.raw), turned(x.mask) if isinstance(x.mask, Several) else x.mask)


def put(adjoints: dict[Any, Any], node: Any, x: Any) -> None:
    """Put what has arrived at a number where it belongs."""
    known = adjoints[node]
    adjoints[node] = known + x if isinstance(known, Forward) else x


def add_at_elements(adjoints: dict[Any, Any], array: Several, x: Arriving) -> None:
    """More has arrived at an array: add it at each of its elements, which have entries of their own."""
    for i, node in enumerate(elements_at(adjoints, array) or ()):
        if type(node) is not float and node in adjoints:
            adjoints[node] = first_of(adjoints[node], element(x, float(i // array.width), i % array.width))


def settled(x: Arriving | None, like: Several) -> Several:
    """What arrives at an array, 0 where nothing does."""
    if x is None or x.mask is False:
        return filled(like, 0.0)
    if x.mask is None:
        return x.raw
    return elementwise(current_mode().tracer, lambda raw, mask: where(not_equal(mask, 0.0), raw, 0.0), x.raw, x.masks)


def arrived(adjoints: dict[Any, Any], node: Any) -> Any:
    """What has arrived at a node, number or array; None for no node, and where it went on to an array."""
    if node is None or type(node) is float:
        return None
    found = arrived_at(adjoints, node) if isinstance(node, Several) else adjoints.get(node)
    return None if isinstance(found, Forward) else found


def first_of(x: Any, other: Any) -> Any:
    """The sum of what arrives, in this order."""
    if x is None or other is None:
        return other if x is None else x
    return x + other


def chosen(condition: Any, x: Arriving, y: Arriving | None) -> Arriving:
    """What arrives at an array by one of two ways."""
    y = nothing_in(x.raw, identical) if y is None else y
    tracer, choose = current_mode().tracer, partial(where, condition)
    masks = None if x.mask is None and y.mask is None else elementwise(tracer, choose, x.masks, y.masks)
    return Arriving(elementwise(tracer, choose, x.raw, y.raw), masks)


def part_at(x: Arriving, rows: Any, index: Any) -> Arriving:
    """What arrives at part number `index` of an array that is cut into parts of so many rows."""
    tracer = current_mode().tracer
    mask = part_of(tracer, x.mask, rows, index) if isinstance(x.mask, Several) else x.mask
    return Arriving(part_of(tracer, x.raw, rows, index), mask)


def either(condition: Any, x: Any, y: Any) -> Any:
    """What arrives by one of two ways."""
    if isinstance(x, Arriving):
        return chosen(condition, x, y)
    x, y = (-0.0 if z is None else z for z in (x, y)) if x is None or y is None else (x, y)
    raws = [z.number if isinstance(z, Masked) else z for z in (x, y)]
    raw = where(condition, *raws)
    if not isinstance(x, Masked) and not isinstance(y, Masked):
        return raw
    one, other = (z.mask if isinstance(z, Masked) else True for z in (x, y))
    return Masked(raw, logical_or(logical_and(condition, one), logical_and(logical_not(condition), other)), raw)


def read(last: Any, status: int, like: Any) -> Any:
    """What `given` gave, after a loop."""
    if status == NEVER:
        return None
    found = [next(last) for _ in range(status)]
    if isinstance(like, Several):
        return Arriving(*found)
    return found[0] if status == ALWAYS else Masked(found[0], not_equal(found[1], 0.0), found[0])
