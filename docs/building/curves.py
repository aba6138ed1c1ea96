"""The graph of a primitive as SVG: its value and its slope along one operand, from the table alone."""

import math
from collections.abc import Callable, Iterator
from html import escape
from inspect import Parameter
from itertools import pairwise
from typing import NamedTuple

from autograd.definition import Interval, Primitive

WIDTH, HEIGHT, MARGIN = 320, 200, 26
POINTS = 240  # a pixel apart or so
REACH = 5.0  # of the operand, where the domain goes on
PADDING = 0.08


class Setting(NamedTuple):
    """Which operand varies, by its index; the others, as functions of it; and words for what they are."""

    index: int
    operands: Callable[[float], list[float]]
    about: str


class Curve(NamedTuple):
    """The points of a curve, in pieces: it breaks where the function jumps or is nan."""

    name: str
    pieces: list[list[tuple[float, float]]]


def setting(known: Primitive) -> Setting:
    """The operand along the axis: the first that is neither a condition nor fixed; of sequences, the first of two.

    >>> from autograd import leaky_relu, truediv, where
    >>> setting(truediv).about, setting(leaky_relu).about, setting(where).about
    ('y = 2', 'negative_slope = 0.01', 'condition: x > 0, y = 2')
    """
    names = list(known.__signature__.parameters.values())
    if known.arity is None:
        words = "the other one is 2" if known.sequences() == 0 else "times 2"
        return Setting(0, lambda t: [t, 2.0], words)
    if known.of_conditions:
        told = [f"{names[0].name}: a number above 0", *[f"{p.name} = 1" for p in names[1:]]]
        return Setting(0, lambda t: [float(t > 0.0), *[1.0] * (len(names) - 1)], ", ".join(told))
    free = [i for i, interval in enumerate(known.domain) if interval.low < interval.high and i >= known.conditions]
    first = free[0]
    fixed = [_fixed(p, interval) for p, interval in zip(names, known.domain, strict=True)]

    def operands(t: float) -> list[float]:
        return [float(t > 0.0) if i < known.conditions else t if i == first else fixed[i] for i in range(len(names))]

    told = [f"{p.name}: {names[first].name} > 0" for p in names[: known.conditions]]
    still = [i for i in range(known.conditions, len(names)) if i != first]
    others = [f"{names[i].name} = {fixed[i]:g}" for i in still]
    return Setting(first, operands, ", ".join([*told, *others]))


def _fixed(parameter: Parameter, interval: Interval) -> float:
    """The number of an operand that does not vary: its default, else 2, if that is in its domain."""
    if isinstance(parameter.default, float) and math.isfinite(parameter.default):
        return parameter.default
    if parameter.default is parameter.empty and interval.low <= 2.0 <= interval.high:
        return 2.0
    return interval.special[0]


def window(interval: Interval) -> tuple[float, float]:
    """The part of a domain that is drawn, with some of what is around its bounds.

    >>> window(Interval()), window(Interval(0.0)), window(Interval(-1.0, 1.0))
    ((-5.0, 5.0), (-0.625, 5.0), (-1.25, 1.25))
    """
    low, high = max(interval.low, -REACH), min(interval.high, REACH)
    around = min(1.0, (high - low) / 8.0)
    return (low - around if interval.low == low else low), (high + around if interval.high == high else high)


def curves(known: Primitive) -> tuple[Curve, Curve]:
    """Its value and its slope, at the points of the window."""
    index, operands, _ = setting(known)
    low, high = window(known.domain_of(index + 1)[index])
    points = [low + (high - low) * (i + 0.5) / POINTS for i in range(POINTS)]
    values, slopes = [], []
    for t in points:
        at = operands(t)
        value = float(known.at(*at))
        slope = 0.0 if known.of_conditions else float(known.partials(value, *at)[index])
        values.append((t, value))
        slopes.append((t, slope))
    return Curve("value", list(_pieces(values))), Curve("slope", list(_pieces(slopes)))


