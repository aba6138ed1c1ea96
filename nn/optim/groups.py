"""Parameter groups: optimizers made of several, each with options of its own, and their options as PyTorch's dicts.

Each group is a whole optimizer of the same class, which its constructor made from the group's options over the common ones. So
every option is checked as ever, and a subclass needs to know nothing of groups.
"""

import inspect
from abc import ABCMeta
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from copy import copy
from typing import TYPE_CHECKING, Any

from autograd.real import shown

EXAMPLE = '[{"params": a.parameters(), "lr": 0.01}, {"params": b.parameters()}]'


class Grouping(ABCMeta):
    """The class of optimizers' classes: called with dicts for parameters, they make an optimizer of each, and one of all."""

    @property
    def __signature__(cls) -> inspect.Signature:
        """That of the constructor, which is what users call."""
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]  # of whatever class this is
        return signature.replace(parameters=list(signature.parameters.values())[1:], return_annotation=cls)

    def _call(cls, *arguments: Any, **options: Any) -> Any:
        """An optimizer, of the parameters themselves or of groups of them."""
        name = next(iter(cls.__signature__.parameters), "parameters")
        given = arguments[0] if arguments else options.get(name)
        if isinstance(given, Mapping):
            raise TypeError(f"parameters must be a list of Values or of groups, not one dict: {EXAMPLE}")
        if not isinstance(given, Iterable):
            return cls._made(arguments, options)
        listed = list(given)
        groups = [checked_group(group, f"group {i}") for i, group in enumerate(listed)] if _has_groups(listed) else []
        flat = [parameter for group in groups for parameter in group["params"]] if groups else listed
        if arguments:
            arguments = (flat, *arguments[1:])
        else:
            options[name] = flat
        whole = cls._made(arguments, options)
        if groups:
            whole._part_into([whole._of_group(group, f"group {i}") for i, group in enumerate(groups)])
        return whole

    if not TYPE_CHECKING:  # a type checker sees the constructor
        __call__ = _call

    def _made(cls, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """An optimizer that remembers the options it was given, by name."""
        made = super().__call__(*arguments, **options)
        bound = cls.__signature__.bind(*arguments, **options)
        bound.apply_defaults()
        kinds = {name: parameter.kind for name, parameter in cls.__signature__.parameters.items()}
        found: dict[str, Any] = {}
        for name, option in list(bound.arguments.items())[1:]:
            found |= option if kinds[name] is inspect.Parameter.VAR_KEYWORD else {name: option}
        object.__setattr__(made, "_given", found)  # vars(made) would make every look at an attribute slower
        return made


def _has_groups(listed: list[Any]) -> bool:
    """Whether these are groups, not parameters; TypeError if only some are."""
    found = sum(isinstance(item, Mapping) for item in listed)
    if 0 < found < len(listed):
        stray = next(item for item in listed if not isinstance(item, Mapping))
        raise TypeError(f"parameters must be all Values or all groups, and {shown(stray)} stands among groups: {EXAMPLE}")
    return found > 0


def checked_group(group: Any, what: str) -> dict[str, Any]:
    """A group with its parameters in a list; TypeError for anything but a dict, ValueError for one without "params"."""
    if not isinstance(group, Mapping):
        raise TypeError(f'a group must be a dict, not {shown(group)}: {{"params": model.parameters(), "lr": 0.01}}')
    if "params" not in group:
        names = ", ".join(map(repr, group))
        raise ValueError(f'{what} has no "params", but {names or "nothing"}: {{"params": model.parameters(), "lr": 0.01}}')
    given = group["params"]
    return {**group, "params": list(given) if isinstance(given, Iterable) else [given]}


class ParameterGroup(MutableMapping[str, Any]):
    """A group as PyTorch's dict: "params" and the options by name. Setting an option checks it, and changes the group.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> optimizer = SGD([{"params": [Value(1.0)], "lr": 0.5}, {"params": [Value(2.0)]}], lr=0.1)
    >>> optimizer.param_groups[1]["lr"] = 0.2
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.5, 0.2]
    """

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer  # the group's own

    def __getitem__(self, name: str) -> Any:
        return self._optimizer.parameters if name == "params" else self._optimizer.options()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "params":
            raise ValueError("a group keeps its parameters: make an optimizer with other groups, or add_param_group(...)")
        self._optimizer.set_options({name: value})

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"a group keeps its options: set {name!r} to another value")

    def __iter__(self) -> Iterator[str]:
        return iter(["params", *self._optimizer.options()])

    def __len__(self) -> int:
        return 1 + len(self._optimizer.options())

    def __repr__(self) -> str:
        options = "".join(f", {name!r}: {option!r}" for name, option in self._optimizer.options().items())
        return f"{{'params': [{len(self._optimizer.parameters)} Values]{options}}}"


