"""Pictures: what they show, the same text every time, any label through real renderers, and machines without one."""

import html
import math
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, draw, rendering, save
from autograd.rendering import INSTALL_HINT, RendererNotFoundError

RENDERERS = [
    name for name in ("dot", "graphviz-pure") if shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
]
SVG = "{http://www.w3.org/2000/svg}"


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
    assert [line for line in lines if re.match(r"n\d+ \[", line)] == [
        r'n0 [label="a\ndata 2\ngrad -0.21" fillcolor="#e8f1fa"]',
        r'n1 [label="b\ndata -0.5\ngrad 0.84" fillcolor="#e8f1fa"]',
        'n2 [label="*" fillcolor="#fdf3d8" shape=ellipse]',
        r'n3 [label="data -1\ngrad 0.42" fillcolor="#e8f1fa"]',
        'n4 [label=2 color="#b0b0b0" fillcolor="#f2f2f2"]',
        'n5 [label="+" fillcolor="#fdf3d8" shape=ellipse]',
        r'n6 [label="data 1\ngrad 0.42" fillcolor="#e8f1fa"]',
        'n7 [label=tanh fillcolor="#fdf3d8" shape=ellipse]',
        r'n8 [label="y\ndata 0.762\ngrad 1" fillcolor="#e8f1fa"]',
    ]
    assert [line for line in lines if "->" in line] == [
        'n0 -> n2 [label="-0.5"]'.replace('"-0.5"', "-0.5"), "n1 -> n2 [label=2]", "n2 -> n3",
        "n3 -> n5 [label=1]", "n4 -> n5", "n5 -> n6", "n6 -> n7 [label=0.42]", "n7 -> n8",
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


def test_deep_and_shared_graphs_are_drawn_once_a_node() -> None:
    """No recursion, and 2**50 paths are 50 doublings."""
    x = Value(1.0)
    for _ in range(50):
        x = x + x
    assert draw(x).source.count("fillcolor") == 101
    for _ in range(20_000):
        x = x * 1.0
    assert len(draw(x).source) > 1_000_000


def rendered(result: Value | str, renderer: str) -> list[str]:
    """The texts in the SVG that a renderer makes of a graph, or of one with that label."""
    value = result if isinstance(result, Value) else Value(1.0, label=result)
    executable = shutil.which(renderer) or shutil.which(renderer, path=str(Path(sys.executable).parent))
    assert executable
    source = draw(value).source.encode()
    done = subprocess.run([executable, "-Tsvg"], input=source, capture_output=True, check=True)
    warned = [line for line in done.stderr.decode().splitlines() if "no value for width of non-ASCII" not in line]
    assert not warned
    return [text.text or "" for text in ET.fromstring(done.stdout).iter(f"{SVG}text")]


def shown(label: str) -> str:
    """How a label reads in a picture."""
    pictured = [chr(0x2400 + ord(c)) if ord(c) < 0x20 else "␡" if c == "\x7f" else "�" if not valid(c) else c for c in label]
    return "".join(pictured)


def valid(character: str) -> bool:
    """Whether XML can hold the character."""
    code = ord(character)
    return not (0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE)


def spaces(text: str) -> str:
    """Renderers write spaces as no-break spaces here and there."""
    return text.replace("\xa0", " ")


HOSTILE = [
    "&amp; &lt; &#65; & <b>bold</b>", "<<b>html</b>>", "<>", 'say "hi"', '\\"', "\\", "\\\\", "a\\", "\\N \\G \\L \\l \\n",
    "a\nb\r\tc",
    "\x00\x01\x1b\x7f", "a\x85b\x9f",
    "{a|b}<port>", "</script><img src=x onerror=alert(1)>", "العربية עברית", "🙂👩‍👩‍👧", "  two  spaces  ",
    "digraph", "n0", "-->", "]]>", "%s %d {}", "'; drop", "\ud800", "\ufffe", "é\u0301", "\u202eabc", "//", "#", "+", "a;b",
]  # fmt: skip


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_read_as_they_stand(label: str, renderer: str) -> None:
    """Through the real renderer, parsed as XML: the label is one line of text, and nothing else."""
    texts = rendered(label, renderer)
    assert len(texts) == 3
    assert spaces(texts[0]).strip() == spaces(shown(label)).strip()


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@settings(max_examples=25)
@given(st.lists(st.text(min_size=1), min_size=20, max_size=20))
@example(["&", '"', "\\"] * 6 + ["a", "b"])
def test_any_label_reads_as_it_stands(labels: list[str]) -> None:
    """Twenty random labels a picture, through every renderer at hand."""
    leaves = [Value(1.0, label=label) for label in labels]
    for renderer in RENDERERS:
        texts = {spaces(text).strip() for text in rendered(ag.sum_(leaves), renderer)}
        for label in labels:
            assert spaces(shown(label)).strip() in texts


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@pytest.mark.parametrize("label", ["a" * 16_000, "a" * 20_000, "é" * 20_000, '"' * 20_000, "&" * 20_000, "\\a" * 10_000])
def test_very_long_labels(label: str) -> None:
    """Up to dot's limit whole, beyond it cut, with the length told."""
    for renderer in RENDERERS:
        text = rendered(label, renderer)[0]
        if len(label) == 16_000:
            assert text == label
        else:
            kept, _, rest = text.partition("… (20000 characters, the first ")
            assert label.startswith(kept)
            assert rest == f"{len(kept)} shown)"


def test_rows_with_hostile_symbols() -> None:
    """A user's symbol is text as well."""
    row = ag.primitive("hostile_test", symbol='<b>"&amp;\\N</b>', evaluate=lambda x: x, partials=(1.0,))
    for renderer in RENDERERS:
        assert row.symbol in rendered(row(Value(1.0)), renderer)


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
    """An error that names the usual ones; no file, nor half a one."""
    with pytest.raises(ValueError, match=r"in \.svg, \.png or \.dot"):
        save(small(), tmp_path / name)
    assert not list(tmp_path.iterdir())


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
    assert "save(result, 'graph.svg')" in draw(x)._repr_mimebundle_()["text/plain"]


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
