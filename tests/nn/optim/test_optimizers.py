"""Optimizers: PyTorch's numbers over 50 steps, what they refuse, and steps that an interrupt cannot cut in two."""

import copy
import math
import pickle
import random
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nn
from autograd import Value, jit
from autograd.value import assign
from nn import MLP, SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, hinge_loss
from tests.nn import make_references as references
from tests.nn.interrupt import Interrupt


def run(optimizer: Any, parameters: list[Value], first: int = 1, last: int = references.STEPS) -> list[list[float]]:
    """The parameters after each of the recorded steps."""
    found = []
    for step in range(first, last + 1):
        for parameter, gradient in zip(parameters, references.gradients(step, [p.data for p in parameters]), strict=True):
            parameter.grad = gradient  # None where it has none
        optimizer.step()
        if step in references.KEPT:
            found.append([parameter.data for parameter in parameters])
    return found


def made(name: str) -> tuple[Any, list[Value]]:
    """The optimizer of a case, and its parameters."""
    parameters = [Value(x) for x in references.START]
    return getattr(nn, references.class_of(name))(parameters, **references.OPTIMIZERS[name]), parameters


def test_sgd_steps_against_the_gradient() -> None:
    """p -= lr * grad; a parameter without gradient stays."""
    x, y = Value(1.0), Value(5.0)
    optimizer = SGD([x, y], lr=0.25)
    (x * x).backward()
    optimizer.step()
    assert (x.data, y.data) == (0.5, 5.0)
    optimizer.zero_grad()
    assert not x.has_grad
    optimizer.lr = 1.0
    (x * x).backward()
    optimizer.step()
    assert x.data == -0.5


