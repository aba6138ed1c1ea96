"""A model's parameters as arrays under PyTorch's names: "layers.0.weight" of shape (16, 2), "layers.0.bias" of shape (16,)."""

from collections.abc import Iterable
from math import prod

from autograd import Value
from nn.export.rules import Array, Rule, rule_of
from nn.export.tensors import ExportError
from nn.module import Module


def known_layers(model: Module) -> dict[str, tuple[Module, Rule]]:
    """The outermost modules that have a rule, by path."""
    found: dict[str, tuple[Module, Rule]] = {}
    for path, module in model.named_modules():
        if not _is_inside(path, found):
            rule = rule_of(module)
            if rule is not None:
                found[path] = module, rule
    return found


def _is_inside(path: str, outer: dict[str, tuple[Module, Rule]]) -> bool:
    """Whether a module among the outer ones holds it."""
    if "" in outer:
        return True
    while path:
        path = path.rpartition(".")[0]
        if path in outer:
            return True
    return False


def arrays_by_name(model: Module) -> dict[str, Array]:
    """Every parameter's array: those of known layers as PyTorch has them, others by their attribute, list or dict.

    >>> from nn import MLP
    >>> {name: array.shape for name, array in arrays_by_name(MLP(2, [16, 1])).items()}
    {'layers.0.weight': (16, 2), 'layers.0.bias': (16,), 'layers.1.weight': (1, 16), 'layers.1.bias': (1,)}
    """
    found: dict[str, Array] = {}
    for path, (layer, rule) in known_layers(model).items():
        for name, array in (rule.arrays_of(layer) or {}).items():
            found[f"{path}.{name}".lstrip(".")] = array
    inside = {id(value) for array in found.values() for value in array.values}
    others = _gathered({name: value for name, value in model.named_parameters() if id(value) not in inside}, found)
    for name in others:
        if name in found:
            raise ExportError(f"two arrays of parameters are named {name!r}: give one of them another attribute")
    return found | others


def _gathered(parameters: dict[str, Value], named: Iterable[str]) -> dict[str, Array]:
    """Parameters by their paths as arrays: those that differ in their last indices alone, and of those each is there.

    An array has no name that is the beginning of another name, of those that are `named` already too.
    """
    places: dict[str, dict[tuple[int, ...], Value]] = {}
    for name, value in parameters.items():
        words = name.split(".")
        first = len(words)
        while first > 1 and words[first - 1].isdecimal():
            first -= 1
        places.setdefault(".".join(words[:first]), {})[tuple(map(int, words[first:]))] = value
    beginnings = {name[:i] for name in [*named, *places] for i, letter in enumerate(name) if letter == "."}
    found: dict[str, Array] = {}
    for name, values in places.items():
        ranks = {len(place) for place in values}
        shape = tuple(1 + max(column) for column in zip(*values, strict=True)) if len(ranks) == 1 else ()
        if len(ranks) == 1 and prod(shape) == len(values) and name not in beginnings:
            found[name] = Array(shape, [values[place] for place in sorted(values)])
        else:
            found.update({".".join([name, *map(str, place)]): Array((), [value]) for place, value in values.items()})
    return found
