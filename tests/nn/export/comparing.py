"""What an exported model gives, by PyTorch and by ONNX Runtime, beside what the model itself gives."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import Module, export
from nn.export.recording import nested
from nn.inputs import each_number, shape_of

WITHIN = {"float64": 1e-12, "float32": 1e-6}
"""By which the results of both may differ: absolutely, and beyond 1 relatively."""

SCALES = (1.0, 0.5, -0.25)
"""Every example is a batch of three samples: it, and multiples of it."""


def batches(examples: Sequence[Any], dtype: str) -> list[Any]:
    """The examples as batches."""
    arrays = [np.asarray(example) for example in examples]
    scales = [[1.0] * len(SCALES) if array.dtype.kind == "i" else SCALES for array in arrays]  # whole numbers are tokens
    return [np.array([scale * array for scale in s]).astype(dtype) for array, s in zip(arrays, scales, strict=True)]


def by_us(model: Module, examples: Sequence[Any], dtype: str = "float64") -> list[Any]:
    """What the model gives for the samples of these batches: an array for each result."""
    inputs = [batch.astype(float) for batch in batches(examples, dtype)]
    found = [
        model(*[nested(sample.ravel().tolist(), sample.shape) for sample in samples]) for samples in zip(*inputs, strict=True)
    ]
    results = list(zip(*found, strict=True)) if isinstance(found[0], tuple) else [found]
    return [np.array([each_number(_plain, sample) for sample in result]) for result in results]


def _plain(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)


def torch_module(source: str) -> Any:
    """The module that a source makes, in PyTorch."""
    torch: Any = pytest.importorskip("torch", reason="needs PyTorch")
    module = ModuleType("exported")
    exec(compile(source, "exported.py", "exec"), vars(module))
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, torch.nn.Module)]
    return kinds[0]()


def by_torch(source: str, examples: Sequence[Any], dtype: str) -> list[Any]:
    """What PyTorch makes of the source."""
    import torch

    module = torch_module(source).to(getattr(torch, dtype))
    with torch.no_grad():
        found = module(*[torch.from_numpy(batch) for batch in batches(examples, dtype)])
    return [result.detach().numpy() for result in (found if isinstance(found, tuple) else [found])]


def by_onnx(model: Module, examples: Sequence[Any], dtype: str, path: Path) -> list[Any]:
    """What ONNX Runtime makes of the file."""
    pytest.importorskip("onnx", reason="needs the onnx extra")
    runtime: Any = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")
    runtime.set_default_logger_severity(3)
    export.to_onnx(model, path, *examples, dtype=dtype)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    found: list[Any] = session.run(None, dict(zip(names, batches(examples, dtype), strict=True)))
    return found


def assert_alike(found: list[Any], wanted: list[Any], dtype: str) -> None:
    """The results have the same shapes, the dtype, and numbers that differ by no more than `WITHIN`."""
    assert len(found) == len(wanted)
    for ours, theirs in zip(wanted, found, strict=True):
        assert theirs.shape == ours.shape
        assert theirs.dtype == dtype
        np.testing.assert_allclose(theirs, ours, rtol=WITHIN[dtype], atol=WITHIN[dtype])


def shape(x: Any) -> tuple[int, ...]:
    """The shape of nested lists."""
    return shape_of(x, "x")
