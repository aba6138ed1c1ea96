"""The graph as a picture: values in boxes, operations in circles, for graphviz."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.pictures.options import Options, several
from autograd.pictures.sketch import Sketch
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.pictures.picture import Picture


def draw(
    results: Value | Sequence[Value],
    *,
    partials: bool = False,
    gradients: bool = False,
    group: bool = False,
    depth: int | None = None,
    constants: bool = True,
    expand: bool = False,
    max_nodes: int | None = None,
    rankdir: str = "LR",
    theme: str = "light",
    precision: int = 6,
    model: Any = None,
) -> "Picture":
    """Draw the graph that computed a result, or several, as a `graphviz.Digraph`: values in boxes, operations in circles.

    A value's box shows its label, its number (data) and its gradient, "-" until a backward pass arrives; a constant's box shows
    its number. The same graph gives the same text. Also a method: `result.draw(...)`. docs/pictures.md shows every option.

    Args:
        results: a Value, or several; what they share is drawn once.
        partials: write the local partial, d result / d operand, on each edge into an operation.
        gradients: colour boxes by their gradient, blue below 0 and orange above, with a legend.
        group: frame the values of each module, by the names of its parameters in the model ("layers.0.neurons.3.bias").
        depth: draw each module nested deeper than this as one node, with its parameters' count and shapes; 0: every module.
        constants: False writes constants into the operation, `· * 2`, instead of into boxes.
        expand: draw a `dot` as its products and their sum.
        max_nodes: draw at most this many values and folded modules, 500 by default. Modules fold from the deepest; if that is
            not enough, the picture leaves out what is farthest from the result, and says so.
        rankdir: graphviz's direction, "LR", "TB", "RL" or "BT".
        theme: "light", "dark", or "auto", which has no background and suits any.
        precision: the significant digits of numbers.
        model: names and frames are those of this module; without it, of the outermost modules that hold the parameters.

    Raises TypeError for anything but Values, for a flag that is not True or False and for a model that names no parameters;
    ValueError for a wrong option, and without `max_nodes` for more than 5,000 values that no module gathers.

    >>> a = Value(2.0, label="a")
    >>> "data 6" in draw(a * 3.0).source
    True
    """
    found = several(results, "draw", "draw")
    options = Options(partials, gradients, group, depth, constants, expand, max_nodes, rankdir, theme, precision, model)
    sketch = Sketch(found, options)

    from autograd.pictures.dot import Drawing  # it imports graphviz, which importing autograd must not

    return Drawing(sketch, options).picture()


setattr(Value, "draw", draw)  # noqa: B010 - a type checker sees it as a method, in autograd/typed.pyi
