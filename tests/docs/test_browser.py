"""The built site in a browser: `CHAINRULE_SITE=FOLDER python -m pytest tests/docs/test_browser.py`, as CI does."""

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SITE = os.environ.get("CHAINRULE_SITE")
pytestmark = pytest.mark.skipif(not SITE, reason="CHAINRULE_SITE names no built site")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The site, served on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_pages_load_nothing_from_elsewhere_and_fit(browser: Any, address: str, width: int, theme: str) -> None:
    """Each page: its requests go to its own server, its scripts do not fail, and it is not wider than the screen."""
    site = Path(str(SITE))
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("index.html"))
    assert len(pages) > 40
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    faults: list[str] = []
    page = context.new_page()
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else faults.append(r.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    for name in pages:
        page.goto(address + name.removesuffix("index.html"), wait_until="domcontentloaded")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{name} is {wide} px wider than {width}")
    context.close()
    assert faults == []
