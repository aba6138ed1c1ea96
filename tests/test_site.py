"""The site's pages: their code gives what they say, and the menu has them."""

import re
from pathlib import Path

import pytest

from tests.test_readme import run

SITE = Path(__file__).parents[1] / "docs" / "site"
PAGES = sorted(SITE.rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(SITE).as_posix())
def test_code_runs_and_gives_the_results_in_its_comments(page: Path) -> None:
    """Blocks of a page run in order, as a reader would run them."""
    scope: dict[str, object] = {}
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        run(snippet, scope)


def test_every_page_is_in_the_menu() -> None:
    """And the theme's fonts come with it, so that no page asks another server for them."""
    menu = (SITE.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in PAGES if not re.search(rf"[:-] {page.relative_to(SITE)}\n", menu)] == []
    assert "font: false" in menu
