"""Bodies: traced once, whatever the number of turns."""

import pickle
from typing import Any

import numpy as np
import pytest

from autograd import TraceError, Value, fori_loop, grad, jit, scan, sin, stop_gradient, value_and_grad, vmap, while_loop
from autograd.forms import Loop


@pytest.mark.parametrize("turns", [2, 10, 1000])
def test_a_body_is_traced_once(turns: int) -> None:
    """The program has one step for the loop."""
    calls = []

    def step(c: Any, x: Any) -> Any:
        calls.append(1)
        return c + x, c

    f = jit(lambda xs: scan(step, 0.0, xs)[0])
    assert f([1.0] * turns) == turns
    assert len(calls) == 1
    assert sum(isinstance(primitive, Loop) for primitive, _ in f._calls.latest.compiled.program.steps) == 1


def test_captured_values_are_read_at_each_call() -> None:
    """In a loop as elsewhere."""
    w = Value(2.0)
    f = jit(lambda x: fori_loop(0, 3, lambda _, c: c * w, x))
    assert f(1.0).item() == 8.0
    w.data = 3.0
    assert f(1.0).item() == 27.0
    f(1.0).backward()
    assert w.grad == 27.0


def test_rows_of_captured_values_are_shared_as_an_array() -> None:
    """Not number by number, which a sweep would carry one by one: they are packed once, before the loop."""
    w = [[Value(0.1 * i + j) for j in range(4)] for i in range(5)]
    f = jit(vmap(lambda x: vmap(lambda row: x[0] * row[0] + x[1] * row[3])(w)))
    f([[1.0, 2.0]] * 3)
    loops = [primitive for primitive, _ in f._calls.latest.compiled.program.steps if isinstance(primitive, Loop)]
    assert [loop.shared for loop in loops] == [(4,)]


def test_errors_name_the_line() -> None:
    """Of the body, where the user wrote it."""
    with pytest.raises(TraceError, match=r"test_body.py:\d+: <lambda> branches on a number"):
        jit(lambda x: fori_loop(0, 3, lambda _, c: c * 2.0 if c > 1.0 else c, x))(1.0)
    with pytest.raises(TypeError, match="the carry changed its structure from number to \\[number, number\\]"):
        jit(lambda x: fori_loop(0, 3, lambda _, c: [c, c], x))(1.0)


def test_a_number_of_a_turn_stays_there() -> None:
    """Kept beyond it, it is refused."""
    kept = []

    def step(_: Any, c: Any) -> Any:
        kept.append(c * 2.0)
        return c + 1.0

    with pytest.raises(TraceError, match="kept after that trace"):
        jit(lambda x: fori_loop(0, 3, step, x) + kept[0])(1.0)


def test_counters_are_integers() -> None:
    """As eager code has them: -0 is 0."""

    def f(x: Any) -> Any:
        return fori_loop(0, 3, lambda i, c: c * (-i), x)

    assert str(jit(f)(-1.0)) == str(f(-1.0))


def test_no_gradient_flows_through_stop_gradient() -> None:
    """Also in a loop."""
    f = grad(lambda x: fori_loop(0, 3, lambda _, c: stop_gradient(c) * x, x))
    assert jit(f)(2.0) == f(2.0)


def test_turns_with_elements_of_unequal_structure() -> None:
    """They go one by one."""
    f = jit(lambda a: scan(lambda c, x: (c + sum(x), None), 0.0, [[a], [a, a]])[0])
    assert f(2.0) == 6.0
    assert jit(lambda a: vmap(lambda x: x[0])([[a], [a, a]]))(2.0) == [2.0, 2.0]


def test_a_test_and_a_body_share() -> None:
    """Each captures something else."""
    f = jit(lambda a, b: while_loop(lambda c: c < a, lambda c: c + b, 0.0))
    assert f(10.0, 3.0) == 12.0
    assert f(-1.0, 3.0) == 0.0


def test_loops_travel_and_are_printed_and_drawn() -> None:
    """A pickle has the program; the source is Python that runs; the picture has the loop as one step."""

    def f(x: Any, xs: Any) -> Any:
        c, ys = scan(lambda c, z: (c * z + x, [c, z]), x, xs)
        return while_loop(lambda d: d < 10.0, lambda d: d + c, 1.0) + ys[0][1]

    jitted = jit(f)
    expected = jitted(0.5, [1.0, 2.0])
    assert expected == f(0.5, [1.0, 2.0])
    assert pickle.loads(pickle.dumps(jitted))(0.5, [1.0, 2.0]) == expected
    namespace: dict[str, Any] = {}
    exec(jitted.source(), namespace)
    assert namespace["f"](0.5, 1.0, 2.0) == expected
    value, slopes = namespace["f_with_gradient"](0.5, 1.0, 2.0)
    assert value == expected
    gradient = value_and_grad(f, argnums=(0, 1))(0.5, [1.0, 2.0])[1]
    assert slopes == pytest.approx([gradient[0], *gradient[1]])
    assert "loop" in jitted.draw().source
    assert jitted.stats().operations > 0


def test_compiled_functions_inside_each_other() -> None:
    """In a loop too."""
    inner = jit(lambda a: fori_loop(0, 3, lambda _, c: sin(c) + a, a))

    def f(x: Any) -> Any:
        return inner(x) + scan(lambda c, z: (c * inner(z), None), 1.0, [x, x * 2.0])[0]

    assert jit(f)(0.3) == f(0.3)
    assert jit(grad(f))(0.3) == pytest.approx(grad(f)(0.3), rel=1e-14)
    assert vmap(jit(lambda x: x * 2.0))([1.0, 2.0]) == [2.0, 4.0]


def test_arrays_of_objects_in_loops() -> None:
    """NumPy's functions of what a turn gets."""
    table = np.arange(6.0).reshape(3, 2)
    assert jit(vmap(lambda row: row @ row))(table) == [1.0, 13.0, 41.0]
    assert jit(vmap(np.sin))(table).tolist() == np.sin(table).tolist()
    carry, ys = jit(lambda a, x: scan(lambda c, _: (a @ c, c[0]), x, length=3))(2.0 * np.eye(2), np.ones(2))
    assert carry.tolist() == [8.0, 8.0]
    assert ys == [1.0, 2.0, 4.0]


def test_what_a_loop_passes_on() -> None:
    """Its counter, what is shared, constants, what came in; nothing at all."""
    assert jit(lambda x: fori_loop(0, 3, lambda i, _: i, x))(2.0) == 2.0
    assert jit(lambda x: fori_loop(0, 3, lambda _, c: x, 1.0))(2.0) == 2.0
    assert jit(lambda x: fori_loop(0, 3, lambda _, c: 4.0, x))(2.0) == 4.0
    assert jit(lambda x: scan(lambda c, z: (c, z), x, [1.0, 2.0])[1])(2.0) == [1.0, 2.0]
    assert jit(lambda x: scan(lambda c, z: (1.0, 2.0), x, [x, x]))(2.0) == (1.0, [2.0, 2.0])
    assert jit(lambda x: scan(lambda c, z: (None, z * x), None, [1.0, 2.0])[1])(2.0) == [2.0, 4.0]


def test_thousands_of_numbers_carried() -> None:
    """In memory, not in registers."""

    def f(xs: Any) -> Any:
        return scan(lambda c, z: ([a * 0.5 + z for a in c[1:]] + c[:1], None), xs, [1.0, 2.0, 3.0])[0]

    xs = [float(i) for i in range(2000)]
    assert jit(f)(xs) == f(xs)
