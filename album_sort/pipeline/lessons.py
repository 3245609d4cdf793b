"""Albums that a person has taught: kept by the destination, laid under the rules, and heard as evidence of each photo."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from album_sort.core import checked
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.scoring import PRIOR_FLOOR
from album_sort.core.checked import LONGEST_SETTING, NONSENSE
from album_sort.core.learning.corrections import Teaching, teaching_of_text
from album_sort.core.learning.lesson import Lesson, lesson_of_text
from album_sort.core.learning.values import Likeness
from album_sort.pipeline.policy import standing
from album_sort.types import AlbumId, AlbumRelPath, ContentId, Evidence, Reason, Role
from album_sort.types.ledger import LedgerRow

Looks = Mapping[ContentId, NDArray[np.float16]]
"""What closer looks have told of photos: (V, 512) of each that could be looked at."""


class Looker(Protocol):
    """Takes closer looks, and remembers them (`pipeline/closer.py`)."""

    def looks(self, contents: Iterable[ContentId]) -> Looks:
        """What closer looks tell of these photos; of one that no file holds any more there is nothing."""
        ...


class Seen(Protocol):
    """What the network has seen of photos: the cache, or one picture."""

    def looks_of(self, contents: Sequence[ContentId]) -> Mapping[ContentId, NDArray[np.float16]]:
        """What is learned on (LOOK_SIZE,), of those of these contents that it has."""
        ...


KEY = "learned "
"""Of the destination's settings, before the lesson's id: a run's own entry is taken back with the run."""

CORRECTED = "corrected "
"""The same of what corrections have taught, before the key of its kind."""

UNHEEDED = "unheeded "
"""The same of corrections that are to teach nothing of that kind any more: what they taught was forgotten."""

_MOST_UNHEEDED = LONGEST_SETTING // 65

LIKE_EXAMPLES = "albums.like-examples"

_TOGETHER = 4096

_LEAST_LOG_ODDS = math.log(PRIOR_FLOOR / (1.0 - PRIOR_FLOOR))
"""Where an album starts that no class speaks for: what evidence is added to."""


def setting_of(lesson_id: AlbumId) -> str:
    """Key of a lesson in the destination's settings."""
    return f"{KEY}{lesson_id}"


def probability_of(log_odds: float) -> float:
    """0..1."""
    return 1.0 / (1.0 + math.exp(-log_odds))


def lessons_of(settings: Mapping[str, str]) -> tuple[Lesson, ...]:
    """The lessons of a destination, by their ids; what is none, or cannot stand beside the others, is passed over."""
    return standing(all_lessons_of(settings))


def all_lessons_of(settings: Mapping[str, str]) -> tuple[Lesson, ...]:
    """Those too that cannot stand beside the others, so that nothing is filed by them: they are listed, and can be forgotten."""
    found = []
    for key, text in sorted(settings.items()):
        if key.startswith(KEY) and " of " not in key and text:
            try:
                lesson = lesson_of_text(text)
            except NONSENSE:
                continue
            if key == setting_of(lesson.lesson_id):  # by it, it is forgotten
                found.append(lesson)
    return tuple(found)


def teachings_of(settings: Mapping[str, str]) -> tuple[Teaching, ...]:
    """What corrections have taught in a destination, by their keys; what is none is passed over."""
    found = []
    for key, text in sorted(settings.items()):
        if key.startswith(CORRECTED) and " of " not in key and text:
            try:
                teaching = teaching_of_text(text)
            except NONSENSE:
                continue
            if key == f"{CORRECTED}{teaching.kind.key}":
                found.append(teaching)
    return tuple(found)


def unheeded_to_text(contents: Iterable[ContentId]) -> str:
    """As a destination keeps them, the first where there are too many."""
    return " ".join(list(contents)[:_MOST_UNHEEDED])


def unheeded_of(settings: Mapping[str, str]) -> dict[str, frozenset[ContentId]]:
    """Corrections that teach nothing any more, by the key of the kind of mistake; what is none is passed over."""
    found = {}
    for key, text in settings.items():
        if key.startswith(UNHEEDED) and " of " not in key and text:
            with suppress(*NONSENSE):
                found[key.removeprefix(UNHEEDED)] = frozenset(map(checked.content, text.split(" ")))
    return found


def primaries_of(ledger: Mapping[AlbumRelPath, LedgerRow]) -> dict[ContentId, AlbumRelPath]:
    """Where each photo of a destination lies; of two places the first by path."""
    return {row.content_id: path for path, row in sorted(ledger.items(), reverse=True) if row.role is Role.PRIMARY}


@dataclass(frozen=True, slots=True)
class Heard:
    """What the lessons say of the photos of a run."""

    evidence: Mapping[ContentId, tuple[Evidence, ...]] = field(default_factory=dict)
    shown: Mapping[ContentId, AlbumId] = field(default_factory=dict)
    """Photos that a person has shown as examples, with their albums."""
    away: Mapping[ContentId, Reason] = field(default_factory=dict)
    """Photos that go elsewhere because they look like what a person has taken out of their album, with the words for that."""

    def under(self, rules: AlbumRules) -> Heard:
        """Without examples of albums that the user's rules have removed: these photos are decided on like any other."""
        if all(rules.resolve(album) is not None for album in set(self.shown.values())):
            return self
        shown = {content: album for content, album in self.shown.items() if rules.resolve(album) is not None}
        return replace(self, shown=shown)


