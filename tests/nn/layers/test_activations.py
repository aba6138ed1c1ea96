"""Activations as modules: each is its primitive, for numbers nested in any way."""

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value
from nn import (
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Module,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nn.layers.activations import Activation
from tests.names import shown

CASES: list[tuple[Module, Any]] = [
    (Identity(), ag.identity),
    (ReLU(), ag.relu),
    (Tanh(), ag.tanh),
    (Sigmoid(), ag.sigmoid),
    (LogSigmoid(), ag.log_sigmoid),
    (Softplus(), ag.softplus),
    (SiLU(), ag.silu),
    (GELU(), ag.gelu),
    (GELU("tanh"), ag.gelu_tanh),
    (LeakyReLU(), ag.leaky_relu),
    (LeakyReLU(0.2), lambda x: ag.leaky_relu(x, 0.2)),
    (ELU(), ag.elu),
    (ELU(0.5), lambda x: ag.elu(x, 0.5)),
]
POINTS = [-1000.0, -2.5, -0.1, 0.0, 0.1, 2.5, 1000.0]


def test_every_activation_is_tested() -> None:
    """No class is left out above."""
    assert {type(module) for module, _ in CASES} == set(Activation.__subclasses__())


@pytest.mark.parametrize(("module", "function"), CASES, ids=lambda x: repr(x) if isinstance(x, Module) else "")
def test_activations_are_primitives(module: Module, function: Any) -> None:
    """Value and slope, of a single number, lists, tuples, arrays, and iterators."""
    for x in POINTS:
        mine, reference = Value(x), Value(x)
        module(mine).backward()
        function(reference).backward()
        assert module(x) == function(x) == module(mine).data
        assert mine.grad == reference.grad
    wanted = [function(x) for x in POINTS]
    assert module(POINTS) == module(tuple(POINTS)) == module(np.array(POINTS)) == module(iter(POINTS)) == wanted
    assert module([POINTS, [[1.0], 2.0]]) == [wanted, [[function(1.0)], function(2.0)]]
    assert module(np.array([POINTS, POINTS])) == [wanted, wanted]
    assert [y.data for y in module(np.array([Value(x) for x in POINTS]))] == wanted
    assert module([]) == []


@pytest.mark.parametrize(("module", "function"), [(Softmax(), ag.softmax), (LogSoftmax(), ag.log_softmax)], ids=shown)
def test_softmax_goes_along_the_last_dimension(module: Module, function: Any) -> None:
    """Of nested lists and arrays; nothing is mixed between the rows."""
    rows = [[0.0, 1.0, -1.0], [1000.0, 3.0, 2.0]]
    wanted = [function(row) for row in rows]
    assert module(rows[0]) == wanted[0]
    assert module(rows) == module(np.array(rows)) == module([np.array(row) for row in rows]) == wanted
    assert module([rows]) == [wanted]
    assert module(iter([iter(row) for row in rows])) == wanted
    assert module([]) == []
    leaves = [Value(x) for x in rows[0]]
    module(leaves)[1].backward()
    assert [leaf.grad for leaf in leaves] == ag.grad(lambda xs: function(xs)[1])(rows[0])
    with pytest.raises(TypeError, match=r"takes a list of numbers, or nested lists, not 1.0: put it in a list"):
        module(1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GELU("erf"), ValueError, "approximate must be 'none' or 'tanh', not 'erf'"),
        (lambda: LeakyReLU("0.1"), TypeError, "negative_slope must be one real number"),
        (lambda: ELU(None), TypeError, "alpha must be one real number"),
        (lambda: Tanh()("1.0"), TypeError, "operand 0 of tanh must be one real number, not the string"),
        (lambda: Tanh()([{"a": 1.0}]), TypeError, "operand 0 of tanh must be one real number, not a dict"),
    ],
)
def test_what_activations_refuse(call: Any, error: type[Exception], message: str) -> None:
    """Anything but numbers, and wrong options."""
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("kind", [Softmax, LogSoftmax])
def test_the_dimension_of_softmax(kind: Any) -> None:
    """-1, which is the last, and no other."""
    assert repr(kind(dim=-1)) == f"{kind.__name__}()"
    rows = [[0.0, 1.0], [2.0, 0.0]]
    assert kind(dim=1)(rows) == kind()(rows)
    assert kind(dim=0)(rows[0]) == kind()(rows[0])
    with pytest.raises(ValueError, match=r"goes along the last dimension, which has the number 1 here, not 0"):
        kind(dim=0)(rows)
    with pytest.raises(ValueError, match=r"dim must be -1, or the number of the last dimension, not 'rows'"):
        kind(dim="rows")
