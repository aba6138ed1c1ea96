"""The methods of `Value` for the primitives, each made from the primitive itself: `x * y` at the least cost.

For one and two operands, a method does what `_apply_primitive` does (evaluate, compute the partials, record) without a loop; it
asks only what type the operand has. Whatever is unusual it leaves to `slow`, which calls `_apply_primitive`.
"""

from collections.abc import Callable
from typing import Any

from autograd.definition import Primitive
from autograd.graph import tick
from autograd.modes import MODE
from autograd.operators import Slow
from autograd.real import as_float

_mode = MODE.get
_new = object.__new__


def method_of(kind: type, primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    """The primitive as a method of a class whose slots are those of `Value`."""
    each = primitive.rules_on_floats.each
    if primitive.arity is not None and any(primitive.takes(count) for count in range(primitive.arity)):
        each = None  # operands with defaults may be left out, or named
    if primitive.conditions:
        each = None  # what stands for a condition is checked
    if each is not None and primitive.arity == 1:
        return _unary(kind, primitive, slow, *each)
    if each is not None and primitive.arity == 2:
        return _binary(kind, primitive, slow, *each)
    return lambda *operands, **named: slow(primitive, *operands, **named)


def reflected_of(kind: type, primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    """The primitive of two operands as a method of the second one: `2.0 * x`."""
    each = primitive.rules_on_floats.each
    if each is None:
        return lambda self, other: slow(primitive, other, self)
    evaluate, to_second = primitive.evaluate, _slope(primitive, each[1])

    def method(self: Any, other: Any) -> Any:
        if _mode() is not None or (type(other) is not float and type(other) is not int):
            return slow(primitive, other, self)
        x, y = as_float(other, "the number"), self._data
        out: Any = _new(kind)
        out._data = data = evaluate(x, y)
        out._grad = None
        out.label = ""
        out.primitive = primitive
        out.operands = (x, self)
        out.local_partials = (None, to_second(data, x, y))
        out.made = tick()
        return out

    return method


def _slope(primitive: Primitive, partial: Any) -> Callable[..., Any]:
    """A partial as a function on floats, which returns None for "not selected"."""
    slope = partial if callable(partial) else lambda *_: partial
    return (lambda *operands: slope(*operands) or None) if primitive.selective else slope


def _unary(kind: Any, primitive: Primitive, slow: Slow, partial: Any) -> Callable[..., Any]:
    evaluate, slope = primitive.evaluate, _slope(primitive, partial)

    def method(self: Any) -> Any:
        if _mode() is not None:
            return slow(primitive, self)
        x = self._data
        out = _new(kind)
        out._data = data = evaluate(x)
        out._grad = None
        out.label = ""
        out.primitive = primitive
        out.operands = (self,)
        out.local_partials = (slope(data, x),)
        out.made = tick()
        return out

    return method


def _binary(kind: Any, primitive: Primitive, slow: Slow, first: Any, second: Any) -> Callable[..., Any]:
    evaluate, to_first, to_second = primitive.evaluate, _slope(primitive, first), _slope(primitive, second)
    constant = None if callable(first) or callable(second) or primitive.selective else (first, second)

    def method(self: Any, other: Any) -> Any:
        if _mode() is not None:
            return slow(primitive, self, other)
        x = self._data
        if type(other) is kind:
            y = other._data
            out = _new(kind)
            out._data = data = evaluate(x, y)
            out.local_partials = constant or (to_first(data, x, y), to_second(data, x, y))
        elif type(other) is float:
            out = _new(kind)
            out._data = data = evaluate(x, other)
            out.local_partials = (to_first(data, x, other), None)
        elif type(other) is int:
            return method(self, as_float(other, "the integer"))
        elif isinstance(other, kind):  # of a subclass
            y = other._data
            out = _new(kind)
            out._data = data = evaluate(x, y)
            out.local_partials = constant or (to_first(data, x, y), to_second(data, x, y))
        else:
            return slow(primitive, self, other)
        out._grad = None
        out.label = ""
        out.primitive = primitive
        out.operands = (self, other)
        out.made = tick()
        return out

    return method
