"""Parameter groups: PyTorch's numbers, options that are checked whenever they are set, and what is refused."""

import copy
import inspect
import math
import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import pytest

import nn
from autograd import Value
from nn import LBFGS, MLP, SGD, Adam, AdamW, Optimizer, StepLR, mse_loss
from tests.nn import make_references as references
from tests.nn.optim.test_optimizers import run


def made(name: str) -> tuple[Any, list[Value]]:
    """The optimizer of a case with groups, and all parameters in the references' order."""
    parameters = [Value(x) for x in references.START]
    return getattr(nn, name)(references.dealt(parameters, name), **references.GROUPS[name][1]), parameters


def pair(**options: Any) -> SGD:
    """An SGD of two groups."""
    return SGD([{"params": [Value(1.0), Value(2.0)], "lr": 0.5}, {"params": [Value(3.0)]}], lr=0.1, **options)


@pytest.mark.parametrize("name", references.GROUPS)
def test_fifty_steps_with_groups_are_pytorchs(name: str) -> None:
    """To 1e-12: each group goes by its own options, and by the common ones where it has none."""
    for ours, theirs in zip(run(*made(name)), references.recorded()["groups"][name], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


def test_each_group_is_an_optimizer() -> None:
    """Of the same class, with its parameters and options; those of all come in the order of the groups."""
    optimizer = pair(momentum=0.9)
    assert [type(group) for group in optimizer.groups] == [SGD, SGD]
    assert [group.lr for group in optimizer.groups] == [0.5, 0.1]
    assert [group.momentum for group in optimizer.groups] == [0.9, 0.9]
    assert [p.data for p in optimizer.parameters] == [1.0, 2.0, 3.0]
    assert [[p.data for p in group.parameters] for group in optimizer.groups] == [[1.0, 2.0], [3.0]]
    alone = SGD([Value(1.0)])
    assert alone.groups == [alone]
    for parameter in optimizer.parameters:
        parameter.grad = 1.0
    optimizer.step()
    optimizer.groups[1].step()
    assert all(group._states is optimizer._states for group in optimizer.groups)
    assert optimizer.state_dict()["state"] == {0: 1.0, 1: 1.0, 2: 1.9}
    assert optimizer.groups[1].state_dict()["state"] == {0: 1.9}


def test_parameters_may_come_as_iterators() -> None:
    """Groups and parameters alike, as PyTorch takes them; a single parameter will do."""
    model = MLP(2, [2, 1], rng=0)
    groups = ({"params": iter(layer.parameters())} for layer in model.layers)
    assert list(map(id, Adam(groups, lr=0.1).parameters)) == list(map(id, model.parameters()))
    assert len(Adam(p for p in model.parameters()).parameters) == len(model.parameters())
    assert len(Adam(parameters=iter(model.parameters())).parameters) == len(model.parameters())
    x = Value(1.0)
    assert Adam([{"params": x}]).parameters[0] is x


def test_the_rate_of_all_groups() -> None:
    """Reads as the first's, and sets all; a wrong one sets none."""
    optimizer = pair()
    assert optimizer.lr == 0.5
    optimizer.lr = 0.25
    assert [group.lr for group in optimizer.groups] == [0.25, 0.25]
    with pytest.raises(ValueError, match="lr must be finite and not negative, not -1"):
        optimizer.lr = -1
    assert [group.lr for group in optimizer.groups] == [0.25, 0.25]


def test_an_option_of_all_groups_is_not_set_unnoticed() -> None:
    """It would have no effect; the message shows the loop that sets it."""
    optimizer = pair(momentum=0.9)
    with pytest.raises(AttributeError, match=r"own momentum: for group in optimizer\.groups: group\.momentum = 0\.5"):
        optimizer.momentum = 0.5
    for group in optimizer.groups:
        group.momentum = 0.5
    assert [group["momentum"] for group in optimizer.param_groups] == [0.5, 0.5]


def test_param_groups_are_pytorchs_dicts() -> None:
    """They read and write the options; all of them have names."""
    optimizer = Adam([{"params": [Value(1.0)], "lr": 0.5}, {"params": [Value(2.0)]}], betas=(0.8, 0.9))
    first, second = optimizer.param_groups
    assert dict(second) | {"params": 0} == {"params": 0, "lr": 1e-3, "betas": (0.8, 0.9), "eps": 1e-8, "weight_decay": 0.0}
    assert len(first) == 5
    assert first["params"] is optimizer.groups[0].parameters
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
    second["betas"] = (0.5, 0.6)
    first.update(eps=1e-4)
    assert [group.lr for group in optimizer.groups] == [0.25, 5e-4]
    assert [group.betas for group in optimizer.groups] == [(0.8, 0.9), (0.5, 0.6)]
    assert optimizer.groups[0].eps == 1e-4
    assert repr(first) == "{'params': [1 Values], 'lr': 0.25, 'betas': (0.8, 0.9), 'eps': 0.0001, 'weight_decay': 0.0}"
    alone = SGD([Value(1.0)])
    alone.param_groups[0]["momentum"] = 0.5
    assert alone.momentum == 0.5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda group: group.update(lr=-1.0), ValueError, "lr must be finite and not negative, not -1.0"),
        (lambda group: group.update(betas=(0.9, 1.0)), ValueError, r"betas\[1\] must be at least 0 and below 1"),
        (lambda group: group.update(eps="a"), TypeError, "eps must be one real number"),
        (lambda group: group.update(momentum=0.9), ValueError, "Adam has no option 'momentum', but 'lr', 'betas', 'eps', 'we"),
        (lambda group: group.update(params=[]), ValueError, "a group keeps its parameters"),
        (lambda group: group.pop("eps"), TypeError, "a group keeps its options: set 'eps'"),
    ],
)
def test_what_param_groups_refuse(change: Any, error: type[Exception], message: str) -> None:
    """As the constructor does, with the options as they were."""
    optimizer = Adam([{"params": [Value(1.0)]}, {"params": [Value(2.0)]}])
    before = [dict(group) for group in optimizer.param_groups]
    with pytest.raises(error, match=message):
        change(optimizer.param_groups[1])
    assert [dict(group) for group in optimizer.param_groups] == before


