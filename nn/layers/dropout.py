"""Dropout: numbers left out at random while training."""

from functools import partial
from random import Random
from typing import Any

from autograd import TraceError
from autograd.modes import current_mode
from autograd.real import as_float
from nn.initialization import generator_of
from nn.inputs import each_number, number
from nn.module import Module


class Dropout(Module):
    """In training, x * 0 in place of each number with probability p, else x / (1 - p), so that the mean stays; in `eval()`, x.

    Takes a number, or nested lists or arrays of them, and returns lists nested alike. Numbers that are left out get the
    gradient 0, and so do parameters that lead nowhere else: an optimizer moves them on, as in PyTorch. A function compiled in
    `eval()` stays as it is after `train()`. Srivastava et al., Dropout, 2014; scaled in training, as PyTorch's. `rng` is a
    `random.Random`, a NumPy Generator or a seed; without one, `fit` gives the module a generator by its own seed, and outside
    `fit` each draw is another, also after `random.seed()`.

    Raises ValueError for a p outside [0, 1], TypeError for anything that is not a number, and TraceError when compiled in
    training, since every call would leave out the same numbers.

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
        if current_mode().tracer is not None:
            raise TraceError(
                f"{self!r} in training cannot be compiled: every call would leave out the numbers that the trace left out. "
                "Call model.eval() before, or train without jit"
            )
        kept = 1.0 - self.p

        def left_out_or_scaled(x: Any) -> Any:
            x = checked(x)
            return x * 0.0 if self.rng.uniform(0.0, 1.0) < self.p else x / kept

        return each_number(left_out_or_scaled, xs)

    def __repr__(self) -> str:
        return f"Dropout(p={self.p})"
