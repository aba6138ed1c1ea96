"""The picture for readers without scripts: folded, with the numbers of both sweeps; without a renderer, text."""

import shutil
import xml.etree.ElementTree as ET

import pytest

import autograd as ag
from autograd import Value, topological_order
from autograd.graph import recorded_partials, reverse_sweep
from autograd.pictures.options import Options
from autograd.pictures.page.still import MOST, still
from tests.pictures.browser import perceptron, shared
from tests.pictures.renderers import RENDERERS


def still_of(result: Value) -> str:
    """Its still picture."""
    order = topological_order(result)
    adjoints = reverse_sweep(order, {result: 1.0}, recorded_partials)
    return still(result, adjoints, Options(group=True, max_nodes=MOST, precision=4))


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
def test_numbers_of_both_sweeps() -> None:
    """Without a backward pass; no gradient is touched."""
    result = shared()
    texts = [text.text for text in ET.fromstring(still_of(result)).iter("text")]
    assert not any(node.has_grad for node in topological_order(result))
    result.backward()
    for node in topological_order(result):
        assert f"data {node.data:.4g}" in texts
        assert f"grad {node.grad:.4g}" in texts


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@pytest.mark.parametrize("length", [10, 3_000])
def test_it_is_small(length: int) -> None:
    """However large the graph: a part of it, and modules as one node each."""
    x = Value(1.0)
    for _ in range(length):
        x = ag.tanh(x * 1.5)
    assert 0 < len([g for g in ET.fromstring(still_of(x)).iter("g") if g.get("id", "").startswith("v")]) <= MOST
    assert "title" not in still_of(perceptron())


def test_text_without_a_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escaped, for labels may hold anything."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert still_of(Value(1.0, label="<b>") * 2.0) == "<pre>* = 2\n├─ &lt;b&gt; = 1\n└─ 2</pre>"
