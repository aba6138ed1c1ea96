"""draw, as a function and as a method: what a picture shows, and the same text every time."""

import dataclasses
import inspect
import math
import re

import graphviz
import pytest

import autograd as ag
from autograd import Value, draw
from autograd.pictures.options import Options
from tests.pictures.graphs import small


def test_text_of_a_small_graph() -> None:
    """Values with label, data and gradient; operations with symbols; constants; ids in topological order."""
    lines = [line.strip() for line in draw(small(), partials=True, precision=3).source.splitlines()]
    assert [line for line in lines if re.match(r"[vok]\d+(_\d+)? \[", line)] == [
        r'v0 [label="a\ndata 2\ngrad -0.21" fillcolor="#e8f1fa" id=v0]',
        r'v1 [label="b\ndata -0.5\ngrad 0.84" fillcolor="#e8f1fa" id=v1]',
        'o2 [label="*" fillcolor="#fdf3d8" id=o2 shape=ellipse]',
        r'v2 [label="data -1\ngrad 0.42" fillcolor="#e8f1fa" id=v2]',
        'o3 [label="+" fillcolor="#fdf3d8" id=o3 shape=ellipse]',
        'k3_1 [label=2 color="#b0b0b0" fillcolor="#f2f2f2" id=k3_1]',
        r'v3 [label="data 1\ngrad 0.42" fillcolor="#e8f1fa" id=v3]',
        'o4 [label=tanh fillcolor="#fdf3d8" id=o4 shape=ellipse]',
        r'v4 [label="y\ndata 0.762\ngrad 1" fillcolor="#e8f1fa" id=v4]',
    ]
    assert [line for line in lines if "->" in line] == [
        "v0 -> o2 [label=-0.5 id=e2_0]", "v1 -> o2 [label=2 id=e2_1]", "o2 -> v2 [id=r2]",
        "v2 -> o3 [label=1 id=e3_0]", "k3_1 -> o3 [id=e3_1]", "o3 -> v3 [id=r3]",
        "v3 -> o4 [label=0.42 id=e4_0]", "o4 -> v4 [id=r4]",
    ]  # fmt: skip


def test_no_gradient_yet_is_told_from_zero() -> None:
    """A dash before any backward pass, 0 where one brought 0."""
    x = Value(1.0)
    assert "grad -" in draw(x).source
    (x * 0.0).backward()
    assert "grad 0" in draw(x).source


def test_is_a_digraph_and_the_same_text_every_time() -> None:
    """Whatever was built in between."""
    first = small().draw()
    keep = [small() for _ in range(10)]
    assert isinstance(first, graphviz.Digraph)
    assert first.source == small().draw().source == keep[3].draw().source


def test_nan_inf_and_huge_numbers() -> None:
    """They are shown as they are."""
    x = Value(math.nan, label="x") * math.inf + 1e300
    source = draw(x, precision=17).source
    assert "nan" in source
    assert "inf" in source
    assert "1.0000000000000001e+300" in source


def test_several_results_are_one_picture() -> None:
    """What they share is drawn once."""
    x = Value(2.0, label="x")
    hidden = x * x
    source = draw([hidden + 1.0, hidden * 3.0]).source
    assert source.count("id=v") == 4
    assert source.count('label="*"') == 2


def test_deep_and_shared_graphs_are_drawn_once_a_node() -> None:
    """No recursion, and 2**50 paths are 50 doublings."""
    x = Value(1.0)
    for _ in range(50):
        x = x + x
    assert draw(x).source.count("fillcolor") == 101
    for _ in range(20_000):
        x = x * 1.0
    assert len(draw(x, max_nodes=30_000).source) > 1_000_000


def test_the_method_is_the_function() -> None:
    """With its docstring and its options; a primitive cannot take its name."""
    assert Value.draw is draw
    assert small().draw(partials=True, precision=3).source == draw(small(), partials=True, precision=3).source
    with pytest.raises(ValueError, match=r"primitive name 'draw' is taken: Value\.draw exists"):
        ag.primitive("draw", evaluate=lambda x: x)


def test_every_option_is_in_the_signature_and_the_docstring() -> None:
    """The record of the options and the arguments of draw are the same names in the same order, with the same defaults."""
    arguments = [(name, p.default) for name, p in inspect.signature(draw).parameters.items() if name != "results"]
    assert arguments == [(field.name, field.default) for field in dataclasses.fields(Options)]
    assert all(f"\n        {name}: " in (draw.__doc__ or "") for name, _ in arguments)
