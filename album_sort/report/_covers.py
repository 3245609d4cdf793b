"""The photo that stands for an album, from rows and thumbnails; what makes a good one is said in `core/albums/cover.py`. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from album_sort.core.albums.cover import PAPERS, Candidates, CoverFacts, cover_rank
from album_sort.core.formats import kind_of_suffix
from album_sort.report._thumbnails import detail
from album_sort.types import FileKind, PhotoRow


@dataclass(slots=True)
class Covers:
    """Candidates by album, gathered while the rows pass."""

    _found: dict[str, Candidates] = field(default_factory=dict)

    def add(self, row: PhotoRow) -> None:
        """Takes one photo that is stored."""
        day = row.taken.local.date() if row.taken else None
        self._found.setdefault(row.album, Candidates()).add(_facts(row), row.sha256, day, row.similar_to)

    def best(self, album: str, thumbnail: Callable[[str], bytes | None]) -> str | None:
        """The content that stands for an album; None where no candidate has a thumbnail."""
        found = [
            (cover_rank(facts, detail(data)), content_id)
            for facts, content_id in self._found.get(album, ())
            if (data := thumbnail(content_id))
        ]
        # of equals the first, which is the surer one
        return max(found, key=lambda candidate: candidate[0])[1] if found else None


def _facts(row: PhotoRow) -> CoverFacts:
    scores = dict(row.scores)
    is_film = kind_of_suffix(posixpath.splitext(row.path or row.source)[1]) is FileKind.VIDEO
    return CoverFacts(
        album=row.album,
        sure=scores.get(row.album, 0.0),
        paper=max(scores.get(paper, 0.0) for paper in PAPERS),
        top_class=row.top[0].index if row.top else None,
        is_whole=row.damaged_share is None and not is_film,
        is_placed=bool(row.by_hand),
        size_px=row.size_px,
    )
