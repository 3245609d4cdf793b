"""Which photo stands for an album: a sure one, sharp, wider than high, and no receipt unless the album is of receipts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from album_sort.report._thumbnails import detail, jpeg_size
from album_sort.types import AlbumId, PhotoRow

KEPT = 16
"""Candidates of each album whose thumbnails are looked at."""

_PAPERS = frozenset({AlbumId("documents"), AlbumId("screenshots")})
_HINT_OF_PAPER = 0.1

_HOMELY = frozenset({412, 549, 692, 700, 731, 861, 896, 916, 917, 918, 921, 922, 999})
"""Classes that nobody hangs on a wall: bin, envelope, packet, paper towel, plunger, toilet seat, washbasin, web site, comic,
crossword, book jacket, menu, toilet paper."""

_MOST_DETAIL = 0.4
"""Bytes for a pixel; beyond it is noise."""

_WIDE = (1.15, 2.0)
"""Width by height of what survives being cut to 4:3."""


@dataclass(slots=True)
class Covers:
    """Candidates by album, gathered while the rows pass."""

    _found: dict[str, list[tuple[tuple[bool, float, float], str]]] = field(default_factory=dict)

    def add(self, row: PhotoRow) -> None:
        """Takes one photo that is stored."""
        rank = _rank(row)
        candidates = self._found.setdefault(row.album, [])
        if len(candidates) < KEPT or rank > candidates[-1][0]:
            candidates.append((rank, row.sha256))
            candidates.sort(key=lambda candidate: candidate[0], reverse=True)
            del candidates[KEPT:]

    def best(self, album: str, thumbnail: Callable[[str], bytes | None]) -> str | None:
        """The content that stands for an album; None where no candidate has a thumbnail."""
        found = [
            ((rank[0], rank[1], *_looks(data)), sha256)
            for rank, sha256 in self._found.get(album, ())
            if (data := thumbnail(sha256))
        ]
        # of equals the first, which is the surer one
        return max(found, key=lambda candidate: candidate[0])[1] if found else None


def _rank(row: PhotoRow) -> tuple[bool, float, float]:
    """Fit to be a cover, how sure in steps of a tenth, and exactly."""
    scores = dict(row.scores)
    is_paper = row.album not in _PAPERS and any(scores.get(paper, 0.0) >= _HINT_OF_PAPER for paper in _PAPERS)
    is_homely = row.album not in _PAPERS and bool(row.top) and row.top[0].index in _HOMELY
    sure = scores.get(row.album, 0.0)
    is_fit = not is_paper and not is_homely and row.damaged_share is None
    return is_fit, round(sure, 1), sure


def _looks(data: bytes) -> tuple[bool, float]:
    size = jpeg_size(data)
    is_wide = size is not None and _WIDE[0] <= size[0] / size[1] <= _WIDE[1]
    return is_wide, min(detail(data), _MOST_DETAIL)
