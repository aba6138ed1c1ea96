"""`solve_ivp`: SciPy's integrators, with derivatives by the sensitivity equations, which SciPy integrates too."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.applied import Arguments, Rule
from autograd.linear_algebra import sum_of
from autograd.linearization import Linearization
from autograd.modes import current_mode
from autograd.naming import name_of
from autograd.real import is_node, number_of
from autograd.structures import as_array, flatten

Function = Callable[..., Any]


def solve_ivp(
    fun: Function,
    t_span: Sequence[float],
    y0: Any,
    method: str = "RK45",
    t_eval: Any = None,
    args: tuple[Any, ...] = (),
    **options: Any,
) -> Any:
    """`scipy.integrate.solve_ivp`, whose solution has derivatives to y0 and args, of any order and in both modes.

        dS/dt = (df/dy) S + df/d(y0, args),    S = dy/d(y0, args)

    For those who keep SciPy's integrators: in `jit`, and for many parameters, use `odeint`. Needs SciPy.

    Args:
        fun: fun(t, y, *args) returns dy/dt; y is a float array, and Values where derivatives are computed.
        t_span, y0, method, t_eval: as in SciPy.
        args: further arguments of fun, numbers in any structure.
        options: SciPy's, such as rtol and atol, which count for S as well.

    Returns SciPy's result. Where y0 or args hold Values, its `y`, of shape (n, times), holds Values. The times themselves, and
    t_span, have no derivatives. Raises TypeError in `jit`, and SciPy's errors.

    >>> from autograd import grad
    >>> f = lambda k: solve_ivp(lambda t, y, k: [-k * y[0]], (0.0, 1.0), [1.0], args=(k,), rtol=1e-8, atol=1e-8).y[0, -1]
    >>> round(float(f(2.0)), 6), round(grad(f)(2.0), 6)
    (0.135335, -0.135335)
    """
    who = f"solve_ivp of {name_of(fun)}"
    if current_mode().tracer is not None:
        raise TypeError(f"{who}: SciPy runs on numbers, which a traced function does not have yet: use odeint in jit")
    start, _ = flatten(y0, f"{who}: y0")
    arguments = Arguments(args, range(len(args)), who)

    def field(t: float, y: Sequence[Any], p: Sequence[Any]) -> list[Any]:
        return flatten(fun(t, as_array(list(y), (len(y),)), *arguments.at(p)), f"{who}: what fun returns")[0]

    solver = _Solver(field, len(start), method, options, who)
    return solver.result(tuple(map(float, t_span)), t_eval, start, arguments.inputs)


class _Solver:
    def __init__(self, field: Function, n: int, method: str, options: dict[str, Any], who: str) -> None:
        self.field, self.n, self.method, self.options, self.who = field, n, method, options, who

    def result(self, t_span: tuple[float, ...], t_eval: Any, y0: Sequence[Any], p: Sequence[Any]) -> Any:
        """SciPy's result, with Values for y where y0 or p are."""
        from scipy.integrate import solve_ivp as by_scipy

        numbers, fixed = list(map(number_of, y0)), list(map(number_of, p))
        found = by_scipy(
            lambda t, y: list(map(number_of, self.field(t, y.tolist(), fixed))),
            *(t_span, numbers),
            method=self.method,
            t_eval=t_eval,
            **self.options,
        )
        if any(map(is_node, [*y0, *p])) and found.success:
            times = found.t.tolist()
            rule = Sensitivity(self, t_span, times)
            flat = found.y.ravel().tolist()
            results = rule.at([*y0, *p], lambda _: (flat, None))
            found.y = as_array(results, found.y.shape)
        return found


class Sensitivity(Rule):
    """The derivative of a solution at given times. Inputs: y0 and args; results: y, row after row."""

    def __init__(self, solver: _Solver, t_span: tuple[float, ...], times: list[float]) -> None:
        self.solver, self.t_span, self.times, self.name = solver, t_span, times, solver.who
        self.count = solver.n * len(times)

    def _matrix(self, inputs: Sequence[Any]) -> list[list[Any]]:
        """The derivatives of each result to each input."""
        solver, n, many = self.solver, self.solver.n, len(inputs)

        def beside(t: float, z: Sequence[Any], p: Sequence[Any]) -> list[Any]:
            y, s = z[:n], z[n:]
            linear = Linearization(lambda at: (solver.field(t, at[:n], at[n:]), None), [*y, *p], self.name)
            found = list(linear.outputs)
            for i in range(n):
                row = linear.pullback([1.0 if i == j else None for j in range(n)])
                for c in range(many):
                    moved = sum_of([row[j] * s[j * many + c] for j in range(n)])
                    found.append(moved if c < n else moved + row[c])
            return found

        identity = [1.0 if i == c else 0.0 for i in range(n) for c in range(many)]
        both = _Solver(beside, n * (1 + many), solver.method, solver.options, self.name)
        found = both.result(self.t_span, self.times, [*inputs[:n], *identity], inputs[n:]).y.tolist()
        return [[found[n + i * many + c][k] for c in range(many)] for i in range(n) for k in range(len(self.times))]

    def pull(self, inputs: Any, results: Any, cotangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """The cotangents times the matrix."""
        matrix = self._matrix(inputs)
        return [sum_of([c * row[j] for c, row in zip(cotangents, matrix, strict=True)]) for j in range(len(inputs))]

    def push(self, inputs: Any, results: Any, tangents: Any, kept: Any) -> list[Any]:  # noqa: ARG002
        """The matrix times the tangents."""
        return [sum_of([x * t for x, t in zip(row, tangents, strict=True)]) for row in self._matrix(inputs)]
