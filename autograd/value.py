"""Value: an eager scalar that records what made it, and backward().

Every operation evaluates its row of the table at once, and keeps three things: the row, the operands, and the local partials
at their numbers. `backward()` is the graph's reverse sweep over these partials. There is nothing else to it: no closures,
no reference cycles, no recursion.
"""

import operator
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from math import isfinite
from typing import Any, ClassVar, Final

from autograd.definition import Primitive
from autograd.graph import reverse_sweep, topological_order
from autograd.modes import MODE, AnomalyError
from autograd.operators import Operators, Slow, install
from autograd.primitives import identity  # all rows are whole then, and methods are made from them
from autograd.real import as_float, is_node


class GradientLostWarning(UserWarning):
    """float(v) of a value with history: whatever is computed from that float carries no gradient to v."""


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare by number, with Values and numbers; anything else is left to the other operand."""

    def method(self: "Value", other: Any) -> bool:
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            return compare(mode.tracer(self), mode.tracer(other) if isinstance(other, Value) else other)
        if type(other) is not float:
            if isinstance(other, Value):
                other = other._data
            else:
                try:
                    other = as_float(other, "")
                except TypeError:
                    return NotImplemented  # type: ignore[no-any-return]  # Python's protocol of operators
        return compare(self._data, other)

    return method


class Value(Operators):
    """A number that remembers how it was computed, so that `backward()` can tell its derivative to every input.

    `Value(data, label="")` is a leaf: a number nobody computed. Arithmetic and the rows of the table make the other ones.
    Raises TypeError for data that is not one real number, or a label that is not a string.

    >>> a = Value(2.0, label="a")
    >>> b = a * a + 3.0
    >>> b.backward()
    >>> a
    Value(data=2.0, grad=4.0, label='a')
    """

    __slots__ = ("__weakref__", "_data", "_grad", "label", "local_partials", "operands", "primitive")

    _data: float
    _grad: float | None  # None: no backward pass has arrived here
    label: str
    primitive: Primitive | None
    operands: tuple[Any, ...]
    local_partials: Any
    draw: ClassVar[Any] = None  # `autograd.pictures.draw` puts the function here

    def __init__(self, data: Any, label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"label must be a string, not {label!r}: write Value(data, label={str(label)!r})")
        self._data = as_float(data, "data")
        self._grad = None
        self.label = label
        self.primitive = None
        self.operands = ()
        self.local_partials = ()

    # --- the number ---------------------------------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number, a Python float. Setting it (an optimizer's step) changes no result computed from it before."""
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        self._data = as_float(number, "data")

    @property
    def grad(self) -> float:
        """The derivative that backward passes have left here: their sum in a leaf, the latest one's elsewhere; 0.0 before."""
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, number: Any) -> None:
        self._grad = None if number is None else as_float(number, "grad")

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass has arrived here, which tells "no gradient yet" from a gradient of 0.0."""
        return self._grad is not None

    def item(self) -> float:
        """The number as a Python float, without a warning.

        >>> Value(2.0).item()
        2.0
        """
        return float(self._traced()) if _mode() is not None else self._data

    def detach(self) -> "Value":
        """A new leaf with the same number and label: what is computed from it sends no gradient here.

        >>> (Value(2.0) * 3.0).detach()
        Value(data=6.0, grad=0.0)
        """
        traced = self._traced()
        return Value(self._data, self.label) if type(traced) is float else traced.detach()

    def _traced(self) -> Any:
        """The number, or while a function is traced the Symbol that stands for it."""
        mode = _mode()
        return self._data if mode is None or mode.tracer is None else mode.tracer(self)

    def __float__(self) -> float:
        self._warn_of_lost_gradient()
        return float(self._traced())

    def __int__(self) -> int:
        self._warn_of_lost_gradient()
        return int(self._traced())

    def _warn_of_lost_gradient(self) -> None:
        if self.operands:
            warnings.warn(
                f"float() of a Value computed by {self.primitive.name if self.primitive else '?'} drops its gradient. "
                "Use autograd's functions (autograd.tanh instead of math.tanh), or v.item() where only the number is meant",
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
        return f"Value(data={self._data!r}, grad={self.grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._traced(), spec) if spec else str(self)

    # --- recording ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        """Evaluate a row on Values and numbers, and record it: what every operation does, unless a method is specialised."""
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            return mode.tracer.record(primitive, operands)
        wanted: list[bool] | None = None  # all of them
        try:
            numbers = [operand._data for operand in operands]
        except AttributeError:  # there are constants among them
            if not _PLAIN.issuperset(map(type, operands)):
                if any(is_node(operand) and not isinstance(operand, Value) for operand in operands):
                    return NotImplemented  # a Symbol among the operands: the operation is its to record
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
            if mode.checking and not isfinite(data) and all(map(isfinite, numbers)):
                raise AnomalyError(f"{primitive.name} gave {data} from finite operands: {listed(operands)}")
            if not mode.recording:
                return Value(data)
        if primitive.differentiable:
            partials: Any = primitive.wanted_partials(primitive.rules_on_floats, data, numbers, wanted)
            if primitive.selective:
                partials = tuple([partial or None for partial in partials])
        else:
            partials = _Underivable(primitive)
        return _restore(Value, data, None, "", primitive, operands, partials)

    # --- differentiation ----------------------------------------------------------------------------------------------

    def backward(self) -> None:
        """Add d self / d leaf to the `.grad` of every leaf below; the `.grad` of the nodes between is set to this pass's.

        Adds, because a leaf's gradient is the sum over all of its uses, in this pass and in further ones (until it is
        zeroed). Costs a small constant times the recorded operations. Raises NotImplementedError, naming the row, where one
        gives no partials, and AnomalyError under `detect_anomaly()`; no gradient is changed then.

        >>> a = Value(3.0)
        >>> (a * a).backward()
        >>> a.grad
        6.0
        """
        order = topological_order(self)
        adjoints = reverse_sweep(order, {self: 1.0}, recorded_partials)
        mode = _mode()
        if mode is not None and mode.checking:
            check_products(reversed(order), recorded_partials, lambda node, _: adjoints[node], "adjoint")
        with _LEAVES:
            grads = [
                adjoint if node.operands or node._grad is None else node._grad if adjoint is None else node._grad + adjoint
                for node, adjoint in adjoints.items()
            ]
            _at_once(map(_set_grad, adjoints, grads))

    # --- copies and pickles, without recursion ------------------------------------------------------------------------

    def __copy__(self) -> "Value":
        return _restore(type(self), self._data, self._grad, self.label, self.primitive, self.operands, self.local_partials)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Value":
        for node in topological_order(self):
            if id(node) not in memo:
                operands = tuple([o if type(o) is float else memo[id(o)] for o in node.operands])
                memo[id(node)] = _restore(
                    type(node), node._data, node._grad, node.label, node.primitive, operands, node.local_partials
                )
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.operands:
            return _restore, (type(self), self._data, self._grad, self.label, None, (), ())
        order = topological_order(self)
        leaves = [node for node in order if not node.operands]  # pickled as they are: who shares them goes on sharing them
        inner = [node for node in order if node.operands]
        place = {node: i for i, node in enumerate([*leaves, *inner])}
        records = [
            (
                node._data,
                node._grad,
                node.label,
                node.primitive,
                tuple([o if type(o) is float else place[o] for o in node.operands]),
                node.local_partials,
            )
            for node in inner
        ]
        return _restore_graph, (leaves, records)


class _Underivable:
    """Stands for the partials of a row that gives none, and says so only when they are asked for."""

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive

    def __getitem__(self, i: int) -> float:
        self.primitive.partials(0.0)  # raises
        raise IndexError(i)


def recorded(number: float, primitive: Primitive, operands: tuple[Any, ...], partials: Any) -> Value:
    """A node with these operands and local partials: for what computes several operations as one."""
    return _restore(Value, number, None, "", primitive, operands, partials)


_PLAIN: Final = frozenset({Value, float})
_LEAVES: Final = threading.RLock()  # threads may share leaves, a model's parameters: each pass adds to them whole
recorded_partials = operator.attrgetter("local_partials")
_mode = MODE.get
_set_grad = Value.__dict__["_grad"].__set__
_set_data = Value.__dict__["_data"].__set__
_new = object.__new__


def _selected(partials: tuple[Any, ...]) -> tuple[Any, ...]:
    """The partials of a selective row: 0 means that the operand was not selected, and gets nothing at all."""
    return tuple(
        [partial._unless_zero() if is_node(partial) else _chosen(partial) if partial else None for partial in partials]
    )


def _chosen(partial: float) -> Any:
    """A partial by which an operand was selected, as a node: its product with the adjoint is one of the graph's operations.

    So it is where the choice is made when compiled code runs, and sums of further derivatives have the same order in both.
    """
    return Value._apply_primitive(identity, (partial,)) if partial == 1.0 else partial


def differentiable_partials(node: Any, wanted: Sequence[bool] | None = None) -> tuple[Any, ...]:
    """The local partials of a node as Values, so that sweeps with them give derivatives that have derivatives.

    Those of the operands that are `wanted`, None in the other places; of all that are no constants unless told.
    """
    primitive = node.primitive
    if primitive is None:
        return ()
    if wanted is None:
        wanted = [type(operand) is not float for operand in node.operands]
    partials = primitive.wanted_partials(primitive.rules, node, node.operands, wanted)
    return _selected(partials) if primitive.selective else partials


def assign(leaves: Iterable[Value], numbers: Iterable[float], also: Iterable[Any] = ()) -> None:
    """Set the numbers of many leaves, floats, all at once: an interrupt comes before or after, and leaves none half moved.

    `also` is an iterator of further steps that belong to it, such as a map that keeps an optimizer's state.

    >>> leaves = [Value(1.0), Value(2.0)]
    >>> assign(leaves, [3.0, 4.0])
    >>> leaves
    [Value(data=3.0, grad=0.0), Value(data=4.0, grad=0.0)]
    """
    _at_once(chain(map(_set_data, leaves, numbers), also))


def _at_once(steps: Iterable[Any]) -> None:
    """Run through maps of built-in functions in one step of the interpreter, between whose parts no interrupt comes."""
    deque(steps, maxlen=0)


def listed(operands: tuple[Any, ...]) -> str:
    """Operands for an error message: their labels and numbers."""
    return ", ".join(
        f"{getattr(operand, 'label', '') or f'operand {i}'} = {operand if type(operand) is float else operand._data!r}"
        for i, operand in enumerate(operands)
    )


def check_products(
    order: Iterable[Any], partials: Callable[[Any], Sequence[Any]], arrived: Callable[[Any, Any], Any], kind: str
) -> None:
    """Raise AnomalyError at the first product of a sweep, partial * what `arrived`, that is not finite though the latter is."""
    for node in order:
        for i, (operand, partial) in enumerate(zip(node.operands, partials(node), strict=False)):
            number = None if partial is None else arrived(node, operand)
            if number is not None:
                slope, number = (x if type(x) is float else x.item() for x in (partial, number))
                if isfinite(number) and not isfinite(number * slope):
                    name = node.primitive.name if node.primitive else "?"
                    raise AnomalyError(
                        f"the derivative of {name} with respect to operand {i} is {slope}, times {kind} {number} "
                        f"is {number * slope}; its operands: {listed(node.operands)}"
                    )


# --- the methods: one for each row, made from it ----------------------------------------------------------------------


def _method(primitive: Primitive, slow: Slow) -> Callable[..., Any]:
    """The row as a method of Value: for one and two operands a short way to `Value._apply_primitive`, made from the row."""
    each = primitive.rules_on_floats.each
    if primitive.arity is not None and any(primitive.takes(count) for count in range(primitive.arity)):
        each = None  # operands with defaults may be left out, or named
    if each is not None and primitive.arity == 1:
        return _unary(primitive, slow, *each)
    if each is not None and primitive.arity == 2:
        return _binary(primitive, slow, *each)
    return lambda *operands, **named: slow(primitive, *operands, **named)


def _slope(primitive: Primitive, partial: Any) -> Callable[..., Any]:
    """A partial as a function on floats, with None for "not selected"."""
    slope = partial if callable(partial) else lambda *_: partial
    return (lambda *operands: slope(*operands) or None) if primitive.selective else slope


def _unary(primitive: Primitive, slow: Slow, partial: Any) -> Callable[..., Any]:
    evaluate, slope = primitive.evaluate, _slope(primitive, partial)

    def method(self: Value) -> Any:
        if _mode() is not None:
            return slow(primitive, self)
        x = self._data
        out = _new(Value)
        out._data = data = evaluate(x)
        out._grad = None
        out.label = ""
        out.primitive = primitive
        out.operands = (self,)
        out.local_partials = (slope(data, x),)
        return out

    return method


def _binary(primitive: Primitive, slow: Slow, first: Any, second: Any) -> Callable[..., Any]:
    evaluate, to_first, to_second = primitive.evaluate, _slope(primitive, first), _slope(primitive, second)
    constant = None if callable(first) or callable(second) or primitive.selective else (first, second)

    def method(self: Value, other: Any) -> Any:
        if _mode() is not None:
            return slow(primitive, self, other)
        x = self._data
        if type(other) is Value:
            y = other._data
            out = _new(Value)
            out._data = data = evaluate(x, y)
            out.local_partials = constant or (to_first(data, x, y), to_second(data, x, y))
        elif type(other) is float:
            out = _new(Value)
            out._data = data = evaluate(x, other)
            out.local_partials = (to_first(data, x, other), None)
        elif type(other) is int:
            return method(self, as_float(other, "the integer"))
        else:
            return slow(primitive, self, other)
        out._grad = None
        out.label = ""
        out.primitive = primitive
        out.operands = (self, other)
        return out

    return method


install(Value, _method)


# --- pickling: a graph travels as a flat list of its inner nodes, operands first, who name their operands by place ------


def _restore(
    kind: type[Value],
    data: float,
    grad: float | None,
    label: str,
    primitive: Primitive | None,
    operands: tuple[Any, ...],
    partials: Any,
) -> Value:
    out = _new(kind)
    out._data = data
    out._grad = grad
    out.label = label
    out.primitive = primitive
    out.operands = operands
    out.local_partials = partials
    return out


def _restore_graph(leaves: list[Value], records: list[tuple[Any, ...]]) -> Value:
    nodes = list(leaves)
    for data, grad, label, primitive, places, partials in records:
        operands = tuple([place if type(place) is float else nodes[place] for place in places])
        nodes.append(_restore(Value, data, grad, label, primitive, operands, partials))
    return nodes[-1]
