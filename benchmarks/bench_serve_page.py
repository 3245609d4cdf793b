"""How soon the served page of many photos is there, and whether tiles stay blank while one scrolls.

    python benchmarks/bench_serve_page.py [--photos 50000] [--chromium /usr/bin/chromium]

The destination is made up: one photo is sorted, then the report of that run is written anew with the rows and thumbnails of
bench_report.py. `album-sort serve` is started twice: the first start makes the page and keeps it, the second finds it. Each time the first
request is timed from the moment at which the address is printed; then a browser opens the page. Appends a line to
benchmarks/results/serve_page.csv.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from album_sort.report import JsonlReport, read_report  # noqa: E402 (runs from a clone too)
from album_sort.types import PhotoRow, ReportFooter  # noqa: E402
from benchmarks.bench_report import START, filled_store, rows, thumbnails, trips, wait_until, walk  # noqa: E402
from benchmarks.machine import RESULTS, machine_columns  # noqa: E402
from tests import pictures  # noqa: E402
from tests.builders import picture_jpeg  # noqa: E402

REPEATS = 3
NETWORK = ("--model", "efficientnet-lite0", "--offline")


def made_up(folder: Path, photos: int) -> Path:
    """Albums with so many photos in their report, and a thumbnail of each in the cache."""
    (folder / "photos").mkdir()
    (folder / "photos" / "cat.jpg").write_bytes(picture_jpeg(pictures.cat()))
    albums = folder / "albums"
    command = [sys.executable, "-m", "album_sort", str(folder / "photos"), "--out", str(albums), *NETWORK]
    subprocess.run(command, check=True, capture_output=True)
    [report] = (albums / ".album-sort" / "runs").glob("*/report.jsonl")
    info = read_report(report).info
    with JsonlReport(report, info) as stream:
        for row in rows(photos):
            # as the rows of every run have it
            stream.add(replace(row, size_px=(4000, 3000)) if isinstance(row, PhotoRow) else row)
        stream.finish(ReportFooter(START, trips=trips(photos)))
    filled_store(Path(os.environ["ALBUM_SORT_CACHE_DIR"]), photos, thumbnails()).close()
    return albums


@contextmanager
def serving(albums: Path) -> Iterator[str]:
    """The printed address."""
    command = [sys.executable, "-m", "album_sort", "serve", str(albums), "--port", "0", "--offline"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield (server.stdout.readline() if server.stdout else "").strip()
        finally:
            server.send_signal(signal.SIGTERM)


def first_requests(address: str) -> dict[str, float]:
    """Milliseconds from now to the page and its index, and their bytes."""
    began = time.perf_counter()
    base, _, token = address.partition("?token=")
    with httpx.Client(base_url=base, headers={"X-Album-Sort-Token": token}, timeout=120) as client:
        page = client.get("/")
        page_ms = (time.perf_counter() - began) * 1000
        data = page.text.partition('"data":"')[2].partition('"')[0]
        index = client.get(f"{data}index.json")
    return {
        "page_ms": round(page_ms),
        "index_ms": round((time.perf_counter() - began) * 1000 - page_ms),
        "page_kb": round(len(page.content) / 1000),
        "index_kb": round(len(index.content) / 1000),
    }


def in_browser(address: str, chromium: str) -> dict[str, float]:
    """Medians in milliseconds: something painted, the walls with all their pictures, the longest that a tile was blank; bytes that came."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where it is installed)

    found: dict[str, list[float]] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(REPEATS):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(address, wait_until="load")
            wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            found.setdefault("first_paint_ms", []).append(page.evaluate(paint))
            bytes_in = "performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)"
            wait_until(page, "performance.getEntriesByType('resource').some((one) => one.name.endsWith('index.json'))")
            found.setdefault("first_page_kb", []).append(page.evaluate(bytes_in) / 1000)
            walk(page, found)
            page.close()
        browser.close()
    return {name: round(statistics.median(values)) for name, values in found.items()}


def main() -> None:
    """Measures once and appends the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=50_000)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["ALBUM_SORT_CACHE_DIR"] = f"{name}/cache"
        albums = made_up(Path(name), arguments.photos)
        with serving(albums) as address:
            made = first_requests(address)
        with serving(albums) as address:
            figures = {"photos": arguments.photos, "made_page_ms": made["page_ms"], **first_requests(address)}
            figures |= in_browser(address, arguments.chromium)
    row = figures | machine_columns()
    for column, value in row.items():
        print(f"{column:20}{value}")
    target = RESULTS / "serve_page.csv"
    is_new = not target.exists()
    with target.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
