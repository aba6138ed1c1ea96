"""Sequences of different lengths in one array, for machine code; and how many places of each sample a loss counts.

An array has room for the longest sample. The rest of a shorter one is filled: inputs with 0, targets with the class number that
does not count. A model that reads nothing beyond an end, such as one that is causal, gives the same loss then, and `fit` tries
that before it trains; for any other model it goes sample by sample.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from autograd import forms
from autograd.compiler.trace.arguments import MANY
from autograd.program import Program
from nn.inputs import shape_of
from nn.layers.linear import Layer
from nn.losses import IGNORED
from nn.module import Module

UNROLLED = 3_000  # operations: where a forward pass has no more, it is compiled turn by turn, and samples go side by side


def common_shape(samples: Sequence[Any], name: str) -> tuple[int, ...] | None:
    """The shape that has room for all samples, where they differ in the first dimension alone; else None.

    >>> common_shape([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], "X"), common_shape([[[1.0]], [[1.0, 2.0]]], "X")
    ((2, 2), None)
    """
    try:
        shapes = {shape_of(sample, name) for sample in samples}
    except ValueError:  # one is ragged itself
        return None
    if not all(shapes) or len({shape[1:] for shape in shapes}) > 1:
        return None
    return (max(shape[0] for shape in shapes), *next(iter(shapes))[1:])


def filled(samples: Sequence[Any], shape: tuple[int, ...], filling: float) -> Any:
    """The samples in an array of that shape each."""
    import numpy as np

    array = np.full((len(samples), *shape), float(filling))
    for row, sample in zip(array, samples, strict=True):
        row[: len(sample)] = sample
    return array


def extremes(samples: Sequence[Any]) -> list[int]:
    """The numbers of a longest and a shortest sample, in order."""
    lengths = [len(sample) for sample in samples]
    return sorted({lengths.index(max(lengths)), lengths.index(min(lengths))})


def weights_of(loss: Callable[..., Any], targets: Sequence[Any]) -> list[float] | None:
    """How many places of each sample the loss counts, where these differ and its mean is over all of a batch; else None."""
    function = getattr(type(loss), "function", loss)
    if not getattr(function, "by_place", False) or getattr(loss, "reduction", "mean") != "mean":
        return None
    ignored = getattr(loss, "ignore_index", IGNORED)
    counts = [float(_counted(target, ignored)) for target in targets]
    return counts if len(set(counts)) > 1 else None


def _counted(target: Any, ignored: int) -> int:
    if isinstance(target, list | tuple) or getattr(target, "ndim", 0) > 0:
        return sum(_counted(inner, ignored) for inner in target)
    return int(target != ignored)


def wants_loops(program: Program) -> bool:
    """Whether it has loops, and too many operations to be compiled turn by turn."""
    return _has_loops(program) and _operations(program) > UNROLLED


def is_large(model: Module) -> bool:
    """Whether a model has many parameters, all of them in layers of neurons: the compiler may take each layer for a loop."""
    inside = {id(p) for module in model.modules() if type(module) is Layer for p in module.parameters()}
    return len(inside) >= MANY and inside.issuperset(map(id, model.parameters()))


def of_layers(program: Program) -> bool:
    """Whether its loops are layers alone: they carry nothing, and have no loops inside."""
    loops = [form for form in program.forms if isinstance(form, forms.Loop)]
    return not any(loop.carry or _has_loops(loop.body) for loop in loops)


def _has_loops(program: Program) -> bool:
    return any(isinstance(primitive, forms.Loop) for primitive, _ in program.steps)


def _operations(program: Program) -> int:
    total = 0
    for primitive, places in program.steps:
        if isinstance(primitive, forms.Loop):
            total += prod([primitive.turns or UNROLLED, _operations(primitive.body)])
        elif not isinstance(primitive, forms.Form):
            total += max(1, len(places) - 1)
    return total


def loss_of_one(model: Module, loss: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A function of nothing but these: what a trace of it may lead to is searched."""

    def loss_of_one(x: Any, target: Any) -> Any:
        return loss([model(x)], [target])  # as a batch, which is what a loss is asked for everywhere

    return loss_of_one


def weighted_loss(model: Module, loss: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    """Likewise, times the sample's weight in the mean."""

    def weighted_loss(x: Any, target: Any, weight: Any) -> Any:
        return loss([model(x)], [target]) * weight

    return weighted_loss
