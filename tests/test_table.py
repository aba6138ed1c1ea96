"""The table is the one list of operations: what is exported, bound and drawn follows from it."""

import ast
import doctest
import graphlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, table
from autograd.definition import Primitive
from autograd.table import TABLE

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("row", list(TABLE.values()), ids=lambda row: row.name)
def test_row_is_exported_bound_and_its_doctest_runs(row: Primitive) -> None:
    """By `from autograd import name`, as a method, and as its operator; the docstring's example is true."""
    assert getattr(autograd, row.name) is row
    assert callable(getattr(Value(0.5), row.name))
    if row.operator:
        assert hasattr(Value, f"__{row.operator}__")
    assert row.__doc__ is not None
    test = doctest.DocTestParser().get_doctest(row.__doc__, {**vars(autograd), "math": __import__("math")}, row.name, None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def members(node: ast.AST) -> set[Any]:
    """The names and constants in a container literal, or in a union of such: `{a, b} | frozenset({c})` has three."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.Add):
        return members(node.left) | members(node.right)
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        return members(node.args[0]) if getattr(node.func, "id", None) in CONTAINERS else set()
    if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
        found: set[Any] = set()
        for item in node.keys if isinstance(node, ast.Dict) else node.elts:
            inner = item.value if isinstance(item, ast.Starred) else item
            if inner is None or isinstance(item, ast.Starred):
                found |= members(inner) if inner is not None else set()
            else:
                found.add(
                    inner.value if isinstance(inner, ast.Constant) else getattr(inner, "id", getattr(inner, "attr", None))
                )
        return found
    return set()


CONTAINERS = {"frozenset", "set", "list", "tuple", "dict"}


@pytest.mark.parametrize(
    "text",
    [
        "[exp, log, sin]",
        "{exp: 1, log: 2, sin: 3}",
        'frozenset({"exp", "log"}) | {"sin", "cos"}',
        "{exp} | ({log} | set([sin]))",
        "(exp, log) + (sin,)",
        "{*{exp, log}, sin}",
        "{primitives.exp, primitives.log, primitives.sin}",
    ],
)
def test_lists_of_operations_are_found(text: str) -> None:
    """However they are written."""
    assert len(members(ast.parse(text, mode="eval").body) & set(TABLE)) >= 3


def test_no_list_of_operations_anywhere_but_the_table() -> None:
    """No container literal outside of it, or union of such, names three primitives or more."""
    for path in [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py")]:
        if path.name == "primitives.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert len(members(node) & set(TABLE)) < 3, f"{path.name}:{getattr(node, 'lineno', 0)}"


def imports_of(path: Path) -> set[str]:
    """The modules of the engine that a file imports at module level."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = {node.module or "" for node in body if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in body if isinstance(node, ast.Import) for alias in node.names}
    return {name.removeprefix("autograd.") for name in names if name.startswith("autograd.")}


def test_arrows_point_one_way() -> None:
    """primitives <- value <- transforms: no import back, at module level, and none of the core knows its readers."""
    files = {path.stem: imports_of(path) for path in (ROOT / "autograd").glob("*.py") if path.stem != "__init__"}
    list(graphlib.TopologicalSorter(files).static_order())  # raises CycleError
    readers = {"structures", "linearization", "transforms", "optimize", "picture", "rendering", "testing"}
    readers |= {"clusters", "drawing", "latex", "sketch", "text", "theme", "tree"}
    for name in ("real", "table", "primitives", "graph", "modes", "operators", "value"):
        assert not files[name] & readers


def test_import_is_light() -> None:
    """Importing the engine brings in neither graphviz, nor NumPy, nor Hypothesis."""
    heavy = {"graphviz", "numpy", "scipy", "hypothesis", "pytest", "mpmath", "tqdm"}
    code = f"import sys, autograd, autograd.testing, nn; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


def test_calls_and_signatures() -> None:
    """repr and takes() tell how a row is called."""
    assert repr(autograd.leaky_relu) == "<primitive leaky_relu(x, negative_slope=0.01)>"
    assert autograd.leaky_relu.takes(1)
    assert autograd.leaky_relu.takes(2)
    assert not autograd.leaky_relu.takes(3)
    assert not autograd.add.takes(1)
    assert not autograd.dot.takes(2)
    assert table.lookup("tanh") is autograd.tanh
