"""Write records.json: the results of the ported programs, by the libraries that they come from.

`python tests/ports/make_records.py NAME ...`, each with its library installed: micrograd 0.1.0 and scikit-learn, PyTorch 2.13,
JAX 0.10, CasADi 3.8, HIPS autograd 1.9.1. The last bears the name of our package, so run that where ours is not installed.
"""

import gc
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("records.json")


def micrograd_readme() -> Any:
    """micrograd's README: an expression of two inputs, its value and gradients."""
    from micrograd.engine import Value

    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return [g.data, a.grad, b.grad]


def micrograd_moons() -> Any:
    """micrograd's notebook: all 100 losses and accuracies, and the parameters in the end."""
    from micrograd.engine import Value
    from micrograd.nn import MLP
    from sklearn.datasets import make_moons

    sys.setrecursionlimit(100_000)
    np.random.seed(1337)
    random.seed(1337)
    X, y = make_moons(n_samples=100, noise=0.1)
    y = y * 2 - 1
    model = MLP(2, [16, 16, 1])
    gc.disable()  # micrograd's nodes form cycles: collected once a step, they take a fifth of the time
    record: dict[str, Any] = {"repr": str(model), "losses": [], "accuracies": []}
    for k in range(100):
        scores = [model(list(map(Value, row))) for row in X]
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        right = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        record["losses"].append(float(total.data))
        record["accuracies"].append(float(sum(right) / len(right)))
        del scores, losses, total
        gc.collect()
    return record | {"parameters": [float(p.data) for p in model.parameters()]}


