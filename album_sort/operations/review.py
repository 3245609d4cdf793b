"""What waits for a person's word in a destination: photos that the program was not sure of, and photos that somebody deleted."""

from __future__ import annotations

from dataclasses import dataclass

from album_sort.operations.runs import must_be_ours
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.fixing import look_at
from album_sort.pipeline.hand import shape_of
from album_sort.pipeline.kept import read_kept
from album_sort.pipeline.remembered import language_of, open_to_read
from album_sort.types import REVIEW, AlbumRelPath, Role
from album_sort.types.corrections import CorrectionKind


@dataclass(frozen=True, slots=True)
class Waiting:
    """Photos that somebody has to decide about."""

    unsure: tuple[AlbumRelPath, ...]
    """In the Review album, where they lie now."""
    deleted: tuple[str, ...]
    """Deleted by hand, where they lay: not put back as long as nobody has said what is meant."""
    lang: str


def waiting_for_a_person(destination: str, albums_file: str) -> Waiting:
    """Reads the albums as a run would, so what was moved or deleted a moment ago counts. Writes nothing.

    Raises `DestinationError` where there are no albums of ours.
    """
    must_be_ours(destination)
    layout, rules = shape_of(read_kept(destination), albums_file)
    with open_to_read(destination) as state:
        albums = look_at(destination, state, layout, rules, utc_now())
        lang = language_of(state)
    said = albums.hand.corrections
    unsure = {
        path
        for path, row in albums.picture.ledger.items()
        if row.album == REVIEW
        and row.role is Role.PRIMARY
        and row.content_id == row.group_id
        and path in albums.picture.present
        and row.group_id not in said
    }
    deleted = {one.note for one in said.values() if one.kind is CorrectionKind.DELETED and one.note}
    return Waiting(tuple(sorted(unsure)), tuple(sorted(deleted)), lang)
