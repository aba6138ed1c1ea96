"""Estimators for scikit-learn: models trained by `nn.fit`, with the interface that pipelines and searches expect.

Needs scikit-learn: `pip install "chainrule[sklearn]"`. `import nn` does not load it; `from nn.sklearn import ...` does.
"""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

try:
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import (
        _check_sample_weight,
        check_is_fitted,
        column_or_1d,
        validate_data,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f'nn.sklearn needs {error.name}: pip install "chainrule[sklearn]"', name=error.name) from None

from autograd import dot
from nn.checks import below_one, count
from nn.layers.linear import MLP
from nn.losses import binary_cross_entropy_with_logits, cross_entropy, huber_loss, l1_loss, mse_loss
from nn.module import Module
from nn.optim.lbfgs import LBFGS
from nn.optim.optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from nn.training.callbacks import EarlyStopping
from nn.training.fit import fit
from nn.training.predict import predict

OPTIMIZERS = {"adam": Adam, "adamw": AdamW, "sgd": SGD, "rmsprop": RMSprop, "adagrad": Adagrad, "lbfgs": LBFGS}
LOSSES = {"auto": mse_loss, "mse": mse_loss, "l1": l1_loss, "huber": huber_loss}
MOST = 200  # samples in a batch, by default
LR = 0.01


