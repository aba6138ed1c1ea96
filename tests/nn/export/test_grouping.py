"""What is computed alike becomes one operation on arrays, each number once; and means the same as number by number."""

from collections import Counter
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import autograd as ag
import nn
from nn import Module
from nn.export.forms import PYTORCH
from nn.export.grouping import Grouping
from nn.export.parameters import arrays_by_name
from nn.export.recording import record
from nn.export.scalars import Rewriting
from nn.export.tensors import Tensor, in_order
from nn.functional import functional_call
from tests.nn.export.models import CASES, FOUR
from tests.nn.export.test_recording import Forward


def tensors(model: Module, *examples: Any) -> list[Tensor]:
    """The arrays of a model, in order, its results last."""
    recording = record(model, examples, lambda path, rule: bool(path) or rule.operation is not None)
    return in_order(Grouping(recording, Rewriting(recording, PYTORCH).scalars(), arrays_by_name(model)).results())


def operations(model: Module, *examples: Any) -> Counter[str]:
    """How often each operation occurs, primitives by their names."""
    return Counter(t.options["primitive"].name if t.operation == "apply" else t.operation for t in tensors(model, *examples))


def test_alike_is_one_operation() -> None:
    """Whatever the number of numbers."""
    for size in (2, 50):
        model = Forward(lambda x: [ag.tanh(a) * a + 1.0 for a in x])
        found = operations(model, [1.0] * size)
        assert found == {"input": 1, "tanh": 1, "mul": 1, "add": 1, "constant": 1}


def test_layers_by_hand() -> None:
    """Sums of products are a product of arrays and a sum; `dot` is a linear layer."""
    assert operations(CASES["ByHand"][0](), [1.0] * 3) == {
        "input": 1, "reshape": 1, "parameter": 2, "mul": 1, "reduce": 1, "add": 1, "tanh": 1,
    }  # fmt: skip
    model, examples = CASES["Dots"][0](), CASES["Dots"][1]
    assert operations(model, *examples)["linear"] == 1


def test_each_number_is_computed_once() -> None:
    """Also where it is read in several orders: a butterfly of 10 stages has 10 sums, and not 2**10."""

    def butterfly(x: Any) -> Any:
        for _ in range(10):
            x = [ag.sin(a) + 2.0 * x[i ^ 1] for i, a in enumerate(x)]
        return x

    found = operations(Forward(butterfly), FOUR)
    assert (found["sin"], found["add"], found["mul"]) == (10, 10, 10)


def computed(primitive: str, model: Module, *examples: Any) -> int:
    """How many numbers a primitive computes."""
    found = [t for t in tensors(model, *examples) if t.operation == "apply"]
    return sum(t.size for t in found if t.options["primitive"].name == primitive)


