"""Which primitives PyTorch and ONNX have, by their rows of the table, and formulas for those that one of them lacks.

A primitive that has neither is exported by its own `evaluate`, as the compiler lowers it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.primitives as ag
from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.trace.tracer import trace
from autograd.definition import Primitive
from autograd.native import Comparison
from autograd.program import Program
from autograd.special import elementary
from nn.export.tensors import ExportError

Formula = Callable[..., Any]

FORMULAS: dict[Primitive, Formula] = {}
"""Primitives in terms of others, for targets that lack them; ONNX Runtime has some of their operators in float32 alone."""


def _formula_of(primitive: Primitive) -> Callable[[Formula], Formula]:
    return lambda formula: FORMULAS.setdefault(primitive, formula)


@_formula_of(ag.expm1)
def _expm1(x: Any) -> Any:
    """Kahan's: the rounding of exp(x) is in the numerator and in the denominator."""
    e = ag.exp(x)
    less = e - 1.0
    return ag.where(e == 1.0, x, ag.where((less == -1.0) | (e == math.inf), less, less * (x / ag.log(e))))


@_formula_of(ag.log1p)
def _log1p(x: Any) -> Any:
    """Kahan's: the rounding of 1 + x is in the numerator and in the denominator."""
    more = 1.0 + x
    return ag.where(more == 1.0, x, ag.where(more == math.inf, more, ag.log(more) * ag.truediv(x, more - 1.0)))


@_formula_of(ag.sinh)
def _sinh(x: Any) -> Any:
    size = ag.abs(x)
    e, half = ag.expm1(size), ag.exp(0.5 * size)
    positive = ag.where(size > 20.0, 0.5 * half * half, 0.5 * (e + e / (e + 1.0)))
    return ag.where(x < 0.0, -positive, positive)


@_formula_of(ag.cosh)
def _cosh(x: Any) -> Any:
    half = ag.exp(0.5 * ag.abs(x))
    return 0.5 * half * half + 0.5 / half / half


@_formula_of(ag.arctan)
def _arctan(x: Any) -> Any:
    """A rational approximation within 0.005, and what is left: arctan x - y = arctan((x - tan y) / (1 + x tan y))."""
    size = ag.abs(x)
    inverse = size > 1.0
    t = ag.where(inverse, ag.truediv(1.0, size), size)
    near = t / (1.0 + 0.28125 * t * t)
    rest = (t * ag.cos(near) - ag.sin(near)) / (ag.cos(near) + t * ag.sin(near))
    angle = near + rest * (1.0 - rest * rest * (1.0 / 3.0 - rest * rest / 5.0))
    angle = ag.where(inverse, math.pi / 2.0 - angle, angle)
    return ag.where(x < 0.0, -angle, angle)


def _is_negative(x: Any) -> Any:
    """Also of -0.0."""
    return (x < 0.0) | ((x == 0.0) & (ag.truediv(1.0, x) < 0.0))


@_formula_of(ag.arctan2)
def _arctan2(y: Any, x: Any) -> Any:
    up, along = ag.abs(y), ag.abs(x)
    slope = ag.where(up == along, ag.where(up == 0.0, 0.0, 1.0), ag.truediv(up, along))
    angle = ag.arctan(slope)
    angle = ag.where(_is_negative(x), math.pi - angle, angle)
    return ag.where(_is_negative(y), -angle, angle)


STEP = 0.5
NODES = [((k + 0.5) * STEP) ** 2 for k in range(13)]


@_formula_of(ag.erfc)
def _erfc(x: Any) -> Any:
    """The trapezoidal rule for its integral, and the residue: Chiarella and Reichel, Math. Comp. 22, 1968."""
    size = ag.minimum(ag.abs(x), 30.0)
    square = size * size
    total = sum(math.exp(-node) / (node + square) for node in NODES)
    integral = 2.0 * STEP / math.pi * size * ag.exp(-square) * total
    residue = 2.0 / (1.0 + ag.exp(2.0 * math.pi / STEP * size))  # belongs to it below pi / STEP, where it is lost in rounding
    above = integral + ag.where(size < 6.0, residue, 0.0)
    return ag.where(x < 0.0, 2.0 - above, above)


@_formula_of(ag.erf)
def _erf(x: Any) -> Any:
    """1 - erfc(x), near 0 Maclaurin's series."""
    square, series = x * x, 0.0
    for n in range(12, -1, -1):
        series = series * square + (-1.0) ** n / (math.factorial(n) * (2 * n + 1))
    outside = 1.0 - ag.erfc(ag.abs(x))
    return ag.where(ag.abs(x) < 0.5, 2.0 / math.sqrt(math.pi) * x * series, ag.where(x < 0.0, -outside, outside))


@_formula_of(elementary.arcsinh)
def _arcsinh(x: Any) -> Any:
    size = ag.abs(x)
    near = ag.minimum(size, 1e150)
    found = ag.where(
        size > 1e8, ag.log(size) + math.log(2.0), ag.log1p(near + near * near / (1.0 + ag.sqrt(1.0 + near * near)))
    )
    return ag.where(x < 0.0, -found, found)


