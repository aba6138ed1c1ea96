"""The charts of benchmarks show their tables."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from docs.building import charts

TABLES = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.md"))
TABLE = [
    "| work | by | first | again | ratio |",
    "|---|---|---|---|---|",
    "| **a** | ours | 1 s | ~ 10 ms | |",
    "| | theirs | > 20 s | 100 ms | 10 x |",
]


def test_a_group_is_carried_down_and_what_is_no_time_is_left_out() -> None:
    """As the reader of the table does."""
    assert charts.read(TABLE) == charts.Chart(["first", "again"], [("a", "ours", [1.0, 0.01]), ("a", "theirs", [None, 0.1])])
    assert charts.read(["| a | b |", "|---|---|", "| x | 3 |"]) is None


def test_marks_stand_in_the_order_of_times() -> None:
    """On a logarithmic scale: a factor of 10 is everywhere as wide."""
    chart = charts.read(TABLE)
    assert chart is not None
    drawn = charts.svg(chart)
    x = {m[1]: float(m[2]) for m in re.finditer(r"<title>\w+: ([^<]+)</title><(?:circle cx=\"|path d=\"M)([\d.]+)", drawn)}
    assert x["100 ms"] - x["10 ms"] == pytest.approx(x["1 s"] - x["100 ms"], abs=0.2)
    assert x["10 ms"] < x["100 ms"]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_time_of_a_column_is_a_mark(path: Path) -> None:
    """In each table of benchmarks, and the table itself stays."""
    text = path.read_text(encoding="utf-8")
    made = charts.with_charts(text)
    assert [line for line in made.splitlines() if line.startswith("|")] == [
        line for line in text.splitlines() if line.startswith("|")
    ]
    for drawn in re.findall(r"<svg.*?</svg>", made, re.DOTALL):
        marks = ET.fromstring(drawn).findall("./g/title")
        assert marks
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    charted = [chart for block in blocks if (chart := charts.read(block.splitlines()))]
    wanted = sum(time is not None for chart in charted for _, _, row in chart.rows for time in row)
    assert made.count("</title><") - made.count("</title></") >= wanted > 0
