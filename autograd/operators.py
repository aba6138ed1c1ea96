"""The operator surface that Value and Symbol share: the table's rows as methods and as Python's operators."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from autograd.definition import Primitive
from autograd.real import as_float, is_node
from autograd.table import on_every_primitive


class Operators:
    """Every row of the table as a method, and the rows that are Python operators as those; put on by `install`."""

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
"""What a method does with operands that it has no short way for: (primitive, *operands) -> result."""


def install(kind: type[Operators], method_of: Callable[[Primitive, Slow], Callable[..., Any]]) -> None:
    """Give `kind` a method, and where there is one the operator, for every row of the table, now and later.

    `method_of(row, slow)` makes it. Raises ValueError for a row whose name is one of the class's own attributes.
    """
    own = set(dir(kind))

    def put_on(row: Primitive) -> None:
        if row.name in own:
            raise ValueError(f"primitive name {row.name!r} is taken: {kind.__name__}.{row.name} exists. Choose another name")
        method = method_of(row, _call)
        method.__name__, method.__qualname__ = row.name, f"{kind.__name__}.{row.name}"
        method.__doc__ = (row.__doc__ or "").partition("\n")[0]
        setattr(kind, row.name, method)
        row.specialise(kind, method)
        if row.operator is not None:
            setattr(kind, f"__{row.operator}__", method_of(row, operate))
            if row.arity == 2:
                setattr(kind, f"__r{row.operator}__", lambda self, other: operate(row, other, self))

    on_every_primitive(put_on)


def _call(row: Primitive, *operands: Any, **named: Any) -> Any:
    """A row called by name: whatever is no number is a TypeError that says so."""
    return row.apply(*operands, **named)


def operate(row: Primitive, *operands: Any) -> Any:
    """A row called as an operator: leave to the other operand's class (an array, say) what is no number."""
    for i, operand in enumerate(operands):
        if not is_node(operand):
            try:
                as_float(operand, f"operand {i} of {row.name}")
            except TypeError:
                return NotImplemented
    return row.apply(*operands)
