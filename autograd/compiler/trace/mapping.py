"""Mapped arguments taken apart into rows, and results by row put together."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from autograd.compiler.blocks import in_blocks
from autograd.primitives import sum_, truediv
from autograd.real import is_node
from autograd.structures import (
    NUMBER,
    Structure,
    access,
    as_argument,
    as_array,
    flatten,
    of_numbers,
    outline,
    rebuild,
    unflatten,
)

NO_NUMPY = "arguments mapped over rows (in_axes) need NumPy: pip install 'chainrule[jit]'"


LARGE = 1 << 20  # numbers, from which an array is converted a few rows at a time


class Source:
    """An array of rows, perhaps larger than memory: they are converted on demand, to float64 of shape (rows, width)."""

    def __init__(self, array: Any, width: int) -> None:
        import numpy as np

        self._array, self.width, self.dtype = array, width, np.dtype(float)

    def __len__(self) -> int:
        return len(self._array)

    def rows(self, first: int, last: int) -> Any:
        """The rows from a first to before a last one, C-contiguous."""
        return self[first:last]

    def __getitem__(self, which: Any) -> Any:
        import numpy as np

        rows = np.ascontiguousarray(self._array[which], float)
        return rows.ravel() if isinstance(which, int) else rows.reshape(len(rows), self.width)

    def copy(self) -> Any:
        """All rows, as an array."""
        return self[:].copy()

    def ravel(self) -> Any:
        """All numbers."""
        return self[:].ravel()


class Mapped(NamedTuple):
    """An argument mapped over rows: the structure of one row, and a C-contiguous array of shape (rows, width) for each part."""

    structure: Structure
    arrays: list[Any]  # float64 or a Source, or of objects where there are Values or Symbols among the numbers
    axis: int = 0

    @property
    def numeric(self) -> bool:
        """Whether it holds plain numbers alone."""
        return all(array.dtype.kind == "f" for array in self.arrays)

    def shape(self, i: int, rows: int) -> tuple[int, ...]:
        """The shape of the argument's array i, with that many rows."""
        shape = list(self.structure.parts()[i].keys)
        shape.insert(self.axis if self.axis >= 0 else self.axis + len(shape) + 1, rows)
        return tuple(shape)

    def row(self, i: int) -> Any:
        """The argument for one row."""
        return unflatten(self.structure, [x for array in self.arrays for x in array[i].tolist()], as_argument)


def mapped(argument: Any, axis: int, what: str, *, opened: bool = False) -> Mapped:
    """An argument, an array or nested lists, tuples or dicts of arrays, mapped over that axis of each.

    Lists of numbers in a tuple are the rows of an array; if it is `opened`, sequences, as for `scan` and `vmap`. TypeError for
    anything but arrays of real numbers, ValueError for an array without that axis or arrays of unequal length.
    """
    try:
        import numpy as np
    except ModuleNotFoundError:
        raise ModuleNotFoundError(NO_NUMPY) from None

    structure, items = outline(argument)
    by = access(structure.kind)
    sequences = opened and isinstance(argument, tuple) and any(isinstance(x, list | deque) for x in items)
    if not by or (by == "index" and not holds_arrays(items) and not sequences):
        return _mapped_array(np, argument, axis, what)
    paths = of_numbers(structure, len(items)).paths()
    parts = [mapped(item, axis, what + path, opened=opened) for path, item in zip(paths, items, strict=True)]
    arrays = [array for part in parts for array in part.arrays]
    names = range(len(items)) if by == "index" else structure.keys
    for (one, a), (other, b) in pairwise([(key, part) for key, part in zip(names, parts, strict=True) if part.arrays]):
        rows, others = len(a.arrays[0]), len(b.arrays[0])
        if rows != others:
            raise ValueError(
                f"{what} holds arrays of {rows} and {others} rows: {one!r} has shape {a.shape(0, rows)}, "
                f"{other!r} {b.shape(0, others)}, and all need the same number of rows"
            )
    return Mapped(structure._replace(children=tuple([part.structure for part in parts])), arrays, axis)


