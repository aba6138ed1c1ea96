"""The estimators for scikit-learn: its own checks, weights, classes, searches; figures against closed forms and its MLP."""

import os
import pickle
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra sklearn")

from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_moons
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nn import LBFGS, MLP, SGD, Dropout, History, Linear, Sequential, Tanh, hinge_loss
from nn.sklearn import ChainClassifier, ChainRegressor

LINEAR = {"hidden_layer_sizes": (), "optimizer": partial(LBFGS, max_iter=500), "batch_size": None, "epochs": 1}


@pytest.fixture(scope="module")
def moons() -> Any:
    """Two crescents."""
    return make_moons(200, noise=0.1, random_state=0)


# --- scikit-learn's own checks ----------------------------------------------------------------------------------------


@parametrize_with_checks([ChainClassifier(), ChainRegressor()])  # type: ignore[untyped-decorator]
def test_check_estimator(estimator: Any, check: Any) -> None:
    """Each check of `check_estimator`, none excepted."""
    check(estimator)


def test_import_and_array_api() -> None:
    """`import nn` does not import scikit-learn; and the check passes that it skips unless SciPy's switch is set before."""
    code = """
import sys
import nn
assert "sklearn" not in sys.modules
from sklearn.utils.estimator_checks import estimator_checks_generator
from nn.sklearn import ChainClassifier, ChainRegressor
checks = [found for made in (ChainClassifier(epochs=5), ChainRegressor(epochs=5)) for found in estimator_checks_generator(made)]
for estimator, check in checks:
    if "array_api" in getattr(check, "func", check).__name__:
        check(estimator)
"""
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra."""
    monkeypatch.delitem(sys.modules, "nn.sklearn")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "chainrule\[sklearn\]"'):
        import nn.sklearn  # noqa: F401


# --- against closed forms and scikit-learn's own models ---------------------------------------------------------------


def test_linear_regression_is_least_squares() -> None:
    """Without hidden layers the regressor finds the least squares solution, of one target and of several."""
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))
    y = X @ np.array([[1.0, -2.0], [0.5, 0.0], [3.0, 1.0]]) + np.array([4.0, -1.0]) + 0.1 * noise
    for targets in (y, y[:, 0]):
        wanted = LinearRegression().fit(X, targets).predict(X)
        np.testing.assert_allclose(ChainRegressor(**LINEAR).fit(X, targets).predict(X), wanted, atol=1e-4)


def test_weighted_regression_is_weighted_least_squares() -> None:
    """Sample weights are those of weighted least squares."""
    rng = np.random.default_rng(1)
    X, weights = rng.normal(size=(50, 2)), rng.uniform(0.0, 3.0, 50)
    y = X[:, 0] - 2.0 * X[:, 1] + rng.normal(size=50)
    wanted = LinearRegression().fit(X, y, sample_weight=weights).predict(X)
    np.testing.assert_allclose(ChainRegressor(**LINEAR).fit(X, y, sample_weight=weights).predict(X), wanted, atol=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression(classes: int) -> None:
    """Without hidden layers the classifier finds scikit-learn's unpenalised logistic regression, weighted or not."""
    X, y = load_iris(return_X_y=True)
    X, y = (X[50:], y[50:]) if classes == 2 else (X, y)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    rng = np.random.default_rng(0)
    y = np.where(rng.uniform(size=len(y)) < 0.2, rng.permutation(y), y)  # so that the classes overlap, and there is an optimum
    for given in (None, weights):
        wanted = LogisticRegression(C=1e9, tol=1e-8, max_iter=5000).fit(X, y, sample_weight=given).predict_proba(X)
        ours = ChainClassifier(**LINEAR).fit(X, y, sample_weight=given)
        np.testing.assert_allclose(ours.predict_proba(X), wanted, atol=2e-3)


def test_digits_as_well_as_scikit_learn() -> None:
    """Handwritten digits: the accuracy of `MLPClassifier` with as many neurons, within 2 %."""
    X, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(X / 16.0, y, random_state=0, stratify=y)
    ours = ChainClassifier((32,), lr=0.003, epochs=60, random_state=0).fit(train, y_train).score(test, y_test)
    theirs = MLPClassifier((32,), learning_rate_init=0.003, max_iter=60, random_state=0, tol=0.0)
    with pytest.warns(match="Maximum iterations"):
        theirs.fit(train, y_train)
    assert ours > 0.95
    assert ours > theirs.score(test, y_test) - 0.02


# --- scikit-learn's tools ---------------------------------------------------------------------------------------------


