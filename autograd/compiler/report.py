"""What became of a function: its source, its figures, its picture."""

import keyword
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from autograd.compiler.node import Compiled
from autograd.compiler.simplify import simplify
from autograd.program import Place, Program, imports_source
from autograd.table import TABLE

if TYPE_CHECKING:
    from autograd.pictures.picture import Picture


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
    forward = simplify(compiled.program).program()
    count = len(forward.outputs)
    single = count == 1

    def listed(parts: Sequence[str]) -> str:
        return f"[{', '.join(parts)}]"

    def returned(outputs: Sequence[str]) -> str:
        return outputs[0] if single else listed(outputs)

    def with_derivatives(outputs: Sequence[str]) -> str:
        width = sum(compiled.shared)
        rows = [listed(outputs[count + i * width : count + (i + 1) * width]) for i in range(count)]
        return f"{returned(outputs[:count])}, {rows[0] if single else listed(rows)}"

    programs, functions = [forward], [forward.source(name, inputs, returned)]
    if all(primitive.differentiable for primitive, _ in forward.steps):
        backward = simplify(compiled.derived.program).program()
        programs.append(backward)
        functions.append(backward.source(f"{name}_with_{'gradient' if single else 'jacobian'}", inputs, with_derivatives))
    return "\n\n".join(filter(None, [imports_source(programs), *functions]))


def _identifier(label: str, taken: set[str]) -> str:
    """A label as a Python name that is not taken; `taken` then has it too."""
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
    """The graph of a program: inputs by their names, constants, primitives, and the outputs in order."""
    import graphviz  # when a picture is asked for, and not before: so do these modules

    from autograd.pictures.dot import FONT, SMALL
    from autograd.pictures.picture import Picture
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

    def at(place: Place) -> str:
        return names[place] if type(place) is int else add(f"{place:g}", shape="box", fillcolor=theme.constant)

    names = [add(label_text(label), shape="box", fillcolor=theme.value) for label in labels]
    for primitive, places in program.steps:
        sources = [at(place) for place in places]
        names.append(add(label_text(primitive.symbol), shape="ellipse", fillcolor=theme.operation))
        for source in sources:
            picture.edge(source, names[-1])
    for i, place in enumerate(program.outputs):
        source = at(place)
        result = "result" if len(program.outputs) == 1 else f"result {i}"
        picture.edge(source, add(result, shape="box", fillcolor=theme.result))
    return picture
