"""Value: an eager scalar that records what made it, and backward().

Every operation evaluates its primitive at once, and keeps three things: the primitive, the operands, and the local partials
at their numbers. `backward()` is the graph's reverse sweep over these partials. That is all: no closures, no reference
cycles, no recursion.
"""

import math
from collections import deque
from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Final

from autograd.definition import Primitive
from autograd.graph import MAKING, making, reached, recorded_partials, reverse_sweep
from autograd.hooks import ALIVE, Hook, HookHandle, hooked, sweep_with_hooks
from autograd.locks import Lock
from autograd.methods import method_of, reflected_of
from autograd.modes import LIVE, MODE, AnomalyError, check_products, listed
from autograd.number import Number, cut_off
from autograd.operators import install, operate
from autograd.past import WAITING, remember
from autograd.pickling import copied, deeply_copied, reduced, restored
from autograd.primitives import add, mul, neg, sub
from autograd.primitives import pow as power
from autograd.real import REAL_TYPES, as_float, is_node

if TYPE_CHECKING:
    from autograd.typed import Real


class Value(Number):
    """A number that remembers how it was computed, so that `backward()` can find its derivative to every input.

    `Value(data, label="")` is a leaf: a number nobody computed. Arithmetic and primitives make all other Values. Raises
    TypeError if `data` is not one real number, or `label` is not a string.

    Operations with a Value follow IEEE and never raise: 1/0 is inf, (-1)**0.5 is nan. Plain floats among themselves are
    Python's: 1.0 / 0.0 raises, (-1.0)**0.5 is complex; `autograd.truediv` and `autograd.pow` follow IEEE on floats too.

    >>> a = Value(2.0, label="a")
    >>> (a * a + 3.0).backward()
    >>> a
    Value(data=2.0, grad=4.0, label='a')
    """

    __slots__ = ()

    backward_as_graph: ClassVar[Any] = None  # `autograd.adjoints` puts the function here

    if not TYPE_CHECKING:
        draw = None  # and `autograd.pictures.draw` this one

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _PLAIN.add(cls)

    def __init__(self, data: "Real", label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"label must be a string, not {label!r}: write Value(data, label={str(label)!r})")
        self._data = as_float(data, "data")
        self._grad = None
        self._label = label
        self.primitive = None
        self._first = None
        self._second = None
        self.made = next(MAKING)

    # --- arithmetic ---------------------------------------------------------------------------------------------------
    # What `methods.py` makes of these primitives, with their formulas in place of calls; tests hold each to its primitive, bit
    # for bit. What is unusual, numbers of other types, arrays, modes, is left to `operate`.

    def _add(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(add, self, other)
        node: Any
        kind = other.__class__
        if kind is Value or (kind is not float and kind not in REAL_TYPES and isinstance(other, Value)):
            node = _new()
            node._data = self._data + other._data
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

    def _radd(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(add, other, self)
        kind = other.__class__
        if kind is not float:
            if kind not in REAL_TYPES:
                return operate(add, other, self)
            other = as_float(other, "")
        node: Any = _new()
        node._data = other + self._data
        node.primitive = add
        node._first = other
        node._second = self
        node._to_first = None
        node._to_second = 1.0
        node.made = next(MAKING)
        return node

    def _sub(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(sub, self, other)
        node: Any
        kind = other.__class__
        if kind is Value or (kind is not float and kind not in REAL_TYPES and isinstance(other, Value)):
            node = _new()
            node._data = self._data - other._data
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

    def _rsub(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(sub, other, self)
        kind = other.__class__
        if kind is not float:
            if kind not in REAL_TYPES:
                return operate(sub, other, self)
            other = as_float(other, "")
        node: Any = _new()
        node._data = other - self._data
        node.primitive = sub
        node._first = other
        node._second = self
        node._to_first = None
        node._to_second = -1.0
        node.made = next(MAKING)
        return node

    def _mul(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(mul, self, other)
        node: Any
        kind = other.__class__
        if kind is Value or (kind is not float and kind not in REAL_TYPES and isinstance(other, Value)):
            x, y = self._data, other._data
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

    def _rmul(self, other: Any) -> Any:
        if LIVE and _mode() is not None:
            return operate(mul, other, self)
        kind = other.__class__
        if kind is not float:
            if kind not in REAL_TYPES:
                return operate(mul, other, self)
            other = as_float(other, "")
        node: Any = _new()
        node._data = other * self._data
        node.primitive = mul
        node._first = other
        node._second = self
        node._to_first = None
        node._to_second = other
        node.made = next(MAKING)
        return node

    def _neg(self) -> Any:
        if LIVE and _mode() is not None:
            return operate(neg, self)
        node: Any = _new()
        node._data = -self._data
        node.primitive = neg
        node._first = self
        node._second = None
        node._to_first = -1.0
        node.made = next(MAKING)
        return node

    def _pow(self, other: Any, modulus: Any = None) -> Any:
        if (LIVE and _mode() is not None) or modulus is not None:
            return self._power(other, modulus)
        x = self._data
        kind = other.__class__
        try:
            if kind is not float:
                if kind not in REAL_TYPES:
                    return self._power(other, modulus)
                other = float(other)
            result = x * x if other == 2.0 else math.pow(x, other)
        except (OverflowError, ValueError):
            return self._power(other, modulus)
        if not 1e-300 < result < 1e300 or other == 0.0:  # at 0 and nan it is 1 too
            return self._power(other, modulus)
        node: Any = _new()
        node._data = result
        node.primitive = power
        node._first = self
        node._second = other
        node._to_first = other * (x if other == 2.0 else result / x) or 0.0
        node._to_second = None
        node.made = next(MAKING)
        return node

    def _power(self, other: Any, modulus: Any) -> Any:
        return operate(power, self, other) if modulus is None else self._refuse("pow of three numbers", "write pow(x, y)")

    if not TYPE_CHECKING:  # a type checker sees what they take and return in autograd/typed.pyi
        __add__ = _add
        __radd__ = _radd
        __sub__ = _sub
        __rsub__ = _rsub
        __mul__ = _mul
        __rmul__ = _rmul
        __neg__ = _neg
        __pow__ = _pow

    # --- recording ----------------------------------------------------------------------------------------------------

    def detach(self) -> "Value":
        """A new leaf with the same number and label; what is computed from it sends no gradient to this Value.

        >>> (Value(2.0) * 3.0).detach()
        Value(data=6.0, grad=0.0)
        """
        traced = self._traced()
        return cut_off(Value(self._data, self.label)) if type(traced) is float else traced.detach()

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        """Evaluate a primitive on Values and numbers, and record it: what every operation does in general."""
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            return mode.tracer.record(primitive, operands)
        wanted: list[bool] | None = None  # all of them
        try:
            numbers = [operand._data for operand in operands]
        except AttributeError:  # there are constants among them
            if not _PLAIN.issuperset(map(type, operands)):
                if any(is_node(operand) and not isinstance(operand, Value) for operand in operands):
                    return NotImplemented  # a Symbol among the operands records the operation
                operands = tuple(
                    [
                        operand if isinstance(operand, Value) else as_float(operand, f"operand {i} of {primitive.name}")
                        for i, operand in enumerate(operands)
                    ]
                )
            wanted = [type(operand) is not float for operand in operands]
            numbers = [operand if type(operand) is float else operand._data for operand in operands]
        data = primitive.evaluate(*numbers)
        if mode is not None:
            if mode.checking and not math.isfinite(data) and all(map(math.isfinite, numbers)):
                raise AnomalyError(f"{primitive.name} gave {data} from finite operands: {listed(operands)}")
            if not mode.recording:
                return cut_off(Value(data))
        if primitive.differentiable:
            partials: Any = primitive.wanted_partials(primitive.rules_on_floats, data, numbers, wanted)
            if primitive.selective:
                partials = tuple([partial or None for partial in partials])
        else:
            partials = Underivable(primitive)
        return restored(Value, data, None, "", primitive, operands, partials)

    # --- differentiation ----------------------------------------------------------------------------------------------

    def backward(self, create_graph: bool = False) -> None:  # noqa: FBT001, FBT002 - PyTorch's
        """Add d self / d leaf to the `.grad` of every leaf below; set the `.grad` of every node between to d self / d node.

        It adds because a leaf's gradient is the sum over all its uses, in this pass and in later ones, until you zero it. The
        cost is a small constant times the recorded operations. An error leaves every gradient as it was: NotImplementedError
        for a primitive without partials, and under `detect_anomaly()` AnomalyError for a nan or inf out of finite numbers.

        With `create_graph` the gradients are Values, which can be differentiated again. Such a leaf and its gradient hold each
        other, until you set `grad` to None: `autograd.gradients` makes no such circle.

        >>> a = Value(3.0)
        >>> (a * a).backward()
        >>> a.grad
        6.0
        """
        if create_graph:
            self.backward_as_graph()
            return
        order, leaves, adjoints = reached(self)
        order.sort(key=making)
        if ALIVE:
            adjoints = sweep_with_hooks([*leaves, *order], {self: 1.0}, recorded_partials)
        else:
            adjoints[self] = 1.0
            reverse_sweep(order, {}, recorded_partials, adjoints=adjoints)
        mode = _mode()
        if mode is not None and mode.checking:
            check_products(reversed(order), recorded_partials, lambda node, _: adjoints[node], "adjoint")
        add_to_grads(adjoints, leaves)

    def register_hook(self, hook: Hook) -> HookHandle:
        """Have backward passes call `hook(gradient)` when this Value's gradient is known; what it returns takes its place.

        A hook that returns None changes nothing. Hooks run in the order of registration, in `backward`, `gradients` and the
        transforms' reverse sweeps, once a pass, and for a leaf before the gradient is added to `.grad`. PyTorch's
        `register_hook`; returns a handle, whose `remove()` takes the hook away. Raises TypeError unless hook is a function.

        >>> a = Value(3.0)
        >>> handle = a.register_hook(lambda gradient: 10.0 * gradient)
        >>> (a * a).backward()
        >>> a.grad
        60.0
        """
        if not callable(hook):
            raise TypeError(f"register_hook takes a function of the gradient, not {hook!r}: v.register_hook(print)")
        return hooked(self, hook)

    # --- copies and pickles, without recursion ------------------------------------------------------------------------

    __copy__ = copied
    __deepcopy__ = deeply_copied
    __reduce__ = reduced


class Underivable:
    """Stands for the partials of a primitive without them: the error comes only when a derivative asks for one."""

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive

    def __getitem__(self, i: int) -> float:
        self.primitive.partials(0.0)  # raises
        raise IndexError(i)


def add_to_grads(adjoints: dict[Any, Any], leaves: Iterable[Any]) -> None:
    """Add the adjoints of a pass to the gradients of leaves, and make them those of the nodes between, all at once."""
    with _LEAVES:
        for leaf in leaves:
            if leaf._grad is not None:
                adjoint = adjoints[leaf]
                adjoints[leaf] = leaf._grad if adjoint is None else leaf._grad + adjoint
        _at_once(map(_set_grad, adjoints, [0.0 if x is None else x for x in adjoints.values()]))


def recorded(number: float, primitive: Primitive, operands: tuple[Any, ...], partials: Any) -> Value:
    """A node with these operands and local partials, for code that computes several operations as one."""
    node: Value = restored(Value, number, None, "", primitive, operands, partials)
    return node


_PLAIN: Final[set[type]] = {Value, float}  # and subclasses, such as a model's Parameter
_LEAVES: Final = Lock(rank=3)  # threads may share leaves, such as a model's parameters: each pass is added as a whole
_mode = MODE.get
_new = partial(object.__new__, Value)  # quicker than the call with its argument
_set_grad = Number.__dict__["_grad"].__set__
_set_data = Number.__dict__["_data"].__set__


def assign(leaves: Iterable[Value], numbers: Iterable[float], also: Iterable[Any] = ()) -> None:
    """Set the numbers of many leaves to these floats, all at once: an interrupt (Ctrl-C) comes before or after, not between.

    `also` is an iterator of further steps in the same move, such as a map that updates an optimizer's state.
    """
    if WAITING or _mode() is not None:
        leaves = list(leaves)
        for leaf in leaves[:1]:
            leaf._refuse_in_trace(leaf._data)
        remember(leaves)
    _at_once(chain(map(_set_data, leaves, numbers), also))


def setting_grads(leaves: Iterable[Value], grads: Iterable[float]) -> Iterable[Any]:
    """A step for `assign`'s `also` that sets the gradients of leaves to these floats."""
    return map(_set_grad, leaves, grads)


def _at_once(steps: Iterable[Any]) -> None:
    """Exhaust maps of built-in functions in a single step of the interpreter, which no interrupt can divide."""
    deque(steps, maxlen=0)


install(
    Value, partial(method_of, Value), partial(reflected_of, Value)
)  # a method for each primitive of the table, now and later
