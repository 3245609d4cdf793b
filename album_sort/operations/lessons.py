"""The albums that were taught in a destination: listed, shown, forgotten, written to a file, and taken over from one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

from album_sort.core.checked import NONSENSE
from album_sort.core.file_names import fold
from album_sort.core.learning.lesson import (
    Lesson,
    NewerLessonError,
    TaughtAlbum,
    kept_text,
    lesson_of_text,
    lesson_to_text,
    new_album_id,
)
from album_sort.core.learning.values import Worth
from album_sort.core.planning.album_names import find_album
from album_sort.errors import UsageError, why_unreadable
from album_sort.events import EventSink
from album_sort.operations.examples import refuse_shared
from album_sort.operations.learn import folder_title, remember
from album_sort.operations.own_files import write_lesson
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.fixing import Albums, look_at, remember_all
from album_sort.pipeline.hand import all_albums, all_titles, shape_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.kept import kept_of
from album_sort.pipeline.lessons import KEY, all_lessons_of, primaries_of
from album_sort.pipeline.remembered import language_of, open_to_read
from album_sort.reading import read_given
from album_sort.sentences import sentence
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, AlbumRelPath, ContentId, RunId

MOST_BYTES = 8 << 20
"""Of a file that is taken over."""


@dataclass(frozen=True, slots=True)
class Taught:
    """One album that was taught."""

    album: TaughtAlbum
    worth: Worth
    siblings: tuple[str, ...]
    """Titles of those that it was taught with."""
    model_key: str
    looks_closer: bool = False
    """Whether it is told from its siblings by a closer look."""
    is_passed_over: bool = False
    """Whether nothing is filed by it: another album has its title, or its id."""


@dataclass(frozen=True, slots=True)
class TaughtThere:
    """All of a destination."""

    albums: tuple[Taught, ...]
    primaries: dict[ContentId, AlbumRelPath]
    lang: str

    def find(self, name: str) -> Taught:
        """The album of that name; raises `UsageError` for one that was not taught here."""
        if not self.albums:
            raise UsageError(
                sentence("learn.no-album-was-learned", name=name), hint=sentence("learn.album-sort-learn-name")
            )
        found = find_album(name, {one.album.album: (one.album.title,) for one in self.albums})
        return next(one for one in self.albums if one.album.album == found)


def taught_there(destination: str) -> TaughtThere:
    """Reads them; writes nothing."""
    with open_to_read(destination) as state:
        primaries = primaries_of(state.records().ledger)
        return TaughtThere(tuple(_all_of(state)), primaries, language_of(state))


def _all_of(state: DestinationState) -> list[Taught]:
    heard = {lesson.lesson_id for lesson in kept_of(state).lessons}
    return [
        Taught(
            one,
            model.worth,
            tuple(other.title for other in lesson.albums if other is not one),
            lesson.model_key,
            lesson.looks_closer,
            lesson.lesson_id not in heard,
        )
        for lesson in all_lessons_of(state.settings_with(KEY))
        for one, model in zip(lesson.albums, lesson.models, strict=True)
    ]


def forget(destination: str, name: str, *, wait_seconds: float, sink: EventSink) -> tuple[tuple[str, ...], RunId]:
    """Forgets an album with the siblings that it was taught with; their titles, and the run that `undo` takes back.

    Photos stay where they lie until the next run files them anew.
    """

    def emptied(here: _Here) -> dict[AlbumId, str]:
        titles = {one.album: (one.title,) for lesson in here.all_lessons for one in lesson.albums}
        if not titles:
            raise UsageError(
                sentence("learn.no-album-was-learned", name=name), hint=sentence("learn.album-sort-learn-list")
            )
        found = find_album(name, titles)
        lesson = next(one for one in here.all_lessons if found in {taught.album for taught in one.albums})
        told[:] = [one.title for one in lesson.albums]
        return {lesson.lesson_id: ""}

    told: list[str] = []
    run_id = _change(destination, wait_seconds, sink, emptied)
    return tuple(told), run_id


def export(destination: str, name: str, file: Path) -> Taught:
    """Writes an album, with the siblings that it was taught with, to a file: numbers and content ids, no pictures."""
    found = taught_there(destination).find(name)
    with open_to_read(destination) as state:
        lessons = all_lessons_of(state.settings_with(KEY))
    lesson = next(one for one in lessons if found.album.album in {taught.album for taught in one.albums})
    write_lesson(file, lesson_to_text(lesson) + "\n")
    return found


def take_over(destination: str, file: str, *, wait_seconds: float, sink: EventSink) -> tuple[tuple[str, ...], RunId]:
    """Takes over what another destination has exported; the titles, and the run that `undo` takes back.

    Raises `UsageError` for another file, and for titles that other albums have here.
    """
    try:
        lesson = lesson_of_text(read_given(file, MOST_BYTES))
    except OSError as error:
        raise UsageError(
            sentence("learn.cannot-read", file=file, why=why_unreadable(error)), hint=sentence("learn.give-a-file-of")
        ) from error
    except NewerLessonError as error:
        raise UsageError(
            sentence("learn.was-written-by-a", file=file), hint=sentence("learn.update-album-sort-here")
        ) from error
    except NONSENSE as error:
        raise UsageError(sentence("learn.does-not-hold-a", file=file), hint=sentence("learn.give-a-file-of")) from error

    def added(here: _Here) -> dict[AlbumId, str]:
        rules = here.albums.rules
        taken = {fold(title): album for album, given in all_titles(rules).items() for title in (album, *given)}
        for one in lesson.albums:
            folder_title(one.title)
            if fold(one.title) in taken:
                learned = {taught.album for other in here.lessons for taught in other.albums}
                hint = sentence("learn.forget-it-first-album")
                if taken[fold(one.title)] not in learned:
                    hint = sentence("learn.learn-it-under-another")
                raise UsageError(sentence("learn.there-is-an-album", title=one.title), hint=hint)
        ids = set(all_albums(rules)) | set(dict(rules.merged))
        albums = []
        for one in lesson.albums:
            albums.append(replace(one, album=new_album_id(one.title, ids)))
            ids.add(albums[-1].album)
        refuse_shared(albums, here.lessons, {})
        renamed = replace(lesson, albums=tuple(albums))
        return {renamed.lesson_id: kept_text(renamed)}

    run_id = _change(destination, wait_seconds, sink, added)
    return tuple(one.title for one in lesson.albums), run_id


class _Here(NamedTuple):
    """A destination as it is."""

    lessons: tuple[Lesson, ...]
    all_lessons: tuple[Lesson, ...]
    """With those that nothing is filed by."""
    albums: Albums

    @classmethod
    def read(cls, destination: str, state: DestinationState) -> Self:
        kept = kept_of(state)
        layout, rules = shape_of(kept)
        lessons = all_lessons_of(state.settings_with(KEY))
        return cls(kept.lessons, lessons, look_at(destination, state, layout, rules, utc_now()))


def _change(
    destination: str, wait_seconds: float, sink: EventSink, changed: Callable[[_Here], dict[AlbumId, str]]
) -> RunId:
    # Before anything is locked or made: a misspelled name leaves no trace.
    with open_to_read(destination) as before:
        changed(_Here.read(destination, before))
    with held_destination(destination, wait_seconds, sink) as state:
        here = _Here.read(destination, state)
        texts = changed(here)
        remember_all(state, here.albums)
        return remember(state, here.albums, texts)
