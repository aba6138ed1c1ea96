"""Dotted names become attributes, lists and dicts of PyTorch modules."""

import ast
from typing import Any

import pytest

from nn.export import ExportError
from nn.export.names import METHODS, reach, statements, tree_of


def made(members: dict[str, str]) -> list[str]:
    """The statements, which must be Python."""
    lines = list(statements(tree_of(members)))
    ast.parse("\n".join(lines))
    return lines


def test_lists_of_layers_in_lists() -> None:
    """ModuleLists, with what is in them."""
    tree = {"a.0": "nn.Tanh()", "a.1": "nn.ReLU()", "b.0.0": "nn.Tanh()", "b.0.1": "nn.ReLU()", "b.1.c": "nn.ReLU()"}
    assert made(tree) == [
        "self.a = nn.ModuleList([nn.Tanh(), nn.ReLU()])",
        "self.b = nn.ModuleList([nn.ModuleList([nn.Tanh(), nn.ReLU()]), nn.Module()])",
        "self.b[1].c = nn.ReLU()",
    ]
    assert reach(tree_of(tree), "b.0.1.weight") == "self.b[0][1].weight"
    assert reach(tree_of(tree), "b.1.c") == "self.b[1].c"


def test_gaps_and_words_of_no_python() -> None:
    """ModuleDicts, or members by name."""
    tree = {"a.0": "nn.Tanh()", "a.2": "nn.ReLU()", "b.x y": "nn.Tanh()", "c.1": "nn.Parameter(1)", "c.if": "nn.Tanh()"}
    assert made(tree) == [
        'self.a = nn.ModuleDict({"0": nn.Tanh(), "2": nn.ReLU()})',
        'self.b = nn.ModuleDict({"x y": nn.Tanh()})',
        "self.c = nn.Module()",
        'self.c.register_parameter("1", nn.Parameter(1))',
        'self.c.register_module("if", nn.Tanh())',
    ]
    assert reach(tree_of(tree), "a.2.bias") == 'self.a["2"].bias'
    assert reach(tree_of(tree), "c.1") == 'getattr(self.c, "1")'


def test_members_of_layers() -> None:
    """A layer may have members that PyTorch's has not."""
    tree = {
        "a.0": "nn.Linear(1, 1)",
        "a.0.own": "nn.Parameter(1)",
        "a.0.inner.0": "nn.Tanh()",
        "b": "nn.Tanh()",
        "b.own": "nn.Parameter(2)",
    }
    assert made(tree) == [
        "self.a = nn.ModuleList([nn.Linear(1, 1)])",
        "self.b = nn.Tanh()",
        "self.a[0].own = nn.Parameter(1)",
        "self.a[0].inner = nn.ModuleList([nn.Tanh()])",
        "self.b.own = nn.Parameter(2)",
    ]
    assert reach(tree_of(tree), "a.0.weight") == "self.a[0].weight"
    assert reach(tree_of(tree), "a.0.own") == "self.a[0].own"


def test_names_that_pytorch_has_taken() -> None:
    """Are refused, by themselves and in others; the list is PyTorch's."""
    for name in ("half", "a.type", "train.0"):
        with pytest.raises(ExportError, match="cannot be a name in PyTorch, whose modules have a method"):
            tree_of({name: "nn.Tanh()"})
    torch: Any = pytest.importorskip("torch", reason="needs PyTorch")
    assert all(METHODS.fullmatch(name) for name in dir(torch.nn.Module()) if not name.startswith("_"))


def test_long_lists_have_a_line_for_each() -> None:
    """So that they read well."""
    (line,) = made({f"a.{i}": "nn.Linear(1000, 1000)" for i in range(9)})
    assert line.count("\n") == 12
    assert max(map(len, line.split("\n"))) < 40
