"""Metrics: how good outputs are, without a derivative."""

from math import isnan
from typing import Any

from autograd.real import as_float, shown
from autograd.structures import values
from nn.inputs import listed
from nn.training.samples import samples_in


def accuracy(outputs: Any, targets: Any, *, threshold: float | None = None) -> float:
    """The share of outputs that are right, for several classes or two.

    An output with a number for each class (logits or probabilities) is right if the largest is that of the target, a class
    number. An output of one number is right if it is above the threshold for a target of 1, or not above it for a target of 0
    or -1. nan is never right. The `threshold` is, unless given, 0.5 if all outputs lie in [0, 1] and no target is -1
    (probabilities, or predictions of 0 and 1), and 0 otherwise (logits and signs).

    Raises ValueError for outputs and targets of different lengths, no outputs, and a target that is not a class.

    >>> accuracy([[0.1, 2.0, -1.0], [1.5, 0.0, 0.0]], [1, 2])
    0.5
    >>> accuracy([0.9, 0.2, 0.4], [1, 0, 1]), accuracy([2.5, -0.2, 0.4], [1, -1, 1])
    (0.6666666666666666, 1.0)
    """
    found = [_plain(values(output)) for output in samples_in(outputs, "outputs")]
    wanted = [_plain(values(target)) for target in samples_in(targets, "targets")]
    if len(found) != len(wanted):
        raise ValueError(f"accuracy wants a target for every output, was given {len(found)} outputs and {len(wanted)} targets")
    if not found:
        raise ValueError("accuracy of no outputs is not defined: give at least one")
    if any(isinstance(output, list) for output in found):
        right = [_largest_is_right(i, output, target) for i, (output, target) in enumerate(zip(found, wanted, strict=True))]
    else:
        usual = 0.5 if all(0.0 <= x <= 1.0 for x in found) and -1.0 not in wanted else 0.0
        bound = usual if threshold is None else as_float(threshold, "threshold")
        right = [_side_is_right(i, x, target, bound) for i, (x, target) in enumerate(zip(found, wanted, strict=True))]
    return sum(right) / len(right)


def _plain(thing: Any) -> Any:
    """An output or target: one number, even if alone in a list, or a list of several."""
    thing = listed(thing)
    return _plain(thing[0]) if isinstance(thing, list | tuple) and len(thing) == 1 else thing


def _largest_is_right(i: int, scores: Any, target: Any) -> bool:
    if not isinstance(scores, list) or any(isinstance(score, list) for score in scores):
        raise ValueError(f"accuracy wants outputs of one number, or of one for each class; output {i} is {shown(scores)}")
    right = int(target) if isinstance(target, float) and target.is_integer() else -1
    if not 0 <= right < len(scores):
        raise ValueError(f"accuracy has {len(scores)} classes, numbered from 0, in output {i}; its target is {target}")
    return not any(map(isnan, scores)) and scores.index(max(scores)) == right


def _side_is_right(i: int, output: float, target: float, threshold: float) -> bool:
    if target not in (-1.0, 0.0, 1.0):
        raise ValueError(f"accuracy of outputs of one number wants targets of 0 or 1, or -1 or 1; target {i} is {target}")
    return not isnan(output) and (output > threshold) == (target == 1.0)
