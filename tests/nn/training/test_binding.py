"""Bindings: which Value lies where, what is taken over and delivered, and what is made anew."""

import re
from typing import Any

import pytest

from autograd import Value, dot, vmap
from nn import MLP, SGD, Adam, Linear, Module, mse_loss
from nn.training.binding import Binding, States
from nn.training.compiled import Compiled
from nn.training.eager import CannotCompile
from tests.nn.training.runs import X, numbers
from tests.nn.training.test_job import job_of


def engine_of(model: Any, **options: Any) -> Any:
    """A compiled engine after one epoch."""
    model.train()
    job = job_of(model, **options)
    job.try_out(None, {})
    engine: Any = Compiled(job, strict=True)
    epoch(engine)
    return engine


def epoch(engine: Any) -> float:
    """The loss of another one."""
    (loss,) = engine.train(1, 1, lambda count, loss: None)
    return float(loss)


def test_numbers_are_delivered_and_taken_over() -> None:
    """After an epoch the Values are as before until they are delivered; what is set then counts."""
    model = MLP(2, [2, 1], rng=0)
    engine = engine_of(model, optimizer=Adam(model.parameters(), lr=0.1))
    engine.deliver()
    before = numbers(model)
    epoch(engine)
    assert numbers(model) == before
    engine.deliver()
    after = numbers(model)
    assert after != before
    assert engine._binding.descent.numbers.tolist() == after
    model.parameters()[0].data = 7.0
    engine._refreshed()
    assert engine._binding.descent.numbers.tolist() == [7.0, *after[1:]]
    engine.deliver()
    assert model.parameters()[0].data == 7.0


def test_what_is_kept() -> None:
    """For numbers that changed the binding stays, with its code; the states are taken over anew only where they changed."""
    model = MLP(2, [2, 1], rng=0)
    optimizer = Adam(model.parameters(), lr=0.1)
    engine = engine_of(model, optimizer=optimizer)
    epoch(engine)
    engine.deliver()
    binding, descent, states = engine._binding, engine._binding.descent, engine._binding._states
    model.parameters()[1].data = 2.0
    optimizer.lr = 0.05
    epoch(engine)
    engine.deliver()
    assert (engine._binding, engine._binding.descent, engine._binding._states) == (binding, descent, states)
    assert descent.shared(0)[0] == 0.05
    optimizer.betas = (0.5, 0.6)
    epoch(engine)
    engine.deliver()
    assert engine._binding is binding
    assert engine._binding.descent is not descent


@pytest.mark.parametrize("change", ["value", "group", "nothing"])
def test_whether_it_fits(change: str) -> None:
    """The Values from outside and the groups must be the same ones."""
    model = MLP(2, [2, 1], rng=0)
    optimizer = SGD(model.parameters()[:-1], lr=0.1)
    engine = engine_of(model, optimizer=optimizer)
    binding: Binding = engine._binding
    captured = list(binding.captured)
    if change == "value":
        captured[0] = Value(captured[0].data)
    if change == "group":
        optimizer.add_param_group({"params": model.parameters()[-1:]})
    assert binding.fits(captured) is (change == "nothing")


def test_places() -> None:
    """Fixed numbers before trained ones, in the groups' order; parameters that the model does not reach have no place."""
    model = MLP(2, [2, 1], rng=0)
    first, last = (layer.parameters() for layer in model.layers)
    unreached = Value(3.0)
    model.extra = unreached  # type: ignore[attr-defined]
    optimizer = SGD([{"params": [*last, unreached]}, {"params": first[:2]}], lr=0.1)
    unreached.grad = 5.0
    engine = engine_of(model, optimizer=optimizer)
    binding = engine._binding
    assert list(map(id, binding.trained)) == list(map(id, [*last, *first[:2]]))
    assert set(map(id, binding.fixed)) == set(map(id, first[2:]))
    epoch(engine)
    engine.deliver()
    assert not unreached.has_grad
    assert unreached.data == 3.0


