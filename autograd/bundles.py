"""What sweeps carry through a call with a derivative of its own: the adjoints of all its results, or all tangents, together.

Such a call is one node, the group, between its inputs and its results. To a sweep the edges on either side are local partials
like any others, by which it multiplies: the product with a `Slot` puts a number into a bundle, or takes one out, and the
product with a `Port` does the same on the other side. Between them the call's rule turns one bundle into the other, once.
"""

from collections.abc import Sequence
from math import nan
from typing import Any, Protocol, Self


class Application(Protocol):
    """A rule at its inputs."""

    def pull(self, cotangents: dict[int, Any]) -> Sequence[Any]:
        """The cotangents of the inputs, given those of some results."""

    def push(self, tangents: dict[int, Any]) -> Sequence[Any]:
        """The tangents of the results, given those of some inputs."""

    def refs(self) -> list[Any]:
        """The nodes that the rule reads."""

    def mapped(self, to: Any) -> "Application":
        """The same at other nodes."""


class Bundle(float):
    """Numbers by their places. To whoever asks for one number, it is that of the first place."""

    __slots__ = ("_found", "numbers")

    numbers: dict[int, Any]
    _found: Sequence[Any] | None

    def __new__(cls, numbers: dict[int, Any]) -> Self:
        """A bundle of these."""
        first = numbers.get(0, 0.0)
        bundle = super().__new__(cls, first if isinstance(first, float) else nan)
        bundle.numbers, bundle._found = numbers, None
        return bundle

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Bundle):
            return float(self) + other  # as a picture rounds it
        total = dict(self.numbers)
        for i, x in other.numbers.items():
            total[i] = total[i] + x if i in total else x
        return type(self)(total)

    def pulled(self, application: Application) -> Sequence[Any]:
        """What the rule makes of it in a reverse sweep."""
        if self._found is None:
            self._found = application.pull(self.numbers)
        return self._found

    def pushed(self) -> Sequence[Any]:
        """What the rule makes of it in a forward sweep."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


class Tangents(Bundle):
    """The tangents of a call's inputs."""

    __slots__ = ("application",)

    application: Application

    @classmethod
    def of(cls, application: Application, numbers: dict[int, Any]) -> "Tangents":
        """A bundle on its way through this application."""
        bundle = cls(numbers)
        bundle.application = application
        return bundle

    def __add__(self, other: Any) -> Any:
        return self.of(self.application, super().__add__(other).numbers)

    def pushed(self) -> Sequence[Any]:
        """What the rule makes of it in a forward sweep."""
        if self._found is None:
            self._found = self.application.push(self.numbers)
        return self._found


class Edge:
    """A local partial that puts numbers into a bundle or takes them out, instead of multiplying."""

    __slots__ = ()


class Slot(Edge):
    """The edge from result `place` to the group."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place

    def __rmul__(self, adjoint: Any) -> Bundle:
        return Bundle({self.place: adjoint})

    def __mul__(self, tangents: Tangents) -> Any:
        return tangents.pushed()[self.place]


class Port(Edge):
    """The edge from the group to input `place`."""

    __slots__ = ("application", "place")

    def __init__(self, application: Application, place: int) -> None:
        self.application, self.place = application, place

    def __rmul__(self, adjoints: Bundle) -> Any:
        return adjoints.pulled(self.application)[self.place]

    def __mul__(self, tangent: Any) -> Tangents:
        return Tangents.of(self.application, {self.place: tangent})
