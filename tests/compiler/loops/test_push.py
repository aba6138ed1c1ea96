"""Forward mode through loops."""

import math
from typing import Any

import pytest

from autograd import grad, jit, jvp, scan, sqrt, take, tanh, vmap, where


@pytest.mark.parametrize("turns", [2, 5, 9])
@pytest.mark.parametrize("which", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.3, -1.0, 2.0)])
def test_tangents(which: Any, turns: int) -> None:
    """Of what is shared, carried and read, one by one and together: the bits of Python's loop."""

    def f(w: Any, x: Any, xs: Any) -> Any:
        c, ys = scan(lambda c, z: (tanh(c * w + z), c * z), x, xs)
        return [c, *vmap(lambda y: y * w)(ys)]

    def pushed(w: Any, x: Any, xs: Any) -> Any:
        return jvp(f, (w, x, xs), (which[0], which[1], [which[2]] * turns))

    point = 0.9, 0.3, [math.sin(i) for i in range(turns)]
    assert jit(pushed)(*point) == pushed(*point)


def test_what_gets_nothing_gets_0() -> None:
    """Not what an infinite slope makes of 0."""

    def pushed(x: Any, y: Any) -> Any:
        return jvp(lambda x: scan(lambda c, _: ((c[0] * x, sqrt(c[1])), c[1]), (x, y), length=3)[1], (x,), (1.0,))

    assert jit(pushed)(2.0, 0.0) == pushed(2.0, 0.0) == ([0.0] * 3, [0.0] * 3)


def test_a_carried_array_read_by_its_elements() -> None:
    """The sweep's sum of adjoints has a tangent too."""

    def f(w: Any, xs: Any) -> Any:
        return scan(lambda c, _: (c * take(xs, where(c < 0.3, 0.0, 1.0)), None), w, xs)[0]

    def pushed(w: Any, xs: Any) -> Any:
        return jvp(grad(f, argnums=(0, 1)), (w, xs), (1.0, [0.5, -1.0]))

    assert jit(pushed)(0.7, [0.3, 1.2]) == pushed(0.7, [0.3, 1.2])
