"""Rows that lie in chunks, perhaps on many machines: Dask arrays as mapped arguments.

Each chunk is a call of its own, where Dask has the chunk. By row, the result is a lazy Dask array, or a structure of them.
Reduced, each call gives the sums over its rows, and these are added from the first chunk to the last: the bits depend on the
chunks, and not on who computed them. A mean is divided once, by the number of all rows.
"""

import math
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any

from autograd.compiler.node import Compiled, Rows
from autograd.compiler.trace.arguments import Shared, StandIn
from autograd.compiler.trace.mapping import by_row, holds_arrays, mapped
from autograd.locks import Lock
from autograd.modes import current_mode
from autograd.primitives import truediv
from autograd.real import is_node
from autograd.structures import Structure, access, as_array, of_numbers, outline, rebuild, unflatten

KEPT = 64  # programs that a process keeps compiled: those used last
AT_ONCE = 16  # chunks whose sums are added in one task


class Programs:
    """Programs that came from elsewhere, by key: compiled once in a process."""

    def __init__(self) -> None:
        self._lock = Lock(rank=1)
        self._known: OrderedDict[str, Compiled] = OrderedDict()

    def get(self, key: str, code: bytes | None = None) -> Compiled | None:
        """The one with that key; from its pickle if there is one."""
        with self._lock:
            if key not in self._known:
                if code is None:
                    return None
                self._known[key] = pickle.loads(code)  # noqa: S301 - from whoever may have us run what they like
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            return self._known[key]

    def __contains__(self, key: str) -> bool:
        return key in self._known


PROGRAMS = Programs()
"""Those of this process."""


class Parcel:
    """A program on its way to others, and the key by which they know it if they have it."""

    def __init__(self, compiled: Compiled) -> None:
        self.code = pickle.dumps(compiled)
        self.key = blake2b(self.code, digest_size=16).hexdigest()

    def opened(self) -> Compiled:
        """This process's copy of the program."""
        found = PROGRAMS.get(self.key, self.code)
        assert found is not None  # noqa: S101 - it comes with its code
        return found


# --- arguments --------------------------------------------------------------------------------------------------------


def is_chunked(thing: Any) -> bool:
    """Whether it is a Dask array; does not import Dask."""
    dask = sys.modules.get("dask.array")
    return dask is not None and isinstance(thing, dask.Array)


def any_chunked(arguments: Sequence[Any]) -> bool:
    """Whether any of the arguments holds Dask arrays."""
    if sys.modules.get("dask.array") is None:
        return False
    return any(is_chunked(part) for argument in arguments for part, _ in _parts(argument, ""))


def _parts(argument: Any, path: str) -> Iterator[tuple[Any, str]]:
    """The arrays in a mapped argument, each with the code that leads to it."""
    structure, items = outline(argument)
    by = access(structure.kind)
    if not by or (by == "index" and not holds_arrays(items)):
        yield argument, path
    else:
        for item, one in zip(items, of_numbers(structure, len(items)).paths(), strict=True):
            yield from _parts(item, path + one)


def _with_parts(argument: Any, parts: Iterator[Any]) -> Any:
    """The argument with other arrays."""
    structure, items = outline(argument)
    by = access(structure.kind)
    if not by or (by == "index" and not holds_arrays(items)):
        return next(parts)
    return rebuild(of_numbers(structure, len(items)), [_with_parts(item, parts) for item in items])


