"""Module: the base of models and their parts, which finds the parameters in it by itself."""

from collections.abc import Callable, Mapping
from os import PathLike
from reprlib import recursive_repr
from typing import Any, ClassVar, NamedTuple, ParamSpec, Protocol, Self, TypeVar

from autograd import Value
from autograd.real import as_float, shown
from autograd.value import assign
from nn.mapping import mapped
from nn.nesting import Nested, search, walk
from nn.parameter import label_together, labels_to_give
from nn.serialization import read_state_dict, write_state_dict
from nn.summary import summary_table

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found: names of the model without a number, and names that no parameter bears."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class HasForward(Protocol[P, R_co]):
    """What computes something: a module takes and returns what its `forward` does, to type checkers too."""

    def forward(self, *inputs: P.args, **options: P.kwargs) -> R_co:
        """Compute it."""


class Module(Nested):
    """The base of everything with parameters: leaf Values among its attributes, or in its lists, dicts and submodules.

    A subclass sets them in `__init__` and computes in `forward`; calling the module calls `forward`. Every leaf Value that it
    keeps is a parameter: keep other numbers as floats. `training` is True until `eval()`; modules such as `Dropout` obey it.

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
    summarised_alone: ClassVar[bool] = True  # False: a summary counts it with the module that holds it
    draw: ClassVar[Callable[..., Any]]  # attached by `nn.drawing`, which knows the layers

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; a subclass says what."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define `def forward(self, x): ...`")

    def __call__(self: "HasForward[P, R]", *inputs: P.args, **options: P.kwargs) -> R:
        """Compute `forward(*inputs, **options)`."""
        return self.forward(*inputs, **options)

    def batch(self, *inputs: Any) -> Any:
        """What the module gives for each sample of a batch: a list. Calling it takes one sample, never a batch.

        Several inputs are batches of equal length. Where a result is a tuple, the results are a tuple of lists, as those of
        `vmap(model)`. A compiled function records one loop over the samples. Raises TypeError for what is no batch, ValueError
        for none, or for unequal lengths.

        >>> from nn import MLP
        >>> len(MLP(2, [3])([1.0, 2.0])), len(MLP(2, [3]).batch([[1.0, 2.0], [3.0, 4.0]]))
        (3, 2)
        """
        return mapped(self, self, *inputs)

    def _repr_html_(self) -> str:
        """The table of `summary()`, as notebooks show it."""
        from html import escape

        return f"<pre>{escape(self.summary())}</pre>"

    @recursive_repr()
    def __repr__(self) -> str:
        lines: list[str] = []
        around: set[int] = set()  # the modules in whose parentheses the next line stands
        stack: list[tuple[str, Any]] = [("", self)]
        while stack:
            name, thing = stack.pop()
            if name == ")":
                around.remove(id(thing))
            indent = "  " * len(around)
            if name == ")":
                lines.append(f"{indent})")
            elif id(thing) in around:
                lines.append(f"{indent}{name}...")
            elif name and not _shows_what_is_inside(thing):
                described = repr(thing) if isinstance(thing, Module) else getattr(thing, "__name__", str(thing))
                lines.append(f"{indent}{name}{described}".replace("\n", f"\n{indent}"))
            else:
                inside = thing._inside()
                lines.append(f"{indent}{name}{type(thing).__name__}({'' if inside else ')'}")
                if inside:
                    around.add(id(thing))
                    stack += [(")", thing), *((f"({key}): ", inner) for key, inner in reversed(inside))]
        return "\n".join(lines)

    def _inside(self) -> list[tuple[str, Any]]:
        """The modules directly inside, and functions among them, by name, as the repr shows them."""
        return [*self.named_children()]

    # --- parameters and modules in it ---------------------------------------------------------------------------------

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Every parameter once, with its path, such as "layers.0.neurons.3.weights.1", in the order in which they were set."""
        named: list[tuple[str, Value]] = []
        for holder, key, found in search(self):
            if isinstance(found, list):
                path = holder.name(key)
                named += [(f"{path}.{i}", parameter) for i, parameter in enumerate(found)]
            elif isinstance(found, Value):
                named.append((holder.name(key), found))
        return named

    def parameters(self) -> list[Value]:
        """Every parameter once, in the order of `named_parameters`."""
        parameters: list[Value] = []
        for _, _, found in search(self):
            if isinstance(found, list):
                parameters += found
            elif isinstance(found, Value):
                parameters.append(found)
        return parameters

    def named_modules(self) -> "list[tuple[str, Module]]":
        """The module itself, by the name "", and every module in it once, with its path, such as "layers.0"."""
        found = walk(self, values=False)
        return [("", self), *((holder.name(key), module) for holder, key, module in found if isinstance(module, Module))]

    def modules(self) -> "list[Module]":
        """The module itself and every module in it once, in the order of `named_modules`."""
        return [self, *(found for _, _, found in walk(self, values=False) if isinstance(found, Module))]

    def named_children(self) -> "list[tuple[str, Module]]":
        """The modules directly inside, each once, with its path from here, such as "layers.0"."""
        return [(holder.name(key), found) for holder, key, found in walk(self, enter=False) if isinstance(found, Module)]

    def children(self) -> "list[Module]":
        """The modules directly inside, each once, also those in lists and dicts."""
        return [child for _, child in self.named_children()]

    def apply(self, function: "Callable[[Module], Any]") -> Self:
        """Call the function with every module inside, innermost first, and at last with this one; return the module.

        >>> from nn import MLP, Layer, init
        >>> def start(module):
        ...     if isinstance(module, Layer):
        ...         init.zeros_(module.weight)
        >>> MLP(2, [1]).apply(start)([3.0, 4.0]).item()
        0.0
        """
        order: list[Module] = []  # each module after those inside it, which come in their order
        entered: set[int] = set()
        stack: list[tuple[Module, bool]] = [(self, False)]
        while stack:
            module, done = stack.pop()
            if done:
                order.append(module)
            elif id(module) not in entered:
                entered.add(id(module))
                stack += [(module, True), *((child, False) for child in reversed(module.children()))]
        for module in order:
            function(module)
        return self

    def label_parameters(self) -> None:
        """Label every parameter with its path, so that pictures read well."""
        for holder, key, found in search(self, of_list=labels_to_give):
            if isinstance(found, list):
                label_together(found, holder.name(key))
            elif isinstance(found, Value):
                found.label = holder.name(key)

    def summary(self) -> str:
        """A table of the layers: their paths, the shapes of their parameters, and how many numbers these hold.

        >>> from nn import MLP
        >>> print(MLP(2, [16, 1], rng=0).summary())
        path      module                           parameters                   count
        layers.0  Layer(2, 16, activation='tanh')  weights (16, 2), bias (16,)     48
        layers.1  Layer(16, 1, activation=None)    weights (1, 16), bias (1,)      17
        total                                                                      65
        """
        shown = [(name, in_one_line(module)) for name, module in self.named_modules() if not name or module.summarised_alone]
        return summary_table(shown, [name for name, _ in self.named_parameters()])

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
        """Forget every parameter's gradient; call it before a backward pass, which adds to them."""
        for parameter in self.parameters():
            parameter.grad = None

    def reseed(self, seed: str) -> None:
        """Draw from a generator with this seed from now on: `fit(seed=...)` calls it, and modules that draw override it."""

    # --- saving -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by its name, in the order of `named_parameters`: a copy, of plain floats.

        Raises ValueError if two parameters bear one name, such as those of a dict with the keys 1 and "1".
        """
        return {name: parameter.data for name, parameter in self._parameters_by_name().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:  # noqa: FBT001, FBT002 - PyTorch's
        """Set the parameters to these numbers by name; return the names that were missing and those that were unexpected.

        Raises ValueError for such names, unless `strict` is False, and TypeError for anything that is not a number; the model
        then stays as it was. As PyTorch's.

        >>> from nn import Neuron
        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"weights.0": 2.0, "bias": 1.0})
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> neuron([10.0]).item()
        21.0
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict takes a dict from names to numbers, not {shown(state)}: model.state_dict()")
        named = self._parameters_by_name()
        found = IncompatibleKeys(
            [name for name in named if name not in state], [str(name) for name in state if name not in named]
        )
        if strict and any(found):
            raise ValueError(
                f"{wrong_names(*found)} in the state for {in_one_line(self)}: make the model as the saved one was made"
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
        """Write all parameters' numbers to a JSON file, exactly (see `nn.serialization`), whole or not at all (OSError)."""
        write_state_dict(self.state_dict(), path)

    def load(self, path: str | PathLike[str], *, strict: bool = True) -> IncompatibleKeys:
        """Set the parameters to the numbers in a file that `save` wrote; return what `load_state_dict` does.

        Raises ValueError for a file that is truncated, of another kind or newer, or made for another model (unless `strict`
        is False), and OSError if it cannot be read; the model then stays as it was.
        """
        state = read_state_dict(path)
        try:
            return self.load_state_dict(state, strict=strict)
        except ValueError as error:
            raise ValueError(f"{path} does not fit: {error}") from None


class FunctionModule(Module):
    """A function as a module: a subclass names its `function`, and the attributes that are `options` of it."""

    function: ClassVar[Callable[..., Any]]
    options: ClassVar[tuple[str, ...]] = ()

    def chosen(self) -> dict[str, Any]:
        """The options with their values."""
        return {name: getattr(self, name) for name in self.options}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={option!r}' for name, option in self.chosen().items())})"


def wrong_names(missing: list[str], unexpected: list[str]) -> str:
    """The missing and the unexpected names, in words: "missing 'bias' and unexpected 'b'"."""
    return " and ".join(
        f"{what} {', '.join(map(repr, names[:5]))}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        for what, names in (("missing", missing), ("unexpected", unexpected))
        if names
    )


def in_one_line(module: Module) -> str:
    """Its repr, or its type alone where the repr takes several lines.

    >>> from nn import ReLU, Sequential
    >>> in_one_line(ReLU()), in_one_line(Sequential(ReLU()))
    ('ReLU()', 'Sequential')
    """
    several = _shows_what_is_inside(module) and module._inside()
    return type(module).__name__ if several or "\n" in (described := repr(module)) else described


def _shows_what_is_inside(thing: Any) -> bool:
    """Whether its repr is that of Module, not one of its own class."""
    return getattr(type(thing), "__repr__", None) is Module.__repr__
