"""Functions of random structure with loops in loops, branches and elements, for tests that compare what becomes of them."""

import random
from collections.abc import Callable
from typing import Any

import autograd as ag
from autograd import cond, fori_loop, scan, switch, take, vmap, where, while_loop

OPERATIONS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, _: ag.sin(a),
    lambda a, b: ag.tanh(a * b),
    ag.maximum,
    lambda a, b: where(a < b, a * 0.5, b),
    lambda a, _: a * 0.25,
    lambda a, b: ag.relu(a) + b * 0.1,
    lambda a, _: ag.exp(ag.minimum(a, 1.0)),
    lambda a, b: ag.cos(a) * b,
    lambda a, _: a,
]


class Draws:
    """Draws one function: the same choices each time that a part of it is called."""

    def __init__(self, seed: int, depth: int) -> None:
        self.seed, self.depth = seed, depth
        self.more: list[Any] = []  # ways to go through sequences, beside those that all have

    def __call__(self, w: Any, x0: Any, xs: Any) -> Any:
        """A number from numbers w and x0 and a list of numbers."""
        draw = random.Random(self.seed)
        pool = self.level(draw, [w, x0], [xs], self.depth)
        return draw.choice(pool) * 0.5 + pool[-1]

    @staticmethod
    def holds(xs: Any) -> bool:
        """Whether a sequence has elements."""
        return bool(xs)

    @staticmethod
    def ends(xs: Any) -> list[Any]:
        """The first and the last element."""
        return [xs[0], xs[-1]]

    @staticmethod
    def total(xs: Any) -> Any:
        """The sum."""
        return sum(xs)

    def level(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> list[Any]:
        """The numbers of the pool and more."""
        pool, sequences = list(pool), list(sequences)
        for _ in range(draw.randrange(1, 4)):
            self.operation(draw, pool)
        ways = [self.operation, self.branch, self.element]
        if depth:
            ways += [self.scan, self.counted, self.mapped, self.tested, *self.more]
        for _ in range(draw.randrange(1, 3)):
            way: Any = draw.choice(ways)
            if way in (self.operation, self.branch):
                way(draw, pool)
            elif way == self.element:
                self.element(draw, pool, sequences)
            else:
                way(draw, pool, sequences, depth)
        return pool

    def inner(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> Callable[..., list[Any]]:
        """A function of the inputs of a body, which gives its numbers after a new `draw`."""
        seed, last = draw.randrange(10**9), pool[-3:]

        def numbers(*inputs: Any) -> list[Any]:
            return self.level(random.Random(seed), [*last, *inputs], sequences, depth)

        return numbers

    def operation(self, draw: random.Random, pool: list[Any]) -> None:
        """One primitive, or a few."""
        pool.append(draw.choice(OPERATIONS)(draw.choice(pool), draw.choice(pool)))

    def branch(self, draw: random.Random, pool: list[Any]) -> None:
        """One of two, or of three."""
        a, b = draw.choice(pool), draw.choice(pool)
        if draw.random() < 0.5:
            pool.append(cond(a < b, lambda x, y: x * y, lambda x, y: ag.sin(x) - y, a, b))
        else:
            index = where(a < b, 2.0, where(a < 0.0, 1.0, 0.0))
            pool.append(switch(index, [lambda x, _: x, lambda x, y: x - y, lambda _, y: y * y], a, b))

    def element(self, draw: random.Random, pool: list[Any], sequences: list[Any]) -> None:
        """An element that a number decides."""
        xs = draw.choice(sequences)
        if self.holds(xs):
            pool.append(take(xs, where(draw.choice(pool) < 0.3, 0.0, -1.0)) * draw.choice(pool))

    def scan(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> None:
        """A carry through a sequence, which gives another."""
        xs, carries, count = draw.choice(sequences), draw.randrange(1, 3), draw.randrange(0, 3)
        body, chosen = self.inner(draw, pool, sequences, depth - 1), draw.randrange(10**9)

        def step(carry: Any, x: Any) -> Any:
            numbers, again = body(*carry, x), random.Random(chosen)
            new = tuple([again.choice(numbers) for _ in range(carries)])
            ys = tuple([again.choice([*numbers, *new]) for _ in range(count)])
            return new, ys or None

        start = tuple([draw.choice([*pool, 0.5]) * 0.75 for _ in range(carries)])
        carry, ys = scan(step, start, xs, reverse=draw.random() < 0.3)
        pool += carry
        for y in ys or ():
            if self.holds(y):
                pool += self.ends(y) if draw.random() < 0.5 else [self.total(y)]
                sequences.append(y)

    def counted(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> None:
        """A loop that counts."""
        body, chosen = self.inner(draw, pool, sequences, depth - 1), draw.randrange(10**9)

        def step(i: Any, carry: Any) -> Any:
            return [random.Random(chosen).choice(body(*carry, carry[0] * 0.5 + i * 0.1))]

        bounds = draw.choice([0, 0, 1]), draw.choice([0, 1, 2, 3, 5])
        pool += fori_loop(*bounds, step, [draw.choice(pool) * 0.75])

    def mapped(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> None:
        """A map."""
        xs = draw.choice(sequences)
        body, chosen = self.inner(draw, pool, sequences, depth - 1), draw.randrange(10**9)

        def step(x: Any) -> Any:
            numbers = body(x)
            return numbers[-1], random.Random(chosen).choice(numbers)

        if self.holds(xs):
            ones, others = vmap(step)(xs)
            pool += [self.total(ones), self.ends(others)[0]]
            sequences.append(ones)

    def tested(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> None:
        """A loop as long as a test holds."""
        body, chosen = self.inner(draw, pool, sequences, depth - 1), draw.randrange(10**9)
        most = draw.choice([0.0, 2.5, 4.0])

        def step(carry: Any) -> Any:
            return carry[0] + 1.0, random.Random(chosen).choice(body(carry[1]))

        pool.append(while_loop(lambda carry: carry[0] < most, step, (0.0, draw.choice(pool) * 0.75))[1])


class OpenDraws(Draws):
    """The same of a sequence whose length only the run knows, and which is not empty; loops carry sequences too."""

    def __init__(self, seed: int, depth: int) -> None:
        super().__init__(seed, depth)
        self.more = [self.carried, self.carried, self.chosen]

    holds = staticmethod(lambda _: True)
    ends = staticmethod(lambda xs: [take(xs, 0), take(xs, -1)])
    total = staticmethod(ag.sum_)

    def carried(self, draw: random.Random, pool: list[Any], sequences: list[Any], depth: int) -> None:
        """Sequences carried: mapped, put in each other's place, and with numbers beside them."""
        body, chosen = self.inner(draw, pool, sequences, depth - 1), draw.randrange(10**9)
        kind, turns, swap = draw.randrange(3), draw.choice([0, 1, 2, 3, 5]), draw.random() < 0.5

        def step(carry: Any, x: Any) -> Any:
            one, other, c = carry

            def element(pair: Any) -> Any:
                return random.Random(chosen).choice(body(pair[0] * 0.5, pair[1] * 0.5 + x * c * 0.1))

            new = vmap(element)((one, other))
            following = random.Random(chosen + 1).choice([take(one, 0), ag.sum_(new) * 0.1, c]) * 0.75
            return ((other, new) if swap else (new, other)) + (following,)

        xs = draw.choice(sequences)
        start = xs, vmap(lambda x: x * 0.25)(xs), draw.choice(pool) * 0.75
        if kind == 0:
            turned = [xs, None][draw.randrange(2)]
            going = {"length": turns + 2} if turned is None else {"reverse": draw.random() < 0.3}

            def give(carry: Any, x: Any) -> Any:
                return step(carry, 0.3 if x is None else x), (carry[0], carry[2])

            (one, other, c), (each, _) = scan(give, start, turned, **going)
            pool += [self.total(take(each, where(c < 0.3, 0.0, 1.0))), take(take(each, -1), 0)]
            pool.append(scan(lambda t, row: (t * 0.5 + take(row, -1), None), 0.25, each)[0])
        elif kind == 1:
            one, other, c = fori_loop(0, turns, lambda i, carry: step(carry, i * 0.1), start)
        else:
            one, other, c = while_loop(
                lambda s: s[0] < float(turns), lambda s: (s[0] + 1.0, step(s[1], s[0] * 0.1)), (0.0, start)
            )[1]
        pool += [*self.ends(one), self.total(other) * 0.2, c]
        sequences += [one, other]

    def chosen(self, draw: random.Random, pool: list[Any], sequences: list[Any], _: int) -> None:
        """One of two sequences."""
        xs, factor, (a, b) = draw.choice(sequences), draw.choice(pool), (draw.choice(pool), draw.choice(pool))
        found = cond(a < b, vmap(lambda x: x * factor), lambda xs: xs, xs)
        pool.append(self.total(found) * 0.2)
        sequences.append(found)
