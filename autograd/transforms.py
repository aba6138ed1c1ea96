# ruff: noqa: FBT001, FBT002 - has_aux is positional too, as JAX has it
"""Function transforms: derivatives of any order, in both modes, as functions of functions.

Each linearizes the function at its arguments and asks for sweeps. What they are made of is ordinary graph, so they nest in any
combination, to any order. Names and argument order are JAX's.
"""

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsIndex

from autograd.linearization import Linearization
from autograd.structures import SINGLE, Structure, as_argument, as_array, flatten, rebuild, unflatten

Function = Callable[..., Any]


# --- reverse mode -----------------------------------------------------------------------------------------------------


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The function that returns f and its gradient: (f(x), d f(x) / d x), at the cost of one call and one reverse sweep.

    See `grad`; with `has_aux` it returns ((value, aux), gradient).

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    both = _value_and_gradient(f, argnums, has_aux=has_aux, who=_name("value_and_grad", f))

    def call(*args: Any, **kwargs: Any) -> Any:
        value, gradient, beside = both(*args, **kwargs)
        return ((value, beside) if has_aux else value), gradient

    return _derived("value_and_grad", f, call)


def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The function that returns the gradient of f, which returns one number, by reverse mode.

    `argnums` says which arguments it is taken to: one, whose structure the gradient has (a number, or nested lists, tuples,
    dicts and NumPy arrays of numbers), or several, which give a tuple. Other arguments are passed on as they are. With
    `has_aux`, f returns (value, aux) and the gradient function (gradient, aux). What f does not depend on has gradient 0.

    Floats in, floats out. Where an argument is a Value, or f uses one from outside (or makes a leaf of its own: `Value(...)`,
    `detach()`, `no_grad()`; `stop_gradient` makes none), the gradient is a Value with a history: so transforms nest, and its
    `backward()` reaches what f used. The cost, value included, is at most five times the operations below the result where
    these are sums, products and elementary functions of one operand, seven times for quotients, more for rows with a long
    slope (pow, gelu, logsumexp); those included that made the captured Values: pass what has a long history as an argument.

    Raises TypeError if f returns anything but one number, or an argument holds what is none. As JAX's `grad`.

    >>> grad(lambda x: x**3.0)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3.0))(2.0)
    12.0
    >>> grad(lambda p: p["w"][0] * p["w"][1])({"w": [2.0, 3.0], "b": 1.0})
    {'w': [3.0, 2.0], 'b': 0.0}
    """
    return _derived("grad", f, _gradient(f, argnums, has_aux=has_aux, who=_name("grad", f)))


def _value_and_gradient(f: Function, argnums: Any, *, has_aux: bool, who: str) -> Function:
    argnums = _checked_argnums(argnums, who)

    def call(*args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        linear, structure = _linearize(f, args, kwargs, argnums, has_aux=has_aux, who=who)
        value = _scalar(linear, who)
        gradient = unflatten(structure, linear.pullback([1.0]), as_array)
        return value, gradient, linear.beside() if has_aux else None

    return call


def _gradient(f: Function, argnums: Any, *, has_aux: bool, who: str) -> Function:
    both = _value_and_gradient(f, argnums, has_aux=has_aux, who=who)

    def call(*args: Any, **kwargs: Any) -> Any:
        _, gradient, beside = both(*args, **kwargs)
        return (gradient, beside) if has_aux else gradient

    return call


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """f(*primals), and the function from a cotangent of it (of its structure) to the cotangents of the primals, a tuple.

    The vector-Jacobian product: cotangent @ J, by one reverse sweep a call. With `has_aux`, f returns (value, aux), and vjp
    (value, function, aux). Raises TypeError for a cotangent of another structure. As JAX's `vjp`.

    >>> out, pull = vjp(lambda x, y: [x * y, x], 2.0, 3.0)
    >>> out, pull([1.0, 10.0])
    ([6.0, 2.0], (13.0, 2.0))
    """
    who = _name("vjp", f)
    linear, structure = _linearize(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)

    def pull(cotangent: Any) -> Any:
        seeds, _ = flatten(cotangent, f"{who}: the cotangent", linear.structure)
        return unflatten(structure, linear.pullback(seeds), as_array)

    out = unflatten(linear.structure, linear.outputs, as_array)
    return (out, pull, linear.beside()) if has_aux else (out, pull)


# --- forward mode -----------------------------------------------------------------------------------------------------


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> tuple[Any, ...]:
    """f(*primals), and how it changes when the primals change by the tangents, which have their structure.

    The Jacobian-vector product: J @ tangents, by one forward sweep. With `has_aux`, f returns (value, aux), and jvp
    (value, tangent, aux). Raises TypeError where primals and tangents do not fit. As JAX's `jvp`.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    linear, seeds = _along(f, primals, tangents, has_aux=has_aux, who=_name("jvp", f))
    out = [unflatten(linear.structure, numbers, as_array) for numbers in (linear.outputs, linear.pushforward(seeds))]
    return (*out, linear.beside()) if has_aux else tuple(out)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times the tangents, without the Hessian: forward over reverse, at the cost of a few calls of f.

    One product, of the structure of the primal, for one primal; a tuple for several, the Hessian being that of all together.
    Raises TypeError where primals and tangents do not fit, or f does not return one number.

    >>> hvp(lambda x: x[0] * x[0] * x[1], ([2.0, 3.0],), ([1.0, 0.0],))
    [6.0, 4.0]
    """
    who = _name("hvp", f)
    count = len(primals) if isinstance(primals, list | tuple) else 0
    gradient = _gradient(f, tuple(range(count)), has_aux=False, who=who)
    linear, seeds = _along(gradient, primals, tangents, has_aux=False, who=who)  # which refuses what is no tuple
    products = unflatten(linear.structure, linear.pushforward(seeds), as_array)
    return products[0] if len(primals) == 1 else products


def _along(f: Function, primals: Any, tangents: Any, *, has_aux: bool, who: str) -> tuple[Linearization, list[Any]]:
    """f linearized at the primals, and the numbers in the tangents."""
    for given, name in ((primals, "primals"), (tangents, "tangents")):
        if not isinstance(given, list | tuple):
            raise TypeError(
                f"{who}: {name} must be a tuple, with an item for each argument, not {_described(given)}: write (x,)"
            )
    _, structure = flatten(tuple(primals), f"{who}: primals")
    seeds, _ = flatten(tuple(tangents), f"{who}: tangents", structure)  # before the function runs
    return _linearize(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)[0], seeds


# --- whole matrices and higher orders ---------------------------------------------------------------------------------


def jacobian(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The function that returns d f / d x, by the cheaper mode: forward for no more inputs than outputs, else reverse.

    The result has the structure of what f returns, and in the place of each number in it the structure of x: lists of numbers
    give a list of lists, an array of shape s to one of shape t an array of shape t + s. Arguments and errors are those of
    `grad`, except that f may return any structure of numbers.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1], x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [0.0, 1.0]]
    """
    return _derived("jacobian", f, _matrix(f, argnums, has_aux=has_aux, who=_name("jacobian", f), forward=None))


