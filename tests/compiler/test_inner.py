"""Compiled functions called inside of a trace: when they are a step of it, and that they do what they do elsewhere."""

import pickle
from typing import Any

import numpy as np
import pytest

import autograd.compiler.inner as inner_module
import autograd.compiler.narrow as narrow_module
import nn
from autograd import Value, detect_anomaly, grad, jit, no_grad, scan, sin, sum_, tanh, value_and_grad
from autograd.compiler.trace.symbol import TraceError
from autograd.modes import AnomalyError
from nn.training.draws import Draws
from tests.compiler.comparison import bits
from tests.compiler.loops.test_call_map import calls_in


@pytest.fixture
def _always_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small a function is, it is called from its second call on."""
    monkeypatch.setattr(inner_module, "FEWEST", 0)
    monkeypatch.setattr(inner_module, "EACH", 0)
    monkeypatch.setattr(narrow_module, "WORTH", 0)


def long(x: Any, w: Any) -> Any:
    """Some 400 operations."""
    for _ in range(100):
        x = 0.5 * x + tanh(w * x)
    return x


def chain(f: Any, count: int) -> Any:
    """So many calls, one after another."""

    def outer(w: Any) -> Any:
        x = 0.5
        for i in range(count):
            x = f(x, w + 0.01 * i)
        return x

    return outer


def test_one_body_for_all_calls() -> None:
    """The program does not grow with their number, nor does what is compiled."""
    traced, compiled = [], []
    for count in (20, 60):
        f = jit(value_and_grad(chain(jit(long), count)))
        assert bits(f(0.3)) == bits(value_and_grad(chain(long, count))(0.3))
        assert bits(f(0.3)) == bits(jit(value_and_grad(chain(jit(long), count)), backend="python")(0.3))
        traced.append(f.stats().operations_traced)
        compiled.append(f.stats().code_size)
    assert traced[1] < traced[0] + 40 * 20
    assert compiled[1] < compiled[0] + 40 * 600


def test_called_once_or_seldom_it_is_traced_in_place() -> None:
    """As if it were not compiled: the same program."""
    once = jit(chain(jit(long), 1))
    assert once(0.3) == jit(chain(long, 1))(0.3)
    assert once._calls.latest.compiled.program == jit_program(chain(long, 1))
    few, plain = jit(chain(jit(long), 3)), jit(chain(long, 3))
    assert few(0.3) == plain(0.3)
    assert calls_in(few)
    assert few.stats().operations == plain.stats().operations == 1202


def jit_program(f: Any) -> Any:
    """The program of a function of one number."""
    compiled = jit(f)
    compiled(0.3)
    return compiled._calls.latest.compiled.program


def test_small_or_wide_functions_are_traced_in_place() -> None:
    """Those of few operations, or of few for each number that they take and give."""
    small = jit(lambda x, w: tanh(x * w) + x)
    f = jit(chain(small, 30))
    assert f(0.3) == chain(small, 30)(0.3)
    assert not calls_in(f)
    wide = jit(lambda xs: [x * 2.0 + 1.0 for x in xs])
    g = jit(lambda xs: wide(wide(wide(xs))))
    assert g([0.5] * 300)[0] == 11.0
    assert not calls_in(g)


@pytest.mark.usefixtures("_always_called")
def test_arguments() -> None:
    """Structures, names, numbers that are integers, static arguments and ones without a hash, arrays."""

    def f(n: Any, p: Any, flag: Any = 1.0, *, k: Any = 1.0) -> Any:
        y = tanh(p["a"] * n + p["b"][0] * k + p["b"][1]) * flag
        return {"y": y, "more": [y * 2.0, (p["a"], 3.0), -n]}

    def outer(f: Any) -> Any:
        def g(x: Any) -> Any:
            t = x
            for i in range(5):
                found = f(i, {"a": t, "b": [x, i * 0.1]}, k=0.5)
                y, (z, (a, three), minus) = found["y"], found["more"]
                t = t * 0.1 + y + z * a * three + 1.0 / (minus + 0.5)
            return t

        return g

    inner, compiled = jit(f), jit(value_and_grad(outer(jit(f))))
    assert bits(compiled(0.3)) == bits(value_and_grad(outer(f))(0.3))
    assert len(calls_in(compiled)) > 4
    assert bits(jit(outer(inner))(0.3)) == bits(outer(f)(0.3))

    def powers(x: Any, n: int) -> Any:
        return sum_([tanh(x * k) for k in range(n)])

    static = jit(powers, static_argnums=1)
    h = jit(lambda x: static(x, 3) + static(x * 0.1, 2) + static(x * 0.2, 3) + static(x * 0.3, 2) + static(x, 3))
    assert h(0.3) == powers(0.3, 3) + powers(0.3 * 0.1, 2) + powers(0.3 * 0.2, 3) + powers(0.3 * 0.3, 2) + powers(0.3, 3)
    assert len(set(calls_in(h))) == 2  # a function for each of the static arguments

    matrix = jit(lambda a, x: np.tanh(a @ x))
    a = np.array([[1.0, 2.0], [0.5, 0.1]])
    k = jit(lambda x: matrix(a, matrix(a, matrix(a * 0.1, x))))
    assert bits(k(np.array([0.3, 0.4]))) == bits(
        np.tanh(a @ np.tanh(a @ np.tanh((a * 0.1) @ np.array([Value(0.3), Value(0.4)]))))
    )
    assert len(calls_in(k)) == 2


@pytest.mark.usefixtures("_always_called")
def test_an_integer_stays_one() -> None:
    """0 * -1 is 0 there, and not -0.0."""
    f = jit(lambda n, x: 1.0 / (n * -1 + x * 0.0))
    assert jit(lambda x: [f(n, x) for n in (2, 1, 0)])(0.0) == [-0.5, -1.0, float("inf")]


@pytest.mark.usefixtures("_always_called")
def test_what_is_captured() -> None:
    """Values, whose gradients arrive, and which may be replaced; numbers of the outer function, which change meanwhile."""
    scale = Value(0.7)
    f = jit(lambda x: tanh(scale * x) + sin(x))
    outer = jit(lambda x: f(x) + f(x * 0.1) + f(f(x)))
    result = outer(0.3)
    result.backward()
    assert calls_in(outer)
    gradient, scale.grad = scale.grad, 0.0

    def eager(x: Any) -> Any:
        return tanh(scale * x) + sin(x)

    expected = eager(0.3) + eager(0.3 * 0.1) + eager(eager(0.3))
    expected.backward()
    assert (result.data, gradient) == (expected.data, scale.grad)
    scale = Value(0.9)
    assert outer(0.3).data == (eager(0.3) + eager(0.3 * 0.1) + eager(eager(0.3))).data

    def rebinding(wrap: Any) -> Any:
        def g(x: Any, y: Any) -> Any:
            factor = x
            f = wrap(lambda z: tanh(z * factor) + sin(z) * factor)
            total = f(y) + f(y * 0.1) + f(y * 0.2)
            for other in (y, x * y, y * y, x + y):
                factor = other
                total = total + f(x * 0.2)
            return total

        return g

    compiled = jit(value_and_grad(rebinding(jit)))
    assert bits(compiled(0.3, 0.8)) == bits(value_and_grad(rebinding(lambda f: f))(0.3, 0.8))
    assert calls_in(compiled)


@pytest.mark.usefixtures("_always_called")
def test_what_cannot_be_a_program_is_traced_in_place() -> None:
    """It branches on a known number, or returns no number; errors name the user's line."""
    f = jit(lambda x, n: x * 2.0 if n > 1.0 else sin(x))
    assert jit(lambda x: f(x, 2.0) + f(x, 3.0) + f(x, 0.0))(0.3) == 0.6 + 0.6 + sin(0.3)
    named = jit(lambda x: {"name": "it", "x": x})
    assert jit(lambda x: named(x)["x"] * named(x)["x"])(3.0) == 9.0
    branching = jit(lambda x: x if x > 0.0 else -x)
    with pytest.raises(TraceError, match=r"test_inner.py:\d+: <lambda> branches on a number"):
        jit(lambda x: branching(x) + branching(x))(0.3)
    with pytest.raises(ZeroDivisionError):
        jit(lambda x: jit(lambda a, b: a + b / 0.0)(x, 1.0))(0.3)


