"""demos.gpt: both ways to write the model, training, sampling, and what is drawn and saved."""

import json
import re
from pathlib import Path
from random import Random

import numpy as np
import pytest

from autograd import values
from demos import gpt
from nn import cross_entropy
from tests.demos.conftest import Run

pytest.importorskip("names", reason="needs the demos extra")
pytest.importorskip("llvmlite", reason="needs the demos extra")

from demos import _names


def test_the_demo(run: Run, tmp_path: Path) -> None:
    """It learns, saves, invents twenty names, and draws."""
    printed = run(gpt, "--steps", "150")
    before, after = map(float, re.search(r"held-out loss per character ([\d.]+) -> ([\d.]+)", printed).groups())  # type: ignore[union-attr]
    assert 3.2 < before < 3.4
    assert after < 2.9
    assert "4192 parameters" in printed
    assert "losses and gradients of 'marylouise' differ by" in printed
    invented = printed.partition("invented: ")[2].splitlines()[0].split(", ")
    assert len(invented) == 20
    assert all(re.fullmatch(r"[a-z]*", name) for name in invented)
    assert len(json.loads((tmp_path / "gpt.json").read_text(encoding="utf-8"))["parameters"]) == 4192
    assert "<svg" in (tmp_path / "gpt.html").read_text(encoding="utf-8")


def test_loops_and_layers_give_the_same() -> None:
    """Losses and all gradients, of a long name and of a short one."""
    model = gpt.GPT(Random(1))
    assert gpt.check_both(model, "jo") < 1e-12
    assert gpt.check_both(model, "bartholomewsson") < 1e-12


def test_sampling_follows_the_models_probabilities() -> None:
    """The compiled sampler draws the letters that the scalar loops give for the same numbers between 0 and 1."""
    model = gpt.GPT(Random(2))
    for p in model.parameters():
        p.data *= 10.0  # so that letters matter
    noise = np.random.default_rng(0).random((3, _names.CONTEXT))
    found = gpt.Sampler(model)(noise)
    w = {name: values(rows) for name, rows in model.weights().items()}
    for row, numbers in zip(found, noise, strict=True):
        token, keys, cache = _names.END, [], []
        for place, number in enumerate(numbers):
            logits = gpt.logits_of_next(token, place, keys, cache, w)
            shares = np.exp(np.array(logits) - max(logits))
            token = int((np.cumsum(shares / shares.sum())[:-1] <= number).sum())
            assert row[place] == token


def test_names() -> None:
    """They come from the census, each once, and split by a seed."""
    names = _names.first_names(held_out=100)
    assert len(names.held_out) == 100
    assert not set(names.held_out) & set(names.trained)
    assert names == _names.first_names(held_out=100)
    assert names != _names.first_names(seed=1, held_out=100)
    assert _names.tokens("ab") == [_names.END, 0, 1]
    assert _names.targets("ab") == [0, 1, _names.END]
    assert _names.text([0.0, 1.0, float(_names.END), 3.0]) == "ab"


def test_held_out_loss_is_the_mean_over_characters() -> None:
    """As cross_entropy over all places of all names."""
    model, names = gpt.GPT(Random(0)), ["ann", "christopher"]
    wanted = cross_entropy([model(_names.tokens(name)) for name in names], list(map(_names.targets, names)))
    assert gpt.held_out_loss(model, names) == pytest.approx(wanted.data, rel=1e-12)
