"""Weights are fetched whole and checked, or not at all, and nobody waits for a server that does not answer."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from album_sort.classifier.download import fetch
from album_sort.errors import WeightsUnavailable
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program

CONTENT = bytes(range(256)) * 3000
HASH = hashlib.sha256(CONTENT).hexdigest()[:8]


class Server(BaseHTTPRequestHandler):
    """Behaves as its path says."""

    release = threading.Event()

    def do_GET(self) -> None:  # noqa: PLR0911 - one way to behave after another
        # Of a mirror, the name of the file comes after the way to behave.
        self.path = self.path.partition("?")[0]
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.release.wait(0.05):
                self.wfile.write(b"X: 1\r\n")
            return
        if self.path == "/marks":
            # The mark before a piece never ends: no byte of the body ever comes.
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;")
            while not self.release.wait(0.05):
                self.wfile.write(b"x")
            return
        if self.path == "/endless":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not self.release.is_set():
                self.wfile.write(bytes(20_000))
                time.sleep(0.01)
            return
        if self.path == "/silent":
            self.release.wait(60)
            return
        if self.path == "/nonsense":
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
            self.end_headers()
            return
        self.send_response(200)
        if self.path != "/unsized":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self._send_body()

    def _send_body(self) -> None:
        if self.path == "/cut":
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
        elif self.path == "/stalled":
            self.wfile.write(CONTENT[:1000])
            self.release.wait(60)
        elif self.path == "/trickling":
            while not self.release.wait(0.05):
                self.wfile.write(b"x" * 10)
        elif self.path == "/portal":
            self.wfile.write(b"<html>please sign in</html>".ljust(len(CONTENT)))
        else:
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    class QuietServer(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that hang up are the point of these tests."""

    Server.release.clear()
    with QuietServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        Server.release.set()
        server.shutdown()


def test_a_fetched_file_is_whole_and_its_progress_is_told(address: str, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    target = tmp_path / "new" / "weights.pth"
    fetch(f"{address}/whole", target, HASH, patience_s=60, progress=lambda done, total: steps.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


@pytest.mark.parametrize("path", ["/unsized", "/moved"])
def test_a_length_is_not_needed_and_redirections_are_followed(address: str, tmp_path: Path, path: str) -> None:
    assert fetch(address + path, tmp_path / "w.pth", HASH, patience_s=60).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/cut", "the connection was cut after 384,000 of 768,000 bytes"),
        ("/portal", "a proxy may have answered in its place"),
        ("/missing", "Not Found"),
        ("/nonsense", "cannot fetch"),
    ],
)
def test_what_is_not_the_file_is_refused_and_nothing_stays(address: str, tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(WeightsUnavailable, match=words) as caught:
        fetch(address + path, tmp_path / "w.pth", HASH, patience_s=60)
    assert address + path in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/silent", "/stalled", "/trickling", "/headers", "/marks"])
def test_a_server_that_does_not_deliver_costs_no_more_than_the_patience(
    address: str, tmp_path: Path, path: str
) -> None:
    began = time.monotonic()
    with pytest.raises(WeightsUnavailable):
        fetch(address + path, tmp_path / "w.pth", HASH, patience_s=0.5)
    assert time.monotonic() - began < 30
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_ends_its_answer_is_given_up_at_the_deadline(address: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(WeightsUnavailable, match="not done within 1 s"):
        fetch(f"{address}/endless", tmp_path / "w.pth", HASH, patience_s=0.5, deadline_s=1)
    assert time.monotonic() - began < 30
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_sends_more_than_it_said_or_than_any_weights_take_is_given_up(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("album_sort.classifier.download._MOST_BYTES", 100_000)
    with pytest.raises(WeightsUnavailable, match="sends more than the file"):
        fetch(f"{address}/endless", tmp_path / "w.pth", HASH, patience_s=60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["silent", "trickling"])
def test_sort_goes_on_with_the_network_that_ships_when_the_server_does_not_deliver(
    address: str, tmp_path: Path, album_sort: Program, path: str
) -> None:
    photos = make_tree(tmp_path / "photos", {"IMG_1.jpg": make_jpeg(1)})
    places = {"ALBUM_SORT_CACHE_DIR": str(tmp_path / "cache"), "TORCH_HOME": str(tmp_path / "torch")}
    ran = album_sort(photos, "--out", tmp_path / "albums", ALBUM_SORT_WEIGHTS_MIRROR=f"{address}/{path}?", **places)
    assert ran.code == 0, ran.stderr
    assert "`album-sort models fetch`" in ran.stderr
    assert "using EfficientNet-Lite0, the network that comes with album-sort; to get ResNet-18: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list((tmp_path / "albums").rglob("IMG_1.jpg"))
    assert not [one.name for one in (tmp_path / "cache").rglob("*") if one.suffix in (".part", ".pth")]


def test_a_file_that_is_there_stays_when_a_new_one_cannot_be_had(address: str, tmp_path: Path) -> None:
    target = tmp_path / "w.pth"
    target.write_bytes(b"old")
    with pytest.raises(WeightsUnavailable):
        fetch(f"{address}/cut", target, HASH, patience_s=60)
    assert target.read_bytes() == b"old"


def test_nobody_listening_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="refused"):
        fetch("http://127.0.0.1:9/w.pth", tmp_path / "w.pth", HASH, patience_s=2)


def test_only_http_is_spoken(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="neither http nor https"):
        fetch("file:///etc/passwd", tmp_path / "w.pth", HASH, patience_s=2)


def test_a_folder_that_cannot_be_made_is_named(address: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsUnavailable, match="cannot keep weights in"):
        fetch(f"{address}/whole", tmp_path / "file" / "w.pth", HASH, patience_s=2)
