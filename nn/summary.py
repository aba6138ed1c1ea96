"""A model as a table: its layers, the shapes of their parameters, and how many numbers these are."""

from collections.abc import Sequence

from autograd.pictures.modules import shapes


def summary_table(modules: Sequence[tuple[str, str]], parameters: Sequence[str]) -> str:
    """A row for each module that holds parameters itself, or nothing, and a row for the total.

    `modules` are paths with descriptions, the model itself by the path "" first; `parameters` are paths. A parameter counts for
    the innermost module around it.

    >>> print(summary_table([("", "Net"), ("first", "ReLU()")], ["scale", "first.slope"]))
    path      module  parameters  count
    (itself)  Net     scale ()        1
    first     ReLU()  slope ()        1
    total                             2
    """
    own: dict[str, list[str]] = {name: [] for name, _ in modules}
    for path in parameters:
        holder = max((name for name in own if _is_inside(path, name)), key=len)
        own[holder].append(path[len(holder) :].removeprefix("."))
    containers = {name for name in own if any(_is_inside(other, name) for other in own if other != name)}
    rows = [("path", "module", "parameters", "count")]
    for name, module in modules:
        if own[name] or name not in containers:
            rows.append((name or "(itself)", module, ", ".join(shapes(own[name])), str(len(own[name]))))
    rows.append(("total", "", "", str(len(parameters))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join([*map(str.ljust, words, widths[:3]), count.rjust(widths[3])]) for *words, count in rows)


def in_one_line(thing: object) -> str:
    """Its repr, or its type alone where the repr takes several lines.

    >>> from nn import ReLU, Sequential
    >>> in_one_line(ReLU()), in_one_line(Sequential(ReLU()))
    ('ReLU()', 'Sequential')
    """
    described = repr(thing)
    return type(thing).__name__ if "\n" in described else described


def _is_inside(path: str, name: str) -> bool:
    return not name or path.startswith(name + ".")
