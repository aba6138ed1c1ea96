"""The order in which a training takes its samples."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Any

from nn.training.generators import generator_state, set_generator_state


def begins(lengths: Sequence[int], size: int) -> list[int]:
    """The first place of each batch of an epoch, and the end of the last: of samples in chunks, a batch has those of one alone.

    >>> begins([5, 4], 2)
    [0, 2, 4, 5, 7, 9]
    """
    found: list[int] = []
    start = 0
    for length in lengths:
        found += range(start, start + length, size)
        start += length
    return [*found, start]


Shuffle = Callable[[Any, Random, int], Any]


class Order:
    """The numbers of the samples, shuffled once more for each epoch, or in order without a generator.

    Where samples come in chunks, of these `lengths`, the chunks stay in order, and each is shuffled within.

    >>> order, wanted = Order(5, Random(0)), list(range(5))
    >>> Random(0).shuffle(wanted)
    >>> order.next() == wanted
    True
    """

    def __init__(self, count: int, rng: Random | None, lengths: Sequence[int] = ()) -> None:
        self.rows: Any = range(count)
        self._chunks = list(pairwise(begins(lengths, count))) if len(lengths) > 1 else []
        self.rng = rng
        self._shuffle: Shuffle = _shuffled

    def compiled(self, shuffle: Shuffle) -> None:
        """From now on give arrays of int64; `shuffle` takes one, the generator, and how often to do what `rng.shuffle` does."""
        import numpy as np

        self.rows = (
            np.arange(len(self.rows), dtype=np.int64) if isinstance(self.rows, range) else np.array(self.rows, dtype=np.int64)
        )
        self._shuffle = shuffle

    def eager(self) -> None:
        """From now on give lists."""
        self.rows, self._shuffle = list(map(int, self.rows)), _shuffled

    def next(self) -> Any:
        """The numbers for the next epoch."""
        if self.rng is not None:
            if not self._chunks:
                self.rows = self._shuffle(self.rows, self.rng, 1)
            else:
                rows = list(self.rows) if isinstance(self.rows, range) else self.rows.copy()
                for first, last in self._chunks:
                    rows[first:last] = self._shuffle(rows[first:last], self.rng, 1)
                self.rows = rows
        return self.rows

    def arrays(self, epochs: int) -> Any:
        """The numbers for that many epochs, one after another in one array."""
        import numpy as np

        if self.rng is None or self._chunks or epochs == 1:
            return np.concatenate([self.next() for _ in range(epochs)])
        found = self._shuffle(self.rows, self.rng, epochs)
        self.rows = found[-len(self.rows) :]
        return found

    def state_dict(self) -> dict[str, Any]:
        """What the next orders depend on."""
        return {"rows": list(map(int, self.rows)), "rng": self.rng and generator_state(self.rng, "rng")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; ValueError for the order of other samples."""
        rows = state["rows"]
        if sorted(rows) != list(range(len(self.rows))):
            raise ValueError(f"it has the order of {len(rows)} samples, and this training has {len(self.rows)}")
        if (self.rng is None) is not (state["rng"] is None):
            raise ValueError("one of both shuffles its samples, and the other does not: give the same shuffle=")
        if self.rng is not None:
            set_generator_state(self.rng, state["rng"])
        if isinstance(self.rows, range):
            self.rows = list(rows)
        else:
            self.rows[:] = rows


def _shuffled(rows: list[int], rng: Random, times: int) -> list[int]:
    found, last = [], list(rows)
    for _ in range(times):
        rng.shuffle(last)
        found += last
    return found
