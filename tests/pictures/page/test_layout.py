"""The layout of the page's graph, by itself in a browser: nothing overlaps, edges go from left to right in aligned columns."""

from pathlib import Path
from typing import Any

import pytest

import autograd.pictures.page as page_package

SOURCE = Path(page_package.__file__).with_name("layout.js").read_text(encoding="utf-8")
HARNESS = """
let seed = 1;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const graph = (count, degree, near) => {
  const nodes = [], edges = [];
  for (let i = 0; i < count; i++) {
    nodes.push({ width: 40 + 60 * random(), height: 20 + 40 * random() });
    for (let k = 0; k < degree && i; k++) {
      edges.push([near ? Math.max(0, i - 1 - Math.floor(random() * near)) : Math.floor(random() * i), i]);
    }
  }
  return [nodes, edges];
};
const meet = (a, b, x, size) => a[x] < b[x] + b[size] - 1e-6 && b[x] < a[x] + a[size] - 1e-6;
const overlap = (a, b) => meet(a, b, "x", "width") && meet(a, b, "y", "height");
const holds = (a, b) => b.x >= a.x - 1e-6 && b.y >= a.y - 1e-6 && b.x + b.width <= a.x + a.width + 1e-6 &&
  b.y + b.height <= a.y + a.height + 1e-6;
const within = ([x, y], b) => x > b.x + 1e-6 && x < b.x + b.width - 1e-6 && y > b.y && y < b.y + b.height;
const overlaps = (boxes) => boxes.reduce((sum, a, i) => sum + boxes.slice(0, i).filter((b) => overlap(a, b)).length, 0);
"""


@pytest.fixture(scope="module")
def script(browser: Any) -> Any:
    """Runs JavaScript beside the layout."""
    tab = browser.new_page()
    yield lambda code: tab.evaluate(f"(() => {{ {SOURCE} {HARNESS} {code} }})()")
    tab.close()


@pytest.mark.parametrize(
    ("count", "degree", "near"),
    [(1, 1, 0), (2, 1, 0), (12, 2, 0), (60, 2, 0), (60, 3, 5), (200, 1, 1), (200, 2, 20), (300, 2, 0)],
)
def test_random_graphs(count: int, degree: int, near: int, script: Any) -> None:
    """No overlap, no edge backwards or through a box, columns one behind the other, the same twice, within its size."""
    found = script(f"""
      const [nodes, edges] = graph({count}, {degree}, {near}), laid = layered(nodes, edges), again = layered(nodes, edges);
      const boxes = laid.places.map((place, i) => ({{ ...place, ...nodes[i] }}));
      const backwards = edges.filter(([u, v]) => boxes[u].x + boxes[u].width >= boxes[v].x).length;
      const middles = new Set(boxes.map(({{ x, width }}) => Math.round(x + width / 2)));
      let through = 0, disordered = 0;
      laid.ways.forEach((way, e) => way.forEach(([x, y], i) => {{
        if (boxes.some((b) => within([x, y], b))) through++;
        if (i && x < way[i - 1][0]) disordered++;
      }}));
      const outside = boxes.filter((b) => !holds({{ x: 0, y: 0, ...laid }}, b)).length;
      return {{ overlaps: overlaps(boxes), backwards, through, disordered, outside, columns: middles.size,
        same: JSON.stringify(laid) === JSON.stringify(again) }};
    """)
    assert found["overlaps"] == found["backwards"] == found["through"] == found["disordered"] == found["outside"] == 0
    assert found["same"]
    assert found["columns"] <= count


def test_columns_are_ranks(script: Any) -> None:
    """A layer's nodes have one middle; a chain is a straight line; a source stands just before what takes it."""
    found = script("""
      const box = { width: 50, height: 20 }, nodes = Array.from({ length: 7 }, () => ({ ...box }));
      const { places } = layered(nodes, [[0, 2], [1, 2], [2, 3], [3, 4], [4, 5], [6, 5]]);
      return places;
    """)
    assert found[0]["x"] == found[1]["x"] < found[2]["x"]
    assert found[2]["y"] == found[3]["y"] == found[4]["y"]
    assert found[6]["x"] == found[4]["x"]


def test_crossings_go(script: Any) -> None:
    """Two layers whose edges can be drawn without a crossing are."""
    found = script("""
      const nodes = Array.from({ length: 16 }, () => ({ width: 30, height: 20 }));
      const edges = Array.from({ length: 8 }, (_, i) => [i, 8 + (i * 5) % 8]);
      const { places } = layered(nodes, edges);
      const cross = ([a, b], [c, d]) => (places[a].y - places[c].y) * (places[b].y - places[d].y) < 0;
      return edges.filter((one) => edges.some((other) => cross(one, other))).length;
    """)
    assert found == 0


def test_frames(script: Any) -> None:
    """Frames hold what is in them, overlap nothing else, and leave lanes for edges that pass."""
    found = script("""
      const item = (key) => ({ key, width: 60, height: 30 });
      const inner = { key: "g", inside: [item(2), item(3), item(4)] };
      const root = { inside: [item(0), { key: "f", inside: [item(1), inner, item(5)] }, item(6)] };
      const pairs = [[0, 2], [0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [2, 6], [5, 6], [0, 6]];
      const ways = framed(root, pairs), f = root.inside[1], g = f.inside[1];
      const boxes = [root.inside[0], root.inside[2], f.inside[0], f.inside[2], ...g.inside];
      const through = ways.filter((way) => way.some((point) => boxes.some((b) => within(point, b)))).length;
      const held = [[f, f.inside], [g, g.inside]].every(([frame, inside]) => inside.every((b) => holds(frame, b)));
      return { overlaps: overlaps(boxes), held, apart: overlaps([root.inside[0], f, root.inside[2]]), through };
    """)
    assert found == {"overlaps": 0, "held": True, "apart": 0, "through": 0}


def test_a_cycle_is_refused(script: Any) -> None:
    """It would be no layered graph."""
    with pytest.raises(Exception, match="the graph has a cycle"):
        script("layered([{ width: 1, height: 1 }, { width: 1, height: 1 }], [[0, 1], [1, 0]])")


def test_two_thousand_nodes(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Within a second on a machine at rest; printed, and bounded with room for a busy one."""
    times = script("""
      return [[2, 40], [2, 0], [1, 1]].map(([degree, near]) => {
        const [nodes, edges] = graph(2000, degree, near), start = performance.now();
        layered(nodes, edges);
        return performance.now() - start;
      });
    """)
    with capsys.disabled():
        print(f"\n2,000 nodes laid out in {', '.join(f'{time:.0f}' for time in times)} ms")
    assert max(times) < 10_000
