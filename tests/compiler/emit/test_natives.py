"""What primitives become: every native one of the table, and any function of the C library, to the same bits as in Python."""

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, jit, primitive, sin
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.natives import add_term, apply
from autograd.compiler.lower import NotCompilableError
from autograd.definition import Primitive
from autograd.table import TABLE
from tests.compiler.comparison import EDGES, bits, edges
from tests.compiler.emit.code import ran

NATIVE = [known for known in TABLE.values() if known.native is not None]


def columns_of(points: Any, count: int) -> dict[str, list[float]]:
    """Points, repeated to `count`, as a list for each of their coordinates: %x0, %x1 and so on."""
    columns = zip(*itertools.islice(itertools.cycle(points), count), strict=True)
    return {f"x{i}": list(column) for i, column in enumerate(columns)}


@pytest.mark.parametrize("known", NATIVE, ids=lambda known: known.name)
@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_every_native_primitive(known: Primitive, lanes: int) -> None:
    """At numbers, to the bits of `evaluate`, in one lane and in several."""
    memory = columns_of(edges(known, 64), 64)

    def write(f: Function) -> None:
        for i in range(0, 64, lanes):
            operands = [(f.load(f.offset(f"%{name}", i)), False) for name in memory]
            f.store(apply(f, known, operands), f.offset("%out", i))

    found = ran(write, memory | {"out": [0.5] * 64}, lanes=lanes)["out"]
    assert bits(found) == bits([known.evaluate(*point) for point in zip(*memory.values(), strict=True)])


TRUTH = [TABLE[name] for name in ("logical_and", "logical_or", "where", "equal", "not_equal", "add")]


@pytest.mark.parametrize("known", TRUTH, ids=lambda known: known.name)
@pytest.mark.parametrize("lanes", [1, 4])
def test_truth_values_among_the_operands(known: Primitive, lanes: int) -> None:
    """Each operand a number or a truth value, in all ways: as if truth values were 1 and 0."""
    points = [*itertools.product((0.0, 1.0, -0.0, 2.5, math.nan), repeat=known.arity or 0)][:128]
    memory = columns_of(points, 128)
    ways = [*itertools.product([True, False], repeat=known.arity or 0)]

    def write(f: Function) -> None:
        for i in range(0, 128, lanes):
            numbers = [f.load(f.offset(f"%{name}", i)) for name in memory]
            for k, way in enumerate(ways):
                operands = [
                    (f.as_truth((x, False)), True) if truth else (x, False) for x, truth in zip(numbers, way, strict=True)
                ]
                f.store(apply(f, known, operands), f.offset("%out", 128 * k + i))

    found = ran(write, memory | {"out": [0.5] * 128 * len(ways)}, lanes=lanes)["out"]
    for k, way in enumerate(ways):
        wanted = [
            known.evaluate(*[float(x != 0.0) if truth else x for x, truth in zip(point, way, strict=True)])
            for point in zip(*memory.values(), strict=True)
        ]
        assert bits(found[128 * k : 128 * (k + 1)]) == bits(wanted), way


