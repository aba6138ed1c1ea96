"""Rules recorded: one call of the rule a sweep, joint over all results; copies, pictures, loops."""

import copy
import gc
import pickle
import weakref
from typing import Any

import pytest

import autograd as ag
from autograd import Value, draw, grad, gradients, jacobian, jit, page, scan
from autograd.applied import Rule, in_loop, recomputed
from autograd.graph import topological_order


class Rotation(Rule):
    """(x, y) -> (x y, x + y), with a rule that counts its calls."""

    name = "rotation"
    count = 2

    def __init__(self) -> None:
        self.pulls = self.pushes = 0

    def pull(self, inputs: Any, results: Any, cotangents: Any, kept: Any) -> list[Any]:
        """J^T c."""
        self.pulls += 1
        (x, y), (a, b) = inputs, cotangents
        return [a * y + b, a * x + b]

    def push(self, inputs: Any, results: Any, tangents: Any, kept: Any) -> list[Any]:
        """J t."""
        self.pushes += 1
        (x, y), (s, t) = inputs, tangents
        return [s * y + x * t, s + t]

    def __call__(self, x: Any, y: Any) -> Any:
        """The results, one of x and y being a node."""
        return self.at([x, y], lambda at: ([at[0] * at[1], at[0] + at[1]], None))


ROTATION = Rotation()


def test_one_call_of_the_rule_for_all_results() -> None:
    """A pass pulls once, however many results and uses there are."""
    rule, x, y = Rotation(), Value(2.0), Value(3.0)
    p, s = rule(x, y)
    (p * s + p + s * s).backward()  # x y (x + y) + x y + (x + y)**2
    assert (x.grad, y.grad) == (2 * 2 * 3 + 9 + 3 + 10, 4 + 2 * 2 * 3 + 2 + 10)
    assert rule.pulls == 1
    jacobian(lambda v: rule(v, 3.0)[:1])(2.0)
    assert (rule.pulls, rule.pushes) == (1, 1)


def test_a_result_that_nobody_uses_gets_0() -> None:
    """And a constant among the inputs gets nothing."""
    assert grad(lambda x: ROTATION(x, 5.0)[1])(2.0) == 1.0


def test_second_derivatives_come_from_the_rule() -> None:
    """Rules are recorded when the sweep is: d2 (x y (x + y)) = [[2 y, 2 (x + y)], ...]."""

    def f(v: Any) -> Any:
        p, s = ROTATION(*v)
        return p * s

    assert ag.hessian(f)([2.0, 3.0]) == [[6.0, 10.0], [10.0, 4.0]]
    assert jit(ag.hessian(f))([2.0, 3.0]) == [[6.0, 10.0], [10.0, 4.0]]
    assert ag.jacrev(jit(grad(f)))([2.0, 3.0]) == [[6.0, 10.0], [10.0, 4.0]]


def test_in_a_loop_that_is_one_step() -> None:
    """Eager and compiled give the same bits."""

    def f(x: Any) -> Any:
        carry, ys = scan(lambda c, z: (ROTATION(c, z)[0] * 0.5, ag.sin(ROTATION(c, c)[1])), x, [1.1, 1.2, 1.3, 1.4])
        return carry + ag.sum_(ys)

    for order in (0, 1, 2):
        assert jit(ag.derivative(f, order))(0.7) == ag.derivative(f, order)(0.7)
    forward = jit(lambda x: ag.jvp(f, (x,), (1.0,)))(0.7)[1]
    assert forward == pytest.approx(grad(f)(0.7), rel=1e-14)


def test_recomputed_keeps_nothing_of_a_loop_inside_of_a_loop() -> None:
    """A loop whose turns only the run counts, in the body of another one: its derivative runs it again."""

    def grown(c: Any) -> Any:
        once = lambda numbers: [ag.while_loop(lambda v: v < 4.0, lambda v: v * (1.5 + 0.1 * ag.sin(v)) + 0.5, numbers[0])]  # noqa: E731
        return recomputed(once, [c], "grown")[0] if in_loop() else once([c])[0]

    f = lambda x: ag.fori_loop(0, 3, lambda i, c: 0.2 * grown(c), x)  # noqa: E731
    assert jit(grad(f))(0.9) == grad(f)(0.9)
    assert jit(lambda x: ag.jvp(f, (x,), (1.0,)))(0.9)[1] == pytest.approx(grad(f)(0.9), rel=1e-14)


def test_copies_pickles_and_no_circle() -> None:
    """A graph with such calls travels, and is freed at once."""
    x = Value(2.0)
    z = ROTATION(x, x)[0]
    for other in (copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
        other.backward()
        assert other.operands[0].operands[0].grad == 4.0
    assert not x.has_grad
    gc.disable()
    try:
        z = ROTATION(x, x)[0]
        slope = gradients(z, x, create_graph=True)
        gradients(slope, x)
        nodes = [weakref.ref(node) for node in topological_order(z, slope) if node.operands]
        assert len(nodes) > 4
        del z, slope
        assert not any(node() for node in nodes)
    finally:
        gc.enable()


def test_pictures() -> None:
    """The call is drawn as a node between its inputs and results; a page of it is made."""
    x = Value(2.0, label="x")
    z = ROTATION(x, 3.0)[0]
    z.backward()
    assert "rotation" in draw(z, partials=True).source
    assert "rotation" in page(z)
