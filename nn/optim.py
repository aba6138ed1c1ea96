"""Optimizers: what moves parameters against their gradients."""

from collections.abc import Iterable
from typing import Any

from autograd import Value
from autograd.real import as_float


class Optimizer:
    """What optimizers share: the parameters, their checks, and zero_grad."""

    def __init__(self, parameters: Iterable[Value]) -> None:
        if not isinstance(parameters, Iterable):
            raise TypeError(f"parameters must be a list of Values, not a {type(parameters).__name__}: model.parameters()")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("there are no parameters to optimize: pass model.parameters()")
        for i, parameter in enumerate(self.parameters):
            if not isinstance(parameter, Value) or parameter.operands:
                raise TypeError(f"parameter {i} is {parameter!r}, not a leaf Value: pass model.parameters(), or v.detach()")
        if len(set(map(id, self.parameters))) < len(self.parameters):
            raise ValueError("a parameter is there twice and would step twice: pass each once, as model.parameters() does")

    def zero_grad(self) -> None:
        """Forget the parameters' gradients: before a backward pass, which adds to them."""
        for parameter in self.parameters:
            parameter.grad = None


class SGD(Optimizer):
    """Stochastic gradient descent: parameter -= lr * gradient, at each `step()`.

    `lr`, the learning rate, may be set between steps. Raises ValueError for one that is negative or not finite.

    >>> x = Value(1.0)
    >>> optimizer = SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.data
    0.8
    """

    def __init__(self, parameters: Iterable[Value], lr: Any) -> None:
        super().__init__(parameters)
        self.lr = as_float(lr, "lr")
        if not 0.0 <= self.lr < float("inf"):
            raise ValueError(f"lr must be finite and not negative, not {lr}: lr=0.01, say")

    def step(self) -> None:
        """Move every parameter against its gradient."""
        for parameter in self.parameters:
            parameter.data -= self.lr * parameter.grad
