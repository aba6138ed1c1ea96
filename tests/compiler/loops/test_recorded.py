"""What a loop keeps of its turns for its derivatives."""

import math
from typing import Any

from autograd import cos, fori_loop, grad, jit, sin
from autograd.forms import Loop


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
