"""The drawn graph made ready for a page: laid out with room for every number to come, and with the final ones in it."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from autograd.graph import topological_order
from autograd.pictures.page.steps import Pass
from autograd.pictures.text import number
from autograd.value import Value

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from autograd.pictures.renderer import Picture

LONGEST_LABEL = 32  # characters in a box; the page's panel has all of them
MOST_WITH_FORMULAS = 150  # nodes: in a larger graph the formulas on the edges would be most of the picture
KINDS = {"v": "value", "o": "operation", "k": "constant", "p": "operation", "q": "constant", "c": "module"}  # of nodes, by ids


class Canvas(NamedTuple):
    """The svg element as text, and the ids of what lies inside each cluster, by the cluster's own."""

    svg: str
    clusters: dict[str, list[str]]


def canvas(picture: "Picture", result: Value, shown: Sequence[Pass], precision: int) -> Canvas:
    """The drawn graph of a result laid out with room for the numbers of all passes, and with those of the last one in it.

    Value n is the group v{n}, its operation o{n}, its i-th operand's edge e{n}_{i}, if that is a constant k{n}_{i}, the edge
    from operation to value r{n}. On smaller graphs each edge into an operation bears what flows back along it.
    """
    from xml.etree.ElementTree import tostring

    order = topological_order(result)
    gradients = _gradients(order, shown)
    wide: dict[str, str] = {}  # the text to lay out, with room for every number to come
    final: dict[str, dict[str, str]] = {}  # the texts to show, by their class
    for n, node in enumerate(order):
        lines = [f"data {_widest({p.data[n] for p in shown}, precision)}", f"grad {_widest(gradients[n], precision)}"]
        wide[f"v{n}"] = r"\n".join(lines)
        final[f"v{n}"] = {
            "data": f"data {number(shown[-1].data[n], precision)}",
            "grad": f"grad {number(shown[-1].adjoints[n], precision)}",
        }
        for i in range(len(node.operands) if len(order) <= MOST_WITH_FORMULAS else 0):
            products = [product(p, n, i, precision) for p in shown]
            longest: tuple[str, str] = max(products, key=lambda lines: len(lines[1]))
            wide[f"e{n}_{i}"] = r"\n".join(longest)
            final[f"e{n}_{i}"] = dict(zip(("contribution", "how"), products[-1], strict=True))
    picture.body[:] = [_relabelled(line, wide) for line in picture.body]
    root = _parsed(picture.pipe(format="svg", encoding="utf-8"))
    for group in root.iter("g"):
        name = group.get("id", "")
        if group.get("class") == "node":
            leaf = name[0] == "v" and not order[int(name[1:])].operands
            group.set("class", f"node {KINDS.get(name[0], 'rest')}{' leaf' * leaf}")
        if name in final:
            texts = reversed(list(group.iter("text")))  # those before the ones to write are the label
            for text, (kind, line) in zip(texts, reversed(final[name].items()), strict=False):
                text.text, text.attrib["class"] = line, kind
    return Canvas(tostring(root, encoding="unicode"), _members(root))


def product(numbers: Pass, n: int, i: int, precision: int) -> tuple[str, str]:
    """What flows from node n back to its operand i, and the product that it is, adjoint * partial; "" where nothing flows."""
    if numbers.contributions[n][i] is None:
        return "", ""
    terms = numbers.contributions[n][i], numbers.adjoints[n], numbers.partials[n][i]
    contribution, adjoint, partial = (number(term, precision) for term in terms)
    return contribution, f"= {adjoint} \N{MULTIPLICATION SIGN} {partial}"


def _gradients(order: Sequence[Value], shown: Sequence[Pass]) -> list[set[float | None]]:
    """Every number that each node's gradient is on the way, while contributions add up."""
    place = {node: n for n, node in enumerate(order)}
    gradients: list[set[float | None]] = [{p.adjoints[n] for p in shown} for n in range(len(order))]
    for n, node in enumerate(order):
        for i, operand in enumerate(node.operands):
            if type(operand) is not float:
                gradients[place[operand]].update(p.totals[n][i] for p in shown)
    gradients[-1].add(1.0)
    return gradients


def _widest(numbers: Iterable[float | None], precision: int) -> str:
    """The longest of the numbers as text, with one digit to spare for a browser's wider font."""
    return max((number(x, precision) for x in numbers), key=len) + "0"


def _relabelled(line: str, wide: dict[str, str]) -> str:
    """A statement of the dot language with other text, if there is any for the id of the node or edge that it makes.

    A value's label stays as it is drawn, both ends of it where it is long; one without a label gets its number in the order.
    """
    found = re.match(r'\s*([vko][\d_]+ -> o\d+|v\d+) \[(?:label="((?:[^"\\]|\\.)*)")?.*?\bid=(\w+)', line)
    if found is None or found[3] not in wide:
        return line
    if "->" in found[1]:
        return f'{line.rstrip()} [label="{wide[found[3]]}" fontsize=10]\n'  # of two attribute lists the later one holds
    lines: list[list[str]] = [[]]
    for letter in re.findall(r"\\.|&\w+;|.", found[2]):
        if letter == r"\n":
            lines.append([])
        else:
            lines[-1].append(letter)
    label = lines[0] if len(lines) > 2 else [f"#{found[3][1:]}"]
    if len(label) > LONGEST_LABEL:
        label = [*label[:15], "…", *label[-16:]]
    return f'{line.rstrip()} [label="{"".join(label)}\\n{wide[found[3]]}"]\n'


def _parsed(svg: str) -> "Element":
    """The svg element, as HTML wants it: without namespaces, titles (they would be tooltips), background and size."""
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


def _members(root: "Element") -> dict[str, list[str]]:
    """The ids of what is in each cluster, nodes and clusters: dot draws it as a box around that, and nothing else."""
    boxes = {
        group.get("id", ""): box
        for group in root.iter("g")
        if group.get("class", "").startswith(("node", "cluster")) and (box := _box(group)) is not None
    }
    clusters = [group.get("id", "") for group in root.iter("g") if group.get("class") == "cluster"]
    inside: dict[str, list[str]] = {}
    for name in clusters:
        left, top, right, bottom = boxes[name]
        inside[name] = [
            other
            for other, (x0, y0, x1, y1) in boxes.items()
            if other != name and left <= x0 and x1 <= right and top <= y0 and y1 <= bottom
        ]
    return inside


def _box(group: "Element") -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of a group's shape."""
    for shape in group.iter():
        if shape.tag == "ellipse":
            cx, cy, rx, ry = (float(shape.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
            return cx - rx, cy - ry, cx + rx, cy + ry
        if shape.tag in ("path", "polygon"):
            numbers = [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", shape.get("d", shape.get("points", "")))]
            return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])
    return None
