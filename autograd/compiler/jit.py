"""jit: trace a function once for each structure of its arguments, compile the trace, and run that from then on."""

import functools
import importlib
import inspect
import itertools
import time
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

from autograd.compiler.call.built_in import LongWay
from autograd.compiler.node import NO_ROWS, Compiled, Rows
from autograd.compiler.options import Options
from autograd.compiler.report import Stats, source_of
from autograd.compiler.trace.arguments import JitOptions, Parameters, Shared, Static, checked_options, travels, unhashable
from autograd.compiler.trace.mapping import Mapped, by_row, map_rows, row_count
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import trace
from autograd.locks import Lock
from autograd.modes import current_mode
from autograd.real import is_node
from autograd.structures import NUMBER, Structure, as_argument, as_array, flatten, unflatten
from autograd.value import Value

Function = Callable[..., Any]

NO: Any = object()  # the answer of a short way to arguments that it cannot take


class Traced:
    """One trace of a function: the compiled program, the Values it captured, its result's structure, its inputs' labels."""

    def __init__(self, compiled: Compiled, captured: tuple[Value, ...], structure: Structure, labels: tuple[str, ...]) -> None:
        self.compiled, self.captured, self.structure, self.labels = compiled, captured, structure, labels
        self._short: Any = NO  # not yet made
        self._arguments: Sequence[tuple[Structure, bool]] = ()

    def short_way(self, arguments: Sequence[Any]) -> Any:
        """A function of such arguments that skips the checks that the previous call already made, or None."""
        if self._short is NO:
            self._arguments = [(x.structure, isinstance(x, Mapped)) for x in arguments]
            way = getattr(self.compiled.executable, "short_way", None)
            self._short = way and way(self.structure, self._arguments, NO)
        return self._short

    def quick_way(self, name: str, owner: Any) -> Any:
        """The same as a built-in function, for programs of little work; None if these arguments allow none."""
        return self.compiled.executable.built_in_of_arrays(name, owner, self.structure, self._arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return Traced, (self.compiled, self.captured, self.structure, self.labels)


class Jitted:
    """A compiled function: what `jit` returns. See there."""

    # `__call__` is a slot: each may have its own, as quick as a built-in function
    __slots__ = ("__call__", "__dict__", "__weakref__")

    def __init__(self, f: Function | None, options: "JitOptions", name: str) -> None:
        self._f, self._options, self._name = f, options, name
        self._reference: tuple[str, str] | None = None
        self._traces: dict[Any, Traced] = {}
        self._latest: Traced | None = None
        self._on_floats: dict[int, tuple[Callable[..., float], Traced]] = {}
        self._of_one_row: Jitted | None = None  # the function without a map, for rows with Values in them
        self._parameters: Parameters | None = None  # not yet asked for
        self._short_way: Any = None  # of the latest call
        self._looked_for_quick_way = False
        self._tracing = Lock(rank=1)
        self.__call__: Any = LongWay(self)
        if f is not None:
            functools.update_wrapper(self, f, updated=())
            self.__doc__ = f"{name}, compiled by jit.\n\n{f.__doc__ or ''}"

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function, for any arguments."""
        if not kwargs:
            on_floats = self._on_floats.get(len(args))
            if on_floats is not None:
                for argument in args:
                    if type(argument) is not float:
                        break
                else:
                    scalar, self._latest = on_floats
                    return scalar(*args)
            recent = self._short_way
            if recent is not None:
                result = recent[0](args)
                if result is not NO:
                    self._latest = recent[1]
                    if not self._looked_for_quick_way and len(self._traces) == 1:
                        self._looked_for_quick_way = True
                        self.__call__ = recent[1].quick_way(self._name, self) or self.__call__
                    return result
        return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        parameters = self._known_parameters()
        args, kwargs = parameters.by_position(args, kwargs)
        names = parameters.names(len(args), kwargs)
        arguments = parameters.taken_apart(args, kwargs, names)
        if current_mode().tracer is not None:
            return self._without_compiling(self._function(), args, kwargs, arguments)
        if not all(x.numeric for x in arguments if isinstance(x, Mapped)):
            if self._of_one_row is None:
                self._of_one_row = Jitted(self._function(), self._options._replace(axes=None, reduce=None), self._name)
            return self._without_compiling(self._of_one_row, args, kwargs, arguments)
        key = tuple([x.key() if isinstance(x, Static) else x.structure for x in arguments]), len(args), *kwargs
        try:
            traced = self._traces.get(key)
        except TypeError:
            raise TypeError(unhashable(arguments, names, self._name)) from None
        if traced is None:
            traced = self._traced(key, arguments, args, kwargs, names)
        if len(args) not in self._on_floats:
            self._remember_scalar(traced, arguments, kwargs)
        self._latest = traced
        if len(self._traces) > 1:
            self.__call__ = LongWay(self)
        plain = all(isinstance(x, Shared) or (isinstance(x, Mapped) and x.axis == 0) for x in arguments)
        if plain and not kwargs and not traced.captured:
            short = traced.short_way(arguments)
            self._short_way = short and (short, traced)
        return _run(traced, arguments)

    def _without_compiling(self, f: Function, args: tuple[Any, ...], kwargs: dict[str, Any], arguments: Sequence[Any]) -> Any:
        """Call f on Values or Symbols, row by row where there are rows."""
        if self._options.axes is None:
            return f(*args, **kwargs)
        given = [x if isinstance(x, Mapped) else argument for x, argument in zip(arguments, args, strict=False)]
        return map_rows(functools.partial(f, **kwargs), given, self._options.reduce, self._name)

    def _known_parameters(self) -> Parameters:
        if self._parameters is None:
            self._parameters = Parameters(self._f, self._options, self._name)
        return self._parameters

    def _function(self) -> Function:
        """The function itself; after unpickling, found by its name."""
        if self._f is None:
            found = _imported(*self._reference) if self._reference else None
            if found is None:
                raise ValueError(
                    f"{self._name} was unpickled with the programs compiled so far, and none takes arguments of this structure"
                    f", and the function itself cannot be imported here: call it once with such arguments before pickling it"
                )
            self._f = found._function() if isinstance(found, Jitted) else found
        return self._f

    def _traced(self, key: Any, *call: Any) -> Traced:
        """The trace for a key, made by the first thread that asks for it."""
        with self._tracing:
            if key not in self._traces:
                self._traces[key] = self._trace(*call)
            return self._traces[key]

    def _trace(self, arguments: Sequence[Any], args: Sequence[Any], kwargs: dict[str, Any], names: Sequence[str]) -> Traced:
        f = self._function()
        labels: list[str] = []
        varying: list[int | None] = []
        arrays = itertools.count()
        for name, argument in zip(names, arguments, strict=True):
            if isinstance(argument, Static):
                continue
            structure = argument.structure
            for part in structure.parts():
                varying += [next(arrays) if isinstance(argument, Mapped) else None] * part.size
            labels += [name] if structure.kind is None else [f"{name}_{i}" for i in range(structure.size)]

        def call(symbols: list[Symbol]) -> tuple[list[Any], Structure]:
            rest = iter(symbols)
            given = [x.value if isinstance(x, Static) else unflatten(x.structure, rest, as_argument) for x in arguments]
            result = f(*given[: len(args)], **dict(zip(kwargs, given[len(args) :], strict=True)))
            if result is None:
                raise TypeError(f"{self._name}: the function returned None: does it lack a return?")
            return flatten(result, f"{self._name}: what the function returns")

        start = time.perf_counter()
        program, captured, structure = trace(call, labels)
        varying += [None] * len(captured)
        labels += [value.label or f"captured_{i}" for i, value in enumerate(captured)]
        axes, reduce, fast, _, backend = self._options
        compiled = Compiled(program, Options(None if axes is None else tuple(varying), reduce, fast, backend), self._name)
        compiled.seconds = time.perf_counter() - start
        return Traced(compiled, captured, structure, tuple(labels))

    def _remember_scalar(self, traced: Traced, arguments: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Keep a short way for calls that take floats alone and return one."""
        plain = all(isinstance(x, Shared) and x.structure is NUMBER for x in arguments)
        if plain and not kwargs and not traced.captured and traced.structure is NUMBER:
            executable = traced.compiled.executable
            scalar = getattr(executable, "scalar", None)
            if scalar is not None:
                self._on_floats[len(arguments)] = scalar, traced
                if len(self._traces) == 1:  # else this class must know which trace was the latest
                    self.__call__ = executable.built_in(self._name, self) or self.__call__

    def _traced_for(self, args: tuple[Any, ...], kwargs: dict[str, Any], what: str) -> Traced:
        if args or kwargs:
            self._call(args, kwargs)
        if self._latest is None:
            try:
                self._latest = self._of_numbers()
            except Exception as error:
                raise ValueError(
                    f"{self._name} has not been traced yet: call it first, or pass arguments, for example {what}(1.0, 2.0)"
                ) from error
        return self._latest

    def _of_numbers(self) -> Traced:
        """A trace with one number for each required argument, as many functions take them."""
        if self._options.axes is not None or self._options.static:
            raise TypeError("mapped and static arguments cannot be guessed")
        parameters = inspect.signature(self._function()).parameters.values()
        count = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        names = self._known_parameters().names(count, {})
        return self._traced((tuple([NUMBER] * count), count), [Shared(NUMBER, [0.0])] * count, [0.0] * count, {}, names)

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The program of the latest call, or of one with these arguments, as Python source: f, and f with its derivatives."""
        traced = self._traced_for(args, kwargs, "source")
        return source_of(traced.compiled, traced.labels)

    def stats(self, *args: Any, **kwargs: Any) -> Stats:
        """Operations before and after simplification, seconds of tracing and compiling, bytes of code, the backend."""
        return Stats.of(self._traced_for(args, kwargs, "stats").compiled)

    def draw(self, *args: Any, **kwargs: Any) -> Any:
        """The graph of the latest trace, or of a call with these arguments, as a `graphviz.Digraph`."""
        traced = self._traced_for(args, kwargs, "draw")
        return traced.compiled.program.draw(traced.labels)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<jit {self._name}>"

    def __copy__(self, _memo: Any = None) -> "Jitted":
        return self  # like a function

    __deepcopy__ = __copy__

    def __reduce__(self) -> tuple[Any, ...]:
        reference = self._reference
        if self._f is not None:
            named = getattr(self._f, "__module__", "") or "", getattr(self._f, "__qualname__", "")
            reference = named if _imported(*named) in (self, self._f) else None
        traces = {key: traced for key, traced in self._traces.items() if travels((key, traced.structure))}
        return _arrived, (self._options, self._name, reference, traces)


def _imported(module: str, name: str) -> Any:
    """The object of that name in an importable module, or None."""
    try:
        return functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError, ValueError):
        return None


def _arrived(options: "JitOptions", name: str, reference: tuple[str, str] | None, traces: dict[Any, Traced]) -> Jitted:
    function = Jitted(None, options, name)
    function.__name__ = function.__qualname__ = name  # type: ignore[attr-defined]  # as functools.update_wrapper sets it
    function._reference, function._traces = reference, dict(traces)
    function._latest = next(reversed(traces.values()), None)
    return function


def _run(traced: Traced, arguments: Sequence[Any]) -> Any:
    """Run the compiled program at these arguments; it returns Values where arguments are Values, or Values were captured."""
    compiled, rows = traced.compiled, NO_ROWS
    if compiled.options.mapped:
        rows = Rows(row_count(arguments), tuple([array for x in arguments if isinstance(x, Mapped) for array in x.arrays]))
    numbers = [*[number for x in arguments if isinstance(x, Shared) for number in x.numbers], *traced.captured]
    on_values = any(map(is_node, numbers))
    if on_values:
        if current_mode().recording:  # partials may be computed later, when the arrays have changed
            rows = Rows(rows.count, tuple([array.copy() for array in rows.arrays]))
        outputs: Any = compiled.apply(numbers, rows, at_once=len(compiled.program.outputs) == 1)
    else:
        outputs = compiled.executable.run(numbers, rows)
    if compiled.options.by_row:
        return by_row(traced.structure, outputs, rows.count)
    return unflatten(traced.structure, outputs if on_values else list(map(float, outputs)), as_array)


def jit(
    f: Function | None = None,
    *,
    in_axes: int | Sequence[int | None] | None = None,
    reduce: str | None = None,
    fast: bool = False,
    static_argnums: int | Sequence[int] = (),
    backend: str = "auto",
) -> Any:
    """Compile f: trace it once for each structure of its arguments, and run machine code from then on.

    A trace calls f with a Symbol for each number, and records what f does with them, through loops, lists and dicts. A branch
    on a Symbol, also by `not`, `and` and `or`, raises TraceError: choose with `where`, `maximum` or `clip`, join conditions by
    `&` and `|`, turn one by `logical_not`, or name the argument in `static_argnums`. So does a Symbol kept after its trace.

    Operations with a Symbol follow IEEE, as with a Value: 1/0 is inf. Plain floats among themselves are Python's: 1.0 / 0.0
    raises, `truediv(1.0, 0.0)` does not. `detect_anomaly` checks the results, not what is computed on the way.

    Arguments and results are numbers, or nested lists, tuples, dicts and arrays of them. Values from outside are read at each
    call. Floats alone give floats; with Values, captured or among the arguments, each number of the result is one Value with
    exact partials to them. Transforms compose on both sides: `jit(grad(f))`, `hessian(jit(f))`.

    Args:
        in_axes: maps f over rows: the axis of each argument that has rows, None for an argument that all rows share.
        reduce: "mean" or "sum" over the rows; None returns an array with a row for each.
        fast: False gives the bits of eager Values, and adds rows from first to last. True allows fused multiply-add, vector
            functions within 4 ulp, and sums in any order.
        static_argnums: arguments that are part of the program, which is compiled anew for each of their values.
        backend: "llvm" for machine code (needs the extra `jit`), "python" for straight-line Python, "auto" for what is there.

    Raises:
        TraceError: f asks for the number behind a Symbol.
        ValueError: arguments have unequal numbers of rows, or an option is unknown.
        TypeError: an argument holds anything but numbers.

    >>> from autograd import jit, grad, exp
    >>> @jit
    ... def f(x, y):
    ...     return x * exp(-y)
    >>> f(2.0, 0.0), grad(f)(2.0, 0.0), jit(grad(f))(2.0, 0.0)
    (2.0, 1.0, 1.0)
    """
    options = checked_options(in_axes, reduce, fast, static_argnums, backend)
    return functools.partial(_jitted, options=options) if f is None else _jitted(f, options)


def _jitted(f: Any, options: JitOptions) -> Jitted:
    if not callable(f):
        raise TypeError(f"jit compiles a function, not a {type(f).__name__}: pass f itself, not f(x)")
    return Jitted(f, options, getattr(f, "__name__", None) or type(f).__name__)
