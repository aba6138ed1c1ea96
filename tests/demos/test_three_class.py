"""demos.three_class: softmax taken twice, and once."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from autograd import softmax, value_and_grad
from demos import three_class
from tests.demos.conftest import Run

PYTORCH = {  # 2.13, in double: losses before these steps, by torch.optim.Adam made anew each time
    "softmax output": {0: 1.1401361470634201, 1: 1.052734828691144, 10: 0.5595219691184542, 48: 0.5514447161650492},
    "logits": {0: 1.2149946876254547, 1: 0.9605099645949041, 10: 0.012399996981386757, 48: 2.3927486630066256e-09},
}


@pytest.mark.parametrize(("way", "scores"), [("softmax output", softmax), ("logits", list)], ids=["softmax output", "logits"])
def test_losses_are_those_of_pytorch(way: str, scores: Callable[..., Any]) -> None:
    """To rounding, at the beginning and in the end."""
    losses = three_class.train(scores).losses
    assert len(losses) == 49
    assert {step: losses[step] for step in PYTORCH[way]} == pytest.approx(PYTORCH[way], rel=1e-12, abs=1e-15)


def test_only_the_logits_bring_the_loss_to_0() -> None:
    """Of the softmax output it ends at log(e + 2) - 1 = 0.5514, and never below; both networks are sure of the right class."""
    of_softmax, of_logits = three_class.train(softmax), three_class.train(list)
    assert round(math.log(math.e + 2.0) - 1.0, 4) == 0.5514
    assert of_softmax.losses[-1] == pytest.approx(math.log(math.e + 2.0) - 1.0, abs=1e-6)
    assert min(of_softmax.losses) > three_class.BOUND
    assert of_logits.losses[-1] < 1e-6
    assert of_softmax.probabilities == pytest.approx([0.0, 1.0, 0.0], abs=1e-6)
    assert of_logits.probabilities == pytest.approx([0.0, 1.0, 0.0], abs=1e-6)


def test_the_gradient_of_the_example() -> None:
    """It is the published one to the digits of a, and to all of them for the a that it was computed for."""
    slopes = value_and_grad(three_class.mean_of_squared_cubes)
    published = [4.9037e-03, 2.2772, 27.007, 7.5611]
    of_four_digits = [slope for row in slopes([[0.3183, 1.0871], [1.7827, 1.3820]])[1] for slope in row]
    assert of_four_digits == pytest.approx(published, rel=1e-3)
    a = [(2.0 * slope / 3.0) ** 0.2 for slope in published]  # from 3 a**5 / 2
    assert [round(number, 4) for number in a] == [0.3183, 1.0871, 1.7827, 1.3820]
    assert slopes([a])[1][0] == pytest.approx(published, rel=1e-14)


def test_it_prints_its_figures(run: Run) -> None:
    """Losses, probabilities and gradient, and a picture."""
    printed = run(three_class)
    assert printed.splitlines()[2].split() == ["0", "1.1401", "1.21e+00"]
    assert printed.splitlines()[10].split() == ["48", "0.5514", "2.39e-09"]
    assert "ends at log(e + 2) - 1 = 0.5514, the second goes on to 0" in printed
    assert "1.3820   7.5619e+00   7.5611e+00" in printed
