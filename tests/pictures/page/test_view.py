"""What the reader of a page does, in a real browser: by keyboard, by pointer, by ear; what can be read; and how quick it is."""

import math
import statistics
from typing import Any

import pytest

import autograd as ag
from autograd import Value, topological_order
from tests.pictures.browser import Open, perceptron, shared
from tests.pictures.renderers import RENDERERS

pytestmark = pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")


def test_keyboard(read: Open) -> None:
    """Everything without a pointer: steps, playing, search, moving along edges, pinning."""
    reader = read(shared())
    keys = reader.page.keyboard
    last = int(reader.page.get_attribute("#step", "max"))
    keys.press(",")
    assert reader.page.input_value("#step") == str(last - 1)
    keys.press(".")
    reader.page.focus("#step")
    keys.press("Home")
    assert reader.text("#phase") == f"Step 0 of {last}: the leaves are given"
    keys.press("ArrowRight")
    assert reader.page.input_value("#step") == "1"
    assert "0.7 * (-0.5) = -0.35" in reader.page.get_attribute("#step", "aria-valuetext")
    result = len(topological_order(shared())) - 1
    assert reader.page.evaluate("[...document.querySelectorAll('#graph [tabindex=\"0\"]')].map(g => g.id)") == [f"v{result}"]
    reader.page.focus(f"#v{result}")
    at = "document.activeElement.id"
    keys.press("ArrowLeft")
    first = reader.page.evaluate(at)
    assert first == f"v{result - 2}"
    keys.press("Enter")
    assert reader.page.get_attribute(f"#{first}", "aria-pressed") == "true"
    keys.press("ArrowRight")
    assert reader.page.evaluate(at) == f"v{result}"
    keys.press("Escape")
    assert reader.page.get_attribute(f"#{first}", "aria-pressed") == "false"
    keys.press("Home")
    assert reader.page.evaluate(at) == "v0"
    keys.press("/")
    keys.type("tanh")
    assert reader.text("#found") == "1 found"
    keys.press("Enter")
    assert reader.text("#found") == "1 of 1"
    assert reader.page.locator(".match").count() == 1
    keys.press("Escape")
    assert reader.page.locator(".match").count() == 0


def test_keys_pass_over_what_is_not_shown(read: Open) -> None:
    """With modules folded, or drawn as one node each, the arrows, Home and End go on to what there is to see."""
    result = len(topological_order(perceptron())) - 1
    for options in ({}, {"depth": 0}):
        reader = read(perceptron(), options)
        keys, at = reader.page.keyboard, "document.activeElement.id"
        if not options:
            reader.page.click("#fold")
        shown = reader.page.evaluate("[...document.querySelectorAll('g.value:not(.hidden)')].map(g => +g.id.slice(1))")
        assert len(shown) < result
        reader.page.focus(f"#v{result}")
        for n in sorted(set(shown) - {result}, reverse=True):
            keys.press("ArrowUp")
            assert reader.page.evaluate(at) == f"v{n}"
        keys.press("End")
        assert reader.page.evaluate(at) == f"v{max(shown)}"
        keys.press("Home")
        assert reader.page.evaluate(at) == f"v{min(shown)}"
        assert reader.page.evaluate("[...document.querySelectorAll('g.value[tabindex=\"0\"]')].map(g => g.id)") == [
            f"v{min(shown)}"
        ]


def test_play_goes_to_the_end_and_stops(read: Open) -> None:
    """From the start if it stands at the end; pressed again it pauses."""
    reader = read(shared())
    last = reader.page.get_attribute("#step", "max")
    reader.page.select_option("#speed", "5")  # slow enough to be caught on the way, on a busy machine too
    reader.page.click("#play")
    reader.until("['2', '3', '4'].includes(document.getElementById('step').value)")
    assert reader.page.get_attribute("#play", "aria-pressed") == "true"
    reader.page.click("#play")
    paused = reader.page.input_value("#step")
    reader.page.wait_for_timeout(150)
    assert reader.page.input_value("#step") == paused != last
    reader.page.select_option("#speed", "20")
    reader.page.click("#play")
    reader.until("document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    assert reader.page.input_value("#step") == last


def test_names_for_screen_readers(read: Open) -> None:
    """Every control has a role and a name, every value says what it is, and the words of a step are read out."""
    reader = read(shared())
    for name in ("First step", "Step back", "▶ Play", "Step forth", "Last step", "Zoom in", "Zoom out", "Fit"):
        assert reader.page.get_by_role("button", name=name, exact=True).count() == 1
    assert reader.page.get_by_role("slider", name="Step", exact=True).count() == 1
    assert reader.page.get_by_role("searchbox", name="Search labels and operations").count() == 1
    assert reader.page.get_by_role("button", name="a, leaf, value 0.7, gradient 2.584").count() == 1
    assert reader.page.get_attribute("#words", "aria-live") == "polite"
    assert reader.page.get_attribute("html", "lang") == "en"
    unnamed = """[...document.querySelectorAll("button, input, select")].filter(e =>
      !e.ariaLabel && !e.textContent.trim() && !e.labels?.length)"""
    assert reader.page.evaluate(unnamed) == []


def test_zoom_and_pan(read: Open) -> None:
    """By wheel, buttons and dragging; what is pointed at stays there; a drag pins nothing."""
    reader = read(shared())
    where = "(() => { const b = document.querySelector('#v0').getBoundingClientRect(); return [b.x, b.y, b.width]; })()"
    x, y, width = reader.page.evaluate(where)
    reader.page.mouse.move(x, y)
    reader.page.mouse.wheel(0, -200)
    reader.until(f"({where})[2] > {width * 1.2}")
    moved = reader.page.evaluate(where)
    assert moved[:2] == pytest.approx([x, y], abs=2.0)
    box = reader.page.locator("#v0").bounding_box()
    reader.page.mouse.move(box["x"] + 5, box["y"] + 5)
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] + 65, box["y"] + 35, steps=4)
    reader.page.mouse.up()
    assert reader.page.evaluate(where)[:2] == pytest.approx([moved[0] + 60, moved[1] + 30], abs=2.0)
    assert reader.page.locator("[aria-pressed=true]").count() == 0
    reader.page.click("#fit")
    inside = reader.page.locator("#view").bounding_box()
    for group in reader.page.locator("#graph g.node").all():
        box = group.bounding_box()
        assert box["x"] >= inside["x"]
        assert box["x"] + box["width"] <= inside["x"] + inside["width"]


