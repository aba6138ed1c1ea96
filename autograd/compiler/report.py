"""What became of a function: its source, its figures, its picture."""

import keyword
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from autograd.compiler.node import Compiled
from autograd.compiler.run.python import function_source, imports_source
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.tracer import Program
from autograd.table import TABLE

if TYPE_CHECKING:
    from autograd.pictures.renderer import Picture


class Stats(NamedTuple):
    """Figures of a compiled function: how much work, how it was made, how large it is.

    `seconds` are those of tracing and compiling; `code_size` is in bytes, of machine code or of Python's.
    """

    operations_traced: int
    operations: int
    seconds: float
    code_size: int
    backend: str

    @classmethod
    def of(cls, compiled: Compiled) -> "Stats":
        """The figures of a compiled program."""
        executable = compiled.executable
        return cls(
            len(compiled.program.steps),
            simplify(compiled.program).operations,
            compiled.seconds,
            executable.code_size,
            executable.backend,
        )


def source_of(compiled: Compiled, labels: Sequence[str]) -> str:
    """The functions of a program as Python: the outputs, and the outputs with their derivatives."""
    name = _identifier(compiled.name, set())
    taken = {name}
    inputs = [_identifier(label, taken) for label in labels]
    forward = simplify(compiled.program)
    single = len(compiled.program.outputs) == 1

    def returned(outputs: Sequence[str]) -> str:
        return outputs[0] if single and len(outputs) == 1 else f"[{', '.join(outputs)}]"

    functions = [function_source(forward, name, inputs, returned)]
    programs = [forward]
    if all(row is None or row.differentiable for row in forward.primitives):
        backward = simplify(compiled.derived.program)
        count, width = len(compiled.program.outputs), sum(compiled.shared)

        def with_derivatives(outputs: Sequence[str]) -> str:
            rows = [f"[{', '.join(outputs[count + i * width : count + (i + 1) * width])}]" for i in range(count)]
            return f"{returned(outputs[:count])}, {rows[0] if single else '[' + ', '.join(rows) + ']'}"

        functions.append(
            function_source(backward, f"{name}_with_{'gradient' if single else 'jacobian'}", inputs, with_derivatives)
        )
        programs.append(backward)
    head = imports_source(programs)
    return "\n\n".join([*([head] if head.strip() else []), *functions])


def _identifier(label: str, taken: set[str]) -> str:
    """A label as a name that Python takes, and that no other one has."""
    label = unicodedata.normalize("NFKC", label)  # as Python reads names
    name = "".join(c if f"a{c}".isidentifier() else "_" for c in label).strip("_") or "x"
    name = f"x_{name}" if not name.isidentifier() or re.fullmatch(r"v\d+", name) else name
    while name in taken or name in _reserved():
        name += "_"
    taken.add(name)
    return name


def _reserved() -> frozenset[str]:
    return frozenset([*keyword.kwlist, *TABLE, "inf", "nan", "lookup"])


def drawn(program: Program, labels: Sequence[str]) -> "Picture":
    """The graph of a program: inputs by their names, constants, rows, and the outputs in order."""
    import graphviz

    from autograd.pictures.dot import FONT, SMALL
    from autograd.pictures.renderer import Picture
    from autograd.pictures.text import label_text
    from autograd.pictures.theme import theme_named

    theme = theme_named("light")
    picture = Picture(
        format="svg",
        graph_attr={"rankdir": "LR", "bgcolor": theme.background},
        node_attr={"style": "rounded,filled", "color": theme.line, "fontcolor": theme.ink, **FONT, **SMALL},
        edge_attr={"color": theme.line},
    )
    count = 0

    def add(label: str, **attributes: str) -> str:
        nonlocal count
        picture.node(f"n{count}", label=graphviz.nohtml(label), **attributes)
        count += 1
        return f"n{count - 1}"

    def at(place: float) -> str:
        return names[place] if type(place) is int else add(f"{place:g}", shape="box", fillcolor=theme.constant)

    names = [add(label_text(label), shape="box", fillcolor=theme.value) for label in labels]
    for row, places in program.steps:
        sources = [at(place) for place in places]
        names.append(add(label_text(row.symbol), shape="ellipse", fillcolor=theme.operation))
        for source in sources:
            picture.edge(source, names[-1])
    for i, place in enumerate(program.outputs):
        source = at(place)
        result = "result" if len(program.outputs) == 1 else f"result {i}"
        picture.edge(source, add(result, shape="box", fillcolor=theme.result))
    return picture
