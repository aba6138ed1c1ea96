"""A GPT of 200,000 parameters, by one way to train it, in a process of its own: `python -m benchmarks.large_gpt PEER`.

The block of `demos.gpt`, 64 wide, four times, on documents of 64 letters, one a step, Adam included. Prints a line of JSON
after each epoch, so that a limit loses no more than one: `made`, the seconds of the processor for our model itself; `first`,
those from before the training to the end of its first step; `step`, those of a later one; `losses`, the mean of each epoch.
"""

import json
import math
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks.common import duration, import_peer, one_core, ratio

RATE, BETAS, EPSILON = 0.001, (0.85, 0.99), 1e-8
DOCUMENTS = 50  # an epoch: after each one `fit` brings the model's own numbers up to date
EPOCHS = 3
ROOT = Path(__file__).parent.parent


class Size(NamedTuple):
    """How wide, by how many heads, how deep, and how many letters a document has."""

    width: int = 64
    heads: int = 4
    layers: int = 4
    context: int = 64


LARGE = Size()


def documents(size: Size) -> tuple[list[list[int]], list[list[int]]]:
    """Names one after another, in pieces as long as the context; and for each letter the next one."""
    from demos._names import first_names, tokens

    letters = [token for name in first_names().trained for token in tokens(name)]
    starts = range(0, DOCUMENTS * size.context, size.context)
    return [letters[i : i + size.context] for i in starts], [letters[i + 1 : i + 1 + size.context] for i in starts]


def model(size: Size) -> Any:
    """The model, as a user writes it."""
    from autograd import relu, vmap
    from demos._names import VOCABULARY
    from nn import Embedding, Linear, Module, ModuleList, MultiheadAttention, RMSNorm

    rng, width = Random(0), size.width

    def draw(rng: Any, _nin: int, _nout: int) -> float:
        return float(rng.gauss(0.0, 0.08))

    class Block(Module):
        def __init__(self) -> None:
            self.norm = RMSNorm(width, elementwise_affine=False, eps=1e-5)
            self.attention = MultiheadAttention(width, size.heads, bias=False, rng=rng)
            self.up = Linear(width, 4 * width, bias=False, init=draw, rng=rng)
            self.down = Linear(4 * width, width, bias=False, init=draw, rng=rng)

        def forward(self, xs: Any) -> Any:
            normed = vmap(self.norm)(xs)
            mixed, _ = self.attention(normed, normed, normed, need_weights=False, is_causal=True)
            return vmap(self._network)(mixed, xs)

        def _network(self, mixed: Any, x: Any) -> Any:
            x = [a + b for a, b in zip(mixed, x, strict=True)]
            change = self.down([relu(a) for a in self.up(self.norm(x))])
            return [a + b for a, b in zip(change, x, strict=True)]

    class GPT(Module):
        def __init__(self) -> None:
            self.tokens = Embedding(VOCABULARY, width, init=draw, rng=rng)
            self.places = Embedding(size.context, width, init=draw, rng=rng)
            self.norm = RMSNorm(width, elementwise_affine=False, eps=1e-5)
            self.blocks = ModuleList([Block() for _ in range(size.layers)])
            self.head = Linear(width, VOCABULARY, bias=False, init=draw, rng=rng)
            self.label_parameters()

        def forward(self, tokens: Any) -> Any:
            xs = vmap(self._read)(list(tokens), self.places.weight[: len(tokens)])
            for block in self.blocks:
                xs = block(xs)
            return vmap(self.head)(xs)

        def _read(self, token: Any, place: Any) -> Any:
            return self.norm([a + b for a, b in zip(self.tokens(token), place, strict=True)])

    return GPT()


class Watch:
    """Collects figures at the end of each epoch, of which each has `steps` steps."""

    def __init__(self, steps: int, **known: float) -> None:
        self.known, self.steps, self.losses = known, steps, list[float]()
        self.ends = [time.process_time()]

    def after(self, loss: float) -> dict[str, Any]:
        """The figures after one more epoch of this mean loss."""
        self.ends.append(time.process_time())
        self.losses.append(loss)
        found = {**self.known, "losses": self.losses}
        first, *others = [after - before for before, after in pairwise(self.ends)]
        if others:
            step = min(others) / self.steps
            found |= {"first": max(step, first - (self.steps - 1) * step), "step": step}
        return found


def ours(size: Size, tell: Callable[[dict[str, Any]], None]) -> None:
    """By `fit`."""
    import autograd.compiler.run.llvm  # noqa: F401 - what compiling imports is no part of it
    from nn import Adam, CrossEntropyLoss, fit

    start = time.process_time()
    gpt, (xs, ys) = model(size), documents(size)
    adam = Adam(gpt.parameters(), lr=RATE, betas=BETAS, eps=EPSILON)
    watch = Watch(len(xs), made=time.process_time() - start)
    options: Any = {"epochs": EPOCHS, "batch_size": 1, "shuffle": False, "engine": "compiled", "progress": False}
    options["callbacks"] = [lambda _model, history: tell(watch.after(history.loss[-1]))]
    fit(gpt, xs, ys, loss=CrossEntropyLoss(), optimizer=adam, **options)


