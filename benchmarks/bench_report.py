"""How long a large report takes to write, how large it is, and how long a browser takes to open it.

    python benchmarks/bench_report.py [--photos 50000] [--chromium /usr/bin/chromium]

As a run does it: report.jsonl row by row, then report.csv and report.html in one pass over it, thumbnails from the store. Rows and
thumbnails are made up (256 px on the long side as in a run, and 11 kB, which the thumbnails of bench_thumbnails.py's camera photos have);
the opening times need playwright and Chromium and are left out without them. Appends one line to benchmarks/results/report.csv.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import platform
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from album_sort.report import WORDS_FILE, StoredRows, parse_words, write_reports  # noqa: E402 (runs from a clone too)
from album_sort.state.thumbnails import ThumbnailStore  # noqa: E402
from album_sort.types import (  # noqa: E402
    AlbumId,
    AlbumRelPath,
    ClassIndex,
    ContentId,
    Mode,
    PhotoRow,
    PlaceRow,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RowAction,
    RunReport,
    SkippedRow,
    Stage,
    StageTiming,
    TakenRow,
    TopClass,
    TripRow,
)

RESULTS = ROOT / "benchmarks" / "results" / "report.csv"
ALBUMS = (
    "pets",
    "food",
    "city",
    "people",
    "beach-sea",
    "winter-travel",
    "home",
    "flowers",
    "vehicles",
    "sports",
    "review",
)
START = datetime(2010, 1, 1)  # noqa: DTZ001 (wall time)
REPEATS = 5


def thumbnails(count: int = 64) -> list[bytes]:
    """Pictures of 256 x 192 px with about as much detail as photos have."""
    chance = random.Random(1)  # noqa: S311 (the same pictures each time)
    made = []
    for _ in range(count):
        noise = Image.frombytes("RGB", (256, 192), chance.randbytes(256 * 192 * 3)).filter(
            ImageFilter.GaussianBlur(1.05)
        )
        buffer = io.BytesIO()
        noise.save(buffer, "JPEG", quality=75)
        made.append(buffer.getvalue())
    return made


def rows(photos: int) -> Iterator[ReportRow]:
    """A library of sixteen years: a trip every two months, one photo in a hundred a duplicate, one file in a hundred broken."""
    for number in range(photos):
        taken = START + timedelta(minutes=number * 16 * 365 * 1440 // photos)
        album = ALBUMS[number * 7 // 3 % len(ALBUMS)]
        month = taken.year * 12 + taken.month - 1
        trip = None
        if month % 2 == 0 and taken.day < 15:
            day = date(taken.year, taken.month, 1)
            place = f"Town {month % 97}, Country"
            trip = TripRow(
                f"t{month}", f"{day:%Y-%m} {place}", day, day.replace(day=14), ("Starts far from home.",), place
            )
        yield PhotoRow(
            source=f"/home/anna/Photos/{taken:%Y/%m}/IMG_{number:06}.jpg",
            album=AlbumId(album),
            title=album.capitalize(),
            path=AlbumRelPath(f"{album.capitalize()}/{trip.title if trip else taken.year}/IMG_{number:06}.jpg"),
            action=RowAction.DUPLICATE if number % 100 == 99 else RowAction.COPY,
            sha256=ContentId(hashlib.sha256(str(number).encode()).hexdigest()),
            why=(f"tabby and Egyptian cat speak for {album} (61 %).", "The photos before and after it agree."),
            top=tuple(
                TopClass(ClassIndex(281 + n), name, 0.61 / (n + 1)) for n, name in enumerate(("tabby", "lynx", "sofa"))
            ),
            scores=((AlbumId(album), 0.93), (AlbumId("home"), 0.04)),
            taken=TakenRow(taken, 60, "EXIF DateTimeOriginal", "second"),
            place=PlaceRow("Winterthur", "Switzerland", "CH", 2.4, "EXIF GPS"),
            trip=trip,
            similar_to=ContentId(hashlib.sha256(str(number // 20).encode()).hexdigest()) if number % 20 < 3 else None,
        )
    for number in range(photos // 100):
        yield SkippedRow(f"/home/anna/Photos/broken/{number}.jpg", Stage.DECODE, "the file is empty")


def trips(photos: int) -> tuple[TripRow, ...]:
    """The trips of these rows, somewhere on earth."""
    found = {row.trip.trip_id: row.trip for row in rows(photos) if isinstance(row, PhotoRow) and row.trip}
    chance = random.Random(2)  # noqa: S311 (the same places each time)
    return tuple(
        TripRow(
            trip.trip_id,
            trip.title,
            trip.start,
            trip.end,
            trip.why,
            trip.place,
            chance.uniform(-40, 60),
            chance.uniform(-120, 150),
        )
        for trip in found.values()
    )


def filled_store(folder: Path, photos: int, pictures: list[bytes]) -> ThumbnailStore:
    """A store with the thumbnail of every photo, as a run leaves it."""
    store = ThumbnailStore(folder)
    for number, row in enumerate(rows(photos)):
        if isinstance(row, PhotoRow):
            store.add(row.sha256, pictures[number % len(pictures)])
        if number % 1000 == 0:
            store.commit()
    store.commit()
    return store


READY = """(() => {
  const seen = [...document.querySelectorAll('.photos .photo')].filter((one) => one.getBoundingClientRect().top < innerHeight
    && one.getBoundingClientRect().bottom > 60);
  return seen.length > 20 && seen.every((one) => one.querySelector('img')?.naturalWidth);
})()"""
"""Every photo on the screen has its picture."""

BLANKS = """async () => {
  let worst = 0;
  const since = new Map();
  const end = performance.now() + 3000;
  while (performance.now() < end) {
    scrollBy(0, 50);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    for (const one of document.querySelectorAll('.photos .photo')) {
      const { top, bottom } = one.getBoundingClientRect();
      if (bottom < 60 || top > innerHeight || one.querySelector('img')?.naturalWidth) since.delete(one);
      else since.set(one, since.get(one) ?? now);
    }
    worst = Math.max(worst, ...[...since.values()].map((begun) => now - begun));
  }
  return worst;
}"""
"""Scrolls by 50 px a frame for three seconds; the longest that a photo on the screen had no picture, in milliseconds."""


def opening_times(page_path: Path, chromium: str) -> dict[str, float]:
    """Milliseconds: page parsed, something painted, all pictures of a wall there; of all photos, of an album, after a leap; blanks."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where it is installed)

    times: dict[str, list[float]] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(REPEATS):
            page = browser.new_context(offline=True, viewport={"width": 1440, "height": 900}).new_page()
            page.goto(page_path.as_uri(), wait_until="load")
            wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
            for name, entry in (
                ("dom_content_loaded_ms", "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"),
                ("first_paint_ms", "performance.getEntriesByName('first-contentful-paint')[0].startTime"),
            ):
                times.setdefault(name, []).append(page.evaluate(entry))
            walk(page, times)
            page.close()
        browser.close()
    return {name: round(statistics.median(found)) for name, found in times.items()}


