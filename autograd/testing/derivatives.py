"""gradcheck: every derivative of a function, by every combination of modes, against references that know no derivatives."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from autograd.graph import forward_sweep, reverse_sweep, topological_order
from autograd.primitives import identity
from autograd.real import is_node
from autograd.structures import Structure, as_argument, flatten, unflatten
from autograd.testing.complex_step import complex_step
from autograd.testing.flat import JACOBIANS, Flat, absolute_partials, alone, flat_jacobian, is_linear, item, recorded, rounding
from autograd.testing.stencil import EPSILON, Estimate, estimates
from autograd.testing.verdict import RIGHT, Evidence, Verdict, jumps, outside_of_sides
from autograd.value import Value

MOST_INPUTS = 12  # beyond, random combinations of them: the cost of forward over forward grows with their square
COMBINATIONS = 4


class GradcheckError(AssertionError):
    """A derivative is wrong: which one, where, what it should be, and the operation at fault if there is one."""


class Report(NamedTuple):
    """How many derivatives gradcheck found right, and what it could not compare: printed as a sentence."""

    checked: int
    kinks: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.checked} derivatives confirmed"
        if self.kinks:
            text += f"; not smooth here: {'; '.join(self.kinks)}"
        if self.unresolved:
            text += f"; not resolved by differences: {'; '.join(self.unresolved)}"
        return text


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    modes: Iterable[str] = ("fwd", "rev"),
    rtol: float = 1e-9,
    seed: int = 0,
) -> Report:
    """Check the derivatives of f at a point, up to `order`, by all combinations of `modes`; returns a `Report`, or raises.

    The arguments are numbers or nested lists, tuples, dicts and arrays of them, and so is what f returns. The modes must agree
    up to rounding. First derivatives are compared with a complex step where f is analytic, else with a six-point stencil whose
    step fits the function; higher ones with a stencil of those one order below. A difference counts beyond `rtol` times the
    derivative, what rounding allows, and the stencil's own error. Of more than 12 inputs each is checked at first order, and 4
    random combinations beyond, drawn by `seed`.

    Where f has a kink (a tie, abs at 0) no number is right or wrong: the derivatives of the operation there must lie between
    the slopes of the two sides in every direction, all other operations are checked one by one, and the report names the kink.
    What differences cannot tell, the report calls unresolved; `report.checked` counts what was compared and found right.
    (`stop_gradient` is wrong here, as it means to be.)

    Raises GradcheckError, an AssertionError, that says which derivative is wrong at which input, what was expected and found,
    and the operation whose own partial is wrong, if there is one; ValueError where f is not finite.

    >>> from autograd import abs, tanh
    >>> print(gradcheck(lambda x, y: tanh(x * y), 0.5, 2.0))
    6 derivatives confirmed
    >>> print(gradcheck(abs, 0.0))
    0 derivatives confirmed; not smooth here: abs(operand 0 = 0.0)
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not callable(f):
        raise TypeError(f"gradcheck takes a function and its arguments, not {f!r}: gradcheck(f, x), not gradcheck(f(x))")
    if not modes or not set(modes) <= set(JACOBIANS):
        raise ValueError(f"gradcheck: modes must be some of {tuple(JACOBIANS)}, not {modes}")
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"gradcheck: order must be 1 or more, not {order!r}")
    if not rtol > 0.0:
        raise ValueError(f"gradcheck: rtol must be above 0, not {rtol!r}")
    name = getattr(f, "__name__", None) or type(f).__name__
    leaves, structure = flatten(args, f"gradcheck({name}): args")
    at = [leaf.item() if is_node(leaf) else leaf for leaf in leaves]
    if not at:
        raise ValueError(f"gradcheck({name}): there is no number among the arguments: gradcheck(f, x)")

    def flat(xs: list[Any]) -> list[Any]:
        return flatten(f(*unflatten(structure, xs, as_argument)), f"gradcheck: what {name} returns")[0]

    checks = [_Check(flat, at, _paths(structure, "args"), modes, rtol)]
    orders = [range(1, order + 1)]
    if len(at) > MOST_INPUTS:  # each of them at first order, and combinations of them beyond
        checks.append(_Check(*_in_random_directions(flat, at, random.Random(seed)), modes, rtol))  # noqa: S311 - no secret
        orders = [range(1, 2), range(2, order + 1)]
    try:
        return _together([check.run(of) for check, of in zip(checks, orders, strict=True)])
    except _Wrong as wrong:
        where = f"args = {unflatten(structure, at, as_argument)!r}"
        fault = wrong.fault or checks[0].culprit(wrong.order) or wrong.otherwise
        raise GradcheckError(f"gradcheck({name}) at {where}:\n  {wrong}\n  {fault}") from None


