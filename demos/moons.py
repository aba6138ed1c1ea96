"""The two moons of micrograd's notebook, with its losses to twelve digits: `python -m demos.moons`.

100 points in two crescents, a 2-16-16-1 perceptron with ReLU, the hinge loss plus 1e-4 times the sum of all squared parameters,
and 100 full-batch steps of gradient descent, at a rate that falls from 1 to 0.1 (A. Karpathy, micrograd, demo.ipynb, 2020). The
same seed gives the notebook's points and first weights, and so its losses.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd import dot, jit, no_grad, values
from demos._common import BLUE, ORANGE, folder, need, parser
from nn import MLP, SGD, History, LambdaLR, accuracy, fit, hinge_loss

SEED, STEPS, ALPHA = 1337, 100, 1e-4
PUBLISHED = {1: 0.8958441028683222, 2: 1.7235905336972022, 5: 0.3692793385976538, 10: 0.2704862551637922,
             25: 0.1261571261277045, 50: 0.04829139382390309, 100: 0.010978370135492717}  # fmt: skip
"""The notebook's losses, before each of these steps, the first being 1."""


def data() -> tuple[Any, Any]:
    """The points, and -1 or 1 for the moon of each."""
    from sklearn.datasets import make_moons

    points, moons = make_moons(n_samples=100, noise=0.1, random_state=SEED)
    return points, 2 * moons - 1


def regularised(model: MLP) -> Callable[[Any, Any], Any]:
    """The hinge loss, plus alpha times the squares of the model's parameters."""
    return lambda scores, targets: hinge_loss(scores, targets) + ALPHA * dot(model.parameters(), model.parameters())


def train() -> tuple[MLP, History]:
    """The model, trained, and the history of its training."""
    points, moons = data()
    model = MLP(2, [16, 16, 1], activation="relu", init="uniform", rng=SEED)
    optimizer = SGD(model.parameters(), lr=1.0)
    history = fit(
        model,
        points,
        moons,
        loss=regularised(model),
        optimizer=optimizer,
        scheduler=LambdaLR(optimizer, lambda step: 1.0 - 0.9 * step / STEPS),
        epochs=STEPS,
        batch_size=None,
        shuffle=False,
        metrics=[accuracy],
    )
    return model, history


def plot(model: MLP, history: History, path: Path) -> None:
    """Draw the loss, and the points over the model's scores, with the line where these change sign."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    curve, plane = figure.subplots(1, 2, width_ratios=(3, 4))
    curve.semilogy(history.epochs, history.loss, color=BLUE, label="this run")
    curve.semilogy(list(PUBLISHED), list(PUBLISHED.values()), "o", color=ORANGE, markersize=7, label="the notebook's")
    curve.set(xlabel="step", ylabel="hinge loss + L2", title="loss")
    curve.grid(alpha=0.3)
    curve.legend()

    points, moons = data()
    low, high = points.min(axis=0) - 0.4, points.max(axis=0) + 0.4
    across, up = np.meshgrid(*np.linspace(low, high, 121).T)
    with no_grad():
        scores = values(jit(lambda x, y: model([x, y]), in_axes=(0, 0))(across.ravel(), up.ravel())).reshape(across.shape)
    farthest = np.ceil(np.abs(scores).max())
    filled = plane.contourf(across, up, scores, np.arange(-farthest, farthest + 1.0), cmap="PuOr", alpha=0.7)
    figure.colorbar(filled, location="bottom", label="score", aspect=40)
    plane.contour(across, up, scores, [0.0], colors="black", linewidths=1.5)
    for moon, color, marker in ((-1, ORANGE, "o"), (1, BLUE, "^")):
        plane.plot(*points[moons == moon].T, marker, color=color, markeredgecolor="black", markersize=7, label=f"{moon:+}")
    plane.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal", title="decision boundary")
    plane.legend(title="moon", loc="upper right")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train, print the losses beside the notebook's, and draw the decision boundary."""
    options = parser(__doc__).parse_args(arguments)
    need("sklearn", "matplotlib")
    folder(options.out)

    model, history = train()
    reached = history.metrics["accuracy"]
    print(f"{model}, {len(model.parameters())} parameters")
    print(f"{'step':>5} {'loss':>20} {'the notebook':>22} {'accuracy after it':>18}")
    for step, published in PUBLISHED.items():
        print(f"{step:5} {history.loss[step - 1]:20.15f} {published:22.15f} {reached[step - 1]:18.0%}")
        assert abs(history.loss[step - 1] - published) < 1e-12
    assert reached[-1] == 1.0
    plot(model, history, options.out / "moons.png")
    print(f"the loss, and the decision boundary: {options.out / 'moons.png'}")


if __name__ == "__main__":
    main()