def jacfwd(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """`jacobian` by forward mode: one call, and one forward sweep for each input.

    >>> jacfwd(lambda x: [x, x * x])(3.0)
    [1.0, 6.0]
    """
    return _derived("jacfwd", f, _matrix(f, argnums, has_aux=has_aux, who=_name("jacfwd", f), forward=True))


def jacrev(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """`jacobian` by reverse mode: one call, and one reverse sweep for each output.

    >>> jacrev(lambda x: x[0] * x[1])((2.0, 3.0))
    (3.0, 2.0)
    """
    return _derived("jacrev", f, _matrix(f, argnums, has_aux=has_aux, who=_name("jacrev", f), forward=False))


def hessian(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The function that returns d2 f / d x d x: one reverse sweep, and over the gradient's graph one forward sweep an input.

    The result has the structure of x, and in the place of each number in it again the structure of x. f returns one number;
    arguments and errors are those of `grad`.

    >>> hessian(lambda x: x[0] * x[0] * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    who = _name("hessian", f)
    gradient = _gradient(f, argnums, has_aux=has_aux, who=who)
    return _derived("hessian", f, _matrix(gradient, argnums, has_aux=has_aux, who=who, forward=True))


def derivative(f: Function, order: int = 1) -> Function:
    """The function that returns the derivative of that order of f, a function of one number, to that number.

    Further arguments are passed on as they are. The cost grows by a small factor with each order. Raises TypeError for an
    argument or result that is not one number, and ValueError for an order that is no whole number.

    >>> [derivative(lambda x: x**3.0, order=n)(2.0) for n in range(5)]
    [8.0, 12.0, 12.0, 6.0, 0.0]
    """
    who = _name("derivative", f)
    if not isinstance(order, SupportsIndex) or operator.index(order) < 0:
        raise ValueError(f"{who}: order must be a whole number, 0 or more, not {order!r}: 1 for the first derivative")
    inner = f
    for _ in range(operator.index(order)):
        inner = _gradient(inner, 0, has_aux=False, who=who)

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        if flatten(x, f"{who}: the argument")[1] not in SINGLE:
            raise TypeError(f"{who}: the argument must be one number, not {_described(x)}: [d(x) for x in xs], or grad(f)")
        result = inner(x, *args, **kwargs)
        if flatten(result, f"{who}: what the function returns")[1] not in SINGLE:
            raise TypeError(f"{who}: the function must return one number, not {_described(result)}: jacobian(f), say")
        return result

    return _derived("derivative", f, call)


def _matrix(f: Function, argnums: Any, *, has_aux: bool, who: str, forward: bool | None) -> Function:
    argnums = _checked_argnums(argnums, who)

    def call(*args: Any, **kwargs: Any) -> Any:
        linear, structure = _linearize(f, args, kwargs, argnums, has_aux=has_aux, who=who)
        inputs, outputs = structure.size, linear.structure.size
        if inputs <= outputs if forward is None else forward:
            columns = [linear.pushforward(_unit(i, inputs)) for i in range(inputs)]
            rows = [[column[j] for column in columns] for j in range(outputs)]
        else:
            rows = [linear.pullback(_unit(j, outputs)) for j in range(outputs)]
        matrix = _in_blocks(rows, linear.structure, structure)
        return (matrix, linear.beside()) if has_aux else matrix

    return call


def _unit(i: int, size: int) -> list[float | None]:
    return [1.0 if j == i else None for j in range(size)]


def _in_blocks(rows: Sequence[Sequence[Any]], outputs: Structure, inputs: Structure) -> Any:
    """A matrix as nested structures: the outputs', and in the place of each number or array in it the inputs'."""
    row = 0
    found = []
    for above in outputs.parts():
        column = 0
        across = []
        for left in inputs.parts():
            block = [x for line in rows[row : row + above.size] for x in line[column : column + left.size]]
            single = above.kind is None and left.kind is None
            across.append(block[0] if single else as_array(block, above.keys + left.keys))
            column += left.size
        found.append(rebuild(inputs, across))
        row += above.size
    return rebuild(outputs, found)


# --- calls: arguments taken apart, errors -----------------------------------------------------------------------------


def _linearize(
    f: Function, args: Sequence[Any], kwargs: dict[str, Any], argnums: int | tuple[int, ...], *, has_aux: bool, who: str
) -> tuple[Linearization, Structure]:
    """f linearized in the numbers of the arguments `argnums`, and these arguments' structure."""
    places = _places(argnums, len(args), who)
    numbers: list[Any] = []
    structures = []
    for place in places:
        leaves, structure = flatten(args[place], f"{who}: argument {place}")
        numbers += leaves
        structures.append(structure)

    def call(nodes: list[Any]) -> tuple[Any, Any]:
        arguments, rest = list(args), iter(nodes)
        for place, structure in zip(places, structures, strict=True):
            arguments[place] = unflatten(structure, rest, as_argument)
        result = f(*arguments, **kwargs)
        if result is None:
            raise TypeError(f"{who}: the function returned None: does it lack a return?")
        if not has_aux:
            return result, None
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"{who}: with has_aux=True the function must return (value, aux), not {_described(result)}")
        return result

    linear = Linearization(call, numbers, f"{who}: what the function returns")
    return linear, structures[0] if isinstance(argnums, int) else Structure(tuple, (), tuple(structures))


def _places(argnums: int | tuple[int, ...], count: int, who: str) -> list[int]:
    wanted = [argnums] if isinstance(argnums, int) else list(argnums)
    for place in wanted:
        if not -count <= place < count:
            raise TypeError(
                f"{who}: there is no argument {place} among the {count} given by position: pass it by position, or set argnums"
            )
    places = [place % count for place in wanted]
    if len(set(places)) < len(places):
        raise ValueError(f"{who}: argnums={argnums} names an argument twice")
    return places


def _checked_argnums(argnums: Any, who: str) -> int | tuple[int, ...]:
    try:
        return tuple(map(operator.index, argnums)) if isinstance(argnums, Iterable) else operator.index(argnums)
    except TypeError:
        raise TypeError(f"{who}: argnums must be an integer or a tuple of integers, not {argnums!r}") from None


def _name(transform: str, f: Any) -> str:
    """What a transform of f is called in errors; TypeError if f is no function."""
    if not callable(f):
        raise TypeError(f"{transform} takes a function, not {_described(f)}: pass f itself, not f(x)")
    return f"{transform}({getattr(f, '__name__', None) or type(f).__name__})"


def _described(thing: Any) -> str:
    """A thing in an error message: its structure if it has one."""
    try:
        structure = flatten(thing, "")[1]
    except (TypeError, ValueError):
        return "None" if thing is None else f"a {type(thing).__name__}"
    return repr(thing) if structure.kind is None else str(structure)


def _scalar(linear: Linearization, who: str) -> Any:
    """The one number that the function returned; TypeError if it is not one."""
    if linear.structure in SINGLE:
        return linear.outputs[0]
    raise TypeError(
        f"{who}: the function must return one number, but it returned {linear.structure}: "
        f"return one of them or their sum, or take jacobian(f)"
    )


def _derived(transform: str, f: Function, call: Function) -> Function:
    """`call` with the name and documentation of a derivative of f."""
    name = getattr(f, "__name__", None) or type(f).__name__
    functools.update_wrapper(call, f, assigned=("__module__",), updated=())
    call.__name__ = call.__qualname__ = f"{transform}_{name}"
    call.__doc__ = f"{transform}({name}), where {name} is:\n\n{getattr(f, '__doc__', None) or 'undocumented.'}"
    return call