@pytest.mark.parametrize("negated", [True, False])
@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("nothing", [-0.0, 0.0])
def test_terms(lanes: int, negated: bool, nothing: float) -> None:
    """A number, a product, and a product behind a guard; where the guard lets nothing through, what stands for that."""
    points = [*itertools.product((3.0, -0.0), (2.0, math.inf, 0.0), (-1.5, 0.0, math.nan), (0.0, 1.0))]
    points = points[: len(points) // lanes * lanes]
    memory = columns_of(points, len(points))
    kinds = ("number", "product", "guarded")

    def write(f: Function) -> None:
        for i in range(0, len(points), lanes):
            total, x, y, guard = (f.load(f.offset(f"%{name}", i)) for name in memory)
            found = [
                add_term(f, total, [(x, False)]),
                add_term(f, total, [(x, False), (y, False)]),
                add_term(f, total, [(x, False), (y, False)], (guard, False), negated=negated, nothing=nothing),
            ]
            for kind, name in zip(kinds, found, strict=True):
                f.store((name, False), f.offset(f"%{kind}", i))

    found = ran(write, memory | {kind: [0.5] * len(points) for kind in kinds}, lanes=lanes)
    assert bits(found["number"]) == bits([total + x for total, x, _, _ in points])
    assert bits(found["product"]) == bits([total + x * y for total, x, y, _ in points])
    wanted = [total + (x * y if (guard != 0.0) is not negated else nothing) for total, x, y, guard in points]
    assert bits(found["guarded"]) == bits(wanted)


@pytest.mark.parametrize("lanes", [1, 4])
def test_terms_in_fast_mode_are_rounded_once(lanes: int) -> None:
    """x * y + total as exact arithmetic has it, rounded; behind a guard, the total as it was."""
    from fractions import Fraction

    x, y, total = 1.0 + 2.0**-30, 1.0 - 2.0**-30, -1.0

    def write(f: Function) -> None:
        operands = [(f.load(f"%{name}"), False) for name in ("x", "y")]
        before, guard = f.load("%total"), (f.load("%guard"), False)
        for i, guarded in enumerate((None, guard)):
            f.store((add_term(f, before, operands, guarded), False), f.offset("%out", i * lanes))

    memory = {"x": [x] * lanes, "y": [y] * lanes, "total": [total] * lanes, "guard": [0.0] * lanes, "out": [0.0] * 2 * lanes}
    found = ran(write, memory, lanes=lanes, fast=True)["out"]
    exact = float(Fraction(x) * Fraction(y) + Fraction(total))
    assert exact != x * y + total
    assert found == [exact] * lanes + [total] * lanes


@pytest.mark.parametrize("known", [known for known in NATIVE if known.arity == 1], ids=lambda known: known.name)
def test_vectors_in_fast_mode(known: Primitive) -> None:
    """By the C library's vector functions where it has them, in more lanes than a register too: within 4 ulp."""
    low, high = known.domain[0].transition
    xs = np.linspace(max(low, known.domain[0].low), min(high, known.domain[0].high), 66)[1:-1].tolist()

    def write(f: Function) -> None:
        for i in range(0, 64, 16):
            f.store(apply(f, known, [(f.load(f.offset("%x", i)), False)]), f.offset("%out", i))

    found = ran(write, {"x": xs, "out": [0.0] * 64}, lanes=16, fast=True)["out"]
    for x, y in zip(xs, found, strict=True):
        exact = known.evaluate(x)
        assert abs(y - exact) <= 4 * math.ulp(exact), x


# --- any function of the C library ------------------------------------------------------------------------------------


def whole(x: float, how: Any) -> float:
    """A function that gives whole numbers, in C's way: also of what is no whole number, and of -0.3."""
    return math.copysign(float(how(x)), x) if math.isfinite(x) else x


def half_away(x: float) -> int:
    """C's `round`: halves away from 0."""
    low = math.floor(abs(x))
    return low + (abs(x) - low >= 0.5)


NATIVES: dict[str, Any] = {
    "floor": lambda x: whole(x, math.floor),
    "ceil": lambda x: whole(x, math.ceil),
    "trunc": lambda x: whole(x, math.trunc),
    "rint": lambda x: whole(x, round),
    "round": lambda x: whole(x, half_away),
    "cbrt": math.cbrt,
    "fabs": math.fabs,
    "sqrt": lambda x: math.sqrt(x) if x >= 0.0 else math.nan,
    "asinh": math.asinh,
}


@pytest.mark.parametrize("name", NATIVES)
def test_functions_of_the_c_library(name: str) -> None:
    """A user's primitive by a function of C's: the same bits in one lane and in vectors, loops and rows."""
    own = primitive("own_" + name, evaluate=NATIVES[name], partials=(0.0,), native=name)
    points = [*EDGES, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 1e17]
    wanted = bits([own(x) for x in points])
    assert bits([jit(own, backend="llvm")(x) for x in points]) == wanted
    assert bits(jit(lambda xs: [own(x) for x in xs], backend="llvm")(points)) == wanted
    assert bits(jit(own, in_axes=0, backend="llvm")(np.array(points)).tolist()) == wanted
    fast = jit(own, in_axes=0, fast=True, backend="llvm")(np.array(points))
    np.testing.assert_allclose(fast, [own(x) for x in points], rtol=4 * 2.0**-52)


def fmod(x: float, y: float) -> float:
    """C's remainder, nan where Python's raises."""
    return math.nan if math.isinf(x) or y == 0.0 else math.fmod(x, y)


def test_functions_of_two_numbers() -> None:
    """`fmod`, which LLVM took for an instruction."""
    own = primitive("own_fmod", evaluate=fmod, partials=(1.0, 0.0), native="fmod")
    points = [(x, y) for x in EDGES for y in EDGES]
    xs, ys = map(np.array, zip(*points, strict=True))
    wanted = bits([own(x, y) for x, y in points])
    assert bits([jit(own, backend="llvm")(x, y) for x, y in points[:20]]) == wanted[:20]
    assert bits(jit(own, in_axes=(0, 0), backend="llvm")(xs, ys).tolist()) == wanted


@pytest.mark.parametrize("name", ["no_such_function", "fadd nnan", "fcmp", ""])
def test_names_that_the_c_library_lacks(name: str) -> None:
    """By "llvm" an error that tells the name; by "auto" the function itself."""
    own = primitive("own_nothing", evaluate=lambda x: x + 1.0, partials=(1.0,), native=name)
    with pytest.raises(NotCompilableError, match=rf"C library has no function '{re.escape(name)}'"):
        jit(own, backend="llvm")(1.0)
    assert jit(own)(1.0) == 2.0


def test_refusals_do_not_depend_on_lanes() -> None:
    """Also over rows, where such a name is met inside of another function."""
    own = primitive("own_nothing", evaluate=lambda x: x + 1.0, partials=(1.0,), native="no_such_function")
    with pytest.raises(NotCompilableError, match="no_such_function"):
        jit(lambda x: own(sin(x)), in_axes=0, backend="llvm")(np.ones(3))
    assert jit(lambda x: dot([own(x)] * 2, [1.0, 1.0]), in_axes=0)(np.ones(3)).tolist() == [4.0] * 3
