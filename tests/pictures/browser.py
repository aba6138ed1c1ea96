"""A real Chromium for the tests of pages, skipped where it or playwright is missing; and graphs to show."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import autograd as ag
from autograd import Value
from nn import MLP, mse_loss

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

Open = Callable[..., Any]


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, running."""
    reason = "needs playwright: pip install -e '.[browser]'"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Reader:
    """A page opened from disk, with all that it said, asked for and ran into."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        width, height = options.pop("viewport", (1280, 800))
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.goto(path.as_uri())

    def numbers(self) -> dict[str, str]:
        """What the lines of the graph say: {"v0 data": "data 2", "e3_0 contribution": "0.5", ...}."""
        found: dict[str, str] = self.page.evaluate(
            """Object.fromEntries(["data", "grad", "contribution"].flatMap(kind =>
               [...document.querySelectorAll(`#graph text.${kind}`)].map(text =>
                 [`${text.parentNode.closest("g").id} ${kind}`, text.textContent])))"""
        )
        return found

    def open_all(self) -> None:
        """Open every group, as far as there is room."""
        if self.page.is_visible("#fold") and self.text("#fold") == "Open all":
            self.page.click("#fold")

    def until(self, condition: str) -> None:
        """Wait until an expression of JavaScript is true (playwright's own way is forbidden by the page's security policy)."""
        for _ in range(500):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(10)
        raise AssertionError(f"not within 5 s: {condition}")

    def settled(self) -> None:
        """Wait until what moves has come to rest: no thing is still to arrive, no transition runs."""
        self.until(
            """!document.querySelector("#graph .arriving")
               && !document.getAnimations().some(animation => animation instanceof CSSTransition)"""
        )

    def leap(self, slider: str, to: int) -> None:
        """Move a slider."""
        self.page.locator(slider).evaluate(
            "(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input')); }", to
        )

    def text(self, selector: str) -> str:
        """The text of an element."""
        return str(self.page.text_content(selector))

    def close(self) -> None:
        """Close it; it asked for nothing beyond the file, and nothing was said on the console."""
        self.context.close()
        assert not self.complaints
        assert [url for url in self.requests if not url.startswith(("file:", "data:"))] == []


def shared() -> Value:
    """y = tanh(a b + a a) + maximum(a, b): shared leaves, an operand twice, a branch that gets nothing, a constant."""
    a, b = Value(0.7, label="a"), Value(-0.5, label="b")
    y = ag.tanh(a * b + a * a * 2.0) + ag.maximum(a, b)
    y.label = "y"
    return y


def perceptron() -> Value:
    """The loss of a small network."""
    return mse_loss([MLP(2, [3, 1], rng=0)([0.5, -1.0])], [0.7])
