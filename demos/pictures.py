"""Every option of `draw` as a picture, those of docs/pictures.md: `python -m demos.pictures --out docs/pictures`."""

from collections.abc import Callable
from typing import Any

from autograd import Value, dot, draw, latex, relu, sum_, tanh, tree
from demos._common import folder, parser, save_picture
from nn import MLP, Adam, Linear, Module, mse_loss

XOR = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]


def expression() -> Value:
    """y = tanh(w x) + 2, differentiated."""
    x, w = Value(1.5, label="x"), Value(-0.5, label="w")
    y = tanh(w * x) + 2.0
    y.label = "y"
    y.backward()
    return y


def product() -> Value:
    """The dot of two weights and two inputs."""
    weights = [Value(0.5, label="w0"), Value(-1.0, label="w1")]
    return dot(weights, [Value(2.0, label="x0"), 3.0])


def pair() -> list[Value]:
    """Two results that share what they were computed from."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    total = a + b
    return [total * total, relu(total)]


def network_loss(nouts: list[int], samples: int = 4) -> Value:
    """The differentiated loss of a network, fresh from its initialization, at some points of XOR."""
    model = MLP(2, nouts, rng=3)
    loss = sum_([(model(x) - y) ** 2 for x, y in XOR[-samples:]])
    loss.label = "loss"
    loss.backward()
    return loss


def trained() -> MLP:
    """A network that has learned XOR."""
    model = MLP(2, [4, 1], rng=1)
    optimizer = Adam(model.parameters(), lr=0.1)
    for _ in range(100):
        loss = mse_loss([model(x) for x, _ in XOR], [y for _, y in XOR])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.data < 0.01
    return model


class Autoencoder(Module):
    """Three numbers squeezed into two, and brought back; a strength of its own for what is brought back."""

    def __init__(self) -> None:
        self.decoder = Linear(2, 3, rng=1)
        self.encoder = Linear(3, 2, activation="tanh", rng=0)
        self.strength = Value(0.5)

    def forward(self, x: Any) -> list[Any]:
        """strength * decoder(encoder(x))."""
        return [self.strength * y for y in self.decoder(self.encoder(x))]


def named() -> Any:
    """Its graph at one sample, modules as boxes."""
    model = Autoencoder()  # it lives until the picture is drawn, which asks it for names
    return draw(sum_(model([1.0, -2.0, 0.5])), depth=0, constants=False, precision=3, theme="auto")


PICTURES: dict[str, Callable[[], Any]] = {
    "plain": lambda: draw(expression()),
    "partials": lambda: draw(expression(), partials=True),
    "gradients": lambda: draw(expression(), gradients=True, precision=3),
    "constants": lambda: draw(expression(), constants=False),
    "several": lambda: draw(pair()),
    "expand": lambda: draw(product(), expand=True),
    "folded": lambda: draw(product()),
    "group": lambda: draw(network_loss([1], samples=1), group=True, precision=3, theme="auto"),
    "depth": lambda: draw(network_loss([3, 3, 1]), depth=0, gradients=True, constants=False, precision=3, theme="auto"),
    "max_nodes": lambda: draw(network_loss([2, 1]), max_nodes=6, constants=False, precision=3),
    "rankdir": lambda: draw(expression(), rankdir="TB"),
    "dark": lambda: draw(expression(), theme="dark", partials=True),
    "auto": lambda: draw(expression(), theme="auto", gradients=True, precision=3),
    "model": lambda: trained().draw(theme="auto"),
    "own": lambda: Autoencoder().draw(theme="auto"),
    "names": named,
}


def main(arguments: list[str] | None = None) -> None:
    """Draw them all, and print those that a terminal can show."""
    out = folder(parser(__doc__).parse_args(arguments).out)
    for name, picture in PICTURES.items():
        save_picture(picture(), out / f"{name}.svg")
    print(tree(expression()))
    print(latex(expression()))
    print(f"{len(PICTURES)} pictures: {out}")


if __name__ == "__main__":
    main()
