"""Checks of options: each returns the number or the parameters, or says what they must be instead."""

from collections.abc import Callable, Iterable
from math import inf
from operator import index
from typing import Any

from autograd import Value
from autograd.real import as_float, shown


def count(name: str, number: Any, *, least: int = 1) -> int:
    """A whole number of at least `least`, of any type; ValueError for anything else."""
    try:
        found = index(number)
    except TypeError:
        found = least - 1
    if found < least or isinstance(number, bool):
        raise ValueError(f"{name} must be a whole number of at least {least}, not {number!r}")
    return found


def one_of(name: str, number: Any, alias: str, other: Any) -> Any:
    """An argument that has two names, given by one of them; TypeError for both, or neither."""
    if (number is None) == (other is None):
        what = "was given twice" if number is not None else "is missing"
        raise TypeError(f"{name}, which PyTorch calls {alias}, {what}: pass {name} or {alias}")
    return other if number is None else number


def not_a_class(name: str, thing: Any) -> None:
    """TypeError for a class where an object of it is meant: a class can be called too, and would make objects.

    >>> not_a_class("loss", len)
    """
    if isinstance(thing, type):
        raise TypeError(f"{name} is the class {thing.__name__}, not an object of it: {thing.__name__}(...)")


def height_and_width(name: str, size: Any, *, least: int = 1) -> tuple[int, int]:
    """One whole number for both, or a pair of them; ValueError for anything else.

    >>> height_and_width("kernel_size", 3), height_and_width("kernel_size", (2, 3))
    ((3, 3), (2, 3))
    """
    if isinstance(size, list | tuple):
        if len(size) != 2:
            raise ValueError(f"{name} must be one whole number, or two, (height, width), not {size!r}")
        return count(f"{name}[0]", size[0], least=least), count(f"{name}[1]", size[1], least=least)
    return (count(name, size, least=least),) * 2


def positive(name: str, number: Any, example: str) -> float:
    """A float above 0, inf included; ValueError for another number, TypeError for anything else."""
    return _checked(name, number, example, "positive", lambda found: found > 0.0)


def not_negative(name: str, number: Any, example: str, *, or_inf: bool = False) -> float:
    """A finite float of at least 0, or inf too if `or_inf`; ValueError for another number, TypeError for anything else."""
    wanted = f"{'' if or_inf else 'finite and '}not negative"
    return _checked(name, number, example, wanted, lambda found: found >= 0.0 and (or_inf or found != inf))


def below_one(name: str, number: Any, example: str) -> float:
    """A float of at least 0 and below 1; ValueError for another number, TypeError for anything else."""
    return _checked(name, number, example, "at least 0 and below 1", lambda found: 0.0 <= found < 1.0)


def parameters_in(parameters: Any, *, leaves: bool) -> list[Value]:
    """The Values of a list or another iterable, leaves if asked for; TypeError for anything else."""
    if not isinstance(parameters, Iterable):
        raise TypeError(f"parameters must be a list of Values, not a {type(parameters).__name__}: model.parameters()")
    found = list(parameters)
    wanted = "a leaf Value: pass model.parameters(), or v.detach()" if leaves else "a Value: pass model.parameters()"
    for i, parameter in enumerate(found):
        if not isinstance(parameter, Value) or (leaves and parameter.operands):
            raise TypeError(f"parameter {i} is {shown(parameter)}, not {wanted}")
    return found


def _checked(name: str, number: Any, example: str, wanted: str, holds: Callable[[float], bool]) -> float:
    found = as_float(number, name)
    if not holds(found):
        raise ValueError(f"{name} must be {wanted}, not {number}: {name}={example}, for example")
    return found
