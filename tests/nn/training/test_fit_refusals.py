"""What fit refuses before any training: data, options and parties that do not go together."""

import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, no_grad
from nn import MLP, SGD, BCELoss, CrossEntropyLoss, Module, StepLR, accuracy, cross_entropy, fit, mse_loss
from tests.nn.training.test_fit import CLASSES, X, Y, numbers


def refused(**options: Any) -> Any:
    """A call of fit that differs from a good one in these options."""
    model = MLP(2, [3, 2], rng=1)
    good: dict[str, Any] = {
        "model": model, "X": X, "y": [c % 2 for c in CLASSES], "loss": cross_entropy, "epochs": 1, "progress": False,
    }  # fmt: skip
    made = good | options
    made.setdefault("optimizer", SGD(model.parameters(), lr=0.1))
    before = numbers(model)

    def call() -> None:
        try:
            fit(**made)
        finally:
            assert numbers(model) == before

    return call


class Dropping(Module):
    """A model that cannot be traced in training."""

    def __init__(self) -> None:
        self.weight = Value(1.0)

    def forward(self, x: Any) -> Any:
        return self.weight * x[0] if x[0] > 0.0 else self.weight * x[1]


dropping = Dropping()
ELSEWHERE = SGD([Value(1.0, label="elsewhere")], lr=0.1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (refused(X=[]), ValueError, "X is empty: give at least one sample"),
        (refused(y=np.array([])), ValueError, "y is empty"),
        (refused(X=X[:5]), ValueError, "X has 5 samples, y has 23: give a target for every sample"),
        (refused(X=[*X[:-1], [1.0]]), ValueError, r"X\[0\] is of shape \(2,\), X\[22\] is of shape \(1,\)."),
        (refused(X=[[[1.0, 2.0], [3.0]]] * 23), ValueError, r"X\[0\] is ragged: its parts are of shape \(1,\) and of"),
        (refused(X=[[]] * 23), ValueError, r"X has samples without numbers, of shape \(0,\)"),
        (refused(X=[*X[:-1], [1.0, math.nan]]), ValueError, r"X\[22\]\[1\] is nan, and samples must be finite numbers"),
        (refused(X=[[math.inf, 0], *X[1:]]), ValueError, r"X\[0\]\[0\] is inf"),
        (refused(y=[*CLASSES[:-1], math.nan]), ValueError, r"y\[22\] is nan"),
        (refused(X=[[10**400, 1]] * 23), ValueError, r"X\[0\]\[0\] is inf"),
        (refused(X=[["1", "2"]] * 23), TypeError, r"X\[0\]\[0\] must be one real number, not the string '1'"),
        (refused(X=[[None, 2]] * 23), TypeError, r"X\[0\]\[0\] must be one real number, not None"),
        (refused(X=iter(X)), TypeError, r"X must be a list, tuple or array of samples, not a list_iterator: list\("),
        (refused(X=[[x[0]] for x in X]), ValueError, r"the samples of X, each of shape \(1,\): MLP takes 2 inputs"),
        (refused(X=[x[0] for x in X]), ValueError, "the samples of X, each one number: MLP takes a sequence of 2"),
        (refused(X=[[x, x] for x in X]), ValueError, r"of shape \(2, 2\): MLP takes the 2 inputs of one sample"),
        (refused(y=[*[0] * 22, 2]), ValueError, r"targets in y, each one number: cross_entropy has 2 classes.*target 22 is 2"),
        (refused(y=[*[0] * 22, -1]), ValueError, "target 22 is -1"),
        (refused(y=[0.5] * 23), ValueError, "cross_entropy wants class numbers for targets; target 0 is 0.5"),
        (refused(loss=mse_loss), ValueError, r"outputs, such as \[.*\], with the targets in y, each one number: mse_loss"),
        (refused(loss=mse_loss, y=[[1.0]] * 23), ValueError, r"each of shape \(1,\): mse_loss wants a target for"),
        (refused(loss=BCELoss(), y=[[0.0, 2.0]] * 23), ValueError, r"wants every target in \[0, 1\]; target 1 is 2"),
        (refused(loss=BCELoss(), y=[[0.0, 1.0]] * 23), ValueError, r"every probability in \[0, 1\] \(apply sigmoid"),
        (refused(loss=CrossEntropyLoss(reduction="none")), ValueError, "the loss of a batch must be one number, not "),
        (refused(loss=lambda o, t: 1.0), ValueError, "loss of the first sample, 1.0, does not depend on any parameter"),
        (refused(loss=lambda o, t: Value(1.0) * 2.0), ValueError, "does not depend on any parameter that the optimizer holds"),
        (refused(loss="mse"), TypeError, "loss must be a function of outputs and targets, not 'mse'"),
        (refused(epochs=0), ValueError, "epochs must be a whole number of at least 1, not 0"),
        (refused(epochs=2.0), ValueError, "epochs must be a whole number of at least 1, not 2.0"),
        (refused(batch_size=-1), ValueError, "batch_size must be a whole number of at least 1, not -1"),
        (refused(batch_size="all"), ValueError, "batch_size must be"),
        (refused(seed="seven"), TypeError, "seed must be an integer or None, not 'seven'"),
        (refused(model=lambda x: x), TypeError, "fit takes a Module, not"),
        (refused(optimizer="adam"), TypeError, "optimizer must be an optimizer, not 'adam'"),
        (refused(optimizer=ELSEWHERE), ValueError, r"1 of the 1 parameters .* are not this model's: .*SGD\(model.parameters"),
        (refused(scheduler=StepLR(ELSEWHERE, 1)), ValueError, r"another optimizer's: StepLR\(optimizer"),
        (refused(scheduler=0.5), TypeError, r"scheduler must have a step\(\), not be 0.5"),
        (refused(validation_data=X), ValueError, r"must be a pair \(X, y\), not a list"),
        (refused(validation_data=(X, [0])), ValueError, r"validation_data\[0\] has 23 samples, validation_data\[1\] has 1"),
        (refused(validation_data=([[1.0]], [0])), ValueError, r"\[0\] has samples of shape \(1,\), X samples of shape \(2,\)"),
        (refused(validation_data=(X[:1], [7])), ValueError, r"validation_data\[1\], .*2 classes.*target 0 is 7"),
        (refused(metrics=accuracy), TypeError, r"metrics must be a list of functions.*metrics=\[accuracy\]"),
        (refused(metrics=["accuracy"]), TypeError, "the metric 'str' must be a function .*, not 'accuracy'"),
        (refused(metrics=[accuracy, accuracy]), ValueError, r"\['accuracy', 'accuracy'\] have a name twice: give a dict"),
        (refused(metrics={"loss": accuracy}), ValueError, "some name twice: give metrics other names"),
        (refused(callbacks=[3]), TypeError, "a callback is a Callback, or a function of model and history, not 3"),
        (refused(jit=True, loss=lambda o, t: cross_entropy(o, t, reduction="sum")), ValueError, "jit=True takes the mean over"),
        (refused(jit=True, model=dropping, y=Y, loss=mse_loss, optimizer=SGD(dropping.parameters(), lr=0.1)), ag.TraceError,
         "forward branches on a number that jit is tracing"),
    ],
)  # fmt: skip
def test_what_fit_refuses(call: Any, error: type[Exception], message: str) -> None:
    """Before any training: no parameter has moved."""
    with pytest.raises(error, match=message):
        call()


def test_fit_without_gradients() -> None:
    """Under no_grad() there is nothing to train by."""
    with no_grad(), pytest.raises(ValueError, match=r"fit needs gradients, and was called under no_grad\(\): call it outside"):
        refused()()
