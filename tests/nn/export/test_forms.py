"""Every primitive of the table is exported, by its name there, by a formula, or by its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd.definition import Interval, Primitive
from autograd.table import TABLE
from nn import Module
from nn.export.forms import FORMS
from nn.export.source import torch_source
from tests.nn.export.comparing import by_onnx, torch_module

BUILT_IN = [known for known in TABLE.values() if known.evaluate.__module__.startswith("autograd.") or known in FORMS]
POINTS = 7


def operands_of(known: Primitive) -> list[list[float]]:
    """Numbers from each operand's domain: its special points, and others where the function bends."""
    count = known.arity or {"dot": 6, "surprisal": 4}.get(known.name, 3)
    rng = np.random.default_rng(0)
    return [numbers_of(interval, rng) for interval in known.domain_of(count)]


def numbers_of(interval: Interval, rng: Any) -> list[float]:
    """Seven numbers in an interval, of special ones those that are no bounds."""
    low, high = interval.transition
    inside = [x for x in interval.special if interval.low < x < interval.high]
    return [*inside, *rng.uniform(low, high, POINTS).tolist()][:POINTS]


class Applied(Module):
    """A primitive at its inputs; operands that have one possible number are constants."""

    def __init__(self, known: Primitive, operands: list[list[float]]) -> None:
        self.known = known
        self.fixed = [numbers[0] if len(set(numbers)) == 1 else None for numbers in operands]

    def forward(self, *xs: Any) -> Any:
        """The result."""
        given = iter(xs)
        return self.known.at(*[next(given) if x is None else x for x in self.fixed])


def case(known: Primitive) -> tuple[Module, list[Any], Any]:
    """A model of the primitive, batches for it, and what it gives."""
    operands = operands_of(known)
    model = Applied(known, operands)
    wanted = [known.at(*numbers) for numbers in zip(*operands, strict=True)]
    given = [np.array(numbers) for numbers, x in zip(operands, model.fixed, strict=True) if x is None]
    return model, given, np.array(wanted, dtype=float)


@pytest.mark.parametrize("known", BUILT_IN, ids=lambda known: known.name)
def test_onnx_runtime_computes_every_primitive(known: Primitive, tmp_path: Path) -> None:
    """In float64, to 1e-12."""
    runtime = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")
    model, given, wanted = case(known)
    by_onnx(model, [x[0] for x in given], "float64", tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    found = session.run(None, dict(zip([x.name for x in session.get_inputs()], given, strict=True)))[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("known", BUILT_IN, ids=lambda known: known.name)
def test_pytorch_computes_every_primitive(known: Primitive) -> None:
    """In float64, to 1e-12."""
    torch: Any = pytest.importorskip("torch", reason="needs PyTorch")
    model, given, wanted = case(known)
    found = torch_module(torch_source(model, *[x[0] for x in given]))(*map(torch.from_numpy, given))
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-12)
