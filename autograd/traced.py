"""Loops that a trace records as one step: structures taken apart into numbers for it, and put together again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd.modes import current_mode
from autograd.real import is_node
from autograd.structures import Structure, as_argument, flatten, unflatten
from autograd.turns import OpenSequence, sequences_in, sequences_of, stacked, turn, with_elements, with_parts

Function = Callable[..., Any]
MOST_COUNTED = 1 << 17  # a counter whose bounds only the run knows is an integer, taken for no larger than this
FEWEST = 2  # turns of a loop that a trace records as one


def recorded(
    step: Function,
    init: Any,
    xs: Any,
    count: Any,
    name: str,
    *,
    reverse: bool = False,
    first: Any = 0,
    recompute: bool = False,
) -> tuple[Any, Any] | None:
    """The last carry and the ys of a loop that a trace records as one step; None where it goes turn by turn."""
    tracer = current_mode().tracer
    is_open = is_node(count)
    if tracer is None or not tracer.loops or (not is_open and count < FEWEST):
        return None
    columns = columns_of(xs, range(0 if is_open else count), f"{name}: xs")
    if columns is None:
        return None
    numbers, structure = flat(init, f"{name}: the carry")
    given: list[Any] = []

    def flat_step(i: Any, carried: list[Any], rows: list[list[Any]]) -> tuple[list[Any], list[list[Any]]]:
        elements = (unflatten(s, row, as_argument) for row, (_, s) in zip(rows, columns, strict=True))
        known = type(first) is int and not is_open
        i.whole = (min(first, 0), max(first, 0) + count) if known else (-MOST_COUNTED, MOST_COUNTED)
        at = i if type(first) is int and not first else i + first
        carry, y = step(at, whole_again(structure, carried), with_elements(xs, elements))
        following = flat(carry, f"{name}: the carry")[0]
        parts = [flatten(x, f"{name}: y", opened=True) for x in sequences_of(y)]
        given.append((y, [s for _, s in parts]))
        if is_open:
            return following, [numbers for numbers, _ in parts]
        alone = [numbers for numbers, s in parts if not _is_single(s)]  # an array for each: a later loop reads it as it is
        together = [x for numbers, s in parts if _is_single(s) for x in numbers]
        return following, [*alone, together] if together else alone

    widths = [(x, 0 if s.kind == "open" else s.size) for x, s in columns]
    last, rows = tracer.loop(flat_step, numbers, widths, count, reverse=reverse, recompute=recompute)
    (kind,) = given
    if is_open:
        y, structures = kind
        found = (OpenSequence(array, count, s) for array, s in zip(rows, structures, strict=True))
        return whole_again(structure, last), with_parts(y, found)
    y, structures = kind
    single = sum(map(_is_single, structures))
    singles, arrays = iter([rows[-1][i::single] for i in range(single)]), iter(rows)
    parts: list[Any] = []
    for s in structures:
        numbers = next(singles if _is_single(s) else arrays) if s.size else []
        if s.kind == "open":
            parts.append(OpenSequence(numbers, count, s))
            continue
        turns = [whole_again(s, numbers[i * s.size : (i + 1) * s.size]) for i in range(count)]
        parts.append(stacked(turns, f"{name}: y"))
    return whole_again(structure, last), with_parts(y, iter(parts))


def _is_single(structure: Structure) -> bool:
    """Whether it holds one number."""
    return structure.size == 1 and structure.kind != "open"


def is_recorded(count: Any) -> bool:
    """Whether a loop of so many turns is one step of a trace."""
    tracer = current_mode().tracer
    return tracer is not None and tracer.loops and (is_node(count) or count >= FEWEST)


def flat(thing: Any, what: str) -> tuple[list[Any], Structure | None]:
    """The numbers in a structure, and it; none in None. A sequence whose length only the run knows is one node."""
    return ([], None) if thing is None else flatten(thing, what, opened=True)


def whole_again(structure: Structure | None, numbers: list[Any]) -> Any:
    """The inverse of `flat`."""
    return None if structure is None else unflatten(structure, numbers, as_argument)


def columns_of(xs: Any, turns: range, what: str) -> list[tuple[Any, Structure]] | None:
    """The numbers in each sequence, turn after turn, and the structure of an element; None where elements differ in it."""
    found: list[tuple[Any, Structure]] = []
    for sequence in sequences_in(xs):
        if isinstance(sequence, OpenSequence):
            found.append((sequence.array, sequence.structure))
            continue
        numbers, structure = flatten(turn(sequence, 0), what)
        for i in turns[1:]:
            more, other = flatten(turn(sequence, i), what)
            if other != structure:
                return None
            numbers += more
        if not structure.size:
            return None
        found.append((numbers, structure))
    return found


def element_at(numbers: Any, structure: Structure, index: Any) -> Any:
    """The element of such a structure that the run decides, of one of these columns."""
    tracer: Any = current_mode().tracer
    if structure.kind == "open":
        return structure.extra[0].part(numbers, index)
    return unflatten(structure, tracer.load(numbers, structure.size, index), as_argument)


def rolls() -> bool:
    """Whether a matrix times a vector is to be a loop: in the body of one, and in a program of rows that share many numbers."""
    tracer = current_mode().tracer
    return tracer is not None and (tracer.rolled or in_body())


@contextmanager
def rolling() -> Iterator[None]:
    """Have a trace record loops, as it does anyway in the body of one."""
    tracer: Any = current_mode().tracer
    before, tracer.loops = tracer.loops, True
    try:
        yield
    finally:
        tracer.loops = before


def in_body() -> bool:
    """Whether the body of a loop is being traced, of which a program has one copy for all turns."""
    tracer = current_mode().tracer
    return tracer is not None and tracer.loops and bool(tracer.starts or tracer.around)
