"""The order and the reverse sweep: against a naive forward-mode twin, and against 60 digits."""

import math
from typing import Any

import mpmath
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from autograd import Value, topological_order
from autograd.definition import Primitive
from autograd.linearization import differentiable_partials
from autograd.table import TABLE
from autograd.testing import Expression, expressions, truth
from autograd.testing.flat import flat_jacobian, rounding
from tests.sweeps import sweep

PRIMITIVES = [known for known in TABLE.values() if known.reference and known.name not in ("sign", "where")]


def test_order_is_operands_first_and_each_once() -> None:
    """In a graph with a diamond, several results, and a result below another."""
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
    """The same graph built twice has the same order."""

    def build() -> Value:
        a, b = Value(1.0, label="a"), Value(2.0, label="b")
        c = a * b
        return (c + b) * (a - 3.0) + c

    assert [repr(v) for v in topological_order(build())] == [repr(v) for v in topological_order(build())]


def test_sweep_runs_on_values() -> None:
    """Then adjoints are Values, which have derivatives too: d2(x**3)/dx2 = 6x, d3 = 6."""
    x = Value(2.0)
    first = sweep(x * x * x, 1.0, differentiable_partials)[x]
    second = sweep(first, 1.0, differentiable_partials)[x]
    third = sweep(second, 1.0, differentiable_partials)[x]
    assert [float(v.data) if isinstance(v, Value) else v for v in (first, second, third)] == [12.0, 12.0, 6.0]


def test_sweep_runs_on_symbols() -> None:
    """A sweep runs on anything that multiplies and adds: here, on text."""

    class Text(str):
        __slots__ = ()

        def __mul__(self, other: Any) -> "Text":  # type: ignore[override]
            return Text(f"{self}*{other}")

        def __add__(self, other: Any) -> "Text":
            return Text(f"({self} + {other})")

    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    adjoints = sweep(x * y + x, Text("1"), lambda node: [Text(f"p{i}") for i in range(len(node.operands))])
    assert adjoints[x] == "(1*p1 + 1*p0*p0)"


class TwinGraphs(RuleBasedStateMachine):
    """Grow a random graph beside a naive forward-mode twin, which carries d/d(each leaf) along with every number."""

    nodes: Bundle[tuple[Value, dict[int, float]]] = Bundle("nodes")

    @initialize()
    def begin(self) -> None:
        """Start without nodes."""
        self.leaves: list[Value] = []
        self.latest: tuple[Value, dict[int, float]] | None = None

    @precondition(lambda self: len(self.leaves) < 4)
    @rule(target=nodes, number=st.floats(-3.0, 3.0))
    def leaf(self, number: float) -> tuple[Value, dict[int, float]]:
        """A leaf: its derivative to itself is 1."""
        self.leaves.append(Value(number))
        return self.leaves[-1], {len(self.leaves) - 1: 1.0}

    @rule(target=nodes, primitive=st.sampled_from(PRIMITIVES), data=st.data())
    def operation(self, primitive: Primitive, data: st.DataObject) -> tuple[Value, dict[int, float]]:
        """Any primitive at nodes of the graph and constants."""
        count = primitive.arity or 4
        operand = st.one_of(self.nodes, st.floats(-2.0, 2.0))
        chosen = [data.draw(operand) for _ in range(count)]
        numbers = [x if type(x) is float else x[0].data for x in chosen]
        assume(primitive.kink is None or not primitive.kink(*numbers))
        plain = primitive.evaluate(*numbers)
        partials = primitive.partials(plain, *numbers)
        assume(all(map(math.isfinite, [plain, *partials])) and max(map(abs, [plain, *partials])) < 1e6)
        tangents: dict[int, float] = {}
        for x, p in zip(chosen, partials, strict=True):
            if type(x) is not float:
                for i, t in x[1].items():
                    tangents[i] = tangents.get(i, 0.0) + p * t
        result = primitive.at(*[x if type(x) is float else x[0] for x in chosen])
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
        adjoints = sweep(result, 1.0, lambda node: node.local_partials)
        sizes = sweep(result, 1.0, lambda node: [p and abs(p) for p in node.local_partials])
        for i, leaf in enumerate(self.leaves):
            found = adjoints.get(leaf) or 0.0
            assert abs(found - tangents.get(i, 0.0)) <= 1e-12 * (sizes.get(leaf) or 0.0) + 1e-300


TestTwinGraphs = TwinGraphs.TestCase
TestTwinGraphs.settings = settings(max_examples=30, stateful_step_count=40)


@given(expressions(max_ops=25, inputs=3))
@settings(max_examples=150)
def test_random_graphs_against_60_digits(expression: Expression) -> None:
    """Value and gradient of a whole random graph, as a difference quotient of it at 80 digits finds them."""
    leaves = [Value(x) for x in expression.at]
    result = expression(*leaves)
    result.backward()
    noise = rounding(lambda xs: [expression(*xs)], expression.at)
    noise_of_slopes = rounding(flat_jacobian(lambda xs: [expression(*xs)], "rev"), expression.at).outputs
    with mpmath.workdps(truth.DIGITS):
        exact = truth.of_expression(expression)
        assert abs(result.data - truth.value(exact, expression.at)) <= 8.0 * noise.outputs[0] + 1e-300
        for i, leaf in enumerate(leaves):
            slope = truth.derivative(exact, expression.at, [i])
            assert abs(leaf.grad - slope) <= noise.derivatives[i] + 8.0 * noise_of_slopes[i], f"input {i}"
