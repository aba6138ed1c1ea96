"""Losses: PyTorch's values and gradients in every reduction, the new ones by hand, compiled, as classes, and refusals."""

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import Value, detect_anomaly, grads, hessian, jit, log_softmax, values
from autograd.testing import gradcheck, truth
from nn import (
    Loss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from tests.compiler.comparison import bits
from tests.nn import make_references as references
from tests.nn.optim.test_optimizers import flat

CLASSES = {cls.function: cls for cls in Loss.__subclasses__()}


def leaves(numbers: Any) -> Any:
    """The numbers in nested lists as Values."""
    return [leaves(x) for x in numbers] if isinstance(numbers, list) else Value(numbers)


@pytest.mark.parametrize("reduction", references.REDUCTIONS)
@pytest.mark.parametrize("name", references.LOSSES)
def test_values_and_gradients_are_pytorchs(name: str, reduction: str) -> None:
    """Of lists and arrays, by the function and by the class; "none" is nested like the targets."""
    predictions, targets, options = references.LOSSES[name]
    value, gradient = references.recorded()["losses"][f"{name}, {reduction}"]
    function = getattr(nn, references.class_of(name))
    for loss in (
        lambda p, t: function(p, t, reduction=reduction, **options),
        CLASSES[function](reduction=reduction, **options),
    ):
        for t in (targets, np.array(targets)):
            given = leaves(predictions)
            found = loss(given, t)
            assert_nested_alike(values(found), value)
            ag.sum_(flat(found)).backward()
            assert flat(grads(given)) == pytest.approx(flat(gradient), rel=1e-12, abs=1e-15)
        assert flat(values(loss(np.array(predictions), targets))) == pytest.approx(flat(value), rel=1e-12)


def assert_nested_alike(found: Any, wanted: Any) -> None:
    """The same lists, and numbers that agree."""
    if isinstance(wanted, list):
        assert isinstance(found, list)
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_nested_alike(one, other)
    else:
        assert found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", references.LOSSES)
def test_reductions_of_one_prediction_are_its_term(name: str) -> None:
    """One number, however it is reduced."""
    predictions, targets, options = references.LOSSES[name]
    function = getattr(nn, references.class_of(name))
    p, t = predictions[0], targets[0]
    if function not in (cross_entropy, nll_loss) and isinstance(p, list):
        p, t = p[0], t[0]
    terms = {function(p, t, reduction=reduction, **options) for reduction in references.REDUCTIONS}
    assert len(terms) == 1
    assert type(terms.pop()) is float


@given(d=st.floats(-100, 100), delta=st.floats(1e-3, 50))
def test_huber_loss(d: float, delta: float) -> None:
    """Its two pieces, which meet in value and slope."""
    prediction = Value(d)
    loss = huber_loss(prediction, 0.0, delta=delta)
    loss.backward()
    inside = abs(d) <= delta
    assert loss.data == pytest.approx(d * d / 2 if inside else delta * (abs(d) - delta / 2), rel=1e-12, abs=1e-300)
    assert prediction.grad == pytest.approx(d if inside else math.copysign(delta, d), rel=1e-12)


def test_huber_loss_far_out_and_at_zero() -> None:
    """No inf comes of the piece that is not meant; the second derivative is 1 inside, also at 0, and 0 outside."""
    with detect_anomaly():
        assert huber_loss(Value(1e300), 0.0).data == 1e300
    assert [hessian(lambda p: huber_loss(p, 0.0))(p) for p in (0.0, 0.5, -2.0)] == [1.0, 1.0, 0.0]
    assert gradcheck(lambda p: huber_loss(p, 0.25, delta=2.0), 1.0)


def test_l1_loss_where_it_is_met() -> None:
    """The slope is 0 there, the sign elsewhere."""
    predictions = leaves([1.0, 2.0, -3.0])
    l1_loss(predictions, [1.0, 0.0, 0.0], reduction="sum").backward()
    assert grads(predictions) == [0.0, 1.0, -1.0]


def test_nll_loss_of_log_softmax_is_cross_entropy() -> None:
    """As a mean over samples, as PyTorch documents it."""
    for reduction in references.REDUCTIONS:
        found = nll_loss([log_softmax(z) for z in references.LOGITS], [2, 1, 0, 0], reduction=reduction)
        wanted = cross_entropy(references.LOGITS, [2, 1, 0, 0], reduction=reduction)
        assert flat([found]) == pytest.approx(flat([wanted]), rel=1e-12, abs=1e-15)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=5))
