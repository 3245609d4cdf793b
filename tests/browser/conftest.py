"""A headless Chromium that tells everything that goes wrong in a page; without one these tests skip and say why."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.libraries import library, write
from tests.served_albums import sort_once

# Debian's packages; a browser of another origin can be named. The same engine without a window takes half the time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("ALBUM_SORT_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
# Read here, since no test sees the settings of the person who runs it.
ARTEFACTS = os.environ.get("ALBUM_SORT_TEST_ARTEFACTS", "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_TURN = """(route) => new Promise((done) => {
  document.querySelector("#view h1")?.setAttribute("data-left", "");
  // the page has heard of it before
  window.addEventListener("hashchange", () => done(), { once: true });
  window.location.hash = route || "#";
})"""

_AFTER_FRAMES = """(async () => {
  for (let n = 0; n < 6; n += 1) await new Promise(requestAnimationFrame);
  return VALUE;
})()"""

OpenPage = Callable[..., "Watched"]


class Watched:
    """A page, with every request it made and everything it complained of."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", self._on_dialog)
        page.on("request", lambda request: self.requests.append(request.url))

    def _on_dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def show(self, path: Path, route: str = "") -> None:
        """Opens the report at a route and waits for it."""
        # without a new document the address alone would change, and what was open stay
        if self.page.url != "about:blank":
            self.page.goto("about:blank")
        self.page.goto(path.as_uri() + route)
        if route.startswith("#/"):
            self.page.wait_for_selector("main h1:visible")

    def turn(self, route: str) -> None:
        """Goes on to another view of the report that is open, as by a link: a fourth of the time of `show`."""
        self.page.evaluate(_TURN, route)
        self.page.wait_for_selector("main h1:visible:not([data-left])" if route.startswith("#/") else "#overview")

    def until(self, expression: str) -> None:
        """Asks until it is true; the page's policy forbids the driver's own way of waiting, which needs eval."""
        end = time.monotonic() + 60
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.01)

    def still(self, expression: str) -> Any:
        """A number, or several, once they no longer change: what moves on its own, as a page that scrolls, has come to rest."""
        last, end = None, time.monotonic() + 60
        while (now := self.page.evaluate(_AFTER_FRAMES.replace("VALUE", expression))) != last:
            assert time.monotonic() < end, expression
            last = now
        return last

    def network_requests(self) -> list[str]:
        """Requests that would leave this machine's disk."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for each file of tests: while one is driven an event loop runs, and tests of other files begin their own."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright drives the browser: pip install album-sort[browser]"
    )
    if CHROMIUM is None:
        pytest.skip(
            "no Chromium on this machine: apt-get install chromium-headless-shell, or name one in ALBUM_SORT_CHROMIUM"
        )
    # What is expected comes; five seconds are not enough where four test runs share two cores.
    playwright.expect.set_options(timeout=60_000)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[OpenPage]:
    with ExitStack() as stack:

        def open_page(
            *, width: int = 1280, height: int = 900, scheme: str = "light", has_touch: bool = False
        ) -> Watched:
            context = chromium.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, has_touch=has_touch
            )
            context.set_default_timeout(60_000)
            stack.callback(context.close)
            return Watched(context.new_page())

        yield open_page


@pytest.fixture(scope="session")
def made_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of `library()` as one file, for all tests that only look."""
    return write(tmp_path_factory.mktemp("library") / "report.html", library())


@pytest.fixture(scope="session")
def parted_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its data in a folder beside it."""
    return write(tmp_path_factory.mktemp("parted") / "report.html", library(), inline_limit_bytes=0)


@pytest.fixture
def artefacts(tmp_path: Path) -> Path:
    """Where screenshots go: kept when `ALBUM_SORT_TEST_ARTEFACTS` names a folder."""
    folder = Path(ARTEFACTS) if ARTEFACTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def many_albums(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Albums with photos enough to be corrected, as they were sorted: whoever changes them takes that back."""
    return sort_once(tmp_path_factory.mktemp("many"))
