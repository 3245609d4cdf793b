"""What photos of the same minute say of one that is unsure: several sure ones of the album that it looks most like lift it there.

A weak word, and only towards the photo's own best guess: it takes one from review into an album, overrules nothing, and never
passes from one unsure photo to the next. More photos can only say more (who disagrees is not counted: a family photographs dinner
and the dog in one minute), so that photos to come do not send back what has been filed. Why so: docs/decisions/0014-neighbours.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.head import UNHEARD
from album_sort.types import (
    AlbumId,
    AlbumScore,
    Assignment,
    ContentId,
    Evidence,
    PhotoFacts,
    Ranking,
    Reason,
    TimePrecision,
)

WITHIN = timedelta(seconds=60)
"""How far before or after a photo another one may have been taken to say something of it."""

LEAST_NEIGHBOURS = 2
"""So many sure ones it takes. Of a single one the mistake may be the very same: two frames of one twig that is taken for a bird."""

WEIGHT = 1.0
"""Log-odds that they add to the photo's album (e = 2.7 to 1): less than a trip's theme may add, for a minute is no subject."""

NOW, BEFORE = "albums.neighbours", "albums.neighbours-before"
"""Reasons: they are there; they were, when the photo was filed."""

_UNSURE_ON_TRIPS = ("trip", "trip-theme")


def moment_of(facts: PhotoFacts) -> tuple[str, datetime] | None:
    """The camera and the wall time to the second; None where either is not known, or not to be believed."""
    time, camera = facts.capture_time, facts.metadata.camera
    if not camera or time is None or not time.is_reliable or time.precision is not TimePrecision.SECOND:
        return None
    return camera, time.local


def near_in_time(photos: Sequence[PhotoFacts], asking: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """For each of the photos that ask, by number, the others of its camera within WITHIN of it; none with its own content."""
    wanted = {number: moment for number in asking if (moment := moment_of(photos[number])) is not None}
    cameras = {camera for camera, _ in wanted.values()}
    lines: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for number, facts in enumerate(photos if wanted else ()):
        moment = moment_of(facts) if facts.metadata.camera in cameras else None
        if moment is not None:
            lines[moment[0]].append((moment[1], number))
    for line in lines.values():
        line.sort()
    found: dict[int, tuple[int, ...]] = {}
    for number, (camera, taken) in wanted.items():
        line, own = lines[camera], photos[number].group.content_id
        first = bisect_left(line, taken - WITHIN, key=_time)
        last = bisect_right(line, taken + WITHIN, key=_time)
        found[number] = tuple(other for _, other in line[first:last] if photos[other].group.content_id != own)
    return found


def _time(row: tuple[datetime, int]) -> datetime:
    return row[0]


def asks(assignment: Assignment, rules: AlbumRules, lies_in: AlbumId | None = None) -> bool:
    """Whether a photo is in review for want of sureness, and its best guess is an album that neighbours can speak for.

    `lies_in`: the album into which neighbours lifted it in an earlier run. It stays there, though it might go with a trip by now.
    """
    if assignment.decided_by != "review" and (lies_in is None or assignment.decided_by not in _UNSURE_ON_TRIPS):
        return False
    best = _best(assignment, rules)
    return best is not None and best.album not in _silent(rules)


Voice = tuple[ContentId, AlbumId | None]
"""A photo by content, and the album that it speaks for."""


def voice_of(assignment: Assignment, policy: FilingPolicy) -> Voice:
    """A photo and the album that its content is sure of, wherever it was filed; no album where a person has said another."""
    return assignment.content_id, _sure_of(assignment, policy)


def _sure_of(assignment: Assignment, policy: FilingPolicy) -> AlbumId | None:
    best = _best(assignment, policy.rules)
    if best is None or best.album in _silent(policy.rules):
        return None
    if assignment.decided_by == "correction" and policy.rules.family_of(assignment.album) != best.album:
        return None
    return best.album if policy.calibration.probability(best.probability) >= policy.needed(best.album) else None


def word_of_neighbours(
    assignment: Assignment, voices: Iterable[Voice], rules: AlbumRules, lies_in: AlbumId | None = None
) -> Evidence | None:
    """What the photos around it add to the best guess of one that asks; None where too few are sure of that very album.

    `lies_in`: as above. What was decided holds as long as the photo looks like that album most, though its neighbours are gone.
    """
    best = _best(assignment, rules)
    if best is None:
        return None
    album = best.album
    speaking = {content for content, other in voices if other == album}
    if len(speaking) >= LEAST_NEIGHBOURS:
        return Evidence(album, WEIGHT, Reason.of(NOW, album=album, photos=len(speaking)))
    stays = lies_in is not None and rules.family_of(lies_in) == album
    return Evidence(album, WEIGHT, Reason.of(BEFORE, album=album)) if stays else None


def is_lifted(assignment: Assignment) -> bool:
    """Whether the word of neighbours led to an album."""
    is_unsure = assignment.decided_by in ("review", *_UNSURE_ON_TRIPS)
    return not is_unsure and any(piece.reason.code in (NOW, BEFORE) for piece in assignment.evidence)


def _best(assignment: Assignment, rules: AlbumRules) -> AlbumScore | None:
    """The most likely whole album, as the decision takes it; None where nothing is known of the picture."""
    if isinstance(assignment.scores, Ranking):
        best = assignment.scores.leading(without=rules.parts)
    else:
        best = next((score for score in assignment.scores if score.album not in rules.parts), None)
    return best if best is not None and best.probability > 0.0 else None


def _silent(rules: AlbumRules) -> frozenset[AlbumId]:
    """Documents and screenshots, whatever they have become: a receipt between two photos is no picture of what they show."""
    return frozenset(album for name in UNHEARD if (album := rules.resolve(name)) is not None)
