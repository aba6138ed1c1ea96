"""Modules nested in one another: found, shown, copied and pickled at any depth; copies are those that Python makes."""

import copy
import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import MLP, Linear, Module, Parameter, ReLU, Sequential, functional_call, nesting
from nn.nesting import Call, contents_of, search, unrolled, walk

DEEP, DEEPEST = 1_200, 10_000


class Attribute(Module):
    """Keeps a module as an attribute, behind a parameter."""

    def __init__(self, inner: Any) -> None:
        self.scale = Value(0.5)
        self.inner = inner


class InDict(Module):
    """Keeps it in a list of a dict, and itself."""

    def __init__(self, inner: Any) -> None:
        self.parts = {"a": [ReLU(), inner]}
        self.itself = self


class InTuple(Module):
    """Keeps it in a tuple of an array."""

    def __init__(self, inner: Any) -> None:
        self.array = np.empty((1, 1), dtype=object)
        self.array[0, 0] = (inner,)


class OwnState(Module):
    """Says itself what its state is."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.left_out = inner, lambda: None

    def __getstate__(self) -> Any:
        return {"inner": self.inner}

    def __setstate__(self, state: Any) -> None:
        self.inner, self.left_out = state["inner"], lambda: None


class Slots(Module):
    """Keeps it in a slot as well."""

    __slots__ = ("slot",)

    def __init__(self, inner: Any) -> None:
        self.inner = self.slot = inner


class Last(Module):
    """The innermost one."""

    def __init__(self) -> None:
        self.weight = Value(2.0)


def nested(kind: Callable[[Any], Module], depth: int) -> Module:
    """A module inside a module, and so on."""
    module: Module = Last()
    for _ in range(depth):
        module = kind(module)
    return module


def in_list(thing: Any) -> Module:
    """As Sequential keeps them; it labels parameters anew at each level, so it is not told of what is inside."""
    made = Sequential()
    made.layers = [thing]
    return made


KINDS = [Attribute, InDict, InTuple, OwnState, Slots, in_list]
COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "pickle in Python, protocol 0": lambda thing: pickle._loads(pickle._dumps(thing, protocol=0)),  # type: ignore[attr-defined]
}
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
copies = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES.keys())


@kinds
def test_what_is_deep_is_found(kind: Any, tmp_path: Path) -> None:
    """Parameters, modules, modes, gradients, labels, states and files of modules nested deeper than Python's stack."""
    model = nested(kind, DEEP)
    parameters, modules = model.parameters(), model.modules()
    assert len(parameters) == (DEEP if kind is Attribute else 0) + 1
    assert len(modules) == (2 if kind is InDict else 1) * DEEP + 1
    assert parameters[-1].data == 2.0
    names = [name for name, _ in model.named_parameters()]
    assert names[-1].split(".").count(names[-1].split(".")[0]) == DEEP
    assert next(name for name, _ in model.named_modules()) == ""
    model.eval()
    assert not any(module.training for module in modules)
    parameters[-1].grad = 1.0
    model.zero_grad()
    model.label_parameters()
    assert not parameters[-1].has_grad
    assert parameters[-1].label == names[-1]
    model.save(tmp_path / "model.json")
    model.load_state_dict(dict.fromkeys(names, 3.0))
    assert parameters[-1].data == 3.0
    model.load(tmp_path / "model.json")
    assert parameters[-1].data == 2.0


@kinds
def test_what_is_deep_is_shown(kind: Any) -> None:
    """Its repr has a line for each module, its summary a row for each parameter's module, its picture a box."""
    model = nested(kind, DEEP)
    name = type(model).__name__
    lines = repr(model).splitlines()
    assert sum(line.endswith(f"{name}(") for line in lines) == DEEP
    assert sum(line.endswith("Last()") for line in lines) == 1
    assert lines[-1] == ")"
    assert sum(name in line for line in model.summary().splitlines()) == (DEEP if kind is Attribute else 0)
    assert model.draw().source.count("Last()") == 1
    with pytest.raises(ValueError, match="missing"):
        model.load_state_dict({})


