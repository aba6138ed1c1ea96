"""The peers of `benchmarks.training`: each builder returns a function that trains once, from first to last parameters.

What a peer needs is imported where it is used. A peer compiles at its first training what it can keep for the others.
"""

import ctypes
import inspect
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import nn
from autograd import dot
from benchmarks.peers import c_library
from benchmarks.works import ALPHA, Training, numbers

Train = Callable[[], Any]
"""Trains from the first parameters on; returns the last ones as an array, in the order of the model's parameters."""


def ours(work: Training, engine: str, *, shuffle: bool = False) -> Train:
    """`nn.fit`, as its users call it."""
    model, mean = work.model(), LOSSES[work.loss]

    def regularised(outputs: Any, targets: Any) -> Any:
        return mean(outputs, targets) + ALPHA * dot(model.parameters(), model.parameters())

    choice = {"engine": engine} if "engine" in inspect.signature(nn.fit).parameters else {"jit": engine == "compiled"}
    options: dict[str, Any] = {"shuffle": shuffle, "seed": 0 if shuffle else None, "progress": False, **choice}
    options |= {"loss": regularised if work.penalty else mean, "epochs": work.epochs}
    options["batch_size"] = None if work.batch == len(work.inputs) else work.batch

    def train() -> Any:
        work.begin(model)
        optimizer = getattr(nn, work.optimizer)(model.parameters(), lr=work.rates[0])
        scheduler = None
        if len(set(work.rates)) > 1:
            scheduler = nn.LambdaLR(optimizer, lambda epoch: work.rates[min(epoch, work.epochs - 1)] / work.rates[0])
        nn.fit(model, work.inputs, work.targets, optimizer=optimizer, scheduler=scheduler, **options)
        return numbers(model)

    return train


LOSSES: dict[str, Callable[..., Any]] = {
    "hinge": nn.hinge_loss,
    "absolute": nn.l1_loss,
    "binary": nn.binary_cross_entropy,
    "classes": nn.cross_entropy,
}


def torch(work: Training, threads: int, *, compiled: bool = False) -> Train:
    """PyTorch: a Sequential in double precision, its optimizer, and the usual loop; or loss and step by `torch.compile`."""
    import torch

    torch.set_num_threads(threads)
    model = _torch_model(work)
    own = [(module.weight, module.bias) for module in model if hasattr(module, "weight")]
    compiler: Callable[..., Any] = torch.compile if compiled else lambda function: function
    loss_of = compiler(partial(_torch_loss, work, model))

    def train() -> Any:
        with torch.no_grad():
            convolution, layers = work.cut(torch.tensor(work.parameters))
            for mine, first in zip(own, [convolution, *layers] if convolution else layers, strict=True):
                for parameter, number in zip(mine, first, strict=True):
                    if parameter is not None:
                        parameter.copy_(number.reshape(parameter.shape))
        optimizer = getattr(torch.optim, work.optimizer)(model.parameters(), lr=work.rates[0])
        step = compiler(optimizer.step)
        inputs = torch.tensor(work.inputs)
        targets = torch.tensor(work.targets, dtype=torch.int64 if work.loss == "classes" else torch.float64)
        for rate in work.rates:
            for group in optimizer.param_groups:
                group["lr"] = rate
            for batch in work.batches():
                optimizer.zero_grad()
                loss_of(inputs[batch], targets[batch]).backward()
                step()
        found: list[Any] = [[None if p is None else p.detach().numpy() for p in pair] for pair in own]
        return work.joined(found[0] if work.kernels else None, found[1:] if work.kernels else found)

    return train


def _torch_model(work: Training) -> Any:
    import torch
    from torch import nn as tn

    activations = {"relu": tn.ReLU, "tanh": tn.Tanh, "sigmoid": tn.Sigmoid}
    double = {"dtype": torch.float64}
    modules: list[Any] = []
    if work.kernels:
        modules += [tn.Conv2d(1, work.kernels, 3, padding=1, **double), tn.ReLU(), tn.MaxPool2d(2), tn.Flatten()]
    for layer in work.layers:
        modules.append(tn.Linear(layer.nin, layer.nout, bias=layer.bias, **double))
        modules += [activations[layer.activation]()] if layer.activation else []
    return tn.Sequential(*modules)


