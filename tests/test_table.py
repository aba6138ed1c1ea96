"""The table is the one list of operations; exported names and methods follow from it."""

import ast
import doctest
from pathlib import Path

import pytest

import autograd
from autograd import Value, primitives, table
from autograd.definition import Primitive
from autograd.table import TABLE

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("primitive", list(TABLE.values()), ids=lambda primitive: primitive.name)
def test_every_primitive_is_exported_and_a_method_and_its_doctest_runs(primitive: Primitive) -> None:
    """Unless internal, it is exported and a method; if Python has an operator for it, that works too; its doctest is true."""
    assert getattr(primitives, primitive.name) is primitive
    assert hasattr(autograd, primitive.name) is not primitive.internal
    assert hasattr(Value, primitive.name) is not primitive.internal
    if primitive.operator:
        assert hasattr(Value, f"__{primitive.operator}__")
    assert primitive.__doc__ is not None
    names = {**vars(primitives), "math": __import__("math")}
    test = doctest.DocTestParser().get_doctest(primitive.__doc__, names, primitive.name, None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_no_list_of_operations_anywhere_but_the_table() -> None:
    """Outside of primitives.py, no list, tuple, set or dict names three primitives or more."""
    for path in [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py")]:
        if path.name == "primitives.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
                items = node.keys if isinstance(node, ast.Dict) else node.elts
                names = {item.value if isinstance(item, ast.Constant) else getattr(item, "id", None) for item in items}
                assert len(names & set(TABLE)) < 3, f"{path.name}:{node.lineno}"


def test_calls_and_signatures() -> None:
    """repr and takes() tell how a primitive is called."""
    assert repr(autograd.leaky_relu) == "<primitive leaky_relu(x, negative_slope=0.01)>"
    assert autograd.leaky_relu.takes(1)
    assert autograd.leaky_relu.takes(2)
    assert not autograd.leaky_relu.takes(3)
    assert not autograd.add.takes(1)
    assert not autograd.dot.takes(2)
    assert table.lookup("tanh") is autograd.tanh
