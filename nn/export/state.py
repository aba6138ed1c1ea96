"""Weights from and to PyTorch's state dicts: names to arrays, in place of our names to numbers."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from autograd.extras import needed
from autograd.real import as_float, shown
from autograd.value import assign
from nn.export.parameters import arrays_by_name
from nn.export.recording import nested
from nn.export.rules import Array
from nn.inputs import each_number, shape_of
from nn.layers.linear import MLP, Sequential
from nn.module import Module, in_one_line, wrong_names

if TYPE_CHECKING:
    from autograd import Value


def torch_state_dict(
    model: Module, *, like: Mapping[str, Any] | None = None, tensor: Callable[[Any], Any] | None = None
) -> dict[str, Any]:
    """The weights as `torch_model.load_state_dict` takes them: tensors by name, such as "layers.0.weight" of shape (nout, nin).

    Names are the paths of our layers, with PyTorch's words for their arrays; parameters of your own modules are gathered into
    one array for each list. The module that `to_torch_source` writes has them.

    Args:
        model: any Module.
        like: a state dict whose names are to be used, `torch_model.state_dict()`: for a `torch.nn.Sequential`, for example,
            "0.weight" and "2.weight".
        tensor: makes a tensor of nested lists of floats, such as `numpy.array`; unless given, PyTorch does, in float64.

    Raises:
        ValueError: names or shapes of `like` differ from the model's; each difference is named.
        ModuleNotFoundError: PyTorch is missing, and no `tensor` given.

    >>> from nn import Linear
    >>> layer = Linear(2, 3, rng=0)
    >>> [(name, len(rows)) for name, rows in torch_state_dict(layer, tensor=list).items()]
    [('weight', 3), ('bias', 3)]
    """
    arrays = arrays_by_name(model)
    names = {name: name for name in arrays} if like is None else _matched(model, arrays, like, "like")[0]
    if tensor is None:
        torch = needed("torch", "torch_state_dict", "torch, or give tensor=numpy.array")
        tensor = lambda numbers: torch.tensor(numbers, dtype=torch.float64)  # noqa: E731 - the default of an argument
    return {names[name]: tensor(numbers_of(array)) for name, array in arrays.items()}


def load_torch_state_dict(model: Module, state: Mapping[str, Any]) -> None:
    """Set the model's parameters to a PyTorch state dict's numbers: tensors, NumPy arrays or nested lists by name.

    Names are those of `torch_state_dict(model)`, or of a `torch.nn.Sequential` of the same layers, with or without "layers."
    before the numbers; for an `MLP` the numbers need only be in order, because there activations are layers.

    Raises ValueError where names or shapes differ, or parameters that the model shares get different numbers, and TypeError for
    anything that is not a number; the model then stays as it was.

    >>> from nn import Linear
    >>> layer = Linear(2, 1)
    >>> load_torch_state_dict(layer, {"weight": [[2.0, 3.0]], "bias": [1.0]})
    >>> layer([10.0, 100.0])[0].item()
    321.0
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"the state must be a dict from names to arrays, not {shown(state)}: torch_model.state_dict()")
    arrays = arrays_by_name(model)
    names, found = _matched(model, arrays, state, "the state")
    numbers: dict[Value, float] = {}
    for name, array in arrays.items():
        for value, number in zip(array.values, found[names[name]], strict=True):
            known = numbers.setdefault(value, number)
            if known != number and (known == known or number == number):  # noqa: PLR0124 - nan is not
                raise ValueError(
                    f"the state has {number} in {names[name]!r} for a parameter of {in_one_line(model)} that is shared, and "
                    f"{known} elsewhere: give both the same, or make the model without sharing"
                )
    assign(list(numbers), list(numbers.values()))


def numbers_of(array: Array) -> Any:
    """The numbers of an array of parameters, in nested lists."""
    return nested([value.data for value in array.values], array.shape)


def _matched(
    model: Module, arrays: Mapping[str, Array], state: Mapping[str, Any], what: str
) -> tuple[dict[str, str], dict[str, list[float]]]:
    """Our names with those of the state, and the state's numbers; ValueError that lists all differences."""
    variants = [_names(model, arrays, state, drop=drop) for drop in (False, True)]
    names = min(variants, key=lambda names: len({*names.values()} ^ {*state}))
    missing = [name for name in names.values() if name not in state]
    known = {*names.values()}
    unexpected = [str(name) for name in state if name not in known]
    differences = [wrong_names(missing, unexpected)] if missing or unexpected else []
    numbers = {}
    for ours, theirs in names.items():
        if theirs not in state:
            continue
        plain = each_number(lambda x: x, state[theirs])
        numbers[theirs] = [as_float(x, f"a number of {theirs!r}") for x in _in_a_row(plain)]
        try:
            shape = shape_of(plain, f"{theirs!r}")
        except ValueError as error:
            differences.append(str(error))
            continue
        if shape != arrays[ours].shape:
            differences.append(f"{theirs!r} has the shape {shape}, not {arrays[ours].shape}")
    if differences:
        raise ValueError(
            f"{what} does not fit {in_one_line(model)}: {'; '.join(differences)}. Make the model as the other was made, or "
            "rename: the model's names are those of torch_state_dict(model)"
        )
    return names, numbers


def _in_a_row(nested: Any) -> list[Any]:
    found: list[Any] = []
    each_number(found.append, nested)
    return found


def _names(model: Module, arrays: Iterable[str], theirs: Iterable[str], *, drop: bool) -> dict[str, str]:
    """Our names as the others would be: without the word "layers" of our containers if `drop`, an MLP's numbers as theirs."""
    containers = {path: module for path, module in model.named_modules() if isinstance(module, MLP | Sequential)}
    others = list(map(str, theirs))
    found = {}
    for name in arrays:
        here, there = "", ""
        numbers: dict[str, str] = {}
        for word in name.split("."):
            container = containers.get(here)
            here = f"{here}.{word}".lstrip(".")
            if numbers:
                word, numbers = numbers.get(word, word), {}  # noqa: PLW2901 - the word there
            elif word == "layers" and container is not None:
                if isinstance(container, MLP):
                    prefix = there if drop else f"{there}.layers".lstrip(".")
                    numbers = _in_order(others, prefix, len(container.layers))
                if drop:
                    continue
            there = f"{there}.{word}".lstrip(".")
        found[name] = there
    return found


def _in_order(names: Iterable[str], prefix: str, count: int) -> dict[str, str]:
    """By "0", "1" and so on the numbers that come after a prefix, if there are so many."""
    start = f"{prefix}." if prefix else ""
    words = {name.removeprefix(start).partition(".")[0] for name in names if name.startswith(start)}
    numbers = sorted(filter(str.isdecimal, words), key=int)
    return {str(i): number for i, number in enumerate(numbers)} if len(numbers) == count else {}
