"""What the options of draw do: partials, gradients, modules, constants, products; ids that tell what is what."""

import re
from typing import Any

import pytest

import autograd as ag
from autograd import Value, draw
from autograd.pictures.dot import Drawing
from autograd.pictures.options import Options
from autograd.pictures.sketch import Sketch
from autograd.pictures.theme import THEMES
from nn import MLP, Linear
from tests.pictures.graphs import loss_of
from tests.pictures.renderers import RENDERERS, SVG, svg_of, texts_of

NODE = re.compile(r"^\t+(\w+) \[label=(.*?) (?:color|fillcolor|fontcolor|id|peripheries)=", re.MULTILINE)


def nodes(result: Any, **options: Any) -> dict[str, str]:
    """The labels of a picture's nodes by their ids."""
    found = NODE.findall(draw(result, **options).source)
    return {name: text.strip('"') for name, text in found if name not in ("node", "edge")}


def edges(result: Any, **options: Any) -> list[tuple[str, str]]:
    """The edges of a picture, from and to."""
    return re.findall(r"^\t(\w+) -> (\w+)", draw(result, **options).source, re.MULTILINE)


def test_ids_are_in_the_svg_of_every_renderer() -> None:
    """Of values, operations, edges, constants and clusters: what scripts and styles can rely on."""
    loss = loss_of(MLP(2, [2, 1], rng=0))
    picture = draw(loss, group=True)
    wanted = set(re.findall(r"\bid=(\w+)", picture.source))
    assert {re.sub(r"\d+", "0", name) for name in wanted} == {"v0", "o0", "r0", "e0_0", "k0_0", "c0", "d0", "h0", "f0"}
    for renderer in RENDERERS:
        groups = svg_of(picture.source, renderer).iter(f"{SVG}g")
        assert {group.get("id") for group in groups} - {"graph0"} == {name for name in wanted if name[0] != "f"}


def test_every_value_and_operation_is_drawn_by_its_place_in_the_order() -> None:
    """Nothing else is: v and o of each, and its operands' edges."""
    loss = loss_of(MLP(2, [2, 1], rng=0))
    order = ag.topological_order(loss)
    found = nodes(loss)
    assert {name for name in found if name[0] == "v"} == {f"v{i}" for i in range(len(order))}
    assert {name for name in found if name[0] == "o"} == {f"o{i}" for i, node in enumerate(order) if node.operands}
    place = {node: i for i, node in enumerate(order)}
    for i, node in enumerate(order):
        for j, operand in enumerate(node.operands):
            source = f"k{i}_{j}" if type(operand) is float else f"v{place[operand]}"
            assert f"{source} -> o{i} [id=e{i}_{j}]" in draw(loss).source


def test_gradients_as_colours() -> None:
    """The largest of either sign at the ends of the scale, 0 in its middle; dashed where none has arrived; a legend."""
    a, b, c = Value(1.0, label="a"), Value(1.0, label="b"), Value(1.0, label="c")
    result = a * -4.0 + b * 4.0 + c * 0.0
    assert draw(result, gradients=True).source.count("dashed") == 8
    result.backward()
    source = draw(result, gradients=True).source
    scale = THEMES["light"].scale
    for label, colour in (("a", scale[0]), ("b", scale[-1]), ("c", scale[2])):
        assert re.search(rf'label="{label}\\ndata.*fillcolor="{colour}"', source)
    assert "dashed" not in source
    for renderer in RENDERERS:
        texts = texts_of(source, renderer)
        assert {"gradient", "-4", "-2.25", "-1", "-0.25", "0", "0.25", "1", "2.25", "4"} <= set(texts)
        assert "gradient" not in texts_of(draw(result).source, renderer)


def test_gradients_that_are_nan() -> None:
    """They have a separate colour, in the legend too."""
    x = Value(0.0, label="x")
    (x * float("nan")).backward()
    source = draw(x, gradients=True).source
    assert re.search(r'x\\ndata 0\\ngrad nan" fillcolor="#c51b7d"', source)
    assert ">nan</font>" in source


