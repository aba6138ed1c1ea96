"""A model as a table: its layers, the shapes of their parameters, and how many numbers these are."""

from typing import TYPE_CHECKING

from autograd.pictures.modules import shapes

if TYPE_CHECKING:
    from nn.module import Module


def summary_of(model: "Module") -> str:
    """The table that `Module.summary` describes: a row for each module that has parameters of its own, or nothing inside."""
    modules = [(name, module) for name, module in model.named_modules() if not name or module.summarised_alone]
    own: dict[str, list[str]] = {name: [] for name, _ in modules}
    paths = [name for name, _ in model.named_parameters()]
    for path in paths:
        holder = max((name for name in own if _is_inside(path, name)), key=len)
        own[holder].append(path[len(holder) :].removeprefix("."))
    containers = {name for name in own if any(_is_inside(other, name) for other in own if other != name)}
    rows = [("path", "module", "parameters", "count")]
    for name, module in modules:
        if own[name] or name not in containers:
            rows.append((name or "(itself)", in_one_line(module), ", ".join(shapes(own[name])), str(len(own[name]))))
    rows.append(("total", "", "", str(len(paths))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join([*map(str.ljust, cells, widths[:3]), count.rjust(widths[3])]) for *cells, count in rows)


def in_one_line(module: "Module") -> str:
    """The module's repr, or its type alone where that takes several lines.

    >>> from nn import ReLU, Sequential
    >>> in_one_line(ReLU()), in_one_line(Sequential(ReLU()))
    ('ReLU()', 'Sequential')
    """
    described = repr(module)
    return type(module).__name__ if "\n" in described else described


def _is_inside(path: str, name: str) -> bool:
    return not name or path.startswith(name + ".")
