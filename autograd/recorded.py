"""What an operation records of itself, and the sweep of `backward` over that."""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from itertools import chain
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from autograd.definition import Primitive
from autograd.graph import MANY
from autograd.locks import Lock
from autograd.modes import LIVE, MODE
from autograd.past import WAITING, remember
from autograd.real import as_float

if TYPE_CHECKING:
    from autograd.typed import Operand, Real


class Recorded:
    """A node with its number, its gradient, and what computed it: the primitive, and the local partials at its operands."""

    __slots__ = ("__weakref__", "_data", "_first", "_grad", "_label", "_second", "_to_first", "_to_second", "made", "primitive")

    _first: Any
    _second: Any
    made: Any  # its place in the order of making
    _data: float
    _grad: float | None  # None or unset: no backward pass has arrived here; unset saves every operation a step
    _label: str  # likewise
    primitive: Primitive | None
    _to_first: Any  # the local partial to the first operand; with MANY in `_second`, those to all
    _to_second: Any

    @property
    def data(self) -> float:
        """The number, a Python float. Setting it, as an optimizer does, changes nothing that was computed from it before.

        Neither a result nor a derivative, of any order: these are at the numbers of then. In a function that `jit` traces it
        stands for the number of each later call, as `detach()` does.
        """
        mode = _mode() if LIVE else None
        return self._data if mode is None or mode.tracer is None else mode.tracer(self).detach()

    @data.setter
    def data(self, number: "Real") -> None:
        if LIVE and _mode() is not None:
            self._refuse_in_trace(number)
        if type(number) is not float:
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
        mode = _mode() if LIVE else None
        if mode is not None and mode.tracer is not None:
            return mode.tracer(self).grad  # type: ignore[no-any-return]  # which raises
        grad = getattr(self, "_grad", None)
        return 0.0 if grad is None else grad

    @grad.setter
    def grad(self, number: "Operand | None") -> None:
        if LIVE and _mode() is not None:
            self._refuse_in_trace(number)
        grad: Any = number if number is None or isinstance(number, Recorded) else as_float(number, "grad")
        self._grad = grad if grad != 0.0 or self.has_grad else None

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass has arrived here, to distinguish "no gradient yet" from a gradient of 0.0."""
        return getattr(self, "_grad", None) is not None

    def _refuse_in_trace(self, number: Any) -> None:
        """TraceError if a function is traced, which runs once: nothing may be set there."""
        mode = _mode()
        if mode is not None and mode.tracer is not None:
            mode.tracer(self).data = number  # which raises

    @property
    def local_partials(self) -> Any:
        """d self / d operand, one for each, at the numbers of then; None for a constant, and for what was not selected."""
        if self._first is None:
            hooked = getattr(self, "_to_first", None)
            return () if hooked is None else hooked
        if self._second is None:
            return (self._to_first,)
        return self._to_first if self._second is MANY else (self._to_first, self._to_second)

    def _record(self, primitive: Primitive | None, operands: tuple[Any, ...], partials: Any) -> None:
        """Say what the node was computed from. `partials` is a tuple; or another sequence, which is kept as it is."""
        self.primitive = primitive
        if len(operands) > 2 or type(partials) is not tuple:
            self._first, self._second, self._to_first = (operands, MANY, partials) if operands else (None, None, partials)
        else:
            self._first, self._second = (*operands, None, None)[:2]
            self._to_first, self._to_second = (*partials, None, None)[:2]


def maker(kind: type) -> Callable[[], Any]:
    """A function without arguments that makes a node of this class, as quickly as can be: without `__init__`."""

    def make() -> Any:  # `kind: type`, and nothing longer: only so does Cython call the class's tp_new itself
        return kind.__new__(kind)  # type: ignore[call-overload]  # mypy takes it for a class of classes

    return make if NATIVE else partial(object.__new__, kind)


NATIVE = not isinstance(maker, FunctionType)
"""Whether this is the native build: `docs/building/native.py` has compiled this module, and the others that have a .pxd."""


def swept(result: Recorded) -> tuple[list[Any], list[Any], dict[Any, Any]] | None:  # noqa: C901, PLR0912, PLR0915 - calls would cost what it saves
    """`reached` and `reverse_sweep` in one, from one result: nodes with operands, their adjoints, and those of leaves.

    A native build's: in plain Python it gains nothing at most sizes, and loses some microseconds where a graph is small.
    It looks for nothing first, and sorts nothing. A table has a place for each number of making, counted down from that of the
    result; of its pages only those in use are there. All that uses a node was made after it, so when the sweep comes to its
    place, the adjoint there is complete; it is None where nothing arrived. Returns None where the table is no help, because two
    nodes share a number, as copies do.
    """
    places: dict[Any, int] = {}  # of leaves, in the lists of leaves and of their adjoints
    leaves: list[Any] = []
    sums: list[Any] = []
    if result._first is None:
        return [], [], {result: 1.0}
    top = result.made
    every: list[Any] = []
    found: list[Any] = []
    here = latest = 0
    nodes, adjoints = there, arrived = [result, *_EMPTY[1:]], [1.0, *_EMPTY[1:]]
    pages: dict[int, Any] = {here: (nodes, adjoints)}
    waiting: list[int] = []
    while True:
        for i in range(PAGE):
            node: Recorded = nodes[i]
            if node is None:
                continue
            adjoint = adjoints[i]
            every.append(node)
            found.append(adjoint)
            first, second = node._first, node._second
            many = second is MANY
            operand = first[0] if many else first
            slope = None if adjoint is None else node._to_first[0] if many else node._to_first
            count = len(first) if many else 1 if second is None else 2
            edge = 0
            while True:
                if type(operand) is not float:
                    child: Recorded = operand
                    product = None if slope is None or adjoint is None else adjoint * slope
                    if child._first is None:
                        at = places.get(operand, -1)
                        if at < 0:
                            places[operand] = len(leaves)
                            leaves.append(operand)
                            sums.append(product)
                        elif product is not None:
                            known = sums[at]
                            sums[at] = product if known is None else known + product
                    else:
                        place = top - child.made
                        page, j = place >> BITS, place & (PAGE - 1)
                        if page != latest:
                            if page in pages:
                                there, arrived = pages[page]
                            else:
                                if page < here:
                                    return None
                                there, arrived = pages[page] = _EMPTY.copy(), _EMPTY.copy()
                                heappush(waiting, page)
                            latest = page
                        if page == here and j <= i:
                            return None
                        if there[j] is None:
                            there[j], arrived[j] = operand, product
                        elif there[j] is not operand:
                            return None
                        elif product is not None:
                            known = arrived[j]
                            arrived[j] = product if known is None else known + product
                edge += 1
                if edge == count:
                    break
                operand = first[edge] if many else second
                slope = None if adjoint is None else node._to_first[edge] if many else node._to_second
        del pages[here]
        if not waiting:
            return every, found, dict(zip(leaves, sums, strict=True))
        here = latest = heappop(waiting)
        nodes, adjoints = there, arrived = pages[here]


BITS = 7
PAGE = 1 << BITS
_EMPTY: list[Any] = [None] * PAGE


def add_to_grads(nodes: Iterable[Any], adjoints: Iterable[Any], leaves: dict[Any, Any]) -> None:
    """Add the adjoints of a pass to the gradients of leaves, and make them those of the nodes between, all at once.

    An interrupt (Ctrl-C) comes before or after, not between. An adjoint that is None is 0.
    """
    with _LEAVES:
        for leaf, adjoint in leaves.items():
            if leaf._grad is not None:
                leaves[leaf] = leaf._grad if adjoint is None else leaf._grad + adjoint
        _set_grads(chain(leaves, nodes), chain(leaves.values(), adjoints))


def _set_grads(nodes: Iterable[Any], grads: Iterable[Any]) -> None:
    if NATIVE:
        for each, grad in zip(nodes, grads, strict=True):
            node: Recorded = each
            node._grad = 0.0 if grad is None else grad
    else:
        all_at_once(map(SET_GRAD, nodes, [0.0 if grad is None else grad for grad in grads]))


def all_at_once(steps: Iterable[Any]) -> None:
    """Exhaust maps of built-in functions in a single step of the interpreter, which no interrupt can divide."""
    deque(steps, maxlen=0)


SET_GRAD = Recorded.__dict__["_grad"].__set__
SET_DATA = Recorded.__dict__["_data"].__set__
_mode = MODE.get
_LEAVES: Final = Lock(rank=3)  # threads may share leaves, such as a model's parameters: each pass is added as a whole
