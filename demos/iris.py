"""Train a multilayer perceptron on the iris flowers, in plain Python scalars: `python -m demos.iris`.

150 flowers of three species, four measurements each (R. A. Fisher, 1936; scikit-learn's copy).
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from autograd import no_grad
from demos._common import folder, need, parser, save_picture
from nn import MLP, SGD, cross_entropy


class Result(NamedTuple):
    """What a training run leaves behind."""

    model: MLP
    losses: list[float]  # mean cross-entropy of each epoch, in nats
    train_accuracy: float
    test_accuracy: float


def data(seed: int) -> tuple[list[list[float]], list[int], list[list[float]], list[int]]:
    """Standardised measurements and species, shuffled and split: 120 flowers to train on, 30 held out."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    flowers, species = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(flowers, species, test_size=30, stratify=species, random_state=seed)
    scaler = StandardScaler().fit(x_train)
    return scaler.transform(x_train).tolist(), y_train.tolist(), scaler.transform(x_test).tolist(), y_test.tolist()


@no_grad()
def accuracy(model: MLP, inputs: Sequence[Any], targets: Sequence[int]) -> float:
    """The share of inputs whose largest logit is that of the right class."""
    right = 0
    for x, target in zip(inputs, targets, strict=True):
        logits = model(x)
        right += max(range(len(logits)), key=lambda j: logits[j].item()) == target
    return right / len(targets)


def train(seed: int = 0, epochs: int = 30, batch_size: int = 10, lr: float = 0.1) -> Result:
    """Stochastic gradient descent on the cross-entropy of a 4-8-3 perceptron; the same seed gives the same result."""
    x_train, y_train, x_test, y_test = data(seed)
    rng = random.Random(seed)
    model = MLP(4, [8, 3], activation="tanh", rng=rng)
    optimizer = SGD(model.parameters(), lr=lr)
    order = list(range(len(x_train)))
    losses = []
    bar = tqdm(range(epochs), desc="training", unit="epoch")
    for _ in bar:
        rng.shuffle(order)
        total = 0.0
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            loss = cross_entropy([model(x_train[i]) for i in batch], [y_train[i] for i in batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(order))
        bar.set_postfix(loss=f"{losses[-1]:.4f}")
    return Result(model, losses, accuracy(model, x_train, y_train), accuracy(model, x_test, y_test))


def plot_losses(losses: Sequence[float], path: Path) -> None:
    """The loss of each epoch as a curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(losses) + 1), losses)
    axes.set(xlabel="epoch", ylabel="mean cross-entropy (nats)", title="iris: training loss", ylim=(0, None))
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train, tell loss and held-out accuracy, and write the two pictures."""
    command = parser(__doc__)
    command.add_argument("--seed", type=int, default=0, help="of the split, the weights and the batches (default: 0)")
    command.add_argument("--epochs", type=int, default=30, help="passes over the training flowers (default: 30)")
    options = command.parse_args(arguments)
    if options.epochs < 1:
        command.error(f"--epochs must be at least 1, not {options.epochs}")
    if not 0 <= options.seed < 2**32:
        command.error(f"--seed must lie between 0 and 2**32 - 1, not {options.seed}")
    need("sklearn", "matplotlib")
    folder(options.out)

    result = train(options.seed, options.epochs)
    model = result.model
    print(f"{model}, {len(model.parameters())} parameters, seed {options.seed}, {options.epochs} epochs")
    print(f"training loss      {result.losses[0]:.4f} -> {result.losses[-1]:.4f}")
    print(f"training accuracy  {result.train_accuracy:.3f}")
    print(f"held-out accuracy  {result.test_accuracy:.3f}")

    x_train, y_train, *_ = data(options.seed)
    loss = cross_entropy(model(x_train[0]), y_train[0])
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    print(f"one flower's graph: {save_picture(loss, options.out / 'iris_graph.svg', precision=3)}")
    plot_losses(result.losses, options.out / "iris_loss.png")
    print(f"the loss curve:     {options.out / 'iris_loss.png'}")


if __name__ == "__main__":
    main()
