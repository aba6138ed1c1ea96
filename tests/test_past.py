"""Numbers of then: whatever sets a Value afterwards, derivatives are those of the computation that ran."""

import copy
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

import nn
from autograd import (
    Value,
    derivative,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    objective,
    past,
    tanh,
    value_and_grad,
    vjp,
)
from autograd.past import FEW, WAITING, Period, Still, number_at, remember
from autograd.value import assign
from tests.compiler.comparison import bits


def numbers(thing: Any) -> Any:
    """Values in nested structures as floats."""
    if isinstance(thing, Value):
        return thing.data
    return type(thing)(map(numbers, thing)) if isinstance(thing, list | tuple) else thing


class Weight:
    """A captured Value w = 5, in w * x**2, which changes while the function runs."""

    def __init__(self, set_number: Callable[[Value, float], None], *, compiled: bool) -> None:
        self.w = Value(5.0)
        self.square = lambda x: self.w * x * x
        self.inner = jit(self.square) if compiled else self.square
        self.set_number = set_number
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        """w * x**2, with the number that w has now."""
        result = self.inner(x)
        self.set_number(self.w, 1.0)
        return result


def by_data(w: Value, number: float) -> None:
    """The setter."""
    w.data = number


def by_an_optimizer(w: Value, number: float) -> None:
    """`assign`, all parameters at once."""
    w.grad = w.data - number
    nn.SGD([w], 1.0).step()


def by_steps(w: Value, number: float) -> None:
    """Several changes, one after another."""
    for step in range(5):
        w.data = 100.0 + step
    w.data = number


TRANSFORMS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "grad": (lambda f: grad(f)(3.0), 30.0),
    "value_and_grad": (lambda f: value_and_grad(f)(3.0), (45.0, 30.0)),
    "has_aux": (lambda f: value_and_grad(lambda x: (f(x), f.w * 2.0), has_aux=True)(3.0), ((45.0, 2.0), 30.0)),
    "jvp": (lambda f: jvp(f, (3.0,), (1.0,)), (45.0, 30.0)),
    "jacfwd": (lambda f: jacfwd(f)(3.0), 30.0),
    "jacrev": (lambda f: jacrev(lambda x: [f(x)])(3.0), [30.0]),
    "jacobian": (lambda f: jacobian(lambda xs: [f(xs[0]), f.w * xs[1]])([3.0, 1.0]), [[30.0, 0.0], [0.0, 1.0]]),
    "hessian": (lambda f: hessian(f)(3.0), 10.0),
    "hvp": (lambda f: hvp(f, (3.0,), (2.0,)), 20.0),
    "grad of grad": (lambda f: grad(grad(f))(3.0), 10.0),
    "third order": (lambda f: derivative(lambda x: f(x) * x, order=3)(3.0), 30.0),
    "vjp": (lambda f: vjp(f, 3.0)[1](2.0), (60.0,)),
    "objective": (lambda f: objective(lambda x: f(x[0]))([3.0])[1][0], 30.0),
    "objective.hess": (lambda f: objective(lambda x: f(x[0])).hess([3.0])[0][0], 10.0),
}


@pytest.mark.parametrize("set_number", [by_data, by_an_optimizer, by_steps])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jitted"])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_what_a_function_captures_may_be_set_while_it_runs(
    transform: str, compiled: bool, set_number: Callable[[Value, float], None]
) -> None:
    """The derivative is that at the number with which it was computed, at every order."""
    derive, wanted = TRANSFORMS[transform]
    assert numbers(derive(Weight(set_number, compiled=compiled))) == wanted


def test_arguments_may_be_set_while_a_function_runs() -> None:
    """A Value that is passed is the number that it was."""
    x = Value(2.0)

    def cube(y: Any) -> Any:
        x.data = 100.0
        return y * y * y

    for transform, wanted in ((grad, 12.0), (hessian, 12.0), (value_and_grad, (8.0, 12.0))):
        x.data = 2.0
        assert numbers(transform(cube)(x)) == wanted
    x.data, x.grad = 2.0, None
    grad(cube)(x).backward()
    assert x.grad == 12.0


