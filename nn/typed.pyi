"""What models and losses give, as type checkers and editors see it. Made by `python -m tests.make_stubs`: edit that."""

# mypy: disable-error-code="override, misc, overload-overlap"

from collections.abc import Iterator, Sequence
from typing import Any, Literal, SupportsIndex, TypeAlias, overload

from autograd.typed import Operand, Real
from autograd.value import Value

Reals: TypeAlias = Real | Sequence["Reals"]
Numbers: TypeAlias = Operand | Sequence["Numbers"]

class Outputs(Value, list[Value]):
    """What a model gives: a Value, or lists of them. Only its sizes tell which, so whatever one of these has is let through."""

    def __getitem__(self, i: SupportsIndex | slice, /) -> Outputs: ...
    def __iter__(self) -> Iterator[Outputs]: ...

@overload
def binary_cross_entropy(probabilities: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> float:
    """-(t log p + (1 - t) log(1 - p)); a term of weight 0 is skipped, and certain but wrong is inf.

    Probabilities and targets lie in [0, 1].

    >>> round(binary_cross_entropy([1.0, 0.5], [1, 0]), 6)
    0.346574
    """

@overload
def binary_cross_entropy(probabilities: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Value: ...

@overload
def binary_cross_entropy(probabilities: Any, targets: Any, *, reduction: Literal["none"]) -> Any: ...

@overload
def binary_cross_entropy(probabilities: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Any: ...

@overload
def binary_cross_entropy_with_logits(logits: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> float:
    """`binary_cross_entropy` of sigmoid(z), as t softplus(-z) + (1 - t) softplus(z), which keeps its digits.

    Equal to max(z, 0) - t z + log1p(exp(-abs z)); slope sigmoid(z) - t. Targets lie in [0, 1].

    >>> 4e-18 < binary_cross_entropy_with_logits([40.0], [1]) < 5e-18
    True
    """

@overload
def binary_cross_entropy_with_logits(logits: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Value: ...

@overload
def binary_cross_entropy_with_logits(logits: Any, targets: Any, *, reduction: Literal["none"]) -> Any: ...

@overload
def binary_cross_entropy_with_logits(logits: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Any: ...

@overload
def cross_entropy(logits: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', ignore_index: int = -100) -> float:
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

@overload
def cross_entropy(logits: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', ignore_index: int = -100) -> Value: ...

@overload
def cross_entropy(logits: Any, targets: Any, *, reduction: Literal["none"], ignore_index: int = -100) -> Any: ...

@overload
def cross_entropy(logits: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', ignore_index: int = -100) -> Any: ...

@overload
def hinge_loss(predictions: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> float:
    """max(0, 1 - t y), for targets t of -1 or 1; slope 0 where 1 - t y = 0.

    >>> hinge_loss([0.5, -2.0], [1, -1])
    0.25
    """

@overload
def hinge_loss(predictions: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Value: ...

@overload
def hinge_loss(predictions: Any, targets: Any, *, reduction: Literal["none"]) -> Any: ...

@overload
def hinge_loss(predictions: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Any: ...

@overload
def huber_loss(predictions: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', delta: Any = 1.0) -> float:
    """d**2 / 2 for differences d = prediction - target up to `delta`, delta (abs d - delta / 2) beyond: outliers pull less.

    Raises ValueError for a delta that is not positive (Huber, Robust Estimation of a Location Parameter, 1964).

    >>> huber_loss([1.0, 2.0], [0.5, 5.0], reduction="none")
    [0.125, 2.5]
    """

@overload
def huber_loss(predictions: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', delta: Any = 1.0) -> Value: ...

@overload
def huber_loss(predictions: Any, targets: Any, *, reduction: Literal["none"], delta: Any = 1.0) -> Any: ...

@overload
def huber_loss(predictions: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', delta: Any = 1.0) -> Any: ...

@overload
def l1_loss(predictions: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> float:
    """Mean absolute error: abs(prediction - target); slope 0 where they are equal.

    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    1.5
    """

@overload
def l1_loss(predictions: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Value: ...

@overload
def l1_loss(predictions: Any, targets: Any, *, reduction: Literal["none"]) -> Any: ...

@overload
def l1_loss(predictions: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Any: ...

@overload
def mse_loss(predictions: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> float:
    """Mean squared error: (prediction - target)**2.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    2.5
    >>> mse_loss([1.0, 2.0], [0.0, 4.0], reduction="none")
    [1.0, 4.0]
    """

@overload
def mse_loss(predictions: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Value: ...

@overload
def mse_loss(predictions: Any, targets: Any, *, reduction: Literal["none"]) -> Any: ...

@overload
def mse_loss(predictions: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean') -> Any: ...

@overload
def nll_loss(log_probabilities: Reals, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', ignore_index: int = -100) -> float:
    """Negative log-likelihood: -log_probabilities[target], for the number of the right class, 0 to C - 1.

    With `log_softmax(logits)` it is the `cross_entropy` of the logits, which says how it treats nested targets, `ignore_index`
    and a Symbol as target.

    >>> nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
    0.375
    """

@overload
def nll_loss(log_probabilities: Numbers, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', ignore_index: int = -100) -> Value: ...

@overload
def nll_loss(log_probabilities: Any, targets: Any, *, reduction: Literal["none"], ignore_index: int = -100) -> Any: ...

@overload
def nll_loss(log_probabilities: Any, targets: Any, *, reduction: Literal["mean", "sum"] = 'mean', ignore_index: int = -100) -> Any: ...