def test_pipeline_search_and_cross_validation(moons: Any) -> None:
    """Pipelines, `cross_val_score` and grid search, with parallel workers that pickle the estimator."""
    pipeline = make_pipeline(StandardScaler(), ChainClassifier((8,), epochs=60, random_state=0))
    assert cross_val_score(pipeline, *moons, cv=3).mean() > 0.8
    search = GridSearchCV(pipeline, {"chainclassifier__hidden_layer_sizes": [(), (8,)]}, cv=3, n_jobs=2).fit(*moons)
    assert search.best_params_ == {"chainclassifier__hidden_layer_sizes": (8,)}
    assert search.predict(moons[0]).shape == (200,)


def test_labels_of_any_kind(moons: Any) -> None:
    """Classes are the labels given, sorted; the probabilities stand in their order, and sum to 1."""
    X, y = moons
    names = np.array(["upper", "lower"])[y]
    found = ChainClassifier((8,), epochs=60, random_state=0).fit(X, names)
    assert found.classes_.tolist() == ["lower", "upper"]
    shares = found.predict_proba(X)
    assert (found.classes_[shares.argmax(axis=1)] == found.predict(X)).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert found.score(X, names) > 0.85
    assert isinstance(found.history_, History)
    assert found.n_iter_ == len(found.history_) == 60


def test_probabilities_of_two_classes_keep_their_digits() -> None:
    """The probability of either class is right however small it is: sigmoid of the logit, not 1 less the other's."""
    found = ChainClassifier((), epochs=1, random_state=0).fit([[0.0], [1.0]], [0, 1])
    weight, bias = (parameter.data for parameter in found.model_.parameters())
    logit = 60.0
    sure, unsure = found.predict_proba([[(logit - bias) / weight], [(-logit - bias) / weight]])
    np.testing.assert_allclose([sure[0], unsure[1]], np.exp(-60.0), rtol=1e-9)


def test_same_seed_same_bits(moons: Any) -> None:
    """An int as `random_state` gives the same model again, another int another, and None each time another."""
    X, y = moons
    proba = [
        ChainClassifier((4,), epochs=5, batch_size=32, random_state=seed).fit(X, y).predict_proba(X)
        for seed in (0, 0, 1, None, None)
    ]
    assert (proba[0] == proba[1]).all()
    assert not (proba[0] == proba[2]).all()
    assert not (proba[3] == proba[4]).all()


def test_partial_fit(moons: Any) -> None:
    """Epoch after epoch with the state of the optimizer: the loss falls; unknown classes and missing ones are told."""
    X, y = moons
    found = ChainClassifier((8,), random_state=0)
    with pytest.raises(ValueError, match="needs all classes"):
        found.partial_fit(X, y)
    losses = [found.partial_fit(X, y, classes=[0, 1]).history_.loss[-1] for _ in range(30)]
    assert losses[-1] < 0.8 * losses[0]
    whole = ChainClassifier((8,), epochs=30, shuffle=False, random_state=0).fit(X, y)
    np.testing.assert_allclose(losses, whole.history_.loss, rtol=1e-9)  # all samples a step: no order matters
    with pytest.raises(ValueError, match="has the class 2"):
        found.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="differ from those of the first call"):
        found.partial_fit(X, y, classes=[0, 1, 2])


def test_partial_fit_of_a_regressor() -> None:
    """More samples of the same shape go on; another shape is refused."""
    X = np.linspace(-1.0, 1.0, 40).reshape(-1, 1)
    found = ChainRegressor((8,), random_state=0)
    losses = [found.partial_fit(X, X[:, 0] ** 2).history_.loss[-1] for _ in range(40)]
    assert losses[-1] < 0.3 * losses[0]
    with pytest.raises(ValueError, match=r"shape \(2,\), and had \(\) before"):
        found.partial_fit(X, np.hstack([X, X]))


def test_weights_of_partial_fit_are_factors() -> None:
    """A step of gradient descent with all weights 2 is twice as far as one with none."""
    X, y = np.array([[1.0], [2.0]]), np.array([1.0, 0.0])
    moved = []
    for weights in (None, [2.0, 2.0]):
        found = ChainRegressor((), optimizer="sgd", lr=1e-3, random_state=0)
        found.partial_fit(X, y, sample_weight=[1.0, 1.0])
        before = [parameter.data for parameter in found.model_.parameters()]
        found.partial_fit(X, y, sample_weight=weights)
        moved.append([parameter.data - b for parameter, b in zip(found.model_.parameters(), before, strict=True)])
    np.testing.assert_allclose(np.array(moved[1]) / np.array(moved[0]), 2.0, rtol=1e-9)


def test_warm_start(moons: Any) -> None:
    """With warm_start, `fit` goes on from the parameters that it found; other classes or features are refused."""
    X, y = moons
    found = ChainClassifier((8,), epochs=20, warm_start=True, random_state=0).fit(X, y)
    model, loss = found.model_, found.history_.loss[-1]
    found.fit(X, y)
    assert found.model_ is model
    assert found.history_.loss[0] < loss * 1.1
    with pytest.raises(ValueError, match="warm_start goes on with the classes"):
        found.fit(X, y + 1)
    with pytest.raises(ValueError, match="X has 1 features"):
        found.fit(X[:, :1], y)
    assert clone(found).fit(X, y).model_ is not model


