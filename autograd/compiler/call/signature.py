"""The signature of a quick call: which arguments fit, and where their numbers and the result's lie in the frame."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from autograd.structures import NUMBER, Structure

WORDS = 2  # of a sequence whose length is that of the call: where its rows lie, and how many there are


class Argument(NamedTuple):
    """One argument: a number (`kind` None), an "array" of that shape, a list or tuple of numbers; or one or a dict of parts.

    Or "rows": an array of rows of that shape, as many as there are in the call.
    """

    kind: Any
    shape: tuple[Any, ...]  # of a dict its keys
    start: int  # the inputs from here to `end` are its numbers
    end: int
    array: int | None  # which array of rows it is, if it varies by row; `shape` is then that of a row
    alone: bool  # it holds all inputs there are, so that it is read where it lies
    parts: tuple["Argument", ...] = ()
    like: int | None = None  # of "rows", and of parts that are: a number that all have that are as long


class Part(NamedTuple):
    """A number of a result, an array, or a list, tuple or dict of parts: the outputs from `start` to `end`.

    Or "rows": an array of rows of that shape, as many as the call found.
    """

    kind: Any
    shape: tuple[Any, ...]  # of a dict its keys
    start: int
    end: int
    parts: tuple["Part", ...]
    form: Any = None  # the same for what is made alike from other outputs
    alike: bool = False  # all its parts are made alike

    @property
    def leaves(self) -> int:
        """How many numbers and arrays there are in it."""
        if self.kind not in (list, tuple):
            return 1
        return len(self.parts) * self.parts[0].leaves if self.alike else sum(part.leaves for part in self.parts)

    @property
    def flat(self) -> bool:
        """Whether it is a list or tuple of numbers alone."""
        return bool(self.parts) and self.kind is not dict and all(part.kind is None for part in self.parts)

    @property
    def has_dict(self) -> bool:
        """Whether it is a dict, or has one in it."""
        return self.kind is dict or any(part.has_dict for part in self.parts)


class Given(NamedTuple):
    """The structure of an argument; a row's, if it varies by row, or is a sequence as long as others like it in the call."""

    structure: Structure
    varies: bool
    like: int | None = None


class Signature(NamedTuple):
    """The arguments and the result of a call; `by_row`, each number and array in it is an array with a row for each."""

    arguments: tuple[Argument, ...]
    result: Part
    by_row: bool

    @classmethod
    def of(cls, result: Structure, arguments: Sequence[Given], inputs: int, *, by_row: bool) -> Self | None:
        """The signature for arguments of these structures; None if none fits."""
        found: list[Argument] = []
        start = arrays = 0
        for structure, varies, like in arguments:
            if like is not None:
                argument = _sequence(structure, start, like)
            else:
                argument = _row(structure, start, arrays) if varies else _argument(structure, start, inputs)
            if argument is None or not structure.size:
                return None
            found.append(argument)
            start = argument.end
            arrays += bool(varies)
        part = _part(result, 0)
        if part is None or (by_row and not result.size):
            return None
        return cls(tuple(found), part, by_row)


def _row(structure: Structure, start: int, array: int) -> Argument | None:
    if structure.kind not in (None, "array"):
        return None
    return Argument(structure.kind, structure.keys, start, start, array, alone=False)


def _sequence(structure: Structure, start: int, like: int) -> Argument | None:
    """A sequence whose length is that of the call, or a tuple or dict of such."""
    kind = structure.kind
    if kind is None or kind == "array":
        return Argument("rows", structure.keys if kind else (), start, start + WORDS, None, alone=False, like=like)
    if kind not in (tuple, dict) or type(structure.keys) is not tuple:
        return None
    parts: list[Argument] = []
    for child in structure.children:
        part = _sequence(child, parts[-1].end if parts else start, like) if child.kind in (None, "array") else None
        if part is None:
            return None
        parts.append(part)
    if not parts:
        return None
    return Argument(kind, structure.keys, start, parts[-1].end, None, alone=False, parts=tuple(parts), like=like)


def _argument(structure: Structure, start: int, inputs: int) -> Argument | None:
    kind, end = structure.kind, start + structure.size
    if kind is None or kind == "array":
        return Argument(kind, structure.keys, start, end, None, alone=kind == "array" and structure.size == inputs)
    if kind not in (list, tuple, dict) or type(structure.keys) is not tuple:
        return None
    if kind is not dict and set(structure.children) == {NUMBER}:
        return Argument(kind, (), start, end, None, alone=False)
    parts: list[Argument] = []
    for child in structure.children:
        part = _argument(child, parts[-1].end if parts else start, -1)
        if part is None:
            return None
        parts.append(part)
    return Argument(kind, structure.keys, start, end, None, alone=False, parts=tuple(parts))


def _part(structure: Structure, start: int) -> Part | None:
    kind = structure.kind
    if kind is None or kind == "array":
        return Part(kind, structure.keys, start, start + structure.size, (), (kind, structure.keys))
    if kind == "open":
        row = structure.children[0]
        shape = row.keys if row.kind else ()
        return Part("rows", shape, start, start + WORDS, (), ("rows", shape)) if row.kind in (None, "array") else None
    if kind not in (list, tuple, dict) or type(structure.keys) is not tuple:
        return None
    parts: list[Part] = []
    for child in structure.children:
        part = _part(child, parts[-1].end if parts else start)
        if part is None:
            return None
        parts.append(part)
    forms = [part.form for part in parts]
    alike = len(set(forms)) == 1
    form = kind, structure.keys, len(forms), forms[0] if alike else tuple(forms)
    return Part(kind, structure.keys, start, parts[-1].end if parts else start, tuple(parts), form, alike)
