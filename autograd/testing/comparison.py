"""The derivatives of a function at a point, compared between the modes and with references that know no derivatives."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import product
from typing import Any

from autograd.graph import forward_sweep, reverse_sweep
from autograd.real import is_node, number_of
from autograd.testing.complex_step import complex_step
from autograd.testing.flat import Flat, absolute_partials, flat_jacobian, is_linear, recorded, rounding
from autograd.testing.stencil import EPSILON, Estimate, estimates
from autograd.testing.verdict import RIGHT, Evidence
from autograd.value import Value

DISAGREE = "each recorded operation is right when checked alone, in every mode"
NOT_RECORDED = (
    "each recorded operation is right when checked alone, so part of the computation is not recorded: "
    "math.tanh(x) instead of autograd.tanh(x), for example, or float(x) or x.data"
)


class Wrong(Exception):  # noqa: N818 - never seen outside
    """A derivative of some order is wrong: through the `fault` of an operation if that is known, else say `otherwise`."""

    def __init__(self, order: int, text: str, fault: str = "", otherwise: str = NOT_RECORDED) -> None:
        super().__init__(text)
        self.order, self.fault, self.otherwise = order, fault, otherwise


class Comparison:
    """The comparison of a function's derivatives at a point, one order after the other; raises `Wrong` if one is.

    `checked` counts the derivatives found right; `kinks` and `unresolved` name those without anything to compare with. Inputs
    in `bent` lead to a kink and are left out.
    """

    def __init__(self, flat: Flat, at: list[float], paths: list[str], modes: tuple[str, ...], rtol: float) -> None:
        self.flat, self.at, self.paths, self.modes, self.rtol = flat, at, paths, modes, rtol
        self.kinks: dict[str, None] = {}
        self.unresolved: dict[str, None] = {}
        self.checked = 0
        self.bent: set[int] = set()
        self._below: list[tuple[float, float]] = []  # the derivatives one order below, with what rounding allows
        self.inputs, self.nodes, self.results = recorded(flat, at)
        self.outputs = list(map(number_of, self.results))
        self._names = ["f"] if len(self.outputs) == 1 else [f"f[{i}]" for i in range(len(self.outputs))]

    def check_values(self) -> None:
        """Raise ValueError unless the function returns numbers, finite ones, and the same when called again."""
        again = list(map(number_of, self.flat([Value(x) for x in self.at])))
        if not self.outputs:
            raise ValueError("gradcheck: the function returns no number at all: return one, or several in a list")
        if not all(map(math.isfinite, self.outputs)):
            what = self.outputs[0] if len(self.outputs) == 1 else self.outputs
            raise ValueError(f"gradcheck: the function is {what} at {self.at}: choose a point inside its domain")
        if again != self.outputs:
            raise ValueError(f"gradcheck: the function is {self.outputs}, then {again} at the same point: fix its seed")

    def go_to(self, k: int) -> None:
        """Turn to order k. What it is compared with, the order below, must give the same on Values as it did on floats."""
        self._lower = reduce(flat_jacobian, [self.modes[-1]] * (k - 1), self.flat)
        self._rounding = rounding(self._lower, self.at)
        for place, (x, slack) in enumerate(self._below):
            again = self._rounding.values[place]
            if abs(x - again) > slack:
                text = f"is {x!r} on floats and {again!r} on Values"
                raise Wrong(k, f"the modes disagree: {self._derivative(k - 1, place)} {text}", otherwise=DISAGREE)

    def check_order(self, k: int) -> None:
        """Compare the derivatives of order k, the one turned to."""
        before = self.checked, dict(self.kinks), dict(self.unresolved)
        try:
            self._check_order(k, self._rounding.derivatives)
        except Wrong:  # unless it is the rounding of the derivatives' own parts, which costs more to know
            self.checked, self.kinks, self.unresolved = before
            self._check_order(k, self._slack(k))

    def _check_order(self, k: int, slack: list[float]) -> None:
        self._below = list(zip(self._agreed(k, slack), slack, strict=True))
        self._compare(k, self._below)

    # --- the modes, against each other --------------------------------------------------------------------------------

    def _by_all_modes(self, k: int) -> dict[str, Flat]:
        """The derivatives of order k as functions, by every combination of modes."""
        return {
            " over ".join(reversed(modes)): reduce(flat_jacobian, modes, self.flat) for modes in product(self.modes, repeat=k)
        }

    def _agreed(self, k: int, slack: Sequence[float]) -> list[float]:
        """The derivatives of order k, which all combinations of modes must give up to rounding."""
        found = {name: list(map(number_of, function(self.at))) for name, function in self._by_all_modes(k).items()}
        first_name, first = next(iter(found.items()))
        for name, other in found.items():
            for place, (x, y) in enumerate(zip(first, other, strict=True)):
                same = x == y or abs(x - y) <= slack[place] or (math.isnan(x) and math.isnan(y))
                if math.isfinite(slack[place]) and not same:
                    text = f"{self._derivative(k, place)} is {x!r} by {first_name} and {y!r} by {name}"
                    raise Wrong(k, f"the modes disagree: {text}", otherwise=DISAGREE)
        return first

    def _slack(self, k: int) -> list[float]:
        """All that rounding allows: along the paths of every combination of modes, and in the numbers on them."""
        paths = [rounding(function, self.at).derivatives for function in self._by_all_modes(k - 1).values()]
        found = [rounding(function, self.at) for function in self._by_all_modes(k).values()]
        numbers = [report.outputs for report in found]
        if any(report.out_of_range for report in found):
            return [math.inf] * len(numbers[0])
        return [max(a) + 8.0 * max(b) for a, b in zip(zip(*paths, strict=True), zip(*numbers, strict=True), strict=True)]

    def _derivative(self, k: int, place: int) -> str:
        """The name of the derivative at a place in the flat list of those of order k."""
        n = len(self.at)
        inputs = []
        for _ in range(k):
            place, i = divmod(place, n)
            inputs.append(self.paths[i])
        power = "" if k == 1 else str(k)
        return f"d{power} {self._names[place]} / {' '.join(f'd {path}' for path in reversed(inputs))}"

    # --- the references -----------------------------------------------------------------------------------------------

    def _compare(self, k: int, found: list[tuple[float, float]]) -> None:
        """Compare with the references along each input, and along all inputs of a tie together."""
        n = len(self.at)
        for i in set(range(n)) - self.bent:
            column = [found[place] for place in range(i, len(found), n)]
            names = [self._derivative(k, place) for place in range(i, len(found), n)]
            self.checked += self._compare_along(k, [float(j == i) for j in range(n)], column, names)
        for tied in ties(self.at) if k == 1 else []:
            if self.bent.isdisjoint(tied):
                gathered = [[found[place + i] for i in tied] for place in range(0, len(found), n)]
                sums = [(sum(x for x, _ in together), sum(slack for _, slack in together)) for together in gathered]
                moving = f"moving {', '.join(self.paths[i] for i in tied)} together"
                names = [f"the derivative of {output} by {moving}" for output in self._names]
                self._compare_along(k, [float(i in tied) for i in range(n)], sums, names)

    def _compare_along(self, k: int, direction: list[float], found: list[tuple[float, float]], names: list[str]) -> int:
        """Gather evidence for each output until the verdicts are in; returns how many are right."""
        exact = complex_step(self._lower, self.at, direction) if k == 1 else None
        cases = [
            Evidence(number, slack, None if exact is None else exact[j], partial(self._blur, direction, j), self.rtol)
            for j, (number, slack) in enumerate(found)
        ]
        moving = [sum([part for part, d in zip(parts, direction, strict=True) if d]) for parts in self._rounding.moving]
        for step in estimates_along(self._lower, self.at, direction, moving, Value if k == 1 else float):
            for case, estimate in zip(cases, step, strict=True):
                if estimate is not None and case.so_far() is None:
                    case.estimates.append(estimate)
            if all(case.so_far() for case in cases):
                break
        verdicts = [case.final() for case in cases]
        for name, case, verdict in zip(names, cases, verdicts, strict=True):
            if verdict.kind == "wrong":
                distance = abs(case.found - verdict.expected)
                error = (
                    f"relative error {distance / abs(verdict.expected):.1e}" if verdict.expected else f"error {distance:.1e}"
                )
                raise Wrong(k, f"{name} is wrong: found {case.found!r}, expected {verdict.wanted}, {error}")
            if verdict.kind == "kink":
                self.kinks[f"{name}, {verdict.wanted}"] = None
            elif verdict.kind == "unresolved":
                self.unresolved[name] = None
        return verdicts.count(RIGHT)

    def _blur(self, direction: list[float], j: int) -> float:
        """The error of a complex step: rounding inside the references, which may cancel where the partials do not."""
        order = [*self.inputs, *self.nodes]
        inputs = dict(zip(self.inputs, direction, strict=True))
        sizes = forward_sweep(order, inputs, absolute_partials)
        adjoints = reverse_sweep(order, {self.results[j]: 1.0} if is_node(self.results[j]) else {}, absolute_partials)
        total = 0.0
        for node in self.nodes:
            if adjoints[node] and not is_linear(node.primitive):
                moves = [(sizes.get(x) or 0.0) / abs(x.item()) for x in node.operands if is_node(x) and x.item()]
                total += adjoints[node] * abs(node.item()) * sum(moves)
        return 8.0 * EPSILON * total


def estimates_along(
    flat: Flat, at: Sequence[float], direction: Sequence[float], noise: Sequence[float], number: Callable[[float], Any] = Value
) -> Iterator[list[Estimate | None]]:
    """The estimates of a stencil along a direction, for each number that the function returns; `number` makes its inputs."""

    def moved(t: float) -> list[float]:
        try:
            return list(map(number_of, flat([number(x + t * d) for x, d in zip(at, direction, strict=True)])))
        except Exception:  # noqa: BLE001 - outside its domain f may raise what it likes
            return [math.nan] * len(noise)

    moving = [abs(x) for x, d in zip(at, direction, strict=True) if d]
    lengths = sorted({1.0, *[x for x in (min(moving), max(moving)) if x]})
    return estimates(moved, lengths, noise, smallest=8.0 * math.ulp(max(moving)))


def ties(numbers: Sequence[float], moving: Sequence[bool] | None = None) -> list[list[int]]:
    """The places of equal numbers, a list for each such number; only of those that are `moving`."""
    places: dict[float, list[int]] = {}
    for i, x in enumerate(numbers):
        if moving is None or moving[i]:
            places.setdefault(x, []).append(i)
    return [tied for tied in places.values() if len(tied) > 1]