def test_mse_loss(pairs: list[tuple[float, float]]) -> None:
    """The mean of the squares, and the gradient 2 (p - t) / n."""
    predictions = [Value(p) for p, _ in pairs]
    loss = mse_loss(predictions, [t for _, t in pairs])
    assert math.isclose(loss.data, math.fsum((p - t) ** 2 for p, t in pairs) / len(pairs), rel_tol=1e-14, abs_tol=1e-300)
    loss.backward()
    for value, (p, t) in zip(predictions, pairs, strict=True):
        assert math.isclose(value.grad, 2 * (p - t) / len(pairs), rel_tol=1e-14, abs_tol=1e-300)


@pytest.mark.parametrize("p", [1e-300, 1e-9, 0.25, 0.5, 1.0 - 2.0**-53])
@pytest.mark.parametrize("t", [0, 1, 0.3])
def test_binary_cross_entropy_against_60_digits(p: float, t: float) -> None:
    """Value and slope (p - t) / (p (1 - p))."""
    probability = Value(p)
    loss = binary_cross_entropy(probability, t)
    loss.backward()
    with mpmath.workdps(truth.DIGITS):
        at, target = mpmath.mpf(p), mpmath.mpf(t)
        assert truth.error_in_ulps(loss.data, -(target * mpmath.log(at) + (1 - target) * mpmath.log(1 - at))) <= 8.0
        slope = (at - target) / (at * (1 - at))
        assert abs(probability.grad - slope) <= 1e-15 * abs(slope)


@pytest.mark.parametrize("p", [0.0, 1e-300, 1e-20, 0.3, 1.0 - 2.0**-53, 1.0])
@pytest.mark.parametrize("t", [0.0, 1.0])
def test_binary_cross_entropy_of_a_target_that_is_a_value(p: float, t: float) -> None:
    """Keeps the digits that it has with the number, in value and slope; the slope to the target is log1p(-p) - log(p)."""
    target, probability, again = Value(t), Value(p), Value(p)
    loss = binary_cross_entropy(probability, target)
    wanted = binary_cross_entropy(again, t)
    loss.backward()
    wanted.backward()
    assert loss.data == wanted.data
    assert probability.grad == again.grad
    if 0.0 < p < 1.0:
        assert math.isclose(target.grad, math.log1p(-p) - math.log(p), rel_tol=1e-15)


EXTREMES = [0.0, -0.0, 0.7, -3.0, 40.0, 700.0, -745.0, 1e3, -1e3, 1e12, -1e12, 1e17, -1e17, 1e308, -1e308, 1e-300]
SAMPLES = [
    *([x] for x in EXTREMES),
    *([x, y] for x in EXTREMES for y in EXTREMES),
    *(random.Random(n).choices([*EXTREMES, 1.3, -0.2, 5.5], k=3 + n % 3) for n in range(60)),
]


@pytest.mark.parametrize(
    "loss", [cross_entropy, lambda z, t: nll_loss(log_softmax(z), t)], ids=["cross_entropy", "nll_loss of log_softmax"]
)
def test_cross_entropy_of_extreme_logits_against_60_digits(loss: Any) -> None:
    """Value, slope softmax(z) less 1 for the right class, and second derivatives lose nothing beyond the rounding of z - m."""
    for logits in SAMPLES:
        for target in range(len(logits)):
            with mpmath.workdps(60):
                z = [mpmath.mpf(x) for x in logits]
                powers = [mpmath.exp(x - max(z)) for x in z]
                p = [power / mpmath.fsum(powers) for power in powers]
                others = [mpmath.fsum([*p[:i], *p[i + 1 :]]) for i in range(len(p))]
                surprise = mpmath.log1p(mpmath.fsum([mpmath.exp(x - z[target]) for j, x in enumerate(z) if j != target]))
                assert_near(loss(logits, target), surprise, logits)
                for i, slope in enumerate(ag.grad(loss)(logits, target)):
                    assert_near(slope, -others[i] if i == target else p[i], logits)
                for i, row in enumerate(hessian(loss)(logits, target)):
                    for j, second in enumerate(row):
                        assert_near(second, p[i] * others[i] if i == j else -p[i] * p[j], logits)