def _torch_loss(work: Training, model: Any, x: Any, t: Any) -> Any:
    from torch.nn import functional

    outputs = model(x)
    if work.loss == "classes":
        return functional.cross_entropy(outputs, t)
    if work.loss == "binary":
        return functional.binary_cross_entropy(outputs[:, 0], t)
    if work.loss == "absolute":
        return functional.l1_loss(outputs[:, 0], t)
    return functional.relu(1.0 - t * outputs[:, 0]).mean() + ALPHA * sum((p * p).sum() for p in model.parameters())


def jax(work: Training, *, scan: bool) -> Train:
    """JAX with optax: a jitted step for each batch; or the whole epoch in one call, by `lax.scan`."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    loss_of = partial(_jax_loss, work)
    rate = jnp.array(work.rates)
    batches = [np.arange(len(work.inputs))[batch] for batch in work.batches()]
    optimizer = getattr(optax, work.optimizer.lower())(lambda count: rate[count // len(batches)])

    def step(state: Any, rows: Any, inputs: Any, targets: Any) -> Any:
        parameters, moments = state
        gradient = jax.grad(loss_of)(parameters, inputs[rows], targets[rows])
        updates, moments = optimizer.update(gradient, moments, parameters)
        return optax.apply_updates(parameters, updates), moments

    def epoch(state: Any, inputs: Any, targets: Any) -> Any:
        whole = np.stack([rows for rows in batches if len(rows) == len(batches[0])])
        state, _ = jax.lax.scan(lambda state, rows: (step(state, rows, inputs, targets), None), state, whole)
        return step(state, batches[-1], inputs, targets) if len(whole) < len(batches) else state

    one_step, one_epoch = jax.jit(step, donate_argnums=0), jax.jit(epoch, donate_argnums=0)

    def train() -> Any:
        inputs, targets, parameters = jnp.array(work.inputs), jnp.array(work.targets), jnp.array(work.parameters)
        state = parameters, optimizer.init(parameters)
        rows = [jnp.array(batch) for batch in batches]
        for _ in work.rates:
            if scan:
                state = one_epoch(state, inputs, targets)
            else:
                for batch in rows:
                    state = one_step(state, batch, inputs, targets)
        return np.array(state[0])

    return train


def _jax_loss(work: Training, parameters: Any, x: Any, t: Any) -> Any:
    import jax
    import jax.numpy as jnp

    convolution, layers = work.cut(parameters)
    if convolution is not None:
        kernels, biases = convolution
        maps = jax.lax.conv_general_dilated(x, kernels[:, None], (1, 1), "SAME") + biases[:, None, None]
        pooled = jax.lax.reduce_window(jax.nn.relu(maps), -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        x = pooled.reshape(len(x), -1)
    activations = {"": lambda z: z, "relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}
    for layer, (w, b) in zip(work.layers, layers, strict=True):
        x = activations[layer.activation](x @ w.T + (0.0 if b is None else b))
    if work.loss == "classes":
        return jnp.mean(jax.nn.logsumexp(x, axis=1) - jnp.take_along_axis(x, t[:, None], axis=1)[:, 0])
    if work.loss == "binary":
        return -jnp.mean(jnp.log(jnp.where(t == 1, x[:, 0], 1.0 - x[:, 0])))  # a product by 0 would be nan where x is 1
    if work.loss == "absolute":
        return jnp.mean(jnp.abs(x[:, 0] - t))
    return jnp.mean(jax.nn.relu(1.0 - t * x[:, 0])) + ALPHA * jnp.sum(parameters * parameters)


def sklearn(work: Training) -> Train:
    """scikit-learn's MLPClassifier, given the first parameters, with Adam's eps where the others have it."""
    import numpy as np
    from sklearn.neural_network import MLPClassifier, _multilayer_perceptron
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

    class Adam(AdamOptimizer):  # type: ignore[misc]  # has no types
        """Adds eps to sqrt(v / (1 - b2**t)), as Kingma and Ba do, and not to sqrt(v)."""

        def _get_updates(self, gradients: Any) -> Any:
            self.epsilon = 1e-8 * (1.0 - self.beta_2 ** (self.t + 1)) ** 0.5
            return super()._get_updates(gradients)

    options: dict[str, Any] = {"alpha": 0.0, "shuffle": False, "tol": 0.0, "n_iter_no_change": work.epochs + 1}
    options |= {"learning_rate_init": work.rates[0], "batch_size": work.batch, "momentum": 0.0, "nesterovs_momentum": False}
    options |= {"activation": work.layers[0].activation, "solver": work.optimizer.lower(), "max_iter": work.epochs}
    hidden = [layer.nout for layer in work.layers[:-1]]
    _, layers = work.cut(work.parameters)

    def train() -> Any:
        model = MLPClassifier(hidden, **options)
        with patch.object(_multilayer_perceptron, "AdamOptimizer", Adam), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that one row is no batch, and that the training ended before it converged
            model.partial_fit(work.inputs[:1], work.targets[:1], classes=np.unique(work.targets))  # makes what is set now
            del model._optimizer  # so that the training has its own
            model.coefs_ = [w.T.copy() for w, _ in layers]
            model.intercepts_ = [b.copy() for _, b in layers]
            model.set_params(warm_start=True).fit(work.inputs, work.targets)
        return work.joined(None, [(w.T, b) for w, b in zip(model.coefs_, model.intercepts_, strict=True)])

    return train


def micrograd(work: Training) -> Train:
    """micrograd: the loop of its notebook."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    sizes = [layer.nout for layer in work.layers]
    inputs, targets = work.inputs.tolist(), work.targets.tolist()

    def train() -> Any:
        model = MLP(work.layers[0].nin, sizes)
        parameters = model.parameters()
        for parameter, number in zip(parameters, work.parameters.tolist(), strict=True):
            parameter.data = number
        for rate in work.rates:
            scores = [model(list(map(Value, row))) for row in inputs]
            losses = [(1 + -target * score).relu() for target, score in zip(targets, scores, strict=True)]
            total = sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in parameters)
            model.zero_grad()
            total.backward()
            for parameter in parameters:
                parameter.data -= rate * parameter.grad
        return numbers(model)

    return train


