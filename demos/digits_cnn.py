"""A small convolutional network reads handwritten digits, in scalars: `python -m demos.digits_cnn`.

1,797 digits of 8 x 8 pixels (E. Alpaydin and C. Kaynak, 1998; scikit-learn's copy), 1,000 of them to learn from. Eight kernels
of 3 x 3, ReLU, the maximum of every 2 x 2, and a linear layer, by the cross-entropy and Adam; beside it the linear layer alone.
One digit takes some 13,000 operations, and its gradient twice as many: compiled, an epoch takes a fraction of a second.
"""

from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from autograd import jit, values
from demos._common import BLUE, ORANGE, folder, need, parser, seed_number
from nn import Adam, Conv2d, Flatten, History, Linear, MaxPool2d, ReLU, Sequential, accuracy, cross_entropy, fit

KERNELS, CHANCE = 8, 0.1


class Data(NamedTuple):
    """Images of shape (1, 8, 8), from 0 to 1, and their digits: to learn from, and held out."""

    x: Any
    x_test: Any
    y: Any
    y_test: Any


def data(seed: int, size: int) -> Data:
    """This many digits to learn from, the others held out."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = digits.images[:, None] / 16.0
    return Data(*train_test_split(images, digits.target, train_size=size, stratify=digits.target, random_state=seed))


def convolutional(rng: Random) -> Sequential:
    """8 x 8 pixels, 8 channels of 8 x 8, 8 of 4 x 4, 10 logits."""
    return Sequential(
        Conv2d(1, KERNELS, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(KERNELS * 16, 10, rng=rng)
    )


def linear(rng: Random) -> Sequential:
    """64 pixels, 10 logits."""
    return Sequential(Flatten(), Linear(64, 10, rng=rng))


def train(model: Sequential, digits: Data, epochs: int, seed: int) -> History:
    """Adam on the cross-entropy of batches of 32; the accuracy on held-out digits is measured, but no choice depends on it."""
    return fit(
        model,
        digits.x,
        digits.y,
        loss=cross_entropy,
        optimizer=Adam(model.parameters(), lr=0.01),
        epochs=epochs,
        seed=seed,
        validation_data=(digits.x_test, digits.y_test),
        metrics=[accuracy],
    )


def plot(histories: Mapping[str, History], model: Sequential, digits: Data, path: Path) -> None:
    """Draw the accuracies on held-out digits, the kernels, and some misread digits."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    for (name, history), color in zip(histories.items(), (BLUE, ORANGE), strict=True):
        axes.plot(history.epochs, history.metrics["val_accuracy"], "o-", color=color, markersize=4, label=name)
    axes.set(xlabel="epoch", ylabel="accuracy on held-out digits", title=f"chance: {CHANCE}")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")

    convolution: Any = model[0]
    kernels = np.array([[[weight.data for weight in row] for row in kernel[0]] for kernel in convolution.weights])
    largest = np.abs(kernels).max()
    above, below = right.subfigures(2, 1)
    above.suptitle("the kernels", fontsize="medium")
    for place, kernel in zip(above.subplots(2, KERNELS // 2).ravel(), kernels, strict=True):
        shades = place.imshow(kernel, cmap="PuOr", vmin=-largest, vmax=largest)
        place.set_axis_off()
    above.colorbar(shades, ax=above.axes, label="weight")

    answers = np.argmax(values(jit(model, in_axes=0)(digits.x_test)), axis=0)
    wrong = np.flatnonzero(answers != digits.y_test)
    below.suptitle(f"{len(wrong)} of {len(answers)} held-out digits are misread, among them", fontsize="medium")
    for place, i in zip_longest(below.subplots(2, 5).ravel(), wrong[:10]):
        place.set_axis_off()
        if i is not None:
            place.imshow(digits.x_test[i][0], cmap="Greys")
            place.set_title(f"{digits.y_test[i]} as {answers[i]}", fontsize="small")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train both models, print how well they read held-out digits, and draw it."""
    command = parser(__doc__)
    command.add_argument("--seed", type=seed_number, default=0, help="of the split, the weights and the batches (default: 0)")
    command.add_argument("--digits", type=int, default=1000, help="to learn from, of 1,797 (default: 1000)")
    command.add_argument("--epochs", type=int, default=15, help="passes over them (default: 15)")
    options = command.parse_args(arguments)
    if not 10 <= options.digits <= 1787:
        command.error(
            f"--digits must lie between 10 and 1787, not {options.digits}: some of each to learn from, and some held out"
        )
    if options.epochs < 1:
        command.error(f"--epochs must be at least 1, not {options.epochs}")
    need("sklearn", "matplotlib")
    folder(options.out)

    digits = data(options.seed, options.digits)
    models = {"convolutional": convolutional(Random(options.seed)), "linear": linear(Random(options.seed))}
    histories = {name: train(model, digits, options.epochs, options.seed) for name, model in models.items()}
    print(f"{models['convolutional'].summary()}\n")
    print(f"{len(digits.y)} digits to learn from, {len(digits.y_test)} held out, {options.epochs} epochs")
    print(f"{'':<14}{'parameters':>11}{'training loss':>15}{'accuracy':>10}{'held out':>10}")
    for name, history in histories.items():
        latest = history.latest
        told = f"{latest['loss']:15.4f}{latest['accuracy']:10.3f}{latest['val_accuracy']:10.3f}"
        print(f"{name:<14}{len(models[name].parameters()):11}{told}")
    print(f"{'chance':<14}{CHANCE:46.3f}")
    plot(histories, models["convolutional"], digits, options.out / "digits_cnn.png")
    print(f"accuracies, kernels and misread digits: {options.out / 'digits_cnn.png'}")


if __name__ == "__main__":
    main()
