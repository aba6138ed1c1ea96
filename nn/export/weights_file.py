"""Weights in .safetensors files, which PyTorch, JAX and others read: numbers alone, nothing that runs."""

from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files import write_whole
from nn.export.extras import as_array, check_dtype, needed
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

    Raises ValueError for a file that is damaged, of another kind or another model's, OSError if it cannot be read, and
    ModuleNotFoundError without the package safetensors; the model then stays as it was.
    """
    safetensors = needed("safetensors.numpy", "load_safetensors", INSTALL)
    content = Path(path).read_bytes()
    try:
        state: dict[str, Any] = safetensors.load(content)
    except Exception as error:  # noqa: BLE001 - whatever it finds wrong with the file
        raise ValueError(
            f"{path} is damaged, or no .safetensors file ({error}): write it again, by save_safetensors(model, path)"
        ) from None
    try:
        load_torch_state_dict(model, state)
    except ValueError as error:
        raise ValueError(f"{path} does not fit: {error}") from None
