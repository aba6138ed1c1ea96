"""Losses: PyTorch's names, argument order and means, in forms that keep their digits.

Each takes one prediction and target, or sequences of them (nested alike), and returns the mean. Raises ValueError, before any
work, where they do not match, are empty, or a target is none that the loss knows.
"""

from collections.abc import Callable, Iterable, Sequence
from math import nan
from operator import index
from typing import Any

from autograd import Value, dot, log, log1p, logsumexp, relu, softplus, sum_, where, xlogy
from autograd.real import is_node


def mse_loss(predictions: Any, targets: Any) -> Any:
    """Mean of (prediction - target)**2.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    pairs = _pairs("mse_loss", predictions, targets)
    differences = [prediction - target for prediction, target in pairs]
    return dot(differences, differences) / len(pairs)


def binary_cross_entropy(probabilities: Any, targets: Any) -> Any:
    """Mean of -(t log p + (1 - t) log(1 - p)); a term of weight 0 is skipped, and wrong and certain is inf.

    Probabilities and targets lie in [0, 1].

    >>> round(binary_cross_entropy([1.0, 0.5], [1, 0]), 6)
    0.346574
    """
    pairs = _pairs("binary_cross_entropy", probabilities, targets)
    for i, (p, t) in enumerate(pairs):
        _check("binary_cross_entropy", i, "target", t, "in [0, 1]", lambda t: 0 <= t <= 1)
        hint = "in [0, 1] (apply sigmoid, or use binary_cross_entropy_with_logits)"
        _check("binary_cross_entropy", i, "probability", p, hint, lambda p: not (p < 0 or p > 1))
    return _mean(_binary_cross_entropy(p, t) for p, t in pairs)


def _binary_cross_entropy(p: Any, t: Any) -> Any:
    if _is_number(t) and t in (0, 1):
        return -log(p) if t else -log1p(-p)  # the usual targets cost one term, not two
    return -xlogy(t, p) - _xlog1py(1.0 - t, -p)


def _xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), with the digits of a small y, and 0 where x is 0 and the logarithm is not finite."""
    return where((x == 0.0) & (y <= -1.0), 0.0, x * log1p(y))


def binary_cross_entropy_with_logits(logits: Any, targets: Any) -> Any:
    """Mean of `binary_cross_entropy` of sigmoid(z), as t softplus(-z) + (1 - t) softplus(z), which keeps its digits.

    Equal to max(z, 0) - t z + log1p(exp(-abs z)); slope sigmoid(z) - t. Targets lie in [0, 1].

    >>> 4e-18 < binary_cross_entropy_with_logits([40.0], [1]) < 5e-18
    True
    """
    pairs = _pairs("binary_cross_entropy_with_logits", logits, targets)
    for i, (_, t) in enumerate(pairs):
        _check("binary_cross_entropy_with_logits", i, "target", t, "in [0, 1]", lambda t: 0 <= t <= 1)
    return _mean(_with_logits(z, t) for z, t in pairs)


def _with_logits(z: Any, t: Any) -> Any:
    if _is_number(t) and t in (0, 1):
        return softplus(-z) if t else softplus(z)
    if is_node(t):  # a term of weight 0 is skipped here too
        return where(t == 0.0, 0.0, t * softplus(-z)) + where(t == 1.0, 0.0, (1.0 - t) * softplus(z))
    return t * softplus(-z) + (1.0 - t) * softplus(z)


def cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean of -log softmax(z)[target], of logits z (not probabilities) and the number of the right class, 0 to C - 1.

    Computed as logsumexp(z - z[target]), which keeps its digits where the right class is sure. A Symbol may be the target: its
    number is not known until the compiled function runs, which gives nan where it is that of no class.

    >>> 4e-18 < cross_entropy([40.0, 0.0], 0) < 5e-18
    True
    """
    logits, targets = _listed(logits), _listed(targets)
    if not isinstance(targets, Sequence):
        logits, targets = [logits], [targets]
    _same_length("cross_entropy", logits, targets)
    return _mean(_cross_entropy(i, _listed(z), target) for i, (z, target) in enumerate(zip(logits, targets, strict=True)))


def _cross_entropy(i: int, logits: Any, target: Any) -> Any:
    if not isinstance(logits, Sequence) or not logits:
        raise ValueError(f"cross_entropy wants a list of logits, one for each class, for sample {i}, not {logits!r}")
    if any(isinstance(z, Sequence) for z in logits):
        raise ValueError("cross_entropy was given several samples and one target: give a list of targets, one for each sample")
    if is_node(target) and not isinstance(target, Value):
        return _cross_entropy_of_symbol(logits, target)
    try:
        right = index(target)
    except TypeError:
        raise ValueError(f"cross_entropy wants class numbers for targets; target {i} is {target!r}: use int(...)") from None
    if not 0 <= right < len(logits):
        raise ValueError(f"cross_entropy has {len(logits)} classes, numbered from 0; target {i} is {right}")
    return logsumexp([0.0 if j == right else z - logits[right] for j, z in enumerate(logits)])


def _cross_entropy_of_symbol(logits: Sequence[Any], target: Any) -> Any:
    """The same terms, for a target whose number is not known now: each class asks whether it is the right one."""
    right: Any = nan
    for j, z in enumerate(logits):
        right = where(target == float(j), z, right)
    return logsumexp([where(target == float(j), 0.0, z - right) for j, z in enumerate(logits)])


def hinge_loss(predictions: Any, targets: Any) -> Any:
    """Mean of max(0, 1 - t y), for targets t of -1 or 1; slope 0 where 1 - t y = 0.

    >>> hinge_loss([0.5, -2.0], [1, -1])
    0.25
    """
    pairs = _pairs("hinge_loss", predictions, targets)
    for i, (_, t) in enumerate(pairs):
        _check("hinge_loss", i, "target", t, "-1 or 1 (2 * t - 1 makes it so of 0 and 1)", lambda t: t in (-1, 1))
    return _mean(relu(1.0 - t * y) for y, t in pairs)


def _is_number(thing: Any) -> bool:
    """Whether it is known now: a Symbol's number is not."""
    return isinstance(thing, int | float)


def _mean(terms: Iterable[Any]) -> Any:
    terms = list(terms)
    return sum_(terms) / len(terms) if len(terms) > 1 else terms[0]


def _check(loss: str, i: int, what: str, number: Any, wanted: str, holds: Callable[[float], bool]) -> None:
    """Look at a number where it is known."""
    number = number.data if isinstance(number, Value) else number
    if _is_number(number) and not holds(number):
        raise ValueError(f"{loss} wants every {what} {wanted}; {what} {i} is {number}")


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
    """Predictions and targets, nested alike, as flat pairs."""
    predictions, targets = _listed(predictions), _listed(targets)
    if not isinstance(predictions, Sequence) and not isinstance(targets, Sequence):
        return [(predictions, targets)]
    _same_length(loss, predictions, targets)
    return [pair for p, t in zip(predictions, targets, strict=True) for pair in _pairs(loss, p, t)]
