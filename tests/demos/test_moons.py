"""demos.moons: micrograd's notebook."""

import pytest

from demos import moons
from tests.demos.conftest import Run


def test_the_notebooks_losses_and_every_point_right(run: Run) -> None:
    """Its losses to twelve digits, 100 % accuracy after 100 steps, and a picture."""
    printed = run(moons)
    rows = [[float(word.rstrip("%")) for word in line.split()] for line in printed.splitlines() if line.endswith("%")]
    assert {int(row[0]): row[1] for row in rows} == pytest.approx(moons.PUBLISHED, rel=1e-12)
    assert rows[-1][0] == 100
    assert rows[-1][3] == 100
    assert "MLP(2, [16, 16, 1], activation='relu'), 337 parameters" in printed


def test_both_sides_of_the_boundary() -> None:
    """Each of the 100 points has a score of its moon's sign, and beyond the margin only the squares cost."""
    pytest.importorskip("sklearn", reason="needs the demos extra")
    points, targets = moons.data()
    assert points.shape == (100, 2)
    assert sorted(set(targets.tolist())) == [-1, 1]
    model, history = moons.train()
    assert len(history) == 100
    assert all(model(point).data * target > 0.0 for point, target in zip(points, targets, strict=True))
    loss = moons.regularised(model)([10.0, -10.0], [1, -1])
    assert loss.data == pytest.approx(1e-4 * sum(p.data**2 for p in model.parameters()))
