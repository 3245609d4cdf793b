"""A library of up to a million made-up photos through everything that follows reading: time and memory of each command.

    python -m benchmarks.bench_million [--photos 10000 100000] [--keep FOLDER] [--only STEP ...] [--profile FOLDER]

A life of many years (tests/library.py) with bursts, Live Photos, copies, screenshots and pictures of friends is made as tiny files with
contents of their own, in `--keep` or beside the other temporary files (a RAM disk is best: a million files are five gigabytes), and
what reading them would have told is written into an inference cache. No picture is decoded and no network runs; all else is as
people do it: each step is the command itself in a process of its own, filing by hard links. Writes results/million.csv: for each step
seconds, processor seconds and the most resident memory of the process; sizes of state and report.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import random
import shutil
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

from album_sort.core.trips.timeline import TimelinePhoto
from album_sort.places.gazetteer import Gazetteer
from album_sort.state.cache import InferenceCache
from album_sort.types import EMBEDDING_SIZE, ContentId, FileEntry, FileKind, Inspection
from benchmarks.bench_after_metadata import LIFE, SETTINGS, made_up_engine, made_up_inspection
from benchmarks.machine import write_rows
from tests.library import make_library

ROOT = Path(__file__).resolve().parent.parent
LIVE_SHARE, BURST_SHARE, COPY_SHARE = 0.15, 0.05, 0.01
"""Photos with a film beside them, that begin a series of shots, that lie in a second place."""
NEW = (12, 10_000)
"""Photos that come later, in two evenings."""
PHOTO = "one photo"


def make_all(folder: Path, count: int, evenings: Sequence[int] = NEW) -> None:
    """The library `folder/photos`, some evenings' photos that wait in `folder/later`, and a cache that knows them all."""
    gazetteer = Gazetteer.load("en", folder / "cache")
    years = 4 if count <= 20_000 else 10 if count <= 200_000 else 25
    wanted = count + sum(evenings)
    ends = [count + sum(evenings[:n]) for n in range(len(evenings) + 1)]
    shots = 1 + 3.0 * BURST_SHARE
    people = make_library(
        99, LIFE, gazetteer, years=years, busier=max(1.0, 1.15 * wanted / shots / (1300 * years))
    ).photos
    people.sort(key=lambda photo: str(photo.capture_time.local) if photo.capture_time else "")
    rng = random.Random(5)  # noqa: S311 - made-up photos need no secrecy
    engine = made_up_engine(folder / "cache")
    with engine.open_cache() as cache:
        maker = Maker(folder, cache, engine.model_key, rng)
        photos = chain.from_iterable(series(photo, rng) for photo in people)
        for number, photo in enumerate(photos):
            if number == wanted:
                break
            evening = bisect_right(ends, number)
            maker.make(number, photo, f"later/{evenings[evening - 1]}" if evening else "photos")
            if number % 5000 == 0:
                cache.commit()


def series(photo: TimelinePhoto, rng: random.Random) -> Iterator[TimelinePhoto]:
    """The photo, or a burst of four that begins with it."""
    yield photo
    taken = photo.capture_time
    if photo.is_own and taken is not None and rng.random() < BURST_SHARE:
        for number in range(1, 4):
            local = taken.local + timedelta(seconds=number)
            yield replace(photo, capture_time=replace(taken, local=local), content_id=ContentId("0" * 64))


@dataclass(slots=True)
class Maker:
    """Makes the files of photos, and what reading them would have told."""

    folder: Path
    cache: InferenceCache
    model_key: str
    rng: random.Random
    _folders: set[str] = dataclasses.field(default_factory=set)

    def make(self, number: int, photo: TimelinePhoto, where: str) -> None:
        """One photo, with the film or the copy that it may have."""
        told = made_up_inspection(number, photo, self.model_key, self.rng)
        path = f"{self.folder}/{where}{told.file.path.removeprefix('/photos')}"
        if not told.file.name.startswith("IMG_"):
            path = f"{os.path.splitext(path)[0]}-{number}{told.file.suffix}"
        self._add(path, f"{where}", told)
        chance = self.rng.random()
        if photo.is_own and chance < LIVE_SHARE:
            metadata = replace(told.metadata, duration_s=2.6, software="", iso=None, exposure_s=None)
            film = replace(
                told, media_format="mov", metadata=metadata, pixel_source=None, statistics=None, prediction=None
            )
            self._add(f"{os.path.splitext(path)[0]}.mov", where, film)
        elif chance > 1 - COPY_SHARE:
            self._add(path.replace(f"/{where}/", f"/{where}/backup/", 1), where, told, like=path)

    def _add(self, path: str, where: str, told: Inspection, like: str = "") -> None:
        content = (like or path).removeprefix(str(self.folder)).encode()
        parent = os.path.dirname(path)
        if parent not in self._folders:
            os.makedirs(parent, exist_ok=True)
            self._folders.add(parent)
        with open(path, "xb", buffering=0) as stream:
            stream.write(content)
        os.utime(path, ns=(told.file.mtime_ns, told.file.mtime_ns))
        found = os.stat(path)
        root = f"{self.folder}/{where}"
        kind = FileKind.VIDEO if path.endswith(".mov") else FileKind.PHOTO
        file = FileEntry(path, root, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, kind)
        content_id = ContentId(hashlib.sha256(content).hexdigest())
        if like:
            self.cache.add_file(file, content_id)
        else:
            embedding = None if told.prediction is None else np.zeros(EMBEDDING_SIZE, np.float16)
            self.cache.add(replace(told, file=file, content_id=content_id), embedding, b"")


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
        }
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        yield row


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--keep", type=Path, help="folder to keep the libraries in")
    parser.add_argument("--only", nargs="+", default=[], help="names of steps; nothing is written then")
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
    if not arguments.only and not arguments.profile:
        write_rows("million", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
