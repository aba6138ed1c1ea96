"""Arithmetic of nodes with numbers: `a * b` at the least cost.

What `methods.py` makes of these primitives, with their formulas in place of calls; tests hold each to its primitive, bit for
bit. What is unusual, numbers of other types, arrays, modes, is left to `operate`.
"""

import math
from typing import Any

from autograd.graph import MAKING
from autograd.modes import LIVE, MODE
from autograd.operators import operate as operate_on
from autograd.primitives import add, mul, neg, sub
from autograd.primitives import pow as power
from autograd.real import REAL_TYPES, as_float
from autograd.recorded import NATIVE, Recorded, maker
from autograd.unrecorded import at_numbers

operate = at_numbers(operate_on)


class Arithmetic(Recorded):
    """A node with the operators whose formulas are written out."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(add, self, other)
        node: Recorded
        kind = type(other)
        if kind is _kind or (kind is not float and kind not in REAL_TYPES and isinstance(other, Recorded)):
            operand: Recorded = other
            node = _new()
            node._data = self._data + operand._data
            node._to_second = 1.0
        else:
            if kind is not float:
                if kind not in REAL_TYPES:
                    return operate(add, self, other)
                other = as_float(other, "")
            node = _new()
            node._data = self._data + other
            node._to_second = None
        node._to_first = 1.0
        node.primitive = add
        node._first = self
        node._second = other
        node.made = next(MAKING)
        return node

    def __radd__(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(add, other, self)
        kind = type(other)
        if kind is not float:
            if kind not in REAL_TYPES:
                return operate(add, other, self)
            other = as_float(other, "")
        node: Recorded = _new()
        node._data = other + self._data
        node.primitive = add
        node._first = other
        node._second = self
        node._to_first = None
        node._to_second = 1.0
        node.made = next(MAKING)
        return node

    def __sub__(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(sub, self, other)
        node: Recorded
        kind = type(other)
        if kind is _kind or (kind is not float and kind not in REAL_TYPES and isinstance(other, Recorded)):
            operand: Recorded = other
            node = _new()
            node._data = self._data - operand._data
            node._to_second = -1.0
        else:
            if kind is not float:
                if kind not in REAL_TYPES:
                    return operate(sub, self, other)
                other = as_float(other, "")
            node = _new()
            node._data = self._data - other
            node._to_second = None
        node._to_first = 1.0
        node.primitive = sub
        node._first = self
        node._second = other
        node.made = next(MAKING)
        return node

    def __rsub__(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(sub, other, self)
        kind = type(other)
        if kind is not float:
            if kind not in REAL_TYPES:
                return operate(sub, other, self)
            other = as_float(other, "")
        node: Recorded = _new()
        node._data = other - self._data
        node.primitive = sub
        node._first = other
        node._second = self
        node._to_first = None
        node._to_second = -1.0
        node.made = next(MAKING)
        return node

    def __mul__(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(mul, self, other)
        node: Recorded
        kind = type(other)
        if kind is _kind or (kind is not float and kind not in REAL_TYPES and isinstance(other, Recorded)):
            operand: Recorded = other
            x, y = self._data, operand._data
            node = _new()
            node._data = x * y
            node._to_first = y
            node._to_second = x
        else:
            if kind is not float:
                if kind not in REAL_TYPES:
                    return operate(mul, self, other)
                other = as_float(other, "")
            node = _new()
            node._data = self._data * other
            node._to_first = other
            node._to_second = None
        node.primitive = mul
        node._first = self
        node._second = other
        node.made = next(MAKING)
        return node

    def __rmul__(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(mul, other, self)
        kind = type(other)
        if kind is not float:
            if kind not in REAL_TYPES:
                return operate(mul, other, self)
            other = as_float(other, "")
        node: Recorded = _new()
        node._data = other * self._data
        node.primitive = mul
        node._first = other
        node._second = self
        node._to_first = None
        node._to_second = other
        node.made = next(MAKING)
        return node

    def __neg__(self) -> Any:
        if LIVE and _mode() is not None:
            return operate(neg, self)
        node: Recorded = _new()
        node._data = -self._data
        node.primitive = neg
        node._first = self
        node._second = None
        node._to_first = -1.0
        node.made = next(MAKING)
        return node


def raised(self: Recorded, other: Any, modulus: Any = None) -> Any:
    """`**`: x times x for a square, and the slope from the result, where these have all digits."""
    if (LIVE and _mode() is not None) or modulus is not None:
        return _raised(self, other, modulus)
    x = self._data
    kind = type(other)
    try:
        if kind is not float:
            if kind not in REAL_TYPES:
                return _raised(self, other, modulus)
            other = float(other)
        result = x * x if other == 2.0 else math.pow(x, other)
    except (OverflowError, ValueError):
        return _raised(self, other, modulus)
    if not 1e-300 < result < 1e300 or other == 0.0:  # at 0 and nan it is 1 too
        return _raised(self, other, modulus)
    node: Recorded = _new()
    node._data = result
    node.primitive = power
    node._first = self
    node._second = other
    node._to_first = other * (x if other == 2.0 else result / x) or 0.0
    node._to_second = None
    node.made = next(MAKING)
    return node


def _raised(self: Any, other: Any, modulus: Any) -> Any:
    return operate(power, self, other) if modulus is None else self._refuse("pow of three numbers", "write pow(x, y)")


_mode = MODE.get
_kind: Any = None
_new: Any = None


def compute(kind: type) -> None:
    """Have arithmetic give nodes of this class."""
    global _kind, _new
    _kind, _new = kind, maker(kind)
    if NATIVE:
        prepare_class(kind, Arithmetic)  # type: ignore[name-defined]  # noqa: F821 - C's, by arithmetic.pxd
