"""A forward pass is run once; what cannot be followed is refused with its reason, before anything is written."""

import math
from typing import Any

import pytest

import nn
from autograd import Value
from nn import Module
from nn.export import ExportError
from nn.export.recording import nested, record
from tests.nn.export.models import CASES, IMAGE, THREE, Residual


def recorded(model: Module, *examples: Any) -> Any:
    """With a call for every layer."""
    return record(model, examples, lambda _path, _rule: True)


class Forward(Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def test_calls_are_layers_with_their_inputs() -> None:
    """In the order of the forward pass, as often as they are called."""
    found = recorded(Residual(), [0.0] * 4)
    assert [(call.path, call.shape, call.result_shape) for call in found.calls] == [
        ("first", (4,), (4,)),
        ("second", (4,), (4,)),
    ]
    assert [call.path for call in recorded(CASES["Recurrent"][0](), THREE).calls] == ["cell"] * 3
    (call, *_) = recorded(nn.Sequential(nn.Conv2d(2, 3, (1, 2)), nn.Flatten()), IMAGE).calls
    assert (call.shape, call.result_shape) == ((2, 4, 4), (3, 4, 3))


def test_layers_that_are_no_calls_run_by_themselves() -> None:
    """Number by number."""
    found = record(Residual(), ([0.0] * 4,), lambda path, _: path == "second")
    assert [call.path for call in found.calls] == ["second"]
    assert len(found.parameters) == 2 * 4 + 12 + 8 - 3  # of `first`, `scale` and `gain`


def test_inputs_are_named_after_the_arguments() -> None:
    """Words that mean something in the source get an underscore; arguments in a row get numbers."""

    class Several(Module):
        def forward(self, a: Any, torch: Any, *others: Any) -> Any:
            return a, torch, others[0]

    assert list(recorded(Several(), 1.0, THREE, 2.0).inputs) == ["a", "torch_", "x2"]
    assert list(recorded(nn.Linear(2, 1)).inputs) == ["x"]


def test_results() -> None:
    """A number, lists of one shape, and tuples or uneven lists of these."""
    for function, shapes, several in [
        (lambda x: x[0], [()], False),
        (lambda x: [x, x], [(2, 3)], False),
        (lambda x: (x, x[0]), [(3,), ()], True),
        (lambda x: [x, x[:2]], [(3,), (2,)], True),
        (lambda x: (x,), [(3,)], True),
        (lambda _: 1, [()], False),
    ]:
        found = recorded(Forward(function), THREE)
        assert ([result.shape for result in found.results], found.several) == (shapes, several)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x[0] if x[0] > 0.0 else x[1], "branches on a number"),
        (lambda x: math.sin(x[0]), "asks for a number as a float"),
        (lambda x: {"a": x[0]}, "returns what is no array of numbers, dict: return a number"),
        (lambda x: None, "returns what is no array of numbers, NoneType"),
        (lambda x: (x[0], [[x[0]], x]), "returns what is no array of numbers, list"),
    ],
)
def test_what_cannot_be_followed(function: Any, message: str) -> None:
    """Is told with the place in the user's code, or with what to return."""
    with pytest.raises(ExportError, match=message):
        recorded(Forward(function), THREE)


def test_inputs_that_do_not_fit_are_told_by_the_layer() -> None:
    """In its own words."""
    with pytest.raises(ValueError, match="Layer takes 2 inputs, was given 3"):
        recorded(nn.Sequential(nn.Linear(2, 1)), THREE)
    with pytest.raises(TypeError, match=r"Conv2d takes an image of shape \(channels, height, width\), not of shape \(4, 4\)"):
        recorded(nn.Conv2d(2, 1, 2), IMAGE[0])
    with pytest.raises(TypeError, match="example 0 must be one real number"):
        recorded(nn.Tanh(), "1.0")
    with pytest.raises(ValueError, match="example 0 is ragged"):
        recorded(nn.Tanh(), [[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="only a Module can be exported"):
        recorded(math.sin)  # type: ignore[arg-type]


def test_values_from_outside_are_numbers() -> None:
    """Those of the model are parameters."""
    outside = Value(3.0)
    found = recorded(Forward(lambda x: x[0] * outside), THREE)
    assert list(found.outside.values()) == [3.0]
    assert not found.parameters
    found = recorded(CASES["Learnt"][0](), THREE)
    assert [value.data for value in found.parameters.values()] == [0.3]


def test_nesting() -> None:
    """Items in lists of any shape."""
    assert nested(range(4), (2, 1, 2)) == [[range(2)], [range(2, 4)]] or nested(list(range(4)), (2, 1, 2)) == [
        [[0, 1]],
        [[2, 3]],
    ]
