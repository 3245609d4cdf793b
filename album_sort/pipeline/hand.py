"""What a person did in the albums, read before anything is decided: the same for a preview, a run, `explain`, `fix` and `undo`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from album_sort.classifier.labels import load_labels
from album_sort.config import resolve_settings
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.planning.folders import AlbumFolders
from album_sort.core.planning.hands import names_elsewhere, read_hand, renamed_albums
from album_sort.core.planning.layout import Layout
from album_sort.errors import AlbumSortError
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import take_picture
from album_sort.pipeline.kept import KeptSettings, kept_of
from album_sort.pipeline.policy import load_rules
from album_sort.pipeline.remembered import Remembered
from album_sort.state.store import DestinationState
from album_sort.types import (
    DEFAULT_LAYOUT,
    LANGUAGES,
    REVIEW,
    TRAVEL,
    AlbumId,
    AlbumRelPath,
    Assignment,
    ContentId,
    Filing,
    PhotoFacts,
    PlannedOp,
    Reason,
    Role,
    Skipped,
    Stage,
)
from album_sort.types.corrections import KEPT, Correction, CorrectionKind, HandKind, HandReading
from album_sort.types.inner_paths import NOWHERE
from album_sort.types.ledger import DestinationPicture, DestinationRecords, LedgerRow


def all_albums(rules: AlbumRules) -> tuple[AlbumId, ...]:
    """Every album that a photo can be in: also those of which no class speaks."""
    return tuple(dict.fromkeys((*rules.albums, TRAVEL, REVIEW)))


def all_titles(rules: AlbumRules) -> dict[AlbumId, tuple[str, ...]]:
    """Every title of each album: the user's first, and the shipped ones in every language."""
    labels = load_labels()
    found: dict[AlbumId, tuple[str, ...]] = {}
    for album in all_albums(rules):
        own = [title for lang in LANGUAGES if (title := rules.title(album, lang))]
        found[album] = tuple(dict.fromkeys((*own, *(labels.title(album, lang) for lang in LANGUAGES))))
    return found


def folders_of(picture: DestinationPicture, layout: Layout, rules: AlbumRules) -> AlbumFolders:
    """Reads the albums' folders as they are called now."""
    return AlbumFolders(layout, all_titles(rules), {**picture.folder_aliases, **picture.new_aliases})


def see(destination: str, records: DestinationRecords, layout: Layout, rules: AlbumRules) -> DestinationPicture:
    """The picture of a destination. A folder moved into another album is not a renaming: its photos belong there from now on."""
    picture = take_picture(destination, RealFileSystem(), records)
    if not picture.new_aliases:
        return picture
    folders = AlbumFolders(layout, all_titles(rules), records.folder_aliases)

    def is_renaming(folder: AlbumRelPath, actual: AlbumRelPath) -> bool:
        before, now = folders.album_of(folder), folders.album_of(actual)
        return now is None or before is None or now == before

    kept = {folder: actual for folder, actual in picture.new_aliases.items() if is_renaming(folder, actual)}
    return replace(picture, new_aliases=kept)


def look_for_hand(
    destination: str, remembered: Remembered, layout: Layout, rules: AlbumRules, now_utc: datetime
) -> tuple[HandReading, DestinationPicture | None]:
    """What a person has done since the last run, and the picture that tells it. Reads only; none where nothing has been filed."""
    if not remembered.records.ledger:
        return HandReading(remembered.corrections), None
    picture = see(destination, remembered.records, layout, rules)
    return reading_of(picture, remembered.corrections, layout, rules, now_utc), picture


def reading_of(
    picture: DestinationPicture,
    corrections: Mapping[ContentId, Correction],
    layout: Layout,
    rules: AlbumRules,
    now_utc: datetime,
) -> HandReading:
    """The same of a picture that has been taken."""
    folders = folders_of(picture, layout, rules)
    reading = read_hand(picture, corrections, folders, now_utc=now_utc, resolve=rules.resolve)
    titles = renamed_albums(picture.ledger.values(), {**picture.folder_aliases, **picture.new_aliases}, folders)
    new = {
        folders.album_of(actual) for folder, actual in picture.new_aliases.items() if folders.root_of(folder) == folder
    }
    renamed = tuple(sorted((album, title) for album, title in titles.items() if album in new))
    return replace(reading, titles=titles, renamed=renamed)


def names_by_hand(records: DestinationRecords, layout: Layout, rules: AlbumRules) -> dict[AlbumId, str]:
    """Albums that a person has renamed, as the last run knew it: nothing but the state is read."""
    folders = AlbumFolders(layout, all_titles(rules), records.folder_aliases)
    return renamed_albums(records.ledger.values(), records.folder_aliases, folders)


def with_hand(
    picture: DestinationPicture, hand: HandReading, carried: Mapping[AlbumRelPath, AlbumRelPath]
) -> DestinationPicture:
    """The picture for the planner: what a person placed stays, and renamed albums keep their names in another language."""
    return replace(
        picture,
        pinned=hand.pinned,
        freed=hand.freed,
        new_aliases={**carried, **picture.new_aliases},
    )


def carried_names(
    picture: DestinationPicture, layout: Layout, rules: AlbumRules, titles: Mapping[AlbumId, str]
) -> dict[AlbumRelPath, AlbumRelPath]:
    """Names that a person gave to albums, for the albums' folders in this run's language. `titles`: in that language."""
    aliases = {**picture.folder_aliases, **picture.new_aliases}
    folders = folders_of(picture, layout, rules)
    carried = {}
    for rendered, actual in aliases.items():
        album = folders.album_of(actual)
        if album is not None and folders.root_of(rendered) == rendered:
            now = folders.in_album(rendered, titles[album])
            if now not in aliases:
                carried[now] = actual
    return carried


