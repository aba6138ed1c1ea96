"""Gradients through equations solved: roots, linear systems and ODEs, beside JAX with optimistix and diffrax, and CasADi.

Every contender computes the same gradient of the same loss, to the tolerances that its own documentation suggests for so many
digits; results must agree, or nothing is timed.
"""

import math
import statistics
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks import sparse
from benchmarks.common import MACHINE, duration, import_peer, one_core, ratio, table

HEADER = ("problem", "by", "first result", "a call", "calls: as many times as long")
SIZE = 20  # unknowns of the systems
AGREE = 2e-4  # relative; integrators differ by what their tolerances allow

SPARSE = (
    "Sparse derivatives of functions that are one graph to both, ba of a thousand observations; sweeps for one derivative, "
    "with that for the gradient."
)

Call = Callable[[], Sequence[float]]
"""One gradient, as floats."""


class Contender(NamedTuple):
    """Who computes it, what that needs, and how: `prepared()` returns the call; its time counts to the first result."""

    name: str
    needs: str
    prepared: Callable[[], Call]


# --- Kepler's equation, and a system ------------------------------------------------------------------------------------


ORBIT = [0.4, 1.3]  # eccentricity, mean anomaly


def broyden(x: Sequence[Any], p: Any, zero: Any = 0.0) -> list[Any]:
    """Broyden's tridiagonal system (Moré, Garbow and Hillstrom 1981, number 30), with two parameters."""
    left, right = [zero, *x[:-1]], [*x[1:], zero]
    return [(3.0 - p[0] * b) * b - a - 2.0 * c + p[1] for a, b, c in zip(left, x, right, strict=True)]


TRIDIAGONAL = [2.0, 1.0]


def kepler_here() -> Call:
    """root, compiled."""
    from autograd import grad, jit, root, sin

    f = jit(grad(lambda v: root(lambda e, v: e - v[0] * sin(e) - v[1], v[1], v)))
    return lambda: f(ORBIT)


def broyden_here() -> Call:
    """root of 20 unknowns."""
    from autograd import dot, grad, jit, root

    def loss(p: Any) -> Any:
        x = root(broyden, [-1.0] * SIZE, p)
        return dot(x, x)

    f = jit(grad(loss))
    return lambda: f(TRIDIAGONAL)


def _by_jax(loss: Callable[[Any], Any], at: Sequence[float]) -> Call:
    import jax
    import jax.numpy as jnp

    f, x = jax.jit(jax.grad(loss)), jnp.array(at)
    return lambda: [*map(float, f(x).block_until_ready())]


def kepler_optimistix() -> Call:
    """optimistix.root_find."""
    import jax.numpy as jnp
    import optimistix

    solver = optimistix.Newton(rtol=1e-10, atol=1e-10)

    def loss(v: Any) -> Any:
        return optimistix.root_find(lambda e, v: e - v[0] * jnp.sin(e) - v[1], solver, v[1], v).value

    return _by_jax(loss, ORBIT)


def broyden_optimistix() -> Call:
    """The same system on arrays."""
    import jax.numpy as jnp
    import optimistix

    solver = optimistix.Newton(rtol=1e-10, atol=1e-10)

    def residual(x: Any, p: Any) -> Any:
        padded = jnp.pad(x, 1)
        return (3.0 - p[0] * x) * x - padded[:-2] - 2.0 * padded[2:] + p[1]

    def loss(p: Any) -> Any:
        x = optimistix.root_find(residual, solver, -jnp.ones(SIZE), p).value
        return x @ x

    return _by_jax(loss, TRIDIAGONAL)


def _by_casadi_root(count: int, residual: Callable[..., Any], start: Any, at: Sequence[float]) -> Call:
    import casadi as ca

    x, p = ca.SX.sym("x", count), ca.SX.sym("p", len(at))
    solver = ca.rootfinder("solver", "newton", {"x": x, "p": p, "g": residual(x, p)})
    q = ca.MX.sym("q", len(at))
    found = solver(start(q), q)
    f = ca.Function("f", [q], [ca.gradient(ca.dot(found, found) if count > 1 else found, q)])
    return lambda: f(at).full().ravel().tolist()  # type: ignore[no-any-return]


def kepler_casadi() -> Call:
    """CasADi's rootfinder."""
    import casadi as ca

    return _by_casadi_root(1, lambda e, v: e - v[0] * ca.sin(e) - v[1], lambda v: v[1], ORBIT)


def broyden_casadi() -> Call:
    """CasADi's rootfinder of 20 unknowns."""
    import casadi as ca

    def residual(x: Any, p: Any) -> Any:
        return ca.vertcat(*broyden([x[i] for i in range(SIZE)], p))

    return _by_casadi_root(SIZE, residual, lambda _: ca.DM([-1.0] * SIZE), TRIDIAGONAL)


# --- a linear system --------------------------------------------------------------------------------------------------


