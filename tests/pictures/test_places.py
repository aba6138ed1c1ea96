"""What parameters are called: by the outermost module that holds them when a picture is drawn."""

import copy
import gc
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

import autograd as ag
from autograd import Value, draw
from autograd.pictures.places import places_of
from nn import MLP, Linear, Module, Sequential


class Net(Module):
    """An encoder, a decoder, a loose number, and a layer that is put into a list later."""

    def __init__(self) -> None:
        self.encoder = Linear(2, 2, activation="tanh", rng=0)
        self.decoder = Linear(2, 1, rng=1)
        self.s = Value(0.5)
        self.more: list[Linear] = []
        self.more.append(Linear(1, 1, rng=2))

    def forward(self, x: Any) -> Any:
        """more(s * decoder(encoder(x)))."""
        return self.more[0]([self.s * self.decoder(self.encoder(x))[0]])[0]


NAMES = [name for name, _ in Net().named_parameters()]


def names(result: Value, model: Any = None) -> list[str]:
    """The names of leaves, in the order in which the modules were made."""
    order = ag.topological_order(result)
    places = places_of(order, model)
    return [str(places[node]) for node in order if not node.operands and node in places]


def test_names_are_those_of_the_model_now() -> None:
    """Not those of the layers where they were made; a module that is put into another later has its new names."""
    net = Net()
    y = net([1.0, -1.0])
    assert sorted(names(y)) == sorted(NAMES)
    source = draw(y).source
    assert all(f'"{name}\\n' in source or f'label="{name}' in source for name in NAMES)
    outer = Sequential(net)
    assert sorted(names(y)) == sorted(f"layers.0.{name}" for name in NAMES)
    del outer
    gc.collect()
    net.head = net.decoder  # type: ignore[attr-defined]
    del net.decoder
    assert "head.neurons.0.bias" in names(y)


def test_two_layers_are_two_boxes() -> None:
    """Folded, each with its own parameters, named by its attribute."""
    net = Net()
    source = draw(net([1.0, -1.0]), depth=0).source
    for name, count in (("encoder", 6), ("decoder", 3), ("more.0", 2)):
        assert rf'label="{name}\n{count} parameters\n' in source
    assert 'label="s\\ndata 0.5' in source


def test_a_model_that_is_gone_is_told_by_labels() -> None:
    """Also two of its layers that were made alike, and two such models."""
    y, z = Net()([1.0, -1.0]), Net()([1.0, -1.0])
    gc.collect()
    source = draw(y, depth=0).source
    assert all(rf'label="{name}\n{count} parameters\n' in source for name, count in (("encoder", 6), ("decoder", 3)))
    source = draw([y, z], depth=0).source
    assert all(rf'label="{name}\n6 parameters\n' in source for name in ("encoder", "encoder (2)"))
    assert "neurons.0 (2)" in source  # what was put into a list never learned of it


def test_several_models_in_one_graph() -> None:
    """Each is a box around its modules, by its class and a number; two layers without a model around them too."""
    generator, critic, other = MLP(1, [2, 1], rng=0), Linear(1, 1, rng=1), MLP(1, [1], rng=2)
    y = critic([generator([1.0])])[0] + other([2.0])
    found = names(y)
    assert "MLP.layers.0.neurons.1.bias" in found
    assert "Layer.neurons.0.bias" in found
    assert "MLP (2).layers.0.neurons.0.bias" in found
    assert len(set(found)) == len(found) == len(generator.parameters()) + 4
    source = draw(y, depth=0).source
    assert all(rf'label="{name}\n' in source for name in ("MLP", "MLP (2)", "Layer"))
    assert "layers.0.neurons.0.bias" in names(y, generator)