def torch_polynomial() -> Any:
    """PyTorch's tutorial "Learning PyTorch with examples": sin by a cubic polynomial, 2000 steps of gradient descent."""
    import torch

    x = torch.linspace(-torch.pi, torch.pi, 2000, dtype=torch.float64)
    y = torch.sin(x)
    a, b, c, d = numbers = [torch.tensor(s, dtype=torch.float64, requires_grad=True) for s in (0.3, -0.2, 0.1, 0.05)]
    losses = []
    for _ in range(2000):
        loss = (a + b * x + c * x**2 + d * x**3 - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for number in numbers:
                number -= 1e-6 * number.grad
                number.grad = None
    return {"losses": losses[::100], "numbers": [number.item() for number in numbers]}


def torch_gpt() -> Any:
    """A small GPT by PyTorch's own layers and functions: loss of a text, and its gradient to every number."""
    import torch
    from torch.nn import functional

    from gpt_weights import CONFIG, TOKENS, weights

    w = {name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in weights().items()}
    width, heads = CONFIG["width"], CONFIG["heads"]
    n = len(TOKENS) - 1
    norm = (width,)
    x = functional.rms_norm(w["tokens"][TOKENS[:-1]] + w["positions"][:n], norm, eps=1e-5)
    for i in range(CONFIG["layers"]):
        h = functional.rms_norm(x, norm, eps=1e-5)
        q, k, v = ((h @ w[f"{i}.{name}"].T).view(n, heads, -1).transpose(0, 1) for name in ("q", "k", "v"))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(0, 1).reshape(n, width)
        x = x + mixed @ w[f"{i}.out"].T
        h = functional.rms_norm(x, norm, eps=1e-5)
        x = x + functional.relu(h @ w[f"{i}.up"].T) @ w[f"{i}.down"].T
    loss = functional.cross_entropy(x @ w["head"].T, torch.tensor(TOKENS[1:]))
    loss.backward()
    return {"loss": loss.item(), "gradient": {name: rows.grad.tolist() for name, rows in w.items()}}


def hips_logistic() -> Any:
    """HIPS autograd's tutorial: logistic regression, 100 steps of gradient descent."""
    import autograd.numpy as anp
    from autograd import grad

    inputs = anp.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = anp.array([True, True, False, True])

    def loss(weights: Any) -> Any:
        preds = 0.5 * (anp.tanh(anp.dot(inputs, weights) / 2.0) + 1.0)
        return -anp.sum(anp.log(preds * targets + (1 - preds) * (1 - targets)))

    weights = anp.array([0.0, 0.0, 0.0])
    first = float(loss(weights))
    for _ in range(100):
        weights -= grad(loss)(weights) * 0.01
    return {"first": first, "last": float(loss(weights)), "weights": weights.tolist()}


def hips_tanh() -> Any:
    """HIPS autograd's example tanh.py: derivatives of tanh of order 0 to 6."""
    import autograd.numpy as anp
    from autograd import elementwise_grad

    def tanh(x: Any) -> Any:
        return (1.0 - anp.exp(-x)) / (1.0 + anp.exp(-x))

    f, found = tanh, []
    for _ in range(7):
        found.append(f(anp.linspace(-7.0, 7.0, 15)).tolist())
        f = elementwise_grad(f)
    return found


def jax_cookbook() -> Any:
    """JAX's "Autodiff cookbook": a logistic model's gradients, Jacobian, Hessian and Hessian-vector product."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    inputs = jnp.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = jnp.array([True, True, False, True])

    def predict(W: Any, b: Any, inputs: Any) -> Any:
        return 0.5 * (jnp.tanh((jnp.dot(inputs, W) + b) / 2) + 1)

    def loss(W: Any, b: Any) -> Any:
        preds = predict(W, b, inputs)
        return -jnp.sum(jnp.log(preds * targets + (1 - preds) * (1 - targets)))

    W, b, v = jnp.array([0.3, -0.7, 0.2]), 0.4, jnp.array([1.0, -2.0, 0.5])
    found = {
        "sum_logistic": jax.grad(lambda x: jnp.sum(1.0 / (1.0 + jnp.exp(-x))))(jnp.arange(3.0)),
        "gradients": jax.grad(loss, (0, 1))(W, b),
        "jacobian": jax.jacfwd(lambda W: predict(W, b, inputs))(W),
        "hessian": jax.hessian(lambda W: loss(W, b))(W),
        "hvp": jax.jvp(jax.grad(lambda W: loss(W, b)), (W,), (v,))[1],
        "vjp": jax.vjp(lambda W: predict(W, b, inputs), W)[1](jnp.arange(4.0))[0],
    }
    return jax.tree_util.tree_map(lambda x: x.tolist(), found)


def casadi_van_der_pol() -> Any:
    """CasADi's example direct_single_shooting.py: the best control of a van der Pol oscillator, by IPOPT."""
    from casadi import MX, DM, Function, nlpsol, vertcat

    T, N, M = 10.0, 20, 4
    x, u = MX.sym("x", 2), MX.sym("u")
    f = Function("f", [x, u], [vertcat((1 - x[1] ** 2) * x[0] - x[1] + u, x[0]), x[0] ** 2 + x[1] ** 2 + u**2])
    controls, state, cost, path = [MX.sym(f"u{i}") for i in range(N)], DM([0.0, 1.0]), 0.0, []
    for control in controls:
        for _ in range(M):
            h = T / N / M
            k1, q1 = f(state, control)
            k2, q2 = f(state + h / 2 * k1, control)
            k3, q3 = f(state + h / 2 * k2, control)
            k4, q4 = f(state + h * k3, control)
            state, cost = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), cost + h / 6 * (q1 + 2 * q2 + 2 * q3 + q4)
        path.append(state[0])
    quiet = {"ipopt.print_level": 0, "print_time": 0, "ipopt.tol": 1e-12}
    solver = nlpsol("s", "ipopt", {"x": vertcat(*controls), "f": cost, "g": vertcat(*path)}, quiet)
    found = solver(x0=0.0, lbx=-1.0, ubx=1.0, lbg=-0.25, ubg=np.inf)
    return {"cost": float(found["f"]), "controls": np.array(found["x"]).ravel().tolist()}


def main() -> None:
    """Make the records that are named."""
    records = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    for name in sys.argv[1:]:
        records[name] = globals()[name]()
    lines = [f"{json.dumps(name)}: {json.dumps(record)}" for name, record in sorted(records.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
