"""Programs: traces made flat, called, derived, pickled."""

import contextlib
import functools
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import TraceError, Value, add, exp, grad, jit, linearization, mul, sin, sum_, take, value_and_grad
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer, trace, with_partials
from autograd.modes import MODE
from autograd.program import Program
from autograd.testing import Expression, expressions
from tests.compiler.comparison import bits


@given(expressions(max_ops=20, inputs=3))
def test_a_trace_computes_what_the_function_does(expression: Expression) -> None:
    """On floats and on Values: the same bits."""
    program, captured, beside = trace(lambda xs: ([expression(*xs)], "beside"), ["a", "b", "c"])
    assert captured == ()
    assert beside == "beside"
    assert program.inputs == 3
    assert bits(program(*expression.at)) == bits([expression(*expression.at)])
    assert bits(program(*map(Value, expression.at))) == bits([expression(*expression.at)])
    again = trace(lambda xs: (program(*xs), None), ["a", "b", "c"])[0]
    assert again == program


@given(expressions(max_ops=20, inputs=2))
@settings(max_examples=30)
def test_partials_of_a_program(expression: Expression) -> None:
    """The outputs, then the partials to the inputs wanted."""
    derived = with_partials(expression.program, [True, False])[0]
    assert bits(derived(*expression.at)) == bits([expression(*expression.at), grad(expression)(*expression.at)])


def test_partials_of_inputs_themselves() -> None:
    """An output may be an input, and the same one twice; no step stands between the inputs and what is computed."""
    program = Program(2, ((mul, (0, 1)),), (0, 2, 0))
    derived, idle = with_partials(program, [True, True])
    assert {type(place) for step, places in derived.steps if step.name == "identity" for place in places} <= {float}
    assert derived(3.0, 5.0) == [3.0, 15.0, 3.0, 1.0, 0.0, 5.0, 3.0, 1.0, 0.0]
    assert idle == {0: [1], 2: [1]}


@given(expressions(max_ops=10, inputs=2))
@settings(max_examples=20)
def test_programs_pickle(expression: Expression) -> None:
    """As what they are: rows by name."""
    program = expression.program
    assert pickle.loads(pickle.dumps(program)) == program


def test_captured_values_are_the_last_inputs() -> None:
    """In the order in which the function comes upon them, each once, and only those that the result needs."""
    v, w, unused = Value(2.0, "v"), Value(3.0, "w"), Value(5.0)

    def f(xs: list[Any]) -> tuple[list[Any], None]:
        unused * 2.0
        return [w * xs[0] + v * w, v], None

    program, captured, _ = trace(f, ["x"])
    assert captured == (w, v)
    assert program.inputs == 3
    assert program(10.0, 3.0, 2.0) == [36.0, 2.0]


def test_outputs_of_every_kind() -> None:
    """An input, a constant, the same one twice, a number in between."""
    program, _, _ = trace(lambda xs: ([xs[1], 5.0, xs[0] * 2.0, xs[0] * 2.0 + 1.0, xs[1]], None), ["x", "y"])
    assert program(1.0, 7.0) == [7.0, 5.0, 2.0, 3.0, 7.0]
    assert trace(lambda xs: ([], None), ["x"])[0](1.0) == []


def test_shared_work_is_done_once() -> None:
    """A node used twice is one step; what is not needed is none."""

    def f(xs: list[Any]) -> tuple[list[Any], None]:
        e = exp(xs[0])
        sin(xs[0])
        return [e * e + e], None

    assert len(trace(f, ["x"])[0].steps) == 3


def test_nothing_is_sought_in_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its nodes were recorded in order: a search from the outputs would take twice as long as all else that makes a program."""
    monkeypatch.setattr("autograd.graph.reached", None)
    v = Value(2.0)
    assert trace(lambda xs: ([exp(xs[0] * v) + v], None), ["x"])[1] == (v,)


def test_a_symbol_of_another_trace() -> None:
    """Is refused, with what happened and what to do."""
    with pytest.raises(TraceError, match=r"belongs to another call that was traced.*Return what you need"):
        Tracer().program([], [Symbol("stranger")])


def test_the_mode_ends_with_the_trace() -> None:
    """Also by an exception."""
    for f in (lambda xs: ([xs[0]], None), lambda xs: 1 / 0):
        with contextlib.suppress(ZeroDivisionError):
            trace(f, ["x"])  # type: ignore[arg-type]  # one of them never returns
        assert MODE.get() is None


@given(st.integers(1, 5_000))
@settings(max_examples=5)
def test_deep_graphs(depth: int) -> None:
    """No recursion: neither in the trace nor in its pickle."""

    def f(xs: list[Any]) -> tuple[list[Any], None]:
        x = xs[0]
        for _ in range(depth):
            x = x + 1.0
        return [x], None

    program = pickle.loads(pickle.dumps(trace(f, ["x"])[0]))
    assert program(0.0) == [float(depth)]


def test_steps_are_rows_with_places() -> None:
    """The inputs come first; constants stand as they are."""
    program, _, _ = trace(lambda xs: ([(xs[0] + xs[1]) * 3.0], None), ["x", "y"])
    assert program == Program(2, ((add, (0, 1)), (mul, (2, 3.0))), (3,))


def test_a_transform_that_is_traced_takes_its_inputs_as_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No node is made for each of them; but for those of a transform inside, and for what the user's own code has too."""
    made: list[Any] = []
    original = linearization.own_input
    monkeypatch.setattr(linearization, "own_input", lambda x: (made.append(x), original(x))[1])

    def nodes(f: Any, *arguments: Any) -> int:
        made.clear()
        first, second = jit(f)(*arguments), f(*arguments)
        assert first == second
        return sum(isinstance(x, Symbol) for x in made)

    def power(xs: Any, n: Any = 3.0) -> Any:
        return sum_([x**n for x in xs])

    def beside(x: Any) -> Any:
        y = x * 2.0
        return grad(lambda z: z * y)(x) + x

    xs = [0.5, 1.5]
    assert nodes(grad(power), xs) == 0
    assert nodes(value_and_grad(power, argnums=(0, 1)), xs, 2.0) == 0
    assert nodes(grad(lambda xs: (power(xs), xs[0] * 2.0), has_aux=True), xs) == 0
    assert nodes(lambda xs: [*grad(power)(xs), 0.0], xs) == 2
    assert nodes(grad(grad(lambda x: x**4.0)), 1.5) == 1
    assert nodes(grad(lambda x: grad(lambda y: x * y * y)(x) * x), 1.5) == 1
    assert nodes(beside, 0.75) == 1
    assert nodes(functools.wraps(grad(power))(beside), 0.75) == 1
    assert jit(grad(lambda xs: take(xs, 0) * take(xs, -1)), dynamic_argnums=0)([2.0, 3.0]).tolist() == [3.0, 2.0]
