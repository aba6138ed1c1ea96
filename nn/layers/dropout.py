"""Dropout: numbers left out at random while training."""

from functools import partial
from typing import Any

from autograd import TraceError
from autograd.modes import current_mode
from autograd.real import as_float
from nn.initialization import generator_of
from nn.inputs import each_number, number
from nn.module import Module


class Dropout(Module):
    """In training, x * 0 in place of each number with probability p, else x / (1 - p), so that the mean stays; in `eval()`, x.

    Takes a number, or nested lists or arrays of them, and gives as much. What is left out gets the gradient 0, and so do
    parameters that lead nowhere else: an optimizer moves them on, as in PyTorch. `rng` is a `random.Random`, a NumPy Generator
    or a seed; without one, `fit` draws by its own seed.

    Raises ValueError for a p outside of [0, 1], TypeError for what is no number, and TraceError in training while a function is
    compiled, whose every call would leave out the same numbers. What was compiled in `eval()` stays so after `train()`.
    Srivastava et al., Dropout, 2014; scaled in training, as PyTorch's.

    >>> dropout = Dropout(0.5, rng=0)
    >>> dropout([1.0, 2.0, 3.0, 4.0])
    [2.0, 4.0, 0.0, 0.0]
    >>> dropout.eval()([1.0, 2.0, 3.0, 4.0])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, p: float = 0.5, *, rng: Any = None) -> None:
        self.p = as_float(p, "p")
        if not 0.0 <= self.p <= 1.0:
            raise ValueError(f"p, the probability of leaving a number out, must lie in [0, 1], not {p!r}: Dropout(0.5), say")
        self.rng = generator_of(rng)
        self.unseeded = rng is None  # then `fit` seeds it

    def forward(self, xs: Any) -> Any:
        """The numbers, some of them 0 in training."""
        if not self.training or self.p == 0.0:
            return each_number(partial(number, self), xs)
        if current_mode().tracer is not None:
            raise TraceError(
                f"{self!r} in training cannot be compiled: what it left out while it was traced, each call would leave out. "
                "Call model.eval() before, or train without jit"
            )
        return each_number(self._left_out_or_scaled, xs)

    def _left_out_or_scaled(self, x: Any) -> Any:
        x = number(self, x)
        return x * 0.0 if self.rng.uniform(0.0, 1.0) < self.p else x / (1.0 - self.p)

    def __repr__(self) -> str:
        return f"Dropout(p={self.p})"
