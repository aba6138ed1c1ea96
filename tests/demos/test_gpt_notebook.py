"""demos/gpt.ipynb: from counting letters to a GPT; it runs from its first cell to its last, and gives what it shows."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import reads_alike

pytest.importorskip("names", reason="needs the demos extra")
pytest.importorskip("llvmlite", reason="needs the demos extra")

NOTEBOOK = json.loads((Path(__file__).parents[2] / "demos" / "gpt.ipynb").read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def shown(cell: dict[str, Any]) -> str:
    """What the notebook shows below a cell."""
    found = ["".join(o["text"] if "text" in o else o["data"]["text/plain"]) for o in cell["outputs"]]
    return " ".join(" ".join(found).split())


def test_it_is_some_twenty_cells_as_run() -> None:
    """In order, without an error, and nothing of the machine in it."""
    assert 20 <= len(NOTEBOOK["cells"]) <= 25
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))
    assert re.search(r"0x[0-9a-f]{6}|/home|/tmp", json.dumps(NOTEBOOK)) is None


def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each cell prints and gives what the notebook shows, and writes nothing."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    for cell in CODE:
        *statements, last = ast.parse("".join(cell["source"])).body
        exec(compile(ast.Module(statements, []), "<cell>", "exec"), scope)
        assert isinstance(last, ast.Expr)
        result = eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope)
        found = " ".join(f"{capsys.readouterr().out} {'' if result is None else repr(result)}".split())
        assert reads_alike(found, shown(cell)), "".join(cell["source"])
    assert not list(tmp_path.iterdir())
