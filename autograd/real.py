"""Real numbers of any type become Python floats; for anything else the error says what to pass instead."""

import math
import sys
from collections.abc import Iterable
from decimal import Decimal
from numbers import Complex, Integral, Real
from typing import Any

REAL_TYPES: set[type] = {int, bool}
"""Types of which each thing is one real number, to be made a float: those met so far that live as long as the interpreter."""
_ON_THE_HEAP = 1 << 9  # of a class: a statement made it, not an extension
LONGEST = 200  # characters of a thing that a message quotes


def as_float(number: Any, what: str) -> float:
    """A real number of any type as a Python float; integers beyond 1.8e308 round to inf, as IEEE prescribes.

    Raises TypeError for anything that is not one real number; the message names it as `what` and shows what to pass instead.

    >>> as_float(3, "data")
    3.0
    """
    kind = type(number)
    if kind is float:
        return number  # type: ignore[no-any-return]
    if kind in REAL_TYPES or isinstance(number, (Real, Decimal)) or _is_numpy_scalar(number):
        try:
            found = float(number)
        except OverflowError:
            return math.inf if number > 0 else -math.inf
        except TypeError:
            pass  # NumPy's timedelta64 calls itself an integer
        else:
            if kind not in REAL_TYPES and not kind.__flags__ & _ON_THE_HEAP:
                REAL_TYPES.add(kind)
            return found
    if _is_tensor_of_one(number):
        return as_float(number.item(), what)
    raise TypeError(f"{what} must be one real number, not {_describe(number)}")


TILDE_OF_BOOLS = -1, -2
"""~False and ~True: Python's `~` turns the bits of a bool's integer."""


def check_condition(condition: Any, name: str) -> None:
    """Raise TypeError for what `~` makes of a bool, given to `name` for a condition: it holds always, and that is not meant.

    >>> check_condition(True, "where")
    """
    if isinstance(condition, Integral) and condition in TILDE_OF_BOOLS:
        raise TypeError(
            f"a condition of {name} is {condition}, which is what ~ makes of {condition == -2} and counts as true: "
            f"write `not condition`, logical_not(condition) or where(condition, y, x); for an integer n, write n != 0"
        )


def is_node(thing: Any) -> bool:
    """Whether the thing is a Value or a Symbol: it takes part in a graph, and its class records by `_apply_primitive`."""
    return hasattr(type(thing), "_apply_primitive")


def is_array_node(node: Any) -> bool:
    """Whether it stands, in a trace, for an array of numbers, as those of an open sequence."""
    return hasattr(node, "elements")


def is_open(thing: Any) -> bool:
    """Whether it is an open sequence: one in a trace, whose length only the run knows (`turns.OpenSequence`)."""
    return hasattr(type(thing), "count_is_open")


def any_node(things: Iterable[Any]) -> bool:
    """Whether a Value or a Symbol is among them, however many they are: they have few types."""
    return any(hasattr(kind, "_apply_primitive") for kind in {*map(type, things)})


def number_of(number: Any) -> float:
    """The number of a node; a float is its own."""
    return float(number) if isinstance(number, float) else float(number.item())


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


def _is_tensor_of_one(thing: Any) -> bool:
    """Whether the thing is one number in a tensor of PyTorch, JAX or others: without axes, and with `item`.

    NumPy's arrays without axes are not meant: NumPy applies its operators to them by itself.
    """
    numpy = sys.modules.get("numpy")
    array = numpy is not None and isinstance(thing, numpy.ndarray | numpy.generic)
    return (
        not array
        and not isinstance(thing, type)
        and getattr(thing, "shape", None) == ()
        and callable(getattr(thing, "item", None))
    )


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _describe(thing: Any) -> str:
    kind = type(thing).__name__
    if is_node(thing):
        return f"a {kind}: use it as it is" + (", or pass its number, v.item()" if hasattr(thing, "_data") else "")
    if isinstance(thing, str):
        how = "with float(...)" if _reads_as_number(thing) else "to a number, words.index(...) in a list of all words"
        return f"the string {thing[:40]!r}: convert it {how}"
    if isinstance(thing, Complex) and not isinstance(thing, Real):
        return f"the complex number {thing}: pass its .real or .imag"
    if thing is None:
        return "None: pass a number such as 0.0 (math.inf or -math.inf for no bound)"
    several = hasattr(type(thing), "__array__") or isinstance(thing, Iterable)
    ways = ["its elements one by one, as in [f(x) for x in xs]"] if several else []
    if hasattr(thing, "item"):
        ways.append("its only one, x.item()" if several else "its number, x.item()")
    return f"a {kind}: pass {', or '.join(ways) or 'a float'}"