NOTHING_HEARD = Heard()


def hear(
    taught: Sequence[Lesson],
    usable: Sequence[Lesson],
    least: Mapping[AlbumId, float],
    contents: Iterable[ContentId],
    cache: Seen,
    *,
    looker: Looker,
) -> Heard:
    """What they say of these photos, by what the cache keeps of them; only where one wants to look closer, and nobody has, that is done.

    `taught` are all lessons, `usable` those in the terms of this run's network. `least`: the log-odds from which an album files, for
    each that may. A photo below them is none of its: other albums must not become unsure because one more was learned.
    """
    if not taught:
        return NOTHING_HEARD
    shown = {content: one.album for lesson in taught for one in lesson.albums for content in one.positive}
    evidence: dict[ContentId, tuple[Evidence, ...]] = {}
    asked = list(dict.fromkeys(contents))
    _look_where_needed(usable, least, asked, cache, looker)
    for known, rows in _rows_of(asked, cache):
        for lesson in usable:
            some, scores, _ = scores_of(lesson, least, known, rows, looker.looks)
            for number, piece in evidence_of_lesson(lesson, least, scores):
                evidence[some[number]] = (*evidence.get(some[number], ()), piece)
    for lesson in usable:
        for one in lesson.albums:
            for content in one.negative:
                evidence[content] = tuple(piece for piece in evidence.get(content, ()) if piece.album != one.album)
    return Heard(evidence, shown)


def _rows_of(asked: Sequence[ContentId], cache: Seen) -> Iterator[tuple[list[ContentId], NDArray[np.float16]]]:
    """Portions of the photos that the network has seen, with what is learned on (N, LOOK_SIZE)."""
    for start in range(0, len(asked), _TOGETHER):
        found = cache.looks_of(asked[start : start + _TOGETHER])
        if found:
            yield list(found), np.stack(list(found.values()))


def _look_where_needed(
    usable: Sequence[Lesson],
    least: Mapping[AlbumId, float],
    asked: Sequence[ContentId],
    cache: Seen,
    looker: Looker,
) -> None:
    """All at once, so that a person sees how many there are."""
    if any(lesson.looks_closer for lesson in usable):
        looker.looks(worth_a_look(usable, least, asked, cache))


def worth_a_look(
    usable: Sequence[Lesson], least: Mapping[AlbumId, float], asked: Sequence[ContentId], cache: Seen
) -> Iterator[ContentId]:
    """Photos that some lesson wants to be looked at closer, once for each of these lessons."""
    closer = [lesson for lesson in usable if lesson.looks_closer]
    for known, rows in _rows_of(asked, cache) if closer else ():
        for lesson in closer:
            yield from (known[number] for number in np.flatnonzero(lesson.worth_a_look(rows, least)).tolist())


def scores_of(
    lesson: Lesson,
    least: Mapping[AlbumId, float],
    contents: Sequence[ContentId],
    rows: NDArray[np.float16],
    looks: Callable[[Iterable[ContentId]], Looks],
) -> tuple[Sequence[ContentId], NDArray[np.float64], int]:
    """The photos of which a lesson can say anything, and its scores (N, A): all, or those that could be looked at closer.

    At last how many are worth a closer look that nothing is known of.
    """
    if not lesson.looks_closer:
        return contents, lesson.score(rows), 0
    wanted = np.flatnonzero(lesson.worth_a_look(rows, least)).tolist()
    found = looks([contents[number] for number in wanted])
    seen = [number for number in wanted if contents[number] in found]
    if not seen:
        return (), np.zeros((0, len(lesson.albums))), len(wanted)
    some = [contents[number] for number in seen]
    return some, lesson.score(rows[seen], np.stack([found[content] for content in some])), len(wanted) - len(seen)


def evidence_of_lesson(
    lesson: Lesson, least: Mapping[AlbumId, float], scores: NDArray[np.float64]
) -> Iterator[tuple[int, Evidence]]:
    """Row of (N, A) scores and evidence, wherever an album is sure enough."""
    for column, taught in enumerate(lesson.albums):
        for number in np.flatnonzero(scores[:, column] >= least.get(taught.album, math.inf)).tolist():
            log_odds = float(scores[number, column])
            percent = round(100.0 * probability_of(log_odds))
            weight = round(log_odds - _LEAST_LOG_ODDS, 2)
            reason = Reason.of(LIKE_EXAMPLES, album=taught.album, percent=percent)
            yield number, Evidence(taught.album, weight, reason)


@dataclass(frozen=True, slots=True)
class LikeExamples:
    """How a photo resembles what was shown of an album."""

    album: AlbumId
    likeness: Likeness
    nearest: tuple[ContentId, ...]
    """The examples that are most like it."""


def like_examples(lessons: Sequence[Lesson], content: ContentId, cache: Seen) -> Iterator[LikeExamples]:
    """For each album that was taught; nothing for a photo that no network has seen."""
    found = cache.looks_of([content])
    for lesson in lessons if found else ():
        for taught, model in zip(lesson.albums, lesson.models, strict=True):
            likeness = model.nearest(found[content])
            yield LikeExamples(taught.album, likeness, tuple(taught.positive[row] for row in likeness.nearest))
