"""A recorded training: the numbers of one loss's graph at every few steps, for a page to scrub through."""

from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, overload

from autograd.graph import topological_order
from autograd.modes import current_mode
from autograd.pictures.page.steps import Part, Pass, passes
from autograd.value import Value

Shape = list[tuple[Any, ...]]


class _Noted(NamedTuple):
    """The numbers of one step, packed: of every value, and of every partial, operand by operand; 0 in `there`: it is None."""

    title: str
    data: "array[float]"
    partials: "array[float]"
    there: bytes


class Recording:
    """The numbers of a loss's graph at several steps of a training; `result` is the first loss."""

    def __init__(self, model: Any, loss: Callable[[Any], Value], every: int) -> None:
        self.model = model
        self.loss = loss
        self.every = every
        self.calls = 0
        self.samples, self.answer = _asked(model, loss)
        self._order, self._shape = self._evaluated()
        self._starts = dict(zip(self._order, accumulate((len(node.operands) for node in self._order), initial=0), strict=False))
        self.result = self._order[-1]
        self._noted = [_noted(self._order, "step 0")]

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
            self._noted.append(_noted(order, f"{'step' if history is None else 'epoch'} {self.calls}"))

    def __len__(self) -> int:
        return len(self._noted)

    @property
    def passes(self) -> Sequence[Pass]:
        """All numbers of every recorded step, made when they are asked for."""
        return _Passes(self)

    def at(self, step: int, part: Part | None = None) -> Pass:
        """The numbers of a recorded step, of a part of the graph or of all."""
        noted = self._noted[step]

        def partials(node: Value) -> Sequence[float | None]:
            if node.primitive is not None and not node.primitive.differentiable:
                return node.local_partials  # type: ignore[no-any-return]  # it refuses
            start = self._starts[node]
            return [noted.partials[i] if noted.there[i] else None for i in range(start, start + len(node.operands))]

        return passes(self._order, noted.title, part, noted.data, partials)

    def numbers(self, step: int) -> tuple[str, Sequence[float], list[float | None]]:
        """The title of a recorded step, the numbers of all values, and their partials, operand by operand."""
        noted = self._noted[step]
        return noted.title, noted.data, [x if there else None for x, there in zip(noted.partials, noted.there, strict=True)]

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


class _Passes(Sequence[Pass]):
    """The passes of a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def __len__(self) -> int:
        return len(self.recording)

    @overload
    def __getitem__(self, step: int) -> Pass: ...
    @overload
    def __getitem__(self, step: slice) -> list[Pass]: ...
    def __getitem__(self, step: int | slice) -> Pass | list[Pass]:
        steps = range(len(self))[step]
        return self.recording.at(steps) if isinstance(steps, int) else [self.recording.at(each) for each in steps]


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


def _asked(model: Any, loss: Callable[[Any], Value]) -> tuple[list[list[float]], tuple[list[Value], Value] | None]:
    """What the loss gives to a model of two inputs, sample by sample, and the model's output at two Values; else nothing."""
    samples: list[Any] = []

    class Asked:  # stands for the model while the loss runs once more
        def __getattr__(self, name: str) -> Any:
            return getattr(model, name)

        def __call__(self, *inputs: Any) -> Any:
            samples.append(inputs[0] if len(inputs) == 1 else inputs)
            return model(*inputs)

    try:
        loss(Asked())
        pairs = [[float(a), float(b)] for a, b in samples]
        inputs = [Value(0.0), Value(0.0)]
        output = model(inputs)
        output = output[0] if isinstance(output, list) and len(output) == 1 else output
    except Exception:  # noqa: BLE001 - then it is another kind of model
        return [], None
    return (pairs, (inputs, output)) if pairs and isinstance(output, Value) else ([], None)


def _noted(order: Sequence[Value], title: str) -> _Noted:
    slopes: list[float | None] = []
    for node in order:
        known = node.primitive is None or node.primitive.differentiable
        slopes += [node.local_partials[i] if known else None for i in range(len(node.operands))]
    there = bytes([slope is not None for slope in slopes])
    return _Noted(
        title,
        array("d", [node.data for node in order]),
        array("d", [0.0 if slope is None else slope for slope in slopes]),
        there,
    )


def _difference(before: Shape, after: Shape) -> str:
    if len(before) != len(after):
        return f"{len(after)} nodes, not {len(before)}"
    n = next(n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)
    old, new = (getattr(shape[n][0], "name", "a leaf") for shape in (before, after))
    return f"node {n} is {new}, not {old}" if old != new else f"node {n}, {new}, has other operands"
