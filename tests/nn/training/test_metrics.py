"""accuracy: of several classes, of two, and what it refuses."""

import math
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import accuracy

CASES: dict[str, tuple[Any, Any, float]] = {
    "logits": ([[0.1, 2.0, -1.0], [1.5, 0.0, 0.0], [0.0, 0.0, 3.0], [5.0, 1.0, 1.0]], [1, 2, 2, 0], 0.75),
    "classes as floats": ([[0.1, 2.0], [1.5, 0.0]], [1.0, 0.0], 1.0),
    "a tie is the first": ([[1.0, 1.0], [1.0, 1.0]], [0, 1], 0.5),
    "nan is never right": ([[math.nan, 1.0], [1.0, math.nan], [0.0, 1.0]], [0, 0, 1], 1 / 3),
    "one logit": ([2.5, -0.2, 0.4, -3.0], [1, 0, 0, 0], 0.75),
    "one probability": ([0.9, 0.2, 0.4, 0.6], [1, 0, 1, 0], 0.5),
    "a probability of a half": ([0.5, 0.5], [0, 1], 0.5),
    "predictions": ([1, 0, 1, 1], [1, 0, 0, 1], 0.75),
    "bools": ([True, False], [True, True], 0.5),
    "signs": ([0.3, -0.2, 0.4, 0.0], [1, -1, -1, -1], 0.75),
    "one number that is nan": ([math.nan, math.nan, 2.0], [0, 1, 1], 1 / 3),
    "alone in lists": ([[2.5], [-0.2]], [[1], [1]], 0.5),
}


@pytest.mark.parametrize(("outputs", "targets", "share"), CASES.values(), ids=CASES)
def test_accuracy(outputs: Any, targets: Any, share: float) -> None:
    """Of lists, tuples, arrays and Values."""
    for given in (outputs, tuple(outputs), np.array(outputs)):
        assert accuracy(given, targets) == accuracy(given, np.array(targets)) == pytest.approx(share)
    as_values = [[Value(x) for x in output] if isinstance(output, list) else Value(output) for output in outputs]
    assert accuracy(as_values, targets) == pytest.approx(share)


def test_the_threshold_may_be_told() -> None:
    """Logits that happen to lie in [0, 1], or another decision."""
    assert accuracy([0.1, 0.2], [1, 1]) == 0.0
    assert accuracy([0.1, 0.2], [1, 1], threshold=0.0) == 1.0
    assert accuracy([0.1, 0.2], [0, 1], threshold=0.1) == 1.0


@pytest.mark.parametrize(
    ("outputs", "targets", "error", "message"),
    [
        ([0.5], [0, 1], ValueError, "a target for every output, was given 1 outputs and 2 targets"),
        ([], [], ValueError, "accuracy of no outputs is not defined: give at least one"),
        ([[0.1, 0.2]], [2], ValueError, "accuracy has 2 classes, numbered from 0, in output 0; its target is 2"),
        ([[0.1, 0.2]], [-1], ValueError, "its target is -1"),
        ([[0.1, 0.2]], [0.5], ValueError, r"its target is 0\.5"),
        ([[0.1, 0.2]], [math.inf], ValueError, "its target is inf"),
        ([[0.1, 0.2]], [[0, 1]], ValueError, "its target is"),
        ([[[0.1, 0.2], [0.1, 0.2]]], [1], ValueError, "outputs of one number, or of one for each class; output 0 is"),
        ([[0.1, 0.2], 0.3], [1, 0], ValueError, r"one for each class; output 1 is 0\.3"),
        ([0.5], [2], ValueError, "wants targets of 0 or 1, or -1 or 1; target 0 is 2"),
        ([0.5], [math.nan], ValueError, "target 0 is nan"),
        (0.5, [1], TypeError, "outputs must be a list, tuple or array of samples, not a float"),
        (["1"], [1], TypeError, "must be one real number, not the string"),
    ],
)
def test_what_accuracy_refuses(outputs: Any, targets: Any, error: type[Exception], message: str) -> None:
    """Lists that do not match, and targets that are not classes."""
    with pytest.raises(error, match=message):
        accuracy(outputs, targets)
