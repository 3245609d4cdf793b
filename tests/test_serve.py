"""`album-sort serve`: pictures in, what is seen in them out; nothing that is sent stays, and whoever asks too much waits or is told."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.server import ServerState

from album_sort.errors import UsageError
from album_sort.operations.predict import Predictor
from album_sort.settings import Settings
from album_sort.web.addresses import openable_hosts
from album_sort.web.opening import Address, check_address, url_of
from album_sort.web.protocol import bounded_protocol
from tests import pictures
from tests.builders import picture_jpeg
from tests.conftest import REPOSITORY, Ran
from tests.serve_server import HASTY, LIMITS, Running, running_server


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims to be so large, of a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10000)))
        + chunk(b"IEND", b"")
    )


HOSTILE = {
    "bomb.png": png_of(60_000, 60_000),
    "endless.png": png_of(2**31 - 1, 2**31 - 1),
    "script.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "page.jpg": b"<!doctype html><script>alert(1)</script>",
    "empty.jpg": b"",
    "../../etc/cron.d/x.jpg": b"\xff\xd8\xff\xe1" + bytes(3000),
    "%00%2e%2e/.png": b"PK\x03\x04" + bytes(100),
    "n" * 4000 + ".heic": b"\0\0\0\x18ftypheic" + b"\xff" * 500,
    "a\u202egpj.exe": b"MZ" + bytes(200),
    "raw.nef": b"MM\0*" + b"\xff" * 800,
    "film.mp4": b"\0\0\0\x18ftypisom" + b"\xff" * 400,
    ".xmp": b"<x:xmpmeta><!DOCTYPE a [<!ENTITY a 'aaaa'>]>",
}


jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks answers: pip install album-sort[test]")

CAT = picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10))
COFFEE = picture_jpeg(pictures.coffee())
UNKNOWN = picture_jpeg(pictures.coffee(), taken=datetime(2019, 3, 4, 5, 6, 7))
"""Of which no other test has left a prediction in the cache: the network has to look."""
File = tuple[str, tuple[str, bytes, str]]


def wait_until(is_so: Callable[[], bool]) -> None:
    """What is bound to come soon; a busy machine takes its time."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def a_file(name: str, data: bytes, content_type: str = "image/jpeg") -> File:
    return ("files", (name, data, content_type))


@pytest.fixture(scope="module")
def uploads_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where temporary files go while this module runs: all that may be left by what was sent."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder))
        yield folder
    # Each server has a folder there while it runs: all have ended, whichever of them a test asked for first.
    assert list(folder.iterdir()) == [], "no trace of an upload is left"


