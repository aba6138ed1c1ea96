"""Derivatives by a step into the complex plane: Im f(x + ih) / h has no difference in it, so h may be as small as you like.

f must be analytic, and each primitive must run on complex numbers: by its reference, a second statement of the function made
for tests, or without one by its own `evaluate`. Comparisons go by the real part, so pieces of analytic functions will do.

Source: W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Rev. 40 (1998) 110-112.
"""

import cmath
import math
import operator
import warnings
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

from autograd.definition import Primitive
from autograd.operators import Operators, install
from autograd.primitives import expm1, log1p
from autograd.real import as_float, is_node
from autograd.table import TABLE
from autograd.testing.stencil import UNDERFLOW

STEP = 2.0**-170  # its square is beyond all digits, and products with it stay far from underflow


class _NearReal(complex):
    """A complex number near the real line, which compares by its real part."""

    def __abs__(self) -> Any:
        return -self if self.real < 0.0 else self

    def __bool__(self) -> bool:
        return self.real != 0.0


def _closed(name: str) -> Callable[..., Any]:
    operate = getattr(complex, name)

    def method(self: complex, *others: Any) -> Any:
        result = operate(self, *others)
        return result if result is NotImplemented else _in_range(result, self, *others)

    return method


def _in_range(result: complex, *operands: Any) -> _NearReal:
    """The result of one operation; raises ArithmeticError where it may have lost digits by underflow.

    A quotient by such a number, or its logarithm, would not show it. Only a zero makes a zero.
    """
    underflow = result.real == 0.0 or abs(result.real) < UNDERFLOW / STEP
    if 0.0 < abs(result.imag) < UNDERFLOW or (underflow and result.imag == 0.0 and all(operands) and any(map(_imag, operands))):
        raise ArithmeticError(f"{operands} give {result}: below the range in which complex numbers keep their digits")
    return _NearReal(result)


_imag = operator.attrgetter("imag")


for _primitive in TABLE.values():
    for _name in (f"__{_primitive.operator}__", f"__r{_primitive.operator}__"):
        if hasattr(complex, _name) and _name not in vars(_NearReal):
            setattr(_NearReal, _name, _closed(_name))


def _compare_by_real_part(kind: type, real: Callable[[Any], float]) -> None:
    """Give a class the six comparisons, by its real part and that of the other number; it hashes as before."""
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        compare = getattr(operator, name)
        setattr(kind, f"__{name}__", lambda self, other, compare=compare: compare(self.real, real(other)))


_compare_by_real_part(_NearReal, lambda other: complex(other).real)


class _BeyondPythonError(AttributeError):
    """A reference asks for a function that Python's complex numbers do not have."""


class _ComplexMath:
    """mpmath's functions on Python's complex numbers, by the names that references use."""

    pi = math.pi

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(cmath, name, None)
        if function is None:
            raise _BeyondPythonError(name)
        return lambda *numbers: _in_range(function(*numbers), *numbers)

    mpf = staticmethod(_NearReal)
    power = staticmethod(operator.pow)
    fabs = staticmethod(abs)

    def sign(self, x: Any) -> Any:
        return _NearReal((x > 0) - (x < 0))

    def expm1(self, x: Any) -> Any:
        return _NearReal(expm1.evaluate(x.real), self.exp(x).imag)  # exp(x) - 1 loses the digits of a small x

    def log1p(self, x: Any) -> Any:
        return _NearReal(log1p.evaluate(x.real), self.log(1 + x).imag)

    def sech(self, x: Any) -> Any:
        return 1 / self.cosh(x)

    def hypot(self, x: Any, y: Any) -> Any:
        return self.sqrt(x * x + y * y)

    def atan2(self, y: Any, x: Any) -> Any:
        return self.atan(y / x) if abs(x) > abs(y) else -self.atan(x / y)  # up to a real constant

    def fsum(self, xs: Any) -> Any:
        return reduce(operator.add, xs)

    def fdot(self, pairs: Any) -> Any:
        return reduce(operator.add, [x * y for x, y in pairs])


class _Precise:
    """One of mpmath's complex numbers near the real line, which compares by its real part, and so do all made of it."""

    __slots__ = ("exact",)
    __hash__ = object.__hash__

    def __init__(self, exact: Any) -> None:
        self.exact = exact

    @property
    def real(self) -> Any:
        return self.exact.real

    def __abs__(self) -> Any:
        return _Precise(-self.exact) if self.real < 0 else self

    def __bool__(self) -> bool:
        return bool(self.real != 0)


