"""Nine pages looked at by measuring: few things at first, nothing overlaps, no text is small, cut or outside its box."""

import json

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
SIZES = {"wide": (1280, 800), "phone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_it_can_be_read(name: str, size: str, read: Open, capsys: pytest.CaptureFixture[str]) -> None:
    """At first, at the last step, with all opened that there is room for, and zoomed out; in both themes alike."""
    reader = read(PAGES[name](), {}, color_scheme="dark" if size == "phone" else "light", viewport=SIZES[size])
    tab = reader.page
    first = tab.evaluate(MEASURE)
    paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    assert first["items"] <= 60
    seen = {"first": first}
    tab.evaluate("document.getElementById('last').click()")
    seen["last step"] = tab.evaluate(MEASURE)
    tab.evaluate("document.getElementById('fit').click()")
    seen["fitted"] = tab.evaluate(MEASURE)
    start = tab.evaluate("performance.now()")
    if tab.locator(".node.group").count():
        tab.locator(".node.group").first.dispatch_event("click")
        tab.wait_for_timeout(400)
        seen["one opened"] = tab.evaluate(MEASURE)
    tab.evaluate("document.getElementById('closer').click()")
    seen["closer"] = tab.evaluate(MEASURE)
    for _ in range(6):
        tab.evaluate("document.getElementById('farther').click()")
    seen["farther"] = tab.evaluate(MEASURE)
    for when, found in seen.items():
        assert found["overlaps"] == 0, when
        assert found["crossed"] == 0, when
        assert found["outside"] == [], when
        assert found["smallest"] >= 11.0, when
        assert not found["wide"], when
    size_of = tab.evaluate("document.documentElement.outerHTML.length")
    with capsys.disabled():
        row = [
            name,
            size,
            first["items"],
            f"{min(s['smallest'] for s in seen.values()):.1f} px",
            f"paint {paint:.0f} ms",
            size_of,
        ]
        print("\n" + json.dumps(row), end="")
    assert start > 0


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
