"""The README tells the truth: its code runs as written, and gives the results in its comments."""

import ast
import io
import math
import platform
import re
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import autograd
import nn

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
GUIDE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "guide.md").read_text(encoding="utf-8"), re.DOTALL)


RESULT = re.compile(r"(Value\(.*\)|\(.*\)|\[.*\]|\{.*\}|-?[\d.e+-]+|True|False|nan|inf)$")
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


SAME_LIBRARY = platform.libc_ver()[0] == "glibc" and platform.machine() == "x86_64"
"""Whether mathematics comes from the library that computed what the documents show: others differ in last digits."""


def reads_alike(found: str, wanted: str) -> bool:
    """Whether two texts are the same; with another library of mathematics, whether their numbers are nearly equal."""
    if found == wanted or SAME_LIBRARY:
        return found == wanted
    pairs = zip(NUMBER.findall(found), NUMBER.findall(wanted), strict=False)
    return NUMBER.sub("#", found) == NUMBER.sub("#", wanted) and all(
        math.isclose(float(x), float(y), rel_tol=1e-13) for x, y in pairs
    )


DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("demos/*.ipynb"), *ROOT.glob("demos/*.py")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_numbers_are_as_python_prints_them(path: Path) -> None:
    """A number with all its digits has those of its repr, on every machine."""
    shown = [text for text in NUMBER.findall(path.read_text(encoding="utf-8")) if len(text.strip("-0.")) > 15]
    assert [text for text in shown if repr(float(text)) != text] == []


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_snippet_runs_and_gives_the_results_in_its_comments(snippet: str) -> None:
    """Check that a comment that reads as a result is the statement's result, or what it prints."""
    run(snippet, {})


def test_the_guide_runs_and_gives_the_results_in_its_comments() -> None:
    """Snippets run in order, as a reader would run them: a snippet may use an earlier one's names."""
    scope: dict[str, object] = {}
    for snippet in GUIDE:
        run(snippet, scope)
    shown = re.search(r"```text\n(.*?)\n```", (ROOT / "docs" / "guide.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert reads_alike(str(scope["message"]), shown[1])


def test_the_page_of_pictures_tells_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its snippets run; its tree and its formula are those that the code prints."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    first, drawn_as_tree, *others = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope: dict[str, object] = {}
    run(first, scope)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(drawn_as_tree, scope)
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    assert printed.getvalue() == shown[1]
    for snippet in others:
        run(snippet, scope)


def run(snippet: str, scope: dict[str, object]) -> None:
    """Run a snippet, statement by statement, and compare with its comments."""
    lines = snippet.splitlines()
    for statement in ast.parse(snippet).body:
        first = min([statement.lineno, *[decorator.lineno for decorator in getattr(statement, "decorator_list", [])]])
        source = "\n".join(lines[first - 1 : statement.end_lineno])
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(source, "<snippet>", "exec"), scope)
        comment = source.rpartition("#")[2].strip() if "#" in source.splitlines()[-1] else ""
        if printed.getvalue():
            assert printed.getvalue().strip() == comment
        elif isinstance(statement, ast.Assign | ast.Expr) and RESULT.match(comment):
            name = statement.targets[0] if isinstance(statement, ast.Assign) else statement.value
            assert reads_alike(repr(eval(ast.unparse(name), scope)), comment), source


def test_first_screen_is_ten_lines_with_results() -> None:
    """A sentence, ten lines or fewer of code, and the picture they draw, which is in the repository."""
    assert len(SNIPPETS[0].splitlines()) <= 10
    assert (ROOT / "docs" / "quickstart.svg").is_file()
    assert README.index("docs/quickstart.svg") < README.index("## Two commands")


def test_version_and_extras() -> None:
    """They are those that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "chainrule"
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert {"dot", "demos", "test", "bench"} <= set(project["optional-dependencies"])
    for package in (autograd, nn):
        assert (Path(package.__file__).parent / "py.typed").is_file()


def test_ci_runs_the_readmes_own_test_command() -> None:
    """The script takes it from the README, word for word."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert len(re.findall(r"^python -m pip install -e .* && python -m ", README, re.MULTILINE)) == 2
