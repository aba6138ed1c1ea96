"""The verdict on one derivative, on the evidence of a complex step and a stencil."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd.testing.stencil import Estimate


class Verdict(NamedTuple):
    """`kind` is right, wrong, kink or unresolved; `wanted` says what was expected, `expected` is the nearest such number."""

    kind: str
    wanted: str = ""
    expected: float = 0.0


RIGHT = Verdict("right")
UNRESOLVED = Verdict("unresolved")


class Evidence:
    """What is known of one derivative: the number that the engine found, and those of the references.

    `slack` is what rounding allows the engine; `exact` is the derivative by a complex step, or None, and `blur()` its error.
    """

    def __init__(self, found: float, slack: float, exact: float | None, blur: Callable[[], float], rtol: float) -> None:
        self.found, self.slack, self.blur, self.rtol = found, slack, blur, rtol
        self.exact = None if exact == 0.0 != found else exact  # an imaginary part may underflow
        self.estimates: list[Estimate] = []

    def so_far(self) -> Verdict | None:
        """RIGHT as soon as that is beyond doubt; None while there are more steps to try."""
        if not math.isfinite(self.slack):
            return UNRESOLVED  # beyond the range of numbers on the way
        if not self.estimates:
            return None
        believed = _believed(self.estimates)
        best = min(believed, key=_quality)
        if self._trusts_exact(best):
            return RIGHT if self._is_exact() and _is_smooth(best) else None
        least = min(believed, key=lambda estimate: estimate.error)
        sure = _sure(best, 1e-9) and _within(self.found, best, 2.0, self.rtol, self.slack)
        close = _within(self.found, least, 2.0, self.rtol, self.slack)
        cancels = close and least.error <= 100.0 * self.slack  # 1e-11 of its terms
        flat = abs(self.found) <= self.slack and _within(0.0, least, 4.0, 0.0, self.slack) and least.is_flat
        return RIGHT if sure or cancels or flat else None

    def final(self) -> Verdict:
        """The verdict when all steps have been tried."""
        early = self.so_far()
        if early is not None:
            return early
        if not self.estimates:  # f is not finite around: no ground to call it wrong
            return RIGHT if self.exact is not None and self._is_exact() else UNRESOLVED
        if self._trusts_exact(min(_believed(self.estimates), key=_quality)):
            if self._is_exact():
                return self._by_sides() or RIGHT  # a complex step knows only the branch that f takes
            return Verdict("wrong", f"{self.exact!r}", self.exact or 0.0)
        return self._by_stencil() or self._by_sides() or UNRESOLVED

    def _by_stencil(self) -> Verdict | None:
        """By the two best estimates, if they are good."""
        believed = _believed(self.estimates)
        if len(believed) < 2:
            return None
        best, second = sorted(believed, key=_quality)[:2]
        close = _within(self.found, best, 4.0, self.rtol, self.slack)
        if close and _sure(best, 1e-4):
            return RIGHT
        settled = abs(best.slope - second.slope) <= 3.0 * (best.error + second.error)
        return Verdict("wrong", f"{best.slope!r}", best.slope) if not close and settled and _sure(best, 1e-3) else None

    def _by_sides(self) -> Verdict | None:
        """By the slopes of the two sides, if they differ."""
        sides = _sides(self.estimates)
        if sides is None:
            return Verdict("kink", "where the function jumps") if jumps(self.estimates) else None
        low, high, margin = sides
        text = f"between {low:.6g} and {high:.6g}, the slopes of the two sides"
        margin += self.slack
        if low - margin <= self.found <= high + margin:
            return Verdict("kink", text)
        return Verdict("wrong", text, low if abs(self.found - low) < abs(self.found - high) else high)

    def _trusts_exact(self, best: Estimate) -> bool:
        """Whether there is a complex step, and f has not misled it, for example by dropping imaginary parts."""
        misled = _sure(best, 1e-4) and self.exact is not None and not _within(self.exact, best, 4.0, self.rtol, self.slack)
        return self.exact is not None and not misled

    def _is_exact(self) -> bool:
        exact = 0.0 if self.exact is None else self.exact
        allowed = 1e-2 * self.rtol * abs(exact) + self.slack
        return abs(self.found - exact) <= allowed or abs(self.found - exact) <= allowed + self.blur()


def _quality(estimate: Estimate) -> tuple[float, float]:
    """Better is smaller: the relative error, and beyond 1 the error itself."""
    relative = estimate.error / abs(estimate.slope) if estimate.slope else 1.0
    return min(relative, 1.0), estimate.error


def _believed(estimates: Sequence[Estimate]) -> Sequence[Estimate]:
    """Those that no finer one contradicts: a ripple of f shows in small steps only, and the derivative is their limit."""
    believed = estimates
    while True:
        best = min(believed, key=_quality)
        sure = [e for e in believed if e.step < best.step and _sure(e, 1e-3)]
        finer = [e.step for e in sure if abs(e.slope - best.slope) > 10.0 * (e.error + best.error)]
        if not finer:
            return believed
        believed = [e for e in believed if e.step <= max(finer)]


def _is_smooth(estimate: Estimate) -> bool:
    """Whether the slopes of the two sides are about the same."""
    noise = 1000.0 * estimate.noise / estimate.step
    return abs(estimate.left - estimate.right) <= 0.01 * max(abs(estimate.left), abs(estimate.right)) + noise


def _sure(estimate: Estimate, relative: float) -> bool:
    return estimate.error <= relative * abs(estimate.slope)


def _within(number: float, estimate: Estimate, errors: float, rtol: float, slack: float) -> bool:
    return abs(number - estimate.slope) <= rtol * abs(estimate.slope) + slack + errors * estimate.error


def _sides(estimates: Iterable[Estimate]) -> tuple[float, float, float] | None:
    """The lower and the higher slope of the two sides, with their uncertainty, where they settle to different numbers."""
    by_step = sorted(estimates, key=lambda estimate: -estimate.step)
    for wide, narrow in pairwise(by_step):
        slack = abs(wide.left - narrow.left) + abs(wide.right - narrow.right) + 20.0 * narrow.noise / narrow.step
        if abs(narrow.left - narrow.right) > 50.0 * slack:
            return min(narrow.left, narrow.right), max(narrow.left, narrow.right), 2.0 * slack
    return None


def jumps(estimates: Sequence[Estimate]) -> bool:
    """Whether the function moves as far in its smallest steps as in larger ones."""
    by_step = sorted(estimates, key=lambda estimate: estimate.step)
    if len(by_step) < 4:
        return False
    least = max(1e-6 * by_step[0].height, 100.0 * by_step[0].noise)
    return by_step[0].jump > 0.3 * by_step[3].jump > least


def outside_of_sides(slope: float, estimates: Sequence[Estimate]) -> tuple[float, float] | None:
    """The slopes of the two sides, taken from a step of medium size, if `slope` does not lie between them; else None."""
    by_step = sorted(estimates, key=lambda estimate: estimate.step)
    if not by_step:
        return None
    medium = by_step[len(by_step) // 3]
    slack = 1e-6 * max(abs(medium.left), abs(medium.right)) + 20.0 * medium.noise / medium.step
    low, high = sorted((medium.left, medium.right))
    return None if low - slack <= slope <= high + slack else (low, high)
