"""gradcheck as it is called: its report, its message, its options, what it rejects."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Value, primitive
from autograd.primitives import sech2
from autograd.testing import GradcheckError, Report, gradcheck


@pytest.mark.parametrize(
    ("evaluate", "partials", "at"),
    [
        (math.tanh, lambda r, x: sech2(x), (9.0,)),
        (lambda x: 5.0 + 1e-6 * x, lambda r, x: 1e-6, (0.7,)),
        (lambda x: 1e-9 * x, lambda r, x: 1e-9, (0.7,)),
        (lambda x: x * x * x, lambda r, x: 3.0 * x * x, (0.0,)),
        (lambda x, y: x * y, lambda r, x, y: (y, x), (0.7, 1.2)),
        (lambda x, y: x / y, lambda r, x, y: (1.0 / y, -r / y), (0.7, 1.2)),
    ],
)
def test_right_rules_pass(evaluate: Callable[..., float], partials: Callable[..., Any], at: tuple[float, ...]) -> None:
    """The same functions, with the partials that they should have: every derivative is confirmed."""
    made = primitive("right_test", evaluate=evaluate, partials=partials)
    assert gradcheck(made, *at) == (len(at) + len(at) ** 2, (), ())


def test_the_message_says_which_where_what_and_by_how_much() -> None:
    """In full."""
    made = primitive("wrong_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.002 * x)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda p: ag.exp(made(p["w"][1])), {"w": [1.0, 2.0]})
    assert str(caught.value) == (
        "gradcheck(<lambda>) at args = ({'w': [1.0, 2.0]},):\n"
        "  d f / d args[0]['w'][1] is wrong: found 218.6109927327095, expected 218.39260013257694, relative error 1.0e-03\n"
        "  at fault: wrong_test(operand 0 = 2.0), checked alone: "
        "d f / d operand 0 is wrong: found 4.004, expected 4.0, relative error 1.0e-03"
    )


def test_one_wrong_output_of_several_and_one_wrong_input_of_many() -> None:
    """Is named by its place; of many inputs, combinations are checked."""
    made = primitive("wrong_test", evaluate=lambda x: x * x, partials=lambda r, x: 2.002 * x)
    with pytest.raises(GradcheckError, match=r"d f\[2\] / d args\[0\]\[1\] is wrong"):
        gradcheck(lambda x: {"a": x[0], "b": [x[0] * x[1], made(x[1])]}, [1.0, 2.0])
    with pytest.raises(GradcheckError, match=r"d f / d args\[0\]\[17\] is wrong.*\n.*wrong_test\(operand 0 = 1.7"):
        gradcheck(lambda x: ag.sum_([made(v) if i == 17 else v * v for i, v in enumerate(x)]), [0.1 * i for i in range(30)])
    gradcheck(lambda x: np.sum(np.sin(x) * x[0]), np.linspace(0.0, 1.0, 30))


def test_a_small_input_among_many() -> None:
    """Each of many inputs is checked at first order, however small beside the others."""
    point = [0.1 * i - 1.45 for i in range(30)]
    point[17] = 1e-10
    with pytest.raises(GradcheckError, match=r"args\[0\]\[17\]"):
        gradcheck(lambda v: ag.sum_([ag.tanh(x) for x in v[:17] + v[18:]]) - v[17] + 2.0 * v[17].item(), point)


def test_functions_that_change_from_call_to_call() -> None:
    """Are told so."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="fix its seed"):
        gradcheck(lambda x: x * rng.random(), 1.0)


def test_higher_orders_and_single_modes() -> None:
    """order=3 checks fourteen combinations of modes; modes= restricts them."""
    assert gradcheck(lambda x, y: ag.tanh(x * y), 0.5, 2.0, order=3).checked == 2 + 4 + 8
    assert gradcheck(ag.sin, 0.5, modes="fwd").checked == 2
    assert gradcheck(ag.sin, Value(0.5), order=1, modes=("rev",)).checked == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gradcheck(3.0, 1.0), TypeError, r"not 3.0: gradcheck\(f, x\), not gradcheck\(f\(x\)\)"),
        (lambda: gradcheck(ag.sin), ValueError, "the arguments hold no number"),
        (lambda: gradcheck(ag.sin, "a"), TypeError, r"args\[0\] must be one real number, not the string 'a'"),
        (lambda: gradcheck(ag.sin, 0.5, order=0), ValueError, "order must be 1 or more, not 0"),
        (lambda: gradcheck(ag.sin, 0.5, modes=("up",)), ValueError, r"modes must be some of \('fwd', 'rev'\), not \('up',\)"),
        (lambda: gradcheck(ag.sin, 0.5, modes=()), ValueError, "modes must be some of"),
        (lambda: gradcheck(ag.sin, 0.5, rtol=-1.0), ValueError, "rtol must be above 0, not -1.0"),
        (lambda: gradcheck(lambda x: [], 0.5), ValueError, "returns no number at all"),
        (lambda: gradcheck(ag.log, -1.0), ValueError, "the function is nan at .*: choose a point inside its domain"),
        (lambda: gradcheck(ag.sin, math.inf), ValueError, "the function is nan"),
        (lambda: gradcheck(lambda x: None, 1.0), TypeError, "must be one real number, not None"),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    """What is wrong with the call."""
    with pytest.raises(error, match=message):
        call()


def test_a_report_is_a_sentence() -> None:
    """How many were confirmed, then what could not be."""
    assert str(Report(3)) == "3 derivatives confirmed"
    assert str(Report(1, ("abs(x = 0.0)", "b"), ("d f / d x",))) == (
        "1 derivatives confirmed; not smooth here: abs(x = 0.0); b; not resolved by differences: d f / d x"
    )