def _matrix(a: Any, cos: Callable[[Any], Any]) -> list[list[Any]]:
    return [[(3.0 if i == j else 0.0) + 0.1 * cos(a * (i + 2.0 * j)) for j in range(SIZE)] for i in range(SIZE)]


RIGHT = [math.sin(i) for i in range(SIZE)]


def linear_here() -> Call:
    """linear_solve."""
    from autograd import cos, dot, grad, jit, linear_solve

    def loss(v: Any) -> Any:
        x = linear_solve(_matrix(v[0], cos), RIGHT)
        return dot(x, x)

    f = jit(grad(loss))
    return lambda: f([0.7])


def linear_jax() -> Call:
    """jax.numpy.linalg.solve."""
    import jax.numpy as jnp

    def loss(v: Any) -> Any:
        i, j = jnp.arange(SIZE)[:, None], jnp.arange(SIZE)[None, :]
        x = jnp.linalg.solve(3.0 * jnp.eye(SIZE) + 0.1 * jnp.cos(v[0] * (i + 2.0 * j)), jnp.array(RIGHT))
        return x @ x

    return _by_jax(loss, [0.7])


def linear_casadi() -> Call:
    """CasADi's solve."""
    import casadi as ca

    a = ca.MX.sym("a")
    x = ca.solve(ca.vertcat(*[ca.horzcat(*row) for row in _matrix(a, ca.cos)]), ca.DM(RIGHT))
    f = ca.Function("f", [a], [ca.gradient(ca.dot(x, x), a)])
    return lambda: f(0.7).full().ravel().tolist()  # type: ignore[no-any-return]


# --- ODEs -------------------------------------------------------------------------------------------------------------


def lotka_volterra(y: Any, p: Any) -> list[Any]:
    """Prey and predators."""
    return [p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]]


def oregonator(y: Any, p: Any) -> list[Any]:
    """A stiff reaction (Hairer and Wanner II, section IV.1: OREGO), its three numbers scaled by p."""
    return [
        77.27 * p[0] * (y[1] + y[0] * (1.0 - 8.375e-6 * p[1] * y[0] - y[1])),
        (y[2] - (1.0 + y[0]) * y[1]) / (77.27 * p[0]),
        0.161 * p[2] * (y[0] - y[2]),
    ]


class Equation(NamedTuple):
    """What is integrated, from where, at which times the squares are summed, and methods for it."""

    field: Callable[[Any, Any], list[Any]]
    start: list[float]
    times: list[float]
    p: list[float]
    here: str
    diffrax: str
    tolerance: float
    scale: list[float]


PREY = Equation(
    lotka_volterra, [1.0, 1.0], [float(i) for i in range(11)], [1.5, 1.0, 3.0, 1.0], "tsit5", "Tsit5", 1e-8, [1.0, 1.0]
)
OREGO = Equation(
    oregonator, [1.0, 2.0, 3.0], [0.0, 5.0, 10.0, 20.0], [1.0, 1.0, 1.0], "rosenbrock", "Kvaerno5", 1e-8, [1e-3, 1e-3, 1e-3]
)


def ode_here(equation: Equation) -> Call:
    """odeint."""
    from autograd import grad, jit, odeint, sum_

    def loss(p: Any) -> Any:
        tolerances = {"rtol": equation.tolerance, "atol": equation.tolerance}
        ys = odeint(
            lambda y, _t, p: equation.field(y, p), equation.start, equation.times, p, method=equation.here, **tolerances
        )
        return sum_([(s * x) ** 2 for y in ys for s, x in zip(equation.scale, y, strict=True)])

    f = jit(grad(loss))
    return lambda: f(equation.p)


def ode_diffrax(equation: Equation) -> Call:
    """diffrax, with the adjoint that its documentation recommends."""
    import diffrax
    import jax.numpy as jnp

    def loss(p: Any) -> Any:
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _t, y, p: jnp.stack(equation.field(y, p))),
            getattr(diffrax, equation.diffrax)(),
            equation.times[0],
            equation.times[-1],
            None,
            jnp.array(equation.start),
            args=p,
            saveat=diffrax.SaveAt(ts=jnp.array(equation.times)),
            stepsize_controller=diffrax.PIDController(rtol=equation.tolerance, atol=equation.tolerance),
            max_steps=4096,
        ).ys
        return jnp.sum((found * jnp.array(equation.scale)) ** 2)

    return _by_jax(loss, equation.p)


def ode_jax(equation: Equation) -> Call:
    """jax.experimental.ode.odeint: dopri5, the continuous adjoint."""
    import jax.numpy as jnp
    from jax.experimental.ode import odeint

    def loss(p: Any) -> Any:
        tolerances = {"rtol": equation.tolerance, "atol": equation.tolerance}
        field = lambda y, _t, p: jnp.stack(equation.field(y, p))  # noqa: E731
        found = odeint(field, jnp.array(equation.start), jnp.array(equation.times), p, **tolerances)
        return jnp.sum((found * jnp.array(equation.scale)) ** 2)

    return _by_jax(loss, equation.p)


