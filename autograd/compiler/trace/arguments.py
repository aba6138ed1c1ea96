"""Arguments of a compiled function: taken apart into shared numbers, rows of numbers, and static arguments."""

import inspect
import operator
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

from autograd.compiler.trace.mapping import Mapped, mapped
from autograd.keys import key_of
from autograd.modes import current_mode
from autograd.real import any_node, shown
from autograd.structures import NUMBER, Structure, flatten

MANY = 1 << 13  # numbers that rows share


class JitOptions(NamedTuple):
    """The options of `jit`, checked."""

    axes: Any = None
    reduce: str | None = None
    fast: bool = False
    static: tuple[int, ...] = ()
    backend: str = "auto"
    threads: int | None = None
    dynamic: tuple[int, ...] = ()
    loops: bool = False  # also where there are rows
    rolled: bool | None = None  # so are a layer's products; None: if rows share many numbers
    weighted: bool = False  # the last number of the last argument with rows is the row's weight in the mean

    def rolls(self, arguments: Sequence[Any]) -> bool:
        """Whether to record each layer as a loop: rows share thousands of numbers, and recording each takes long."""
        if self.axes is None or self.reduce is None or self.weighted or self.backend not in ("auto", "llvm"):
            return False
        if self.rolled is not None:
            return self.rolled
        return sum(len(x.numbers) for x in arguments if isinstance(x, Shared | StandIn)) >= MANY

    def axes_of(self, count: int, who: str) -> Sequence[int | None]:
        """The axis of each positional argument."""
        if self.axes is None or isinstance(self.axes, int):
            return [self.axes] * count
        if len(self.axes) != count:
            raise ValueError(
                f"{who}: in_axes={self.axes} is for {len(self.axes)} arguments, {count} were given by position: "
                f"give an axis, or None, for each"
            )
        return list(self.axes)


def checked_options(
    in_axes: Any,
    reduce: Any,
    fast: Any,
    static_argnums: Any,
    backend: Any,
    threads: Any = None,
    dynamic_argnums: Any = (),
    *,
    loops: Any = False,
) -> JitOptions:
    """The options; TypeError or ValueError, with the fix, for an invalid one."""
    if in_axes is not None and not isinstance(in_axes, int):
        if not isinstance(in_axes, tuple | list) or not all(axis is None or isinstance(axis, int) for axis in in_axes):
            raise TypeError(
                f"in_axes must be an axis, or a tuple of axes and None, one for each argument, not {shown(in_axes)}"
            )
        in_axes = tuple(in_axes)
        if all(axis is None for axis in in_axes):
            raise ValueError(f"in_axes={in_axes} maps no argument over rows: leave it out, or give one an axis, such as 0")
    if reduce not in (None, "mean", "sum"):
        raise ValueError(f'reduce must be "mean", "sum" or None, not {reduce!r}')
    if reduce is not None and in_axes is None:
        raise ValueError(f"reduce={reduce!r} is over rows, and no argument has rows: give in_axes=(0, ...) too")
    if backend not in ("auto", "llvm", "plan", "python"):
        raise ValueError(f'backend must be "auto", "llvm", "plan" or "python", not {backend!r}')
    if backend == "plan" and in_axes is not None:
        raise ValueError('backend="plan" computes one call at a time, and in_axes maps rows: leave backend out, or give "llvm"')
    static, dynamic = _places("static_argnums", static_argnums), _places("dynamic_argnums", dynamic_argnums)
    if dynamic and in_axes is not None:
        raise ValueError("dynamic_argnums are for one call at a time, and in_axes maps rows: choose one of them")
    if set(static) & set(dynamic):
        raise ValueError(f"argument {min(set(static) & set(dynamic))} is in static_argnums and in dynamic_argnums: choose one")
    return JitOptions(in_axes, reduce, bool(fast), static, backend, _checked_threads(threads, in_axes), dynamic, bool(loops))


def _places(name: str, given: Any) -> tuple[int, ...]:
    try:
        return tuple(map(operator.index, given if isinstance(given, Iterable) else [given]))
    except TypeError:
        raise TypeError(f"{name} must be an integer or a tuple of integers, not {given!r}") from None


