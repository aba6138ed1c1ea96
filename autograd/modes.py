"""The two modes of recording, each a context and a decorator, each local to its thread and async task."""

import functools
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Mode(NamedTuple):
    """Whether operations are recorded, whether each result is checked for nan and inf, and the mode to go back to.

    `tracer`, while a function is traced for a compiler, gives the Symbol that stands for a Value, and records operations on
    Values as operations on these: so none of their numbers becomes part of the program.
    """

    recording: bool = True
    checking: bool = False
    tracer: Any = None
    outer: "Mode | None" = None


MODE: ContextVar[Mode | None] = ContextVar("autograd_mode", default=None)
"""The mode in force; None, the common case, means Mode()."""


_COMMON = Mode()
_UNCHANGED = nullcontext()


def current_mode() -> Mode:
    """The mode in force."""
    return MODE.get() or _COMMON


def changed_mode(*, recording: bool | None = None, checking: bool | None = None) -> AbstractContextManager[None]:
    """Another mode for a while; the common one, in which operations have short ways, stays as it is."""
    mode = current_mode()
    recording = mode.recording if recording is None else recording
    checking = mode.checking if checking is None else checking
    if recording is mode.recording and checking is mode.checking:
        return _UNCHANGED
    return in_mode(Mode(recording, checking, mode.tracer, mode))


@contextmanager
def in_mode(mode: Mode) -> Iterator[None]:
    """That very mode for a while."""
    token = MODE.set(mode)
    try:
        yield
    finally:
        MODE.reset(token)


class _ModeContext:
    """A context manager that changes one field of the mode, and a decorator that does so around every call."""

    _change: ClassVar[dict[str, bool]]

    def __init__(self, *functions: Any) -> None:
        if functions:
            name = type(self).__name__
            raise TypeError(f"{name} takes no arguments: decorate with parentheses, @{name}(), and enter `with {name}():`")

    def __enter__(self) -> None:
        outer = MODE.get()
        MODE.set((outer or Mode())._replace(**self._change, outer=outer))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        mode = MODE.get()
        MODE.set(mode and mode.outer)

    def __call__(self, function: F) -> F:
        if not callable(function) or inspect.isclass(function):
            raise TypeError(f"@{type(self).__name__}() decorates a function, not {function!r}")
        mode = type(self)
        wrapper: Callable[..., Any]
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@{mode.__name__}() cannot decorate the async generator {function.__name__}: "
                f"write `with {mode.__name__}():` inside it, around what it computes"
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    return await function(*args, **kwargs)

        elif inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                return (yield from _stepwise(mode, function(*args, **kwargs)))

        else:

            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]  # functools.wraps keeps the signature; mypy cannot say so


def _stepwise(mode: type[_ModeContext], generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run a generator in the mode, and what its caller does between two steps outside of it."""
    step, argument = generator.send, None
    while True:
        try:
            with mode():
                item = step(argument)
        except StopIteration as stop:
            return stop.value
        try:
            step, argument = generator.send, (yield item)
        except GeneratorExit:
            with mode():
                generator.close()
            raise
        except BaseException as error:  # noqa: BLE001 - it is the generator's, whatever it is
            step, argument = generator.throw, error


class no_grad(_ModeContext):  # noqa: N801 - PyTorch's name, used like a function
    """Compute without recording: results are leaves, and cost no graph.

    A context and a decorator, local to its thread and async task; functions, coroutines and generators may be decorated.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.operands
    ()
    """

    _change: ClassVar = {"recording": False}


class detect_anomaly(_ModeContext):  # noqa: N801 - PyTorch's name, used like a function
    """Raise `AnomalyError` at the first operation, forward or backward, that makes a nan or inf out of finite numbers.

    The error names the operation and its operands' values and labels. Operations on floats alone are not watched.

    >>> from autograd import Value, log
    >>> with detect_anomaly():
    ...     log(Value(0.0, label="x"))
    Traceback (most recent call last):
        ...
    autograd.modes.AnomalyError: log gave -inf from finite operands: x = 0.0
    """

    _change: ClassVar = {"checking": True}


class AnomalyError(FloatingPointError):
    """Under `detect_anomaly()`: an operation gave nan or inf out of finite operands."""
