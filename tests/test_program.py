"""Programs: run on numbers of every kind, pruned, printed, pickled."""

import math
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, add, exp, jit, mul, primitive, sin, truediv
from autograd.compiler.simplify import simplify
from autograd.definition import Primitive
from autograd.program import Program, imports_source
from autograd.table import TABLE
from autograd.testing import Expression, expressions
from tests.compiler.comparison import EDGES, bits, edges


def executed(program: Program, *, on_floats: bool = True) -> Any:
    """The function that the printed program defines, in a fresh namespace."""
    inputs = [f"x{i}" for i in range(program.inputs)]
    names: dict[str, Any] = {}
    source = program.source("f", inputs, lambda outputs: f"[{', '.join(outputs)}]", on_floats=on_floats)
    exec(imports_source([program], on_floats=on_floats) + source, names)
    return names["f"]


def test_places_and_constants() -> None:
    """The inputs come first, then the steps; constants stand as they are, among operands and outputs."""
    program = Program(2, ((add, (0, 1)), (mul, (2, 3.0))), (3, 0, 5.0))
    assert program(1.0, 2.0) == [9.0, 1.0, 5.0]
    result, first, _ = program(Value(1.0), Value(2.0))
    result.backward()
    assert (result.data, first.grad) == (9.0, 3.0)


@given(expressions(max_ops=20, inputs=3))
@settings(max_examples=30)
def test_floats_go_to_the_functions_of_primitives(expression: Expression) -> None:
    """Without a look at the type of each operand, which a call of a primitive takes; to the same bits."""
    program = Program(3, expression.steps, tuple(range(3 + len(expression.steps))))
    expected = program.run(expression.at, lambda primitive, *operands: primitive.at(*operands))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograd.program._at", None)
        assert bits(program(*expression.at)) == bits(expected)


@pytest.mark.parametrize(
    "other",
    [Program(3, ((mul, (0, 1)), (mul, (3, 2.0))), (4, 0.0)), Program(3, ((mul, (0, 1.0)), (mul, (3, 2))), (4, 0.0)),
     Program(3, ((mul, (0, 1)), (mul, (3, 2))), (4, -0.0)), Program(3, ((mul, (0, 1)), (add, (3, 2))), (4, 0.0)),
     Program(3, ((mul, (0, 1)), (mul, (3, 2))), (4, 0)), None],
)  # fmt: skip
def test_which_programs_are_equal(other: Any) -> None:
    """Those that do the same in the same steps: Python takes 2.0 for 2, and 0.0 for -0.0, but here they are not."""
    program = Program(3, ((mul, (0, 1)), (mul, (3, 2))), (4, 0.0))
    again = Program(3, ((mul, (0, 1)), (mul, (3, 2))), (4, 0.0))
    assert program == program == again  # noqa: PLR0124 - itself too
    assert hash(program) == hash(again)
    assert program != other


def test_another_reader_runs_it() -> None:
    """Any way to apply a primitive, any kind of number: here, text."""
    program = Program(2, ((add, (0, 2.5)), (mul, (2, 1))), (3, 1.5))
    found = program.run("xy", lambda primitive, *operands: f"{primitive.name}({', '.join(operands)})", lambda x: f"<{x}>")
    assert found == ["mul(add(x, <2.5>), y)", "<1.5>"]


def test_pruned() -> None:
    """Steps that no output needs are gone; the inputs stay, and a constant is no place though it be equal to one."""
    program = Program(2, ((sin, (0,)), (add, (0, 1)), (exp, (1,)), (mul, (3, 4.0))), (5, 2.0, 1))
    assert program.pruned() == Program(2, ((add, (0, 1)), (mul, (2, 4.0))), (3, 2.0, 1))
    assert Program(3, ((sin, (0,)),), ()).pruned() == Program(3, (), ())


@given(expressions(max_ops=20, inputs=3), st.data())
@settings(max_examples=30)
def test_pruned_computes_the_same(expression: Expression, data: st.DataObject) -> None:
    """Whatever the outputs are; and what is pruned is not pruned further."""
    places = st.lists(st.one_of(st.integers(0, 2 + len(expression.steps)), st.sampled_from([0.0, 1.0, 7.0])))
    program = Program(3, expression.steps, tuple(data.draw(places)))
    pruned = program.pruned()
    assert bits(pruned(*expression.at)) == bits(program(*expression.at))
    assert pruned.pruned() == pruned
    assert len(pruned.steps) <= len(program.steps)


@given(expressions(max_ops=20))
@settings(max_examples=40)
def test_its_source_runs_in_an_empty_namespace(expression: Expression) -> None:
    """It computes the same bits, far outside the smooth region too; as it is, and simplified."""
    plain = expression.program
    simplified = simplify(plain).program()
    f, g = executed(plain), executed(simplified)
    for point in [expression.at, *zip(EDGES, EDGES[5:] + EDGES[:5], strict=True)]:
        assert bits(f(*point)) == bits(g(*point)) == bits(simplified(*point)) == bits(expression(*point))


