"""Modules nested in one another, to any depth: searched, copied and pickled without recursion."""

import copyreg
import operator
import weakref
from collections.abc import Generator, Iterator
from collections.abc import Set as AbstractSet
from itertools import product
from math import inf
from threading import get_ident
from typing import Any, Self

from autograd import Value
from autograd.pictures.places import FINDERS, alive, came_alive
from autograd.structures import is_array
from nn.parameter import Parameter, labels_of, labels_to_grow

LABELLED = (
    16  # levels of lists and modules: deeper labels do not grow, so that nesting deeper and deeper costs no more and more
)


class Nested:
    """The base of modules. With everything nested in it, it travels as one flat list: see `_Tree`.

    Modules that are alive and have attributes are known, weakly, for pictures to ask what they hold (`pictures/places.py`).
    What they can ask no more, when the models are gone, they read from labels: one that names the place in an inner module
    grows by the attribute's name where this is set in an outer one.
    """

    def __setattr__(self, name: str, thing: Any) -> None:
        if not vars(self):
            came_alive(self)
        super().__setattr__(name, thing)
        if isinstance(thing, Nested | list | tuple | dict) or is_array(thing):
            for holder, key, found in search({name: thing}, deepest=LABELLED, of_list=labels_to_grow):
                if isinstance(found, list):
                    labels = found[0]._label
                    labels.path = _grown(labels.path, holder, key)
                elif isinstance(found, Value):
                    found.label = _grown(found.label, holder, key)

    def __copy__(self) -> Self:
        function, arguments, state, items, pairs = _reduced(self)
        made: Any = function(*arguments)
        _set_state(made, state)
        for item in items or ():
            made.append(item)
        for key, item in pairs or ():
            made[key] = item
        return made  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        tree = _TRAVELLING.get((get_ident(), id(self)))
        if tree is None:
            tree = _Tree(self)
            if not tree.nested:  # its class says otherwise
                return object.__reduce_ex__(self, protocol)
        return operator.getitem, (tree, tree.places[id(self)])


def holding(wanted: AbstractSet[Value]) -> list[Nested]:
    """The modules alive that hold some of these parameters and are in no other module, in the order in which they were made."""
    if not wanted:
        return []
    found: list[Nested] = []
    inside: set[int] = set()
    for reference in alive():
        module = reference()
        if module is None or id(module) in inside:
            continue
        holds = False
        for _, _, thing in walk(module):
            if isinstance(thing, Value):
                holds = holds or thing in wanted
            else:
                inside.add(id(thing))
        if holds:
            found.append(module)
    return [module for module in found if id(module) not in inside]


FINDERS.append(holding)


def _grown(label: str, holder: "Holder", key: Any) -> str:
    """The path of what a thing holds by that key, if its label is the end of it; else the label as it is."""
    return path if label and (path := holder.name(key)).endswith(f".{label}") else label


class _Tree:
    """Everything nested in a module, for pickle and copy.deepcopy: blank objects first, then their states.

    States name what is nested by its place among the blank objects, which are known by then: so nothing is entered twice. The
    pickler, or deepcopy's memo, keeps the tree as long as it works, and what is nested finds it by `_TRAVELLING`. Objects whose
    classes define `__reduce__` travel as these say.
    """

    def __init__(self, top: Nested) -> None:
        self.nested: list[Nested] = []
        self.places: dict[int, int] = {}
        self.blanks: list[tuple[Any, ...]] = []
        self.states: list[Any] = []
        thread, stack = get_ident(), [top]
        while stack:
            thing = stack.pop()
            if (thread, id(thing)) in _TRAVELLING:
                continue
            function, arguments, state, items, pairs = _reduced(thing)
            if function is not copyreg.__newobj__ or items is not None or pairs is not None:  # type: ignore[attr-defined]
                continue
            self.places[id(thing)] = len(self.nested)
            self.nested.append(thing)
            self.blanks.append(arguments)
            self.states.append(state)
            _TRAVELLING[thread, id(thing)] = self
            stack += [found for _, _, found in walk(state, enter=False) if isinstance(found, Nested)]

    def __reduce__(self) -> tuple[Any, ...]:
        return _blank, (self.blanks,), self.states

    def __setstate__(self, states: list[Any]) -> None:
        for thing, state in zip(reversed(self.nested), reversed(states), strict=True):  # the innermost first
            _set_state(thing, state)

    def __getitem__(self, place: int) -> Nested:
        return self.nested[place]


_TRAVELLING: weakref.WeakValueDictionary[tuple[int, int], _Tree] = weakref.WeakValueDictionary()
"""By the thread and what is nested: the tree in which it travels, which keeps it."""


def _reduced(thing: Nested) -> tuple[Any, ...]:
    """What makes an object of that class: a function, its arguments, and the object's state, items and pairs if it has any."""
    reduced: Any = object.__reduce_ex__(thing, 2)
    return (*reduced, None, None, None)[:5]


def _blank(blanks: list[tuple[Any, ...]]) -> _Tree:
    tree = object.__new__(_Tree)
    tree.nested = [kind.__new__(kind, *arguments) for kind, *arguments in blanks]
    return tree


