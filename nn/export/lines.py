"""The body of a PyTorch module's `forward`: a line for each array, or for several that fit into one formula."""

import math
from collections.abc import Callable, Sequence
from itertools import count
from math import prod
from typing import Any

from autograd.native import Comparison
from nn.export.forms import REDUCTIONS, operator_of
from nn.export.names import Tree, reach
from nn.export.recording import nested
from nn.export.tensors import ExportError, Shape, Tensor, in_order, is_constant

LONGEST = 60  # characters of a formula that is written into another one
SHORTEST = 16  # characters of an index that is written again rather than named
COMPARED, SUM, PRODUCT, NEGATED, POWER, ATOM = range(6)
STRENGTHS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "neg": NEGATED, "**": POWER}
"""How strongly Python's operators hold together."""
_TURNED = {"<": ">", "<=": ">="}


class Writer:
    """Writes `forward`, whose arguments are these inputs; `tree` has the module's members.

    A formula that is read once goes into the one that reads it, unless it is a layer's, or long. A name is used again when
    nobody needs what it meant.
    """

    def __init__(self, inputs: Sequence[str], tree: Tree) -> None:
        self.inputs = list(inputs)
        self.tree = tree
        self.lines: list[str] = []
        self._text: dict[Tensor, str] = {}  # a name, or a formula to be written where it is read
        self._strength: dict[Tensor, int] = {}  # of the operator that a formula ends with
        self._named_in: dict[Tensor, list[Tensor]] = {}  # what it reads that has a name
        self._left: dict[Tensor, int] = {}  # how often what has a name will be read
        self._names = (name for i in count() if (name := f"h{i}") not in self.inputs)

    def body(self, results: Sequence[Tensor], *, several: bool) -> list[str]:
        """The lines, the last of which returns the results."""
        order = in_order(results)
        readers: dict[Tensor, list[Tensor | None]] = {tensor: [] for tensor in order}
        for tensor in order:
            for operand in tensor.operands:
                readers[operand].append(tensor)
        for result in results:
            readers[result].append(None)
        self._left = {tensor: len(readers[tensor]) for tensor in order}
        for tensor in order:
            self._add(tensor, readers[tensor])
        found = [self._number(result) for result in results]
        if not several and self.lines and self.lines[-1].startswith(f"{found[0]} = "):
            found = [self.lines.pop().partition(" = ")[2]]
        lines = [*self.lines, f"return {', '.join(found)}{',' * (several and len(found) == 1)}"]
        needed = {"dtype": ".to(dtype)", "constant": "constant("}
        means = {"dtype": "dtype", "constant": "new_tensor"}
        first = [f"{name} = {self.inputs[0]}.{means[name]}" for name in needed if any(needed[name] in line for line in lines)]
        return [*first, *lines]

    def _add(self, tensor: Tensor, readers: list[Tensor | None]) -> None:
        formula, strength = self._formula(tensor)
        if tensor.operation in ("input", "parameter", "constant"):
            self._text[tensor], self._strength[tensor] = formula, strength
            self._named_in[tensor] = [tensor] if tensor.operation == "input" else []
            return
        reads = [x for operand in tensor.operands for x in self._named_in[operand]]
        if self._goes_inside(tensor, readers, formula):
            self._text[tensor], self._strength[tensor], self._named_in[tensor] = formula, strength, reads
            for x in reads:
                self._left[x] += len(readers) - 1
            return
        for x in reads:
            self._left[x] -= 1
        name = next((self._text[x] for x in reads if not self._left[x]), None) or next(self._names)
        self.lines.append(f"{name} = {formula}")
        self._text[tensor], self._strength[tensor], self._named_in[tensor] = name, ATOM, [tensor]

    def _goes_inside(self, tensor: Tensor, readers: list[Tensor | None], formula: str) -> bool:
        index = tensor.operation in ("take", "reshape")
        if len(readers) > 1 or readers[0] is None:
            return index and len(formula) <= SHORTEST
        return len(formula) <= LONGEST and (index or readers[0].path is None)

    # --- formulas -----------------------------------------------------------------------------------------------------

    def _formula(self, tensor: Tensor) -> tuple[str, int]:
        """Python for an array, and how strongly it holds together."""
        if tensor.operation == "apply":
            return self._applied(tensor)
        if tensor.path:
            x = self._number(tensor.operands[0])
            whole = f"{_in_parentheses(x, self._strength[tensor.operands[0]] < ATOM)}.long()"
            return f"{reach(self.tree, tensor.path)}({whole if tensor.operation == 'embedding' else x})", ATOM
        operands = [self._operand(operand, tensor) for operand in tensor.operands]
        return _TEXTS[tensor.operation](self, tensor, *operands), ATOM

    def _applied(self, tensor: Tensor) -> tuple[str, int]:
        primitive = tensor.options["primitive"]
        symbol = str(primitive.symbol)
        strength = STRENGTHS.get(symbol, ATOM) if primitive.operator else ATOM
        strength = COMPARED if isinstance(primitive.native, Comparison) else strength
        left, *others = tensor.operands
        if primitive.torch is None and strength < ATOM:
            first = self._held(left, ATOM if symbol == "**" else strength)
            second = [self._held(x, NEGATED if symbol == "**" else strength + 1) for x in others]
            if symbol in _TURNED and is_constant(left):
                return f"{second[0]} {_TURNED[symbol]} {first}", strength
            return f"{first} {symbol} {second[0]}" if second else f"-{self._held(left, POWER)}", strength
        template = str(primitive.torch)
        if template.count("{}") != len(tensor.operands):
            raise ExportError(
                f"torch={template!r} of the primitive {primitive.name!r} has {template.count('{}')} places for "
                f"{len(tensor.operands)} operands: write {{}} for each, as in 'torch.hypot({{}}, {{}})'"
            )
        if template.startswith("{}"):
            return template.format(self._held(left, ATOM)), ATOM
        read = [self._truth if i < primitive.conditions else self._number for i in range(len(tensor.operands))]
        arguments = [
            self._constant(x)
            if x.operation == "constant" and not operator_of(primitive)[1]
            else f(x)  # a function takes no floats
            for f, x in zip(read, tensor.operands, strict=True)
        ]
        return template.format(*arguments), ATOM

    def _held(self, tensor: Tensor, strength: int) -> str:
        """Its numbers, in parentheses unless it holds together that strongly."""
        text = self._number(tensor)
        if is_constant(tensor):
            return f"({text})" if text.startswith("-") and strength > SUM else text
        return f"({text})" if self._strength[tensor] < strength and not tensor.truth else text

    def _operand(self, tensor: Tensor, reader: Tensor) -> str:
        """For a method call, or an argument; truth values stay such where the reader has them."""
        if tensor.operation == "constant":
            return self._constant(tensor)
        return self._text[tensor] if reader.truth else self._number(tensor)

    def _number(self, tensor: Tensor) -> str:
        text = self._text[tensor]
        if tensor.operation == "constant" and tensor.shape:
            return self._constant(tensor)
        return f"{_in_parentheses(text, self._strength[tensor] < ATOM)}.to(dtype)" if tensor.truth else text

    def _truth(self, tensor: Tensor) -> str:
        text = self._text[tensor]
        return text if tensor.truth else f"{_in_parentheses(text, self._strength[tensor] <= COMPARED)} != 0"

    def _constant(self, tensor: Tensor) -> str:
        """Numbers as an array of the input's type, where it is."""
        return f"constant({written(nested(tensor.options['numbers'], tensor.shape))})"

    # --- arrays -------------------------------------------------------------------------------------------------------

    def _input(self, tensor: Tensor) -> str:
        return str(tensor.options["name"])

    def _parameter(self, tensor: Tensor) -> str:
        return reach(self.tree, tensor.options["name"])

    def _written_constant(self, tensor: Tensor) -> str:
        return number(tensor.options["numbers"][0])

    def _reduced(self, tensor: Tensor, x: str) -> str:
        return f"{self._closed(tensor, x)}.{REDUCTIONS[tensor.options['primitive']][0]}(-1)"

    def _closed(self, tensor: Tensor, x: str) -> str:
        return _in_parentheses(x, self._strength[tensor.operands[0]] < ATOM and x == self._text[tensor.operands[0]])

    def _reshaped(self, tensor: Tensor, x: str) -> str:
        return self._in_shape(self._closed(tensor, x), tensor.operands[0].shape, tensor.shape, batched=tensor.batched)

    def _in_shape(self, x: str, old: Shape, new: Shape, *, batched: bool) -> str:
        added = len(new) - len(old)
        if added > 0 and new == (1,) * added + old:
            return f"{x}[{', '.join([':'] * batched + ['None'] * added)}]"
        if added > 0 and new == old + (1,) * added:
            return f"{x}[{', '.join(['...', *['None'] * added])}]"
        if len(new) == 1:
            return f"{x}.flatten({'1' * batched})"
        if not new:
            return f"{x}[{', '.join([*[':'] * batched, *['0'] * len(old)])}]"
        return f"{x}.reshape({', '.join(map(str, [*[-1] * batched, *new]))})"

    def _taken(self, tensor: Tensor, x: str) -> str:
        source, places = tensor.operands[0], tensor.options["places"]
        x, batch = self._closed(tensor, x), [":"] * source.batched
        if places == list(range(places[0], places[0] + tensor.size)) and places[0] % tensor.size == 0:
            for rank in range(1, len(source.shape) + 1):  # a part of it by its first indices
                if source.shape[rank:] == tensor.shape:
                    index = [str(places[0] // prod(source.shape[i + 1 :]) % source.shape[i]) for i in range(rank)]
                    return f"{x}[{', '.join([*batch, *index])}]"
        if len(source.shape) != 1:
            x = self._in_shape(x, source.shape, (source.size,), batched=source.batched)
        x = f"{x}[{', '.join([*batch, _slice(places)])}]"
        return x if len(tensor.shape) == 1 else self._in_shape(x, (len(places),), tensor.shape, batched=tensor.batched)

    def _expanded(self, tensor: Tensor, x: str) -> str:
        source = tensor.operands[0]
        first = ["-1"] if source.batched else [f"len({self.inputs[0]})"] if tensor.batched else []
        return f"{self._closed(tensor, x)}.expand({', '.join([*first, *map(str, tensor.shape)]) or '()'})"


def _in_parentheses(text: str, needed: bool) -> str:  # noqa: FBT001 - what it is asked
    return f"({text})" if needed else text


def _slice(places: Sequence[int]) -> str:
    """Python for these places: one slice if they are evenly spaced.

    >>> _slice([2, 3, 4]), _slice([1, 3, 5]), _slice([2, 0])
    ('2:5', '1:7:2', '[2, 0]')
    """
    step = places[1] - places[0] if len(places) > 1 else 1
    if step > 0 and list(places) == list(range(places[0], places[0] + step * len(places), step)):
        end = places[0] + step * len(places)
        return f"{places[0]}:{end}" + (f":{step}" if step > 1 else "")
    return str(list(places))


def number(x: float) -> str:
    """A float in Python.

    >>> number(0.1), number(-math.inf)
    ('0.1', 'float("-inf")')
    """
    return repr(x) if math.isfinite(x) else f'float("{x}")'


def written(numbers: Any) -> str:
    """Nested lists of floats in Python."""
    return f"[{', '.join(map(written, numbers))}]" if isinstance(numbers, list) else number(numbers)


def _pooled(name: str) -> Callable[..., str]:
    return lambda _, tensor, x: f"F.{name}({x}, {tensor.options['kernel_size']}, stride={tensor.options['stride']})"


def _convolved(_: Writer, tensor: Tensor, x: str, *weights: str) -> str:
    options = f"stride={tensor.options['stride']}, padding={tensor.options['padding']}"
    return f"F.conv2d({', '.join([x, *weights])}, {options})"


_TEXTS: dict[str, Callable[..., str]] = {
    "input": Writer._input,
    "parameter": Writer._parameter,
    "constant": Writer._written_constant,
    "reduce": Writer._reduced,
    "reshape": Writer._reshaped,
    "take": Writer._taken,
    "expand": Writer._expanded,
    "concat": lambda _, tensor, *xs: f"torch.cat([{', '.join(xs)}], {int(tensor.batched)})",
    "linear": lambda *xs: f"F.linear({', '.join(xs[2:])})",
    "conv2d": _convolved,
    "max_pool2d": _pooled("max_pool2d"),
    "avg_pool2d": _pooled("avg_pool2d"),
    "embedding": lambda _writer, _tensor, x, weight: f"F.embedding({x}.long(), {weight})",
    "flatten": lambda _writer, _tensor, x: f"{x}.flatten(1)",
    "dropout": lambda _, tensor, x: f"F.dropout({x}, {tensor.options['p']}, self.training)",
    "softmax": lambda _writer, _tensor, x: f"torch.softmax({x}, -1)",
    "log_softmax": lambda _writer, _tensor, x: f"torch.log_softmax({x}, -1)",
}
"""What each operation is called."""
