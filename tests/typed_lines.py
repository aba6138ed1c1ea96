"""Forty lines that are right, and as many and more that are wrong: type checkers must tell them apart, and so does Python.

`tests/test_typed.py` gives this file to them, and runs it: each statement that ends in `# wrong` raises, and no other does.
"""

# ruff: noqa: B015, B018, D101, D103, F403, F405 - lines of all kinds

import math

import numpy as np

from autograd import *
from autograd import abs as absolute
from autograd import pow as power
from nn import MLP, SGD, Layer, Module, MSELoss, Neuron, cross_entropy, mse_loss

x, w, b = Value(2.0, label="x"), Value(-0.5), Value(1.5)


def neuron(x: Value, w: Value, b: Value) -> Value:
    return tanh(w * x + b)


def half(x: float) -> float:
    return 0.5 * tanh(x)


def either(x: float | Value) -> float | Value:
    return maximum(x, 0.0) * x + 1


def weighted(weights: list[float], scale: float = 2.0) -> float:
    return dot(weights, [scale] * len(weights))


def mean(numbers: list[Value]) -> Value:
    return sum_(numbers) / len(numbers)


class Line(Module):
    def __init__(self) -> None:
        self.slope, self.offset = Value(2.0), Value(1.0)

    def forward(self, x: float | Value, times: int = 1) -> Value:
        return (self.slope * x + self.offset) * times


@jit
def decay(a: float, k: float, t: float) -> float:
    return a * exp(-k * t)


@jit(fast=True)
def product(x: Value, y: Value) -> Value:
    return x * y


line = Line()
cube = primitive("typed_lines_cube", evaluate=lambda x: x * x * x, partials=lambda result, x: 3.0 * x * x)

# --- values and operators ---------------------------------------------------------------------------------------------

y: Value = neuron(x, w, b)
y.label = "y"
y.backward()
slope: float = x.grad
x.tnah()  # wrong
x.gradd  # wrong
x.data = "3"  # wrong
x.data = 2
x.grad = None
Value("text")  # wrong
Value(1.0, 2.0)  # wrong
Value(1.0, name="x")  # wrong
squared: Value = x**2 + 2 * x - 1 / x
mixed: Value = 2 * x.tanh() + x.relu() * np.float32(0.5)
x + "text"  # wrong
None * x  # wrong
whole: Value = x // 2.0
x @ w  # wrong
[1.0] * x  # wrong
~x  # wrong
x & w  # wrong
x < "text"  # wrong
smaller: bool = x < 1.0 or x == w or x >= w
size: float = x.detach().item() + x.item() + math.floor(x.data)
total: Value = sum([x, w, b], start=Value(0.0))
absolute_sum: Value = sum_([x, 1.0]) + abs(-x) + absolute(x)
x.tanh(1.0)  # wrong
x.maximum()  # wrong
x.clip(low=1.0)  # wrong
x.leaky_relu(slope=0.1)  # wrong
bounded: Value = x.clip(-1.0, hi=w).maximum(0.0).leaky_relu(negative_slope=0.1)
x.backward(False, 1.0)  # wrong
x.draw(partial=True)  # wrong
len(x)  # wrong
x[0]  # wrong

# --- primitives -------------------------------------------------------------------------------------------------------

on_floats: float = tanh(0.5) + log(2) + power(2.0, 3) + logaddexp(1.0, 2.0) + softmax([1.0, 2.0])[0]
on_values: Value = tanh(x) + power(x, 3) + power(2.0, x) + logaddexp(1.0, x) + softmax(x, 1.0)[0]
chosen: Value = where(x > 0.0, sqrt(x), 0.0) + clip(x, hi=1.0) + clip(0.5, hi=x)
several: Value = dot([x, 1.0], [w, b]) + logsumexp(x, w) + sum_(1.0, x)
plain: float = dot(np.zeros(3), [1.0, 2.0, 3.0]) + sum_([1, 2]) + hypot(3, 4) + where(True, 1.0, 2.0)
cubes: tuple[float, Value] = (cube(2.0), cube(x))
described: str = tanh.name + (tanh.__doc__ or "") + tanh.symbol
tanh(x, 3, 4, "no")  # wrong
tanh("text")  # wrong
tanh()  # wrong
tanh([1.0, 2.0])  # wrong
tanh(np.zeros(3))  # wrong
tanh(None)  # wrong
tanh(1j)  # wrong
tanh(z=1.0)  # wrong
leaky_relu(x, alpha=0.1)  # wrong
dot([1.0], 2.0)  # wrong
sum_(["a", "b"])  # wrong
softmax("text")  # wrong
tanh.nmae  # wrong

# --- transforms -------------------------------------------------------------------------------------------------------

