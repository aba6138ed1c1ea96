"""Dropout: its share, its scale, its modes and its randomness."""

import copy
import random
from typing import Any

import numpy as np
import pytest

from autograd import TraceError, Value, jit
from nn import SGD, Dropout, Linear, Sequential, fit, mse_loss


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_share_and_scale(p: float) -> None:
    """A share p is 0, the rest x / (1 - p), so that the mean stays."""
    out = Dropout(p, rng=0)([3.0] * 20_000)
    assert set(out) == {0.0, 3.0 / (1.0 - p)}
    assert out.count(0.0) / len(out) == pytest.approx(p, abs=0.01)
    assert sum(out) / len(out) == pytest.approx(3.0, rel=0.03)


def test_all_or_none() -> None:
    """p = 1 leaves nothing, p = 0 everything; both are allowed, as in PyTorch."""
    assert Dropout(1.0, rng=0)([1.0, [2.0]]) == [0.0, [0.0]]
    assert Dropout(0, rng=0)([1.0, [2.0]]) == [1.0, [2.0]]
    assert Dropout(1.0).eval()(3.0) == 3.0


def test_eval_is_the_identity_and_draws_nothing() -> None:
    """Also within a model; train() brings dropping back, where the generator was."""
    dropout = Dropout(0.5, rng=0)
    model = Sequential(Linear(2, 2, rng=0), dropout)
    model.eval()
    x = Value(1.0)
    assert dropout([x])[0] is x
    assert [out.data for out in model([1.0, 2.0])] == [out.data for out in model[0]([1.0, 2.0])]
    model.train()
    assert dropout([1.0] * 50) == Dropout(0.5, rng=0)([1.0] * 50)


def test_gradients_go_where_numbers_went() -> None:
    """1 / (1 - p) to those that are left, and 0 to the others, which are Values as well."""
    xs = [Value(1.0) for _ in range(20)]
    out = Dropout(0.25, rng=1)(xs)
    for y in out:
        y.backward()
    assert all(x.has_grad for x in xs)
    assert [x.grad for x in xs] == [y.data for y in out]
    assert {x.grad for x in xs} == {0.0, 1.0 / 0.75}


def test_an_optimizer_moves_what_was_left_out() -> None:
    """As in PyTorch, where such parameters have the gradient 0, not none: their weight decays, and their momentum goes on."""
    model = Sequential(Linear(1, 1, rng=0), Dropout(0.0))
    weight = model.parameters()[0]
    optimizer = SGD(model.parameters(), lr=1.0, momentum=0.5, weight_decay=0.25)
    places = [weight.data]
    for model[1].p in (0.0, 1.0):
        optimizer.zero_grad()
        model([3.0])[0].backward()
        optimizer.step()
        places.append(weight.data)
    first = 3.0 + 0.25 * places[0]
    second = 0.5 * first + 0.0 + 0.25 * places[1]
    assert places == [places[0], places[0] - first, places[1] - second]


def test_randomness_is_the_generators() -> None:
    """A seed gives the same again, each call another; NumPy's generators do; a copy goes on alike; no global state moves."""
    ones = [1.0] * 50
    a, b = Dropout(rng=7), Dropout(rng=7)
    first = a(ones)
    assert first == b(ones)
    assert a(ones) != first
    twin = copy.deepcopy(a)
    assert a(ones) == twin(ones)
    assert Dropout(rng=np.random.default_rng(0))(ones) == Dropout(rng=np.random.default_rng(0))(ones)
    shared = random.Random(3)
    assert Dropout(rng=shared)(ones) != Dropout(rng=shared)(ones)
    state = random.getstate()
    assert Dropout()(ones) != Dropout()(ones)
    assert random.getstate() == state


def test_reseeding() -> None:
    """The same seed draws the same again; a generator that was given stays."""
    ones, (a, b, given) = [1.0] * 50, (Dropout(), Dropout(), Dropout(rng=7))
    model = Sequential(a, given)
    for module in (*model.modules(), b):
        module.reseed("0 1")
    assert a(ones) == b(ones)
    assert given(ones) == Dropout(rng=7)(ones)


