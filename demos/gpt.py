"""A GPT of scalars learns first names: `python -m demos.gpt`.

One layer, 16 wide, four heads, a context of 16 letters: the model of micro-GPT (A. Karpathy, 2026), 4,192 parameters. Here it
is written twice. `logits_of_next` is the model as loops over scalars, token by token, with a cache of keys and values, as the
original has it. `GPT` is the same with the layers of `nn`. Both give the same numbers.

`fit` trains the second in machine code, one name a step. Names are sampled by the first, compiled as one program: it draws
letter after letter with the cache in its loop. The attention of all heads is a picture, the graph of one token a page.
"""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import demos._names as data
from autograd import Value, dot, jit, no_grad, relu, save, scan, softmax, sqrt, sum_, take, values, vmap, where
from demos._common import folder, need, parser, seed_number
from demos._names import CONTEXT, END, VOCABULARY, text
from nn import Adam, CrossEntropyLoss, Embedding, Linear, Module, MultiheadAttention, RMSNorm, cross_entropy, fit, init

WIDTH, HEADS = 16, 4
DEPTH = WIDTH // HEADS
EPSILON = 1e-5

Vector = list[Any]
Weights = dict[str, list[Vector]]


# --- the model as scalar loops ----------------------------------------------------------------------------------------


def linear(x: Vector, rows: Sequence[Vector]) -> Vector:
    """A sum of products for each row."""
    return [dot(x, row) for row in rows]


def rms_norm(x: Vector) -> Vector:
    """x over the root of the mean of its squares."""
    scale = 1.0 / sqrt(dot(x, x) / len(x) + EPSILON)
    return [a * scale for a in x]


def logits_of_next(token: int, place: int, keys: list[Vector], values: list[Vector], w: Weights) -> Vector:
    """The scores of what may follow a token; its key and value are added to those of the tokens before it."""
    x = rms_norm([a + b for a, b in zip(w["tokens"][token], w["places"][place], strict=True)])
    rest, x = x, rms_norm(x)
    query = linear(x, w["q"])
    keys.append(linear(x, w["k"]))
    values.append(linear(x, w["v"]))
    mixed = []
    for head in range(HEADS):
        part = slice(head * DEPTH, (head + 1) * DEPTH)
        shares = softmax([dot(query[part], key[part]) / math.sqrt(DEPTH) for key in keys])
        mixed += [dot(shares, [value[j] for value in values]) for j in range(part.start, part.stop)]
    rest = x = [a + b for a, b in zip(linear(mixed, w["out"]), rest, strict=True)]
    hidden = [relu(a) for a in linear(rms_norm(x), w["up"])]
    return linear([a + b for a, b in zip(linear(hidden, w["down"]), rest, strict=True)], w["head"])


def loss_of(name: str, w: Weights) -> Any:
    """The mean cross-entropy of a name's letters, token by token."""
    keys: list[Vector] = []
    values: list[Vector] = []
    losses = []
    for place, (token, target) in enumerate(zip(data.tokens(name), data.targets(name), strict=True)):
        losses.append(cross_entropy(logits_of_next(token, place, keys, values, w), target))
    return sum_(losses) / len(losses)


# --- the same with nn -------------------------------------------------------------------------------------------------


class GPT(Module):
    """The model with layers: tokens in, for each the scores of what may follow."""

    def __init__(self, rng: Random) -> None:
        def draw(rng: Any, _nin: int, _nout: int) -> float:
            return float(rng.gauss(0.0, 0.08))

        self.tokens = Embedding(VOCABULARY, WIDTH, init=draw, rng=rng)
        self.places = Embedding(CONTEXT, WIDTH, init=draw, rng=rng)
        self.norm = RMSNorm(WIDTH, eps=EPSILON, elementwise_affine=False)
        self.attention = MultiheadAttention(WIDTH, HEADS, bias=False, rng=rng)
        self.up = Linear(WIDTH, 4 * WIDTH, bias=False, init=draw, rng=rng)
        self.down = Linear(4 * WIDTH, WIDTH, bias=False, init=draw, rng=rng)
        self.head = Linear(WIDTH, VOCABULARY, bias=False, init=draw, rng=rng)
        for weight in (self.attention.in_proj_weight, self.attention.out_proj.weight):
            init.normal_(weight, 0.0, 0.08, generator=rng)
        self.label_parameters()

    def forward(self, tokens: Any) -> Any:
        """The scores at each place."""
        x, normed = self._read(tokens)
        mixed, _ = self.attention(normed, normed, normed, need_weights=False, is_causal=True)
        return vmap(self._scores)(mixed, x)

    def attention_to(self, tokens: Sequence[int]) -> Any:
        """The weights of each head, place by place."""
        _, normed = self._read(tokens)
        return self.attention(normed, normed, normed, average_attn_weights=False, is_causal=True)[1]

    def _read(self, tokens: Any) -> tuple[Any, Any]:
        def at_place(token: Any, place: Any) -> tuple[Any, Any]:
            x = self.norm([a + b for a, b in zip(self.tokens(token), place, strict=True)])
            return x, self.norm(x)

        found: tuple[Any, Any] = vmap(at_place)(list(tokens), self.places.weight[: len(tokens)])
        return found

    def _scores(self, mixed: Any, x: Any) -> Any:
        x = [a + b for a, b in zip(mixed, x, strict=True)]
        change = self.down([relu(a) for a in self.up(self.norm(x))])
        return self.head([a + b for a, b in zip(change, x, strict=True)])

    def weights(self) -> Weights:
        """The parameters as the scalar loops take them."""
        (q, _), (k, _), (v, _) = self.attention.projections()
        return {
            "tokens": self.tokens.weight, "places": self.places.weight, "q": q, "k": k, "v": v,
            "out": self.attention.out_proj.weight, "up": self.up.weight, "down": self.down.weight, "head": self.head.weight,
        }  # fmt: skip


