"""A model as a PyTorch module: one file of Python, which needs PyTorch alone, with the weights in it to the last bit."""

import keyword
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from autograd.files import write_whole
from nn.export.forms import PYTORCH
from nn.export.grouping import Grouping
from nn.export.lines import Writer, number
from nn.export.names import Tree, statements, tree_of
from nn.export.parameters import arrays_by_name, known_layers
from nn.export.recording import TAKEN, Recording, nested, record
from nn.export.rules import Array, Rule
from nn.export.scalars import Rewriting
from nn.export.tensors import Tensor
from nn.module import Module, in_one_line

LOAD = "self.load_state_dict({name: torch.tensor(x, dtype=torch.float64) for name, x in WEIGHTS.items()})"


def to_torch_source(model: Module, path: str | PathLike[str], *examples: Any) -> None:
    """Write the model as PyTorch: one Python file with a class named like the model's, its layers named like ours, its weights.

    The file imports torch alone, and `Model()` from it is ready: in double precision, all bits of the weights kept, in the mode
    (`train()` or `eval()`) of the model. It takes a batch, whose first dimension is that of the samples. Layers are those of
    `torch.nn`; what a `forward` of your own does besides is written as operations on whole arrays where it is the same for
    many numbers, else number by number. Values from outside the model, options and other floats keep their present numbers, and
    conditions that do not depend on the input, such as `if self.training`, the way they went. The file is written whole or not
    at all.

    Args:
        model: any Module.
        path: of the file, such as "model.py".
        examples: one sample for each argument of `forward`, of which the shape counts; for a model that begins with a `Linear`
            none is needed.

    Raises:
        ExportError: the input's shape is not known; the forward pass branches on a number; it returns something else than
            numbers, nested lists of one shape, or a tuple of these; a primitive of yours has no formula that can be written.
        OSError: the file cannot be written.

    >>> import tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_torch_source(MLP(2, [3, 1], rng=0), f"{folder}/model.py")
    ...     with open(f"{folder}/model.py") as file:
    ...         print(file.read().partition("forward")[2].partition("WEIGHTS")[0].strip())
    (self, x):
            x = torch.tanh(self.layers[0](x))
            return self.layers[1](x)[:, 0]
    """
    write_whole(path, torch_source(model, *examples).encode())


def torch_source(model: Module, *examples: Any) -> str:
    """The text of that file."""
    layers, arrays = known_layers(model), arrays_by_name(model)
    recording = record(model, examples, lambda path, rule: bool(path) or rule.operation is not None)
    grouping = Grouping(recording, Rewriting(recording, PYTORCH).scalars(), arrays)
    results = grouping.results()
    tree = _tree(layers, arrays)
    writer = Writer(list(recording.inputs), tree)
    body = writer.body(results, several=recording.several)
    lines = [
        f'"""{_words(model, recording, results)}"""',
        "",
        "import torch",
        *(["import torch.nn.functional as F"] if any("F." in line for line in body) else []),
        "from torch import nn",
        "",
        "",
        f"class {_class_name(model)}(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *[f"        {line}" for made in statements(tree) for line in made.split("\n")],
        *(["        self.double()", f"        {LOAD}"] if arrays else []),
        *([] if model.training else ["        self.eval()"]),
        "",
        f"    def forward({', '.join(['self', *recording.inputs])}):",
        *[f"        {line}" for line in body],
        "",
    ]
    return "\n".join(lines) + (f"\n\n{_weights(arrays)}" if arrays else "")


def _words(model: Module, recording: Recording, results: Sequence[Tensor]) -> str:
    def shape(shape: tuple[int, ...]) -> str:
        return f"({', '.join(['n', *map(str, shape)])}{',' * (not shape)})"

    takes = ", ".join(f"{name} of shape {shape(given.shape)}" for name, given in recording.inputs.items())
    gives = ", ".join(shape(result.shape) for result in results)
    described = in_one_line(model).replace("\\", "\\\\").replace('"', "'")
    return f"{described} as a PyTorch module.\n\nIt takes {takes}, n samples, and gives {gives}. Written by chainrule.\n"


def _class_name(model: Module) -> str:
    name = type(model).__name__
    return "Model" if name in TAKEN or keyword.iskeyword(name) else name


def _tree(layers: Mapping[str, tuple[Module, Rule]], arrays: Mapping[str, Array]) -> Tree:
    """What `__init__` makes, by name."""
    made = {path: rule.torch(layer) for path, (layer, rule) in layers.items() if path}
    theirs = {f"{path}.{name}" for path, (layer, rule) in layers.items() if path for name in rule.arrays(layer)}
    for name, array in arrays.items():
        if name not in theirs:
            made[name] = f"nn.Parameter(torch.empty({', '.join(map(str, array.shape)) or '()'}))"
    return tree_of(made)


def _weights(arrays: Mapping[str, Array]) -> str:
    """The numbers by name, with the digits that bring back every bit, and one list of numbers a line."""

    def written(numbers: Any, indent: str) -> str:
        if not isinstance(numbers, list):
            return number(numbers)
        if not isinstance(numbers[0], list):
            return f"[{', '.join(map(number, numbers))}]"
        inner = indent + "    "
        return "[\n" + "".join(f"{inner}{written(x, inner)},\n" for x in numbers) + f"{indent}]"

    lines = [
        f'    "{name}": {written(nested([value.data for value in array.values], array.shape), "    ")},\n'
        for name, array in arrays.items()
    ]
    return f"WEIGHTS = {{\n{''.join(lines)}}}\n"