def pytorch(size: Size, tell: Callable[[dict[str, Any]], None]) -> None:
    """By PyTorch's tensors and its Adam, operation by operation, from the same weights."""
    import torch
    from torch.nn.functional import cross_entropy, scaled_dot_product_attention

    from autograd import values

    torch.set_num_threads(1)
    gpt, documented = model(size), documents(size)

    def tensor(rows: Any) -> Any:
        return torch.tensor(values(rows), dtype=torch.float64, requires_grad=True)

    tokens, places, head = map(tensor, (gpt.tokens.weight, gpt.places.weight, gpt.head.weight))
    blocks = [
        [*map(tensor, (b.attention.in_proj_weight, b.attention.out_proj.weight, b.up.weight, b.down.weight))]
        for b in gpt.blocks
    ]
    weights = [tokens, places, head, *chain.from_iterable(blocks)]
    adam = torch.optim.Adam(weights, lr=RATE, betas=BETAS, eps=EPSILON)

    def normed(x: Any) -> Any:
        return x * (x.square().mean(-1, keepdim=True) + 1e-5).rsqrt()

    def loss_of(letters: Any, wanted: Any) -> Any:
        n = len(letters)
        x = normed(tokens[letters] + places[:n])
        for projection, out, up, down in blocks:
            q, k, v = (normed(x) @ projection.T).reshape(n, 3, size.heads, -1).permute(1, 2, 0, 3)
            mixed = scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + mixed.transpose(0, 1).reshape(n, size.width) @ out.T
            x = x + torch.relu(normed(x) @ up.T) @ down.T
        return cross_entropy(x @ head.T, wanted)

    pairs = [(torch.tensor(x), torch.tensor(y)) for x, y in zip(*documented, strict=True)]
    watch = Watch(len(pairs))
    for _ in range(EPOCHS):
        total = 0.0
        for letters, wanted in pairs:
            loss = loss_of(letters, wanted)
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item()
        tell(watch.after(total / len(pairs)))


OURS = "chainrule"
PEERS = {OURS: ("nn", ours), "PyTorch eager": ("torch", pytorch)}


FIGURES = (("the model made", "made"), ("its first result", "first"), ("a step, Adam included", "step"))
WANTED = {("first", "chainrule"): "2 s", ("step", "PyTorch eager"): "2 x"}


def rows(limit: float) -> list[tuple[str, ...]]:
    """The lines of the table: the model made, its first result and a step by each peer, and how far apart the losses are."""
    found = {peer: figures for peer in PEERS if (figures := measured(peer, limit))}
    return [*_times(found, limit), *_losses(found)]


def _times(found: dict[str, dict[str, Any]], limit: float) -> Iterator[tuple[str, ...]]:
    us = found[OURS]
    for what, key in FIGURES:
        for peer, figures in found.items():
            if key not in figures and not ("late" in figures and key != "made"):
                continue
            figure = duration(figures[key]) if key in figures else f"> {limit:g} s"
            both = peer != OURS and key in figures and key in us
            compared = ratio(figures[key] / us[key]) if both else ""
            yield f"width 64, 4 layers, context 64: {what}", peer, figure, compared, WANTED.get((key, peer), "")


def _losses(found: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for peer, figures in found.items():
        pairs = list(zip(figures.get("losses", []), found[OURS].get("losses", []), strict=False))
        if peer != OURS and pairs:
            apart = max(abs(a - b) for a, b in pairs)
            yield f"its losses of {len(pairs) * DOCUMENTS} steps differ at most by", peer, f"{apart:.1e}", "", "1e-9"


MISSING = 77  # the exit code where a peer is not installed
WAIT = 5  # times its limit is how long a process may take on a busy machine


def measured(peer: str, limit: float) -> dict[str, Any]:
    """Figures of a process that `limit` seconds of the processor end; `late` has the limit then. Empty without the peer."""
    command = [sys.executable, "-m", "benchmarks.large_gpt", peer, str(math.ceil(limit))]
    try:
        done = subprocess.run(  # noqa: S603 - this file
            command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=WAIT * limit
        )
    except subprocess.TimeoutExpired as late:
        return {"late": limit, **_last((late.stdout or b"").decode())}
    if done.returncode == MISSING:
        return {}
    late = done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
    if done.returncode and not late:
        raise RuntimeError(f"{peer} failed:\n{done.stderr}")
    return ({"late": limit} if late else {}) | _last(done.stdout)


def _last(printed: str) -> dict[str, Any]:
    """The last line that was printed to its end."""
    lines = printed.split("\n")[:-1]
    return json.loads(lines[-1]) if lines else {}


def main(peer: str, limit: str) -> None:
    """Train by one peer, and print what is known on the way."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 1))
    one_core()
    needs, train = PEERS[peer]
    try:
        import_peer(needs)
    except ImportError:
        sys.exit(MISSING)
    train(LARGE, lambda found: print(json.dumps(found), flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
