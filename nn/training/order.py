"""The order in which a training takes its samples."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from nn.training.generators import generator_state, set_generator_state


class Order:
    """The numbers of the samples, shuffled once more for each epoch, or in order without a generator.

    >>> order, wanted = Order(5, Random(0)), list(range(5))
    >>> Random(0).shuffle(wanted)
    >>> order.next() == wanted
    True
    """

    def __init__(self, count: int, rng: Random | None) -> None:
        self.rows: Any = list(range(count))
        self.rng = rng
        self._shuffle: Callable[[Any, Random], Any] = _shuffled

    def compiled(self, shuffle: Callable[[Any, Random], Any]) -> None:
        """From now on give arrays of int64; `shuffle` takes one and the generator, and returns what `rng.shuffle` makes."""
        import numpy as np

        self.rows, self._shuffle = np.array(self.rows, dtype=np.int64), shuffle

    def eager(self) -> None:
        """From now on give lists."""
        self.rows, self._shuffle = list(map(int, self.rows)), _shuffled

    def next(self) -> Any:
        """The numbers for the next epoch."""
        if self.rng is not None:
            self.rows = self._shuffle(self.rows, self.rng)
        return self.rows

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
        self.rows[:] = rows


def _shuffled(rows: list[int], rng: Random) -> list[int]:
    found = list(rows)
    rng.shuffle(found)
    return found