def test_early_stopping() -> None:
    """It stops before the last epoch, with validation losses in the history; too few samples are told."""
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    found = ChainClassifier((16,), lr=0.05, early_stopping=True, patience=5, random_state=0).fit(X, y)
    assert found.n_iter_ < 200
    assert len(found.history_.val_loss) == found.n_iter_
    assert found.score(X, y) > 0.95
    weighted = clone(found).fit(X, y, sample_weight=np.where(y == 1, 1.0, 3.0))
    assert weighted.n_iter_ < 200
    with pytest.raises(ValueError, match="early stopping holds out"):
        ChainClassifier(early_stopping=True).fit(X[:5], [0, 1, 0, 1, 1])


def test_a_model_and_a_loss_of_ones_own(moons: Any) -> None:
    """Any Module, loss and optimizer: with Dropout, the hinge loss of -1 and 1, and momentum."""
    X, y = moons

    def network(nin: int, nout: int, rng: Any) -> Sequential:
        return Sequential(Linear(nin, 16, rng=rng), Tanh(), Dropout(0.1), Linear(16, nout, rng=rng))

    def hinge(scores: Any, targets: Any) -> Any:
        return hinge_loss(scores, [2 * target - 1 for target in targets])

    optimizer = partial(SGD, lr=0.1, momentum=0.9)
    found = ChainClassifier(model=network, loss=hinge, optimizer=optimizer, random_state=0).fit(X, y)
    assert found.score(X, y) > 0.95
    assert isinstance(found.model_, Sequential)


def test_engines_agree(moons: Any) -> None:
    """The eager engine finds what the compiled one finds."""
    X, y = moons[0][:20], moons[1][:20]
    weights = np.linspace(0.5, 1.5, 20)
    for classes in (y, np.arange(20) % 3):
        proba = [
            ChainClassifier((4,), epochs=3, engine=engine, random_state=0).fit(X, classes, weights).predict_proba(X)
            for engine in ("compiled", "eager")
        ]
        np.testing.assert_allclose(proba[0], proba[1], rtol=1e-9)


def test_pickle(moons: Any) -> None:
    """A pickled estimator predicts the same bits, and goes on training."""
    X, y = moons
    found = ChainClassifier((4,), epochs=5, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(found))
    assert (again.predict_proba(X) == found.predict_proba(X)).all()
    assert (again.partial_fit(X, y).predict_proba(X) == found.partial_fit(X, y).predict_proba(X)).all()


def test_targets_of_other_scales() -> None:
    """`TransformedTargetRegressor` brings targets of any size to one that a network learns."""
    X = np.linspace(-1.0, 1.0, 80).reshape(-1, 1)
    y = 1e5 + 2e4 * np.sin(3.0 * X[:, 0])
    found = TransformedTargetRegressor(
        ChainRegressor((8,), optimizer="lbfgs", epochs=5, random_state=0), transformer=StandardScaler()
    )
    assert found.fit(X, y).score(X, y) > 0.99


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adamm"}, "optimizer must be one of 'adam'"),
        ({"optimizer": 3}, "optimizer must be one of 'adam'"),
        ({"loss": "mse"}, "loss must be one of 'auto'"),
        ({"batch_size": "all"}, 'batch_size must be "auto"'),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
        ({"epochs": 0}, "epochs must be a whole number"),
        ({"hidden_layer_sizes": (4, 0)}, "hidden_layer_sizes must be a whole number"),
        ({"validation_fraction": 1.5, "early_stopping": True}, "validation_fraction must be"),
        ({"lr": -1.0}, "lr must be"),
        ({"engine": "fast"}, "engine must be"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str, moons: Any) -> None:
    """A wrong option is told by `fit`, and never by the constructor."""
    estimator = ChainClassifier(**options)
    with pytest.raises(ValueError, match=message):
        estimator.fit(*moons)


def test_a_model_must_be_a_module(moons: Any) -> None:
    """A function that makes anything else is told so."""
    with pytest.raises(TypeError, match="model must return a Module"):
        ChainClassifier(model=lambda nin, nout, rng: MLP).fit(*moons)


def test_weights_that_do_not_count(moons: Any) -> None:
    """No positive weight is told; one class alone too, also if the other has weight 0."""
    X, y = moons
    with pytest.raises(ValueError, match="at least one non-zero number"):
        ChainRegressor().fit(X, y, sample_weight=np.zeros(200))
    with pytest.raises(ValueError, match="at least 2 classes, was given 1 class"):
        ChainClassifier().fit(X, y, sample_weight=(y == 1).astype(float))
