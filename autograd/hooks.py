"""Hooks: functions that a backward pass calls with the gradient of a Value, and that may replace it.

They lie in the node's own partials, so a node without hooks has no room for them; and a sweep looks for them only while there
are any.
"""

import operator
import weakref
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Self

from autograd.graph import reverse_sweep
from autograd.real import as_float, is_node

Hook = Callable[[Any], Any]


class Hooks:
    """The hooks of one node, in the order in which they were registered."""

    __slots__ = ("__weakref__", "by_number")

    def __init__(self) -> None:
        self.by_number: dict[int, Hook] = {}
        ALIVE.add(weakref.ref(self, ALIVE.discard))

    def replaced(self, gradient: Any) -> Any:
        """The gradient as the hooks leave it."""
        for hook in tuple(self.by_number.values()):
            found = hook(gradient)
            if found is not None:
                gradient = found if is_node(found) and is_node(gradient) else as_float(found, "what a hook returns")
        return gradient


class HookedPartials(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """The local partials of a node that has hooks."""

    hooks: Hooks

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)  # functions stay in their process


class HookHandle:
    """What `register_hook` returns: `remove()` takes the hook away; so does the end of a `with` block. PyTorch's handle."""

    def __init__(self, hooks: Hooks, number: int) -> None:
        self._hooks = weakref.ref(hooks)
        self._number = number

    def remove(self) -> None:
        """Take the hook away; once is enough."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.by_number.pop(self._number, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


ALIVE: set[weakref.ref[Hooks]] = set()
"""The hooks of all nodes; empty, most often."""
_number = count().__next__


def hooked(node: Any, hook: Hook) -> HookHandle:
    """Give a node a hook."""
    partials = node.local_partials
    hooks: Hooks | None = getattr(partials, "hooks", None)
    if hooks is None:
        hooks = Hooks()
        if not hasattr(partials, "__dict__") or not isinstance(partials, tuple):
            partials = HookedPartials(partials)
            node._record(node.primitive, node.operands, partials)
        partials.hooks = hooks
    number = _number()
    hooks.by_number[number] = hook
    return HookHandle(hooks, number)


def sweep_with_hooks(
    order: Sequence[Any],
    seeds: Mapping[Any, Any],
    partials: Callable[[Any], Sequence[Any]],
    times: Callable[[Any, Any], Any] = operator.mul,
) -> dict[Any, Any]:
    """`graph.reverse_sweep`, in which each node's hooks see its adjoint when all of it has arrived."""
    if not ALIVE:
        return reverse_sweep(order, seeds, partials, times)
    adjoints: dict[Any, Any] = dict.fromkeys(order)
    adjoints.update(seeds)
    end = len(order)
    for i in reversed(range(len(order))):
        hooks = getattr(order[i].local_partials, "hooks", None)
        if hooks is None:
            continue
        reverse_sweep(order[i + 1 : end], {}, partials, times, adjoints)
        end = i + 1
        if adjoints[order[i]] is not None:
            adjoints[order[i]] = hooks.replaced(adjoints[order[i]])
    return reverse_sweep(order[:end], {}, partials, times, adjoints)
