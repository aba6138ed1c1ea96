"""The peers of `benchmarks.jit`: each builder returns a function that does the work once, as that peer does it best.

What a peer needs is imported where it is used. All return the value and the gradient, to be read by `numbers`.
"""

import ctypes
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

Run = Callable[[], Any]
Scalar = Callable[..., Any]
"""A function of (m, *numbers) to a number, where m has the functions sin, exp, maximum and so on of the peer that runs it."""


class Training(NamedTuple):
    """A multilayer perceptron of ReLUs: its parameters as `nn.MLP` orders them, samples, and its loss by the name in `nn`."""

    sizes: Sequence[int]
    parameters: Any
    inputs: Any
    targets: Any
    loss: str

    def layers(self, parameters: Any) -> list[tuple[Any, Any]]:
        """The matrices of weights and the biases, cut out of an array of all parameters."""
        layers, start = [], 0
        for nin, nout in zip(self.sizes, self.sizes[1:], strict=False):
            stop = start + nout * (nin + 1)
            rows = parameters[start:stop].reshape(nout, nin + 1)
            layers.append((rows[:, :nin], rows[:, nin]))
            start = stop
        return layers


def numbers(result: Any) -> list[float]:
    """The numbers in nested tuples, lists and arrays, flat; a layer's neuron by neuron, weights before the bias."""
    if isinstance(result, dict):
        return [x for w, b in zip(result["weights"], result["biases"], strict=True) for x in (*w.tolist(), b.item())]
    if hasattr(result, "tolist"):
        result = result.tolist()
    return [x for part in result for x in numbers(part)] if isinstance(result, Iterable) else [float(result)]


def jax_training(work: Training) -> Run:
    """JAX: jit(value_and_grad) of the array version, with one vector of parameters, which runs faster than six arrays."""
    import jax
    import jax.numpy as jnp

    def loss(parameters: Any, inputs: Any, targets: Any) -> Any:
        *hidden, (weights, biases) = work.layers(parameters)
        for w, b in hidden:
            inputs = jax.nn.relu(inputs @ w.T + b)
        outputs = inputs @ weights.T + biases
        if work.loss == "hinge_loss":
            return jnp.mean(jax.nn.relu(1.0 - targets * outputs[:, 0]))
        right = jnp.take_along_axis(outputs, targets[:, None], axis=1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(outputs, axis=1) - right)

    step, wait = jax.jit(jax.value_and_grad(loss)), jax.block_until_ready
    kind = float if work.loss == "hinge_loss" else int
    arrays = jnp.asarray(work.parameters), jnp.asarray(work.inputs), jnp.asarray(work.targets, dtype=kind)
    return lambda: wait(step(*arrays))


def torch_training(work: Training) -> Run:
    """PyTorch, eager: a Sequential of Linears in double precision."""
    import torch
    from torch.nn import Linear, ReLU, Sequential, functional

    torch.set_num_threads(1)
    modules: list[Any] = []
    for w, b in work.layers(torch.tensor(work.parameters)):
        linear = Linear(w.shape[1], w.shape[0], dtype=torch.float64)
        linear.weight.data.copy_(w)
        linear.bias.data.copy_(b)
        modules += [linear, ReLU()]
    model, hinge = Sequential(*modules[:-1]), work.loss == "hinge_loss"
    inputs, targets = torch.tensor(work.inputs), torch.tensor(work.targets, dtype=torch.float64 if hinge else torch.int64)

    def step() -> Any:
        model.zero_grad()
        outputs = model(inputs)
        loss = functional.relu(1.0 - targets * outputs[:, 0]).mean() if hinge else functional.cross_entropy(outputs, targets)
        loss.backward()
        return loss, [{"weights": linear.weight.grad, "biases": linear.bias.grad} for linear in modules[::2]]

    return step


