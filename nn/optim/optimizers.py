"""Optimizers, which move parameters against their gradients: PyTorch's names, defaults and formulas.

Each states what becomes of one parameter, as scalar code that runs on floats, in an eager step, and on Symbols, in a trace: it
branches on options and on whether there is a state, never on numbers.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from math import sqrt as sqrt_of_float
from typing import Any, ClassVar, Self

from autograd import Value, maximum, sqrt, truediv
from autograd.real import as_float
from autograd.value import assign
from nn.checks import below_one, not_negative, parameters_in
from nn.optim.groups import Grouped
from nn.optim.late import States
from nn.optim.states import state_into, state_of
from nn.parameter import reached

Parameters = Iterable[Value] | Iterable[Mapping[str, Any]]
"""Leaf Values, or groups: dicts that have them as "params", and options of their own."""


class Optimizer(Grouped):
    """What optimizers share: parameters, their checks, the learning rate, and the step; a subclass defines `update`.

    `parameters` are leaf Values, or groups of them with options of their own: [{"params": a, "lr": 0.01}, {"params": b}]. The
    options given beside them hold for groups that lack them. `lr`, the learning rate, may be set between steps; that of an
    optimizer with groups is the first's, and setting it sets all. `optimizer.param_groups` has the groups as PyTorch's dicts,
    `optimizer.groups` as optimizers.

    Raises ValueError for an lr that is negative or not finite, for no parameters, one given twice, and an unknown option of a
    group; TypeError for a parameter that is not a leaf Value.

    >>> from autograd import sign
    >>> class SignDescent(Optimizer):
    ...     def update(self, number, gradient, state):
    ...         return number - self.lr * sign(gradient), state
    >>> x = Value(1.0)
    >>> optimizer = SignDescent([x], lr=0.25)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.data
    0.75
    """

    evaluates: ClassVar[bool] = False  # True: `step` needs a closure, by which it evaluates the loss itself

    def __init__(self, parameters: Parameters, lr: Any) -> None:
        self.parameters = parameters_in(parameters, leaves=True)
        if not self.parameters:
            raise ValueError("there are no parameters to optimize: pass model.parameters()")
        if len(set(map(id, self.parameters))) < len(self.parameters):
            raise ValueError("a parameter is given twice and would step twice: pass each once, as model.parameters() does")
        self.lr = lr
        self._states: dict[Value, Any] = States()

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._groups[0].lr if self._groups else self._lr

    @lr.setter
    def lr(self, lr: Any) -> None:
        self._lr = not_negative("lr", lr, "0.01")
        for group in self._groups:
            group.lr = lr

    def zero_grad(self) -> None:
        """Forget the parameters' gradients; call it before a backward pass, which adds to them."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient, all of them at once, so that an interrupt comes before or after.

        A `closure`, if given, is called before: it computes the loss and its gradients, and its result is returned.
        """
        if closure is not None and not callable(closure):
            raise TypeError(f"closure must be a function that computes the loss and its gradients, not {closure!r}: step()")
        loss = None if closure is None else closure()
        moved: list[Value] = []
        updates: list[tuple[Any, Any]] = []
        for group in self.groups:
            found = reached(group.parameters)
            updates += [group.update(p.data, p.grad, self._states.get(p)) for p in found]
            moved += found
        numbers, states = [number for number, _ in updates], [state for _, state in updates]
        assign(moved, numbers, also=map(self._states.__setitem__, moved, states))
        return loss

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        """A parameter's next number, and the state to keep for its next update; at the first, `state` is None.

        It is scalar code, which runs on floats in an eager step, and which compiled training traces. The state is None, a
        number, or numbers in tuples, lists and dicts.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no update: define `def update(self, number, gradient, state)` -> (number, state)"
        )

    def with_lr(self, lr: Any) -> Self:
        """A copy with this learning rate, unchecked, whose `update` a trace can call: `lr` may be a Symbol."""
        other = copy(self)
        other._lr = lr
        return other

    def state_dict(self) -> dict[str, Any]:
        """All that changes from step to step, a copy, in PyTorch's layout.

        "state" has what `update` keeps, by the parameter's place, "param_groups" each group's options, with its parameters'
        places for "params", and "class" the optimizer's name. A subclass that remembers more extends this and
        `load_state_dict`.

        >>> SGD([Value(1.0)], lr=0.5).state_dict()["param_groups"][0]["lr"]
        0.5
        """
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned, options included.

        Raises ValueError for the state of another class, for other groups or options, and for a state that `update` does not
        take; TypeError for anything but such a dict. The optimizer is then as it was. As PyTorch's.
        """
        state_into(self, state)()


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
        parameters: Parameters,
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

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        """The next number, and the buffer of the momentum."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * number
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
        parameters: Parameters,
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

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        """The next number; the number of updates and both moments."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * number
        return self._adapted(number, gradient, state)

    def _adapted(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        count, first, second = (0, 0.0, 0.0) if state is None else state
        beta1, beta2 = self.betas
        count = count + 1
        first = beta1 * first + (1.0 - beta1) * gradient
        second = beta2 * second + (1.0 - beta2) * gradient * gradient
        scale = root(second / (1.0 - beta2**count)) + self.eps
        return number - self.lr / (1.0 - beta1**count) * quotient(first, scale), (count, first, second)


class AdamW(Adam):
    """`Adam` with a weight decay outside its scaling: p -= lr * weight_decay * p, then Adam's step without decay.

    As PyTorch's `AdamW` (Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019). Raises as `Adam`.

    >>> round(AdamW([Value(1.0)], lr=0.1, weight_decay=0.5).update(number=1.0, gradient=2.0, state=None)[0], 6)
    0.85
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: Any = 1e-8,
        weight_decay: Any = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
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
        parameters: Parameters,
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

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        """The next number; the means of gradient and square, and the buffer of the momentum."""
        mean, square, buffer = (0.0, 0.0, 0.0) if state is None else state
        if self.weight_decay:
            gradient = gradient + self.weight_decay * number
        square = self.alpha * square + (1.0 - self.alpha) * gradient * gradient
        variance = square
        if self.centered:
            mean = self.alpha * mean + (1.0 - self.alpha) * gradient
            variance = maximum(square - mean * mean, 0.0)  # rounding may leave a little less than 0
        move = quotient(gradient, root(variance) + self.eps)
        if self.momentum:
            move = buffer = move + self.momentum * buffer
        return number - self.lr * move, (mean, square, buffer)


