"""Samples that come in chunks, read one chunk after another, and again for each pass: of all, one chunk is in memory."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import FunctionType, MethodType
from typing import Any

from nn.inputs import described, is_array_like, is_iterable
from nn.training.rows import Telling
from nn.training.samples import Samples


class Anew:
    """An iterable of what a function makes, called for each pass: of a generator function, a new generator.

    >>> anew = Anew(lambda: (i for i in range(3)))
    >>> list(anew), list(anew)
    ([0, 1, 2], [0, 1, 2])
    """

    def __init__(self, make: Callable[[], Iterable[Any]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Any]:
        return iter(self._make())


class Chunks:
    """The chunks of an iterable that can be gone through again and again: each a pair of inputs and targets, checked."""

    def __init__(self, source: Iterable[Any], name: str) -> None:
        """Go through all of them once."""
        self.lengths: list[int] = []
        self.starts = [0]
        self.shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self.telling = Telling()
        self._source, self._name = source, name
        self._rest: Iterator[Any] = iter(())
        self._number = -1
        self._chunk: Samples | None = None  # the one that is in memory, of that number
        for i, pair in enumerate(source):
            chunk = self._checked(i, pair)
            self.shapes = shapes_of(chunk)
            self.telling.add(self.starts[-1], chunk.targets)
            self.lengths.append(len(chunk))
            self.starts.append(self.starts[-1] + len(chunk))
        if not self.lengths:
            raise ValueError(f"{name} is empty: give at least one chunk, a pair (inputs, targets)")

    def holding(self, i: int) -> tuple[Samples, int]:
        """The chunk with the sample of that number, and the number of its first sample."""
        number = bisect_right(self.starts, i) - 1
        return self._read(number), self.starts[number]

    def _read(self, number: int) -> Samples:
        chunk = self._chunk
        if chunk is None or number != self._number:
            if number <= self._number or chunk is None:
                self._rest, self._number = iter(self._source), -1
            skipped = number - self._number - 1
            self._chunk = chunk = None  # so that there are never two
            pair = next(islice(self._rest, skipped, None), self)
            if pair is self:
                raise ValueError(
                    f"{self._name} ended before {self._name}[{number}], and had {len(self.lengths)} in the first pass: an "
                    "iterable of chunks gives the same ones in each pass"
                )
            self._chunk = chunk = self._checked(number, pair)
            self._number = number
        return chunk

    def _checked(self, number: int, pair: Any) -> Samples:
        """A chunk; ValueError or TypeError unless it has samples like the first one's, as many as in the first pass."""
        name = f"{self._name}[{number}]"
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            what = f"a {type(pair).__name__}" + (f" of {len(pair)}" if isinstance(pair, tuple | list) else "")
            raise TypeError(
                f"without y, {self._name} is an iterable of chunks, and each must be a pair (inputs, targets); {name} is "
                f"{what}: fit(model, X, y, ...) for data that are no chunks"
            )
        try:
            found = Samples.of(pair[0], pair[1], (f"{name}[0]", f"{name}[1]"))
        except (TypeError, ValueError) as error:
            error.add_note(f"Without y, {self._name} is an iterable of chunks, pairs (inputs, targets)")
            raise
        if number < len(self.lengths) and len(found) != self.lengths[number]:
            raise ValueError(
                f"{name} has {len(found)} samples, and had {self.lengths[number]} in the first pass: an iterable of chunks "
                "gives the same ones in each pass"
            )
        here, there = shapes_of(found), self.shapes or shapes_of(found)
        for i in (0, 1):
            if here[i] != there[i]:
                raise ValueError(
                    f"{name}[{i}] has samples {described(here[i])}, {self._name}[0][{i}] samples {described(there[i])}: "
                    "give all the same"
                )
        return found


def shapes_of(samples: Samples) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of one input and one target."""
    return samples.input_shape, samples.target_shape


class Part(Sequence[Any]):
    """The inputs, or the targets, of all chunks one after another. Going through them in order reads each chunk once."""

    def __init__(self, chunks: Chunks, name: str) -> None:
        self._chunks, self._name = chunks, name

    def __len__(self) -> int:
        return self._chunks.starts[-1]

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        chunk, first = self._chunks.holding(range(len(self))[i])
        return getattr(chunk, self._name)[range(len(self))[i] - first]

    def __iter__(self) -> Iterator[Any]:
        for start in self._chunks.starts[:-1]:
            yield from getattr(self._chunks.holding(start)[0], self._name)


@dataclass(frozen=True)
class ChunkedSamples(Samples):
    """Samples in chunks."""

    chunks: Chunks

    @classmethod
    def read(cls, source: Any, name: str) -> "ChunkedSamples":
        """Go through an iterable of chunks once, and check each.

        Raises TypeError for anything else, and for an iterator, which ends with the first pass; ValueError for chunks that do
        not fit together.
        """
        if isinstance(source, FunctionType | MethodType):
            source = Anew(source)
        if not is_iterable(source):
            whole = hasattr(type(source), "__getitem__") and hasattr(type(source), "__len__") and not is_array_like(source)
            ways = f"DataLoader({name}, batch_size=32) for a data set" if whole else "fit(model, X, y, ...)"
            raise TypeError(
                f"y is missing, and without it {name} must be an iterable of chunks, pairs (inputs, targets), not a "
                f"{type(source).__name__}: {ways}"
            )
        if iter(source) is source:
            raise TypeError(
                f"{name} is a {type(source).__name__}, which can be gone through only once, and each epoch goes through it "
                "again: give a list of chunks, an object whose __iter__ begins anew, such as a DataLoader, or a function "
                "that makes the chunks, not called: fit(model, make_chunks, ...)"
            )
        chunks = Chunks(source, name)
        inputs, targets = Part(chunks, "inputs"), Part(chunks, "targets")
        input_shape, target_shape = chunks.shapes or ((), ())
        return cls(inputs, targets, input_shape, target_shape, (name, name), chunks)

    @property
    def lengths(self) -> Sequence[int]:
        """How many samples there are in each chunk."""
        return self.chunks.lengths

    @property
    def telling(self) -> list[tuple[int, Any]]:
        """Targets by which a loss or metric can be tried."""
        return self.chunks.telling.chosen

    @property
    def arrays(self) -> None:
        """None: chunks are read one at a time."""
        return

    def take(self, rows: Any, into: tuple[Any, Any]) -> None:
        """Copy the samples of these numbers, all of one chunk, to the first rows of two arrays."""
        chunk, first = self.chunks.holding(int(rows[0]))
        chunk.take(rows - first, into)

    def blocks(self, most: int = 1024) -> Iterator[tuple[Any, Any]]:
        """Inputs and targets as arrays of floats, from first to last, up to `most` at a time."""
        for start in self.chunks.starts[:-1]:
            yield from self.chunks.holding(start)[0].blocks(most)
