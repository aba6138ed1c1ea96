"""The table: how a primitive is stated, and where it is found."""

import copyreg
import functools
import inspect
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, ParamSpec

from autograd.definition import CFunction, Native, Primitive, Rules

P = ParamSpec("P")

TABLE: dict[str, Primitive] = {}
"""Every primitive by its name, in the order of their statement."""

_TAKEN: set[str] = set()  # names that are built in
_NATIVES: dict[str, Native] = {}  # what compiled code knows by these names
_LISTENERS: list[Callable[[Primitive], None]] = []


def on_every_primitive(listener: Callable[[Primitive], None]) -> None:
    """Call `listener` with every primitive there is, and with each one added from now on."""
    for known in TABLE.values():
        listener(known)
    _LISTENERS.append(listener)


def close_built_in(module: dict[str, Any]) -> None:
    """From here on the primitives present are built in: their names are taken for good, and their partials get a short way.

    `module` is the namespace they are stated in. On floats a primitive is nothing but its `evaluate`: so for floats the same
    partials run in a copy of that namespace where each primitive's name means its `evaluate`, and pay for no dispatch.
    """
    take_names(module)
    on_floats = dict(module)

    def moved(thing: Any) -> Any:
        if isinstance(thing, FunctionType) and thing.__globals__ is module:
            return FunctionType(thing.__code__, on_floats, thing.__name__, thing.__defaults__, thing.__closure__)
        return thing

    for name, thing in module.items():
        on_floats[name] = thing.on_floats() if isinstance(thing, Primitive) else moved(thing)
    for known in TABLE.values():
        each = known.rules.each and tuple(map(moved, known.rules.each))
        known.rules_on_floats = Rules(each, moved(known.rules.joint))
        if known.native is not None:
            _NATIVES[str(known.native)] = known.native


def take_names(module: Iterable[str]) -> None:
    """No primitive can be added by one of these names, but for private ones."""
    _TAKEN.update(name for name in module if not name.startswith("_"))


def lookup(name: str) -> Primitive:
    """The primitive of that name; KeyError says how to define it.

    >>> lookup("tanh").name
    'tanh'
    """
    try:
        return TABLE[name]
    except KeyError:
        raise KeyError(
            f"no primitive is named {name!r} here: define it first, with primitive({name!r}, evaluate=..., partials=...)"
        ) from None


copyreg.pickle(Primitive, lambda known: (lookup, (known.name,)))  # it travels by its name


def _with_the_fields_of(
    make: Callable[P, Primitive],
) -> Callable[[Callable[[Primitive], Primitive]], Callable[P, Primitive]]:
    """Turn a function of a primitive into a function of its fields, which so stand in one place."""

    def decorate(add: Callable[[Primitive], Primitive]) -> Callable[P, Primitive]:
        @functools.wraps(add)
        def call(*args: P.args, **fields: P.kwargs) -> Primitive:
            return add(make(*args, **fields))

        call.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]  # what `inspect.signature` looks for
        return call

    return decorate


@_with_the_fields_of(Primitive)
def primitive(made: Primitive) -> Primitive:
    """Add a primitive to the table and return it; it is the public function.

    - `evaluate(*floats) -> float` is its value, and should return inf or nan rather than raise. Its signature is the row's.
    - `partials(result, *operands)` returns one local partial for each operand, written with rows, so that it runs on
      floats, Values and Symbols alike. A tuple of such functions, one for each operand (or a number, where the partial is
      constant), is never asked for the partial of an operand that needs no gradient.
    - `symbol` is drawn in pictures. `operator`, the Python operator that a row is, is for built-in rows alone.
    - `latex`: its formula and what kind that is, as in ("{:sum} - {:product}", "sum"), where each place says what kind of
      operand goes without parentheses: that or a stronger one of "sum", "negation", "product", "power", "atom".
    - `domain`: where it is smooth, as bounds (low, high) or an `Interval`, or an `Interval` for each operand;
      `kink(*operands)` is true at points inside where it is not. `selective=True` says that a partial of 0 means "this
      operand was not selected": it gets nothing at all.
    - `arguments` spreads the arguments of a call, such as two sequences, into flat operands.
    - `reference`: its mpmath function, by name or as a function of (mpmath, *operands), for tests.
    - `native`: the instruction ("fadd") or function of the C library ("atan2") that gives the same bits as `evaluate`, for
      compiled code; without it, what is compiled is `evaluate` itself, in which `math` may be used and operands compared.

    Raises ValueError for a name that is no identifier or is taken (your own row may be stated anew), for another number of
    partials than operands, and TypeError for an argument of the wrong kind; all before anything is changed.

    >>> from autograd import Value
    >>> cube = primitive("cube", evaluate=lambda x: x * x * x, partials=lambda result, x: 3.0 * x * x)
    >>> x = Value(2.0)
    >>> cube(x).backward()
    >>> x.grad
    12.0
    """
    name = made.name
    if name in _TAKEN:
        raise ValueError(f"primitive name {name!r} is built in and cannot be replaced: choose another name")
    if _TAKEN:
        if made.operator is not None:
            raise ValueError(
                f"primitive {name!r} cannot take over the operator {made.operator!r}: it is a built-in primitive's"
            )
        if isinstance(made.native, CFunction):
            made.native = _NATIVES.get(str(made.native), made.native)
        made.check_results()
    for listener in _LISTENERS:
        listener(made)
    TABLE[name] = made
    return made
