"""Symbols: what code calls or reads from outside, by names and not by addresses, so that another process can load it.

"c.sin" is of the C library, "v.name" of its functions of vectors, "e.sin.8" of ours, "p.name" of Python's C API.
"""

import re

_SYMBOL = re.compile(r"@([cepv]\.\w+(?:\.\d+)?)")


def symbols_in(text: str) -> list[str]:
    """The symbols in the text of an LLVM module.

    >>> symbols_in("call double @c.sin(double %x)")
    ['c.sin']
    """
    return sorted(set(_SYMBOL.findall(text)))


def with_symbols(text: str) -> str:
    """The text of an LLVM module with a declaration of each of its symbols."""
    return "\n".join([text, *[f"@{symbol} = external global i8" for symbol in symbols_in(text)]])
