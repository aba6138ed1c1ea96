"""What a page's own code gives, where its comments ask for it: pictures, and text."""

import re
from typing import Any

CODE = re.compile(r"```python\n(.*?)```|^<!-- (picture|output): ([^\n]*) -->$", re.DOTALL | re.MULTILINE)


def with_results(markdown: str) -> str:
    r"""The page with each comment `picture: EXPRESSION` or `output: EXPRESSION` replaced by that; the code before it has run.

    >>> page = "```python\nfrom autograd import Value\n```\n<!-- picture: (2 * Value(3.0)).draw() -->"
    >>> "<svg" in with_results(page), with_results("<!-- output: 1 + 1 -->")
    (True, '```python\n2\n```')
    """
    if not re.search("^<!-- (picture|output): ", markdown, re.MULTILINE):
        return markdown
    scope: dict[str, Any] = {}

    def replaced(found: re.Match[str]) -> str:
        if found[2] is None:
            exec(found[1], scope)  # noqa: S102 - the site's own pages
            return found[0]
        result = eval(found[3], scope)  # noqa: S307 - likewise
        if found[2] == "output":
            return f"```python\n{str(result).strip()}\n```"
        drawn = result._repr_mimebundle_()["image/svg+xml"]  # as notebooks do
        return f'<figure class="drawn">{drawn[drawn.index("<svg") :]}</figure>'.replace("\n", "")

    return CODE.sub(replaced, markdown)
