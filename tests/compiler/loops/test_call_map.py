"""Derivatives through calls: the bits of the operations one by one, by functions that are recorded once."""

import math
from typing import Any

import pytest

import autograd.compiler.inner as inner_module
import autograd.compiler.narrow as narrow_module
from autograd import (
    cos,
    exp,
    fori_loop,
    grad,
    hessian,
    jit,
    jvp,
    maximum,
    scan,
    sin,
    sqrt,
    tanh,
    value_and_grad,
    vmap,
    where,
    while_loop,
)
from autograd.forms import Call
from autograd.program import with_bodies
from autograd.structures import flatten
from tests.compiler.comparison import bits
from tests.compiler.loops.programs import Draws

TRANSFORMS: dict[str, Any] = {
    "value": lambda f: f,
    "gradient": lambda f: value_and_grad(f, argnums=(0, 1, 2)),
    "tangent": lambda f: lambda w, x, xs: jvp(f, (w, x, xs), (1.0, 0.5, [0.3] * len(xs))),
    "reverse over reverse": lambda f: grad(grad(f), argnums=(0, 1, 2)),
    "forward over reverse": lambda f: lambda w, x, xs: jvp(lambda v: grad(f)(v, x, xs), (w,), (1.0,)),
    "reverse over forward": lambda f: grad(lambda w, x, xs: jvp(lambda v: f(w, v, xs), (x,), (1.0,))[1], argnums=(0, 1, 2)),
    "hessian": lambda f: lambda w, x, xs: hessian(lambda p: f(p[0], p[1], xs))([w, x]),
    "third": lambda f: lambda w, x, xs: grad(grad(grad(lambda v: f(v, x, xs))))(w),
}
POINT = 0.4, 0.9, [0.3, -0.7, 0.6]


@pytest.fixture(autouse=True)
def _always_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small a function is, it is called from its second call on."""
    monkeypatch.setattr(inner_module, "FEWEST", 0)
    monkeypatch.setattr(inner_module, "EACH", 0)
    monkeypatch.setattr(narrow_module, "WORTH", 0)


def calls_in(f: Any) -> list[Any]:
    """The calls in the program of the latest call, wherever they are."""
    program = f._calls.latest.compiled.program
    steps: list[Any] = [form for each in with_bodies([program]) for form, _ in each.steps]
    return [form for form in steps if isinstance(form, Call)]


def several(f: Any) -> Any:
    """Calls of one function, one after another and in each other; the same number twice, and constants."""

    def outer(w: Any, x: Any, xs: Any) -> Any:
        a = f(w, x, xs)
        b = f(x, a, xs)
        c = f(a * 0.1, a * 0.1, [b * 0.1, *xs[1:]])
        return a * b + c * w + f(0.3, x, [w, w, 0.5]) * f(c * 0.1, w, xs)

    return outer


FUNCTIONS: dict[str, Any] = {
    "sums": lambda w, x, xs: (w * x + xs[0] * w) * sin(w * xs[1]) + w * x * xs[2] + x,
    "quotients": lambda w, x, xs: w / (x + 2.0) + tanh(x / (w + 3.0)) * xs[0] / (1.5 + xs[1] * w),
    "choices": lambda w, x, xs: maximum(w * xs[0], x * xs[1]) + where(w < x, w * x, xs[2]) * abs(w - x),
    "calls of C": lambda w, x, xs: exp(cos(w) * x) * sqrt(abs(xs[0] + w) + 1.0) + tanh(w) ** 3.0 + xs[1] * w,
    "products with 1": lambda w, x, xs: maximum(x, w) * 1.0 + xs[0],
    "a loop": lambda w, x, xs: scan(lambda c, z: (tanh(c * w + z), None), x, xs)[0] * w,
    "a map": lambda w, x, xs: sum(vmap(lambda z: sin(z * w) + z / (x + 2.0))(xs)),
    "turns that the run counts": lambda w, x, xs: while_loop(lambda c: c < 2.0, lambda c: c * 1.3 + 0.2, x * x) * w + xs[0],
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_bits(name: str, transform: str) -> None:
    """Those of the operations one by one, compiled or not."""
    f = FUNCTIONS[name]
    once, called = (TRANSFORMS[transform](several(each)) for each in (f, jit(f)))
    compiled = jit(called, backend="python")
    found = compiled(*POINT)
    assert len(calls_in(compiled)) >= 3 or transform not in ("value", "gradient", "tangent")  # what is 0 is not computed
    if name in ("a loop", "a map") and transform not in ("value", "gradient", "tangent"):  # as of loops, last bits may differ
        assert flatten(found, "it")[0] == pytest.approx(flatten(once(*POINT), "it")[0], rel=1e-13)
    else:
        assert bits(found) == bits(jit(once, backend="python")(*POINT)) == bits(once(*POINT))


@pytest.mark.parametrize("transform", ["value", "gradient", "tangent", "reverse over reverse", "hessian"])
@pytest.mark.parametrize("name", ["sums", "choices", "calls of C", "a loop", "turns that the run counts"])
def test_bits_of_machine_code(name: str, transform: str) -> None:
    """Those of Python's."""
    called = TRANSFORMS[transform](several(jit(FUNCTIONS[name])))
    assert bits(jit(called, backend="llvm")(*POINT)) == bits(jit(called, backend="python")(*POINT))


