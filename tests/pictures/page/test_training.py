"""The page of a training: its loss curve, its weights, and what a model of two inputs answers, at each recorded step."""

from typing import Any

import numpy as np

from autograd import Value, record
from demos.pages import training
from nn import MLP, SGD, Linear, fit, mse_loss
from tests.pictures.browser import Open


def test_curve_weights_and_boundary_follow_the_slider(read: Open) -> None:
    """Each changes as one scrubs; the curve's dot stands at the step."""
    reader = read(training())
    shown = """["#losses circle", "#weights svg", "#plane image", "#plane path"].map((name) =>
      document.querySelector(name).outerHTML)"""
    last = reader.page.evaluate(shown)
    assert reader.page.locator("#losses polyline").get_attribute("points").count(",") == 26
    assert reader.page.locator("#plane circle").count() == 4
    reader.leap("#pass", 0)
    first = reader.page.evaluate(shown)
    assert all(one != other for one, other in zip(first, last, strict=True))
    assert reader.text("#title-of-pass").startswith("step 0: loss = ")


def test_the_plane_is_the_models_answer(read: Open) -> None:
    """On a grid, to the model's own numbers."""
    model = MLP(2, [3, 1], rng=0)
    recording = record(model, lambda model: mse_loss([model(x) for x in ([0.0, 1.0], [1.0, -1.0])], [0.0, 1.0]), every=1)
    recording()
    assert recording.samples == [[0.0, 1.0], [1.0, -1.0]]
    answer: Any = recording.answer
    inputs, output = answer
    assert output.data == model([0.0, 0.0]).data
    assert [x.data for x in inputs] == [0.0, 0.0]
    described = read(recording, {}).page.locator("#plane svg").get_attribute("aria-label")
    xs, ys = np.meshgrid(np.linspace(-0.25, 1.25, 41)[:-1] + 0.01875, np.linspace(-1.5, 1.5, 41)[:-1] + 0.0375)
    numbers = [model([float(x), float(y)]).data for x, y in zip(xs.ravel(), ys.ravel(), strict=True)]
    assert described is None or described == (
        f"the model's output over its two inputs, from {min(numbers):.4g} to {max(numbers):.4g}"
    )


def test_other_models_have_no_plane() -> None:
    """Of three inputs, or of several outputs."""
    for model, loss in [
        (MLP(3, [1], rng=0), lambda model: mse_loss([model([1.0, 2.0, 3.0])], [0.0])),
        (Linear(2, 2, rng=0), lambda model: mse_loss(model([1.0, 2.0]), [0.0, 1.0])),
    ]:
        assert record(model, loss).answer is None


def test_epochs_by_name() -> None:
    """As a callback of `fit` a recording counts epochs."""
    model = MLP(1, [1], rng=0)
    recording = record(model, lambda model: mse_loss([model([1.0])], [0.5]), every=1)
    options = {"loss": mse_loss, "optimizer": SGD(model.parameters(), lr=0.1), "epochs": 2, "seed": 0, "progress": False}
    fit(model, [[1.0]], [0.5], callbacks=[recording], **options)
    assert [numbers.title for numbers in recording.passes] == ["step 0", "epoch 1", "epoch 2"]
    assert isinstance(recording.result, Value)
