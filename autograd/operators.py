"""The operator surface that Value and Symbol share: the table's primitives as methods and as Python's operators."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import autograd.primitives  # noqa: F401 - from here on the table is whole, and methods are made from it
from autograd.definition import Primitive
from autograd.real import as_float, is_node
from autograd.table import on_every_primitive


class Operators:
    """Every primitive of the table as a method, and those that are Python operators as operators; put on by `install`."""

    __slots__ = ()

    if TYPE_CHECKING:
        # What `install` puts on, as far as a type checker must know it: operators it looks up on the class.
        def __add__(self, other: Any) -> Self: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __add__

        def __neg__(self) -> Self: ...

        __abs__ = __neg__

        def __getattr__(self, name: str) -> Callable[..., Self]: ...

        @staticmethod
        def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any: ...

    def __pos__(self) -> Self:
        return self


Slow = Callable[..., Any]
"""What a method does with operands for which it has no short way: (primitive, *operands) -> result."""


def install(kind: type[Operators], method_of: Callable[[Primitive, Slow], Callable[..., Any]]) -> None:
    """Give `kind` a method, and where there is one the operator, for every primitive of the table, now and later.

    `method_of(primitive, slow)` makes it. An internal primitive has no method, only its short way for a first operand of this
    kind. Raises ValueError for a primitive whose name is one of the class's attributes.
    """
    own = set(dir(kind))

    def put_on(primitive: Primitive) -> None:
        name = primitive.name
        if name in own:
            raise ValueError(f"primitive name {name!r} is taken: {kind.__name__}.{name} exists. Choose another name")
        method = method_of(primitive, _call)
        primitive.specialise(kind, method)
        if primitive.internal:
            return
        method.__name__, method.__qualname__ = name, f"{kind.__name__}.{name}"
        method.__doc__ = (primitive.__doc__ or "").partition("\n")[0]
        setattr(kind, name, method)
        if primitive.operator is not None:
            setattr(kind, f"__{primitive.operator}__", method_of(primitive, operate))
            if primitive.arity == 2:
                setattr(kind, f"__r{primitive.operator}__", lambda self, other: operate(primitive, other, self))

    on_every_primitive(put_on)


def _call(primitive: Primitive, *operands: Any, **named: Any) -> Any:
    """A primitive called by name: anything but numbers is a TypeError that says so."""
    return primitive.apply(*operands, **named)


def operate(primitive: Primitive, *operands: Any) -> Any:
    """A primitive called as an operator: anything but numbers is left to the other operand's class, for example an array."""
    for i, operand in enumerate(operands):
        if not is_node(operand):
            try:
                as_float(operand, f"operand {i} of {primitive.name}")
            except TypeError:
                return NotImplemented
    return primitive.apply(*operands)
