"""Losses: PyTorch's names, argument order and reductions, in forms that keep their digits.

Each takes one prediction and target, or lists or arrays of them, nested alike. `reduction` is "mean" or "sum" over all terms,
or "none": a list of them, nested like the targets. Before any work, each raises ValueError for predictions and targets that do
not match, for empty ones and for targets that it does not know, and TypeError for anything that is not a number.

What its predictions are, each says by an attribute, `mse_loss.predictions`: "values" in the units of the targets,
"probabilities" or "log-probabilities", "logits", or "scores" whose sign decides. `fit` reads it to tell metrics such as
`accuracy` where one class ends and the other begins; a loss of your own may have it too.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from math import nan
from operator import index
from typing import Any, TypeVar

from autograd import Value, clip, dot, log, log1p, relu, scan, softplus, sum_, truediv, where, xlogy
from autograd.primitives import surprisal
from autograd.real import is_node, is_open, shown
from nn.checks import positive
from nn.inputs import listed, not_too_deep, number
from nn.mapping import count_of, each

Function = TypeVar("Function", bound=Callable[..., Any])

IGNORED = -100  # the class number of what does not count, in PyTorch too

PREDICTIONS = ("values", "probabilities", "log-probabilities", "logits", "scores")
"""What the predictions of a loss may be."""


def takes(predictions: str) -> Callable[[Function], Function]:
    """State what a loss takes for predictions, as its attribute."""

    def stated(loss: Function) -> Function:
        loss.predictions = predictions  # type: ignore[attr-defined]  # an attribute of a function
        return loss

    return stated


# --- of numbers -------------------------------------------------------------------------------------------------------


@takes("values")
def mse_loss(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Mean squared error: (prediction - target)**2.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    2.5
    >>> mse_loss([1.0, 2.0], [0.0, 4.0], reduction="none")
    [1.0, 4.0]
    """
    if checked_reduction(reduction) == "none" or is_open(predictions):
        return _elementwise("mse_loss", predictions, targets, reduction, lambda p, t: (p - t) * (p - t))
    differences = [prediction - target for prediction, target in _pairs("mse_loss", predictions, targets)]
    total = dot(differences, differences)
    return total if reduction == "sum" else total / len(differences)


