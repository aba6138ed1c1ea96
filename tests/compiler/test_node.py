"""Compiled functions among Values: one node with exact partials, read at each call; modes, training."""

import copy
import functools
import gc
import math
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import autograd as ag
from autograd import AnomalyError, Value, detect_anomaly, grad, jit, no_grad, sum_, tanh, topological_order, value_and_grad
from autograd.compiler.node import NO_ROWS, Compiled, Options
from autograd.program import Program
from autograd.testing import Expression, expressions
from nn import MLP, SGD, functional_call, hinge_loss, mse_loss
from tests.compiler.comparison import Counted, bits

# --- what gets nothing ------------------------------------------------------------------------------------------------

CHOICES: dict[str, Any] = {
    "maximum": lambda s: ag.maximum(s, 1.0),
    "relu": lambda s: ag.relu(s - 1.0),
    "where": lambda s: ag.where(s > 0.5, s, 0.0),
    "a sum of both kinds": lambda s: ag.maximum(s, 1.0) + ag.where(s > 0.5, s, 0.0),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_a_compiled_choice_left_out_gets_nothing(name: str, backend: str) -> None:
    """As among Values: 0, also where the operand's own slope is infinite; and what was chosen gets its part."""
    f = CHOICES[name]
    compiled = jit(f, backend=backend)
    for number in (0.0, 4.0):
        x, y = Value(number), Value(number)
        compiled(ag.sqrt(x)).backward()
        f(ag.sqrt(y)).backward()
        assert bits(x.grad) == bits(y.grad)
        assert bits(grad(lambda v: compiled(ag.sqrt(v)))(number)) == bits(y.grad)
        of_second = [grad(grad(lambda v, f=f: f(ag.sqrt(v) * v)))(number + 1.0) for f in (f, compiled)]
        assert bits(of_second[0]) == bits(of_second[1])


def test_a_factor_of_zero_is_no_choice(backend: str) -> None:
    """0 * inf stays nan, in compiled code as among Values: a loud nan is better than a wrong number."""
    x, y = Value(0.0), Value(0.0)
    jit(lambda s, z: s * z, backend=backend)(ag.sqrt(x), 0.0).backward()
    (ag.sqrt(y) * 0.0).backward()
    assert math.isnan(x.grad)
    assert math.isnan(y.grad)


def test_what_the_result_does_not_depend_on_gets_nothing(backend: str) -> None:
    """Unused arguments, detached ones, and those of another output."""
    v = Value(2.0)
    jit(lambda a, b: a * 2.0, backend=backend)(v, ag.sqrt(v * 0.0)).backward()
    assert v.grad == 2.0
    u = Value(0.0)
    jit(lambda a, b: a.detach() * b, backend=backend)(ag.sqrt(u), 3.0).backward()
    assert u.grad == 0.0
    a, b = Value(1.0), Value(2.0)
    jit(lambda a, b: (a * a, b * b), backend=backend)(a, b)[0].backward()
    assert (a.grad, b.grad) == (2.0, 0.0)


def test_choices_by_row(backend: str) -> None:
    """Each row is its own choice; a reduction gives something where any row did."""
    scale = np.array([0.0, 1.0])
    for reduce, expected in ((None, [math.nan, 0.0]), ("sum", math.nan)):
        w = Value(0.0)
        f = jit(lambda s, c: ag.where(c < 0.5, s, 7.0), in_axes=(None, 0), reduce=reduce, backend=backend)
        found = f(ag.sqrt(w) * 0.0, scale)
        for node, wanted in zip([found] if reduce else found, [expected] if reduce else expected, strict=True):
            w.grad = None
            node.backward()
            assert bits(w.grad) == bits(wanted)
    w = Value(0.0)
    f = jit(lambda s, c: ag.where(c < -1.0, s, 7.0), in_axes=(None, 0), reduce="mean", backend=backend)
    f(ag.sqrt(w), scale).backward()
    assert w.grad == 0.0


def test_results_are_freed_without_the_collector(backend: str) -> None:
    """A compiled node and its primitive hold no cycle of references, nor the arrays of the call."""
    x = Value(1.0)
    f = jit(lambda x, y: x * y, in_axes=(None, 0), reduce="sum", backend=backend)
    rows = np.ones(3)
    f(x, rows)
    gc.collect()
    gc.disable()
    try:
        result = f(x, rows)
        result.backward()
        alive = weakref.ref(result.primitive)
        del result
        assert alive() is None
    finally:
        gc.enable()


def test_anomalies_name_the_operands(backend: str) -> None:
    """With their labels and numbers, as those of single operations."""
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"gave -inf from finite operands: q = 0\.0"):
        jit(lambda x: ag.log(x), backend=backend)(Value(0.0, label="q"))  # noqa: PLW0108 - a name of its own


