"""The page for people, and what it loads. Nothing is built: these files are what the browser gets."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from album_sort.operations.words import Words, web_words
from album_sort.web.desk import Desk
from album_sort.web.guard import TOKEN_HEADER, House
from album_sort.web.limits import MB
from album_sort.web.refusals import Refused

PAGE_WORDS, LIVE_WORDS = "page_", "live_"
"""Beginnings of the keys of words that the scripts of the two pages say."""

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of a page."""

    content: bytes
    content_type: str
    etag: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All, by name: nothing else can be asked for."""
    found = {}
    for file in resources.files("album_sort.web").joinpath("static").iterdir():
        content_type = _TYPES.get("." + file.name.rpartition(".")[2])
        if content_type is not None:
            content = file.read_bytes()
            found[file.name] = static_file(file.name, content)
    return found


def static_file(name: str, content: bytes) -> StaticFile:
    """A file of a page, known by its name's end."""
    return StaticFile(content, _TYPES["." + name.rpartition(".")[2]], f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def static_answer(file: StaticFile, request: Request) -> Response:
    """Asked for each time, and sent when it is another one than the browser has."""
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.content_type, headers=headers)


def live_head(house: House, lang: str, trips: Sequence[str]) -> str:
    """What the script of the albums has to know: the page's key, its words, and the trips by the numbers that the page has for them."""
    values = {
        "key": house.keys.page,
        "header": TOKEN_HEADER,
        "words": json.dumps(_words(lang, LIVE_WORDS), ensure_ascii=False),
        "trips": json.dumps(list(trips)),
    }
    told = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in values.items())
    links = '<link rel="stylesheet" href="/static/live.css">\n<link rel="icon" href="/static/icon.svg">\n'
    return f'<meta id="album-sort-live" {told}>\n{links}'


def _words(lang: str, beginning: str) -> dict[str, str]:
    return {key: said for key, said in web_words(lang).sentences.items() if key.startswith(beginning)}


@cache
def _page() -> str:
    return resources.files("album_sort.web").joinpath("static", "drop.html").read_text(encoding="utf-8")


def render(words: Words, values: Mapping[str, str]) -> str:
    """The page in one language: `{{name}}` is a value, else a word; escaped, whatever it is."""

    def said(found: re.Match[str]) -> str:
        return html.escape(values[found[1]] if found[1] in values else words.text(found[1]))

    return _PLACE.sub(said, _page())


def page_router(house: House, desk: Desk) -> APIRouter:
    """The addresses."""
    router = APIRouter(include_in_schema=False)

    @router.get("/drop")
    async def page(request: Request) -> HTMLResponse:
        lang = request.state.lang
        words = web_words(lang)
        limits = {"files": desk.limits.files, "bytes": desk.limits.file_bytes}
        values = {
            "lang": {"zh": "zh-Hans"}.get(lang, lang),
            "lang_code": lang,
            "other_lang": "zh" if lang == "en" else "en",
            "key": house.keys.page,
            "header": TOKEN_HEADER,
            "words": json.dumps(_words(lang, PAGE_WORDS), ensure_ascii=False),
            "limits": json.dumps(limits),
            "most": words.text("drop_most", n=desk.limits.file_bytes // MB),
        }
        return HTMLResponse(render(words, values))

    if not house.has_albums:
        router.get("/")(page)

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        file = static_files().get(name)
        if file is None:
            raise Refused(404, "not_here")
        return static_answer(file, request)

    return router
