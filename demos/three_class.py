"""Three classes by hand, and the price of a second softmax: `python -m demos.three_class`.

x = (0.1, 0.2, 0.7) goes through three weight matrices with ReLU, sigmoid and softmax; of the classes 0, 1 and 2, 1 is right. A
tutorial gives the *softmax output* to the cross-entropy, which takes a softmax itself: a classic mistake. The second softmax
turns even the best probabilities, (0, 1, 0), into (1, e, 1) / (e + 2), so that the loss never falls below log(e + 2) - 1 =
0.5514. Given the logits, as it should be, it goes to 0.
"""

import math
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from autograd import softmax, sum_, value_and_grad, values
from demos._common import BLUE, ORANGE, folder, need, parser
from nn import Adam, Linear, Module, Sequential, cross_entropy

INPUT = [0.1, 0.2, 0.7]
TARGET = 1
WEIGHTS = [  # of each layer a row for each neuron
    [[0.1, 0.3, 0.4], [0.2, 0.2, 0.3], [0.3, 0.7, 0.9]],
    [[0.2, 0.3, 0.6], [0.3, 0.5, 0.4], [0.5, 0.7, 0.8]],
    [[0.1, 0.3, 0.5], [0.4, 0.7, 0.2], [0.8, 0.2, 0.9]],
]
RATE, STEPS = 0.09, 49
BOUND = math.log(math.e + 2.0) - 1.0  # of the loss where softmax is taken twice

CUBED = [[0.3183, 1.0871], [1.7827, 1.3820]]  # the numbers of the tutorial's example of autograd, which prints four digits
PUBLISHED = [[4.9037e-03, 2.2772], [27.007, 7.5611]]  # and their gradient, of all digits


class Trained(NamedTuple):
    """The result of the steps."""

    losses: list[float]  # before each step
    probabilities: list[float]  # of the classes, after the last one


def network() -> Module:
    """The layers up to the logits, with their first weights."""
    layers = [Linear(3, 3, bias=False, activation=activation) for activation in ("relu", "sigmoid", None)]
    for layer, rows in zip(layers, WEIGHTS, strict=True):
        numbers = {f"neurons.{i}.weights.{j}": number for i, row in enumerate(rows) for j, number in enumerate(row)}
        layer.load_state_dict(numbers)
    return Sequential(*layers)


def train(scores: Callable[[Sequence[Any]], Sequence[Any]]) -> Trained:
    """49 steps of the tutorial's loop, for the cross-entropy of `scores` of the logits."""
    model = network()
    losses = []
    for _ in range(STEPS):
        optimizer = Adam(model.parameters(), lr=RATE)  # anew each time, as there: it forgets, and a weight moves by RATE
        loss = cross_entropy(scores(model(INPUT)), TARGET)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return Trained(losses, values(softmax(model(INPUT))))


def mean_of_squared_cubes(a: Sequence[Sequence[Any]]) -> Any:
    """mean((a**3)**2), the tutorial's example of autograd: its gradient is 6 a**5 / 4."""
    squares = [(number**3) ** 2 for row in a for number in row]
    return sum_(squares) / len(squares)


def plot(of_softmax: Sequence[float], of_logits: Sequence[float], path: Path) -> None:
    """Draw both losses, step by step, and the bound of the first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(of_softmax, color=ORANGE, linewidth=2.5, label="of the softmax output")
    axes.plot(of_logits, color=BLUE, linewidth=2.5, label="of the logits")
    axes.axhline(BOUND, color="0.3", linestyle="--", linewidth=1.0, label=f"log(e + 2) - 1 = {BOUND:.4f}")
    axes.set(xlabel="step", ylabel="cross-entropy (nats)", title="Softmax taken twice, and once", ylim=(0.0, None))
    axes.margins(x=0.01)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train both ways, print the losses side by side, draw them, and print the gradient of the example."""
    options = parser(__doc__).parse_args(arguments)
    need("matplotlib")
    folder(options.out)

    of_softmax, of_logits = train(softmax), train(list)
    print(f"cross-entropy\n{'step':>6} {'of the softmax output':>22} {'of the logits':>14}")
    for step in range(0, STEPS, 6):
        print(f"{step:6} {of_softmax.losses[step]:22.4f} {of_logits.losses[step]:14.2e}")
    sure, surer = of_softmax.probabilities[TARGET], of_logits.probabilities[TARGET]
    print(
        f"after {STEPS} steps the right class has probabilities of {sure:.6f} and {surer:.6f}; the first loss cannot tell, and"
    )
    print(f"ends at log(e + 2) - 1 = {BOUND:.4f}, the second goes on to 0")
    assert 0.0 < of_softmax.losses[-1] - BOUND < 1e-6
    assert of_logits.losses[-1] < 1e-6

    z, gradient = value_and_grad(mean_of_squared_cubes)(CUBED)
    print(f"\nz = mean((a**3)**2) = {z:.4f} has the gradient 3 a**5 / 2; a tutorial prints that of an a with more digits:")
    print(f"{'a':>8} {'gradient':>12} {'published':>12}")
    for number, slope, published in zip(*map(chain.from_iterable, (CUBED, gradient, PUBLISHED)), strict=True):
        print(f"{number:8.4f} {slope:12.4e} {published:12.4e}")
        assert math.isclose(slope, 1.5 * number**5, rel_tol=1e-14)
        assert abs(slope - published) < 7.5 * number**4 * 0.5e-4 + 0.5e-4 * published  # as much as the digits left out make

    plot(of_softmax.losses, of_logits.losses, options.out / "three_class.png")
    print(f"\nboth losses: {options.out / 'three_class.png'}")


if __name__ == "__main__":
    main()