# --- names that nobody has --------------------------------------------------------------------------------------------


def sampled(w: Weights, noise: Sequence[Any]) -> Any:
    """The tokens of a name, drawn by numbers between 0 and 1, one for each place: scalar loops with a cache, in one loop."""

    def step(carry: Any, turn: Any) -> tuple[Any, Any]:
        token, keys, values = carry
        place, number = turn
        x = rms_norm([a + b for a, b in zip(row(w["tokens"], token), row(w["places"], place), strict=True)])
        rest, x = x, rms_norm(x)
        query = each(x, w["q"])
        keys = put(keys, place, each(x, w["k"]))
        values = put(values, place, each(x, w["v"]))
        mixed = []
        for head in range(HEADS):
            part = slice(head * DEPTH, (head + 1) * DEPTH)
            scores = [dot(query[part], key[part]) / math.sqrt(DEPTH) for key in keys]
            shares = softmax([where(place >= float(j), score, -math.inf) for j, score in enumerate(scores)])
            mixed += [dot(shares, [value[j] for value in values]) for j in range(part.start, part.stop)]
        rest = x = [a + b for a, b in zip(each(mixed, w["out"]), rest, strict=True)]
        hidden = [relu(a) for a in each(rms_norm(x), w["up"])]
        shares = softmax(each([a + b for a, b in zip(each(hidden, w["down"]), rest, strict=True)], w["head"]))
        found, below = 0.0, 0.0
        for share in shares[:-1]:
            below = below + share
            found = found + where(number >= below, 1.0, 0.0)
        return (found, keys, values), found

    empty = [[0.0] * WIDTH for _ in range(CONTEXT)]
    return scan(step, (float(END), empty, empty), ([float(i) for i in range(CONTEXT)], list(noise)))[1]


def each(x: Vector, rows: Sequence[Vector]) -> Vector:
    """`linear`, compiled as a loop over the rows."""
    found: Vector = vmap(lambda row: dot(x, row))(list(rows))
    return found


def row(rows: Sequence[Vector], index: Any) -> Vector:
    """A row whose number the run decides."""
    return list(take(list(rows), index))


def put(rows: Sequence[Vector], place: Any, new: Vector) -> list[Vector]:
    """The rows, with a new one at that place."""
    return [[where(place == float(i), y, x) for x, y in zip(old, new, strict=True)] for i, old in enumerate(rows)]


class Sampler:
    """Names from a model, many a call, in machine code."""

    def __init__(self, model: GPT) -> None:
        import numpy as np

        self._weights = {name: np.array(values(rows)) for name, rows in model.weights().items()}
        self._call = jit(lambda w, noise: vmap(lambda numbers: sampled(w, numbers))(noise))

    def __call__(self, noise: Any) -> Any:
        """A row of tokens for each row of noise."""
        return self._call(self._weights, noise)


# --- training, and what it came to ------------------------------------------------------------------------------------


def train(model: Module, names: Sequence[str], seed: int) -> float:
    """Train on the names, one a step, in machine code; the mean loss on the way."""
    adam = Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99), eps=1e-8)
    xs, ys = list(map(data.tokens, names)), list(map(data.targets, names))
    options: Any = {"epochs": 1, "batch_size": 1, "seed": seed, "engine": "compiled", "progress": False}
    history = fit(model, xs, ys, loss=CrossEntropyLoss(), optimizer=adam, **options)
    return float(history.loss[-1])


