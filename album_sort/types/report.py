"""What a run tells about itself: one row per file, and the facts about the whole run. Imports nothing of ours but other types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from album_sort.choices import Mode
from album_sort.types.albums import AlbumId
from album_sort.types.content import ClassIndex
from album_sort.types.files import ContentId, Stage
from album_sort.types.inner_paths import AlbumRelPath
from album_sort.types.metadata import CaptureTime, Place
from album_sort.types.plan import Action
from album_sort.types.quickly import quickly_made
from album_sort.types.reasons import Reason

REPORT_SCHEMA_VERSION = 1
"""Raised when a reader of report.jsonl would have to change. 1: first version."""


class RowAction(StrEnum):
    """What happened (or, in a preview, will happen) to a photo: the words of `Action` that a person is told."""

    COPY = Action.COPY
    SYMLINK = Action.SYMLINK
    HARDLINK = Action.HARDLINK
    REFLINK = Action.REFLINK
    MOVE = Action.MOVE
    KEEP = Action.KEEP
    DUPLICATE = Action.DUPLICATE
    TRASH = Action.TRASH


@quickly_made
@dataclass(frozen=True, slots=True)
class TopClass:
    """One of the most likely classes, with its name in the report's language."""

    index: ClassIndex
    label: str
    probability: float
    """After softmax, 0 to 1."""


@quickly_made
@dataclass(frozen=True, slots=True)
class TakenRow:
    """When a photo was taken."""

    local: datetime
    """Naive wall time at the place."""
    utc_offset_minutes: int | None
    source: str
    """`EXIF DateTimeOriginal` ...: the words of `TimeSource`."""
    precision: str
    """`second`, `day` ...: the words of `TimePrecision`."""
    why: tuple[str, ...] = ()
    """Which date was believed, and how its offset from UTC is known."""

    @classmethod
    def of(cls, time: CaptureTime, why: Iterable[str] = ()) -> TakenRow:
        """What a report keeps of a capture time."""
        return cls(time.local, time.utc_offset_minutes, str(time.source), str(time.precision), tuple(why))


@quickly_made
@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where a photo was taken: a town and how far away it was, never the position itself."""

    name: str
    country: str
    country_code: str
    """ISO 3166-1 alpha-2."""
    distance_km: float
    source: str
    """`EXIF GPS`, `inferred from neighbours` ...: the words of `PositionSource`."""
    lat_deg: float | None = None
    """Of the town, for the map; None in reports of before it was kept."""
    lon_deg: float | None = None

    @classmethod
    def of(cls, place: Place) -> PlaceRow:
        """What a report keeps of a place."""
        return cls(
            place.name,
            place.country,
            place.country_code,
            place.distance_km,
            str(place.source),
            round(place.lat_deg, 3),
            round(place.lon_deg, 3),
        )


@dataclass(frozen=True, slots=True)
class TripRow:
    """A trip as its photos carry it; the run's summary holds each trip once more, with position and words."""

    trip_id: str
    title: str
    """`2025-12 Niseko, Japan`."""
    start: date
    end: date
    why: tuple[str, ...] = ()
    """Sentences: its boundaries and its theme."""
    place: str = ""
    """`Niseko, Japan`; empty where unknown."""
    lat_deg: float | None = None
    """Of the trip's town, for the map."""
    lon_deg: float | None = None
    relative: str = ""
    """`last winter in Japan`, in words of the day the report was written."""
    is_day_trip: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class PhotoRow:
    """One photo: where it came from, where it went, and why."""

    source: str
    """Path as found."""
    album: AlbumId
    title: str
    """The album's title in the report's language."""
    path: AlbumRelPath
    """Inside the destination; empty for a photo that is not filed."""
    action: RowAction
    sha256: ContentId
    """Also the key of its thumbnail."""
    why: tuple[str, ...] = ()
    """Sentences, the most important first."""
    top: tuple[TopClass, ...] = ()
    """The three most likely classes."""
    scores: tuple[tuple[AlbumId, float], ...] = ()
    """Calibrated probability of each album worth naming, most likely first; the review list shows the first two as its guesses."""
    taken: TakenRow | None = None
    place: PlaceRow | None = None
    trip: TripRow | None = None
    also: tuple[AlbumRelPath, ...] = ()
    """Links in secondary albums."""
    group: tuple[str, ...] = ()
    """Paths of the files that went with it: RAW, Live Photo video, sidecars."""
    similar_to: ContentId | None = None
    """Content of the shot that stands for its burst; equal in all its shots."""
    by_hand: str = ""
    """`moved` for a photo that stays where a person put it."""
    in_run: bool = True
    """False for a photo in the albums that the run has not dealt with."""
    size_bytes: int | None = None
    """Of the source file; None in reports of before it was kept."""
    duplicate_of: str = ""
    """Of a duplicate: the source whose file is the one that is stored."""
    freed_bytes: int = 0
    """Of a duplicate: what deleting it, with the files that go with it, would free on its disk; 0 for another name of the same file."""
    damaged_share: float | None = None
    """Share of the picture that is missing; 0 where that cannot be measured, None for a sound photo."""
    camera: str = ""
    """Make and model; empty where unknown."""
    size_px: tuple[int, int] | None = None
    """Width and height of the upright picture; None where there is none, and in reports of before it was kept."""
    people: tuple[str, ...] = ()
    """Names that the file, or what lies beside it, tells."""
    preview: str = ""
    """Of a photo that browsers do not show: where a picture that they do lies, inside the destination (of a preview: beside the report)."""

    @property
    def is_new(self) -> bool:
        """Whether the run has filed it."""
        return self.in_run and self.action in (RowAction.COPY, RowAction.SYMLINK, RowAction.HARDLINK, RowAction.REFLINK)


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A file or folder left out."""

    source: str
    stage: Stage
    reason: str
    """A sentence in the report's language."""
    is_problem: bool = True
    """False for what was left out on purpose."""
    coded: Reason | None = None
    """The same as code and values; None in reports of before there were codes."""
    in_run: bool = True
    """False for a file that an earlier run has left out, and this one has not looked at."""


