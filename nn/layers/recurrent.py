"""Recurrent layers: cells, which take one vector, and RNN, LSTM and GRU, which carry a state through a sequence of vectors.

Parameters, their names, order and shapes are PyTorch's, and so are the numbers. A model here takes one sample, so a sequence is
what PyTorch calls unbatched input: (length, input_size), and `batch_first` changes nothing. In a trace a sequence is one loop.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from autograd import identity, relu, scan, sigmoid, tanh
from autograd.turns import OpenSequence
from nn.checks import count
from nn.initialization import generator_of
from nn.inputs import listed
from nn.layers.dropout import Dropout
from nn.mapping import affine, each, vector, vectors
from nn.module import Module
from nn.parameter import parameters_of_shape

Step = Callable[..., tuple[list[Any], ...]]
"""From the gates' sums for the input and for the state, and the state, the next state."""

NONLINEARITIES = {"tanh": tanh, "relu": relu}


def _parts(numbers: Sequence[Any], count: int) -> list[Sequence[Any]]:
    size = len(numbers) // count
    return [numbers[i * size : (i + 1) * size] for i in range(count)]


def _rnn_step(activation: Callable[[Any], Any]) -> Step:
    def step(of_input: list[Any], of_state: list[Any], _: tuple[list[Any], ...]) -> tuple[list[Any], ...]:
        return ([activation(a + b) for a, b in zip(of_input, of_state, strict=True)],)

    return step


def _lstm_step(of_input: list[Any], of_state: list[Any], state: tuple[list[Any], ...]) -> tuple[list[Any], ...]:
    sums = [a + b for a, b in zip(of_input, of_state, strict=True)]
    hidden, cells = [], []
    for i, f, g, o, c in zip(*_parts(sums, 4), state[1], strict=True):
        cell = sigmoid(f) * c + sigmoid(i) * tanh(g)
        cells.append(cell)
        hidden.append(sigmoid(o) * tanh(cell))
    return hidden, cells


def _gru_step(of_input: list[Any], of_state: list[Any], state: tuple[list[Any], ...]) -> tuple[list[Any], ...]:
    hidden = []
    for reset, update, new, reset_h, update_h, new_h, h in zip(
        *_parts(of_input, 3), *_parts(of_state, 3), state[0], strict=True
    ):
        kept = sigmoid(update + update_h)
        hidden.append((1.0 - kept) * tanh(new + sigmoid(reset + reset_h) * new_h) + kept * h)
    return (hidden,)


