"""Documents become pages whole, with their links."""

import re
from pathlib import Path

from docs.building import chapters

GUIDE = (Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")


def test_the_guide_is_all_there() -> None:
    """Each line after the title is in one chapter, with headings one level up."""
    found = "".join(chapters.chapters(GUIDE).values())
    wanted = re.sub(r"^##", "#", GUIDE[GUIDE.index("\n## ") + 1 :], flags=re.MULTILINE)
    assert found == wanted


def test_comments_in_code_are_no_headings() -> None:
    """Nor is anything in a fence."""
    text = "## A\n```sh\n## not a chapter\n```\n## B\n"
    assert [*chapters.chapters(text)] == ["A", "B"]
    assert chapters.anchors(text) == ["a", "b"]


def test_links_are_moved_and_code_is_not() -> None:
    """To a heading of another chapter, to a document, to a file of the repository; pictures as well."""
    pages = {
        "docs/guide.md#loops": "guide/loops.md",
        "docs/pictures.md": "pictures.md",
        "docs/pictures/a.svg": "pictures/a.svg",
    }
    text = (
        "[a](#loops) ![b](pictures/a.svg) [c](pictures.md#files) [d](../demos) [e](https://f.org) `[g](x)`\n```\n[h](y)\n```\n"
    )
    assert chapters.relinked(text, "docs/guide.md", "guide/odes.md", pages, "https://r.org/") == (
        "[a](loops.md#loops) ![b](../pictures/a.svg) [c](../pictures.md#files) [d](https://r.org/demos) [e](https://f.org) "
        "`[g](x)`\n```\n[h](y)\n```\n"
    )


def test_a_notebook_shows_code_and_results() -> None:
    """Its words, cells, text and pictures in order."""
    text = """{"cells": [{"cell_type": "markdown", "source": ["# T"]}, {"cell_type": "code", "source": ["1 + 1"], "outputs": [
        {"text": ["said\\n"]}, {"data": {"text/plain": ["2"]}}, {"data": {"image/svg+xml": ["<svg/>"]}}]}]}"""
    fence = "```"
    assert chapters.notebook(text) == (
        f"# T\n\n{fence}python\n1 + 1\n{fence}\n\n{fence}text\nsaid\n{fence}\n\n"
        f"{fence}text\n2\n{fence}\n\n<figure><svg/></figure>\n"
    )
