"""The primitives as type checkers and editors see them. Made from the table by `python -m tests.make_stubs`: edit that."""

# mypy: disable-error-code="overload-overlap, override"

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Generic, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from autograd.compiler.jit import Jitted
from autograd.definition import Primitive
from autograd.pictures.picture import Picture
from autograd.value import Value

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
X = TypeVar("X")
X_contra = TypeVar("X_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

class Scalar(Protocol):
    """One number of another library's, such as a NumPy scalar."""

    def __float__(self) -> float: ...
    def is_integer(self) -> bool: ...

Real: TypeAlias = float | int | Scalar
Operand: TypeAlias = float | int | Scalar | Value

class First(Protocol[X_contra, Q]):
    """Something made of a function whose first argument is an X."""

    def _f(self, x: X_contra, /, *args: Q.args, **kwargs: Q.kwargs) -> object: ...

class FirstAndResult(Protocol[X_contra, Q, R_co]):
    """The same, with the function's result."""

    def _f(self, x: X_contra, /, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...

class Derived(Generic[P, R_co]):
    """A function made of f, with its result."""

    def _f(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self: Derived[[Value], Value], x0: Real, /) -> float: ...
    @overload
    def __call__(self: Derived[[Value], Any], x0: Real, /) -> Any: ...
    @overload
    def __call__(self: Derived[[Value, Value], Value], x0: Real, x1: Real, /) -> float: ...
    @overload
    def __call__(self: Derived[[Value, Value], Any], x0: Real, x1: Real, /) -> Any: ...
    @overload
    def __call__(self: Derived[[Value, Value], Any], x0: Operand, x1: Operand, /) -> R_co: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value], Value], x0: Real, x1: Real, x2: Real, /) -> float: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, /) -> Any: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, /) -> R_co: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value], Value], x0: Real, x1: Real, x2: Real, x3: Real, /) -> float: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, x3: Real, /) -> Any: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, x3: Operand, /) -> R_co: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value, Value], Value], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, /) -> float: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, /) -> Any: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, /) -> R_co: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value, Value, Value], Value], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, x5: Real, /) -> float: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, x5: Real, /) -> Any: ...
    @overload
    def __call__(self: Derived[[Value, Value, Value, Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, x5: Operand, /) -> R_co: ...

class Gradient(Generic[P]):
    """The gradient of f."""

    def _f(self, *args: P.args, **kwargs: P.kwargs) -> object: ...
    @overload
    def __call__(self: First[X, Q], x: X, /, *args: Q.args, **kwargs: Q.kwargs) -> X: ...
    @overload
    def __call__(self: Gradient[[Value]], x0: Real, /) -> float: ...
    @overload
    def __call__(self: Gradient[[Value, Value]], x0: Real, x1: Real, /) -> float: ...
    @overload
    def __call__(self: Gradient[[Value, Value]], x0: Operand, x1: Operand, /) -> Value: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value]], x0: Real, x1: Real, x2: Real, /) -> float: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, /) -> Value: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value, Value]], x0: Real, x1: Real, x2: Real, x3: Real, /) -> float: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, x3: Operand, /) -> Value: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value, Value, Value]], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, /) -> float: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, /) -> Value: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value, Value, Value, Value]], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, x5: Real, /) -> float: ...
    @overload
    def __call__(self: Gradient[[Value, Value, Value, Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, x5: Operand, /) -> Value: ...

class ValueAndGradient(Generic[P, R_co]):
    """The value of f and its gradient."""

    def _f(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self: FirstAndResult[X, Q, R], x: X, /, *args: Q.args, **kwargs: Q.kwargs) -> tuple[R, X]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value], Any], x0: Real, /) -> tuple[float, float]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value], Any], x0: Real, x1: Real, /) -> tuple[float, float]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value], Any], x0: Operand, x1: Operand, /) -> tuple[R_co, Value]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, /) -> tuple[float, float]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, /) -> tuple[R_co, Value]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, x3: Real, /) -> tuple[float, float]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, x3: Operand, /) -> tuple[R_co, Value]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, /) -> tuple[float, float]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, /) -> tuple[R_co, Value]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value, Value, Value, Value], Any], x0: Real, x1: Real, x2: Real, x3: Real, x4: Real, x5: Real, /) -> tuple[float, float]: ...
    @overload
    def __call__(self: ValueAndGradient[[Value, Value, Value, Value, Value, Value], Any], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, x5: Operand, /) -> tuple[R_co, Value]: ...

