"""Loops, branches and elements: `scan`, `fori_loop`, `while_loop`, `cond`, `switch`, `vmap`, `take`. Names and argument order
are those of `jax.lax`.

On floats and Values each is the plain Python loop, branch or element, and records what that would record.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from math import nan
from typing import Any

from autograd.axes import by_axes, joined, moved_out
from autograd.modes import current_mode
from autograd.primitives import clip, equal, where
from autograd.real import as_float, is_node, number_of, shown
from autograd.structures import NUMBER, as_array, flatten, unflatten
from autograd.traced import columns_of, element_at, flat, is_recorded, recorded, whole_again
from autograd.turns import (
    OpenSequence,
    described,
    length_of,
    sequences_in,
    stacked,
    turn,
    with_elements,
)

Function = Callable[..., Any]


def scan(
    f: Function,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,  # noqa: FBT001, FBT002 - JAX's
    checkpoint: int | None = None,
) -> tuple[Any, Any]:
    """Carry something through a sequence: `carry, y = f(carry, x)` for each x in order; returns (last carry, all ys).

        for x in xs:
            carry, y = f(carry, x)
            ys.append(y)

    Args:
        f: takes the carry, numbers in any structure, and an element; returns the next carry, of the same structure, and a y.
        init: the first carry.
        xs: a list or an array, whose elements are the turns; or a tuple, dict or the like of such, of equal length. None for
            turns without an element.
        length: how many turns; needed where there are no xs.
        reverse: from the last element to the first. The ys lie as the xs do.
        checkpoint: the turns of a segment. In a trace, the derivative keeps what is carried into each segment and computes
            the turns again: memory for about count / checkpoint + checkpoint turns, and one more pass.

    The ys are a list, an array if each y is one; where y is a tuple or dict, a tuple or dict of them. No turns give [].

    Raises:
        TypeError: f does not return a pair, the carry changes its structure, or xs holds anything but sequences.
        ValueError: sequences differ in length, or from `length`; checkpoint is less than 1, or the length is the run's.

    >>> scan(lambda total, x: (total + x, total), 0.0, [1.0, 2.0, 3.0])
    (6.0, [0.0, 1.0, 3.0])
    """
    name = f"scan of {_name(f)}"
    count = length_of(xs, f"{name}: xs")
    if length is not None:
        length = length if is_node(length) else _whole(length, f"{name}: length")
        if count is not None and (is_node(count) or is_node(length) or count != length):
            raise ValueError(f"{name}: length is {length}, but xs has {count} turns: leave length out, or cut xs")
        count = length
    if count is None:
        raise ValueError(f"{name}: there are no xs, so the number of turns is unknown: pass length=")
    if not is_node(count) and count < 0:
        raise ValueError(f"{name}: length must be 0 or more, not {count}")

    def step(_: Any, carry: Any, x: Any) -> tuple[Any, Any]:
        result = f(carry, x)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"{name}: the function must return a pair (carry, y), not {described(result)}: return carry, None")
        _check_carry(carry, result[0], name)
        return result

    if checkpoint is not None and is_recorded(count):
        return _in_segments(f, init, xs, count, _checked_segment(checkpoint, count, name), name, reverse=reverse)
    found = recorded(step, init, xs, count, name, reverse=reverse)
    if found is not None:
        return found
    carry, ys = init, []
    for i in reversed(range(count)) if reverse else range(count):
        carry, y = step(i, carry, turn(xs, i))
        ys.append(y)
    return carry, stacked(ys[::-1] if reverse else ys, f"{name}: y")


def fori_loop(lower: Any, upper: Any, body: Function, init: Any) -> Any:
    """Repeat `carry = body(i, carry)` for i from `lower` to before `upper`; returns the last carry.

        for i in range(lower, upper):
            carry = body(i, carry)

    Raises TypeError where the carry changes its structure, ValueError where a bound is not a whole number.

    >>> fori_loop(0, 4, lambda i, x: x * 2.0 + i, 1.0)
    27.0
    """
    name = f"fori_loop of {_name(body)}"
    tracer = current_mode().tracer
    opened = tracer is not None and tracer.loops
    first = lower if opened and is_node(lower) else _whole(lower, f"{name}: lower")
    last = upper if opened and is_node(upper) else _whole(upper, f"{name}: upper")

    def step(i: Any, carry: Any, _: Any) -> tuple[Any, None]:
        following = body(i, carry)
        _check_carry(carry, following, name)
        return following, None

    count = last - first
    found = recorded(step, init, None, count if is_node(count) else max(0, count), name, first=first)
    if found is not None:
        return found[0]
    carry = init
    for i in range(first, last):
        carry, _ = step(i, carry, None)
    return carry


def while_loop(cond: Function, body: Function, init: Any) -> Any:
    """Repeat `carry = body(carry)` as long as `cond(carry)` holds; returns the last carry.

        while cond(carry):
            carry = body(carry)

    Raises TypeError where the carry changes its structure.

    >>> while_loop(lambda x: x < 100.0, lambda x: x * x, 3.0)
    6561.0
    """
    name, carry = f"while_loop of {_name(body)}", init
    tracer, goes = current_mode().tracer, None
    if tracer is not None and tracer.decide is None and not tracer.loops:
        goes = cond(init)  # where loops go turn by turn, those that can
    if tracer is not None and tracer.decide is None and (tracer.loops or is_node(goes)):
        numbers, structure = flat(init, f"{name}: the carry")

        def step(numbers: list[Any]) -> list[Any]:
            before = whole_again(structure, numbers)
            after = body(before)
            _check_carry(before, after, name)
            return flat(after, f"{name}: the carry")[0]

        def goes_on(numbers: list[Any]) -> Any:
            return flatten(cond(whole_again(structure, numbers)), f"{name}: the condition")[0][0]

        return whole_again(structure, tracer.while_loop(goes_on, step, numbers))
    while cond(carry):
        following = body(carry)
        _check_carry(carry, following, name)
        carry = following
    return carry


def cond(pred: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    """`true_fun(*operands) if pred else false_fun(*operands)`.

    In a traced function both are traced, and give the same structure of numbers. What was not chosen gets no gradient.

    >>> cond(2.0 > 1.0, lambda x: x * 2.0, lambda x: x / 2.0, 8.0)
    16.0
    """
    name = f"cond of {_name(true_fun)} and {_name(false_fun)}"
    if current_mode().tracer is None or not is_node(pred):
        return true_fun(*operands) if pred else false_fun(*operands)
    return _chosen(pred, true_fun(*operands), false_fun(*operands), name)


def switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    """`branches[index](*operands)`; an index beyond the first or last branch takes that one.

    In a traced function all are traced, as by `cond`. Raises ValueError without branches, or if the index is no whole number.

    >>> switch(1, [lambda x: x, lambda x: -x], 2.0)
    -2.0
    """
    branches = list(branches)
    if not branches:
        raise ValueError("switch: there are no branches: pass a list of functions")
    last = len(branches) - 1
    if current_mode().tracer is None or not is_node(index):
        return branches[min(max(_whole(index, "switch: index"), 0), last)](*operands)
    at = clip(index, 0.0, float(last))
    result = branches[last](*operands)
    for i in reversed(range(last)):
        result = _chosen(equal(at, float(i)), branches[i](*operands), result, "switch")
    return result


def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """The function that maps f over sequences: `[f(x) for x in xs]`.

    Args:
        f: takes elements; returns numbers in any structure.
        in_axes: for each argument the axis of its sequences whose elements are the turns, or None for an argument that all
            turns share; or one for all. For an argument that is a tuple or dict, also a tuple or dict of these.
        out_axes: where that axis goes in the results: one for all, or one for each item of a tuple.

    Raises ValueError where nothing is mapped, or lengths differ.

    >>> vmap(lambda x, w: x * w, in_axes=(0, None))([1.0, 2.0], 3.0)
    [3.0, 6.0]
    """
    name = f"vmap of {_name(f)}"

    def call(*args: Any) -> Any:
        axes = in_axes if isinstance(in_axes, tuple | list) else [in_axes] * len(args)
        if len(axes) != len(args):
            raise ValueError(f"{name}: in_axes has {len(axes)} entries for {len(args)} arguments: give one for each")
        what = [f"{name}: argument {i}" for i in range(len(args))]
        mapped, shared = by_axes(tuple(args), tuple(axes), what)
        count = length_of(mapped, name)
        if count is None:
            raise ValueError(f"{name}: no argument is mapped: give one of them an axis, in_axes=0")
        at_once = recorded(lambda _, c, x: (c, f(*joined(shared, x))), None, mapped, count, name)
        if at_once is None:
            found = stacked([f(*joined(shared, turn(mapped, i))) for i in range(count)], f"{name}: the result")
        else:
            found = at_once[1]
        if isinstance(out_axes, tuple | list) and isinstance(found, tuple | list):
            if len(out_axes) != len(found):
                raise ValueError(f"{name}: out_axes has {len(out_axes)} entries for {len(found)} results: give one for each")
            moved = [moved_out(x, axis, f"{name}: result {i}") for i, (x, axis) in enumerate(zip(found, out_axes, strict=True))]
            return type(found)(moved)
        return moved_out(found, operator.index(out_axes), f"{name}: the result")

    return functools.update_wrapper(call, f, assigned=("__name__", "__doc__", "__module__"), updated=())


def take(xs: Any, index: Any) -> Any:
    """The element `xs[index]` of a sequence, or of each sequence in a tuple or dict; the gradient goes to that element.

    The index is a whole number; a negative one counts from the end. In a traced function it may be a number that is known only
    when the program runs. Beyond the ends the numbers are nan, as in `jax.numpy.take`: so a choice may leave them out.

    Raises ValueError for an index that is no whole number.

    >>> take([10.0, 20.0, 30.0], 1.0)
    20.0
    """
    count = length_of(xs, "take: xs")
    if count is None:
        raise TypeError(f"take: {shown(xs)} holds no sequence: pass a list or an array")
    tracer = current_mode().tracer
    if tracer is not None and is_node(count) and not is_node(index):
        index = where(count < 0.0, 0.0, float(_whole(index, "take: index")))
    if tracer is None or not is_node(index):
        i = _whole(index, "take: index")
        if -count <= i < count:
            return turn(xs, i)
        return with_elements(xs, (_like(turn(x, 0), nan) for x in sequences_in(xs))) if count else nan
    is_open = is_node(count)
    at = where(index < 0.0, index + (count if is_open else float(count)), index)
    columns = columns_of(xs, range(0 if is_open else count), "take: xs") if tracer.loops else None
    if columns is not None:
        return with_elements(xs, (element_at(numbers, s, at) for numbers, s in columns))
    result = _like(turn(xs, 0), nan) if count else nan
    for i in range(count):
        result = _chosen(equal(at, float(i)), turn(xs, i), result, "take")
    return result


def length(xs: Any) -> Any:
    """How many turns a sequence has, or the sequences in a tuple or dict: `len(xs)`.

    In a traced function a number of the run, where `dynamic_argnums` names the argument. Raises TypeError where there is no
    sequence, ValueError where lengths differ.

    >>> length(([1.0, 2.0], [3.0, 4.0]))
    2
    """
    found = length_of(xs, "length: xs")
    if found is None:
        raise TypeError(f"length: {shown(xs)} holds no sequence: pass a list or an array")
    return found


# --- what these have in common ----------------------------------------------------------------------------------------


def _name(f: Any) -> str:
    if not callable(f):
        raise TypeError(f"{shown(f)} is not a function: pass f itself, not f(x)")
    return getattr(f, "__name__", None) or type(f).__name__


def _whole(number: Any, what: str) -> int:
    """A whole number of any type as an int."""
    try:
        return operator.index(number)
    except TypeError:
        x = number_of(number) if is_node(number) else as_float(number, what)
    if not x.is_integer():
        raise ValueError(f"{what} must be a whole number, not {x}: round it")
    return int(x)


def _checked_segment(checkpoint: Any, count: Any, name: str) -> int:
    segment = _whole(checkpoint, f"{name}: checkpoint")
    if segment < 1:
        raise ValueError(f"{name}: checkpoint must be 1 or more turns, not {segment}")
    if is_node(count):
        raise ValueError(f"{name}: only the run knows how many turns there are, which checkpoint cannot cut: leave it out")
    return segment


def _in_segments(f: Function, init: Any, xs: Any, count: int, size: int, name: str, *, reverse: bool) -> tuple[Any, Any]:
    """A scan of segments, each a scan, whose turns the derivative computes again; the turns that are left come last."""
    whole = count // size * size
    pieces, left = ((0, whole), (whole, count)) if not reverse else ((count - whole, count), (0, count - whole))
    columns = sequences_in(xs)
    chunks = [[column[i : i + size] for i in range(pieces[0], pieces[1], size)] for column in columns]

    def segment(_: Any, carry: Any, parts: Any) -> tuple[Any, Any]:
        return scan(f, carry, with_elements(xs, iter(parts)) if columns else None, size, reverse)

    turns = range(0, whole, size)
    at_once = recorded(segment, init, tuple(chunks) or None, len(turns), name, reverse=reverse, recompute=True)
    if at_once is None:
        return scan(f, init, xs, count, reverse)
    carry, found = at_once
    rest = with_elements(xs, iter([column[left[0] : left[1]] for column in columns])) if columns else None
    carry, more = scan(f, carry, rest, left[1] - left[0], reverse)
    ys = [turn(part, i) for part in (turn(found, k) for k in range(len(turns))) for i in range(size)]
    others = [turn(more, i) for i in range(left[1] - left[0])]
    return carry, stacked([*others, *ys] if reverse else [*ys, *others], f"{name}: y")


_SCALARS = (int, float)


def _check_carry(before: Any, after: Any, name: str) -> None:
    if (type(before) in _SCALARS or is_node(before)) and (type(after) in _SCALARS or is_node(after)):
        return  # the common case
    if before is None and after is None:
        return
    if before is None or after is None or flat(before, name)[1] != flat(after, name)[1]:
        one, other = _told_apart(before, after, f"{name}: the carry")
        raise TypeError(
            f"{name}: the carry changed its structure from {one} to {other}: return the carry as it came in, with other numbers"
        )


def _told_apart(one: Any, other: Any, what: str) -> tuple[str, str]:
    """Two structures in words. Raises TypeError where only the lengths of sequences tell them apart, which the run knows."""
    words = described(one), described(other)
    if words[0] != words[1]:
        return words
    raise TypeError(
        f"{what} has sequences of two lengths that only the run knows, {words[0]}: give sequences of one "
        "length, such as arguments that are as long as each other, and slices of those"
    )


def _chosen(condition: Any, one: Any, other: Any, name: str) -> Any:
    """Of two results the one that the condition says, number by number."""
    if one is None and other is None:
        return None
    xs, structure = flat(one, f"{name}: the result")
    ys, found = flat(other, f"{name}: the result")
    if structure != found:
        words = " and ".join(_told_apart(one, other, f"{name}: the result"))
        raise TypeError(f"{name}: the branches give {words}: return the same structure in each")
    tracer: Any = current_mode().tracer
    choose = functools.partial(where, condition)
    return unflatten(structure or NUMBER, [tracer.elementwise(choose, x, y) for x, y in zip(xs, ys, strict=True)], as_array)


def _like(thing: Any, number: float) -> Any:
    """The same structure with that number throughout."""
    if isinstance(thing, OpenSequence):
        return vmap(lambda element: _like(element, number))(thing)
    numbers, structure = flatten(thing, "take: an element")
    return unflatten(structure, [number] * len(numbers), as_array)
