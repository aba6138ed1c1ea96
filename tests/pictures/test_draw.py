"""Pictures: what they show, the same text every time, files and notebooks, and machines without a renderer."""

import html
import math
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import graphviz
import pytest

import autograd as ag
from autograd import Value, draw, save
from autograd.pictures import renderer as rendering
from autograd.pictures.renderer import INSTALL_HINT, RendererNotFoundError
from tests.pictures.renderers import RENDERERS


def small() -> Value:
    """tanh(a b + 2), differentiated."""
    a, b = Value(2.0, label="a"), Value(-0.5, label="b")
    result = ag.tanh(a * b + 2.0)
    result.label = "y"
    result.backward()
    return result


def test_text_of_a_small_graph() -> None:
    """Values with label, data and gradient; operations with symbols; constants; ids in topological order."""
    lines = [line.strip() for line in draw(small(), partials=True, precision=3).source.splitlines()]
    assert [line for line in lines if re.match(r"[vok]\d+(_\d+)? \[", line)] == [
        r'v0 [label="a\ndata 2\ngrad -0.21" fillcolor="#e8f1fa" id=v0]',
        r'v1 [label="b\ndata -0.5\ngrad 0.84" fillcolor="#e8f1fa" id=v1]',
        'o2 [label="*" fillcolor="#fdf3d8" id=o2 shape=ellipse]',
        r'v2 [label="data -1\ngrad 0.42" fillcolor="#e8f1fa" id=v2]',
        'o3 [label="+" fillcolor="#fdf3d8" id=o3 shape=ellipse]',
        'k3_1 [label=2 color="#b0b0b0" fillcolor="#f2f2f2" id=k3_1]',
        r'v3 [label="data 1\ngrad 0.42" fillcolor="#e8f1fa" id=v3]',
        'o4 [label=tanh fillcolor="#fdf3d8" id=o4 shape=ellipse]',
        r'v4 [label="y\ndata 0.762\ngrad 1" fillcolor="#e8f1fa" id=v4]',
    ]
    assert [line for line in lines if "->" in line] == [
        "v0 -> o2 [label=-0.5 id=e2_0]", "v1 -> o2 [label=2 id=e2_1]", "o2 -> v2 [id=r2]",
        "v2 -> o3 [label=1 id=e3_0]", "k3_1 -> o3 [id=e3_1]", "o3 -> v3 [id=r3]",
        "v3 -> o4 [label=0.42 id=e4_0]", "o4 -> v4 [id=r4]",
    ]  # fmt: skip


def test_no_gradient_yet_is_told_from_zero() -> None:
    """A dash before any backward pass, 0 where one brought 0."""
    x = Value(1.0)
    assert "grad -" in draw(x).source
    (x * 0.0).backward()
    assert "grad 0" in draw(x).source


def test_is_a_digraph_and_the_same_text_every_time() -> None:
    """Whatever was built in between."""
    first = small().draw()
    keep = [small() for _ in range(10)]
    assert isinstance(first, graphviz.Digraph)
    assert first.source == small().draw().source == keep[3].draw().source


def test_nan_inf_and_huge_numbers() -> None:
    """They are shown as they are."""
    x = Value(math.nan, label="x") * math.inf + 1e300
    source = draw(x, precision=17).source
    assert "nan" in source
    assert "inf" in source
    assert "1.0000000000000001e+300" in source


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rankdir": "XX"}, ValueError, "rankdir must be 'LR', 'TB', 'RL' or 'BT', not 'XX'"),
        ({"precision": 0}, ValueError, "precision must be a whole number of digits from 1 to 17, not 0"),
        ({"theme": "blue"}, ValueError, "theme must be 'light', 'dark' or 'auto', not 'blue'"),
        ({"depth": -1}, ValueError, "depth must be a whole number from 0 on, not -1"),
        ({"depth": True}, ValueError, "depth must be a whole number from 0 on, not True"),
        ({"max_nodes": 0}, ValueError, "max_nodes must be a whole number from 1 on, not 0"),
        ({"partials": "yes"}, TypeError, "partials must be True or False, not 'yes'"),
    ],
)
def test_bad_options(options: dict[str, object], error: type[Exception], message: str) -> None:
    """The values wanted and given."""
    with pytest.raises(error, match=message):
        draw(small(), **options)  # type: ignore[arg-type]


def test_what_is_no_value() -> None:
    """draw says what it needs."""
    with pytest.raises(TypeError, match=r"draw needs the Value whose graph to draw, not a float: draw\(loss\)"):
        draw(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"result 1 is a float: draw\(\[loss, output\]\)"):
        draw([Value(1.0), 3.0])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="at least one Value, not an empty list"):
        draw([])


def test_several_results_are_one_picture() -> None:
    """What they share is drawn once."""
    x = Value(2.0, label="x")
    hidden = x * x
    source = draw([hidden + 1.0, hidden * 3.0]).source
    assert source.count("id=v") == 4
    assert source.count('label="*"') == 2


def test_deep_and_shared_graphs_are_drawn_once_a_node() -> None:
    """No recursion, and 2**50 paths are 50 doublings."""
    x = Value(1.0)
    for _ in range(50):
        x = x + x
    assert draw(x).source.count("fillcolor") == 101
    for _ in range(20_000):
        x = x * 1.0
    assert len(draw(x, max_nodes=30_000).source) > 1_000_000