def _together(reports: Sequence[Report]) -> Report:
    kinks = dict.fromkeys(text for report in reports for text in report.kinks)
    unresolved = [text for report in reports for text in report.unresolved]
    return Report(sum(report.checked for report in reports), tuple(kinks), tuple(unresolved))


def _paths(structure: Structure, path: str) -> list[str]:
    """What each number in a structure is called."""
    if structure.kind is None:
        return [path]
    if structure.kind == "array":
        return [f"{path}[{', '.join(map(str, place))}]" for place in product(*map(range, structure.keys))]
    keys = structure.keys or range(len(structure.children))
    return [name for key, child in zip(keys, structure.children, strict=True) for name in _paths(child, f"{path}[{key!r}]")]


def _in_random_directions(flat: Flat, at: list[float], rng: random.Random) -> tuple[Flat, list[float], list[str]]:
    """A function of many numbers as one of few: steps in random directions, from the point."""
    directions = [[rng.choice((-1.0, 1.0)) * (abs(x) or 1.0) for x in at] for _ in range(COMBINATIONS)]

    def restricted(steps: list[Any]) -> list[Any]:
        moved: list[Any] = at
        for step, direction in zip(steps, directions, strict=True):
            moved = [x + step * d for x, d in zip(moved, direction, strict=True)]
        return flat(moved)

    paths = [f"random combination {i} of the {len(at)} inputs" for i in range(COMBINATIONS)]
    return restricted, [0.0] * COMBINATIONS, paths


DISAGREE = "the partials of each recorded operation are right of their own, in every mode"
NOT_RECORDED = (
    "the partials of each recorded operation are right of their own, so part of the computation is not recorded: "
    "math.tanh(x) instead of autograd.tanh(x), say, or float(x) or x.data"
)


class _Wrong(Exception):  # noqa: N818 - never seen outside
    """A derivative of some order is wrong, by the fault of an operation if that is known; `otherwise` if none is at fault."""

    def __init__(self, order: int, text: str, fault: str = "", otherwise: str = NOT_RECORDED) -> None:
        super().__init__(text)
        self.order = order
        self.fault = fault
        self.otherwise = otherwise