def _exactly(operate: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of `_Precise` numbers and others."""

    def function(*numbers: Any, **options: Any) -> Any:
        if not any(isinstance(x, _Precise) for x in numbers):
            return operate(*numbers, **options)
        return _Precise(operate(*[x.exact if isinstance(x, _Precise) else x for x in numbers], **options))

    return function


for _primitive in TABLE.values():
    _name = f"__{_primitive.operator}__"
    if hasattr(complex, _name) and _name not in vars(_Precise):
        _operate = getattr(operator, _name)
        setattr(_Precise, _name, _exactly(_operate))
        setattr(_Precise, f"__r{_primitive.operator}__", _exactly(lambda x, y, operate=_operate: operate(y, x)))
_compare_by_real_part(_Precise, operator.attrgetter("real"))


class _PreciseMath:
    """mpmath's own functions, at a hundred digits: it rounds to the larger part, and the imaginary one is 50 digits smaller."""

    fabs = staticmethod(abs)

    @property
    def dps(self) -> Any:
        import mpmath

        return mpmath.mp.dps

    def __getattr__(self, name: str) -> Any:
        import mpmath

        found = getattr(mpmath.mp, name)
        return found if isinstance(found, mpmath.mp.constant) else _exactly(found)  # as pi, which can be called too

    def sign(self, x: Any) -> Any:
        return (x > 0) - (x < 0)

    def erfinv(self, x: Any) -> Any:
        """One step of Newton's method from the real part, whose error is the square of the imaginary one."""
        y = self.__getattr__("erfinv")(x.real)
        return y - (self.erf(y) - x) / (2 / self.sqrt(self.pi) * self.exp(-y * y))


_MATH, _PRECISE = _ComplexMath(), _PreciseMath()


def _by_reference(reference: Any, operands: Sequence[_NearReal]) -> complex:
    """The value of a primitive by its reference: by Python's complex numbers, or by mpmath's if these have not all it needs."""
    try:
        return complex((getattr(_MATH, reference) if isinstance(reference, str) else partial(reference, _MATH))(*operands))
    except _BeyondPythonError:
        import mpmath

        with mpmath.workdps(100):
            function = getattr(_PRECISE, reference) if isinstance(reference, str) else partial(reference, _PRECISE)
            found = function(*[_Precise(mpmath.mpc(x)) for x in operands])
            exact = mpmath.mpc(found.exact if isinstance(found, _Precise) else found)
            if 0 < abs(exact.imag) < UNDERFLOW:
                raise ArithmeticError(f"{operands} give {exact}: below the range in which floats keep their digits") from None
            return complex(exact)


class ComplexStep(Operators):
    """A number with its change: the real part as the function computes it, the imaginary one by complex arithmetic."""

    __slots__ = ("imag", "real")

    def __init__(self, real: float, imag: float) -> None:
        self.real = real
        self.imag = imag

    @staticmethod
    def _apply_primitive(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        numbers = [operand if isinstance(operand, ComplexStep) else ComplexStep(_number(operand), 0.0) for operand in operands]
        real = primitive.evaluate(*[x.real for x in numbers])
        complexes = [_NearReal(x.real, x.imag) for x in numbers]
        result = primitive.formula(*complexes) if primitive.reference is None else _by_reference(primitive.reference, complexes)
        return ComplexStep(real, math.nan if math.isnan(real) else complex(result).imag)

    def __bool__(self) -> bool:
        return self.real != 0.0


def _number(x: Any) -> float:
    """The number alone, of a node of any kind."""
    if isinstance(x, ComplexStep):
        return x.real
    return as_float(x.item() if is_node(x) else x, "the operand")


_compare_by_real_part(ComplexStep, _number)
install(ComplexStep, lambda primitive, slow: lambda *operands, **named: slow(primitive, *operands, **named))


def complex_step(f: Callable[[list[Any]], list[Any]], at: Sequence[float], direction: Sequence[float]) -> list[float] | None:
    """The derivative of each number that f returns, along a direction; None where f does not tell it this way.

    >>> complex_step(lambda xs: [xs[0] * xs[0]], [3.0], [1.0])
    [6.0]
    """
    moving = [abs(x) for x, d in zip(at, direction, strict=True) if d != 0.0]
    step = STEP * min([1.0, *[x for x in moving if x]])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy's, that it has dropped an imaginary part
            found = _imaginary(f, at, direction, step)
            if 0.0 in moving and found != _imaginary(f, at, direction, step * 2.0**30):
                return None  # as x**1.5, which is not analytic at 0
    except Exception:  # noqa: BLE001 - f need not run on these numbers: the stencil remains
        return None
    return found if all(map(math.isfinite, found)) else None


def _imaginary(
    f: Callable[[list[Any]], list[Any]], at: Sequence[float], direction: Sequence[float], step: float
) -> list[float]:
    found = []
    for output in f([ComplexStep(x, step * d) for x, d in zip(at, direction, strict=True)]):
        imag = output.imag if isinstance(output, ComplexStep) else 0.0
        found.append(math.nan if 0.0 < abs(imag) < UNDERFLOW else imag / step)
    return found