@pytest.mark.usefixtures("_always_called")
def test_in_modes() -> None:
    """Inside `no_grad` it is another function; `detect_anomaly` checks the results."""

    def f(x: Any, w: Any) -> Any:
        return tanh(x * w) + x

    def outer(f: Any) -> Any:
        def g(x: Any) -> Any:
            with no_grad():
                a = f(x, x) + f(x * 0.2, x) + f(x, x * 0.5)
            return a * x + f(x, x * 0.5) + f(x, 0.3)

        return g

    assert bits(jit(grad(outer(jit(f))))(0.3)) == bits(grad(outer(f))(0.3))
    infinite = jit(lambda x: 1.0 / x)
    g = jit(lambda x: infinite(x + 1.0) + infinite(x + 2.0) + infinite(x))
    with detect_anomaly(), pytest.raises(AnomalyError, match="gave inf"):
        g(Value(0.0))


@pytest.mark.usefixtures("_always_called")
def test_over_rows_and_lengths() -> None:
    """With `in_axes` rows are traced in place, or with `loops` side by side; a length may be the run's."""

    def f(x: Any, w: Any) -> Any:
        return tanh(x * w) * w + sin(x)

    def outer(f: Any) -> Any:
        return lambda w, x: f(w, x) * f(x, w) + f(w * 0.1, x) * 2.0 + f(0.3, x)

    xs = np.linspace(-1.0, 1.0, 37)
    for options in ({}, {"reduce": "mean"}, {"loops": True}, {"loops": True, "reduce": "mean"}):
        called, once = (jit(value_and_grad(outer(each)), in_axes=(None, 0), **options) for each in (jit(f), f))
        assert bits(called(0.4, xs)) == bits(once(0.4, xs))
        assert bool(calls_in(called)) is ("loops" in options)

    def over(f: Any) -> Any:
        return lambda w, x, xs: scan(lambda c, z: (f(c, z) * f(z, w) + f(w, z), None), x, xs)[0]

    compiled = jit(value_and_grad(over(jit(f))), dynamic_argnums=2)
    for count in (0, 1, 2, 9):
        assert bits(compiled(0.4, 0.5, xs[:count])) == bits(value_and_grad(over(f))(0.4, 0.5, xs[:count].tolist()))
    assert calls_in(compiled)