@pytest.mark.parametrize("suffix", ["svg", "png", "dot", "gv", "SVG"])
def test_save_picks_the_format_by_name(tmp_path: Path, suffix: str) -> None:
    """And returns the path."""
    path = save(small(), tmp_path / f"g.{suffix}", partials=True)
    start = path.read_bytes()[:200]
    assert {"svg": b"<svg", "png": b"PNG", "dot": b"digraph", "gv": b"digraph"}[suffix.lower()] in path.read_bytes()[:2000], (
        start
    )
    assert [p.name for p in tmp_path.iterdir()] == [f"g.{suffix}"]


@pytest.mark.parametrize("name", ["g.xyz", "g", "g.", "g.sv g"])
def test_save_to_a_format_that_is_none(tmp_path: Path, name: str) -> None:
    """An error that names the usual ones, before anything is drawn; no file, nor half a one."""
    with pytest.raises(ValueError, match=r"in \.svg, \.png or \.dot"):
        save(small(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_format_that_the_renderer_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The formats it has, and what to install for the other, before the graph is looked at."""
    monkeypatch.setenv("PATH", "nowhere")
    if rendering._graphviz_pure() is None:
        pytest.skip("graphviz-pure is not installed")
    monkeypatch.setattr("autograd.pictures.draw.draw", None)
    with pytest.raises(ValueError, match=r"graphviz-pure, writes no \.pdf.* It writes .*png.* svg.*`apt-get install graphviz`"):
        save(small(), tmp_path / "g.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")
def test_pdf_by_dot(tmp_path: Path) -> None:
    """Graphviz's own renderer has it."""
    assert save(small(), tmp_path / "g.pdf").read_bytes().startswith(b"%PDF")


def test_what_save_refuses(tmp_path: Path) -> None:
    """A missing folder, options for what is drawn already, and what is no Value: each named."""
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nope' to save 'g.svg' in"):
        save(small(), tmp_path / "nope" / "g.svg")
    with pytest.raises(TypeError, match=r"draw\(result, precision=...\), then save"):
        save(draw(small()), tmp_path / "g.svg", precision=3)
    with pytest.raises(TypeError, match="draw needs the Value"):
        save(3.0, tmp_path / "g.svg")  # type: ignore[arg-type]
    assert save(draw(small()), tmp_path / "g.svg").is_file()


def test_a_failing_renderer_is_told_from_an_unknown_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit status and its words."""
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\necho libfoo is missing >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(broken))
    with pytest.raises(RuntimeError, match="exit status 127: libfoo is missing"):
        save(small(), tmp_path / "g.svg")


def test_rendering_writes_svg_by_default(tmp_path: Path) -> None:
    """graphviz's own default is pdf, which graphviz-pure cannot write."""
    if not RENDERERS:
        pytest.skip("no renderer on this machine")
    assert Path(draw(small()).render(tmp_path / "g")).suffix == ".svg"


def test_a_notebook_does_not_hang_on_a_huge_graph() -> None:
    """It shows how large it is, and how to have it all the same."""
    x = Value(1.0)
    for _ in range(2_000):
        x = x * 1.0
    assert "save(result, 'graph.svg')" in draw(x, max_nodes=3_000)._repr_mimebundle_()["text/plain"]


def test_a_notebook_gets_svg_and_png_for_exports() -> None:
    """Whole pictures both; what is asked for alone, where it is."""
    if not RENDERERS:
        pytest.skip("no renderer on this machine")
    bundle = draw(small())._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "image/png"}
    assert "<svg" in bundle["image/svg+xml"]
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert set(draw(small())._repr_mimebundle_(include={"image/png"})) == {"image/png"}
    assert set(draw(small())._repr_mimebundle_(exclude={"image/png"})) == {"image/svg+xml"}


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole or not at all."""
    path = tmp_path / "g.svg"
    path.write_text("old")
    monkeypatch.setattr(rendering, "_graphviz_pure", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(RendererNotFoundError):
        save(small(), path)
    assert path.read_text() == "old"


def test_without_dot_graphviz_pure_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found beside the interpreter, though the environment is not activated."""
    monkeypatch.setenv("PATH", "nowhere")
    assert shutil.which("dot") is None
    if rendering._graphviz_pure() is None:
        pytest.skip("graphviz-pure is not installed")
    assert "<svg" in draw(small()).pipe(format="svg", encoding="utf-8")
    assert "image/svg+xml" in draw(small())._repr_mimebundle_()


def test_without_any_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error that names both ways to install; in a notebook the text and the hint, never a traceback."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    drawn = draw(small())
    with pytest.raises(RendererNotFoundError, match="pip install graphviz-pure") as error:
        drawn.pipe(format="svg")
    assert "apt-get install graphviz" in str(error.value)
    bundle = drawn._repr_mimebundle_()
    assert drawn.source in bundle["text/plain"]
    assert INSTALL_HINT in bundle["text/plain"]


def test_rendering_from_several_threads() -> None:
    """The renderer is looked up for each call; none disturbs another."""
    if not RENDERERS:
        pytest.skip("no renderer on this machine")
    found: list[bool] = []

    def work() -> None:
        found.append("<svg" in draw(small()).pipe(format="svg", encoding="utf-8"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


def test_a_value_shows_its_text_in_a_notebook() -> None:
    """No rich representation of its own: the number is what one looks at."""
    assert not any(hasattr(Value(1.0), name) for name in ("_repr_html_", "_repr_svg_", "_repr_mimebundle_"))
    assert html.escape(repr(Value(1.0)))


@pytest.mark.parametrize("precision", [True, 0, 18, 2.5])
def test_a_precision_that_is_none(precision: Any) -> None:
    """Refused in words, not by Python's formatting."""
    with pytest.raises(ValueError, match="precision must be a whole number of digits from 1 to 17"):
        draw(Value(1.0) * 2.0, precision=precision)
