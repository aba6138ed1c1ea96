"""Real numbers of any type become Python floats; for anything else the error says what to pass instead."""

import math
import sys
from collections.abc import Iterable
from decimal import Decimal
from numbers import Complex, Real
from typing import Any

LONGEST = 200  # characters of a thing that a message quotes


def as_float(number: Any, what: str) -> float:
    """A real number of any type as a Python float; integers beyond 1.8e308 round to inf, as IEEE prescribes.

    Raises TypeError for anything that is not one real number; the message names it as `what` and shows what to pass instead.

    >>> as_float(3, "data")
    3.0
    """
    if type(number) is float:
        return number
    if type(number) is int or isinstance(number, (Real, Decimal)) or _is_numpy_scalar(number):
        try:
            return float(number)
        except OverflowError:
            return math.inf if number > 0 else -math.inf
        except TypeError:
            pass  # NumPy's timedelta64 calls itself an integer
    raise TypeError(f"{what} must be one real number, not {_describe(number)}")


def is_node(thing: Any) -> bool:
    """Whether the thing is a Value or a Symbol: it takes part in a graph, and its class records by `_apply_primitive`."""
    return hasattr(type(thing), "_apply_primitive")


def number_of(number: Any) -> float:
    """The number of a node; a float is its own."""
    return number if type(number) is float else float(number.item())


def shown(thing: Any) -> str:
    """Its repr for an error message: cut off where it is long, and its type alone where it is nested too deeply for a repr.

    >>> shown([1.0]), len(shown(["a long list"] * 1_000_000))
    ('[1.0]', 200)
    """
    try:
        text = repr(thing)
    except RecursionError:
        return f"a {type(thing).__name__} nested too deeply to be shown"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _is_numpy_scalar(number: Any) -> bool:
    numpy = sys.modules.get("numpy")  # a NumPy scalar can only be here if NumPy is
    return numpy is not None and isinstance(number, numpy.bool_ | numpy.number) and not isinstance(number, Complex)


def _describe(thing: Any) -> str:
    kind = type(thing).__name__
    if is_node(thing):
        return f"a {kind}: use it as it is" + (", or pass its number, v.item()" if hasattr(thing, "_data") else "")
    if isinstance(thing, str):
        return f"the string {thing[:40]!r}: convert it with float(...)"
    if isinstance(thing, Complex) and not isinstance(thing, Real):
        return f"the complex number {thing}: pass its .real or .imag"
    if thing is None:
        return "None: pass a number such as 0.0 (math.inf or -math.inf for no bound)"
    if hasattr(type(thing), "__array__") or isinstance(thing, Iterable):
        return f"a {kind}: pass its elements one by one, as in [f(x) for x in xs]"
    return f"a {kind}: pass a float"
