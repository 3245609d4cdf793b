"""Each kind of change, checked and laid over a draft of the destination."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from album_sort.config import cache_folder
from album_sort.core.dates.told import parse_told_time
from album_sort.core.file_names import fold
from album_sort.core.learning.lesson import Lesson, TaughtAlbum, kept_text, new_album_id
from album_sort.errors import UsageError
from album_sort.events import silent
from album_sort.operations.examples import refuse_shared, with_examples
from album_sort.operations.learn import folder_title
from album_sort.pipeline.changing import Draft
from album_sort.pipeline.closer import CloserLooks, files_of
from album_sort.pipeline.engine import make_engine
from album_sort.pipeline.fixing import Meant
from album_sort.pipeline.lessons import primaries_of, setting_of
from album_sort.pipeline.own_albums import COVER, MADE, own_albums_of
from album_sort.pipeline.policy import load_rules
from album_sort.pipeline.scouting import town_called
from album_sort.pipeline.stages import Stages
from album_sort.pipeline.teaching import NotLearned, Shelf, Sought, learn_albums
from album_sort.sentences import sentence
from album_sort.settings import SPECS, Settings
from album_sort.types import REVIEW, TRAVEL, AlbumId, Reason
from album_sort.types.changes import (
    BelongsTo,
    Change,
    ChooseCover,
    Forget,
    KeepOut,
    MergeAlbums,
    MergeTrips,
    NewAlbum,
    RenameAlbum,
    RenameTrip,
    SetPlace,
    SetTaken,
)
from album_sort.types.told import ToldPlace, ToldTrip


@dataclass(slots=True)
class Drafted:
    """A draft while changes are laid over it."""

    draft: Draft
    settings: Settings
    taught: list[Lesson] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)

    def lessons(self, before: Sequence[Lesson]) -> tuple[Lesson, ...]:
        """Those that hold once the changes are made."""
        now = {lesson.lesson_id: lesson for lesson in (*before, *self.taught)}
        return tuple(now[lesson_id] for lesson_id in sorted(now))


def with_change(drafted: Drafted, change: Change) -> None:
    """Lays one change over the draft; raises `UsageError` for what cannot be meant."""
    draft = drafted.draft
    match change:
        case BelongsTo(photos, album):
            draft.belong(draft.photos(photos), draft.album(album))
        case KeepOut(photos):
            draft.leave_out(draft.photos(photos))
        case Forget(photos):
            draft.forget(draft.photos(photos))
        case NewAlbum(title, photos):
            _make_album(drafted, folder_title(title), draft.photos(photos))
        case RenameAlbum(album, title):
            _rename_album(draft, draft.album(album), folder_title(title))
        case MergeAlbums(albums, into):
            _merge_albums(drafted, [draft.album_named(album) for album in albums], draft.album(into))
        case RenameTrip(trip, title):
            _rename_trip(draft, trip, folder_title(title))
        case MergeTrips(trips, title):
            _merge_trips(draft, tuple(dict.fromkeys(trips)), title and folder_title(title))
        case SetTaken(photos, taken):
            said = parse_told_time(taken, draft.now_utc)
            draft.tell(meant := draft.photos(photos), {one.content_id: said for one in meant})
        case SetPlace(photos, place):
            where = _place_of(drafted, place)
            draft.tell(meant := draft.photos(photos), {one.content_id: where for one in meant})
        case ChooseCover(album, photo):
            _choose_cover(draft, draft.album(album), photo)


def refuse_titles(changes: Iterable[Change]) -> None:
    """Raises `UsageError` for a title under which no folder could be found again: when it is asked for, before anything is planned."""
    for change in changes:
        match change:
            case NewAlbum(title) | RenameAlbum(_, title) | RenameTrip(_, title) | MergeTrips(_, title) if title:
                folder_title(title)


def _choose_cover(draft: Draft, album: AlbumId, photo: str) -> None:
    """A photo of the album stands for it, be it that it comes there with these changes; empty: which one is ours to say again."""
    if not photo:
        draft.keeps[f"{COVER}{album}"] = ""
        return
    [meant] = draft.photos([photo])
    there = draft.album_of(meant.content_id)
    if there != album:
        where = "order.cover-is-elsewhere" if there else "order.cover-is-nowhere"
        raise UsageError(
            sentence(where, path=meant.path, there=there, album=album), hint=sentence("order.say-first-that-it")
        )
    draft.keeps[f"{COVER}{album}"] = meant.content_id


def _rename_album(draft: Draft, album: AlbumId, title: str) -> None:
    if draft.titles[album][0] == title:
        return
    others = {fold(name): other for other, given in draft.titles.items() for name in (other, *given) if other != album}
    if fold(title) in others:
        raise UsageError(sentence("order.there-is-an-album", title=title), hint=sentence("order.give-another-name-or"))
    draft.call(album, title)


def _merge_albums(drafted: Drafted, albums: Sequence[AlbumId], into: AlbumId) -> None:
    for album in albums:
        if {album, into} & {TRAVEL, REVIEW}:
            raise UsageError(
                sentence("order.and-cannot-be-merged", album=album, into=into),
                hint=sentence("order.say-of-its-photos"),
            )
        if album == into:
            raise UsageError(
                sentence("order.cannot-be-merged-into", album=album), hint=sentence("order.name-another-album")
            )
        if drafted.draft.album(album) != into:
            drafted.draft.merge(album, into)
    own = own_albums_of({**drafted.draft.settings, **drafted.draft.keeps})
    rules = load_rules(drafted.settings.albums, drafted.lessons(drafted.draft.before.lessons), own=own, is_kept=True)
    for album in albums:
        if rules.resolve(album) != rules.resolve(into):
            raise UsageError(
                sentence("order.cannot-be-merged-into-2", album=album, into=into),
                hint=sentence("order.an-album-and-a"),
            )


def _rename_trip(draft: Draft, trip: str, title: str) -> None:
    members = draft.trip_members(trip)
    _refuse_title(draft, title, (trip,))
    told = ToldTrip(trip, title, is_one=draft.is_one_trip(members))
    draft.tell(members, {one.content_id: told for one in members})


def _merge_trips(draft: Draft, trips: Sequence[str], title: str) -> None:
    if len(trips) < 2:
        raise UsageError(sentence("order.one-trip-cannot-be"), hint=sentence("order.name-two-or-more"))
    members = {trip: draft.trip_members(trip) for trip in trips}
    first = draft.first_of(trips)
    if title:
        _refuse_title(draft, title, trips)
    told = ToldTrip(first, title or draft.title_of_trip(members[first]), is_one=True)
    everyone = [one for some in members.values() for one in some]
    draft.tell(everyone, {one.content_id: told for one in everyone})


def _refuse_title(draft: Draft, title: str, trips: Sequence[str]) -> None:
    if draft.trip_called(title) not in (None, *trips):
        raise UsageError(sentence("order.there-is-a-trip", title=title), hint=sentence("order.give-another-name-or"))


def _place_of(drafted: Drafted, text: str) -> ToldPlace:
    """Where that is; raises `UsageError` for a town that is not known."""
    try:
        place = SPECS["home"].parse(text)
    except ValueError as error:
        raise UsageError(f"place {text!r}: {error}", hint=sentence("order.for-example-kyoto-or")) from error
    if place is None:
        raise UsageError(sentence("order.no-place-given"), hint=sentence("order.for-example-kyoto-or"))
    if not isinstance(place, str):
        lat_deg, lon_deg = place
        return ToldPlace(lat_deg, lon_deg, name=text.strip())
    town = town_called(place, drafted.draft.before.language or "en", option="--place")
    # Many towns share a name: whoever meant another one sees it before anything moves.
    meant = ", ".join(part for part in (town.name, town.admin1, town.country) if part)
    drafted.notes.append(Reason.of("notice.town-meant", said=text.strip(), town=meant))
    return ToldPlace(town.lat_deg, town.lon_deg, name=text.strip())


def _make_album(drafted: Drafted, title: str, photos: Sequence[Meant]) -> None:
    """Learned from its photos where that can be; else they are placed there, and it is told why. One of theirs gets more photos."""
    draft = drafted.draft
    known = {fold(name): album for album, given in draft.titles.items() for name in (album, *given)}
    album = known.get(fold(title))
    lessons = {one.album: (lesson, one) for lesson in drafted.lessons(draft.before.lessons) for one in lesson.albums}
    is_made = bool(draft.kept(f"{MADE}{album}"))
    if album is not None and album not in lessons and not is_made:
        raise UsageError(sentence("order.is-an-album-already", title=title), hint=sentence("order.say-that-the-photos"))
    if album in lessons:
        _teach_more(drafted, *lessons[album], photos)
        return
    if album is None:
        album = new_album_id(title, {*draft.titles, *dict(draft.albums.rules.merged), *draft.albums.rules.albums})
    placed = [said.content_id for said in draft.corrections.values() if said.album == album]
    new = {one.content_id for one in photos} - set(placed)
    if is_made and not new:
        return
    taught = TaughtAlbum(album, title, tuple(placed))
    learned = _learned(drafted, [with_examples(taught, sorted(new), [])], photos)
    if isinstance(learned, Lesson):
        draft.keeps[f"{MADE}{album}"] = ""
        # The album has them by what was shown; an older word on them, or a place by hand, would count more.
        draft.forget([*photos, *draft.meant(placed)], with_facts=False)
        _keep(drafted, learned)
        return
    draft.keeps[f"{MADE}{album}"] = title
    draft.belong(photos, album)
    drafted.notes.append(_takes_no_others(title, len(photos)))


def _teach_more(drafted: Drafted, lesson: Lesson, album: TaughtAlbum, photos: Sequence[Meant]) -> None:
    """More examples of an album that was taught."""
    new = [one.content_id for one in photos if one.content_id not in album.positive]
    drafted.draft.forget(photos, with_facts=False)
    if not new:
        return
    albums = [with_examples(one, new, []) if one is album else one for one in lesson.albums]
    learned = _learned(drafted, albums, photos, looks_closer=lesson.looks_closer)
    if isinstance(learned, Lesson):
        _keep(drafted, learned)
        return
    drafted.draft.belong(photos, album.album)
    drafted.notes.append(_takes_no_others(album.title, len(photos)))


def _keep(drafted: Drafted, learned: Lesson) -> None:
    drafted.taught.append(learned)
    drafted.draft.keeps[setting_of(learned.lesson_id)] = kept_text(learned)
    for album, model in zip(learned.albums, learned.models, strict=True):
        if not model.worth.supports_filing:
            drafted.notes.append(_takes_no_others(album.title, len(album.positive)))


def _takes_no_others(title: str, photos: int) -> Reason:
    return Reason.of("notice.album-not-learned", title=title, photos=photos)


def _learned(
    drafted: Drafted, albums: Sequence[TaughtAlbum], photos: Sequence[Meant], *, looks_closer: bool = False
) -> Lesson | NotLearned:
    before = drafted.draft.before
    refuse_shared(albums, drafted.lessons(before.lessons), {one.content_id: one.path for one in photos})
    engine = make_engine(
        drafted.settings, cache_folder(), remembered_model=before.model, remembered_weights=before.weights
    )
    examples = {content for one in albums for content in (*one.positive, *one.negative)}
    with engine.open_cache() as cache:
        sought = Sought.under(drafted.draft.albums.rules, drafted.settings.precision_target)
        library = Shelf.of(primaries_of(drafted.draft.ledger), cache)
        looker = None
        if looks_closer:
            files = files_of((), drafted.draft.ledger, drafted.draft.albums.destination)
            for one in photos:
                files.setdefault(one.content_id, []).append(one.path)
            looker = CloserLooks(engine, cache, Stages(silent), files)
        shown = Shelf.of(examples, cache)
        return learn_albums(albums, library, shown, engine.model_key, sought, looker=looker)
