"""Reading a rules file with all its faults: each with its line, the value, and what may have been meant."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from album_sort.core.albums.toml_lines import KeyPath, TomlLines
from album_sort.errors import UsageError, did_you_mean, nearest
from album_sort.sentences import sentence
from album_sort.types import AlbumId, ClassIndex, LabelSet


class OverlayReader:
    """The tables of a rules file and the faults found in them so far."""

    def __init__(self, text: str, labels: LabelSet, file_name: str) -> None:
        self.file_name = file_name
        # Editors on Windows put a byte order mark at the start.
        text = text.removeprefix("\ufeff")
        try:
            self.data: Mapping[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(
                sentence("rules.is-not-valid-toml", file_name=file_name, error=error),
                hint=sentence("rules.mend-these-lines"),
            ) from error
        self._lines = TomlLines(text)
        self._faults: list[tuple[int, str]] = []
        self._labels = labels

    @cached_property
    def _classes(self) -> Mapping[str, ClassIndex]:
        """By name. Most files ask for none."""
        known = reversed(self._labels.classes)
        return {name.casefold(): one.index for one in known for name in one.names.values()}

    def fault(self, path: KeyPath, message: str, value: object = None) -> None:
        """Note a fault at a key, or at one entry of its list."""
        line = self._lines.line_of(path) if value is None else self._lines.line_of_value(path, value)
        self._faults.append((line, message))

    def raise_if_faulty(self) -> None:
        """All faults at once, in the order of their lines."""
        if self._faults:
            found = sorted(set(self._faults))
            count = sentence("rules.faults", n=len(found), file_name=self.file_name)
            lines = [f"{self.file_name}:{line}: {message}" for line, message in found]
            raise UsageError("\n".join((count, *lines)), hint=sentence("rules.mend-these-lines"))

    def table(self, path: KeyPath, value: object, keys: Sequence[str]) -> Mapping[str, Any]:
        """A table with none but these keys; faulty ones are left out."""
        if not isinstance(value, dict):
            self.fault(path, sentence("rules.is-not-a-table", dotted=_dotted(path), value=value))
            return {}
        for key in value:
            if key not in keys:
                self.fault((*path, key), sentence("rules.unknown-key", name=key, meant=did_you_mean(key, keys)))
        return {key: entry for key, entry in value.items() if key in keys}

    def text(self, path: KeyPath, value: object) -> str:
        """A text that says something."""
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.fault(path, sentence("rules.is-not-a-text", dotted=_dotted(path), value=value))
        return ""

    def texts(self, path: KeyPath, value: object) -> tuple[str, ...]:
        """One text or a list of them."""
        entries = value if isinstance(value, list) else [value]
        return tuple(text for entry in entries if (text := self.text(path, entry)))

    def boolean(self, path: KeyPath, value: object) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            self.fault(path, sentence("rules.is-not-true-or", dotted=_dotted(path), value=value))
        return value is True

    def number(self, path: KeyPath, value: object, low: float, high: float) -> float:
        """A number within its limits, both included."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.fault(
                path,
                sentence("rules.is-not-a-number", dotted=_dotted(path), value=value, low=f"{low:g}", high=f"{high:g}"),
            )
            return low
        return float(value)

    def cycle(self, path: KeyPath, value: object, low: int, high: int) -> tuple[int, ...]:
        """Whole numbers, or ranges that may run over the end: `"22-4"` of hours, `"11-2"` of months."""
        found: list[int] = []
        for entry in value if isinstance(value, list) else [value]:
            first, dash, last = str(entry).partition("-")
            ends = [int(end) for end in (first, last or first) if end.strip().isdecimal()]
            if (
                isinstance(entry, bool)
                or len(ends) != 2
                or (dash and not last)
                or not all(low <= e <= high for e in ends)
            ):
                self.fault(
                    path,
                    sentence(
                        "rules.is-neither-a-number",
                        dotted=_dotted(path),
                        entry=entry,
                        low=low,
                        high=high,
                        value=high - 1,
                        value2=low + 2,
                    ),
                )
                continue
            span = high - low + 1
            found += [low + (ends[0] - low + step) % span for step in range((ends[1] - ends[0]) % span + 1)]
        return tuple(dict.fromkeys(found))

    def choice(self, path: KeyPath, value: object, known: Sequence[str]) -> tuple[str, ...]:
        """One or more of some words."""
        words = self.texts(path, value)
        for word in words:
            if word not in known:
                self.fault(path, f"unknown {path[-1]} {word!r}{did_you_mean(word, known)}", word)
        return tuple(word for word in words if word in known)

    def album(self, path: KeyPath, value: object, known: Sequence[AlbumId]) -> AlbumId | None:
        """The id of an album."""
        name = self.text(path, value)
        if not name:
            return None
        if name not in known:
            self.fault(path, sentence("rules.unknown-album", name=name, meant=did_you_mean(name, known)), name)
            return None
        return AlbumId(name)

    def class_index(self, path: KeyPath, value: object) -> ClassIndex | None:
        """A class by its index or by its English or Chinese name."""
        if (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdecimal()):
            index = int(value)
            if index < len(self._labels.classes):
                return ClassIndex(index)
            self.fault(
                path, sentence("rules.there-is-no-class", index=str(index), value=len(self._labels.classes) - 1), value
            )
            return None
        name = self.text(path, value)
        if not name:
            return None
        found = self._classes.get(name.casefold())
        if found is None:
            self.fault(path, sentence("rules.unknown-class", name=name, meant_class=self._meant_class(name)), name)
        return found

    def _meant_class(self, name: str) -> str:
        """Names that contain the word come first: `tabby` means `tabby cat`, whatever else is spelled alike."""
        folded = name.casefold()
        containing = sorted((known for known in self._classes if folded in known.split()), key=len)
        close = nearest(folded, self._classes, 0.75)
        words = {word: known for known in self._classes for word in known.split()}
        near_word = nearest(folded, words, 0.75)
        best = next(iter(containing), "") or close or words.get(near_word, "")
        if not best:
            return sentence("rules.album-sort-albums-show")
        index = self._classes[best]
        shown = next(said for said in self._labels.classes[index].names.values() if said.casefold() == best)
        return sentence("rules.did-you-mean", shown=shown)


def _dotted(path: KeyPath) -> str:
    return ".".join(str(part) for part in path if isinstance(part, str))
