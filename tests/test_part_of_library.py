"""A part of a library is judged as in the whole, and what is not a part of a run stays where it is."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.pipeline.facts import Library as Facts
from album_sort.pipeline.facts import LibraryContext, gather_facts
from album_sort.pipeline.policy import load_policy
from album_sort.pipeline.records import ClockCorrections
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.rest import Rest, look_around, outermost, records_of_all, trips_to_remember
from album_sort.places.gazetteer import Gazetteer
from album_sort.state.cache import InferenceCache
from album_sort.state.store import DestinationState
from album_sort.types import (
    Action,
    AlbumId,
    AlbumRelPath,
    ContentId,
    FiledContent,
    FileEntry,
    FileKind,
    Inspection,
    KnownTrip,
    Metadata,
    PhotoFacts,
    Role,
    RunId,
    TimeCandidate,
)
from album_sort.types.ledger import DestinationRecords, LedgerRow
from tests import pictures
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import Program
from tests.library import HARD, ORDINARY, SPARSE, Difficulty, make_library

HOME = "/mnt/absent/Photos"
"""A disk that is not there: files are known, and nobody has to write thousands of them."""

SELECTIONS = ("one camera", "no camera", "half a year", "one photo", "every third")


@pytest.fixture(scope="module")
def policy() -> FilingPolicy:
    return load_policy("0" * 64, "", 0.95)


def inspections_of(seed: int, level: Difficulty, years: int = 1) -> tuple[dict[str, Inspection], datetime]:
    """A made-up library as its files would be read, by path."""
    library = make_library(seed, level, Gazetteer.load("en"), years=years)
    found = {}
    for photo in library.photos:
        time = photo.capture_time
        assert time is not None
        positions = (photo.position,) if photo.position else ()
        path = f"{HOME}/{photo.camera or 'Downloads'}/{time.local.year}/{photo.content_id[:12]}.jpg"
        taken = TimeCandidate(time.source, time.local, time.utc, time.utc_offset_minutes, time.precision)
        camera = photo.camera if photo.is_own else ""
        metadata = Metadata((taken,), positions, camera_model=camera)
        file = FileEntry(path, HOME, 1000, 1_700_000_000_000_000_000, 0, 0, FileKind.PHOTO)
        found[path] = Inspection(file, photo.content_id, "jpeg", metadata)
    return found, library.now_utc


def filed(inspections: Iterable[Inspection]) -> dict[AlbumRelPath, LedgerRow]:
    rows = {}
    for one in inspections:
        path = AlbumRelPath(f"Album/{one.content_id}.jpg")
        filed = FiledContent(
            one.content_id, one.content_id, AlbumId("home"), AlbumRelPath("Album"), Role.PRIMARY, one.file.path
        )
        rows[path] = LedgerRow(path, filed, one.file.size_bytes, 5, 0, Action.COPY, AlbumRelPath(""), RunId("run"))
    return rows


def remember(inspections: Iterable[Inspection], folder: Path) -> None:
    with InferenceCache.open(folder, "model") as cache:
        for one in inspections:
            cache.add(one, None, b"")


def judged(
    inspected: Mapping[str, Inspection],
    remembered: Remembered,
    now_utc: datetime,
    *,
    policy: FilingPolicy,
    cache_folder: Path,
    source: str = HOME,
) -> tuple[Facts, Rest]:
    """What a run over these files decides."""
    with InferenceCache.open(cache_folder, "model") as cache:
        rest, own = look_around(remembered, (source,), inspected, cache)
    whole = records_of_all(own, rest, now_utc=now_utc, clocks=ClockCorrections())
    context = LibraryContext(now_utc, "en", previous_trips=remembered.trips)
    library, _ = whole.narrowed(*gather_facts(whole.records.photos, context, policy))
    return library, rest


def memory(library: Facts, inspections: Iterable[Inspection]) -> Remembered:
    trips = tuple(KnownTrip(trip.trip_id, trip.title, trip.start, trip.end, trip.members) for trip in library.trips)
    return Remembered(DestinationRecords(ledger=filed(inspections)), trips=trips, roots=(HOME,))


def shape(facts: PhotoFacts) -> tuple[object, ...]:
    """All that decides about album and folder."""
    trip = facts.trip and (facts.trip.trip_id, facts.trip.title, facts.trip.place, facts.trip.theme)
    return facts.capture_time, facts.position, facts.place, facts.season, facts.away_from_home, trip


def selected(selection: str, inspections: Mapping[str, Inspection], rng: random.Random) -> dict[str, Inspection]:
    paths = sorted(inspections)
    cameras = sorted({path.split("/")[4] for path in paths})
    chosen: Callable[[str], bool] = {
        "one camera": lambda path: path.split("/")[4] == cameras[-1],
        "no camera": lambda path: path.split("/")[4] != cameras[0],
        "half a year": lambda path: str(inspections[path].metadata.time_candidates[0].local)[5:7] > "06",
        "one photo": {rng.choice(paths)}.__contains__,
        "every third": set(paths[::3]).__contains__,
    }[selection]
    return {path: inspections[path] for path in paths if chosen(path)}


@pytest.mark.parametrize("level", [ORDINARY, SPARSE, HARD], ids=lambda level: level.name)
def test_every_part_is_judged_as_in_the_whole(level: Difficulty, policy: FilingPolicy, tmp_path: Path) -> None:
    inspections, now_utc = inspections_of(1, level)
    remember(inspections.values(), tmp_path)
    options: dict[str, Any] = {"policy": policy, "cache_folder": tmp_path}
    whole, _ = judged(inspections, Remembered(), now_utc, **options)
    known = {facts.group.content_id: shape(facts) for facts in whole.photos}
    assert any(trip for *_, trip in known.values())
    remembered = memory(whole, inspections.values())
    for selection in SELECTIONS:
        part = selected(selection, inspections, random.Random(1))  # noqa: S311
        found, rest = judged(part, remembered, now_utc, source=f"{HOME}/part", **options)
        assert not rest.forgotten
        assert {facts.group.content_id: shape(facts) for facts in found.photos} == {
            one.content_id: known[one.content_id] for one in part.values()
        }, selection
        assert [(trip.trip_id, trip.title, trip.members) for trip in found.trips] == [
            (trip.trip_id, trip.title, trip.members) for trip in whole.trips
        ]


def test_a_new_photo_gets_the_trip_that_it_would_get_in_the_whole(policy: FilingPolicy, tmp_path: Path) -> None:
    inspections, now_utc = inspections_of(3, ORDINARY)
    options: dict[str, Any] = {"policy": policy, "cache_folder": tmp_path}
    rng = random.Random(3)  # noqa: S311
    new = set(rng.sample(sorted(inspections), 40))
    old = {path: one for path, one in inspections.items() if path not in new}
    remember(old.values(), tmp_path)
    before, _ = judged(old, Remembered(), now_utc, **options)
    remembered = memory(before, old.values())
    whole, _ = judged(inspections, remembered, now_utc, **options)
    part, _ = judged({path: inspections[path] for path in new}, remembered, now_utc, **options)
    expected = {facts.group.content_id: shape(facts) for facts in whole.photos if facts.group.primary.path in new}
    assert {facts.group.content_id: shape(facts) for facts in part.photos} == expected
    assert any(trip for *_, trip in expected.values())


def test_what_is_remembered_of_trips_outlives_the_cache(policy: FilingPolicy, tmp_path: Path) -> None:
    inspections, now_utc = inspections_of(1, ORDINARY)
    options: dict[str, Any] = {"policy": policy, "cache_folder": tmp_path / "empty"}
    whole, _ = judged(inspections, Remembered(), now_utc, **options)
    remembered = memory(whole, inspections.values())
    part = selected("one photo", inspections, random.Random(1))  # noqa: S311
    found, rest = judged(part, remembered, now_utc, **options)
    assert rest.is_incomplete
    assert len(rest.forgotten) == len(inspections) - 1
    before = [KnownTrip(trip.trip_id, trip.title, trip.start, trip.end, trip.members) for trip in whole.trips]
    kept = {trip.trip_id: trip.members for trip in trips_to_remember(found.trips, before, rest.forgotten)}
    own = {one.content_id for one in part.values()}
    assert {trip_id: members - own for trip_id, members in kept.items()} == {
        trip.trip_id: trip.members - own for trip in before
    }


SHIPPED = ("--model", "efficientnet-lite0", "--offline")
PHONE, COMPACT = ("Apple", "iPhone 13"), ("Canon", "PowerShot S90")


def a_journey(folder: Path) -> Path:
    """A week in Niseko with a telephone, whose owner lives in Munich, and a camera without a receiver in a folder of its own."""
    cats, munich, niseko = pictures.cat(), (48.137, 11.575), (42.805, 140.687)
    files: dict[str, bytes] = {}
    for n in range(24):
        home = datetime(2025, 1 + n // 2, 3 + n % 20, 9 + n % 10)
        files[f"Phone/home {n}.jpg"] = picture_jpeg(np.roll(cats, n, axis=1), taken=home, position=munich, camera=PHONE)
    for n in range(8):
        away = datetime(2025, 12, 26, 9) + timedelta(hours=9 * n)
        ski = np.roll(cats, 40 + n, axis=1)
        files[f"Phone/ski {n}.jpg"] = picture_jpeg(ski, taken=away, position=niseko, camera=PHONE)
        compact = np.roll(pictures.coffee(), n, axis=1)
        files[f"Camera/{n}.jpg"] = picture_jpeg(compact, taken=away + timedelta(hours=1), camera=COMPACT)
    return make_tree(folder, files)


def album_tree(albums: Path) -> dict[str, str]:
    return {name: mark for name, mark in read_tree(albums).items() if not name.startswith((".album-sort", "album-rep"))}


def report_rows(albums: Path) -> list[dict[str, Any]]:
    newest = sorted((albums / ".album-sort" / "runs").glob("*/report.jsonl"))[-1]
    rows = [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]
    assert rows[-1]["totals"]["photos"] == sum(row["type"] == "photo" for row in rows)
    return [row for row in rows if row["type"] == "photo"]


def test_nothing_wanders_whatever_part_is_sorted(tmp_path: Path, album_sort: Program) -> None:
    photos, albums = a_journey(tmp_path / "Photos"), tmp_path / "Albums"
    assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
    whole = album_tree(albums)
    assert sum("Niseko" in name for name in whole) == 16
    out = ("--out", albums, *SHIPPED)
    for part in (
        (photos / "Camera",),
        (photos, "--exclude", "Phone/*"),
        (photos / "Camera/3.jpg", photos / "Phone/ski 1.jpg"),
    ):
        ran = album_sort(*part, *out, "--json")
        assert ran.code == 0, ran.stderr
        assert json.loads(ran.stdout.splitlines()[-1])["actions"].keys() == {"keep"}, part
    # A latecomer is found its trip although only its folder is sorted.
    late = picture_jpeg(np.roll(pictures.coffee(), 50, axis=1), taken=datetime(2025, 12, 27, 12), camera=COMPACT)
    make_tree(photos, {"Camera/late.jpg": late})
    assert album_sort(photos / "Camera", *out).code == 0
    assert [name.split("/")[1] for name in album_tree(albums).keys() - whole.keys()] == ["2025-12 Niseko, Japan"]
    whole = album_tree(albums)
    rows = report_rows(albums)
    assert len(rows) == 41
    assert {Path(row["source"]).parent.name for row in rows if row["in_run"]} == {"Camera"}
    assert {row["path"] for row in rows} == set(whole), "the report is of the whole destination"
    assert all(row["top"] and row["why"] for row in rows)
    assert [row["source"] for row in rows if row["action"] == "copy"] == [str(photos / "Camera/late.jpg")]
    page = (
        albums / ".album-sort/runs" / sorted(os.listdir(albums / ".album-sort/runs"))[-1] / "report.html"
    ).read_text()
    assert 'href="#/new">1 new in this run' in page
    assert re.search(r'href="\.\./[0-9]{8}-[^"]+/report.html"', page)
    # Nothing is known any more but where the photos lie, and most of them are gone: trips hold by their members.
    (photos / "Phone").rename(tmp_path / "elsewhere")
    ran = album_sort(photos, *out, ALBUM_SORT_CACHE_DIR=str(tmp_path / "new cache"))
    assert (ran.code, album_tree(albums)) == (0, whole)
    with DestinationState.open_read_only(albums) as state:
        assert [len(trip.members) for trip in state.trips()] == [17]


COPIES = {"One/IMG_20250314_101500.jpg": "2025", "Two/IMG_20240601_101500 of the cat.jpg": "2024"}
"""One picture under two names: as its names say, of two years."""


@pytest.mark.parametrize(
    "part",
    [("--since", "2025"), ("--until", "2024-12-31"), ("--exclude", "Two/*"), ("--exclude", "One/*"), ("--limit", "1")],
    ids=" ".join,
)
def test_copies_of_a_photo_that_are_dated_differently_hold_it_in_its_place(
    part: tuple[str, str], tmp_path: Path, album_sort: Program
) -> None:
    cat = picture_jpeg(pictures.cat())
    photos, out = make_tree(tmp_path / "Photos", dict.fromkeys(COPIES, cat)), tmp_path / "Albums"
    assert album_sort(photos, "--out", out, *SHIPPED).code == 0
    whole = album_tree(out)
    assert [name.split("/")[1] for name in whole] == ["2024"]
    for arguments in (part, ()):
        ran = album_sort(photos, "--out", out, *SHIPPED, *arguments, "--json")
        assert ran.code == 0, ran.stderr
        assert json.loads(ran.stdout.splitlines()[-1])["actions"].keys() <= {"keep", "duplicate"}, arguments
        assert album_tree(out) == whole


def test_folders_in_others_are_no_roots_of_their_own() -> None:
    assert outermost(("/a/b", "/a", "/ab", "/a", "/c/d", "/c/e")) == ("/a", "/ab", "/c/d", "/c/e")


def test_content_ids_are_the_identity_of_moved_files(tmp_path: Path) -> None:
    """A file that was moved in the library is not there twice; one that was copied is."""
    old, new = make_tree(tmp_path, {"old.jpg": "x"}) / "old.jpg", tmp_path / "new.jpg"
    content = ContentId("a" * 64)
    file = FileEntry(str(old), str(tmp_path), 1, 1, 0, 0, FileKind.PHOTO)
    one = Inspection(file, content, "jpeg", Metadata())
    remember([one], tmp_path / "cache")
    remembered = Remembered(DestinationRecords(ledger=filed([one])), roots=(str(tmp_path),))
    inspected = {
        str(new): Inspection(
            FileEntry(str(new), str(tmp_path), 1, 1, 0, 0, FileKind.PHOTO), content, "jpeg", Metadata()
        )
    }
    with InferenceCache.open(tmp_path / "cache", "model") as cache:
        assert set(look_around(remembered, (str(tmp_path),), inspected, cache)[0].there) == {str(old)}
        old.unlink()
        rest, _ = look_around(remembered, (str(tmp_path),), inspected, cache)
        assert (rest.there, rest.gone, rest.gone_contents) == ({}, {}, frozenset())
        rest, _ = look_around(remembered, (str(tmp_path),), {}, cache)
        assert (set(rest.gone), rest.gone_contents) == ({str(old)}, frozenset({content}))
