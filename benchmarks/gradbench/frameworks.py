"""How each framework makes a way out of a function that is written with it; what is needed is imported where it is used."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.gradbench.problem import Way


def jax_way(function: Callable[..., Any], arguments: Sequence[Any], argnums: int | tuple[int, ...] = 0) -> Way:
    """JAX: jit of the function and of its gradient."""
    import jax

    arrays = [jax.numpy.asarray(x) for x in arguments]
    value, gradient, wait = jax.jit(function), jax.jit(jax.grad(function, argnums)), jax.block_until_ready
    return Way(lambda: wait(gradient(*arrays)), lambda: wait(value(*arrays)))


def torch_way(function: Callable[..., Any], arguments: Sequence[Any], count: int = 1) -> Way:
    """PyTorch, eager: the gradient with respect to the first arguments."""
    import torch

    torch.set_num_threads(1)
    tensors = [torch.tensor(x) for x in arguments]
    leaves = [x.requires_grad_() for x in tensors[:count]]

    def value() -> Any:
        with torch.no_grad():
            return function(*tensors)

    return Way(lambda: torch.autograd.grad(function(*tensors), leaves), value)


def casadi_way(symbols: Any, result: Any, numbers: Any) -> Way:
    """CasADi: functions of a vector, the value and its gradient, called through buffers made beforehand."""
    import casadi as ca

    return Way(
        casadi_run(lambda: ca.Function("g", [symbols], [ca.densify(ca.gradient(result, symbols))]), numbers),
        casadi_run(lambda: ca.Function("f", [symbols], [ca.densify(result)]), numbers),
    )


def casadi_run(make: Callable[[], Any], numbers: Any) -> Callable[[], Any]:
    """A function of one vector, made when it is first called, as a run that fills an array."""
    import numpy as np

    point = np.ascontiguousarray(numbers, dtype=float)
    made: list[Any] = []

    def run() -> Any:
        if not made:
            function = make()
            buffer, trigger = function.buffer()
            result = np.zeros(function.nnz_out(0))
            buffer.set_arg(0, memoryview(point))
            buffer.set_res(0, memoryview(result))
            made.extend([trigger, result, buffer])
        made[0]()
        return made[1]

    return run


def c_way(source: str, sizes: Sequence[int], arrays: Sequence[Any], count: int, *, primal: bool = True) -> Way:
    """C: `value(sizes..., arrays...)` and `gradient(sizes..., arrays..., result)` of a file; the result has `count` numbers."""
    import ctypes

    import numpy as np

    from benchmarks.peers import c_library

    library = c_library(f"gradbench/{source}", "-ffast-math")
    if primal:
        library.value.restype = ctypes.c_double
    kept, result = [np.ascontiguousarray(array, dtype=float) for array in arrays], np.zeros(count)
    given = [*map(ctypes.c_long, sizes), *[ctypes.c_void_p(array.ctypes.data) for array in kept]]
    out = ctypes.c_void_p(result.ctypes.data)

    def gradient(_kept_alive: Any = kept) -> Any:
        library.gradient(*given, out)
        return result

    return Way(gradient, (lambda: library.value(*given)) if primal else None)
