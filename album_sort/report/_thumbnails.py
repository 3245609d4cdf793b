"""Where a report keeps its thumbnails: in the page while they are few, in files beside it when they are many."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

Thumbnail = Callable[[str], bytes | None]
"""A small upright JPEG by the SHA-256 of the photo; None where there is none."""

KEY_LENGTH = 24
"""Hexadecimal digits of the SHA-256 that name a thumbnail: 96 bits never meet by chance among photos."""


class ThumbnailShelf:
    """Takes thumbnails as the rows pass and keeps each content once; holds at most `inline_limit_bytes` of them in memory."""

    def __init__(self, thumbnail: Thumbnail, folder: Path, *, inline_limit_bytes: int) -> None:
        self._thumbnail = thumbnail
        self._folder = folder
        self._limit = inline_limit_bytes
        self._inline: dict[str, bytes] = {}
        self._inline_bytes = 0
        self._in_files: set[bytes] | None = None
        self.total_bytes = 0

    @property
    def is_inline(self) -> bool:
        """Whether all thumbnails still fit into the page."""
        return self._in_files is None

    def put(self, sha256: str) -> str:
        """Fetches and keeps the thumbnail of a photo; returns its key, or "" where there is none."""
        key = sha256[:KEY_LENGTH]
        packed = bytes.fromhex(key)
        if key in self._inline or (self._in_files is not None and packed in self._in_files):
            return key
        data = self._thumbnail(sha256)
        if not data:
            return ""
        self.total_bytes += len(data)
        if self._in_files is None:
            self._inline[key] = data
            self._inline_bytes += len(data)
            if self._inline_bytes > self._limit:
                self.move_to_files()
        else:
            self._write(key, data)
            self._in_files.add(packed)
        return key

    def move_to_files(self) -> None:
        """From now on every thumbnail is a file."""
        if self._in_files is None:
            for key, data in self._inline.items():
                self._write(key, data)
            self._in_files = {bytes.fromhex(key) for key in self._inline}
            self._inline.clear()

    def _write(self, key: str, data: bytes) -> None:
        target = self._folder / relative_file(key)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def inline_blocks(self) -> Iterator[tuple[str, str]]:
        """Key and base64 text of every thumbnail in the page."""
        for key, data in self._inline.items():
            yield key, base64.b64encode(data).decode("ascii")


def relative_file(key: str) -> str:
    """`ab/ab12….jpg`: a few hundred files a folder, which every file system likes."""
    return f"{key[:2]}/{key}.jpg"