class _Check:
    """The comparison of a function's derivatives at a point with the references."""

    def __init__(
        self, flat: Flat, at: list[float], paths: list[str], modes: tuple[str, ...], rtol: float, *, nearby: bool = False
    ) -> None:
        self.nearby = nearby  # to a point that is to be checked
        self.flat, self.at, self.paths, self.modes, self.rtol = flat, at, paths, modes, rtol
        self.kinks: dict[str, None] = {}
        self.unresolved: dict[str, None] = {}
        self.checked = 0
        self.inputs, self.nodes, self.results = recorded(flat, at)
        self.bent = _bent(self.nodes)
        self.outputs = [item(output) for output in self.results]

    def run(self, orders: Iterable[int]) -> Report:
        """Check the derivatives of these orders."""
        again = [item(output) for output in self.flat([Value(x) for x in self.at])]
        if not self.outputs:
            raise ValueError("gradcheck: the function returns no number at all: return one, or several in a list")
        if not all(map(math.isfinite, self.outputs)):
            what = self.outputs[0] if len(self.outputs) == 1 else self.outputs
            raise ValueError(f"gradcheck: the function is {what} at {self.at}: choose a point inside its domain")
        if again != self.outputs:
            raise ValueError(f"gradcheck: the function is {self.outputs}, then {again} at the same point: fix its seed")
        bent = self._check_kinks()
        below: list[tuple[float, float]] = []
        for k in orders:
            lower = self.flat
            for _ in range(k - 1):
                lower = flat_jacobian(lower, self.modes[-1])
            noise = rounding(lower, self.at)
            for place, (x, slack) in enumerate(below):
                if abs(x - noise.values[place]) > slack:
                    text = f"is {x!r} on floats and {noise.values[place]!r} on Values"
                    raise _Wrong(k, f"the modes disagree: {self._derivative(k - 1, place)} {text}", otherwise=DISAGREE)
            if k == 2 and not self.nearby:
                self._check_nearby(orders)
            before = self.checked, dict(self.kinks), dict(self.unresolved)
            try:
                below = self._check_order(k, lower, noise.derivatives, noise.moving, bent)
            except _Wrong:  # unless it is the rounding of the derivatives' own parts, which costs more to know
                self.checked, self.kinks, self.unresolved = before
                below = self._check_order(k, lower, self._slack(k), noise.moving, bent)
        return Report(self.checked, tuple(self.kinks), tuple(self.unresolved))

    def _check_nearby(self, orders: Iterable[int]) -> None:
        """A wrong derivative may be right just here, as 3x for x**2 is at 0, and higher ones are compared with it."""
        near = [x + (abs(x) or 1.0) * 2.0**-7 * (-1.0) ** i for i, x in enumerate(self.at)]
        try:
            _Check(self.flat, near, self.paths, self.modes, self.rtol, nearby=True).run(orders)
        except _Wrong as wrong:
            raise _Wrong(2, f"near by, at {near}, {wrong}", wrong.fault) from None
        except Exception:  # noqa: BLE001 - outside its domain f may raise what it likes
            return

    def _check_order(
        self, k: int, lower: Flat, slack: list[float], noise: list[list[float]], bent: set[int]
    ) -> list[tuple[float, float]]:
        found = list(zip(self._agreed(k, slack), slack, strict=True))
        self._compare(k, lower, found, noise, bent)
        return found

    def _check_kinks(self) -> set[int]:
        """The inputs that lead to a kink. There the operations around have to be checked each of its own."""
        for node in self.bent:
            _check_kink(node)
            self.kinks[_call(node)] = None
        if self.bent and len(self.nodes) > 1:
            fault = self.culprit(2)
            if fault is not None:
                raise _Wrong(1, "there is a kink, so the operations were checked one by one", fault)
        below = set(topological_order(*self.bent))
        return {i for i, x in enumerate(self.inputs) if x in below}

    # --- the modes, against each other --------------------------------------------------------------------------------

    def _by_all_modes(self, k: int) -> dict[str, Flat]:
        """The derivatives of order k as functions, by every combination of modes."""
        functions = {}
        for combination in product(self.modes, repeat=k):
            function = self.flat
            for mode in combination:
                function = flat_jacobian(function, mode)
            functions[" over ".join(reversed(combination))] = function
        return functions

    def _agreed(self, k: int, slack: Sequence[float]) -> list[float]:
        """The derivatives of order k, which all combinations of modes must give up to rounding."""
        found = {name: [item(x) for x in function(self.at)] for name, function in self._by_all_modes(k).items()}
        first_name, first = next(iter(found.items()))
        for name, other in found.items():
            for place, (x, y) in enumerate(zip(first, other, strict=True)):
                same = x == y or abs(x - y) <= slack[place] or (math.isnan(x) and math.isnan(y))
                if math.isfinite(slack[place]) and not same:
                    text = f"{self._derivative(k, place)} is {x!r} by {first_name} and {y!r} by {name}"
                    raise _Wrong(k, f"the modes disagree: {text}", otherwise=DISAGREE)
        return first

    def _slack(self, k: int) -> list[float]:
        """All that rounding allows: of the paths of every combination of modes, and of the numbers that these meet."""
        paths = [rounding(function, self.at).derivatives for function in self._by_all_modes(k - 1).values()]
        found = [rounding(function, self.at) for function in self._by_all_modes(k).values()]
        if any(report.out_of_range for report in found):
            return [math.inf] * len(found[0].outputs)
        numbers = [report.outputs for report in found]
        return [max(a) + 8.0 * max(b) for a, b in zip(zip(*paths, strict=True), zip(*numbers, strict=True), strict=True)]

    # --- the names of derivatives -------------------------------------------------------------------------------------

    def _derivative(self, k: int, place: int) -> str:
        """The name of the derivative at a place in the flat list of those of order k."""
        n = len(self.at)
        inputs = []
        for _ in range(k):
            place, i = divmod(place, n)
            inputs.append(self.paths[i])
        power = "" if k == 1 else str(k)
        return f"d{power} {self._output(place)} / {' '.join(f'd {path}' for path in reversed(inputs))}"

    def _output(self, place: int) -> str:
        return "f" if len(self.outputs) == 1 else f"f[{place}]"

    # --- the references -----------------------------------------------------------------------------------------------

    def _compare(self, k: int, lower: Flat, found: list[tuple[float, float]], noise: list[list[float]], bent: set[int]) -> None:
        """Compare with the references along each input, and at a tie of inputs along these together."""
        n = len(self.at)
        for i in set(range(n)) - bent:
            column = [found[place] for place in range(i, len(found), n)]
            names = [self._derivative(k, place) for place in range(i, len(found), n)]
            self.checked += self._compare_along(k, lower, [float(j == i) for j in range(n)], column, noise, names)
        for tied in _ties(self.at) if k == 1 else []:
            if bent.isdisjoint(tied):
                rows = [[found[place + i] for i in tied] for place in range(0, len(found), n)]
                sums = [(sum(x for x, _ in row), sum(slack for _, slack in row)) for row in rows]
                together = f"moving {', '.join(self.paths[i] for i in tied)} together"
                names = [f"the derivative of {self._output(j)} by {together}" for j in range(len(rows))]
                self._compare_along(k, lower, [float(i in tied) for i in range(n)], sums, noise, names)

    def _compare_along(
        self,
        k: int,
        lower: Flat,
        direction: list[float],
        found: list[tuple[float, float]],
        noise: list[list[float]],
        names: list[str],
    ) -> int:
        """Gather evidence for each output until the verdicts are in; how many are right."""
        exact = complex_step(lower, self.at, direction) if k == 1 else None
        cases = [
            Evidence(number, slack, None if exact is None else exact[j], partial(self._blur, direction, j), self.rtol)
            for j, (number, slack) in enumerate(found)
        ]
        moving = [sum([part for part, d in zip(parts, direction, strict=True) if d]) for parts in noise]
        for step in _estimates(lower, self.at, direction, moving, Value if k == 1 else float):
            for case, estimate in zip(cases, step, strict=True):
                if estimate is not None and case.so_far() is None:
                    case.estimates.append(estimate)
            if all(case.so_far() for case in cases):
                break
        verdicts = [case.final() for case in cases]
        for name, case, verdict in zip(names, cases, verdicts, strict=True):
            if verdict.kind == "wrong":
                raise _wrong(k, name, case.found, verdict)
            if verdict.kind == "kink":
                self.kinks[f"{name}, {verdict.wanted}"] = None
            elif verdict.kind == "unresolved":
                self.unresolved[name] = None
        return verdicts.count(RIGHT)

    def _blur(self, direction: list[float], j: int) -> float:
        """What rounding inside of the rows' references, which may cancel where the partials do not, does to a complex step."""
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

    def culprit(self, order: int) -> str | None:
        """The operation whose own derivatives up to that order are wrong, in words; None if there is none."""
        for node in self.nodes:
            row = node.primitive
            if row is None or row is identity or node in self.bent:
                continue
            numbers = [item(operand) for operand in node.operands]
            paths = [f"operand {i}" for i in range(len(numbers))]
            try:
                _Check(alone(row), numbers, paths, self.modes, self.rtol).run(range(1, order + 1))
            except _Wrong as wrong:
                return f"at fault: {_call(node)}, of its own: {wrong}"
            except ValueError:
                continue  # not finite
        return None


