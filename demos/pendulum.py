"""A pendulum's parameters from noisy measurements, by gradients through 500 steps of an ODE solver: `python -m demos.pendulum`.

The angle of a damped pendulum obeys

    angle'' = -(g/L) sin(angle) - c angle'

which the classical Runge-Kutta method (RK4) solves in scalar code: one step is 40 operations, 500 steps 20,000. The measured
angles, one a step, carry noise from a seeded generator. To them we fit the two constants g/L and c, and the angle and speed at
the start, by the least mean square of solution minus measurements. Its gradient is exact, through all the steps.

The misfit has local minima where the solution swings out of time with the measurements. So the first fit uses two seconds
alone, in which a wrong g/L cannot fall far behind; each later one uses more of them, and starts where the last one ended.
"""

import math
import random
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from autograd import jit, sin, sum_, value_and_grad
from demos._common import folder, need, parser

STEP = 0.02  # seconds
SPANS = (0.2, 0.5, 1.0)  # shares of the measurements that the fits use, one after the other


class Pendulum(NamedTuple):
    """What determines a swing: g/L in 1/s**2, the damping c in 1/s, and the start's angle in rad and speed in rad/s."""

    stiffness: Any
    damping: Any
    angle: Any
    speed: Any


NOISE = 0.1  # standard deviation of a measurement, rad
TRUTH = Pendulum(stiffness=9.81, damping=0.15, angle=2.0, speed=0.0)
GUESS = Pendulum(stiffness=6.0, damping=0.0, angle=1.0, speed=1.0)
TOLERANCE = Pendulum(stiffness=0.12, damping=0.0125, angle=0.08, speed=0.35)  # 5 times what other seeds' fits scatter by


def swing(pendulum: Pendulum, steps: int) -> list[Any]:
    """The angles after 1, 2, ... steps of RK4, of floats, Values or Symbols."""
    stiffness, damping, angle, speed = pendulum

    def acceleration(angle: Any, speed: Any) -> Any:
        return -stiffness * sin(angle) - damping * speed

    angles = []
    for _ in range(steps):
        v1, a1 = speed, acceleration(angle, speed)
        v2 = speed + 0.5 * STEP * a1
        a2 = acceleration(angle + 0.5 * STEP * v1, v2)
        v3 = speed + 0.5 * STEP * a2
        a3 = acceleration(angle + 0.5 * STEP * v2, v3)
        v4 = speed + STEP * a3
        a4 = acceleration(angle + STEP * v3, v4)
        angle = angle + STEP / 6.0 * (v1 + 2.0 * (v2 + v3) + v4)
        speed = speed + STEP / 6.0 * (a1 + 2.0 * (a2 + a3) + a4)
        angles.append(angle)
    return angles


def misfit(parameters: Any, measured: Sequence[Any], weights: Sequence[Any]) -> Any:
    """The weighted mean square of solution minus measurements, in rad**2."""
    angles = swing(Pendulum(*parameters), len(measured))
    errors = [weight * (angle - at) ** 2 for angle, at, weight in zip(angles, measured, weights, strict=True)]
    return sum_(errors) / sum_(weights)


def measure(steps: int, seed: int) -> list[float]:
    """The true angles with normal noise, in rad."""
    rng = random.Random(seed)
    return [angle + rng.gauss(0.0, NOISE) for angle in swing(TRUTH, steps)]


class Fit(NamedTuple):
    """The result of a fit."""

    pendulum: Pendulum
    misfit: float  # rad**2
    evaluations: int


def fit(measured: Sequence[float], gradient: Callable[..., tuple[float, Any]]) -> Fit:
    """The pendulum with the least misfit, by SciPy's BFGS from the guess, to ever more of the measurements."""
    import numpy as np
    from scipy.optimize import minimize

    parameters, evaluations = np.array(GUESS), 0
    for share in SPANS:
        weights = np.where(np.arange(len(measured)) < share * len(measured), 1.0, 0.0)
        result = minimize(gradient, parameters, args=(np.array(measured), weights), jac=True, method="BFGS")
        parameters, evaluations = result.x, evaluations + result.nfev
    return Fit(Pendulum(*map(float, parameters)), float(result.fun), evaluations)


