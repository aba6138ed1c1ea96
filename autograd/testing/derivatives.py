"""gradcheck: every derivative of a function, by every combination of modes, against references that know no derivatives."""

import random
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, NamedTuple

from autograd.naming import name_of
from autograd.real import number_of
from autograd.structures import Structure, as_argument, flatten, unflatten
from autograd.testing.comparison import Comparison, Wrong
from autograd.testing.faults import at_fault, check
from autograd.testing.flat import JACOBIANS, Flat

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
        kinks = f"; not smooth here: {'; '.join(self.kinks)}" if self.kinks else ""
        unresolved = f"; not resolved by differences: {'; '.join(self.unresolved)}" if self.unresolved else ""
        return f"{self.checked} derivatives confirmed{kinks}{unresolved}"


def gradcheck(
    f: Callable[..., Any], *args: Any, order: int = 2, modes: Iterable[str] = ("fwd", "rev"), rtol: float = 1e-9, seed: int = 0
) -> Report:
    """Check the derivatives of f at a point, up to `order`, by all combinations of `modes`.

    The modes must agree up to rounding. First derivatives are compared with a complex step where f is analytic, else with a
    six-point stencil whose step fits the function; higher ones with a stencil of those one order below. Returns a `Report`:
    how many derivatives were found right, the kinks, and what differences cannot tell.

    At a kink of f (a tie, abs at 0) no single number is right: the derivative of the operation there must lie between the
    slopes of the two sides in every direction, all other operations are checked one by one, and the report names the kink.
    (`stop_gradient` is wrong here, as it means to be.)

    Args:
        f: a function of numbers, or of nested lists, tuples, dicts and arrays of them, that returns such too.
        args: the point: the arguments of f.
        order: the highest order of derivatives to check.
        modes: "fwd", "rev" or both.
        rtol: a difference counts beyond `rtol` times the derivative, what rounding allows, and the stencil's own error.
        seed: draws the 4 random combinations that are checked beyond first order where f has more than 12 inputs.

    Raises:
        GradcheckError: an AssertionError; names the wrong derivative and its input, what was found and expected, and the
            operation whose own partial is wrong, if there is one.
        ValueError: f is not finite at the point, gives another number when called again or none, or an option is no such.
        TypeError: f is not a function, or takes or returns something other than numbers.

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
    check_order(order, "gradcheck")
    if not rtol > 0.0:
        raise ValueError(f"gradcheck: rtol must be above 0, not {rtol!r}")
    name = name_of(f)
    numbers, structure = flatten(args, f"gradcheck({name}): args")
    at = list(map(number_of, numbers))
    if not at:
        raise ValueError(f"gradcheck({name}): the arguments hold no number: gradcheck(f, x)")

    def flat(xs: list[Any]) -> list[Any]:
        return flatten(f(*unflatten(structure, xs, as_argument)), f"gradcheck: what {name} returns")[0]

    comparisons = [Comparison(flat, at, _paths(structure, "args"), modes, rtol)]
    orders = [range(1, order + 1)]
    if len(at) > MOST_INPUTS:  # each of them at first order, and combinations of them beyond
        rng = random.Random(seed)  # noqa: S311 - no secret
        comparisons.append(Comparison(*_in_random_directions(flat, at, rng), modes, rtol))
        orders = [range(1, 2), range(2, order + 1)]
    try:
        for comparison, those in zip(comparisons, orders, strict=True):
            check(comparison, those)
    except Wrong as wrong:
        where = f"args = {unflatten(structure, at, as_argument)!r}"
        fault = wrong.fault or at_fault(comparisons[0], wrong.order) or wrong.otherwise
        raise GradcheckError(f"gradcheck({name}) at {where}:\n  {wrong}\n  {fault}") from None
    kinks = dict.fromkeys(text for comparison in comparisons for text in comparison.kinks)
    unresolved = [text for comparison in comparisons for text in comparison.unresolved]
    return Report(sum(comparison.checked for comparison in comparisons), tuple(kinks), tuple(unresolved))


def check_order(order: Any, who: str) -> None:
    """Raise ValueError unless the order of derivatives is a whole number, 1 or more."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"{who}: order must be 1 or more, not {order!r}")


def _paths(structure: Structure, path: str) -> list[str]:
    """What each number in a structure is called."""
    if structure.kind is None:
        return [path]
    if structure.kind == "array":
        return [f"{path}[{', '.join(map(str, place))}]" for place in product(*map(range, structure.keys))]
    children = zip(structure.paths(), structure.children, strict=True)
    return [name for step, child in children for name in _paths(child, path + step)]


def _in_random_directions(flat: Flat, at: list[float], rng: random.Random) -> tuple[Flat, list[float], list[str]]:
    """A function of many numbers as one of few: steps in random directions, from the point."""
    directions = [[rng.choice((-1.0, 1.0)) * (abs(x) or 1.0) for x in at] for _ in range(COMBINATIONS)]

    def restricted(steps: list[Any]) -> list[Any]:
        moved: list[Any] = at
        for step, direction in zip(steps, directions, strict=True):
            moved = [x + step * d for x, d in zip(moved, direction, strict=True)]
        return flat(moved)

    return restricted, [0.0] * COMBINATIONS, [f"random combination {i} of the {len(at)} inputs" for i in range(COMBINATIONS)]
