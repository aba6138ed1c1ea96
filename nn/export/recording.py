"""A model's forward pass, run once on Symbols: a layer that has a rule is noted as one call, all else number by number."""

import inspect
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from math import prod
from typing import Any

from autograd import TraceError, Value
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer
from autograd.modes import Mode, in_mode
from autograd.real import is_node
from nn.export.parameters import known_layers
from nn.export.rules import Rule, input_shape
from nn.export.tensors import ExportError, Shape
from nn.functional import replaced_in
from nn.inputs import each_number, listed, numbers, shape_of
from nn.module import Module, in_one_line

TAKEN = ("torch", "nn", "F", "WEIGHTS", "constant", "dtype", "self", "len", "abs", "float")
"""What names mean in the source that is written."""


@dataclass(frozen=True, eq=False)
class Call:
    """A layer at some numbers, nested in that shape: a whole array to those who read it."""

    path: str
    layer: Module
    rule: Rule
    items: list[Any]
    shape: Shape
    results: list[Symbol]
    result_shape: Shape


@dataclass(frozen=True)
class Result:
    """An array among what the model returns."""

    items: list[Any]
    shape: Shape


@dataclass(frozen=True)
class Recording:
    """What a forward pass did: inputs by name with their Symbols and shapes, calls, parameters that it read, and results.

    `outside`: what Values hold that it read and that are no parameters of the model.
    `several`: it returned a tuple, or arrays that form no single one.
    """

    inputs: dict[str, Result]
    calls: list[Call]
    parameters: dict[Symbol, Value]
    outside: dict[Symbol, float]
    results: list[Result]
    several: bool


def record(model: Module, examples: Sequence[Any], is_call: Callable[[str, Rule], bool]) -> Recording:
    """Run the model on Symbols, nested like the examples; layers for which `is_call(path, rule)` holds are calls.

    Raises ExportError where the model branches on a number, or returns what is no array, and where its input's shape is not
    known and no example tells it.
    """
    if not isinstance(model, Module):
        raise TypeError(f"only a Module can be exported, not {model!r}: wrap it, nn.Sequential(f)")
    shapes = _shapes(model, examples)
    names = _names(model, len(shapes))
    calls: list[Call] = []
    tracer = Tracer()
    twins: dict[int, Any] = {}
    for path, (layer, rule) in known_layers(model).items():
        if is_call(path, rule):
            twins[id(layer)] = _twin(path, layer, rule, calls, tracer)
    twin = replaced_in(model, twins)
    with in_mode(Mode(tracer=tracer)):
        inputs = {
            name: Result([Symbol(name) for _ in range(prod(shape))], shape) for name, shape in zip(names, shapes, strict=True)
        }
        try:
            out = twin(*[nested(symbols.items, symbols.shape) for symbols in inputs.values()])
        except TraceError as error:
            raise ExportError(
                f"{in_one_line(model)} cannot be exported, because its forward pass cannot be traced: {error}"
            ) from error
        several = isinstance(out, tuple) or _is_ragged(out)
        results = [_result(model, part, tracer) for part in (out if several else [out])]
    own = {*model.parameters()}
    parameters = {symbol: value for value, symbol in tracer.captured.items() if value in own}
    outside = {symbol: value.data for value, symbol in tracer.captured.items() if value not in own}
    return Recording(inputs, calls, parameters, outside, results, several)


def nested(items: Sequence[Any], shape: Shape) -> Any:
    """The items in nested lists of that shape; the item itself if that is ().

    >>> nested([1, 2, 3, 4], (2, 2)), nested([1], ())
    ([[1, 2], [3, 4]], 1)
    """
    if not shape:
        return items[0]
    step = prod(shape[1:])
    return [nested(items[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def _shapes(model: Module, examples: Sequence[Any]) -> list[Shape]:
    if examples:
        found = []
        for i, example in enumerate(examples):
            plain = each_number(lambda x: x, example)
            numbers(f"example {i}", plain)  # TypeError for what is none
            found.append(shape_of(plain, f"example {i}"))
        return found
    shape = input_shape(model)
    if shape is None:
        raise ExportError(
            f"{in_one_line(model)} does not tell the shape of its input: give one sample, as in to_onnx(model, path, X[0]), "
            "of which the shape counts"
        )
    return [shape]


def _names(model: Module, count: int) -> list[str]:
    """The names of the arguments of `forward`."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = [p.name for p in inspect.signature(model.forward).parameters.values() if p.kind in kinds][:count]
    names = ["x"] if named == ["xs"] else named  # ours, for one sample
    return [f"{name}_" if name in TAKEN else name for name in names] + [f"x{i}" for i in range(len(names), count)]


def _twin(path: str, layer: Module, rule: Rule, calls: list[Call], tracer: Tracer) -> Module:
    """A copy of the layer whose `forward` notes the call."""
    probe, twin = copy(layer), copy(layer)
    probe.training = False  # so that nothing is drawn

    def forward(xs: Any) -> Any:
        plain = each_number(lambda x: x, xs)
        items = [tracer(x) if isinstance(x, Value) else x for x in numbers(type(layer).__name__, plain)]
        shape = shape_of(each_number(lambda _: 0.0, plain), f"the input of {path or type(layer).__name__}")
        with in_mode(Mode(recording=False)):  # it checks its input, and tells the shape of its output
            out = each_number(lambda _: 0.0, probe.forward(nested([0.0] * len(items), shape)))
        result_shape = shape_of(out, "the output") or ((1,) if rule.operation == "linear" else ())
        results = [Symbol() for _ in range(prod(result_shape))]
        calls.append(Call(path, layer, rule, items, shape, results, result_shape))
        return rule.then(layer, nested(results, result_shape))

    vars(twin)["forward"] = forward
    return twin


def _is_ragged(out: Any) -> bool:
    """Whether it is a list of arrays of different shapes."""
    if not isinstance(out, list):
        return False
    try:
        shape_of(each_number(lambda _: 0.0, out), "")
    except ValueError:
        return True
    return False


def _result(model: Module, out: Any, tracer: Tracer) -> Result:
    plain = listed(out)
    try:
        shape = shape_of(each_number(lambda x: x, plain), "the output")
        items = [tracer(x) if isinstance(x, Value) else x for x in numbers(type(model).__name__, plain)]
    except (TypeError, ValueError) as error:
        raise ExportError(
            f"{in_one_line(model)} returns what is no array of numbers, {type(out).__name__}: return a number, nested lists "
            f"of one shape, or a tuple of these ({error})"
        ) from None
    for item in items:
        if is_node(item):
            item.check_owner()
    return Result(items, shape)
