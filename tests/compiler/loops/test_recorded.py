"""What a loop keeps of its turns for its derivatives."""

import math
from typing import Any

from autograd import cos, exp, fori_loop, grad, jit, maximum, sin, sum_, value_and_grad, vmap, while_loop
from autograd.forms import Loop, Row


def loops(f: Any, *args: Any) -> list[Loop]:
    """The loops in the program of a call, as the compiler has them."""
    from autograd.compiler.simplify import simplify

    jitted = jit(f)
    jitted(*args)
    program = simplify(jitted._calls.latest.compiled.program).program()
    return [primitive for primitive, _ in program.steps if isinstance(primitive, Loop)]


def test_the_tape_has_what_the_derivative_needs() -> None:
    """Of a sine its operand, of a sum nothing."""

    def f(x: Any) -> Any:
        return fori_loop(0, 9, lambda _, c: sin(c) + c + x, x)

    forward, partials, back = loops(grad(f), 0.5)
    assert sum(row.width for row in forward.ys) == 1
    assert [primitive.name for primitive, _ in partials.body.steps] == [cos.name]
    assert back.reverse
    assert jit(grad(f))(0.5) == grad(f)(0.5)


def test_a_linear_loop_needs_no_tape() -> None:
    """Nor a loop of partials."""

    def f(x: Any) -> Any:
        return fori_loop(0, 9, lambda _, c: 0.5 * c + 1.0, x)

    (back,) = loops(grad(f), 0.5)
    assert not back.xs
    assert jit(grad(f))(0.5) == math.pow(0.5, 9)


def test_what_instructions_compute_is_computed_again() -> None:
    """Instead of being kept: there is no tape, and no loop of partials. What takes longer is kept, number by number."""

    def quick(xs: Any, w: Any) -> Any:
        return sum_(vmap(lambda x: maximum(x * w, w - x) * x)(xs))

    def slow(xs: Any, w: Any) -> Any:
        return sum_(vmap(lambda x: sin(x * w) * maximum(cos(x), w))(xs))

    def of_many(xs: Any, w: Any) -> Any:
        return sum_(vmap(lambda x: (x[0] - 2.0 * x[1] + x[2]) * w)(xs))

    xs = [math.sin(k) for k in range(9)]
    assert [len(loop.ys) for loop in loops(grad(quick), xs, 0.5)] == [1]
    (loop, _) = loops(value_and_grad(of_many, argnums=1), [[x, x + 1.0, x * x] for x in xs], 0.5)
    assert [row.width for row in loop.ys] == [1, 1]  # one number is kept, rather than three read again
    assert max(len(loop.ys) for loop in loops(grad(slow), xs, 0.5)) > 1
    assert all(row.width == 1 for loop in loops(grad(slow), xs, 0.5) for row in loop.ys)


def test_partials_by_instructions_need_no_loop_of_their_own() -> None:
    """Each turn of a sweep computes them; a cosine, the partial of a sine, has a loop before it."""
    xs = [math.sin(k) for k in range(9)]
    assert len(loops(grad(lambda xs, w: sum_(vmap(lambda x: exp(x * w) * maximum(exp(x), w))(xs))), xs, 0.5)) == 2
    assert len(loops(grad(lambda xs, w: sum_(vmap(lambda x: sin(x * w) * maximum(exp(x), w))(xs))), xs, 0.5)) == 3


def test_a_loop_whose_turns_only_the_run_counts_is_computed_again() -> None:
    """No tape has rows for it: the outer loop keeps what is carried into each turn, and the sweep counts again."""

    def f(x: Any) -> Any:
        return fori_loop(0, 3, lambda _, c: while_loop(lambda d: d < 1.0, lambda d: d * sin(d) + 0.5, c * x), x)

    forward, back = loops(grad(f), 0.6)
    assert forward.ys == (Row(3),)  # what is carried, what the inner loop begins with, how many turns it had
    assert [p.test is not None for p, _ in back.body.steps if isinstance(p, Loop)] == [True, False, False]
    assert jit(grad(f))(0.6) == grad(f)(0.6)
