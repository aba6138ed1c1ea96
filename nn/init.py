"""PyTorch's `nn.init`: new numbers for parameters in place, such as `init.xavier_uniform_(layer.weight)`.

A "tensor" is a leaf Value, or leaf Values in nested lists, such as `layer.weight`. Each function sets their numbers and returns
it. `generator` is a seed, a `random.Random` or a NumPy Generator; without it, numbers are others each time.

nin and nout, PyTorch's fan_in and fan_out, are the second and the first dimension, times the sizes of those after them.
"""

import math
from collections.abc import Callable
from math import prod
from typing import Any

from autograd import Value
from autograd.real import as_float, shown
from autograd.value import assign
from nn.initialization import generator_of
from nn.inputs import shape_of


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights before that function are to be larger: 5/3 for "tanh", sqrt(2) for "relu".

    `param` is the slope of "leaky_relu", 0.01 unless given. Raises ValueError for an unknown name.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    match nonlinearity:
        case "linear" | "conv1d" | "conv2d" | "conv3d" | "sigmoid":
            return 1.0
        case "tanh":
            return 5.0 / 3.0
        case "relu":
            return math.sqrt(2.0)
        case "leaky_relu":
            slope = 0.01 if param is None else as_float(param, "param")
            return math.sqrt(2.0 / (1.0 + slope * slope))
        case "selu":
            return 0.75
    raise ValueError(
        f"no gain is known for {nonlinearity!r}: one of 'linear', 'conv1d', 'conv2d', 'conv3d', 'sigmoid', 'tanh', 'relu', "
        "'leaky_relu', 'selu'"
    )


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Uniform in [a, b].

    >>> from nn import Linear
    >>> max(abs(w.data) for w in uniform_(Linear(2, 1).weight, -0.1, 0.1)[0]) <= 0.1
    True
    """
    rng = generator_of(generator)
    return _fill(tensor, lambda: rng.uniform(a, b))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Normal with that mean and standard deviation.

    >>> normal_(Value(1.0), 2.0, 0.0)
    Value(data=2.0, grad=0.0)
    """
    draw = _gauss(generator)
    return _fill(tensor, lambda: mean + std * draw())


def trunc_normal_(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Any:
    """Normal, drawn again until it lies in [a, b]. Raises ValueError where that is too rare.

    >>> -2.0 <= trunc_normal_(Value(0.0)).data <= 2.0
    True
    """
    draw = _gauss(generator)

    def drawn() -> float:
        for _ in range(100_000):
            x = mean + std * draw()
            if a <= x <= b:
                return x
        raise ValueError(f"a normal number with mean {mean} and deviation {std} hardly ever lies in [{a}, {b}]")

    return _fill(tensor, drawn)


def constant_(tensor: Any, val: float) -> Any:
    """The same number for all.

    >>> constant_([Value(0.0)], 0.5)
    [Value(data=0.5, grad=0.0)]
    """
    number = as_float(val, "val")
    return _fill(tensor, lambda: number)


def ones_(tensor: Any) -> Any:
    """1.

    >>> ones_(Value(0.0))
    Value(data=1.0, grad=0.0)
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Any) -> Any:
    """0.

    >>> zeros_(Value(1.0))
    Value(data=0.0, grad=0.0)
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Any) -> Any:
    """The identity: 1 on the diagonal of a matrix, 0 elsewhere. Raises ValueError for what has not two dimensions.

    >>> eye_([[Value(0.0), Value(5.0)]])
    [[Value(data=1.0, grad=0.0), Value(data=0.0, grad=0.0)]]
    """
    shape = shape_of(tensor, "tensor")
    if len(shape) != 2:
        raise ValueError(f"eye_ takes a tensor of two dimensions, not of shape {shape}")
    numbers = iter([float(i == j) for i in range(shape[0]) for j in range(shape[1])])
    return _fill(tensor, numbers.__next__)


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Uniform in +-gain sqrt(6 / (nin + nout)): `nn.initialization.xavier_uniform`.

    >>> from nn import Linear
    >>> max(abs(w.data) for w in xavier_uniform_(Linear(2, 1).weight)[0]) <= 2.0 ** 0.5
    True
    """
    nin, nout = _fans(tensor, "xavier_uniform_")
    bound = gain * math.sqrt(6.0 / (nin + nout))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Normal with deviation gain sqrt(2 / (nin + nout)): `nn.initialization.xavier_normal`.

    >>> xavier_normal_([[Value(1.0)]], gain=0.0)
    [[Value(data=0.0, grad=0.0)]]
    """
    nin, nout = _fans(tensor, "xavier_normal_")
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (nin + nout)), generator)


