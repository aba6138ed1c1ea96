"""What primitives become: every native one of the table, and any function of the C library, to the same bits as in Python."""

import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="needs the jit extra")

from autograd import dot, exp, jit, primitive, sin, sum_, tanh, where
from autograd.compiler.emit.function import Function
from autograd.compiler.emit.natives import add_term, add_tree, apply, keep, start_of, tree, with_term
from autograd.compiler.lower import NotCompilableError
from autograd.compiler.options import Options
from autograd.definition import Primitive
from autograd.primitives import add
from autograd.table import TABLE
from tests.compiler.comparison import EDGES, bits, edges
from tests.compiler.emit.code import Written, planned, ran

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
    """x * y + total, computed exactly and rounded once; behind a guard, the unchanged total."""
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


# --- trees and terms of a schedule ------------------------------------------------------------------------------------

LANES = [1, 4]
POINTS = [*itertools.product((0.5, -1.25), (2.0, -0.0), (3.0, -0.75))]

TREES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "one operation": lambda x, y, z: x - y,
    "a tree": lambda x, y, z: (x - y) * (z - x) / (y + 4.0),
    "operands that do not commute": lambda x, y, z: (x - (y - (z - x))) / (x - 2.0),
    "functions": lambda x, y, z: tanh(sin(x) - exp(y)) * z,
    "a choice": lambda x, y, z: where(x > y, x * z, where(y > z, y, z - x)),
    "constants": lambda x, y, z: 2.0 - x * 0.25 - (1.0 - y),
}


@pytest.mark.parametrize("f", TREES.values(), ids=TREES)
@pytest.mark.parametrize("lanes", LANES)
def test_a_tree_from_what_it_reads(f: Callable[[Any, Any, Any], Any], lanes: int) -> None:
    """What lies inside has no place in memory; what it reads comes in the order of use, as often as it is used."""
    plan = planned(lambda xs: f(*xs), 3)
    (root,) = plan.ssa.outputs
    assert plan.trees.roots(by_row=False) == [root]
    assert {*plan.memory.address} == {0, 1, 2, root}

    def write(g: Function) -> None:
        for i in range(0, len(POINTS), lanes):
            values = [
                g.constant(plan.ssa.constants[x]) if x in plan.ssa.constants else g.load(g.offset(f"%x{x}", i))
                for x in plan.trees.reads(root)
            ]
            rest = iter([(value, False) for value in values])
            g.store(tree(g, plan.trees, root, rest), g.offset("%out", i))
            assert next(rest, None) is None

    columns = {f"x{i}": [*column] for i, column in enumerate(zip(*POINTS, strict=True))}
    found = ran(write, columns | {"out": [0.0] * len(POINTS)}, lanes=lanes)["out"]
    assert bits(found) == bits([f(*point) for point in POINTS])


TERMS: dict[str, tuple[Callable[[Any, Any, Any], Any], Callable[[float, float, float], float]]] = {
    "a number": (lambda g, x, y: sin(x) - y, lambda g, x, y: math.sin(x) - y),
    "a product": (lambda g, x, y: x * y, lambda g, x, y: x * y),
    "a product of trees": (lambda g, x, y: (x - y) * (x + g), lambda g, x, y: (x - y) * (x + g)),
    "a guarded product": (lambda g, x, y: where(g > 0.0, x * y, 0.0), lambda g, x, y: x * y if g > 0.0 else -0.0),
    "one guarded otherwise": (lambda g, x, y: where(g > 0.0, 0.0, x * y), lambda g, x, y: -0.0 if g > 0.0 else x * y),
}


@pytest.mark.parametrize(("f", "term"), TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("lanes", LANES)
def test_a_tree_more_in_a_sum_over_rows(f: Any, term: Any, lanes: int) -> None:
    """A product is a term of the sum, behind its guard too, which lets the sum as it was."""
    plan = planned(lambda xs: f(*xs), 3, Options((0, 0, 0), "sum", fast=True))
    (root,) = plan.ssa.outputs

    def write(g: Function) -> None:
        for i in range(0, len(POINTS), lanes):
            reads = iter(
                [
                    (g.constant(plan.ssa.constants[x]) if x in plan.ssa.constants else g.load(g.offset(f"%x{x}", i)), False)
                    for x in plan.trees.reads(root)
                ]
            )
            total = add_tree(g, plan.trees, root, reads, g.load(g.offset("%total", i)))
            g.store((total, False), g.offset("%out", i))

    columns = {f"x{i}": [*column] for i, column in enumerate(zip(*POINTS, strict=True))}
    totals = [10.0 + i for i in range(len(POINTS))]
    found = ran(write, columns | {"total": totals, "out": [0.0] * len(POINTS)}, lanes=lanes)["out"]
    assert bits(found) == bits([total + term(*point) for total, point in zip(totals, POINTS, strict=True)])


SUMS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[float, float, float], float]]] = {
    "numbers": (lambda x, y: x, lambda total, x, y: total + x),
    "products": (lambda x, y: x * y, lambda total, x, y: total + x * y),
    "guarded": (lambda x, y: where(x > 0.0, x * y, -0.0), lambda total, x, y: total + (x * y if x > 0.0 else -0.0)),
    "guarded otherwise": (lambda x, y: where(x > 0.0, -0.0, x * y), lambda total, x, y: total + (-0.0 if x > 0.0 else x * y)),
}


