"""The random numbers that a model's forward pass draws for each sample, such as `Dropout`'s, as inputs of compiled code."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograd import Value
from nn.layers.dropout import DRAWS, Dropout


class Draws:
    """What one trace of a forward pass drew: a Value stands for each number, with the module whose generator gives it."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.modules: list[Dropout] = []

    def _draw(self, module: Dropout) -> Value:
        self.values.append(Value(0.5, label=f"draw {len(self.values)}"))
        self.modules.append(module)
        return self.values[-1]

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """A context in which draws are Values."""
        token = DRAWS.set(self._draw)
        try:
            yield
        finally:
            DRAWS.reset(token)

    def next(self, count: int) -> Any:
        """The draws for so many samples, one after another, as the forward pass would make them: an array, a row for each."""
        import numpy as np

        found = np.empty((count, len(self.modules)))
        places: dict[int, list[int]] = defaultdict(list)
        for i, module in enumerate(self.modules):
            places[id(module.rng)].append(i)
        for columns in places.values():
            rng, drawn = self.modules[columns[0]].rng, count * len(columns)
            # as many as `uniform(0.0, 1.0)` would draw, and the same
            numbers = [rng.random() for _ in range(drawn)] if hasattr(rng, "getstate") else rng.random(drawn)
            found[:, columns] = np.reshape(numbers, (count, len(columns)))
        return found


@contextmanager
def fixed_draws(numbers: Iterator[float]) -> Iterator[None]:
    """A context in which the next draws are these numbers."""
    token = DRAWS.set(lambda _: next(numbers))
    try:
        yield
    finally:
        DRAWS.reset(token)
