"""The guide's lists of NumPy functions are true: on arrays of Values and Symbols, in value, gradient and bits."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import GradientLostWarning, TraceError, Value, grad, hessian, jit, jvp, value_and_grad, values

GUIDE = (Path(__file__).parents[1] / "docs" / "guide.md").read_text(encoding="utf-8").partition("### Arrays of NumPy")[2]
WORK = re.findall(r"`([^`]+)`", GUIDE.partition("<!-- these work -->")[2].partition("\n\n")[0])
TABLE = re.findall(r"^\| `(.+)` \| (yes|no) \| `(.+)` \|$", GUIDE.partition("```")[0], re.MULTILINE)

XS, YS = np.array([0.8125, -0.3125, 0.40625]), np.array([0.53125, 0.1875, -0.6875])
ARGUMENTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "A @ xs": lambda xs, ys, a: a @ xs,
    "np.outer": np.outer,
    "np.kron": lambda xs, ys, a: np.kron(xs, ys),
    "np.tensordot": lambda xs, ys, a: np.tensordot(a, xs, 1),
    "np.einsum": lambda xs, ys, a: np.einsum("ij,j,k->ik", a, xs, ys),
    "np.trace": lambda xs, ys, a: np.trace(a),
    "np.linalg.norm": lambda xs, ys, a: [np.linalg.norm(xs), np.linalg.norm(a), np.linalg.norm(ys, 1)],
    "np.linalg.matrix_power": lambda xs, ys, a: np.linalg.matrix_power(a, 3),
    "np.average": lambda xs, ys, a: np.average(xs, weights=[1.0, 2.0, 3.0]),
    "np.power": lambda xs, ys, a: np.power(a * a, 1.5),
    "np.trapezoid": lambda xs, ys, a: getattr(np, "trapezoid", getattr(np, "trapz", None))(xs, dx=0.5),
    "np.polyval": lambda xs, ys, a: np.polyval(xs, ys[0]),
    "np.mod": lambda xs, ys, a: np.mod(xs, 0.375),
    "np.fmod": lambda xs, ys, a: np.fmod(xs, 0.375),
    "np.floor_divide": lambda xs, ys, a: np.floor_divide(xs, 0.375),
    "np.concatenate": lambda xs, ys, a: np.concatenate([xs, [1.0], ys]),
    "np.stack": lambda xs, ys, a: np.stack([xs, ys]),
    "np.reshape": lambda xs, ys, a: np.reshape(a, (9, 1)),
    "np.transpose": lambda xs, ys, a: np.transpose(a),
    "np.roll": lambda xs, ys, a: np.roll(xs, 1),
    "np.repeat": lambda xs, ys, a: np.repeat(xs, 2),
    "np.tile": lambda xs, ys, a: np.tile(xs, 2),
    "np.pad": lambda xs, ys, a: np.pad(xs, 1),
    "np.full": lambda xs, ys, a: np.full((2, 2), xs[0]),
    "np.zeros_like": lambda xs, ys, a: np.zeros_like(xs) + ys,
    "np.vectorize": lambda xs, ys, a: np.vectorize(lambda x: x * x, otypes=[object])(xs),
    "np.apply_along_axis": lambda xs, ys, a: np.apply_along_axis(np.sum, 0, a),
}
BINARY = {"dot", "vdot", "inner", "cross", "convolve", "arctan2", "hypot"}
OF_POSITIVE = {"log", "log2", "log10", "log1p", "sqrt", "reciprocal"}


def matrix(xs: Any) -> Any:
    """A regular one."""
    return np.outer(xs, xs) + np.eye(3) * (2.0 + xs[0])


def listed(name: str) -> Callable[[Any], Any]:
    """What the list names, as a function of xs."""
    if name in ARGUMENTS:
        return lambda xs: ARGUMENTS[name](*((xs, YS) if name == "np.outer" else (xs, YS * xs, matrix(xs))))
    short = name.removeprefix("np.")
    function = getattr(np, short)
    if short in BINARY:
        return lambda xs: function(xs, YS * xs)
    return lambda xs: function(xs * xs + 0.5 if short in OF_POSITIVE else xs)


def numbers(found: Any) -> np.ndarray[Any, Any]:
    """As one flat array of floats."""
    return np.ravel(np.array(values(found.tolist() if isinstance(found, np.ndarray) else found), dtype=float))


def weighted(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """All numbers that f gives, each with another weight, as one."""
    return lambda xs: sum((k + 1.0) * x for k, x in enumerate(np.ravel(np.array(f(xs), dtype=object))))


def agrees(f: Callable[[Any], Any], wanted: Callable[[Any], Any]) -> None:
    """f gives NumPy's numbers and their slopes, and has these bits compiled, in value, gradient and second derivatives."""
    np.testing.assert_allclose(numbers(f(np.array([*map(Value, XS)], dtype=object))), numbers(wanted(XS)), rtol=1e-14)
    total, expected = weighted(f), weighted(wanted)
    steps = 1e-6 * np.eye(3)
    slopes = [(expected(XS + step) - expected(XS - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(grad(total)(XS), slopes, rtol=1e-6, atol=1e-8)
    value, gradient = value_and_grad(total)(XS)  # NumPy's own tanh of floats may differ in the last bit
    assert jit(total)(XS) == value
    assert np.array_equal(jit(grad(total))(XS), gradient)
    for transform in (hessian(total), lambda xs: np.array(jvp(total, (xs,), (YS,))[1])):
        assert np.array_equal(jit(transform)(XS), transform(XS))


@pytest.mark.parametrize("name", WORK)
def test_these_work_on_values_and_symbols(name: str) -> None:
    """All that the guide lists."""
    agrees(listed(name), listed(name))


def code(text: str) -> Callable[[Any], Any]:
    """A piece of code of the table as a function of xs."""
    compiled = compile(text, "guide", "eval")
    space = {**{name: getattr(ag, name) for name in dir(ag)}, "np": np}
    return lambda xs: eval(compiled, {**space, "xs": xs, "ys": YS * xs, "A": matrix(xs), "x": xs[0]})


@pytest.mark.parametrize(("theirs", "on_values", "ours"), TABLE, ids=[row[0] for row in TABLE])
def test_what_works_everywhere(theirs: str, on_values: str, ours: str) -> None:
    """It gives what NumPy's gives for plain numbers, which works on Values where the table says so, never in a trace."""
    agrees(code(ours), code(theirs))
    objects = np.array([*map(Value, XS)], dtype=object)
    if on_values == "yes":
        np.testing.assert_allclose(numbers(code(theirs)(objects)), numbers(code(theirs)(XS)), rtol=1e-14)
    else:
        with pytest.raises((TypeError, AttributeError, GradientLostWarning)):
            code(theirs)(objects)
    with pytest.raises((TraceError, TypeError, AttributeError)):
        jit(code(theirs))(XS)


def test_arrays_of_floats_take_no_values() -> None:
    """The warning and the error say what does."""

    def assigned(xs: Any) -> Any:
        z = np.zeros(3)
        z[0] = xs[0] * 2.0
        return z[0]

    with pytest.warns(GradientLostWarning, match="arrays of dtype=object"):
        assigned([Value(1.0)])
    with pytest.raises(TraceError, match="arrays of dtype=object"):
        jit(assigned)([1.0])


def test_errors_in_traces_name_what_works() -> None:
    """Of many numbers too."""
    with pytest.raises(TraceError, match="among many by amax, amin, argmax or sort"):
        jit(np.max)(XS)
