"""Why a photo is where it is: all that led to its album. Nothing is written but the cache."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from itertools import islice

from album_sort.classifier.labels import load_labels
from album_sort.config import cache_folder
from album_sort.core.albums.explain import Section
from album_sort.core.albums.explain import explain as explain_decision
from album_sort.errors import UsageError
from album_sort.events import EventSink
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.operations.order import SettingsHere
from album_sort.paths import given_path
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.lessons import LIKE_EXAMPLES, like_examples, primaries_of
from album_sort.pipeline.prepare import Preparation, prepare
from album_sort.pipeline.remembered import Remembered, remember_nothing_written
from album_sort.pipeline.scouting import SortRequest, scout
from album_sort.sentences import sentence
from album_sort.state.cache import InferenceCache
from album_sort.types import Assignment, PhotoFacts, Reason

_MOST_COMPANIONS = 50


@dataclass(frozen=True, slots=True)
class Explained:
    """A photo, by the path of its source, with the reasons under headings."""

    source: str
    sections: tuple[Section, ...]


def explain(photo: str, destination: str, here: SettingsHere, *, sink: EventSink, with_figures: bool) -> Explained:
    """All that led to a photo's album; `destination` may be empty. Raises `UsageError` for what is not among the photos.

    The language that is asked for is that of the sentences; folders, places and trips keep the names that they have there.
    """
    remembered = remember_nothing_written(destination) if destination else Remembered()
    path = given_path(_existing(photo, destination, remembered))
    source = _source_of(path, destination, remembered)
    sources = _with_its_files(source)
    settings = replace(here.settings, lang=remembered.language or here.settings.lang)
    request = SortRequest(sources, destination or os.path.dirname(source), settings, utc_now())
    preparation = prepare(scout(request, remembered, sink), remembered, sink)
    lang = here.settings.lang or preparation.lang
    facts, assignment = _found(preparation, source)
    likeliest = preparation.policy.likeliest(assignment.scores)
    sections = explain_decision(
        assignment, facts, load_labels(), lang, preparation.wording, with_figures=with_figures, likeliest=likeliest
    )
    alike = _like_examples(preparation, assignment, remembered, lang)
    return Explained(source, (*sections[:1], *alike, *sections[1:]))


def _found(preparation: Preparation, source: str) -> tuple[PhotoFacts, Assignment]:
    for facts, assignment in zip(preparation.library.photos, preparation.assignments, strict=True):
        if any(
            os.path.samefile(file.path, source) for file in facts.group.files if file.name == os.path.basename(source)
        ):
            return facts, assignment
    left_out = (preparation.say(one.reason) for one in preparation.skipped if one.path == source)
    reason = next(left_out, sentence("order.it-was-not-found"))
    raise UsageError(sentence("order.is-not-among-the", source=source, reason=reason))


def _like_examples(
    preparation: Preparation, assignment: Assignment, remembered: Remembered, lang: str
) -> tuple[Section, ...]:
    """How the photo resembles what a person has shown, where that spoke for an album."""
    speaking = {piece.album for piece in assignment.evidence if piece.reason.code == LIKE_EXAMPLES}
    if not speaking:
        return ()
    places = primaries_of(remembered.records.ledger)
    lessons = [*remembered.lessons, *preparation.relearned]  # the later ones count
    with preparation.engine.open_cache() as cache:
        found = {
            one.album: one for one in like_examples(lessons, assignment.content_id, cache) if one.album in speaking
        }
    lines: list[str] = []
    for album, one in found.items():
        like = Reason.of("explain.like-examples", album=album, like=one.likeness.like, examples=one.likeness.of)
        lines.append(preparation.wording.say(like, lang))
        lines += (places.get(content, f"{content[:12]}…") for content in one.nearest)
    return (Section(preparation.wording.say(Reason("explain.examples"), lang), tuple(lines)),)


def _existing(photo: str, destination: str, remembered: Remembered) -> str:
    if os.path.isdir(photo):
        raise UsageError(sentence("order.is-a-folder", photo=photo), hint=sentence("order.give-one-photo-s"))
    if not os.path.isfile(photo) and not _is_source_there(given_path(photo), destination, remembered):
        raise UsageError(sentence("order.no-such-photo", photo=photo), hint=sentence("order.give-a-photo-s"))
    return photo


def _is_source_there(path: str, destination: str, remembered: Remembered) -> bool:
    """Whether a photo that is no longer at this place in the albums can be looked at in its source."""
    return bool(destination) and _source_of(path, destination, remembered) != path


def _source_of(path: str, destination: str, remembered: Remembered) -> str:
    """The source of a photo in the albums; any other path is a source itself.

    The albums may come from elsewhere, and name any file of this machine: their word counts where this user's program has read that
    file before, or where it holds the very photo.
    """
    if not destination:
        return path
    relative = os.path.relpath(os.path.abspath(path), os.path.abspath(destination))
    row = next((row for row in remembered.records.ledger.values() if row.path == relative), None)
    if row is None or not os.path.isfile(row.source):
        return path
    with InferenceCache.open(cache_folder(), "") as cache:
        if cache.has_read(row.source):
            return row.source
    with contextlib.suppress(OSError):
        if RealFileSystem().digest(row.source, row.size_bytes) == row.content_id:
            return row.source
    raise UsageError(
        sentence("order.is-said-to-come", path=path, source=row.source),
        hint=sentence("order.give-the-path-of"),
    )


def _with_its_files(source: str) -> tuple[str, ...]:
    """The photo and what lies beside it under its name (sidecars, RAW): one file is explained, no folder is searched.

    Trips and homes come from what is known of the library.
    """
    stem = os.path.basename(source).split(".", 1)[0]
    beside: list[str] = []
    with contextlib.suppress(OSError), os.scandir(os.path.dirname(source)) as entries:
        found = (entry.path for entry in entries if entry.name.split(".", 1)[0] == stem and entry.path != source)
        beside += islice(found, _MOST_COMPANIONS)
    return (source, *sorted(path for path in beside if os.path.isfile(path)))