def _checked_threads(threads: Any, in_axes: Any) -> int | None:
    if threads is None:
        return None
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ValueError(f"threads must be an integer from 1 on, or None for as many as pay, not {shown(threads)}")
    if in_axes is None:
        raise ValueError(f"threads={threads} are to share rows, and no argument has rows: give in_axes=(0, ...) too")
    return threads


class Static(NamedTuple):
    """An argument left out of tracing: part of the key under which a trace is kept."""

    kind: type
    value: Any

    def key(self) -> Any:
        """Tells it from other arguments, though they be equal. TypeError for one without a hash."""
        return key_of(self.value)


class StandIn(NamedTuple):
    """A static argument that is a copy of another thing with other numbers in it: these are traced, and may be any."""

    original: Any
    numbers: list[Any]
    make: Callable[[Sequence[Any]], Any]  # such a copy with these numbers

    @property
    def structure(self) -> Structure:
        """That of its numbers."""
        return Structure(list, (), (NUMBER,) * len(self.numbers))

    def key(self) -> Any:
        """One for all copies."""
        return StandIn.__name__, key_of(self.original), len(self.numbers)


STAND_INS: ContextVar[Callable[[Any], StandIn | None]] = ContextVar("stand_ins", default=lambda _thing: None)
"""What a thing stands in for, during a call of `nn.functional_call`."""


@contextmanager
def stand_ins(find: Callable[[Any], StandIn | None]) -> Iterator[None]:
    """A context in which `find` knows stand-ins beside those that are known already."""
    before = STAND_INS.get()
    token = STAND_INS.set(lambda thing: find(thing) or before(thing))
    try:
        yield
    finally:
        STAND_INS.reset(token)


def travels(key: Any) -> bool:
    """Whether a key can be pickled: a static argument may be any object, and structures have classes of any kind."""
    try:
        pickle.dumps(key)
    except Exception:  # noqa: BLE001 - whatever a class of the user's raises
        return False
    return True


class Open(NamedTuple):
    """An argument that is one sequence, or several in a tuple or dict, whose length is that of the call: arrays by row."""

    structure: Structure  # of one row
    arrays: tuple[Any, ...]
    like: int  # the first argument that is as long, by its number: it may be itself

    def key(self) -> Any:
        """One for all lengths, but for which arguments are as long as others."""
        return Open.__name__, self.structure, self.like

    @property
    def widths(self) -> list[int]:
        """The columns of each array."""
        return [part.size for part in self.structure.parts()]


class Shared(NamedTuple):
    """An argument that is the same for all rows: its structure and its numbers."""

    structure: Structure
    numbers: list[Any]


class OfTrace(NamedTuple):
    """An argument in which there are sequences of a trace, whose length only the run knows: the call is traced where it is."""

    structure: Structure
    numbers: list[Any]


