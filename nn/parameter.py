"""Parameter: a leaf that a model trains, with room for what an optimizer of your own keeps with it."""

from collections.abc import Callable
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
