"""LBFGS, the quasi-Newton method for all data at once: SciPy's L-BFGS-B behind PyTorch's names."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from math import isfinite
from typing import Any, ClassVar

from autograd import AnomalyError
from autograd.real import as_float, is_node, shown
from autograd.value import assign
from nn.checks import count, not_negative
from nn.optim.optimizers import Optimizer, Parameters

Objective = Callable[[Any], tuple[float, Sequence[float]]]
"""From an array of the parameters' numbers to the loss there and its gradient."""


class LBFGS(Optimizer):
    """Limited-memory BFGS: steps by the curvature that the last gradients showed, of a length that a line search finds.

    A call of `step(closure)` is a whole minimization, of up to `max_iter` iterations from the present parameters, by
    `scipy.optimize.minimize(method="L-BFGS-B")`. The loss must be the same function at each evaluation, so compute it from all
    samples, without dropout. Options are PyTorch's, and their defaults; each step begins with an empty history. (Liu and
    Nocedal, On the Limited Memory BFGS Method for Large Scale Optimization, 1989; Byrd, Lu, Nocedal and Zhu, 1995.)

    Raises ValueError for a wrong option and for groups, and ModuleNotFoundError without SciPy.

    Args:
        parameters: Leaf Values.
        lr: 1.0 and nothing else: the line search finds the length of each step.
        max_iter: How many iterations a step makes at most.
        max_eval: After how many evaluations no iteration begins; by default 5/4 of max_iter.
        tolerance_grad: Ends a step where no gradient is larger.
        tolerance_change: Ends a step after an iteration that improves the loss f by less than this times max(abs(f), 1).
        history_size: How many past iterations show the curvature.

    >>> from autograd import Value
    >>> x, y = Value(-1.2), Value(1.0)
    >>> optimizer = LBFGS([x, y], max_iter=100)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> round(optimizer.step(closure).item(), 6), round(x.data, 4), round(y.data, 4)
    (24.2, 1.0, 1.0)
    """

    evaluates: ClassVar[bool] = True

    def __init__(
        self,
        parameters: Parameters,
        lr: Any = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: Any = 1e-7,
        tolerance_change: Any = 1e-9,
        history_size: int = 100,
    ) -> None:
        super().__init__(parameters, lr)
        self.max_iter = count("max_iter", max_iter)
        self.max_eval = None if max_eval is None else count("max_eval", max_eval)
        self.tolerance_grad = not_negative("tolerance_grad", tolerance_grad, "1e-7")
        self.tolerance_change = not_negative("tolerance_change", tolerance_change, "1e-9")
        self.history_size = count("history_size", history_size)
        if find_spec("scipy") is None:
            raise ModuleNotFoundError("LBFGS needs SciPy: pip install scipy")

    @property
    def lr(self) -> float:
        """1.0: the line search finds the length of each step."""
        return 1.0

    @lr.setter
    def lr(self, lr: Any) -> None:
        if as_float(lr, "lr") != 1.0:
            raise ValueError(f"LBFGS has no learning rate, not lr={lr}: its line search finds the length of each step")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Minimize the loss from the present parameters; return the loss before, what the first call of `closure` returned.

        `closure` zeroes the gradients, computes the loss, calls its backward() and returns it; it is called several times, with
        other parameters. In the end the parameters are the best that were tried, and the gradients those of the last trial.
        After an error or Ctrl-C the parameters are as before. A trial whose loss or gradient is not finite is a step too long.

        Raises TypeError without a closure and for one that returns no loss, ValueError for one without backward(), and
        AnomalyError (an ArithmeticError) if the first loss or gradient is nan or inf.
        """
        if closure is None:
            raise TypeError("LBFGS evaluates the loss several times in a step, and needs a function for it: step(closure)")
        before = [parameter.data for parameter in self.parameters]
        losses: list[Any] = []

        def evaluate(numbers: Any) -> tuple[float, list[float]]:
            assign(self.parameters, numbers.tolist())
            losses.append(loss := closure())
            number = as_float(loss.item() if is_node(loss) else loss, "the loss that closure returns")
            if not any(parameter.has_grad for parameter in self.parameters):
                raise ValueError("closure left no gradient in any parameter: call loss.backward() before it returns the loss")
            del losses[1:]
            return number, [parameter.grad for parameter in self.parameters]

        try:
            best, _ = self.minimized(evaluate, before)
            assign(self.parameters, best.tolist())
        except BaseException:
            assign(self.parameters, before)
            raise
        return losses[0]

    def minimized(self, objective: Objective, numbers: Sequence[float]) -> tuple[Any, float]:
        """The best numbers that a step from these finds, as a float64 array, and the loss there.

        `objective` takes such an array, and returns the loss and its gradient. Raises AnomalyError as `step` does.
        """
        import numpy as np
        from scipy.optimize import minimize

        trials = _Trials(objective, np)
        minimize(
            trials,
            np.array(numbers, dtype=float),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": self.max_iter,
                "maxfun": self.max_iter * 5 // 4 if self.max_eval is None else self.max_eval,
                "maxcor": self.history_size,
                "gtol": self.tolerance_grad,
                "ftol": self.tolerance_change,
            },
        )
        return trials.best, trials.loss

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:  # noqa: ARG002 - the protocol's
        """TypeError: no parameter moves by itself."""
        raise TypeError("LBFGS moves all parameters together, by several evaluations of the loss: call step(closure)")

    def _part_into(self, groups: list[Any]) -> None:
        raise ValueError(f"LBFGS takes no groups, and was given {len(groups)}: one line search moves all parameters")


class _Trials:
    """The objective as SciPy evaluates it, and the best of the finite trials."""

    def __init__(self, objective: Objective, np: Any) -> None:
        self.objective = objective
        self.np = np
        self.best: Any = None
        self.first = self.loss = 0.0

    def __call__(self, numbers: Any) -> tuple[float, Any]:
        found, gradient = self.objective(numbers)
        loss, slopes = float(found), self.np.array(gradient, dtype=float)
        if not isfinite(loss) or not self.np.isfinite(slopes).all():
            return self._too_far(numbers, loss, slopes)
        if self.best is None:
            self.first = loss
        if self.best is None or loss < self.loss:
            self.best, self.loss = numbers.copy(), loss
        return loss, slopes

    def _too_far(self, numbers: Any, loss: float, slopes: Any) -> tuple[float, Any]:
        """For a trial without numbers those of a bowl around the best one, worse than the first, so that it is refused."""
        if self.best is None:
            what = f"the loss is {loss}" if not isfinite(loss) else f"a gradient is {slopes[~self.np.isfinite(slopes)][0]}"
            raise AnomalyError(
                f"{what} at the parameters where LBFGS begins, {shown(numbers.tolist())}: begin with others, or find the cause "
                "with detect_anomaly()"
            )
        away = numbers - self.best
        rise = self.first - self.loss + 1.0 + abs(self.first)
        return self.loss + rise, away * (2.0 * rise / (float(away @ away) or 1.0))
