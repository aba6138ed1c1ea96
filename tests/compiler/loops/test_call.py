"""Functions called: what is one, what their results are, from where they can be called."""

from typing import Any

from autograd.compiler.loops.body import Body
from autograd.compiler.loops.call import Apart, Function, level_of
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer
from autograd.forms import Call
from autograd.modes import Mode, in_mode


def recorded(tracer: Tracer, f: Any, count: int) -> Function:
    """Trace `f` as a function that takes `count` numbers."""
    with Apart(tracer) as body:
        body.number("i")
        outputs = f(*[body.number() for _ in range(count)])
    return Function(tracer, body.program(outputs), outputs, body.shared)


def call_of(symbol: Any) -> Any:
    """The call that gives a number."""
    return symbol.operands[0].operands[0]


def test_calls_of_one_function_have_one_object() -> None:
    """Whatever their operands, but for those that are the same."""
    tracer = Tracer(loops=True)
    with in_mode(Mode(tracer=tracer)):
        x, y, z = Symbol(), Symbol(), Symbol()
        function = recorded(tracer, lambda a, b: [a * b + a], 2)
        calls = [call_of(function([], operands)[0][0]) for operands in ((x, y), (y, z), (2.0, 2.0), (x, x), (z, z))]
    assert all(isinstance(call.primitive, Call) for call in calls)
    one, two, of_constants, same, same_too = [call.primitive for call in calls]
    assert one is two is of_constants
    assert same is same_too is not one
    assert calls[3].operands == (x,)  # one input


def test_results_that_are_no_results() -> None:
    """An operand, a constant and a number given twice are that in the call too."""
    tracer = Tracer(loops=True)
    with in_mode(Mode(tracer=tracer)):
        x, y = Symbol(), Symbol()

        def f(a: Any, b: Any) -> list[Any]:
            total = a + b
            return [b, total, 3.0, total, a]

        found, _ = recorded(tracer, f, 2)([], [x, y])
    assert found[0] is y
    assert found[4] is x
    assert found[2] == 3.0
    assert found[1] is found[3]
    assert call_of(found[1]).primitive.ys[0].width == 1


def test_conditions_stay_conditions() -> None:
    """What eager code has as a bool is known as one in a call."""
    tracer = Tracer(loops=True)
    with in_mode(Mode(tracer=tracer)):
        found, _ = recorded(tracer, lambda a, b: [a < b, a * b], 2)([], [Symbol(), Symbol()])
    assert found[0].whole == (0, 1)
    assert found[1].whole is None


def test_visible_where_what_it_takes_is() -> None:
    """A function that takes a number of a body can be called in that body alone; one that takes nothing anywhere."""
    tracer = Tracer(loops=True)
    with in_mode(Mode(tracer=tracer)):
        outside = Symbol()
        alone, taking = recorded(tracer, lambda a: [a * a], 1), recorded(tracer, lambda a: [a * outside], 1)
        assert taking.shared == [outside]
        with Body(tracer) as body:
            mine = body.number()
            inner = recorded(tracer, lambda a: [a * mine], 1)
            assert alone.is_visible(tracer)
            assert taking.is_visible(tracer)
            assert inner.is_visible(tracer)
            with Apart(tracer):
                assert tracer.starts == []
                assert level_of(tracer)[0] == body.start
                assert inner.is_visible(tracer)
        assert level_of(tracer) == ()
        assert alone.is_visible(tracer)
        assert not inner.is_visible(tracer)
