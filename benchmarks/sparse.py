"""Sparse derivatives beside CasADi: how many sweeps each takes, and how long.

The whole function is one graph to both, written once, of Python's operators: nobody is told that observations or points are
alike. CasADi builds it of SX symbols and finds derivatives as its documentation describes. Results must agree.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import duration, import_peer, ratio
from benchmarks.gradbench import ba, ht

HEADER = ("derivative", "by", "sweeps", "entries", "first result", "a call", "calls: as many times as long")
AGREE = 1e-9  # of the largest entry
CALLS = 0.05  # seconds of calls a round

Numbers = Sequence[Any]


class Case(NamedTuple):
    """A function of one list of numbers, by sin, cos and sqrt of either library, where, and which derivative is asked for."""

    name: str
    function: Callable[[Numbers, Any], list[Any]]
    at: Any
    hessian: bool = False  # of the sum


class Prepared(NamedTuple):
    """A call that returns a SciPy or CasADi matrix, that as NumPy's, and the sweeps that it took to find its program."""

    call: Callable[[], Any]
    dense: Callable[[Any], Any]
    sweeps: Callable[[], int]


# --- the functions ------------------------------------------------------------------------------------------------------


def chain(x: Numbers, _m: Any) -> list[Any]:
    """Rosenbrock's function, term by term."""
    return [100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1)]


def _dot(a: Numbers, b: Numbers) -> Any:
    first, *rest = [x * y for x, y in zip(a, b, strict=True)]
    return sum(rest, first)


def _observed(camera: Numbers, point: Numbers, weight: Any, feature: Numbers, m: Any) -> list[Any]:
    """The reprojection error of one observation, as GradBench's ba defines it."""
    angle = m.sqrt(_dot(camera[:3], camera[:3]))
    axis, x = [number / angle for number in camera[:3]], [a - b for a, b in zip(point, camera[3:6], strict=True)]
    s, c, along = m.sin(angle), m.cos(angle), _dot(axis, x)
    across = ba.cross(axis, x)
    turned = [a * c + b * s + n * along * (1.0 - c) for a, b, n in zip(x, across, axis, strict=True)]
    flat = [turned[0] / turned[2], turned[1] / turned[2]]
    square = _dot(flat, flat)
    distortion = (1.0 + camera[9] * square + camera[10] * square * square) * camera[6]
    return [weight * (a * distortion + b - f) for a, b, f in zip(flat, camera[7:9], feature, strict=True)]


def bundle(size: tuple[int, int, int]) -> Case:
    """GradBench's ba: the errors of all observations, of all numbers of cameras, points and weights."""
    given = ba.inputs(size)
    n, m, p = size
    features, seen = given.features.tolist(), given.seen.tolist()

    def errors(x: Numbers, math: Any) -> list[Any]:
        found: list[Any] = []
        for k, (camera, point) in enumerate(seen):
            start, weight = ba.CAMERA * n + 3 * point, x[ba.CAMERA * n + 3 * m + k]
            numbers = [x[i] for i in range(ba.CAMERA * camera, ba.CAMERA * (camera + 1))]
            found += _observed(numbers, [x[start], x[start + 1], x[start + 2]], weight, features[k], math)
            found.append(1.0 - weight * weight)
        return found

    return Case(f"ba, Jacobian, n={n}, m={m}, p={p}", errors, ba.point(given))


def _product(a: list[Numbers], b: list[Numbers]) -> list[Any]:
    return [[_dot(row, column) for column in zip(*b, strict=True)] for row in a]


def _turned(bend: Any, spread: Any, m: Any) -> list[list[Any]]:
    s, c, p, q = m.sin(bend), m.cos(bend), m.sin(spread), m.cos(spread)
    return [[q, -p * c, p * s, 0.0], [p, q * c, -q * s, 0.0], [0.0, s, c, 0.0], [0.0, 0.0, 0.0, 1.0]]


def hand(count: int) -> Case:
    """GradBench's ht: the errors of all measured points, of the pose and of two numbers for each."""
    given = ht.inputs(count)
    corners, weights = given.vertices[given.corners].tolist(), given.weights[given.corners].tolist()
    points, relative, inverse = given.points.tolist(), given.relative.tolist(), given.inverse.tolist()

    def errors(x: Numbers, m: Any) -> list[Any]:
        bends: dict[int, tuple[Any, Any]] = {}
        for finger in range(ht.FINGERS):
            first, angle = ht.JOINTS * finger + 2, 6 + 4 * finger
            bends |= {first: (x[angle], x[angle + 1]), first + 1: (x[angle + 2], 0.0), first + 2: (x[angle + 3], 0.0)}
        absolute: list[Any] = []
        for i, parent in enumerate(ht.PARENTS):
            bone = _product(relative[i], _turned(*bends[i], m)) if i in bends else relative[i]
            absolute.append(bone if parent < 0 else _product(absolute[parent], bone))
        bones = [_product(a[:3], b) for a, b in zip(absolute, inverse, strict=True)]
        angle = m.sqrt(_dot([x[0], x[1], x[2]], [x[0], x[1], x[2]]))
        axis, s, c = [x[i] / angle for i in range(3)], m.sin(angle), m.cos(angle)
        found: list[Any] = []
        for k, point in enumerate(points):
            u, v = x[ht.POSE + 2 * k], x[ht.POSE + 2 * k + 1]
            place: list[Any] = [0.0, 0.0, 0.0]
            for share, corner, by_bone in zip((u, v, 1.0 - u - v), corners[k], weights[k], strict=True):
                for weight, bone in zip(by_bone, bones, strict=True):
                    if weight:
                        place = [a + share * (weight * _dot(row, corner)) for a, row in zip(place, bone, strict=True)]
            along, across = _dot(axis, place), ba.cross(axis, place)
            for i in range(3):
                found.append(point[i] - (place[i] * c + across[i] * s + axis[i] * along * (1.0 - c)) - x[3 + i])  # noqa: PERF401
        return found

    return Case(f"ht, Jacobian, c={count}", errors, np.concatenate([given.theta, given.u.ravel()]))


