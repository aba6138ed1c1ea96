"""Module: what has parameters, and finds them by itself."""

from collections.abc import Iterator
from typing import Any

from autograd import Value


class Module:
    """The base of everything with parameters: leaf Values among its attributes, or in its lists, dicts and submodules.

    A subclass sets them in `__init__` and computes in `forward`; calling the module calls `forward`. Every leaf Value it
    keeps is a parameter: what is none belongs elsewhere, or is kept as a float. `label_parameters()` labels them so.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> [name for name, parameter in line.named_parameters()], line(3.0).item()
    (['slope', 'offset'], 7.0)
    """

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; a subclass says what."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define `def forward(self, x): ...`")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute `forward(*inputs, **options)`."""
        return self.forward(*inputs, **options)

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Every parameter once, with its path, such as "layers.0.neurons.3.weights.1", in the order of their setting."""
        seen: set[int] = set()
        return list(_leaves("", self, seen))

    def parameters(self) -> list[Value]:
        """Every parameter once, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient: before a backward pass, which adds to it."""
        for parameter in self.parameters():
            parameter.grad = None

    def label_parameters(self) -> None:
        """Label every parameter with its path, so that pictures read well."""
        for name, parameter in self.named_parameters():
            parameter.label = name


def _leaves(path: str, thing: Any, seen: set[int]) -> Iterator[tuple[str, Value]]:
    """The parameters in a thing, each with its path; containers and modules are entered once."""
    if isinstance(thing, Value):
        if id(thing) not in seen and not thing.operands:
            seen.add(id(thing))
            yield path, thing
        return
    if isinstance(thing, Module):
        parts: Any = vars(thing).items()
    elif isinstance(thing, dict):
        parts = thing.items()
    elif isinstance(thing, list | tuple):
        parts = enumerate(thing)
    elif hasattr(thing, "dtype") and thing.dtype.kind == "O":
        parts = enumerate(thing.tolist())  # a NumPy array of Values
    else:
        return
    if id(thing) not in seen:
        seen.add(id(thing))
        for name, part in parts:
            yield from _leaves(f"{path}.{name}" if path else str(name), part, seen)