def _pieces(points: list[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """Cut at what is not finite, at jumps, where a step is far from those around it, and at poles."""
    steps = [abs(b[1] - a[1]) if math.isfinite(a[1]) and math.isfinite(b[1]) else 0.0 for a, b in pairwise(points)]
    piece: list[tuple[float, float]] = []
    for i, point in enumerate(points):
        around = max([*steps[max(i - 3, 0) : max(i - 1, 0)], *steps[i : i + 2]], default=0.0)
        step, before = (steps[i - 1], points[i - 1][1]) if i else (0.0, point[1])
        jumps = step > max(0.25, 8.0 * around) or (step > 2.0 * REACH and before * point[1] < 0.0)
        if piece and (jumps or not math.isfinite(point[1])):
            yield piece
            piece = []
        if math.isfinite(point[1]):
            piece.append(point)
    if piece:
        yield piece


def heights(*drawn: Curve) -> tuple[float, float]:
    """What the picture shows of the vertical axis: 0, and the curves, but for poles and exponential growth."""
    found = sorted(y for curve in drawn for piece in curve.pieces for _, y in piece)
    middle = [y for y in found if abs(y) <= 2.0 * REACH] or [0.0]
    low, high = min(0.0, middle[0]), max(0.0, middle[-1])
    low, high = max(low, -REACH), min(high, REACH)
    around = PADDING * ((high - low) or 2.0)
    return low - around, high + around


def svg(known: Primitive) -> str:
    """The graph, in colours that the site's style sheet names, so that it follows its theme."""
    value, slope = curves(known)
    index, _, about = setting(known)
    (left, right), (low, high) = window(known.domain_of(index + 1)[index]), heights(value, slope)

    def x(t: float) -> float:
        return MARGIN + (t - left) / (right - left) * (WIDTH - 2 * MARGIN)

    def y(number: float) -> float:
        return HEIGHT - MARGIN - (number - low) / (high - low) * (HEIGHT - 2 * MARGIN)

    title = f"{known.name}: value and slope" + (f", {about}" if about else "")
    clip = f"clip-{known.name}"
    inside = f'x="{MARGIN}" y="{MARGIN}" width="{WIDTH - 2 * MARGIN}" height="{HEIGHT - 2 * MARGIN}"'
    lines = [
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<clipPath id="{clip}"><rect {inside}/></clipPath>',
        *_axis([(x(t), f"{t:g}") for t in ticks(left, right)], vertical=False, at=y(0.0)),
        *_axis([(y(n), f"{n:g}") for n in ticks(low, high)], vertical=True, at=x(min(max(0.0, left), right))),
        f'<g clip-path="url(#{clip})">',
        *[
            f'<path class="{curve.name}" d="{_path([(x(t), y(_held(n, low, high))) for t, n in piece])}"/>'
            for curve in (value, slope)  # where they are one, the slope's dashes show both
            for piece in curve.pieces
        ],
        "</g></svg>",
    ]
    return "\n".join(lines)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two bounds, without 0: three to seven.

    >>> ticks(-5.0, 5.0), ticks(-0.1, 1.1)
    ([-4.0, -2.0, 2.0, 4.0], [0.5, 1.0])
    """
    rough = (high - low) / 5.0
    unit = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * unit for factor in (1.0, 2.0, 5.0, 10.0) if factor * unit >= rough), default=10.0 * unit)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1) if i]


def _axis(marks: list[tuple[float, str]], *, vertical: bool, at: float) -> Iterator[str]:
    start, end = MARGIN, (HEIGHT if vertical else WIDTH) - MARGIN
    line = f"M{at:.1f} {start}V{end}" if vertical else f"M{start} {at:.1f}H{end}"
    yield f'<path class="axis" d="{line}"/>'
    for place, text in marks:
        if vertical:
            yield f'<path class="axis" d="M{at - 2:.1f} {place:.1f}h4"/>'
            yield f'<text x="{at - 5:.1f}" y="{place + 3.5:.1f}" text-anchor="end">{text}</text>'
        else:
            yield f'<path class="axis" d="M{place:.1f} {at - 2:.1f}v4"/>'
            yield f'<text x="{place:.1f}" y="{at + 13:.1f}" text-anchor="middle">{text}</text>'


def _held(number: float, low: float, high: float) -> float:
    """Not farther out than the picture is high, on either side."""
    return min(max(number, 2.0 * low - high), 2.0 * high - low)


def _path(points: list[tuple[float, float]]) -> str:
    """A line through the points, without those on a straight line between their neighbours."""
    kept = points[:1]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        area = (after[0] - before[0]) * (point[1] - before[1]) - (point[0] - before[0]) * (after[1] - before[1])
        if abs(area) > 1e-6:
            kept.append(point)
    kept += points[-1:] if len(points) > 1 else [(points[0][0] + 0.5, points[0][1])]
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in kept)
