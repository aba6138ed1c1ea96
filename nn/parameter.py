"""Parameter: a leaf that a model trains, with room for what an optimizer of your own keeps with it."""

from array import array
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from autograd import Value
from autograd.collector import collector_at_rest
from autograd.recorded import Recorded, all_at_once


class Labels:
    """The labels of all parameters in a list, made when one is asked for: the list's path, and the parameter's place there.

    Each of the parameters has this in the place of a label; `made` has their numbers in the order of making.
    """

    __slots__ = ("made", "path")

    def __init__(self, path: str, made: "array[int]") -> None:
        self.path, self.made = path, made

    def of(self, parameter: Value) -> str:
        """The label of one of them."""
        return f"{self.path}.{self.made.index(int(parameter.made))}"


class Parameter(Value):
    """A leaf Value that takes attributes of any name: every layer's parameters are such. PyTorch's name.

    `Parameter(data, label="")` computes as a Value does, and what is computed from it are Values. Any leaf Value in a module is
    trained; this one can also hold what a rule of your own keeps for it. Copies and pickles take the attributes along. Raises
    TypeError if `data` is not one real number: for several, make a list of Parameters.

    >>> w = Parameter(2.0)
    >>> w.momentum = 0.0
    >>> (w * w).backward()
    >>> w.momentum = 0.9 * w.momentum + w.grad
    >>> w.data -= 0.1 * w.momentum
    >>> w
    Parameter(data=1.6, grad=4.0)
    """

    __slots__ = ("__dict__",)

    @property
    def label(self) -> str:
        """A name for pictures and messages."""
        label: Any = getattr(self, "_label", None) or ""
        return label.of(self) if type(label) is Labels else label

    @label.setter
    def label(self, text: str) -> None:
        self._label = text


def labels_of(things: list[Any]) -> Labels | None:
    """The labels that these things have as a list, if they are nothing but the parameters that were labelled together."""
    labels = getattr(things[0], "_label", None) if things else None
    if type(labels) is not Labels or len(things) != len(labels.made):
        return None
    try:
        fits = [thing._label for thing in things].count(labels) == len(things)
    except AttributeError:
        return None
    return labels if fits and _made(things) == labels.made else None


def labels_to_grow(things: list[Any]) -> Labels | bool | None:
    """What `labels_of` says; False for Values without labels."""
    found = labels_of(things)
    if found is not None or not _VALUES.issuperset(map(type, things)):
        return found
    return None if any([getattr(thing, "_label", None) for thing in things]) else False  # noqa: C419 - twice as quick


def labels_to_give(things: list[Any]) -> Labels | bool | None:
    """What `labels_of` says; True for different parameters, none of which was labelled with others."""
    found = labels_of(things)
    if found is None and {*map(type, things)} == {Parameter}:
        others = [None for thing in things if thing._first is not None or type(thing._label) is Labels]
        return True if not others and len({*_made(things)}) == len(things) else None
    return found


def label_together(parameters: list[Any], path: str) -> None:
    """Label parameters, of which `labels_to_give` has said that they come together, by the list's path and their places."""
    labels = parameters[0]._label
    if type(labels) is Labels:
        labels.path = path
    else:
        all_at_once(map(_SET_LABEL, parameters, repeat(Labels(path, _made(parameters)))))


def _made(things: list[Any]) -> "array[int]":
    return array("q", [thing.made for thing in things])


_VALUES = frozenset({Value, Parameter})
_SET_LABEL = Recorded.__dict__["_label"].__set__


def parameters_of_shape(draw: Callable[[], float], *shape: int) -> Any:
    """Parameters in nested lists of that shape, each with a number that is drawn, row by row.

    >>> parameters_of_shape(lambda: 0.0, 2, 1)
    [[Parameter(data=0.0, grad=0.0)], [Parameter(data=0.0, grad=0.0)]]
    """
    if not shape:
        return Parameter(draw())
    with collector_at_rest():
        return [parameters_of_shape(draw, *shape[1:]) for _ in range(shape[0])]


class Whole:
    """What parameters share whose gradient is one array in PyTorch: where one has a gradient, the others have 0."""


def as_whole(parameters: Iterable[Parameter]) -> None:
    """Let parameters be parts of one array, of which a step moves all or none."""
    whole = Whole()
    for parameter in parameters:
        parameter.whole = whole  # type: ignore[attr-defined]  # it takes any name


def reached(parameters: Iterable[Value]) -> list[Value]:
    """Those that a backward pass has reached, or parts of an array that it has reached elsewhere.

    >>> used, other = Parameter(1.0), Parameter(2.0)
    >>> as_whole([used, other])
    >>> (used * used).backward()
    >>> len(reached([used, other]))
    2
    """
    parameters = list(parameters)
    found = [parameter for parameter in parameters if parameter.has_grad]
    if len(found) == len(parameters):
        return found
    wholes = {id(getattr(parameter, "whole", None)) for parameter in found if hasattr(parameter, "whole")}
    return [p for p in parameters if p.has_grad or (wholes and id(getattr(p, "whole", None)) in wholes)]
