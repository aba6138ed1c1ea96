"""Losses: PyTorch's values and gradients in every reduction, the new ones by hand, compiled, as classes, and refusals."""

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import Value, detect_anomaly, grads, hessian, jit, log_softmax, values
from autograd.testing import gradcheck
from nn import (
    HuberLoss,
    Loss,
    MSELoss,
    binary_cross_entropy,
    cross_entropy,
    hinge_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
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


def test_a_traced_target_that_is_no_class_has_no_likelihood() -> None:
    """nan, since it cannot be refused."""
    compiled = jit(nll_loss)
    assert compiled([-1.0, -2.0], 1) == 2.0
    for target in (-1, 2, 0.5, math.nan):
        assert math.isnan(compiled([-1.0, -2.0], target))


def test_compiled_reductions_of_none() -> None:
    """A list of numbers."""
    assert jit(lambda p, t: mse_loss(p, t, reduction="none"))([1.0, 2.0], [0.0, 4.0]) == [1.0, 4.0]


# --- classes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", Loss.__subclasses__(), ids=lambda cls: cls.__name__)
def test_classes_are_modules_and_travel(cls: Any) -> None:
    """They have no parameters, say what they are, and are copied and pickled."""
    loss = cls(reduction="sum")
    assert loss.parameters() == []
    assert repr(loss).startswith(f"{cls.__name__}(reduction='sum'")
    for copied in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert repr(copied) == repr(loss)
    assert getattr(nn, cls.__name__) is cls


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: mse_loss([1.0], [1.0], reduction="average"),
            ValueError,
            'reduction must be "mean", "sum" or "none", not \'average\'',
        ),
        (lambda: cross_entropy([1.0], "no target", reduction=None), ValueError, "not None"),
        (lambda: MSELoss(reduction="avg"), ValueError, "not 'avg'"),
        (lambda: huber_loss(1.0, 1.0, delta=0), ValueError, "delta must be positive, not 0: delta=1.0, say"),
        (lambda: HuberLoss(delta=math.nan), ValueError, "delta must be positive, not nan"),
        (lambda: HuberLoss(delta="1"), TypeError, "delta must be one real number, not the string"),
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
    """Options and numbers that are none, before any work."""
    with pytest.raises(error, match=message):
        call()
