"""Which module a value belongs to, by the labels of parameters: "layers.0.neurons.3.weights.1" is in layers.0, neurons.3.

A computed value belongs to the module whose parameters its operation takes, an activation (a function of one value alone) to
that of its operand, and any other value, such as a loss, to no module.
"""

from collections.abc import Sequence
from math import prod
from os.path import commonprefix
from typing import Any

Path = tuple[str, ...]
"""A module's place, one word a level: ("layers.0", "neurons.3"); () is outside all modules."""

DEEPEST = 32  # levels: a label with more is text, not a path


def module_path(label: str) -> Path:
    """The modules around a parameter of that label, from the outermost inwards; () unless the label is a path.

    >>> module_path("layers.0.neurons.3.weights.1"), module_path("w"), module_path("e.g. this")
    (('layers.0', 'neurons.3'), (), ())
    """
    keys = label.split(".") if "." in label else []
    if not all(keys) or len(keys) > 2 * DEEPEST or any(map(str.isspace, label)):
        return ()
    levels: list[str] = []
    for key in keys:
        if key.isdecimal() and levels:
            levels[-1] += f".{key}"
        else:
            levels.append(key)
    return tuple(levels[:-1])


def module_paths(order: Sequence[Any]) -> list[Path]:
    """The module of each Value of a topological order: by its label, by the parameters it takes, or by its only operand."""
    found: dict[Any, Path] = {}
    for node in order:
        path = module_path(str(node.label)) if node.label else ()
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
