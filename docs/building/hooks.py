"""MkDocs calls these: pages made of documents, tables and code are added, and pages that load from elsewhere are refused."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path

from docs.building.chapters import anchors, chapters, notebook, relinked, slug  # noqa: E402
from docs.building.charts import with_charts  # noqa: E402
from docs.building.drawn import with_results  # noqa: E402
from docs.building.reference import expanded  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

DOCUMENTS = {
    "docs/pictures.md": "pictures.md",
    "CONTRIBUTING.md": "inside/contributing.md",
    "CHANGELOG.md": "changelog.md",
    "demos/README.md": "demos.md",
    "demos/gpt.ipynb": "tutorial/gpt.md",
    "demos/tour.ipynb": "tour.md",
}
"""Documents of one page. The guide has one for each chapter, and benchmarks those that `site/benchmarks/index.md` lists."""

GUIDE = "docs/guide.md"
COPIED = ("docs/quickstart.svg", "docs/training.svg", "docs/pictures/*", "docs/pages/*")
LOADS = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|link(?![^>]*rel=\"?(?:canonical|prev|next|alternate)))\b[^>]*?"
    r"\b(?:src|href|data|srcset)=[\"']?(?:https?:)?//[^\"' >]+"
    r"|url\([\"']?(?:https?:)?//[^)]+|@import [\"'](?:https?:)?//[^\"']+"
)


def loads_from_elsewhere(text: str) -> list[str]:
    """What a page or a style sheet would fetch from another server; links that a reader follows are none.

    >>> loads_from_elsewhere('<a href="https://a.org">a</a> <img src="https://b.org/c.png"> url(//d.org/e.woff)')
    ['<img src="https://b.org/c.png', 'url(//d.org/e.woff']
    """
    return LOADS.findall(text)


def texts() -> dict[str, tuple[str, str]]:
    """The text of each page that a document becomes, by the page: the document, and its text in Markdown."""
    found = {}
    for source, page in DOCUMENTS.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        found[page] = source, notebook(text) if source.endswith(".ipynb") else text
    for title, text in chapters((ROOT / GUIDE).read_text(encoding="utf-8")).items():
        found[f"guide/{slug(title)}.md"] = GUIDE, text
    listed = (ROOT / "docs" / "site" / "benchmarks" / "index.md").read_text(encoding="utf-8")
    titled = {name: title for title, name in re.findall(r"- \[(.+)\]\((\w+\.md)\)", listed)}
    for path in [ROOT / "benchmarks" / name for name in titled]:
        head = f"# {titled[path.name]}\n\n`python -m benchmarks {path.stem}`\n\n"
        found[f"benchmarks/{path.stem}.md"] = f"benchmarks/{path.name}", head + with_charts(path.read_text(encoding="utf-8"))
    return found


def places(pages: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Where what documents refer to is on the site, down to headings."""
    found = {"README.md": "index.md", GUIDE: "guide/index.md", "docs/pages": "pages.md"}
    for page, (source, text) in pages.items():
        found |= {f"{source}#{anchor}": page for anchor in anchors(text)}
        if source != GUIDE:
            found[source] = page
    return found | {f"docs/{name}": name for name in copied()}


def copied() -> dict[str, Path]:
    """Files that the site has as they are, by their places."""
    paths = [path for pattern in COPIED for path in sorted(ROOT.glob(pattern))]
    return {path.relative_to(ROOT / "docs").as_posix(): path for path in paths}


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Puts the pages of a folder where the menu says `folder/*`."""
    config.nav = spread(config.nav, [*texts()])
    return config


def spread(menu: Any, pages: list[str]) -> Any:
    """A menu with `folder/*` replaced by the pages of that folder.

    >>> spread([{"Guide": ["index.md", "guide/*"]}], ["guide/a.md", "guide/b.md", "c.md"])
    [{'Guide': ['index.md', 'guide/a.md', 'guide/b.md']}]
    """
    if isinstance(menu, dict):
        return {title: spread(under, pages) for title, under in menu.items()}
    if isinstance(menu, str):
        return menu
    found: list[Any] = []
    for entry in menu:
        folder = entry.removesuffix("*") if isinstance(entry, str) else entry
        found += [spread(entry, pages)] if folder == entry else [page for page in pages if page.startswith(folder)]
    return found


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Adds what is made: the documents' pages, and files that are copied."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - the other functions here are tested without MkDocs

    pages = texts()
    moved = places(pages)
    elsewhere = config.extra["repository"] + "/blob/main/"
    for page, (source, text) in pages.items():
        files.append(File.generated(config, page, content=relinked(text, source, page, moved, elsewhere)))
    for name, path in copied().items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Puts names, primitives, the guide's chapters, live pages and what the page's code gives where comments ask for them."""
    found = expanded(with_results(markdown))
    if "<!-- chapters -->" in found:
        guide = chapters((ROOT / GUIDE).read_text(encoding="utf-8"))
        found = found.replace("<!-- chapters -->", "\n".join(f"- [{title}]({slug(title)}.md)" for title in guide))
    for title, name in live_pages():
        found = found.replace(f"<!-- live page: {name} -->", frame(title, name, above=""))
    every = "\n\n".join(f"## {title}\n\n{frame(title, name)}" for title, name in live_pages())
    return found.replace("<!-- live pages -->", every)


def live_pages() -> list[tuple[str, str]]:
    """What the page about pictures calls them, and where they are."""
    text = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8").replace("\n", " ")
    return [(f"{title[0].upper()}{title[1:]}", name) for title, name in re.findall(r"\[([^\]]+)\]\((pages/\w+\.html)\)", text)]


def frame(title: str, name: str, above: str = "../") -> str:
    """A live page in a frame, which is filled when it comes into sight."""
    shown = f'<iframe class="live" src="{above}{name}" title="{title}" loading="lazy"></iframe>'
    return f"{shown}\n\n[In a window of its own]({name})"


def on_post_build(config: "MkDocsConfig") -> None:
    """Refuses a site of which a page or a style sheet would load anything from elsewhere."""
    from mkdocs.exceptions import PluginError  # noqa: PLC0415 - as above

    built = Path(config.site_dir)
    found = {
        f"{path.relative_to(built)}: {load}"
        for path in [*built.rglob("*.html"), *built.rglob("*.css")]
        for load in loads_from_elsewhere(path.read_text(encoding="utf-8"))
    }
    if found:
        raise PluginError("pages must load nothing from elsewhere:\n" + "\n".join(sorted(found)))
