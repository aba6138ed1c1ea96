"""A program as a picture: a box for each input, constant and output, a circle for each step, an arrow for each use."""

import re

import pytest

from autograd import add, dot, mul, tanh
from autograd.pictures.program import drawn
from autograd.pictures.theme import theme_named
from autograd.program import Program

NODE = re.compile(r'^\t(n\d+) \[label="?(.*?)"? fillcolor="(#\w+)" shape=(\w+)\]', re.MULTILINE)
EDGE = re.compile(r"^\t(n\d+) -> (n\d+)", re.MULTILINE)
PROGRAM = Program(2, ((mul, (0, 1)), (add, (2, 0.5)), (tanh, (3,))), (4, 2))


def parsed(program: Program, labels: list[str]) -> tuple[dict[str, tuple[str, str, str]], list[tuple[str, str]]]:
    """The nodes of a program's picture, as label, color and shape, and its arrows."""
    source = drawn(program, labels).source
    return {name: (label, color, shape) for name, label, color, shape in NODE.findall(source)}, EDGE.findall(source)


def test_nodes_and_arrows() -> None:
    """Each number once; inputs by their names, primitives by their symbols, outputs in order."""
    nodes, arrows = parsed(PROGRAM, ["speed", "mass"])
    theme = theme_named("light")
    assert sorted(nodes.values()) == sorted(
        [
            ("speed", theme.value, "box"),
            ("mass", theme.value, "box"),
            ("*", theme.operation, "ellipse"),
            ("0.5", theme.constant, "box"),
            ("+", theme.operation, "ellipse"),
            ("tanh", theme.operation, "ellipse"),
            ("result 0", theme.result, "box"),
            ("result 1", theme.result, "box"),
        ]
    )
    assert [(nodes[a][0], nodes[b][0]) for a, b in arrows] == [
        ("speed", "*"), ("mass", "*"), ("*", "+"), ("0.5", "+"), ("+", "tanh"), ("tanh", "result 0"), ("*", "result 1"),
    ]  # fmt: skip


def test_one_output_has_no_number() -> None:
    """It is the result; an input or a constant may be one."""
    nodes, arrows = parsed(Program(1, (), (0,)), ["x"])
    assert [(nodes[a][0], nodes[b][0]) for a, b in arrows] == [("x", "result")]
    nodes, arrows = parsed(Program(0, (), (2.5,)), [])
    assert [(nodes[a][0], nodes[b][0]) for a, b in arrows] == [("2.5", "result")]


def test_an_operand_used_twice() -> None:
    """It has an arrow for each use; equal constants are boxes of their own."""
    nodes, arrows = parsed(Program(1, ((mul, (0, 0)), (dot, (1, 2.0, 0, 2.0))), (2,)), ["x"])
    assert [(nodes[a][0], nodes[b][0]) for a, b in arrows][:2] == [("x", "*")] * 2
    assert [label for label, _, _ in nodes.values()].count("2") == 2
    assert len(arrows) == 7


@pytest.mark.parametrize("label", ['a "b"', "<b>", "back\\slash", "line\nbreak", "", "näme"])
def test_labels_of_any_text(label: str) -> None:
    """The picture has the nodes and arrows as for a plain name; no label is read as HTML."""
    plain, odd = (drawn(PROGRAM, [text, "mass"]).source for text in ("speed", label))
    assert len(re.findall(r"^\tn\d+ \[", odd, re.MULTILINE)) == len(re.findall(r"^\tn\d+ \[", plain, re.MULTILINE)) == 8
    assert EDGE.findall(odd) == EDGE.findall(plain)
    assert "label=<" not in odd


def test_a_program_draws_itself() -> None:
    """As it looks by `drawn`; the same program gives the same text."""
    assert PROGRAM.draw(["x", "y"]).source == drawn(PROGRAM, ["x", "y"]).source


def test_a_program_too_large_for_a_picture() -> None:
    """Is refused, and the message says what there is instead."""
    program = Program(1, tuple((tanh, (i,)) for i in range(5_001)), (5_001,))
    with pytest.raises(ValueError, match=r"5,001 steps.*print\(f.source\(\)\).*draw\(result, max_nodes=500\)"):
        drawn(program, ["x"])
    assert drawn(Program(1, program.steps[:-1], (5_000,)), ["x"]).source.count("tanh") == 5_000
