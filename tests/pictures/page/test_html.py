"""The page in a real browser: at every step its numbers are the engine's; hostile labels are text; nothing is fetched."""

import base64
import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value, page, record, save, topological_order
from autograd.pictures.page.steps import Pass, passes
from nn import MLP, SGD, mse_loss
from tests.pictures.browser import Open, Reader, perceptron, shared
from tests.pictures.renderers import RENDERERS
from tests.pictures.test_text import HOSTILE


def extremes() -> Value:
    """nan, infinities, a signed zero, ties of decimal rounding, both ends of the exponents."""
    ties = (
        [2.0**-k for k in range(1, 40)] + [2.0**k + 0.5 for k in range(1, 16)] + [12345.0, 12355.0, 100005.0, 99999.5, 9999.5]
    )
    numbers = [0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e-5, 0.0001, 99995.0, 1e22, math.nan, math.inf, -math.inf]
    return ag.sum_([Value(sign * x) for x in [*numbers, *ties] for sign in (1.0, -1.0)])


GRAPHS = [shared, perceptron, extremes]


def expected(result: Value, numbers: Pass, step: int, held: Any = None) -> dict[str, str]:
    """The lines of the graph at a step, from the engine's numbers; `held` are the values that the page holds, or None for all.

    A sum shows what an edge outside the page adds to it with the next addition that the page has, or with the value's own step;
    of alike edges the page has the first hundred.
    """
    order = topological_order(result)
    held = range(len(order)) if held is None else held
    operations = [n for n in held if order[n].operands]
    back = [n for n in reversed(operations) if numbers.adjoints[n] is not None]
    done, way_back = operations[:step], back[: max(0, step - len(operations) - 1)]
    adjoints: dict[Any, float] = {result: 1.0}
    grads: dict[Any, float] = {result: 1.0} if step > len(operations) else {}
    lines: dict[str, str] = {}
    for n in operations:
        for i in range(len(order[n].operands)):
            lines[f"e{n}_{i} contribution"] = ""
    for n in reversed(range(len(order))):
        for i, operand in enumerate(order[n].operands if order[n] in adjoints else []):
            partial = order[n].local_partials[i]
            if partial is not None:
                flow = adjoints[order[n]] * partial
                adjoints[operand] = adjoints[operand] + flow if operand in adjoints else flow
                if n in way_back and (i < 100 or order[n].operands[:i].count(operand) < 100):
                    lines[f"e{n}_{i} contribution"] = f"{flow:.4g}"
                    grads[operand] = adjoints[operand]
    grads |= {order[n]: adjoints[order[n]] for n in way_back}
    if step == len(operations) + len(back) + 1:
        grads = adjoints
    for n in held:
        lines[f"v{n} data"] = f"data {numbers.data[n]:.4g}" if not order[n].operands or n in done else "data ?"
        lines[f"v{n} grad"] = f"grad {grads[order[n]]:.4g}" if order[n] in grads else "grad -"
    return lines


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_numbers_at_every_step_are_the_engines(graph: Any, read: Open) -> None:
    """Forward and back, as they stand in the graph; at the end they are those that backward() leaves."""
    result = graph()
    reader, numbers = read(result), passes(topological_order(result))
    reader.open_all()
    count = int(reader.page.get_attribute("#step", "max"))
    assert count == 2 * sum(bool(node.operands) for node in topological_order(result)) + 1
    assert reader.page.input_value("#step") == "0"
    for step in range(count + 1):
        assert reader.page.input_value("#step") == str(step)
        assert reader.numbers() == known(expected(result, numbers, step), reader)
        reader.page.click("#forth")
    for step in range(count, -1, -max(1, count // 7)):  # and by leaps
        reader.leap("#step", step)
        assert reader.numbers() == known(expected(result, numbers, step), reader)
    reader.page.click("#last")
    result.backward()
    for n, node in enumerate(topological_order(result)):
        assert reader.numbers()[f"v{n} grad"] == f"grad {node.grad:.4g}"


def known(lines: dict[str, str], reader: Reader) -> dict[str, str]:
    """Without the lines of edges that are not drawn: those from constants, and those of graphs too large for formulas."""
    shown = reader.numbers().keys()
    left_out = [line for line in lines if line not in shown]
    assert all(line.startswith("e") for line in left_out)
    return {line: text for line, text in lines.items() if line in shown}


def recurrent(steps: int = 25) -> Value:
    """A leaf and a weight that are used at every step, and a value used again much later."""
    w, b = Value(0.9, label="w"), Value(0.3, label="b")
    early = x = Value(0.5, label="x")
    for i in range(steps):
        x = ag.tanh(x * w + b * ag.maximum(x, b))
        early = x if i == 2 else early
    return x * early + ag.sum_([w] * 300) + b


@pytest.mark.parametrize("options", [{"max_nodes": 1}, {"max_nodes": 7}, {"max_nodes": 30}, {"max_nodes": 12, "depth": 0}])
@pytest.mark.parametrize("graph", [recurrent, perceptron])
def test_a_page_of_a_part_has_the_numbers_of_the_whole(graph: Any, options: dict[str, Any], read: Open) -> None:
    """At every step, of values and along edges, whatever the values left out contribute; it says what it does not hold."""
    result = graph()
    order, numbers = topological_order(result), passes(topological_order(result))
    reader = read(result, options)
    reader.open_all()
    held = sorted(int(line[1:].split()[0]) for line in reader.numbers() if line.startswith("v") and line.endswith("data"))
    whole = len(order) <= options["max_nodes"]
    if whole:
        assert not reader.page.is_visible(".rest")
        held = list(range(len(order)))
    else:
        assert len(held) <= options["max_nodes"]
        assert f"holds {len(held)} of the graph's {len(order)} values" in reader.text(".rest")
    count = int(reader.page.get_attribute("#step", "max"))
    for step in (*range(count + 1), *range(count, -1, -1 - count // 9), count):
        reader.leap("#step", step)
        assert reader.numbers() == known(expected(result, numbers, step, held), reader)


def test_the_words_of_a_page_of_a_part(read: Open) -> None:
    """Formulas have the numbers and names of what is left out; sums and uses say that it is."""
    result = recurrent()
    order = topological_order(result)
    reader = read(result, {"max_nodes": 8})
    reader.page.click("#last")
    result.backward()
    for label, unseen in (("w", 25), ("b", 50)):
        reader.page.fill("#search", label)
        reader.page.press("#search", "Enter")
        reader.until(f"document.querySelector('#node h2')?.textContent === '{label}'")
        leaf = next(node for node in order if node.label == label)
        assert float(reader.text("#node .gradient")) == leaf.grad
        assert f"{unseen} that the page does not hold" in reader.text("#node")
    assert f"more by ways that the page does not hold, {leaf.grad:.4g} by then" in reader.text("#node")
    reader.page.click("#first")
    said = []
    for _ in range(int(reader.page.get_attribute("#step", "max"))):
        reader.page.click("#forth")
        said.append(reader.text("#formula") + reader.text("#detail"))
    last = next(node for node in reversed(order) if node.primitive is ag.tanh)
    places = {node: n for n, node in enumerate(order)}
    formula, names = f"tanh({last.operands[0].data:.4g}) = {last.data:.4g}", f"tanh(#{places[last.operands[0]]})"
    assert any(formula in words and names in words for words in said)
    assert any("… 290 more" in words for words in said)


def data_of(text: str) -> Any:
    """The data of a page, its integers and doubles unpacked, and `nodes`, the number of its values."""
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])  # type: ignore[index]
    for name in ("primitive", "starts", "operands", "parents"):
        data[name] = np.frombuffer(base64.b64decode(data[name]), "<i4")
    for numbers in data["passes"]:
        numbers["data"] = np.frombuffer(base64.b64decode(numbers["data"]["d"]))
    data["nodes"] = len(data["primitive"])
    return data


def model_loss(layers: int) -> Value:
    """A loss through many modules."""
    model = nn.Sequential(*[nn.Linear(2, 2, rng=i) for i in range(layers)])
    return mse_loss(model([0.5, -1.0]), [0.0, 1.0])


FAMILY: dict[str, Any] = {
    "a chain": lambda n: recurrent(n // 5),
    "one wide operation": lambda n: ag.sum_([Value(float(i)) for i in range(n)]),
    "one value again and again": lambda n: ag.sum_([Value(1.0, label="x")] * n),
    "a dot": lambda n: ag.dot([Value(float(i)) for i in range(n)], [Value(2.0) for _ in range(n)]),
    "constants": lambda n: ag.dot([Value(1.0), *range(n)], [3.0] * (n + 1)),
    "modules": lambda n: model_loss(n // 12),
}


@pytest.mark.parametrize("max_nodes", [1, 10, 100])
@pytest.mark.parametrize("graph", FAMILY.values(), ids=FAMILY.keys())
def test_max_nodes_bounds_the_file(graph: Any, max_nodes: int, tmp_path: Path) -> None:
    """Whatever the size of the graph: a page, its data, the text of a picture."""
    sizes = []
    for n in (2_000, 20_000):
        result = graph(n)
        text = page(result, max_nodes=max_nodes)
        if max_nodes == 10:
            assert save(result, tmp_path / "page.html", max_nodes=10).read_text(encoding="utf-8") == text
        data = data_of(text)
        assert data["nodes"] <= max_nodes
        assert all(len(numbers["data"]) == data["nodes"] for numbers in data["passes"])
        count = len(topological_order(result))
        if count > max_nodes:
            assert f"holds {data['nodes']} of the graph's {count:,} values" in text
        sizes.append([len(text), *(len(draw_(result, max_nodes)) for draw_ in PICTURES)])
    for small, large in zip(*sizes, strict=True):
        assert large < 1.2 * small + 500  # places and counts have more digits


PICTURES = [
    lambda result, most: ag.draw(result, max_nodes=most).source,
    lambda result, most: ag.draw(result, max_nodes=most, expand=True).source,
    lambda result, most: ag.draw(result, max_nodes=most, constants=False, group=True).source,
    lambda result, most: ag.draw(result, max_nodes=most, depth=1).source,
    lambda result, most: ag.tree(result, max_nodes=most),
    lambda result, most: ag.tree(result, max_nodes=most, depth=most, width=most),
]


def test_a_page_holds_all_by_default() -> None:
    """Folded, so that one can look at it; of a larger graph those nearest to the result, on request."""
    large = model_loss(2_000)
    assert data_of(page(large))["nodes"] == len(topological_order(large)) > 5_000
    data = data_of(text := page(large, depth=0, max_nodes=500))
    assert data["nodes"] == 500
    assert "are left out" in text
    assert 'class="rest"></p>' in page(large)


def test_a_long_recording_is_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page has steps from the first to the last, evenly, as many as its values leave room for, and says how many."""
    monkeypatch.setattr("autograd.pictures.page.html.MOST_NUMBERS", 100)
    model = nn.Neuron(1, rng=0)
    recording = record(model, lambda model: (model([2.0]) - 1.0) ** 2, every=1)
    count = len(topological_order(recording.result))
    for step in range(1, 50):
        model.weights[0].data = float(step)
        recording()
    data = data_of(text := page(recording))
    assert len(data["passes"]) == 100 // count
    titles = [int(numbers["title"].split()[1]) for numbers in data["passes"]]
    assert titles[0] == 0
    assert titles[-1] == 49
    assert len({b - a for a, b in itertools.pairwise(titles)}) <= 2
    assert f"It holds {100 // count} of the 50 recorded steps" in text
    place = next(n for n, label in data["labels"] if label == "weights.0")
    assert [numbers["data"][place] for numbers in data["passes"]][1:] == titles[1:]
    few = data_of(page(recording, max_nodes=1))
    assert len(few["passes"]) == 50
    assert [numbers["data"][0] for numbers in few["passes"]] == [numbers.data[-1] for numbers in recording.passes]


def test_formulas_of_the_steps(read: Open) -> None:
    """With their numbers; what is used twice adds up, and the page says why."""
    reader = read(shared())
    said = []
    for _ in range(int(reader.page.get_attribute("#step", "max"))):
        reader.page.click("#forth")
        said.append((reader.text("#formula"), reader.text("#detail")))
    forward = ["0.7 * (-0.5) = -0.35", "0.7 * 0.7 = 0.49", "0.49 * 2 = 0.98", "-0.35 + 0.98 = 0.63", "tanh(0.63) = 0.5581"]
    assert [formula for formula, _ in said[:5]] == forward
    assert [formula for formula, _ in said[5:9]] == [
        "max(0.7, -0.5) = 0.7", "0.5581 + 0.7 = 1.258", "1 = d result / d result", "1 flows back through +",
    ]  # fmt: skip
    assert said[4][1] == "#6 = tanh(#5)"
    assert "a1 = 1 × 1" in said[9][1]
    assert "b: nothing" in said[9][1]
    assert "2.651 = 1.377 × 1.925" not in said[9][1]
    twice = next(detail for formula, detail in said[9:] if detail.count("a0.964") == 2)
    assert "Gradients add up" in twice


def test_a_node_tells_all_about_itself(read: Open) -> None:
    """Every bit of its value and gradient, the formula, the sum; its paths are lit; a click pins it, another frees it."""
    result = shared()
    reader = read(result)
    reader.page.click("#last")
    result.backward()
    for n, node in enumerate(topological_order(result)):
        reader.page.focus(f"#v{n}")
        reader.until(f"document.querySelector('#node h2')?.textContent === {json.dumps(node.label or f'#{n}')}")
        assert float(reader.text("#node .value")) == node.data
        assert float(reader.text("#node .gradient")) == node.grad
    reader.page.hover("#v0 text.data")
    reader.page.wait_for_selector("#v0.on")
    assert "is the sum of" in reader.text("#node")
    reader.page.hover("#v1 text.data")  # b
    reader.page.wait_for_selector("#v1.on")
    on = reader.page.evaluate("[...document.querySelectorAll('.on')].map(g => g.id).filter(id => id[0] === 'v')")
    assert on == sorted(on, key=lambda name: int(name[1:]))
    assert "v0" not in on
    assert f"v{len(topological_order(result)) - 1}" in on
    reader.page.click("#v1 text.data")
    assert reader.page.get_attribute("#v1", "aria-pressed") == "true"
    reader.page.hover("#v0 text.data")
    reader.page.wait_for_timeout(60)
    assert reader.text("#node h2") == "b pinned"
    reader.page.click("#v1 text.data")
    assert reader.page.get_attribute("#v1", "aria-pressed") == "false"


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@pytest.mark.parametrize("graph", [shared, perceptron])
def test_without_scripts_a_still_picture_stands(graph: Any, read: Open) -> None:
    """The numbers of the values that it draws, and a word about it; no control that would do nothing."""
    result = graph()
    reader = read(result, java_script_enabled=False)
    texts = [text.text_content() for text in reader.page.locator("noscript svg text").all()]
    result.backward()
    assert f"data {result.data:.4g}" in texts
    assert "grad 1" in texts
    if graph is shared:
        assert all(f"grad {node.grad:.4g}" in texts for node in topological_order(result))
    assert reader.page.locator("noscript p").is_visible()
    assert reader.page.locator("button:visible, input:visible, select:visible, aside:visible").count() == 0


ATTACKS = [
    "</script><img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "<!--<script>", "<svg onload=alert(1)>",
    '" onmouseover="alert(1)', "' onfocus='alert(1)", "javascript:alert(1)", "&lt;b&gt;", "{alert(1)}", "${alert(1)}",
    "a" * 20_000, "<" * 20_000, "\u2028\u2029", "\u202egnp.exe", "العربية עברית", "🙂👩\u200d👩\u200d👧",
    "id=v0 label=x", '" id=v0 "', "\\", "\\N", "nan", "__proto__",
]  # fmt: skip


def test_hostile_labels_are_text(read: Open) -> None:
    """Shown as they are, in the graph, the panel, the title and in search; none is markup, and none is run."""
    labels = [*ATTACKS, *HOSTILE]
    result = ag.sum_([Value(float(i), label=label) for i, label in enumerate(labels)])
    result.label = ATTACKS[0]
    reader = read(result)
    reader.open_all()
    for n, label in enumerate(labels):
        reader.page.evaluate(f"document.getElementById('v{n}').focus()")
        reader.until(f"document.querySelector('#node .value')?.textContent === '{n}'")
        assert reader.page.evaluate("document.querySelector('#node h2 bdi').textContent") == reader.page.evaluate(
            f"(label => label)({json.dumps(label)})"
        )
        shown = reader.page.evaluate(f"document.querySelector('#v{n} .name').textContent")
        assert len(shown) < 100
        start, _, end = " ".join(shown.split()).partition("…")  # cut where it is long, or where it is small
        if label.isprintable() and not label.startswith("#"):
            assert " ".join(label.split()).endswith(end or start)  # a frame says the module, the box the rest
        assert reader.numbers()[f"v{n} data"] == f"data {n}"
    assert reader.page.title() == reader.text("h1") == ATTACKS[0]
    assert reader.page.evaluate("document.querySelectorAll('img, script').length") == 2
    handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(a => a.startsWith('on'))"
    assert reader.page.evaluate(handlers) == []
    reader.page.fill("#search", "onerror")
    assert reader.text("#found") == f"{sum('onerror' in label for label in [result.label, *labels])} found"


def test_a_hostile_primitive_and_a_refusal(read: Open) -> None:
    """Symbol and name of a user's primitive are text as well; without partials the page says why there are no steps back."""
    primitive = ag.primitive("img_src", symbol="</script><img src=x onerror=alert(1)>", evaluate=lambda x: x, partials=None)
    reader = read(primitive(Value(1.0)))
    assert "img_src" in reader.text(".refusal")
    assert reader.page.get_attribute("#step", "max") == "1"
    reader.page.click("#last")
    assert reader.text("#formula") == f"{primitive.symbol}(1) = 1"
    assert reader.page.locator("img").count() == 0


def test_markup_holds_no_label() -> None:
    """Checked without a browser too: no label stands in the text of the page but as escaped text or JSON."""
    text = page(Value(1.0, label='</script><b id="x">') * 2.0)
    assert "<b id" not in text
    assert text.count("</script>") == 2
    assert data_of(text)["labels"][0] == [0, '</script><b id="x">']
    text = text.replace('xmlns="http://www.w3.org/2000/svg"', "").replace('const SVG = "http://www.w3.org/2000/svg"', "")
    text = text.replace('const MATHML = "http://www.w3.org/1998/Math/MathML"', "")  # names, not addresses
    assert "http://" not in text
    assert "https://" not in text


def test_the_same_graph_gives_the_same_page() -> None:
    """And no gradient is touched."""
    first = shared()
    assert page(first) == page(shared())
    assert not any(node.has_grad for node in topological_order(first))


def test_a_recorded_training_can_be_scrubbed_through(read: Open) -> None:
    """At each recorded step, weights, activations and gradients are those of that step; at an early step forward too."""
    model = MLP(2, [2, 1], rng=0)

    def loss(model: MLP) -> Value:
        result = mse_loss([model([0.5, -1.0])], [0.7])
        result.label = "loss"
        return result

    recording, optimizer, results = record(model, loss, every=10), SGD(model.parameters(), lr=0.05), [loss(model)]
    for step in range(1, 31):
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()
        recording()
        if step % 10 == 0:
            results.append(loss(model))
    reader = read(recording)
    for i, (result, numbers) in enumerate(zip(results, recording.passes, strict=True)):
        reader.leap("#pass", i)
        assert reader.text("#title-of-pass") == f"step {10 * i}: loss = {result.data:.4g}"
        for step in (3, int(reader.page.get_attribute("#step", "max"))):
            reader.leap("#step", step)
            assert reader.numbers() == known(expected(result, numbers, step), reader)
    reader.page.click("#train")
    reader.until("document.getElementById('train').getAttribute('aria-pressed') === 'false'")
    assert reader.page.input_value("#pass") == "3"
    assert not read(shared()).page.is_visible("#training")


def test_refusals(tmp_path: Path) -> None:
    """Of anything but a Value, of a drawn picture, and of wrong options; nothing is written."""
    with pytest.raises(
        TypeError, match=r"page needs the Value whose graph to show, or a Recording, not a float: for example page\(loss\)"
    ):
        page(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="theme must be 'light', 'dark' or 'auto', not 'blue'"):
        page(shared(), theme="blue")
    with pytest.raises(ValueError, match="precision must be"):
        page(shared(), precision=0)
    with pytest.raises(TypeError, match=r"save\(result, 'graph.html'\) with the Value itself"):
        save(ag.draw(shared()), tmp_path / "g.html")
    assert not list(tmp_path.iterdir())


def test_without_a_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is the same, but for the picture of a reader without scripts: that is the graph as text."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    text = save(shared(), tmp_path / "g.html").read_text(encoding="utf-8")
    assert "<pre>y: + = 1.25" in text
    assert data_of(text)["nodes"] == len(topological_order(shared()))


def test_importing_autograd_needs_nothing_for_pages() -> None:
    """XML, HTML and graphviz wait for the first page."""
    loaded = "import sys, autograd; print({'xml.etree.ElementTree', 'html', 'graphviz'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_graph_too_large_for_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is packed; with max_nodes the nearest are there."""
    total = Value(1.0)
    for _ in range(2_000):
        total = total + 0.5
    monkeypatch.setattr("autograd.pictures.page.html.MOST_VALUES", 2_000)
    with pytest.raises(ValueError, match=r"2,001 values.*max_nodes=10_000"):
        page(total)
    assert "holds 20 of the graph&#x27;s 2,001" in page(total, max_nodes=20).replace("'", "&#x27;")


def test_a_title_in_any_language() -> None:
    """Wide blanks and joined characters stay; what turns the direction of a line does not."""
    assert "<h1>\u3000全角\u3000x</h1>" in page(Value(1.0, label="\u3000全角\u3000x"))
    assert "\u202e" not in page(Value(1.0, label="a\u202eb")).split("<noscript><svg")[0]
