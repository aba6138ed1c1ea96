"""Folding: no cycles, few things at once, repetitions in stacks, everything in its place."""

import random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

import autograd as ag
import nn
from autograd import Value, topological_order
from autograd.pictures.modules import module_paths
from autograd.pictures.page.folding import MOST, SMALL, Folding, Group
from autograd.pictures.places import places_of


def folding_of(result: Value) -> Folding:
    """The folding of a graph without its constants."""
    order = topological_order(result)
    place = {node: n for n, node in enumerate(order)}
    operands = [[place[o] for o in node.operands if type(o) is not float] for node in order]
    names = [node.primitive.symbol if node.primitive else str(node.label or "value") for node in order]
    return Folding(operands, names, module_paths(order, {node: place.path for node, place in places_of(order).items()}))


def groups(group: Group) -> list[Group]:
    """A group and those in it."""
    found = [group]
    for each in found:
        found += [member for member in each.members if isinstance(member, Group)]
    return found


def check(folding: Folding) -> None:
    """Each node is in one place; in no group do members depend on one another in a circle; none is too wide to look at."""
    assert sorted(folding._nodes(folding.root)) == list(range(len(folding.operands)))
    for group in groups(folding.root):
        home: dict[int, int] = {n: i for i, member in enumerate(group.members) for n in folding._nodes(member)}
        edges = {(home[o], home[n]) for n in home for o in folding.operands[n] if o in home and home[o] != home[n]}
        left = set(range(len(group.members)))
        while left:
            ready = {i for i in left if not any(a in left for a, b in edges if b == i)}
            assert ready, f"a circle in {group.name}"
            left -= ready
        if not folding.small and group.kind != "stack":
            assert len(group.members) <= MOST


def plain_network(samples: int) -> Value:
    """The loss of a network of plain operations, without labels."""
    generator = random.Random(0)
    layers = [[[Value(generator.random()) for _ in range(a)] for _ in range(b)] for a, b in [(8, 24), (24, 24), (24, 1)]]
    loss = Value(0.0)
    for j in range(samples):
        x = [Value(0.1 * i + j) for i in range(8)]
        for layer in layers:
            x = [ag.tanh(sum((w * v for w, v in zip(row, x, strict=True)), Value(0.0))) for row in layer]
        loss = loss + (x[0] - 1.0) ** 2
    return loss


def chain(length: int) -> Value:
    """x times w, tanh, and again."""
    x, w = Value(1.0), Value(0.9)
    for _ in range(length):
        x = ag.tanh(x * w)
    return x


class Recurrent(nn.Module):
    """Two modules entered again at every step."""

    def __init__(self) -> None:
        self.inner, self.outer = nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1)

    def forward(self, x: Any) -> Any:
        for _ in range(3):
            x = [ag.tanh(h) for h in self.outer(self.inner(x))]
        return x


def labelled(model: Any, x: Any) -> Value:
    """The sum of a model's outputs, its parameters labelled."""
    model.label_parameters()
    return ag.sum_(model(x))


GRAPHS = {
    "a plain network": lambda: plain_network(6),
    "a chain": lambda: chain(1_000),
    "a wide sum": lambda: ag.sum_([Value(float(i), label=f"name {'abcdefgh'[i % 8]}{chr(97 + i // 8)}") for i in range(200)]),
    "a network": lambda: ag.sum_([labelled(nn.MLP(8, [24, 24, 1], rng=0), [0.1 * i + j for i in range(8)]) for j in range(6)]),
    "recurrent modules": lambda: labelled(Recurrent(), [0.5, -1.0]),
    "a small graph": lambda: chain(5),
}


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())
def test_whatever_the_graph(graph: Any) -> None:
    """The invariants."""
    check(folding_of(graph()))


@given(st.integers(0, 2**32), st.integers(1, 400), st.integers(1, 3), st.integers(1, 100))
def test_any_graph(seed: int, count: int, arity: int, reach: int) -> None:
    """Of random operations, some in modules that are left and entered again."""
    generator = random.Random(seed)
    operands = [
        [generator.randrange(max(0, n - reach), n) for _ in range(generator.randrange(arity + 1) if n else 0)]
        for n in range(count)
    ]
    names = [generator.choice("abc") for _ in operands]
    paths = [generator.choice([(), ("m",), ("m", "k"), ("n",)]) for _ in operands]
    check(Folding(operands, names, paths))


def test_samples_are_stacked() -> None:
    """Six samples through a network of plain operations are one thing, with the neurons of each stacked in turn."""
    stack = next(
        group for group in groups(folding_of(plain_network(6)).root) if group.kind == "stack" and len(group.members) == 6
    )
    assert all(isinstance(member, Group) and member.kind == "piece" for member in stack.members)
    counts = [len(group.members) for group in groups(stack) if group.kind == "stack"]
    assert 24 in counts


def test_modules_entered_again_are_groups_of_their_own() -> None:
    """One for each time; the parameters are with the first."""
    members = folding_of(GRAPHS["recurrent modules"]()).root.members
    names = [member.name for member in members if isinstance(member, Group) and member.kind == "module"]
    assert names == ["inner", "outer"] * 3


def test_a_small_graph_keeps_its_values() -> None:
    """Nothing is folded but modules."""
    folding = folding_of(chain(SMALL // 2 - 1))
    assert folding.root.members == list(range(len(folding.operands)))


def test_the_same_graph_is_folded_alike() -> None:
    """Twice the same."""
    assert folding_of(plain_network(2)).told(str) == folding_of(plain_network(2)).told(str)


def test_shapes_of_modules() -> None:
    """The parameters of a module as shapes."""
    result = GRAPHS["recurrent modules"]()
    labels = [str(node.label) for node in topological_order(result)]
    told, _ = folding_of(result).told(lambda n: labels[n])
    assert told[0][1:] == ["module", "inner", ["weights (2, 2)", "bias (2,)"]]
