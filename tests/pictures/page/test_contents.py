"""What a page holds, unpacked again: the graph, its numbers, and those of a part."""

import base64
import math
from typing import Any

import numpy as np

import autograd as ag
from autograd import Value, topological_order
from autograd.pictures.page.contents import Contents, integers, nearest, packed, recorded_numbers
from autograd.pictures.page.steps import Part
from tests.pictures.browser import shared


def whole_numbers(text: str) -> Any:
    """Integers, unpacked."""
    return np.frombuffer(base64.b64decode(text), "<i4").tolist()


def test_numbers_come_back_bit_for_bit() -> None:
    """Doubles of every kind, and which of them are there."""
    numbers = [0.0, -0.0, 5e-324, math.inf, math.nan, None, 0.1]
    told = packed(numbers)
    found = np.frombuffer(base64.b64decode(told["d"]), "<f8")
    assert base64.b64decode(told["there"]) == bytes([1, 1, 1, 1, 1, 0, 1])
    assert [repr(float(x)) for x in found] == [repr(0.0 if x is None else x) for x in numbers]
    assert "there" not in packed([1.0])
    assert whole_numbers(integers([-1, 2**31 - 1])) == [-1, 2**31 - 1]


def test_operands_values_constants_and_those_outside() -> None:
    """Places from 0 on; below that constants, then values that the page does not hold."""
    order = topological_order(shared())
    graph = Contents(Part(order), group=True, constants=True).graph()
    starts, operands = whole_numbers(graph["starts"]), whole_numbers(graph["operands"])
    for n, node in enumerate(order):
        for i, operand in enumerate(node.operands):
            told = operands[starts[n] + i]
            assert told == -1 if type(operand) is float else order[told] is operand
    assert graph["labels"] == [[0, "a"], [1, "b"], [8, "y"]]
    part = Contents(Part(order, [7, 8]), group=True, constants=True)
    assert part.operands == [[-1, -2], [-3, 0]]
    assert part.graph()["outside"] == ["a", "b", "#6"]
    assert part.graph()["unseen"] == {}


def test_constants_are_nodes_beside_their_users() -> None:
    """Each has a group; without them there are values alone."""
    order = topological_order(shared())
    for constants in (True, False):
        told = Contents(Part(order), group=True, constants=constants).groups()
        assert len(whole_numbers(told["parents"])) == len(order) + constants


def test_nearest_to_the_result() -> None:
    """By the number of operations between, in their order."""
    order = topological_order(shared())
    assert nearest(order, 1) == [8]
    assert nearest(order, 3) == [6, 7, 8]
    assert nearest(order, 100) == list(range(9))


def test_recorded_numbers() -> None:
    """Those of the values, and the partials operand by operand; None where nothing passes."""
    a, b = Value(2.0), Value(3.0)
    assert recorded_numbers([a, b, ag.maximum(a, b)]) == ([2.0, 3.0, 3.0], [None, 1.0])


def test_words_of_a_primitive() -> None:
    """The first sentence of its docstring."""
    told = Contents(Part(topological_order(ag.tanh(Value(1.0)))), group=True, constants=True).graph()
    assert told["primitives"] == [
        {"name": "tanh", "symbol": "tanh", "infix": False, "words": "Hyperbolic tangent", "rule": RULE}
    ]


RULE = "slope sech2(x), which keeps its digits in the tails where 1 - tanh(x)**2 loses them all"
