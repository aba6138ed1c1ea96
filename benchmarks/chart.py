"""The README's chart as SVG: seconds of a training as bars on a logarithmic scale, on light and dark ground."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from autograd.files import write_whole
from benchmarks.common import duration

WIDTH, NAMES, FIGURES = 860, 170, 210  # the whole, the room left of the bars and that right of them
LINE, HEAD, FOOT = 24, 56, 30  # the heights of a bar, a panel's title and its scale
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.faint { fill: #59636e; }
.grid { stroke: #d1d9e0; }
.bar { fill: #8c959f; }
.ours { fill: #0072b2; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .faint { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .bar { fill: #656c76; }
  .ours { fill: #56b4e9; }
}"""


class Bar(NamedTuple):
    """A peer, its seconds, and whether it is the one that the chart is about."""

    name: str
    seconds: float
    ours: bool


class Panel(NamedTuple):
    """A training, and its bars; with a unit in seconds, the scale counts these, and each bar says how often it goes into it."""

    name: str
    about: str
    bars: Sequence[Bar]
    unit: float | None = None


def save(path: Path, panels: Sequence[Panel]) -> None:
    """Write the chart."""
    write_whole(path, svg(panels).encode())


def svg(panels: Sequence[Panel]) -> str:
    """The chart as text."""
    parts, top = [], 0
    for panel in panels:
        parts += list(_panel(panel, top))
        top += _height(panel)
    told = "; ".join(
        f"{panel.name}: " + ", ".join(f"{bar.name} {duration(bar.seconds)}" for bar in panel.bars) for panel in panels
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" role="img">'
    described = f"<title>Time per training, logarithmic scale</title>\n<desc>{escape(told)}</desc>"
    return "\n".join([head, described, f"<style>{STYLE}\n</style>", *parts, "</svg>\n"])


def _height(panel: Panel) -> int:
    return HEAD + LINE * len(panel.bars) + FOOT


def _panel(panel: Panel, top: int) -> Iterator[str]:
    unit = panel.unit or 1.0
    sizes = [bar.seconds / unit for bar in panel.bars]
    low, high = math.floor(math.log10(min(sizes)) - 0.3), math.ceil(math.log10(max(sizes)) - 1e-9)
    scale = (WIDTH - NAMES - FIGURES) / (high - low)
    bottom = top + HEAD + LINE * len(sizes)
    scaled = "time per training, micrograd = 1" if panel.unit else "time per training"
    yield f'<text x="0" y="{top + 20}" class="title">{escape(panel.name)}</text>'
    yield f'<text x="0" y="{top + 40}" class="faint">{escape(panel.about)}</text>'
    for power in range(low, high + 1):
        x = NAMES + (power - low) * scale
        yield f'<path d="M{x:.1f} {top + HEAD - 4}V{bottom}" class="grid"/>'
        label = _power(power) if panel.unit else duration(10.0**power) if power < 3 else f"{10**power:,} s"
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" class="faint">{label}</text>'
    yield f'<text x="{WIDTH}" y="{top + 20}" text-anchor="end" class="faint">{scaled}</text>'
    for i, (bar, size) in enumerate(zip(panel.bars, sizes, strict=True)):
        y, width = top + HEAD + LINE * i, (math.log10(size) - low) * scale
        figure = duration(bar.seconds)
        if panel.unit:
            figure += f", 1 / {1.0 / size:,.0f}" if size < 1.0 else ""
        yield f'<text x="{NAMES - 8}" y="{y + 14}" text-anchor="end">{escape(bar.name)}</text>'
        box = f'x="{NAMES}" y="{y}" width="{width:.1f}" height="{LINE - 6}" rx="2"'
        yield f'<rect {box} class="{"ours" if bar.ours else "bar"}"/>'
        yield f'<text x="{NAMES + width + 6:.1f}" y="{y + 14}">{figure}</text>'


def _power(power: int) -> str:
    """A power of ten, written with a raised exponent."""
    sign = "\N{MINUS SIGN}" if power < 0 else ""
    return f'10<tspan dy="-5" font-size="9">{sign}{abs(power)}</tspan>' if power else "1"
