"""Module: what has parameters, and finds them by itself."""

from collections.abc import Mapping
from itertools import product
from os import PathLike
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from autograd import Value
from autograd.real import as_float
from autograd.structures import is_array
from autograd.value import assign
from nn.serialization import read_state_dict, write_state_dict
from nn.summary import in_one_line, summary_of

if TYPE_CHECKING:
    from autograd.pictures.picture import Picture


class IncompatibleKeys(NamedTuple):
    """The names that `load_state_dict` missed, and those that no parameter of the model bears."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """The base of everything with parameters: leaf Values among its attributes, or in its lists, dicts and submodules.

    A subclass sets them in `__init__` and computes in `forward`; calling the module calls `forward`. Every leaf Value it
    keeps is a parameter: what is none belongs elsewhere, or is kept as a float. `label_parameters()` labels them so.
    `training` is True until `eval()`; modules such as `Dropout` go by it.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> [name for name, parameter in line.named_parameters()], line(3.0).item()
    (['slope', 'offset'], 7.0)
    """

    training: bool = True
    summarised_alone: ClassVar[bool] = True  # False: in a summary it is part of the row of the module that holds it

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; a subclass says what."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define `def forward(self, x): ...`")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute `forward(*inputs, **options)`."""
        return self.forward(*inputs, **options)

    @recursive_repr()
    def __repr__(self) -> str:
        parts = [f"  ({name}): {part}".replace("\n", "\n  ") for name, part in self._inside()]
        inside = "\n".join(["", *parts, ""]) if parts else ""
        return f"{type(self).__name__}({inside})"

    def _inside(self) -> list[tuple[str, str]]:
        """What is directly inside, by name, as its repr tells of it."""
        return [(name, repr(part)) for name, part in self._found(enter=False) if isinstance(part, Module)]

    # --- what it consists of ------------------------------------------------------------------------------------------

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Every parameter once, with its path, such as "layers.0.neurons.3.weights.1", in the order of their setting."""
        return [(name, part) for name, part in self._found() if isinstance(part, Value)]

    def parameters(self) -> list[Value]:
        """Every parameter once, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_modules(self) -> "list[tuple[str, Module]]":
        """The module itself, by the name "", and every module in it once, with its path, such as "layers.0"."""
        return [("", self), *((name, part) for name, part in self._found() if isinstance(part, Module))]

    def modules(self) -> "list[Module]":
        """The module itself and every module in it once, in the order of `named_modules`."""
        return [module for _, module in self.named_modules()]

    def _found(self, *, enter: bool = True) -> "list[tuple[str, Value | Module]]":
        found: list[tuple[str, Value | Module]] = []
        _find("", self, found, {id(self)}, enter=enter)
        return found

    def label_parameters(self) -> None:
        """Label every parameter with its path, so that pictures read well."""
        for name, parameter in self.named_parameters():
            parameter.label = name

    def summary(self) -> str:
        """A table of the layers: their paths, the shapes of their parameters, and how many numbers these are.

        >>> from nn import MLP
        >>> print(MLP(2, [16, 1], rng=0).summary())
        path      module                           parameters                   count
        layers.0  Layer(2, 16, activation='tanh')  weights (16, 2), bias (16,)     48
        layers.1  Layer(16, 1, activation=None)    weights (1, 16), bias (1,)      17
        total                                                                      65
        """
        return summary_of(self)

    def draw(self, *, theme: str = "light", precision: int = 3) -> "Picture":
        """The model as a picture: layers from left to right, neurons as cells, weights as edges by colour and width.

        Blue is negative, orange positive, the stronger and wider the larger; the cells bear the biases. A layer of more than 64
        neurons or inputs, and any other module, is a box with the shapes of its parameters; what is inside of a module with a
        `forward` of its own hangs on it by dashed lines. `theme` and `precision` are those of `autograd.draw`.

        >>> from nn import MLP
        >>> MLP(2, [16, 1], rng=0).draw().source.count("penwidth")
        48
        """
        from nn.drawing import drawn

        return drawn(self, theme=theme, precision=precision)

    # --- training -----------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - PyTorch's signature
        """Set `training` here and in every module inside, and return the module; `train(False)` is `eval()`."""
        if not isinstance(mode, bool):
            raise TypeError(f"mode must be True or False, not {mode!r}: model.train(), or model.eval()")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set `training` to False here and in every module inside, and return the module."""
        return self.train(mode=False)

    def zero_grad(self) -> None:
        """Forget every parameter's gradient: before a backward pass, which adds to it."""
        for parameter in self.parameters():
            parameter.grad = None

    # --- saving -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by its name, in the order of `named_parameters`: a copy, of plain floats.

        Raises ValueError where two parameters bear one name, as those of a dict with the keys 1 and "1" do.
        """
        return {name: parameter.data for name, parameter in self._parameters_by_name().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:  # noqa: FBT001, FBT002 - PyTorch's
        """Set the parameters to these numbers by name; return the names that were missing and those that were unexpected.

        Raises ValueError where there are such names, unless `strict` is False, and TypeError for what is no number; the model
        stays as it was then. As PyTorch's.

        >>> from nn import Neuron
        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"weights.0": 2.0, "bias": 1.0})
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> neuron([10.0]).item()
        21.0
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict takes a dict from names to numbers, not {state!r}: model.state_dict()")
        named = self._parameters_by_name()
        found = IncompatibleKeys(
            [name for name in named if name not in state], [str(name) for name in state if name not in named]
        )
        if strict and any(found):
            raise ValueError(
                f"{wrong_names(*found)} in the state for {in_one_line(self)}: the model must be made as the saved one was"
            )
        shared = [name for name in named if name in state]
        numbers = [as_float(state[name], f"the number of {name}") for name in shared]
        assign(map(named.__getitem__, shared), numbers)
        return found

    def _parameters_by_name(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, parameter in self.named_parameters():
            if found.setdefault(name, parameter) is not parameter:
                raise ValueError(f"two parameters are named {name!r}: give one of them another attribute or key")
        return found

    def save(self, path: str | PathLike[str]) -> None:
        """Write the numbers of all parameters to a file of JSON, exactly; what was there is replaced, all or nothing.

        Raises OSError where the file cannot be written; what was there is still there then. See `nn.serialization`.
        """
        write_state_dict(self.state_dict(), path)

    def load(self, path: str | PathLike[str], *, strict: bool = True) -> IncompatibleKeys:
        """Set the parameters to the numbers in a file that `save` wrote; return what `load_state_dict` does.

        Raises ValueError for a file that is truncated, of another kind or newer, or made for another model (unless `strict`
        is False), and OSError for one that cannot be read; the model stays as it was then.
        """
        state = read_state_dict(path)
        try:
            return self.load_state_dict(state, strict=strict)
        except ValueError as error:
            raise ValueError(f"{path} does not fit: {error}") from None


def wrong_names(missing: list[str], unexpected: list[str]) -> str:
    """The names that are missing and those that are unexpected, in words.

    >>> wrong_names(["bias"], ["b"])
    "missing 'bias' and unexpected 'b'"
    """
    return " and ".join(
        f"{what} {', '.join(map(repr, names[:5]))}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        for what, names in (("missing", missing), ("unexpected", unexpected))
        if names
    )


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


def _find(path: str, thing: Any, found: list[tuple[str, Value | Module]], seen: set[int], *, enter: bool = True) -> None:
    """Note the parameters, leaf Values, and modules in a thing, with their paths; each, and each container, once.

    Where `enter` is False, what is inside of these modules is left out.
    """
    several = is_array(thing)
    for key, part in parts_of(thing):
        if id(part) in seen:
            continue
        name = ".".join(map(str, key)) if several else str(key)
        name = f"{path}.{name}" if path and name else path or name
        if not isinstance(part, Value):
            seen.add(id(part))
            module = isinstance(part, Module)
            if module:
                found.append((name, part))
            if enter or not module:
                _find(name, part, found, seen, enter=enter)
        elif not part.operands:
            seen.add(id(part))
            found.append((name, part))
