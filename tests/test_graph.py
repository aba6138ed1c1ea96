"""The one order and the one sweep: against a naive forward-mode twin, and against 60 digits."""

import math
import random
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

import autograd as ag
from autograd import Value, topological_order
from autograd.graph import reverse_sweep
from autograd.table import Primitive
from autograd.value import differentiable_partials
from tests import reference, strategies

ROWS = [row for row in reference.REFERENCED if row.name not in ("sign", "where")]  # where: its condition has a test of its own


def call(row: Primitive, operands: list[Any]) -> Any:
    """A row on flat operands."""
    return row._dispatch(tuple(operands)) if row.arity is None else row(*operands)


def test_order_is_operands_first_and_each_once() -> None:
    """A diamond, several results, and a result below another."""
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    e = c * c
    order = topological_order(e, d, c)
    assert len(order) == 5
    place = {id(node): i for i, node in enumerate(order)}
    assert all(place[id(operand)] < place[id(node)] for node in order for operand in node.operands)
    assert topological_order() == []


def test_order_depends_on_the_graph_alone() -> None:
    """Built twice, ordered alike."""

    def build() -> Value:
        a, b = Value(1.0, label="a"), Value(2.0, label="b")
        c = a * b
        return (c + b) * (a - 3.0) + c

    assert [repr(v) for v in topological_order(build())] == [repr(v) for v in topological_order(build())]


def test_sweep_runs_on_values() -> None:
    """Adjoints are Values then, with gradients of their own: d2(x**3)/dx2 = 6x, d3 = 6."""
    x = Value(2.0)
    first = reverse_sweep(x * x * x, 1.0, differentiable_partials)[x]
    second = reverse_sweep(first, 1.0, differentiable_partials)[x]
    third = reverse_sweep(second, 1.0, differentiable_partials)[x]
    assert [float(v.data) if isinstance(v, Value) else v for v in (first, second, third)] == [12.0, 12.0, 6.0]


def test_sweep_runs_on_symbols() -> None:
    """And on anything that multiplies and adds: here, text."""

    class Text(str):
        __slots__ = ()

        def __mul__(self, other: Any) -> "Text":  # type: ignore[override]
            return Text(f"{self}*{other}")

        def __add__(self, other: Any) -> "Text":
            return Text(f"({self} + {other})")

    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    adjoints = reverse_sweep(x * y + x, Text("1"), lambda node: [Text(f"p{i}") for i in range(len(node.operands))])
    assert adjoints[x] == "(1*p1 + 1*p0*p0)"


class TwinGraphs(RuleBasedStateMachine):
    """Grow a random graph beside a naive forward-mode twin, which carries d/d(each leaf) along with every number."""

    nodes: Bundle[tuple[Value, dict[int, float]]] = Bundle("nodes")

    @initialize()
    def begin(self) -> None:
        """No leaves yet."""
        self.leaves: list[Value] = []
        self.latest: tuple[Value, dict[int, float]] | None = None

    @precondition(lambda self: len(self.leaves) < 4)
    @rule(target=nodes, number=st.floats(-3.0, 3.0))
    def leaf(self, number: float) -> tuple[Value, dict[int, float]]:
        """A leaf: its derivative to itself is 1."""
        self.leaves.append(Value(number))
        return self.leaves[-1], {len(self.leaves) - 1: 1.0}

    @rule(target=nodes, row=st.sampled_from(ROWS), data=st.data())
    def operation(self, row: Primitive, data: st.DataObject) -> tuple[Value, dict[int, float]]:
        """Any row on nodes there are, and on constants."""
        count = row.arity or strategies.N_ARY
        operand = st.one_of(self.nodes, st.floats(-2.0, 2.0))
        chosen = [data.draw(operand) for _ in range(count)]
        numbers = [x if type(x) is float else x[0].data for x in chosen]
        assume(row.kink is None or not row.kink(*numbers))
        plain = row.evaluate(*numbers)
        partials = row.partials(plain, *numbers)
        assume(all(map(math.isfinite, [plain, *partials])) and max(map(abs, [plain, *partials])) < 1e6)
        tangents: dict[int, float] = {}
        for x, p in zip(chosen, partials, strict=True):
            if type(x) is not float:
                for i, t in x[1].items():
                    tangents[i] = tangents.get(i, 0.0) + p * t
        result = call(row, [x if type(x) is float else x[0] for x in chosen])
        if not isinstance(result, Value):
            return Value(result), {}
        assert result.data == plain
        self.latest = result, tangents
        return result, tangents

    @invariant()
    def agrees(self) -> None:
        """Reverse mode finds what forward mode found."""
        if getattr(self, "latest", None) is None:
            return
        result, tangents = self.latest
        adjoints = reverse_sweep(result, 1.0, lambda node: node.local_partials)
        sizes = reverse_sweep(result, 1.0, lambda node: [p and abs(p) for p in node.local_partials])
        for i, leaf in enumerate(self.leaves):
            found = adjoints.get(leaf) or 0.0
            assert abs(found - tangents.get(i, 0.0)) <= 1e-12 * (sizes.get(leaf) or 0.0) + 1e-300


