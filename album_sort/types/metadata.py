"""Time, position and camera as files tell them; readers collect candidates, `core` decides. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from album_sort.types.quickly import quickly_made


class TimeSource(StrEnum):
    """Where a capture time comes from, most trustworthy first: the order of these rows is the order in which they are believed.

    The same table, in words for readers: docs/concepts/time.md.
    """

    PERSON = "your word"
    """What somebody has told album-sort of the photo: it beats all that files say."""
    SIDECAR = "XMP sidecar"
    """A date of the shot in a file beside the photo that differs from the camera's: somebody corrected it there, because the
    photo itself must not be touched. One that repeats the camera's counts as XMP (core/dates/sidecar_corrections.py)."""
    EXIF_ORIGINAL = "EXIF DateTimeOriginal"
    """The camera's own word, at the moment of the shot."""
    QUICKTIME = "QuickTime CreationDate"
    """The same for films; below EXIF, which a film has only in the thumbnail that the camera wrote beside it."""
    FILM = "film header"
    """Of the other films (AVI, Matroska, AVCHD): Matroska's is often that of a conversion."""
    GPS = "EXIF GPSDateStamp"
    """The receiver's clock is exact, but a fix may be older than its photo."""
    XMP = "XMP"
    """Embedded: a copy of the EXIF in most files, and otherwise what an editor put there on purpose."""
    IPTC = "IPTC DateCreated"
    """Below XMP, which replaced it: programs that write both keep the older one less carefully, and without a zone."""
    TEXT = "PNG Creation Time"
    """`Date taken` as Windows sets it; below the others because many programs write there when they made the file."""
    EXIF_DIGITIZED = "EXIF DateTimeDigitized"
    """Below what may speak of the shot: of a scanned print it is the day of the scan."""
    TAKEOUT = "Google Takeout"
    """UTC without a zone, and Google's own guess where a photo had no date: no correction of anybody's."""
    FILE_NAME = "file name"
    """Given by cameras and messengers, but names survive copies and conversions less surely than what is inside."""
    EXIF_DATETIME = "EXIF DateTime"
    """When the file was last changed, which editors do years later."""
    FOLDER_NAME = "folder name"
    """A hint for all that lies there; never forms a trip."""
    MTIME = "file modification time"
    """When somebody copied it, most often."""


class TimePrecision(StrEnum):
    """How exact a capture time is; a day stays a day."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@quickly_made
@dataclass(frozen=True, slots=True)
class TimeCandidate:
    """One statement about when a photo was taken. At least one of `local` and `utc` is set; both are naive datetimes."""

    source: TimeSource
    local: datetime | None = None
    """Wall time where the photo was taken."""
    utc: datetime | None = None
    utc_offset_minutes: int | None = None
    precision: TimePrecision = TimePrecision.SECOND
    note: str = ""
    """What a person should know of it (the tag or pattern it was read from)."""


@quickly_made
@dataclass(frozen=True, slots=True)
class CaptureTime:
    """The time decided on: `local` files the photo, `utc` orders it."""

    local: datetime
    """Naive wall time at the place."""
    utc_offset_minutes: int | None
    source: TimeSource
    precision: TimePrecision

    @property
    def utc(self) -> datetime | None:
        """Naive UTC where the offset is known."""
        if self.utc_offset_minutes is None:
            return None
        return self.local - timedelta(minutes=self.utc_offset_minutes)

    @property
    def has_hour(self) -> bool:
        """Whether the time of day is said, not only the day."""
        return self.precision in _WITH_HOUR

    @property
    def is_reliable(self) -> bool:
        """Whether it may form trips: a file's modification time and a folder's name never do."""
        return self.source not in _UNRELIABLE and self.precision not in _COARSE


_UNRELIABLE = frozenset((TimeSource.MTIME, TimeSource.FOLDER_NAME))
_WITH_HOUR = frozenset((TimePrecision.SECOND, TimePrecision.MINUTE))
_COARSE = frozenset((TimePrecision.MONTH, TimePrecision.YEAR))


class PositionSource(StrEnum):
    """Where a position comes from, most trustworthy first."""

    PERSON = "your word"
    """What somebody has told album-sort: no reason to doubt it."""
    SIDECAR = "XMP sidecar"
    """Elsewhere than the photo itself says: set by somebody on a map (core/dates/sidecar_corrections.py)."""
    EXIF = "EXIF GPS"
    QUICKTIME = "QuickTime location"
    XMP = "XMP"
    TAKEOUT = "Google Takeout"
    INFERRED = "inferred from neighbours"


class Season(StrEnum):
    """Meteorological seasons: whole months, as people speak of them."""

    WINTER = "winter"
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"


@quickly_made
@dataclass(frozen=True, slots=True)
class GeoPosition:
    """A position in WGS 84 degrees."""

    lat_deg: float
    lon_deg: float
    source: PositionSource
    altitude_m: float | None = None
    fix_utc: datetime | None = None
    """When the receiver says it had this fix (naive UTC); an old one is stale."""
    speed_kmh: float | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Place:
    """The nearest populated place to a position, in the language asked for."""

    name: str
    country: str
    country_code: str
    """ISO 3166-1 alpha-2, upper case."""
    distance_km: float
    geoname_id: int
    lat_deg: float
    """Of the place itself, not of the photo."""
    lon_deg: float
    time_zone: str
    """IANA name."""
    population: int = 0
    admin1: str = ""
    """First-level region where known (a prefecture, a state)."""
    source: PositionSource = PositionSource.EXIF
    """Where the position came from."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Metadata:
    """All that a file (and later its sidecars) says. Absent means None or empty, never a made-up default."""

    time_candidates: tuple[TimeCandidate, ...] = ()
    positions: tuple[GeoPosition, ...] = ()
    orientation: int = 1
    """EXIF Orientation, 1 to 8."""
    width_px: int | None = None
    height_px: int | None = None
    camera_make: str = ""
    camera_model: str = ""
    lens_model: str = ""
    software: str = ""
    iso: int | None = None
    exposure_s: float | None = None
    f_number: float | None = None
    focal_length_mm: float | None = None
    focal_length_35mm: float | None = None
    flash_fired: bool | None = None
    subject_distance_m: float | None = None
    content_identifier: str = ""
    """Apple's content identifier, equal in a Live Photo's still and video."""
    burst_id: str = ""
    """Apple's burst UUID, equal in all frames of a burst."""
    is_motion_photo: bool = False
    """A short video belongs to the still (inside it or beside it), by the still's own word."""
    user_comment: str = ""
    """EXIF UserComment (iOS writes `Screenshot` there)."""
    description: str = ""
    """Title or caption: EXIF ImageDescription, XMP dc:title, Takeout description."""
    people: tuple[str, ...] = ()
    """Names of people tagged (Takeout, XMP)."""
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    """Stars, 0 to 5; -1 is rejected (XMP)."""
    duration_s: float | None = None
    """Of a video."""
    is_edited: bool = False
    missing_share: float | None = None
    """Share of the picture that is missing because the file is damaged or cut off; 0 where that cannot be measured, None: sound."""
    warnings: tuple[str, ...] = ()
    """What could not be read, in words; never an exception."""

    @property
    def camera(self) -> str:
        """Make and model as one name, without saying the make twice; empty when unknown."""
        return _camera(self.camera_make, self.camera_model)


@lru_cache(maxsize=1024)  # a library has a few cameras, and each photo is asked a dozen times
def _camera(camera_make: str, camera_model: str) -> str:
    make, model = camera_make.strip(), camera_model.strip()
    if not make or model.lower().startswith(make.lower().split()[0]):
        return model or make
    return f"{make} {model}".strip()
