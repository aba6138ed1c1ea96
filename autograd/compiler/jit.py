"""jit: trace a function once for each structure of its arguments, compile the trace, and run that from then on."""

import functools
import weakref
from collections.abc import Iterable, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, overload

from autograd.compiler.call.built_in import LongWay
from autograd.compiler.calls import Calls, Function
from autograd.compiler.trace.arguments import JitOptions, checked_options

P = ParamSpec("P")
Q = ParamSpec("Q")
R_co = TypeVar("R_co", covariant=True)

if TYPE_CHECKING:
    from autograd.compiler.report import Stats
    from autograd.typed import Derived
else:

    class Derived:
        """What type checkers know of a function that was made of another one."""

        __slots__ = ()
        __class_getitem__ = classmethod(lambda cls, _: cls)


class Jitted(Derived[P, R_co]):
    """A compiled function: what `jit` returns. See there."""

    # `__call__` is a slot: each may have its own, as quick as a built-in function
    __slots__ = ("__call__", "__dict__", "__weakref__", "_calls")

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        setattr(self, "__call__", LongWay(calls))  # noqa: B010 - to a type checker it is a method, with the parameters of f
        calls.owner = weakref.ref(self)
        if calls.f is not None:
            functools.update_wrapper(self, calls.f, updated=())
            self.__doc__ = f"{calls.name}, compiled by jit.\n\n{calls.f.__doc__ or ''}"
        else:
            self.__name__ = self.__qualname__ = calls.name  # as functools.update_wrapper sets it

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function, for any arguments."""
        return self._calls.call(*args, **kwargs)

    def over(self, chunks: Iterable[Any]) -> Any:
        """The sum or mean over the rows of all chunks: each a tuple of the arguments of a call, or the only argument.

        One chunk is in memory at a time. Its rows are summed as in a call, and the chunks' sums are added in order.

        Raises:
            ValueError: the function has no `reduce`, or the chunks hold no rows.

        >>> import numpy as np
        >>> from autograd import jit
        >>> f = jit(lambda w, x: w * x, in_axes=(None, 0), reduce="mean")
        >>> f.over((2.0, np.full(3, x)) for x in (1.0, 4.0))
        5.0
        """
        from autograd.compiler.chunks import over_chunks  # for large data alone

        return over_chunks(self._calls, chunks)

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The program of the latest call, or of one with these arguments, as Python source: f, and f with its derivatives."""
        traced = self._calls.traced_for(args, kwargs, "source")
        from autograd.compiler.report import source_of  # asked for by people

        return source_of(traced.compiled, traced.labels)

    def stats(self, *args: Any, **kwargs: Any) -> "Stats":
        """Operations before and after simplification, seconds of tracing and compiling, bytes of code, the backend."""
        from autograd.compiler.report import Stats  # likewise

        return Stats.of(self._calls.traced_for(args, kwargs, "stats").compiled)

    def draw(self, *args: Any, **kwargs: Any) -> Any:
        """The graph of the latest trace, or of a call with these arguments, as a `graphviz.Digraph`."""
        traced = self._calls.traced_for(args, kwargs, "draw")
        return traced.compiled.program.draw(traced.labels)

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self: "Jitted[Concatenate[Any, Q], R_co]", instance: object, owner: Any = None) -> "Jitted[Q, R_co]": ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<jit {self._calls.name}>"

    def __copy__(self, _memo: Any = None) -> Self:
        return self  # like a function

    __deepcopy__ = __copy__

    def __reduce__(self) -> tuple[Any, ...]:
        return Jitted, (self._calls,)