class Matrix(Generic[P]):
    """Derivatives of f in some structure."""

    def _f(self, *args: P.args, **kwargs: P.kwargs) -> object: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self: Matrix[[Value]], x0: Operand, /) -> Any: ...
    @overload
    def __call__(self: Matrix[[Value, Value]], x0: Operand, x1: Operand, /) -> Any: ...
    @overload
    def __call__(self: Matrix[[Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, /) -> Any: ...
    @overload
    def __call__(self: Matrix[[Value, Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, x3: Operand, /) -> Any: ...
    @overload
    def __call__(self: Matrix[[Value, Value, Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, /) -> Any: ...
    @overload
    def __call__(self: Matrix[[Value, Value, Value, Value, Value, Value]], x0: Operand, x1: Operand, x2: Operand, x3: Operand, x4: Operand, x5: Operand, /) -> Any: ...

class Methods:
    """Every primitive that takes numbers as a method, and as an operator if Python has one."""
    def div(self, y: Operand) -> Value:
        """Quotient x / y; partials 1/y and -(x/y)/y. Division by zero gives IEEE's inf or nan."""

    def add(self, b: Operand, /) -> Value:
        """Sum x + y; partials 1 and 1."""

    def __add__(self, other: Operand) -> Value: ...
    def __radd__(self, other: Real) -> Value: ...

    def sub(self, b: Operand, /) -> Value:
        """Difference x - y; partials 1 and -1."""

    def __sub__(self, other: Operand) -> Value: ...
    def __rsub__(self, other: Real) -> Value: ...

    def mul(self, b: Operand, /) -> Value:
        """Product x * y; partials y and x. nan * 0 and inf * 0 are nan, in both passes."""

    def __mul__(self, other: Operand) -> Value: ...
    def __rmul__(self, other: Real) -> Value: ...

    def truediv(self, y: Operand) -> Value:
        """Quotient x / y; partials 1/y and -(x/y)/y. Division by zero gives IEEE's inf or nan."""

    def __truediv__(self, other: Operand) -> Value: ...
    def __rtruediv__(self, other: Real) -> Value: ...

    def neg(self) -> Value:
        """Negative -x; partial -1."""

    def __neg__(self) -> Value: ...

    def pow(self, y: Operand) -> Value:
        """Power x**y, x**2 as x * x; partials y x**(y - 1) (0 for y = 0) and x**y log x (at x = 0: 0 for y >= 0, else -inf)."""

    def __pow__(self, other: Operand) -> Value: ...
    def __rpow__(self, other: Real) -> Value: ...

    def exp(self) -> Value:
        """Exponential, which is its own slope. exp(710) is inf with slope inf, exp(-1000) is 0 with slope 0."""

    def expm1(self) -> Value:
        """exp(x) - 1 without cancellation near 0; slope exp(x)."""

    def log(self) -> Value:
        """Natural logarithm; slope 1/x. log(0) is -inf with slope inf, log(-1) nan with slope nan."""

    def log1p(self) -> Value:
        """log(1 + x) without cancellation near 0; slope 1/(1 + x)."""

    def sqrt(self) -> Value:
        """Square root; slope 1/(2 sqrt(x)), inf at 0; nan with slope nan below 0."""

    def sin(self) -> Value:
        """Sine of x in radians; slope cos(x). sin(inf) is nan with slope nan."""

    def cos(self) -> Value:
        """Cosine of x in radians; slope -sin(x)."""

    def tan(self) -> Value:
        """Tangent of x in radians; slope 1 + tan(x)**2."""

    def arcsin(self) -> Value:
        """Arc sine in radians; slope 1/sqrt(1 - x**2), inf at -1 and 1; nan with slope nan outside."""

    def arccos(self) -> Value:
        """Arc cosine in radians; slope -1/sqrt(1 - x**2), -inf at -1 and 1; nan with slope nan outside."""

    def arctan(self) -> Value:
        """Arc tangent in radians; slope 1/(1 + x**2), in which x**2 never overflows."""

    def arctan2(self, x: Operand, /) -> Value:
        """Angle of the point (x, y) in radians; partials x/(x**2 + y**2) to y and -y/(x**2 + y**2) to x, nan at (0, 0)."""

    def hypot(self, y: Operand) -> Value:
        """Length sqrt(x**2 + y**2) without overflow; partials x/r and y/r, 0 and 0 at the origin (minimum norm)."""

    def sinh(self) -> Value:
        """Hyperbolic sine; slope cosh(x)."""

    def cosh(self) -> Value:
        """Hyperbolic cosine; slope sinh(x)."""

    def tanh(self) -> Value:
        """Hyperbolic tangent; slope sech2(x), which keeps its digits in the tails where 1 - tanh(x)**2 loses them all."""

    def erf(self) -> Value:
        """Error function; slope 2/sqrt(pi) exp(-x**2)."""

    def erfc(self) -> Value:
        """Complementary error function 1 - erf(x), which keeps its digits in the upper tail; slope -2/sqrt(pi) exp(-x**2)."""

    def sigmoid(self) -> Value:
        """Logistic function 1/(1 + exp(-x)), by the branch that does not overflow; slope e/(1 + e)**2, e = exp(-abs x)."""

    def softplus(self) -> Value:
        """log(1 + exp(x)) as max(x, 0) + log1p(exp(-abs x)), without a threshold; slope sigmoid(x)."""

    def relu(self) -> Value:
        """max(x, 0); slope 1 above 0, and 0 at 0 and below (unlike `maximum(x, 0)`, which is 1/2 at 0). relu(nan) is nan."""

    def leaky_relu(self, negative_slope: Operand = 0.01) -> Value:
        """x above 0, else negative_slope * x (0.01 unless given); at 0 the left slope."""

    def elu(self, alpha: Operand = 1.0) -> Value:
        """x above 0, else alpha * (exp(x) - 1), alpha 1 unless given; at 0 the slope min(alpha, 1)."""

    def silu(self) -> Value:
        """x sigmoid(x) (swish); slope sigmoid(x) + x sigmoid'(x), 1 at inf and 0 at -inf."""

    def gelu(self) -> Value:
        """x Phi(x) = x/2 erfc(-x/sqrt 2), the erf form; slope Phi(x) + x phi(x), 1 at inf and 0 at -inf. arXiv:1606.08415"""

    def gelu_tanh(self) -> Value:
        """x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x**3), the tanh form of `gelu`. arXiv:1606.08415"""

    def abs(self) -> Value:
        """Absolute value; slope sign(x), 0 at 0 (minimum norm)."""

    def __abs__(self) -> Value: ...

    def sign(self) -> Value:
        """-1, 0 or 1; slope 0 everywhere."""

    def heaviside(self) -> Value:
        """The unit step, 0 up to and including 0, 1 above; slope 0 everywhere. It is the slope of `relu`."""

    def where(self, x: Operand, y: Operand) -> Value:
        """x where the condition holds (is not 0), else y; the other one gets no gradient at all."""

    def maximum(self, y: Operand) -> Value:
        """The larger; at a tie each gets 1/2, so that maximum(x, x) has slope 1. nan if either is nan."""

    def minimum(self, y: Operand) -> Value:
        """The smaller; at a tie each gets 1/2, so that minimum(x, x) has slope 1. nan if either is nan."""

    def clip(self, lo: Operand = -inf, hi: Operand = inf) -> Value:
        """x held between lo and hi (unbounded unless given); slope 1 on the closed interval, where the bounds get nothing."""

    def stop_gradient(self) -> Value:
        """x itself, but no gradient flows back through it (JAX's name; PyTorch: detach)."""

    def identity(self) -> Value:
        """x itself, as another node (TensorFlow's name); slope 1. `grad` wraps its arguments in it."""

    def less(self, y: Operand) -> Value:
        """1 where x < y, else 0 (also where either is nan); slope 0. In compiled code, `<`."""

    def less_equal(self, y: Operand) -> Value:
        """1 where x <= y, else 0 (also where either is nan); slope 0. In compiled code, `<=`."""

    def equal(self, y: Operand) -> Value:
        """1 where x == y, else 0 (also where either is nan); slope 0. In compiled code, `==`."""

    def not_equal(self, y: Operand) -> Value:
        """1 where x != y (also where either is nan), else 0; slope 0. In compiled code, `!=`."""

    def logical_and(self, y: Operand) -> Value:
        """1 where both hold (are not 0), else 0; slope 0. In compiled code, `&` between comparisons."""

    def logical_or(self, y: Operand) -> Value:
        """1 where x or y holds (is not 0), else 0; slope 0. In compiled code, `|` between comparisons."""

    def logical_not(self) -> Value:
        """1 where x does not hold (is 0), else 0 (also where it is nan); slope 0. `not x`, for functions that jit compiles."""

    def sum_(self, *xs: Operand) -> Value:
        """x_1 + ... + x_n, strictly left to right in plain double arithmetic; takes the numbers or one iterable of them."""

    def amax(self, *xs: Operand) -> Value:
        """The largest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name)."""

    def amin(self, *xs: Operand) -> Value:
        """The smallest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name)."""

    def logsumexp(self, *xs: Operand) -> Value:
        """log(exp(x_1) + ... + exp(x_n)), shifted by the maximum m; partials exp(x - m) / sum. All -inf: -inf."""

    def fabs(self) -> Value:
        """Absolute value; slope sign(x), 0 at 0 (minimum norm)."""

    def rint(self) -> Value:
        """The nearest whole number, the even one of two, a float; slope 0 everywhere. `round(x)` of a Value is this."""

    def remainder(self, y: Operand) -> Value:
        """x % y, the rest of x / y with the sign of y, as Python and NumPy have it; partials 1 and -(x // y). nan for y = 0."""

    def expit(self) -> Value:
        """Logistic function 1/(1 + exp(-x)), by the branch that does not overflow; slope e/(1 + e)**2, e = exp(-abs x)."""

    def radians(self) -> Value:
        """Degrees as radians: x pi / 180."""

    def degrees(self) -> Value:
        """Radians as degrees: x 180 / pi."""

    def gammaln(self) -> Value:
        """log abs Gamma(x); slope digamma(x). inf at 0, -1, -2 and so on, and at -inf and inf. SciPy's `gammaln`."""

    def psi(self) -> Value:
        """Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x)."""

    def floor(self) -> Value:
        """The largest whole number up to x, a float; slope 0 everywhere. `math.floor` of a Value is this."""

    def ceil(self) -> Value:
        """The smallest whole number from x on, a float; slope 0 everywhere. `math.ceil` of a Value is this."""

    def trunc(self) -> Value:
        """x without its fraction, a float; slope 0 everywhere. `math.trunc` of a Value is this."""

    def round(self) -> Value:
        """The nearest whole number, the even one of two, a float; slope 0 everywhere. `round(x)` of a Value is this."""

    def fmod(self, y: Operand) -> Value:
        """The rest of x / y with the sign of x, as in C; partials 1 and -trunc(x / y). nan for y = 0. `mod` has the sign of y."""

    def mod(self, y: Operand) -> Value:
        """x % y, the rest of x / y with the sign of y, as Python and NumPy have it; partials 1 and -(x // y). nan for y = 0."""

    def __mod__(self, other: Operand) -> Value: ...
    def __rmod__(self, other: Real) -> Value: ...

    def floor_divide(self, y: Operand) -> Value:
        """x // y, the largest whole number up to x / y; slopes 0. For y = 0 the quotient x / y, inf or nan."""

    def __floordiv__(self, other: Operand) -> Value: ...
    def __rfloordiv__(self, other: Real) -> Value: ...

    def log2(self) -> Value:
        """Logarithm to base 2; slope 1/(x log 2). log2(0) is -inf with slope inf, log2(-1) nan with slope nan."""

    def log10(self) -> Value:
        """Logarithm to base 10; slope 1/(x log 10). log10(0) is -inf with slope inf, log10(-1) nan with slope nan."""

    def exp2(self) -> Value:
        """2**x; slope log(2) 2**x. exp2(1024) is inf."""

    def cbrt(self) -> Value:
        """Cube root, of negative numbers too; slope 1/(3 cbrt(x)**2), inf at 0."""

    def arcsinh(self) -> Value:
        """Inverse hyperbolic sine; slope 1/sqrt(1 + x**2), in which x**2 never overflows."""

    def arccosh(self) -> Value:
        """Inverse hyperbolic cosine; slope 1/sqrt(x**2 - 1), inf at 1; nan with slope nan below 1."""

    def arctanh(self) -> Value:
        """Inverse hyperbolic tangent; slope 1/(1 - x**2); inf at 1, -inf at -1; nan with slope nan outside."""

    def logit(self) -> Value:
        """log(x / (1 - x)), the inverse of `sigmoid`; slope 1/(x (1 - x)); -inf at 0, inf at 1; nan with slope nan outside."""

    def deg2rad(self) -> Value:
        """Degrees as radians: x pi / 180."""

    def rad2deg(self) -> Value:
        """Radians as degrees: x 180 / pi."""

    def sinc(self) -> Value:
        """sin(pi x) / (pi x), 1 at 0 (NumPy's name)."""

    def jn(self, x: Operand) -> Value:
        """Bessel function of the first kind J_n(x) of whole order n >= 0; slope (J_(n-1) - J_(n+1))/2 (SciPy's name)."""

    def j0(self) -> Value:
        """Bessel function of the first kind of order 0; slope -j1(x) (SciPy's name)."""

    def j1(self) -> Value:
        """Bessel function of the first kind of order 1; slope (J_0 - J_2)/2 (SciPy's name)."""

    def i0e(self) -> Value:
        """exp(-abs x) I_0(x), I_0 the modified Bessel function of order 0; slope 0 at its kink (SciPy's name)."""

    def i1e(self) -> Value:
        """exp(-abs x) I_1(x), I_1 the modified Bessel function of order 1; slope 1/2 at 0 (SciPy's name)."""

    def iv(self, x: Operand) -> Value:
        """Modified Bessel function of the first kind I_n(x) of whole order n >= 0; slope (I_(n-1) + I_(n+1))/2 (SciPy's name)."""

    def i0(self) -> Value:
        """Modified Bessel function of the first kind of order 0; slope i1(x) (NumPy's and SciPy's name)."""

    def i1(self) -> Value:
        """Modified Bessel function of the first kind of order 1; slope (I_0 + I_2)/2 (SciPy's name)."""

    def lgamma(self) -> Value:
        """log abs Gamma(x); slope digamma(x). inf at 0, -1, -2 and so on, and at -inf and inf. SciPy's `gammaln`."""

    def digamma(self) -> Value:
        """Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x)."""

    def polygamma(self, x: Operand) -> Value:
        """The derivative of `digamma` of order n, a whole number up to 30, for x > 0, else nan; slope to x polygamma(n + 1, x)."""

    def gamma(self) -> Value:
        """The gamma function, (x - 1)! for whole x; slope Gamma(x) digamma(x). inf at 0, nan at -1, -2 and so on."""

    def beta(self, b: Operand) -> Value:
        """Gamma(a) Gamma(b) / Gamma(a + b) for a, b > 0, else nan, and inf at 0 (SciPy's name)."""

    def gammainc(self, x: Operand) -> Value:
        """P(a, x), the integral of t**(a - 1) exp(-t) / Gamma(a) from 0 to x (SciPy's name): the gamma distribution's."""

    def gammaincc(self, x: Operand) -> Value:
        """Q(a, x) = 1 - P(a, x), which keeps its digits where P is nearly 1 (SciPy's name); see `gammainc`."""

    def betainc(self, b: Operand, x: Operand) -> Value:
        """I_x(a, b), the integral of t**(a - 1) (1 - t)**(b - 1) / B(a, b) from 0 to x: the beta distribution's (SciPy's name)."""

    def erfinv(self) -> Value:
        """Inverse of the error function; slope sqrt(pi)/2 exp(erfinv(x)**2); inf at 1, -inf at -1; nan with slope nan outside."""

    def ndtr(self) -> Value:
        """Distribution function of the standard normal, Phi(x) = erfc(-x / sqrt 2) / 2; slope its density (SciPy's name)."""

    def log_ndtr(self) -> Value:
        """log Phi(x), with all digits in the lower tail, where Phi(x) underflows; slope phi(x)/Phi(x) (SciPy's name)."""

    def draw(self, *, partials: bool = False, gradients: bool = False, group: bool = False, depth: int | None = None, constants: bool = True, expand: bool = False, max_nodes: int | None = None, rankdir: str = 'LR', theme: str = 'light', precision: int = 6, model: Any = None) -> Picture:
        """Draw the graph that computed a result, or several, as a `graphviz.Digraph`: values in boxes, operations in circles.

        A value's box shows its label, its number (data) and its gradient, "-" until a backward pass arrives; a constant's box shows
        its number. The same graph gives the same text. Also a method: `result.draw(...)`. docs/pictures.md shows every option.

        Args:
            results: a Value, or several; what they share is drawn once.
            partials: write the local partial, d result / d operand, on each edge into an operation.
            gradients: colour boxes by their gradient, blue below 0 and orange above, with a legend.
            group: frame the values of each module, by the names of its parameters in the model ("layers.0.neurons.3.bias").
            depth: draw each module nested deeper than this as one node, with its parameters' count and shapes; 0: every module.
            constants: False writes constants into the operation, `· * 2`, instead of into boxes.
            expand: draw a `dot` as its products and their sum.
            max_nodes: draw at most this many values and folded modules, 500 by default. Modules fold from the deepest; if that is
                not enough, the picture leaves out what is farthest from the result, and says so.
            rankdir: graphviz's direction, "LR", "TB", "RL" or "BT".
            theme: "light", "dark", or "auto", which has no background and suits any.
            precision: the significant digits of numbers.
            model: names and frames are those of this module; without it, of the outermost modules that hold the parameters.

        Raises TypeError for anything but Values, for a flag that is not True or False and for a model that names no parameters;
        ValueError for a wrong option, and without `max_nodes` for more than 5,000 values that no module gathers.

        >>> a = Value(2.0, label="a")
        >>> "data 6" in draw(a * 3.0).source
        True
        """

div: _truediv
"""Quotient x / y; partials 1/y and -(x/y)/y. Division by zero gives IEEE's inf or nan.
>>> truediv(1.0, 0.0)
inf
"""

class _add(Primitive):
    """Sum x + y; partials 1 and 1.
    >>> add(2.0, 3.0)
    5.0
    """
    @overload
    def __call__(self, a: Value, b: Operand, /) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Value, /) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Real, /) -> float: ...

add: _add
"""Sum x + y; partials 1 and 1.
>>> add(2.0, 3.0)
5.0
"""

class _sub(Primitive):
    """Difference x - y; partials 1 and -1.
    >>> sub(2.0, 3.0)
    -1.0
    """
    @overload
    def __call__(self, a: Value, b: Operand, /) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Value, /) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Real, /) -> float: ...

sub: _sub
"""Difference x - y; partials 1 and -1.
>>> sub(2.0, 3.0)
-1.0
"""

class _mul(Primitive):
    """Product x * y; partials y and x. nan * 0 and inf * 0 are nan, in both passes.
    >>> mul(2.0, 3.0)
    6.0
    """
    @overload
    def __call__(self, a: Value, b: Operand, /) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Value, /) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Real, /) -> float: ...

