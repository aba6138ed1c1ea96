"""Modules in a picture: paths of names, and which module a computed value belongs to.

A parameter's place is `places.py`'s to say. A computed value belongs to the module whose parameters its operation takes, an
activation (a function of one value alone) to that of its operand, and any other value, such as a loss, to no module.
"""

from collections.abc import Mapping, Sequence
from math import prod
from os.path import commonprefix
from typing import Any

Path = tuple[str, ...]
"""A module's place, one word a level: ("layers.0", "neurons.3"); () is outside all modules."""

DEEPEST = 32  # levels: a label with more is text, not a path


def label_place(label: str) -> tuple[Path, str]:
    """The modules around a parameter of that label, from the outermost inwards, and the rest; no modules if it is no path.

    >>> label_place("layers.0.neurons.3.weights.1"), label_place("w.1"), label_place("e.g. this")
    ((('layers.0', 'neurons.3'), 'weights.1'), ((), 'w.1'), ((), 'e.g. this'))
    """
    keys = label.split(".") if "." in label else []
    if not all(keys) or len(keys) > 2 * DEEPEST or any(map(str.isspace, label)):
        return (), label
    levels: list[str] = []
    for key in keys:
        if key.isdecimal() and levels:
            levels[-1] += f".{key}"
        else:
            levels.append(key)
    return tuple(levels[:-1]), levels[-1] if levels else label


def module_paths(order: Sequence[Any], named: Mapping[Any, Path]) -> list[Path]:
    """The module of each Value of a topological order: as named, by the parameters it takes, or by its only operand."""
    found: dict[Any, Path] = {}
    for node in order:
        path = named.get(node, ())
        operands = dict.fromkeys(operand for operand in node.operands if type(operand) is not float)
        if not path and operands:
            parameters = [found[operand] for operand in operands if not operand.operands and found[operand]]
            if parameters:
                path = tuple(commonprefix(parameters))  # noqa: RUF071 - of tuples: level by level
            elif len(operands) == len(node.operands) == 1:
                path = found[next(iter(operands))]
        found[node] = path
    return list(found.values())


def shapes(names: Sequence[str]) -> list[str]:
    """Names such as "neurons.3.weights.1" as "weights (16, 2)": the last word, and how far the numbers among the words count.

    >>> shapes(["weights.0", "weights.1", "bias"])
    ['weights (2,)', 'bias ()']
    """
    places: dict[tuple[str, ...], list[tuple[int, ...]]] = {}
    for name in names:
        keys = name.split(".")
        places.setdefault(tuple(k for k in keys if not k.isdecimal()), []).append(tuple(int(k) for k in keys if k.isdecimal()))
    described = []
    for words, indices in places.items():
        alike = len({len(index) for index in indices}) == 1
        shape = tuple(1 + max(column) for column in zip(*indices, strict=True)) if alike else ()
        size = str(shape) if prod(shape) == len(indices) else f"{len(indices)} numbers"
        described.append(f"{words[-1] if words else ''} {size}".lstrip())
    return described
