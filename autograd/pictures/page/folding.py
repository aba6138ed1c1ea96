"""What a page folds into what: modules, repetitions stacked, stretches of what is left, so that few things are seen at once.

Folded, a graph stays without cycles. A module that is entered again after it was left, as a recurrent one, is a group for each
time. Things alike that do not depend on one another are stacked: samples, neurons. What is still too much is cut into stretches
along the ranks. None of it depends on anything but the graph and the labels of its leaves.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd.pictures.modules import Path, shapes

SMALL = 60  # nodes: a graph of up to this size is shown whole, except for its modules
MOST = 24  # things in one group; beyond that they are stacked, then cut into stretches
STRETCHES = 12  # into which a long row is cut
FEWEST_ALIKE = 3  # things that are stacked
LARGEST_WORK = 40_000  # nodes among which repetitions are looked for, piece by piece


@dataclass(eq=False, slots=True)
class Group:
    """Things shown as one until it is opened: its name, its kind ("module", "piece", "stack", "stretch"), what is in it."""

    name: str
    kind: str
    members: "list[int | Group]" = field(default_factory=list)
    first: int = 0
    last: int = 0
    sign: Hashable = ()


Item = int | Group


class Folding:
    """The groups of a graph's nodes: values by their places, then its constants. `operands` are places, `names` words for them.

    >>> chain = Folding([[]] + [[i] for i in range(500)], ["x"] + ["tanh"] * 500, [()] * 501)
    >>> [(group.kind, group.name) for group in chain.root.members][:2]
    [('stretch', 'tanh'), ('stretch', 'tanh')]
    """

    def __init__(self, operands: Sequence[Sequence[int]], names: Sequence[str], paths: Sequence[Path]) -> None:
        self.operands, self.names, self.paths = operands, names, paths
        self.users: list[list[int]] = [[] for _ in operands]
        for n, its in enumerate(operands):
            for o in its:
                self.users[o].append(n)
        self.small = len(operands) <= SMALL
        self._home: list[Item] = list(range(len(operands)))  # where each node is among the things being folded
        self.root = Group("", "root")
        self._fold(self.root, list(range(len(operands))), 0)

    def _fold(self, group: Group, nodes: list[int], level: int) -> None:
        """Put nodes into a group, in groups of its own where that makes it clearer."""
        items = self._modules(nodes, level)
        loose = [item for item in items if type(item) is int]
        if not self.small and len(loose) == len(items) > MOST:  # a piece around a module would make a circle
            found = self._pieces(loose)
            inside = {n for batch in found for piece in batch for n in piece}
            items = [item for item in items if type(item) is not int or item not in inside]
            for batch in found:
                for piece in batch:
                    made = Group(self._described(piece), "piece")
                    self._fold(made, piece, level)
                    made.sign = ("piece", made.name, len(batch[0]))
                    items.append(made)
        for item in items:
            for n in self._nodes(item):
                self._home[n] = item
        for item in items:
            if isinstance(item, Group):
                item.first, item.last = (f(self._nodes(item)) for f in (min, max))
        if not self.small:
            rank = min(self._ranks(items), key=lambda rank: len({(rank[item], self._sign(item)) for item in items}))
            items = self._stacked(items, rank)
            items = self._stretched(items, rank)
        group.members = sorted(items, key=self._first)
        group.sign = (group.kind, _word(group.name), frozenset(Counter(map(self._sign, items)).items()))

    def _modules(self, nodes: list[int], level: int) -> list[Item]:
        """The nodes, those of each module deeper than a level in its group; in several where it is entered again."""
        keys: dict[int, Hashable] = {n: self.paths[n][level] if len(self.paths[n]) > level else n for n in nodes}
        if all(type(key) is int for key in keys.values()):
            return list(nodes)
        place, operands = _order(keys, self.operands), self.operands
        turn: dict[int, int] = {}
        for n in nodes:
            turn[n] = max(
                [turn[o] + (place[keys[o]] > place[keys[n]]) for o in operands[n] if o in turn], default=0
            )  # back to a module that was left before
        inside: dict[Any, list[int]] = {}
        for n in nodes:
            if type(keys[n]) is not int:
                inside.setdefault((keys[n], turn[n] if self.operands[n] else 0), []).append(n)
        items: list[Item] = [n for n in nodes if type(keys[n]) is int]
        for (name, _), members in inside.items():
            if len(members) == 1:
                items += members
                continue
            made = Group(str(name), "module")
            self._fold(made, members, level + 1)
            items.append(made)
        return items

    def _pieces(self, nodes: list[int]) -> list[list[list[int]]]:
        """Parts alike that share no computed value, such as samples or neurons: batch by batch, the largest first."""
        left = [n for n in nodes if self.operands[n]]
        batches: list[list[list[int]]] = []
        if len(left) > LARGEST_WORK:
            return batches
        while len(left) > MOST:
            size = len(left) // 2
            found: list[list[int]] = []
            while size >= 2 and not found:
                found = self._apart(left, size)
                size = size * 2 // 3
            if not found:
                break
            batches.append(found)
            taken = {n for piece in found for n in piece}
            left = [n for n in left if n not in taken]
        self._give_leaves([piece for batch in batches for piece in batch], set(nodes))
        return batches

    def _apart(self, computed: list[int], least: int) -> list[list[int]]:
        """What is apart until parts of at least that size meet: those alike, if there are several."""
        part = {n: n for n in computed}
        size = dict.fromkeys(computed, 1)

        def find(n: int) -> int:
            while part[n] != n:
                part[n] = part[part[n]]
                n = part[n]
            return n

        meeting: set[int] = set()
        for n in computed:
            near = [o for o in self.operands[n] if o in part]
            parts = {find(o) for o in near if o not in meeting}
            if any(o in meeting for o in near) or sum(size[p] >= least for p in parts) > 1:
                meeting.add(n)
                continue
            for p in parts:
                part[p] = n
                size[n] += size[p]
        pieces: dict[int, list[int]] = {}
        for n in computed:
            if n not in meeting and size[find(n)] >= least:
                pieces.setdefault(find(n), []).append(n)
        batches: list[list[list[int]]] = []
        newest: dict[str, list[list[int]]] = {}
        for piece in sorted(pieces.values(), key=len, reverse=True):
            batch = newest.get(self._described(piece), [])
            if not batch or len(piece) < 0.5 * len(batch[0]):
                batch = newest[self._described(piece)] = []
                batches.append(batch)
            batch.append(piece)
        most = max(batches, key=len, default=[])
        return most if len(most) >= FEWEST_ALIKE else []

    def _give_leaves(self, pieces: list[list[int]], nodes: set[int]) -> None:
        """Put the leaves and constants that only one of the pieces takes into it."""
        owner = {n: i for i, piece in enumerate(pieces) for n in piece}
        for n in nodes:
            if not self.operands[n]:
                takers = {owner.get(user, -1) for user in self.users[n]}
                if len(takers) == 1 and -1 not in takers:
                    pieces[takers.pop()].append(n)
        for piece in pieces:
            piece.sort()

    def _described(self, nodes: Iterable[int]) -> str:
        """What a group of values does: its most frequent operations."""
        counts = Counter(self.names[n] for n in nodes if self.operands[n])
        most = sorted(counts, key=lambda name: (-counts[name], name))[:3]
        return ", ".join(sorted(most)) or "given"

    def _ranks(self, items: Sequence[Item]) -> list[dict[Item, int]]:
        """The rank of each thing, in two ways: by the longest way to it, and by that from it.

        What has no operands stands just before its first user.
        """
        known = set(items)
        below = {item: self._around(item, known) for item in items}
        above: dict[Item, list[Item]] = {item: [] for item in items}
        for item, its in below.items():
            for o in its:
                above[o].append(item)
        waiting = {item: len(its) for item, its in below.items()}
        ready = [item for item in items if not waiting[item]]
        longest, left = dict.fromkeys(items, 0), dict.fromkeys(items, 0)
        for item in ready:  # which grows
            for user in above[item]:
                longest[user] = max(longest[user], longest[item] + 1)
                waiting[user] -= 1
                if not waiting[user]:
                    ready.append(user)
        for item in reversed(ready):
            left[item] = min((left[user] for user in above[item]), default=0) - 1
        for rank in (longest, left):
            for item in items:
                if above[item] and not below[item]:
                    rank[item] = min(rank[user] for user in above[item]) - 1
        return [longest, left]

    def _around(self, item: Item, known: set[Item]) -> list[Item]:
        """The things that this one takes operands from."""
        found = {self._home[o]: None for n in self._nodes(item) for o in self.operands[n]}
        return [other for other in found if other in known and other != item]

    def _stacked(self, items: list[Item], rank: dict[Item, int]) -> list[Item]:
        """Things alike of one rank in a stack, where there are several."""
        if len(items) <= 8 and not any(isinstance(item, Group) for item in items):
            return items
        alike: dict[Any, list[Item]] = {}
        for item in items:
            alike.setdefault((rank[item], self._sign(item)), []).append(item)
        found: list[Item] = []
        for (at, sign), members in alike.items():
            least = 2 if isinstance(members[0], Group) else FEWEST_ALIKE
            if len(members) < least:
                found += members
                continue
            members.sort(key=self._first)
            stack = Group(self._name_of_stack(members), "stack", members, self._first(members[0]), 0, (sign, len(members)))
            stack.last = max(m if isinstance(m, int) else m.last for m in members)
            rank[stack] = at
            found.append(stack)
        return found

    def _stretched(self, items: list[Item], rank: dict[Item, int]) -> list[Item]:
        """Things in stretches along the ranks, where there are too many."""
        if len(items) <= MOST:
            return items
        items = sorted(items, key=lambda item: (rank[item], self._first(item)))
        count = len(items)
        found: list[Item] = []
        for i in range(STRETCHES):
            part = items[i * count // STRETCHES : (i + 1) * count // STRETCHES]
            nodes = [n for item in part for n in self._nodes(item)]
            made = Group(self._described(nodes), "stretch", first=min(nodes), last=max(nodes))
            made.members = sorted(self._stretched(part, rank), key=self._first)
            made.sign = ("stretch", made.name)
            found.append(made)
        return found

    def _name_of_stack(self, members: Sequence[Item]) -> str:
        names = {_word(member.name if isinstance(member, Group) else self.names[member]) for member in members}
        return names.pop() if len(names) == 1 else ""

    def _sign(self, item: Item) -> Hashable:
        """What things alike have in common."""
        if isinstance(item, Group):
            return item.sign
        return _word(self.names[item]), min(len(self.operands[item]), 1)

    def _nodes(self, item: Item) -> list[int]:
        found: list[int] = []
        stack: list[Item] = [item]
        while stack:
            item = stack.pop()
            if isinstance(item, int):
                found.append(item)
            else:
                stack += item.members
        return found

    @staticmethod
    def _first(item: Item) -> int:
        return item if isinstance(item, int) else item.first

    def told(self, label: Callable[[int], str]) -> tuple[list[list[Any]], list[int]]:
        """The groups below the root, [parent, kind, name, shapes], parents first; and the group of each node, or -1."""
        groups: list[list[Any]] = []
        parents = [-1] * len(self.operands)
        queue: list[tuple[Group, int]] = [(self.root, -1)]
        for group, at in queue:
            for member in group.members:
                if isinstance(member, int):
                    parents[member] = at
                    continue
                known = shapes(self._parameters(member, label)) if member.kind == "module" else []
                groups.append([at, member.kind, member.name, known[:4]])
                queue.append((member, len(groups) - 1))
        return groups, parents

    def _parameters(self, group: Group, label: Callable[[int], str]) -> list[str]:
        """The names of a module's parameters inside of it."""
        found = []
        for n in sorted(self._nodes(group)):
            if not self.operands[n] and self.paths[n] and n < len(self.paths):
                name = label(n)
                at = name.find(group.name + ".")
                found.append(name[at + len(group.name) + 1 :] if at >= 0 else name)
        return found


def _order(keys: dict[int, Hashable], operands: Sequence[Sequence[int]]) -> dict[Hashable, int]:
    """A place for each key, as far as possible behind those that it depends on; in a cycle, in the order of the nodes."""
    below: dict[Hashable, set[Hashable]] = {key: set() for key in keys.values()}
    above: dict[Hashable, set[Hashable]] = {key: set() for key in keys.values()}
    for n, key in keys.items():
        for o in operands[n]:
            if o in keys and keys[o] != key:
                below[key].add(keys[o])
                above[keys[o]].add(key)
    place: dict[Hashable, int] = {}
    ready = [key for key, its in below.items() if not its]
    rest = iter(list(below))
    while len(place) < len(below):
        while ready:
            key = ready.pop()
            place[key] = len(place)
            for user in above[key]:
                below[user].discard(key)
                if not below[user] and user not in place:
                    ready.append(user)
        broken = next((key for key in rest if key not in place), None)
        if broken is not None:
            below[broken].clear()
            ready.append(broken)
    return place


def _word(name: str) -> str:
    """A name without its numbers: "neurons.3" and "neurons.4" are of one kind."""
    return re.sub(r"[._]?\d+", "", name) or name
