"""An expression, its gradients, and its picture: `python -m demos.quickstart`."""

from autograd import Value, tanh
from demos._common import folder, parser, save_picture


def main(arguments: list[str] | None = None) -> None:
    """Compute tanh(w x + b), print its gradients, and draw its graph."""
    out = folder(parser(__doc__).parse_args(arguments).out)
    x = Value(2.0, label="x")
    w = Value(-0.5, label="w")
    b = Value(1.5, label="b")
    y = tanh(w * x + b)
    y.label = "y"
    y.backward()

    print(f"y = tanh(w x + b) = {y:.6f}")
    for value in (x, w, b):
        print(f"dy/d{value.label} = {value.grad:+.6f}")
    path = save_picture(y, out / "quickstart.svg", partials=True)
    print(f"its graph, with the local partial on each edge: {path}")


if __name__ == "__main__":
    main()
