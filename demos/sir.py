"""An epidemic's rates from the number of sick boys each day, by derivatives of an ODE's solution: `python -m demos.sir`.

In January 1978 influenza went through a boarding school of 763 boys (British Medical Journal, 4 March 1978, page 587). The
model of Kermack and McKendrick has three numbers, of boys who can still fall ill, are ill, and are over it:

    S' = -beta S I / N,    I' = beta S I / N - gamma I,    R' = gamma I

`odeint` solves it; `jacfwd` of the solution, compiled, gives the residuals' Jacobian to log beta, log gamma and log I(0), and
Levenberg and Marquardt's method the least squares. R0 = beta / gamma is how many boys the first one infects.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd import exp, odeint
from demos._common import BLUE, GREEN, ORANGE, folder, need, parser
from demos._fitting import Fit, least_squares

BOYS = 763.0
IN_BED = (3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4)  # 22 January to 4 February
GUESS = [math.log(1.0), math.log(0.3), math.log(3.0)]  # beta and gamma per day; I on the first day


def epidemic(y: Any, _t: Any, beta: Any, gamma: Any) -> list[Any]:
    """The rates of change of S, I and R."""
    s, i, _ = y
    infected, recovered = beta * s * i / BOYS, gamma * i
    return [-infected, infected - recovered, recovered]


def course(p: Any, days: Sequence[float]) -> list[Any]:
    """S, I and R on these days, from the logarithms of beta, gamma and I on day 0."""
    ill = exp(p[2])
    return odeint(epidemic, [BOYS - ill, ill, 0.0], days, exp(p[0]), exp(p[1]), rtol=1e-8, atol=1e-8)  # type: ignore[no-any-return]


def residuals(p: Any) -> list[Any]:
    """The number of boys that the model has ill, minus that of those in bed."""
    days = [float(day) for day in range(len(IN_BED))]
    return [y[1] - sick for y, sick in zip(course(p, days), IN_BED, strict=True)]


def plot(fit: Fit, path: Path) -> None:
    """Draw the three curves, and the boys in bed."""
    from matplotlib.figure import Figure

    days = [0.1 * i for i in range(131)]
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    curves = zip(*course(fit.parameters, days), strict=True)
    for curve, name, colour in zip(curves, ("can fall ill", "ill", "over it"), (BLUE, ORANGE, GREEN), strict=True):
        axes.plot(days, curve, color=colour, label=name)
    axes.plot(range(len(IN_BED)), IN_BED, "o", color="0.3", label="in bed")
    axes.set(xlabel="days since 22 January 1978", ylabel="boys", title="Influenza in a boarding school")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Fit, print the rates with their standard errors, and draw the course."""
    options = parser(__doc__).parse_args(arguments)
    need("matplotlib")
    folder(options.out)
    fit = least_squares(residuals, GUESS)
    beta, gamma, ill = map(math.exp, fit.parameters)
    scatter = math.sqrt(fit.squares / len(IN_BED))
    print(f"fitted to {len(IN_BED)} days in {fit.tried} steps, root mean square {scatter:.1f} boys")
    for name, value, error in zip(("beta ", "gamma", "I(0) "), (beta, gamma, ill), fit.errors, strict=True):
        print(f"  {name} {value:7.4f} +- {value * error:.4f}")
    print(f"  R0    {beta / gamma:7.4f}")
    plot(fit, options.out / "sir.png")
    print(f"wrote {options.out / 'sir.png'}")


if __name__ == "__main__":
    main()
