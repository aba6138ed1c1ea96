"""The table is the one list of operations: what is exported, bound and drawn follows from it."""

import ast
import doctest
from pathlib import Path

import pytest

import autograd
from autograd import Value, primitives, table
from autograd.definition import Primitive
from autograd.table import TABLE

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("row", list(TABLE.values()), ids=lambda row: row.name)
def test_row_is_exported_bound_and_its_doctest_runs(row: Primitive) -> None:
    """By `from autograd import name` and as a method, unless it is internal, and as its operator; its doctest is true."""
    assert getattr(primitives, row.name) is row
    assert hasattr(autograd, row.name) is not row.internal
    assert hasattr(Value, row.name) is not row.internal
    if row.operator:
        assert hasattr(Value, f"__{row.operator}__")
    assert row.__doc__ is not None
    test = doctest.DocTestParser().get_doctest(row.__doc__, {**vars(primitives), "math": __import__("math")}, row.name, None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_no_list_of_operations_anywhere_but_the_table() -> None:
    """No container literal outside of it names three rows or more."""
    for path in [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py")]:
        if path.name == "primitives.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
                items = node.keys if isinstance(node, ast.Dict) else node.elts
                names = {item.value if isinstance(item, ast.Constant) else getattr(item, "id", None) for item in items}
                assert len(names & set(TABLE)) < 3, f"{path.name}:{node.lineno}"


def test_calls_and_signatures() -> None:
    """repr and takes() tell how a row is called."""
    assert repr(autograd.leaky_relu) == "<primitive leaky_relu(x, negative_slope=0.01)>"
    assert autograd.leaky_relu.takes(1)
    assert autograd.leaky_relu.takes(2)
    assert not autograd.leaky_relu.takes(3)
    assert not autograd.add.takes(1)
    assert not autograd.dot.takes(2)
    assert table.lookup("tanh") is autograd.tanh