def test_a_compiled_function_has_no_dropout() -> None:
    """In training it is refused, be it of a Symbol or a captured Value; in eval(), or with p = 0, it is the identity."""
    dropout, captured = Dropout(rng=0), Value(2.0)
    for f in (lambda x: dropout([x])[0], lambda x: dropout([captured])[0] * x):
        with pytest.raises(TraceError, match=r"Dropout\(p=0.5\) in training cannot be compiled.* Call model.eval\(\) before"):
            jit(f, backend="python")(1.0)
    assert jit(lambda x: Dropout(0.0)([x])[0], backend="python")(3.0) == 3.0  # nothing is left out
    dropout.eval()
    assert jit(lambda x: dropout([x])[0], backend="python")(3.0) == 3.0


@pytest.mark.parametrize("rng", [None, 7, "numpy"])
@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_fit_compiles_it(rng: Any, batch_size: int | None) -> None:
    """By masks that the same generators draw in the same order as in eager training; the modes are as before in the end."""
    results = []
    for engine in ("eager", "compiled"):
        own = np.random.default_rng(3) if rng == "numpy" else rng
        model = Sequential(
            Linear(1, 4, rng=0), Dropout(0.4, rng=own), Linear(4, 4, rng=2), Dropout(rng=own), Linear(4, 1, rng=1)
        )
        model.eval()
        x, y = [[1.0], [2.0], [-1.0], [0.5], [0.25]], [[1.0], [2.0], [0.0], [0.5], [1.0]]
        options: Any = {"loss": mse_loss, "optimizer": SGD(model.parameters(), lr=0.01), "epochs": 6, "batch_size": batch_size}
        history = fit(model, x, y, seed=5, progress=False, engine=engine, **options)
        assert not any(module.training for module in model.modules())
        results.append([*history.loss, *(p.data for p in model.parameters()), model[1].rng.random(), model[3].rng.random()])
    assert results[1] == (results[0] if batch_size == 1 else pytest.approx(results[0], rel=1e-12))


def test_the_masks_of_fit_leave_out_a_share() -> None:
    """Each sample has its own: with lr = 0 the losses tell how many of the outputs were left out."""
    model = Sequential(Dropout(0.3, rng=0), Linear(1, 1, rng=0))
    model[1].parameters()[0].data, model[1].parameters()[1].data = 0.7, 0.0
    options: Any = {"optimizer": SGD(model.parameters(), lr=0.0), "epochs": 1, "batch_size": 1, "progress": False}
    history = fit(model, [[1.0]] * 4_000, [[0.0]] * 4_000, loss=mse_loss, engine="compiled", **options)
    assert history.loss[0] == pytest.approx(0.7, abs=0.03)  # of the squares: 1.0 where it stayed


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dropout(1.5), ValueError, r"p, the probability of leaving a number out, must lie in \[0, 1\], not 1.5"),
        (lambda: Dropout(-0.1), ValueError, "not -0.1"),
        (lambda: Dropout(float("nan")), ValueError, "not nan"),
        (lambda: Dropout("0.5"), TypeError, "p must be one real number"),
        (lambda: Dropout(rng="0"), TypeError, "rng must be a random.Random, a NumPy Generator or a seed"),
        (lambda: Dropout(rng=0)(["1"]), TypeError, "an input of Dropout must be one real number, not the string '1'"),
        (lambda: Dropout(0.0)([None]), TypeError, "an input of Dropout must be one real number, not None"),
        (lambda: Dropout().eval()([{}]), TypeError, "an input of Dropout must be one real number, not a dict"),
    ],
)
def test_what_dropout_refuses(make: Any, error: type[Exception], message: str) -> None:
    """Wrong probabilities and generators, and anything but numbers."""
    with pytest.raises(error, match=message):
        make()
