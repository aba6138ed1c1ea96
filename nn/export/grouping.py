"""Numbers that are computed alike, together: what a model does to them becomes operations on whole arrays.

A model of scalars does the same again and again: `[tanh(x) for x in xs]`, `[a + b for a, b in zip(xs, ys)]`. Where a layer, a
result or an operation reads several numbers at once, those made by one primitive at one level become one operation on arrays,
and so do their operands in turn. Each number is computed once: what was grouped already is taken from there.
"""

from collections.abc import Mapping, Sequence
from math import copysign, prod
from typing import Any

import autograd.primitives as ag
from autograd import Value
from autograd.compiler.trace.symbol import Symbol
from autograd.definition import Primitive
from autograd.real import is_node
from nn.export.recording import Call, Recording
from nn.export.rules import Array
from nn.export.scalars import Scalar
from nn.export.tensors import Shape, Tensor, apply, broadcast, concatenated, constant, expand, reduced, reshape, take
from nn.nesting import Call as Waiting
from nn.nesting import unrolled

LEAST = 3  # neighbours in a sum that are added as an array


class Grouping:
    """The recording's results as Tensors."""

    def __init__(self, recording: Recording, scalars: Mapping[Symbol, Any], arrays: Mapping[str, Array]) -> None:
        self.recording = recording
        self.scalars = scalars
        self.calls = {symbol: call for call in recording.calls for symbol in call.results}
        self.places: dict[Symbol, tuple[Tensor, int]] = {}
        self.inputs = {
            name: Tensor("input", (), given.shape, options={"name": name}) for name, given in recording.inputs.items()
        }
        for name, given in recording.inputs.items():
            self.places.update({symbol: (self.inputs[name], i) for i, symbol in enumerate(given.items)})
        self.parameters = {
            name: Tensor("parameter", (), array.shape, batched=False, options={"name": name}) for name, array in arrays.items()
        }
        of_values: dict[Value, tuple[Tensor, int]] = {}
        for name, array in arrays.items():
            for i, value in enumerate(array.values):
                of_values.setdefault(value, (self.parameters[name], i))
        self.places.update({symbol: of_values[value] for symbol, value in recording.parameters.items()})
        self.homes: dict[Scalar, tuple[Tensor, int]] = {}
        self.known: dict[tuple[Any, ...], Tensor] = {}

    def results(self) -> list[Tensor]:
        """The arrays that the model returns, for every sample."""
        return [
            expand(unrolled(self._loose(self._of(result.items), result.shape)), result.shape, batched=True)
            for result in self.recording.results
        ]

    def _of(self, items: Sequence[Any]) -> list[Any]:
        return [self.scalars[x] if is_node(x) else x for x in items]

    # --- arrays of given numbers --------------------------------------------------------------------------------------

    def _loose(self, items: list[Any], shape: Shape) -> Waiting:
        """An array that broadcasts to these numbers in that shape: along dimensions where they repeat it has the size 1."""
        kept = list(shape)
        for axis in range(len(shape)):
            step = prod(kept[axis + 1 :])
            block = step * kept[axis]
            if kept[axis] > 1 and all(_same(x, items[i // block * block + i % step]) for i, x in enumerate(items)):
                items = [x for start in range(0, len(items), block) for x in items[start : start + step]]
                kept[axis] = 1
        found = yield self._dense(items, tuple([size for size in kept if size > 1]))
        if not found.batched:
            while kept and kept[0] == 1:
                del kept[0]
        return reshape(found, tuple(kept)) if found.shape else found

    def _dense(self, items: list[Any], shape: Shape) -> Waiting:
        """An array of these numbers in that shape."""
        if all(type(x) is float for x in items):
            return constant(items, shape)
        key = tuple([x.hex() if type(x) is float else x for x in items])
        if key not in self.known:
            self.known[key] = yield self._new(items, shape)
        return _shaped(self.known[key], shape)

    def _new(self, items: list[Any], shape: Shape) -> Waiting:
        once = list(dict.fromkeys(items))
        if sum(type(x) is Scalar for x in items) > sum(type(x) is Scalar for x in once):
            whole = yield self._dense(once, (len(once),))
            order = {x: i for i, x in enumerate(once)}
            return take(_shaped(whole, (len(once),)), [order[x] for x in items], shape)
        kinds: dict[Any, list[int]] = {}
        for i, x in enumerate(items):
            kinds.setdefault(self._kind(x), []).append(i)
        if len(kinds) == 1:
            return (yield self._alike(items, shape))
        parts = []
        for places in kinds.values():
            part = yield self._dense([items[i] for i in places], (len(places),))
            parts.append(_shaped(part, (len(places),)))
        places = [i for places in kinds.values() for i in places]
        return take(concatenated(parts), sorted(range(len(items)), key=places.__getitem__), shape)

    def _kind(self, x: Any) -> Any:
        """What numbers must have in common to be one array."""
        if type(x) is float:
            return float
        if x in self.homes:
            return self.homes[x][0]
        if x.symbol is None:
            return x.primitive, x.many, len(x.operands), x.level
        return self.calls[x.symbol] if x.symbol in self.calls else self.places[x.symbol][0]

    def _alike(self, items: list[Scalar], shape: Shape) -> Waiting:
        """An array of numbers of one kind."""
        first = items[0]
        if first.symbol in self.calls and first not in self.homes:
            yield self._call(self.calls[first.symbol])
        elif first.symbol in self.places:
            self.homes.update({x: self.places[x.symbol] for x in items if x.symbol is not None})
        elif first not in self.homes:
            found = _shaped((yield self._computed(items, shape)), shape)
            self.homes.update({x: (found, i) for i, x in enumerate(items)})
        return take(self.homes[first][0], [self.homes[x][1] for x in items], shape)

    # --- what computes them -------------------------------------------------------------------------------------------

    def _call(self, call: Call) -> Waiting:
        """A layer at its input."""
        x = expand((yield self._loose(self._of(call.items), call.shape)), call.shape, batched=True)
        names = call.rule.arrays_of(call.layer) or {}
        weights = [self.parameters[f"{call.path}.{name}".lstrip(".")] for name in names]
        options = {**call.rule.options(call.layer), "torch": call.rule.torch(call.layer)}
        found = Tensor(call.rule.operation or "layer", (x, *weights), call.result_shape, options=options, path=call.path)
        for i, symbol in enumerate(call.results):
            if symbol in self.scalars:
                self.homes[self.scalars[symbol]] = found, i

    def _computed(self, items: list[Scalar], shape: Shape) -> Waiting:
        """A primitive, of operands that are arrays of that shape."""
        primitive, many = items[0].primitive, items[0].many
        assert primitive is not None  # noqa: S101 - it is computed
        if primitive is ag.dot:
            return (yield self._dots(items, shape))
        if many and primitive.arity is None:
            return (yield self._reduced(primitive, items, shape, range(len(items[0].operands))))
        if many:
            return (yield self._folded(primitive, items, shape))
        operands = []
        for i in range(len(items[0].operands)):
            operands.append((yield self._loose([x.operands[i] for x in items], shape)))  # noqa: PERF401 - a generator waits
        return apply(primitive, *operands)

    def _folded(self, primitive: Primitive, items: list[Scalar], shape: Shape) -> Waiting:
        """A long sum: neighbours that are computed alike as an array, the others one by one."""
        count, start, parts = len(items[0].operands), 0, []
        while start < count:
            kind, end = self._kind(items[0].operands[start]), start + 1
            while end < count and self._kind(items[0].operands[end]) == kind:
                end += 1
            if end - start >= LEAST:
                parts.append((yield self._reduced(primitive, items, shape, range(start, end))))
            else:
                for i in range(start, end):
                    parts.append((yield self._loose([x.operands[i] for x in items], shape)))  # noqa: PERF401 - a generator waits
            start = end
        total = parts[0]
        for part in parts[1:]:
            total = apply(primitive, total, part)
        return total

    def _reduced(self, primitive: Primitive, items: list[Scalar], shape: Shape, places: range) -> Waiting:
        found = yield self._loose([x.operands[i] for x in items for i in places], (*shape, len(places)))
        return reduced(primitive, _along(found, len(places)))

    def _dots(self, items: list[Scalar], shape: Shape) -> Waiting:
        count = len(items[0].operands) // 2
        if not count:
            return constant([0.0], ())
        sides = []
        for start in (0, count):
            numbers = [x.operands[i] for x in items for i in range(start, start + count)]
            sides.append((yield self._loose(numbers, (*shape, count))))
        for weights, x in (sides, sides[::-1]):
            if len(shape) == 1 and weights.shape == (*shape, count) and not weights.batched and x.shape == (1, count):
                return Tensor("linear", (reshape(x, (count,)), weights), shape)
        return reduced(ag.add, _along(apply(ag.mul, *sides), count))


def _same(x: Any, y: Any) -> bool:
    return x is y or (type(x) is type(y) is float and x == y and copysign(1.0, x) == copysign(1.0, y))


def _along(tensor: Tensor, count: int) -> Tensor:
    """The array with that many numbers along its last dimension, where it has but one."""
    if tensor.shape[-1:] == (count,):
        return tensor
    return expand(tensor, (*tensor.shape[:-1], count))


def _shaped(tensor: Tensor, shape: Shape) -> Tensor:
    """The array in that shape: broadcast where it can be, else the same numbers in another shape."""
    if tensor.size == prod(shape):
        return reshape(tensor, shape)
    assert broadcast([tensor.shape, shape]) == shape  # noqa: S101 - numbers were left out where they repeat
    return expand(tensor, shape)