def ode_casadi(equation: Equation) -> Call:
    """CasADi's integrator: CVODES with its adjoint."""
    import casadi as ca

    n = len(equation.start)
    y, p = ca.SX.sym("y", n), ca.SX.sym("p", len(equation.p))
    dae = {"x": y, "p": p, "ode": ca.vertcat(*equation.field([y[i] for i in range(n)], p))}
    options = {"reltol": equation.tolerance, "abstol": equation.tolerance}
    solver = ca.integrator("solver", "cvodes", dae, equation.times[0], equation.times[1:], options)
    q = ca.MX.sym("q", len(equation.p))
    scaled = ca.repmat(ca.DM(equation.scale), 1, len(equation.times) - 1) * solver(x0=equation.start, p=q)["xf"]
    f = ca.Function("f", [q], [ca.gradient(ca.sumsqr(scaled), q)])
    return lambda: f(equation.p).full().ravel().tolist()  # type: ignore[no-any-return]


CHAINRULE, JAX = "chainrule", "JAX"
PROBLEMS: dict[str, list[Contender]] = {
    "Kepler's equation, 1 unknown": [
        Contender(CHAINRULE, "llvmlite", kepler_here),
        Contender("JAX, optimistix", "optimistix", kepler_optimistix),
        Contender("CasADi, rootfinder", "casadi", kepler_casadi),
    ],
    f"Broyden's system, {SIZE} unknowns": [
        Contender(CHAINRULE, "llvmlite", broyden_here),
        Contender("JAX, optimistix", "optimistix", broyden_optimistix),
        Contender("CasADi, rootfinder", "casadi", broyden_casadi),
    ],
    f"a linear system, {SIZE} x {SIZE}": [
        Contender(CHAINRULE, "llvmlite", linear_here),
        Contender(JAX, "jax", linear_jax),
        Contender("CasADi", "casadi", linear_casadi),
    ],
    "Lotka-Volterra, 10 periods of 1": [
        Contender(CHAINRULE, "llvmlite", lambda: ode_here(PREY)),
        Contender("JAX, diffrax", "diffrax", lambda: ode_diffrax(PREY)),
        Contender("JAX, its odeint", "jax", lambda: ode_jax(PREY)),
        Contender("CasADi, CVODES", "casadi", lambda: ode_casadi(PREY)),
    ],
    "Oregonator, stiff": [
        Contender(CHAINRULE, "llvmlite", lambda: ode_here(OREGO)),
        Contender("JAX, diffrax", "diffrax", lambda: ode_diffrax(OREGO)),
        Contender("CasADi, CVODES", "casadi", lambda: ode_casadi(OREGO)),
    ],
}


class Timed(NamedTuple):
    """A contender's figures, in seconds of the processor."""

    name: str
    first: float
    call: float


def run(options: Namespace) -> str:
    """Measure everything; returns the table as Markdown."""
    one_core()
    rows: list[tuple[str, ...]] = []
    for name, contenders in PROBLEMS.items():
        timed = measured(contenders, options.rounds)
        rows += [
            (name, each.name, duration(each.first), duration(each.call), ratio(each.call / timed[0].call)) for each in timed
        ]
    about = f"{MACHINE}; gradients, in processor time of one core; medians, peers alternating in one process, collector on."
    return "\n".join([about, "", *table(HEADER, rows), "", SPARSE, "", *table(sparse.HEADER, sparse.rows(options.rounds))])


def measured(contenders: Sequence[Contender], rounds: int) -> list[Timed]:
    """The figures of those that are installed; AssertionError if their gradients differ."""
    calls: dict[str, Call] = {}
    firsts: dict[str, float] = {}
    expected: Sequence[float] | None = None
    for contender in contenders:
        try:
            import_peer(contender.needs)
        except ImportError:
            print(f"left out: {contender.name}, which needs {contender.needs}")
            continue
        start = time.process_time()
        call = contender.prepared()
        found = call()
        firsts[contender.name], calls[contender.name] = time.process_time() - start, call
        expected = found if expected is None else expected
        scale = max(map(abs, expected))
        close = all(abs(a - b) <= AGREE * scale for a, b in zip(found, expected, strict=True))
        assert close, f"{contender.name} found {found}, not {expected}"
    times: dict[str, list[float]] = {name: [] for name in calls}
    counts = {name: _count(call) for name, call in calls.items()}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(counts[name]):
                call()
            times[name].append((time.process_time() - start) / counts[name])
    return [Timed(name, firsts[name], statistics.median(each)) for name, each in times.items()]


def _count(call: Call) -> int:
    """How many calls take about a hundredth of a second."""
    start = time.process_time()
    for _ in range(3):
        call()
    return max(1, round(0.01 * 3 / max(time.process_time() - start, 1e-6)))
