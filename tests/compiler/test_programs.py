"""Random programs, by seed: compiled code gives the bits of eager code, whatever is selected, compared, repeated and derived.

2,000 programs a run; 100,000 with HYPOTHESIS_PROFILE=thorough. A failure prints the program, which its seed draws again.
"""

import math
import operator
import os
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    Value,
    add,
    dot,
    equal,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    less,
    less_equal,
    logsumexp,
    mul,
    not_equal,
    softmax,
    sub,
    sum_,
    truediv,
    value_and_grad,
    vjp,
    where,
)
from autograd.native import Comparison
from autograd.structures import flatten
from autograd.table import TABLE
from autograd.testing import Expression, expressions
from autograd.testing.nests import Counted, Mapped, Repeated, Scan
from tests.compiler.comparison import EDGES, bits, columns

PROGRAMS = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 2_000
BLOCK = 100  # programs a test
CONSTANTS = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -2.0, 0.1, 1e3)
DIRECTIONS = (0.75, -1.25, 0.5)
OPERATORS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
DERIVED = [known for known in TABLE.values() if known.differentiable and not known.internal]
CHOICES = [known for known in DERIVED if known.kink is not None and not isinstance(known.native, Comparison)]


def as_float(x: Any) -> Any:
    """A bool of eager code as the number that it is to compiled code."""
    return float(x) if type(x) is bool else x


SEQUENCES: dict[str, Callable[..., Any]] = {
    "sum_": lambda *xs: sum_(xs),
    "logsumexp": lambda *xs: logsumexp(xs),
    "dot": lambda *xs: dot(xs, xs[::-1]),
    "softmax": lambda *xs: softmax(*xs)[-1],
}


class Program(NamedTuple):
    """Steps that are functions of earlier numbers and constants, and the places that it returns, some of them twice."""

    inputs: int
    steps: list[tuple[str, Callable[..., Any], tuple[Any, ...]]]
    outputs: list[int]

    def __call__(self, xs: Sequence[Any]) -> list[Any]:
        """The outputs for these inputs."""
        known = list(xs)
        for _, f, places in self.steps:
            known.append(f(*[known[place] if type(place) is int else place for place in places]))
        return [as_float(known[i]) for i in self.outputs]

    def __str__(self) -> str:
        lines = []
        for i, (name, _, places) in enumerate(self.steps, self.inputs):
            lines.append(f"v{i} = {name}({', '.join(f'v{x}' if type(x) is int else repr(x) for x in places)})")
        return "\n".join([*lines, f"return {[f'v{i}' for i in self.outputs]}"])


def drawn(rng: random.Random, size: int) -> Program:
    """A program of at most `size` steps: about half of them compare, by functions and operators, or choose by comparisons."""
    inputs = rng.randint(1, 3)
    steps: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = []
    conditions: list[int] = []  # what operators gave: bools in eager code, which only a choice takes
    numbers = list(range(inputs))

    def operand() -> Any:
        if rng.random() < 0.15:
            return rng.choice(CONSTANTS)
        return numbers[max(-len(numbers), -1 - int(rng.expovariate(0.6)))] if rng.random() < 0.5 else rng.choice(numbers)

    def step(f: Any, places: Sequence[Any], name: str = "") -> None:
        place = inputs + len(steps)
        steps.append((name or getattr(f, "name", "") or f.__name__, f, tuple(places)))
        (conditions if f in OPERATORS else numbers).append(place)

    for _ in range(rng.randint(1, size)):
        kind = rng.random()
        if kind < 0.22:
            step(rng.choice(OPERATORS if kind < 0.1 else (less, less_equal, equal, not_equal)), (operand(), operand()))
        elif kind < 0.4:
            condition = rng.choice(conditions) if conditions and rng.random() < 0.7 else operand()
            step(where, (condition, operand(), operand()))
        elif kind < 0.52:
            f = rng.choice(CHOICES)
            step(f, [operand() for _ in range(f.arity or 2)])
        elif kind < 0.62:
            name = rng.choice(list(SEQUENCES))
            step(SEQUENCES[name], [operand() for _ in range(rng.randint(1, 4))], name)
        elif kind < 0.75:
            step(rng.choice((add, sub, mul, truediv)), (operand(), operand()))
        else:
            f = rng.choice([known for known in DERIVED if known.arity])
            whole = [at.low == at.high for at in f.domain_of(f.arity)]  # an order, which a trace must know
            step(f, [rng.choice((0.0, 1.0, 2.0, 5.0, 0.5)) if known else operand() for known in whole])
    return Program(inputs, steps, [numbers[-1], *rng.choices(numbers[-6:], k=rng.randint(0, 3))])


