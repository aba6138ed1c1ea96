# ruff: noqa: FBT001, FBT002 - in JAX, has_aux is positional too
"""Function transforms: derivatives of any order, in both modes, as functions of functions.

Each transform linearizes the function at its arguments, and runs sweeps. The sweeps' own arithmetic is ordinary graph, so
transforms nest in any combination, to any order. Names and argument order are JAX's.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, SupportsIndex, TypeVar, overload

from autograd.linearization import Linearization, owning
from autograd.naming import derived, name_of
from autograd.patterns import forward_is_cheaper, pattern_of, sparse_matrix
from autograd.primitives import identity
from autograd.structures import SINGLE, Structure, as_argument, as_array, flatten, unflatten
from autograd.trees import nested

if TYPE_CHECKING:
    from autograd.typed import Derived, Gradient, Matrix, ValueAndGradient

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[..., Any]
Argnums = int | Sequence[int]


# --- reverse mode -----------------------------------------------------------------------------------------------------


@overload
def value_and_grad(f: Callable[P, R]) -> "ValueAndGradient[P, R]": ...
@overload
def value_and_grad(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False) -> "Matrix[P]": ...
def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """The function that returns the value of f and its gradient, (f(x), d f / d x), by one call and one reverse sweep.

    Arguments and errors are those of `grad`; with `has_aux` it returns ((value, aux), gradient).

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    return derived("value_and_grad", f, _value_and_gradient(f, argnums, has_aux=has_aux, who=_name("value_and_grad", f)))


@overload
def grad(f: Callable[P, object]) -> "Gradient[P]": ...
@overload
def grad(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False) -> "Matrix[P]": ...
def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """The function that returns the gradient d f / d x by reverse mode; f returns one number. JAX's `grad`.

    Floats in, floats out. If an argument is a Value, or f uses one from outside, the gradient is a Value with a history: so
    transforms nest, and `backward()` of the gradient reaches what f used. A leaf that f makes (by `Value(...)`, `detach()` or
    `no_grad()`, but not by `stop_gradient`) counts as one from outside.

    f is called on Values in the place of the numbers of `argnums`: 1/x at 0 is inf, (-1)**0.5 is nan. What it computes of plain
    floats alone is Python's: there 1.0 / 0.0 raises, and `truediv` and `pow` do not.

    The cost, value included, is at most five times the operations below the result, if these are sums, products and elementary
    functions of one operand; seven times for quotients; more for primitives with a long slope (pow, gelu, logsumexp). The
    history of captured Values counts as well: pass a Value with a long history as an argument.

    Args:
        f: the function. What it does not depend on has gradient 0.
        argnums: the argument to differentiate by, a number or nested lists, tuples, dicts and NumPy arrays of numbers, also
            deques, dataclasses and namespaces; the gradient has its structure. A tuple of places gives a tuple of gradients.
            Other arguments are passed on unchanged.
        has_aux: f returns (value, aux), and the gradient function (gradient, aux).

    Raises:
        TypeError: f returns anything but one number, or an argument holds anything but numbers.

    >>> grad(lambda x: x**3.0)(2.0), grad(grad(lambda x: x**3.0))(2.0)
    (12.0, 12.0)
    >>> grad(lambda p: p["w"][0] * p["w"][1])({"w": [2.0, 3.0], "b": 1.0})
    {'w': [3.0, 2.0], 'b': 0.0}
    """
    return derived("grad", f, _gradient(f, argnums, has_aux=has_aux, who=_name("grad", f)))


