"""Arrays and groups as nodes of a trace."""

import pytest

from autograd import TraceError
from autograd.compiler.loops.several import elements_of, length_of, packed, record_form
from autograd.compiler.trace.symbol import Symbol
from autograd.compiler.trace.tracer import Tracer
from autograd.forms import Fill, Load, Pack
from autograd.modes import Mode, in_mode


def test_numbers_are_packed_once() -> None:
    """The elements of an array, in order, are that array; an element is one node."""
    with in_mode(Mode(tracer=Tracer())):
        array = record_form(Fill(2), (3.0, Symbol("x")))
        elements = elements_of(array)
        assert length_of(array) == 3.0
        assert packed(elements, 2) is array
        assert packed(elements, 1) is not array
        assert packed(elements[::-1], 2) is not array
        assert record_form(Load(2, 1), (array, 1.0)) is elements[3]


def test_what_was_there_before_is_packed_before() -> None:
    """So the body of a loop shares it."""
    tracer = Tracer()
    with in_mode(Mode(tracer=tracer)):
        x = Symbol("x")
        start = Symbol("start").made
        tracer.starts.append(start)
        y = Symbol("y")
        array = packed([x, x], 1, tracer)
        assert array.made < start
        assert packed([x, x], 1, tracer) is array
        assert packed([x, x], 2, tracer) is not array
        assert packed([x, y], 1, tracer).made > start


def test_what_is_packed_before_a_body_comes_after_what_it_is_made_of() -> None:
    """Also where that was packed there too."""
    tracer = Tracer()
    with in_mode(Mode(tracer=tracer)):
        x, y = Symbol("x"), Symbol("y")
        start = Symbol("start").made
        tracer.starts.append(start)
        array = packed([x, y], 2, tracer)
        again = packed([*elements_of(record_form(Fill(1), (2.0, x))), *array.operands][::-1], 1, tracer)
        assert again.made > start  # for it has what was made later
        one = record_form(Fill(1), (2.0, x))
        one.made = start - 0.5
        both = packed([*elements_of(one), x], 1, tracer)
        assert max(element.made for element in elements_of(one)) < both.made < start


def test_forms_of_another_traces_numbers_are_refused() -> None:
    """As operations on them are: they have no place in this program."""
    with in_mode(Mode(tracer=Tracer())):
        strange = Symbol("strange")
    with in_mode(Mode(tracer=Tracer())), pytest.raises(TraceError, match="is used outside of the traced function that made it"):
        record_form(Pack(1), [strange])
