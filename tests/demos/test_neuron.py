"""demos.neuron: the numbers inside one neuron."""

import math
from pathlib import Path
from random import Random

import pytest

from autograd import grad, tanh
from demos import neuron


@pytest.mark.parametrize("seed", [10, 0, 1])
def test_every_number_is_told(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Values and slopes are those of the formula, also where tanh is flat; tanh is no coth; and there is a picture."""
    neuron.main(["--seed", str(seed), "--out", str(tmp_path)])
    table, _, below = capsys.readouterr().out.partition("\n\n")
    told = {line[:14].strip(): [float(word) for word in line.split()[-2:]] for line in table.splitlines()[1:]}
    rng = Random(seed)
    x1, x2, w1, w2, b = given = 7.0, 3.0, rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)
    n = x1 * w1 + x2 * w2 + b
    slopes = dict(zip(("x1", "x2", "w1", "w2", "b"), (s / math.cosh(n) ** 2 for s in (w1, w2, x1, x2, 1.0)), strict=True))
    inner = {"x1 w1": x1 * w1, "x2 w2": x2 * w2, "x1 w1 + x2 w2": x1 * w1 + x2 * w2, "n": n}
    wanted = {name: [number, slopes[name]] for name, number in zip(slopes, given, strict=True)}
    wanted |= {name: [number, slopes["b"]] for name, number in inner.items()} | {"o": [math.tanh(n), 1.0]}
    assert told.keys() == wanted.keys()
    for name, numbers in wanted.items():
        assert told[name] == pytest.approx(numbers, abs=5.1e-5)
    assert f"{1.0 / math.tanh(n):.4f} = 1 / tanh(n)" in below
    assert "<svg" in (tmp_path / "neuron.svg").read_text(encoding="utf-8")


def test_the_gradient_is_that_of_the_function() -> None:
    """Step by step and all at once."""
    o, made = neuron.forward(Random(10))
    o.backward()
    names = ("x1", "x2", "w1", "w2", "b")
    slopes = grad(lambda x1, x2, w1, w2, b: tanh(x1 * w1 + x2 * w2 + b), argnums=tuple(range(5)))
    assert tuple(made[name].grad for name in names) == slopes(*(made[name].data for name in names))


@pytest.mark.parametrize("x", [-2.0, 0.5, 8.0])
def test_the_swapped_formula_is_coth(x: float) -> None:
    """1 / tanh, which is larger than 1."""
    assert neuron.swapped(x) == pytest.approx(1.0 / math.tanh(x))
    assert abs(neuron.swapped(x)) > 1.0
