"""The graph as a text tree: every value once, limits that are told, text that no terminal obeys."""

import pytest

import autograd as ag
from autograd import Value, tree


def test_a_small_graph() -> None:
    """Labels, operations, numbers, gradients, constants."""
    x, w, b = Value(2.0, label="x"), Value(-0.5, label="w"), Value(1.5, label="b")
    y = ag.tanh(w * x + b - 1.0)
    y.label = "y"
    y.backward()
    assert tree(y, precision=3).splitlines() == [
        "y: tanh = -0.462 (grad 1)",
        "└─ - = -0.5 (grad 0.786)",
        "   ├─ + = 0.5 (grad 0.786)",
        "   │  ├─ * = -1 (grad 0.786)",
        "   │  │  ├─ w = -0.5 (grad 1.57)",
        "   │  │  └─ x = 2 (grad -0.393)",
        "   │  └─ b = 1.5 (grad 0.786)",
        "   └─ 1",
    ]


def test_shared_values_are_shown_once() -> None:
    """And referred to by label, or by their place in the order; by both where two labels are alike."""
    x, same, also = Value(2.0, label="x"), Value(1.0, label="s"), Value(3.0, label="s")
    square = x * x
    assert tree([square + square, square]).splitlines() == [
        "+ = 8",
        "├─ v1: * = 4",
        "│  ├─ x = 2",
        "│  └─ ↑ x",
        "└─ ↑ v1",
        "↑ v1",
    ]
    alike = tree(same * same + also * also).splitlines()
    assert alike[3:] == ["│  └─ ↑ s (v0)", "└─ * = 9", "   ├─ s (v1) = 3", "   └─ ↑ s (v1)"]
    assert tree(Value(2.0)) == "v0 = 2"


def test_doublings_are_not_walked_again_and_again() -> None:
    """2**200 paths are 200 values."""
    x = Value(1.0)
    for _ in range(200):
        x = x + x
    assert len(tree(x, depth=300, max_nodes=300).splitlines()) == 401


def test_limits_are_told() -> None:
    """How many operands more, what is deeper, how many values are not shown at all."""
    wide = ag.sum_([Value(float(i)) for i in range(100)])
    lines = tree(wide, width=3).splitlines()
    assert lines[1:] == ["├─ v0 = 0", "├─ v1 = 1", "├─ v2 = 2", "└─ … 97 more", "(97 of 101 values are not shown)"]
    assert tree(wide, width=100, max_nodes=4).splitlines()[-3:] == ["├─ v2 = 2", "├─ …", "(97 of 101 values are not shown)"]
    chain = Value(1.0)
    for _ in range(1_000_000):
        chain = chain * 1.0
    lines = tree(chain, depth=2).splitlines()
    assert lines[:4] == ["* = 1", "├─ * = 1", "│  ├─ * = 1", "│  │  └─ …"]
    assert lines[-1] == "(999,998 of 1,000,001 values are not shown)"


def test_hostile_labels() -> None:
    """One line each: no escape sequence, no direction, nothing endless."""
    hostile = tree(Value(1.0, label="a\nb\x1b[2J\x9b2J\u202ec" + "d" * 100))
    assert hostile == "a␊b␛[2J�2J�c" + "d" * 47 + "… = 1"
    primitive = ag.primitive("tree_test", symbol="a\nb", evaluate=lambda x: x)
    assert tree(primitive(Value(1.0))).startswith("a␊b = 1\n")


def test_what_is_refused() -> None:
    """Anything but Values, and options that are not whole numbers."""
    with pytest.raises(TypeError, match=r"tree needs the Value whose graph to show, not a float: for example tree\(loss\)"):
        tree(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="width must be a whole number from 1 on, not 0"):
        tree(Value(1.0), width=0)
    with pytest.raises(ValueError, match="depth must be a whole number from 1 on, not None"):
        tree(Value(1.0), depth=None)  # type: ignore[arg-type]


def test_two_leaves_of_one_label_are_told_apart() -> None:
    """Wherever one of them is referred to."""
    a, b = Value(1.0, label="a"), Value(2.0, label="a")
    text = tree(a * b + a)
    assert "a (v0) = 1" in text
    assert text.splitlines()[-1].endswith("↑ a (v0)")
