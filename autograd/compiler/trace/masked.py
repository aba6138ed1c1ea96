"""Masked: what a sweep brings in traced code past a choice that is made only when the program runs."""

from typing import Any

from autograd.primitives import where


class Masked:
    """A Symbol in a sweep that may not have arrived, which shows only when the program runs: where `mask` is 0, it has not.

    `raw` is its number where it has, and anything elsewhere. `number` is -0.0 there, which added to anything leaves it as it
    is: so sums need no further case.
    """

    __slots__ = ("_number", "mask", "raw")

    def __init__(self, raw: Any, mask: Any, number: Any = None) -> None:
        self.raw = raw
        self.mask = mask
        self._number = number

    @property
    def number(self) -> Any:
        """The number, -0.0 where nothing arrived."""
        if self._number is None:
            self._number = where(self.mask, self.raw, -0.0)
        return self._number

    def __mul__(self, other: Any) -> "Masked":
        if isinstance(other, Masked):
            return Masked(self.raw * other.raw, self.mask & other.mask)
        return Masked(self.raw * other, self.mask)

    def __rmul__(self, other: Any) -> "Masked":
        return Masked(other * self.raw, self.mask)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Masked):
            return self.number + other
        total = self.number + other.number
        return Masked(total, self.mask | other.mask, total)

    def __radd__(self, other: Any) -> Any:
        return other + self.number  # in this order: that of the graph decides that of sums in further derivatives

    def settled(self) -> Any:
        """The number, 0 where nothing arrived."""
        return where(self.mask, self.raw, 0.0)