def walk(page: Any, times: dict[str, list[float]]) -> None:  # noqa: ANN401 (as below)
    """Opens walls, leaps, scrolls through them, and adds how long each took."""
    for name, action in (
        ("wall_of_all_ms", "location.hash = '#/all'"),
        ("leap_ms", "scrollTo(0, document.querySelector('.photos').offsetHeight * 0.6)"),
        ("wall_of_album_ms", "location.hash = '#/album/pets'"),
    ):
        before = time.perf_counter()
        page.evaluate(action)
        time.sleep(0.02)
        wait_until(page, READY)
        times.setdefault(name, []).append((time.perf_counter() - before) * 1000)
    times.setdefault("longest_blank_ms", []).append(page.evaluate(BLANKS))


def wait_until(page: Any, expression: str) -> None:  # noqa: ANN401 (playwright is not a requirement of the type checker)
    """Asks until it is true; the page's policy forbids the driver's own way of waiting, which needs eval."""
    while not page.evaluate(expression):
        time.sleep(0.002)


def main() -> None:
    """Measures once and appends the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=50_000)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    pictures = thumbnails()
    words = parse_words((ROOT / "labels" / WORDS_FILE).read_text(encoding="utf-8"), "en")
    info = ReportHeader("bench", "0", START, "/home/anna/Albums", ("/home/anna/Photos",), Mode.COPY, "en")
    outcome = ReportFooter(
        START, timings=(StageTiming("inspect", 1000.0, arguments.photos),), trips=trips(arguments.photos)
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = filled_store(folder, arguments.photos, pictures)
        figures: dict[str, float | str] = {
            "photos": arguments.photos,
            "thumbnail_bytes": round(statistics.mean(map(len, pictures))),
        }
        rows_cpu_s = time.process_time()
        sum(1 for _ in rows(arguments.photos))
        rows_cpu_s = time.process_time() - rows_cpu_s
        steps: tuple[tuple[str, tuple[str, ...], Iterable[ReportRow]], ...] = (
            ("jsonl", ("jsonl",), rows(arguments.photos)),
            ("pages", ("csv", "html"), StoredRows(folder / "report.jsonl")),
        )
        for step, formats, some_rows in steps:
            started, busy = time.perf_counter(), time.process_time()
            report = RunReport(info, some_rows, outcome)
            write_reports(report, folder, thumbnail=store.get, words=words, formats=formats)
            figures[f"{step}_s"] = round(time.perf_counter() - started, 2)
            # making up the rows is not a part of it
            made_up = rows_cpu_s if step == "jsonl" else 0.0
            figures[f"{step}_cpu_s"] = round(time.process_time() - busy - made_up, 2)
        for format_ in ("jsonl", "csv", "html"):
            figures[f"{format_}_mb"] = round((folder / f"report.{format_}").stat().st_size / 1e6, 2)
        files = [path for path in folder.rglob("*") if path.is_file() and "report-files" in path.parts]
        figures["folder_files"] = len(files)
        figures["folder_mb"] = round(sum(path.stat().st_size for path in files) / 1e6)
        figures["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        store.close()
        if arguments.chromium:
            figures |= opening_times(folder / "report.html", arguments.chromium)
    # the load of the last minute tells whether the wall times are to be believed
    figures |= {
        "load": round(os.getloadavg()[0], 1),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }
    append(figures)


def append(figures: dict[str, float | str]) -> None:
    """Prints the figures and adds them to the results."""
    for name, value in figures.items():
        print(f"{name:24}{value}")
    is_new = not RESULTS.exists()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(figures))
        if is_new:
            writer.writeheader()
        writer.writerow(figures)


if __name__ == "__main__":
    main()