# --- one node ---------------------------------------------------------------------------------------------------------


def test_one_node_whose_operands_are_the_parameters(backend: str) -> None:
    """However much is computed inside."""
    w, b = Value(2.0, "w"), Value(-1.0, "b")
    x = Value(3.0)
    result = jit(lambda x: tanh(w * x) + tanh(b * x) * w, backend=backend)(x)
    assert isinstance(result, Value)
    assert result.operands == (x, w, b)
    assert topological_order(result)[-1] is result
    assert len(topological_order(result)) == 4
    assert result.primitive is not None
    assert result.primitive.name == "<lambda>"


def test_captured_leaves_are_read_at_each_call(backend: str) -> None:
    """Not baked in: an optimizer's step is seen, without another trace."""
    w = Value(2.0)
    f = Counted(lambda x: w * x)
    compiled = jit(f, backend=backend)
    assert compiled(3.0).data == 6.0
    w.data = 5.0
    result = compiled(3.0)
    assert result.data == 15.0
    w.data = 100.0
    result.backward()
    assert w.grad == 3.0
    assert f.calls == 1


def test_backward_adds(backend: str) -> None:
    """Into the gradients of all leaves, as always; each pass anew."""
    w, x = Value(2.0), Value(3.0)
    f = jit(lambda x: w * w * x, backend=backend)
    for times in (1, 2):
        f(x).backward()
        assert (w.grad, x.grad) == (12.0 * times, 4.0 * times)
    result = f(x)
    (result * result).backward()
    assert w.grad == 24.0 + 2.0 * 12.0 * 12.0


def test_captured_results_of_others_pass_gradients_on(backend: str) -> None:
    """A captured Value with a history is an operand like any other."""
    v = Value(3.0)
    w = v * v
    result = jit(lambda x: w * x, backend=backend)(2.0)
    assert result.operands[-1] is w
    result.backward()
    assert v.grad == 12.0


def test_a_value_made_inside_of_the_function(backend: str) -> None:
    """Is a constant leaf that the graph keeps, with or without a use of the arguments."""
    f = jit(lambda x: Value(3.0) * x, backend=backend)
    x = Value(2.0)
    result = f(x)
    result.backward()
    assert (result.data, x.grad) == (6.0, 3.0)
    assert float(f(5.0).data) == 15.0
    assert jit(lambda: Value(2.5) * 2.0, backend=backend)().data == 5.0


def test_captured_values_that_are_returned(backend: str) -> None:
    """As they are, and beside others."""
    w = Value(4.0)
    first, second = jit(lambda x: [w, x * 2.0], backend=backend)(1.0)
    assert (first.data, float(second.data)) == (4.0, 2.0)
    first.backward()
    assert w.grad == 1.0


def test_a_transform_inside_needs_no_values() -> None:
    """grad at a constant, inside of the function, is a constant: floats in, floats out."""
    f = jit(lambda x: x * grad(lambda y: y * y)(2.0))
    assert f(3.0) == 12.0
    assert type(f(3.0)) is float


def test_gradients_to_captured_values(backend: str) -> None:
    """A gradient inside of the function has a history to what it captured, as outside."""
    w = Value(2.0)

    def slope(x: Any) -> Any:
        return grad(lambda x: tanh(w * x))(x)

    result = jit(slope, backend=backend)(0.5)
    result.backward()
    found, w.grad = w.grad, None
    eager = slope(0.5)
    eager.backward()
    assert bits([result.data, found]) == bits([eager.data, w.grad])


@given(expressions(max_ops=15, inputs=3))
@settings(max_examples=20)
def test_partly_values(expression: Expression) -> None:
    """Floats and Values mixed, captured ones too: the gradients of eager Values."""
    a, b, c = map(Value, expression.at)
    f = jit(lambda x, y: expression(x, b, y))
    eager = expression(a, b, expression.at[2])
    if not isinstance(eager, Value):
        return  # it depends on the float alone
    result = f(a, expression.at[2])
    result.backward()
    found = [result.data, a.grad, b.grad]
    a.grad = b.grad = None
    eager.backward()
    assert bits(found) == bits([eager.data, a.grad, b.grad])
    assert c.grad == 0.0