class _Recurrent(Module):
    """What cells and layers share. A subclass says how many gates there are, and how many vectors are a state."""

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1

    input_size: int
    hidden_size: int
    bias: bool
    nonlinearity: str

    def _set_sizes(self, input_size: Any, hidden_size: Any, *, bias: Any, nonlinearity: Any = "tanh") -> None:
        self.input_size, self.hidden_size = count("input_size", input_size), count("hidden_size", hidden_size)
        if not isinstance(bias, bool):
            raise TypeError(f"bias must be True or False, not {bias!r}")
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f'nonlinearity must be "tanh" or "relu", not {nonlinearity!r}')
        self.bias, self.nonlinearity = bias, nonlinearity

    def _add_weights(self, suffix: str, nin: int, draw: Callable[[], float]) -> None:
        """Set the parameters of one layer and direction, in PyTorch's order."""
        rows = self.gates * self.hidden_size
        setattr(self, f"weight_ih{suffix}", parameters_of_shape(draw, rows, nin))
        setattr(self, f"weight_hh{suffix}", parameters_of_shape(draw, rows, self.hidden_size))
        for name in ("bias_ih", "bias_hh"):
            setattr(self, f"{name}{suffix}", parameters_of_shape(draw, rows) if self.bias else None)

    def _draw(self, rng: Any) -> Callable[[], float]:
        """Uniform in +-1 / sqrt(hidden_size), as PyTorch draws."""
        generator, bound = generator_of(rng), 1.0 / math.sqrt(self.hidden_size)
        return lambda: float(generator.uniform(-bound, bound))

    def _step(self) -> Step:
        return _rnn_step(NONLINEARITIES[self.nonlinearity])

    def _next(self, suffix: str, x: Sequence[Any], state: tuple[list[Any], ...]) -> tuple[list[Any], ...]:
        """The state after one vector."""
        weights = [getattr(self, f"{name}{suffix}") for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")]
        return self._step()(affine(weights[0], weights[1], x), affine(weights[2], weights[3], state[0]), state)

    def _state(self, given: Any, what: str) -> tuple[list[Any], ...]:
        """A state of one layer that was given, or zeros."""
        if given is None:
            return tuple([[0.0] * self.hidden_size for _ in range(self.states)])
        parts = (given,) if self.states == 1 else given
        if not isinstance(parts, list | tuple) or len(parts) != self.states:
            raise TypeError(f"{type(self).__name__} takes for a state a pair (h, c): {what}=(h, c)")
        return tuple([vector(type(self).__name__, self.hidden_size, part, what) for part in parts])

    def _options(self) -> str:
        return f", nonlinearity={self.nonlinearity!r}" if self.nonlinearity != "tanh" else ""


class _Cell(_Recurrent):
    """One step of a recurrent layer."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        rng: Any = None,
    ) -> None:
        self._set_sizes(input_size, hidden_size, bias=bias)
        self._add_weights("", self.input_size, self._draw(rng))
        self.label_parameters()

    def forward(self, input: Any, hx: Any = None) -> Any:  # noqa: A002 - PyTorch's name
        """The state after the input, from the state `hx`, zeros unless given."""
        x = vector(type(self).__name__, self.input_size, listed(input), "input")
        found = self._next("", x, self._state(hx, "hx"))
        return found if self.states > 1 else found[0]

    def __repr__(self) -> str:
        bias = "" if self.bias else ", bias=False"
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}{bias}{self._options()})"


class RNNCell(_Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu: (input_size,) and (hidden_size,) give (hidden_size,).

    Called with a vector and a state, zeros unless given. Parameters `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh` and numbers
    are PyTorch's. Raises ValueError or TypeError for bad options and vectors.

    >>> cell = RNNCell(input_size=2, hidden_size=3, rng=0)
    >>> h = cell([1.0, 0.5])
    >>> len(cell([0.0, 1.0], h)), len(cell.parameters())
    (3, 21)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        nonlinearity: str = "tanh",
        *,
        rng: Any = None,
    ) -> None:
        self._set_sizes(input_size, hidden_size, bias=bias, nonlinearity=nonlinearity)
        self._add_weights("", self.input_size, self._draw(rng))
        self.label_parameters()


class LSTMCell(_Cell):
    """Gates i, f, g, o of W_ih x + b_ih + W_hh h + b_hh; c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c').

    Called with a vector and a state (h, c), zeros unless given; gives (h', c'). Parameters and numbers are PyTorch's.
    Hochreiter and Schmidhuber, Long short-term memory, 1997. Raises as `RNNCell`.

    >>> h, c = LSTMCell(2, 3, rng=0)([1.0, 0.5])
    >>> len(h), len(c)
    (3, 3)
    """

    gates, states = 4, 2

    def _step(self) -> Step:
        return _lstm_step


class GRUCell(_Cell):
    """h' = (1 - z) n + z h, with gates r and z and n = tanh(W_in x + b_in + r (W_hn h + b_hn)).

    Called with a vector and a state, zeros unless given. Parameters, gates in the order r, z, n, and numbers are PyTorch's.
    Cho et al., 2014. arXiv:1406.1078. Raises as `RNNCell`.

    >>> len(GRUCell(2, 3, rng=0)([1.0, 0.5]))
    3
    """

    gates = 3

    def _step(self) -> Step:
        return _gru_step


class _Layers(_Recurrent):
    """Cells through a sequence, layer on layer, in one direction or both."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        batch_first: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        dropout: float = 0.0,
        bidirectional: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        nonlinearity: str = "tanh",
        rng: Any = None,
    ) -> None:
        self._set_sizes(input_size, hidden_size, bias=bias, nonlinearity=nonlinearity)
        self.num_layers, self.batch_first, self.bidirectional = count("num_layers", num_layers), batch_first, bidirectional
        between = Dropout(dropout, rng=rng)
        self.dropout = between.p
        self.between = between if between.p and self.num_layers > 1 else None
        draw = self._draw(between.rng)
        for layer in range(self.num_layers):
            nin = self.input_size if layer == 0 else self.hidden_size * len(self._directions)
            for direction in self._directions:
                self._add_weights(f"_l{layer}{direction}", nin, draw)
        self.label_parameters()

    @property
    def _directions(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:  # noqa: A002 - PyTorch's name
        """The outputs of the last layer, (length, directions * hidden_size), and the last state of each layer and direction."""
        outputs = vectors(self, self.input_size, input, "input")
        first = iter(self._first_states(hx))
        last: list[tuple[list[Any], ...]] = []
        for layer in range(self.num_layers):
            found = []
            for direction in self._directions:
                state, hidden = self._through(f"_l{layer}{direction}", outputs, next(first), reverse=direction != "")
                last.append(state)
                found.append(hidden)
            outputs = found[0] if len(found) == 1 else _side_by_side(*found)
            if self.between is not None and layer < self.num_layers - 1:
                outputs = self.between(outputs)
        states = tuple([list(column) for column in zip(*last, strict=True)])
        return outputs, states if self.states > 1 else states[0]

    def _through(self, suffix: str, xs: Any, state: tuple[list[Any], ...], *, reverse: bool) -> tuple[Any, Any]:
        def step(state: tuple[list[Any], ...], x: Any) -> tuple[Any, Any]:
            following = self._next(suffix, x, state)
            return following, [identity(h) for h in following[0]]  # a number leaves a loop once: as state, or as output

        return scan(step, state, xs, reverse=reverse)

    def _first_states(self, given: Any) -> list[tuple[list[Any], ...]]:
        """The state in which each layer and direction begins."""
        wanted = self.num_layers * len(self._directions)
        if given is None:
            return [self._state(None, "hx") for _ in range(wanted)]
        parts = [given] if self.states == 1 else list(listed(given))
        if len(parts) != self.states:
            raise TypeError(f"{type(self).__name__} takes for a state a pair (h, c): hx=(h, c)")
        columns = [listed(part) for part in parts]
        if any(not isinstance(column, list | tuple) or len(column) != wanted for column in columns):
            shape = f"({wanted}, {self.hidden_size})"
            raise ValueError(f"{self!r} takes states of shape {shape}, a vector for each layer and direction")
        return [
            self._state(row[0] if self.states == 1 else row, f"hx[{i}]") for i, row in enumerate(zip(*columns, strict=True))
        ]

    def __repr__(self) -> str:
        options = [
            f", num_layers={self.num_layers}" if self.num_layers > 1 else "",
            "" if self.bias else ", bias=False",
            ", batch_first=True" if self.batch_first else "",
            f", dropout={self.dropout}" if self.dropout else "",
            ", bidirectional=True" if self.bidirectional else "",
            self._options(),
        ]
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}{''.join(options)})"