def test_a_sequential_is_made_at_any_depth() -> None:
    """Its constructor labels what is inside."""
    model = Sequential(Last())
    for _ in range(DEEP // 2):
        model = Sequential(Sequential(model)[:])
    assert model.parameters()[0].label == "layers.0." * (DEEP + 1) + "weight"


@kinds
@copies
def test_what_is_deep_is_copied_and_pickled(kind: Any, copied: Any) -> None:
    """At 10,000 modules, each another object of its class, with the numbers of its parameters."""
    model = nested(kind, DEEPEST)
    other = copied(model)
    ours, theirs = model.modules(), other.modules()
    assert [type(module) for module in theirs] == [type(module) for module in ours]
    assert not set(map(id, theirs)) & set(map(id, ours))
    assert [p.data for p in other.parameters()] == [p.data for p in model.parameters()]
    assert other.parameters()[-1] is not model.parameters()[-1]


def test_functional_call_of_what_is_deep() -> None:
    """The numbers reach the innermost module, at any depth."""

    class First(Attribute):
        def forward(self, x: Any) -> Any:
            return next(module for module in reversed(self.modules()) if isinstance(module, Shown)).seen() * x

    class Shown(Last):
        def seen(self) -> Any:
            return self.weight

    model: Module = Shown()
    for kind in (in_list, InDict, InTuple):
        for _ in range(DEEP):
            model = kind(model)
    assert functional_call(First(model), [0.0, 7.0], 2.0) == 14.0


class Shared(Module):
    """One module twice, a list twice, itself, a bound method, a parameter of another module."""

    def __init__(self) -> None:
        self.first = MLP(1, [2, 1], rng=0)
        self.again = {"first": self.first, "itself": self}
        self.list = [Last()]
        self.same = self.list
        self.bound = self.first.zero_grad
        self.tied = self.first.parameters()[0]


@copies
def test_what_is_shared_stays_shared(copied: Any) -> None:
    """Within one copy; also between several modules that are copied together, and the parameters that go with them."""
    other, inner, parameter = copied([made := Shared(), made.first, made.tied])
    assert other is not made
    assert other.first is other.again["first"] is inner
    assert other.again["itself"] is other
    assert other.list is other.same
    assert other.bound.__self__ is inner
    assert other.tied is inner.parameters()[0] is parameter
    assert [name for name, _ in other.named_parameters()] == [name for name, _ in made.named_parameters()]


def test_a_shallow_copy_shares_what_it_holds() -> None:
    """With attributes of its own, slots and states included."""
    for kind in KINDS:
        model: Any = nested(kind, 2)
        other = copy.copy(model)
        assert type(other) is type(model)
        assert other is not model
        assert other.modules()[1] is model.modules()[1] or kind is InDict
        other.added = 1
        assert not hasattr(model, "added")
    assert copy.copy(Slots(made := Last())).slot is made


class Counted(Module, dict):  # type: ignore[type-arg]
    """A dict as well, whose items travel as Python has them."""


class Made(Module):
    """Says itself how it is made."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __reduce__(self) -> Any:
        return Made, (self.inner,)


@copies
def test_classes_that_say_how_they_travel(copied: Any) -> None:
    """Are asked, at every place; the modules inside them too."""
    counted = Counted(a=Last())
    made = Made(Attribute(Made(counted)))
    other = copied(made)
    assert type(other.inner.inner.inner) is Counted
    assert type(other.inner.inner.inner["a"]) is Last
    assert other.inner.inner.inner["a"] is not counted["a"]
    assert copy.copy(made).inner is made.inner
    assert copy.copy(counted) == counted


def test_what_a_state_leaves_out_does_not_travel() -> None:
    """Only what the states of the modules say is pickled, not all that a module holds."""

    class Hidden(Module):
        pass

    model = OwnState(Last())
    model.left_out = Hidden()  # type: ignore[assignment]  # a class that pickle cannot find
    assert pickle.loads(pickle.dumps(model)).inner.weight.data == 2.0
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(Attribute(Hidden()))


def test_a_pickle_holds_what_it_needs_alone() -> None:
    """A layer's has no more than the layer, also while, or after, the model around it is pickled; and in another thread."""
    model = Attribute(MLP(2, [8, 8, 1], rng=0))
    alone = len(pickle.dumps(Last()))
    last = Last()
    model.last = last  # type: ignore[attr-defined]
    pickler = pickle.Pickler(stream := BytesIO())
    pickler.dump(model)
    with ThreadPoolExecutor(1) as threads:
        assert len(threads.submit(pickle.dumps, last).result()) == alone
    del pickler
    assert len(pickle.dumps(last)) == alone < len(stream.getvalue())


def test_walk_tells_where_things_are() -> None:
    """The holder makes the name; with `enter=False` modules are found and not entered."""
    top = Attribute(InDict([Last()]))
    names = ["scale", "inner", "inner.parts.a.0", "inner.parts.a.1.0", "inner.parts.a.1.0.weight"]
    assert [holder.name(key) for holder, key, _ in walk(top)] == names
    assert [holder.name(key) for holder, key, _ in walk(top, enter=False)] == ["scale", "inner"]


def test_unrolled_passes_results_and_errors() -> None:
    """As calls do, whatever their depth."""

    def total(n: int) -> Call:
        if n == 0:
            return 0
        return n + (yield total(n - 1))

    def fails(n: int) -> Call:
        if n == 0:
            raise KeyError("at the bottom")
        yield fails(n - 1)

    assert unrolled(total(50_000)) == 50_000 * 50_001 // 2
    with pytest.raises(KeyError, match="at the bottom"):
        unrolled(fails(50_000))


def test_walking_past_values() -> None:
    """The modules alone, in the same order."""
    model = MLP(2, [3, 1], rng=0)
    wanted = [id(found) for _, _, found in walk(model) if not isinstance(found, Value)]
    assert [id(found) for _, _, found in walk(model, values=False)] == wanted


def test_lists_of_what_is_passed_over_are_not_entered() -> None:
    """A search for modules does not look at each of thousands of weights; one object of another type is enough to look."""
    numbers = [Value(1.0)] * 3
    assert contents_of(numbers, frozenset({Value})) == []
    assert len(contents_of(numbers)) == 3
    assert len(contents_of([*numbers, Linear(1, 1, rng=0)], frozenset({Value}))) == 4


def test_no_variable_here_leads_to_all_models() -> None:
    """A trace follows what modules' methods read: from a table of all models alive it would look at each, every time."""
    model = MLP(2, [1], rng=0)
    tables = [thing for thing in vars(nesting).values() if isinstance(thing, weakref.WeakValueDictionary)]
    assert not [thing for table in tables for thing in table.values() if thing is model]


def grown_at_random(kind: type[Value], seed: int) -> Module:
    """Draw nested modules, whose lists of leaves are shared, cut, reversed and labelled."""
    rng, made, lists = Random(seed), list[Module](), list[list[Value]]()
    for _ in range(12):
        module = Module()
        for name in rng.sample("abcd", rng.randrange(1, 4)):
            what = rng.randrange(8)
            if what < 3 or not made:
                lists.append([kind(rng.random()) for _ in range(rng.randrange(1, 5))])
                setattr(module, name, lists[-1] if what else {"b": [lists[-1], kind(1.0)]})
            elif what == 3:
                taken = rng.choice(lists)
                setattr(
                    module, name, rng.choice([taken, taken[:2], taken[::-1], [*taken, kind(1.0)], [taken[0]] * 2, taken[0]])
                )
            elif what == 4:
                setattr(module, name, rng.sample(made, min(len(made), 2)))
            else:
                setattr(module, name, rng.choice(made))
        if rng.randrange(2):
            module.label_parameters()
        if not rng.randrange(3):
            rng.choice(rng.choice(lists)).label = rng.choice(["", "own", "a.0"])
        made.append(module)
    last = Module()
    last.all = made[-6:]
    return last


@pytest.mark.parametrize("seed", range(200))
def test_labels_given_together_are_those_given_one_by_one(seed: int) -> None:
    """Names, order and labels of parameters in lists are those of plain Values, none of which is labelled with others."""
    model, plain = grown_at_random(Parameter, seed), grown_at_random(Value, seed)
    assert [(name, p.label, p.data) for name, p in model.named_parameters()] == [
        (name, p.label, p.data) for name, p in plain.named_parameters()
    ]
    assert [p.data for p in model.parameters()] == [p.data for p in plain.parameters()]
    assert [name for name, _ in model.named_modules()] == [name for name, _ in plain.named_modules()]
    assert not any(type(found) is list for _, _, found in search(plain))


def test_parameters_of_a_layer_are_labelled_together() -> None:
    """So setting a layer in a module, and a module in another, costs a step for each list, not for each parameter."""
    outer = Module()
    outer.model = MLP(3, [4, 1], rng=0)
    labels = [[p._label for p in found] for _, _, found in search(outer) if isinstance(found, list)]
    assert [len(row) for row in labels] == [3] * 4 + [4]
    assert all(label is row[0] for row in labels for label in row)
    assert outer.parameters()[1].label == "model.layers.0.neurons.0.weights.1"
    first = outer.parameters()[0]
    first.label = "mine"
    assert [p.label for p in outer.parameters()[:2]] == ["mine", "model.layers.0.neurons.0.weights.1"]
    assert len([found for _, _, found in search(outer) if isinstance(found, list)]) == 4
