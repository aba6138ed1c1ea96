"""LBFGS: PyTorch's minimum, steps that are made whole or not at all, and trials that give no numbers."""

import math
import sys
from typing import Any

import pytest

import autograd
import nn
from autograd import AnomalyError, Value, log, value_and_grad
from nn import LBFGS, MLP, StepLR, mse_loss
from nn.optim.lbfgs import _Trials
from tests.nn import make_references as references
from tests.nn.interrupt import Interrupt

np = pytest.importorskip("numpy")
pytest.importorskip("scipy", reason="LBFGS is SciPy's")


def closure_of(optimizer: LBFGS, loss: Any, calls: list[Any] | None = None) -> Any:
    """A closure as PyTorch's documentation writes it."""

    def closure() -> Any:
        if calls is not None:
            calls.append([p.data for p in optimizer.parameters])
        optimizer.zero_grad()
        found = loss(optimizer.parameters)
        found.backward()
        return found

    return closure


def rosenbrock(xs: Any) -> Any:
    """A banana-shaped valley with its minimum 0 at (1, 1)."""
    return (1.0 - xs[0]) ** 2 + 100.0 * (xs[1] - xs[0] ** 2) ** 2


def test_one_step_solves_a_regression() -> None:
    """Where PyTorch's ends; the loss before is returned."""
    weights = [Value(0.0) for _ in range(3)]
    optimizer = LBFGS(weights, max_iter=500, tolerance_grad=1e-12, tolerance_change=0.0)
    before, wanted = references.recorded()["regression"]["LBFGS"]
    loss = optimizer.step(closure_of(optimizer, lambda ws: references.regression(ws, autograd.log, autograd.exp)))
    assert loss.item() == pytest.approx(before, rel=1e-12)
    assert [w.data for w in weights] == pytest.approx(wanted, rel=1e-6)


def test_the_minimum_of_a_valley() -> None:
    """Several short steps go on from where the last one ended, and each lessens the loss."""
    optimizer = LBFGS([Value(-1.2), Value(1.0)], max_iter=10)
    losses = [optimizer.step(closure_of(optimizer, rosenbrock)).item() for _ in range(10)]
    assert losses[0] == pytest.approx(24.2)
    assert losses == sorted(losses, reverse=True)
    assert [p.data for p in optimizer.parameters] == pytest.approx([1.0, 1.0], rel=1e-4)


def test_training_a_network() -> None:
    """One step of all samples fits xor."""
    model = MLP(2, [4, 1], activation="tanh", rng=0)
    optimizer = LBFGS(model.parameters(), max_iter=200)
    xs, ys = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    closure = closure_of(optimizer, lambda _: mse_loss([model(x) for x in xs], ys))
    before = optimizer.step(closure).item()
    assert closure().item() < 1e-6 < before


def test_the_iterations_are_limited() -> None:
    """By max_iter, and by max_eval, after which no iteration begins."""
    counts = {}
    for options in ({"max_iter": 1}, {"max_iter": 3}, {"max_iter": 100}, {"max_iter": 100, "max_eval": 5}):
        calls: list[Any] = []
        optimizer = LBFGS([Value(-1.2), Value(1.0)], **options)  # type: ignore[arg-type]
        optimizer.step(closure_of(optimizer, rosenbrock, calls))
        counts[str(options)] = len(calls)
    one, three, many, few = counts.values()
    assert one < three < many
    assert few < 10 < many


@pytest.mark.parametrize(("option", "loose"), [("tolerance_grad", 1.0), ("tolerance_change", 1e-2)])
def test_tolerances_end_a_step(option: str, loose: float) -> None:
    """Sooner if they are larger."""
    counts = []
    for tolerance in (0.0, loose):
        calls: list[Any] = []
        optimizer = LBFGS([Value(-1.2), Value(1.0)], max_iter=100, **{option: tolerance})
        optimizer.step(closure_of(optimizer, rosenbrock, calls))
        counts.append(len(calls))
    assert counts[1] < counts[0]


def test_the_history_shows_the_curvature() -> None:
    """One iteration's is not enough for a valley of many dimensions."""

    def valley(xs: Any) -> Any:
        return sum(10.0**i * (x - 1.0) ** 2 for i, x in enumerate(xs)) + (xs[0] * xs[1] - 1.0) ** 4

    counts = []
    for size in (1, 10):
        calls: list[Any] = []
        optimizer = LBFGS([Value(0.0) for _ in range(5)], max_iter=1000, history_size=size, tolerance_change=1e-15)
        optimizer.step(closure_of(optimizer, valley, calls))
        counts.append(len(calls))
    assert counts[1] < counts[0]


