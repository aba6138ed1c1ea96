"""Value: an eager scalar that records what made it, and backward().

Every operation evaluates its primitive at once, and keeps three things: the primitive, the operands, and the local partials
at their numbers. `backward()` is the graph's reverse sweep over these partials. That is all: no closures, no reference
cycles, no recursion.
"""

import math
import operator
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Any, ClassVar, Final

from autograd.definition import Primitive
from autograd.graph import tick, topological_order
from autograd.hooks import Hook, HookHandle, hooked, sweep_with_hooks
from autograd.locks import Lock
from autograd.methods import method_of, reflected_of
from autograd.modes import MODE, AnomalyError, check_products, listed
from autograd.operators import Operators, install
from autograd.past import WAITING, remember
from autograd.pickling import copied, deeply_copied, reduced, restored
from autograd.real import as_float, is_node


class GradientLostWarning(UserWarning):
    """float(v) was called on a Value with history: what is computed from that float carries no gradient to v."""


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison with Values and numbers, by number; another type of operand decides for itself."""

    def method(self: "Value", other: Any) -> bool:
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            return compare(mode.tracer(self), mode.tracer(other) if isinstance(other, Value) else other)
        if type(other) is float:
            return compare(self._data, other)
        try:
            return compare(self._data, other._data if isinstance(other, Value) else as_float(other, ""))
        except TypeError:
            return NotImplemented  # type: ignore[no-any-return]  # Python's operator protocol

    return method


class Value(Operators):
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

    __slots__ = ("__weakref__", "_data", "_grad", "label", "local_partials", "made", "operands", "primitive")

    _data: float
    _grad: float | None  # None: no backward pass has arrived here
    label: str
    primitive: Primitive | None
    operands: tuple[Any, ...]
    local_partials: Any
    made: int  # its place in the order of making
    draw: ClassVar[Any] = None  # `autograd.pictures.draw` puts the function here
    backward_as_graph: ClassVar[Any] = None  # and `autograd.adjoints` this one

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _PLAIN.add(cls)

    def __init__(self, data: Any, label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"label must be a string, not {label!r}: write Value(data, label={str(label)!r})")
        self._data = as_float(data, "data")
        self._grad = None
        self.label = label
        self.primitive = None
        self.operands = ()
        self.local_partials = ()
        self.made = tick()

    # --- the number ---------------------------------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number, a Python float. Setting it, as an optimizer does, changes nothing that was computed from it before.

        Neither a result nor a derivative, of any order: these are at the numbers of then. In a function that `jit` traces it
        stands for the number of each later call, as `detach()` does.
        """
        mode = _mode()
        return self._data if mode is None or mode.tracer is None else mode.tracer(self).detach()

    @data.setter
    def data(self, number: Any) -> None:
        if _mode() is not None:
            self._refuse_in_trace(number)
        number = as_float(number, "data")
        if WAITING:
            remember([self])
        self._data = number

    @property
    def grad(self) -> float:
        """The derivative from backward passes: in a leaf, the sum over all; elsewhere, the latest one's; 0.0 before any.

        Set it to None to forget it. Setting 0.0 on a Value without a gradient makes none, so `v.grad *= 0.5` is safe. Raises
        TraceError in a function that `jit` traces: it would be the same number for all calls.
        """
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            return mode.tracer(self).grad  # type: ignore[no-any-return]  # which raises
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, number: Any) -> None:
        if _mode() is not None:
            self._refuse_in_trace(number)
        grad: Any = number if number is None or type(number) is Value else as_float(number, "grad")
        self._grad = None if self._grad is None and grad == 0.0 else grad

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass has arrived here, to distinguish "no gradient yet" from a gradient of 0.0."""
        return self._grad is not None

    def item(self) -> float:
        """The number as a Python float, without a warning."""
        return float(self._traced()) if _mode() is not None else self._data

    def detach(self) -> "Value":
        """A new leaf with the same number and label; what is computed from it sends no gradient to this Value.

        >>> (Value(2.0) * 3.0).detach()
        Value(data=6.0, grad=0.0)
        """
        traced = self._traced()
        return Value(self._data, self.label) if type(traced) is float else traced.detach()

    def _refuse_in_trace(self, number: Any) -> None:
        """TraceError if a function is traced, which runs once: nothing may be set there."""
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            mode.tracer(self).data = number  # which raises

    def _traced(self) -> Any:
        """The number, or the Symbol that stands for it while a function is traced."""
        mode = _mode()
        return self._data if mode is None or mode.tracer is None else mode.tracer(self)

    def __float__(self) -> float:
        self._warn_of_lost_gradient()
        return float(self._traced())

    def __int__(self) -> int:
        self._warn_of_lost_gradient()
        return int(self._traced())

    def __round__(self, digits: int | None = None) -> Any:
        self._warn_of_lost_gradient()
        return round(self._traced(), digits)

    def __trunc__(self) -> Any:
        self._warn_of_lost_gradient()
        return math.trunc(self._traced())

    def __floor__(self) -> Any:
        self._warn_of_lost_gradient()
        return math.floor(self._traced())

    def __ceil__(self) -> Any:
        self._warn_of_lost_gradient()
        return math.ceil(self._traced())

    def _warn_of_lost_gradient(self) -> None:
        if self.operands:
            warnings.warn(
                f"float() of a Value computed by {self.primitive.name if self.primitive else '?'} drops its gradient. "
                "Use autograd's functions (autograd.tanh instead of math.tanh), or v.item() if you want only the number",
                GradientLostWarning,
                stacklevel=3,
            )

    def __bool__(self) -> bool:
        return bool(self._traced() != 0.0)

    def _unless_zero(self) -> "Value | None":
        return self if self._data else None

    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)
    __eq__ = _comparison(operator.eq)
    __ne__ = _comparison(operator.ne)
    __hash__ = object.__hash__  # by identity, though == compares numbers: as PyTorch's tensors do

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        grad: Any = 0.0 if self._grad is None else self._grad
        return f"{type(self).__name__}(data={self._data!r}, grad={grad if type(grad) is float else grad._data!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._traced(), spec) if spec else str(self)

    # --- recording ----------------------------------------------------------------------------------------------------

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
                return Value(data)
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
        order = topological_order(self)
        adjoints = sweep_with_hooks(order, {self: 1.0}, recorded_partials)
        mode = _mode()
        if mode is not None and mode.checking:
            check_products(reversed(order), recorded_partials, lambda node, _: adjoints[node], "adjoint")
        add_to_grads(adjoints)

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


def add_to_grads(adjoints: dict[Any, Any]) -> None:
    """Add the adjoints of a pass to the gradients of leaves, and make them those of the nodes between, all at once."""
    with _LEAVES:
        grads = [
            adjoint if node.operands or node._grad is None else node._grad + adjoint
            for node, adjoint in zip(adjoints, (0.0 if x is None else x for x in adjoints.values()), strict=True)
        ]
        _at_once(map(_set_grad, adjoints, grads))


def recorded(number: float, primitive: Primitive, operands: tuple[Any, ...], partials: Any) -> Value:
    """A node with these operands and local partials, for code that computes several operations as one."""
    node: Value = restored(Value, number, None, "", primitive, operands, partials)
    return node


_PLAIN: Final[set[type]] = {Value, float}  # and subclasses, such as a model's Parameter
_LEAVES: Final = Lock(rank=3)  # threads may share leaves, such as a model's parameters: each pass is added as a whole
recorded_partials = operator.attrgetter("local_partials")
_mode = MODE.get
_set_grad = Value.__dict__["_grad"].__set__
_set_data = Value.__dict__["_data"].__set__


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
