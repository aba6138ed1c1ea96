"""Models out to PyTorch, ONNX and .safetensors, and weights back in."""

from nn.export.onnx_graph import to_onnx as to_onnx
from nn.export.source import to_torch_source as to_torch_source
from nn.export.tensors import ExportError as ExportError
