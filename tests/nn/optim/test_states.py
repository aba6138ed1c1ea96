"""States of optimizers: they go on with the same bits, and what is refused leaves everything as it was."""

import json
import math
from typing import Any

import pytest

import nn
from autograd import Value
from nn import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from nn.serialization import read_plain, written_plain
from tests.nn import make_references as references
from tests.nn.optim.test_groups import made as grouped
from tests.nn.optim.test_optimizers import made, run

STATEFUL = ["SGD", "SGD with all", "Adam", "AdamW with weight decay", "RMSprop with all", "Adagrad with all"]


@pytest.mark.parametrize("through_json", [False, True])
@pytest.mark.parametrize("name", [*references.OPTIMIZERS, *(f"groups of {name}" for name in references.GROUPS)])
def test_a_training_goes_on(name: str, through_json: bool) -> None:
    """With the bits of one that did not stop, in a fresh optimizer for the same parameters' numbers, options included."""
    make = grouped if name.startswith("groups of ") else made
    optimizer, parameters = make(name.removeprefix("groups of "))
    run(optimizer, parameters, last=20)
    state, numbers = optimizer.state_dict(), [p.data for p in parameters]
    if through_json:
        state = read_plain(json.loads(json.dumps(written_plain(state, ""), allow_nan=False)), "")
    wanted = run(optimizer, parameters, first=21)
    other, its = make(name.removeprefix("groups of "))
    other.lr = 123.0
    for parameter, number in zip(its, numbers, strict=True):
        parameter.data = number
    other.load_state_dict(state)
    assert other.state_dict() == state
    assert run(other, its, first=21) == wanted
    assert [group.lr for group in other.groups] == [group.lr for group in optimizer.groups]


def test_the_layout_is_pytorchs() -> None:
    """States by the places of the parameters, groups with options and places; parameters without a state are left out."""
    x, y, z = Value(1.0), Value(2.0), Value(3.0)
    optimizer = Adam([{"params": [x, y]}, {"params": [z], "lr": 0.5}], betas=(0.5, 0.75))
    y.grad, z.grad = 1.0, 2.0
    optimizer.step()
    common = {"betas": (0.5, 0.75), "eps": 1e-8, "weight_decay": 0.0}
    assert optimizer.state_dict() == {
        "class": "Adam",
        "state": {1: (1, 0.5, 0.25), 2: (1, 1.0, 1.0)},
        "param_groups": [{"lr": 1e-3, **common, "params": [0, 1]}, {"lr": 0.5, **common, "params": [2]}],
    }


def test_a_parameter_that_had_no_state_has_none_again() -> None:
    """Whatever has been kept for it since."""
    x, y = Value(1.0), Value(1.0)
    optimizer = Adam([x, y])
    x.grad = 1.0
    optimizer.step()
    state = optimizer.state_dict()
    y.grad = 1.0
    optimizer.step()
    optimizer.load_state_dict(state)
    assert optimizer._states == {x: state["state"][0]}


def test_a_dict_without_the_class_is_taken() -> None:
    """As PyTorch's layout has none; and what is loaded is a copy."""
    optimizer = Own([Value(1.0)])
    state = optimizer.state_dict()
    del state["class"]
    state["state"][0] = {"depth": [1]}
    optimizer.load_state_dict(state)
    state["state"][0]["depth"].append(2)
    assert optimizer.state_dict()["state"] == {0: {"depth": [1]}}
    optimizer.state_dict()["state"][0]["depth"].append(3)
    assert optimizer.state_dict()["state"] == {0: {"depth": [1]}}


