"""Checks of numbers: their bounds, the types they take, and what their messages say."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import MLP
from nn.checks import below_one, count, height_and_width, not_a_class, not_negative, parameters_in, positive


def test_numbers_of_any_type_become_plain_ones() -> None:
    """Whole numbers ints, others floats."""
    assert [type(count("n", n)) for n in (3, np.int64(3), np.uint8(3))] == [int] * 3
    for check in (positive, not_negative, below_one):
        for number in (0.5, np.float32(0.5), Decimal("0.5")):
            found = check("x", number, "0.1")
            assert (found, type(found)) == (0.5, float)
    assert height_and_width("size", [np.int64(2), 3]) == (2, 3)


def test_bounds_belong_to_the_range_or_not() -> None:
    """0 is not negative but not positive, 1 is not below 1, inf is finite only where it is allowed."""
    assert not_negative("x", 0, "0.1") == below_one("x", -0.0, "0.1") == 0.0
    assert positive("x", 5e-324, "0.1") > 0.0
    assert positive("x", math.inf, "0.1") == not_negative("x", math.inf, "0.1", or_inf=True) == math.inf
    assert count("n", 0, least=0) == 0


def test_parameters_of_any_iterable() -> None:
    """The same Values, in a list of their own; leaves alone if asked for."""
    values = [Value(1.0), Value(2.0)]
    for parameters in (values, tuple(values), iter(values)):
        found = parameters_in(parameters, leaves=True)
        assert found is not parameters
        assert [id(value) for value in found] == [id(value) for value in values]
    inner = values[0] * 2.0
    assert parameters_in([inner], leaves=False)[0] is inner


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: count("n", 0), ValueError, "^n must be a whole number of at least 1, not 0$"),
        (lambda: count("n", True), ValueError, "not True$"),
        (lambda: count("n", 2.0), ValueError, "not 2.0$"),
        (lambda: count("n", -1, least=0), ValueError, "at least 0, not -1$"),
        (
            lambda: height_and_width("size", (1, 2, 3)),
            ValueError,
            r"^size must be one whole number, or two, .*not \(1, 2, 3\)$",
        ),
        (lambda: height_and_width("size", (1, 0)), ValueError, r"^size\[1\] must be a whole number of at least 1, not 0$"),
        (lambda: positive("x", 0.0, "0.1"), ValueError, "^x must be positive, not 0.0: x=0.1, for example$"),
        (lambda: positive("x", math.nan, "0.1"), ValueError, "not nan"),
        (lambda: not_negative("x", -1, "0.1"), ValueError, "^x must be finite and not negative, not -1: x=0.1, for example$"),
        (lambda: not_negative("x", math.inf, "0.1"), ValueError, "finite and not negative, not inf"),
        (lambda: not_negative("x", math.nan, "0.1", or_inf=True), ValueError, "^x must be not negative, not nan"),
        (lambda: below_one("x", 1, "0.9"), ValueError, "^x must be at least 0 and below 1, not 1: x=0.9, for example$"),
        (lambda: below_one("x", -0.1, "0.9"), ValueError, "not -0.1"),
        (lambda: below_one("x", "0.5", "0.9"), TypeError, "^x must be one real number, not the string"),
        (lambda: parameters_in(MLP(1, [1]), leaves=False), TypeError, r"a list of Values, not a MLP: model.parameters\(\)"),
        (
            lambda: parameters_in([1.0], leaves=False),
            TypeError,
            r"^parameter 0 is 1.0, not a Value: pass model.parameters\(\)$",
        ),
        (
            lambda: parameters_in([Value(1.0), -Value(1.0)], leaves=True),
            TypeError,
            "parameter 1 is .*, not a leaf Value: .*detach",
        ),
    ],
)
def test_what_checks_refuse(call: Any, error: type[Exception], message: str) -> None:
    """Name, what is wanted, what was given, and an example to copy."""
    with pytest.raises(error, match=message):
        call()


def test_a_class_is_no_object_of_it() -> None:
    """It is named, with what to write; functions and objects pass."""
    not_a_class("loss", len)
    not_a_class("loss", 3.0)
    with pytest.raises(TypeError, match=r"^loss is the class dict, not an object of it: dict\(\.\.\.\)$"):
        not_a_class("loss", dict)
