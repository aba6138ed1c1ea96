"""demos.breast_cancer: benign or malignant."""

from random import Random

import pytest

from demos import breast_cancer
from tests.demos.conftest import Run


@pytest.mark.parametrize("seed", [0, 1])
def test_accuracy_on_each_part(seed: int, run: Run) -> None:
    """At least 0.98 in training, 0.95 in validation and test; the loss falls to a twentieth."""
    printed = run(breast_cancer, "--seed", str(seed))
    reached = {line.split()[0]: float(line.split()[-1]) for line in printed.splitlines() if " accuracy " in line}
    assert list(reached) == ["training", "validation", "test"]
    assert reached["training"] >= 0.98
    assert min(reached.values()) >= 0.95
    rows = [line.split() for line in printed.splitlines()[1:4]]
    assert [row[:2] for row in rows] == [["1.4", "100"], ["20", "100"], ["10", "100"]]
    assert float(rows[-1][4]) < float(rows[0][2]) / 20.0


def test_the_parts_of_the_data() -> None:
    """Three fifths, a fifth and a fifth, with as many benign among them; standardised by the training part."""
    pytest.importorskip("sklearn", reason="needs the demos extra")
    parts = breast_cancer.data(3)
    assert {part: x.shape for part, (x, _) in parts.items()} == {
        "training": (341, 30),
        "validation": (114, 30),
        "test": (114, 30),
    }
    for _, y in parts.values():
        assert y.mean() == pytest.approx(357 / 569, abs=0.01)
    x = parts["training"][0]
    assert x.mean(axis=0) == pytest.approx(0.0, abs=1e-12)
    assert x.std(axis=0) == pytest.approx(1.0)


def test_the_first_weights() -> None:
    """(uniform - 0.5) / 20 without biases, then uniform - 0.3 with a uniform bias."""
    models = [breast_cancer.network(Random(seed)) for seed in range(100)]
    named = [pair for model in models for pair in model.named_parameters()]
    assert len(named) == 100 * (30 * 20 + 20 + 1)
    for part, low, high in (("layers.0.", -0.025, 0.025), ("layers.1.weights.", -0.3, 0.7), ("layers.1.bias", 0.0, 1.0)):
        numbers = [p.data for name, p in named if name.startswith(part)]
        assert min(numbers) == pytest.approx(low, abs=0.02 * (high - low))
        assert max(numbers) == pytest.approx(high, abs=0.02 * (high - low))
