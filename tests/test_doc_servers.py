"""What docs/guides/serve.md says to type, to send and to write into files, with servers that run: the program's own, and one in a thread.

An address of the page is that of the server here, whose port is free; who ends what does not end by itself is Ctrl-C.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import album_sort
from album_sort.settings import Settings
from tests import pictures
from tests.builders import make_tree, picture_jpeg
from tests.conftest import REPOSITORY, Program
from tests.doc_blocks import Block, blocks_by
from tests.serve_server import Running, running_server
from tests.test_doc_consoles import has_extra
from tests.test_sort import SHIPPED

pytest.importorskip("fastapi", reason="the extra web is not installed")

GUIDE = "docs/guides/serve.md"


# ---- for programs


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with (
        album_sort.Predictor.of(Settings(model="efficientnet-lite0", offline=True)) as predictor,
        running_server(predictor) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page sends: a cat in Niseko, a coffee, and a photo as a camera keeps it."""
    taken = datetime.datetime(2024, 5, 1, 10)

    files = {
        "cat.jpg": picture_jpeg(pictures.cat(), taken=taken, position=(42.8048, 140.6874)),
        "coffee.jpg": picture_jpeg(pictures.coffee(), taken=taken),
        "broken.jpg": b"\xff\xd8\xff nothing more",
        "IMG_0001.NEF": picture_jpeg(pictures.cat()),
    }
    return make_tree(tmp_path_factory.mktemp("sent"), files)


@pytest.mark.parametrize("block", blocks_by("curl"), ids=str)
def test_pictures_are_sent_and_answered(block: Block, server: Running, sent: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    answers = []
    for line in block.text.splitlines():
        typed = re.sub(r"http://127\.0\.0\.1:\d+", server.address, line)
        done = subprocess.run(
            ["bash", "-c", f"{typed} --silent --show-error"], cwd=sent, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout)["images"])
    assert [[image["name"] for image in images] for images in answers] == [["cat.jpg", "coffee.jpg"], ["IMG_0001.NEF"]]
    assert [image["album"] for images in answers for image in images] == ["pets", "food", "pets"]
    assert len(answers[1][0]["top"]) == 5


@pytest.mark.parametrize("block", blocks_by("answer"), ids=str)
def test_an_answer_has_what_the_page_shows(block: Block, server: Running, sent: Path) -> None:
    """The same values by the same names; what the page leaves out with dots may be there."""
    shown = json.loads(block.text.replace(", ...", ""))
    files = [("files", (name, (sent / name).read_bytes(), "image/jpeg")) for name in ("cat.jpg", "broken.jpg")]
    with server.client() as client:
        answered = client.post("/predict", files=files).json()
    assert set(shown) == set(answered)
    for told, found in zip(shown["images"], answered["images"], strict=True):
        assert names_in(told) == names_in(found)
    assert (
        answered["images"][0] | {key: shown["images"][0][key] for key in ("top", "albums", "why", "place")}
        == shown["images"][0]
    )


def names_in(value: Any) -> Any:
    """Its keys, and those within; of a list those of its first entry."""
    if isinstance(value, dict):
        return {key: names_in(inner) for key, inner in value.items()}
    return [names_in(value[0])] if isinstance(value, list) and value else type(value)


# ---- servers that are started


@dataclass(frozen=True)
class Served:
    """A server of the program's own."""

    addresses: tuple[httpx.URL, ...]
    """Each that it printed, without its token."""
    token: str
    opened: Path
    """What a browser was asked to open."""

    @property
    def own(self) -> httpx.URL:
        return self.addresses[-1]


@contextlib.contextmanager
def served(call: Sequence[str], home: Path, more: Mapping[str, str] | None = None) -> Iterator[Served]:
    """`album-sort serve ...` in a home, on a free port; ended by Ctrl-C, with 130."""
    opened = home / "opened"
    make_tree(home, {".programs/browser": f'#!/bin/sh\nprintf %s "$1" >"{opened}"\n'})
    (home / ".programs/browser").chmod(0o755)
    words = [re.sub("^(~|%h)", str(home), word) for word in call]
    process = subprocess.Popen(
        [sys.executable, "-m", "album_sort", *words, "--port", "0"],
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(home),
            "BROWSER": str(home / ".programs/browser"),
            "ALBUM_SORT_OFFLINE": "true",
            **(more or {}),
        },
    )
    try:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(httpx.URL(line.strip()))
            if printed[-1].host in ("127.0.0.1", "::1"):  # this machine's own is the last
                break
        assert printed, process.communicate()[1]
        token = printed[-1].params.get("token", "")
        yield Served(tuple(one.copy_with(query=None) for one in printed), token, opened)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.communicate()


def serve_calls() -> dict[str, list[str]]:
    """By their block; those of the units and of the container are calls, too."""
    calls = {}
    for block in blocks_by("console", GUIDE):
        for line in block.commands:
            calls[str(block)] = shlex.split(line)[1:]
    return calls


@pytest.fixture
def home(tmp_path: Path, album_sort: Program) -> Path:
    """A home with albums."""
    make_tree(tmp_path / "Photos", {"cat.jpg": picture_jpeg(pictures.cat())})
    assert album_sort(tmp_path / "Photos", "--out", tmp_path / "Albums", *SHIPPED).code == 0
    return tmp_path


def test_each_call_of_the_page_is_tried_here() -> None:
    assert list(serve_calls()) == [f"{GUIDE}:{number}" for number in (0, 1, 4, 5)]


