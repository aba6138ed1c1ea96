"""Every primitive of the table is exported, by its name there, by a formula, or by its own."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.primitives as ag
from autograd import Value, primitive
from autograd.definition import Interval, Primitive
from autograd.real import number_of
from autograd.table import TABLE
from nn import Module, Sequential
from nn.export import ExportError
from nn.export.forms import FORMULAS
from nn.export.source import torch_source
from nn.layers.activations import Activation
from tests.nn.export.comparing import WITHIN, by_onnx, torch_module

BUILT_IN = [known for known in TABLE.values() if known.evaluate.__module__.startswith("autograd.") or known in FORMULAS]
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


WIDE = np.array([*np.linspace(-60.0, 60.0, 241), *np.geomspace(1e-12, 1e-3, 9), *-np.geomspace(1e-12, 1e-3, 9), 0.0])
ACTIVATIONS = sorted(Activation.__subclasses__(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "kind", [kind for kind in ACTIVATIONS if kind.__module__.startswith("nn.")], ids=lambda kind: kind.__name__
)
def test_activations_everywhere(kind: Any, dtype: str, tmp_path: Path) -> None:
    """From the tails to the neighbourhood of 0, by ONNX Runtime and, where it is installed, by PyTorch."""
    runtime = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")
    model, points = kind(), WIDE.astype(dtype)
    wanted = np.array(model(points.astype(float).tolist()))
    by_onnx(model, [0.0], dtype, tmp_path / "model.onnx")
    found = runtime.InferenceSession(str(tmp_path / "model.onnx")).run(None, {"x": points})[0]
    np.testing.assert_allclose(found, wanted, rtol=WITHIN[dtype], atol=WITHIN[dtype])
    torch: Any = pytest.importorskip("torch", reason="needs PyTorch")
    for exported in (model, Sequential(model)):
        module = torch_module(torch_source(exported, 0.0)).to(getattr(torch, dtype))
        np.testing.assert_allclose(module(torch.from_numpy(points)).numpy(), wanted, rtol=WITHIN[dtype], atol=WITHIN[dtype])


@pytest.mark.parametrize("known", FORMULAS, ids=lambda known: known.name)
def test_formulas_keep_digits(known: Primitive) -> None:
    """Where other targets compute a primitive by a formula, it has the primitive's numbers, to thirteen digits of each."""
    formula: Any = FORMULAS[known]
    for operands in zip(*[[*numbers, 1e-9, -1e-9, 0.3, -0.3, 5.0, -5.0, 25.0] for numbers in operands_of(known)], strict=True):
        wanted = known.at(*operands)
        found = number_of(1.0 * formula(*[Value(x) for x in operands]))
        assert found == pytest.approx(wanted, rel=2e-13, abs=1e-300, nan_ok=True), operands


def test_special_numbers_of_formulas() -> None:
    """Poles, infinities and signed zeros, as the primitives have them."""
    inf = math.inf
    for known, operands in [
        (ag.expm1, [0.0, 1000.0, -1000.0, inf, -inf]),
        (ag.log1p, [0.0, -1.0, inf, -2.0]),
        (ag.sinh, [0.0, 710.0, -710.0, 1000.0, -1000.0]),
        (ag.cosh, [0.0, 710.0, 1000.0]),
        (ag.arctan, [inf, -inf, 0.0, 1.0, -1.0]),
        (ag.arcsin, [1.0, -1.0, 1.5]),
        (ag.arccos, [1.0, -1.0, 1.5]),
        (ag.erfc, [0.0, 30.0, -30.0, 1000.0, inf, -inf]),
        (ag.erf, [0.0, 0.5, -0.5, inf, -inf]),
    ]:
        formula: Any = FORMULAS[known]
        for x in operands:
            assert number_of(formula(Value(x))) == pytest.approx(known(x), rel=1e-13, abs=1e-300, nan_ok=True), (known, x)
    formula = FORMULAS[ag.arctan2]
    for y in (0.0, -0.0, 1.0, -1.0, inf, -inf):
        for x in (0.0, -0.0, 1.0, -1.0, inf, -inf):
            assert number_of(formula(Value(y), Value(x))) == pytest.approx(math.atan2(y, x), abs=1e-15), (y, x)


def test_names_of_ones_own_primitives(tmp_path: Path) -> None:
    """They are called by the names that their rows give them."""
    named = primitive(
        "mish_for_export", evaluate=lambda x: x * math.tanh(math.log1p(math.exp(x))), torch="F.mish({})", onnx="Mish"
    )
    wrong = primitive("wrong_for_export", evaluate=lambda x, y: x + y, torch="torch.add({})")
    try:
        model, _, _ = case(named)
        assert "F.mish(" in torch_source(model, 1.5)
        by_onnx(model, [1.5], "float32", tmp_path / "model.onnx")
        onnx: Any = pytest.importorskip("onnx", reason="needs onnx")
        assert "Mish" in [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
        with pytest.raises(ExportError, match=r"torch='torch.add\({}\)' of the primitive 'wrong_for_export' has 1 places"):
            torch_source(case(wrong)[0], 1.5, 1.5)
        with pytest.raises(TypeError, match="onnx of 'bad_for_export' must be a string, not 3"):
            primitive("bad_for_export", evaluate=lambda x: x, onnx=3)  # type: ignore[arg-type]
    finally:
        del TABLE["mish_for_export"], TABLE["wrong_for_export"]


def test_primitives_of_ones_own(tmp_path: Path) -> None:
    """Their evaluate is exported; one that no trace tells is refused with what to do."""
    cubed = primitive("cubed_for_export", evaluate=lambda x: math.exp(3.0 * math.log(x)) if x > 0.0 else x * x * x)
    opaque = primitive("opaque_for_export", evaluate=lambda x: float(np.cbrt(x)))
    foreign = primitive("foreign_for_export", evaluate=math.cbrt, native="cbrt")
    try:
        model, _, _ = case(cubed)
        found = by_onnx(model, [1.5], "float64", tmp_path / "model.onnx")
        assert found[0][0] == pytest.approx(1.5**3)
        assert "torch.exp" in torch_source(model, 1.5)
        for known, why in ((opaque, "does not run on Symbols"), (foreign, "has no cbrt: define it without native")):
            with pytest.raises(ExportError, match=f"the primitive '{known.name}' cannot be exported to PyTorch.*{why}"):
                torch_source(case(known)[0], 1.5)
    finally:
        for known in (cubed, opaque, foreign):
            del TABLE[known.name]
