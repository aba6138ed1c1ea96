"""Masked: the adjoint or tangent beyond a choice that is made only when the compiled program runs."""

from typing import Any

from autograd.bundles import Edge
from autograd.primitives import where


class Masked:
    """A Symbol in a sweep, `raw`, that arrives only where `mask` is not 0, which the program's run decides."""

    __slots__ = ("_number", "_settled", "mask", "raw")

    def __init__(self, raw: Any, mask: Any, number: Any = None) -> None:
        self.raw, self.mask, self._number = raw, bool(mask) if type(mask) is float else mask, number
        self._settled: Any = None

    @property
    def number(self) -> Any:
        """The number; -0.0 where nothing arrived, which leaves any sum as it is: so sums need no further case."""
        if self._number is None:
            self._number = where(self.mask, self.raw, -0.0)
        return self._number

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Masked):
            return Masked(self.raw * other.raw, self.mask & other.mask)
        return NotImplemented if isinstance(other, Edge) else Masked(self.raw * other, self.mask)

    def __rmul__(self, other: Any) -> "Masked":
        return Masked(other * self.raw, self.mask)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Masked):
            return self.number + other
        total = self.number + other.number
        return Masked(total, self.mask | other.mask, total)

    def __radd__(self, other: Any) -> Any:
        return other + self.number

    def settled(self) -> Any:
        """The number, 0 where nothing arrived."""
        if self._settled is None:
            self._settled = where(self.mask, self.raw, 0.0)
        return self._settled


def nothing_yet(raw: Any) -> Masked:
    """-0.0, to which things may be added: where some is, nothing else is left of it."""
    return Masked(raw, False, raw)  # noqa: FBT003 - a mask
