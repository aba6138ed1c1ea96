"""Summaries: a row for each layer, whatever the model."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Value, tanh
from nn import MLP, Conv2d, Dropout, Flatten, Layer, Linear, Module, Neuron, ReLU, Sequential
from nn.module import in_one_line
from nn.summary import summary_table
from tests.nn.test_module import Net

SUMMARIES: list[tuple[Callable[[], Module], list[str]]] = [
    (lambda: Neuron(3), ["(itself)  Neuron(3, activation=None)  weights (3,), bias ()      4"]),
    (lambda: Layer(3, 2, bias=False), ["(itself)  Layer(3, 2, bias=False, activation=None)  weights (2, 3)      6"]),
    (ReLU, ["(itself)  ReLU()                   0"]),
    (
        lambda: Sequential(Conv2d(1, 2, 3), ReLU(), Flatten(), Linear(8, 2, bias=False), Dropout(), tanh),
        [
            "layers.0  Conv2d(1, 2, (3, 3))                    weights (2, 1, 3, 3), bias (2,)     20",
            "layers.1  ReLU()                                                                       0",
            "layers.2  Flatten()                                                                    0",
            "layers.3  Layer(8, 2, bias=False, activation=None)  weights (2, 8)                    16",
            "layers.4  Dropout(p=0.5)                                                               0",
        ],
    ),
    (
        Net,
        [
            "(itself)  Net  scale ()  1",
            "first  Layer(2, 3, activation=None)  weights (3, 2), bias (3,)  9",
            "rest.0.layers.0  Dropout(p=0.5)  0",
            "rest.0.layers.1  Layer(3, 1, activation=None)  weights (1, 3), bias (1,)  4",
            "rest.1.last  ReLU()  0",
        ],
    ),
]


@pytest.mark.parametrize(("make", "rows"), SUMMARIES, ids=["neuron", "layer", "no parameters", "convolution", "own parameters"])
def test_summary(make: Any, rows: list[str]) -> None:
    """A row for each layer, and their sum; columns are in line."""
    model = make()
    head, *lines, last = model.summary().splitlines()
    assert head.split() == ["path", "module", "parameters", "count"]
    assert [line.split() for line in lines] == [row.split() for row in rows]
    assert last.split() == ["total", str(len(model.parameters()))]
    assert len({len(line) for line in (head, *lines, last)}) == 1
    assert sum(int(line.split()[-1]) for line in lines) == len(model.parameters())


def test_summary_of_parameters_without_a_shape() -> None:
    """Lists of different lengths are counted."""

    class Ragged(Module):
        def __init__(self) -> None:
            self.rows = [[Value(1.0)], [Value(1.0), Value(1.0)]]
            self.mixed = [Value(1.0), [Value(1.0)]]
            self.matrix = np.array([[Value(math.pi), Value(1.0)]])

    assert "rows 3 numbers, mixed 2 numbers, matrix (1, 2)" in Ragged().summary()


def test_a_table_of_paths() -> None:
    """A parameter counts for the innermost module around it, and layers.1 is not around layers.10."""
    modules = [("", "Net"), ("layers.1", "A"), ("layers.2", "B"), ("layers.2.inner", "C")]
    table = summary_table(modules, ["layers.1.w", "layers.10", "layers.2.w", "layers.2.inner.w", "x"])
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["(itself)", "Net", "layers", "1", "numbers,", "x", "()", "2"],
        ["layers.1", "A", "w", "()", "1"],
        ["layers.2", "B", "w", "()", "1"],
        ["layers.2.inner", "C", "w", "()", "1"],
        ["total", "5"],
    ]


def test_a_repr_of_several_lines() -> None:
    """Is told by the type alone."""
    assert in_one_line(Sequential(ReLU(), ReLU())) == "Sequential"
    assert in_one_line(Sequential()) == "Sequential()"


def test_in_a_notebook() -> None:
    """A model shows this table, as text in HTML."""
    shown = MLP(2, [3, 1], rng=0)._repr_html_()
    assert shown.startswith("<pre>path")
    assert "&#x27;tanh&#x27;" in shown
    assert shown.endswith("13</pre>")
