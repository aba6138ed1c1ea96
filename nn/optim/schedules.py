"""Learning-rate schedules, which set an optimizer's `lr` epoch by epoch: PyTorch's names and formulas."""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from typing import Any, Self

from autograd import pow as power
from autograd.real import as_float, shown
from nn.checks import count, not_negative
from nn.optim.optimizers import Optimizer
from nn.serialization import is_plain


class LRScheduler:
    """What schedules share: `step()` after each epoch sets the optimizer's `lr` to `lr_at` for the number of epochs so far.

    `base_lr` is the optimizer's `lr` when the schedule is made; `last_epoch` counts the steps. A subclass defines `lr_at`, from
    the epoch alone and not from the previous lr: of two schedules on one optimizer the one that steps last prevails; `fit`
    asks for the rates of all its epochs before it trains. `base_lrs` has the rate of each group of parameters; a group's rates
    are what `lr_at` gives with the group's rate for `base_lr`. Raises TypeError for anything but an optimizer, and ValueError
    for a rate that is negative or not finite, with the schedule and the epoch; the optimizer then keeps the rates it has.

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

    base_lrs: list[float]

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__} takes an optimizer, not {optimizer!r}: SGD(model.parameters(), lr=0.1), for example"
            )
        self.optimizer = optimizer
        self.base_lrs = [group.lr for group in optimizer.groups]
        self.last_epoch = 0
        self._set(self.rates_at(0))

    @property
    def base_lr(self) -> float:
        """The learning rate that `lr_at` starts from: the first group's, and another group's where its rates are computed."""
        return self.base_lrs[0]

    @base_lr.setter
    def base_lr(self, base_lr: float) -> None:
        self.base_lrs = [base_lr, *self.base_lrs[1:]]

    def lr_at(self, epoch: int) -> float:
        """The learning rate after this number of epochs."""
        raise NotImplementedError(f"{type(self).__name__} has no lr_at: define `def lr_at(self, epoch): ...`")

    def of_group(self, place: int) -> Self:
        """The schedule as the group at this place sees it: a copy with that group's rate for `base_lr`."""
        other = copy(self)
        other.base_lrs = self.base_lrs[place : place + 1]
        return other

    def checked_lr_at(self, epoch: int) -> float:
        """`lr_at`; ValueError unless that is finite and not negative, for every group."""
        return self.rates_at(epoch)[0]

    def rates_at(self, epoch: int) -> list[float]:
        """What `lr_at` gives for each group; ValueError unless all are finite and not negative."""
        self.base_lrs += [group.lr for group in self.optimizer.groups[len(self.base_lrs) :]]  # those added since
        several = len(self.base_lrs) > 1
        return [(self.of_group(place) if several else self)._checked(epoch) for place in range(len(self.base_lrs))]

    def _checked(self, epoch: int) -> float:
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
        """Count an epoch, and set the learning rate of the optimizer, or of each of its groups."""
        self._set(self.rates_at(self.last_epoch + 1))
        self.last_epoch += 1

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.groups, rates, strict=True):
            group.lr = rate

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group of the optimizer's parameters."""
        return [group.lr for group in self.optimizer.groups]

    def state_dict(self) -> dict[str, Any]:
        """Every attribute but the optimizer and functions, a copy; "class" names the schedule's. As PyTorch's.

        Raises TypeError for an attribute that is no plain data (`nn.serialization.is_plain`): a subclass that has one defines
        this method and `load_state_dict`.
        """
        found = {name: thing for name, thing in vars(self).items() if name != "optimizer" and not _is_function(thing)}
        for name, thing in found.items():
            if not is_plain(thing):
                raise TypeError(
                    f"{type(self).__name__}.{name} is {shown(thing)}, not numbers or text: define state_dict and "
                    f"load_state_dict in {type(self).__name__}"
                )
        return {"class": type(self).__name__, **deepcopy(found)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; the optimizer's rates are in its own state.

        Raises ValueError for the state of another class, with other names or other groups, and where `lr_at` has no rate for
        its epoch; TypeError for anything but such a dict. The schedule is then as it was.
        """
        own, kind = self.state_dict(), type(self).__name__
        if not isinstance(state, Mapping) or "last_epoch" not in state:
            raise TypeError(f'load_state_dict takes a dict with "last_epoch", not {shown(state)}: {kind}.state_dict()')
        if state.get("class", kind) != kind:
            raise ValueError(f"the state is of {state['class']}, and this is {kind}: make the schedule as the saved one")
        differing = [name for name in {**own, **state} if (name in own) != (name in state) and name != "class"]
        if differing:
            raise ValueError(f"the state has {list(state)}, and this {kind} {list(own)}: they differ in {differing}")
        changed = copy(self)
        vars(changed).update({name: deepcopy(thing) for name, thing in state.items() if name != "class"})
        count("last_epoch", changed.last_epoch, least=0)
        bases, groups = changed.base_lrs, len(self.optimizer.groups)
        if not isinstance(bases, list) or len(bases) != groups:
            raise ValueError(f"base_lrs must be a list of a rate for each of {groups} groups, not {shown(bases)}")
        for place, base in enumerate(bases):
            not_negative(f"base_lrs[{place}]", base, "0.01")
        try:
            changed.rates_at(changed.last_epoch)
        except Exception as error:
            raise ValueError(f"the state does not fit {kind} ({type(error).__name__}: {error})") from error
        vars(self).update(vars(changed))


def _is_function(thing: Any) -> bool:
    """Whether it is a function, or a list of nothing else: code, which a state does not hold."""
    return callable(thing) or (isinstance(thing, list | tuple) and bool(thing) and all(map(callable, thing)))


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
    """lr * lr_lambda(epoch), for one function, or one for each group of parameters. As PyTorch's `LambdaLR`.

    Raises TypeError for an lr_lambda that is not a function or a list of them, and ValueError for a list that has not one for
    each group.

    >>> from nn import SGD, Neuron
    >>> schedule = LambdaLR(SGD(Neuron(1).parameters(), lr=0.5), lambda epoch: 1.0 / (1 + epoch))
    >>> [schedule.lr_at(epoch) for epoch in (0, 1, 4)]
    [0.5, 0.25, 0.1]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], Any] | Sequence[Callable[[int], Any]]) -> None:
        if not _is_function(lr_lambda):
            raise TypeError(f"lr_lambda must be a function of the epoch, not {lr_lambda!r}: lambda epoch: 0.95**epoch")
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def rates_at(self, epoch: int) -> list[float]:
        """What `lr_at` gives for each group; ValueError unless all are finite and not negative."""
        groups = len(self.optimizer.groups)
        if isinstance(self.lr_lambda, Sequence) and len(self.lr_lambda) != groups:
            raise ValueError(f"lr_lambda has {len(self.lr_lambda)} functions for {groups} groups: give one, or one for each")
        return super().rates_at(epoch)

    def of_group(self, place: int) -> Self:
        """The schedule as the group at this place sees it, with its function."""
        other = super().of_group(place)
        if isinstance(self.lr_lambda, Sequence):
            other.lr_lambda = self.lr_lambda[place]
        return other

    def lr_at(self, epoch: int) -> float:
        """The learning rate after this number of epochs."""
        function = self.lr_lambda[0] if isinstance(self.lr_lambda, Sequence) else self.lr_lambda
        return self.base_lr * as_float(function(epoch), "what lr_lambda returns")
