"""The terminal's words in the language of a run (`labels/terminal_words.toml`)."""

from __future__ import annotations

from functools import cache

from album_sort.classifier.labels import label_text
from album_sort.report import Words, parse_words
from album_sort.types import LANGUAGES

__all__ = ["WORDS_FILE", "Words", "terminal_words"]

WORDS_FILE = "terminal_words.toml"
"""Name of the file in `labels/`."""


@cache
def terminal_words(lang: str, encoding: str = "utf-8") -> Words:
    """The words of one language; English where the terminal's encoding has no characters for the other."""
    words = parse_words(label_text(WORDS_FILE), lang)
    try:
        "".join(words.sentences.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return parse_words(label_text(WORDS_FILE), LANGUAGES[0])
    return words