mul: _mul
"""Product x * y; partials y and x. nan * 0 and inf * 0 are nan, in both passes.
>>> mul(2.0, 3.0)
6.0
"""

class _truediv(Primitive):
    """Quotient x / y; partials 1/y and -(x/y)/y. Division by zero gives IEEE's inf or nan.
    >>> truediv(1.0, 0.0)
    inf
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

truediv: _truediv
"""Quotient x / y; partials 1/y and -(x/y)/y. Division by zero gives IEEE's inf or nan.
>>> truediv(1.0, 0.0)
inf
"""

class _neg(Primitive):
    """Negative -x; partial -1.
    >>> neg(2.0)
    -2.0
    """
    @overload
    def __call__(self, a: Value, /) -> Value: ...
    @overload
    def __call__(self, a: Real, /) -> float: ...

neg: _neg
"""Negative -x; partial -1.
>>> neg(2.0)
-2.0
"""

class _pow(Primitive):
    """Power x**y, x**2 as x * x; partials y x**(y - 1) (0 for y = 0) and x**y log x (at x = 0: 0 for y >= 0, else -inf).
    A negative base with a fractional exponent gives nan, never a complex number; nan**0 = 1.
    >>> pow(2.0, 3.0), pow(-8.0, 1 / 3)
    (8.0, nan)
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

pow: _pow
"""Power x**y, x**2 as x * x; partials y x**(y - 1) (0 for y = 0) and x**y log x (at x = 0: 0 for y >= 0, else -inf).
A negative base with a fractional exponent gives nan, never a complex number; nan**0 = 1.
>>> pow(2.0, 3.0), pow(-8.0, 1 / 3)
(8.0, nan)
"""

class _exp(Primitive):
    """Exponential, which is its own slope. exp(710) is inf with slope inf, exp(-1000) is 0 with slope 0.
    >>> round(exp(1.0), 6)
    2.718282
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

exp: _exp
"""Exponential, which is its own slope. exp(710) is inf with slope inf, exp(-1000) is 0 with slope 0.
>>> round(exp(1.0), 6)
2.718282
"""

class _expm1(Primitive):
    """exp(x) - 1 without cancellation near 0; slope exp(x).
    >>> expm1(1e-20)
    1e-20
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

expm1: _expm1
"""exp(x) - 1 without cancellation near 0; slope exp(x).
>>> expm1(1e-20)
1e-20
"""

class _log(Primitive):
    """Natural logarithm; slope 1/x. log(0) is -inf with slope inf, log(-1) nan with slope nan.
    >>> log(0.0)
    -inf
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

log: _log
"""Natural logarithm; slope 1/x. log(0) is -inf with slope inf, log(-1) nan with slope nan.
>>> log(0.0)
-inf
"""

class _log1p(Primitive):
    """log(1 + x) without cancellation near 0; slope 1/(1 + x).
    >>> log1p(1e-20)
    1e-20
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

log1p: _log1p
"""log(1 + x) without cancellation near 0; slope 1/(1 + x).
>>> log1p(1e-20)
1e-20
"""

class _sqrt(Primitive):
    """Square root; slope 1/(2 sqrt(x)), inf at 0; nan with slope nan below 0.
    >>> sqrt(9.0)
    3.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

sqrt: _sqrt
"""Square root; slope 1/(2 sqrt(x)), inf at 0; nan with slope nan below 0.
>>> sqrt(9.0)
3.0
"""

class _sin(Primitive):
    """Sine of x in radians; slope cos(x). sin(inf) is nan with slope nan.
    >>> round(sin(0.5), 6)
    0.479426
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

sin: _sin
"""Sine of x in radians; slope cos(x). sin(inf) is nan with slope nan.
>>> round(sin(0.5), 6)
0.479426
"""

class _cos(Primitive):
    """Cosine of x in radians; slope -sin(x).
    >>> cos(0.0)
    1.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

cos: _cos
"""Cosine of x in radians; slope -sin(x).
>>> cos(0.0)
1.0
"""

class _tan(Primitive):
    """Tangent of x in radians; slope 1 + tan(x)**2.
    >>> round(tan(0.5), 6)
    0.546302
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

tan: _tan
"""Tangent of x in radians; slope 1 + tan(x)**2.
>>> round(tan(0.5), 6)
0.546302
"""