class _ChainEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both estimators share: a model made for the data, `fit` called, and the same again for more of it."""

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (32,),
        *,
        activation: Any = "relu",
        model: Callable[[int, int, Random], Module] | None = None,
        loss: Any = "auto",
        optimizer: Any = "adam",
        lr: float | None = None,
        epochs: int = 200,
        batch_size: Any = "auto",
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        warm_start: bool = False,
        random_state: Any = None,
        engine: str = "auto",
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state
        self.engine = engine
        self.threads = threads
        self.verbose = verbose

    # --- what a subclass says -----------------------------------------------------------------------------------------

    def _losses(self) -> dict[str, Any]:
        """The losses that have names; "auto" is the default."""
        raise NotImplementedError

    def _width(self) -> int:
        """How many outputs the model needs."""
        raise NotImplementedError

    # --- training -----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """A new model and optimizer; every draw comes from `random_state`."""
        self._rng = check_random_state(self.random_state)
        rng, sizes = Random(self._seed()), (self.n_features_in_, self._width())  # noqa: S311 - weights are no secret
        self.model_ = self._mlp(*sizes, rng) if self.model is None else self.model(*sizes, rng)
        if not isinstance(self.model_, Module):
            raise TypeError(f"model must return a Module, not {self.model_!r}: model=lambda nin, nout, rng: MLP(nin, [nout])")
        self._optimizer = self._new_optimizer()

    def _goes_on(self) -> bool:
        """Whether `fit` begins with the parameters of the last one."""
        return bool(self.warm_start) and hasattr(self, "model_")

    def _objective(self) -> Any:
        """The loss of (outputs, targets)."""
        losses = self._losses()
        loss = losses.get(self.loss) if isinstance(self.loss, str) else self.loss
        if not callable(loss):
            wanted = f"one of {', '.join(map(repr, losses))}, or a function"
            raise ValueError(f"loss must be {wanted}, not {self.loss!r}")  # noqa: TRY004 - or an unknown name
        return loss if self.model is None or self._width() > 1 else partial(_of_one, loss)

    def _seed(self) -> int:
        return int(self._rng.randint(2**31 - 1))

    def _mlp(self, nin: int, nout: int, rng: Random) -> Module:
        sizes = np.atleast_1d(self.hidden_layer_sizes).tolist()
        return MLP(nin, [*(count("hidden_layer_sizes", size) for size in sizes), nout], activation=self.activation, rng=rng)

    def _new_optimizer(self) -> Optimizer:
        make = OPTIMIZERS.get(self.optimizer) if isinstance(self.optimizer, str) else self.optimizer
        if not callable(make):
            names = ", ".join(map(repr, OPTIMIZERS))
            wanted = f"one of {names}, or a function of the parameters"
            raise ValueError(f"optimizer must be {wanted}, not {self.optimizer!r}")  # noqa: TRY004 - or an unknown name
        lr = LR if self.lr is None and isinstance(self.optimizer, str) and make is not LBFGS else self.lr
        made: Optimizer = make(self.model_.parameters(), **({} if lr is None else {"lr": lr}))
        return made

    def _train(self, X: Any, y: Any, sample_weight: Any, epochs: int, *, early_stopping: bool = False) -> None:
        """Train on checked samples of positive weight by `nn.fit`."""
        loss, validation, callbacks = self._objective(), None, []
        if sample_weight is not None:
            loss, y = Weighted(loss, whole=self._numbered()), np.column_stack([y, sample_weight])
        if early_stopping:
            X, held, y, held_y = self._split(X, y)
            validation, callbacks = (held, held_y), [EarlyStopping(self.patience)]
        self.history_ = fit(
            self.model_,
            X,
            y,
            loss=loss,
            optimizer=self._optimizer,
            epochs=epochs,
            batch_size=self._batch(len(X)),
            shuffle=self.shuffle,
            seed=self._seed(),
            validation_data=validation,
            callbacks=callbacks,
            progress=bool(self.verbose),
            engine=self.engine,
            threads=self.threads,
        )
        self.n_iter_ = len(self.history_)

    def _batch(self, samples: int) -> int | None:
        if isinstance(self.batch_size, str):
            if self.batch_size != "auto":
                raise ValueError(f'batch_size must be "auto", a whole number, or None for all samples, not {self.batch_size!r}')
            return None if self._optimizer.evaluates else min(MOST, samples)
        return None if self.batch_size is None else count("batch_size", self.batch_size)

    def _split(self, X: Any, y: Any) -> tuple[Any, Any, Any, Any]:
        """Samples to train on and samples held out; with classes, each in the same share if there are enough."""
        share = below_one("validation_fraction", self.validation_fraction, "0.1")
        if not share * len(X) >= 1.0:
            raise ValueError(
                f"early stopping holds out validation_fraction={share} of {len(X)} samples, which is none: give more samples, "
                "a larger share, or early_stopping=False"
            )
        found = train_test_split(X, y, test_size=share, random_state=self._seed(), stratify=self._strata(y, share))
        return tuple(map(np.ascontiguousarray, (found[0], found[1], found[2], found[3])))  # type: ignore[return-value]

    def _strata(self, y: Any, share: float) -> Any:  # noqa: ARG002 - a classifier's concern
        """By what a split keeps shares; None for nothing."""
        return None

    def _numbered(self) -> bool:
        """Whether targets are numbers of classes."""
        return False

    def _outputs(self, X: Any) -> Any:
        """The fitted model's outputs, a row for each sample."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        return np.asarray(predict(self.model_, X, engine=self.engine), dtype=float).reshape(len(X), -1)


def _of_one(loss: Callable[..., Any], outputs: Any, targets: Any) -> Any:
    """The loss of outputs of one number, which a layer returns in a list."""
    return loss([output[0] if isinstance(output, list | tuple) else output for output in outputs], targets)


class Weighted:
    """A loss of targets that end with a weight: the mean over samples of weight times loss."""

    def __init__(self, loss: Callable[..., Any], *, whole: bool) -> None:
        self.loss = loss
        self.whole = whole  # whether targets are numbers of classes

    def __call__(self, outputs: Any, targets: Any) -> Any:
        """The mean over a batch."""
        terms = [self.loss([output], [self._target(*target)]) for output, (*target, _) in zip(outputs, targets, strict=True)]
        return dot([weight for *_, weight in targets], terms) / len(terms)

    def _target(self, *numbers: Any) -> Any:
        """A target as the loss takes it: one number alone, and that of a class whole again."""
        if len(numbers) > 1:
            return list(numbers)
        return int(numbers[0]) if self.whole and isinstance(numbers[0], float) else numbers[0]  # it may be a Symbol


