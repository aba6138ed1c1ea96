"""The picture of a page whose reader allows no scripts: folded, with the numbers of both sweeps; or the graph as text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autograd.pictures.options import Options
from autograd.pictures.renderer import RendererNotFoundError, find_renderer
from autograd.pictures.sketch import Sketch
from autograd.pictures.text import label_text, middle_cut, number
from autograd.pictures.tree import tree
from autograd.value import Value

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST = 60  # values and folded modules
LONGEST_LABEL = 32  # characters in a box


class FinalTexts:
    """The texts in the boxes: name, number, and the gradient that a sweep back brought."""

    def __init__(self, order: Sequence[Value], adjoints: Mapping[Value, float | None], precision: int) -> None:
        self.order, self.adjoints, self.precision = order, adjoints, precision

    def value(self, n: int, label: str) -> str:
        """See `dot.Texts`."""
        node = self.order[n]
        data, grad = (number(x, self.precision) for x in (node.data, self.adjoints[node]))
        return rf"{label_text(middle_cut(label, LONGEST_LABEL) or f'#{n}')}\ndata {data}\ngrad {grad}"

    def edge(self, n: int, i: int) -> dict[str, str]:  # noqa: ARG002 - an edge bears nothing
        """See `dot.Texts`."""
        return {}


def still(result: Value, adjoints: Mapping[Value, float | None], options: Options) -> str:
    """The picture as an svg element, or without a renderer the graph as text in a pre element."""
    import html

    try:
        find_renderer()
    except RendererNotFoundError:
        text = tree(result, max_nodes=MOST, precision=options.precision)
        return f"<pre>{html.escape(text)}</pre>"
    from xml.etree.ElementTree import tostring  # only a page needs XML

    from autograd.pictures.dot import Drawing  # it imports graphviz, which importing autograd must not

    sketch = Sketch([result], options)
    drawing = Drawing(sketch, options, FinalTexts(sketch.order, adjoints, options.precision))
    return tostring(_parsed(drawing.picture().pipe(format="svg", encoding="utf-8")), encoding="unicode")


def _parsed(svg: str) -> "Element":
    """The svg element as HTML wants it: without namespaces and titles, which would be tooltips."""
    from xml.etree.ElementTree import fromstring

    root = fromstring(svg)  # noqa: S314 - our own renderer's text
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name in [name for name in element.attrib if "}" in name]:
            del element.attrib[name]
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "title":
                parent.remove(child)
    return root