def test_groups_are_nested_clusters() -> None:
    """A frame for each module, by its parameters' labels; labels without what the frame says; the loss is in none."""
    loss = loss_of(MLP(2, [2, 1], rng=0))
    source = draw(loss, group=True).source
    for label, number in (("layers.0", 2), ("layers.1", 2), ("neurons.0", 2), ("neurons.1", 1)):
        assert len(re.findall(rf'label="{re.escape(label)}"', source)) == number - (label.startswith("layers"))
    assert "layers.0.neurons" not in source
    assert source.count("weights.1") == 3
    depth, inside = 0, {}
    for line in source.splitlines():
        depth += line.strip().startswith("subgraph")
        depth -= line == "\t}"
        if name := re.match(r"\t+([vok]\w+) \[", line):
            inside[name[1]] = depth
    order = ag.topological_order(loss)
    assert depth == 0
    assert all(inside[f"v{i}"] == (2 if node.label else inside[f"v{i}"]) for i, node in enumerate(order))
    assert [inside[f"o{i}"] for i, node in enumerate(order) if node.operands] == [2] * 8 + [0] * 3
    assert draw(loss).source.count("subgraph") == 0


def test_depth_folds_deeper_modules() -> None:
    """Modules deeper than it are one node each, with count and shapes; edges between two nodes are one; the result is seen."""
    model = MLP(2, [3, 1], rng=0)
    loss = loss_of(model)
    assert nodes(loss, depth=0)["c0"].startswith(r"layers.0\n9 parameters\nweights (3, 2)\nbias (3,)\nlargest grad ")
    assert edges(loss, depth=0)[:1] == [("c0", "c1")]
    assert sum("c1" in edge for edge in edges(loss, depth=0)) == 2
    within = nodes(loss, depth=1)
    assert sum(text.startswith(r"neurons.") for text in within.values()) == 4
    assert r"neurons.2\n3 parameters\nweights (2,)\nbias\n" in "".join(within.values())
    assert nodes(loss, depth=2) == nodes(loss, group=True) == nodes(loss, depth=9)
    output = model([1.0, 1.0])
    shown = nodes(output, depth=0)
    assert len(shown) == 3
    assert f"data {output:.6g}" in shown[f"v{len(ag.topological_order(output)) - 1}"]
    assert edges(output, depth=0)[-1] == ("c1", f"v{len(ag.topological_order(output)) - 1}")


def test_a_module_used_twice_is_one_node() -> None:
    """As a recurrent one: no edge to itself, and both ways through it."""
    cell = Linear(1, 1, rng=0)
    for parameter in cell.parameters():
        parameter.label = f"cell.{parameter.label}"
    hidden = cell([1.0])[0]
    result = cell([hidden * 2.0])[0] * 3.0
    assert edges(result, depth=0, constants=False) == [("c0", "o4"), ("o4", "v4"), ("v4", "c0"), ("c0", "o7"), ("o7", "v7")]


def test_folded_modules_are_coloured_by_their_largest_gradient() -> None:
    """With the sign of that one."""
    loss = loss_of(MLP(2, [2, 1], rng=0))
    largest = max((p for p in ag.topological_order(loss) if p.label.startswith("layers.0")), key=lambda p: abs(p.grad))
    source = draw(loss, depth=0, gradients=True).source
    assert f"largest grad {largest.grad:.6g}" in source
    assert source.count("peripheries=2") == 2


def test_constants_in_the_operation() -> None:
    """As its primitive writes the call, in the right place; beyond a few operands, how many."""
    x = Value(2.0, label="x")
    found = nodes([x - 1.5, 1.5 - x, x**2, ag.clip(x, -1.0, 1.0), ag.dot([x] * 4, [1.0] * 4), x * -2.0], constants=False)
    assert [text for name, text in found.items() if name[0] == "o"] == [
        "· - 1.5", "1.5 - ·", "· ** 2", "clip(·, -1, 1)", "dot, 4 constants", "· * (-2)",
    ]  # fmt: skip
    assert not any(name.startswith("k") for name in found)


