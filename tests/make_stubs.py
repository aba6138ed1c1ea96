"""Write what type checkers and editors see: `python -m tests.make_stubs`.

`autograd/typed.pyi` comes from the table, and from the functions of `autograd.functions`; `__init__.pyi` of autograd and nn
from the names that each imports, at once or when first asked for. A new primitive or name needs only this command.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from inspect import Parameter
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import autograd.functions
import autograd.primitives
import autograd.special
import nn
from autograd import Value, jit
from autograd.definition import Primitive
from autograd.files import write_whole

COMMAND = "python -m tests.make_stubs"
STUB = Path(autograd.primitives.__file__).with_name("typed.pyi")
MOST_ARGUMENTS = 6  # of functions of Values that take floats too

PREAMBLE = f'''"""The primitives as type checkers and editors see them. Made from the table by `{COMMAND}`: edit that."""

# mypy: disable-error-code="overload-overlap, override"

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Generic, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from autograd.compiler.jit import Jitted
from autograd.definition import Primitive
from autograd.pictures.picture import Picture
from autograd.value import Value

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
X = TypeVar("X")
X_contra = TypeVar("X_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

class Scalar(Protocol):
    """One number of another library's, such as a NumPy scalar."""

    def __float__(self) -> float: ...
    def is_integer(self) -> bool: ...

Real: TypeAlias = float | int | Scalar
Operand: TypeAlias = float | int | Scalar | Value

class First(Protocol[X_contra, Q]):
    """Something made of a function whose first argument is an X."""

    def _f(self, x: X_contra, /, *args: Q.args, **kwargs: Q.kwargs) -> object: ...

