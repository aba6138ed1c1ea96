"""Patterns of derivatives, compressed sweeps, and the choice of mode."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen_hess
from scipy.sparse import csr_array

from autograd import (
    Value,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    maximum,
    primitive,
    scan,
    sign,
    sin,
    sparsity,
    stop_gradient,
    sum_,
    where,
)
from autograd.linearization import Linearization
from autograd.patterns import forward_is_cheaper


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sweeps that a test runs, by name."""
    found: list[str] = []

    def counted(name: str) -> None:
        plain = getattr(Linearization, name)
        monkeypatch.setattr(Linearization, name, lambda self, seeds: (found.append(name), plain(self, seeds))[1])

    counted("pushforward")
    counted("pullback")
    return found


def band(x: Any) -> list[Any]:
    """Each number depends on three neighbours."""
    last = len(x) - 1
    return [x[i] * x[i] * (x[i - 1] if i else 1.0) - 2.0 * (x[i + 1] if i < last else 0.0) for i in range(len(x))]


def rosenbrock(x: Any) -> Any:
    """Rosenbrock's chain."""
    return sum_([100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1)])


def test_a_band_takes_as_many_sweeps_as_it_is_wide(sweeps: list[str]) -> None:
    """However long it is: 100,000 unknowns, three sweeps."""
    x = np.linspace(0.5, 1.5, 100_000).tolist()
    found = jacobian(band, sparse=True)(x)
    assert sweeps == ["pushforward"] * 3
    assert (found.shape, found.nnz) == ((100_000, 100_000), 299_998)
    middle = found[50_000].toarray()
    i = 50_000
    np.testing.assert_array_equal(middle[i - 1 : i + 2], [x[i] * x[i], 2.0 * x[i] * x[i - 1], -2.0])


def test_a_few_outputs_of_many_numbers_go_in_reverse(sweeps: list[str]) -> None:
    """Rows are coloured where that takes fewer sweeps."""
    found = jacobian(lambda x: [sum_([v * v for v in x[:50]]), sum_(x[50:])], sparse=True)([2.0] * 100)
    assert sweeps == ["pullback"]
    np.testing.assert_array_equal(found.toarray(), [[4.0] * 50 + [0.0] * 50, [0.0] * 50 + [1.0] * 50])


def test_the_hessian_of_a_chain(sweeps: list[str]) -> None:
    """Three forward sweeps over the gradient, whatever the length; SciPy's Hessian of the same function."""
    x = np.linspace(-1.0, 1.5, 300)
    found = hessian(rosenbrock, sparse=True)(x)
    assert (type(found), found.nnz, sweeps.count("pushforward")) == (csr_array, 898, 3)
    np.testing.assert_allclose(found.toarray(), rosen_hess(x), rtol=1e-12)


def random_system(seed: int) -> Callable[[Any], list[Any]]:
    """Sums of products of random pairs of numbers."""
    rng = np.random.default_rng(seed)
    picks = [[tuple(rng.integers(0, 12, 2).tolist()) for _ in range(rng.integers(0, 4))] for _ in range(15)]
    return lambda x: [sum_([sin(x[i]) * x[j] for i, j in pairs]) if pairs else 1.0 for pairs in picks]


@pytest.mark.parametrize("seed", range(8))
def test_random_patterns_against_dense_matrices(seed: int) -> None:
    """Jacobian and Hessian, eager and compiled; the pattern covers what is not 0."""
    f = random_system(seed)
    x = np.random.default_rng(seed).normal(size=12).tolist()
    dense, found = np.array(jacobian(f)(x)), jacobian(f, sparse=True)(x)
    np.testing.assert_allclose(found.toarray(), dense, rtol=1e-15)
    assert not (dense.astype(bool) & ~sparsity(f)(x).toarray()).any()
    compiled = jit(jacobian(f, sparse=True))(x)
    np.testing.assert_array_equal(compiled.toarray(), found.toarray())

    def total(x: Any) -> Any:
        return sum_([r * r for r in f(x)[:6]])

    dense, found = np.array(hessian(total)(x)), hessian(total, sparse=True)(x)
    np.testing.assert_allclose(found.toarray(), dense, rtol=1e-12, atol=1e-14)
    compiled = jit(hessian(total, sparse=True))(x)
    np.testing.assert_array_equal(compiled.toarray(), found.toarray())


def test_patterns_are_those_of_the_graph() -> None:
    """Both sides of a choice count, a partial that is 0 everywhere does not; outputs may be constants or inputs."""

    def f(x: Any) -> list[Any]:
        return [where(x[0] > 0.0, x[1], x[2]), maximum(x[0], x[1]), sign(x[0]) + x[2], stop_gradient(x[0]), 3.0, x[1]]

    wanted = [[0, 1, 1], [1, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 0]]
    found = sparsity(f)([1.0, 2.0, 3.0])
    assert (type(found), found.dtype) == (csr_array, bool)
    assert found.toarray().astype(int).tolist() == wanted
    assert jit(sparsity(f))([1.0, 2.0, 3.0]).toarray().astype(int).tolist() == wanted
    np.testing.assert_array_equal(jacobian(f, sparse=True)([1.0, 2.0, 3.0]).toarray(), jacobian(f)([1.0, 2.0, 3.0]))


