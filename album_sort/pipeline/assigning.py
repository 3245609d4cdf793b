"""The album of each photo, and the folder that its files go to."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from album_sort.classifier.labels import load_labels
from album_sort.core.albums.assignment import assign_photos
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.dates.seasons import season_label
from album_sort.core.evidence.gather import gather_evidence
from album_sort.core.trips.themes import lean_on_theme
from album_sort.core.wording import Wording
from album_sort.pipeline.facts import AlbumTable, Library
from album_sort.pipeline.filing import FilingWords, file_photo
from album_sort.pipeline.hand import in_own_words, told_album
from album_sort.pipeline.lessons import NOTHING_HEARD, Heard
from album_sort.pipeline.net import Net
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.scouting import Scouted
from album_sort.settings import Settings
from album_sort.types import (
    AlbumId,
    Assignment,
    CaptureTime,
    Evidence,
    Filing,
    Inspection,
    PhotoFacts,
    Reason,
    Season,
    Skipped,
    Stage,
)
from album_sort.types.corrections import HandReading

TOGETHER = 1024
"""Photos decided on at once: the numbers of all of them would take memory and be no faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Decider:
    """Decides about photos of a library, each for itself."""

    library: Library
    scores: AlbumTable
    """By the network alone, a row for each of the library's photos."""
    policy: FilingPolicy
    hand: HandReading
    heard: Heard = NOTHING_HEARD
    """What a person has shown by examples."""

    def decide(self, numbers: Sequence[int], beside: Mapping[int, Evidence] | None = None) -> list[Assignment]:
        """The assignments of these photos; `beside`: what is said of some of them by others.

        What a person has said of a photo counts first; then, of which album they have shown it as an example.
        """
        photos = [self.library.photos[number] for number in numbers]
        base = self.scores.probabilities[list(numbers)]
        rows = (dict(zip(self.scores.albums, row, strict=True)) for row in base.tolist())
        contents = [facts.group.content_id for facts in photos]
        evidence = [
            (*_evidence(facts, own, self.library), *self.heard.evidence.get(content, ()))
            for facts, own, content in zip(photos, rows, contents, strict=True)
        ]
        if beside:
            evidence = [
                (*own, beside[number]) if number in beside else own
                for number, own in zip(numbers, evidence, strict=True)
            ]
        said = [self.hand.corrections.get(content) for content in contents]
        shown = [
            self.heard.shown.get(content) if one is None else None for content, one in zip(contents, said, strict=True)
        ]
        told = [album or told_album(one, self.hand) for album, one in zip(shown, said, strict=True)]
        decided = assign_photos(photos, base, self.policy, evidence, told)
        decided = [in_own_words(assignment, one) for assignment, one in zip(decided, said, strict=True)]
        decided = [_as_example(each, album) if album else each for each, album in zip(decided, shown, strict=True)]
        return (
            [_led_away(each, self.heard.away.get(each.content_id)) for each in decided] if self.heard.away else decided
        )


def _as_example(assignment: Assignment, album: AlbumId) -> Assignment:
    """The assignment of a photo that a person has shown as an example says so."""
    return replace(assignment, reasons=(Reason.of("albums.example", album=album),))


def _led_away(assignment: Assignment, why: Reason | None) -> Assignment:
    """The assignment of a photo that looks like what a person has taken out of its album says so first."""
    return assignment if why is None else replace(assignment, reasons=(why, *assignment.reasons))


def assign_all(decider: Decider, net: Net) -> tuple[Library, tuple[Assignment, ...]]:
    """The album of each photo, and the library without those that this failed for."""
    library = decider.library
    assignments: list[Assignment] = []
    kept: list[int] = []
    for start in range(0, len(library.photos), TOGETHER):
        numbers, found = net.together(
            range(start, min(start + TOGETHER, len(library.photos))),
            lambda number: library.photos[number].group.primary.path,
            decider.decide,
        )
        kept += numbers
        assignments += found
    if len(kept) < len(library.photos):
        photos = tuple(library.photos[number] for number in kept)
        library = replace(library, photos=photos)
    return library, tuple(assignments)


def _evidence(facts: PhotoFacts, scores: dict[AlbumId, float], library: Library) -> tuple[Evidence, ...]:
    theme = library.themes.get(facts.trip.trip_id) if facts.trip else None
    return (*gather_evidence(facts, scores), *lean_on_theme(theme, scores))


def _words(scouted: Scouted, wording: Wording) -> FilingWords:
    policy, lang = scouted.policy, scouted.lang
    return FilingWords(
        title=functools.cache(lambda album: album_title(policy, album, lang)),
        season=functools.cache(lambda day, season: wording.say(season_label(day, Season(season)), lang)),
        undated=wording.word("folder", "undated", lang),
    )


def file_all(
    scouted: Scouted,
    library: Library,
    assignments: Sequence[Assignment],
    inspections: Mapping[str, Inspection],
    wording: Wording,
    *,
    net: Net,
) -> tuple[tuple[Filing, ...], list[Skipped]]:
    """Where the files of the photos within the dates go, and the other photos as left out."""
    settings, words = scouted.request.settings, _words(scouted, wording)
    chosen, left_out = within_dates(library.photos, settings)
    decided = net.each(
        (pair for pair in zip(library.photos, assignments, strict=True) if pair[0].group.primary.path in chosen),
        lambda pair: pair[0].group.primary.path,
        lambda pair: tuple(
            file_photo(
                *pair,
                inspections,
                scouted.layout,
                words,
                with_also=settings.also,
                day_begins=settings.day_begins,
            )
        ),
    )
    return tuple(filing for _, filings in decided for filing in filings), left_out


def new_only(filings: Sequence[Filing], remembered: Remembered) -> tuple[Filing, ...]:
    """Without photos that are filed already: they stay where they are."""
    filed = {row.group_id for row in remembered.records.ledger.values()}
    return tuple(filing for filing in filings if filing.group_id not in filed)


def within_dates(photos: Sequence[PhotoFacts], settings: Settings) -> tuple[frozenset[str], list[Skipped]]:
    """Paths of the primaries within `--since` and `--until`, and the others as left out.

    Copies of one photo may be dated differently: where one is within, all are, for they decide together where the photo goes.
    """
    if not settings.since and not settings.until:
        return frozenset(facts.group.primary.path for facts in photos), []
    reasons = [_outside_dates(facts.capture_time, settings) for facts in photos]
    within = {facts.group.content_id for facts, why in zip(photos, reasons, strict=True) if why is None}
    chosen = frozenset(facts.group.primary.path for facts in photos if facts.group.content_id in within)
    left_out = [
        Skipped(facts.group.primary.path, Stage.PLAN, why, is_problem=False)
        for facts, why in zip(photos, reasons, strict=True)
        if why is not None and facts.group.primary.path not in chosen
    ]
    return chosen, left_out


def _outside_dates(taken: CaptureTime | None, settings: Settings) -> Reason | None:
    if taken is None:
        return Reason.of("skip.undated") if settings.since or settings.until else None
    day = taken.local.date()
    if settings.since and day < settings.since:
        return Reason.of("skip.before-since", day=settings.since.isoformat())
    if settings.until and day > settings.until:
        return Reason.of("skip.after-until", day=settings.until.isoformat())
    return None


def album_title(policy: FilingPolicy, album: AlbumId, lang: str) -> str:
    """The user's own title of an album, else the shipped one."""
    return policy.rules.title(album, lang) or load_labels().title(album, lang)
