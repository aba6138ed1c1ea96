"""What a page holds of a graph, packed: its structure, its groups, and its numbers, doubles and integers as base64."""

import re
from array import array
from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from autograd.definition import Primitive
from autograd.pictures.modules import Path, module_paths
from autograd.pictures.page.folding import Folding
from autograd.pictures.page.notation import notation
from autograd.pictures.page.steps import Part, Pass
from autograd.pictures.places import places_of
from autograd.value import Value


def packed(numbers: Iterable[float | None]) -> dict[str, str]:
    """Doubles, little-endian, as {"d": base64}; where some are None also "there", for each a byte, 0 if it is None.

    >>> packed([1.0, None])
    {'d': 'AAAAAAAA8D8AAAAAAAAAAA==', 'there': 'AQA='}
    """
    numbers = list(numbers)
    found = {"d": _base64(array("d", [0.0 if x is None else x for x in numbers]))}
    if None in numbers:
        found["there"] = b64encode(bytes([x is not None for x in numbers])).decode()
    return found


def integers(numbers: Iterable[int]) -> str:
    """Integers of 32 bits, little-endian, as base64."""
    return _base64(array("i", numbers))


def _base64(numbers: "array[Any]") -> str:
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode()


class Contents:
    """The graph that a page holds: `part` of it, in the order of its values, with constants as further nodes.

    Operands are places of values; below 0, ~k is constant k, or value k - (number of constants) of those outside the part.
    """

    def __init__(self, part: Part, *, group: bool, constants: bool, model: Any = None) -> None:
        self.part = part
        self.values = [part.order[place] for place in part.places]
        self.primitives: list[Primitive] = list(dict.fromkeys(v.primitive for v in self.values if v.primitive is not None))
        self.constants: list[float] = []
        self.operands: list[list[int]] = []
        outside: list[tuple[int, int, int]] = []
        for n, (node, its) in enumerate(zip(self.values, part.operands, strict=True)):
            row = []
            for i in its:
                operand = node.operands[i]
                if type(operand) is float:
                    self.constants.append(operand)
                    row.append(-len(self.constants))
                elif operand in part.index:
                    row.append(part.index[operand])
                else:
                    outside.append((n, len(row), part.outside[operand]))
                    row.append(0)
            self.operands.append(row)
        for n, i, k in outside:
            self.operands[n][i] = ~(len(self.constants) + k)
        self.shown_constants = constants
        named = places_of(part.order, model)
        self.labels = [str(named.get(node, node.label or "")) for node in self.values]
        inside = {node: place.path for node, place in named.items()}
        paths = module_paths(part.order, inside) if group else [()] * len(part.order)
        self._paths = [paths[place] for place in part.places]

    def groups(self) -> dict[str, Any]:
        """The groups, and for each value, then for each constant, the group that it is in."""
        count = len(self.values)
        operands = [[o if o >= 0 else count + ~o for o in row if o >= 0 or ~o < len(self.constants)] for row in self.operands]
        names = [node.primitive.symbol if node.primitive else self.labels[n] or "value" for n, node in enumerate(self.values)]
        paths: list[Path] = list(self._paths)
        if self.shown_constants:
            users = [n for n, row in enumerate(self.operands) for o in row if o < 0 and ~o < len(self.constants)]
            operands += [[] for _ in users]
            names += ["constant"] * len(users)
            paths += [paths[n] for n in users]
        else:
            operands = [[o for o in row if o < count] for row in operands]
        groups, parents = Folding(operands, names, paths).told(lambda n: self.labels[n] if n < count else "")
        return {"groups": groups, "parents": integers(parents)}

    def graph(self) -> dict[str, Any]:
        """Its structure: primitives, operands, constants, labels."""
        lengths = [0]
        for row in self.operands:
            lengths.append(lengths[-1] + len(row))
        place = {primitive: i for i, primitive in enumerate(self.primitives)}
        part = self.part
        whole = len(part.places) == len(part.order)
        told = {
            n: [len(v.operands), its]
            for n, (v, its) in enumerate(zip(self.values, part.operands, strict=True))
            if len(its) < len(v.operands)
        }
        names = {node: str(node.label or "") or f"#{k}" for k, node in enumerate(part.order) if node in part.outside}
        return {
            "primitives": [
                {"name": p.name, "symbol": p.symbol, "infix": _is_infix(p), "words": _words(p), "rule": _rule(p)}
                for p in self.primitives
            ],
            "primitive": integers(-1 if v.primitive is None else place[v.primitive] for v in self.values),
            "starts": integers(lengths),
            "operands": integers(chain.from_iterable(self.operands)),
            "constants": packed(self.constants),
            "labels": [[n, label] for n, label in enumerate(self.labels) if label],
            "shown": self.shown_constants,
            "places": "" if whole else integers(part.places),
            "told": told,
            "outside": [names[node] for node in part.outside],
            "unseen": {n: count for n, count in enumerate(part.unseen) if count},
        }

    def program(self) -> tuple[list[str], dict[str, Any]]:
        """What computes the values: functions in JavaScript, [value, partials] each, and for each value which of them it has.

        If a primitive cannot be written in JavaScript, the list is empty, and `still` says why.
        """
        functions: list[str] = []
        notes: dict[int, dict[str, Any]] = {}
        place: dict[tuple[Primitive, tuple[float | None, ...]], int] = {}
        which: list[int] = []
        try:
            for node in self.values:
                if node.primitive is None:
                    which.append(-1)
                    continue
                key = (node.primitive, node.primitive.orders(node.operands))
                if key not in place:
                    place[key] = len(functions)
                    value, partials, rule = node.primitive.in_javascript(key[1])
                    functions.append(f"[{value}, {partials}]")
                    notes[self.primitives.index(node.primitive)] = notation(node.primitive, len(node.operands), rule)
                which.append(place[key])
        except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
            return [], {"still": f"This page cannot compute anew: {error}"}
        selective = [int(primitive.selective) for primitive in self.primitives]
        return functions, {"program": integers(which), "selective": selective, "notes": notes}

    def whole_pass(self, title: str, data: Sequence[float], partials: Sequence[float | None]) -> dict[str, Any]:
        """The numbers of a pass through a graph that is there as a whole: the page sweeps back by itself."""
        return {"title": title, "result": data[-1], "data": packed(data), "partials": packed(partials), "refusal": ""}

    def part_pass(self, numbers: Pass) -> dict[str, Any]:
        """Those through a part: what arrives from elsewhere is told."""
        flat = {name: packed(chain.from_iterable(getattr(numbers, name))) for name in ("partials", "known", "totals")}
        flat |= {name: packed(getattr(numbers, name)) for name in ("data", "outside", "adjoints")}
        return {"title": numbers.title, "result": numbers.data[-1], "refusal": numbers.refusal, **flat}


