"""Models out to PyTorch and ONNX, and weights out and in: PyTorch's state dicts, .safetensors files."""

from nn.export.onnx_graph import to_onnx as to_onnx
from nn.export.source import to_torch_source as to_torch_source
from nn.export.state import load_torch_state_dict as load_torch_state_dict
from nn.export.state import torch_state_dict as torch_state_dict
from nn.export.tensors import ExportError as ExportError
from nn.export.weights_file import load_safetensors as load_safetensors
from nn.export.weights_file import save_safetensors as save_safetensors
