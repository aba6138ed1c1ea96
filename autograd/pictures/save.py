"""A picture or a page as a file, in the format of the file's name."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.files import write_whole
from autograd.pictures.draw import draw
from autograd.pictures.options import several
from autograd.pictures.page.html import page
from autograd.pictures.renderer import check_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.pictures.page.recording import Recording
    from autograd.pictures.picture import Picture
    from autograd.value import Value


def save(result: "Value | Sequence[Value] | Picture | Recording", path: str | os.PathLike[str], **options: Any) -> Path:
    """Write a picture or a page, and return the file's path. `autograd.files.write_whole` writes it whole or not at all.

    Args:
        result: what to draw, or a picture that `draw` returned.
        path: the file; the end of its name is the format. Every renderer writes .svg and .png, Graphviz's own `dot` also .pdf.
            A .dot file, the picture's text, needs no renderer. An .html file is the `page` of one result or a Recording.
        options: those of `draw`; for .html, those of `page`.

    Raises, before anything is drawn, ValueError for a name without a format and for a format that the renderer lacks,
    FileNotFoundError for a missing folder, TypeError for anything that cannot be drawn and for options to a picture that is
    drawn already, and RendererNotFoundError without a renderer.

    >>> import tempfile
    >>> from autograd import Value
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Value(2.0, label="a") * 3.0, folder + "/graph.svg").name
    'graph.svg'
    """
    path = Path(path)
    suffix = path.suffix.removeprefix(".").lower()
    if not suffix.isalnum():
        raise ValueError(f"{str(path)!r} does not say its format: end it in .svg, .png or .dot, as in {path.stem + '.svg'!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to save {path.name!r} in: make it first")
    write_whole(path, _content(result, suffix, options))
    return path


def _content(result: Any, suffix: str, options: dict[str, Any]) -> bytes:
    """The bytes of a file of that format."""
    import graphviz

    drawn, as_text = isinstance(result, graphviz.Digraph), suffix in ("dot", "gv")
    if suffix == "html":
        if drawn:
            raise TypeError("a drawn picture has no steps to go through: save(result, 'graph.html') with the Value itself")
        return page(result, **options).encode()
    if drawn and options:
        given = ", ".join(f"{name}=..." for name in options)
        raise TypeError(f"this picture is drawn already, so options come too late: draw(result, {given}), then save")
    if not drawn:
        several(result, "draw", "draw")
    if not as_text:
        check_format(suffix)
    picture = result if drawn else draw(result, **options)
    if as_text:
        return bytes(picture.source.encode())
    try:
        return bytes(picture.pipe(format=suffix))
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        raise RuntimeError(f"the renderer failed, with exit status {error.returncode}: {said}") from error
