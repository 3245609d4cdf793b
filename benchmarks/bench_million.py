"""A library of up to a million made-up photos through everything that follows reading: time and memory of each command.

    python -m benchmarks.bench_million [--photos 10000 100000] [--keep FOLDER] [--only STEP ...] [--profile FOLDER]

A life of many years (tests/library.py) with bursts, Live Photos, copies, screenshots and pictures of friends is made as tiny files with
contents of their own, in `--keep` or beside the other temporary files (a RAM disk is best: a million files are five gigabytes), and
what reading them would have told is written into an inference cache. No picture is decoded and no network runs; all else is as
people do it: each step is the command itself in a process of its own, filing by hard links. Writes results/million.csv: for each step
seconds, processor seconds and the most resident memory of the process; sizes of state and report; the day and the commit. What was
measured takes the place of the same size and step, other rows stay.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

import numpy as np

from album_sort.core.trips.timeline import EPOCH, TimelinePhoto
from album_sort.pipeline.policy import load_head
from album_sort.places.gazetteer import Gazetteer
from album_sort.state import codec, readings
from album_sort.state.cache import CACHE_FILE, INSPECTION_VERSION
from album_sort.types import EMBEDDING_SIZE, STATISTICS_VERSION, ContentId, Metadata, PixelSource, TimePrecision
from benchmarks.bench_after_metadata import (
    LIFE,
    SETTINGS,
    made_up_engine,
    made_up_metadata,
    some_predictions,
    some_statistics,
)
from benchmarks.machine import program_columns, write_rows
from tests.library import make_library

ROOT = Path(__file__).resolve().parent.parent
LIVE_SHARE, BURST_SHARE, COPY_SHARE = 0.15, 0.05, 0.01
"""Photos with a film beside them, that begin a series of shots, that lie in a second place."""
NEW = (12, 10_000)
"""Photos that come later, in two evenings."""
PHOTO = "one photo"


def make_all(folder: Path, count: int, evenings: Sequence[int] = NEW) -> None:
    """The library `folder/photos`, some evenings' photos that wait in `folder/later`, and a cache that knows them all."""
    gazetteer = Gazetteer.load("en")
    years = 4 if count <= 20_000 else 10 if count <= 200_000 else 25
    wanted = count + sum(evenings)
    ends = [count + sum(evenings[:n]) for n in range(len(evenings) + 1)]
    shots = 1 + 3.0 * BURST_SHARE
    people = make_library(
        99, LIFE, gazetteer, years=years, busier=max(1.0, 1.15 * wanted / shots / (1300 * years))
    ).photos
    people.sort(key=lambda photo: str(photo.capture_time.local) if photo.capture_time else "")
    maker = Maker.of(folder)
    photos = chain.from_iterable(series(photo, maker.rng) for photo in people)
    for number, photo in enumerate(photos):
        if number == wanted:
            break
        evening = bisect_right(ends, number)
        maker.make(number, photo, f"later/{evenings[evening - 1]}" if evening else "photos")
        if number % 5000 == 0:
            maker.write()
    maker.write()


