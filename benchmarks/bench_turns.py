"""Two checkouts of album-sort in turns: what a change costs, or gains, on a machine that others use as well.

    python benchmarks/bench_turns.py BEFORE AFTER [--known 10000] [--turns 7] [--photos FOLDER --weights FILE] [--files 400]

BEFORE and AFTER are checkouts whose native code is built (`python native_build.py`). Each command runs once with the one and
once with the other, again and again, and what is compared is processor time of all its processes (user and system): the clock
tells mostly what else was going on. `--known` small pictures with dates and places are filed by either in its own way, before
anything is measured: by a whole run, so that cache and state are what a run leaves. With `--photos`, first runs over `--files`
distinct files made of that folder are measured, too, with both networks. Writes results/turns.csv.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench_run import make_files
from machine import RESULTS, write_rows
from PIL import Image

ROOT = RESULTS.parent.parent
NETWORK = "efficientnet-lite0"
PLACES = ((48.137, 11.575), (41.89, 12.49), (42.86, 140.70), (35.68, 139.69), (-33.86, 151.21), (64.15, -21.94))
RULES = """
[album.coffee]
title = "Coffee"
classes = ["espresso"]
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What is measured of one checkout: arguments, and what makes them possible again."""

    what: str
    arguments: Callable[[Path], Sequence[str]]
    prepare: Callable[[Path], object] = lambda _: None
    turns: int = 1
    """Times as many turns as the others: for what is over in a moment."""
    cache: str = "cache"
    """Folder of the cache: what forgets it leaves that of the others alone."""


def make_library(folder: Path, count: int) -> None:
    """Small distinct pictures of four years, with a camera, a date, and a place in two of three."""
    pictures = [path.read_bytes() for path in sorted((ROOT / "labels" / "calibration" / "pictures").glob("*.jpg"))]
    chance = random.Random(1)  # noqa: S311 - a made-up library
    moment = datetime(2021, 1, 1, 9)  # noqa: DTZ001 - as a camera writes it
    for number in range(count):
        moment += timedelta(minutes=chance.choice((1, 2, 5, 60, 600)) * 35_000 / count * 10)
        place = PLACES[number // max(1, count // 24) % len(PLACES)] if number % 3 else None
        picture = pictures[number % len(pictures)]
        data = picture[:2] + _exif_segment(moment, place) + picture[2:] + b"\0%d" % number
        path = folder / f"{moment.year}" / f"IMG_{number:05}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _exif_segment(moment: datetime, place: tuple[float, float] | None) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Camera 1"
    exif.get_ifd(0x8769)[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
    if place is not None:
        gps = exif.get_ifd(0x8825)
        for tag, degrees, names in ((1, place[0], "NS"), (3, place[1], "EW")):
            gps[tag], gps[tag + 1] = names[degrees < 0], (int(abs(degrees)), int(abs(degrees) * 60 % 60), 0)
    data = exif.tobytes()
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data


def run(checkout: Path, place: Path, arguments: Sequence[str], cache: str = "cache") -> float:
    """Seconds of processor time of one command of one checkout, with the cache of that checkout."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(place),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(checkout),
        "ALBUM_SORT_CACHE_DIR": str(place / cache),
    }
    with (place / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "album_sort", *arguments], stdout=output, stderr=output, env=environment, cwd=place
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        text = (place / "output").read_text(encoding="utf-8", errors="replace")
        raise SystemExit(f"{checkout} {' '.join(arguments)} ended with {process.returncode}:\n{text}")
    return usage.ru_utime + usage.ru_stime


def quick_commands(folder: Path) -> Iterator[Command]:
    """Those that need no network: starting, and libraries that are known."""
    library, few = str(folder / "known"), str(folder / "few")
    network = ("--model", NETWORK, "--offline", "--quiet")

    def sort(out: str, *more: str) -> Callable[[Path], Sequence[str]]:
        return lambda place: ("sort", library, "--out", str(place / out), *network, *more)

    def file_few(place: Path) -> None:
        shutil.rmtree(place / "few-albums", ignore_errors=True)
        shutil.copytree(place / "few-kept", place / "few-albums", symlinks=True)

    yield Command("--help", lambda _: ("--help",), turns=3)
    yield Command("runs", lambda place: ("runs", "--out", str(place / "few-kept")), turns=3)
    yield Command("verify, 8 photos", lambda place: ("verify", "--out", str(place / "few-kept")), turns=3)
    yield Command("undo, 8 photos", lambda place: ("undo", "--out", str(place / "few-albums")), file_few, turns=3)
    yield Command(
        "sort, 8 photos, nothing new", lambda place: ("sort", few, "--out", str(place / "few-kept"), *network), turns=3
    )
    yield Command("sort, nothing new", sort("albums"))
    yield Command("dry run over filed photos", sort("albums", "--dry-run"))
    yield Command("dry run into an empty folder", sort("none", "--dry-run"))
    yield Command("dry run, changed rules", sort("albums", "--dry-run", "--albums", str(folder / "rules.toml")))


