"""demos.tabular: classification and regression beside PyTorch's."""

from random import Random

import pytest

from demos import tabular
from tests.demos.conftest import Run


def test_ten_seeds_reach_pytorchs_accuracy(run: Run) -> None:
    """A mean of 0.893 to 0.02, each between 0.8 and 1; and the regression's error is less than half the linear model's."""
    printed = run(tabular)
    classification, _, regression = printed.partition("\n\n")
    rows = [line.split() for line in classification.splitlines() if "->" in line]
    assert [int(row[0]) for row in rows] == list(range(10))
    accuracies = [float(row[-1]) for row in rows]
    assert sum(accuracies) / 10 == pytest.approx(0.893, abs=0.02)
    assert min(accuracies) >= 0.8
    assert all(float(row[3]) < 0.2 * float(row[1]) for row in rows)
    mean = next(line for line in classification.splitlines() if line.startswith("mean"))
    assert float(mean.split()[-1]) == pytest.approx(sum(accuracies) / 10, abs=1e-3)
    errors = {line.rsplit(maxsplit=1)[0].strip(): float(line.split()[-1]) for line in regression.splitlines()[1:3]}
    assert list(errors) == ["linear model", "5-8-1"]
    assert 1.0 < errors["5-8-1"] < 0.5 * errors["linear model"]


def test_the_split() -> None:
    """Four fifths and a fifth, standardised by the former."""
    pytest.importorskip("sklearn", reason="needs the demos extra")
    from sklearn.datasets import make_classification

    data = tabular.split(*make_classification(n_samples=500, n_features=10, random_state=42))
    assert [len(part) for part in data] == [400, 100, 400, 100]
    assert data.x.mean(axis=0) == pytest.approx(0.0, abs=1e-12)
    assert data.x.std(axis=0) == pytest.approx(1.0)
    assert abs(data.x_test.mean(axis=0)).max() > 1e-3


def test_first_weights_are_drawn_as_pytorch_does() -> None:
    """Uniform in +-1 / sqrt(nin)."""
    rng = Random(0)
    weights = [tabular.as_pytorch(rng, 16, 8) for _ in range(1_000)]
    assert -0.25 <= min(weights) < -0.24
    assert 0.24 < max(weights) <= 0.25
