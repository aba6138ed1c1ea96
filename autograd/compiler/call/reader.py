"""The short way of a call: arguments that fit its signature go straight into the frame; all others take the long way."""

import ctypes
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd.compiler.call.signature import WORDS, Argument, Part, Signature
from autograd.compiler.run.frame import ARRAYS, FLOAT64, INPUTS, SLOT, Frames

ARRAY = np.ndarray
ONLY_FLOATS = {float}
ONLY_ARRAYS = {ARRAY}
Reader = Callable[[Any, Any], bool]  # puts an argument into a frame, if it fits
Maker = Callable[[Any], Any]  # makes a result of what a frame has after the call
RowMaker = Callable[[Any, int], Any]  # makes a result by row, for the call to fill


def short_way(signature: Signature, run: Callable[..., Any], frames: Frames, no: Any) -> Callable[[tuple[Any, ...]], Any]:
    """A function of the tuple of arguments, which answers `no` if they do not fit. `run` runs a frame."""
    # each call has its own frame, and gives it back when the result is made; one that an exception keeps from that is freed
    readers = [_reader(argument) if argument.array is None else _rows_reader(argument) for argument in signature.arguments]
    make = None if signature.by_row else _maker(signature.result)
    alike = [(i, x.like) for i, x in enumerate(signature.arguments) if x.like not in (None, i)]
    make_by_row = _by_row_maker(signature.result, itertools.count())
    take, give_back = frames.take, frames.give_back

    def call(args: tuple[Any, ...]) -> Any:
        if len(args) != len(readers):
            return no
        frame = take()
        frame.count = 0
        frame.slots[INPUTS] = frame.own_inputs
        for reader, argument in zip(readers, args):  # noqa: B905 - as many, by the line above
            if not reader(frame, argument):
                give_back(frame)
                return no
        if alike and any(_length(args[i]) != _length(args[j]) for i, j in alike):
            give_back(frame)
            return no
        count = frame.count
        frame.all_rows(count)
        if make is not None:
            run(frame, args)
            made = make(frame)
        else:
            made = make_by_row(frame, count)
            run(frame, (args, made))
        give_back(frame)
        return made

    return call


def _length(argument: Any) -> int:
    """How long a sequence is, or those in a tuple or dict."""
    if isinstance(argument, ARRAY):
        return len(argument)
    return len(next(iter(argument.values() if isinstance(argument, dict) else argument)))


def _reader(argument: Argument) -> Reader:
    """A number, a list of numbers or an array, shared by all rows; or a list or dict of such."""
    kind, shape, start, end, _, alone, parts, _ = argument

    def number(frame: Any, x: Any) -> bool:
        if type(x) is not float:
            return False
        frame.inputs[start] = x
        return True

    def numbers(frame: Any, x: Any) -> bool:
        if type(x) is not kind or len(x) != end - start or set(map(type, x)) != ONLY_FLOATS:
            return False
        frame.inputs[start:end] = x
        return True

    def array(frame: Any, x: Any) -> bool:
        if type(x) is not ARRAY or x.dtype is not FLOAT64 or x.shape != shape or not x.flags.c_contiguous:
            return False
        if alone:
            frame.point(INPUTS, x)
        else:
            frame.in_view[start:end] = x if len(shape) == 1 else x.ravel()
        return True

    if kind == "rows":
        return _sequence_reader(argument)
    return _parts_reader(argument) if parts else number if kind is None else array if kind == "array" else numbers


def _parts_reader(argument: Argument) -> Reader:
    """A list, tuple or dict of arguments."""
    kind, keys = argument.kind, argument.shape
    readers = [_reader(part) for part in argument.parts]
    together = argument.parts[0].kind == "rows"  # of one length

    def several(frame: Any, x: Any) -> bool:
        if type(x) is not kind or len(x) != len(readers) or (kind is dict and tuple(x) != keys):
            return False
        found = x.values() if kind is dict else x
        if together and (set(map(type, found)) != ONLY_ARRAYS or len({part.shape[:1] for part in found}) != 1):
            return False
        return all(read(frame, part) for read, part in zip(readers, found))  # noqa: B905 - as many, by the lines above

    return several


def _sequence_reader(argument: Argument) -> Reader:
    """An array of rows, as many as there are: where they lie, and their number."""
    shape, words = argument.shape, slice(argument.start, argument.end)
    dimensions = len(shape) + 1

    def sequence(frame: Any, x: Any) -> bool:
        if type(x) is not ARRAY or x.dtype is not FLOAT64 or x.ndim != dimensions or not x.flags.c_contiguous:
            return False
        if x.shape[1:] != shape or not len(x):
            return False
        frame.in_view[words].view(np.int64)[:] = x.ctypes.data, len(x)
        return True

    return sequence


def _rows_reader(argument: Argument) -> Reader:
    """An array with a row for each call of the function."""
    shape = argument.shape
    dimensions, slot = len(shape) + 1, ARRAYS + (argument.array or 0)

    def rows(frame: Any, x: Any) -> bool:
        if type(x) is not ARRAY or x.dtype is not FLOAT64 or x.ndim != dimensions or not x.flags.c_contiguous:
            return False
        count = len(x)
        if x.shape[1:] != shape or not count or count != (frame.count or count):
            return False
        frame.count = count
        frame.point(slot, x)
        return True

    return rows


def _maker(part: Part) -> Maker:
    """Makes one part of the result; those of some kinds in one step."""
    kind, shape, start, end, parts, *_ = part
    if kind is None:
        return lambda frame: frame.out[start]
    if kind == "array":
        if len(shape) == 1:
            return lambda frame: frame.out_view[start:end].copy()
        return lambda frame: frame.out_view[start:end].reshape(shape).copy()
    if kind == "rows":
        return lambda frame: rows_at(frame.out, start, shape)
    if part.flat:
        return lambda frame: kind(frame.out[start:end])
    return _maker_of_parts(kind, shape, [_maker(part) for part in parts])


def rows_at(out: Any, place: int, shape: tuple[int, ...]) -> Any:
    """An array of rows of that shape, copied from where two words of the outputs say that they lie, and how many they are."""
    words = ctypes.addressof(out) + SLOT * place
    pointer, count = (ctypes.c_int64 * WORDS).from_address(words)
    rows = np.empty((count, *shape))
    ctypes.memmove(rows.ctypes.data, pointer, rows.nbytes)
    return rows


def _maker_of_parts(kind: Any, keys: tuple[Any, ...], makers: list[Maker]) -> Maker:
    if kind is dict:
        return lambda frame: dict(zip(keys, [make(frame) for make in makers], strict=True))
    if kind is tuple and len(makers) == 2:  # a value and its gradient
        value, gradient = makers
        return lambda frame: (value(frame), gradient(frame))
    return lambda frame: kind([make(frame) for make in makers])


def _by_row_maker(part: Part, places: Iterator[int]) -> RowMaker:
    """Makes one part of the result by row; each array has the next of the places."""
    kind, shape = part.kind, part.shape
    if kind is not None and kind != "array":
        makers = [_by_row_maker(part, places) for part in part.parts]
        if kind is dict:
            return lambda frame, count: dict(zip(shape, [make(frame, count) for make in makers], strict=True))
        return lambda frame, count: kind([make(frame, count) for make in makers])
    place = next(places)

    def array(frame: Any, count: int) -> Any:
        made = np.empty((count, *shape))
        frame.point(frame.results + place, made)
        return made

    return array
