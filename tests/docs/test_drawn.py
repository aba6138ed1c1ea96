"""Pages show what their own code gives."""

import pytest

from docs.building.drawn import with_results
from tests.pictures.renderers import RENDERERS


def test_text_is_that_of_the_code_above() -> None:
    """And not of what comes after."""
    page = "```python\nx = 1\n```\n<!-- output: x -->\n```python\nx = 2\n```\n<!-- output: x -->\n"
    assert with_results(page).count("```python\n1\n```") == with_results(page).count("```python\n2\n```") == 1


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
def test_a_picture_is_inline() -> None:
    """On one line, so that Markdown leaves it alone."""
    page = with_results(
        "```python\nfrom autograd import Value\nx = Value(1.0, label='here')\n```\n<!-- picture: (x * 2).draw() -->"
    )
    [line] = [line for line in page.splitlines() if "<svg" in line]
    assert ">here<" in line
    assert line.endswith("</svg></figure>")