def test_between_a_call_and_its_sweeps() -> None:
    """A pull is that of its call, however often, and so is the history of what it gives."""
    w, x = Value(5.0, label="w"), Value(3.0)
    out, pull = vjp(lambda y: w * y * y, x)
    out2, pull2 = vjp(lambda y: w * w * y, 3.0)
    w.data, x.data = 2.0, -7.0
    (slope,) = pull(1.0)
    w.data = 11.0
    (again,) = pull(1.0)
    assert numbers([out, slope, again, out2, *pull2(1.0)]) == [45.0, 30.0, 30.0, 75.0, 25.0]
    w.grad = x.grad = None
    slope.backward()
    assert (w.grad, x.grad) == (6.0, 10.0)
    w.grad = None
    pull2(1.0)[0].backward()
    assert w.grad == 10.0


def test_the_numbers_of_inner_nodes() -> None:
    """They may be set as well: what was computed from them keeps its derivatives."""
    w = Value(2.0)

    def f(x: Any) -> Any:
        y = tanh(w * x)
        z = y * y
        y.data = 100.0
        return z

    for transform in (grad, hessian, derivative):
        assert bits(numbers(transform(f)(0.3))) == bits(numbers(transform(lambda x: tanh(w * x) * tanh(w * x) * 1.0)(0.3)))


def test_a_model_that_is_trained_or_loaded_meanwhile() -> None:
    """Between vjp and its pull: optimizers and load_state_dict change nothing."""
    model = nn.MLP(2, [3, 1], rng=0)
    state = copy.deepcopy(model.state_dict())
    optimizer = nn.Adam(model.parameters(), 0.5)
    wanted = numbers(vjp(model, [0.3, 0.4])[1](1.0))
    _, pull = vjp(model, [0.3, 0.4])
    model([1.0, 2.0]).backward()
    optimizer.step()
    assert numbers(pull(1.0)) == wanted
    _, other = vjp(model, [0.3, 0.4])
    changed = numbers(other(1.0))
    model.load_state_dict(state)
    assert numbers(pull(1.0)) == wanted
    assert numbers(other(1.0)) == changed != wanted


def test_nothing_is_kept_longer_than_a_transform_may_ask() -> None:
    """No number once the last pull is gone, and one for each leaf where pulls follow each other without a gap."""
    gc.collect()
    w = Value(1.0)
    pull = None
    for step in range(200):
        _, pull = vjp(lambda x: w * x * x, 1.0)
        w.data = float(step)
    assert pull is not None
    assert len(past._PAST[id(w)].untils) <= FEW
    for step in range(200):
        w.data = float(step)
    assert len(past._PAST[id(w)].untils) <= FEW
    assert numbers(pull(1.0)) == (2.0 * 198.0,)
    del pull
    assert not past.WAITING
    assert not past._PAST


def test_a_leaf_is_kept_by_nobody() -> None:
    """What was remembered of a Value goes with it."""
    gc.collect()
    period = Period()
    leaf = Value(1.0)
    leaf.data = 2.0
    assert number_at(leaf, period.begin) == 1.0
    assert len(past._PAST) == 1
    del leaf
    assert not past._PAST
    period.close()


def test_the_number_at_a_time() -> None:
    """That before the first change after it; none is given if there was no change since."""
    period, leaf = Period(), Value(1.0)
    made = []
    for number in (2.0, 3.0):
        made.append(Value(0.0).made)
        leaf.data = number
    made.append(Value(0.0).made)
    assert [number_at(leaf, time) for time in made] == [1.0, 2.0, None]
    period.close()
    remember([leaf])  # its number was there before the end
    leaf.data = 4.0
    leaf.data = 5.0
    assert [number_at(leaf, time) for time in made] == [1.0, 2.0, 3.0]
    assert len(past._PAST[id(leaf)].untils) == 3


