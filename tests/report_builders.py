"""Rows and runs for the tests of the report."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from hypothesis import strategies as st

from album_sort.report import WORDS_FILE, parse_words
from album_sort.report.sinks import ReportBrief
from album_sort.types import (
    AlbumId,
    AlbumRelPath,
    ChangedPhoto,
    ClassIndex,
    ContentId,
    Mode,
    ModelRow,
    PhotoRow,
    PlaceRow,
    Reason,
    RefusedDates,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RowAction,
    RunChanges,
    SettingRow,
    SkippedRow,
    Stage,
    StageTiming,
    TakenRow,
    TopClass,
    TripRow,
    inner_path,
)

ROOT = Path(__file__).resolve().parent.parent
WORDS_TEXT = (ROOT / "labels" / WORDS_FILE).read_text(encoding="utf-8")
WORDS = parse_words(WORDS_TEXT, "en")

NISEKO = TripRow(
    "trip-1", "2025-12 Niseko, Japan", date(2025, 12, 26), date(2026, 1, 3), ("Starts 8,412 km from home.",)
)

INFO = ReportHeader(
    run_id="20261122-203300-a1b2",
    program_version="0.1.0",
    started_utc=datetime(2026, 11, 22, 20, 33),
    destination="/home/anna/My Albums",
    sources=("/home/anna/Photos",),
    mode=Mode.COPY,
    language="en",
    model=ModelRow("resnet18", "ResNet-18", "9f" * 32, "int8"),
    settings=(SettingRow("mode", "copy", "default"),),
    albums=((AlbumId("pets"), "Pets"), (AlbumId("home"), "Home"), (AlbumId("wildlife"), "Wildlife")),
)

OUTCOME = ReportFooter(
    finished_utc=datetime(2026, 11, 22, 20, 36, 20),
    exit_code=3,
    timings=(StageTiming("inspect", 100.5, 503),),
    trips=(
        TripRow(
            NISEKO.trip_id,
            NISEKO.title,
            NISEKO.start,
            NISEKO.end,
            NISEKO.why,
            place="Niseko, Japan",
            lat_deg=42.8,
            lon_deg=140.7,
            relative="last winter in Japan",
        ),
    ),
    refused_dates=(RefusedDates("Canon EOS 350D", 2, "1980-01-01", "/photos/a.jpg", "Too early.", "--clock ..."),),
    changes=RunChanges("before", datetime(2026, 11, 20), 3, 1, (ChangedPhoto("a.jpg", "Food", "Pets"),)),
)

BRIEF = ReportBrief(INFO, WORDS, lambda _: None)


def photo_row(
    source: str = "/home/anna/Photos/IMG_0001.jpg",
    *,
    album: str = "pets",
    title: str = "Pets",
    action: RowAction = RowAction.COPY,
    sha256: str = "ab" * 32,
    taken: datetime | None = datetime(2025, 12, 28, 10, 14),
    similar_to: str | None = None,
) -> PhotoRow:
    """A photo with everything a row can have."""
    return PhotoRow(
        source=source,
        album=AlbumId(album),
        title=title,
        path=AlbumRelPath(f"{title}/2025/{source.rpartition('/')[2]}"),
        action=action,
        sha256=ContentId(sha256),
        why=("tabby speaks for Pets (61 %).", "Its neighbours agree."),
        top=(TopClass(ClassIndex(281), "tabby", 0.61), TopClass(ClassIndex(282), "tiger cat", 0.2)),
        scores=((AlbumId("pets"), 0.93), (AlbumId("home"), 0.05)),
        taken=TakenRow(taken, 540, "EXIF DateTimeOriginal", "second", ("taken when the camera says",))
        if taken
        else None,
        place=PlaceRow("Niseko", "Japan", "JP", 3.1, "EXIF GPS", 42.805, 140.687),
        trip=NISEKO,
        also=(AlbumRelPath("Winter travel/IMG_0001.jpg"),),
        group=("/home/anna/Photos/IMG_0001.xmp",),
        similar_to=ContentId(similar_to) if similar_to else None,
        camera="Apple iPhone 12",
        size_px=(4032, 3024),
    )


_TEXT = st.text(max_size=20)
_NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_INNER = _NAME.map(lambda name: inner_path("Pets/x" + name.replace("/", "_")))
_SHARE = st.integers(0, 10_000).map(lambda number: number / 10_000)
_HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)


def report_rows() -> st.SearchStrategy[ReportRow]:
    """Any row, with any text anywhere."""
    taken = st.builds(
        TakenRow, st.datetimes(), st.none() | st.integers(-14 * 60, 14 * 60), _TEXT, st.sampled_from(["second", "day"])
    )
    km = st.integers(0, 9999).map(lambda number: number / 10)
    place = st.builds(PlaceRow, _TEXT, _TEXT, _TEXT, km, _TEXT) | st.builds(
        PlaceRow, _TEXT, _TEXT, _TEXT, km, _TEXT, st.integers(-90, 90), st.integers(-180, 180)
    )
    trip = st.builds(TripRow, _TEXT, _TEXT, st.dates(), st.dates(), st.lists(_TEXT, max_size=2).map(tuple))
    photo = st.builds(
        PhotoRow,
        source=_NAME,
        album=st.sampled_from(["pets", "review", "food"]).map(AlbumId),
        title=_TEXT,
        path=_INNER,
        action=st.sampled_from(RowAction),
        sha256=_HASHES.map(ContentId),
        why=st.lists(_TEXT, max_size=2).map(tuple),
        top=st.lists(st.builds(TopClass, st.integers(0, 999).map(ClassIndex), _TEXT, _SHARE), max_size=3).map(tuple),
        scores=st.dictionaries(st.sampled_from(["pets", "food"]).map(AlbumId), _SHARE).map(
            lambda scores: tuple(scores.items())
        ),
        taken=st.none() | taken,
        place=st.none() | place,
        trip=st.none() | trip,
        also=st.lists(_INNER, max_size=2).map(tuple),
        group=st.lists(_TEXT, max_size=2).map(tuple),
        similar_to=st.none() | _HASHES.map(ContentId),
        camera=_TEXT,
        size_px=st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
        people=st.lists(_TEXT, max_size=2).map(tuple),
    )
    values = st.dictionaries(st.sampled_from(["detail", "format", "percent"]), st.one_of(_TEXT, st.integers()))
    coded = st.builds(lambda values: Reason.of("skip.damaged", **values), values)
    skipped = st.builds(SkippedRow, _TEXT, st.sampled_from(Stage), _TEXT, st.booleans(), st.none() | coded)
    return photo | skipped