def test_what_stays_where_it_is() -> None:
    """A parameter that the loss does not depend on; and one that is in its minimum already."""
    x, y = Value(1.0), Value(5.0)
    optimizer = LBFGS([x, y])
    optimizer.step(closure_of(optimizer, lambda xs: (xs[0] - 3.0) ** 2))
    assert (x.data, y.data) == (pytest.approx(3.0), 5.0)
    assert not y.has_grad
    at = x.data
    optimizer.step(closure_of(optimizer, lambda xs: (xs[0] - at) ** 2))
    assert x.data == at


# --- numbers in, numbers out ------------------------------------------------------------------------------------------


def test_numbers_in_numbers_out() -> None:
    """What compiled training calls: an objective of arrays; no parameter moves, and the array is its own."""
    optimizer = LBFGS([Value(0.0), Value(0.0)], max_iter=100)
    seen: list[Any] = []

    def objective(numbers: Any) -> Any:
        seen.append(numbers)
        loss, gradient = value_and_grad(rosenbrock)(list(map(float, numbers)))
        return loss, gradient

    numbers, loss = optimizer.minimized(objective, [-1.2, 1.0])
    assert isinstance(numbers, np.ndarray)
    assert numbers.tolist() == pytest.approx([1.0, 1.0], rel=1e-4)
    assert type(loss) is float
    assert 0.0 <= loss < 1e-8
    assert seen[0].tolist() == [-1.2, 1.0]
    assert seen[-1].tolist() != seen[0].tolist()
    assert [p.data for p in optimizer.parameters] == [0.0, 0.0]


BEYOND = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@pytest.mark.parametrize("start", [50.0, 1.9, 1e4])
@pytest.mark.parametrize("beyond", BEYOND)
def test_a_trial_without_numbers_is_a_step_too_long(beyond: str, start: float) -> None:
    """Of x - log(x), whose minimum is at 1, where the first steps lead below 0."""
    tried = []

    def objective(numbers: Any) -> Any:
        x = float(numbers[0])
        tried.append(x)
        return (x - math.log(x), [1.0 - 1.0 / x]) if x > 0.0 else (BEYOND[beyond], [BEYOND[beyond]])

    numbers, loss = LBFGS([Value(0.0)], max_iter=200).minimized(objective, [start])
    assert numbers[0] == pytest.approx(1.0, rel=1e-3)
    assert loss == pytest.approx(1.0, rel=1e-6)
    assert start == 1.9 or min(tried) < 0.0


def test_the_best_trial_is_taken() -> None:
    """Of a loss that has no minimum, the last that is finite; never one that is -inf."""

    def objective(numbers: Any) -> Any:
        slope = -math.exp(numbers[0]) if numbers[0] < 700.0 else -math.inf
        return slope, [slope]

    numbers, loss = LBFGS([Value(0.0)]).minimized(objective, [0.0])
    assert 100.0 < numbers[0] < 700.0
    assert loss == -math.exp(numbers[0])


def test_a_trial_that_is_worse_changes_nothing() -> None:
    """The best one stays; a trial without numbers lies in a bowl around it, above the first."""
    trials = _Trials(lambda x: (float(x @ x), 2.0 * x) if x[0] < 5.0 else (math.nan, x), np)
    for x in ([4.0, 0.0], [1.0, 0.0], [2.0, 2.0]):
        trials(np.array(x))
    assert (trials.best.tolist(), trials.loss) == ([1.0, 0.0], 1.0)
    loss, slopes = trials(np.array([6.0, 0.0]))
    assert loss > 16.0
    assert slopes[0] > 0.0 == slopes[1]
    nearer, _ = trials(np.array([5.5, 0.0]))
    assert nearer == loss
    assert (trials.best.tolist(), trials.loss) == ([1.0, 0.0], 1.0)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            lambda xs: log(xs[0]),
            "the loss is nan at the parameters where LBFGS begins, .-1.0, 2.0.: begin with others, or find",
        ),
        (lambda xs: (xs[0] + 1.0) ** 0.5 + xs[1] ** 2, "a gradient is inf at the parameters where LBFGS begins"),
    ],
)
def test_a_start_without_numbers(loss: Any, message: str) -> None:
    """Is refused, and the parameters stay."""
    optimizer = LBFGS([Value(-1.0), Value(2.0)])
    with pytest.raises(AnomalyError, match=message):
        optimizer.step(closure_of(optimizer, loss))
    assert [p.data for p in optimizer.parameters] == [-1.0, 2.0]


