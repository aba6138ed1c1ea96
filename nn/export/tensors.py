"""A model as a few operations on whole arrays: what PyTorch and ONNX are told, each in its own words.

The first dimension of an array is that of the samples, where it is `batched`; shapes are those of one sample.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from autograd.definition import Primitive
from autograd.native import Comparison

Shape = tuple[int, ...]


class ExportError(ValueError):
    """A model, or something in it, that has no counterpart where it should go."""


@dataclass(frozen=True, eq=False, slots=True)
class Tensor:
    """An array that the exported model has at hand: an operation with its operands and options.

    `truth`: it holds truth values. `path`: the layer that computes it; None for the glue between layers.
    """

    operation: str
    operands: tuple["Tensor", ...] = ()
    shape: Shape = ()
    batched: bool = True
    truth: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None

    @property
    def size(self) -> int:
        """How many numbers it has for one sample."""
        return prod(self.shape)


def constant(numbers: Sequence[float], shape: Shape) -> Tensor:
    """The same numbers for every sample; a single one where all are equal."""
    if len({*map(repr, numbers)}) == 1:
        numbers, shape = numbers[:1], ()
    return Tensor("constant", (), shape, batched=False, options={"numbers": list(numbers)})


def is_constant(tensor: Tensor) -> bool:
    """Whether it is one number, known now."""
    return tensor.operation == "constant" and not tensor.shape


def broadcast(shapes: Iterable[Shape]) -> Shape:
    """The shape that arrays of these shapes have together.

    >>> broadcast([(3, 1), (4,), ()])
    (3, 4)
    """
    reversed_shapes = [shape[::-1] for shape in shapes]
    rank = max(map(len, reversed_shapes), default=0)
    return tuple([max([shape[i] for shape in reversed_shapes if i < len(shape)]) for i in range(rank)])[::-1]


def apply(primitive: Primitive, *operands: Tensor) -> Tensor:
    """A primitive of every number; operands are broadcast, and aligned at their last dimensions."""
    shape = broadcast([operand.shape for operand in operands])
    aligned = [_with_rank(operand, len(shape)) for operand in operands]
    truth = primitive.of_conditions or isinstance(primitive.native, Comparison)
    batched = any(operand.batched for operand in operands)
    return Tensor("apply", tuple(aligned), shape, batched, truth, {"primitive": primitive})


def _with_rank(tensor: Tensor, rank: int) -> Tensor:
    missing = rank - len(tensor.shape)
    return reshape(tensor, (1,) * missing + tensor.shape) if tensor.batched and missing else tensor


def reduced(primitive: Primitive, tensor: Tensor) -> Tensor:
    """What a primitive makes of all numbers along the last dimension: add, maximum, minimum, logsumexp."""
    return Tensor("reduce", (tensor,), tensor.shape[:-1], tensor.batched, options={"primitive": primitive})


def reshape(tensor: Tensor, shape: Shape) -> Tensor:
    """The same numbers in another shape."""
    if tensor.shape == shape:
        return tensor
    if tensor.operation == "reshape":
        return reshape(tensor.operands[0], shape)
    if is_constant(tensor):
        return Tensor("constant", (), shape, batched=False, options=tensor.options)
    return Tensor("reshape", (tensor,), shape, tensor.batched, tensor.truth)


def take(tensor: Tensor, places: Sequence[int], shape: Shape) -> Tensor:
    """The numbers at these places, in another shape; places count through all dimensions."""
    if list(places) == list(range(tensor.size)):
        return reshape(tensor, shape)
    return Tensor("take", (tensor,), shape, tensor.batched, tensor.truth, {"places": list(places)})


def expand(tensor: Tensor, shape: Shape, *, batched: bool = False) -> Tensor:
    """The numbers, repeated to fill a shape, and for every sample if `batched`."""
    batched = batched or tensor.batched
    if tensor.operation == "expand" and (tensor.shape, tensor.batched) != (shape, batched):
        return expand(tensor.operands[0], shape, batched=batched)
    aligned = _with_rank(tensor, len(shape))
    if (aligned.shape, aligned.batched) == (shape, batched):
        return aligned
    return Tensor("expand", (aligned,), shape, batched, tensor.truth)


def concatenated(tensors: Sequence[Tensor]) -> Tensor:
    """Arrays of one dimension, one after another."""
    batched, truth = any(tensor.batched for tensor in tensors), all(tensor.truth for tensor in tensors)
    parts = tuple([expand(tensor, tensor.shape, batched=batched) for tensor in tensors])
    return Tensor("concat", parts, (sum(tensor.size for tensor in tensors),), batched, truth)


def in_order(outputs: Iterable[Tensor]) -> list[Tensor]:
    """Everything that the outputs need, each once and after its operands."""
    found: dict[Tensor, None] = {}
    stack = [(tensor, False) for tensor in reversed([*outputs])]
    while stack:
        tensor, entered = stack.pop()
        if entered:
            found[tensor] = None
        elif tensor not in found:
            stack.append((tensor, True))
            stack += [(operand, False) for operand in reversed(tensor.operands)]
    return list(found)
