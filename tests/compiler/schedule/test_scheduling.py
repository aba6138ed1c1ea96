"""Schedules: everything is computed once, before it is used; and what keeps them short pays in all programs it is for."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numpy", reason="needs the jit extra")

from autograd import dot, exp, hvp, maximum, sqrt, sum_, tanh, value_and_grad
from autograd.compiler.lower import lower
from autograd.compiler.options import Options
from autograd.compiler.schedule import folds, loops, order
from autograd.compiler.schedule.loops import Loop, roots_of
from autograd.compiler.schedule.scheduling import Schedule, schedule
from autograd.compiler.trace.tracer import trace
from autograd.structures import flatten
from tests.compiler.schedule.test_loops import networks


def scheduled(f: Callable[[list[Any]], Any], count: int, varying: tuple[int | None, ...] | None = None) -> Schedule:
    """A function of a list of `count` numbers, scheduled."""
    program, _, _ = trace(lambda xs: (flatten(f(xs), "a result")[0], None), [""] * count)
    return schedule(lower(program), Options(varying))


def items(plan: Schedule) -> int:
    """How many items a schedule has."""
    return len(plan.uniform) + len(plan.by_row)


@given(drawn=networks(), mapped=st.booleans())
@settings(max_examples=20)
def test_everything_is_computed_once_before_it_is_used(drawn: Any, mapped: bool) -> None:
    """Each item reads inputs, constants and what was computed before it; each output is computed or copied."""
    count, width, network = drawn
    both = value_and_grad(network)
    varying = (None,) * count + (0,) * width if mapped else None
    plan = scheduled(lambda xs: both(xs[:count], xs[count:]), count + width, varying)
    there = {*range(plan.ssa.inputs), *plan.ssa.constants}
    for item in [*plan.uniform, *plan.by_row]:
        for root in roots_of(item):
            assert root not in there
            assert there.issuperset(plan.trees.reads(root))
        there.update(roots_of(item))
    assert there.issuperset(plan.ssa.outputs)


def price(xs: list[Any], steps: int = 24) -> Any:
    """An American put by a binomial tree: spot, strike, rate, volatility and years."""
    spot, strike, rate, volatility, years = xs
    year = years / float(steps)
    up = exp(volatility * sqrt(year))
    down, discount = 1.0 / up, exp(-rate * year)
    chance = (1.0 / discount - down) / (up - down)
    spots = {0: spot}
    for i in range(steps):
        spots[i + 1], spots[-i - 1] = spots[i] * up, spots[-i] * down
    prices = [maximum(strike - spots[i], 0.0) for i in range(-steps, steps + 1, 2)]
    for step in reversed(range(steps)):
        nodes = range(-step, step + 1, 2)
        prices = [
            maximum(strike - spots[i], discount * ((1.0 - chance) * prices[j] + chance * prices[j + 1]))
            for j, i in enumerate(nodes)
        ]
    return prices[0]


def layer(weights: list[Any], xs: list[Any]) -> list[Any]:
    """A layer of 8 neurons."""
    return [tanh(dot(weights[8 * i : 8 * i + 8], xs)) for i in range(8)]


def net(weights: list[Any]) -> Any:
    """Two layers on fixed inputs, summed."""
    return sum_(layer(weights[64:], layer(weights[:64], [0.1 * i - 0.3 for i in range(8)])))


PROGRAMS: dict[str, tuple[Callable[[list[Any]], Any], int]] = {
    "a long dot product": (lambda xs: dot(xs[:200], xs[200:]), 400),
    "sums with gaps": (lambda xs: [sum_([x for k, x in enumerate(xs[i : i + 40]) if k % 10 != 3]) for i in range(8)], 48),
    "a network's value and gradient": (value_and_grad(net), 128),
    "a network's second derivatives": (lambda xs: hvp(net, (xs[:128],), (xs[128:],)), 256),
    "a put": (price, 5),
    "a put and its Greeks": (value_and_grad(price), 5),
}


def kinds_alone(self: folds.Trees, roots: list[int], placed: Any) -> dict[int, int]:
    """What roots have in common, without a look at what they read."""
    known: dict[Any, int] = {}
    return {i: known.setdefault((self.form(i), i in placed), len(known)) for i in roots}


def without(mechanism: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch a mechanism off."""
    if mechanism == "loops":
        monkeypatch.setattr(loops, "SHORTEST_LOOP", 10**9)
    elif mechanism == "folds":
        monkeypatch.setattr(folds, "SHORTEST_SUM", 10**9)
    elif mechanism == "segments":
        monkeypatch.setattr(loops, "MOST_SEGMENTS", 0)
    elif mechanism == "what is read":
        monkeypatch.setattr(folds.Trees, "kinds", kinds_alone)
    elif mechanism == "trees":
        monkeypatch.setattr(folds, "LARGEST_TREE", 1)
    else:
        left_out = ("as soon", "as late", "late, then soon").index(mechanism)

        def best(candidates: list[Any], key: Any) -> Any:
            return min([x for i, x in enumerate(candidates) if i != left_out], key=key)

        monkeypatch.setattr(order, "min", best, raising=False)


@pytest.mark.parametrize(
    ("mechanism", "program"),
    [
        ("loops", "a network's value and gradient"),
        ("folds", "a long dot product"),
        ("trees", "a put"),
        ("segments", "sums with gaps"),
        ("as soon", "a network's second derivatives"),
        ("as late", "a put"),
        ("late, then soon", "a put and its Greeks"),
    ],
)
def test_each_mechanism_makes_a_schedule_shorter(mechanism: str, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a tenth of the items at least, in a program that it is for."""
    f, count = PROGRAMS[program]
    found = items(scheduled(f, count))
    without(mechanism, monkeypatch)
    assert found < 0.9 * items(scheduled(f, count))


def scattered(plan: Schedule) -> int:
    """How many numbers the loops of a schedule read or write that do not lie side by side."""
    loops = [item for item in [*plan.uniform, *plan.by_row] if isinstance(item, Loop)]
    return sum(len(x.roots) * sum(abs(s) > 1 for s in (x.step_strides if x.steps > 1 else x.run_strides)) for x in loops)


def test_numbers_read_alike_lie_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what they read, not by their form alone: else ten times as many of a put's derivatives lie apart."""
    f, count = PROGRAMS["a put and its Greeks"]
    found = scattered(scheduled(f, count))
    without("what is read", monkeypatch)
    assert 10 * found < scattered(scheduled(f, count))


def test_how_short_they_are() -> None:
    """Items of the programs as they are: more of them, and something of the above does not work."""
    most = (1, 1, 14, 19, 203, 1080)
    for (name, (f, count)), bound in zip(PROGRAMS.items(), most, strict=True):
        assert items(scheduled(f, count)) <= bound, name


def test_a_layer_is_loops_of_any_width() -> None:
    """The schedule of a wide layer has as many items as that of a narrow one."""
    for width in (8, 64):
        plan = scheduled(lambda xs, width=width: [tanh(dot(xs[8 + i : 16 + i], xs[:8])) for i in range(width)], 16 + width)
        assert all(isinstance(item, Loop) for item in plan.uniform)
        assert items(plan) <= 2
