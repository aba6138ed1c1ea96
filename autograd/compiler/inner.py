"""A compiled function called inside of a trace: once as it is; where it is called again, one function for all further calls.

The first call is traced operation by operation, as if the function were not compiled. At the second one with arguments of the
same structure the function is traced as a program, and from then on each call is a step that calls it. A small
function, and one that takes and gives many numbers, is never called that way: the call would take longer than its operations.
Both ways give the same bits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.compiler.loops.call import Apart, Function
from autograd.compiler.loops.several import Several, length_of
from autograd.compiler.trace.arguments import Open, StandIn, Static
from autograd.compiler.trace.captures import Look
from autograd.compiler.trace.origins import Before, origins
from autograd.graph import tick
from autograd.modes import current_mode
from autograd.real import is_node
from autograd.structures import Structure, as_argument, as_array, flatten, unflatten
from autograd.traced import MOST_COUNTED
from autograd.value import Value

FEWEST = 200  # operations of a function that is called
EACH = 2  # and for each number that it takes or gives
OFTEN = 3  # times that a function is traced because of what changed outside


class CalledAt(NamedTuple):
    """The arguments of a call taken apart, and as they were given, `by_position` of them so, others by these names."""

    arguments: Sequence[Any]
    things: Sequence[Any]
    by_position: int
    names: tuple[str, ...]

    @property
    def numbers(self) -> list[Any]:
        """All numbers that are not static."""
        return [x for argument in self.arguments if not isinstance(argument, Static) for x in argument.numbers]

    @property
    def wholes(self) -> list[Any]:
        """Of each number the least and the largest that it can be, where eager code has a bool or an integer.

        That is known of Symbols, and of an argument that is an int.
        """
        found: list[Any] = []
        for argument, thing in zip(self.arguments, self.things, strict=True):
            if isinstance(argument, Static):
                continue
            if type(thing) is int and abs(thing) <= MOST_COUNTED:
                found.append((-MOST_COUNTED, MOST_COUNTED))
            else:
                found += [getattr(x, "whole", None) for x in argument.numbers]
        return found

    def of(self, f: Callable[..., Any], numbers: Iterable[Any]) -> Any:
        """What the function returns for these arguments with other numbers in them."""
        rest = iter(numbers)
        counts: dict[int, Any] = {}
        given = [_given(x, rest, counts) for x in self.arguments]
        return f(*given[: self.by_position], **dict(zip(self.names, given[self.by_position :], strict=True)))


def _given(argument: Any, numbers: Iterator[Any], counts: dict[int, Any]) -> Any:
    """An argument with the next numbers in it; `counts` has how long sequences are, which is one number for those as long."""
    if isinstance(argument, Static):
        return argument.value
    if isinstance(argument, Open):
        arrays = [next(numbers) for _ in argument.widths]
        if argument.like not in counts:
            counts[argument.like] = length_of(arrays[0])
        from autograd.opened import in_trace  # where there are such arguments

        return in_trace(argument.structure, arrays, counts[argument.like])
    found = unflatten(argument.structure, numbers, as_argument)
    return argument.make(found) if isinstance(argument, StandIn) else found


class Inner:
    """A function in a trace, for one structure of its arguments."""

    def __init__(self) -> None:
        self.in_place = False  # it is traced at each call
        self._first: tuple[float, Any] | None = None  # when the first call began, and its result
        self._versions: dict[Any, _Version] = {}

    def result(
        self, f: Callable[..., Any], called: CalledAt, static: Sequence[Any], as_it_is: Callable[[], Any], name: str
    ) -> Any:
        """The result of a call, by one that is a step of the trace, or `as_it_is`."""
        if self.in_place:
            return as_it_is()
        if self._first is None:
            start = tick()
            result = as_it_is()
            self._first = start, result
            return result
        wholes = called.wholes
        if not self._versions:
            self.in_place = not _pays(*self._first, len(wholes))
            if self.in_place:
                return as_it_is()
            self._first = self._first[0], None
        mode = current_mode()
        version = self._versions.setdefault((tuple(wholes), mode.recording, mode.checking), _Version())
        return version.result(mode.tracer, f, called, static, as_it_is, name)


class _Version:
    """A function as a program: for what of its arguments is an integer, inside of `no_grad` or outside."""

    def __init__(self) -> None:
        self._function: Function | None = None
        self._structure = Structure()
        self._looks: Sequence[Look] = ()
        self._left = OFTEN  # times that it may be traced

    def result(
        self,
        tracer: Any,
        f: Callable[..., Any],
        called: CalledAt,
        static: Sequence[Any],
        as_it_is: Callable[[], Any],
        name: str,
    ) -> Any:
        """The result of a call."""
        function = self._function
        if function is None or not function.is_visible(tracer) or not all(look.holds() for look in self._looks):
            function = self._function = self._made(tracer, f, called, static, name) if self._left else None
            if function is None:
                self._left = 0
                return as_it_is()
            self._left -= 1
        found, _ = function([], [tracer(x) if isinstance(x, Value) else x for x in called.numbers])
        return unflatten(self._structure, found, as_array)

    def _made(self, tracer: Any, f: Callable[..., Any], called: CalledAt, static: Sequence[Any], name: str) -> Function | None:
        """The function traced as a program, if that can be done."""
        refused, roots = tracer.refused, [f, *static]
        try:
            before = Before(roots)
            with Apart(tracer) as body:
                body.number("i")
                for whole in called.wholes:
                    body.number().whole = whole
                outputs, self._structure = flatten(called.of(f, body.inputs[1:]), name)
                outputs = [tracer(x) if isinstance(x, Value) else x for x in outputs]
                for x in filter(is_node, outputs):
                    x.check_owner()
            program = body.program(outputs)
        except Exception:  # noqa: BLE001 - traced where it is called, it may do, or raises what the user is to read
            tracer.refused = refused
            return None
        if any(isinstance(x, Several) for x in body.shared):
            return None
        taken = set(body.shared)
        found = origins([value for value, symbol in tracer.captured.items() if symbol in taken], roots, before)
        self._looks = [Look(found.leading), Look(found.others)]
        return Function(tracer, program, outputs, body.shared)


def _pays(start: float, result: Any, count: int) -> bool:
    """Whether a call takes less time than the operations of the function, which were recorded since then."""
    try:
        numbers, _ = flatten(result, "a result")
    except (TypeError, ValueError):
        return False
    wanted = max(FEWEST, EACH * (count + len(numbers)))
    seen: set[Any] = set()
    stack = [x for x in numbers if type(x) is not float]
    while stack and len(seen) < wanted:
        node = stack.pop()
        if node not in seen and node.made > start:
            seen.add(node)
            stack += [x for x in node.operands if type(x) is not float]
    return len(seen) >= wanted
