"""What primitives are called in PyTorch and ONNX, and formulas for those that have no name there.

A primitive that is not here is exported by its own formula, as the compiler lowers it: so none has to be.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.primitives as ag
from autograd.compiler.lower import NotCompilableError, lower
from autograd.compiler.simplify import simplify
from autograd.compiler.trace.tracer import trace
from autograd.definition import Comparison, Primitive
from autograd.program import Program
from nn.export.tensors import ExportError


@dataclass(frozen=True)
class Form:
    """A primitive elsewhere.

    Args:
        torch: how it is called there, with {} for each operand; unless given, Python's operator if it has one.
        onnx: its ONNX operator.
        single: whether ONNX Runtime has that operator in float32 alone.
        attribute: what its second operand is to that operator, a constant in float32; in PyTorch it is a constant too.
        formula: it in terms of others, for those that lack it.
    """

    torch: str | None = None
    onnx: str | None = None
    single: bool = False
    attribute: str | None = None
    formula: Callable[..., Any] | None = None


def _expm1(x: Any) -> Any:
    """Kahan's: the rounding of exp(x) is in the numerator and in the denominator."""
    e = ag.exp(x)
    less = e - 1.0
    return ag.where(e == 1.0, x, ag.where((less == -1.0) | (e == math.inf), less, less * (x / ag.log(e))))


def _log1p(x: Any) -> Any:
    """Kahan's: the rounding of 1 + x is in the numerator and in the denominator."""
    more = 1.0 + x
    return ag.where(more == 1.0, x, ag.where(more == math.inf, more, ag.log(more) * ag.truediv(x, more - 1.0)))


def _sinh(x: Any) -> Any:
    size = ag.abs(x)
    e, half = ag.expm1(size), ag.exp(0.5 * size)
    positive = ag.where(size > 20.0, 0.5 * half * half, 0.5 * (e + e / (e + 1.0)))
    return ag.where(x < 0.0, -positive, positive)


def _cosh(x: Any) -> Any:
    half = ag.exp(0.5 * ag.abs(x))
    return 0.5 * half * half + 0.5 / half / half


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


def _arctan2(y: Any, x: Any) -> Any:
    up, along = ag.abs(y), ag.abs(x)
    slope = ag.where(up == along, ag.where(up == 0.0, 0.0, 1.0), ag.truediv(up, along))
    angle = ag.arctan(slope)
    angle = ag.where(_is_negative(x), math.pi - angle, angle)
    return ag.where(_is_negative(y), -angle, angle)


STEP = 0.5
NODES = [((k + 0.5) * STEP) ** 2 for k in range(13)]


def _erfc(x: Any) -> Any:
    """The trapezoidal rule for its integral, and the residue: Chiarella and Reichel, Math. Comp. 22, 1968."""
    size = ag.minimum(ag.abs(x), 30.0)
    square = size * size
    total = sum(math.exp(-node) / (node + square) for node in NODES)
    integral = 2.0 * STEP / math.pi * size * ag.exp(-square) * total
    residue = 2.0 / (1.0 + ag.exp(2.0 * math.pi / STEP * size))  # belongs to it below pi / STEP, where it is lost in rounding
    above = integral + ag.where(size < 6.0, residue, 0.0)
    return ag.where(x < 0.0, 2.0 - above, above)


def _erf(x: Any) -> Any:
    """1 - erfc(x), near 0 Maclaurin's series."""
    square, series = x * x, 0.0
    for n in range(12, -1, -1):
        series = series * square + (-1.0) ** n / (math.factorial(n) * (2 * n + 1))
    outside = 1.0 - ag.erfc(ag.abs(x))
    return ag.where(ag.abs(x) < 0.5, 2.0 / math.sqrt(math.pi) * x * series, ag.where(x < 0.0, -outside, outside))


