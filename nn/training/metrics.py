"""Metrics: how good outputs are, without a derivative."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from inspect import signature
from itertools import chain
from math import isnan
from operator import eq
from typing import Any

from autograd.real import as_float, is_node, number_of, shown
from nn.inputs import each_number, numbers
from nn.losses import PREDICTIONS
from nn.training.rows import Rows
from nn.training.samples import samples_in

NUMBERS = {float, int, bool}

BOUNDARIES = {"probabilities": 0.5, "logits": 0.0, "scores": 0.0}
"""Where one class ends and the other begins, by what outputs are."""


def accuracy(outputs: Any, targets: Any, *, threshold: float | None = None) -> float:
    """The share of outputs that are right, for several classes or two.

    An output with a number for each class is right if the largest is that of the target, a class number. An output of one
    number is right if it is above the `threshold` for a target of 1, or not above it for a target of 0 or -1. nan is never
    right.

    The threshold is 0.5 for probabilities and 0.0 for logits. `fit` gives the one that fits its loss. Without it, targets of
    -1 and 1 part at 0.0, and outputs that are themselves classes, 0 or 1, are taken as such.

    Raises ValueError for other outputs of one number without a threshold, which numbers alone do not tell; for outputs and
    targets of different lengths, no outputs, and a target that is not a class.

    >>> accuracy([[0.1, 2.0, -1.0], [1.5, 0.0, 0.0]], [1, 2])
    0.5
    >>> accuracy([0.9, 0.2, 0.4], [1, 0, 1], threshold=0.5), accuracy([0.9, 0.2, 0.4], [1, 0, 1], threshold=0.0)
    (0.6666666666666666, 0.6666666666666666)
    >>> accuracy([1, 0, 1], [1, 0, 0]), accuracy([2.5, -0.2, 0.4], [1, -1, 1])
    (0.6666666666666666, 1.0)
    """
    given, wanted = _listed(outputs, "outputs"), _listed(targets, "targets")
    share = _share(given, wanted, threshold)
    return _checked_share(given, wanted, threshold) if share is None else share


def _listed(data: Any, name: str) -> Sequence[Any]:
    samples = samples_in(data, name)
    return samples.tolist() if isinstance(samples, Rows) else samples


def _share(outputs: Sequence[Any], targets: Sequence[Any], threshold: Any) -> float | None:
    """The share that is right, for plain numbers in lists alike without a fault; None for anything else."""
    found, wanted = _alone(outputs), _alone(targets)
    if len(found) != len(wanted) or not found or not set(map(type, wanted)) <= NUMBERS:
        return None
    classes = set(wanted)
    if not all(type(t) is not float or t.is_integer() for t in classes):
        return None
    kinds = set(map(type, found))
    if kinds == {list}:
        scores = list(chain.from_iterable(found))
        known = range(min(map(len, found)))
        if set(map(type, scores)) != {float} or any(map(isnan, scores)) or not all(t in known for t in classes):
            return None
        right: list[bool] = list(map(eq, map(list.index, found, map(max, found)), wanted))
    else:
        if not kinds <= NUMBERS or any(map(isnan, found)) or not classes <= {-1, 0, 1}:
            return None
        bound = _bound(found, classes) if threshold is None else as_float(threshold, "threshold")
        right = [(x > bound) == (t == 1) for x, t in zip(found, wanted, strict=True)]
    return sum(right) / len(right)


def _alone(samples: Sequence[Any]) -> Sequence[Any]:
    """Samples of one number, each without a list of its own; others as they are."""
    if set(map(type, samples)) == {list} and set(map(len, samples)) == {1}:
        samples = list(chain.from_iterable(samples))
    return samples


def _checked_share(outputs: Sequence[Any], targets: Sequence[Any], threshold: Any) -> float:
    """The share that is right, of whatever there is, looked at one by one."""
    found = [_plain(output, f"output {i}") for i, output in enumerate(outputs)]
    wanted = [_plain(target, f"target {i}") for i, target in enumerate(targets)]
    if len(found) != len(wanted):
        raise ValueError(f"accuracy wants a target for every output, was given {len(found)} outputs and {len(wanted)} targets")
    if not found:
        raise ValueError("accuracy of no outputs is not defined: give at least one")
    if any(isinstance(output, list) for output in found):
        right = [_largest_is_right(i, output, target) for i, (output, target) in enumerate(zip(found, wanted, strict=True))]
    else:
        for i, target in enumerate(wanted):
            if target not in (-1.0, 0.0, 1.0):
                raise ValueError(
                    f"accuracy of outputs of one number wants targets of 0 or 1, or -1 or 1; target {i} is {target}"
                )
        bound = _bound(found, wanted) if threshold is None else as_float(threshold, "threshold")
        right = [not isnan(x) and (x > bound) == (target == 1.0) for x, target in zip(found, wanted, strict=True)]
    return sum(right) / len(right)


def with_threshold(metrics: Mapping[str, Callable[..., Any]], loss: Any, targets: Any) -> dict[str, Callable[..., Any]]:
    """The metrics, those with a keyword-only `threshold=None` told what fits the loss and the targets, where these say it."""
    threshold = _threshold_of(loss, targets)
    if threshold is None:
        return dict(metrics)
    return {name: partial(f, threshold=threshold) if asks_threshold(f) else f for name, f in metrics.items()}


def _threshold_of(loss: Any, targets: Any) -> float | None:
    """Where outputs of one number part two classes if a model learns these targets by this loss; None if nothing says it."""
    while isinstance(loss, partial):
        loss = loss.func
    taken = getattr(loss, "predictions", None)
    if isinstance(taken, str) and taken not in PREDICTIONS:
        raise ValueError(f"the loss's predictions must be one of {', '.join(map(repr, PREDICTIONS))}, not {taken!r}")
    if isinstance(taken, str) and taken in BOUNDARIES:
        return BOUNDARIES[taken]
    if -1.0 in numbers("fit", targets):
        return 0.0  # the middle of -1 and 1
    return 0.5 if taken == "values" else None


def asks_threshold(metric: Callable[..., Any]) -> bool:
    """Whether a metric has a keyword-only threshold that is None as yet."""
    try:
        found = signature(metric).parameters.get("threshold")
    except (TypeError, ValueError):  # a built-in function without a signature
        return False
    return found is not None and found.kind is found.KEYWORD_ONLY and found.default is None


def _bound(outputs: Sequence[float], targets: Collection[float]) -> float:
    """The threshold where neither the user nor the loss says it; ValueError where the numbers do not either."""
    if -1.0 in targets:
        return 0.0
    for x in outputs:
        if x not in (0.0, 1.0) and not isnan(x):
            raise ValueError(
                f"accuracy cannot know whether outputs of one number, such as {float(x)}, are logits or probabilities: "
                "accuracy(outputs, targets, threshold=0.0) for logits, threshold=0.5 for probabilities. In fit, a loss of "
                'your own says it by an attribute: loss.predictions = "logits", or "probabilities"'
            )
    return 0.5


def _plain(thing: Any, what: str) -> Any:
    """An output or target: one number, even if alone in a list, or a list of several."""
    thing = each_number(lambda x: number_of(x if is_node(x) else as_float(x, what)), thing)
    while isinstance(thing, list) and len(thing) == 1:
        thing = thing[0]
    return thing


def _largest_is_right(i: int, scores: Any, target: Any) -> bool:
    if not isinstance(scores, list) or any(isinstance(score, list) for score in scores):
        raise ValueError(f"accuracy wants outputs of one number, or of one for each class; output {i} is {shown(scores)}")
    right = int(target) if isinstance(target, float) and target.is_integer() else -1
    if not 0 <= right < len(scores):
        one_hot = isinstance(target, list) and target.count(1.0) == 1
        hint = ": give the number of the class, target.index(1)" if one_hot else ""
        raise ValueError(f"accuracy has {len(scores)} classes, numbered from 0, in output {i}; its target is {target}{hint}")
    return not any(map(isnan, scores)) and scores.index(max(scores)) == right