def assert_near(found: float, exact: Any, logits: list[float]) -> None:
    """Within a few roundings, and what those of z - m make of exp(z - m); inf is right beyond the numbers."""
    shifts = [abs(x - max(logits)) for x in logits]
    allowed = 1e-15 + 1.2e-16 * max([shift for shift in shifts if shift < 750.0])
    beyond = abs(exact) > mpmath.mpf("1.7976931348623157e308")
    near = math.isinf(found) if beyond else abs(found - exact) <= allowed * abs(exact) + 1e-300
    assert near, f"{found!r}, not {mpmath.nstr(exact, 20)}, at {logits}"


@pytest.mark.parametrize("t", [0.0, 1.0, 0.3, 1e-300])
@pytest.mark.parametrize("z", [*EXTREMES, -800.0, -40.0, -1e-3, 3.0, math.inf, -math.inf])
def test_binary_cross_entropy_of_extreme_logits_against_60_digits(z: float, t: float) -> None:
    """Value, slope sigmoid(z) - t and second derivative keep their digits; at infinity they are the limits."""
    loss = lambda z: binary_cross_entropy_with_logits(z, t)  # noqa: E731
    found = [ag.derivative(loss, order=order)(z) for order in range(3)]
    if math.isinf(z):
        assert found == [math.inf if (z > 0) != (t == 1.0) or 0.0 < t < 1.0 else 0.0, float(z > 0) - t, 0.0]
        return
    with mpmath.workdps(60):
        x, target = mpmath.mpf(z), mpmath.mpf(t)
        small = mpmath.exp(-abs(x))
        larger, smaller = 1 / (1 + small), small / (1 + small)
        p, q = (larger, smaller) if z >= 0.0 else (smaller, larger)
        value = target * (max(-x, 0) + mpmath.log1p(small)) + (1 - target) * (max(x, 0) + mpmath.log1p(small))
        for number, exact in zip(found, [value, p * (1 - target) - q * target, p * q], strict=True):
            assert abs(number - exact) <= 1e-15 * abs(exact) + 1e-16 * (t == 0.3) + 1e-300, f"{number!r}, not {exact}"


@pytest.mark.parametrize("x", [1e3, -1e17, 1e308, -1e308, math.inf, -math.inf])
def test_losses_far_out(x: float) -> None:
    """Every loss of numbers has its limit, or overflows to inf; the slopes are those of the piece it is on."""
    infinite = math.inf if abs(x) > 1e200 else x * x
    sign = math.copysign(1.0, x)
    assert mse_loss(x, 0.0) == infinite
    assert [l1_loss(x, 1e-3), ag.grad(l1_loss)(x, 1e-3)] == [abs(x - 1e-3), sign]
    assert [huber_loss(x, 0.0), ag.grad(huber_loss)(x, 0.0)] == [abs(x) - 0.5, sign]
    assert [hinge_loss(x, 1), ag.grad(hinge_loss)(x, 1)] == [max(0.0, 1.0 - x), -float(x < 1.0)]
    assert [nll_loss([x, -math.inf], 0), *ag.grad(nll_loss)([x, -math.inf], 0)] == [-x, -1.0, 0.0]
    for loss in (mse_loss, l1_loss, huber_loss):
        assert ag.hessian(loss)(x, 0.0) == (2.0 if loss is mse_loss else 0.0)


def test_cross_entropy_of_a_batch_is_the_mean() -> None:
    """Lists, arrays and single samples alike."""
    logits = [[0.1, 0.2, 0.3], [1.0, -1.0, 0.0]]
    single = [cross_entropy(z, t) for z, t in zip(logits, (2, 0), strict=True)]
    for batch in (logits, np.array(logits), [[Value(z) for z in row] for row in logits]):
        for targets in ([2, 0], np.array([2, 0])):
            loss = cross_entropy(batch, targets)
            assert math.isclose(loss.data if isinstance(loss, Value) else loss, sum(single) / 2)