@pytest.mark.parametrize("primitive", TABLE.values(), ids=lambda primitive: primitive.name)
def test_every_primitive_prints(primitive: Primitive) -> None:
    """As an operator or a call that never raises; the internal ones, which are not public names, too."""
    for point in edges(primitive, 20):
        count = len(point)
        program = simplify(Program(count, ((primitive, tuple(range(count))),), (count,))).program()
        assert bits(executed(program)(*point)) == bits(primitive.evaluate(*point))


def test_imports() -> None:
    """Numbers that are not finite, public primitives, then those that the table alone knows."""
    own = primitive("own_test", evaluate=lambda x: 2.0 * x, partials=(2.0,))
    sech2 = TABLE["sech2"]
    steps = ((sin, (0,)), (own, (1,)), (sech2, (2,)), (mul, (3, -math.inf)), (truediv, (4, 0)))
    assert imports_source([Program(1, steps, (5, math.nan)), Program(1, ((exp, (0,)),), (1,))]) == (
        "from math import inf, nan\n"
        "from autograd import exp, sin, truediv\n"
        "from autograd.table import lookup\n"
        "own_test = lookup('own_test')\n"
        "sech2 = lookup('sech2')\n"
    )
    assert "truediv" not in imports_source([Program(1, steps, (5,))], on_floats=False)  # which / stands for there
    assert imports_source([Program(1, ((mul, (0, 0)),), (1,))]) == ""


def test_names_of_results() -> None:
    """v0 and so on, unless an input has such a name; or given, and a step without a name is written where it is used."""
    program = Program(1, ((sin, (0,)), (mul, (1, 0))), (2,))
    assert program.source("f", ["x"], ", ".join) == "def f(x):\n    v0 = sin(x)\n    v1 = v0 * x\n    return v1\n"
    assert program.source("f", ["v7"], ", ".join) == "def f(v7):\n    v_0 = sin(v7)\n    v_1 = v_0 * v7\n    return v_1\n"
    assert program.source("f", ["x"], ", ".join, ["a"]) == "def f(x):\n    a = sin(x)\n    return a * x\n"


def test_compiled_source_finds_internal_primitives() -> None:
    """The gradient of tanh needs sech2, which `from autograd import` does not give."""
    f = jit(lambda x: TABLE["tanh"](x), backend="python")  # noqa: PLW0108 - a function to trace
    names: dict[str, Any] = {}
    exec(f.source(0.5), names)
    assert names["lambda__with_gradient"](0.5) == (math.tanh(0.5), [TABLE["sech2"](0.5)])


@given(expressions(max_ops=10, inputs=2))
@settings(max_examples=20)
def test_programs_pickle(expression: Expression) -> None:
    """As what they are: primitives by name."""
    assert pickle.loads(pickle.dumps(expression.program)) == expression.program


@given(expressions(), st.data())
def test_a_part_computes_the_same(expression: Expression, data: st.DataObject) -> None:
    """Outputs chosen by their places, of inputs in another order, and no step that they do not need."""
    program = expression.program
    chosen = data.draw(st.lists(st.integers(0, len(program.outputs) - 1), max_size=3))
    order = data.draw(st.permutations(range(program.inputs)))
    part = program.part(order, chosen)
    numbers = data.draw(st.lists(st.floats(-2.0, 2.0), min_size=program.inputs, max_size=program.inputs))
    whole = program(*numbers)
    assert bits(part(*[numbers[i] for i in order])) == bits([whole[i] for i in chosen])
    assert len(part.steps) <= len(program.steps)
    assert len(part.pruned().steps) == len(part.steps)


def test_a_part_that_needs_another_input() -> None:
    """Is refused; one whose outputs do not need it is not."""
    program = Program(2, ((exp, (0,)), (mul, (0, 1))), (2, 3, 4.0))
    assert program.part([0], [0, 2])(1.0) == [math.exp(1.0), 4.0]
    with pytest.raises(KeyError):
        program.part([0], [1])


def test_what_depends_on_what() -> None:
    """An output on the inputs it is computed from, however far away, or on itself; a constant on none."""
    program = Program(3, ((exp, (0,)), (mul, (3, 1)), (add, (2, 2.0))), (3, 4, 5, 1, 7.0))
    assert program.depends([0]) == [True, True, False, False, False]
    assert program.depends([1]) == [False, True, False, True, False]
    assert program.depends([2]) == [False, False, True, False, False]
    assert program.depends([0, 2]) == [True, True, True, False, False]
    assert program.depends([]) == [False] * 5