def held_out_loss(model: Module, names: Sequence[str]) -> float:
    """The mean loss per character, the end of a name included, of names that the model has not seen."""
    from nn.functional import functional_call

    numbers = [p.data for p in model.parameters()]

    def total(p: Any, xs: Any, ys: Any) -> Any:
        return cross_entropy(functional_call(model, p, xs), ys, reduction="sum")

    import numpy as np

    loss = jit(total)
    xs, ys = np.zeros((len(names), CONTEXT)), np.full((len(names), CONTEXT), -100.0)
    for x, y, name in zip(xs, ys, names, strict=True):
        x[: len(data.tokens(name))], y[: len(data.targets(name))] = data.tokens(name), data.targets(name)
    return float(sum(loss(np.array(numbers), x, y) for x, y in zip(xs, ys, strict=True)) / (ys >= 0.0).sum())


def check_both(model: GPT, name: str) -> float:
    """How far apart the losses, or their gradients, of the two ways to write the model are, for one name."""
    found = []
    for loss in (loss_of(name, model.weights()), cross_entropy(model(data.tokens(name)), data.targets(name))):
        model.zero_grad()
        loss.backward()
        found.append([loss.data, *[p.grad for p in model.parameters()]])
    model.zero_grad()
    apart = max(abs(x - y) for x, y in zip(*found, strict=True))
    assert apart < 1e-12, apart
    return apart


def plot(model: GPT, name: str, path: Path) -> None:
    """Draw how much each letter of a name looks at those before it, head by head."""
    from matplotlib.figure import Figure

    with no_grad():
        heads = values(model.attention_to(data.tokens(name)))
    letters = ["·", *name][: len(heads[0])]
    figure = Figure(figsize=(12, 3.4), layout="constrained")
    for head, axes in enumerate(figure.subplots(1, HEADS, sharey=True)):
        axes.imshow(heads[head], vmin=0.0, vmax=1.0, cmap="Blues")
        axes.set(title=f"head {head + 1}", xlabel="looks at", xticks=range(len(letters)), yticks=range(len(letters)))
        axes.set_xticklabels(letters)
        axes.set_yticklabels(letters)
    figure.supylabel("at the letter")
    figure.savefig(path, dpi=120)


def page_of_a_token(model: GPT, path: Path) -> None:
    """The graph of the first token's loss, step by step."""
    first: Value = cross_entropy(logits_of_next(END, 0, [], [], model.weights()), 0)
    first.label = "loss of the first letter"
    first.backward()
    save(first, path, max_nodes=400)


def main(arguments: list[str] | None = None) -> None:
    """Train, tell the losses and speeds, invent names, and draw the attention."""
    command = parser(__doc__)
    command.add_argument("--steps", type=int, default=1000, help="names to train on, one a step (default: 1000)")
    command.add_argument("--seed", type=seed_number, default=0, help="for the weights, the order, and the names (default: 0)")
    options = command.parse_args(arguments)
    if options.steps < 1:
        command.error(f"--steps must be at least 1, not {options.steps}")
    need("numpy", "matplotlib", "names", "llvmlite")
    out = folder(options.out)
    import numpy as np

    names = data.first_names()
    model = GPT(Random(options.seed))
    print(f"{len(model.parameters())} parameters, {len(names.trained)} names, {len(names.held_out)} held out")
    apart = check_both(model, names.trained[0])
    print(f"written as loops and with nn: losses and gradients of {names.trained[0]!r} differ by {apart:.1e}")

    chosen = [names.trained[i % len(names.trained)] for i in range(options.steps)]
    before = held_out_loss(model, names.held_out)
    start, used = time.perf_counter(), time.process_time()
    on_the_way = train(model, chosen, options.seed)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    letters = sum(len(data.tokens(name)) for name in chosen)
    after = held_out_loss(model, names.held_out)
    print(f"{options.steps} steps in {seconds:.1f} s, compiling included ({cpu:.1f} s of the processor)")
    print(f"{letters / seconds:,.0f} tokens/s in all")
    print(f"loss while training {on_the_way:.3f}")
    print(f"held-out loss per character {before:.3f} -> {after:.3f} (guessing: {math.log(VOCABULARY):.3f})")

    model.save(out / "gpt.json")
    again = GPT(Random(options.seed + 1))
    again.load(out / "gpt.json")
    assert again.state_dict() == model.state_dict()
    print(f"saved and loaded: {out / 'gpt.json'}")

    sampler, rng = Sampler(again), np.random.default_rng(options.seed)
    invented = [text(row) for row in sampler(rng.random((20, CONTEXT)))]
    many = rng.random((20, CONTEXT))
    sampler(many)
    used = time.process_time()
    for _ in range(20):
        sampler(many)
    speed = 20 * many.size / (time.process_time() - used)
    print(f"sampling, compiled with a cache of keys and values: {speed:,.0f} tokens/s")
    print("invented: " + ", ".join(invented))

    plot(model, invented[0] or "anna", out / "gpt.png")
    page_of_a_token(model, out / "gpt.html")
    print(f"attention: {out / 'gpt.png'}; the graph of a token: {out / 'gpt.html'}")


if __name__ == "__main__":
    main()
