"""Sequences, and structures of them, turn by turn: what a loop takes apart, and what it puts together.

A list or an array is a sequence: its elements, whatever they are, are the turns. A tuple, a dict, a dataclass or the like holds
sequences of equal length, and what a turn gets of it has the same structure.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from autograd.modes import current_mode
from autograd.real import is_node, shown
from autograd.structures import NUMBER, Structure, access, as_array, is_array, of_numbers, outline, rebuild, unflatten


class Opening:
    """How a sequence of that many rows is made of an array: in a trace, or of the numbers of a call.

    Where elements are sequences of such lengths too, all are as long, and their rows follow each other.
    """

    def __init__(self, count: Any, structure: Structure) -> None:
        self.count, self.structure = count, structure

    def made(self, rows: Any) -> Any:
        """A sequence in a trace; of the numbers of a call, row by row, an array, or a list of what is in no array."""
        if is_node(rows):
            return OpenSequence(rows, self.count, self.structure)
        if self.structure.kind == "open":
            elements = [self.structure.extra[0].made(part) for part in rows.reshape(self.count, -1, *rows.shape[1:])]
            return rows.reshape(self.count, *elements[0].shape) if is_array(elements[0]) else elements
        if self.structure.kind is None:
            return rows.ravel()
        if self.structure.kind == "array":
            return rows.reshape(len(rows), *self.structure.keys)
        return [unflatten(self.structure, row, as_array) for row in rows.tolist()]

    def part(self, array: Any, index: Any) -> "OpenSequence":
        """One of several such sequences, whose rows follow each other in an array; of nan beyond the ends."""
        tracer: Any = current_mode().tracer
        return OpenSequence(tracer.part(array, self._rows, index), self.count, self.structure)

    @property
    def _rows(self) -> Any:
        """How many rows it has in the array: those of all its elements."""
        count = float(self.count) if type(self.count) is int else self.count
        return count * self.structure.extra[0]._rows if self.structure.kind == "open" else count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opening) and (other._which, other.structure) == (self._which, self.structure)

    def __hash__(self) -> int:
        return hash((self._which, self.structure))

    @property
    def _which(self) -> tuple[bool, int]:
        return (True, self.count) if type(self.count) is int else (False, id(self.count))

    def __reduce__(self) -> tuple[Any, ...]:
        count = self.count if type(self.count) is int else None  # a trace's number belongs to that alone
        return Opening, (count, self.structure)


class OpenSequence:
    """A sequence in a trace whose length only the run knows: `count` numbers or structures of them, in the rows of `array`.

    Where the elements are such sequences, `count` may be an int: then it has a length and elements as a list has.
    """

    count_is_open = True
    __getitem__: Any  # these are from `autograd.opened`
    mapped: Any
    reduced: Any
    running: Any
    folded: Any

    def __init__(self, array: Any, count: Any, structure: Structure) -> None:
        self.array, self.count, self.structure = array, count, structure

    def of(self, array: Any) -> "OpenSequence":
        """One like it, of the numbers in another array."""
        return OpenSequence(array, self.count, self.structure)

    @property
    def opening(self) -> Structure:
        """Its structure, of one number: the array."""
        return Structure("open", (), (self.structure,), (Opening(self.count, self.structure),))

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(
            "only the run knows how long this sequence is (dynamic_argnums), and a trace happens once, for all lengths: "
            "autograd.length(xs) is its length, xs[i] or take(xs, i) an element, xs[a:b] a part; vmap goes through it, as scan "
            "and fori_loop do, and what takes a sequence of numbers, such as sum_, dot, amax, softmax"
        )

    def check_flat(self, name: str) -> None:
        """TypeError unless its elements are numbers, for a function of that name."""
        if self.structure != NUMBER:
            raise TypeError(f"{name} takes a sequence of numbers, not {self.opening}: vmap({name})(xs)")

    def __len__(self) -> int:
        return self.count if type(self.count) is int else self._refuse()

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    __contains__ = __add__ = __array__ = _refuse


def is_sequence(thing: Any) -> bool:
    """Whether its elements are turns."""
    return isinstance(thing, list | deque | range | OpenSequence) or is_array(thing)


def parts_of(thing: Any) -> tuple[Structure, list[Any]] | None:
    """The outermost structure that holds sequences, and what it holds; None for a number or a sequence."""
    if is_sequence(thing) or is_node(thing) or not access(type(thing)):
        return None
    structure, parts = outline(thing)
    return of_numbers(structure, len(parts)), parts


def length_of(thing: Any, what: str) -> Any:
    """How many turns a structure of sequences has, a Symbol where only the run knows; None if it holds no sequence.

    Raises TypeError for a number in the place of a sequence, ValueError for sequences of unequal lengths.
    """
    found: dict[Any, str] = {}
    _find_lengths(thing, what, found)
    if len(found) > 1:
        (one, first), (other, second) = [*found.items()][:2]
        if is_node(one) or is_node(other):
            raise ValueError(
                f"only the run knows how many turns {first} and {second} have, and they may differ: give sequences of one "
                "length, such as arguments that are as long as each other, and slices of those"
            )
        raise ValueError(f"{first} has {one} turns, {second} has {other}: give all sequences the same length")
    return next(iter(found), None)


def _find_lengths(thing: Any, what: str, found: dict[Any, str]) -> None:
    if thing is None:
        return
    if is_sequence(thing):
        if is_array(thing) and thing.ndim == 0:
            raise TypeError(f"{what} is an array without dimensions, and each turn needs an element: pass a list, [x]")
        found.setdefault(thing.count if isinstance(thing, OpenSequence) else len(thing), what)
        return
    inside = parts_of(thing)
    if inside is None:
        raise TypeError(f"{what} is {shown(thing)}, and each turn needs an element: pass a list or an array there")
    for path, part in zip(inside[0].paths(), inside[1], strict=True):
        _find_lengths(part, what + path, found)


def turn(thing: Any, i: int) -> Any:
    """What turn i gets of a structure of sequences.

    >>> turn({"x": [1.0, 2.0], "y": [[3.0], [4.0]]}, 1)
    {'x': 2.0, 'y': [4.0]}
    """
    if thing is None:
        return None
    if is_sequence(thing):
        x = thing[i]
        return x.item() if getattr(x, "ndim", 1) == 0 and not is_node(x) else x  # Python's numbers are IEEE's without warnings
    inside = parts_of(thing)
    assert inside is not None  # noqa: S101 - length_of refuses anything else
    return rebuild(inside[0], [turn(part, i) for part in inside[1]])


def sequences_in(thing: Any) -> list[Any]:
    """The sequences in a structure of them, from left to right."""
    if thing is None:
        return []
    inside = None if is_sequence(thing) else parts_of(thing)
    return [thing] if inside is None else [x for part in inside[1] for x in sequences_in(part)]


def with_elements(thing: Any, elements: Iterator[Any]) -> Any:
    """A structure of sequences with the next element in the place of each."""
    if thing is None:
        return None
    inside = None if is_sequence(thing) else parts_of(thing)
    return next(elements) if inside is None else rebuild(inside[0], [with_elements(part, elements) for part in inside[1]])


def sequences_of(thing: Any) -> list[Any]:
    """What becomes an element of a sequence, of a turn's y: what is no tuple, dict or the like, from left to right."""
    if thing is None:
        return []
    inside = parts_of(thing)
    return [thing] if inside is None else [x for part in inside[1] for x in sequences_of(part)]


