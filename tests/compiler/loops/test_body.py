"""Bodies: traced once, whatever the number of turns."""

from typing import Any

import pytest

from autograd import TraceError, Value, fori_loop, jit, scan, stop_gradient, vmap, while_loop
from autograd.forms import Loop


@pytest.mark.parametrize("turns", [2, 10, 1000])
def test_a_body_is_traced_once(turns: int) -> None:
    """The program has one step for the loop."""
    calls = []

    def step(c: Any, x: Any) -> Any:
        calls.append(1)
        return c + x, c

    f = jit(lambda xs: scan(step, 0.0, xs)[0])
    assert f([1.0] * turns) == turns
    assert len(calls) == 1
    assert sum(isinstance(primitive, Loop) for primitive, _ in f._calls.latest.compiled.program.steps) == 1


def test_captured_values_are_read_at_each_call() -> None:
    """In a loop as elsewhere."""
    w = Value(2.0)
    f = jit(lambda x: fori_loop(0, 3, lambda _, c: c * w, x))
    assert f(1.0).item() == 8.0
    w.data = 3.0
    assert f(1.0).item() == 27.0
    f(1.0).backward()
    assert w.grad == 27.0


def test_errors_name_the_line() -> None:
    """Of the body, where the user wrote it."""
    with pytest.raises(TraceError, match=r"test_body.py:\d+: <lambda> branches on a number"):
        jit(lambda x: fori_loop(0, 3, lambda _, c: c * 2.0 if c > 1.0 else c, x))(1.0)
    with pytest.raises(TypeError, match="the carry changed its structure from number to \\[number, number\\]"):
        jit(lambda x: fori_loop(0, 3, lambda _, c: [c, c], x))(1.0)


def test_a_number_of_a_turn_stays_there() -> None:
    """Kept beyond it, it is refused."""
    kept = []

    def step(_: Any, c: Any) -> Any:
        kept.append(c * 2.0)
        return c + 1.0

    with pytest.raises(TraceError, match="kept after that trace"):
        jit(lambda x: fori_loop(0, 3, step, x) + kept[0])(1.0)


def test_counters_are_integers() -> None:
    """As eager code has them: -0 is 0."""

    def f(x: Any) -> Any:
        return fori_loop(0, 3, lambda i, c: c * (-i), x)

    assert str(jit(f)(-1.0)) == str(f(-1.0))


def test_no_gradient_flows_through_stop_gradient() -> None:
    """Also in a loop."""
    from autograd import grad

    f = grad(lambda x: fori_loop(0, 3, lambda _, c: stop_gradient(c) * x, x))
    assert jit(f)(2.0) == f(2.0)


def test_turns_with_elements_of_unequal_structure() -> None:
    """They go one by one."""
    f = jit(lambda a: scan(lambda c, x: (c + sum(x), None), 0.0, [[a], [a, a]])[0])
    assert f(2.0) == 6.0
    assert jit(lambda a: vmap(lambda x: x[0])([[a], [a, a]]))(2.0) == [2.0, 2.0]


def test_a_test_and_a_body_share() -> None:
    """Each captures something else."""
    f = jit(lambda a, b: while_loop(lambda c: c < a, lambda c: c + b, 0.0))
    assert f(10.0, 3.0) == 12.0
    assert f(-1.0, 3.0) == 0.0
