"""Weights in .safetensors files, which PyTorch, JAX and others read: numbers alone, nothing that runs."""

from os import PathLike
from pathlib import Path
from typing import Any

from autograd.extras import needed
from autograd.files import write_whole
from nn.export.extras import as_array, check_dtype
from nn.export.parameters import arrays_by_name
from nn.export.state import load_torch_state_dict, numbers_of
from nn.module import Module

INSTALL = "'chainrule[safetensors]'"


def save_safetensors(model: Module, path: str | PathLike[str], *, dtype: str = "float64") -> None:
    """Write the weights to a .safetensors file, by the names of `torch_state_dict`, whole or not at all.

    `safetensors.torch.load_file(path)` gives what `torch_model.load_state_dict` takes. "float64" keeps all bits, "float32"
    halves the file. Raises ValueError for another dtype or a weight beyond float32, OSError where the file cannot be written,
    and ModuleNotFoundError without the package safetensors, which the extra `safetensors` installs.

    >>> import tempfile
    >>> from nn import MLP
    >>> model, other = MLP(2, [16, 1], rng=0), MLP(2, [16, 1], rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_safetensors(model, f"{folder}/model.safetensors")
    ...     load_safetensors(other, f"{folder}/model.safetensors")
    >>> other.state_dict() == model.state_dict()
    True
    """
    check_dtype(dtype)
    safetensors = needed("safetensors.numpy", "save_safetensors", INSTALL)
    arrays = {name: as_array(numbers_of(array), dtype, name) for name, array in arrays_by_name(model).items()}
    write_whole(path, safetensors.save(arrays, metadata={"format": "pt"}))


def load_safetensors(model: Module, path: str | PathLike[str]) -> None:
    """Set the model's parameters to the numbers in a .safetensors file; names are matched as by `load_torch_state_dict`.

    Its numbers may be floats of 16 bits (bfloat16 too), 32 or 64 bits, or integers.

    Raises ValueError for a file that is damaged, of another kind or another model's, OSError if it cannot be read, and
    ModuleNotFoundError without the package safetensors; the model then stays as it was.

    >>> import tempfile
    >>> from nn import Neuron
    >>> neuron, other = Neuron(1, rng=0), Neuron(1, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_safetensors(neuron, f"{folder}/neuron.safetensors")
    ...     load_safetensors(other, f"{folder}/neuron.safetensors")
    >>> other.weights[0].data == neuron.weights[0].data
    True
    """
    safetensors = needed("safetensors", "load_safetensors", INSTALL)
    content = Path(path).read_bytes()
    try:
        stored = safetensors.deserialize(content)
    except Exception as error:  # noqa: BLE001 - whatever it finds wrong with the file
        raise ValueError(
            f"{path} is damaged, or no .safetensors file ({error}): write it again, by save_safetensors(model, path)"
        ) from None
    try:
        load_torch_state_dict(model, {name: _array(name, **found) for name, found in stored})
    except ValueError as error:
        raise ValueError(f"{path} does not fit: {error}") from None


def _array(name: str, shape: list[int], dtype: str, data: bytes) -> Any:
    """A stored array, as NumPy's; `dtype` is the format's word for it, such as "F64"."""
    import numpy as np

    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").reshape(shape)
    if dtype not in ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8"):
        raise ValueError(f"{name!r} has numbers of the type {dtype}: convert them to float32 where the file is written")
    return np.frombuffer(data, f"<{dtype[0].lower()}{int(dtype[1:]) // 8}").reshape(shape)