def _set_state(thing: Any, state: Any) -> None:
    """As pickle and copy do it."""
    if isinstance(thing, Nested):
        came_alive(thing)
    if state is None:
        return
    if hasattr(thing, "__setstate__"):
        thing.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    vars(thing).update(attributes or {})
    for name, content in (slots or {}).items():
        setattr(thing, name, content)


def contents_of(thing: Any, passed_over: frozenset[type] = frozenset()) -> list[tuple[Any, Any]]:
    """Where parameters are sought in a thing: its contents with their keys, which are tuples for a NumPy array of objects.

    A list or tuple whose items are all of the types `passed_over` counts as empty.
    """
    if isinstance(thing, list | tuple):
        return [] if passed_over.issuperset(map(type, thing)) else list(enumerate(thing))
    if isinstance(thing, Nested):
        return list(vars(thing).items())
    if isinstance(thing, dict):
        return list(thing.items())
    if is_array(thing) and thing.dtype.kind == "O":
        return list(zip(product(*map(range, thing.shape)), thing.ravel().tolist(), strict=True))
    return []


class Holder:
    """A thing that is being searched. Its path is made when a name is asked for, and not before: deep paths are long."""

    __slots__ = ("_path", "contents", "key", "outer", "several")

    def __init__(
        self, thing: Any, outer: "Holder | None" = None, key: Any = "", passed_over: frozenset[type] = frozenset()
    ) -> None:
        self.contents = iter(contents_of(thing, passed_over))
        self.several = is_array(thing)
        self.outer = outer
        self.key = key
        self._path: str | None = "" if outer is None else None

    def name(self, key: Any) -> str:
        """The path of what it holds by that key, such as "layers.0.bias"."""
        if self._path is None:
            words, holder = [], self
            while holder._path is None and holder.outer is not None:
                words.append(holder.outer._word(holder.key))
                holder = holder.outer
            self._path = ".".join(filter(None, [holder._path, *reversed(words)]))
        path, word = self._path, self._word(key)
        return f"{path}.{word}" if path and word else path or word

    def _word(self, key: Any) -> str:
        return ".".join(map(str, key)) if self.several else str(key)


PARAMETERS: frozenset[type] = frozenset({Value, Parameter})
_SINGLE: frozenset[type] = frozenset({float, int, bool, str, type(None)})  # in which nothing is nested


def walk(
    thing: Any, *, enter: bool = True, values: bool = True, deepest: float = inf
) -> Iterator[tuple[Holder, Any, Value | Nested]]:
    """The parameters, if `values`, and modules in a thing, and inside these if `enter`: each once, with its holder and key.

    Nothing is sought more than `deepest` levels down.
    """
    for holder, key, found in search(thing, enter=enter, values=values, deepest=deepest):
        if isinstance(found, list):
            inner = Holder(found, holder, key)
            for i, parameter in enumerate(found):
                yield inner, i, parameter
        else:
            yield holder, key, found


def search(
    thing: Any, *, enter: bool = True, values: bool = True, deepest: float = inf, of_list: Any = labels_of
) -> Iterator[tuple[Holder, Any, Value | Nested | list[Any]]]:
    """As `walk`; but parameters that were labelled together, of which a large model has most, come as the list of them.

    More exactly, `of_list` says of a list whether it comes so, or, by None, is searched, or, by False, is passed over.
    """
    passed_over = _SINGLE if values else _SINGLE | PARAMETERS
    seen = {id(thing)}
    alone = set[int]()  # the parameters that came alone
    stack = [Holder(thing, passed_over=passed_over)]
    while stack:
        holder = stack[-1]
        for key, content in holder.contents:
            if type(content) in passed_over or id(content) in seen:
                continue
            if isinstance(content, Value):
                if values and not content.operands and id(getattr(content, "_label", None)) not in seen:
                    seen.add(id(content))
                    alone.add(id(content))
                    yield holder, key, content
                continue
            seen.add(id(content))
            nested = isinstance(content, Nested)
            if nested:
                yield holder, key, content
            together = of_list(content) if type(content) is list and values else None
            if (nested and not enter) or len(stack) >= deepest or together is False:
                continue
            if together is None or (alone and not alone.isdisjoint(map(id, content))):
                stack.append(Holder(content, holder, key, passed_over))
                break
            if id(together) not in seen:
                yield holder, key, content
                seen.add(id(content[0]._label))
        else:
            stack.pop()


Call = Generator["Call", Any, Any]
"""A call of a function that yields the calls of functions that it needs, and is sent what they return."""


def unrolled(call: Call) -> Any:
    """What a call returns; its calls wait in a list, not on Python's stack, which ends at 1,000.

    >>> def depth_of(thing):
    ...     return 1 + (yield depth_of(thing[0])) if thing else 0
    >>> unrolled(depth_of([[[]]]))
    2
    """
    waiting, returned = [call], None
    while waiting:
        try:
            waiting.append(waiting[-1].send(returned))
            returned = None
        except StopIteration as done:
            waiting.pop()
            returned = done.value
    return returned
