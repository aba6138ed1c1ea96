"""The calls of a compiled function: a trace for each structure of its arguments, and the quickest way that each call allows."""

import functools
import inspect
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from autograd.collector import collector_at_rest
from autograd.compiler.call.built_in import LongWay
from autograd.compiler.inner import CalledAt, Inner
from autograd.compiler.node import NO_ROWS, Compiled, Rows
from autograd.compiler.options import Options
from autograd.compiler.trace.arguments import (
    JitOptions,
    OfTrace,
    Open,
    Parameters,
    Shared,
    StandIn,
    Static,
    are_floats,
    statics,
    trace_key,
    travels,
    unhashable,
)
from autograd.compiler.trace.captures import Captures
from autograd.compiler.trace.mapping import Mapped, by_row, map_rows, of_parts, row_count
from autograd.compiler.trace.origins import Before
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import trace
from autograd.compiler.traces import NO, Traced, Traces, imported
from autograd.forms import Loop
from autograd.linearization import owns_arguments
from autograd.locks import Lock
from autograd.modes import current_mode
from autograd.real import any_node
from autograd.structures import NUMBER, Structure, as_array, flatten, open_widths, unflatten

Function = Callable[..., Any]


class Calls:
    """What a compiled function knows and does. Calls taken from the function hold this, and nothing of the function itself."""

    def __init__(self, f: Function | None, options: JitOptions, name: str) -> None:
        self.f, self.options, self.name = f, options, name
        self.reference: tuple[str, str] | None = None
        self.traces = Traces(name)
        self.latest: Traced | None = None
        self.owner: Callable[[], Any] = lambda: None  # a weak reference to the function, whose `__call__` this makes quicker
        self.on_floats: dict[int, tuple[Callable[..., float], Traced]] = {}
        self.short_way: Any = None  # of the latest call
        self._of_one_row: Calls | None = None  # the function without a map, for rows with Values in them
        self._summing: Calls | None = None  # the function summed over rows, where it is their mean
        self._parameters: Parameters | None = None  # not yet asked for
        self._looked_for_quick_way = False
        self._tracing = Lock(rank=1)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function, for any arguments."""
        if not kwargs:
            on_floats = self.on_floats.get(len(args))
            if on_floats is not None:
                for argument in args:
                    if type(argument) is not float:
                        break
                else:
                    scalar, traced = on_floats
                    if traced.holds():
                        self.latest = traced
                        if not self._looked_for_quick_way:
                            self._look_for_quick_way(traced.quick_way_of_floats)
                        return scalar(*args)
            recent = self.short_way
            if recent is not None and recent[1].holds():
                result = recent[0](args)
                if result is not NO:
                    self.latest = recent[1]
                    if not self._looked_for_quick_way:
                        self._look_for_quick_way(recent[1].quick_way)
                    return result
        return self._call(args, kwargs)

    def _look_for_quick_way(self, find: Callable[[str, "Calls"], Any]) -> None:
        """Answer by a built-in function from now on, if there is one: asked at the second call, which may never come."""
        if len(self.traces) == 1:  # else this class must know which trace was the latest
            self._looked_for_quick_way = True
            self._answer_by(find(self.name, self))

    def _answer_by(self, way: Any) -> None:
        """Have the function answer calls that way, if there is one."""
        owner = self.owner()
        if owner is not None and way is not None:
            owner.__call__ = way

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        parameters = self._known_parameters()
        args, kwargs = parameters.by_position(args, kwargs)
        names = parameters.names(len(args), kwargs)
        if self.options.axes is not None:
            from autograd.compiler.distributed import any_chunked, call_over_chunks  # for rows alone

            if any_chunked(args):
                return call_over_chunks(self, args, kwargs, names)
        tracer = current_mode().tracer
        arguments: Any = None if self.options.dynamic and tracer else parameters.taken_apart(args, kwargs, names)
        if tracer is not None:
            return self._in_trace(tracer, arguments, args, kwargs)
        if not all(x.numeric for x in arguments if isinstance(x, Mapped)):
            if self._of_one_row is None:
                self._of_one_row = Calls(
                    self.function(), self.options._replace(axes=None, reduce=None, threads=None), self.name
                )
            return self._without_compiling(self._of_one_row.call, args, kwargs, arguments)
        try:
            key = trace_key(arguments), len(args), *kwargs
        except TypeError:
            raise TypeError(unhashable(arguments, names, self.name)) from None
        if self.options.dynamic:
            return self._over_sequences(key, arguments, args, kwargs, names)
        traced, captured = self._traced(key, arguments, args, kwargs, names)
        self.latest = traced
        if len(self.traces) > 1:
            self._answer_by(LongWay(self))
        found = None if captured else _at_once(traced, arguments)
        if found is None:
            self._find_short_ways(traced, captured, arguments, len(args), kwargs)
            found = _run(traced, arguments, captured)
        return found

    def _find_short_ways(
        self, traced: Traced, captured: tuple[Any, ...], arguments: Sequence[Any], count: int, kwargs: dict[str, Any]
    ) -> None:
        """Keep what answers later calls like this one sooner."""
        if count not in self.on_floats:
            self._remember_scalar(traced, arguments, kwargs)
        plain = all(isinstance(x, Shared | Open) or (isinstance(x, Mapped) and x.axis == 0) for x in arguments)
        if plain and not kwargs and not captured:
            short = traced.short_way(arguments)
            self.short_way = short and (short, traced)
        if traced.compiled.answered and not self._looked_for_quick_way:  # this is the second call
            if traced in [way[1] for way in self.on_floats.values()]:
                self._look_for_quick_way(traced.quick_way_of_floats)
            elif self.short_way and self.short_way[1] is traced:
                self._look_for_quick_way(traced.quick_way)

    def _over_sequences(self, key: Any, arguments: Any, args: tuple[Any, ...], kwargs: dict[str, Any], names: Any) -> Any:
        """The result where the length of an argument is that of the call: among Values uncompiled."""
        if are_floats(arguments):
            traced, captured = self._traced(key, arguments, args, kwargs, names)
            if not captured:
                self.latest = traced
                self._find_short_ways(traced, captured, arguments, len(args), kwargs)
                return _run(traced, arguments, ())
        return self.function()(*args, **kwargs)

    def traced_with(self, *args: Any, **kwargs: Any) -> tuple[Traced, tuple[Any, ...], Sequence[Any]]:
        """The trace that a call with these arguments runs, the Values that it captures now, and the arguments taken apart."""
        key, names, arguments = self._keyed(args, kwargs)
        return *self._traced(key, arguments, args, kwargs, names), arguments

    def knows(self, *args: Any) -> bool:
        """Whether a call with these arguments runs a trace that was made before."""
        traced = self.traces.get(self._keyed(args, {})[0])
        return traced is not None and traced.captured(self.name) is not None

    def _keyed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[str], list[Any]]:
        """The key of the trace for these arguments, their names, and the arguments taken apart."""
        parameters = self._known_parameters()
        names = parameters.names(len(args), kwargs)
        arguments = parameters.taken_apart(args, kwargs, names)
        return (trace_key(arguments), len(args), *kwargs), names, arguments

    def on_numbers(self, *args: Any) -> Any:
        """The result at plain numbers as plain numbers, also where Values were captured, and nothing recorded."""
        traced, captured, arguments = self.traced_with(*args)
        return _run(traced, arguments, tuple([value.data for value in captured]))

    def _without_compiling(self, f: Function, args: tuple[Any, ...], kwargs: dict[str, Any], arguments: Any) -> Any:
        """Call f on Values or Symbols, row by row where there are rows."""
        if self.options.axes is None:
            return f(*args, **kwargs)
        given = [x if isinstance(x, Mapped) else argument for x, argument in zip(arguments, args, strict=False)]
        return map_rows(functools.partial(f, **kwargs), given, self.options.reduce, self.name)

    def _in_trace(self, tracer: Any, arguments: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result where another function is traced: maybe by a call that is a step of its program."""
        f = self.function()
        counts: tuple[Any, ...] = ()
        if tracer.loops and self.options.axes is None and arguments is not None and OfTrace not in map(type, arguments):
            counts = self, *[len(x.numbers) if type(x) is Shared else -1 for x in arguments]
        if not counts or counts in tracer.in_place:  # most are small: these cost no look at their structure
            return self._without_compiling(f, args, kwargs, arguments)
        as_it_is = functools.partial(self._without_compiling, f, args, kwargs, arguments)
        try:
            key = self, trace_key(arguments), len(args), *kwargs
            inner = tracer.functions.setdefault(key, Inner())
        except TypeError:  # of a static argument without a hash
            return as_it_is()
        called = CalledAt(arguments, [*args, *kwargs.values()], len(args), tuple(kwargs))
        result = inner.result(f, called, statics(arguments), as_it_is, self.name)
        if inner.in_place and -1 not in counts:
            tracer.in_place.add(counts)
        return result

    def summing(self) -> "Calls":
        """The function with its rows summed."""
        if self.options.reduce == "sum":
            return self
        if self._summing is None:
            self._summing = Calls(self.function(), self.options._replace(reduce="sum"), self.name)
        return self._summing

    def taken_apart(self, args: tuple[Any, ...]) -> list[Any]:
        """Arguments by position as a call takes them apart."""
        parameters = self._known_parameters()
        return parameters.taken_apart(args, {}, parameters.names(len(args), {}))

    def _known_parameters(self) -> Parameters:
        if self._parameters is None:
            self._parameters = Parameters(self.f, self.options, self.name)
        return self._parameters

    def function(self) -> Function:
        """The function itself; after unpickling, found by its name."""
        if self.f is None:
            found = imported(*self.reference) if self.reference else None
            if found is None:
                raise ValueError(
                    f"{self.name} was unpickled with the programs compiled so far, and none takes arguments of this structure"
                    f", and the function itself cannot be imported here: call it once with such arguments before pickling it"
                )
            calls = getattr(found, "_calls", None)
            self.f = calls.function() if isinstance(calls, Calls) else found
        return self.f

    def _traced(
        self, key: Any, arguments: Sequence[Any], args: Sequence[Any], kwargs: dict[str, Any], names: Sequence[str]
    ) -> tuple[Traced, tuple[Any, ...]]:
        """The trace for a key, with the Values that this call captures; made by the first thread that finds none that holds."""
        while True:
            traced = self.traces.used(key)
            captured = None if traced is None else traced.captured(self.name)
            if traced is not None and captured is not None:
                return traced, captured
            with self._tracing:
                if self.traces.get(key) is not traced:
                    continue
                made = self._trace(arguments, args, kwargs, names, traced)
                if traced is not None:
                    self.traces.warn_of_changes(traced, made)
                for forgotten in [*self.traces.put(key, made, arguments, names), *filter(None, [traced])]:
                    self._forget(forgotten)
                return made, made.captures.values

    def _forget(self, forgotten: Traced) -> None:
        """No quick way may lead to a trace that is out of date, or one too many."""
        self._answer_by(LongWay(self))
        self._looked_for_quick_way = False
        if self.short_way and self.short_way[1] is forgotten:
            self.short_way = None
        self.on_floats = {count: way for count, way in self.on_floats.items() if way[1] is not forgotten}

    @collector_at_rest()
    def _trace(
        self,
        arguments: Sequence[Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        names: Sequence[str],
        stale: Traced | None,
        *,
        rolled: bool | None = None,
    ) -> Traced:
        f = self.function()
        labels: list[str] = []
        varying: list[int | None] = []
        widths: list[int] = []  # of arrays whose length only the run knows
        arrays = itertools.count()
        for name, argument in zip(names, arguments, strict=True):
            if isinstance(argument, Static):
                continue
            structure = argument.structure
            if isinstance(argument, Open):
                widths += argument.widths
                labels += [name] if len(argument.widths) == 1 else [f"{name}_{i}" for i in range(len(argument.widths))]
                continue
            widths += [0] * structure.size
            for part in structure.parts():
                varying += [next(arrays) if isinstance(argument, Mapped) else None] * part.size
            labels += [name] if structure.kind is None else [f"{name}_{i}" for i in range(structure.size)]

        def call(symbols: list[Symbol]) -> tuple[list[Any], Structure]:
            result = CalledAt(arguments, (), len(args), tuple(kwargs)).of(f, symbols)
            if result is None:
                raise TypeError(f"{self.name}: the function returned None: does it lack a return?")
            return flatten(result, f"{self.name}: what the function returns", opened=True)

        start = time.perf_counter()
        before = Before(roots := [f, *statics(arguments)])
        rolled = self.options.rolls(arguments) if rolled is None else rolled
        loops, own = self.options.axes is None or self.options.loops, owns_arguments(f)
        program, captured, structure = trace(call, labels, loops=loops, rolled=rolled, arrays=widths, own=own)
        captures = Captures.found(captured, roots, before)
        captures.check(self.name)
        varying += [None] * len(captured)
        options = self._options(varying, widths, captured, structure)
        if rolled and any(isinstance(form, Loop) for form in program.forms):
            options = replace(options, rolled=True)
        if stale is not None and stale.like(program, options):
            compiled = stale.compiled
        else:
            compiled = Compiled(program, options, self.name)
            compiled.seconds = time.perf_counter() - start
            if options.rolled and not compiled.compile_rolled(loops=self.options.loops):
                return self._trace(arguments, args, kwargs, names, stale, rolled=False)
        return Traced(compiled, captures, structure, tuple(labels))

    def _options(self, varying: list[int | None], widths: list[int], captured: Sequence[Any], result: Structure) -> Options:
        """How a program with these inputs and outputs is compiled."""
        axes, reduce, fast, _, backend, threads, dynamic, _, _, weighted = self.options
        options = Options(None if axes is None else tuple(varying), reduce, fast, backend, threads=threads)
        if weighted:
            options = replace(options, weight=max(i for i, array in enumerate(varying) if array is not None))
        if dynamic:
            options = replace(options, arrays=(*widths, *[0] * len(captured)), results=open_widths(result))
        if options.by_row:
            options = replace(options, parts=tuple([part.size for part in result.parts()]))
        return options

    def _remember_scalar(self, traced: Traced, arguments: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Keep a short way for calls that take floats alone and return one."""
        plain = all(isinstance(x, Shared) and x.structure is NUMBER for x in arguments)
        if plain and not kwargs and not traced.captures.values and traced.structure is NUMBER:
            executable = traced.compiled.executable
            scalar = getattr(executable, "scalar", None)
            if scalar is not None:
                self.on_floats[len(arguments)] = scalar, traced

    def traced_for(self, args: tuple[Any, ...], kwargs: dict[str, Any], what: str) -> Traced:
        """The trace of the latest call, or of one with these arguments, for the method `what`."""
        if args or kwargs:
            self._call(args, kwargs)
        if self.latest is None:
            try:
                self.latest = self._of_numbers()
            except Exception as error:
                raise ValueError(
                    f"{self.name} has not been traced yet: call it first, or pass arguments, for example {what}(1.0, 2.0)"
                ) from error
        return self.latest

    def _of_numbers(self) -> Traced:
        """A trace with one number for each required argument, as many functions take them."""
        if self.options.axes is not None or self.options.static:
            raise TypeError("mapped and static arguments cannot be guessed")
        parameters = inspect.signature(self.function()).parameters.values()
        count = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        names = self._known_parameters().names(count, {})
        key = tuple([NUMBER] * count), count
        return self._traced(key, [Shared(NUMBER, [0.0])] * count, [0.0] * count, {}, names)[0]

    def __reduce__(self) -> tuple[Any, ...]:
        reference = self.reference
        if self.f is not None:
            named = getattr(self.f, "__module__", "") or "", getattr(self.f, "__qualname__", "")
            found = imported(*named)
            reference = named if found is not None and found in (self.f, self.owner()) else None
        traces = {key: traced for key, traced in self.traces.items() if travels((key, traced.structure))}
        return _arrived, (self.options, self.name, reference, traces)


def _arrived(options: JitOptions, name: str, reference: tuple[str, str] | None, traces: dict[Any, Traced]) -> Calls:
    calls = Calls(None, options, name)
    calls.reference = reference
    for key, traced in traces.items():
        calls.traces.put(key, traced)
        calls.latest = traced
    return calls


def _at_once(traced: Traced, arguments: Sequence[Any]) -> Any:
    """The result of a first call without machine code, or None."""
    if not all(isinstance(x, Shared) for x in arguments):
        return None
    found = traced.compiled.at_once([number for x in arguments for number in x.numbers])
    return None if found is None else unflatten(traced.structure, found, as_array)


def _run(traced: Traced, arguments: Sequence[Any], captured: tuple[Any, ...]) -> Any:
    """Run the compiled program at these arguments; it returns Values where arguments are Values, or Values were captured."""
    compiled, rows = traced.compiled, NO_ROWS
    if compiled.options.mapped:
        rows = Rows(row_count(arguments), tuple([array for x in arguments if isinstance(x, Mapped) for array in x.arrays]))
    numbers: list[Any] = []
    for x in arguments:
        numbers += x.numbers if isinstance(x, Shared | StandIn) else x.arrays if isinstance(x, Open) else ()
    numbers += captured
    on_values = any_node(numbers)
    if on_values:
        if current_mode().recording:  # partials may be computed later, when the arrays have changed
            rows = Rows(rows.count, tuple([array.copy() for array in rows.arrays]))
        outputs: Any = compiled.apply(numbers, rows, at_once=len(compiled.program.outputs) == 1)
    else:
        run_parts = getattr(compiled.executable, "run_parts", None) if compiled.options.by_row else None
        if run_parts is not None:
            return of_parts(traced.structure, run_parts(numbers, rows))
        outputs = compiled.executable.run(numbers, rows)
    if compiled.options.by_row:
        return by_row(traced.structure, outputs, rows.count)
    if not on_values and not compiled.options.results:
        outputs = list(map(float, outputs))
    return unflatten(traced.structure, outputs, as_array)
