"""The site's pages: their code gives what they say, and what they refer to is there."""

import re
from pathlib import Path
from pydoc import locate

import pytest

from tests.test_readme import run

SITE = Path(__file__).parents[1] / "docs" / "site"
PAGES = sorted(SITE.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_runs_and_gives_the_results_in_its_comments(page: Path) -> None:
    """Blocks of a page run in order, as a reader would run them."""
    scope: dict[str, object] = {}
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        run(snippet, scope)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_refers_to_is_there(page: Path) -> None:
    """Each name whose docstring it shows, which has one; and the page is in the site's menu."""
    for name in re.findall(r"^::: (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert getattr(locate(name), "__doc__", None), name
    assert f": {page.name}" in (SITE.parent / "mkdocs.yml").read_text(encoding="utf-8")


def test_no_page_loads_from_elsewhere() -> None:
    """Fonts come with the theme; a page has no address of a script, a style or a picture elsewhere."""
    assert "font: false" in (SITE.parent / "mkdocs.yml").read_text(encoding="utf-8")
    for page in PAGES:
        assert not re.search(r"!\[[^]]*\]\(http|<(script|link|img)\b", page.read_text(encoding="utf-8"))
