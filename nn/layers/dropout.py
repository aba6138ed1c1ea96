"""Dropout: numbers left out at random while training."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from random import Random
from typing import Any

from autograd import TraceError, where
from autograd.modes import current_mode
from autograd.real import as_float, is_node
from autograd.traced import in_body
from nn.initialization import generator_of
from nn.inputs import each_number, number
from nn.module import Module


class Dropout(Module):
    """In training, x * 0 in place of each number with probability p, else x / (1 - p), so that the mean stays; in `eval()`, x.

    Takes a number, or nested lists or arrays of them, and returns lists nested alike. Numbers that are left out get the
    gradient 0, and so do parameters that lead nowhere else: an optimizer moves them on, as in PyTorch. Srivastava et al.,
    Dropout, 2014; scaled in training, as PyTorch's. `rng` is a `random.Random`, a NumPy Generator or a seed; without one, `fit`
    gives the module a generator by its own seed, and outside `fit` each draw is another, also after `random.seed()`.

    Raises ValueError for a p outside [0, 1], TypeError for anything that is not a number, and TraceError when compiled in
    training by `jit`, since every call would leave out the same numbers; `fit` compiles it, and draws for each sample.

    >>> dropout = Dropout(0.5, rng=0)
    >>> dropout([1.0, 2.0, 3.0, 4.0])
    [2.0, 4.0, 0.0, 0.0]
    >>> dropout.eval()([1.0, 2.0, 3.0, 4.0])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, p: float = 0.5, *, rng: Any = None) -> None:
        self.p = as_float(p, "p")
        if not 0.0 <= self.p <= 1.0:
            raise ValueError(
                f"p, the probability of leaving a number out, must lie in [0, 1], not {p!r}: Dropout(0.5), for example"
            )
        self.rng = generator_of(rng)
        self.unseeded = rng is None

    def reseed(self, seed: str) -> None:
        """Draw by this seed, unless `rng` was given."""
        if self.unseeded:
            self.rng = Random(seed)  # noqa: S311 - which numbers are left out is no secret

    def forward(self, xs: Any) -> Any:
        """The numbers, some of them 0 in training."""
        checked = partial(number, type(self).__name__)
        if not self.training or self.p == 0.0:
            return each_number(checked, xs)
        draw = DRAWS.get() or _drawn
        if in_body():
            why = "would leave out the same numbers in each turn: fit traces it turn by turn"
            raise TraceError(f"{self!r} in the body of a loop {why}")
        kept = 1.0 - self.p

        def left_out_or_scaled(x: Any) -> Any:
            x = checked(x)
            left_out = draw(self) < self.p
            return where(left_out, x * 0.0, x / kept) if is_node(left_out) else x * 0.0 if left_out else x / kept

        return each_number(left_out_or_scaled, xs)

    def __repr__(self) -> str:
        return f"Dropout(p={self.p})"


def _drawn(dropout: Dropout) -> float:
    """The next number, uniform between 0 and 1, of the module's generator."""
    if current_mode().tracer is not None:
        raise TraceError(
            f"{dropout!r} in training cannot be compiled: every call would leave out the numbers that the trace left out. "
            "Call model.eval() before; `fit` compiles it, and draws for each sample anew"
        )
    return float(dropout.rng.uniform(0.0, 1.0))


DRAWS: ContextVar[Callable[[Dropout], Any] | None] = ContextVar("draws", default=None)
"""Where a module's draws come from in a trace of `fit`, which makes them inputs."""
