"""accuracy: of several classes, of two, and what it refuses."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from nn import (
    MLP,
    SGD,
    BCELoss,
    BCEWithLogitsLoss,
    EarlyStopping,
    HingeLoss,
    History,
    HuberLoss,
    Loss,
    Module,
    accuracy,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    hinge_loss,
    l1_loss,
    mse_loss,
    predict,
)
from nn.training.metrics import _checked_share, _share
from tests.nn.training.runs import ENGINES

CASES: dict[str, tuple[Any, Any, float | None, float]] = {  # with the threshold
    "logits": ([[0.1, 2.0, -1.0], [1.5, 0.0, 0.0], [0.0, 0.0, 3.0], [5.0, 1.0, 1.0]], [1, 2, 2, 0], None, 0.75),
    "classes as floats": ([[0.1, 2.0], [1.5, 0.0]], [1.0, 0.0], None, 1.0),
    "a tie is the first": ([[1.0, 1.0], [1.0, 1.0]], [0, 1], None, 0.5),
    "nan is never right": ([[math.nan, 1.0], [1.0, math.nan], [0.0, 1.0]], [0, 0, 1], None, 1 / 3),
    "two probabilities": ([[0.2, 0.4], [0.9, 0.1]], [1, 0], None, 1.0),
    "one logit": ([2.5, -0.2, 0.4, -3.0], [1, 0, 0, 0], 0.0, 0.75),
    "logits that lie in [0, 1]": ([0.1, 0.2, 0.3], [1, 1, 1], 0.0, 1.0),
    "one probability": ([0.9, 0.2, 0.4, 0.6], [1, 0, 1, 0], 0.5, 0.5),
    "a probability of a half": ([0.5, 0.5], [0, 1], 0.5, 0.5),
    "values beyond [0, 1]": ([1.1, 0.4, -0.1], [1, 0, 0], 0.5, 1.0),
    "another threshold": ([0.1, 0.2], [0, 1], 0.1, 1.0),
    "predictions": ([1, 0, 1, 1], [1, 0, 0, 1], None, 0.75),
    "bools": ([True, False], [True, True], None, 0.5),
    "predictions with nan": ([1.0, math.nan], [1, 0], None, 0.5),
    "signs": ([0.3, -0.2, 0.4, 0.0], [1, -1, -1, -1], None, 0.75),
    "signs, all above": ([0.3, 0.2], [1, -1], None, 0.5),
    "one number that is nan": ([math.nan, math.nan, 2.0], [0, 1, 1], 0.0, 1 / 3),
    "alone in lists": ([[2.5], [-0.2]], [[1], [1]], 0.0, 0.5),
}


@pytest.mark.parametrize(("outputs", "targets", "threshold", "share"), CASES.values(), ids=CASES)
def test_accuracy(outputs: Any, targets: Any, threshold: float | None, share: float) -> None:
    """Of lists, tuples, arrays and Values."""
    for found in (outputs, tuple(outputs), np.array(outputs)):
        for truth in (targets, np.array(targets)):
            assert accuracy(found, truth, threshold=threshold) == pytest.approx(share)
    as_values = [[Value(x) for x in output] if isinstance(output, list) else Value(output) for output in outputs]
    assert accuracy(as_values, targets, threshold=threshold) == pytest.approx(share)


@pytest.mark.parametrize(
    "outputs", [[0.1, 0.2], [0.9, 0.6], [2.5, -0.2], [1.0, 1.5], [0.0, 1e-300], [[0.3], [0.4]], np.array([0.5, 0.5])]
)
def test_numbers_alone_do_not_tell(outputs: Any) -> None:
    """Whether scores are logits or probabilities: it is asked for, and not guessed from where they lie."""
    with pytest.raises(ValueError, match=r"logits or probabilities: accuracy\(outputs, targets, threshold=0\.0\) for logits"):
        accuracy(outputs, [1, 0])


# --- in fit -----------------------------------------------------------------------------------------------------------


class Fixed(Module):
    """Its inputs are its outputs, but for a parameter that hardly moves."""

    def __init__(self) -> None:
        self.offset = Value(0.0)

    def forward(self, x: Any) -> Any:
        return x + self.offset


def of_my_own(predictions: str) -> Any:
    """A loss that says what it takes."""

    def loss(outputs: Any, targets: Any) -> Any:
        return mse_loss(outputs, targets) + 0.0

    loss.predictions = predictions  # type: ignore[attr-defined]
    return loss


def my_loss(outputs: Any, targets: Any) -> Any:
    """A loss that does not say."""
    return mse_loss(outputs, targets)


class Squared(Loss):
    """A loss object of one's own."""

    function = staticmethod(mse_loss)
    predictions = "logits"  # type: ignore[assignment]