class _arcsin(Primitive):
    """Arc sine in radians; slope 1/sqrt(1 - x**2), inf at -1 and 1; nan with slope nan outside.
    >>> round(arcsin(1.0), 6)
    1.570796
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

arcsin: _arcsin
"""Arc sine in radians; slope 1/sqrt(1 - x**2), inf at -1 and 1; nan with slope nan outside.
>>> round(arcsin(1.0), 6)
1.570796
"""

class _arccos(Primitive):
    """Arc cosine in radians; slope -1/sqrt(1 - x**2), -inf at -1 and 1; nan with slope nan outside.
    >>> arccos(1.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

arccos: _arccos
"""Arc cosine in radians; slope -1/sqrt(1 - x**2), -inf at -1 and 1; nan with slope nan outside.
>>> arccos(1.0)
0.0
"""

class _arctan(Primitive):
    """Arc tangent in radians; slope 1/(1 + x**2), in which x**2 never overflows.
    >>> round(arctan(1.0), 6)
    0.785398
    """
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...

arctan: _arctan
"""Arc tangent in radians; slope 1/(1 + x**2), in which x**2 never overflows.
>>> round(arctan(1.0), 6)
0.785398
"""

class _arctan2(Primitive):
    """Angle of the point (x, y) in radians; partials x/(x**2 + y**2) to y and -y/(x**2 + y**2) to x, nan at (0, 0).
    >>> round(arctan2(1.0, 1.0), 6)
    0.785398
    """
    @overload
    def __call__(self, y: Value, x: Operand, /) -> Value: ...
    @overload
    def __call__(self, y: Real, x: Value, /) -> Value: ...
    @overload
    def __call__(self, y: Real, x: Real, /) -> float: ...

arctan2: _arctan2
"""Angle of the point (x, y) in radians; partials x/(x**2 + y**2) to y and -y/(x**2 + y**2) to x, nan at (0, 0).
>>> round(arctan2(1.0, 1.0), 6)
0.785398
"""

class _hypot(Primitive):
    """Length sqrt(x**2 + y**2) without overflow; partials x/r and y/r, 0 and 0 at the origin (minimum norm).
    >>> hypot(3.0, 4.0)
    5.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

hypot: _hypot
"""Length sqrt(x**2 + y**2) without overflow; partials x/r and y/r, 0 and 0 at the origin (minimum norm).
>>> hypot(3.0, 4.0)
5.0
"""

class _sinh(Primitive):
    """Hyperbolic sine; slope cosh(x).
    >>> round(sinh(1.0), 6)
    1.175201
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

sinh: _sinh
"""Hyperbolic sine; slope cosh(x).
>>> round(sinh(1.0), 6)
1.175201
"""

class _cosh(Primitive):
    """Hyperbolic cosine; slope sinh(x).
    >>> round(cosh(1.0), 6)
    1.543081
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

cosh: _cosh
"""Hyperbolic cosine; slope sinh(x).
>>> round(cosh(1.0), 6)
1.543081
"""

class _tanh(Primitive):
    """Hyperbolic tangent; slope sech2(x), which keeps its digits in the tails where 1 - tanh(x)**2 loses them all.
    >>> round(tanh(0.5), 6)
    0.462117
    """
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...

tanh: _tanh
"""Hyperbolic tangent; slope sech2(x), which keeps its digits in the tails where 1 - tanh(x)**2 loses them all.
>>> round(tanh(0.5), 6)
0.462117
"""

class _erf(Primitive):
    """Error function; slope 2/sqrt(pi) exp(-x**2).
    >>> round(erf(0.5), 6)
    0.5205
    """
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...

erf: _erf
"""Error function; slope 2/sqrt(pi) exp(-x**2).
>>> round(erf(0.5), 6)
0.5205
"""

class _erfc(Primitive):
    """Complementary error function 1 - erf(x), which keeps its digits in the upper tail; slope -2/sqrt(pi) exp(-x**2).
    >>> erfc(10.0) < 1e-44
    True
    """
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...

erfc: _erfc
"""Complementary error function 1 - erf(x), which keeps its digits in the upper tail; slope -2/sqrt(pi) exp(-x**2).
>>> erfc(10.0) < 1e-44
True
"""

class _sigmoid(Primitive):
    """Logistic function 1/(1 + exp(-x)), by the branch that does not overflow; slope e/(1 + e)**2, e = exp(-abs x).
    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

sigmoid: _sigmoid
"""Logistic function 1/(1 + exp(-x)), by the branch that does not overflow; slope e/(1 + e)**2, e = exp(-abs x).
>>> sigmoid(0.0), sigmoid(-1000.0)
(0.5, 0.0)
"""

class _softplus(Primitive):
    """log(1 + exp(x)) as max(x, 0) + log1p(exp(-abs x)), without a threshold; slope sigmoid(x).
    >>> softplus(1000.0), 4e-18 < softplus(-40.0) < 5e-18
    (1000.0, True)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

softplus: _softplus
"""log(1 + exp(x)) as max(x, 0) + log1p(exp(-abs x)), without a threshold; slope sigmoid(x).
>>> softplus(1000.0), 4e-18 < softplus(-40.0) < 5e-18
(1000.0, True)
"""

class _relu(Primitive):
    """max(x, 0); slope 1 above 0, and 0 at 0 and below (unlike `maximum(x, 0)`, which is 1/2 at 0). relu(nan) is nan.
    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

relu: _relu
"""max(x, 0); slope 1 above 0, and 0 at 0 and below (unlike `maximum(x, 0)`, which is 1/2 at 0). relu(nan) is nan.
>>> relu(-2.0), relu(3.0)
(0.0, 3.0)
"""

class _leaky_relu(Primitive):
    """x above 0, else negative_slope * x (0.01 unless given); at 0 the left slope.
    >>> leaky_relu(-2.0), leaky_relu(-2.0, negative_slope=0.5)
    (-0.02, -1.0)
    """
    @overload
    def __call__(self, x: Value, negative_slope: Operand = 0.01) -> Value: ...
    @overload
    def __call__(self, x: Real, negative_slope: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, negative_slope: Real = 0.01) -> float: ...

leaky_relu: _leaky_relu
"""x above 0, else negative_slope * x (0.01 unless given); at 0 the left slope.
>>> leaky_relu(-2.0), leaky_relu(-2.0, negative_slope=0.5)
(-0.02, -1.0)
"""

class _elu(Primitive):
    """x above 0, else alpha * (exp(x) - 1), alpha 1 unless given; at 0 the slope min(alpha, 1).
    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)
    """
    @overload
    def __call__(self, x: Value, alpha: Operand = 1.0) -> Value: ...
    @overload
    def __call__(self, x: Real, alpha: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, alpha: Real = 1.0) -> float: ...

elu: _elu
"""x above 0, else alpha * (exp(x) - 1), alpha 1 unless given; at 0 the slope min(alpha, 1).
>>> elu(2.0), elu(-1000.0)
(2.0, -1.0)
"""

class _silu(Primitive):
    """x sigmoid(x) (swish); slope sigmoid(x) + x sigmoid'(x), 1 at inf and 0 at -inf.
    >>> silu(0.0), silu(-math.inf)
    (0.0, -0.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

silu: _silu
"""x sigmoid(x) (swish); slope sigmoid(x) + x sigmoid'(x), 1 at inf and 0 at -inf.
>>> silu(0.0), silu(-math.inf)
(0.0, -0.0)
"""

class _gelu(Primitive):
    """x Phi(x) = x/2 erfc(-x/sqrt 2), the erf form; slope Phi(x) + x phi(x), 1 at inf and 0 at -inf. arXiv:1606.08415
    >>> round(gelu(1.0), 6)
    0.841345
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

gelu: _gelu
"""x Phi(x) = x/2 erfc(-x/sqrt 2), the erf form; slope Phi(x) + x phi(x), 1 at inf and 0 at -inf. arXiv:1606.08415
>>> round(gelu(1.0), 6)
0.841345
"""

class _gelu_tanh(Primitive):
    """x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x**3), the tanh form of `gelu`. arXiv:1606.08415
    >>> round(gelu_tanh(1.0), 6)
    0.841192
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

gelu_tanh: _gelu_tanh
"""x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x**3), the tanh form of `gelu`. arXiv:1606.08415
>>> round(gelu_tanh(1.0), 6)
0.841192
"""

class _abs(Primitive):
    """Absolute value; slope sign(x), 0 at 0 (minimum norm).
    >>> abs(-2.0)
    2.0
    """
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...

abs: _abs
"""Absolute value; slope sign(x), 0 at 0 (minimum norm).
>>> abs(-2.0)
2.0
"""

class _sign(Primitive):
    """-1, 0 or 1; slope 0 everywhere.
    >>> sign(-2.0)
    -1.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

sign: _sign
"""-1, 0 or 1; slope 0 everywhere.
>>> sign(-2.0)
-1.0
"""

class _heaviside(Primitive):
    """The unit step, 0 up to and including 0, 1 above; slope 0 everywhere. It is the slope of `relu`.
    >>> heaviside(-2.0), heaviside(3.0)
    (0.0, 1.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

heaviside: _heaviside
"""The unit step, 0 up to and including 0, 1 above; slope 0 everywhere. It is the slope of `relu`.
>>> heaviside(-2.0), heaviside(3.0)
(0.0, 1.0)
"""

class _where(Primitive):
    """x where the condition holds (is not 0), else y; the other one gets no gradient at all.
    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0
    """
    @overload
    def __call__(self, condition: Value, x: Operand, y: Operand) -> Value: ...
    @overload
    def __call__(self, condition: Real, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, condition: Real, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, condition: Real, x: Real, y: Real) -> float: ...

where: _where
"""x where the condition holds (is not 0), else y; the other one gets no gradient at all.
>>> where(2.0 > 1.0, 10.0, 20.0)
10.0
"""

class _maximum(Primitive):
    """The larger; at a tie each gets 1/2, so that maximum(x, x) has slope 1. nan if either is nan.
    >>> maximum(1.0, 2.0)
    2.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

maximum: _maximum
"""The larger; at a tie each gets 1/2, so that maximum(x, x) has slope 1. nan if either is nan.
>>> maximum(1.0, 2.0)
2.0
"""

