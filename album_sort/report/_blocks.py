"""Where a report keeps its data: blocks in the page while they are few, script files in a folder beside it when they are many.

Thumbnails travel as packs of base64 text: 50,000 small files would take longer to write than all the rest, and to copy too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path

from album_sort.report.pagedata import Thumbnail

MARKER = "album-sort-report.txt"
"""Tells a data folder of ours from a folder that only has the same name."""

_SMALLEST_THUMBNAIL = 3_000
"""Bytes that nearly every thumbnail has: so many photos cannot fit that nobody needs to look."""

_PICTURE_NAME_DIGITS = 24
"""Hexadecimal digits of the SHA-256 that name a picture file: 96 bits never meet by chance among photos."""


def fits_into_page(hashes: Sequence[str], thumbnail: Thumbnail, *, limit_bytes: int) -> bool:
    """Whether the thumbnails of these photos stay below the limit; looks at no more of them than it must."""
    if len(hashes) * _SMALLEST_THUMBNAIL > limit_bytes:
        return False
    total = 0
    for sha256 in hashes:
        total += len(thumbnail(sha256) or b"")
        if total > limit_bytes:
            return False
    return True


class Blocks:
    """Data blocks and single pictures of one report."""

    def __init__(self, folder: Path, thumbnail: Thumbnail, *, is_inline: bool, address: str) -> None:
        self.is_inline = is_inline
        self.in_page: list[tuple[str, str]] = []
        """Name and JSON of each block in the page."""
        self._folder = folder
        self._thumbnail = thumbnail
        self.address = "" if is_inline else address
        """The folder as the page will see it; "" where there is none."""
        if not is_inline:
            folder.mkdir()
            (folder / MARKER).write_text(
                "Made by album-sort for the report.html beside this folder.\n", encoding="utf-8"
            )

    def put(self, name: str, *json_pieces: bytes) -> None:
        """Keeps one block, given as UTF-8 in pieces."""
        if self.is_inline:
            self.in_page.append((name, b"".join(json_pieces).decode()))
            return
        with (self._folder / f"{name}.js").open("wb") as stream:
            stream.write(f'albumSortData("{name}",'.encode())
            stream.writelines(json_pieces)
            stream.write(b");\n")

    def put_large(self, name: str, text: str) -> None:
        """Keeps one large block of JSON fit for scripts: a browser reads it as text in half the time that it takes for a literal."""
        if self.is_inline:
            self.put(name, text.encode())
            return
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        (self._folder / f"{name}.js").write_text(
            f"albumSortData(\"{name}\",JSON.parse('{quoted}'));\n", encoding="utf-8"
        )

    def put_thumbnails(self, name: str, hashes: Iterable[str]) -> None:
        """Keeps a pack of thumbnails, in this order; "" stands for one that is not there."""
        # A gigabyte may pass here: base64 needs no escaping, and each copy of it would cost half a second.
        texts = b'","'.join(base64.b64encode(self._thumbnail(sha256) or b"") for sha256 in hashes)
        self.put(name, b'["', texts, b'"]')

    def picture(self, sha256: str) -> str:
        """The address of one picture for the first page, which shows some at once; "" where there is none."""
        data = self._thumbnail(sha256)
        if not data:
            return ""
        if self.is_inline:
            return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
        name = f"{sha256[:_PICTURE_NAME_DIGITS]}.jpg"
        (self._folder / name).write_bytes(data)
        return f"{self.address}/{name}"