def test_a_group_added_later() -> None:
    """To a plain optimizer, which keeps its states, and to one with groups; options it lacks are the constructor's."""
    x, y, z = Value(1.0), Value(1.0), Value(1.0)
    optimizer = SGD([x], lr=0.1, momentum=0.5)
    x.grad = 1.0
    optimizer.step()
    optimizer.lr = 0.01
    optimizer.add_param_group({"params": [y]})
    optimizer.add_param_group({"params": [z], "lr": 1.0, "momentum": 0.0})
    assert [group.lr for group in optimizer.groups] == [0.01, 0.1, 1.0]
    assert optimizer.parameters == [x, y, z]
    for parameter in (x, y, z):
        parameter.data, parameter.grad = 1.0, 1.0
    optimizer.step()
    assert [p.data for p in (x, y, z)] == pytest.approx([1.0 - 0.01 * 1.5, 0.9, 0.0])
    with pytest.raises(ValueError, match="a parameter of the group is in the optimizer"):
        optimizer.add_param_group({"params": [y]})
    with pytest.raises(TypeError, match="a group must be a dict"):
        optimizer.add_param_group([Value(1.0)])  # type: ignore[arg-type]
    assert len(optimizer.groups) == 3


def test_schedules_scale_the_rate_of_each_group() -> None:
    """Also that of a group that came later, from its rate of then."""
    optimizer = pair()
    schedule = StepLR(optimizer, 1, gamma=0.5)
    schedule.step()
    assert schedule.get_last_lr() == [0.25, 0.05]
    assert (schedule.base_lrs, schedule.base_lr) == ([0.5, 0.1], 0.5)
    optimizer.add_param_group({"params": [Value(1.0)], "lr": 0.8})
    schedule.step()
    assert schedule.get_last_lr() == [0.125, 0.025, 0.2]


class SignDescent(Optimizer):
    """A user's own, with an option that it keeps under another name, one by keyword, and no lr among them."""

    def __init__(self, parameters: Any, factor: float = 2.0, *, offset: Any = 0.0) -> None:
        super().__init__(parameters, 0.5)
        if factor < 0.0:
            raise ValueError("factor must not be negative")
        self._factor = factor
        self.offset = offset

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        return number - self.lr * self._factor * (1.0 if gradient > 0.0 else -1.0) + self.offset, (state or 0) + 1


def test_a_class_of_ones_own_has_groups_unchanged() -> None:
    """Whatever its constructor takes; lr can be set even where the constructor takes none."""
    x, y = Value(1.0), Value(1.0)
    optimizer = SignDescent([{"params": [x], "factor": 1.0, "lr": 0.25}, {"params": [y], "offset": 1.0}], offset=0.5)
    x.grad, y.grad = 1.0, -1.0
    optimizer.step()
    assert (x.data, y.data) == (1.25, 3.0)
    assert optimizer._states == {x: 1, y: 1}
    with pytest.raises(ValueError, match="factor must not be negative") as caught:
        SignDescent([{"params": [x]}, {"params": [y], "factor": -1.0}])
    assert caught.value.__notes__ == ["in group 1 of SignDescent"]
    with pytest.raises(ValueError, match="SignDescent cannot change 'factor': it keeps no attribute of that name"):
        optimizer.param_groups[0]["factor"] = 3.0
    optimizer.param_groups[0]["offset"] = 2.0
    assert optimizer.groups[0].offset == 2.0


class Passing(SGD):
    """One that passes options on."""

    def __init__(self, params: Any, **options: Any) -> None:
        super().__init__(params, **options)


