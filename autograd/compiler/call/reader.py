"""The short way of a call: arguments that look like those of the call before go straight into the memory of machine code.

Whatever looks different takes the long way, which knows every kind of argument and says what is wrong with it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.structures import NUMBER, Structure

FLOAT64 = np.dtype(float)
ARRAY = np.ndarray
ONLY_FLOATS = {float}

Reader = Callable[[Any, Any], bool]
"""Puts an argument into a frame, if it is of the kind."""

Maker = Callable[[Any], Any]
"""Makes a result of what a frame has after the call."""


def short_way(executable: Any, result: Structure, arguments: Sequence[tuple[Structure, bool]], no: Any) -> Any:
    """A function of the tuple of arguments, or None where there is none for such.

    `arguments` are structures, of the argument or, where it varies by row, of a row's. It answers `no` to arguments that are
    of other structures or types.
    """
    readers: list[Reader] = []
    start = block = 0
    for structure, by_row in arguments:
        alone = not by_row and structure.size == executable.inputs
        reader = _rows_reader(structure, block) if by_row else _reader(structure, start, alone=alone)
        if reader is None:
            return None
        readers.append(reader)
        start += 0 if by_row else structure.size
        block += by_row
    make = None if executable.by_row else _maker(result, 0)
    make_by_row = _by_row_maker(result) if executable.by_row else None
    if make is None and make_by_row is None:
        return None
    entry, take, frames, by_row_result = executable.entry, executable.frame, executable.frames, executable.by_row_result

    def call(args: tuple[Any, ...]) -> Any:
        if len(args) != len(readers):
            return no
        frame = take()
        frame.count = 0
        frame.call[0] = frame.own_inputs
        for reader, argument in zip(readers, args):  # noqa: B905 - as many, by the line above
            if not reader(frame, argument):
                frames.append(frame)
                return no
        count = frame.count
        frame.call[4] = count
        if make is not None:
            entry(frame.address)
            made = make(frame)
        elif make_by_row is not None:
            out = by_row_result(frame, count)
            entry(frame.address)
            made = make_by_row(out, count)
        frames.append(frame)
        return made

    return call


# --- arguments --------------------------------------------------------------------------------------------------------


def _reader(structure: Structure, start: int, *, alone: bool) -> Reader | None:
    """A number, a list of numbers or an array, shared by all rows; an array that is `alone` is not copied."""
    end = start + structure.size
    shape = structure.keys

    def number(frame: Any, x: Any) -> bool:
        if type(x) is not float:
            return False
        frame.inputs[start] = x
        return True

    def numbers(frame: Any, x: Any) -> bool:
        if type(x) is not structure.kind or len(x) != end - start or set(map(type, x)) != ONLY_FLOATS:
            return False
        frame.inputs[start:end] = x
        return True

    def array(frame: Any, x: Any) -> bool:
        if type(x) is not ARRAY or x.dtype is not FLOAT64 or x.shape != shape or not x.flags.c_contiguous:
            return False
        if alone:
            frame.call[0] = frame.cell(x, -1)
        else:
            frame.in_view[start:end] = x if len(shape) == 1 else x.ravel()
        return True

    if structure.kind is None:
        return number
    if structure.kind == "array":
        return array if structure.size else None
    return numbers if structure.kind in (list, tuple) and set(structure.children) == {NUMBER} else None


def _rows_reader(structure: Structure, block: int) -> Reader | None:
    """An array with a row for each call of the function."""
    if structure.kind not in (None, "array") or not structure.size:
        return None
    shape = structure.keys
    dimensions = len(shape) + 1

    def rows(frame: Any, x: Any) -> bool:
        if type(x) is not ARRAY or x.dtype is not FLOAT64 or x.ndim != dimensions or not x.flags.c_contiguous:
            return False
        count = len(x)
        if x.shape[1:] != shape or not count or count != (frame.count or count):
            return False
        frame.count = count
        frame.call[5 + block] = frame.cell(x, 2 + block)
        return True

    return rows


# --- results ----------------------------------------------------------------------------------------------------------


def _maker(structure: Structure, start: int) -> Maker | None:  # noqa: PLR0911 - one for each kind
    """The result from outputs from `start` on; those of some kinds in one step."""
    end = start + structure.size
    kind, shape = structure.kind, structure.keys
    if kind is None:
        return lambda frame: frame.out[start]
    if kind == "array":
        if len(shape) == 1:
            return lambda frame: frame.out_view[start:end].copy()
        return lambda frame: frame.out_view[start:end].reshape(shape).copy()
    if kind not in (list, tuple):
        return None
    if set(structure.children) == {NUMBER}:
        return lambda frame: kind(frame.out[start:end])
    parts = []
    for child in structure.children:
        parts.append(_maker(child, start))
        start += child.size
    makers = [part for part in parts if part is not None]
    if len(makers) < len(parts):
        return None
    if kind is tuple and len(makers) == 2:  # a value and its gradient
        value, gradient = makers
        return lambda frame: (value(frame), gradient(frame))
    return lambda frame: kind([make(frame) for make in makers])


def _by_row_maker(structure: Structure) -> Callable[[Any, int], Any] | None:
    """The result by row: one number, or an array."""
    if structure.kind is None:
        return lambda out, count: out[0, :count]
    if structure.kind == "array" and math.prod(structure.keys):
        return lambda out, count: np.ascontiguousarray(out[:, :count].T).reshape(count, *structure.keys)
    return None