def test_hinge_loss() -> None:
    """Inside the margin the slope is -t, beyond it and on its edge 0."""
    scores = [Value(0.5), Value(2.0), Value(-0.5), Value(1.0)]
    loss = hinge_loss(scores, [1, 1, 1, 1])
    loss.backward()
    assert loss.data == (0.5 + 0.0 + 1.5 + 0.0) / 4
    assert [s.grad for s in scores] == [-0.25, 0.0, -0.25, 0.0]


def test_losses_take_nested_predictions() -> None:
    """Nested alike; a single number as it is."""
    assert mse_loss([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 2.0]]) == 1.0
    assert mse_loss(np.ones((2, 2)), np.zeros((2, 2))) == 1.0
    assert mse_loss(Value(3.0), 1).data == 4.0


def test_numbers_of_any_type() -> None:
    """NumPy's, integers and bools are checked and computed like floats."""
    assert mse_loss([np.float32(1.0), 2], [True, np.int64(4)]) == 2.0
    with pytest.raises(ValueError, match=r"every target in \[0, 1\]; target 0 is 2"):
        binary_cross_entropy([Value(0.5)], [np.int64(2)])
    with pytest.raises(ValueError, match=r"probability 1 is 1\.5"):
        binary_cross_entropy([0.5, np.float32(1.5)], [1, 0])


# --- compiled ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", [l1_loss, huber_loss, nll_loss], ids=lambda loss: loss.__name__)
def test_compiled_losses(loss: Any, reduction: str) -> None:
    """The same bits as eager ones, in value and gradient, with traced targets."""
    name = loss.__name__
    predictions, targets, _ = references.LOSSES[name]

    def reduced(p: Any, t: Any) -> Any:
        return loss(p, t, reduction=reduction)

    both = ag.value_and_grad(reduced)
    if loss is not nll_loss:  # integers are classes to eager code alone
        assert jit(both)(predictions, targets) == both(predictions, targets)
    value, gradient = jit(both)(predictions, targets)
    assert (value, gradient) == (reduced(predictions, targets), ag.grad(reduced)(predictions, targets))


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_cross_entropy_of_a_traced_target(classes: int, backend: str) -> None:
    """The class is chosen when the compiled function runs: value and gradient are those of its number, bit for bit."""
    rng = random.Random(classes)
    logits = [[rng.gauss(0.0, 20.0) for _ in range(classes)] for _ in range(20)]
    targets = [rng.randrange(classes) for _ in logits]
    compiled, gradient = (jit(f, backend=backend) for f in (cross_entropy, ag.grad(cross_entropy)))
    for z, target in zip(logits, targets, strict=True):
        assert compiled(z, target) == compiled(np.array(z), float(target)) == cross_entropy(z, target)
        assert gradient(z, target) == ag.grad(cross_entropy)(z, target)
    assert compiled(logits, targets) == cross_entropy(logits, targets)
    for point in ([0.0, -1e12, 0.7], [0.0, -math.inf, 0.7], [1e308, -1e308, 0.0], [-math.inf, 0.0, -math.inf]):
        for target in range(3):
            for order in (lambda f: f, ag.grad, ag.hessian):
                assert bits(jit(order(cross_entropy), backend=backend)(point, target)) == bits(
                    order(cross_entropy)(point, target)
                )
    mean = jit(cross_entropy, in_axes=(0, 0), reduce="mean", backend=backend)
    assert math.isclose(mean(np.array(logits), np.array(targets)), cross_entropy(logits, targets), rel_tol=1e-14)


def test_a_traced_target_that_is_no_class(backend: str) -> None:
    """Gives nan: it cannot be refused."""
    compiled = jit(cross_entropy, backend=backend)
    for target in (-1, 3, 0.5, math.nan, math.inf):
        assert math.isnan(compiled([1.0, 2.0, 3.0], target))
        assert math.isnan(compiled([1.0], target))