def test_gradients_of_what_is_fixed_are_added_up() -> None:
    """As by an eager backward pass, since nobody sets them to zero."""
    model = MLP(2, [2, 1], rng=0)
    first, last = (layer.parameters() for layer in model.layers)
    optimizer = SGD(last, lr=1e-12)
    engine = engine_of(model, optimizer=optimizer, batch_size=23)
    epoch(engine)
    engine.deliver()
    twice = [p.grad for p in first]
    for parameter in first:
        parameter.grad = None
    job = engine.job
    mse_loss([model(x) for x in X], job.data.targets).backward()
    assert twice == pytest.approx([2.0 * p.grad for p in first], rel=1e-6)


def test_a_value_computed_outside() -> None:
    """Would not be computed anew: it is refused with what to do."""

    class Outside(Module):
        def __init__(self) -> None:
            self.weight = Value(1.0)
            self.doubled = self.weight * 2.0

        def forward(self, x: Any) -> Any:
            return self.doubled * x[0] + self.weight

    with pytest.raises(CannotCompile) as caught:
        Compiled(job_of(Outside()), strict=True)
    assert re.search(r"Value computed outside of them, .*: compute it in forward", str(caught.value.__cause__))


def test_states_of_different_structures() -> None:
    """In one group they are refused: there is one program for each group."""
    parameters = [Value(1.0), Value(2.0)]
    optimizer = Adam(parameters)
    optimizer._states.update({parameters[0]: (1, 0.5, 0.5), parameters[1]: [1, 0.5, 0.5]})
    with pytest.raises(TypeError, match="the parameters of one Adam have states of different structures"):
        States(optimizer, [*optimizer._states.values()], None)


def test_states_alike_and_not() -> None:
    """A count is shared as long as it is the same for all."""
    parameters = [Value(1.0), Value(2.0)]
    optimizer = Adam(parameters)
    optimizer._states.update({p: (3, 0.5 * i, 0.25) for i, p in enumerate(parameters)})
    states = States(optimizer, [*optimizer._states.values()], None)
    assert (states.shared, states.columns) == ([3.0], [[0.0, 0.5], [0.25, 0.25]])
    assert States(optimizer, [*optimizer._states.values()], states.update).update is states.update
    optimizer._states[parameters[0]] = (4, 0.5, 0.25)
    other = States(optimizer, [*optimizer._states.values()], states.update)
    assert (other.shared, other.columns) == ([], [[4, 3], [0.5, 0.5], [0.25, 0.25]])


def test_numbers_are_read_again_only_if_one_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after code that looked at them alone; whichever way one is set."""
    model = MLP(2, [2, 1], rng=0)
    engine = engine_of(model, optimizer=Adam(model.parameters(), lr=0.1))
    engine.deliver()
    reads: list[int] = []
    monkeypatch.setattr("nn.training.binding._data", lambda value: reads.append(1) or value.data)
    assert numbers(model)
    epoch(engine)
    engine.deliver()
    assert not reads
    model.load_state_dict(dict.fromkeys(model.state_dict(), 0.5))
    engine._refreshed()
    assert len(reads) == len(model.parameters())
    assert engine._binding.descent.numbers.tolist() == [0.5] * len(model.parameters())


class Rows(Module):
    """A layer with biases, for each of some vectors."""

    def __init__(self) -> None:
        self.layer = Linear(16, 16, rng=0)

    def forward(self, x: Any) -> Any:
        """A number, of vectors made of x."""
        ys = vmap(self.layer)([[a * 0.01 * k for k in range(16)] for a in x])
        return dot(ys[0], ys[1])


@pytest.mark.parametrize("clip", [None, 1.0])
def test_weights_are_whole_arrays_for_the_compiler(clip: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the model has a bias after each row of weights; not where a norm adds squares in the model's own order."""
    monkeypatch.setattr("nn.training.ragged.UNROLLED", 0)
    binding = engine_of(Rows(), clip_norm=clip)._binding
    options = binding._gradient.in_arrays[1]
    arrays = [*zip(options.arrays, options.rows, strict=True)]
    assert ((16, 16) in arrays and (1, 16) in arrays) is (clip is None)
