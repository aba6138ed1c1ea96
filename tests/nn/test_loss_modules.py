"""Losses as objects: options, copies, and what they refuse; their values are tested with the functions."""

import copy
import math
import pickle
from typing import Any

import pytest

import nn
from nn import CrossEntropyLoss, HuberLoss, Loss, MSELoss, cross_entropy, huber_loss


@pytest.mark.parametrize("cls", Loss.__subclasses__(), ids=lambda cls: cls.__name__)
def test_classes_are_modules_and_travel(cls: Any) -> None:
    """They have no parameters, say what they are, and are copied and pickled."""
    loss = cls(reduction="sum")
    assert loss.parameters() == []
    assert repr(loss).startswith(f"{cls.__name__}(reduction='sum'")
    for copied in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert repr(copied) == repr(loss)
    assert getattr(nn, cls.__name__) is cls


def test_options_reach_the_function() -> None:
    """Those that were given once, at each call; set anew they hold from then on."""
    loss = HuberLoss(reduction="sum", delta=2)
    assert repr(loss) == "HuberLoss(reduction='sum', delta=2.0)"
    assert loss([5.0, 1.0], [0.0, 0.0]) == huber_loss([5.0, 1.0], [0.0, 0.0], reduction="sum", delta=2.0) == 8.5
    loss.delta, loss.reduction = 1.0, "none"
    assert loss([5.0, 1.0], [0.0, 0.0]) == [4.5, 0.5]
    assert CrossEntropyLoss(reduction="none")([[1.0, 2.0]], [0]) == cross_entropy([[1.0, 2.0]], [0], reduction="none")


def test_a_loss_of_ones_own() -> None:
    """Names its function, which takes the reduction, and is trained with like the others."""

    class Square(Loss):
        function = staticmethod(lambda predictions, targets, reduction: (predictions - targets) ** 2)

    assert repr(Square()) == "Square(reduction='mean')"
    assert Square()(3.0, 1.0) == 4.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MSELoss(reduction="avg"), ValueError, "not 'avg'"),
        (lambda: HuberLoss(delta=math.nan), ValueError, "delta must be positive, not nan"),
        (lambda: HuberLoss(delta="1"), TypeError, "delta must be one real number, not the string"),
    ],
)
def test_options_that_loss_modules_refuse(call: Any, error: type[Exception], message: str) -> None:
    """When they are made, not when they are called."""
    with pytest.raises(error, match=message):
        call()