def recorded_numbers(order: Sequence[Value]) -> tuple[list[float], list[float | None]]:
    """The numbers of all values of a graph, and their partials, operand by operand."""
    partials: list[float | None] = []
    for node in order:
        its = node.local_partials
        partials += [its[i] for i in range(len(node.operands))]
    return [node.data for node in order], partials


def nearest(order: Sequence[Value], most: int) -> list[int]:
    """The places of the `most` values nearest to the result, by the number of operations between."""
    place = {node: i for i, node in enumerate(order)}
    queue = [order[-1]]
    seen = {order[-1]}
    for node in queue:  # which grows
        for operand in node.operands:
            if len(queue) < most and type(operand) is not float and operand not in seen:
                seen.add(operand)
                queue.append(operand)
    return sorted(place[node] for node in queue[:most])


def _is_infix(primitive: Primitive) -> bool:
    return primitive.arity == 2 and not any(map(str.isalnum, primitive.symbol))


def _rule(primitive: Primitive) -> str:
    """What its docstring says of its slopes: up to the end of the sentence."""
    found = re.search(r"\b(slopes?|partials?)\b.*?(?=\.(?:\s|$)|\n\s*>>>|$)", primitive.__doc__ or "", re.DOTALL)
    return " ".join(found[0].split()) if found else ""


def _words(primitive: Primitive) -> str:
    """What it computes, in the words of its docstring: up to the first stop."""
    return re.split(r"[;:.\n](?:\s|$)", primitive.__doc__ or primitive.name, maxsplit=1)[0]
