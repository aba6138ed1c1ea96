"""Random generators of any kind, and those in a model: their states, out and back."""

from collections.abc import Mapping
from typing import Any

from autograd.real import shown
from nn.module import Module


def generators_in(model: Module) -> list[tuple[str, Any]]:
    """Every generator that a module of the model has for an attribute, with its path, such as "layers.1.rng"."""
    return [
        (f"{path}.{name}".removeprefix("."), thing)
        for path, module in model.named_modules()
        for name, thing in vars(module).items()
        if callable(getattr(thing, "uniform", None))
    ]


def generator_state(rng: Any, what: str) -> Any:
    """The state of a `random.Random` or a NumPy generator as plain data; TypeError for one that has none.

    >>> from random import Random
    >>> rng, other = Random(0), Random(1)
    >>> set_generator_state(other, generator_state(rng, "rng"))
    >>> rng.random() == other.random()
    True
    """
    try:
        state = rng.getstate() if hasattr(rng, "getstate") else rng.bit_generator.state
    except (AttributeError, NotImplementedError):  # the latter by random.SystemRandom
        raise TypeError(
            f"{what} is {shown(rng)}, whose state cannot be saved: take a random.Random or a NumPy Generator"
        ) from None
    return {"class": type(rng).__name__, "state": _plain(state)}


def set_generator_state(rng: Any, saved: Any) -> None:
    """Draw on as the generator whose state this is; ValueError for the state of another kind, or none."""
    if not isinstance(saved, Mapping) or set(saved) != {"class", "state"}:
        raise ValueError(f"{shown(saved)} is not the state of a generator")
    if saved["class"] != type(rng).__name__:
        raise ValueError(f"the state is of a generator {saved['class']}, and this is a {type(rng).__name__}: give it the same")
    state = saved["state"]
    try:
        if hasattr(rng, "setstate"):
            rng.setstate(state)
        else:
            rng.bit_generator.state = state
    except Exception as error:
        raise ValueError(f"not the state of a {type(rng).__name__} ({type(error).__name__}: {error})") from error


def _plain(state: Any) -> Any:
    """The state with lists for arrays, and Python's integers for NumPy's."""
    if isinstance(state, Mapping):
        return {name: _plain(part) for name, part in state.items()}
    if isinstance(state, tuple):
        return tuple([_plain(part) for part in state])
    return state.tolist() if hasattr(state, "tolist") else state
