"""Masked: what a sweep brings beyond a choice, and whether it arrives there.

Eager code knows what was chosen: its mask is a bool. In a trace it is a Symbol, and the compiled program's run decides. In both
the same operations are recorded in the same order, so both add further derivatives alike, to the bit.
"""

from typing import Any

from autograd.primitives import where


class Masked:
    """A node in a sweep, `raw`, that arrives only where `mask` holds."""

    __slots__ = ("_settled", "_total", "mask", "raw")

    def __init__(self, raw: Any, mask: Any, *, total: bool = False) -> None:
        self.raw, self.mask = raw, mask
        self._total = total  # a sum, of which -0.0 is left where nothing arrived
        self._settled: Any = None

    @property
    def number(self) -> Any:
        """The number; -0.0 where nothing arrived, which leaves any sum as it is: so sums need no further case."""
        return self.raw if self._total else where(self.mask, self.raw, -0.0)

    def settled(self) -> Any:
        """The number, 0 where nothing arrived."""
        if self._settled is None:
            self._settled = where(self.mask, self.raw, 0.0)
        return self._settled

    def __mul__(self, other: Any) -> "Masked":
        if isinstance(other, Masked):
            return Masked(self.raw * other.raw, self.mask & other.mask)
        return Masked(self.raw * other, self.mask)

    def __rmul__(self, other: Any) -> "Masked":
        return Masked(other * self.raw, self.mask)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Masked):
            return self.number + other
        return Masked(self.number + other.number, self.mask | other.mask, total=True)

    def __radd__(self, other: Any) -> Any:
        return other + self.number


def settled(number: Any) -> Any:
    """What a sweep brings as a number: 0 where nothing arrived."""
    if number is None:
        return 0.0
    return number.settled() if isinstance(number, Masked) else number


def arrived(number: Any) -> Any:
    """What a sweep brings, without a mask; None where nothing arrives, as far as that is known."""
    if not isinstance(number, Masked):
        return number
    return None if number.mask is False else number.raw
