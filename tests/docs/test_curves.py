"""The graphs of primitives show what the primitives are."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from autograd import Primitive, floor, log, stop_gradient, tan, tanh
from autograd import abs as absolute
from autograd.table import TABLE
from docs.building import curves

PUBLIC = [known for known in TABLE.values() if not known.internal]


@pytest.mark.parametrize("known", PUBLIC, ids=lambda known: known.name)
def test_every_primitive_has_a_graph(known: Primitive) -> None:
    """Well-formed, named, and within its frame; the drawn slope is that of the drawn value."""
    root = ET.fromstring(curves.svg(known))
    assert root.get("role") == "img"
    assert known.name in (root[0].text or "")
    value, slope = curves.curves(known)
    index = curves.setting(known).index
    domain = known.domain_of(index + 1)[index]
    slopes = {t: s for piece in slope.pieces for t, s in piece}
    found = [
        math.isclose((after[1] - before[1]) / (after[0] - before[0]), slopes.get(point[0], math.nan), rel_tol=0.1, abs_tol=0.05)
        for piece in value.pieces
        for before, point, after in zip(piece, piece[1:], piece[2:], strict=False)
        if domain.low < before[0] and after[0] < domain.high
    ]
    wanted = 0.0 if known is stop_gradient else 0.9 * len(found)
    assert sum(found) >= wanted


def test_the_line_of_tanh_is_where_it_belongs() -> None:
    """Its pixels, computed here by hand."""
    line = re.search(r'class="value" d="M([^"]+)"', curves.svg(tanh))
    assert line is not None
    low, high = curves.heights(*curves.curves(tanh))
    for pair in line[1].split("L"):
        x, y = map(float, pair.split())
        t = (x - 26.0) / (320.0 - 52.0) * 10.0 - 5.0
        assert low + (174.0 - y) / (200.0 - 52.0) * (high - low) == pytest.approx(math.tanh(t), abs=0.03)


def test_lines_are_cut_where_the_function_jumps_or_ends() -> None:
    """At poles, steps and bounds, and not at kinks."""
    assert len(curves.curves(tan)[0].pieces) == 3
    assert len(curves.curves(floor)[0].pieces) == 10
    assert curves.curves(log)[0].pieces[0][0][0] > 0.0
    assert [len(curve.pieces) for curve in curves.curves(absolute)] == [1, 2]


def test_a_graph_has_no_colour_of_its_own() -> None:
    """The site's style sheet has them, for each theme."""
    assert not re.search(r"#[0-9a-f]{3,6}\b|fill=|stroke=|style=", curves.svg(tanh))
