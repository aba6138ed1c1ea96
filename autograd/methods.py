"""The methods of `Value` for the primitives, each made from the primitive itself: `x.exp()` at the least cost.

For one and two operands, a method does what `_apply_primitive` does (evaluate, compute the partials, record) without a loop; it
asks only what type the operand has. Whatever is unusual it leaves to `slow`, which calls `_apply_primitive`.
"""

from collections.abc import Callable
from typing import Any

from autograd.definition import Primitive
from autograd.graph import MAKING
from autograd.modes import LIVE, MODE
from autograd.naming import by_python
from autograd.operators import Slow
from autograd.real import REAL_TYPES, as_float
from autograd.recorded import NATIVE, Recorded, maker
from autograd.unrecorded import at_numbers

_mode = MODE.get


def method_of(kind: type, primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    """The primitive as a method of a class whose slots are those of `Value`."""
    each = primitive.rules_on_floats.each
    if primitive.arity is not None and any(primitive.takes(count) for count in range(primitive.arity)):
        each = None  # operands with defaults may be left out, or named
    if primitive.conditions:
        each = None  # what stands for a condition is checked
    if each is not None and primitive.arity == 1:
        return _unary(kind, primitive, at_numbers(slow), *each)
    if each is not None and primitive.arity == 2:
        return _binary(kind, primitive, at_numbers(slow), *each)
    return lambda *operands, **named: slow(primitive, *operands, **named)


def reflected_of(kind: type, primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    """The primitive of two operands as a method of the second one: `2.0 ** x`."""
    each = primitive.rules_on_floats.each
    if each is None:
        return lambda self, other: slow(primitive, other, self)
    slow = at_numbers(slow)
    evaluate, to_second, selective = primitive.evaluate, _slope(each[1]), primitive.selective
    new = maker(kind)

    def method(self: Recorded, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return slow(primitive, other, self)
        x, y = other, self._data
        if type(x) is not float:
            if type(x) not in REAL_TYPES:
                return slow(primitive, other, self)
            x = as_float(x, "")
        out: Recorded = new()
        out._data = data = evaluate(x, y)
        slope = to_second(data, x, y)
        out.primitive = primitive
        out._first, out._second = x, self
        out._to_first = None
        out._to_second = (slope or None) if selective else slope
        out.made = next(MAKING)
        return out

    return _named(method, 2)


def _named(method: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The method of this many operands, whose errors have its name; Python sees to that, C in a native build."""
    return named(method, count, by_python) if NATIVE else method  # type: ignore[name-defined]  # noqa: F821 - C's, by methods.pxd


def _slope(partial: Any) -> Callable[..., Any]:
    """A partial as a function on floats."""
    return partial if callable(partial) else lambda *_: partial


def _unary(kind: type, primitive: Primitive, slow: Slow, rule: Any) -> Callable[..., Any]:
    evaluate, selective = primitive.evaluate, primitive.selective
    quick = getattr(evaluate, "quick", None)
    slope = _slope(rule)
    new = maker(kind)

    def method(self: Recorded) -> Any:
        if LIVE and _mode() is not None:
            return slow(primitive, self)
        x = self._data
        out: Recorded = new()
        if quick is None:
            data = evaluate(x)
        else:
            try:
                data = quick(x)
            except (ArithmeticError, ValueError):
                data = evaluate(x)
        out._data = data
        out.primitive = primitive
        out._first = self
        out._second = None
        to_operand = slope(data, x)
        out._to_first = (to_operand or None) if selective else to_operand
        out.made = next(MAKING)
        return out

    return _named(method, 1)


def _binary(kind: type, primitive: Primitive, slow: Slow, first: Any, second: Any) -> Callable[..., Any]:
    evaluate, to_first, to_second = primitive.evaluate, _slope(first), _slope(second)
    selective = primitive.selective
    new = maker(kind)

    def method(self: Recorded, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return slow(primitive, self, other)
        x, its_class = self._data, type(other)
        out: Recorded = new()
        if its_class is kind or (its_class is not float and its_class not in REAL_TYPES and isinstance(other, kind)):
            operand: Recorded = other
            y = operand._data
            out._data = data = evaluate(x, y)
            to_other = to_second(data, x, y)
            out._to_second = (to_other or None) if selective else to_other
        else:
            if its_class is not float:
                if its_class not in REAL_TYPES:
                    return slow(primitive, self, other)
                other = as_float(other, "")
            y = other
            out._data = data = evaluate(x, y)
            out._to_second = None
        to_self = to_first(data, x, y)
        out._to_first = (to_self or None) if selective else to_self
        out.primitive = primitive
        out._first = self
        out._second = other
        out.made = next(MAKING)
        return out

    return _named(method, 2)