def _weights(sample_weight: Any, X: Any, y: Any, *, relative: bool) -> tuple[Any, Any, Any]:
    """The samples that count, and their weights, with mean 1 if they are relative; None for all 1.

    Raises ValueError unless some weight is positive, and none negative.
    """
    if sample_weight is None:
        return X, y, None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    counts = weights > 0.0  # some are: scikit-learn has looked
    X, y, weights = X[counts], y[counts], weights[counts]
    weights = weights / weights.mean() if relative else weights
    return X, y, None if (weights == 1.0).all() else weights


class ChainClassifier(ClassifierMixin, _ChainEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier for scikit-learn: a model trained by `nn.fit`, whose outputs are the logits of two classes or more.

    Args:
        hidden_layer_sizes: The sizes of an MLP's hidden layers; () for logistic regression.
        activation: That of the hidden layers, as for `MLP`.
        model: Another model than an MLP: a function (nin, nout, rng) -> Module. Two classes need one output, a logit.
        loss: "auto" for the cross-entropy of logits, or a function (logits, numbers of classes) -> the mean over samples.
        optimizer: "adam", "adamw", "sgd", "rmsprop", "adagrad" or "lbfgs", or a function of the parameters, such as
            `functools.partial(SGD, momentum=0.9)`.
        lr: Its learning rate; None for 0.01 with a name (LBFGS has none), and for the function's own.
        epochs: How often `fit` goes through all samples.
        batch_size: "auto" for up to 200 samples (all for LBFGS), a number, or None for all.
        shuffle: Whether each epoch has another order.
        early_stopping: Hold out a share of the samples, and stop when their loss has not improved for `patience` epochs; the
            model keeps the best epoch's parameters.
        validation_fraction: That share.
        patience: That number of epochs.
        warm_start: Whether `fit` goes on from the parameters of the last one.
        random_state: An int for the same model again, a RandomState, or None.
        engine, threads: As for `nn.fit`: the compiled engine with the extra `jit`, else the eager one.
        verbose: Whether to show a progress bar.

    After `fit`: `classes_`, `n_features_in_`, `model_` (the Module), `history_` (the History), `n_iter_` (epochs made).

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = ChainClassifier((8,), random_state=0).fit(X, y)
    >>> classifier.score(X, y) > 0.95, classifier.predict_proba(X[:1]).shape
    (True, (1, 3))
    """

    classes_: Any

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ChainClassifier":
        """Train on samples X, of shape (samples, features), and their classes y, of any labels.

        A sample of weight 2 counts as two samples, one of weight 0 as none. Raises ValueError for data that do not fit, and
        for fewer than two classes.
        """
        X, y = self._checked(X, y, reset=not self._goes_on())
        X, y, weights = _weights(sample_weight, X, y, relative=True)
        classes, numbers = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"ChainClassifier needs samples of at least 2 classes, was given 1 class: {classes.tolist()[0]!r}")
        if self._goes_on():
            if not np.array_equal(classes, self.classes_):
                raise ValueError(f"warm_start goes on with the classes {self.classes_}, not {classes}: warm_start=False")
            self._optimizer = self._new_optimizer()
        else:
            self.classes_ = classes
            self._begin()
        self._train(X, numbers, weights, count("epochs", self.epochs), early_stopping=self.early_stopping)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> "ChainClassifier":
        """Train for one epoch on some more samples; the first call needs all classes that will come.

        Weights are factors of each sample's loss, comparable from call to call. Raises ValueError for classes that do not fit.
        """
        first = not hasattr(self, "model_")
        X, y = self._checked(X, y, reset=first)
        X, y, weights = _weights(sample_weight, X, y, relative=False)
        if first and classes is None:
            raise ValueError("the first call of partial_fit needs all classes: partial_fit(X, y, classes=np.unique(all_y))")
        if first:
            self.classes_ = np.unique(classes)
            if len(self.classes_) < 2:
                raise ValueError(f"ChainClassifier needs at least 2 classes, was given {classes!r}")
            self._begin()
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes={classes!r} differ from those of the first call, {self.classes_}: leave them out")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has the class {unknown.tolist()[0]!r}, and the first call of partial_fit named {self.classes_}"
            )
        self._train(X, np.searchsorted(self.classes_, y), weights, 1)
        return self

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, in the order of `classes_`, with shape (samples, classes)."""
        logits = self._outputs(X)
        if logits.shape[1] == 1:
            logits = np.hstack([np.zeros_like(logits), logits])  # softmax of (0, z) is (sigmoid(-z), sigmoid(z))
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> Any:
        """The most probable class of each sample."""
        chosen = self.predict_proba(X).argmax(axis=1)  # first: it tells whether there is a model
        return self.classes_[chosen]

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y, dtype=np.float64, order="C", reset=reset)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        return X, y

    def _width(self) -> int:
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def _numbered(self) -> bool:
        return True

    def _losses(self) -> dict[str, Any]:
        return {"auto": binary_cross_entropy_with_logits if self._width() == 1 else cross_entropy}

    def _strata(self, y: Any, share: float) -> Any:
        numbers = y if y.ndim == 1 else y[:, 0]
        counts = np.bincount(numbers.astype(int))
        counts = counts[counts > 0]
        enough = counts.min() >= 2 and share * len(y) >= len(counts) <= (1.0 - share) * len(y)
        return numbers if enough else None