LOW, HIGH, ODD = [0.1, 0.2, 0.9], [0.6, 0.7, 0.9], [1.2, 0.4, -0.3]
IN_FIT: dict[str, tuple[Any, list[float], list[int], float]] = {  # with the threshold that is right
    "logits in [0, 1]": (binary_cross_entropy_with_logits, LOW, [1, 1, 1], 0.0),
    "logits object": (BCEWithLogitsLoss(), LOW, [1, 1, 0], 0.0),
    "logits partly": (partial(binary_cross_entropy_with_logits, reduction="mean"), LOW, [1, 1, 1], 0.0),
    "probabilities": (binary_cross_entropy, LOW, [0, 0, 1], 0.5),
    "probabilities object": (BCELoss(), HIGH, [1, 1, 0], 0.5),
    "hinge": (hinge_loss, LOW, [1, 1, 1], 0.0),
    "hinge of signs": (HingeLoss(), LOW, [1, -1, -1], 0.0),
    "values": (mse_loss, ODD, [1, 0, 0], 0.5),
    "values object": (HuberLoss(), LOW, [0, 0, 1], 0.5),
    "values of signs": (l1_loss, LOW, [1, 1, -1], 0.0),
    "my own": (my_loss, LOW, [1, -1, 1], 0.0),
    "my own, logits": (of_my_own("logits"), LOW, [1, 1, 1], 0.0),
    "my own, probabilities": (of_my_own("probabilities"), LOW, [0, 0, 1], 0.5),
    "my own, values": (of_my_own("values"), LOW, [0, 0, 1], 0.5),
    "my own object": (Squared(), LOW, [1, 1, 1], 0.0),
}


def run(loss: Any, x: list[float], y: list[int], **options: Any) -> History:
    """An epoch that moves next to nothing."""
    model = Fixed()
    optimizer = SGD(model.parameters(), lr=1e-9)
    return fit(model, x, y, loss=loss, optimizer=optimizer, progress=False, **{"epochs": 1, "metrics": [accuracy]} | options)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("loss", "x", "y", "threshold"), IN_FIT.values(), ids=IN_FIT)
def test_the_loss_says_what_outputs_are(loss: Any, x: list[float], y: list[int], threshold: float, engine: str) -> None:
    """In fit, for training and validation data, whichever of the classes are in these."""
    history = run(loss, x, y, engine=engine, validation_data=(x[:1], y[:1]), metrics={"right": accuracy})
    right = [(z > threshold) == (t == 1) for z, t in zip(x, y, strict=True)]
    assert history.metrics == {"right": [pytest.approx(sum(right) / 3)], "val_right": [float(right[0])]}


def test_early_stopping_on_accuracy() -> None:
    """Logits that all lie in [0, 1], all of them right from the first epoch on: the best accuracy is 1."""
    stopping = EarlyStopping(2, monitor="accuracy", mode="max")
    history = run(binary_cross_entropy_with_logits, LOW, [1, 1, 1], epochs=9, callbacks=[stopping])
    assert history.metrics["accuracy"] == [1.0] * 3
    assert stopping.best is not None
    assert (stopping.best.epoch, stopping.best.number) == (1, 1.0)


@pytest.mark.parametrize("x", [LOW, ODD, [0.0, 0.3, 0.4], [1.0, 0.3, 0.4]])
@pytest.mark.parametrize("metric", [accuracy, partial(accuracy)])
def test_a_loss_that_does_not_say(x: list[float], metric: Any) -> None:
    """Is refused before the first step, even where the first output looks like a class; a threshold of one's own is taken."""
    calls: list[Any] = []
    with pytest.raises(ValueError, match=r"the metric 'm' .* cannot know whether .*loss.predictions = \"logits\""):
        run(my_loss, x, [1, 0, 0], metrics={"m": metric}, callbacks=[lambda *_: calls.append(1)])
    assert not calls
    history = run(my_loss, x, [1, 0, 0], metrics={"m": partial(accuracy, threshold=0.35)})
    assert history["m"] == [sum((z > 0.35) == t for z, t in zip(x, [1, 0, 0], strict=True)) / 3]


def test_other_metrics_may_ask_for_the_threshold() -> None:
    """By a keyword-only `threshold=None`; others are called as they are, also those without a signature."""

    def told(outputs: Any, targets: Any, *, threshold: float | None = None) -> float:
        return 9.0 if threshold is None else threshold

    def not_told(outputs: Any, targets: Any, threshold: float = 7.0) -> float:
        return threshold

    metrics = {"told": told, "not": not_told, "partial": partial(told, threshold=3.0), "built in": lambda o, t: max(5.0, 4.0)}
    history = run(binary_cross_entropy, HIGH, [1, 0, 1], metrics=metrics)
    assert history.metrics == {"told": [0.5], "not": [7.0], "partial": [3.0], "built in": [5.0]}
    assert run(my_loss, HIGH, [1, 0, 1], metrics=[told])["told"] == [9.0]


