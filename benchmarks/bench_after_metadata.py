"""Seconds and memory of everything after metadata: a run over N photos of which the cache knows all.

    python -m benchmarks.bench_after_metadata [--photos 10000 100000] [--keep FOLDER]

A made-up life of ten years (tests/library.py) is written into a real inference cache; then, in a process of its own, the
stages of a run decide about it up to the checked plan. No file is read and no network runs. Writes results/after_metadata.csv:
for each stage wall and processor seconds without those of the stages inside it, and the largest memory so far.
`--keep` keeps the libraries for a further call.
"""

from __future__ import annotations

import argparse
import csv
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from album_sort.core.planning.layout import Layout
from album_sort.core.trips.timeline import TimelinePhoto
from album_sort.events import silent
from album_sort.pipeline import engine, execute, facts, prepare, rest
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.pipeline.policy import load_policy
from album_sort.pipeline.records import ClockCorrections
from album_sort.pipeline.remembered import Remembered
from album_sort.pipeline.scouting import Scouted, SortRequest
from album_sort.places.gazetteer import Gazetteer
from album_sort.scan import ScanResult
from album_sort.settings import Settings
from album_sort.types import (
    EMBEDDING_SIZE,
    CaptureTime,
    FileEntry,
    FileKind,
    ImageStatistics,
    Inspection,
    Metadata,
    PixelSource,
    Prediction,
    StageTiming,
    TimeCandidate,
    TimePrecision,
    TimeSource,
)
from benchmarks.machine import write_rows
from tests.library import ORDINARY, make_library

SETTINGS = Settings(model="efficientnet-lite0", offline=True)
LIFE = replace(ORDINARY, lost_photos=0.02, lost_days=0.0)
"""Phones know where they were, but for two photos in a hundred; one camera has no receiver."""

FAVOURITES = (281, 207, 963, 924, 985, 970, 979, 978, 834, 609, 817, 779, 532, 831, 921, 916, 978, 437, 975, 340, 22)
"""Classes of what people photograph: cats and dogs, dishes, flowers, mountains, coasts, clothes, cars, tables, screens."""


def peak_mb() -> float:
    """Largest resident memory of this process so far, in megabytes; `getrusage` would tell its parent's where that was larger."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def make_cache(folder: Path, count: int) -> None:
    """A cache that knows `count` photos, and the list of their files."""
    gazetteer = Gazetteer.load("en")
    years = 10 if count > 20_000 else 4
    photos = make_library(99, LIFE, gazetteer, years=years, busier=count / (1300 * years)).photos
    rng = random.Random(5)  # noqa: S311 - made-up photos need no secrecy
    with (
        (folder / "files.csv").open("w", encoding="utf-8", newline="") as stream,
        made_up_engine(folder).open_cache() as cache,
    ):
        writer = csv.writer(stream)
        embedding, model_key = np.zeros(EMBEDDING_SIZE, np.float16), made_up_engine(folder).model_key
        for number, photo in enumerate(sorted(photos, key=lambda photo: photo.content_id)[:count]):
            inspection = _inspection(number, photo, model_key, rng)
            cache.add(inspection, embedding, b"")
            writer.writerow([getattr(inspection.file, name) for name in FileEntry.__dataclass_fields__])
            if number % 1000 == 0:
                cache.commit()


@lru_cache
def made_up_engine(folder: Path) -> Engine:
    """The network that is said to have looked, with a cache in a folder."""
    return make_engine(SETTINGS, folder)


def _inspection(number: int, photo: TimelinePhoto, model_key: str, rng: random.Random) -> Inspection:
    """What reading this photo's file would have told."""
    time_taken = photo.capture_time
    assert time_taken is not None  # noqa: S101 - made-up photos are dated
    name = f"IMG_{number:06d}.jpg"
    if not photo.is_own:
        is_day = time_taken.precision is TimePrecision.DAY
        name = (
            f"IMG-{time_taken.local:%Y%m%d}-WA{number % 10_000:04d}.jpg"
            if is_day
            else f"Screenshot_{time_taken.local:%Y%m%d-%H%M%S}.png"
        )
    mtime_ns = int(time_taken.local.replace(tzinfo=UTC).timestamp()) * 10**9
    path = f"/photos/{time_taken.local:%Y/%m}/{name}"
    file = FileEntry(path, "/photos", 2_400_000 + number, mtime_ns, 10**6 + number, 1, FileKind.PHOTO)
    media_format = "png" if name.endswith("png") else "jpeg"
    metadata = made_up_metadata(photo, time_taken, rng) if photo.is_own else Metadata(width_px=1170, height_px=2532)
    return Inspection(
        file,
        photo.content_id,
        media_format,
        metadata,
        PixelSource.SCALED,
        rng.choice(some_statistics(is_screen=media_format == "png")),
        rng.choice(some_predictions(model_key)),
    )


