"""A recurrent network of scalars learns first names, letter by letter: `python -m demos.char_rnn`.

A GRU of 16 cells on vectors for letters, with about as many parameters as the GPT of `demos.gpt`, trained on the same names in
the same order; beside its held-out loss stand the GPT's, and those of counting: how often a letter comes, and how often after
which one. K. Cho et al., 2014, arXiv:1406.1078.
"""

import math
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import demos._names as data
from autograd import softmax, values
from demos._common import BLUE, GREEN, ORANGE, folder, need, parser, seed_number
from demos._names import END, VOCABULARY, text
from demos.gpt import GPT, held_out_loss, train
from nn import GRU, Embedding, Linear, Module

WIDTH, CELLS = 16, 24


class CharRNN(Module):
    """Tokens in, for each the scores of what may follow."""

    def __init__(self, rng: Random) -> None:
        self.tokens = Embedding(VOCABULARY, WIDTH, init=lambda rng, _nin, _nout: float(rng.gauss(0.0, 0.3)), rng=rng)
        self.rnn = GRU(WIDTH, CELLS, rng=rng)
        self.head = Linear(CELLS, VOCABULARY, rng=rng)
        self.label_parameters()

    def forward(self, tokens: Any) -> Any:
        """The scores at each place."""
        outputs, _ = self.rnn(self.tokens(tokens))
        return self.head.batch(outputs)

    def invent(self, rng: Random) -> str:
        """A name, letter by letter: the state carries what came before."""
        token, state, found = END, None, [END]
        while len(found) < data.CONTEXT:
            outputs, state = self.rnn([self.tokens(token)], state)
            (token,) = rng.choices(range(VOCABULARY), values(softmax(self.head(outputs[0]))))
            if token == END:
                break
            found.append(token)
        return text(found[1:])


def counted(names: Sequence[str], held_out: Sequence[str]) -> tuple[float, float]:
    """The held-out losses per character of counting letters, and pairs of them; each is counted once more than it came."""
    pairs = Counter(pair for name in names for pair in pairwise([END, *map(data.LETTERS.index, name), END]))
    single: Counter[int] = Counter()
    first: Counter[int] = Counter()
    for (a, b), n in pairs.items():
        single[b] += n
        first[a] += n
    total = sum(single.values())
    letters, after = [], []
    for name in held_out:
        for a, b in pairwise([END, *map(data.LETTERS.index, name), END]):
            letters.append(-math.log((single[b] + 1) / (total + VOCABULARY)))
            after.append(-math.log((pairs[a, b] + 1) / (first[a] + VOCABULARY)))
    return sum(letters) / len(letters), sum(after) / len(after)


def plot(losses: dict[str, float], path: Path) -> None:
    """Draw the held-out losses beside one another."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    colours = ["0.75", "0.6", "0.45", ORANGE, BLUE, GREEN][: len(losses)]
    bars = axes.barh(list(losses), list(losses.values()), color=colours)
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.set(xlabel="held-out loss per character (nats)", xlim=(0.0, 1.15 * max(losses.values())))
    axes.invert_yaxis()
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Train both models on the same names, and tell and draw their losses."""
    command = parser(__doc__)
    command.add_argument("--steps", type=int, default=1000, help="names to train on, one a step (default: 1000)")
    command.add_argument("--seed", type=seed_number, default=0, help="for the weights, the order, and the names (default: 0)")
    options = command.parse_args(arguments)
    if options.steps < 1:
        command.error(f"--steps must be at least 1, not {options.steps}")
    need("numpy", "matplotlib", "names", "llvmlite")
    out = folder(options.out)
    names = data.first_names()
    chosen = [names.trained[i % len(names.trained)] for i in range(options.steps)]
    letters, pairs = counted(names.trained, names.held_out)
    losses = {"guessing": math.log(VOCABULARY), "letters counted": letters, "pairs counted": pairs}
    models = {"GRU": CharRNN(Random(options.seed)), "GPT": GPT(Random(options.seed))}
    for name, model in models.items():
        used = time.process_time()
        on_the_way = train(model, chosen, options.seed)
        losses[name] = held_out_loss(model, names.held_out)
        print(
            f"{name}: {len(model.parameters())} parameters, {options.steps} steps, {time.process_time() - used:.1f} s of the "
            f"processor; loss while training {on_the_way:.3f}"
        )
    print("held-out loss per character:")
    for name, loss in losses.items():
        print(f"  {name:16} {loss:.3f}")
    rng, gru = Random(options.seed), models["GRU"]
    assert isinstance(gru, CharRNN)
    print("the GRU's inventions: " + ", ".join(gru.invent(rng) for _ in range(10)))
    plot(losses, out / "char_rnn.png")
    print(f"as a picture: {out / 'char_rnn.png'}")


if __name__ == "__main__":
    main()
