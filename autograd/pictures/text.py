"""Users' text and numbers as pictures and terminals show them: as they stand, never as commands or markup.

Users' text reaches a picture through `label_text` alone, never as HTML, URL, tooltip or id.
"""

import re

LONGEST = 16_000  # bytes of one label: dot refuses a quoted string beyond 16,384
MOST_LINES = 24  # of one label: a box taller than its neighbours together hides them


def label_text(text: str) -> str:
    r"""Any text as a dot label that shows it as it stands, entities and escapes included.

    A line break stays one, up to MOST_LINES; other control characters become their pictures (U+2400 and on), characters that
    XML cannot hold U+FFFD. A text longer than LONGEST is cut, and says so.

    >>> print(label_text('a\tb \\N &amp; "c"\nd'))
    a␉b \\N &amp;amp; "c"\nd
    """
    text = text.replace("\r\n", "\n")
    shown, size, lines = [], 0, 1
    for position, character in enumerate(text):
        piece = _ESCAPES.get(character) or _visible(character)
        if character == "\n" and lines < MOST_LINES:
            piece, lines = r"\n", lines + 1
        size += len(piece.encode()) + (character == '"')
        if size > LONGEST:
            shown.append(f"… ({len(text)} characters, the first {position} shown)")
            break
        shown.append(piece)
    return "".join(shown)


_ESCAPES = {"\\": "\\\\", "&": "&amp;"}


def visible(text: str) -> str:
    r"""Any text as one line that no terminal obeys: control characters become pictures, those that set a direction U+FFFD.

    >>> visible("a\nb\x1b[0m")
    'a␊b␛[0m'
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _OBEYED(character) else _visible(character) for character in text)


_OBEYED = re.compile("[\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]").match


def shortened(text: str, longest: int) -> str:
    """A text, its end cut off where it is longer than `longest`.

    >>> shortened("activation", 4)
    'act…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def middle_cut(text: str, longest: int) -> str:
    """A text, its middle cut out where it is longer than `longest`.

    >>> middle_cut("layers.0.neurons.3.weights.1", 9)
    'laye…ts.1'
    """
    return text if len(text) <= longest else f"{text[: (longest - 1) // 2]}…{text[-(longest // 2) :]}"


def number(x: float | None, precision: int) -> str:
    """A number with `precision` significant digits; "-" for None, 0 for -0.

    >>> number(1.0 / 3.0, 3), number(-0.0, 3), number(None, 3)
    ('0.333', '0', '-')
    """
    return "-" if x is None else f"{x + 0.0:.{precision}g}"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if character == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    if 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\N{REPLACEMENT CHARACTER}"
    return character
