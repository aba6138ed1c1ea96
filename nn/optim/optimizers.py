"""Optimizers, which move parameters against their gradients: PyTorch's names, defaults and formulas."""

from collections.abc import Iterable
from math import sqrt
from typing import Any

from autograd import Value, truediv
from autograd.real import as_float
from autograd.value import assign
from nn.checks import below_one, not_negative, parameters_in


class Optimizer:
    """What optimizers share: parameters, their checks, the learning rate, and the step; a subclass defines `update`.

    `lr`, the learning rate, may be set between steps. Raises ValueError for an lr that is negative or not finite, for no
    parameters and for one given twice; TypeError for a parameter that is not a leaf Value.

    >>> class SignDescent(Optimizer):
    ...     def update(self, number, gradient, state):
    ...         return number - self.lr * (1.0 if gradient > 0.0 else -1.0), state
    >>> x = Value(1.0)
    >>> optimizer = SignDescent([x], lr=0.25)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.data
    0.75
    """

    def __init__(self, parameters: Iterable[Value], lr: Any) -> None:
        self.parameters = parameters_in(parameters, leaves=True)
        if not self.parameters:
            raise ValueError("there are no parameters to optimize: pass model.parameters()")
        if len(set(map(id, self.parameters))) < len(self.parameters):
            raise ValueError("a parameter is given twice and would step twice: pass each once, as model.parameters() does")
        self.lr = lr
        self._states: dict[Value, Any] = {}

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, lr: Any) -> None:
        self._lr = not_negative("lr", lr, "0.01")

    def zero_grad(self) -> None:
        """Forget the parameters' gradients; call it before a backward pass, which adds to them."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient, all of them at once, so that an interrupt comes before or after."""
        moved = [parameter for parameter in self.parameters if parameter.has_grad]
        updates = [self.update(p.data, p.grad, self._states.get(p)) for p in moved]
        numbers, states = [number for number, _ in updates], [state for _, state in updates]
        assign(moved, numbers, also=map(self._states.__setitem__, moved, states))

    def update(self, number: float, gradient: float, state: Any) -> tuple[float, Any]:
        """A parameter's next number, and the state to keep for its next update; at the first, `state` is None."""
        raise NotImplementedError(
            f"{type(self).__name__} has no update: define `def update(self, number, gradient, state)` -> (number, state)"
        )


class SGD(Optimizer):
    """Stochastic gradient descent, with or without momentum.

    With g = gradient + weight_decay * p: p -= lr * g; with momentum p -= lr * b for the buffer b, g at first and then
    momentum * b + (1 - dampening) * g; with `nesterov` p -= lr * (g + momentum * b). As PyTorch's `SGD` (Sutskever et al., On
    the Importance of Initialization and Momentum, 2013).

    Raises ValueError for a negative option, and for `nesterov` without momentum or with dampening.

    >>> x = Value(1.0)
    >>> optimizer = SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.data
    0.8
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Any = 1e-3,
        momentum: Any = 0.0,
        dampening: Any = 0.0,
        weight_decay: Any = 0.0,
        *,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = not_negative("momentum", momentum, "0.9")
        self.dampening = as_float(dampening, "dampening")
        self.weight_decay = not_negative("weight_decay", weight_decay, "0.01")
        self.nesterov = nesterov
        if nesterov and (self.momentum == 0.0 or self.dampening != 0.0):
            raise ValueError(
                f"nesterov=True needs a momentum and no dampening, not momentum={momentum} and dampening={dampening}: "
                "momentum=0.9, dampening=0.0"
            )

    def update(self, number: float, gradient: float, state: float | None) -> tuple[float, float | None]:
        """The next number, and the buffer of the momentum."""
        gradient += self.weight_decay * number if self.weight_decay else 0.0
        if self.momentum:
            state = gradient if state is None else self.momentum * state + (1.0 - self.dampening) * gradient
            gradient = gradient + self.momentum * state if self.nesterov else state
        return number - self.lr * gradient, state


class Adam(Optimizer):
    """Adaptive moment estimation: steps of about lr, whatever the size of the gradients.

    With g = gradient + weight_decay * p, moments m = b1 m + (1 - b1) g and v = b2 v + (1 - b2) g**2, and t the number of
    the parameter's updates: p -= lr * m / (1 - b1**t) / (sqrt(v / (1 - b2**t)) + eps). As PyTorch's `Adam` (Kingma and Ba,
    Adam: A Method for Stochastic Optimization, 2015).

    Raises ValueError for a negative option, and for betas outside [0, 1).

    >>> round(Adam([Value(1.0)], lr=0.1).update(number=1.0, gradient=2.0, state=None)[0], 6)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: Any = 1e-8,
        weight_decay: Any = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"betas must be two numbers, not {betas!r}: betas=(0.9, 0.999)")
        self.betas = below_one("betas[0]", betas[0], "0.9"), below_one("betas[1]", betas[1], "0.999")
        self.eps = not_negative("eps", eps, "1e-8")
        self.weight_decay = not_negative("weight_decay", weight_decay, "0.01")

    def update(self, number: float, gradient: float, state: Any) -> tuple[float, Any]:
        """The next number; the number of updates and both moments."""
        gradient += self.weight_decay * number if self.weight_decay else 0.0
        return self._adapted(number, gradient, state)

    def _adapted(self, number: float, gradient: float, state: Any) -> tuple[float, Any]:
        count, first, second = state or (0, 0.0, 0.0)
        beta1, beta2 = self.betas
        count += 1
        first = beta1 * first + (1.0 - beta1) * gradient
        second = beta2 * second + (1.0 - beta2) * gradient * gradient
        scale = sqrt(second / (1.0 - beta2**count)) + self.eps
        return number - self.lr / (1.0 - beta1**count) * _quotient(first, scale), (count, first, second)