def c(work: Training) -> Train:
    """benchmarks/training.c, compiled by gcc for this very network."""
    import numpy as np

    convolution, layers = work.cut(work.parameters)
    sizes = [work.layers[0].nin, *[layer.nout for layer in work.layers]]
    parts = [*([] if convolution is None else convolution)]
    for (w, b), layer in zip(layers, work.layers, strict=True):
        parts += [w.T, np.zeros(layer.nout) if b is None else b]
    first = np.concatenate([np.ravel(part) for part in parts])
    defined = {
        "SIZES": ",".join(map(str, sizes)),
        "ACTIVATIONS": ",".join(layer.activation.upper() or "LINEAR" for layer in work.layers),
        "BIASED": ",".join(str(int(layer.bias)) for layer in work.layers),
        "LOSS": work.loss.upper(),
        "WIDEST": max(sizes),
        "PARAMETERS": len(first),
        "ADAM": int(work.optimizer == "Adam"),
        "ALPHA": work.penalty,
        "KERNELS": work.kernels,
    }
    function = c_library("training.c", "-ffast-math", *[f"-D{name}={text}" for name, text in defined.items()]).train
    function.restype = None

    def train() -> Any:
        p = first.copy()
        arrays = [np.ascontiguousarray(x, dtype=np.float64) for x in (work.inputs, work.targets, work.rates)]
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (p, *arrays)]
        counts = len(work.inputs), work.inputs[0].size, work.batch, work.epochs
        function(*pointers, *map(ctypes.c_long, counts))
        start, found = 10 * work.kernels, []
        for nin, nout, _, bias in work.layers:
            w, b = p[start : start + nin * nout].reshape(nin, nout), p[start + nin * nout : start + (nin + 1) * nout]
            found.append((w.T, b if bias else None))
            start += (nin + 1) * nout
        kernels = (p[: 9 * work.kernels], p[9 * work.kernels : 10 * work.kernels]) if work.kernels else None
        return work.joined(kernels, found)

    return train
