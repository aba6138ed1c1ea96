"""The micro-GPT of `demos.gpt` trained one name a step, beside PyTorch, JAX and plain Python: `python -m benchmarks gpt`.

Times are the processor's, so that a machine with other work tells the same. Losses of all peers agree before they are timed.
"""

import math
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.common import MACHINE, duration, import_peer, ratio, table
from benchmarks.scalar_gpt import Gpt, Plain

ROOT = Path(__file__).parent.parent
NAME = "abigail"  # 8 tokens with the end
STEPS, FIRST = 1000, 50
RATE, BETAS, EPSILON = 0.01, (0.85, 0.99), 1e-8
HEADER = ("what", "by", "figure", "ours is", "wanted")

Weights = dict[str, Any]


def run(options: Namespace) -> str:
    """Measure everything; returns the table as Markdown."""
    rounds = min(options.rounds, 3)
    names = _names()
    steps = {"chainrule": min(_ours_a_step() for _ in range(rounds)), **_peers_a_step(rounds)}
    ours = steps["chainrule"]
    wanted = {"chainrule": "0.05 ms", "JAX jit": "3 x"}
    rows = []
    for name, s in steps.items():
        compared = "" if name == "chainrule" else ratio(s / ours)
        rows.append(("a step of 8 tokens, Adam included", name, duration(s), compared, wanted.get(name, "")))
    rows.append((f"{STEPS} steps from a fresh process, compiling included", "chainrule", duration(_from_fresh()), "", "2 s"))
    losses, held_out, sampling = _our_training(names)
    rows.append(("held-out loss after them", "chainrule", f"{held_out:.4f}", "", ""))
    theirs = _torch_training(names)
    if theirs is not None:
        apart = max(abs(a - b) for a, b in zip(losses, theirs[0], strict=False))
        rows.append(("", "PyTorch", f"{theirs[1]:.4f}", f"{abs(theirs[1] - held_out):.1e} apart", "0.02"))
        rows.append(("losses of the first 50 steps differ at most by", "PyTorch", f"{apart:.1e}", "", "1e-9"))
    rows.append(("sampling, a second", "chainrule", f"{sampling:,.0f} tokens", "", "200,000 tokens"))
    about = (
        f"{MACHINE}; seconds of the processor, the least of {rounds} rounds; nothing compiled before. A ratio above 1: ours is "
        "quicker. Not measured: batches of 32, the model of 200,000 parameters, C with gradients by hand."
    )
    return "\n".join([about, "", *table(HEADER, rows)])


def _names() -> Any:
    from demos._names import first_names

    return first_names()


