"""Module: what has parameters, and finds them by itself."""

from itertools import product
from typing import Any

from autograd import Value
from autograd.structures import is_array


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
        found: list[tuple[str, Value]] = []
        _find("", self, found, {id(self)})
        return found

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


def parts_of(thing: Any) -> list[tuple[Any, Any]]:
    """Where parameters are looked for in a thing: its parts with their keys; nothing else is entered.

    They are a module's attributes, and the items of a list, tuple, dict or NumPy array of objects, whose keys are tuples.
    """
    if isinstance(thing, list | tuple):
        return list(enumerate(thing))
    if isinstance(thing, Module):
        return list(vars(thing).items())
    if isinstance(thing, dict):
        return list(thing.items())
    if is_array(thing) and thing.dtype.kind == "O":
        return list(zip(product(*map(range, thing.shape)), thing.ravel().tolist(), strict=True))
    return []


def _find(path: str, thing: Any, found: list[tuple[str, Value]], seen: set[int]) -> None:
    """Note the parameters in a thing, leaf Values, with their paths; each is noted, and each container entered, once."""
    several = is_array(thing)
    for key, part in parts_of(thing):
        if id(part) in seen:
            continue
        name = ".".join(map(str, key)) if several else str(key)
        name = f"{path}.{name}" if path and name else path or name
        if not isinstance(part, Value):
            seen.add(id(part))
            _find(name, part, found, seen)
        elif not part.operands:
            seen.add(id(part))
            found.append((name, part))
