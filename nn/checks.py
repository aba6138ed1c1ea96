"""Numbers that options must be, each checked with a word on what was wanted."""

from math import inf
from operator import index
from typing import Any

from autograd.real import as_float


def count(name: str, number: Any) -> int:
    """A whole number of at least 1, of any type; ValueError for anything else.

    >>> count("epochs", 3)
    3
    """
    try:
        found = index(number)
    except TypeError:
        found = 0
    if found < 1 or isinstance(number, bool):
        raise ValueError(f"{name} must be a whole number of at least 1, not {number!r}")
    return found


def not_negative(name: str, number: Any, example: str, *, or_inf: bool = False) -> float:
    """A finite float of at least 0, inf too if `or_inf`; ValueError for another number, TypeError for none.

    >>> not_negative("lr", 1, example="0.01")
    1.0
    """
    found = as_float(number, name)
    if not found >= 0.0 or (found == inf and not or_inf):
        raise ValueError(f"{name} must be {'' if or_inf else 'finite and '}not negative, not {number}: {name}={example}, say")
    return found


def below_one(name: str, number: Any, example: str) -> float:
    """A float of at least 0 and below 1; ValueError for another number, TypeError for none.

    >>> below_one("alpha", 0.99, example="0.99")
    0.99
    """
    found = as_float(number, name)
    if not 0.0 <= found < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1, not {number}: {example}, say")
    return found