@pytest.fixture(scope="module")
def server(uploads_folder: Path) -> Iterator[Running]:
    assert uploads_folder.is_dir(), "where what is sent goes"
    predictor = Predictor.of(Settings(model="efficientnet-lite0", offline=True))
    with running_server(predictor) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(uploads_folder: Path) -> Iterator[Running]:
    """One that waits for nobody. It is never asked for an answer that takes the network."""
    assert uploads_folder.is_dir(), "where what is sent to it goes, too"
    predictor = Predictor.of(Settings(model="efficientnet-lite0", offline=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "warm", lambda: None)
        with running_server(predictor, HASTY) as running:
            yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def test_the_head_of_a_part_has_a_size(client: httpx.Client) -> None:
    """A name of five thousand letters is a name, of which an answer has the beginning; one that fills memory is refused, and why."""
    long = client.post("/predict", files=[a_file("n" * 5000 + ".jpg", CAT)])
    assert [image["name"] for image in long.json()["images"]] == ["n" * 255]
    refused = client.post("/predict", files=[a_file("n" * 40_000, CAT)])
    assert (refused.status_code, refused.json()["code"]) == (413, "part_head")
    assert "shorter name" in refused.json()["error"]


@pytest.mark.parametrize("path", ["/predict?top_n=5", "/healthz?top_n=5", "/drop?lang=zh&top_n=5"])
def test_a_parameter_that_an_address_does_not_take_is_told(client: httpx.Client, path: str) -> None:
    for answer in (client.get(path), client.post(path)):
        if answer.status_code not in (403, 405):
            assert (answer.status_code, answer.json()["code"]) == (400, "unknown")
            assert "top_n=5" in answer.json()["error"]
    said = client.post("/predict?top_k=2&lang=en&verbose").json()["error"]
    assert said == "verbose is no parameter of this address. It takes: lang, name, preview, top_k."


def test_a_form_with_several_pictures_is_answered_in_its_order(client: httpx.Client) -> None:
    files = [a_file("dir/cat é.jpg", CAT), a_file("broken.jpg", b"\xff\xd8\xff no"), a_file("coffee.jpg", COFFEE)]
    answer = client.post("/predict?top_k=2", files=files)
    assert answer.status_code == 200
    cat, broken, coffee = answer.json()["images"]
    assert (cat["name"], cat["album"], cat["title"], cat["sure"]) == ("cat é.jpg", "pets", "Pets", True)
    assert len(cat["top"]) == 2
    assert {"label", "label_zh", "confidence"} == cat["top"][0].keys()
    assert 0 < cat["top"][1]["confidence"] <= cat["top"][0]["confidence"] <= 100
    assert cat["taken"] == {"local": "2024-05-01T10:00:00", "precision": "second", "source": "EXIF DateTimeOriginal"}
    assert "Pets" in cat["why"][0]
    assert set(broken) == {"name", "error"}
    assert (coffee["album"], coffee["taken"], coffee["place"]) == ("food", None, None)


def test_a_picture_may_be_the_body_itself(client: httpx.Client) -> None:
    answer = client.post(
        "/predict?name=x.jpg&lang=zh&preview=true", content=CAT, headers={"Content-Type": "image/jpeg"}
    )
    (image,) = answer.json()["images"]
    assert (image["name"], image["title"], len(image["top"])) == ("x.jpg", "宠物", 3)
    assert image["preview"].startswith("data:image/jpeg;base64,")


def test_a_preview_is_made_anew_and_carries_nothing_of_the_file(client: httpx.Client) -> None:
    """A JPEG with a script in its comment and behind its end."""
    script = b"<script>alert(1)</script>"
    spiked = CAT[:2] + b"\xff\xfe" + struct.pack(">H", len(script) + 2) + script + CAT[2:] + script
    (image,) = client.post("/predict?preview=true", files=[a_file("a.jpg", spiked)]).json()["images"]
    shown = base64.b64decode(image["preview"].partition(",")[2])
    assert shown.startswith(b"\xff\xd8")
    assert b"script" not in shown
    assert b"Exif" not in shown


def test_the_language_is_that_of_who_asks(client: httpx.Client) -> None:
    chinese = {"Accept-Language": "fr-FR, zh-CN;q=0.9, en;q=0.8"}
    cat = client.post("/predict", files=[a_file("a.jpg", CAT), a_file("b.jpg", b"no")], headers=chinese).json()[
        "images"
    ]
    assert cat[0]["title"] == "宠物"
    assert not cat[1]["error"].isascii()
    assert client.post("/predict", headers=chinese).json()["error"].startswith("请求内容的类型是")
    english = client.post("/predict?lang=en", files=[a_file("b.jpg", b"no")], headers=chinese).json()["images"]
    assert english[0]["error"].isascii()


@pytest.mark.parametrize(
    ("status", "code", "request_with"),
    [
        (415, "type", {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
        (415, "type", {"content": b"x"}),
        (400, "form", {"content": b"no form", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}),
        (400, "form", {"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}),
        (400, "form", {"content": b"", "headers": {"Content-Type": "multipart/form-data"}}),
        (400, "form", {"content": b"", "headers": {"Content-Type": f"multipart/form-data; boundary={'b' * 300}"}}),
        (422, "nothing", {"data": {"note": "x"}, "files": {"a": (None, "x")}}),
        (422, "parameter", {"params": {"top_k": 21}, "files": [a_file("a.jpg", CAT)]}),
        (422, "parameter", {"params": {"lang": "fr"}, "files": [a_file("a.jpg", CAT)]}),
        (413, "files", {"files": [a_file("a.jpg", CAT)] * (LIMITS.files + 1)}),
        (413, "fields", {"files": [(str(i), (None, "x")) for i in range(LIMITS.fields + 1)]}),
        (413, "field", {"files": [("note", (None, "x" * (LIMITS.field_bytes + 1)))]}),
        (413, "request", {"content": b"x" * (LIMITS.request_bytes + 1), "headers": {"Content-Type": "image/jpeg"}}),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    client: httpx.Client, status: int, code: str, request_with: dict[str, Any]
) -> None:
    answer = client.post("/predict", **request_with)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert problem["error"].endswith((".", "?"))


def test_what_a_client_sends_wrong_is_not_told_on_the_terminal() -> None:
    """A logger without a handler of its own would print every wrong form, in the words of the form's parser."""
    assert logging.getLogger("python_multipart").handlers


def test_a_picture_that_is_too_large_costs_the_others_nothing(client: httpx.Client) -> None:
    large = a_file("large.jpg", bytes(LIMITS.file_bytes + 1))
    images = client.post("/predict", files=[large, a_file("cat.jpg", CAT)]).json()["images"]
    assert images[0] == {"name": "large.jpg", "error": "A picture takes at most 8 MB."}
    assert images[1]["album"] == "pets"


def test_a_body_without_a_length_is_limited_as_well(hasty: Running) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1 << 20)

    with hasty.client() as client:
        with suppress(httpx.TransportError):  # the server has answered, and reads no more
            answer = client.post("/predict", content=endless(), headers={"Content-Type": "image/jpeg"})
            assert answer.status_code == 413
        assert client.get("/healthz").json()["status"] == "ok"


def test_answers_are_as_the_document_tells_them(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    responses = document["paths"]["/predict"]["post"]["responses"]
    assert {int(status) for status in responses} == {200, 400, 403, 408, 413, 415, 421, 422, 500, 503}
    calls = {
        200: {"files": [a_file("a.jpg", CAT), a_file("b.jpg", b"no")]},
        422: {"files": [a_file("b.jpg", b"no")], "params": {"top_k": "many"}},
        415: {"content": b"x"},
        421: {"files": [a_file("a.jpg", CAT)], "headers": {"Host": "elsewhere.example"}},
    }
    for status, request_with in calls.items():
        answer = client.post("/predict", **request_with)  # type: ignore[arg-type] # as above
        schema = responses[str(status)]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), {**schema, "components": document["components"]})
        assert answer.status_code == status


def test_what_waits_is_looked_at_together(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    held = server.predictor._engine.held
    assert held is not None
    batches, classify, waiting = list[int](), held.classify, server.predictor._read

    def once_all_are_read(views: Any) -> Any:
        batches.append(len(views))
        deadline = time.monotonic() + 60
        while sum(batches) + waiting.qsize() < 8 and time.monotonic() < deadline:
            time.sleep(0.01)
        return classify(views)

    monkeypatch.setattr(held, "classify", once_all_are_read)

    def ask(_: int) -> int:
        with server.client() as client:
            return client.post("/predict", files=[a_file("a.jpg", UNKNOWN)]).status_code

    with ThreadPoolExecutor(8) as many:
        assert set(many.map(ask, range(8))) == {200}
    assert sum(batches) == 8
    assert len(batches) <= 2, "those that came first, and all others together"


def test_too_many_requests_at_once_are_told_to_come_again(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    held = server.predictor._engine.held
    assert held is not None
    classify, go = held.classify, threading.Event()

    def when_told(views: Any) -> Any:
        go.wait(120)
        return classify(views)

    monkeypatch.setattr(held, "classify", when_told)

    def ask(_: int) -> httpx.Response:
        with server.client() as client:
            return client.post("/predict", files=[a_file("a.jpg", UNKNOWN)])

    with ThreadPoolExecutor(LIMITS.requests + 4) as many:
        asked = [many.submit(ask, number) for number in range(LIMITS.requests + 4)]
        wait_until(lambda: sum(one.done() for one in asked) >= 4)
        refused = [one.result() for one in asked if one.done()]
        go.set()
        answers = [one.result() for one in asked]
    assert {(one.status_code, one.headers["Retry-After"], one.json()["code"]) for one in refused} == {
        (503, "1", "busy")
    }
    assert sum(one.status_code == 200 for one in answers) == LIMITS.requests


def uploaded_bytes(folder: Path) -> int:
    """What lies there of uploads; folders that go away meanwhile hold nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(os.path.join(place, name)).st_size
    return total


def test_pictures_that_wait_take_only_so_much_room(server: Running, uploads_folder: Path) -> None:
    """Two that would fill it are on their way; the third is told to come again, and what has come of all is taken away."""
    body = bytes(LIMITS.file_bytes - 4096)
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    waiting = []
    for _ in range(2):
        one = socket.create_connection(("127.0.0.1", server.port))
        one.sendall(head.encode() + body)
        waiting.append(one)
    wait_until(lambda: uploaded_bytes(uploads_folder) >= 2 * len(body))
    with server.client() as client:
        answer = client.post("/predict", content=body, headers={"Content-Type": "image/jpeg"})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    for one in waiting:
        one.close()
    wait_until(lambda: not uploaded_bytes(uploads_folder))
    with server.client() as client:
        assert client.post("/predict", files=[a_file("a.jpg", CAT)]).status_code == 200


GIVEN_UP_S = 30
"""Nobody is waited for as long as that who is to be waited for half a second."""


def heard(port: int, sends: bytes, *, then: bytes = b"", every_s: float = 0.1) -> tuple[bytes, float]:
    """All that comes back when these bytes are sent, and `then` again and again; and how long that took."""
    began, answer = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(sends)
        line.settimeout(every_s)
        while time.monotonic() - began < GIVEN_UP_S:
            try:
                part = line.recv(1 << 16)
                if not part:
                    break
                answer += part
            except TimeoutError:
                try:
                    if then:
                        line.sendall(then)
                except OSError:
                    break
            except OSError:
                break
    return answer, time.monotonic() - began


def test_a_head_that_comes_letter_by_letter_is_not_waited_for(hasty: Running) -> None:
    answer, seconds = heard(hasty.port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", then=b"a")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"nosniff" in answer
    assert HASTY.head_s <= seconds < GIVEN_UP_S


def test_a_connection_on_which_nothing_comes_is_closed(hasty: Running) -> None:
    assert heard(hasty.port, b"")[1] < GIVEN_UP_S
    answer, seconds = heard(hasty.port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert seconds < GIVEN_UP_S


def test_a_body_that_comes_byte_by_byte_is_not_waited_for(hasty: Running, uploads_folder: Path) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n"
    answer, seconds = heard(hasty.port, head, then=b"a")
    assert answer.startswith(b"HTTP/1.1 408")
    assert seconds < GIVEN_UP_S
    assert not list(uploads_folder.rglob("upload"))


def test_an_answer_that_nobody_reads_is_not_kept(hasty: Running) -> None:
    """As fast as it can somebody asks on one line, and reads nothing: the line is cut."""
    with socket.create_connection(("127.0.0.1", hasty.port)) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(GIVEN_UP_S)
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 400_000
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            line.sendall(ask)


def test_one_connection_too_many_is_told_to_come_again(server: Running) -> None:
    lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(LIMITS.connections)]
    try:
        answer, _ = heard(server.port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in answer
    finally:
        for line in lines:
            line.close()
    # They are gone when the server has seen it, and not before: who comes next would be told to come again, too.
    wait_until(lambda: httpx.get(f"{server.address}/healthz", timeout=60).status_code == 200)


def test_a_request_that_came_while_everything_stood_still_is_answered() -> None:
    """Patience was over meanwhile: what lies in the socket is read before the line is cut, on a new line and between two requests."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def ask() -> list[bytes]:
        loop, heard = asyncio.get_running_loop(), []
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=1)
        config.load()
        for head_s in (1.0, 60.0):  # of a head, and that of uvicorn's own for the next request
            ours, theirs = socket.socketpair()
            protocol = bounded_protocol(replace(LIMITS, head_s=head_s), "en")
            made = partial(protocol, config=config, server_state=ServerState(), app_state={})
            theirs.setblocking(False)
            await loop.connect_accepted_socket(made, ours)
            line = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            if head_s > 1:
                await loop.sock_sendall(theirs, line)
                await loop.sock_recv(theirs, 1 << 12)
            loop.call_later(0, theirs.send, line)  # in the same turn as the timer, and before it
            time.sleep(1.1)
            heard.append(await loop.sock_recv(theirs, 1 << 12))
            theirs.close()
        return heard

    assert [answer[:15] for answer in asyncio.run(ask())] == [b"HTTP/1.1 200 OK"] * 2


def test_what_is_no_http_is_refused_and_the_headers_are_there(server: Running) -> None:
    answer, _ = heard(server.port, b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"content-security-policy" in answer


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_pictures_are_answered_and_the_server_goes_on(client: httpx.Client, name: str) -> None:
    images = client.post("/predict", files=[a_file(name, HOSTILE[name]), a_file("a.jpg", CAT)]).json()["images"]
    assert images[1]["album"] == "pets"
    assert "Traceback" not in images[0].get("error", "")
    assert "/" not in images[0]["name"]


@pytest.mark.long
def test_three_hundred_hostile_uploads_leave_the_server_answering(
    client: httpx.Client, shared_photos: Path, uploads_folder: Path
) -> None:
    hostile = [path for path in sorted((shared_photos / "nasty").rglob("*")) if path.is_file()][:300]
    for path in hostile:
        if path.stat().st_size < LIMITS.file_bytes:
            (image,) = client.post("/predict", files=[a_file(path.name, path.read_bytes())]).json()["images"]
            assert "top" in image or image["error"]
    assert client.get("/healthz").status_code == 200
    assert [path for path in uploads_folder.rglob("*") if path.is_file()] == []


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """The program itself: its process, the address that it tells, and where its temporary files go."""
    temporary = tmp_path_factory.mktemp("temporary")
    words = ["serve", "--port", "0", "--model", "efficientnet-lite0", "--offline"]
    process = subprocess.Popen(
        [sys.executable, "-m", "album_sort", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    yield process, process.stdout.readline().strip(), temporary
    process.kill()
    process.communicate()


Program = tuple[subprocess.Popen[str], str, Path]


def test_the_program_says_where_it_is_and_a_taken_port_is_told(
    program: Program, album_sort: Callable[..., Ran]
) -> None:
    _, address, _ = program
    assert httpx.get(f"{address}healthz", timeout=30).json()["status"] == "ok"
    port = address.rstrip("/").rpartition(":")[2]
    again = album_sort("serve", "--port", port, "--model", "efficientnet-lite0", "--offline")
    assert (again.code, again.stdout) == (1, "")
    assert f"port {port} of 127.0.0.1 is taken" in again.stderr
    assert f"--port {int(port) + 1}" in again.stderr


def test_without_the_extra_it_says_in_one_sentence_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="fastapi, uvicorn, python_multipart") as caught:
        check_address(Address("127.0.0.1", 0, is_on_network=False, names=(), tls=("", ""), token_file=None))
    assert "album-sort[web]" in caught.value.hint


def test_another_address_needs_a_word_more(album_sort: Callable[..., Ran]) -> None:
    refused = album_sort(
        "serve",
        "--host",
        "0.0.0.0",  # noqa: S104 - what is refused
        "--port",
        "0",
    )
    assert refused.code == 2
    assert "--allow-network" in refused.stderr


def test_what_listens_on_all_addresses_names_those_that_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "a name that nobody knows")
    for host, own in (("0.0.0.0", "127.0.0.1"), ("::", "::1")):  # noqa: S104 - what is asked about
        *others, last = openable_hosts(host)
        assert last == own
        for one in map(ipaddress.ip_address, others):
            assert True not in (one.is_loopback, one.is_unspecified, one.is_link_local)
            family = socket.AF_INET6 if one.version == 6 else socket.AF_INET
            with socket.socket(family) as listener:
                listener.bind((str(one), 0))  # it is one of this machine's
    for host in ("127.0.0.1", "::1", "192.168.1.20", "nas.local"):
        assert openable_hosts(host) == (host,)


def test_all_that_is_printed_can_be_opened() -> None:
    hosts = ("192.168.1.20", "fd00::2", "127.0.0.1")
    assert [url_of(host, 8765, "abc", is_private=True) for host in hosts] == [
        "https://192.168.1.20:8765/?token=abc",
        "https://[fd00::2]:8765/?token=abc",
        "https://127.0.0.1:8765/?token=abc",
    ]
    assert url_of("127.0.0.1", 8765, "", is_private=False) == "http://127.0.0.1:8765/"


def test_it_ends_at_once_and_leaves_no_process_and_no_file(program: Program) -> None:
    """In the middle of a request that would never end."""
    process, address, temporary = program
    port = int(address.rstrip("/").rpartition(":")[2])
    assert httpx.post(f"{address}predict", files=[a_file("a.jpg", CAT)], timeout=60).status_code == 200
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [int(one) for path in threads for one in path.read_text().split()]
    assert children
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 9999\r\n\r\nabc"
        )
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        # Half a second on a quiet machine; a body is waited for a quarter of a minute.
        assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert "Traceback" not in said
    # What its parent has not taken leave of is taken leave of by the system, a little later.
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    assert list(temporary.iterdir()) == []
