"""demos.char_rnn: a GRU and the GPT on the same names."""

import math
from random import Random

import pytest

from demos import char_rnn
from tests.demos.conftest import Run

pytest.importorskip("names", reason="needs the demos extra")
pytest.importorskip("llvmlite", reason="needs the demos extra")


def test_the_demo(run: Run) -> None:
    """Both learn more than guessing; counting pairs is better than counting letters."""
    printed = run(char_rnn, "--steps", "120")
    rows = [line.rsplit(maxsplit=1) for line in printed.splitlines() if line.startswith("  ")]
    losses = {name.strip(): float(number) for name, number in rows}
    assert list(losses) == ["guessing", "letters counted", "pairs counted", "GRU", "GPT"]
    assert losses["guessing"] == pytest.approx(math.log(27), abs=1e-3)
    assert losses["pairs counted"] < losses["letters counted"] < losses["guessing"]
    assert max(losses["GRU"], losses["GPT"]) < 3.1


def test_counting() -> None:
    """By hand, for names of one letter."""
    letters, pairs = char_rnn.counted(["a", "a", "b"], ["a"])
    assert letters == pytest.approx(-0.5 * (math.log(3 / 33) + math.log(4 / 33)))
    assert pairs == pytest.approx(-0.5 * (math.log(3 / 30) + math.log(3 / 29)))


def test_inventions_are_letters() -> None:
    """As many as the seed says, again the same."""
    model = char_rnn.CharRNN(Random(0))
    names = [model.invent(Random(seed)) for seed in range(3)]
    assert names == [model.invent(Random(seed)) for seed in range(3)]
    assert all(name == "" or name.isalpha() for name in names)
