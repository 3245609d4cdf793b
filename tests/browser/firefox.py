"""Debian's Firefox, driven as the W3C's WebDriver BiDi says: Playwright can only drive builds of its own.

The protocol: JSON over a web socket that the browser itself offers (`--remote-debugging-port`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIREFOX = os.environ.get("ALBUM_SORT_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")

_ADDRESS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
_SECONDS = 60.0
"""That an answer may take: a browser may have much to do."""
_KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowRight": "\ue014", "ArrowLeft": "\ue012", "Tab": "\ue004"}
_PREFERENCES: dict[str, bool | int | str] = {
    # Nothing but this machine can be reached: what the browser asks of its makers ends at a port on which nobody listens.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1, localhost",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.normandy.enabled": False,
    "toolkit.telemetry.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    # A page's address is not asked for twice in a run.
    "browser.cache.disk.enable": False,
}


class Unanswerable(AssertionError):
    """The browser says that it cannot: what was asked about has gone, as while a page makes itself anew."""


class FirefoxTab:
    """One tab, with all that the browser complained of in it."""

    def __init__(self, socket: Any) -> None:
        """`socket`: to a browser on which nothing has been asked yet."""
        self._socket = socket
        self._asked = 0
        self.complaints: list[str] = []
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]
        self._here = {"context": self._context}

    def _ask(self, method: str, **values: Any) -> dict[str, Any]:
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": values}))
        while True:
            told = json.loads(self._socket.recv(timeout=_SECONDS))
            if told.get("method") == "log.entryAdded" and told["params"]["level"] in ("error", "warn"):
                self.complaints.append(f"{told['params']['level']}: {told['params']['text']}")
            if told.get("id") == self._asked:
                if told["type"] != "success":
                    raise Unanswerable(told)
                return dict(told["result"])

    def go(self, address: str) -> None:
        """Opens an address and waits until it is there; in a new document, whatever was open."""
        self._ask("browsingContext.navigate", **self._here, url="about:blank", wait="complete")
        self._ask("browsingContext.navigate", **self._here, url=address, wait="complete")

    def size(self, width: int, height: int) -> None:
        """Of what is seen of a page."""
        self._ask("browsingContext.setViewport", **self._here, viewport={"width": width, "height": height})

    def evaluate(self, expression: str) -> Any:
        """The value of an expression that is text, a number, a truth or nothing; a promise is waited for."""
        found = self._ask(
            "script.evaluate", expression=expression, target=self._here, awaitPromise=True, userActivation=True
        )
        assert found["type"] == "success", (expression, found.get("exceptionDetails", {}).get("text"))
        return found["result"].get("value")

    def until(self, expression: str) -> None:
        """Asks until it is true; in between, the page may be loaded anew."""
        end = time.monotonic() + _SECONDS
        while not self._is_so(expression):
            assert time.monotonic() < end, (expression, self.complaints)
            time.sleep(0.02)

    def _is_so(self, expression: str) -> bool:
        try:
            return bool(self.evaluate(f"Boolean({expression})"))
        except Unanswerable:
            return False

    def press(self, *keys: str) -> None:
        """One after the other, as a keyboard sends them."""
        actions = [{"type": kind, "value": _KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("input.performActions", **self._here, actions=[{"type": "key", "id": "keys", "actions": actions}])

    def click(self, selector: str, number: int = 0, *, with_shift: bool = False) -> None:
        """With a mouse, in the middle of what a selector finds."""
        self.evaluate(
            f"document.querySelectorAll({json.dumps(selector)})[{number}].scrollIntoView({{block: 'nearest'}})"
        )
        nodes = self._ask("browsingContext.locateNodes", **self._here, locator={"type": "css", "value": selector})[
            "nodes"
        ]
        origin = {"type": "element", "element": {"sharedId": nodes[number]["sharedId"]}}
        mouse = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        shift = [{"type": "keyDown", "value": "\ue008"}] if with_shift else []
        lift = [{"type": "keyUp", "value": "\ue008"}] if with_shift else []
        for actions in (
            [{"type": "key", "id": "keys", "actions": shift}] if shift else [],
            [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": mouse}],
            [{"type": "key", "id": "keys", "actions": lift}] if lift else [],
        ):
            if actions:
                self._ask("input.performActions", **self._here, actions=actions)

    def choose(self, selector: str, value: str) -> None:
        """In a list of choices, which the browser draws outside of the page."""
        self.evaluate(
            f"(() => {{ const list = document.querySelector({json.dumps(selector)}); list.value = {json.dumps(value)};"
            " list.dispatchEvent(new Event('change', { bubbles: true })); })()"
        )

    def text(self, selector: str) -> str:
        """What the first one that is found says; empty where there is none."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def count(self, selector: str) -> int:
        """How many are found."""
        return int(self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))


@contextlib.contextmanager
def running_firefox(program: str, folder: Path) -> Iterator[FirefoxTab]:
    """A browser with a profile in a folder of its own, without a screen; ended and gone at the end."""
    from websockets.sync.client import connect  # noqa: PLC0415 - not everybody has it

    profile, log = folder / "profile", folder / "firefox.log"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    words = [program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*words, "about:blank"], stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, "HOME": str(folder)}
        )
    try:
        with connect(_address(log, process) + "/session", max_size=None) as socket:
            yield FirefoxTab(socket)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 120
    while not (found := _ADDRESS.search(log.read_bytes())):
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[1].decode()