class Own(Optimizer):
    """A user's own, whose states are nested in every way."""

    def __init__(self, parameters: Any, lr: float = 0.5, weights: Any = (0.5, (0.25, None))) -> None:
        super().__init__(parameters, lr)
        self.weights = weights

    def update(self, number: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        if state is None:
            state = {"depth": [0], 3: (1, (gradient, None, "text", True), -math.inf), (1, 2): math.nan}
        return number - self.lr * gradient, {**state, "depth": [state["depth"][0] + 1]}


def test_nested_states_of_ones_own_come_back() -> None:
    """With their types and bits, also through a file's form."""
    x = Value(1.0)
    optimizer = Own([x])
    x.grad = 1.0
    for _ in range(2):
        x.grad = -0.0
        optimizer.step()
    state = optimizer.state_dict()
    written = json.dumps(written_plain(state, ""), allow_nan=False)
    found = read_plain(json.loads(written), "")
    assert repr(found) == repr(state)
    assert "'depth': [2], 3: (1, (-0.0, None, 'text', True), -inf), (1, 2): nan}" in repr(state)
    other = Own([Value(1.0)], weights=1)
    other.load_state_dict(found)
    assert repr(other.state_dict()) == repr(state)
    assert other.weights == (0.5, (0.25, None))


def test_states_that_are_not_finite_are_states() -> None:
    """Such as those after an overflow."""
    x = Value(1.0)
    optimizer = Adam([x])
    x.grad = 1e200
    optimizer.step()
    state = optimizer.state_dict()
    assert state["state"][0][2] == math.inf
    other = Adam([Value(1.0)])
    other.load_state_dict(state)
    assert other.state_dict() == state


def changed(**changes: Any) -> Any:
    """The state of an Adam of three parameters in two groups, after a step, but for the changes."""
    parameters = [Value(1.0), Value(2.0), Value(3.0)]
    optimizer = Adam([{"params": parameters[:2]}, {"params": parameters[2:]}], lr=0.5)
    for parameter in parameters:
        parameter.grad = 1.0
    optimizer.step()
    return optimizer.state_dict() | changes


def groups(**changes: Any) -> Any:
    """The same, with changes in the second group; None takes an option away."""
    state = changed()
    found = state["param_groups"][1] | changes
    return changed(
        param_groups=[state["param_groups"][0], {name: option for name, option in found.items() if option is not None}]
    )


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "no dict": (lambda: [1], TypeError, r'takes a dict with "state" and "param_groups", not \[1\]: state_dict\(\)'),
    "a model's": (lambda: {"bias": 0.5}, TypeError, 'takes a dict with "state" and "param_groups"'),
    "another class": (lambda: changed(**{"class": "SGD"}), ValueError, "the state is of SGD, and this is Adam: make"),
    "another class's": (lambda: Adagrad([Value(1.0)]).state_dict(), ValueError, "the state is of Adagrad, and this is Adam"),
    "fewer groups": (
        lambda: Adam([Value(1.0), Value(2.0), Value(3.0)]).state_dict(),
        ValueError,
        r"for groups of \[3\] parameters, and this Adam has groups of \[2, 1\]: make it for the same",
    ),
    "more parameters": (lambda: groups(params=[2, 3]), ValueError, r"for groups of \[2, 2\] parameters"),
    "other places": (
        lambda: groups(params=[1]),
        ValueError,
        r"its groups' places must be 0 to 2 in order, not \[\[0, 1\], \[1\]\]",
    ),
    "no places": (lambda: groups(params="a"), TypeError, 'a group of the state must be a dict with "params"'),
    "groups of None": (lambda: changed(param_groups=None), ValueError, r"for groups of \[\] parameters"),
    "an unknown option": (lambda: groups(momentum=0.5), ValueError, "Adam has no option 'momentum', but 'lr', 'betas', 'eps'"),
    "a missing option": (lambda: groups(eps=None), ValueError, "the state of Adam lacks the option 'eps', among 'lr', 'betas'"),
    "a wrong option": (lambda: groups(betas=(0.9, 1.5)), ValueError, r"betas\[1\] must be at least 0 and below 1, not 1.5"),
    "an option of text": (lambda: groups(lr="0.1"), TypeError, "lr must be one real number, not the string"),
    "states in a list": (lambda: changed(state=[1.0]), TypeError, "the states must be a dict from the parameters' places"),
    "a place beyond": (
        lambda: changed(state={3: (1, 0.0, 0.0)}),
        ValueError,
        "there is a state for parameter 3, and the places are 0 to 2",
    ),
    "a place of text": (lambda: changed(state={"0": (1, 0.0, 0.0)}), ValueError, "there is a state for parameter '0'"),
    "a short state": (
        lambda: changed(state={0: (1, 0.5, 0.5), 2: (1, 0.5)}),
        ValueError,
        r"the state of parameter 2 is \(1, 0.5\), which Adam.update does not take \(ValueError: not enough values",
    ),
    "a number": (
        lambda: changed(state={1: 0.5}),
        ValueError,
        r"parameter 1 is 0.5, which Adam.update does not take \(TypeError",
    ),
    "text": (lambda: changed(state={1: (1, "0.5", 0.5)}), ValueError, r"parameter 1 is \(1, '0.5', 0.5\), which Adam.update"),
    "None": (lambda: changed(state={1: (1, None, 0.5)}), ValueError, r"parameter 1 is \(1, None, 0.5\), which Adam.update"),
    "a Value": (
        lambda: changed(state={1: (1, Value(1.0), 0.5)}),
        ValueError,
        r"does not take \(TypeError: the next number must",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_load_state_dict_refuses(name: str) -> None:
    """With the reason; options and states are as before."""
    make, error, message = REFUSED[name]
    parameters = [Value(1.0), Value(2.0), Value(3.0)]
    optimizer = Adam([{"params": parameters[:2], "lr": 0.25}, {"params": parameters[2:]}])
    for parameter in parameters:
        parameter.grad = 2.0
    optimizer.step()
    before = optimizer.state_dict()
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(make())
    assert optimizer.state_dict() == before


def test_adams_state_is_not_adamws() -> None:
    """Though all names in it are the same."""
    with pytest.raises(ValueError, match="the state is of Adam, and this is AdamW"):
        AdamW([Value(1.0)]).load_state_dict(Adam([Value(1.0)]).state_dict())


@pytest.mark.parametrize("name", STATEFUL)
def test_trying_a_state_leaves_no_trace(name: str) -> None:
    """Parameters, gradients and states are those that were loaded, not those of a step further."""
    optimizer, parameters = made(name)
    run(optimizer, parameters, last=3)
    state = optimizer.state_dict()
    numbers = [p.data for p in parameters]
    optimizer.load_state_dict(state)
    assert optimizer.state_dict() == state
    assert [p.data for p in parameters] == numbers


def test_every_optimizer_is_tested_here() -> None:
    """Those that nn offers, but LBFGS, which keeps nothing."""
    offered = {thing.__name__ for thing in vars(nn).values() if isinstance(thing, type) and issubclass(thing, Optimizer)}
    assert offered - {"Optimizer", "LBFGS"} == {kind.__name__ for kind in (SGD, Adam, AdamW, RMSprop, Adagrad)}
    assert {references.class_of(name) for name in STATEFUL} == {references.class_of(name) for name in references.OPTIMIZERS}