def test_classes_need_no_threshold() -> None:
    """The largest of several numbers decides, whatever the loss."""
    model = MLP(2, [3], rng=0)
    history = fit(
        model, [[1.0, 2.0], [0.0, 1.0]], [2, 0], loss=lambda o, t: cross_entropy(o, t) + 0.0, metrics=[accuracy], epochs=1,
        optimizer=SGD(model.parameters(), lr=1e-9), progress=False,
    )  # fmt: skip
    assert history["accuracy"] == [accuracy(predict(model, [[1.0, 2.0], [0.0, 1.0]]), [2, 0])]


def test_a_loss_that_says_nonsense() -> None:
    """The words there are."""
    with pytest.raises(ValueError, match=r"predictions must be one of 'values', .*'scores', not 'logit'"):
        run(of_my_own("logit"), LOW, [1, 0, 1])


@pytest.mark.parametrize(
    ("outputs", "targets", "error", "message"),
    [
        ([0.5], [0, 1], ValueError, "a target for every output, was given 1 outputs and 2 targets"),
        ([], [], ValueError, "accuracy of no outputs is not defined: give at least one"),
        ([[0.1, 0.2]], [2], ValueError, "accuracy has 2 classes, numbered from 0, in output 0; its target is 2"),
        ([[0.1, 0.2]], [-1], ValueError, "its target is -1"),
        ([[0.1, 0.2]], [0.5], ValueError, r"its target is 0\.5"),
        ([[0.1, 0.2]], [math.inf], ValueError, "its target is inf"),
        ([[0.1, 0.2]], [[0, 1]], ValueError, r"its target is \[0.0, 1.0\]: give the number of the class, target.index\(1\)"),
        ([[[0.1, 0.2], [0.1, 0.2]]], [1], ValueError, "outputs of one number, or of one for each class; output 0 is"),
        ([[0.1, 0.2], 0.3], [1, 0], ValueError, r"one for each class; output 1 is 0\.3"),
        ([0.5], [2], ValueError, "wants targets of 0 or 1, or -1 or 1; target 0 is 2"),
        ([0.5], [math.nan], ValueError, "target 0 is nan"),
        (0.5, [1], TypeError, "outputs must be a list, tuple or array of samples, not a float"),
        (["1"], [1], TypeError, r"output 0 must be one real number, not the string '1': convert it with float\(...\)"),
        (
            [1, 0],
            [1, "cat"],
            TypeError,
            "target 1 must be one real number, not the string 'cat': convert it to a number, words.index",
        ),
    ],
)
def test_what_accuracy_refuses(outputs: Any, targets: Any, error: type[Exception], message: str) -> None:
    """Lists that do not match, and targets that are not classes."""
    with pytest.raises(error, match=message):
        accuracy(outputs, targets)


# --- plain numbers take a shorter way ---------------------------------------------------------------------------------

SCORES = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.5, -0.0, 1e300, math.inf, -math.inf])
ANY = SCORES | st.sampled_from([math.nan, 1, 0, True, 2])
TARGETS = [0, 1, 2, -1, 0.0, 1.0, True, 0.5, math.inf, math.nan]


@st.composite
def outputs_and_targets(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Numbers or lists of them, in lists or arrays, with targets that may fit."""
    count, classes = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    number = draw(st.sampled_from([SCORES, ANY, st.sampled_from([0.0, 1.0])]))
    output = st.lists(number, min_size=classes, max_size=classes) if classes > 1 or draw(st.booleans()) else number
    outputs = draw(st.lists(output, min_size=count, max_size=count))
    kinds = st.sampled_from(draw(st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3)))
    targets: Any = draw(st.lists(kinds, min_size=count, max_size=count))
    if draw(st.booleans()):
        targets = [[target] for target in targets]
    return outputs, targets, draw(st.sampled_from([None, 0.0, 0.5, 1]))


@given(outputs_and_targets(), st.booleans())
def test_the_short_way_gives_what_the_long_one_does(given: tuple[Any, Any, Any], as_arrays: bool) -> None:
    """The same share, or the same error."""
    outputs, targets, threshold = given

    def answer(f: Any, outputs: Any, targets: Any) -> Any:
        try:
            return f(outputs, targets, threshold)
        except (TypeError, ValueError) as error:
            return type(error), str(error)

    wanted = answer(_checked_share, outputs, targets)
    short = answer(_share, outputs, targets)
    assert short is None or short == wanted
    if as_arrays:
        outputs, targets = np.array(outputs, dtype=float), np.array(targets, dtype=float)
        wanted = answer(_checked_share, outputs.tolist(), targets.tolist())
    assert answer(lambda o, t, threshold: accuracy(o, t, threshold=threshold), outputs, targets) == wanted


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [([[0.1, 0.9]] * 3, [1, 0, 1.0]), ([0.4, 0.6], [True, 0]), ([[0.4], [0.6]], [[1], [0]]), ([1, 0], [1, 1])],
)
def test_what_takes_the_short_way(outputs: Any, targets: Any) -> None:
    """Floats with class numbers, and single numbers; no number is looked at by Python code."""
    assert _share(outputs, targets, 0.5) is not None
