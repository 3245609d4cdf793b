"""The door: who may ask what. Every request passes here before anything else looks at it.

A server on this machine is reached by everything that a browser here has open: pages of other sites send forms to it, embed its pictures,
and, with a name that they let point here, read its answers. And by other users of the machine. Each measure below has a row in
docs/concepts/serve-security.md, with the test that fails without it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from album_sort.sentences import speaking
from album_sort.web.keys import Keys
from album_sort.web.limits import LOCAL_NAMES
from album_sort.web.refusals import Header, Refused, is_for_person, language_of

TOKEN_HEADER = "X-Album-Sort-Token"  # noqa: S105 - the name of a header
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_PROGRAMS = frozenset({"/predict", "/openapi.json"})
"""What a program on this machine may use without a token: it changes nothing, and shows nothing that it was not given."""
OPEN_TO_ALL = frozenset({"/healthz", "/static/drop.css", "/static/icon.svg"})
"""The looks of the page on which somebody without the token is told of it, too."""

CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
"""Of every answer; one that says otherwise itself (`Cache-Control` of a thumbnail) keeps what it says."""


@dataclass(frozen=True, slots=True)
class House:
    """Where the server stands."""

    keys: Keys
    port: int
    is_on_network: bool = False
    """Whether others than this machine can reach it."""
    has_albums: bool = False
    """Whether there is something to see that others of this machine's users may not."""
    names: frozenset[str] = frozenset()
    """Further names by which it may be called: a reverse proxy's."""
    lang: str = "en"

    @property
    def cookie(self) -> str:
        """Cookies know no ports: servers on several ports of one machine have each its own."""
        return f"album_sort_{self.port}"


class Guard:
    """Lets a request in, or tells why not; gives every answer the headers that keep a page apart from others."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": with_security(message.get("headers", []))}
            await send(message)

        request = _Request.of(scope)
        lang = language_of(request.query("lang"), request.accepted, self._house.lang)
        scope.setdefault("state", {})["lang"] = lang
        try:
            self._check_host(request)
            if self._opens_session(request):
                await _redirect(send_with_headers, self._house, request)
                return
            self._check_origin(request)
            self._check_who(request)
        except Refused as refused:
            for_person = is_for_person(request.method, request.header("accept"))
            await refuse(send_with_headers, refused, lang, for_person=for_person)
            return
        with speaking(lang):
            await self._app(scope, receive, send_with_headers)

    def _check_host(self, request: _Request) -> None:
        """A name that somebody else lets point to this machine is not ours (DNS rebinding); a number cannot be pointed."""
        if request.host in LOCAL_NAMES | self._house.names:
            return
        if not (self._house.is_on_network and _is_address(request.host)):
            raise Refused(421, "host", {"host": request.host[:100]})

    def _opens_session(self, request: _Request) -> bool:
        return request.path == "/" and request.method == "GET" and self._house.keys.is_token(request.query("token"))

    def _check_origin(self, request: _Request) -> None:
        """What a browser says of where a request comes from: no other site's page may send one, or embed what we show."""
        site, origin = request.header("sec-fetch-site"), request.header("origin")
        is_visit = request.method == "GET" and request.header("sec-fetch-mode") == "navigate"
        allowed = ("", "same-origin", "none") if request.method in SAFE else ("", "same-origin")
        if site not in allowed and not is_visit:
            raise Refused(403, "other_site")
        if origin and origin.rpartition("://")[2] != request.netloc:
            raise Refused(403, "other_site")

    def _check_who(self, request: _Request) -> None:
        keys, given = self._house.keys, request.header(TOKEN_HEADER.lower()) or request.bearer
        if request.path in OPEN_TO_ALL or keys.is_token(given):
            return
        is_program = not request.header("origin") and not request.header("sec-fetch-site")
        if request.path in OPEN_TO_PROGRAMS and is_program and self._is_local(request):
            return
        knows_who = self._is_local(request) and not self._house.has_albums
        if not knows_who and not keys.is_session(request.cookie(self._house.cookie)):
            raise Refused(403, "who")
        if request.method not in SAFE and not keys.is_page(given):
            raise Refused(403, "page")

    def _is_local(self, request: _Request) -> bool:
        """Whether a program on this machine asks, and no proxy for somebody else."""
        is_forwarded = any(request.header(name) for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
        return not self._house.is_on_network and request.host in LOCAL_NAMES and not is_forwarded


@dataclass(frozen=True, slots=True)
class _Request:
    """What the door looks at."""

    method: str
    path: str
    netloc: str
    """The `Host` header."""
    is_secret: bool
    """Whether the connection is."""
    headers: Headers
    queries: Mapping[str, list[str]]

    @classmethod
    def of(cls, scope: Scope) -> _Request:
        headers = Headers(scope=scope)
        try:
            queries = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=50)
        except ValueError:
            queries = {}
        hosts = headers.getlist("host")
        return cls(
            scope["method"],
            scope["path"],
            hosts[0] if len(hosts) == 1 else "",
            scope["scheme"] == "https",
            headers,
            queries,
        )

    @property
    def host(self) -> str:
        """Without its port; empty where it cannot be read."""
        try:
            return (urlsplit(f"//{self.netloc}").hostname or "").removesuffix(".")
        except ValueError:
            return ""

    @property
    def accepted(self) -> str:
        return self.header("accept-language")

    @property
    def bearer(self) -> str:
        kind, _, given = self.header("authorization").partition(" ")
        return given if kind.lower() == "bearer" else ""

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def query(self, name: str) -> str:
        return self.queries.get(name, [""])[0]

    def cookie(self, name: str) -> str:
        return cookie_parser(self.header("cookie")).get(name, "")


def with_security(headers: list[Header]) -> list[Header]:
    """The headers of an answer with those that it lacks."""
    there = {name.lower() for name, _ in headers}
    ours = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
    return [*headers, *(one for one in ours if one[0] not in there)]


async def refuse(send: Send, refused: Refused, lang: str, *, for_person: bool = False) -> None:
    """Answers that it is not done, and why."""
    headers, body = refused.answer(lang, for_person=for_person)
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, house: House, request: _Request) -> None:
    """To the page without the token, which is not to stand in the browser's history; the browser remembers who it is."""
    lang = request.query("lang")
    target = f"/?lang={lang}" if lang in ("en", "zh") else "/"
    secure = "; Secure" if request.is_secret or request.header("x-forwarded-proto") == "https" else ""
    cookie = f"{house.cookie}={house.keys.session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000{secure}"
    headers = [(b"location", target.encode()), (b"set-cookie", cookie.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
