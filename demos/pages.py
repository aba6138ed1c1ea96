"""Live pages, those of docs/pages: `python -m demos.pages --out docs/pages`; with --pictures a picture and a moving one too."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd import Recording, Value, record, relu, save, tanh
from demos._common import folder, parser
from demos.options import put
from nn import MLP, Adam, Conv2d, Flatten, Linear, Module, ReLU, Sequential, cross_entropy, mse_loss

XOR = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]


def named(value: Value, label: str) -> Value:
    """The value, with a label."""
    value.label = label
    return value


def neuron() -> Value:
    """micrograd's neuron."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2, b = Value(-3.0, label="w1"), Value(1.0, label="w2"), Value(6.881373587019543, label="b")
    return named(tanh(named(x1 * w1 + x2 * w2 + b, "n")), "o")


def readme() -> Value:
    """The example of micrograd's README."""
    a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + relu(b + a)
    d += 3 * d + relu(b - a)
    f = (c - d) ** 2
    return named(f / 2.0 + 10.0 / f, "g")


def twice() -> Value:
    """One value, used twice by one operation."""
    a = Value(3.0, label="a")
    return named(a + a, "b")


def network() -> Value:
    """A network's output for one sample."""
    return named(MLP(2, [16, 16, 1], rng=0)([0.5, -1.0]), "y")


def loss() -> Value:
    """Its loss over twenty."""
    model = MLP(2, [16, 16, 1], rng=0)
    samples = [[((7 * i) % 20 - 10) / 10, ((11 * i) % 20 - 10) / 10] for i in range(20)]
    return named(mse_loss([model(x) for x in samples], [float(x[0] * x[1] > 0.0) for x in samples]), "loss")


class Autoencoder(Module):
    """A module of a user's own, with a loose parameter."""

    def __init__(self) -> None:
        self.encoder, self.decoder = Linear(4, 2, rng=0), Linear(2, 4, rng=1)
        self.scale = Value(0.5, label="scale")

    def forward(self, x: Any) -> Any:
        """Decoder of the scaled code."""
        return self.decoder([tanh(code) * self.scale for code in self.encoder(x)])


def own_module() -> Value:
    """The loss of a user's module."""
    x = [0.1, 0.2, 0.3, 0.4]
    return named(mse_loss(Autoencoder()(x), x), "loss")


def images() -> Value:
    """The loss of a convolutional network at one image."""
    model = Sequential(Conv2d(1, 4, 3, rng=0), ReLU(), Flatten(), Linear(64, 3, rng=1))
    return named(cross_entropy(model([[[((3 * i + j * j) % 7) / 7 for j in range(6)] for i in range(6)]]), 1), "loss")


def training() -> Recording:
    """XOR, learned."""
    model = MLP(2, [4, 1], rng=1)

    def error(model: Any) -> Value:
        return named(mse_loss([model(x) for x, _ in XOR], [y for _, y in XOR]), "loss")

    recording, optimizer = record(model, error, every=4), Adam(model.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        error(model).backward()
        optimizer.step()
        recording()
    return recording


def chain() -> Value:
    """Two thousand operations, one after another."""
    x, w = Value(1.0, label="x"), Value(1.001, label="w")
    for _ in range(1_000):
        x = tanh(x * w)
    return named(x, "y")


def option() -> Value:
    """The price of an American put, by a binomial tree."""
    names = {"spot": 36.0, "strike": 40.0, "rate": 0.06, "volatility": 0.2, "years": 1.0}
    return named(put(*[Value(x, label=name) for name, x in names.items()], steps=20), "price")


PAGES: dict[str, Callable[[], Any]] = {
    "neuron": neuron,
    "readme": readme,
    "twice": twice,
    "network": network,
    "loss": loss,
    "own_module": own_module,
    "images": images,
    "training": training,
    "chain": chain,
    "option": option,
}


def main(arguments: list[str] | None = None) -> None:
    """Save them all; with --pictures, also photograph two of them in Chromium."""
    line = parser(__doc__)
    line.add_argument("--pictures", action="store_true", help="also page.png and steps.gif, by Chromium and playwright")
    given = line.parse_args(arguments)
    out = folder(given.out)
    for name, graph in PAGES.items():
        save(graph(), out / f"{name}.html")
    print(f"{len(PAGES)} pages: {out}")
    if given.pictures:
        photograph(out)


def photograph(out: Path) -> None:
    """The page of a network as a picture, and some steps of a neuron as a moving one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1120, "height": 640})
        tab.goto((out / "loss.html").absolute().as_uri())
        tab.locator(".node.module").first.click()
        tab.wait_for_timeout(500)
        tab.click("#last")
        tab.screenshot(path=out / "page.png")
        tab.set_viewport_size({"width": 1180, "height": 600})
        tab.goto((out / "neuron.html").absolute().as_uri())
        frames = []
        for _ in range(int(tab.get_attribute("#step", "max") or 0)):
            tab.click("#forth")
            for _ in range(2):
                tab.wait_for_timeout(240)
                frames.append(tab.screenshot())
        browser.close()
    _animated(frames, out / "steps.gif")


def _animated(frames: list[bytes], path: Path) -> None:
    """Pictures as a GIF of few colours."""
    from io import BytesIO

    from PIL import Image

    small = [Image.open(BytesIO(frame)).convert("RGB").resize((826, 420), Image.Resampling.LANCZOS) for frame in frames]
    images = [image.convert("P", palette=Image.Palette.ADAPTIVE, colors=48) for image in small]
    images[0].save(path, save_all=True, append_images=images[1:], duration=450, loop=0, optimize=True)


if __name__ == "__main__":
    main()
