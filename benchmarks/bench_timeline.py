"""Homes and trips on made libraries with known truth, and the time and memory that 100,000 photos take.

    python -m benchmarks.bench_timeline [--seeds N] [--large]

Writes benchmarks/results/timeline.csv: for each made library the share of its journeys' photos in the right trip, the share of
everyday photos in any trip, the largest error of a home, processor seconds of each step, and the largest memory so far.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from album_sort.core.homes import find_homes
from album_sort.core.positions import Shot, choose_positions
from album_sort.core.timeline import TimelinePhoto
from album_sort.core.trips import find_trips
from album_sort.places.gazetteer import Gazetteer
from tests.library import LEVELS, ORDINARY, make_library
from tests.library_score import score_of

RESULTS = Path(__file__).resolve().parent / "results" / "timeline.csv"
FIELDS = (
    "level",
    "seed",
    "photos",
    "trips",
    "trip_photos_right",
    "everyday_in_trips",
    "home_km",
    "positions_cpu_s",
    "places_cpu_s",
    "timeline_cpu_s",
    "peak_mb",
)


def peak_mb() -> float:
    """Largest resident memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _shot(photo: TimelinePhoto) -> Shot:
    """A photo as the choice of positions takes it."""
    candidates = (photo.position,) if photo.position is not None else ()
    return Shot(photo.content_id, photo.camera, photo.capture_time, candidates, photo.is_own)


def measure(gazetteer: Gazetteer, level_name: str, seed: int, *, years: int, busier: float) -> dict[str, object]:
    """One row: a library made, homes and trips found, compared with the truth."""
    level = next(level for level in LEVELS if level.name == level_name)
    library = make_library(seed, level, gazetteer, years=years, busier=busier)
    located = [photo.position for photo in library.photos if photo.position is not None]
    # Processor seconds: other programs on the machine do not count.
    start = time.process_time()
    choose_positions([_shot(photo) for photo in library.photos])
    positions_s = time.process_time() - start
    start = time.process_time()
    gazetteer.nearest(np.array([p.lat_deg for p in located]), np.array([p.lon_deg for p in located]))
    places_s = time.process_time() - start
    start = time.process_time()
    homes = find_homes(library.photos)
    timeline = find_trips(library.photos, homes, now_utc=library.now_utc)
    timeline_s = time.process_time() - start
    score = score_of(library, homes, timeline)
    return {
        "level": level_name,
        "seed": seed,
        "photos": len(library.photos),
        "trips": len(timeline.trips),
        "trip_photos_right": round(score.trip_photos_right, 4),
        "everyday_in_trips": round(score.everyday_in_trips, 4),
        "home_km": round(score.home_km, 2),
        "positions_cpu_s": round(positions_s, 2),
        "places_cpu_s": round(places_s, 2),
        "timeline_cpu_s": round(timeline_s, 2),
        "peak_mb": round(peak_mb()),
    }


def main() -> int:
    """Measure, print, write; 1 where a bar of the issue is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--large", action="store_true", help="also a library of about 100,000 photos")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gazetteer = Gazetteer.load("en", Path(folder))
    rows = [
        measure(gazetteer, level.name, seed, years=4, busier=1.0) for level in LEVELS for seed in range(arguments.seeds)
    ]
    if arguments.large:
        rows.append(measure(gazetteer, ORDINARY.name, 99, years=10, busier=6.0))
    for row in rows:
        print("  ".join(f"{name} {row[name]}" for name in FIELDS))
    with RESULTS.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    missed = [
        row
        for row in rows
        if float(str(row["trip_photos_right"])) < 0.95
        or float(str(row["everyday_in_trips"])) > 0.02
        or float(str(row["home_km"])) > 5
    ]
    print(f"{len(rows) - len(missed)} of {len(rows)} libraries within the bars")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