def _side_by_side(forward: Any, backward: Any) -> Any:
    if isinstance(forward, OpenSequence):
        return each(lambda one, other: [*one, *other], forward, backward)
    return [[*one, *other] for one, other in zip(forward, backward, strict=True)]


class RNN(_Layers):
    """`RNNCell` through a sequence: (length, input_size) gives the outputs, (length, D hidden_size), and the last states.

    Called with one sequence and the states in which to begin, (D num_layers, hidden_size), zeros unless given; gives the pair
    (outputs, last states), D is 2 where `bidirectional`, else 1. Parameters `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
    `bias_hh_l0`, `..._l0_reverse`, `..._l1` and numbers are PyTorch's for unbatched input.

    Raises ValueError or TypeError for bad options, and for what is not one sequence of vectors; `model.batch(X)` takes several.

    Args:
        num_layers: how many layers, each on the outputs of the one below.
        bias: whether there are biases.
        batch_first: as PyTorch, no matter for one sequence.
        dropout: of the outputs of each layer but the last, in training.
        bidirectional: whether a second cell of each layer goes from the end to the start; outputs are side by side.
        nonlinearity: "tanh" or "relu".
        rng: a seed or a generator for the initial weights and for dropout.

    >>> outputs, last = RNN(2, 3, num_layers=2, rng=0)([[1.0, 0.5], [0.0, 1.0], [0.5, 0.5]])
    >>> len(outputs), len(outputs[0]), len(last)
    (3, 3, 2)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,  # noqa: FBT001, FBT002 - PyTorch's signature
        batch_first: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        dropout: float = 0.0,
        bidirectional: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
        *,
        rng: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, nonlinearity=nonlinearity, rng=rng
        )


class LSTM(_Layers):
    """`LSTMCell` through a sequence; gives (outputs, (h, c)), the last states of each layer and direction. Else as `RNN`.

    >>> outputs, (h, c) = LSTM(2, 3, bidirectional=True, rng=0)([[1.0, 0.5], [0.0, 1.0]])
    >>> len(outputs[0]), len(h), len(c)
    (6, 2, 2)
    """

    gates, states = 4, 2

    def _step(self) -> Step:
        return _lstm_step


class GRU(_Layers):
    """`GRUCell` through a sequence. Shapes, options and errors are those of `RNN`.

    >>> outputs, last = GRU(2, 3, rng=0)([[1.0, 0.5], [0.0, 1.0]])
    >>> outputs[-1] == last[0]
    True
    """

    gates = 3

    def _step(self) -> Step:
        return _gru_step