@lru_cache
def some_statistics(*, is_screen: bool) -> tuple[ImageStatistics, ...]:
    """As many as nobody takes for equal; each made-up one takes half a millisecond."""
    rng = random.Random(6)  # noqa: S311 - made-up photos need no secrecy
    return tuple(_statistics(rng, is_screen=is_screen) for _ in range(1_000))


@lru_cache
def some_predictions(model_key: str) -> tuple[Prediction, ...]:
    """As many."""
    rng = random.Random(7)  # noqa: S311 - made-up photos need no secrecy
    return tuple(_prediction(rng, model_key) for _ in range(1_000))


def made_up_metadata(photo: TimelinePhoto, taken: CaptureTime, rng: random.Random) -> Metadata:
    """As a phone or a camera writes it."""
    sources = (TimeSource.EXIF_ORIGINAL, TimeSource.EXIF_DIGITIZED, TimeSource.EXIF_DATETIME)
    times = [TimeCandidate(source, taken.local, None, taken.utc_offset_minutes, note=source) for source in sources]
    position = photo.position
    if position is not None and taken.utc is not None:
        times.append(TimeCandidate(TimeSource.GPS, utc=taken.utc - timedelta(seconds=1), note="EXIF GPSDateStamp"))
        position = replace(position, altitude_m=rng.uniform(0, 900), fix_utc=taken.utc, speed_kmh=rng.uniform(0, 5))
    make, _, model = photo.camera.partition(" ")
    return Metadata(
        time_candidates=tuple(times),
        positions=(position,) if position is not None else (),
        orientation=rng.choice((1, 6)),
        width_px=4032,
        height_px=3024,
        camera_make=make,
        camera_model=model,
        lens_model=f"{model} back camera 4.25mm f/1.8",
        software="17.1",
        iso=rng.choice((32, 50, 100, 200, 400, 800)),
        exposure_s=1 / rng.choice((30, 60, 125, 250, 1000, 2000)),
        f_number=1.8,
        focal_length_mm=4.25,
        focal_length_35mm=26.0,
        flash_fired=rng.random() < 0.05,
    )


def _statistics(rng: random.Random, *, is_screen: bool) -> ImageStatistics:
    """Anything between the extremes; a screenshot is flat."""
    numbers = {each.name: rng.random() ** 2 for each in fields(ImageStatistics)}
    width, height = (1170.0, 2532.0) if is_screen else (4032.0, 3024.0)
    numbers |= {"width_px": width, "height_px": height, "mean_luminance": rng.uniform(0.1, 0.8)}
    numbers |= {"face_count": float(rng.random() < 0.2), "largest_face_share": 0.0, "faces_share": 0.0}
    numbers["flat_share"] = 0.7 if is_screen else 0.1 * rng.random()
    return ImageStatistics(**numbers)


def _prediction(rng: random.Random, model_key: str) -> Prediction:
    """One class stands out, now more, now less."""
    best = rng.choice(FAVOURITES)
    others = [index for index in rng.sample(range(1000), 64) if index != best][:63]
    sure = rng.uniform(0.15, 0.95)
    tail = np.geomspace(1.0, 0.001, 63)
    probabilities = np.concatenate([[sure], (0.98 - sure) * tail / tail.sum()])
    order = np.argsort(-probabilities, kind="stable")
    indices = np.array([best, *others], np.uint16)[order]
    return Prediction(model_key, indices, probabilities[order].astype(np.float32))


