"""Benign or malignant, learned by the mean absolute error: `python -m demos.breast_cancer`.

569 tumours, 30 measurements each (Wolberg, Street and Mangasarian, 1995; scikit-learn's copy), standardised; three fifths to
train on, a fifth each for validation and test. A hidden layer of 20 ReLUs without biases, a sigmoid, and full-batch gradient
descent at rates of 1.4, then 20, then 10. Rates this large work because the slope of this loss is small: it is nearly 0 where
the sigmoid is nearly right, and also where it is quite wrong.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from demos._common import BLUE, ORANGE, folder, need, parser, seed_number
from nn import SGD, History, Linear, Neuron, Sequential, accuracy, fit, l1_loss, predict

HIDDEN = 20
PHASES = {1.4: 100, 20.0: 100, 10.0: 100}  # epochs at each learning rate
PARTS = ("training", "validation", "test")


class Result(NamedTuple):
    """The results of the training."""

    histories: list[History]  # of each phase
    accuracies: dict[str, float]  # of each part of the data


def data(seed: int) -> dict[str, tuple[Any, Any]]:
    """For each part, measurements standardised by those of the training part, and 1 for benign, 0 for malignant."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y = load_breast_cancer(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=seed)
    x, x_validation, y, y_validation = train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(x)
    inputs = (scaler.transform(part) for part in (x, x_validation, x_test))
    return dict(zip(PARTS, zip(inputs, (y, y_validation, y_test), strict=True), strict=True))


def network(rng: Random) -> Sequential:
    """30-20-1, its weights as the tutorial draws them: (uniform - 0.5) / 20, then uniform - 0.3, and the bias uniform."""
    output = Neuron(HIDDEN, activation="sigmoid", init=lambda rng, _nin, _nout: rng.random() - 0.3, rng=rng)
    output.bias.data = rng.random()
    hidden = Linear(
        30, HIDDEN, bias=False, activation="relu", init=lambda rng, _nin, _nout: (rng.random() - 0.5) / HIDDEN, rng=rng
    )
    return Sequential(hidden, output)


def train(seed: int) -> Result:
    """Train in three phases, one after another; the seed is that of the split and the weights."""
    parts = data(seed)
    model = network(Random(seed))
    optimizer = SGD(model.parameters())
    histories = []
    for rate, epochs in PHASES.items():
        optimizer.lr = rate
        history = fit(
            model,
            *parts["training"],
            loss=l1_loss,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=None,
            validation_data=parts["validation"],
            metrics=[accuracy],
        )
        histories.append(history)
    return Result(histories, {part: accuracy(predict(model, x), y, threshold=0.5) for part, (x, y) in parts.items()})


def plot(histories: Sequence[History], path: Path) -> None:
    """Losses and accuracies of training and validation, phase after phase."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    axes_of_loss, axes_of_accuracy = figure.subplots(1, 2)
    for axes, name in ((axes_of_loss, "loss"), (axes_of_accuracy, "accuracy")):
        for label, color, prefix in (("training", BLUE, ""), ("validation", ORANGE, "val_")):
            numbers = [x for history in histories for x in history[prefix + name]]
            axes.plot(range(1, len(numbers) + 1), numbers, color=color, label=label)
        end = 0
        for rate, history in zip(PHASES, histories, strict=True):
            axes.axvline(end, color="0.5", linestyle=":")
            axes.text(end + 3, 0.97, f"rate {rate:g}", transform=axes.get_xaxis_transform(), va="top", color="0.3")
            end += len(history)
        axes.set(xlabel="epoch")
        axes.margins(x=0.01)
        axes.grid(alpha=0.3)
        axes.legend(loc="center right")
    axes_of_loss.set(ylabel="mean absolute error", yscale="log")
    axes_of_accuracy.set(ylabel="accuracy", ylim=(0.85, 1.02))
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train, print losses and accuracies, and draw their curves."""
    command = parser(__doc__)
    command.add_argument("--seed", type=seed_number, default=0, help="of the split and the weights (default: 0)")
    options = command.parse_args(arguments)
    need("sklearn", "matplotlib")
    folder(options.out)

    histories, accuracies = train(options.seed)
    print(f"{'rate':>5} {'epochs':>7} {'training loss':>20} {'validation loss':>20}")
    for rate, history in zip(PHASES, histories, strict=True):
        losses = (f"{numbers[0]:.4f} -> {numbers[-1]:.4f}" for numbers in (history.loss, history.val_loss))
        print(f"{rate:5g} {len(history):7} {'':4}{'     '.join(losses)}")
    for part, reached in accuracies.items():
        print(f"{part + ' accuracy':<20} {reached:.3f}")
    plot(histories, options.out / "breast_cancer.png")
    print(f"the curves: {options.out / 'breast_cancer.png'}")


if __name__ == "__main__":
    main()