def test_a_dot_expanded() -> None:
    """Its products, and their sum: the same numbers."""
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    result = ag.dot([x, 4.0], [y, y])
    result.backward()
    found = nodes(result, expand=True, partials=True)
    assert found["q2_0"] == r"data 6\ngrad 1"
    assert found["q2_1"] == r"data 12\ngrad 1"
    assert (found["p2_0"], found["o2"], found["k2_1"]) == ("*", "sum", "4")
    source = draw(result, expand=True, partials=True).source
    for edge in ("v0 -> p2_0 [label=3 id=e2_0]", "v1 -> p2_0 [label=2 id=e2_2]", "v1 -> p2_1 [label=4 id=e2_3]"):
        assert edge in source
    assert "q2_1 -> o2 [label=1 id=t2_1]" in source
    assert nodes(result, expand=True, constants=False)["p2_1"] == "4 * ·"
    assert set(nodes(result)) == {"v0", "v1", "v2", "o2", "k2_1"}


def test_primitives_without_partials_leave_their_edges_bare() -> None:
    """Nothing is asked of them."""
    primitive = ag.primitive("drawn_test", evaluate=lambda x: x)
    assert "v0 -> o1 [id=e1_0]" in draw(primitive(Value(1.0)), partials=True).source


def test_labels_that_are_not_strings() -> None:
    """Set afterwards, they are drawn as text."""
    x = Value(1.0)
    x.label = 5  # type: ignore[assignment]
    assert r"5\ndata 1" in nodes(x * 2.0, group=True)["v0"]


def test_a_great_many_constants_are_counted() -> None:
    """One operation of 20,000 constants is two values: all but a hundred of them are one box."""
    source = draw(ag.sum_([1.0] * 20_000 + [Value(1.0)])).source
    assert source.count("id=k") == 100
    assert "… 19,900 more" in source
    assert source.count("\n") < 250
    assert "more" not in draw(ag.sum_([1.0] * 100 + [Value(1.0)])).source


def clusters_in(source: str) -> dict[str, set[str]]:
    """The ids inside each cluster of a picture's text, at any depth, without clusters that hold no node."""
    inside: dict[str, set[str]] = {}
    stack: list[str] = []
    for line in source.splitlines():
        if opened := re.match(r"\t+subgraph cluster_(\w+) \{", line):
            stack.append(opened[1])
        elif line == "\t}":
            stack.pop()
        elif node := re.match(r"\t+([a-z]+\d\w*) \[", line):
            for i, cluster in enumerate(stack):
                inside.setdefault(cluster, set()).update({node[1], *stack[i + 1 :]})
    return inside


@pytest.mark.parametrize(
    "options", [{"group": True}, {"depth": 1}, {"depth": 0}, {"group": True, "max_nodes": 12}, {"max_nodes": 12}]
)
@pytest.mark.parametrize("constants", [True, False])
def test_a_drawing_knows_what_lies_in_its_clusters(options: dict[str, Any], constants: bool) -> None:
    """As the picture's text has it; a cluster without a node, which no renderer draws, is left out."""
    for model in (MLP(2, [3, 1], rng=0), MLP(2, [2, 2, 1], rng=0)):
        chosen = Options(constants=constants, **options)
        drawing = Drawing(Sketch([loss_of(model)], chosen), chosen)
        source = drawing.picture().source
        assert {cluster: set(names) for cluster, names in drawing.members().items()} == clusters_in(source)
        assert all(len(set(names)) == len(names) for names in drawing.members().values())
    assert (drawing.members() == {}) == ("depth" in options and options["depth"] == 0)


def test_a_caller_may_write_the_texts() -> None:
    """Of values, by place and label inside the frames, and of the edges into operations; nothing else changes."""

    class Places:
        def value(self, n: int, label: str) -> str:
            return f"{n} {label}"

        def edge(self, n: int, i: int) -> dict[str, str]:
            return {"label": f"{n} {i}", "fontsize": "7"}

    w = Value(2.0, label="m.w")
    options = Options(group=True)
    source = Drawing(Sketch([w * 3.0], options), options, Places()).picture().source
    assert 'v0 [label="0 w" ' in source
    assert 'v0 -> o1 [label="1 0" fontsize=7 id=e1_0]' in source
    assert 'k1_1 -> o1 [label="1 1" fontsize=7 id=e1_1]' in source
    assert "o1 -> v1 [id=r1]" in source
    assert "data" not in source
