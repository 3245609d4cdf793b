"""Who may ask `album-sort serve` what: each measure of docs/concepts/serve-security.md, told by what it lets in and what it does not."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from album_sort.errors import DestinationError, UsageError
from album_sort.operations.predict import Predictor
from album_sort.settings import Settings
from album_sort.web.app import make_app
from album_sort.web.desk import Desk
from album_sort.web.guard import SECURITY_HEADERS, Guard, House
from album_sort.web.keys import Keys, kept_keys
from tests.builders import make_jpeg
from tests.serve_server import LIMITS

KEYS = Keys("a-token-of-the-tests")
HOME = House(KEYS, 8765)
WITH_ALBUMS = House(KEYS, 8765, has_albums=True)
ON_NETWORK = House(KEYS, 8765, is_on_network=True, names=frozenset({"photos.example"}))
BEHIND_A_PROXY = House(KEYS, 8765, names=frozenset({"photos.example"}))
Headers = dict[str, str]

PAGE: Headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin", "X-Album-Sort-Token": KEYS.page}
OTHER_SITE: Headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
SESSION: Headers = {"Cookie": f"album_sort_8765={KEYS.session}"}


@pytest.fixture(scope="module")
def predictor() -> Iterator[Predictor]:
    """Never asked for a picture: it starts no process and makes no network."""
    with Predictor.of(Settings(model="efficientnet-lite0", offline=True)) as one:
        yield one


class Client:
    """Asks an application, without a socket."""

    def __init__(self, app: Guard, host: str) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=f"http://{host}")
        self._runner = asyncio.Runner()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


def asked(predictor: Predictor, house: House, *, host: str = "127.0.0.1:8765") -> Client:
    """A client of a server that stands there."""
    return Client(make_app(house, Desk(predictor, LIMITS)), host)


def status(client: Client, method: str, path: str, headers: Headers | None = None) -> int:
    """422 of /predict is that of a form without a picture: the door is open."""
    form = {"files": {"note": (None, "x")}} if method == "POST" else {}
    return client.request(method, path, headers=headers, **form).status_code


@pytest.mark.parametrize(
    ("house", "host", "expected"),
    [
        (HOME, "127.0.0.1:8765", 200),
        (HOME, "localhost:9000", 200),  # through a tunnel
        (HOME, "[::1]:8765", 200),
        (HOME, "LOCALHOST.", 200),
        (HOME, "evil.example", 421),
        (HOME, "evil.example:8765", 421),
        (HOME, "127.0.0.1.evil.example", 421),
        (HOME, "192.168.1.5:8765", 421),
        (HOME, "photos.example", 421),
        (HOME, "[::1", 421),
        (HOME, "", 421),
        (BEHIND_A_PROXY, "photos.example", 200),
        (ON_NETWORK, "192.168.1.5:8765", 200),
        (ON_NETWORK, "photos.example", 200),
        (ON_NETWORK, "evil.example", 421),
    ],
)
def test_a_name_that_others_let_point_here_is_not_answered(
    predictor: Predictor, house: House, host: str, expected: int
) -> None:
    """DNS rebinding: a page of evil.example whose name leads to this machine all at once."""
    with asked(predictor, house) as client:
        assert status(client, "GET", "/healthz", {"Host": host}) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 422),  # curl
        (PAGE, 422),
        ({"X-Album-Sort-Token": KEYS.token}, 422),
        ({"Authorization": f"Bearer {KEYS.token}"}, 422),
        (OTHER_SITE, 403),
        ({**OTHER_SITE, "X-Album-Sort-Token": KEYS.page}, 403),
        ({**PAGE, "X-Album-Sort-Token": ""}, 403),
        ({**PAGE, "X-Album-Sort-Token": "x" * 64}, 403),
        ({**PAGE, "Origin": "null"}, 403),
        ({**PAGE, "Origin": "http://127.0.0.1:3000"}, 403),  # another program's page on this machine
        ({**PAGE, "Sec-Fetch-Site": "same-site"}, 403),
        ({**PAGE, "Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),  # a form of another site, from a browser that tells no origin
        ({"Origin": "https://evil.example"}, 403),  # and from one that tells nothing else
        ({"X-Forwarded-For": "203.0.113.7"}, 403),
        ({"Forwarded": "for=203.0.113.7"}, 403),
        ({"X-Real-IP": "203.0.113.7"}, 403),
    ],
)
def test_pictures_are_taken_from_our_page_and_from_programs_here_and_from_no_other_site(
    predictor: Predictor, headers: Headers, expected: int
) -> None:
    with asked(predictor, HOME) as client:
        assert status(client, "POST", "/predict", headers) == expected


def test_no_other_site_can_embed_what_is_shown(predictor: Predictor) -> None:
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    visited = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    with asked(predictor, HOME) as client:
        assert status(client, "GET", "/static/icon.svg", embedded) == 403
        assert status(client, "GET", "/", embedded) == 403
        assert status(client, "GET", "/", visited) == 200, "a link to the page may stand anywhere"


@pytest.mark.parametrize("house", [WITH_ALBUMS, ON_NETWORK, BEHIND_A_PROXY])
def test_albums_and_networks_are_for_those_who_have_the_token(predictor: Predictor, house: House) -> None:
    """Other users of this machine, too, reach what listens on it."""
    host = "127.0.0.1:8765" if house is WITH_ALBUMS else "photos.example"
    with asked(predictor, house, host=host) as client:
        page = {**PAGE, "Origin": f"http://{host}"}
        assert status(client, "GET", "/healthz") == 200
        for path in ("/drop", "/static/drop.js"):
            assert status(client, "GET", path) == 403
            assert status(client, "GET", path, {"Cookie": "album_sort_8765=guess"}) == 403
            assert status(client, "GET", path, SESSION) == 200
        assert status(client, "POST", "/predict", page) == 403
        assert status(client, "POST", "/predict", SESSION) == (422 if house is WITH_ALBUMS else 403)
        assert status(client, "POST", "/predict", {**SESSION, **page}) == 422
        assert status(client, "POST", "/predict", {"X-Album-Sort-Token": KEYS.token}) == 422
        assert status(client, "POST", "/predict") == (422 if house is WITH_ALBUMS else 403)


def test_a_person_who_opens_an_address_is_told_in_a_page_and_a_program_in_json(predictor: Predictor) -> None:
    visit = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
    with asked(predictor, WITH_ALBUMS) as client:
        for lang, said in (("en", "Open the address with ?token="), ("zh", "请打开服务器启动时显示的")):
            page = client.get(f"/?lang={lang}", headers=visit)
            assert (page.status_code, page.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
            assert f'<html lang="{"zh-Hans" if lang == "zh" else "en"}">' in page.text
            assert said in page.text
            for looks in re.findall(r'href="(/static/[^"]+)"', page.text):
                assert status(client, "GET", looks) == 200, "in the looks of the other pages"
            assert {"/static/drop.css", "/static/icon.svg"} <= set(re.findall(r'href="([^"]+)"', page.text))
        assert client.get("/").json()["code"] == "who"
        missing = client.get("/<b>", headers={**visit, **SESSION})
        assert (missing.status_code, missing.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "<b>" not in missing.text
        assert client.get("/nothing", headers=SESSION).json()["code"] == "not_here"


def test_what_the_program_cannot_do_is_a_page_for_a_person_too(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_there() -> NoReturn:
        raise DestinationError("nothing in <A> yet", hint="album-sort PHOTOS --out A")

    monkeypatch.setattr("album_sort.web.pages.static_files", nothing_there)
    with asked(predictor, WITH_ALBUMS) as client:
        page = client.get("/static/x?lang=zh", headers={"Accept": "text/html,*/*", **SESSION})
        assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
        for said in ("未能完成", '<p class="lead">nothing in &lt;A&gt; yet</p>', "album-sort PHOTOS --out A</p>"):
            assert said in page.text
        told = client.get("/static/x", headers=SESSION).json()
        assert told == {"error": "nothing in <A> yet", "hint": "album-sort PHOTOS --out A", "code": "failed"}


def test_the_printed_address_opens_the_page_once_and_leaves_no_token_in_the_browser(predictor: Predictor) -> None:
    with asked(predictor, WITH_ALBUMS) as client:
        assert status(client, "GET", "/?token=wrong") == 403
        opened = client.get(f"/?token={KEYS.token}&lang=zh")
        assert (opened.status_code, opened.headers["Location"]) == (303, "/?lang=zh")
        cookie = opened.headers["Set-Cookie"]
        assert KEYS.token not in cookie
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        page = client.get("/drop")  # httpx has kept the cookie, as a browser does
        assert page.status_code == 200
        assert KEYS.token not in page.text
        secret = client.get(f"/?token={KEYS.token}", headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in secret.headers["Set-Cookie"]


def test_every_answer_keeps_the_page_apart_from_others(predictor: Predictor) -> None:
    with asked(predictor, HOME) as client:
        answers = [
            client.get("/"),
            client.get("/static/drop.js"),
            client.get("/openapi.json"),
            client.get("/nothing"),
            client.request("DELETE", "/predict"),
            client.post("/predict"),
            client.get("/", headers={"Host": "evil.example"}),
            client.get(f"/?token={KEYS.token}"),
        ]
        assert {200, 303, 403, 404, 405, 415, 421} >= {answer.status_code for answer in answers}
        for answer in answers:
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name] == value or name == "Cache-Control", (answer.url, name)
        policy = answers[0].headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
        assert answers[0].headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answers[0].headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_has_no_script_of_its_own_and_nothing_of_others(predictor: Predictor) -> None:
    with asked(predictor, HOME) as client:
        page = client.get("/").text
        assert re.findall(r"<script(?![^>]* src=\"/static/)", page) == []
        assert re.findall(r"<style|\bstyle=|\bon\w+=|javascript:", page) == []
        assert re.findall(r"(?:src|href)=\"(?!/|#|\?lang=)", page) == []
        scripts = re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page)
        assert len(scripts) == 3
        for script in scripts:
            first = client.get(script)
            again = client.get(script, headers={"If-None-Match": first.headers["ETag"]})
            assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
            assert not re.search(r"https?://(?!www\.w3\.org)|innerHTML|eval\(|document\.write", first.text)


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/drop.html", "/static/"])
def test_only_the_files_of_the_page_can_be_asked_for(predictor: Predictor, path: str) -> None:
    with asked(predictor, HOME) as client:
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_here")


def test_a_fault_of_the_program_is_told_without_its_inside(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> object:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(predictor, "submit", fault)
    with asked(predictor, HOME) as client:
        answer = client.post("/predict", files={"files": ("a.jpg", make_jpeg(1))})
        assert (answer.status_code, answer.json()["code"]) == (500, "fault")
        assert "secret" not in answer.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert status(client, "GET", "/healthz") == 200


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "serve" / "token"
    keys = kept_keys(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_keys(file) == keys
    assert len(keys.token) > 40
    assert len({keys.token, keys.session, keys.page}) == 3


def test_a_token_that_others_can_read_or_guess_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for text, mode in (("x" * 40, 0o644), ("short", 0o600), ("two words of a token", 0o600), ("", 0o600)):
        file.write_text(text)
        file.chmod(mode)
        with pytest.raises(UsageError, match="token"):
            kept_keys(file)
    file.unlink()
    os.mkfifo(file, 0o600)
    with pytest.raises(UsageError, match="not a file"):
        kept_keys(file)
