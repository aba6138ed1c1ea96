"""One step of a method: Runge-Kutta pairs of Dormand-Prince and Tsitouras, and Hairer and Wanner's Rosenbrock method RODAS.

A step gives the next y, the derivative there, an estimate of the error, and a polynomial of y between the two:

    y(t + theta h) = y(t) + sum of D_j theta**j
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.linear_algebra import solved
from autograd.linearization import Linearization
from autograd.primitives import truediv

Field = Callable[[Sequence[Any], Any], list[Any]]
"""(numbers of y, t) -> numbers of dy/dt."""
DEGREE = 4  # of the polynomials


class Step(NamedTuple):
    """A step tried: `D` are the polynomial's coefficients, degree after degree."""

    y: list[Any]
    slope: list[Any]
    error: list[Any]
    D: list[list[Any]]


class Method(NamedTuple):
    """`step(field, t, y, slope, h)`; `order` is that of the error estimate, plus 1."""

    order: int
    step: Callable[[Field, Any, Sequence[Any], Sequence[Any], Any], Step]


def combined(weights: Sequence[float], ks: Sequence[Sequence[Any]]) -> list[Any]:
    """The sums of slopes by these weights, without those of weight 0."""
    total: list[Any] | None = None
    for w, k in zip(weights, ks, strict=False):
        if w:
            terms = [w * x for x in k]
            total = terms if total is None else [a + b for a, b in zip(total, terms, strict=True)]
    return [0.0] * len(ks[0]) if total is None else total


def _explicit(
    nodes: Sequence[float], stages: Sequence[Sequence[float]], error: Sequence[float], dense: Sequence[Sequence[float]]
) -> Callable[..., Step]:
    """A pair whose last stage is at the next y: its slope is the next step's first."""

    def step(field: Field, t: Any, y: Sequence[Any], slope: Sequence[Any], h: Any) -> Step:
        ks, at = [list(slope)], list(y)
        for c, weights in zip(nodes, stages, strict=True):
            at = [a + h * b for a, b in zip(y, combined(weights, ks), strict=True)]
            ks.append(field(at, t + c * h))
        coefficients = [combined([row[j] for row in dense], ks) for j in range(DEGREE)]
        return Step(at, ks[-1], [h * e for e in combined(error, ks)], [[h * x for x in each] for each in coefficients])

    return step


# Dormand and Prince 1980; the polynomial is Shampine's of 1986.
_DOPRI5 = _explicit(
    [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0],
    [
        [1 / 5],
        [3 / 40, 9 / 40],
        [44 / 45, -56 / 15, 32 / 9],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ],
    [-71 / 57600, 0.0, 71 / 16695, -71 / 1920, 17253 / 339200, -22 / 525, 1 / 40],
    [
        [1.0, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432],
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799],
        [0.0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072],
        [0.0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632],
        [0.0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844],
        [0.0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423],
    ],
)


def _polynomial(factor: float, *factors: Sequence[float]) -> list[float]:
    """The coefficients of theta, theta**2, ... in a product of polynomials, whose coefficients begin with that of 1."""
    product = [factor]
    for other in factors:
        terms = [0.0] * (len(product) + len(other) - 1)
        for i, a in enumerate(product):
            for j, b in enumerate(other):
                terms[i + j] += a * b
        product = terms
    return product[1:]


