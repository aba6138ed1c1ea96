"""The traces of a compiled function, by key: a bounded number, none for longer than the things that its key stands for."""

import functools
import importlib
import itertools
import warnings
import weakref
from collections.abc import Sequence
from typing import Any

from autograd.compiler.call.signature import Given
from autograd.compiler.node import Compiled
from autograd.compiler.options import Options
from autograd.compiler.trace.arguments import Static
from autograd.compiler.trace.captures import Captures
from autograd.compiler.trace.mapping import Mapped
from autograd.compiler.trace.symbol import depth_of_user
from autograd.keys import references
from autograd.program import Program
from autograd.structures import Structure, access, made_again

NO: Any = object()  # the answer of a short way to arguments that it cannot take
MOST = 256  # traces of one function
OFTEN = 20  # times that one of them is replaced


class Traced:
    """One trace of a function: the compiled program, the Values it captured, its result's structure, its arguments' labels."""

    def __init__(self, compiled: Compiled, captures: Captures, structure: Structure, labels: tuple[str, ...]) -> None:
        self.compiled, self.captures, self.structure, self._labels = compiled, captures, structure, labels
        self.used = 0
        self.anew = 0  # how often other code took its place, because what it takes from outside had changed
        self.watched: list[Any] = []
        self._short: Any = NO  # not yet made
        self._arguments: Sequence[Given] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of all inputs: of the arguments, and of the Values that it captures."""
        captured = [value.label or f"captured_{i}" for i, value in enumerate(self.captures.values)]
        return *self._labels, *captured

    def short_way(self, arguments: Sequence[Any]) -> Any:
        """A function of such arguments that skips the checks that the previous call already made, or None."""
        if self._short is NO:
            self._arguments = [Given(x.structure, isinstance(x, Mapped), getattr(x, "like", None)) for x in arguments]
            way = getattr(self.compiled.executable, "short_way", None)
            self._short = way and self._wrapped(way)
        return self._short

    def _wrapped(self, way: Any) -> Any:
        """The short way; where the result is a thing of a registered class, as a sparse array is, that of its parts."""
        result = self.structure
        if access(result.kind) != "part" or self.compiled.options.by_row:
            return way(result, self._arguments, NO)
        short = way(Structure(tuple, (), result.children), self._arguments, NO)

        def call(args: tuple[Any, ...]) -> Any:
            parts = short(args)
            return NO if parts is NO else made_again(result, parts)

        return short and call

    def quick_way(self, name: str, calls: Any) -> Any:
        """The same as a built-in function, for programs of little work; None if these arguments allow none."""
        executable, watch = self.compiled.executable, self.captures.watch
        return watch and executable.built_in_of_arrays(name, calls, watch, self.structure, self._arguments)

    def quick_way_of_floats(self, name: str, calls: Any) -> Any:
        """The function of floats likewise."""
        return self.captures.watch and self.compiled.executable.built_in(name, calls, self.captures.watch)

    def holds(self) -> bool:
        """Whether all that a trace without captured Values depends on is as it was."""
        return self.captures.alone or self.captures.holds()

    def captured(self, who: str) -> tuple[Any, ...] | None:
        """The Values that the program takes at this call beside its arguments; None if the trace is out of date."""
        found = self.captures.now(who)
        if found is None:
            return None
        self.captures = found
        return found.values

    def like(self, program: Program, options: Options) -> bool:
        """Whether the same code computes a program, with these options."""
        return self.compiled.program == program and self.compiled.options == options

    def __reduce__(self) -> tuple[Any, ...]:
        return Traced, (self.compiled, self.captures, self.structure, self._labels)


class Traces(dict[Any, Traced]):
    """By key. Beyond `MOST` the one used longest ago is forgotten, with one warning that says what keeps changing."""

    def __init__(self, who: str) -> None:
        super().__init__()
        self._who = who
        self._warned = False
        self._uses = itertools.count(1)

    def used(self, key: Any) -> Traced | None:
        """The trace for a key, which is now the one used last."""
        traced = self.get(key)
        if traced is not None:
            traced.used = next(self._uses)
        return traced

    def put(self, key: Any, traced: Traced, arguments: Sequence[Any] = (), names: Sequence[str] = ()) -> list[Traced]:
        """Keep a trace as long as all that its key stands for; those that are forgotten for it."""
        old: list[Traced] = []
        while key not in self and len(self) >= MOST:
            if not self._warned:
                self._warned = True
                warnings.warn(self._too_many(arguments, names), stacklevel=depth_of_user())
            longest_ago = min(list(self.items()), key=lambda item: item[1].used)[0]
            old += filter(None, [self.pop(longest_ago, None)])
        forget = functools.partial(_forget, weakref.WeakMethod(self.forget), key)
        things = [reference() for reference in references(key)]
        traced.watched = [weakref.ref(thing, forget) for thing in things if thing is not None]
        traced.used = next(self._uses)
        self[key] = traced
        return old

    def warn_of_changes(self, stale: Traced, made: Traced) -> None:
        """Once, when the code of a trace has been compiled `OFTEN` for what changes outside."""
        made.anew = stale.anew + (made.compiled is not stale.compiled)
        if made.anew >= OFTEN > stale.anew and not self._warned:
            self._warned = True
            names = ", ".join(map(repr, stale.captures.changes)) or "the size of a list or dict"
            warnings.warn(
                f"{self._who} has been traced and compiled {made.anew} times anew, because what it takes from outside changes, "
                f"now {names}. Pass what changes as an argument, or keep a number in a Value, which is read at each call",
                stacklevel=depth_of_user(),
            )

    def forget(self, key: Any) -> None:
        """Something that the key stands for is gone: so is the trace, and what it knows of that thing's contents."""
        traced = self.pop(key, None)
        if traced is not None:
            traced.captures = Captures(traced.captures.values)

    def _too_many(self, arguments: Sequence[Any], names: Sequence[str]) -> str:
        counts = [len({key[0][i] for key in self if i < len(key[0])}) for i in range(len(arguments))]
        i = counts.index(max(counts))
        what, way = f"structures of argument {names[i]!r}", "pass lists and arrays of one length, padded, or mapped by in_axes"
        if isinstance(arguments[i], Static):
            what, way = f"values of the static argument {names[i]!r}", "pass numbers that change as ordinary arguments"
        return (
            f"{self._who} has been traced and compiled {len(self)} times, for {counts[i]} {what}; from now on the trace used "
            f"longest ago is forgotten for each new one. {way[0].upper()}{way[1:]}"
        )


def _forget(forget: Any, key: Any, _reference: Any) -> None:
    method = forget()
    if method is not None:
        method(key)


def imported(module: str, name: str) -> Any:
    """The object of that name in an importable module, or None."""
    try:
        return functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError, ValueError):
        return None