class _minimum(Primitive):
    """The smaller; at a tie each gets 1/2, so that minimum(x, x) has slope 1. nan if either is nan.
    >>> minimum(1.0, 2.0)
    1.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

minimum: _minimum
"""The smaller; at a tie each gets 1/2, so that minimum(x, x) has slope 1. nan if either is nan.
>>> minimum(1.0, 2.0)
1.0
"""

class _clip(Primitive):
    """x held between lo and hi (unbounded unless given); slope 1 on the closed interval, where the bounds get nothing.
    If lo = hi, the result does not depend on x, and the slope is 0.
    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    @overload
    def __call__(self, x: Value, lo: Operand = -inf, hi: Operand = inf) -> Value: ...
    @overload
    def __call__(self, x: Real, lo: Value, hi: Operand = inf) -> Value: ...
    @overload
    def __call__(self, x: Real, lo: Real, hi: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, *, hi: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, lo: Real = -inf, hi: Real = inf) -> float: ...

clip: _clip
"""x held between lo and hi (unbounded unless given); slope 1 on the closed interval, where the bounds get nothing.
If lo = hi, the result does not depend on x, and the slope is 0.
>>> clip(5.0, 0.0, 1.0)
1.0
"""

class _stop_gradient(Primitive):
    """x itself, but no gradient flows back through it (JAX's name; PyTorch: detach).
    >>> stop_gradient(2.0)
    2.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

stop_gradient: _stop_gradient
"""x itself, but no gradient flows back through it (JAX's name; PyTorch: detach).
>>> stop_gradient(2.0)
2.0
"""

class _identity(Primitive):
    """x itself, as another node (TensorFlow's name); slope 1. `grad` wraps its arguments in it.
    >>> identity(2.0)
    2.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

identity: _identity
"""x itself, as another node (TensorFlow's name); slope 1. `grad` wraps its arguments in it.
>>> identity(2.0)
2.0
"""

class _less(Primitive):
    """1 where x < y, else 0 (also where either is nan); slope 0. In compiled code, `<`.
    >>> less(2.0, 3.0)
    1.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

less: _less
"""1 where x < y, else 0 (also where either is nan); slope 0. In compiled code, `<`.
>>> less(2.0, 3.0)
1.0
"""

class _less_equal(Primitive):
    """1 where x <= y, else 0 (also where either is nan); slope 0. In compiled code, `<=`.
    >>> less_equal(2.0, 3.0)
    1.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

less_equal: _less_equal
"""1 where x <= y, else 0 (also where either is nan); slope 0. In compiled code, `<=`.
>>> less_equal(2.0, 3.0)
1.0
"""

class _equal(Primitive):
    """1 where x == y, else 0 (also where either is nan); slope 0. In compiled code, `==`.
    >>> equal(2.0, 3.0)
    0.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

equal: _equal
"""1 where x == y, else 0 (also where either is nan); slope 0. In compiled code, `==`.
>>> equal(2.0, 3.0)
0.0
"""

class _not_equal(Primitive):
    """1 where x != y (also where either is nan), else 0; slope 0. In compiled code, `!=`.
    >>> not_equal(2.0, 3.0)
    1.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

not_equal: _not_equal
"""1 where x != y (also where either is nan), else 0; slope 0. In compiled code, `!=`.
>>> not_equal(2.0, 3.0)
1.0
"""

class _logical_and(Primitive):
    """1 where both hold (are not 0), else 0; slope 0. In compiled code, `&` between comparisons.
    >>> logical_and(1.0, 0.0)
    0.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: bool, y: bool) -> bool: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

logical_and: _logical_and
"""1 where both hold (are not 0), else 0; slope 0. In compiled code, `&` between comparisons.
>>> logical_and(1.0, 0.0)
0.0
"""

class _logical_or(Primitive):
    """1 where x or y holds (is not 0), else 0; slope 0. In compiled code, `|` between comparisons.
    >>> logical_or(1.0, 0.0)
    1.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: bool, y: bool) -> bool: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

logical_or: _logical_or
"""1 where x or y holds (is not 0), else 0; slope 0. In compiled code, `|` between comparisons.
>>> logical_or(1.0, 0.0)
1.0
"""

class _logical_not(Primitive):
    """1 where x does not hold (is 0), else 0 (also where it is nan); slope 0. `not x`, for functions that jit compiles.
    >>> logical_not(1.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: bool) -> bool: ...
    @overload
    def __call__(self, x: Real) -> float: ...

logical_not: _logical_not
"""1 where x does not hold (is 0), else 0 (also where it is nan); slope 0. `not x`, for functions that jit compiles.
>>> logical_not(1.0)
0.0
"""

class _sum_(Primitive):
    """x_1 + ... + x_n, strictly left to right in plain double arithmetic; takes the numbers or one iterable of them.
    >>> sum_([1.0, 2.0, 3.0])
    6.0
    """
    @overload
    def __call__(self, *xs: Real) -> float: ...
    @overload
    def __call__(self, *xs: Operand) -> Value: ...
    @overload
    def __call__(self, xs: Iterable[float], /) -> float: ...
    @overload
    def __call__(self, xs: Iterable[float | Value], /) -> Value: ...

sum_: _sum_
"""x_1 + ... + x_n, strictly left to right in plain double arithmetic; takes the numbers or one iterable of them.
>>> sum_([1.0, 2.0, 3.0])
6.0
"""

class _dot(Primitive):
    """x_1 y_1 + ... + x_n y_n of two sequences, strictly left to right; partials y and x. Operands: the x, then the y.
    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    @overload
    def __call__(self, xs: Iterable[float], ys: Iterable[float]) -> float: ...
    @overload
    def __call__(self, xs: Iterable[float | Value], ys: Iterable[float | Value]) -> Value: ...

dot: _dot
"""x_1 y_1 + ... + x_n y_n of two sequences, strictly left to right; partials y and x. Operands: the x, then the y.
>>> dot([1.0, 2.0], [3.0, 4.0])
11.0
"""

class _amax(Primitive):
    """The largest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name).
    nan if one is nan.
    >>> amax([1.0, 3.0, 2.0])
    3.0
    """
    @overload
    def __call__(self, *xs: Real) -> float: ...
    @overload
    def __call__(self, *xs: Operand) -> Value: ...
    @overload
    def __call__(self, xs: Iterable[float], /) -> float: ...
    @overload
    def __call__(self, xs: Iterable[float | Value], /) -> Value: ...

amax: _amax
"""The largest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name).
nan if one is nan.
>>> amax([1.0, 3.0, 2.0])
3.0
"""

class _amin(Primitive):
    """The smallest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name).
    nan if one is nan.
    >>> amin([1.0, 3.0, 2.0])
    1.0
    """
    @overload
    def __call__(self, *xs: Real) -> float: ...
    @overload
    def __call__(self, *xs: Operand) -> Value: ...
    @overload
    def __call__(self, xs: Iterable[float], /) -> float: ...
    @overload
    def __call__(self, xs: Iterable[float | Value], /) -> Value: ...

amin: _amin
"""The smallest of the numbers or of one iterable of them; equal ones share the slope 1 (NumPy's and PyTorch's name).
nan if one is nan.
>>> amin([1.0, 3.0, 2.0])
1.0
"""

class _logsumexp(Primitive):
    """log(exp(x_1) + ... + exp(x_n)), shifted by the maximum m; partials exp(x - m) / sum. All -inf: -inf.
    >>> round(logsumexp([1000.0, 1000.0]), 6)
    1000.693147
    """
    @overload
    def __call__(self, *xs: Real) -> float: ...
    @overload
    def __call__(self, *xs: Operand) -> Value: ...
    @overload
    def __call__(self, xs: Iterable[float], /) -> float: ...
    @overload
    def __call__(self, xs: Iterable[float | Value], /) -> Value: ...

logsumexp: _logsumexp
"""log(exp(x_1) + ... + exp(x_n)), shifted by the maximum m; partials exp(x - m) / sum. All -inf: -inf.
>>> round(logsumexp([1000.0, 1000.0]), 6)
1000.693147
"""

fabs: _abs
"""Absolute value; slope sign(x), 0 at 0 (minimum norm).
>>> abs(-2.0)
2.0
"""

rint: _round
"""The nearest whole number, the even one of two, a float; slope 0 everywhere. `round(x)` of a Value is this.
>>> round(2.5), round(3.5), round(-0.75)
(2.0, 4.0, -1.0)
"""

remainder: _mod
"""x % y, the rest of x / y with the sign of y, as Python and NumPy have it; partials 1 and -(x // y). nan for y = 0.
>>> mod(-7.0, 3.0)
2.0
"""

expit: _sigmoid
"""Logistic function 1/(1 + exp(-x)), by the branch that does not overflow; slope e/(1 + e)**2, e = exp(-abs x).
>>> sigmoid(0.0), sigmoid(-1000.0)
(0.5, 0.0)
"""

radians: _deg2rad
"""Degrees as radians: x pi / 180.
>>> deg2rad(180.0) == math.pi
True
"""

degrees: _rad2deg
"""Radians as degrees: x 180 / pi.
>>> rad2deg(math.pi)
180.0
"""

gammaln: _lgamma
"""log abs Gamma(x); slope digamma(x). inf at 0, -1, -2 and so on, and at -inf and inf. SciPy's `gammaln`.
>>> lgamma(1.0), lgamma(2.0), exp(lgamma(5.0)) - 24.0 < 1e-13
(0.0, 0.0, True)
"""

psi: _digamma
"""Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x).
>>> digamma(1.0)
-0.5772156649015329
"""

class _floor(Primitive):
    """The largest whole number up to x, a float; slope 0 everywhere. `math.floor` of a Value is this.
    >>> floor(2.5), floor(-2.5)
    (2.0, -3.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

floor: _floor
"""The largest whole number up to x, a float; slope 0 everywhere. `math.floor` of a Value is this.
>>> floor(2.5), floor(-2.5)
(2.0, -3.0)
"""

class _ceil(Primitive):
    """The smallest whole number from x on, a float; slope 0 everywhere. `math.ceil` of a Value is this.
    >>> ceil(2.5), ceil(-2.5)
    (3.0, -2.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

ceil: _ceil
"""The smallest whole number from x on, a float; slope 0 everywhere. `math.ceil` of a Value is this.
>>> ceil(2.5), ceil(-2.5)
(3.0, -2.0)
"""

class _trunc(Primitive):
    """x without its fraction, a float; slope 0 everywhere. `math.trunc` of a Value is this.
    >>> trunc(2.5), trunc(-2.5)
    (2.0, -2.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

trunc: _trunc
"""x without its fraction, a float; slope 0 everywhere. `math.trunc` of a Value is this.
>>> trunc(2.5), trunc(-2.5)
(2.0, -2.0)
"""

class _round(Primitive):
    """The nearest whole number, the even one of two, a float; slope 0 everywhere. `round(x)` of a Value is this.
    >>> round(2.5), round(3.5), round(-0.75)
    (2.0, 4.0, -1.0)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

round: _round
"""The nearest whole number, the even one of two, a float; slope 0 everywhere. `round(x)` of a Value is this.
>>> round(2.5), round(3.5), round(-0.75)
(2.0, 4.0, -1.0)
"""

class _fmod(Primitive):
    """The rest of x / y with the sign of x, as in C; partials 1 and -trunc(x / y). nan for y = 0. `mod` has the sign of y.
    >>> fmod(-7.0, 3.0)
    -1.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

fmod: _fmod
"""The rest of x / y with the sign of x, as in C; partials 1 and -trunc(x / y). nan for y = 0. `mod` has the sign of y.
>>> fmod(-7.0, 3.0)
-1.0
"""

class _mod(Primitive):
    """x % y, the rest of x / y with the sign of y, as Python and NumPy have it; partials 1 and -(x // y). nan for y = 0.
    >>> mod(-7.0, 3.0)
    2.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

mod: _mod
"""x % y, the rest of x / y with the sign of y, as Python and NumPy have it; partials 1 and -(x // y). nan for y = 0.
>>> mod(-7.0, 3.0)
2.0
"""

class _floor_divide(Primitive):
    """x // y, the largest whole number up to x / y; slopes 0. For y = 0 the quotient x / y, inf or nan.
    >>> floor_divide(-7.0, 3.0)
    -3.0
    """
    @overload
    def __call__(self, x: Value, y: Operand) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real) -> float: ...

floor_divide: _floor_divide
"""x // y, the largest whole number up to x / y; slopes 0. For y = 0 the quotient x / y, inf or nan.
>>> floor_divide(-7.0, 3.0)
-3.0
"""

class _log2(Primitive):
    """Logarithm to base 2; slope 1/(x log 2). log2(0) is -inf with slope inf, log2(-1) nan with slope nan.
    >>> log2(8.0)
    3.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

log2: _log2
"""Logarithm to base 2; slope 1/(x log 2). log2(0) is -inf with slope inf, log2(-1) nan with slope nan.
>>> log2(8.0)
3.0
"""

class _log10(Primitive):
    """Logarithm to base 10; slope 1/(x log 10). log10(0) is -inf with slope inf, log10(-1) nan with slope nan.
    >>> log10(1000.0)
    3.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

log10: _log10
"""Logarithm to base 10; slope 1/(x log 10). log10(0) is -inf with slope inf, log10(-1) nan with slope nan.
>>> log10(1000.0)
3.0
"""

class _exp2(Primitive):
    """2**x; slope log(2) 2**x. exp2(1024) is inf.
    >>> exp2(10.0)
    1024.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

exp2: _exp2
"""2**x; slope log(2) 2**x. exp2(1024) is inf.
>>> exp2(10.0)
1024.0
"""

class _cbrt(Primitive):
    """Cube root, of negative numbers too; slope 1/(3 cbrt(x)**2), inf at 0.
    >>> cbrt(-8.0)
    -2.0
    """
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...

cbrt: _cbrt
"""Cube root, of negative numbers too; slope 1/(3 cbrt(x)**2), inf at 0.
>>> cbrt(-8.0)
-2.0
"""

class _arcsinh(Primitive):
    """Inverse hyperbolic sine; slope 1/sqrt(1 + x**2), in which x**2 never overflows.
    >>> arcsinh(0.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

arcsinh: _arcsinh
"""Inverse hyperbolic sine; slope 1/sqrt(1 + x**2), in which x**2 never overflows.
>>> arcsinh(0.0)
0.0
"""

class _arccosh(Primitive):
    """Inverse hyperbolic cosine; slope 1/sqrt(x**2 - 1), inf at 1; nan with slope nan below 1.
    >>> arccosh(1.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

arccosh: _arccosh
"""Inverse hyperbolic cosine; slope 1/sqrt(x**2 - 1), inf at 1; nan with slope nan below 1.
>>> arccosh(1.0)
0.0
"""

class _arctanh(Primitive):
    """Inverse hyperbolic tangent; slope 1/(1 - x**2); inf at 1, -inf at -1; nan with slope nan outside.
    >>> arctanh(0.0), arctanh(1.0)
    (0.0, inf)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

arctanh: _arctanh
"""Inverse hyperbolic tangent; slope 1/(1 - x**2); inf at 1, -inf at -1; nan with slope nan outside.
>>> arctanh(0.0), arctanh(1.0)
(0.0, inf)
"""

class _logit(Primitive):
    """log(x / (1 - x)), the inverse of `sigmoid`; slope 1/(x (1 - x)); -inf at 0, inf at 1; nan with slope nan outside.
    >>> logit(0.5), logit(1.0)
    (0.0, inf)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

logit: _logit
"""log(x / (1 - x)), the inverse of `sigmoid`; slope 1/(x (1 - x)); -inf at 0, inf at 1; nan with slope nan outside.
>>> logit(0.5), logit(1.0)
(0.0, inf)
"""

class _deg2rad(Primitive):
    """Degrees as radians: x pi / 180.
    >>> deg2rad(180.0) == math.pi
    True
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

deg2rad: _deg2rad
"""Degrees as radians: x pi / 180.
>>> deg2rad(180.0) == math.pi
True
"""

class _rad2deg(Primitive):
    """Radians as degrees: x 180 / pi.
    >>> rad2deg(math.pi)
    180.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

rad2deg: _rad2deg
"""Radians as degrees: x 180 / pi.
>>> rad2deg(math.pi)
180.0
"""

class _sinc(Primitive):
    """sin(pi x) / (pi x), 1 at 0 (NumPy's name).
    >>> sinc(0.0), sinc(0.5) == 2.0 / math.pi
    (1.0, True)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

sinc: _sinc
"""sin(pi x) / (pi x), 1 at 0 (NumPy's name).
>>> sinc(0.0), sinc(0.5) == 2.0 / math.pi
(1.0, True)
"""

class _jn(Primitive):
    """Bessel function of the first kind J_n(x) of whole order n >= 0; slope (J_(n-1) - J_(n+1))/2 (SciPy's name).
    >>> jn(2.0, 0.0)
    0.0
    """
    @overload
    def __call__(self, n: Value, x: Operand) -> Value: ...
    @overload
    def __call__(self, n: Real, x: Value) -> Value: ...
    @overload
    def __call__(self, n: Real, x: Real) -> float: ...

jn: _jn
"""Bessel function of the first kind J_n(x) of whole order n >= 0; slope (J_(n-1) - J_(n+1))/2 (SciPy's name).
>>> jn(2.0, 0.0)
0.0
"""

class _j0(Primitive):
    """Bessel function of the first kind of order 0; slope -j1(x) (SciPy's name).
    >>> j0(0.0)
    1.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

j0: _j0
"""Bessel function of the first kind of order 0; slope -j1(x) (SciPy's name).
>>> j0(0.0)
1.0
"""

class _j1(Primitive):
    """Bessel function of the first kind of order 1; slope (J_0 - J_2)/2 (SciPy's name).
    >>> j1(0.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

j1: _j1
"""Bessel function of the first kind of order 1; slope (J_0 - J_2)/2 (SciPy's name).
>>> j1(0.0)
0.0
"""

class _i0e(Primitive):
    """exp(-abs x) I_0(x), I_0 the modified Bessel function of order 0; slope 0 at its kink (SciPy's name).
    >>> i0e(0.0)
    1.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

i0e: _i0e
"""exp(-abs x) I_0(x), I_0 the modified Bessel function of order 0; slope 0 at its kink (SciPy's name).
>>> i0e(0.0)
1.0
"""

class _i1e(Primitive):
    """exp(-abs x) I_1(x), I_1 the modified Bessel function of order 1; slope 1/2 at 0 (SciPy's name).
    >>> i1e(0.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

i1e: _i1e
"""exp(-abs x) I_1(x), I_1 the modified Bessel function of order 1; slope 1/2 at 0 (SciPy's name).
>>> i1e(0.0)
0.0
"""

class _iv(Primitive):
    """Modified Bessel function of the first kind I_n(x) of whole order n >= 0; slope (I_(n-1) + I_(n+1))/2 (SciPy's name).
    >>> iv(2.0, 0.0)
    0.0
    """
    @overload
    def __call__(self, n: Value, x: Operand) -> Value: ...
    @overload
    def __call__(self, n: Real, x: Value) -> Value: ...
    @overload
    def __call__(self, n: Real, x: Real) -> float: ...

iv: _iv
"""Modified Bessel function of the first kind I_n(x) of whole order n >= 0; slope (I_(n-1) + I_(n+1))/2 (SciPy's name).
>>> iv(2.0, 0.0)
0.0
"""

class _i0(Primitive):
    """Modified Bessel function of the first kind of order 0; slope i1(x) (NumPy's and SciPy's name).
    >>> i0(0.0)
    1.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

i0: _i0
"""Modified Bessel function of the first kind of order 0; slope i1(x) (NumPy's and SciPy's name).
>>> i0(0.0)
1.0
"""

class _i1(Primitive):
    """Modified Bessel function of the first kind of order 1; slope (I_0 + I_2)/2 (SciPy's name).
    >>> i1(0.0)
    0.0
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

i1: _i1
"""Modified Bessel function of the first kind of order 1; slope (I_0 + I_2)/2 (SciPy's name).
>>> i1(0.0)
0.0
"""

class _lgamma(Primitive):
    """log abs Gamma(x); slope digamma(x). inf at 0, -1, -2 and so on, and at -inf and inf. SciPy's `gammaln`.
    >>> lgamma(1.0), lgamma(2.0), exp(lgamma(5.0)) - 24.0 < 1e-13
    (0.0, 0.0, True)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

lgamma: _lgamma
"""log abs Gamma(x); slope digamma(x). inf at 0, -1, -2 and so on, and at -inf and inf. SciPy's `gammaln`.
>>> lgamma(1.0), lgamma(2.0), exp(lgamma(5.0)) - 24.0 < 1e-13
(0.0, 0.0, True)
"""

class _digamma(Primitive):
    """Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x).
    >>> digamma(1.0)
    -0.5772156649015329
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

digamma: _digamma
"""Gamma'(x)/Gamma(x), the slope of `lgamma`; -inf at 0, nan at -1, -2 and so on. Its slope is polygamma(1, x).
>>> digamma(1.0)
-0.5772156649015329
"""

class _polygamma(Primitive):
    """The derivative of `digamma` of order n, a whole number up to 30, for x > 0, else nan; slope to x polygamma(n + 1, x).
    >>> polygamma(1.0, 1.0) == math.pi**2 / 6.0
    True
    """
    @overload
    def __call__(self, n: Value, x: Operand) -> Value: ...
    @overload
    def __call__(self, n: Real, x: Value) -> Value: ...
    @overload
    def __call__(self, n: Real, x: Real) -> float: ...

polygamma: _polygamma
"""The derivative of `digamma` of order n, a whole number up to 30, for x > 0, else nan; slope to x polygamma(n + 1, x).
>>> polygamma(1.0, 1.0) == math.pi**2 / 6.0
True
"""

class _gamma(Primitive):
    """The gamma function, (x - 1)! for whole x; slope Gamma(x) digamma(x). inf at 0, nan at -1, -2 and so on.
    >>> gamma(5.0), gamma(172.0)
    (24.0, inf)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

gamma: _gamma
"""The gamma function, (x - 1)! for whole x; slope Gamma(x) digamma(x). inf at 0, nan at -1, -2 and so on.
>>> gamma(5.0), gamma(172.0)
(24.0, inf)
"""

class _beta(Primitive):
    """Gamma(a) Gamma(b) / Gamma(a + b) for a, b > 0, else nan, and inf at 0 (SciPy's name).
    >>> beta(1.0, 1.0), beta(1.0, 4.0)
    (1.0, 0.25)
    """
    @overload
    def __call__(self, a: Value, b: Operand) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Value) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Real) -> float: ...

beta: _beta
"""Gamma(a) Gamma(b) / Gamma(a + b) for a, b > 0, else nan, and inf at 0 (SciPy's name).
>>> beta(1.0, 1.0), beta(1.0, 4.0)
(1.0, 0.25)
"""

class _gammainc(Primitive):
    """P(a, x), the integral of t**(a - 1) exp(-t) / Gamma(a) from 0 to x (SciPy's name): the gamma distribution's.

    Slopes to x and to a; nan unless a and x are 0 or more.
    >>> gammainc(1.0, 0.0), fabs(gammainc(1.0, 2.0) + expm1(-2.0)) < 1e-15
    (0.0, True)
    """
    @overload
    def __call__(self, a: Value, x: Operand) -> Value: ...
    @overload
    def __call__(self, a: Real, x: Value) -> Value: ...
    @overload
    def __call__(self, a: Real, x: Real) -> float: ...

gammainc: _gammainc
"""P(a, x), the integral of t**(a - 1) exp(-t) / Gamma(a) from 0 to x (SciPy's name): the gamma distribution's.

Slopes to x and to a; nan unless a and x are 0 or more.
>>> gammainc(1.0, 0.0), fabs(gammainc(1.0, 2.0) + expm1(-2.0)) < 1e-15
(0.0, True)
"""

class _gammaincc(Primitive):
    """Q(a, x) = 1 - P(a, x), which keeps its digits where P is nearly 1 (SciPy's name); see `gammainc`.
    >>> gammaincc(1.0, 0.0), 3.7e-44 < gammaincc(1.0, 100.0) < 3.8e-44
    (1.0, True)
    """
    @overload
    def __call__(self, a: Value, x: Operand) -> Value: ...
    @overload
    def __call__(self, a: Real, x: Value) -> Value: ...
    @overload
    def __call__(self, a: Real, x: Real) -> float: ...

gammaincc: _gammaincc
"""Q(a, x) = 1 - P(a, x), which keeps its digits where P is nearly 1 (SciPy's name); see `gammainc`.
>>> gammaincc(1.0, 0.0), 3.7e-44 < gammaincc(1.0, 100.0) < 3.8e-44
(1.0, True)
"""

class _betainc(Primitive):
    """I_x(a, b), the integral of t**(a - 1) (1 - t)**(b - 1) / B(a, b) from 0 to x: the beta distribution's (SciPy's name).

    Slopes to x, a and b; nan unless a and b are above 0, and x from 0 to 1.
    >>> betainc(1.0, 1.0, 0.25), betainc(2.0, 3.0, 1.0)
    (0.25, 1.0)
    """
    @overload
    def __call__(self, a: Value, b: Operand, x: Operand) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Value, x: Operand) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Real, x: Value) -> Value: ...
    @overload
    def __call__(self, a: Real, b: Real, x: Real) -> float: ...

betainc: _betainc
"""I_x(a, b), the integral of t**(a - 1) (1 - t)**(b - 1) / B(a, b) from 0 to x: the beta distribution's (SciPy's name).

Slopes to x, a and b; nan unless a and b are above 0, and x from 0 to 1.
>>> betainc(1.0, 1.0, 0.25), betainc(2.0, 3.0, 1.0)
(0.25, 1.0)
"""

class _erfinv(Primitive):
    """Inverse of the error function; slope sqrt(pi)/2 exp(erfinv(x)**2); inf at 1, -inf at -1; nan with slope nan outside.
    >>> fabs(erfinv(erf(0.25)) - 0.25) < 1e-15, erfinv(1.0)
    (True, inf)
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

erfinv: _erfinv
"""Inverse of the error function; slope sqrt(pi)/2 exp(erfinv(x)**2); inf at 1, -inf at -1; nan with slope nan outside.
>>> fabs(erfinv(erf(0.25)) - 0.25) < 1e-15, erfinv(1.0)
(True, inf)
"""

class _ndtr(Primitive):
    """Distribution function of the standard normal, Phi(x) = erfc(-x / sqrt 2) / 2; slope its density (SciPy's name).
    >>> ndtr(0.0)
    0.5
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

ndtr: _ndtr
"""Distribution function of the standard normal, Phi(x) = erfc(-x / sqrt 2) / 2; slope its density (SciPy's name).
>>> ndtr(0.0)
0.5
"""

class _log_ndtr(Primitive):
    """log Phi(x), with all digits in the lower tail, where Phi(x) underflows; slope phi(x)/Phi(x) (SciPy's name).
    >>> log_ndtr(-1e10)
    -5e+19
    """
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Real) -> float: ...

log_ndtr: _log_ndtr
"""log Phi(x), with all digits in the lower tail, where Phi(x) underflows; slope phi(x)/Phi(x) (SciPy's name).
>>> log_ndtr(-1e10)
-5e+19
"""

@overload
def log_sigmoid(x: Value) -> Value:
    """log(sigmoid(x)) as -softplus(-x); slope sigmoid(-x), 1/2 at 0.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """

@overload
def log_sigmoid(x: Real) -> float:
    """log(sigmoid(x)) as -softplus(-x); slope sigmoid(-x), 1/2 at 0.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """

@overload
def log_expit(x: Value) -> Value:
    """log(sigmoid(x)) as -softplus(-x); slope sigmoid(-x), 1/2 at 0.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """

@overload
def log_expit(x: Real) -> float:
    """log(sigmoid(x)) as -softplus(-x); slope sigmoid(-x), 1/2 at 0.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """

@overload
def logaddexp(x: Value, y: Operand) -> Value:
    """log(exp(x) + exp(y)), the `logsumexp` of two numbers (NumPy's name).

    >>> round(logaddexp(0.0, 0.0), 6)
    0.693147
    """

@overload
def logaddexp(x: Real, y: Value) -> Value:
    """log(exp(x) + exp(y)), the `logsumexp` of two numbers (NumPy's name).

    >>> round(logaddexp(0.0, 0.0), 6)
    0.693147
    """

@overload
def logaddexp(x: Real, y: Real) -> float:
    """log(exp(x) + exp(y)), the `logsumexp` of two numbers (NumPy's name).

    >>> round(logaddexp(0.0, 0.0), 6)
    0.693147
    """

@overload
def logaddexp2(x: Value, y: Operand) -> Value:
    """log2(2**x + 2**y), by `logsumexp` (NumPy's name); slopes 2**x and 2**y, over their sum.

    >>> logaddexp2(0.0, 0.0)
    1.0
    """

@overload
def logaddexp2(x: Real, y: Value) -> Value:
    """log2(2**x + 2**y), by `logsumexp` (NumPy's name); slopes 2**x and 2**y, over their sum.

    >>> logaddexp2(0.0, 0.0)
    1.0
    """

@overload
def logaddexp2(x: Real, y: Real) -> float:
    """log2(2**x + 2**y), by `logsumexp` (NumPy's name); slopes 2**x and 2**y, over their sum.

    >>> logaddexp2(0.0, 0.0)
    1.0
    """

@overload
def xlogy(x: Value, y: Operand) -> Value:
    """x log(y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(y), but 0 at x = 0 for y <= 0.

    >>> xlogy(0.0, 0.0)
    0.0
    """

@overload
def xlogy(x: Real, y: Value) -> Value:
    """x log(y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(y), but 0 at x = 0 for y <= 0.

    >>> xlogy(0.0, 0.0)
    0.0
    """

@overload
def xlogy(x: Real, y: Real) -> float:
    """x log(y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(y), but 0 at x = 0 for y <= 0.

    >>> xlogy(0.0, 0.0)
    0.0
    """

@overload
def xlog1py(x: Value, y: Operand) -> Value:
    """x log(1 + y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(1 + y), but 0 at x = 0 for y <= -1.

    >>> xlog1py(0.0, -1.0), xlog1py(2.0, 1e-20)
    (0.0, 2e-20)
    """

@overload
def xlog1py(x: Real, y: Value) -> Value:
    """x log(1 + y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(1 + y), but 0 at x = 0 for y <= -1.

    >>> xlog1py(0.0, -1.0), xlog1py(2.0, 1e-20)
    (0.0, 2e-20)
    """

@overload
def xlog1py(x: Real, y: Real) -> float:
    """x log(1 + y), but 0 where x is 0 unless y is nan (SciPy's name); partial to x log(1 + y), but 0 at x = 0 for y <= -1.

    >>> xlog1py(0.0, -1.0), xlog1py(2.0, 1e-20)
    (0.0, 2e-20)
    """

@overload
def softmax(*xs: Real) -> list[float]:
    """exp(x_i) / sum of all exp(x_j), as a list, shifted by the maximum; takes the numbers or one iterable of them.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """

@overload
def softmax(*xs: Operand) -> list[Value]:
    """exp(x_i) / sum of all exp(x_j), as a list, shifted by the maximum; takes the numbers or one iterable of them.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """

@overload
def softmax(xs: Iterable[float], /) -> list[float]:
    """exp(x_i) / sum of all exp(x_j), as a list, shifted by the maximum; takes the numbers or one iterable of them.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """

@overload
def softmax(xs: Iterable[float | Value], /) -> list[Value]:
    """exp(x_i) / sum of all exp(x_j), as a list, shifted by the maximum; takes the numbers or one iterable of them.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """

@overload
def log_softmax(*xs: Real) -> list[float]:
    """x_i - logsumexp(x), as a list, shifted by the maximum first, so that a class that is nearly certain keeps its digits.

    >>> -5e-18 < log_softmax([100.0, 60.0])[0] < -4e-18
    True
    """

@overload
def log_softmax(*xs: Operand) -> list[Value]:
    """x_i - logsumexp(x), as a list, shifted by the maximum first, so that a class that is nearly certain keeps its digits.

    >>> -5e-18 < log_softmax([100.0, 60.0])[0] < -4e-18
    True
    """

@overload
def log_softmax(xs: Iterable[float], /) -> list[float]:
    """x_i - logsumexp(x), as a list, shifted by the maximum first, so that a class that is nearly certain keeps its digits.

    >>> -5e-18 < log_softmax([100.0, 60.0])[0] < -4e-18
    True
    """

@overload
def log_softmax(xs: Iterable[float | Value], /) -> list[Value]:
    """x_i - logsumexp(x), as a list, shifted by the maximum first, so that a class that is nearly certain keeps its digits.

    >>> -5e-18 < log_softmax([100.0, 60.0])[0] < -4e-18
    True
    """


class JitDecorator(Protocol):
    """What `jit` returns that is called with options alone."""

    def __call__(self, f: Callable[P, R], /) -> Jitted[P, R]: ...

@overload
def jit(f: Callable[P, R], *, in_axes: None = None, reduce: str | None = None, fast: bool = False, static_argnums: int | Sequence[int] = (), backend: str = 'auto', threads: int | None = None, dynamic_argnums: int | Sequence[int] = (), loops: bool = False) -> Jitted[P, R]:
    """Compile f: trace it once for each structure of its arguments, and run machine code from then on.

    A trace calls f with a Symbol for each number, and records what f does with them, through loops, lists and dicts. A branch
    on a Symbol, also by `not`, `and` and `or`, raises TraceError: choose with `where`, `maximum` or `clip`, join conditions by
    `&` and `|`, turn one by `logical_not`, or name the argument in `static_argnums`. So does a Symbol kept after its trace.

    Operations with a Symbol follow IEEE, as with a Value: 1/0 is inf. Plain floats among themselves are Python's: 1.0 / 0.0
    raises, `truediv(1.0, 0.0)` does not. `detect_anomaly` checks the results, not what is computed on the way.

    Arguments and results are numbers, or nested lists, tuples, dicts and arrays of them. Values from outside are captured: each
    call reads their numbers, and takes other Values where they were replaced. Where anything else changed that f takes from
    outside (numbers, text and functions in variables, attributes and small containers), f is traced anew. Floats alone give
    floats; with Values, captured or among the arguments, each number of the result is one Value with exact partials to them.
    Transforms compose on both sides: `jit(grad(f))`, `hessian(jit(f))`.

    Args:
        in_axes: maps f over rows: the axis of each argument that has rows, None for an argument that all rows share. Arrays
            may be Dask's: then each chunk is a call, where Dask has it, and the result by row is lazy.
        reduce: "mean" or "sum" over the rows; None returns an array with a row for each.
        fast: False gives the bits of eager Values, and adds rows from first to last: up to 1,024 rows at once, more in blocks,
            whose sums are added in order. True allows fused multiply-add, vector functions within 4 ulp, and sums in any order
            inside a block.
        static_argnums: arguments that are part of the program, which is compiled anew for each of their values. An object
            without an equality of its own counts as itself; its trace goes with it. The 256 traces used last are kept.
        backend: "llvm" for machine code (needs the extra `jit`); "plan" for the operations as data (likewise; no `in_axes`):
            nothing is compiled, and a call takes up to twice as long; "python" for straight-line Python; "auto" for machine
            code, from 40,000 irregular operations on a plan, and Python where neither can be made. Then the first call of at
            most 200,000 operations on floats does not wait for machine code, which its second call makes.
        threads: the most threads that share the rows of a call; None for one on each core. Only calls of much work have
            more than one: from 2 million operations on. The result has the same bits for any number of threads.
        dynamic_argnums: arguments that are sequences, arrays or lists, or a tuple or dict of these of equal length, whose
            length is no part of the program: it is compiled once for all lengths. The function may go through them by `scan`
            and `vmap`, carry them through loops, choose between them by `cond`, take elements and parts of them, xs[0] and
            xs[1:], and ask for the `length`; what takes a sequence of numbers, such as `softmax`, takes them. What it returns,
            and derivatives by such arguments, are arrays of the call's length. Among Values it runs uncompiled.

        loops: with `in_axes` also, `scan`, `vmap` and the like stay loops: what is compiled does not grow with their turns, and
            rows that are reduced go side by side where all have the same turns, the others one after another. Without it
            they are traced turn by turn, which is quicker where there are few turns. Without `in_axes` they always stay loops.

    Raises:
        TraceError: f asks for the number behind a Symbol, or captured an input of a transform whose call has ended.
        ValueError: arguments have unequal numbers of rows, or an option is unknown.
        TypeError: an argument holds anything but numbers.

    >>> from autograd import jit, grad, exp
    >>> @jit
    ... def f(x, y):
    ...     return x * exp(-y)
    >>> f(2.0, 0.0), grad(f)(2.0, 0.0), jit(grad(f))(2.0, 0.0)
    (2.0, 1.0, 1.0)
    """
@overload
def jit(f: Callable[..., object], *, in_axes: int | Sequence[int | None] | None, reduce: str | None = None, fast: bool = False, static_argnums: int | Sequence[int] = (), backend: str = 'auto', threads: int | None = None, dynamic_argnums: int | Sequence[int] = (), loops: bool = False) -> Jitted[..., Any]: ...
@overload
def jit(*, in_axes: None = None, reduce: str | None = None, fast: bool = False, static_argnums: int | Sequence[int] = (), backend: str = 'auto', threads: int | None = None, dynamic_argnums: int | Sequence[int] = (), loops: bool = False) -> JitDecorator: ...
@overload
def jit(*, in_axes: int | Sequence[int | None] | None, reduce: str | None = None, fast: bool = False, static_argnums: int | Sequence[int] = (), backend: str = 'auto', threads: int | None = None, dynamic_argnums: int | Sequence[int] = (), loops: bool = False) -> Callable[[Callable[..., object]], Jitted[..., Any]]: ...