FORMS: dict[Primitive, Form] = {
    ag.add: Form(onnx="Add"),
    ag.sub: Form(onnx="Sub"),
    ag.mul: Form(onnx="Mul"),
    ag.truediv: Form(onnx="Div"),
    ag.neg: Form(onnx="Neg"),
    ag.pow: Form(onnx="Pow"),
    ag.abs: Form("abs({})", "Abs"),
    ag.exp: Form("torch.exp({})", "Exp"),
    ag.expm1: Form("torch.expm1({})", formula=_expm1),
    ag.log: Form("torch.log({})", "Log"),
    ag.log1p: Form("torch.log1p({})", formula=_log1p),
    ag.sqrt: Form("torch.sqrt({})", "Sqrt"),
    ag.sin: Form("torch.sin({})", "Sin"),
    ag.cos: Form("torch.cos({})", "Cos"),
    ag.tan: Form("torch.tan({})", "Tan", single=True, formula=lambda x: ag.sin(x) / ag.cos(x)),
    ag.arcsin: Form("torch.arcsin({})", "Asin", single=True, formula=lambda x: ag.arctan(x / ag.sqrt((1.0 - x) * (1.0 + x)))),
    ag.arccos: Form("torch.arccos({})", "Acos", single=True, formula=lambda x: 2.0 * ag.arctan(ag.sqrt((1.0 - x) / (1.0 + x)))),
    ag.arctan: Form("torch.arctan({})", "Atan", single=True, formula=_arctan),
    ag.arctan2: Form("torch.arctan2({}, {})", formula=_arctan2),
    ag.hypot: Form("torch.hypot({}, {})"),
    ag.sinh: Form("torch.sinh({})", "Sinh", single=True, formula=_sinh),
    ag.cosh: Form("torch.cosh({})", "Cosh", single=True, formula=_cosh),
    ag.tanh: Form("torch.tanh({})", "Tanh"),
    ag.erf: Form("torch.erf({})", "Erf", single=True, formula=_erf),
    ag.erfc: Form("torch.erfc({})", formula=_erfc),
    ag.sigmoid: Form("torch.sigmoid({})", "Sigmoid"),
    ag.relu: Form("torch.relu({})", "Relu"),
    ag.leaky_relu: Form("F.leaky_relu({}, {})", "LeakyRelu", single=True, attribute="alpha"),
    ag.elu: Form("F.elu({}, {})", "Elu", single=True, attribute="alpha"),
    ag.softplus: Form("F.softplus({}, threshold=40.0)", "Softplus"),  # from there on x itself is exact
    ag.silu: Form("F.silu({})"),
    ag.gelu: Form("F.gelu({})"),
    ag.gelu_tanh: Form('F.gelu({}, approximate="tanh")'),
    ag.clip: Form(formula=lambda x, lo, hi: ag.minimum(ag.maximum(x, lo), hi)),
    ag.maximum: Form("torch.maximum({}, {})", "Max"),
    ag.minimum: Form("torch.minimum({}, {})", "Min"),
    ag.where: Form("torch.where({}, {}, {})", "Where"),
    ag.stop_gradient: Form("{}.detach()", "Identity"),
    ag.less: Form(onnx="Less"),
    ag.less_equal: Form(onnx="LessOrEqual"),
    ag.equal: Form(onnx="Equal"),
    ag.not_equal: Form(formula=lambda x, y: ag.logical_not(x == y)),
    ag.logical_and: Form("torch.logical_and({}, {})", "And"),
    ag.logical_or: Form("torch.logical_or({}, {})", "Or"),
    ag.logical_not: Form("torch.logical_not({})", "Not"),
}

REDUCTIONS: dict[Primitive, tuple[str, str]] = {
    ag.add: ("sum", "ReduceSum"),
    ag.maximum: ("amax", "ReduceMax"),
    ag.minimum: ("amin", "ReduceMin"),
    ag.logsumexp: ("logsumexp", "ReduceLogSumExp"),
}
"""What primitives of many numbers, or chains of those of two, are called: the method of a torch tensor, and ONNX's operator."""


@dataclass(frozen=True)
class Dialect:
    """Which primitives a target has: PyTorch, or ONNX in one precision."""

    name: str
    has: Callable[[Primitive, Form], bool]

    def knows(self, primitive: Primitive, operands: tuple[Any, ...]) -> bool:
        """Whether the target has it, of such operands."""
        form = FORMS.get(primitive, Form())
        return self.has(primitive, form) and (form.attribute is None or [type(x) is float for x in operands] == [False, True])

    def formula(self, primitive: Primitive, operands: tuple[Any, ...]) -> Program:
        """The primitive in terms of others, as a program of those operands that are not floats."""
        form = FORMS.get(primitive)
        if form is not None and form.formula is not None:
            formula = form.formula
            program, _, _ = trace(lambda xs: ([formula(*xs)], None), [""] * len(operands))
            return program
        count = len(operands)
        whole = Program(count, ((primitive, tuple([x if type(x) is float else i for i, x in enumerate(operands)])),), (count,))
        native: Any = primitive.native
        failed = f"the primitive {primitive.name!r} cannot be exported to {self.name}"
        if native is not None:
            raise ExportError(f"{failed}, which has no {native}: define it without native, so that its evaluate is exported")
        try:
            return lower(simplify(whole)).program()
        except NotCompilableError as error:
            raise ExportError(
                f"{failed}: {error}. Write its evaluate by arithmetic, comparisons and functions of math, or leave it out"
            ) from error


def _torch_has(primitive: Primitive, form: Form) -> bool:
    return form.torch is not None or primitive.operator is not None or isinstance(primitive.native, Comparison)


PYTORCH = Dialect("PyTorch", _torch_has)
ONNX = {
    "float32": Dialect("ONNX", lambda _, form: form.onnx is not None),
    "float64": Dialect("ONNX", lambda _, form: form.onnx is not None and not form.single),
}
