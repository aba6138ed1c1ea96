"""What the reader of a page does, in a real browser: by keyboard, by pointer, by ear; what can be read; and how quick it is."""

import math
import statistics

import pytest

import autograd as ag
from autograd import Value, topological_order
from tests.pictures.browser import Open, perceptron, shared


def test_keyboard(read: Open) -> None:
    """Everything without a pointer: steps, playing, search, moving along edges, pinning."""
    reader = read(shared())
    keys = reader.page.keyboard
    last = int(reader.page.get_attribute("#step", "max"))
    assert reader.page.input_value("#step") == "0"
    reader.page.focus("#step")
    keys.press("End")
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
    """The arrows, Home and End go through what there is to see: values and closed groups."""
    result = len(topological_order(perceptron())) - 1
    reader = read(perceptron(), {"depth": 0})
    keys, at = reader.page.keyboard, "document.activeElement.id"
    shown = reader.page.evaluate("[...document.querySelectorAll('#graph .node:not(.constant)')].map(g => g.id)")
    assert len(shown) < result
    reader.page.focus(f"#v{result}")
    seen = [reader.page.evaluate(at)]
    for _ in range(len(shown) - 1):
        keys.press("ArrowUp")
        seen.append(reader.page.evaluate(at))
    assert sorted(seen) == sorted(shown)
    keys.press("End")
    assert reader.page.evaluate(at) == f"v{result}"
    keys.press("Home")
    assert reader.page.evaluate(at) == seen[-1]
    assert reader.page.evaluate("[...document.querySelectorAll('.node[tabindex=\"0\"]')].map(g => g.id)") == [seen[-1]]


def test_play_goes_to_the_end_and_stops(read: Open) -> None:
    """From the start if it stands at the end; pressed again it pauses."""
    reader = read(shared())
    last = reader.page.get_attribute("#step", "max")
    reader.page.click("#last")
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
    reader.page.click("#last")
    reader.page.focus("#v0")
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
    where = "(() => { const b = document.querySelector('#v0 .box').getBoundingClientRect(); return [b.x, b.y, b.width]; })()"
    x, y, width = reader.page.evaluate(where)
    reader.page.mouse.move(x, y)
    reader.page.mouse.wheel(0, -200)
    reader.until(f"({where})[2] > {width * 1.2}")
    moved = reader.page.evaluate(where)
    assert moved[:2] == pytest.approx([x, y], abs=2.0)
    box = reader.page.locator("#v0 .box").bounding_box()
    reader.page.mouse.move(box["x"] + 5, box["y"] + 5)
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] + 65, box["y"] + 35, steps=4)
    reader.page.mouse.up()
    assert reader.page.evaluate(where)[:2] == pytest.approx([moved[0] + 60, moved[1] + 30], abs=2.0)
    assert reader.page.locator("[aria-pressed=true]").count() == 0
    reader.page.click("#fit")
    inside = reader.page.locator("#view").bounding_box()
    for group in reader.page.locator("#graph g.node .box").all():
        box = group.bounding_box()
        assert box["x"] >= inside["x"]
        assert box["x"] + box["width"] <= inside["x"] + inside["width"]


def nested() -> Value:
    """3 (tanh(x w) + b), with w in the module outer.<in> and b in outer."""
    inside = ag.tanh(Value(2.0, label="x") * Value(3.0, label="outer.<in>.w"))
    return (inside + Value(1.0, label="outer.b")) * 3.0


SHOWN = "[...document.querySelectorAll('#graph g[id]')].filter(g => /^[vkce][0-9]/.test(g.id)).map(g => g.id)"


def test_modules_open_and_close(read: Open) -> None:
    """By a click, by keyboard, or all at once; what is inside comes and goes, with the edges between."""
    reader = read(nested())
    everything = set(reader.page.evaluate(SHOWN))
    assert everything == {"v0", "v1", "v2", "v3", "v4", "v5", "v6", "k6_1", "c0", "c1", *EDGES}
    assert reader.text("#v1 .name") == "w"
    inner = reader.page.get_by_role("button", name="module <in>, 3 values")
    inner.locator("text").first.click()
    assert everything - set(reader.page.evaluate(SHOWN)) == {"v1", "v2", "v3", "e2_0", "e2_1", "e3_0", "e5_0"}
    closed = reader.page.get_by_role("button", name="module <in>, 1 parameter")
    assert closed.get_attribute("aria-expanded") == "false"
    reader.page.focus("#c1")
    reader.page.keyboard.press("Enter")
    assert set(reader.page.evaluate(SHOWN)) == everything
    reader.page.click("#fold")
    assert set(reader.page.evaluate(SHOWN)) == {"v0", "c0", "k6_1", "v6", "e6_1"}
    reader.page.click("#fold")
    assert set(reader.page.evaluate(SHOWN)) == everything


EDGES = {"e2_0", "e2_1", "e3_0", "e5_0", "e5_1", "e6_0", "e6_1"}


def test_a_closed_module_has_one_step(read: Open) -> None:
    """And search opens what hides a value."""
    reader = read(nested(), {"depth": 0})
    assert "v2 data" not in reader.numbers()
    assert reader.page.get_attribute("#step", "max") == "5"
    reader.page.click("#forth")
    assert reader.text("#formula") == "1 output: 2"
    reader.page.click("#first")
    reader.page.fill("#search", "tanh")
    reader.page.press("#search", "Enter")
    reader.until("document.querySelector('#node .value')?.textContent === 'unknown yet'")
    assert "v3 data" in reader.numbers()


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
    ratio(style(g.querySelector(".name"), "fill"), style(g.querySelector(".box"), "fill")));
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
        reader.page.click("#last")
        least, count, grounds[scheme] = reader.page.evaluate(CONTRAST)
        assert least >= 4.5
        assert count > 30
    bright = {scheme: min(ground) > 200 for scheme, ground in grounds.items()}
    assert bright == {"light": theme != "dark", "dark": theme == "light"}


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
    reader.open_all()
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
