"""An optimizer's `update` as programs: what each parameter becomes, and what the state that all of them share becomes.

`update` is scalar code. It is called once, on Symbols for the number, the gradient, the learning rate and the numbers of the
state. What it makes of a state that is the same for all parameters, such as a count of steps, and that it computes from nothing
else, is computed once for all.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import repeat
from types import FunctionType
from typing import Any, NamedTuple

from autograd.compiler.lower import recording
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.captures import Captures
from autograd.compiler.trace.origins import Before
from autograd.compiler.trace.tracer import trace
from autograd.keys import key_of_contents
from autograd.program import Program
from autograd.real import is_node
from nn.optim.optimizers import Optimizer

STEPS_OWN = frozenset({"parameters", "_states", "_lr", "_given", "_groups", "_late"})
"""What the base keeps on an optimizer, and an `update` does not read."""


ABSENT: Any = object()  # no state


class Shape(NamedTuple):
    """A state without its numbers: None, int or float for a number's type, or a class with the shapes of its parts."""

    kind: Any
    parts: "tuple[Shape, ...]" = ()
    keys: tuple[Any, ...] = ()


def taken_apart(state: Any, numbers: list[Any]) -> Shape:
    """The shape of a state, whose numbers are added to the list; TypeError for a state that holds anything but numbers.

    >>> numbers = []
    >>> shape = taken_apart((3, [0.5, None]), numbers)
    >>> numbers, put_together(shape, iter([4.0, 0.25]))
    ([3, 0.5], (4, [0.25, None]))
    """
    kind = type(state)
    if state is None:
        return Shape(None)
    if kind in (int, float, bool) or is_node(state):
        numbers.append(state)
        return Shape(float if is_node(state) else kind)
    if isinstance(state, tuple | list):
        return Shape(kind, tuple([taken_apart(part, numbers) for part in state]))
    if kind is dict:
        return Shape(dict, tuple([taken_apart(part, numbers) for part in state.values()]), tuple(state))
    raise TypeError(f"the state of an update must be numbers in tuples, lists or dicts, not a {kind.__name__}")


def all_taken_apart(states: Sequence[Any], kind: str = "optimizer") -> tuple[Shape, list[list[Any]]]:
    """The shape that the states of all parameters have, and each of their numbers for all of them, in columns.

    Raises TypeError for states of different shapes, and as `taken_apart`.

    >>> all_taken_apart([(1, 0.5), (1, 0.25)])[1]
    [[1, 1], [0.5, 0.25]]
    """
    if {*map(type, states)} == {tuple} and len({*map(len, states)}) == 1:  # the usual ones, at the speed of C
        columns = list(map(list, zip(*states, strict=True)))
        kinds = [{*map(type, column)} for column in columns]
        if all(len(kind) == 1 and kind <= _NUMBERS for kind in kinds):
            return taken_apart(states[0], []), columns
    shapes, rows = set(), []
    for state in states:
        numbers: list[Any] = []
        shapes.add(taken_apart(state, numbers))
        rows.append(numbers)
    if len(shapes) > 1:
        raise TypeError(f"the parameters of one {kind} have states of different structures")
    return shapes.pop(), [list(column) for column in zip(*rows, strict=True)]


_NUMBERS = frozenset({int, float, bool})


def put_together(shape: Shape, numbers: Iterator[Any]) -> Any:
    """The state of that shape with these numbers, of the types that it had; Symbols as they are."""
    if shape.kind is None:
        return None
    if shape.kind in (int, float, bool):
        number = next(numbers)
        return number if is_node(number) else shape.kind(number)
    parts = [put_together(part, numbers) for part in shape.parts]
    if shape.kind is dict:
        return dict(zip(shape.keys, parts, strict=True))
    return shape.kind._make(parts) if hasattr(shape.kind, "_make") else shape.kind(parts)


class Update:
    """The programs of one `update`, for states of one shape.

    `each` computes a parameter: its inputs are lr and the shared numbers of the state, then a number, its gradient, and the
    other numbers of its state; its outputs are the next number and those. `shared` computes the next shared numbers from the
    former inputs. `alike` and `own` are the places, in the state, of the ones and the others.
    """

    def __init__(self, optimizer: Optimizer, shape: Shape, alike: Sequence[bool]) -> None:
        self.shape = shape
        roots = [*_functions_of_user(type(optimizer)), *_options(optimizer).values()]
        before = Before(roots)
        self._options = key_of(optimizer)
        count = len(alike)
        labels = ["lr", *[f"state {i}" for i in range(count)], "number", "gradient"]
        program, captured, _ = trace(lambda symbols: (_outputs(optimizer, shape, symbols), None), labels)
        if key_of(optimizer) != self._options:
            raise TypeError(
                f"{type(optimizer).__name__}.update changes an attribute of the optimizer at every call: keep it in the state"
            )
        if captured:
            raise TypeError(f"{type(optimizer).__name__}.update computes with a Value from outside, {captured[0]!r}")
        self._captures = Captures.found((), roots, before)
        program = simplify(program).program()  # what two ways through the code compute alike is one number
        self.alike, self.own = _parted(program, alike)
        shared = [0, *[1 + i for i in self.alike]]
        self.shared = program.part(shared, [1 + i for i in self.alike])
        self.each = program.part([*shared, count + 1, count + 2, *[1 + i for i in self.own]], [0, *[1 + i for i in self.own]])

    def holds(self, optimizer: Optimizer) -> bool:
        """Whether `update` is as it was, with all that it reads but for the learning rate."""
        return self._options == key_of(optimizer) and self._captures.holds()

    def fits(self, optimizer: Optimizer, shape: Shape, alike: Sequence[bool]) -> bool:
        """Whether these are its programs for states of this shape, of whose numbers these are alike for all parameters."""
        return self.shape == shape and all(alike[i] for i in self.alike) and self.holds(optimizer)


