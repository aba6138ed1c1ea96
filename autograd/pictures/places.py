"""Where parameters are at the time of drawing: their names in the outermost module that holds them.

A module knows what it holds, a parameter does not know who holds it. So the modules that are alive are asked (`FINDERS`, which
`nn` fills), by their own `named_parameters`. Where none holds a parameter any more, such as that of a model which a function
made and left behind, its label tells: `nn` writes there what it was called.
"""

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from typing import Any, NamedTuple

from autograd.pictures.modules import Path, label_place
from autograd.value import Value


class Place(NamedTuple):
    """Where a value is: the modules around it from the outermost inwards, and its name in the innermost one.

    >>> str(Place(("encoder", "neurons.3"), "weights.1"))
    'encoder.neurons.3.weights.1'
    """

    path: Path
    name: str

    def __str__(self) -> str:
        return ".".join((*self.path, self.name))


Held = dict[Value, Place]
_MADE = count()
_ALIVE: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()  # in the order of making


def came_alive(module: Any) -> None:
    """Know a module, weakly. It is kept here, not in `nn`, whose variables a trace follows: it would find all models there."""
    _ALIVE[next(_MADE)] = module


def alive() -> Sequence[weakref.ref[Any]]:
    """References to the modules that are alive, in the order in which they were made."""
    return _ALIVE.valuerefs()


FINDERS: list[Callable[[AbstractSet[Value]], Iterable[Any]]] = []
"""Each returns the outermost modules alive that hold some of these Values, in the order in which they were made."""


def places_of(order: Sequence[Value], model: Any = None) -> Held:
    """The places of the values that have a name: leaves by the modules that hold them, or by that model alone; others by label.

    If modules hold a leaf that have nothing to do with one another, that of which the graph has most counts. Where the graph
    has several models, the outermost word is the model's class, with a number if another has the same. A label that a user
    wrote stays beside the parameter's name.

    >>> w = Value(2.0, label="layers.0.bias")
    >>> places_of([w, w * 2.0])
    {Value(data=2.0, grad=0.0, label='layers.0.bias'): Place(path=('layers.0',), name='bias')}
    """
    leaves = {node: None for node in order if not node.operands}
    held = _of_models(leaves.keys(), model)
    found: Held = {}
    bearers: Counter[str] = Counter()
    for node in order:
        label = str(node.label or "")
        if node in held:
            found[node] = _with_label(held[node], label)
        elif label:
            path, name = label_place(label)
            if path and node in leaves:  # alike labels of two models that are gone: two models
                bearers[label] += 1
                path = (_numbered(path[0], bearers[label]), *path[1:])
            found[node] = Place(path, name)
    return found


def check_model(model: Any) -> None:
    """Raise TypeError unless it is None or has `named_parameters`, as a Module has."""
    if model is not None and (isinstance(model, type) or not callable(getattr(model, "named_parameters", None))):
        raise TypeError(f"model must be the Module whose parameters to name, not {model!r}: draw(loss, model=model)")


def _of_models(leaves: AbstractSet[Value], model: Any) -> Held:
    """The leaves that models hold."""
    models = [model] if model is not None else [model for find in FINDERS for model in find(leaves)]
    held = [_named(model, leaves) for model in models]
    owner: dict[Value, int] = {}
    for i in sorted(range(len(models)), key=lambda i: -len(held[i])):
        for leaf in held[i]:
            owner.setdefault(leaf, i)
    shown = [i for i in range(len(models)) if i in owner.values()] if len(models) > 1 else []
    kinds: Counter[str] = Counter()
    titles: dict[int, Path] = {}
    for i in shown if len(shown) > 1 else ():
        kind = type(models[i]).__name__
        kinds[kind] += 1
        titles[i] = (_numbered(kind, kinds[kind]),)
    return {leaf: held[i][leaf]._replace(path=titles.get(i, ()) + held[i][leaf].path) for leaf, i in owner.items()}


def _named(model: Any, leaves: AbstractSet[Value]) -> Held:
    """The places of those leaves that the model names, by its own account."""
    named = [(name, leaf) for name, leaf in model.named_parameters() if leaf in leaves]
    modules = {name for name, _ in model.named_modules()} if hasattr(model, "named_modules") else None
    return {leaf: Place(*(label_place(name) if modules is None else _split(name, modules))) for name, leaf in named}


def _split(name: str, modules: AbstractSet[str]) -> tuple[Path, str]:
    """A parameter's name as the modules around it, each without the names of those around it, and the rest."""
    path: list[str] = []
    rest = ""
    for word in name.split("."):
        rest = f"{rest}.{word}" if rest else word
        if ".".join([*path, rest]) in modules:
            path.append(rest)
            rest = ""
    return tuple(path), rest


def _with_label(place: Place, label: str) -> Place:
    """A user's own label is shown too; one that says the place, also as it was in an inner module, is not."""
    own = place.name
    if not label or label == own or label.endswith(f".{own}"):
        return place
    return place._replace(name=f"{own} ({label})")


def _numbered(name: str, count: int) -> str:
    return name if count == 1 else f"{name} ({count})"
