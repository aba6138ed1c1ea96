"""XOR, honestly: how often a tutorial's network learns it, and one that always does: `python -m demos.xor`.

The tutorial's network has two hidden ReLUs and a sigmoid, weights of 0.1 * normal and biases of 0; it takes 10,000 steps of
gradient descent, at a rate of 0.1, on the binary cross-entropy of all four inputs. The tutorial prints a loss of 0.68 beside
perfect predictions. Both cannot be true: answering 1/2 to everything costs log 2 = 0.69. In fact this network mostly stalls.

Where a ReLU is 0, its slope is 0 too. Inputs that turn both off get the same answer, and nothing pulls them apart: the mean of
their targets is the best answer left, and its entropy is the loss that remains. tanh has a slope everywhere, and with four of
them two are spare: that network solves XOR from every seed.

Twenty networks of each kind learn at once: `jit` maps loss and gradient over the rows of an array, a row for each network.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from autograd import clip, jit, value_and_grad
from demos._common import BLUE, ORANGE, folder, need, parser
from nn import MLP, binary_cross_entropy, functional_call

INPUTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
TARGETS = [0, 1, 1, 0]
SEEDS, EPOCHS, RATE = range(20), 10_000, 0.1
TOLD, KEPT = 1_000, 50  # epochs between two lines of the table, and two points of the picture

PLATEAUS = {  # the loss that remains where this many inputs get the same answer, and the others their targets
    4: math.log(2.0),  # 1/2
    3: 0.75 * (math.log(3.0) - 2.0 / 3.0 * math.log(2.0)),  # 1/3 or 2/3
    2: 0.5 * math.log(2.0),  # 1/2
}


class Training(NamedTuple):
    """Networks of one kind on their way: for every KEPT epochs the losses and the parameters, a row for each network."""

    kind: MLP
    losses: list[Any]
    parameters: list[Any]

    def answers(self, kept: int, network: int) -> list[float]:
        """A network's answers to the four inputs."""
        numbers = self.parameters[kept][network].tolist()
        return [functional_call(self.kind, numbers, x) for x in INPUTS]

    def solved(self, kept: int) -> int:
        """How many networks answer all four inputs on the right side of 1/2."""
        return sum(
            all((answer > 0.5) == target for answer, target in zip(self.answers(kept, network), TARGETS, strict=True))
            for network in range(len(self.losses[kept]))
        )


def tutorial(seed: int) -> MLP:
    """The tutorial's network."""
    return MLP(
        2, [2, 1], activation="relu", output_activation="sigmoid", init=lambda rng, _nin, _nout: rng.gauss(0.0, 0.1), rng=seed
    )


def spare(seed: int) -> MLP:
    """The network with neurons to spare, and a slope everywhere."""
    return MLP(2, [4, 1], activation="tanh", output_activation="sigmoid", init="xavier_normal", rng=seed)


def train(make: Callable[[int], MLP], epochs: int = EPOCHS) -> Training:
    """Full-batch gradient descent for a network of each seed, all of them at once."""
    import numpy as np

    networks = [make(seed) for seed in SEEDS]
    kind = networks[0]

    def loss(parameters: Sequence[Any]) -> Any:
        answers = [functional_call(kind, parameters, x) for x in INPUTS]
        return binary_cross_entropy([clip(answer, 1e-15, 1.0 - 1e-15) for answer in answers], TARGETS)

    differentiated = jit(value_and_grad(loss), in_axes=0)
    parameters = np.array([[parameter.data for parameter in network.parameters()] for network in networks])
    training = Training(kind, [], [])
    for epoch in range(epochs + 1):
        losses, gradients = differentiated(parameters)
        if epoch % KEPT == 0:
            training.losses.append(losses)
            training.parameters.append(parameters)
        parameters = parameters - RATE * gradients
    return training


def tell(training: Training) -> None:
    """Print where the networks ended: how many solve XOR, and how many stalled on which plateau."""
    losses = training.losses[-1].tolist()
    print(f"{training.kind}: {training.solved(-1)} of {len(losses)} solve XOR")
    stalled = {alike: sum(abs(loss - plateau) < 5e-3 for loss in losses) for alike, plateau in PLATEAUS.items()}
    good = [loss for loss in losses if loss < 0.05]
    assert len(good) + sum(stalled.values()) == len(losses)
    assert len(good) == training.solved(-1)
    print(f"  {len(good):2} with a loss of at most {max(good):.4f}")
    for alike, count in stalled.items():
        if count:
            print(f"  {count:2} stalled at {PLATEAUS[alike]:.4f}: {alike} inputs get one answer")


def plot(trainings: Sequence[Training], path: Path) -> None:
    """Draw the losses of all networks, and the answers of the last kind's first network on the square."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    *curves, square = figure.subplots(1, 3, width_ratios=(3, 3, 2.6))
    for axes, training, color, title in zip(
        curves, trainings, (ORANGE, BLUE), ("2-2-1, ReLU (the tutorial's)", "2-4-1, tanh"), strict=True
    ):
        epochs = [KEPT * kept for kept in range(len(training.losses))]
        axes.semilogy(epochs, training.losses, color=color, linewidth=1.2, alpha=0.8)
        axes.set(xlabel="epoch", ylabel="binary cross-entropy (nats)", ylim=(1e-3, 1.2))
        axes.set_title(f"{title}: {training.solved(-1)} of {len(SEEDS)} solve it", fontsize="medium")
        axes.grid(alpha=0.3)

    side = np.linspace(-0.25, 1.25, 61)
    numbers = trainings[-1].parameters[-1][0].tolist()
    answers = [[functional_call(trainings[-1].kind, numbers, [x, y]) for x in side.tolist()] for y in side.tolist()]
    filled = square.contourf(side, side, answers, np.linspace(0.0, 1.0, 11), cmap="cividis")
    figure.colorbar(filled, label="answer", shrink=0.75)
    square.contour(side, side, answers, [0.5], colors="white", linewidths=1.5)
    for (x, y), target in zip(INPUTS, TARGETS, strict=True):
        square.plot(x, y, "o" if target else "s", color="white", markeredgecolor="black", markersize=13)
        square.text(x, y, str(target), ha="center", va="center")
    square.set(xlabel="first input", ylabel="second input", aspect="equal")
    square.set_title("2-4-1, seed 0: its answers", fontsize="medium")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train both kinds of network from twenty seeds, print how they fare, and draw it."""
    options = parser(__doc__).parse_args(arguments)
    need("numpy", "matplotlib")
    folder(options.out)

    trainings = [train(tutorial), train(spare)]
    print(f"{'':>6}  {'2-2-1, ReLU':^22}  {'2-4-1, tanh':^22}\n{'epoch':>6}" + f"  {'loss, seed 0':>12} {'solved':>9}" * 2)
    for kept in range(0, len(trainings[0].losses), TOLD // KEPT):
        told = [f"{training.losses[kept][0]:12.4f} {training.solved(kept):3} of {len(SEEDS)}" for training in trainings]
        print(f"{KEPT * kept:6}  {'  '.join(told)}")
    print()
    for training in trainings:
        tell(training)
    assert trainings[1].solved(-1) == len(SEEDS)
    print("where both ReLUs are 0, so are their slopes: inputs there get one answer for ever. tanh has a slope everywhere")

    plot(trainings, options.out / "xor.png")
    print(f"the losses, and the answers: {options.out / 'xor.png'}")


if __name__ == "__main__":
    main()
