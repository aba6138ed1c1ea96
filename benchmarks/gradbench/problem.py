"""What a problem is: its sizes, inputs, ways to do it, and the reference that judges what each of them finds."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

OURS, FAST, EAGER = "chainrule", "chainrule, fast", "chainrule, eager"
STEP = 1e-30  # of the complex step: it cancels nothing, so that it can be as small as that

Run = Callable[[], Any]


class Way(NamedTuple):
    """One way to do a problem of one size: each run returns its result. Without `value`, the problem has no primal."""

    gradient: Run
    value: Run | None = None


class Peer(NamedTuple):
    """Who does it: the package or program that is needed, and its builder of a way for inputs."""

    needs: str
    build: Callable[[Any], Way]


def _as_gradient(_inputs: Any, gradient: Any, direction: Any) -> Any:
    return flat(gradient) @ direction


class Problem(NamedTuple):
    """A problem of GradBench.

    The reference is a function of NumPy, `function(inputs, numbers)`, at the numbers `point(inputs)`: its slope along any
    direction is found by a complex step, and `along` says what a gradient found makes of that direction. Where what is asked
    for is no derivative, there is `answer(inputs)` instead. `differentiated` says which results have a gradient, if not all;
    `growing`, whether sizes are larger and larger.
    """

    name: str
    about: str
    sizes: Mapping[str, Any]
    inputs: Callable[[Any], Any]
    peers: Mapping[str, Peer]
    point: Callable[[Any], Any] | None = None
    function: Callable[[Any, Any], Any] | None = None
    along: Callable[[Any, Any, Any], Any] = _as_gradient
    answer: Callable[[Any], Any] | None = None
    differentiated: Callable[[Any], Any] = lambda result: result
    tolerance: float = 1e-9
    growing: bool = True

    def error_of_value(self, inputs: Any, found: Any) -> float:
        """How far a value is from the reference's, by the largest number of that."""
        if self.function is None or self.point is None:
            return 0.0
        return distance(found, self.function(inputs, self.point(inputs)))

    def error_of_gradient(self, inputs: Any, found: Any, directions: Any = None) -> float:
        """How far a gradient is from the reference's along the directions: a random one, if none are given."""
        if self.answer is not None:
            return distance(found, self.answer(inputs))
        assert self.point is not None
        assert self.function is not None
        x = self.point(inputs)
        if directions is None:
            directions = [np.random.default_rng(7).uniform(0.5, 1.0, len(x))]
        slopes = [np.imag(self.differentiated(self.function(inputs, x + 1j * STEP * v))) / STEP for v in directions]
        return max(distance(self.along(inputs, found, v), slope) for v, slope in zip(directions, slopes, strict=True))


def flat(result: Any) -> Any:
    """The numbers in nested tuples, lists and arrays, of NumPy or a peer, as one array."""
    if isinstance(result, list | tuple) and not (result and isinstance(result[0], float)):
        return np.concatenate([flat(part) for part in result]) if result else np.zeros(0)
    return np.asarray(result, dtype=float).ravel()


def distance(found: Any, wanted: Any) -> float:
    """The largest difference, relative to the largest number wanted."""
    found, wanted = flat(found), flat(wanted)
    if found.shape != wanted.shape or not np.isfinite(found).all():
        return np.inf
    scale = np.max(np.abs(wanted), initial=0.0)
    return float(np.max(np.abs(found - wanted), initial=0.0) / (scale or 1.0))


def split(x: Any, *shapes: tuple[int, ...]) -> list[Any]:
    """An array cut into arrays of these shapes."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    return [part.reshape(shape) for part, shape in zip(np.split(x, np.cumsum(sizes)[:-1]), shapes, strict=True)]