@pytest.mark.parametrize(
    ("loss", "predictions", "targets"),
    [
        (mse_loss, [-1.5, 0.0, 2.0], [1.0, 0.5, 2.0]),
        (hinge_loss, [-1.5, 0.0, 1.0, 2.0], [-1.0, 1.0]),
        (binary_cross_entropy, [0.0, 1e-300, 1e-20, 0.3, 1.0 - 2.0**-53, 1.0], [0.0, 1.0, 0.3]),
        (binary_cross_entropy_with_logits, [-800.0, -40.0, 0.0, 3.0, 700.0], [0.0, 1.0, 0.3]),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_losses_compiled(loss: Any, predictions: list[float], targets: list[float], backend: str) -> None:
    """Value and gradient of traced predictions and targets are those of the numbers, bit for bit."""
    compiled, gradient = (jit(f, backend=backend) for f in (loss, ag.grad(loss)))
    for p in predictions:
        for t in targets:
            assert compiled(p, t) == loss(p, t)
            assert gradient(p, t) == ag.grad(loss)(p, t)
    pairs = [[p for p in predictions for _ in targets], [t for _ in predictions for t in targets]]
    assert compiled(*pairs) == loss(*pairs)
    assert compiled(*map(np.array, pairs)) == loss(*pairs)


def test_a_traced_target_that_is_no_class_has_no_likelihood() -> None:
    """nan, since it cannot be refused."""
    compiled = jit(nll_loss)
    assert compiled([-1.0, -2.0], 1) == 2.0
    for target in (-1, 2, 0.5, math.nan):
        assert math.isnan(compiled([-1.0, -2.0], target))


def test_compiled_reductions_of_none() -> None:
    """A list of numbers."""
    assert jit(lambda p, t: mse_loss(p, t, reduction="none"))([1.0, 2.0], [0.0, 4.0]) == [1.0, 4.0]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: mse_loss([1.0], [1.0], reduction="average"),
            ValueError,
            'reduction must be "mean", "sum" or "none", not \'average\'',
        ),
        (lambda: cross_entropy([1.0], "no target", reduction=None), ValueError, "not None"),
        (lambda: huber_loss(1.0, 1.0, delta=0), ValueError, "delta must be positive, not 0: delta=1.0, for example"),
        (lambda: l1_loss([1.0], [1.0, 2.0]), ValueError, "l1_loss wants a target for every prediction, was given 1 and 2"),
        (lambda: l1_loss([1.0], [None]), TypeError, "a target of l1_loss must be one real number, not None"),
        (lambda: mse_loss([1j], [1.0]), TypeError, "a prediction of mse_loss must be one real number, not the complex"),
        (lambda: hinge_loss([0.5], [math.nan]), ValueError, "every target -1 or 1 .*target 0 is nan"),
        (lambda: nll_loss([-0.1, -0.2], 2), ValueError, "nll_loss has 2 classes, numbered from 0; target 0 is 2"),
        (lambda: nll_loss([[-0.1, -0.2]], [1.0]), ValueError, r"nll_loss wants class numbers .*target 0 is 1.0: use int"),
        (lambda: nll_loss([-0.5], [0]), ValueError, "nll_loss wants a list of log-probabilities, one for each class"),
        (lambda: nll_loss([], []), ValueError, "nll_loss has no mean over no predictions"),
    ],
)
def test_what_losses_refuse(call: Any, error: type[Exception], message: str) -> None:
    """Wrong options, and anything but numbers, before any work."""
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mse_loss([1.0], [1.0, 2.0]), "mse_loss wants a target for every prediction, was given 1 and 2"),
        (lambda: mse_loss([], []), "mse_loss has no mean over no predictions"),
        (lambda: mse_loss([1.0], 1.0), "nest both alike"),
        (lambda: mse_loss([[1.0]], [1.0]), "nest both alike"),
        (lambda: binary_cross_entropy([0.5], [2]), r"every target in \[0, 1\]; target 0 is 2"),
        (
            lambda: binary_cross_entropy([Value(1.5)], [1]),
            r"every probability in \[0, 1\] \(apply sigmoid.*probability 0 is 1.5",
        ),
        (lambda: binary_cross_entropy_with_logits([0.5], [-1]), r"target 0 is -1"),
        (lambda: hinge_loss([0.5, 0.1], [1, 0]), r"every target -1 or 1 \(2 \* t - 1 .*target 1 is 0"),
        (lambda: cross_entropy([0.1, 0.2], 2), "cross_entropy has 2 classes, numbered from 0; target 0 is 2"),
        (lambda: cross_entropy([0.1, 0.2], -1), "target 0 is -1"),
        (lambda: cross_entropy([[0.1, 0.2]], [0.5]), r"target 0 is 0.5: use int"),
        (lambda: cross_entropy([0.1, 0.2], [0, 1]), "a list of logits, one for each class, for sample 0, not 0.1"),
        (lambda: cross_entropy([[0.1, 0.2]], 0), "several samples and one target"),
        (lambda: cross_entropy([], []), "no mean over no predictions"),
        (lambda: cross_entropy([[]], [0]), "a list of logits"),
    ],
)
def test_predictions_and_targets_that_do_not_match(call: Any, message: str) -> None:
    """What does not match, is empty, or is out of range, named before any work."""
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("loss", "predictions"),
    [
        (nn.mse_loss, "values"),
        (nn.l1_loss, "values"),
        (nn.huber_loss, "values"),
        (nn.hinge_loss, "scores"),
        (nn.binary_cross_entropy, "probabilities"),
        (nn.binary_cross_entropy_with_logits, "logits"),
        (nn.cross_entropy, "logits"),
        (nn.nll_loss, "log-probabilities"),
    ],
)
def test_each_loss_says_what_it_takes(loss: Any, predictions: str) -> None:
    """As a function, and as an object."""
    assert loss.predictions == predictions
    objects = [kind for kind in nn.Loss.__subclasses__() if kind.__module__ == "nn.loss_modules" and kind.function is loss]
    assert [kind().predictions for kind in objects] == [predictions]