def _wrong(order: int, name: str, found: float, verdict: Verdict) -> _Wrong:
    distance = abs(found - verdict.expected)
    error = f"relative error {distance / abs(verdict.expected):.1e}" if verdict.expected else f"error {distance:.1e}"
    return _Wrong(order, f"{name} is wrong: found {found!r}, expected {verdict.wanted}, {error}")


def _estimates(
    flat: Flat, at: Sequence[float], direction: Sequence[float], noise: Sequence[float], number: Callable[[float], Any] = Value
) -> Iterator[list[Estimate | None]]:
    def moved(t: float) -> list[float]:
        try:
            return [item(y) for y in flat([number(x + t * d) for x, d in zip(at, direction, strict=True)])]
        except Exception:  # noqa: BLE001 - outside its domain f may raise what it likes
            return [math.nan] * size

    size = len(noise)
    moving = [abs(x) for x, d in zip(at, direction, strict=True) if d]
    lengths = sorted({1.0, *[x for x in (min(moving), max(moving)) if x]})
    return estimates(moved, lengths, noise, smallest=8.0 * math.ulp(max(moving)))


# --- kinks ------------------------------------------------------------------------------------------------------------


def _ties(numbers: Sequence[float], moving: Sequence[bool] | None = None) -> list[list[int]]:
    """The places of those that are equal, of numbers that can move."""
    places: dict[float, list[int]] = {}
    for i, x in enumerate(numbers):
        if moving is None or moving[i]:
            places.setdefault(x, []).append(i)
    return [tied for tied in places.values() if len(tied) > 1]