class AdamW(Adam):
    """`Adam` with a weight decay outside its scaling: p -= lr * weight_decay * p, then Adam's step without decay.

    As PyTorch's `AdamW` (Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019). Raises as `Adam`.

    >>> round(AdamW([Value(1.0)], lr=0.1, weight_decay=0.5).update(number=1.0, gradient=2.0, state=None)[0], 6)
    0.85
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: Any = 1e-8,
        weight_decay: Any = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, number: float, gradient: float, state: Any) -> tuple[float, Any]:
        """The next number; the number of updates and both moments."""
        return self._adapted(number * (1.0 - self.lr * self.weight_decay), gradient, state)


class RMSprop(Optimizer):
    """Steps by the gradient over its root mean square, so that each parameter has its own step size.

    With g = gradient + weight_decay * p and s = alpha s + (1 - alpha) g**2: p -= lr * b for b = g / (sqrt(s) + eps), plus
    momentum times the previous b. `centered` takes s - m**2, for the mean m = alpha m + (1 - alpha) g, in place of s. As
    PyTorch's `RMSprop` (Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; centered: Graves, Generating Sequences
    With Recurrent Neural Networks, 2013).

    Raises ValueError for a negative option, and for an alpha outside [0, 1).

    >>> round(RMSprop([Value(1.0)], lr=0.1).update(number=1.0, gradient=2.0, state=None)[0], 6)
    0.0
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Any = 1e-2,
        alpha: Any = 0.99,
        eps: Any = 1e-8,
        weight_decay: Any = 0.0,
        momentum: Any = 0.0,
        *,
        centered: bool = False,
    ) -> None:
        super().__init__(parameters, lr)
        self.alpha = below_one("alpha", alpha, "0.99")
        self.eps = not_negative("eps", eps, "1e-8")
        self.weight_decay = not_negative("weight_decay", weight_decay, "0.01")
        self.momentum = not_negative("momentum", momentum, "0.9")
        self.centered = centered

    def update(self, number: float, gradient: float, state: Any) -> tuple[float, Any]:
        """The next number; the means of gradient and square, and the buffer of the momentum."""
        mean, square, buffer = state or (0.0, 0.0, 0.0)
        gradient += self.weight_decay * number if self.weight_decay else 0.0
        square = self.alpha * square + (1.0 - self.alpha) * gradient * gradient
        variance = square
        if self.centered:
            mean = self.alpha * mean + (1.0 - self.alpha) * gradient
            variance = max(square - mean * mean, 0.0)  # rounding may leave a little less than 0
        buffer = _quotient(gradient, sqrt(variance) + self.eps) + (self.momentum * buffer if self.momentum else 0.0)
        return number - self.lr * buffer, (mean, square, buffer)


def _quotient(x: float, y: float) -> float:
    """IEEE's x / y, also for a y of 0; the short way where both agree, since compiled training spends much time here."""
    return x / y if y else truediv(x, y)
