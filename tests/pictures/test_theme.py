"""Colours: themes in pictures, the scale, and ink that one can read."""

import pytest

from autograd import draw
from autograd.pictures.theme import THEMES, Scale, ink_on, theme_named
from nn import MLP
from tests.pictures.graphs import loss_of


@pytest.mark.parametrize("theme", THEMES)
def test_themes(theme: str) -> None:
    """Each colour of the picture is the theme's; auto has no background."""
    loss = loss_of(MLP(2, [2, 1], rng=0))
    source = draw(loss, theme=theme, gradients=True, depth=1).source
    assert f"bgcolor={THEMES[theme].background}" in source.replace('"', "")
    if theme == "auto":
        assert "bgcolor=transparent" in source
    assert f'fontcolor="{THEMES[theme].text}"' in source


def test_the_scale() -> None:
    """Grows with the square root, and ends where the largest finite number is."""
    scale = Scale([4.0, -1.0, float("inf"), float("nan")], THEMES["dark"])
    assert scale.strength(1.0) == 0.5
    assert scale.strength(-4.0) == scale.strength(-float("inf")) == -1.0
    assert scale.strength(0.0) == 0.0
    assert scale.colour(1.0) == THEMES["dark"].scale[3]
    assert Scale([], THEMES["light"]).colour(0.0) == THEMES["light"].scale[2]
    assert Scale([0.0], THEMES["light"]).legend("t", 3).count("<td") == 2


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours "#rrggbb"."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_texts_can_be_read(name: str) -> None:
    """A contrast of 4.5 (WCAG AA): ink on every fill and every colour of the scale, text on the background."""
    theme = theme_named(name)
    for fill in (theme.value, theme.operation, theme.constant, theme.module, theme.result):
        assert contrast(theme.ink, fill) >= 4.5
    scale = Scale([1.0], theme)
    for x in (i / 50 - 1.0 for i in range(101)):
        assert contrast(ink_on(scale.colour(x)), scale.colour(x)) >= 4.5
    grounds = {"light": ["#ffffff"], "dark": [theme.background], "auto": ["#ffffff", "#000000"]}[name]
    assert all(contrast(theme.text, ground) >= 4.49 for ground in grounds)


def test_unknown_themes() -> None:
    """The message lists the themes there are."""
    for name in ("blue", None, ["light"]):
        with pytest.raises(ValueError, match="theme must be 'light', 'dark' or 'auto', not "):
            theme_named(name)  # type: ignore[arg-type]
