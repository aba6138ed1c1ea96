"""A page of 100,000 operations: its file, its first paint, a step and an opening, measured and printed."""

import statistics
import time

import pytest

import autograd as ag
from autograd import Value, topological_order
from nn import MLP, mse_loss
from tests.pictures.browser import Open

MEASURE = """async (act) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => { const c = new MessageChannel();
    c.port1.onmessage = done; c.port2.postMessage(0); }));
  const taken = [];
  for (let i = 0; i < 12; i++) {
    await new Promise((done) => setTimeout(done, 20));
    const node = act === "open" ? document.querySelector(".node.group") : document.getElementById(act);
    if (!node) break;
    const start = performance.now();
    node.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    taken.push(performance.now() - start);
    await painted();
  }
  return taken;
}"""


def large() -> Value:
    """The loss of a network of plain operations: some 100,000."""
    model = MLP(8, [32, 32, 1], rng=0)
    samples = [[0.1 * i + 0.01 * j for i in range(8)] for j in range(8)]
    losses = []
    for _ in range(36):
        for x in samples[:1]:
            values = [Value(v) for v in x]
            for layer in model.layers:
                found = []
                for neuron in layer.neurons:
                    total = neuron.bias * 1.0
                    for w, v in zip(neuron.weights, values, strict=True):
                        total = total + w * v
                    found.append(ag.tanh(total))
                values = found
            losses.append(values[0])
    return mse_loss(losses, [0.5] * len(losses))


def test_a_hundred_thousand_operations(read: Open, capsys: pytest.CaptureFixture[str]) -> None:
    """Below 10 MB; folded to few things; figures printed, bounded with room for a busy machine."""
    result = large()
    count = len(topological_order(result))
    start = time.process_time()
    reader = read(result)
    made = time.process_time() - start
    size = len(ag.page(result).encode())
    items = reader.page.locator("#graph .node").count()
    paint = reader.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    ready = reader.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
    steps = reader.page.evaluate(MEASURE, "forth")
    opened = reader.page.evaluate(MEASURE, "open")
    set_ = reader.page.evaluate(MEASURE, "descend")
    with capsys.disabled():
        print(
            f"\n{count:,} values: {size / 1e6:.1f} MB, made in {made:.1f} s; {items} things at first; painted after "
            f"{paint:.0f} ms, ready {ready:.0f} ms; a step {statistics.median(steps):.0f} ms (slowest {max(steps):.0f}), "
            f"an opening {statistics.median(opened):.0f} ms (slowest {max(opened):.0f}), "
            f"a descent step {statistics.median(set_):.0f} ms"
        )
    assert count > 80_000
    assert size < 10e6
    assert items <= 60
    assert statistics.median(steps) < 500
    assert statistics.median(opened) < 2_000
