"""Changes as somebody says them of paths: which photos, albums and trips are meant, by contents and ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from album_sort.config import cache_folder
from album_sort.errors import UsageError
from album_sort.operations.clock import now_there
from album_sort.operations.known_problems import KnownProblems
from album_sort.paths import given_path
from album_sort.pipeline.fixing import find_photos, look_at
from album_sort.pipeline.hand import shape_of
from album_sort.pipeline.kept import kept_of
from album_sort.pipeline.remembered import open_to_read
from album_sort.sentences import sentence
from album_sort.types.changes import (
    BelongsTo,
    Change,
    ChooseCover,
    Forget,
    KeepOut,
    MergeTrips,
    RenameTrip,
    SetPlace,
    SetTaken,
)
from album_sort.types.told import ToldTrip


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody says of photos; what is empty is not said."""

    photos: tuple[str, ...]
    """Paths of photos or folders, in the library or in the albums."""
    album: str = ""
    leave_out: bool = False
    forget: bool = False
    taken: str = ""
    place: str = ""
    trip: str = ""
    """What the trip is called that they are from; of several trips, that these were one."""


def changes_of(destination: str, saying: Saying, albums_file: str = "") -> list[Change]:
    """The changes that are meant; reads only. Raises `UsageError` for photos that are not there, or on no trip."""
    if not saying.photos:
        raise UsageError(sentence("order.no-photos-given"), hint=sentence("order.album-sort-fix-photo"))
    if sum(map(bool, (saying.album, saying.leave_out, saying.forget))) > 1:
        raise UsageError(sentence("order.give-one-of-album"), hint=sentence("order.they-contradict-each-other"))
    with open_to_read(destination) as state:
        layout, rules = shape_of(kept_of(state), albums_file)
        albums = look_at(destination, state, layout, rules, now_there(state))
        found_photos = find_photos([given_path(path) for path in saying.photos], albums)
        trips = {trip.trip_id: trip.members for trip in state.trips()}
        told = {content: fact.value for (content, _), fact in state.facts().items()}
    # What no run could file cannot be sorted first, and costs the others of its folder nothing.
    told_of, named = KnownProblems.read(cache_folder(), destination), {given_path(path) for path in saying.photos}
    known = {row.group_id for row in albums.picture.ledger.values()} | albums.hand.corrections.keys() | told.keys()
    strange = [one for one in found_photos if one.content_id not in known]
    broken = [one for one in strange if one.path not in named and told_of.has_told_of(one.path)]
    if len(broken) < len(found_photos):
        found_photos = [one for one in found_photos if one not in broken]
        strange = [one for one in strange if one not in broken]
    if strange:
        raise UsageError(
            sentence("order.is-not-in-these", unknown=strange[0].path),
            hint=sentence(
                "order.mend-it-first" if told_of.has_told_of(strange[0].path) else "order.sort-it-first-album"
            ),
        )
    meant = {one.content_id for one in found_photos}
    photos = tuple(sorted(meant))
    changes: list[Change] = []
    if saying.album:
        changes.append(BelongsTo(photos, saying.album))
    if saying.leave_out:
        changes.append(KeepOut(photos))
    if saying.forget:
        changes.append(Forget(photos))
    if saying.taken:
        changes.append(SetTaken(photos, saying.taken))
    if saying.place:
        changes.append(SetPlace(photos, saying.place))
    if saying.trip:
        joined = {value.trip_id for content, value in told.items() if content in meant and isinstance(value, ToldTrip)}
        spoken = {content for content, value in told.items() if isinstance(value, ToldTrip)}
        found = [trip for trip, members in trips.items() if members & (meant - spoken)]
        changes.append(_trip_change([*sorted(joined), *(trip for trip in found if trip not in joined)], saying.trip))
    return changes


def cover_chosen(destination: str, album: str, photo: str) -> ChooseCover:
    """That a photo stands for an album; of an empty path, that the program chooses again. Reads only."""
    if not photo:
        return ChooseCover(album, "")
    with open_to_read(destination) as state:
        layout, rules = shape_of(kept_of(state), "")
        albums = look_at(destination, state, layout, rules, now_there(state))
    found = find_photos([given_path(photo)], albums)
    if len(found) != 1:
        raise UsageError(
            sentence("order.is-photos", photo=photo, n=len(found)), hint=sentence("order.one-stands-for-an")
        )
    if found[0].content_id not in {row.group_id for row in albums.picture.ledger.values()}:
        raise UsageError(
            sentence("order.is-not-in-these-albums", photo=photo), hint=sentence("order.sort-it-first-album")
        )
    return ChooseCover(album, found[0].content_id)


def _trip_change(trips: Sequence[str], title: str) -> Change:
    if not trips:
        raise UsageError(sentence("order.none-of-these-photos"), hint=sentence("order.say-when-and-where"))
    return RenameTrip(trips[0], title) if len(trips) == 1 else MergeTrips(tuple(trips), title)
