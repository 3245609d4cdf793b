"""The words of the terminal and of the server in one language (`labels/terminal_words.toml`, `labels/web_words.toml`)."""

from __future__ import annotations

from functools import cache

from album_sort.classifier.labels import label_text
from album_sort.report import Words, parse_words
from album_sort.types import LANGUAGES

__all__ = ["WEB_WORDS_FILE", "WORDS_FILE", "Words", "terminal_words", "web_words"]

WORDS_FILE = "terminal_words.toml"
"""Name of the file in `labels/`."""

WEB_WORDS_FILE = "web_words.toml"
"""The same of what the server says and its pages show."""


@cache
def terminal_words(lang: str, encoding: str = "utf-8") -> Words:
    """The words of one language; English where the terminal's encoding has no characters for the other."""
    words = parse_words(label_text(WORDS_FILE), lang)
    try:
        "".join(words.sentences.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return parse_words(label_text(WORDS_FILE), LANGUAGES[0])
    return words


@cache
def web_words(lang: str) -> Words:
    """The words of one language for the server and its pages."""
    return parse_words(label_text(WEB_WORDS_FILE), lang)
