"""predict: a model's outputs for samples, compiled where that pays."""

from collections.abc import Sequence
from math import inf
from time import perf_counter
from typing import Any

from autograd import jit, no_grad
from autograd.compiler.node import Rows as RowsOfCall
from autograd.modes import current_mode
from autograd.structures import NUMBER, as_array, flatten, unflatten, values
from nn.module import Module
from nn.training.job import modes_kept
from nn.training.rows import Rows, array_of_lists, blocks, floats_of_lists, kinds_in
from nn.training.samples import samples_in

SAMPLES, SECONDS = 100, 0.03  # compiling takes about as long as so many samples, and this
CALL = 0.001  # seconds that a compiled call takes at most before it comes to the samples


def predict(model: Module, X: Any, *, engine: str = "auto") -> list[Any]:  # noqa: N803 - the data's usual name
    """The model's output for each sample, as numbers or lists of numbers, without gradients and in eval mode.

    Args:
        model: A Module. Its mode is as before in the end.
        X: A list, tuple, array or DataFrame of samples. A `np.memmap` is read block by block.
        engine: "compiled" runs machine code over all samples, "eager" the model for each, and "auto" compiles where llvmlite is
            there, the model can be traced, and it pays: where the model was compiled before and is as it was, or the first
            samples show that the others take longer than compiling. All give the same bits. Compiled code takes integers as
            floats.

    Raises TypeError for anything else, ValueError for another engine. With engine="compiled", also what tracing the model
    raises, such as TraceError; ModuleNotFoundError without llvmlite; and ValueError for samples of different shapes, and for a
    model that gives another output for one sample each time.

    >>> from nn import Neuron
    >>> neuron = Neuron(2, rng=0)
    >>> predict(neuron, [[0.0, 0.0]])
    [0.0]
    """
    if not isinstance(model, Module):
        raise TypeError(f"predict takes a Module, not {model!r}: predict(model, X)")
    if engine not in ("auto", "compiled", "eager"):
        raise ValueError(f'engine must be "auto", "compiled" or "eager", not {engine!r}')
    samples = samples_in(X, "X")
    mode = current_mode()
    by_operation = mode.checking or mode.tracer is not None  # somebody wants to see each
    with modes_kept(model), no_grad():
        model.eval()
        if engine == "compiled" and len(samples):
            _check_installed()
            return _compiled(Outputs(model), _array(samples), [values(model(samples[0]))])
        if engine == "eager" or by_operation:
            return [values(model(x)) for x in samples]
        return _quickest(model, samples)


def _check_installed() -> None:
    """ModuleNotFoundError, with the remedy, without llvmlite: straight-line Python would run instead."""
    try:
        import llvmlite
        import numpy  # noqa: F401, ICN001 - whether it is there
    except ModuleNotFoundError as error:
        needed = f'compiled predictions need {error.name}: pip install "chainrule[jit]", or engine="eager"'
        raise ModuleNotFoundError(needed, name=error.name) from None
    del llvmlite


def _quickest(model: Module, samples: Sequence[Any]) -> list[Any]:
    """The outputs, compiled if the first ones tell that it pays."""
    found: list[Any] = []
    quickest, tried = inf, False
    for i in range(len(samples)):  # one at a time: an array's rows become lists only as far as they are needed
        start = perf_counter()
        found.append(values(model(samples[i])))
        quickest = min(quickest, perf_counter() - start)
        left = len(samples) - len(found)
        pays = (left - SAMPLES) * quickest > SECONDS and len(found) > 1  # the first sample may take longer than others
        if not tried and (pays or (len(found) == 1 and left * quickest > CALL)):
            try:
                _check_installed()
                array, outputs = _array(samples), Outputs(model)
                tried = pays
                if pays or outputs.known(array[:1]):
                    return _compiled(outputs, array, found)
            except Exception:  # noqa: BLE001 - whatever tracing or compiling raises: the model itself knows best
                tried = True
    return found


def _compiled(outputs: "Outputs", array: Any, first: list[Any]) -> list[Any]:
    """The outputs for the rows of an array by machine code; ValueError unless it gives those of the first samples."""
    found: list[Any] = []
    for _, block in blocks(array):
        found += outputs(block)
        if first and not all(map(_same, first, found)):
            raise ValueError(
                f"the compiled model gives {found[0]} for the first sample, and the model itself {first[0]}: it depends "
                'on something that changes from call to call; predict(model, X, engine="eager")'
            )
        first = []
    return found


def _array(samples: Sequence[Any]) -> Any:
    """The samples as an array of numbers; ValueError for others."""
    if isinstance(samples, Rows):
        return samples.array
    array = array_of_lists(samples)
    if array is None and {float} < kinds_in(samples) <= {float, int, bool}:
        array = floats_of_lists(samples)
    if array is None:
        raise ValueError('compiled code takes samples of plain numbers, all of one shape: predict(model, X, engine="eager")')
    return array


def _same(one: Any, other: Any) -> bool:
    """Whether two outputs have the same bits."""
    (numbers, structure), (others, other_structure) = flatten(one, "an output"), flatten(other, "an output")
    return structure == other_structure and list(map(float.hex, numbers)) == list(map(float.hex, others))


class Outputs:
    """A model's outputs for samples, compiled. All that are made for one model share its code, which goes with the model."""

    def __init__(self, model: Module) -> None:
        self._model = model

    def known(self, inputs: Any) -> bool:
        """Whether the model as it is now was compiled for such rows."""
        return bool(_OUTPUT._calls.knows(self._model, inputs))

    def __call__(self, inputs: Any) -> list[Any]:
        """The output for each row of an array, without gradients."""
        traced, captured, arguments = _OUTPUT._calls.traced_with(self._model, inputs)
        rows = RowsOfCall(len(inputs), tuple(arguments[1].arrays))
        found = traced.compiled.executable.run([value.data for value in captured], rows)
        if traced.structure is NUMBER:
            return found[0].tolist()  # type: ignore[no-any-return]  # an array's
        import numpy as np

        by_row: list[list[float]] = np.asarray(found).T.tolist()
        if traced.structure.kind is list and all(part is NUMBER for part in traced.structure.children):
            return by_row
        return [unflatten(traced.structure, row, as_array) for row in by_row]


def _output(model: Module, x: Any) -> Any:
    return model(x)


_OUTPUT = jit(_output, in_axes=(None, 0), static_argnums=0)
