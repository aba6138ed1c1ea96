"""The Values that a trace captured, and the places from which the function takes them: cells, variables, attributes, items.

A trace has met Values of its first call. What lies in their places at a later call may be other Values, to which the program
applies as well: its operations do not depend on the numbers. So each call looks, by C's loops alone, whether each place still
leads to what it led to; where Values were replaced, it takes those. If the places say anything else, the trace is out of date.
"""

import operator
from collections.abc import Sequence
from gc import get_referents as referents
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any

from autograd.compiler.trace.places import Place, alike, places
from autograd.compiler.trace.symbol import TraceError
from autograd.linearization import InputPartials
from autograd.value import Value

Marks = tuple[InputPartials, ...]


class Captures:
    """Values that a trace captured, with the places that lead to them, and the places of numbers that it took as they were."""

    def __init__(
        self,
        values: Sequence[Value],
        leading: Sequence[Place] = (),
        plain: Sequence[Place] = (),
        before: "Captures | None" = None,
    ) -> None:
        self.values = tuple(values)
        self._leading, self.plain = leading, plain
        known = {} if before is None else {before.values[i]: marks for i, marks in before._inputs.items()}
        computed = [(i, value) for i, value in enumerate(self.values) if value.operands]
        self._inputs: dict[int, Marks] = {i: _inputs_below(value, known) for i, value in computed}
        sized = [place for place in leading if place.size is not None and not place.fixed]
        self._sized = [place.container for place in sized]
        self._sizes = [place.size for place in sized]
        checked = [place for place in leading if place.keys and not place.fixed]
        self._readers = [place.reader for place in checked]
        self._containers = [place.container for place in checked]
        self._things = [thing for place in checked for thing in place.reader(place.container)]
        self._plain_readers = [place.reader for place in plain]
        self._plain_containers = [place.container for place in plain]

    @classmethod
    def found(cls, values: Sequence[Value], roots: Sequence[Any]) -> "Captures":
        """The Values, sought in all that the roots, a function and its static arguments, lead to."""
        return cls(values, *places(values, roots))

    def now(self, who: str) -> "Captures | None":
        """What to take instead at this call: most often itself; None if a new trace must tell.

        TraceError for an input of a transform whose call has ended.
        """
        found = self if self.holds() else self._renewed()
        if found is not None:
            found.check(who)
        return found

    def check(self, who: str) -> None:
        """TraceError if a Value is an input of a transform whose call has ended, or was computed from one meanwhile."""
        for i, marks in self._inputs.items():
            if any(mark.ended for mark in marks):
                value = self.values[i]
                name = repr(value.label) if value.label else f"number {i} of those that it captured"
                what = "is an input of" if type(value.local_partials) is InputPartials else "was computed from an input of"
                raise TraceError(
                    f"{who} uses a Value from outside, {name}, which {what} a transform (grad, jvp, ...) whose call has ended: "
                    f"no derivative can reach it any more. Pass it as an argument, or put another Value in its place"
                )

    def holds(self) -> bool:
        """Whether all places lead to what they led to."""
        try:
            if list(map(len, self._sized)) != self._sizes:
                return False
            things = chain.from_iterable(map(operator.call, self._readers, self._containers))
            return all(map(operator.is_, things, self._things)) and self._holds_numbers()
        except Exception:  # noqa: BLE001 - a place is gone: whatever reading it raises, the function's own call will raise it too
            return False

    def _holds_numbers(self) -> bool:
        """Whether there is still no Value in the place of a number."""
        things = chain.from_iterable(map(operator.call, self._plain_readers, self._plain_containers))
        return not any(map(operator.is_, map(type, things), repeat(Value)))

    @property
    def watched(self) -> tuple[type, list[tuple[Any, Any]]]:
        """The class of Values, and the containers and keys where none may come to lie, as machine code can read them."""
        spots = [(place.container, key) for place in self.plain for key in place.keys]
        return Value, [(referents(x)[0] if isinstance(x, MappingProxyType) else x, key) for x, key in spots]

    def _renewed(self) -> "Captures | None":
        """The same with the Values that now lie in the places, if all places of each agree on one."""
        now: dict[int, Any] = {}
        found = []
        try:
            if not self._holds_numbers():
                return None
            for old in self._leading:
                place = old.moved_to(now.get(id(old.container), old.container))
                if place is None:
                    return None
                for was, thing in zip(old.things, place.things, strict=True):
                    if not alike(was, thing) or now.setdefault(id(was), thing) is not thing:
                        return None
                found.append(place)
        except Exception:  # noqa: BLE001 - as above
            return None
        return Captures([now.get(id(value), value) for value in self.values], found, self.plain, self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Captures, (self.values,)  # where they arrive, other places lead elsewhere


def _inputs_below(value: Value, known: dict[Value, Marks]) -> Marks:
    """The marks of the inputs on which a Value depends: its own, and those of transforms at work; `known` for some others."""
    found: dict[int, InputPartials] = {}
    seen: set[Any] = set()
    stack: list[Any] = [value]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in known:
            marks: Sequence[Any] = known[node]
        else:
            marks = [node.local_partials]
            stack += [operand for operand in node.operands if type(operand) is not float]
        found |= {id(mark): mark for mark in marks if type(mark) is InputPartials and (node is value or not mark.ended)}
    return tuple(found.values())
