"""The live pages of the documents: each is there, made by the demo, and the documents lead to it."""

import re
from pathlib import Path

import pytest

from autograd import Recording, Value
from demos import pages

DOCS = Path(__file__).parents[2] / "docs"


def test_each_page_is_among_the_documents() -> None:
    """And no others; each is linked."""
    assert {path.stem for path in (DOCS / "pages").glob("*.html")} == set(pages.PAGES)
    linked = re.findall(r"\(pages/(\w+)\.html\)", (DOCS / "pictures.md").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(pages.PAGES)


def test_the_pictures_of_the_readme_are_there() -> None:
    """Small enough to load with it."""
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"\(docs/pages/(\w+\.(?:png|gif))\)", readme):
        assert 10_000 < (DOCS / "pages" / name).stat().st_size < 1_000_000
    assert readme.count("(docs/pages/") >= 2


@pytest.mark.parametrize("name", ["neuron", "training"])
def test_what_they_show(name: str) -> None:
    """A Value, or a Recording, as `save` takes it."""
    assert isinstance(pages.PAGES[name](), Value | Recording)


def test_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them into the folder."""
    monkeypatch.setattr(pages, "PAGES", {"twice": pages.twice})
    pages.main(["--out", str(tmp_path / "new")])
    assert "1 pages" in capsys.readouterr().out
    assert (tmp_path / "new" / "twice.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
