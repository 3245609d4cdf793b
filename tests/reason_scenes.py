"""Small made libraries, one for each way in which a reason comes about: what `test_reasons_reachable.py` collects codes from.

A scene gives the reasons that a value carries to a person: an assignment, the facts of a photo, a trip, a group, a row of the plan.
They are made as in a run, from what a run starts from; no scene writes a code down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from album_sort.classifier.labels import load_labels, load_wording
from album_sort.core.albums.explain import explain
from album_sort.core.albums.head import Head
from album_sort.core.damage import damage_reason
from album_sort.core.dates.seasons import season_label
from album_sort.core.evidence.gather import gather_evidence
from album_sort.core.groups.grouping import group_files
from album_sort.core.trips.themes import lean_on_theme, trip_theme
from album_sort.pipeline.hand import in_own_words
from album_sort.pipeline.records import build_records, localised
from album_sort.pipeline.rest import Standing
from album_sort.report.relative import relative_words
from album_sort.types import (
    AlbumId,
    CaptureTime,
    FileKind,
    ImageStatistics,
    Inspection,
    Metadata,
    PositionSource,
    Reason,
    Season,
    TimeCandidate,
    TimePrecision,
    TimeSource,
)
from album_sort.types.corrections import Correction, CorrectionKind
from tests.album_cases import CONTENT, facts_of, file_photo, place_of, trip_of, with_overlay
from tests.test_capture_time import choose, said
from tests.test_carried_rows import lies
from tests.test_evidence import EVENING, LAMPLIT, MIDNIGHT, NIGHT, NOON, SUNLIT, SUNSET, facts
from tests.test_evidence import at as under_the_sun
from tests.test_grouping import entry, item
from tests.test_head import FOREST, NAMES, filed, head
from tests.test_positions import MUNICH as MUNICH_DEG
from tests.test_positions import NISEKO as NISEKO_DEG
from tests.test_positions import START, at, shot
from tests.test_positions import choose as choose_positions
from tests.trip_scenes import COMPACT, MUNICH, NISEKO, PARIS, PARTNER, ROSENHEIM, Life, day, known, year_at_home


def groups() -> Iterator[Reason]:
    """`PhotoGroup.why`."""
    libraries: tuple[tuple[list[Inspection], list[str]], ...] = (
        ([item("a.JPG", 0), item("a.CR2", 1)], []),
        ([item("a.JPG", 0), item("a.CR2")], []),
        ([item("IMG_1234.JPG", 0), item("IMG_E1234.JPG", 0)], []),
        ([item("a.HEIC", 0, live="L"), item("a.mov", 500, live="L")], []),
        ([item("a.HEIC", 0), item("a.mov", 2)], []),
        ([item("a.HEIC", live="L"), item("a.mov")], []),
        ([item("GX010001.MP4", 0), item("GL010001.LRV", 0)], []),
        ([item("C0001.MP4", 0)], ["C0001M01.XML"]),
        ([item("a.JPG")], ["a.JPG.xmp", "a.xmp", "a.JPG.json"]),
        ([item("a.MP4")], ["a.HEIC.json"]),
    )
    for photos, sidecars in libraries:
        for group in group_files(photos, [entry(name) for name in sidecars]).groups:
            yield from group.why


def positions() -> Iterator[Reason]:
    """`PhotoFacts.position_why`."""
    here, far = at(MUNICH_DEG), at(NISEKO_DEG)
    frozen = [shot(n, 3 * n, at((48.137123, 11.575456)), camera="compact") for n in range(6)]
    travelling = [shot(50 + n, 3 * n + 0.5, at((45.4 + n / 10, 9.19))) for n in range(6)]
    for shots in (
        [shot(1, 0, at((0.0, 0.0)))],
        [shot(1, 0, at((91.0, 10.0)))],
        [shot(1, 0, at((90.0, 0.0)))],
        [shot(1, 0, at(MUNICH_DEG, fix_utc=START)), shot(2, 30, at(MUNICH_DEG, fix_utc=START))],
        [shot(1, 0, here), shot(2, 1, far), shot(3, 2, here)],
        [shot(1, 0, here), shot(2, 0.5), shot(3, 6, far)],
        [*frozen, *travelling],
    ):
        for choice in choose_positions(*shots):
            yield from choice.why


def times() -> Iterator[Reason]:
    """`PhotoFacts.time_why`, and why dates are refused (in the report: dates that cannot be)."""
    exact, seconds = TimeSource.EXIF_ORIGINAL, "2024-07-05 12:00:00"
    told: list[tuple[TimeCandidate, ...]] = [(said(source, seconds),) for source in TimeSource]
    told += [
        (said(TimeSource.XMP, "2024-07-05", precision=TimePrecision.DAY), said(TimeSource.FILE_NAME, seconds)),
        (said(exact, seconds, offset=120),),
        (said(exact, seconds), said(TimeSource.GPS, utc="2024-07-05 10:00:00")),
        (said(exact, seconds), said(TimeSource.QUICKTIME, utc="2024-07-05 10:00:00")),
        (said(TimeSource.QUICKTIME, utc=seconds), said(TimeSource.FILE_NAME, seconds)),
        (said(TimeSource.QUICKTIME, utc=seconds),),
    ]
    for candidates in told:
        yield from choose(*candidates).reasons
    yield from choose(said(exact, seconds), place="Europe/Berlin").reasons
    yield from choose(
        said(exact, seconds), said(TimeSource.GPS, utc="2024-07-05 03:00:00"), place="Europe/Berlin"
    ).reasons
    yield from choose(said(exact, seconds), clock=60).reasons
    film = item("a.mov", utc_s=0)
    (record,) = build_records({film.file.path: film}, now_utc=START + timedelta(days=900)).photos
    yield from localised(record, at(MUNICH_DEG)).time_reasons
    for impossible in ("2031-01-01 10:00:00", "1700-01-01 10:00:00", "1970-01-01 00:00:00", "2000-01-01 00:00:05", ""):
        yield from (refused.reason for refused in choose(said(exact, impossible)).refused)


def trips() -> Iterator[Reason]:
    """`Trip.why`; a theme leans on a photo as evidence, which `explain` shows."""
    for life, now in _lives():
        for trip in life.timeline(now=now).trips:
            yield from trip.why
    again = year_at_home()
    again.spend("2024-07-05", 5, PARIS)
    (first,) = again.timeline().trips
    old = known(first.trip_id, "Honeymoon", first.members)
    yield from again.timeline(previous=(old,)).trips[0].why
    theme = trip_theme([{AlbumId("winter-travel"): 0.9}] * 20)
    assert theme is not None
    yield theme.why
    yield from (piece.reason for piece in lean_on_theme(theme, {AlbumId("food"): 0.3}))


def _lives() -> Iterator[tuple[Life, datetime]]:
    later = day("2030-01-01")
    for gap in ("2024-07-09", "2024-07-13"):
        life = year_at_home()
        life.spend("2024-07-05", 2, NISEKO)
        life.spend(gap, 2, NISEKO)
        life.spend("2024-07-05", 8, None, camera=COMPACT)
        yield life, later
    busy = year_at_home()  # a week in which only positions are missing, from one country to another
    busy.spend("2024-07-05", 2, PARIS)
    busy.spend("2024-07-07", 5, None)
    busy.spend("2024-07-12", 2, NISEKO)
    yield busy, later
    visit = year_at_home()
    visit.spend("2024-07-05", 2, PARIS)
    visit.shoot(day("2024-07-06 23:30"), MUNICH)
    visit.spend("2024-07-08", 2, PARIS)
    yield visit, later
    together = year_at_home()
    together.live("2024-01-01", 180, camera=PARTNER)
    together.spend("2024-07-05", 4, NISEKO)
    together.spend("2024-07-06", 3, NISEKO, camera=PARTNER)
    yield together, later
    going_on = Life()
    going_on.live("2024-01-01", 180)
    going_on.spend("2024-07-05", 4, PARIS)
    yield going_on, day("2024-07-09 12:00")
    parents = Life()
    parents.live("2024-01-01", 353)
    for weekend in range(0, 50, 3):
        parents.spend((date(2024, 1, 6) + timedelta(weeks=weekend)).isoformat(), 2, ROSENHEIM)
    parents.spend("2024-12-21", 7, ROSENHEIM)
    yield parents, later
    outing = year_at_home()
    outing.spend("2024-05-04", 1, PARIS, per_day=7)
    yield outing, later
    only = Life()
    only.spend("2024-07-05", 4, PARIS, per_day=8)
    yield only, later
    at_once = Life()  # the library begins with the journey
    at_once.spend("2023-12-20", 5, PARIS)
    at_once.live("2024-01-01", 180)
    yield at_once, later


def evidence() -> Iterator[Reason]:
    """`Assignment.evidence`."""
    drawn = ImageStatistics(
        0.5, width_px=1170, height_px=2532, flat_share=0.7, few_colours_share=0.9, flat_midtone_share=0.3
    )
    page = ImageStatistics(
        0.8, width_px=1000, height_px=3000, paper_share=0.8, blank_paper_share=0.4, text_paper_share=0.4,
        text_line_share=0.5, near_white_share=0.6,
    )  # fmt: skip
    face = ImageStatistics(0.5, face_count=1, largest_face_share=0.05, faces_share=0.05)
    for photo, scores in (
        (facts("Screenshot_20240101-120000.png", statistics=drawn, media_format="png"), {}),
        (facts(metadata=Metadata(user_comment="Screenshot")), {}),
        (facts(statistics=drawn, metadata=SUNLIT), {}),
        *((facts(statistics=replace(drawn, width_px=w, height_px=h)), {}) for w, h in _SCREENS),
        (facts(statistics=ImageStatistics(0.5)), {}),
        (facts("Receipt 2024-05.jpg", metadata=Metadata(software="CamScanner"), statistics=page), {}),
        (facts(metadata=Metadata(people=("Anna",)), statistics=face), {}),
        (facts(statistics=replace(face, face_count=2)), {}),
        (facts(statistics=replace(face, face_count=0, largest_face_share=0.0, faces_share=0.0)), {}),
        (facts(statistics=ImageStatistics(0.3)), {"sunsets": 0.3, "night-sky": 0.3}),
        (replace(under_the_sun(NOON, SUNSET), position=None), {}),
        *((under_the_sun(hour, SUNSET), {}) for hour in (NOON, EVENING, EVENING.replace(hour=4))),
        (facts(statistics=ImageStatistics(0.6)), {}),
        (under_the_sun(NOON, NIGHT), {}),
        (under_the_sun(MIDNIGHT.replace(month=12), NIGHT, Metadata(exposure_s=20.0, flash_fired=True)), {}),
        (facts(metadata=SUNLIT), {}),
        (facts(metadata=LAMPLIT), {}),
        (facts(metadata=Metadata(flash_fired=True, lens_model="EF100mm Macro")), {"flowers": 0.3}),
    ):
        album_scores = {AlbumId(name): score for name, score in scores.items()}
        yield from (piece.reason for piece in gather_evidence(photo, album_scores))


_SCREENS = ((1170, 2532), (2048, 2732), (1366, 768), (1920, 1080))


def assignments() -> Iterator[Reason]:
    """`Assignment.reasons`."""
    forest = head(forest_nature=9.0)
    video = facts_of("photos/a.mov")
    film = replace(video.group, primary=replace(video.group.primary, kind=FileKind.VIDEO))
    ski = with_overlay('[[rule]]\nid = "ours"\nwhen = { folder = "ski" }\nalbum = "winter-travel"\n')
    cats = with_overlay('[[rule]]\nid = "cats"\ninstead_of = "pets"\nalbum = "home"\n')
    for assignment in (
        file_photo(facts_of(), correction="food"),
        file_photo(facts_of("ski/a.jpg"), ski),
        file_photo(facts_of(classes={"tabby cat": 0.9})),
        file_photo(facts_of(), evidence={"people": 9.0}),
        file_photo(facts_of(classes={"tabby cat": 0.1}, trip=trip_of("Rome"), away_from_home=True)),
        file_photo(facts_of(classes={"tabby cat": 0.1}, trip=trip_of("Alps", "hiking"), away_from_home=True)),
        file_photo(facts_of(classes={"tabby cat": 0.1})),
        file_photo(facts_of()),
        file_photo(replace(video, group=film)),
        file_photo(facts_of(classes={"tabby cat": 0.9}), cats),
        *(filed(_pointing(forest, classes), "", (), **dict.fromkeys(classes, 0.05)) for classes in ((), *_POINTING)),
    ):
        yield from assignment.reasons
    assignment = file_photo(facts_of(classes={"tabby cat": 0.9}))
    yield from in_own_words(assignment, Correction(CONTENT, AlbumId("food"), NOON, "Pets/a.jpg", _MOVED)).reasons
    standing = Standing({CONTENT: lies(CONTENT, "Food/a.jpg", "food")}, 3)
    yield from standing.keep([assignment])[0].reasons


_MOVED = CorrectionKind.MOVED
_POINTING = (("valley",), ("valley", "tabby"), ("valley", "tabby", "pizza"))


def _pointing(by: Head, classes: tuple[str, ...]) -> Head:
    """The head, to which these classes look like a forest."""
    weights = by.class_weights.copy()
    for name in classes:
        weights[NAMES[name], by.albums.index(FOREST)] = 0.1
    return replace(by, class_weights=weights)


def damage() -> Iterator[Reason]:
    """Shown beside the decision, and in the report."""
    for share in (0.0, 0.1, 0.25, 1 / 3, 0.5, 2 / 3, 0.75):
        reason = damage_reason(share)
        assert reason is not None
        yield reason


def relative() -> Iterator[Reason]:
    """`TripRow.relative`."""
    today = date(2026, 11, 22)
    for start in (date(2026, 11, 1), date(2026, 10, 1), date(2026, 2, 1), date(2025, 11, 1), date(2020, 11, 1)):
        yield from filter(None, [relative_words(start, today=today, season=None, where="Japan")])
    for month, season in ((1, Season.WINTER), (4, Season.SPRING), (7, Season.SUMMER), (10, Season.AUTUMN)):
        for later in (70, 370):
            then = date(2025, 12, 1) if season is Season.WINTER else date(2026, month - 1, 1)
            on = then + timedelta(days=later)
            yield from filter(None, [relative_words(then, today=on, season=season, where="Japan")])


def seasons() -> Iterator[Reason]:
    """The names of folders of seasons."""
    return (season_label(date(2026, 3, 1), season) for season in Season)


def explained() -> Iterator[str]:
    """What `explain` says, with figures and in words: all its headings and lines."""
    cats = facts_of(classes={"tabby cat": 0.6, "pizza": 0.3, "triceratops": 0.05})
    trip = trip_of("2025-12 Niseko, Japan")
    (raw,) = group_files([item("a.JPG", 0), item("a.CR2", 1)], []).groups
    place = place_of("Niseko", "Japan", "JP")
    photos = [
        replace(cats, group=raw, place=place, trip=trip, season=Season.WINTER),
        replace(cats, place=replace(place, source=PositionSource.INFERRED)),
        *(replace(cats, capture_time=CaptureTime(NOON, 0, TimeSource.XMP, one)) for one in TimePrecision),
    ]
    against = {"food": -2.0, "pets": 1.0}
    for photo in photos:
        for assignment in (
            file_photo(photo),
            file_photo(photo, evidence=against),
            file_photo(facts_of(classes={"tabby cat": 0.5, "pizza": 0.3}), evidence={"food": 2.0}),
            file_photo(photo, correction="food"),
            file_photo(facts_of(classes={"tabby cat": 0.1})),
        ):
            for with_figures in (True, False):
                sections = explain(assignment, photo, load_labels(), "en", load_wording(), with_figures=with_figures)
                for section in sections:
                    yield section.heading
                    yield from section.lines
