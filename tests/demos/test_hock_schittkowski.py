"""demos.hock_schittkowski: every problem's published optimum."""

from typing import Any

import numpy as np
import pytest

from autograd import hessian, objective, residuals
from demos.hock_schittkowski import PROBLEMS, main, solve, violation


@pytest.mark.parametrize("number", PROBLEMS)
def test_published_optima(number: int) -> None:
    """The value is that of the book, within its digits, and the constraints hold."""
    problem = PROBLEMS[number]
    found = solve(problem)
    assert float(found.fun) == pytest.approx(problem.optimum, rel=problem.tolerance, abs=problem.tolerance)
    assert violation(problem, found.x) <= 1e-6


KNOWN: dict[int, list[Any]] = {
    2: [1.22437075, 1.5],
    11: [1.23477, 1.52460],
    18: [250.0**0.5, 2.5**0.5],
    19: [14.095, 0.84296079],
    24: [3.0, 3.0**0.5],
    25: [50.0, 25.0, 1.5],
    29: [4.0, 8.0**0.5, 2.0],
}


@pytest.mark.parametrize("number", KNOWN)
def test_published_solutions(number: int) -> None:
    """Where there is one solution alone."""
    np.testing.assert_allclose(solve(PROBLEMS[number]).x, KNOWN[number], rtol=1e-4)


@pytest.mark.parametrize("number", PROBLEMS)
def test_derivatives_at_the_start(number: int) -> None:
    """Sparse and dense ones agree, and the Hessian of one constraint is that of its function."""
    problem = PROBLEMS[number]
    x = np.array(problem.start) + 0.25
    dense, sparse = objective(problem.f).hess(x), objective(problem.f, sparse=True).hess(x)
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-12, atol=1e-300)
    for f in filter(None, (problem.at_least, problem.equal)):
        fun, thin = residuals(f), residuals(f, sparse=True)
        np.testing.assert_allclose(thin.jac(x).toarray(), fun.jac(x), rtol=1e-14)
        weights = np.arange(1.0, len(fun(x)) + 1.0)
        np.testing.assert_allclose(thin.hess(x, weights).toarray(), fun.hess(x, weights), rtol=1e-13)
        if len(weights) == 1:
            np.testing.assert_allclose(fun.hess(x, weights), np.array(hessian(f)(x), dtype=float), rtol=1e-13)


def test_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints a line for each problem."""
    main([])
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines[1:]] == list(range(1, 31))
