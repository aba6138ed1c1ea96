"""Value: an eager scalar that records what made it, and backward().

Every operation evaluates its primitive at once, and keeps three things: the primitive, the operands, and the local partials
at their numbers. `backward()` is the graph's reverse sweep over these partials. That is all: no closures, no reference
cycles, no recursion.
"""

import math
from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Final

from autograd import arithmetic, unrecorded
from autograd.definition import Primitive
from autograd.graph import MAKING, making, reached, recorded_partials, reverse_sweep
from autograd.hooks import ALIVE, Hook, HookHandle, hooked, sweep_with_hooks
from autograd.methods import method_of, reflected_of
from autograd.modes import MODE, AnomalyError, check_products, listed
from autograd.number import Number, cut_off
from autograd.operators import install
from autograd.past import WAITING, remember
from autograd.pickling import copied, deeply_copied, reduced, restored
from autograd.real import as_float
from autograd.recorded import NATIVE, SET_DATA, SET_GRAD, add_to_grads, all_at_once, swept
from autograd.unrecorded import PLAIN, leaf_of

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
        __pow__ = arithmetic.raised

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        PLAIN.add(cls)

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
        constants = False
        try:
            numbers = [operand._data for operand in operands]
        except AttributeError:  # there are constants among them
            others = {*map(type, operands)} - PLAIN
            if others:
                if any(hasattr(kind, "_apply_primitive") for kind in others):
                    return NotImplemented  # a Symbol among the operands records the operation
                operands = tuple(
                    [
                        operand if type(operand) in PLAIN
                        else float(operand) if type(operand) is int and -_EXACT < operand < _EXACT
                        else as_float(operand, f"operand {i} of {primitive.name}")
                        for i, operand in enumerate(operands)
                    ]
                )  # fmt: skip
            constants = True
            numbers = [operand if operand.__class__ is float else operand._data for operand in operands]
        data = primitive.evaluate(*numbers)
        if mode is not None:
            if mode.checking and not math.isfinite(data) and all(map(math.isfinite, numbers)):
                raise AnomalyError(f"{primitive.name} gave {data} from finite operands: {listed(operands)}")
            if not mode.recording:
                return leaf_of(data)
        if primitive.differentiable:
            wanted = [operand.__class__ is not float for operand in operands] if constants else None  # None: all of them
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
        mode = _mode()
        checking = mode is not None and mode.checking
        found = swept(self) if NATIVE and not (ALIVE or checking) else None
        if found is not None:
            add_to_grads(*found)
            return
        order, leaves, adjoints = reached(self)
        order.sort(key=making)
        if ALIVE:
            adjoints = sweep_with_hooks([*leaves, *order], {self: 1.0}, recorded_partials)
        else:
            adjoints[self] = 1.0
            reverse_sweep(order, {}, recorded_partials, adjoints=adjoints)
        if checking:
            check_products(reversed(order), recorded_partials, lambda node, _: adjoints[node], "adjoint")
        of_leaves = {leaf: adjoints.pop(leaf) for leaf in leaves}
        add_to_grads(adjoints, adjoints.values(), of_leaves)

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


def recorded(number: float, primitive: Primitive, operands: tuple[Any, ...], partials: Any) -> Value:
    """A node with these operands and local partials, for code that computes several operations as one."""
    node: Value = restored(Value, number, None, "", primitive, operands, partials)
    return node


_EXACT: Final = 2**53  # up to here an integer is a float
_mode = MODE.get
arithmetic.compute(Value)
unrecorded.compute(Value)


def assign(leaves: Iterable[Value], numbers: Iterable[float], also: Iterable[Any] = ()) -> None:
    """Set the numbers of many leaves to these floats, all at once: an interrupt (Ctrl-C) comes before or after, not between.

    `also` is an iterator of further steps in the same move, such as a map that updates an optimizer's state.
    """
    if WAITING or _mode() is not None:
        leaves = list(leaves)
        for leaf in leaves[:1]:
            leaf._refuse_in_trace(leaf._data)
        remember(leaves)
    all_at_once(chain(map(SET_DATA, leaves, numbers), also))


def setting_grads(leaves: Iterable[Value], grads: Iterable[float]) -> Iterable[Any]:
    """A step for `assign`'s `also` that sets the gradients of leaves to these floats."""
    return map(SET_GRAD, leaves, grads)


install(
    Value, partial(method_of, Value), partial(reflected_of, Value)
)  # a method for each primitive of the table, now and later