_KNOWN: deque[Update] = deque(maxlen=16)  # of earlier trainings: the next one most often has the same optimizer


def update_of(optimizer: Optimizer, shape: Shape, alike: Sequence[bool]) -> Update:
    """The programs of an optimizer's `update`, traced now, or before if it has not changed."""
    for known in tuple(_KNOWN):
        if known.fits(optimizer, shape, alike):
            return known
    made = Update(optimizer, shape, alike)
    _KNOWN.append(made)
    return made


def first_state(optimizer: Optimizer) -> Any:
    """A state of zeros that `update` treats as it treats no state, or ABSENT.

    >>> from autograd import Value
    >>> from nn import Adam
    >>> first_state(Adam([Value(1.0)]))
    (0, 0.0, 0.0)
    """
    labels = ["lr", "number", "gradient"]
    shapes: list[Shape] = []

    def from_state(state: Any) -> Program:
        def outputs(symbols: Sequence[Any]) -> tuple[list[Any], None]:
            lr, number, gradient = symbols
            numbers, shape = _called(optimizer, lr, number, gradient, state)
            shapes.append(shape)
            return numbers, None

        return trace(outputs, labels)[0]

    try:
        alone = from_state(None)
        count = len(alone.outputs) - 1
        zeros = put_together(shapes[0], repeat(0.0, count))
        return zeros if from_state(zeros) == alone and shapes[1] == shapes[0] else ABSENT
    except Exception:  # noqa: BLE001 - whatever the user's code raises on Symbols
        return ABSENT


def _outputs(optimizer: Optimizer, shape: Shape, symbols: Sequence[Any]) -> list[Any]:
    """The next number, and those of the next state."""
    lr, *state, number, gradient = symbols
    numbers, after = _called(optimizer, lr, number, gradient, put_together(shape, iter(state)))
    if _structure(after) != _structure(shape):
        raise TypeError(f"{type(optimizer).__name__}.update returns a state of another structure than it is given")
    return numbers


def _called(optimizer: Optimizer, lr: Any, number: Any, gradient: Any, state: Any) -> tuple[list[Any], Shape]:
    """The next number and those of the next state, and that state's shape."""
    kind = type(optimizer)
    functions = {name: recording(f) for name, f in _methods_of_user(kind).items()}
    made: Any = object.__new__(type(kind.__name__, (kind,), {"__slots__": (), **functions, "lr": property(lambda _: lr)}))
    options = _options(optimizer)
    vars(made).update(options)
    following, after = made.update(number, gradient, state)
    if len(vars(made)) != len(options) or any(vars(made).get(name) is not thing for name, thing in options.items()):
        raise TypeError(f"{kind.__name__}.update changes an attribute of the optimizer at every call: keep it in the state")
    numbers: list[Any] = []
    shape = taken_apart(after, numbers)
    return [following if is_node(following) else float(following), *[x if is_node(x) else float(x) for x in numbers]], shape


def _structure(shape: Shape) -> Any:
    """The shape without the types of its numbers."""
    kind = float if shape.kind in (int, bool) else shape.kind
    return kind, shape.keys, tuple(map(_structure, shape.parts))


def _parted(program: Program, alike: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Of the numbers of the state, those that stay alike for all parameters, if they are now, and the others."""
    count = len(alike)
    found = {i for i in range(count) if alike[i]}
    while True:
        differs = program.depends([count + 1, count + 2, *[1 + i for i in range(count) if i not in found]])
        staying = {i for i in found if not differs[1 + i]}
        if staying == found:
            return sorted(found), [i for i in range(count) if i not in found]
        found = staying


def _options(optimizer: Optimizer) -> dict[str, Any]:
    """The attributes that an update may read."""
    return {name: thing for name, thing in vars(optimizer).items() if name not in STEPS_OWN}


def key_of(optimizer: Optimizer) -> Any:
    """Tells an optimizer's class and options, but for the learning rate, from others."""
    options = _options(optimizer)
    return type(optimizer), key_of_contents([*options, *options.values()])


def _methods_of_user(kind: type) -> dict[str, FunctionType]:
    """The methods of a class that are not this package's: they are written for floats."""
    found: dict[str, FunctionType] = {}
    for owner in reversed(kind.__mro__):
        if owner.__module__.partition(".")[0] != __name__.partition(".")[0]:
            found |= {name: f for name, f in vars(owner).items() if isinstance(f, FunctionType) and not name.startswith("__")}
    return found


def _functions_of_user(kind: type) -> list[FunctionType]:
    return list(_methods_of_user(kind).values())
