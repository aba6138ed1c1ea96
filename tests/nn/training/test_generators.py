"""Generators of any kind: they draw on from their states, and those of a model are found."""

import json
import random
from random import Random, SystemRandom
from typing import Any

import pytest

from nn import MLP, Dropout, Linear, Module, Sequential
from nn.serialization import read_plain, written_plain
from nn.training.generators import generator_state, generators_in, set_generator_state


def numpy_generator(kind: str, seed: int) -> Any:
    """A NumPy generator of a kind."""
    numpy = pytest.importorskip("numpy")
    return numpy.random.Generator(getattr(numpy.random, kind)(seed))


MAKE: dict[str, Any] = {
    "Random": Random,
    **{kind: lambda seed, kind=kind: numpy_generator(kind, seed) for kind in ("PCG64", "MT19937", "Philox", "SFC64")},
}


@pytest.mark.parametrize("kind", MAKE)
def test_a_generator_draws_on(kind: str) -> None:
    """Through JSON, in the middle of a pair of normal numbers too."""
    rng, other = MAKE[kind](0), MAKE[kind](1)
    draw = (lambda rng: rng.gauss(0.0, 1.0)) if kind == "Random" else lambda rng: rng.normal()
    for _ in range(7):
        rng.uniform(0.0, 1.0)
        draw(rng)
    state = json.loads(json.dumps(written_plain(generator_state(rng, "rng"), "rng")))
    wanted = [draw(rng) for _ in range(5)] + [rng.uniform(0.0, 1.0) for _ in range(700)]
    set_generator_state(other, read_plain(state, "a.json"))
    assert [draw(other) for _ in range(5)] + [other.uniform(0.0, 1.0) for _ in range(700)] == wanted


def test_the_generators_of_a_model() -> None:
    """Each attribute that is one, with its path; a shared one by each of its names."""

    class Noisy(Module):
        def __init__(self, rng: Any) -> None:
            self.noise = rng
            self.inner = Sequential(Linear(1, 1), Dropout(rng=rng))

    rng = Random(0)
    noisy = Noisy(rng)
    assert generators_in(noisy) == [("noise", rng), ("inner.layers.1.rng", rng)]
    assert generators_in(MLP(2, [2, 1])) == []
    dropout = Dropout(rng=1)
    assert generators_in(dropout) == [("rng", dropout.rng)]


def test_the_module_random_is_a_generator() -> None:
    """Since modules take it for one."""
    before = random.getstate()
    state = generator_state(random, "rng")
    wanted = random.random()
    set_generator_state(random, state)
    assert random.random() == wanted
    random.setstate(before)


def test_a_generator_without_a_state() -> None:
    """Cannot be saved, and says what to take."""
    with pytest.raises(
        TypeError, match=r"rng is <.*SystemRandom.*, whose state cannot be saved: take a random.Random or a NumPy"
    ):
        generator_state(SystemRandom(), "rng")
    with pytest.raises(TypeError, match="rng is 3, whose state cannot be saved"):
        generator_state(3, "rng")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "None is not the state of a generator"),
        ({"class": "Random"}, "{'class': 'Random'} is not the state of a generator"),
        ({"class": "Generator", "state": {}}, "the state is of a generator Generator, and this is a Random: give it the same"),
        ({"class": "Random", "state": (3, (1, 2), None)}, r"not the state of a Random \(ValueError: state vector"),
        ({"class": "Random", "state": (3, (1, "a") * 312 + (1,), None)}, r"not the state of a Random \(TypeError"),
        ({"class": "Random", "state": 3}, r"not the state of a Random \(TypeError"),
    ],
)
def test_what_is_no_state(state: Any, message: str) -> None:
    """Is a ValueError, with the reason."""
    with pytest.raises(ValueError, match=message):
        set_generator_state(Random(0), state)


def test_what_is_no_state_of_numpys() -> None:
    """Nor is one of another kind of bits."""
    rng = numpy_generator("PCG64", 0)
    for state in ({"bit_generator": "PCG64"}, generator_state(numpy_generator("SFC64", 0), "rng")["state"], 3):
        with pytest.raises(ValueError, match="not the state of a Generator"):
            set_generator_state(rng, {"class": "Generator", "state": state})