def test_albums_are_served_and_opened(home: Path) -> None:
    install, _ = blocks_by("console", GUIDE)[0].text.splitlines()
    environment, extra = shlex.split(install, comments=True)
    assert os.access(REPOSITORY / environment, os.X_OK)
    has_extra(extra)
    with served(serve_calls()[f"{GUIDE}:0"], home) as server:
        assert "--open" in serve_calls()[f"{GUIDE}:0"]
        page = httpx.get(server.own, params={"token": server.token}, follow_redirects=True, timeout=30)
        assert page.status_code == 200
        assert "cat.jpg" in page.text or "Pets" in page.text
        assert server.opened.read_text().startswith(str(server.own))


@pytest.mark.long
def test_a_page_to_drop_photos_on_is_opened(tmp_path: Path) -> None:
    with served(serve_calls()[f"{GUIDE}:1"], tmp_path) as server:
        assert httpx.get(server.own, timeout=30).status_code == 200
        assert server.opened.read_text().startswith(str(server.own))


@pytest.mark.long
def test_the_network_is_let_in_with_a_certificate(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
            " -addext subjectAltName=IP:127.0.0.1"
        ),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    with served(serve_calls()[f"{GUIDE}:4"], tmp_path) as server:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        assert {one.scheme for one in server.addresses} == {"https"}
        assert all(ipaddress.ip_address(one.host) for one in server.addresses)
        page = httpx.get(server.own, params={"token": server.token}, verify=trusted, follow_redirects=True, timeout=30)
        assert page.status_code == 200


@pytest.mark.parametrize("block", blocks_by("proxy"), ids=str)
def test_behind_a_proxy_it_answers_to_its_name_with_the_token(block: Block, tmp_path: Path) -> None:
    """The headers that the page has nginx send are sent, with what nginx would put into them; by nginx, where there is one."""
    call = serve_calls()[f"{GUIDE}:5"]
    name = call[call.index("--name") + 1]
    values = {"$host": name, "$remote_addr": "203.0.113.7", "$scheme": "https"}
    headers = {key: values[value] for key, value in re.findall(r"proxy_set_header (\S+) (\$\w+);", block.text)}
    assert set(headers.values()) == set(values.values())
    with served(call, tmp_path) as server, httpx.Client(base_url=server.own, timeout=30) as client:
        assert client.get("/", headers=headers).status_code == 403
        assert client.get("/", headers={**headers, "Host": "elsewhere.example.org"}).status_code in (403, 421)
        token = (Path(os.environ["ALBUM_SORT_CACHE_DIR"]) / "serve/token").read_text().strip()
        let_in = client.get("/", params={"token": token}, headers=headers)
        assert let_in.status_code in (200, 302, 303, 307)
        assert "secure" in let_in.headers["set-cookie"].lower()
        if shutil.which("nginx"):
            by_nginx(block.text, server.own.port or 0, name, token, tmp_path)


def by_nginx(location: str, port: int, name: str, token: str, folder: Path) -> None:
    """A real one, with the page's lines in a server of its own."""
    from tests.cluster_machines import free_port  # noqa: PLC0415 - only where there is one

    own = free_port()
    location = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", location)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = (
        f"pid {folder}/pid; error_log stderr; daemon off; events {{}}\n"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{own};\n{location}\n}} }}\n"
    )
    (folder / "nginx.conf").write_text(config)
    with subprocess.Popen(["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]) as nginx:
        transport = httpx.HTTPTransport(retries=5)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{own}", headers={"Host": name}, timeout=30, transport=transport
        ) as client:
            assert client.get("/").status_code == 403
            assert client.get("/", params={"token": token}, follow_redirects=False).status_code in (200, 302, 303, 307)
        nginx.terminate()


@pytest.mark.long
@pytest.mark.parametrize("block", blocks_by("unit", GUIDE), ids=str)
def test_the_unit_calls_what_serves(block: Block, home: Path) -> None:
    (call,) = re.findall(r"^ExecStart=\S+ (.*)$", block.text, re.MULTILINE)
    with served(shlex.split(call), home) as server:
        assert (
            httpx.get(server.own, params={"token": server.token}, follow_redirects=True, timeout=30).status_code == 200
        )


# ---- the container


DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)


@pytest.mark.parametrize("block", blocks_by("docker"), ids=str)
def test_what_the_container_is_made_of_and_runs(block: Block, home: Path) -> None:
    """No engine runs here: what it would copy and install is there, and its program and the question for its health run as they would."""
    build, run = (shlex.split(line) for line in block.text.splitlines())
    assert build == ["docker", "build", "-t", run[-1], "."]
    mounts = [run[place + 1].split(":") for place, word in enumerate(run) if word == "-v"]
    for _, inside, *_ in mounts:
        assert inside in re.findall(r"/\w+", " ".join(instructions("RUN") + instructions("VOLUME")))
    assert instructions("EXPOSE") == [run[run.index("-p") + 1].rpartition(":")[2]]
    assert "/source[web]" in DOCKERFILE
    (entry,), (health,) = instructions("ENTRYPOINT"), instructions("HEALTHCHECK")
    program, *call = json.loads(entry)
    assert program == "album-sort"
    (own,) = (one for one in instructions("ENV") if "ALBUM_SORT_CACHE_DIR" in one)
    assert "ALBUM_SORT_CACHE_DIR=/cache" in own
    with served(call, home, {"ALBUM_SORT_CACHE_DIR": str(home / "cache")}) as server:
        assert server.token
        asked = json.loads(health.partition("CMD ")[2])
        question = [
            sys.executable,
            *(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{server.own.port}", word) for word in asked[1:]),
        ]
        assert subprocess.run(question, check=False).returncode == 0
