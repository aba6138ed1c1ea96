"""Modules in a list or a dict, under PyTorch's names. A plain list or dict does too: parameters are found in any of these."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from nn.module import Module


def _checked(module: Any, what: str) -> Module:
    if not isinstance(module, Module):
        raise TypeError(f"{what} must be a module, not {module!r}: nn.Linear(2, 3), for example")
    return module


class ModuleList(Module):
    """A list of modules, with names "0", "1" and so on, as PyTorch's; what to do with them is for the model's `forward`.

    Raises TypeError for what is no module. A call raises NotImplementedError: `Sequential` calls one after another.

    >>> from nn import Linear
    >>> layers = ModuleList([Linear(2, 3, rng=0), Linear(3, 1, rng=1)])
    >>> len(layers), layers[-1], layers.append(Linear(1, 1, rng=2))[2]
    (2, Layer(3, 1, activation=None), Layer(1, 1, activation=None))
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def append(self, module: Module) -> "ModuleList":
        """Add a module at the end; returns the list."""
        return self.extend([module])

    def extend(self, modules: Iterable[Module]) -> "ModuleList":
        """Add modules at the end; returns the list."""
        for module in modules:
            setattr(self, str(len(self)), _checked(module, f"module {len(self)} of a ModuleList"))
        return self

    def insert(self, index: int, module: Module) -> None:
        """Put a module before that place."""
        modules = [*self]
        modules.insert(index, _checked(module, "what is inserted"))
        self._set(modules)

    def pop(self, index: int = -1) -> Module:
        """Take a module out."""
        modules = [*self]
        found: Module = modules.pop(index)
        self._set(modules)
        return found

    def _set(self, modules: list[Module]) -> None:
        for name in self._names():
            delattr(self, name)
        self.extend(modules)

    def _names(self) -> list[str]:
        return [name for name in vars(self) if name.isdecimal()]

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Module]:
        return iter([getattr(self, name) for name in self._names()])

    @overload
    def __getitem__(self, place: int) -> Module: ...
    @overload
    def __getitem__(self, place: slice) -> "ModuleList": ...
    def __getitem__(self, place: int | slice) -> "Module | ModuleList":
        found = [*self][place]
        return found if isinstance(found, Module) else ModuleList(found)

    def __setitem__(self, place: int, module: Module) -> None:
        names = self._names()
        setattr(self, names[place], _checked(module, "an item of a ModuleList"))

    def __delitem__(self, place: int) -> None:
        self.pop(place)


class ModuleDict(Module):
    """Modules by names, in order, as PyTorch's; what to do with them is for the model's `forward`.

    Raises TypeError for what is no module, or a name that is no text; KeyError for an unknown name.

    >>> from nn import Linear, ReLU
    >>> parts = ModuleDict({"first": Linear(2, 3, rng=0), "act": ReLU()})
    >>> list(parts), parts["act"], "first" in parts
    (['first', 'act'], ReLU(), True)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        self.update(modules)

    def update(self, modules: "Mapping[str, Module] | Iterable[tuple[str, Module]] | ModuleDict") -> None:
        """Add modules by names; those with names that are there take their places."""
        pairs: Any = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        for name, module in pairs:
            self[name] = module

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a module's name must be text, not {name!r}")
        if hasattr(type(self), name):
            raise ValueError(f"{name!r} is an attribute of a ModuleDict: give the module another name")
        setattr(self, name, _checked(module, f"the module {name!r}"))

    def __getitem__(self, name: str) -> Module:
        return self._by_name()[name]

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name()

    def keys(self) -> Any:
        """The names."""
        return self._by_name().keys()

    def values(self) -> Any:
        """The modules."""
        return self._by_name().values()

    def items(self) -> Any:
        """Names with modules."""
        return self._by_name().items()

    def pop(self, name: str) -> Module:
        """Take a module out."""
        found: Module = self._by_name()[name]
        delattr(self, name)
        return found

    def clear(self) -> None:
        """Take all out."""
        for name in self._by_name():
            delattr(self, name)

    def _by_name(self) -> dict[str, Module]:
        return {name: module for name, module in vars(self).items() if isinstance(module, Module)}
