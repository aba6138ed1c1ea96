"""What a trace took from outside: Values that it captured, and all else in cells, variables, attributes and small containers.

A trace has met Values of its first call. What lies in their origins at a later call may be other Values, to which the program
applies as well: its operations do not depend on the numbers. So each call looks, by C's loops alone, whether each origin still
leads to what it led to; where Values were replaced, it takes those. If the origins say anything else, the trace is out of date.
"""

import operator
from collections.abc import Sequence
from gc import get_referents as referents
from itertools import chain
from threading import get_ident
from types import MappingProxyType
from typing import Any

from autograd.compiler.call.watching import Watch
from autograd.compiler.trace.origins import Before, Origin, alike, origins
from autograd.compiler.trace.symbol import TraceError
from autograd.keys import key_of
from autograd.linearization import InputPartials
from autograd.value import Value

Marks = tuple[InputPartials, ...]


class Look:
    """A look at origins, by C's loops alone: whether all is there that lay there, and as much of it."""

    def __init__(self, found: Sequence[Origin]) -> None:
        self.origins = found
        changing = [origin for origin in found if not origin.fixed]
        self._sized = [origin.container for origin in changing if origin.size is not None]
        self._sizes = [origin.size for origin in changing if origin.size is not None]
        read = [origin for origin in changing if origin.keys]
        self._readers = [origin.reader for origin in read]
        self._containers = [origin.container for origin in read]
        self._things = [thing for origin in read for thing in origin.twice]

    def holds(self) -> bool:
        """Whether it is so."""
        try:
            things = chain.from_iterable(map(operator.call, self._readers, self._containers))
            return list(map(len, self._sized)) == self._sizes and all(map(operator.is_, things, self._things))
        except Exception:  # noqa: BLE001 - an origin is gone: whatever reading it raises, the function's own call will raise it too
            return False


NOWHERE = Look(())


class Captures:
    """Values that a trace captured, with the origins that lead to them, and the origins of what else the function takes."""

    def __init__(
        self,
        values: Sequence[Value],
        leading: Look = NOWHERE,
        others: Look = NOWHERE,
        thread: int | None = None,
        before: "Captures | None" = None,
    ) -> None:
        self.values = tuple(values)
        self._leading, self._others = leading, others
        self._thread = thread  # the only one for which this is so
        self._watch: Watch | None = None
        known = {} if before is None else {before.values[i]: marks for i, marks in before._inputs.items()}
        computed = [(i, value) for i, value in enumerate(self.values) if value._first is not None]
        self._inputs: dict[int, Marks] = {i: _inputs_below(value, known) for i, value in computed}

    @classmethod
    def found(cls, values: Sequence[Value], roots: Sequence[Any], before: Before | None = None) -> "Captures":
        """The Values, sought in all that the roots, a function and its static arguments, lead to."""
        found = origins(values, roots, before)
        return cls(values, Look(found.leading), Look(found.others), get_ident() if found.by_thread else None)

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
        """Whether all origins lead to what they led to."""
        return self._thread in (None, get_ident()) and self._leading.holds() and self._others.holds()

    @property
    def alone(self) -> bool:
        """Whether nothing outside matters to the trace."""
        return not self.values and not self._others.origins and self._thread is None

    @property
    def changes(self) -> list[str]:
        """What has changed, by the names of variables, attributes and keys."""
        return sorted({name for origin in chain(self._leading.origins, self._others.origins) for name in origin.changes})

    @property
    def watch(self) -> Watch | None:
        """The other origins, for machine code to look at, if that is all that matters."""
        if self._thread is not None:
            return None
        if self._watch is None:
            self._watch = Watch()
            self._show(self._watch)
        return self._watch

    def _show(self, watch: Watch) -> None:
        spots: list[tuple[Any, Any]] = []
        things: list[Any] = []
        for origin in self._others.origins:
            is_proxy = isinstance(origin.container, MappingProxyType)
            spots += [(referents(origin.container)[0] if is_proxy else origin.container, key) for key in origin.keys]
            things += origin.things
        sizes = [(origin.container, origin.size) for origin in self._others.origins if origin.size is not None]
        watch.update(spots, things, sizes)

    def _renewed(self) -> "Captures | None":
        """The same with what now lies in the origins, if all origins of each Value agree on one, and the others on what was."""
        if self._thread not in (None, get_ident()):
            return None
        now: dict[int, Any] = {}
        found = []
        try:
            for old in self._leading.origins:
                origin = old.moved_to(now.get(id(old.container), old.container))
                if origin is None:
                    return None
                for was, thing in zip(old.things, origin.things, strict=True):
                    if not alike(was, thing) or now.setdefault(id(was), thing) is not thing:
                        return None
                found.append(origin)
        except Exception:  # noqa: BLE001 - as above
            return None
        others = self._others if self._others.holds() else _with_equals(self._others)
        if others is None:
            return None
        values = [now.get(id(value), value) for value in self.values]
        renewed = Captures(values, Look(found), others, self._thread, self)
        renewed._watch = self._watch
        if self._watch is not None and others is not self._others:
            renewed._show(self._watch)
        return renewed

    def __reduce__(self) -> tuple[Any, ...]:
        return Captures, (self.values,)  # where they arrive, other origins lead elsewhere


def _with_equals(others: Look) -> Look | None:
    """The same origins where all that changed was replaced by what is equal."""
    found = []
    try:
        for old in others.origins:
            origin = old.moved_to(old.container)
            if origin is None or not all(map(_equal, old.things, origin.things)):
                return None
            found.append(origin)
    except Exception:  # noqa: BLE001 - as above
        return None
    return Look(found)


def _equal(was: Any, thing: Any) -> bool:
    """Whether a thing does what another one did in its place."""
    if thing is was:
        return True
    try:
        return bool(key_of(thing) == key_of(was))
    except TypeError:  # without a hash
        return False


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
