"""The page for people, and what it loads. Nothing is built: these files are what the browser gets."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
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

PAGE_WORDS = "page_"
"""Beginning of the keys of words that the page's script says."""

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
            found[file.name] = StaticFile(content, content_type, f'"{hashlib.sha256(content).hexdigest()[:16]}"')
    return found


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

    @router.get("/")
    async def page(request: Request) -> HTMLResponse:
        lang = request.state.lang
        words = web_words(lang)
        spoken = {key: text for key, text in words.sentences.items() if key.startswith(PAGE_WORDS)}
        limits = {"files": desk.limits.files, "bytes": desk.limits.file_bytes}
        values = {
            "lang": {"zh": "zh-Hans"}.get(lang, lang),
            "lang_code": lang,
            "other_lang": "zh" if lang == "en" else "en",
            "key": house.keys.page,
            "header": TOKEN_HEADER,
            "words": json.dumps(spoken, ensure_ascii=False),
            "limits": json.dumps(limits),
            "most": words.text("drop_most", n=desk.limits.file_bytes // MB),
        }
        return HTMLResponse(render(words, values))

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        file = static_files().get(name)
        if file is None:
            raise Refused(404, "not_here")
        headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.content_type, headers=headers)

    return router