def _value_and_gradient(f: Function, argnums: Any, *, has_aux: bool, who: str) -> Any:
    argnums = _checked_argnums(argnums, who)

    def call(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        linear, structure = _linearize(f, args, kwargs, argnums, has_aux=has_aux, who=who)
        value = _scalar(linear, who)
        gradient = unflatten(structure, linear.pullback([1.0]), as_array)
        return (value, linear.beside()) if has_aux else value, gradient

    return owning(call)


def _gradient(f: Function, argnums: Any, *, has_aux: bool, who: str) -> Any:
    both = _value_and_gradient(f, argnums, has_aux=has_aux, who=who)

    def call(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return owning(call)


def elementwise_grad(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False) -> "Matrix[P]":
    """The gradient of the sum of all numbers that f returns; for an f that works element by element, its slope at each.

    One call and one reverse sweep. HIPS autograd's name (`egrad`). Arguments and errors are those of `grad`, except that f may
    return any structure of numbers.

    >>> elementwise_grad(lambda xs: [x * x for x in xs])([1.0, 2.0, 3.0])
    [2.0, 4.0, 6.0]
    """
    who = _name("elementwise_grad", f)
    argnums = _checked_argnums(argnums, who)

    def call(*args: Any, **kwargs: Any) -> Any:
        linear, structure = _linearize(f, args, kwargs, argnums, has_aux=has_aux, who=who)
        slopes = unflatten(structure, linear.pullback([1.0] * linear.structure.size), as_array)
        return (slopes, linear.beside()) if has_aux else slopes

    made: Any = call
    return derived("elementwise_grad", f, made)


@overload
def vjp(f: Callable[..., R], *primals: Any, has_aux: Literal[False] = False) -> tuple[R, Callable[[Any], tuple[Any, ...]]]: ...
@overload
def vjp(f: Function, *primals: Any, has_aux: Literal[True]) -> tuple[Any, Callable[[Any], tuple[Any, ...]], Any]: ...
def vjp(f: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """f(*primals), and the function that pulls a cotangent of it back to the primals. JAX's `vjp`.

    pull(cotangent) is cotangent @ J, the vector-Jacobian product, by one reverse sweep a call. The cotangent has the structure
    of f(*primals), else pull raises TypeError; it returns a tuple with a cotangent for each primal. With `has_aux`, f returns
    (value, aux), and vjp (value, pull, aux).

    >>> out, pull = vjp(lambda x, y: [x * y, x], 2.0, 3.0)
    >>> out, pull([1.0, 10.0])
    ([6.0, 2.0], (13.0, 2.0))
    """
    who = _name("vjp", f)
    linear, structure = _linearize(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)

    def pull(cotangent: Any) -> Any:
        seeds, _ = flatten(cotangent, f"{who}: the cotangent", linear.structure, opened=True)
        return unflatten(structure, linear.pullback(seeds), as_array)

    out = unflatten(linear.structure, linear.outputs, as_array)
    return (out, pull, linear.beside()) if has_aux else (out, pull)


# --- forward mode -----------------------------------------------------------------------------------------------------


@overload
def jvp(
    f: Callable[..., R], primals: Sequence[Any], tangents: Sequence[Any], has_aux: Literal[False] = False
) -> tuple[R, R]: ...
@overload
def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: Literal[True]) -> tuple[Any, Any, Any]: ...
def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> tuple[Any, ...]:
    """f(*primals), and its change J @ tangents, the Jacobian-vector product, by one forward sweep. JAX's `jvp`.

    With `has_aux`, f returns (value, aux), and jvp (value, tangent, aux). Raises TypeError if the tangents do not have the
    primals' structure.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    linear, seeds = _along(f, primals, tangents, has_aux=has_aux, who=_name("jvp", f))
    out = [unflatten(linear.structure, numbers, as_array) for numbers in (linear.outputs, linear.pushforward(seeds))]
    return (*out, linear.beside()) if has_aux else tuple(out)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The product H @ tangents without computing H, the Hessian of f: forward over reverse, for the price of a few calls.

    For one primal the product has its structure; for several, H is the Hessian to all of them, and the result is a tuple.
    Raises TypeError if the tangents do not have the primals' structure, or f does not return one number.

    >>> hvp(lambda x: x[0] * x[0] * x[1], ([2.0, 3.0],), ([1.0, 0.0],))
    [6.0, 4.0]
    """
    who = _name("hvp", f)
    count = len(primals) if isinstance(primals, list | tuple) else 0
    gradient = _gradient(f, tuple(range(count)), has_aux=False, who=who)
    linear, seeds = _along(gradient, primals, tangents, has_aux=False, who=who)  # raises unless primals is a tuple
    products = unflatten(linear.structure, linear.pushforward(seeds), as_array)
    return products[0] if len(primals) == 1 else products


def _along(f: Function, primals: Any, tangents: Any, *, has_aux: bool, who: str) -> tuple[Linearization, list[Any]]:
    """f linearized at the primals, and the numbers in the tangents."""
    for given, name in ((primals, "primals"), (tangents, "tangents")):
        if not isinstance(given, list | tuple):
            raise TypeError(
                f"{who}: {name} must be a tuple, with an item for each argument, not {_described(given)}: write (x,)"
            )
    _, structure = flatten(tuple(primals), f"{who}: primals", opened=True)
    numbers, _ = flatten(tuple(tangents), f"{who}: tangents", structure, opened=True)
    seeds = [x if type(x) is float else identity(x) for x in numbers]  # as they are before the function runs
    return _linearize(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)[0], seeds


# --- whole matrices and higher orders ---------------------------------------------------------------------------------


def jacobian(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False, *, sparse: bool = False) -> "Matrix[P]":
    """The function that returns all derivatives d f / d x by the cheaper mode.

    That is forward if x has no more numbers than f(x), unless the other mode takes three quarters of the operations or fewer:
    in the recorded graph, what depends on few inputs is cheap forward, what few outputs depend on is cheap in reverse.

    The result has the structure of f(x), with the structure of x in the place of each number: for lists, a list of lists; for
    an x of shape s and an f(x) of shape t, an array of shape t + s. Arguments and errors are those of `grad`, except that f
    may return any structure of numbers.

    With `sparse`, the result is a SciPy sparse array (csr) of shape (numbers in f(x), numbers in x), with an entry wherever the
    graph shows a dependence (see `sparsity`). Inputs that share no output are found together, by one sweep: a banded Jacobian
    takes as many as the band is wide. Sources: Curtis, Powell and Reid (1974), Coleman and Moré (1983). Needs SciPy.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1], x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [0.0, 1.0]]
    >>> jacobian(lambda x: [x[0] * x[0], x[1] * x[2]], sparse=True)([2.0, 3.0, 4.0]).toarray()
    array([[4., 0., 0.],
           [0., 4., 3.]])
    """
    who = _name("jacobian", f)
    return derived("jacobian", f, _matrix(f, argnums, has_aux=has_aux, who=who, forward=None, sparse=sparse))


def jacfwd(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False) -> "Matrix[P]":
    """`jacobian` by forward mode: one call, and one forward sweep for each input.

    >>> jacfwd(lambda x: [x, x * x])(3.0)
    [1.0, 6.0]
    """
    return derived("jacfwd", f, _matrix(f, argnums, has_aux=has_aux, who=_name("jacfwd", f), forward=True))


def jacrev(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False) -> "Matrix[P]":
    """`jacobian` by reverse mode: one call, and one reverse sweep for each output.

    >>> jacrev(lambda x: x[0] * x[1])((2.0, 3.0))
    (3.0, 2.0)
    """
    return derived("jacrev", f, _matrix(f, argnums, has_aux=has_aux, who=_name("jacrev", f), forward=False))


def hessian(f: Callable[P, object], argnums: Argnums = 0, has_aux: bool = False, *, sparse: bool = False) -> "Matrix[P]":
    """The function that returns the second derivatives d2 f / d x d x. JAX's `hessian`.

    It runs one reverse sweep, and one forward sweep per input over the gradient's graph. The result has the structure of x,
    with again the structure of x in the place of each number. Arguments and errors are those of `grad`.

    With `sparse`, the result is a SciPy sparse array (csr) of shape (numbers in x, numbers in x), found by one forward sweep
    for each colour of a star colouring. Source: Gebremedhin, Manne and Pothen (2005). Needs SciPy.

    >>> hessian(lambda x: x[0] * x[0] * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    who = _name("hessian", f)
    gradient = _gradient(f, argnums, has_aux=has_aux, who=who)
    if sparse:
        return derived("hessian", f, _matrix(gradient, argnums, has_aux=has_aux, who=who, sparse=True, symmetric=True))
    return derived("hessian", f, _matrix(gradient, argnums, has_aux=has_aux, who=who, forward=True))


def derivative(f: Callable[P, R], order: int = 1) -> "Derived[P, R]":
    """The function that returns the derivative of f, a function of one number, of any order: d^n f / d x^n for order n.

    Further arguments are passed on unchanged. Each order multiplies the cost by a small factor. Raises TypeError if the
    argument or the result is not one number, and ValueError for a negative or fractional order.

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
            raise TypeError(f"{who}: the function must return one number, not {_described(result)}: take jacobian(f)")
        return result

    made: Any = call
    return derived("derivative", f, made)


def _matrix(
    f: Function,
    argnums: Any,
    *,
    has_aux: bool,
    who: str,
    forward: bool | None = None,
    sparse: bool = False,
    symmetric: bool = False,
) -> Any:
    argnums = _checked_argnums(argnums, who)

    def call(*args: Any, **kwargs: Any) -> Any:
        linear, structure = _linearize(f, args, kwargs, argnums, has_aux=has_aux, who=who)
        matrix = sparse_matrix(linear, symmetric=symmetric) if sparse else _dense(linear, structure, forward)
        return (matrix, linear.beside()) if has_aux else matrix

    return call


def _dense(linear: Linearization, structure: Structure, forward: bool | None) -> Any:
    outputs, inputs = linear.shape
    if forward_is_cheaper(*linear.graph) if forward is None else forward:
        columns = [linear.pushforward(_unit(i, inputs)) for i in range(inputs)]
        rows = [[column[j] for column in columns] for j in range(outputs)]
    else:
        rows = [linear.pullback(_unit(j, outputs)) for j in range(outputs)]
    return nested(rows, linear.structure, structure)


def sparsity(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that returns which numbers of f(x) depend on which numbers of x: a SciPy sparse array of bools.

    Its shape is (numbers in f(x), numbers in x). A place is there if the recorded graph leads from the input to the output by
    edges whose partials may differ from 0 somewhere: both sides of a `where` count, `floor` does not. Python's own branches are
    taken as they are at x. Arguments and errors are those of `jacobian`. Needs SciPy.

    >>> sparsity(lambda x: [x[0] * x[1], x[2] + 1.0])([0.0, 0.0, 0.0]).toarray()
    array([[ True,  True, False],
           [False, False,  True]])
    """
    who = _name("sparsity", f)
    argnums = _checked_argnums(argnums, who)

    def call(*args: Any, **kwargs: Any) -> Any:
        linear, _ = _linearize(f, args, kwargs, argnums, has_aux=False, who=who)
        return pattern_of(*linear.graph).matrix()

    return derived("sparsity", f, call)


def _unit(i: int, size: int) -> list[float | None]:
    return [1.0 if j == i else None for j in range(size)]


# --- calls: arguments taken apart, errors -----------------------------------------------------------------------------


def _linearize(
    f: Function, args: Sequence[Any], kwargs: dict[str, Any], argnums: int | tuple[int, ...], *, has_aux: bool, who: str
) -> tuple[Linearization, Structure]:
    """f linearized by the numbers of the arguments `argnums`, and these arguments' structure."""
    places = _places(argnums, len(args), who)
    flat = [flatten(args[place], f"{who}: argument {place}", opened=True) for place in places]
    numbers, structures = [x for found, _ in flat for x in found], [structure for _, structure in flat]

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
        raise ValueError(f"{who}: argnums={argnums} names an argument twice: name each once")
    return places


def _checked_argnums(argnums: Any, who: str) -> int | tuple[int, ...]:
    try:
        return tuple(map(operator.index, argnums)) if isinstance(argnums, Iterable) else operator.index(argnums)
    except TypeError:
        raise TypeError(f"{who}: argnums must be an integer or a tuple of integers, not {argnums!r}: argnums=(0, 1)") from None


def _name(transform: str, f: Any) -> str:
    """What errors call a transform of f; TypeError unless f is a function."""
    if not callable(f):
        raise TypeError(f"{transform} takes a function, not {_described(f)}: pass f itself, not f(x)")
    return f"{transform}({name_of(f)})"


def _described(thing: Any) -> str:
    try:
        structure = flatten(thing, "")[1]
    except (TypeError, ValueError):
        return "None" if thing is None else f"a {type(thing).__name__}"
    return repr(thing) if structure.kind is None else str(structure)


def _scalar(linear: Linearization, who: str) -> Any:
    if linear.structure in SINGLE:
        return linear.outputs[0]
    raise TypeError(
        f"{who}: the function must return one number, but it returned {linear.structure}: "
        "return one of its numbers or their sum, or take jacobian(f)"
    )
