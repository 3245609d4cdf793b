"""Reports of real runs, as the program leaves them: finished, previewed, interrupted, killed."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from album_sort.report import read_report
from album_sort.report.jsonl import read_lines
from album_sort.types import PhotoRow
from tests.builders import make_jpeg, make_tree
from tests.conftest import REPOSITORY, Program
from tests.report_builders import ROOT

PHOTOS = 200
"""Enough for several blocks of rows and several batches of files."""

WHOLE_LINE = re.compile(rb'"type": "photo".*\n')
"""A page of a file is seen before the whole write is done, and a SIGKILL between two pages leaves half a line."""


@pytest.fixture
def is_valid() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks the rows: pip install album-sort[test]")
    schema = json.loads((ROOT / "docs/reference/report-schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema).is_valid


def report_files(destination: Path) -> list[Path]:
    return sorted((destination / ".album-sort" / "runs").glob("*/report.jsonl"))


def stop_while_filing(work: Path, destination: Path, number: signal.Signals) -> Path:
    """Starts a run and sends a signal as soon as its report has a photo's whole line; the report."""
    call = [sys.executable, "-m", "album_sort", "Photos", "--out", str(destination), "--offline", "--no-progress"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(call, cwd=work, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 200
    while process.poll() is None and time.monotonic() < until:
        if any(WHOLE_LINE.search(path.read_bytes()) for path in report_files(destination)):
            process.send_signal(number)
            break
        time.sleep(0.0005)
    process.wait(timeout=200)
    return report_files(destination)[-1]


def photos_of(path: Path) -> list[PhotoRow]:
    return [row for row in read_report(path).rows if isinstance(row, PhotoRow)]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    make_tree(tmp_path, {f"Photos/{n // 50}/{n:03}.jpg": make_jpeg(n, (64, 48)) for n in range(PHOTOS)})
    make_tree(tmp_path, {"Photos/no picture.jpg": b"this is not a picture", "Photos/twin.jpg": make_jpeg(7, (64, 48))})
    return tmp_path


def test_a_killed_run_leaves_a_valid_report_of_what_it_filed(library: Path, is_valid: Any) -> None:
    for attempt in range(5):
        albums = library / f"Albums {attempt}"
        path = stop_while_filing(library, albums, signal.SIGKILL)
        report = read_report(path)
        if report.outcome is None:
            break
    assert report.outcome is None, "the run was always quicker than the signal"
    rows = list(read_lines(path))
    assert all(map(is_valid, rows))
    filed = photos_of(path)
    assert 0 < len(filed) <= PHOTOS + 1
    assert all((albums / row.path).is_file() for row in filed), "no row before its file"


def test_an_interrupted_run_reports_what_it_filed_and_nothing_else(
    library: Path,
    album_sort: Program,
    is_valid: Any,
) -> None:
    for attempt in range(5):
        albums = library / f"Albums {attempt}"
        path = stop_while_filing(library, albums, signal.SIGINT)
        outcome = read_report(path).outcome
        assert outcome is not None
        if outcome.is_interrupted:
            break
    assert outcome is not None
    assert outcome.is_interrupted, "the run was always quicker than the signal"
    assert all(map(is_valid, read_lines(path)))
    filed = photos_of(path)
    assert len(filed) < PHOTOS + 1
    assert all((albums / row.path).is_file() for row in filed)
    with path.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as stream:
        in_table = Counter(row["type"] for row in csv.DictReader(stream))
    assert in_table == {"photo": len(filed), "skipped": 1}
    assert "This run was interrupted." in path.with_suffix(".html").read_text(encoding="utf-8")
    rest = album_sort("Photos", "--out", albums, "--offline", "--json", cwd=library)
    assert json.loads(rest.stdout.splitlines()[-1])["photos"] == PHOTOS + 2


def test_preview_and_run_and_all_their_reports_have_the_same_numbers(
    library: Path,
    album_sort: Program,
    is_valid: Any,
) -> None:
    said = []
    for options in (["--dry-run", "--report", "Preview"], ["--report", "Copy"], ["--report", "Again"]):
        ran = album_sort("Photos", "--out", "Albums", "--offline", "--json", "--also", *options, cwd=library)
        summary = json.loads(ran.stdout.splitlines()[-1])
        [*rows, last] = read_lines(library / options[-1] / "report.jsonl")
        assert all(map(is_valid, (*rows, last)))
        assert last["exit_code"] == summary["exit_code"] == 3
        assert last["totals"]["photos"] == summary["photos"]
        assert last["totals"]["by_album"] == summary["albums"]
        with (library / options[-1] / "report.csv").open(encoding="utf-8-sig", newline="") as stream:
            assert len(list(csv.DictReader(stream))) == len(rows) - 1
        placed = {row["source"]: row["path"] for row in rows if row["type"] == "photo"}
        said.append((placed, summary["albums"], summary["review"], summary["skipped"]))
    assert said[0] == said[1] == said[2]
    [own] = report_files(library / "Albums")
    copied = [row for row in read_lines(library / "Copy" / "report.jsonl") if row["type"] == "photo"]
    assert [row for row in read_lines(own) if row["type"] == "photo"] == copied


def test_the_report_tells_the_time_of_every_stage_that_writes_or_decides(library: Path, album_sort: Program) -> None:
    album_sort("Photos/0", "--out", "Albums", "--offline", "-q", cwd=library)
    [path] = report_files(library / "Albums")
    outcome = read_report(path).outcome
    assert outcome is not None
    stages = [timing.stage for timing in outcome.timings]
    assert stages == ["scan", "classify", "places", "assign", "plan", "apply"]


def test_a_clock_that_was_never_set_makes_no_moment_of_different_photos(tmp_path: Path, album_sort: Program) -> None:
    """And what a file says of its camera is quoted in the line that sets the clock right."""
    hostile = "x'; touch pasted #"
    unset = {f"in/{n}.jpg": make_jpeg(n, taken=datetime(1970, 1, 1), camera=("Make", hostile)) for n in range(4)}
    burst = {f"in/b{n}.jpg": make_jpeg(9 + n, taken=datetime(2025, 5, 1, 9), camera=("Make", "Good")) for n in range(3)}
    make_tree(tmp_path, unset | burst)
    album_sort("in", "--out", "out", "--offline", "--dry-run", "--report", "report", cwd=tmp_path)
    report = read_report(tmp_path / "report" / "report.jsonl")
    similar = {Path(row.source).name for row in report.rows if isinstance(row, PhotoRow) and row.similar_to}
    assert similar == {"b0.jpg", "b1.jpg", "b2.jpg"}
    assert report.outcome is not None
    [refused] = report.outcome.refused_dates
    line = f"printf '%s\\n' {refused.hint}"
    pasted = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert pasted.stdout.splitlines() == ["--clock", f"{refused.camera}=+365d"]
    assert hostile in refused.camera
    assert not (tmp_path / "pasted").exists()


def test_a_run_after_a_killed_one_says_what_stays_in_the_language_of_the_albums(
    library: Path, album_sort: Program
) -> None:
    albums = library / "Albums"
    stop_while_filing(library, albums, signal.SIGKILL)
    filed = len(list(albums.glob("*/**/*.jpg")))
    told = album_sort("Photos", "--out", "Albums", "--offline", cwd=library).stderr
    match = re.search(r"was killed; what it had filed \((\d+) files\) is complete and stays", told)
    assert match is not None or "was killed" not in told, "quicker than the signal"
    assert match is None or filed - 1 <= int(match[1]) <= filed


def test_photos_that_are_not_among_those_of_a_run_are_not_called_gone(tmp_path: Path, album_sort: Program) -> None:
    """Sorting one folder after the other is not a loss."""
    make_tree(tmp_path, {f"{folder}/{n}.jpg": make_jpeg(n + 5 * (folder == "b")) for folder in "ab" for n in range(3)})
    album_sort("a", "--out", "out", "--offline", cwd=tmp_path)
    told = album_sort("b", "--out", "out", "--offline", cwd=tmp_path).stdout
    assert "3 new, 0 in another album." in told
    assert "3 photos in the albums are not among those of this run; they stay there." in told


def test_a_page_asked_for_by_name_is_one_file_with_everything(tmp_path: Path, album_sort: Program) -> None:
    """To be mailed or kept on a stick: neither other formats nor a folder beside it."""
    make_tree(tmp_path, {f"in/{n}.jpg": make_jpeg(n) for n in range(3)})
    album_sort("in", "--out", "out", "--offline", "--dry-run", "--report", "to mail/our year.html", cwd=tmp_path)
    assert [path.name for path in (tmp_path / "to mail").iterdir()] == ["our year.html"]
    page = (tmp_path / "to mail" / "our year.html").read_text(encoding="utf-8")
    assert page.count("/9j/") >= 3, "thumbnails are in it"