def jit(
    f: Function | None = None,
    *,
    in_axes: int | Sequence[int | None] | None = None,
    reduce: str | None = None,
    fast: bool = False,
    static_argnums: int | Sequence[int] = (),
    backend: str = "auto",
    threads: int | None = None,
    dynamic_argnums: int | Sequence[int] = (),
    loops: bool = False,
) -> Any:
    """Compile f: trace it once for each structure of its arguments, and run machine code from then on.

    A trace calls f with a Symbol for each number, and records what f does with them, through loops, lists and dicts. A branch
    on a Symbol, also by `not`, `and` and `or`, raises TraceError: choose with `where`, `maximum` or `clip`, join conditions by
    `&` and `|`, turn one by `logical_not`, or name the argument in `static_argnums`. So does a Symbol kept after its trace.

    Operations with a Symbol follow IEEE, as with a Value: 1/0 is inf. Plain floats among themselves are Python's: 1.0 / 0.0
    raises, `truediv(1.0, 0.0)` does not. `detect_anomaly` checks the results, not what is computed on the way.

    Arguments and results are numbers, or nested lists, tuples, dicts and arrays of them. Values from outside are captured: each
    call reads their numbers, and takes other Values where they were replaced. Where anything else changed that f takes from
    outside (numbers, text and functions in variables, attributes and small containers), f is traced anew. Floats alone give
    floats; with Values, captured or among the arguments, each number of the result is one Value with exact partials to them.
    Transforms compose on both sides: `jit(grad(f))`, `hessian(jit(f))`.

    Args:
        in_axes: maps f over rows: the axis of each argument that has rows, None for an argument that all rows share. Arrays
            may be Dask's: then each chunk is a call, where Dask has it, and the result by row is lazy.
        reduce: "mean" or "sum" over the rows; None returns an array with a row for each.
        fast: False gives the bits of eager Values, and adds rows from first to last: up to 1,024 rows at once, more in blocks,
            whose sums are added in order. True allows fused multiply-add, vector functions within 4 ulp, and sums in any order
            inside a block.
        static_argnums: arguments that are part of the program, which is compiled anew for each of their values. An object
            without an equality of its own counts as itself; its trace goes with it. The 256 traces used last are kept.
        backend: "llvm" for machine code (needs the extra `jit`); "plan" for the operations as data (likewise; no `in_axes`):
            nothing is compiled, and a call takes up to twice as long; "python" for straight-line Python; "auto" for machine
            code, from 40,000 irregular operations on a plan, and Python where neither can be made. Then the first call of at
            most 200,000 operations on floats does not wait for machine code, which its second call makes.
        threads: the most threads that share the rows of a call; None for one on each core. Only calls of much work have
            more than one: from 2 million operations on. The result has the same bits for any number of threads.
        dynamic_argnums: arguments that are sequences, arrays or lists, or a tuple or dict of these of equal length, whose
            length is no part of the program: it is compiled once for all lengths. The function may go through them by `scan`
            and `vmap`, carry them through loops, choose between them by `cond`, take elements and parts of them, xs[0] and
            xs[1:], and ask for the `length`; what takes a sequence of numbers, such as `softmax`, takes them. What it returns,
            and derivatives by such arguments, are arrays of the call's length. Among Values it runs uncompiled.

        loops: with `in_axes` also, `scan`, `vmap` and the like stay loops: what is compiled does not grow with their turns, and
            rows that are reduced go side by side where all have the same turns, the others one after another. Without it
            they are traced turn by turn, which is quicker where there are few turns. Without `in_axes` they always stay loops.

    Raises:
        TraceError: f asks for the number behind a Symbol, or captured an input of a transform whose call has ended.
        ValueError: arguments have unequal numbers of rows, or an option is unknown.
        TypeError: an argument holds anything but numbers.

    >>> from autograd import jit, grad, exp
    >>> @jit
    ... def f(x, y):
    ...     return x * exp(-y)
    >>> f(2.0, 0.0), grad(f)(2.0, 0.0), jit(grad(f))(2.0, 0.0)
    (2.0, 1.0, 1.0)
    """
    options = checked_options(in_axes, reduce, fast, static_argnums, backend, threads, dynamic_argnums, loops=loops)
    return functools.partial(_jitted, options=options) if f is None else _jitted(f, options)


def _jitted(f: Any, options: JitOptions) -> Jitted[..., Any]:
    if not callable(f):
        raise TypeError(f"jit compiles a function, not a {type(f).__name__}: pass f itself, not f(x)")
    return Jitted(Calls(f, options, getattr(f, "__name__", None) or type(f).__name__))