def nested() -> Value:
    """3 (tanh(x w) + b), with w in the module outer.<in> and b in outer."""
    inside = ag.tanh(Value(2.0, label="x") * Value(3.0, label="outer.<in>.w"))
    return (inside + Value(1.0, label="outer.b")) * 3.0


def test_modules_fold_and_unfold(read: Open) -> None:
    """By a click on the name, by keyboard, or all at once; what is inside goes, with the edges between."""
    reader = read(nested())
    shown = """[...document.querySelectorAll("#graph g[id]")].filter(g => g.getBoundingClientRect().width).map(g => g.id)"""
    everything = set(reader.page.evaluate(shown))
    inner = reader.page.get_by_role("button", name="module <in>, 3 values")
    assert reader.text("#v1 text") == "w"
    inner.locator("text").first.click()
    assert everything - set(reader.page.evaluate(shown)) == {"v1", "o2", "v2", "o3", "v3", "e2_1", "r2", "e3_0", "r3"}
    assert inner.get_attribute("aria-expanded") == "false"
    inner.focus()
    reader.page.keyboard.press("Enter")
    assert set(reader.page.evaluate(shown)) == everything
    reader.page.click("#fold")
    left = {name for name in reader.page.evaluate(shown) if not name.startswith(("c", "graph"))}
    assert left == {"v0", "e2_0", "e6_0", "k6_1", "e6_1", "o6", "r6", "v6"}
    reader.page.click("#fold")
    assert set(reader.page.evaluate(shown)) == everything


def test_modules_drawn_as_one_node(read: Open) -> None:
    """What is not drawn still has its steps, with their formulas."""
    reader = read(nested(), {"depth": 0})
    assert "v2 data" not in reader.numbers()
    reader.page.click("#first")
    reader.page.click("#forth")
    assert reader.text("#formula") == "2 * 3 = 6"
    reader.page.fill("#search", "tanh")
    reader.page.press("#search", "Enter")
    reader.until("document.querySelector('#node .value')?.textContent === 'unknown yet'")