class Adagrad(Optimizer):
    """Steps by the gradient over the root of the sum of all its squares, so that rare gradients make long steps.

    With g = gradient + weight_decay * p, s the sum of g**2 from `initial_accumulator_value` on, and t the number of the
    parameter's updates: p -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps). As PyTorch's `Adagrad` (Duchi et al., Adaptive
    Subgradient Methods for Online Learning and Stochastic Optimization, 2011).

    Raises ValueError for a negative option.

    >>> round(Adagrad([Value(1.0)], lr=0.1).update(number=1.0, gradient=2.0, state=None)[0], 6)
    0.9
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Any = 1e-2,
        lr_decay: Any = 0.0,
        weight_decay: Any = 0.0,
        initial_accumulator_value: Any = 0.0,
        eps: Any = 1e-10,
    ) -> None:
        super().__init__(parameters, lr)
        self.lr_decay = not_negative("lr_decay", lr_decay, "0.01")
        self.weight_decay = not_negative("weight_decay", weight_decay, "0.01")
        self.initial_accumulator_value = not_negative("initial_accumulator_value", initial_accumulator_value, "0.1")
        self.eps = not_negative("eps", eps, "1e-10")

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        """The next number; the number of updates and the sum of squares."""
        count, total = (0, self.initial_accumulator_value) if state is None else state
        if self.weight_decay:
            gradient = gradient + self.weight_decay * number
        total = total + gradient * gradient
        rate = self.lr / (1.0 + count * self.lr_decay) if self.lr_decay else self.lr
        return number - rate * quotient(gradient, root(total) + self.eps), (count + 1, total)


def root(x: Any) -> Any:
    """sqrt(x); by the short way for a positive float, since an eager step spends much of its time here."""
    return sqrt_of_float(x) if type(x) is float and x > 0.0 else sqrt(x)


def quotient(x: Any, y: Any) -> Any:
    """IEEE's x / y, also for floats with a y of 0; by the short way where both agree, likewise."""
    return truediv(x, y) if type(y) is float and y == 0.0 else x / y