def test_two_threads() -> None:
    """Each transform of one thread sees its own numbers, while another one sets and differentiates."""
    wrong: list[Any] = []

    def work(seed: float) -> None:
        for step in range(300):
            w = Value(seed + step)
            _, pull = vjp(lambda x, w=w: w * x * x, 1.0)
            w.data = -1.0
            if numbers(pull(1.0)) != (2.0 * (seed + step),):
                wrong.append(step)

    threads = [threading.Thread(target=work, args=(1000.0 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -0.0], ids=repr)
def test_any_number_may_be_set(number: float) -> None:
    """Even nan, which does not equal itself: a training may diverge between a call and its sweep."""
    w = Value(5.0)
    _, pull = vjp(lambda x: w * x * x, 3.0)
    for _ in range(100):
        w.data = number
    assert numbers(pull(1.0)) == (30.0,)
    assert len(past._PAST[id(w)].untils) == 1
    for transform, wanted in ((grad, 30.0), (hessian, 10.0)):
        assert numbers(transform(Weight(lambda w, _: setattr(w, "data", number), compiled=False))(3.0)) == wanted


def test_what_is_kept_is_bounded() -> None:
    """With an old pull kept, and one of each step: the numbers between the two are of no use to any."""
    w = Value(5.0)
    _, old = vjp(lambda x: w * x * x, 3.0)
    for step in range(1_000):
        _, pull = vjp(lambda x: w * x * x, 1.0)
        w.data = float(step)
    assert len(past._PAST[id(w)].untils) <= 2 * FEW
    assert numbers(old(1.0)) == (30.0,)
    assert numbers(pull(1.0)) == (2.0 * 998.0,)


def test_all_numbers_of_a_running_function_are_there() -> None:
    """A Value set a thousand times, and used each time: the sum of the squares' slopes."""
    w = Value(0.0)

    def f(x: Any) -> Any:
        total = x * 0.0
        for step in range(1_000):
            w.data = float(step)
            total = total + w * x * x
        return total

    assert numbers(hessian(f)(1.0)) == sum(2.0 * step for step in range(1_000))


def test_tangents_are_those_before_the_call() -> None:
    """A Value among them may be set by the function."""
    w = Value(2.0)

    def f(x: Any) -> Any:
        w.data = 100.0
        return x * x * x

    assert numbers(jvp(f, (3.0,), (w,))[1]) == 54.0
    w.data = 2.0
    assert numbers(hvp(f, (3.0,), (w,))) == 36.0


@pytest.mark.parametrize("before", [False, True], ids=["set between", "set before"])
def test_a_pull_in_a_compiled_function(before: bool) -> None:
    """Is that of its call, whatever is set between the calls; its history too, and what it gives outside afterwards."""
    w = Value(5.0)
    _, pull = vjp(lambda x: w * x * x, 3.0)
    if before:
        w.data = 7.0
    for compiled in (jit(lambda c: pull(c)[0]), jit(grad(lambda c: pull(c)[0] * c))):
        found = []
        for number in (2.0, 1.0):
            found.append(numbers(compiled(1.0)))
            w.data = number
        assert found in ([30.0, 30.0], [60.0, 60.0])
    assert numbers(pull(1.0)) == (30.0,)
    w.grad = None
    jit(lambda c: pull(c)[0])(1.0).backward()
    assert w.grad == 6.0


def test_copies_are_of_then() -> None:
    """A copy stands at its original's place in the order of making."""
    w = Value(5.0)

    def f(x: Any) -> Any:
        y = x * w
        w.data = 2.0
        return copy.copy(y) * x

    assert numbers(grad(f)(3.0)) == 30.0
    w.data = 5.0
    assert numbers(hessian(f)(3.0)) == 10.0


@pytest.mark.parametrize("set_number", [by_data, lambda w, number: assign([w], [number])])
def test_who_copied_numbers_hears_of_the_next_one_that_is_set(set_number: Callable[[Value, float], None]) -> None:
    """Once; numbers are not kept for it, and nobody waits any more when it is gone."""
    before, w = len(WAITING), Value(1.0)
    still, gone = Still(), Still()
    assert len(WAITING) == before + 2
    del gone
    assert len(WAITING) == before + 1
    Value(2.0)
    assert not still.moved
    set_number(w, 3.0)
    assert still.moved
    assert len(WAITING) == before
    assert number_at(w, 0.0) is None
    another, period = Still(), Period()
    set_number(w, 4.0)
    assert another.moved
    assert number_at(w, period.begin) == 3.0
