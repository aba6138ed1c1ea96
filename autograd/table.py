"""The table of primitives: `primitive` adds one, `lookup` finds it by name, `on_every_primitive` reports each one."""

import copyreg
import functools
import inspect
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, ParamSpec

from autograd.definition import Primitive, Rules
from autograd.native import CFunction, Native

P = ParamSpec("P")

TABLE: dict[str, Primitive] = {}
"""Every primitive by its name, in the order of definition."""

_TAKEN: set[str] = set()  # built-in names, which no other primitive may have
_NATIVES: dict[str, Native] = {}  # the built-in primitives' counterparts in compiled code
_BUILT_IN: list[dict[str, Any]] = []  # the namespaces in which these are stated
_LISTENERS: list[Callable[[Primitive], None]] = []


def on_every_primitive(listener: Callable[[Primitive], None]) -> None:
    """Call `listener` with every primitive of the table, and with each one that is added later."""
    for known in TABLE.values():
        listener(known)
    _LISTENERS.append(listener)


def close_built_in(*modules: dict[str, Any]) -> None:
    """Make the table's primitives, defined in these namespaces, built in: reserve their names, and speed them up on floats.

    On floats, a primitive is just its `evaluate`. So for floats the same functions run without dispatch, in copies of the
    namespaces in which each primitive's name means its `evaluate`.
    """
    copies = [(module, dict(module)) for module in modules]

    def moved(thing: Any) -> Any:
        for module, on_floats in copies:
            if isinstance(thing, FunctionType) and thing.__globals__ is module:
                copy = FunctionType(thing.__code__, on_floats, thing.__name__, thing.__defaults__, thing.__closure__)
                copy.__dict__.update(thing.__dict__)
                return copy
        return thing

    for known in TABLE.values():
        known.evaluate_by(moved(known.evaluate))
    for module, on_floats in copies:
        take_names(module)
        _BUILT_IN.append(module)
        for name, thing in module.items():
            on_floats[name] = thing.on_floats() if isinstance(thing, Primitive) else moved(thing)
    for known in TABLE.values():
        each = known.rules.each and tuple(map(moved, known.rules.each))
        known.rules_on_floats = Rules(each, moved(known.rules.joint))
        if known.native is not None:
            _NATIVES[str(known.native)] = known.native


def is_built_in(module: dict[str, Any]) -> bool:
    """Whether that is the namespace of the table's own primitives."""
    return any(module is known for known in _BUILT_IN)


def take_names(module: Iterable[str]) -> None:
    """Reserve these names: no primitive can be added under one of them. Private names stay free."""
    _TAKEN.update(name for name in module if not name.startswith("_"))


def lookup(name: str) -> Primitive:
    """The primitive of that name; a KeyError says how to define it.

    >>> lookup("tanh").name
    'tanh'
    """
    if name not in TABLE:
        raise KeyError(
            f"no primitive is named {name!r} here: define it first, with primitive({name!r}, evaluate=..., partials=...)"
        )
    return TABLE[name]


copyreg.pickle(Primitive, lambda known: (lookup, (known.name,)))  # pickled by name


def _of_the_fields(make: Callable[P, Primitive], add: Callable[[Primitive], Primitive]) -> Callable[P, Primitive]:
    """Turn a function of a primitive into one of the primitive's fields, so that only `Primitive` lists them."""

    @functools.wraps(add)
    def call(*args: P.args, **fields: P.kwargs) -> Primitive:
        return add(make(*args, **fields))

    call.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]  # inspect.signature looks here
    return call


@functools.partial(_of_the_fields, Primitive)
def primitive(made: Primitive) -> Primitive:
    """Add a primitive to the table and return it: it is itself the public function, of floats and of Values.

    Args:
        name: a Python identifier that is not built in; a primitive of your own may be defined again.
        evaluate: `evaluate(*floats) -> float` is its value, inf or nan rather than an error; its signature is the primitive's.
        partials: `partials(result, *operands)` returns one local partial per operand. Write it with primitives, so that it
            runs on floats, Values and Symbols alike. Or a tuple with one such function per operand (or a number, if the
            partial is constant): then partials to operands that need no gradient are not computed.
        symbol: drawn in pictures.
        sequence: for one that takes a sequence, or several of one length, how it takes those whose length only the run knows
            (`dynamic_argnums`): `value(*sequences)` and `partials(result, *sequences)`, which gives a sequence for each; None
            for that if the derivative of what `value` computes is the same.
        domain: where it is smooth: bounds (low, high) or an `Interval`, for all operands, or an `Interval` for each, the last
            of which stands for all further operands.
        kink: `kink(*operands)` is true at points of the domain where it is not smooth.
        selective: a partial of 0 means "this operand was not selected": it gets no gradient at all.
        conditions: how many of the first operands are conditions, that is, bools, or numbers that hold where they are not 0. A
            primitive of conditions alone gives a bool for bools and integers.
        operator: the Python operator that it implements; for built-in primitives alone.
        arguments: spreads the arguments of a call, such as two sequences, into flat operands.
        reference: its mpmath function, for tests: a name, or a function of (mpmath, *operands).
        native: for compiled code, the instruction ("fadd") or function of the C library ("atan2") that gives the same bits as
            `evaluate`. Without it `evaluate` itself is compiled, which may use `math` and compare operands.
        latex: its formula and the formula's kind, as in ("{:sum} - {:product}", "sum"). A place names the weakest kind of
            operand that needs no parentheses there, of "sum", "negation", "product", "power", "atom".
        torch: how `nn.export` writes it in PyTorch, with a place for each operand: "torch.sin({})", "F.elu({}, {})"; unless
            given, its `evaluate` is written.
        onnx: its ONNX operator, "Sin", likewise; if its second operand is an attribute there, with that name: "Elu(alpha)".
        internal: leave it out of the public names and methods.
        doc: its docstring; that of `evaluate` unless given.

    Raises:
        ValueError: the name is not an identifier, or is taken; partials and operands differ in number.
        TypeError: an argument is of the wrong kind. After either error the table is as before.

    >>> from autograd import Value
    >>> cube = primitive("cube", evaluate=lambda x: x * x * x, partials=lambda result, x: 3.0 * x * x)
    >>> cube(Value(2.0)).local_partials
    (12.0,)
    """
    name = made.name
    if name in _TAKEN:
        raise ValueError(f"primitive name {name!r} is built in and cannot be replaced: choose another name")
    if _TAKEN:
        if made.operator is not None:
            raise ValueError(
                f"primitive {name!r} cannot take over the operator {made.operator!r}: it belongs to a built-in primitive. "
                f"Leave operator out, and call {name}(...)"
            )
        if isinstance(made.native, CFunction):
            made.native = _NATIVES.get(str(made.native), made.native)
        made.check_results()
    for listener in _LISTENERS:
        listener(made)
    TABLE[name] = made
    return made