LOGITS = [[[0.5, -1.0, 2.0], [1.0, 0.0, -0.5]], [[0.0, 0.25, 0.5]]]


@pytest.mark.parametrize("loss", [cross_entropy, lambda z, t, **o: nll_loss(nn.LogSoftmax()(z), t, **o)], ids=["logits", "log"])
def test_places_of_sequences(loss: Any) -> None:
    """Nested further, of different lengths too: the mean over all places, of those that count."""
    flat_logits = [row for sequence in LOGITS for row in sequence]
    assert loss(LOGITS, [[2, 0], [1]]) == pytest.approx(loss(flat_logits, [2, 0, 1]), rel=1e-15)
    assert loss(LOGITS, [[2, -100], [1]]) == pytest.approx(loss(flat_logits[::2], [2, 1]), rel=1e-15)
    assert loss(LOGITS, [[2, 0], [1]], ignore_index=0) == pytest.approx(loss(flat_logits[::2], [2, 1]), rel=1e-15)
    each = [[loss(flat_logits[0], 2), loss(flat_logits[1], 0)], [loss(flat_logits[2], 1)]]
    assert loss(LOGITS, [[2, 0], [1]], reduction="none") == each
    assert loss(LOGITS, [[2, -100], [1]], reduction="none")[0][1] == 0.0
    assert loss(LOGITS, [[2, -100], [1]], reduction="sum") == pytest.approx(2.0 * loss(flat_logits[::2], [2, 1]), rel=1e-15)
    assert math.isnan(loss(LOGITS, [[-100, -100], [-100]]))
    assert loss(flat_logits, [2, -100, 1]) == pytest.approx(loss(flat_logits[::2], [2, 1]), rel=1e-15)
    logits = [[[Value(x) for x in row] for row in sequence] for sequence in LOGITS]
    loss(logits, [[2, -100], [1]]).backward()
    assert all(x.grad == 0.0 for x in logits[0][1])
    assert all(x.grad != 0.0 for x in logits[0][0])


def test_targets_of_the_run_may_not_count() -> None:
    """In compiled code: the same numbers, by one program."""
    step = ag.jit(ag.value_and_grad(cross_entropy))
    for targets in ([[2, 0], [1]], [[2, -100], [1]], [[-100, -100], [1]]):
        value, slope = step(LOGITS, targets)
        wanted, slopes = ag.value_and_grad(lambda z: cross_entropy(z, targets))(LOGITS)  # noqa: B023 - called here
        assert value == pytest.approx(wanted, rel=1e-14)
        assert nn.Flatten()(slope[0]) == pytest.approx(nn.Flatten()(slopes[0]), rel=1e-14)
    with pytest.raises(ValueError, match=r"has 3 classes, numbered from 0; target \(0, 1\) is 3"):
        cross_entropy(LOGITS, [[2, 3], [1]])
    with pytest.raises(ValueError, match="wants a target for every prediction, was given 2 and 1"):
        cross_entropy(LOGITS, [[2], [1]])
    with pytest.raises(TypeError, match="ignore_index must be a whole number"):
        cross_entropy(LOGITS, [[2, 1], [1]], ignore_index=0.5)  # type: ignore[arg-type]
    assert repr(nn.CrossEntropyLoss(ignore_index=0)) == "CrossEntropyLoss(reduction='mean', ignore_index=0)"
    assert nn.CrossEntropyLoss(ignore_index=0)(LOGITS, [[2, 0], [1]]) == cross_entropy(LOGITS, [[2, 0], [1]], ignore_index=0)