def with_parts(thing: Any, parts: Iterator[Any]) -> Any:
    """The same structure with the next thing in the place of each of these."""
    if thing is None:
        return None
    inside = parts_of(thing)
    return next(parts) if inside is None else rebuild(inside[0], [with_parts(part, parts) for part in inside[1]])


def stacked(turns: Sequence[Any], what: str) -> Any:
    """What the turns gave as a structure of sequences: an array of arrays, else a list of what is not a structure of them.

    Raises TypeError, showing both, where two turns gave different structures.

    >>> stacked([(1.0, [2.0]), (3.0, [4.0])], "f")
    ([1.0, 3.0], [[2.0], [4.0]])
    """
    if not turns:
        return []
    first = turns[0]
    if first is None:
        _check_alike(first, turns, what)
        return None
    if is_array(first) and first.ndim:
        return _stacked_arrays(turns, what)
    if isinstance(first, OpenSequence) and len(turns) == 1:
        return OpenSequence(first.array, 1, first.opening)
    inside = parts_of(first)
    if inside is None:
        _check_alike(first, turns, what)
        return list(turns)
    structure, columns = inside[0], [[part] for part in inside[1]]
    for i, thing in enumerate(turns[1:], 1):
        other = parts_of(thing)
        if other is None or other[0] != structure:
            raise _unlike(first, thing, i, what)
        for column, part in zip(columns, other[1], strict=True):
            column.append(part)
    paths = structure.paths()
    return rebuild(structure, [stacked(column, what + path) for column, path in zip(columns, paths, strict=True)])


def _check_alike(first: Any, turns: Sequence[Any], what: str) -> None:
    """Numbers and lists, whose own elements may differ, or nothing at all."""
    single = _kind(first)
    for i, thing in enumerate(turns):
        if _kind(thing) != single:
            raise _unlike(first, thing, i, what)


def _kind(thing: Any) -> Any:
    if thing is None:
        return None
    if isinstance(thing, OpenSequence):
        return thing.opening
    return len(thing) if is_sequence(thing) else NUMBER if parts_of(thing) is None else "structure"


def _stacked_arrays(turns: Sequence[Any], what: str) -> Any:
    import numpy as np

    first = turns[0]
    for i, thing in enumerate(turns):
        if not is_array(thing) or thing.shape != first.shape:
            raise _unlike(first, thing, i, what)
    return np.stack(turns)


def _unlike(one: Any, other: Any, i: int, what: str) -> TypeError:
    return TypeError(
        f"{what} gave {described(one)} in its first turn and {described(other)} in turn {i}: return the same structure"
    )


def described(thing: Any) -> str:
    """A structure in words, down to its numbers.

    >>> described((1.0, [2.0, 3.0]))
    '(number, [number, number])'
    """
    if thing is None:
        return "None"
    if is_array(thing):
        return f"an array of shape {thing.shape}"
    if isinstance(thing, OpenSequence):
        return f"a sequence of length {shown(thing.count)}, of {thing.structure}"
    by = access(type(thing)) if not is_node(thing) else ""
    if not by:
        return "number"
    structure, parts = outline(thing)
    inside = [described(part) for part in parts[:8]] + ["..."] * (len(parts) > 8)
    if by == "index":
        return f"[{', '.join(inside)}]" if isinstance(thing, list) else f"({', '.join(inside)}{',' * (len(inside) == 1)})"
    return "{" + ", ".join([f"{key!r}: {part}" for key, part in zip(structure.keys, inside, strict=False)]) + "}"
