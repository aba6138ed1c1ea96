"""Files in .safetensors are exact, whole, readable by others, and refused with a reason when they are anything else."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn.export import load_safetensors, save_safetensors
from tests.nn.export.models import CASES

safetensors: Any = pytest.importorskip("safetensors.numpy", reason="needs the safetensors extra")


@pytest.mark.parametrize("name", CASES)
def test_saved_and_loaded(name: str, tmp_path: Path) -> None:
    """Every bit comes back."""
    model, other = CASES[name][0](), CASES[name][0]()
    for parameter in other.parameters():
        parameter.data += 1.0
    save_safetensors(model, tmp_path / "model.safetensors")
    load_safetensors(other, tmp_path / "model.safetensors")
    assert other.state_dict() == model.state_dict()


def test_the_file_is_what_others_read(tmp_path: Path) -> None:
    """By the format's own description: a header of JSON, its length before it, and the numbers behind."""
    model = nn.Linear(3, 2, rng=0)
    save_safetensors(model, tmp_path / "w")
    content = (tmp_path / "w").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert header["weight"]["dtype"] == "F64"
    assert header["weight"]["shape"] == [2, 3]
    assert header["__metadata__"] == {"format": "pt"}
    start, end = header["weight"]["data_offsets"]
    numbers = np.frombuffer(content[8 + length :][start:end])
    assert numbers.tolist() == [p.data for neuron in model.neurons for p in neuron.weights]


def test_float32(tmp_path: Path) -> None:
    """On request, and refused for a weight that it does not hold."""
    model = nn.Linear(3, 2, rng=0)
    save_safetensors(model, tmp_path / "w", dtype="float32")
    assert {array.dtype.name for array in safetensors.load_file(tmp_path / "w").values()} == {"float32"}
    load_safetensors(other := nn.Linear(3, 2), tmp_path / "w")
    assert [p.data for p in other.parameters()] == [float(np.float32(p.data)) for p in model.parameters()]
    model.neurons[0].bias.data = 1e39
    with pytest.raises(ValueError, match=r"bias holds 1e\+39, which float32 does not"):
        save_safetensors(model, tmp_path / "w", dtype="float32")
    with pytest.raises(ValueError, match="dtype must be 'float64' or 'float32', not 'half'"):
        save_safetensors(model, tmp_path / "w", dtype="half")
    load_safetensors(other, tmp_path / "w")  # the old file is whole


def test_other_files_are_refused(tmp_path: Path) -> None:
    """Damaged ones, those of other models and missing ones; the model stays as it was."""
    model = nn.Linear(3, 2, rng=0)
    before = model.state_dict()
    save_safetensors(nn.Linear(3, 2, rng=1), tmp_path / "w")
    content = (tmp_path / "w").read_bytes()
    for damaged in (b"", content[:-1], content[:20], b"{}" * 100):
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"damaged is damaged, or no .safetensors file"):
            load_safetensors(model, tmp_path / "damaged")
    save_safetensors(nn.Linear(2, 2), tmp_path / "other")
    with pytest.raises(ValueError, match=r"other does not fit: the state does not fit Layer.*\(2, 2\), not \(2, 3\)"):
        load_safetensors(model, tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        load_safetensors(model, tmp_path / "none")
    assert model.state_dict() == before


@pytest.mark.parametrize(
    ("kind", "dtype", "written"),
    [("F16", "<f2", [1.5, -0.25]), ("F32", "<f4", [1.5, -0.25]), ("I8", "<i1", [3, -4]), ("U64", "<u8", [3, 2**40])],
)
def test_other_precisions(kind: str, dtype: str, written: list[float], tmp_path: Path) -> None:
    """As others write them, by the format's description."""
    assert loaded(kind, np.array([written], dtype).tobytes(), tmp_path) == [float(x) for x in written]


def test_bfloat16(tmp_path: Path) -> None:
    """The upper halves of float32's numbers; a precision that is not read is named."""
    halves = np.array([1.5, -3.0], "<f4").view("<u4") >> 16
    assert loaded("BF16", halves.astype("<u2").tobytes(), tmp_path) == [1.5, -3.0]
    with pytest.raises(ValueError, match="'weight' has numbers of the type F8_E4M3: convert them to float32"):
        loaded("F8_E4M3", b"\x00\x00", tmp_path)


def loaded(kind: str, data: bytes, folder: Path) -> list[float]:
    """The weights of a neuron of two inputs, from a file with these bytes."""
    header = json.dumps({"weight": {"dtype": kind, "shape": [1, 2], "data_offsets": [0, len(data)]}}).encode()
    (folder / "w").write_bytes(struct.pack("<Q", len(header)) + header + data)
    load_safetensors(neuron := nn.Neuron(2, bias=False), folder / "w")
    return [weight.data for weight in neuron.weights]


def test_written_whole(tmp_path: Path) -> None:
    """Nothing is left beside it; a missing folder is named."""
    save_safetensors(nn.Linear(3, 2), tmp_path / "w")
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        save_safetensors(nn.Linear(3, 2), tmp_path / "none" / "w")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says what to install."""
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    for call in (save_safetensors, load_safetensors):
        with pytest.raises(
            ModuleNotFoundError, match=r"_safetensors needs safetensors.*: pip install 'chainrule\[safetensors\]'"
        ):
            call(nn.Linear(2, 2), tmp_path / "w")