def series(photo: TimelinePhoto, rng: random.Random) -> Iterator[TimelinePhoto]:
    """The photo, or a burst of four that begins with it."""
    yield photo
    taken = photo.capture_time
    if photo.is_own and taken is not None and rng.random() < BURST_SHARE:
        for number in range(1, 4):
            local = taken.local + timedelta(seconds=number)
            yield replace(photo, capture_time=replace(taken, local=local), content_id=ContentId("0" * 64))


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a picture has told, packed as the cache has it."""

    statistics: bytes
    top: bytes
    readings: bytes


def looks(folder: Path, *, is_screen: bool) -> list[Look]:
    """A thousand of them: each photo gets one. A million of their own would take half an hour to think out."""
    engine = made_up_engine(folder)
    head, embedding = load_head(engine.weights.sha256), np.zeros(EMBEDDING_SIZE, np.float16)
    found = []
    for statistics, prediction in zip(
        some_statistics(is_screen=is_screen), some_predictions(engine.model_key), strict=True
    ):
        top = codec.pack_prediction(prediction)
        kept = codec.unpack_prediction(engine.model_key, top)
        found.append(Look(codec.pack_statistics(statistics), top, head.read(kept, embedding) if head else b""))
    return found


@dataclass(slots=True)
class Maker:
    """Makes the files of photos, and writes what reading them would have told into the tables of the cache, thousands at once."""

    folder: Path
    connection: sqlite3.Connection
    head_version: str
    photos: list[Look]
    screens: list[Look]
    rng: random.Random
    _folders: set[str] = dataclasses.field(default_factory=set)
    _rows: dict[str, list[tuple[object, ...]]] = dataclasses.field(default_factory=dict)
    _contents: int = 0
    _embedding: bytes = codec.pack_embedding(np.zeros(EMBEDDING_SIZE, np.float16))

    @classmethod
    def of(cls, folder: Path) -> Maker:
        """With a cache that knows nothing yet."""
        cache = folder / "cache"
        engine = made_up_engine(cache)
        engine.open_cache().close()
        head = load_head(engine.weights.sha256)
        connection = sqlite3.connect(cache / CACHE_FILE)
        connection.execute(readings.TABLE)
        connection.execute("INSERT INTO models VALUES (1, ?)", (engine.model_key,))
        rng = random.Random(5)  # noqa: S311 - made-up photos need no secrecy
        version = head.version if head else ""
        return cls(folder, connection, version, looks(cache, is_screen=False), looks(cache, is_screen=True), rng)

    def make(self, number: int, photo: TimelinePhoto, where: str) -> None:
        """One photo, with the film or the copy that it may have."""
        taken = photo.capture_time
        assert taken is not None  # noqa: S101 - made-up photos are dated
        name = f"IMG_{number:06d}.jpg"
        if not photo.is_own:
            name = f"Screenshot_{taken.local:%Y%m%d-%H%M%S}-{number}.png"
            if taken.precision is TimePrecision.DAY:
                name = f"IMG-{taken.local:%Y%m%d}-WA{number:06d}.jpg"
        path = f"{self.folder}/{where}/{taken.local:%Y/%m}/{name}"
        mtime_ns = int((taken.local - EPOCH).total_seconds()) * 10**9
        is_screen = name.endswith("png")
        metadata = made_up_metadata(photo, taken, self.rng) if photo.is_own else Metadata(width_px=1170, height_px=2532)
        content = self._add(path, mtime_ns, metadata, self.rng.choice(self.screens if is_screen else self.photos))
        chance = self.rng.random()
        if photo.is_own and chance < LIVE_SHARE:
            film = replace(metadata, duration_s=2.6, software="", iso=None, exposure_s=None)
            self._add(f"{os.path.splitext(path)[0]}.mov", mtime_ns, film, None)
        elif chance > 1 - COPY_SHARE:
            self._make_file(path.replace(f"/{where}/", f"/{where}/backup/", 1), mtime_ns, content, self._contents)

    def _add(self, path: str, mtime_ns: int, metadata: Metadata, look: Look | None) -> bytes:
        """A file with a content of its own, and what reading it would have told."""
        content = path.removeprefix(str(self.folder)).encode()
        self._contents += 1
        key = self._contents
        media_format = "mov" if look is None else "png" if path.endswith("png") else "jpeg"
        source, statistics = (None, None) if look is None else (PixelSource.SCALED.value, look.statistics)
        told = (media_format, codec.pack_metadata(metadata), source, statistics, None, None)
        self._row(
            "contents", key, hashlib.sha256(content).digest(), INSPECTION_VERSION * 1000 + STATISTICS_VERSION, *told
        )
        if look is not None:
            self._row("predictions", key, 1, look.top, self._embedding)
            self._row("readings", key, 1, self.head_version, look.readings)
        self._make_file(path, mtime_ns, content, key)
        return content

    def _make_file(self, path: str, mtime_ns: int, content: bytes, key: int) -> None:
        parent = os.path.dirname(path)
        if parent not in self._folders:
            os.makedirs(parent, exist_ok=True)
            self._folders.add(parent)
        with open(path, "xb", buffering=0) as stream:
            stream.write(content)
        os.utime(path, ns=(mtime_ns, mtime_ns))
        self._row("files", path, len(content), mtime_ns, os.stat(path).st_ino, key)

    def _row(self, table: str, *values: object) -> None:
        self._rows.setdefault(table, []).append(values)

    def write(self) -> None:
        """Into the cache."""
        with self.connection:
            for table, rows in self._rows.items():
                places = ", ".join("?" * len(rows[0]))
                self.connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - names of our own
        self._rows.clear()


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command took."""

    seconds: float
    cpu_s: float
    peak_mb: float
    said: str


