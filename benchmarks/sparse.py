"""Sparse derivatives beside CasADi: how many sweeps each takes, and how long.

The whole function is one graph to both: nobody is told that observations or points are alike. CasADi builds it of SX symbols,
and colours Jacobians and Hessians as its documentation describes. Results must agree.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import duration, import_peer, ratio
from benchmarks.gradbench import ba, ht

HEADER = ("derivative", "by", "sweeps", "first result", "a call", "calls: as many times as long")
AGREE = 1e-8  # relative, of the largest entry

Call = Callable[[], Any]


class Prepared(NamedTuple):
    """A call that returns the entries row by row, and how many sweeps they take."""

    call: Call
    sweeps: int


class Case(NamedTuple):
    """A function of one list of numbers, written for math of either library, where, and which derivative is asked for."""

    name: str
    function: Callable[[Sequence[Any], Any], Any]
    at: Any
    hessian: bool = False


def chain(x: Sequence[Any], _m: Any) -> list[Any]:
    """Rosenbrock's, term by term."""
    return [100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1)]


def bundle(given: ba.Inputs) -> Case:
    """GradBench's ba: the errors of all observations, of all numbers of cameras, points and weights."""
    n, m = len(given.cameras), len(given.points)
    features, seen = given.features.tolist(), given.seen.tolist()

    def errors(x: Sequence[Any], m_: Any) -> list[Any]:
        found = []
        for k, ((camera, point), feature) in enumerate(zip(seen, features, strict=True)):
            start = ba.CAMERA * n + 3 * point
            numbers = x[ba.CAMERA * camera : ba.CAMERA * (camera + 1)]
            weight = x[ba.CAMERA * n + 3 * m + k]
            found += [*m_.ba(numbers, x[start : start + 3], weight, feature), 1.0 - weight * weight]
        return found

    return Case(f"ba, n={n}, m={m}, p={len(features)}: Jacobian", errors, ba.point(given))


def hand(given: ht.Inputs) -> Case:
    """GradBench's ht: the errors of all measured points, of the pose and of two numbers for each."""
    corners, weights = given.vertices[given.corners].tolist(), given.weights[given.corners].tolist()
    points, bones = given.points.tolist(), (given.relative.tolist(), given.inverse.tolist())

    def errors(x: Sequence[Any], m: Any) -> list[Any]:
        theta, found = x[: ht.POSE], []
        posed = ht.transforms(theta, *bones)
        for k, (corner, weight, point) in enumerate(zip(corners, weights, points, strict=True)):
            u = x[ht.POSE + 2 * k : ht.POSE + 2 * k + 2]
            found += m.ht(posed, theta, u, corner, weight, point)
        return found

    return Case(f"ht, c={len(points)}: Jacobian", errors, np.concatenate([given.theta, given.u.ravel()]))