def test_what_depends_on_itself_is_not_one_operation() -> None:
    """A sine of a sine is of another level, directly and through a layer; so it is not computed again."""
    assert computed("sin", Forward(lambda x: [ag.sin(x[0]), ag.sin(ag.sin(x[0])), ag.sin(x[1])]), FOUR) == 3

    class Deep(Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(4, 4, rng=0)

        def forward(self, x: Any) -> Any:
            h = [ag.sin(a) for a in x]
            return [*h, *[ag.sin(a) for a in self.layer(h)]]

    assert computed("sin", Deep(), FOUR) == 8


def test_the_same_twice_is_computed_once() -> None:
    """Also where the user's code computes it again."""
    assert operations(Forward(lambda x: ag.sin(x[0] * x[1]) + ag.sin(x[0] * x[1]) ** 2.0), FOUR)["sin"] == 1


def test_long_chains() -> None:
    """No recursion: 20,000 operations in a row."""

    def chain(x: Any) -> Any:
        for _ in range(10_000):
            x = ag.sin(x) * 0.5
        return x

    assert operations(Forward(chain), 1.0)["sin"] == 10_000


def evaluated(order: list[Tensor], given: dict[str, Any], parameters: dict[str, Any]) -> Any:
    """The last array, by NumPy: another reader of what Tensors mean."""
    found: dict[Tensor, Any] = {}
    meanings: dict[str, Any] = {
        "input": lambda t, _: given[t.options["name"]],
        "parameter": lambda t, _: parameters[t.options["name"]],
        "constant": lambda t, shape: np.reshape(t.options["numbers"], shape),
        "apply": lambda t, _, *xs: np.vectorize(t.options["primitive"].at, otypes=[float])(*xs),
        "reduce": lambda _t, _s, x: x.sum(-1),
        "take": lambda t, shape, x: np.reshape(x.reshape(*shape[: t.batched], -1)[..., t.options["places"]], shape),
        "reshape": lambda _, shape, x: np.reshape(x, shape),
        "expand": lambda _, shape, x: np.broadcast_to(x, shape),
        "concat": lambda _t, _s, *xs: np.concatenate(xs, -1),
        "linear": lambda _t, _s, x, w: x @ w.T,
    }
    for t in order:
        shape = (*[2] * t.batched, *t.shape)
        found[t] = meanings[t.operation](t, shape, *[found[x] for x in t.operands])
        assert found[t].shape == shape
    return found[order[-1]]


class Drawn(Module):
    """A forward pass at random: lists made of lists, numbers by numbers."""

    def __init__(self, steps: list[tuple[int, int, int, int]]) -> None:
        self.w, self.steps = [ag.Value(0.5 - 0.3 * i) for i in range(4)], steps

    def forward(self, x: Any) -> Any:
        lists: list[list[Any]] = [list(x), list(self.w), [1.0, 1.0, 2.0, -0.5], [x[0]] * 4]
        for kind, i, j, shift in self.steps:
            a, b = lists[i % len(lists)], lists[j % len(lists)]
            b = b[shift:] + b[:shift]
            made: Any = {
                0: lambda a, b: [p + q for p, q in zip(a, b, strict=True)],
                1: lambda a, b: [p * q for p, q in zip(a, b, strict=True)],
                2: lambda a, b: [ag.sin(p) if k % 2 else ag.cos(p) for k, p in enumerate(a)],
                3: lambda a, b: [ag.dot(a, b), ag.dot(a, a), ag.dot(b, a), 0.25 * a[0]],
                4: lambda a, b: [sum(a), b[0] * 0.5, sum(p * q for p, q in zip(a, b, strict=True)), b[3]],
                5: lambda a, b: [*a[2:], *b[:2]],
                6: lambda a, b: [p * 0.3 + q - r for p, q, r in zip(a, b, b[1:] + b[:1], strict=True)],
            }[kind](a, b)
            lists.append([ag.tanh(p) if k == 7 else p for k, p in enumerate(made)])
        return lists[-1]


STEPS = st.tuples(st.integers(0, 6), st.integers(0, 30), st.integers(0, 30), st.integers(0, 3))


@given(st.lists(STEPS, min_size=1, max_size=12), st.lists(st.floats(-2.0, 2.0), min_size=8, max_size=8))
def test_grouping_means_the_same(steps: list[tuple[int, int, int, int]], numbers: list[float]) -> None:
    """Random forward passes, array by array and number by number."""
    model = Drawn(steps)
    batch = np.array(numbers).reshape(2, 4)
    parameters = {"w": np.array([w.data for w in model.w])}
    found = evaluated(tensors(model, FOUR), {"x": batch}, parameters)
    own = [p.data for p in model.parameters()]
    wanted = [functional_call(model, own, sample.tolist()) for sample in batch]
    np.testing.assert_allclose(found, np.array(wanted, dtype=float), rtol=1e-9, atol=1e-9)


def test_a_layer_is_one_operation_with_its_weights() -> None:
    """Of the input's array itself."""
    found = tensors(nn.Sequential(nn.Linear(4, 3, rng=0)))
    assert [t.operation for t in found] == ["input", "parameter", "parameter", "linear"]
    assert found[-1].path == "layers.0"
    assert found[-1].options["torch"] == "nn.Linear(4, 3)"


@pytest.mark.parametrize("size", [1, 3])
def test_results_are_for_every_sample(size: int) -> None:
    """Also those that do not depend on the input."""
    *_, last = tensors(Forward(lambda _: [1.0] * size), FOUR)
    assert (last.batched, last.shape) == (True, (size,))
