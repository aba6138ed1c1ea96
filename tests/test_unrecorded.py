"""What operations give under `no_grad()`: the bits that they give when they record, in leaves."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Value, detect_anomaly, no_grad, sum_, where
from autograd.definition import Primitive
from autograd.table import TABLE
from autograd.unrecorded import PLAIN, at_numbers, leaf_of, nested_numbers, numbers_alone, numbers_of
from nn import Parameter
from tests.compiler.comparison import bits

POINTS = [0.0, -0.0, 0.5, -2.0, 3.0, math.inf, math.nan, 1e300]


@pytest.mark.parametrize("known", [p for p in TABLE.values() if p.arity in (1, 2)], ids=lambda p: p.name)
def test_the_bits_are_those_of_recorded_operations(known: Primitive) -> None:
    """Of every primitive of one or two operands, Values and floats on either side."""
    kinds: list[Callable[[float], Any]] = [Value, float, Parameter]
    for x in POINTS:
        for y in POINTS if known.arity == 2 else POINTS[:1]:
            for kind in kinds:
                operands = (Value(x), kind(y)) if known.arity == 2 else (Value(x),)
                for given in (operands, operands[::-1]):
                    wanted = known(*given)
                    with no_grad():
                        found = known(*given)
                    assert (type(found), found.operands) == (Value, ())
                    assert bits(found.data) == bits(wanted.data)


@pytest.mark.parametrize(
    "compute",
    [
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**2, lambda a, b: -a,
        lambda a, b: 2.0 - a, lambda a, b: 2.0 / a, lambda a, b: 2.0**a, lambda a, b: a * 2, lambda a, b: a.exp(),
        lambda a, b: a.maximum(b),
    ],
)  # fmt: skip
def test_operators_take_the_short_way(compute: Callable[[Any, Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what records in general; under `detect_anomaly()` they take the general one."""
    a, b = Value(3.0), Parameter(4.0)
    wanted = compute(a, b).data

    def general(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(Value, "_apply_primitive", staticmethod(general))
    with no_grad():
        assert compute(a, b).data == wanted
        with detect_anomaly(), pytest.raises(AssertionError):
            compute(a, b)


def test_operands_of_other_types_go_the_general_way() -> None:
    """Integers, NumPy scalars, arrays, and operands that are not numbers."""
    a = Value(3.0)
    with no_grad():
        for other in (2, True, np.float64(2.0), np.int32(2)):
            assert (a + other).data == 3.0 + other
            assert (other * a).data == 3.0 * other
        assert (a + np.array([1.0, 2.0], dtype=object))[1].data == 5.0
        assert where(True, a, 0).data == 3.0
        for wrong in ("x", None, [1.0]):
            with pytest.raises(TypeError):
                a + wrong  # type: ignore[operator]


def test_a_leaf_is_an_ordinary_one() -> None:
    """Without label or gradient; float() of it does not warn, and backward() from it reaches itself."""
    leaf = leaf_of(2.0)
    assert (leaf.data, leaf.grad, leaf.has_grad, leaf.label, leaf.operands, leaf.primitive) == (2.0, 0.0, False, "", (), None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert float(leaf) == 2.0
    (leaf * leaf).backward()
    assert leaf.grad == 4.0
    leaf.label = "x"
    assert repr(leaf) == "Value(data=2.0, grad=4.0, label='x')"
    assert leaf.made < leaf_of(1.0).made


def test_numbers_of_operands() -> None:
    """Of Values and floats alone."""
    assert numbers_of([1.0, Value(2.0), Parameter(3.0)]) == [1.0, 2.0, 3.0]
    assert numbers_of([Value(2.0), Parameter(3.0)]) == [2.0, 3.0]
    assert numbers_of([Value(2.0), 3]) is None
    assert {float, Value, Parameter} <= PLAIN
    with no_grad():
        assert sum_([Value(1.0), 2.0, 3]).data == 6.0


def test_one_short_way_for_each_general_one() -> None:
    """However many primitives take it."""

    def general(*_: Any) -> Any:
        return None

    assert at_numbers(general) is at_numbers(general)


def test_numbers_of_nested_values() -> None:
    """Of Values alone, in lists and tuples; and only where these matter."""
    assert nested_numbers(([Value(1.0)], [])) == [[1.0], []]
    for other in (1.0, Value(1.0), [1.0], [Value(1.0), 1.0], [[Value(1.0)], [1.0]], [Value(1.0), [Value(2.0)]], [None]):
        assert nested_numbers(other) is None
    assert not numbers_alone()
    with no_grad():
        assert numbers_alone()
        with detect_anomaly():
            assert not numbers_alone()