def test_structures_arguments_and_aux() -> None:
    """Numbers count in order, over all arguments; with aux beside."""
    f = lambda p, q: ({"r": [p["a"] * q, p["b"]]}, "aux")  # noqa: E731 - one line
    matrix, aux = jacobian(f, argnums=(0, 1), has_aux=True, sparse=True)({"a": 2.0, "b": 3.0}, 5.0)
    assert (matrix.toarray().tolist(), aux) == ([[5.0, 0.0, 2.0], [0.0, 1.0, 0.0]], "aux")
    assert hessian(lambda x, y: x * y, argnums=(0, 1), sparse=True)(2.0, 3.0).toarray().tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert jacobian(lambda x: [], sparse=True)([1.0]).shape == (0, 1)


def test_derivatives_of_sparse_entries() -> None:
    """Among Values the entries are Values; inside another transform they have derivatives; compiled calls take such arrays."""
    x = Value(3.0)
    entries = jacobian(lambda v: [v[0] ** 3.0, v[1]], sparse=True)([x, 2.0]).data
    entries[0].backward()
    assert (entries[0].data, x.grad) == (27.0, 18.0)
    assert grad(lambda t: jacobian(lambda v: [v[0] ** 3.0, v[1]], sparse=True)([t, 2.0]).data[0])(3.0) == 18.0
    matrix = csr_array(np.diag([1.0, 2.0]))
    assert jit(lambda m: sum_([v * v for v in m.data]))(matrix) == 5.0


def test_loops_in_a_trace_are_dense() -> None:
    """A loop's results depend on all that it takes."""
    f = lambda x: scan(lambda c, v: (c + v, c * v), 0.0, x)[1]  # noqa: E731 - one line
    x = [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(jit(jacobian(f, sparse=True))(x).toarray(), np.array(jacobian(f)(x)))


def chain(x: Any) -> list[Any]:
    """More inputs than outputs, but all work before the last step is on one input each."""
    for _ in range(12):
        x = [sin(v) * v for v in x]
    return [x[0] * x[1] * x[2], x[1] * x[2] * x[3], x[0] * x[3] * x[4]]


def test_the_mode_is_that_of_fewer_operations(sweeps: list[str]) -> None:
    """Not that of fewer sweeps: forward where the work depends on few inputs, in reverse where few outputs depend on it."""
    x = [0.3, 0.5, 0.7, 0.9, 1.1]
    found = jacobian(chain)(x)
    assert sweeps == ["pushforward"] * 5
    assert found == jacfwd(chain)(x)
    assert jit(jacobian(chain))(x) == found
    sweeps.clear()

    def late(x: Any) -> list[Any]:
        total = x[0] * x[1] * x[2]
        results = [total * k for k in (1.0, 2.0, 3.0, 4.0)]
        for _ in range(12):
            results = [sin(v) * v for v in results]
        return results

    assert jacobian(late)(x[:3]) == jacrev(late)(x[:3])
    assert sweeps[:4] == ["pullback"] * 4


def test_hand_tracking_goes_forward(sweeps: list[str]) -> None:
    """GradBench's ht: 28 inputs and 3 outputs, and yet forward takes half the operations, since bones depend on few angles."""
    from benchmarks.gradbench import ht

    given = ht.inputs(1)
    corners = given.corners[0]
    hand = given.relative, given.inverse
    jacobian(ht.error, (0, 1))(given.theta, given.u[0], hand, given.vertices[corners], given.weights[corners], given.points[0])
    assert sweeps == ["pushforward"] * 28


def test_operations_are_counted() -> None:
    """Products by 1 are none, a sum of two arrivals is one; what the formula says for a small graph, by hand."""

    def modes(f: Callable[[Any], Any], count: int) -> bool:
        linear = Linearization(lambda xs: (f(xs), None), [1.0] * count, "f")
        return forward_is_cheaper(*linear.graph)

    assert modes(lambda xs: [x * 2.0 for x in xs], 3)
    assert not modes(lambda xs: [sum_(xs)], 3)
    assert modes(lambda xs: [xs[0] * k for k in (1.0, 2.0)], 1)


def test_primitives_without_stated_rules_count_as_dense() -> None:
    """A rule for all operands at once says nothing of which is 0."""
    both = primitive("both_of_two", evaluate=lambda x, y: x, partials=lambda r, x, y: (1.0, 0.0))
    assert sparsity(lambda x: [both(x[0], x[1])])([1.0, 2.0]).toarray().tolist() == [[True, True]]


def test_errors() -> None:
    """As those of the dense transforms."""
    with pytest.raises(TypeError, match="sparsity takes a function"):
        sparsity(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"hessian\(band\): the function must return one number"):
        hessian(band, sparse=True)([1.0, 2.0])
