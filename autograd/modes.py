"""The modes `no_grad` and `detect_anomaly`: each is a context and a decorator, local to its thread and async task."""

import functools
import inspect
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from math import isfinite
from types import TracebackType
from typing import Any, ClassVar, Protocol, TypeVar

from autograd.bundles import Edge
from autograd.real import number_of

F = TypeVar("F", bound=Callable[..., Any])


class Tracer(Protocol):
    """Follows a function while the compiler traces it, so that no Value's number becomes a constant of the program.

    `refused`: the function asked for a number that the trace does not know yet. `owner` is the trace to which its nodes belong.
    """

    refused: bool
    owner: object
    tape: list[Any]  # its nodes, in the order in which they were recorded

    @property
    def decide(self) -> Callable[[Any], bool] | None:
        """Decides a branch on a node whose number is not known yet; None if no branch can be decided."""

    def __call__(self, value: Any) -> Any:
        """The node that stands for a Value's number."""

    loops: bool  # whether it records a loop as one step
    rolled: bool  # whether a matrix times a vector is a loop
    starts: list[float]  # when the bodies of loops began that are being traced
    functions: dict[Any, Any]  # what it calls
    around: tuple[float, ...]  # and those that a function is called in, which is being traced apart

    def record(self, primitive: Any, operands: tuple[Any, ...]) -> Any:
        """Record a primitive whose operands are Values at the nodes that stand for them."""

    def record_form(self, form: Any, operands: tuple[Any, ...]) -> Any:
        """Record a step that is no primitive: a loop, or something of arrays."""

    def loop(self, step: Any, carry: Any, columns: Any, turns: Any, *, reverse: bool, recompute: bool) -> Any:
        """Record a loop as one step, whose turns derivatives may have to `recompute`."""

    def while_loop(self, test: Any, step: Any, carry: Any) -> Any:
        """Likewise a loop whose turns only the run counts."""

    def owned(self, numbers: Any) -> bool:
        """Whether these are the inputs of a transform that is traced, which nothing else has."""

    def elementwise(self, f: Any, *operands: Any) -> Any:
        """Record a function of numbers, or of each number in arrays."""

    def added_up(self, total: Any, f: Any, *arrays: Any) -> Any:
        """Record the sum of a number and of such a function over arrays."""

    def record_rule(self, rule: Any, inputs: Any, evaluate: Any) -> list[Any]:
        """Record a call that has a derivative of its own."""

    def as_program(self, f: Any, inputs: Any) -> tuple[Any, list[Any]]:
        """Trace a function of numbers and arrays like these: its program, and what it captures, as further inputs."""

    def while_rows(self, test: Any, step: Any, carry: Any) -> tuple[list[Any], Any, Any]:
        """Record a loop whose turns give rows too: what is carried at the end, an array, and the number of turns."""

    def load(self, numbers: Any, width: int, index: Any) -> list[Any]:
        """The row of numbers that the run decides."""

    def part(self, array: Any, count: Any, index: Any) -> Any:
        """Record the rows that the run decides of an array."""

    def linear_map(self, node: Any, reached: Any, partials_in: Any, times: Any) -> Any:
        """What a sweep needs to know of a node that is no primitive."""

    @property
    def sweep_back(self) -> Callable[..., Any]:
        """The reverse sweep through loops."""

    @property
    def sweep_forward(self) -> Callable[..., Any]:
        """The forward sweep through loops."""

    def settled(self, number: Any, like: Any = None) -> Any:
        """The adjoint or tangent of a node like that one, as a number, or as an array."""

    def all_settled(self, numbers: Any, likes: Any) -> list[Any]:
        """The same of many."""

    def arriving(self, number: Any, like: Any) -> Any:
        """The other way."""

    def filled(self, like: Any, number: float) -> Any:
        """A number, or an array of it."""

    def mask_of(self, number: Any) -> Any:
        """Whether an adjoint or tangent arrives, if the run decides that."""

    def masked(self, number: Any, mask: Any) -> Any:
        """An adjoint or tangent that arrives where the run decides."""

    def selected(self, array: Any, there: Any) -> Any:
        """What arrives at an array where another one is not 0."""

    def once(self, node: Any, key: Any, f: Any) -> Any:
        """A number made of another one, the same for each key."""


class Mode:
    """Whether to record operations and to check results for nan and inf; the tracer at work; the mode to go back to.

    `numbers_alone`: whether operations do nothing but compute; `matrices` has then what `products` keeps.
    """

    __slots__ = ("__weakref__", "checking", "matrices", "numbers_alone", "previous", "recording", "tracer")

    def __init__(
        self,
        recording: bool = True,  # noqa: FBT001, FBT002 - fields, in their order
        checking: bool = False,  # noqa: FBT001, FBT002
        tracer: Tracer | None = None,
        previous: "Mode | None" = None,
    ) -> None:
        self.recording = recording
        self.checking = checking
        self.tracer = tracer
        self.previous = previous
        self.numbers_alone = not recording and not checking and tracer is None
        self.matrices: Any = None
        LIVE.add(weakref.ref(self, LIVE.discard))


