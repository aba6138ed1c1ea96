"""Numbers are in the target's primitives, and no operand of another of their level."""

from functools import reduce
from typing import Any

import autograd as ag
from autograd import primitives
from nn.export.forms import ONNX, PYTORCH, Dialect
from nn.export.recording import record
from nn.export.scalars import Rewriting, Scalar
from tests.nn.export.models import CASES, FOUR
from tests.nn.export.test_recording import Forward


def scalars(function: Any, dialect: Dialect = PYTORCH) -> list[Scalar]:
    """What a function of four numbers becomes, in order."""
    rewriting = Rewriting(record(Forward(function), (FOUR,), lambda _path, _rule: True), dialect)
    rewriting.scalars()
    return [scalar for scalar in rewriting.made if scalar.primitive is not None]


def names(function: Any, dialect: Dialect = PYTORCH) -> list[str]:
    """The primitives of these."""
    return [scalar.primitive.name for scalar in scalars(function, dialect) if scalar.primitive is not None]


def test_primitives_that_the_target_lacks_are_formulas() -> None:
    """`expm1` is PyTorch's, and in ONNX Kahan's formula; `sech2` is nobody's."""
    assert names(lambda x: ag.expm1(x[0])) == ["expm1"]
    assert set(names(lambda x: ag.expm1(x[0]), ONNX["float64"])) <= {
        "exp",
        "sub",
        "log",
        "truediv",
        "mul",
        "equal",
        "where",
        "logical_or",
    }
    assert set(names(lambda x: primitives.sech2(x[0]))) == {"abs", "mul", "exp", "add", "truediv"}
    assert names(lambda x: ag.sinh(x[0]), ONNX["float32"]) == ["sinh"]
    assert "sinh" not in names(lambda x: ag.sinh(x[0]), ONNX["float64"])


def test_constant_operands() -> None:
    """`leaky_relu` has a name where its slope is constant."""
    assert names(lambda x: ag.leaky_relu(x[0], 0.2)) == ["leaky_relu"]
    assert "leaky_relu" not in names(lambda x: ag.leaky_relu(x[0], x[1]))


def test_long_sums_are_one_operation() -> None:
    """Unless something else reads a part of them."""
    (total,) = scalars(sum)
    assert total.many
    assert len(total.operands) == 4
    assert [scalar.many for scalar in scalars(lambda x: reduce(ag.maximum, x))] == [True]

    def shared(x: Any) -> Any:
        part = x[0] + x[1]
        return part + x[2] + x[3], part * 2.0

    assert [len(scalar.operands) for scalar in scalars(shared)] == [2, 3, 2]


def test_nothing_is_added_in_vain() -> None:
    """0 to a sum, 1 to a product; known conditions choose."""
    assert names(lambda x: 0.0 + x[0] * 1.0 + 0.0) == []
    assert names(lambda x: ag.where(1.0, x[0], x[1])) == []
    assert names(lambda x: ag.identity(x[0])) == []


def test_levels() -> None:
    """No number reads one of its own level or above."""
    for make, examples in CASES.values():
        rewriting = Rewriting(record(make(), examples, lambda path, _: bool(path)), ONNX["float64"])
        rewriting.scalars()
        for scalar in rewriting.made:
            assert all(x.level < scalar.level for x in scalar.operands if type(x) is Scalar)
