"""Reasons as sentences: `labels/reasons/*.toml` holds one for each code and language, a `Reason` brings the values.

Nothing here raises because of a missing sentence: a photo is filed all the same, and its reason then reads as the bare
code and its values. `wording_faults` and `reason_faults` find such gaps; tests call them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from album_sort.types import LANGUAGES, AlbumId, LabelSet, Reason

ALBUM_PLACEHOLDERS = frozenset({"album", "other"})
"""Their values are album ids; the sentence shows the album's title."""

CLASS_PLACEHOLDERS = frozenset({"class_index", "class_index_2", "class_index_3"})
"""Their values are class indices; the sentence shows the classes' names."""

WORD_PLACEHOLDERS = frozenset({"season", "content", "precision"})
"""Their values are words of ours (`winter`); the sentence shows what `season.winter` says."""

_CODE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

Value = str | int | float


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The sentences, and the names that their placeholders show."""

    sentences: Mapping[str, Mapping[str, str]]
    """By code, then by language."""
    labels: LabelSet | None = None
    """Titles and class names; without them ids and indices are shown."""
    titles: Mapping[str, Mapping[AlbumId, str]] = field(default_factory=dict)
    """By language: titles of albums that the user added or renamed."""

    def retitled(self, titles: Mapping[str, Mapping[AlbumId, str]]) -> Wording:
        """The same sentences with the user's own titles, by language."""
        return replace(self, titles=titles)

    def say(self, reason: Reason, lang: str) -> str:
        """The reason as a sentence; its code and values where there is none or where a value is missing."""
        sentence = self._sentence(reason.code, lang)
        values = dict(reason.values)
        if sentence is None or not values.keys() >= _placeholders(sentence):
            return str(reason)
        # One pass: braces inside a value (a file name, say) are never taken for placeholders.
        return _PLACEHOLDER.sub(lambda found: self._shown(found[1], values[found[1]], lang), sentence)

    def word(self, kind: str, value: str, lang: str) -> str:
        """A fixed word of ours in this language: `word("season", "winter", "zh")`; the value itself where there is none."""
        return self._sentence(f"{kind}.{value}", lang) or value

    def _sentence(self, code: str, lang: str) -> str | None:
        texts = self.sentences.get(code, {})
        return texts.get(lang) or texts.get(LANGUAGES[0])

    def _shown(self, placeholder: str, value: Value, lang: str) -> str:
        if placeholder in ALBUM_PLACEHOLDERS:
            album = AlbumId(str(value))
            own = self.titles.get(lang, {}).get(album)
            return own or (self.labels.title(album, lang) if self.labels else album)
        if placeholder in CLASS_PLACEHOLDERS and self.labels and isinstance(value, int):
            known = 0 <= value < len(self.labels.classes)
            return self.labels.class_name(self.labels.classes[value].index, lang) if known else str(value)
        if isinstance(value, str):
            return self.word(placeholder, value, lang) if placeholder in WORD_PLACEHOLDERS else value
        # People read two decimals at most, and none that is nought.
        rounded = round(float(value), 2)
        return str(int(rounded)) if rounded.is_integer() else str(rounded)


def read_wording(texts: Mapping[str, str], labels: LabelSet | None = None) -> Wording:
    """The sentences of several files (name to TOML text); what cannot be read is left out, as `wording_faults` tells."""
    sentences: dict[str, Mapping[str, str]] = {}
    for text in texts.values():
        for code, entry in _entries(text).items():
            if isinstance(entry, dict):
                sentences[code] = {lang: said for lang, said in entry.items() if isinstance(said, str)}
    return Wording(sentences, labels)


def wording_faults(texts: Mapping[str, str]) -> tuple[str, ...]:
    """Everything wrong with the sentences of several files (name to TOML text), each with file and code."""
    faults: list[str] = []
    seen: dict[str, str] = {}
    for name, text in texts.items():
        try:
            entries = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(f"{name}: {error}")
            continue
        for code, entry in entries.items():
            faults += [f"{name}: {code}: {fault}" for fault in _faults_of(code, entry)]
            if code in seen:
                faults.append(f"{name}: {code}: already in {seen[code]}")
            seen.setdefault(code, name)
    return tuple(faults)


def reason_faults(wording: Wording, reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Reasons that would be shown as bare codes, each with what is missing."""
    return tuple(fault for reason in reasons for fault in _gaps(wording, reason))


def _gaps(wording: Wording, reason: Reason) -> Iterator[str]:
    texts = wording.sentences.get(reason.code)
    if texts is None:
        yield f"{reason.code}: no sentence"
        return
    for lang in LANGUAGES:
        lacking = _placeholders(texts.get(lang, "")) - {name for name, _ in reason.values}
        if lang not in texts:
            yield f"{reason.code}: no sentence in {lang}"
        elif lacking:
            yield f"{reason.code}: the {lang} sentence needs {', '.join(sorted(lacking))}, the reason has no such value"


def _faults_of(code: str, entry: object) -> Iterator[str]:
    if not _CODE.fullmatch(code):
        yield "a code has lower-case words between dots and hyphens"
    if not isinstance(entry, dict):
        yield f"needs a sentence for each of {', '.join(LANGUAGES)}, not {entry!r}"
        return
    for lang in sorted(set(LANGUAGES) ^ set(entry)):
        yield (
            f"{lang} is missing"
            if lang in LANGUAGES
            else f"{lang!r} is not a language; there are {', '.join(LANGUAGES)}"
        )
    said = {lang: text for lang, text in entry.items() if isinstance(text, str) and text.strip()}
    for lang in sorted(set(entry) & set(LANGUAGES) - set(said)):
        yield f"{lang} is empty or no text: {entry[lang]!r}"
    for lang, text in said.items():
        if "{" in (rest := _PLACEHOLDER.sub("", text)) or "}" in rest:
            yield f"{lang} has a brace that is not a placeholder: {text!r}"
    if len({frozenset(_placeholders(text)) for text in said.values()}) > 1:
        yield f"the languages have different placeholders: {said}"


def _entries(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _placeholders(sentence: str) -> set[str]:
    return set(_PLACEHOLDER.findall(sentence))