def _call(node: Any) -> str:
    """An operation with its operands and labels, for messages."""
    operands = [
        f"{getattr(operand, 'label', '') or f'operand {i}'} = {item(operand)!r}" for i, operand in enumerate(node.operands)
    ]
    label = f" labelled {node.label!r}" if node.label else ""
    return f"{node.primitive.name}({', '.join(operands)}){label}"


def _bent(nodes: Iterable[Any]) -> dict[Any, None]:
    """The nodes at a kink that their operands can leave by moving, in order; not those of a branch that is not finite."""
    still: set[Any] = set()  # what stays as it is when the inputs move a little
    found: dict[Any, None] = {}
    for node in nodes:
        row = node.primitive
        moving = [type(operand) is not float and operand not in still for operand in node.operands]
        if row is None:
            continue
        if row.kink is not None and math.isfinite(node.item()) and _leaves_kink(node, moving):
            found[node] = None
        elif not any(moving) or (row.rules.each is not None and not any(row.rules.each)):  # constant in pieces
            still.add(node)
    return found


def _leaves_kink(node: Any, moving: Sequence[bool]) -> bool:
    """Whether the row has a kink at the operands, of the kind that those that can move leave by that."""
    numbers = [item(operand) for operand in node.operands]
    moved = [
        x + (i + 1) * 1e-3 * (abs(x) or 1.0) if moves else x for i, (x, moves) in enumerate(zip(numbers, moving, strict=True))
    ]
    return bool(node.primitive.kink(*numbers)) and not node.primitive.kink(*moved)


def _check_kink(node: Any) -> None:
    """At a kink, the derivative in every direction must lie between the slopes of the two sides."""
    row, numbers = node.primitive, [item(operand) for operand in node.operands]
    partials = row.partials(row.evaluate(*numbers), *numbers)
    moving = [type(operand) is not float for operand in node.operands]
    single = [[i] for i, moves in enumerate(moving) if moves]
    directions = [[float(i in together) for i in range(len(numbers))] for together in [*single, *_ties(numbers, moving)]]
    gathered = [
        [step[0] for step in _estimates(alone(row), numbers, direction, [0.0]) if step[0] is not None]
        for direction in directions
    ]
    if any(map(jumps, gathered)):
        return  # where it is not even continuous, there is nothing to hold on to
    for direction, estimates_along in zip(directions, gathered, strict=True):
        slope = sum([(p or 0.0) * d for p, d in zip(partials, direction, strict=True) if d])
        sides = outside_of_sides(slope, estimates_along)
        if sides is not None:
            raise _Wrong(
                1,
                f"at a kink, the derivative along the direction {tuple(direction)} is wrong: found {slope!r}, "
                f"expected between {sides[0]:.6g} and {sides[1]:.6g}, the slopes of the two sides",
                f"at fault: {_call(node)}, whose partials there are {tuple(partials)}",
            )
