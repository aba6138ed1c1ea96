"""What a forward pass did: which modules it called, with which nodes, and the graph between them."""

import inspect
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from math import prod
from typing import Any

from autograd import Value
from autograd.modes import in_mode
from autograd.real import shown
from nn.export.rules import input_shape
from nn.functional import replaced_in
from nn.inputs import each_number
from nn.module import Module, in_one_line
from nn.nesting import contents_of, walk

MOST_CALLS = 40  # of modules inside modules of the user's own: beyond, these count as one each
Producer = tuple[int, int]
"""The place of a call, and of one of its outputs."""


@dataclass(eq=False)
class Called:
    """A call of a module: its path in the model, the nodes and constants that it took, each with its producer, and gave."""

    path: str
    module: Module
    inputs: list[tuple[Any, Producer | None]]
    outputs: list[Value]


@dataclass
class Pass:
    """A forward pass: its inputs, the calls in their order, and its results."""

    inputs: list[Value]
    results: list[Value]
    calls: list[Called] = field(default_factory=list)
    producers: dict[Value, Producer] = field(default_factory=dict)


def forward_pass(model: Module, inputs: tuple[Any, ...]) -> Pass:
    """Run the model as in `eval()`, and note what it did; the model stays as it is.

    Without inputs, some are tried: those that the modules inside take, one number, and as many as a list of parameters has.
    Raises ValueError if none of these fits.
    """
    if inputs:
        try:
            return _run(model, tuple(each_number(_as_leaf, x) for x in inputs))
        except (TypeError, ValueError, KeyError, IndexError):
            return _run(model, inputs)  # such as places in a table, which no Value can be
    tried: list[str] = []
    for shape in _shapes(model):
        try:
            return _run(model, (_sample(shape),))
        except Exception as error:  # noqa: BLE001 - whatever a forward of the user's makes of it
            tried.append(f"{f'shape {shape}' if shape else 'one number'}: {type(error).__name__}: {shown(str(error))}")
    found = f" (tried {'; '.join(tried[:3])})" if tried else ""
    raise ValueError(
        f"{in_one_line(model)} does not tell what its forward takes{found}, so its forward pass cannot be drawn: "
        "give it one sample, as in model.draw(x)"
    )


def _as_leaf(x: Any) -> Any:
    return x if isinstance(x, Value) else Value(x)


def _sample(shape: tuple[int, ...]) -> Any:
    if not shape:
        return Value(0.5)
    return [_sample(shape[1:]) for _ in range(shape[0])]


def _shapes(model: Module) -> Iterator[tuple[int, ...]]:
    """Shapes that the one input may have, the likeliest first."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    wanted = [p for p in inspect.signature(model.forward).parameters.values() if p.kind in kinds and p.default is p.empty]
    if len(wanted) != 1:
        return
    shapes = [input_shape(module) for module in [model, *units(model, deep=True).values()]]
    lists = [thing for thing in vars(model).values() if isinstance(thing, list | tuple)]
    lengths = [(len(thing),) for thing in lists if thing and all(isinstance(x, Value) for x in thing)]
    known = [shape for shape in shapes if shape is not None and 0 < prod(shape) <= 100_000]
    yield from dict.fromkeys([*known, (), *lengths])


def units(model: Module, *, deep: bool) -> dict[str, Module]:
    """The modules directly inside, by their paths; of lists of modules and others without a `forward`, those inside them.

    If `deep`, also those inside modules of the user's own that have some.
    """
    found: dict[str, Module] = {}
    waiting: list[tuple[str, Module]] = [("", model)]
    seen = {id(model)}
    while waiting:
        path, holder = waiting.pop()
        inside = [(keeper.name(key), thing) for keeper, key, thing in walk(holder, enter=False) if isinstance(thing, Module)]
        opened = type(holder).forward is Module.forward or (deep and inside and is_users(holder))
        if holder is not model and not opened:
            found[path] = holder
            continue
        new = [(f"{path}.{name}".lstrip("."), thing) for name, thing in inside if id(thing) not in seen]
        seen.update(id(thing) for _, thing in new)
        waiting += reversed(new)
    return found


def is_users(module: Module) -> bool:
    """Whether its `forward` is of the user's own, not of a layer of ours."""
    return not type(module).forward.__module__.startswith("nn.")


def _run(model: Module, inputs: tuple[Any, ...]) -> Pass:
    found = _noted(model, inputs, deep=True)
    return found if len(found.calls) <= MOST_CALLS else _noted(model, inputs, deep=False)


def _noted(model: Module, inputs: tuple[Any, ...], *, deep: bool) -> Pass:
    done = Pass(nodes_in(inputs), [])
    twins = {id(unit): _noting(path, unit, done) for path, unit in units(model, deep=deep).items()}
    twin = replaced_in(model, twins)
    twin = copy(model) if twin is model else twin
    vars(twin)["training"] = False
    with in_mode(None):
        done.results = nodes_in(twin.forward(*inputs))
    return done


def _noting(path: str, unit: Module, done: Pass) -> Module:
    """A copy of the module whose `forward` notes the call."""
    twin, runs = copy(unit), copy(unit)
    vars(runs)["training"] = False  # so that nothing is drawn, and no statistics move

    def forward(*inputs: Any, **options: Any) -> Any:
        taken = [(x, done.producers.get(x) if isinstance(x, Value) else None) for x in numbers_in([*inputs, *options.values()])]
        out = runs.forward(*inputs, **options)
        given = nodes_in(out)
        for i, node in enumerate(given):
            done.producers[node] = (len(done.calls), i)
        done.calls.append(Called(path, unit, taken, given))
        return out

    vars(twin)["forward"] = forward
    return twin


def numbers_in(thing: Any) -> list[Any]:
    """The Values and numbers in nested lists, tuples, dicts and arrays, in their order."""
    found: list[Any] = []
    stack = [thing]
    while stack:
        thing = stack.pop()
        if isinstance(thing, Value | float | int):
            found.append(thing)
        elif not isinstance(thing, Module):
            inside = thing.tolist() if hasattr(thing, "tolist") else [inner for _, inner in contents_of(thing)]
            stack += reversed(inside) if isinstance(inside, list) else [inside]
    return found


def nodes_in(thing: Any) -> list[Value]:
    """The Values among them."""
    return [x for x in numbers_in(thing) if isinstance(x, Value)]
