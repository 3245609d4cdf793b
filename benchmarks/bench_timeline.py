"""Homes and trips on made libraries with known truth, and the time and memory that 100,000 photos take.

    python -m benchmarks.bench_timeline [--large]

Writes benchmarks/results/timeline.csv: for each made library the share of its journeys' photos in the right trip, the share of
everyday photos in any trip, the largest error of a home, processor seconds of each step, and the largest memory so far. Rules
were worked out on the seeds called development; no library of the held-out seeds was looked at.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import mean

import numpy as np

from album_sort.core.trips.find import find_trips
from album_sort.core.trips.homes import find_homes
from album_sort.core.trips.positions import choose_positions
from album_sort.places.gazetteer import Gazetteer
from tests.library import LEVELS, ORDINARY, Library, make_library
from tests.library_score import score_of, shot_of, with_chosen_positions
from tests.lives import KINDS, make_life

RESULTS = Path(__file__).resolve().parent / "results" / "timeline.csv"
SEEDS = {"development": range(200, 206), "held-out": range(1300, 1312)}
FIELDS = (
    "library",
    "seeds",
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


def make(gazetteer: Gazetteer, name: str, seed: int) -> Library:
    """A library of a level or of a kind of life."""
    if name in KINDS:
        return make_life(seed, name, gazetteer)
    return make_library(seed, next(level for level in LEVELS if level.name == name), gazetteer)


def measure(gazetteer: Gazetteer, library: Library, name: str, seeds: str, seed: int) -> dict[str, object]:
    """One row: positions chosen as in a run, homes and trips found, compared with the truth."""
    located = [photo.position for photo in library.photos if photo.position is not None]
    shots = [shot_of(photo) for photo in library.photos]
    # Processor seconds: other programs on the machine do not count.
    start = time.process_time()
    choose_positions(shots)
    positions_s = time.process_time() - start
    start = time.process_time()
    gazetteer.nearest(np.array([p.lat_deg for p in located]), np.array([p.lon_deg for p in located]))
    places_s = time.process_time() - start
    photos = with_chosen_positions(library.photos, gazetteer)
    start = time.process_time()
    homes = find_homes(photos)
    timeline = find_trips(photos, homes, now_utc=library.now_utc)
    timeline_s = time.process_time() - start
    score = score_of(library, homes, timeline)
    return {
        "library": name,
        "seeds": seeds,
        "seed": seed,
        "photos": len(photos),
        "trips": len(timeline.trips),
        "trip_photos_right": round(score.trip_photos_right, 4),
        "everyday_in_trips": round(score.everyday_in_trips, 4),
        "home_km": round(score.home_km, 2),
        "positions_cpu_s": round(positions_s, 2),
        "places_cpu_s": round(places_s, 2),
        "timeline_cpu_s": round(timeline_s, 2),
        "peak_mb": round(peak_mb()),
    }


def is_within_bars(row: dict[str, object]) -> bool:
    """The bars: 0.95 of the journeys' photos, 0.02 of the everyday ones, 5 km."""
    right, everyday, home_km = (float(str(row[name])) for name in ("trip_photos_right", "everyday_in_trips", "home_km"))
    return right >= 0.95 and everyday <= 0.02 and home_km <= 5


def print_summary(rows: list[dict[str, object]]) -> None:
    """One line for each kind of library and set of seeds: mean and least, most, largest."""
    of_kind: defaultdict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        of_kind[str(row["seeds"]), str(row["library"])].append(row)
    for (seeds, name), same in of_kind.items():
        right, everyday, home_km = (
            [float(str(row[column])) for row in same]
            for column in ("trip_photos_right", "everyday_in_trips", "home_km")
        )
        inside = sum(map(is_within_bars, same))
        print(
            f"{seeds:12} {name:32} right {mean(right):.4f} least {min(right):.4f}  everyday most {max(everyday):.4f}  "
            f"home {max(home_km):.2f} km  within the bars {inside} of {len(same)}"
        )


def main() -> int:
    """Measure, print, write; 1 where a bar of the issue is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="also a library of about 100,000 photos")
    arguments = parser.parse_args()
    gazetteer = Gazetteer.load("en")
    names = [level.name for level in LEVELS] + list(KINDS)
    rows = [
        measure(gazetteer, make(gazetteer, name, seed), name, seeds, seed)
        for seeds, numbers in SEEDS.items()
        for name in names
        for seed in numbers
    ]
    if arguments.large:
        large = make_library(99, ORDINARY, gazetteer, years=10, busier=6.0)
        rows.append(measure(gazetteer, large, "ordinary, ten years", "speed", 99))
    with RESULTS.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    print_summary(rows)
    inside = sum(map(is_within_bars, rows))
    print(f"{inside} of {len(rows)} libraries within the bars")
    return 0 if inside == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
