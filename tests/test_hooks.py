"""Hooks: called with the gradient, once a pass; they may replace it, and cost nothing where there are none."""

import copy
import gc
import pickle
import weakref
from typing import Any

import pytest

import autograd as ag
from autograd import Value, grad, gradients
from autograd.hooks import ALIVE


def test_a_hook_sees_the_sum_over_all_uses_before_it_goes_on() -> None:
    """At an inner node it is called once, with all that arrived; what it returns is what the operands get."""
    x = Value(3.0)
    y = x * x
    seen: list[float] = []

    def hook(gradient: float) -> float:
        seen.append(gradient)
        return -gradient

    y.register_hook(hook)
    (y * 2.0 + y * y).backward()
    assert seen == [20.0]
    assert x.grad == -120.0
    assert y.grad == -20.0


def test_a_leaf_adds_what_the_hook_returns() -> None:
    """Each pass's gradient goes through the hook before it is added, as in PyTorch."""
    x = Value(2.0)
    x.register_hook(lambda gradient: 0.5 * gradient)
    (x * x).backward()
    (x * x).backward()
    assert x.grad == 4.0


def test_hooks_run_in_order_and_none_changes_nothing() -> None:
    """The next hook gets what the one before returned."""
    x, seen = Value(1.0), []
    x.register_hook(seen.append)
    x.register_hook(lambda gradient: gradient + 1.0)
    x.register_hook(seen.append)
    (x * 5.0).backward()
    assert (seen, x.grad) == ([5.0, 6.0], 6.0)


def test_remove_and_with() -> None:
    """A handle takes its hook away, once or more often; other hooks stay."""
    x = Value(1.0)
    first = x.register_hook(lambda gradient: 10.0 * gradient)
    with x.register_hook(lambda gradient: 100.0 * gradient):
        assert gradients(x * 1.0, x) == 1000.0
    assert gradients(x * 1.0, x) == 10.0
    first.remove()
    first.remove()
    assert gradients(x * 1.0, x) == 1.0


def test_hooks_in_transforms_and_as_graph() -> None:
    """grad's sweep calls them too; with create_graph a hook gets a Value, and its result has derivatives."""

    def f(x: Any) -> Any:
        y = x * x
        y.register_hook(lambda gradient: 3.0 * gradient)
        return y

    assert grad(f)(2.0) == 12.0
    x = Value(2.0)
    y = x * x
    with y.register_hook(lambda gradient: gradient * gradient):
        first = gradients(y * y, x, create_graph=True)  # (2 y)**2 * 2 x = 8 x**5
    assert first.data == 256.0
    assert gradients(first, x) == 40.0 * 16.0


def test_a_hook_leaves_no_circle_and_goes_with_its_node() -> None:
    """Dropping the node frees it at once, and its hooks: then sweeps look for none."""
    gc.collect()
    before = len(ALIVE)
    gc.disable()
    try:
        x = Value(1.0)
        y = x * 2.0
        handle = y.register_hook(lambda gradient: gradient)
        assert len(ALIVE) == before + 1
        gone = weakref.ref(y)
        del y
        assert gone() is None
        assert len(ALIVE) == before
        handle.remove()
    finally:
        gc.enable()


def test_copies_and_pickles() -> None:
    """The graph travels, its hooks stay where they are."""
    x = Value(2.0)
    y = x * x
    y.register_hook(lambda gradient: 10.0 * gradient)
    again = pickle.loads(pickle.dumps(y))
    again.backward()
    assert again.operands[0].grad == 4.0
    assert copy.deepcopy(y).data == 4.0


def test_errors() -> None:
    """What is no function, and what is no gradient."""
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"register_hook takes a function of the gradient, not 3: v.register_hook\(print\)"):
        x.register_hook(3)  # type: ignore[arg-type]
    x.register_hook(lambda gradient: "much")
    with pytest.raises(TypeError, match="what a hook returns must be one real number"):
        (x * x).backward()
    assert not x.has_grad


def test_a_hook_on_an_input_keeps_it_an_input() -> None:
    """On the input of a transform as on any Value."""
    seen: list[float] = []

    def f(x: Any) -> Any:
        x.register_hook(seen.append)
        return ag.sin(x)

    assert grad(f)(0.0) == 1.0
    assert seen == [1.0]
