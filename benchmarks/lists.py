"""Works for `python -m benchmarks jit compile` written in two ways: by plain lists, and by loops that stay loops."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd import dot, exp, logsumexp, relu, scan, softmax, sum_, take, vmap, where

VOCABULARY, WIDTH, HEADS, CONTEXT = 27, 16, 4, 16
DEPTH = WIDTH // HEADS
SHAPES = {
    "tokens": (VOCABULARY, WIDTH),
    "places": (CONTEXT, WIDTH),
    "head": (VOCABULARY, WIDTH),
    **dict.fromkeys(("q", "k", "v", "o"), (WIDTH, WIDTH)),
    "up": (4 * WIDTH, WIDTH),
    "down": (WIDTH, 4 * WIDTH),
}
PARAMETERS = sum(rows * columns for rows, columns in SHAPES.values())

Vector = Sequence[Any]


def matrices(p: Vector) -> dict[str, list[Vector]]:
    """The weights of the micro-GPT: one layer, 16 wide, 4 heads, context 16, vocabulary 27."""
    found, at = {}, 0
    for name, (rows, columns) in SHAPES.items():
        found[name] = [p[at + r * columns : at + (r + 1) * columns] for r in range(rows)]
        at += rows * columns
    return found


def _linear(x: Vector, rows: Sequence[Vector]) -> list[Any]:
    return [dot(x, row) for row in rows]


def _mapped(x: Vector, rows: Sequence[Vector]) -> Vector:
    return vmap(lambda row: dot(x, row))(rows)  # type: ignore[no-any-return]


def _normed(x: Vector) -> list[Any]:
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def _begun(w: dict[str, list[Vector]], token: Vector, place: Vector) -> list[Any]:
    """What the layer is given at a place: its token, a one-hot row, and the place."""
    columns = list(zip(*w["tokens"], strict=True))
    return _normed([dot(token, column) + a for column, a in zip(columns, place, strict=True)])


def _ended(w: dict[str, list[Vector]], linear: Callable[..., Any], mixed: Vector, rest: Vector, target: Vector) -> Any:
    """The cross-entropy at a place, by what its heads gave."""
    rest = x = [a + b for a, b in zip(linear(mixed, w["o"]), rest, strict=True)]
    x = linear([relu(a) for a in linear(_normed(x), w["up"])], w["down"])
    logits = linear([a + b for a, b in zip(x, rest, strict=True)], w["head"])
    return logsumexp(logits) - dot(logits, target)


def gpt_by_lists(p: Vector, document: tuple[Any, Any]) -> Any:
    """The mean cross-entropy of a document: tokens, and what comes after them, as one-hot rows."""
    tokens, targets = document
    w = matrices(p)
    keys, values, losses = [], [], []
    for token, place, target in zip(tokens, w["places"], targets, strict=False):
        rest = _begun(w, token, place)
        x = _normed(rest)
        q = _linear(x, w["q"])
        keys.append(_linear(x, w["k"]))
        values.append(_linear(x, w["v"]))
        mixed = []
        for h in range(HEADS):
            part = slice(h * DEPTH, (h + 1) * DEPTH)
            shares = softmax([dot(q[part], k[part]) / DEPTH**0.5 for k in keys])
            mixed += [dot(shares, [v[h * DEPTH + j] for v in values]) for j in range(DEPTH)]
        losses.append(_ended(w, _linear, mixed, rest, target))
    return sum_(losses) / len(tokens)


def gpt_by_loops(p: Vector, document: tuple[Any, Any]) -> Any:
    """The same, for any number of tokens: the places in a loop, and what they look at in another."""
    tokens, targets = document
    w = matrices(p)

    def at_place(t: Any, token: Any) -> Any:
        rest = _begun(w, token, take(w["places"], t))
        x = _normed(rest)
        return t + 1.0, (rest, *[_mapped(x, w[name]) for name in ("q", "k", "v")])

    _, (rests, qs, ks, vs) = scan(at_place, 0.0, tokens)

    def mixed_at(found: Any, at: Any) -> Any:
        (t, total), (rest, q, target) = found, at

        def looked(found: Any, key_and_value: Any) -> Any:
            j, totals = found
            k, v = key_and_value
            new = []
            for h, (weight, *sums) in enumerate(totals):
                part = slice(h * DEPTH, (h + 1) * DEPTH)
                share = where(j <= t, exp(dot(q[part], k[part]) / DEPTH**0.5), 0.0)
                new.append([weight + share, *[a + share * b for a, b in zip(sums, v[part], strict=True)]])
            return (j + 1.0, new), None

        (_, totals), _ = scan(looked, (0.0, [[0.0] * (1 + DEPTH)] * HEADS), (ks, vs))
        mixed = [a / weight for weight, *sums in totals for a in sums]
        return (t + 1.0, total + _ended(w, _mapped, mixed, rest, target)), None

    (count, total), _ = scan(mixed_at, (0.0, 0.0), (rests, qs, targets))
    return total / count