def kaiming_uniform_(
    tensor: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Uniform in +-gain sqrt(3 / n), n being nin, or nout by mode "fan_out"; the gain is that of the nonlinearity, of slope a.

    >>> abs(kaiming_uniform_([[Value(0.0)]])[0][0].data) <= 6.0 ** 0.5
    True
    """
    bound = math.sqrt(3.0) * _kaiming(tensor, "kaiming_uniform_", a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Normal with deviation gain / sqrt(n). Else as `kaiming_uniform_`.

    >>> from random import Random
    >>> kaiming_normal_([[Value(0.0)]], generator=0)[0][0].data == 2.0 ** 0.5 * Random(0).gauss(0.0, 1.0)
    True
    """
    return normal_(tensor, 0.0, _kaiming(tensor, "kaiming_normal_", a, mode, nonlinearity), generator)


def orthogonal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """A matrix whose rows, or columns where these are fewer, are orthogonal and of length `gain`. Saxe et al., 2013.

    Dimensions after the first are taken together. Raises ValueError for fewer than two.

    >>> [[a, b], [c, d]] = orthogonal_([[Value(0.0), Value(0.0)], [Value(0.0), Value(0.0)]])
    >>> abs(a.data * c.data + b.data * d.data) < 1e-12
    True
    """
    shape = shape_of(tensor, "tensor")
    if len(shape) < 2:
        raise ValueError(f"orthogonal_ takes a tensor of at least two dimensions, not of shape {shape}")
    rows, columns = shape[0], prod(shape[1:])
    draw = _gauss(generator)
    found: list[list[float]] = []
    while len(found) < min(rows, columns):  # Gram and Schmidt, twice, which is as good as it gets
        new = [draw() for _ in range(max(rows, columns))]
        for other in (*found, *found):
            along = math.fsum(x * y for x, y in zip(new, other, strict=True))
            new = [x - along * y for x, y in zip(new, other, strict=True)]
        length = math.sqrt(math.fsum(x * x for x in new))
        if length > 1e-6:
            found.append([x / length for x in new])
    matrix = found if rows <= columns else list(zip(*found, strict=True))
    return _fill(tensor, iter([gain * x for row in matrix for x in row]).__next__)


def _kaiming(tensor: Any, name: str, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode must be "fan_in" or "fan_out", not {mode!r}')
    nin, nout = _fans(tensor, name)
    return calculate_gain(nonlinearity, a) / math.sqrt(nin if mode == "fan_in" else nout)


def _fans(tensor: Any, name: str) -> tuple[int, int]:
    """How many numbers an output is computed from, and how many outputs a number goes into."""
    shape = shape_of(tensor, "tensor")
    if len(shape) < 2:
        raise ValueError(f"{name} takes a tensor of at least two dimensions, such as layer.weight, not of shape {shape}")
    return shape[1] * prod(shape[2:]), shape[0] * prod(shape[2:])


def _gauss(generator: Any) -> Callable[[], float]:
    rng = generator_of(generator)
    draw = getattr(rng, "gauss", None) or rng.normal  # NumPy's name
    return lambda: float(draw(0.0, 1.0))


def _fill(tensor: Any, draw: Callable[[], float]) -> Any:
    """Set the numbers of all leaves, in their order."""
    leaves = _leaves(tensor, [])
    assign(leaves, [as_float(draw(), "what is drawn") for _ in leaves])
    return tensor


def _leaves(tensor: Any, found: list[Value]) -> list[Value]:
    if isinstance(tensor, list | tuple):
        for inner in tensor:
            _leaves(inner, found)
    elif isinstance(tensor, Value) and not tensor.operands:
        found.append(tensor)
    else:
        raise TypeError(f"nn.init sets leaf Values in nested lists, such as layer.weight, not {shown(tensor)}")
    return found