@pytest.mark.usefixtures("_always_called")
def test_in_each_other_and_pickled() -> None:
    """Compiled gradients inside, functions in functions; what is unpickled has the same code."""

    def f(x: Any, w: Any) -> Any:
        return tanh(x * w) / (w + 1.5)

    def outer(f: Any, wrap: Any) -> Any:
        middle = wrap(lambda x: sum(f(x, 0.3)) + sum(f(x * 0.2, x)) * sum(f(x, x * 0.1)))
        return lambda x: middle(x) + middle(x * 0.5) * middle(x * 0.1)

    compiled = jit(value_and_grad(outer(jit(grad(f, argnums=(0, 1))), jit)))
    found = bits(compiled(0.3))
    assert found == bits(value_and_grad(outer(grad(f, argnums=(0, 1)), lambda f: f))(0.3))
    assert len(set(calls_in(compiled))) > 2
    assert bits(pickle.loads(pickle.dumps(compiled))(0.3)) == found


@pytest.mark.usefixtures("_always_called")
def test_in_a_training() -> None:
    """A compiled loss, and a compiled part of a model: the same training."""

    class Halves(nn.Module):
        """A model that calls a layer for each half of its input."""

        def __init__(self, wrap: Any) -> None:
            self.layer, self.wrap = nn.Linear(1, 2, rng=1), [wrap]

        def forward(self, x: Any) -> Any:
            half = self.wrap[0](lambda z: sum_([tanh(y) for y in self.layer([z])]))
            return half(x[0]) + half(x[1]) * half(x[0] * 0.5)

    xs = np.linspace(0.0, 1.0, 24).reshape(12, 2)

    def trained(wrap: Any, engine: str) -> list[float]:
        model = Halves(wrap)
        loss = wrap(nn.mse_loss)

        def both(y: Any, t: Any) -> Any:
            return loss(y, t) + loss(y, t) * 0.5

        optimizer = nn.SGD(model.parameters(), lr=0.1)
        nn.fit(
            model, xs, xs[:, 0], loss=both, optimizer=optimizer, epochs=2, batch_size=4, progress=False, engine=engine, seed=3
        )
        return [x.data for x in model.parameters()]

    assert bits(trained(jit, "compiled")) == bits(trained(lambda f: f, "compiled"))


@pytest.mark.usefixtures("_always_called")
def test_what_draws_is_traced_in_place() -> None:
    """Dropout leaves out other numbers at each of its calls."""
    dropout, draws = nn.Dropout(0.5), Draws()
    half = jit(lambda x: sum_(dropout([x, x * 2.0])))
    outer = jit(lambda x: half(x) + half(x) * half(x * 0.5))
    with draws.recorded():
        outer(0.3)
    assert len(draws.values) == 6
    assert not calls_in(outer)
