"""The table is the one list of operations; exported names and methods follow from it."""

import ast
import doctest
import re
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, primitives, special, table
from autograd.definition import Primitive
from autograd.table import TABLE

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("primitive", list(TABLE.values()), ids=lambda primitive: primitive.name)
def test_every_primitive_is_exported_and_a_method_and_its_doctest_runs(primitive: Primitive) -> None:
    """Unless internal, it is exported and a method; if Python has an operator for it, that works too; its doctest is true."""
    stated = vars(primitives if hasattr(primitives, primitive.name) else special)
    assert stated[primitive.name] is primitive
    assert hasattr(autograd, primitive.name) is not primitive.internal
    assert hasattr(Value, primitive.name) is not primitive.internal
    if primitive.operator:
        assert hasattr(Value, f"__{primitive.operator}__")
    assert primitive.__doc__ is not None
    names = {**stated, "math": __import__("math")}
    test = doctest.DocTestParser().get_doctest(primitive.__doc__, names, primitive.name, None, 0)
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
    """Outside of the table no list, tuple, set or dict, and no union of such, names three primitives or more."""
    for path in [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py")]:
        if path.name == "primitives.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert len(members(node) & set(TABLE)) < 3, f"{path.name}:{getattr(node, 'lineno', 0)}"


def test_on_floats_no_primitive_dispatches() -> None:
    """What a primitive's functions call there are the others' `evaluate`, in its value and in its partials."""
    for function in (primitives.logsumexp.evaluate, primitives.logsumexp.rules_on_floats.joint):
        there = function.__globals__
        assert there is not vars(primitives)
        assert there["exp"] is primitives.exp.evaluate
        assert there["exponentials"].__globals__ is there
    assert primitives.logsumexp.formula.__globals__ is vars(primitives)


def test_calls_and_signatures() -> None:
    """repr and takes() tell how a primitive is called."""
    assert repr(autograd.leaky_relu) == "<primitive leaky_relu(x, negative_slope=0.01)>"
    assert autograd.leaky_relu.takes(1)
    assert autograd.leaky_relu.takes(2)
    assert not autograd.leaky_relu.takes(3)
    assert not autograd.add.takes(1)
    assert not autograd.dot.takes(2)
    assert table.lookup("tanh") is autograd.tanh


def test_the_guide_has_each_special_function() -> None:
    """By all its names."""
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    section = guide.partition("### Elementary and special functions")[2].partition("\n### ")[0]
    named = {code.partition("(")[0] for code in re.findall(r"`([^`]+)`", section)}
    assert {*special.__all__} <= named