@takes("values")
def l1_loss(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Mean absolute error: abs(prediction - target); slope 0 where they are equal.

    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    1.5
    """
    return _elementwise("l1_loss", predictions, targets, reduction, lambda p, t: abs(p - t))


@takes("values")
def huber_loss(predictions: Any, targets: Any, *, reduction: str = "mean", delta: Any = 1.0) -> Any:
    """d**2 / 2 for differences d = prediction - target up to `delta`, delta (abs d - delta / 2) beyond: outliers pull less.

    Raises ValueError for a delta that is not positive (Huber, Robust Estimation of a Location Parameter, 1964).

    >>> huber_loss([1.0, 2.0], [0.5, 5.0], reduction="none")
    [0.125, 2.5]
    """
    delta = positive("delta", delta, "1.0")

    def term(prediction: Any, target: Any) -> Any:
        difference = prediction - target
        held = clip(difference, -delta, delta)
        return held * (difference - 0.5 * held)  # both pieces in one, so that the piece not meant gives no inf

    return _elementwise("huber_loss", predictions, targets, reduction, term)


@takes("scores")
def hinge_loss(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """max(0, 1 - t y), for targets t of -1 or 1; slope 0 where 1 - t y = 0.

    >>> hinge_loss([0.5, -2.0], [1, -1])
    0.25
    """
    signs = ("-1 or 1 (2 * t - 1 turns 0 and 1 into these)", lambda t: t in (-1, 1))
    return _elementwise("hinge_loss", predictions, targets, reduction, lambda y, t: relu(1.0 - t * y), target=signs)


# --- of two classes ---------------------------------------------------------------------------------------------------


@takes("probabilities")
def binary_cross_entropy(probabilities: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """-(t log p + (1 - t) log(1 - p)); a term of weight 0 is skipped, and certain but wrong is inf.

    Probabilities and targets lie in [0, 1].

    >>> round(binary_cross_entropy([1.0, 0.5], [1, 0]), 6)
    0.346574
    """
    share = ("in [0, 1] (apply sigmoid, or use binary_cross_entropy_with_logits)", lambda p: not (p < 0 or p > 1))
    name, term = "binary_cross_entropy", _binary_cross_entropy
    return _elementwise(name, probabilities, targets, reduction, term, target=_PROBABILITY, probability=share)


def _binary_cross_entropy(p: Any, t: Any) -> Any:
    if not is_node(t) and t in (0.0, 1.0):
        return -log(p) if t else -log1p(-p)  # the usual targets cost one term, not two
    return -xlogy(t, p) - _xlog1py(1.0 - t, -p)


def _xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), with the digits of a small y, and 0 where x is 0 and the logarithm is not finite."""
    return where((x == 0.0) & (y <= -1.0), 0.0, x * log1p(y))


@takes("logits")
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


def by_place(loss: Function) -> Function:
    """State that the mean of a loss is over all places that count, of all samples."""
    loss.by_place = True  # type: ignore[attr-defined]  # an attribute of a function
    return loss


# --- of many classes --------------------------------------------------------------------------------------------------


@by_place
@takes("logits")
def cross_entropy(logits: Any, targets: Any, *, reduction: str = "mean", ignore_index: int = IGNORED) -> Any:
    """-log softmax(z)[target], of logits z (not probabilities) and the number of the right class, 0 to C - 1.

    Logits and targets may be nested further, alike, as those of places in sequences, which may differ in length: the mean is
    over all places. One whose target is `ignore_index` does not count; without others the mean is nan. As PyTorch's, but that
    classes are the last dimension.

    Value and slope, softmax(z) less 1 for the right class, keep their digits wherever the logits lie; the value is inf where
    the right one is -inf. The target may be a Symbol: the compiled function learns its number when it runs, and gives nan
    unless it is that of a class.

    >>> 4e-18 < cross_entropy([40.0, 0.0], 0) < 5e-18
    True
    """
    return _classwise("cross_entropy", "logits", logits, targets, reduction, _surprisal, ignore_index)


def _surprisal(logits: Sequence[Any], target: Any) -> Any:
    return surprisal.at(target if is_node(target) else float(target), *logits)


@by_place
@takes("log-probabilities")
def nll_loss(log_probabilities: Any, targets: Any, *, reduction: str = "mean", ignore_index: int = IGNORED) -> Any:
    """Negative log-likelihood: -log_probabilities[target], for the number of the right class, 0 to C - 1.

    With `log_softmax(logits)` it is the `cross_entropy` of the logits, which says how it treats nested targets, `ignore_index`
    and a Symbol as target.

    >>> nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
    0.375
    """
    name, what, term = "nll_loss", "log-probabilities", _negative_score
    return _classwise(name, what, log_probabilities, targets, reduction, term, ignore_index)


def _negative_score(scores: Sequence[Any], target: Any) -> Any:
    return -_of_class(scores, target)


def _of_class(scores: Sequence[Any], target: Any) -> Any:
    """The score of a class; of a class whose number is known only later, nan unless there is such a class."""
    if not is_node(target):
        return scores[target]
    right: Any = nan
    for j, score in enumerate(scores):
        right = where(target == float(j), score, right)
    return right


# --- shared by all ----------------------------------------------------------------------------------------------------

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
    """The reduced terms of every prediction with its target; the rules apply where their numbers are known."""
    checked_reduction(reduction)
    if is_open(predictions) or is_open(targets):
        return _over_open(lambda p, t: [term(*pair) for pair in _pairs(loss, p, t)], predictions, targets, reduction)
    pairs = _pairs(loss, predictions, targets)
    for i, (p, t) in enumerate(pairs):
        _check(loss, i, "target", t, target)
        _check(loss, i, "probability", p, probability)
    return _reduced([term(p, t) for p, t in pairs], reduction, targets)


def _over_open(terms: Callable[[Any, Any], list[Any]], predictions: Any, targets: Any, reduction: str) -> Any:
    """The reduced terms of sequences whose length only the run knows."""
    if reduction == "none":
        return each(lambda p, t: _nested_like(t, iter(terms(p, t))), predictions, targets)
    total, _ = scan(lambda total, row: (reduce(operator.add, terms(*row), total), None), 0.0, (predictions, targets))
    return total if reduction == "sum" else total / (count_of(predictions) * float(predictions.structure.size))


def _classwise(
    loss: str,
    what: str,
    scores: Any,
    targets: Any,
    reduction: str,
    term: Callable[[Sequence[Any], Any], Any],
    ignore_index: Any,
) -> Any:
    """The reduced terms of every sample's scores, or each place's, one for each class, with the number of its class."""
    checked_reduction(reduction)
    ignored = _whole(ignore_index, "ignore_index")
    count_one = partial(_counted, term, ignored)
    if is_open(scores) or is_open(targets):

        def of_place(row: Any, target: Any) -> tuple[Any, Any]:
            return count_one(*_class_of(loss, what, (0,), listed(row), target, ignored))

        terms, counted = each(of_place, scores, targets)
        if reduction != "mean":
            return terms if reduction == "none" else sum_(terms)
        return truediv(sum_(terms), sum_(counted))
    with not_too_deep(f"the scores and targets of {loss}"):
        places = list(_places(loss, scores, listed(targets), ()))
    # a single target that only the run knows, as of a sample that `fit` compiles, counts: that spares the look
    if not (len(places) > 1 or len(places[0][0]) > 1 or ignored != IGNORED):
        count_one = partial(_counted, term, None)
    known = [_class_of(loss, what, path, row, target, ignored) for path, row, target in places]
    if len({len(scores) for scores, _ in known}) == 1 and all(is_node(right) for _, right in known):
        terms, counted = each(count_one, *map(list, zip(*known, strict=True)))  # in a trace maybe a loop
    else:
        terms, counted = map(list, zip(*[count_one(*pair) for pair in known], strict=True))
    if reduction != "mean" or all(type(x) is float and x for x in counted):
        return _reduced(terms, reduction, targets)
    left = [x for x, c in zip(terms, counted, strict=True) if is_node(c) or c]
    count = sum_([c for c in counted if is_node(c) or c])
    return truediv(sum_(left), count) if left else nan


def _counted(term: Callable[[Sequence[Any], Any], Any], ignored: int | None, scores: Any, right: Any) -> tuple[Any, Any]:
    """A place's term and 1, or 0 and 0 where it does not count; `ignored` is None where each does."""
    if right is None:
        return 0.0, 0.0
    if ignored is None or not is_node(right):
        return term(scores, right), 1.0
    left_out = right == float(ignored)
    return where(left_out, 0.0, term(scores, where(left_out, 0.0, right))), where(left_out, 0.0, 1.0)


def _places(loss: str, scores: Any, targets: Any, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    """The place, the scores and the target of each."""
    if not isinstance(targets, list | tuple):
        yield path or (0,), listed(scores), targets
        return
    rows = listed(scores)
    _same_length(loss, rows, targets)
    for i, (row, target) in enumerate(zip(rows, targets, strict=True)):
        yield from _places(loss, row, listed(target), (*path, i))


def _class_of(loss: str, what: str, path: tuple[int, ...], scores: Any, target: Any, ignored: int) -> tuple[Sequence[Any], Any]:
    """One sample's scores, and the number of its class: an integer, a Symbol, or None where it does not count."""
    i = path[0] if len(path) == 1 else path
    if not isinstance(scores, list | tuple) or not scores:
        hint = "" if isinstance(scores, list | tuple) else ". Targets are numbers of classes: target.index(1) of a one-hot list"
        raise ValueError(f"{loss} wants a list of {what}, one for each class, for sample {i}, not {shown(scores)}{hint}")
    if any(isinstance(score, list | tuple) for score in scores):
        raise ValueError(f"{loss} was given several samples and one target: give a list of targets, one for each sample")
    if is_node(target) and not isinstance(target, Value):
        return scores, target
    try:
        right = index(target)
    except TypeError:
        raise ValueError(f"{loss} wants class numbers for targets; target {i} is {shown(target)}: use int(...)") from None
    if right == ignored:
        return scores, None
    if not 0 <= right < len(scores):
        raise ValueError(f"{loss} has {len(scores)} classes, numbered from 0; target {i} is {right}")
    return scores, right


def _whole(number: Any, name: str) -> int:
    try:
        return index(number)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {shown(number)}") from None


def checked_reduction(reduction: str) -> str:
    """The reduction; ValueError for an unknown one."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
    return reduction


def _reduced(terms: list[Any], reduction: str, targets: Any) -> Any:
    if reduction == "none":
        return _nested_like(targets, iter(terms))
    total = sum_(terms) if len(terms) > 1 else terms[0]
    return total if reduction == "sum" or len(terms) == 1 else total / len(terms)


def _nested_like(targets: Any, terms: Iterator[Any]) -> Any:
    targets = listed(targets)
    return [_nested_like(target, terms) for target in targets] if isinstance(targets, list | tuple) else next(terms)


def _check(loss: str, i: int, what: str, x: Any, rule: Rule | None) -> None:
    """Apply the rule to a number that is known: a Symbol's is not."""
    x = x.data if isinstance(x, Value) else x
    if rule is not None and type(x) is float and not rule[1](x):
        raise ValueError(f"{loss} wants every {what} {rule[0]}; {what} {i} is {x}")


def _same_length(loss: str, predictions: Any, targets: Any) -> None:
    for name, thing in (("predictions", predictions), ("targets", targets)):
        if not isinstance(thing, list | tuple):
            raise ValueError(  # noqa: TRY004 - the shape is wrong, as where the lengths differ
                f"{loss} was given one number for {name} and several for the other: nest both alike"
            )
    if len(predictions) != len(targets):
        raise ValueError(f"{loss} wants a target for every prediction, was given {len(predictions)} and {len(targets)}")
    if not len(targets):
        raise ValueError(f"{loss} has no mean over no predictions: give at least one")


def _pairs(loss: str, predictions: Any, targets: Any) -> list[tuple[Any, Any]]:
    """Predictions and targets, nested alike, as flat pairs of floats and nodes."""
    with not_too_deep(f"the predictions and targets of {loss}"):
        return _paired(loss, predictions, targets)


def _paired(loss: str, predictions: Any, targets: Any) -> list[tuple[Any, Any]]:
    predictions, targets = listed(predictions), listed(targets)
    if not isinstance(predictions, list | tuple) and not isinstance(targets, list | tuple):
        return [(number(loss, predictions, "a prediction"), number(loss, targets, "a target"))]
    _same_length(loss, predictions, targets)
    return [pair for p, t in zip(predictions, targets, strict=True) for pair in _paired(loss, p, t)]