def test_the_model_of_which_the_graph_has_most_names_its_leaves() -> None:
    """Where two hold the same: a part of a model, a second model with one of its layers; otherwise the one made first."""
    model = MLP(1, [2, 2, 1], rng=0)
    part = Sequential(*model.layers[1:])
    y = model([1.0])
    assert names(y)[0] == "layers.0.neurons.0.weights.0"
    assert all("Sequential" not in name for name in names(y))
    assert names(part([1.0, 1.0])[0])[0] == "layers.1.neurons.0.weights.0"
    assert names(part([1.0, 1.0])[0], part)[0] == "layers.0.neurons.0.weights.0"


class Tied(Module):
    """One layer by two names, and itself."""

    def __init__(self) -> None:
        self.first = Linear(2, 2, rng=0)
        self.second = self.first
        self.whole = self

    def forward(self, x: Any) -> Any:
        """The layer twice."""
        return self.second(self.first(x))[0]


def test_tied_weights_and_circles() -> None:
    """One name, the first; a module in itself is the outermost."""
    tied = Tied()
    assert set(names(tied([1.0, 2.0]))) == {name for name, _ in tied.named_parameters()}
    assert "first.neurons.0.bias" in names(tied([1.0, 2.0]))


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies(copied: Callable[[Any], Any]) -> None:
    """A copy names its own parameters; a shallow one shares them with the model that was first."""
    net = Net()
    made = copied(net)
    assert sorted(names(made([1.0, 2.0]))) == sorted(NAMES)
    both = names(made([1.0, 2.0]) + net([1.0, 2.0]))
    assert len(both) == len(set(both)) == len(NAMES) * (1 if made.s is net.s else 2)


def test_labels_of_the_users_own_stay() -> None:
    """Beside the name in the model; a label that is a path still tells, where no module is."""
    net = Net()
    net.s.label = "scale"
    y = net([Value(1.0, label="x"), 2.0])
    assert "s (scale)" in names(y)
    assert "x" in names(y)
    assert net.s.label == "scale"
    w = Value(1.0, label="heads.0.w")
    assert "heads.0.w" in names(w * 2.0)
    assert names(Value(1.0) * 2.0) == []


def test_dicts_and_lists_of_numbers_are_no_modules() -> None:
    """A frame is a module, whatever the names look like; keys may be any text."""

    class Loose(Module):
        def __init__(self) -> None:
            self.tables = {"a": Value(1.0), "b.c": Value(2.0)}
            self.heads = {"x.y": Linear(1, 1, rng=0), "<b>\n": Linear(1, 1, rng=1)}

        def forward(self, x: float) -> Any:
            return sum(self.tables.values()) + sum(head([x])[0] for head in self.heads.values())

    loose = Loose()
    y = loose(1.0)
    places = places_of(ag.topological_order(y))
    assert places[loose.tables["b.c"]] == ((), "tables.b.c")
    assert places[loose.heads["x.y"].neurons[0].weights[0]] == (("heads.x.y", "neurons.0"), "weights.0")


def test_modules_are_not_kept() -> None:
    """Neither by drawing nor by their parameters: dropping the last reference frees a model at once, without the collector."""
    gc.collect()
    gc.disable()
    try:
        net = Net()
        y = net([1.0, 2.0])
        draw(y)
        died = threading.Event()
        ag_ref = __import__("weakref").ref(net, lambda _: died.set())
        del net
        assert died.is_set()
        assert ag_ref() is None
    finally:
        gc.enable()


def test_a_model_must_name_parameters() -> None:
    """None does not; a class is no model."""
    for wrong in (3.0, Net, "net"):
        with pytest.raises(TypeError, match=r"model must be the Module .* draw\(loss, model=model\)"):
            draw(Value(1.0), model=wrong)


def test_half_made_models_elsewhere_do_no_harm() -> None:
    """What does not hold the leaves is not asked for names."""

    class Broken(Module):
        def __init__(self) -> None:
            self.inner = Linear(1, 1, rng=0)

        def named_parameters(self) -> Any:
            raise AttributeError("not yet")

    broken, net = Broken(), Net()
    assert sorted(names(net([1.0, 2.0]))) == sorted(NAMES)
    del broken
