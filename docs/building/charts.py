"""Charts of the benchmarks' tables: each time in a row as a mark on a logarithmic scale."""

import math
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH, LABELS, LINE, HEAD, FOOT = 760, 270, 20, 8, 24
LONGEST = 44  # letters of a name beside its row; a longer one stands above
UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
DURATION = re.compile(rf"~? ?([\d.,]+) ({'|'.join(UNITS)})")
MARKS = (
    '<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>',
    '<path d="M{x:.1f} {y:.1f}m-4.5 -4.5h9v9h-9z"/>',
    '<path d="M{x:.1f} {y:.1f}m0 -5.5l5 9.5h-10z"/>',
    '<path d="M{x:.1f} {y:.1f}m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>',
)


class Chart(NamedTuple):
    """What a table says of times: the names of its columns of times, and its rows with a time in one of these."""

    columns: list[str]
    rows: list[tuple[str, str, list[float | None]]]  # a group, which one above may give; a name; seconds


def seconds(cell: str) -> float | None:
    """A cell that is a duration, in seconds; None for any other.

    >>> seconds("1.5 ms"), seconds("~ 11 s"), seconds("2.5 x"), seconds("> 20 s")
    (0.0015, 11.0, None, None)
    """
    found = DURATION.fullmatch(cell)
    return float(found[1].replace(",", "")) * UNITS[found[2]] if found else None


def read(table: Sequence[str]) -> Chart | None:
    """The times of a table in Markdown; None where it has none to compare.

    >>> read(["| work | ours | theirs |", "|---|---|---|", "| a | 1 ms | 2 s |"])
    Chart(columns=['ours', 'theirs'], rows=[('', 'a', [0.001, 2.0])])
    """
    head, _, *body = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in table)
    timed = [i for i in range(1, len(head)) if sum(seconds(cells[i]) is not None for cells in body) * 2 > len(body) / 2]
    timed = timed[: len(MARKS)]
    if not timed:
        return None
    names = 2 if timed[0] >= 2 else 1
    rows, above = [], ""
    for cells in body:
        group = re.sub(r"\*\*", "", cells[0]) or above
        times = [seconds(cells[i]) for i in timed]
        if any(time is not None for time in times):
            rows.append((group, cells[1], times) if names == 2 else ("", group, times))
        above = group
    return Chart([head[i] for i in timed], rows)


def svg(chart: Chart) -> str:
    """The chart, in colours that the site's style sheet names; each mark says its number when pointed at."""
    times = [time for _, _, row in chart.rows for time in row if time]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)) + 1e-9)
    top = HEAD + LINE  # the legend
    lines: list[str] = []
    group = ""
    for above, full, row in chart.rows:
        named, name = (above, full) if len(full) <= LONGEST else (full, "")
        if named != group:
            group = named
            lines += [f'<text class="group" x="0" y="{top + LINE - 6}">{escape(named)}</text>']
            top += LINE + 4
        ours = " ours" if "chainrule" in name else ""
        lines.append(f'<text x="{LABELS - 10}" y="{top + 14}" text-anchor="end" class="name{ours}">{escape(name)}</text>')
        lines += _marks(chart.columns, row, top + LINE / 2, low, high)
        top += LINE
    grid = "".join(
        f'<path class="grid" d="M{_place(10.0**p, low, high):.1f} {HEAD + LINE}V{top}"/>'
        f'<text class="faint" x="{_place(10.0**p, low, high):.1f}" y="{top + 16}" text-anchor="middle">{_power(p)}</text>'
        for p in range(low, high + 1)
    )
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {top + FOOT}" role="img"><title>Times, on a logarithmic scale</title>'
    return "\n".join([head, *_legend(chart.columns), grid, *lines, "</svg>"])


def _marks(columns: Sequence[str], row: Sequence[float | None], y: float, low: int, high: int) -> Iterator[str]:
    for i, (column, time) in enumerate(zip(columns, row, strict=True)):
        if time:
            mark = MARKS[i].format(x=_place(time, low, high), y=y)
            yield f'<g class="mark{i}"><title>{escape(column)}: {_duration(time)}</title>{mark}</g>'


def _legend(columns: Sequence[str]) -> Iterator[str]:
    x = float(LABELS)
    for i, column in enumerate(columns):
        yield f'<g class="mark{i}">{MARKS[i].format(x=x + 5, y=HEAD + 4)}</g>'
        yield f'<text x="{x + 15:.0f}" y="{HEAD + 8}">{escape(column)}</text>'
        x += 30 + 6.6 * len(column)


def _place(time: float, low: int, high: int) -> float:
    return LABELS + 8 + (math.log10(time) - low) / (high - low) * (WIDTH - LABELS - 36)


def _power(power: int) -> str:
    """A power of ten of seconds.

    >>> _power(-4), _power(0), _power(2)
    ('100 µs', '1 s', '100 s')
    """
    return _duration(10.0**power)


def _duration(time: float) -> str:
    name, unit = next((pair for pair in reversed(UNITS.items()) if time >= pair[1] * (1 - 1e-9)), ("ns", 1e-9))
    return f"{float(f'{time / unit:.3g}'):g} {name}"


def with_charts(markdown: str) -> str:
    """The page with a chart before each table that has times, and the table folded away below it."""
    lines, made = markdown.splitlines(), list[str]()
    while lines:
        if not lines[0].startswith("|"):
            made.append(lines.pop(0))
            continue
        table = []
        while lines and lines[0].startswith("|"):
            table.append(lines.pop(0))
        chart = read(table)
        made += ["", f'<figure class="wide">{svg(chart)}</figure>' if chart else "", ""]
        made += [*table, ""]
    return "\n".join(made) + "\n"
