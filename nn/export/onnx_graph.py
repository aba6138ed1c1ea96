"""A model as an ONNX graph, in float64 or float32, of operators that ONNX Runtime has in that precision."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

from autograd.extras import needed
from autograd.files import write_whole
from nn.export.extras import as_array, check_dtype
from nn.export.forms import ONNX, REDUCTIONS, operator_of
from nn.export.grouping import Grouping
from nn.export.parameters import arrays_by_name
from nn.export.recording import nested, record
from nn.export.rules import Array
from nn.export.scalars import Rewriting
from nn.export.tensors import Tensor, in_order
from nn.module import Module, in_one_line

OPSET, IR = 18, 8  # both of December 2022
BATCH = "batch"


def to_onnx(model: Module, path: str | PathLike[str], *examples: Any, dtype: str = "float64") -> None:
    """Write the model as an ONNX file, which `onnxruntime.InferenceSession(path)` runs: a batch in, a batch out.

    The file's inputs are named like the arguments of `forward`, its outputs "output" ("output0", "output1" and so on for a
    tuple), its weights like those of `torch_state_dict`; the first dimension, "batch", may have any size. Linear layers are
    Gemm, convolutions Conv, and so on; where ONNX Runtime has an operator in float32 alone, such as Conv, a float64 file has
    several others in its place. `Dropout` is left out, whatever the mode of the model. The graph is checked by
    `onnx.checker`, and the file written whole or not at all.

    Args:
        model: any Module.
        path: of the file, such as "model.onnx".
        examples: one sample for each argument of `forward`, of which the shape counts; for a model that begins with a `Linear`
            none is needed.
        dtype: "float64" or "float32", of weights, inputs and outputs.

    Raises:
        ExportError: as `to_torch_source`.
        ValueError: another dtype, or a weight beyond float32.
        ModuleNotFoundError: the package onnx is missing, which the extra `onnx` installs.
        OSError: the file cannot be written.

    >>> import onnx, tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(MLP(2, [16, 1], rng=0), f"{folder}/model.onnx")
    ...     [node.op_type for node in onnx.load(f"{folder}/model.onnx").graph.node]
    ['Gemm', 'Tanh', 'Gemm', 'Reshape', 'Identity']
    """
    check_dtype(dtype)
    onnx = needed("onnx", "to_onnx", "'chainrule[onnx]'")
    arrays = arrays_by_name(model)
    recording = record(model, examples, lambda _, rule: rule.operation is not None)
    grouping = Grouping(recording, Rewriting(recording, ONNX[dtype]).scalars(), arrays)
    results = grouping.results()
    graph = Graph(onnx, arrays, dtype, next(iter(recording.inputs)))
    names = [f"output{i}" for i in range(len(results))] if recording.several else ["output"]
    graph.compute(results, names)
    made = onnx.helper.make_graph(
        graph.nodes,
        type(model).__name__,
        [graph.declared(name, given.shape) for name, given in recording.inputs.items()],
        [graph.declared(name, result.shape) for name, result in zip(names, results, strict=True)],
        list(graph.initializers.values()),
    )
    file = onnx.helper.make_model(
        made,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="chainrule",
        doc_string=in_one_line(model),
    )
    onnx.checker.check_model(file, full_check=True)
    write_whole(path, file.SerializeToString())


class Graph:
    """The nodes and initializers of an ONNX graph, as Tensors are computed; every value has a name."""

    def __init__(self, onnx: Any, arrays: Mapping[str, Array], dtype: str, first_input: str) -> None:
        self.onnx = onnx
        self.arrays = arrays
        self.dtype = dtype
        self.first_input = first_input
        self.kind = getattr(onnx.TensorProto, {"float64": "DOUBLE", "float32": "FLOAT"}[dtype])
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.names: dict[Tensor, str] = {}
        self._path = ""

    def declared(self, name: str, shape: tuple[int, ...]) -> Any:
        """An input or output of the graph."""
        return self.onnx.helper.make_tensor_value_info(name, self.kind, [BATCH, *shape])

    def compute(self, results: Sequence[Tensor], names: Sequence[str]) -> None:
        """Add what computes these arrays, under these names."""
        for tensor in in_order(results):
            self._path = tensor.path or ""
            self.names[tensor] = OPERATORS[tensor.operation](self, tensor, *tensor.operands)
        for result, name in zip(results, names, strict=True):
            self.nodes.append(self.onnx.helper.make_node("Identity", [self.number(result)], [name]))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator, and return the name of its output, which tells the layer that it belongs to."""
        name = "/".join([*filter(None, [self._path]), f"{operator}_{len(self.nodes)}"])
        self.nodes.append(self.onnx.helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def initializer(self, name: str, array: Any) -> str:
        """Add numbers that the file holds, once for each name."""
        if name not in self.initializers:
            self.initializers[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def numbers(self, numbers: Any) -> str:
        """Numbers in nested lists, as a constant, rounded to what the dtype has."""
        import numpy as np

        with np.errstate(over="ignore"):
            array = np.array(numbers, dtype="float64").astype(self.dtype)
        return self.initializer(
            f"constant {array.tolist()!r}" if not array.shape else f"constant_{len(self.initializers)}", array
        )

    def whole(self, numbers: Any) -> str:
        """Whole numbers, as a constant."""
        import numpy as np

        return self.initializer(f"whole_{len(self.initializers)}", np.array(numbers, dtype="int64"))

    def number(self, tensor: Tensor) -> str:
        """An array as numbers."""
        name = self.names[tensor]
        return self.node("Cast", name, to=self.kind) if tensor.truth else name

    def truth(self, tensor: Tensor) -> str:
        """An array as truth values."""
        name = self.names[tensor]
        return name if tensor.truth else self.node("Not", self.node("Equal", name, self.numbers(0.0)))

    def flat(self, tensor: Tensor) -> str:
        """An array with the numbers of each sample in one dimension."""
        name = self.names[tensor]
        if len(tensor.shape) == 1:
            return name
        return self.node("Reshape", name, self.whole([*[0] * tensor.batched, tensor.size]))


def _parameter(graph: Graph, tensor: Tensor) -> str:
    name = tensor.options["name"]
    array = graph.arrays[name]
    numbers = nested([value.data for value in array.values], array.shape)
    return graph.initializer(name, as_array(numbers, graph.dtype, name))


def _applied(graph: Graph, tensor: Tensor, *operands: Tensor) -> str:
    primitive = tensor.options["primitive"]
    name, attribute = operator_of(primitive)
    if attribute:
        x, (number,) = operands[0], operands[1].options["numbers"]
        return graph.node(name, graph.number(x), **{attribute: number})
    names = [graph.truth(x) if i < primitive.conditions else graph.number(x) for i, x in enumerate(operands)]
    return graph.node(name, *names)


def _reduced(graph: Graph, tensor: Tensor, x: Tensor) -> str:
    return graph.node(REDUCTIONS[tensor.options["primitive"]][1], graph.number(x), graph.whole([-1]), keepdims=0)


def _reshaped(graph: Graph, tensor: Tensor, x: Tensor) -> str:
    return graph.node("Reshape", graph.names[x], graph.whole([*[0] * tensor.batched, *tensor.shape]))


def _taken(graph: Graph, tensor: Tensor, x: Tensor) -> str:
    places, axis = tensor.options["places"], int(tensor.batched)
    found = graph.node("Gather", graph.flat(x), graph.whole(places if tensor.shape else places[0]), axis=axis)
    if len(tensor.shape) < 2:
        return found
    return graph.node("Reshape", found, graph.whole([*[0] * tensor.batched, *tensor.shape]))


def _expanded(graph: Graph, tensor: Tensor, x: Tensor) -> str:
    name = graph.names[x]
    if x.batched or not tensor.batched:
        return graph.node("Expand", name, graph.whole([*[1] * tensor.batched, *tensor.shape]))
    samples = graph.node("Shape", graph.first_input, start=0, end=1)
    return graph.node("Expand", name, graph.node("Concat", samples, graph.whole(tensor.shape), axis=0))


def _concatenated(graph: Graph, tensor: Tensor, *parts: Tensor) -> str:
    return graph.node("Concat", *[graph.names[x] if tensor.truth else graph.number(x) for x in parts], axis=int(tensor.batched))


def _linear(graph: Graph, _: Tensor, x: Tensor, *weights: Tensor) -> str:
    return graph.node("Gemm", graph.number(x), *map(graph.number, weights), transB=1)


def _convolved(graph: Graph, tensor: Tensor, x: Tensor, weight: Tensor, *bias: Tensor) -> str:
    above, left = tensor.options["padding"]
    strides = tensor.options["stride"]
    if graph.dtype == "float32":
        operands = [graph.number(operand) for operand in (x, weight, *bias)]
        return graph.node("Conv", *operands, pads=[above, left] * 2, strides=strides)
    name, (channels, height, width) = graph.number(x), x.shape
    if above or left:
        name = graph.node("Pad", name, graph.whole([0, 0, above, left] * 2))
    size = channels, height + 2 * above, width + 2 * left
    windows = _windows(graph, name, size, (channels, *weight.shape[2:]), strides)
    kernels = graph.node("Reshape", graph.number(weight), graph.whole([weight.shape[0], -1]))
    found = graph.node("MatMul", windows, graph.node("Transpose", kernels, perm=[1, 0]))
    if bias:
        found = graph.node("Add", found, graph.number(bias[0]))
    return graph.node("Reshape", graph.node("Transpose", found, perm=[0, 2, 1]), graph.whole([0, *tensor.shape]))


def _windows(graph: Graph, name: str, size: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, int]) -> str:
    """The numbers of an image of that size in its windows: of shape (samples, windows, numbers in a window)."""
    channels, height, width = size
    deep, down, across = window
    places = [
        [
            (c * height + i) * width + j
            for c in range(first, first + deep)
            for i in range(top, top + down)
            for j in range(left, left + across)
        ]
        for first in range(0, channels, deep)
        for top in range(0, height - down + 1, stride[0])
        for left in range(0, width - across + 1, stride[1])
    ]
    flat = graph.node("Reshape", name, graph.whole([0, channels * height * width]))
    return graph.node("Gather", flat, graph.whole(places), axis=1)


def _largest(graph: Graph, tensor: Tensor, x: Tensor) -> str:
    options = tensor.options
    return graph.node("MaxPool", graph.number(x), kernel_shape=options["kernel_size"], strides=options["stride"])


def _mean(graph: Graph, tensor: Tensor, x: Tensor) -> str:
    kernel, stride = tensor.options["kernel_size"], tensor.options["stride"]
    if graph.dtype == "float32":
        return graph.node("AveragePool", graph.number(x), kernel_shape=kernel, strides=stride)
    windows = _windows(graph, graph.number(x), x.shape, (1, *kernel), stride)
    means = graph.node("ReduceMean", windows, graph.whole([-1]), keepdims=0)
    return graph.node("Reshape", means, graph.whole([0, *tensor.shape]))


OPERATORS: dict[str, Callable[..., str]] = {
    "input": lambda _, tensor: tensor.options["name"],
    "parameter": _parameter,
    "constant": lambda graph, tensor: graph.numbers(nested(tensor.options["numbers"], tensor.shape)),
    "apply": _applied,
    "reduce": _reduced,
    "reshape": _reshaped,
    "take": _taken,
    "expand": _expanded,
    "concat": _concatenated,
    "linear": _linear,
    "conv2d": _convolved,
    "max_pool2d": _largest,
    "avg_pool2d": _mean,
    "embedding": lambda graph, _, x, weight: graph.node(
        "Gather", graph.number(weight), graph.node("Cast", graph.number(x), to=graph.onnx.TensorProto.INT64), axis=0
    ),
    "flatten": lambda graph, _, x: graph.flat(x),
    "dropout": lambda graph, _, x: graph.number(x),
    "softmax": lambda graph, _, x: graph.node("Softmax", graph.number(x), axis=-1),
    "log_softmax": lambda graph, _, x: graph.node("LogSoftmax", graph.number(x), axis=-1),
}
"""What each operation becomes; returns the name of its result."""
