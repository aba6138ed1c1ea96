"""What tests of the compiler compare: numbers by their bits, and functions made flat."""

import math
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from autograd.definition import Primitive
from autograd.structures import flatten

ROOT = Path(__file__).parents[2]
inf, nan = math.inf, math.nan
EDGES = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, inf, -inf, nan, 5e-324, -1e-310, 1e-160, 1e308, -1e308, 1e-300, 710.0, -745.2,
    -40.3, 20.7, 1e3, 0.3, -0.7, 1 / 3, 2.0**53, -7.5,
)  # fmt: skip
"""Numbers at which something overflows, underflows, changes sign, ties or has no derivative."""


def bits(thing: Any) -> list[str]:
    """The numbers of a structure, Values among them, by their bits; nan is nan."""
    numbers = [float(x.item()) if hasattr(x, "item") else x for x in flatten(thing, "a result")[0]]
    return ["nan" if math.isnan(x) else f"{struct.pack('>d', x).hex()} {x!r}" for x in numbers]


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    """The bits of what a function returns, and the structure that it has."""
    result = f(*args)
    return bits(result), str(flatten(result, "a result")[1])


def edges(primitive: Primitive, most: int) -> list[tuple[float, ...]]:
    """Operands of a primitive, from its domain and far outside it: up to `most` points, always the same."""
    size = primitive.arity or 4
    choices = []
    for interval in primitive.domain_of(size):
        fixed = interval.low == interval.high  # a whole number, for each of which the primitive is another function
        choices.append(interval.special if fixed else (*EDGES, *interval.special, *interval.transition))
    points = list(product(*choices))
    if len(points) > most:
        points = random.Random(primitive.name).sample(points, most)
    return points


def free(primitive: Primitive, most: int) -> tuple[Callable[..., Any], list[tuple[float, ...]]]:
    """A primitive as a function of the operands that are no orders; and these at its edges."""
    points = edges(primitive, most)
    fixed = primitive.orders(points[0])

    def f(*operands: Any) -> Any:
        given = iter(operands)
        return primitive.at(*[next(given) if order is None else order for order in fixed])

    return f, [tuple([x for x, order in zip(point, fixed, strict=True) if order is None]) for point in points]


def near(point: Sequence[float], count: int, *, spread: float = 0.25, seed: int = 0) -> list[tuple[float, ...]]:
    """The point, and others around it."""
    rng = random.Random(seed)
    return [tuple(point), *[tuple([x * rng.uniform(1.0 - spread, 1.0 + spread) for x in point]) for _ in range(count - 1)]]


def columns(points: Sequence[Sequence[float]]) -> list[Any]:
    """Points as an array for each of their coordinates."""
    import numpy as np

    return [np.array(column) for column in zip(*points, strict=True)]


class Counted:
    """A function that counts its calls."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.calls = 0
        self.__name__ = getattr(f, "__name__", "counted")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.f(*args, **kwargs)


def in_another_process(code: str, *, given: bytes = b"", paths: Sequence[Path] = (), variables: Mapping[str, str] = {}) -> str:
    """What Python code prints in a process with these variables; AssertionError with its complaint if it fails."""
    import os

    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT]))}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code], input=given, capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()