@_formula_of(elementary.arccosh)
def _arccosh(x: Any) -> Any:
    more = ag.minimum(x, 1e150) - 1.0
    return ag.where(x > 1e8, ag.log(x) + math.log(2.0), ag.log1p(more + ag.sqrt(more * (more + 2.0))))


@_formula_of(elementary.cbrt)
def _cbrt(x: Any) -> Any:
    """By logarithm and exponential, and a step of Newton's method."""
    size = ag.where((x == 0.0) | (ag.abs(x) == math.inf), 1.0, ag.abs(x))
    root = ag.exp(ag.log(size) / 3.0)
    root = root - (root - size / root / root) / 3.0
    return ag.where((x == 0.0) | (ag.abs(x) == math.inf), x, ag.where(x < 0.0, -root, root))


@_formula_of(elementary.trunc)
def _trunc(x: Any) -> Any:
    return ag.where(x < 0.0, elementary.ceil(x), elementary.floor(x))


_formula_of(elementary.fmod)(lambda x, y: x - y * elementary.trunc(x / y))
_formula_of(elementary.log2)(lambda x: ag.log(x) / math.log(2.0))
_formula_of(elementary.log10)(lambda x: ag.log(x) / math.log(10.0))
_formula_of(elementary.exp2)(lambda x: ag.pow(2.0, x))
_formula_of(elementary.arctanh)(lambda x: 0.5 * (ag.log1p(x) - ag.log1p(-x)))
_formula_of(ag.tan)(lambda x: ag.sin(x) / ag.cos(x))
_formula_of(ag.arcsin)(lambda x: ag.arctan(x / ag.sqrt((1.0 - x) * (1.0 + x))))
_formula_of(ag.arccos)(lambda x: 2.0 * ag.arctan(ag.sqrt((1.0 - x) / (1.0 + x))))
_formula_of(ag.clip)(lambda x, lo, hi: ag.minimum(ag.maximum(x, lo), hi))
_formula_of(ag.not_equal)(lambda x, y: ag.logical_not(x == y))

REDUCTIONS: dict[Primitive, tuple[str, str]] = {}
"""What primitives of many numbers, or chains of those of two, are called: the method of a torch tensor, and ONNX's operator."""

REDUCTIONS[ag.add] = "sum", "ReduceSum"
REDUCTIONS[ag.maximum] = "amax", "ReduceMax"
REDUCTIONS[ag.minimum] = "amin", "ReduceMin"
REDUCTIONS[ag.logsumexp] = "logsumexp", "ReduceLogSumExp"


def operator_of(primitive: Primitive) -> tuple[str, str]:
    """Its ONNX operator, and which attribute of that its second operand is, if it is one; "" for what there is not."""
    name, _, attribute = (primitive.onnx or "").partition("(")
    return name, attribute.rstrip(")")


@dataclass(frozen=True)
class Dialect:
    """Which primitives a target has: PyTorch, or ONNX in one precision."""

    name: str
    has: Callable[[Primitive], bool]

    def knows(self, primitive: Primitive, operands: tuple[Any, ...]) -> bool:
        """Whether the target has it, of such operands."""
        _, attribute = operator_of(primitive)
        return self.has(primitive) and (not attribute or [type(x) is float for x in operands] == [False, True])

    def formula(self, primitive: Primitive, operands: tuple[Any, ...]) -> Program:
        """The primitive in terms of others, as a program of those operands that are not floats."""
        formula = FORMULAS.get(primitive)
        if formula is not None:
            program, _, _ = trace(lambda xs: ([formula(*xs)], None), [""] * len(operands))
            return program
        count = len(operands)
        whole = Program(count, ((primitive, tuple([x if type(x) is float else i for i, x in enumerate(operands)])),), (count,))
        native: Any = primitive.native
        failed = f"the primitive {primitive.name!r} cannot be exported to {self.name}"
        if native is not None:
            raise ExportError(f"{failed}, which has no {native}: define it without native, so that its evaluate is exported")
        try:
            return lower(whole).program()
        except NotCompilableError as error:
            raise ExportError(
                f"{failed}: {error}. Write its evaluate by arithmetic, comparisons and functions of math, or leave it out"
            ) from error


def _torch_has(primitive: Primitive) -> bool:
    return primitive.torch is not None or primitive.operator is not None or isinstance(primitive.native, Comparison)


def _onnx_has(primitive: Primitive) -> bool:
    return primitive.onnx is not None


def _onnx_has_in_float64(primitive: Primitive) -> bool:
    return primitive.onnx is not None and primitive not in FORMULAS and not operator_of(primitive)[1]


PYTORCH = Dialect("PyTorch", _torch_has)
ONNX = {"float32": Dialect("ONNX", _onnx_has), "float64": Dialect("ONNX", _onnx_has_in_float64)}
