"""A program as a picture: the same boxes and circles as a graph's, without numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd.pictures.sketch import MOST, REFUSED
from autograd.pictures.text import label_text
from autograd.pictures.theme import theme_named
from autograd.program import Place, Program

if TYPE_CHECKING:
    from autograd.pictures.picture import Picture


def drawn(program: Program, labels: Sequence[str]) -> "Picture":
    """The graph of a program: inputs by their names, constants, primitives, and the outputs in order.

    Raises ValueError for a program of more than 5,000 steps.
    """
    if len(program.steps) > REFUSED:
        raise ValueError(
            f"this program has {len(program.steps):,} steps, more than a picture can show: read it, print(f.source()); or draw "
            f"the graph of one call on Values, draw(result, max_nodes={MOST})"
        )
    import graphviz  # when a picture is asked for, and not before; so do these modules

    from autograd.pictures.dot import FONT, SMALL
    from autograd.pictures.picture import Picture

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


Program.draw = drawn
