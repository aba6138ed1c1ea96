"""ONNX Runtime gives what the model gives, in both precisions, for batches of any size; the file is checked and whole."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn import Module
from nn.export import ExportError, to_onnx
from nn.export.parameters import arrays_by_name
from tests.nn.export.comparing import assert_alike, by_onnx, by_us
from tests.nn.export.models import CASES, IMAGE, THREE

onnx: Any = pytest.importorskip("onnx", reason="needs the onnx extra")


def written(model: Module, path: Path, *examples: Any, **options: Any) -> Any:
    """The file, read again."""
    to_onnx(model, path / "model.onnx", *examples, **options)
    return onnx.load(path / "model.onnx")


def operators(file: Any) -> list[str]:
    """The operators of a file, in order."""
    return [node.op_type for node in file.graph.node]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_onnx_runtime_gives_the_same(name: str, dtype: str, tmp_path: Path) -> None:
    """Every layer, and modules with a forward of their own."""
    make, examples = CASES[name]
    found = by_onnx(make(), examples, dtype, tmp_path / "model.onnx")
    assert_alike(found, by_us(make(), examples, dtype), dtype)


@pytest.mark.parametrize("name", ["a small network", "Functions", "Recurrent", "Unasked"])
def test_onnxs_own_evaluator_gives_the_same(name: str, tmp_path: Path) -> None:
    """The file means the same to another reader."""
    from onnx.reference import ReferenceEvaluator

    make, examples = CASES[name]
    file = written(make(), tmp_path, *examples)
    batch = np.array([examples[0], examples[0]])
    found = ReferenceEvaluator(file).run(None, {file.graph.input[0].name: batch})
    assert_alike([result[:1] for result in found], [result[:1] for result in by_us(make(), examples)], "float64")


@pytest.mark.parametrize("size", [1, 7, 0])
def test_a_batch_may_have_any_size(size: int, tmp_path: Path) -> None:
    """Its dimension is dynamic, at the input and at the output."""
    runtime = pytest.importorskip("onnxruntime")
    file = written(nn.MLP(3, [4, 2], rng=0), tmp_path)
    for value in (*file.graph.input, *file.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    assert session.run(None, {"x": np.zeros((size, 3))})[0].shape == (size, 2)


def test_layers_are_onnxs_own(tmp_path: Path) -> None:
    """A network is a node for each layer; in float64 convolution is a product, because ONNX Runtime has no other."""
    make, (image,) = CASES["a small network"]
    layers = ["Relu", "MaxPool", "Reshape", "Gemm", "Softmax", "Identity"]
    assert operators(written(make(), tmp_path, image, dtype="float32")) == ["Conv", *layers]
    double = operators(written(make(), tmp_path, image))
    assert double[-6:] == layers
    assert "Conv" not in double
    assert "MatMul" in double
    activations = nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(), nn.ELU(), nn.Softplus(), nn.Sigmoid(), nn.Tanh())
    found = operators(written(activations, tmp_path, dtype="float32"))
    assert found == ["Gemm", "LeakyRelu", "Elu", "Softplus", "Sigmoid", "Tanh", "Identity"]


def test_dropout_is_left_out(tmp_path: Path) -> None:
    """Whatever the mode of the model."""
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Dropout(0.9))
    assert operators(written(model, tmp_path)) == ["Gemm", "Identity"]
    found = by_onnx(model, (THREE,), "float64", tmp_path / "model.onnx")
    assert_alike(found, by_us(model.eval(), (THREE,)), "float64")


def test_names(tmp_path: Path) -> None:
    """Inputs are named as forward's arguments, weights as PyTorch's, nodes by their layers; a tuple's parts are numbered."""
    file = written(CASES["BlackScholes"][0](), tmp_path, 100.0, 1.0)
    assert [value.name for value in file.graph.input] == ["spot", "time"]
    assert [value.name for value in file.graph.output] == ["output"]
    model = nn.MLP(3, [4, 2], rng=0)
    file = written(model, tmp_path)
    assert {weight.name for weight in file.graph.initializer} == set(arrays_by_name(model))
    assert [node.name.partition("/")[0] for node in file.graph.node if node.op_type == "Gemm"] == ["layers.0", "layers.1"]
    file = written(CASES["Dots"][0](), tmp_path, THREE)
    assert [value.name for value in file.graph.output] == ["output0", "output1", "output2"]


def test_weights_keep_all_bits(tmp_path: Path) -> None:
    """In float64."""
    model = nn.Linear(3, 2, rng=0)
    (weight, _) = written(model, tmp_path).graph.initializer
    assert onnx.numpy_helper.to_array(weight).ravel().tolist() == [p.data for neuron in model.neurons for p in neuron.weights]


def test_refusals(tmp_path: Path) -> None:
    """Another dtype, a weight that float32 does not hold, an unknown shape: and nothing is written."""
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match="dtype must be 'float64' or 'float32', not 'float16'"):
        to_onnx(nn.Linear(2, 2), path, dtype="float16")
    model = nn.Linear(2, 1, rng=0)
    model.neurons[0].weights[1].data = 1e300
    with pytest.raises(ValueError, match=r"weight holds 1e\+300, which float32 does not: dtype='float64'"):
        to_onnx(model, path, dtype="float32")
    with pytest.raises(ExportError, match=r"Conv2d.* does not tell the shape of its input: give one sample"):
        to_onnx(nn.Conv2d(2, 1, 2), path)
    assert not path.exists()
    to_onnx(nn.Conv2d(2, 1, 2), path, IMAGE)
    assert path.exists()


def test_without_onnx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"to_onnx needs onnx: pip install 'chainrule\[onnx\]'"):
        to_onnx(nn.Linear(2, 2), tmp_path / "model.onnx")
