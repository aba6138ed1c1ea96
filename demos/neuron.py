"""Inside one neuron, value by value: `python -m demos.neuron`.

    o = tanh(x1 w1 + x2 w2 + b)    of x1 = 7, x2 = 3, and weights and bias at random

forwards, then backwards: at each operation the chain rule multiplies the slope that arrives by the operation's own. With
most seeds tanh is near -1 or 1, and all slopes are near 0: inputs as large as 7 saturate a neuron.
"""

import math
from random import Random

from autograd import Value, tanh, topological_order
from demos._common import folder, parser, save_picture, seed_number
from nn import Neuron


def forward(rng: Random) -> tuple[Value, dict[str, Value]]:
    """The neuron's output, and all values on the way to it by their labels."""
    x1, x2 = Value(7.0, label="x1"), Value(3.0, label="x2")
    w1, w2, b = (Value(rng.uniform(-1.0, 1.0), label=name) for name in ("w1", "w2", "b"))
    x1w1 = x1 * w1
    x1w1.label = "x1 w1"
    x2w2 = x2 * w2
    x2w2.label = "x2 w2"
    weighted = x1w1 + x2w2
    weighted.label = "x1 w1 + x2 w2"
    n = weighted + b
    n.label = "n"
    o = tanh(n)
    o.label = "o"
    return o, {value.label: value for value in topological_order(o)}


def tell(made: dict[str, Value]) -> None:
    """Print a table of all values: what made them, their numbers, and the slope of the output with respect to each."""
    print(f"{'value':<14} {'made by':<21} {'number':>8} {'slope of o':>11}")
    for name, value in made.items():
        operands = ", ".join(operand.label for operand in value.operands if isinstance(operand, Value))
        by = f"{value.primitive.name}({operands})" if value.primitive else ""
        print(f"{name:<14} {by:<21} {value.data:8.4f} {value.grad:11.4f}")


def swapped(x: float) -> float:
    """(e**2x + 1) / (e**2x - 1), the tutorial's formula for tanh, with its signs swapped: it is coth, 1 / tanh."""
    return (math.exp(2.0 * x) + 1.0) / (math.exp(2.0 * x) - 1.0)


def main(arguments: list[str] | None = None) -> None:
    """Compute a neuron forwards and backwards, print every number on the way, and draw it."""
    command = parser(__doc__)
    command.add_argument("--seed", type=seed_number, default=10, help="of the weights and the bias (default: 10)")
    options = command.parse_args(arguments)
    folder(options.out)

    o, made = forward(Random(options.seed))
    o.backward()
    tell(made)

    n, x1, x2, w1, w2, b = (made[name] for name in ("n", "x1", "x2", "w1", "w2", "b"))
    assert o.data == math.tanh(n.data)
    print(f"\ntanh(n) = {o:.4f} lies between -1 and 1. A tutorial has (e**2n + 1) / (e**2n - 1), its signs swapped:")
    print(f"that is {swapped(n.data):.4f} = 1 / tanh(n), the hyperbolic cotangent, which never lies there.")

    neuron = Neuron(2, activation="tanh")
    neuron.load_state_dict({"weights.0": w1.data, "weights.1": w2.data, "bias": b.data})
    assert neuron([x1, x2]).data == o.data
    print(f"nn.Neuron, with these weights and this bias, is the same: {neuron([x1, x2]):.4f}")

    picture = save_picture(o, options.out / "neuron.svg", partials=True, precision=4)
    print(f"its picture, with the local slope on each edge: {picture}")


if __name__ == "__main__":
    main()
