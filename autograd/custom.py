"""Rules of one's own for whole functions: `custom_jvp` and `custom_vjp`. Names and protocol are JAX's."""

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.applied import Arguments, Rule, constants_like, plus
from autograd.linearization import Linearization
from autograd.modes import current_mode
from autograd.naming import name_of
from autograd.real import shown
from autograd.structures import NUMBER, Structure, as_argument, flatten, unflatten

Function = Callable[..., Any]


class _Custom:
    """A function with a rule: what both kinds have in common."""

    _needs = ""  # what to call before the first derivative

    def __init__(self, fun: Function, nondiff_argnums: Iterable[int] = ()) -> None:
        if not callable(fun):
            raise TypeError(f"{type(self).__name__} takes a function, not {shown(fun)}: pass f itself, not f(x)")
        functools.update_wrapper(self, fun, updated=())
        self.fun = fun
        self.nondiff_argnums = tuple(nondiff_argnums)
        self.name = name_of(fun)

    def _is_ready(self) -> bool:
        raise NotImplementedError

    def _rule(self, call: "_Call") -> Rule:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function at these arguments."""
        if kwargs:
            args = self._by_position(args, kwargs)
        call = _Call(self, args)
        if not call.inputs or not current_mode().recording:
            return self.fun(*args)
        if not self._is_ready():
            raise AttributeError(f"{self.name} has no rule for its derivative yet: {self._needs.format(self.name)}")
        rule = self._rule(call)
        return call.result(rule.at(call.inputs, rule.evaluate))  # type: ignore[attr-defined]

    def _by_position(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        bound = inspect.signature(self.fun).bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(f"{self.name} takes {', '.join(bound.kwargs)} by name alone: a rule needs arguments by position")
        return bound.args

    def __reduce__(self) -> str:
        return self.__qualname__  # type: ignore[attr-defined, no-any-return]  # by name, as functions are pickled

    def __get__(self, instance: Any, _: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


class custom_jvp(_Custom):  # noqa: N801 - JAX's name, used like a function
    """A function whose derivative is what you state in forward mode; reverse mode follows from it. JAX's `custom_jvp`.

    The rule of `f.defjvp(rule)` takes (primals, tangents), two tuples with an item for each argument, and returns
    (f(*primals), tangent of the result). The tangent must be linear in the tangents. The rule is written with Values' own
    operations, so that it has derivatives itself; f may be anything that takes Values, such as code with `float(x)` in it.

    It works among Values, in all transforms at any order, in `jit` and in loops. Numbers of which f depends count only if they
    are arguments: what f takes from outside gets no gradient.

    Args:
        fun: the function, of numbers in any structure; or use it as a decorator.
        nondiff_argnums: places of arguments that are no numbers, such as functions. The rule gets them first, before
            (primals, tangents), which leave them out.

    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return log(1.0 + exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), (1.0 - 1.0 / (1.0 + exp(x))) * t
    >>> from autograd import exp, grad, log
    >>> grad(log1pexp)(100.0), grad(grad(log1pexp))(0.0)
    (1.0, 0.25)
    """

    _needs = "{}.defjvp(rule), where rule(primals, tangents) returns (result, tangent)"

    def __init__(self, fun: Function, nondiff_argnums: Iterable[int] = ()) -> None:
        super().__init__(fun, nondiff_argnums)
        self.jvp: Function | None = None

    def defjvp(self, jvp: Function) -> Function:
        """State the rule: `jvp(primals, tangents)` returns (result, tangent). Returns it, so that it is a decorator."""
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps: Function | None) -> None:
        """State a rule for each argument: `jvp(tangent, result, *primals)` gives its part of the tangent, None is 0.

        >>> f = custom_jvp(lambda x, y: x * y)
        >>> f.defjvps(lambda t, result, x, y: t * y, lambda t, result, x, y: x * t)
        >>> from autograd import grad
        >>> grad(f, argnums=(0, 1))(2.0, 3.0)
        (3.0, 2.0)
        """
        if self.nondiff_argnums:
            raise TypeError("defjvps is for functions without nondiff_argnums: state the rule by defjvp")

        def jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
            result = self(*primals)
            if len(jvps) != len(primals):
                raise TypeError(f"defjvps of {self.name} got {len(jvps)} rules for {len(primals)} arguments: give one for each")
            terms = [rule(t, result, *primals) for rule, t in zip(jvps, tangents, strict=True) if rule is not None]
            numbers, structure = flatten(result, f"{self.name}: the result", opened=True)
            total = constants_like(numbers, 0.0)
            for term in terms:
                found, _ = flatten(term, f"{self.name}: a tangent", structure, opened=True)
                total = list(map(plus, total, found))
            return result, unflatten(structure, total, as_argument)

        self.jvp = jvp

    def _is_ready(self) -> bool:
        return self.jvp is not None

    def _rule(self, call: "_Call") -> Rule:
        return _JVP(self, call)


class custom_vjp(_Custom):  # noqa: N801 - JAX's name, used like a function
    """A function whose derivative is what you state in reverse mode. JAX's `custom_vjp`.

    `f.defvjp(fwd, bwd)`: fwd takes f's arguments and returns (result, residuals), where residuals are whatever bwd needs;
    `bwd(residuals, cotangent)` takes the cotangent of the result, and returns a tuple with the cotangent of each argument, None
    for 0. Both are written with Values' own operations, so that they have derivatives themselves. bwd need not be linear:
    gradients can be clipped.

    It works among Values, in all transforms at any order, in `jit` and in loops. Forward mode transposes bwd. Numbers of which
    f depends count only if they are arguments: what f takes from outside gets no gradient.

    Args:
        fun: the function, of numbers in any structure; or use it as a decorator.
        nondiff_argnums: places of arguments that are no numbers, such as functions. bwd gets them first, before residuals and
            cotangent, and returns nothing for them; fwd takes all arguments in their places.

    >>> @custom_vjp
    ... def clip_gradient(x, bound):
    ...     return x
    >>> def fwd(x, bound):
    ...     return x, bound
    >>> def bwd(bound, g):
    ...     return clip(g, -bound, bound), None
    >>> clip_gradient.defvjp(fwd, bwd)
    >>> from autograd import clip, grad
    >>> grad(lambda x: clip_gradient(x, 1.0) ** 2)(3.0)
    1.0
    """

    _needs = "{}.defvjp(fwd, bwd), where fwd(*args) returns (result, residuals) and bwd(residuals, cotangent) cotangents"

    def __init__(self, fun: Function, nondiff_argnums: Iterable[int] = ()) -> None:
        super().__init__(fun, nondiff_argnums)
        self.fwd: Function | None = None
        self.bwd: Function | None = None

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """State the rule: see `custom_vjp`."""
        self.fwd, self.bwd = fwd, bwd

    def _is_ready(self) -> bool:
        return self.fwd is not None

    def _rule(self, call: "_Call") -> Rule:
        return _VJP(self, call)


class _Call(Arguments):
    """A call of a function with a rule."""

    def __init__(self, of: _Custom, args: tuple[Any, ...]) -> None:
        count = len(args)
        self.of = of
        self.nondiff = {i % count for i in of.nondiff_argnums if -count <= i < count}
        self.diff = [i for i in range(count) if i not in self.nondiff]
        self.structure: Structure | None = None
        super().__init__(args, self.diff, of.name)

    def apart(self, arguments: Sequence[Any]) -> tuple[list[Any], tuple[Any, ...]]:
        """Arguments as those that are not differentiated, in order, and the others."""
        return [arguments[i] for i in sorted(self.nondiff)], tuple([arguments[i] for i in self.diff])

    def tangents(self, numbers: Iterable[Any]) -> tuple[Any, ...]:
        """Tangents of the arguments that are differentiated; 0 for those without Values."""
        rest, found = iter(numbers), []
        for i in self.diff:
            if i in self.structures:
                found.append(unflatten(self.structures[i], rest, as_argument))
            else:
                found.append(_zeros(self.args[i]))
        return tuple(found)

    def flat(self, result: Any, what: str) -> list[Any]:
        """A result as a list of numbers; the first one decides the structure."""
        numbers, structure = flatten(result, f"{self.of.name}: {what}", self.structure, opened=True)
        self.structure = self.structure or structure
        return numbers

    def result(self, numbers: Iterable[Any]) -> Any:
        """Numbers in the structure of the result."""
        return unflatten(self.structure or NUMBER, numbers, as_argument)


def _zeros(thing: Any) -> Any:
    try:
        numbers, structure = flatten(thing, "")
    except (TypeError, ValueError):
        return None
    return unflatten(structure, [0.0] * len(numbers), as_argument)


def _pair(result: Any, what: str) -> tuple[Any, Any]:
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise TypeError(f"{what}, not {shown(result)}")
    return result[0], result[1]


class _Rule(Rule):
    def __init__(self, of: Any, call: _Call) -> None:
        self.of, self.call, self.name = of, call, of.name

    @property
    def count(self) -> int:  # type: ignore[override]
        """How many numbers the result has."""
        return 0 if self.call.structure is None else self.call.structure.size


class _JVP(_Rule):
    """Forward mode by the stated rule, reverse mode by its transposition: the rule is linear in the tangents."""

    def evaluate(self, numbers: list[Any]) -> tuple[list[Any], None]:
        """The function's value."""
        return self.call.flat(self.of.fun(*self.call.at(numbers)), "the result"), None

    def push(self, inputs: Sequence[Any], results: Any, tangents: Sequence[Any], kept: Any) -> list[Any]:  # noqa: ARG002
        """See `Rule.push`."""
        call = self.call
        nondiff, primals = call.apart(call.at(inputs))
        found = self.of.jvp(*nondiff, primals, call.tangents(tangents))
        return call.flat(_pair(found, f"the rule of {self.name} must return (result, tangent)")[1], "the rule's tangent")

    def pull(self, inputs: Sequence[Any], results: Any, cotangents: Sequence[Any], kept: Any) -> list[Any]:
        """See `Rule.pull`."""
        ones = constants_like(inputs, 1.0)
        linear = Linearization(lambda tangents: (self.push(inputs, results, tangents, kept), None), ones, self.name)
        return linear.pullback(cotangents)


