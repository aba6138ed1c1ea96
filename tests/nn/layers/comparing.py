"""Layers of sequences beside PyTorch's recorded numbers."""

from typing import Any

import pytest

import autograd as ag
import nn
from autograd import Value, grad, jit, value_and_grad
from autograd.structures import values
from nn.export import load_torch_state_dict
from tests.nn.layers.make_references import FUNCTIONS, LAYERS, recorded

CASES = recorded()


def names(*kinds: str) -> list[str]:
    """The recorded cases of classes of these names."""
    return [name for name, (kind, *_) in LAYERS.items() if kind in kinds]


def made(name: str) -> nn.Module:
    """Our layer of a case, with PyTorch's weights by PyTorch's names."""
    kind, arguments, options, _, _ = LAYERS[name]
    layer: nn.Module = getattr(nn, kind)(*arguments, **options)
    if CASES[name]["state"]:
        load_torch_state_dict(layer, CASES[name]["state"])
    return layer.eval()


def flat(out: Any) -> list[Any]:
    """The numbers in nested results, from left to right; None has none."""
    if isinstance(out, list | tuple):
        return [x for part in out for x in flat(part)]
    return [] if out is None else [out]


def total(out: Any) -> Any:
    """The sum of all, each with a factor of its own."""
    return ag.sum_([x * (0.5 + 0.1 * i) for i, x in enumerate(flat(out))])


def leaves(nested: Any) -> Any:
    """Values in the place of numbers."""
    return [leaves(x) for x in nested] if isinstance(nested, list) else Value(nested)


def close(found: Any, wanted: Any) -> bool:
    """Whether numbers agree to 1e-12."""
    return flat(found) == pytest.approx(flat(wanted), rel=1e-12, abs=1e-12)


def check(name: str) -> None:
    """Outputs and gradients are PyTorch's to 1e-12; compiled, with loops, they have the eager bits."""
    layer = made(name)
    options = LAYERS[name][4]
    check_call(name, lambda *xs: layer(*xs, **options))
    gradients = nn.export.torch_state_dict(_with_grads(layer), tensor=list)
    assert set(gradients) == set(CASES[name]["state"])
    for path, wanted in CASES[name]["gradients"].items():
        assert close(gradients[path], wanted), path
    numbers = [p.data for p in layer.parameters()]

    def loss(parameters: Any, inputs: Any) -> Any:
        return total(nn.functional_call(layer, parameters, *inputs, **options))

    if numbers:
        given = CASES[name]["inputs"]
        assert jit(value_and_grad(loss))(numbers, given) == value_and_grad(loss)(numbers, given)


def _with_grads(layer: nn.Module) -> nn.Module:
    """The layer with its gradients in the place of its numbers."""
    for parameter in layer.parameters():
        parameter.grad, parameter.data = None, parameter.grad
    return layer


def check_call(name: str, call: Any) -> None:
    """Likewise for the outputs of a function, and the gradients of its inputs."""
    case = CASES[name]
    assert close(values(flat(call(*case["inputs"]))), case["outputs"])
    inputs = [leaves(x) for x in case["inputs"]]
    total(call(*inputs)).backward()
    assert close([x.grad for x in flat(inputs)], case["of_inputs"])
    given = case["inputs"]
    assert values(jit(lambda *xs: flat(call(*xs)))(*given)) == values(flat(call(*given)))
    slope = grad(lambda *xs: total(call(*xs)), argnums=tuple(range(len(given))))
    assert values(flat(jit(slope)(*given))) == values(flat(slope(*given)))


def check_function(name: str, function: Any) -> None:
    """A function's outputs and gradients."""
    check_call(name, lambda *xs: function(*xs, **FUNCTIONS[name][1]))