@pytest.mark.parametrize("name", references.OPTIMIZERS)
def test_fifty_steps_are_pytorchs(name: str) -> None:
    """To 1e-12, with every option; a parameter without a gradient stays, its momentum too."""
    wanted = references.recorded()["optimizers"][name]
    for ours, theirs in zip(run(*made(name)), wanted, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


def test_every_case_is_recorded() -> None:
    """Under the name that the cases have now."""
    recorded = references.recorded()
    assert list(recorded["optimizers"]) == list(references.OPTIMIZERS)
    assert list(recorded["groups"]) == list(references.GROUPS)
    assert list(recorded["schedules"]) == list(references.SCHEDULES)
    assert list(recorded["group schedules"]) == list(references.GROUP_SCHEDULES)
    assert len(recorded["losses"]) == len(references.LOSSES) * len(references.REDUCTIONS)
    assert len(recorded["norms"]) == len(references.NORMS)


def test_the_recorded_numbers_are_what_pytorch_gives() -> None:
    """Where it is installed; elsewhere they are what the other tests compare with."""
    pytest.importorskip("torch", reason="makes the recorded numbers anew, where PyTorch is installed")
    recorded = references.recorded()
    for kind, cases in references.made().items():
        for name, numbers in cases.items():
            exact = 1e-12 if kind != "regression" else 1e-6  # where a search ended
            assert flat(recorded[kind][name]) == pytest.approx(flat(numbers), rel=exact, abs=exact), (kind, name)


def flat(numbers: Any) -> list[float]:
    """The numbers in nested lists and tuples."""
    return [x for item in numbers for x in flat(item)] if isinstance(numbers, list | tuple) else [numbers]


@pytest.mark.parametrize("name", ["SGD with all", "AdamW", "RMSprop with all"])
def test_optimizers_are_copied_and_pickled_with_their_states(name: str) -> None:
    """A copy in mid-course goes on as the original does, with its own parameters."""
    optimizer, parameters = made(name)
    run(optimizer, parameters, last=20)
    for copied, its in (
        copy.deepcopy((optimizer, parameters)),
        pickle.loads(pickle.dumps((optimizer, parameters))),
    ):
        before = [p.data for p in parameters]
        found = run(copied, its, first=21)
        assert [p.data for p in parameters] == before
        for ours, theirs in zip(found, references.recorded()["optimizers"][name][-len(found) :], strict=True):
            assert ours == pytest.approx(theirs, rel=1e-12)


def test_lr_may_be_set_between_steps() -> None:
    """And is checked as in the beginning."""
    x = Value(1.0)
    optimizer = Adam([x])
    assert optimizer.lr == 1e-3
    optimizer.lr = 1
    x.grad = 2.0
    optimizer.step()
    assert x.data == pytest.approx(0.0, abs=1e-7)
    with pytest.raises(ValueError, match="lr must be finite and not negative, not nan"):
        optimizer.lr = math.nan
    assert optimizer.lr == 1.0


def test_a_step_without_gradients_changes_nothing() -> None:
    """Not even by weight decay."""
    x = Value(1.0)
    for optimizer in (SGD([x], weight_decay=0.5), Adam([x]), AdamW([x]), RMSprop([x]), Adagrad([x], weight_decay=0.5)):
        optimizer.step()
    assert x.data == 1.0


@pytest.mark.parametrize(
    "make", [SGD, Adam, AdamW, RMSprop, Adagrad, partial(SGD, momentum=0.9), partial(SGD, momentum=0.9, nesterov=True)]
)
def test_a_parameter_without_gradient_stays(make: Any) -> None:
    """Weight decay does not move it, and no state of it is kept, also where a program scaled all gradients."""
    used, idle = Value(1.0), Value(1.0)
    optimizer = make([used, idle], lr=0.1, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (used * used).backward()
        for parameter in optimizer.parameters:
            parameter.grad *= 0.5
        optimizer.step()
        assert (idle.data, idle.has_grad) == (1.0, False)
        assert used.data != 1.0
    assert list(optimizer._states) == [used]


def test_gradients_beyond_the_squares_of_floats() -> None:
    """Give IEEE's results, never an exception: also 0 / 0 where eps is 0."""
    x = Value(1.0)
    for optimizer in (Adam([x]), AdamW([x], weight_decay=0.0), RMSprop([x]), Adagrad([x])):
        x.grad = 1e200
        optimizer.step()
    assert x.data == 1.0
    for optimizer, gradient in (
        (Adam([x], eps=0.0), 0.0),
        (RMSprop([x], eps=0.0), 0.0),
        (RMSprop([x], centered=True), 1e200),
        (Adagrad([x], eps=0.0), 0.0),
    ):
        x.data, x.grad = 1.0, gradient
        optimizer.step()
        assert math.isnan(x.data)


def test_centered_rmsprop_of_a_constant_gradient() -> None:
    """Where rounding leaves less than nothing of the variance, it is 0."""
    x, gradient, alpha = Value(0.0), 2.2738632088209076, 0.1
    optimizer = RMSprop([x], alpha=alpha, centered=True, eps=1.0)
    negative = False
    for _ in range(20):
        x.grad = gradient
        optimizer.step()
        mean, square, _ = optimizer._states[x]
        negative |= square - mean * mean < 0.0
    assert negative
    assert math.isfinite(x.data)
    before = x.data
    optimizer.step()
    assert x.data == pytest.approx(before - 1e-2 * gradient)


# --- scalar code, on floats and on Symbols ----------------------------------------------------------------------------


def sgd(o: Any, p: float, g: float, state: Any) -> tuple[float, Any]:
    """SGD's rule, written for floats alone."""
    g = g + o.weight_decay * p
    if o.momentum:
        state = g if state is None else o.momentum * state + (1.0 - o.dampening) * g
        g = g + o.momentum * state if o.nesterov else state
    return p - o.lr * g, state


def adam(o: Any, p: float, g: float, state: Any) -> tuple[float, Any]:
    """Those of Adam and AdamW."""
    if isinstance(o, AdamW):
        p = p * (1.0 - o.lr * o.weight_decay)
    else:
        g = g + o.weight_decay * p
    t, m, v = state or (0, 0.0, 0.0)
    (b1, b2), t = o.betas, t + 1
    m, v = b1 * m + (1.0 - b1) * g, b2 * v + (1.0 - b2) * g * g
    return p - o.lr / (1.0 - b1**t) * (m / (math.sqrt(v / (1.0 - b2**t)) + o.eps)), (t, m, v)


def rmsprop(o: Any, p: float, g: float, state: Any) -> tuple[float, Any]:
    """RMSprop's."""
    mean, square, buffer = state or (0.0, 0.0, 0.0)
    g = g + o.weight_decay * p
    square = o.alpha * square + (1.0 - o.alpha) * g * g
    variance = square
    if o.centered:
        mean = o.alpha * mean + (1.0 - o.alpha) * g
        variance = max(square - mean * mean, 0.0)
    step = g / (math.sqrt(variance) + o.eps) + o.momentum * buffer
    return p - o.lr * step, (mean, square, step if o.momentum else buffer)


def adagrad(o: Any, p: float, g: float, state: Any) -> tuple[float, Any]:
    """Adagrad's."""
    t, total = state or (0, o.initial_accumulator_value)
    g = g + o.weight_decay * p
    total = total + g * g
    return p - o.lr / (1.0 + t * o.lr_decay) * (g / (math.sqrt(total) + o.eps)), (t + 1, total)


RULES = {"SGD": sgd, "Adam": adam, "AdamW": adam, "RMSprop": rmsprop, "Adagrad": adagrad}
FLOATS = st.floats(-1e150, 1e150)


@pytest.mark.parametrize("name", references.OPTIMIZERS)
@given(numbers=st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=5))
@example([(1.0, 0.0), (5e-324, 5e-324), (-0.0, -0.0), (1e150, -1e150)])
def test_updates_are_the_plain_formulas(name: str, numbers: list[tuple[float, float]]) -> None:
    """To the last bit (but for the sign of a zero), whatever the numbers, from step to step."""
    optimizer, _ = made(name)
    state: Any = None
    expected_state: Any = None
    for number, gradient in numbers:
        wanted, expected_state = RULES[references.class_of(name)](optimizer, number, gradient, expected_state)
        found, state = optimizer.update(number, gradient, state)
        assert repr((found + 0.0, state)).replace("-0.0", "0.0") == repr((wanted + 0.0, expected_state)).replace("-0.0", "0.0")
        assert type(found) is float


@pytest.mark.parametrize("name", references.OPTIMIZERS)
def test_updates_compile(name: str, backend: str) -> None:
    """On Symbols they give the bits that they give on floats: at the first step and at later ones, and where IEEE decides."""
    optimizer, _ = made(name)
    first = jit(lambda number, gradient: some(optimizer.update(number, gradient, None)), backend=backend)
    later = jit(lambda number, gradient, state: some(optimizer.update(number, gradient, state)), backend=backend)
    state = None
    for number, gradient in [(1.0, 0.5), (-2.0, 1e-8), (0.0, 0.0), (3.0, 1e200), (1.0, -0.3)]:
        wanted = optimizer.update(number, gradient, state)
        found = first(number, gradient) if state is None else later(number, gradient, state)
        assert bits(found) == bits(some(wanted))
        state = wanted[1]


def some(pair: Any) -> Any:
    """A number with its state, or the number alone where there is none: `jit` takes no None."""
    return pair[:1] if pair[1] is None else pair


def bits(numbers: Any) -> list[str]:
    """The bits of the numbers in nested tuples."""
    if isinstance(numbers, tuple):
        return [bit for part in numbers for bit in bits(part)]
    return ["nan" if math.isnan(numbers) else float(numbers).hex()]


def test_the_rate_may_be_a_symbol(backend: str) -> None:
    """So that a schedule needs no new trace; the optimizer itself keeps its rate and its states."""
    optimizer = AdamW([Value(1.0)], lr=0.1)
    compiled = jit(lambda lr, number, gradient: optimizer.with_lr(lr).update(number, gradient, None), backend=backend)
    for lr in (0.5, 0.01):
        optimizer.lr = lr
        assert bits(compiled(lr, 1.0, -2.0)) == bits(optimizer.update(1.0, -2.0, None))
    assert optimizer.lr == 0.01


@pytest.mark.parametrize(("make", "kind"), [(Adam, int), (AdamW, int), (Adagrad, int)])
def test_counts_are_whole_numbers(make: Any, kind: type) -> None:
    """In eager states, where they are only counted."""
    x = Value(1.0)
    optimizer = make([x])
    for _ in range(3):
        x.grad = 1.0
        optimizer.step()
    assert (type(optimizer._states[x][0]), optimizer._states[x][0]) == (kind, 3)


def test_a_step_may_compute_the_loss() -> None:
    """As in PyTorch: a closure is called first, and its result returned."""
    x = Value(2.0)
    optimizer = SGD([x], lr=0.25)

    def closure() -> Value:
        optimizer.zero_grad()
        loss = x * x
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert x.data == 1.0
    assert optimizer.step() is None


def interrupted_steps(name: str) -> Iterator[tuple[list[float], Any, list[Value]]]:
    """The third step, interrupted at each of its instructions: the parameters before, and what is left."""
    at = 0
    while True:
        at += 1
        optimizer, parameters = made(name)
        run(optimizer, parameters, last=2)
        for parameter, gradient in zip(parameters, references.gradients(3, [p.data for p in parameters]), strict=True):
            parameter.grad = gradient
        before = [p.data for p in parameters]
        traced = sys.gettrace()
        sys.settrace(Interrupt(at, nn.optim.optimizers, assign))
        try:
            optimizer.step()
        except KeyboardInterrupt:
            yield before, optimizer, parameters
        else:
            return
        finally:
            sys.settrace(traced)


@pytest.mark.parametrize("name", ["SGD with all", "Adam"])
def test_an_interrupt_leaves_no_step_half_made(name: str) -> None:
    """At whatever instruction it comes: all parameters and states are of before the step, or of after it."""
    optimizer, parameters = made(name)
    run(optimizer, parameters, last=3)
    after, states_after = [p.data for p in parameters], list(optimizer._states.values())
    optimizer, parameters = made(name)
    run(optimizer, parameters, last=2)
    states_before = list(optimizer._states.values())
    count = 0
    for before, interrupted, its in interrupted_steps(name):
        count += 1
        states = list(interrupted._states.values())
        assert ([p.data for p in its], states) in ((before, states_before), (after, states_after))
    assert count > 50


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([], lr=0.1), ValueError, r"no parameters to optimize: pass model.parameters\(\)"),
        (lambda: SGD([Value(1.0)] * 2, lr=0.1), ValueError, "a parameter is given twice"),
        (lambda: SGD(MLP(2, [1]), lr=0.1), TypeError, r"not a MLP: model.parameters\(\)"),
        (lambda: SGD([1.0], lr=0.1), TypeError, "parameter 0 is 1.0, not a leaf Value"),
        (lambda: SGD([Value(1.0) * 2.0], lr=0.1), TypeError, "not a leaf Value"),
        (lambda: SGD([Value(1.0)], lr=-0.1), ValueError, "lr must be finite and not negative, not -0.1"),
        (lambda: SGD([Value(1.0)], lr=math.nan), ValueError, "lr must be finite"),
        (lambda: SGD([Value(1.0)], lr="0.1"), TypeError, "lr must be one real number, not the string"),
    ],
)
def test_what_sgd_refuses(make: Any, error: type[Exception], message: str) -> None:
    """Before the first step."""
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([Value(1.0)], momentum=-0.1), ValueError, "momentum must be finite and not negative, not -0.1"),
        (lambda: SGD([Value(1.0)], weight_decay=-1), ValueError, "weight_decay must be finite and not negative, not -1"),
        (
            lambda: SGD([Value(1.0)], nesterov=True),
            ValueError,
            "nesterov=True needs a momentum and no dampening, not momentum=0.0",
        ),
        (lambda: SGD([Value(1.0)], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "dampening=0.1"),
        (lambda: SGD([Value(1.0)], dampening="0"), TypeError, "dampening must be one real number, not the string"),
        (lambda: Adam([Value(1.0)], betas=(0.9, 1.0)), ValueError, r"betas\[1\] must be at least 0 and below 1, not 1.0"),
        (lambda: Adam([Value(1.0)], betas=(-0.1, 0.9)), ValueError, r"betas\[0\] must be at least 0"),
        (lambda: Adam([Value(1.0)], betas=0.9), ValueError, "betas must be two numbers, not 0.9"),
        (lambda: AdamW([Value(1.0)], eps=-1e-8), ValueError, "eps must be finite and not negative"),
        (lambda: RMSprop([Value(1.0)], alpha=1.0), ValueError, "alpha must be at least 0 and below 1, not 1.0"),
        (lambda: RMSprop([Value(1.0)], momentum=math.inf), ValueError, "momentum must be finite"),
        (lambda: RMSprop([Value(1.0)], lr=-1.0), ValueError, "lr must be finite and not negative, not -1.0"),
        (lambda: AdamW([]), ValueError, "no parameters to optimize"),
        (lambda: Adagrad([Value(1.0)], lr_decay=-0.1), ValueError, "lr_decay must be finite and not negative, not -0.1"),
        (
            lambda: Adagrad([Value(1.0)], initial_accumulator_value=-1),
            ValueError,
            "initial_accumulator_value must be finite and not negative, not -1",
        ),
        (lambda: Adagrad([Value(1.0)], eps=-1e-10), ValueError, "eps must be finite and not negative"),
    ],
)
def test_what_optimizers_refuse(make: Any, error: type[Exception], message: str) -> None:
    """Before the first step, with what was given."""
    with pytest.raises(error, match=message):
        make()


def test_an_optimizer_without_update() -> None:
    """The message shows the definition that is missing."""
    x = Value(1.0)
    x.grad = 1.0
    with pytest.raises(NotImplementedError, match="Optimizer has no update: define `def update"):
        Optimizer([x], 0.1).step()


def test_training_solves_moons_like_data() -> None:
    """The whole of it: 40 points of two classes, all of them right after 60 steps."""
    rng = random.Random(0)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(40)]
    targets = [1 if x * x + y > 0.3 else -1 for x, y in points]
    model = MLP(2, [8, 1], activation="tanh", rng=1)
    optimizer = SGD(model.parameters(), lr=1.0)
    for _ in range(60):
        loss = hinge_loss([model(p) for p in points], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(model(p).data * t > 0 for p, t in zip(points, targets, strict=True))
