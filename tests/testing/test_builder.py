"""Programs built step by step: what is in them, and where they are smooth."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings

import autograd as ag
from autograd.testing import Expression, expressions
from autograd.testing.builder import NotSmoothError, checked, is_smooth
from autograd.testing.nests import Branch, Counted, Element, Item, Listed, Mapped, Repeated, Scan

NESTED = expressions(max_ops=5, nests=2, primitives=["mul", "tanh", "add", "maximum"])


@given(NESTED)
@settings(max_examples=100)
def test_programs_with_nests(expression: Expression) -> None:
    """Their source gives their bits; all numbers inside are finite, and a gradient is."""
    scope: dict[str, Any] = {}
    exec(str(expression), scope)
    assert scope["f"](*expression.at) == expression(*expression.at)
    assert all(map(math.isfinite, ag.grad(lambda xs: expression(*xs))(list(expression.at))))
    expression.program.run(expression.at, checked)  # raises where a number is not smooth


def test_every_kind_is_drawn() -> None:
    """Also inside of another; and they shrink."""
    outside: set[type] = set()
    inside: set[type] = set()

    @settings(max_examples=200, database=None, suppress_health_check=list(HealthCheck))
    @given(NESTED)
    def draw(expression: Expression) -> None:
        outside.update(type(step) for step, _ in expression.steps)
        programs = [body for step, _ in expression.steps for body in getattr(step, "bodies", ())]
        inside.update(type(step) for program in programs for step, _ in program.steps)

    draw()
    assert outside & inside >= {Scan, Counted, Repeated, Mapped, Branch, Element, Listed, Item}
    quick = settings(max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    flat = expressions(max_ops=5, nests=1, primitives=["mul", "add"])
    assert len(find(flat, lambda e: any(isinstance(p, Scan) for p, _ in e.steps), settings=quick).steps) < 12


def test_what_is_smooth() -> None:
    """Inside the domain, away from kinks, with numbers and partials of moderate size."""
    assert is_smooth(ag.relu, [1.0], [False])
    assert not is_smooth(ag.relu, [0.0], [False])
    assert not is_smooth(ag.log, [-1.0], [False])
    assert not is_smooth(ag.exp, [50.0], [False])
    assert checked(ag.exp, 0.0) == 1.0
    with pytest.raises(NotSmoothError):
        checked(ag.relu, 0.0)