def micrograd_training(work: Training) -> Run:
    """micrograd: the forward and backward pass of its demo notebook, without the penalty."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    model = MLP(work.sizes[0], list(work.sizes[1:]))
    parameters = model.parameters()
    for parameter, number in zip(parameters, work.parameters.tolist(), strict=True):
        parameter.data = number
    inputs, targets = work.inputs.tolist(), work.targets.tolist()

    def step() -> Any:
        model.zero_grad()
        scores = [model(list(map(Value, row))) for row in inputs]
        losses = [(1 + -target * score).relu() for target, score in zip(targets, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses))
        total.backward()
        return total.data, [parameter.grad for parameter in parameters]

    return step


def c_library(source: str, *options: str) -> ctypes.CDLL:
    """A C file beside this one, compiled by gcc.

    It is linked apart: with -ffast-math at hand, gcc would link code that has the whole process flush subnormal numbers to 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        compiled, library = Path(folder) / "reference.o", Path(folder) / "reference.so"
        command = ["gcc", "-O3", "-march=native", *options, "-fPIC", "-c", Path(__file__).parent / source, "-o", compiled]
        subprocess.run(command, check=True)  # noqa: S603 - the gcc of whoever measures
        subprocess.run(["gcc", "-shared", compiled, "-o", library, "-lm"], check=True)  # noqa: S603, S607 - likewise
        return ctypes.CDLL(str(library))


def c_training(work: Training) -> Run:
    """benchmarks/moons.c compiled by gcc, called through ctypes with pointers made beforehand."""
    import numpy as np

    function = c_library("moons.c", "-ffast-math").loss_and_gradient
    function.restype = ctypes.c_double
    gradient = np.zeros_like(work.parameters)
    arrays = [np.ascontiguousarray(array, dtype=np.float64) for array in (work.parameters, work.inputs, work.targets)]
    parameters, inputs, targets, result = [ctypes.c_void_p(array.ctypes.data) for array in (*arrays, gradient)]
    samples = ctypes.c_long(len(arrays[2]))

    def step(_kept_alive: Any = arrays) -> Any:
        return function(parameters, inputs, targets, samples, result), gradient

    return step


def c_scalar(source: str, point: Sequence[float]) -> Run:
    """A function of numbers to a number and its gradient, in C."""
    function = c_library(source).loss_and_gradient
    function.restype = ctypes.c_double
    gradient = (ctypes.c_double * len(point))()
    arguments = [*map(ctypes.c_double, point), gradient]
    return lambda: (function(*arguments), list(gradient))


def casadi_scalar(function: Scalar, point: Sequence[float]) -> Run:
    """CasADi: an SX graph with its gradient, run by its virtual machine, through buffers made beforehand."""
    import casadi as ca
    import numpy as np

    m = SimpleNamespace(exp=ca.exp, maximum=ca.fmax, sin=ca.sin, sqrt=ca.sqrt, tanh=ca.tanh)
    x = ca.SX.sym("x", len(point))
    y = function(m, *ca.vertsplit(x))
    compiled = ca.Function("f", [x], [y, ca.gradient(y, x)])
    arrays = np.array(point), np.zeros(1), np.zeros(len(point))
    buffer, trigger = compiled.buffer()
    buffer.set_arg(0, memoryview(arrays[0]))
    buffer.set_res(0, memoryview(arrays[1]))
    buffer.set_res(1, memoryview(arrays[2]))

    def run(_kept_alive: Any = buffer) -> Any:
        trigger()
        return arrays[1:]

    return run


def xad_scalar(function: Scalar, point: Sequence[float]) -> Run:
    """XAD's Python: records its tape anew each time, and runs it backwards."""
    from xad import math as xm
    from xad.adj_1st import Real, Tape

    m = SimpleNamespace(exp=xm.exp, maximum=xm.max, sin=xm.sin, sqrt=xm.sqrt, tanh=xm.tanh)

    def run() -> Any:
        with Tape() as tape:
            inputs = [Real(x) for x in point]
            tape.registerInputs(inputs)
            tape.newRecording()
            y = function(m, *inputs)
            tape.registerOutput(y)
            y.setDerivative(1.0)
            tape.computeAdjoints()
            return y.getValue(), [x.getDerivative() for x in inputs]

    return run


def jax_scalar(function: Scalar, point: Sequence[float]) -> Run:
    """JAX: jit(value_and_grad) of the same scalar code."""
    import jax
    import jax.numpy as jnp

    step, wait = jax.jit(jax.value_and_grad(lambda x: function(jnp, *x))), jax.block_until_ready
    x = jnp.asarray(point)
    return lambda: wait(step(x))
