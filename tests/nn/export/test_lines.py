"""The forward pass reads well: formulas in one another, no parentheses in vain, names used again."""

from typing import Any

import pytest

import autograd as ag
from autograd import Value
from nn import Module
from nn.export.lines import number
from nn.export.source import torch_source
from tests.nn.export.models import FOUR
from tests.nn.export.test_recording import Forward


def body(function: Any, *examples: Any) -> list[str]:
    """The lines of `forward`."""
    source = torch_source(Forward(function), *(examples or (FOUR,)))
    return [line.strip() for line in source.partition("def forward(self, x):\n")[2].strip().split("\n")]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x * 2.0 + 1.0, "x * 2.0 + 1.0"),
        (lambda x: (x + 1.0) * 2.0, "(x + 1.0) * 2.0"),
        (lambda x: x - (x - 1.0), "x - (x - 1.0)"),
        (lambda x: x - 1.0 - x, "x - 1.0 - x"),
        (lambda x: x / (x * 3.0), "x / (x * 3.0)"),
        (lambda x: -(x**2.0), "-x ** 2.0"),
        (lambda x: (-x) ** 2.0, "(-x) ** 2.0"),
        (lambda x: x ** -(x + 1.0), "x ** -(x + 1.0)"),
        (lambda x: (x**2.0) ** 3.0, "(x ** 2.0) ** 3.0"),
        (lambda x: x * -0.5, "x * (-0.5)"),
        (lambda x: -ag.neg(x), "-(-x)"),
        (lambda x: abs(x + 1.0) * 2.0, "abs(x + 1.0) * 2.0"),
        (lambda x: ag.stop_gradient(x + 1.0), "(x + 1.0).detach()"),
        (lambda x: ag.where(x > 0.0, x, -x), "torch.where(x > 0.0, x, -x)"),
        (lambda x: ag.where(x, x, -x), "torch.where(x != 0, x, -x)"),
        (
            lambda x: ag.where((x < 0.0) | (x >= 1.0), 1.0, x),
            "torch.where(torch.logical_or(x < 0.0, x >= 1.0), constant(1.0), x)",
        ),
        (lambda x: ag.maximum(x, 0.5), "torch.maximum(x, constant(0.5))"),
        (lambda x: x * float("inf"), 'x * float("inf")'),
        (lambda x: ag.leaky_relu(x, 0.2), "F.leaky_relu(x, 0.2)"),
    ],
)
def test_formulas(function: Any, text: str) -> None:
    """As one would write them; they mean what Python reads."""
    assert body(function, 0.5)[-1] == f"return {text}"
    source = {"x": 1.75, "torch": Torch, "constant": float, "F": Torch}
    shown: Any = eval(text.replace(".detach()", ""), source)
    assert shown == pytest.approx(float(function(Value(1.75)).data))


class Torch:
    """Some functions of PyTorch's, of floats."""

    where = staticmethod(lambda condition, x, y: x if condition else y)
    maximum, leaky_relu = staticmethod(max), staticmethod(ag.leaky_relu)
    logical_or = staticmethod(lambda x, y: x or y)


def test_names() -> None:
    """A name is used again once nobody needs what it meant; what is read twice has one."""

    def two(x: Any) -> Any:
        y = [ag.sin(a) for a in x]
        z = [ag.exp(b) * b for b in y]
        return [a + c for a, c in zip(x, z, strict=True)]

    assert body(two) == ["h0 = torch.sin(x)", "return x + torch.exp(h0) * h0"]

    def again(x: Any) -> Any:
        p, q = ag.sin(x[0]), ag.cos(x[0])
        return p * q + p / q

    assert body(again) == ["h0 = torch.sin(x[:, 0])", "x = torch.cos(x[:, 0])", "return h0 * x + h0 / x"]
    assert body(lambda x: ag.sin(x[0]) * x[0]) == ["return torch.sin(x[:, 0]) * x[:, 0]"]


def test_long_formulas_are_several_lines() -> None:
    """Of which none is much longer than a hundred characters."""

    def long(x: Any) -> Any:
        for k in range(1, 40):
            x = [ag.sin(a * float(k)) + a for a in x]
        return x

    lines = body(long)
    assert len(lines) > 30
    assert max(map(len, lines)) < 120


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x[1], "x[:, 1]"),
        (lambda x: x[1:3], "x[:, 1:3]"),
        (lambda x: x[::2], "x[:, 0:4:2]"),
        (lambda x: x[::-1], "x[:, [3, 2, 1, 0]]"),
        (lambda x: [x[:2], x[2:]], "x.reshape(-1, 2, 2)"),
        (lambda x: [[a] for a in x], "x[..., None]"),
        (lambda x: [x], "x[:, None]"),
        (lambda x: [*x, *x[:1]], "x[:, [0, 1, 2, 3, 0]]"),
        (lambda x: [x, x], "x[:, None].expand(-1, 2, 4)"),
        (lambda _: [1.0, 2.0], "constant([1.0, 2.0]).expand(len(x), 2)"),
        (sum, "x.sum(-1)"),
        (lambda x: [sum(x)] * 2, "x.sum(-1)[:, None].expand(-1, 2)"),
    ],
)
def test_arrays(function: Any, text: str) -> None:
    """Slices, shapes and sums."""
    assert body(function)[-1] == f"return {text}"


def test_images() -> None:
    """Their channels, and all their numbers in a row."""
    image = [[[1.0, 2.0], [3.0, 4.0]]] * 3
    assert body(lambda x: x[1], image) == ["return x[:, 1]"]
    assert body(lambda x: x[1][0], image) == ["return x[:, 1, 0]"]
    assert body(lambda x: [a for channel in x for row in channel for a in row], image) == ["return x.flatten(1)"]


def test_floats_in_python() -> None:
    """With all bits, also those that have no digits."""
    for x in (0.1, -0.0, 5e-324, float("inf"), float("-inf")):
        assert repr(eval(number(x))) == repr(x)
    assert number(float("nan")) == 'float("nan")'


class Unbatched(Module):
    """Parameters among themselves."""

    def __init__(self) -> None:
        self.w = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]

    def forward(self, x: Any) -> Any:
        return [ag.exp(self.w[1][0]) * x, self.w[0][1] * x]


def test_parameters_are_indexed_without_samples() -> None:
    """Their first dimension is their own."""
    source = torch_source(Unbatched(), 1.0)
    assert "torch.exp(self.w[1, 0])" in source
    assert "self.w[0, 1] * " in source
