"""The options of pictures, and their checks: `draw`, `tree`, `latex` and the page share them."""

from dataclasses import dataclass
from typing import Any

from autograd.pictures.places import check_model
from autograd.pictures.theme import theme_named
from autograd.value import Value


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `draw`, which says what each of them does. Raises TypeError or ValueError for a wrong one, by its name."""

    partials: bool = False
    gradients: bool = False
    group: bool = False
    depth: int | None = None
    constants: bool = True
    expand: bool = False
    max_nodes: int | None = None
    rankdir: str = "LR"
    theme: str = "light"
    precision: int = 6
    model: Any = None

    def __post_init__(self) -> None:
        for name in ("partials", "gradients", "group", "constants", "expand"):
            if not isinstance(flag := getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {flag!r}")
        for name, least in (("depth", 0), ("max_nodes", 1)):
            if (number := getattr(self, name)) is not None:
                check_whole(name, number, least=least)
        if self.rankdir not in ("LR", "TB", "RL", "BT"):
            raise ValueError(f"rankdir must be 'LR', 'TB', 'RL' or 'BT', not {self.rankdir!r}")
        check_precision(self.precision)
        theme_named(self.theme)
        check_model(self.model)


def several(results: Any, what: str, verb: str) -> list[Value]:
    """One result or several, as a list. Raises TypeError or ValueError in the name of the function `what`."""
    if isinstance(results, Value):
        return [results]
    if not isinstance(results, list | tuple):
        raise TypeError(
            f"{what} needs the Value whose graph to {verb}, not a {type(results).__name__}: for example {what}(loss)"
        )
    example = f"for example {what}([loss, output])"
    for i, result in enumerate(results):
        if not isinstance(result, Value):
            raise TypeError(f"{what} needs Values, but result {i} is a {type(result).__name__}: {example}")
    if not results:
        raise ValueError(f"{what} needs at least one Value, not an empty {type(results).__name__}: {example}")
    return list(results)


def check_precision(precision: int) -> None:
    """Raise ValueError unless `precision` is a number of significant digits, 1 to 17."""
    if not isinstance(precision, int) or isinstance(precision, bool) or not 1 <= precision <= 17:
        raise ValueError(f"precision must be a whole number of digits from 1 to 17, not {precision!r}")


def check_whole(name: str, number: int, *, least: int) -> None:
    """Raise ValueError unless the option `name` is a whole number, at least `least`."""
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{name} must be a whole number from {least} on, not {number!r}")