def rosenbrock(count: int) -> Case:
    """Rosenbrock's function of a chain of `count` unknowns."""
    return Case(f"Rosenbrock's chain, Hessian, {count:,} unknowns", chain, np.linspace(0.5, 1.5, count), hessian=True)


CASES: dict[str, Callable[[], Case]] = {
    "chain": lambda: rosenbrock(100_000),
    "ba": lambda: bundle((49, 244, 1000)),
    "ht": lambda: hand(100),
}

# --- who computes them --------------------------------------------------------------------------------------------------


def here(case: Case) -> Prepared:
    """`sparse=True`, compiled."""
    import autograd
    from autograd.linearization import Linearization

    def f(x: Numbers) -> Any:
        found = case.function(x, autograd)
        return autograd.sum_(found) if case.hessian else found

    derivative = autograd.jit((autograd.hessian if case.hessian else autograd.jacobian)(f, sparse=True))
    taken = 0

    def counted(sweep: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            nonlocal taken
            taken += 1
            return sweep(*args)

        return call

    def first() -> Any:
        kept = Linearization.pushforward, Linearization.pullback
        try:
            Linearization.pushforward, Linearization.pullback = map(counted, kept)  # type: ignore[method-assign]  # to count
            return derivative(case.at)
        finally:
            Linearization.pushforward, Linearization.pullback = kept  # type: ignore[method-assign]

    return Prepared(lambda: derivative(case.at) if taken else first(), lambda found: found, lambda: taken)


def casadi(case: Case) -> Prepared:
    """CasADi: SX symbols; the sweeps are the colours that it finds, and one for the gradient."""
    import casadi as ca

    symbols = ca.SX.sym("x", len(case.at))
    given = ca.vertsplit(symbols)
    found = ca.vertcat(*case.function(given, SimpleNamespace(sin=ca.sin, cos=ca.cos, sqrt=ca.sqrt)))
    matrix = ca.hessian(ca.sum1(found), symbols)[0] if case.hessian else ca.jacobian(found, symbols)
    f = ca.Function("f", [symbols], [matrix])
    pattern = matrix.sparsity()

    def sweeps() -> int:
        if case.hessian:
            return 1 + int(pattern.star_coloring().size2())
        return int(min(pattern.uni_coloring().size2(), pattern.T.uni_coloring(pattern).size2()))

    return Prepared(lambda: f(case.at), lambda found: found.sparse().tocsr(), sweeps)


BY = {"chainrule": ("llvmlite", here), "CasADi": ("casadi", casadi)}


def rows(rounds: int) -> list[tuple[str, ...]]:
    """The table's rows, in processor time."""
    found: list[tuple[str, ...]] = []
    for make in CASES.values():
        case = make()
        found += measured(case, rounds)
    return found


def measured(case: Case, rounds: int) -> list[tuple[str, ...]]:
    """One derivative by all that are installed; AssertionError if they differ."""
    prepared: dict[str, tuple[Prepared, float, Any]] = {}
    for name, (needs, prepare) in BY.items():
        try:
            import_peer(needs)
        except ImportError:
            print(f"left out: {name}, which needs {needs}")
            continue
        start = time.process_time()
        made = prepare(case)
        result = made.call()
        prepared[name] = made, time.process_time() - start, made.dense(result)
    first = next(iter(prepared.values()))[2]
    for name, (_, _, result) in prepared.items():
        assert abs(result - first).max() <= AGREE * abs(first).max(), f"{name} found another matrix"
    times: dict[str, list[float]] = {name: [] for name in prepared}
    for _ in range(rounds):
        for name, (made, _, _) in prepared.items():
            count, start = 0, time.process_time()
            while time.process_time() - start < CALLS:
                made.call()
                count += 1
            times[name].append((time.process_time() - start) / count)
    calls = {name: statistics.median(each) for name, each in times.items()}
    ours = next(iter(calls.values()))
    return [
        (
            case.name,
            name,
            str(made.sweeps()),
            f"{result.nnz:,}",
            duration(to_first),
            duration(calls[name]),
            ratio(calls[name] / ours),
        )
        for name, (made, to_first, result) in prepared.items()
    ]