class Chunks:
    """The mapped arguments of a call: arrays in like chunks, and for the trace one row of each."""

    def __init__(self, args: Sequence[Any], axes: Sequence[int | None], names: Sequence[str], who: str) -> None:
        self.who = who
        self.axes: list[int] = []
        self.arrays: list[Any] = []  # Dask's or NumPy's, in one piece along all other axes
        self.whats: list[str] = []
        self.one_row = list(args)
        for i, axis in enumerate(axes):
            if axis is not None:
                what = f"{who}: argument {names[i]!r}"
                taken = [self._taken(part, axis, path) for part, path in _parts(args[i], what)]
                self.one_row[i] = _with_parts(args[i], iter(taken))
        first = next(i for i, array in enumerate(self.arrays) if is_chunked(array))
        self.lengths: tuple[Any, ...] = self.arrays[first].chunks[self.axes[first]]  # nan where Dask does not know
        for i, array in enumerate(self.arrays):
            if not is_chunked(array):
                self.arrays[i] = self._in_chunks(i, first)
            elif _shown(array.chunks[self.axes[i]]) != _shown(self.lengths):
                raise ValueError(
                    f"{self.whats[first]} has its rows in chunks of {_shown(self.lengths)}, {self.whats[i]} in chunks of "
                    f"{_shown(array.chunks[self.axes[i]])}, and all need the same: "
                    f"y.rechunk({{{self.axes[i]}: x.chunks[{self.axes[first]}]}})"
                )

    def _taken(self, part: Any, axis: int, what: str) -> Any:
        """Take an array over; one row of zeros of its shape."""
        import numpy as np

        if is_chunked(part):
            if part.dtype.kind not in "fiub":
                raise TypeError(f"{what} must be a Dask array of real numbers, not of dtype {part.dtype}: x.astype(float)")
            mapped(np.zeros((1,) * part.ndim), axis, what)  # raises if there is no such axis
            part = part.rechunk({other: -1 for other in range(part.ndim) if other != axis % part.ndim})
        else:
            mapped(part, axis, what)  # raises TypeError for anything but an array of numbers
            part = np.asarray(part)
        axis %= part.ndim
        self.axes.append(axis)
        self.arrays.append(part)
        self.whats.append(what)
        return np.zeros([1 if other == axis else int(length) for other, length in enumerate(part.shape)])

    def _in_chunks(self, i: int, first: int) -> Any:
        """An array of NumPy's in the same chunks as the others."""
        import dask.array
        import numpy as np

        array, axis = self.arrays[i], self.axes[i]
        rows = mapped(array, axis, self.whats[i]).arrays[0]  # raises TypeError for anything but numbers
        if rows.dtype.kind != "f" or any(map(math.isnan, self.lengths)) or sum(self.lengths) != len(rows):
            raise ValueError(
                f"{self.whats[i]} has {len(rows)} rows in an array, {self.whats[first]} rows in chunks of "
                f"{_shown(self.lengths)}: give both as Dask arrays of the same chunks, or the same number of plain numbers"
            )
        chunks = tuple([self.lengths if other == axis else (n,) for other, n in enumerate(array.shape)])
        return dask.array.from_array(np.asarray(array, dtype=float), chunks=chunks)

    def tasks(self, function: Callable[..., Any], compiled: Compiled, numbers: Sequence[float]) -> list[Any]:
        """What a function of a program, its numbers, axes and arrays will give for each chunk."""
        import dask
        import numpy as np

        # a worker has a task for each of its threads
        compiled = Compiled(compiled.program, replace(compiled.options, threads=compiled.options.threads or 1), compiled.name)
        call = dask.delayed(function, pure=False)
        given = [dask.delayed(thing, traverse=False) for thing in (Parcel(compiled), np.array(numbers, dtype=float))]
        blocks = [array.to_delayed().ravel() for array in self.arrays]
        return [call(*given, self.axes, self.whats, *parts) for parts in zip(*blocks, strict=True)]


def _shown(lengths: Sequence[Any]) -> str:
    """Lengths of chunks as text, which equals that of others if they do."""
    return f"({', '.join(map(str, lengths))})"


# --- what is computed where a chunk is --------------------------------------------------------------------------------


def _rows(axes: Sequence[int], whats: Sequence[str], blocks: Sequence[Any]) -> Rows:
    arrays = [mapped(block, axis, what).arrays[0] for block, axis, what in zip(blocks, axes, whats, strict=True)]
    if len({*map(len, arrays)}) > 1:
        counts = ", ".join(f"{what} {len(array)}" for what, array in zip(whats, arrays, strict=True))
        raise ValueError(f"chunks that belong together have unequal numbers of rows: {counts}. Give all arrays the same chunks")
    return Rows(len(arrays[0]), tuple(arrays))


def _sums(parcel: Parcel, numbers: Any, axes: Sequence[int], whats: Sequence[str], *blocks: Any) -> Any:
    """How many rows a chunk has, and the sums over them, in an array."""
    import numpy as np

    rows = _rows(axes, whats, blocks)
    if not rows.count:
        return np.zeros(1 + len(parcel.opened().program.outputs))
    return np.array([rows.count, *parcel.opened().executable.run(numbers.tolist(), rows)])


def _by_row(
    parts: Sequence[Structure], parcel: Parcel, numbers: Any, axes: Sequence[int], whats: Sequence[str], *blocks: Any
) -> list[Any]:
    """The results for a chunk: an array for each part of a row's."""
    rows = _rows(axes, whats, blocks)
    outputs = parcel.opened().executable.run(numbers.tolist(), rows)
    return list(by_row(Structure(list, (), tuple(parts)), outputs, rows.count))


def _added(sums: Sequence[Any]) -> Any:
    """Their sum, from the first to the last."""
    found = sums[0]
    for more in sums[1:]:
        found = found + more
    return found


