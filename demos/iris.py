"""Train a multilayer perceptron on the iris flowers, in plain Python scalars: `python -m demos.iris`.

150 flowers of three species, four measurements each (R. A. Fisher, 1936; scikit-learn's copy).
"""

from typing import NamedTuple

from demos._common import folder, need, parser, save_picture, seed_number
from nn import MLP, SGD, History, accuracy, cross_entropy, fit


class Result(NamedTuple):
    """The results of a training run."""

    model: MLP
    history: History


def data(seed: int) -> tuple[list[list[float]], list[int], list[list[float]], list[int]]:
    """Standardised measurements and species, shuffled and split: 120 flowers to train on, 30 held out."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    flowers, species = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(flowers, species, test_size=30, stratify=species, random_state=seed)
    scaler = StandardScaler().fit(x_train)
    return scaler.transform(x_train).tolist(), y_train.tolist(), scaler.transform(x_test).tolist(), y_test.tolist()


def train(seed: int = 0, epochs: int = 30, batch_size: int = 10, lr: float = 0.1) -> Result:
    """Stochastic gradient descent on the cross-entropy of a 4-8-3 perceptron; the same seed gives the same result."""
    x_train, y_train, x_test, y_test = data(seed)
    model = MLP(4, [8, 3], activation="tanh", rng=seed)
    history = fit(
        model,
        x_train,
        y_train,
        loss=cross_entropy,
        optimizer=SGD(model.parameters(), lr=lr),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        validation_data=(x_test, y_test),
        metrics=[accuracy],
    )
    return Result(model, history)


def main(arguments: list[str] | None = None) -> None:
    """Train, print loss and held-out accuracy, and write the two pictures."""
    command = parser(__doc__)
    command.add_argument("--seed", type=seed_number, default=0, help="of the split, the weights and the batches (default: 0)")
    command.add_argument("--epochs", type=int, default=30, help="passes over the training flowers (default: 30)")
    options = command.parse_args(arguments)
    if options.epochs < 1:
        command.error(f"--epochs must be at least 1, not {options.epochs}")
    need("sklearn", "matplotlib")
    folder(options.out)

    result = train(options.seed, options.epochs)
    model, history = result
    print(f"{model}, {len(model.parameters())} parameters, seed {options.seed}, {options.epochs} epochs")
    print(f"training loss      {history.loss[0]:.4f} -> {history.loss[-1]:.4f}")
    print(f"training accuracy  {history.metrics['accuracy'][-1]:.3f}")
    print(f"held-out accuracy  {history.metrics['val_accuracy'][-1]:.3f}")

    x_train, y_train, *_ = data(options.seed)
    loss = cross_entropy(model(x_train[0]), y_train[0])
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    print(f"one flower's graph: {save_picture(loss, options.out / 'iris_graph.svg', precision=3)}")
    history.plot(options.out / "iris_loss.png")
    print(f"loss and accuracy:  {options.out / 'iris_loss.png'}")


if __name__ == "__main__":
    main()