class ChainRegressor(MultiOutputMixin, RegressorMixin, _ChainEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A regressor for scikit-learn: a model trained by `nn.fit`, of one target or several.

    The arguments are those of `ChainClassifier`, but `loss`: "mse" (the same as "auto"), "l1", "huber", or a function
    (outputs, targets) -> the mean over samples. Scale large targets, by scikit-learn's `TransformedTargetRegressor`.

    >>> import numpy as np
    >>> X = np.linspace(-1.0, 1.0, 50).reshape(-1, 1)
    >>> regressor = ChainRegressor((8,), activation="tanh", optimizer="lbfgs", epochs=20, random_state=0)
    >>> regressor.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ChainRegressor":
        """Train on samples X, of shape (samples, features), and targets y, of shape (samples,) or (samples, targets).

        A sample of weight 2 counts as two samples, one of weight 0 as none. Raises ValueError for data that do not fit.
        """
        X, y = self._checked(X, y, reset=not self._goes_on())
        X, y, weights = _weights(sample_weight, X, y, relative=True)
        if self._goes_on():
            self._check_shape(y.shape[1:])
            self._optimizer = self._new_optimizer()
        else:
            self._shape = y.shape[1:]
            self._begin()
        self._train(X, y, weights, count("epochs", self.epochs), early_stopping=self.early_stopping)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ChainRegressor":
        """Train for one epoch on some more samples."""
        first = not hasattr(self, "model_")
        X, y = self._checked(X, y, reset=first)
        X, y, weights = _weights(sample_weight, X, y, relative=False)
        if first:
            self._shape = y.shape[1:]
            self._begin()
        else:
            self._check_shape(y.shape[1:])
        self._train(X, y, weights, 1)
        return self

    def predict(self, X: Any) -> Any:
        """The targets of each sample, of the shape that they had in `fit`."""
        outputs = self._outputs(X)
        return outputs.reshape(len(outputs), *self._shape)

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if shape != self._shape:
            raise ValueError(f"a target has the shape {shape}, and had {self._shape} before: fit another estimator for these")

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y, dtype=np.float64, order="C", multi_output=True, y_numeric=True, reset=reset)
        return X, (column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y).astype(float)

    def _width(self) -> int:
        return int(np.prod(self._shape, dtype=int))

    def _losses(self) -> dict[str, Any]:
        return LOSSES
