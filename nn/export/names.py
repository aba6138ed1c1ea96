"""A tree of dotted names, as attributes, lists and dicts of PyTorch modules, written in Python."""

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

from nn.export.tensors import ExportError

Tree = dict[str, Any]
"""By each word what it leads to: another tree, or the Python that makes a module or parameter; by "" what makes the whole."""

PARAMETER = "nn.Parameter("
METHODS = re.compile(
    "add_module|apply|bfloat16|buffers|call_super_init|children|compile|cpu|cuda|double|dump_patches|eval|"
    "extra_repr|float|forward|get_buffer|get_extra_state|get_parameter|get_submodule|half|ipu|load_state_dict|"
    "modules|mtia|named_buffers|named_children|named_modules|named_parameters|parameters|register_backward_hook|"
    "register_buffer|register_forward_hook|register_forward_pre_hook|register_full_backward_hook|"
    "register_full_backward_pre_hook|register_load_state_dict_post_hook|register_load_state_dict_pre_hook|"
    "register_module|register_parameter|register_state_dict_post_hook|register_state_dict_pre_hook|requires_grad_|"
    "set_extra_state|set_submodule|share_memory|state_dict|T_destination|to|to_empty|train|training|type|xpu|"
    "zero_grad"
)
"""What every PyTorch module has: no parameter or module in it can bear such a name."""


def tree_of(members: Mapping[str, str]) -> Tree:
    """The tree of dotted names with the Python that makes each; ExportError for a name that PyTorch has taken.

    >>> tree_of({"a.0": "nn.Tanh()", "b": "nn.ReLU()", "b.c": "nn.Parameter(x)"})
    {'a': {'0': 'nn.Tanh()'}, 'b': {'': 'nn.ReLU()', 'c': 'nn.Parameter(x)'}}
    """
    tree: Tree = {}
    for name, made in members.items():
        inner = tree
        *words, last = name.split(".")
        for word in [*words, last]:
            if METHODS.fullmatch(word):
                raise ExportError(f"{name!r} cannot be a name in PyTorch, whose modules have a method {word!r}: rename it")
        for word in words:
            if isinstance(inner.get(word), str):
                inner[word] = {"": inner[word]}
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
            if word and not _is_in_container(inner):
                yield _set(place, word, _made(member))
            if word and not isinstance(member, str):
                deeper.append((access(place, inner, word), member))
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
        inside = not isinstance(inner, str) and word in inner
        holder = access(holder, inner, word) if inside else f"{holder}.{word}"
        inner = inner[word] if inside else ""
    return holder


def _made(inner: Tree | str) -> str:
    """Python that makes a member: a container, with its members."""
    if isinstance(inner, str) or "" in inner:
        return inner if isinstance(inner, str) else str(inner[""])
    made = {word: _made(member) for word, member in inner.items()}
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
    return _holds_modules(inner) and "" not in inner and not all(map(_is_name, inner))


def _holds_modules(inner: Tree) -> bool:
    return not any(isinstance(member, str) and member.startswith(PARAMETER) for member in inner.values())


def _is_name(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)


def _set(place: str, word: str, made: str) -> str:
    if _is_name(word):
        return f"{place}.{word} = {made}"
    return f'{place}.register_{"parameter" if made.startswith(PARAMETER) else "module"}("{word}", {made})'
