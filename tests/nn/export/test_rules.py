"""A rule is for the layers that it is true of: those of its class that compute as the class says, with arrays of parameters."""

from typing import Any

import pytest

import nn
from autograd import Value
from nn.export.rules import RULES, input_shape, rule_of
from tests.nn.export.models import NUMBER_BY_NUMBER
from tests.nn.test_all_modules import exported


def test_every_layer_of_nn_has_a_rule() -> None:
    """But those that hold others, and those of sequences that are exported number by number."""
    assert exported() - {rule.kind for rule in RULES} == {nn.MLP, nn.Sequential} | NUMBER_BY_NUMBER


@pytest.mark.parametrize(
    ("layer", "constructor"),
    [
        (nn.Linear(2, 3), "nn.Linear(2, 3)"),
        (nn.Neuron(2, bias=False), "nn.Linear(2, 1, bias=False)"),
        (nn.Conv2d(1, 2, (3, 4), 2, (0, 1), bias=False), "nn.Conv2d(1, 2, (3, 4), stride=(2, 2), padding=(0, 1), bias=False)"),
        (nn.MaxPool2d(2, 1), "nn.MaxPool2d((2, 2), stride=(1, 1))"),
        (nn.AvgPool2d((2, 3)), "nn.AvgPool2d((2, 3))"),
        (nn.Dropout(0.25), "nn.Dropout(p=0.25)"),
        (nn.GELU("tanh"), "nn.GELU(approximate='tanh')"),
        (nn.ELU(2.0), "nn.ELU(alpha=2.0)"),
        (nn.LeakyReLU(), "nn.LeakyReLU(negative_slope=0.01)"),
        (nn.LogSoftmax(0), "nn.LogSoftmax(dim=-1)"),
        (nn.Softplus(), "nn.Softplus(threshold=40.0)"),
        (nn.Softplus(2.0, 20.0), "nn.Softplus(beta=2.0, threshold=20.0)"),
        (nn.LayerNorm(4), "nn.LayerNorm((4,), eps=1e-05)"),
        (nn.RMSNorm((2, 3), elementwise_affine=False), "nn.RMSNorm((2, 3), eps=None, elementwise_affine=False)"),
        (nn.Embedding(5, 3, padding_idx=0), "nn.Embedding(5, 3, padding_idx=0)"),
        (nn.GLU(), "nn.GLU(dim=-1)"),
    ],
    ids=repr,
)
def test_constructors(layer: Any, constructor: str) -> None:
    """They are PyTorch's, options included."""
    rule = rule_of(layer)
    assert rule is not None
    assert rule.torch(layer) == constructor


def test_subclasses() -> None:
    """One that computes as its base has its rule; one with another forward or function has none."""

    class Same(nn.Linear):
        """The same under another name."""

    class Other(nn.Linear):
        """Something else."""

        def forward(self, xs: Any) -> Any:
            return super().forward(xs)[::-1]

    class Lower(nn.MaxPool2d):
        """Another function."""

        function = staticmethod(min)

    assert rule_of(Same(2, 3)) is rule_of(nn.Linear(2, 3)) is not None
    assert rule_of(Other(2, 3)) is None
    assert rule_of(Lower(2)) is None
    assert rule_of(nn.MSELoss()) is None
    assert rule_of(max) is None


def test_layers_that_were_changed() -> None:
    """Neurons that differ, numbers that are no parameters, or rows of different lengths: no array of PyTorch's says that."""

    def activation(layer: nn.Linear) -> None:
        layer.neurons[1].activation = max

    def bias(layer: nn.Linear) -> None:
        layer.neurons[1].bias = None

    def fixed(layer: nn.Linear) -> None:
        layer.neurons[1].weights[0] = 1.0

    def computed(layer: nn.Linear) -> None:
        layer.neurons[1].weights[0] = Value(1.0) * 2.0

    def ragged(layer: nn.Linear) -> None:
        layer.neurons[1].weights.append(Value(1.0))

    for change in (activation, bias, fixed, computed, ragged):
        layer = nn.Linear(2, 3)
        assert rule_of(layer) is not None
        change(layer)
        assert rule_of(layer) is None, change


def test_the_shape_of_the_input() -> None:
    """Told by the first layer that knows it, through those that keep it."""
    assert input_shape(nn.MLP(7, [2, 1])) == (7,)
    assert input_shape(nn.Sequential(nn.Dropout(), nn.Sequential(nn.Tanh()), nn.Neuron(5))) == (5,)
    assert input_shape(nn.Sequential(nn.Flatten(), nn.Linear(5, 1))) is None
    assert input_shape(nn.Sequential(nn.Tanh())) is None
    assert input_shape(nn.Sequential(sum, nn.Linear(5, 1))) is None
    assert input_shape(nn.Sequential()) is None
