"""A model as a table: its layers, the shapes of their parameters, and how many numbers these are."""

from collections.abc import Container, Sequence

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
        holder = _holder(path, own)
        own[holder].append(path[len(holder) :].removeprefix("."))
    containers = {_holder(name, own) for name in own if name}
    rows = [("path", "module", "parameters", "count")]
    for name, module in modules:
        if own[name] or name not in containers:
            rows.append((name or "(itself)", module, ", ".join(shapes(own[name])), str(len(own[name]))))
    rows.append(("total", "", "", str(len(parameters))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join([*map(str.ljust, words, widths[:3]), count.rjust(widths[3])]) for *words, count in rows)


def _holder(path: str, modules: Container[str]) -> str:
    """The innermost of the modules around a path, without itself."""
    while path:
        path = path.rpartition(".")[0]
        if path in modules:
            break
    return path
