"""The battery passes what is right and fails what is wrong: primitives of a user's own."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import autograd as ag
from autograd import primitive
from autograd.definition import Primitive
from autograd.primitives import inversion as mirrored
from autograd.testing import battery, check_primitive, primitive_tests


def cube(**changes: Any) -> Primitive:
    """x**3, with something changed."""
    stated: dict[str, Any] = {
        "evaluate": lambda x: x * x * x,
        "partials": lambda r, x: 3.0 * (x * x),
        "reference": lambda mp, x: x**3,
    }
    return primitive("cube_test", **{**stated, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reference": None},
        {"domain": (-2.0, 2.0)},
        {"partials": (lambda r, x: 3.0 * (x * x),)},
        {"partials": None},
        {"domain": (0.0, 1e-5)},
        {"domain": (1e16, 1e17)},
        {"evaluate": math.fabs, "partials": lambda r, x: ag.sign(x), "kink": lambda x: x == 0.0, "reference": "fabs"},
        {"evaluate": math.fabs, "partials": lambda r, x: ag.sign(x), "reference": None},  # the kink is not stated
        {
            "evaluate": lambda x: math.sin(x) if math.isfinite(x) else math.nan,
            "partials": lambda r, x: ag.cos(x),
            "reference": "sin",
        },
        {
            "evaluate": lambda x, y: math.nan if math.isnan(x + y) else y if y > x else x,
            "partials": lambda r, x, y: (
                ag.where(x > y, 1.0, ag.where(x == y, 0.5, 0.0)),
                ag.where(y > x, 1.0, ag.where(x == y, 0.5, 0.0)),
            ),
            "kink": lambda x, y: x == y,
            "reference": None,
        },
    ],
)
def test_right_primitives_pass(changes: dict[str, Any]) -> None:
    """With and without a reference, a domain, a kink; also one that gives no partials."""
    check_primitive(cube(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"partials": lambda r, x: 3.003 * (x * x)}, "partial 0 of cube_test.*3.003"),
        ({"partials": lambda r, x: 3.003 * (x * x), "reference": None}, "at fault: cube_test"),
        (
            {"partials": lambda r, x: 3.0 * ag.stop_gradient(x * x)},
            r"the derivative of cube_test.* by operands \(0, 0\) is 0.0",
        ),
        ({"partials": lambda r, x: 3.0 * ag.stop_gradient(x * x), "reference": None}, "d2 f / d args"),
        ({"evaluate": lambda x: x * x * x * 1.000001}, "cube_test.* is .*, not"),
        ({"evaluate": lambda x: x**3.0}, "raised OverflowError.*return IEEE's inf or nan instead"),
        ({"evaluate": math.exp, "partials": lambda r, x: r, "reference": "exp", "domain": (-5.0, 5.0)}, "raised OverflowError"),
        (
            {
                "evaluate": lambda x, y: y if y > x else x,
                "partials": lambda r, x, y: (ag.where(x > y, 1.0, 0.0), ag.where(y > x, 1.0, 0.0)),
                "kink": lambda x, y: x == y,
                "reference": lambda mp, x, y: max(x, y),
            },
            "at a kink",
        ),
        (
            {
                "evaluate": lambda x, y: x * y,
                "partials": lambda r, x, y: (y, 0.0),
                "reference": lambda mp, x, y: x * y,
            },
            "partial 1 of cube_test",
        ),
        ({"partials": lambda r, x: ag.where(x > 0.0, 3.0 * (x * x), math.nan), "reference": None}, "found nan"),
        (
            {"partials": lambda r, x: 3.0 * r / x, "domain": (0.0, math.inf)},
            r"the partials of cube_test\(0.0,\) raised ZeroDivision",
        ),
        (
            {"partials": lambda r, x: ag.where((x > 120.0) & (x < 180.0), 9.0, 3.0) * (x * x), "domain": (100.0, 200.0)},
            "partial 0 of cube_test",
        ),
        ({"partials": lambda r, x: ag.truediv(3.0 * r, x)}, "partial 0 of cube_test|nan"),
    ],
)
def test_wrong_primitives_fail(changes: dict[str, Any], message: str) -> None:
    """With a message that names the primitive and the point."""
    made = cube(**changes)
    with pytest.raises(AssertionError, match=message):
        check_primitive(made, max_examples=100)


def test_digits_lost_near_an_axis_are_missed() -> None:
    """In second derivatives of x / (x*x + y*y), which fall far below their terms there: 1e-20 beside 1."""

    def slope(x: Any, y: Any) -> Any:
        return (mirrored(y, x) - mirrored(x, y)) * (mirrored(y, x) + mirrored(x, y))  # right, but its own slope cancels

    made = primitive(
        "mirrored_test",
        evaluate=mirrored.evaluate,
        partials=(lambda r, x, y: slope(x, y), lambda r, x, y: -2.0 * r * mirrored(y, x)),
        domain=mirrored.domain,
        kink=mirrored.kink,
        reference=mirrored.reference,
    )
    with pytest.raises(AssertionError, match=r"the derivative of mirrored_test.* by operands"):
        battery.check_higher_derivatives(made, battery.Options(order=2, ulps=4.0, decades=20, max_examples=200))


def test_names_and_errors() -> None:
    """A primitive may be given by its name."""
    check_primitive("neg", max_examples=5)
    with pytest.raises(KeyError, match="no primitive is named 'nope'"):
        check_primitive("nope")
    with pytest.raises(ValueError, match="the reference of 'cube_test' is 'cubed', but mpmath has no such function"):
        check_primitive(cube(reference="cubed"))
    with pytest.raises(TypeError, match="max_exampels"):
        primitive_tests("neg", max_exampels=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes primitives or their names, not 3"):
        check_primitive(3)  # type: ignore[arg-type]


USERS_TESTS = """
from autograd import primitive
from autograd.testing import primitive_tests

square = primitive("square", evaluate=lambda x: x * x, partials=lambda r, x: 2.0 * x, reference=lambda mp, x: x * x)
wrong = primitive("wrong", evaluate=lambda x: x * x, partials=lambda r, x: 2.002 * x)
test_my_primitives = primitive_tests(square, "wrong", max_examples=5)
"""


def test_one_line_in_a_users_test_file(tmp_path: Path) -> None:
    """A test for each primitive and check, named after them."""
    (tmp_path / "test_mine.py").write_text(USERS_TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-W", "error", "-rA", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "PASSED test_mine.py::test_my_primitives[square-value_and_partials]" in done.stdout
    assert "PASSED test_mine.py::test_my_primitives[wrong-ieee_contract]" in done.stdout
    assert "FAILED test_mine.py::test_my_primitives[wrong-gradcheck]" in done.stdout
    assert done.stdout.count("FAILED test_mine.py") == 1


def test_the_checks_that_apply() -> None:
    """Seven to a built-in primitive with a reference, each under its own name."""
    marks = primitive_tests("tanh", ag.dot).pytestmark
    assert len(marks[0].args[1]) == 14


@pytest.mark.parametrize("order", [0, -1, 1.5])
def test_an_order_below_1(order: Any) -> None:
    """Rejected before anything is drawn."""
    with pytest.raises(ValueError, match=r"check_primitive\(\): order must be 1 or more"):
        check_primitive("exp", order=order)
    with pytest.raises(ValueError, match=r"primitive_tests\(\): order must be 1 or more"):
        primitive_tests("exp", order=order)
