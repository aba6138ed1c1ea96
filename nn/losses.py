"""Losses: PyTorch's names, argument order and reductions, in forms that keep their digits.

Each takes one prediction and target, or sequences of them (nested alike). `reduction` is "mean" or "sum" over all of them, or
"none": a list nested like the targets. Raises ValueError, before any work, where they do not match, are empty, or a target is
none that the loss knows; TypeError for what is no number.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import nan
from operator import index
from typing import Any

from autograd import Value, clip, dot, log, log1p, logsumexp, relu, softplus, sum_, where, xlogy
from autograd.real import as_float, is_node

# --- of numbers -------------------------------------------------------------------------------------------------------


def mse_loss(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Mean squared error: (prediction - target)**2.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    2.5
    >>> mse_loss([1.0, 2.0], [0.0, 4.0], reduction="none")
    [1.0, 4.0]
    """
    if checked_reduction(reduction) == "none":
        return _elementwise("mse_loss", predictions, targets, reduction, lambda p, t: (p - t) * (p - t))
    differences = [prediction - target for prediction, target in _pairs("mse_loss", predictions, targets)]
    total = dot(differences, differences)
    return total if reduction == "sum" else total / len(differences)


def l1_loss(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Mean absolute error: abs(prediction - target); slope 0 where they are equal.

    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    1.5
    """
    return _elementwise("l1_loss", predictions, targets, reduction, lambda p, t: abs(p - t))


def huber_loss(predictions: Any, targets: Any, *, reduction: str = "mean", delta: Any = 1.0) -> Any:
    """d**2 / 2 for differences d = prediction - target up to `delta`, delta (abs d - delta / 2) beyond: outliers pull less.

    Raises ValueError for a delta that is not positive (Huber, Robust Estimation of a Location Parameter, 1964).

    >>> huber_loss([1.0, 2.0], [0.5, 5.0], reduction="none")
    [0.125, 2.5]
    """
    delta = positive_delta(delta)

    def term(prediction: Any, target: Any) -> Any:
        difference = prediction - target
        held = clip(difference, -delta, delta)
        return held * (difference - 0.5 * held)  # both pieces in one, without an inf where the other one is meant

    return _elementwise("huber_loss", predictions, targets, reduction, term)


def hinge_loss(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """max(0, 1 - t y), for targets t of -1 or 1; slope 0 where 1 - t y = 0.

    >>> hinge_loss([0.5, -2.0], [1, -1])
    0.25
    """
    wanted = "-1 or 1 (2 * t - 1 makes it so of 0 and 1)"
    return _elementwise(
        "hinge_loss", predictions, targets, reduction, lambda y, t: relu(1.0 - t * y), target=(wanted, lambda t: t in (-1, 1))
    )


# --- of two classes ---------------------------------------------------------------------------------------------------


def binary_cross_entropy(probabilities: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """-(t log p + (1 - t) log(1 - p)); a term of weight 0 is skipped, and wrong and certain is inf.

    Probabilities and targets lie in [0, 1].

    >>> round(binary_cross_entropy([1.0, 0.5], [1, 0]), 6)
    0.346574
    """
    wanted = "in [0, 1] (apply sigmoid, or use binary_cross_entropy_with_logits)"
    return _elementwise(
        "binary_cross_entropy",
        probabilities,
        targets,
        reduction,
        _binary_cross_entropy,
        target=_PROBABILITY,
        probability=(wanted, lambda p: not (p < 0 or p > 1)),
    )


def _binary_cross_entropy(p: Any, t: Any) -> Any:
    if not is_node(t) and t in (0.0, 1.0):
        return -log(p) if t else -log1p(-p)  # the usual targets cost one term, not two
    return -xlogy(t, p) - _xlog1py(1.0 - t, -p)


def _xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), with the digits of a small y, and 0 where x is 0 and the logarithm is not finite."""
    return where((x == 0.0) & (y <= -1.0), 0.0, x * log1p(y))


def binary_cross_entropy_with_logits(logits: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """`binary_cross_entropy` of sigmoid(z), as t softplus(-z) + (1 - t) softplus(z), which keeps its digits.

    Equal to max(z, 0) - t z + log1p(exp(-abs z)); slope sigmoid(z) - t. Targets lie in [0, 1].

    >>> 4e-18 < binary_cross_entropy_with_logits([40.0], [1]) < 5e-18
    True
    """
    return _elementwise("binary_cross_entropy_with_logits", logits, targets, reduction, _with_logits, target=_PROBABILITY)


def _with_logits(z: Any, t: Any) -> Any:
    if is_node(t):  # a term of weight 0 is skipped here too
        return where(t == 0.0, 0.0, t * softplus(-z)) + where(t == 1.0, 0.0, (1.0 - t) * softplus(z))
    if t in (0.0, 1.0):
        return softplus(-z) if t else softplus(z)
    return t * softplus(-z) + (1.0 - t) * softplus(z)


# --- of many classes --------------------------------------------------------------------------------------------------


def cross_entropy(logits: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """-log softmax(z)[target], of logits z (not probabilities) and the number of the right class, 0 to C - 1.

    Computed as logsumexp(z - z[target]), which keeps its digits where the right class is sure. A Symbol may be the target: its
    number is not known until the compiled function runs, which gives nan where it is that of no class.

    >>> 4e-18 < cross_entropy([40.0, 0.0], 0) < 5e-18
    True
    """
    return _classwise("cross_entropy", "logits", logits, targets, reduction, _cross_entropy)


def _cross_entropy(logits: Sequence[Any], target: Any) -> Any:
    right = _of_class(logits, target)
    if is_node(target):  # each class asks whether it is the right one
        return logsumexp([where(target == float(j), 0.0, z - right) for j, z in enumerate(logits)])
    return logsumexp([0.0 if j == target else z - right for j, z in enumerate(logits)])


def nll_loss(log_probabilities: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Negative log-likelihood: -log_probabilities[target], for the number of the right class, 0 to C - 1.

    Of `log_softmax(logits)` it is the `cross_entropy` of the logits. A traced target is treated as there.

    >>> nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
    0.375
    """
    return _classwise("nll_loss", "log-probabilities", log_probabilities, targets, reduction, _nll)


def _nll(log_probabilities: Sequence[Any], target: Any) -> Any:
    return -_of_class(log_probabilities, target)


def _of_class(scores: Sequence[Any], target: Any) -> Any:
    """The score of a class; of one whose number is not known now too, nan then if there is no such class."""
    if not is_node(target):
        return scores[target]
    right: Any = nan
    for j, score in enumerate(scores):
        right = where(target == float(j), score, right)
    return right


# --- what they share --------------------------------------------------------------------------------------------------

Rule = tuple[str, Callable[[float], bool]]
"""What numbers must be, in words and as a function."""

_PROBABILITY: Rule = ("in [0, 1]", lambda t: 0 <= t <= 1)


def _elementwise(
    loss: str,
    predictions: Any,
    targets: Any,
    reduction: str,
    term: Callable[[Any, Any], Any],
    *,
    target: Rule | None = None,
    probability: Rule | None = None,
) -> Any:
    """The reduced terms of every prediction with its target, which keep these rules where their numbers are known."""
    checked_reduction(reduction)
    pairs = _pairs(loss, predictions, targets)
    for i, (p, t) in enumerate(pairs):
        _check(loss, i, "target", t, target)
        _check(loss, i, "probability", p, probability)
    return _reduced([term(p, t) for p, t in pairs], reduction, targets)


def _classwise(
    loss: str, what: str, scores: Any, targets: Any, reduction: str, term: Callable[[Sequence[Any], Any], Any]
) -> Any:
    """The reduced terms of every sample's scores, one for each class, with the number of its class."""
    checked_reduction(reduction)
    rows, numbers = _listed(scores), _listed(targets)
    if not isinstance(numbers, Sequence):
        rows, numbers = [rows], [numbers]
    _same_length(loss, rows, numbers)
    pairs = [_class_of(loss, what, i, _listed(row), number) for i, (row, number) in enumerate(zip(rows, numbers, strict=True))]
    return _reduced([term(row, right) for row, right in pairs], reduction, targets)


def _class_of(loss: str, what: str, i: int, scores: Any, target: Any) -> tuple[Sequence[Any], Any]:
    """One sample's scores, and the number of its class: an integer, or a Symbol."""
    if not isinstance(scores, Sequence) or not scores:
        raise ValueError(f"{loss} wants a list of {what}, one for each class, for sample {i}, not {scores!r}")
    if any(isinstance(score, Sequence) for score in scores):
        raise ValueError(f"{loss} was given several samples and one target: give a list of targets, one for each sample")
    if is_node(target) and not isinstance(target, Value):
        return scores, target
    try:
        right = index(target)
    except TypeError:
        raise ValueError(f"{loss} wants class numbers for targets; target {i} is {target!r}: use int(...)") from None
    if not 0 <= right < len(scores):
        raise ValueError(f"{loss} has {len(scores)} classes, numbered from 0; target {i} is {right}")
    return scores, right


def checked_reduction(reduction: str) -> str:
    """The reduction; ValueError for one that is none.

    >>> checked_reduction("mean")
    'mean'
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
    return reduction


def positive_delta(delta: Any) -> float:
    """The delta of `huber_loss`; ValueError for one that is not positive.

    >>> positive_delta(1)
    1.0
    """
    number = as_float(delta, "delta")
    if not number > 0.0:
        raise ValueError(f"delta must be positive, not {delta}: delta=1.0, say")
    return number


def _reduced(terms: list[Any], reduction: str, targets: Any) -> Any:
    if reduction == "none":
        return _nested_like(_listed(targets), iter(terms))
    total = sum_(terms) if len(terms) > 1 else terms[0]
    return total if reduction == "sum" or len(terms) == 1 else total / len(terms)


def _nested_like(targets: Any, terms: Iterator[Any]) -> Any:
    if isinstance(targets, Sequence):
        return [_nested_like(_listed(target), terms) for target in targets]
    return next(terms)


def _check(loss: str, i: int, what: str, number: Any, rule: Rule | None) -> None:
    """Look at a number where it is known: a Symbol's is not."""
    number = number.data if isinstance(number, Value) else number
    if rule is not None and type(number) is float and not rule[1](number):
        raise ValueError(f"{loss} wants every {what} {rule[0]}; {what} {i} is {number}")


def _listed(thing: Any) -> Any:
    """Arrays and other iterables as lists; a number, Value or Symbol as it is."""
    if hasattr(thing, "tolist"):
        return thing.tolist()
    return thing if isinstance(thing, Sequence) or is_node(thing) or not isinstance(thing, Iterable) else list(thing)


def _same_length(loss: str, predictions: Any, targets: Any) -> None:
    for name, thing in (("predictions", predictions), ("targets", targets)):
        if not isinstance(thing, Sequence) or isinstance(thing, str):
            raise ValueError(  # noqa: TRY004 - the shape is wrong, as where the lengths differ
                f"{loss} was given one number for {name} and several for the other: nest both alike"
            )
    if len(predictions) != len(targets):
        raise ValueError(f"{loss} wants a target for every prediction, was given {len(predictions)} and {len(targets)}")
    if not len(targets):
        raise ValueError(f"{loss} has no mean over no predictions: give at least one")


def _pairs(loss: str, predictions: Any, targets: Any) -> list[tuple[Any, Any]]:
    """Predictions and targets, nested alike, as flat pairs of floats and nodes."""
    predictions, targets = _listed(predictions), _listed(targets)
    if not isinstance(predictions, Sequence) and not isinstance(targets, Sequence):
        return [(_number(loss, "prediction", predictions), _number(loss, "target", targets))]
    _same_length(loss, predictions, targets)
    return [pair for p, t in zip(predictions, targets, strict=True) for pair in _pairs(loss, p, t)]


def _number(loss: str, what: str, number: Any) -> Any:
    return number if is_node(number) else as_float(number, f"a {what} of {loss}")
