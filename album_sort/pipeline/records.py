"""From inspected files to one record for each photo group: merged metadata, capture time, candidates for the position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from functools import lru_cache

from album_sort.core.bounded import counted_moment
from album_sort.core.dates.capture_time import (
    OFFSET_OF_NEIGHBOUR,
    UTC_AS_LOCAL,
    CaptureChoice,
    RefusedTime,
    choose_capture_time,
    parse_clock_correction,
)
from album_sort.core.dates.offsets import offset_text
from album_sort.core.dates.sidecar_corrections import settled_positions, settled_times
from album_sort.core.dates.told import shifted, told_candidate
from album_sort.core.formats import kind_of_format
from album_sort.core.groups.grouping import Grouping, group_files
from album_sort.metadata.filename import candidates_from_folder, candidates_from_name
from album_sort.metadata.merging import merge_metadata
from album_sort.pipeline.net import Net
from album_sort.places.timezone import offset_minutes, zone_at
from album_sort.types import (
    CaptureTime,
    FileEntry,
    FileKind,
    GeoPosition,
    Inspection,
    Metadata,
    PhotoGroup,
    PositionSource,
    Reason,
    TimeCandidate,
    TimeSource,
)
from album_sort.types.quickly import quickly_made
from album_sort.types.told import NOTHING_TOLD, Told, ToldTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@quickly_made
@dataclass(frozen=True, slots=True, eq=False)
class PhotoRecord:
    """One photo group with what its files say together."""

    group: PhotoGroup
    inspection: Inspection
    """Of the primary."""
    metadata: Metadata
    """Of all its files, sidecars included."""
    clock_correction_minutes: int
    dated_at: GeoPosition | None
    """The position whose time zone has been used."""
    now_utc: datetime
    """Naive; bounds the future."""
    capture_time: CaptureTime | None
    time_reasons: tuple[Reason, ...]
    refused_times: tuple[RefusedTime, ...]
    told: ToldTime | None = None
    """What a person says of the time."""

    @property
    def is_told_where(self) -> bool:
        """Whether a person says where it was taken."""
        return bool(self.metadata.positions) and self.metadata.positions[0].source is PositionSource.PERSON


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """All groups, by path of their primary, and the sidecars without a photo."""

    photos: tuple[PhotoRecord, ...]
    orphans: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class ClockCorrections:
    """`--clock CAMERA=+1h30m`, for cameras by name; `*` and `?` stand for anything."""

    minutes: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, texts: Sequence[str]) -> ClockCorrections:
        """Raises `UsageError` for a text that is not a correction."""
        return cls(tuple(parse_clock_correction(text) for text in texts))

    def of(self, camera: str) -> int:
        """Minutes to add to what this camera's clock wrote."""
        if not self.minutes:
            return 0
        return next((minutes for pattern, minutes in self.minutes if _is_called(camera, pattern)), 0)

    def idle(self, cameras: Sequence[str]) -> tuple[str, ...]:
        """The names that none of these cameras has."""
        named = (pattern for pattern, _ in self.minutes)
        return tuple(pattern for pattern in named if not any(_is_called(camera, pattern) for camera in cameras))


def _is_called(camera: str, pattern: str) -> bool:
    return fnmatch(camera.casefold(), pattern.casefold())


def build_records(
    inspections: Mapping[str, Inspection],
    *,
    now_utc: datetime,
    clocks: ClockCorrections | None = None,
    told: Told = NOTHING_TOLD,
    net: Net | None = None,
) -> Records:
    """Groups the files and decides when each photo was taken. `now_utc` is naive and bounds the future.

    `told` is what a person says of some of them.

    A file or photo that this fails for falls into the net; without one, the error is raised.
    """
    net = net or Net(is_strict=True)
    ordered = [inspections[path] for path in sorted(inspections)]
    _, grouping = net.together(ordered, lambda one: one.file.path, _grouped)
    known = clocks or ClockCorrections()
    decided = net.each(
        grouping.groups,
        lambda group: group.primary.path,
        lambda group: _record(group, inspections, now_utc, known, told),
    )
    return Records(tuple(record for _, record in decided), grouping.orphans)


def _grouped(inspections: Sequence[Inspection]) -> Grouping:
    items, sidecars = [], []
    for one in inspections:
        if one.file.kind is FileKind.SIDECAR:
            sidecars.append(one.file)
        else:
            items.append(_by_content(one))
    return group_files(items, sidecars)


def _by_content(inspection: Inspection) -> Inspection:
    """With the kind that its content has: a picture named `.MOV` is grouped, judged and filed as a picture."""
    file, kind = inspection.file, kind_of_format(inspection.media_format)
    is_other = {file.kind, kind} == {FileKind.PHOTO, FileKind.VIDEO}
    return replace(inspection, file=replace(file, kind=kind)) if is_other and kind is not None else inspection


