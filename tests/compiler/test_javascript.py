"""Primitives as JavaScript, in a browser: the engine's bits for arithmetic, an ulp for what Math computes in C's place."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest

import autograd.pictures.page as page_package
from autograd import primitive
from autograd.compiler.javascript import Code, in_javascript, partials_of
from autograd.compiler.lower import NotCompilableError
from autograd.native import CFunction
from autograd.primitives import mul, sech2, tanh
from autograd.table import TABLE
from tests.compiler.comparison import edges
from tests.special import INTEGRALS

LIBRARY = Path(page_package.__file__).with_name("compute.js").read_text(encoding="utf-8")
WORDS = {math.inf: "inf", -math.inf: "-inf"}
READ = """const read = (x) => typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 }[x] : x;"""
WRITE = """const write = (x) => Object.is(x, -0) ? "-0" : Number.isFinite(x) ? x
  : String(x).replace("Infinity", "inf").toLowerCase();"""


def told(x: float) -> Any:
    """A number as JSON, and what JSON cannot write as a word."""
    if x == 0.0 and math.copysign(1.0, x) < 0.0:
        return "-0"
    return x if math.isfinite(x) else WORDS.get(x, "nan")


def ulps(a: float, b: float) -> float:
    """How many floats b is away from a; 0 for nan and nan."""
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    first, second = (struct.unpack("<q", struct.pack("<d", x))[0] for x in (a, b))
    place = [i if i >= 0 else -(i & 0x7FFFFFFFFFFFFFFF) for i in (first, second)]
    return float(abs(place[0] - place[1]))


def run_in(tab: Any, code: Code, points: list[tuple[float, ...]], results: list[float]) -> Any:
    """For each point the value, and the partials at the engine's value."""
    rows = json.dumps([[told(r), *map(told, point)] for r, point in zip(results, points, strict=True)])
    script = f"""(() => {{ {LIBRARY} {READ} {WRITE}
      const value = {code.value}, partials = {code.partials};
      return {rows}.map((row) => {{
        const [r, ...x] = row.map(read), p = new Array(x.length).fill(0);
        partials(r, x, p);
        return [write(value(x)), p.map(write)];
      }});
    }})()"""
    return [(float(v), [float(s) for s in slopes]) for v, slopes in tab.evaluate(script)]


@pytest.fixture(scope="module")
def tab(browser: Any) -> Any:
    """An empty page."""
    opened = browser.new_page()
    yield opened
    opened.close()


NATIVE = [known for known in TABLE.values() if known.native is not None]


@pytest.mark.parametrize("row", NATIVE, ids=lambda row: row.name)
def test_native_rows(row: Any, tab: Any) -> None:
    """Arithmetic, comparisons and choices to the bit, functions of the C library to an ulp, at the edges too."""
    points = edges(row, 300)
    results = [row.evaluate(*point) for point in points]
    allowed = 1 if isinstance(row.native, CFunction) and row.name not in ("sqrt", "abs") else 0
    for (value, _), result, point in zip(
        run_in(tab, in_javascript(row, row.orders(points[0])), points, results), results, points, strict=True
    ):
        assert ulps(result, value) <= allowed, f"{row.name}{point} is {result!r}, not {value!r}"


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_row_and_its_partials(row: Any, tab: Any) -> None:
    """What is made of several such functions differs by a few ulps more: of the largest intermediate, where it cancels."""
    points = edges(row, 200)
    results = [row.evaluate(*point) for point in points]
    allowed = 512 if row.name in INTEGRALS else 16  # an ulp of exp or log is many where an exponent is large, or terms cancel
    for (value, slopes), result, point in zip(
        run_in(tab, in_javascript(row, row.orders(points[0])), points, results), results, points, strict=True
    ):
        assert ulps(result, value) <= allowed, f"{row.name}{point} is {result!r}, not {value!r}"
        for wanted, slope in zip(row.partials(result, *point) if row.differentiable else (), slopes, strict=False):
            assert ulps(float(wanted), slope) <= allowed, f"a partial of {row.name}{point} is {wanted!r}, not {slope!r}"


def test_what_is_printed() -> None:
    """Short where it is short; shared numbers once."""
    assert in_javascript(tanh, [None]).value == "(x) => M.tanh(x[0])"
    assert in_javascript(TABLE["relu"], [None]).value == "(x) => (x[0] <= 0.0) ? 0.0 : x[0]"
    assert [step for step, _ in partials_of(tanh, [None]).steps] == [sech2]
    assert partials_of(mul, [None, None]).outputs == (2, 1)


def test_what_no_trace_tells() -> None:
    """Is refused, with the compiler's words."""
    opaque = primitive("opaque_js", evaluate=lambda x: float(repr(x)), partials=(1.0,))
    with pytest.raises(NotCompilableError, match="opaque_js"):
        in_javascript(opaque, [None])
