"""Sweeps through graphs that have loops and arrays in them: what arrives there, and where."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd.compiler.trace.loops import Body, loop_node
from autograd.compiler.trace.masked import Masked
from autograd.compiler.trace.several import Several, length_of, packed, record_form
from autograd.compiler.trace.symbol import TRUTH
from autograd.forms import AddAt, Fill, Load, Loop, Row
from autograd.graph import forward_sweep, reverse_sweep
from autograd.primitives import not_equal

NEVER, ALWAYS, SOMETIMES = range(3)  # whether an adjoint or a tangent arrives


class Arriving(NamedTuple):
    """The adjoint or tangent of an array: -0.0 where nothing arrived, and there `mask`, if there is one, is 0.

    A mask of False is 0 throughout.
    """

    raw: Several
    mask: Several | bool | None = None

    @property
    def masks(self) -> Several:
        """The mask as an array."""
        return filled(self.raw, 1.0 if self.mask is None else 0.0) if self.mask is None or self.mask is False else self.mask  # type: ignore[return-value]


# --- what arrives, as inputs and outputs of bodies --------------------------------------------------------------------


def status_of(x: Any) -> int:
    """Whether it arrives."""
    return NEVER if x is None else SOMETIMES if isinstance(x, Masked) or (isinstance(x, Arriving) and x.mask is not None) else ALWAYS


def joined(one: int, other: int) -> int:
    """What holds for both."""
    return one if one == other else SOMETIMES


def taken(body: Body, status: int, like: Any, label: str) -> Any:
    """What arrives, as new inputs of a body."""
    if status == NEVER:
        return None
    if isinstance(like, Several):
        found = [body.array(like.length, like.width) for _ in range(status)]
        return Arriving(*found)
    raw = body.number(label)
    if status == ALWAYS:
        return raw
    mask = body.number(label)
    mask.whole = TRUTH
    return Masked(raw, mask, raw)


def given(x: Any, status: int, like: Any) -> list[Any]:
    """What arrives, as the numbers and arrays that `taken` takes."""
    if status == NEVER:
        return []
    if isinstance(like, Several):
        x = nothing_in(like) if x is None else x
        if status == ALWAYS:
            return [x.raw]
        return [x.raw, x.masks]
    if isinstance(x, Masked):
        return [x.number, float(x.mask) if x.mask is False else x.mask][:status]
    return ([-0.0, 0.0] if x is None else [x, 1.0])[:status]


def filled(like: Several, number: float) -> Several:
    """An array of that length, of one number."""
    return record_form(Fill(like.width), (length_of(like), number))  # type: ignore[no-any-return]


def nothing_in(like: Several) -> Arriving:
    """An array at which nothing arrived."""
    return Arriving(filled(like, -0.0), False)


def all_of(found: Sequence[Any], width: int) -> Arriving | None:
    """What arrives at the elements of an array, as an array."""
    if all(x is None for x in found):
        return None
    raw = packed([-0.0 if x is None else x.number if isinstance(x, Masked) else x for x in found], width)
    if all(status_of(x) == ALWAYS for x in found):
        return Arriving(raw)
    return Arriving(raw, packed([_mask(x) for x in found], width))


def _mask(x: Any) -> Any:
    """Whether it arrives, as a number."""
    if x is None or not isinstance(x, Masked):
        return 0.0 if x is None else 1.0
    return 0.0 if x.mask is False else x.mask


def element(x: Arriving, row: Any, column: int) -> Any:
    """What arrives at one element."""
    raw = record_form(Load(x.raw.width, column), (x.raw, row))
    if x.mask is None or x.mask is False:
        return raw if x.mask is None else Masked(raw, False, raw)
    return Masked(raw, not_equal(record_form(Load(x.raw.width, column), (x.mask, row)), 0.0), raw)


def arrived_at(adjoints: dict[Any, Any], array: Several) -> Arriving | None:
    """What has arrived at an array: at its elements, where the trace has them."""
    if array.elements is not None:
        return all_of([None if type(x) is float else adjoints.get(x) for x in array.elements], array.width)
    return adjoints.get(array)


def arrives_at(adjoints: dict[Any, Any], array: Several, x: Arriving, skip: Iterable[Any] = ()) -> None:
    """Put what has arrived at an array where it belongs."""
    if array.elements is None:
        adjoints[array] = x
        return
    skipped = set(skip)
    for i, node in enumerate(array.elements):
        if type(node) is not float and node in adjoints and node not in skipped:
            adjoints[node] = element(x, float(i // array.width), i % array.width)


class Forward:
    """The adjoint of an element whose index only the run knows: what arrives goes to the array at once."""

    def __init__(self, adjoints: dict[Any, Any], node: Any, index: Any, known: Any) -> None:
        self.adjoints, self.array, self.form, self.index = adjoints, node.operands[0], node.primitive, index
        if known is not None:
            self + known

    def __add__(self, x: Any) -> "Forward":
        known = arrived_at(self.adjoints, self.array) or nothing_in(self.array)
        form = AddAt(self.form.width, self.form.column)
        number, mask = x.number if isinstance(x, Masked) else x, _mask(x)
        raw = record_form(form, (known.raw, self.index, number))
        masks = None if known.mask is None else record_form(form, (known.masks, self.index, mask))
        arrives_at(self.adjoints, self.array, Arriving(raw, masks))
        return self


# --- sweeps over graphs that have forms in them -----------------------------------------------------------------------

Mapped = Callable[[Any], Any]


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
    """`reverse_sweep` through forms: `partials` of a loop is its LoopMap. `mapped` finds a node where the sweep is recorded."""
    compounds = [i for i, node in enumerate(order) if is_compound(node)]
    if not compounds:
        return reverse_sweep(order, seeds, partials, times)
    adjoints: dict[Any, Any] = dict.fromkeys(order)
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


def sum_of(one: Arriving, other: Arriving) -> Arriving:
    """Two arrays added, element by element."""
    width = one.raw.width

    def added(x: Several, y: Several) -> Several:
        with Body(None) as body:
            body.number("i")
            rows = [[body.number() for _ in range(width)] for _ in range(2)]
            sums = [a + b for a, b in zip(*rows, strict=True)]
        program = body.program(sums)
        count = length_of(x)
        turns = int(count) if type(count) is float else None
        loop = Loop(program, (), (Row(width),) * 2, (Row(width),), (), turns)
        return loop_node(loop, [*([] if turns is not None else [count]), x, y])[1][0]

    masks = None if one.mask is None or other.mask is None else added(one.masks, other.masks)
    return Arriving(added(one.raw, other.raw), masks)


def sweep_forward(
    order: Sequence[Any],
    tangents: dict[Any, Any],
    partials: Callable[[Any], Any],
    times: Callable[[Any, Any], Any],
    mapped: Mapped = lambda x: x,
) -> dict[Any, Any]:
    """`forward_sweep` through forms."""
    known: dict[Any, Any] = dict.fromkeys(order)
    known.update(tangents)
    start = 0
    for i, node in enumerate(order):
        if not (is_compound(node) or isinstance(node, Several)):
            continue
        forward_sweep(order[start:i], known, partials, times, known)
        start = i + 1
        if known[node] is not None:
            continue
        if isinstance(node.primitive, Loop):
            partials(node).push(known, mapped)
        elif isinstance(node.primitive, AddAt):
            known[node] = _push_of_add_at(node, known, mapped)
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
    number, mask = x.number if isinstance(x, Masked) else x, _mask(x)
    index = mapped(index)
    masks = None if found.mask is None else record_form(node.primitive, (found.masks, index, mask))
    return Arriving(record_form(node.primitive, (found.raw, index, number)), masks)
