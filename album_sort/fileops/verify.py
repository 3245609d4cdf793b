"""Are the photos in the albums still what was put there? Every byte is read again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from album_sort.fileops.filesystem import FileSystem
from album_sort.types import Action, AlbumRelPath
from album_sort.types.ledger import DestinationPicture, LedgerRow


class Verdict(StrEnum):
    """What verifying one file has shown."""

    OK = "ok"
    MISSING = "missing"
    CHANGED = "changed"
    """Edited since, or damaged: the bytes are not those that were filed."""
    UNREADABLE = "unreadable"
    BROKEN_LINK = "broken link"
    """The link is there, the photo that it points to is not."""
    FOREIGN = "foreign"
    """Not made by album-sort: nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One file of the destination."""

    path: AlbumRelPath
    verdict: Verdict
    row: LedgerRow | None = None
    detail: str = ""


def verify(destination: str, fs: FileSystem, picture: DestinationPicture) -> Iterator[Verified]:
    """Read every remembered file again, one after the other; the others are listed as foreign. Writes nothing."""
    for path, row in sorted(picture.ledger.items()):
        yield (
            _verify(os.path.join(destination, path), fs, row)
            if path in picture.present
            else Verified(path, Verdict.MISSING, row)
        )
    for path in sorted(picture.present):
        if path not in picture.ledger:
            yield Verified(path, Verdict.FOREIGN)


def _verify(absolute: str, fs: FileSystem, row: LedgerRow) -> Verified:
    try:
        digest = fs.digest(absolute)
    except FileNotFoundError:
        # It was seen a moment ago, so it is a link whose photo is gone.
        verdict = Verdict.BROKEN_LINK if row.action is Action.SYMLINK else Verdict.MISSING
        return Verified(row.path, verdict, row)
    except OSError as error:
        return Verified(row.path, Verdict.UNREADABLE, row, str(error.strerror))
    return Verified(row.path, Verdict.OK if digest == row.content_id else Verdict.CHANGED, row)
