"""Why a request is refused: a status, and a sentence in the language of who asks. The same form for every error that the server tells."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping

from album_sort.choices import LANGUAGES
from album_sort.operations.words import web_words

Header = tuple[bytes, bytes]


class Refused(Exception):
    """A request that is not carried out."""

    def __init__(
        self, status: int, code: str, values: Mapping[str, str | int] | None = None, *, retry_after_s: int = 0
    ) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code
        """Key of the sentence in `labels/web_words.toml`, after `refused_`."""
        self.values = values or {}
        self.retry_after_s = retry_after_s

    def sentence(self, lang: str) -> str:
        """What is wrong, and what to do."""
        return web_words(lang).text(f"refused_{self.code}", **self.values)

    def as_json(self, lang: str) -> dict[str, str]:
        """The body of the answer."""
        return {"error": self.sentence(lang), "code": self.code}

    @property
    def headers(self) -> dict[str, str]:
        """Those that belong to it."""
        return {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else {}

    def as_page(self, lang: str) -> str:
        """The same for a person who has opened an address, in the looks of the other pages: those are there for all."""
        titles = {"who": "title_of_refused_who", "not_here": "title_of_refused_not_here"}
        return page_that_says(lang, titles.get(self.code, "title_of_refused"), self.sentence(lang))

    def answer(self, lang: str, *, for_person: bool = False) -> tuple[list[Header], bytes]:
        """Headers and body, for where no framework helps."""
        text = self.as_page(lang) if for_person else json.dumps(self.as_json(lang), ensure_ascii=False)
        body = text.encode()
        kind = "text/html; charset=utf-8" if for_person else "application/json"
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **self.headers}
        return [(name.lower().encode(), value.encode()) for name, value in headers.items()], body


def page_that_says(lang: str, title_key: str, *sentences: str) -> str:
    """What is wrong as a page, in the looks of the other pages, a paragraph for each sentence. Empty ones are left out."""
    words = web_words(lang)
    spoken = {"zh": "zh-Hans"}.get(lang, lang)
    other = "zh" if lang == "en" else "en"
    title = html.escape(words.text(title_key))
    said = "".join(f'<p class="lead">{html.escape(one)}</p>' for one in sentences if one)
    return (
        f'<!doctype html>\n<html lang="{spoken}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>album-sort · {title}</title>"
        '<link rel="icon" href="/static/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/static/drop.css"></head><body>'
        '<header class="bar"><a class="brand" href="/">album<span>-</span>sort</a>'
        f'<a class="other" href="?lang={other}" hreflang="{other}" lang="{other}">{html.escape(words.text("drop_other_language"))}</a>'
        f'</header><main><section class="hero"><h1>{title}</h1>{said}</section></main></body></html>\n'
    )


def is_for_person(method: str, accepted: str) -> bool:
    """Whether a browser shows the answer as a page: `accepted` is what it says that it takes. Programs get JSON."""
    return method == "GET" and "text/html" in accepted


def language_of(query: str, accepted: str, default: str) -> str:
    """`?lang=`, else the first language of `Accept-Language` that we speak (in its order; weights are hardly ever out of it)."""
    if query in LANGUAGES:
        return query
    for wanted in accepted[:200].split(","):
        short = wanted.strip().partition(";")[0].partition("-")[0].lower()
        if short in LANGUAGES:
            return short
    return default