def test_several_results_share_one_computation(backend: str) -> None:
    """Each is a node of its own; backward through any of them, and through all."""
    w = Value(0.5)
    a, (b,) = jit(lambda x: (w * x, [w * w * x]), backend=backend)(4.0)
    (a + 10.0 * b).backward()
    assert w.grad == 4.0 + 10.0 * 2.0 * 0.5 * 4.0


def test_copies_of_results() -> None:
    """copy, deepcopy and pickle of a graph with compiled nodes in it, and gradients thereafter."""
    w = Value(3.0, "w")
    result = jit(lambda x: w * w * x, backend="python")(2.0)
    for duplicate in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        duplicate.backward()
        leaf = duplicate.operands[-1]
        assert leaf is not w
        assert (duplicate.data, leaf.grad) == (18.0, 12.0)
    copy.copy(result).backward()
    assert w.grad == 12.0
    assert grad(lambda s: copy.copy(result) * s)(2.0).data == 18.0


def test_compiled_pickles(backend: str) -> None:
    """Program and options travel, machine code is made anew."""
    program = Expression(2, ((ag.mul, (0, 1)), (ag.exp, (2,)))).program
    compiled = Compiled(program, Options(backend=backend), "f")
    again = pickle.loads(pickle.dumps(compiled))
    assert again.program == program
    assert again.apply([0.5, Value(2.0)], NO_ROWS, at_once=False)[0].data == math.exp(1.0)
    assert again.executable.backend == backend


def test_first_calls_compile_nothing_whatever_the_size() -> None:
    """A million operations are computed in a tenth of the time that it takes to compile them."""
    steps = tuple([(ag.neg, (i,)) for i in range(300_001)])
    compiled = Compiled(Program(1, steps, (len(steps),)), Options(), "f")
    assert compiled.at_once([2.0]) == [-2.0]
    assert compiled._executable is None
    assert compiled.at_once([2.0]) is None


def test_drawn_among_values() -> None:
    """A compiled node is a node of the picture, by the function's name."""

    @jit
    def model(x: Any) -> Any:
        return x * x

    assert "model" in model(Value(2.0, "x")).draw().source


# --- modes ------------------------------------------------------------------------------------------------------------


def test_no_grad(backend: str) -> None:
    """Results have no history; a function first called under no_grad is differentiable after."""
    w = Value(2.0)
    f = jit(lambda x: w * x, backend=backend)
    with no_grad():
        result = f(3.0)
    assert (result.data, result.operands) == (6.0, ())
    f(3.0).backward()
    assert w.grad == 3.0
    g = jit(lambda x: no_grad()(lambda: x * x)() * x, backend=backend)
    x = Value(3.0)
    g(x).backward()
    assert x.grad == 9.0
    assert grad(g)(3.0) == grad(lambda x: no_grad()(lambda: x * x)() * x)(3.0)


def test_detach_and_stop_gradient(backend: str) -> None:
    """Inside of the function no gradient flows through them; the number goes on."""
    for stopped in (lambda x: x.detach(), ag.stop_gradient):
        f = jit(lambda x: stopped(x) * x, backend=backend)  # noqa: B023 - used at once
        x = Value(3.0)
        result = f(x)
        result.backward()
        assert (result.data, x.grad) == (9.0, 3.0)
        assert ag.hessian(f)(3.0) == 0.0


def test_detect_anomaly(backend: str) -> None:
    """A compiled function that makes inf or nan of finite numbers is named; one that is given nan is not."""
    w = Value(0.0)
    f = jit(lambda x: ag.log(w * x), backend=backend)
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"<lambda>.*-inf from finite"):
        f(1.0)
    w.data = 2.0
    with detect_anomaly():
        f(1.0).backward()
    assert w.grad == 0.5
    w.data = math.nan
    with detect_anomaly():
        assert math.isnan(f(1.0).data)


def test_detect_anomaly_knows_the_rows(backend: str) -> None:
    """Where a row holds nan, no operation made one; where none does, one did."""
    w = Value(1.0)
    f = jit(lambda x: ag.log(w * x), in_axes=0, reduce="sum", backend=backend)
    with detect_anomaly():
        assert math.isnan(f([1.0, math.nan]).data)
        with pytest.raises(AnomalyError, match="-inf"):
            f([1.0, 0.0])


def test_detect_anomaly_in_backward(backend: str) -> None:
    """A slope that is inf where all numbers are finite is reported."""
    x = Value(0.0)
    f = jit(ag.sqrt, backend=backend)
    with detect_anomaly(), pytest.raises(AnomalyError):
        f(x).backward()
    assert not x.has_grad