LIVE: set[weakref.ref[Mode]] = set()
"""The modes that may be in force somewhere: in a thread, in a task, in a context that was copied. None, most often, and then an
operation need not ask which one is in force here: looking one up costs a tenth of a product."""

MODE: ContextVar[Mode | None] = ContextVar("autograd_mode", default=None)
"""The mode in force; None, the common case, means COMMON."""

COMMON = Mode()
LIVE.clear()  # the common mode is never set
_UNCHANGED = nullcontext()


def current_mode() -> Mode:
    """The mode in force."""
    return MODE.get() or COMMON


def changed_mode(*, recording: bool | None = None, checking: bool | None = None) -> AbstractContextManager[None]:
    """A context with these fields changed. If none changes, the mode stays: operations have short ways in the common one."""
    mode = current_mode()
    recording = mode.recording if recording is None else recording
    checking = mode.checking if checking is None else checking
    if recording is mode.recording and checking is mode.checking:
        return _UNCHANGED
    return in_mode(Mode(recording, checking, mode.tracer, mode))


@contextmanager
def in_mode(mode: Mode | None) -> Iterator[None]:
    """A context in which exactly this mode is in force; None is the common one, in which operations have short ways."""
    token = MODE.set(mode)
    try:
        yield
    finally:
        MODE.reset(token)


class _ModeContext:
    """A context manager that changes one field of the mode, and a decorator that does so around every call."""

    _change: ClassVar[dict[str, Any]]

    def __init__(self, *functions: Any) -> None:
        if functions:
            name = type(self).__name__
            raise TypeError(f"{name} takes no arguments: decorate with parentheses, @{name}(), and enter `with {name}():`")

    def __enter__(self) -> None:
        before = MODE.get()
        mode = before or COMMON
        fields = {"recording": mode.recording, "checking": mode.checking, **self._change}
        MODE.set(Mode(**fields, tracer=mode.tracer, previous=before))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        mode = MODE.get()
        MODE.set(mode and mode.previous)

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

            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    return await function(*args, **kwargs)

        elif inspect.isgeneratorfunction(function):

            def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                return (yield from _stepwise(mode, function(*args, **kwargs)))

        else:

            def wrapper(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    return function(*args, **kwargs)

        return functools.wraps(function)(wrapper)  # type: ignore[return-value]  # wraps keeps the signature; mypy cannot say so


def _stepwise(mode: type[_ModeContext], generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run a generator's steps in the mode, but not what its caller does between two steps."""
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
        except BaseException as error:  # noqa: BLE001 - whatever was thrown in is for the generator to handle
            step, argument = generator.throw, error


class no_grad(_ModeContext):  # noqa: N801 - PyTorch's name, used like a function
    """Compute without recording: results are leaves, and no graph is built.

    A context and a decorator (of functions, coroutines and generators), local to its thread and async task.

    >>> from autograd import Value
    >>> with no_grad():
    ...     (Value(2.0) * 3.0).operands
    ()
    """

    _change: ClassVar = {"recording": False}


class detect_anomaly(_ModeContext):  # noqa: N801 - PyTorch's name, used like a function
    """Raise `AnomalyError` at the first operation, forward or backward, that makes a nan or inf out of finite numbers.

    The error names the operation and its operands' values and labels. Operations on floats alone are not checked. On Values
    each one is, whether its result is used or not: `where(x > 0.0, log(x), 0.0)` raises at 0. Of a compiled function only the
    results are: what it computes on the way and does not choose may be inf. To find the operation there, call it without `jit`.

    >>> from autograd import Value, log
    >>> with detect_anomaly():
    ...     log(Value(0.0, label="x"))
    Traceback (most recent call last):
        ...
    autograd.modes.AnomalyError: log gave -inf from finite operands: x = 0.0
    """

    _change: ClassVar = {"checking": True}


class AnomalyError(FloatingPointError):
    """Under `detect_anomaly()`, an operation gave nan or inf out of finite operands."""


def listed(operands: tuple[Any, ...]) -> str:
    """Operands for an error message: their labels and numbers."""
    names = [getattr(operand, "label", "") or f"operand {i}" for i, operand in enumerate(operands)]
    return ", ".join([f"{name} = {number_of(operand)!r}" for name, operand in zip(names, operands, strict=True)])


def check_products(
    order: Iterable[Any], partials: Callable[[Any], Sequence[Any]], arrived: Callable[[Any, Any], Any], kind: str
) -> None:
    """Raise AnomalyError at a sweep's first product, partial * `arrived(node, operand)`, that turns finite into nan or inf."""
    for node in order:
        for i, (operand, partial) in enumerate(zip(node.operands, partials(node), strict=False)):
            number = None if partial is None else arrived(node, operand)
            if number is not None:
                if isinstance(partial, Edge):
                    continue  # what a call's rule does is checked there
                slope, number = number_of(partial), number_of(number)
                if isfinite(number) and not isfinite(number * slope):
                    name = node.primitive.name if node.primitive else "?"
                    raise AnomalyError(
                        f"the derivative of {name} with respect to operand {i} is {slope}, times {kind} {number} "
                        f"is {number * slope}; its operands: {listed(node.operands)}"
                    )
