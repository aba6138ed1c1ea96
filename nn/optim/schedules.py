"""Learning-rate schedules, which set an optimizer's `lr` epoch by epoch: PyTorch's names and formulas."""

import math
from collections.abc import Callable
from typing import Any

from autograd import pow as power
from autograd.real import as_float
from nn.checks import count, not_negative
from nn.optim.optimizers import Optimizer


class LRScheduler:
    """What schedules share: `step()` after each epoch sets the optimizer's `lr` to `lr_at` for the number of epochs so far.

    `base_lr` is the optimizer's `lr` when the schedule is made; `last_epoch` counts the steps. A subclass defines `lr_at`, from
    the epoch alone and not from the previous lr: of two schedules on one optimizer the one that steps last prevails; `fit`
    asks for the rates of all its epochs before it trains. Raises TypeError for anything but an optimizer, and ValueError for a
    rate that is negative or not finite, with the schedule and the epoch; the optimizer then keeps the rate it has.

    >>> from nn import SGD, Neuron
    >>> class Halving(LRScheduler):
    ...     def lr_at(self, epoch):
    ...         return self.base_lr / 2.0**epoch
    >>> optimizer = SGD(Neuron(1).parameters(), lr=0.8)
    >>> schedule = Halving(optimizer)
    >>> schedule.step()
    >>> optimizer.lr, schedule.get_last_lr()
    (0.4, [0.4])
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__} takes an optimizer, not {optimizer!r}: SGD(model.parameters(), lr=0.1), for example"
            )
        self.optimizer = optimizer
        self.base_lr = optimizer.lr
        self.last_epoch = 0
        optimizer.lr = self.checked_lr_at(0)

    def lr_at(self, epoch: int) -> float:
        """The learning rate after this number of epochs."""
        raise NotImplementedError(f"{type(self).__name__} has no lr_at: define `def lr_at(self, epoch): ...`")

    def checked_lr_at(self, epoch: int) -> float:
        """`lr_at`; ValueError unless that is finite and not negative."""
        name = f"{type(self).__name__} after epoch {epoch}"
        wanted, fix = f"{name}: lr must be finite and not negative", "change the schedule, or train for fewer epochs"
        try:
            rate = as_float(self.lr_at(epoch), f"{name}: lr")
        except ArithmeticError as error:
            raise ValueError(f"{wanted}, not {type(error).__name__} ({error}): {fix}") from error
        except Exception as error:
            error.add_note(f"raised by {name}")
            raise
        if not 0.0 <= rate < math.inf:
            raise ValueError(f"{wanted}, not {rate}, from base_lr={self.base_lr}: {fix}")
        return rate

    def step(self) -> None:
        """Count an epoch, and set the optimizer's learning rate."""
        self.optimizer.lr = self.checked_lr_at(self.last_epoch + 1)
        self.last_epoch += 1

    def get_last_lr(self) -> list[float]:
        """The optimizer's learning rate in a list of one; PyTorch lists one for each group of parameters."""
        return [self.optimizer.lr]


class StepLR(LRScheduler):
    """lr * gamma**(epoch // step_size): times `gamma` after every `step_size` epochs. As PyTorch's `StepLR`.

    Raises ValueError for a step_size that is not a whole number of at least 1, or a negative gamma.

    >>> from nn import SGD, Neuron
    >>> schedule = StepLR(SGD(Neuron(1).parameters(), lr=0.5), step_size=30, gamma=0.5)
    >>> [schedule.lr_at(epoch) for epoch in (0, 29, 30, 60)]
    [0.5, 0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: Any = 0.1) -> None:
        self.step_size = count("step_size", step_size)
        self.gamma = not_negative("gamma", gamma, "0.1")
        super().__init__(optimizer)

    def lr_at(self, epoch: int) -> float:
        """The learning rate after this number of epochs."""
        return float(self.base_lr * power(self.gamma, float(epoch // self.step_size)))  # inf, where ** would raise


class CosineAnnealingLR(LRScheduler):
    """From lr to `eta_min` in `T_max` epochs along half a cosine, eta_min + (lr - eta_min) (1 + cos(pi epoch / T_max)) / 2.

    After T_max it rises again. As PyTorch's `CosineAnnealingLR` (Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with
    Warm Restarts, 2017). Raises ValueError for a T_max that is not a whole number of at least 1, or a negative eta_min.

    >>> from nn import SGD, Neuron
    >>> schedule = CosineAnnealingLR(SGD(Neuron(1).parameters(), lr=0.5), T_max=10)
    >>> [round(schedule.lr_at(epoch), 6) for epoch in (0, 5, 10)]
    [0.5, 0.25, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: Any = 0.0) -> None:  # noqa: N803 - PyTorch's name
        self.T_max = count("T_max", T_max)
        self.eta_min = not_negative("eta_min", eta_min, "0.0")
        super().__init__(optimizer)

    def lr_at(self, epoch: int) -> float:
        """The learning rate after this number of epochs."""
        return self.eta_min + (self.base_lr - self.eta_min) * (1.0 + math.cos(math.pi * epoch / self.T_max)) / 2.0


class LambdaLR(LRScheduler):
    """lr * lr_lambda(epoch). As PyTorch's `LambdaLR`. Raises TypeError for an lr_lambda that is not a function.

    >>> from nn import SGD, Neuron
    >>> schedule = LambdaLR(SGD(Neuron(1).parameters(), lr=0.5), lambda epoch: 1.0 / (1 + epoch))
    >>> [schedule.lr_at(epoch) for epoch in (0, 1, 4)]
    [0.5, 0.25, 0.1]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], Any]) -> None:
        if not callable(lr_lambda):
            raise TypeError(f"lr_lambda must be a function of the epoch, not {lr_lambda!r}: lambda epoch: 0.95**epoch")
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def lr_at(self, epoch: int) -> float:
        """The learning rate after this number of epochs."""
        return self.base_lr * as_float(self.lr_lambda(epoch), "what lr_lambda returns")
