"""A recorded training: the numbers of one loss's graph at every few steps, for a page to scrub through."""

from collections.abc import Callable
from typing import Any

from autograd.graph import topological_order
from autograd.modes import current_mode
from autograd.pictures.page.steps import Pass, passes
from autograd.value import Value

Shape = list[tuple[Any, ...]]


class Recording:
    """The numbers of a loss's graph at several steps of a training, as `passes`; `result` is the first loss."""

    def __init__(self, model: Any, loss: Callable[[Any], Value], every: int) -> None:
        self.model = model
        self.loss = loss
        self.every = every
        self.calls = 0
        order, self._shape = self._evaluated()
        self.result = order[-1]
        self.passes: list[Pass] = [passes(order, "step 0")]

    def __call__(self, model: Any = None, history: Any = None) -> None:  # noqa: ARG002 - a callback of `nn.fit` is given both
        """Count one step of the training, and note the numbers at each `every`-th; ValueError if the loss has another graph."""
        self.calls += 1
        if self.calls % self.every == 0:
            order, shape = self._evaluated()
            if shape != self._shape:
                raise ValueError(
                    f"at step {self.calls} the loss has another graph than at the start ({_difference(self._shape, shape)}): "
                    "its numbers would belong to other nodes. Record a loss of fixed data, without dropout: "
                    "record(model, lambda model: mse_loss(model(x), y))"
                )
            self.passes.append(passes(order, f"step {self.calls}"))

    def __len__(self) -> int:
        return len(self.passes)

    def __repr__(self) -> str:
        return f"<Recording of {len(self)} steps, every {self.every}: page(recording), save(recording, 'training.html')>"

    def _evaluated(self) -> tuple[list[Value], Shape]:
        """The graph of the loss now, and its shape: primitives, the operands' places in the topological order, constants."""
        if not current_mode().recording:
            raise ValueError("record needs the loss's graph, and no_grad() keeps none: call it outside no_grad()")
        result = self.loss(self.model)
        if not isinstance(result, Value):
            raise TypeError(
                f"the loss of record must return a Value, not a {type(result).__name__}: lambda model: mse_loss(model(x), y)"
            )
        order = topological_order(result)
        place = {node: n for n, node in enumerate(order)}
        return order, [(node.primitive, *[repr(o) if type(o) is float else place[o] for o in node.operands]) for node in order]


def record(model: Any, loss: Callable[[Any], Value], every: int = 10) -> Recording:
    """Note every number in a loss's graph, now and at every `every`-th call of the recording, for `page(recording)` to show.

    Call the recording after each step of a training, or give it to `nn.fit` as a callback, called after each epoch. It changes
    no gradients. `loss(model)` returns the Value to look at; its graph must stay the same, for example that of one sample.

    Raises TypeError for a model that is not a Module, and for a loss that is not a function or returns no Value; ValueError for
    `every` below 1, for a loss without the model's parameters, under `no_grad()`, and at a later call for a changed graph.

    >>> from nn import Neuron
    >>> neuron = Neuron(1, rng=0)
    >>> recording = record(neuron, lambda neuron: (neuron([2.0]) - 1.0) ** 2, every=2)
    >>> for step in range(4):
    ...     recording()
    >>> recording
    <Recording of 3 steps, every 2: page(recording), save(recording, 'training.html')>
    """
    if not callable(loss):
        raise TypeError(
            f"loss must be a function of the model, not {loss!r}: record(model, lambda model: mse_loss(model(x), y))"
        )
    if type(every) is not int or every < 1:
        raise ValueError(f"every must be a whole number of steps from 1, not {every!r}: record(model, loss, every=10)")
    parameters = getattr(model, "parameters", None)
    if not callable(parameters):
        raise TypeError(f"record needs a Module, not {model!r}: record(model, loss)")
    recording = Recording(model, loss, every)
    if set(map(id, topological_order(recording.result))).isdisjoint(map(id, parameters())):
        raise ValueError(
            "the loss does not depend on any of the model's parameters, so nothing would change: "
            "use the model that the loss receives, record(model, lambda model: mse_loss(model(x), y))"
        )
    return recording


def _difference(before: Shape, after: Shape) -> str:
    if len(before) != len(after):
        return f"{len(after)} nodes, not {len(before)}"
    n = next(n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)
    old, new = (getattr(shape[n][0], "name", "a leaf") for shape in (before, after))
    return f"node {n} is {new}, not {old}" if old != new else f"node {n}, {new}, has other operands"