class Parameters:
    """The names of a function's arguments, as far as they are known, and which are static or have rows."""

    def __init__(self, f: Callable[..., Any] | None, options: JitOptions, who: str) -> None:
        self._options, self._who = options, who
        try:
            parameters = list(inspect.signature(f).parameters.values()) if f is not None else []
        except (TypeError, ValueError):
            parameters = []
        self._by_position = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._by_either = {p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
        self._takes_more = any(p.kind is p.VAR_POSITIONAL for p in parameters)

    def by_position(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, with those given by name moved to their position where they come next."""
        if not kwargs:
            return args, kwargs
        rest = dict(kwargs)
        for name in self._by_position[len(args) :]:
            if name not in rest or name not in self._by_either:
                break
            args = (*args, rest.pop(name))
        return args, rest

    def names(self, count: int, kwargs: dict[str, Any]) -> list[str]:
        """The names of `count` positional arguments and of those given by name."""
        named = self._by_position
        return [named[i] if i < len(named) else f"x{i}" for i in range(count)] + list(kwargs)

    def _among(self, places: Sequence[int], count: int, names: Sequence[str]) -> set[int]:
        """Which arguments these places name, `count` of them positional; -1 is the function's last parameter, given or not."""
        named = self._by_position
        total = count if self._takes_more or not named else max(count, len(named))
        wanted = {i + total if i < 0 else i for i in places}
        by_name = {named[i] for i in wanted if 0 <= i < len(named)}
        return {i for i, name in enumerate(names) if (i in wanted if i < count else name in by_name)}

    def taken_apart(self, args: tuple[Any, ...], kwargs: dict[str, Any], names: list[str]) -> list[Any]:
        """Each argument as Static, StandIn, Mapped, Open, or Shared."""
        who, options = self._who, self._options
        static, dynamic = (self._among(places, len(args), names) for places in (options.static, options.dynamic))
        axes = options.axes_of(len(args), who)
        found: list[Any] = []
        lengths: dict[int, int] = {}  # of sequences, and which argument was the first as long
        for i, argument in enumerate([*args, *kwargs.values()]):
            what = f"{who}: argument {names[i]!r}"
            axis = axes[i] if i < len(args) else None
            if i in static:
                found.append(STAND_INS.get()(argument) or Static(type(argument), argument))
            elif i in dynamic:
                found.append(_opened(argument, what, lengths, i))
            elif axis is not None:
                found.append(mapped(argument, axis, what))
            else:
                way = f"static_argnums={i})" if i < len(args) else "static_argnums=...), and pass it by position"
                found.append(_shared(argument, what, way))
        if options.axes is not None and not any(isinstance(x, Mapped) and x.arrays for x in found):
            raise ValueError(f"{who}: no argument has rows to map over: in_axes={options.axes} names none with arrays")
        mapped_ones = [(name, x) for name, x in zip(names, found, strict=True) if isinstance(x, Mapped)]
        rows = [(name, x, i) for name, x in mapped_ones for i in range(len(x.arrays))]
        for name, x, i in rows:
            first, its, _ = rows[0]
            count, wanted = len(x.arrays[i]), len(its.arrays[0])
            if count != wanted:
                raise ValueError(
                    f"{who}: argument {name!r} has {count} rows, argument {first!r} has {wanted}: it was given shape "
                    f"{x.shape(i, count)}, and beside {first!r} of shape {its.shape(0, wanted)} wants {x.shape(i, wanted)}"
                )
        if rows and not len(rows[0][1].arrays[0]) and options.reduce == "mean":
            what = f"{who}: argument {rows[0][0]!r}"
            raise ValueError(f"{what} has no rows, and the mean of no rows is undefined: pass at least one")
        return found


def _shared(argument: Any, what: str, way: str) -> Shared | OfTrace:
    try:
        return Shared(*flatten(argument, what)[::-1])
    except TypeError as error:
        if current_mode().tracer is not None:
            with suppress(TypeError):
                return OfTrace(*flatten(argument, what, opened=True)[::-1])
        raise TypeError(f"{error}. Leave an argument that holds anything but numbers out of tracing: jit(f, {way}") from None


def _opened(argument: Any, what: str, lengths: dict[int, int], place: int) -> Open:
    rows = mapped(argument, 0, what, opened=True)
    arrays = tuple([x if x.__class__.__name__ == "ndarray" else x[:] for x in rows.arrays])
    return Open(rows.structure, arrays, lengths.setdefault(len(arrays[0]), place) if arrays else place)


def trace_key(arguments: Sequence[Any]) -> tuple[Any, ...]:
    """What of the arguments a trace is for."""
    return tuple([x.key() if isinstance(x, Static | StandIn | Open) else x.structure for x in arguments])


def are_floats(arguments: Sequence[Any]) -> bool:
    """Whether there are no Values among them."""
    shared = [number for x in arguments if isinstance(x, Shared | StandIn) for number in x.numbers]
    return not any_node(shared) and all(a.dtype.kind != "O" for x in arguments if isinstance(x, Open) for a in x.arrays)


def statics(arguments: Sequence[Any]) -> list[Any]:
    """What among the arguments the function can find Values in that it captures."""
    return [x.value if isinstance(x, Static) else x.original for x in arguments if isinstance(x, Static | StandIn)]


def unhashable(arguments: Sequence[Any], names: Sequence[str], who: str) -> str:
    """The message for arguments without a hash."""
    for name, argument in zip(names, arguments, strict=True):
        if isinstance(argument, Static):
            try:
                hash(argument.value)
            except TypeError:
                return (
                    f"{who}: the static argument {name!r} is a {argument.kind.__name__}, which has no hash to tell it from "
                    f"others: pass a tuple, a string or a number"
                )
    return f"{who}: a static argument cannot be compared with others: pass a tuple, a string or a number"