_THETA = (0.0, 1.0)
# Tsitouras 2011.
_TSIT5 = _explicit(
    [0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0],
    [
        [0.161],
        [-0.008480655492356989, 0.335480655492357],
        [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
        [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
        [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
        [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
    ],
    [
        *[-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629],
        *[0.5823571654525552, -0.45808210592918697, 1 / 66],
    ],
    [
        _polynomial(-1.0530884977290216, _THETA, (-1.3299890189751412, 1.0), (0.7139816917074209, -1.4364028541716351, 1.0)),
        _polynomial(0.1017, _THETA, _THETA, (1.2949852507374631, -2.1966568338249754, 1.0)),
        _polynomial(2.490627285651252793, _THETA, _THETA, (1.57803468208092486, -2.38535645472061657, 1.0)),
        _polynomial(-16.54810288924490272, _THETA, _THETA, (-1.21712927295533244, 1.0), (-0.61620406037800089, 1.0)),
        _polynomial(47.37952196281928122, _THETA, _THETA, (-1.203071208372362603, 1.0), (-0.658047292653547382, 1.0)),
        _polynomial(-34.87065786149660974, _THETA, _THETA, (-1.2, 1.0), (-0.666666666666666667, 1.0)),
        _polynomial(2.5, _THETA, _THETA, (-1.0, 1.0), (-0.6, 1.0)),
    ],
)


# Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.10: RODAS, of order 4(3), L-stable.
_GAMMA = 0.25
_ALPHA = [0.0, 0.386, 0.21, 0.63, 1.0, 1.0]
_GAMMAS = [0.25, -0.1043, 0.1035, -0.03620000000000023, 0.0, 0.0]
_LAST = [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895]
_A: list[list[float]] = [
    [],
    [1.544],
    [0.9466785280815826, 0.2557011698983284],
    [3.314825187068521, 2.896124015972201, 0.9986419139977817],
    _LAST,
    [*_LAST, 1.0],
    [*_LAST, 1.0, 1.0],
]
_C: list[list[float]] = [
    [],
    [-5.6688],
    [-2.430093356833875, -0.2063599157091915],
    [-0.1073529058151375, -9.594562251023355, -20.47028614809616],
    [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616],
    [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
]
_D = [
    [10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662],
    [-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872],
]


def _rosenbrock(field: Field, t: Any, y: Sequence[Any], slope: Sequence[Any], h: Any) -> Step:
    n = len(y)
    linear = Linearization(lambda at: (field(at[:n], at[n]), None), [*y, t], "odeint")
    rows = [linear.pullback([1.0 if i == j else None for j in range(n)]) for i in range(n)]
    scale = truediv(1.0, _GAMMA * h)
    matrix = [scale - rows[i][j] if i == j else -rows[i][j] for i in range(n) for j in range(n)]
    ks: list[list[Any]] = []
    for stage in range(6):
        k = slope
        if stage:
            at = [a + b for a, b in zip(y, combined(_A[stage], ks), strict=True)]
            k = field(at, t + _ALPHA[stage] * h)
            k = [a + truediv(b, h) for a, b in zip(k, combined(_C[stage], ks), strict=True)]
        if _GAMMAS[stage]:
            k = [a + (_GAMMAS[stage] * h) * row[n] for a, row in zip(k, rows, strict=True)]
        ks.append(solved(matrix, k, n))
    after = [a + b for a, b in zip(y, combined(_A[6], ks), strict=True)]
    one, two = (combined(weights, ks) for weights in _D)
    first = [b - a + c for a, b, c in zip(y, after, one, strict=True)]
    second = [b - a for a, b in zip(one, two, strict=True)]
    return Step(after, field(after, t + h), ks[5], [first, second, [-x for x in two], [0.0] * n])


METHODS = {"dopri5": Method(5, _DOPRI5), "tsit5": Method(5, _TSIT5), "rosenbrock": Method(4, _rosenbrock)}


def rk4(field: Field, t: Any, y: Sequence[Any], h: Any) -> list[Any]:
    """A step of the classical method of order 4."""
    k1 = field(y, t)
    k2 = field([a + 0.5 * h * k for a, k in zip(y, k1, strict=True)], t + 0.5 * h)
    k3 = field([a + 0.5 * h * k for a, k in zip(y, k2, strict=True)], t + 0.5 * h)
    k4 = field([a + h * k for a, k in zip(y, k3, strict=True)], t + h)
    return [a + h / 6.0 * (p + 2.0 * q + 2.0 * r + s) for a, p, q, r, s in zip(y, k1, k2, k3, k4, strict=True)]
