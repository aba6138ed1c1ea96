"""Hares and lynxes: four rates and two numbers of 1900 from twenty years of pelts: `python -m demos.lotka_volterra`.

The Hudson's Bay Company counted pelts, in thousands (as printed in E. P. Odum, Fundamentals of Ecology, 1953). The equations of
Lotka and Volterra let hares grow and lynxes starve, but for meeting each other:

    hares' = (alpha - beta lynxes) hares,    lynxes' = (delta hares - gamma) lynxes

`odeint` solves them. Residuals are of logarithms, as counts vary by a factor. Their Jacobian is that of the solution to all
six numbers: `jacfwd` through the accepted steps, compiled into one loop.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd import exp, log, odeint
from demos._common import BLUE, ORANGE, folder, need, parser
from demos._fitting import Fit, least_squares

FIRST_YEAR = 1900
HARES = (
    *(30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1),
    *(40.3, 57.0, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7),
)
LYNXES = (
    *(4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4),
    *(8.0, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6),
)
NAMES = ("alpha", "beta", "gamma", "delta", "hares", "lynxes")
GUESS = [*map(math.log, (0.6, 0.03, 0.9, 0.03, 30.0, 5.0))]


def growth(y: Any, _t: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> list[Any]:
    """The rates of change of both."""
    hares, lynxes = y
    return [(alpha - beta * lynxes) * hares, (delta * hares - gamma) * lynxes]


def course(p: Any, years: Sequence[float]) -> list[Any]:
    """Hares and lynxes so many years after 1900, from the logarithms of all six numbers."""
    *rates, hares, lynxes = map(exp, p)
    return odeint(growth, [hares, lynxes], years, *rates, rtol=1e-8, atol=1e-8)  # type: ignore[no-any-return]


def residuals(p: Any) -> list[Any]:
    """The logarithms of the model's numbers, minus those of the counts."""
    years = [float(i) for i in range(len(HARES))]
    pairs = zip(course(p, years), zip(HARES, LYNXES, strict=True), strict=True)
    return [log(y) - math.log(count) for ys, counts in pairs for y, count in zip(ys, counts, strict=True)]


def plot(fit: Fit, path: Path) -> None:
    """Draw both over the years."""
    from matplotlib.figure import Figure

    years = [0.1 * i for i in range(10 * (len(HARES) - 1) + 1)]
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    curves = zip(*course(fit.parameters, years), strict=True)
    for curve, counts, name, colour in zip(curves, (HARES, LYNXES), ("hares", "lynxes"), (BLUE, ORANGE), strict=True):
        axes.plot([FIRST_YEAR + t for t in years], curve, color=colour, label=name)
        axes.plot([FIRST_YEAR + i for i in range(len(counts))], counts, "o", color=colour)
    axes.set(xlabel="year", ylabel="pelts, thousands", title="Hares and lynxes around the Hudson Bay")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Fit, print the numbers with their standard errors, and draw both courses."""
    options = parser(__doc__).parse_args(arguments)
    need("matplotlib")
    folder(options.out)
    fit = least_squares(residuals, GUESS)
    print(f"fitted to {2 * len(HARES)} counts in {fit.tried} steps, scatter {math.sqrt(fit.squares / (2 * len(HARES))):.3f}")
    for name, p, error in zip(NAMES, fit.parameters, fit.errors, strict=True):
        print(f"  {name:6} {math.exp(p):8.4f} +- {math.exp(p) * error:.4f}")
    plot(fit, options.out / "lotka_volterra.png")
    print(f"wrote {options.out / 'lotka_volterra.png'}")


if __name__ == "__main__":
    main()
