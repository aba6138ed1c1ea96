"""The graph laid out for a page: with room for the numbers of every step, and the final numbers written in.

The renderer lays out the widest texts that a step of any pass will show. Its SVG is read back by the ids that the drawing gave.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autograd.pictures.options import Options
from autograd.pictures.page.steps import Pass
from autograd.pictures.sketch import Sketch
from autograd.pictures.text import label_text, middle_cut, number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST_LABEL = 32  # characters in a box and in the page's words; the page's panel has all of them
MOST_WITH_FORMULAS = 150  # nodes: in a larger graph the formulas on the edges would be most of the picture
KINDS = {"v": "value", "o": "operation", "k": "constant", "p": "operation", "q": "constant", "c": "module"}  # of nodes, by ids


class StepTexts:
    """The texts of a page: for the renderer the widest of all steps; in `final`, by id and class, those of the last pass."""

    def __init__(self, shown: Sequence[Pass], precision: int) -> None:
        self.shown = shown
        self.precision = precision
        self.part = shown[-1].part
        self.formulas = len(self.part.order) <= MOST_WITH_FORMULAS
        self.gradients = _gradients(shown)
        self.final: dict[str, dict[str, str]] = {}

    def value(self, n: int, label: str) -> str:
        """The name of value n, or its place in the order without one, and room for its number and gradient at every step."""
        at = self.part.at[n]
        data, grad = (number(x, self.precision) for x in (self.shown[-1].data[at], self.shown[-1].adjoints[at]))
        self.final[f"v{n}"] = {"data": f"data {data}", "grad": f"grad {grad}"}
        data, grad = self._widest({p.data[at] for p in self.shown}), self._widest(self.gradients[at])
        return rf"{label_text(middle_cut(label, LONGEST_LABEL) or f'#{n}')}\ndata {data}\ngrad {grad}"

    def edge(self, n: int, i: int) -> dict[str, str]:
        """The attributes of the edge from operand i into the operation of value n: room for what flows back along it."""
        if not self.formulas:
            return {}
        at = self.part.at[n]
        products = [product(p, at, self.part.operands[at].index(i), self.precision) for p in self.shown]
        self.final[f"e{n}_{i}"] = dict(zip(("contribution", "how"), products[-1], strict=True))
        longest: tuple[str, str] = max(products, key=lambda lines: len(lines[1]))
        return {"label": r"\n".join(longest), "fontsize": "10"}

    def _widest(self, numbers: Iterable[float | None]) -> str:
        """The longest of the numbers as text, with one digit to spare for a browser's wider font."""
        return max((number(x, self.precision) for x in numbers), key=len) + "0"


def laid_out(sketch: Sketch, options: Options, shown: Sequence[Pass]) -> tuple[str, dict[str, list[str]]]:
    """Draw a sketch with room for the numbers of every pass, and write in those of the last pass.

    Returns the svg element as text, and the ids inside each cluster by the cluster's own id; `autograd.pictures.dot` says what
    the ids are.
    """
    from xml.etree.ElementTree import tostring  # only a page needs XML

    from autograd.pictures.dot import Drawing  # it imports graphviz, which importing autograd must not

    texts = StepTexts(shown, options.precision)
    drawing = Drawing(sketch, options, texts)
    root = _parsed(drawing.picture().pipe(format="svg", encoding="utf-8"))
    for group in root.iter("g"):
        name = group.get("id", "")
        if group.get("class") == "node":
            leaf = name[0] == "v" and not sketch.order[int(name[1:])].operands
            group.set("class", f"node {KINDS.get(name[0], 'rest')}{' leaf' * leaf}")
        lines = reversed(texts.final.get(name, {}).items())
        for text, (kind, line) in zip(reversed(list(group.iter("text"))), lines, strict=False):  # the name's come before
            text.text, text.attrib["class"] = line, kind
    return tostring(root, encoding="unicode"), drawing.members()


def product(numbers: Pass, n: int, i: int, precision: int) -> tuple[str, str]:
    """What flows from the n-th value told to its i-th operand told, and that as adjoint * partial; "" where nothing flows."""
    if numbers.contributions[n][i] is None:
        return "", ""
    terms = numbers.contributions[n][i], numbers.adjoints[n], numbers.partials[n][i]
    contribution, adjoint, partial = (number(term, precision) for term in terms)
    return contribution, f"= {adjoint} \N{MULTIPLICATION SIGN} {partial}"


def _gradients(shown: Sequence[Pass]) -> list[set[float | None]]:
    """Every number that the gradient of each value told passes through while contributions add up."""
    part = shown[-1].part
    gradients: list[set[float | None]] = [{p.adjoints[n] for p in shown} for n in range(len(part.places))]
    for n, (place, told) in enumerate(zip(part.places, part.operands, strict=True)):
        for i, operand in enumerate(told):
            at = part.index.get(part.order[place].operands[operand])
            if at is not None:
                gradients[at].update(p.totals[n][i] for p in shown)
    return gradients


def _parsed(svg: str) -> "Element":
    """The svg element as HTML wants it: without namespaces, titles (they would be tooltips), background and size."""
    from xml.etree.ElementTree import fromstring

    root = fromstring(svg)  # noqa: S314 - our own renderer's text
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name in [name for name in element.attrib if "}" in name]:
            del element.attrib[name]
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "title" or (child.tag == "polygon" and parent.get("class") == "graph"):
                parent.remove(child)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("id", "graph")
    return root
