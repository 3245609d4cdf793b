"""What corrections have taught in a destination: listed, and forgotten so that the same corrections teach it no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from album_sort.classifier.labels import load_labels
from album_sort.core.learning.corrections import Teaching
from album_sort.core.learning.values import Worth
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.fixing import Albums, look_at
from album_sort.pipeline.hand import all_albums, all_titles, shape_of
from album_sort.pipeline.kept import kept_of
from album_sort.pipeline.lessons import CORRECTED, KEY, UNHEEDED, all_lessons_of, teachings_of, unheeded_to_text
from album_sort.pipeline.remembered import language_of
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, ContentId


@dataclass(frozen=True, slots=True)
class ByCorrections:
    """One thing that corrections have taught."""

    album: AlbumId
    titles: tuple[str, ...]
    """What it may be called; first what it is called there."""
    is_away: bool
    """Whether photos like the corrected ones are kept out of the album; else they go there."""
    corrections: int
    """From how many it was learned."""
    worth: Worth
    photos: tuple[ContentId, ...]
    """From which it was learned."""

    @property
    def title(self) -> str:
        """Of the album, as it is called there."""
        return self.titles[0]


def teachings_there(state: DestinationState, destination: str) -> tuple[ByCorrections, ...]:
    """Reads them; the albums are looked at only where there are any, for what a person calls them."""
    teachings = teachings_of(state.settings_with(CORRECTED))
    if not teachings:
        return ()
    layout, rules = shape_of(kept_of(state))
    albums, lang = look_at(destination, state, layout, rules, utc_now()), language_of(state)
    shown = {
        content
        for lesson in all_lessons_of(state.settings_with(KEY))
        for one in lesson.albums
        for content in one.positive
    }
    names = names_of_taught(teachings, albums)
    return tuple(
        ByCorrections(
            one.kind.album,
            (title_of(one.kind.album, albums, lang), *names[one.kind.album]),
            one.kind.is_away,
            sum(content in albums.hand.corrections or content not in shown for content in one.kind.positive),
            one.model.worth,
            one.kind.positive,
        )
        for one in teachings
    )


def title_of(album: AlbumId, albums: Albums, lang: str) -> str:
    """What an album is called there: as a person has renamed its folder, else in that language."""
    if album not in all_albums(albums.rules):
        return album  # the rules have none of that name any more
    return albums.hand.titles.get(album) or albums.rules.title(album, lang) or load_labels().title(album, lang)


def names_of_taught(teachings: Iterable[Teaching], albums: Albums) -> dict[AlbumId, tuple[str, ...]]:
    """Every title of each album that corrections have taught something of."""
    titles = all_titles(albums.rules)
    found = {}
    for album in {one.kind.album for one in teachings}:
        own = albums.hand.titles.get(album)
        found[album] = (*((own,) if own else ()), *titles.get(album, ()))
    return found


def without_teachings(teachings: Sequence[Teaching], album: AlbumId, albums: Albums) -> dict[str, str]:
    """What a destination keeps once all is forgotten that corrections have taught of an album, by key.

    The corrections stand. But neither those that it was learned from nor any other of until now teach it again.
    """
    found = {}
    for one in teachings:
        if one.kind.album == album:
            until_now = dict.fromkeys((*one.kind.positive, *sorted(albums.hand.corrections)))
            found[f"{CORRECTED}{one.kind.key}"] = ""
            found[f"{UNHEEDED}{one.kind.key}"] = unheeded_to_text(until_now)
    return found