ReportRow = PhotoRow | SkippedRow
"""One row of a report: one source file."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """The network that looked at the photos."""

    name: str
    title: str
    weights_sha256: str
    precision: str
    """`int8`, `bf16` or `fp32`."""
    note: str = ""
    """Said plainly when it is not the network asked for."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting with where its value came from."""

    name: str
    value: str
    origin: str
    """`default`, `--home`, a file, an environment variable."""


@dataclass(frozen=True, slots=True)
class ReportHeader:
    """What is known when a run starts."""

    run_id: str
    program_version: str
    started_utc: datetime
    """Naive UTC."""
    destination: str
    """As given to --out."""
    sources: tuple[str, ...]
    """The PHOTOS arguments."""
    mode: Mode
    language: str
    """`en` or `zh`."""
    is_preview: bool = False
    model: ModelRow | None = None
    settings: tuple[SettingRow, ...] = ()
    albums: tuple[tuple[AlbumId, str], ...] = ()
    """Every album a photo can belong to, with its title, whether or not it has photos: what `fix` may be told."""
    covers: tuple[tuple[AlbumId, ContentId], ...] = ()
    """Albums for which a person has chosen the photo that stands for them; it counts where that photo is there."""
    program_call: str = "album-sort"
    """How a shell starts the program, quoted: a fact of the machine, in the lines to paste and not in the stored rows."""
    earlier: tuple[str, ...] = ()
    """Ids of earlier runs whose pages are still there, newest first; not in the stored rows either."""


@dataclass(frozen=True, slots=True)
class StageTiming:
    """How long a stage took."""

    stage: str
    """`scan`, `inspect`, `places` ...: the words that the progress line uses."""
    seconds: float
    items: int = 0
    """What it worked on: files, photos; 0 where counting makes no sense."""


@dataclass(frozen=True, slots=True)
class RefusedDates:
    """Dates that cannot be, of one camera."""

    camera: str
    """Make and model; empty when unknown."""
    photos: int
    value: str
    """One of the dates, as the file says it."""
    example: str
    """Path of a photo that has it."""
    reason: str
    """A sentence."""
    hint: str = ""
    """What to add to the command line to set the camera's clock right."""


@dataclass(frozen=True, slots=True)
class ChangedPhoto:
    """A photo whose album is another one than in the last run."""

    source: str
    before: str
    """Title of the album it was in."""
    after: str


HAND_KINDS = ("moved", "placed", "moved-back", "deleted", "put-back", "renamed")
"""What a person may have done; `renamed` is of an album, `placed` of a photo that stays in its album."""


@dataclass(frozen=True, slots=True)
class HandRow:
    """One thing that a person did in the albums since the last run."""

    kind: str
    """One of `HAND_KINDS`."""
    before: str
    """Where the photo lay; the title that the album had."""
    path: str
    """Where it lies; empty for one deleted. The title that the album has."""
    source: str = ""
    """Path of the photo in the library; empty for an album."""


@dataclass(frozen=True, slots=True)
class RunChanges:
    """What is different from the last run into the same destination."""

    previous_run_id: str
    previous_started_utc: datetime
    """Naive UTC."""
    added: int = 0
    """Photos that the last run did not know."""
    gone: int = 0
    """Photos whose source is not there any more."""
    moved: tuple[ChangedPhoto, ...] = ()
    elsewhere: int = 0
    """Photos in the albums that are not among those of this run, be it that they are gone; not in the stored rows."""


@dataclass(frozen=True, slots=True)
class ReportFooter:
    """What is known when a run ends."""

    finished_utc: datetime
    """Naive UTC."""
    exit_code: int = 0
    is_interrupted: bool = False
    timings: tuple[StageTiming, ...] = ()
    trips: tuple[TripRow, ...] = ()
    refused_dates: tuple[RefusedDates, ...] = ()
    changes: RunChanges | None = None
    by_hand: tuple[HandRow, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RunReport:
    """A whole run, to be rendered. `rows` is walked once, from start to end, and may be a stream."""

    info: ReportHeader
    rows: Iterable[ReportRow]
    outcome: ReportFooter | None
    """None for a run that was killed."""