@pytest.mark.parametrize("seed", range(8))
def test_random_functions(seed: int) -> None:
    """With branches and elements, and loops in them for their values and gradients."""
    f = Draws(seed, depth=0)
    for transform in TRANSFORMS.values():
        expected = bits(jit(transform(several(f)), backend="python")(*POINT))
        assert bits(jit(transform(several(jit(f))), backend="python")(*POINT)) == expected
    f = Draws(seed, depth=2)
    for transform in (TRANSFORMS["value"], TRANSFORMS["gradient"]):
        expected = bits(jit(transform(several(f)), backend="python")(*POINT))
        assert bits(jit(transform(several(jit(f))), backend="python")(*POINT)) == expected


def test_derivatives_are_recorded_once() -> None:
    """However many calls there are: a few functions, for what is wanted and what has arrived before."""

    def chain(count: int) -> Any:
        f = jit(lambda x, p: tanh(x * p) / (p + 2.0) + sin(x))

        def outer(x: Any, p: Any) -> Any:
            for i in range(count):
                x = f(x, p + 0.1 * i)
            return x

        return outer

    for transform, each in ((value_and_grad, 3), (lambda f: grad(grad(f)), 8)):
        functions = []
        for count in (10, 30):
            compiled = jit(transform(chain(count)), backend="python")
            compiled(0.5, 0.7)
            calls = calls_in(compiled)
            assert len(calls) >= each * (count - 1)
            functions.append(len(set(calls)))
        assert functions[0] == functions[1]


def test_what_gets_nothing_gets_0() -> None:
    """Not what an infinite slope makes of 0: through calls of what was not selected too."""

    def outer(f: Any) -> Any:
        def g(x: Any, y: Any) -> Any:
            root = sqrt(y)
            a, b = f(x, root), f(root, x)
            return a + f(x * 2.0, x) + where(x < 100.0, x, b)

        return g

    def f(x: Any, y: Any) -> Any:
        return where(x < 10.0, x * x, y * x)

    for transform in (lambda g: grad(g, argnums=(0, 1)), lambda g: grad(grad(g, argnums=1), argnums=(0, 1))):
        called, once = transform(outer(jit(f))), transform(outer(f))
        assert bits(jit(called)(2.0, 0.0)) == bits(jit(once)(2.0, 0.0))
        assert not any(math.isnan(x) for x in jit(called)(2.0, 0.0)) or any(math.isnan(x) for x in once(2.0, 0.0))


@pytest.mark.parametrize("transform", ["value", "gradient", "tangent"])
def test_in_bodies_of_loops(transform: str) -> None:
    """Several calls a turn, of a function that takes something of the turn."""

    def outer(wrap: Any) -> Any:
        def g(w: Any, x: Any, xs: Any) -> Any:
            f = wrap(lambda a, b: tanh(a * b) / (b * b + 1.0) + sin(a))

            def step(c: Any, z: Any) -> Any:
                mine = wrap(lambda a: sin(a * c) * z + a)
                c = f(c, z) + f(z, w) * f(w, c) + mine(w) * mine(z)
                return c, mine(c)

            last, ys = scan(step, x, xs)
            return fori_loop(0, 3, lambda i, c: f(c, w) + f(w, c) * 0.1 * i, last) + sum(ys)

        return g

    compiled = jit(TRANSFORMS[transform](outer(jit)))
    assert bits(compiled(*POINT)) == bits(TRANSFORMS[transform](outer(lambda f: f))(*POINT))
    assert len(calls_in(compiled)) >= 4


def test_partials_come_before_sweeps() -> None:
    """As they do elsewhere: at the second order, what they bring to an operand is added after what sweeps bring."""

    def f(w: Any, x: Any) -> Any:
        return tanh(w * x) / (x + w) + w / x

    def outer(each: Any) -> Any:
        return lambda w, x: each(w, x) * each(x, w) + each(w * x, x)

    for i in range(20):
        point = 0.5 + 0.05 * i, 1.5 - 0.04 * i
        expected = bits(grad(grad(outer(f)), argnums=(0, 1))(*point))
        assert bits(jit(grad(grad(outer(jit(f))), argnums=(0, 1)), backend="python")(*point)) == expected