class FirstAndResult(Protocol[X_contra, Q, R_co]):
    """The same, with the function's result."""

    def _f(self, x: X_contra, /, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...
'''

DECORATOR = '''
class JitDecorator(Protocol):
    """What `jit` returns that is called with options alone."""

    def __call__(self, f: Callable[P, R], /) -> Jitted[P, R]: ...

'''

METHODS = '''
class Methods:
    """Every primitive that takes numbers as a method, and as an operator if Python has one."""
'''

Signature = tuple[str, str]  # the parameters and the result, as they are written


def stub() -> str:
    """The text of the file."""
    public = {name: getattr(rows, name) for rows in (autograd.primitives, autograd.special) for name in rows.__all__}
    lines = [*PREAMBLE.splitlines(), *derived()]
    lines += METHODS.splitlines()
    lines += [line for name, known in public.items() for line in method(name, known)]
    lines += drawing()
    lines += [line for name, known in public.items() for line in function(name, known)]
    lines += [line for name in autograd.functions.__all__ for line in composed(name, getattr(autograd.functions, name))]
    return "\n".join([*lines, *DECORATOR.splitlines(), *compiling()]) + "\n"


def derived() -> Iterator[str]:
    """What transforms return: functions that take what f takes, and where these are Values, floats as well.

    A gradient has the type of the first argument. Classes rather than protocols: type checkers compare these by name, quickly.
    """
    same, first = "*args: P.args, **kwargs: P.kwargs", "x: X, /, *args: Q.args, **kwargs: Q.kwargs"
    yield from _derived(
        "Derived[P, R_co]",
        "A function made of f, with its result.",
        ("self", same, "R_co"),
        {
            "Derived[[{}], Value]": "float",
            "Derived[[{}], Any]": "Any",
        },
        "Derived[[{}], Any]",
        "R_co",
    )
    yield from _derived(
        "Gradient[P]",
        "The gradient of f.",
        ("self: First[X, Q]", first, "X"),
        {
            "Gradient[[{}]]": "float",
        },
        "Gradient[[{}]]",
        "Value",
    )
    yield from _derived(
        "ValueAndGradient[P, R_co]",
        "The value of f and its gradient.",
        ("self: FirstAndResult[X, Q, R]", first, "tuple[R, X]"),
        {"ValueAndGradient[[{}], Any]": "tuple[float, float]"},
        "ValueAndGradient[[{}], Any]",
        "tuple[R_co, Value]",
    )
    yield from _derived("Matrix[P]", "Derivatives of f in some structure.", ("self", same, "Any"), {}, "Matrix[[{}]]", "Any")


def _derived(
    name: str, doc: str, call: tuple[str, str, str], on_floats: dict[str, str], of_values: str, mixed: str
) -> Iterator[str]:
    yield from ("", f"class {name.replace('[', '(Generic[')}):", f'    """{doc}"""', "")
    result = "R_co" if "R_co" in name else "object"
    yield f"    def _f(self, *args: P.args, **kwargs: P.kwargs) -> {result}: ..."
    found = [(f"{call[0]}, {call[1]}", call[2])]
    for count in range(1, MOST_ARGUMENTS + 1):
        values, reals, numbers = (several(count, pattern) for pattern in ("Value", "x{}: Real", "x{}: Operand"))
        found += [(f"self: {kind.format(values)}, {reals}, /", result) for kind, result in on_floats.items()]
        if count > 1 or not on_floats:
            found.append((f"self: {of_values.format(values)}, {numbers}, /", mixed))
    yield from overloads("__call__", found, "    ")


def several(count: int, pattern: str) -> str:
    """A list of parameters, or of their types."""
    return ", ".join(pattern.format(i) for i in range(count))


def compiling() -> Iterator[str]:
    """`jit`: it keeps the signature of a function, unless it maps it over rows."""
    _, in_axes, *others = parameters_of(jit)
    rest = [(p, inspect.formatannotation(p.annotation).replace("collections.abc.", "")) for p in others]
    axes = inspect.formatannotation(in_axes.annotation).replace("collections.abc.", "")
    plain, mapped = (in_axes, "None"), (in_axes.replace(default=in_axes.empty), axes)
    ways = [
        (written([plain, *rest], "f: Callable[P, R]"), "Jitted[P, R]"),
        (written([mapped, *rest], "f: Callable[..., object]"), "Jitted[..., Any]"),
        (written([plain, *rest]), "JitDecorator"),
        (written([mapped, *rest]), "Callable[[Callable[..., object]], Jitted[..., Any]]"),
    ]
    for i, (parameters, result) in enumerate(ways):
        yield "@overload"
        yield f"def jit({parameters}) -> {result}:" + (" ..." if i else "")
        yield from docstring(jit, "    ") if i == 0 else ()


# --- primitives and functions -----------------------------------------------------------------------------------------


def method(name: str, known: Primitive) -> Iterator[str]:
    """A primitive as a method, unless its first operand is a sequence, and as an operator."""
    first, *others = parameters_of(known)
    if known.sequences():
        return
    if first.kind is not Parameter.VAR_POSITIONAL:
        first = first.replace(kind=Parameter.POSITIONAL_ONLY)
    shown = [first, *others] if first.kind is Parameter.VAR_POSITIONAL else others
    parameters = written([(p, "Operand") for p in shown], before="self")
    yield f"    def {name}({parameters}) -> Value:"
    yield f'        """{(known.__doc__ or "").partition(chr(10))[0]}"""'
    yield ""
    if known.operator and name == known.name:
        right = ", other: Operand" if known.arity == 2 else ""
        yield f"    def __{known.operator}__(self{right}) -> Value: ..."
        if right:
            yield f"    def __r{known.operator}__(self{right.replace('Operand', 'Real')}) -> Value: ..."
        yield ""


def drawing() -> Iterator[str]:
    """`Value.draw`, which pictures attach."""
    signature = inspect.signature(Value.draw)
    options = [(p, inspect.formatannotation(p.annotation)) for p in [*signature.parameters.values()][1:]]
    yield f"    def draw({written(options, before='self')}) -> Picture:"
    yield from docstring(Value.draw, "        ")
    yield ""


def function(name: str, known: Primitive) -> Iterator[str]:
    """A primitive as an object with signatures of its own, and its docstring where editors look for it."""
    if name == known.name:
        yield f"class _{name}(Primitive):"
        yield from docstring(known, "    ")
        found = [*signatures(parameters_of(known), "Value", "float", numbers=known.arity is not None)]
        if known.of_conditions:
            found.insert(-1, (written([(p, "bool") for p in parameters_of(known)]), "bool"))
        yield from overloads("__call__", [(f"self, {parameters}", result) for parameters, result in found], "    ")
        yield ""
    yield f"{name}: _{known.name}"
    yield from docstring(known, "")
    yield ""


def composed(name: str, known: Callable[..., Any]) -> Iterator[str]:
    """A function of primitives: what its annotations leave open, `Any`, are numbers."""
    result = inspect.formatannotation(inspect.signature(known).return_annotation).replace("typing.", "")
    on_values, on_floats = (result.replace("Any", kind) for kind in ("Value", "float"))
    for parameters, kind in signatures(parameters_of(known), on_values, on_floats, numbers=True):
        yield "@overload"
        yield f"def {name}({parameters}) -> {kind}:"
        yield from docstring(known, "    ")
        yield ""


def signatures(parameters: list[Parameter], on_values: str, on_floats: str, *, numbers: bool) -> Iterator[Signature]:
    """The overloads: a Value, or a mixture with floats, gives Values; floats alone give floats."""
    if parameters[-1].kind is Parameter.VAR_POSITIONAL:
        single = [parameters[-1].replace(kind=Parameter.POSITIONAL_ONLY)]
        for shown, real, number in (parameters, "Real", "Operand"), (single, "Iterable[float]", "Iterable[float | Value]"):
            yield written([(p, real) for p in shown]), on_floats
            yield written([(p, number) for p in shown]), on_values
    elif numbers:
        for i, first in enumerate(parameters):
            yield from _first_value(parameters[:i], first, parameters[i + 1 :], on_values)
        yield written([(p, "Real") for p in parameters]), on_floats
    else:
        yield written([(p, "Iterable[float]") for p in parameters]), on_floats
        yield written([(p, "Iterable[float | Value]") for p in parameters]), on_values


def _first_value(before: list[Parameter], first: Parameter, after: list[Parameter], result: str) -> Iterator[Signature]:
    """A call whose first Value is that parameter; where others before it have defaults, it may be named without them."""
    needed = [p.replace(default=p.empty) for p in [*before, first]]
    kinds = ["Real"] * len(before) + ["Value"]
    yield written([*zip(needed, kinds, strict=True), *[(p, "Operand") for p in after]]), result
    if any(p.default is not p.empty for p in before):
        short = [(p, "Real") for p in before if p.default is p.empty]
        named = [(needed[-1], "Value"), *[(p, "Operand") for p in after]]
        yield written([*short, *[(p.replace(kind=Parameter.KEYWORD_ONLY), kind) for p, kind in named]]), result


# --- text -------------------------------------------------------------------------------------------------------------


def parameters_of(known: Callable[..., Any]) -> list[Parameter]:
    """What a call takes."""
    return [*inspect.signature(known).parameters.values()]


def overloads(name: str, found: Sequence[Signature] | Iterator[Signature], indent: str) -> Iterator[str]:
    """Several signatures of one function."""
    for parameters, result in found:
        yield f"{indent}@overload"
        yield f"{indent}def {name}({parameters}) -> {result}: ..."


def written(typed: list[tuple[Parameter, str]], before: str = "") -> str:
    """Parameters with their types."""
    parts = [before] if before else []
    for i, (parameter, kind) in enumerate(typed):
        if parameter.kind is Parameter.KEYWORD_ONLY and (i == 0 or typed[i - 1][0].kind is not Parameter.KEYWORD_ONLY):
            parts.append("*")
        stars = "*" if parameter.kind is Parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        parts.append(f"{stars}{parameter.name}: {kind}{default}")
        following = typed[i + 1][0].kind if i + 1 < len(typed) else None
        if parameter.kind is Parameter.POSITIONAL_ONLY is not following:
            parts.append("/")
    return ", ".join(parts)


def docstring(known: Any, indent: str) -> Iterator[str]:
    """Its docstring as lines of a stub."""
    first, *others = inspect.cleandoc(known.__doc__ or "").splitlines()
    lines = [f'"""{first}', *others, '"""'] if others else [f'"""{first}"""']
    yield from (f"{indent}{line}".rstrip() for line in lines)


# --- packages ---------------------------------------------------------------------------------------------------------


def package(module: ModuleType) -> str:
    """The text of a package's `__init__.pyi`: its names, from where they are defined."""
    first = (module.__doc__ or "").partition("\n")[0]
    lines = [f'"""{first} Made by `{COMMAND}`: edit `__init__.py`."""', ""]
    homes = {name: room for room, names in module._ROOMS.items() for name in names.split()}
    homes |= dict.fromkeys(getattr(module, "_MODULES", ()), module.__name__)
    for name, thing in vars(module).items():
        if not name.startswith("_") and isinstance(thing, type | FunctionType):
            homes.setdefault(name, thing.__module__)
    found = [(room, name) for name, room in homes.items() if room not in TYPED]
    found = [("nn.typed" if room == "nn.losses" else room, name) for room, name in found]
    lines += [f"from {room} import {name} as {name}" for room, name in sorted(found)]
    if module is autograd:
        lines.append("from autograd.typed import *")
    return "\n".join(lines) + "\n"


LOSSES = '''"""What models and losses give, as type checkers and editors see it. Made by `{}`: edit that."""

# mypy: disable-error-code="override, misc, overload-overlap"

from collections.abc import Iterator, Sequence
from typing import Any, Literal, SupportsIndex, TypeAlias, overload

from autograd.typed import Operand, Real
from autograd.value import Value

Reals: TypeAlias = Real | Sequence["Reals"]
Numbers: TypeAlias = Operand | Sequence["Numbers"]

class Outputs(Value, list[Value]):
    """What a model gives: a Value, or lists of them. Only its sizes tell which, so whatever one of these has is let through."""

    def __getitem__(self, i: SupportsIndex | slice, /) -> Outputs: ...
    def __iter__(self) -> Iterator[Outputs]: ...
'''


def losses() -> str:
    """The text of `nn/typed.pyi`: a loss of Values is a Value, of floats a float, one not reduced has their structure."""
    one, several = 'Literal["mean", "sum"]', 'Literal["none"]'
    ways = [("Reals", one, "float"), ("Numbers", one, "Value"), ("Any", several, "Any"), ("Any", one, "Any")]
    lines = LOSSES.format(COMMAND).splitlines()
    for name in nn._ROOMS["nn.losses"].split():
        first, second, *others = parameters_of(getattr(nn, name))
        rest = [(p, inspect.formatannotation(p.annotation).replace("typing.", "")) for p in others if p.name != "reduction"]
        [reduction] = [p for p in others if p.name == "reduction"]
        for i, (predictions, kind, result) in enumerate(ways):
            chosen = (reduction.replace(default=reduction.empty) if kind == several else reduction, kind)
            parameters = written([(first, predictions), (second, "Any"), chosen, *rest])
            lines += ["", "@overload", f"def {name}({parameters}) -> {result}:" + (" ..." if i else "")]
            lines += docstring(getattr(nn, name), "    ") if i == 0 else ()
    return "\n".join(lines) + "\n"


TYPED = ("autograd.functions", "autograd.compiler.jit")  # typed.pyi has their names, and the primitives
LOSS_STUB = Path(str(nn.__file__)).with_name("typed.pyi")
STUBS = {STUB: stub, LOSS_STUB: losses} | {
    Path(str(m.__file__)).with_suffix(".pyi"): partial(package, m) for m in (autograd, nn)
}


if __name__ == "__main__":
    for path, text in STUBS.items():
        write_whole(path, text().encode())