class Abstract(Optimizer, ABC):
    """One with abstract methods."""

    @abstractmethod
    def rule(self) -> None:
        """Something else."""


def test_other_classes_of_ones_own() -> None:
    """Options that are passed on have their names; abstract methods are allowed."""
    x, y = Value(1.0), Value(1.0)
    optimizer = Passing([{"params": [x], "momentum": 0.5}, {"params": [y]}], lr=0.2, momentum=0.9)
    assert [dict(group)["momentum"] for group in optimizer.param_groups] == [0.5, 0.9]
    assert Passing(params=[x], lr=0.5).lr == 0.5
    with pytest.raises(TypeError, match="abstract"):
        Abstract([x], 0.1)  # type: ignore[abstract]


def test_signatures_are_those_of_the_constructors() -> None:
    """For help() and editors."""
    assert list(inspect.signature(AdamW).parameters) == ["parameters", "lr", "betas", "eps", "weight_decay"]
    assert inspect.signature(AdamW).parameters["weight_decay"].default == 0.01
    assert list(inspect.signature(Passing).parameters) == ["params", "options"]
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'parameters'"):
        SGD()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'momentums'"):
        SGD([Value(1.0)], momentums=0.9)  # type: ignore[call-arg]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["deepcopy", "pickle"])
def test_optimizers_with_groups_are_copied_and_pickled(copied: Any) -> None:
    """A copy in mid-course goes on as the original does, with its own parameters and states."""
    optimizer, parameters = made("SGD")
    run(optimizer, parameters, last=20)
    other, its = copied((optimizer, parameters))
    before = [p.data for p in parameters]
    found = run(other, its, first=21)
    assert [p.data for p in parameters] == before
    for ours, theirs in zip(found, references.recorded()["groups"]["SGD"][-len(found) :], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12)


def test_training_with_groups() -> None:
    """A rate of 0 freezes a part of the model."""
    model = MLP(2, [3, 1], rng=0)
    hidden, last = (layer.parameters() for layer in model.layers)
    optimizer = Adam([{"params": hidden, "lr": 0.0}, {"params": last}], lr=0.1)
    before = [p.data for p in hidden], [p.data for p in last]
    mse_loss([model([1.0, 2.0])], [0.5]).backward()
    optimizer.step()
    assert [p.data for p in hidden] == before[0]
    assert all(p.data != old for p, old in zip(last, before[1], strict=True))
    optimizer.zero_grad()
    assert not any(p.has_grad for p in model.parameters())


X = Value(1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD({"params": [X]}), TypeError, r"a list of Values or of groups, not one dict: \[\{\"params\": a.parameters"),
        (lambda: SGD([{"lr": 0.1}]), ValueError, "group 0 has no \"params\", but 'lr': "),
        (lambda: SGD([{"params": [X]}, {}]), ValueError, 'group 1 has no "params", but nothing'),
        (lambda: SGD([{"params": [X]}, Value(2.0)]), TypeError, "all Values or all groups, and Value.* stands among groups"),
        (lambda: SGD([{"params": [X]}, {"params": [X]}]), ValueError, "a parameter is given twice and would step twice"),
        (lambda: SGD([{"params": []}]), ValueError, "there are no parameters to optimize"),
        (lambda: SGD([{"params": [X]}, {"params": []}]), ValueError, "there are no parameters to optimize"),
        (lambda: SGD([{"params": [1.0]}]), TypeError, "parameter 0 is 1.0, not a leaf Value"),
        (lambda: SGD([{"params": [X], "lr": -0.1}]), ValueError, "lr must be finite and not negative, not -0.1"),
        (lambda: SGD([{"params": [X]}], lr=-0.1), ValueError, "lr must be finite and not negative, not -0.1"),
        (lambda: SGD([{"params": [X], "lr": 1.0}], lr=math.nan), ValueError, "lr must be finite"),
        (lambda: SGD([{"params": [X], "name": "head"}]), ValueError, "SGD has no option 'name', but 'lr', 'momentum', "),
        (lambda: SGD([{"params": [X], "nesterov": True}]), ValueError, "nesterov=True needs a momentum"),
        (lambda: LBFGS([{"params": [X]}]), ValueError, "LBFGS takes no groups, and was given 1"),
    ],
)
def test_what_groups_refuse(make: Any, error: type[Exception], message: str) -> None:
    """Before the first step."""
    with pytest.raises(error, match=message):
        make()


def test_a_group_is_a_mapping_of_any_kind() -> None:
    """Not only a dict."""

    class Group(Mapping[str, Any]):
        def __getitem__(self, name: str) -> Any:
            return {"params": [X], "lr": 0.5}[name]

        def __iter__(self) -> Any:
            return iter(("params", "lr"))

        def __len__(self) -> int:
            return 2

    assert SGD([Group()]).groups[0].lr == 0.5