def first_runs(folder: Path, weights: Path) -> Iterator[Command]:
    """First runs over real photos: dry, so that the disk has no say."""

    def forget(place: Path) -> None:
        for path in (place / "first").glob("*.sqlite*"):
            path.unlink()

    for what, network in (("ResNet-18", ("--weights", str(weights))), ("EfficientNet-Lite0", ("--model", NETWORK))):
        given = (
            "sort",
            str(folder / "photos"),
            "--out",
            str(folder / "none"),
            *network,
            "--dry-run",
            "--quiet",
            "--offline",
        )
        yield Command(f"first run, {what}", lambda _, given=given: given, forget, cache="first")  # type: ignore[misc]


def in_turns(
    checkouts: dict[str, Path], folder: Path, commands: Sequence[Command], turns: int
) -> dict[str, dict[str, list[float]]]:
    """Every command with either checkout by turns; who begins changes, too."""
    taken: dict[str, dict[str, list[float]]] = {}
    for command in commands:
        found = taken[command.what] = {name: [] for name in checkouts}
        for number in range(turns * command.turns):
            for name in sorted(checkouts, reverse=bool(number % 2)):
                command.prepare(folder / name)
                found[name].append(run(checkouts[name], folder / name, command.arguments(folder / name), command.cache))
        print(said(command.what, found), flush=True)
    return taken


def said(what: str, found: dict[str, list[float]]) -> str:
    """A line for people."""
    row = figures(found)
    return f"{what:32} {row['before_s']:>7} {row['after_s']:>7} {row['ratio']:>6} ({row['ratio_least']} to {row['ratio_most']})"


def figures(found: dict[str, list[float]]) -> dict[str, str]:
    """Medians of both, and the ratio within the pairs; the middle half of the pairs is the spread."""
    before, after = found["before"], found["after"]
    ratios = sorted(two / one for one, two in zip(before, after, strict=True))
    quarter = len(ratios) // 4
    return {
        "before_s": f"{statistics.median(before):.3f}",
        "after_s": f"{statistics.median(after):.3f}",
        "ratio": f"{statistics.median(ratios):.3f}",
        "ratio_least": f"{ratios[quarter]:.3f}",
        "ratio_most": f"{ratios[-1 - quarter]:.3f}",
        "pairs": str(len(ratios)),
    }


def file_known(checkouts: dict[str, Path], folder: Path, count: int) -> None:
    """Both file both libraries, each into its own albums."""
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    make_library(folder / "known", count)
    make_library(folder / "few", 8)
    for name, checkout in checkouts.items():
        (folder / name).mkdir()
        for library, albums in (("few", "few-kept"), ("known", "albums")):
            given = ("--model", NETWORK, "--offline", "--quiet")
            took = run(
                checkout, folder / name, ("sort", str(folder / library), "--out", str(folder / name / albums), *given)
            )
            print(f"{name}: filed {library} in {took:.1f} s of processor time", flush=True)


def commit_of(checkout: Path) -> str:
    """Which state of the project a checkout is."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--known", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--keep", type=Path, help="a folder for the libraries, kept for a further call")
    parser.add_argument("--only", action="append", default=[], help="commands by the beginning of their names")
    options = parser.parse_args()
    checkouts = {"before": options.before.resolve(), "after": options.after.resolve()}
    folder = options.keep or Path(tempfile.mkdtemp(prefix="album-sort-turns-"))
    try:
        if not (folder / "rules.toml").exists():
            folder.mkdir(exist_ok=True)
            file_known(checkouts, folder, options.known)
        commands = list(quick_commands(folder))
        if options.photos and options.weights:
            if not (folder / "photos").exists():
                make_files(options.photos, folder / "photos", options.files)
            commands += first_runs(folder, options.weights.resolve())
        wanted = [one for one in commands if not options.only or one.what.startswith(tuple(options.only))]
        taken = in_turns(checkouts, folder, wanted, options.turns)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    commits = {name: commit_of(checkout) for name, checkout in checkouts.items()}
    rows = [
        {"what": what, **figures(found), **commits, "date": f"{datetime.now(UTC):%Y-%m-%d}"}
        for what, found in taken.items()
    ]
    write_rows("turns", rows)


if __name__ == "__main__":
    main()