def holds_arrays(items: Any) -> bool:
    """Whether the items of a list hold arrays or dicts: then it is a structure of arrays, and else an array's rows."""
    if not {"key", "name", "part"}.isdisjoint(map(access, {*map(type, items)})) or any(getattr(x, "ndim", 0) for x in items):
        return True
    first = next(iter(items), None)
    return access(type(first)) == "index" and holds_arrays(first)


def _mapped_array(np: Any, argument: Any, axis: int, what: str) -> Mapped:
    if isinstance(argument, np.ma.MaskedArray):
        raise TypeError(f"{what} must be an array of real numbers, not a masked one: fill it first, x.filled(0.0)")
    try:
        array = np.asarray(argument)
    except ValueError:
        message = f"{what} is mapped over rows, and its rows have unequal lengths: give all rows the same length"
        raise ValueError(message) from None
    if array.dtype.kind not in "fiubO":
        raise TypeError(f"{what} must be an array of real numbers, not of dtype {array.dtype}: convert it, x.astype(float)")
    if not -array.ndim <= axis < array.ndim:
        wanted = f"at least {axis + 1 if axis >= 0 else -axis} dimensions"
        raise ValueError(
            f"{what} is mapped over axis {axis}, which needs an array of {wanted}; it was given shape {array.shape}. "
            f"Where all rows share it, say None: in_axes=(..., None, ...)"
        )
    array = np.moveaxis(array, axis, 0)
    shape, width = array.shape[1:], int(np.prod(array.shape[1:]))
    ready = array.dtype == float and array.flags.c_contiguous
    if array.dtype.kind != "O" and not ready and array.size > LARGE:
        return Mapped(Structure("array", shape) if shape else NUMBER, [Source(array, width)], axis)
    flat = array.reshape(len(array), width)
    if array.dtype.kind == "O":
        numbers, _ = flatten(flat, what)
        flat = as_array(numbers, flat.shape)
    rows = np.ascontiguousarray(flat, None if flat.dtype.kind == "O" else float)
    return Mapped(Structure("array", shape) if shape else NUMBER, [rows], axis)


def by_row(structure: Structure, outputs: Sequence[Any], count: int) -> Any:
    """Results by row, a sequence a number, in the structure of one row's: an array of shape (rows, ...) for each part."""
    import numpy as np

    arrays, start = [], 0
    for part in structure.parts():
        columns = outputs[start : start + part.size]
        start += part.size
        if any(is_node(x) for column in columns for x in column):
            array = as_array([x for row in zip(*columns, strict=True) for x in row], (count, part.size))
        else:
            array = np.array(columns, dtype=float).reshape(part.size, count).T
        arrays.append(np.ascontiguousarray(array).reshape(count, *(part.keys if part.kind is not None else ())))
    return rebuild(structure, arrays)


def of_parts(structure: Structure, arrays: Sequence[Any]) -> Any:
    """Results by row, an array of shape (rows, width) a part, in the structure of one row's."""
    shapes = [part.keys if part.kind is not None else () for part in structure.parts()]
    return rebuild(structure, [array.reshape(len(array), *shape) for array, shape in zip(arrays, shapes, strict=True)])


def map_rows(f: Callable[..., Any], arguments: Sequence[Any], reduce: str | None, what: str) -> Any:
    """f of every row, one by one, reduced: what a compiled map computes, for Values and Symbols."""
    count = row_count(arguments)
    if not count:
        raise ValueError(
            f"{what}: there are no rows to map over, so the structure of the result is unknown: pass at least one row"
        )
    results = [f(*[x.row(i) if isinstance(x, Mapped) else x for x in arguments]) for i in range(count)]
    structure = flatten(results[0], what)[1]
    columns = list(zip(*[flatten(result, what, structure)[0] for result in results], strict=True))
    if reduce is None:
        return by_row(structure, columns, count)
    sums = [in_blocks(sum_, column) for column in columns]
    return unflatten(structure, sums if reduce == "sum" else [truediv(x, float(count)) for x in sums], as_array)


def row_count(arguments: Iterable[Any]) -> int:
    """How many rows the mapped ones among the arguments have."""
    return next(len(argument.arrays[0]) for argument in arguments if isinstance(argument, Mapped) and argument.arrays)