@pytest.mark.parametrize(("logits", "target"), [([1.0, 2.0], [1.0, 0.0]), ([[1.0, 2.0]], [[1, 0]])])
def test_one_hot_targets_are_told(logits: Any, target: Any) -> None:
    """The remedy is the number of the class."""
    with pytest.raises(ValueError, match=r"Targets are numbers of classes: target\.index\(1\) of a one-hot list"):
        cross_entropy(logits, target)


def test_cross_entropy_over_places_is_a_loop_of_a_trace() -> None:
    """Whose code does not grow with them; value and slopes are those of Python's loop."""
    rng = random.Random(0)
    logits = [[rng.gauss(0, 1) for _ in range(5)] for _ in range(9)]
    targets = [float(i % 5) for i in range(8)] + [-100.0]
    f = jit(nn.cross_entropy)
    zs = [list(map(Value, row)) for row in logits]
    whole = list(map(int, targets))
    wanted = nn.cross_entropy(zs, whole)
    wanted.backward()
    assert bits(f(logits, targets)) == bits(wanted.data)
    slopes = jit(ag.grad(nn.cross_entropy))(logits, targets)
    assert bits(flat(slopes)) == bits(flat(grads(zs)))
    names = [form.name for form, _ in f._calls.latest.compiled.program.steps]
    assert names.count("loop") == 1
    assert "surprisal" not in names


OPEN: dict[str, tuple[Any, Any, Any]] = {
    "mse_loss": (mse_loss, [0.5, -1.0, 2.0], [0.0, 1.0, 1.5]),
    "mse_loss of vectors": (mse_loss, [[0.5, -1.0], [2.0, 0.25]], [[0.0, 1.0], [1.5, 1.0]]),
    "l1_loss": (l1_loss, [0.5, -1.0, 2.0], [0.0, 1.0, 1.5]),
    "huber_loss": (huber_loss, [0.5, -1.0, 4.0], [0.0, 1.0, 1.5]),
    "hinge_loss": (hinge_loss, [0.5, -1.0, 4.0], [1.0, -1.0, -1.0]),
    "binary_cross_entropy": (binary_cross_entropy, [0.5, 0.25, 0.75], [1.0, 0.0, 1.0]),
    "binary_cross_entropy_with_logits": (binary_cross_entropy_with_logits, [0.5, -2.0, 0.75], [1.0, 0.0, 1.0]),
    "cross_entropy": (cross_entropy, [[0.5, 1.0, -1.0], [0.0, 0.25, 2.0]], [2, 0]),
    "cross_entropy with what does not count": (cross_entropy, [[0.5, 1.0], [0.0, 0.25], [1.0, 1.5]], [1, -100, 0]),
    "nll_loss": (nll_loss, [[-0.5, -1.0], [-2.0, -0.25]], [0, 1]),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", OPEN)
def test_sequences_of_any_length(name: str, reduction: str) -> None:
    """One program for all lengths, with the numbers of lists."""
    loss, predictions, targets = OPEN[name]
    value = jit(lambda p, t: loss(p, t, reduction=reduction), dynamic_argnums=(0, 1))
    for n in (len(targets), 1):
        at = predictions[:n], [*map(float, targets[:n])] if isinstance(targets[0], int) else targets[:n]
        found, expected = value(*at), loss(predictions[:n], targets[:n], reduction=reduction)
        np.testing.assert_allclose(found, np.array(expected), rtol=1e-14)
        if reduction != "none":
            slopes = jit(ag.grad(lambda p, t: loss(p, t, reduction=reduction)), dynamic_argnums=(0, 1))(*at)
            wanted = ag.grad(lambda p, t: loss(p, t, reduction=reduction))(predictions[:n], targets[:n])
            np.testing.assert_allclose(slopes, np.array(wanted), rtol=1e-13, atol=1e-16)