of_values: tuple[Value, float] = (grad(neuron)(x, w, b), grad(neuron)(1.0, 2.0, 3.0))
of_floats: float = grad(half)(1.0) + grad(grad(half))(1.0) + derivative(half, order=2)(1.0)
of_either: float | Value = grad(either)(x) * grad(either)(1.0)
of_lists: list[float] = grad(weighted)([1.0, 2.0], scale=3.0)
value, gradient = value_and_grad(weighted)([1.0, 2.0])
both: float = value + gradient[0]
of_lambda = grad(lambda p: p["a"] * p["b"][0])({"a": 2.0, "b": [3.0]})["b"]
of_both = grad(lambda x, y: x * y, argnums=(0, 1))(1.0, 2.0)[1]
matrix = hessian(lambda x: x[0] * x[1])([2.0, 3.0])[0][1] + jacobian(weighted)([1.0])[0]
out, pull = vjp(half, 1.0)
primal, tangent = jvp(half, (1.0,), (1.0,))
pulled: float = out + pull(1.0)[0] + primal + tangent
compiled: float = jit(half)(1.0) + jit(grad(half))(1.0) + grad(jit(half))(1.0) + decay(1.0, k=2.0, t=3.0)
compiled_on_values: tuple[Value, float] = (product(x, w), product(2.0, 3.0))
by_row = jit(decay, in_axes=(None, None, 0), reduce="mean")(1.0, 2.0, np.zeros(3))
text: str = decay.source() + jit(half, backend="python").source(1.0)
grad(3.0)  # wrong
grad(half)()  # wrong
grad(half)(1.0, 2.0)  # wrong
grad(half)("text")  # wrong
grad(weighted)([1.0], scales=3.0)  # wrong
grad(half, argnum=0)  # wrong
jit(half)(1.0, 2.0)  # wrong
jit(half, fats=True)  # wrong
decay(1.0, 2.0)  # wrong
decay(1.0, 2.0, "3")  # wrong
decay.sauce()  # wrong
primitive("typed_lines_twice", lambda x: 2.0 * x)  # wrong

# --- networks ---------------------------------------------------------------------------------------------------------

predicted: Value = line(2.0) + line(x, times=2)
model = MLP(2, [4, 1], activation="tanh", rng=0)
score: Value = model([1.0, 2.0])
loss: Value = mse_loss([line(1.0), line(x)], [1.0, 2.0])
mse_loss(model([1.0, 2.0]), 0.5).backward()
mse_loss([model([1.0, 2.0]), model([2.0, 1.0])], [0.5, 1.0], reduction="sum").backward()
figure: float = mse_loss([model([1.0, 2.0])], [0.5]).item() + mse_loss([1.0, 2.0], [0.5, 1.0]) + mse_loss(0.5, 1.0)
each: list[Value] = mse_loss([line(1.0), line(x)], [1.0, 2.0], reduction="none")
from_object: float = MSELoss(reduction="sum")([model([1.0, 2.0])], [0.5]).item() + MSELoss()([1.0], [2.0])
classes = MLP(2, [4, 3], rng=0)
logits: list[Value] = classes([1.0, 2.0])
likely: int = max(range(3), key=lambda i: classes([1.0, 2.0])[i].data)
of_classes: Value = cross_entropy([classes([1.0, 2.0])], [1]) + sum_(classes([1.0, 2.0])) + dot(logits, softmax(logits))
of_parts: Value = Neuron(2, rng=0)([1.0, 2.0]) + Layer(2, 3, rng=0)([1.0, 2.0])[0] * 2.0
of_arrays: float = mse_loss(np.zeros(3), np.ones(3)) + mse_loss(model([1.0, 2.0]).data, 1)
line(2.0, time=2)  # wrong
line("text")  # wrong
line()  # wrong
line.paramters()  # wrong
model.parameters()[0].dta  # wrong
mse_loss([line(1.0)])  # wrong
mse_loss(model([1.0, 2.0]), 0.5).backwards()  # wrong
mse_loss([model([1.0, 2.0])], [0.5]).itme()  # wrong
mse_loss([1.0, 2.0], [0.5, 1.0]).backward()  # wrong
mse_loss(model([1.0, 2.0]), 0.5, reduction="average")  # wrong
MSELoss()(model([1.0, 2.0]), 0.5).backwards()  # wrong
MSELoss()(model([1.0, 2.0]))  # wrong
model([1.0, 2.0]).itme()  # wrong
Layer(2, 3, rng=0)([1.0, 2.0]).item()  # wrong
Neuron(2, rng=0)([1.0, 2.0])[0]  # wrong
MLP(2, [4, 1], activate="tanh")  # wrong
SGD(model.parameters(), rate=0.1)  # wrong
SGD(model.parameters(), lr=0.1).step(1.0, 2.0)  # wrong