class _VJP(_Rule):
    """Reverse mode by the stated rule; forward mode by its transposition."""

    def evaluate(self, numbers: list[Any]) -> tuple[list[Any], Any]:
        """The value, and the residuals; in a trace the function's own value, for there derivatives compute residuals anew."""
        if current_mode().tracer is not None:
            return self.call.flat(self.of.fun(*self.call.at(numbers)), "the result"), None
        return self._forward(numbers)

    def _forward(self, numbers: Iterable[Any]) -> tuple[list[Any], Any]:
        found = self.of.fwd(*self.call.at(numbers))
        result, residuals = _pair(found, f"fwd of {self.name} must return (result, residuals)")
        return self.call.flat(result, "the result"), (residuals,)

    def pull(self, inputs: Sequence[Any], results: Any, cotangents: Sequence[Any], kept: Any) -> list[Any]:  # noqa: ARG002
        """See `Rule.pull`."""
        call = self.call
        (residuals,) = self._forward(inputs)[1] if kept is None else kept
        nondiff, _ = call.apart(call.args)
        found = self.of.bwd(*nondiff, residuals, call.result(cotangents))
        if not isinstance(found, tuple | list) or len(found) != len(call.diff):
            raise TypeError(
                f"bwd of {self.name} must return a tuple with a cotangent for each of {len(call.diff)} arguments, "
                f"not {shown(found)}: None stands for 0"
            )
        brought: list[Any] = []
        for i, x in zip(call.diff, found, strict=True):
            structure = call.structures.get(i)
            if structure is not None:
                what = f"{self.name}: bwd's cotangent of argument {i}"
                brought += [None] * structure.size if x is None else flatten(x, what, structure, opened=True)[0]
        return brought

    def push(self, inputs: Sequence[Any], results: Any, tangents: Sequence[Any], kept: Any) -> list[Any]:
        """See `Rule.push`."""

        def pulled(cotangents: list[Any]) -> tuple[list[Any], None]:
            return [0.0 if x is None else x for x in self.pull(inputs, results, cotangents, kept)], None

        return Linearization(pulled, constants_like(results or [0.0] * self.count, 0.0), self.name).pullback(tangents)
