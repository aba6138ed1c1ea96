"""What Value and Symbol have in common: the table's primitives as methods and as Python's operators."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import autograd.primitives  # noqa: F401 - fills the table, from which the methods are made
from autograd.definition import Primitive
from autograd.real import as_float, is_node
from autograd.table import on_every_primitive


class Operators:
    """Every primitive of the table as a method, and as an operator if Python has one; `install` attaches them."""

    __slots__ = ()

    if TYPE_CHECKING:
        # What `install` attaches, for type checkers: they look operators up on the class.
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
"""What a method calls for operands that it does not handle itself: (primitive, *operands) -> result."""


def operate(primitive: Primitive, *operands: Any) -> Any:
    """A primitive called as an operator: where an operand is not a number but, for example, an array, its class decides."""
    for i, operand in enumerate(operands):
        if type(operand) is not float and not is_node(operand):
            try:
                as_float(operand, f"operand {i} of {primitive.name}")
            except TypeError:
                return NotImplemented
    return primitive.apply(*operands)


def install(
    kind: type[Operators], method_of: Callable[[Primitive, Slow], Callable[..., Any]], operate: Callable[..., Any] = operate
) -> None:
    """Give `kind` a method for every primitive of the table, now and later, and the operator if Python has one.

    `method_of(primitive, slow)` makes the method; an operator's `slow` is `operate`. A call of the primitive whose first
    operand is a `kind` runs it too; for an internal primitive that is all. Raises ValueError for a primitive whose name is one
    of the class's attributes.
    """
    own = set(dir(kind))

    def put_on(primitive: Primitive) -> None:
        name = primitive.name
        if name in own:
            raise ValueError(f"primitive name {name!r} is taken: {kind.__name__}.{name} exists. Choose another name")
        method = method_of(primitive, Primitive.apply)
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