# --- training ---------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(7)
X = RNG.normal(size=(13, 2))
Y = np.where(X[:, 0] * X[:, 1] > 0.0, 1.0, -1.0)


@pytest.mark.parametrize("loss", [hinge_loss, mse_loss])
def test_training_by_the_usual_loop(loss: Any, backend: str) -> None:
    """zero_grad, loss, backward, step: the parameters of eager training to 1e-12, one trace."""
    models = [MLP(2, [5, 1], rng=1) for _ in range(2)]
    f = Counted(lambda x, t: loss(models[0](x), t))
    compiled = jit(f, in_axes=(0, 0), reduce="mean", backend=backend)

    def eager(inputs: Any, targets: Any) -> Any:
        return sum_([loss(models[1](x.tolist()), float(t)) for x, t in zip(inputs, targets, strict=True)]) / float(len(inputs))

    optimizers = [SGD(model.parameters(), lr=0.1) for model in models]
    for _ in range(12):
        for optimizer, objective in zip(optimizers, (compiled, eager), strict=True):
            optimizer.zero_grad()
            objective(X, Y).backward()
            optimizer.step()
    found, wanted = ([p.data for p in model.parameters()] for model in models)
    assert found == pytest.approx(wanted, rel=1e-12, abs=1e-14)
    assert f.calls == 1


def test_training_by_arrays(backend: str) -> None:
    """value_and_grad of functional_call: a gradient of the parameters' shape, with the bits of the sum over rows."""
    model = MLP(2, [4, 1], rng=2)
    p = np.array([parameter.data for parameter in model.parameters()])
    both = value_and_grad(lambda p, x, t: hinge_loss(functional_call(model, p, x), t))
    step = jit(both, in_axes=(None, 0, 0), reduce="mean", backend=backend)
    value, gradient = step(p, X, Y)
    assert gradient.shape == p.shape
    by_row = [both(p.tolist(), x.tolist(), float(t)) for x, t in zip(X, Y, strict=True)]
    assert bits(value) == bits(sum_([v for v, _ in by_row]) / 13.0)
    assert bits(gradient) == bits([sum_(column) / 13.0 for column in zip(*[g for _, g in by_row], strict=True)])


def test_threads_share_parameters() -> None:
    """Eight threads, one model: every gradient arrives."""
    w = Value(2.0)
    f = jit(lambda x: w * x, in_axes=0, reduce="sum")
    f([1.0])

    def work() -> None:
        for _ in range(50):
            f([1.0, 2.0]).backward()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert w.grad == 8 * 50 * 3.0


def test_scipy_like_use() -> None:
    """autograd.objective and others that call with arrays."""
    f = jit(lambda p: (p[0] - 1.0) ** 2.0 + (p[1] + 2.0) ** 2.0)
    p = np.zeros(2)
    for _ in range(200):
        p = p - 0.1 * grad(f)(p)
    assert p.tolist() == pytest.approx([1.0, -2.0], abs=1e-9)


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_a_node_taken_apart(reduce: str | None, backend: str) -> None:
    """The program's own operations give the number of the node again, and its partials; of every row, and of their sums."""
    f = jit(lambda x, y: tanh(x * y) + w * x, in_axes=(None, 0), reduce=reduce, backend=backend)
    w, x = Value(0.3), Value(0.7)
    for node in np.ravel(f(x, [0.5, -1.25, 3.0])):
        again = node.primitive.apart(node.operands)
        assert bits(again) == bits(node)
        assert {operation.primitive for operation in topological_order(again)} >= {tanh, ag.mul, ag.add}
        assert _leaf_gradients(again, x, w) == pytest.approx(_leaf_gradients(node, x, w), rel=1e-14)
    plain = jit(lambda x: [2.0 * x, tanh(x)], backend=backend)(x)[1]
    assert plain.primitive.apart([0.7]) == plain.data


def _leaf_gradients(result: Any, *leaves: Value) -> list[float]:
    for leaf in leaves:
        leaf.grad = None
    result.backward()
    return [leaf.grad for leaf in leaves]


def test_a_first_call_with_calls_in_it_is_answered_at_once() -> None:
    """As one of the operations one by one is."""
    long = jit(lambda x, w: functools.reduce(lambda y, _: tanh(w * y) + y, range(100), x))

    @jit
    def f(w: Any) -> Any:
        x = 0.5
        for i in range(10):
            x = long(x, w - 0.01 * i)
        return x

    first = f(0.3)
    assert f._calls.latest.compiled._executable is None
    assert f(0.3) == first
    assert f._calls.latest.compiled._executable is not None