@dataclass(slots=True)
class Stopwatch:
    """Times of nested stages, each without what it contains."""

    rows: dict[str, list[float]] = field(default_factory=dict)
    _inner: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0]])

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measures what happens inside."""
        begun = time.perf_counter(), time.process_time()
        self._inner.append([0.0, 0.0])
        yield
        spent = time.perf_counter() - begun[0], time.process_time() - begun[1]
        inner = self._inner.pop()
        row = self.rows.setdefault(name, [0.0, 0.0, 0.0])
        for at in (0, 1):
            row[at] += spent[at] - inner[at]
            self._inner[-1][at] += spent[at]
        row[2] = peak_mb()

    def wrap(self, owner: ModuleType | type[Any], function: str, name: str) -> None:
        """Measures every call of a function as a stage."""
        plain: Callable[..., Any] = getattr(owner, function)

        def timed(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - whatever the stage takes and gives
            with self.stage(name):
                return plain(*arguments, **keywords)

        setattr(owner, function, timed)


STAGES: tuple[tuple[ModuleType, str, str], ...] = (
    (engine, "inspect_files", "look up"),
    (rest, "build_records", "records"),
    (prepare, "gather_facts", "facts"),
    (facts, "choose_positions", "positions"),
    (facts, "_places", "places"),
    (facts, "find_homes", "homes"),
    (facts, "find_trips", "trips"),
    (prepare, "assign_all", "assign"),
)


def decide(folder: Path) -> None:
    """All stages over the photos of a cache; prints a line for each."""
    with (folder / "files.csv").open(encoding="utf-8", newline="") as stream:
        files = tuple(
            FileEntry(path, root, int(size), int(mtime), int(inode), int(device), FileKind(kind))
            for path, root, size, mtime, inode, device, kind in csv.reader(stream)
        )
    now_utc = datetime(2030, 1, 1)  # noqa: DTZ001 - naive UTC
    at_hand = made_up_engine(folder)
    request = SortRequest(("/photos",), str(folder / "albums"), SETTINGS, now_utc)
    scouted = Scouted(
        request,
        "en",
        at_hand,
        load_policy(at_hand.weights.sha256, "", SETTINGS.precision_target),
        Layout.parse(SETTINGS.layout),
        ClockCorrections(),
        ScanResult(files, ()),
        files,
        StageTiming("scan", len(files), 0.0),
    )
    watch = Stopwatch()
    for owner, function, name in STAGES:
        watch.wrap(owner, function, name)
    # As the command does.
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    with watch.stage("start"):
        pass
    remembered = Remembered()
    with watch.stage("file"):
        preparation = prepare.prepare(scouted, remembered, silent)
    with watch.stage("plan"):
        planned = execute.make_plan(preparation, remembered.records)
    assert len(planned.plan.ops) == len(files), f"{len(planned.plan.ops)} rows for {len(files)} photos"  # noqa: S101
    for stage, (wall_s, cpu_s, memory) in watch.rows.items():
        print(stage, wall_s, cpu_s, memory, sep="\t")


def measure(count: int, folder: Path) -> list[dict[str, object]]:
    """A row for each stage, and one for all of them."""
    if not (folder / "files.csv").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        make_cache(folder, count)
    command = [sys.executable, "-m", "benchmarks.bench_after_metadata", "--decide", str(folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    read = [line.split("\t") for line in said.splitlines()]
    rows = [(name, float(wall), float(cpu), float(memory)) for name, wall, cpu, memory in read]
    after = [row for row in rows if row[0] not in ("start", "look up")]
    rows.append(
        ("all after the look-up", sum(row[1] for row in after), sum(row[2] for row in after), max(r[3] for r in after))
    )
    return [
        {
            "photos": count,
            "stage": name,
            "seconds": round(wall, 2),
            "cpu_s": round(cpu, 2),
            "cpu_us_per_photo": round(1e6 * cpu / count),
            "peak_mb": round(memory),
        }
        for name, wall, cpu, memory in rows
    ]


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--keep", type=Path, help="folder to keep the libraries in")
    parser.add_argument("--decide", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.decide:
        decide(arguments.decide)
        return 0
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for count in arguments.photos:
            for row in measure(count, (arguments.keep or Path(temporary)) / str(count)):
                print("  ".join(f"{name} {value}" for name, value in row.items()))
                rows.append(row)
    write_rows("after_metadata", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