@pytest.mark.parametrize(("term", "wanted"), SUMS.values(), ids=SUMS)
@pytest.mark.parametrize("lanes", LANES)
def test_a_term_more_in_a_sum(term: Any, wanted: Any, lanes: int) -> None:
    """By the values of what the term reads: the guard first, then the factors."""
    plan = planned(lambda xs: sum_([term(x, y) for x, y in zip(xs[:5], xs[5:], strict=True)]), 10)
    (fold,) = plan.trees.folds.values()
    last = fold.terms[-1]
    assert fold.primitive is add
    points = [(x, y) for x, y, _ in POINTS]

    def write(g: Function) -> None:
        for i in range(0, len(points), lanes):
            x, y = (g.load(g.offset(f"%{name}", i)) for name in "xy")
            known = {4: x, 9: y}
            values = [
                (known.get(number) or g.as_number((g.new(f"fcmp ogt {g.kind} {x}, {g.zero}"), True)), False)
                for number in last.reads
            ]
            total = start_of(g, fold, (g.load(g.offset("%total", i)), False))
            g.store((with_term(g, fold, total, last, values), False), g.offset("%out", i))

    memory = {
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "total": [7.0] * len(points),
        "out": [0.0] * len(points),
    }
    assert bits(ran(write, memory, lanes=lanes)["out"]) == bits([wanted(7.0, x, y) for x, y in points])


@pytest.mark.parametrize("lanes", LANES)
def test_a_disjunction(lanes: int) -> None:
    """It starts from a truth value, and is one."""
    plan = planned(lambda xs: where((xs[0] > 0.0) | (xs[1] > 0.0) | (xs[2] > 0.0) | (xs[3] > 0.0) | (xs[4] > 0.0), 1.0, 2.0), 5)
    (fold,) = plan.trees.folds.values()
    assert fold.primitive is not add

    def write(g: Function) -> None:
        for i in range(0, 4, lanes):
            total = start_of(g, fold, (g.load(g.offset("%start", i)), False))
            for name in ("x", "y"):
                total = with_term(g, fold, total, fold.terms[0], [(g.load(g.offset(f"%{name}", i)), False)])
            g.store((total, True), g.offset("%out", i))

    memory = {"start": [0.0, 0.0, 3.0, 0.0], "x": [0.0, -1.0, 0.0, 0.0], "y": [-0.0, 0.0, 0.0, math.nan], "out": [9.0] * 4}
    assert ran(write, memory, lanes=lanes)["out"] == [0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("lanes", LANES)
def test_kept_or_added(lanes: int) -> None:
    """In its place; or added to what is there."""

    def write(g: Function) -> None:
        for pointer, summed in (("%kept", False), ("%summed", True)):
            keep(g, (g.load("%x"), False), pointer, summed=summed)
        keep(g, (g.as_truth((g.load("%x"), False)), True), "%truth", summed=False)

    memory = {"x": [2.5] * lanes, "kept": [1.0] * lanes, "summed": [1.0] * lanes, "truth": [9.0] * lanes}
    found = ran(write, memory, lanes=lanes)
    assert found == {"x": [2.5] * lanes, "kept": [2.5] * lanes, "summed": [3.5] * lanes, "truth": [1.0] * lanes}


# --- any function of the C library ------------------------------------------------------------------------------------


def whole(x: float, how: Any) -> float:
    """A function to whole numbers that C computes: of fractions too, and of -0.3."""
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


def test_functions_of_one_arity_share_the_code_that_calls_them_lane_by_lane() -> None:
    """Each such function takes longer to compile than a loop of sums."""
    written = Written()
    f = written.function(8)
    for name in ("sinh", "arcsin", "arctan", "cbrt"):
        apply(f, TABLE[name], [(f.load("%x"), False)])
    apply(f, TABLE["arctan2"], [(f.load("%x"), False)] * 2)
    assert written.module.text().count("define internal") == 2