def _least(work: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


# --- ours -------------------------------------------------------------------------------------------------------------


def _ours_a_step() -> float:
    """Two trainings of one name, long and short: their difference has no compiling in it."""
    from demos.gpt import GPT, train

    spent = []
    for steps in (500, 3500):
        model = GPT(Random(0))
        start = time.process_time()
        train(model, [NAME] * steps, 0)
        spent.append(time.process_time() - start)
    return (spent[1] - spent[0]) / 3000


FRESH = """
import time
from random import Random
import autograd.compiler.run.llvm
import demos._names as data
from demos.gpt import GPT, train
names, model = data.first_names().trained, GPT(Random(0))
start = time.process_time()
train(model, names[:{steps}], 0)
print(time.process_time() - start)
"""


def _from_fresh() -> float:
    """The seconds of a training in a fresh process, after imports and data."""
    code = FRESH.format(steps=STEPS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 - ours
    return float(done.stdout)


def _our_training(names: Any) -> tuple[list[float], float, float]:
    """The losses of the first 50 steps, the held-out loss after all, and how many tokens are sampled a second."""
    import numpy as np

    import demos._names as data
    from demos.gpt import CONTEXT, GPT, Sampler, held_out_loss
    from nn import Adam, CrossEntropyLoss, cross_entropy, fit

    model = GPT(Random(0))
    adam = Adam(model.parameters(), lr=RATE, betas=BETAS, eps=EPSILON)
    xs, ys = list(map(data.tokens, names.trained[:STEPS])), list(map(data.targets, names.trained[:STEPS]))
    losses = []
    for x, y in zip(xs[:FIRST], ys[:FIRST], strict=True):
        loss = cross_entropy(model(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    options: Any = {"epochs": 1, "batch_size": 1, "shuffle": False, "engine": "compiled", "progress": False}
    fit(model, xs[FIRST:], ys[FIRST:], loss=CrossEntropyLoss(), optimizer=adam, **options)
    sampler, noise = Sampler(model), np.random.default_rng(0).random((50, CONTEXT))
    sampler(noise)
    return losses, held_out_loss(model, names.held_out), noise.size / _least(lambda: sampler(noise), 20)


# --- peers ------------------------------------------------------------------------------------------------------------


def _first_weights() -> Weights:
    """Our initial weights as lists of numbers."""
    from autograd import values
    from demos.gpt import GPT

    return {name: values(rows) for name, rows in GPT(Random(0)).weights().items()}


def _peers_a_step(rounds: int) -> dict[str, float]:
    """The seconds of a step of each peer that is here."""
    found = {}
    peers = (("PyTorch eager", "torch", _torch_step), ("JAX jit", "jax", _jax_step), ("plain Python", "math", _plain))
    for name, needs, step in peers:
        try:
            import_peer(needs)
        except ImportError:
            continue
        work, times = step()
        work()
        found[name] = min(_least(work, times) for _ in range(rounds))
    return found


def _plain() -> tuple[Callable[[], object], int]:
    from demos._names import tokens

    model = Gpt(Plain)
    return lambda: model.step([*tokens(NAME), tokens(NAME)[0]]), 2


def _torch_model() -> tuple[Any, Callable[[str], Any]]:
    """Parameters, and the loss of a name."""
    import torch

    from demos._names import targets, tokens

    torch.set_num_threads(1)
    w = {name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in _first_weights().items()}

    def normed(x: Any) -> Any:
        return x * (x.square().mean(-1, keepdim=True) + 1e-5).rsqrt()

    def loss(name: str) -> Any:
        x = torch.tensor(tokens(name))
        n = len(x)
        x = normed(w["tokens"][x] + w["places"][:n])
        y = normed(x)
        q, k, v = ((y @ w[part].T).reshape(n, 4, 4).transpose(0, 1) for part in "qkv")
        mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + mixed.transpose(0, 1).reshape(n, 16) @ w["out"].T
        x = x + torch.relu(normed(x) @ w["up"].T) @ w["down"].T
        return torch.nn.functional.cross_entropy(x @ w["head"].T, torch.tensor(targets(name)))

    return list(w.values()), loss


def _torch_stepper() -> tuple[Callable[[str], float], Callable[[str], Any]]:
    import torch

    parameters, loss = _torch_model()
    adam = torch.optim.Adam(parameters, lr=RATE, betas=BETAS, eps=EPSILON)

    def step(name: str) -> float:
        found = loss(name)
        adam.zero_grad()
        found.backward()
        adam.step()
        return float(found.item())

    return step, loss


def _torch_step() -> tuple[Callable[[], object], int]:
    step, _ = _torch_stepper()
    return lambda: step(NAME), 100


def _torch_training(names: Any) -> tuple[list[float], float] | None:
    """PyTorch's losses on the same names in the same order, and its held-out loss; None without PyTorch."""
    try:
        import_peer("torch")
    except ImportError:
        return None
    step, loss = _torch_stepper()
    losses = [step(name) for name in names.trained[:STEPS]]
    counts = [len(name) + 1 for name in names.held_out]
    total = sum(float(loss(name).item()) * count for name, count in zip(names.held_out, counts, strict=True))
    return losses[:FIRST], total / sum(counts)


def _jax_step() -> tuple[Callable[[], object], int]:
    import jax
    import jax.numpy as jnp

    from demos._names import targets, tokens

    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - JAX's
    x, y = jnp.array(tokens(NAME)), jnp.array(targets(NAME))
    n = len(x)
    mask = jnp.tril(jnp.ones((n, n), dtype=bool))

    def normed(x: Any) -> Any:
        return x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + 1e-5)

    def loss(w: Weights) -> Any:
        h = normed(w["tokens"][x] + w["places"][:n])
        z = normed(h)
        q, k, v = ((z @ w[part].T).reshape(n, 4, 4).transpose(1, 0, 2) for part in "qkv")
        scores = jnp.where(mask, q @ k.transpose(0, 2, 1) / math.sqrt(4), -jnp.inf)
        h = h + (jax.nn.softmax(scores) @ v).transpose(1, 0, 2).reshape(n, 16) @ w["out"].T
        h = h + jax.nn.relu(normed(h) @ w["up"].T) @ w["down"].T
        return -jax.nn.log_softmax(h @ w["head"].T)[jnp.arange(n), y].mean()

    @jax.jit
    def step(w: Weights, m: Weights, s: Weights, t: Any) -> Any:
        found, g = jax.value_and_grad(loss)(w)
        m = jax.tree.map(lambda m, g: BETAS[0] * m + (1.0 - BETAS[0]) * g, m, g)
        s = jax.tree.map(lambda s, g: BETAS[1] * s + (1.0 - BETAS[1]) * g * g, s, g)
        first, second = 1.0 - BETAS[0] ** t, 1.0 - BETAS[1] ** t
        w = jax.tree.map(lambda w, m, s: w - RATE * (m / first) / (jnp.sqrt(s / second) + EPSILON), w, m, s)
        return found, w, m, s

    w = {name: jnp.array(rows) for name, rows in _first_weights().items()}
    state = [w, jax.tree.map(jnp.zeros_like, w), jax.tree.map(jnp.zeros_like, w), 1.0]

    def once() -> None:
        _, *rest = step(*state)
        state[:] = [*rest, state[3] + 1.0]
        jax.block_until_ready(rest)

    return once, 300
