"""Modules as functions of their parameters, for `grad`, `jit` and SciPy, which differentiate, trace and change arguments."""

import operator
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from autograd import Value
from autograd.compiler.trace.arguments import StandIn, stand_ins
from autograd.real import shown
from autograd.structures import is_array
from nn.inputs import is_array_like, listed, number
from nn.module import Module, in_one_line, wrong_names
from nn.nesting import PARAMETERS, Call, contents_of, unrolled


def functional_call(model: Module, parameters: Any, *inputs: Any, **options: Any) -> Any:
    """`model(*inputs, **options)` with other numbers for the model's parameters; the model stays as it is.

    `forward` runs on a copy of the modules, lists, tuples, dicts and arrays that hold parameters, with the numbers in their
    places; the copy shares everything else with the model, and whatever the model shares within itself, it shares too. Hidden
    ways to a parameter, such as a closure or a bound method kept as an attribute, still lead to the model's own. As PyTorch's
    `torch.func.functional_call`.

    `parameters` are floats, Values or Symbols: a flat list, tuple or array in the order of `model.parameters()`, or a dict from
    every name in `model.named_parameters()` to its number. Raises ValueError for a wrong number of them, or missing or
    unexpected names; TypeError for a model that is not a Module, or parameters that are not numbers.

    >>> from autograd import grad
    >>> from nn import Neuron
    >>> neuron = Neuron(2, rng=0)
    >>> functional_call(neuron, [3.0, 4.0, 5.0], [1.0, 10.0])
    48.0
    >>> grad(lambda parameters: functional_call(neuron, parameters, [1.0, 10.0]))([3.0, 4.0, 5.0])
    [1.0, 10.0, 1.0]
    """
    if not isinstance(model, Module):
        raise TypeError(f"functional_call takes a Module, not {model!r}: functional_call(model, parameters, *inputs)")
    leaves = model.parameters()
    by_leaf = dict(zip(map(id, leaves), _numbers(model, parameters, len(leaves)), strict=True))
    copies: dict[int, Any] = {}
    originals: dict[int, Any] = {}
    replaced: Any = unrolled(_replaced(model, by_leaf, copies, originals))
    with stand_ins(lambda thing: _stand_in(thing, by_leaf, copies, originals)):
        return replaced(*inputs, **options)


def replaced_in(model: Module, twins: Mapping[int, Any]) -> Any:
    """The model with twins in the places of some of its modules, by their ids; the copy shares all else with the model."""
    return unrolled(_replaced(model, {}, dict(twins), {}))


def _stand_in(thing: Any, numbers: dict[int, Any], copies: dict[int, Any], originals: dict[int, Any]) -> StandIn | None:
    """What a copy of one of the model's modules is to `jit`, where it is a static argument, such as the self of a method."""
    original = originals.get(id(thing))
    if not isinstance(original, Module) or copies[id(original)] is not thing:
        return None
    leaves = original.parameters()

    def make(others: Sequence[Any]) -> Any:
        return unrolled(_replaced(original, {id(leaf): x for leaf, x in zip(leaves, others, strict=True)}, {}, {}))

    return StandIn(original, [numbers[id(leaf)] for leaf in leaves], make)


def _numbers(model: Module, parameters: Any, count: int) -> list[Any]:
    """The numbers, in the order of the model's parameters."""
    if isinstance(parameters, Mapping):
        names = [name for name, _ in model.named_parameters()]
        missing = [name for name in names if name not in parameters]
        unexpected = sorted(map(str, parameters.keys() - set(names)))
        if missing or unexpected:
            raise ValueError(
                "functional_call wants a number for every name in model.named_parameters(); "
                f"{wrong_names(missing, unexpected)} in the dict of {len(parameters)} for {in_one_line(model)}"
            )
        parameters = [parameters[name] for name in names]
    elif is_array(parameters) and parameters.ndim != 1:
        raise ValueError(f"parameters must be an array of shape ({count},), not {parameters.shape}: parameters.ravel()")
    elif is_array_like(parameters):
        parameters = listed(parameters)
    if not isinstance(parameters, list | tuple):
        raise TypeError(
            f"parameters must be a list, tuple, array or dict of numbers, not {shown(parameters)}: model.parameters()"
        )
    if len(parameters) != count:
        raise ValueError(
            f"functional_call was given {len(parameters)} numbers for the {count} parameters of {in_one_line(model)}: "
            "give one for each of model.parameters(), in that order"
        )
    if all(kind is float or hasattr(kind, "_apply_primitive") for kind in {*map(type, parameters)}):  # Values or Symbols
        return list(parameters)
    return [number(name, x, "the number") for x, (name, _) in zip(parameters, model.named_parameters(), strict=True)]


def _replaced(thing: Any, numbers: dict[int, Any], copies: dict[int, Any], originals: dict[int, Any]) -> Call:
    """A copy of the thing with numbers in place of its parameters, by their ids; the thing itself if it holds none.

    `copies` has what was entered, by id: at first its copy, for things that contain themselves, in the end perhaps itself.
    `originals` has the things themselves by the ids of their copies, of which some may be gone.
    """
    if id(thing) in copies:
        return copies[id(thing)]
    if type(thing) is list and PARAMETERS.issuperset(map(type, thing)):  # as most are, of thousands
        changed = list(map(numbers.get, map(id, thing), thing))
        return copies.setdefault(id(thing), thing if all(map(operator.is_, changed, thing)) else changed)
    contents = contents_of(thing)
    if not contents:
        return thing
    if isinstance(thing, tuple):  # made after its contents, so that a circle through it enters it again until then
        changed = []
        for _, old in contents:
            changed.append(
                numbers.get(id(old), old) if isinstance(old, Value) else (yield _replaced(old, numbers, copies, originals))
            )
        same = all(new is old for new, (_, old) in zip(changed, contents, strict=True))
        return copies.setdefault(id(thing), thing if same else tuple.__new__(type(thing), changed))
    made = copies[id(thing)] = copy(thing)
    originals[id(made)] = thing
    places = vars(made) if isinstance(thing, Module) else made
    differs = False
    for key, old in contents:
        new = numbers.get(id(old), old) if isinstance(old, Value) else (yield _replaced(old, numbers, copies, originals))
        if new is not old:
            places[key] = new
            differs = True
    if not differs:
        copies[id(thing)] = thing
    return copies[id(thing)]