def with_names_elsewhere(
    picture: DestinationPicture, hand: HandReading, filings: Iterable[Filing], layout: Layout, rules: AlbumRules
) -> DestinationPicture:
    """The picture in which renamed albums have their names wherever these filings put them."""
    aliases = {**picture.folder_aliases, **picture.new_aliases}
    new = names_elsewhere(filings, hand.titles, aliases, folders_of(picture, layout, rules))
    return replace(picture, new_aliases={**picture.new_aliases, **new}) if new else picture


def remember_hand(state: DestinationState, hand: HandReading) -> None:
    """Takes over what was read; the lock must be held."""
    if hand.has_news:
        state.forget_corrections(hand.taken_back())
        state.add_corrections(hand.new_corrections())


def told_album(correction: Correction | None, hand: HandReading) -> AlbumId | None:
    """The album that a person gave to a photo; a folder that is not an album counts as long as the photo lies there."""
    if correction is None or not correction.album:
        return None
    is_homeless = correction.album == KEPT and correction.content_id not in hand.pinned
    return None if is_homeless else correction.album


def remember_hand_moves(
    destination: str, state: DestinationState, now_utc: datetime
) -> tuple[DestinationPicture, HandReading]:
    """For `undo` and `apply`: takes over what a person moved, by the picture and the reading that are given back.

    The next run asks about what is missing.
    """
    layout, rules = shape_of(kept_of(state))
    picture = see(destination, state.records(), layout, rules)
    hand = reading_of(picture, state.corrections(), layout, rules, now_utc)
    state.remember_moves(picture)
    remember_hand(state, replace(hand, changes=tuple(one for one in hand.changes if one.kind is not HandKind.DELETED)))
    return picture, hand


def shape_of(kept: KeptSettings, albums_file: str = "") -> tuple[Layout, AlbumRules]:
    """Layout and rules by which the folders of a destination are read, for whoever decides nothing anew.

    Where the user's file of rules is gone or broken, the shipped albums are known all the same: nothing may fail for that.
    """
    settings = resolve_settings((kept.layer(),)).settings
    if albums_file:
        # Asked for by name: its faults are told.
        return Layout.parse(settings.layout), load_rules(albums_file, kept.lessons, own=kept.own_albums)
    try:
        return Layout.parse(settings.layout), load_rules(
            settings.albums, kept.lessons, own=kept.own_albums, is_kept=True
        )
    except (AlbumSortError, ValueError):
        return Layout.parse(DEFAULT_LAYOUT), load_rules(lessons=kept.lessons, own=kept.own_albums)


def in_own_words(assignment: Assignment, correction: Correction | None) -> Assignment:
    """The assignment of a photo that was moved by hand says so."""
    if correction is None or correction.kind is not CorrectionKind.MOVED or not correction.album:
        return assignment
    return replace(assignment, reasons=(moved_by_hand(correction),))


def moved_by_hand(correction: Correction) -> Reason:
    """Why a photo is where a person put it."""
    return Reason.of("albums.moved-by-hand", path=correction.note)


def kept_out(correction: Correction | None, path: str) -> Skipped | None:
    """The row of a photo that a person does not want in the albums; `path`: its source."""
    if correction is None or not correction.keeps_out:
        return None
    is_deleted = correction.kind is CorrectionKind.DELETED
    reason = Reason.of("skip.deleted-by-hand", path=correction.note) if is_deleted else Reason.of("skip.left-out")
    return Skipped(path, Stage.PLAN, reason, is_problem=False)


def unwanted(picture: DestinationPicture, corrections: Mapping[ContentId, Correction]) -> list[LedgerRow]:
    """Files in the albums that a person has told us to leave out, in path order."""
    left_out = {content for content, said in corrections.items() if said.kind is CorrectionKind.LEFT_OUT}
    rows = (row for path, row in sorted(picture.ledger.items()) if path in picture.present)
    return [row for row in rows if row.group_id in left_out]


def without_unwanted(records: DestinationRecords, corrections: Mapping[ContentId, Correction]) -> DestinationRecords:
    """The records without photos that a person deleted and nobody misses: for `verify`."""
    unwanted = {content for content, said in corrections.items() if said.keeps_out}
    return replace(records, ledger={path: row for path, row in records.ledger.items() if row.group_id not in unwanted})


def without_unwanted_photos(
    filings: Iterable[Filing], photos: Iterable[PhotoFacts], hand: HandReading
) -> tuple[tuple[Filing, ...], list[Skipped]]:
    """The filings without what a person does not want in the albums, and a row for each photo of this run that is not wanted."""
    unwanted = [
        skipped
        for facts in photos
        if (skipped := kept_out(hand.corrections.get(facts.group.content_id), facts.group.primary.path))
    ]
    if not unwanted and not hand.withheld:
        return tuple(filings), []

    def is_wanted(filing: Filing) -> bool:
        said = hand.corrections.get(filing.group_id)
        return not (said is not None and said.keeps_out) and not is_withheld(filing, hand)

    return tuple(filter(is_wanted, filings)), unwanted


def why_unwanted(op: PlannedOp, hand: HandReading) -> Reason | None:
    """Why a person does not want the file of a planned row in the albums."""
    if (out := kept_out(hand.corrections.get(op.group_id), op.source)) is not None:
        return out.reason
    return Reason.of("skip.deleted-by-hand", path=op.target) if is_withheld(op, hand) else None


def is_withheld(filing: Filing | PlannedOp, hand: HandReading) -> bool:
    """Whether a person deleted just this file of a photo."""
    folder = filing.folder if filing.role is Role.ALSO else NOWHERE
    return (filing.group_id, filing.content_id, folder) in hand.withheld
