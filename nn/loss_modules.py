"""Losses as objects, with their options given once: PyTorch's classes, made from the functions of `nn.losses`."""

from typing import TYPE_CHECKING, Any, ClassVar, overload

from nn.checks import positive
from nn.losses import (
    IGNORED,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    checked_reduction,
    cross_entropy,
    hinge_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from nn.module import FunctionModule

if TYPE_CHECKING:
    from nn.typed import Outputs, Reals


class Loss(FunctionModule):
    """A loss as an object, called with predictions and targets; a subclass names its `function`, which says the rest.

    Raises ValueError for an option that the function rejects.

    >>> loss = MSELoss(reduction="sum")
    >>> loss, loss([1.0, 2.0], [0.0, 4.0])
    (MSELoss(reduction='sum'), 5.0)
    """

    options: ClassVar[tuple[str, ...]] = ("reduction",)

    def __init__(self, *, reduction: str = "mean") -> None:
        self.reduction = checked_reduction(reduction)

    @property
    def predictions(self) -> str | None:
        """What the function takes for predictions; None if it does not say."""
        return getattr(type(self).function, "predictions", None)

    if TYPE_CHECKING:  # a loss of Values is one, or lists of them

        @overload
        def __call__(self, predictions: Reals, targets: Any) -> Any: ...
        @overload
        def __call__(self, predictions: Any, targets: Any) -> Outputs: ...
        def __call__(self, predictions: Any, targets: Any) -> Any:
            """Compute `forward(predictions, targets)`."""

    def forward(self, predictions: Any, targets: Any) -> Any:
        """The function of predictions and targets, with the options."""
        return type(self).function(predictions, targets, **self.chosen())


class MSELoss(Loss):
    """`mse_loss` as an object.

    >>> MSELoss()([1.0, 2.0], [0.0, 4.0])
    2.5
    """

    function = staticmethod(mse_loss)


class L1Loss(Loss):
    """`l1_loss` as an object.

    >>> L1Loss()([1.0, 2.0], [0.0, 4.0])
    1.5
    """

    function = staticmethod(l1_loss)


class HuberLoss(Loss):
    """`huber_loss` as an object, with its delta.

    >>> HuberLoss(delta=2.0)(5.0, 0.0)
    8.0
    """

    function = staticmethod(huber_loss)
    options = ("reduction", "delta")

    def __init__(self, *, reduction: str = "mean", delta: Any = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = positive("delta", delta, "1.0")


class HingeLoss(Loss):
    """`hinge_loss` as an object.

    >>> HingeLoss()([0.5, -2.0], [1, -1])
    0.25
    """

    function = staticmethod(hinge_loss)


class BCELoss(Loss):
    """`binary_cross_entropy` as an object.

    >>> BCELoss()([1.0, 0.0], [1, 0])
    0.0
    """

    function = staticmethod(binary_cross_entropy)


class BCEWithLogitsLoss(Loss):
    """`binary_cross_entropy_with_logits` as an object.

    >>> BCEWithLogitsLoss()([1000.0, -1000.0], [1, 0])
    0.0
    """

    function = staticmethod(binary_cross_entropy_with_logits)


class _Ignoring:
    """The option of a loss of class numbers, of which one does not count."""

    options: ClassVar[tuple[str, ...]] = ("reduction", "ignore_index")

    def __init__(self, *, reduction: str = "mean", ignore_index: int = IGNORED) -> None:
        self.reduction, self.ignore_index = checked_reduction(reduction), ignore_index

    def __repr__(self) -> str:
        ignored = "" if self.ignore_index == IGNORED else f", ignore_index={self.ignore_index!r}"
        return f"{type(self).__name__}(reduction={self.reduction!r}{ignored})"


class CrossEntropyLoss(_Ignoring, Loss):
    """`cross_entropy` as an object.

    >>> CrossEntropyLoss()([1000.0, 0.0], 0)
    0.0
    """

    function = staticmethod(cross_entropy)


class NLLLoss(_Ignoring, Loss):
    """`nll_loss` as an object.

    >>> NLLLoss()([-0.5, -1.0], 1)
    1.0
    """

    function = staticmethod(nll_loss)