# --- whole or not at all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("of the closure"), KeyboardInterrupt()])
def test_an_error_in_the_closure(error: BaseException) -> None:
    """Comes through, and the parameters are those before the step."""
    optimizer = LBFGS([Value(-1.2), Value(1.0)])
    calls: list[Any] = []
    inner = closure_of(optimizer, rosenbrock, calls)

    def closure() -> Any:
        if len(calls) == 5:
            raise error
        return inner()

    with pytest.raises(type(error)):
        optimizer.step(closure)
    assert calls[4] != [-1.2, 1.0]
    assert [p.data for p in optimizer.parameters] == [-1.2, 1.0]


def test_an_interrupt_leaves_no_step_half_made() -> None:
    """Wherever it comes: all parameters are of before the step, or of after it."""

    def step() -> list[float]:
        optimizer = LBFGS([Value(-1.2), Value(1.0)], max_iter=2)
        traced = sys.gettrace()
        sys.settrace(Interrupt(at, nn.optim.lbfgs.LBFGS.step, nn.optim.lbfgs.LBFGS.minimized, nn.optim.lbfgs._Trials.__call__))
        try:
            optimizer.step(closure_of(optimizer, rosenbrock))
        except KeyboardInterrupt:
            seen.append(at)
        finally:
            sys.settrace(traced)
        return [p.data for p in optimizer.parameters]

    seen: list[int] = []
    at = 10**9
    before, after = [-1.2, 1.0], step()
    for at in range(1, 10**9):
        numbers = step()
        assert numbers in (before, after), at
        if not seen or seen[-1] != at:
            break
    assert len(seen) > 100


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LBFGS([Value(1.0)]).step(), TypeError, r"LBFGS evaluates the loss several times .*: step\(closure\)"),
        (
            lambda: LBFGS([Value(1.0)]).step(lambda: None),
            TypeError,
            "the loss that closure returns must be one real number, not N",
        ),
        (
            lambda: LBFGS([Value(1.0)]).step(lambda: 1.0),
            ValueError,
            r"closure left no gradient .*: call loss.backward\(\) before",
        ),
        (
            lambda: LBFGS([Value(1.0)]).update(1.0, 1.0, None),
            TypeError,
            r"LBFGS moves all parameters together.*step\(closure\)",
        ),
        (lambda: LBFGS([Value(1.0)], lr=0.1), ValueError, "LBFGS has no learning rate, not lr=0.1: its line search finds"),
        (lambda: LBFGS([Value(1.0)], max_iter=0), ValueError, "max_iter must be a whole number of at least 1, not 0"),
        (lambda: LBFGS([Value(1.0)], max_eval=0), ValueError, "max_eval must be a whole number of at least 1"),
        (lambda: LBFGS([Value(1.0)], tolerance_grad=-1.0), ValueError, "tolerance_grad must be finite and not negative"),
        (lambda: LBFGS([Value(1.0)], tolerance_change=-1.0), ValueError, "tolerance_change must be finite and not negative"),
        (lambda: LBFGS([Value(1.0)], history_size=2.5), ValueError, "history_size must be a whole number of at least 1"),
        (lambda: LBFGS([]), ValueError, "there are no parameters to optimize"),
    ],
)
def test_what_lbfgs_refuses(call: Any, error: type[Exception], message: str) -> None:
    """With what was given, and why."""
    with pytest.raises(error, match=message):
        call()


def test_it_has_no_rate_to_schedule() -> None:
    """1.0, which may be given; a schedule that would change it is refused."""
    optimizer = LBFGS([Value(1.0)], lr=1)
    assert optimizer.lr == 1.0
    schedule = StepLR(optimizer, 1, gamma=0.5)
    with pytest.raises(ValueError, match=r"LBFGS has no learning rate, not lr=0\.5"):
        schedule.step()


def test_its_state_is_its_options() -> None:
    """It keeps nothing from step to step."""
    optimizer = LBFGS([Value(-1.2), Value(1.0)], max_iter=7, tolerance_grad=1e-3)
    optimizer.step(closure_of(optimizer, rosenbrock))
    other = LBFGS([Value(1.0), Value(1.0)])
    other.load_state_dict(optimizer.state_dict())
    assert other.state_dict() == optimizer.state_dict()
    assert (other.max_iter, other.max_eval, other.tolerance_grad) == (7, None, 1e-3)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the command, before any work."""
    monkeypatch.setattr("nn.optim.lbfgs.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="LBFGS needs SciPy: pip install scipy"):
        LBFGS([Value(1.0)])
