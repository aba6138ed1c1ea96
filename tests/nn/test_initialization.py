"""Initial weights: the published ranges and variances, by seed, in every layer."""

import math
import random
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import MLP, Conv2d, Layer, Module, Neuron
from nn.initialization import SCHEMES, scheme_of

UNIFORM = {  # the bound, of nin and nout, as published
    "uniform": lambda nin, nout: 1.0,
    "xavier_uniform": lambda nin, nout: math.sqrt(6.0 / (nin + nout)),
    "kaiming_uniform": lambda nin, nout: math.sqrt(6.0 / nin),
    "lecun_uniform": lambda nin, nout: math.sqrt(3.0 / nin),
}
NORMAL = {  # the standard deviation
    "normal": lambda nin, nout: 1.0,
    "xavier_normal": lambda nin, nout: math.sqrt(2.0 / (nin + nout)),
    "kaiming_normal": lambda nin, nout: math.sqrt(2.0 / nin),
}
LAYERS = {  # with nin and nout, PyTorch's fan_in and fan_out
    "layer": (lambda **options: Layer(100, 40, **options), 100, 40),
    "convolution": (lambda **options: Conv2d(5, 20, (5, 8), **options), 200, 800),
    "MLP": (lambda **options: MLP(100, [40], **options), 100, 40),
}


def weights(model: Module) -> Any:
    """All but biases, as an array."""
    return np.array([number for name, number in model.state_dict().items() if "weights" in name])


@pytest.fixture(params=["random", "NumPy"])
def rng(request: pytest.FixtureRequest) -> Any:
    """Both kinds of generators."""
    return random.Random(0) if request.param == "random" else np.random.default_rng(0)


def test_every_scheme_is_tested() -> None:
    """So that none is stated here alone."""
    assert set(SCHEMES) == {*UNIFORM, *NORMAL, "zeros"}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_schemes(name: str, kind: str, rng: Any) -> None:
    """They fill their range to its ends, evenly."""
    make, nin, nout = LAYERS[kind]
    bound = UNIFORM[name](nin, nout)
    drawn = weights(make(init=name, rng=rng))
    assert 0.998 * bound < np.abs(drawn).max() <= bound
    shares, _ = np.histogram(drawn, bins=4, range=(-bound, bound))
    assert shares == pytest.approx([len(drawn) / 4] * 4, rel=0.1)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("name", NORMAL)
def test_normal_schemes(name: str, kind: str, rng: Any) -> None:
    """Their deviation, mean, and the share within one deviation."""
    make, nin, nout = LAYERS[kind]
    deviation = NORMAL[name](nin, nout)
    drawn = weights(make(init=name, rng=rng))
    assert drawn.std() == pytest.approx(deviation, rel=0.04)
    assert abs(drawn.mean()) < 4.0 * deviation / math.sqrt(len(drawn))
    assert np.mean(np.abs(drawn) < deviation) == pytest.approx(0.6827, abs=0.03)


@pytest.mark.parametrize("name", NORMAL)
def test_deviations_are_exact(name: str) -> None:
    """Each draw is the standard one, times the published deviation."""
    for nin, nout in ((1, 1), (3, 7), (200, 5)):
        drawn, standard = SCHEMES[name](random.Random(5), nin, nout), random.Random(5).gauss(0.0, 1.0)
        assert drawn == pytest.approx(NORMAL[name](nin, nout) * standard, rel=1e-15)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("name", SCHEMES)
def test_schemes_are_seedable(name: str, kind: str) -> None:
    """The same seed gives the same weights, plain floats; biases are 0; lecun_uniform is the default."""
    make = LAYERS[kind][0]
    drawn = make(init=name, rng=3).state_dict()
    assert drawn == make(init=name, rng=3).state_dict()
    assert (drawn == make(init=name, rng=4).state_dict()) == (name == "zeros")
    assert (drawn == make(rng=3).state_dict()) == (name == "lecun_uniform")
    assert all(type(number) is float for number in drawn.values())
    assert not any(number for key, number in drawn.items() if "bias" in key)


def test_a_function_as_a_scheme() -> None:
    """It is called for each weight, with the generator and the layer's sizes, and may return any real number."""
    calls = []

    def scheme(rng: Any, nin: int, nout: int) -> Any:
        calls.append((rng, nin, nout))
        return np.float32(0.5)

    rng = random.Random(0)
    assert [p.data for p in Layer(3, 2, init=scheme, bias=False, rng=rng).parameters()] == [0.5] * 6
    assert calls == [(rng, 3, 2)] * 6
    calls.clear()
    Conv2d(2, 3, (1, 4), init=scheme, rng=rng)
    assert calls == [(rng, 8, 12)] * 24


@pytest.mark.parametrize("make", [Neuron, lambda n, **options: Layer(n, 1, **options), lambda n, **o: Conv2d(n, 1, 1, **o)])
def test_what_is_no_scheme(make: Any) -> None:
    """The name, with those there are; a function that returns no number."""
    for init in ("gauss", None, 0.1):
        with pytest.raises(ValueError, match=r"no initialization is named .*\(rng, nin, nout\) -> number, .*'xavier_uniform'"):
            make(1, init=init)
    for result in ("0", None, Value(1.0)):
        with pytest.raises(TypeError, match="what init returns must be one real number"):
            make(1, init=lambda *_, result=result: result)


@pytest.mark.parametrize(
    ("name", "same"),
    [("glorot_uniform", "xavier_uniform"), ("glorot_normal", "xavier_normal"), ("he_uniform", "kaiming_uniform"),
     ("he_normal", "kaiming_normal"), ("glorot", "xavier_uniform"), ("xavier", "xavier_uniform"), ("he", "kaiming_uniform"),
     ("kaiming", "kaiming_uniform")],
)  # fmt: skip
def test_other_names_of_schemes(name: str, same: str) -> None:
    """Glorot is Xavier, He is Kaiming; without a distribution it is the uniform one."""
    assert scheme_of(name)(random.Random(0), 5, 3) == scheme_of(same)(random.Random(0), 5, 3)


@pytest.mark.parametrize("name", ["he_gamma", "gauss", "_", "uniform_"])
def test_names_that_are_none(name: str) -> None:
    """Refused, with those there are."""
    with pytest.raises(ValueError, match="no initialization is named"):
        scheme_of(name)
