"""The colours of pictures: a light theme, a dark one and one for any background, and a scale that the colour-blind can read."""

from collections.abc import Iterable
from math import copysign, isfinite, isnan, sqrt
from typing import NamedTuple

NOT_A_NUMBER = "#c51b7d"  # the colour of nan, which is on no scale


class Theme(NamedTuple):
    """Colours by their use; `scale` leads from the most negative number over 0 to the most positive one."""

    background: str
    text: str  # outside nodes, on the background
    line: str
    faint: str
    ink: str  # inside nodes, on the fills below
    value: str
    operation: str
    constant: str
    module: str
    result: str
    scale: tuple[str, ...]


_LIGHT = Theme(
    background="white",
    text="#3c4650",
    line="#5b6b7b",
    faint="#b0b0b0",
    ink="#1b1f24",
    value="#e8f1fa",
    operation="#fdf3d8",
    constant="#f2f2f2",
    module="#ece8f5",
    result="#e3f4e1",
    scale=("#1f5fa8", "#8fc0e4", "#f4f4f4", "#fdb863", "#c05a00"),
)

THEMES = {
    "light": _LIGHT,
    "dark": Theme(
        background="#14181d",
        text="#c4ccd4",
        line="#8796a5",
        faint="#5a6570",
        ink="#e9edf1",
        value="#1e3448",
        operation="#463a1c",
        constant="#2b3138",
        module="#383050",
        result="#204028",
        scale=("#5aa9f5", "#2c5f92", "#2b3138", "#96591b", "#ffa245"),
    ),
    "auto": _LIGHT._replace(
        background="transparent",
        text="#767676",  # a contrast of 4.5 to white and 4.6 to black: readable on any page
        line="#767676",
        faint="#767676",
        scale=("#2f78c4", "#7fb0dc", "#bdbdbd", "#e8ad63", "#c8640c"),
    ),
}


def theme_named(name: str) -> Theme:
    """A theme by its name. Raises ValueError for an unknown name."""
    if not isinstance(name, str) or name not in THEMES:
        raise ValueError(f"theme must be 'light', 'dark' or 'auto', not {name!r}")
    return THEMES[name]


class Scale:
    """Colours for numbers of either sign: blue below 0, orange above, stronger for larger numbers.

    The strength is sqrt(|x| / largest), so that a hundredth of the largest number still has a tenth of the colour.

    >>> scale = Scale([-2.0, 0.5], THEMES["light"])
    >>> scale.colour(-2.0), scale.colour(0.0), scale.colour(2.0)
    ('#1f5fa8', '#f4f4f4', '#c05a00')
    """

    def __init__(self, numbers: Iterable[float], theme: Theme) -> None:
        numbers = list(numbers)
        self.largest = max((abs(x) for x in numbers if isfinite(x)), default=0.0)
        self._has_nan = any(map(isnan, numbers))
        self._stops = theme.scale

    def strength(self, x: float) -> float:
        """Where on the scale a number stands, from -1 to 1: infinities at its ends, nan in its middle."""
        if x == 0.0 or isnan(x):
            return 0.0
        return copysign(1.0 if abs(x) >= self.largest else sqrt(abs(x) / self.largest), x)

    def colour(self, x: float) -> str:
        """The colour of a number, as "#rrggbb"."""
        return NOT_A_NUMBER if isnan(x) else self._at(self.strength(x))

    def legend(self, title: str, precision: int) -> str:
        """Colours with their numbers, as a row of a graphviz HTML-like table. `title` goes in as markup."""
        last = 2.0 * (len(self._stops) - 1)
        places = [i / last * 2.0 - 1.0 for i in range(int(last) + 1)] if self.largest else [0.0]
        swatches = [(f"{copysign(t * t, t) * self.largest + 0.0:.{precision}g}", self._at(t)) for t in places]
        if self._has_nan:
            swatches.append(("nan", NOT_A_NUMBER))
        cells = [
            f'<td width="44" bgcolor="{fill}"><font color="{ink_on(fill)}">{number}</font></td>' for number, fill in swatches
        ]
        return f"<tr><td>{title}</td>{''.join(cells)}</tr>"

    def _at(self, strength: float) -> str:
        place = (strength + 1.0) / 2.0 * (len(self._stops) - 1)
        low = min(int(place), len(self._stops) - 2)
        pairs = zip(_channels(self._stops[low]), _channels(self._stops[low + 1]), strict=True)
        return "#" + "".join(f"{round(a + (b - a) * (place - low)):02x}" for a, b in pairs)


def table(*rows: str) -> str:
    """Rows as one of graphviz's HTML-like labels. They go in as markup."""
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="4">{"".join(rows)}</table>>'


def ink_on(fill: str) -> str:
    """Black or white, whichever reads better on a colour "#rrggbb", by WCAG's relative luminance.

    >>> ink_on("#1f5fa8"), ink_on("#f4f4f4")
    ('#ffffff', '#000000')
    """
    shares = [channel / 255.0 for channel in _channels(fill)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
