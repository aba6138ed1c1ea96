"""The layout of a page: room for every number to come, the last ones written in, and members as the drawing has them."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

import autograd as ag
from autograd import Value, page, topological_order
from autograd.pictures.options import Options
from autograd.pictures.page.layout import MOST_WITH_FORMULAS, StepTexts, laid_out
from autograd.pictures.page.steps import passes
from autograd.pictures.sketch import Sketch
from autograd.pictures.text import number
from nn import MLP
from tests.pictures.browser import perceptron, shared
from tests.pictures.renderers import RENDERERS

needs_renderer = pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")


def layout_of(result: Value, **options: Any) -> tuple[ET.Element, dict[str, list[str]], dict[str, Any]]:
    """The svg element of a page, the members of its clusters, and its groups by their ids."""
    chosen = Options(**options)
    sketch = Sketch([result], chosen)
    svg, clusters = laid_out(sketch, chosen, [passes(sketch.order)])
    root = ET.fromstring(svg)
    return root, clusters, {group.get("id", ""): group for group in root.iter("g")}


def sums(x: float) -> list[Value]:
    """The order of (x / 3 + x * 2/3) * 1.0, whose gradient with respect to x is 2/3 on the way to 1."""
    leaf = Value(x, label="x")
    return topological_order((leaf * (1.0 / 3.0) + leaf * (2.0 / 3.0)) * 1.0)


def test_there_is_room_for_every_number() -> None:
    """In boxes for the numbers of all passes and for every sum on the way to a gradient, on edges for the longest product."""
    shown = [passes(sums(x)) for x in (1.0, 1234.5, 1.0)]
    texts = StepTexts(shown, 4)
    assert [p.adjoints[0] for p in shown] == [1.0, 1.0, 1.0]
    assert texts.value(0, "x") == r"x\ndata 12340\ngrad 0.66670"  # a digit more than 1234 and 0.6667
    assert texts.value(1, "") == r"#1\ndata 0.33330\ngrad 10"
    assert texts.edge(1, 0) == {"label": r"0.3333\n= 1 × 0.3333", "fontsize": "10"}
    assert texts.final["v0"] == {"data": "data 1", "grad": "grad 1"}


def test_the_numbers_written_in_are_those_of_the_last_pass() -> None:
    """Of a recorded training its last step."""
    texts = StepTexts([passes(sums(x)) for x in (1.0, 2.0)], 4)
    texts.value(0, "x")
    texts.edge(1, 0)
    assert texts.final == {
        "v0": {"data": "data 2", "grad": "grad 1"},
        "e1_0": {"contribution": "0.3333", "how": "= 1 × 0.3333"},
    }


@needs_renderer
def test_the_last_numbers_are_written_in() -> None:
    """Under the classes that the page's script looks for, below the names; each group is of its kind."""
    result = shared()
    _, _, groups = layout_of(result)
    result.backward()
    for n, node in enumerate(topological_order(result)):
        texts = {text.get("class", "name"): text.text for text in groups[f"v{n}"].iter("text")}
        assert texts == {
            "name": node.label or f"#{n}",
            "data": f"data {node.data:.6g}",
            "grad": f"grad {number(node.grad if node.has_grad else None, 6)}",
        }
        assert groups[f"v{n}"].get("class") == "node value" + " leaf" * (not node.operands)
        for i, operand in enumerate(node.operands):
            written = [text.text for text in groups[f"e{n}_{i}"].iter("text") if text.get("class") == "contribution"]
            slope = node.local_partials[i]
            if type(operand) is not float and slope is not None:
                assert written == [f"{node.grad * slope:.6g}"]
            else:
                assert not any(written)
    assert groups["o2"].get("class") == "node operation"
    assert groups["k4_1"].get("class") == "node constant"


@needs_renderer
@pytest.mark.parametrize("options", [{"group": True}, {"group": True, "max_nodes": 12}, {"depth": 1}, {"depth": 0}])
def test_clusters_are_those_of_the_svg(options: dict[str, Any]) -> None:
    """Each cluster drawn is named, and its members lie in it; nothing else does."""
    _, clusters, groups = layout_of(perceptron(), **options)
    assert set(clusters) == {name for name, group in groups.items() if group.get("class") == "cluster"}
    boxes = {name: box_of(group) for name, group in groups.items() if group.get("class", "").startswith(("node", "cluster"))}
    for cluster, names in clusters.items():
        left, top, right, bottom = boxes[cluster]
        inside = {n for n, (x0, y0, x1, y1) in boxes.items() if left <= x0 and x1 <= right and top <= y0 and y1 <= bottom}
        assert inside - {cluster} == set(names)


def box_of(group: ET.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a group's shape."""
    shape = next(child for child in group if child.tag in ("ellipse", "path", "polygon"))
    if shape.tag == "ellipse":
        cx, cy, rx, ry = (float(shape.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
        return cx - rx, cy - ry, cx + rx, cy + ry
    numbers = [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", shape.get("d", shape.get("points", "")))]
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


@needs_renderer
def test_large_graphs_have_no_formulas() -> None:
    """Up to a limit each edge into an operation has its two lines, beyond it none."""
    x = Value(1.0)
    for _ in range(MOST_WITH_FORMULAS - 1):
        x = x + x
    assert len(list(layout_of(x)[2]["e1_0"].iter("text"))) == 2
    assert not list(layout_of(x + x)[2]["e1_0"].iter("text"))


@needs_renderer
@pytest.mark.parametrize("label", ["a" * 31 + "z", "a" * 20 + "z" * 20, "&" * 20_000 + '"\\z', "m." + "n" * 40])
def test_long_labels_are_cut_once_for_box_and_words(label: str) -> None:
    """The box of a label too long shows what the page's data give as its name; both ends are of the label itself."""
    text = page(Value(1.0, label=label) * 2.0, group=False)
    node = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])["nodes"][0]  # type: ignore[index]
    svg = ET.fromstring(re.search(r"<svg.*?</svg>", text, re.DOTALL)[0])  # type: ignore[index]
    shown = next(text.text for group in svg.iter("g") if group.get("id") == "v0" for text in group.iter("text"))
    assert node[1] == label
    if len(label) <= 32:
        assert (shown, len(node)) == (label, 3)
    else:
        assert shown == node[3] == f"{label[:15]}…{label[-16:]}"


@needs_renderer
def test_folded_and_missing_values_have_no_texts() -> None:
    """Modules drawn as one node keep the drawing's texts; an edge of theirs bears nothing."""
    loss = ag.sum_([(MLP(2, [2, 1], rng=0)([0.5, -1.0]) - 1.0) ** 2])
    _, clusters, groups = layout_of(loss, depth=0)
    assert clusters == {}
    assert groups["c0"].get("class") == "node module"
    edges = [group for name, group in groups.items() if name.startswith("e")]
    assert sum(bool(list(edge.iter("text"))) for edge in edges) == 2