def plot(measured: Sequence[float], fitted: Pendulum, path: Path) -> None:
    """Draw the true, measured and fitted angles over time, the guess that the fit began with, and the error of the fit."""
    from matplotlib.figure import Figure

    steps = len(measured)
    times = [STEP * (i + 1) for i in range(steps)]
    truth, found, guess = (swing(pendulum, steps) for pendulum in (TRUTH, fitted, GUESS))
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    above.plot(times, measured, ".", color="0.6", markersize=4, label=f"measured, noise of {NOISE} rad")
    above.plot(times, guess, ":", color="#009E73", linewidth=1.2, label="first guess")
    above.plot(times, truth, color="#E69F00", linewidth=4.0, label="true")
    above.plot(times, found, color="#0072B2", linewidth=1.5, label="fitted")
    above.set(ylabel="angle (rad)", title="A damped pendulum, found again from noisy angles")
    above.margins(x=0.01)
    above.set_ylim(top=3.4)
    above.legend(loc="upper right", ncols=4, fontsize="small")
    below.plot(times, [1000.0 * (f - t) for f, t in zip(found, truth, strict=True)], color="#0072B2")
    below.axhline(0.0, color="0.3", linewidth=0.8)
    below.set(xlabel="time (s)", ylabel="fitted - true (mrad)")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Measure, fit, print the result and the speed, and draw the swings."""
    command = parser(__doc__)
    command.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    command.add_argument("--steps", type=int, default=500, help=f"of {STEP} s, each measured (default: 500)")
    options = command.parse_args(arguments)
    if options.steps < 100:
        command.error(f"--steps must be at least 100, not {options.steps}: shorter swings do not tell the damping")
    need("scipy", "matplotlib")
    folder(options.out)
    import numpy as np

    measured = measure(options.steps, options.seed)
    eager, compiled = value_and_grad(misfit), jit(value_and_grad(misfit))
    arguments_of_misfit = np.array(GUESS), np.array(measured), np.ones(options.steps)
    first, each, by_values = (
        min(timeit.repeat(lambda: call(*arguments_of_misfit), number=1, repeat=repeat))  # noqa: B023 - called at once
        for call, repeat in ((compiled, 1), (compiled, 20), (eager, 3))
    )
    value, gradient = compiled(*arguments_of_misfit)
    wanted, wanted_gradient = eager(*arguments_of_misfit)
    assert math.isclose(value, wanted, rel_tol=1e-9)
    assert np.allclose(gradient, wanted_gradient, rtol=1e-9, atol=1e-9)
    print(f"a gradient through {options.steps} steps of RK4, to {len(GUESS)} parameters:")
    print(f"  eager Values        {1e3 * by_values:10.3f} ms")
    print(f"  compiled            {1e3 * each:10.3f} ms, {by_values / each:,.0f} times as fast")
    print(f"  traced and compiled {first:10.3f} s, once\n")

    found = fit(measured, compiled)
    print(f"{found.evaluations} gradients later, at a misfit of {found.misfit:.5f} rad**2 (the noise's own: {NOISE**2:.5f}):")
    print(f"{'':>10} {'guess':>9} {'found':>9} {'true':>9} {'error':>9} {'tolerance':>10}")
    for name, guess, number, true, tolerance in zip(Pendulum._fields, GUESS, found.pendulum, TRUTH, TOLERANCE, strict=True):
        print(f"{name:>10} {guess:9.4f} {number:9.4f} {true:9.4f} {number - true:+9.4f} {tolerance:10.4f}")
        assert options.steps < 500 or abs(number - true) < tolerance
    plot(measured, found.pendulum, options.out / "pendulum.png")
    print(f"the swings: {options.out / 'pendulum.png'}")


if __name__ == "__main__":
    main()
