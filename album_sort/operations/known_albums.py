"""The albums that `init` has set up for this user: what `album-sort` alone stands for. Beside the user's own settings."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from album_sort.config import user_file
from album_sort.core.checked import NONSENSE
from album_sort.reading import read_small

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class KnownAlbums:
    """One destination with the photos that go into it. Paths are absolute."""

    albums: str
    photos: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    """What was written to the user's settings, by name: only that is taken back."""


def known_albums_file() -> Path:
    """Where they are kept."""
    return user_file().with_name("known-albums.json")


def known_albums() -> tuple[KnownAlbums, ...]:
    """Those that were set up; none where the file is missing, or of no kind that we know."""
    try:
        rows = json.loads(read_small(known_albums_file(), _MOST_BYTES))
        found = [
            KnownAlbums(row["albums"], tuple(row["photos"]), tuple((key, value) for key, value in row["settings"]))
            for row in rows
        ]
    except (OSError, *NONSENSE):
        return ()
    texts: list[object] = [text for one in found for text in (one.albums, *one.photos)]
    return tuple(found) if all(isinstance(text, str) and os.path.isabs(text) for text in texts) else ()


def known_albums_text(known: Sequence[KnownAlbums]) -> str:
    """As they are kept."""
    return "[" + ",\n ".join(_as_json(one) for one in known) + "]\n"


def _as_json(one: KnownAlbums) -> str:
    """`init` shows it to a person: 相册 as it is written; spelled out only where a path has what cannot be shown."""
    text = json.dumps(asdict(one), ensure_ascii=False)
    return text if text.isprintable() else json.dumps(asdict(one))