class Grouped(metaclass=Grouping):
    """What `Optimizer` has for its groups; it keeps `parameters`, and their states in `_states`, which all groups share."""

    parameters: list[Any]
    _states: dict[Any, Any]
    _given: Mapping[str, Any] = {}  # the options given to the constructor
    _groups: tuple[Any, ...] = ()  # none: one group, the optimizer itself
    lr: Any

    @property
    def groups(self) -> list[Any]:
        """The optimizers of the groups, each of the same class with its own parameters and options; alone, the optimizer."""
        return list(self._groups) or [self]

    @property
    def param_groups(self) -> list[ParameterGroup]:
        """The groups as PyTorch's dicts, with "params" and the options; what is set there is checked and changes the group."""
        return [ParameterGroup(group) for group in self.groups]

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add a group, as {"params": ..., "lr": ...}; options that it lacks are those that the optimizer was made with.

        Raises ValueError for a parameter that the optimizer has, and for what its constructor refuses.
        """
        added = self._of_group(checked_group(group, "the group"), "the group")
        if {*map(id, self.parameters)} & {*map(id, added.parameters)}:
            raise ValueError("a parameter of the group is in the optimizer: give each parameter to one group")
        self._part_into([*(self._groups or [copy(self)]), added])
        self.parameters = [*self.parameters, *added.parameters]

    def options(self) -> dict[str, Any]:
        """The options by name, as they are now."""
        return {name: getattr(self, name, given) for name, given in self._given.items()} | {"lr": self.lr}

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set these options, all or none; ValueError or TypeError for what the constructor refuses."""
        changed = self._remade(self.parameters, self.options() | dict(options), options)
        lacking = [name for name in options if not hasattr(changed, name)]
        if lacking:
            raise ValueError(f"{type(self).__name__} cannot change {lacking[0]!r}: it keeps no attribute of that name")
        for name in options:
            setattr(self, name, getattr(changed, name))

    def _of_group(self, group: Mapping[str, Any], what: str) -> Any:
        """The optimizer of a group."""
        own = {name: option for name, option in group.items() if name != "params"}
        try:
            return self._remade(group["params"], {**self._given, **own}, own)
        except (TypeError, ValueError) as error:
            error.add_note(f"in {what} of {type(self).__name__}")
            raise

    def _remade(self, parameters: list[Any], options: Mapping[str, Any], named: Iterable[str]) -> Any:
        """Another optimizer of the class, with these options; ValueError for a name that it has not."""
        kind: Any = type(self)
        known = {**self._given, "lr": None}
        unknown = [name for name in named if name not in known]
        if unknown:
            raise ValueError(f"{kind.__name__} has no option {unknown[0]!r}, but {', '.join(map(repr, known))}")
        made = kind(parameters, **{name: option for name, option in options.items() if name in self._given})
        if "lr" in options and "lr" not in self._given:
            made.lr = options["lr"]
        return made

    def _part_into(self, groups: list[Any]) -> None:
        for group in groups:
            group._states = self._states
        self._groups = tuple(groups)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._groups and name in self._given and name != "lr":
            raise AttributeError(
                f"each group of this {type(self).__name__} has its own {name}: "
                f"for group in optimizer.groups: group.{name} = {value!r}"
            )
        super().__setattr__(name, value)
