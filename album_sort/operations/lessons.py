"""The albums that were taught in a destination: listed, shown, forgotten, written to a file, and taken over from one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

from album_sort.core.checked import NONSENSE
from album_sort.core.file_names import fold
from album_sort.core.learning.corrections import Teaching
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
from album_sort.core.planning.album_names import find_album, is_called
from album_sort.core.quoting import out_option
from album_sort.errors import UsageError, why_unreadable
from album_sort.events import EventSink
from album_sort.operations.examples import refuse_shared
from album_sort.operations.learn import folder_title, remember
from album_sort.operations.own_files import write_lesson
from album_sort.operations.runs import must_be_ours
from album_sort.operations.teachings import (
    ByCorrections,
    names_of_taught,
    teachings_there,
    title_of,
    without_teachings,
)
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.fixing import Albums, look_at, remember_all
from album_sort.pipeline.hand import all_albums, all_titles, shape_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.kept import kept_of
from album_sort.pipeline.lessons import CORRECTED, KEY, all_lessons_of, primaries_of, setting_of, teachings_of
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
    by_corrections: tuple[ByCorrections, ...] = ()
    """What corrections have taught of these or other albums."""
    destination: str = ""
    """Whose all this is."""

    @property
    def _titles(self) -> dict[AlbumId, tuple[str, ...]]:
        return {one.album.album: (one.album.title,) for one in self.albums}

    def has(self, name: str) -> bool:
        """Whether an album of that name was taught here by examples."""
        return any(is_called(name, album, titles) for album, titles in self._titles.items())

    def find_by_corrections(self, name: str) -> tuple[ByCorrections, ...]:
        """What corrections have taught of the album of that name."""
        return tuple(one for one in self.by_corrections if is_called(name, one.album, one.titles))

    def place_of(self, content: ContentId) -> str:
        """Where a photo lies; the beginning of its id where it is not in the albums."""
        return self.primaries.get(content) or f"({content[:12]}…)"

    def examples_of(self, one: Taught) -> tuple[list[str], list[str]]:
        """The places of an album's examples, and of its counter-examples."""
        return [*map(self.place_of, one.album.positive)], [*map(self.place_of, one.album.negative)]

    def find(self, name: str) -> Taught:
        """The album of that name; raises `UsageError` for one that was not taught here."""
        if not self.albums:
            raise UsageError(
                sentence("learn.no-album-was-learned", name=name), hint=sentence("learn.album-sort-learn-name")
            )
        found = find_album(
            name, self._titles, listed_by="learn.album-sort-learn-list", out=out_option(self.destination)
        )
        return next(one for one in self.albums if one.album.album == found)


def taught_there(destination: str) -> TaughtThere:
    """Reads them; writes nothing. Raises `DestinationError` where there are no albums of ours."""
    must_be_ours(destination)
    with open_to_read(destination) as state:
        primaries = primaries_of(state.records().ledger)
        by_corrections = teachings_there(state, destination)
        return TaughtThere(tuple(_all_of(state)), primaries, language_of(state), by_corrections, destination)


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


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten."""

    titles: tuple[str, ...]
    """Of the albums that were taught."""
    by_corrections: str
    """Title of the album of which corrections had taught something; empty for none."""
    run_id: RunId
    """What `undo` takes back."""


def forget(destination: str, name: str, *, wait_seconds: float, sink: EventSink) -> Forgotten:
    """Forgets all that was learned of an album: from examples, with the siblings that it was taught with, and from corrections.

    Photos stay where they lie until the next run files them anew.
    """
    titles: tuple[str, ...] = ()
    by_corrections = ""

    def emptied(here: _Here) -> dict[str, str]:
        nonlocal titles, by_corrections
        titles_of: dict[AlbumId, tuple[str, ...]] = {
            one.album: (one.title,) for lesson in here.all_lessons for one in lesson.albums
        }
        corrected = names_of_taught(here.teachings, here.albums)
        if not titles_of and not corrected:
            raise UsageError(
                sentence("learn.no-album-was-learned", name=name),
                hint=sentence("learn.album-sort-learn-list", out=out_option(destination)),
            )
        found = find_album(
            name, corrected | titles_of, listed_by="learn.album-sort-learn-list", out=out_option(destination)
        )
        lessons = [one for one in here.all_lessons if found in {each.album for each in one.albums}]
        titles = tuple(each.title for one in lessons for each in one.albums)
        by_corrections = title_of(found, here.albums, here.lang) if found in corrected else ""
        gone = {setting_of(one.lesson_id): "" for one in lessons}
        return gone | without_teachings(here.teachings, found, here.albums)

    run_id = _change(destination, wait_seconds, sink, emptied)
    return Forgotten(titles, by_corrections, run_id)


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

    Raises `UsageError` for another file, and for titles that other albums have here; `DestinationError` where there are no albums of ours.
    """
    must_be_ours(destination)
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

    def added(here: _Here) -> dict[str, str]:
        rules = here.albums.rules
        taken = {fold(title): album for album, given in all_titles(rules).items() for title in (album, *given)}
        for one in lesson.albums:
            folder_title(one.title)
            if fold(one.title) in taken:
                learned = {taught.album for other in here.lessons for taught in other.albums}
                hint = sentence("learn.forget-it-first-album", title=one.title, out=out_option(destination))
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
        return {setting_of(renamed.lesson_id): kept_text(renamed)}

    run_id = _change(destination, wait_seconds, sink, added)
    return tuple(one.title for one in lesson.albums), run_id


class _Here(NamedTuple):
    """A destination as it is."""

    lessons: tuple[Lesson, ...]
    all_lessons: tuple[Lesson, ...]
    """With those that nothing is filed by."""
    albums: Albums
    teachings: tuple[Teaching, ...]
    lang: str

    @classmethod
    def read(cls, destination: str, state: DestinationState) -> Self:
        kept = kept_of(state)
        layout, rules = shape_of(kept)
        lessons = all_lessons_of(state.settings_with(KEY))
        albums = look_at(destination, state, layout, rules, utc_now())
        return cls(kept.lessons, lessons, albums, teachings_of(state.settings_with(CORRECTED)), language_of(state))


def _change(
    destination: str, wait_seconds: float, sink: EventSink, changed: Callable[[_Here], dict[str, str]]
) -> RunId:
    # Before anything is locked or made: a misspelled name or folder leaves no trace.
    must_be_ours(destination)
    with open_to_read(destination) as before:
        changed(_Here.read(destination, before))
    with held_destination(destination, wait_seconds, sink) as state:
        here = _Here.read(destination, state)
        keeps = changed(here)
        remember_all(state, here.albums)
        return remember(state, here.albums, keeps)
