"""Traces: how many are kept, for how long, and what is said when they are too many."""

import functools
import gc
import warnings
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd import Value, jit, mul, neg, register_structure, sum_
from autograd.compiler import traces
from autograd.compiler.node import Compiled
from autograd.compiler.options import Options
from autograd.compiler.trace.captures import Captures
from autograd.compiler.traces import Traced
from autograd.program import Program
from autograd.structures import NUMBER
from nn import Linear
from nn.parameter import Labels


class Part:
    """Has a Value."""

    def __init__(self) -> None:
        self.offset = Value(1.0)


class Line:
    """Has a compiled method."""

    def __init__(self, slope: float) -> None:
        self.slope, self.part = Value(slope), Part()

    @jit(static_argnums=0)
    def at(self, x: Any) -> Any:
        return self.slope * x + self.part.offset

    def times(self, x: Any) -> Any:
        """Its slope times a number."""
        return self.slope * x


def test_a_trace_goes_with_what_its_key_stands_for() -> None:
    """Without the collector: the instance, its parts and its Values are free as soon as nobody else has them."""
    known = Line.__dict__["at"]._calls.traces
    before = len(known)
    lines = [Line(float(i)) for i in range(3)]
    assert [line.at(2.0).data for line in lines] == [1.0, 3.0, 5.0]
    assert len(known) == before + 3
    alive = [weakref.ref(thing) for line in lines for thing in (line, line.part, line.slope)]
    assert all(alive)
    gc.disable()
    try:
        del lines
        assert len(known) == before
        Line(0.0).at(1.0)  # the latest call's trace is kept for `source()`
        assert [reference() for reference in alive] == [None] * 9
    finally:
        gc.enable()


NEW: dict[str, Any] = {
    "functions": lambda i: lambda x: x * float(i),
    "methods": lambda i: Line(float(i)).times,
    "in tuples": lambda i: (Line(float(i)).times, "a name"),
    "partial": lambda i: functools.partial(Line(float(i)).times),
}


@pytest.mark.parametrize("kind", NEW)
def test_new_static_arguments_at_each_call(kind: str) -> None:
    """Do not pile up."""
    f = jit(lambda x, g: (g[0] if isinstance(g, tuple) else g)(x), static_argnums=1)
    for i in range(20):
        result = f(2.0, NEW[kind](i))
        assert (result.data if isinstance(result, Value) else result) == 2.0 * i
    gc.collect()
    assert len(f._calls.traces) <= 1


def test_a_bounded_number_of_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one used longest ago goes; one warning names the argument that keeps changing."""
    monkeypatch.setattr(traces, "MOST", 4)
    calls = 0

    @jit(static_argnums=1)
    def f(x: Any, n: Any) -> Any:
        nonlocal calls
        calls += 1
        return x * n

    for n in (1, 2, 3, 4, 1):
        f(1.0, n)
    with pytest.warns(UserWarning, match=r"f has been traced .* 4 times, for 4 values of the static argument 'n'; .* ordinary"):
        f(1.0, 5)
    before = calls
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [f(1.0, n) for n in (1, 3, 4, 5)] == [1.0, 3.0, 4.0, 5.0]
        assert calls == before
        assert [f(1.0, n) for n in (2, 1, 6, 7)] == [2.0, 1.0, 6.0, 7.0]
    assert len(f._calls.traces) == 4


def test_structures_that_keep_changing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise; quick ways go with their trace, and results stay right."""
    monkeypatch.setattr(traces, "MOST", 3)
    f = jit(lambda x: sum_(x) if isinstance(x, list) else x)

    def work() -> None:
        assert [f(1.0), f(1.0), f(3.0)] == [1.0, 1.0, 3.0]
        for n in range(1, 8):
            assert f([1.0] * n) == f([1.0] * n) == n
        assert [f(1.0), f(1.0), f(2.0), f([4.0])] == [1.0, 1.0, 2.0, 4.0]

    with pytest.warns(UserWarning, match="3 structures of argument 'x'; .*Pass lists and arrays of one length"):
        work()
    assert len(f._calls.traces) == 3


def test_what_changes_outside_again_and_again() -> None:
    """One warning, with the variable's name; not where other Values are put in place, or the same code comes out."""
    rate, w, beside = 1.0, Value(1.0), [0]
    f = jit(lambda x: x * rate * w)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(3 * traces.OFTEN):
            w = Value(float(i))
            assert f(2.0).data == 2.0 * i
        g = jit(lambda x: x * 2.0 + 0.0 * len(beside))
        for i in range(traces.OFTEN + 2):
            beside[0] = i
            g(1.0)
    w = Value(1.0)

    def work() -> None:
        nonlocal rate
        for i in range(3 * traces.OFTEN):
            rate = float(i)
            assert f(2.0).data == 2.0 * i

    with pytest.warns(UserWarning, match="<lambda> has been traced and .* 20 times anew, .*, now 'rate'.* in a Value") as found:
        work()
    assert len(found) == 1


def test_the_same_code() -> None:
    """Equal programs, to the sign of each constant, with the same rows."""

    def made(*steps: Any, outputs: Any = (1,)) -> Program:
        return Program(1, steps, outputs)

    program = made((mul, (0, 0.0)))
    traced = Traced(Compiled(program, Options(None, None, False, "python"), "f"), Captures(()), NUMBER, ())
    options = traced.compiled.options
    assert traced.like(made((mul, (0, 0.0))), options)
    assert not traced.like(made((mul, (0, -0.0))), options)
    assert not traced.like(made((neg, (0,))), options)
    assert not traced.like(made((mul, (0, 0.0)), outputs=(-0.0,)), options)
    assert not traced.like(program, replace(options, varying=(None,)))
    assert not traced.like(program, replace(options, parts=(1,)))


def test_things_of_registered_classes_come_by_the_short_way() -> None:
    """A sparse array, or a class of the user's: made of the parts that the short way of these gives."""

    class Pair:
        def __init__(self, name: str, numbers: Any, total: Any) -> None:
            self.name, self.numbers, self.total = name, numbers, total

    register_structure(Pair, lambda pair: ([pair.numbers, pair.total], pair.name), lambda name, parts: Pair(name, *parts))
    f = jit(lambda x: Pair("twice", x * 2.0, x[0] + x[1]))
    f(np.array([1.0, 2.0]))
    f(np.array([1.0, 2.0]))
    found = f._calls.short_way[0]((np.array([3.0, 4.0]),))
    assert (type(found), found.name, found.numbers.tolist(), found.total) == (Pair, "twice", [6.0, 8.0], 7.0)
    assert f._calls.short_way[0]((np.array([3.0, 4.0, 5.0]),)) is traces.NO
    assert f(np.array([3.0, 4.0])).numbers.tolist() == [6.0, 8.0]


def test_labels_are_made_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a model's parameters are paths, which no call needs; the source has them."""
    layer = Linear(2, 1, rng=0)
    compiled = jit(lambda x: layer(x)[0])
    with monkeypatch.context() as context:
        context.setattr(Labels, "of", lambda *_: pytest.fail("a label was made"))
        compiled([1.0, 2.0])
    assert "weight" in compiled.source()