def _record(
    group: PhotoGroup, inspections: Mapping[str, Inspection], now_utc: datetime, clocks: ClockCorrections, told: Told
) -> PhotoRecord:
    primary = inspections[group.primary.path]
    others = [inspections[member.path].metadata for member in group.members]
    metadata = merge_metadata(primary.metadata, *others) if others else primary.metadata
    if others:
        metadata = replace(
            metadata,
            time_candidates=settled_times(metadata.time_candidates),
            positions=settled_positions(metadata.positions),
        )
    said, where = told.times.get(group.content_id), told.places.get(group.content_id)
    if where is not None:
        spot = GeoPosition(where.lat_deg, where.lon_deg, PositionSource.PERSON)
        metadata = replace(metadata, positions=(spot, *metadata.positions))
    position = metadata.positions[0] if metadata.positions else None
    correction = clocks.of(metadata.camera)
    choice = _choose(group, metadata, position, now_utc, correction, told=said)
    return PhotoRecord(
        group,
        primary,
        metadata,
        correction,
        position,
        now_utc,
        choice.capture_time,
        choice.reasons,
        choice.refused,
        said,
    )


def redate(record: PhotoRecord, position: GeoPosition | None) -> PhotoRecord:
    """The record dated by the zone of another position than the first guess, if it is another one."""
    same = record.dated_at
    if position is same or (position and same and (position.lat_deg, position.lon_deg) == (same.lat_deg, same.lon_deg)):
        return record
    choice = _choose(
        record.group, record.metadata, position, record.now_utc, record.clock_correction_minutes, told=record.told
    )
    return replace(
        record,
        dated_at=position,
        capture_time=choice.capture_time,
        time_reasons=choice.reasons,
        refused_times=choice.refused,
    )


def is_utc_shown_as_local(record: PhotoRecord) -> bool:
    """Whether only the UTC of a photo is known and stands in for its wall time.

    Not asked of modification times, nor of videos: cameras without a receiver write their wall time where the standard
    asks for UTC, while telephones say the place, the offset or, in the name, the wall time.
    """
    time = record.capture_time
    is_utc = any(reason.code == UTC_AS_LOCAL for reason in record.time_reasons)
    return is_utc and time is not None and time.source not in _NO_UTC_OF_THE_SHOT


def localised(record: PhotoRecord, neighbour: GeoPosition) -> PhotoRecord:
    """A photo of which only the UTC is known in the wall time of the zone that another photo was taken in about then."""
    time = record.capture_time
    offset = _ZoneOffset(neighbour)(time.local.replace(tzinfo=UTC)) if time is not None else None
    if time is None or offset is None:
        return record
    reason = Reason.of(OFFSET_OF_NEIGHBOUR, offset=offset_text(offset))
    return replace(
        record,
        capture_time=replace(time, local=time.local + timedelta(minutes=offset), utc_offset_minutes=offset),
        time_reasons=tuple(reason if one.code == UTC_AS_LOCAL else one for one in record.time_reasons),
    )


def _choose(
    group: PhotoGroup,
    metadata: Metadata,
    position: GeoPosition | None,
    now_utc: datetime,
    correction_minutes: int,
    *,
    told: ToldTime | None,
) -> CaptureChoice:
    """The capture time by what all its files, sidecars and names say, and by a person's word."""
    said = told_candidate(told) if told is not None else None
    choice = choose_capture_time(
        (*((said,) if said else ()), *metadata.time_candidates, *_outer_candidates(group.primary)),
        now_utc=now_utc,
        zone_offset=_ZoneOffset(position) if position else None,
        clock_correction_minutes=correction_minutes,
    )
    right = shifted(choice.capture_time, told) if told is not None and choice.capture_time is not None else None
    if right is None:
        return choice
    return replace(choice, capture_time=right[0], reasons=(right[1], *choice.reasons))


def _outer_candidates(file: FileEntry) -> tuple[TimeCandidate, ...]:
    """What is said of a file from outside: its name, its folder, its modification time."""
    named = (*candidates_from_name(file.name), *_from_folder(file.folder))
    modified = counted_moment(_EPOCH, file.mtime_ns // 1000)
    if modified is None:
        return named
    return (*named, TimeCandidate(TimeSource.MTIME, utc=modified, note="modification time"))


_NO_UTC_OF_THE_SHOT = (TimeSource.MTIME, TimeSource.QUICKTIME, TimeSource.FILM)
_from_folder = lru_cache(maxsize=4096)(candidates_from_folder)
_zone_at = lru_cache(maxsize=65536)(zone_at)


@dataclass(frozen=True, slots=True)
class _ZoneOffset:
    """Minutes east of UTC at a position; the zone is only looked up when somebody asks."""

    position: GeoPosition

    def __call__(self, moment: datetime) -> int | None:
        # A hundred metres are the zone borders' own error, and photos are taken where others were taken.
        zone = _zone_at(round(self.position.lat_deg, 3), round(self.position.lon_deg, 3))
        if zone is None:
            return None
        if moment.tzinfo is None:
            return offset_minutes(zone, local=moment)
        return offset_minutes(zone, utc=moment.astimezone(UTC).replace(tzinfo=None))