CONTRAST = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = color => {
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = color => {
    const [r, g, b] = rgb(color).map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((x, y) => y - x); return (x + 0.05) / (y + 0.05); };
  const style = (e, what) => getComputedStyle(e)[what];
  const found = [...document.querySelectorAll("#graph g.node")].map(g =>
    ratio(style(g.querySelector("text"), "fill"), style(g.querySelector("path, ellipse, polygon"), "fill")));
  const ground = style(document.documentElement, "backgroundColor");
  for (const text of document.querySelectorAll("#graph g.edge text")) found.push(ratio(style(text, "fill"), ground));
  for (const e of document.querySelectorAll("h1, #phase, #formula, #detail bdi, button, dt, dd, .note, label")) {
    let behind = e;
    while (behind && /, 0\\)$|transparent/.test(style(behind, "backgroundColor"))) behind = behind.parentElement;
    found.push(ratio(style(e, "color"), behind ? style(behind, "backgroundColor") : ground));
  }
  return [Math.min(...found), found.length, rgb(ground)];
}"""


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_both_themes_can_be_read(theme: str, read: Open) -> None:
    """A contrast of at least 4.5 for every text (WCAG AA), as the reader likes it or as the page was told."""
    grounds = {}
    for scheme in ("light", "dark"):
        reader = read(shared(), {"theme": theme}, color_scheme=scheme)
        least, count, grounds[scheme] = reader.page.evaluate(CONTRAST)
        assert least >= 4.5
        assert count > 30
    bright = {scheme: min(ground) > 200 for scheme, ground in grounds.items()}
    assert bright == {"light": theme != "dark", "dark": theme == "light"}


@pytest.mark.parametrize("graph", [shared, perceptron])
def test_nothing_overlaps_and_nothing_is_cut_off(graph: Any, read: Open) -> None:
    """Every text lies within its box, no box or formula touches another box, at every step, and one can read them."""
    reader = read(graph())
    boxes = """() => {
      const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
      const texts = [...document.querySelectorAll("#graph g.node text")].map(t =>
        [box(t), box(t.parentNode.closest("g").querySelector("path, ellipse, polygon"))]);
      const shapes = [...document.querySelectorAll("#graph g.node > :is(path, ellipse, polygon)")].map(box);
      const formulas = [...document.querySelectorAll("#graph g.edge text")].filter(t => t.textContent).map(box);
      return [texts, shapes, formulas, parseFloat(getComputedStyle(document.querySelector("#graph text")).fontSize) *
        document.querySelector("#graph").getScreenCTM().a];
    }"""
    for _ in range(4):
        texts, shapes, formulas, size = reader.page.evaluate(boxes)
        assert size >= 9.5
        for (left, top, right, bottom), (x0, y0, x1, y1) in texts:
            assert x0 - 0.5 <= left
            assert right <= x1 + 0.5
            assert y0 - 1.5 <= top
            assert bottom <= y1 + 1.5
        for i, one in enumerate([*shapes, *formulas]):
            for other in shapes[:i]:
                assert one[2] <= other[0] + 1 or other[2] <= one[0] + 1 or one[3] <= other[1] + 1 or other[3] <= one[1] + 1
        for _ in range(3):
            reader.page.click("#back")


def network(nodes: int) -> Value:
    """A perceptron of single products, with at least `nodes` nodes."""
    x, i = [Value(0.1 * i, label=f"x.{i}") for i in range(8)], 0
    while True:
        layer = []
        for j in range(8):
            total = Value(0.01 * j, label=f"layers.{i}.neurons.{j}.bias")
            for k, value in enumerate(x):
                total = total + Value(math.sin(i + 8 * j + k), label=f"layers.{i}.neurons.{j}.weights.{k}") * value
            layer.append(ag.tanh(total))
        x, i = layer, i + 1
        result = ag.sum_(x)
        if len(topological_order(result)) >= nodes:
            return result


def test_two_thousand_nodes(read: Open, capsys: pytest.CaptureFixture[str]) -> None:
    """A step changes little, however much there is; its time, and that of the first paint, are printed."""
    reader = read(network(2_000))
    paint = reader.page.evaluate(
        """new Promise(done => { const look = () => { const [paint] = performance.getEntriesByName("first-contentful-paint");
           paint ? done(paint.startTime) : setTimeout(look, 20); }; look(); })"""
    )
    measure = """async (act) => {
      const painted = () => new Promise(done => requestAnimationFrame(() => { const c = new MessageChannel();
        c.port1.onmessage = done; c.port2.postMessage(0); }));
      const taken = [];
      for (let i = 0; i < 60; i++) {
        await new Promise(done => setTimeout(done, 20));
        const start = performance.now();
        document.getElementById(act).click();
        await painted();
        taken.push(performance.now() - start);
      }
      return taken;
    }"""
    figures = {"far": reader.page.evaluate(measure, "back")}
    for _ in range(7):
        reader.page.click("#closer")
    figures["near"] = reader.page.evaluate(measure, "back")
    leap = reader.page.evaluate(
        measure.replace("i < 60", "i < 6").replace(".click()", ".click(), act = act === 'first' ? 'last' : 'first'"), "first"
    )
    hover = reader.page.evaluate("""async () => {
      const start = performance.now();
      document.getElementById("v500").dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
      await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
      return performance.now() - start;
    }""")
    changes = reader.page.evaluate("""async () => {
      const counts = [];
      const all = { subtree: true, childList: true, attributes: true, characterData: true };
      for (let i = 0; i < 60; i++) {
        let count = 0;
        const observer = new MutationObserver(records => count += records.length);
        observer.observe(document.documentElement, all);
        document.getElementById("back").click();
        await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
        count += observer.takeRecords().length;
        observer.disconnect();
        counts.push(count);
      }
      return counts;
    }""")
    nodes = len(topological_order(network(2_000)))
    with capsys.disabled():
        steps = ", ".join(f"{name} {statistics.median(t):.0f} ms (slowest {max(t):.0f})" for name, t in figures.items())
        print(
            f"\n{nodes} nodes in the browser: first paint {paint:.0f} ms; a step, painted: {steps}; "
            f"a leap over all steps {max(leap):.0f} ms; paths of a node lit {hover:.0f} ms"
        )
    assert paint > 0
    assert 0 < max(changes) < nodes / 4, changes
