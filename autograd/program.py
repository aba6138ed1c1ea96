"""A program: a function as a flat sequence of primitives, which runs on any numbers, prints as Python and pickles at any depth.

The compiler traces functions into programs; tests draw random ones.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from math import copysign
from typing import Any, ClassVar

from autograd import primitives
from autograd.definition import Primitive

Place = int | float
"""An operand: an earlier number by its place (the inputs come first), or a constant."""
Step = tuple[Primitive, tuple[Place, ...]]
"""A primitive with its operands."""


def _at(primitive: Any, *operands: Any) -> Any:
    return primitive.at(*operands)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A function of `inputs` numbers: `steps` are primitives with their operands; `outputs` are places or constants.

    >>> from autograd import mul
    >>> product = Program(2, ((mul, (0, 1)),), (2, 5.0))
    >>> product(3.0, 4.0)
    [12.0, 5.0]
    """

    inputs: int
    steps: tuple[Step, ...]
    outputs: tuple[Place, ...]
    _forms: dict[Any, None] | None = field(default=None, init=False, repr=False)  # as they were first asked for
    _signs: list[float] | None = field(default=None, init=False, repr=False)  # likewise, and programs are compared often
    draw: ClassVar[Any] = None  # `autograd.pictures.program` puts the function here

    def __eq__(self, other: object) -> bool:
        """Whether both compute the same in the same steps: the constant 2.0 is not the number in place 2, nor 0.0 -0.0."""
        if not isinstance(other, Program):
            return NotImplemented
        if self is other:
            return True
        same = (self.inputs, self.steps, self.outputs) == (other.inputs, other.steps, other.outputs)
        return same and self._marks() == other._marks()

    def __hash__(self) -> int:
        return hash((self.inputs, self.steps, self.outputs))

    def _marks(self) -> list[float]:
        """For each place the sign of a constant, else 0: == takes 0.0 for -0.0, and the constant 2.0 for the place 2."""
        if self._signs is None:
            places = chain(self.outputs, *[operands for _, operands in self.steps])
            signs = [copysign(1.0, place) if type(place) is float else 0.0 for place in places]
            object.__setattr__(self, "_signs", signs)
        return self._signs or []

    @property
    def forms(self) -> dict[Any, None]:
        """The different primitives and forms of its steps, in order: each pass asks for them, and the steps may be many."""
        if self._forms is None:
            object.__setattr__(self, "_forms", dict.fromkeys([step[0] for step in self.steps]))
        return self._forms or {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Program, (self.inputs, self.steps, self.outputs)

    def __call__(self, *numbers: Any) -> list[Any]:
        """The outputs for these inputs: floats, Values or Symbols, which record one primitive after another."""
        plain = {*map(type, numbers)} <= {float} and all(isinstance(form, Primitive) for form in self.forms)
        return self._on_floats(numbers) if plain else self.run(numbers, _at)

    def _on_floats(self, numbers: Iterable[float]) -> list[Any]:
        """`run` by each primitive's own function: of floats these make floats, so none looks at the type of its operands."""
        known = list(numbers)
        append = known.append
        for primitive, places in self.steps:
            if len(places) == 2:  # most steps
                x, y = places
                x, y = known[x] if x.__class__ is int else x, known[y] if y.__class__ is int else y
                append(primitive.evaluate(x, y))
            else:
                append(primitive.evaluate(*[known[x] if x.__class__ is int else x for x in places]))
        return [known[place] if type(place) is int else float(place) for place in self.outputs]

    def run(self, numbers: Iterable[Any], apply: Callable[..., Any], constant: Callable[[float], Any] = float) -> list[Any]:
        """The outputs as another reader finds them: by `apply(primitive, *operands)`, with `constant(x)` for a constant x."""
        known = list(numbers)
        for primitive, places in self.steps:
            operands = [known[place] if type(place) is int else constant(place) for place in places]
            form = None if apply is _at else getattr(primitive, "run", None)  # not a primitive
            known.append(apply(primitive, *operands) if form is None else form(operands, apply))
        return [known[place] if type(place) is int else constant(place) for place in self.outputs]

    def pruned(self) -> "Program":
        """The same function without the steps that no output depends on."""
        needed = {place for place in self.outputs if type(place) is int}.union(range(self.inputs))
        for i, (_, places) in reversed([*enumerate(self.steps, self.inputs)]):
            if i in needed:
                needed.update(place for place in places if type(place) is int)
        new = {old: place for place, old in enumerate(sorted(needed))}

        def moved(places: Iterable[Place]) -> tuple[Place, ...]:
            return tuple([new[place] if type(place) is int else place for place in places])

        kept = [step for i, step in enumerate(self.steps, self.inputs) if i in needed]
        return Program(self.inputs, tuple([(primitive, moved(places)) for primitive, places in kept]), moved(self.outputs))

    def part(self, inputs: Sequence[int], outputs: Sequence[int]) -> "Program":
        """The program of some outputs, by their places among these, as a function of the inputs at these places, in this order.

        Raises KeyError where an output needs another input.

        >>> from autograd import exp, mul
        >>> Program(3, ((mul, (0, 1)), (exp, (2,))), (3, 4)).part(inputs=[1, 0], outputs=[0])(2.0, 5.0)
        [10.0]
        """
        wanted = [self.outputs[i] for i in outputs]
        needed = {place for place in wanted if type(place) is int}
        for i in range(self.inputs + len(self.steps) - 1, self.inputs - 1, -1):
            if i in needed:
                needed.update(place for place in self.steps[i - self.inputs][1] if type(place) is int)
        new = {place: i for i, place in enumerate(inputs)}
        steps: list[Step] = []
        for i, (primitive, places) in enumerate(self.steps, self.inputs):
            if i in needed:
                new[i] = len(inputs) + len(steps)
                steps.append((primitive, tuple([new[place] if type(place) is int else place for place in places])))
        return Program(len(inputs), tuple(steps), tuple([new[place] if type(place) is int else place for place in wanted]))

    def depends(self, inputs: Iterable[int]) -> list[bool]:
        """For each output, whether it depends on any of these inputs.

        >>> from autograd import exp
        >>> Program(2, ((exp, (0,)),), (0, 1, 2)).depends([0])
        [True, False, True]
        """
        reached = set(inputs)
        for i, (_, places) in enumerate(self.steps, self.inputs):
            if any(place in reached for place in places if type(place) is int):
                reached.add(i)
        return [type(place) is int and place in reached for place in self.outputs]

    def source(
        self,
        name: str,
        inputs: Sequence[str],
        returned: Callable[[Sequence[str]], str],
        results: Sequence[str] | None = None,
        *,
        on_floats: bool = True,
    ) -> str:
        """The definition of a Python function of the inputs with these names, a line for each step.

        `returned` puts the outputs together, from their Python expressions. `results` are the names of the steps, by default
        v0, v1 and so on; steps beyond them are written where they are used. `on_floats` is as in `Primitive.source`.

        >>> from autograd import mul, tanh
        >>> program = Program(2, ((mul, (0, 1)), (tanh, (2,))), (3,))
        >>> print(imports_source([program]) + program.source("f", ["x", "y"], lambda outputs: outputs[0]))
        from autograd import tanh
        def f(x, y):
            v0 = x * y
            v1 = tanh(v0)
            return v1
        <BLANKLINE>
        """
        if results is None:
            taken = {*inputs, *[primitive.name for primitive, _ in self.steps]}
            prefix = next(v for v in ("v", "v_", "v__") if not any(re.fullmatch(rf"{v}\d+", name) for name in taken))
            results = [f"{prefix}{i}" for i in range(len(self.steps))]
        names = list(inputs)
        functions: dict[Any, list[str]] = {}  # of steps that have programs inside: what these are called
        lines = [f"def {name}({', '.join(inputs)}):"]

        def text(place: Place) -> str:
            return names[place] if type(place) is int else repr(place)

        for result, (primitive, places) in zip_longest(results, self.steps):
            form: Any = primitive  # it may be one of `autograd.forms`
            bodies = bodies_of(form)
            kinds = ("f", "g", "h") if hasattr(form, "bodies") else ("turn", "test")
            inner = functions.get(form, [f"{kind}{len(names)}" for kind in kinds[: len(bodies)]])
            for one, body in () if form in functions else zip(inner, bodies, strict=True):
                given = [f"x{i}" for i in range(body.inputs)]
                text_ = body.source(one, given, getattr(form, "returned", _listed), on_floats=on_floats)
                lines += [f"    {line}" for line in text_.splitlines()]
            functions[form] = inner
            operands = [text(place) for place in places]
            if bodies or hasattr(form, "bodies"):
                formula = form.source(operands, inner)
            elif hasattr(form, "run"):
                formula = form.source(operands)
            else:
                formula = primitive.source(operands, on_floats=on_floats)
            names.append(result or formula)
            lines += [f"    {result} = {formula}"] if result else []
        return "\n".join([*lines, f"    return {returned([text(output) for output in self.outputs])}", ""])


def bodies_of(primitive: Any) -> list[Program]:
    """The programs that a step has inside, as a loop has; a primitive has none."""
    return list(getattr(primitive, "bodies", ()))


def _listed(outputs: Sequence[str]) -> str:
    return f"[{', '.join(outputs)}]"


def with_bodies(programs: Iterable[Program]) -> list[Program]:
    """These programs, and the bodies of loops in them."""
    found = {id(program): program for program in programs}
    left = list(found.values())
    for program in left:  # which grows meanwhile
        inner = {id(body): body for form in program.forms for body in bodies_of(form)}
        left += [body for key, body in inner.items() if key not in found]  # a function may be called at several places
        found |= inner
    return left


def imports_source(programs: Sequence[Program], *, on_floats: bool = True) -> str:
    """The lines that import what these programs call: internal primitives and users' own are looked up in the table."""
    programs = with_bodies(programs)
    steps = [step for program in programs for step in program.steps]
    forms = {"loop": "run_loop", "call": "run_loop", "load": "load", "add_at": "add_at"}
    helpers = sorted({forms.get(step[0].name, "") for step in steps if hasattr(step[0], "run")} - {""})
    nests = {name for step in steps for name in getattr(step[0], "calls", ())}
    steps = [step for step in steps if not hasattr(step[0], "run")]
    numbers = {repr(x) for _, places in [*steps, *[(None, program.outputs) for program in programs]] for x in places}
    not_finite = sorted({number.lstrip("-") for number in numbers} & {"inf", "nan"})
    used = {primitive.name: primitive for primitive, _ in steps}
    called = [
        name for name, p in sorted(used.items()) if p.source(["x"] * (p.arity or 0), on_floats=on_floats).startswith(name)
    ]
    public = [
        name for name in called if name not in nests and vars(primitives).get(name) is used[name] and not used[name].internal
    ]
    others = [name for name in called if name not in public and name not in nests]
    public = sorted([*public, *nests])
    lines = [f"from math import {', '.join(not_finite)}"] if not_finite else []
    lines += [f"from autograd import {', '.join(public)}"] if public else []
    lines += [f"from autograd.forms import {', '.join(helpers)}"] if helpers else []
    lines += ["from autograd.table import lookup"] if others else []
    return "".join(f"{line}\n" for line in [*lines, *[f"{name} = lookup({name!r})" for name in others]])
