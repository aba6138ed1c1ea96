"""Documents of the repository as pages of the site: the guide a chapter a page, links between them kept."""

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Pages = Mapping[str, str]
"""Where things of the repository are on the site: "docs/guide.md", or "docs/guide.md#loops" for a heading, to a page."""

LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\]\()([^)\s]+)\)")
CODE = re.compile(r"(^```.*?^```[^\n]*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def slug(title: str) -> str:
    """What a heading is called in addresses, on GitHub and on the site.

    >>> slug("Why does `backward()` add?")
    'why-does-backward-add'
    """
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def chapters(text: str) -> dict[str, str]:
    r"""A document cut at its second-level headings, which become first-level ones; what is before them is left out.

    >>> chapters("# Book\n\n## One\nA\n### Part\n## Two\nB\n")
    {'One': '# One\nA\n## Part\n', 'Two': '# Two\nB\n'}
    """
    found: dict[str, str] = {}
    title = ""
    for line in outside_code(text):
        if line[1] and line[0].startswith("## "):
            title = line[0][3:].strip()
            found[title] = ""
        if title:
            found[title] += (line[0][1:] if line[1] and line[0].startswith("##") else line[0]) + "\n"
    return found


def outside_code(text: str) -> Iterator[tuple[str, bool]]:
    """The lines, and whether each is outside of a fence."""
    outside = True
    for line in text.splitlines():
        fence = line.startswith("```")
        yield line, outside and not fence
        outside = outside != fence


def anchors(text: str) -> list[str]:
    """What addresses can point at in a text."""
    return [slug(line.lstrip("#")) for line, outside in outside_code(text) if outside and line.startswith("#")]


def relinked(text: str, source: str, page: str, pages: Pages, elsewhere: str) -> str:
    """A document's text on its page: links and pictures point at pages of the site, or where the repository is published.

    >>> relinked("[loops](guide.md#loops), [why](../why.py)", "docs/pictures.md", "pictures.md",
    ...          {"docs/guide.md#loops": "guide/loops.md"}, "https://example.org/")
    '[loops](guide/loops.md#loops), [why](https://example.org/why.py)'
    """

    def moved(link: re.Match[str]) -> str:
        target, _, anchor = link[2].partition("#")
        if re.match(r"https?:|mailto:", target):
            return link[0]
        full = posixpath.normpath(posixpath.join(posixpath.dirname(source), target)) if target else source
        found = pages.get(f"{full}#{anchor}") or pages.get(full)
        if found is None:
            return f"{link[1]}{elsewhere}{full}{anchor and '#'}{anchor})"
        return f"{link[1]}{posixpath.relpath(found, posixpath.dirname(page) or '.')}{anchor and '#'}{anchor})"

    return prose(lambda part: LINK.sub(moved, part), text)


def prose(change: Callable[[str], str], text: str) -> str:
    """The text changed where it is not code."""
    return "".join(part if i % 2 else change(part) for i, part in enumerate(CODE.split(text)))


def notebook(text: str) -> str:
    """A notebook as Markdown: its words, its cells, and below each what it gave."""
    return "\n\n".join(part for cell in json.loads(text)["cells"] for part in _cell(cell)) + "\n"


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/svg+xml" in data:
            yield f"<figure>{''.join(data['image/svg+xml'])}</figure>"
        elif said := "".join(output.get("text") or data.get("text/plain", "")).rstrip():
            yield f"```text\n{said}\n```"


SPECIAL = re.compile(r"(?<=\S)\*|\[")


def fenced(docstring: str) -> str:
    r"""A docstring as Markdown: its doctests in fences, which end with an empty line, and stars and brackets as they are.

    >>> fenced("x**2, or a[i].\n\n>>> 1\n1").split("\n")
    ['x\\*\\*2, or a\\[i].', '', '', '```pycon', '>>> 1', '1', '```', '']
    """
    lines: list[str] = []
    inside = False
    for line in [*docstring.splitlines(), ""]:
        if line.lstrip().startswith(">>>") and not inside:
            lines += ["", "```pycon"]
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line if inside else prose(lambda part: SPECIAL.sub(r"\\\g<0>", part), line))
    return "\n".join(lines)
