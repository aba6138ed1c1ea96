"""What operations give under `no_grad()`: a number alone, in a leaf, at the least cost."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from autograd.definition import Primitive
from autograd.graph import MAKING
from autograd.modes import MODE
from autograd.real import REAL_TYPES, as_float
from autograd.recorded import Recorded, maker

CUT_OFF = "cut off"  # in the place of a leaf's partial: its gradient was given up on purpose, so float() loses none

PLAIN: set[type] = {float}
"""The operands whose numbers are at hand: floats, and Values of any class, which `autograd.value` adds."""


def leaf_of(number: float) -> Any:
    """A Value with this number, of which nothing is known."""
    leaf: Recorded = _new()
    leaf._data = number
    leaf._grad = None
    leaf.primitive = None
    leaf._first = None
    leaf._second = None
    leaf._to_second = CUT_OFF
    leaf.made = next(MAKING)
    return leaf


@cache
def at_numbers(general: Callable[..., Any]) -> Callable[..., Any]:
    """A way to operate on one or two operands, `general(primitive, *operands)`, with a short one where only numbers matter."""

    def operate(primitive: Primitive, x: Any, *others: Any) -> Any:
        mode = _mode()
        if mode is not None and mode.numbers_alone:
            first = x if type(x) is float else x._data if type(x) in PLAIN else None
            if not others:
                if first is not None:
                    return leaf_of(primitive.evaluate(first))
            elif first is not None:
                (y,) = others
                kind = type(y)
                second = y if kind is float else y._data if kind in PLAIN else as_float(y, "") if kind in REAL_TYPES else None
                if second is not None:
                    return leaf_of(primitive.evaluate(first, second))
        return general(primitive, x, *others)

    return operate


def numbers_of(operands: Sequence[Any]) -> list[float] | None:
    """The numbers of operands; None unless all are `PLAIN`."""
    kinds = {*map(type, operands)}
    if not kinds <= PLAIN:
        return None
    if float in kinds:
        return [x if x.__class__ is float else x._data for x in operands]
    return [x._data for x in operands]


def numbers_alone() -> bool:
    """Whether nothing is recorded, traced or checked: only numbers matter."""
    mode = _mode()
    return mode is not None and mode.numbers_alone


def nested_numbers(xs: Any) -> Any:
    """Nested lists of Values as lists of their numbers; None for anything else.

    >>> from autograd import Value
    >>> nested_numbers([[Value(1.0), Value(2.0)], [Value(3.0)]])
    [[1.0, 2.0], [3.0]]
    """
    if not isinstance(xs, list | tuple):
        return None
    kinds = {*map(type, xs)}
    if kinds <= _NESTS:
        found = [nested_numbers(x) for x in xs]
        return None if any(x is None for x in found) else found
    return None if float in kinds else numbers_of(xs)


_NESTS = {list, tuple}
_mode = MODE.get
_new: Any = None


def compute(kind: type) -> None:
    """Have operations give leaves of this class."""
    global _new  # noqa: PLW0603 - as that of arithmetic
    PLAIN.add(kind)
    _new = maker(kind)
