"""Nine pages looked at by measuring: few things at first, nothing overlaps, no text is small, cut or outside its box."""

import pytest

from demos.pages import PAGES
from tests.pictures.browser import Open

MEASURE = """() => {
  const box = (e) => { const b = e.getBoundingClientRect(); return { x: b.left, y: b.top, right: b.right, bottom: b.bottom }; };
  const nodes = [...document.querySelectorAll("#graph .node")], shapes = nodes.map((g) => box(g.querySelector(".box")));
  const shown = (t) => t.textContent && getComputedStyle(t).display !== "none" && t.getBoundingClientRect().width > 0;
  const texts = [...document.querySelectorAll("#graph .node text, #graph .cluster text")].filter(shown);
  const scale = document.getElementById("world").getScreenCTM().a;
  const meet = (a, b) => a.x < b.right - 1 && b.x < a.right - 1 && a.y < b.bottom - 1 && b.y < a.bottom - 1;
  const within = (a, b) => a.x >= b.x - 1 && a.right <= b.right + 1 && a.y >= b.y - 2 && a.bottom <= b.bottom + 2;
  const outside = texts.filter((t) => !within(box(t), box(t.closest(".node, .cluster").querySelector(".box, .border"))));
  const inside = [...document.querySelectorAll("#graph .node")].map((g) => [...g.querySelectorAll("text")].filter(shown).map(box));
  const labels = [...document.querySelectorAll("#graph .contribution")].filter(shown).map(box);
  const text = [...document.querySelectorAll("header *, aside *")].filter((e) => e.children.length === 0 && e.textContent.trim() && e.checkVisibility());
  return {
    items: nodes.length,
    overlaps: shapes.reduce((sum, a, i) => sum + shapes.slice(0, i).filter((b) => meet(a, b)).length, 0)
      + labels.reduce((sum, a, i) => sum + labels.slice(0, i).filter((b) => meet(a, b)).length + shapes.filter((b) => meet(a, b)).length, 0),
    crossed: inside.reduce((sum, boxes) => sum + boxes.filter((a, i) => boxes.slice(0, i).some((b) => meet(a, { ...b, y: b.y + 3, bottom: b.bottom - 3 }))).length, 0),
    smallest: Math.min(...texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * scale), ...text.map((e) => parseFloat(getComputedStyle(e).fontSize))),
    outside: outside.map((t) => t.textContent),
    wide: document.documentElement.scrollWidth > innerWidth + 1,
  };
}"""  # noqa: E501 - JavaScript
CONTRAST = """() => {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    pixel.clearRect(0, 0, 1, 1), pixel.fillStyle = colour, pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((x, i) => x * a + below[i] * (1 - a));
  const ancestors = (e) => (e && e.nodeType === 1 ? [...ancestors(e.parentElement), e] : []);
  const opacity = (e) => ancestors(e).reduce((product, x) => product * parseFloat(getComputedStyle(x).opacity), 1);
  const ground = (e) => ancestors(e).reduce((below, x) => over(parse(getComputedStyle(x).backgroundColor), below), [255, 255, 255]);
  const channel = (x) => (x <= 10 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const svg = !!e.ownerSVGElement, words = [...e.childNodes].some((x) => x.nodeType === 3 && x.textContent.trim());
    if (!words || !e.checkVisibility() || !e.getBoundingClientRect().width || e.closest(":disabled, option, script, style, noscript")) continue;
    const style = getComputedStyle(e), box = svg && e.closest(".node, .cluster")?.querySelector(".box, .border");
    let below = ground(e), [r, g, b, a] = parse(svg ? style.fill : style.color);
    if (box) {
      const [x, y, z, t] = parse(getComputedStyle(box).fill);
      below = over([x, y, z, t * opacity(box) * parseFloat(getComputedStyle(box).fillOpacity)], below);
    }
    const [low, high] = [luminance(over([r, g, b, a * opacity(e)], below)), luminance(below)].sort((p, q) => p - q);
    found.push([(high + 0.05) / (low + 0.05), e.textContent.trim().slice(0, 30)]);
  }
  return found.sort((p, q) => p[0] - q[0])[0];
}"""  # noqa: E501 - JavaScript; the formula is that of the Web Content Accessibility Guidelines 2.2
TIMES = """() => {
  const took = (act) => { const start = performance.now(); act(), document.body.getBoundingClientRect(); return performance.now() - start; };
  const press = (id) => () => document.getElementById(id).click();
  press("first")();
  const steps = Array.from({ length: Math.min(40, +document.getElementById("step").max) }, () => took(press("forth")));
  const openings = [];
  for (let i = 0; i < Math.min(12, document.querySelectorAll(".node.group").length); i++) {
    const group = document.querySelectorAll(".node.group")[i];
    openings.push(took(() => group.dispatchEvent(new MouseEvent("click", { bubbles: true }))));
    const close = [...document.querySelectorAll(".cluster")].at(-1);
    close?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  }
  return [Math.max(...steps), Math.max(0, ...openings)];
}"""  # noqa: E501 - JavaScript
SIZES = {"wide": (1280, 800), "phone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_it_can_be_read(name: str, size: str, read: Open, capsys: pytest.CaptureFixture[str]) -> None:
    """At first, at the last step, with all opened that there is room for, and zoomed out; in both themes alike."""
    reader = read(PAGES[name](), {}, color_scheme="dark" if size == "phone" else "light", viewport=SIZES[size])
    tab = reader.page
    first = tab.evaluate(MEASURE)
    reader.until("performance.getEntriesByName('first-contentful-paint').length")
    paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert first["items"] <= 60
    seen = {"first": first}
    tab.evaluate("document.getElementById('last').click()")
    seen["last step"] = tab.evaluate(MEASURE)
    tab.evaluate("document.getElementById('fit').click()")
    seen["fitted"] = tab.evaluate(MEASURE)
    if tab.locator(".node.group").count():
        tab.locator(".node.group").first.dispatch_event("click")
        reader.settled()
        seen["one opened"] = tab.evaluate(MEASURE)
    tab.evaluate("document.getElementById('closer').click()")
    seen["closer"] = tab.evaluate(MEASURE)
    for _ in range(6):
        tab.evaluate("document.getElementById('farther').click()")
    seen["farther"] = tab.evaluate(MEASURE)
    least = 21.0
    for theme in ("light", "dark"):
        tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for button in ("first", "last"):
            tab.evaluate(f"document.getElementById('{button}').click()")
            contrast, text = tab.evaluate(CONTRAST)
            least = min(least, contrast)
            assert contrast >= 4.5, f"{text!r}, {theme}, at the {button} step"
    for when, found in seen.items():
        assert found["overlaps"] == 0, when
        assert found["crossed"] == 0, when
        assert found["outside"] == [], when
        assert found["smallest"] >= 11.0, when
        assert not found["wide"], when
    step, opening = tab.evaluate(TIMES)
    smallest = min(found["smallest"] for found in seen.values())
    length = tab.evaluate("document.documentElement.outerHTML.length")
    with capsys.disabled():
        print(
            f"\n{name}, {size}: {first['items']} things at first, text from {smallest:.1f} px, contrast from {least:.1f}, "
            f"painted after {paint:.0f} ms, slowest step {step:.0f} ms, opening {opening:.0f} ms, {length / 1e3:.0f} KB",
            end="",
        )


@pytest.mark.parametrize("name", ["neuron", "network"])
def test_a_phone_has_controls_for_fingers(name: str, read: Open) -> None:
    """In one row, 44 pixels high; the graph is within its place."""
    reader = read(PAGES[name](), {}, viewport=SIZES["phone"])
    boxes = reader.page.evaluate("""[...document.querySelectorAll("#stepping button, #stepping input")]
      .map((e) => e.getBoundingClientRect()).filter((b) => b.width).map((b) => [b.x, b.y, b.width, b.height])""")
    assert len({round(y) for _, y, _, _ in boxes}) == 1
    assert all(height >= 44 and width >= 44 for _, _, width, height in boxes)
    assert max(x + width for x, _, width, _ in boxes) <= 390
    figure = reader.page.locator("#view").bounding_box()
    for node in reader.page.locator("#graph .node .box").all():
        box = node.bounding_box()
        assert box["x"] >= figure["x"] - 1
        assert box["x"] + box["width"] <= figure["x"] + figure["width"] + 1


def test_a_step_moves_nothing(read: Open) -> None:
    """The words change, the picture stays where it is."""
    reader = read(PAGES["neuron"]())
    where = (
        "JSON.stringify([document.getElementById('view'), document.getElementById('v0')].map((e) => e.getBoundingClientRect()))"
    )
    places = set()
    for _ in range(int(reader.page.get_attribute("#step", "max"))):
        places.add(reader.page.evaluate(where))
        reader.page.click("#forth")
    assert len(places) == 1
