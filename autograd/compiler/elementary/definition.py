"""What each function of vectors states: its steps, where they are taken, and points at which other steps would show."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.elementary.lanes import Number

SPREAD = np.arange(1, 65) * 0.6180339887498949 % 1.0

Steps = Callable[[Number], Number]
Bounds = tuple[float, float]


class Elementary(NamedTuple):
    """A function: its steps, between which bounds they are taken, and the `print` of its results at `points`."""

    steps: Steps
    low: float
    high: float
    ranges: tuple[Bounds, ...]
    telling: tuple[float, ...]
    print: str

    def points(self) -> Any:
        """Some in each range, far from regular; and some at which another rounding of one step shows that seldom does."""
        return np.concatenate([*[low + (high - low) * SPREAD for low, high in self.ranges], self.telling])


FUNCTIONS: dict[str, Elementary] = {}
"""All of them, by the names that they have in the C library: each states itself."""


def elementary(bounds: Bounds, ranges: tuple[Bounds, ...], telling: tuple[float, ...], told: str) -> Callable[[Steps], Steps]:
    """State that these are the steps of the C library's function of that name; see `Elementary`."""

    def stated(steps: Steps) -> Steps:
        FUNCTIONS[steps.__name__] = Elementary(steps, *bounds, ranges, telling, told)
        return steps

    return stated


def fine(*numbers: int) -> tuple[float, ...]:
    """Numbers in steps of 2**-30."""
    return tuple([x / 2.0**30 for x in numbers])


def halfway(steps: float, *numbers: int) -> tuple[float, ...]:
    """Numbers between two multiples of a step: which they are taken for, and so the result, depends on a rounding."""
    return tuple([(k + 0.5) / steps for k in numbers])