def run(folder: Path, *arguments: str, profile: Path | None = None) -> Ran:
    """The command in a process of its own; raises SystemExit where it fails."""
    instead = ["-m", "cProfile", "-o", str(profile)] if profile else []
    environment = {**os.environ, "ALBUM_SORT_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile("w+") as out:
        begun = time.perf_counter()
        command = [sys.executable, *instead, "-m", "album_sort", *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if process.returncode not in (0, 3):
        raise SystemExit(f"{arguments} ended with {process.returncode}: {said[-2000:]}")
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def steps(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Name and arguments of each command, in an order in which each finds what it needs."""
    sort = (
        f"{folder}/photos", "--out", f"{folder}/albums", "--mode", "hardlink", "--model", SETTINGS.model, "--offline",
        "--no-previews", "--quiet",
    )  # fmt: skip
    out = ("--out", f"{folder}/albums")
    return [
        ("first plan", ("sort", *sort, "--dry-run", "--save-plan", f"{folder}/plan.jsonl")),
        ("first run", ("sort", *sort)),
        ("nothing new", ("sort", *sort)),
        ("nothing new, looked at again", ("sort", *sort, "--precision-target", "0.93", "--dry-run")),
        ("verify", ("verify", *out)),
        ("runs", ("runs", *out)),
        ("review", ("review", *out)),
        ("fix --list", ("fix", "--list", *out)),
        ("explain", ("explain", PHOTO, *out)),
        ("12 new", ("sort", *sort)),
        ("10000 new", ("sort", *sort)),
        ("undo of 10000", ("undo", *out)),
        ("undo of 12", ("undo", *out)),
        ("undo of all", ("undo", *out)),
    ]


def prepare_step(folder: Path, name: str) -> None:
    """The evening's photos come in."""
    evening = folder / "later" / name.partition(" ")[0]
    if name.endswith(" new") and evening.is_dir():
        evening.rename(folder / "photos" / evening.name)


def some_photo(folder: Path) -> str:
    """One in the middle of the album of pets, where everybody has some."""
    found = sorted((folder / "albums" / "Pets").rglob("IMG_*.jpg"))
    return str(found[len(found) // 2])


def tree_bytes(place: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    return sum(path.stat().st_size for path in (place, *place.rglob("*")) if path.is_file())


def measure(count: int, folder: Path, only: list[str], profiles: Path | None) -> Iterator[dict[str, object]]:
    """A row for each step."""
    if not (folder / "made").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.bench_million", "--make", str(folder), "--photos", str(count)]
        subprocess.run(command, check=True, cwd=ROOT)
        (folder / "made").touch()
        run(folder, "--version")
    for name, arguments in steps(folder):
        if only and name not in only:
            continue
        prepare_step(folder, name)
        profile = profiles and profiles / f"{count}-{name.replace(' ', '-')}.prof"
        ran = run(folder, *(some_photo(folder) if one == PHOTO else one for one in arguments), profile=profile)
        row: dict[str, object] = {
            "photos": count,
            "step": name,
            "seconds": round(ran.seconds, 1),
            "cpu_s": round(ran.cpu_s, 1),
            "cpu_us_per_photo": round(1e6 * ran.cpu_s / count),
            "peak_mb": round(ran.peak_mb),
            "state_mb": round(tree_bytes(folder / "albums" / ".album-sort" / "state.sqlite") / 1e6, 1),
            "report_mb": round(tree_bytes(folder / "albums" / ".album-sort" / "runs") / 1e6, 1),
            **program_columns(),
        }
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        yield row


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--keep", type=Path, help="folder to keep the libraries in")
    parser.add_argument("--only", nargs="+", default=[], help="names of steps")
    parser.add_argument("--profile", type=Path, help="folder for profiles; nothing is written then")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        make_all(arguments.make, arguments.photos[0])
        return 0
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for count in arguments.photos:
            folder = (arguments.keep or Path(temporary)) / str(count)
            rows += measure(count, folder, arguments.only, arguments.profile)
            if not arguments.keep:
                shutil.rmtree(folder)
    if rows and not arguments.profile:
        write_rows("million", rows, key=("photos", "step"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
