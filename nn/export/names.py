"""A tree of dotted names, as attributes, lists and dicts of PyTorch modules, written in Python."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

Tree = dict[str, Any]
"""By each word what it leads to: another tree, or the Python that makes a module or parameter."""

PARAMETER = "nn.Parameter("


def tree_of(leaves: Mapping[str, str]) -> Tree:
    """The tree of dotted names with the Python that makes each.

    >>> tree_of({"a.0": "nn.Tanh()", "b": "nn.ReLU()"})
    {'a': {'0': 'nn.Tanh()'}, 'b': 'nn.ReLU()'}
    """
    tree: Tree = {}
    for name, made in leaves.items():
        *words, last = name.split(".")
        inner = tree
        for word in words:
            inner = inner.setdefault(word, {})
        inner[last] = made
    return tree


def statements(tree: Tree, holder: str = "self") -> Iterator[str]:
    """The lines that make what is in the tree, as attributes of the holder."""
    stack = [(holder, tree)]
    while stack:
        place, inner = stack.pop()
        deeper = []
        for word, member in inner.items():
            if isinstance(member, str):
                if not _is_in_container(inner):
                    yield _set(place, word, member)
                continue
            path = access(place, inner, word)
            if not _is_in_container(inner):
                yield _set(place, word, _made(member))
            deeper.append((path, member))
        stack += reversed(deeper)


def access(place: str, inner: Tree, word: str) -> str:
    """Python for a member."""
    if _is_list(inner):
        return f"{place}[{word}]"
    if _is_in_container(inner):
        return f'{place}["{word}"]'
    return f"{place}.{word}" if _is_name(word) else f'getattr({place}, "{word}")'


def reach(tree: Tree, name: str, holder: str = "self") -> str:
    """Python for what bears a dotted name.

    >>> reach(tree_of({"layers.0": "nn.Tanh()"}), "layers.0.weight")
    'self.layers[0].weight'
    """
    inner: Any = tree
    for word in name.split("."):
        if isinstance(inner, str):
            holder += f".{word}"
            continue
        holder = access(holder, inner, word)
        inner = inner[word]
    return holder


def _made(inner: Tree) -> str:
    """Python for the container of a tree's members."""
    made = {word: member if isinstance(member, str) else _made(member) for word, member in inner.items()}
    if _is_list(inner):
        lines = f"nn.ModuleList([{', '.join(made.values())}])"
        if len(lines) <= 90:
            return lines
        return "nn.ModuleList(\n    [\n" + "".join(_indented(f"{member},", 8) for member in made.values()) + "    ]\n)"
    if _is_in_container(inner):
        return "nn.ModuleDict({" + ", ".join(f'"{word}": {member}' for word, member in made.items()) + "})"
    return "nn.Module()"


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.split("\n"))


def _is_list(inner: Tree) -> bool:
    return _holds_modules(inner) and list(inner) == [str(i) for i in range(len(inner))]


def _is_in_container(inner: Tree) -> bool:
    """Whether the tree is a ModuleList or ModuleDict, made with its members."""
    return _holds_modules(inner) and not all(map(_is_name, inner))


def _holds_modules(inner: Tree) -> bool:
    return not any(isinstance(member, str) and member.startswith(PARAMETER) for member in inner.values())


def _is_name(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)


def _set(place: str, word: str, made: str) -> str:
    if _is_name(word):
        return f"{place}.{word} = {made}"
    return f'{place}.register_{"parameter" if made.startswith(PARAMETER) else "module"}("{word}", {made})'