def one_number(thing: Any) -> Any:
    """A weighted sum of all numbers of a result."""
    return sum_([x * (1.0, 0.5, 2.0, -1.0)[i % 4] for i, x in enumerate(flatten(thing, "a result")[0])])


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "grad": lambda f: grad(lambda xs: one_number(f(xs))),
    "value_and_grad": lambda f: value_and_grad(lambda xs: one_number(f(xs))),
    "jacfwd": jacfwd,
    "jacrev": jacrev,
    "jvp": lambda f: lambda xs: jvp(f, (xs,), (list(DIRECTIONS[: len(xs)]),)),
    "vjp": lambda f: lambda xs: vjp(lambda ys: one_number(f(ys)), xs)[1](1.5)[0],
    "hessian": lambda f: hessian(lambda xs: one_number(f(xs))),
    "hvp": lambda f: lambda xs: hvp(lambda ys: one_number(f(ys)), (xs,), (list(DIRECTIONS[: len(xs)]),)),
}
PAIRS = [(one, other) for one in TRANSFORMS for other in TRANSFORMS]
FIRST_ORDER = list(TRANSFORMS)[:6]


def transforms_of(seed: int, rng: random.Random) -> list[str]:
    """Of seeds in a row: all pairs of transforms in turn, none, one, and three of the first order."""
    which = seed % 5
    if which < 3:
        return list(PAIRS[(seed // 5 * 3 + which) % len(PAIRS)])
    return [rng.choice(FIRST_ORDER) for _ in range(rng.choice((0, 1)) if which == 3 else 3)]


def check(seed: int, backend: str) -> None:
    """One program, transformed: on floats at ordinary points, edges and ties, and over rows, reduced or not."""
    rng = random.Random(seed)
    program = drawn(rng, rng.choice((4, 8, 16)))
    chain = transforms_of(seed, rng)
    f: Any = program
    for name in chain:
        f = TRANSFORMS[name](f)
    count = program.inputs
    points = [[rng.uniform(-2.0, 2.0) for _ in range(count)] for _ in range(2)]
    points += [rng.choices(EDGES, k=count), [rng.choice((0.0, 1.0, -1.0, 0.5))] * count]
    what = f"seed {seed}, {' of '.join(reversed(chain)) or 'the value'}"
    wanted = [bits(f(point)) for point in points]
    compiled = jit(f, backend=backend)
    for point, right in zip(points, wanted, strict=True):
        assert bits(compiled(point)) == right, f"{what} at {point} of\n{program}"
    if seed % 10 == 0:
        rows = jit(lambda *xs: f(list(xs)), in_axes=0, backend=backend)(*columns(points))
        found = [list(row) for row in zip(*[x.ravel().tolist() for x in flatten_rows(rows, len(points))], strict=True)]
        assert [bits(row) for row in found] == wanted, f"{what}, over rows, of\n{program}"


def flatten_rows(thing: Any, count: int) -> list[Any]:
    """The columns of a mapped result: an array of `count` numbers for each number of a row's."""
    if isinstance(thing, list | tuple):
        return [column for part in thing for column in flatten_rows(part, count)]
    return [thing]


@pytest.mark.parametrize("first", range(0, PROGRAMS, BLOCK))
def test_compiled_programs_give_the_bits_of_eager_ones(first: int) -> None:
    """A hundred programs; most by the Python backend, which compiles at once, some by LLVM, some by a plan."""
    pytest.importorskip("numpy", reason="needs the jit extra")
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    for seed in range(first, first + BLOCK):
        check(seed, ("llvm", "plan", "python", "python", "python")[seed % 5])


def meets_itself(expression: Expression, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a number comes into a loop by two ways: the last bits of its derivative may differ then."""
    found = [False]

    def noting(run: Callable[..., Any]) -> Callable[..., Any]:
        def noted(self: Any, operands: Any, apply: Any) -> Any:
            numbers = [id(x) for x in flatten(list(operands), "operands")[0] if type(x) is not float]
            found[0] |= len(set(numbers)) < len(numbers)
            return run(self, operands, apply)

        return noted

    with monkeypatch.context() as patch:
        for loop in (Scan, Counted, Repeated, Mapped):
            patch.setattr(loop, "run", noting(loop.run))
        expression(*[Value(x) for x in expression.at])
    return found[0]


@pytest.mark.parametrize("transform", ["value", *TRANSFORMS])
def test_loops_in_random_programs(transform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops, maps, branches and elements in every nesting, in all transforms and in transforms of these."""
    pytest.importorskip("numpy", reason="needs the jit extra")
    pytest.importorskip("llvmlite", reason="needs the jit extra")

    programs = expressions(max_ops=6, inputs=2, nests=2)

    @settings(max_examples=settings().max_examples // 3)
    @given(programs, st.sampled_from(["value", "grad", "jvp"]), st.sampled_from(["python", "python", "llvm"]))
    def check_one(expression: Expression, other: str, backend: str) -> None:
        f: Any = lambda xs: expression(*xs)  # noqa: E731
        for name in (transform, other):
            f = TRANSFORMS.get(name, lambda g: g)(f)
        at = list(expression.at)
        wanted, found = f(at), jit(f, backend=backend)(at)
        if (transform in ("value", "jacfwd", "jvp") and other != "grad") or not meets_itself(expression, monkeypatch):
            assert bits(found) == bits(wanted)
        else:
            numbers = [flatten(x, "a result")[0] for x in (found, wanted)]
            assert numbers[0] == pytest.approx(numbers[1], rel=1e-11, abs=1e-11, nan_ok=True)

    check_one()


@pytest.mark.parametrize("transform", ["value", "gradient", "tangent"])
@settings(max_examples=25)
@given(expressions(max_ops=5, inputs=2, nests=2), st.integers(1, 9), st.sampled_from([None, "sum"]))
def test_loops_over_rows(transform: str, expression: Expression, count: int, reduce: str | None) -> None:
    """Where loops stay loops in each row: side by side in lanes, or one after another."""
    pytest.importorskip("llvmlite", reason="needs the jit extra")
    derived: dict[str, Any] = {
        "gradient": lambda f: grad(f, argnums=(0, 1)),
        "tangent": lambda f: lambda *xs: jvp(f, xs, (1.0, -0.5)),
    }
    f = derived.get(transform, lambda g: g)(expression)
    a, b = expression.at
    points = [(a * (1.0 - 0.03 * i), b * (1.0 + 0.02 * i)) for i in range(count)]
    rows = [flatten(f(*point), "a result")[0] for point in points]
    wanted = [list(column) for column in zip(*rows, strict=True)]
    if reduce:
        wanted = [[sum(column)] for column in wanted]
    found = jit(f, in_axes=0, loops=True, reduce=reduce)(*columns(points))
    for column, right in zip(found if isinstance(found, tuple) else (found,), wanted, strict=True):
        assert flatten(column, "a column")[0] == pytest.approx(right, rel=1e-11, abs=1e-11, nan_ok=True)


def test_the_programs_are_of_every_kind() -> None:
    """Every pair of transforms occurs, and most results are numbers that depend on their inputs."""
    seen, alive = set(), 0
    for seed in range(2_000):
        rng = random.Random(seed)
        program = drawn(rng, rng.choice((4, 8, 16)))
        chain = transforms_of(seed, rng)
        seen.add(tuple(chain))
        slopes = jacrev(program)([0.3, -0.7, 1.1][: program.inputs])
        alive += any(x != 0.0 and math.isfinite(x) for x in flatten(slopes, "slopes")[0])
    assert seen.issuperset(PAIRS)
    assert sum(len(chain) == 3 for chain in seen) > 100
    assert alive > 1_400
