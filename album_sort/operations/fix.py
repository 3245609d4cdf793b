"""A person's word on photos: they belong to an album, stay out of the albums, or are decided on anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from album_sort.classifier.labels import load_labels
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.own_albums import OwnAlbums
from album_sort.core.planning.album_names import find_album
from album_sort.core.planning.layout import Layout
from album_sort.core.quoting import out_option
from album_sort.errors import UsageError
from album_sort.events import EventSink
from album_sort.fileops.apply import Applied
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.operations.clock import now_there
from album_sort.operations.pages import lead_to_newest_page
from album_sort.operations.pages_now import show_as_they_lie
from album_sort.operations.previews import with_previews
from album_sort.operations.runs import must_be_ours
from album_sort.operations.stop import StopRequest
from album_sort.paths import given_path
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.execute import apply_and_tell, begin_run, status_of
from album_sort.pipeline.fixing import (
    Albums,
    find_before_undo,
    find_photos,
    forget,
    look_at,
    named_elsewhere,
    plan_at_once,
    remember_all,
    tell_album,
    tell_left_out,
)
from album_sort.pipeline.hand import all_albums, all_titles, names_by_hand, shape_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.kept import kept_of, read_kept
from album_sort.pipeline.remembered import language_of, open_to_read
from album_sort.sentences import sentence
from album_sort.settings import Settings
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, AlbumRelPath, ContentId
from album_sort.types.corrections import KEPT, Correction, HandReading
from album_sort.types.ledger import RunStatus
from album_sort.types.told import ToldFact


@dataclass(frozen=True, slots=True)
class FixOrder:
    """What somebody says of photos."""

    photos: tuple[str, ...]
    destination: str
    album: str = ""
    """Where they belong: an id or a title."""
    leave_out: bool = False
    forget: bool = False
    at_once: bool = False
    """Whether to move them now; otherwise the next run does."""
    albums_file: str = ""


@dataclass(frozen=True, slots=True)
class HandTold:
    """What a person did in the albums before, as this operation has read it."""

    hand: HandReading
    destination: str
    titles: Mapping[AlbumId, str]
    lang: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """What came of it."""

    lang: str
    album: AlbumId | None = None
    """Where the photos belong from now on; None for those that stay out, and where something was forgotten."""
    title: str = ""
    """Of this album."""
    remembered: int = 0
    """Photos of which the word is remembered."""
    forgotten: int | None = None
    """With `forget`: photos of which a word was taken back."""
    asked: int = 0
    """Photos that were named."""
    applied: Applied | None = None
    """What was moved at once; None where nothing had to be."""


def fix(
    order: FixOrder,
    *,
    wait_seconds: float,
    sink: EventSink,
    stop: StopRequest,
    tell_hand: Callable[[HandTold], None],
    settings: Settings | None = None,
) -> Fixed:
    """Remembers what was said, by content, before everything else; at once if asked, it is carried out.

    `tell_hand` hears, once, what a person has done in the albums. Raises `UsageError` for photos and albums that are not there.
    """
    _check(order)
    layout, rules = shape_of(read_kept(order.destination), order.albums_file)
    paths = list(map(given_path, order.photos))
    # Before anything is locked or made: a misspelled name leaves no trace.
    with open_to_read(order.destination) as before:
        chosen = _chosen_album(order, before, layout, rules) if order.album else None
        _refuse_nothing(order)
        is_undone = any(run.status is RunStatus.UNDOING for run in before.runs())
        known = (
            find_before_undo(paths, look_at(order.destination, before, layout, rules, utc_now())) if is_undone else {}
        )
    with held_destination(order.destination, wait_seconds, sink) as state:
        if state.finished_undo is not None:
            lead_to_newest_page(order.destination)
        lang, now = language_of(state), now_there(state)
        albums = look_at(order.destination, state, layout, rules, now)
        titles = {album: rules.title(album, lang) or load_labels().title(album, lang) for album in all_albums(rules)}
        meant = find_photos(paths, albums, known if state.finished_undo is not None else {})
        remember_all(state, albums)
        tell_hand(HandTold(albums.hand, albums.destination, titles, lang))
        if order.forget:
            count = forget(state, {one.content_id for one in meant}, albums)
            return Fixed(lang, forgotten=count, asked=len(meant))
        corrections = tell_left_out(meant, albums, now) if chosen is None else tell_album(meant, chosen, albums, now)
        state.add_corrections(corrections)
        applied = None
        if order.at_once:
            with stop.gently():
                contents = frozenset(one.content_id for one in meant)
                there = look_at(order.destination, state, layout, rules, now)
                again = named_elsewhere(state, there, contents, titles)
                applied = _carry_out(again, state, contents, titles, settings or Settings(), sink=sink, stop=stop)
        if applied is not None or albums.picture.has_news:
            show_as_they_lie(order.destination, state)
    title = (titles | dict(albums.hand.titles)).get(album := corrections[0].album, album)
    return Fixed(lang, album or None, title, len(corrections), asked=len(meant), applied=applied)


def _check(order: FixOrder) -> None:
    ways = (bool(order.album), order.leave_out, order.forget)
    hint = sentence("order.album-sort-fix-photo-album")
    if not order.photos:
        raise UsageError(sentence("order.no-photos-given"), hint=hint)
    if sum(ways) != 1:
        raise UsageError(sentence("order.give-one-of-album"), hint=hint)
    if order.forget and order.at_once:
        raise UsageError(
            sentence("order.now-cannot-be-given"),
            hint=sentence("order.leave-now-out-the"),
        )


def _chosen_album(order: FixOrder, state: DestinationState, layout: Layout, rules: AlbumRules) -> AlbumId:
    """Raises `UsageError` for a name that no album has."""
    renamed = names_by_hand(state.records(), layout, rules)
    titles = {album: (*given, renamed.get(album, album)) for album, given in all_titles(rules).items()}
    return find_album(order.album, titles, out=out_option(order.destination))


def _refuse_nothing(order: FixOrder) -> None:
    missing = [photo for photo in order.photos if not os.path.lexists(photo)]
    if missing and not os.path.isdir(order.destination):
        raise UsageError(
            sentence("order.no-such-photo-2", missing=missing[0]), hint=sentence("order.give-paths-of-photos")
        )


def _carry_out(
    again: Albums,
    state: DestinationState,
    contents: frozenset[ContentId],
    titles: Mapping[AlbumId, str],
    settings: Settings,
    *,
    sink: EventSink,
    stop: StopRequest,
) -> Applied | None:
    """A run of its own, which `undo` takes back; None where nothing has to move."""
    now = now_there(state)
    plan = plan_at_once(again, contents, titles, now)
    if not plan.effects:
        return None
    journal = begin_run(state, plan, "fix", now)
    applied = apply_and_tell(plan, RealFileSystem(), journal, language_of(state), sink=sink, stop=stop)
    state.finish_run(plan.plan_id, status_of(applied), utc_now())
    return with_previews(plan, applied, state, settings, sink=sink, stop=stop)


@dataclass(frozen=True, slots=True)
class SaidByHand:
    """Everything that was said or done by hand in a destination."""

    corrections: tuple[Correction, ...]
    """Oldest first."""
    facts: tuple[ToldFact, ...]
    """When, where and on which trip photos were taken, as was told; oldest first."""
    aliases: Mapping[AlbumRelPath, AlbumRelPath]
    """Folders that were renamed: their own name, and the one that they have now."""
    own_albums: OwnAlbums
    """Albums that were made, renamed or merged."""
    titles: Mapping[AlbumId, str]
    """Of the albums that are named, as a person knows them."""
    lang: str


def said_by_hand(destination: str, albums_file: str) -> SaidByHand:
    """Everything that was said or done by hand. Writes nothing. Raises `DestinationError` where there are no albums of ours."""
    must_be_ours(destination)
    layout, rules = shape_of(read_kept(destination), albums_file)
    with open_to_read(destination) as state:
        renamed = names_by_hand(state.records(), layout, rules)
        corrections = sorted(state.corrections().values(), key=lambda said: (said.created_utc, said.note))
        facts = sorted(state.facts().values(), key=lambda fact: (fact.created_utc, fact.note, fact.about))
        aliases = state.records().folder_aliases
        own_albums = kept_of(state).own_albums
        lang = language_of(state)
    named = {said.album for said in corrections} - {"", KEPT}
    titles = {
        album: renamed.get(album) or rules.title(album, lang) or load_labels().title(album, lang) for album in named
    }
    return SaidByHand(tuple(corrections), tuple(facts), aliases, own_albums, titles, lang)