TestTwinGraphs = TwinGraphs.TestCase
TestTwinGraphs.settings = settings(max_examples=30, stateful_step_count=40)


def random_graph(rng: random.Random) -> tuple[list[float], list[tuple[Primitive, list[int | float]]]] | None:
    """Up to 3 leaves and 25 operations with sharing, where every number stays moderate and no kink is near."""
    numbers = [rng.uniform(-2.0, 2.0) for _ in range(rng.randint(1, 3))]
    values = list(numbers)
    operations: list[tuple[Primitive, list[int | float]]] = []
    for _ in range(200):
        row = rng.choice(ROWS)
        operands: list[int | float] = [
            rng.randrange(len(values)) if rng.random() < 0.8 else round(rng.uniform(-2.0, 2.0), 3)
            for _ in range(row.arity or strategies.N_ARY)
        ]
        at = [values[o] if type(o) is int else o for o in operands]
        if any(
            not interval.low < x < interval.high for interval, x in zip(row.domain * (1 if row.arity else 4), at, strict=False)
        ):
            continue
        moved = [[x * (1.0 + e) for x in at] for e in (-1e-3, 1e-3)]
        bends = row.selective and row.partials(0.0, *moved[0]) != row.partials(0.0, *moved[1])
        if row.kink is not None and (row.kink(*at) or bends):
            continue
        result = row.evaluate(*at)
        sizes = [abs(result), *[abs(p) for p in row.partials(result, *at)]]
        if not all(map(math.isfinite, sizes)) or max(sizes) > 10.0 or sizes[0] < 1e-2:
            continue
        values.append(result)
        operations.append((row, operands))
        if len(operations) == 25:
            break
    return numbers, operations


@pytest.mark.parametrize("seed", range(300))
def test_random_graphs_against_60_digits(seed: int) -> None:
    """Value and gradient of a whole random graph, as a difference quotient of it at 80 digits finds them."""
    leaves, operations = random_graph(random.Random(seed))
    nodes: list[Any] = [Value(x) for x in leaves]
    for row, operands in operations:
        nodes.append(call(row, [nodes[o] if type(o) is int else o for o in operands]))
    result = ag.sum_([nodes[0], *nodes[-3:]])
    result.backward()

    def exact(*xs: Any) -> Any:
        values = list(xs)
        for row, operands in operations:
            values.append(reference.function(row)(*[values[o] if type(o) is int else mpmath.mpf(o) for o in operands]))
        return mpmath.fsum([values[0], *values[-3:]])

    sizes = reverse_sweep(result, 1.0, lambda node: [p and abs(p) for p in node.local_partials])
    with mpmath.workdps(80):
        assert abs(result.data - exact(*map(mpmath.mpf, leaves))) <= 1e-12 * max(1.0, abs(result.data))
        for i, x in enumerate(leaves):
            at = [mpmath.mpf(y) for y in leaves]
            step = mpmath.mpf(10) ** -25
            after, before = list(at), list(at)
            after[i] += step
            before[i] -= step
            truth = (exact(*after) - exact(*before)) / (2 * step)
            size = max(1.0, sizes.get(nodes[i]) or 0.0)  # the paths' sizes: where they cancel, so do their digits
            assert abs(nodes[i].grad - truth) <= 1e-12 * size, f"leaf {i} = {x}"


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_second_order_agrees_both_ways_round(seed: int) -> None:
    """Mixed second derivatives of a random graph do not depend on their order."""
    leaves, operations = random_graph(random.Random(seed))
    assume(len(leaves) >= 2)
    nodes: list[Any] = [Value(x) for x in leaves]
    for row, operands in operations[:12]:
        nodes.append(call(row, [nodes[o] if type(o) is int else o for o in operands]))
    first = reverse_sweep(ag.sum_([nodes[0], *nodes[-3:]]), 1.0, differentiable_partials)
    mixed = []
    for i, j in ((0, 1), (1, 0)):
        slope = first.get(nodes[i])
        if not isinstance(slope, Value):
            return
        found = reverse_sweep(slope, 1.0, differentiable_partials).get(nodes[j])
        sizes = reverse_sweep(slope, 1.0, lambda node: [p and abs(p) for p in node.local_partials])
        mixed.append((float(getattr(found, "data", found or 0.0)), sizes.get(nodes[j]) or 0.0))
    assert abs(mixed[0][0] - mixed[1][0]) <= 1e-10 * max(1.0, mixed[0][1], mixed[1][1])
