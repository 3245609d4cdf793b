"""Changes that somebody has made in the page and not carried out yet: kept for a destination, whatever becomes of server and browser."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from album_sort.cached_file import write_cached
from album_sort.errors import UsageError
from album_sort.reading import read_small
from album_sort.sentences import sentence
from album_sort.types.changes import (
    BelongsTo,
    Change,
    ChooseCover,
    Forget,
    KeepOut,
    MergeAlbums,
    MergeTrips,
    NewAlbum,
    RenameAlbum,
    RenameTrip,
    SetPlace,
    SetTaken,
)

KINDS: Mapping[str, type] = {
    "belongs-to": BelongsTo,
    "keep-out": KeepOut,
    "new-album": NewAlbum,
    "forget": Forget,
    "taken": SetTaken,
    "place": SetPlace,
    "rename-album": RenameAlbum,
    "merge-albums": MergeAlbums,
    "rename-trip": RenameTrip,
    "merge-trips": MergeTrips,
    "cover": ChooseCover,
}
"""What a page can ask for, by the name that it uses; the fields are those of the value."""

MOST_PHOTOS = 20_000
MOST_CHANGES = 500
MOST_LETTERS = 200
_MOST_BYTES = 32 << 20
_CONTENT = re.compile(r"[0-9a-f]{12,64}", re.ASCII)


def change_of(row: object) -> Change:
    """The change that a JSON object means; raises `UsageError` for every other."""
    if not isinstance(row, dict) or row.get("kind") not in tuple(KINDS):
        raise UsageError(
            sentence("order.this-is-no-change"), hint=sentence("order.kind-is-one-of", kinds=", ".join(KINDS))
        )
    kind = KINDS[row["kind"]]
    names = [one.name for one in dataclasses.fields(kind)]
    if set(row) - {"kind"} != set(names):
        raise UsageError(
            sentence("order.a-change-has", row=row["kind"], names=", ".join(names)),
            hint=sentence("order.give-just-these"),
        )
    change: Change = kind(**{name: _value(name, row[name]) for name in names})
    return change


def _value(name: str, value: object) -> str | tuple[str, ...]:
    if name in ("albums", "trips"):
        several = value if isinstance(value, list) and len(value) <= MOST_CHANGES else []
        return tuple(_text(name, one) for one in several)
    if name == "photo":
        return _photo(value)
    if name != "photos":
        return _text(name, value)
    photos = value if isinstance(value, list) else []
    if not 0 < len(photos) <= MOST_PHOTOS:
        raise UsageError(sentence("order.photos-are-1-to", most_photos=MOST_PHOTOS), hint=sentence("order.12-to-64-of"))
    return tuple(dict.fromkeys(map(_photo, photos)))


def _photo(value: object) -> str:
    if not isinstance(value, str) or not _CONTENT.fullmatch(value):
        raise UsageError(sentence("order.a-photo-is-named"), hint=sentence("order.12-to-64-of-the"))
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MOST_LETTERS or not value.isprintable():
        raise UsageError(
            sentence("order.is-a-text-of", name=name, most_letters=MOST_LETTERS), hint=sentence("order.say-it-in-fewer")
        )
    return value.strip()


def change_as_json(change: Change) -> dict[str, object]:
    """The same the other way round."""
    kind = next(name for name, one in KINDS.items() if isinstance(change, one))
    values = {one.name: getattr(change, one.name) for one in dataclasses.fields(change)}
    return {"kind": kind, **{name: list(one) if isinstance(one, tuple) else one for name, one in values.items()}}


class Pending:
    """The changes of one destination, in the order in which they were made."""

    def __init__(self, cache_folder: Path, destination: str) -> None:
        name = hashlib.sha256(os.path.realpath(destination).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._file = cache_folder / "serve" / f"{name}.pending.json"
        self.changes = self._read()

    def add(self, changes: Sequence[Change]) -> None:
        """More of them; raises `UsageError` for too many."""
        if len(self.changes) + len(changes) > MOST_CHANGES:
            raise UsageError(
                sentence("order.changes-wait-already", most_changes=MOST_CHANGES),
                hint=sentence("order.apply-them-or-discard"),
            )
        self.changes += changes
        self._write()

    def remove(self, number: int) -> None:
        """Without one of them."""
        if 0 <= number < len(self.changes):
            del self.changes[number]
            self._write()

    def clear(self, done: Sequence[Change]) -> None:
        """Without those that were carried out, the very ones; meanwhile others may have come, and some of these have gone."""
        gone = set(map(id, done))
        self.changes = [change for change in self.changes if id(change) not in gone]
        self._write()

    def _read(self) -> list[Change]:
        with contextlib.suppress(OSError, ValueError, UsageError, RecursionError):
            rows = json.loads(read_small(self._file, _MOST_BYTES))
            if isinstance(rows, list):
                return [change_of(row) for row in rows[:MOST_CHANGES]]
        return []

    def _write(self) -> None:
        """Whole or not at all; a cache that cannot be written keeps them as long as the server lives."""
        text = json.dumps([change_as_json(one) for one in self.changes])
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_cached(self._file, lambda sink: sink.write(text.encode()))
