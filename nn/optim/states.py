"""What an optimizer keeps between steps, as plain data in PyTorch's layout, and the way back, checked before it changes."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from autograd.real import as_float, shown

NUMBERS = frozenset({type(None), bool, int, float})


def state_of(optimizer: Any) -> dict[str, Any]:
    """The states by the parameters' places, and each group's options with the places of its parameters."""
    places = {parameter: place for place, parameter in enumerate(optimizer.parameters)}
    return {
        "class": type(optimizer).__name__,
        "state": {place: _copied(optimizer._states[p]) for p, place in places.items() if p in optimizer._states},
        "param_groups": [
            {**deepcopy(group.options()), "params": [places[parameter] for parameter in group.parameters]}
            for group in optimizer.groups
        ],
    }


def state_into(optimizer: Any, state: Any) -> Callable[[], None]:
    """What sets the optimizer to this state; ValueError or TypeError if the state does not fit."""
    kind = type(optimizer).__name__
    if not isinstance(state, Mapping) or not {"state", "param_groups"} <= set(state):
        raise TypeError(f'load_state_dict takes a dict with "state" and "param_groups", not {shown(state)}: state_dict()')
    if state.get("class", kind) != kind:
        raise ValueError(f"the state is of {state['class']}, and this is {kind}: make the optimizer as the saved one")
    remade = _groups(optimizer, state["param_groups"])
    states = _states(optimizer, remade, state["state"])

    def load() -> None:
        for group, changed in zip(optimizer.groups, remade, strict=True):
            for name in changed.options():
                if hasattr(changed, name):
                    setattr(group, name, getattr(changed, name))
        optimizer._states.clear()
        optimizer._states.update(states)

    return load


def _groups(optimizer: Any, described: Any) -> list[Any]:
    """For each group of the optimizer another with the options of the state; ValueError for other groups or options."""
    kind = type(optimizer).__name__
    found = [_places(group) for group in described] if isinstance(described, list | tuple) else []
    wanted = [len(group.parameters) for group in optimizer.groups]
    if [*map(len, found)] != wanted:
        raise ValueError(
            f"the state is for groups of {[*map(len, found)]} parameters, and this {kind} has groups of {wanted}: make it for "
            "the same parameters, in the same groups"
        )
    if [place for places in found for place in places] != list(range(sum(wanted))):
        raise ValueError(
            f"the state is damaged: its groups' places must be 0 to {sum(wanted) - 1} in order, not {shown(found)}"
        )
    remade = []
    for group, saved in zip(optimizer.groups, described, strict=True):
        options = {name: deepcopy(option) for name, option in saved.items() if name != "params"}
        missing = [name for name in group.options() if name not in options]
        if missing:
            raise ValueError(f"the state of {kind} lacks the option {missing[0]!r}, among {', '.join(map(repr, options))}")
        remade.append(group._remade(group.parameters, options, options))
    return remade


def _places(group: Any) -> list[Any]:
    places = group.get("params") if isinstance(group, Mapping) else None
    if not isinstance(places, list | tuple):
        raise TypeError(f'a group of the state must be a dict with "params", the places of its parameters, not {shown(group)}')
    return list(places)


def _states(optimizer: Any, remade: list[Any], given: Any) -> dict[Any, Any]:
    """The states by parameter, each of a kind that update takes: it is tried, by the optimizers that were made again."""
    if not isinstance(given, Mapping):
        raise TypeError(f"the states must be a dict from the parameters' places, not {shown(given)}")
    groups = [group for group in remade for _ in group.parameters]
    found, tried = {}, set()
    for place, state in given.items():
        if type(place) is not int or not 0 <= place < len(groups):
            raise ValueError(f"there is a state for parameter {place!r}, and the places are 0 to {len(groups) - 1}")
        kind = (id(groups[place]), _kind(state))
        if kind not in tried:
            _try(groups[place], place, deepcopy(state), optimizer.parameters[place].data)
            tried.add(kind)
        found[optimizer.parameters[place]] = _copied(state)
    return found


def _copied(state: Any) -> Any:
    """A deep copy; numbers and tuples of them, which nothing changes, are their own."""
    parts = state if type(state) is tuple else (state,)
    return state if NUMBERS.issuperset(map(type, parts)) else deepcopy(state)


def _kind(state: Any) -> Any:
    """The types of all that is in a state, nested alike."""
    if isinstance(state, Mapping):
        return type(state), *((key, _kind(part)) for key, part in state.items())
    return (type(state), *map(_kind, state)) if isinstance(state, list | tuple) else type(state)


def _try(group: Any, place: int, state: Any, number: float) -> None:
    text = shown(state)
    try:
        as_float(group.update(number, 1.0, state)[0], "the next number")
    except ArithmeticError:
        pass  # numbers that lead to no result are numbers all the same
    except Exception as error:
        raise ValueError(
            f"the state of parameter {place} is {text}, which {type(group).__name__}.update does not take "
            f"({type(error).__name__}: {error}): give what state_dict() returned"
        ) from error
