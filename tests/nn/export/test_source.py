"""PyTorch gives what the model gives, for every layer and for a forward of one's own; the file is whole and readable."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from nn import Module
from nn.export import ExportError, to_torch_source, torch_state_dict
from nn.export.parameters import known_layers
from nn.export.source import torch_source
from tests.nn.export.comparing import assert_alike, by_torch, by_us, torch_module
from tests.nn.export.make_references import code_of, recorded, source_of
from tests.nn.export.models import CASES, NUMBER_BY_NUMBER, THREE
from tests.nn.test_all_modules import exported

REFERENCES = recorded()


@pytest.mark.parametrize("name", CASES)
def test_pytorchs_recorded_outputs(name: str) -> None:
    """The source is the one of which PyTorch's outputs were recorded, and they are the model's."""
    if name not in REFERENCES:
        pytest.skip("not recorded: python -m tests.nn.export.make_references, with PyTorch")
    make, examples = CASES[name]
    assert code_of(source_of(name)) == REFERENCES[name]["source"]
    found = [np.array(result, dtype=float) for result in REFERENCES[name]["outputs"]]
    assert_alike(found, by_us(make(), examples), "float64")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_pytorch_gives_the_same(name: str, dtype: str) -> None:
    """Where it is installed, in both precisions."""
    pytest.importorskip("torch", reason="needs PyTorch")
    make, examples = CASES[name]
    assert_alike(by_torch(source_of(name), examples, dtype), by_us(make(), examples, dtype), dtype)


@pytest.mark.parametrize("name", CASES)
def test_the_source_is_a_module_that_imports_torch_alone(name: str) -> None:
    """It parses, has one class, and the numbers of every parameter to the last bit."""
    make, _ = CASES[name]
    source, model = source_of(name), make()
    tree = ast.parse(source)
    imports = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    imports += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in imports} == {"torch"}
    assert len([node for node in tree.body if isinstance(node, ast.ClassDef)]) == 1
    weights = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    assert weights == ([torch_state_dict(model, tensor=lambda numbers: numbers)] if model.parameters() else [])


def test_every_layer_is_written_as_one() -> None:
    """Each layer of nn has a rule, or computes number by number what is compared above."""
    ruled = {type(layer) for make, _ in CASES.values() for layer, _ in known_layers(make()).values()}
    assert exported() - ruled <= {nn.MLP, nn.Sequential} | NUMBER_BY_NUMBER


def test_a_network_reads_well() -> None:
    """Layers are PyTorch's, by our names, and the forward pass is a line for each."""
    source = source_of("a small network")
    assert "nn.Conv2d(2, 3, (3, 3), padding=(1, 1)),\n" in source
    assert "x = self.layers[0](x)\n" in source
    assert source_of("Residual").count("\n        h0 = torch.tanh(self.first(x))\n        return torch.relu(") == 1
    assert "return torch.tanh(self.b + (self.w * x[:, None]).sum(-1))" in source_of("ByHand")
    assert "F.linear(x, self.w)" in source_of("Dots")


def test_the_mode_is_the_models() -> None:
    """A model in training gives a module in training, in which Dropout drops."""
    model = nn.Sequential(nn.Linear(3, 100, rng=0), nn.Dropout(0.5))
    assert "self.eval()" not in torch_source(model)
    assert "self.eval()" in torch_source(model.eval())
    module = torch_module(torch_source(model.train()))
    import torch

    x = torch.ones(1, 3, dtype=torch.float64)
    assert 20 < (module(x) == 0.0).sum().item() < 80
    assert (module.eval()(x) == 0.0).sum().item() == 0


def test_gradients_are_those_of_the_model() -> None:
    """The module can be trained on: PyTorch's gradients are ours."""
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    model = CASES["Nested"][0]()
    module = torch_module(torch_source(model, CASES["Nested"][1][0]))
    x = CASES["Nested"][1][0]
    first, second = model(x)
    ag.sum_([*first, *second]).backward()
    found, others = module(torch.tensor([x], dtype=torch.float64))
    (found.sum() + others.sum()).backward()
    theirs = {name: parameter.grad for name, parameter in module.named_parameters()}
    for parameter in model.parameters():
        parameter.data = parameter.grad
    for name, gradient in torch_state_dict(model).items():
        wanted = torch.zeros_like(gradient) if theirs[name] is None else theirs[name]
        assert torch.allclose(gradient, wanted, rtol=1e-12, atol=1e-12), name


def test_special_numbers_are_kept() -> None:
    """inf and nan as weights and constants, -0.0 and the smallest number."""
    model = nn.Linear(4, 1, bias=False)
    for parameter, number in zip(model.parameters(), [float("inf"), float("-inf"), -0.0, 5e-324], strict=True):
        parameter.data = number
    source = torch_source(model)
    assert '[float("inf"), float("-inf"), -0.0, 5e-324]' in source
    ast.parse(source)


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    """In place of an old one; not at all where the model cannot be exported."""
    path = tmp_path / "model.py"
    to_torch_source(nn.MLP(2, [3, 1], rng=0), path)
    assert path.read_text(encoding="utf-8") == torch_source(nn.MLP(2, [3, 1], rng=0))
    with pytest.raises(ExportError):
        to_torch_source(nn.Tanh(), path)
    assert "class MLP(nn.Module)" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        to_torch_source(nn.MLP(2, [3, 1]), tmp_path / "none" / "model.py")


class Named(Module):
    """A class whose name cannot be used."""

    def forward(self, x: Any) -> Any:
        return x


def test_names_are_words_of_python() -> None:
    """A class with a name that means something else is a Model; quotes and backslashes in a repr stay text."""
    Named.__name__ = "torch"
    assert "class Model(nn.Module)" in torch_source(Named(), 1.0)
    Named.__name__ = "Named"
    Named.__repr__ = lambda _: 'a "\\name"'
    ast.parse(torch_source(Named(), 1.0))


def test_a_model_is_left_as_it_was() -> None:
    """Parameters, gradients, mode and generators."""
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Dropout(0.5, rng=0))
    before, state = model.state_dict(), model.layers[1].rng.getstate()
    torch_source(model)
    assert model.state_dict() == before
    assert model.training
    assert model.layers[1].rng.getstate() == state
    assert [p.grad for p in model.parameters()] == [0.0] * 8
    assert isinstance(model(THREE)[0], Value)
