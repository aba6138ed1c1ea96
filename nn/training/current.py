"""Compiled functions of a model that changes while it is trained: each is compiled anew when its program has become another.

A trace fixes everything but the numbers of parameters: rates, flags, modes, which layers there are. `state_of` lists all that
a model holds, quickly. Where the list has changed, the function is traced again; where its program has changed too, it is
compiled again. So a callback may change the model, and may as well keep its notes there.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial, singledispatch
from itertools import islice
from math import prod
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from autograd import Value, jit
from autograd.compiler.jit import Jitted
from autograd.compiler.trace.tracer import trace
from autograd.definition import Primitive
from autograd.real import is_node
from autograd.structures import as_argument, flatten, is_array
from nn.module import Module


class Current:
    """A compiled function of rows of arrays, of these shapes: `call`, as of the latest `renew`."""

    call: Callable[..., Any]

    def __init__(
        self,
        f: Callable[..., Any],
        shapes: Sequence[tuple[int, ...]],
        read: Sequence[Any],
        options: Callable[[], dict[str, Any]],
    ) -> None:
        self._f, self._shapes, self._read, self._options = f, shapes, read, options
        self._state: Any = None
        self._program: Any = None

    def renew(self) -> None:
        """Compile the function if it has become another: if what is `read` by it has changed, and therefore its program."""
        state = state_of(*self._read)
        if self._state is None or state[0] != self._state[0]:
            self._state = state
            options = self._options()
            program, captured = self._traced()
            if self._program is None or (program, options) != self._program[:2]:
                self._program = program, options, captured
                self.call = jit(self._f, **options)

    def _traced(self) -> tuple[Any, tuple[Value, ...]]:
        """What distinguishes the function's program from others, and the Values that it names by their ids."""

        def call(symbols: list[Any]) -> tuple[list[Any], None]:
            rest = iter(symbols)
            arguments = [as_argument(list(islice(rest, prod(shape))), shape) for shape in self._shapes]
            return flatten(self._f(*arguments), "what the model computes")[0], None

        program, captured, _ = trace(call, [""] * sum(map(prod, self._shapes)))
        primitives = [primitive for primitive, _ in program.steps]
        places = [places for _, places in program.steps]  # by their text: 1 is a place, 1.0 a constant, and so is -0.0
        return (primitives, repr([*places, program.outputs]), list(map(id, captured))), captured


def state_of(*things: Any) -> tuple[list[Any], list[Any]]:
    """All that the things hold but the numbers of Values, to be compared with a later list; and what keeps its ids valid.

    It follows modules with their classes, lists, tuples, dicts, sets, arrays, other objects with attributes, methods, partial
    functions, and functions with the closures, defaults and globals that they may read.

    >>> from nn import Dropout
    >>> dropout = Dropout(0.5)
    >>> before = state_of(dropout)
    >>> dropout.p = 0.25
    >>> state_of(dropout)[0] == before[0]
    False
    """
    found: list[Any] = []
    kept: list[Any] = []
    places: dict[int, int] = {}
    rest = list(reversed(things))
    while rest:
        thing = rest.pop()
        kind: Any = type(thing)
        if kind is Value:
            found.append(id(thing))
            kept.append(thing)
        elif kind in _PLAIN:
            found.append((kind, thing))
        elif kind is float:
            found.append(repr(thing))  # -0.0 is not 0.0, and nan is nan
        elif id(thing) in places:
            found.append(("again", places[id(thing)]))
        else:
            places[id(thing)] = len(places)
            kept.append(thing)
            inside = _inside(thing)
            found.append((kind, None if isinstance(thing, _CONTAINERS) else id(thing), len(inside)))
            rest += reversed(inside)
    return found, kept


_PLAIN = frozenset({int, bool, str, bytes, complex, type(None)})
_CONTAINERS = (list, tuple, dict, set, frozenset, deque, MethodType, partial)  # known by what they hold alone


@singledispatch
def _inside(thing: Any) -> list[Any]:
    """What a thing holds; nothing, if its identity says all."""
    if is_node(thing):
        return []
    if is_array(thing):
        return [str(thing.dtype), thing.shape, thing.ravel().tolist() if thing.dtype.kind == "O" else thing.tobytes()]
    slots = [vars(kind).get("__slots__", ()) for kind in type(thing).__mro__]
    names = [name for these in slots for name in ([these] if isinstance(these, str) else these)]
    return [*_attributes(thing), *(getattr(thing, name, None) for name in names)]


@_inside.register(Primitive)
@_inside.register(ModuleType)
@_inside.register(CodeType)
def _of_what_stays(_: Any) -> list[Any]:
    return []


@_inside.register
def _of_module(module: Module) -> list[Any]:
    return [type(module), *_pairs(vars(module))]


@_inside.register
def _of_class(kind: type) -> list[Any]:
    if kind is Module:
        return []
    named = dict(vars(kind))
    if not issubclass(kind, Module):  # the numbers in it, but not all of a library
        named = {name: x for name, x in named.items() if type(x) in (float, Value, list, dict) or type(x) in _PLAIN}
    return [*kind.__bases__, *_pairs(named)]


@_inside.register
def _of_function(f: FunctionType) -> list[Any]:
    cells = [cell.cell_contents for cell in f.__closure__ or () if cell != CellType()]  # some are empty as yet
    ours = (f.__module__ or "").partition(".")[0] in ("nn", "autograd")  # these read no globals that change
    read = [f.__globals__[name] for name in _names_in(f.__code__) if name in f.__globals__] if not ours else []
    return [f.__code__, *cells, f.__defaults__, f.__kwdefaults__, *read]


def _names_in(code: CodeType) -> dict[str, None]:
    """The names that a function's code, or code inside it, may look up among globals."""
    inside = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names_in(constant)]
    return dict.fromkeys([*code.co_names, *inside])


@_inside.register
def _of_method(method: MethodType) -> list[Any]:
    return [method.__self__, method.__func__]


@_inside.register(staticmethod)
@_inside.register(classmethod)
def _of_wrapped(wrapper: Any) -> list[Any]:
    return [wrapper.__func__]


@_inside.register
def _of_property(made: property) -> list[Any]:
    return [made.fget]


@_inside.register
def _of_jitted(jitted: Jitted) -> list[Any]:
    return [getattr(jitted, "__wrapped__", None)]  # a trace enters it


@_inside.register(partial)
def _of_partial(made: Any) -> list[Any]:
    return [made.func, made.args, made.keywords]


@_inside.register
def _of_dict(mapping: dict) -> list[Any]:  # type: ignore[type-arg]  # of any
    return [*_pairs(mapping), *_attributes(mapping)]


@_inside.register(list)
@_inside.register(tuple)
@_inside.register(set)
@_inside.register(frozenset)
@_inside.register(deque)
def _of_several(things: Any) -> list[Any]:
    return [*things, *_attributes(things)]


def _attributes(thing: Any) -> list[Any]:
    return _pairs(thing.__dict__) if hasattr(thing, "__dict__") else []


def _pairs(mapping: Any) -> list[Any]:
    return [x for pair in list(mapping.items()) for x in pair]