# --- results ----------------------------------------------------------------------------------------------------------


class ChunkedRows:
    """The rows of a call in chunks, in the place of `Rows`."""

    def __init__(self, chunks: Chunks) -> None:
        self.chunks = chunks

    @cached_property
    def _here(self) -> Rows:
        """The rows in the memory of this process."""
        import dask

        chunks = self.chunks
        return _rows(chunks.axes, chunks.whats, dask.compute(*chunks.arrays))

    @property
    def count(self) -> int:
        """How many there are."""
        lengths = self.chunks.lengths
        return self._here.count if any(map(math.isnan, lengths)) else int(sum(lengths))

    def of(self, row: int | None) -> Iterator[float]:
        """The numbers of one row, or of all."""
        return self._here.of(row)


class Chunked(Compiled):
    """A program that is summed over rows in chunks, in the place of a `Compiled`."""

    def __init__(self, whole: Compiled) -> None:
        super().__init__(whole.program, whole.options, whole.name)
        self._whole, self.idle = whole, whole.idle

    @property
    def executable(self) -> Any:
        """Runs the program, wherever Dask has its chunks."""
        return self

    @property
    def derived(self) -> Compiled:
        """As of a `Compiled`."""
        return Chunked(self._whole.derived)

    @property
    def arrivals(self) -> Compiled:
        """As of a `Compiled`."""
        return Chunked(self._whole.arrivals)

    def run(self, numbers: Sequence[float], rows: ChunkedRows) -> list[float]:
        """The sums over all chunks' rows, or the means."""
        import dask

        added = dask.delayed(_added, pure=False)
        sums = rows.chunks.tasks(_sums, Compiled(self.program, replace(self.options, reduce="sum"), self.name), numbers)
        total, rest = added(sums[:AT_ONCE]), sums[AT_ONCE:]
        while rest:
            total, rest = added([total, *rest[:AT_ONCE]]), rest[AT_ONCE:]
        count, *found = dask.compute(total)[0].tolist()
        if not count and self.options.reduce == "mean":
            raise ValueError(f"{rows.chunks.whats[0]} has no rows, and the mean of no rows is undefined: pass at least one")
        return [truediv.evaluate(x, count) for x in found] if self.options.reduce == "mean" else found

    def __reduce__(self) -> tuple[Any, ...]:
        return Chunked, (self._whole,)


def call_over_chunks(calls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], names: Sequence[str]) -> Any:
    """The result of a compiled function whose mapped arguments hold Dask arrays."""
    who, mode = calls.name, current_mode()
    if mode.tracer is not None:
        raise TypeError(f"{who} was called with Dask arrays while another function is traced: call it outside of jit")
    chunks = Chunks(args, calls.options.axes_of(len(args), who), names, who)
    traced, captured, arguments = calls.traced_with(*chunks.one_row, **kwargs)
    calls.latest = traced
    numbers = [*[number for x in arguments if isinstance(x, Shared | StandIn) for number in x.numbers], *captured]
    on_values, compiled = any(map(is_node, numbers)), traced.compiled
    if compiled.options.by_row:
        if on_values and mode.recording:
            raise TypeError(
                f"{who} takes Values beside Dask arrays, and each row of its result would be a Value, which no lazy array can "
                'hold: call it under no_grad(), or reduce the rows, by reduce="mean" for example'
            )
        return _lazy(traced, chunks, [x if type(x) is float else x.data for x in numbers])
    chunked, rows = Chunked(compiled), ChunkedRows(chunks)
    if on_values:
        found = chunked.apply(numbers, rows, at_once=len(compiled.program.outputs) == 1)  # type: ignore[arg-type]
        return unflatten(traced.structure, found, as_array)
    return unflatten(traced.structure, chunked.run(numbers, rows), as_array)


def _lazy(traced: Any, chunks: Chunks, numbers: Sequence[float]) -> Any:
    """The results by row, in Dask arrays."""
    import dask.array

    structure = traced.structure
    parts = structure.parts()
    compiled = traced.compiled
    tasks = chunks.tasks(partial(_by_row, parts), compiled, numbers)
    arrays = []
    for i, part in enumerate(parts):
        shape = part.keys if part.kind is not None else ()
        pieces = [
            dask.array.from_delayed(task[i], (length, *shape), dtype=float)
            for task, length in zip(tasks, chunks.lengths, strict=True)
        ]
        arrays.append(dask.array.concatenate(pieces, axis=0, allow_unknown_chunksizes=True))
    return rebuild(structure, arrays)
