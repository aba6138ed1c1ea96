"""The notebook runs from its first cell to its last, and gives the results that it shows."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pictures.renderers import RENDERERS
from tests.test_readme import reads_alike

ROOT = Path(__file__).parents[1]
NOTEBOOKS = [path for path in ROOT.rglob("*.ipynb") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]
NOTEBOOK = json.loads((ROOT / "demos" / "tour.ipynb").read_text(encoding="utf-8"))


def outputs(cell: dict[str, Any]) -> Iterator[str]:
    """What the notebook shows below a cell: what was printed, then the result as text."""
    for output in cell["outputs"]:
        yield "".join(output["text"] if "text" in output else output["data"]["text/plain"])


def test_it_is_fifteen_cells_as_run() -> None:
    """Executed in order, without an error, and nothing of the machine in it."""
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert len(NOTEBOOK["cells"]) == 15
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not any(output["output_type"] == "error" for cell in code for output in cell["outputs"])
    assert re.search(r"0x[0-9a-f]{6}|/home|/tmp", json.dumps(NOTEBOOK)) is None


@pytest.mark.skipif(not RENDERERS, reason="no renderer on this machine")
def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each cell prints and gives what the notebook shows."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] != "code":
            continue
        *statements, last = ast.parse("".join(cell["source"])).body
        exec(compile(ast.Module(statements, []), "<cell>", "exec"), scope)
        assert isinstance(last, ast.Expr)
        result = eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope)
        found = [text for text in (capsys.readouterr().out, "" if result is None else shown(result)) if text]
        for text, wanted in zip(found, outputs(cell), strict=True):
            assert reads_alike(" ".join(text.split()), " ".join(wanted.split())), "".join(cell["source"])
    assert {path.name for path in tmp_path.iterdir()} == {"steps.html", "adding.html", "training.html"}


def shown(result: Any) -> str:
    """A result as the notebook shows it."""
    return "<the picture>" if "image/svg+xml" in getattr(result, "_repr_mimebundle_", dict)() else repr(result)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_cell_saves_a_file_that_nbconvert_would_write(path: Path) -> None:
    """`jupyter nbconvert` names its output like the notebook, with another suffix: a page of that name would be overwritten."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    trees = [ast.parse("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    strings = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    files = [Path(text) for text in strings if isinstance(text, str) and re.fullmatch(r"[\w./-]+\.\w+", text)]
    assert files or path.stem != "tour"
    assert path.stem not in {file.stem for file in files}
