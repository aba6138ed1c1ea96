"""What a node's number and gradient are for Python: read, set, compared, converted, printed.

`Value` adds what makes nodes of nodes.
"""

import operator
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from autograd.definition import Primitive
from autograd.modes import MODE
from autograd.operators import Operators
from autograd.real import as_float
from autograd.unrecorded import CUT_OFF

if TYPE_CHECKING:
    from autograd.recorded import Recorded as Arithmetic  # the types of operators are those of autograd/typed.pyi
    from autograd.typed import Operand
else:
    from autograd.arithmetic import Arithmetic

_mode = MODE.get
N = TypeVar("N", bound="Number")


class GradientLostWarning(UserWarning):
    """float(v) was called on a Value: what is computed from that float carries no gradient to v.

    `math.tanh(v)` and NumPy's conversions call it too. `v.item()`, `v.data`, formatting, comparing and anything under
    `no_grad()` do not warn; nor do leaves that `detach()` and `no_grad()` gave; nor int, round, floor, ceil and trunc of any
    leaf, whose slope is 0. PyTorch 2.13 warns alike.
    """


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison with Values and numbers, by number; another type of operand decides for itself."""

    def method(self: "Number", other: Any) -> bool:
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            return compare(mode.tracer(self), mode.tracer(other) if isinstance(other, Number) else other)
        if type(other) is float:
            return compare(self._data, other)
        try:
            return compare(self._data, other._data if isinstance(other, Number) else as_float(other, ""))
        except TypeError:
            return NotImplemented  # type: ignore[no-any-return]  # Python's operator protocol

    return method


class Number(Operators, Arithmetic):
    """A node's number and gradient: what a Value has in common with numbers of Python."""

    __slots__ = ()

    @property
    def label(self) -> str:
        """A name for pictures and messages."""
        return getattr(self, "_label", None) or ""

    @label.setter
    def label(self, text: str) -> None:
        self._label = text

    def item(self) -> float:
        """The number as a Python float, without a warning."""
        return float(self._traced()) if _mode() is not None else self._data

    def _traced(self) -> Any:
        """The number, or the Symbol that stands for it while a function is traced."""
        mode = _mode()
        return self._data if mode is None or mode.tracer is None else mode.tracer(self)

    def __float__(self) -> float:
        self._warn_of_lost_gradient()
        return float(self._traced())

    def __int__(self) -> int:
        if self._first is not None:
            self._warn_of_lost_gradient()
        return int(self._traced())

    def _warn_of_lost_gradient(self) -> None:
        mode = _mode()
        if mode is not None and (mode.tracer is not None or not mode.recording):
            return  # a trace raises an error of its own; where nothing is recorded, nothing is lost
        if self.primitive is None and getattr(self, "_to_second", None) is CUT_OFF:
            return
        if isinstance(self.primitive, Primitive) and self.primitive.piecewise_constant:
            return
        if self.primitive is not None:
            whose = f"a Value computed by {self.primitive.name}"
        else:
            whose = f"the leaf {self.label!r}" if self.label else "a leaf"
        warnings.warn(
            f"float() of {whose} drops its gradient. "
            "Use autograd's functions (autograd.tanh instead of math.tanh), and arrays of dtype=object; "
            "or v.item() if you want only the number",
            GradientLostWarning,
            stacklevel=3,
        )

    def __bool__(self) -> bool:
        return bool(self._traced() != 0.0)

    def _unless_zero(self) -> "Number | None":
        return self if self._data else None

    if TYPE_CHECKING:

        def __lt__(self, other: Operand) -> bool: ...

        __le__ = __gt__ = __ge__ = __lt__
    else:
        __lt__, __le__, __gt__, __ge__ = map(_comparison, (operator.lt, operator.le, operator.gt, operator.ge))
        __eq__, __ne__ = map(_comparison, (operator.eq, operator.ne))
    __hash__ = object.__hash__  # by identity, though == compares numbers: as PyTorch's tensors do

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        grad: Any = getattr(self, "_grad", None)
        grad = 0.0 if grad is None else grad
        return f"{type(self).__name__}(data={self._data!r}, grad={grad if type(grad) is float else grad._data!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._traced(), spec) if spec else str(self)


def cut_off(leaf: N) -> N:
    """The leaf, marked as one whose gradient is given up on purpose."""
    leaf._to_second = CUT_OFF
    return leaf
