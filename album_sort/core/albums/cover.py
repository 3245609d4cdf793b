"""Which photo stands for an album: a sure one, of the album's own kind, sharp, wider than high, whole.

Looked at over the development photos, beside the surest ones and the sharpest of the sure ones. The surest are often narrow, and cut to
a cover's shape they lose heads; the sharpest are the busiest (a cat behind a fence, not the cat). So sharp enough is sharp enough, and
among those the surest one is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from album_sort.types import AlbumId, ContentId

PAPERS: Final = frozenset({AlbumId("documents"), AlbumId("screenshots")})
"""Albums of what is read, not looked at."""

CANDIDATES = 16
"""So many of an album are looked at closely."""

CoverRank = tuple[bool, float, bool, float, float]
"""Sorts photos as covers, the best one last."""

_HINT_OF_PAPER = 0.1

_HOMELY = frozenset({412, 549, 692, 700, 731, 861, 896, 916, 917, 918, 921, 922, 999})
"""Classes that nobody hangs on a wall: bin, envelope, packet, paper towel, plunger, toilet seat, washbasin, web site, comic,
crossword, book jacket, menu, toilet paper."""

_WIDE = (1.15, 2.0)
"""Width by height of what survives being cut to 4:3."""

_SMALL_PX = 500
"""Short side below which a photo is somebody's profile picture, or the thumbnail of one that is lost."""

_SHARP = 0.16
"""Bytes for a pixel of a thumbnail: of 600 photos 88 % have as many; blurred by 1.5 px only 31 % of them do."""

_LEGIBLE = 0.4
"""The same of paper, where more is more; beyond it is noise."""

_OF_A_DAY = 8


@dataclass(frozen=True, slots=True)
class CoverFacts:
    """What is known of a photo that may stand for its album."""

    album: AlbumId
    sure: float
    """That it belongs there, 0 to 1."""
    paper: float = 0.0
    """The same of the likelier one of PAPERS."""
    top_class: int | None = None
    """The network's first word."""
    is_whole: bool = True
    """False for a damaged photo, and for a film, whose first picture is often black."""
    is_placed: bool = False
    """Whether a person put it there."""
    size_px: tuple[int, int] | None = None
    """Width and height, upright."""


def cover_rank(facts: CoverFacts, detail: float | None = None) -> CoverRank:
    """How well a photo stands for its album. `detail`: bytes for a pixel of its thumbnail, None where nobody has looked yet."""
    is_paper = facts.album in PAPERS
    is_fit = facts.is_whole and (is_paper or (facts.paper < _HINT_OF_PAPER and facts.top_class not in _HOMELY))
    sure = 1.0 if facts.is_placed else facts.sure
    width, height = facts.size_px or (0, 0)
    is_handsome = min(width, height) >= _SMALL_PX and _WIDE[0] * height <= width <= _WIDE[1] * height
    sharp = min(detail or 0.0, _LEGIBLE if is_paper else _SHARP)
    return is_fit, round(sure, 1), is_handsome, sharp, sure


class Candidates:
    """The best of an album's photos, gathered as they come, spread over time: one of each burst and few of a day. Order does not matter."""

    def __init__(self, most: int = CANDIDATES) -> None:
        self._most = most
        self._kept: list[_Candidate] = []
        """Best first."""

    def __iter__(self) -> Iterator[tuple[CoverFacts, ContentId]]:
        """Facts and content, the best first."""
        return ((one.facts, one.content_id) for one in self._kept)

    def add(
        self, facts: CoverFacts, content_id: ContentId, day: date | None = None, burst: ContentId | None = None
    ) -> None:
        """Takes one photo; `burst` is what its series of similar shots has in common."""
        one = _Candidate((cover_rank(facts), content_id), facts, day, burst)
        # Asked first: nearly all photos of a large album end here.
        if len(self._kept) == self._most and one.key < self._kept[-1].key:
            return
        self._kept.append(one)
        self._kept.sort(key=lambda other: other.key, reverse=True)
        if burst is not None:
            self._keep(1, lambda other: other.burst == burst)
        if day is not None:
            self._keep(_OF_A_DAY, lambda other: other.day == day)
        del self._kept[self._most :]

    def _keep(self, most: int, is_alike: Callable[[_Candidate], bool]) -> None:
        """No more than the best of those that are alike."""
        for more in [one for one in self._kept if is_alike(one)][most:]:
            self._kept.remove(more)


@dataclass(frozen=True, slots=True)
class _Candidate:
    key: tuple[CoverRank, ContentId]
    facts: CoverFacts
    day: date | None
    burst: ContentId | None

    @property
    def content_id(self) -> ContentId:
        return self.key[1]
