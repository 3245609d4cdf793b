"""Rules files: the shipped `labels/rules.toml` and the user's `--albums` file, which is laid over it. One grammar for both.

docs/guides/albums.md explains it to people; docs/guides/albums-example.toml is an example that a test runs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import AlbumRules, rules_of
from album_sort.core.albums.overlay_reader import OverlayReader
from album_sort.core.albums.overlay_rules import read_rules
from album_sort.core.albums.scoring import prior_log_odds
from album_sort.core.albums.toml_lines import KeyPath
from album_sort.sentences import sentence
from album_sort.types import LANGUAGES, REVIEW, TRAVEL, AlbumId, ClassIndex, LabelSet

ALBUM_KEYS = ("title", "classes", "part_of", "merge", "remove", "threshold", "precision_target", "usual_share")
_ALBUM_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def parse_overlay(text: str, labels: LabelSet, file_name: str, base: AlbumRules | None = None) -> AlbumRules:
    """The rules that result when a rules file is laid over others (by default the plain class map).

    Raises UsageError with every fault of the file at once: line, value, and what may have been meant.
    """
    reader = OverlayReader(text, labels, file_name)
    below = base or rules_of(labels)
    reader.table((), reader.data, ("album", "classes", "rule"))
    draft = _Draft(reader, labels, below)
    draft.read_albums()
    draft.read_class_map()
    rules = read_rules(reader, draft.albums)
    reader.raise_if_faulty()
    return draft.finish((*rules, *below.rules), text)


@dataclass(slots=True)
class _Draft:
    """The rules while they are read."""

    reader: OverlayReader
    labels: LabelSet
    below: AlbumRules
    albums: list[AlbumId] = field(init=False)
    weights: NDArray[np.float32] = field(init=False)
    parents: dict[AlbumId, AlbumId] = field(init=False)
    merged: dict[AlbumId, AlbumId | None] = field(init=False)
    titles: dict[AlbumId, dict[str, str]] = field(init=False)
    shares: dict[AlbumId, float] = field(init=False)
    thresholds: dict[AlbumId, float] = field(init=False)
    targets: dict[AlbumId, float] = field(init=False)

    def __post_init__(self) -> None:
        below = self.below
        self.albums = list(below.albums)
        self.weights = below.weights.copy()
        self.parents = {
            album: below.albums[family]
            for i, (album, family) in enumerate(zip(below.albums, below.families, strict=True))
            if family != i
        }
        self.merged = dict(below.merged)
        self.titles = {album: dict(titles) for album, titles in below.titles}
        self.shares = dict(below.usual_shares)
        self.thresholds = dict(below.thresholds)
        self.targets = dict(below.precision_targets)

    def read_albums(self) -> None:
        """`[album.ID]` tables: first all new ids, so that the order in the file does not matter."""
        entries = self.reader.data.get("album", {})
        if not isinstance(entries, dict):
            self.reader.fault(("album",), sentence("rules.albums-are-written-as"))
            return
        tables: dict[AlbumId, Mapping[str, Any]] = {}
        for name, entry in entries.items():
            path: KeyPath = ("album", name)
            if not _ALBUM_ID.fullmatch(name):
                self.reader.fault(path, sentence("rules.is-not-an-album", name=name))
                continue
            album = AlbumId(name)
            tables[album] = self.reader.table(path, entry, ALBUM_KEYS)
            if album not in self.albums and album not in (TRAVEL, REVIEW):
                self._add(album)
        for album, table in tables.items():
            self._read_words(album, table)
            self._read_numbers(album, table)
            self._read_part_of(album, table)
        for album, table in tables.items():
            if "classes" in table:
                self._read_classes(album, table["classes"])
        for album, table in tables.items():
            self._read_merge(album, table)
        self._check_titles(tables)

    def _add(self, album: AlbumId) -> None:
        self.albums.append(album)
        self.weights = np.hstack([self.weights, np.zeros((len(self.weights), 1), dtype=np.float32)])
        self.merged.pop(album, None)

    def _read_words(self, album: AlbumId, table: Mapping[str, Any]) -> None:
        path: KeyPath = ("album", album, "title")
        if "title" not in table:
            return
        value = table["title"]
        given = (
            self.reader.table(path, value, LANGUAGES) if isinstance(value, dict) else dict.fromkeys(LANGUAGES, value)
        )
        said = {lang: text for lang, title in given.items() if (text := self.reader.text((*path, lang), title))}
        self.titles[album] = {**self.titles.get(album, {}), **said}

    def _read_numbers(self, album: AlbumId, table: Mapping[str, Any]) -> None:
        for key, into, low, high in (
            ("threshold", self.thresholds, 0.0, 1.0),
            ("precision_target", self.targets, 0.5, 0.999),
            ("usual_share", self.shares, 0.0001, 1.0),
        ):
            if key in table:
                into[album] = self.reader.number(("album", album, key), table[key], low, high)

    def _read_part_of(self, album: AlbumId, table: Mapping[str, Any]) -> None:
        path: KeyPath = ("album", album, "part_of")
        parent = self.reader.album(path, table["part_of"], self.albums) if "part_of" in table else None
        if parent is None:
            return
        if parent == album or parent in self.parents or album in self.parents.values():
            self.reader.fault(path, sentence("rules.cannot-be-part-of", album=album, parent=parent))
            return
        self.parents[album] = parent

    def _read_classes(self, album: AlbumId, value: object) -> None:
        """A list gives whole classes to the album; a table gives each the share that is said."""
        path: KeyPath = ("album", album, "classes")
        entries = value.items() if isinstance(value, dict) else [(entry, None) for entry in _as_list(value)]
        column = self._column(album)
        for name, share in entries:
            index = self.reader.class_index(path, name)
            number = None if share is None else self.reader.number((*path, name), share, 0.0, 1.0)
            if index is None or column is None:
                continue
            self._give(index, album, number)

    def _give(self, index: ClassIndex, album: AlbumId, share: float | None) -> None:
        """The album gets a share of a class; the other albums keep their proportions in what is left."""
        row = self.weights[index]
        column = self.albums.index(album)
        parent = self.parents.get(album)
        if share is None and parent is not None and row[self.albums.index(parent)] > 0:
            # Splitting an album: what spoke for the whole speaks for the part.
            row[column] = row[self.albums.index(parent)]
            row[self.albums.index(parent)] = 0.0
            return
        wanted = 1.0 if share is None else share
        row[column] = 0.0
        others = float(row.sum())
        if others > 1.0 - wanted:
            row *= (1.0 - wanted) / others
        row[column] = wanted

    def _column(self, album: AlbumId) -> int | None:
        if album in self.albums:
            return self.albums.index(album)
        self.reader.fault(("album", album, "classes"), sentence("rules.no-class-can-speak", album=album))
        return None

    def _read_merge(self, album: AlbumId, table: Mapping[str, Any]) -> None:
        if "merge" in table:
            path: KeyPath = ("album", album, "merge")
            for name in self.reader.texts(path, table["merge"]):
                other = self.reader.album(path, name, self.albums)
                if other == album or album in (TRAVEL, REVIEW):
                    self.reader.fault(path, sentence("rules.cannot-be-merged-into", name=name, album=album), name)
                elif other is not None:
                    self._drop(other, album)
        if "remove" in table and self.reader.boolean(("album", album, "remove"), table["remove"]):
            if album == REVIEW:
                self.reader.fault(("album", album, "remove"), sentence("rules.review-cannot-be-removed"))
            elif album in self.albums:
                self._drop(album, None)
            else:
                self.merged[album] = None

    def _drop(self, album: AlbumId, into: AlbumId | None) -> None:
        column = self.albums.index(album)
        if into is not None:
            self.weights[:, self.albums.index(into)] += self.weights[:, column]
            self.shares[into] = self.shares.get(into, 0.0) + self.shares.get(album, 0.0)
            self.parents = {part: into if whole == album else whole for part, whole in self.parents.items()}
        self.weights = np.delete(self.weights, column, axis=1)
        self.albums.remove(album)
        self.parents = {part: whole for part, whole in self.parents.items() if album not in (part, whole)}
        self.merged[album] = into

    def read_class_map(self) -> None:
        """`[classes]`: class = album, or class = { album = share, ... }; replaces what the class spoke for."""
        entries = self.reader.data.get("classes", {})
        if not isinstance(entries, dict):
            self.reader.fault(("classes",), sentence("rules.classes-is-a-table"))
            return
        for name, value in entries.items():
            path: KeyPath = ("classes", name)
            index = self.reader.class_index(path, name)
            shares = value if isinstance(value, dict) else {value: 1.0}
            row = np.zeros(len(self.albums), dtype=np.float32)
            for target, share in shares.items():
                album = self.reader.album(path, target, self.albums)
                number = self.reader.number(path, share, 0.0, 1.0)
                if album is not None:
                    row[self.albums.index(album)] = number
            if float(row.sum()) > 1.0 + 1e-6:
                self.reader.fault(path, sentence("rules.the-shares-of-add", name=name, float=f"{float(row.sum()):.2f}"))
            if index is not None:
                self.weights[index] = row

    def _check_titles(self, tables: Mapping[AlbumId, Mapping[str, Any]]) -> None:
        """Two albums of one title would share a folder."""
        shown = [*self.albums, *(album for album in (TRAVEL, REVIEW) if self.merged.get(album, album) is not None)]
        for lang in LANGUAGES:
            owner: dict[str, AlbumId] = {}
            for album in sorted(shown, key=lambda known: known in tables):
                title = self.titles.get(album, {}).get(lang) or self.labels.title(album, lang)
                first = owner.setdefault(title.casefold(), album)
                if first != album:
                    self.reader.fault(
                        ("album", album, "title"),
                        sentence("rules.has-the-title-too", album=album, first=first, title=title),
                    )

    def finish(self, rules: Sequence[Any], text: str) -> AlbumRules:
        """The rules, unchangeable."""
        column = {album: i for i, album in enumerate(self.albums)}
        families = tuple(column[self.parents.get(album, album)] for album in self.albums)
        return replace(
            self.below,
            albums=tuple(self.albums),
            weights=self.weights,
            families=families,
            parts=frozenset(self.parents),
            titles=tuple((album, tuple(sorted(titles.items()))) for album, titles in self.titles.items()),
            merged=tuple(self.merged.items()),
            rules=tuple(rules),
            thresholds=tuple(self.thresholds.items()),
            precision_targets=tuple(self.targets.items()),
            usual_shares=tuple(self.shares.items()),
            prior_log_odds=prior_log_odds(self.weights, families, [self.shares.get(album) for album in self.albums]),
            digest=hashlib.sha256(f"{self.below.digest}\n{text}".encode()).hexdigest(),
        )


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
