"""Parameter: a leaf that a model trains, with room for what an optimizer of your own keeps with it."""

from collections.abc import Callable, Iterable
from typing import Any

from autograd import Value


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


def parameters_of_shape(draw: Callable[[], float], *shape: int) -> Any:
    """Parameters in nested lists of that shape, each with a number that is drawn, row by row.

    >>> parameters_of_shape(lambda: 0.0, 2, 1)
    [[Parameter(data=0.0, grad=0.0)], [Parameter(data=0.0, grad=0.0)]]
    """
    if not shape:
        return Parameter(draw())
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
