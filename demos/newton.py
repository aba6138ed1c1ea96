"""Second derivatives at work: Newton's method against gradient descent, `python -m demos.newton`.

Both look for the minimum, (1, 1), of Rosenbrock's curved valley

    f(x, y) = (1 - x)**2 + 100 (y - x**2)**2

from the classical start (-1.2, 1) (H. H. Rosenbrock, 1960, doi:10.1093/comjnl/3.3.175). With g the gradient and H the Hessian,
gradient descent goes along -g; Newton's method solves H d = -g and goes along d, to the bottom of the parabola that fits f
where it stands. At the minimum f curves 2,508 times as much across the valley as along it, and only H knows.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from autograd import hessian, value_and_grad
from demos._common import folder, need, parser

MINIMUM = [1.0, 1.0]
TOLERANCE = 1e-10  # a search ends where the gradient's norm is below

Vector = list[float]


class Iterate(NamedTuple):
    """Where a search stands, and the rate of the step that led there: 0 for the start."""

    point: Vector
    rate: float
    f: float
    gradient_norm: float

    @property
    def distance(self) -> float:
        """The distance to the minimum."""
        return math.dist(self.point, MINIMUM)


def rosenbrock(point: Any) -> Any:
    """(1 - x)**2 + 100 (y - x**2)**2, of floats, Values or arrays."""
    x, y = point
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def steepest(_point: Vector, gradient: Vector) -> Vector:
    """The direction of gradient descent, -g."""
    return [-g for g in gradient]


def newton(point: Vector, gradient: Vector) -> Vector:
    """The direction of Newton's method, d with H d = -g; -g where H is singular or d does not lead down."""
    (a, b), (_, c) = hessian(rosenbrock)(point)
    u, v = gradient
    determinant = a * c - b * b
    if determinant != 0.0:
        direction = [(b * v - c * u) / determinant, (b * u - a * v) / determinant]  # Cramer's rule
        if slope(gradient, direction) < 0.0:
            return direction
    return steepest(point, gradient)


def slope(gradient: Vector, direction: Vector) -> float:
    """The rate at which f changes along a direction."""
    return sum(g * d for g, d in zip(gradient, direction, strict=True))


def search(choose: Callable[[Vector, Vector], Vector], start: Vector, rate: float, steps: int) -> list[Iterate]:
    """The way down from the start, along the directions that `choose` gives for a point and its gradient.

    Each step tries `rate`, and halves it until f falls by a small part of what the slope promises (Armijo's condition).
    """
    point, taken, path = start, 0.0, []
    while True:
        f, gradient = value_and_grad(rosenbrock)(point)
        path.append(Iterate(point, taken, f, math.hypot(*gradient)))
        if path[-1].gradient_norm < TOLERANCE or len(path) > steps:
            return path
        direction = choose(point, gradient)
        promised = 1e-4 * slope(gradient, direction)
        taken = rate
        while rosenbrock(moved := ahead(point, direction, taken)) > f + taken * promised:
            taken /= 2.0
        point = moved


def ahead(point: Vector, direction: Vector, rate: float) -> Vector:
    """The point + rate * direction."""
    return [p + rate * d for p, d in zip(point, direction, strict=True)]


def tell(title: str, path: Sequence[Iterate], every: int = 1) -> None:
    """Print a table of a search: the start, some steps at equal distances, and the last."""
    print(f"{title}\n{'step':>6} {'rate':>8} {'f':>9} {'gradient norm':>14} {'distance':>9}")
    for step, at in enumerate(path):
        if step % every == 0 or step == len(path) - 1:
            print(f"{step:6} {at.rate:8.4g} {at.f:9.1e} {at.gradient_norm:14.1e} {at.distance:9.1e}")


def plot(descent: Sequence[Iterate], by_newton: Sequence[Iterate], path: Path) -> None:
    """Draw both ways over contour lines of f, two for each power of ten."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.5), layout="constrained")
    axes = figure.subplots()
    corners = np.array([at.point for at in (*descent, *by_newton)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = 0.12 * (high - low)
    grid = np.meshgrid(*np.linspace(low - margin, high + margin, 400).T)
    heights = rosenbrock(grid)
    levels = 10.0 ** (np.ceil(np.log10(heights.max())) + np.arange(-5.0, 0.5, 0.5))
    filled = axes.contourf(*grid, np.maximum(heights, levels[0]), levels, norm="log", cmap="Greys_r", alpha=0.5)
    axes.contour(*grid, heights, levels, colors="0.55", linewidths=0.6)
    figure.colorbar(filled, label="f(x, y)")
    tenth = max(1, len(descent) // 10)
    for way, label, color, width, dots in (
        (descent, f"gradient descent: {len(descent) - 1:,} steps, every {tenth:,} a dot", "#E69F00", 3.0, tenth),
        (by_newton, f"Newton's method: {len(by_newton) - 1} steps, each a dot", "#0072B2", 1.5, 1),
    ):
        x, y = zip(*(at.point for at in way), strict=True)
        axes.plot(x, y, "o-", label=label, color=color, linewidth=width, markersize=3.0 * width, markevery=dots)
    axes.plot(*descent[0].point, "ks", markersize=9, label="start")
    axes.plot(*MINIMUM, "k*", markersize=15, label="minimum")
    axes.set(xlabel="x", ylabel="y", title="Rosenbrock's valley: two ways down")
    axes.legend(loc="upper center", fontsize="small")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Search by both methods, print how they fare, and draw their ways."""
    command = parser(__doc__)
    command.add_argument(
        "--start", type=float, nargs=2, default=[-1.2, 1.0], metavar=("X", "Y"), help="of both searches (default: -1.2 1)"
    )
    command.add_argument("--steps", type=int, default=5000, help="the most that gradient descent takes (default: 5000)")
    options = command.parse_args(arguments)
    if not all(-10.0 <= number <= 10.0 for number in options.start):
        command.error(f"--start must be two numbers between -10 and 10, not {options.start[0]} {options.start[1]}")
    if math.dist(options.start, MINIMUM) < 1e-3:
        command.error("--start must be at least 0.001 away from the minimum, 1 1: there is nothing to search")
    if options.steps < 1:
        command.error(f"--steps must be at least 1, not {options.steps}")
    need("matplotlib")
    folder(options.out)

    by_newton = search(newton, options.start, rate=1.0, steps=1000)
    tell("Newton's method", by_newton)
    assert by_newton[-1].gradient_norm < TOLERANCE
    for before, after in pairwise(by_newton):
        # to first order the factor is at most 500 + 200 sqrt(5) = 947: |H^-1 T e e| / 2 |e|**2, T being f's third derivatives
        assert before.distance > 0.01 or after.distance <= 1000.0 * before.distance**2 + 1e-12
    print("quadratic convergence: near the minimum, each step about squares the distance\n")

    descent = search(steepest, options.start, rate=0.001, steps=options.steps)
    tell("gradient descent", descent, every=max(1, len(descent) // 10))
    assert descent[: len(by_newton)][-1].gradient_norm > TOLERANCE  # where Newton's method is done, it is not
    print(
        f"it crawls along the valley: {descent[-1].distance:.2g} from the minimum after {len(descent) - 1:,} steps; "
        f"Newton's method is {by_newton[-1].distance:.2g} from it after {len(by_newton) - 1}"
    )
    plot(descent, by_newton, options.out / "newton.png")
    print(f"both ways, over contour lines: {options.out / 'newton.png'}")


if __name__ == "__main__":
    main()
