"""Functions composed from primitives are as exact as primitives."""

from typing import Any

import mpmath
import pytest

from autograd import Value, functions
from autograd.testing import truth


@pytest.mark.parametrize(
    ("function", "at", "exact"),
    [
        (functions.log_sigmoid, (-745.0,), lambda mp, x: -mp.log1p(mp.exp(-x))),
        (functions.log_sigmoid, (0.0,), lambda mp, x: -mp.log1p(mp.exp(-x))),
        (functions.log_sigmoid, (40.0,), lambda mp, x: -mp.log1p(mp.exp(-x))),
        (functions.logaddexp, (0.0, -40.0), lambda mp, x, y: mp.log(mp.exp(x) + mp.exp(y))),
        (functions.logaddexp, (700.0, 800.0), lambda mp, x, y: mp.log(mp.exp(x) + mp.exp(y))),
        (functions.logaddexp2, (0.0, -40.0), lambda mp, x, y: mp.log(mp.mpf(2) ** x + mp.mpf(2) ** y, 2)),
        (functions.logaddexp2, (1000.0, 1010.0), lambda mp, x, y: mp.log(mp.mpf(2) ** x + mp.mpf(2) ** y, 2)),
        (functions.xlog1py, (2.0, 1e-20), lambda mp, x, y: x * mp.log1p(y)),
        (functions.xlog1py, (0.0, 0.5), lambda mp, x, y: x * mp.log1p(y)),
        (lambda *x: functions.softmax(x)[0], (50.0, 0.0), lambda mp, *x: mp.exp(x[0]) / mp.fsum(map(mp.exp, x))),
        (lambda *x: functions.softmax(x)[1], (20.0, 0.0, -20.0), lambda mp, *x: mp.exp(x[1]) / mp.fsum(map(mp.exp, x))),
        (functions.xlogy, (2.0, 0.5), lambda mp, x, y: x * mp.log(y)),
        (functions.xlogy, (0.0, 0.5), lambda mp, x, y: x * mp.log(y)),
        (lambda *x: functions.softmax(x)[0], (1.0, 2.0, 3.0), lambda mp, *x: mp.exp(x[0]) / mp.fsum(map(mp.exp, x))),
        (lambda *x: functions.softmax(x)[0], (-700.0, 1.0), lambda mp, *x: mp.exp(x[0]) / mp.fsum(map(mp.exp, x))),
        (lambda *x: functions.log_softmax(x)[0], (100.0, 60.0), lambda mp, *x: x[0] - mp.log(mp.fsum(map(mp.exp, x)))),
        (lambda *x: functions.log_softmax(x)[1], (1000.0, -1000.0), lambda mp, *x: x[1] - mp.log(mp.fsum(map(mp.exp, x)))),
    ],
)  # fmt: skip
def test_composed_functions_against_60_digits(function: Any, at: tuple[float, ...], exact: Any) -> None:
    """Value and gradient keep their digits."""

    def f(*xs: Any) -> Any:
        return exact(mpmath.mp, *xs)

    leaves = [Value(x) for x in at]
    result = function(*leaves)
    result.backward()
    assert type(function(*at)) is float
    with mpmath.workdps(truth.DIGITS):
        assert truth.error_in_ulps(result.data, truth.value(f, at)) <= 8.0
        for i, leaf in enumerate(leaves):
            slope = truth.partial(f, at, i)
            assert abs(leaf.grad - slope) <= 1e-12 * abs(slope), f"{i}: {leaf.grad!r}, truth {mpmath.nstr(slope, 20)}"


def test_softmax_of_nothing_and_of_numbers() -> None:
    """Of no numbers it is an empty list; numbers may come one by one, without a list."""
    assert functions.softmax([]) == functions.log_softmax([]) == []
    assert functions.softmax(0.0, 0.0) == [0.5, 0.5]
    assert functions.log_softmax(1.0) == [0.0]
