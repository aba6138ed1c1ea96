"""Any text as a label, through real renderers: it reads as it stands, and does nothing. And texts cut to length."""

import random
import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, draw
from autograd.pictures.modules import label_place
from autograd.pictures.text import middle_cut, number, shortened, visible
from tests.pictures.renderers import RENDERERS, spaces, texts_of


def rendered(result: Value | str, renderer: str) -> list[str]:
    """The texts in the SVG that a renderer makes of a graph, or of one with that label."""
    return texts_of(draw(result if isinstance(result, Value) else Value(1.0, label=result)).source, renderer)


def shown(label: str) -> list[str]:
    """How a label reads in a picture: its lines, without empty ones, up to 24, in the last of which breaks are characters."""
    *first, last = [character_by_character(line) for line in label.replace("\r\n", "\n").split("\n", 23)]
    return [line for line in map(spaces, [*first, last]) if line]


def character_by_character(label: str) -> str:
    """A line of it."""
    pictured = [chr(0x2400 + ord(c)) if ord(c) < 0x20 else "␡" if c == "\x7f" else "�" if not valid(c) else c for c in label]
    return "".join(pictured)


def valid(character: str) -> bool:
    """Whether XML can hold the character."""
    code = ord(character)
    return not (0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE)


HOSTILE = [
    "&amp; &lt; &#65; & <b>bold</b>", "<<b>html</b>>", "<>", 'say "hi"', '\\"', "\\", "\\\\", "a\\", "\\N \\G \\L \\l \\n",
    "a\nb\r\tc", "two\r\nlines", "\n", "a\n\nb\n", "line\n" * 40,
    "\x00\x01\x1b\x7f", "a\x85b\x9f",
    "{a|b}<port>", "</script><img src=x onerror=alert(1)>", "العربية עברית", "🙂👩‍👩‍👧", "  two  spaces  ",
    "digraph", "v0", "layers.0.<b>.&amp;", "a.b", ".", "..", "-->", "]]>",
    "%s %d {}", "'; drop", "\ud800", "\ufffe", "é\u0301", "\u202eabc", "//", "#", "+", "a;b",
]  # fmt: skip


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_read_as_they_stand(label: str, renderer: str) -> None:
    """Through the real renderer, parsed as XML: the label is its lines of text, and nothing else."""
    assert list(filter(None, rendered(label, renderer))) == [*shown(label), "data 1", "grad -"]


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@settings(max_examples=25)
@given(st.lists(st.text(min_size=1), min_size=20, max_size=20))
@example(["&", '"', "\\"] * 6 + ["a", "b"])
def test_any_label_reads_as_it_stands(labels: list[str]) -> None:
    """Twenty random labels a picture, through every renderer at hand."""
    leaves = [Value(1.0, label=label) for label in labels]
    for renderer in RENDERERS:
        texts = set(rendered(ag.sum_(leaves), renderer))
        for label in labels:
            assert texts.issuperset(shown(label))


PIECES = [
    *"ab01 .\\\"'<>&;:|{}[]()#%$^~`=+-/*\n\r\t\x00\x1b\x7f\x9f",
    "&amp;", "&#60;", "<b>", "</svg>", "]]>", "<!--", "-->", "\\N", "\\l", "digraph{", "a.b.",
    "\u202e", "\u05e9", "\u0639", "\U0001f642", "\u200d", "\u0301", "\ud800", "\ufffe",
]  # fmt: skip


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("group", [False, True])
def test_a_thousand_hostile_labels(renderer: str, group: bool) -> None:
    """Forty a picture, of what means something to dot, XML, HTML or a terminal: each is its lines of text, no more."""
    rng = random.Random(0)
    for _ in range(25):
        labels = ["".join(rng.choices(PIECES, k=rng.randrange(1, 30))) for _ in range(40)]
        picture = draw(ag.sum_([Value(1.0, label=label) for label in labels]), group=group)
        paths = [label_place(label)[0] if group else () for label in labels]
        frames = {path[:level] for path in paths for level in range(1, len(path) + 1)}
        inside = [label.removeprefix("".join(f"{level}." for level in path)) for label, path in zip(labels, paths, strict=True)]
        wanted = [line for text in [*inside, *[frame[-1] for frame in frames]] for line in shown(text)]
        wanted += ["data 1", "grad -"] * 40 + ["sum", "data 40", "grad -"]
        found = texts_of(picture.source, renderer)
        assert Counter(filter(None, found)) == Counter(filter(None, map(spaces, wanted)))


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


def test_primitives_with_hostile_symbols() -> None:
    """A user's symbol is text as well."""
    primitive = ag.primitive("hostile_test", symbol='<b>"&amp;\\N</b>', evaluate=lambda x: x, partials=(1.0,))
    for renderer in RENDERERS:
        assert primitive.symbol in rendered(primitive(Value(1.0)), renderer)


@given(st.text(), st.integers(2, 40))
def test_cut_texts_keep_their_ends(text: str, longest: int) -> None:
    """No longer than allowed; both ends stay where the middle goes, and a text that fits stays whole."""
    for cut in (middle_cut, shortened):
        found = cut(text, longest)
        assert found == text if len(text) <= longest else len(found) == longest
    if len(text) > longest:
        start, _, end = middle_cut(text.replace("…", "."), longest).partition("…")
        assert text.replace("…", ".").startswith(start)
        assert text.replace("…", ".").endswith(end)
        assert 0 <= len(end) - len(start) <= 1
        assert text.startswith(shortened(text, longest)[:-1])


@given(st.text())
def test_terminals_obey_nothing(text: str) -> None:
    """One line of as many characters, without controls or changes of direction; anything else stays."""
    found = visible(text)
    assert len(found) == len(text)
    assert found.splitlines() == [found] * bool(found)
    for before, after in zip(text, found, strict=True):
        assert unicodedata.category(after) != "Cc"
        assert unicodedata.bidirectional(after) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        if unicodedata.category(before) not in ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp"):
            assert after == before


def test_numbers() -> None:
    """Significant digits, signs and the words of IEEE; a dash for no number."""
    assert [number(x, 3) for x in (1234.5, -0.0, 1e-9, float("inf"), float("nan"), None)] == [
        "1.23e+03", "0", "1e-09", "inf", "nan", "-",
    ]  # fmt: skip
