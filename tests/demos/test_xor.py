"""demos.xor: how many networks solve XOR."""

import math

import pytest

from demos import xor
from nn import MLP, SGD, binary_cross_entropy
from tests.demos.conftest import Run


def test_the_tutorials_network_mostly_stalls_and_the_other_never(run: Run) -> None:
    """Of twenty seeds 3 and 20 solve XOR; the others end on the plateaus; the loss is told every 1,000 epochs."""
    printed = run(xor)
    rows = [line.split() for line in printed.splitlines() if line.strip()[:1].isdigit() and " of 20 " in line]
    assert [int(row[0]) for row in rows] == list(range(0, 10_001, 1_000))
    assert [int(row[2]) for row in rows][1:] == [3] * 10
    assert [int(row[6]) for row in rows][1:] == [20] * 10
    tutorial, other = printed.partition("\n\n")[2].split("MLP(")[1:]
    assert tutorial.splitlines()[:5] == [
        "2, [2, 1], activation='relu', output_activation='sigmoid'): 3 of 20 solve XOR",
        "   3 with a loss of at most 0.0021",
        "   4 stalled at 0.6931: 4 inputs get one answer",
        "   8 stalled at 0.4774: 3 inputs get one answer",
        "   5 stalled at 0.3466: 2 inputs get one answer",
    ]
    assert other.startswith("2, [4, 1], activation='tanh', output_activation='sigmoid'): 20 of 20 solve XOR")


def _entropy(p: float) -> float:
    return -p * math.log(p) - (1.0 - p) * math.log(1.0 - p)


def test_the_plateaus_are_entropies() -> None:
    """Of the mean target of the inputs that get one answer, for so many of the four."""
    wanted = {4: _entropy(1 / 2), 3: 3 / 4 * _entropy(1 / 3), 2: 2 / 4 * _entropy(1 / 2)}
    assert {alike: xor.PLATEAUS[alike] for alike in wanted} == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("make", [xor.tutorial, xor.spare])
@pytest.mark.parametrize("seed", [0, 7, 19])
def test_networks_that_learn_together_are_those_that_learn_alone(make: type[MLP], seed: int) -> None:
    """After 100 epochs parameters and loss are those of the usual loop, with Values and SGD."""
    together = xor.train(make, epochs=100)
    model = make(seed)
    optimizer = SGD(model.parameters(), lr=0.1)
    for epoch in range(101):
        loss = binary_cross_entropy([model(x) for x in xor.INPUTS], xor.TARGETS)  # nowhere near where clamping matters
        if epoch == 100:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert together.losses[-1][seed] == pytest.approx(loss.item(), rel=1e-12)
    assert together.parameters[-1][seed].tolist() == pytest.approx([p.data for p in model.parameters()], rel=1e-12)


def test_the_first_weights_of_the_tutorial() -> None:
    """0.1 * normal, and biases of 0."""
    models = [xor.tutorial(seed) for seed in range(200)]
    named = [pair for model in models for pair in model.named_parameters()]
    assert all(p.data == 0.0 for name, p in named if name.endswith("bias"))
    weights = [p.data for name, p in named if not name.endswith("bias")]
    assert len(weights) == 200 * 6
    assert math.sqrt(sum(w * w for w in weights) / len(weights)) == pytest.approx(0.1, rel=0.1)
