"""record: the numbers at some steps of a training, noted without touching it."""

import math
from typing import Any

import pytest

import autograd as ag
from autograd import Recording, Value, no_grad, record, topological_order
from autograd.pictures.page.steps import passes
from nn import MLP, SGD, Module, fit, mse_loss


class Line(Module):
    """slope * x, the slope 1 at first."""

    def __init__(self) -> None:
        self.slope = Value(1.0, label="slope")

    def forward(self, x: Any) -> Any:
        return self.slope * x


def error(model: Any) -> Value:
    """(slope * 2 - 3)**2."""
    return (model(2.0) - 3.0) ** 2


def test_every_so_many_steps_are_noted() -> None:
    """The start, and each call of every `every`; their numbers are those of the parameters then."""
    line = Line()
    recording = record(line, error, every=3)
    for step in range(1, 8):
        line.slope.data = 1.0 + step
        recording()
    assert [noted.title for noted in recording.passes] == ["step 0", "step 3", "step 6"]
    assert [noted.data[0] for noted in recording.passes] == [1.0, 4.0, 7.0]
    assert [noted.adjoints[0] for noted in recording.passes] == [-4.0, 20.0, 44.0]
    assert len(recording) == len(recording.passes) == 3
    assert [noted.title for noted in recording.passes[1:]] == ["step 3", "step 6"]
    assert recording.passes[-1].title == "step 6"
    with pytest.raises(IndexError):
        recording.passes[3]
    assert not line.slope.has_grad


def test_a_recording_is_a_callback_of_fit() -> None:
    """Called after each epoch; the training is the same bit for bit with it."""

    def trained(*, recorded: bool) -> tuple[MLP, Recording]:
        model = MLP(1, [2, 1], rng=0)
        recording = record(model, lambda model: mse_loss([model([1.0])], [0.5]), every=2)
        callbacks = [recording] if recorded else []
        optimizer = SGD(model.parameters(), lr=0.1)
        fit(
            model,
            [[1.0], [2.0]],
            [0.5, 0.7],
            loss=mse_loss,
            optimizer=optimizer,
            epochs=4,
            seed=0,
            progress=False,
            callbacks=callbacks,
        )
        return model, recording

    (model, recording), (alone, _) = trained(recorded=True), trained(recorded=False)
    assert [p.data for p in model.parameters()] == [p.data for p in alone.parameters()]
    assert len(recording) == 3
    assert recording.passes[-1].data[-1] < recording.passes[0].data[-1]


def test_a_graph_that_changes_is_refused() -> None:
    """Its numbers would stand at the wrong nodes: other primitives, other sizes, other constants."""
    line, losses = Line(), [error]
    recording = record(line, lambda model: losses[-1](model), every=1)  # noqa: PLW0108 - the last one then
    for other, message in [
        (lambda model: model(2.0) * 3.0, r"step 1 .*3 nodes|step 1 .*nodes, not"),
        (lambda model: (model(2.0) + 3.0) ** 2, "step 2 .*node 2 is add, not sub"),
        (lambda model: (model(2.0) - 4.0) ** 2, "step 3 .*node 2, sub, has other operands"),
    ]:
        losses.append(other)
        with pytest.raises(ValueError, match=message):
            recording()
    losses.append(error)
    recording()
    assert len(recording) == 2


def test_what_is_packed_comes_back() -> None:
    """Numbers bit for bit, partials that are missing as such; a primitive without partials refuses as it did."""

    class Pair(Module):
        def __init__(self) -> None:
            self.a, self.b = Value(-0.0, label="a"), Value(math.nan, label="b")

    def loss(model: Any) -> Value:
        return ag.maximum(model.a * -1.0, 2.0) * model.b + ag.where(True, model.a, model.b)

    pair = Pair()
    recording = record(pair, loss, every=1)
    pair.a.data, pair.b.data = 5e-324, -math.inf
    recording()
    for numbers, (pair.a.data, pair.b.data) in zip(recording.passes, [(-0.0, math.nan), (5e-324, -math.inf)], strict=True):
        wanted = passes(topological_order(loss(pair)), numbers.title)
        assert repr(numbers[1:]) == repr(wanted[1:])
    floor = ag.primitive("floor_recorded", evaluate=lambda x: float(math.floor(x)), partials=None)
    recording = record(pair, lambda model: floor(model.a) * model.b, every=1)
    assert "floor_recorded" in recording.passes[0].refusal


def test_refusals() -> None:
    """Each says what to give instead."""
    line = Line()
    with pytest.raises(TypeError, match=r"loss must be a function of the model, not Value\(.*record\(model, lambda model: "):
        record(line, error(line))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the loss of record must return a Value, not a float: "):
        record(line, lambda model: 1.0)  # type: ignore[arg-type, return-value]
    for every in (0, 1.5, True):
        with pytest.raises(ValueError, match=f"every must be a whole number of steps from 1, not {every}"):
            record(line, error, every=every)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="record needs a Module, not 3"):
        record(3, lambda model: Value(1.0))
    with pytest.raises(ValueError, match="does not depend on any of the model's parameters"):
        record(line, lambda model: error(Line()))
    with no_grad(), pytest.raises(ValueError, match=r"call it outside no_grad\(\)"):
        record(line, error)


def test_a_recording_keeps_one_graph() -> None:
    """That of the start, to be laid out; of the others the numbers alone."""
    recording = record(Line(), error, every=1)
    first = recording.result
    recording()
    assert recording.result is first
    assert len(topological_order(first)) == len(recording.passes[1].data)
