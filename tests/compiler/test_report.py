"""What became of a function: its source, which runs on its own, its figures, its picture."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd import Value, exp, grad, hessian, jit, sin, sum_, value_and_grad, where
from autograd.testing import Expression, expressions
from tests.compiler.comparison import EDGES, bits, near


def executed(source: str) -> dict[str, Any]:
    """What a source defines, in a fresh namespace."""
    names: dict[str, Any] = {}
    exec(source, names)
    return names


@given(expression=expressions(max_ops=20, inputs=2))
@settings(max_examples=25)
def test_source_forward_and_backward(backend: str, expression: Expression) -> None:
    """Both functions, run alone, give the bits of the compiled ones."""

    def f(x: Any, y: Any) -> Any:
        return expression(x, y)

    compiled = jit(f, backend=backend)
    names = executed(compiled.source(*expression.at))
    for point in [*near(expression.at, 3), *zip(EDGES[::3], EDGES[1::3], strict=True)]:
        assert bits(names["f"](*point)) == bits(compiled(*point))
        assert bits(names["f_with_gradient"](*point)) == bits(value_and_grad(f, argnums=(0, 1))(*point))


def test_source_of_several_results() -> None:
    """A list of them, and their Jacobian, row by row."""
    f = jit(lambda x: {"a": x[0] * x[1], "b": [sin(x[0]), 3.0]})
    names = executed(f.source([2.0, 3.0]))
    assert names["lambda_"](2.0, 3.0) == [6.0, math.sin(2.0), 3.0]
    assert names["lambda__with_jacobian"](2.0, 3.0) == (
        [6.0, math.sin(2.0), 3.0],
        [[3.0, 2.0], [math.cos(2.0), 0.0], [0.0, 0.0]],
    )


@given(st.lists(st.text(max_size=4), min_size=1, max_size=4))
@settings(max_examples=60)
@example(["x²"])
@example(["µ", "μ"])
@example(["v0", "x_0", "class", "sum_", "None", "1", "", "lambda_", "f", "f_with_gradient", "lookup", "inf", "__debug__"])
def test_labels_become_names(labels: list[str]) -> None:
    """Of any letters, of Python's own words, twice the same: the source still runs."""
    values = [Value(float(i + 2), label) for i, label in enumerate(labels)]

    def f(x: Any) -> Any:
        return x * sum_(values)

    compiled = jit(f, backend="python")
    compiled(1.0)
    names = executed(compiled.source())
    assert names["f"](1.0, *[v.data for v in values]) == compiled(1.0).data


def test_source_of_transforms() -> None:
    """Of a gradient and of a Hessian: what they became."""

    def cube(x: Any) -> Any:
        return exp(x * x) * x

    for transform in (grad, hessian):
        f = jit(transform(cube))
        assert bits(executed(f.source(0.5))[f.__name__](0.5)) == bits(f(0.5))


def test_source_is_of_the_latest_call() -> None:
    """Or of the arguments given, for which it is called first."""
    f = jit(lambda x: x[0] * 2.0 if isinstance(x, list) else x + 1.0)
    assert "x + 1.0" in f.source(1.0)
    assert "* 2.0" in f.source([1.0])
    f(5.0)
    assert "x + 1.0" in f.source()


def test_source_with_conditions_and_constants() -> None:
    """Infinite and nan ones among them; names of the functions are imported."""
    f = jit(lambda x: where(x > 0.0, math.inf, where(x == 0.0, math.nan, -math.inf)) + exp(x))
    source = f.source(1.0)
    assert "from math import inf, nan" in source
    assert "from autograd import " in source
    for x in (1.0, 0.0, -1.0):
        assert bits(executed(source)["lambda_"](x)) == bits(f(x))


def test_stats(backend: str) -> None:
    """Operations before and after simplification, seconds, size, backend."""

    @jit(backend=backend)
    def f(x: Any) -> Any:
        exp(x)
        return x * 1.0 * x + x * x + 0.5 / 2.0

    assert f.stats().operations_traced == f.stats(3.0).operations_traced  # before any call: of numbers
    stats = f.stats(3.0)
    assert stats.operations_traced > stats.operations == 3
    assert 0.0 < stats.seconds < 5.0
    assert stats.code_size > 0
    assert stats.backend == backend
    assert f.stats() == stats


@pytest.mark.parametrize("f", [jit(lambda xs: xs[0]), jit(lambda x: x, in_axes=0), jit(lambda x, n: x, static_argnums=1)])
@pytest.mark.parametrize("what", ["source", "stats", "draw"])
def test_of_what_is_not_traced(f: Any, what: str) -> None:
    """Where the arguments cannot be guessed to be numbers, they must be given."""
    with pytest.raises(ValueError, match=rf"has not been traced yet: call it first, or pass arguments.*{what}\(1\.0"):
        getattr(f, what)()


def test_draw() -> None:
    """A picture of what was traced, with the arguments' names."""
    w = Value(3.0, "weight")
    f = jit(lambda speed: exp(speed * w))
    source = f.draw(1.0).source
    assert "speed" in source
    assert "weight" in source
    assert "exp" in source


def test_a_name_for_what_has_none() -> None:
    """Callables without a name are called by their class's."""

    class Doubling:
        def __call__(self, x: Any) -> Any:
            return x * 2.0

    f = jit(Doubling())
    assert repr(f) == "<jit Doubling>"
    assert executed(f.source(1.0))["Doubling"](4.0) == 8.0
